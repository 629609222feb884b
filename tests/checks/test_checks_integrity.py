"""Integrity: a clean recording passes each check; clocks and streams that stand are named by their amount."""

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.checks.clock_units import check_clock_unit, unit_of_times
from shiliu.replay.checks.clocks import check_backwards, check_gap, check_jitter, check_stall
from shiliu.replay.checks.frozen import check_frozen
from shiliu.replay.checks.in_step import check_lag
from shiliu.replay.checks.integrity import check_integrity, stopped_signals
from shiliu.replay.checks.streams import check_missing, check_unmapped
from shiliu.replay.report import Words
from three_joints import LIMITS, NAMES, RULES, START, by_code, pose, recording, stream


def test_a_clean_recording_passes_every_integrity_check():
    found = check_integrity(recording(stream(), stream("measured")), LIMITS, RULES, actuated=NAMES)
    of_people = {"hand.jump"}  # asked once hands are carried over
    of_sets = {"take.lag", "take.duplicate"}  # asked of the takes of one set among each other
    of_poses = ("frame", "order", "jumps", "hovers", "moves")
    of_scenes = {f"object.{word}" for word in of_poses}  # asked of poses among the shapes of a scene
    codes = {code for code in RULES if RULES[code].stage == "integrity"}
    assert {f.code for f in found} == codes - of_people - of_sets - of_scenes
    # no orientations, no hands and no range declared, no clock of a recorder, no task
    absent = {"value.quaternion", "unit.polarity", "clock.skew", "value.range", "hand.idle", "task.text"}
    absent |= {"image.black", "image.frozen", "image.late"}  # and no camera
    absent |= {code for code in RULES if code.startswith("set.")}  # and no set that says anything of it
    assert {f.code for f in found if f.level == "NOT_APPLICABLE"} == absent
    assert {f.level for f in found if f.code not in absent} == {"PASS"}
    assert by_code(found)["stream.lag"].value == pytest.approx(0.1, abs=0.01)


def test_a_clock_that_steps_back_fails_by_the_size_of_the_step():
    t = np.arange(0, 6, 0.01)
    t[300:] -= 0.25
    finding = check_backwards([stream(t=t)], RULES, START)[0]
    assert finding.level == "FAIL" and finding.value == pytest.approx(0.24) and finding.t0 == pytest.approx(2.99)
    assert finding.excess == pytest.approx(24.0) and finding.details["count"] == 1


@pytest.mark.parametrize(("silence", "level"), [(0.03, "PASS"), (0.2, "WARN"), (0.9, "FAIL")])
def test_a_gap_is_graded_by_its_length(silence, level):
    t = np.concatenate([np.arange(0, 2, 0.01), np.arange(2, 6, 0.01) + silence])
    finding = check_gap([stream(t=t)], RULES, START)[0]
    assert finding.level == level
    assert finding.value == pytest.approx(silence + 0.01)
    if level == "FAIL":
        assert (finding.t0, finding.t1) == pytest.approx((1.99, 2.9))
        assert finding.excess == pytest.approx((0.91 - 0.5) / 0.5)


def test_a_command_that_was_held_over_a_gap_is_a_warning():
    t = np.concatenate([np.arange(0, 2, 0.01), np.arange(2, 4, 0.01) + 6.0])
    values = pose(t)
    values[200:] += values[199] - values[200]
    finding = check_gap([stream(t=t, values=values)], RULES, START)[0]
    assert finding.level == "WARN" and finding.details["held"] and finding.value == pytest.approx(6.01)


def test_jitter_is_measured_on_the_named_clock():
    rng = np.random.default_rng(0)
    t = np.arange(0, 6, 0.01)
    assert check_jitter([stream(t=t)], RULES, START)[0].level == "PASS"
    t = np.cumsum(rng.choice([0.005, 0.045], 400, p=[0.8, 0.2]))
    finding = check_jitter([stream(t=t)], RULES, START)[0]
    assert finding.level == "WARN" and finding.value == pytest.approx(0.040, abs=0.002) and finding.limit == 0.020


def test_arrival_in_bursts_is_told_and_not_judged():
    t = np.arange(0, 6, 0.002)
    arrival = START + np.round((np.floor(t / 0.04) * 0.04 + 0.04) * 1e9).astype(np.int64) + np.arange(len(t))
    found = check_jitter([stream("measured", t=t, receive_ns=arrival)], RULES, START)
    assert [f.level for f in found] == ["PASS", "INFO"]
    assert (
        found[1].details["count"] == 150
        and found[1].details["at_once"] == 20
        and found[1].details["gap"] == pytest.approx(0.04)
    )


