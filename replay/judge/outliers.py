"""Which of the recordings that are judged together move unlike the others? A warning at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..checks.outliers import check_rate, peak_rates
from ..checks.registry import asked_of

if TYPE_CHECKING:
    from .judge import Case


def compare_rates(cases: Sequence[Case]) -> None:
    """Judge accelerations and jerks of the commands of one batch against each other, by robot and scenario.

    Only recordings of one batch (64) are compared, so that memory stays bounded; a batch with too few of them leaves the
    codes as they are, not checked.
    """
    codes = asked_of("peers")
    groups: dict[tuple, list[Case]] = {}
    for case in cases:
        signal = next((role for role in ("command", "measured") if role in case.resampled), None)
        if signal is None or not len(case.resampled[signal].t):
            continue
        scene, names = case.stage.scene, case.motion[signal].names
        groups.setdefault((id(case.stage), scene.name, scene.robot.name, signal, names), []).append(case)
    for (*_, signal, names), group in groups.items():
        rules = group[0].stage.rules
        if len(group) < min(rules[code].settings["recordings"] for code in codes):
            continue
        rates = [peak_rates(case.resampled[signal], rules) for case in group]
        for code in codes:
            levels = np.stack([rate[code][0] for rate in rates])
            for case, rate in zip(group, rates):
                found = check_rate(code, *rate[code], names, levels, rules, signal)
                case.findings = [found if f.code == code and f.signal == signal else f for f in case.findings]
