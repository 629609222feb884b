"""What must not happen is told with its value, its limit and its moment, where its word has a bound."""

from __future__ import annotations

import pytest
from shiliu.replay.checks.outcome import check_nevers
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.report import Words
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.sensing.temporal import Goal

TOLD = {  # failure mode of bedside care: its margin, its value and limit, what is said
    "near_face": (0.034, 0.116, 0.150, "0.116 m, the limit is 0.15 m, 34 mm beyond"),
    "hurried": (0.05, 0.40, 0.35, "0.4 m/s, the limit is 0.35 m/s, 0.05 m/s beyond"),
    "button_dropped": (0.2, 0.25, 0.45, "0.25 m, the limit is 0.45 m, 0.2 m beyond"),
}


@pytest.fixture(scope="module")
def scene():
    return load_scenario("bedside_care")


def found_of(scene, name, worst, at):
    (never,) = [never for never in scene.course.nevers if never.name == name]
    course = Goal((), (never,), scene.control_timestep)
    carry = course.begin(1)
    carry.worst[0], carry.failed[0] = worst, at
    (finding,) = check_nevers(course, carry, scene.control_timestep, load_rules("arm_manipulation", None))
    return finding


@pytest.mark.parametrize("name", TOLD)
def test_a_failure_mode_is_told_with_value_limit_and_moment(scene, name):
    worst, value, limit, part = TOLD[name]
    finding = found_of(scene, name, worst, 12.0)
    assert (finding.level, finding.code, finding.t0) == ("FAIL", f"scenario.{name}", 12.0)
    assert finding.value == pytest.approx(value) and finding.limit == pytest.approx(limit)
    assert part in Words("en").message(finding)


def test_what_did_not_happen_passes_with_its_margin(scene):
    finding = found_of(scene, "near_face", -0.02, float("nan"))
    assert finding.level == "PASS" and finding.margin == pytest.approx(0.02)
