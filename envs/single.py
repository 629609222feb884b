"""One scenario as a Gymnasium environment: the simulation core with n = 1."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from ..scenarios import draw as drawing
from ..scenarios.catalog import load_scenario
from ..scenarios.dialect import nearest
from ..scenarios.errors import ScenarioError
from ..scenarios.scene import Scene
from .one import One
from .reward import KINDS


class ShiliuEnv(gymnasium.Env):
    """A scenario whose action, observation and pictures are those of the episode schema.

    Args:
        scenario: name of a scenario, or a Scene.
        reward: `dense` or `sparse`.
        images: cameras to put into the observation, such as `["head"]`; none costs nothing.
        render_mode: `rgb_array` or None.
        camera: which camera `render` shows; the scenario's `overview`, or else its first one, where None is given.
        hand, base, overrides: as for `shiliu.load_scenario`.
        vary: draw a variation at each reset; False starts the scene as its YAML gives it.

    The episode ends (`terminated`) when the task is done, a failure mode of the scenario has happened, or the simulation
    has diverged; it is `truncated` at the scenario's time limit. `info` has `success`, `subgoals` (name -> time reached
    [s] or None), `failure` (a code such as `scenario.oven_pushed`, `unstable`, or, once truncated, the subgoal that was
    missed, such as `replay.goal:closed`), `unsafe` (codes of the force limits broken so far, such as
    `replay.force.object:door_pinch`; they do not end the episode), `time` [s], `draw` and `task`.

    `reset(options={"values": {"oven.yaw": 0.1}})` starts a chosen draw: these values, the others as the YAML gives them.

    All vectors are float32. Joints stand in the real robot's order, arms first, then the head, then the claws;
    `env.scene.schema.table()` or `shiliu list schema scenario=...` has one row for each element.

    | vector                        | size | elements                                          | unit       |
    |-------------------------------|------|---------------------------------------------------|------------|
    | action                        | 18   | target of each joint and claw                     | rad, %     |
    | observation.state             | 18   | position of each joint and claw (0 open)          | rad, %     |
    | observation.velocity          | 18   | their velocity                                    | rad/s, %/s |
    | observation.effort            | 18   | torque of each joint, force of each claw's drive  | Nm, N/%    |
    | observation.hand_pose         | 14   | either tcp in the frame of the robot's base, wxyz | m, 1       |
    | observation.touch             | 4    | largest contact force on each finger since before | N          |
    | observation.wrench            | 6    | force and torque under the pelvis                 | N, Nm      |
    | observation.environment_state | any  | poses and joints of the scenario's parts, if any  | m, rad, 1  |
    | observation.images.*          |      | (height, width, 3) uint8, on request              |            |

    Efforts, wrench and touch are those of the control period before; they read zero after `reset`.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012 - Gymnasium's own form

    def __init__(
        self,
        scenario: str | Scene = "microwave",
        *,
        reward: str = "dense",
        images: tuple[str, ...] | list[str] = (),
        render_mode: str | None = None,
        camera: str | None = None,
        hand: str = "claw",
        base: str = "planted",
        overrides: tuple[str, ...] = (),
        vary: bool = True,
    ):
        self.scene = (
            scenario if isinstance(scenario, Scene) else load_scenario(scenario, overrides, hand=hand, base=base)
        )
        if reward not in KINDS:
            raise ScenarioError(f"There is no reward {reward!r}. Known here: {', '.join(KINDS)}.", field="reward")
        if render_mode not in (None, "rgb_array"):
            raise ScenarioError(f"There is no render mode {render_mode!r}. Known here: rgb_array.", field="render_mode")
        schema = self.scene.schema
        self._images = tuple(
            name if name.startswith("observation.images.") else f"observation.images.{name}" for name in images
        )
        known = [name.removeprefix("observation.images.") for name in schema.cameras]
        if camera is None and render_mode is not None:
            camera = "overview" if "overview" in known or not known else known[0]
        for name in (*self._images, *((f"observation.images.{camera}",) if camera else ())):
            if name not in schema.cameras:
                word = name.removeprefix("observation.images.")
                raise ScenarioError(f"There is no camera {word!r}.{nearest(word, known)}", field="camera")
        self.render_mode, self._camera, self._vary = render_mode, f"observation.images.{camera}", vary
        self.metadata = {**self.metadata, "render_fps": round(self.scene.config.control_rate)}
        self.action_space: gymnasium.spaces.Box = schema.action_space()
        self.observation_space = schema.observation_space(self._images)
        self._one = One(self.scene, reward)
        self._low, self._high = self.action_space.low, self.action_space.high
        self._painter: Any = None
        self._picture: tuple[int, np.ndarray] | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Start an episode; with the same seed, the same bytes.

        Raises:
            ScenarioError: options that do not exist, values outside what a part can be, or a start inside something.
        """
        super().reset(seed=seed)
        for key in options or {}:
            if key != "values":
                raise ScenarioError(f"There is no option {key!r}.{nearest(key, ['values'])}", field="options")
        values = (options or {}).get("values")
        if values is not None:
            draw = drawing.chosen(self.scene, values)
        else:
            draw = drawing.draw(self.scene, self.np_random) if self._vary else drawing.nominal(self.scene)
        self._one.begin(draw)
        self._picture = None
        return self._observe(), self._one.info(False)

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Apply an action for one control period.

        Raises:
            ValueError: where the action is not finite, or lies outside the action space (nothing is clipped silently).
        """
        if self._one.draw is None:
            raise gymnasium.error.ResetNeeded("Call reset before step.")
        action = np.asarray(action, np.float32)
        if action.shape != self._low.shape or not ((action >= self._low) & (action <= self._high)).all():
            raise ValueError(outside(self.scene, self.action_space, action))
        reward, terminated, truncated, success = self._one.step(action)
        return self._observe(), reward, terminated, truncated, self._one.info(success, truncated)

    def render(self) -> np.ndarray | None:
        """The scene from the chosen camera, (height, width, 3) uint8; drawn once a control step at most.

        Raises:
            ResetNeeded: before the first reset. ShiliuError: where there is no OpenGL, with what to install.
        """
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() was called without a render mode; make the environment with render_mode='rgb_array'."
            )
            return None
        if self._one.draw is None:
            raise gymnasium.error.ResetNeeded("Call reset before render.")
        steps = self._one.steps
        if self._picture is None or self._picture[0] != steps:
            self._picture = (steps, self._paint(self._camera))
        return self._picture[1]

    def close(self) -> None:
        if self._painter is not None:
            self._painter.close()
            self._painter = None

    @property
    def state(self) -> np.ndarray:
        """(nstate,) a copy of the full simulation state, `mjSTATE_INTEGRATION` in float64."""
        return self._one.simulation.state[0].copy()

    def _observe(self) -> dict[str, np.ndarray]:
        observation = self._one.observe()
        for name in self._images:
            observation[name] = self._paint(name)
        return observation

    def _paint(self, name: str) -> np.ndarray:
        if self._painter is None:
            from .rendering import Painter

            self._painter = Painter(self.scene)
        draw = self._one.draw
        assert draw is not None
        camera = self.scene.schema.cameras[name]
        qpos = self._one.simulation.batch.bind("qpos")[0]
        return self._painter.picture(draw.values, qpos, camera.camera, camera.width, camera.height)


def outside(scene: Scene, space: gymnasium.spaces.Box, action: np.ndarray) -> str:
    """What to say of an action that lies outside the action space."""
    names = []
    if action.shape == space.shape:
        bad = np.flatnonzero(~((action >= space.low) & (action <= space.high)))
        names = [f"{scene.schema.action.names[i]} = {action[i]:.4g}" for i in bad[:3]]
    said = ", ".join(names) or f"shape {action.shape}"
    return f"The action lies outside the action space ({said}). Clip it before step."
