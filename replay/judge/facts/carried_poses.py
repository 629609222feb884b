"""Recorded poses of things beside the hands that carry them in the replay: are they of the same moment?"""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np

from ....scenarios.draws.inference import free_joint
from ....scenarios.parts.pose import postures
from ...checks.finding import Finding
from ...checks.object_carry import HandPath, carried_rows, late_pose, standing_numbers, standing_pose
from ...checks.witnesses import finding_of
from ...residual.difference import Difference
from ...signals.clock import topic
from .recorded_state import RecordedState
from .results import Rollouts, Subject

DIFFERS = "column.differs"
SIDES = ("left", "right")
MOSTLY = 0.5  # of the replays that reach the goal at least, for hands that demonstrably carry a thing


def check_carried(subject: Subject, rollouts: Rollouts, state: RecordedState) -> list[Finding]:
    """`column.differs` of poses that are late, or stand, while a hand carries their thing; nothing where they go with it.

    The hand's way is that of the measured joints, so all of them have to be recorded. When a hand carries what is read in the replay; that
    a pose stands is held against it where every start carries the thing, and the goal is reached in most.
    """
    played = rollouts.played[: rollouts.agreeing]
    if not state.robot or not played or len(state.t) < 3:
        return []
    model, dt = state.draw.model, float(state.t[1] - state.t[0])
    recorded, replayed = hand_paths(model, state.qpos), hand_paths(model, played[0].qpos)
    found: list[Difference] = []
    for name in state.things:
        k = free_joint(model, name) or 0
        theirs, ours = state.qpos[:, k : k + 3], played[0].qpos[:, k : k + 3]
        for side in SIDES:
            rows = min(len(theirs), len(ours))
            spans = [(a, min(b, rows - 1)) for a, b in carried_rows(ours, replayed[side], dt) if a < rows]
            if not spans:
                continue
            one = standing_pose(name, state.at, theirs, recorded[side], spans)
            if one is not None:
                found += [one] if _every(rollouts, model, k, side, dt) else []
                continue
            one = standing_numbers(name, state.at, state.qpos[:, k : k + 7], [each.qpos[:, k : k + 7] for each in played], spans)
            if one is not None:
                found += [one] if _every(rollouts, model, k, side, dt) else []
                continue
            one = late_pose(name, state.at, theirs, recorded[side], spans, replayed[side].inside(ours))
            found += [one] if one is not None else []
    if not found:
        return []
    found.sort(key=lambda one: -one.weight)
    first = replace(found[0], stream=_stream(subject, found[0].channels[0]), bound="carried")
    return [finding_of(subject.rules[DIFFERS], first, found[1:])]


def _every(rollouts: Rollouts, model: mujoco.MjModel, k: int, side: str, dt: float) -> bool:
    """Whether the hand carries the thing in every replay, and most of them reach the goal."""
    played = rollouts.played[: rollouts.agreeing]
    done = sum(bool(one["success"]) for one in rollouts.outcomes[: rollouts.agreeing])
    if done < MOSTLY * len(played):
        return False
    return all(carried_rows(one.qpos[:, k : k + 3], hand_paths(model, one.qpos)[side], dt) for one in played)


def hand_paths(model: mujoco.MjModel, qpos: np.ndarray) -> dict[str, HandPath]:
    """Side -> where its grip is in the postures (T, nq)."""
    sites = [model.site(f"{side}_tcp").id for side in SIDES]
    pos, turn = np.empty((len(qpos), 2, 3)), np.empty((len(qpos), 2, 9))
    for row, data in enumerate(postures(model, qpos)):
        pos[row], turn[row] = data.site_xpos[sites], data.site_xmat[sites]
    return {side: HandPath(pos[:, i], turn[:, i].reshape(-1, 3, 3)) for i, side in enumerate(SIDES)}


def _stream(subject: Subject, thing: str) -> str:
    return next((topic(s) for s in subject.recording.streams.values() if f"{thing}.x" in s.names), "")


def joined(findings: list[Finding]) -> list[Finding]:
    """The findings of all stages; what poses of things contradict and what other columns do as one, the graver one first."""
    mine = [one for one in findings if one.code == DIFFERS]
    if len(mine) < 2:
        return findings
    rank = {"FAIL": 2, "WARN": 1}
    first, *others = sorted(mine, key=lambda one: -rank.get(one.level, 0))
    lines = [
        {"subject": list(one.subject), "level": one.level, "kind": one.details.get("kind"), "column": one.details.get("column"),
         "value": one.value, "unit": one.unit, "t0": one.t0, "t1": one.t1}
        for one in others if one.level in rank
    ]  # fmt: skip
    more = [line for one in others for line in one.details.get("others", ())]
    seen = {"resolution": mine[0].details.get("resolution", [])}
    whole = first.with_(details=first.details | seen | {"others": [*first.details.get("others", ()), *lines, *more]})
    kept = [one for one in findings if one.code != DIFFERS]
    kept.insert(findings.index(mine[0]), whole)
    return kept
