"""Set down what is held where it is over a surface, let go, and draw the hand back along its fingers and up."""

from __future__ import annotations

from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Label
from .on import PutOn


class PutSurface(PutOn, word="put", how="surface"):
    """Set down what is held where it is over a surface, let go, and draw the hand back along its fingers and up."""

    label = Label(
        en=("put down", "the {hand} hand puts the {about} down on the {upon}"),
        zh=("放下", "{hand}手把{about}放到{upon}上"),
        shows=carrying.place_on,
    )
    arguments = PutOn.arguments | PUT(
        upon=PUT.at("upon", "a site of the surface; how high it is counts, not where"),
        opening=0.032,
        leave=PUT.at("leave", PUT.shared["leave"].doc, "over"),
        retreat=0.08,
    )
