"""Skills of handing over: offer a cup with its handle, hold it until it is pulled, let go, draw back."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from .arm import Arm, posture, turn_z
from .body import Body, Motion
from .hands import HAND, UP
from .skill import Argument, Skill
from .vessels import LEVEL

TURNS = np.deg2rad(
    [0.0, 10.0, -10.0, 20.0, -20.0, 30.0, -30.0, 45.0, -45.0]
)  # of the handle against where it should point
SETTLE = 0.5  # s, in which the hand learns what the held thing weighs before it waits for a pull
SMOOTH = 0.06  # s, over which the felt force is averaged


class OfferHandle(Skill):
    """Carry what is held level before a person, its handle towards them."""

    word = "offer_handle"
    arguments: ClassVar = {
        "hand": HAND,
        "handle": Argument("site", "the handle that is offered"),
        "of": Argument("site", "a site in the middle of what is held"),
        "person": Argument("site", "whom it is offered to: a site of the chest"),
        "distance": Argument("length", "between that site and the handle", 0.45),
        "aside": Argument("length", "how far to the person's right hand side the handle is offered", 0.0),
        "height": Argument("length", "of the handle above the floor", 0.90),
        "posture": Argument("word", "how the arm is held", "ready"),
        "turned": Argument("angle", "how far the handle is turned away from the person", 0.0),
        "speed": Argument("speed", "largest speed of the hand", 0.18),
    }

    def run(self, body: Body) -> Motion:
        arm = body.arms[self.hand]
        like = posture(self.posture, self.hand)
        hand, frame = arm.hand()
        middle, handle = body.site(self.of)[0], body.site(self.handle)[0]
        person = body.site(self.person)[0]
        here = body.site(f"{self.hand}_shoulder")[0]
        out = np.array([*(person - here)[:2], 0.0])
        out /= np.linalg.norm(out)
        right = np.cross(out, UP) * -1.0  # of a person who faces the robot
        goal = person - self.distance * out + self.aside * right + body.aim()
        goal[2] = self.height
        now = np.arctan2(*(handle - middle)[1::-1])
        toward = np.arctan2(*(person - goal)[1::-1])
        rows = []
        for turn in TURNS:
            turned = turn_z(_wrapped(toward + turn + self.turned - now))
            rows.append([(goal + turned @ (hand - handle), turned @ frame)])
        found = body.goal(self.hand, rows, like, LEVEL)[1][-1]
        position, final = arm.hand(found)
        yield from arm.follow(arm.line([(position, final)], self.speed, like=like, orient=LEVEL), tremor=0.3)
        yield from arm.hold(0.2)


class HoldUntilPulled(Skill):
    """Hold still until the person pulls, then let go."""

    word = "hold_until_pulled"
    arguments: ClassVar = {
        "hand": HAND,
        "person": Argument("site", "who takes it: the pull comes from there"),
        "force": Argument("force", "pull at which it lets go", 2.2),
        "lasting": Argument("time", "for so long", 0.1),
        "opening": Argument("length", "gap between the pads when it has let go", 0.12),
        "release": Argument("time", "how long the opening takes", 0.35),
        "patience": Argument("time", "how long it waits at most", 20.0),
    }

    def run(self, body: Body) -> Motion:
        arm = body.arms[self.hand]
        out = body.site(self.person)[0] - arm.hand()[0]
        out[2] = 0.0
        out /= np.linalg.norm(out)
        rest: list[np.ndarray] = []
        felt, lasted = np.zeros(3), 0.0
        for _ in range(round(self.patience / body.timestep)):
            arm.command = arm.q
            yield
            force = felt_force(body, arm)
            if len(rest) * body.timestep < SETTLE:
                rest.append(force)
                continue
            felt += min(1.0, body.timestep / SMOOTH) * (force - np.mean(rest, axis=0) - felt)
            lasted = lasted + body.timestep if felt @ out > self.force else 0.0
            if lasted >= self.lasting:
                break
        else:
            body.given_up = f"nobody pulled with {self.force:.1f} N"
            return
        yield from body.let_go(self.hand, self.opening, self.release)


class Withdraw(Skill):
    """Draw the empty hand slowly back along its fingers."""

    word = "withdraw"
    arguments: ClassVar = {
        "hand": HAND,
        "by": Argument("length", "how far", 0.16),
        "speed": Argument("speed", "largest speed of the hand", 0.2),
    }

    def run(self, body: Body) -> Motion:
        arm = body.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position - self.by * frame[:, 2], frame)], self.speed), tremor=0.3)


def felt_force(body: Body, arm: Arm) -> np.ndarray:
    """(3,) [N] what pulls at a hand that stands still, from how far its joints stand off their commands.

    The servos are springs and the arm's own weight is balanced, so that what is left is the load: its weight, which the
    caller takes off, and whoever pulls.
    """
    measured = np.array([body.joint(f"zarm_{arm.side[0]}{i}_joint") for i in range(1, 8)])
    return arm.force_of(measured - arm.command)


def _wrapped(angle: float) -> float:
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
