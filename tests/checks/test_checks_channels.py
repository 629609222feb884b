"""Channels against each other: what is swapped, scaled, turned round, off its zero, repeated or on another clock."""

from dataclasses import replace

import numpy as np
import pytest
from joint_limits import limits_of
from shiliu.replay.checks.channel_swap import check_wiring
from shiliu.replay.checks.hand_polarity import check_polarity
from shiliu.replay.checks.integrity import check_integrity, stopped_signals
from shiliu.replay.checks.joint_zero import check_offset
from shiliu.replay.checks.quaternions import check_quaternion
from shiliu.replay.checks.receive_clock import check_repeated, check_skew
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report import Words
from shiliu.replay.residual.bodies import ComparedColumns

RULES = load_rules()
START = 1_745_000_000_000_000_000
ARMS = tuple(f"zarm_{side}{k}_joint" for side in "lr" for k in (1, 2, 3))
LIMITS = limits_of(**{name: {"position": [-3.1, 3.1]} for name in ARMS})


def arms(t):
    """(n, 6) two arms that move each in its own way; the last joint of each hardly moves [rad]."""
    return np.stack(
        [
            0.7 * np.sin(1.7 * t),
            0.5 * np.sin(0.9 * t + 1),
            0.02 * np.sin(t),
            0.6 * np.cos(0.6 * t),
            0.4 * np.sin(1.3 * t + 2),
            0.01 * np.cos(t),
        ],
        axis=1,
    )


def stream(role, t, values, names=ARMS, unit="rad", quantity="joint_position", **extra):
    return Stream(
        name=extra.pop("name", f"/{role}"),
        role=role,
        quantity=quantity,
        unit=unit,
        names=tuple(names),
        values=np.asarray(values, float),
        capture_ns=START + np.round(np.asarray(t) * 1e9).astype(np.int64),
        **extra,
    )


def pair(change=lambda x: x, lag=0.12, noise=0.002, seconds=12.0):
    """Command and state, `lag` later and not quite exact; `change` is what went wrong with the state."""
    t, ts = np.arange(0, seconds, 0.01), np.arange(0, seconds, 0.002)
    state = change(arms(ts - lag)) + noise * np.random.default_rng(0).normal(size=(len(ts), 6))
    return stream("command", t, arms(t)), stream("measured", ts, state)


def wiring(command, state):
    streams = {s.name: s for s in (command, state) if s is not None}
    return {f.code: f for f in check_wiring(ComparedColumns(Recording("a", "a", "", "robot", streams)), RULES)}


def exchanged(*pairs):
    order = list(range(6))
    for i, j in pairs:
        order[i], order[j] = order[j], order[i]
    return lambda x: x[:, order]


def scaled(column, factor):
    return lambda x: x * np.where(np.arange(6) == column, factor, 1.0)


def test_channels_in_their_places_pass():
    found = wiring(*pair())
    assert {f.level for f in found.values()} == {"PASS"}
    assert found["stream.scaled"].details["factor"] == pytest.approx(1.0, abs=0.02)


def test_two_swapped_channels_are_named():
    found = wiring(*pair(exchanged((0, 4))))["stream.swapped"]
    assert found.level == "FAIL" and found.subject == (ARMS[0], ARMS[4]) and found.value == 1
    assert found.details["kind"] == "channels" and found.details["remaining"] < 0.01


def test_a_channel_swapped_with_one_that_stands_is_found_too():
    found = wiring(*pair(exchanged((0, 2))))
    assert found["stream.swapped"].level == "FAIL" and found["stream.swapped"].subject == (ARMS[0], ARMS[2])
    assert found["stream.scaled"].level == "PASS"  # what is swapped is not asked for its scale


