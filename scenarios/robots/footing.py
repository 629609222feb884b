"""What a robot stands on: its soles, the axis of its ankles, what these can give, and where the force under it is measured."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from .mobile import FOOTPRINT
from .robot import Robot

PELVIS = "pelvis_wrench"  # the site of a robot with frozen legs; one that moves is measured at its floor mark


@dataclass(frozen=True)
class Footing:
    """Both feet of a robot, flat and side by side, in the frame of the floor mark between them: x ahead, y to the left [m].

    Attributes:
        front, back: how far the soles reach before and behind the axis about which both ankles pitch.
        left, right: how far they reach from the mark to either side.
        axis: (2,) where that axis lies: x, and how high above the floor.
        site: (3,) where the wrench between the robot and the world is measured.
        peak, lasting: torque that both ankles give together, for a moment and for long [Nm].
        source, grade: of these torques and of the soles.
    """

    front: float
    back: float
    left: float
    right: float
    axis: tuple[float, float]
    site: tuple[float, float, float]
    peak: float
    lasting: float
    source: str
    grade: str = "published"


def wrench_site(robot: Robot) -> str:
    """The site at which force and torque of the whole robot on the world are measured."""
    return FOOTPRINT if robot.base == "mobile" else PELVIS


def footing_of(robot: Robot, model: mujoco.MjModel) -> Footing:
    """The footing of a robot.

    Args:
        model: the robot alone, its floor mark at the world's origin.
    """
    sole, data = robot.sheet["sole"], mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    x, y, z = (float(value) for value in data.site(wrench_site(robot)).xpos)
    feet = np.array([data.body(name).xpos for name in sole["links"]])
    ahead, (low, high) = float(feet[:, 0].mean()), sole["y"]
    ankles = [robot.limits[name]["torque"] for name in sole["ankles"]]
    return Footing(
        front=float(feet[:, 0].max() + sole["x"][1]) - ahead,
        back=ahead - float(feet[:, 0].min() + sole["x"][0]),
        left=float(feet[:, 1].max() + high),
        right=-float(feet[:, 1].min() + low),
        axis=(ahead, float(feet[:, 2].mean())),
        site=(x, y, z),
        peak=sum(float(torque["peak"]) for torque in ankles),
        lasting=sum(float(torque["limit"]) for torque in ankles),
        source=str(robot.sheet["sole"]["source"]),
    )
