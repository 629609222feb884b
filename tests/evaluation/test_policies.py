"""Policies in many tasks: what is shown of a task, trials that are the environment's, and a table that a kill leaves whole."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
import shiliu

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
demonstrations, task_module, training, trials, cells, policies = (
    import_module(name)
    for name in (
        "imitation.demonstrations", "imitation.task", "imitation.training", "imitation.trials", "imitation.cells", "policies"
    )
)  # fmt: skip
STATE, AROUND = task_module.STATE, task_module.AROUND


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Two demonstrations of the table setting as far as the bowl is taken, its task and its frames."""
    scene = shiliu.load_scenario("table_setting")
    kept = demonstrations.Kept(tmp_path_factory.mktemp("shown"), scene, "taken")
    both = kept.of([1000, 1001])
    task = task_module.Task(scene, "taken", both)
    return SimpleNamespace(
        scene=scene, kept=kept, both=both, task=task, frames=training.frames_of(task, both, 30), seconds=20.0
    )


class Played:
    """Commands what was recorded."""

    def __init__(self, actions):
        self.actions = actions

    def command(self, t, observed, live):
        return np.stack([one[min(t, len(one) - 1)] for one in self.actions])[live]


def test_a_demonstration_ends_where_its_subgoal_is_reached_and_is_kept(shown):
    assert all(one.success for one in shown.both)
    again = shown.kept.of([1000])[0]
    assert again.sha256 == shown.both[0].sha256 and set(again.skills) <= {"look", "take.rim", "lift"}
    assert again.sha256 != shown.both[1].sha256
    assert len(again.actions) * shown.scene.control_timestep < 15.0


def episode(steps, opened, seed=1):
    """Of a set: `steps` control steps of 0.1 s, the door open at `opened` [s]."""
    return SimpleNamespace(
        seed=seed, control_timestep=0.1, n_steps=steps, actions=np.zeros((steps, 2), np.float32),
        states={STATE: np.zeros((steps + 1, 2), np.float32)},
        label={"success": True, "subgoals": {"opened": opened}, "failure": None},
        segments=[{"skill": "reach", "t0": 0.0, "t1": 2.0}, {"skill": "pull", "t0": 2.0, "t1": 4.0}],
    )  # fmt: skip


def test_an_episode_of_a_set_is_cut_where_its_subgoal_is_reached():
    cut = demonstrations.of_episode(episode(50, 3.0), "opened")
    assert cut.success and len(cut.actions) == len(cut.observed[STATE]) == 30 and cut.begun == 2
    assert cut.skills.tolist() == ["reach"] * 20 + ["pull"] * 10
    never = demonstrations.of_episode(episode(50, None), "opened")
    assert not never.success and len(never.actions) == 50
    early = demonstrations.of_episode(episode(50, 1.0), "opened")
    assert early.begun == 1


def test_detours_and_failures_are_left_out():
    times = [3.0, 3.1, 2.9, 4.9, None]  # the fourth is longer than 1.4 times the median of 3.05
    many = [demonstrations.of_episode(episode(50, t, k), "opened") for k, t in enumerate(times)]
    assert [one.seed for one in demonstrations.usual(many)] == [0, 1, 2]


def test_the_channels_and_anchors_are_those_of_the_chain(shown):
    names = [shown.scene.schema.action.names[i] for i in shown.task.used]
    assert "left_claw" in names and "zarm_l4_joint" in names and not any(name.startswith("zarm_r") for name in names)
    assert set(shown.task.anchors) == {"bowl/base", "bowl/rim_near", "bowl/bowl_150"} & set(shown.task.anchors)
    assert (
        "bowl/rim_near" in shown.task.anchors and "table/top" not in shown.task.anchors
    )  # that comes later in the chain


def test_a_hand_that_is_moved_with_its_joints_is_where_kinematics_has_it(shown):
    task, rows = shown.task, np.array([0, 100, 200])
    observed = {name: values[rows].copy() for name, values in shown.frames.observed.items()}
    away = np.full((3, int(task.joints.sum())), 0.01, np.float32)
    guessed = task.poses(observed).moved(away)
    observed[STATE][:, task.used[task.joints]] += away
    exact = task.poses(observed)
    assert np.abs(guessed.hand - exact.hand).max() < 1e-3 < np.abs(exact.hand - shown.frames.poses.hand[rows]).max()
    assert np.abs(guessed.turn - exact.turn).max() < 2e-3


def test_a_thing_that_is_elsewhere_is_shown_elsewhere(shown):
    task = shown.task
    observed = {name: values[:1].copy() for name, values in shown.frames.observed.items()}
    here = task.poses(observed)
    names = shown.scene.schema.observations[AROUND].names
    observed[AROUND][0, names.index("bowl.y")] += 0.05
    there = task.poses(observed)
    k = task.anchors.index("bowl/rim_near")
    assert np.allclose(there.anchor[0, k] - here.anchor[0, k], [0, 0.05, 0], atol=1e-6)
    assert np.array_equal(there.hand, here.hand)


