"""Does the record itself reach the goal? By the recorded places alone, whatever a replay does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .check import Check
from .finding import Finding
from .rules import Rules


def check_record_goal(
    steps: Sequence[str],
    reached: Mapping[str, float | None],
    strict: Mapping[str, float | None],
    unrecorded: Mapping[str, int],
    failure: tuple[str, float] | None,
    claim: bool,
    rules: Rules,
    nearest: Mapping[str, Any] | None = None,
    undone: Mapping[str, float] | None = None,
) -> list[Finding]:
    """`record.goal`: is every step of the task reached in what was recorded, to stay?

    A step that is missed though all that the record does not tell is granted is missed for certain. A miss by no more than an
    object's place is measured to is a warning.

    Args:
        steps: of the goal, in order; reached: step -> when it was reached [s], eased by the setting `place` and `turn`, None
            where it was not; strict: the same without easing.
        unrecorded: step -> how many of its words the record does not tell; failure: a failure mode that the record shows, and when.
        claim: whether the recording says that it succeeded, or is taken to say so; else nothing is held against it.
        nearest: `t`, `word`, `value`, `bound`, `unit` of the moment at which the first missed step was nearest.
        undone: step -> since when [s] one that was reached holds no more, without easing.
    """
    rule = rules["record.goal"]
    missed = next((name for name in steps if reached[name] is None), None)
    barely = next((name for name in steps if strict[name] is None), None)
    details = {"unrecorded": dict(unrecorded), "missed": missed or barely, "failure": failure and failure[0], **(nearest or {})}
    known: dict[str, Any] = {
        "value": float(sum(reached[name] is not None for name in steps)),
        "limit": float(len(steps)),
        "unit": "1",
    }
    if not claim:
        return [rule.passed(**known, details=details)]
    if failure is not None and missed is None:
        details["kind"] = "failure"
        return [
            rule.finding(
                level="FAIL", t0=failure[1], margin=-1.0, excess=1.0, subject=(failure[0],), details=details, **known
            )
        ]
    if missed is not None or barely is not None:
        level, name = ("FAIL", missed) if missed is not None else ("WARN", barely)
        short = known["limit"] - sum(strict[one] is not None for one in steps)
        at = None if nearest is None else nearest.get("t")
        if undone and name is not None and name in undone:
            at, details = undone[name], {**details, "kind": "undone"}
        return [
            rule.finding(
                level=level, t0=at, subject=(str(name),), margin=-short, excess=short, details=details, **known
            )
        ]
    return [rule.passed(t0=max(t for t in reached.values() if t is not None), **known, details=details)]


CHECKS = (
    Check(
        "record.goal",
        settings={"place": "length", "turn": "angle"},
        of="world",
        turn=12,
        own_cause=True,
        no_example="the known faults keep the places that were recorded",
        no_curve="the report draws the steps of the task",
    ),
)
