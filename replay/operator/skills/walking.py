"""Skills of a robot that moves: walk to a place, turn, squat, stand up, approach; they need base=mobile."""

from __future__ import annotations

from collections.abc import Generator
from typing import ClassVar

import numpy as np

from ..recognition import motions
from .base import Base, wrapped
from .hands import facing
from .operator_state import Motion, OperatorState
from .primitives import WALK
from .reason import Reason
from .skill import Argument, Label, Skill

PATIENCE = 20.0  # s, beyond the time that a way takes, after which it has failed
AHEAD = np.deg2rad(35.0)  # a target further to the side than this is turned to before it is walked to
SHORT = 0.35  # m, a shorter way is stepped sideways or back
SPEED = Argument("speed", "largest speed over the floor", 0.3)
TURNING = Argument("angle", "how far it turns in a second at most", 0.4, low=np.deg2rad(1.0))
WITHIN = Argument("length", "how far from the place it may stand at the end", 0.01, low=0.0)


def walked(state: OperatorState, word: str, walk: Generator[None, None, bool]) -> Generator[None, None, bool]:
    """A walk of the base for a skill; where it does not arrive it is noted as given up."""
    arrived = yield from walk
    if not arrived:
        state.given_up = Reason(f"the robot did not come to where it was walking ({word})", "not_arrived")
    return arrived


class Walking(Skill):
    """What the skills of a moving base share."""

    needs = "mobile"

    def base_of(self, state: OperatorState) -> Base:
        if state.base is None:  # read_skills has noted it
            raise TypeError(f"{self.word} needs a base that moves")
        return state.base

    def go(self, state: OperatorState, target: np.ndarray, yaw: float) -> Motion:
        """Turn to the way where it is long, walk it, and turn to the heading; round what stands in the way."""
        base = self.base_of(state)
        away = target - base.at
        distance = float(np.hypot(*away))
        ways = [(target, yaw)]
        if distance > SHORT:
            along = float(np.arctan2(away[1], away[0]))
            heading = along if abs(wrapped(along - base.yaw)) > AHEAD else base.yaw
            ways = [(base.at.copy(), heading), (target, heading), (target, yaw)]
        legs = state.walk(ways)
        if legs is None:
            state.given_up = Reason("no free way was found to where the robot walks", "no_walk")
            return
        for place, at in legs:
            time = np.hypot(*(place - base.at)) / max(self.speed, 1e-3) + abs(wrapped(at - base.yaw)) / self.turning
            walk = base.walk(place, at, self.speed, self.turning, self.within, 0.02, time + PATIENCE)
            if not (yield from walked(state, self.name, walk)):
                return


