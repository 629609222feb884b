"""The checks on a real session, a person with a headset driving the maker's stack; skipped without the bag."""

import os
from pathlib import Path

import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from shiliu.replay.checks.collision import check_overlaps, geoms_of, overlaps
from shiliu.replay.checks.dynamics import check_balance, check_torque, compare_torque, effort, positions, sole_polygon
from shiliu.replay.checks.integrity import check_integrity
from shiliu.replay.checks.kinematics import check_kinematics, motion_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.verdict import combine
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.replay.signals.channels import in_radians, pair
from shiliu.replay.signals.clock import origin_ns, seconds
from shiliu.replay.signals.signal import resample

ROOT = Path(shiliu.__file__).resolve().parent
DATA = Path(os.environ.get("SHILIU_DATA", ROOT.parent / "shared" / "data"))
BAG = DATA / "kuavo-vr-teleop" / "session_20250419_162611_20250419_162611_group1.bag"
KUAFU = ROOT / "assets" / "robots" / "kuafu"
BARE = ["integrity", "kinematics", "dynamics"]

pytestmark = pytest.mark.skipif(
    not BAG.is_file(), reason="the session's bag is not here; set SHILIU_DATA to the folder of recordings"
)


@pytest.fixture(scope="module")
def rules():
    return load_rules()


@pytest.fixture(scope="module")
def limits():
    return load_limits(KUAFU)


@pytest.fixture(scope="module")
def session():
    from shiliu.replay.formats.rosbag import bag1 as rosbag1

    return rosbag1.read(BAG, BAG.name)


@pytest.fixture(scope="module")
def integrity(session, limits, rules):
    found = check_integrity(session, limits, rules)
    return {(f.code, f.level == "INFO"): f for f in found}


@pytest.fixture(scope="module")
def command(session):
    stream, _ = pair(session)
    return seconds(stream, origin_ns(session)), in_radians(stream, stream.names), stream.names


@pytest.fixture(scope="module")
def kinematics(command, limits, rules):
    return {f.code: f for f in check_kinematics(*command, limits, rules)}


def test_commands_are_degrees_and_the_state_radians(integrity):
    finding = integrity["unit.degrees", False]
    assert finding.level == "PASS"
    command, state = finding.details["streams"]
    assert (command["unit"], command["declared"], state["unit"]) == ("deg", "rad", "rad")
    assert command["lo"] == pytest.approx(-110.7, abs=0.05)


def test_sensors_arrive_in_bursts_and_are_timed_by_their_header(integrity):
    finding = integrity["clock.jitter", True]
    assert finding.details["timed_by"] == "capture" and finding.details["count"] == 127
    assert finding.details["gap"] == pytest.approx(0.036, abs=0.001)
    assert integrity["clock.jitter", False].level == integrity["clock.gap", False].level == "PASS"


def test_a_stalled_simulation_clock_is_told_and_not_called_frozen(integrity):
    stall = integrity["clock.stall", True]
    assert stall.details["count"] == stall.details["repeated"] == 618 and stall.details["steps"] == 3507
    assert stall.value == pytest.approx(0.82, abs=0.005)
    assert integrity["stream.frozen", False].level == "PASS"


def test_the_state_follows_the_command_by_a_quarter_second(integrity):
    lag = integrity["stream.lag", False]
    assert lag.value == pytest.approx(0.28, abs=0.03) and lag.details["median"] == pytest.approx(0.28, abs=0.03)
    assert len(lag.details["joints"]) == 14


def test_commands_begin_late(integrity):
    finding = integrity["stream.missing", False]
    assert (
        finding.level == "WARN"
        and finding.value == pytest.approx(1.24, abs=0.005)
        and finding.subject == ("/kuavo_arm_traj",)
    )


def test_the_first_step_is_told_with_its_time(kinematics):
    finding = kinematics["joint.jump"]
    assert finding.level == "WARN" and finding.details["deg"] == pytest.approx(7.2, abs=1e-3)
    assert finding.t0 == pytest.approx(1.239, abs=0.001) and finding.details["dt"] == pytest.approx(0.0034, abs=0.0001)
    assert finding.details["deg_s"] == pytest.approx(2117, abs=2)
    assert finding.details["first"]["deg"] == pytest.approx(7.2, abs=1e-3)


