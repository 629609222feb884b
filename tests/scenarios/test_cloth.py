"""Cloth: its words on hand-made states, how it comes to lie at the start, and that a scene with it is one like any other."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.scenarios.cloth.cloth import Cloth
from shiliu.scenarios.reading.physics import Physics, read_physics
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import Node, Problems
from shiliu.scenarios.words.cloth import (
    WORDS,
    Apart,
    CornersMet,
    Footprint,
    Hangs,
    LaidOn,
    Layered,
    Smooth,
    Spread,
    Twisted,
    box,
    panels_of,
    pieces_of,
)

NX, NY = 13, 7  # 12 x 6 squares of 50 mm: 600 x 300 mm
SQUARE, RADIUS = 0.05, 0.003
PLACE = Request("site_position", "top")


def made_cloth() -> Cloth:
    x, y = np.meshgrid(np.arange(NX) - (NX - 1) / 2, np.arange(NY) - (NY - 1) / 2, indexing="ij")
    flat = SQUARE * np.stack([x.ravel(), y.ravel()], axis=1)
    triangles = []
    for i in range(NX - 1):
        for j in range(NY - 1):
            a, b, c, d = i * NY + j, (i + 1) * NY + j, (i + 1) * NY + j + 1, i * NY + j + 1
            triangles += [(a, b, c), (a, c, d)]
    names = tuple(f"towel/cloth_{i}" for i in range(NX * NY))
    requests = tuple(Request("body_position", name) for name in names)
    return Cloth("towel", "towel/towel", names, flat, np.array(triangles), RADIUS, requests)


CLOTH = made_cloth()


def flat() -> np.ndarray:
    return np.c_[CLOTH.flat, np.full(len(CLOTH.flat), 0.853)]


def halved(shift: float = 0.0) -> np.ndarray:
    """Folded in half across its width; the upper half is pushed by a shift along the width."""
    points = flat()
    upper = points[:, 1] > 1e-9
    points[upper, 1] = -points[upper, 1] + shift
    points[upper, 2] += 2 * RADIUS
    return points


def thirds(shift: float = 0.0) -> np.ndarray:
    """Halved, then folded to and fro in thirds of its length; the last third is pushed by a shift along the length."""
    points, third = halved(), SQUARE * (NX - 1) / 3
    share = (points[:, 0] + 1.5 * third) / third
    panel = np.minimum(share.astype(int), 2)
    points[:, 0] = np.where(panel == 1, (2 - share) * third, np.where(panel == 2, (share - 2) * third, share * third))
    points[panel == 2, 0] += shift
    points[:, 2] += 4 * RADIUS * panel
    return points


def turned(points: np.ndarray, yaw: float) -> np.ndarray:
    c, s = np.cos(yaw), np.sin(yaw)
    return np.c_[points[:, 0] * c - points[:, 1] * s, points[:, 0] * s + points[:, 1] * c, points[:, 2]]


def raised(points: np.ndarray, vertex: int, by: float) -> np.ndarray:
    points = points.copy()
    points[vertex, 2] += by
    return points


def dog_eared(by: float) -> np.ndarray:
    """Halved, one corner of the upper half turned in along the length."""
    points = halved()
    points[NY - 1, 0] += by
    return points


def back(points: np.ndarray, column: int) -> np.ndarray:
    """The last columns laid back over the others, from a column on."""
    points = points.copy()
    moved = points[:, 0] > SQUARE * (column - (NX - 1) / 2) + 1e-9
    points[moved, 0] = 2 * SQUARE * (column - (NX - 1) / 2) - points[moved, 0]
    return points


def twisted() -> np.ndarray:
    """The last third shows its other face: its width is mirrored."""
    points = flat()
    points[points[:, 0] > SQUARE * 2.5, 1] *= -1.0
    return points


SIX = panels_of(CLOTH, (3, 2))
TWO = panels_of(CLOTH, (1, 2))
TOP = np.array([0.0, 0.0, 0.85])
CASES = [
    # predicate, vertices, expected margin
    (Spread(CLOTH, 0.9), flat(), 0.1),
    (Spread(CLOTH, 0.9), turned(flat(), 1.1), 0.1),
    (Spread(CLOTH, 0.9), back(flat(), 9), -0.4),  # a quarter laid back: half of the area cancels
    (Footprint(CLOTH, 0.60, 0.30, 0.15), flat(), 0.15),
    (Footprint(CLOTH, 0.30, 0.60, 0.15), flat(), 0.15),  # which side is called the length does not matter
    (Footprint(CLOTH, 0.50, 0.30, 0.15), flat(), -0.05),
    (Footprint(CLOTH, 0.60, 0.15, 0.15), halved(), 0.15),
    (Footprint(CLOTH, 0.20, 0.15, 0.15), thirds(), 0.15),
    (Footprint(CLOTH, 0.20, 0.15, 0.15), thirds(0.04), -0.05),
    (Layered(CLOTH, TWO, 0.02), halved(), 0.02),
    (Layered(CLOTH, TWO, 0.02), halved(0.03), -0.01),
    (Layered(CLOTH, TWO, 0.02), flat(), 0.02 - 0.15),
    (Layered(CLOTH, SIX, 0.02), thirds(), 0.02),
    (Layered(CLOTH, SIX, 0.02), thirds(0.025), -0.005),
    (Smooth(CLOTH, 1, 0.025), flat(), 0.025),
    (Smooth(CLOTH, 6, 0.025), thirds(), 0.025),
    (Smooth(CLOTH, 6, 0.025), raised(thirds(), NX * NY - 1, 0.03), -0.005),
    (Smooth(CLOTH, 1, 0.025), raised(flat(), 3, 0.03), -0.005),
    (Twisted(CLOTH, *pieces_of(CLOTH, (3, 1)), 0.3), flat(), -1.3),
    (Twisted(CLOTH, *pieces_of(CLOTH, (3, 1)), 0.3), twisted(), 0.45),  # a quarter of it is lost in the twist
]


def seen(readings, points: np.ndarray, place: np.ndarray = TOP):
    """Readings () of a cloth's vertices and one place."""
    values = {request: points[..., i, :] for i, request in enumerate(CLOTH.requests)}
    values[PLACE] = np.broadcast_to(place, (*points.shape[:-2], 3))
    return readings(values)


