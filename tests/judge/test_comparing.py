"""Recordings against each other, and objects of a replay against their record."""

from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.checks.object_divergence import check_apart
from shiliu.replay.checks.rates import check_rate, peak_rates, usual
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.facts.object_poses import check_diverged
from shiliu.replay.judge.facts.recorded_poses import object_streams
from shiliu.replay.judge.facts.results import Motions, Rollouts, Subject
from shiliu.replay.judge.rate_comparison import held_together, rate_facts
from shiliu.replay.judge.stages.own_robot import OwnRobot
from shiliu.replay.recording.recording import Stream
from shiliu.replay.report import Words
from shiliu.replay.signals.signal import resample

RULES = load_rules()
RATE = RULES["joint.acceleration"]
T = np.arange(0, 4, 0.01)
NAMES = ("zarm_l1_joint", "zarm_r1_joint")


def swing(size, frequency=3.0):
    """A joint that swings with a largest acceleration of `size`, and one that stands still."""
    return np.stack([size / frequency**2 * np.sin(frequency * T), np.zeros(len(T))], axis=1)


# -- accelerations among recordings ----------------------------------------------------------------------------------
def test_peaks_of_a_swing_are_its_acceleration_and_its_jerk():
    rates = peak_rates(resample(T, swing(20.0), window=0.06), RULES)
    assert rates["joint.acceleration"][0] == pytest.approx([20.0, 0.0], rel=0.02, abs=1e-9)
    assert rates["joint.jerk"][0] == pytest.approx([60.0, 0.0], rel=0.05, abs=1e-6)


def test_the_bound_is_the_median_and_so_many_deviations():
    levels = np.array([[9.0], [10.0], [11.0], [12.0], [8.0]])
    median, bound = usual(levels, spread=12, least=0.1)
    assert (median[0], bound[0]) == (10.0, pytest.approx(10 + 12 * 1.4826))
    assert usual(np.full((5, 1), 10.0), spread=12, least=0.1)[1][0] == pytest.approx(22.0), "never less than a tenth"


@pytest.mark.parametrize(("size", "level"), [(30.0, "PASS"), (100.0, "WARN")])
def test_one_that_stands_out_is_warned_of_by_how_much(size, level):
    others = np.stack([np.append(20.0 + k % 5, 0.0) for k in range(20)])
    found = check_rate("joint.acceleration", np.array([size, 50.0]), np.ones(2), NAMES, others, RULES)
    assert (found.level, found.subject, found.value) == (level, ("zarm_l1_joint",), size)
    bound = 22.0 + RATE.settings["spread"] * max(1.4826, 0.1 * 22.0)
    assert found.limit == pytest.approx(bound)
    assert found.margin == pytest.approx(bound - size)
    assert found.details["recordings"] == 20
    for lang in ("en", "zh"):
        assert "20" in Words(lang).message(found) and "rad/s2" in Words(lang).message(found)


def test_too_few_recordings_say_nothing():
    few = np.full((int(RATE.settings["recordings"]) - 1, 2), 20.0)
    assert check_rate("joint.acceleration", few[0], few[0], NAMES, few, RULES).reason == "no_published_limit"


def batch(sizes, among="command"):
    scene = SimpleNamespace(name="a", robot=SimpleNamespace(name="kuafu"))
    subject = SimpleNamespace(among=among, scene=scene, rules=RULES)
    named = SimpleNamespace(names=NAMES)
    return [(subject, Motions({"command": named}, {"command": resample(T, swing(size))}, "command")) for size in sizes]


def compare_rates(takes):
    return held_together([rate_facts(*take) for take in takes], [RULES] * len(takes))


def test_in_a_batch_the_wild_one_is_told_and_the_rest_pass():
    compared = compare_rates(batch([*(20.0 + k % 4 for k in range(18)), 150.0]))
    assert [[found.level for found in one.values()] for one in compared] == [["PASS", "PASS"]] * 18 + [["WARN", "WARN"]]
    assert compare_rates(batch([20.0] * 5 + [150.0])) == [{}] * 6


