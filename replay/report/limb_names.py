"""What belongs together in a sentence: the joints of a whole arm are the left arm, and the columns of a pose are their thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..recording.things import POSE

LIMB = re.compile(r"^([a-z]+)_([lr]?)(\d)_(joint|link|motor)$")  # `zarm_l4_joint` is the word zarm_4 of a side
MANY = 4  # joints of a limb, from which on they are counted
PLACE = 3  # columns of a thing's pose, from which on they are called by the thing


def by_limbs(items: Sequence[str], book: Mapping[str, Any], plain: Callable[[str], str]) -> list[tuple[list[str], str]]:
    """(identifiers, plain name) of what a finding is about: many joints of one limb together, two limbs that are both whole, and the pose
    of a thing.

    Args:
        items: names of joints, bodies or things; plain: the plain name of one.
        book: a catalogue with `joints`, `sides` and `limbs` (part -> `one`, `both`, `some` of its words).

    Returns:
        One for each, in the order of their first items. Of a whole limb or pose there are the first and the last identifier alone.
    """
    poses: dict[str, list[str]] = {}
    for item in dict.fromkeys(items):
        thing, _, axis = item.rpartition(".")
        if thing and axis in POSE:
            poses.setdefault(thing, []).append(item)
    limbs: dict[tuple[str, str], dict[int, str]] = {}
    for item in items:
        if (found := LIMB.match(item)) and found[2] and found[4] == "joint" and found[1] in book["limbs"]:
            limbs.setdefault((found[1], found[2]), {})[int(found[3])] = item
    out: dict[str, list[str]] = {}
    for item in dict.fromkeys(items):
        limb = next((limb for limb, of in limbs.items() if item in of.values() and len(of) >= MANY), None)
        if limb is None:
            thing = item.rpartition(".")[0]
            pose = poses.get(thing, [])
            if item not in pose or len(pose) < PLACE:
                out.setdefault(plain(item), []).append(item)
            elif item == pose[0]:
                out.setdefault(plain(thing), []).append(f"{pose[0]} … {pose[-1]}")
            continue
        part, side = limb
        every = sum(key.startswith(f"{part}_") for key in book["joints"])
        whole = [one for one, of in limbs.items() if one[0] == part and len(of) == every]
        word = "some" if limb not in whole else "both" if len(whole) == 2 else "one"
        joints = [[limbs[one][number] for number in sorted(limbs[one])] for one in (whole if word == "both" else [limb])]
        name = book["limbs"][part][word].format(side=book["sides"][side], n=len(limbs[limb]))
        out[name] = joints[0] if word == "some" else [f"{of[0]} … {of[-1]}" for of in joints]
    return [(of, name) for name, of in out.items()]
