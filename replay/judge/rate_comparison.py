"""Which of the recordings that are judged together move unlike the others? A warning at most."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..checks.rates import check_rate, peak_rates
from ..checks.registry import asked_of
from ..checks.rules import Rules
from .facts.results import Given, Motions, Subject

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


def rate_facts(subject: Subject, motions: Motions) -> RateFacts | None:
    """The facts of one recording; None where it has no rates."""
    signal = next((role for role in ("command", "measured") if role in motions.resampled), None)
    if signal is None or not len(motions.resampled[signal].t):
        return None
    names = tuple(motions.by_role[signal].names)
    group = (subject.among, subject.scene.name, subject.scene.robot.name, signal, names)
    return RateFacts(group, signal, names, peak_rates(motions.resampled[signal], subject.rules))


def held_together(facts: Sequence[RateFacts | None], rules: Sequence[Rules]) -> list[Given]:
    """What is found of each recording of one batch among the others of its group: accelerations and jerks, by robot and scenario.

    Only recordings of one batch (64) are compared, so that memory stays bounded; of a group with too few of them nothing is
    reported.
    """
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


def _least(rules: Rules) -> int:
    return int(min(rules[code].settings["recordings"] for code in asked_of("peers")))
