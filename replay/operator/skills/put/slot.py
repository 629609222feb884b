"""Set what is held down in its slot or on its pins, as the site there lies, press it home and let go of it."""

from __future__ import annotations

from ...limbs.geometry import turn_z
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Argument, Label, Motion, Skill
from ..fitting import bring, correct, move_held, off, slide
from ..insertion import PRESS_RATE, free_turns, landing
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
        """Bring it over the place, correct it, lower it until it lies, press it down, let go and draw back."""
        arm = state.arms[self.hand]
        position, rotation = state.senses.site(self.upon)
        position = position + state.aim()
        out, lying = rotation[:, 2], (position, rotation)
        row = [(position + self.high * out, rotation), (position + self.above * out, rotation), lying]
        turns = free_turns(state, self.hand, self.of, lying) if self.turn == "free" else [0.0]
        touch = whole(state, self.upon) if self.brushes == "yes" else [state.senses.part_of(self.upon)]
        turn = yield from bring(state, self.hand, self.of, row, touch, self.speed, turns)
        rotation = turn_z(turn) @ rotation
        above = (row[1][0], rotation)
        yield from state.pause()
        yield from move_held(state, self.hand, self.of, above, 0.15)
        yield from correct(state, self.hand, self.of, above)
        lies, met = landing(state, self.hand, self.of, position, out)
        way, _ = off(state, self.of, (position, rotation))
        hand, frame = arm.hand()
        low = arm.line([(hand + way - 0.001 * out, frame)], self.lowering, orient=0.5)
        yield from arm.follow(low, met, tremor=0.0, brake=1.0)
        if not lies():
            yield from arm.press(self.force, PRESS_RATE, lambda: arm.yielding(-out), lies, hold=0.4)
        yield from arm.hold(0.25)
        yield from state.let_go(self.hand, self.opening, 0.6)
        yield from slide(arm, -self.retreat * arm.hand()[1][:, 2], 0.2)
        if self.stays == "yes":
            state.put_into[self.of.split("/")[0]] = self.upon.split("/")[0]