def stalled(share=5):
    """A state of which every `share`-th sample is sent again while the simulation clock stands still."""
    t = np.arange(0, 6, 0.002)
    device = np.cumsum(np.where(np.arange(len(t)) % share, 2_000_000, 0)).astype(np.int64)
    return stream("measured", t=t, values=pose(device * 1e-9 - 0.1), device_ns=device)


def test_samples_repeated_by_a_stalled_clock_are_told_and_not_called_frozen():
    state = stalled()
    finding = check_stall([state], RULES, START)[0]
    assert (
        finding.level == "INFO"
        and finding.details["repeated"] == 599
        and finding.value == pytest.approx(0.8, abs=0.001)
    )
    assert check_frozen(stream(), state, RULES, START)[0].level == "PASS"


def test_a_state_that_stands_while_the_command_moves_is_frozen():
    state = stream("measured")
    values = state.values.copy()
    values[1000:1600, 0] = values[1000, 0]  # 1.2 s
    finding = check_frozen(stream(), replace(state, values=values), RULES, START)[0]
    assert finding.level == "FAIL" and finding.subject == ("a",)
    assert (finding.t0, finding.value) == pytest.approx((2.0, 1.198)) and finding.excess == pytest.approx(
        (1.198 - 0.8) / 0.8
    )


def test_a_joint_that_rests_is_not_frozen():
    t, t_state = np.arange(0, 6, 0.01), np.arange(0, 6, 0.002)
    command, state = pose(t), pose(t_state)
    command[:, 1], state[:, 1] = 0.3, 0.3
    assert check_frozen(stream(values=command), stream("measured", values=state), RULES, START)[0].level == "PASS"


def test_a_robot_that_still_comes_closer_to_a_command_that_stands_is_late_and_the_command_not_frozen():
    t, t_state = np.arange(0, 6, 0.01), np.arange(0, 6, 0.002)
    command = np.where(t[:, None] < 1.0, 0.0, 1.0) * np.ones(3)
    state = np.where(t_state[:, None] < 1.0, 0.0, 1.0 - np.exp(-(t_state[:, None] - 1.0) / 0.6)) * np.ones(3)
    assert check_frozen(stream(values=command), stream("measured", values=state), RULES, START)[0].level == "PASS"
    assert check_frozen(stream(values=command), stream("measured", values=-state), RULES, START)[0].level == "FAIL"


def test_an_encoder_that_comes_back_elsewhere_was_frozen_whatever_is_commanded():
    """It stood for 1 s and is 6 degrees further one sample later: no joint moves so fast. 2 degrees could be rest."""
    t_state = np.arange(0, 6, 0.002)
    still = stream(values=np.full((600, 3), 0.5) + 1e-4 * np.sin(np.arange(600))[:, None])
    for step, level in ((6.0, "FAIL"), (2.0, "PASS")):
        values = np.full((3000, 3), 0.5) + 1e-4 * np.sin(40 * t_state)[:, None]
        values[1000:1501, 1] = 0.5 - np.radians(step)
        found = check_frozen(still, stream("measured", values=values), RULES, START)[0]
        assert found.level == level
        assert level == "PASS" or (found.subject == ("b",) and found.value == pytest.approx(1.0, abs=0.01))


@pytest.mark.parametrize(
    ("height", "message", "level"),
    [(0.2, "action", "WARN"), (0.0, "action", "FAIL"), (0.2, "lift", "FAIL")],
    ids=["the base rises", "the base stands", "the base rises by another message"],
)
def test_arms_that_are_held_while_the_base_moves_are_pushed_and_not_surely_frozen(height, message, level):
    """Joint `a` is pushed by 6 degrees for 2 s; its command stands, and a height is commanded that rises by so much or not."""
    t, t_state = np.arange(0, 6, 0.01), np.arange(0, 6, 0.002)
    state = np.full((3000, 3), 0.3)
    state[:, 0] += np.radians(6.0) * np.clip(np.minimum(t_state - 2.0, 4.0 - t_state) / 0.3, 0.0, 1.0)
    rises = stream(values=np.clip(t - 2.0, 0, 2)[:, None] * height, name="height", meta={"field": message})
    rises = replace(rises, names=("base_height",), unit="m", quantity="action")
    command = stream(values=np.full((600, 3), 0.3), meta={"field": "action"})
    held = recording(command, rises, stream("measured", values=state))
    found = by_code(check_integrity(held, LIMITS, RULES))["stream.frozen"]
    assert found.level == level and found.details["moved"] == pytest.approx(np.radians(6.0))


