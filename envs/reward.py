"""Rewards from the same goal that judges: sparse, or dense with the way to the next subgoal as potential."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..scenarios.scene.scene import Scene
from ..scenarios.sensing.predicate import Values, conjuncts, distance, leaves, progress
from ..scenarios.sensing.requests import Readings, Request, Row
from ..scenarios.sensing.temporal import Goal, GoalState
from ..scenarios.sheet.near_matches import refuse_unknown

KINDS = ("dense", "sparse", "subgoal")
HAND_SHARE = 0.3  # of a subgoal's reward is given for a hand that comes near what the subgoal is about
HAND_NEAR = 0.06  # m, near enough: a claw's length in front of its tcp
HAND_FAR = 0.7  # m, an arm's length: no reward beyond it
DONE = 0.99  # of a subgoal's reward is the most that can be had before it is reached


def check_reward(kind: str) -> None:
    """Raise ScenarioError where there is no reward of that name."""
    refuse_unknown(kind, KINDS, f"There is no reward {kind!r}.", field="reward")


class Reward:
    """Reward of one control step.

    `sparse` is 1 in the step in which the task is done, else 0. `subgoal` gives an equal share of 1 in the step in which a
    subgoal is reached. `dense` is the share of the task done so far: subgoals reached, plus how far the next one has come
    (distance or angle still to go, against that at the episode's start, the mean of what it asks for; where one of several
    is enough, the nearest; what held at the start counts as far as the rest has come), of which `HAND_SHARE` is for a hand
    near the thing. It lies in 0..1 and rises along a good demonstration. What was undone again is taken back: `subgoal` as much
    as it gave, `dense` what is to be done again.

    Args:
        scene: its goal is rewarded.
        kind: one of `KINDS`.
        course: where only a part of the scene's goal is asked for.
    """

    def __init__(self, scene: Scene, kind: str = "dense", course: Goal | None = None):
        self.scene, self.kind = scene, kind
        goal = (course or scene.course).subgoals
        self._hands = tuple(Request("site_position", f"{side}_tcp") for side in ("left", "right"))
        kept = [subgoal.kept or subgoal.predicate for subgoal in goal]
        asked = [subgoal.predicate for subgoal in goal] + kept
        self._total = len(goal)
        self._same = [one is subgoal.predicate for one, subgoal in zip(kept, goal)]
        self._parts = [conjuncts(one) for one in asked]  # of each subgoal, then what of each is kept
        self._leaves = [leaves(one) for one in asked]
        self._plain = kind == "sparse" or not goal
        self._before: list[list[Values]] = []
        self._done: Values = 0  # subgoals reached, less those that were undone, before this step

    def begin(self, start: Readings | Row, done: Values, ids: np.ndarray | None = None) -> None:
        """Remember how far each subgoal is from holding at the start of an episode.

        Args:
            start: readings of the copies that begin; done: subgoals that hold at once; ids: which copies, None for all.
        """
        n = self._total
        before = [[leaf.margin(start) for leaf in parts] for parts in self._leaves[:n]]
        for i, same in enumerate(self._same):
            before.append(before[i] if same else [leaf.margin(start) for leaf in self._leaves[n + i]])
        if ids is None:
            self._before, self._done = before, done
            return
        self._done = self._done.copy()
        self._done[ids] = done
        for mine, theirs in zip(self._before, before):
            for kept, margin in zip(mine, theirs):
                kept[ids] = margin

    def __call__(self, readings: Readings, carry: GoalState, success: np.ndarray) -> np.ndarray:
        """(n,) float64 rewards."""
        if self._plain:
            return success.astype(float)
        if self.kind == "subgoal":
            there = carry.done - (~np.isnan(carry.undone)).sum(axis=1)
            gained, self._done = there - self._done, there
            return gained / self._total
        value = carry.done.astype(float)
        for i in range(self._total):
            now = carry.done == i
            if now.any():
                value = np.where(now, self._along(i, readings), value)
        undone = ~np.isnan(carry.undone)
        for i in np.flatnonzero(undone.any(axis=0)).tolist():
            value = np.where(undone[:, i], value - self._lost(i, readings), value)
        return np.where(success, 1.0, value / self._total)

    def of_row(self, row: Row, done: int, success: bool, undone: Sequence[float] = ()) -> float:
        """The same of one copy that has reached `done` subgoals; undone: as in `GoalState`, empty where nothing is."""
        if self.kind == "subgoal" and not self._plain:
            there = done - sum(t == t for t in undone)
            gained, self._done = there - self._done, there
            return gained / self._total
        if self._plain or success:
            return float(success)
        value = self._along(done, row) if done < self._total else float(done)
        for i, t in enumerate(undone):
            if t == t:
                value = value - self._lost(i, row)
        return value / self._total

    def save(self) -> tuple[list[list[Values]], Values]:
        """What it remembers of one copy's episode."""
        return self._before, self._done

    def restore(self, saved: tuple[list[list[Values]], Values]) -> None:
        self._before, self._done = saved

    def _along(self, i: int, readings: Readings | Row) -> Values:
        """Subgoals reached, and how far the i-th has come."""
        way = progress(self._parts[i], readings, self._before[i])
        return i + HAND_SHARE * self._near(readings, i) + (1 - HAND_SHARE) * way * DONE

    def _lost(self, i: int, readings: Readings | Row) -> Values:
        """How much of subgoal i, which was undone, is to be done again."""
        k = self._total + i
        return 1.0 - progress(self._parts[k], readings, self._before[k]) * DONE

    def _near(self, readings: Readings | Row, i: int) -> Values:
        """(n,) 0..1: how near the nearer hand is to what subgoal i is about; 1 where it is about nothing in reach."""
        target = self.scene.targets[i]
        if target is None:
            return 1.0
        where = readings.point(target)
        left, right = distance(readings.point(self._hands[0]), where), distance(readings.point(self._hands[1]), where)
        if type(left) is float:
            return min(max((HAND_FAR - min(left, right)) / (HAND_FAR - HAND_NEAR), 0.0), 1.0)
        return np.clip((HAND_FAR - np.minimum(left, right)) / (HAND_FAR - HAND_NEAR), 0.0, 1.0)
