"""What a robot measurably did beyond a range is neither called impossible nor lawful; and columns of two units are undecided."""

import numpy as np
import pytest
from shiliu.replay.report import Words
from toy_robot import SHEET, found, stream, take, verdict_of, write_sheet

T = np.arange(300) / 30.0
COMMANDS = np.stack([0.8 * np.sin(0.9 * T) + 0.3 * np.sin(2.1 * T), 0.7 + 0.6 * np.sin(0.7 * T + 1.0)], axis=1)
TURNED = np.array([0.0, 0.5 * np.pi])  # rad, of joint b, which then goes 0.37 rad past its end at 2.5 in a part of the take


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return write_sheet(tmp_path_factory.mktemp("toy"))


def judged(sheet, commanded, measured=None):
    """Of a take that was measured four rows later, with noise of an encoder."""
    at = COMMANDS + TURNED if measured is None else measured
    late = np.vstack([at[:1].repeat(4, axis=0), at[:-4]]) + np.random.default_rng(0).normal(0.0, 3e-4, at.shape)
    state = commanded if measured is commanded else late
    streams = [stream(role, role, "joint_position", "ab", x, rate=30.0) for role, x in (("command", commanded), ("measured", state))]
    return verdict_of(take(*streams), sheet)


def test_a_joint_that_was_measured_beyond_its_range_leaves_its_zero_open(sheet):
    verdict = judged(sheet, COMMANDS + TURNED)
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, verdict.owner) == ("INCONCLUSIVE", "device")
    assert (root.code, root.reason, root.subject) == ("joint.position", "measured_there", ("b",))
    assert root.details["past"] == pytest.approx(0.37, abs=0.01) and root.share < 0.6
    assert root.details["off"] == pytest.approx(0.5 * np.pi) and "another zero" in Words("en").message(root)
    assert "b goes to 2.87 rad" in Words("en").message(root) and "超出" in Words("zh").message(root)


def test_a_command_beyond_a_range_at_which_the_joint_stops_is_the_operator_s(sheet):
    stops = np.minimum(COMMANDS + TURNED, [np.inf, 2.5])
    verdict = judged(sheet, COMMANDS + TURNED, stops)
    assert (verdict.verdict, verdict.owner, found(verdict, "joint.position", "command").level) == ("INFEASIBLE", "operator", "FAIL")


def test_commands_written_as_measurements_show_nothing(sheet):
    commanded = COMMANDS + TURNED
    assert judged(sheet, commanded, commanded).verdict == "INFEASIBLE"


@pytest.mark.parametrize("rounded", [lambda x: x.astype(np.float32), lambda x: x.astype(np.float16), lambda x: np.round(x, 3)])
@pytest.mark.parametrize("late", [0, 1])
def test_nor_do_those_that_are_rounded_or_of_the_row_before(sheet, rounded, late):
    commanded = COMMANDS + TURNED
    written = rounded(np.vstack([commanded[:1].repeat(late, axis=0), commanded[: len(commanded) - late]])).astype(float)
    streams = [stream(role, role, "joint_position", "ab", x, rate=30.0) for role, x in (("command", commanded), ("measured", written))]
    verdict = verdict_of(take(*streams), sheet)
    assert found(verdict, "joint.position", "command").level == "FAIL"


def test_a_measurement_that_is_rounded_is_one_all_the_same(sheet):
    """Four rows later and with noise, in steps of a milliradian."""
    late = np.vstack([COMMANDS[:1].repeat(4, axis=0), COMMANDS[:-4]]) + TURNED
    at = np.round(late + np.random.default_rng(0).normal(0.0, 2e-3, late.shape), 3)
    both = (("command", COMMANDS + TURNED), ("measured", at))
    streams = [stream(role, role, "joint_position", "ab", x, rate=30.0) for role, x in both]
    assert found(verdict_of(take(*streams), sheet), "joint.position", "command").level == "NOT_CHECKED"


def test_a_stretch_that_no_known_fault_brings_back_is_the_operator_s(sheet):
    """Joint b goes from one end past the other: from wherever it is counted, it leaves its range."""
    wide = COMMANDS * [1.0, 2.2] + [0.0, 0.1]
    verdict = judged(sheet, wide, wide + 0.001 * np.array([0.0, 1.0]))
    assert (verdict.verdict, verdict.owner, found(verdict, "joint.position", "command").subject) == ("INFEASIBLE", "operator", ("b",))


def test_another_joint_that_did_not_go_there_is_named(sheet):
    commanded = COMMANDS * [1.65, 1.0] + TURNED
    verdict = judged(sheet, commanded, np.clip(commanded, [-1.57, -9.0], [1.57, 9.0]))
    one = found(verdict, "joint.position", "command")
    assert (verdict.verdict, one.level, one.subject, abs(one.limit)) == ("INFEASIBLE", "FAIL", ("a",), pytest.approx(np.pi / 2))
    past = np.abs(commanded[:, 0]).max() - np.pi / 2
    assert 0.1 < past < 0.37 and one.margin == pytest.approx(-past, abs=0.01)


def test_degrees_beside_shares_of_each_joint_s_range_are_undecided(tmp_path):
    """Where the ranges are wide enough for both, nothing shows which column is in the declared unit."""
    wide = tmp_path / "wide.yaml"
    wide.write_text(SHEET.replace("[-90 deg, 90 deg]", "[-180 deg, 180 deg]").replace("[0 rad, 2.5 rad]", "[-3.2 rad, 3.2 rad]"), "utf-8")
    low, high = np.array([-1.4, 0.0]), np.array([1.2, 2.2])
    late = np.vstack([COMMANDS[:1].repeat(4, axis=0), COMMANDS[:-4]])
    for state, word in ((np.degrees(late), "FEASIBLE"), (200.0 * (late - low) / (high - low) - 100.0, "INCONCLUSIVE")):
        columns = (("command", np.degrees(COMMANDS)), ("measured", state))
        verdict = verdict_of(take(*(stream(role, role, "joint_position", "ab", x, "deg", rate=30.0) for role, x in columns)), wide)
        assert verdict.verdict == word
    assert (verdict.findings[verdict.root].reason, verdict.owner) == ("scales_apart", "device")
