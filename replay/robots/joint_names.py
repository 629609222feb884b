"""Joint names that say the same in other words: `shoulder_pan.pos` of a recording, `shoulder_pan` of a robot's description."""

from __future__ import annotations

import re
from collections.abc import Iterable

# words by which a name says what kind of number it is, and not of which joint
KINDS = {"pos", "position", "joint", "angle", "rad", "deg", "q", "qpos", "state", "cmd", "command", "target", "motor"}


def proposed_names(recorded: Iterable[str], described: Iterable[str]) -> dict[str, str]:
    """Recorded name -> the described joint that it likely means.

    Two names mean one joint where they differ by case, by what stands between their words, and by words of `KINDS` alone.
    Where two recorded names would mean one joint, or one name two joints, nothing is proposed for them.
    """
    joints: dict[tuple[str, ...], list[str]] = {}
    for name in described:
        joints.setdefault(_words(name), []).append(name)
    found: dict[str, str] = {}
    for name in dict.fromkeys(recorded):
        meant = joints.get(_words(name), [])
        if len(meant) == 1 and meant[0] != name:
            found[name] = meant[0]
    times = list(found.values())
    return {name: joint for name, joint in found.items() if times.count(joint) == 1}


def _words(name: str) -> tuple[str, ...]:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    parts = [word for word in re.split(r"[^0-9a-z]+", words) if word]
    return tuple(word for word in parts if word not in KINDS) or tuple(parts)
