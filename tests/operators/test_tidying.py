"""Skills of a room that is tidied: a drawer pushed shut, a book stood on a shelf, a quilt drawn by its corner, a pillow laid straight."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from benches import done, end
from shiliu.scenarios.catalog.catalog import scene_of_tree

CHEST = """
title: {en: Chest, zh: 柜}
version: 1
time_limit: 60 s
substeps: 8
physics: {integrator: discrete}
robot: {stands_at: {x: -240 mm, y: -270 mm, yaw: 0 deg}, pose: ready, base: mobile}
parts:
  floor: {part: fixtures/floor}
  chest: {part: fixtures/drawer_unit, put: front_foot, at: {x: 310 mm, y: -360 mm}, open: 100 mm, friction: 10 N}
  shelf: {part: fixtures/bookshelf, put: front_foot, at: {x: 490 mm, y: -1000 mm}, free: 92 mm}
  second: {part: objects/book_220, stands_on: shelf.row_middle, put: foot, at: {x: 0 mm, y: -43 mm}}
  book: {part: objects/book_210, stands_on: chest.top, put: flat_spine, at: {x: -279 mm, y: -90 mm}}
judge: {required: [integrity, kinematics]}
"""
BED = """
title: {en: Bed, zh: 床}
version: 1
time_limit: 60 s
substeps: 8
physics: {integrator: discrete}
robot: {stands_at: {x: 100 mm, y: 1520 mm, yaw: 90 deg}, pose: ready, base: mobile}
parts:
  floor: {part: fixtures/floor}
  bed: {part: fixtures/bed, put: near_head, at: {x: 640 mm, y: 1760 mm}}
  quilt: {part: objects/quilt, stands_on: bed.top, put: base, at: {x: -390 mm, y: 20 mm}}
  pillow: {part: objects/pillow, stands_on: bed.pillow_mark, put: base, at: {x: -10 mm, y: 55 mm}, yaw: 14 deg}
