"""Stand what is held on a board between its neighbours: brought before its place, put in a little above the board, set down."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Argument, Label, Motion, Skill
from ..fitting import bring, correct, hand_for, move_held, off, slide
from ..insertion import landing

FEED = 0.05  # m/s, of what is lowered onto a board


class PutUpright(Skill, word="put", how="upright"):
    """Stand what is held on a board between its neighbours: brought before its place, put in a little above the board, set down.

    The claw opens no wider than asked, so that its fingers do not push the neighbours over, and is drawn straight back.
    """

    label = Label(
        en=("stand on the shelf", "the {hand} hand stands the {of} on the shelf"),
        zh=("立放上架", "{hand}手把{of}立放到书架上"),
        shows=carrying.set_down,
    )
    arguments = PUT(
        "hand",
        of=PUT.at("of", "the site of what is held that comes to lie at the place, x axis ahead, z up"),
        upon=PUT.at("upon", "the place on the board, x axis into the shelf, z up"),
        before=Argument("length", "how far before the place it is turned upright", 0.21),
        high=PUT.at("high", "height over the board at which it is put in", 0.012),
        opening=0.03,
        retreat=0.14,
        feeding=Argument("speed", "speed with which it is put in", 0.10),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        place, rotation = state.senses.site(self.upon)
        place = place + state.aim()
        out, up = -rotation[:, 0], rotation[:, 2]
        raised = place + self.high * up
        row = [(raised + d * out, rotation) for d in (self.before, 0.5 * self.before, 0.0)]
        yield from bring(state, self.hand, self.of, row, [state.senses.part_of(self.upon)], self.speed)
        yield from state.pause()
        yield from correct(state, self.hand, self.of, row[0], good=1.5e-3)
        yield from move_held(state, self.hand, self.of, row[2], self.feeding)
        yield from correct(state, self.hand, self.of, row[2], good=1.5e-3, looks=2)

        _, met = landing(state, self.hand, self.of, place, up)
        way, _ = off(state, self.of, (place, rotation))
        hand, frame = hand_for(state, self.hand, self.of, (state.senses.site(self.of)[0], rotation))
        lower = hand + state.behind(self.hand) + float(way @ up) * up - 0.002 * up
        yield from arm.follow(arm.line([(lower, frame)], FEED, orient=0.5), met, tremor=0.0, brake=1.0)
        yield from arm.hold(0.3)
        yield from state.let_go(self.hand, self.opening, 0.8)
        yield from arm.hold(0.2)
        yield from slide(arm, -self.retreat * arm.hand()[1][:, 2], 0.12)
