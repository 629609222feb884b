"""In which frame the poses of a thing are: one for all that hands carry of it, which no turn may explain and a mirrored axis may.

The frame of a tracker or a cell is turned against that of the robot, and elsewhere. A mirrored axis, or two that are exchanged, are a
reflection: of a way that bends, or of two ways of different directions, no turn makes its mirror image. A straight way tells nothing. There
only the place does: put right, the thing is in its hand, and as recorded it is elsewhere. How high the origin is, is never known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..signals.statistics import median

SAME, RIGID = 0.01, 0.3  # m that a frame may leave; of what the best turn leaves, that a reflection may leave
HELD, NEARER = 0.15, 0.5  # m to the side, from a grip to the place of a thing in it; of how far it is as recorded
AXES = {
    "x": np.diag([-1.0, 1.0, 1.0]), "y": np.diag([1.0, -1.0, 1.0]), "z": np.diag([1.0, 1.0, -1.0]),
    "xy": np.eye(3)[[1, 0, 2]], "xz": np.eye(3)[[2, 1, 0]], "yz": np.eye(3)[[0, 2, 1]],
}  # fmt: skip
ROUNDS = 4  # in which the frame and the place in the hand are fitted in turn

Way = tuple[np.ndarray, np.ndarray, np.ndarray]  # of a carry: places of the thing (m, 3), of the hand, and its turns (m, 3, 3)
InTheHand = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class FrameOfThing:
    """What is known of the frame of a thing.

    Attributes:
        turn: (3, 3) from the frame of the hands to that of the poses.
        known: whether no mirror image of it fits as well; own: whether it is the frame of the hands, and the thing is at them.
        axes: that are mirrored (one letter) or exchanged (two), "" for one that is not known which; None where none are.
        likely: axes that explain it as well where a turn does: right if other things show the frame.
        certain: whether no turn explains the poses; size: by how much they are off [m]; left: of it, with the axes put right.
        angle: about the vertical [rad], by which a frame had to be turned that explains the poses as well.
    """

    turn: np.ndarray
    known: bool = True
    own: bool = False
    axes: str | None = None
    likely: str = ""
    certain: bool = False
    size: float = 0.0
    left: float = 0.0
    angle: float = 0.0


def frame_of(ways: Sequence[Way], in_the_hand: InTheHand) -> FrameOfThing:
    """The frame of a thing, by all that hands carry of it.

    Args:
        in_the_hand: (m,) how far a thing is from where the hand carries it, and its place in the hand, by its way and the frame.
    """

    def left(frame: np.ndarray) -> float:
        apart = np.concatenate([in_the_hand(*way, frame)[0] for way in ways])
        return float(np.sqrt(np.mean(apart**2)))

    same = np.eye(3)
    as_is, beside = left(same), from_the_hand(ways, same)
    if as_is < SAME:
        return FrameOfThing(same, known=beside < HELD or all(left(AXES[axis]) > SAME for axis in ("x", "y", "xy")), own=beside < HELD)
    level, turned, mirrored = (fitted_frame(ways, in_the_hand, *kind) for kind in ((1.0, True), (1.0, False), (-1.0, False)))
    turns = [(left(level), level), (left(turned), turned)]
    best, turn = min(as_is, *(size for size, _ in turns)), next(frame for size, frame in turns if size <= max(SAME, turns[1][0]))
    by_axes = {name: left(axis) for name, axis in AXES.items()}
    axes = min(by_axes, key=lambda name: by_axes[name])
    if best > SAME and by_axes[axes] <= RIGID * best:
        return FrameOfThing(AXES[axes], axes=axes, certain=True, size=best, left=by_axes[axes])
    other = left(mirrored)
    if best > SAME and other <= RIGID * best:
        return FrameOfThing(mirrored, axes="", certain=True, size=best, left=other)
    at = {name: from_the_hand(ways, AXES[name]) for name, size in by_axes.items() if size < SAME}
    axes = min(at, key=lambda name: at[name], default="")
    if axes and at[axes] < NEARER * beside:
        angle = float(np.arctan2(level[1, 0], level[0, 0]))
        there = axes if at[axes] < HELD else None
        return FrameOfThing(turn, known=False, axes=there, likely=axes, size=beside, left=at[axes], angle=angle)
    return FrameOfThing(turn, known=RIGID * other > best)


def from_the_hand(ways: Sequence[Way], frame: np.ndarray) -> float:
    """[m] from the hands to the thing, to the side, with the origin where theirs is."""
    return median(np.concatenate([np.linalg.norm((x @ frame - p)[:, :2], axis=1) for x, p, _ in ways]))


def fitted_frame(ways: Sequence[Way], in_the_hand: InTheHand, sign: float, is_level: bool = False) -> np.ndarray:
    """(3, 3) the frame that fits best, of determinant `sign` (Kabsch, doi:10.1107/S0567739476001873); level: turned about the vertical."""
    frame, held = np.eye(3), [np.zeros(3)] * len(ways)
    for _ in range(ROUNDS):
        table = np.zeros((3, 3))
        for (x, p, r), place in zip(ways, held):
            there = p + r @ place
            table += (x - x.mean(axis=0)).T @ (there - there.mean(axis=0))
        if is_level:
            angle = np.arctan2(table[1, 0] - table[0, 1], table[0, 0] + table[1, 1])
            cos, sin = np.cos(angle), np.sin(angle)
            frame = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        else:
            u, _, v = np.linalg.svd(table)
            frame = u @ np.diag([1.0, 1.0, sign * np.linalg.det(u @ v)]) @ v
        held = [in_the_hand(*way, frame)[1] for way in ways]
    return np.asarray(frame)
