"""Things that stand in a row, upright and by height: on numbers made by hand, and as the YAML says it."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from conftest import make_readings
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.stepping.simulation import Simulation
from shiliu.scenarios.words.rows import FREE, InLine, Line, SortedByHeight

# a row that begins at (0.52, 0.4, 1.05) and runs to the right of who stands before it; its y axis is to the left
ROW = Line((0.52, 0.4, 1.05), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
FEET = tuple(Request("site_position", f"{name}/foot", "body:shelf") for name in ("one", "two", "three"))
TOPS = tuple(Request("site_position", f"{name}/top", "body:shelf") for name in ("one", "two", "three"))
IN_LINE, SORTED = InLine(FEET, ROW, depth=0.03, gap=0.07), SortedByHeight(TOPS, ROW)


def margins(predicate, at):
    """The margin from readings of one copy, as an array and as a row."""
    seen = make_readings({request: [place] for request, place in zip(predicate.requests(), at)})
    return float(predicate.margin(seen)[0]), predicate.margin(seen.row(0))


@pytest.mark.parametrize(
    ("last", "margin"),
    [
        (
            (0.52, 0.30, 1.05),
            0.010,
        ),  # 60 mm beyond its neighbour, 70 are allowed; its foot 10 mm under the bound of level
        ((0.52, 0.28, 1.05), -0.010),  # 80 mm beyond it
        ((0.555, 0.32, 1.05), -0.005),  # 35 mm behind the row's line, 30 are allowed
        ((0.668, 0.32, 1.05), -0.118),  # turned round: its foot is at the back, its spine does not show
        ((0.52, 0.32, 1.075), -0.015),  # it stands on another one
    ],
)
def test_a_row_is_as_close_and_as_straight_as_it_is_said_to_be(last, margin):
    found = margins(IN_LINE, [(0.52, 0.38, 1.05), (0.52, 0.36, 1.05), last])
    assert found == pytest.approx((margin, margin), abs=1e-9)


@pytest.mark.parametrize(
    ("heights", "margin"),
    [
        ((1.28, 1.27, 1.26), 0.03),  # the taller of any two stands to the left, 30 mm at least
        ((1.28, 1.26, 1.27), -0.04),  # the last two are the wrong way round, and 40 mm apart
        ((1.261, 1.26, 1.26), FREE),  # as good as alike: no order
    ],
)
def test_they_are_sorted_by_what_they_are_high(heights, margin):
    at = [(0.6, y, z) for y, z in zip((0.38, 0.35, 0.31), heights)]
    assert margins(SORTED, at) == pytest.approx((margin, margin), abs=1e-9)


SHELF = """
title: {en: Shelf, zh: 书架}
version: 1
time_limit: 30 s
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: home}
parts:
  floor: {part: fixtures/floor}
  shelf: {part: fixtures/bookshelf, put: front_foot, at: {x: 490 mm, y: 0 mm}}
  one: {part: objects/book_230, stands_on: shelf.row_middle, put: foot, at: {x: 0 mm, y: -20 mm}}
  two: {part: objects/book_210, stands_on: shelf.row_middle, put: foot, at: {x: 0 mm, y: -60 mm}}
goal:
  in_row: {in_row: {of: [one.foot, two.foot], along: shelf.row_middle, tilt: 8 deg, depth: 30 mm, gap: 70 mm}}
  sorted: {sorted_by_height: {of: [one.top, two.top], along: shelf.row_middle}}
judge: {required: [integrity, kinematics]}
"""


@pytest.mark.parametrize(
    ("change", "in_row", "by_height"),
    [
        ({}, 0.01, 0.04),  # the foot's level is nearest to its bound
        ({"two": {"at": {"x": "0 mm", "y": "-110 mm"}}}, -0.02, 0.09),  # 90 mm apart
        ({"one": {"at": {"x": "0 mm", "y": "-60 mm"}}, "two": {"at": {"x": "0 mm", "y": "-20 mm"}}}, 0.01, -0.04),
        ({"two": {"at": {"x": "40 mm", "y": "-60 mm"}}}, -0.01, 0.04),  # 40 mm behind the line
    ],
)
def test_the_words_measure_what_the_yaml_says(change, in_row, by_height):
    tree = yaml.safe_load(SHELF)
    for part, values in change.items():
        tree["parts"][part] |= values
    scene = scene_of_tree("shelf", tree)
    seen = Simulation(scene, 1).begin([nominal(scene)])
    found = [float(np.ravel(subgoal.predicate.margin(seen))[0]) for subgoal in scene.goal]
    assert found == pytest.approx([in_row, by_height], abs=1e-3)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "in_row: {of: [one.foot], along: shelf.row_middle, tilt: 8 deg, depth: 30 mm, gap: 70 mm}",
            "two things or more",
        ),
        ("sorted_by_height: {of: [one.top, two.tops], along: shelf.row_middle}", "two.tops"),
    ],
)
def test_a_row_that_is_none_is_told(word, message):
    tree = yaml.safe_load(SHELF) | {"goal": yaml.safe_load(f"{{tidy: {{{word}}}}}")}
    with pytest.raises(ScenarioError, match=message):
        scene_of_tree("shelf", tree)
