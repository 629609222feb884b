"""A drawer that slides against its friction and shuts, books that stand on a shelf and fall where they lean too far."""

import mujoco
import numpy as np
import pytest
import yaml
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.stepping.simulation import Simulation


def world_of(*placed):
    """A world of (part, prefix, position, parameters in SI units), and its data."""
    world = mujoco.MjSpec()
    world.option.timestep = 1 / 480
    world.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    world.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    world.option.impratio = 10
    world.compiler.degree = False
    for name, prefix, pos, params in placed:
        spec = load_part(name).spec(**params)
        world.attach(spec, prefix=prefix, frame=world.worldbody.add_frame(pos=pos))
    model = world.compile()
    return model, mujoco.MjData(model)


def slid(friction: float, force: float) -> float:
    """How far [m] a drawer that stands 150 mm open goes in one second under a push."""
    model, data = world_of(("fixtures/drawer_unit", "unit/", (0, 0, 0), {"friction": friction, "open": 0.15}))
    slide = data.joint("unit/slide")
    assert slide.qpos[0] == pytest.approx(0.15)
    mujoco.mj_forward(model, data)
    # the parameter draws it open: its front stands as far before that of the shut one
    assert data.site("unit/shut").xpos[0] - data.site("unit/front").xpos[0] == pytest.approx(0.15)
    data.qfrc_applied[model.joint("unit/slide").dofadr[0]] = -force
    for _ in range(480):
        mujoco.mj_step(model, data)
    return 0.15 - float(slide.qpos[0])


@pytest.mark.parametrize("friction", [4.0, 10.0])
def test_a_drawer_stays_below_its_friction_and_shuts_above_it(friction):
    assert abs(slid(friction, friction - 1.0)) < 1e-3
    assert slid(friction, friction + 3.0) == pytest.approx(0.15, abs=1e-3)


def leaned(tilt: float) -> float:
    """Tilt [deg] of a standing book 1 s after it was let go with so much of it [deg], its lower edge on the board."""
    model, data = world_of(
        ("fixtures/bookshelf", "shelf/", (0, 0, 0), {}), ("objects/book_210", "book/", (0.1, 0, 1.05), {})
    )
    start = data.joint("book/book_210_free").qpos
    angle = np.radians(tilt)
    start[1], start[2] = 0.0, 1.05 + 0.011 * np.sin(angle)
    start[3:] = [np.cos(angle / 2), np.sin(angle / 2), 0, 0]
    for _ in range(480):
        mujoco.mj_step(model, data)
    return float(np.degrees(np.arccos(np.clip(data.body("book/book_210").xmat[8], -1, 1))))


def test_a_book_rights_itself_below_its_tipping_angle_and_falls_beyond():
    # half its thickness over half its height: 11 / 105 mm are 6.0 degrees
    assert leaned(4.0) < 2.0
    assert leaned(9.0) > 45.0


CHEST = """
title: {en: Chest, zh: 柜}
version: 1
time_limit: 30 s
robot: {stands_at: {x: -300 mm, y: 0 mm, yaw: 0 deg}, pose: home}
parts:
  floor: {part: fixtures/floor}
  chest: {part: fixtures/drawer_unit, put: front_foot, at: {x: 400 mm, y: 0 mm}, open: 250 mm}
  tin: {part: objects/tin_box, stands_on: chest.inside, put: base, at: {x: -40 mm, y: 0 mm}}
  other: {part: objects/tin_box, stands_on: chest.top, put: base}
goal: {kept: {share: {of: tin, inside: chest, at_least: 100 %}}, left_out: {share: {of: other, inside: chest, at_least: 100 %}}}
judge: {required: [integrity, kinematics]}
"""


def test_what_lies_in_a_drawer_that_stands_open_is_inside():
    scene = scene_of_tree("chest", yaml.safe_load(CHEST))
    seen = Simulation(scene, 1).begin([nominal(scene)])
    assert [float(np.ravel(goal.predicate.margin(seen))[0]) for goal in scene.goal] == pytest.approx([0.0, -1.0])
