"""What a delivery is counted in: who, where, what, how much of the variation, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .disputes import Dispute, error_rates
from .selection import Chosen, DeliveryPlan, JudgedTake, Refused, Verdicts
from .splits import SPLITS, unseen

BINS = 10  # of each varied number's range
FEW = 5  # takes of a skill that are called few
WELL = 0.8  # of the range that a varied number should reach into


def figures(
    plan: DeliveryPlan,
    verdicts: Verdicts,
    disputes: Mapping[str, Dispute],
    frames: Sequence[int],
    wanted: Sequence[str],
) -> dict[str, Any]:
    """Plain JSON.

    Args:
        frames: of each delivered take; wanted: splits that were asked for.
    """
    chosen, fps = plan.chosen, plan.kind.fps
    who = [(one.take.metadata.get("operator"), one.take.cell) for one in chosen]
    splits = [one.split for one in chosen]
    scenarios: dict[str, dict[str, Any]] = {}
    for one, n in zip(chosen, frames):
        of = scenarios.setdefault(one.take.scenario or "bare", {"takes": 0, "frames": 0, "succeeded": 0, "failed": 0})
        of["takes"] += 1
        of["frames"] += n
        of["succeeded"] += one.judged.succeeded is True
        of["failed"] += one.judged.succeeded is False
    there = [one.judged for one in chosen]
    unsafe = _unsafe([*there, *(one.judged for one in plan.refused if one.judged)])
    found: dict[str, Any] = {
        "takes": len(chosen),
        "seen": plan.seen,
        "frames": sum(frames),
        "seconds": round(sum(frames) / fps, 3),
        "splits": {
            name: {
                "takes": splits.count(name),
                "frames": sum(n for n, there_ in zip(frames, splits) if there_ == name),
                "operators": sorted({str(o) for (o, _), there_ in zip(who, splits) if there_ == name and o}),
                "cells": sorted({str(c) for (_, c), there_ in zip(who, splits) if there_ == name and c}),
            }
            for name in SPLITS
            if name in splits
        },
        "unseen_cells": unseen(who, splits),
        "nobody": sum(operator is None for operator, _ in who),
        "scenarios": dict(sorted(scenarios.items())),
        "operators": _counted(operator for operator, _ in who),
        "played": sum(one.played for one in there),
        "tasks": _counted(one.take.task for one in chosen),
        "made_by": _counted(one.take.made_by or "not_stated" for one in chosen),
        "centres": _counted(one.take.metadata.get("centre") for one in chosen),
        "cells": _counted(cell for _, cell in who),
        "skills": _counted(skill for one in there for skill in one.skills),
        "variation": coverage([(one.take.scenario or "bare", one.judged.draw) for one in chosen]),
        "succeeded_but_unsafe": unsafe,
        "overruled": sum(one.dispute is not None and one.dispute.lets_in for one in chosen),
        "no_word_of_consent": sum("consent" not in one.take.metadata for one in chosen),
        "refused": _counted(reason for one in plan.refused for reason in one.reasons[:1]),
        "refused_for": _counted(_cause(one) for one in plan.refused),
        "judged_by": _judges(chosen),
        "sets": [asdict(one) for one in plan.sets],
        "judge": error_rates(disputes, verdicts.of),
        "unasked": sorted(set.intersection(*(set(one.unasked) for one in there))),
    }
    found["empty_splits"] = [name for name in wanted if name not in splits]
    return found


def _judges(chosen: Sequence[Chosen]) -> list[dict[str, Any]]:
    """Version, thresholds and engine of each judge, and how many delivered takes it judged."""
    return [{**asdict(judge), "takes": n} for judge, n in sorted(Counter(one.judged.judge for one in chosen).items())]


def _cause(one: Refused) -> str | None:
    return one.judged.code if one.judged is not None and one.reasons[:1] == ("refused",) else None


def _counted(words: Any) -> dict[str, int]:
    return {
        str(word): n
        for word, n in sorted(Counter(one for one in words if one).items(), key=lambda item: (-item[1], str(item[0])))
    }


def _unsafe(judged: Sequence[JudgedTake]) -> dict[str, Any]:
    """Of all takes that did the task: in how many a limit of safety was passed all the same, and which."""
    done = [one for one in judged if one.succeeded]
    bad = [one for one in done if one.unsafe]
    share = len(bad) / len(done) if done else None
    return {
        "succeeded": len(done),
        "unsafe": len(bad),
        "share": share,
        "codes": _counted(code for one in bad for code in one.unsafe),
    }


def coverage(draws: Sequence[tuple[str, Mapping[str, Sequence[float]]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Scenario -> varied number -> `low`, `high`, `least`, `most` (SI) and `covered`, the share of ten equal bins with a take."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for scenario, draw in draws:
        for key, (value, low, high) in draw.items():
            of = found.setdefault(scenario, {}).setdefault(
                key, {"low": low, "high": high, "least": value, "most": value, "bins": [0] * BINS}
            )
            of["least"], of["most"] = min(of["least"], value), max(of["most"], value)
            place = (value - low) / (high - low) if high > low else 0.0
            of["bins"][min(BINS - 1, max(0, int(BINS * place)))] += 1
    for scenario_ in found.values():
        for of in scenario_.values():
            of["covered"] = sum(n > 0 for n in of["bins"]) / BINS
    return {name: dict(sorted(found[name].items())) for name in sorted(found)}


def gaps(found: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What a reader of the set should know that it lacks: a word of the texts, and what is filled in."""
    found_gaps: list[tuple[str, dict[str, Any]]] = []
    for name in found["empty_splits"]:
        found_gaps.append(("gap_split", {"split": name, "n": len(found["operators"])}))
    if found["nobody"]:
        found_gaps.append(("gap_nobody", {"n": found["nobody"]}))
    if found["no_word_of_consent"]:
        found_gaps.append(("gap_consent", {"n": found["no_word_of_consent"]}))
    few = [skill for skill, n in found["skills"].items() if n < FEW]
    if few:
        found_gaps.append(("gap_skills", {"list": few, "n": FEW}))
    if not found["skills"]:
        found_gaps.append(("gap_no_skills", {}))
    for scenario, keys in found["variation"].items():
        thin = [f"{key} ({100 * of['covered']:.0f} %)" for key, of in keys.items() if of["covered"] < WELL]
        if thin:
            found_gaps.append(("gap_variation", {"scenario": scenario, "list": thin}))
    if not found["variation"]:
        found_gaps.append(("gap_no_variation", {}))
    held = {name: cells for name, cells in found["unseen_cells"].items() if not cells}
    if held:
        found_gaps.append(("gap_cells", {"list": sorted(held)}))
    for one in found["sets"]:
        if one["error"] is not None:
            found_gaps.append(
                ("gap_set_left", {"set": one["source"], "declared": one["declared"], "why": one["error"]})
            )
        elif not one["declared"] == one["read"] == one["judged"]:
            found_gaps.append(("gap_set", one))
    unknown = found["takes"] - sum(of["succeeded"] + of["failed"] for of in found["scenarios"].values())
    if unknown:
        found_gaps.append(("gap_outcome", {"n": unknown}))
    if found["unasked"]:
        found_gaps.append(("gap_unasked", {"list": found["unasked"]}))
    return found_gaps
