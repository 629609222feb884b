"""Which joints of a robot faults are put on: `faults.yaml` of its folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shiliu.scenarios.robots.robot import Robot
from shiliu.scenarios.robots.robot_folder import SIDES
from shiliu.scenarios.sheet.errors import ReplayError
from shiliu.scenarios.sheet.own_files import read_own

FILE = "faults.yaml"
Ways = tuple[tuple[str, float], ...]  # joint, and which way or how far [rad]


@dataclass(frozen=True)
class Places:
    """Joints for faults.

    Attributes:
        idle: the arm that rests for most of a demonstration, left or right.
        past_range, jumps: joints that are free to that side (1 upper, -1 lower) while it rests.
        inwards, onwards: how far [rad] a joint brings the arm against the robot itself, or the hand through what it stands before.
        rolls, turns, bends: the joint of that arm's forearm, of the head about the vertical, and of that arm's elbow.
        raised: posture [rad] of an arm raised backwards; its first joint swings it forward by `swing` [rad].
    """

    idle: str
    past_range: Ways
    jumps: Ways
    inwards: Ways
    onwards: Ways
    rolls: str
    turns: str
    bends: str
    raised: Mapping[str, float]
    swing: float

    @property
    def busy(self) -> str:
        """The other arm."""
        return next(side for side in SIDES if side != self.idle)


def places_of(robot: Robot) -> Places:
    """The joints of a robot that faults are put on.

    Raises:
        ReplayError: its folder says of none.
    """
    return _read(robot.folder, robot.name)


@cache
def _read(folder: Path, name: str) -> Places:
    file = folder / FILE
    if not file.is_file():
        raise ReplayError(f"The robot {name} has no {FILE}, which names the joints that faults are put on.", field="robot")
    sheet = read_own(file)
    return Places(
        idle=str(sheet["idle"]),
        past_range=_ways(sheet["past_range"]),
        jumps=_ways(sheet["jumps"]),
        inwards=_ways(sheet["inwards"]),
        onwards=_ways(sheet["onwards"]),
        rolls=str(sheet["rolls"]),
        turns=str(sheet["turns"]),
        bends=str(sheet["bends"]),
        raised=dict(sheet["raised"]),
        swing=float(sheet["swing"]),
    )


def _ways(rows: Iterable[Sequence[Any]]) -> Ways:
    return tuple((str(joint), way) for joint, way in rows)
