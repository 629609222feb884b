"""Skills for an open vessel that is held by its rim: one pad inside, one outside, and it stays level."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from ....scenarios.postures import posture
from ..recognition import carrying, taking
from .arm import Path, turn_z
from .clearance import TOUCHES
from .doors import about
from .hands import HAND, UP, facing
from .operator_state import ENOUGH, REACHED, Motion, OperatorState, unit
from .reason import Reason
from .skill import Argument, Label, Skill

STRIDE = 0.06  # m, between the places that a carry is planned through
# of a vessel before the chest: place to the left of the shoulder [m], direction of the left hand's fingers [rad]; found by
# looking where the forearm keeps most room
BEFORE_CHEST = ((-0.21, -0.11, -0.01, 0.09, 0.16), np.deg2rad([-90.0, -72.0, -50.0, -24.0, -8.0]))
CARRIES = 26  # ways of carrying that are imagined before the best is taken
# and where none of them leaves room: how many stranger ones, and then how many like the best so far, which differ so much from
# it in the hand's turn at the end [rad], the distance before the front [m], how it turns meanwhile [rad], the posture [rad]
STRANGER, REFINED, SCATTER = 60, 60, np.array([0.08, 0.008, 0.15, 0.15, *[0.15] * 7])
NEARER = 0.012  # m, by which less than the distance before the front may be kept
OTHERWISE = 0.25  # rad, by which the hand may be turned otherwise than is said when it arrives
CROWDED = 12.0  # cost of a way out that is rather not taken; the rim that is left is near in any case
CLEARS = (1.0, 0.8)  # shares of the way back along the fingers
FLATTER = np.deg2rad([0.0, 8.0, 16.0])  # by which the fingers are raised meanwhile
GENTLE = 0.7  # m/s2, of the arm's middle: a robot that is jerked by its arm leaves its balance
LEVEL = 0.6  # weight of the orientation while something is held level [m/rad]


class PickRim(Skill):
    """Come down on a rim with one pad on either side, and close.

    The pads close until both touch, then squeeze; it ends holding.
    """

    word = "pick_rim"
    label = Label(
        en=("pick up by the rim", "the {hand} hand picks up the {of} by its rim"),
        zh=("捏起边沿", "{hand}手捏住{of}的边沿"),
        shows=taking.pick,
        grips=True,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "at": Argument("site", "a site of the rim, x axis outwards"),
        "of": Argument("body", "what is picked"),
        "fingers": Argument(
            "word", "which way the fingers point along the rim, seen from outside", "right", ("left", "right")
        ),
        "pitch": Argument("angle", "how far the fingers point down", 0.462),
        "lean": Argument("angle", "how far the fingers point into the vessel, so that the palm stays outside", 0.0),
        "depth": Argument("length", "how far below the rim the pads' middle grips", 0.007),
        "tips": Argument("length", "how far before the pads' middle, towards their tips, the rim lies", 0.0),
        "above": Argument("length", "height from which the hand comes down", 0.07),
        "opening": Argument("length", "gap between the pads", 0.036),
        "force": Argument("force", "of each pad", 35.0),
        "posture": Argument("posture", "how the arm is held", "elbow_out"),
        "by_way_of": Argument("posture", "a posture passed on the way", None),
        "speed": Argument("speed", "largest speed of the hand", 0.4),
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = posture(self.posture, self.hand)
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
        row = [] if self.by_way_of is None else [self.by_way_of]
        yield from arm.follow(state.way(self.hand, high, [row], self.speed))
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
    arguments: ClassVar = {
        "hand": HAND,
        "by": Argument("length", "how far"),
        "speed": Argument("speed", "largest speed of the hand", 0.2),
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.by * UP, frame)], self.speed, orient=LEVEL), tremor=0.5)


def sought(
    state: OperatorState,
    first: np.ndarray,
    turned: float,
    plan: Callable[[np.ndarray], Path],
    cost: Callable[[Path], float],
) -> Path:
    """The first of many ways to carry something that is free enough, or else the one that costs least.

    Args:
        first: (11,) the way that is imagined first: the hand's direction at the end [rad], the distance before the front [m],
            how it turns to one side meanwhile and how to and fro [rad], the posture (7,) that is preferred [rad].
        turned: [rad] by which the direction at the end differs from that at most, but for those that are like the best so far.
        plan: the way of such numbers.
        cost: what a way costs; below `ENOUGH` it is free enough.
    """
    best: tuple[float, Path | None, np.ndarray] = (np.inf, None, first)
    for k in range(CARRIES + STRANGER + REFINED):
        way = first.copy()
        if k >= CARRIES + STRANGER:
            way = best[2] + state.rng.normal(0.0, SCATTER)
            way[1] = max(way[1], first[1] - NEARER)
        elif k:  # another turn of the hand, another distance, another way to hold the arm
            way[0] += float(state.rng.uniform(-turned, turned))
            way[1] += float(state.rng.uniform(-NEARER, 0.03))
            way[2] = float(state.rng.uniform(-0.3, 0.3))
            way[4:] += state.rng.normal(0.0, 0.25 if k < 12 else 0.6, 7)
            if k >= CARRIES:
                way[2] *= 2.0
                way[3] = float(state.rng.uniform(-0.5, 0.5))
        imagined = plan(way)
        now = cost(imagined)
        if now < best[0]:
            best = (now, imagined, way)
        if best[0] < ENOUGH:
            break
    assert best[1] is not None
    return best[1]


class Carried:
    """A vessel as one hand carries it level: where the hand is when the vessel's site is at a place, and how it is best turned there."""

    def __init__(self, state: OperatorState, hand: str, site: str) -> None:
        position, self._frame = state.arms[hand].hand()
        self.held = state.site(site)[0]  # (3,) [m] where it is now
        self.heading = state.bearing(self._frame[:, 2])  # rad, of the fingers now
        self.mirror = 1.0 if hand == "left" else -1.0
        self._offset = position - self.held
        self._body, self._shoulder = state, state.site(f"{hand}_shoulder")[0]

    def pose(self, at: np.ndarray, direction: float) -> tuple[np.ndarray, np.ndarray]:
        """(3,) [m] and (3, 3) of the hand when the vessel is at a place (3,) and its fingers point in a direction [rad]."""
        turned = turn_z((direction - self.heading + np.pi) % (2 * np.pi) - np.pi)
        return at + turned @ self._offset, turned @ self._frame

    def roomiest(self, at: np.ndarray) -> float:
        """Where the fingers point [rad] with the most room for the forearm before the chest."""
        beside = self._body.leftwards(at - self._shoulder)
        return self.mirror * float(np.interp(self.mirror * beside, *BEFORE_CHEST))


