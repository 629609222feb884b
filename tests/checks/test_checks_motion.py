"""Kinematics and replay: each check passes a clean motion, and names a known fault by its amount."""

import mujoco
import numpy as np
import pytest
from joint_limits import limits_of
from shiliu.replay.checks.collision import check_overlaps, check_start, geoms_of, overlaps
from shiliu.replay.checks.kinematics import check_jump, check_kinematics, check_position, check_velocity, motion_of
from shiliu.replay.checks.playback import (
    check_clamped,
    check_reproduces,
    check_tracking,
    error_table,
    tracking_error,
)
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.explanation.advice import fix_of
from shiliu.replay.judge.verdict import combine
from shiliu.scenarios.parts.pose import Pose
from shiliu.scenarios.robots.robot import load_robot

RULES = load_rules()
NAMES = ("a", "b")
LIMITS = limits_of(
    a={"position": [-2.0, 2.0], "velocity": 6.0, "peak_velocity": 8.0},
    b={"position": [-2.6, 0.0], "velocity": 10.0, "peak_velocity": 7.0},
)
T = np.arange(0, 4, 0.01)


def motion(a=0.5, b=0.4):
    return np.stack([a * np.sin(2.0 * T), -1.3 + b * np.cos(2.0 * T)], axis=1)


def ramp(speed, seconds):
    """A joint that moves at a speed for a while, from rest and to rest."""
    x = np.clip(T - 1.0, 0.0, seconds) * speed
    return np.stack([x - x.max() / 2, np.full_like(x, -1.3)], axis=1)


def test_a_clean_motion_passes_and_says_how_close_it_came():
    found = {f.code: f for f in check_kinematics(T, motion(), NAMES, LIMITS, RULES)}
    assert {code: f.level for code, f in found.items()} == {
        "joint.position": "PASS",
        "joint.velocity": "PASS",
        "joint.jump": "PASS",
        "joint.acceleration": "NOT_CHECKED",
        "joint.jerk": "NOT_CHECKED",
    }
    fastest = found["joint.velocity"].details["fastest"]
    assert (
        fastest["joint"] == "a"
        and fastest["value"] == pytest.approx(1.0, rel=0.01)
        and fastest["margin"] == pytest.approx(7.0, abs=0.01)
    )
    assert found["joint.acceleration"].reason == "no_published_limit"


def test_a_position_past_its_range_fails_by_the_amount_and_the_time():
    q = motion()
    q[150:200, 1] = 0.1
    finding = check_position(T, q, NAMES, LIMITS, RULES)[0]
    assert finding.level == "FAIL" and finding.subject == ("b",)
    assert (finding.value, finding.limit, finding.margin, finding.excess) == pytest.approx((0.1, 0.0, -0.1, 0.5))
    assert (finding.t0, finding.t1) == pytest.approx((1.5, 2.0)) and finding.share == pytest.approx(0.125)


def test_a_position_below_its_range_keeps_its_sign():
    q = motion()
    q[100:150, 0] = -2.2
    finding = check_position(T, q, NAMES, LIMITS, RULES)[0]
    assert (finding.value, finding.limit, finding.margin) == pytest.approx(
        (-2.2, -2.0, -0.2)
    ) and finding.level == "FAIL"


def test_the_end_of_the_range_is_warned_of_only_where_a_joint_stays():
    q = motion()
    q[100:120, 0] = 1.95  # 0.2 s
    assert check_position(T, q, NAMES, LIMITS, RULES)[0].level == "PASS"
    q[100:180, 0] = 1.95  # 0.8 s
    finding = check_position(T, q, NAMES, LIMITS, RULES)[0]
    assert finding.level == "WARN" and finding.limit == pytest.approx(1.9) and finding.margin == pytest.approx(-0.05)


def test_what_a_real_robot_measurably_did_is_not_called_impossible():
    q = motion()
    q[150:200, 1] = 0.1
    finding = check_position(T, q, NAMES, LIMITS, RULES, signal="measured")[0]
    assert finding.level == "WARN"


