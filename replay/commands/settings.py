"""The settings of a run: composed by Hydra, checked against what the verb takes, defaults from conf/<verb>.yaml."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

from ...scenarios.reading import composition
from ...scenarios.reading.cell import list_cells, scenario_of
from ...scenarios.sheet.near_matches import refuse_unknown
from ...scenarios.sheet.own_files import read_own
from ...scenarios.sheet.yaml_reader import Node, Problems
from .command_request import CommandRequest


class Settings:
    """Composed settings of one verb, read key by key; call `stop` before they are used.

    Args:
        request: the command line.
    """

    def __init__(self, request: CommandRequest):
        overrides = _with_scenario_of_cell(request)
        self.composed = composition.compose(request.verb, overrides, request.conf_dir)
        self.problems = Problems(self.composed.places)
        self.node = Node(self.composed.tree, "", self.problems)
        self.verb, self._sweep = request.verb, request.sweep

    def __getitem__(self, key: str) -> Node:
        return self.node.child(key)

    def body(self) -> tuple[str, str | None, str | None]:
        """`robot=`, `hand=` and `base=`, in the order in which `load_robot` takes them; None where a robot's own is meant."""
        return self["robot"].word(), self["hand"].word(default=None), self["base"].word(default=None)

    def chosen(self, group: str) -> str | None:
        """Which member of a config group was chosen: on the command line, or by the verb's defaults."""
        return self.composed.chosen.get(group)

    def refuse_sweep(self, key: str, how: str) -> None:
        """Refuse `-m` of a run that goes on until somebody ends it; `key` is the setting that changes that, `how` what to write."""
        if self._sweep:
            self[key].note(f"it goes on until it is ended, so that a sweep (-m) never comes to its second run. {how}")

    def stop(self) -> None:
        """Raises: ScenarioError with everything that is wrong with the settings."""
        if self.tree.get("variant") and not (self.chosen("scenario") or self.chosen("cell")):
            self["variant"].note("a variant is one of a scenario. Name that too, by scenario=...")
        self.problems.stop(f"The settings of `shiliu {self.verb}`")

    @property
    def tree(self) -> dict[str, Any]:
        return self.composed.tree


def others(verb: str, usage: str) -> str:
    """Settings of a verb that its usage does not name, with their defaults, as they stand below it; "" where it names all."""
    file = composition.CONF / f"{verb}.yaml"
    tree = read_own(file) if file.is_file() else {}
    groups = {key: value for one in tree.pop("defaults", []) if isinstance(one, dict) for key, value in one.items()}
    left = {k: v for k, v in (groups | tree).items() if not re.search(rf"\b{k}\b[=.]", usage) and v != "???" and k != "hydra"}
    plain = [f"{k}={json.dumps(v)}" if isinstance(v, bool | None) else f"{k}={v}" for k, v in left.items() if not isinstance(v, dict)]
    plain += [f"{k}.{below}={value}" for k, v in left.items() if isinstance(v, dict) for below, value in v.items()]
    text = f"More settings, with their defaults (conf/{verb}.yaml explains each): {', '.join(plain)}."
    return "\n" + textwrap.fill(text, 96, break_on_hyphens=False) if plain else ""


def listed(node: Node) -> list[Node]:
    """The entries of a setting that is a list: `[a, b]`, a word alone, several with commas of any width between them; none for `false`."""
    value = node.value
    if value is None or value is False:
        return []
    if isinstance(value, str):
        words = [word.strip() for word in re.split(r"[,，、]", value)]
        return [Node(word, node.path, node.problems) for word in words if word]
    return list(node.each())


def _with_scenario_of_cell(request: CommandRequest) -> list[str]:
    """The overrides; where they name a cell and no scenario, with the scenario that the cell's file names.

    Raises:
        ScenarioError: there is no such scenario.
    """
    overrides = composition.by_name(request.verb, request.overrides, request.conf_dir)
    keys = {_key(word) for word in overrides}
    if "cell" not in keys or "scenario" in keys or not {"cell", "scenario"} <= composition.groups(request.verb, request.conf_dir):
        return overrides
    name = next(word for word in reversed(overrides) if _key(word) == "cell").partition("=")[2].strip("'\"")
    path = list_cells(request.conf_dir).get(name)
    scenario = scenario_of(path) if path is not None else None
    if path is None or scenario is None:
        return overrides  # what is wrong is reported where the cell is read
    refuse_unknown_scenario(scenario, path, request.conf_dir)
    return [f"scenario={scenario}", *overrides]


def refuse_unknown_scenario(name: str, file: Path, conf_dir: Path | None) -> None:
    """Raises: ScenarioError where a file names a scenario that there is not."""
    known = composition.list_scenarios(conf_dir)
    refuse_unknown(name, known, f"There is no scenario {name!r}.", file=composition.shown(file), field="scenario")


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~").partition("@")[0]