class WalkTo(Walking):
    """Walk to a place: the floor mark between the feet comes to stand there."""

    word = "walk"
    label = Label(
        en=("walk", "the robot walks[[ to the {to}]]"),
        zh=("走动", "机器人走动[[，走到{to}]]"),
        shows=motions.walk,
    )
    arguments: ClassVar = WALK(
        "yaw within turning",
        to=WALK.at("to", "a site whose place on the floor is walked to; else x and y", None),
        x=Argument(
            "length", "place in the world, or further from the site along the world's x axis", 0.0, low=-20.0, high=20.0
        ),
        y=Argument("length", "likewise along y", 0.0, low=-20.0, high=20.0),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        base = self.base_of(state)
        target = np.array([self.x, self.y])
        if self.to is not None:
            target = target + state.site(self.to)[0][:2]
        away = target - base.at
        yaw = self.yaw
        if yaw is None:
            yaw = float(np.arctan2(away[1], away[0])) if np.hypot(*away) > SHORT else base.yaw
        yield from self.go(state, target, yaw)


class Approach(Walking):
    """Walk before a site and face it, as one steps up to a table or an oven."""

    word = "walk"
    how = "up"
    label = Label(
        en=("walk up", "the robot walks up to the {to}"),
        zh=("走近", "机器人走到{to}前"),
        shows=motions.walk,
    )
    arguments: ClassVar = WALK(
        "within turning",
        to=WALK.at("to", "what is walked up to, along its x axis"),
        distance=Argument("length", "between the floor mark and the site, along that axis", 0.45),
        side=Argument(
            "word",
            "where the x axis leads: out of the part, into it, or whichever has the nearer place",
            "nearer",
            ("nearer", "out", "in"),
        ),
        beside=Argument("length", "how far to the left of the site, seen by the robot", 0.0),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        position, rotation = state.site(self.to)
        out = facing(rotation)
        yaws = {"out": (out,), "in": (wrapped(out + np.pi),), "nearer": (out, wrapped(out + np.pi))}[self.side]
        places = [(self._before(position, yaw), yaw) for yaw in yaws]
        here = self.base_of(state).at
        place, yaw = min(places, key=lambda one: float(np.hypot(*(one[0] - here))))
        yield from self.go(state, place, yaw)

    def _before(self, position: np.ndarray, yaw: float) -> np.ndarray:
        into = np.array([np.cos(yaw), np.sin(yaw)])
        left = np.array([-into[1], into[0]])
        return position[:2] - self.distance * into + self.beside * left


class Turn(Walking):
    """Turn on the spot, to a heading or by an angle."""

    word = "walk"
    how = "turn"
    label = Label(
        en=("turn", "the robot turns"),
        zh=("转身", "机器人转身"),
        shows=motions.turn,
    )
    arguments: ClassVar = WALK(
        "yaw within turning",
        angle=Argument("angle", "or how far to the left", None),
    )

    def run(self, state: OperatorState) -> Motion:
        base = self.base_of(state)
        yaw = self.yaw if self.yaw is not None else base.yaw + (self.angle or 0.0)
        time = abs(wrapped(yaw - base.yaw)) / self.turning
        if not (yield from base.walk(base.at.copy(), yaw, 0.1, self.turning, self.within, 0.01, time + PATIENCE)):
            state.given_up = Reason("the robot did not turn as far as it was told", "not_turned")


class Squat(Walking):
    """Lower the trunk by bending hips and knees, so far, or until the shoulders are so high above a place."""

    word = "walk"
    how = "squat"
    label = Label(
        en=("squat", "the robot squats"),
        zh=("下蹲", "机器人下蹲"),
        shows=motions.squat,
    )
    arguments: ClassVar = WALK(
        by=WALK.at("by", "how far below standing", 0.0),
        to=WALK.at("to", "a site above which the shoulders come, whatever `by` says", None),
        above=Argument("length", "how high above it", 0.4),
        speed=WALK.at("speed", "of the trunk", 0.12),
        within=WALK.at("within", "how far from that height it may end", 0.005),
    )

    def run(self, state: OperatorState) -> Motion:
        base = self.base_of(state)
        height = -self.by if self.to is None else self._over(state, base)
        height = min(max(height, base.lowest), 0.0)
        if not (yield from base.stand_at(height, self.speed, self.within, -base.lowest / self.speed + PATIENCE)):
            state.given_up = Reason("the robot did not squat as far as it was told", "not_squatted")

    def _over(self, state: OperatorState, base: Base) -> float:
        """Height [m] against standing at which the shoulders are as high above the place as they shall be."""
        shoulders = np.mean([state.site(f"{side}_shoulder")[0][2] for side in ("left", "right")])
        return base.height + float(state.site(self.to)[0][2]) + self.above - float(shoulders)


class StandUp(Walking):
    """Straighten up from a squat."""

    word = "walk"
    how = "stand"
    label = Label(
        en=("stand up", "the robot stands up"),
        zh=("起立", "机器人起立"),
        shows=motions.stand_up,
    )
    arguments: ClassVar = WALK(
        speed=WALK.at("speed", "of the trunk", 0.12),
        within=WALK.at("within", "how far from standing it may end", 0.005),
    )

    def run(self, state: OperatorState) -> Motion:
        base = self.base_of(state)
        if not (yield from base.stand_at(0.0, self.speed, self.within, -base.lowest / self.speed + PATIENCE)):
            state.given_up = Reason("the robot did not stand up", "not_stood_up")
