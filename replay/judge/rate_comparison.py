"""Which of the recordings that are judged together move unlike the others? A warning at most."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..checks.rates import check_rate, peak_rates
from ..checks.registry import asked_of
from ..checks.rules import Rules
from .results import Motions, Rates, Subject

Peaks = Mapping[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class RateFacts:
    """What the others are held against: the largest rates of each joint of one recording.

    Attributes:
        group: who is compared with whom: same robot, same scene, same joints.
        signal: `command` or `measured`; names: (k,) joints; peaks: as `peak_rates` gives them.
    """

    group: Hashable
    signal: str
    names: tuple[str, ...]
    peaks: Peaks


def compare_rates(batch: Sequence[tuple[Subject, Motions]]) -> list[Rates]:
    """Judge accelerations and jerks of the commands of one batch against each other, by robot and scenario.

    Only recordings of one batch (64) are compared, so that memory stays bounded; of a batch with too few of them nothing is
    told.
    """
    groups: dict[Hashable, list[int]] = {}
    kinds = [kind_of(subject, motions) for subject, motions in batch]
    for i, ((subject, _), kind) in enumerate(zip(batch, kinds)):
        if kind is not None:
            groups.setdefault((id(subject.context), *kind), []).append(i)
    facts: list[RateFacts | None] = [None] * len(batch)
    for group, members in groups.items():
        rules = batch[members[0]][0].rules
        if len(members) >= _least(rules):
            for i in members:
                facts[i] = _facts(*batch[i], group)
    return held_together(facts, [subject.rules for subject, _ in batch])


def rate_facts(subject: Subject, motions: Motions, context: str) -> RateFacts | None:
    """The facts of one recording that is judged alone; None where it has no rates.

    Args:
        context: what tells its context from all others.
    """
    kind = kind_of(subject, motions)
    return None if kind is None else _facts(subject, motions, (context, *kind))


def held_together(facts: Sequence[RateFacts | None], rules: Sequence[Rules]) -> list[Rates]:
    """What is found of each recording of one batch among the others of its group."""
    found: list[dict] = [{} for _ in facts]
    groups: dict[Hashable, list[int]] = {}
    for i, one in enumerate(facts):
        if one is not None:
            groups.setdefault(one.group, []).append(i)
    for members in groups.values():
        known = [one for i in members if (one := facts[i]) is not None]
        rule = rules[members[0]]
        if len(members) < _least(rule):
            continue
        for code in asked_of("peers"):
            levels = np.stack([one.peaks[code][0] for one in known])
            for i, one in zip(members, known):
                found[i][code] = check_rate(code, *one.peaks[code], one.names, levels, rule, one.signal)
    return list(found)


def kind_of(subject: Subject, motions: Motions) -> tuple[str, str, str, tuple[str, ...]] | None:
    """Scene, robot, signal and joints, by which recordings of one context are alike; None without a motion."""
    signal = next((role for role in ("command", "measured") if role in motions.resampled), None)
    if signal is None or not len(motions.resampled[signal].t):
        return None
    return subject.scene.name, subject.scene.robot.name, signal, tuple(motions.by_role[signal].names)


def _facts(subject: Subject, motions: Motions, group: Hashable) -> RateFacts:
    kind = kind_of(subject, motions)
    assert kind is not None
    *_, signal, names = kind
    return RateFacts(group, signal, names, peak_rates(motions.resampled[signal], subject.rules))


def _least(rules: Rules) -> int:
    return int(min(rules[code].settings["recordings"] for code in asked_of("peers")))
