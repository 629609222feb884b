"""Skills of pouring: take a bottle, tilt it until it runs, stop at a level, set it down again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import mujoco
import numpy as np

from ..limbs.hand import unit
from ..recognition import carrying, strokes, taking
from .arm import turn_z, turned_between
from .hands import UP, facing
from .operator_state import ENOUGH, Motion, OperatorState
from .placing import HOPELESS, TURNED, no_way_over
from .primitives import POUR, PUT, TAKE
from .skill import Argument, Label, Skill
from .vessels import LEVEL

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

BEGIN = np.deg2rad(70.0)  # tilt to which a bottle is brought before it can run: one that is nearly full runs at 72 deg
END = np.deg2rad(128.0)  # furthest tilt
STEP = np.deg2rad(6.0)  # between the tilts that the way is planned through
GRASPS = np.deg2rad([0.0, -8.0, 8.0, -16.0, 16.0, -24.0, 24.0, -34.0, 34.0])  # directions of the fingers that are tried
WAYS = np.deg2rad(
    [0.0, -15.0, 15.0, -30.0, 30.0, -45.0, 45.0]
)  # directions of pouring that are tried, against the hand's
TILTED = 0.3  # rad, from here on a bottle leans somewhere
SLACK = 3e-3  # m, summed over the tilts that are looked at
LIP = 0.045  # m, height of the lip over the mouth of what is filled
MOUTH = 0.015  # m, inner radius of a bottle's mouth
LEAD = 0.016  # m, by which the lip stays short of the middle, as the stream goes on forwards
CLEAR = 0.05  # m, by which a tilted bottle is taken up and away before it is turned upright
GENTLE = 1.0  # m/s2, of the arm's middle: a robot that is jerked by its arm leaves its balance
TURN_BACK = np.deg2rad(75.0)  # rad/s, how fast a bottle is righted at most
FINE, SOON = np.deg2rad(1.0), 8  # between the tilts whose way is measured, and how many of them are slowed down for
FORWARD = np.deg2rad(16.0)  # rad/s, how fast it is tilted at most while it may run
GAIN = np.deg2rad(0.35)  # rad/s for each ml/s that the stream is too thin
AHEAD = 0.16  # s of stream that still comes after the turn back has begun: lag of the arm and the way back


class GraspBottle(Skill):
    """Bring the open hand to the side of a standing bottle or cup, fingers level, and close it."""

    word = "take"
    how = "bottle"
    label = Label(
        en=("grasp bottle", "the {hand} hand takes hold of the {of}"),
        zh=("握住瓶子", "{hand}手握住{of}"),
        shows=taking.pick,
        grips=True,
    )
    arguments: ClassVar = TAKE(
        "hand of",
        at=TAKE.at("at", "where the pads' middle goes; x axis towards the hand"),
        yaw=0.0,
        pitch=0.0,
        standoff=0.12,
        opening=0.11,
        force=45.0,
        posture="ready",
        lip=Argument("site", "its mouth, where it is grasped to be poured; the hand takes it so that it can", None),
        into=TAKE.at("into", "the mouth of what it will fill", None),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = state.arms[self.hand].posture(self.posture)
        state.open_claw(self.hand, self.opening)
        position, rotation = state.site(self.at)
        best: tuple[float, np.ndarray] = (np.inf, arm.q)
        for turn in GRASPS:
            frame = arm.frame(facing(rotation) + self.yaw + turn, self.pitch, like)
            row = [(position - self.standoff * frame[:, 2], frame), (position, frame)]
            score, found = state.goal(self.hand, [row], like, LEVEL, [self.of])
            if self.lip is not None and self.into is not None:
                error, _ = Tilting.best(state, self.hand, position, frame, self.lip, self.into, found[1], like)
                score += 100.0 * max(error - SLACK, 0.0)
            if score < best[0]:
                best = (score, found[0])
            if score < 0.1:
                break
        first = best[1]
        frame = arm.hand(first)[1]
        yield from arm.follow(state.way(self.hand, first, self.speed))
        yield from state.pause()
        position, _ = state.site(self.at)
        yield from arm.follow(arm.line([(position, frame)], 0.18, orient=LEVEL), tremor=0.5)
        yield from arm.hold(0.15)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.of)


class Tilting:
    """How a hand tilts the bottle that it holds over a mouth: joint angles against tilt, the lip staying where it is.

    Args:
        state: the operator; side: whose hand.
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
        mouth, turned = state.site(lip)
        axis = turned[:, 2]
        # in the hand's frame: the way to the middle of the mouth, and out of it
        self.offset, self.axis = frame.T @ (mouth - hand), frame.T @ axis
        self.radius = MOUTH
        target, _ = state.site(into)
        self.now = float(np.arccos(np.clip(axis[2], -1.0, 1.0)))
        away = -axis if self.now > TILTED else turn_z(turn) @ (hand - target)
        self.away = unit(
            np.array([away[0], away[1], 0.0]),
            f"the {side} hand stands straight over {into}, and has no side to pour from",
        )
        self.across = np.cross(UP, -self.away)  # turned about it, an upright axis falls towards the target
        self.target = target + state.aim() + LIP * UP + LEAD * self.away
        self.upright = rotation(np.cross(axis, UP), self.now) @ frame if self.now > 1e-3 else frame
        self.tilts = np.arange(BEGIN, END + 1e-6, STEP)
        self.spline: CubicSpline  # joint angles over the tilt, once planned
        self.ways: np.ndarray  # (k, 2) how far the hand [m/rad] and the fastest joint [rad/rad] go, at tilts FINE apart

    def pose(self, tilt: float) -> tuple[np.ndarray, np.ndarray]:
        """Hand position (3,) [m] and frame (3, 3) at a tilt [rad], the lip's lowest point at its place."""
        frame = rotation(self.across, tilt) @ self.upright
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


def rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    """(3, 3) rotation about an axis, which need not be a unit vector."""
    quat, out = np.zeros(4), np.zeros(9)
    mujoco.mju_axisAngle2Quat(quat, np.asarray(axis) / max(float(np.linalg.norm(axis)), 1e-9), angle)
    mujoco.mju_quat2Mat(out, quat)
    return out.reshape(3, 3)


class PourLiquid(Skill):
    """Bring the held bottle over a mouth and tilt it until it runs."""

    word = "pour"
    label = Label(
        en=("pour", "the {hand} hand begins to pour into the {into}"),
        zh=("倒水", "{hand}手开始往{into}里倒"),
        shows=strokes.pour,
        about="into",
    )
    arguments: ClassVar = POUR("hand lip into gauge posture speed")

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = state.arms[self.hand].posture(self.posture)
        way = Tilting.best(state, self.hand, *arm.hand(), self.lip, self.into, arm.q, like)[1].plan(like)
        first, frame = way.pose(BEGIN)
        # first up and across with the bottle upright enough to hold all that is in it, then over the mouth
        hand, _ = arm.hand()
        over = np.array([*(first[:2] + 0.06 * way.away[:2]), max(first[2], hand[2])])
        half = rotation(way.across, 0.5 * BEGIN) @ way.upright
        yield from arm.follow(arm.line([(over, half), (first, frame)], self.speed, like=like, orient=LEVEL), tremor=0.3)
        yield from arm.hold(0.1)
        start, tilt = state.joint(self.gauge), BEGIN
        while tilt < END and state.joint(self.gauge) < start + RUNS:
            tilt = min(tilt + FORWARD * state.timestep, END)
            way.follow(tilt, FORWARD)
            yield


RUNS = 0.0008  # m, rise of the level at which it certainly runs


class StopAtLevel(Skill):
    """Keep the stream even, and right the bottle so that the level ends at an amount."""

    word = "pour"
    how = "level"
    label = Label(
        en=("stop at the level", "the {hand} hand pours into the {into} and stops at the level"),
        zh=("到液位停住", "{hand}手往{into}里倒，到液位停住"),
        shows=strokes.stop_at_level,
        about="into",
    )
    arguments: ClassVar = POUR(
        "hand lip into gauge posture speed",
        bore=Argument("length", "inner radius of what is filled"),
        amount=Argument("volume", "how much shall be in it"),
        rate=Argument("volume", "how much shall run in a second", 4.0e-5),
        at_most=20.0,
    )

    def run(self, state: OperatorState) -> Motion:
        like = state.arms[self.hand].posture(self.posture)
        way = Tilting(state, self.hand, *state.arms[self.hand].hand(), self.lip, self.into).plan(like)
        area = np.pi * self.bore**2
        tilt, last, stream = way.now, state.joint(self.gauge), 0.0
        tilt = float(np.clip(tilt, BEGIN, END))
        for _ in range(round(self.at_most / state.timestep)):
            level = state.joint(self.gauge)
            stream += 0.5 * ((level - last) * area / state.timestep - stream)
            last = level
            if level * area + AHEAD * stream >= self.amount:
                break
            rate = float(np.clip(GAIN * (self.rate - stream) * 1e6, -FORWARD, FORWARD))
            tilt = float(np.clip(tilt + rate * state.timestep, BEGIN, END))
            way.follow(tilt, rate)
            yield
        yield from self._right(state, way, tilt)

    def _right(self, state: OperatorState, way: Tilting, tilt: float) -> Iterator[None]:
        """Turn back, coming to speed and to rest within a tenth of a second."""
        rate = 0.0
        while tilt > BEGIN + 1e-3:
            most = min(way.rate(tilt, self.speed), max(8.0 * (tilt - BEGIN), 0.1))
            rate = min(rate + 10.0 * TURN_BACK * state.timestep, most)
            tilt = max(tilt - rate * state.timestep, BEGIN)
            way.follow(tilt, -rate)
            yield
        way.arm.q = way.spline(BEGIN)
        way.arm.command = way.arm.q
        yield from way.arm.hold(0.2)


