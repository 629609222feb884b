"""Rules: what a machine's own electronics does, declared in the YAML: a condition of the sensors, and what follows.

```yaml
rules:
  time:    {counts: {pressed: oven.plus_30s}, adds: 30 s, cleared_by: {pressed: oven.stop}, runs_down: {while: {happened: cooking}}}
  cooking: {when: {all: [{pressed: oven.start}, {latched: oven.door}]}, until: {reads: {of: time, below: 0 s}}}
  cooled:  {when: {happened: cooking}, hold: 1 s, after: 20 s, drives: {oven.fan: 1}}
```

A *switch* (`when`) is on or off; a *counter* (`adds`) holds a number, and so does a *display* (`shows`), which follows a joint in
whole steps. Goals, failure modes and other rules ask for them by `happened` and `reads`. What a rule decides after a control step
is seen one control step later, by other rules too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

from ..parts.titles import check_title
from ..reading.names import Names
from ..sensing.predicate import Predicate
from ..sensing.reaction import Reaction, add_memory
from ..sensing.requests import Asks, Readings, Request
from ..sheet.near_matches import nearest
from ..sheet.yaml_reader import Node
from ..words import read_predicate
from ..words.declared import amount, memory_name

SWITCH, COUNTER = ("when", "hold", "after", "until", "drives"), (
    "counts", "turned", "adds", "at_most", "cleared_by", "runs_down",
)  # fmt: skip
DISPLAY = ("shows", "each", "is", "steps")


def is_counter(node: Node) -> bool:
    """Whether a rule of the YAML holds a number, not a switch."""
    return "adds" in node or "shows" in node


@dataclass(frozen=True)
class Switch(Asks):
    """On once `when` has held unbroken for `hold` and `after` more seconds have gone by; off again where `until` holds.

    Attributes:
        hold, after: control steps.
        driven: full names of actuators; to: what each is commanded while it is on, and zero else.
    """

    name: str
    when: Predicate
    until: Predicate | None
    hold: int
    after: int
    driven: tuple[str, ...] = ()
    to: tuple[float, ...] = ()

    @property
    def actuators(self) -> tuple[str, ...]:
        return (memory_name(self.name), f"{memory_name(self.name)} steps", *self.driven)

    def compile_into(self, spec: mujoco.MjSpec) -> None:
        for name in self.actuators[:2]:
            add_memory(spec, name)

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        return np.zeros(2 + len(self.driven))

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        steps, wanted = ctrl[:, 1], self.hold + 1
        # once it has held for long enough the rest is waiting, whatever the condition does
        steps = np.where((self.when.margin(readings) >= 0) | (steps >= wanted), steps + 1, 0.0)
        steps = np.minimum(steps, wanted + self.after)
        if self.until is not None:
            steps = np.where(self.until.margin(readings) >= 0, 0.0, steps)
        on = (steps >= wanted + self.after).astype(float)
        return np.stack([on, steps, *(on * value for value in self.to)], axis=-1)


@dataclass(frozen=True)
class Counter(Reaction):
    """A number that grows by `adds` each time a condition begins to hold, or with each step of a dial.

    Attributes:
        counts: the condition; None where it is a dial.
        dial, pitch: the joint of a dial, and how far [rad] one step of it is.
        adds, at_most: in the number's own unit.
        cleared_by: sets it to zero while it holds.
        running: while it holds the number runs down by `pace` a control step, to zero.
    """

    name: str
    counts: Predicate | None
    dial: Request | None
    pitch: float
    adds: float
    at_most: float
    cleared_by: Predicate | None
    running: Predicate | None
    pace: float

    @property
    def actuators(self) -> tuple[str, ...]:
        return (memory_name(self.name), f"{memory_name(self.name)} seen")

    def requests(self) -> list[Request]:
        asked = [p for p in (self.counts, self.cleared_by, self.running) if p is not None]
        return [*(request for p in asked for request in p.requests()), *((self.dial,) if self.dial else ())]

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        return np.zeros(2)

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        number, seen = ctrl[:, 0], ctrl[:, 1]
        if self.dial is not None:
            now = np.round(readings.first(self.dial) / self.pitch)
            number = number + (now - seen) * self.adds
        else:
            assert self.counts is not None
            now = (self.counts.margin(readings) >= 0).astype(float)
            number = number + np.where((now > 0) & (seen == 0), self.adds, 0.0)
        number = np.clip(number, 0.0, self.at_most)
        if self.cleared_by is not None:
            number = np.where(self.cleared_by.margin(readings) >= 0, 0.0, number)
        if self.running is not None:
            less = np.where(number < 1.5 * self.pace, 0.0, number - self.pace)  # what is left of a step is rounding
            number = np.where(self.running.margin(readings) >= 0, less, number)
        return np.stack([number, now], axis=-1)


@dataclass(frozen=True)
class Display(Asks, Reaction):
    """A number that follows a joint in whole steps, such as what a scale shows.

    Attributes:
        joint: what is measured; each: so much of it [rad or m] counts `unit` in the number's own unit.
        steps: the number's resolution, or the name of the value of the draw that is (`scale.resolution`).
        digit: SI value of a 1 as the display writes it: the unit in which the YAML says what `each` counts.
    """

    name: str
    joint: Request
    each: float
    unit: float
    steps: float | str
    digit: float = 1.0

    @property
    def actuators(self) -> tuple[str, ...]:
        return (memory_name(self.name), f"{memory_name(self.name)} steps")

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        return np.array([0.0, values[self.steps] if isinstance(self.steps, str) else self.steps])

    def text(self, position: float, values: Mapping[str, float]) -> str:
        """What it writes where the joint is at a position [rad or m], in a draw with these values."""
        steps = float(self.start(values)[1])
        number = np.round(position / self.each * self.unit / steps) * steps / self.digit
        decimals = max(0, int(np.ceil(-np.log10(steps / self.digit) - 1e-6)))
        return f"{number + 0.0:.{decimals}f}"

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        steps = ctrl[:, 1]
        number = np.round(readings.first(self.joint) / self.each * self.unit / steps) * steps
        return np.stack([number, steps], axis=-1)


def read_rules(node: Node, names: Names, control_timestep: float) -> list[Reaction]:
    """The rules of a scenario's YAML; what is wrong is reported."""
    found: list[Reaction] = []
    for name, child in node.items():
        if not child.mapping(optional=(*SWITCH, *COUNTER, *DISPLAY, "title")):
            continue
        check_title(child)
        if sum(any(key in child for key in kind) for kind in (SWITCH, COUNTER, DISPLAY)) != 1:
            kinds = f"a counter ({', '.join(COUNTER)}) or a display ({', '.join(DISPLAY)})"
            child.note(f"a rule is a switch ({', '.join(SWITCH)}), {kinds}.")
        elif "shows" in child:
            found += _display(name, child, names)
        elif is_counter(child):
            found += _counter(name, child, names, control_timestep)
        else:
            found += _switch(name, child, names, control_timestep)
    driven = [actuator for rule in found if isinstance(rule, Switch) for actuator in rule.driven]
    for twice in sorted({actuator for actuator in driven if driven.count(actuator) > 1}):
        node.note(f"{twice!r} is driven by two rules. Leave it to one.")
    return found


