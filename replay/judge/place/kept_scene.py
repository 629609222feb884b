"""The scene that an episode was made in, of the config that it carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....scenarios.catalog.catalog import scene_of_tree
from ....scenarios.legs.policy_file import policy_of_episode
from ....scenarios.reading.cell import cell_of_config
from ....scenarios.reading.config import GOAL_RULES, LATCHED
from ....scenarios.robots.leg_policy import LegPolicy
from ....scenarios.robots.robot_folder import DEFAULT_ROBOT
from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import ScenarioError


def scene_of_config(config: Mapping[str, Any], policy: LegPolicy | None = None) -> Scene:
    """The scene of a config that an episode carries, see `SimEpisode.config`.

    Args:
        policy: that the user gives, for one that was made on legs which a policy moved.

    Raises:
        ScenarioError: it cannot be built any more.
    """
    kept, robot = config.get("legs"), str(config.get("robot", DEFAULT_ROBOT))
    return scene_of_tree(
        str(config.get("name", "scenario")),
        config["scenario"],
        **{key: config[key] for key in ("robot", "hand", "base") if key in config},
        cell=cell_of_config(config.get("cell")),
        goal_rule=_goal_rule(config),
        policy=None if kept is None else policy_of_episode(kept, robot, policy),
    )


def _goal_rule(config: Mapping[str, Any]) -> str:
    """How the goal of an episode is judged: as its config says, and latched where it is older than the rule.

    Raises:
        ScenarioError: a rule that this version does not know.
    """
    rule = config.get("goal_rule", LATCHED)
    if rule not in GOAL_RULES:
        raise ScenarioError(
            f"{rule!r} is no rule of a goal; known: {', '.join(GOAL_RULES)}. Judge it with the version that made it.",
            field="goal_rule",
        )
    return str(rule)
