"""One scenario as a dm_env environment, in the manner of `dm_control.rl.control`: the same episode as the Gymnasium face.

`dm_control.viewer` opens it. dm_control itself is imported only where somebody asks for `physics`.
"""

from __future__ import annotations

from typing import Any

import dm_env
import gymnasium
import mujoco
import numpy as np
from dm_env import specs

from ..scenarios.reading.config import nominal_values
from ..scenarios.scene.scene import Scene
from ..scenarios.sheet import arguments
from .single import ShiliuEnv

STATE = mujoco.mjtState.mjSTATE_INTEGRATION


def make_dm_env(scenario: str | Scene = "microwave", *, seed: int | None = None, **options: Any) -> DmEnvironment:
    """A scenario as a dm_env environment.

    Args:
        scenario: name of a scenario, or a Scene.
        seed: of the draws; the first episode is that of `reset(seed=seed)` of the Gymnasium face, those after it go on.
        options: those of `ShiliuEnv`: action, observations, images, reward, until, link, vary, variant, cell, ...

    Raises:
        ScenarioError: a name that does not exist, with the near match. ArgumentError: an argument of a wrong kind.
    """
    if seed is not None:
        arguments.seed(seed)
    return DmEnvironment(ShiliuEnv(scenario, **options), seed)


class DmEnvironment(dm_env.Environment):
    """A scenario's Gymnasium environment with the interface of dm_env.

    Args:
        env: the environment; seed: of its first reset.

    The last step of an episode has the discount 0 if Gymnasium reports terminated, and 1 if it reports truncated; the next
    `step` begins an episode, and its action is ignored.

    Attributes:
        info: what Gymnasium tells beside the observation, of the last step: success, subgoals, failure, time, draw, ...
    """

    def __init__(self, env: ShiliuEnv, seed: int | None = None):
        self.env, self._seed = env, seed
        self.info: dict[str, Any] = {}
        self._over = True
        self._physics: Any = None
        self._values: dict[str, float] | None = None  # of the draw that `_physics` shows

    def reset(self) -> dm_env.TimeStep:
        """Start an episode."""
        seed, self._seed = self._seed, None
        observation, self.info = self.env.reset(seed=seed)
        self._over = False
        self._show()
        return dm_env.restart(observation)

    def step(self, action: np.ndarray) -> dm_env.TimeStep:
        """Apply an action for one control period; begin an episode where there is none, or the last one is over.

        Raises:
            ArgumentError: a ValueError; the action has another shape, is not finite, or lies outside `action_spec`. Nothing is
                clipped silently.
        """
        if self._over:
            return self.reset()
        if self._physics is not None:  # a hand that pulls in the viewer
            self.env.live("xfrc_applied")[:] = self._physics.data.xfrc_applied
        observation, reward, terminated, truncated, self.info = self.env.step(action)
        self._over = terminated or truncated
        self._show()
        if terminated:
            return dm_env.termination(reward, observation)
        if truncated:
            return dm_env.truncation(reward, observation)
        return dm_env.transition(reward, observation)

    def action_spec(self) -> specs.BoundedArray:
        """Bounds of an action; the name has each element with its unit, apart by tabs, as dm_control has its actuators'."""
        feature = self.env.interface.actions.feature
        return _spec(self.env.action_space, _elements(feature.names, feature.unit))

    def observation_spec(self) -> dict[str, specs.BoundedArray]:
        """Group or picture -> its bounds; the name has each element with its unit, apart by tabs, and is a picture's own."""
        features, found = self.env.scene.schema.observations, {}
        for name, space in self.env.interface.observation_space.spaces.items():
            feature = features.get(name)
            found[name] = _spec(space, name if feature is None else _elements(feature.names, feature.unit))
        return found

    def control_timestep(self) -> float:
        """[s] between two actions."""
        return self.env.scene.control_timestep

    @property
    def applied(self) -> np.ndarray:
        """(nu,) float32 the joint command of the last step, after `reset` that of the start: with action=joint it holds still."""
        return self.env.applied

    @property
    def physics(self) -> Any:
        """dm_control's `Physics` of the episode: its model with its looks, its data in the state of the last step.

        It is for looking and rendering. Of what is written to it, `data.xfrc_applied` alone acts in the next step. Another
        draw is another `Physics`; before the first `reset` it is the scene as its YAML gives it.
        """
        if self._physics is None:
            self._open()
        return self._physics

    def close(self) -> None:
        self.env.close()
        if self._physics is not None:
            self._physics.free()
            self._physics = None

    def _show(self) -> None:
        """Bring `physics`, where anybody asked for it, to the state of the episode."""
        if self._physics is None:
            return
        if self._values != self._drawn():
            self._open()
            return
        model, data = self._physics.model.ptr, self._physics.data.ptr
        mujoco.mj_setState(model, data, self.env.state, STATE)
        mujoco.mj_forward(model, data)

    def _open(self) -> None:
        from dm_control.mujoco import Physics, wrapper

        self._values = self._drawn()
        model = self.env.scene.compile(self._values, looks=True)
        self._physics = Physics.from_model(wrapper.MjModel(model))
        if self.info:
            self._show()

    def _drawn(self) -> dict[str, float]:
        return dict(self.info["draw"]) if self.info else nominal_values(self.env.scene.config)


def _elements(names: tuple[str, ...], units: tuple[str, ...]) -> str:
    return "\t".join(f"{name} [{unit}]" for name, unit in zip(names, units))


def _spec(space: gymnasium.Space, name: str) -> specs.BoundedArray:
    assert isinstance(space, gymnasium.spaces.Box)
    return specs.BoundedArray(space.shape, space.dtype, space.low, space.high, name)