def test_swapped_channels_that_move_alike_are_named_and_no_wrong_zero_is_blamed():
    """Two joints of one reach, alike but for a fifth of their motion: each follows the other's command, and rests 0.4 rad off."""
    t = np.arange(0, 12, 0.01)
    reach = np.interp(t, [0, 2, 4, 7, 9, 12], [0.0, 0.0, 1.0, 1.0, 0.3, 0.3])
    bend = 0.2 * np.interp(t, [0, 2, 3, 4, 12], [0.0, 0.0, 1.0, 0.0, 0.0])
    command = np.stack([reach + bend, 0.8 * reach - 0.4], axis=1)
    names = ARMS[:2]
    straight, crossed = (stream("measured", t + 0.1, q, names) for q in (command, command[:, ::-1]))
    assert wiring(stream("command", t, command, names), straight)["stream.swapped"].level == "PASS"
    found = wiring(stream("command", t, command, names), crossed)["stream.swapped"]
    assert found.level == "FAIL" and found.value == 1.0 and found.subject == names
    both = [stream("command", t, command, names), crossed]
    recorded = Recording("a", "a", "0" * 64, "robot", {s.name: s for s in both})
    failed = [f for f in check_integrity(recorded, LIMITS, RULES) if f.failed]
    assert [f.code for f in failed] == ["stream.swapped"]
    assert set(stopped_signals(failed, recorded)) == {"command", "measured"}, "so that no zero is asked for"
    assert check_offset(*both, RULES, START)[0].level == "FAIL", "which would be told otherwise"


def test_left_for_right_is_one_finding_with_every_pair():
    found = wiring(*pair(exchanged((0, 3), (1, 4), (2, 5))))["stream.swapped"]
    assert found.level == "FAIL" and found.details["kind"] == "sides"
    assert set(found.subject) >= {ARMS[0], ARMS[1], ARMS[3], ARMS[4]}
    assert "left and right are exchanged" in Words("en").message(found)
    assert "左右" in Words("zh").message(found)


@pytest.mark.parametrize("lag", [0.0, 0.5, 0.8])
def test_a_late_state_is_not_taken_for_a_swapped_one(lag):
    assert {f.level for f in wiring(*pair(lag=lag)).values()} == {"PASS"}


@pytest.mark.parametrize(
    ("factor", "level"), [(0.5, "FAIL"), (0.7, "WARN"), (0.9, "PASS"), (1.2, "PASS"), (1.5, "WARN"), (2.0, "FAIL")]
)
def test_a_scaled_channel_is_named_with_its_factor(factor, level):
    found = wiring(*pair(scaled(1, factor)))["stream.scaled"]
    assert found.level == level
    if level != "PASS":
        assert found.subject == (ARMS[1],) and found.details["factor"] == pytest.approx(factor, rel=0.02)
        assert found.value == pytest.approx(max(factor, 1 / factor) - 1, rel=0.08)


def test_a_channel_with_the_wrong_sign_is_named():
    found = wiring(*pair(scaled(3, -1.0)))["stream.scaled"]
    assert found.level == "FAIL" and found.subject == (ARMS[3],) and found.details["kind"] == "flipped"
    assert found.details["factor"] == pytest.approx(-1.0, abs=0.02)
    assert "against its command" in Words("en").message(found)


def test_a_soft_servo_that_follows_badly_is_not_called_scaled():
    def soft(x):  # a first-order delay of half a second: half the amplitude, and late
        y, gain = x.copy(), 0.002 / 0.5
        for k in range(1, len(y)):
            y[k] = y[k - 1] + gain * (x[k] - y[k - 1])
        return y

    found = wiring(*pair(soft))
    assert found["stream.swapped"].level == "PASS" and found["stream.scaled"].level in ("PASS", "NOT_CHECKED")


def test_without_a_second_witness_or_motion_nothing_is_claimed():
    command, state = pair()
    assert {f.reason for f in wiring(command, None).values()} == {"no_measured"}
    assert {f.reason for f in wiring(None, state).values()} == {"no_command"}
    still = stream("command", np.arange(0, 12, 0.01), np.zeros((1200, 6)))
    quiet = stream("measured", np.arange(0, 12, 0.01), np.zeros((1200, 6)))
    assert {f.reason for f in wiring(still, quiet).values()} == {"no_motion"}


def test_swapped_arms_are_one_failure_and_stop_both_streams():
    command, state = pair(exchanged((0, 3), (1, 4), (2, 5)))
    taken = Recording("take", "take.bag", "00", "robot", {s.name: s for s in (command, state)})
    found = check_integrity(taken, LIMITS, RULES, actuated=ARMS)
    assert [f.code for f in found if f.failed] == ["stream.swapped"]
    assert {f.code: f.reason for f in found}["stream.lag"] == "integrity.stream.swapped"
    assert stopped_signals(found, taken) == dict.fromkeys(("command", "measured"), "integrity.stream.swapped")


