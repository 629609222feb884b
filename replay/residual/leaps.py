"""A body goes on as it went: rows in which joints are measured where the rows beside them do not lead.

Between two rows a joint that is pushed, struck or caught goes no faster than it does before or after, and it does not go somewhere and
back again within two rows. What is written otherwise has edges. How sharp a motion is at the most, the take itself shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..signals.signal import over_runs
from ..signals.statistics import median, percentile
from .case import Case
from .departures import joined
from .difference import JOIN, Difference
from .hands import COUNTED
from .hypotheses import best
from .relations import KEPT, Relation
from .resampled import is_resampled
from .resolved_torque import is_computed
from .row_order import written_again
from .table import HAND, Group, RecordedChannel

# rad, or share of the way, by which a joint leaps; times the sharpest that most joints do, or it elsewhere. Joints of 24 simulated takes
# and of real ones of G1, GR1 and Piper leap by 0.017 at the most; those of one more arm by 0.11, which is 3.5 times what is usual there
LEAST, NOVEL = 0.035, 5.0
OF_HANDS = 0.15  # of the way; hands of three real sources leap by 0.03, 0.21 and 0.56, each of which is usual there
HELD = 3  # rows for which fingers hold a value at the most, when they are measured at 10 Hz and more
HANDS_SENT = 0.12  # the same of their commands, which reach 0.1
# the same of all joints together, in command and measurement alike, and of the second one of the measured joints: clean takes reach 0.035
ALL, ALL_NOVEL, SECOND = 0.05, 3.0, 0.01
NOISY = 3.0  # times what one row in ten has, of all joints together
RATE = 30.0  # rows a second of those takes; what a body turns by within a row grows with the square of how long that is
LED = 0.3  # of a leap, by which its command may leap before
BEFORE, SLOWEST = 0.5, 0.1  # s until a joint answers; s between rows at the most
# rows in which one joint alone is commanded to and fro, and share of a stretch that they are; of it that the joint may answer
MANY, ROUGH, ANSWERED = 8, 0.2, 0.3
FOLLOWED = 0.5  # correlation of turns (second differences) of command and joint, from which on a servo follows a tremor, however little
PART, SHORT = 0.5, 3  # of a take beside leaps, beyond which the rest does not tell what is usual; rows too few for a joint to answer
APART = 1.5  # s between a command's leaping somewhere and back
OPPOSITE = 0.3  # of two edges of an offset, by which they may differ
FEW_NUMBERS = 3.0  # of a reason for all rows between two leaps and more
# rows beside a leap; times their steps, by which a row goes at the most that is there twice, and at the least after one that is lost
AROUND, STAYS, FURTHER = 3, 0.4, 1.3
QUICK = 0.6  # of a leap, that speeds show of a joint that went so
DENSE_ROWS = 0.2  # of the rows: where more of them leap, it is the column all along


def sharpness(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """(n, k) by how much each row of columns x (n, k) is reached by a step that is none of the motion beside it: larger than each of the
    two steps before and after, or turning back against both of those beside it. To turn once is what a joint does that is sent so."""
    dt = np.diff(t)[:, None]
    step = np.diff(x, axis=0)
    v = step / dt
    out = np.zeros(x.shape)
    if len(v) < 5:
        return out
    middle = v[2:-2]
    most, least = (what(what(v[:-4], v[1:-3]), what(v[3:-1], v[4:])) for what in (np.maximum, np.minimum))
    out[3:-2] = np.maximum(np.maximum(middle - most, least - middle), 0.0) * dt[2:-2]
    to_and_fro = (step[2:] * step[1:-1] < 0.0) & (step[1:-1] * step[:-2] < 0.0)
    size = np.where(to_and_fro, np.minimum(np.minimum(np.abs(step[2:]), np.abs(step[:-2])), np.abs(step[1:-1])), 0.0)
    out[2:-1] = np.maximum(out[2:-1], size)
    return out


@lru_cache(maxsize=KEPT)
def leaps_of(group: Group) -> Leaps:
    """Found once for whoever asks."""
    return Leaps(group)


class Leaps:
    """The edges of a group's joints that are commanded and measured.

    Attributes:
        names: (k,) of the channels; command, measured: (n, k) `sharpness`.
    """

    def __init__(self, group: Group) -> None:
        of = [c for c in group.both if not c.is_of_two_places]
        of = [c for c in of if (np.abs(c.columns["command"]).max() < COUNTED if group.hands else not HAND.search(c.name))]
        self.channels = of if group.same_rows and group.dt <= SLOWEST and not is_resampled(group) else []
        self.longer = max(1.0, RATE * group.dt) ** 2 if of and of[0].unit == "rad" else 1.0
        self.least = (OF_HANDS if group.hands else LEAST) * self.longer  # a body turns by more within a longer row
        self.least_command = (HANDS_SENT if group.hands else LEAST) * min(group.held_commands, HELD)  # a slow sender goes further at once
        self.group, self.names = group, [c.name for c in self.channels]
        self.usual: dict[tuple[bool, int], float] = {}  # (of the measured ones, channel) -> see `_usual`
        if self.channels:
            self.command, self.measured = (
                sharpness(np.column_stack([c.columns[kind] for c in of]), group.t) for kind in ("command", "measured")
            )
            self.most_sent, self.most = self.command.max(axis=0), self.measured.max(axis=0)

    def rows(self) -> Iterator[Difference]:
        """Rows into which command and measurement of all joints leap together: rows are missing there, or stand in another order."""
        if len(self.channels) < 2 or self.group.hands:
            return
        both = np.minimum(self.command.sum(axis=1), self.measured.sum(axis=1))
        second = np.sort(self.measured, axis=1)[:, -2]
        noise = NOISY * percentile(self.measured.sum(axis=1), 90.0)  # of encoders, which all joints have in every row
        loud = (both > max(ALL * self.longer, noise)) & (second > SECOND * self.longer)
        if not loud.any():
            return
        near = np.convolve(loud, np.ones(2 * JOIN + 1))[JOIN:-JOIN] > 0
        if near.mean() > 0.5 or both[loud].max() < ALL_NOVEL * float(both[~near].max(initial=0.0)):
            return
        for low, high in joined(loud):
            first, last = int(low), int(high)
            sharp = self.measured[first : last + 1].max(axis=0)
            size = max(float(np.abs(np.diff(c.columns["measured"][first - 1 : last + 1])).max()) for c in self.channels)
            why = self._why(np.flatnonzero(loud[first : last + 1]) + first)
            if why == "cut" and first == last and (again := written_again(self.group, first)):
                why, last = "repeated", first + again - 1
            elif why == "repeated":
                size = max(float(np.abs(np.diff(c.columns["measured"][first - 2 : last + 2])).max()) for c in self.channels)
            names = tuple(name for name, s in zip(self.names, sharp) if s > SECOND)
            yield Difference.over(
                self.group.t, names, "rows", (first, last), size, self.channels[0].unit, why, certain=True,
                limit=SECOND * self.longer, weight=1e3 * size * len(names),
            )  # fmt: skip

    def _why(self, rows: np.ndarray) -> str:
        """What became of rows that all joints reach suddenly: by how many times the steps beside them each is further, in command and
        measurement. None leads back: rows are missing where each goes further, and are there twice where each stays."""
        went = []
        for kind in ("command", "measured"):
            step = np.diff(np.column_stack([c.columns[kind] for c in self.channels]), axis=0, prepend=np.nan)
            for row in rows.tolist():
                near = [k for k in range(max(row - AROUND, 1), min(row + AROUND + 1, len(step))) if k not in rows]
                usual = np.median(step[near], axis=0) if near else np.zeros(step.shape[1])
                power = float((usual**2).sum())
                went.append(float((step[row] * usual).sum()) / power if power > 0.0 else np.nan)
        if not np.isfinite(went).all() or min(went) < -STAYS:
            return "cut" if len(rows) == 1 else "reordered"
        if max(went) < STAYS:
            return "repeated"
        return "cut" if len(rows) == 1 or min(went) > FURTHER else "reordered"

    def rough(self) -> Iterator[Difference]:
        """Joints that are commanded to tremble, or to go somewhere and back, as suddenly as nowhere else, and answer nothing of it: noise
        and lost values of what commands them, or of what records it."""
        before = max(2, round(BEFORE / self.group.dt))
        for j, channel in enumerate(self.channels):
            own = self.command[:, j]
            if own.max() <= self.least_command and channel.goes("command") <= self.least_command:
                continue
            sudden = own > max(self.least_command, NOVEL * self._usual(self.command, j, self.least_command))
            back = _returns(channel.columns["command"], self.least_command)
            if not (sudden.any() or back.any()):
                continue
            unanswered = _largest_after(self.measured[:, j], before) < ANSWERED * own
            rows, there_and_back = np.flatnonzero(sudden & unanswered), np.flatnonzero(back & unanswered)
            if len(there_and_back) >= MANY and len(there_and_back) > len(rows):
                rows = there_and_back
            for first, last in self._edges(rows):
                inside = rows[(rows >= first) & (rows <= last)]
                end = last if len(inside) >= MANY else last - 1
                if not self._unheard(channel, first, end) if len(inside) < MANY else self._follows(channel, first, end):
                    continue
                size = float(own[inside].max())
                c = channel.columns["command"]
                case = Case(c, _bridged(c, first, end), first, end, self.group.dt, self.least_command / 10.0, angle=channel.unit == "rad")
                yield Difference.over(
                    self.group.t, (channel.name,), "command", (first, end), size, channel.unit,
                    "burst" if len(inside) >= MANY else best(case), certain=True, stream=channel.topics["command"],
                    limit=self.least_command, weight=(size / self.least_command) ** 2 * len(inside), cases=(case,),
                )  # fmt: skip

    def _edges(self, rows: np.ndarray) -> Iterator[tuple[int, int]]:
        """First and last of rows that are reached suddenly, two at least, of each stretch of them."""
        if not len(rows):
            return
        if len(rows) >= MANY and len(rows) >= ROUGH * (rows[-1] - rows[0]):
            yield int(rows[0]), int(rows[-1])
            return
        bad = np.zeros(self.group.n, bool)
        bad[rows] = True
        yield from ((a, b) for a, b in joined(bad, max(JOIN, round(APART / self.group.dt))) if b > a)

    def _usual(self, sharp: np.ndarray, j: int, least: float) -> float:
        """How suddenly a joint goes elsewhere than beside the rows in which it goes most suddenly, or most others do, which is more; where
        such rows are most of the take, what most others do."""
        key = (sharp is self.measured, j)
        if key not in self.usual:
            self.usual[key] = self._usually(sharp, j, least)
        return self.usual[key]

    def _usually(self, sharp: np.ndarray, j: int, least: float) -> float:
        most = self.most if sharp is self.measured else self.most_sent
        if most[j] <= least:
            return float(max(most[j], median(np.delete(most, j)) if len(most) > 1 else 0.0))
        loud = sharp[:, j] > max(least, 0.5 * float(sharp[:, j].max()))
        near = np.convolve(loud, np.ones(2 * JOIN + 1))[JOIN:-JOIN] > 0
        apart = near.mean() < PART
        rows = ~near if apart and not self.group.hands else np.ones_like(near)  # fingers catch on things, all of them at once
        others = np.delete(sharp[rows], j, axis=1)
        usual = median(others.max(axis=0)) if others.size else 0.0 if apart else np.inf
        return max(usual, float(sharp[~near, j].max(initial=0.0))) if apart else usual

    def _unheard(self, channel: RecordedChannel, first: int, last: int) -> bool:
        """Whether a joint goes on as if it had not been commanded what it was in rows first..last, within the time that it needs."""
        c, q = channel.columns["command"], channel.columns["measured"]
        if last - first < SHORT:
            return True
        late = max(2, round(BEFORE / self.group.dt))
        rows = slice(first, min(last + late, len(q)))
        away = np.abs(c - _bridged(c, first, last)).max()
        step = q[rows] - _bridged(q, rows.start, rows.stop - 1)[rows]
        return float(np.abs(step).max(initial=0.0)) < ANSWERED * float(away)

    def resolution(self, name: str) -> float | None:
        """From where on a leap of a measured joint is one; None where no rows are compared."""
        if name not in self.names:
            return None
        j = self.names.index(name)
        least = max(self._least_of(j), NOVEL * self._usual(self.measured, j, self._least_of(j)))
        return least if np.isfinite(least) else None

    def _least_of(self, j: int) -> float:
        """From where on a step of a measured joint is looked at: a finger that is written more often than it is measured goes further."""
        held = self.channels[j].held("measured") if self.group.hands else 1
        return self.least * min(held, HELD)

    def _follows(self, channel: RecordedChannel, first: int, last: int) -> bool:
        """Whether a joint trembles as it is commanded in rows first..last, at any delay that a servo has: a shaken arm, which a servo
        follows by a small share."""
        c, q = (np.diff(channel.columns[kind], 2) for kind in ("command", "measured"))
        late = range(max(2, round(BEFORE / self.group.dt)))
        sent = c[max(first - 1, 0) : last]
        answers = (q[max(first - 1, 0) + k : last + k] for k in late)
        return any(
            len(answer) == len(sent) and float(sent @ answer) > FOLLOWED * float(np.linalg.norm(sent) * np.linalg.norm(answer))
            for answer in answers
        )

    def of(self, name: str) -> np.ndarray:
        """Rows into which one joint is measured to leap, alone or with few others, and is not commanded to."""
        if name not in self.names:
            return np.zeros(0, int)
        j = self.names.index(name)
        own, before = self.measured[:, j], max(2, round(BEFORE / self.group.dt))
        least = self._least_of(j)
        loud = own > least
        if not loud.any():
            return np.zeros(0, int)
        usual = self._usual(self.measured, j, least)
        led = _largest_after(self.command[::-1, j], before)[::-1]
        return np.flatnonzero((own > max(least, NOVEL * usual)) & (led < LED * own))


def _largest_after(x: np.ndarray, rows: int) -> np.ndarray:
    """(n,) the largest of each row of x and of those that follow, so many in all, none of which is negative."""
    return over_runs(np.maximum, np.concatenate([x, np.zeros(rows - 1)]), rows)


def _returns(x: np.ndarray, least: float) -> np.ndarray:
    """(n,) rows in which x is elsewhere by `least`, and back within `SHORT` rows: no course in steps does that."""
    out = np.zeros(len(x), bool)
    # how far rows are from the chord of two that are so many steps away, by the largest turn from row to row
    if (SHORT + 1) ** 2 / 8.0 * float(np.abs(np.diff(x, 2)).max(initial=0.0)) <= (1.0 - OPPOSITE / 2.0) * least:
        return out
    for size in range(1, SHORT + 1):
        if len(x) <= size + 1:
            break
        before, after = x[: -size - 1], x[size + 1 :]
        away = np.min([np.abs(x[k : len(x) - size - 1 + k] - 0.5 * (before + after)) for k in range(1, size + 1)], axis=0)
        out[1 : len(x) - size] |= (away > least) & (np.abs(after - before) < OPPOSITE * away)
    return out


def _bridged(x: np.ndarray, first: int, last: int) -> np.ndarray:
    """(n,) x with a straight line in rows first..last, from the row before to the row after."""
    out = x.copy()
    low, high = max(first - 1, 0), min(last + 1, len(x) - 1)
    out[first : last + 1] = np.interp(np.arange(first, last + 1), [low, high], [x[low], x[high]])
    return out


def of_leaps(
    group: Group, leaps: Leaps, channel: RecordedChannel, own: Sequence[Relation], found: list[Difference],
    lost: Sequence[tuple[int, int]],
) -> list[Difference]:  # fmt: skip
    """What a channel contradicts itself in, with the stretches between its leaps where nothing certain says so.

    Args:
        found: what it is known to contradict itself in; lost: (first, last) of rows that are lost or in another order.
    """
    rows = leaps.of(channel.name)
    explained = [*lost, *((d.first, d.last) for d in found if d.certain)]
    rows = np.array([row for row in rows if not any(a - JOIN <= row <= b + JOIN for a, b in explained)], int)
    if not len(rows):
        return found
    q = channel.columns["measured"]
    follows = next((r for r in own if r.name == "follows"), None)
    edges = np.diff(q)[rows - 1]
    if len(rows) == 2 and abs(edges.sum()) < OPPOSITE * np.abs(edges).max():
        spans = [(int(rows[0]), int(rows[1]) - 1)]
    else:
        bad = np.zeros(group.n, bool)
        bad[rows] = True
        spans = [(a, max(a, b - 1)) for a, b in joined(bad)]
        if len(rows) > DENSE_ROWS * (rows[-1] - rows[0]):
            spans = [(int(rows[0]), int(rows[-1]))]
    between = [] if len(spans) == 1 else [(int(rows[0]), int(rows[-1]) - 1)]
    cases = [_case_of(group, channel, follows, first, last) for first, last in (*between, *spans)]
    all_of_it = best(cases[0]) if between else None
    if all_of_it is not None and all_of_it.free < FEW_NUMBERS:
        spans, cases = between, cases[:1]
    else:
        cases = cases[len(between) :]
    out = [d for d in found if d.certain or not any(a <= d.last and d.first <= b for a, b in spans)]
    for (first, last), case in zip(spans, cases):
        size = float(leaps.measured[:, leaps.names.index(channel.name)][first : last + 2].max())
        why, quick = best(case), _is_quick(group, channel, first, last)
        unsure = [d for d in found if not d.certain and d.kind == "measured" and d.cases]
        beside = [d for d in unsure if d.first - JOIN <= last and first <= d.last + JOIN and d.last - d.first > last - first]
        if beside and not quick and (why is None or first == last):  # one that begins or ends with a leap
            longest = max(beside, key=lambda d: d.last - d.first)
            out = [*(d for d in out if d is not longest), replace(longest, certain=True)]
            continue
        out.append(Difference.over(
            group.t, (channel.name,), "measured", (first, last), size, channel.unit, why, certain=not quick,
            stream=channel.topics["measured"], limit=leaps.least, weight=(size / leaps.least) ** 2 * (last - first + 1), cases=(case,),
        ))  # fmt: skip
    return out


def _is_quick(group: Group, channel: RecordedChannel, first: int, last: int) -> bool:
    """Whether its speeds go with a joint into some rows and out of them: an arm that slips off what it strikes goes so. Speeds that were
    computed of positions go wherever these do."""
    if "velocity" not in channel.columns or is_computed(channel.columns["velocity"], channel.columns["measured"]) is not False:
        return False
    v, steps, dt = channel.columns["velocity"], np.diff(channel.columns["measured"]), np.diff(group.t)
    edges = [k for k in (first, last + 1) if 0 < k < group.n]
    far = max(abs(float(steps[k - 1])) for k in edges)
    shown = [max(float(v[j] * np.sign(steps[k - 1])) * dt[k - 1] for j in (k - 1, k)) for k in edges if abs(steps[k - 1]) > 0.5 * far]
    return min(shown) > QUICK * far


def _case_of(group: Group, channel: RecordedChannel, follows: Relation | None, first: int, last: int) -> Case:
    q = channel.columns["measured"]
    truth = q.copy()
    if follows is not None:
        truth[first : last + 1] -= follows.residual[first : last + 1]
    return Case(q, truth, first, last, group.dt, follows.noise if follows is not None else 1e-3, angle=channel.unit == "rad")