def test_targets_lead_from_a_nudged_arm_back_to_the_command(shown):
    task, frames = shown.task, shown.frames
    first = frames.observed[STATE][:1, task.used] + frames.wanted[:1, 0]
    assert np.allclose(first, shown.both[0].actions[:1, task.used], atol=1e-4)
    seen, away = training.changed(task, frames, np.zeros(64, int), np.random.default_rng(0))
    assert seen.shape == (64, sum(one.shape[1] for one in task.groups(frames.observed, frames.poses)))
    assert 0.0 < np.abs(away).max() < 0.15


def test_trials_are_the_environments_own(shown):
    """Recorded commands do it in both; half-way they are let stand, and it is not done in either."""
    seeds = [1000, 1001]
    whole = [one.actions for one in shown.both]
    done, outside = trials.attempt(shown.task, Played(whole), seeds, shown.seconds)
    assert [one.success for one in done] == [True, True] and outside == 0.0
    env = gymnasium.make("shiliu/TableSetting-v1", until="taken", reward="sparse")
    _, info = env.reset(seed=1000)
    over = False
    while not over:
        steps = round(info["time"] / shown.scene.control_timestep)
        _, _, over, _, info = env.step(whole[0][steps])
    assert info["success"] and steps + 1 == done[0].steps
    short = [actions[: len(actions) // 2] for actions in whole]
    broken, _ = trials.attempt(shown.task, Played(short), seeds, 12.0, shown.frames)
    assert [one.success for one in broken] == [False, False]
    assert {one.failure for one in broken} == {"replay.goal:taken"} and {one.skill for one in broken} <= {
        "take.rim",
        "lift",
    }
    assert trials.summary(broken)["failed"] == seeds and trials.bytes_of(done) != trials.bytes_of(broken)


def test_commands_outside_the_space_are_clipped_and_counted(shown):
    high = shown.scene.schema.action.bounds[1]
    beyond = [np.tile(high + 1.0, (1, 1)).astype(np.float32)] * 2
    _, outside = trials.attempt(shown.task, Played(beyond), [1000, 1001], 0.2)
    assert outside == 1.0


def test_the_nearest_demonstration_is_that_of_the_nearest_start(shown):
    nearest = trials.Nearest(shown.both)
    observed = {AROUND: np.stack([one.observed[AROUND][0] for one in reversed(shown.both)])}
    action = nearest.command(0, observed, np.arange(2))
    assert np.array_equal(action[0], shown.both[1].actions[0]) and np.array_equal(action[1], shown.both[0].actions[0])


def test_a_cut_line_is_no_cell_and_is_taken_off(tmp_path):
    table = cells.Table(tmp_path / "cells.jsonl")
    table.add({"key": "a", "n": 1})
    table.add({"key": "b", "n": 2})
    text = table.file.read_text()
    table.file.write_text(text[:-4])  # killed while it wrote
    assert [row["key"] for row in table] == ["a"] and table.find("b") is None
    table.add({"key": "b", "n": 3})
    assert [row["n"] for row in table] == [1, 3] and table.find("b") == {"key": "b", "n": 3}


def test_a_cell_has_its_key_of_settings_and_demonstrations(shown):
    words = {**policies.DEFAULTS, "out": "x"}
    cell, other = policies.Cell("table_setting", 50, "chunked", 0), policies.Cell("table_setting", 50, "chunked", 1)
    keys = {
        cells.cell_key(policies.settings_of(one, words), shown.scene, data)
        for one, data in ((cell, ["a"]), (other, ["a"]), (cell, ["b"]), (cell, ["a"]))
    }
    assert len(keys) == 3


def test_few_demonstrations_and_the_first_seed_come_first():
    found = policies.cells_of({**policies.DEFAULTS, "tasks": "a,b"})
    learned = [one for one in found if one.who in policies.STEPS]
    assert len(found) == 2 * 3 + 2 * 2 * 2 * 3
    assert [(one.task, one.shown, one.who) for one in learned[:2]] == [("a", 50, "chunked"), ("b", 50, "chunked")]
    assert {one.seed for one in learned[:8]} == {0}


def test_a_zero_is_in_the_table_with_its_skill():
    row = {
        "task": "t",
        "shown": 50,
        "who": "act",
        "seed": 0,
        "n": 50,
        "successes": 0,
        "skills": {"lift": 50},
        "failures": {"x": 50},
    }
    assert policies.lines([row])[-1] == "| t | small ACT | 50 | 0/50 | 0.0% (0.0% to 7.1%) | lift 50 | x 50 |"


@pytest.mark.parametrize("network", ["chunked", "act"])
def test_the_same_seed_gives_the_same_bytes_and_learns(shown, network):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    how, task, frames = training.Training(network, steps=30, batch=16), shown.task, shown.frames
    one, same = (training.train(task, frames, how, 3)[0] for _ in range(2))
    other, _ = training.train(task, frames, training.Training(network, steps=1, batch=16), 4)
    assert one.sha256() == same.sha256() != other.sha256()
    rows = np.arange(0, len(frames.wanted), 7)
    observed = {name: values[rows] for name, values in frames.observed.items()}
    wanted = frames.wanted[rows] + observed[STATE][:, None, task.used]
    learned, begun = (np.abs((policy.chunk(observed) - wanted) / task.least).mean() for policy in (one, other))
    assert learned < 0.95 * begun
    done, _ = trials.attempt(shown.task, trials.Cloned(one), [30000], 1.0)
    assert [one.steps for one in done] == [30]
