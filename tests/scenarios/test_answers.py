"""What the robot has to tell: numbers of its action, held against the draw, in environment, operator and judge."""

import dataclasses

import numpy as np
import pytest
import yaml
from benches import BENCH, done
from conftest import make_readings
from shiliu.envs.single import ShiliuEnv
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.formats.mcap import write as mcap_write
from shiliu.replay.formats.rosbag import write as rosbag_write
from shiliu.replay.formats.rosbag.bag_episode import read_episode
from shiliu.replay.judge.facts.recorded_answers import recorded_answers, unanswered
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.operator import read_chain
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.parts.part import Param
from shiliu.scenarios.reading.answers import AskedAnswer, with_answers
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.words.answer import Answered

GAUGE = AskedAnswer("pressure", "pipes.large_reading", Param("large_reading", "share", 0.4, 0.0, 1.0, "", ()))
WITHIN = Answered(GAUGE, 0.02, "1", 1.0)
WORLD = """
title: {en: Gauges, zh: 表}
version: 1
time_limit: 8 s
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 20 deg}, pose: ready}
parts:
  room: {part: fixtures/room, signs: 0 %}
  pipes: {part: fixtures/gauge_stand, put: foot, at: {x: 800 mm, y: 340 mm}, yaw: 25 deg}
  panel: {part: fixtures/signal_panel, put: foot, at: {x: 900 mm, y: -320 mm}, yaw: -10 deg}
variation:
  pipes: {large_reading: {replace: {uniform: [5 %, 95 %]}}}
  panel: {lamp_3: {replace: {one_of: [0 %, 100 %]}}}
answers:
  pressure: {of: pipes.large_reading, title: {en: pressure, zh: 压力}}
  standby:  {of: panel.lamp_3, title: {en: standby lamp, zh: 备用灯}}
goal:
  lamp:  {answered: {of: standby, within: 40 %}, title: {en: lamp, zh: 灯}}
  gauge: {answered: {of: pressure, within: 2 %}, hold: 0.2 s, title: {en: gauge, zh: 表}}
cameras: {head: {mount: robot.head_camera, size: 640x480}}
skills:
  - look: {at: panel.lamps}
  - report: {of: panel}
  - look: {at: pipes.large}
  - report: {of: pipes}
judge: {required: [integrity, replay.goal]}
"""


def gauges(**changes):
    """The scene, and its `skills` or `answers` as other YAML."""
    tree = yaml.safe_load(WORLD)
    return scene_of_tree("gauges", tree | {key: yaml.safe_load(text) for key, text in changes.items()})


@pytest.fixture(scope="module")
def scene():
    return gauges()


@pytest.fixture(scope="module")
def reported(scene):
    """What the operator does in the draw of seed 3; look at it, do not change it."""
    return done(scene, 3)


@pytest.mark.parametrize(
    ("value", "given", "margin"), [(0.43, 1.0, 0.01), (0.40, 0.6, 0.0), (0.36, 1.0, -0.04), (0.42, 0.0, -1.0), (0.9, 2.0, 1.0)]
)
def test_the_margin_is_what_is_left_of_the_bound(value, given, margin):
    seen = make_readings({GAUGE.value: [[value]], GAUGE.given: [[given]], GAUGE.truth: [[0.42]]})
    assert WITHIN.margin(seen) == pytest.approx([margin], abs=1e-9)
    assert WITHIN.margin(seen.row(0)) == pytest.approx(margin, abs=1e-9)


@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_the_operator_reads_needles_and_lamps_as_they_are_drawn(scene, reported, seed):
    played = reported if seed == 3 else done(scene, seed)
    values, names = drawing.draw(scene, seed).values, scene.schema.action.names
    assert played.success, played.label
    answered = dict(zip(names, played.actions[-1].tolist()))
    assert answered["answer.pressure"] == pytest.approx(values["pipes.large_reading"], abs=1e-3)
    assert answered["answer.standby"] == values["panel.lamp_3"]
    assert answered["answer.pressure.given"] == answered["answer.standby.given"] == 1.0
    assert not played.actions[0][[names.index("answer.pressure"), names.index("answer.pressure.given")]].any()


def test_what_is_not_in_the_picture_is_not_told():
    away = gauges(skills="[{look: {at: pipes.foot}}, {report: {of: pipes}}]")
    played = done(away)
    assert played.provenance["gave_up"]["code"] == "not_seen"
    assert played.failure == "replay.goal:lamp"


@pytest.mark.parametrize(("part", "step"), [("pipes", "gauge"), ("panel", "lamp")])
def test_what_is_misread_fails_in_environment_and_judge_alike(part, step):
    chain = yaml.safe_load(WORLD)["skills"]
    for skill in chain:
        if skill.get("report", {}).get("of") == part:
            skill["report"]["wrong"] = "5 %" if part == "pipes" else "100 %"
    wrong = gauges(skills=yaml.safe_dump(chain))
    played = done(wrong, 3, rest=8.0)  # until its time is up
    assert played.failure == f"replay.goal:{step}"
    env = ShiliuEnv(wrong)
    env.reset(options={"values": dict(played.draw.values)})
    for action in played.actions:
        *_, truncated, info = env.step(action)
    assert truncated and info["failure"] == played.failure
    episode = episode_of(wrong, played)
    episode.label["success"] = True
    (verdict,) = judge([as_recording("misread", episode, wrong)], wrong)
    (goal,) = (f for f in verdict.findings if f.code == "goal")
    assert verdict.verdict == "INFEASIBLE" and goal.failed and goal.subject == (step,)
    assert next(f for f in verdict.findings if f.code == "reproduces").level == "PASS"