@pytest.mark.parametrize(
    ("first", "step", "level"),
    [(0, 4.0, "WARN"), (0, 30.0, "FAIL"), (300, 4.0, "FAIL")],
    ids=["a rest before the motion", "further than a joint goes", "after it had moved"],
)
def test_a_rest_before_the_motion_is_warned_of_and_no_frozen_encoder(first, step, level):
    """No command was recorded; all joints stand for 2 s to the bit, and then begin with a step of so many degrees at 50 Hz."""
    t = np.arange(0, 12, 0.02)
    values = pose(t)
    values[first : first + 101] = values[first]
    values[first + 101 :] += values[first] + np.radians(step) - values[first + 101]
    found = check_frozen(None, stream("measured", t=t, values=values), RULES, START)[0]
    assert found.level == level and found.value == pytest.approx(2.0) and found.details["whole"]
    assert found.details["moved"] == pytest.approx(np.radians(step), rel=1e-6)


def test_a_state_of_another_clock_is_no_frozen_command():
    """Commands that stand for 1.5 s now and then, and a state 0.5 s ahead of them: the clocks differ, nothing is frozen."""
    t, t_state = np.arange(0, 12, 0.01), np.arange(0, 12, 0.002)

    def path(t):
        return (np.floor(t / 2.0) + np.clip((t % 2.0 - 1.5) / 0.5, 0, 1))[:, None] * np.array([0.3, -0.3, 0.2]) - 1.0

    ahead = recording(stream(t=t, values=path(t)), stream("measured", t=t_state, values=path(t_state + 0.5)))
    found = by_code(check_integrity(ahead, LIMITS, RULES))
    assert found["stream.lag"].level == "FAIL" and found["stream.lag"].value == pytest.approx(-0.5, abs=0.02)
    assert found["stream.frozen"].level == "PASS"
    assert check_frozen(*ahead.streams.values(), RULES, START)[0].level == "FAIL", "without knowing of the lag"


def test_a_state_that_lags_stands_at_first_and_is_not_frozen():
    """A real arm stood for 2 s while its command moved by 30 degrees, all of it within its lag of 0.9 s."""
    t, t_state = np.arange(0, 8, 0.01), np.arange(0, 8, 0.002)
    late = recording(
        stream(t=t, values=pose(t)), stream("measured", t=t_state, values=pose(np.maximum(t_state - 1.0, 0.0)))
    )
    found = by_code(check_integrity(late, LIMITS, RULES))
    assert found["stream.lag"].level == "FAIL" and found["stream.lag"].value == pytest.approx(1.0, abs=0.02)
    assert found["stream.frozen"].level == "PASS"
    assert check_frozen(*late.streams.values(), RULES, START)[0].level == "FAIL", "without knowing of the lag"


def test_commands_that_begin_late_are_told_with_the_delay():
    late = recording(stream(t=np.arange(1.24, 6, 0.01)), stream("measured"))
    finding = check_missing(late, RULES, START)[0]
    assert finding.level == "WARN" and finding.value == pytest.approx(1.24) and finding.details["kind"] == "late"
    assert (finding.t0, finding.t1) == pytest.approx((0.0, 1.24))
    short = recording(stream(t=np.arange(5.0, 6, 0.01)), stream("measured"))
    assert check_missing(short, RULES, START)[0].level == "FAIL"  # 17 % of the recording


def test_channels_that_nobody_named_are_warned_of_and_unreached_commands_fail():
    unknown = recording(
        stream(),
        unmapped=("/odd (std_msgs/Bool, 3 messages): unknown to mapping x", "/tf (tf/tfMessage, 9 messages): poses"),
    )
    finding = check_unmapped(unknown, RULES)[0]
    assert finding.level == "WARN" and finding.subject == ("/odd",) and finding.value == 1
    assert "reach no actuator" not in Words("en").message(finding.with_(level="FAIL")), "what nobody named may be no command"
    known = recording(stream())
    known.metadata["exchanged"] = [("observation.velocity", "a.effort", "observation.effort", "a.vel")]
    finding = check_unmapped(known, RULES)[0]
    assert finding.failed and finding.subject == ("a.effort", "a.vel")
    assert all("observation.velocity/a.effort" in Words(lang).message(finding) for lang in ("en", "zh"))
    finding = check_unmapped(recording(stream()), RULES, actuated=("a", "b"))[0]
    assert finding.level == "FAIL" and finding.subject == ("c",)
    assert "commands for c reach no actuator" in Words("en").message(finding)


