"""Hands that stay beside the mark while a robot on its own legs walks: its pelvis sways from foot to foot, sinks and turns.

A person who pushes a wheelchair does the same. The arms' commands are meant for a trunk that goes exactly as the mark does. What the
trunk does beyond that is taken off in the arms that hold what rolls. What is tied to the room, such as a tucked blanket, is not drawn on
one foot, which a hand's pull turns on the floor: while it steps, that hand stays in the room. An empty hand stays beside the mark at
first, since it may be beside what it has let go of. Later it goes with the trunk, as what is carried does, but that it does not sink with
it: it may be over a table. A heavy load sinks as well: arms that raise it would bear on the balance.

A hand that presses or pulls stays in the room as well, while the robot stands: the pelvis leans against what it feels, and would press
or pull harder by what it takes the hand along, so that it would lean further. The hand turns with the trunk: with that taken off as well,
the two trembled against each other at 2 Hz by 35 N.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

import mujoco
import numpy as np

from ....scenarios.parts.pose import Pose
from .arm import Arm
from .base import HEAVY, OnLegs
from .geometry import turn_between

WEIGHTS = np.repeat([1.0, 0.3], 3)  # of place [1/m] and turn [1/rad]: where a joint is at its end the hand turns rather than go away
ROUNDS, STEP = 10, 0.2  # steps of Newton's method, rad that a joint goes in one; the trunk sways by some 40 mm and 0.2 rad
DAMPING = 1e-5  # of its equations [m2], where an arm is nearly straight
RESISTS = 200.0  # Ns/m: how fast a hand gives way to a force that comes and goes
AT_ONCE = 6600.0  # N/m: how far it does so without a delay, which keeps hand and trunk from trembling against each other
LASTS, RETURNS = 1.0, 0.5  # s, over which a force counts as lasting; in which the hand is back
TIED = (2500.0, 2.0)  # Ns/m and s, the same of what is tied: with 800 Ns/m hand and trunk trembled against it at 3 Hz by 20 N
# m/s (rad/s) of what is commanded, and m/s of the trunk, for so many s: slower, a hand that holds what is tied is fast to the trunk again
CREEPS, SLOW, AWHILE = 5e-3, 0.02, 0.3
LEAVES = 0.25  # m that the mark has gone, from which on an empty hand is let go with the trunk; at twice that it is
MOST = 1.0  # rad, largest change of a joint by it
# m that an empty hand is let come nearer to the trunk, which sways towards it by up to 90 mm, and how far ahead one does not strike it
INWARDS, BEFORE = 0.03, 0.30


class SteadyHands:
    """Corrects the commands of arms that hold something while the base walks.

    Args:
        base: of a robot on its legs; arms: by side.

    Attributes:
        on: whether a skill asks for it, for all that is held; tied: sides of which the hand holds what is tied to the room;
            sent: sides of which a skill sends the hand to places in the room at every step, from where the trunk is;
            stays: (7,) [m, w first] where the trunk was, by sides of which the hand stays in the room since then.
    """

    def __init__(self, base: OnLegs, arms: Mapping[str, Arm]):
        self._base, self._arms = base, arms
        self.on = self._walks = False
        self.tied: set[str] = set()
        self.sent: set[str] = set()
        self.stays: dict[str, np.ndarray] = {}
        self._kept: set[str] = set()  # sides of which the hand is kept beside the mark, or in the room, now
        # the mark when it last stood, the trunk against it, and the height commanded then
        self._was, self._stood = np.full(7, np.nan), np.full(7, np.nan)
        self._height, self._slow = 0.0, 0.0  # m; s for which the trunk has been slow
        # whether it steps; the trunk against the mark and the height commanded when it last stood; whether hands bear little; empty ones
        self._steps, self._rest, self._low = False, np.array([0.0, 0.0, base.trunk_height, 1.0, 0.0, 0.0, 0.0]), 0.0
        self._light, self._empty = True, set(arms)
        self._from = np.array(base.at)  # where the mark was when it last stood
        self._speed = np.zeros(6)
        self._before = np.full(7, np.nan)
        self._lasting = {side: np.zeros(3) for side in arms}
        self._gives = {side: np.zeros(3) for side in arms}
        self._at_once = {side: np.zeros(3) for side in arms}

    def see(self, held: Container[str], forces: Mapping[str, np.ndarray]) -> None:
        """Take in where the trunk is, once a control period, after the base has seen.

        Args:
            held: sides of which the hand holds something; forces: (3,) [N] in the world that bear on either hand.
        """
        base, kept = self._base, {side for side in forces if side in held and (self.on or side in self.tied)}
        self._kept = kept
        for side, force in forces.items():
            if side not in kept or not self._walks:
                self._lasting[side], self._gives[side] = force.copy(), np.zeros(3)
            if self.on:  # what is tied pulls back as a spring does: the hand gives way to that as long as it steps
                self._lasting[side] += base.timestep / LASTS * (force - self._lasting[side])
            self._at_once[side] = (force - self._lasting[side]) / AT_ONCE if self.on else np.zeros(3)
            resists, returns = (RESISTS, RETURNS) if self.on else TIED
            self._gives[side] += base.timestep * ((force - self._lasting[side]) / resists - self._gives[side] / returns)
        if kept and np.abs(base.command[:3]).max() > (0.0 if self.on else CREEPS):
            self._walks = True
        elif self._walks and (base.stands or (not self.on and self._slow > AWHILE)):
            for side, arm in self._arms.items():
                if side in kept:  # the hands stay where they have come to
                    arm.shift(self.correction(side, arm.q))
            self._walks = False
        if not self._walks:
            was = self._mark()
            stood = was.inverse() @ base.trunk
            self._was, self._stood = np.append(was.pos, was.quat), np.append(stood.pos, stood.quat)
            self._height = float(base.command[3])
        if np.isfinite(self._before).all():
            self._speed = _apart(Pose(self._before[:3], self._before[3:]), base.trunk) / base.timestep
        self._slow = self._slow + base.timestep if np.abs(self._speed[:3]).max() < SLOW else 0.0
        self._before = self._now()
        if base.stands:
            rest = self._mark().inverse() @ base.trunk
            self._steps, self._rest, self._low = False, np.append(rest.pos, rest.quat), float(base.command[3])
            self._from = base.at.copy()
            self._light = -sum(float(force[2]) for side, force in forces.items() if side in held) < HEAVY
        self._steps |= bool(np.abs(base.command[:3]).max() > 0.0)
        self._empty = {side for side in forces if side not in held}

    def stay(self, side: str) -> None:
        """From now on a hand stays in the room, whatever the trunk does: its commands are meant for a trunk that is where it is now."""
        self.stays.setdefault(side, self._now())

    def leave(self, side: str) -> None:
        """From now on a hand goes with the trunk again, from where it has come to."""
        if side in self.stays:
            arm = self._arms[side]
            arm.shift(self.correction(side, arm.q))
            del self.stays[side]

    def place(self, side: str) -> Pose:
        """Where the floor mark and the height are for which the commands of an arm are meant."""
        if side in self.sent:
            return self._base.place_of(self._soon(self._base.timestep))
        then = self.stays.get(side)
        return self._base.place if then is None else self._base.place_of(Pose(then[:3], then[3:]))

    def correction(self, side: str, q: np.ndarray) -> np.ndarray:
        """(7,) [rad] to be added to the joint angles q, which are meant for a trunk that goes as the mark does, or stays where it was."""
        arm, base = self._arms[side], self._base
        if side in self.sent:
            return np.zeros(7)
        if side in self.stays:
            return self._beside(arm, q, Pose(self.stays[side][:3], base.trunk.quat), np.zeros(3), turning=False)
        if self._steps and side not in self._kept and (self._light or side in self._empty):
            place, frame, _ = arm.kinematics(q)
            rest = _higher(Pose(self._rest[:3], self._rest[3:]), base.command[3] - self._low)
            sunk = rest.pos[2] - base.trunk.pos[2] - (base.timestep + arm.lag) * self._speed[2]
            level = self._solved(arm, q, place + np.array([0.0, 0.0, sunk]), frame)
            share = np.clip(2.0 - float(np.hypot(*(base.at - self._from))) / LEAVES, 0.0, 1.0)
            if side not in self._empty or share == 0.0:
                return level
            return share * self._beside(arm, q, self._mark() @ rest, np.zeros(3), side) + (1.0 - share) * level
        if side not in self._kept or not self._walks:
            return np.zeros(7)
        mark = self._mark() if self.on else Pose(self._was[:3], self._was[3:])
        meant = mark @ _higher(Pose(self._stood[:3], self._stood[3:]), base.command[3] - self._height)
        return self._beside(arm, q, meant, self._gives[side] + self._at_once[side])

    def _beside(
        self, arm: Arm, q: np.ndarray, meant: Pose, gives: np.ndarray, clear: str | None = None, turning: bool = True
    ) -> np.ndarray:
        """(7,) [rad] to be added to q for a hand that is where it would be on a trunk as it is meant, and gives way by (3,) [m].

        One that is kept `clear`, on the left or right side, goes with a trunk that comes towards it. `turning`: the trunk goes on doing so.
        """
        base = self._base
        now = self._soon(base.timestep + arm.lag, turning)
        # the arm's own picture has its trunk upright, where `place` says
        trunk = (arm.place or Pose.identity()) @ Pose.of((0.0, 0.0, base.trunk_height))
        moved = trunk @ now.inverse() @ meant @ trunk.inverse()
        place, frame, _ = arm.kinematics(q)
        wanted = moved.pos + moved.matrix @ place + trunk.matrix @ now.matrix.T @ gives
        if clear is not None:
            before, outwards = trunk.matrix[:, 0], trunk.matrix[:, 1] * (1.0 if clear == "left" else -1.0)
            allowed = INWARDS + max(0.0, float((place - trunk.pos) @ before) - BEFORE)
            wanted = wanted + max(0.0, float((place - wanted) @ outwards) - allowed) * outwards
        return self._solved(arm, q, wanted, moved.matrix @ frame)

    @staticmethod
    def _solved(arm: Arm, q: np.ndarray, wanted: np.ndarray, turned: np.ndarray) -> np.ndarray:
        """(7,) [rad] from the joint angles q to those that bring the hand to a place and a rotation."""
        low, high = arm.model.jnt_range.T
        low, high, found = np.minimum(low, q), np.maximum(high, q), q.copy()
        for _ in range(ROUNDS):
            at, rotation, rates = arm.kinematics(found)
            off = np.concatenate([wanted - at, turn_between(rotation, turned)]) * WEIGHTS
            rates = rates * WEIGHTS[:, None]
            step = _least(rates, off)
            rates[:, ((found <= low) & (step < 0.0)) | ((found >= high) & (step > 0.0))] = 0.0  # at its end, a joint is left there
            step = _least(rates, off)
            found = np.clip(found + step * min(1.0, STEP / max(float(np.abs(step).max()), 1e-9)), low, high)
        return np.clip(found - q, -MOST, MOST)

    def _soon(self, ahead: float, turning: bool = True) -> Pose:
        """Where the trunk will be in so many seconds; `turning`: it goes on doing so."""
        trunk = self._base.trunk
        now = Pose(trunk.pos + ahead * self._speed[:3], trunk.quat.copy())
        if turning:
            mujoco.mju_quatIntegrate(now.quat, trunk.matrix.T @ self._speed[3:], ahead)
        return now

    def _now(self) -> np.ndarray:
        return np.append(self._base.trunk.pos, self._base.trunk.quat)

    def _mark(self) -> Pose:
        return Pose.of((*self._base.at, 0.0), self._base.yaw)


def _higher(pose: Pose, by: float) -> Pose:
    return Pose(pose.pos + np.array([0.0, 0.0, by]), pose.quat)


def _least(rates: np.ndarray, off: np.ndarray) -> np.ndarray:
    """(7,) [rad] the smallest step that takes (6,) off, by damped least squares."""
    return rates.T @ np.linalg.solve(rates @ rates.T + DAMPING * np.eye(6), off)


def _apart(first: Pose, second: Pose) -> np.ndarray:
    """(6,) [m, rad] in the world by which the second pose is beside the first."""
    return np.concatenate([second.pos - first.pos, turn_between(first.matrix, second.matrix)])
