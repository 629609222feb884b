"""A base that moves: where it went is what its speeds add up to, and its speeds are those that it was commanded.

Of place, speed and command each is held against the other two, so that the one that stands alone is the one that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from ...scenarios.robots.robot_folder import robot_folder
from ...scenarios.sheet.own_files import read_own
from ..recording.recording import Recording
from ..signals.channels import without_seam
from ..signals.clock import topic
from ..signals.signal import over_runs, runs
from .departures import WitnessedColumn, departures, together
from .difference import Difference
from .table import Group, held_for

PLACES = ("base_x", "base_y", "base_yaw", "base_height")
COMMANDS = ("base_vx", "base_vy", "base_vyaw", "base_height")
SPEEDS = tuple(f"{name}.speed" for name in COMMANDS)
# four clean takes that drive 3 m and turn by half a circle leave 0.002 m and rad of place, 0.006 m/s of speed; the generator's
# limits of detection are 0.02 m and 0.1 m/s
PLACE, SPEED = 0.01, 0.05  # m or rad, m/s or rad/s
FAINT = 0.02  # times `SPEED`, from where on a speed beside wrong ones is off with them: clean ones leave places by less
DRIFT = 1e-4  # m for each second of a take, by which summed speeds may leave the place
SURE = 2.0  # limits
HEIGHT = 0.02  # m outside all that was commanded meanwhile
MEMORY = 1.5  # s: the whole squat at its speed limit, and the servo's answer
HARDER = 2.0  # times its drive's acceleration: what slows a base down so hard stands in its way
USUAL = 0.7  # of the rows that agree at least, else speeds and places are no such
MANY, AGREES = 10, 0.1  # rows in which a base goes some way; share of them in which place and command may disagree
SLIP = 0.05  # of the way: what is estimated while wheels slip differs by less; also the limit of detection of a factor
FILTER = 0.1  # s by which a driver's filter makes places or speeds late
ONCE, SELDOM = 0.2, 10  # share of estimates that a slow estimator gives row by row at the most; rows after which it is the base that stands
UNITS = ("m", "m", "rad", "m")
Columns = Mapping[str, tuple[np.ndarray, str]]  # `measured/NAME` or `command/NAME` -> (n,) values, channel


@lru_cache
def _accelerations() -> tuple[float, ...]:
    commands: Mapping[str, Any] = read_own(robot_folder() / "robot.yaml")["mobile"]["commands"]
    return tuple(float(commands[name]["acceleration"]) for name in COMMANDS[:3])


def base_columns(recording: Recording, group: Group) -> dict[str, tuple[np.ndarray, str]]:
    """`measured/NAME` or `command/NAME` -> (n,) values, channel; of streams on the rows of the group; none where a value is no number. A
    heading that is written within one turn goes on over its seam."""
    out: dict[str, tuple[np.ndarray, str]] = {}
    for stream in recording.streams.values():
        if stream.role in ("command", "measured") and stream.n == group.n:
            for name in set(stream.names) & ({*PLACES, *SPEEDS} if stream.role == "measured" else set(COMMANDS)):
                out[f"{stream.role}/{name}"] = (stream.column(name), topic(stream))
    heading = f"measured/{PLACES[2]}"
    if heading in out and (on := without_seam(out[heading][0])) is not None:
        out[heading] = on, out[heading][1]
    return out if all(np.isfinite(x).all() for x, _ in out.values()) else {}


def table_of_base(columns: Columns, names: Sequence[str]) -> np.ndarray | None:
    """(n, len(names)) measured values; None where one of them is not recorded."""
    found = [columns[f"measured/{name}"][0] for name in names if f"measured/{name}" in columns]
    return np.column_stack(found) if len(found) == len(names) else None


def check_base(columns: Columns, group: Group, exact: bool) -> list[Difference] | None:
    """Where place, speed and command of the base contradict each other; None where no two of them agree in most rows, or places or
    speeds are missing: then nothing is compared.

    Args:
        exact: whether its places are known exactly, as in a simulation; else they may be estimated, see `_leaves_slowly`.
    """
    t, dt = group.t, np.diff(group.t)
    place, speed = table_of_base(columns, PLACES), table_of_base(columns, SPEEDS)
    if place is None or speed is None:
        return None
    place = place if exact else as_estimated(place)
    rises = rises_of(place, dt)
    mean = np.column_stack([between(rises[:, k]) for k in range(4)])
    asked_for = speeds_asked_for(columns, speed, group.dt)
    near, apart, off = _held_against(speed, rises, asked_for)
    beside = np.abs(asked_for - np.column_stack([nearest(asked_for[:, k], rises[:, k]) for k in range(4)]))
    if all((each > SPEED).any(axis=1).mean() > 1.0 - USUAL for each in (apart, off, beside)):
        return None
    out: list[Difference] = []
    other = [k for k in range(4) if _is_other(columns, k, place, speed, asked_for, (apart, off, beside), group.dt)]
    for k in other:
        others = {SPEEDS[j]: mean[:, j] for j in range(4) if j != k}
        bad = np.abs(speed[:, k] - mean[:, k]) > SPEED
        column = _column(columns, "measured", SPEEDS[k], "velocity", f"{UNITS[k]}/s", t, mean[:, k], bad, SPEED, others)
        one_value = np.ptp(speed[:, k]) == 0.0
        level = {"level": float(speed[0, k])}
        out += [replace(d, name="held_value", explained=1.0, numbers=level) if one_value else d for d in departures(column)]
    if other:  # what the places rise by takes their place
        speed[:, other] = mean[:, other]
        near, apart, off = _held_against(speed, rises, speeds_asked_for(columns, speed, group.dt))
    wrong = (apart > SPEED) & (off > SPEED) & np.isfinite(asked_for)
    mended = speed.copy()
    for k in range(4):
        mended[:, k] = np.where(_reached(wrong[:, k], apart[:, k] > FAINT * SPEED), near[:, k], speed[:, k])
        others = {SPEEDS[j]: mean[:, j] for j in range(4) if j != k}
        out += departures(_column(columns, "measured", SPEEDS[k], "velocity", f"{UNITS[k]}/s", t, near[:, k], wrong[:, k], SPEED, others))
    if not other:
        out += _places(columns, place, mended, t, dt, exact)
    blamed = wrong.any(axis=1)
    hit = _stopped(speed, group.dt)
    for k in range(3):
        if f"command/{COMMANDS[k]}" in columns:
            after = np.concatenate([speed[1:], speed[-1:]])
            later, others = after[:, k], {COMMANDS[j]: after[:, j] for j in range(3) if j != k}
            bad = np.concatenate([(off[1:, k] > SPEED) & (apart[1:, k] <= SPEED) & ~blamed[1:], [False]])
            bad &= ~_after(hit, bad)
            if (off[:, k] > SPEED).mean() <= 1.0 - USUAL or bad.mean() > 0.0:
                out += departures(_column(columns, "command", COMMANDS[k], "command", f"{UNITS[k]}/s", t, later, bad, SPEED, others))
    if not any(set(d.channels) & {"base_height", "base_height.speed"} for d in out):
        out += check_height(columns, place[:, 3], t, group.dt)
    return together(out)


def _held_against(speed: np.ndarray, rises: np.ndarray, asked_for: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of speeds (n, 4) the nearest that places rise by, and how far they are from that, and from what the commands ask for."""
    near = np.column_stack([nearest(speed[:, k], rises[:, k]) for k in range(4)])
    return near, np.abs(speed - near), np.abs(speed - asked_for)


