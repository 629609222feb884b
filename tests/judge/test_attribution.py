"""An episode that does not reproduce: broken by a known amount, the cause is named with that amount."""

import copy
import dataclasses

import numpy as np
import pytest
from shiliu.replay.judge.explanation.attribution import _Trial, attribute, doubling
from shiliu.replay.judge.explanation.changed_columns import changed_columns
from shiliu.replay.judge.explanation.tracking_cause import explain
from shiliu.replay.judge.judge import judge
from shiliu.replay.report import Words
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.variation import of_episode
from shiliu.scenarios.scene.schema import Feature

STEPS = 100

RECORDED = ("observation.state", "observation.velocity", "observation.environment_state")


def rounded(state):
    return state.astype(np.float32).astype(float)


@pytest.fixture(scope="module")
def actions(scene):
    """Both forearms up and an upper arm forward, hands against the counter at last: motion and a touch."""
    commands = np.tile(scene.ready_ctrl, (STEPS, 1))
    swing = 0.3 * (1 - np.cos(2 * np.pi * np.arange(STEPS) / STEPS))
    for name, share in (("zarm_l4_joint", 1.0), ("zarm_r4_joint", 1.0), ("zarm_l1_joint", 0.5)):
        commands[:, scene.schema.action.names.index(name)] -= share * swing
    return commands.astype(np.float32)


def made(scene, draw, actions):
    played = next(play(scene, [Take(draw, actions)], [checkpoints_of(scene, len(actions))], 1))
    return episode_of(scene, played, 0)


@pytest.fixture(scope="module")
def draw(scene):
    return drawing.draw(scene, 0)


@pytest.fixture(scope="module")
def good(scene, draw, actions):
    return made(scene, draw, actions)


def details(scene, episode):
    """What the judge would put into the finding, without the rest of the judge."""
    own = of_episode(scene, episode)
    played = next(play(scene, [Take(own, episode.actions)], [sorted(episode.checkpoints)], 1))
    pairs = {
        name: (np.asarray(episode.states[name]), played.observations[name])
        for name in RECORDED
        if name in episode.states
    }
    recorded, replayed = ({name: pair[i] for name, pair in pairs.items()} for i in (0, 1))
    return attribute(scene, episode, own, recorded, replayed, played.states)


@pytest.mark.parametrize("shift", [2, -1, 3])
def test_actions_that_stand_beside_the_wrong_states(scene, good, shift):
    found = details(scene, dataclasses.replace(good, actions=np.roll(good.actions, shift, axis=0)))
    assert (found["likely"], found["shift"], found["owner"]) == ("alignment", shift, "device")
    assert found["left"] < 0.01 * found["departed"]


def test_a_full_state_that_was_changed_afterwards(scene, good):
    broken = copy.deepcopy(good)
    broken.checkpoints[60][5] += 1e-12
    found = details(scene, broken)
    assert (found["likely"], found["edited_from"], found["columns"]) == ("record_edited", 60, "full state")


def test_an_action_that_was_changed_afterwards(scene, good):
    broken = copy.deepcopy(good)
    broken.actions[50, 3] += 0.01
    found = details(scene, broken)
    assert (found["likely"], found["action_step"]) == ("action_edited", 50)


def test_states_in_float32(scene, good):
    only_start = dataclasses.replace(good, start_state=rounded(good.start_state))
    everything = dataclasses.replace(only_start, checkpoints={k: rounded(s) for k, s in good.checkpoints.items()})
    for broken in (only_start, everything):
        found = details(scene, broken)
        assert (found["likely"], found["owner"]) == ("float32_state", "device")
        assert found["largest"] == pytest.approx(np.abs(rounded(good.start_state) - good.start_state).max())


def test_another_start(scene, good):
    broken = copy.deepcopy(good)
    broken.start_state[1 + scene.joint_index[3]] += 0.02
    found = details(scene, broken)
    assert (found["likely"], found["largest"], found["left"]) == ("start_state", pytest.approx(0.02), 0.0)


def test_another_control_period(scene, draw, actions):
    twice = copy.copy(scene)
    twice.n_substeps = 2 * scene.n_substeps
    broken = dataclasses.replace(made(twice, draw, actions), n_substeps=scene.n_substeps)
    found = details(scene, broken)
    assert (found["likely"], found["factor"], found["left"]) == ("period", 2.0, 0.0)


def test_joints_in_degrees(scene, good):
    broken = copy.deepcopy(good)
    broken.actions[:, :14] = np.degrees(broken.actions[:, :14])
    found = details(scene, broken)
    assert (found["likely"], found["stored_in"]) == ("unit", "deg")


@pytest.mark.parametrize("key", ["oven.latch_force", "food.mass", "friction"])
def test_a_number_of_the_scene_that_is_a_tenth_off(scene, good, key):
    broken = copy.deepcopy(good)
    true = broken.draw["values"][key]
    broken.draw["values"][key] = 1.1 * true
    found = details(scene, broken)
    assert (found["likely"], found["parameter"], found["owner"]) == ("scene_parameter", key, "scene")
    assert found["recorded_value"] == pytest.approx(1.1 * true)
    assert found["fitting_value"] == pytest.approx(true, rel=0.005)


@pytest.fixture(scope="module")
def damped(scene, draw, actions):
    model = copy.deepcopy(draw.model)
    model.dof_damping[:] *= 1.1
    return made(scene, dataclasses.replace(draw, model=model), actions)


