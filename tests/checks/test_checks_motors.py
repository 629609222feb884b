"""Motors of a replay: one arm by hand, with a weight that its motor can hold and one that it cannot."""

import mujoco
import numpy as np
import pytest
from joint_limits import limits_of
from shiliu.replay.checks.motors import asked_torque, check_motors
from shiliu.replay.checks.rules import load_rules

DT = 1 / 30  # s
KP, KV = 100.0, 30.0  # Nm/rad, Nms/rad
ARM = """
<mujoco>
  <option timestep="0.002" integrator="implicitfast"/>
  <worldbody><body name="arm" gravcomp="1">
    <joint name="elbow" axis="0 -1 0" damping="1" armature="0.05" actuatorfrcrange="-20 20" actuatorgravcomp="true"/>
    <geom type="sphere" size="0.01" pos="0.2 0 0" mass="1"/>
    <body name="load" pos="0.5 0 0"><geom type="sphere" size="0.01" mass="{load}"/></body>
  </body></worldbody>
  <actuator><position name="elbow" joint="elbow" kp="100" kv="30"/></actuator>
</mujoco>
"""
LIMITS = limits_of(elbow={"torque_peak": 20.0, "torque_limit": 15.0, "torque_rated": 8.0})


def held_level(load, seconds=1.0):
    """(torque, q, v, ctrl), each (T, 1), of an arm that is told to stay level with a load [kg] at its end."""
    model = mujoco.MjModel.from_xml_string(ARM.format(load=load))
    data = mujoco.MjData(model)
    rows = []
    for _ in range(round(seconds / DT)):
        for _ in range(round(DT / model.opt.timestep)):
            mujoco.mj_step(model, data)
        mujoco.mj_forward(model, data)
        rows.append((data.qfrc_actuator[0], data.qpos[0], data.qvel[0], data.ctrl[0]))
    torque, q, v, ctrl = (np.array(column)[:, None] for column in zip(*rows))
    return torque, q, v, ctrl


def checked(load):
    empty = mujoco.MjModel.from_xml_string(ARM.format(load=1e-3))  # the robot alone, as the judge knows it
    (found,) = check_motors(empty, DT, ["elbow"], *held_level(load), LIMITS, load_rules())
    return found


def test_what_is_asked_for_is_what_an_unlimited_motor_gives():
    model = mujoco.MjModel.from_xml_string(ARM.format(load=1e-3))
    torque, q, v, ctrl = held_level(2.0)
    np.testing.assert_allclose(asked_torque(model, ["elbow"], q, v, ctrl), torque, atol=0.01)


def test_a_weight_that_the_motor_holds_passes():
    found = checked(2.0)  # 2 kg and 1 kg of its own arm: 9.8 + 2.0 Nm
    assert found.level == "PASS" and found.signal == "replayed" and found.stage == "replay"
    assert found.value == pytest.approx(2.0 * 9.81 * 0.5 + 1.0 * 9.81 * 0.2, rel=0.03)


def test_a_weight_for_half_a_second_beyond_the_lasting_limit_is_a_warning():
    found = checked(3.0)  # 14.7 + 2.0 Nm
    assert found.level == "WARN" and found.limit == 15.0


def test_a_weight_past_the_motor_fails_by_what_was_asked_for():
    torque, q, v, _ = held_level(6.0)
    found = checked(6.0)  # 29.4 Nm are needed, 20 are there: the arm sinks, and the servo asks for more and more
    assert torque.max() == pytest.approx(20.0)
    assert found.level == "FAIL" and found.subject == ("elbow",)
    asked = (-KP * q - KV * v)[:, 0] + 1.0 * 9.81 * 0.2 * np.cos(q[:, 0])
    lasting = np.minimum(asked[1:], asked[:-1]).max()  # 50 ms are two control periods
    assert found.value == pytest.approx(lasting, rel=1e-3) and lasting > 25.0
    assert found.limit == 20.0 and found.margin == pytest.approx(20.0 - found.value)
    assert found.t0 < 0.5


def test_a_joint_without_a_published_limit_is_not_judged():
    torque, q, v, ctrl = held_level(6.0)
    empty = mujoco.MjModel.from_xml_string(ARM.format(load=1e-3))
    (found,) = check_motors(empty, DT, ["elbow"], torque, q, v, ctrl, limits_of(), load_rules())
    assert found.level == "NOT_CHECKED" and found.reason == "no_published_limit"