def _reached(wrong: np.ndarray, faint: np.ndarray) -> np.ndarray:
    """(n,) rows that are wrong, and those that lead to them in one stretch: what comes and goes slowly is wrong before it is seen."""
    out = wrong.copy()
    for first, last in runs(wrong | faint):
        out[first : last + 1] |= wrong[first : last + 1].any()
    return out


def _is_other(
    columns: Columns, k: int, place: np.ndarray, speed: np.ndarray, asked_for: np.ndarray,
    apart_off_beside: tuple[np.ndarray, np.ndarray, np.ndarray], dt: float,
) -> bool:  # fmt: skip
    """Whether a speed is another one in most rows in which the base goes that way, while its places go as they are commanded; or
    whether nobody wrote it, where nothing is commanded."""
    apart, off, beside = (each[:, k] > SPEED for each in apart_off_beside)
    goes = np.abs(between(rises_of(place, np.full(len(place) - 1, dt))[:, k])) > SPEED
    if int(goes.sum()) < MANY or float(apart[goes].mean()) <= 1.0 - USUAL:
        return False
    if np.isfinite(asked_for[:, k]).all():
        return float(off[goes].mean()) > 1.0 - USUAL and float(beside[goes].mean()) < AGREES
    if k == 3 and "command/base_height" in columns:
        command = columns["command/base_height"][0]
        stays = float(np.ptp(command)) <= SURE * HEIGHT
        return not stays and float(np.abs(place[:, 3] - within_commands(columns, place[:, 3], dt)).max()) <= HEIGHT
    return float(np.ptp(speed[:, k])) == 0.0


