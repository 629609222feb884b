"""Skills for an open vessel that is held by its rim: one pad inside, one outside, and it stays level."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import numpy as np

from ..limbs.hand import unit
from ..planning.clearance import TOUCHES
from ..recognition import carrying, taking
from .arm import Arm, Path, between, turn_z
from .doors import about
from .hands import UP, facing
from .operator_state import REACHED, Motion, OperatorState
from .primitives import CARRY, LIFT, PUT, TAKE
from .reason import Reason
from .skill import Argument, Label, Skill

STRIDE = 0.06  # m, between the places that a carry is planned through
# of a vessel before the chest: place to the left of the shoulder [m], direction of the left hand's fingers [rad]; found by
# looking where the forearm keeps most room
BEFORE_CHEST = ((-0.21, -0.11, -0.01, 0.09, 0.16), np.deg2rad([-90.0, -72.0, -50.0, -24.0, -8.0]))
ARRIVING = (
    0.0,
    0.12,
    -0.12,
    0.25,
    -0.25,
)  # rad, by which the hand may be turned otherwise than is said when it arrives
ENTERING = (0.0, 0.3, -0.3)  # rad, by which it turns as it goes in
OTHERS, STRANGE = 4, 0.4  # other ways to hold the arm for it, and by how much they differ [rad]
LEVELLED = (
    1.0,
    0.5,
    0.0,
)  # shares of its sag in the grip by which a vessel is levelled, the first at which there is a way
STEP = 0.03  # m, between the places on the way out of an opening that are looked at
MISSED, LEAP = 0.004, 0.5  # m, by which a hand may miss its place there; rad, by which a joint turns on at most
NOTHING = 0.2  # N, less than any vessel weighs
CROWDED = 12.0  # cost of a way out that is rather not taken; the rim that is left is near in any case
CLEARS = (1.0, 0.8)  # shares of the way back along the fingers
FLATTER = np.deg2rad([0.0, 8.0, 16.0])  # by which the fingers are raised meanwhile
GENTLE = 0.7  # m/s2, of the arm's middle: a robot that is jerked by its arm leaves its balance
LEVEL = 0.6  # weight of the orientation while something is held level [m/rad]


Pose = Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]]  # of a hand: see `CarriedVessel.pose`


class PickRim(Skill):
    """Come down on a rim with one pad on either side, and close.

    The pads close until both touch, then squeeze; it ends holding.
    """

    word = "take"
    how = "rim"
    label = Label(
        en=("pick up by the rim", "the {hand} hand picks up the {of} by its rim"),
        zh=("捏起边沿", "{hand}手捏住{of}的边沿"),
        shows=taking.pick,
        grips=True,
    )
    arguments: ClassVar = TAKE(
        "hand of fingers",
        at=TAKE.at("at", "a site of the rim, x axis outwards"),
        pitch=0.462,
        lean=Argument("angle", "how far the fingers point into the vessel, so that the palm stays outside", 0.0),
        depth=0.007,
        tips=Argument("length", "how far before the pads' middle, towards their tips, the rim lies", 0.0),
        above=0.07,
        opening=0.036,
        force=35.0,
        posture="elbow_out",
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = state.arms[self.hand].posture(self.posture)
        state.open_claw(self.hand, self.opening)
        position, rotation = state.site(self.at)
        quarter = np.pi / 2 - self.lean
        quarter = quarter if self.fingers == "left" else -quarter
        across = (
            -1.0 if self.hand == "left" else 1.0
        )  # first further across, where the forearm has more room before the chest
        turns = (0.0, *(across * np.deg2rad([12.0, 20.0, -12.0, -24.0])))
        frames = [arm.frame(facing(rotation) + quarter + turn, self.pitch, like) for turn in turns]
        rows = []
        for frame in frames:
            back = self.tips * frame[:, 2]
            rows.append([(position + self.above * UP - back, frame), (position - self.depth * UP - back, frame)])
        high = state.goal(self.hand, rows, like, LEVEL, [self.of])[1][0]
        frame = arm.hand(high)[1]
        yield from arm.follow(state.way(self.hand, high, self.speed))
        yield from state.pause()
        position, _ = state.site(self.at)
        goal = position - self.depth * UP - self.tips * frame[:, 2]
        yield from arm.follow(arm.line([(goal, frame)], 0.15, orient=LEVEL), tremor=0.5)
        yield from arm.hold(0.2)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.of)


class Lift(Skill):
    """Raise what is held straight up."""

    word = "lift"
    label = Label(
        en=("lift", "the {hand} hand lifts[[ the {about}]]"),
        zh=("提起", "{hand}手提起[[{about}]]"),
        shows=carrying.lift,
    )
    arguments: ClassVar = LIFT("hand by", speed=0.2)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.by * UP, frame)], self.speed, orient=LEVEL), tremor=0.5)


def drawn(
    arm: Arm,
    end: np.ndarray,
    places: Sequence[np.ndarray],
    directions: Sequence[float],
    pose: Pose,
) -> list[np.ndarray] | None:
    """Postures in which a vessel is drawn along places (3,) [m], its hand in directions [rad]; None where it cannot be."""
    row = [end]
    for place, direction in zip(places, directions):
        q, off = arm.solve(*pose(place, direction), row[-1], end, orient=LEVEL, steps=12)
        if off > MISSED or np.abs(q - row[-1]).max() > LEAP:
            return None
        row.append(q)
    return row


class CarriedVessel:
    """A vessel as one hand carries it level: where the hand is when the vessel's site is at a place, and how it is best turned there.

    It hangs in the grip as it is seen: a heavy one is tilted there, so that the hand is turned until the vessel is level, or by a
    share of that.
    """

    def __init__(self, state: OperatorState, hand: str, site: str, share: float = 1.0) -> None:
        self._hand = hand
        position, frame = state.arms[hand].hand()
        self.held, hangs = state.site(site)  # (3,) [m] where it is now
        level = between(np.eye(3), upright(hangs[:, 2]), share)
        self._frame = level @ frame
        self.heading = state.bearing(self._frame[:, 2])  # rad, of the fingers now
        self.mirror = 1.0 if hand == "left" else -1.0
        self._offset = level @ (position - self.held)
        self._body, self._shoulder = state, state.site(f"{hand}_shoulder")[0]

    def pose(self, at: np.ndarray, direction: float) -> tuple[np.ndarray, np.ndarray]:
        """(3,) [m] and (3, 3) of the hand when the vessel is at a place (3,) and its fingers point in a direction [rad]."""
        turned = turn_z((direction - self.heading + np.pi) % (2 * np.pi) - np.pi)
        return at + turned @ self._offset, turned @ self._frame

    def levelled(self) -> list[np.ndarray]:
        """Postures from how the arm is held to one in which the vessel, where it is, hangs level; none where there is no way to it."""
        to, arm = self.pose(self.held, self.heading), self._body.arms[self._hand]
        for goal in (arm.solve(*to, arm.q, orient=LEVEL)[0], to):
            found = self._body.plan(self._hand, [goal])
            if found.path is not None:
                return list(found.path[1:])
        return []

    def roomiest(self, at: np.ndarray) -> float:
        """Where the fingers point [rad] with the most room for the forearm before the chest."""
        beside = self._body.leftwards(at - self._shoulder)
        return self.mirror * float(np.interp(self.mirror * beside, *BEFORE_CHEST))


def upright(axis: np.ndarray) -> np.ndarray:
    """(3, 3) the shortest turn that brings an axis (3,) upright."""
    across = np.cross(axis, UP)
    far = float(np.linalg.norm(across))
    return np.eye(3) if far < 1e-6 else about(across / far, float(np.arctan2(far, axis @ UP)))


def lost(state: OperatorState, side: str, held: str) -> bool:
    """Whether a hand feels nothing of what it holds; the chain is given up then."""
    if np.linalg.norm(state.feel(side)) > NOTHING:
        return False
    state.given_up = Reason(f"the {side} hand lost {held} on the way", "lost", side=side, of=held)
    return True


class CarryLevel(Skill):
    """Carry a vessel level to before an opening, turn it to face inside, and bring it in over its place."""

    word = "carry"
    how = "level"
    label = Label(
        en=("carry level", "the {hand} hand carries the {about} level to the {upon}"),
        zh=("平端", "{hand}手平端{about}，移到{upon}上方"),
        shows=carrying.carry_level,
    )
    arguments: ClassVar = CARRY(
        "hand of upon",
        into=CARRY.at("into", "a site in the middle of the opening's front, or of the part's front, x axis inwards"),
        yaw=-0.15,
        above=0.010,
        beside=0.285,
        before=0.10,
        short=Argument(
            "length", "how far short of the place it is set down, so that the palm stays out of the opening", 0.024
        ),
        speed=0.26,
    )

    def run(self, state: OperatorState) -> Motion:
        if lost(state, self.hand, self.of):
            return
        arm = state.arms[self.hand]
        place, _ = state.site(self.upon)
        front, inside = state.site(self.into)
        inward = inside[:, 0]
        deep = (place - front) @ inward
        centre = place + self.above * UP + state.aim()

        things = state.with_contents(self.of.split("/")[0])

        def rows(pose: Pose) -> Iterator[list[np.ndarray]]:
            """Postures from before the opening to over the place, the hand's direction as it is said or nearly so."""
            likes = [state.arms[self.hand].posture("elbow_in"), arm.q]
            likes += [likes[0] + state.rng.normal(0.0, STRANGE, 7) for _ in range(OTHERS)]
            for like, turn, swing in itertools.product(likes, ARRIVING, ENTERING):
                final = state.bearing(inward) + self.yaw + turn
                for short in (self.short, self.short + 0.005, self.short + 0.010):
                    end, off = arm.solve(*pose(centre - short * inward, final), like, like, orient=LEVEL)
                    if off < REACHED:
                        break
                if off > REACHED or state.crowd(self.hand, end, without=things) > TOUCHES:
                    continue
                way = deep - short + self.before
                shares = np.linspace(0.0, 1.0, max(2, int(np.ceil(way / STEP))) + 1)[1:]
                places = [centre - (short + share * way) * inward for share in shares]
                row = drawn(arm, end, places, [final + swing * share for share in shares], pose)
                if row is not None:
                    yield row[::-1]

        path = None
        for share in LEVELLED:
            carried = CarriedVessel(state, self.hand, self.of, share)
            path = state.level_way(self.hand, rows(carried.pose), self.speed, carried.levelled())
            if path is not None:
                break
        if path is None:
            state.given_up = Reason(
                f"no way was found to carry {self.of} to {self.upon}: {state.why}",
                "no_carry", of=self.of, upon=self.upon,
            )  # fmt: skip
            return
        path = arm.gently(path, GENTLE)
        yield from arm.follow(path, tremor=0.4)
        yield from arm.hold(0.25)


