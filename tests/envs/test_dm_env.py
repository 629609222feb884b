"""The dm_env face: the same episode as the Gymnasium one, as dm_env and dm_control's viewer want it."""

from __future__ import annotations

import unittest
from functools import cache
from types import SimpleNamespace

import dm_env
import mujoco
import numpy as np
import pytest
import shiliu
from dm_env import test_utils
from shiliu.envs.dm_env import DmEnvironment
from shiliu.envs.single import ShiliuEnv
from shiliu.scenarios.scene.scene import Scene

SEED, STEPS = 7, 36


@cache
def short() -> Scene:
    """A scene whose time is over after a few steps."""
    return shiliu.load_scenario("table_setting", overrides=["time_limit='1 s'"])


def held(env: DmEnvironment) -> np.ndarray:
    """The action that keeps the arms where they begin."""
    return env.env.scene.ready_ctrl.astype(np.float32)


def wandering(env: DmEnvironment, steps: int) -> np.ndarray:
    spec = env.action_spec()
    walk = np.cumsum(np.random.default_rng(0).normal(0, 0.02, (steps, *spec.shape)), axis=0)
    return np.clip(held(env) + walk, spec.minimum, spec.maximum).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "options", "seen"),
    [
        ("table_setting", {"observations": ["state", "touch"]}, True),
        ("drink_assist", {}, False),
        ("table_setting", {"action": "joint_delta"}, False),
        pytest.param("table_setting", {"observations": ["state", "touch"]}, False, marks=pytest.mark.slow),
        pytest.param("drink_assist", {}, True, marks=pytest.mark.slow),
        pytest.param("table_setting", {"action": "joint_delta"}, True, marks=pytest.mark.slow),
    ],
)
def test_an_episode_is_that_of_gymnasium_to_the_bit(name, options, seen):
    env, ours = ShiliuEnv(name, **options), shiliu.make_dm_env(name, seed=SEED, **options)
    if seen:  # somebody looks at it, as the viewer does
        assert ours.physics.data.time == 0.0
    observation, _ = env.reset(seed=SEED)
    step = ours.reset()
    assert step.first() and step.reward is None and step.discount is None
    actions = wandering(ours, STEPS) if not options.get("action") else np.zeros((STEPS, *ours.action_spec().shape))
    for action in actions:
        assert step.observation.keys() == observation.keys()
        assert all(np.array_equal(step.observation[key], observation[key]) for key in observation)
        step = ours.step(action)
        observation, reward, terminated, truncated, info = env.step(action)
        assert step.reward == reward and step.discount == (0.0 if terminated else 1.0)
        assert step.last() == (terminated or truncated) and ours.info == info
        if seen:
            assert np.array_equal(ours.physics.data.qpos, env.state[1 : 1 + env.scene.model.nq])
    assert observation["observation.state"].std() > 0.0
    env.reset()
    ours.reset()
    assert ours.env.state.tobytes() == env.state.tobytes(), "the episode after it is drawn alike, too"


def test_specs_are_the_schemas():
    env = shiliu.make_dm_env("table_setting")
    schema = env.env.scene.schema
    for feature, spec in (
        (schema.action, env.action_spec()),
        *((f, env.observation_spec()[n]) for n, f in schema.observations.items()),
    ):
        assert spec.shape == feature.shape and spec.dtype == np.float32
        assert [np.array_equal(bound, own) for bound, own in zip((spec.minimum, spec.maximum), feature.bounds)] == [
            True,
            True,
        ]
        assert spec.name.split("\t") == [f"{name} [{unit}]" for name, unit in zip(feature.names, feature.unit)]
    assert env.action_spec().name.startswith("zarm_l1_joint [rad]\t")
    pictured = shiliu.make_dm_env("table_setting", images=["head/depth"]).observation_spec()["observation.depth.head"]
    assert len(pictured.shape) == 2 and pictured.dtype == np.float32
    assert env.control_timestep() == schema.control_timestep
    with pytest.raises(ValueError, match="outside the action space"):
        env.reset()
        env.step(np.full(env.action_spec().shape, 1e3, np.float32))


class TimeSteps(test_utils.EnvironmentTestMixin, unittest.TestCase):
    """dm_env's own contract; the time of the episode is over within the sequence."""

    def make_object_under_test(self) -> dm_env.Environment:
        return shiliu.make_dm_env(short(), seed=SEED)

    def make_action(self) -> np.ndarray:
        return held(self.environment)

    def make_action_sequence(self):
        return iter([self.make_action()] * 40)


