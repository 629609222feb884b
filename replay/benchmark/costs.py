"""What each stage of the judge costs: the real run of `judge` under stopwatches, beside the bare engine."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import numpy as np

# stage -> the functions of its time, as the modules know them that call them
STAGES = {
    "integrity": (("judge.judge", "integrity_stage"),),
    "kinematics": (
        ("judge.stages.own_robot", "OwnRobot.motions"),
        ("judge.set_comparison", "rate_facts"),
        ("judge.stages.own_robot", "OwnRobot.kinematics"),
    ),
    "dynamics": (("judge.stages.own_robot", "OwnRobot.dynamics"),),
    "replay": (("judge.judge", "replay_stage"), ("judge.judge", "rollout_stage")),  # without the playing
    "playing": (("judge.stages.rollout_stage", "play"),),
    "verdict": (("judge.judge", "conclude"),),
}
CHECKS = ("integrity", "kinematics", "dynamics", "replay", "verdict")


@contextmanager
def stopwatches() -> Iterator[dict[str, float]]:
    """Stage -> seconds spent in it while the context lasts; what is timed inside another stage counts there alone."""
    spent = dict.fromkeys(STAGES, 0.0)
    running: list[list[float]] = []  # for each function that runs: the seconds of those inside it
    before = []

    def timed(stage: str, function: Callable) -> Callable:
        def watched(*arguments: Any, **settings: Any) -> Any:
            inside = [0.0]
            running.append(inside)
            begin = time.perf_counter()
            try:
                result = function(*arguments, **settings)
                # playing happens while its results are asked for
                return list(result) if stage == "playing" else result
            finally:
                took = time.perf_counter() - begin
                running.pop()
                spent[stage] += took - inside[0]
                if running:
                    running[-1][0] += took

        def played(*arguments: Any, **settings: Any) -> Iterator:
            return iter(watched(*arguments, **settings))

        return played if stage == "playing" else watched

    try:
        for stage, functions in STAGES.items():
            for module, name in functions:
                *classes, name = name.split(".")
                owner = reduce(getattr, classes, importlib.import_module(f"..{module}", __package__))
                before.append((owner, name, getattr(owner, name)))
                setattr(owner, name, timed(stage, getattr(owner, name)))
        yield spent
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def shares(rounds: list[tuple[dict[str, float], float]]) -> dict[str, float]:
    """Stage -> its seconds over those of the bare rollout, the median over rounds; `checks` is all but the playing.

    Args:
        rounds: of each the seconds by stage, and those of the bare rollout of the same episodes.
    """
    found = {stage: float(np.median([spent[stage] / bare for spent, bare in rounds])) for stage in STAGES}
    found["checks"] = float(np.median([sum(spent[stage] for stage in CHECKS) / bare for spent, bare in rounds]))
    return {stage: round(share, 3) for stage, share in found.items()}
