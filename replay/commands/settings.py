"""The settings of a run: composed by Hydra, checked against what the verb takes, defaults from conf/<verb>.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...scenarios.reading import composition
from ...scenarios.reading.yaml_reader import Node, Problems

if TYPE_CHECKING:
    from ...cli import CommandRequest


class Settings:
    """Composed settings of one verb, read key by key; call `stop` before they are used.

    Args:
        request: the command line.
    """

    def __init__(self, request: CommandRequest):
        self.composed = composition.compose(request.verb, request.overrides, request.conf_dir)
        self.problems = Problems(self.composed.places)
        self.node = Node(self.composed.tree, "", self.problems)
        self.verb = request.verb

    def __getitem__(self, key: str) -> Node:
        return self.node.child(key)

    def chosen(self, group: str) -> str | None:
        """Which member of a config group was chosen: on the command line, or by the verb's defaults."""
        return self.composed.chosen.get(group)

    def stop(self) -> None:
        """Raises: ScenarioError with everything that is wrong with the settings."""
        if self.tree.get("variant") and not (self.chosen("scenario") or self.chosen("cell")):
            self["variant"].note("a variant is one of a scenario. Name that too, by scenario=...")
        self.problems.stop(f"The settings of `shiliu {self.verb}`")

    @property
    def tree(self) -> dict[str, Any]:
        return self.composed.tree
