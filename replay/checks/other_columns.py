"""Is a column that contradicts the others of its take that of another take of the set? What two takes share to the bit is one of theirs.

Hashes of runs of rows are kept of each column, those that are the smallest: what two columns share, both have among these (bottom-k
sketch, Cohen and Kaplan, Summarizing data using bottom-k sketches, PODC 2007). Where the column was written does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..recording.recording import Recording, Stream
from ..signals.clock import origin_ns, seconds, topic
from .finding import Finding
from .rules import Rules

CODE = "column.differs"
KIND = "other_take"
RUN = 8  # rows in which a column moves from each to the next, so that no two takes have them by chance
KEPT = 24  # hashes of a column; a column of a take as long, of which an eighth was taken, has three of them
LEAST = 3  # hashes that both may have, to compare them
SHARE = 0.6  # of these that both have, from where on one is a part of the other one: the span of a finding is wider than the fault
MEASURES = ("command", "measured")


@dataclass(frozen=True)
class ColumnRows:
    """Hashes of runs of rows of a column, ascending: the smallest of all of a take (`KEPT`), or all of some rows.

    Attributes:
        stream: the device's channel; role: of the stream; name: of the column.
    """

    stream: str
    role: str
    name: str
    rows: tuple[int, ...]


def columns_of(recording: Recording) -> tuple[ColumnRows, ...]:
    """The smallest hashes of each commanded and measured column that moves."""
    found = []
    for stream in _streams(recording):
        for name, rows in zip(stream.names, _hashes(stream.values)):
            if len(rows):
                found.append(ColumnRows(topic(stream), stream.role, name, tuple(rows[:KEPT].tolist())))
    return tuple(found)


def doubtful_columns(recording: Recording, findings: Iterable[Finding]) -> tuple[ColumnRows, ...]:
    """All hashes of the columns that a failed `column.differs` names, in the rows that it is about: of all streams that have them, since
    of two columns alone nobody knows which one is wrong."""
    finding = next((f for f in findings if f.code == CODE and f.failed and f.subject), None)
    if finding is None:
        return ()
    found = []
    for stream in _streams(recording):
        named = [j for j, name in enumerate(stream.names) if name in finding.subject]
        if not named:
            continue
        t = seconds(stream, origin_ns(recording))
        first, last = (t[0] if finding.t0 is None else finding.t0), (t[-1] if finding.t1 is None else finding.t1)
        rows = stream.values[(t >= first) & (t <= last)]
        found += [
            ColumnRows(topic(stream), stream.role, stream.names[j], tuple(hashes.tolist()))
            for j, hashes in zip(named, _hashes(rows[:, named]))
        ]
    return tuple(found)


def check_columns_among(
    doubtful: Sequence[ColumnRows], others: Iterable[tuple[str, Sequence[ColumnRows]]], rules: Rules
) -> Finding | None:
    """`column.differs` of columns that are those of another take; None where no other take has them, or has both the command and the
    measurement: then it is not what contradicts.

    Args:
        others: source of another take, and its columns.
    """
    best: tuple[ColumnRows, ...] = ()
    of = ""
    for source, columns in others:
        known = {(one.stream, one.name): one.rows for one in columns}
        same = [one for one in doubtful if _is_part(one.rows, known.get((one.stream, one.name), ()))]
        roles = {one.name: {each.role for each in same if each.name == one.name} for one in same}
        mine = tuple(one for one in same if len(roles[one.name]) == 1)
        if len(mine) > len(best):
            best, of = mine, source
    if not best:
        return None
    role = best[0].role
    details = {"kind": KIND, "why": "why_other_take", "family": "columns", "of": of, "other": of, "stream": best[0].stream}
    details |= {"column": role, "what": f"column_{role}"} if all(one.role == role for one in best) else {}
    signal = "command" if role == "command" else "measured"
    names = tuple(dict.fromkeys(one.name for one in best))
    return rules[CODE].beyond(float(len(best)), 0.0, signal=signal, subject=names, details=details)


def as_of_other_take(finding: Finding, among: Finding) -> Finding:
    """The finding of a take by itself, with the other take that its columns are of."""
    numbers = {key: x for key, x in finding.details.items() if key not in ("factor", "by", "zero", "late", "seconds", "step")}
    known = dict(among.details)
    kept = tuple(name for name in finding.subject if name in among.subject)
    if finding.details.get("column") not in MEASURES:  # a speed or a torque is none of the two that may be exchanged
        known = {key: x for key, x in known.items() if key not in ("column", "what", "stream")}
    details = numbers | {"explained": 1.0, "undone": None} | known
    return finding.with_(signal=among.signal, subject=kept or finding.subject, details=details)


def _is_part(rows: Sequence[int], smallest: Sequence[int]) -> bool:
    """Whether a piece of a column is one of a column of which the smallest hashes are known."""
    if not smallest:
        return False
    mine = [row for row in rows if row <= smallest[-1] or len(smallest) < KEPT]
    return len(mine) >= LEAST and len(set(mine) & set(smallest)) >= SHARE * len(mine)


def _streams(recording: Recording) -> list[Stream]:
    return [s for s in recording.streams.values() if s.role in MEASURES and s.n > RUN and s.values.dtype.kind == "f"]


def _hashes(values: np.ndarray) -> list[np.ndarray]:
    """Of each column (n, k) the hashes of its runs, ascending, each once; none of runs in which it stands."""
    n = len(values) - RUN + 1
    if n < 1:
        return [np.zeros(0, np.uint64)] * values.shape[1]
    x = np.nan_to_num(np.asarray(values, np.float64)) + 0.0  # one zero
    bits = np.ascontiguousarray(x).view(np.uint64)
    bits = bits ^ (bits >> np.uint64(32))
    odd = np.random.default_rng(0).integers(1 << 63, size=RUN + 1, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    hashed, still = np.zeros((n, x.shape[1]), np.uint64), np.zeros((n, x.shape[1]), bool)
    for i in range(RUN):
        hashed += bits[i : i + n] * odd[i]
        if i:
            still |= x[i : i + n] == x[i - 1 : i - 1 + n]
    hashed = ((hashed ^ (hashed >> np.uint64(33))) * odd[-1]) >> np.uint64(32)
    return [np.unique(column[~rest]) for column, rest in zip(hashed.T, still.T)]
