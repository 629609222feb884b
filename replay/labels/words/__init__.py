"""How each word of the skill vocabulary shows in a replay. Each module holds the words of one idea and adds its table here.

Words are told by their arguments (which joint, which site, which body), never by the scenario. Words that show alike share a
function; what tells them apart is their place in the chain. A word that no reading shows stands in `UNTOLD`, with the reason; it
is taken for any motion.
"""

from __future__ import annotations

from collections.abc import Callable

from ..evidence import Evidence, Step
from ..signs import Signs
from . import carrying, cloth, fitting, moving, pushing, strokes, taking

# done by no hand, or by both: read once, with the left one's signs
NOT_ONE_HAND = (
    "walk_to", "approach", "turn", "squat", "stand_up", "look_at", "wait", "wait_event", "bimanual_lift", "carry_tray",
    "draw_over", "pick_cloth", "draw_out", "fold_half", "go_to_end", "tow_end", "draw_end", "pick_end", "fling_out",
    "fold_third", "tow_aside", "pick_folded", "lay_on",
)  # fmt: skip

WORDS: dict[str, Callable[[Signs, Step], Evidence]] = {
    **taking.WORDS,
    **carrying.WORDS,
    **pushing.WORDS,
    **fitting.WORDS,
    **strokes.WORDS,
    **cloth.WORDS,
    **moving.WORDS,
}

# Words that positions, contacts and the claw cannot tell, and why. Their segments are marked as told by motion alone.
UNTOLD: dict[str, str] = {
    "squeeze": "a force changes, and nothing moves",
}


def evidence(see: Signs, step: Step) -> Evidence:
    """What speaks for a step of the chain when one hand is looked at."""
    return WORDS.get(step.word, moving.motion)(see, step)