def test_columns_that_hardly_changed_are_not_named():
    """Some rows are other rows: arms at rest have hardly changed with them, the head has."""
    recorded = {"observation.state": np.zeros((50, 16)), "observation.velocity": np.zeros((50, 16))}
    replayed = {name: values.copy() for name, values in recorded.items()}
    replayed["observation.state"][20:24] += np.where(np.arange(16) < 14, 1e-5, 0.09)
    replayed["observation.state"][3:40] += 1e-12
    names = tuple(f"joint_{i}" for i in range(16))
    features = {"observation.state": Feature("observation.state", names, ("rad",) * 16, np.full(16, -3.0), np.full(16, 3.0), ())}
    found = changed_columns(recorded, replayed, features, 1.0 / 30.0, {})
    assert found["subject"] == names[14:] and found["rows"] == [20, 23] and found["size"] == pytest.approx(0.09)


@pytest.mark.slow  # every parameter of the scene is tried
def test_what_nothing_undoes_is_unknown_and_says_how_fast_it_grows(scene, damped):
    found = details(scene, damped)
    assert (found["likely"], found["owner"]) == ("unknown", "auditor")
    assert 0.005 < found["doubling_s"] < 0.2


def test_what_nothing_undoes_is_told_by_what_is_known_to_differ(scene, damped, monkeypatch):
    broken = copy.copy(damped)
    monkeypatch.setattr(_Trial, "_parameters", lambda self: iter(()))  # which take the longest to try
    broken.fingerprint = "0" * 64
    found = details(scene, broken)
    assert (found["likely"], found["owner"], found["made_with"]) == ("scene_fingerprint", "scene", "0" * 12)
    broken.engine = "mujoco 3.16.0"
    found = details(scene, broken)
    assert (found["likely"], found["made_with"]) == ("engine_version", "mujoco 3.16.0")


def test_the_verdict_says_the_cause_in_words_and_who_can_mend_it(scene, good):
    (verdict,) = judge([as_recording("take", good, scene)], threads=1)
    assert not any("hypotheses" in f.details for f in verdict.findings), "nothing is tried where all is well"
    broken = copy.deepcopy(good)
    broken.states["observation.state"][40, 3] += 0.01
    (verdict,) = judge([as_recording("take", broken, scene)], threads=1)
    finding = next(f for f in verdict.findings if f.code == "reproduces")
    assert finding.details["likely"] == "record_edited" and finding.details["step"] == 40
    english, chinese = Words("en"), Words("zh")
    assert "zarm_l4_joint in steps 40 to 40" in english.message(finding)
    assert "changed afterwards" in english.fix(finding) and "第 40 到 40 步" in chinese.message(finding)
    if verdict.findings[verdict.root] is finding:
        assert verdict.owner == "device"


def test_doubling_is_told_where_something_grows():
    t = np.arange(60) / 30.0
    grows = np.where(t < 0.5, 0.0, 1e-5 * 2.0 ** ((t - 0.5) / 0.1))
    assert doubling(grows, 1 / 30) == pytest.approx(0.1, rel=1e-6)
    assert doubling(np.full(60, 1e-3), 1 / 30) is None, "it differs, and does not grow"
    assert doubling(np.full(60, 1e-12), 1 / 30) is None, "what an engine rounds is no departure yet"


T = np.arange(0.0, 6.0, 1 / 30)
OURS = np.stack([0.8 * np.sin(2.0 * T), 0.5 * np.cos(1.3 * T), np.full(len(T), 0.2)], axis=1)
SENSED = np.arange(0.1, 5.9, 0.01)  # the measurement has a clock of its own


def sensed(lag=0.0, times=(1.0, 1.0, 1.0), plus=(0.0, 0.0, 0.0)):
    at = np.stack([np.interp(SENSED - lag, T, OURS[:, j]) for j in range(3)], axis=1)
    return at * times + plus


@pytest.mark.parametrize(
    ("measured", "likely", "size"),
    [
        (sensed(lag=0.25), "lag", {"lag_s": pytest.approx(0.25)}),
        (sensed(lag=-0.3), "lag", {"lag_s": pytest.approx(-0.3)}),
        (sensed(plus=(0.0, 0.3, 0.0)), "offset", {"offset": pytest.approx(0.3), "offset_of": "b", "joints_out": ["b"]}),
        (sensed(times=(1.0, np.degrees(1.0), np.degrees(1.0))), "unit", {"factor": pytest.approx(57.29578)}),
        (sensed(times=(-1.0, 1.0, 1.0)), "sign", {"factor": -1.0, "joints_out": ["a"]}),
    ],
)
def test_why_our_robot_is_far_from_the_measurement(measured, likely, size):
    found = explain(T, OURS, SENSED, measured, "abc", 0.2)
    assert found["likely"] == likely and found["left"] < 0.05
    assert {key: found[key] for key in size} == size


def test_a_measurement_that_went_another_way_has_no_such_reason():
    blocked = sensed()
    blocked[250:400, 0] = blocked[250, 0]  # an arm that was held fast for a while
    found = explain(T, OURS, SENSED, blocked, "abc", 0.2)
    assert (found["likely"], found["joints_out"]) == ("unknown", ["a"])
    assert explain(T, OURS, SENSED, sensed(lag=0.02), "abc", 0.2) == {}, "inside the bound nothing is explained"