class PlaceInside(Skill):
    """Set down what is held, let go of its rim, and draw the hand out again, back along its fingers and then straight."""

    word = "put"
    how = "inside"
    label = Label(
        en=("put inside", "the {hand} hand sets the {about} down on the {upon} and draws back"),
        zh=("放入内部", "{hand}手把{about}放到{upon}上并收回"),
        shows=carrying.place,
    )
    arguments: ClassVar = PUT(
        "hand of upon",
        into=PUT.at("into", "x axis inwards, the way the hand came"),
        opening=0.028,
        back=0.09,
        retreat=0.21,
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        drop = (state.site(self.of)[0] - state.site(self.upon)[0])[2]
        position = position - (drop + 0.002) * UP
        yield from arm.follow(arm.line([(position, frame)], 0.06, orient=LEVEL), tremor=0.0)
        yield from arm.hold(0.2)
        yield from state.let_go(self.hand, self.opening, 0.6)
        yield from self._out(state)

    def _out(self, state: OperatorState) -> Motion:
        """Back along the fingers, so that the inner one leaves over the rim where it came in, then straight out.

        Of several ways to rise over the rim the one that leaves most room between the palm and the opening.
        """
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        inward = state.site(self.into)[1][:, 0]
        vertical = Reason(
            f"the fingers of the {self.hand} hand point straight down or up", "fingers_vertical", side=self.hand
        )
        side = unit(np.cross(UP, frame[:, 2]), vertical)
        ways: list[tuple[float, Path, Path]] = []
        q = arm.q
        for like, share, flatter in itertools.product((state.arms[self.hand].posture("elbow_in"), None), CLEARS, FLATTER):
            if like is None and min(ways, key=lambda way: way[0])[0] < CROWDED:
                break
            back, level = share * self.back, about(side, -flatter) @ frame
            clear = position - back * frame[:, 2]
            out = clear - (self.retreat - (clear - position) @ -inward) * inward
            arm.q = q
            first = arm.line([(clear, level)], 0.15, orient=LEVEL)
            arm.q = first.end
            second = arm.line([(out, level)], self.speed, like=like, orient=(0.1, 0.3, 0.3))
            arm.q = q
            costs = state.room_on(self.hand, first), state.room_on(self.hand, second)
            cost = sum(costs) + 200.0 * max(first.error - REACHED, 0.0)
            ways.append((cost, first, second))
        _, first, second = min(ways, key=lambda way: way[0])
        yield from arm.follow(first, tremor=0.0)
        yield from arm.follow(second)
