"""What a LeRobot set says of itself, held against the rest: the digest first, then counters, times, tables, statistics."""

from __future__ import annotations

from ..recording.declared import Declared
from .finding import Finding
from .rules import Rules
from .set_tables import TABLES, check_columns, check_digest, check_length, check_stats, check_video
from .set_times import TIMES, check_counters, check_fps, check_timestamp, rate_to_judge_by

CODES = ("set.digest", *TIMES, *(code for code in TABLES if code != "set.digest"))


def check_dataset(told: Declared | None, rules: Rules) -> list[Finding]:
    """Findings of every code of `CODES`, in the order in which a cause precedes what follows from it.

    Args:
        told: what the set says of the episode; None for a recording that is of no set.
    """
    if told is None:
        return [rules[code].not_applicable("no_set") for code in CODES]
    fps = check_fps(told, rules)
    return [
        *check_digest(told, rules),
        *check_counters(told, rules),
        *fps,
        *check_timestamp(told, rules, rate_to_judge_by(told, fps[0])),
        *check_length(told, rules),
        *check_video(told, rules),
        *check_stats(told, rules),
        *check_columns(told, rules),
    ]


def steps_back(told: Declared | None) -> tuple[float, float, int] | None:
    """Where the column `timestamp` of a set steps back: (second of the row, largest step back [s], how often); else None."""
    if told is None or told.timestamp is None or len(told.timestamp) < 2:
        return None
    step = told.timestamp[1:] - told.timestamp[:-1]
    back = [i for i, one in enumerate(step.tolist()) if one < 0]
    if not back:
        return None
    return (back[0] + 1) / (told.fps or 1.0), float(-step[back].min()), len(back)
