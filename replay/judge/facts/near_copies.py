"""A success that is missed from a start that the recording tells: do the same commands do it close by?

A survey is as exact as a tape measure, and nobody measures friction, masses, gains and delays. So the commands are played in
copies further and further from the start that was judged: the k-th of n differs by up to k/n of what is open. In a cell the
robot's own place is tried first, alone: it moves everything at once. Where none of them does the task it is missed; where some
do, it hangs on what nobody knows, and the recording is not to blame.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ....scenarios.draws.perturbation import loose, nudged
from ....scenarios.draws.variation import Draw
from ....scenarios.scene.scene import Scene
from ...checks.finding import Finding
from ...checks.rules import Rules
from ...checks.varied_copies import FACTORS, LATENCY, delayed, further, nudge_of, spread, unmeasured
from ...rollout.rollout import Rollout, Take, play
from ...signals.statistics import wilson

NEAR = "near_success"  # the reason where some of the copies do the task
UNMEASURED = "unmeasured"  # where what went wrong does not in some of them
TAPE = 0.01  # of a length that is measured: no tape is off by more of something short; an estimate
WORK = 1200.0  # s that are simulated at most, beside the robot alone: a long take is tried in fewer copies
FEWEST = 4  # so many always, and no more of a scene with cloth, which takes longer to simulate than it lasts
STANDS = ("robot.at.x", "robot.at.y")  # where the robot stands: everything else is moved together
ALONE = tuple((key, share) for key in STANDS for share in (0.5, -0.5))  # of a tape's error, with nothing else; an estimate


def play_near(
    scene: Scene,
    take: Take,
    left_open: Collection[str],
    rules: Rules,
    *,
    threads: int,
    seed: int,
    starts: Callable[[int], Sequence[Draw]] | None = None,
) -> Iterator[tuple[Take, Rollout, float]]:
    """The copies near a take, what each came to, and by which share of what is open it differs at most.

    Args:
        left_open: `friction`, where the scenario draws it and the recording does not tell it, and the values that a survey
            tells with a tolerance (`within`).
        starts: gives as many starts as are asked for, further and further from the take's in what nobody measured; None where all
            that the scenario draws is known.
    """
    n = copies_of(scene, take, rules)
    copies = copies_near(open_ranges(scene, take, left_open, rules), n, seed)
    bases = [take] * len(copies)
    if starts is not None:
        bases[len(copies) - n :] = [Take(draw, take.actions) for draw in starts(n)]
    takes = [copy_of(scene, base, _moved(scene, copy))[0] for base, (copy, _) in zip(bases, copies)]
    return zip(takes, play(scene, takes, threads=threads), [share for _, share in copies])


def copies_of(scene: Scene, take: Take, rules: Rules) -> int:
    """In how many copies a take is tried: fewer of what takes long to simulate."""
    most = int(rules["robustness"].settings["copies"])
    return min(most, max(FEWEST, int(WORK / (take.n_steps * scene.control_timestep)))) if not scene.cloths else FEWEST


def copies_near(ranges: Mapping[str, tuple[float, float]], n: int, seed: int) -> list[tuple[dict[str, float], float]]:
    """Those that move the robot alone, where that is open, and n that vary everything; by which share of the ranges each differs."""
    same = {key: 1.0 if key in FACTORS else 0.0 for key in ranges}
    alone = [(same | {key: share * ranges[key][1]}, abs(share)) for key, share in ALONE if key in ranges]
    return alone + [(copy, (k + 1) / n) for k, copy in enumerate(further(spread(ranges, n, seed)))]


def counted(done: Sequence[bool], shares: Sequence[float]) -> dict[str, Any]:
    """Successes among the copies.

    Args:
        done: whether each did the task; shares: of what is open, by which each differs at most.

    Returns:
        `copies`, `successes`, `low` and `high` (95 % Wilson interval of the share), and where any succeeds `within`: by which share
        of what is open the nearest of these differs at most.
    """
    low, high = wilson(sum(done), len(done))
    within = {"within": min(share for share, success in zip(shares, done) if success)} if any(done) else {}
    return {"copies": len(done), "successes": sum(done), "low": low, "high": high, **within}


def open_ranges(scene: Scene, take: Take, left_open: Collection[str], rules: Rules) -> dict[str, tuple[float, float]]:
    """By how much each copy may differ: parameter -> range of a factor, of a delay [s], or of what is added to a value (SI).

    Places of loose things, and in a cell where the robot stands and lengths and places that were measured without saying how
    exactly, differ by a tape measure's error; what is measured `within` a tolerance by that.
    """
    config, settings = scene.config, rules["robustness"].settings
    place, turn = settings["place"], settings["turn"]
    ranges = unmeasured(rules["robustness"])
    ranges |= {f"{part}.at.{axis}": (-place, place) for part in loose(scene) for axis in "xy"}
    ranges |= dict.fromkeys(STANDS, (-place, place)) if config.cell is not None else {}
    params = {f"{placed.name}.{key}": one for placed in config.parts for key, one in placed.part.params.items()}
    for key in sorted(config.cell.measured if config.cell is not None else ()):
        value = take.draw.values[key]
        if key.endswith(".yaw"):
            ranges[key] = (-turn, turn)
        elif key.endswith((".at.x", ".at.y")):  # what is measured upwards is what it stands on
            ranges[key] = (-place, place)
        elif key in params and params[key].dimension == "length":
            by = min(place, TAPE * abs(value))
            ranges[key] = (max(-by, params[key].low - value), min(by, params[key].high - value))
    for vary in config.variation:
        if vary.key not in left_open or vary.choices:
            continue
        about = take.draw.values[vary.key]
        low, high = (vary.low - about, vary.high - about) if vary.replace else (vary.low, vary.high)
        ranges[vary.key] = ((about + low) / about, (about + high) / about) if vary.key in FACTORS else (low, high)
    return ranges


def _moved(scene: Scene, copy: dict[str, float]) -> dict[str, float]:
    """A copy in which the robot stands elsewhere: everything that stands on the floor is moved the other way."""
    found = {key: by for key, by in copy.items() if key not in STANDS}
    for key, axis in zip(STANDS, "xy"):
        for placed in scene.config.parts if key in copy else ():
            if placed.stands_on is None:
                name = f"{placed.name}.at.{axis}"
                found[name] = found.get(name, 0.0) - copy[key]
    return found


def copy_of(scene: Scene, base: Take, copy: dict[str, float]) -> tuple[Take, dict[str, float]]:
    """A take that differs by what the copy says, and its parameters as they could be given."""
    draw, share = nudged(scene, base.draw, nudge_of(copy))
    hands = np.isin(scene.schema.action.names, scene.robot.hand_names)
    arms_late, hands_late = (copy[name] / scene.control_timestep for name in LATENCY)
    actions = delayed(base.actions, np.where(hands, hands_late, arms_late))
    given = {key: by if key in (*FACTORS, *LATENCY) else share * by for key, by in copy.items()}
    return Take(draw, actions), given


def hangs(missed: Finding, nearby: dict[str, Any], rules: Rules) -> Finding:
    """A missed goal with what its near copies came to: a FAIL where none does the task, else not checked."""
    missed = missed.with_(details=missed.details | {"nearby": nearby})
    return open_(missed, rules) if nearby["successes"] else missed


def open_(failed: Finding, rules: Rules, reason: str = NEAR) -> Finding:
    """What failed in the replay that was judged and not close by, with its numbers."""
    kept = {name: getattr(failed, name) for name in ("subject", "value", "limit", "unit", "t0", "t1", "details")}
    found = rules[failed.code].not_checked(reason, **kept)
    found.code = failed.code  # a failure mode has the scenario's own
    return found
