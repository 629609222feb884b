"""Names of columns that end in what is counted: `shoulder_pan.pos`, `left_arm_joint_1.vel`, as LeRobot names those of robots of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations

from ..recording.quantities import EFFORTS, POSITIONS, SPEEDS

POSITION, VELOCITY, EFFORT = "position", "velocity", "effort"
_ENDINGS = {"pos": POSITION, "position": POSITION, "vel": VELOCITY, "velocity": VELOCITY, "effort": EFFORT, "torque": EFFORT}
_ENDED = re.compile(rf"^(.+)\.({'|'.join(_ENDINGS)})$", re.IGNORECASE)
KIND_OF = {quantity: kind for kind, of in ((POSITION, POSITIONS), (VELOCITY, SPEEDS), (EFFORT, EFFORTS)) for quantity in of}


@lru_cache(maxsize=4096)
def parted(name: str) -> tuple[str, str | None]:
    """The joint of a column and what it counts, or the name as it is and None."""
    found = _ENDED.match(name)
    return (found[1], _ENDINGS[found[2].lower()]) if found is not None else (name, None)


def columns_called(stored: Sequence[str], quantity: str) -> Mapping[str, int]:
    """Column by what it is called, of those that can hold a quantity: by its whole name, and by its joint alone where the ending says so.
    Beside names with endings, one without is a position."""
    return _columns_called(tuple(stored), quantity)


@lru_cache(maxsize=256)  # every take of a set asks
def _columns_called(stored: tuple[str, ...], quantity: str) -> Mapping[str, int]:
    kind, parts = KIND_OF.get(quantity), [parted(name) for name in stored]
    plain = kind in (None, POSITION) or not any(of for _, of in parts)
    found = {name: i for i, (name, (_, of)) in enumerate(zip(stored, parts)) if plain or of is not None}
    for i, (joint, of) in enumerate(parts):
        if of is not None and of == kind:
            found.setdefault(joint, i)
    return found


def exchanged_names(labels: Mapping[str, Sequence[str]]) -> list[tuple[str, str, str, str]]:
    """Names of two channels that stand in each other's place: (channel, the name there, other channel, the name there).

    `elbow.effort` among speeds, where the same joint's `elbow.vel` stands among torques: neither channel has all of its joints then.
    """
    mostly = {channel: kind for channel, stored in labels.items() if (kind := _most(stored)) is not None}
    found = []
    for one, other in combinations(mostly, 2):
        there = {parted(name): name for name in labels[other]}
        for name in labels[one] if mostly[one] != mostly[other] else ():
            joint, kind = parted(name)
            if kind == mostly[other] and (joint, mostly[one]) in there and (joint, kind) not in there:
                found.append((one, name, other, there.pop((joint, mostly[one]))))  # a name that stands twice has one partner
    return found


def with_names_put_back(labels: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The lists of names, each in its own channel."""
    out = {channel: list(stored) for channel, stored in labels.items()}
    for one, name, other, back in exchanged_names(labels):
        out[one][out[one].index(name)], out[other][out[other].index(back)] = back, name
    return {channel: tuple(stored) for channel, stored in out.items()}


def _most(stored: Sequence[str]) -> str | None:
    """What most columns of a channel count by their endings; None where no ending has most of them."""
    kinds = Counter(kind for name in stored if (kind := parted(name)[1]) is not None)
    kind, count = kinds.most_common(1)[0] if kinds else (None, 0)
    return kind if 2 * count > len(stored) else None
