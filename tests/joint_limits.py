"""Limits of joints by plain numbers, as tests write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shiliu.replay.robots.limits import JointLimit, Limits


def limits_of(**joints: Mapping[str, Any]) -> Limits:
    """Joint -> `position` (lower, upper) [rad] and other fields of `JointLimit`; what is None or left out is not known."""
    found = {}
    for name, given in joints.items():
        lower, upper = given.get("position", (float("nan"), float("nan")))
        rest = {key: float(value) for key, value in given.items() if key != "position" and value is not None}
        found[name] = JointLimit(name, lower, upper, **rest)
    return Limits(found)
