"""The robustness stage: recordings that succeed are played again in varied copies of their scene, many at once.

Memory stays bounded: copies are compiled, played and reduced to their outcome a batch at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....scenarios.draws.perturbation import loose
from ...checks.finding import Finding
from ...checks.outcome import outcome_of
from ...checks.varied_copies import check_robustness, varied
from ...rollout.rollout import AT_ONCE, play
from ..facts.near_copies import copy_of
from ..facts.results import Judged, Robustness


def robustness_stage(batch: Sequence[Judged], *, threads: int = 0, seed: int = 0) -> list[Robustness]:
    """Play varied copies of every recording that passed and succeeded, those of one scene together."""
    found: list[Robustness] = []
    groups: dict[int, list[int]] = {}
    for i, judged in enumerate(batch):
        unasked = _why_not(judged)
        found.append(Robustness(unasked or judged.rules["robustness"].not_checked("not_run")))
        if unasked is None:
            groups.setdefault(id(judged.context), []).append(i)
    for group in groups.values():
        for i, result in zip(group, _play_group([batch[i] for i in group], threads, seed)):
            found[i] = result
    return found


def _why_not(judged: Judged) -> Finding | None:
    """The finding of a recording that is not varied: nothing to succeed at, stopped before, failed, or no success to vary."""
    rule, rollouts = judged.rules["robustness"], judged.rollouts
    if not judged.scene.goal:
        return rule.not_applicable("no_goal")
    if rollouts.shown is None:
        reasons = (f.reason for f in rollouts.plan.findings if f.reason and f.level == "NOT_CHECKED")
        return rule.not_checked(next(reasons, "not_run"))
    if any(finding.failed for finding in judged.findings):
        return rule.not_checked("not_run_after_fail")
    if not rollouts.succeeded:
        return rule.not_applicable("no_success")
    return None


def _play_group(group: Sequence[Judged], threads: int, seed: int) -> list[Robustness]:
    scene, rules = group[0].scene, group[0].rules
    places = [f"{part}.at.{axis}" for part in loose(scene) for axis in "xy"]
    varied_by = varied(rules["robustness"], places, seed)
    copies: list[list[dict[str, float]]] = [[] for _ in group]
    outcomes: list[list[dict[str, Any]]] = [[] for _ in group]
    jobs = [(i, copy) for i in range(len(group)) for copy in range(len(varied_by))]
    for begin in range(0, len(jobs), AT_ONCE):
        chunk = jobs[begin : begin + AT_ONCE]
        # where many likely starts were tried, the copies go round among those that succeed: how often the unknown start
        # itself lets it fail is what `goal` tells
        bases = [group[i].rollouts.succeeded for i, _ in chunk]
        made = [copy_of(scene, base[k % len(base)], varied_by[k]) for base, (_, k) in zip(bases, chunk)]
        played = play(scene, [take for take, _ in made], threads=threads)
        for (i, _), (_, values), one in zip(chunk, made, played):
            copies[i].append(values)
            outcomes[i].append(outcome_of(scene.course, one.carry, one.unstable_at is not None))
    return [
        Robustness(check_robustness(own, [one["success"] for one in done], rules), tuple(own), tuple(done))
        for own, done in zip(copies, outcomes)
    ]
