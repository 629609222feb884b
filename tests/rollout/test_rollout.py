"""The loop that steps copies: a policy says who goes on, observers keep what is wanted, and company changes nothing."""

import numpy as np
import pytest
import shiliu
from shiliu.replay.rollout.observers import FullStates, Observations
from shiliu.replay.rollout.rollout import RecordedPolicy, roll_out
from shiliu.scenarios import variation as drawing

LENGTHS = (9, 4, 7)


@pytest.fixture(scope="module")
def bare():
    return shiliu.load_scenario("bare")


def waves(scene):
    """Commands of several lengths that differ from copy to copy."""
    t = np.arange(max(LENGTHS))[:, None]
    return [np.asarray(scene.ready_ctrl + 0.02 * (i + 1) * np.sin(t), np.float32)[:n] for i, n in enumerate(LENGTHS)]


def observers(scene, n):
    return [Observations(scene, n, max(LENGTHS)), FullStates.at([[0, 4]] * n)]


def test_each_copy_ends_at_its_own_time_and_is_what_it_is_alone(bare):
    draw, actions = drawing.nominal(bare), waves(bare)
    together = roll_out(bare, [draw] * 3, RecordedPolicy(actions), observers(bare, 3), threads=2)
    for done, own in zip(together, actions):
        (alone,) = roll_out(bare, [draw], RecordedPolicy([own]), observers(bare, 1))
        assert done.n_steps == alone.n_steps == len(own)
        assert done.carry.step.tolist() == alone.carry.step.tolist()
        for name, values in done.observations.items():
            assert len(values) == len(own) + 1 and values.tobytes() == alone.observations[name].tobytes()
        assert {t: s.tobytes() for t, s in done.states.items()} == {t: s.tobytes() for t, s in alone.states.items()}
    ends = [done.observations["observation.state"][4].tobytes() for done in together]
    assert len(set(ends)) == 3, "other commands, other ends"


def test_a_policy_may_stop_a_copy_before_its_commands_end(bare):
    class Stopped(RecordedPolicy):
        def live(self, t, carry, unstable, live):
            return live[(live != 0) | (t < 3)][: None if t < 5 else 0]

        def of(self, i, steps):
            return {"actions": self._actions[i][:steps]}

    policy = Stopped([np.tile(bare.ready_ctrl, (9, 1)).astype(np.float32)] * 2)
    first, second = roll_out(bare, [drawing.nominal(bare)] * 2, policy, [FullStates.each_second(bare)])
    assert (first.n_steps, second.n_steps) == (3, 5)
    assert sorted(first.states) == [0]


def test_what_no_observer_looked_at_is_empty(bare):
    (done,) = roll_out(bare, [drawing.nominal(bare)], RecordedPolicy(waves(bare)[:1]))
    assert not done.observations and not done.states and not done.safety and done.qpos.size == 0
    assert done.label == {"success": False, "subgoals": {}, "failure": None}