@pytest.mark.parametrize(("predicate", "points", "expected"), CASES)
def test_holds_here_and_fails_there_by_so_much(predicate, points, expected, readings):
    assert predicate.margin(seen(readings, points)) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(("predicate", "points", "expected"), CASES)
def test_same_at_any_yaw_on_any_leading_shape_and_on_plain_floats(predicate, points, expected, readings):
    poses = np.array([[turned(points, 0.3 * i + j) for i in range(3)] for j in range(2)])
    many = predicate.margin(seen(readings, poses))
    assert many.shape == (2, 3)
    np.testing.assert_allclose(
        many, predicate.margin(seen(readings, points)), atol=0.012
    )  # the box is turned by 0.125 deg at most
    flatly = seen(readings, poses.reshape(6, -1, 3))
    for i in range(6):
        row = predicate.margin(flatly.row(i))
        assert type(row) is float and row == many.reshape(6)[i]  # to the bit


@pytest.mark.parametrize(("shift", "drop", "expected"), [(0.0, 0.0, 0.02), (0.03, 0.0, -0.01), (0.0, 0.036, -0.016)])
def test_laid_on_tells_an_offset_and_what_hangs_down(shift, drop, expected, readings):
    points = thirds()
    middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
    place = np.array([middle[0] - shift, middle[1], 0.85])
    points[0, 2] -= drop
    margin = LaidOn(CLOTH, PLACE, 0.02).margin(seen(readings, points, place))
    assert margin == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("low", "expected"), [(0.853, -0.033), (0.81, 0.01)])
def test_hangs_over_an_edge(low, expected, readings):
    points = flat()
    points[:NY, 2] = low
    found = seen(readings, points)
    assert Hangs(CLOTH, PLACE, 0.03).margin(found) == pytest.approx(expected)
    assert Hangs(CLOTH, PLACE, 0.03, further=False).margin(found) == pytest.approx(-expected)


def test_a_lost_corner_is_apart_from_the_other(readings):
    a, b = CLOTH.requests[0], CLOTH.requests[NY - 1]
    for points, expected in ((halved(), -0.054), (halved(0.1), 0.04)):
        assert Apart(a, b, 0.06).margin(seen(readings, points)) == pytest.approx(expected, abs=2e-3)


CORNERS = CornersMet(((CLOTH.requests[0], CLOTH.requests[NY - 1]), (CLOTH.requests[-NY], CLOTH.requests[-1])), 0.02)


