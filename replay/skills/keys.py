"""Skills of a fingertip: keys."""

from __future__ import annotations

from typing import ClassVar

from .arm import posture
from .body import Body, Motion
from .hands import HAND, REACHED, TURNS, facing
from .skill import Argument, Skill

TIP = 0.0225  # m, from between the pads to the end of the closed fingers (robots/kuafu/claw.xml)
PRESSING = 0.02  # m/s
POINT = (0.15, 0.15, 0.0)  # weights of the orientation: the fingers' direction counts, not how the hand is rolled


class PressKey(Skill):
    """Press a key with the closed fingertips until it has answered."""

    word = "press_key"
    arguments: ClassVar = {
        "hand": HAND,
        "at": Argument("site", "the key's face, x axis towards the finger"),
        "travel": Argument("length", "how far past the key's face the fingertip goes at most", 0.004),
        "yaw": Argument("angle", "direction of the fingers against the way in, positive to the left", -0.2),
        "pitch": Argument("angle", "how far the fingers point down", 0.2),
        "standoff": Argument("length", "distance of the fingertip before it presses", 0.04),
        "posture": Argument("word", "how the arm is held", "elbow_out"),
        "speed": Argument("speed", "largest speed of the hand", 0.35),
        "until": Argument("subgoal", "the subgoal at which it ends", None),
    }

    def run(self, body: Body) -> Motion:
        arm = body.arms[self.hand]
        body.open_claw(self.hand, 0.0)
        like = posture(self.posture, self.hand)
        key, rotation = body.site(self.at)
        key = key + body.aim()
        out = rotation[:, 0]
        tried = []
        for turn in TURNS:
            frame = arm.frame(facing(rotation) + self.yaw + turn, self.pitch, like)
            start, off = arm.solve(key + self.standoff * out - TIP * frame[:, 2], frame, like, orient=POINT)
            tried.append((off, start))
            if off < REACHED:
                break
        start = min(tried, key=lambda t: t[0])[1]
        yield from arm.follow(body.way(self.hand, start, [[], ["elbow_out"]], self.speed))
        yield from body.pause()
        position, frame = arm.hand()
        tip = position + TIP * frame[:, 2]
        yield from arm.follow(arm.line([(position + key + 0.002 * out - tip, frame)], 0.1), tremor=0.3)
        yield from arm.hold(0.15)
        position, frame = arm.hand()
        pressed = arm.line([(position - (self.travel + 0.002) * out, frame)], PRESSING)
        yield from arm.follow(pressed, body.until(self.until), tremor=0.0)
        yield from arm.hold(0.2)
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.standoff * out, frame)], 0.2))
