"""Hands that the operator plans to move beside a person keep below the limit of speed there, whatever a skill's own speed is."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from benches import done
from shiliu.scenarios.catalog.catalog import scene_of_tree

BEDSIDE = """
title: {en: Beside, zh: 旁边}
version: 1
time_limit: 12 s
substeps: 8
physics: {integrator: discrete}
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: ready, base: BASE}
parts:
  floor: {part: fixtures/floor}
  adult: {part: people/standing_adult, put: soles, at: {x: AHEAD mm, y: 450 mm}, yaw: 180 deg}
goal: {never: {moved: {of: adult, more_than: 3000 mm}}}
skills: SKILLS
judge: {required: [integrity, replay.safety]}
"""
SWUNG = (
    "[{home: {hand: left, posture: elbow_out, speed: 1 m/s}}, {home: {hand: left, posture: from_above, speed: 1 m/s}}]"
)
TURNED = "[{walk: {x: 0 mm, y: 300 mm, yaw: 80 deg, speed: 0.3 m/s, turning: 30 deg}}]"


def fastest(skills: str, ahead: int, base: str = "planted", faults: dict[str, float] | None = None) -> float:
    """[m/s] of the fastest place of a hand near the adult in a performance."""
    text = BEDSIDE.replace("SKILLS", skills).replace("AHEAD", str(ahead)).replace("BASE", base)
    tree = yaml.safe_load(text)
    tree["goal"] = {"left": {"near": {"of": "robot.left_tcp", "to": "adult.face", "within": "1 mm"}}}
    scene = scene_of_tree("beside", tree)
    made = done(scene, faults=faults)
    assert "gave_up" not in made.provenance
    (limit,) = (limit for limit in scene.safety if limit.judged_as == "speed.person")
    return float(limit.sustained(np.asarray(made.safety[limit.name]), scene.control_timestep).max())


@pytest.mark.parametrize(("skills", "base"), [(SWUNG, "planted"), (TURNED, "mobile")])
def test_beside_a_person_a_hand_is_slow_and_away_from_one_it_is_not(skills, base):
    beside = fastest(skills, 750, base)
    assert 0.15 < beside < 0.24
    assert fastest(skills, 2500, base) == 0.0  # nobody is near
    careless = fastest(skills, 750, base, {"near_people": 3.0})
    assert careless > 0.27
