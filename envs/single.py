"""One scenario as a Gymnasium environment: the simulation core with n = 1."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium
import numpy as np

from ..scenarios.catalog.catalog import scene_from
from ..scenarios.draws import variation as drawing
from ..scenarios.reading.answers import with_answers
from ..scenarios.reading.config import nominal_values
from ..scenarios.scene.scene import Scene
from ..scenarios.scene.schema import CameraFeature
from ..scenarios.sheet import arguments
from ..scenarios.sheet.errors import ScenarioError
from . import env_episode as one
from .env_episode import One
from .interface import Interface, as_action, find_camera
from .reset_options import ResetOptions, Variation, course_until
from .reward import check_reward
from .window import screen

if TYPE_CHECKING:
    from .. import face


class Saved(NamedTuple):
    """An environment at one moment."""

    one: one.SavedEpisode
    interface: tuple[Any, ...]
    random: np.random.Generator
    sent: tuple[np.ndarray, ...] = ()
    seed: int | None = None


class ShiliuEnv(gymnasium.Env):
    """A scenario with the action, observation and pictures of the episode schema.

    Args:
        scenario: name of a scenario, or a Scene.
        action: `joint` (the target of each joint and claw, as on hardware), `joint_delta` (how far each target goes on) or
            `hand_delta` (how far each hand moves and turns, by inverse kinematics); see `envs/actions.py`.
        observations: groups such as `["state", "touch"]`; all that the scenario has where None is given.
        images: pictures in the observation, such as `["head", "head/depth", "head/segmentation"]`; none costs nothing.
        reward: `dense`, `sparse` or `subgoal`.
        until: the last subgoal that is asked for; the whole task where None is given.
        link: over which it is commanded and seen: a file of `conf/link` (`5g_sa`), or `{"delay": 0.05, ...}` laid over the scenario's
            own. Commands act when they arrive; observation and pictures are those that have arrived (docs/link.md).
        vary: draw a variation at each reset: True, False (the scene as its YAML gives it), a share of each range in 0..1,
            or the names that vary, such as `["bowl", "oven.yaw"]`.
        render_mode: `rgb_array`, `human` (a window, where there is a screen) or None.
        camera: which camera `render` shows; the scenario's `overview`, or else its first one, where None is given.
        pace: times as long as the scenario's `time_limit`, which is the scripted operator's, that an episode may last; `"people"` for as
            long as the scenario allows people who move the robot (`pace`, 3 where it does not say).
        hand, base, legs, overrides, cell, variant: as for `shiliu.load_scenario`; the control rate is an override too
            (`overrides=["+control_rate='20 Hz'"]`).
        others: none; an option that there is not is refused with those that there are.

    The episode ends (`terminated`) when the task is done, a failure mode of the scenario has happened, or the simulation
    has diverged; it is `truncated` at the scenario's time limit times `pace`. `info` has `success`, `subgoals` (name -> time reached
    [s] or None), `undone` (name -> since when one that was reached holds no more [s], or None), `failure` (a code such as
    `scenario.oven_pushed`, `unstable`, or, once truncated, the subgoal that was missed or undone, such as
    `replay.goal:closed`), `unsafe` (codes of the force limits broken so far, such as
    `replay.force.object:door_pinch`; they do not end the episode), `time` [s], `draw` and `task`; with base=legs `fell` (when the
    robot fell [s], or None; it lies then, and the episode goes on); after `reset` also `brief`, the tolerances that count beside the
    sentence of `task`, in both languages.

    `reset(options=…)` takes `{"values": {"oven.yaw": 0.1}}` (a chosen draw: these values, the others as the YAML gives
    them) or `{"episode": episode, "t": 5.8}` (inside a recorded demonstration, `next(shiliu.read(…)).episode`, at a time [s]
    or, with `"subgoal": "closed"`, where the subgoal before that one was reached).

    `save()` and `restore(saved)` keep and bring back everything: the episode goes on to the same bits.

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
    | observation.wrench            | 6    | force and torque under the pelvis; not on legs    | N, Nm      |
    | observation.base              | 8    | with base=mobile: place, yaw, height, their speeds | m, rad, /s |
    | observation.environment_state | any  | poses and joints of the scenario's parts, if any  | m, rad, 1  |
    | observation.images.*          |      | (height, width, 3) uint8, on request              |            |

    With base=mobile or legs the action ends in four commands of the base: speeds ahead and to the left [m/s], of turning [rad/s], and
    height against standing [m]. With base=legs `observation.base` has 7 numbers: place of the pelvis [m], wxyz.

    Efforts, wrench and touch are those of the control period before; they read zero after `reset`.
    """

    metadata = {  # noqa: RUF012 - Gymnasium's own form
        "render_modes": ["rgb_array", "human"] if screen() else ["rgb_array"],
        "render_fps": 30,
    }

    def __init__(
        self,
        scenario: str | Scene = "microwave",
        *,
        action: str = "joint",
        observations: Sequence[str] | None = None,
        images: Sequence[str] = (),
        reward: str = "dense",
        until: str | None = None,
        link: str | Mapping[str, Any] | None = None,
        vary: bool | float | Sequence[str] = True,
        render_mode: str | None = None,
        camera: str | None = None,
        hand: str | None = None,
        base: str | None = None,
        legs: str | Path | None = None,
        overrides: Sequence[str] = (),
        cell: str | None = None,
        variant: str | None = None,
        pace: float | str = 1.0,
        **others: object,
    ):
        arguments.no_others(others, ShiliuEnv.__init__)
        self.scene = scene_from(
            scenario, overrides=overrides, hand=hand, base=base, legs=legs, cell=cell, variant=variant, link=link
        )
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ScenarioError(
                f"There is no render mode {render_mode!r}{' without a screen' if render_mode == 'human' else ''}. "
                f"Known here: {', '.join(modes)}.",
                field="render_mode",
            )
        check_reward(reward)
        known = [name.removeprefix("observation.images.") for name in self.scene.schema.cameras]
        if camera is None and render_mode == "rgb_array":
            camera = "overview" if "overview" in known or not known else known[0]
        self._camera = None if camera is None else find_camera(self.scene.schema.cameras, camera)
        self.render_mode, self._variation = render_mode, Variation(self.scene, vary)
        self.metadata = {**self.metadata, "render_fps": round(self.scene.config.control_rate)}
        self.interface = Interface(self.scene, 1, action, observations, images)
        self.action_space: gymnasium.spaces.Box = self.interface.action_space
        self.observation_space = self.interface.observation_space
        self._one = One(self.scene, reward, course_until(self.scene, until), pace)
        self._painter: Any = None
        self._window: Any = None
        self._picture: tuple[int, np.ndarray] | None = None
        self._sent: list[np.ndarray] = []  # joint commands of the episode so far, (nu,) each
        self._seed: int | None = None  # that its draw came of

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Start an episode; with the same seed, the same bytes.

        Raises:
            ScenarioError: options that do not exist, values outside what a part can be, a start inside something, an episode
                of another scenario, or a time at which it is over.
        """
        super().reset(seed=seed)
        begin = ResetOptions(self.scene, options)
        self._seed = seed
        if begin.episode is not None:
            self._begin(begin.draw())
            self._play(begin)
        else:
            self._begin(begin.draw() if begin.values is not None else self._variation.draw(self.np_random))
        self._picture = None
        if self.render_mode == "human":
            self.render()
        return self._observe(), {**self._one.info(False), "brief": dict(self.scene.config.brief)}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Apply an action for one control period.

        Raises:
            ArgumentError: a ValueError; the action has another shape, is not finite, or lies outside the action space. Nothing is
                clipped silently.
        """
        if self._one.draw is None:
            raise gymnasium.error.ResetNeeded("Call reset before step.")
        command = self.interface.command(self.interface.taken(as_action(action))[None])
        self._sent.append(self.applied)
        reward, terminated, truncated, success = self._one.step(command)
        if self.render_mode == "human":
            self.render()
        return self._observe(), reward, terminated, truncated, self._one.info(success, truncated)

    def save(self) -> Saved:
        """Everything that the episode goes on from: simulation, goal, reward, random numbers."""
        if self._one.draw is None:
            raise gymnasium.error.ResetNeeded("Call reset before save.")
        return Saved(
            self._one.save(), self.interface.save(0), copy.deepcopy(self.np_random), tuple(self._sent), self._seed
        )

    def restore(self, saved: Saved) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Go on from what was saved, to the bit, in this environment or another one made alike.

        Raises:
            ScenarioError: what is given was not saved by an environment of this scene.
        """
        if not isinstance(saved, Saved):
            raise ScenarioError(f"{type(saved).__name__!r} is nothing that save() gave.", field="saved")
        if saved.one.draw.values.keys() != nominal_values(self.scene.config).keys():
            raise ScenarioError(f"It was saved in another scene than {self.scene.name!r}.", field="saved")
        if not self.interface.goes_on_from(saved.interface):
            raise ScenarioError("It was saved over another link.", field="saved")
        self._one.restore(saved.one)
        self.interface.restore(0, saved.interface)
        self.np_random = copy.deepcopy(saved.random)
        self._sent, self._seed = list(saved.sent), saved.seed
        self._picture = None
        return self._observe(), self._one.info(False)

    def episode(self) -> face.SimRecording:
        """The episode so far as a recording, which is judged, recorded and labelled like any other.

        It holds the joint commands of each step, whatever the action mode, from the start of the draw. Its label is the scenario's
        own outcome of them. `shiliu.judge(env.unwrapped.episode())`, `shiliu.record(…, out)`.

        Raises:
            EpisodeError: no step was taken, or the commands alone do not lead to where the episode is (`live`).
        """
        from .. import face  # what makes recordings stands above environments

        return face.episode_of_env(self, self._one.draw, self._sent, self._seed)

    def with_answers(self, action: np.ndarray, answers: Mapping[str, float]) -> np.ndarray:
        """See `answers.with_answers`: a copy of an action in which the robot gives these answers (SI)."""
        return with_answers(action, self.interface.actions.feature.names, answers)

    @property
    def applied(self) -> np.ndarray:
        """(nu,) float32 the joint command of the last step: the `action` column of a dataset, whatever the action mode."""
        return self.interface.applied[0].copy()

    def render(self) -> np.ndarray | None:
        """The scene from the chosen camera, (height, width, 3) uint8, drawn once a control step at most; or a window.

        Raises:
            ResetNeeded: before the first reset. ShiliuError: where there is no OpenGL, or no screen, with what to do.
        """
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() was called without a render mode; make the environment with render_mode='rgb_array'."
            )
            return None
        if self._one.draw is None:
            raise gymnasium.error.ResetNeeded("Call reset before render.")
        if self.render_mode == "human":
            self._show()
            return None
        assert self._camera is not None
        if self._picture is None or self._picture[0] != self._one.steps:
            self._picture = (self._one.steps, self._paint(self._camera))
        return self._picture[1]

    def close(self) -> None:
        if self._painter is not None:
            self._painter.close()
            self._painter = None
        if self._window is not None:
            self._window.close()
            self._window = None

    @property
    def state(self) -> np.ndarray:
        """(nstate,) a copy of the full simulation state, `mjSTATE_INTEGRATION` in float64."""
        return self._one.simulation.state_of()

    def live(self, name: str) -> np.ndarray:
        """A field of the running simulation (`period.LIVE`), such as `xfrc_applied`; what is written counts from the next step."""
        return self._one.simulation.live(name)[0]

    def _begin(self, draw: drawing.Draw) -> None:
        self._sent = []
        self._one.begin(draw)
        self.interface.begin(np.arange(1), self._one.simulation.live("ctrl"), [draw.values])

    def _play(self, begin: ResetOptions) -> None:
        """Perform a recorded episode up to where this one begins."""
        while not begin.reached(self._one.steps, self._one.done):
            command = begin.action(self._one.steps)
            if self.interface.link is not None:  # what is captured now may be seen later
                self._observe()
            step = self._one.step(self.interface.played(command))
            if step.terminated or step.truncated:
                raise ScenarioError(
                    f"It is over at {self._one.steps * self.scene.control_timestep:.2f} s.", field="options.t"
                )
            self._sent.append(self.applied)

    def _observe(self) -> dict[str, np.ndarray]:
        observed = self._one.observe()
        for view in self.interface.views:
            observed[view.name] = self._paint(view.camera, view.kind)
        return self.interface.shown(0, observed)

    def _paint(self, camera: CameraFeature, kind: str = "rgb") -> np.ndarray:
        if self._painter is None:
            from .rendering import Painter

            self._painter = Painter(self.scene)
        draw, qpos = self._one.draw, self._one.simulation.live("qpos")[0]
        assert draw is not None
        kept = self._one.simulation.kept[0]
        return self._painter.picture(draw.values, qpos, camera.camera, camera.width, camera.height, kind, kept)

    def _show(self) -> None:
        from .window import Window

        draw, qpos = self._one.draw, self._one.simulation.live("qpos")[0]
        assert draw is not None
        self._window = self._window or Window(self.scene)
        self._window.show(draw.values, qpos, self._one.steps * self.scene.control_timestep)
