"""The temporal layer for one episode on plain floats: what `Course.advance` does on arrays, in a fraction of the time.

A single environment steps one copy, and NumPy's cost of a call, not of a number, would be a third of its time. Whatever is
decided here is decided by the same predicates, and comes out equal to the bit.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from .predicate import Predicate, Values
from .requests import Readings, Request
from .temporal import Goal, GoalState


class ScalarGoal:
    """Follows one episode along a course. The attributes are those of `GoalState`, of one episode.

    Args:
        course: subgoals in order and failure modes.

    Attributes:
        went_wrong: whether a failure mode has happened.
    """

    def __init__(self, course: Goal):
        self.course = course
        index = {subgoal.name: i for i, subgoal in enumerate(course.subgoals)}
        self._subgoals = [
            (subgoal.predicate, subgoal.hold - 1e-9, on) for subgoal, on in zip(course.subgoals, course.stand_on)
        ]
        self._kept = [
            (i, course.ends[i], subgoal.kept, subgoal.hold - 1e-9)
            for i, subgoal in enumerate(course.subgoals)
            if subgoal.kept is not None
        ]
        self._nevers = [
            (never.predicate, index.get(never.since or ""), index.get(never.until or "")) for never in course.nevers
        ]
        self._dt = course.control_timestep
        self._wanted = [1] * len(course.nevers) if course.wanted is None else course.wanted.tolist()
        self.begin()

    def begin(self) -> None:
        """Forget everything: a new episode."""
        self.step, self.done = 0, 0
        self.held = [0] * len(self._subgoals)
        self.reached = [math.nan] * len(self._subgoals)
        self.undone = [math.nan] * len(self._subgoals)
        self.n_undone = 0
        self.failed = [math.nan] * len(self._nevers)
        self.worst = [-math.inf] * len(self._nevers)
        self.lasted = [0] * len(self._nevers)
        self.went_wrong = False

    def advance(self, row: Any) -> None:
        """Take in the readings at the next control step: a `Row`, or what else the predicates of the course read."""
        dt = self._dt
        time = self.step * dt
        for i, end, kept, hold in self._kept:
            if i < self.done <= end:
                self._keep(i, kept.margin(row), hold, time)
        while (i := self.done) < len(self._subgoals):
            # a subgoal that holds at once may be followed by the next in the same step
            predicate, hold, on = self._subgoals[i]
            if not predicate.margin(row) >= 0 or (self.n_undone and any(self.undone[k] == self.undone[k] for k in on)):
                self.held[i] = 0
                break
            self.held[i] += 1
            if not (self.held[i] - 1) * dt >= hold:
                break
            self.reached[i] = time
            self.done += 1
        for j, (predicate, since, until) in enumerate(self._nevers):
            open_ = since is None or self.done > since
            if not open_ or (until is not None and self.done > until):
                self.lasted[j] = 0
                continue
            margin = predicate.margin(row)
            if margin >= 0:
                self._happening(j, margin, time)
                continue
            self.lasted[j] = 0
            if margin > self.worst[j]:  # a number that has diverged says nothing
                self.worst[j] = margin
        self.step += 1

    def _keep(self, i: int, margin: Values, hold: float, time: float) -> None:
        """Whether a subgoal that was reached still holds."""
        fell = self.undone[i] == self.undone[i]
        if margin >= 0:
            self.held[i] += 1
            if fell and (self.held[i] - 1) * self._dt >= hold:
                self.undone[i] = math.nan
                self.n_undone -= 1
            return
        self.held[i] = 0
        if margin < 0 and not fell:  # a number that has diverged says nothing
            self.undone[i] = time
            self.n_undone += 1

    def _happening(self, j: int, margin: Values, time: float) -> None:
        self.lasted[j] += 1
        if self.lasted[j] < self._wanted[j]:
            self.worst[j] = max(self.worst[j], 0.0)
            return
        self.worst[j] = max(self.worst[j], margin)
        if self.failed[j] != self.failed[j]:
            self.failed[j], self.went_wrong = time, True

    @property
    def success(self) -> bool:
        """Whether every subgoal was reached, those that are kept hold, and no failure mode has happened."""
        return self.done == len(self._subgoals) > 0 and not self.n_undone and not self.went_wrong

    def carry(self) -> GoalState:
        """What `Course.advance` would have carried, n = 1."""
        step, done, held = np.array([self.step]), np.array([self.done]), np.array([self.held], int)
        reached, undone, failed, worst = (
            np.array([values], float) for values in (self.reached, self.undone, self.failed, self.worst)
        )
        lasted = None if self.course.wanted is None else np.array([self.lasted])
        return GoalState(step, done, held, reached, undone, failed, worst, lasted)

    def resume(self, carry: GoalState) -> None:
        """Go on from what was carried, n = 1."""
        self.step, self.done = int(carry.step[0]), int(carry.done[0])
        self.held, self.reached, self.undone = (v[0].tolist() for v in (carry.held, carry.reached, carry.undone))
        self.n_undone = sum(time == time for time in self.undone)
        self.failed, self.worst = carry.failed[0].tolist(), carry.worst[0].tolist()
        self.lasted = [0] * len(self._nevers) if carry.lasted is None else carry.lasted[0].tolist()
        self.went_wrong = any(time == time for time in self.failed)


class Margins:
    """A predicate that computes its margins of one episode for many control steps at once, and gives them one by one.

    Args:
        predicate: of a course.
    """

    def __init__(self, predicate: Predicate):
        self._predicate, self.unit = predicate, predicate.unit
        self._readings: Readings | None = None
        self._values: list[float] | None = None

    def take(self, readings: Readings) -> None:
        """The readings (1, k, ·) that are asked about from now on."""
        self._readings, self._values = readings, None

    def requests(self) -> list[Request]:
        return self._predicate.requests()

    def margin(self, j: Any) -> Values:
        """That of control step j of what was taken."""
        if self._values is None:
            assert self._readings is not None
            shape = self._readings.value.shape[:-1]
            self._values = np.broadcast_to(self._predicate.margin(self._readings), shape)[0].tolist()
        return self._values[j]


class SpanGoal:
    """`Goal.advance` for n = 1 over many control steps at once: the same carry, to the bit.

    Args:
        course: see `ScalarGoal`.
    """

    def __init__(self, course: Goal):
        asked = [*(one.predicate for one in course.subgoals), *(one.predicate for one in course.nevers)]
        asked += [one.kept for one in course.subgoals if one.kept is not None]
        margins = {id(predicate): Margins(predicate) for predicate in asked}  # what is kept is mostly the same object
        self._margins = tuple(margins.values())
        goals = [
            replace(one, predicate=margins[id(one.predicate)], kept=None if one.kept is None else margins[id(one.kept)])
            for one in course.subgoals
        ]
        nevers = [replace(one, predicate=margins[id(one.predicate)]) for one in course.nevers]
        self._follower = ScalarGoal(Goal(tuple(goals), tuple(nevers), course.control_timestep))

    def advance(self, readings: Readings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Take in the readings (1, k, ·) at the next k control steps.

        Returns:
            (k,) subgoals reached, (k, nnever) `worst`, and (k, nsubgoal) since when each is `undone`, at each of them.
        """
        for one in self._margins:
            one.take(readings)
        follower, done, worst, undone = self._follower, [], [], []
        for j in range(readings.value.shape[1]):
            follower.advance(j)
            done.append(follower.done)
            worst.append(follower.worst.copy())
            undone.append(follower.undone.copy())
        rows = (len(done), -1)
        return np.array(done, int), np.array(worst, float).reshape(rows), np.array(undone, float).reshape(rows)

    def carry(self) -> GoalState:
        """What `Goal.advance` would have carried."""
        return self._follower.carry()


class OneEpisode:
    """`Goal.advance` for n = 1 by a `ScalarGoal`: the same carry, to the bit.

    Args:
        course: see `ScalarGoal`.
    """

    def __init__(self, course: Goal):
        self._follower = ScalarGoal(course)
        self._carry: GoalState | None = None
        self._begun: tuple[np.ndarray | None, list[float]] = (None, [])

    def advance(self, carry: GoalState, readings: Readings) -> GoalState:
        """Take in the readings (1, ·) at the next control step and return the new carry; the old one is left as it was."""
        if carry is not self._carry:  # it goes on from elsewhere
            self._follower.resume(carry)
        if readings.start is not self._begun[0]:  # what is given out is not changed any more
            self._begun = readings.start, readings.start[0].tolist()
        self._follower.advance(readings.row(0, self._begun[1]))
        self._carry = self._follower.carry()
        return self._carry
