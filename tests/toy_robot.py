"""A robot of two joints that nobody knows: its description, a model of it, and what it recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shiliu
from shiliu.replay.judge.context import Contexts
from shiliu.replay.recording.recording import Recording, Stream

SHEET = """\
title: {en: Toy arm, zh: 玩具臂}
base: fixed
sources:
  sheet: {text: its data sheet, grade: published}
  guess: {text: a guess, grade: estimate}
limits: {position: sheet, velocity: sheet, torque: sheet}
joints:
  a: {model: shoulder, position: [-90 deg, 90 deg], velocity: 2 rad/s}
  b: {model: elbow, position: [0 rad, 2.5 rad], velocity: {value: 1 rad/s, source: guess}}
  c:
grippers: {grip: {range: [0, 1]}}
"""
ARM = """\
<mujoco>
  <option gravity="0 0 -9.81" timestep="0.002"/>
  <worldbody>
    <body name="upper" pos="0 0 1">
      <joint name="shoulder" axis="0 1 0" range="-90 90" actuatorfrcrange="-8 8"/>
      <inertial pos="0.2 0 0" mass="1" diaginertia="1e-4 1e-4 1e-4"/>
      <geom name="upper" type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      <body name="lower" pos="0.4 0 0">
        <joint name="elbow" axis="0 1 0" range="-170 170" actuatorfrcrange="-8 8"/>
        <inertial pos="0.2 0 0" mass="1" diaginertia="1e-4 1e-4 1e-4"/>
        <geom name="lower" type="capsule" fromto="0.1 0 0 0.4 0 0" size="0.03"/>
        <body name="hand" pos="0.4 0 0"><joint name="wrist"/><geom name="hand" type="sphere" size="0.05" mass="1e-6"/></body>
      </body>
    </body>
  </worldbody>
</mujoco>
"""


def write_sheet(folder: Path) -> Path:
    """A description without a model."""
    (folder / "toy.yaml").write_text(SHEET, encoding="utf-8")
    return folder / "toy.yaml"


def write_arm(folder: Path) -> Path:
    """A description whose limits are those of the model beside it."""
    (folder / "arm.xml").write_text(ARM, encoding="utf-8")
    text = (
        "title: {en: Arm, zh: 臂}\nbase: fixed\nmodel: arm.xml\n"
        "sources: {model: {text: its model, grade: published}, sheet: {text: its sheet, grade: published}}\n"
        "joints:\n  a: {model: shoulder}\n  b: {model: elbow}\n"
    )
    (folder / "arm.yaml").write_text(text, encoding="utf-8")
    return folder / "arm.yaml"


def stream(name, role, quantity, names, values, unit="rad", rate=100.0) -> Stream:
    values = np.asarray(values, float).reshape(len(values), len(names))
    times = np.round(np.arange(len(values)) * 1e9 / rate).astype(np.int64)
    return Stream(name, role, quantity, unit, tuple(names), values, capture_ns=times, clock="capture")


def take(*streams: Stream, kind="robot", robot="toy") -> Recording:
    return Recording("take", "take.npz", "00", kind, {s.name: s for s in streams}, metadata={"robot": robot})


def swing(amplitude, seconds=4.0, period=4.0, rate=100.0) -> np.ndarray:
    """(n, 1) a sine from rest."""
    t = np.arange(int(seconds * rate)) / rate
    return amplitude * np.sin(2 * np.pi * t / period)[:, None]


def commanded(*columns, names="ab", kind="robot", role="command", unit="rad") -> Recording:
    return take(stream("q", role, "joint_position", list(names), np.concatenate(columns, axis=1), unit), kind=kind)


def verdict_of(recording, robot, **more):
    (verdict,) = shiliu.judge([recording], contexts=Contexts(robot=str(robot), **more))
    return verdict


def found(verdict, code, signal=None):
    return next(f for f in verdict.findings if f.code == code and signal in (None, f.signal))
