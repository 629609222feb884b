"""A hand with two parallel pads, as far as holding is asked: how wide, how strong, how rough, and its shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import mujoco
import numpy as np

from ..robots.hand_shape import HandShape, shape_of
from ..robots.robot import load_robot
from ..robots.robot_folder import DEFAULT_ROBOT


@dataclass(frozen=True)
class GripperFacts:
    """Facts of a hand.

    Attributes:
        name: of the hand, a key of the robot's `hands`.
        model: its MJCF.
        opening: between the faces of the pads when it is open [m]; soft: by which both pads together reach past them [m].
        force: the largest of each pad [N].
        clear: room that it wants on either side of a thing when it comes to it [m].
        shape: in which it holds; tendons: of its drives.
        pads: geoms that hold; faces: sites, the middle of either.
    """

    name: str
    model: Path
    opening: float
    soft: float
    force: float
    clear: float
    shape: HandShape = field(compare=False)  # of the hand that `name` and `model` say
    tendons: tuple[str, ...]
    pads: tuple[str, ...]
    faces: tuple[str, ...]

    @property
    def widest(self) -> float:
        """The thickest thing that goes between the open pads [m]."""
        return self.opening - self.soft

    @cached_property
    def spec(self) -> mujoco.MjSpec:
        """The hand alone."""
        return mujoco.MjSpec.from_file(str(self.model))

    @cached_property
    def _pad(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Lowest and highest corner of a pad's face about its middle, along x, y and z of the grip; its friction; its priority."""
        model = self.spec.copy().compile()
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        pad, turn = model.geom(self.pads[0]), data.site(self.shape.tcp).xmat.reshape(3, 3).T
        half = np.abs(turn @ data.geom(self.pads[0]).xmat.reshape(3, 3)) @ model.geom_aabb[pad.id, 3:]
        middle = turn @ (data.geom(self.pads[0]).xpos - data.site(self.faces[0]).xpos)
        return middle - half, middle + half, pad.friction.copy(), int(pad.priority[0])

    @property
    def across(self) -> tuple[float, float]:
        """From where to where a pad reaches across the fingers, about the middle of its face [m]."""
        return float(self._pad[0][0]), float(self._pad[1][0])

    @property
    def along(self) -> tuple[float, float]:
        """From where, towards the palm, to where, towards the tips, a pad reaches, about the middle of its face [m]."""
        return float(self._pad[0][2]), float(self._pad[1][2])

    def friction(self, other: np.ndarray, priority: int) -> np.ndarray:
        """(3,) friction between a pad and a shape, as the engine mixes it: of the higher priority, else the larger.

        Args:
            other: (3,) sliding, torsion [m] and rolling [m] of the shape.
            priority: of the shape.
        """
        _, _, own, mine = self._pad
        return np.maximum(own, other) if priority == mine else other if priority > mine else own


def gripper_of(robot: str = DEFAULT_ROBOT, hand: str | None = None) -> GripperFacts:
    """A hand of a robot, its first where none is named.

    Raises:
        ScenarioError: unknown robot or hand.
    """
    chosen = load_robot(robot, hand)
    sheet, shape = chosen.hand_sheet, shape_of(chosen.hand_sheet)
    grip, pads = shape.sheet["grip"], shape.sheet["pads"]
    return GripperFacts(
        name=chosen.hand,
        model=chosen.folder / sheet["model"],
        opening=float(grip["opening"]),
        soft=float(grip["soft"]),
        force=float(grip["grip_force"]),
        clear=float(pads["clear"]),
        shape=shape,
        tendons=tuple(sheet["drives"].values()),
        pads=tuple(pads["geoms"]),
        faces=tuple(pads["sites"]),
    )
