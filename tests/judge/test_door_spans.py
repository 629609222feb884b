"""Each opening of a door that a person moved, beside what the replayed door did meanwhile, and a little later."""

from __future__ import annotations

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from shiliu.replay.judge.facts import retargeted_report
from shiliu.replay.judge.facts.retargeted_report import door_spans

MODEL = mujoco.MjModel.from_xml_string("""
<mujoco><worldbody><body name="oven/door" pos="0.5 0.2 1.0"><joint name="oven/hinge" type="hinge" axis="0 0 1"/>
  <geom name="oven/leaf" type="box" size="0.01 0.2 0.15" pos="0 -0.2 0"/>
  <geom name="oven/bar" type="capsule" size="0.01 0.1" pos="-0.05 -0.38 0"/><site name="oven/handle" pos="-0.05 -0.38 0"/>
</body></worldbody></mujoco>""")
DT, AFTER = 0.125, 0.25  # numbers that floats hold to the bit
T = np.arange(81) * DT


def spans(replayed, off, grip=None, shown=True, monkeypatch=None):
    """Of two openings, 1 s to 2 s and 5 s to 6 s, of a recorded door that goes to 0.5 rad and 0.25 rad."""
    monkeypatch.setattr(retargeted_report, "AFTER", AFTER)
    monkeypatch.setattr(retargeted_report, "first_grip", lambda position, thing: grip)
    interface = {"door": {"joint": "hinge"}, "handle": {"site": "handle", "geoms": ["bar"]}}
    part = SimpleNamespace(name="oven", part=SimpleNamespace(interface=interface))
    scene = SimpleNamespace(config=SimpleNamespace(parts=[SimpleNamespace(name="shelf"), part]), control_timestep=DT)
    angle = np.where((T > 1.0) & (T < 3.0), 0.5, np.where(T > 5.0, 0.25, 0.0))
    thing = SimpleNamespace(openings=[(8, 16), (40, 48)], t=T, angle=angle)
    places = np.zeros((len(T), 3))
    tracks = {
        hand: SimpleNamespace(off=off[hand], target=places, rotation=np.tile(turn, (len(T), 1, 1)))
        for hand, turn in (("left", np.eye(3)), ("right", np.eye(3)[:, [0, 2, 1]]))
    }
    targets = SimpleNamespace(position=None)
    carried = SimpleNamespace(source=SimpleNamespace(targets=targets), result=SimpleNamespace(t=T, hands=tracks))
    played = SimpleNamespace(qpos=replayed[:, None]) if shown else None
    return door_spans(scene, carried, SimpleNamespace(shown=played, draw=SimpleNamespace(model=MODEL), offset=0.0), thing, "oven")


def test_a_replayed_door_is_looked_at_until_a_little_after_the_recorded_one_was_open(monkeypatch):
    off = {"left": np.full(len(T), 0.01), "right": np.full(len(T), 0.05)}
    off["left"][12], off["left"][20], off["left"][40:49] = 0.03, 0.3, np.nan
    last = round((2.0 + AFTER) / DT)
    for row, opened in ((8, True), (7, False), (last, True), (last + 1, False)):
        replayed = np.zeros(len(T))
        replayed[row] = 0.4
        first, second = spans(replayed, off, monkeypatch=monkeypatch)
        assert (first["t0"], first["t1"], first["recorded"]) == (1.0, 2.0, 0.5) and (second["t0"], second["recorded"]) == (5.0, 0.25)
        assert first["replayed"] == (0.4 if opened else 0.0), row
    assert first["hand_off"] == 0.03 and np.isnan(second["hand_off"])
    handle = [0.5 + 0.38 * np.sin(0.5) - 0.05 * np.cos(0.5), 0.2 - 0.38 * np.cos(0.5) - 0.05 * np.sin(0.5), 1.0]
    assert first["from_handle"] == pytest.approx(float(np.linalg.norm(handle)))
    assert first["across"] == pytest.approx(np.pi / 2), "the claw closes across the bar, which is upright"
    other, _ = spans(replayed, off, SimpleNamespace(hand="right"), monkeypatch=monkeypatch)
    assert other["across"] == pytest.approx(0.0, abs=1e-6) and other["hand_off"] == 0.05
    assert spans(replayed, off, shown=False, monkeypatch=monkeypatch) == []
