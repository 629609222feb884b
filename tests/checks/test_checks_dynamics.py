"""Dynamics against mechanics by hand: a rod on a hinge, a cart's zero-moment point, a payload."""

import mujoco
import numpy as np
import pytest
from joint_limits import limits_of
from shiliu.replay.checks.dynamics import (
    check_balance,
    check_torque,
    compare_torque,
    convex_hull,
    effort,
    margin_inside,
    sole_polygon,
)
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.signals.signal import resample

RULES = load_rules()
G = 9.81
MASS, REACH, HEIGHT = 2.0, 0.5, 1.2
ROD = f"""
<mujoco><worldbody><body name="base_link" pos="0 0 {HEIGHT}"><inertial pos="0 0 0" mass="10" diaginertia="1 1 1"/>
  <body name="arm"><joint name="a" type="hinge" axis="0 -1 0" damping="0" frictionloss="1"/>
    <inertial pos="{REACH} 0 0" mass="{MASS}" diaginertia="1e-6 1e-6 1e-6"/>
    <geom size=".01" contype="0" conaffinity="0" mass="0"/></body>
  <body name="foot" pos="0 0.1 -1.2"/><body name="other" pos="0 -0.1 -1.2"/>
</body></worldbody></mujoco>"""
T = np.arange(0, 3, 0.01)


@pytest.fixture(scope="module")
def rod():
    return mujoco.MjModel.from_xml_string(ROD)


def limits(peak, limit, rated):
    return limits_of(a={"torque_peak": peak, "torque_limit": limit, "torque_rated": rated})


def test_holding_a_rod_level_takes_its_weight_times_its_reach(rod):
    needed = effort(rod, resample(T, np.zeros((len(T), 1))), ["a"])
    assert needed.torque[needed.known] == pytest.approx(MASS * G * REACH, rel=1e-6)
    # two masses stand on the floor: the zero-moment point lies under their common centre
    assert needed.pressure[needed.known][:, 0] == pytest.approx(MASS * REACH / (10 + MASS), rel=1e-6)
    assert needed.pressure[needed.known][:, 1] == pytest.approx(0.0, abs=1e-9)


def test_swinging_it_adds_inertia_and_moves_the_zero_moment_point(rod):
    q = 0.3 * np.sin(4.0 * T)
    needed = effort(rod, resample(T, q[:, None], window=0.06), ["a"])
    t, known = needed.t, needed.known
    angle, accel = 0.3 * np.sin(4.0 * t), -4.8 * np.sin(4.0 * t)
    speed = 1.2 * np.cos(4.0 * t)
    assert needed.torque[known, 0] == pytest.approx(
        (MASS * REACH**2 * accel + MASS * G * REACH * np.cos(angle))[known], abs=0.03
    )
    ax = -REACH * (np.sin(angle) * accel + np.cos(angle) * speed**2)
    az = REACH * (np.cos(angle) * accel - np.sin(angle) * speed**2)
    x, z = REACH * np.cos(angle), HEIGHT + REACH * np.sin(angle)
    zmp = (MASS * (G + az) * x - MASS * ax * z) / (10 * G + MASS * (G + az))
    assert needed.pressure[known, 0] == pytest.approx(zmp[known], abs=0.001)


def test_a_payload_weighs_on_the_arm(rod):
    needed = effort(rod, resample(T, np.zeros((len(T), 1))), ["a"], payload={"arm": (3.0, (0.8, 0.0, 0.0))})
    assert needed.torque[needed.known] == pytest.approx(MASS * G * REACH + 3.0 * G * 0.8, rel=1e-6)
    assert rod.body("arm").mass[0] == MASS  # the caller's model is untouched


def test_torque_limits_are_graded_by_size_and_duration(rod):
    needed = effort(rod, resample(T, np.zeros((len(T), 1))), ["a"])
    need = MASS * G * REACH
    level = lambda *l: [f.level for f in check_torque(needed, limits(*l), RULES)]  # noqa: E731, E741
    assert level(20, 15, 12) == ["PASS", "PASS"]
    assert level(20, 8, 12) == ["WARN", "PASS"]
    assert level(20, 15, 8) == ["PASS", "WARN"]
    finding = check_torque(needed, limits(need / 1.5, 5, 5), RULES)[0]
    assert (
        finding.level == "FAIL"
        and finding.excess == pytest.approx(0.5)
        and finding.value == pytest.approx(need, rel=1e-5)
    )
    assert finding.margin == pytest.approx(-need / 3, rel=1e-4)
    assert finding.t1 - finding.t0 == pytest.approx(3.0 - 0.06, abs=0.06)


def test_a_peak_shorter_than_50_ms_does_not_count(rod):
    needed = effort(rod, resample(T, np.zeros((len(T), 1))), ["a"])
    needed.torque[50:52] = 30.0
    assert check_torque(needed, limits(20, 15, 12), RULES)[0].level == "PASS"
    needed.torque[50:53] = 30.0
    finding = check_torque(needed, limits(20, 15, 12), RULES)[0]
    assert (
        finding.level == "FAIL"
        and finding.excess == pytest.approx(0.5)
        and finding.details["duration"] == pytest.approx(0.06)
    )
    assert (finding.t0, finding.t1) == pytest.approx((1.0, 1.06))


def test_the_soles_span_a_polygon(rod):
    polygon = sole_polygon(rod, ["foot", "other"], (-0.073, 0.171), (-0.048, 0.048))
    assert {tuple(corner) for corner in polygon.round(3)} == {
        (-0.073, -0.148),
        (0.171, -0.148),
        (0.171, 0.148),
        (-0.073, 0.148),
    }
    assert margin_inside(polygon, np.array([[0.0, 0.0], [0.161, 0.0], [0.2, 0.0], [0.201, 0.188]])) == pytest.approx(
        [0.073, 0.01, -0.029, -0.05]
    )
    assert len(convex_hull(np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5], [0.5, 0.0]]))) == 4


def test_balance_is_the_distance_to_the_edge_of_the_soles(rod):
    polygon = sole_polygon(rod, ["foot", "other"], (-0.073, 0.171), (-0.048, 0.048))
    needed = effort(rod, resample(T, np.zeros((len(T), 1))), ["a"])
    finding = check_balance(needed, polygon, RULES)[0]
    assert finding.level == "PASS" and finding.value == pytest.approx(0.171 - MASS * REACH / (10 + MASS))
    heavy = effort(rod, resample(T, np.zeros((len(T), 1))), ["a"], payload={"arm": (4.0, (0.5, 0.0, 0.0))})
    finding = check_balance(heavy, polygon, RULES)[0]
    where = 6.0 * 0.5 / 16.0
    assert (
        finding.level == "FAIL"
        and finding.margin == pytest.approx(0.171 - where)
        and finding.excess == pytest.approx((where - 0.171) / 0.020)
    )
    near = effort(rod, resample(T, np.zeros((len(T), 1))), ["a"], payload={"arm": (3.0, (0.5, 0.0, 0.0))})
    assert check_balance(near, polygon, RULES)[0].level == "WARN"


def test_computed_torques_are_compared_with_recorded_ones(rod):
    needed = effort(rod, resample(T, np.zeros((len(T), 1))), ["a"])
    table = compare_torque(needed, T, np.full((len(T), 1), MASS * G * REACH + 0.5), ["a"])
    assert table["a"] == pytest.approx({"rms": 0.5, "recorded_rms": MASS * G * REACH + 0.5, "offset": -0.5}, rel=1e-5)