def test_degrees_are_a_unit_and_not_a_scale():
    command, state = pair()
    wrong = replace(command, values=np.rad2deg(command.values))
    taken = Recording("take", "take.bag", "00", "robot", {s.name: s for s in (wrong, state)})
    found = check_integrity(taken, LIMITS, RULES)
    assert [f.code for f in found if f.failed] == ["unit.degrees"]
    assert {f.code: f.reason for f in found}["stream.scaled"] == "integrity.unit.degrees"


# -- hands ---------------------------------------------------------------------------------------------------
def hands(command, state, t=None):
    t = np.arange(0, 12, 0.02) if t is None else t
    names = ("left_claw", "right_claw")
    streams = [
        stream(role, t, np.stack([x, np.zeros(len(t))], axis=1), names, "%", "claw", name=role)
        for role, x in (("command", command), ("measured", state))
    ]
    return check_polarity(ComparedColumns(Recording("take", "take.bag", "00", "robot", {s.name: s for s in streams})), RULES)[0]


T = np.arange(0, 12, 0.02)
CLOSING = np.where((T > 3) & (T < 8), 95.0, 5.0)


def late(x, seconds=0.3):
    return np.interp(T - seconds, T, x)


def test_a_hand_that_answers_its_command_passes():
    assert hands(CLOSING, late(CLOSING)).level == "PASS"


def test_a_hand_that_closes_on_something_passes():
    assert hands(CLOSING, np.minimum(late(CLOSING), 40.0)).level == "PASS"


def test_a_hand_measured_from_the_other_end_fails():
    found = hands(CLOSING, 100.0 - late(CLOSING))
    assert found.level == "FAIL" and found.subject == ("left_claw", "measured")
    assert found.value == pytest.approx(-1.0, abs=0.05) and found.details["kind"] == "motion"


def test_a_hand_commanded_closed_and_measured_open_is_a_warning():
    found = hands(np.full(len(T), 100.0), np.full(len(T), 2.0))
    assert found.level == "WARN" and found.details["kind"] == "ends"
    assert (found.details["commanded"], found.details["measured"]) == (100.0, 2.0)


def test_a_hand_measured_from_the_other_end_is_called_so_once():
    """It is no contradiction of columns beside: one fault, one reason."""
    names, claws = ("left_claw", "right_claw"), np.stack([CLOSING, np.zeros(len(T))], axis=1)
    streams = [stream(role, T, x, names, "%", "claw", name=role) for role, x in (("command", claws), ("measured", claws))]
    streams[1] = replace(streams[1], values=np.stack([100.0 - late(CLOSING), np.zeros(len(T))], axis=1))
    found = check_integrity(Recording("take", "take.bag", "00", "robot", {s.name: s for s in streams}), LIMITS, RULES)
    assert [f.code for f in found if f.failed] == ["unit.polarity"]


def going(ways=4, ramp=0.8, dt=1 / 30, low=0.0, high=1.0):
    """(t, x) a hand that is commanded from one end to the other and back, smoothly, with a rest at each."""
    part = np.linspace(0.0, 1.0, round(ramp / dt))
    ease = part**2 * (3 - 2 * part)
    rest = np.zeros(round(0.7 / dt))
    there, back = np.concatenate([ease, rest + 1.0]), np.concatenate([1.0 - ease, rest])
    x = np.concatenate([rest, *(back if k % 2 else there for k in range(ways))])
    return np.arange(len(x)) * dt, low + (high - low) * x


def scale_of(t, command, measured, unit="1", quantity="gripper"):
    both = {"command": command, "measured": measured}
    streams = [stream(role, t, x[:, None], ("jaw",), unit, quantity, name=role) for role, x in both.items()]
    columns = ComparedColumns(Recording("take", "take.bag", "00", "robot", {s.name: s for s in streams}))
    return next(f for f in check_wiring(columns, RULES) if f.code == "stream.scaled")


