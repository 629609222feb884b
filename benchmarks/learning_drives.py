"""The drives of a device that plan their way, fitted to clean takes: speed, ramp, delay and gain of each channel, and its reach."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from shiliu.replay.residual.astray import GOES, astray, courses_of
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.pace import planned
from shiliu.replay.residual.planned import BEGIN, CAP, SPANS, Drive, beside, beyond, later, ways_of
from shiliu.replay.residual.table import Group, RecordedChannel

SPEEDS, RAMPS = np.geomspace(0.1, 6.0, 14), np.geomspace(0.3, 60.0, 14)  # of its way per second, and per second squared
LATE = 0.4  # s that a drive is behind its plan at the most
CLOSER = ((1.4, 0.5), (1.12, 0.2))  # times and rows about the best, that are tried next
TRIED = 7
CLEAR = np.geomspace(0.06, 0.015, 8)  # share of the way, beyond which a row does not count for gain and zero: what holds a hand is no gain
PARTS = 8  # of the takes, that are left out one after the other

Pair = tuple[np.ndarray, np.ndarray]


def drive_of(takes: Sequence[tuple[RecordedChannel, float]], hand: bool = False) -> Drive:
    """The drive that fits a channel, or a finger, in all its takes best, each with the time between its rows [s]."""
    dt = float(np.median([dt for _, dt in takes]))
    pairs = [(channel.columns["command"], channel.columns["measured"]) for channel, _ in takes]
    gain, zero = 1.0, 0.0
    speeds, ramps, lates = SPEEDS, RAMPS, np.arange(0.0, LATE, 0.5 * dt)
    for wider, rows in (*CLOSER, (1.0, 0.0)):
        tried = [each.ravel() for each in np.meshgrid(speeds, ramps)]
        left = _left(pairs, dt, tried[0], tried[1], gain, zero, lates)
        k, i = np.unravel_index(left.argmin(), left.shape)
        speed, ramp, late = float(tried[0][i]), float(tried[1][i]), float(lates[k])
        gain, zero = _line(pairs, dt, speed, ramp, late, gain, zero)
        speeds, ramps = (x * np.geomspace(1.0 / wider, wider, TRIED) for x in (speed, ramp))
        lates = late + rows * dt * np.linspace(-1.0, 1.0, TRIED)
    drive = Drive(speed, ramp, late, gain, zero, {}, {})
    reach = [_reach(channel, dt, drive) for channel, dt in takes]
    above, below, further = ({word: max(one[side][word] for one in reach) for word in SPANS} for side in (0, 1, 2))
    return Drive(speed, ramp, late, gain, zero, above, below, further if hand else {})


def _reach(channel: RecordedChannel, dt: float, drive: Drive) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """How far above and below its way a channel is in a take at the most, and how far beyond what may stop it."""
    ways = ways_of(Group(np.arange(len(channel.columns["measured"])) * dt, dt, (channel,)), {channel.name: drive})
    assert ways is not None
    away, further = (of(channel.columns["measured"], ways.way(0), dt) for of in (beside, beyond))
    above, below = ({word: max(0.0, float((sign * x).max())) for word, x in away.items()} for sign in (1.0, -1.0))
    return above, below, {word: float(np.abs(x).max()) for word, x in further.items()}


def drives_of(takes: Sequence[Sequence[Group]], least: int) -> dict[str, Drive]:
    """Channel -> its drive, of those that count shares of their way and go in `least` takes."""
    of: dict[str, list[tuple[RecordedChannel, float]]] = {}
    hands = {channel.name for groups in takes for group in groups if group.hands for channel in group.channels}
    for group in (group for groups in takes for group in groups):
        for channel in group.channels:
            if channel.unit != "rad" and {"command", "measured"} <= set(channel.columns) and group.same_rows:
                of.setdefault(channel.name, []).append((channel, group.dt))
    found = {
        name: (drive_of(every, name in hands), every[0][1])
        for name, every in of.items() if sum(float(np.ptp(channel.columns["command"])) > GOES for channel, _ in every) >= least
    }  # fmt: skip
    return _pooled({name: drive for name, (drive, _) in found.items()}, hands)


def _pooled(drives: Mapping[str, Drive], hands: Collection[str]) -> dict[str, Drive]:
    """The same, none of them beside its way by less than the middle one of its kind: that is chance."""
    out = {}
    for name, drive in drives.items():
        alike = [other for key, other in drives.items() if (key in hands) == (name in hands)]
        reaches = {}
        for side in ("above", "below", "beyond"):
            every = [getattr(other, side) for other in alike]
            reaches[side] = {word: max(x, float(np.median([of[word] for of in every]))) for word, x in getattr(drive, side).items()}
        out[name] = replace(drive, **reaches)
    return out


def left_out(takes: Sequence[Sequence[Group]], least: int) -> list[tuple[int, Difference]]:
    """(take, what of it is astray beside the drives that were fitted to the other parts of the takes)."""
    found = []
    for begin in range(min(PARTS, len(takes))):
        part = range(begin, len(takes), PARTS)
        drives = drives_of([takes[k] for k in range(len(takes)) if k not in part], least - len(part))
        for k, group in ((take, group) for take in part for group in takes[take]):
            ways = ways_of(group, drives)
            courses = courses_of(group, ways) if ways is not None else None
            found += [(k, one) for one in (astray(courses) if courses is not None else ())]
    return found


def _left(
    pairs: Sequence[Pair], dt: float, speeds: np.ndarray, ramps: np.ndarray, gain: float, zero: float, lates: np.ndarray
) -> np.ndarray:
    """(lates, k) mean distance from the way of each of k drives."""
    begin, left = round(BEGIN / dt), np.zeros((len(lates), len(speeds)))
    for command, measured in pairs:
        way = planned(command[:, None], dt, speeds[:, None], ramps[:, None])[:, :, 0].T
        for k, late in enumerate(lates):
            away = measured[begin:, None] - gain * later(way, late / dt)[begin:] - zero
            left[k] += np.minimum(np.abs(away), CAP).mean(axis=0)
    return left / len(pairs)


def _line(pairs: Sequence[Pair], dt: float, speed: float, ramp: float, late: float, gain: float, zero: float) -> tuple[float, float]:
    """Gain and zero of all takes, robustly."""
    begin = round(BEGIN / dt)
    ways = [later(planned(c[:, None], dt, np.array([[speed]]), np.array([[ramp]]))[0, :, 0], late / dt)[begin:] for c, _ in pairs]
    design = np.column_stack([np.concatenate(ways), np.ones(sum(map(len, ways)))])
    measured = np.concatenate([q[begin:] for _, q in pairs])
    beta = np.array([gain, zero])
    for wide in CLEAR:
        weighted = design * (np.maximum(1.0 - ((measured - design @ beta) / wide) ** 2, 0.0) ** 2)[:, None]
        beta = np.linalg.solve(weighted.T @ design, weighted.T @ measured)
    return float(beta[0]), float(beta[1])
