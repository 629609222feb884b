"""Which of the recordings that are judged together move unlike the others? A warning at most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..checks.rates import check_rate, peak_rates
from ..checks.registry import asked_of
from .results import Motions, Rates, Subject


def compare_rates(batch: Sequence[tuple[Subject, Motions]]) -> list[Rates]:
    """Judge accelerations and jerks of the commands of one batch against each other, by robot and scenario.

    Only recordings of one batch (64) are compared, so that memory stays bounded; of a batch with too few of them nothing is
    told.
    """
    codes = asked_of("peers")
    found: list[dict] = [{} for _ in batch]
    groups: dict[tuple, list[int]] = {}
    for i, (subject, motions) in enumerate(batch):
        signal = next((role for role in ("command", "measured") if role in motions.resampled), None)
        if signal is None or not len(motions.resampled[signal].t):
            continue
        scene, names = subject.scene, motions.by_role[signal].names
        groups.setdefault((id(subject.context), scene.name, scene.robot.name, signal, names), []).append(i)
    for (*_, signal, names), group in groups.items():
        rules = batch[group[0]][0].rules
        if len(group) < min(rules[code].settings["recordings"] for code in codes):
            continue
        rates = [peak_rates(batch[i][1].resampled[signal], rules) for i in group]
        for code in codes:
            levels = np.stack([rate[code][0] for rate in rates])
            for i, rate in zip(group, rates):
                found[i][code] = check_rate(code, *rate[code], names, levels, rules, signal)
    return list(found)
