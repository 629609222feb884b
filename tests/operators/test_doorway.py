"""A door with a closer is walked through: the leaf that falls shut passes the robot, whose hand lets go of it far enough inside."""

from __future__ import annotations

import pytest
import yaml
from benches import done
from shiliu.scenarios.catalog.catalog import scene_of_tree

DOOR = """
title: {en: Door, zh: 门}
version: 1
time_limit: 60 s
substeps: 8
physics: {integrator: discrete}
robot: {stands_at: {x: 1010 mm, y: 500 mm, yaw: 0 deg}, pose: ready, base: mobile}
parts:
  hotel: {part: fixtures/hotel_corridor}
  door: {part: fixtures/hotel_door, stands_on: hotel.door, put: foot, opening_force: 9 N}
rules:
  unlocked: {when: {angle: {of: door.door, below: 60 deg}}, drives: {door.solenoid: 1}}
goal:
  opened: {angle: {of: door.door, above: 80 deg}, passes: true}
  shut: {angle: {of: door.door, below: 1.5 deg}, hold: 0.3 s}
safety:
  elbow: {force: {between: [door.door, robot.zarm_r4_link]}, at_most: 20 N, mean_over: 20 ms, source: {en: estimate, zh: 估计}}
  push: {force: {between: [door.door, robot.hands]}, at_most: 60 N, mean_over: 20 ms, source: {en: estimate, zh: 估计}}
skills:
  - carry: {how: close, hand: left}
  - move_joint: {how: lever, hand: right, joint: door.door, lever: door.lever, at: door.lever}
  - walk: {how: through, hand: right, joint: door.door, at: door.panel, to: door.doorway}
judge: {required: [integrity, kinematics], hands_may_touch: [door.door, door.lever]}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("off", "free"), [(0.60, True), (0.25, False)])
def test_the_leaf_passes_the_elbow_of_who_steps_aside(off, free):
    tree = yaml.safe_load(DOOR)
    tree["skills"][-1]["walk"]["off"] = f"{off * 1e3:.0f} mm"
    scene = scene_of_tree("door", tree)
    made = done(scene, rest=60.0)  # the door falls shut when it will
    assert "gave_up" not in made.provenance
    assert (made.safety["elbow"].max() < 1.0) == free
    if free:
        assert made.success and made.safety["push"].max() < 60.0
    else:
        assert made.safety["elbow"].max() > 20.0


@pytest.mark.slow
@pytest.mark.parametrize(("aside", "free"), [(20, True), (120, False)])
def test_a_robot_on_its_legs_walks_through_the_middle_of_a_doorway(aside, free):
    """Its shoulders leave 80 mm on either side of it, and it sways by 50 mm; 100 mm further to the latch the left one strikes the frame."""
    tree = yaml.safe_load(DOOR)
    tree["robot"]["base"], tree["time_limit"] = "legs", "60 s"
    tree["safety"]["frame"] = tree["safety"]["elbow"] | {"force": {"against": "door.frame"}}
    tree["skills"][-1]["walk"]["aside"] = f"{aside} mm"
    made = done(scene_of_tree("door", tree), rest=8.0)
    assert (made.safety["frame"].max() < 1.0) == free
    assert made.success == free
    if free:
        assert made.safety["elbow"].max() < 1.0
