"""Where a robot's facts stand: its folder under assets/robots, found without the engine."""

from __future__ import annotations

from pathlib import Path

from ..parts.part import ASSETS

DEFAULT_ROBOT = "kuafu"  # the robot where none is named
# planted: standing still, the legs are frozen in the stance, the wrench under the pelvis is measured; mobile: see mobile.py;
# legs: on its own, see legged.py
BASES = ("planted", "mobile", "legs")
LEGS = "legs.yaml"  # how a robot is kept on its legs
SIDES = ("left", "right")  # of arms and hands, in this order


def robot_folder(name: str = DEFAULT_ROBOT) -> Path:
    """The folder of a robot, whether or not there is one."""
    return ASSETS / "robots" / name


def robots() -> list[str]:
    """Names of the robots that scenes are built with."""
    return sorted(p.parent.name for p in (ASSETS / "robots").glob("*/robot.yaml"))
