"""What another bound would change, from existing verdicts: nothing is judged again.

Each finding keeps the number that was held against its bound, so that it can be held against another. What a line does not hold
(how long a smaller excess lasted, what a check would have found elsewhere in the take) is not known; such a take is counted as untold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ...scenarios.sheet.errors import ShiliuError
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.quantity import UNITS, parse_quantity
from ..checks.finding import Finding
from ..checks.registry import check_of
from ..checks.rules import Rule, Rules
from ..judge.verdict import combine
from ..report.lines import VerdictLine

_CHANGE = re.compile(r"^(?P<code>[\w.]+?)(?:\.(?P<which>warn|fail))?\s*=\s*(?P<value>.+)$")
_SHARE = re.compile(r"^(?P<share>[+-]\d+(?:\.\d+)?)\s*%$")
_FIELDS = {one.name for one in fields(Finding)}
NAMED = 20  # takes that are named of those that change


@dataclass(frozen=True)
class Change:
    """One bound made another: to a value (SI), or by a share of what it is (then both bounds)."""

    code: str
    which: str
    value: float | None
    share: float | None
    text: str


def read_changes(text: str, rules: Rules) -> list[Change]:
    """`joint.velocity=-10 %, slip.warn=20 mm, force.object.fail=40 N`.

    Raises:
        ShiliuError: one that cannot be read, with the fix.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _CHANGE.match(part)
        if match is None:
            raise _wrong(f"{part!r} is no change of a bound. Write such as joint.velocity=-10 % or slip.warn=20 mm.")
        code, which, value = match["code"], match["which"], match["value"].strip()
        if code not in rules:
            raise _wrong(f"{part!r}: there is no code {code!r}.{nearest(code, list(rules))}")
        rule, share = rules[code], _SHARE.match(value)
        if share and not which and float(share["share"]) <= -100.0:
            raise _wrong(f"{part!r}: no bound is left of {code}. Write a share above -100 %.")
        if share and not which:
            found.append(Change(code, "", None, float(share["share"]) / 100.0, part))
            continue
        if share:
            raise _wrong(f"{part!r}: a share changes both bounds. Write {code}={value}, or a value with its unit.")
        bound = getattr(rule, which or "fail")
        if not isinstance(bound, float):
            each = (
                "is the robot's own, joint by joint"
                if isinstance(bound, str)
                else "is in no file of bounds; a scenario or the robot may give it"
            )
            raise _wrong(
                f"{part!r}: the bound {which or 'fail'} of {code} {each}. Change it by a share, such as {code}=-10 %."
            )
        found.append(Change(code, which or "fail", _value(value, rule, part), None, part))
    if not found:
        raise _wrong("An empty change. Write such as what_if='joint.velocity=-10 %'.")
    return found


def _value(text: str, rule: Rule, part: str) -> float:
    try:
        dimension = None if rule.unit == "1" else UNITS.get(rule.unit, (None, 1.0))[0]
        return float(text) if rule.unit == "1" and "%" not in text else parse_quantity(text, dimension)
    except ValueError as error:
        raise _wrong(f"{part!r}: {error}") from None


def _wrong(message: str) -> ShiliuError:
    return ShiliuError(message, field="what_if")


@dataclass
class WhatIf:
    """Counts, line by line.

    Attributes:
        moved: (verdict now, verdict then) -> takes; same, untold: takes.
        examples: some takes that change: (source, now, then).
        levels: code -> (level now, level then) -> findings.
    """

    changes: list[Change]
    rules: Rules
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[tuple[str, str, str]] = field(default_factory=list)
    levels: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    same: int = 0
    untold: int = 0

    def add(self, line: VerdictLine) -> None:
        """One more take."""
        if line.verdict is None or line.tree.get("provenance", {}).get("check") == "intake":
            self.untold += line.verdict is not None
            self.same += line.verdict is None
            return
        by_code = {change.code: change for change in self.changes}
        findings, changed, open_ = [], False, False
        for one in line.findings:
            change = by_code.get(str(one.get("code")))
            then = one
            if change is not None:
                level = regraded(one, change, self.rules[change.code])
                if level is None:
                    open_ = True
                elif level != one["level"]:
                    self.levels.setdefault(change.code, Counter())[(one["level"], level)] += 1
                    then, changed = one | {"level": level}, True
            findings.append(then)
        if not changed:
            self.untold += open_
            self.same += not open_
            return
        required = line.tree.get("required") or []
        if self._verdict(line.findings, required) != line.verdict:
            self.untold += 1  # judged by other rules than those that are here
            return
        verdict = self._verdict(findings, required)
        if verdict is None or verdict == line.verdict:
            self.untold += verdict is None
            self.same += verdict is not None
            return
        self.moved[(line.verdict, verdict)] += 1
        if len(self.examples) < NAMED:
            self.examples.append((line.source, line.verdict, verdict))

    def _verdict(self, findings: list[dict[str, Any]], required: list[str]) -> str | None:
        try:
            made = [Finding(**{key: one[key] for key in one if key in _FIELDS}) for one in findings]
            return combine(made, required, self.rules).verdict
        except (TypeError, ValueError, KeyError):
            return None


def regraded(one: Mapping[str, Any], change: Change, rule: Rule) -> str | None:
    """The level of a finding by other bounds; as it is where it was not held against any, None where a line does not tell."""
    level, value, limit = one.get("level"), one.get("value"), one.get("limit")
    if level not in ("PASS", "WARN", "FAIL"):
        return str(level)
    if not isinstance(value, int | float) or not isinstance(limit, int | float):
        # nothing near a bound was found, or what was found is no number
        return None if level != "PASS" else "PASS"
    if (one.get("details") or {}).get("strict"):
        return None
    if change.value is not None:
        return str(replace(rule, **{change.which: change.value}).grade_value(float(value))["level"])  # type: ignore[arg-type]
    factor = 1.0 + (change.share or 0.0)
    if isinstance(rule.fail, float) or isinstance(rule.warn, float):
        bounds = {
            which: bound * factor
            for which, bound in (("fail", rule.fail), ("warn", rule.warn))
            if isinstance(bound, float)
        }
        if "fail" in bounds or rule.fail is None:
            return str(replace(rule, **bounds).grade_value(float(value))["level"])  # type: ignore[arg-type]
    # the robot's own bound of this joint: the one that stands in the finding
    if level == "WARN" and rule.warn is not None:  # against which of the two bounds, the line does not say
        return "WARN" if factor >= 1.0 else None
    sign = -1.0 if check_of(rule.code).below else 1.0
    excess = sign * (float(value) - limit * factor)
    if excess <= 0.0:
        return "PASS" if level == "PASS" or rule.warn is None else "WARN"
    return "FAIL" if excess > rule.unsure * rule.size(limit * factor) else "WARN"
