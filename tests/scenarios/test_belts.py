"""Belts carry what lies on them by friction; chutes let it slide; a pouch gives way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.reactions.belts import stopped

ASSETS = Path(shiliu.__file__).parent / "assets"
PARCELS = ("parcel_pouch", "parcel_carton", "parcel_tube")
TOP = 0.82  # m


def world(places: Mapping[str, tuple[str, tuple[float, float, float]]], **geoms: dict[str, object]) -> mujoco.MjModel:
    """Parts at places, by name; attributes of geoms by name, `/` written as two underscores."""
    spec = mujoco.MjSpec()
    spec.option.timestep = 1 / 240
    for name, (part, at) in places.items():
        spec.attach(load_part(part).spec(), prefix=f"{name}/", frame=spec.worldbody.add_frame(pos=at))
    for name, attributes in geoms.items():
        for key, value in attributes.items():
            setattr(spec.geom(name.replace("__", "/")), key, value)
    return spec.compile()


def after(model: mujoco.MjModel, seconds: float) -> mujoco.MjData:
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, round(seconds / model.opt.timestep))
    return data


@pytest.mark.parametrize("parcel", PARCELS)
@pytest.mark.parametrize("speed", [0.10, 0.12])
def test_a_belt_carries_a_parcel_at_its_speed(parcel, speed):
    """In 3 s, but for the first hundredths, in which friction speeds it up."""
    belt = {"surfacevel": [-speed, 0, 0, 0, 0, 0]}
    model = world({"belt": ("fixtures/belt_conveyor", (0, 0, 0)), "it": (f"objects/{parcel}", (1.0, 0, TOP))}, belt__belt=belt)
    data = after(model, 3.0)
    assert data.body(f"it/{parcel}").xpos == pytest.approx([1.0 - 3.0 * speed, 0.0, TOP], abs=0.003)


def test_a_belt_that_stands_carries_nothing():
    model = world({"belt": ("fixtures/belt_conveyor", (0, 0, 0)), "it": ("objects/parcel_carton", (1.0, 0, TOP))})
    assert model.flg_surfacevel
    data = after(stopped(model), 1.0)
    assert data.body("it/parcel_carton").xpos[0] == pytest.approx(1.0, abs=1e-4)
    assert model.geom_surfacevel[model.geom("belt/belt").id, 0] == pytest.approx(-0.10)  # which it was asked of is as it was


@pytest.mark.parametrize("parcel", PARCELS)
def test_parcels_go_over_from_belt_to_belt(parcel):
    places = {
        "belt": ("fixtures/belt_conveyor", (0, 0, 0)),
        "feed": ("fixtures/feed_conveyor", (1.6, 0, 0)),
        "it": (f"objects/{parcel}", (1.9, 0.05, TOP)),
    }
    data = after(world(places), 6.0)
    assert data.body(f"it/{parcel}").xpos[0] == pytest.approx(1.3, abs=0.04)  # the joint of the belts costs a little
    assert data.body(f"it/{parcel}").xpos[2] == pytest.approx(TOP, abs=0.002)


@pytest.mark.parametrize(("start", "stays"), [(1.70, True), (1.64, False)])
def test_a_parcel_stays_at_the_joint_where_the_belt_that_brings_it_stands(start, stays):
    """Unless the other one has it by its front."""
    places = {
        "belt": ("fixtures/belt_conveyor", (0, 0, 0)),
        "feed": ("fixtures/feed_conveyor", (1.6, 0, 0)),
        "it": ("objects/parcel_carton", (start, 0, TOP)),
    }
    stands = {f"feed__{name}": {"surfacevel": [0.0] * 6} for name in ("belt", "roller_end", "roller_head")}
    data = after(world(places, **stands), 6.0)
    assert bool(abs(data.body("it/parcel_carton").xpos[0] - 1.6) < 0.2) is stays


@pytest.mark.parametrize("parcel", PARCELS)
@pytest.mark.parametrize(("friction", "comes"), [(0.25, True), (0.6, False)])
def test_a_parcel_slides_into_the_tray_of_a_chute_of_smooth_steel_alone(parcel, friction, comes):
    """It comes to rest there, upright, and never as fast as after a fall of 150 mm (1.72 m/s)."""
    slide = {"friction": [friction, 0.005, 0.0001]}
    model = world({"chute": ("fixtures/sort_chute", (0, 0, 0)), "it": (f"objects/{parcel}", (0.20, 0, 0.74))}, chute__slide=slide)
    data, fastest = mujoco.MjData(model), 0.0
    for _ in range(720):
        mujoco.mj_step(model, data)
        fastest = max(fastest, float(np.linalg.norm(data.joint(f"it/{parcel}_free").qvel[:3])))
    tray = data.site("chute/inside").xpos
    assert bool(np.linalg.norm((data.body(f"it/{parcel}").xpos - tray)[:2]) < 0.27) is comes
    if comes:
        assert fastest < 1.72
        assert data.body(f"it/{parcel}").xmat[8] > 0.99


@pytest.mark.parametrize(("force", "lost"), [(9.0, 0.020), (18.0, 0.040), (27.0, 0.060)])
def test_a_pouch_gives_way_between_two_pads_until_it_is_full(force, lost):
    """Both sides together [m], of 30 mm each."""
    model = mujoco.MjModel.from_xml_path(str(ASSETS / "objects" / "parcel_pouch" / "parcel_pouch.xml"))
    model.opt.gravity[:] = 0.0
    data = mujoco.MjData(model)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        data.xfrc_applied[model.body(f"side_{side}").id, 1] = sign * force
    mujoco.mj_step(model, data, round(1.0 / model.opt.timestep))
    assert sum(data.joint(f"squeeze_{side}").qpos[0] for side in ("left", "right")) == pytest.approx(lost, abs=0.003)


def test_parcels_lie_where_they_are_put_when_the_belts_are_switched_on():
    scene = shiliu.load_scenario("parcel_sorting")
    data = mujoco.MjData(scene.model)
    mujoco.mj_setState(scene.model, data, nominal(scene).start_state, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_forward(scene.model, data)
    end = data.site("belt/end").xpos[0]
    assert data.body("pouch/parcel_pouch").xpos[0] - end == pytest.approx(0.75, abs=1e-3)
    mujoco.mj_step(scene.model, data, round(1.0 / scene.timestep))
    assert data.body("pouch/parcel_pouch").xpos[0] - end == pytest.approx(0.65, abs=2e-3)
