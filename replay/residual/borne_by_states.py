"""What the columns of an own episode contradict each other in, and what its full states show of it: one root of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .difference import JOIN, Difference
from .full_states import HEARD, REASONED, StatesBeside


def with_states(found: Sequence[Difference], beside: StatesBeside) -> list[Difference]:
    """What the columns of a take contradict each other in, with what its full states show of it: one root of both.

    - Rows that are not where they were explain all that the columns contradict each other in there; where they say the row, it is theirs.
    - A column that is shown to be another one is certain; it is no other column of the same joint that is as it was recorded, and in no
      rows in which it is.
    """
    out = list(found)
    if beside.moved is not None:
        one = beside.moved
        of = [d for d in out if one.first - JOIN <= d.first and d.last <= one.last + JOIN]
        rows = [d for d in of if d.kind == "rows"]
        first, last = one.first, one.last
        if rows:  # a seam is one where the columns leap
            first, last = min(d.first for d in rows), max(d.last for d in rows)
            if beside.lost == 0:
                first, last = min(max(one.first, first), beside.within[0]), max(min(one.last, last), beside.within[1])
        t0, t1 = (_second(one, row) for row in (first, last))
        names = rows[0].channels if rows else one.channels
        name = "reordered" if beside.lost is None and any(d.name == "reordered" for d in rows) else one.name
        out = [d for d in out if d not in of]
        out.append(replace(one, name=name, channels=names, first=first, last=last, t0=t0, t1=t1))
    for one in beside.columns:
        out = [d for d in out if not (d.is_near(one) and set(d.channels) & set(one.channels) and _follows(d, one, beside))]
        same = [d for d in out if d.kind == one.kind and set(d.channels) & set(one.channels) and d.is_near(one)]
        out = [d for d in out if not (any(d is other for other in same) and _claims_more(d, one, beside))]
        same = [d for d in same if not _claims_more(d, one, beside)]
        if not same:
            out.append(one)
            continue
        lead = max(same, key=lambda d: (d.certain, d.weight))
        # its rows, by what the states say of them; two columns that are each other's are no two reasons
        if one.name == "copied" or (one.name is not None and (lead.name is None or not lead.certain)):
            lead = replace(one, first=lead.first, last=lead.last, t0=lead.t0, t1=lead.t1)
            out = [lead if d is same[0] else d for d in out if d is same[0] or not any(d is other for other in same)]
            continue
        more = [name for name in one.channels if not any(name in d.channels for d in same)]
        for d in same:
            sure = replace(d, certain=True, channels=(*d.channels, *(more if d is lead else ())))
            out = [sure if other is d else other for other in out]
    return out


def _second(one: Difference, row: int) -> float:
    """[s] of a row."""
    return one.t0 + (row - one.first) * (one.t1 - one.t0) / (one.last - one.first) if one.last > one.first else one.t0


def _follows(one: Difference, shown: Difference, beside: StatesBeside) -> bool:
    """Whether each column that a difference blames is, within its rows, the one that was recorded; or it is unsure, and of another column
    of a joint of which one is shown to be wrong."""
    if one.kind not in HEARD or beside.right is None:
        return False
    if not one.certain and one.kind != shown.kind:
        return True
    if one.name == "held" and one.kind == shown.kind and set(one.channels) <= set(shown.channels):
        return False  # a value that stands for some rows is right in the first of them
    rows = [beside.right.get((one.kind, name), np.zeros(0)) for name in one.channels]
    return all(((of >= one.first) & (of <= one.last)).any() for of in rows)


def _claims_more(one: Difference, shown: Difference, beside: StatesBeside) -> bool:
    """Whether a difference goes on where its columns are shown to be right, beyond all rows in which they are shown to be others."""
    of = [beside.right[one.kind, name] for name in one.channels if beside.right and (one.kind, name) in beside.right]
    outside = [rows[((rows >= one.first) & (rows < shown.first)) | ((rows > shown.last) & (rows <= one.last))] for rows in of]
    return len(of) == len(one.channels) and all(len(rows) >= REASONED for rows in outside)
