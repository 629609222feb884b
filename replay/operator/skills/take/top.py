"""Take a standing thing between the pads from above, and close on it."""

from __future__ import annotations

from ...recognition import taking
from ...words.skill import Label
from .side import TakeSide


class TakeTop(TakeSide, word="take", how="top"):
    """Take a standing thing between the pads from above, and close on it.

    The fingers point down on either side of it, the pads across the way that the arm reaches with the most room.
    """

    label = Label(
        en=("grasp from above", "the {hand} hand grasps the {of} from above"),
        zh=("从上方抓握", "{hand}手从上方抓住{of}"),
        shows=taking.pick,
        grips=True,
    )
    down = True