def test_time_over_is_no_end_of_the_task():
    env = shiliu.make_dm_env(short(), seed=SEED)
    steps = [env.step(held(env)) for _ in range(35)]
    assert [step.step_type for step in steps[:2]] == [dm_env.StepType.FIRST, dm_env.StepType.MID]
    last = next(step for step in steps if step.last())
    assert last.discount == 1.0 and steps[steps.index(last) + 1].first()


def test_a_task_that_is_over_has_no_future(monkeypatch):
    env = shiliu.make_dm_env(short(), seed=SEED)
    env.reset()
    monkeypatch.setattr(env.env, "step", lambda action: ({}, 1.0, True, False, {"draw": env.info["draw"]}))
    last = env.step(held(env))
    assert last.last() and last.discount == 0.0 and env.step(held(env)).first()


def test_what_pulls_in_the_viewer_acts_in_the_next_step_alone():
    env = shiliu.make_dm_env("table_setting", seed=SEED, vary=False)
    physics = env.physics
    env.reset()
    assert env.physics is physics, "the same draw is the same Physics"
    body = physics.model.name2id("buns/grain_0", "body")
    twice = -2.0 * physics.model.opt.gravity[2] * physics.model.body_subtreemass[body]
    before = physics.data.xpos[body].copy()
    for _ in range(6):
        physics.data.xfrc_applied[body, 2] = twice
        env.step(held(env))
    assert physics.data.xpos[body, 2] > before[2] + 0.02
    physics.data.xfrc_applied[:] = 0.0
    for _ in range(30):
        env.step(held(env))
    assert physics.data.xpos[body, 2] < before[2] + 0.02


class Window:
    """What the viewer asks of its window, without a screen: a few turns of its loop, and keys."""

    made: "list[Window]" = []  # noqa: RUF012, UP037

    def __init__(self, width: int, height: int, title: str):
        from dm_control.viewer import util

        self.shape, self.pixels = (width, height), np.zeros(1)
        mouse = {name: util.QuietSet() for name in ("on_click", "on_move", "on_scroll", "on_double_click")}
        self.mouse, self.keyboard = (
            SimpleNamespace(position=np.zeros(2), **mouse),
            SimpleNamespace(on_key=util.QuietSet()),
        )
        Window.made.append(self)

    def close(self) -> None:
        pass

    def event_loop(self, tick_func) -> None:
        for _ in range(6):
            self.pixels = tick_func()


def test_dm_controls_viewer_opens_it(monkeypatch, opengl):
    pytest.importorskip("dm_control.viewer")
    from dm_control.viewer import application, runtime

    monkeypatch.setattr(application.gui, "RenderWindow", Window)
    env = shiliu.make_dm_env("table_setting", seed=SEED)
    app = application.Application(width=64, height=48)
    app._pause_subject.value = False
    app.launch(env, policy=lambda step: held(env))
    assert app._runtime.state == runtime.State.RUNNING and 0.0 < app._runtime.get_time() < 2.0
    assert Window.made[-1].pixels.std() > 0.0, "a picture of the scene"


def test_its_runtime_steps_it_without_a_picture():
    from dm_control.viewer import runtime

    env = shiliu.make_dm_env("table_setting", seed=SEED)
    loop, changed, errors = runtime.Runtime(env, policy=lambda step: env.applied), [], []
    loop.on_physics_changed += lambda: changed.append(env.physics)
    loop.on_error += errors.append
    first = env.physics
    for _ in range(5):
        loop.tick(0.1, paused=False)
    assert loop.state == runtime.State.RUNNING and loop.get_time() == pytest.approx(0.5, abs=0.07) and not errors
    assert changed == [env.physics] != [first], "another draw is another Physics, and the viewer is told"
    assert env.physics.data.time == pytest.approx(env.info["time"])
    loop.tick(0.1, paused=True)
    loop.single_step()
    state = np.empty(mujoco.mj_stateSize(first.model.ptr, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(env.physics.model.ptr, env.physics.data.ptr, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    assert np.array_equal(state, env.env.state)
    loop.stop()
    loop.restart()
    loop.tick(0.0, paused=True)
    assert loop.get_time() == 0.0 and len(changed) == 2
