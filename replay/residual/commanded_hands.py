"""Hand poses that are both commanded and measured, as columns that servos move: a place or a turn follows its command as a joint does.

A length is taken as the angle of an arm's joint that moves a hand so far, and a quaternion's number as the turn that it stands for. So the
floors of joints hold, and what is found is counted in the stored unit again (`in_stored_units`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE, units_of
from ..signals.clock import seconds
from .difference import Difference

LEVER = 0.5  # m from a joint of an arm to its hand: 0.026 rad of a joint are 13 mm
HALF = 0.5  # of a turn, that a number of its quaternion changes by
COUNTED = ("by", "rate", "level", "at", "step", "turn")  # numbers of a hypothesis that count in the column's unit
NEARER = 0.5  # of how far a turn is beside its command, that it has to be in its other numbers
ELSEWHERE, EXPLAINED = 0.05, 0.3  # rad by which poses are in another frame; share of it that the frame may leave
FEW, SURE = 8, 2.0  # rows; times its limit, from where on a place is wrong in fewer
ROWS, LATEST = 600, 16  # of a take that are asked for it; rows by which hands are late at the most
STRETCHED = 0.1  # by which the axes of a turned frame may be longer or shorter, where a take fits them
VECTOR = re.compile(r"(?:^|[._/])(?:r|rot|rotvec_?|axis_?angle_?|ax|aa)_?[xyz]$")  # a turn as a vector; others are angles in order


@dataclass(frozen=True)
class CommandedHand:
    """Command and measurement of hands, all columns counted as angles [rad].

    Attributes:
        ways: of each column what one radian stands for, in its unit; units: of each column as stored, `rad` for angles.
    """

    command: Stream
    measured: Stream
    ways: tuple[float, ...]
    units: tuple[str, ...]


@dataclass(frozen=True)
class CommandedFrame:
    """In which frame a hand is measured, seen from its commands.

    Attributes:
        columns, stream: the names of its place, and what holds them; t0, t1: of the take [s].
        at: (3,) m, from where it is commanded to where it is measured; noughts where both count in one frame.
    """

    columns: tuple[str, ...]
    stream: str
    at: tuple[float, ...]
    t0: float
    t1: float


def commanded_hands(recording: Recording) -> Iterator[CommandedHand]:
    """Poses of hands with a command and a measurement of the same names, units and frame, on the same rows."""
    for command, measured, sent, went in _both_sides(recording):
        units = units_of(measured)
        if any(_of_another_frame(sent[:, pose], went[:, pose], measured.names[pose], units[pose]) for pose in _poses(units)):
            continue
        stored = tuple("rad" if unit in SCALE else unit for unit in units)
        ways = tuple({"m": LEVER, "rad": 1.0}.get(unit, HALF) for unit in stored)
        command = replace(command, values=sent, quantity="joint_position", unit="rad")
        yield CommandedHand(command, replace(measured, values=went, quantity="joint_position", unit="rad"), ways, stored)


def commanded_frames(recording: Recording) -> Iterator[CommandedFrame]:
    """The frame of each place of a hand that is commanded and measured; a device may count in any, and all takes of it in the same."""
    for _, measured, sent, went in _both_sides(recording):
        units, t = units_of(measured), seconds(measured, 0)
        for pose in _poses(units):
            moved = _of_another_frame(sent[:, pose], went[:, pose], measured.names[pose], units[pose])
            apart = np.median(went[:, pose][:, :3] - sent[:, pose][:, :3], axis=0)
            if moved == (float(np.linalg.norm(apart)) > SURE * ELSEWHERE):  # between the two it may be either
                at = LEVER * apart if moved else np.zeros(3)
                yield CommandedFrame(measured.names[pose][:3], measured.name, tuple(at.tolist()), 0.0, float(t[-1] - t[0]))


def _both_sides(recording: Recording) -> Iterator[tuple[Stream, Stream, np.ndarray, np.ndarray]]:
    """Command and measurement of hands, and the values of both (n, k), all of them counted as angles [rad]."""
    commands = [s for s in recording.select("command", "hand_pose") if s.n > 7]
    for measured in recording.select("measured", "hand_pose"):
        same = (c for c in commands if _is_alike(c, measured))
        if (command := next(same, None)) is not None and np.isfinite(command.values).all() and np.isfinite(measured.values).all():
            units = units_of(measured)
            scales = np.array([SCALE.get(unit, 1.0 / LEVER if unit == "m" else 1.0 / HALF) for unit in units])
            sent, went = command.values * scales, measured.values * scales
            for columns, other, period in _turns(measured.names, units):
                sent[:, columns] = _unbroken(sent[:, columns], other, period)
            for columns, other, period in _turns(measured.names, units):
                went[:, columns] = _beside(_unbroken(went[:, columns], other, period), sent[:, columns], other, period)
            yield command, measured, sent, went


def _is_alike(command: Stream, measured: Stream) -> bool:
    same = command.names == measured.names and units_of(command) == units_of(measured)
    return same and command.meta.get("frame") == measured.meta.get("frame") and np.array_equal(seconds(command, 0), seconds(measured, 0))


def _poses(units: Sequence[str]) -> Iterator[slice]:
    """Of each place the columns from it to the next one."""
    begins = [k for k, unit in enumerate(units) if unit == "m" and (k == 0 or units[k - 1] != "m" or k % 3 == 0)]
    begins = [k for k in begins if list(units[k : k + 3]) == ["m"] * 3]
    return (slice(k, end) for k, end in zip(begins, [*begins[1:], len(units)]))


def _of_another_frame(sent: np.ndarray, went: np.ndarray, names: Sequence[str], units: Sequence[str]) -> bool:
    """Whether one move and turn of all, or another point or other axes of the hand, explain what lies between a commanded pose (n, c) and
    what is measured: a device may count so. Columns that are written as each other are no turned frame."""
    some = slice(None, None, max(1, len(sent) // ROWS))
    lags = [shift for shift in range(LATEST) if shift < len(sent) // 2]
    beside = {by: (sent[: len(sent) - by][some], went[by:][some]) for by in lags}
    apart = min(_middle(command[:, :3] - place[:, :3]) for command, place in beside.values())
    if apart > ELSEWHERE:
        return any(_is_rigid(command, place, names, units, min(EXPLAINED * apart, ELSEWHERE)) for command, place in beside.values())
    turns = [[_turned(one[:, 3:], names[3:], units[3:]) for one in both] for both in beside.values()]
    between = [before.inv() * after for before, after in turns if before is not None and after is not None]
    apart = min((float(np.median(turn.magnitude())) for turn in between), default=0.0)
    left = min((float(np.median((turn.mean().inv() * turn).magnitude())) for turn in between), default=0.0)
    return apart > ELSEWHERE and left < min(EXPLAINED * apart, ELSEWHERE)


def _is_rigid(command: np.ndarray, place: np.ndarray, names: Sequence[str], units: Sequence[str], limit: float) -> bool:
    """Whether one turn, one move and one point of the hand lead from commanded poses (n, c) to places, to a limit [rad]."""
    turn = _turned(command[:, 3:], names[3:], units[3:])
    design = np.column_stack([np.tile(np.eye(3), (len(command), 1)), np.kron(command[:, :3], np.eye(3))])
    if turn is not None:
        design = np.column_stack([design, turn.as_matrix().reshape(-1, 3)])
    solved = np.linalg.lstsq(design, place[:, :3].reshape(-1), rcond=None)[0]
    axes = solved[3:12].reshape(3, 3).T
    rigid = np.abs(np.linalg.svd(axes, compute_uv=False) - 1.0).max() < STRETCHED and np.linalg.det(axes) > 0.0
    exchanged = np.abs(np.abs(axes) - np.round(np.abs(axes))).max() < STRETCHED and np.abs(np.diag(axes)).min() < STRETCHED
    return bool(rigid and not exchanged) and _middle(place[:, :3] - (design @ solved).reshape(-1, 3)) < limit


def _middle(apart: np.ndarray) -> float:
    return float(np.median(np.linalg.norm(apart, axis=1)))


def _turned(turn: np.ndarray, names: Sequence[str], units: Sequence[str]) -> Rotation | None:
    """Turns of a hand by their columns (n, k), as this module counts them; None where they are in none of the usual ways."""
    if [*units] == ["1"] * 4:
        size = np.linalg.norm(turn, axis=1)
        return Rotation.from_quat(turn, scalar_first=not names[-1].endswith("w")) if size.min() > 0.0 else None
    if [*units] == ["1"] * 6:
        one, two = turn[:, :3], turn[:, 3:]
        return Rotation.from_matrix(np.stack([one, two, np.cross(one, two) * HALF], axis=2) * HALF)
    if len(units) == 3 and all(unit in SCALE for unit in units):
        return Rotation.from_rotvec(turn) if all(VECTOR.search(name) for name in names) else Rotation.from_euler("xyz", turn)
    return None


Other = Callable[[np.ndarray], np.ndarray]


def _turns(names: Sequence[str], units: Sequence[str]) -> Iterator[tuple[slice, Other, float]]:
    """Of each turn its columns, the other numbers that stand for the same turn, and their period [rad] (0 for none)."""
    k = 0
    while k < len(units):
        end = k + 1
        while end < len(units) and (units[end] in SCALE, units[end] == "1") == (units[k] in SCALE, units[k] == "1"):
            end += 1
        if units[k] == "1" and (end - k) % 4 == 0:
            yield from ((slice(at, at + 4), np.negative, 0.0) for at in range(k, end, 4))
        elif units[k] in SCALE and end - k == 3:
            vector = all(VECTOR.search(name) for name in names[k:end])
            yield slice(k, end), _other_way_round if vector else _over_the_pole, 0.0 if vector else 2.0 * np.pi
        k = end


def _other_way_round(turn: np.ndarray) -> np.ndarray:
    """(n, 3) a turn as a vector, the other way round its axis."""
    size = np.linalg.norm(turn, axis=1, keepdims=True)
    return turn - 2.0 * np.pi * turn / np.maximum(size, 1e-9)


def _over_the_pole(turn: np.ndarray) -> np.ndarray:
    """(n, 3) the other three angles about axes in order that give the same turn."""
    return np.column_stack([turn[:, 0] + np.pi, np.pi - turn[:, 1], turn[:, 2] + np.pi])


def _apart(one: np.ndarray, other: np.ndarray, period: float) -> np.ndarray:
    away = one - other
    return np.linalg.norm(away - period * np.round(away / period) if period else away, axis=1)


def _unbroken(turn: np.ndarray, other: Other, period: float) -> np.ndarray:
    """(n, k) a turn that goes on from row to row, whichever of its numbers were written."""
    if period and np.abs(turn).max(initial=0.0) > period:
        return turn  # in another unit, or many turns: nothing was brought back into one
    flips = np.r_[False, _apart(other(turn)[1:], turn[:-1], period) < _apart(turn[1:], turn[:-1], period)]
    goes_on = np.where((np.cumsum(flips) % 2 == 1)[:, None], other(turn), turn)
    return np.unwrap(goes_on, axis=0) if period else goes_on


def _beside(turn: np.ndarray, command: np.ndarray, other: Other, period: float) -> np.ndarray:
    """(n, k) the same by the numbers that are nearer to its command's."""
    turned = other(turn)
    own, others = (float(np.median(_apart(one, command, period))) for one in (turn, turned))
    nearer = turned if others < NEARER * own else turn
    if period and np.abs(turn).max(initial=0.0) > 2.0 * period:
        return turn
    return nearer - period * np.round(np.median(nearer - command, axis=0) / period) if period else nearer


def in_stored_units(one: Difference, stored: Mapping[str, tuple[str, float]]) -> Difference:
    """A difference in the unit of its first column, where this was counted as an angle.

    Args:
        stored: of such columns the unit, and what one radian stands for in it.
    """
    unit, way = stored.get(one.channels[0] if one.channels else "", ("", 1.0))
    if not unit or one.unit not in ("rad", "rad/s"):
        return one
    numbers = {key: value * way if key in COUNTED and isinstance(value, float) else value for key, value in one.numbers.items()}
    # all joints of a quick arm together make more of what lies between two commands than one of them does
    sure = one.certain and (one.last - one.first >= FEW or one.size >= SURE * one.limit)
    return replace(one, certain=sure, size=one.size * way, limit=one.limit * way, unit=one.unit.replace("rad", unit), numbers=numbers)
