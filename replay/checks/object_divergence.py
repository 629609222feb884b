"""Does an object of the replay go where the real one was recorded to go?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .check import Check
from .finding import Finding, worst_of
from .rules import Rules

AFTER = (1.0, 5.0)  # s after the first difference at which its size is told


def check_apart(t: np.ndarray, apart: np.ndarray, things: Sequence[str], rules: Rules) -> list[Finding]:
    """`object.diverged`: how far each object is from its record, when that first was too far, and how it grew.

    Args:
        t: (m,) s; apart: (m, k) distance of each of `things` from where it was recorded [m], NaN where that is not known.
    """
    rule, found = rules["object.diverged"], []
    for j, name in enumerate(things):
        known = np.isfinite(apart[:, j])
        if not known.any():
            continue
        when, size = t[known], apart[known, j]
        graded = rule.grade_value(float(size.max()))
        over = size > (graded["limit"] or np.inf)
        first = int(over.argmax()) if over.any() else int(size.argmax())
        later = {f"after_{wait:.0f}": float(np.interp(when[first] + wait, when, size)) for wait in AFTER}
        grows = {key: size_ for (key, size_), wait in zip(later.items(), AFTER) if when[first] + wait <= when[-1]}
        found.append(
            rule.finding(
                subject=(name,),
                t0=float(when[first]),
                t1=float(when[-1]),
                share=float(over.mean()),
                **graded,
                details=grows if over.any() else {},
            )
        )
    return worst_of(found) or [rule.not_checked("too_short")]


CHECKS = (Check("object.diverged", of="world", turn=11),)