def _asked(node: Node, names: Names) -> Predicate | None:
    return None if node.value is None else read_predicate(node, names)


def _switch(name: str, node: Node, names: Names, dt: float) -> list[Reaction]:
    if not node.mapping(required=("when",), optional=(*SWITCH, "title")):
        return []
    when, until = _asked(node.child("when"), names), _asked(node.child("until"), names)
    hold, after = (node.child(key).quantity("time", default=0.0, low=0.0) for key in ("hold", "after"))
    driven: list[str] = []
    to: list[float] = []
    known = [a.name for a in names.spec.actuators if "/" in a.name]
    for word, value in node.child("drives").items():
        full = word.replace(".", "/", 1)
        if full not in known:
            value.note(f"{word!r} names no actuator.{nearest(word, [k.replace('/', '.', 1) for k in known])}")
        driven.append(full)
        to.append(amount(value))
    if when is None:
        return []
    return [Switch(name, when, until, _steps(hold, dt), _steps(after, dt), tuple(driven), tuple(to))]


def _counter(name: str, node: Node, names: Names, dt: float) -> list[Reaction]:
    node.mapping(required=("adds",), optional=(*COUNTER, "title"))
    if ("counts" in node) == ("turned" in node):
        node.note("a counter counts a condition (counts) or the steps of a dial (turned: {of: ..., by: 30 deg}).")
        return []
    counts, dial, pitch = _asked(node.child("counts"), names), None, 1.0
    if "turned" in node:
        turned = node.child("turned")
        turned.mapping(required=("of", "by"))
        joint = names.element(turned.child("of"), "joint")
        pitch = turned.child("by").quantity("angle", low=1e-3)
        dial = None if joint is None else Request("joint_position", joint)
    if counts is None and dial is None:
        return []
    down, running, pace = node.child("runs_down"), None, 0.0
    if down.value is not None:
        down.mapping(required=("while",), optional=("times",))
        running = _asked(down.child("while"), names)
        pace = dt * down.child("times").number(default=1.0)
    adds = amount(node.child("adds"))
    at_most = amount(node.child("at_most")) if "at_most" in node else np.inf
    return [Counter(name, counts, dial, pitch, adds, at_most, _asked(node.child("cleared_by"), names), running, pace)]


def _display(name: str, node: Node, names: Names) -> list[Reaction]:
    if not node.mapping(required=DISPLAY, optional=("title",)):
        return []
    joint = names.element(node.child("shows"), "joint")
    each, unit, steps = amount(node.child("each")), amount(node.child("is")), node.child("steps")
    part, _, key = str(steps.value).partition(".")
    named = part in names.parts and key in names.parts[part].params
    resolution: float | str = str(steps.value) if named else amount(steps)
    if joint is None or not each or not unit or not resolution:
        node.note("a display shows a joint: so much of it each is so much, in steps of a quantity or of a part's parameter.")
        return []
    written = str(node.child("is").value).split()
    digit = amount(Node(f"1 {written[-1]}", node.child("is").path, node.problems)) if len(written) == 2 else 1.0
    return [Display(name, Request("joint_position", joint), each, unit, resolution, digit)]


def _steps(seconds: float, dt: float) -> int:
    """Control steps that last at least so long; rounding makes none more."""
    return int(np.ceil(seconds / dt - 1e-6))
