"""Every scenario that exists is registered as `shiliu/<Scenario>-v1`, once, however often it is asked for."""

from __future__ import annotations

import gymnasium

from ..scenarios.reading.composition import CONF

LEROBOT = "shiliu/LeRobot"  # takes the scenario as `task`
VECTOR = "Vector"  # with which the name of a vector environment's class ends
ANY = "shiliu/Scenario"  # takes any scenario, a designer's own too, as `scenario`


def class_name(scenario: str) -> str:
    """`car_assembly` -> `CarAssembly`."""
    return "".join(word.capitalize() for word in scenario.split("_"))


def env_id(scenario: str) -> str:
    """`car_assembly` -> `shiliu/CarAssembly-v1`."""
    return f"shiliu/{class_name(scenario)}-v1"


def register_envs() -> None:
    """Register the package's scenarios with Gymnasium; calling it again changes nothing.

    `shiliu/Scenario` takes any scenario by its name, `gymnasium.make("shiliu/Scenario", scenario="my_table")`. `shiliu/LeRobot` is
    the form in which LeRobot asks them, `task="microwave"`. An id of one scenario refuses another `scenario`.
    """
    if LEROBOT not in gymnasium.registry:
        gymnasium.register(id=LEROBOT, entry_point="shiliu.envs.lerobot_hub:made")
        single, vector = "shiliu.envs.single:ShiliuEnv", "shiliu.envs.vector:ShiliuVectorEnv"
        gymnasium.register(id=ANY, entry_point=single, vector_entry_point=vector, kwargs={"scenario": None})  # it has to be named
    for file in sorted((CONF / "scenario").glob("*.yaml")):
        if env_id(file.stem) not in gymnasium.registry:
            own = f"shiliu.envs.scenario_envs:{class_name(file.stem)}"
            gymnasium.register(
                id=env_id(file.stem),
                entry_point=own,
                vector_entry_point=f"{own}{VECTOR}",
                kwargs={"scenario": file.stem},
            )
