"""Commands that were changed after an episode was recorded are found by what the robot did, each second from its own full state."""

import dataclasses

import numpy as np
import pytest
import shiliu
from shiliu.replay.judge.explanation import changed_commands as looking
from shiliu.replay.judge.explanation.changed_commands import changed_commands, changed_in_seconds
from shiliu.replay.rollout.each_second import Second, each_second, play_seconds
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.reproduce import played_again
from shiliu.replay.rollout.restored_commands import RestoredSecond, restored_commands
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.scene.schema import Feature
from shiliu.scenarios.stepping.simulation import Simulation

STEPS, ELBOW, SHOULDER, STATE = 100, "zarm_l4_joint", "zarm_r1_joint", "observation.state"


@pytest.fixture(scope="module")
def good(scene):
    """Both forearms up and down again."""
    actions = np.tile(scene.ready_ctrl, (STEPS, 1))
    swing = 0.3 * (1 - np.cos(2 * np.pi * np.arange(STEPS) / STEPS))
    for name in (ELBOW, "zarm_r4_joint"):
        actions[:, scene.schema.action.names.index(name)] -= swing
    take = Take(drawing.draw(scene, 0), actions.astype(np.float32))
    return episode_of(scene, next(play(scene, [take], [checkpoints_of(scene, STEPS)], 1)), 0)


def commanded(scene, episode, rows, values, name=ELBOW):
    """The episode with other commands of a joint written in these rows."""
    actions = episode.actions.copy()
    actions[rows, scene.schema.action.names.index(name)] = values
    return dataclasses.replace(episode, actions=actions)


def found_in(scene, episode):
    recording = as_recording("take", episode, scene)
    return changed_in_seconds(scene, recording, played_again(scene, recording))


def column(scene, episode, name=ELBOW):
    return episode.actions[:, scene.schema.action.names.index(name)].astype(float)


def test_a_second_goes_on_as_its_episode_did_where_a_rule_reads_the_begin():
    """A bottle is tipped over with 20 mm less in it than at the begin of the episode: how much pours depends on both."""
    scene = shiliu.load_scenario("drink_assist")
    draw, actions = drawing.draw(scene, 0), np.tile(scene.ready_ctrl, (30, 1)).astype(np.float32)
    level, bottle = (1 + int(draw.model.joint(name).qposadr[0]) for name in ("bottle/water_level", "bottle/bottle_065_free"))
    state = draw.start_state.copy()
    state[level] -= 0.02
    state[bottle + 2] += 0.3
    state[bottle + 3 : bottle + 7] = (0.2837, 0.9589, 0.0, 0.0)
    ends = []
    for begin in (draw, drawing.Draw(draw.values, draw.task, draw.model, state)):
        simulation = Simulation(scene)
        simulation.begin([begin])
        simulation.put(state)
        for row in actions:
            simulation.step(row[None])
        ends.append(simulation.state_of())
    (played,) = play_seconds(scene, draw, [Second(0, 30, state, state)], [actions])
    assert np.array_equal(played.states[30], ends[0]) and not np.array_equal(*ends)


def test_an_episode_as_it_was_made_has_no_changed_commands(scene, good):
    assert found_in(scene, good) is None


@pytest.mark.parametrize(("rows", "by"), [((40, 41), 0.02), ((56, 62), 0.05)])  # within a second, and over the end of one
def test_commands_that_were_shifted_are_named_with_their_rows_and_by_how_much(scene, good, rows, by):
    there = slice(rows[0], rows[1] + 1)
    found = found_in(scene, commanded(scene, good, there, column(scene, good)[there] + by))
    assert (found["subject"], found["column"], found["rows"]) == ((ELBOW,), "command", list(rows))
    assert found["size"] == pytest.approx(by, abs=2e-3)
    assert (found["cause"], found["by"]) == ("offset", pytest.approx(by, abs=1e-3)) or rows[1] - rows[0] < 2


def test_a_command_that_was_written_from_the_measurement_is_called_so(scene, good):
    measured = np.asarray(good.states[STATE])[:, scene.schema.observations[STATE].names.index(ELBOW)]
    found = found_in(scene, commanded(scene, good, slice(50, 60), measured[50:60]))
    assert (found["subject"], found["cause"], found["rows"]) == ((ELBOW,), "measurement_as_command", [50, 59])


