"""Pouring in a scene: the operator stops at the level, what it misses is counted, and weight follows water."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
import shiliu
from benches import bench, end, off
from benches import done as performed
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.operator.planning.ways import ENOUGH
from shiliu.replay.operator.skills.put import down
from shiliu.scenarios.draws.variation import chosen
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.stepping.simulation import Simulation

ML = 1e-6
SCENE = """
title: {en: Pour, zh: 倒水}
version: 1
time_limit: 24 s
substeps: 8
physics: {integrator: discrete}
tasks: [{en: Pour a cup of water., zh: 倒一杯水。}]
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: ready}
parts:
  ground: {part: fixtures/floor}
  table: {part: fixtures/dining_table, put: front_foot, at: {x: 210 mm, y: 0 mm}}
  bottle: {part: objects/bottle_065, stands_on: table.top_front, put: base, at: {x: 170 mm, y: 410 mm}, water: 400 ml}
  cup: {part: objects/cup_075, stands_on: table.top_front, put: base, at: {x: 180 mm, y: 210 mm}}
liquids:
  water: {vessels: [bottle, cup]}
goal:
  filled: {all: [{filled: {inside: cup, amount: 150 ml, within: 20 ml}}, {tilted: {of: bottle, more_than: 40 deg}}], hold: 1.5 s}
never:
  overfilled: {fuller: {inside: cup, than: 170 ml}}
  spilt: {lost: {from: [bottle, cup], more_than: 4.5 ml}}
skills:
  - take: {how: bottle, hand: left, at: bottle.body, of: bottle, yaw: -15 deg, lip: bottle.mouth, into: cup.mouth}
  - lift: {hand: left, by: 60 mm}
  - pour: {hand: left, lip: bottle.mouth, into: cup.mouth, gauge: cup.water_level}
  - pour: {how: level, hand: left, lip: bottle.mouth, into: cup.mouth, gauge: cup.water_level, bore: 34 mm, amount: 150 ml}
