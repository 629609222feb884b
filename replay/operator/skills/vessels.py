"""Skills for an open vessel that is held by its rim: one pad inside, one outside, and it stays level."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ..limbs.arm import Path
from ..limbs.geometry import LEVEL, UP, between, turn_about, turn_z
from ..operator_state import OperatorState
from ..words.skill import Skill

STRIDE = 0.06  # m, between the places that a carry is planned through
# of a vessel before the chest: place to the left of the shoulder [m], direction of the left hand's fingers [rad]; found by
# looking where the forearm keeps most room
BEFORE_CHEST = ((-0.21, -0.11, -0.01, 0.09, 0.16), np.deg2rad([-90.0, -72.0, -50.0, -24.0, -8.0]))
# rad, by which the hand may be turned otherwise than asked when it arrives
ARRIVING = (0.0, 0.12, -0.12, 0.25, -0.25)
OTHERS, STRANGE = 4, 0.4  # other ways to hold the arm for it, and by how much they differ [rad]
# shares of its sag in the grip by which a vessel is levelled, the first at which there is a way
LEVELLED = (1.0, 0.5, 0.0)


class CarriedVessel:
    """A vessel as one hand carries it level: where the hand is when the vessel's site is at a place, and how it is best turned there.

    It hangs in the grip as it is seen: a heavy one is tilted there, so that the hand is turned until the vessel is level, or by a
    share of that.
    """

    def __init__(self, state: OperatorState, hand: str, site: str, share: float = 1.0) -> None:
        self._hand = hand
        position, frame = state.arms[hand].hand()
        self.held, hangs = state.senses.site(site)  # (3,) [m] where it is now
        level = between(np.eye(3), upright(hangs[:, 2]), share)
        self._frame = level @ frame
        self.heading = state.bearing(self._frame[:, 2])  # rad, of the fingers now
        self.mirror = 1.0 if hand == "left" else -1.0
        self._offset = level @ (position - self.held)
        self._body, self._shoulder = state, state.senses.site(f"{hand}_shoulder")[0]

    def pose(self, at: np.ndarray, direction: float) -> tuple[np.ndarray, np.ndarray]:
        """(3,) [m] and (3, 3) of the hand when the vessel is at a place (3,) and its fingers point in a direction [rad]."""
        turned = turn_z((direction - self.heading + np.pi) % (2 * np.pi) - np.pi)
        return at + turned @ self._offset, turned @ self._frame

    def levelled(self) -> list[np.ndarray]:
        """Postures from how the arm is held to one in which the vessel, where it is, hangs level; none where there is no way to it."""
        to, arm = self.pose(self.held, self.heading), self._body.arms[self._hand]
        for goal in (arm.solve(*to, arm.q, orient=LEVEL)[0], to):
            found = self._body.ways.plan(self._hand, [goal])
            if found.path is not None:
                return list(found.path[1:])
        return []

    def roomiest(self, at: np.ndarray) -> float:
        """Where the fingers point [rad] with the most room for the forearm before the chest."""
        beside = self._body.leftwards(at - self._shoulder)
        return self.mirror * float(np.interp(self.mirror * beside, *BEFORE_CHEST))


def level_way(state: OperatorState, skill: Skill, rows: Callable[[CarriedVessel], Iterable[list[np.ndarray]]]) -> Path | None:
    """A way on which a hand carries its vessel level to the first posture of one of several rows, and on; None where none was found.

    Args:
        rows: of postures (7,), for a vessel that is levelled by a share of its sag.
    """
    for share in LEVELLED:
        carried = CarriedVessel(state, skill.hand, skill.of, share)
        path = state.ways.level_way(skill.hand, rows(carried), skill.speed, carried.levelled())
        if path is not None:
            return path
    return None


def likes(state: OperatorState, side: str) -> list[np.ndarray]:
    """(7,) postures in which an arm may hold a vessel at the end of its way: the usual one, as it is held, and stranger ones."""
    arm = state.arms[side]
    usual = arm.posture("elbow_in")
    return [usual, arm.q, *(usual + state.rng.normal(0.0, STRANGE, 7) for _ in range(OTHERS))]


def upright(axis: np.ndarray) -> np.ndarray:
    """(3, 3) the shortest turn that brings an axis (3,) upright."""
    across = np.cross(axis, UP)
    far = float(np.linalg.norm(across))
    return np.eye(3) if far < 1e-6 else turn_about(across / far, float(np.arctan2(far, axis @ UP)))
