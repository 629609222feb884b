"""A person in an arm exoskeleton: fourteen joint angles, and the hands that they mean.

Seven angles an arm, all 0 with the arm hanging and the thumb in front, each positive as anatomy counts it:

    shoulder_flexion    arm forward and up          elbow_flexion      forearm forward and up
    shoulder_abduction  arm out to the side and up  forearm_pronation  thumb turned inward
    shoulder_rotation   forearm turned inward       wrist_flexion      fingers to the palm's side
                                                    wrist_deviation    fingers to the thumb's side

turned in this order about y, x, z, y, z, x and y of the link before, right arm mirrored: a shoulder of three axes that meet, a
hinge, and a wrist of three axes that meet. So the inverse is exact, with the elbow's direction given beside the hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...scenarios.sheet.errors import EpisodeError
from .axes import Array, unit
from .targets import HANDS

ARM = (
    "shoulder_flexion",
    "shoulder_abduction",
    "shoulder_rotation",
    "elbow_flexion",
    "forearm_pronation",
    "wrist_flexion",
    "wrist_deviation",
)
NAMES = tuple(f"{hand}_{angle}" for hand in HANDS for angle in ARM)

# shares of body height: D. A. Winter, Biomechanics and Motor Control of Human Movement, figure 4.1, after R. Drillis and
# R. Contini, Body Segment Parameters (1966)
UPPER_ARM, FOREARM, HAND, HALF_SHOULDERS = 0.186, 0.146, 0.108, 0.129
GRASP = 0.5  # of the hand's length, from the wrist to the middle of the grasp; estimate
STATURE = 1.70  # m, where none is given; estimate

# where the hand's axes lie in the link of the wrist with all angles at 0: x along the fingers, z out of the back
_AT_REST = {
    "left": np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]]),
    "right": np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]]),
}
_SIDE = {"left": 1.0, "right": -1.0}


@dataclass(frozen=True)
class Person:
    """Lengths of a person's arms [m]: upper arm, forearm to the wrist, wrist to the middle of the grasp, and between the shoulders."""

    upper_arm: float
    forearm: float
    grasp: float
    shoulders: float

    @classmethod
    def of_height(cls, height: float = STATURE) -> Person:
        """A person of this height [m] with the proportions of Drillis and Contini."""
        return cls(UPPER_ARM * height, FOREARM * height, GRASP * HAND * height, 2 * HALF_SHOULDERS * height)

    @property
    def arm_length(self) -> float:
        """Shoulder to the middle of the grasp with the arm stretched [m]."""
        return self.upper_arm + self.forearm + self.grasp

    def shoulder(self, hand: str) -> Array:
        """(3,) [m] in the person's frame."""
        return np.array([0.0, _SIDE[hand] * self.shoulders / 2, 0.0])

    def hand(self, angles: Array, hand: str) -> tuple[Array, Array, Array]:
        """Where an arm's angles put it, in the person's frame.

        Args:
            angles: (n, 7) [rad] in the order of `ARM`.

        Returns:
            (n, 3) middle of the grasp [m], (n, 3, 3) axes of the hand as columns, (n, 3) elbow [m].
        """
        upper, fore, wrist = _links(angles, _SIDE[hand])
        down = np.array([0.0, 0.0, -1.0])
        elbow = self.shoulder(hand) + self.upper_arm * (upper @ down)
        grasp = elbow + self.forearm * (fore @ down) + self.grasp * (wrist @ down)
        return grasp, wrist @ _AT_REST[hand], elbow

    def angles(self, position: Array, rotation: Array, towards: Array, hand: str) -> Array:
        """Angles that put an arm's hand there: the inverse of `hand`.

        Args:
            position: (n, 3) middle of the grasp [m]; rotation: (n, 3, 3) axes of the hand, in the person's frame.
            towards: (n, 3) direction from the shoulder into which the elbow points; of it, what is square to the line from
                shoulder to wrist decides.

        Returns:
            (n, 7) [rad] in the order of `ARM`.

        Raises:
            EpisodeError: the wrist would have to lie beyond the arm's reach, or nearer than it folds.
        """
        side = _SIDE[hand]
        wrist_link = rotation @ _AT_REST[hand].T
        wrist = position - self.shoulder(hand) + self.grasp * wrist_link[:, :, 2]
        span = np.linalg.norm(wrist, axis=1)
        off = (span > self.upper_arm + self.forearm) | (span < abs(self.upper_arm - self.forearm))
        if off.any():
            k = int(np.argmax(off))
            raise EpisodeError(
                f"the {hand} wrist would have to be {span[k]:.3f} m from its shoulder at sample {k}; an arm of {self.upper_arm:.3f} "
                f"and {self.forearm:.3f} m cannot. Give a person of another height.",
                field="height",
            )
        bend = np.arccos(
            np.clip((span**2 - self.upper_arm**2 - self.forearm**2) / (2 * self.upper_arm * self.forearm), -1, 1)
        )
        along = unit(wrist)
        out = unit(towards - (towards * along).sum(axis=1, keepdims=True) * along)
        share = (span**2 + self.upper_arm**2 - self.forearm**2) / (2 * span)
        height = np.sqrt(np.maximum(self.upper_arm**2 - share**2, 0.0))
        elbow = share[:, None] * along + height[:, None] * out
        # the upper arm's link: -z along it, y the hinge's axis, square to the plane of the arm
        z = -unit(elbow)
        y = np.cross(along, out)
        upper = np.stack([np.cross(y, z), y, z], axis=-1)
        flexion = np.arctan2(-upper[:, 0, 2], upper[:, 2, 2])
        abduction = side * np.arcsin(np.clip(-upper[:, 1, 2], -1, 1))
        turned = np.arctan2(upper[:, 1, 0], upper[:, 1, 1])
        below = _turn("y", -bend)
        rest = np.swapaxes(upper @ below, 1, 2) @ wrist_link  # Rz(-s p) Rx(-s w) Ry(-d)
        pronation = np.arctan2(-rest[:, 0, 1], rest[:, 1, 1])
        across = np.arcsin(np.clip(rest[:, 2, 1], -1, 1))
        deviation = np.arctan2(-rest[:, 2, 0], rest[:, 2, 2])
        return np.stack(
            [flexion, abduction, -side * turned, bend, -side * pronation, -side * across, -deviation], axis=1
        )


def _turn(axis: str, angle: Array) -> Array:
    """(n, 3, 3) rotations by angles (n,) [rad] about x, y or z."""
    c, s, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    rows = {
        "x": ((one, zero, zero), (zero, c, -s), (zero, s, c)),
        "y": ((c, zero, s), (zero, one, zero), (-s, zero, c)),
        "z": ((c, -s, zero), (s, c, zero), (zero, zero, one)),
    }[axis]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _links(angles: Array, side: float) -> tuple[Array, Array, Array]:
    """(n, 3, 3) axes of upper arm, forearm and wrist in the person's frame; with all angles at 0 they are the person's own."""
    flexion, abduction, rotation, elbow, pronation, wrist, deviation = angles.T
    upper = _turn("y", -flexion) @ _turn("x", side * abduction) @ _turn("z", -side * rotation)
    fore = upper @ _turn("y", -elbow) @ _turn("z", -side * pronation)
    return upper, fore, fore @ _turn("x", -side * wrist) @ _turn("y", -deviation)
