"""Columns of an own episode that were changed after they were recorded: its commands and full states are as they are replayed, and so
what else differs was written otherwise. The exact replay stands beside the record, so each change is seen as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....scenarios.scene.schema import Feature
from ...checks.finding import Finding
from ...checks.witnesses import SHOWN
from ...residual.case import Case
from ...residual.full_states import COLUMN_OF
from ...residual.hypotheses import best

ENOUGH = 0.8  # of the squared difference that a reason has to explain, beside a replay that is exact
MOVED = 0.9  # of the rows that differ: where so many stand elsewhere in the replay, rows were moved
FINE = 1e-6  # noise of a column as stored in float32, in its own unit
SLIGHT = 0.01  # of the largest change: where rows are other rows, what stood has hardly changed, and is not what is seen
STATE = "observation.state"


def changed_columns(
    recorded: Mapping[str, np.ndarray], replayed: Mapping[str, np.ndarray], features: Mapping[str, Feature], dt: float,
    commands: Mapping[str, np.ndarray],
) -> dict[str, Any]:  # fmt: skip
    """What of the record differs from its replay: the columns of one feature, their rows, and what happened to all of them.

    Args:
        recorded, replayed: feature -> (n, k), of the same features and rows; features: what each holds; dt: between rows [s].
        commands: joint -> (n,) what it was commanded, which may have been written for what was measured.

    Returns:
        `subject`, `t0`, `t1` [s], `size` (largest change), `limit` (from where on it counts) and `unit`, `share` (of the rows); and the
        details of a finding: `feature`, `column` (a word of `COLUMNS`), `cause` (the word of a reason, `unknown` where none explains
        enough), `what` and `why` in the words of the catalogue, `explained`, `rows` and the numbers of the reason.
    """
    unlike = {name: recorded[name] != replayed[name] for name in recorded}
    rows = np.flatnonzero(np.any([bad.any(axis=1) for bad in unlike.values()], axis=0))
    moved = _moved(recorded, replayed, rows) if all(bad.any() for bad in unlike.values()) else None
    if moved is not None:
        size = max(float(np.abs(recorded[f] - replayed[f]).max()) for f in recorded)
        return fields_of(tuple(recorded), rows, size, "rad", len(next(iter(recorded.values()))), dt, "all", "rows", moved, {})
    feature = max(unlike, key=lambda name: (int(unlike[name].sum()), name))
    names, units = features[feature].names, features[feature].unit
    cases = {}
    apart = np.abs(np.asarray(recorded[feature], float) - np.asarray(replayed[feature], float))
    counts = apart > FINE if (apart > FINE).any() else unlike[feature]
    for j in map(int, np.flatnonzero(counts.any(axis=0) & (apart.max(axis=0) >= SLIGHT * apart.max()))):
        there = np.flatnonzero(counts[:, j])
        x, truth = (np.asarray(d[feature][:, j], float) for d in (recorded, replayed))
        others = {name: np.asarray(replayed[feature][:, i], float) for i, name in enumerate(names) if i != j}
        partner = commands.get(names[j]) if feature == STATE else None
        partner = None if partner is None else np.append(partner, partner[-1:])[: len(x)].astype(float)
        cases[j] = Case(x, truth, int(there[0]), int(there[-1]), dt, FINE, others, partner, angle=units[j] == "rad")
    worst = max(cases, key=lambda j: float(np.abs(cases[j].x - cases[j].truth).max()))
    cases = {j: case for j, case in cases.items() if is_with(case, cases[worst])}
    why = best(*cases.values(), enough=ENOUGH) or best(cases[worst], enough=ENOUGH)
    size = float(np.abs(cases[worst].x - cases[worst].truth).max())
    span = np.arange(min(case.first for case in cases.values()), max(case.last for case in cases.values()) + 1)
    unit = units[worst]
    column = COLUMN_OF.get(feature.removeprefix("observation."), "pose")
    more = {} if why is None else {"explained": why.explained, **why.numbers}
    subject = tuple(names[j] for j in list(cases)[:SHOWN])
    return fields_of(subject, span, size, unit, len(recorded[feature]), dt, feature, column, why.name if why else "unknown", more)


def of_columns(finding: Finding, changed: Mapping[str, Any]) -> Finding:
    """`reproduces` with the columns that were changed, see `changed_columns`."""
    changed = dict(changed)
    subject, value, (first, last) = changed.pop("subject"), changed.pop("size"), changed["rows"]
    word = "action_edited" if changed["column"] == "command" else "record_edited"
    likely = {"likely": word, "kind": word, "owner": "device", "edited_from": first, "edited_to": last}
    details = finding.details | likely | changed | {"columns": ", ".join(subject)}
    return finding.with_(subject=subject, t0=changed["t0"], t1=changed["t1"], value=value, details=details)


def is_with(one: Case, lead: Case) -> bool:
    """Whether the rows of a column meet those of another one: where they do not, something else happened to it."""
    return one.first <= lead.last and lead.first <= one.last


def fields_of(
    subject: tuple[str, ...], rows: np.ndarray, size: float, unit: str, n: int, dt: float, feature: str, column: str, cause: str,
    more: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    first, last = int(rows[0]), int(rows[-1])
    return {
        "subject": subject, "t0": first * dt, "t1": last * dt, "size": size, "limit": FINE, "unit": unit,
        "share": min((last - first + 1) / n, 1.0), "feature": feature, "column": column, "cause": cause, "what": f"column_{column}",
        "why": f"why_{cause}", "explained": 1.0, **more, "rows": [first, last],
    }  # fmt: skip


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
