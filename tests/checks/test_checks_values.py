"""What a channel holds: what is no number, marks of a device, units, cells that are absurd."""

from dataclasses import replace

import numpy as np
import pytest
from joint_limits import limits_of
from shiliu.replay.checks.integrity import check_integrity
from shiliu.replay.checks.joint_units import check_units
from shiliu.replay.checks.values import check_nonfinite, check_sentinel
from shiliu.replay.judge.explanation.advice import fix_of
from shiliu.replay.report import Words
from three_joints import LIMITS, RULES, START, by_code, pose, recording, stream


def test_nonfinite_values_are_counted_and_placed():
    values = pose(np.arange(0, 6, 0.01))
    values[100:104, 1] = np.nan
    finding = check_nonfinite([stream(values=values)], RULES, START)[0]
    assert finding.level == "FAIL" and finding.value == 4 and finding.excess == 4
    assert (finding.t0, finding.t1) == pytest.approx((1.0, 1.03)) and finding.details["elements"] == ["b"]


POSE = tuple(f"cup.{axis}" for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"))


@pytest.mark.parametrize(
    ("columns", "value", "own", "level"),
    [
        (slice(None, 7), np.nan, False, "WARN"),
        (slice(None, 7), np.nan, True, "FAIL"),
        (slice(None, 7), np.inf, False, "FAIL"),
        (slice(None, 6), np.nan, False, "FAIL"),
        (slice(None), np.nan, False, "FAIL"),  # and a hinge, which no tracker loses
    ],
)
def test_a_thing_that_was_not_seen_is_no_number_in_all_of_its_pose(columns, value, own, level):
    values = np.tile(0.1 * np.arange(8), (60, 1))
    values[20:40, columns] = value
    plain = stream(role="measured", values=values[:, :3], t=0.01 * np.arange(60))
    things = replace(plain, values=values, names=(*POSE, "door_hinge"), quantity="object_pose")
    (found,) = check_nonfinite([things], RULES, START, own)
    assert (found.level, found.details.get("kind")) == (level, "unseen" if level == "WARN" else None)


@pytest.mark.parametrize(
    ("role", "quantity", "rows", "own", "level"),
    [
        ("measured", "joint_velocity", slice(None), False, "WARN"),
        ("measured", "joint_torque", slice(None), False, "WARN"),
        ("measured", "joint_torque", slice(0, 599), False, "FAIL"),
        ("measured", "joint_velocity", slice(None), True, "FAIL"),
        ("measured", "joint_position", slice(None), False, "FAIL"),
        ("command", "joint_velocity", slice(None), False, "FAIL"),
    ],
)
def test_a_speed_that_a_joint_does_not_measure_is_no_number_in_all_rows(role, quantity, rows, own, level):
    values = pose(0.01 * np.arange(600))
    values[rows, 1] = np.nan
    none = replace(stream(role, t=0.01 * np.arange(600), values=values), quantity=quantity)
    (found,) = check_nonfinite([none], RULES, START, own)
    assert (found.level, found.subject[1:]) == (level, ("b",))
    values[5, 2] = np.nan
    assert check_nonfinite([replace(none, values=values)], RULES, START, own)[0].level == "FAIL"


@pytest.mark.parametrize("sentinel", [999.0, 32767.0])
def test_a_sentinel_is_named(sentinel):
    values = pose(np.arange(0, 6, 0.01))
    values[200, 0] = sentinel
    finding = check_sentinel([stream(values=values)], RULES, START)[0]
    assert finding.level == "FAIL" and finding.value == sentinel and finding.details["count"] == 1
    assert finding.t0 == pytest.approx(2.0)


@pytest.mark.parametrize(("unit", "scale"), [("0..1000", 1000.0), ("mN", 1200.0), ("tick", 4095.0), ("rad", 1500.0)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_channel_that_runs_through_999_measures_it(unit, scale, sign):
    t = np.arange(0, 30, 0.01)
    x = np.round(sign * scale * (0.5 - 0.5 * np.cos(0.5 * t)))
    x[np.searchsorted(np.abs(x[:600]), 999.0)] = sign * 999.0
    smooth = np.stack([x, np.round(sign * scale * (0.5 - 0.5 * np.cos(0.43 * t + 0.2))), 0.3 * x], axis=1)
    assert (np.abs(smooth) == 999.0).any()
    assert check_sentinel([stream(t=t, values=smooth, unit=unit)], RULES, START)[0].level == "PASS"
    resting = np.where(np.abs(smooth) > 996, sign * 999.0, smooth)
    assert check_sentinel([stream(t=t, values=resting, unit=unit)], RULES, START)[0].level == "PASS", "and may rest there"
    for rows in ([800], [801, 802]):
        broken = smooth.copy()
        broken[rows, 2] = sign * 9999.0
        (finding,) = check_sentinel([stream(t=t, values=broken, unit=unit)], RULES, START)
        assert finding.failed and finding.details["elements"] == ["c"] and finding.details["count"] == len(rows)
        assert finding.value == sign * 9999.0 and finding.t0 == pytest.approx(8.0, abs=0.02)


@pytest.mark.parametrize("rows", [slice(0, 40), slice(560, 600), slice(100, 300), slice(0, 600)], ids=str)
def test_a_device_that_reads_as_none_for_long_is_found(rows):
    values = pose(np.arange(0, 6, 0.01))
    values[rows, 1] = 999.0
    (finding,) = check_sentinel([stream(values=values)], RULES, START)
    assert finding.failed and finding.details["elements"] == ["b"] and finding.details["count"] == len(values[rows])


@pytest.mark.parametrize(("unit", "level"), [("0..1000", "PASS"), ("tick", "PASS"), ("0..100", "FAIL"), ("rad", "FAIL")])
def test_a_hand_that_counts_may_rest_at_999(unit, level):
    values = np.tile([999.0, 20.0, 30.0], (600, 1))
    assert check_sentinel([stream(values=values, unit=unit)], RULES, START)[0].level == level
    values[:300, 0] = 0.0  # told to open, and then to close
    assert check_sentinel([stream(values=values, unit=unit)], RULES, START)[0].level == level


def test_minus_one_throughout_is_a_sentinel_and_minus_one_once_is_not():
    t = np.arange(0, 2, 0.01)
    assert check_sentinel([stream(t=t, values=np.full((200, 3), -1.0))], RULES, START)[0].level == "FAIL"
    values = pose(t)
    values[5, 0] = -1.0
    assert check_sentinel([stream(t=t, values=values)], RULES, START)[0].level == "PASS"


def test_degrees_read_as_radians_are_found_with_or_without_a_measurement():
    wrong = replace(stream(unit="deg"), unit="rad")
    for state in (stream("measured"), None):
        finding = check_units(wrong, state, LIMITS, RULES, START)[0]
        assert finding.level == "FAIL" and finding.subject == ("/command",)
        assert finding.value == pytest.approx(np.rad2deg(pose(np.arange(0, 6, 0.01))).min(), rel=0.3)
        assert finding.details["should_be"] == "deg" and fix_of(finding)["unit"] == "deg"


def test_degrees_declared_as_degrees_pass_beside_a_state_in_radians():
    finding = check_units(replace(stream(unit="deg"), declared_unit="rad"), stream("measured"), LIMITS, RULES, START)[0]
    assert finding.level == "PASS" and finding.unit == "deg"
    assert finding.details["declared"] == "rad"
    assert [side["unit"] for side in finding.details["streams"]] == ["deg", "rad"]


def test_a_measured_state_in_degrees_is_the_guilty_one():
    wrong = replace(stream("measured", unit="deg"), unit="rad")
    finding = check_units(stream(), wrong, LIMITS, RULES, START)[0]
    assert finding.level == "FAIL" and finding.subject == ("/measured",)


def test_radians_read_as_degrees_are_found_against_the_measurement():
    wrong = replace(stream(), unit="deg")
    finding = check_units(wrong, stream("measured"), LIMITS, RULES, START)[0]
    assert finding.level == "FAIL" and finding.subject == ("/command",) and fix_of(finding)["unit"] == "rad"


def test_radians_in_both_streams_that_are_declared_as_degrees_are_the_unit_and_no_posture():
    """A joint that never comes near nought, as an elbow: as degrees all of it is outside its range, as radians inside."""
    limits = limits_of(a={"position": [-3.1, 1.6]}, b={"position": [-0.35, 2.1]}, c={"position": [-2.6, -0.2]})
    t = np.arange(0, 6, 0.01)
    way = np.stack([np.sin(t), 0.8 - 0.6 * np.cos(t), -1.4 + 0.7 * np.sin(0.7 * t)], axis=1)
    small = [stream(role, t=t, values=way, unit="rad") for role in ("command", "measured")]
    finding = check_units(*(replace(one, unit="deg") for one in small), limits, RULES, START)[0]
    assert finding.level == "FAIL" and finding.details["should_be"] == "rad"
    assert finding.details["factor"] == pytest.approx(57.2958, abs=1e-3) and fix_of(finding)["multiply"] == pytest.approx(57.2958, abs=1e-3)
    for lang in ("en", "zh"):
        assert "57.3" in Words(lang).message(finding)
    # bent furthest, the elbow reads only just past its range
    near_nought = limits_of(a={"position": [-3.1, 1.6]}, b={"position": [-0.35, 2.1]}, c={"position": [-2.6, -0.05]})
    assert check_units(*(replace(one, unit="deg") for one in small), near_nought, RULES, START)[0].level == "FAIL"
    degrees = [replace(one, values=np.rad2deg(way), unit="deg") for one in small]
    assert check_units(*degrees, limits, RULES, START)[0].level == "PASS"
    near = way * [0.05, 0.05, 0.0] + [0.0, 0.0, -0.1]  # hardly moves, a little past an end: a calibration
    assert check_units(*(replace(one, values=near, unit="deg") for one in small), limits, RULES, START)[0].level == "PASS"


def test_a_take_too_short_for_a_joint_to_follow_tells_no_unit():
    """Over a link that is late a joint has gone a fiftieth of its way in twelve rows, and the rest of it in the seconds after."""
    for rows, level in ((12, "PASS"), (90, "FAIL")):
        t = np.arange(rows) / 30.0
        way = np.linspace(0.0, 1.0, rows)[:, None] * [0.5, 0.4, -0.6]
        command, state = stream(t=t, values=way), stream("measured", t=t, values=way / 50.0)
        assert check_units(command, state, LIMITS, RULES, START)[0].level == level


def test_rows_of_another_unit_are_no_unit_of_a_stream():
    state = stream("measured")
    other = replace(stream(t=np.arange(0, 6, 0.002)), values=state.values.copy(), role="command", name="command")
    partly, wholly = other.values.copy(), other.values * 57.29578
    partly[:600, 0] *= 57.29578
    assert check_units(replace(other, values=partly), state, LIMITS, RULES, START)[0].level == "PASS"
    assert check_units(replace(other, values=wholly), state, LIMITS, RULES, START)[0].level == "FAIL"


def test_a_joint_that_is_scaled_out_of_its_range_is_no_matter_of_units():
    """Times 8 it leaves its range by more than the whole of it; the command beside it knows that it is 8 and not 57."""
    state = stream("measured")
    values = state.values.copy()
    values[:, 0] *= 8.0
    scaled = replace(state, values=values)
    assert check_units(stream(), scaled, LIMITS, RULES, START)[0].level == "PASS"
    assert check_units(None, scaled, LIMITS, RULES, START)[0].level == "FAIL", "without the command nobody knows"
    found = by_code(check_integrity(recording(stream(), scaled), LIMITS, RULES))
    assert found["stream.scaled"].level == "FAIL" and found["stream.scaled"].subject[0] == "a"
    other = state.values.copy()
    other[:, 0] = 9.0 * np.cos(1.7 * np.arange(len(other)) * 0.002 + 2.0)
    assert check_units(stream(), replace(state, values=other), LIMITS, RULES, START)[0].level == "PASS", "another motion is no unit"
    both = [replace(s, values=np.rad2deg(s.values)) for s in (stream(), state)]
    assert check_units(*both, LIMITS, RULES, START)[0].level == "FAIL", "two streams in degrees agree"


def test_a_joint_past_its_range_is_no_matter_of_units():
    values = pose(np.arange(0, 6, 0.01))
    values[:, 2] += 1.5
    assert check_units(stream(values=values), None, LIMITS, RULES, START)[0].level == "PASS"


@pytest.mark.parametrize("absurd", [3.4e38, -3e38, 2.5e6, -1e20])
def test_a_few_absurd_cells_are_one_finding_and_nothing_is_compared_with_them(absurd):
    """Three cells of a measured joint that turns by 1.5 rad."""
    values = pose(np.arange(0, 6, 0.002) - 0.1)
    values[[700, 701, 2100], 1] = absurd
    found = check_integrity(recording(stream(), stream("measured", np.arange(0, 6, 0.002), values)), LIMITS, RULES)
    failed = [f for f in found if f.failed]
    assert [f.code for f in failed] == ["value.sentinel"] and failed[0].details["kind"] == "absurd"
    assert failed[0].subject == ("/measured", "b") and failed[0].details["count"] == 3 and failed[0].value == absurd
    codes = by_code(found)
    assert codes["column.differs"].reason == codes["stream.lag"].reason == "integrity.value.sentinel"
    for lang in ("en", "zh"):
        assert "{" not in Words(lang).message(failed[0])


def test_what_a_channel_runs_through_or_holds_throughout_is_not_absurd():
    counts = np.linspace(0.0, 3e6, 500)[:, None]
    stamps = np.full((500, 1), 1.7e18) + np.arange(500.0)[:, None] * 1e7
    forces = np.where(np.arange(500) == 250, 400.0, 0.0)[:, None]
    for values in (counts, stamps, forces):
        assert check_sentinel([stream(t=np.arange(500) / 100, values=values, unit="1")], RULES, START)[0].level == "PASS"


@pytest.mark.parametrize(("first", "level"), [(0.0, "FAIL"), (0.02, "PASS")])
def test_first_rows_of_nought_that_joints_leap_from_were_never_filled(first, level):
    """Most joints of an arm hang at zero in a real posture; those that do not tell."""
    t = np.arange(0, 6, 0.01)
    values = np.zeros((len(t), 12))
    values[:, :4] = first * np.cos(0.5 * t)[:, None] + (first == 0.0) * (0.4 + 0.1 * np.sin(0.5 * t))[:, None]
    values[:10] = 0.0
    names = tuple(f"joint_{k}" for k in range(12))
    finding = check_sentinel([replace(stream(values=values[:, :3]), values=values, names=names)], RULES, START)[0]
    assert finding.level == level and (level == "PASS" or (finding.t0, finding.t1) == pytest.approx((0.0, 0.09)))
