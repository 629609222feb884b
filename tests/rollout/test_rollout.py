"""The loop that steps copies: a policy says who goes on, observers keep what is wanted, and company changes nothing."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest
import shiliu
from shiliu.replay.rollout.observers import FullStates, Observations
from shiliu.replay.rollout.rollout import RecordedPolicy, Rollout, Take, play, roll_out
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.variation import Draw

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


@pytest.mark.parametrize("speed", [0.0, 1e11])
def test_one_copy_alone_goes_span_by_span_to_the_same_bits(speed):
    """Longer than a span, with all that the judge looks at; and one that diverges on its way."""
    scene = shiliu.load_scenario("table_setting")
    draw, t = drawing.nominal(scene), np.arange(90)[:, None]
    actions = np.asarray(scene.ready_ctrl + 0.3 * np.sin(t / 15.0), np.float32)
    state = draw.start_state.copy()
    state[1 + scene.model.nq + int(scene.model.joint(scene.robot.joint_names[0]).dofadr[0])] += speed
    take = Take(Draw(draw.values, draw.task, draw.model, state), actions)
    (alone,) = play(scene, [take], [[0, 64, 90]], nearest=True)
    together, _ = play(scene, [take, take], [[0, 64, 90]] * 2, threads=1, nearest=True)
    assert (alone.unstable_at is None) == (speed == 0.0)
    for one in fields(Rollout):
        ours, theirs = getattr(alone, one.name), getattr(together, one.name)
        assert repr(flat(ours)) == repr(flat(theirs)), one.name


def flat(value):
    """Arrays as their kinds and bytes, records and tables as lists."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, dict):
        return [(key, flat(one)) for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [flat(one) for one in value]
    if is_dataclass(value) and not isinstance(value, Draw):
        return [(one.name, flat(getattr(value, one.name))) for one in fields(value)]
    return value
