"""Loose pieces are tipped out of a bowl that is held by its rim; a tool that is held across the fingers is leant flat on its edge."""

from __future__ import annotations

import numpy as np
import shiliu
import yaml
from benches import bench, done, end
from shiliu.replay.operator.limbs.geometry import turned_between
from shiliu.replay.operator.operator import read_chain
from shiliu.replay.operator.skills.stroke.stir_with import LANES, HeldTool
from shiliu.replay.operator.skills.tipping import Tipping

NEVER = "{never: {moved: {of: other, more_than: 3000 mm}}}"
TIPPED = """
- take: {how: rim, hand: left, at: bowl.rim_right, of: bowl, fingers: right, pitch: 30 deg, tips: 6 mm, depth: 8 mm, force: 100 N}
- lift: {hand: left, by: 90 mm}
- pour: {how: granular, hand: left, of: bowl.inside, into: other.inside, short: 20 mm, above: 100 mm}
"""


def in_bowl(data, bowl):
    """How many of the buns lie in a bowl."""
    inside, count = data.site(f"{bowl}/inside"), 0
    for i in range(3):
        x, y, z = inside.xmat.reshape(3, 3).T @ (data.body(f"buns/grain_{i}").xpos - inside.xpos)
        count += x * x + y * y < 0.072**2 and -0.02 < z < 0.09
    return count


def test_what_is_in_a_bowl_is_tipped_into_another():
    scene = bench(TIPPED, NEVER, "can", time_limit="30 s")
    performance = done(scene)
    assert performance.provenance.get("gave_up") is None
    data = end(scene, performance)
    assert in_bowl(data, "bowl") == 0
    assert in_bowl(data, "other") == 3


def test_the_lip_stays_while_the_vessel_turns_about_it():
    out = np.array([0.07, 0.0, 0.0])
    way = Tipping(np.array([-0.07, 0.0, 0.0]), np.eye(3), np.array([0.0, 1.0, 0.0]), out, np.array([0.5, 0.0, 1.0]))
    for tilt in (0.0, 0.7, 2.0):
        hand, frame = way.pose(tilt)
        lip = hand + frame @ (out - way.hand)
        assert np.allclose(lip, [0.5, 0.0, 1.0], atol=1e-12)
        assert abs(turned_between(frame, np.eye(3)) - tilt) < 1e-9


def test_a_bowl_out_of_the_way_of_any_lip_is_not_tipped():
    far = TIPPED.replace("into: other.inside", "into: table.top, ahead: 900 mm")
    performance = done(bench(far, NEVER, "can", time_limit="30 s"))
    assert performance.provenance["gave_up"]["code"] == "cannot_tip"


def test_the_corners_of_a_blade_come_to_the_wall_and_no_further():
    """In a pan whose wall is at 105 mm: the blade is 64 mm wide, so its middle ends up to 54 mm before the wall."""
    (stir,) = [skill for skill in read_chain(shiliu.load_scenario("cooking")) if skill.name == "stroke.stir_with"]
    along, across = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    rounds = [stir._strokes(np.zeros(3), HeldTool(along, np.zeros(3), np.eye(3)), lanes) for lanes in LANES]
    corners = [
        np.linalg.norm(place[:2] + side * 0.032 * across[:2]) for poses in rounds for place, _ in poses for side in (1, -1)
    ]
    assert max(corners) <= 0.105 + 1e-9
    at_wall = [max(corners[i], corners[i + 1]) for i in range(0, len(corners), 2)]
    assert sum(c > 0.104 for c in at_wall) >= 12  # but for the lanes near the middle, which end at 96 mm
    asides = {round(abs(float(place[1])), 4) for poses in rounds for place, _ in poses}
    assert len(asides) == 5  # each round goes along other lanes: 60, 36, 18, 48 mm and the middle


STIRRED = """
- take: {{how: bottle, hand: right, at: spatula.handle, of: spatula, force: 90 N}}
- lift: {{hand: right, by: 105 mm}}
- stroke: {{how: stir_with, hand: right, with: spatula.tip, in: pan.inside, rounds: "5", at_least: "{}", until: there}}
"""
STOVE = """
room: {part: fixtures/room, signs: 0 %}
table: {part: fixtures/counter, put: front_foot, at: {x: 200 mm, y: 0 mm}, width: 1900 mm, depth: 650 mm}
pan: {part: objects/frying_pan_280, stands_on: table.top_front, put: base, at: {x: 300 mm, y: 80 mm}, yaw: 140 deg}
stand: {part: fixtures/utensil_stand, stands_on: table.top_front, put: base, at: {x: 240 mm, y: -600 mm}, yaw: -130 deg}
spatula: {part: objects/spatula_330, stands_on: stand.slot, put: base}
"""
THERE = """
there: {below: {of: pan.base, height: 2000 mm}, passes: true}
never: {moved: {of: pan, more_than: 3000 mm}}
"""


def test_what_is_mixed_at_once_is_stirred_as_often_as_is_asked_for():
    """The subgoal is reached before the first stroke: the tool goes along all lanes at least so often, and no round more."""
    took = []
    for rounds in (1, 2):
        performance = done(bench(STIRRED.format(rounds), THERE, parts=yaml.safe_load(STOVE)))
        assert performance.provenance.get("gave_up") is None
        stroke = performance.segments[-1]
        assert stroke["skill"] == "stroke.stir_with"
        took.append(stroke["t1"] - stroke["t0"])
    assert 3.0 < took[1] - took[0] < 6.0  # s: a round is 1.0 m in three lanes, at 0.27 m/s
