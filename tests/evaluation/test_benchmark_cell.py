"""The cell of a demonstration, as the benchmark surveys it: all that was drawn stands in it, to what a tape tells."""

from types import SimpleNamespace

import pytest
import shiliu
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.variation import nominal_values
from surveying import surveyed

TOLD = {"yaw": 8.8e-4, "mass": 5.1e-5, "label": 0.0}  # rad and kg: half of a tenth of a degree and of a gram; else 0.05 mm
UNTOLD = ("friction", "cabinet.catch_force", "cabinet.light")


def test_what_is_dealt_among_parts_stands_in_the_cell():
    scene = shiliu.load_scenario("medication_serving")
    draw = drawing.draw(scene, 502)
    usual = nominal_values(scene.config)
    dealt = [key for key in draw.values if key.endswith((".label", ".at.z")) and draw.values[key] != usual[key]]
    assert len(dealt) >= 3, "a seed whose bottles changed their places"
    episode = SimpleNamespace(scenario="medication_serving", draw={"values": dict(draw.values)})
    there = nominal_values(surveyed(episode, scene).config)
    for key, value in draw.values.items():
        if key not in UNTOLD:
            assert there[key] == pytest.approx(value, abs=TOLD.get(key.rpartition(".")[2], 5.1e-5)), key


def test_a_survey_that_is_off_moves_the_robot_alone():
    scene = shiliu.load_scenario("table_setting")
    draw = drawing.draw(scene, 0)
    episode = SimpleNamespace(scenario="table_setting", draw={"values": dict(draw.values)})
    right, wrong = surveyed(episode, scene), surveyed(episode, scene, off=0.02)
    assert nominal_values(right.config) == nominal_values(wrong.config)
    assert wrong.config.stands_at == pytest.approx((right.config.stands_at[0] + 0.02, *right.config.stands_at[1:]))
