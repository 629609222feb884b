"""Skills of handing over: offer a cup with its handle, hold it until it is pulled, let go, draw back."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..recognition import carrying
from .arm import Arm, turn_z
from .hands import UP
from .operator_state import Motion, OperatorState
from .pouring import rotation
from .primitives import HAND_OVER, HOME
from .reason import Reason
from .skill import Argument, Label, Skill
from .vessels import LEVEL

TURNS = np.deg2rad(
    [0.0, 10.0, -10.0, 20.0, -20.0, 30.0, -30.0, 45.0, -45.0]
)  # of the handle, where it cannot point there
STILL = 0.03  # m/s, a hand that is held out has come to rest
MET = 0.06  # m, a hand that is so near the handle is about to take it
SETTLE = 0.5  # s, after which a hand that has not felt the load before takes what it feels for it
ASIDE, ROOM = 0.08, 0.02  # m/s, m: how fast and how far an opening hand moves aside


class OfferHandle(Skill):
    """Carry what is held level before a person, wait for a hand to be held out, and bring the handle before it.

    The handle points against the way that the person faces, as the fingers of a hand that is held out do: one that points at
    the chest from aside is met by the hand's edge.
    """

    word = "hand_over"
    how = "offer"
    label = Label(
        en=("offer", "the {hand} hand offers the {about}, its handle first"),
        zh=("递出", "{hand}手把{about}递出，把手朝前"),
        shows=carrying.offer,
    )
    arguments: ClassVar = HAND_OVER(
        "hand handle of",
        person=HAND_OVER.at("person", "whom it is offered to: a site of the chest, x axis the way it faces"),
        left_grip=Argument("site", "where the person's left hand grips", None),
        right_grip=Argument("site", "where the right hand grips", None),
        distance=Argument("length", "between the chest and the handle while it waits", 0.45),
        before=Argument("length", "how far before the hand that is held out the handle comes to rest", 0.06),
        aside=Argument("length", "how far to the left of the straight way it is offered", 0.0),
        height=Argument("length", "of the handle above the floor while it waits", 0.90),
        lowest=Argument("length", "below which it is not offered", 0.86),
        posture="ready",
        turned=Argument("angle", "how far the handle is turned away from the person", 0.0),
        tilted=Argument("angle", "how far it is tilted towards the person", 0.0),
        at_most=HAND_OVER.at("at_most", "how long it waits for a hand", 2.5),
        speed=0.18,
    )

    def run(self, state: OperatorState) -> Motion:
        person, turned = state.site(self.person)
        facing = _level(turned[:, 0])
        out = _level(person - state.site(f"{self.hand}_shoulder")[0])
        goal = person - self.distance * out + self.aside * np.cross(UP, out) + state.aim()
        goal[2] = self.height
        yield from self._bring(state, goal, -facing)
        if self.left_grip is None or self.right_grip is None:
            return
        grips = (self.left_grip, self.right_grip)
        still, last, grip = 0.0, {grip: state.site(grip)[0] for grip in grips}, self.right_grip
        alone = [state.feel(self.hand)]
        for _ in range(round(self.at_most / state.timestep)):
            now = {grip: state.site(grip)[0] for grip in grips}
            grip = max(now, key=lambda g: now[g][2])
            rests = np.linalg.norm(now[grip] - last[grip]) < STILL * state.timestep and now[grip][2] > self.lowest - 0.2
            still = still + state.timestep if rests else 0.0
            last = now
            if still >= 0.3 or self._met(state, grip):
                break
            alone.append(state.feel(self.hand))
            state.arms[self.hand].command = state.arms[self.hand].q
            yield
        state.loads[self.hand] = np.mean(alone[-6:], axis=0)
        at = state.site(grip)[0]
        goal = at + self.before * facing + state.aim()
        goal[2] = max(at[2], self.lowest)
        yield from self._bring(state, goal, -facing, grip)

    def _bring(self, state: OperatorState, goal: np.ndarray, way: np.ndarray, grip: str | None = None) -> Motion:
        """Bring the handle to a place (3,) [m], so that it points along a way (3,); stop where a hand has come to it first."""
        arm = state.arms[self.hand]
        like = state.arms[self.hand].posture(self.posture)
        hand, frame = arm.hand()
        middle, handle = state.site(self.of)[0], state.site(self.handle)[0]
        now = np.arctan2(*(handle - middle)[1::-1])
        wanted = np.arctan2(way[1], way[0])
        across = np.cross(UP, way)
        lean = rotation(across, self.tilted) if self.tilted else np.eye(3)
        rows = []
        for turn in TURNS:
            turned = lean @ turn_z(_wrapped(wanted + turn + self.turned - now))
            rows.append([(goal + turned @ (hand - handle), turned @ frame)])
        found = state.goal(self.hand, rows, like, LEVEL, held=[self.of.split("/")[0]])[1][-1]
        yield from arm.follow(
            arm.line([arm.hand(found)], self.speed, like=like, orient=LEVEL), lambda: self._met(state, grip), tremor=0.3
        )
        yield from arm.hold(0.15)

    def _met(self, state: OperatorState, grip: str | None) -> bool:
        """Whether a hand is about to take the handle."""
        return grip is not None and float(np.linalg.norm(state.site(grip)[0] - state.site(self.handle)[0])) < MET


class HoldUntilPulled(Skill):
    """Hold still until the person pulls, then let go.

    A hand that closes round a handle pushes it away, twists it and slips, and leans on it less and less. What counts is a pull
    that lasts, against the load that the fingers bore while nobody else held on.
    """

    word = "hand_over"
    how = "pulled"
    label = Label(
        en=("hold until pulled", "the {hand} hand holds[[ the {about}]] until it is pulled, and lets go"),
        zh=("拿住等拉", "{hand}手拿住[[{about}]]，被拉时松开"),
        shows=carrying.hold_until_pulled,
    )
    arguments: ClassVar = HAND_OVER(
        "hand",
        person=HAND_OVER.at("person", "who takes it: the pull comes from there"),
        force=HAND_OVER.at("force", "pull at which it lets go", 1.7),
        lasting=Argument("time", "for so long", 0.1),
        opening=HAND_OVER.at("opening", "gap between the pads when it has let go", 0.12),
        release=Argument("time", "how long the opening takes", 0.25),
        unasked=Argument("time", "after which it lets go without a pull", None),
        at_most=HAND_OVER.at("at_most", "how long it waits", 20.0),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        out = _level(state.site(self.person)[0] - arm.hand()[0])
        load, waited, lasted = state.loads.get(self.hand), 0.0, 0.0
        while waited < self.at_most:
            arm.command = arm.q
            yield
            waited += state.timestep
            force = state.feel(self.hand)
            if load is None and waited >= SETTLE:
                load = force
            pull = 0.0 if load is None else float((force - load) @ out)
            lasted = lasted + state.timestep if pull > self.force else 0.0
            if lasted >= self.lasting - 1e-6 or (self.unasked is not None and waited >= self.unasked):
                yield from self._let_go(state, arm)
                return
        state.given_up = Reason(f"nobody pulled with {self.force:.1f} N", "not_pulled", force=self.force)

    def _let_go(self, state: OperatorState, arm: Arm) -> Motion:
        """Open, and make room on the side where what is taken still leans on a finger as it turns in the other's hand."""
        (start, frame), aside, rate = arm.hand(), 0.0, 0.0
        for _ in state.let_go(self.hand, self.opening, self.release):
            front, back = state.touch(self.hand)  # the front finger lies where the hand's y axis points
            wanted = ASIDE * float(np.sign(front - back)) if abs(aside) < ROOM else 0.0
            rate += float(np.clip(wanted - rate, -ASIDE / 3.0, ASIDE / 3.0))
            aside += rate * state.timestep
            before = arm.q
            arm.q = arm.solve(start + aside * frame[:, 1], frame, arm.q, orient=LEVEL, steps=5)[0]
            arm.command = arm.q + arm.lag * (arm.q - before) / state.timestep
            yield
        arm.command = arm.q


class Withdraw(Skill):
    """Draw the empty hand slowly back along its fingers."""

    word = "home"
    how = "back"
    label = Label(
        en=("draw back", "the {hand} hand draws back"),
        zh=("收手", "{hand}手收回"),
        shows=carrying.withdraw,
    )
    arguments: ClassVar = HOME(
        "hand",
        retreat=HOME.at("retreat", "how far it draws back along its fingers", 0.16),
        speed=0.2,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position - self.retreat * frame[:, 2], frame)], self.speed), tremor=0.3)


def _level(way: np.ndarray) -> np.ndarray:
    """(3,) unit vector along a way, without its height."""
    flat = way * [1.0, 1.0, 0.0]
    return flat / max(float(np.linalg.norm(flat)), 1e-9)


def _wrapped(angle: float) -> float:
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