def _column(
    columns: Columns, role: str, name: str, kind: str, unit: str, t: np.ndarray, truth: np.ndarray,
    bad: np.ndarray, limit: float, others: Mapping[str, np.ndarray] | None = None,
) -> WitnessedColumn:  # fmt: skip
    x, where = columns[f"{role}/{name}"]
    sure = bad & (np.abs(x - truth) > SURE * limit)
    return WitnessedColumn(name, kind, unit, where, t, x, truth, bad, sure, limit, 1e-3, others or {}, bound="base")


def rises_of(place: np.ndarray, dt: np.ndarray) -> np.ndarray:
    """(n - 1, 4) speeds between rows by the places, in the base's own heading."""
    by = np.diff(place, axis=0) / dt[:, None]
    yaw = 0.5 * (place[1:, 2] + place[:-1, 2])
    c, s = np.cos(yaw), np.sin(yaw)
    return np.column_stack([c * by[:, 0] + s * by[:, 1], c * by[:, 1] - s * by[:, 0], by[:, 2], by[:, 3]])


def between(rises: np.ndarray) -> np.ndarray:
    """(n,) the mean of what the places rise by before and after each row."""
    return 0.5 * (np.concatenate([rises[:1], rises]) + np.concatenate([rises, rises[-1:]]))


def nearest(speed: np.ndarray, rises: np.ndarray) -> np.ndarray:
    """(n,) of what the places rise by before and after each row, and all between, the value that is nearest to the speed."""
    before, after = np.concatenate([rises[:1], rises]), np.concatenate([rises, rises[-1:]])
    return np.clip(speed, np.minimum(before, after), np.maximum(before, after))


def speeds_asked_for(columns: Columns, speed: np.ndarray, dt: float) -> np.ndarray:
    """(n, 4) speeds that the commands ask for, taken on within the base's acceleration; NaN where nothing is commanded."""
    out = np.full(speed.shape, np.nan)
    for k, push in enumerate(_accelerations()):
        if f"command/{COMMANDS[k]}" in columns:
            now, most, taken = float(speed[0, k]), push * dt, []
            for wanted in columns[f"command/{COMMANDS[k]}"][0].tolist():
                taken.append(now)
                step = wanted - now
                now += most if step > most else -most if step < -most else step
            out[:, k] = taken
    return out


def _stopped(speed: np.ndarray, dt: float) -> np.ndarray:
    """(n,) rows before which the base slowed down harder than its drives can, so that something was in its way.

    A drive that turns takes its speed along into the other axis: `HARDER` leaves room for that.
    """
    found = np.zeros(len(speed), bool)
    for k, push in enumerate(_accelerations()[:3]):
        size = np.abs(speed[:, k])
        found[1:] |= size[:-1] - size[1:] > HARDER * push * dt
    return found


