"""The environment as Gymnasium wants it, and as the real robot's data have it."""

from __future__ import annotations

import functools
import re
import warnings

import gymnasium
import numpy as np
import pytest
import shiliu
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import RecordEpisodeStatistics, RescaleAction, TimeLimit
from shiliu.envs.registration import env_id, register_envs
from shiliu.envs.single import ShiliuEnv
from shiliu.scenarios.sheet.errors import ScenarioError, ShiliuError


def hold(env: ShiliuEnv) -> np.ndarray:
    """The action that holds the starting pose."""
    return env.scene.ready_ctrl.astype(np.float32)


def wandering(env: ShiliuEnv, steps: int, seed: int = 0) -> np.ndarray:
    """(T, nu) a bounded random walk of commands about the starting pose."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0, 0.02, (steps, env.action_space.shape[0])), axis=0)
    return np.clip(env.scene.ready_ctrl + walk, env.action_space.low, env.action_space.high).astype(np.float32)


def as_bytes(observation: dict, *rest: object) -> bytes:
    return b"".join([*(np.ascontiguousarray(v).tobytes() for v in observation.values()), repr(rest).encode()])


@pytest.fixture(scope="module")
def env(scene) -> ShiliuEnv:
    return ShiliuEnv(scene)


@pytest.mark.parametrize("scenario", [pytest.param("microwave", marks=pytest.mark.slow), "bare"])
def test_check_env_warns_of_radians_and_of_nothing_else(scenario, request, opengl):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = gymnasium.make(env_id(scenario), render_mode="rgb_array").unwrapped
        check_env(made)
        made.close()
    assert len(caught) == 1, [str(w.message) for w in caught]
    assert "symmetric and normalized space" in str(caught[0].message)


def test_check_env_without_pictures(scene):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(ShiliuEnv(scene), skip_render_check=True)
    assert len(caught) == 1, [str(w.message) for w in caught]


def test_same_seed_same_bytes_over_a_hundred_steps(scene):
    def rollout(env: ShiliuEnv, seed: int) -> list[bytes]:
        observation, info = env.reset(seed=seed)
        seen = [as_bytes(observation, info["draw"], info["task"])]
        for action in wandering(env, 100):
            observation, reward, terminated, truncated, info = env.step(action)
            seen.append(
                as_bytes(observation, reward, terminated, truncated, info["time"], info["subgoals"], info["failure"])
            )
            if terminated:
                break
        return seen

    one, other = ShiliuEnv(scene), ShiliuEnv(scene)
    first = rollout(one, 3)
    assert len(first) > 20
    assert rollout(other, 3) == first
    assert rollout(one, 4)[0] != first[0]
    assert rollout(one, 3) == first, "what was played before leaks into an episode"


def test_seeds_go_on_between_resets(scene):
    env = ShiliuEnv(scene)
    env.reset(seed=9)
    second = env.reset()[1]["draw"]
    env.reset(seed=9)
    assert env.reset()[1]["draw"] == second != env.reset(seed=9)[1]["draw"]


def test_states_of_environment_and_bare_engine_agree():
    import mujoco
    from shiliu.scenarios.draws import variation as drawing

    scene = shiliu.load_scenario("table_setting")  # which has no rules that the engine alone would not follow
    env = ShiliuEnv(scene, vary=False)
    env.reset(seed=0)
    start = drawing.nominal(scene)
    np.testing.assert_array_equal(env.state, start.start_state)
    data = mujoco.MjData(start.model)
    mujoco.mj_setState(start.model, data, start.start_state, drawing.STATE)
    for action in wandering(env, 10):
        env.step(action)
        data.ctrl[:] = action
        for _ in range(scene.n_substeps):
            mujoco.mj_step(start.model, data)
    state = np.empty_like(env.state)
    mujoco.mj_getState(start.model, data, state, drawing.STATE)
    np.testing.assert_array_equal(env.state, state)


def test_reset_to_chosen_values(env):
    observation, info = env.reset(options={"values": {"counter.height": 0.88, "oven.latch_force": 33.0}})
    assert (info["draw"]["counter.height"], info["draw"]["oven.latch_force"]) == (0.88, 33.0)
    names = env.scene.schema.observations["observation.environment_state"].names
    around = dict(zip(names, observation["observation.environment_state"]))
    assert around["bowl.z"] == pytest.approx(0.88, abs=1e-4)
    for options, message in (
        ({"values": {"counter.hight": 0.9}}, "Did you mean counter.height"),
        ({"values": {"counter.height": 900}}, "900 is not between 0.7 and 1.1"),
        ({"valeus": {}}, "Did you mean values"),
    ):
        with pytest.raises(ScenarioError, match=message):
            env.reset(options=options)


def test_an_action_outside_is_refused_by_name(env):
    env.reset(seed=0)
    before = env.state
    action = hold(env)
    action[3] = 0.4  # the left elbow does not bend backwards
    with pytest.raises(ValueError, match=r"zarm_l4_joint = 0\.4"):
        env.step(action)
    for bad in (np.full(18, np.nan, np.float32), np.full(18, np.inf)):
        with pytest.raises(ValueError, match="outside the action space"):
            env.step(bad)
    for bad in (np.zeros(17, np.float32), np.zeros((1, 18), np.float32)):
        with pytest.raises(ValueError, match=re.escape(f"The shape {bad.shape} is not accepted here")):
            env.step(bad)
    np.testing.assert_array_equal(env.state, before)


def test_step_and_render_before_reset_are_refused(scene):
    env = ShiliuEnv(scene, render_mode="rgb_array")
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(hold(env))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.render()


def test_unknown_settings_are_told(scene):
    for settings, message in (
        ({"reward": "dens"}, "no reward 'dens'"),
        ({"render_mode": "human"}, "no render mode 'human'"),
        ({"images": ["hed"]}, "no camera 'hed'. Did you mean head"),
        ({"camera": "overvew", "render_mode": "rgb_array"}, "Did you mean overview"),
    ):
        with pytest.raises(ScenarioError, match=message):
            ShiliuEnv(scene, **settings)


def test_truncated_at_the_time_limit_and_not_before():
    env = gymnasium.make("shiliu/Microwave-v1", overrides=("time_limit=2 s",), vary=False)
    env.reset(seed=0)
    ended = []
    for _ in range(60):
        _, _, terminated, truncated, info = env.step(hold(env.unwrapped))
        assert not terminated
        ended.append(truncated)
    assert ended == [False] * 59 + [True]
    assert info["time"] == pytest.approx(2.0) and not info["success"]
    assert info["failure"] == "replay.goal:opened", "the judge's name for what was missed"


def test_terminated_by_a_failure_mode_with_its_code():
    env = ShiliuEnv("microwave", overrides=("never.bowl_dropped.below.height=900 mm",), vary=False)
    _, info = env.reset(seed=0)
    assert info["failure"] == "scenario.bowl_dropped"  # it holds from the very start in this made-up case
    _, reward, terminated, truncated, info = env.step(hold(env))
    assert terminated and not truncated and not info["success"] and reward < 1.0
    assert info["failure"] == "scenario.bowl_dropped"


def test_a_force_limit_is_broken_beyond_its_band(scene):
    """That the environment tells of it is seen where a door is slammed, among the mistakes."""
    limits = {limit.name: limit for limit in scene.safety}
    force = np.array([39.0, 41.0, 47.9, 48.1])  # N; at most 40, and 20 % beyond are a warning
    assert limits["door_pull"].broken(force).tolist() == [False, False, False, True]
    assert limits["door_pinch"].broken(np.array([99.0, 101.0])).tolist() == [False, True]  # no band
    assert limits["door_pinch"].code == "replay.force.object:door_pinch"
    env = ShiliuEnv(scene, vary=False)
    assert env.reset(seed=0)[1]["unsafe"] == () == env.step(hold(env))[4]["unsafe"]


def test_a_push_against_the_oven_ends_the_episode(scene):
    """A failure mode by physics: the oven is shoved until it has moved by 20 mm."""
    env = ShiliuEnv(scene, vary=False)
    env.reset(seed=0)
    joint = scene.model.joint("oven/microwave_free")
    moved = None
    for step in range(30):
        env._one.simulation.live("qvel")[0][joint.dofadr[0]] = 0.6  # m/s, away from the robot
        _, _, terminated, _, info = env.step(hold(env))
        if terminated:
            moved = step
            break
    assert moved is not None and 0 < moved < 10
    assert info["failure"] == "scenario.oven_pushed" and info["time"] == pytest.approx((moved + 1) / 30)


def test_a_diverged_simulation_ends_as_unstable(scene):
    env = ShiliuEnv(scene, vary=False)
    env.reset(seed=0)
    env._one.simulation.live("qvel")[0] = 1e12
    observation, reward, terminated, truncated, info = env.step(hold(env))
    assert terminated and not truncated
    assert env.observation_space.contains(observation), "a learner would store what is not finite"
    assert info["failure"] == "unstable" and not info["success"] and not np.isnan(reward)
    env.reset(seed=0)
    assert not env.step(hold(env))[2]


def test_dense_reward_rises_with_the_door_and_sparse_waits_for_the_end(scene):
    dense, sparse = ShiliuEnv(scene, vary=False), ShiliuEnv(scene, reward="sparse", vary=False)
    hinge = scene.model.joint("oven/door_hinge").qposadr[0]
    rewards = []
    for degrees in (0, 20, 40, 60):
        for env in (dense, sparse):
            env.reset(seed=0)
            env._one.simulation.live("qpos")[0][hinge] = np.radians(degrees)
            reward = env.step(hold(env))[1]
            rewards.append(reward)
    assert all(a < b for a, b in zip(rewards[::2], rewards[2::2]))
    assert all(0 <= r < 1 / len(scene.goal) for r in rewards[::2])
    assert rewards[1::2] == [0.0] * 4


def test_subgoals_are_told_with_their_time(scene):
    env = ShiliuEnv(scene, vary=False)
    _, info = env.reset(seed=0)
    assert list(info["subgoals"]) == [s.name for s in scene.goal]
    assert set(info["subgoals"].values()) == {None}
    env.step(hold(env))
    env._one.simulation.live("qpos")[0][scene.model.joint("oven/door_hinge").qposadr[0]] = np.radians(80)
    info = env.step(hold(env))[4]
    assert info["subgoals"]["opened"] == pytest.approx(2 / 30)


def test_wrappers_of_gymnasium_work(scene):
    one = np.ones(18, np.float32)
    env = RecordEpisodeStatistics(TimeLimit(RescaleAction(ShiliuEnv(scene, vary=False), -one, one), 5))
    env.reset(seed=0)
    low, high = scene.schema.action_space().low, scene.schema.action_space().high
    middle = np.clip(2 * (scene.ready_ctrl - low) / (high - low) - 1, -0.999, 0.999)
    for _ in range(5):
        _, _, _, truncated, info = env.step(middle.astype(np.float32))
    assert truncated and info["episode"]["l"] == 5
    assert np.isfinite(info["episode"]["r"])


def test_registered_once_by_import(scene):
    assert isinstance(gymnasium.make("shiliu/Scenario", scenario="bare").unwrapped, ShiliuEnv)
    assert {"shiliu/Microwave-v1", "shiliu/Bare-v1"} <= set(gymnasium.registry)
    before = dict(gymnasium.registry)
    register_envs()
    assert gymnasium.registry == before
    assert env_id("car_assembly") == "shiliu/CarAssembly-v1"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("bare", "'shiliu/Microwave-v1' is the environment of the scenario 'microwave', not of 'bare'. For 'bare' make 'shiliu/Bare-v1'."),
        ("microwav", "there is no scenario 'microwav'. Leave scenario out. Did you mean microwave?"),
        ("table_top", "not of 'table_top'. For 'table_top' make 'shiliu/Scenario' with this scenario."),
        (None, "None is not accepted here. Give 'microwave', or leave scenario out."),
    ],
)
def test_an_id_of_one_scenario_refuses_another(designer, asked, message):
    for make in (gymnasium.make, functools.partial(gymnasium.make_vec, num_envs=1)):
        with pytest.raises(ShiliuError) as raised:
            make("shiliu/Microwave-v1", scenario=asked)
        assert raised.value.field == "scenario" and message in raised.value.message


def test_an_id_takes_its_own_scenario_by_name_and_as_a_scene(scene):
    assert scene.name == "microwave"
    for own in ("microwave", scene):
        assert gymnasium.make("shiliu/Microwave-v1", scenario=own).unwrapped.scene.name == "microwave"
        assert gymnasium.make_vec("shiliu/Microwave-v1", 1, scenario=own).scene.name == "microwave"
    with pytest.raises(ShiliuError, match="make 'shiliu/Microwave-v1'"):
        gymnasium.make("shiliu/Bare-v1", scenario=scene)
    assert gymnasium.make("shiliu/Bare-v1").unwrapped.scene.name == "bare"
    assert gymnasium.make_vec("shiliu/Bare-v1", 1).scene.name == "bare"


def test_the_class_and_ones_own_subclasses_take_any_scenario():
    class Mine(ShiliuEnv):
        pass

    assert ShiliuEnv("bare").scene.name == Mine("bare").scene.name == "bare"


def test_plain_import_registers(python, tmp_path):
    done = python(
        "import shiliu, gymnasium; e = gymnasium.make('shiliu/Bare-v1'); e.reset(seed=0); "
        "print(type(e.unwrapped).__module__, e.step(e.unwrapped.scene.ready_ctrl.astype('f4'))[2:4])",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=1) == ["shiliu.envs.scenario_envs", "(False, False)\n"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.gl
def test_pictures(scene, opengl, monkeypatch):
    from shiliu.envs.rendering import Painter

    drawn = []
    paint = Painter.picture
    monkeypatch.setattr(Painter, "picture", lambda self, *a, **k: drawn.append(a[2]) or paint(self, *a, **k))
    env = ShiliuEnv(scene, render_mode="rgb_array", vary=False)
    env.reset(seed=0)
    assert drawn == []  # nobody has asked
    first = env.render()
    feature = scene.schema.cameras["observation.images.overview"]
    assert first.shape == (feature.height, feature.width, 3) and first.dtype == np.uint8
    assert 20 < first.mean() < 235 and first.std() > 15
    assert len({tuple(p) for p in first.reshape(-1, 3)[::97]}) > 50  # no flat colour
    assert env.render() is first and len(drawn) == 1  # drawn once a control step
    action = hold(env)
    action[:14] += 0.2
    for _ in range(10):
        env.step(np.clip(action, env.action_space.low, env.action_space.high))
    assert len(drawn) == 1
    later = env.render()
    assert len(drawn) == 2 and (np.abs(later.astype(int) - first).max(axis=-1) > 30).sum() > 500  # the arms have moved
    env.close()


@pytest.mark.gl
def test_pictures_as_observations(opengl):
    env = gymnasium.make(
        "shiliu/Bare-v1", images=["head"], overrides=("cameras.head.size=64x48",), vary=False, disable_env_checker=True
    )
    observation, _ = env.reset(seed=0)
    picture = observation["observation.images.head"]
    assert picture.shape == (48, 64, 3) and env.observation_space.contains(observation)
    assert picture.std() > 3
    env.close()


def test_a_scene_may_be_shared(scene):
    """Two environments of one scene do not disturb each other, draws and all."""
    a, b = ShiliuEnv(scene), ShiliuEnv(scene)
    a.reset(seed=1)
    alone = [as_bytes(a.step(action)[0]) for action in wandering(a, 12)]
    a.reset(seed=1)
    between = []
    for i, action in enumerate(wandering(a, 12)):
        if i % 4 == 0:
            b.reset(seed=i)
        b.step(action)
        between.append(as_bytes(a.step(action)[0]))
    assert between == alone


def test_version_and_names():
    assert shiliu.__version__
    assert {"load_scenario", "read", "judge", "ScenarioError"} <= set(dir(shiliu))
    with pytest.raises(AttributeError, match="no attribute 'laod_scenario'"):
        shiliu.laod_scenario  # noqa: B018
