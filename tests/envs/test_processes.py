"""Environments in processes of their own, forked and spawned: the bits of one process; pictures after a fork are refused."""

from __future__ import annotations

import os
from functools import partial

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from shiliu.envs import rendering
from shiliu.scenarios.sheet.errors import ShiliuError

SEEDS = [3, 4]


MADE = partial(gymnasium.make, "shiliu:shiliu/Bare-v1", disable_env_checker=True)


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_processes_give_the_bits_of_one(context):
    here = SyncVectorEnv([MADE] * 2)
    many = gymnasium.make_vec("shiliu/Bare-v1", num_envs=2, threads=2)  # its threads run before the fork
    many.reset(seed=0)
    many.step(many.action_space.sample())
    there = AsyncVectorEnv([MADE] * 2, context=context)
    try:
        here.action_space.seed(5)
        steps = [(here.reset(seed=SEEDS)[0], there.reset(seed=SEEDS)[0])]
        for _ in range(3):
            actions = here.action_space.sample()
            (one, reward, *_), (other, again, *_) = here.step(actions), there.step(actions)
            assert np.array_equal(reward, again)
            steps.append((one, other))
    finally:
        there.close(), here.close(), many.close()
    for one, other in steps:
        assert set(one) == set(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_pictures_are_refused_in_a_process_that_was_forked_after_some(monkeypatch):
    """OpenGL would wait for ever there."""
    monkeypatch.setattr(rendering, "_drawn_by", [os.getppid()])
    env = MADE(images=["head"], overrides=("cameras.head.size=64x48",))
    with pytest.raises(ShiliuError, match="context='spawn'") as caught:
        env.reset(seed=0)
    assert str(ShiliuError(caught.value)) == str(caught.value)  # as Gymnasium raises what a process of its own has raised
    assert rendering.missing() == rendering.FORKED
