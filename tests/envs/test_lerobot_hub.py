"""The environment as LeRobot asks it: keys, attributes, success, and the entry that an EnvHub has."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import ClipAction
from shiliu.envs import lerobot_hub
from shiliu.envs.registration import LEROBOT
from shiliu.replay.drift.kept_take import read_take

ENTRY = Path(__file__).resolve().parents[2] / "docs" / "examples" / "envhub" / "env.py"


@pytest.fixture(scope="module")
def hub():
    """The file as LeRobot imports it: by its path."""
    spec = importlib.util.spec_from_file_location("hub_env_env_py", ENTRY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_entry_gives_a_vector_that_lerobots_rollout_can_ask(hub):
    (suite,) = hub.make_env(n_envs=2, cfg=SimpleNamespace(task="table_setting.taken")).values()
    env = suite[0]
    observation, _ = env.reset(seed=[3, 4], options={"lerobot_new_rollout": True})
    assert observation["agent_pos"].shape == (2, 18) and observation["environment_state"].shape == (2, 14)
    assert env.call("_max_episode_steps") == (750, 750)
    assert all("bowl" in text for text in env.call("task_description")) and env.call("task")[0] == "table_setting.taken"
    beyond = np.full((2, 18), 1e3, np.float32)  # a network knows no bounds
    observation, reward, terminated, truncated, info = env.step(beyond)
    assert info["is_success"].tolist() == [False, False] and not reward.any() and not (terminated | truncated).any()
    assert env.observation_space.contains(observation)
    env.close()


def test_the_plugin_names_what_is_registered():
    text = (ENTRY.parent / "shiliu_lerobot" / "__init__.py").read_text(encoding="utf-8")
    assert f'"{LEROBOT}"' in text and f'STATE = "{lerobot_hub.STATE}"' in text


def test_success_is_told_in_the_final_info_of_the_step_that_ends(hub):
    (suite,) = hub.make_env(n_envs=1, cfg=SimpleNamespace(task="table_setting.taken")).values()
    env, take = suite[0], read_take("table_setting")
    env.reset(seed=[take.seed])
    for action in take.actions:
        _, reward, terminated, _, info = env.step(action[None])
        if terminated[0]:
            break
    assert reward[0] == 1.0 and info["final_info"]["is_success"].tolist() == [True]
    env.close()


def test_what_is_beyond_is_clipped_as_gymnasium_does_it():
    ours, plain = (
        gymnasium.make("shiliu/LeRobot", task="table_setting"),
        ClipAction(gymnasium.make("shiliu/TableSetting-v1")),
    )
    one, other = ours.reset(seed=5)[0], plain.reset(seed=5)[0]
    action = np.linspace(-9, 9, 18).astype(np.float32)
    one, other = ours.step(action)[0], plain.step(action)[0]
    assert np.array_equal(one["agent_pos"], other["observation.state"])
    assert np.array_equal(one["touch"], other["observation.touch"])


def test_a_film_is_black_where_nothing_can_be_drawn(monkeypatch):
    monkeypatch.setattr(lerobot_hub, "missing", lambda: "Install EGL.")
    env = lerobot_hub.LeRobotEnv("table_setting")
    env.reset(seed=5)
    with pytest.warns(UserWarning, match="Install EGL"):
        assert env.render().shape == lerobot_hub.BLACK
    assert not env.render().any()


def test_fewer_than_one_copy_is_refused(hub):
    with pytest.raises(ValueError, match="n_envs: 0 is not accepted"):
        hub.make_env(n_envs=0)