@pytest.mark.parametrize(
    ("speed", "level", "limit"), [(5.0, "PASS", 8.0), (7.0, "WARN", 6.0), (8.2, "WARN", 8.0), (10.0, "FAIL", 8.0)]
)
def test_speed_is_graded_by_both_tables(speed, level, limit):
    q = ramp(speed, 0.3)
    finding = check_velocity(motion_of(T, q, RULES), NAMES, LIMITS, RULES)[0]
    assert finding.level == level and finding.limit == limit and finding.subject == ("a",)
    assert finding.value == pytest.approx(speed, rel=0.01) and finding.margin == pytest.approx(limit - speed, abs=0.1)
    if level == "FAIL":
        assert (finding.t0, finding.t1) == pytest.approx((1.0, 1.3), abs=0.04) and finding.excess == pytest.approx(
            0.25, abs=0.01
        )
        assert fix_of(finding)["kind"] == "slow" and fix_of(finding)["factor"] == pytest.approx(0.8, abs=0.011)


def test_where_the_tables_contradict_the_larger_one_fails():
    q = np.roll(ramp(9.0, 0.2), 1, axis=1) - np.array([0.0, 1.3])
    finding = check_velocity(motion_of(T, q, RULES), NAMES, LIMITS, RULES)[0]
    assert finding.level == "WARN" and finding.limit == 7.0 and finding.details["limit_larger"] == 10.0


def test_a_step_that_a_controller_smooths_is_a_warning_with_its_time():
    q = motion(0.1, 0.1)
    q[0, 0] -= np.deg2rad(7.2)
    finding = check_jump(T, q, NAMES, LIMITS, RULES)[0]
    assert finding.level == "WARN" and finding.subject == ("a",)
    assert finding.details["deg"] == pytest.approx(7.2, abs=0.15) and (finding.t0, finding.t1) == pytest.approx(
        (0.0, 0.01)
    )
    assert finding.details["first"]["joint"] == "a" and finding.limit == pytest.approx(0.08)


def test_a_step_that_nothing_smooths_fails():
    q = motion(0.1, 0.1)
    q[200:, 0] += 1.0
    finding = check_jump(T, q, NAMES, LIMITS, RULES)[0]
    assert finding.level == "FAIL" and finding.limit == pytest.approx(0.48) and finding.t0 == pytest.approx(1.99)
    assert finding.excess == pytest.approx((1.0 - 0.48) / 0.48, abs=0.03)
    assert check_jump(T, motion(), NAMES, LIMITS, RULES)[0].level == "PASS"


ARMS = """
<mujoco><option gravity="0 0 0"/><worldbody>
  <body name="base"><geom type="box" size=".1 .1 .5" contype="1" conaffinity="7"/>
    <body name="upper" pos="0 .3 0"><joint name="a" axis="1 0 0" range="-3 3"/>
      <geom type="capsule" fromto="0 0 -.05 0 0 -.2" size=".04" contype="1" conaffinity="7"/>
      <body name="hand" pos="0 0 -.3"><joint name="b" axis="1 0 0" range="-3 3"/>
        <geom type="sphere" size=".05" pos="0 0 -.05" contype="1" conaffinity="7"/>
      </body></body></body>
  <body name="shelf" pos="0 .7 0"><geom type="box" size=".1 .1 .01" contype="2" conaffinity="5"/></body>
</worldbody></mujoco>"""


@pytest.fixture(scope="module")
def arms():
    return mujoco.MjModel.from_xml_string(ARMS)


def sweep(low, high, n=101):
    return np.stack([np.linspace(low, high, n), np.zeros(n)], axis=1)


