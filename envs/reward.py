"""Rewards from the same goal that judges: sparse, or dense with the way to the next subgoal as potential."""

from __future__ import annotations

import numpy as np

from ..scenarios.predicate import distance, leaves, progress
from ..scenarios.scene import Scene
from ..scenarios.sensing import Readings, Request
from ..scenarios.temporal import Carry

KINDS = ("dense", "sparse")
HAND_SHARE = 0.3  # of a subgoal's reward is given for a hand that comes near what the subgoal is about
HAND_NEAR = 0.06  # m, near enough: a claw's length in front of its tcp
HAND_FAR = 0.7  # m, an arm's length: no reward beyond it


class Reward:
    """Reward of one control step.

    `sparse` is 1 in the step in which the task is done, else 0. `dense` is the share of the task done so far: subgoals
    reached, plus how far the next one has come (distance or angle still to go, against that at the episode's start), of
    which `HAND_SHARE` is for a hand near the thing. It lies in 0..1 and rises along a good demonstration.

    Args:
        scene: whose goal is rewarded.
        kind: one of `KINDS`.
    """

    def __init__(self, scene: Scene, kind: str = "dense"):
        self.scene, self.kind = scene, kind
        self._hands = tuple(Request("site_position", f"{side}_tcp") for side in ("left", "right"))
        self._before: list[list[np.ndarray]] = []

    def begin(self, start: Readings, ids: np.ndarray | None = None) -> None:
        """Remember how far each subgoal is from holding at the start of an episode.

        Args:
            start: readings of the copies that begin; ids: which they are, None for all.
        """
        before = [[leaf.margin(start) for leaf in leaves(s.predicate)] for s in self.scene.goal]
        if ids is None:
            self._before = before
            return
        for mine, theirs in zip(self._before, before):
            for kept, margin in zip(mine, theirs):
                kept[ids] = margin

    def __call__(self, readings: Readings, carry: Carry, success: np.ndarray) -> np.ndarray:
        """(n,) float64 rewards."""
        if self.kind == "sparse" or not self.scene.goal:
            return success.astype(float)
        n = len(self.scene.goal)
        value = carry.stage.astype(float)
        for i in range(n):
            now = carry.stage == i
            if not now.any():
                continue
            way = progress(self.scene.goal[i].predicate, readings, self._before[i])
            value = np.where(now, i + HAND_SHARE * self._near(readings, i) + (1 - HAND_SHARE) * way * 0.99, value)
        return np.where(success, 1.0, value / n)

    def _near(self, readings: Readings, i: int) -> np.ndarray:
        """(n,) 0..1: how near the nearer hand is to what subgoal i is about; 1 where it is about nothing in reach."""
        target = self.scene.targets[i]
        if target is None:
            return np.ones(readings.value.shape[:-1])
        where = readings.of(target)
        left, right = (distance(readings.of(hand), where) for hand in self._hands)
        return np.clip((HAND_FAR - np.minimum(left, right)) / (HAND_FAR - HAND_NEAR), 0.0, 1.0)
