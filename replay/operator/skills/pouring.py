"""Skills of pouring: take a bottle, tilt it until it runs, stop at a level, set it down again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..limbs.geometry import LEVEL, UP, turn_z, turned_about, turned_between, unit
from ..operator_state import OperatorState

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline
BEGIN = np.deg2rad(70.0)  # tilt to which a bottle is brought before it can run: one that is nearly full runs at 72 deg
END = np.deg2rad(128.0)  # furthest tilt
STEP = np.deg2rad(6.0)  # between the tilts that the way is planned through
# directions of pouring that are tried, against the hand's
WAYS = np.deg2rad([0.0, -15.0, 15.0, -30.0, 30.0, -45.0, 45.0])
TILTED = 0.3  # rad, from here on a bottle leans somewhere
SLACK = 3e-3  # m, summed over the tilts that are looked at
LIP = 0.045  # m, height of the lip over the mouth of what is filled
MOUTH = 0.015  # m, inner radius of a bottle's mouth
LEAD = 0.016  # m, by which the lip stays short of the middle, as the stream goes on forwards
GENTLE = 1.0  # m/s2, of the arm's middle: a robot that is jerked by its arm leaves its balance
TURN_BACK = np.deg2rad(75.0)  # rad/s, how fast a bottle is righted at most
FINE, SOON = np.deg2rad(1.0), 8  # between the measured tilts, and how many of them are slowed down for
FORWARD = np.deg2rad(16.0)  # rad/s, how fast it is tilted at most while it may run


class Tilting:
    """How a hand tilts the bottle that it holds over a mouth: joint angles against tilt, the lip staying where it is.

    Args:
        state: the operator; side: of the hand.
        hand, frame: where that hand is, or would be, while it holds the bottle: (3,) [m] and (3, 3).
        lip: site of the bottle's mouth, z axis out of it; into: site of the mouth that is filled.
        turn: [rad] of the direction from which it is poured, against that of the hand; one that is tilted goes on as it is.
    """

    def __init__(
        self,
        state: OperatorState,
        side: str,
        hand: np.ndarray,
        frame: np.ndarray,
        lip: str,
        into: str,
        turn: float = 0.0,
    ):
        self.arm = state.arms[side]
        mouth, turned = state.senses.site(lip)
        axis = turned[:, 2]
        # in the hand's frame: the way to the middle of the mouth, and out of it
        self.offset, self.axis = frame.T @ (mouth - hand), frame.T @ axis
        self.radius = MOUTH
        target, _ = state.senses.site(into)
        self.now = float(np.arccos(np.clip(axis[2], -1.0, 1.0)))
        away = -axis if self.now > TILTED else turn_z(turn) @ (hand - target)
        self.away = unit(
            np.array([away[0], away[1], 0.0]),
            f"the {side} hand stands straight over {into}, and has no side to pour from",
        )
        self.across = np.cross(UP, -self.away)  # turned about it, an upright axis falls towards the target
        self.target = target + state.aim() + LIP * UP + LEAD * self.away
        self.upright = turned_about(np.cross(axis, UP), self.now) @ frame if self.now > 1e-3 else frame
        self.tilts = np.arange(BEGIN, END + 1e-6, STEP)
        self.spline: CubicSpline  # joint angles over the tilt, once planned
        self.ways: np.ndarray  # (k, 2) how far the hand [m/rad] and the fastest joint [rad/rad] go, at tilts FINE apart

    def pose(self, tilt: float) -> tuple[np.ndarray, np.ndarray]:
        """Hand position (3,) [m] and frame (3, 3) at a tilt [rad], the lip's lowest point at its place."""
        frame = turned_about(self.across, tilt) @ self.upright
        axis = frame @ self.axis
        low = axis * axis[2] - UP
        lip = low / max(float(np.linalg.norm(low)), 1e-6) * self.radius
        return self.target - lip - frame @ self.offset, frame

    def error(self, seed: np.ndarray, like: np.ndarray) -> float:
        """How far the hand would be from where it should be at a few tilts: [m], and radians as tenths of it."""
        total = 0.0
        for tilt in (BEGIN, (2 * BEGIN + END) / 3, (BEGIN + 2 * END) / 3):
            position, frame = self.pose(float(tilt))
            seed, off = self.arm.solve(position, frame, seed, like, LEVEL)
            total += off + 0.1 * turned_between(self.arm.hand(seed)[1], frame)
        return total

    @classmethod
    def best(
        cls,
        state: OperatorState,
        side: str,
        hand: np.ndarray,
        frame: np.ndarray,
        lip: str,
        into: str,
        seed: np.ndarray,
        like: np.ndarray,
    ) -> tuple[float, Tilting]:
        """The direction of pouring that the arm can follow best, and by how much it cannot (see `error`)."""
        found: tuple[float, Tilting] | None = None
        for turn in WAYS:
            way = cls(state, side, hand, frame, lip, into, turn)
            error = way.error(seed, like)
            if found is None or error < found[0]:
                found = (error, way)
            if error < SLACK or way.now > TILTED:
                break
        assert found is not None
        return found

    def plan(self, like: np.ndarray) -> Tilting:
        """Joint angles at every tilt, searched outwards from where the arm is."""
        from scipy.interpolate import CubicSpline

        nearest = int(np.argmin(np.abs(self.tilts - self.now)))
        found: dict[int, np.ndarray] = {}
        for way in (range(nearest, len(self.tilts)), range(nearest - 1, -1, -1)):
            seed = found.get(nearest, self.arm.q)
            for k in way:
                found[k] = seed = self.arm.solve(*self.pose(float(self.tilts[k])), seed, like, LEVEL, steps=80)[0]
        self.spline = CubicSpline(self.tilts, np.array([found[k] for k in range(len(self.tilts))]))
        knots = self.spline(np.arange(BEGIN, END + FINE, FINE))
        hands = np.array([self.arm.hand(q)[0] for q in knots])
        hand, joint = np.linalg.norm(np.diff(hands, axis=0), axis=1), np.abs(np.diff(knots, axis=0)).max(axis=1)
        self.ways = np.stack([hand, joint], axis=1) / FINE
        return self

    def rate(self, tilt: float, speed: float) -> float:
        """[rad/s] at which the bottle may be righted from a tilt [rad] on, the hand no faster than a speed [m/s].

        Where a joint stands at its end, the others go a long way round for each degree.
        """
        k = int((tilt - BEGIN) / FINE)
        hand, joint = self.ways[max(k - SOON, 0) : k + 1].max(axis=0)
        return float(min(TURN_BACK, speed / max(hand, 1e-9), self.arm.joint_speed / max(joint, 1e-9)))

    def follow(self, tilt: float, rate: float) -> None:
        """Command a tilt [rad] that changes with a rate [rad/s], ahead by the servo's lag."""
        self.arm.q = self.spline(tilt)
        self.arm.command = self.arm.q + self.arm.lag * self.spline(tilt, 1) * rate
