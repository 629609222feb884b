"""Joints counted from -100 to 100 of their way: those that go on from its other end, and units that are not known of both columns."""

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import NAMES, ROWS, RULES, motion, taken
from shiliu.replay.checks.joint_units import check_units
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.robots.limits import JointLimit, Limits

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


def both_scales(seed=3):
    """Degrees, and the same as -100 to 100 of a range of each joint's own, whose middle is not at zero."""
    columns, rng = motion(seed), np.random.default_rng(seed)
    low, high = -rng.uniform(1.6, 2.8, 6), rng.uniform(0.8, 2.0, 6)
    return {name: (np.degrees(columns[name]), 200.0 * (columns[name] - low) / (high - low) - 100.0) for name in ("action", "state")}


def of_units(columns, unit, limits=()):
    streams = taken(columns, without=("velocity",)).streams
    command, state = (Stream(n, s.role, s.quantity, unit, s.names, s.values, s.capture_ns, clock="grid") for n, s in streams.items())
    known = {name: JointLimit(name, *ends) for name, ends in zip(NAMES, limits)}
    (finding,) = check_units(command, state, Limits(known), RULES, 0)
    return finding


@pytest.mark.parametrize("unit", ["deg", OF_WAY])
@pytest.mark.parametrize("shares_of", ["action", "state"])
def test_a_column_in_degrees_beside_one_in_shares_of_each_joint_s_range(unit, shares_of):
    made = both_scales()
    columns = {name: made[name][name == shares_of] for name in made}
    finding = of_units(columns, unit)
    assert (finding.level, finding.reason) == ("NOT_CHECKED", "scales_apart") and len(finding.subject) >= 2
    assert "factor" in Words("en").message(finding) and "系数" in Words("zh").message(finding)
    for of in (0, 1):
        assert of_units({name: made[name][of] for name in made}, unit).reason != "scales_apart"


def test_where_a_column_so_read_leaves_the_ranges_its_unit_is_wrong():
    made = both_scales()
    columns = {"action": made["action"][0], "state": made["state"][1]}
    reach = np.radians(np.abs(made["action"][0]).max(axis=0)) + 0.05
    finding = of_units(columns, "deg", list(zip(-reach, reach)))
    assert (finding.level, finding.details["kind"], finding.details["role"]) == ("FAIL", "own_scale", "measured")
    assert finding.subject[1] == finding.details["worst"] and finding.margin < -0.1
    for lang in ("en", "zh"):
        assert "{" not in Words(lang).message(finding) and "{" not in (Words(lang).fix(finding) or "")


@pytest.mark.parametrize("factors", [(0.8,) * 6, (1.0, 0.95, 0.9, 0.96, 1.02, 1.0), (1.0, 1.0, 0.6, 1.0, 1.0, 1.0)])
def test_servos_that_are_soft_and_one_joint_alone_are_no_other_unit(factors):
    columns = motion()
    assert of_units({"action": columns["action"], "state": np.array(factors) * columns["state"]}, "rad").level == "PASS"


@pytest.mark.parametrize(("band", "seen"), [(0.3, True), (0.01, False)])
def test_a_play_that_ends_with_a_leap_has_its_rows_and_its_reason(band, seen):
    columns = motion()
    x = columns["state"][:, 2]
    course = x.copy()
    for k in range(120, 300):
        course[k] = min(max(course[k - 1], x[k] - band), x[k] + band)
    columns["state"][:, 2] = course
    finding = judged({name: columns[name] for name in ("action", "state")}, "rad")
    assert (finding.level == "FAIL" and finding.subject == (NAMES[2],)) == seen
    if seen:
        assert finding.details["kind"] in ("backlash", "clipped", "held")
        assert finding.details["rows"][1] - finding.details["rows"][0] > 60


@pytest.mark.parametrize(("factor", "kind"), [(57.29577951308232, "factor"), (1.2, None)])
def test_shares_that_are_far_past_their_ends_are_held_against_the_other_column(factor, kind):
    columns = in_shares()
    columns["state"][150:250, 5] *= factor
    finding = judged(columns)
    if kind is None:
        assert finding.details.get("kind") not in ("factor", "unknown") or finding.level != "FAIL"
    else:
        assert (finding.level, finding.subject, finding.details["kind"]) == ("FAIL", (NAMES[5],), kind)
        assert finding.details["factor"] == pytest.approx(factor, rel=0.05)


@pytest.mark.parametrize(("unit", "scale", "zero"), [("m", 0.1, 0.25), ("tick", 400.0, 1100.0)])
def test_a_length_or_a_tick_is_counted_from_anywhere(unit, scale, zero):
    columns = {name: zero + scale * motion(5)[name] for name in ("action", "state")}
    assert judged(columns, unit).level == "PASS"
    columns["state"][200:260, 2] += 0.5 * np.ptp(columns["action"])
    finding = judged(columns, unit)
    assert (finding.level, finding.subject, finding.details["kind"]) == ("FAIL", (NAMES[2],), "offset")


@pytest.mark.parametrize(("step", "names"), [(0.5, False), (6.0, True)])
def test_positions_on_steps_that_no_encoder_has(step, names):
    """A quarter of a percent of its way is what a coarse encoder counts; 3 % of it is none."""
    columns = in_shares()
    columns["state"][:, 1] = np.round(columns["state"][:, 1] / step) * step
    finding = judged(columns)
    assert (finding.level == "FAIL") == names
    if names:
        assert (finding.subject, finding.details["kind"], finding.details["column"]) == ((NAMES[1],), "quantised", "measured")