def test_an_arm_through_the_trunk_is_named_with_depth_and_time(arms):
    robot = geoms_of(arms, ["base"])
    t = np.linspace(0, 1, 101)
    clean = overlaps(arms, sweep(0.0, 0.3), robot)
    assert check_overlaps("collision.self", t, clean, RULES)[0].level == "PASS"
    found = overlaps(arms, sweep(0.0, -0.8), robot)
    finding = check_overlaps("collision.self", t, found, RULES)[0]
    assert finding.level == "FAIL" and set(finding.subject) == {"base", "hand"}
    # the hand's centre lies 0.35 m below the shoulder: it comes to y = 0.3 - 0.35 sin(angle), its surface 0.05 m nearer
    touch = np.arcsin((0.3 - 0.05 - 0.1) / 0.35)
    assert finding.details["first_touch"] == pytest.approx(touch / 0.8, abs=0.011)
    depth = lambda angle: 0.1 - (0.3 - 0.35 * np.sin(angle) - 0.05)  # noqa: E731
    assert finding.details["deepest"] == pytest.approx(depth(0.8), abs=0.001)
    lasting = depth(0.8 * 0.96)  # the last 50 ms are five rows
    assert finding.value == pytest.approx(lasting, abs=0.001) and finding.limit == 0.005
    assert finding.excess == pytest.approx((lasting - 0.005) / 0.005, abs=0.2)


def test_what_the_hand_handles_may_be_touched(arms):
    robot, shelf = geoms_of(arms, ["base"]), geoms_of(arms, ["shelf"])
    qpos = sweep(1.2, 1.45)
    found = overlaps(arms, qpos, robot, shelf)
    assert found and found[0].bodies == ("hand", "shelf")
    assert overlaps(arms, qpos, robot, shelf, allowed=[("hand", "shelf")]) == []
    assert overlaps(arms, qpos, robot, shelf, allowed=[("upper", "shelf")]) == []  # a name stands for all below it
    assert overlaps(arms, qpos, robot) == []  # not with itself


def test_a_start_inside_something_fails_by_its_depth(arms):
    data = mujoco.MjData(arms)
    assert check_start(arms, data, RULES)[0].level == "PASS"
    data.qpos[0] = -0.8
    finding = check_start(arms, data, RULES)[0]
    assert (
        finding.code == "start.penetration" and finding.level == "FAIL" and finding.value > 0.005 and finding.t0 == 0.0
    )


def test_a_replay_equals_its_record_or_says_where_it_departs():
    states = np.cumsum(np.random.default_rng(0).normal(size=(50, 6)), axis=0)
    parts = {"qpos": slice(0, 3), "qvel": slice(3, 6)}
    assert check_reproduces(states, states.copy(), 1 / 30, RULES, parts)[0].level == "PASS"
    other = states.copy()
    other[20:, 4] += 1e-5 * np.arange(1, 31)
    finding = check_reproduces(states, other, 1 / 30, RULES, parts)[0]
    assert finding.level == "FAIL" and finding.details["step"] == 20 and finding.details["what_differs"] == "qvel"
    assert (
        finding.value == pytest.approx(3e-4)
        and finding.details["growth"]["10"] == pytest.approx(1.1e-4)
        and finding.t0 == pytest.approx(20 / 30)
    )
    assert check_reproduces(states, other[:30], 1 / 30, RULES)[0].details["likely"] == "length"
    one_bit = states.copy()
    one_bit[7, 0] = np.nextafter(one_bit[7, 0], np.inf)
    assert check_reproduces(states, one_bit, 1 / 30, RULES)[0].level == "FAIL"


def test_a_command_past_its_actuator_is_named_by_the_amount():
    ranges = np.array([[-2.0, 2.0], [-np.inf, np.inf]])
    ctrl = motion()
    assert check_clamped(T, ctrl, NAMES, ranges, RULES)[0].level == "PASS"
    ctrl[100:130, 0] = 2.3
    finding = check_clamped(T, ctrl, NAMES, ranges, RULES)[0]
    assert (
        finding.level == "FAIL"
        and (finding.value, finding.limit) == (2.3, 2.0)
        and finding.margin == pytest.approx(-0.3)
    )
    assert (
        finding.excess == pytest.approx(1.5)
        and (finding.t0, finding.t1) == pytest.approx((1.0, 1.3))
        and finding.details["count"] == 30
    )


