"""The thresholds file and the robot's limits: read, graded, refused by line."""

import re
from pathlib import Path

import numpy as np
import pytest
from shiliu.replay.checks.finding import STAGES, lasted
from shiliu.replay.checks.rules import FOLDER, load_rules
from shiliu.replay.report import Words
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.scenarios.sheet.errors import ScenarioError


@pytest.fixture(scope="module")
def rules():
    return load_rules()


def test_every_code_has_its_bounds_source_grade_and_owner(rules):
    for rule in rules.values():
        assert rule.source and rule.grade and rule.owner and rule.unit
        if rule.fail is not None and not isinstance(rule.fail, str) and rule.fail != 0:
            assert rule.unsure == {"published": 0.05, "measured": 0.05, "estimate": 0.2}[rule.grade]


def test_every_code_has_its_stage_and_its_words(rules):
    assert {rule.stage for rule in rules.values()} == set(STAGES)
    for lang in ("en", "zh"):
        assert {code for code in rules if Words(lang).code(code) is None} == set()


def test_codes_without_a_limit_are_never_required(rules):
    assert {"joint.acceleration", "joint.jerk", "payload", "grip.friction", "clock.stall"} <= rules.optional
    assert "torque.peak" not in rules.optional


def test_a_scenario_names_its_own_codes(rules):
    assert rules["scenario.door_rebound"] is rules["scenario"]


@pytest.mark.parametrize(
    ("value", "level", "margin", "excess"),
    [(5.0, "PASS", 3.0, 0.0), (7.0, "WARN", -1.0, 1 / 6), (8.2, "WARN", -0.2, 0.025), (10.0, "FAIL", -2.0, 0.25)],
)
def test_a_value_is_graded_by_both_bounds_and_the_band_between(rules, value, level, margin, excess):
    graded = rules["joint.velocity"].grade_value(value, fail=8.0, warn=6.0)
    assert graded["level"] == level
    assert graded["margin"] == pytest.approx(margin)
    assert graded["excess"] == pytest.approx(excess)


def test_what_is_not_sure_is_a_warning_at_most(rules):
    sure, unsure = (rules["joint.velocity"].grade_value(10.0, fail=8.0, warn=6.0, sure=one) for one in (True, False))
    assert (sure["level"], unsure["level"]) == ("FAIL", "WARN")
    assert unsure | {"level": "FAIL"} == sure  # with the numbers of the failure
    assert rules["joint.velocity"].grade_value(5.0, fail=8.0, warn=6.0, sure=False)["level"] == "PASS"


def test_what_lasted_is_the_stretch_around_its_worst_row():
    t, over = np.arange(6) / 10.0, np.array([False, True, True, False, True, False])
    assert lasted(t, over, 2, 0.1) == {"t0": 0.1, "t1": pytest.approx(0.3), "share": 0.5}
    assert lasted(t, over, 2)["t1"] == 0.2
    assert lasted(t, over, 3, 0.1) == {"t0": pytest.approx(0.3), "t1": pytest.approx(0.3), "share": 0.5}  # nothing is beyond there


def test_a_limit_of_zero_has_a_size_to_count_in(rules):
    graded = rules["balance"].grade_value(-0.010)
    assert (
        graded["level"] == "FAIL"
        and graded["margin"] == pytest.approx(-0.010)
        and graded["excess"] == pytest.approx(0.5)
    )
    assert rules["balance"].grade_value(-0.003)["level"] == "WARN"  # inside 20 % of 20 mm
    assert rules["balance"].grade_value(0.015)["limit"] == pytest.approx(0.020)
    assert rules["balance"].grade_value(0.030)["level"] == "PASS"


def test_mistakes_are_told_by_line_all_at_once(tmp_path):
    text = (FOLDER / "arm_manipulation.yaml").read_text(encoding="utf-8")
    text = text.replace("warn: 50 ms, fail: 500 ms", "warn: 50, fail: 500 kg").replace(
        "shortest: 20 ms, warn: speed_smaller", "shortst: 20 ms, warn: speed_smaller"
    )
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_rules("mine", tmp_path)
    message = str(error.value)
    assert "3 problems" in message and "conf/check/mine.yaml:" in message
    assert "has no unit" in message and "500 kg" in message and "Did you mean shortest" in message


def test_a_file_without_the_block_of_a_code_is_refused(tmp_path):
    text = (FOLDER / "arm_manipulation.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(re.sub(r"(?m)^payload: (.*\n)(?:[ \t]+.*\n)*", "", text), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"no block for payload\. Copy what is missing from"):
        load_rules("mine", tmp_path)


def test_an_unknown_thresholds_file_names_what_there_is():
    with pytest.raises(ScenarioError, match="arm_manipulation"):
        load_rules("arm_manipulatoin")


def test_the_robot_publishes_its_limits():

    import shiliu

    limits = load_limits(Path(shiliu.__file__).parent / "assets" / "robots" / "kuafu")
    assert limits["zarm_r1_joint"].speed_larger == 18.8 and limits["zarm_r1_joint"].speed_smaller == 12.0
    assert (
        limits["zarm_l5_joint"].speed_larger == 10.0 and limits["zarm_l5_joint"].speed_smaller == 7.0
    )  # the tables contradict here
    assert limits["zarm_l4_joint"].torque_peak == 75.0 and limits["zarm_l4_joint"].torque_rated == 22.0
    assert np.isnan(limits["zhead_1_joint"].speed_larger)
    assert limits.source("torque_rated") == {"limit_source": "product page", "limit_grade": "published"}
