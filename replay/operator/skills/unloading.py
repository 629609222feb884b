"""Skills that bring a vessel out of an opening again: taken by its rim, drawn out level, set down on a surface."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ....scenarios.postures import posture
from ..recognition import carrying, taking
from .arm import Path
from .clearance import SWING
from .hands import HAND, UP, facing
from .operator_state import Motion, OperatorState
from .skill import Argument, Label, Skill
from .vessels import LEVEL, STRIDE, Carried, sought

# other directions of the fingers along the rim, positive into the vessel: there the rim leaves them no room beyond 15 deg
TURNS = np.deg2rad([0.0, 10.0, -10.0, 15.0, -20.0, -32.0])
OTHERWISE = 0.4  # rad, by which a hand may be turned at the end of its way otherwise than gives the forearm most room
CLEAR, RISE = 0.055, 0.08  # m, how far a hand draws back along its fingers from what it has set down, and rises then


class RegraspHot(Skill):
    """Reach into an opening, take what stands there by the rim, which is the coolest of it, and raise it a little."""

    word = "regrasp_hot"
    label = Label(
        en=("take by the rim again", "the {hand} hand takes the {of} by its rim again"),
        zh=("再次捏住边沿", "{hand}手再次捏住{of}的边沿"),
        shows=taking.regrasp,
        grips=True,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "at": Argument("site", "a site of the rim, x axis outwards"),
        "of": Argument("body", "what is taken"),
        "into": Argument("site", "a site at the opening's front, x axis inwards"),
        "fingers": Argument(
            "word", "which way the fingers point along the rim, seen from outside", "right", ("left", "right")
        ),
        "pitch": Argument("angle", "how far the fingers point down", 0.462),
        "depth": Argument("length", "how far below the rim the pads' middle grips", 0.007),
        "opening": Argument("length", "gap between the pads", 0.030),
        "clear": Argument("length", "how far before the rim, along the fingers, the hand comes straight", 0.09),
        "approach": Argument("length", "how far before the rim the hand begins to go in", 0.21),
        "force": Argument("force", "of each pad", 80.0),
        "lift": Argument("length", "how far it is raised", 0.012),
        "posture": Argument("posture", "how the arm is held", "elbow_in"),
        "by_way_of": Argument("posture", "a posture passed on the way", None),
        "speed": Argument("speed", "largest speed of the hand", 0.35),
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = posture(self.posture, self.hand)
        state.open_claw(self.hand, self.opening)
        position, rotation = state.site(self.at)
        inward = state.site(self.into)[1][:, 0]
        sign = 1.0 if self.fingers == "left" else -1.0
        rows = []
        for turn in TURNS:
            frame = arm.frame(facing(rotation) + sign * (np.pi / 2 - turn), self.pitch, like)
            grip = position - self.depth * UP
            clear = grip - self.clear * frame[:, 2]
            out = clear - (self.approach - (grip - clear) @ inward) * inward
            rows.append([(out, frame), (clear, frame), (grip, frame)])
        start, _, end = state.goal(self.hand, rows, like, LEVEL, [self.of])[1]
        # the rim is bent and the fingers are as long as they are: the pads' middle on it, one of them would come down on it
        aside = state.centring(self.hand, end, self.of)
        frame = arm.hand(start)[1]
        row = [] if self.by_way_of is None else [self.by_way_of]
        yield from arm.follow(state.way(self.hand, start, [row, []], self.speed))
        grip = state.site(self.at)[0] - self.depth * UP + aside
        clear = grip - self.clear * frame[:, 2]
        yield from arm.follow(arm.line([(clear, frame)], self.speed, orient=LEVEL))
        yield from arm.follow(arm.line([(grip, frame)], 0.15, orient=LEVEL), tremor=0.5)
        yield from arm.hold(0.15)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.of)
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.lift * UP, frame)], 0.1, orient=LEVEL), tremor=0.3)


class Unload(Skill):
    """Draw a vessel level out of an opening and carry it, turned so that the forearm has room, over a place on a surface."""

    word = "unload"
    label = Label(
        en=("take out", "the {hand} hand takes the {about} out"),
        zh=("取出", "{hand}手取出{about}"),
        shows=carrying.unload,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": Argument("site", "the site of what is held that shall come to the place"),
        "into": Argument("site", "a site at the opening's front, x axis inwards"),
        "upon": Argument("site", "a site of the surface, x axis away from who works there"),
        "deep": Argument("length", "how far behind that site the place lies", 0.142),
        "aside": Argument("length", "how far to the left of that site the place lies", 0.0),
        "above": Argument("length", "height over the surface", 0.03),
        "before": Argument("length", "distance kept before the opening's front", 0.112),
        "beside": Argument("length", "how far to the side of the opening's front that distance is kept", 0.33),
        "speed": Argument("speed", "largest speed of the hand", 0.26),
    }
    with_ = ("food",)

    def run(self, state: OperatorState) -> Motion:
        arm, carried = state.arms[self.hand], Carried(state, self.hand, self.of)
        held, heading, pose = carried.held, carried.heading, carried.pose
        front, inside = state.site(self.into)
        surface, ground = state.site(self.upon)
        inward = inside[:, 0]
        sideways = np.cross(UP, inward)
        place = surface + self.deep * ground[:, 0] + self.aside * ground[:, 1] + state.aim()
        place = place + (self.above - (place - surface) @ UP) * UP
        deep = float((held - front) @ inward)

        def plan(way: np.ndarray) -> Path:
            (turn, before, bias, swing), like = way[:4], way[4:]
            # out, then along the front to beyond its corner, then to the place
            outside = held - (deep + before) * inward
            across = float((place - outside) @ sideways)
            aside = float((front - outside) @ sideways) + np.sign(across) * self.beside
            corner = outside + (aside if abs(aside) < abs(across) else across) * sideways
            corner = corner + (place - corner) @ UP * UP
            legs = [float(np.linalg.norm(corner - outside)), float(np.linalg.norm(place - corner))]
            count = max(2, int(np.ceil(sum(legs) / STRIDE)))
            poses = [pose(outside, heading)]
            for share in np.linspace(0.0, 1.0, count + 1)[1:]:
                way = share * sum(legs)
                if way < legs[0]:
                    at = outside + way / legs[0] * (corner - outside)
                else:
                    at = corner + (way - legs[0]) / max(legs[1], 1e-6) * (place - corner)
                blend = (heading - carried.roomiest(at)) * max(0.0, 1.0 - share / 0.5)
                blend += bias * np.sin(np.pi * share) + swing * np.sin(2.0 * np.pi * share)
                poses.append(pose(at, carried.roomiest(at) + blend + turn * share))
            return arm.line(poses, self.speed, like=like, orient=LEVEL)

        things = [self.of.split("/")[0], *self.with_]

        def cost(path: Path) -> float:
            """Of the way, and of where it ends: there is room to set it down, to draw the hand back and to raise it (`place_on`, as it is
            where its YAML says nothing else)."""
            hand, frame = arm.hand(path.end)
            down = hand - self.above * UP
            row = [(hand, frame), (down, frame), *((at, frame) for at in leave(down, frame))]
            room = state.goal(self.hand, [row], path.end, LEVEL, held=things)[0]
            beyond = arm.overrun(path) / SWING
            return state.tightness(self.hand, path, things) + room + (beyond if beyond > 1.0 else 0.0)

        first = np.array([0.0, self.before, 0.0, 0.0, *posture("elbow_in", self.hand)])
        path = sought(state, first, OTHERWISE, plan, cost)
        yield from arm.follow(path, tremor=0.4)
        yield from arm.hold(0.15)


def leave(position: np.ndarray, frame: np.ndarray, clear: float = CLEAR, rise: float = RISE) -> list[np.ndarray]:
    """Where a hand goes from what it has set down: back along its fingers by `clear` [m], then up by `rise` [m]."""
    back = position - clear * frame[:, 2]
    return [back, back + rise * UP]


class PlaceOn(Skill):
    """Set down what is held on a surface, let go, and draw the hand back along its fingers and up."""

    word = "place_on"
    label = Label(
        en=("put down", "the {hand} hand puts the {about} down on the {upon}"),
        zh=("放下", "{hand}手把{about}放到{upon}上"),
        shows=carrying.place_on,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": Argument("site", "the site of what is held that shall come to the surface"),
        "upon": Argument("site", "a site of the surface"),
        "opening": Argument("length", "gap between the pads when it has let go", 0.032),
        "clear": Argument("length", "how far the hand draws back along its fingers", CLEAR),
        "raise": Argument("length", "how far it rises then", RISE),
        "speed": Argument("speed", "largest speed of the hand", 0.3),
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        drop = (state.site(self.of)[0] - state.site(self.upon)[0])[2]
        position = position - (drop + 0.002) * UP
        yield from arm.follow(arm.line([(position, frame)], 0.08, orient=LEVEL), tremor=0.0)
        yield from arm.hold(0.15)
        yield from state.let_go(self.hand, self.opening, 0.5)
        clear, up = leave(position, frame, self.clear, self.values["raise"])
        yield from arm.follow(arm.line([(clear, frame)], 0.2, orient=LEVEL), tremor=0.0)
        yield from arm.follow(arm.line([(up, frame)], self.speed, orient=0.1))
