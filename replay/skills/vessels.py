"""Skills for an open vessel that is held by its rim: one pad inside, one outside, and it stays level."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from .arm import Path, posture, turn_z
from .body import REACHED, Body, Motion
from .hands import HAND, TURNS, UP, facing
from .skill import Argument, Skill

ENOUGH = 0.3  # cost of a way on which something is a little near for a moment
CARRIES = 18  # ways of carrying that are imagined before the best is taken
LEVEL = 0.6  # weight of the orientation while something is held level [m/rad]


class PickRim(Skill):
    """Come down on a rim with one pad on either side, and close."""

    word = "pick_rim"
    arguments: ClassVar = {
        "hand": HAND,
        "at": Argument("site", "a site of the rim, x axis outwards"),
        "of": Argument("body", "what is picked"),
        "fingers": Argument(
            "word", "which way the fingers point along the rim, seen from outside", "right", ("left", "right")
        ),
        "pitch": Argument("angle", "how far the fingers point down", 0.49),
        "lean": Argument("angle", "how far the fingers point into the vessel, so that the palm stays outside", 0.0),
        "depth": Argument("length", "how far below the rim the pads' middle grips", 0.006),
        "tips": Argument("length", "how far before the pads' middle, towards their tips, the rim lies", 0.0),
        "above": Argument("length", "height from which the hand comes down", 0.07),
        "opening": Argument("length", "gap between the pads", 0.036),
        "force": Argument("force", "of each pad", 35.0),
        "posture": Argument("word", "how the arm is held", "elbow_out"),
        "by_way_of": Argument("word", "a posture passed on the way", None),
        "speed": Argument("speed", "largest speed of the hand", 0.4),
    }

    def run(self, body: Body) -> Motion:
        arm = body.arms[self.hand]
        like = posture(self.posture, self.hand)
        body.open_claw(self.hand, self.opening)
        position, rotation = body.site(self.at)
        quarter = np.pi / 2 - self.lean
        quarter = quarter if self.fingers == "left" else -quarter
        frames = [arm.frame(facing(rotation) + quarter + turn, self.pitch, like) for turn in TURNS]
        rows = []
        for frame in frames:
            back = self.tips * frame[:, 2]
            rows.append([(position + self.above * UP - back, frame), (position - self.depth * UP - back, frame)])
        high = body.goal(self.hand, rows, like, LEVEL, [self.of])[1][0]
        frame = arm.hand(high)[1]
        row = [] if self.by_way_of is None else [self.by_way_of]
        yield from arm.follow(body.way(self.hand, high, [row], self.speed))
        yield from body.pause()
        position, _ = body.site(self.at)
        goal = position - self.depth * UP - self.tips * frame[:, 2]
        yield from arm.follow(arm.line([(goal, frame)], 0.15, orient=LEVEL), tremor=0.5)
        yield from arm.hold(0.2)
        yield from body.grip(self.hand, self.force)
        body.hold_on(self.hand, self.of)


class Lift(Skill):
    """Raise what is held straight up."""

    word = "lift"
    arguments: ClassVar = {
        "hand": HAND,
        "by": Argument("length", "how far"),
        "speed": Argument("speed", "largest speed of the hand", 0.2),
    }

    def run(self, body: Body) -> Motion:
        arm = body.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.by * UP, frame)], self.speed, orient=LEVEL), tremor=0.5)


class CarryLevel(Skill):
    """Carry a vessel level to before an opening, turn it to face inside, and bring it in over its place."""

    word = "carry_level"
    arguments: ClassVar = {
        "hand": HAND,
        "of": Argument("site", "the site of what is held that shall come to the place"),
        "upon": Argument("site", "the place"),
        "into": Argument("site", "a site in the middle of the opening's front, or of the part's front, x axis inwards"),
        "yaw": Argument("angle", "direction of the fingers against the way in, positive to the left", -0.15),
        "above": Argument("length", "height over the place", 0.012),
        "before": Argument("length", "distance kept before the opening on the way there", 0.10),
        "short": Argument(
            "length", "how far short of the place it is set down, so that the palm stays out of the opening", 0.024
        ),
        "speed": Argument("speed", "largest speed of the hand", 0.3),
    }
    with_ = ("food",)

    def run(self, body: Body) -> Motion:
        arm = body.arms[self.hand]
        hand, frame = arm.hand()
        held, _ = body.site(self.of)
        offset = hand - held
        place, _ = body.site(self.upon)
        front, inside = body.site(self.into)
        inward = inside[:, 0]
        sideways = np.cross(UP, inward)
        heading = np.arctan2(frame[1, 2], frame[0, 2])
        deep = (place - front) @ inward
        centre = place + self.above * UP + body.aim()
        across = float((held - place) @ sideways)

        def plan(yaw: float, before: float, left: float, early: float, like: np.ndarray) -> Path:
            turn = (np.arctan2(inward[1], inward[0]) + yaw - heading + np.pi) % (2 * np.pi) - np.pi

            def pose(at: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
                turned = turn_z(share * turn)
                return at + turned @ offset, turned @ frame

            short = self.short
            for short in (self.short, self.short + 0.006, self.short + 0.012):
                if arm.solve(*pose(centre - short * inward, 1.0), like, like, orient=LEVEL)[1] < REACHED:
                    break
            outside = centre - (deep + before) * inward
            poses = [
                pose(outside + left * across * sideways, early),
                pose(outside, 0.95),
                pose(centre - short * inward, 1.0),
            ]
            away = (front - held) @ inward
            if away < before:  # what stands beside a corner of the part is drawn out before it is led past
                poses.insert(0, pose(held + (away - before) * inward + (centre - held) @ UP * UP, 0.0))
            return arm.line(poses, self.speed, like=like, orient=LEVEL)

        best: tuple[float, Path | None] = (np.inf, None)
        parts = [self.of.split("/")[0], *self.with_]
        for k in range(CARRIES):
            # most of the turn comes late, when the forearm has passed the chest
            like, yaw, before = posture("elbow_in", self.hand), self.yaw, self.before
            left, early = ((0.35, 0.1), (0.5, 0.4), (0.2, 0.05))[k % 3]
            if k >= 3:  # another turn of the hand, another distance, another way to hold the arm
                yaw += float(body.rng.uniform(-0.35, 0.3))
                before += float(body.rng.uniform(-0.012, 0.02))
                left, early = float(body.rng.uniform(0.1, 0.5)), float(body.rng.uniform(-0.1, 0.5))
                like = like + body.rng.normal(0.0, 0.3, 7)
            path = plan(yaw, before, left, early, like)
            cost = body.room_on(self.hand, path, parts) + 200.0 * max(path.error - REACHED, 0.0)
            if cost < best[0]:
                best = (cost, path)
            if cost < ENOUGH:
                break
        assert best[1] is not None
        yield from arm.follow(best[1], tremor=0.4)
        yield from arm.hold(0.25)


class PlaceInside(Skill):
    """Set down what is held, let go of its rim, and draw the hand out again."""

    word = "place_inside"
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

    def run(self, body: Body) -> Motion:
        arm = body.arms[self.hand]
        position, frame = arm.hand()
        drop = (body.site(self.of)[0] - body.site(self.upon)[0])[2]
        position = position - (drop + 0.002) * UP
        yield from arm.follow(arm.line([(position, frame)], 0.06, orient=LEVEL), tremor=0.0)
        yield from arm.hold(0.2)
        yield from body.let_go(self.hand, self.opening, 0.6)
        # back along the fingers, so that the inner one leaves over the rim where it came in, then straight out
        clear = position - self.clear * frame[:, 2]
        inward = body.site(self.into)[1][:, 0]
        like = posture("elbow_in", self.hand)
        yield from arm.follow(arm.line([(clear, frame)], 0.15, orient=LEVEL), tremor=0.0)
        out = clear - (self.retreat - (clear - position) @ -inward) * inward
        yield from arm.follow(arm.line([(out, frame)], self.speed, like=like, orient=(0.1, 0.3, 0.3)))
