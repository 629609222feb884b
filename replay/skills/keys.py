"""Skills of a fingertip: keys."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from .arm import Arm, posture
from .body import SIDES, Body, Motion
from .hands import TURNS, facing
from .skill import Argument, Skill

TIP = 0.0225  # m, from between the pads to the end of the closed fingers (robots/kuafu/claw.xml)
PRESSING = 0.02  # m/s
ATTEMPTS, DEEPER = 3, 0.003  # how often a key is pressed at most; m, how much further each time
MORE = np.deg2rad([-36.0, -48.0])  # further directions of the fingers, from the side
POINT = (0.15, 0.15, 0.0)  # weights of the orientation: the fingers' direction counts, not how the hand is rolled


class PressKey(Skill):
    """Press a key with the closed fingertips until it has answered.

    It ends with the subgoal; a key that has not answered is pressed again, further in, three times in all.
    """

    word = "press_key"
    arguments: ClassVar = {
        "hand": Argument(
            "word", "which hand; either: the one that has more room", "either", ("left", "right", "either")
        ),
        "at": Argument("site", "the key's face, x axis towards the finger"),
        "travel": Argument("length", "how far past the key's face the fingertip goes at most", 0.004),
        "yaw": Argument("angle", "direction of the fingers against the way in, positive to the left", -0.2),
        "pitch": Argument("angle", "how far the fingers point down", 0.2),
        "standoff": Argument("length", "distance of the fingertip before it presses", 0.04),
        "posture": Argument("posture", "how the arm is held", "elbow_out"),
        "speed": Argument("speed", "largest speed of the hand", 0.35),
        "until": Argument("subgoal", "the subgoal at which it ends", None),
    }

    def run(self, body: Body) -> Motion:
        key, rotation = body.site(self.at)
        key = key + body.aim()
        out = rotation[:, 0]
        best: tuple[float, str, list[np.ndarray]] = (np.inf, "", [])
        for side in SIDES if self.hand == "either" else (self.hand,):
            body.open_claw(side, 0.0)
            arm, like, sign = body.arms[side], posture(self.posture, side), 1.0 if side == "left" else -1.0
            frames = [
                arm.frame(facing(rotation) + sign * (self.yaw + turn), self.pitch, like) for turn in (*TURNS, *MORE)
            ]
            rows = [[(key + d * out - TIP * f[:, 2], f) for d in (self.standoff, 0.001)] for f in frames]
            score, found = body.goal(side, rows, like, POINT, [body.part_of(self.at)])
            if score < best[0]:
                best = (score, side, found)
            if score < 0.5:
                break
        side, start = best[1], best[2][0]
        arm = body.arms[side]
        yield from arm.follow(
            body.way(side, start, [[], ["elbow_out"], ["raised"], ["raised", "elbow_out"]], self.speed)
        )
        yield from body.pause()
        deeper = 0.0
        for _ in range(ATTEMPTS):
            yield from self._press(body, arm, out, deeper)
            if self.until is None or body.reached(self.until):
                break
            deeper += DEEPER  # a person who has felt no click presses again, further in

    def _press(self, body: Body, arm: Arm, out: np.ndarray, deeper: float) -> Motion:
        """Come before the key, press it, and draw back."""
        key = body.site(self.at)[0] + body.aim()
        position, frame = arm.hand()
        tip = position + TIP * frame[:, 2]
        to = arm.line([(position + key + 0.002 * out - tip, frame)], 0.1, orient=POINT)
        yield from arm.follow(to, tremor=0.3)
        yield from arm.hold(0.15)
        position, frame = arm.hand()
        pressed = arm.line([(position - (self.travel + deeper + 0.002) * out, frame)], PRESSING, orient=POINT)
        yield from arm.follow(pressed, body.until(self.until), tremor=0.0)
        yield from arm.hold(0.2)
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.standoff * out, frame)], 0.2))