def test_no_joint_leaves_its_range(kinematics):
    finding = kinematics["joint.position"]
    assert finding.level == "PASS" and finding.margin >= 0.0


def test_the_fastest_joint_and_its_margin(kinematics, command, limits, rules):
    finding = kinematics["joint.velocity"]
    fastest = finding.details["fastest"]
    assert finding.level == "PASS" and fastest["joint"] == "zarm_r1_joint" and fastest["limit"] == 18.8
    assert 9.0 < fastest["value"] < 10.0 and fastest["margin"] == pytest.approx(18.8 - fastest["value"])
    assert np.rad2deg(fastest["two_point"]) == pytest.approx(690, abs=3)  # one grid step of plain interpolation
    # the answer does not hang on where the grid happens to begin
    t, q, _ = command
    peaks = [np.nanmax(np.abs(motion_of(t[k:], q[k:], rules).v[:, 7])) for k in range(1, 8)]
    assert max(peaks) < 1.06 * min(peaks)


@pytest.fixture(scope="module")
def stance():
    model = mujoco.MjModel.from_xml_path(str(KUAFU / "kuafu.xml"))
    robot = yaml.safe_load((KUAFU / "robot.yaml").read_text(encoding="utf-8"))
    start = model.qpos0.copy()
    for name, angle in robot["stance"]["legs"].items():
        start[model.joint(name).qposadr[0]] = angle
    data = mujoco.MjData(model)
    data.qpos[:] = start
    mujoco.mj_kinematics(model, data)
    return (
        model,
        start,
        sole_polygon(model, ["leg_l6_link", "leg_r6_link"], robot["sole"]["x"], robot["sole"]["y"], data),
    )


def test_motors_and_feet_carry_the_commands_and_the_verdict_is_feasible(
    session, command, stance, limits, rules, kinematics, integrity
):
    model, start, polygon = stance
    t, q, names = command
    needed = effort(model, resample(t, q, rate=rules["torque.peak"].rate, window=rules["torque.peak"].window), names, start=start)
    found = [*check_torque(needed, limits, rules), *check_balance(needed, polygon, rules)]
    dynamics = {f.code: f for f in found}
    assert [dynamics[code].level for code in ("torque.peak", "torque.rated", "balance")] == ["PASS"] * 3
    assert 0.02 < dynamics["balance"].value < 0.08
    result = combine([*integrity.values(), *kinematics.values(), *found], BARE, rules)
    assert result.verdict == "FEASIBLE" and result.root is None
    assert {f.code for f in result.findings if f.level == "WARN"} == {"stream.missing", "joint.jump", "column.differs"}


def test_computed_torques_agree_with_the_recorded_ones(session, stance, limits, rules):
    model, start, polygon = stance
    _, state = pair(session)
    arms = [name for name in state.names if name.startswith("zarm")]
    t = (state.device_ns - state.device_ns[0]) * 1e-9
    even = resample(t, in_radians(state, arms), rate=rules["torque.peak"].rate, window=rules["torque.peak"].window)
    needed = effort(model, even, arms, start=start)
    found = [*check_torque(needed, limits, rules, "measured"), *check_balance(needed, polygon, rules, "measured")]
    recorded = session.streams["/sensors_data_raw/joint_current"]
    table = compare_torque(needed, t, recorded.values, recorded.names)
    assert len(table) == 14 and max(row["rms"] for row in table.values()) < 0.8
    assert not [f for f in found if f.level == "FAIL"]


def test_one_stray_command_into_the_thigh_is_no_collision(command, stance, rules):
    model, start, _ = stance
    t, q, names = command
    found = overlaps(model, positions(model, names, q, start), geoms_of(model, ["base_link"]))
    assert all((overlap.depth > 0.001).sum() <= 1 for overlap in found)  # the first message only, for 3.4 ms
    assert check_overlaps("collision.self", t, found, rules)[0].level == "PASS"
