"""Lower what is held onto the pins of a fixture, which lead it in, press it home and let go of it."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Label, Motion, Skill
from ..insertion import FEED, set_down


class PutOnPins(Skill, word="put", how="on_pins"):
    """Lower what is held onto the pins of a fixture, which lead it in, press it home and let go of it."""

    label = Label(
        en=("put onto fixture", "the {hand} hand puts the {about} onto the {upon}"),
        zh=("装上夹具", "{hand}手把{about}装到{upon}上"),
        shows=carrying.set_down,
    )
    arguments = PUT(
        "hand",
        of=PUT.at("of", "the site of what is held that comes to lie at the seat's"),
        upon=PUT.at("upon", "the seat between the pins, z axis along them"),
        above=0.03,
        high=0.09,
        turn=PUT.at("turn", PUT.shared["turn"].doc + ": what is round", "keep"),
        force=15.0,
        opening=0.05,
        retreat=PUT.at("retreat", "how far the hand draws back along its fingers", 0.10),
        speed=0.35,
    )

    def run(self, state: OperatorState) -> Motion:
        yield from set_down(self, state, self.upon, feed=FEED, touch=[state.senses.part_of(self.upon)])
