"""A column that holds the state of the next row, as a recorder writes it where nothing is commanded: a witness of every row but the first.

What a mapping calls `next_state` is compared with the measured stream of the same names. So are commands that are the states of the next
row in most rows. Both are one reading: where they are not the same, to the bit, one of them was changed after it was written: the one of
which a reason explains more, else the one that is less even there.

Somebody may have taken over in a part of a take, whose commands are other ones: then those of all joints are. Where a policy may command
only so much, labels are kept within it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..recording.quantities import POSITIONS
from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE
from ..signals.clock import origin_ns, seconds, topic
from .case import Case
from .coarse_values import telling
from .departures import joined, together
from .difference import Difference
from .hypotheses import best, is_exact

NEXT = "next_state"
KINDS = ("measured", "command")
CLEARLY = 0.1  # of the squared difference, that one of both columns is explained better
LATEST = 30  # rows by which the states of a take are asked to be another moment's
MOSTLY = 0.9  # of the rows that are alike at another number of rows than one, where all states are of another moment
EXACT = 1e-6  # of the way: what a conversion leaves
SEEN = 1e-3  # of it, or rad: what is called a change, and no rounding
WRITTEN, OF_JOINTS = 0.1, 0.5  # of the rows in which a joint moves, that its commands are the next states; of the joints, that are so
ALL, LEAST = 0.5, 0.026  # of these joints, of which more may have other commands for a part; from where on a change is a FAIL
FEWEST, COPIED = 20, 2  # rows in which a joint moves; columns that are such copies, at the least


def next_states(recording: Recording) -> list[Difference]:
    """What the states of a take and the ones that were written of the next rows contradict each other in."""
    written = [s for s in recording.streams.values() if s.quantity == NEXT]
    measured = [s for s in recording.streams.values() if s.role == "measured"]
    pairs = [(one, state) for one in written for state in measured if state.names == one.names and state.n == one.n > 2]
    found = together(d for one, state in pairs for d in _compared(recording, one, state))
    sent = [s for s in recording.streams.values() if s.role == "command" and s.quantity in POSITIONS]
    likely = [_LikelyCopies(one, state) for one in sent for state in measured if _is_counted_alike(one, state)]
    # a hand may have commands of its own where the arm has none, which stand where it rests
    return found + [d for one in likely if one.is_of_joints for d in _of_copies(recording, one)]


def _is_counted_alike(one: Stream, other: Stream) -> bool:
    return all(getattr(one, what) == getattr(other, what) for what in ("names", "n", "unit", "quantity")) and one.n > FEWEST


class _LikelyCopies:
    """Commands (n, k) that may be the states of the next row.

    Attributes:
        moving, copies: (k,) columns that move, and those of them that are; other: (n - 1, k) rows in which they are not.
        ends: (n - 1, k) rows in which one of the two is at an end of what was written, and the other one beyond it.
    """

    def __init__(self, sent: Stream, state: Stream) -> None:
        self.sent, self.state = sent, state
        c, q = (np.asarray(s.values, float) for s in (sent, state))
        scale = SCALE.get(state.unit, 1.0 / max(float(np.ptp(q)), 1e-9))
        if not (np.isfinite(c).all() and np.isfinite(q).all()):
            c, q = np.zeros_like(c), np.zeros_like(q)
        moves, same = np.zeros(c[1:].shape, bool), np.abs(c[:-1] - q[1:]) * scale <= EXACT
        likely = int((same.sum(axis=0) > FEWEST).sum()) >= COPIED  # else too few are copies, however they move
        for j in range(c.shape[1]) if likely else ():
            moves[:, j] = telling(c[:, j] * scale, q[:, j] * scale)[1:]
        self.moving = moves.sum(axis=0) >= FEWEST
        self.copies = self.moving & ((same & moves).sum(axis=0) > np.maximum(FEWEST, WRITTEN * moves.sum(axis=0)))
        past, least, most = q[1:] - c[:-1], (c.min(axis=0), q.min(axis=0)), (c.max(axis=0), q.max(axis=0))
        # labels of a policy are kept within what it may command, and joints of some simulations within their ranges
        self.ends = (c[:-1] == least[0]) & (past < 0.0) | (c[:-1] == most[0]) & (past > 0.0)
        self.ends |= (q[1:] == least[1]) & (past > 0.0) | (q[1:] == most[1]) & (past < 0.0)
        self.other = ~same & ~self.ends

    @property
    def is_of_joints(self) -> bool:
        return int(self.copies.sum()) >= max(COPIED, OF_JOINTS * float(self.moving.sum()))


def _of_copies(recording: Recording, of: _LikelyCopies) -> list[Difference]:
    """What commands that are the states of the next row contradict. Those of all joints may be other ones for a part, those of some not."""
    many, found = of.other[:, of.copies].sum(axis=1), []
    for d in _compared(recording, of.sent, of.state):
        at = [of.state.names.index(name) for name in d.channels]
        rows = slice(max(0, d.first - 1), d.last + 1)
        if not of.copies[at].all() or not of.other[rows, at].any():
            continue
        alone = int(many[rows].max(initial=0)) <= max(1.0, ALL * float(of.copies.sum()))
        sure = d.size > LEAST and (alone or (d.name is not None and is_exact(d.name)))
        found.append(replace(d, certain=sure, limit=LEAST, stream=topic(of.sent if d.kind == "command" else of.state)))
    return together(found)


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
