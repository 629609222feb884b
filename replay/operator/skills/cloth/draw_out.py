"""Draw a cloth that both hands hold by its near edge towards the robot, until its far corners come within reach."""

from __future__ import annotations

from functools import partial

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import DRAW, ON_FOOT
from ...words.skill import Argument, Label, Motion, together
from ..walking import Walking, moving
from .handling import FIRM, back_with, edges_of
from .tips import both_squeezing


class DrawOut(Walking, word="draw", how="out"):
    """Draw a cloth that both hands hold by its near edge towards the robot, until its far corners come within reach.

    The robot steps back with it, raises it, and steps up again: what was drawn out hangs between its hands and the table's edge.
    """

    label = Label(
        en=("draw out", "both hands draw the {about} out as the robot steps back"),
        zh=("拉出", "机器人后退，双手把{about}拉出"),
        shows=cloth.draw_out,
    )
    hands = "Both hands"
    arguments = DRAW(
        "of over",
        near=Argument(
            "length", "how far inside that edge its furthest corner is to lie; raised, it comes nearer by some cm more"
        ),
        height=Argument("length", "how far it is raised as the robot steps up again", 0.1),
        forth=Argument("length", "how far it is brought ahead meanwhile: away from the trunk, over the table", 0.06),
        closer=Argument("length", "how much nearer to the table than before it stands at the end", 0.0),
        force=3.0,
        speed=0.1,
        within=ON_FOOT["within"],
        turning=ON_FOOT["turning"],
    )

    def run(self, state: OperatorState) -> Motion:
        base = moving(state)
        stood, yaw = base.at.copy(), base.yaw
        yield from self._held(state, self._back(state))
        if state.given_up:
            return
        yield from self._held(state, together(*(self._raise(state, side) for side in SIDES)))
        nearer = stood + self.closer * state.senses.site(self.over)[1][:2, 0]
        yield from self._held(state, self.go(state, nearer, yaw))

    def _held(self, state: OperatorState, motion: Motion) -> Motion:
        """A motion, while both claws go on pressing."""
        yield from both_squeezing(state, self.force, motion)

    def _raise(self, state: OperatorState, side: str) -> Motion:
        """Up, and ahead of the trunk."""
        arm, away = state.arms[side], state.senses.site(self.over)[1][:, 0]
        at, frame = arm.hand()
        goal = at + self.forth * away + self.height * UP
        yield from arm.follow(arm.line([(goal, frame)], 0.2, orient=FIRM), tremor=0.0)

    def _missing(self, state: OperatorState) -> float:
        """How much further it is to be drawn [m]."""
        places, (edge, turn) = state.senses.vertices(self.of), state.senses.site(self.over)
        return (
            max(float((places[spot] - edge) @ turn[:, 0]) for spot in edges_of(state, self.of).far.values()) - self.near
        )

    def _back(self, state: OperatorState) -> Motion:
        """Step back with the cloth."""
        away = state.senses.site(self.over)[1][:2, 0]
        missing = partial(self._missing, state)
        yield from back_with(state, missing, away, self.speed, self.turning, self.within)
