"""Why a task was not done: the step that was first missed and by how much, in how many of the starts, and where the same
commands do it.

Where the same commands succeed in the scene as drawn, or where they were made, the operator did nothing wrong: the cell is
not what its survey says, or the survey is right and the commands were never meant for it. Both are for whoever surveys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....scenarios.reading.config import ScenarioConfig, nominal_values
from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.quantity import UNITS
from ...checks.finding import Finding, Table
from ...rollout.nearest import conditions_at, why_not
from ...rollout.rollout import Rollout, Take

MOST = 0.5  # a step that fewer of the starts reach is the one that is missed
SI = {dimension: unit for unit, (dimension, factor) in UNITS.items() if factor == 1.0} | {"volume": "m3"}


@dataclass(frozen=True)
class Elsewhere:
    """The same commands somewhere else, to be played once where the task was not done here.

    Attributes:
        where: `made_in` (where an episode was made), `as_drawn` (the scene without its cell), `nominal_start` (the start that
            the scenario gives), `local` (without its link).
        values: (SI) of the start there.
    """

    where: str
    scene: Scene
    take: Take


def steps_of(
    played: Sequence[Rollout], names: Sequence[str], there: dict[str, Any] | None, offset: float = 0.0
) -> list[dict[str, Any]]:
    """Each step of the task: in how many takes it was reached to stay, first and last when, and when elsewhere [s]."""
    reached = np.stack([np.where(np.isnan(one.carry.undone[0]), one.carry.reached[0], np.nan) for one in played])
    found = []
    for k, name in enumerate(names):
        times = reached[:, k][~np.isnan(reached[:, k])]
        beside = (there or {}).get("subgoals", {}).get(name)
        found.append(
            {
                "step": name,
                "reached": len(times),
                "of": len(played),
                "earliest": float(times.min()) + offset if len(times) else None,
                "latest": float(times.max()) + offset if len(times) else None,
                "elsewhere": None if beside is None else float(beside) + offset,
            }
        )
    return found


def first_missed(steps: Sequence[dict[str, Any]]) -> int | None:
    """The first step that most of the starts do not reach; None where most reach all."""
    return next((k for k, step in enumerate(steps) if step["reached"] < MOST * step["of"]), None)


def nearest_of(played: Sequence[Rollout], scene: Scene, step: int, offset: float = 0.0) -> dict[str, Any] | None:
    """Of all takes that missed a step, the moment that came nearest to it: `start` (which take), `t` [s], each condition."""
    missing = [
        (one.nearest[step], i)
        for i, one in enumerate(played)
        if np.isnan(one.carry.reached[0, step]) and len(one.nearest) > step
    ]
    known = [(near, i) for near, i in missing if near is not None]
    if not known:
        return None
    near, start = max(known, key=lambda pair: (pair[0].done, -pair[1]))
    subgoal = scene.course.subgoals[step]
    conditions = conditions_at(subgoal, near.margins)
    return {
        "start": start,
        "t": near.t + offset,
        "conditions": conditions,
        **why_not(subgoal, near, conditions),
    }


def differences(here: dict[str, float], there: dict[str, float], config: ScenarioConfig) -> list[dict[str, Any]]:
    """Values (SI) that differ between two starts, those that differ by most of what they are first."""
    found = [
        {"key": key, "here": value, "there": there[key], "by": value - there[key], "unit": _unit(key, config)}
        for key, value in here.items()
        if key in there and abs(value - there[key]) > 1e-9
    ]
    return sorted(found, key=lambda one: -abs(one["by"]) / max(abs(one["there"]), 0.1))


def _unit(key: str, config: ScenarioConfig) -> str:
    part, _, name = key.partition(".")
    if name.startswith("at."):
        return "m"
    if name == "yaw":
        return "rad"
    placed = next((p for p in config.parts if p.name == part), None)
    param = placed.part.params.get(name) if placed is not None else None
    return SI.get(param.dimension, "1") if param is not None else "1"


def explained(
    finding: Finding,
    scene: Scene,
    played: Sequence[Rollout],
    here: Take,
    elsewhere: Elsewhere | None,
    there: dict[str, Any] | None,
    offset: float = 0.0,
) -> Finding:
    """The failed `goal` with what was missing, when it should have come, and who can mend it.

    Args:
        here: a take of those that were played; there: the outcome of the same commands elsewhere, where they were played.
        offset: where the takes begin on the recording's clock [s], on which the details are reported; t0 and t1 are on the take's.
    """
    steps = steps_of(played, [s.name for s in scene.course.subgoals], there, offset)
    step = first_missed(steps)
    details = finding.details | {"steps": steps}
    undone: list[float] = []
    if step is not None:
        details["missed"] = steps[step]["step"]
        undone = [float(one.carry.undone[0, step]) for one in played if not np.isnan(one.carry.undone[0, step])]
        if undone:
            details |= {"kind": "undone", "undone": steps[step]["step"]}
        else:
            details["nearest"] = nearest_of(played, scene, step, offset)
    else:
        details["missed"] = None
        failed = [failure for one in played if (failure := scene.course.failure(one.carry)) is not None]
        details["failure"] = max(sorted(set(failed)), key=failed.count) if failed else details.get("failure")
    known: dict[str, Any] = {
        "details": details,
        "subject": (steps[step]["step"],) if step is not None else finding.subject,
    }
    if elsewhere is not None and there is not None:
        cell = scene.config.cell
        details["elsewhere"] = {"where": elsewhere.where, "success": there["success"]}
        if cell is not None:
            here_values, there_values = dict(here.draw.values), dict(elsewhere.take.draw.values)
            if elsewhere.where == "as_drawn":  # what no survey says was tried in likely starts, and is no difference
                here_values = {k: v for k, v in nominal_values(scene.config).items() if k in cell.measured}
            details["differs"] = differences(here_values, there_values, scene.config) + _stands(scene, elsewhere.scene)
        if there["success"]:
            details["owner"] = "scene"
            details["kind"] = "survey" if cell is not None else "start"
            if cell is not None:
                details["cell"] = cell.id
            if elsewhere.scene.config.link != scene.config.link:
                link = scene.config.link
                details |= {"owner": "device", "kind": "link", "delay": link.delay, "jitter": link.jitter, "loss": link.loss}
        # what was done and undone again was not due: it came
        if step is not None and not undone and steps[step]["elsewhere"] is not None:
            before = [s["elsewhere"] for s in steps[:step] if s["elsewhere"] is not None]
            known |= {"t0": float(max(before, default=offset)) - offset, "t1": float(steps[step]["elsewhere"]) - offset}
            details["due"] = steps[step]["elsewhere"]
    if undone:
        known |= {"t0": float(np.median(undone)), "t1": None}
    return finding.with_(**known)


def _stands(here: Scene, there: Scene) -> list[dict[str, Any]]:
    """Where the robot stands otherwise."""
    pairs = zip(("x", "y", "yaw"), here.config.stands_at, there.config.stands_at)
    return [
        {"key": f"robot.stands_at.{key}", "here": a, "there": b, "by": a - b, "unit": "rad" if key == "yaw" else "m"}
        for key, a, b in pairs
        if abs(a - b) > 1e-9
    ]


def tables_of(finding: Finding) -> list[Table]:
    """The steps of a task that was tried in many starts, or elsewhere too, and the conditions of the one that was missed."""
    near = finding.details.get("nearest") or {}
    conditions = [
        [one["word"], list(one["about"]), (one["value"], one["unit"]), (one["bound"], one["unit"]), one["margin"] >= 0]
        for one in near.get("conditions", ())
    ]
    found = _steps(finding.details.get("steps") or [], finding)
    return found + (
        [Table("nearest", ["condition", "about", "reached", "bound", "met"], conditions)] if conditions else []
    )


def _steps(steps: Sequence[dict[str, Any]], finding: Finding) -> list[Table]:
    if not steps:
        return []
    many = steps[0]["of"] > 1
    elsewhere = (finding.details.get("elsewhere") or {}).get("where")
    columns = ["step", "starts_reached" if many else "reached_at", *([elsewhere] if elsewhere else [])]
    rows = []
    for one in steps:
        here = f"{one['reached']} / {one['of']}" if many else one["earliest"]
        rows.append([one["step"], here, *([one["elsewhere"]] if elsewhere else [])])
    return [Table("steps", columns, rows)]
