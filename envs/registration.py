"""Every scenario that exists is registered as `shiliu/<Scenario>-v1`, once, however often it is asked for."""

from __future__ import annotations

import gymnasium

from ..scenarios.catalog import list_scenarios
from ..scenarios.composition import CONF


def env_id(scenario: str) -> str:
    """`car_assembly` -> `shiliu/CarAssembly-v1`."""
    return f"shiliu/{''.join(word.capitalize() for word in scenario.split('_'))}-v1"


def register_envs() -> None:
    """Register the package's scenarios with Gymnasium; calling it again changes nothing."""
    for name, file in list_scenarios().items():
        if CONF in file.parents and env_id(name) not in gymnasium.registry:
            gymnasium.register(id=env_id(name), entry_point="shiliu.envs.single:ShiliuEnv", kwargs={"scenario": name})
