"""What commands do in our own simulation is no fault of a recorder, whatever the columns look like; what a recorder changed is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shiliu
from shiliu.replay.judge.intake import intake
from shiliu.replay.judge.stages import rollout_stage
from shiliu.replay.rollout import reproduce
from shiliu.replay.rollout.episode import as_recording, episode_of, replayed
from shiliu.replay.rollout.reproduce import made_again, played_again, start_of

NECK, SHOULDER, ELBOW = "zhead_1_joint", "zarm_r1_joint", "zarm_r4_joint"


def judged(table, served, joint, added):
    """The verdict of the demonstration with that added to the command of a joint, (T,) rad."""
    actions = served.episode.actions.copy()
    actions[:, table.schema.action.names.index(joint)] += added
    return shiliu.judge_commands(table, actions, seed=1)


def rows(served):
    return np.arange(served.episode.n_steps)


def of(verdict, code):
    return next(one for one in verdict.findings if one.code == code)


def test_a_command_that_no_motor_follows_is_the_motions_and_not_the_recorders(table, served):
    verdict = judged(table, served, NECK, 1.2 * np.clip((rows(served) - 59) / 4.0, 0.0, 1.0))  # within 0.13 s
    assert (verdict.verdict, verdict.owner) == ("INFEASIBLE", "operator")
    assert verdict.findings[verdict.root].subject == (NECK,)
    assert of(verdict, "torque.peak").failed
    assert of(verdict, "column.differs").level == "PASS"  # the torques say that it was given


@pytest.mark.parametrize(
    ("joint", "by"), [(SHOULDER, -0.5), *(pytest.param(name, -0.5, marks=pytest.mark.slow) for name in (ELBOW, "zarm_l3_joint"))]
)
def test_an_arm_that_is_driven_into_the_counter_is_stopped_by_it(table, served, joint, by):
    verdict = judged(table, served, joint, by * ((rows(served) >= 30) & (rows(served) < 90)))
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, root.code, root.subject[1]) == ("INFEASIBLE", "collision.scene", "table/counter")


def recorded(table, served, joint, added):
    """The demonstration with that added to the command of a joint, as the simulation records it."""
    actions = served.episode.actions.copy()
    actions[:, table.schema.action.names.index(joint)] += added
    episode = replayed(table, served.episode, start_of(table, served.episode), actions, "test")
    return as_recording("driven", episode, table)


@pytest.mark.parametrize(
    ("joint", "by", "first", "last"),
    [(SHOULDER, -0.5, 30, 90), pytest.param("zarm_l3_joint", -0.5, 30, 90, marks=pytest.mark.slow), (NECK, 0.3, 60, 400)],
)
def test_no_recorder_is_blamed_at_intake_for_commands_that_no_motor_follows(table, served, joint, by, first, last):
    """There is no scene there that is played again: the torques say that the commands were given, and that the joint was held back."""
    inside = (rows(served) >= first) & (rows(served) < last)
    driven = recorded(table, served, joint, by * inside)
    (verdict,) = intake([driven])
    assert not [one.code for one in verdict.findings if one.failed and one.stage == "integrity"]
    action = driven.episode.actions.copy()
    action[150:190, table.schema.action.names.index("zarm_l4_joint")] += 0.3  # after it was played
    (verdict,) = intake([as_recording("edited", replace(driven.episode, actions=action), table)])
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, root.subject, root.details["column"]) == ("UNSOUND", ("zarm_l4_joint",), "command")


def test_a_column_that_is_late_after_it_was_played_is_the_recorders(table, served):
    episode = served.episode
    state = episode.states["observation.state"].copy()
    joint = table.schema.observations["observation.state"].names.index("zarm_l4_joint")
    state[100:300, joint] = state[92:292, joint]  # 0.27 s
    late = as_recording("late", replace(episode, states={**episode.states, "observation.state": state}), table)
    again = episode_of(table, played_again(table, served))
    assert made_again(table, served, again) and not made_again(table, late, again)
    (verdict,) = shiliu.judge(late)
    assert verdict.verdict == "UNSOUND" and of(verdict, "column.differs").subject == ("zarm_l4_joint",)
    named = of(verdict, "column.differs")  # the replay stands beside it, so that the cause is exact
    assert (named.details["kind"], named.details["rows"]) == ("lag", [100, 299]) and named.details["explained"] > 0.999


def test_columns_under_the_names_of_others_are_not_made_again(table, served):
    stream = next(one for one in served.streams.values() if one.role == "measured" and NECK in one.names)
    names = list(stream.names)
    a, b = names.index(ELBOW), names.index("zarm_l4_joint")
    names[a], names[b] = names[b], names[a]
    wrong = replace(served, streams={**served.streams, stream.name: replace(stream, names=tuple(names))})
    assert not made_again(table, wrong, episode_of(table, played_again(table, served)))
    (verdict,) = shiliu.judge(wrong)
    assert verdict.verdict == "UNSOUND"


def test_an_episode_is_played_once_and_not_at_all_where_it_was_just_performed(table, served, monkeypatch):
    driven = recorded(table, served, NECK, 1.2 * np.clip((rows(served) - 59) / 4.0, 0.0, 1.0))
    performed, plays = played_again(table, driven), []

    def counted(module):
        play = module.play
        monkeypatch.setattr(module, "play", lambda *given, **named: plays.append(module.__name__) or play(*given, **named))

    counted(reproduce)
    counted(rollout_stage)
    (once,) = shiliu.judge([driven], table, threads=1)
    assert len(plays) == 1, "its columns disagree, so that integrity plays it"
    (none,) = shiliu.judge([driven], table, threads=1, performed={driven.sha256: performed})
    assert len(plays) == 1
    assert [one.code for one in once.findings if one.failed] == [one.code for one in none.findings if one.failed]
