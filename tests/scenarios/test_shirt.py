"""The shirt: a cloth that is no rectangle. Its halves are mirror images, and the words of folding hold on it as on a towel."""

from functools import partial

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.scenarios.cloth.cloth import Cloth, cloth_of
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.words.cloth import Footprint, Layered, Smooth, Spread, panels_of


@pytest.fixture(scope="module")
def shirt() -> Cloth:
    spec = mujoco.MjSpec()
    spec.attach(load_part("objects/t_shirt").spec(), frame=spec.worldbody.add_frame(), prefix="shirt/")
    found = cloth_of(spec, "shirt")
    assert found is not None
    return found


def halved(shirt: Cloth, shift: float = 0.0) -> np.ndarray:
    """Folded along its length, sleeve onto sleeve; the upper half pushed by a shift across."""
    points = np.c_[shirt.flat, np.full(len(shirt.flat), 0.853)]
    upper = points[:, 1] > 1e-9
    points[upper, 1] = shift - points[upper, 1]
    points[upper, 2] += 2 * shirt.radius
    return points


def test_each_vertex_and_each_triangle_has_its_mirror_image(shirt):
    flat = {tuple(np.round(at, 5) + 0.0): i for i, at in enumerate(shirt.flat)}
    image = np.array([flat[tuple(np.round(at * (1, -1), 5) + 0.0)] for at in shirt.flat])
    triangles = {frozenset(t) for t in shirt.triangles.tolist()}
    assert {frozenset(image[list(t)].tolist()) for t in triangles} == triangles


def test_it_is_as_large_as_the_facts_say_less_what_sleeves_and_neck_leave_out(shirt):
    assert shirt.size == pytest.approx([0.70, 0.52], abs=0.01)
    body, sleeves = 0.70 * 0.347, 2 * 0.175 * 0.087
    assert shirt.area == pytest.approx(body + sleeves, rel=0.05)


@pytest.mark.parametrize(
    ("word", "shift", "margin"),
    [
        (lambda c: Footprint(c, 0.70, 0.26, 0.15), 0.0, 0.14),
        (lambda c: Footprint(c, 0.70, 0.26, 0.15), 0.10, 0.15 - (0.10 - 0.0289) / 0.26),
        (lambda c: Layered(c, panels_of(c, (1, 2)), 0.02), 0.0, 0.02),
        (lambda c: Layered(c, panels_of(c, (1, 2)), 0.02), 0.03, -0.01),
        (lambda c: Smooth(c, 2, 0.025), 0.0, 0.025),
        (lambda c: Spread(c, 0.9), 0.0, -0.9),
    ],
)
def test_words_of_folding_hold_on_it(shirt, readings, word, shift, margin):
    points = halved(shirt, shift)
    seen = readings({request: points[i] for i, request in enumerate(shirt.requests)})
    assert word(shirt).margin(seen) == pytest.approx(margin, abs=0.012)


def test_it_stands_in_the_scene_in_place_of_the_towel():
    scene = shiliu.load_scenario("laundry_folding", variant="t_shirt")
    assert [cloth.part for cloth in scene.cloths] == ["shirt"]
    assert [goal.name for goal in scene.goal] == ["lifted", "turned", "halved"]


@pytest.fixture(scope="module")
def scenes():
    """The shirt on the table, meeting it with its surface and with its vertices."""
    load = partial(shiliu.load_scenario, "laundry_folding", variant="t_shirt")
    return load(["physics.cloth=surface"]), load()


def rested(scene) -> mujoco.MjData:
    data = mujoco.MjData(scene.model)
    data.qpos[:] = scene.start_qpos(scene.model)
    for _ in range(60):
        mujoco.mj_step(scene.model, data)
    return data


def test_a_cloth_that_meets_the_table_with_its_vertices_lies_as_high_with_one_contact_each(scenes):
    surface, vertices = (rested(scene) for scene in scenes)
    count = len(scenes[1].cloths[0].vertices)
    of_cloth = vertices.contact.geom[vertices.contact.flex.max(axis=1) < 0]
    names = [{scenes[1].model.geom(int(g)).name.rpartition("_")[2] for g in pair} for pair in of_cloth]
    assert sum("ball" in pair for pair in names) == count and surface.ncon > 4 * count
    height = [data.flexvert_xpos[:, 2] for data in (surface, vertices)]
    np.testing.assert_allclose(height[0], height[1], atol=2e-4)
    assert scenes[0].model.body_mass.sum() == pytest.approx(scenes[1].model.body_mass.sum())


def test_fingers_meet_the_surface_and_no_ball_either_way(scenes):
    for scene in scenes:
        model = scene.model
        bits = model.flex_contype[0], model.flex_conaffinity[0]
        pads = [i for i in range(model.ngeom) if model.geom(i).name == "left_finger_front_pad"]
        assert pads and all(model.geom_contype[i] & bits[1] or model.geom_conaffinity[i] & bits[0] for i in pads)
        balls = [i for i in range(model.ngeom) if model.geom(i).name.endswith("_ball")]
        assert not any(
            model.geom_contype[i] & model.geom_conaffinity[p] or model.geom_contype[p] & model.geom_conaffinity[i]
            for i in balls
            for p in pads
        )


def test_a_scenario_says_how_a_cloth_touches_by_one_of_three_words():
    with pytest.raises(ScenarioError, match=r"physics.cloth=corners': .*vertices"):
        shiliu.load_scenario("laundry_folding", ["physics.cloth=corners"], variant="t_shirt")
