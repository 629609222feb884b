"""Carry what is held level before a person, wait for a hand to be held out, and bring the handle before it."""

from __future__ import annotations

import numpy as np

from ...limbs.base import wrapped
from ...limbs.geometry import LEVEL, UP, flat_unit, turn_z, turned_about
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import HAND_OVER
from ...words.skill import Argument, Label, Motion, Skill

# of the handle, where it cannot point there
TURNS = np.deg2rad([0.0, 10.0, -10.0, 20.0, -20.0, 30.0, -30.0, 45.0, -45.0])
STILL = 0.03  # m/s, a hand that is held out has come to rest
MET = 0.06  # m, a hand that is so near the handle is about to take it


class HandOverOffer(Skill, word="hand_over", how="offer"):
    """Carry what is held level before a person, wait for a hand to be held out, and bring the handle before it.

    The handle points against the way that the person faces, as the fingers of a hand that is held out do: one that points at
    the chest from aside is met by the hand's edge.
    """

    label = Label(
        en=("offer", "the {hand} hand offers the {about}, its handle first"),
        zh=("递出", "{hand}手把{about}递出，把手朝前"),
        shows=carrying.offer,
    )
    arguments = HAND_OVER(
        "hand handle of",
        person=HAND_OVER.at("person", "whom it is offered to: a site of the chest, x axis the way it faces"),
        left_grip=Argument("site", "where the person's left hand grips", None),
        right_grip=Argument("site", "where the right hand grips", None),
        distance=Argument("length", "distance between the chest and the handle while it waits", 0.5),
        before=Argument("length", "how far before the hand that is held out the handle comes to rest", 0.1),
        aside=Argument("length", "how far to the left of the straight way it is offered", 0.0),
        height=Argument("length", "height of the handle above the floor while it waits", 0.90),
        lowest=Argument("length", "height below which it is not offered", 0.86),
        posture="ready",
        turned=Argument("angle", "how far the handle is turned away from the person", 0.0),
        tilted=Argument("angle", "how far it is tilted towards the person", 0.0),
        at_most=HAND_OVER.at("at_most", "how long it waits for a hand", 4.0),
        speed=0.18,
    )

    def run(self, state: OperatorState) -> Motion:
        person, turned = state.senses.site(self.person)
        facing = flat_unit(turned[:, 0])
        out = flat_unit(person - state.senses.site(f"{self.hand}_shoulder")[0])
        goal = person - self.distance * out + self.aside * np.cross(UP, out) + state.aim()
        goal[2] = self.height
        yield from self._bring(state, goal, -facing)
        if self.left_grip is None or self.right_grip is None:
            return
        grips = (self.left_grip, self.right_grip)
        still, last, grip = 0.0, {grip: state.senses.site(grip)[0] for grip in grips}, self.right_grip
        alone = [state.senses.feel(self.hand)]
        for _ in range(round(self.at_most / state.timestep)):
            now = {grip: state.senses.site(grip)[0] for grip in grips}
            grip = max(now, key=lambda g: now[g][2])
            rests = np.linalg.norm(now[grip] - last[grip]) < STILL * state.timestep and now[grip][2] > self.lowest - 0.2
            still = still + state.timestep if rests else 0.0
            last = now
            if still >= 0.3 or self._met(state, grip):
                break
            alone.append(state.senses.feel(self.hand))
            state.arms[self.hand].command = state.arms[self.hand].q
            yield
        state.loads[self.hand] = np.mean(alone[-6:], axis=0)
        at = state.senses.site(grip)[0]
        goal = at + self.before * facing + state.aim()
        goal[2] = max(at[2], self.lowest)
        yield from self._bring(state, goal, -facing, grip)

    def _bring(self, state: OperatorState, goal: np.ndarray, way: np.ndarray, grip: str | None = None) -> Motion:
        """Bring the handle to a place (3,) [m], so that it points along a way (3,); stop where a hand has come to it first."""
        arm = state.arms[self.hand]
        like = arm.posture(self.posture)
        hand, frame = arm.hand()
        middle, handle = state.senses.site(self.of)[0], state.senses.site(self.handle)[0]
        now = np.arctan2(*(handle - middle)[1::-1])
        wanted = np.arctan2(way[1], way[0])
        across = np.cross(UP, way)
        lean = turned_about(across, self.tilted) if self.tilted else np.eye(3)
        rows = []
        for turn in TURNS:
            turned = lean @ turn_z(wrapped(wanted + turn + self.turned - now))
            rows.append([(goal + turned @ (hand - handle), turned @ frame)])
        found = state.ways.goal(self.hand, rows, like, LEVEL, held=[self.of.split("/")[0]])[1][-1]
        yield from arm.follow(
            arm.line([arm.hand(found)], self.speed, like=like, orient=LEVEL), lambda: self._met(state, grip), tremor=0.3
        )
        yield from arm.hold(0.15)

    def _met(self, state: OperatorState, grip: str | None) -> bool:
        """Whether a hand is about to take the handle."""
        return grip is not None and float(np.linalg.norm(state.senses.site(grip)[0] - state.senses.site(self.handle)[0])) < MET
