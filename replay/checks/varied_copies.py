"""Does the answer hold in copies of the scene that differ in what nobody measured? Counts, and which parameter decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..signals.statistics import wilson
from .check import Check
from .finding import Finding
from .fixes import Fix, Known
from .rules import Rule, Rules

if TYPE_CHECKING:
    from ...scenarios.draws.perturbation import Nudge

FACTORS = ("friction", "mass", "gains")
LATENCY = ("latency.arms", "latency.hands")


def varied(rule: Rule, places: Sequence[str], seed: int) -> list[dict[str, float]]:
    """What each copy changes: parameter -> factor, displacement [m] or delay [s]; the same for every recording of a run.

    Args:
        rule: of `robustness`; its settings are the number of copies and the range of each parameter.
        places: keys of what is displaced (`bowl.at.x`).
    """
    by = rule.settings["place"]
    return spread(unmeasured(rule) | {key: (-by, by) for key in places}, int(rule.settings["copies"]), seed)


def unmeasured(rule: Rule) -> dict[str, tuple[float, float]]:
    """Range of what no survey measures: factors on friction, masses and gains, and delays [s]."""
    settings = rule.settings
    ranges = {name: (1.0 - settings[name], 1.0 + settings[name]) for name in FACTORS}
    return ranges | {name: (0.0, settings["latency"]) for name in LATENCY}


def spread(ranges: Mapping[str, tuple[float, float]], n: int, seed: int) -> list[dict[str, float]]:
    """n copies within these ranges, by a Latin hypercube.

    Each parameter's range is cut into as many equal pieces as there are copies, and each piece is drawn from once (McKay,
    Beckman, Conover 1979, doi:10.1080/00401706.1979.10489755), so that the lower and the upper half of every parameter hold
    the same number of copies.
    """
    rng = np.random.default_rng(seed)
    columns = {}
    for name, (low, high) in ranges.items():
        pieces = rng.permutation(n) + rng.uniform(size=n)
        columns[name] = low + pieces / n * (high - low)
    return [{name: float(column[i]) for name, column in columns.items()} for i in range(n)]


def further(copies: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """The same copies, further and further from what they vary: the k-th of n differs by k/n of what it did."""
    n = len(copies)
    return [
        {name: same + (value - same) * (k + 1) / n for name, value in copy.items() for same in (1.0 if name in FACTORS else 0.0,)}
        for k, copy in enumerate(copies)
    ]


def nudge_of(copy: Mapping[str, float]) -> Nudge:
    """The part of a copy that changes the scene; delays are left to the commands."""
    from ...scenarios.draws.perturbation import Nudge  # here: records are read where no engine is, too

    known = {name: copy[name] for name in FACTORS if name in copy}
    return Nudge(**known, values={key: by for key, by in copy.items() if key not in (*FACTORS, *LATENCY)})


def delayed(actions: np.ndarray, delay: np.ndarray) -> np.ndarray:
    """Commands that come later, each by its own delay.

    A control period is the shortest time for which a command stands, so what stands for a part of it only is averaged over
    it. The first command is held until the delayed one comes, and the last until every column has ended.

    Args:
        actions: (T, nu) float32.
        delay: (nu,) in control periods, not negative.

    Returns:
        (T + n, nu) float32, where n is the largest delay in whole periods, rounded up.
    """
    last = len(actions) - 1
    whole = np.floor(delay).astype(int)
    part = delay - whole
    t = np.arange(len(actions) + int(np.ceil(delay.max(initial=0.0))))[:, None]
    columns = np.arange(actions.shape[1])
    newer = actions[np.clip(t - whole, 0, last), columns].astype(float)
    older = actions[np.clip(t - whole - 1, 0, last), columns].astype(float)
    return ((1.0 - part) * newer + part * older).astype(np.float32)


def check_robustness(copies: Sequence[Mapping[str, float]], succeeded: Sequence[bool], rules: Rules) -> Finding:
    """`robustness`: the share of varied copies that succeed, with its Wilson interval; never a FAIL.

    Args:
        copies: parameter -> value of each copy; succeeded: whether each did.

    `details["parameters"]` holds for each parameter how many of the copies succeed in its lower and upper half;
    `details["decides"]` is the one with the largest difference, where any copy failed.
    """
    rule = rules["robustness"]
    done = np.asarray(succeeded, bool)
    n, k = len(done), int(done.sum())
    low, high = wilson(k, n)
    halves = {name: _halves(np.array([copy[name] for copy in copies]), done) for name in copies[0]}
    details: dict[str, Any] = {
        "successes": k,
        "copies": n,
        "low": low,
        "high": high,
        "parameters": {
            name: {"low": a / m if m else None, "high": b / (n - m) if n > m else None}
            for name, (a, b, m) in halves.items()
        },
    }
    if 0 < k < n:
        name = max(halves, key=lambda key: abs(halves[key][0] / halves[key][2] - halves[key][1] / (n - halves[key][2])))
        a, b, m = halves[name]
        details["decides"] = {"parameter": name, "low": a, "low_of": m, "high": b, "high_of": n - m}
    return rule.finding(**rule.grade_value(k / n), details=details)


def _halves(values: np.ndarray, done: np.ndarray) -> tuple[int, int, int]:
    """Successes among the lower half of a parameter's values, among the upper half, and how many the lower half holds."""
    order = np.argsort(values, kind="stable")
    half = len(values) - len(values) // 2
    return int(done[order[:half]].sum()), int(done[order[half:]].sum()), half


def _room(finding: Finding, known: Known) -> Fix:
    return {"kind": "room", "share": finding.value, "wanted": finding.limit}


CHECKS = (
    Check(
        "robustness",
        below=True,
        settings={
            "copies": "number",
            "friction": "share",
            "mass": "share",
            "gains": "share",
            "latency": "time",
            "place": "length",
            "turn": "angle",
        },
        fix=_room,
        counts=False,  # it never makes a recording infeasible
    ),
)