def test_a_column_that_was_changed_as_well_is_told_beside_the_command(scene, good):
    state = np.asarray(good.states[STATE]).copy()
    state[5:20, scene.schema.observations[STATE].names.index(SHOULDER)] += 0.1
    broken = dataclasses.replace(good, states={**good.states, STATE: state})
    found = found_in(scene, commanded(scene, broken, slice(70, 80), column(scene, good)[70:80] + 0.05))
    assert (found["subject"], found["rows"]) == ((ELBOW,), [70, 79])
    assert (found["besides"], found["besides_in"]) == ((SHOULDER,), STATE)


@pytest.mark.parametrize("by", [0.0, 1e-3])
def test_a_start_that_is_another_one_is_no_change_of_a_column(scene, good, by):
    """What is measured in the first row follows from the start, and is not known where that does not lead on."""
    start = good.start_state.copy()
    start[1 + scene.joint_index[0]] += by
    broken = dataclasses.replace(good, start_state=start)
    recording = as_recording("take", broken, scene)
    played = each_second(scene, broken, played_again(scene, recording))
    assert played.known[0] == (by == 0.0) and played.known[31:].all()
    assert found_in(scene, broken) is None


def test_a_second_that_begins_in_another_state_has_no_commands_to_restore(scene, good):
    kept = {k: state.copy() for k, state in good.checkpoints.items()}
    kept[60][1 + scene.joint_index[0]] += 0.01
    broken = dataclasses.replace(good, checkpoints=kept)
    recording = as_recording("take", broken, scene)
    played = each_second(scene, broken, played_again(scene, recording))
    assert [one.begin for one in played.other] == [30, 60]
    assert restored_commands(played) == []


def test_of_takes_that_come_in_turns_each_is_played_once(scene, good, monkeypatch):
    asked = []
    monkeypatch.setattr(looking, "each_second", lambda scene, episode, again: asked.append(episode))
    takes = [as_recording(name, good, scene) for name in ("one", "two")]
    for _ in range(3):
        for take in takes:
            assert changed_in_seconds(scene, take, played_again(scene, takes[0])) is None
    assert len(asked) == 2


ANSWER = Feature("action", ("answer.given",), ("1",), np.zeros(1), np.ones(1), ("answer",))


@pytest.mark.parametrize(
    ("stepped", "row", "should", "rows", "late"),
    [(20, 29, 0.0, [20, 29], -10.0), (34, 29, 1.0, [29, 33], 5.0), (80, 29, 1.0, [29, 29], None)],
)
def test_an_answer_that_nothing_measures_is_early_or_late_by_its_step(stepped, row, should, rows, late):
    recorded = (np.arange(90) >= stepped).astype(np.float32)[:, None]
    commands = recorded[:30].astype(float)
    commands[row] = should
    second = RestoredSecond(Second(0, 30, np.empty(0), np.empty(0)), commands, np.array([True]))
    found = changed_commands([second], recorded, ANSWER, {}, 1.0 / 30.0)
    assert (found["subject"], found["rows"]) == (("answer.given",), rows)
    assert found["cause"] == ("unknown" if late is None else "lag")
    assert late is None or found["late"] == pytest.approx(late / 30.0)


@pytest.mark.parametrize("ends", [35, 65])  # the full states of one second show it, or of two
def test_an_answer_that_is_another_one_for_a_while_is_not_late(ends):
    true = (np.arange(110) < 70).astype(np.float32)[:, None]
    recorded = true.copy()
    recorded[20:ends] = 0.0
    seconds = []
    for begin in range(0, ends - 29, 30):
        commands = recorded[begin : begin + 30].astype(float)
        commands[29] = true[begin + 29]
        seconds.append(RestoredSecond(Second(begin, 30, np.empty(0), np.empty(0)), commands, np.array([True])))
    found = changed_commands(seconds, recorded, ANSWER, {}, 1.0 / 30.0)
    assert (found["subject"], found["rows"], found["cause"], found["level"]) == (("answer.given",), [20, ends - 1], "held_value", 0.0)
