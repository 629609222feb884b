"""What people wrap around an environment works on ours: time limits, statistics, videos, rescaling, data collection."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import shiliu  # noqa: F401 - registers the environments
from gymnasium import wrappers
from shiliu.envs.scenario_envs import tables
from shiliu.envs.single import ShiliuEnv

ID = "shiliu/Microwave-v1"


def hold(env) -> np.ndarray:
    return env.unwrapped.scene.ready_ctrl.astype(np.float32)


def test_made_by_name_with_options_and_a_time_limit():
    env = gymnasium.make(ID, reward="sparse", observations=["state"], max_episode_steps=5)
    assert isinstance(env.unwrapped, ShiliuEnv) and env.spec.id == ID
    env.reset(seed=0)
    ends = [env.step(hold(env))[2:4] for _ in range(5)]
    assert ends == [(False, False)] * 4 + [(False, True)]


def test_the_docstring_has_each_element_with_its_index_unit_and_range(scene):
    docstring = type(gymnasium.make(ID).unwrapped).__doc__
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in docstring.splitlines() if "|" in line]
    seen = [row for row in rows if row[0].isdigit()]
    wanted = [row for row in scene.schema.table() if row["index"] is not None]
    assert [(row[0], row[1], row[2]) for row in seen] == [(str(r["index"]), r["name"], r["unit"]) for r in wanted]
    assert [float(row[3]) for row in seen] == pytest.approx([r["low"] for r in wanted], rel=1e-4, abs=1e-6)
    assert [float(row[4]) for row in seen] == pytest.approx([r["high"] for r in wanted], rel=1e-4, abs=1e-6)
    assert "|    17 | right_claw" in tables(scene.schema)


def test_episode_statistics_add_up_the_rewards(scene):
    env = wrappers.RecordEpisodeStatistics(wrappers.TimeLimit(ShiliuEnv(scene), 4))
    env.reset(seed=0)
    rewards = [env.step(hold(env)) for _ in range(4)]
    info = rewards[-1][4]
    assert info["episode"]["l"] == 4 and info["episode"]["r"] == pytest.approx(sum(step[1] for step in rewards))


def test_actions_from_minus_one_to_one_and_flat_observations(scene):
    env = wrappers.FlattenObservation(wrappers.RescaleAction(ShiliuEnv(scene), -1.0, 1.0))
    observation, _ = env.reset(seed=0)
    width = sum(len(feature.names) for feature in scene.schema.observations.values())
    assert observation.shape == (width,) and observation.dtype == np.float32
    env.step(np.zeros(18, np.float32))
    low, high = scene.schema.action.bounds
    assert env.unwrapped.applied == pytest.approx((low + high) / 2, abs=1e-5)
    env.step(np.ones(18, np.float32))  # the ends of the range too
    assert env.unwrapped.applied == pytest.approx(high, abs=1e-5) and (env.unwrapped.applied <= high).all()


@pytest.mark.gl
def test_videos_are_recorded(tmp_path, opengl):
    pytest.importorskip("moviepy")
    env = gymnasium.make(ID, render_mode="rgb_array", camera="overview", max_episode_steps=3)
    env = wrappers.RecordVideo(env, str(tmp_path), disable_logger=True)
    env.reset(seed=0)
    for _ in range(3):
        env.step(hold(env))
    env.close()
    import imageio.v3 as iio

    video = iio.imread(next(tmp_path.glob("*.mp4")))
    assert video.shape == (4, 720, 960, 3) and video.std() > 10


def test_synchronous_copies_of_the_single_environment_too():
    envs = gymnasium.make_vec(ID, num_envs=2, vectorization_mode="sync", reward="sparse")
    native = gymnasium.make_vec(ID, num_envs=2, reward="sparse")
    observed, _ = envs.reset(seed=4)
    ours, _ = native.reset(seed=4)
    action = np.tile(native.unwrapped.scene.ready_ctrl.astype(np.float32), (2, 1))
    for _ in range(3):
        for name, values in observed.items():
            assert values.tobytes() == ours[name].tobytes()
        observed, ours = envs.step(action)[0], native.step(action)[0]


def test_a_data_collector_writes_what_was_done(scene, tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    pytest.importorskip("jax")  # minari makes datasets with it
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    env = minari.DataCollector(gymnasium.make(ID, max_episode_steps=4))
    actions = []
    for seed in (0, 1):
        env.reset(seed=seed)
        for k in range(4):
            actions.append(hold(env) + np.float32(0.01 * k))
            env.step(actions[-1])
    dataset = env.create_dataset("shiliu/held-v0", eval_env=ID)
    assert dataset.total_episodes == 2 and dataset.total_steps == 8
    read = np.concatenate([episode.actions for episode in minari.load_dataset("shiliu/held-v0")])
    assert (read == np.array(actions)).all()
    again = ShiliuEnv(scene)
    first = next(iter(dataset.iterate_episodes())).observations["observation.state"][0]
    assert (again.reset(seed=0)[0]["observation.state"] == first).all()


def test_a_policy_of_stable_baselines_learns_and_acts(scene):
    baselines = pytest.importorskip("stable_baselines3")

    def make() -> gymnasium.Env:
        env = ShiliuEnv(scene, until="opened", action="joint_delta", observations=["state", "environment_state"])
        # flat, because torch's modules do not take names with a dot, and a dataset's have one
        return wrappers.FlattenObservation(wrappers.RescaleAction(wrappers.TimeLimit(env, 20), -1.0, 1.0))

    model = baselines.PPO("MlpPolicy", make(), n_steps=32, batch_size=32, n_epochs=1, seed=0, device="cpu")
    before = model.policy.action_net.weight.detach().clone()
    model.learn(64)
    assert not (model.policy.action_net.weight == before).all()
    env = make()
    observation, _ = env.reset(seed=1)
    for _ in range(20):
        action, _ = model.predict(observation, deterministic=True)
        observation, _, terminated, truncated, _ = env.step(action)
    assert truncated and not terminated


def test_stable_baselines_own_check_finds_nothing_wrong(scene):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(wrappers.RescaleAction(ShiliuEnv(scene), -1.0, 1.0), skip_render_check=True)