def test_the_tracking_error_is_told_joint_by_joint_and_judged_when_it_lasts():
    state = motion()
    state[:, 0] += 0.05
    times, error = tracking_error(T, motion(), T, state)
    table = error_table(error, NAMES)
    assert table["a"] == pytest.approx({"p50": 0.05, "p95": 0.05, "max": 0.05}) and table["b"]["max"] == 0.0
    assert check_tracking(times, error, NAMES, RULES)[0].level == "PASS"
    error[200:230, 1] = 0.8
    finding = check_tracking(times, error, NAMES, RULES)[0]
    assert finding.level == "FAIL" and finding.subject == ("b",) and finding.excess == pytest.approx(0.6)
    assert (finding.t0, finding.t1) == pytest.approx((2.0, 2.3), abs=0.011)
    assert check_tracking(times, error, NAMES, RULES, informative=True)[0].level == "INFO"


def test_a_fast_motion_is_no_jump_and_a_jump_is_no_fast_motion():
    """Three samples in a row at three times the speed limit go on; one that steps as far and stays has jumped."""
    limit, dt = LIMITS[NAMES[0]].speed_larger, 1 / 30
    t = np.arange(90) * dt
    far = 3 * limit * dt * 3
    fast, stepped = np.zeros((90, len(NAMES))), np.zeros((90, len(NAMES)))
    fast[:, 0] = np.clip((t - 1.0) / (3 * dt), 0, 1) * far
    stepped[:, 0] = (t > 1.0) * far / 3
    assert check_jump(t, fast, NAMES, LIMITS, RULES)[0].level != "FAIL"
    assert check_velocity(motion_of(t, fast, RULES), NAMES, LIMITS, RULES)[0].excess == pytest.approx(2.0, abs=0.15)
    jump = check_jump(t, stepped, NAMES, LIMITS, RULES)[0]
    assert jump.level == "FAIL" and jump.t0 == pytest.approx(1.0, abs=dt)
    found = [jump, check_velocity(motion_of(t, stepped, RULES), NAMES, LIMITS, RULES)[0]]
    assert found[1].level == "FAIL" and found[1].t0 <= jump.t0, "the filter spreads the step to both sides"
    combined = combine(found, ["kinematics"], RULES)
    assert combined.findings[combined.root].code == "joint.jump"
    assert combined.findings[1].because_of == 0


@pytest.mark.parametrize(
    ("beyond", "level", "excess"), [(0.1, "WARN", 0.005), (0.9, "WARN", 0.045), (1.25, "FAIL", 0.0625), (10.0, "FAIL", 0.5)]
)
def test_a_hand_is_counted_in_percent_of_its_stroke(beyond, level, excess):
    ctrl = np.zeros((len(T), 2))
    ctrl[100:130, 1] = -beyond
    ranges = np.array([[-2.0, 2.0], [0.0, 100.0]])
    finding = check_clamped(T, ctrl, ("a", "left_claw"), ranges, RULES, ("rad", "%"))[0]
    assert (finding.level, finding.unit, finding.value) == (level, "%", -beyond)
    assert finding.excess == pytest.approx(excess) and finding.margin == pytest.approx(-beyond)


def test_the_warning_of_tracking_begins_where_the_servos_own_lag_ends():
    """A servo stays behind by its time constant times the speed: 0.1 s, at the slowest rated speed of an arm joint, 3.142 rad/s."""
    robot = load_robot()
    arms = [name for name in robot.joint_names if name.startswith("zarm_")]
    spec = robot.spec(Pose.identity())
    constants = {round(-spec.actuator(name).biasprm[2] / spec.actuator(name).gainprm[0], 3) for name in arms}
    slowest = min(robot.limits[name]["velocity"]["rated"] for name in arms)
    assert constants == {0.1} and slowest == pytest.approx(3.142)
    assert RULES["tracking"].bound("warn") == pytest.approx(np.floor(100 * 0.1 * slowest) / 100)
    steady = np.full((100, 1), 0.30)
    levels = [check_tracking(np.arange(100) / 30.0, error, ("zarm_l5_joint",), RULES)[0].level for error in (steady, steady + 0.02)]
    assert levels == ["PASS", "WARN"]
