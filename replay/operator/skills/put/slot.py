"""Set what is held down in its slot or on its pins, as the site there lies, press it home and let go of it."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Argument, Label, Motion, Skill
from ..insertion import set_down
from ..move_joint.fold import whole


class PutSlot(Skill, word="put", how="slot"):
    """Set what is held down in its slot or on its pins, as the site there lies, press it home and let go of it."""

    label = Label(
        en=("put into slot", "the {hand} hand puts the {about} into the {upon}"),
        zh=("放入槽位", "{hand}手把{about}放进{upon}"),
        shows=carrying.set_down,
    )
    arguments = PUT(
        "hand",
        of=PUT.at("of", "the site of what is held that comes to lie at the place"),
        upon=PUT.at("upon", "how and where it shall lie, z axis out of the slot or along the pins"),
        above=0.065,
        high=0.095,
        turn=PUT.at("turn", PUT.shared["turn"].doc + ": what is round", "keep"),
        lowering=0.06,
        force=6.0,
        opening=0.05,
        retreat=PUT.at("retreat", "how far the hand draws back along its fingers", 0.10),
        brushes=Argument("word", "whether the hand may come to what else the slot's part has, such as flaps", "no", ("no", "yes")),
        stays=Argument("word", "whether it is carried along when what it is put into is carried later", "no", ("no", "yes")),
        speed=0.35,
    )

    def run(self, state: OperatorState) -> Motion:
        touch = whole(state, self.upon) if self.brushes == "yes" else [state.senses.part_of(self.upon)]
        yield from set_down(self, state, self.upon, feed=self.lowering, touch=touch)
        if self.stays == "yes":
            state.put_into[self.of.split("/")[0]] = self.upon.split("/")[0]
