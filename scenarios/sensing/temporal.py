"""The temporal layer on predicates: in this order, held for, never between, in place at the end, with an explicit carry.

A step that describes a state must still hold when the task ends; what was undone since is no success. A step that passes (a door
that is shut again later) and an act (a key that was pressed) are reached once.

It is fed step by step (an environment) or all at once (a replay) with the same result, because everything that it
remembers stands in its carry.

What a step asks is reported one condition at a time: a step that was missed says by how much. Of a record of places, words
that it does not show are granted, or never reported as happened (`witnessed`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .predicate import All, AnyOf, Predicate, Values, least, leaves, most
from .requests import Asks, Readings, Row


@dataclass(frozen=True)
class Subgoal:
    """One step of the task: a predicate that has to hold unbroken for `hold` seconds.

    Attributes:
        kept: what of it has to hold on; None where it passes.
        to: the later subgoal until which it has to, and which cannot be reached without it; None: to the end.
        act: whether something happens in it (a key is pressed): it counts only on top of what was done before.
        conditions: of the predicate, one by one, to tell what was missing.
    """

    name: str
    predicate: Predicate
    hold: float = 0.0
    conditions: tuple[Condition, ...] = ()
    kept: Predicate | None = None
    to: str | None = None
    act: bool = False


@dataclass(frozen=True)
class Never:
    """A failure mode: a predicate that must not hold after the subgoal `since` (None: from the start) and before `until`.

    With `hold` it has happened once the predicate has held unbroken for so many seconds within that window. `bound` is what its
    value is held against (SI), None where only the margin has a meaning; `more`: whether it happens beyond it.
    """

    name: str
    predicate: Predicate
    since: str | None = None
    until: str | None = None
    hold: float = 0.0
    bound: float | None = None
    more: bool = False


@dataclass
class GoalState:
    """What the layer remembers of n episodes.

    Attributes:
        step: (n,) control steps seen.
        done: (n,) number of subgoals reached.
        held: (n, nsubgoal) control steps for which each has held unbroken, of those that are waited for or kept.
        reached: (n, nsubgoal) time at which each was reached first [s], NaN where it was not.
        undone: (n, nsubgoal) time since which one that was reached, and is kept, holds no more [s]; NaN where it holds.
        failed: (n, nnever) first time of each failure mode [s], NaN where it did not happen.
        worst: (n, nnever) largest margin into each failure mode while it was watched, -inf before; what held for a shorter
            time than its `hold` counts as 0.
        lasted: (n, nnever) control steps for which each failure mode has held unbroken; None where none has a `hold`.
    """

    step: np.ndarray
    done: np.ndarray
    held: np.ndarray
    reached: np.ndarray
    undone: np.ndarray
    failed: np.ndarray
    worst: np.ndarray
    lasted: np.ndarray | None = None

    def rows(self, ids: np.ndarray) -> GoalState:
        """The carry of some of the episodes."""
        return GoalState(*(None if value is None else value[ids] for value in self._values()))  # type: ignore[arg-type]

    def with_rows(self, ids: np.ndarray, other: GoalState) -> GoalState:
        """This carry with some of its episodes replaced by those of another one."""
        merged = []
        for mine, theirs in zip(self._values(), other._values()):
            mine = None if mine is None else mine.copy()
            if mine is not None:
                mine[ids] = theirs
            merged.append(mine)
        return GoalState(*merged)  # type: ignore[arg-type]

    def _values(self) -> tuple[np.ndarray | None, ...]:
        return self.step, self.done, self.held, self.reached, self.undone, self.failed, self.worst, self.lasted


@dataclass(frozen=True)
class Goal:
    """Subgoals in order, failure modes, and the control period that turns steps into seconds."""

    subgoals: tuple[Subgoal, ...]
    nevers: tuple[Never, ...]
    control_timestep: float

    def begin(self, n: int) -> GoalState:
        return GoalState(
            np.zeros(n, int),
            np.zeros(n, int),
            np.zeros((n, len(self.subgoals)), int),
            np.full((n, len(self.subgoals)), np.nan),
            np.full((n, len(self.subgoals)), np.nan),
            np.full((n, len(self.nevers)), np.nan),
            np.full((n, len(self.nevers)), -np.inf),
            None if self.wanted is None else np.zeros((n, len(self.nevers)), int),
        )

    def advance(self, carry: GoalState, readings: Readings) -> GoalState:
        """Take in the readings (n, ·) at the next control step and return the new carry; the old one is left as it was."""
        time = carry.step * self.control_timestep
        count, held = carry.done.copy(), carry.held.copy()
        reached, undone = carry.reached.copy(), carry.undone.copy()
        failed, worst, lasted = carry.failed, carry.worst, carry.lasted
        for i, subgoal in enumerate(self.subgoals):
            was = (carry.done > i) & (carry.done <= self.ends[i])
            if subgoal.kept is None or not was.any():
                continue
            margin = np.broadcast_to(subgoal.kept.margin(readings), was.shape)
            holds = margin >= 0
            held[was, i] = np.where(holds, held[:, i] + 1, 0)[was]
            fell = was & (margin < 0) & np.isnan(undone[:, i])  # a number that has diverged says nothing
            undone[fell, i] = time[fell]
            undone[was & holds & self._long_enough(held[:, i], subgoal.hold), i] = np.nan
        for i, subgoal in enumerate(self.subgoals):
            # a subgoal that holds at once may be followed by the next in the same step, so the loop in order
            now = count == i
            if not now.any():
                continue
            holds = subgoal.predicate.margin(readings) >= 0
            if self.stand_on[i]:
                holds = holds & np.isnan(undone[:, self.stand_on[i]]).all(axis=1)
            held[now, i] = np.where(holds, held[:, i] + 1, 0)[now]
            done = now & holds & self._long_enough(held[:, i], subgoal.hold)
            reached[done, i] = time[done]
            count = np.where(done, i + 1, count)
        if self.nevers:
            watched = self._watched(reached)
            margin = np.full(watched.shape, -np.inf)
            for j in np.flatnonzero(watched.any(axis=0)).tolist():
                margin[:, j] = self.nevers[j].predicate.margin(readings)
            margin[~watched] = -np.inf
            happened = margin >= 0
            if self.wanted is not None:
                assert lasted is not None
                lasted = np.where(happened, lasted + 1, 0)
                short = happened & (lasted < self.wanted)
                margin, happened = np.where(short, 0.0, margin), happened & ~short
            worst = np.fmax(worst, margin)  # a number that has diverged says nothing
            failed = np.where(happened & np.isnan(failed), time[:, None], failed)
        return GoalState(carry.step + 1, count, held, reached, undone, failed, worst, lasted)

    def _long_enough(self, held: np.ndarray, hold: float) -> np.ndarray:
        """(n,) whether so many control steps in a row are so many seconds."""
        lasted: np.ndarray = (held - 1) * self.control_timestep >= hold - 1e-9
        return lasted

    def _watched(self, reached: np.ndarray) -> np.ndarray:
        """(n, nnever) which failure modes are watched, from which subgoals have been reached."""
        since, until, opened, closed = self._windows
        watched = np.ones((len(reached), len(self.nevers)), bool)
        if len(opened):
            watched[:, opened] = ~np.isnan(reached[:, since])
        if len(closed):
            watched[:, closed] &= np.isnan(reached[:, until])
        return watched

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Of each subgoal, how many are reached at most as long as it has to hold on."""
        names = [subgoal.name for subgoal in self.subgoals]
        return tuple(len(names) if s.to is None else names.index(s.to) for s in self.subgoals)

    @cached_property
    def stand_on(self) -> tuple[list[int], ...]:
        """Of each subgoal, those without which it cannot be reached: an act, all that hold on; else those that hold on to it."""
        kept = [i for i, subgoal in enumerate(self.subgoals) if subgoal.kept is not None]
        return tuple(
            [i for i in kept if i < k and (subgoal.act or self.ends[i] == k)] for k, subgoal in enumerate(self.subgoals)
        )

    @cached_property
    def wanted(self) -> np.ndarray | None:
        """(nnever,) control steps in a row that make each failure mode; None where one step is enough for all."""
        holds = np.array([never.hold for never in self.nevers])
        return np.ceil(holds / self.control_timestep - 1e-6).astype(int) + 1 if holds.any() else None

    @cached_property
    def _windows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Subgoals that open and close the windows of failure modes, and the failure modes that they belong to."""
        index = {subgoal.name: i for i, subgoal in enumerate(self.subgoals)}
        opens = [(index[n.since], j) for j, n in enumerate(self.nevers) if n.since is not None]
        closes = [(index[n.until], j) for j, n in enumerate(self.nevers) if n.until is not None]
        since, opened = (np.array([pair[k] for pair in opens], int) for k in (0, 1))
        until, closed = (np.array([pair[k] for pair in closes], int) for k in (0, 1))
        return since, until, opened, closed

    def run(self, readings: Readings, carry: GoalState | None = None) -> GoalState:
        """Take in whole episodes, readings of shape (n, T, ·); equal to T calls of `advance`."""
        n, steps = readings.value.shape[:2]
        carry = carry or self.begin(n)
        for t in range(steps):
            start = (
                readings.start if readings.start.ndim == 2 else readings.start[:, min(t, readings.start.shape[1] - 1)]
            )
            carry = self.advance(
                carry,
                replace(
                    readings,
                    value=readings.value[:, t],
                    peak=readings.peak[:, t],
                    mean=readings.mean[:, t],
                    start=start,
                ),
            )
        return carry

    def until(self, name: str) -> Goal:
        """The course that ends with a subgoal: failure modes that open only later are left out."""
        kept = self.subgoals[: self.index(name) + 1]
        names = {subgoal.name for subgoal in kept}
        kept = tuple(replace(subgoal, to=subgoal.to if subgoal.to in names else None) for subgoal in kept)
        nevers = (never for never in self.nevers if never.since is None or never.since in names)
        return Goal(
            kept,
            tuple(replace(n, until=n.until if n.until in names else None) for n in nevers),
            self.control_timestep,
        )

    def index(self, name: str) -> int:
        """The place of a subgoal in the order; ValueError where there is none of that name."""
        return [subgoal.name for subgoal in self.subgoals].index(name)

    def failure(self, carry: GoalState, i: int = 0) -> str | None:
        """Code of the failure mode that happened first in episode i, `scenario.<name>`; None where none did."""
        failed = carry.failed[i]
        return None if np.isnan(failed).all() else f"scenario.{self.nevers[int(np.nanargmin(failed))].name}"

    def latched(self) -> Goal:
        """The same goal as it was judged before steps had to last: each is reached once, and nothing undoes it."""
        steps = tuple(replace(step, kept=None, to=None, act=False) for step in self.subgoals)
        return Goal(steps, self.nevers, self.control_timestep)

    def in_place(self, carry: GoalState) -> np.ndarray:
        """(n, nsubgoal) which subgoals were reached and hold still, as far as they have to."""
        done: np.ndarray = carry.done[:, None] > np.arange(len(self.subgoals))
        return done & np.isnan(carry.undone)

    def undone(self, carry: GoalState) -> dict[str, float]:
        """Subgoal -> since when [s] it holds no more, of those that the first episode had reached."""
        return {s.name: float(t) for s, t in zip(self.subgoals, carry.undone[0]) if not np.isnan(t)}

    def missed(self, carry: GoalState, i: int = 0) -> str | None:
        """Code of the first subgoal that episode i has not reached or has undone, `replay.goal:<name>`; None where there is none."""
        there = self.in_place(carry)[i]
        return None if there.all() else f"replay.goal:{self.subgoals[int(there.argmin())].name}"

    def success(self, carry: GoalState) -> np.ndarray:
        """(n,) True where every subgoal was reached, those that are kept hold, and no failure mode happened."""
        there = self.in_place(carry).all(axis=1)
        return there & np.isnan(carry.failed).all(axis=1) & (len(self.subgoals) > 0)


@dataclass(frozen=True)
class Condition:
    """One of the conditions that have to hold at once for a step.

    Attributes:
        word: of the YAML (`near`), or `any` where one of several is enough.
        about: what it names, in the order of the YAML (`bowl.base`, `oven.turntable`).
        bound: (SI) that its value is held against, None where only the margin has a meaning; more: whether the value has to
            be larger.
    """

    word: str
    about: tuple[str, ...]
    predicate: Predicate
    bound: float | None = None
    more: bool = False

    def value(self, margin: float) -> float | None:
        """What was measured, from the margin; None where there is no bound to count from."""
        return None if self.bound is None else self.bound + margin if self.more else self.bound - margin


@dataclass(frozen=True, slots=True)
class Witnessed(Asks):
    """A predicate of which only some sensors are read.

    Attributes:
        read: names of the sensors that are.
        slack: unit of a margin -> by how much each word is eased, where `granted`, or else made harder.
        granted: whether a word of which a sensor is not read holds (a step of a goal), or does not (a failure mode).
    """

    predicate: Predicate
    read: frozenset[str]
    slack: Mapping[str, float]
    granted: bool = True
    unit: str = ""

    def margin(self, readings: Readings | Row) -> Values:
        return self._margin(self.predicate, readings)

    def _margin(self, part: Predicate, readings: Readings | Row) -> Values:
        if isinstance(part, All):
            return least([self._margin(one, readings) for one in part.parts])
        if isinstance(part, AnyOf):
            return most([self._margin(one, readings) for one in part.parts])
        sign = 1.0 if self.granted else -1.0
        if not tells(part, self.read):
            return np.full(np.shape(readings.value)[:-1], sign * np.inf)
        return part.margin(readings) + sign * self.slack.get(part.unit, 0.0)


def tells(leaf: Predicate, read: Collection[str]) -> bool:
    """Whether every sensor that a word asks for is among those that are read."""
    return all(request.name in read for request in leaf.requests())


def witnessed(goal: Goal, read: frozenset[str], slack: Mapping[str, float]) -> Goal:
    """The goal as a record tells it: what it misses then is missed for certain, and so is a failure mode that happens."""
    steps = tuple(
        replace(
            s,
            predicate=Witnessed(s.predicate, read, slack),
            kept=None if s.kept is None else Witnessed(s.kept, read, slack),
        )
        for s in goal.subgoals
    )
    nevers = tuple(replace(n, predicate=Witnessed(n.predicate, read, slack, granted=False)) for n in goal.nevers)
    return Goal(steps, nevers, goal.control_timestep)


def unrecorded(goal: Goal, read: Collection[str]) -> dict[str, int]:
    """Step -> how many of its words a record does not tell."""
    return {s.name: sum(not tells(leaf, read) for leaf in leaves(s.predicate)) for s in goal.subgoals}
