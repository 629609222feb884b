"""Recorded things that carry each other's names: each stands where only the other one is drawn, and the exchange reaches the goal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ....scenarios.draws.inference import ends_of, free_joint
from ....scenarios.draws.variation import rested
from ....scenarios.reading.config import nominal_values
from ....scenarios.scene.scene import Scene
from ...checks.finding import Finding
from ...checks.rules import Rules
from .recorded_state import RecordedState

OPEN = "names_open"  # why nothing is concluded: each of two things may as well be the other one
FRAME = "object.frame"
BESIDE = 0.03  # m beyond what is drawn, where a thing may still stand
APART = 0.06  # m beyond it, where it was not put by who laid the scene

Room = tuple[np.ndarray, np.ndarray]


def check_names(
    scene: Scene, state: RecordedState, goal: list[Finding], goal_of: Callable[[RecordedState], list[Finding]], rules: Rules
) -> tuple[list[Finding], list[Finding]]:
    """`record.goal` that is missed, held against the names of its things.

    Args:
        goal: as the names say; goal_of: the same of another state.

    Returns:
        `record.goal`, not checked where two names may be exchanged; and `object.frame` where they are.
    """
    if not any(one.failed for one in goal):
        return goal, []
    first = {name: state.qpos[0, a : a + 3] for name in state.things if (a := free_joint(state.draw.model, name)) is not None}
    rooms = rooms_of(scene, tuple(first)) if len(first) > 1 else {}
    for pair in combinations(first, 2):
        here = [beyond(first[name], rooms[name]) for name in pair]
        there = [beyond(first[name], rooms[other]) for name, other in zip(pair, pair[::-1])]
        if max(there) > BESIDE or any(one.level != "PASS" for one in goal_of(exchanged(state, pair))):
            continue
        if min(here) > APART:
            details = {"kind": "names", "things": list(pair)}
            return goal, [rules[FRAME].beyond(min(here), APART, subject=pair, details=details)]
        open_ = [rules[one.code].not_checked(OPEN, subject=pair, details={"things": list(pair)}) if one.failed else one for one in goal]
        return open_, []
    return goal, []


def exchanged(state: RecordedState, pair: Sequence[str]) -> RecordedState:
    """The state with the poses of two things exchanged."""
    one, other = (free_joint(state.draw.model, name) or 0 for name in pair)
    qpos = state.qpos.copy()
    qpos[:, one : one + 7], qpos[:, other : other + 7] = state.qpos[:, other : other + 7], state.qpos[:, one : one + 7]
    return replace(state, qpos=qpos)


def rooms_of(scene: Scene, things: Sequence[str]) -> Mapping[str, Room]:
    """Thing -> ends (3,) of where its draws lay it [m]; of what is drawn each value by itself moves it."""
    values = nominal_values(scene.config)
    model = scene.compile(values)
    at = {name: free_joint(model, name) or 0 for name in things}
    start = rested(scene, model)
    low, high = ({name: start[a : a + 3].copy() for name, a in at.items()} for _ in range(2))
    for key, ends in ends_of(scene).items():
        moved = [rested(scene, scene.compile(values | {key: end})) - start for end in ends]
        for name, a in at.items():
            by = np.stack([one[a : a + 3] for one in moved])
            low[name] += np.minimum(by.min(axis=0), 0.0)
            high[name] += np.maximum(by.max(axis=0), 0.0)
    return {name: (low[name], high[name]) for name in things}


def beyond(place: np.ndarray, room: Room) -> float:
    """How far [m] a place (3,) is outside of a room."""
    return float(np.linalg.norm(np.maximum(room[0] - place, 0.0) + np.maximum(place - room[1], 0.0)))
