"""A column that holds the state of the next row, as a recorder writes it where nothing is commanded: a witness of every row but the first.

What a mapping calls `next_state` is compared with the measured stream of the same names. Both are one reading: where they are not the same,
to the bit, one of them was changed after it was written: the one of which a reason explains more, else the one that is less even there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE
from ..signals.clock import origin_ns, seconds, topic
from .case import Case
from .departures import joined, together
from .difference import Difference
from .hypotheses import best

NEXT = "next_state"
KINDS = ("measured", "command")
CLEARLY = 0.1  # of the squared difference, that one of both columns is explained better
LATEST = 30  # rows by which the states of a take are asked to be another moment's
MOSTLY = 0.9  # of the rows that are alike at another number of rows than one, where all states are of another moment
EXACT = 1e-6  # of the way: what a conversion leaves
SEEN = 1e-3  # of it, or rad: what is called a change, and no rounding


def next_states(recording: Recording) -> list[Difference]:
    """What the states of a take and the ones that were written of the next rows contradict each other in."""
    written = [s for s in recording.streams.values() if s.quantity == NEXT]
    measured = [s for s in recording.streams.values() if s.role == "measured"]
    pairs = [(one, state) for one in written for state in measured if state.names == one.names and state.n == one.n > 2]
    return together(d for one, state in pairs for d in _compared(recording, one, state))


def _compared(recording: Recording, written: Stream, state: Stream) -> Iterator[Difference]:
    angle = state.unit in SCALE
    scale = SCALE[state.unit] if angle else 1.0 / max(float(np.ptp(state.values)), 1e-9)
    c, q = (np.asarray(s.values, float) * scale for s in (written, state))
    if not (np.isfinite(c).all() and np.isfinite(q).all()) or not (np.abs(c[:-1] - q[1:]) > EXACT).any():
        return
    t, unit = seconds(state, origin_ns(recording)), "rad" if angle else "1"
    dt = float(np.median(np.diff(t)))
    known: dict[str, Any] = {"certain": True, "stream": topic(state), "limit": SEEN}
    if late := _other_moment(c, q):
        yield Difference.over(t, state.names, "measured", None, late * dt, "s", "lag", numbers={"rows": float(late), "late": late * dt},
                              weight=1e3 * len(q), **known)  # fmt: skip
        return
    for j, name in enumerate(state.names):
        meant = np.concatenate([q[:1, j], c[:-1, j]])
        for first, last in joined(np.abs(q[:, j] - meant) > EXACT):
            rows, size = slice(first, last + 1), float(np.abs(q[first : last + 1, j] - meant[first : last + 1]).max())
            if size <= SEEN:
                continue
            inside = (np.arange(len(q)) >= first) & (np.arange(len(q)) <= last)
            both = (q[:, j], meant), (meant, q[:, j])
            cases = [Case(x, np.where(inside, truth, x), first, last, dt, EXACT, angle=angle) for x, truth in both]
            whys = [best(case) for case in cases]
            explained = [0.0 if why is None else why.explained - 0.01 * why.free for why in whys]
            at = int(_roughness(meant, rows) > _roughness(q[:, j], rows))
            at = int(np.argmax(explained)) if abs(explained[0] - explained[1]) > CLEARLY else at
            weight = size / SEEN * (last - first + 1)
            yield Difference.over(t, (name,), KINDS[at], (first, last), size, unit, whys[at], weight=weight, cases=(cases[at],), **known)


def _other_moment(c: np.ndarray, q: np.ndarray) -> int:
    """Rows by which all states are later than their copies say (earlier: negative); 0 where no number of rows makes them alike."""
    goes = np.abs(np.diff(q, axis=0, prepend=q[:1])).max(axis=1) > EXACT

    def alike(by: int) -> float:
        here, there = c[max(0, -by) : len(c) - max(0, by)], q[max(0, by) : len(q) - max(0, -by)]
        moves = goes[max(0, by) : len(q) - max(0, -by)]
        return float((np.abs(here - there) <= EXACT).all(axis=1)[moves].mean()) if moves.any() else 0.0

    most = min(LATEST, len(q) // 3)
    found = {by: alike(by) for by in range(-most, most + 1)}
    best_by = max(found, key=lambda by: found[by])
    return best_by - 1 if found[best_by] > MOSTLY else 0


def _roughness(x: np.ndarray, rows: slice) -> float:
    """The largest change of speed in some rows and at their edges."""
    near = x[max(0, rows.start - 2) : rows.stop + 2]
    return float(np.abs(np.diff(near, 2)).max(initial=0.0))
