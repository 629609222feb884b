"""Carry what is held over its place, lower it until it is seated, let go, and draw the hand away where there is most room."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Label, Motion
from ..placing import brought, over_rim
from .on import PutOn


class PutPlain(PutOn, word="put"):
    """Carry what is held over its place, lower it until it is seated, let go, and draw the hand away where there is most room.

    What is taken by its sheet is put so, too: on a table, into a box or a drawer from above, upon another thing of its kind.
    """

    label = Label(
        en=("put", "the {hand} hand puts the {about} on the {upon}"),
        zh=("放置", "{hand}手把{about}放到{upon}"),
        shows=carrying.set_down,
    )
    arguments = PUT(
        "hand of upon ahead aside",
        turn=PUT.at(
            "turn",
            "whether it may arrive turned about the vertical; clear: so that arm and hand also come near nothing while it is lowered",
            "free",
            choices=("free", "keep", "clear"),
        ),
        above=PUT.at(
            "above",
            "height over the place from which it is lowered; 60 mm, or over the rim of a container, where not given",
            None,
        ),
        leave=PUT.at("leave", "which way the hand leaves; free: the one with most room", "free"),
        opening=PUT.at(
            "opening", "gap between the pads when it has let go; a little wider than it was, where not given", None
        ),
        back=0.055,
        retreat=0.10,
        lowering=0.05,
        force=PutOn.arguments["force"],
        speed=0.25,
    )

    def run(self, state: OperatorState) -> Motion:
        if self.above is None:
            yield from PutPlain({**self.values, "above": over_rim(state, self.upon)}).run(state)
            return
        arm = state.arms[self.hand]
        yield from arm.follow(brought(state, self), tremor=0.4)
        yield from arm.hold(0.2)
        yield from super().run(state)
