"""Sensors: each kind measures what it says, and forces are those of the physics steps and not of the picture rate."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.sensing.requests import FORCE_WINDOW, Layout, Readings, Request, SensorPlan, reduce_forces

TIMESTEP = 1 / 480
WORLD = """
<mujoco>
  <option timestep="0.0020833333333333333"/>
  <worldbody>
    <body name="table" pos="0 0 0.1"><geom name="top" type="box" size="1 1 0.1"/></body>
    <body name="cup" pos="0.2 0.1 0.2495">
      <freejoint name="cup_free"/>
      <geom name="cup" type="box" size="0.05 0.05 0.05" mass="0.3"/>
      <site name="rim" pos="0 0 0.05"/>
      <body name="lid" pos="0 0 0.06"><geom name="lid" type="box" size="0.01 0.01 0.01" mass="0.1"/></body>
    </body>
    <body name="door" pos="0 -0.5 0.5"><joint name="hinge" axis="0 0 1"/>
      <geom name="leaf" type="box" size=".2 .01 .1" contype="0" conaffinity="0"/>
      <site name="knob" pos="0.2 0 0"/></body>
  </worldbody>
  <actuator><position name="hinge" joint="hinge" kp="10"/></actuator>
</mujoco>
"""
REST = Request("contact_force", "tree:cup", "body:table")
OWN = Request("contact_force", "body:lid", "body:table")
GEOMS = Request("contact_force", "geom:cup", "geom:top")


def compiled(*requests: Request) -> tuple[mujoco.MjModel, Layout]:
    spec = mujoco.MjSpec.from_string(WORLD)
    plan = SensorPlan()
    for request in requests:
        plan.add(request)
    plan.compile_into(spec)
    model = spec.compile()
    return model, Layout.of_model(model)


def read(model: mujoco.MjModel, data: mujoco.MjData, layout: Layout, request: Request) -> np.ndarray:
    value = data.sensordata.copy()
    empty = np.zeros(0)
    return Readings(value, empty, empty, value, layout).of(request)


def test_poses_angles_and_torques_are_where_they_belong():
    hinge = Request("joint_position", "hinge")
    speed, torque, drive = (Request(k, "hinge") for k in ("joint_velocity", "joint_torque", "actuator_force"))
    knob, rim = Request("site_position", "knob"), Request("site_position", "rim")
    up = Request("body_up", "cup")
    seen = Request("site_position", "knob", "body:cup")
    model, layout = compiled(hinge, speed, torque, drive, knob, rim, up, seen, Request("body_orientation", "cup"))
    data = mujoco.MjData(model)
    data.joint("hinge").qpos, data.joint("hinge").qvel, data.ctrl[0] = np.radians(30), 0.7, 1.0
    half = np.radians(20) / 2
    data.joint("cup_free").qpos[3:] = [np.cos(half), np.sin(half), 0, 0]  # leans by 20 deg about x
    mujoco.mj_forward(model, data)
    assert read(model, data, layout, hinge) == pytest.approx([np.radians(30)])
    assert read(model, data, layout, speed) == pytest.approx([0.7])
    assert read(model, data, layout, torque) == pytest.approx([10 * (1.0 - np.radians(30))])
    assert read(model, data, layout, drive) == pytest.approx([10 * (1.0 - np.radians(30))])
    assert read(model, data, layout, knob) == pytest.approx([0.2 * np.cos(np.pi / 6), -0.5 + 0.1, 0.5])
    assert read(model, data, layout, up)[2] == pytest.approx(np.cos(np.radians(20)))
    cup = data.body("cup")
    expected = cup.xmat.reshape(3, 3).T @ (data.site("knob").xpos - cup.xpos)
    assert read(model, data, layout, seen) == pytest.approx(expected)
    assert read(model, data, layout, Request("body_orientation", "cup")) == pytest.approx(cup.xquat)


def test_contact_force_at_rest_is_the_weight():
    model, layout = compiled(REST, OWN, GEOMS)
    data = mujoco.MjData(model)
    for _ in range(480):
        mujoco.mj_step(model, data)
    weight = 0.4 * 9.81
    # the tree of the cup has the lid's weight on it; the lid itself does not touch the table
    assert np.linalg.norm(read(model, data, layout, REST)) == pytest.approx(weight, rel=1e-3)
    assert np.linalg.norm(read(model, data, layout, GEOMS)) == pytest.approx(weight, rel=1e-3)
    assert np.linalg.norm(read(model, data, layout, OWN)) == 0.0


def test_layout_tells_forces_from_states():
    knob = Request("site_position", "knob")
    model, layout = compiled(REST, knob, Request("joint_torque", "hinge"), GEOMS)
    assert layout.forces == (REST.name, GEOMS.name)
    assert layout.width == model.nsensordata == 3 + 1 + 6
    assert layout.settled[layout.slices[knob.name]].all()
    assert layout.settled.sum() == 3
    assert layout.column(GEOMS) == 1


def test_a_sensor_asked_for_twice_is_compiled_once():
    model, _ = compiled(REST, REST, GEOMS)
    assert model.nsensor == 2


def test_an_impact_between_two_samples_is_seen():
    model, layout = compiled(REST)
    data = mujoco.MjData(model)
    data.joint("cup_free").qpos[2] = 0.45
    trace = []
    for _ in range(20 * 16):
        mujoco.mj_step(model, data)
        trace.append(data.sensordata.copy())
    trace = np.array(trace).reshape(20, 16, -1)
    size = np.linalg.norm(trace, axis=-1)
    peak, mean = reduce_forces(trace, layout, TIMESTEP)
    assert peak[:, 0] == pytest.approx(size.max(axis=1), rel=1e-12)
    window = round(FORCE_WINDOW / TIMESTEP)
    slow = [[size[k, i : i + window].mean() for i in range(16 - window + 1)] for k in range(20)]
    assert window == 10 and mean[:, 0] == pytest.approx(np.max(slow, axis=1), rel=1e-9)
    # the fall from 0.2 m gives a blow that the samples at 30 Hz do not show, nor the mean over 20 ms
    blow = int(peak[:, 0].argmax())
    assert peak[blow, 0] > 2 * size[:, -1].max()
    assert mean[blow, 0] < 0.8 * peak[blow, 0]


def test_forces_of_nothing():
    model, layout = compiled(Request("joint_position", "hinge"))
    peak, mean = reduce_forces(np.zeros((3, 16, model.nsensordata)), layout, TIMESTEP)
    assert peak.shape == mean.shape == (3, 0)


def test_the_window_is_not_longer_than_a_control_period():
    _, layout = compiled(REST)
    trace = np.zeros((1, 4, 3))
    trace[0, :, 2] = [4.0, 8.0, 0.0, 0.0]
    peak, mean = reduce_forces(trace, layout, TIMESTEP)
    assert (peak[0, 0], mean[0, 0]) == (8.0, 3.0)


def test_peak_of_several_is_the_largest():
    _, layout = compiled(REST, OWN, GEOMS)
    empty = np.zeros((2, layout.width))
    readings = Readings(empty, np.array([[1.0, 5, 3], [4, 0, 2]]), np.array([[1.0, 2, 0], [0, 0, 9]]), empty, layout)
    assert readings.peak_of((REST, GEOMS)).tolist() == [3.0, 4.0]
    assert readings.peak_of((OWN,)).tolist() == [5.0, 0.0]
    assert readings.mean_of((REST, OWN, GEOMS)).tolist() == [2.0, 9.0]
