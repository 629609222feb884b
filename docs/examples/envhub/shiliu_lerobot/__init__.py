"""Registers `--env.type=shiliu` with LeRobot's commands: `--env.discover_packages_path=shiliu_lerobot`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shiliu
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.envs.configs import EnvConfig

STATE = "agent_pos"  # what LeRobot calls `observation.state` in an environment


@EnvConfig.register_subclass("shiliu")
@dataclass
class ShiliuConfig(EnvConfig):
    """A scenario, or its part as far as a subgoal: `--env.task=microwave`, `--env.task=microwave.opened`."""

    task: str | None = "microwave"

    def __post_init__(self) -> None:
        schema = shiliu.load_scenario(str(self.task).partition(".")[0]).schema
        self.fps = round(1.0 / schema.control_timestep)
        around = schema.observations["observation.environment_state"]
        self.features = {
            "action": PolicyFeature(FeatureType.ACTION, schema.action.shape),
            STATE: PolicyFeature(FeatureType.STATE, schema.observations["observation.state"].shape),
            "environment_state": PolicyFeature(FeatureType.ENV, around.shape),
        }
        self.features_map = {"action": "action", STATE: "observation.state", "environment_state": around.name}

    @property
    def package_name(self) -> str:
        return "shiliu"

    @property
    def gym_id(self) -> str:
        return "shiliu/LeRobot"

    @property
    def gym_kwargs(self) -> dict[str, Any]:
        return {"task": self.task}
