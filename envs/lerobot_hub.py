"""A scenario as LeRobot's tools load and ask it: the keys of their observations, their attributes, and what an EnvHub makes.

Nothing of LeRobot is imported here. Its rollout renames `agent_pos` to `observation.state`, and `environment_state` and `pixels` in the
same way. So a policy sees the columns of a recorded set. It asks for `_max_episode_steps` and `task_description`, and counts `is_success`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Dict
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from ..scenarios.sheet import arguments
from .interface import as_action
from .rendering import missing
from .reset_options import steps_at
from .single import ShiliuEnv

STATE = "agent_pos"  # what LeRobot calls `observation.state` in an environment
OF_LEROBOT = "lerobot_"  # so begin the options that its rollout puts into `reset`
BLACK = (96, 128, 3)  # of a picture where there is no OpenGL


class LeRobotEnv(gymnasium.Wrapper):
    """One scenario with the observation keys, attributes and info of LeRobot's environments.

    Args:
        task: a scenario, or `scenario.subgoal` for the part as far as that, such as `microwave.opened`.
        images: cameras with pictures in the observation, such as `["head"]`.
        options: others of `ShiliuEnv`.

    A target beyond the action space is clipped: a network knows no bounds, and `step` of the scenario itself refuses what lies outside.
    `lerobot-eval` films its first ten episodes; without OpenGL the film is black, and a warning says so.

    Attributes:
        task: as given; task_description: the sentence of this episode, in English.
    """

    def __init__(self, task: str = "microwave", *, images: Sequence[str] = (), pace: float | str = 1.0, **options: Any):
        arguments.no_others(options, ShiliuEnv.__init__, ("scenario", "until"))  # which `task` names
        task = arguments.word("task", task, "a scenario's name, such as 'microwave', or 'scenario.subgoal', such as 'microwave.opened'")
        scenario, _, until = task.partition(".")
        options = {"reward": "sparse", "render_mode": "rgb_array", **options}
        inner = ShiliuEnv(scenario, images=images, until=until or None, pace=pace, **options)
        super().__init__(inner)
        self._sees: bool | None = None  # whether pictures can be drawn here; None: nobody asked for one
        self.task = task
        self.task_description = task
        self._max_episode_steps = steps_at(inner.scene, pace)
        self._low, self._high = inner.interface.action_space.low, inner.interface.action_space.high
        spaces = dict(inner.interface.observation_space.spaces)
        self.observation_space = Dict(_renamed(spaces, Dict))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode; options of LeRobot's rollout are none of the scenario's."""
        own = {name: value for name, value in (options or {}).items() if not name.startswith(OF_LEROBOT)}
        observation, info = self.env.reset(seed=seed, options=own or None)
        self.task_description = (info.get("task") or {}).get("en") or self.task
        return _renamed(observation), _info(info)

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control period with the action clipped to its space."""
        inside = np.clip(as_action(action), self._low, self._high)
        observation, reward, terminated, truncated, info = self.env.step(inside)
        return _renamed(observation), float(reward), terminated, truncated, _info(info)

    def render(self) -> Any:
        """(height, width, 3) uint8 of the scenario's overview."""
        if self._sees is None:
            why = missing()
            self._sees = why is None
            if why is not None:
                gymnasium.logger.warn(f"The film stays black. {why}")
        return self.env.render() if self._sees else np.zeros(BLACK, np.uint8)


def made(task: str = "microwave", **options: Any) -> LeRobotEnv:
    """What `gymnasium.make("shiliu/LeRobot", task=…)` gives."""
    # a function: of a class Gymnasium reads `metadata`, which a wrapper has only when it is made
    return LeRobotEnv(task, **options)


def _renamed(values: dict[str, Any], tree: Any = dict) -> dict[str, Any]:
    """Observations or their spaces under LeRobot's keys; pictures under `pixels`, by camera."""
    found, pixels = {}, {}
    for name, value in values.items():
        word = name.removeprefix("observation.")
        if word.startswith("images."):
            pixels[word.removeprefix("images.")] = value
        else:
            found[STATE if word == "state" else word] = value
    return {**found, "pixels": tree(pixels)} if pixels else found


def _info(info: dict[str, Any]) -> dict[str, Any]:
    """What LeRobot counts, and what went wrong; a vector environment wants the same types in every copy."""
    return {"is_success": bool(info["success"]), "failure": info["failure"] or "", "time": float(info["time"])}


def make_lerobot_env(
    n_envs: int = 1, use_async_envs: bool = False, cfg: Any = None
) -> dict[str, dict[int, gymnasium.vector.VectorEnv]]:
    """Copies of a scenario as LeRobot's tools ask them: the entry `make_env` of an EnvHub's `env.py`.

    Args:
        n_envs: copies; use_async_envs: each in a process of its own.
        cfg: LeRobot's EnvConfig, of which `task` is taken (see `LeRobotEnv`); the microwave where there is none.

    Returns:
        `{"shiliu": {0: vector}}`, which resets in the step that ends an episode, as LeRobot's rollout expects.

    Raises:
        ArgumentError: fewer than one copy, or more than one can count.
    """
    n_envs = arguments.whole("n_envs", n_envs, 1, arguments.COPIES)
    arguments.flags(use_async_envs=use_async_envs)
    task = getattr(cfg, "task", None) or "microwave"
    made = [lambda: LeRobotEnv(task)] * n_envs
    vector: gymnasium.vector.VectorEnv
    if use_async_envs:
        vector = AsyncVectorEnv(made, context="spawn", autoreset_mode=AutoresetMode.SAME_STEP)
    else:
        vector = SyncVectorEnv(made, autoreset_mode=AutoresetMode.SAME_STEP)
    return {"shiliu": {0: vector}}
