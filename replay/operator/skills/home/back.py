"""Draw the empty hand slowly back along its fingers."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import HOME
from ...words.skill import Label, Motion, Skill


class HomeBack(Skill, word="home", how="back"):
    """Draw the empty hand slowly back along its fingers."""

    label = Label(
        en=("draw back", "the {hand} hand draws back"),
        zh=("收手", "{hand}手收回"),
        shows=carrying.withdraw,
    )
    arguments = HOME(
        "hand",
        retreat=HOME.at("retreat", "how far it draws back along its fingers", 0.16),
        speed=0.2,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position - self.retreat * frame[:, 2], frame)], self.speed), tremor=0.3)
