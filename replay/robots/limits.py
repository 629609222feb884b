"""What a robot may do, joint by joint, each number with its source and grade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...scenarios.sheet.errors import ScenarioError

GRADES = ("published", "measured", "estimate")  # of a source
FIELDS = ("position", "velocity", "peak_velocity", "torque_rated", "torque_limit", "torque_peak")


@dataclass(frozen=True)
class JointLimit:
    """The limits of one joint, SI, NaN where not known; `velocity` and `peak_velocity` are the maker's two tables."""

    name: str
    lower: float = float("nan")
    upper: float = float("nan")
    velocity: float = float("nan")
    peak_velocity: float = float("nan")
    torque_rated: float = float("nan")
    torque_limit: float = float("nan")
    torque_peak: float = float("nan")

    @property
    def speed_larger(self) -> float:
        """The larger of the two speed tables, which contradict each other on the wrists; NaN where neither speaks."""
        return float(np.fmax(self.velocity, self.peak_velocity))

    @property
    def speed_smaller(self) -> float:
        return float(np.fmin(self.velocity, self.peak_velocity))


@dataclass(frozen=True)
class Limits:
    """The limits of a robot by joint name; `sources`: field -> {source, grade}, and `own` the same joint by joint."""

    joints: Mapping[str, JointLimit]
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.joints

    def __getitem__(self, name: str) -> JointLimit:
        return self.joints[name]

    def column(self, names: Iterable[str], what: str) -> np.ndarray:
        """(k,) one limit for each of these joints, NaN where unknown; `what` is a field of `JointLimit`."""
        unknown = JointLimit("")
        return np.array([float(getattr(self.joints.get(name, unknown), what)) for name in names])

    def source(self, what: str, joint: str = "") -> dict[str, str]:
        """limit_source and limit_grade of a field (of one joint), for a finding; empty where nothing is told."""
        known = self.own.get(joint, {}).get(what) or self.sources.get(what, {})
        return {f"limit_{key}": known[key] for key in ("source", "grade") if key in known}

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> Limits:
        """Limits from plain data.

        Args:
            tables: {"joints": {name: {"position": [lower, upper], "velocity", "peak_velocity", "torque_rated",
                "torque_limit",
                "torque_peak"}}, "sources": {field: {"source", "grade"}}}; numbers SI, anything may be left out.

        Raises:
            ScenarioError: an unknown field, or a range that is upside down.
        """
        joints = {}
        for name, given in tables.get("joints", {}).items():
            unknown = set(given) - set(FIELDS)
            if unknown:
                raise ScenarioError(
                    f"unknown limit {sorted(unknown)}. Known: {', '.join(FIELDS)}.", field=f"joints.{name}"
                )
            lower, upper = (float(end) for end in given.get("position") or (np.nan, np.nan))
            if lower > upper:
                raise ScenarioError(f"the range {lower} to {upper} is upside down.", field=f"joints.{name}.position")
            rest = {key: float(given[key]) for key in FIELDS[1:] if given.get(key) is not None}
            joints[str(name)] = JointLimit(str(name), lower, upper, **rest)
        return cls(joints, dict(tables.get("sources", {})))
