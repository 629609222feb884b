"""Push a drawer shut with the closed fingertips on its front, slowly at the end, until it is shut or pushes back too hard."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import facing
from ...operator_state import OperatorState
from ...recognition import pushing
from ...words.primitives import MOVE_JOINT
from ...words.skill import Argument, Label, Motion, Skill
from ..fitting import slide
from ..reach import TURNS
from ..strokes import POINT

SHUT = 2.0e-3  # m, from its stop at which a drawer counts as shut
HELD_AS = ("elbow_out", "ready", "elbow_in", "raised")
PITCHES = np.deg2rad([12.0, 25.0, 38.0])


class MoveJointFront(Skill, word="move_joint", how="front"):
    """Push a drawer shut with the closed fingertips on its front, slowly at the end, until it is shut or pushes back too hard."""

    label = Label(
        en=("push shut", "the {hand} hand pushes the {joint} shut"),
        zh=("推上抽屉", "{hand}手推上{joint}"),
        shows=pushing.push_close,
    )
    arguments = MOVE_JOINT(
        "hand until",
        joint=MOVE_JOINT.at("joint", "the drawer's slide; it is shut at zero"),
        at=MOVE_JOINT.at("at", "on its front, x axis out of it"),
        aside=Argument("length", "how far beside the site it is pushed, along the site's y axis", 0.0),
        standoff=MOVE_JOINT.at("standoff", "distance of the fingertips before they push", 0.05),
        force=MOVE_JOINT.at("force", "with which it pushes at most", 30.0),
        past=Argument(
            "length", "how far beyond its stop the fingertips aim: friction keeps the hand behind its command", 0.003
        ),
        watched=Argument("word", "whether it ends once the drawer is seen to be shut", "yes", ("yes", "no")),
        slow=Argument("speed", "of the last 30 mm", 0.04),
        speed=MOVE_JOINT.at("speed", "of the push", 0.15),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, 0.0)
        left = state.senses.joint(self.joint)
        site, rotation = state.senses.site(self.at)
        out, at = rotation[:, 0], site + self.aside * rotation[:, 1] + state.aim()
        best: tuple[float, list[np.ndarray]] = (np.inf, [])
        for name in HELD_AS:
            like = arm.posture(name)
            frames = [arm.frame(facing(rotation) + turn, pitch, like) for pitch in PITCHES for turn in TURNS]
            ends = (self.standoff, 0.0, -left - self.past)
            rows = [[(at + d * out - state.hand.tip_end * f[:, 2], f) for d in ends] for f in frames]
            best = min(best, state.ways.goal(self.hand, rows, like, POINT, [state.senses.part_of(self.at)]), key=lambda b: b[0])
            if best[0] < 0.5:
                break
        found = best[1]
        yield from arm.follow(state.ways.way(self.hand, found[0], 0.4))
        yield from state.pause()
        frame = arm.hand(found[0])[1]
        behind = self.force * float(np.linalg.norm(arm.compliance() @ out))

        def enough() -> bool:
            hard = float(np.linalg.norm(arm.hand()[0] - state.senses.site(f"{self.hand}_tcp")[0])) > behind
            shut = self.watched == "yes" and state.senses.joint(self.joint) < SHUT
            return hard or shut or state.senses.reached(self.until)

        def near() -> bool:
            return state.senses.joint(self.joint) < 0.03

        def to(d: float) -> tuple[np.ndarray, np.ndarray]:
            return at + d * out - state.hand.tip_end * frame[:, 2], frame

        yield from arm.follow(arm.line([to(0.002)], 0.12, orient=POINT), tremor=0.3)
        if left > 0.03:
            yield from arm.follow(
                arm.line([to(-left + 0.02)], self.speed, orient=POINT), lambda: near() or enough(), tremor=0.3
            )
        yield from arm.follow(arm.line([to(-left - self.past)], self.slow, orient=POINT), enough, tremor=0.0, brake=1.0)
        yield from arm.hold(0.2)
        yield from slide(arm, self.standoff * out, 0.2)
