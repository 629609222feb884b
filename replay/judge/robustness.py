"""The robustness stage: recordings that succeed are played again in varied copies of their scene, many at once.

Memory stays bounded: copies are compiled, played and reduced to their outcome a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...scenarios.perturbation import loose, nudged
from ...scenarios.scene import Scene
from ..checks.finding import Finding
from ..checks.outcome import outcome_of
from ..checks.robustness import LATENCY, check_robustness, delayed, nudge_of, varied
from ..rollout.rollout import AT_ONCE, Take, play

if TYPE_CHECKING:
    from .judge import Case


@dataclass
class Robustness:
    """What the varied copies of one recording came to.

    Attributes:
        finding: of the stage.
        copies: parameter -> value as played (SI) of each copy; outcomes: of each, as `checks.outcome.outcome_of`.
    """

    finding: Finding
    copies: list[dict[str, float]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)


def robust_all(cases: Sequence[Case], threads: int, seed: int) -> None:
    """Play varied copies of every case that passed and succeeded, those of one scene together, and set `case.robust`."""
    groups: dict[int, list[Case]] = {}
    for case in cases:
        unasked = _why_not(case)
        if unasked is None:
            groups.setdefault(id(case.stage), []).append(case)
        else:
            case.robust = Robustness(unasked)
    for group in groups.values():
        _play_group(group, threads, seed)


def _why_not(case: Case) -> Finding | None:
    """The finding of a case that is not varied: nothing to succeed at, stopped before, failed, or no success to vary."""
    rule, forward = case.stage.rules["robustness"], case.forward
    if not case.stage.scene.goal:
        return rule.not_applicable("no_goal")
    if forward is None or forward.played is None:
        told = (
            next((f.reason for f in forward.findings if f.reason and f.level == "NOT_CHECKED"), None)
            if forward
            else None
        )
        return rule.not_checked(told or "not_run")
    if any(finding.failed for finding in (*case.findings, *forward.findings)):
        return rule.not_checked("not_run_after_fail")
    if not forward.succeeded:
        return rule.not_applicable("no_success")
    return None


def _play_group(cases: list[Case], threads: int, seed: int) -> None:
    scene, rules = cases[0].stage.scene, cases[0].stage.rules
    places = [f"{part}.at.{axis}" for part in loose(scene) for axis in "xy"]
    copies = varied(rules["robustness"], places, seed)
    results = [Robustness(rules["robustness"].not_checked("not_run")) for _ in cases]
    jobs = [(i, copy) for i in range(len(cases)) for copy in range(len(copies))]
    for begin in range(0, len(jobs), AT_ONCE):
        chunk = jobs[begin : begin + AT_ONCE]
        made = [_copy(scene, cases[i], copies[k], k) for i, k in chunk]
        played = play(scene, [take for take, _ in made], threads=threads)
        for (i, _), (_, values), done in zip(chunk, made, _outcomes(scene, played)):
            results[i].copies.append(values)
            results[i].outcomes.append(done)
    for case, result in zip(cases, results):
        result.finding = check_robustness(result.copies, [done["success"] for done in result.outcomes], rules)
        case.robust = result


def _copy(scene: Scene, case: Case, copy: dict[str, float], k: int) -> tuple[Take, dict[str, float]]:
    """The k-th varied take of a case, and its parameters as they could be given."""
    assert case.forward is not None
    # where many likely starts were tried, the copies go round among those that succeed: how often the unknown start
    # itself lets it fail is what `goal` tells
    base = case.forward.succeeded[k % len(case.forward.succeeded)]
    draw, share = nudged(scene, base.draw, nudge_of(copy))
    hands = np.isin(scene.schema.action.names, scene.robot.hand_names)
    arms_late, hands_late = (copy[name] / scene.control_timestep for name in LATENCY)
    actions = delayed(base.actions, np.where(hands, hands_late, arms_late))
    return Take(draw, actions), {key: share * by if ".at." in key else by for key, by in copy.items()}


def _outcomes(scene: Scene, played: Iterator) -> Iterator[dict[str, Any]]:
    for one in played:
        yield outcome_of(scene.course, one.carry, "unstable" if one.unstable_at is not None else None)
