"""The shirt: a cloth that is no rectangle. Its halves are mirror images, and the words of folding hold on it as on a towel."""

import numpy as np
import pytest
import shiliu
from shiliu.scenarios.cloth import Cloth, cloth_of
from shiliu.scenarios.part import load_part
from shiliu.scenarios.words.cloth import Footprint, Layered, Smooth, Spread, panels_of


@pytest.fixture(scope="module")
def shirt() -> Cloth:
    import mujoco

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
    assert [goal.name for goal in scene.goal] == ["halved"]