@pytest.mark.parametrize(
    ("points", "expected"), [(halved(), 0.02), (halved(0.03), -0.01), (flat(), 0.02 - 0.3), (dog_eared(0.038), -0.018)]
)
def test_corners_lie_on_each_other_or_not_where_the_panels_do(points, expected, readings):
    assert CORNERS.margin(seen(readings, points)) == pytest.approx(expected, abs=1e-6)
    many = CORNERS.margin(seen(readings, np.stack([points, turned(points, 0.7)])))
    np.testing.assert_allclose(many, expected, atol=1e-6)
    row = CORNERS.margin(seen(readings, points[None]).row(0))
    assert type(row) is float and row == pytest.approx(expected, abs=1e-6)


def test_one_corner_that_is_turned_in_is_not_seen_by_the_panels(readings):
    assert Layered(CLOTH, TWO, 0.02).margin(seen(readings, dog_eared(0.038))) == pytest.approx(0.02, abs=1e-3)


def test_pairs_of_corners_are_named_two_by_two(folding):
    problems = Problems()
    for pairs in ([["towel.corner_1", "towel.corner_3"]], [["towel.corner_1"]], [["towel.corner_1", "towel.corner_9"]]):
        WORDS["corners_met"](Node({"pairs": pairs, "within": "20 mm"}, "goal", problems), folding.names)
    assert len(problems.found) == 2 and "two places" in problems.found[0] and "corner_9" in problems.found[1]


@pytest.mark.parametrize(("corner", "panels"), [("cloth_6", [1, 2]), ("corner_1", [1, 1])])  # on the fold; no fold
def test_the_upper_panel_is_named_by_a_corner_of_it(corner, panels, folding):
    problems = Problems()
    what = {"of": "towel", "panels": panels, "corner": f"towel.{corner}", "by": "3 mm"}
    assert WORDS["uppermost"](Node(what, "goal", problems), folding.names) is None and len(problems.found) == 1


@pytest.mark.parametrize("bounds", [{}, {"more_than": "50 mm", "at_most": "50 mm"}])
def test_what_hangs_has_one_bound(bounds, folding):
    problems = Problems()
    assert WORDS["hangs"](Node({"of": "towel", "below": "table.top", **bounds}, "goal", problems), folding.names) is None
    with pytest.raises(ScenarioError, match="either more_than a length or at_most one"):
        problems.stop("The goal")


def test_the_box_is_the_smallest(rng=np.random.default_rng(3)):  # noqa: B008
    x, y = rng.uniform(-0.3, 0.3, 200), rng.uniform(-0.1, 0.1, 200)
    for yaw in rng.uniform(0, np.pi, 8):
        points = turned(np.c_[x, y, x], yaw)
        long, short, _, _ = box(points[:, 0], points[:, 1])
        areas = []
        for angle in np.linspace(0, np.pi / 2, 2000):
            along = turned(points, angle)
            areas.append(np.ptp(along[:, 0]) * np.ptp(along[:, 1]))
        assert long * short == pytest.approx(min(areas), rel=0.01) and long > short


# -- physics ----------------------------------------------------------------------------------------------------------


def physics(text: dict) -> tuple[Physics, list[str]]:
    problems = Problems()
    return read_physics(Node(text, "physics", problems)), problems.found


def test_physics_is_named_as_in_mujoco():
    assert physics({}) == (Physics(), [])
    found, problems = physics(
        {"integrator": "discrete", "solver": "CG", "iterations": 30, "tolerance": 1e-6, "impratio": 1}
    )
    assert not problems and (found.solver, found.iterations, found.impratio) == ("CG", 30, 1.0)
    option = mujoco.MjSpec().option
    found.apply(option, 0.004)
    assert option.integrator == mujoco.mjtIntegrator.mjINT_DISCRETE and option.solver == mujoco.mjtSolver.mjSOL_CG
    assert (option.timestep, option.iterations, option.tolerance) == (0.004, 30, 1e-6)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ({"integrator": "implict"}, "Did you mean implicit"),
        ({"solver": "PGS"}, "Known here: CG, Newton"),
        ({"iterations": 0}, "a whole number of 1 or more"),
        ({"tolerance": -1.0}, "is not above 0"),
        ({"timestep": 0.002}, "unknown key 'timestep'"),
    ],
)
def test_wrong_physics_is_noted_at_its_key(text, problem):
    found, problems = physics(text)
    assert len(problems) == 1 and problem in problems[0] and problems[0].startswith(f"physics.{next(iter(text))}")
    assert (found.integrator, found.solver, found.tolerance) == (Physics.integrator, Physics.solver, Physics.tolerance)


# -- a scene with cloth -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folding() -> Scene:
    return shiliu.load_scenario("laundry_folding")
