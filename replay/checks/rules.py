"""The bounds of every check, read from `conf/check/<name>.yaml`: one block a code, with units, source and grade."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.own_files import sheets_in, written
from ...scenarios.sheet.quantity import UNITS
from ...scenarios.sheet.yaml_reader import Node, Problems, places_in, read_yaml
from ..robots.limits import GRADES
from .finding import STAGES, Finding
from .registry import check_of, registry

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "check"
OWNERS = ("operator", "device", "scene", "robot", "auditor")
SIGNALS = ("command", "measured", "retargeted", "replayed", "recording")
# bounds that the robot gives, joint by joint; see limits.py
TABLES = ("range", "speed_larger", "speed_smaller", "torque_limit", "torque_peak", "torque_rated")


@dataclass(frozen=True)
class Rule:
    """How one code is judged. Bounds are SI numbers, or a word of `TABLES` for what each joint brings along."""

    code: str
    stage: str
    signal: str
    unit: str
    source: str
    grade: str
    owner: str
    warn: float | str | None = None
    fail: float | str | None = None
    unsure: float = 0.0
    scale: float | str = "limit"
    shortest: float = 0.0
    shortest_warn: float = 0.0
    filter: str = "none"
    window: float = 0.06
    rate: float = 50.0
    required: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    def grade_value(
        self,
        value: float,
        *,
        fail: float | None = None,
        warn: float | None = None,
        sustained: float | None = None,
        sure: bool = True,
    ) -> dict[str, Any]:
        """Compare one number with its bounds; whether the forbidden side is below them, the check's record says.

        Args:
            value: what was found.
            fail, warn: bounds of this joint or stream; by default those of the rule.
            sustained: the value that lasted for `shortest_warn`, held against the warning bound; by default `value`.
            sure: whether it may be a FAIL; else it is a WARN at most.

        Returns:
            The fields level, value, limit, margin, excess and unit of a finding. Inside the band `unsure` x scale
            around the FAIL
            bound a violation is a WARN. `limit` is the bound that was passed; where none was, the one that stands for
            FAIL.
        """
        fail = (self.fail if isinstance(self.fail, float) else None) if fail is None else fail
        warn = (self.warn if isinstance(self.warn, float) else None) if warn is None else warn
        sustained = value if sustained is None else sustained
        sign = -1.0 if check_of(self.code).below else 1.0
        level, limit, shown = "PASS", fail if fail is not None else warn, value
        if fail is not None and sign * (value - fail) > 0.0:
            level = "FAIL" if sure and sign * (value - fail) > self.unsure * self.size(fail) else "WARN"
        elif warn is not None and sign * (sustained - warn) > 0.0:
            level, limit, shown = "WARN", warn, sustained
        graded: dict[str, Any] = {
            "level": level,
            "value": shown,
            "limit": limit,
            "margin": None,
            "excess": 0.0,
            "unit": self.unit,
        }
        if limit is not None:
            graded["margin"] = sign * (limit - shown)
            graded["excess"] = max(0.0, -graded["margin"]) / self.size(limit)
        return graded

    def bound(self, which: str) -> float:
        """The `warn` or `fail` bound as a number; a code with a bound that is a word or missing is asked wrongly."""
        value = getattr(self, which)
        if not isinstance(value, float):
            raise TypeError(f"{self.code} has no {which} bound of its own, but {value!r}")
        return value

    def size(self, limit: float) -> float:
        """What an excess is counted in: the rule's scale, or the limit itself."""
        size = abs(limit) if isinstance(self.scale, str) else self.scale
        return size or 1.0

    def finding(self, **known: Any) -> Finding:
        """A finding of this code with stage, signal, unit, source and grade filled in."""
        filled = {"signal": self.signal, "unit": self.unit, "limit_source": self.source, "limit_grade": self.grade}
        return Finding(code=self.code, stage=self.stage, **(filled | known))

    def beyond(self, value: float, limit: float = 0.0, **known: Any) -> Finding:
        """A finding of a value above what may be: a FAIL, if `level` says nothing else."""
        by = value - limit
        graded = {"level": "FAIL", "value": value, "limit": limit, "margin": -by, "excess": by / self.size(limit)}
        return self.finding(**(graded | known))

    def passed(self, **known: Any) -> Finding:
        return self.finding(level="PASS", **({"excess": 0.0} | known))

    def not_checked(self, reason: str, **known: Any) -> Finding:
        return self.finding(level="NOT_CHECKED", reason=reason, **known)

    def not_applicable(self, reason: str, **known: Any) -> Finding:
        return self.finding(level="NOT_APPLICABLE", reason=reason, **known)


REQUIRED = ("stage", "signal", "unit", "source", "grade", "owner")
KEYS = (*(one.name for one in fields(Rule) if one.name not in ("code", "settings")), "with")  # of a block, in the file


