"""Does the scene stand where the recorded places of its things say?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .check import Check
from .finding import Finding
from .rules import Rules

AGREE = 2  # things that give the same value beyond what is drawn: one alone may hang in the air


@dataclass(frozen=True)
class FoundPlaces:
    """What is found of the places, and what follows.

    Attributes:
        left: values that are not taken from the record; unsure: the reason why what happens from this start proves nothing.
    """

    findings: tuple[Finding, ...]
    left: tuple[str, ...] = ()
    unsure: str | None = None


def check_places(
    values: Mapping[str, float],
    sources: Mapping[str, tuple[str, ...]],
    outside: Mapping[str, tuple[float, float]],
    apart: Mapping[str, float],
    rules: Rules,
    surveyed: Collection[str] = (),
    impossible: Mapping[str, float] | None = None,
) -> FoundPlaces:
    """`start.place`: do things that rest agree about what they rest on, and is that as the scenario draws it?

    A scene that nobody measured makes no FAIL. Things that disagree leave the start unknown; a value beyond what the scenario
    draws is a warning where several things tell it, and is not taken from one alone. A surveyed value stands as surveyed; where
    things were recorded beyond what the survey leaves open, that is a warning: one of the two is not of this cell.

    Args:
        values: key -> what the record determines (SI); sources: by which things; outside: ends of what the scenario draws, of
            those beyond them.
        apart: thing -> by how much it lies higher than these values have it [m].
        surveyed: keys that somebody measured.
        impossible: key -> value that the places ask for and no scene can have: they are in another frame, or another unit.
    """
    rule = rules["start.place"]
    if impossible:
        parts = tuple(dict.fromkeys(key.partition(".")[0] for key in impossible))
        finding = rule.not_checked("other_frame", subject=parts, details={"impossible": dict(impossible)})
        return FoundPlaces((finding,), (), "other_frame")
    bound = rule.bound("warn")
    far = sorted((name for name, by in apart.items() if abs(by) > bound), key=lambda name: -abs(apart[name]))
    details = {"inferred": {key: values[key] for key in values}}
    kept = tuple(key for key in outside if key in surveyed)
    if far:
        off = abs(apart[far[0]])
        finding = rule.not_checked(
            "things_apart", subject=tuple(far), value=off, limit=bound, unit="m", details=details
        )
        return FoundPlaces((finding,), kept, "things_apart")
    beyond = {key: _beyond(values[key], *ends) for key, ends in outside.items() if key not in surveyed}
    alone = [key for key in beyond if len(sources[key]) < AGREE]
    if beyond:
        key = max(alone or beyond, key=lambda one: abs(beyond[one]))
        low, high = outside[key]
        about = details | {"key": key, "by": ", ".join(sources[key]), "taken": values[key], "low": low, "high": high}
        known = {"subject": (key.partition(".")[0],), "value": abs(beyond[key]), "limit": 0.0, "details": about}
        if alone:
            finding = rule.not_checked("beyond_drawn", **known, unit="m")
            return FoundPlaces((finding,), (*kept, *alone), "beyond_drawn")
        return FoundPlaces((rule.finding(level="WARN", margin=-abs(beyond[key]), **known),), kept)
    against = {key: _beyond(values[key], *outside[key]) for key in kept}
    key = max(against, key=lambda one: abs(against[one]), default="")
    if key and (by := abs(against[key])) > bound:
        low, high = outside[key]
        about = details | {"kind": "survey", "key": key, "by": ", ".join(sources[key]), "taken": values[key], "low": low, "high": high}
        known = {"subject": (key.partition(".")[0],), "value": by, "limit": bound, "margin": bound - by, "details": about}
        return FoundPlaces((rule.finding(level="WARN", **known),), kept)
    value = max(map(abs, apart.values()), default=0.0)
    return FoundPlaces((rule.passed(value=value, limit=bound, margin=bound - value, details=details),), kept)


def _beyond(value: float, low: float, high: float) -> float:
    return min(value - low, 0.0) + max(value - high, 0.0)


CHECKS = (
    Check(
        "start.place",
        of="world",
        turn=5,
        own_cause=True,
        no_example="no known fault makes it",
        no_curve="one number of the start",
    ),
)
