"""A success that is missed from a start that the recording tells: do the same commands do it close by?

A survey is as exact as a tape measure, and nobody measures friction, masses, gains and delays. So the commands are played in
copies further and further from the start that was judged: the k-th of n differs by up to k/n of what is open. Where none of
them does the task it is missed; where some do, it hangs on what nobody knows, and the recording is not to blame.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...scenarios.perturbation import loose, nudged
from ...scenarios.scene import Scene
from ..checks.finding import Finding
from ..checks.outcome import outcome_of
from ..checks.rules import Rules
from ..checks.varied_copies import FACTORS, LATENCY, delayed, further, nudge_of, spread, unmeasured
from ..rollout.rollout import Take, play
from ..signals.statistics import wilson

NEAR = "near_success"  # the reason where some of the copies do the task
TAPE = 0.01  # of a length that is measured: no tape is off by more of something short; an estimate
OF_CLOTH = 4  # copies of a scene with cloth, which takes longer to simulate than it lasts


def near_copies(scene: Scene, take: Take, left_open: tuple[str, ...], rules: Rules, *, threads: int, seed: int) -> dict[str, Any]:
    """How many of the copies near a take do the task, and how near the nearest of them is.

    Args:
        left_open: keys of the values that the scenario draws, or a survey leaves open (`within`), and the recording does not
            tell.

    Returns:
        `copies`, `successes`, `low` and `high` (95 % Wilson interval of the share), and where any succeeds `within`: the share of
        the ranges by which the nearest differs at most.
    """
    rule = rules["robustness"]
    n = OF_CLOTH if scene.cloths else int(rule.settings["copies"])
    copies = further(spread(open_ranges(scene, take, left_open, rules), n, seed))
    done = [
        outcome_of(scene.course, one.carry, "unstable" if one.unstable_at is not None else None)["success"]
        for one in play(scene, [copy_of(scene, take, copy)[0] for copy in copies], threads=threads)
    ]
    low, high = wilson(sum(done), n)
    within = {"within": (done.index(True) + 1) / n} if any(done) else {}
    return {"copies": n, "successes": sum(done), "low": low, "high": high, **within}


def open_ranges(scene: Scene, take: Take, left_open: tuple[str, ...], rules: Rules) -> dict[str, tuple[float, float]]:
    """By how much each copy may differ: parameter -> range of a factor, of a delay [s], or of what is added to a value (SI).

    Places of loose things, and lengths and angles that a cell measured without saying how exactly, differ by a tape measure's
    error; what is left open by what it is drawn from.
    """
    config, settings = scene.config, rules["robustness"].settings
    place, turn = settings["place"], settings["turn"]
    ranges = unmeasured(rules["robustness"])
    ranges |= {f"{part}.at.{axis}": (-place, place) for part in loose(scene) for axis in "xy"}
    dimensions = {f"{placed.name}.{key}": one.dimension for placed in config.parts for key, one in placed.part.params.items()}
    for key in sorted(config.cell.measured if config.cell is not None else ()):
        if key.endswith(".yaw"):
            ranges[key] = (-turn, turn)
        elif ".at." in key:
            ranges[key] = (-place, place)
        elif dimensions.get(key) == "length":
            by = min(place, TAPE * abs(take.draw.values[key]))
            ranges[key] = (-by, by)
    for vary in config.variation:
        if vary.key in left_open and not vary.choices:
            about = take.draw.values[vary.key] if vary.replace else 0.0
            ranges[vary.key] = (vary.low - about, vary.high - about)
    return ranges


def copy_of(scene: Scene, base: Take, copy: dict[str, float]) -> tuple[Take, dict[str, float]]:
    """A take that differs by what the copy says, and its parameters as they could be given."""
    draw, share = nudged(scene, base.draw, nudge_of(copy))
    hands = np.isin(scene.schema.action.names, scene.robot.hand_names)
    arms_late, hands_late = (copy[name] / scene.control_timestep for name in LATENCY)
    actions = delayed(base.actions, np.where(hands, hands_late, arms_late))
    given = {key: by if key in (*FACTORS, *LATENCY) else share * by for key, by in copy.items()}
    return Take(draw, actions), given


def hangs(missed: Finding, near: dict[str, Any], rules: Rules) -> Finding:
    """A missed goal with what its near copies came to: a FAIL where none does the task, else not checked."""
    details = missed.details | {"nearby": near}
    if not near["successes"]:
        return missed.with_(details=details)
    return rules[missed.code].not_checked(
        NEAR, subject=missed.subject, value=missed.value, limit=missed.limit, t0=missed.t0, t1=missed.t1, details=details
    )
