"""Layers of a folded cloth: how they lie on each other with `physics: {cloth: layers}`, and with all of their surface."""

from functools import cache

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.scenarios.draws.variation import nominal

TABLE = 0.85  # m


@cache
def scene_of(way: str):
    return shiliu.load_scenario("laundry_folding", [f"physics.cloth={way}"])


def folded(towel_alone, way: str, apart: bool = True, press: float = 0.0, seconds: float = 0.3):
    """The towel alone on the table, laid in half with its layers apart by its thickness, and left to itself or pressed by a pad.

    Args:
        apart: whether cloth meets cloth at all.
        press: [N] of a box as large as a finger's pad, in the middle of the layers.

    Returns:
        (n,) heights of the vertices over the table [m]; (n,) whether they are of the upper layer; the pad's underside over the
        table [m]; the number of contacts.
    """
    scene = scene_of(way)
    spec, cloth = towel_alone(scene, nominal(scene).values), scene.cloths[0]
    if not apart:
        for flex in spec.flexes:
            flex.selfcollide = mujoco.mjtFlexSelf.mjFLEXSELF_NONE
        for geom in spec.geoms:
            if geom.name.endswith("_ball"):
                geom.conaffinity = 2
    pad = spec.worldbody.add_body(name="pad", pos=(0.0, 0.0, 2.0))
    pad.add_joint(type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0, 0, 1), damping=20.0)
    pad.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.010, 0.0175, 0.004), mass=0.05, contype=1, conaffinity=7)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    bodies = np.array([model.body(name).id for name in cloth.vertices])
    joints = model.body_jntadr[bodies][:, None] + np.arange(3)
    middle = data.site("table/top").xpos
    flat = cloth.flat - cloth.flat.mean(axis=0)
    upper = flat[:, 0] > 1e-6
    places = np.c_[middle[0] + flat[:, 1], middle[1] - np.abs(flat[:, 0]), np.where(upper, 0.0094, 0.0032) + TABLE]
    data.qpos[model.jnt_qposadr[joints]] += np.einsum("nkj,nj->nk", data.xaxis[joints], places - data.xpos[bodies])
    model.body("pad").pos[:2] = middle[:2] - (0.0, 0.18)
    data.qpos[-1] = TABLE + 0.024 - 2.0
    data.qfrc_applied[-1] = 0.05 * 9.81 - press
    for _ in range(round(seconds / model.opt.timestep)):
        mujoco.mj_step(model, data)
    return data.xpos[bodies, 2] - TABLE, upper, float(data.qpos[-1]) + 2.0 - 0.004 - TABLE, data.ncon


@pytest.mark.slow
def test_layers_lie_as_far_apart_as_with_all_of_their_surface_with_fewer_contacts(towel_alone):
    off_fold = np.abs(scene_of("layers").cloths[0].flat[:, 0]) > 0.05
    heights, counts = {}, {}
    for way in ("vertices", "layers"):
        heights[way], upper, _, counts[way] = folded(towel_alone, way)
        assert heights[way][upper & off_fold] == pytest.approx(0.009, abs=3e-4)
        assert heights[way][~upper & off_fold] == pytest.approx(0.003, abs=3e-4)
    assert counts["layers"] < 0.8 * counts["vertices"]
    # at the fold the surface's triangles hold each other apart that lie on its two sides
    assert heights["vertices"].max() > 0.0125 > 0.0095 > heights["layers"].max()


def test_layers_that_do_not_meet_lie_on_the_table_alike(towel_alone):
    heights, upper, _, _ = folded(towel_alone, "layers", apart=False, seconds=0.5)
    assert heights[upper].max() < 0.0045


@pytest.mark.slow
def test_a_pad_that_presses_comes_as_far_down(towel_alone):
    down = {way: folded(towel_alone, way, press=12.0)[2] for way in ("vertices", "layers")}
    assert down["layers"] == pytest.approx(down["vertices"], abs=1e-3)
    assert 0.005 < down["layers"] < 0.009