@pytest.mark.parametrize(
    ("unit", "quantity", "low", "high"),
    [
        ("1", "gripper", 0.0, 1.0), ("%", "claw", 0.0, 100.0), ("%", "claw", 90.0, 10.0), ("0..255", "hand", 255.0, 0.0),
        ("tick", "gripper", 1800.0, 3100.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_a_hand_that_goes_a_share_of_its_command_all_the_way_is_a_warning(share, unit, quantity, low, high):
    t, c = going(low=low, high=high)
    noise = 2e-3 * share * abs(high - low) * np.random.default_rng(1).normal(size=len(t))
    found = scale_of(t, c, low + share * (np.interp(t - 0.15, t, c) - low) + noise, unit, quantity)
    assert found.level == "WARN" and found.subject == ("jaw",)
    assert found.details["factor"] == pytest.approx(share, rel=0.05)


@pytest.mark.parametrize("ramp", [0.25, 0.8, 2.0])
@pytest.mark.parametrize("stop", [0.15, 0.25, 0.4, 0.55])
@pytest.mark.parametrize("slow", [0.0, 0.08, 0.2])
def test_a_hand_that_holds_something_each_time_is_not_scaled(stop, ramp, slow):
    t, c = going(ways=6, ramp=ramp)
    free = np.interp(t - 0.1, t, c)
    q, x = np.empty_like(free), free[0]
    for i, goal in enumerate(free):  # a servo of first order, stopped by what it holds
        x += (goal - x) * (1.0 if slow == 0.0 else 1 - np.exp(-(t[1] - t[0]) / slow))
        x = min(x, stop)
        q[i] = x
    assert scale_of(t, c, q).level not in ("WARN", "FAIL")


def test_a_hand_that_is_switched_or_moves_once_shows_no_scale():
    t, c = going(ways=1)
    assert scale_of(t, c, 0.25 * c).level not in ("WARN", "FAIL"), "once is no habit"
    t, c = going(ways=6)
    switched = np.round(c)
    assert scale_of(t, switched, 0.25 * np.interp(t - 0.1, t, switched)).level not in ("WARN", "FAIL"), "it may hold something each time"
    assert scale_of(t, c, np.interp(t - 0.1, t, c)).level not in ("WARN", "FAIL")


def test_a_recording_without_hands_is_not_asked():
    command, state = pair()
    taken = Recording("take", "take.bag", "00", "robot", {s.name: s for s in (command, state)})
    assert check_polarity(ComparedColumns(taken), RULES)[0].reason == "no_hand_command"


# -- orientations --------------------------------------------------------------------------------------------
def turning(t):
    """(n, 7) a hand that turns about x: position, then xyzw."""
    half = 0.4 * np.sin(t) / 2
    return np.stack([0 * t, 0 * t, 0 * t, np.sin(half), 0 * t, 0 * t, np.cos(half)], axis=1)


def posed(values):
    names = [f"hand.{part}" for part in ("x", "y", "z", "qx", "qy", "qz", "qw")]
    return check_quaternion([stream("pose", T, values, names, "m m m 1 1 1 1", "hand_pose", name="hand")], RULES, START)


def test_quaternions_of_length_one_pass():
    assert posed(turning(T))[0].level == "PASS"


def test_signs_that_jump_are_a_warning_with_their_count():
    values = turning(T)
    values[1::2, 3:] *= -1
    found = posed(values)[0]
    assert found.level == "WARN" and found.value == len(T) - 1 and found.details["kind"] == "sign"
    assert "changes its sign" in Words("en").message(found) and "Nothing to record again" in Words("en").fix(found)


@pytest.mark.parametrize(("length", "level"), [(1.005, "PASS"), (1.03, "WARN"), (0.8, "FAIL"), (0.0, "FAIL")])
def test_a_quaternion_that_is_no_rotation_fails(length, level):
    values = turning(T)
    values[100:120, 3:] *= length
    found = posed(values)[0]
    assert found.level == level
    if level != "PASS":
        assert found.value == pytest.approx(abs(length - 1)) and found.details["count"] == 20
        assert (found.t0, found.t1) == pytest.approx((2.0, 2.38))


def test_a_recording_without_orientations_is_not_asked():
    assert check_quaternion(list(pair()), RULES, START)[0].reason == "no_rotation"


# -- zero of the joints --------------------------------------------------------------------------------------
def resting(offset):
    """Three rests in three postures; `offset` is added to the first joint's measurement."""
    t = np.arange(0, 12, 0.01)
    posture = np.interp(t, [0, 2, 3, 6, 7, 12], [0.0, 0.0, 0.8, 0.8, -0.5, -0.5])
    command = np.stack([posture, 0.3 * posture], axis=1)
    state = np.stack([np.interp(t - 0.1, t, posture), np.interp(t - 0.1, t, 0.3 * posture)], axis=1)
    state[:, 0] += offset(state[:, 0])
    return [stream(role, t, x, ARMS[:2]) for role, x in (("command", command), ("measured", state))]


@pytest.mark.parametrize(("offset", "level"), [(0.03, "PASS"), (0.09, "WARN"), (-0.2, "FAIL")])
def test_a_wrong_zero_is_told_by_its_size(offset, level):
    found = check_offset(*resting(lambda q: np.full_like(q, offset)), RULES, START)[0]
    assert found.level == level and found.value == pytest.approx(abs(offset), abs=1e-6)
    assert found.subject == (ARMS[0],) and found.details["rests"] == 3
    assert found.details["estimate"] == pytest.approx(offset) and found.stage == "kinematics"


def test_weight_that_pulls_another_way_in_another_posture_is_no_wrong_zero():
    found = check_offset(*resting(lambda q: -0.2 * np.sin(q)), RULES, START)[0]
    assert found.level == "PASS" and found.details["joints"][ARMS[0]]["spread"] > 0.1


def test_a_rest_in_one_posture_only_warns():
    command, state = resting(lambda q: np.full_like(q, 0.3))
    first = slice(0, 190)
    short = [replace(s, values=s.values[first], capture_ns=s.capture_ns[first]) for s in (command, state)]
    assert check_offset(*short, RULES, START)[0].level == "WARN"


def test_a_robot_that_never_rests_is_not_checked():
    t = np.arange(0, 12, 0.01)
    moving = [stream(role, t, np.sin(2 * t)[:, None], ARMS[:1]) for role in ("command", "measured")]
    assert check_offset(*moving, RULES, START)[0].reason == "no_rest"


# -- clocks and repeats --------------------------------------------------------------------------------------
def received(role, delay, t=None):
    t = np.arange(0, 12, 0.01) if t is None else t
    late_ns = np.round((np.asarray(delay) + np.zeros(len(t))) * 1e9).astype(np.int64)
    one = stream(role, t, arms(t))
    return replace(one, receive_ns=one.capture_ns + late_ns)


@pytest.mark.parametrize(("apart", "level"), [(0.02, "PASS"), (0.3, "WARN"), (1.5, "FAIL")])
def test_clocks_that_are_apart_are_told_by_how_much(apart, level):
    found = check_skew([received("command", 0.004), received("measured", 0.004 + apart)], RULES, START)[0]
    assert found.level == level
    if level != "PASS":
        assert found.value == pytest.approx(apart) and found.subject == ("/measured", "/command")


def test_a_robot_with_its_own_time_agrees_with_itself():
    found = check_skew([received("command", -5.0), received("measured", -5.003)], RULES, START)[0]
    assert found.level == "WARN" and found.details["kind"] == "recorder" and found.value == pytest.approx(5.0)


def test_arrival_in_bursts_is_no_skew():
    t = np.arange(0, 12, 0.002)
    waits = (np.floor(t / 0.3) + 1) * 0.3 - t  # sent in packets, three a second
    assert check_skew([received("command", 0.004), received("measured", waits, t)], RULES, START)[0].level == "PASS"


def test_a_clock_that_drifts_is_told():
    t = np.arange(0, 60, 0.01)
    found = check_skew([received("command", 0.004, t), received("measured", 0.005 + 0.005 * t, t)], RULES, START)[0]
    assert found.level == "WARN" and found.details["kind"] == "drift" and found.value == pytest.approx(0.2, abs=0.01)


def test_without_a_recorder_s_clock_skew_is_not_asked():
    assert check_skew(list(pair()), RULES, START)[0].reason == "one_clock"


@pytest.mark.parametrize(
    ("every", "level", "share"), [(1, "PASS", 0.0), (2, "PASS", 0.5), (4, "PASS", 0.75), (8, "WARN", 0.875)]
)
def test_repeated_samples_are_counted(every, level, share):
    t = np.arange(0, 12, 0.01)
    found = check_repeated(
        [stream("command", t, arms(np.floor(t / (0.01 * every) + 1e-6) * 0.01 * every))], RULES, START
    )[0]
    assert found.level == level and found.value == pytest.approx(share, abs=0.01)
    assert found.details["fresh_rate"] == pytest.approx(100.0 / every, rel=0.02)


@pytest.mark.parametrize(("alone", "every", "level"), [(False, 3, "WARN"), (False, 5, "WARN"), (True, 3, "PASS"), (False, 20, "PASS")])
def test_rows_by_which_a_take_was_put_onto_a_faster_grid_are_a_warning(alone, every, level):
    """Every third row repeats the one before in commands and measurements: 20 rows a second, written as 30."""
    t = np.arange(0, 12, 1.0 / 30.0)
    rows = np.arange(len(t))
    kept = t[np.where(rows % every == every - 1, rows - 1, rows)]
    command, measured = stream("command", t, arms(kept)), stream("measured", t, arms((t if alone else kept) - 0.1))
    found = check_repeated([command, measured], RULES, START, (command, measured))[0]
    assert found.level == level
    assert level == "PASS" or found.share == pytest.approx(1.0 / every, abs=0.01)


def test_new_values_that_come_now_and_then_are_no_grid_of_a_slow_sender():
    """Every eighth sample on the average, in steps of 2 to 14."""
    t = np.arange(0, 12, 0.01)
    new = np.cumsum(np.random.default_rng(0).integers(2, 15, 200))
    at = t[new[np.searchsorted(new, np.arange(len(t)), side="right") - 1].clip(0, len(t) - 1)]
    assert check_repeated([stream("command", t, arms(at))], RULES, START)[0].level == "FAIL"


@pytest.mark.parametrize(("field", "level"), [("observation.state", "WARN"), ("observation.environment_state", "NOT_APPLICABLE")])
def test_a_door_that_rests_between_two_pushes_is_no_sample_sent_again(field, level):
    t = np.arange(0, 12, 0.01)
    values = arms(np.floor(t / 0.08 + 1e-6) * 0.08)
    measured = replace(stream("measured", t, values), meta={"field": field})
    assert check_repeated([measured], RULES, START)[0].level == level


def test_a_command_that_is_held_is_not_repeated():
    t = np.arange(0, 12, 0.01)
    values = arms(np.clip(t, 0, 5))
    assert check_repeated([stream("command", t, values)], RULES, START)[0].value == 0.0


def test_a_real_session_is_in_order_and_its_faults_are_found(data):
    """The VR session: nothing is swapped or scaled; the same with two channels exchanged, one doubled, one turned."""
    taken = next(iter(read(data / "kuavo-vr-teleop" / "session_20250419_162611_20250419_162611_group1.bag")))
    command, state = taken.streams["/kuavo_arm_traj"], taken.streams["/sensors_data_raw/joint_q"]
    origin = taken.start_ns
    assert {f.level for f in wiring(command, state).values()} == {"PASS"}
    assert check_repeated([command], RULES, origin)[0].details["count"] == 161
    assert check_offset(command, state, RULES, origin)[0].level == "PASS"
    at = {name: state.names.index(name) for name in state.names}

    def broken(change):
        values = state.values.copy()
        change(values)
        return wiring(command, replace(state, values=values))

    def swap(values):
        values[:, [at["zarm_r1_joint"], at["zarm_r3_joint"]]] = values[:, [at["zarm_r3_joint"], at["zarm_r1_joint"]]]

    def double(values):
        values[:, at["zarm_r1_joint"]] *= 2

    def turn(values):
        values[:, at["zarm_r2_joint"]] *= -1

    assert broken(swap)["stream.swapped"].subject == ("zarm_r1_joint", "zarm_r3_joint")
    assert broken(double)["stream.scaled"].subject == ("zarm_r1_joint",)
    assert broken(turn)["stream.scaled"].details["kind"] == "flipped"
