"""Press a key with the closed fingertips until it has answered."""

from __future__ import annotations

import itertools

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.arm import FADE, Arm
from ...limbs.geometry import AIMED, facing, turn_between
from ...operator_state import OperatorState
from ...planning.clearance import TOUCHES
from ...recognition import pushing
from ...senses.attachment import rigid_part
from ...words.primitives import EITHER, PRESS
from ...words.skill import Argument, Label, Motion, Skill
from ..grasping import come
from ..reach import TURNS

PRESSING = 0.02  # m/s
ATTEMPTS, DEEPER = 3, 0.003  # how often a key is pressed at most; m, how much further each time
MORE = np.deg2rad([-36.0, -48.0])  # further directions of the fingers, from the side
# other ways to hold the arm, and how far the fingers point down more or less [rad]: where something is touched that is not the
# key (a closed claw before it scores 1.8), or where a key lets something spring open; how far that swings [rad], in so many places
ASIDE = ("elbow_out", "raised", "outside_1", "outside_2", "across", "bench", "elbow_in", "level")
TILTS = np.deg2rad([0.0, 12.0, -12.0, 24.0])
OPENS, PLACES = np.deg2rad(60.0), 4
FAST = np.repeat([0.5, 2.0], 3)  # how much more firmly than its servos alone a hand holds the place and the turn of what is pressed at


class PressKey(Skill, word="press", how="key"):
    """Press a key with the closed fingertips until it has answered.

    It ends with the subgoal; a key that has not answered is pressed again, further in, three times in all.
    """

    label = Label(
        en=("press key", "the {hand} hand presses the {at}"),
        zh=("按键", "{hand}手按下{at}"),
        shows=pushing.press_key,
        about="at",
    )
    arguments = PRESS(
        "until",
        hand=EITHER,
        at=PRESS.at("at", "the key's face, x axis towards the finger"),
        travel=Argument("length", "how far past the key's face the fingertip goes at most", 0.004),
        yaw=-0.2,
        pitch=0.2,
        standoff=0.04,
        posture="elbow_out",
        pressing=Argument(
            "speed", "speed of the fingertip as it presses: slow for a key, faster for a lever with a long way", PRESSING
        ),
        lets_go=Argument("joint", "a door that springs open then: the arm is held so that it is not in its way", None),
        speed=0.35,
    )

    def run(self, state: OperatorState) -> Motion:
        key, rotation = state.senses.site(self.at)
        key = key + state.aim()
        out = rotation[:, 0]
        best: tuple[float, str, list[np.ndarray]] = (np.inf, "", [])
        sides = SIDES if self.hand == "either" else (self.hand,)
        ways = [(self.posture, self.pitch), *((name, self.pitch + tilt) for tilt in TILTS for name in ASIDE)]
        for k, ((name, pitch), side) in enumerate(itertools.product(ways, sides)):
            if k == len(sides) and self.lets_go is None and best[0] < TOUCHES:
                break
            state.open_claw(side, 0.0)
            arm, like, sign = state.arms[side], state.arms[side].posture(name), 1.0 if side == "left" else -1.0
            frames = [arm.frame(facing(rotation) + sign * (self.yaw + turn), pitch, like) for turn in (*TURNS, *MORE)]
            rows = [[(key + d * out - state.hand.tip_end * f[:, 2], f) for d in (self.standoff, 0.001)] for f in frames]
            score, found = self._room(state, side, rows, like)
            if score < best[0]:
                best = (score, side, found)
            if score < 0.5:
                break
        side, start = best[1], best[2][0]
        arm = state.arms[side]
        yield from come(state, side, start, self.speed)
        deeper = 0.0
        for _ in range(ATTEMPTS):
            yield from self._press(state, arm, out, deeper)
            if self.until is None or state.senses.reached(self.until):
                break
            deeper += DEEPER  # a person who feels no click presses again, further in

    def _room(
        self, state: OperatorState, side: str, rows: list[list[tuple[np.ndarray, np.ndarray]]], like: np.ndarray
    ) -> tuple[float, list[np.ndarray]]:
        """The row of hand poses that leaves most room, as `OperatorState.goal`; also to a door that springs open."""
        touch = [state.senses.part_of(self.at)]
        if self.lets_go is None:
            return state.ways.goal(side, rows, like, AIMED, touch)
        touch.append(state.senses.carrier_of(self.at))  # the fingertips come near the housing; its door is what counts
        best: tuple[float, list[np.ndarray]] = (np.inf, [])
        for row in rows:
            score, found = state.ways.goal(side, [row], like, AIMED, touch)
            for share in np.linspace(1.0, 0.0, PLACES, endpoint=False):
                if score > best[0]:
                    break
                score += state.ways.crowd(side, found[-1], touch, self.lets_go, share * OPENS)
            if score < best[0]:
                best = (score, found)
            if score < 0.5:
                break
        return best

    def _press(self, state: OperatorState, arm: Arm, out: np.ndarray, deeper: float) -> Motion:
        """Come before the key, press it, and draw back."""
        key = state.senses.site(self.at)[0] + state.aim()
        position, frame = arm.hand()
        tip = position + state.hand.tip_end * frame[:, 2]
        to = arm.line([(position + key + 0.002 * out - tip, frame)], 0.1, orient=AIMED)
        yield from arm.follow(to, tremor=0.3)
        yield from arm.hold(0.15)
        position, frame = arm.hand()
        pressed = arm.line([(position - (self.travel + deeper + 0.002) * out, frame)], self.pressing, orient=AIMED)
        yield from self._held_fast(state, arm.follow(pressed, state.senses.until(self.until), tremor=0.0))
        yield from arm.hold(0.2)
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.standoff * out, frame)], 0.2))

    def _held_fast(self, state: OperatorState, motion: Motion) -> Motion:
        """On its own legs, the other hand holds what it holds of the key's housing as it stood, against turning above all."""
        if state.steady is None:
            yield from motion
            return
        housing = state.senses.carrier_of(self.at)
        arms = {side: state.arms[side] for side, what in state.held.items() if rigid_part(state.model, what) == housing}
        at, turn = state.senses.body_pose(housing)
        places = {side: turn.T @ (arm.hand()[0] - at) for side, arm in arms.items()}
        for _ in motion:
            moved, turned = state.senses.body_pose(housing)
            for side, arm in arms.items():
                back = at + turn @ places[side] - moved - turned @ places[side]
                arm.resist(np.concatenate([back, turn_between(turned, turn)]) * FAST)
            yield
        for arm in arms.values():
            arm.ease()
            state.beside(arm.hold(FADE))
