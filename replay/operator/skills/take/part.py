"""Come from before and above, fingers on either side of a part, close and lift it straight out."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import turn_z
from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..fitting import PITCHES, Pose, about, headings, planned, slide, with_it
from ..grasping import close_on

BEFORE = 0.06  # m, out of its place, from where a part is brought into it
DEEPER = 0.002  # m: on legs, a pelvis that leans and comes back by 1 mm/s takes the hand along as it closes
SIDES_OF_ROUND, TAKEN = 12, 6  # sides from which a round thing may be taken (15 deg apart), and how many are tried


class TakePart(Skill, word="take", how="part"):
    """Come from before and above, fingers on either side of a part, close and lift it straight out."""

    label = Label(
        en=("pick up part", "the {hand} hand picks up the {of}"),
        zh=("拿起零件", "{hand}手拿起{of}"),
        shows=taking.regrasp,
        grips=True,
    )
    arguments = TAKE(
        "hand of",
        at=TAKE.at("at", "what is pinched; the pads close along its y axis"),
        pitch=float(np.deg2rad(50.0)),
        turn=Argument("word", "any: it is round; keep: the pads close along the site's y axis", "keep", ("any", "keep")),
        back=0.0,
        opening=0.045,
        force=80.0,
        width=Argument("length", "how wide it is between the pads, where they shall close slowly: it bears little", None),
        standoff=0.08,
        over=Argument("site", "a site of what it lies on, where the fingers may come near to that", None),
        draw=Argument("length", "how far it is drawn out along the fingers before it is lifted", 0.0),
        by=0.08,
        fits=Argument("site", "the site of the part that will be fitted, so that it is taken as it can be", None),
        into=TAKE.at("into", "where that will come to lie", None),
        out=Argument("word", "axis of `into` that leads out of there", "z", ("x", "z")),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, self.opening)
        shoulder = state.senses.site(f"{self.hand}_shoulder")[0]
        back = self.back - (DEEPER if state.steady is not None and self.back > 0.0 else 0.0)
        position, rotation = state.senses.site(self.at)
        across = [rotation[:, 1]]
        if self.turn == "any":
            across = [turn_z(turn) @ rotation[:, 1] for turn in np.pi * np.arange(SIDES_OF_ROUND) / SIDES_OF_ROUND]
        frames = [
            frame
            for more in PITCHES
            for turned in (False, True)
            for frame in headings(
                state,
                self.hand,
                position,
                [about(way, self.pitch + more, shoulder, position, turned) for way in across],
            )[:TAKEN]
        ]

        def row(frame: np.ndarray) -> list[Pose]:
            goal = position - back * frame[:, 2]
            lifted = goal - self.draw * frame[:, 2] + np.array([0.0, 0.0, self.by])
            return [(goal - self.standoff * frame[:, 2], frame), (goal, frame), (lifted, frame)]

        rows, touch = [row(frame) for frame in frames], [self.of, state.senses.part_of(self.at)]
        touch += [] if self.over is None else [state.senses.part_of(self.over)]
        later = [] if None in (self.fits, self.into) else [self._fitted(state, *row[1]) for row in rows]
        _, path, found = planned(state, self.hand, rows, touch, self.speed, later)
        yield from arm.follow(path)
        yield from state.pause()
        frame = arm.hand(found[0])[1]
        position, _ = state.senses.site(self.at)
        goal = position - back * frame[:, 2]
        goal = goal + arm.hand()[0] - state.senses.site(f"{self.hand}_tcp")[0]
        yield from close_on(state, self.hand, self.of, (goal, frame), self.force, orient=0.4, tremor=0.4, width=self.width)
        if self.draw:
            yield from slide(arm, -self.draw * arm.hand()[1][:, 2], 0.08)
        yield from slide(arm, np.array([0.0, 0.0, self.by]), 0.15)

    def _fitted(self, state: OperatorState, hand: np.ndarray, frame: np.ndarray) -> list[Pose]:
        """Hand poses in which what is taken so will be before its place, and in it."""
        into = state.senses.site(self.into)
        there, turned = with_it(state, self.fits, into, hand, frame)
        return [(there + d * into[1][:, "xyz".index(self.out)], turned) for d in (BEFORE, 0.0)]
