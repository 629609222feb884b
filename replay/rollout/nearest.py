"""How near a step of the task came to being done, noted while takes are played: for whoever has to know what was missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...scenarios.sensing.predicate import Values
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import Goal, Subgoal
from .observers import Moment, Span

TINY = 1e-6  # SI, a condition that held when its step began counts as missed by all it lacks
# weight of a condition in newtons: whether a thing is let go matters where it lies, not how hard it is held
PRESSED = 0.01


@dataclass(frozen=True)
class Nearest:
    """The moment at which one take came nearest to a step.

    Attributes:
        t: [s] on the take's clock; margins: (k,) of the step's conditions at that moment, in their own units.
        undone: steps that were undone just then, without which it cannot be reached.
    """

    t: float
    margins: np.ndarray
    done: float  # share of the way from where the step began, 0..1
    undone: tuple[str, ...] = ()


class NearestApproach:
    """`nearest`: follows n takes through the steps of a course and keeps the nearest moment of each step that is waited for.

    Among the moments of a step the nearest is that at which most of the way has been made, counted from where its conditions
    stood when the step began; of equal ones the last, and the first where no way was made.
    """

    def __init__(self, course: Goal, n: int):
        self._course, self._n = course, n
        self._shape = [(n, len(subgoal.conditions)) for subgoal in course.subgoals]
        self._scale = [np.full(shape, np.nan) for shape in self._shape]
        self._margins = [np.full(shape, np.nan) for shape in self._shape]
        self._done = [np.full(n, -np.inf) for _ in self._shape]
        self._t = [np.full(n, np.nan) for _ in self._shape]
        self._undone = [np.zeros((n, len(on)), bool) for on in course.stand_on]

    def note(self, now: Moment) -> None:
        moved = np.zeros(self._n, bool)
        moved[now.moved] = True
        self._look(now.t, now.carry.done, moved, now.readings, now.carry.undone)

    def note_span(self, span: Span) -> None:
        if not self._shape:
            return
        moved, found = np.ones(1, bool), span.readings
        for j, done in enumerate(span.done):
            now = Readings(found.value[:, j], found.peak[:, j], found.mean[:, j], found.start[:, 0], found.layout)
            self._look(span.begin + j, np.array([done]), moved, now, span.undone[j : j + 1])

    def _look(self, step: int, reached: np.ndarray, moved: np.ndarray, readings: Readings, undone: np.ndarray) -> None:
        t = step * self._course.control_timestep
        for i, subgoal in enumerate(self._course.subgoals):
            waits = (reached == i) & moved
            if not waits.any() or not subgoal.conditions:
                continue
            margins = np.stack([np.broadcast_to(m, (self._n,)) for m in _margins(subgoal, readings)], axis=1)
            short = np.maximum(-margins, 0.0)
            begun = waits & np.isnan(self._scale[i][:, 0])
            self._scale[i][begun] = np.maximum(short[begun], TINY)
            way = np.clip(1.0 - short / self._scale[i], 0.0, 1.0)
            weight = np.array([PRESSED if c.predicate.unit == "N" else 1.0 for c in subgoal.conditions])
            done = (way * weight).sum(axis=1) / weight.sum()
            better = waits & ((done > self._done[i]) | ((done == self._done[i]) & (done > 0.0)))
            self._done[i][better], self._t[i][better] = done[better], t
            self._margins[i][better] = margins[better]
            self._undone[i][better] = ~np.isnan(undone[:, self._course.stand_on[i]][better])

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {"nearest": tuple(self._of(i, step) for step in range(len(self._t)))}

    def _of(self, k: int, step: int) -> Nearest | None:
        """The nearest moment of take k to a step; None where it never waited for it."""
        if np.isnan(self._t[step][k]):
            return None
        names = [self._course.subgoals[one].name for one in self._course.stand_on[step]]
        undone = tuple(name for name, fell in zip(names, self._undone[step][k]) if fell)
        return Nearest(float(self._t[step][k]), self._margins[step][k].copy(), float(self._done[step][k]), undone)


def why_not(subgoal: Subgoal, near: Nearest, conditions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Why a step was not reached where all that it asks held: `after` (the steps that were undone), or its `hold` [s]."""
    if any(one["margin"] < 0 for one in conditions):
        return {}
    return {"after": list(near.undone)} if near.undone else {"hold": subgoal.hold} if subgoal.hold else {}


def conditions_at(subgoal: Subgoal, margins: np.ndarray) -> list[dict[str, Any]]:
    """The conditions of a step, each with what was measured and what is asked (SI), from their margins (k,) at one moment."""
    return [
        {
            "word": condition.word,
            "about": list(condition.about),
            "value": condition.value(margin),
            "bound": condition.bound,
            "more": condition.more,
            "margin": margin,
            "unit": condition.predicate.unit,
        }
        for condition, margin in zip(subgoal.conditions, margins.tolist())
    ]


class MissedSteps:
    """`missed`: of each step that a take did not reach, in order, how near it came: `step`, `t` [s], its `conditions`, and `why_not`
    where it was waited for and all of them held.

    Of the step that was waited for it is the moment that came nearest; of those after it, since their turn did not come, the end.
    """

    def __init__(self, course: Goal, n: int):
        self._course, self._near = course, NearestApproach(course, n)
        self._last: Moment | None = None

    def note(self, now: Moment) -> None:
        self._near.note(now)
        self._last = now

    def of(self, i: int, steps: int) -> dict[str, Any]:
        last, found = self._last, []
        if last is None:
            return {"missed": ()}
        nearest = self._near.of(i, steps)["nearest"]
        end = steps * self._course.control_timestep
        for k, subgoal in enumerate(self._course.subgoals):
            if not np.isnan(last.carry.reached[i, k]) or not subgoal.conditions:
                continue
            near = nearest[k]
            waited = near is not None
            if near is None:
                margins = [float(np.broadcast_to(m, (len(last.carry.done),))[i]) for m in _margins(subgoal, last.readings)]
                near = Nearest(end, np.array(margins), 0.0)
            conditions = conditions_at(subgoal, near.margins)
            why = why_not(subgoal, near, conditions) if waited else {}  # its hold does not count before its turn
            found.append({"step": subgoal.name, "t": near.t, "conditions": conditions, **why})
        return {"missed": tuple(found)}


def _margins(subgoal: Subgoal, readings: Readings) -> list[Values]:
    return [condition.predicate.margin(readings) for condition in subgoal.conditions]
