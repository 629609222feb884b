"""Picking joint streams out of a recording, by role and by joint name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..recording.recording import Recording, Stream

PER_DEGREE = np.pi / 180.0
SCALE = {"deg": PER_DEGREE, "rad": 1.0, "mrad": 1e-3, "cdeg": 1e-2 * PER_DEGREE, "mdeg": 1e-3 * PER_DEGREE}  # to radians
LOAD_SCALE = {"N": 1.0, "mN": 1e-3, "kN": 1e3, "Nm": 1.0, "mNm": 1e-3, "A": 1.0, "mA": 1e-3}  # to N, Nm and A
# what a unit itself says of a hand: how far it goes from one end to the other, or how far at the most
OF_HANDS = {"%": (0.0, 100.0), "1": (-1.0, 1.0), "m": (-1.0, 1.0), "rad": (-2.0 * np.pi, 2.0 * np.pi)}
PERCENT = {"%": 1.0, "1": 100.0}  # of a hand's way, by the unit in which it is counted
_ENDS = re.compile(r"\[?(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)\]?")


SEAM = (1e-3, 0.8)  # rad: of rounding, and what a joint goes within two rows at the most
LATE = 15  # rows by which one angle passes the seam before the other
TURN, BESIDE = 2.0 * np.pi, 0.5  # rad, and that two angles may be apart less whole turns, in the middle


def ends_of(unit: str) -> tuple[float, float] | None:
    """The lowest and highest value that a hand's unit allows (`%`, `0..255`, a share, a length, an angle); None where it says none."""
    if (own := _ENDS.fullmatch(unit)) is not None:
        low, high = float(own[1]), float(own[2])
        return (low, high) if low < high else None
    return OF_HANDS.get(unit)


def pair(recording: Recording) -> tuple[Stream | None, Stream | None]:
    """The command stream and the measured stream of joint positions that share joints; either may be None.

    Where several commands exist, the one upstream comes first in the mapping and is taken.
    """
    commands, states = (recording.select(role, "joint_position") for role in ("command", "measured"))
    command = next((s for s in commands if s.n), None)
    states = [s for s in states if s.n]
    if command is not None:
        states = sorted(states, key=lambda s: -len(set(s.names) & set(command.names)))
    return command, (states[0] if states else None)


def columns(stream: Stream, names: Sequence[str]) -> np.ndarray:
    """(n, len(names)) columns by name, as stored."""
    return stream.values[:, [stream.names.index(name) for name in names]]


def in_radians(stream: Stream, names: Sequence[str]) -> np.ndarray:
    """(n, len(names)) joint angles in rad, by the stream's unit; a copy, the stream stays as stored."""
    return columns(stream, names) * SCALE.get(stream.unit, 1.0)


def shared(command: Stream, state: Stream) -> list[str]:
    """Joints that both streams tell of, in the command's order."""
    return [name for name in command.names if name in state.names]


def without_seam(x: np.ndarray) -> np.ndarray | None:
    """(n,) an angle [rad] that is written within one turn and passes the seam, going on over it; None for any other column.

    That a joint without end is at -3.1 in one row and at 3.1 in the next is a way to write it, and no motion.
    """
    if not np.pi < float(np.ptp(x)) <= 2.0 * np.pi + SEAM[0]:  # nor where a number is none
        return None
    over = np.abs(np.diff(x))
    over = over[over > np.pi]
    return np.unwrap(x) if len(over) and float(over.min()) > 2.0 * np.pi - SEAM[1] else None


def turns_beside(x: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n,) whole turns by which an angle [rad] is written beside another one (n,) that it goes along with and that stays within half a
    turn either way, as where the one counts from 0 to 2 pi; noughts where it is no such angle."""
    none = np.zeros(len(x))
    if not len(x) or float(np.abs(x - other).max()) <= 0.5 * TURN:
        return none
    turns = np.round((x - other) / TURN)
    turned = turns != 0.0
    rows = int(turned.sum())  # another unit is somewhere else in its rows, and beside whole turns in the others
    if not rows or not np.isfinite(turns).all() or float(np.median(np.abs(x - other - turns * TURN)[turned])) > BESIDE:
        return none
    leaps, others = (int((np.abs(np.diff(one)) > 0.5 * TURN).sum()) for one in (x, other))
    within = float(np.abs(other).max()) <= 0.5 * TURN < float(np.abs(x).max())
    return turns if within and not others and leaps <= 0.25 * rows else none


def wrapped_beside(x: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n,) whole turns by which an angle [rad] that is written within half a turn either way is beside another one (n,) that it goes along
    with and that goes on over the seam; noughts where it is no such angle."""
    if not len(x) or float(np.ptp(x)) < TURN - SEAM[1]:
        return np.zeros(len(x))
    turns, none = np.round((x - other) / TURN), np.zeros(len(x))
    if not turns.any() or not np.isfinite(turns).all() or float(np.abs(x).max()) > 0.5 * TURN + SEAM[0]:
        return none
    leaps = np.flatnonzero(np.abs(np.diff(x)) > TURN - SEAM[1])
    changes = np.flatnonzero(np.diff(turns))
    goes_on = float(np.abs(np.diff(other)).max()) < 0.25 * TURN and float(np.abs(other).max()) > 0.5 * TURN
    near = len(leaps) > 0 and len(changes) > 0 and all(np.abs(leaps - row).min() <= LATE for row in changes)
    beside = float(np.median(np.abs(x - other - turns * TURN))) <= BESIDE
    return turns if goes_on and near and beside else none


def units_of(stream: Stream) -> list[str]:
    """A unit for every element: one for all, one each, or a pattern that repeats with every part."""
    units = stream.unit.split() or [stream.unit]
    width = len(stream.names)
    return units * (width // len(units)) if width % len(units) == 0 else [stream.unit] * width