def _after(hit: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """(n,) the runs of `bad` in which, or right before which, the base was stopped: they say nothing against the command."""
    out = np.zeros(len(bad), bool)
    for first, last in runs(bad):
        out[first : last + 1] = bool(hit[max(first - 1, 0) : last + 2].any())
    return out


def places_by(speed: np.ndarray, place: np.ndarray, dt: np.ndarray) -> list[np.ndarray]:
    """Four (n,) of what speeds add up to, wherever the places began."""
    mean = 0.5 * (speed[1:] + speed[:-1])
    yaw = _summed(mean[:, 2], dt, place[:, 2])
    middle = 0.5 * (yaw[1:] + yaw[:-1])
    c, s = np.cos(middle), np.sin(middle)
    return [
        _summed(c * mean[:, 0] - s * mean[:, 1], dt, place[:, 0]), _summed(s * mean[:, 0] + c * mean[:, 1], dt, place[:, 1]),
        yaw, _summed(mean[:, 3], dt, place[:, 3]),
    ]  # fmt: skip


def as_estimated(place: np.ndarray) -> np.ndarray:
    """(n, 4) places; those that are written more often than they are estimated, throughout, lie evenly between their estimates."""
    out = place.copy()
    for k in range(place.shape[1]):
        new = np.concatenate([[0], np.flatnonzero(np.diff(place[:, k])) + 1])
        gaps = np.diff(new)
        if len(gaps) >= MANY and held_for(place[:, k]) > 1 and float((gaps == 1).mean()) < ONCE:
            near = new[np.concatenate([[True], gaps <= SELDOM])] if len(new) > 1 else new
            out[:, k] = np.interp(np.arange(len(place)), near, place[near, k])
            stands = np.repeat(gaps > SELDOM, gaps)  # a base that stands goes nowhere between two estimates
            out[new[0] : new[-1]][stands, k] = place[new[0] : new[-1]][stands, k]
    return out


def _leaves_slowly(off: np.ndarray, path: np.ndarray, dt: float) -> np.ndarray:
    """(n,) rows about which a place leaves its speeds no faster than wheels slip and estimates drift: `SLIP` of the way, in a second.

    Args:
        off: (n,) place less what speeds add up to; path: (n,) way gone until each row, both in m or rad.
    """
    rows = max(1, round(1.0 / dt))
    early, late = np.maximum(np.arange(len(off)) - rows, 0), np.minimum(np.arange(len(off)) + rows, len(off) - 1)
    change = np.maximum(np.abs(off - off[early]) - SLIP * (path - path[early]), np.abs(off[late] - off) - SLIP * (path[late] - path))
    return change <= SURE * PLACE


def _places(
    columns: Columns, place: np.ndarray, speed: np.ndarray, t: np.ndarray, dt: np.ndarray, exact: bool
) -> list[Difference]:  # fmt: skip
    """Places that are not what the speeds add up to."""
    out: list[Difference] = []
    mean = np.abs(0.5 * (speed[1:] + speed[:-1])) * dt[:, None]
    drives = np.concatenate([[0.0], np.cumsum(np.hypot(mean[:, 0], mean[:, 1]))])
    paths = [drives, drives, *(np.concatenate([[0.0], np.cumsum(mean[:, k])]) for k in (2, 3))]
    for k, (name, truth) in enumerate(zip(PLACES, places_by(speed, place, dt))):
        off = place[:, k] - truth
        bad = np.abs(off) > PLACE + DRIFT * (t - t[0])
        column = replace(_column(columns, "measured", name, "measured", UNITS[k], t, truth, bad, PLACE), x=place[:, k])
        if not exact and not (bad & ~_leaves_slowly(off, paths[k], float(np.median(dt)))).any():
            column = replace(column, sure=np.zeros_like(bad))
        out += [replace(d, certain=d.certain and (exact or not _is_filtered(d))) for d in departures(column)]
    return out


def _is_filtered(one: Difference) -> bool:
    """Whether a place is late or early, or smoother than its speeds, by less than a driver's filter of either is."""
    return one.name in ("lag", "smoothed") and abs(float(one.numbers["late" if one.name == "lag" else "seconds"])) < FILTER


def _summed(speed: np.ndarray, dt: np.ndarray, place: np.ndarray) -> np.ndarray:
    path = np.concatenate([[0.0], np.cumsum(speed * dt)])
    return path + float(np.median(place - path))


def check_height(columns: Columns, height: np.ndarray, t: np.ndarray, dt: float) -> list[Difference]:
    """The height outside all that was commanded within the memory, where speed and place agree on it: the command is wrong."""
    if "command/base_height" not in columns:
        return []
    command, truth = columns["command/base_height"][0], within_commands(columns, height, dt)
    bad = np.abs(height - truth) > HEIGHT
    x = np.array(command)
    sure = bad & (np.abs(height - truth) > SURE * HEIGHT)
    where = columns["command/base_height"][1]
    truth = np.where(bad, height, x)
    return departures(WitnessedColumn("base_height", "command", "m", where, t, x, truth, bad, sure, HEIGHT, 1e-3, bound="base"))


def within_commands(columns: Columns, height: np.ndarray, dt: float) -> np.ndarray:
    """(n,) the height, or what is nearest to it of all that was commanded within the memory."""
    command = columns["command/base_height"][0]
    count = max(2, round(MEMORY / dt) + 1)
    if count >= len(command):
        return height
    before = np.concatenate([np.full(count - 1, height[0]), np.concatenate([height[:1], command[:-1]])])
    return np.clip(height, over_runs(np.minimum, before, count), over_runs(np.maximum, before, count))
