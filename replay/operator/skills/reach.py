"""Bring the open hand before a site, fingers towards it."""

from __future__ import annotations

import numpy as np

from ..limbs.geometry import facing
from ..operator_state import OperatorState
from ..recognition import taking
from ..words.primitives import REACH
from ..words.skill import Argument, Label, Motion, Skill
from .grasping import come

# other directions of the fingers, tried where the wanted one is out of reach
TURNS = np.deg2rad([0.0, -12.0, 12.0, -24.0, 24.0])


class Reach(Skill, word="reach"):
    """Bring the open hand before a site, fingers towards it.

    It takes the direction of the fingers, near the one that is asked, in which the arm has most room; `turn: keep` for what would be
    turned by pads that close on it askew, such as the handle of a pan.
    """

    label = Label(
        en=("reach", "the {hand} hand reaches for the {at}"),
        zh=("伸手", "{hand}手伸向{at}"),
        shows=taking.reach,
        about="at",
    )
    arguments = REACH(
        "hand at",
        yaw=0.0,
        pitch=float(np.deg2rad(18.0)),
        standoff=0.10,
        opening=0.05,
        posture="elbow_out",
        turn=Argument("word", "whether the fingers may come from a little aside", "free", ("free", "keep")),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, self.opening)
        position, rotation = state.senses.site(self.at)
        like = arm.posture(self.posture)
        turns = TURNS if self.turn == "free" else TURNS[:1]
        frames = [arm.frame(facing(rotation) + self.yaw + turn, self.pitch, like) for turn in turns]
        rows = [[(position - self.standoff * f[:, 2], f), (position, f)] for f in frames]
        goal = state.ways.goal(self.hand, rows, like, touch=[state.senses.part_of(self.at)])[1][0]
        yield from come(state, self.hand, goal, self.speed)
