"""Answers: what the robot has to tell of the scene, such as the reading of a gauge.

```yaml
answers:
  large_gauge: {of: pipes.large_reading, title: {en: reading of the large gauge, zh: 大压力表读数}}
goal:
  reported: {answered: {of: large_gauge, within: 2 %}}
```

What is asked is a parameter of a part. An answer is two numbers of the action: `answer.large_gauge`, in the parameter's own unit, and
`answer.large_gauge.given`, 1 once it has been given. So it is recorded, replayed and imitated like every other command of the robot,
and the last answer counts. What is true stands in a memory, as the draw has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ..parts.part import Param, Part
from ..parts.titles import check_title
from ..sensing.reaction import Reaction, add_memory, memory
from ..sensing.requests import Asks, Readings, Request
from ..sheet.errors import ScenarioError
from ..sheet.near_matches import nearest
from ..sheet.yaml_reader import Node

GIVEN = 0.5  # from here on an answer is given: what lies between 0 and 1 comes from a command that was resampled
GRANTED = 2.0  # what the judge writes there of an answer that nobody recorded: the rest of the task is judged, this is not


@dataclass(frozen=True)
class AskedAnswer:
    """Something that the robot has to tell.

    Attributes:
        name: its word in the YAML; key: of the value of a draw (`pipes.large_reading`) that is true.
        param: the part's parameter, with its unit and its range.
    """

    name: str
    key: str
    param: Param

    @property
    def columns(self) -> tuple[str, str]:
        """Names of its two elements of the action, and of the actuators that keep them."""
        return f"answer.{self.name}", f"answer.{self.name}.given"

    @property
    def value(self) -> Request:
        return memory(self.columns[0])

    @property
    def given(self) -> Request:
        return memory(self.columns[1])

    @property
    def truth(self) -> Request:
        return memory(f"truth {self.name}")


def read_answers(node: Node, parts: Mapping[str, Part]) -> tuple[AskedAnswer, ...]:
    """`answers: {large_gauge: {of: pipes.large_reading}}`; what is wrong is noted."""
    found = []
    for name, child in node.items():
        if not child.mapping(required=("of",), optional=("title",)):
            continue
        check_title(child)
        key = child.child("of").word()
        part, _, word = key.partition(".")
        params = parts[part].params if part in parts else {}
        if word not in params:
            known = [f"{p}.{one}" for p in parts for one in parts[p].params]
            child.child("of").note(f"{key!r} is no parameter of a part.{nearest(key, known)}")
        elif not np.isfinite([params[word].low, params[word].high]).all():
            child.child("of").note(f"{key!r} has no min and max in its part's sheet, between which an answer lies.")
        else:
            found.append(AskedAnswer(name, key, params[word]))
    return tuple(found)


def add_answers(spec: mujoco.MjSpec, asked: Sequence[AskedAnswer]) -> None:
    """Add what keeps the answers to a robot's spec, after the robot's own actuators."""
    for name in (column for one in asked for column in one.columns):
        add_memory(spec, name)


def columns_of(asked: Sequence[AskedAnswer]) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray, np.ndarray]:
    """Names, units, lower and upper ends of the elements of the action with which answers are given."""
    names = tuple(column for one in asked for column in one.columns)
    units = tuple(unit for one in asked for unit in (one.param.unit, "1"))
    low = np.array([end for one in asked for end in (one.param.low, 0.0)])
    high = np.array([end for one in asked for end in (one.param.high, 1.0)])
    return names, units, low, high


def with_answers(actions: np.ndarray, names: Sequence[str], answers: Mapping[str, float]) -> np.ndarray:
    """A copy of actions (..., nu) in which these answers are given.

    Args:
        names: (nu,) elements of the action, `scene.schema.action.names`.
        answers: name -> value [SI].

    Raises:
        ScenarioError: the scene asks for none of that name.
    """
    answered = np.array(actions)
    for name, value in answers.items():
        column = f"answer.{name}"
        if column not in names:
            asked = [one.removeprefix("answer.") for one in names if one.startswith("answer.") and not one.endswith(".given")]
            raise ScenarioError(f"{name!r} is nothing that the scene asks for.{nearest(name, asked)}", field="answers")
        answered[..., names.index(column)] = value
        answered[..., names.index(f"{column}.given")] = 1.0
    return answered


@dataclass(frozen=True)
class Truths(Asks, Reaction):
    """The reaction that keeps values of the draw, each by its key: it reacts to nothing."""

    kept: tuple[tuple[str, Request], ...]

    @property
    def actuators(self) -> tuple[str, ...]:
        return tuple(memory.of for _, memory in self.kept)

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        return np.array([values[key] for key, _ in self.kept])

    def react(self, readings: Readings, ctrl: np.ndarray) -> Any:
        return ctrl
