"""What of a robot meets cloth: boxes, or (`physics: {fingers: tiles}`) meshes of the same shape."""

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.scenarios.cloth.contact import CLOTH, ROBOT, TILE, TILED, meet_by_tiles
from shiliu.scenarios.reading.config import nominal_values


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("laundry_folding", variant="stacked")


def boxes(model):
    """Geoms of the robot that are boxes and meet something."""
    return [
        g
        for g in range(model.ngeom)
        if "/" not in model.geom(g).name
        and model.geom_type[g] == mujoco.mjtGeom.mjGEOM_BOX
        and model.geom_contype[g] & ROBOT
    ]


def tiles(model, box):
    return [g for g in range(model.ngeom) if model.geom(g).name.startswith(f"{model.geom(box).name}_tile_")]


def corners(model, data, geom):
    """(n, 3) of a mesh, in the world [m]."""
    mesh = model.geom_dataid[geom]
    first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    return model.mesh_vert[first : first + count] @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom]


def test_tiles_fill_each_box_of_the_robot_and_no_more(scene):
    model = scene.model
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    found = boxes(model)
    turned = [g for g in found if not np.allclose(np.abs(model.geom_quat[g]), [1, 0, 0, 0]) and tiles(model, g)]
    assert len(found) > 10 and turned  # a camera's box is turned against its link by `euler`
    for box in found:
        parts, half = tiles(model, box), model.geom_size[box]
        own = [
            (corners(model, data, g) - data.geom_xpos[box]) @ data.geom_xmat[box].reshape(3, 3) for g in parts
        ]
        assert np.min(own, axis=(0, 1)) == pytest.approx(-half, abs=1e-6)
        assert np.max(own, axis=(0, 1)) == pytest.approx(half, abs=1e-6)
        assert sum(np.prod(np.ptp(c, axis=0)) for c in own) == pytest.approx(8.0 * np.prod(half), rel=1e-4)
        rubber = model.geom_condim[box] > 3
        assert all(np.ptp(c, axis=0).max() < TILED + 1e-6 for c in own) if rubber else len(parts) == 1


def test_tiles_weigh_nothing_and_meet_nothing_but_cloth(scene):
    model = scene.model
    plain = shiliu.load_scenario("laundry_folding", variant="thirds").model  # whose fingers are boxes
    for body in (plain.body(b) for b in range(plain.nbody) if "/" not in plain.body(b).name):
        assert model.body(body.name).mass == pytest.approx(body.mass)
        assert model.body(body.name).inertia == pytest.approx(body.inertia)
    for g in range(model.ngeom):
        if "_tile_" in model.geom(g).name:
            assert (model.geom_contype[g], model.geom_conaffinity[g]) == (TILE, 0)
        else:
            assert not model.geom_conaffinity[g] & TILE
    assert not model.flex_conaffinity & ROBOT and (model.flex_conaffinity & TILE).all() and (model.flex_contype & CLOTH).all()
    robot = [g for g in range(model.ngeom) if "/" not in model.geom(g).name and model.geom_contype[g] & ROBOT]
    assert all(model.geom_contype[g] & TILE or tiles(model, g) for g in robot)  # nothing of the robot passes through cloth


def test_the_friction_of_a_finger_varies_with_that_of_its_tiles(scene):
    one, two = (scene.compile(nominal_values(scene.config) | {"friction": scale}) for scale in (0.8, 1.1))
    pad = one.geom("left_finger_front_pad").id
    assert one.geom_friction[pad, 0] != two.geom_friction[pad, 0]
    for model in (one, two):
        for tile in tiles(model, pad):
            assert model.geom_friction[tile] == pytest.approx(model.geom_friction[pad])


EDGE = """<mujoco><worldbody>
  <body name="room/cloth"><flexcomp name="room/cloth" type="grid" dim="2" count="5 5 1" spacing="0.03 0.03 0.01" radius="0.003"
    mass="0.1" euler="90 0 0"><contact selfcollide="none" contype="8" conaffinity="5"/><edge equality="true"/></flexcomp></body>
  <body name="finger" mocap="true"><geom name="finger" type="box" size="0.010 0.020 0.004" contype="1" conaffinity="7"/></body>
</worldbody></mujoco>"""


@pytest.mark.parametrize(("tiled", "seen"), [(False, False), (True, True)])
def test_an_edge_is_met_between_two_vertices_by_tiles_alone(tiled, seen):
    spec = mujoco.MjSpec.from_string(EDGE)
    if tiled:
        meet_by_tiles(spec)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    places = data.flexvert_xpos
    edge = places[np.argmin(np.abs(places[:, 0]) + places[:, 2])]
    data.mocap_pos[0] = edge + np.array([0.015, 0.0, -0.004])  # its upper face 3 mm deep in the edge, which hangs above it
    mujoco.mj_forward(model, data)
    depths = [-contact.dist for contact in data.contact]
    assert depths == pytest.approx([0.003] * len(depths), abs=1e-5) and bool(depths) == seen