class CarryLevel(Skill):
    """Carry a vessel level to before an opening, turn it to face inside, and bring it in over its place."""

    word = "carry_level"
    label = Label(
        en=("carry level", "the {hand} hand carries the {about} level to the {upon}"),
        zh=("平端", "{hand}手平端{about}，移到{upon}上方"),
        shows=carrying.carry_level,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": Argument("site", "the site of what is held that shall come to the place"),
        "upon": Argument("site", "the place"),
        "into": Argument("site", "a site in the middle of the opening's front, or of the part's front, x axis inwards"),
        "yaw": Argument("angle", "direction of the fingers against the way in, positive to the left", -0.15),
        "above": Argument("length", "height over the place", 0.010),
        "beside": Argument("length", "how far to the side of the place the part's front reaches", 0.285),
        "before": Argument("length", "distance kept before the opening on the way there", 0.10),
        "short": Argument(
            "length", "how far short of the place it is set down, so that the palm stays out of the opening", 0.024
        ),
        "speed": Argument("speed", "largest speed of the hand", 0.26),
    }

    def run(self, state: OperatorState) -> Motion:
        arm, carried = state.arms[self.hand], Carried(state, self.hand, self.of)
        held, heading, mirror, pose = carried.held, carried.heading, carried.mirror, carried.pose
        place, _ = state.site(self.upon)
        front, inside = state.site(self.into)
        inward = inside[:, 0]
        sideways = np.cross(UP, inward)
        deep = (place - front) @ inward
        centre = place + self.above * UP + state.aim()
        across = float((held - place) @ sideways)

        def plan(way: np.ndarray) -> Path:
            (yaw, before, bias, swing), like = way[:4], way[4:]
            final = state.bearing(inward) + yaw
            short = self.short
            for short in (self.short, self.short + 0.005, self.short + 0.010):
                if arm.solve(*pose(centre - short * inward, final), like, like, orient=LEVEL)[1] < REACHED:
                    break
            outside = centre - (deep + before) * inward
            # how far before the front at each place to its side: round its corner, not out to the whole distance at once
            away, corner = float((front - held) @ inward), -self.beside
            side = np.array([corner - 0.085, corner - 0.03, corner + 0.04])
            ahead = np.array([np.clip(away, 0.02, before), 0.078, before])
            start, poses = abs(across), []
            if -start > side[0] and away < before:
                poses.append(pose(held + (centre - held) @ UP * UP + (away - before) * inward, heading))
            elif -start > side[0]:
                ahead[:] = before
            count = max(2, int(np.ceil(start / STRIDE)))
            excess = heading - carried.roomiest(held)
            for share in np.linspace(0.0, 1.0, count + 1)[1:]:
                lateral = (1.0 - share) * across
                at = outside + lateral * sideways + (before - np.interp(-abs(lateral), side, ahead)) * inward
                lasts = 0.7 if mirror * excess < 0.0 else 0.25  # a hand that points further across may stay so
                blend = excess * max(0.0, 1.0 - share / lasts) + bias * np.sin(np.pi * share)
                blend += swing * np.sin(2.0 * np.pi * share)
                direction = carried.roomiest(at) + blend
                direction += max(0.0, (share - 0.7) / 0.3) * (final - direction)
                poses.append(pose(at, direction))
            poses.append(pose(centre - short * inward, final))
            return arm.line(poses, self.speed, like=like, orient=LEVEL)

        things = state.with_contents(self.of.split("/")[0])
        first = np.array([self.yaw, self.before, 0.0, 0.0, *posture("elbow_in", self.hand)])

        def cost(path: Path) -> float:
            """Of the way, which forgives at its end what is near there, and of where it ends if the hand touches something there."""
            room = state.crowd(self.hand, path.end, without=things)
            return state.tightness(self.hand, path, things) + (room if room > TOUCHES else 0.0)

        path = sought(state, first, OTHERWISE, plan, cost)
        path = arm.gently(path, GENTLE)
        yield from arm.follow(path, tremor=0.4)
        yield from arm.hold(0.25)


class PlaceInside(Skill):
    """Set down what is held, let go of its rim, and draw the hand out again, back along its fingers and then straight."""

    word = "place_inside"
    label = Label(
        en=("put inside", "the {hand} hand sets the {about} down on the {upon} and draws back"),
        zh=("放入内部", "{hand}手把{about}放到{upon}上并收回"),
        shows=carrying.place,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": Argument("site", "the site of what is held that shall come to the place"),
        "upon": Argument("site", "the place"),
        "into": Argument("site", "x axis inwards, the way the hand came"),
        "opening": Argument("length", "gap between the pads when it has let go", 0.028),
        "clear": Argument("length", "how far the hand draws back along its fingers", 0.09),
        "retreat": Argument("length", "how far it draws back", 0.21),
        "speed": Argument("speed", "largest speed of the hand", 0.3),
    }

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
        for like, share, flatter in itertools.product((posture("elbow_in", self.hand), None), CLEARS, FLATTER):
            if like is None and min(ways, key=lambda way: way[0])[0] < CROWDED:
                break
            back, level = share * self.clear, about(side, -flatter) @ frame
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
