"""Values of a draw, inferred from where its things were found."""

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.inference import free_joint, infer, joint_of
from shiliu.scenarios.parts.pose import Pose

ROUNDED = 1e-4  # m, rad: poses are kept in float32


def first_poses(scene, draw):
    """Thing -> pose, and joint -> position, as an episode of this draw records them in its first row."""
    qpos = draw.start_state[1 : 1 + draw.model.nq].astype(np.float32).astype(float)
    names = scene.schema.observations["observation.environment_state"].names
    things = dict.fromkeys(name.removesuffix(".qw") for name in names if name.endswith(".qw"))
    poses = {}
    for thing in things:
        a = free_joint(draw.model, thing)
        poses[thing] = Pose(qpos[a : a + 3], qpos[a + 3 : a + 7])
    joints = {}
    for name in names:
        if name.rpartition(".")[0] not in things and not name.startswith(("rules.", "stains.")):
            joints[name] = float(qpos[joint_of(draw.model, name)[0]])
    return poses, joints


@pytest.mark.parametrize(
    ("scenario", "keys"),
    [
        ("table_setting", {"table.height": ("bowl", "empty")}),
        ("medication_serving", {"table.height": ("tray",)}),
        ("car_assembly", {"rack.raised": None, "presenter.at.x": ("clip",), "presenter.yaw": ("clip",)}),
        ("material_handling", {"table.at.x": ("crate", "load"), "rack.raised": ("lower",)}),
        ("room_organization", {"chest.open": ("chest.slide",)}),
        ("shelf_restocking", {"gondola.raised": None, "gondola.facing": ("can_behind", "can_beside")}),
    ],
)
def test_what_a_scenario_draws_is_found_from_where_its_things_start(scenario, keys):
    scene = shiliu.load_scenario(scenario)
    draw = drawing.draw(scene, 3)
    found = infer(scene, *first_poses(scene, draw))
    for key, things in keys.items():
        assert found.values[key] == pytest.approx(draw.values[key], abs=ROUNDED), key
        assert things is None or found.sources[key] == things
    for key, value in found.values.items():
        assert value == pytest.approx(draw.values[key], abs=ROUNDED), key
    assert not found.outside
    assert max(map(abs, found.apart.values())) < ROUNDED


def test_what_another_value_could_stand_for_stays_unknown():
    scene = shiliu.load_scenario("coil_separation")
    found = infer(scene, *first_poses(scene, drawing.draw(scene, 1)))
    assert "bin.at.x" not in found.values, "the coil lies in the bin at a place that is drawn, too"
    assert "coil_l.stick" not in found.values


@pytest.fixture(scope="module")
def table():
    scene = shiliu.load_scenario("table_setting")
    values = drawing.nominal(scene).values | {"table.height": 0.893, "bowl.at.x": 0.171, "bowl.yaw": 0.7}
    return scene, first_poses(scene, drawing.of_values(scene, values, 0))[0]


def moved(pose, *by, turn=0.0, about=(1.0, 0.0, 0.0)):
    quat = np.zeros(4)
    mujoco.mju_axisAngle2Quat(quat, np.array(about), turn)
    return Pose(pose.pos + np.array(by), (Pose(np.zeros(3), quat) @ pose).quat)


def test_a_thing_that_was_put_elsewhere_tells_the_height_all_the_same(table):
    scene, poses = table
    other = poses | {"bowl": moved(poses["bowl"], -0.11, 0.23, 0.0, turn=2.0, about=(0.0, 0.0, 1.0))}
    assert infer(scene, other, {}).values["table.height"] == pytest.approx(0.893, abs=ROUNDED)


def test_things_that_disagree_are_named_by_how_much(table):
    scene, poses = table
    found = infer(scene, poses | {"bowl": moved(poses["bowl"], 0.0, 0.0, 0.012)}, {})
    assert found.values["table.height"] == pytest.approx(0.899, abs=ROUNDED)
    assert found.apart == pytest.approx({"bowl": 0.006, "empty": -0.006}, abs=ROUNDED)


def test_a_thing_that_lies_on_its_side_says_nothing_of_its_table(table):
    scene, poses = table
    found = infer(scene, poses | {"bowl": moved(poses["bowl"], 0.0, 0.0, 0.04, turn=1.4)}, {})
    assert found.sources["table.height"] == ("empty",)
    assert found.values["table.height"] == pytest.approx(0.893, abs=ROUNDED)
    assert set(found.apart) == {"empty"}


def test_a_height_beyond_what_is_drawn_is_told_with_its_ends(table):
    scene, poses = table
    found = infer(scene, {name: moved(pose, 0.0, 0.0, 0.05) for name, pose in poses.items()}, {})
    assert found.values["table.height"] == pytest.approx(0.943, abs=ROUNDED)
    assert found.outside["table.height"] == pytest.approx((0.84, 0.90))


def test_what_stands_on_what_was_surveyed_is_no_witness_against_it(table):
    scene, poses = table
    assert infer(scene, poses, {}, surveyed=("table.height",)).apart == {}


def test_heights_above_the_table_instead_of_the_floor_make_no_scene():
    scene = shiliu.load_scenario("table_setting")
    draw = drawing.draw(scene, 3)
    poses, joints = first_poses(scene, draw)
    above = {name: Pose(pose.pos - [0.0, 0.0, draw.values["table.height"]], pose.quat) for name, pose in poses.items()}
    found = infer(scene, above, joints)
    assert not found.values and found.impossible["table.height"] < 0.1
    again = infer(scene, poses, joints)
    assert not again.impossible, "and as they were recorded, they do"
    assert again.values["table.height"] == pytest.approx(draw.values["table.height"], abs=ROUNDED)
