"""What a robot may do, joint by joint, each number with its source and grade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

GRADES = ("published", "measured", "estimate")  # of a source


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

    @cached_property
    def ranges(self) -> tuple[tuple[str, tuple[float, float]], ...]:
        """Joint and its (lowest, highest) [rad]."""
        return tuple((name, (one.lower, one.upper)) for name, one in self.joints.items())

    def column(self, names: Iterable[str], what: str) -> np.ndarray:
        """(k,) one limit for each of these joints, NaN where unknown; `what` is a field of `JointLimit`."""
        unknown = JointLimit("")
        return np.array([float(getattr(self.joints.get(name, unknown), what)) for name in names])

    def source(self, what: str, joint: str = "") -> dict[str, str]:
        """limit_source and limit_grade of a field (of one joint), for a finding; empty where the sheet names none."""
        known = self.own.get(joint, {}).get(what) or self.sources.get(what, {})
        return {f"limit_{key}": known[key] for key in ("source", "grade") if key in known}