@pytest.mark.parametrize(("lag", "level"), [(0.28, "PASS"), (0.5, "WARN"), (0.9, "FAIL"), (-0.2, "FAIL")])
def test_the_lag_between_command_and_state_is_measured(lag, level):
    t = np.arange(0, 8, 0.002)
    finding = check_lag(stream(t=np.arange(0, 8, 0.01)), stream("measured", t=t, values=pose(t - lag)), RULES, START)[0]
    assert finding.level == level and finding.value == pytest.approx(lag, abs=0.015)
    assert finding.details["joints"]["b"] == pytest.approx(lag, abs=0.03)


def test_one_wrong_unit_yields_one_finding_and_stops_what_depends_on_it():
    broken = recording(replace(stream(unit="deg"), unit="rad"), stream("measured"))
    found = check_integrity(broken, LIMITS, RULES)
    assert [f.code for f in found if f.failed] == ["unit.degrees"]
    assert by_code(found)["stream.lag"].reason == "integrity.unit.degrees"
    assert stopped_signals(found, broken) == {"command": "integrity.unit.degrees"}


def test_another_unit_has_the_rows_in_which_it_is_if_the_others_show_that_they_are_right():
    t = np.arange(400) / 50.0
    values = pose(t)
    part = values.copy()
    part[100:201] *= 57.29577951308232
    found = {}
    for name, x in (("part", part), ("all", 57.29577951308232 * values)):
        broken = recording(stream(t=t, values=x), stream("measured", t=t, values=pose(t - 0.04)))
        found[name] = by_code(check_integrity(broken, LIMITS, RULES))["unit.degrees"]
        assert found[name].failed
    assert abs(found["part"].t0 - 2.0) < 0.2 and abs(found["part"].t1 - 4.0) < 0.2
    assert found["all"].t0 == 0.0 and found["all"].t1 == pytest.approx(t[-1])


