"""Columns of a whole take that are copies: states written from the commands of the same row, and one arm written as the other.

Where command and state are one column, two columns do not bear each other out: what leaps in them as commands do was commanded, and no
rows are missing there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .difference import Difference
from .table import Group

TELEPORT = 0.3  # rad: what leaps further than commands do from row to row is a cut all the same
KINDS, ALONE = ("command", "measured"), (("velocity",), ("effort",))
GOES, JOINTS = 0.05, 3  # rad, or share of the way, that a joint goes; such joints that have the values of others, to be an arm


def states_copied(found: Sequence[Difference]) -> list[Difference]:
    """The same, with cuts of a take in which states and commands of the same rows are one as what that makes of its states: no body leaps
    like a command. Without a leap it may be a set of states, which has no commands."""
    out = list(found)
    for whole in [d for d in out if d.name == "measurement_as_command" and d.last - d.first == d.rows - 1 and d.numbers.get("rows") == 0.0]:
        cuts = [d for d in out if _is_leap_of(d, whole)]
        if cuts:
            out = [d for d in out if d is not whole and d not in cuts]
            out.append(replace(whole, kind="measured", certain=True))
    return out


def of_own_recorder(found: Sequence[Difference]) -> list[Difference]:
    """The same of an own episode, which always has commands: states in their place are no set of states, of an arm or of all joints."""
    return [replace(one, certain=True) if one.name == "measurement_as_command" else one for one in found]


def _is_leap_of(one: Difference, whole: Difference) -> bool:
    cut = one.kind == "rows" and one.name in ("cut", "reordered") and one.last - one.first < 2
    return cut and one.size < TELEPORT and set(one.channels) <= set(whole.channels)


def arms_copied(group: Group) -> Iterator[Difference]:
    """Joints of a group that have, in commands and measurements, or in speeds or torques alone, to the bit and in all rows, the values of
    as many others: two arms may be commanded alike, but no two are measured alike. What two joints share may be one motor."""
    for kinds in (KINDS, *(() if group.hands else ALONE)):
        goes = [c for c in group.channels if all(kind in c.columns and c.goes(kind) > GOES for kind in kinds)]
        of: dict[bytes, list[str]] = {}
        for channel in () if group.hands else goes:
            of.setdefault(b"".join(np.ascontiguousarray(channel.columns[kind]).tobytes() for kind in kinds), []).append(channel.name)
        pairs = [names for names in of.values() if len(names) == 2]
        if len(pairs) < JOINTS:
            continue
        names = tuple(name for side in zip(*pairs) for name in side)
        kind = kinds[-1]
        size = max(c.goes(kind) for c in goes if c.name in names)
        unit = {"velocity": f"{group.channels[0].unit}/s", "effort": "Nm"}.get(kind, group.channels[0].unit)
        yield Difference.over(
            group.t, names, kind, None, size, unit, "copied", certain=True, numbers={"other": pairs[0][1]},
            stream=next(c for c in goes if c.name in names).topics[kind], limit=GOES, weight=1e4 * len(names),
        )  # fmt: skip
        return
