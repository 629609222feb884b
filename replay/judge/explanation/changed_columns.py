"""Columns of an own episode that were changed after they were recorded: its commands and full states are as they are replayed, and so
what else differs was written otherwise. The exact replay stands beside the record, so each change is seen as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...residual.hypotheses import Case, best

ENOUGH = 0.8  # of the squared difference that a reason has to explain, beside a replay that is exact
MOVED = 0.9  # of the rows that differ: where so many stand elsewhere in the replay, rows were moved
FINE = 1e-6  # noise of a column as stored in float32, in its own unit
SHOWN = 12  # names in a finding


def changed_columns(
    recorded: Mapping[str, np.ndarray], replayed: Mapping[str, np.ndarray], names: Mapping[str, Sequence[str]], dt: float
) -> dict[str, Any]:
    """What of the record differs from its replay, by column: details of the finding, and its subject, rows and size.

    Args:
        recorded, replayed: feature -> (n, k), of the same features and rows.
        names: feature -> (k,) of its columns; dt: between rows [s].

    Returns:
        `subject`, `first`, `last`, `size` (largest change), `feature`, `cause` (the word of a reason, `unknown` where none explains
        enough), `why`, `explained` and the numbers of the reason.
    """
    unlike = {name: recorded[name] != replayed[name] for name in recorded}
    rows = np.flatnonzero(np.any([bad.any(axis=1) for bad in unlike.values()], axis=0))
    moved = _moved(recorded, replayed, rows) if all(bad.any() for bad in unlike.values()) else None
    if moved is not None:
        return {
            "subject": tuple(recorded), "first": int(rows[0]), "last": int(rows[-1]), "feature": "all", "cause": moved,
            "why": f"why_{moved}",
            "size": max(float(np.abs(recorded[f] - replayed[f]).max()) for f in recorded), "explained": 1.0,
        }  # fmt: skip
    feature = max(unlike, key=lambda name: (int(unlike[name].sum()), name))
    columns = np.flatnonzero(unlike[feature].any(axis=0))
    cases = {}
    for j in map(int, columns):
        there = np.flatnonzero(unlike[feature][:, j])
        x, truth = (np.asarray(d[feature][:, j], float) for d in (recorded, replayed))
        others = {name: np.asarray(replayed[feature][:, i], float) for i, name in enumerate(names[feature]) if i != j}
        cases[j] = Case(x, truth, int(there[0]), int(there[-1]), dt, FINE, others)
    worst = max(cases, key=lambda j: float(np.abs(cases[j].x - cases[j].truth).max()))
    why = best(*cases.values(), enough=ENOUGH) or best(cases[worst], enough=ENOUGH)
    found: dict[str, Any] = {
        "subject": tuple(names[feature][j] for j in list(cases)[:SHOWN]),
        "first": min(case.first for case in cases.values()),
        "last": max(case.last for case in cases.values()),
        "size": float(np.abs(cases[worst].x - cases[worst].truth).max()),
        "feature": feature,
        "cause": why.name if why else "unknown",
        "explained": why.explained if why else 0.0,
    }
    return found | ({"why": f"why_{why.name}", **why.numbers} if why else {})


def _moved(recorded: Mapping[str, np.ndarray], replayed: Mapping[str, np.ndarray], rows: np.ndarray) -> str | None:
    """`repeated`, `reordered` or `cut` where the rows that differ stand elsewhere in the replay, to the bit."""
    whole = {d: np.concatenate([np.asarray(part[f]) for f in recorded], axis=1) for d, part in (("record", recorded), ("replay", replayed))}
    place: dict[bytes, int] = {}
    for i, row in enumerate(whole["replay"]):
        place.setdefault(row.tobytes(), i)
    at = [place.get(whole["record"][i].tobytes()) for i in rows]
    known = np.array([i for i in at if i is not None])
    if len(known) < MOVED * len(rows) or len(rows) < 2:
        return None
    if len(set(known.tolist())) < len(known):
        return "repeated"
    return "cut" if np.all(np.diff(known) > 0) else "reordered"