@pytest.mark.parametrize(("unit", "times"), [("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_times_in_another_unit_are_found_and_named(unit, times):
    t = times * np.arange(120) / 30
    both = stream(t=t, values=pose(t / times)), stream("measured", t=t, values=pose(t / times))
    (finding,) = check_clock_unit(both, RULES)
    assert finding.failed and finding.value == pytest.approx(times / 30) and finding.limit == 2.0
    assert finding.details["counts_in"] == unit and finding.subject == ("/command", "/measured")
    assert set(stopped_signals([finding], recording(*both))) == {"command", "measured"}


@pytest.mark.parametrize(
    ("step", "fps", "unit"),
    [
        (3.3333, 30, "1/100 s"), (3.3333, None, "1/100 s"), (3.3333, 300, "ms"), (33.33, None, "ms"), (2.0, None, "ms"),
        (2.0, 50, "1/100 s"),
        (8.0, 12.5, "1/100 s"), (8.0, None, "ms"), (1e7, None, "ns"), (70.0, 11.0, "ms"), (1e12, None, None),
    ],
)  # fmt: skip
def test_the_unit_of_times_is_that_of_the_declared_rate_or_of_a_usual_one(step, fps, unit):
    assert unit_of_times(step, fps) == unit


def test_seconds_that_are_read_as_milliseconds_are_too_fast():
    t = 1e-3 * np.arange(120) / 30
    (finding,) = check_clock_unit([stream(t=t, values=pose(1e3 * t))], RULES)
    assert finding.failed and (finding.value, finding.limit) == (pytest.approx(1 / 30_000, rel=1e-4), 5e-5)


@pytest.mark.parametrize(("step", "level"), [(1e-4, "PASS"), (0.01, "PASS"), (0.9, "PASS"), (1.5, "WARN"), (2.5, "FAIL")])
def test_how_slowly_a_robot_may_be_recorded(step, level):
    t = step * np.arange(40)
    assert check_clock_unit([stream(t=t, values=pose(t))], RULES)[0].level == level


def test_waypoints_are_no_clock_beside_what_is_measured():
    seldom, often = 10.0 * np.arange(6), np.arange(0, 50, 0.1)
    waypoints, measured = stream(t=seldom, values=pose(seldom)), stream("measured", t=often, values=pose(often))
    assert check_clock_unit([waypoints, measured], RULES)[0].level == "PASS"
    assert check_clock_unit([stream(t=seldom[:3], values=pose(seldom[:3]))], RULES)[0].level == "NOT_APPLICABLE"


def test_commands_for_joints_that_the_description_does_not_know_are_named():
    rec = recording(stream())
    found = check_unmapped(rec, RULES, described=("a", "b", "c_joint"))[0]
    assert (found.level, found.subject, found.details["meant"]) == ("WARN", ("c",), None)
    named = check_unmapped(rec, RULES, described=("a", "b", "c"))[0]
    assert named.level == "PASS"


@pytest.mark.parametrize("first", [0, 400])
def test_a_clock_that_stops_is_one_finding_and_no_stream_is_late_by_nothing(first):
    """From row `first` on each command carries one and the same time, at which the robot still moves."""
    stopped = stream("command")
    t = stopped.capture_ns.copy()
    t[first:] = t[first]
    found = check_integrity(recording(replace(stopped, capture_ns=t), stream("measured")), LIMITS, RULES)
    failed = [f for f in found if f.failed]
    assert [f.code for f in failed] == ["clock.stall"] and failed[0].subject == ("/command",)
    assert failed[0].details["count"] == 600 - first and failed[0].t0 == pytest.approx(first / 100, abs=0.01)
    assert by_code(found)["stream.lag"].reason == "integrity.clock.stall"
    both = [replace(stream(role), capture_ns=np.full_like(stream(role).capture_ns, START)) for role in ("command", "measured")]
    assert [f.code for f in check_integrity(recording(*both), LIMITS, RULES) if f.failed] == ["clock.stall"] * 2


def _beside(every, other, coarse=1):
    """A measured stream in which each so many samples is followed by another one of the same time."""
    one = stream("measured", t=np.arange(0, 6, 0.01))
    rows = np.sort(np.concatenate([np.arange(one.n), np.arange(0, one.n, every)]))
    values, t = one.values[rows].copy(), one.capture_ns[rows // coarse * coarse]
    again = np.append(False, np.diff(rows) == 0)
    values[again] = other(values[again])
    return replace(one, values=values, capture_ns=t)


@pytest.mark.parametrize("every", [1, 2, 20])
@pytest.mark.parametrize("other", [lambda x: 0.0 * x, lambda x: x + np.array((0.0, 0.3, 0.0))])
def test_two_sources_of_one_time_are_a_finding(every, other):
    (found,) = check_stall([_beside(every, other)], RULES, START)
    assert (found.level, found.details["kind"]) == ("FAIL", "at_once") and found.t0 <= 0.01 * every
    assert found.details["count"] == pytest.approx(600 / every, abs=2)


@pytest.mark.parametrize(
    ("off", "quantity", "level"),
    [(0.5, "joint_position", "FAIL"), (1.0, "joint_position", "PASS"), (0.5, "joint_effort", "PASS")],
)
def test_two_sources_with_times_of_their_own_are_a_finding(off, quantity, level):
    """The second one sends a tenth of a millisecond later: half of what the first one sends, or the same. A torque may hum."""
    one = _beside(1, lambda x: off * x)
    one = replace(one, quantity=quantity, capture_ns=one.capture_ns + np.arange(one.n) % 2 * 100_000, meta={"topic": "/joint_states"})
    found = check_stall([one], RULES, START)[0]
    assert found.level == level and (found.details.get("kind") == "in_turns") == (level == "FAIL")


@pytest.mark.parametrize("twice", [_beside(3, lambda x: x), _beside(600, lambda x: 0.0 * x), _beside(600, lambda x: x, coarse=2)])
def test_samples_sent_twice_and_a_coarse_clock_are_no_second_source(twice):
    assert [f.level for f in check_stall([twice], RULES, START)] == ["PASS"]


def test_a_burst_at_the_end_is_no_clock_that_stops():
    arrived = stream("command")
    t = arrived.capture_ns.copy()
    t[-40:] = t[-40]
    assert [f.level for f in check_stall([replace(arrived, capture_ns=t)], RULES, START)] == ["PASS"]
