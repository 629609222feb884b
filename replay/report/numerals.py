"""How numbers are written in reports: figures, moments, shares, quantities with their unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..checks.finding import Finding

MISSING = "?"


def number(value: Any) -> str:
    """A number in three figures, without exponent where a person would write none: ``8.4``, ``0.19``, ``2117``."""
    if hasattr(value, "item"):
        value = value.item()  # a NumPy scalar
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if value == 0 or 1e-4 <= abs(value) < 1e7:
        digits = 3 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
        text = f"{value:.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    return f"{value:.2e}"


def seconds(value: float) -> str:
    """A moment or a span of an episode: two decimals, ``5.87 s``."""
    return f"{value:.2f} s"


def percent(share: float) -> str:
    """A share as percent; a decimal only below one percent."""
    return f"{100 * share:.0f} %" if abs(share) >= 0.01 or share == 0 else f"{100 * share:.1f} %"


@dataclass(frozen=True)
class OwnUnit:
    """The unit in which a recording has its angles, where that is not rad: it stands first.

    Attributes:
        name: `deg`, `tick`; per: rad of one; unit: of the numbers that are written, `rad` or `rad/s`.
    """

    name: str
    per: float
    unit: str

    def written(self, value: float) -> str:
        """`100° (1.75 rad)`, `57 tick/s (0.0874 rad/s)`."""
        rate = self.unit.removeprefix("rad")
        own = number(float(f"{value / self.per:.6g}"))
        shown = f"{own}°" if self.name == "deg" and not rate else f"{own} {'°' if self.name == 'deg' else self.name}{rate}"
        return f"{shown} ({number(value)} {self.unit})"


def unit_of(finding: Finding) -> str | OwnUnit | None:
    """The unit in which the numbers of a finding are written."""
    own = finding.details.get("own_unit") if finding.details else None
    if finding.unit in ("rad", "rad/s") and isinstance(own, list | tuple):
        return OwnUnit(str(own[0]), float(own[1]), finding.unit)
    return finding.unit


def angle_unit(finding: Finding) -> str:
    """The unit in which a joint's range is written."""
    unit = unit_of(finding)
    return "°" if isinstance(unit, OwnUnit) and unit.name == "deg" else unit.name if isinstance(unit, OwnUnit) else str(unit)


def in_own_unit(words: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """Template fields that are angles of a joint's range, in the recording's own unit where the finding has one."""
    unit = unit_of(finding)
    if not isinstance(unit, OwnUnit):
        return words
    angles = {key: words[key] / unit.per for key in ("lower", "upper", "by") if isinstance(words.get(key), float)}
    return {**words, **angles, **({"unit": angle_unit(finding)} if "unit" in words else {})}


def quantity(value: Any, unit: str | OwnUnit | None) -> str:
    """A number with its unit; below 0.1 m in mm, below 0.1 s in ms, radians with the degrees beside them."""
    if value is None:
        return MISSING
    if isinstance(unit, OwnUnit):
        if isinstance(value, (int, float)) and math.isfinite(value):
            return unit.written(value)
        unit = unit.unit
    if not unit or unit == "1":
        return number(value)
    if isinstance(value, (int, float)) and math.isfinite(value):
        if unit == "m" and abs(value) < 0.1:
            return f"{number(1000.0 * value)} mm"
        if unit == "s" and 0 < abs(value) < 0.1:
            return f"{number(1000.0 * value)} ms"
        if unit == "rad":
            return f"{number(value)} rad ({number(round(math.degrees(value), 1))}°)"
    return f"{number(value)} {unit}"