def test_recordings_of_another_scene_are_no_measure():
    assert compare_rates(batch([20.0] * 10) + batch([150.0] * 10, "another")) == [{}] * 20


# -- objects against their record ------------------------------------------------------------------------------------
def test_an_object_that_leaves_its_record_is_told_from_when_and_how_it_grows():
    t = np.arange(0, 10, 0.1)
    away = np.maximum(0.0, t - 3.0) * 0.05  # from 3 s on, 50 mm a second
    (found,) = check_apart(t, np.stack([away, np.full(len(t), 0.005)], axis=1), ("bowl", "cup"), RULES)
    assert (found.level, found.subject) == ("WARN", ("bowl",))
    first = found.t0
    assert first == pytest.approx(3.45, abs=0.06)  # beyond 20 mm 0.4 s after it began
    assert found.value == pytest.approx(0.345)
    assert found.details["after_1"] == pytest.approx((first - 2.0) * 0.05)
    assert found.details["after_5"] == pytest.approx((first + 2.0) * 0.05)
    assert f"{1e3 * found.details['after_1']:.0f} mm a second later" in Words("en").message(found)
    assert f"{1e3 * found.details['after_5']:.0f} mm" in Words("zh").message(found)
    (near,) = check_apart(t, np.full((len(t), 1), 0.005), ("cup",), RULES)
    assert (near.level, near.margin) == ("PASS", pytest.approx(0.015))


def stream(names, values, t):
    ns = (np.asarray(t) * 1e9).astype(np.int64)
    return Stream("/objects", "pose", "object_pose", "m", names, np.asarray(values, float), capture_ns=ns)


def diverging(offset, known=True, names=("bowl.x", "bowl.y", "bowl.z"), episode=None, early=False):
    """The bowl stands still in the replay at (1, 2, 3); it was recorded `offset` metres further along x from 1 s on, or always."""
    t = np.arange(0, 3, 0.1)
    recorded = np.tile([1.0, 2.0, 3.0, 1.0][: len(names)], (len(t), 1))
    recorded[(t >= 1.0) | early, 0] += offset
    feature = SimpleNamespace(names=("oven.door", "bowl.x", "bowl.y", "bowl.z", "bowl.qw"))
    scene = SimpleNamespace(
        control_timestep=0.1, schema=SimpleNamespace(observations={"observation.environment_state": feature})
    )
    recording = SimpleNamespace(episode=episode, streams={"/objects": stream(names, recorded, t)}, start_ns=0)
    played = SimpleNamespace(
        qpos=np.zeros((30, 1)),
        observations={"observation.environment_state": np.tile(np.float32([0.1, 1, 2, 3, 1]), (30, 1))},
    )
    subject = Subject(recording, SimpleNamespace(scene=scene, rules=RULES, made_in=None), None, OwnRobot())
    return check_diverged(subject, Rollouts(played=(played,) if known else (played, played)))[0]


def test_a_recorded_object_is_held_against_the_replayed_one():
    assert diverging(0.01).level == "PASS"
    found = diverging(0.08)
    assert (found.level, found.subject) == ("WARN", ("bowl",))
    assert (found.value, found.t0) == (pytest.approx(0.08), pytest.approx(1.0))


def test_a_position_without_an_orientation_is_no_start():
    assert diverging(0.08, early=True).reason == "no_orientations"
    turned = ("bowl.x", "bowl.y", "bowl.z", "bowl.qw")
    assert diverging(0.08, names=turned, early=True).level == "WARN"


def test_where_no_object_was_recorded_there_is_nothing_to_compare():
    assert diverging(0.0, names=("a", "b", "c")).reason == "no_object_poses"
    assert diverging(0.0, known=False).reason == "unknown_start"
    assert diverging(0.0, episode=object()).reason == "covered_by_reproduces"
    recording = SimpleNamespace(streams={"s": stream(("bowl.x", "bowl.y", "bowl.z"), np.zeros((3, 3)), [0, 1, 2])})
    assert list(object_streams(recording, ("bowl", "cup"))) == ["bowl"]
