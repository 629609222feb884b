"""A take in which a hand carries a box, another one lies still, and a hand turns a door; with what changes the recorded poses."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from body_takes import N, body_take, stream
from shiliu.replay.recording.recording import Recording
from shiliu.replay.residual.arm_chain import about, quaternions_of
from shiliu.replay.residual.bodies import ComparedColumns

THINGS = ("box", "cup")
NAMES = tuple(f"{thing}.{axis}" for thing in THINGS for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"))
TAKEN, PUT = 150, 450  # rows
GRASP = np.array([0.03, -0.02, 0.05])  # m, the box in the hand
PLACES, TURNS = [0, 1, 2, 7, 8, 9], (slice(3, 7), slice(10, 14))


@cache
def hand() -> tuple[np.ndarray, np.ndarray]:
    """The left hand in the scene: (N, 3) m and (N, 3, 3)."""
    found = ComparedColumns(planted())
    return found.grasps[0].pos, found.grasps[0].turn


@cache
def planted() -> Recording:
    """The take of a robot that stands where it is."""
    take = body_take()
    streams = {name: one for name, one in take.streams.items() if "base" not in name}
    return replace(take, streams=streams)


def poses(place=None, turn=None) -> np.ndarray:
    """(N, 14) of a box that the left hand carries between two rows, and of a cup that lies still.

    Args:
        place: of the box (N, 3), and turn (N, 3, 3), if it goes otherwise.
    """
    pos, turns = hand()
    rows = np.clip(np.arange(N), TAKEN, PUT)
    place = (pos + turns @ GRASP)[rows] if place is None else place
    turn = turns[rows] if turn is None else turn
    cup = np.tile([0.6, 0.4, 0.85, np.cos(0.3), 0.0, 0.0, np.sin(0.3)], (N, 1))
    return np.column_stack([place, quaternions_of(turn), cup])


def take_of(values: np.ndarray, unit: str | None = None) -> Recording:
    """The take with these poses of both things. `unit`: as they are announced."""
    things = stream("environment", "measured", "object_pose", "1", NAMES, values)
    take = planted()
    return replace(take, streams=take.streams | {"environment": replace(things, declared_unit=unit)})


def found_of(values: np.ndarray, unit: str | None = None) -> list:
    """What is found of the poses of things."""
    return ComparedColumns(take_of(values, unit))._of_things


def in_frame(values: np.ndarray, angle: float, move: tuple[float, float, float]) -> np.ndarray:
    """The poses in a frame that is turned about a slanted axis, and elsewhere."""
    axis = np.array([0.48, -0.6, 0.64])
    turn = about(axis, np.array([angle]))[0]
    a, (b, c, d) = np.cos(0.5 * angle), np.sin(0.5 * angle) * axis
    out = values.copy()
    for first in (0, 7):
        out[:, first : first + 3] = values[:, first : first + 3] @ turn.T + move
        w, x, y, z = values[:, first + 3 : first + 7].T
        real = a * w - b * x - c * y - d * z
        sides = (a * x + b * w + c * z - d * y, a * y - b * z + c * w + d * x, a * z + b * y - c * x + d * w)
        out[:, first + 3 : first + 7] = np.column_stack([real, *sides])
    return out


def later(values: np.ndarray, rows: int) -> np.ndarray:
    """The poses some rows late, or early."""
    return values[np.clip(np.arange(N) - rows, 0, N - 1)]


def every(values: np.ndarray, rows: int) -> np.ndarray:
    """The poses of a tracker that gives a new one in every some row alone."""
    return values[np.arange(N) // rows * rows]