judge: {required: [replay.goal]}
"""
NAMES = [Request("joint_position", f"{vessel}/water_level").name for vessel in ("bottle", "cup")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("designer") / "conf"
    (folder / "scenario").mkdir(parents=True)
    (folder / "scenario" / "pour.yaml").write_text(SCENE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def scene(folder):
    return shiliu.load_scenario("pour", conf_dir=folder)


def volumes(scene, actions, draw) -> np.ndarray:
    """(T, 2) [ml] what bottle and cup hold while actions are played."""
    sim = Simulation(scene, 1)
    readings = sim.begin([draw])
    area = np.pi * np.array([0.0305, 0.034]) ** 2
    rows = []
    for action in actions:
        rows.append([float(readings.value[0, scene.layout.slices[name]][0]) for name in NAMES])
        readings = sim.step(action[None])
    return np.array(rows) * area / ML


@pytest.fixture(scope="module")
def poured(scene):
    """From a bottle with little and from one with much in it; look at them, do not change them."""
    return perform(scene, [chosen(scene, {"bottle.water": fill * ML}) for fill in (250, 450)], [0, 1])


def test_a_pour_stops_at_the_level_and_loses_nothing(scene, poured):
    for done in poured:
        assert done.success, done.failure
        held = volumes(scene, done.actions, done.draw)
        assert 130 < held[-1, 1] < 170
        assert held[-1].sum() == pytest.approx(held[0].sum(), abs=0.5)
        assert np.diff(held[:, 1]).max() * 30 < 134  # ml/s, what the neck lets out


def test_a_bottle_is_righted_no_faster_than_the_hand_may_move(scene):
    chain = read_chain(scene)
    chain[-1].values["speed"] = 0.1
    done = perform(scene, [chosen(scene, {"bottle.water": 250 * ML})], [0], skills=chain)[0]
    assert done.success, done.failure
    hand = done.observations["observation.hand_pose"][:, :3].astype(float)
    speed = np.linalg.norm(np.diff(hand[round(done.segments[-1]["t0"] * 30) :], axis=0), axis=1) * 30
    lasting = np.lib.stride_tricks.sliding_window_view(speed, 3).min(axis=1)
    assert 0.05 < lasting.max() < 0.12


def test_beside_the_cup_it_is_spilt(scene):
    done = perform(scene, [chosen(scene, {})], [0], faults={"aim_offset": 0.07})[0]
    assert done.failure == "scenario.spilt"


def test_a_pour_that_does_not_stop_overfills(scene):
    chain = read_chain(scene)
    chain[-1].values["amount"] = 260 * ML
    done = perform(scene, [chosen(scene, {})], [0], skills=chain)[0]
    assert done.failure == "scenario.overfilled"


def test_a_vessel_stands_with_the_weight_of_its_water(scene):
    draw = chosen(scene, {"bottle.water": 450 * ML})
    sim = Simulation(scene, 1)
    sim.begin([draw])
    for _ in range(30):
        sim.step(scene.ready_ctrl.astype(np.float32)[None])
    model, data = sim.data()
    bottle = model.body("bottle/bottle_065").id
    standing = np.zeros(6)
    total = 0.0
    for i in range(data.ncon):
        if bottle in model.geom_bodyid[data.contact[i].geom]:
            mujoco.mj_contactForce(model, data, i, standing)
            total += standing[0]
    assert total == pytest.approx((0.13 + 0.45) * 9.81, rel=0.01)


def test_a_state_that_is_put_back_goes_on_to_the_bit(scene, poured):
    done = poured[0]
    sim = Simulation(scene, 1)
    sim.begin([done.draw])
    middle = len(done.actions) * 2 // 3
    for action in done.actions[:middle]:
        sim.step(action[None])
    saved = sim.save()
    for action in done.actions[middle : middle + 20]:
        sim.step(action[None])
    first = sim.state.copy()
    sim.restore(saved)
    for action in done.actions[middle : middle + 20]:
        sim.step(action[None])
    assert sim.state.tobytes() == first.tobytes()


def test_what_holds_no_liquid_is_told_with_its_place(folder):
    bad = SCENE.replace("vessels: [bottle, cup]", "vessels: [table, cup]").replace(
        "{inside: cup, than", "{inside: ground, than"
    )
    (folder / "scenario" / "bad.yaml").write_text(bad, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        shiliu.load_scenario("bad", conf_dir=folder)
    assert "'table' holds no liquid" in str(caught.value) and "'ground' holds no liquid" in str(caught.value)


PUT_PAST = """
- take: {how: rim, hand: left, at: bowl.rim_left, of: bowl, fingers: left}
- lift: {hand: left, by: 60 mm}
- put: {how: down, hand: left, of: bowl.base, upon: table.top_front, ahead: 150 mm, aside: -210 mm, opening: 36 mm}
"""


@pytest.mark.parametrize(("enough", "moved"), [(ENOUGH, False), (1e9, True)])
def test_a_bowl_is_set_down_beyond_a_can_that_stands_in_the_way(monkeypatch, enough, moved):
    """On the straight way, which is taken where any is free enough, the bowl pushes the can 120 mm."""
    monkeypatch.setattr(down, "ENOUGH", enough)
    can = {"x": "150 mm", "y": "60 mm"}
    scene = bench(
        PUT_PAST, "{never: {moved: {of: can, more_than: 3000 mm}}}", "other", at={"can": can}, time_limit="20 s"
    )
    performance = performed(scene)
    assert performance.provenance.get("gave_up") is None
    data = end(scene, performance)
    assert (np.linalg.norm(off(data, "can/base", "table/top_front") - [0.15, 0.06]) > 0.05) == moved
    if not moved:
        assert off(data, "bowl/base", "table/top_front") == pytest.approx([0.15, -0.21], abs=0.01)
        assert data.site("bowl/base").xmat[8] > 0.999