judge: {required: [integrity, kinematics]}
"""


def scene_of(scene: str, goal: str, skills: str, time: str = "60 s", **robot):
    tree = yaml.safe_load(scene) | {"goal": yaml.safe_load(goal), "skills": yaml.safe_load(skills), "time_limit": time}
    tree["robot"] |= robot
    return scene_of_tree("tidying", tree)


def test_a_drawer_is_shut_by_a_push_on_its_front():
    scene = scene_of(
        CHEST,
        "{shut: {near: {of: chest.front, to: chest.shut, within: 5 mm}, hold: 0.2 s}}",
        "[walk: {how: squat, by: 120 mm}, move_joint: {hand: right, joint: chest.drawer, edge: chest.front, to: 0 mm}]",
        "12 s",
    )
    performance = done(scene)
    assert performance.success
    assert end(scene, performance).joint("chest/slide").qpos[0] < 0.01  # of 0.1


@pytest.mark.parametrize("above", [0.55, 0.65])
def test_a_squat_brings_the_shoulders_so_high_above_a_place(above):
    scene = scene_of(
        BED,
        "{never: {near: {of: pillow.base, to: bed.top, within: 1 mm}}}",
        f"[walk: {{how: squat, to: bed.top, above: {above} m}}]",
        "4 s",
    )
    data = end(scene, done(scene))
    shoulders = np.mean([data.site(f"{side}_shoulder").xpos[2] for side in ("left", "right")])
    assert shoulders - data.site("bed/top").xpos[2] == pytest.approx(above, abs=6e-3)


@pytest.mark.slow
def test_a_book_that_sticks_out_is_taken_and_stood_into_its_row():
    row = "along: shelf.row_middle, tilt: 8 deg, depth: 35 mm, gap: 75 mm"
    scene = scene_of(
        CHEST.replace("open: 100 mm, ", ""),
        f"{{row: {{in_row: {{of: [second.foot, book.foot], {row}}}}}}}",
        "[walk: {how: squat, by: 120 mm}, "
        "take: {how: free_edge, hand: right, at: book.spine, of: book, by: 80 mm, fits: book.foot, into: shelf.free}, "
        "put: {how: upright, hand: right, of: book.foot, upon: shelf.free}]",
        stands_at={"x": "-130 mm", "y": "-270 mm", "yaw": "0 deg"},
    )
    performance = done(scene)
    data = end(scene, performance)
    assert performance.success
    assert np.degrees(np.arccos(data.body("second/book_220").xmat[8])) < 2.0  # its neighbour stands as it stood


@pytest.mark.slow
@pytest.mark.parametrize(("force", "comes"), [("40 N", True), ("2 N", False)])
def test_a_quilt_is_drawn_by_its_corner_to_a_mark(force, comes):
    """What takes more than it may be drawn with is let go where it is."""
    scene = scene_of(
        BED,
        "{straight: {near: {of: quilt.corner, to: bed.quilt_mark, within: 15 mm}, hold: 0.2 s}}",
        "[walk: {how: squat, by: 240 mm}, "
        "take: {how: above, hand: left, at: quilt.crease, of: quilt, opening: 70 mm, force: 60 N, posture: elbow_out}, "
        f"put: {{how: drawn, hand: left, of: quilt.corner, upon: bed.quilt_mark, force: {force}}}]",
    )
    assert done(scene).success == comes  # from 124 mm away


@pytest.mark.slow
def test_a_pillow_is_laid_straight_by_both_hands():
    hem = "of: pillow, pitch: 20 deg, force: 80 N, fits: pillow.base, into: bed.pillow_mark, before: 0 mm"
    scene = scene_of(
        BED,
        "{placed: {in_slot: {of: pillow.base, slot: bed.pillow_mark, within: 30 mm, turned: 4 deg}, hold: 0.2 s}}",
        f"[walk: {{how: squat, by: 240 mm}}, take: {{how: free_edge, hand: left, at: pillow.hem_left, {hem}}}, "
        f"take: {{how: free_edge, hand: right, at: pillow.hem_right, {hem}}}, "
        "put: {how: straight, of: pillow.base, upon: bed.pillow_mark}]",
        stands_at={"x": "120 mm", "y": "1500 mm", "yaw": "90 deg"},
    )
    assert done(scene).success  # from 56 mm and 14 degrees away


@pytest.mark.slow
@pytest.mark.parametrize(("along", "low", "high"), [(0, 50.0, np.inf), (80, 0.0, 5.0)])
def test_a_hem_is_taken_nearer_to_its_middle_where_the_headboard_is_in_the_way(along, low, high):
    """The pillow lies as in a draw in which the right forearm met the headboard with 97 N."""
    hem = "of: pillow, pitch: 20 deg, force: 80 N, fits: pillow.base, into: bed.pillow_mark, before: 0 mm"
    tree = yaml.safe_load(BED)
    tree["parts"]["pillow"] |= {"at": {"x": "8 mm", "y": "53 mm"}, "yaw": "20 deg"}
    tree["safety"] = yaml.safe_load(
        "{bump: {force: {against: bed.frame}, at_most: 50 N, mean_over: 20 ms, source: {en: house rule, zh: 内部规定}, "
        "title: {en: bump into the bed, zh: 撞到床架}}}"
    )
    scene = scene_of(
        yaml.safe_dump(tree),
        "{placed: {in_slot: {of: pillow.base, slot: bed.pillow_mark, within: 80 mm, turned: 10 deg}, hold: 0.2 s}}",
        "[walk: {how: squat, by: 240 mm}, "
        f"take: {{how: free_edge, hand: left, at: pillow.hem_left, along: {along} mm, {hem}}}, "
        f"take: {{how: free_edge, hand: right, at: pillow.hem_right, along: {-along} mm, {hem}}}, "
        "put: {how: straight, of: pillow.base, upon: bed.pillow_mark}]",
        stands_at={"x": "120 mm", "y": "1500 mm", "yaw": "90 deg"},
    )
    performance = done(scene)
    assert performance.success
    assert low <= np.max(performance.safety["bump"]) <= high