def test_an_answer_may_be_mended_until_the_end_and_counts_as_it_was_given_last(scene):
    env = ShiliuEnv(scene, vary=False)
    env.reset()
    still, names = env.applied, scene.schema.action.names
    answered = with_answers(still, names, {"standby": 0.0, "pressure": 0.8})
    for _ in range(9):
        *_, info = env.step(answered)
    assert info["subgoals"]["lamp"] is not None and info["subgoals"]["gauge"] is None
    undone = with_answers(still, names, {"standby": 1.0, "pressure": 0.41})
    for _ in range(9):
        _, _, terminated, _, info = env.step(undone)
    assert info["undone"]["lamp"] is not None and info["subgoals"]["gauge"] is not None and not terminated
    for _ in range(3):
        if not terminated:
            _, _, terminated, _, info = env.step(with_answers(undone, names, {"standby": 0.0}))
    assert terminated and info["success"]
    with pytest.raises(ScenarioError, match=r"'presure' is nothing that the scene asks for. Did you mean pressure\?"):
        with_answers(still, names, {"presure": 0.5})


@pytest.mark.parametrize("mode", ["joint_delta", "hand_delta"])
def test_each_way_to_act_gives_answers(scene, mode):
    env = ShiliuEnv(scene, action=mode, vary=False)
    env.reset()
    names = env.interface.actions.feature.names
    action = np.zeros(len(names), np.float32)
    for _ in range(12):
        *_, info = env.step(with_answers(action, names, {"standby": 0.0, "pressure": 0.4}))
    assert info["success"]


def without(recording, *names):
    """The recording as an ordinary set tells it: no episode, and no columns of these names."""
    streams = {}
    for key, stream in recording.streams.items():
        kept = [j for j, name in enumerate(stream.names) if not name.startswith(names)] if names else range(len(stream.names))
        if kept:
            chosen = tuple(stream.names[j] for j in kept)
            streams[key] = dataclasses.replace(stream, names=chosen, values=stream.values[:, list(kept)])
    return dataclasses.replace(recording, streams=streams, episode=None, kind="robot")


def test_a_recording_that_has_no_answers_is_not_checked_and_not_refused(scene, reported):
    episode = episode_of(scene, reported)
    recording = as_recording("told aloud", episode, scene)
    (verdict,) = judge([without(recording, "answer.")], scene)
    (goal,) = (f for f in verdict.findings if f.code == "goal")
    assert (goal.level, goal.reason) == ("NOT_CHECKED", "no_answers")
    assert goal.details["answers"] == "standby, pressure"
    assert verdict.verdict == "INCONCLUSIVE"


def test_a_recording_that_has_them_is_held_against_the_start(scene, reported):
    """Nobody recorded how the needle stood: the answers are right in the starts in which they are true."""
    recording = as_recording("told", episode_of(scene, reported), scene)
    (verdict,) = judge([without(recording)], scene)
    (goal,) = (f for f in verdict.findings if f.code == "goal")
    assert goal.reason != "no_answers"


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("{pressure: {of: pipes.large_readng}, standby: {of: panel.lamp_3}}", "is no parameter of a part. Did you mean pipes.large_r"),
        ("{pressure: {of: panel.lamp_2}, stand_by: {of: panel.lamp_3}}", "'standby' is not known here. Did you mean stand_by"),
    ],
)
def test_what_is_asked_has_to_be_a_parameter(answers, message):
    with pytest.raises(ScenarioError, match=message):
        gauges(answers=answers)


def test_a_thing_that_shows_nothing_cannot_be_read():
    tree = yaml.safe_load(BENCH) | {"skills": [{"report": {"of": "bowl"}}]}
    tree |= {"answers": {"height": {"of": "table.height"}}, "goal": {"h": {"answered": {"of": "height", "within": "5 mm"}}}}
    bench = scene_of_tree("bench", tree)
    assert [skill.name for skill in read_chain(bench)] == ["report"]
    tree["skills"] = [{"report": {"of": "table"}}]
    assert done(scene_of_tree("bench", tree)).provenance["gave_up"]["code"] == "not_seen"


@pytest.mark.parametrize("name", ["lerobot", "rosbag", "mcap"])
def test_every_format_of_an_episode_keeps_the_answers(scene, reported, tmp_path, name):
    episode = episode_of(scene, reported)
    out = tmp_path / {"lerobot": "set", "rosbag": "take.bag", "mcap": "take.mcap"}[name]
    if name == "lerobot":
        write_lerobot(out, [episode], scene.schema.lerobot_features(), 30)
    elif name == "rosbag":
        rosbag_write.write(episode, scene, out)
    else:
        mcap_write.write(as_recording("told", episode, scene), out)
    (back,) = read(out)
    if name == "rosbag":  # read as a real robot's its topics have no answers; the episode in it has
        assert unanswered(scene, recorded_answers(back, scene.config.answers, np.arange(3.0)))
        back = as_recording("told", read_episode(out), scene)
    names = list(back.episode.action_names)
    assert names[-4:] == ["answer.pressure", "answer.pressure.given", "answer.standby", "answer.standby.given"]
    np.testing.assert_array_equal(back.episode.actions, episode.actions)
    if name == "lerobot":  # the others hold the same actions
        (verdict,) = judge([back], scene)
        assert next(f for f in verdict.findings if f.code == "goal").level == "PASS"
    answered = recorded_answers(dataclasses.replace(back, episode=None), scene.config.answers, np.arange(len(episode.actions)) / 30)
    for column, values in answered.items():
        assert values == pytest.approx(episode.actions[:, names.index(column)], abs=1e-6)
    assert not unanswered(scene, answered)
