"""The vector environment: each copy is the single environment of its seed, to the bit, in all autoreset modes."""

import gymnasium
import numpy as np
import pytest
import shiliu
from gymnasium.vector import AutoresetMode
from shiliu.envs.single import ShiliuEnv
from shiliu.envs.vector import ShiliuVectorEnv
from shiliu.scenarios.sheet.errors import ScenarioError, ShiliuError

N, STEPS, SEED = 3, 66, 7


@pytest.fixture(scope="module")
def short():
    """The microwave with a time limit of a second, so that episodes end while one looks."""
    return shiliu.load_scenario("microwave", ['time_limit="1 s"'])


def actions(scene, space, steps=STEPS, n=N):
    """(steps, n, nu) random steps around the ready posture, within the space."""
    rng = np.random.default_rng(16)
    around = np.asarray(scene.ready_ctrl) + rng.normal(0.0, 0.2, (steps, n, space.shape[-1])).cumsum(axis=0)
    return np.clip(around, space.low, space.high).astype(np.float32)


def same(a: dict, b: dict, i: int) -> bool:
    return all(a[name][i].tobytes() == np.asarray(value).tobytes() for name, value in b.items())


@pytest.mark.parametrize("mode", list(AutoresetMode), ids=lambda mode: mode.name)
def test_each_copy_is_the_single_environment_of_its_seed(short, mode):
    vector = ShiliuVectorEnv(N, short, autoreset_mode=mode)
    singles = [ShiliuEnv(short) for _ in range(N)]
    observed, infos = vector.reset(seed=SEED)
    for i, env in enumerate(singles):
        observation, info = env.reset(seed=SEED + i)
        assert same(observed, observation, i)
        for table in ("draw", "task"):
            assert {name: column[i] for name, column in infos[table].items() if name[0] != "_"} == info[table]
            assert info[table]
    over, ended = np.zeros(N, bool), 0
    for action in actions(short, vector.single_action_space):
        if mode is AutoresetMode.DISABLED and over.any():
            observed, _ = vector.reset(options={"reset_mask": over})
            for i in np.flatnonzero(over):
                assert same(observed, singles[i].reset()[0], i)
            over[:] = False
        observed, reward, terminated, truncated, infos = vector.step(action)
        for i, env in enumerate(singles):
            if mode is AutoresetMode.NEXT_STEP and over[i]:
                observation, _ = env.reset()
                assert same(observed, observation, i) and (reward[i], terminated[i], truncated[i]) == (
                    0.0,
                    False,
                    False,
                )
                over[i] = False
                continue
            observation, gained, done, cut, info = env.step(action[i])
            assert (reward[i], terminated[i], truncated[i]) == (gained, done, cut)
            over[i] = done or cut
            infos_of_step = infos
            if mode is AutoresetMode.SAME_STEP and over[i]:
                assert infos["_final_obs"][i] and same({name: [v] for name, v in infos["final_obs"][i].items()}, observation, 0)
                assert [last is None for last in infos["final_obs"]] == list(~infos["_final_obs"])
                assert (infos["final_info"]["_success"] == infos["_final_info"]).all() and infos["_success"].all(), "of whom each is"
                infos_of_step, observation = infos["final_info"], env.reset()[0]
                over[i] = False
            assert same(observed, observation, i)
            assert (infos_of_step["failure"][i], infos_of_step["unsafe"][i], infos_of_step["time"][i]) == (
                info["failure"],
                info["unsafe"],
                info["time"],
            )
            ended += done or cut
    assert ended >= 2 * N


def test_the_number_of_threads_changes_nothing(short):
    seen = []
    for threads in (1, 2):
        vector = ShiliuVectorEnv(N, short, threads=threads)
        vector.reset(seed=SEED)
        steps = [
            vector.step(action)[0]["observation.state"] for action in actions(short, vector.single_action_space, 12)
        ]
        seen.append(np.array(steps).tobytes())
    assert seen[0] == seen[1]


def test_copies_end_on_their_own_and_the_others_go_on(short):
    vector = ShiliuVectorEnv(N, short, autoreset_mode="Disabled")
    vector.reset(seed=SEED)
    vector.reset(seed=[None, 40, None], options={"reset_mask": np.array([False, True, False])})
    alone = ShiliuEnv(short)
    observation, _ = alone.reset(seed=40)
    ready = np.tile(short.ready_ctrl, (N, 1)).astype(np.float32)
    for _ in range(3):
        observed, *_ = vector.step(ready)
        observation, *_ = alone.step(ready[1])
    assert same(observed, observation, 1)
    vector.reset(options={"reset_mask": np.array([True, False, False])})
    assert list(vector._copies.steps) == [0, 3, 3]
    assert list(vector._copies.carry.step) == [1, 4, 4]


def test_an_episode_that_is_over_is_not_stepped_where_autoreset_is_disabled(short):
    vector = ShiliuVectorEnv(1, short, autoreset_mode=AutoresetMode.DISABLED)
    ready = np.asarray(short.ready_ctrl, np.float32)[None]
    with pytest.raises(gymnasium.error.ResetNeeded):
        vector.step(ready)
    vector.reset(seed=0)
    for _ in range(30):
        *_, truncated, infos = vector.step(ready)
    assert truncated[0] and infos["failure"][0] == "replay.goal:opened"
    with pytest.raises(gymnasium.error.ResetNeeded):
        vector.step(ready)


def test_what_does_not_fit_is_told(short):
    for words, message in (
        ({"num_envs": 0}, "num_envs: 0 is not accepted here"),
        ({"reward": "densse"}, "no reward"),
        ({"images": ["head"]}, 'images: Pictures are the single environment\'s: make it with vectorization_mode="sync"'),
        ({"render_mode": "rgb_array"}, "render_mode: Pictures are the single environment's"),
        ({"autoreset_mode": "never"}, "NextStep, SameStep, Disabled"),
    ):
        with pytest.raises(ShiliuError, match=message):
            ShiliuVectorEnv(scenario=short, **words)
    vector = ShiliuVectorEnv(2, short)
    with pytest.raises(ScenarioError, match="3 seeds were given for 2 copies"):
        vector.reset(seed=[1, 2, 3])
    with pytest.raises(ScenarioError, match="Did you mean reset_mask"):
        vector.reset(options={"reset_maks": [True, True]})
    vector.reset(seed=0)
    wrong = np.tile(short.ready_ctrl, (2, 1)).astype(np.float32)
    wrong[1, 3] = 9.0
    with pytest.raises(ValueError, match=r"environment 1: .*zarm_l4_joint = 9"):
        vector.step(wrong)


@pytest.mark.parametrize("mode", [None, "sync"])
def test_make_vec_makes_it(mode):
    envs = gymnasium.make_vec("shiliu/Microwave-v1", num_envs=2, vectorization_mode=mode)
    assert isinstance(envs.unwrapped, ShiliuVectorEnv) == (mode is None)
    observed, _ = envs.reset(seed=3)
    assert observed["observation.state"].shape == (2, 18) and envs.observation_space.contains(observed)
    envs.close()
