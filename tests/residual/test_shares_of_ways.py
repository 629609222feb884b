"""Joints counted from -100 to 100 of their way: those that go on from its other end, and units that are not known of both columns."""

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import NAMES, ROWS, RULES, motion, taken
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.residual.bodies import ComparedColumns

OF_WAY = "-100..100"


def judged(columns, unit=OF_WAY, ranges=None):
    """`column.differs` of a take whose commands and positions are both declared in a unit."""
    streams = taken(columns, without=("velocity",)).streams
    streams = {n: Stream(n, s.role, s.quantity, unit, s.names, s.values, s.capture_ns, clock="grid") for n, s in streams.items()}
    (finding,) = check_differs(ComparedColumns(Recording("take", "set#0", "0" * 64, "robot", streams), ranges or {}), RULES)
    return finding


def in_shares(past=0.02, seed=3):
    """(n, 6) of commands and measurements from -100 to 100; joint 6 goes past its end by this share of 100 and comes back."""
    columns = {name: 40.0 * motion(seed)[name] for name in ("action", "state")}
    up, down = (1.0 / (1.0 + np.exp(-(np.arange(ROWS) - row) / 10.0)) for row in (160, 300))
    course = 20.0 + (80.0 + 100.0 * past) * (up - down)
    slow = lfilter([0.35], [1.0, -0.65], course - course[0]) + course[0]
    columns["action"][:, 5], columns["state"][:, 5] = course, np.concatenate([slow[:2][[0, 0]], slow[:-2]])
    return columns


def from_the_other_end(x):
    return (x + 100.0) % 200.0 - 100.0


@pytest.mark.parametrize("column", ["action", "state"])
def test_one_column_that_goes_on_from_the_other_end_of_its_way(column):
    columns = in_shares()
    assert judged(columns).level == "PASS"
    columns[column][:, 5] = from_the_other_end(columns[column][:, 5])
    finding = judged(columns)
    assert (finding.level, finding.subject, finding.details["kind"]) == ("FAIL", (NAMES[5],), "wrap")
    assert finding.details["column"] == {"action": "command", "state": "measured"}[column]
    assert finding.value == pytest.approx(1.0) and finding.details["rows"][0] in range(160, 240)
    assert "other end" in Words("en").message(finding) and "另一端" in Words("zh").message(finding)


def test_an_endless_joint_that_both_columns_write_so_agrees():
    columns = in_shares(past=0.5)
    for x in columns.values():
        x[:, 5] = from_the_other_end(x[:, 5])
    assert np.abs(np.diff(columns["state"][:, 5])).max() > 190.0
    assert judged(columns).level == "PASS"


def test_a_command_that_leaps_from_end_to_end_and_is_followed_is_no_wrap():
    columns = in_shares()
    columns["action"][:, 5] = np.where(np.arange(ROWS) < 200, -98.0, 98.0)
    columns["state"][:, 5] = np.interp(np.arange(ROWS), [200, 260], [-98.0, 98.0])
    finding = judged(columns)
    assert finding.details.get("kind") != "wrap" and all(one["kind"] != "wrap" for one in finding.details.get("others", ()))


@pytest.mark.parametrize(("rows", "kind"), [(1, "single_row"), (60, "offset")])
def test_one_row_in_which_all_joints_are_elsewhere_by_amounts_of_their_own(rows, kind):
    columns = motion()
    columns["state"][200 : 200 + rows] += np.array([0.2, -0.35, 0.5, -0.15, 0.4, -0.6])
    finding = judged({name: columns[name] for name in ("action", "state")}, "rad")
    assert finding.level == "FAIL" and len(finding.subject) >= 5 and finding.details["kind"] == kind
