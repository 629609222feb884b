"""Names of columns that end in what is counted: `shoulder_pan.pos`, `left_arm_joint_1.vel`, as LeRobot names those of robots of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..recording.quantities import EFFORTS, POSITIONS, SPEEDS

POSITION, VELOCITY, EFFORT = "position", "velocity", "effort"
_ENDINGS = {"pos": POSITION, "position": POSITION, "vel": VELOCITY, "velocity": VELOCITY, "effort": EFFORT, "torque": EFFORT}
_ENDED = re.compile(rf"^(.+)\.({'|'.join(_ENDINGS)})$", re.IGNORECASE)
KIND_OF = {quantity: kind for kind, of in ((POSITION, POSITIONS), (VELOCITY, SPEEDS), (EFFORT, EFFORTS)) for quantity in of}


def parted(name: str) -> tuple[str, str | None]:
    """The joint of a column and what it counts, or the name as it is and None."""
    found = _ENDED.match(name)
    return (found[1], _ENDINGS[found[2].lower()]) if found is not None else (name, None)


def columns_called(stored: Sequence[str], quantity: str) -> dict[str, int]:
    """Column by what it is called, of those that can hold a quantity: by its whole name, and by its joint alone where the ending says so.
    Beside names with endings, one without is a position."""
    kind, parts = KIND_OF.get(quantity), [parted(name) for name in stored]
    plain = kind in (None, POSITION) or not any(of for _, of in parts)
    found = {name: i for i, (name, (_, of)) in enumerate(zip(stored, parts)) if plain or of is not None}
    for i, (joint, of) in enumerate(parts):
        if of is not None and of == kind:
            found.setdefault(joint, i)
    return found