class Rules(Mapping[str, Rule]):
    """All rules of one thresholds file, by code. `digest` names the file's content in a verdict's provenance."""

    def __init__(self, name: str, rules: dict[str, Rule], digest: str) -> None:
        self.name = name
        self.digest = digest
        self._rules = rules

    def __getitem__(self, code: str) -> Rule:
        if code not in self._rules and code.startswith("scenario."):
            return self._rules["scenario"]  # what a scenario forbids is named there, not here
        return self._rules[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def order(self, code: str) -> int:
        """Place of a code in its file: what stands further up is the cause where two begin together."""
        codes = list(self._rules)
        return codes.index(code) if code in self._rules else len(codes)

    @property
    def optional(self) -> frozenset[str]:
        """Codes that are never required, because no limit is published or measured for them."""
        return frozenset(code for code, rule in self._rules.items() if not rule.required)


def load_rules(name: str = "arm_manipulation", folder: Path | None = None) -> Rules:
    """Read and validate a thresholds file.

    Args:
        name: file stem in `conf/check/`.
        folder: another folder to look in.

    Raises:
        ScenarioError: the file does not exist, or with every problem in it, each with its line; or it lacks the block of a code.
    """
    folder = folder or FOLDER
    known = sheets_in(folder)
    if name not in known:
        raise ScenarioError(f"No thresholds named {name!r}.{nearest(name, list(known))}", field="judge.thresholds")
    return _read_once(name, known[name], written(known[name]), tuple(registry()))


@cache
def _read_once(name: str, path: Path, when: tuple[int, int], codes: tuple[str, ...]) -> Rules:
    """Read once in a process, since every take is held against the same; anew where the file or the checks that there are have changed."""
    return read_rules(name, path)


def read_rules(name: str, path: Path) -> Rules:
    """The bounds of one file, read anew; raises as `load_rules`."""
    shown = f"conf/check/{path.name}"
    problems = Problems(places=places_in(path, shown))
    text = path.read_text(encoding="utf-8")
    rules: dict[str, Rule] = {}
    root = Node(read_yaml(path, shown), "", problems)
    _collect(root, "", rules)
    if not problems.found and (missing := [code for code in registry() if code not in rules]):
        root.note(f"no block for {', '.join(missing)}. Copy what is missing from conf/check/arm_manipulation.yaml.")
    problems.stop(shown)
    return Rules(name, rules, hashlib.sha256(text.encode()).hexdigest()[:12])


def _collect(node: Node, code: str, rules: dict[str, Rule]) -> None:
    """Walk the nested groups (`joint: {velocity: {...}}`) down to the rules of the codes that there are."""
    if code in registry():
        rules[code] = _rule(code, node)
        return
    above = f"{code}." if code else ""
    below = [known.removeprefix(above).partition(".")[0] for known in registry() if known.startswith(above)]
    if node.mapping(optional=tuple(dict.fromkeys(below))):
        for key, child in node.items():
            if key in below:
                _collect(child, f"{above}{key}", rules)


def _rule(code: str, node: Node) -> Rule:
    node.mapping(required=REQUIRED, optional=KEYS)
    unit = node.child("unit").word()
    dimension = None if unit == "1" else UNITS.get(unit, (None, 1.0))[0]
    if unit != "1" and dimension is None:
        node.child("unit").note(f"{unit!r} is no unit.{nearest(unit, [*UNITS, '1'])}")
    shortest = node.child("shortest").quantity("time", 0.0, low=0.0)
    return Rule(
        code=code,
        stage=node.child("stage").word(choices=STAGES),
        signal=node.child("signal").word(choices=SIGNALS),
        unit=unit,
        source=node.child("source").word(),
        grade=node.child("grade").word(choices=GRADES),
        owner=node.child("owner").word(choices=OWNERS),
        warn=_bound(node.child("warn"), dimension),
        fail=_bound(node.child("fail"), dimension),
        unsure=node.child("unsure").quantity("share", 0.0, low=0.0),
        scale=_scale(node.child("scale"), dimension),
        shortest=shortest,
        shortest_warn=node.child("shortest_warn").quantity("time", shortest, low=0.0),
        filter=node.child("filter").word("none"),
        window=node.child("window").quantity("time", 0.06, low=0.001),
        rate=node.child("rate").quantity("frequency", 50.0, low=1.0),
        required=node.child("required").flag(True),
        settings=_settings(code, node.child("with")),
    )


def _bound(node: Node, dimension: str | None) -> float | str | None:
    if node.value is None:
        return None
    if node.value in TABLES:
        return str(node.value)
    return node.number() if dimension is None else node.quantity(dimension)


def _scale(node: Node, dimension: str | None) -> float | str:
    if node.value is None or node.value == "limit":
        return "limit"
    size = node.number() if dimension is None else node.quantity(dimension)
    if not size > 0.0 or not math.isfinite(size):
        node.note(f"a scale is a positive size, not {node.value!r}.")
    return size


def _settings(code: str, node: Node) -> dict[str, Any]:
    known = check_of(code).settings  # what a code may say under `with`, and the dimension of each
    if node.value is None:
        if known:
            node.note(f"the settings {', '.join(known)} are missing.")
        return {}
    if not node.mapping(required=tuple(known), optional=()):
        return {}
    read: dict[str, Any] = {}
    for key, dimension in known.items():
        child = node.child(key)
        if dimension == "numbers":
            read[key] = tuple(item.number() for item in child.each())
        elif dimension == "number":
            read[key] = child.number()
        else:
            read[key] = child.quantity(dimension)
    return read
