"""Crates: they weigh what they should, stack with their foot in the rim below, hang by their grip holes; a load slides and is seen to."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
import shiliu
from conftest import make_readings
from shiliu.scenarios.sensing.predicate import MovedAway
from shiliu.scenarios.sensing.requests import Request

ASSETS = Path(shiliu.__file__).parent / "assets"
OVERLAP, HEIGHT = 0.015, 0.1475  # m


def stacked(aside: float, turned: float = 0.0, above: float = 0.006, seconds: float = 1.5) -> tuple[np.ndarray, float]:
    """Where a crate comes to rest that is let down on another one: (3,) against it [m], and how far it leans [rad]."""
    spec = mujoco.MjSpec()
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[2, 2, 0.1], contype=2, conaffinity=7)
    for name, z in (("lower", 0.0), ("upper", HEIGHT + above)):
        crate = mujoco.MjSpec.from_file(str(ASSETS / "objects" / "stacking_crate" / "stacking_crate.xml"))
        frame = spec.worldbody.add_frame(pos=[0.0, aside if name == "upper" else 0.0, z])
        frame.attach_body(crate.worldbody.first_body(), f"{name}/", "")
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    model = spec.compile()
    data = mujoco.MjData(model)
    data.joint("upper/stacking_crate_free").qpos[3:] = [np.cos(turned / 2), 0.0, 0.0, np.sin(turned / 2)]
    for _ in range(int(seconds / model.opt.timestep)):
        mujoco.mj_step(model, data)
    upper, lower = data.body("upper/stacking_crate"), data.body("lower/stacking_crate")
    return upper.xpos - lower.xpos, float(np.arccos(min(1.0, upper.xmat.reshape(3, 3)[2, 2])))


@pytest.mark.parametrize(("aside", "turned"), [(0.0, 0.0), (0.005, 0.0), (0.0, np.deg2rad(0.8))])
def test_a_foot_that_comes_down_a_little_beside_sinks_into_the_rim(aside, turned):
    at, leans = stacked(aside, turned)
    assert at[2] == pytest.approx(HEIGHT - OVERLAP, abs=1.5e-3)
    assert np.hypot(*at[:2]) < 0.005 and leans < np.deg2rad(0.5)


def test_one_that_comes_down_far_beside_stays_on_the_rim():
    at, leans = stacked(0.014)
    assert at[2] > HEIGHT - OVERLAP + 0.004 or leans > np.deg2rad(1.0)


def test_what_is_engaged_does_not_slide_off():
    spec = mujoco.MjSpec()
    for name, z in (("lower", 0.0), ("upper", HEIGHT - OVERLAP)):
        crate = mujoco.MjSpec.from_file(str(ASSETS / "objects" / "stacking_crate" / "stacking_crate.xml"))
        spec.worldbody.add_frame(pos=[0.0, 0.0, z]).attach_body(crate.worldbody.first_body(), f"{name}/", "")
    spec.delete(spec.joint("lower/stacking_crate_free"))
    model = spec.compile()
    data = mujoco.MjData(model)
    for _ in range(500):
        data.xfrc_applied[model.body("upper/stacking_crate").id, 1] = 15.0  # N, twice what friction of 0.4 holds
        mujoco.mj_step(model, data)
    assert abs(data.body("upper/stacking_crate").xpos[1]) < 0.004


def test_a_bar_hangs_on_a_finger_below_it_without_friction():
    """What goes through a grip hole carries by its shape: here by two pins that are as smooth as ice."""
    spec = mujoco.MjSpec()
    crate = mujoco.MjSpec.from_file(str(ASSETS / "objects" / "stacking_crate" / "stacking_crate.xml"))
    spec.worldbody.add_frame(pos=[0.0, 0.0, 1.0]).attach_body(crate.worldbody.first_body(), "crate/", "")
    for geom in spec.geoms:
        geom.friction[0] = 0.0
    for y in (-0.2845, 0.2845):
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, pos=[0.0, y, 1.0 + 0.1235 - 0.008], size=[0.03, 0.03, 0.006],
            friction=[0.0, 0.0, 0.0], contype=1, conaffinity=2,
        )  # fmt: skip
    model = spec.compile()
    data = mujoco.MjData(model)
    for _ in range(1000):
        mujoco.mj_step(model, data)
    assert data.body("crate/stacking_crate").xpos[2] == pytest.approx(0.998, abs=0.003)


def test_crate_and_load_weigh_what_the_scenario_draws():
    scene = shiliu.load_scenario("material_handling")
    model = scene.model
    mass = {
        name: float(model.body(f"{name}/{body}").mass[0])
        for name, body in (("crate", "stacking_crate"), ("load", "parts_bundle"))
    }
    assert mass == pytest.approx({"crate": 1.8, "load": 2.2})
    drawn = {vary.key: vary for vary in scene.config.variation}
    assert mass["crate"] + drawn["load.mass"].high == pytest.approx(6.0)


LOAD = Request("body_position", "load", "body:crate")


def test_moved_may_be_seen_from_what_carries_it():
    """A load that goes with its crate has not moved; its place in the crate's frame is what counts."""
    shifted = MovedAway(LOAD, 0.03)
    seen = make_readings(
        {LOAD: [[0.05, 0.0, 0.02], [0.05, 0.0, 0.02], [0.05, 0.05, 0.02]]}, start={LOAD: [0.05, 0.0, 0.02]}
    )
    assert shifted.margin(seen) == pytest.approx([-0.03, -0.03, 0.02], abs=1e-9)

    assert any("load/parts_bundle|body:crate" in name for name in _sensors())


def _sensors() -> list[str]:
    model = shiliu.load_scenario("material_handling").model
    return [model.sensor(i).name for i in range(model.nsensor)]
