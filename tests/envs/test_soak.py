"""The soak: a short one passes and touches things; a number that is not finite, or an untold warning, stops it."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import script
from shiliu.envs.vector import ShiliuVectorEnv


@pytest.fixture(scope="module")
def soak():
    return script("benchmarks/soak.py")


@pytest.fixture
def envs(scene):
    envs = ShiliuVectorEnv(4, scene)
    envs.reset(seed=0)
    return envs


def test_random_actions_break_nothing_and_touch_something(soak, envs, monkeypatch):
    monkeypatch.setattr(soak, "LOOK", 2)
    seen = soak.block(envs, np.random.default_rng(0), 800)
    assert seen["steps"] == 800 and seen["looked"] == 100 and 0 < seen["touched"] < 100 and seen["unstable"] == 0


def test_a_number_that_is_not_finite_stops_it(soak, envs, monkeypatch):
    step = envs.step

    def broken(action):
        observed, *rest = step(action)
        observed["observation.state"][1, 3] = np.nan
        return observed, *rest

    monkeypatch.setattr(envs, "step", broken)
    with pytest.raises(RuntimeError, match=r"observation\.state is not finite at step 0"):
        soak.block(envs, np.random.default_rng(0), 40)


def test_a_warning_that_nobody_tells_stops_it(soak, envs):
    envs._copies.simulation.live("qvel")[2] = 1e12
    step = envs.step

    def silent(action):
        *rest, infos = step(action)
        infos["failure"] = np.where(infos["failure"] == "unstable", None, infos["failure"])
        return *rest, infos

    envs.step = silent
    with pytest.raises(RuntimeError, match="warned at step 0, and the environment did not say so"):
        soak.block(envs, np.random.default_rng(0), 40)


def test_a_diverging_copy_is_told_and_the_others_go_on(soak, envs):
    envs._copies.simulation.live("qvel")[2] = 1e12
    assert soak.block(envs, np.random.default_rng(0), 40)["unstable"] >= 1


def test_all_take_turns_and_the_slow_ones_seldom(soak):
    order = list(soak.turns({"b": False, "cloth": True, "a": False}, 2 * soak.RARER + 4))
    assert order[:5] == [("a", 0), ("b", 0), ("cloth", 0), ("a", 1), ("b", 1)]
    assert [turn for scenario, turn in order if scenario == "cloth"] == [0, soak.RARER]
    assert len(set(order)) == len(order) == 2 * soak.RARER + 4


def test_memory_that_grows_stops_it_but_not_a_first_block(soak, monkeypatch):
    monkeypatch.setattr(soak, "BLOCK", 32)
    monkeypatch.setattr(soak, "list_scenarios", lambda: {"bare": None, "microwave": None})
    taken = iter([100.0, 180.0, 243.0, 244.0, 245.0])
    monkeypatch.setattr(soak, "resident", lambda: next(taken))
    with pytest.raises(RuntimeError, match="bare: memory has grown from 180 to 245 MiB by block 2"):
        soak.soak(32 * 5, 0, None, quiet=True)


def test_it_goes_on_where_it_stopped(soak, tmp_path, monkeypatch):
    monkeypatch.setattr(soak, "BLOCK", 64)
    monkeypatch.setattr(soak, "list_scenarios", lambda: {"bare": None})
    out = tmp_path / "soak.jsonl"
    soak.soak(64 * 2, 0, out, quiet=True)
    first = out.read_text()
    assert soak.soak(64 * 3, 0, out, quiet=True)["bare"]["steps"] == 64 * 3
    assert out.read_text().startswith(first) and len(out.read_text().splitlines()) == 3