class SetDown(Skill):
    """Bring what is held upright over a place, set it down and let go.

    The way there is straight where that leaves room, else one that is planned with what is held, which may then stand turned
    about the vertical. What is tilted is taken up and away first.
    """

    word = "put"
    how = "down"
    label = Label(
        en=("set down", "the {hand} hand sets the {about} down on the {upon}"),
        zh=("放下", "{hand}手把{about}放下，放到{upon}上"),
        shows=carrying.set_down,
    )
    arguments: ClassVar = PUT(
        "hand of upon turn aside ahead",
        above=0.07,
        retreat=PUT.at("retreat", "how far the hand draws back along its fingers", 0.12),
        opening=0.11,
        posture="ready",
        speed=0.25,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = state.arms[self.hand].posture(self.posture)
        hand, frame = arm.hand()
        held, turned = state.site(self.of)
        axis = turned[:, 2]
        tilt = float(np.arccos(np.clip(axis[2], -1.0, 1.0)))
        upright = rotation(np.cross(axis, UP), tilt) @ frame if tilt > 1e-3 else frame
        offset = upright @ (frame.T @ (hand - held))
        place, along = state.site(self.upon)
        place = place + self.ahead * along[:, 0] + self.aside * along[:, 1] + state.aim()
        high = place + offset + self.above * UP
        away, poses = [], [(high, upright)]
        if tilt > 0.2:  # up and away first, so that it is not turned against what it was poured into
            out = np.array([*(high - hand)[:2], 0.0])
            out /= max(float(np.linalg.norm(out)), 1e-6)
            away = [(hand + CLEAR * (UP + out), frame)]
            over = np.array([*(0.6 * high[:2] + 0.4 * hand[:2]), max(high[2], hand[2] + CLEAR)])
            poses = [*away, (over, upright), *poses]
        path = arm.line(poses, self.speed, like=like, orient=LEVEL)
        things = state.with_contents(self.of.split("/")[0])
        cost = state.tightness(self.hand, path, things)
        if cost > ENOUGH:
            if away:
                yield from arm.follow(arm.line(away, self.speed, like=like, orient=LEVEL), tremor=0.3)
            rows = []
            for turn in map(turn_z, TURNED if self.turn == "free" else TURNED[:1]):
                low = place + turn @ offset
                rows.append([(low + self.above * UP, turn @ upright), (low, turn @ upright)])
            goal = state.goal(self.hand, rows, like, LEVEL, held=things)[1][0]
            planned = state.free_way(self.hand, goal, self.speed)
            if planned is None and cost > HOPELESS:
                raise no_way_over(state, self)
            path = planned or arm.line(poses[len(away) :], self.speed, like=like, orient=LEVEL)
        yield from arm.follow(arm.gently(path, GENTLE), tremor=0.3)
        position, frame = arm.hand()
        low = position + place - state.site(self.of)[0] + 0.0015 * UP  # what the way there has left over, too
        yield from arm.follow(arm.line([(low, frame)], 0.08, orient=LEVEL), tremor=0.0)
        yield from arm.hold(0.2)
        yield from state.let_go(self.hand, self.opening, 0.6)
        position, frame = arm.hand()
        back = arm.line([(position - self.retreat * frame[:, 2], frame)], self.speed)
        yield from arm.follow(arm.gently(back, GENTLE), tremor=0.3)
