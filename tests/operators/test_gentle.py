"""What must not be squeezed hard is held with little force; what is presented faces whom it shall."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from benches import BENCH, done, end, off
from shiliu.scenarios.catalog.catalog import scene_of_tree

BOTTLE = {"part": "objects/pill_bottle_045", "stands_on": "table.top_front", "put": "base", "yaw": "180 deg"}
NEVER = "{never: {moved: {of: named, more_than: 3000 mm}}}"
TAKE = (
    "{reach: {hand: right, at: named.body, yaw: -10 deg, pitch: 10 deg, opening: 60 mm, posture: ready}}, "
    "{take: {how: pinch, hand: right, at: named.body, width: 45 mm, force: FORCE N}}"
)


def scene_of(skills: str):
    tree = yaml.safe_load(BENCH)
    for part in ("bowl", "buns", "other"):
        tree["parts"].pop(part)
    tree["time_limit"] = "25 s"
    tree["parts"]["named"] = BOTTLE | {"at": {"x": "200 mm", "y": "-250 mm"}}
    tree["parts"]["can"]["at"] = {"x": "200 mm", "y": "550 mm"}
    limit = {"force": {"between": ["named", "robot.fingertips"]}, "at_most": "15 N", "source": "[E] test"}
    tree |= {"skills": yaml.safe_load(skills), "goal": yaml.safe_load(NEVER), "safety": {"grip": limit}}
    return scene_of_tree("bench", tree)


@pytest.mark.parametrize(("force", "low", "high"), [(8, 6.5, 12.0)])
def test_a_gentle_pinch_feels_what_is_said_and_lifts_it(force, low, high):
    scene = scene_of(f"[{TAKE.replace('FORCE', str(force))}, {{lift: {{hand: right, by: 80 mm}}}}]")
    performed = done(scene)
    assert low <= performed.safety["grip"].max() <= high
    data = end(scene, performed)
    assert data.site("named/base").xpos[2] - data.site("table/top").xpos[2] == pytest.approx(0.08, abs=0.015)


def test_what_is_presented_faces_whom_it_shall_and_stands_on_its_place():
    chain = (
        f"[{TAKE.replace('FORCE', '8')}, {{lift: {{hand: right, by: 60 mm}}}}, "
        "{carry: {how: facing, hand: right, of: named.base, upon: table.top_front, face: named.label, "
        "towards: robot.right_shoulder, within: 20 deg}}]"
    )
    scene = scene_of(chain)
    performed = done(scene)
    data = end(scene, performed)
    assert np.linalg.norm(off(data, "named/base", "table/top_front")) < 0.01
    way = data.site("named/label").xpos - data.site("named/base").xpos
    wanted = data.site("right_shoulder").xpos - data.site("named/base").xpos
    turned = np.arctan2(way[1], way[0]) - np.arctan2(wanted[1], wanted[0])
    assert abs((turned + np.pi) % (2 * np.pi) - np.pi) < np.radians(25)
