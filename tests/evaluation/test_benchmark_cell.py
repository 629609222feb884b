"""The cell of a demonstration, as the benchmark surveys it: all that was drawn stands in it, to what a tape tells."""

from types import SimpleNamespace

import pytest
import shiliu
from conftest import script
from shiliu.scenarios import variation as drawing
from shiliu.scenarios.variation import nominal_values

TOLD = {"yaw": 8.8e-4, "mass": 5.1e-5, "label": 0.0}  # rad and kg: half of a tenth of a degree and of a gram; else 0.05 mm
UNTOLD = ("friction", "cabinet.catch_force", "cabinet.light")


def test_what_is_dealt_among_parts_stands_in_the_cell():
    scene = shiliu.load_scenario("medication_serving")
    draw = drawing.draw(scene, 502)
    usual = nominal_values(scene.config)
    dealt = [key for key in draw.values if key.endswith((".label", ".at.z")) and draw.values[key] != usual[key]]
    assert len(dealt) >= 3, "a seed whose bottles changed their places"
    episode = SimpleNamespace(scenario="medication_serving", draw={"values": dict(draw.values)})
    there = nominal_values(script("benchmarks/judge.py").surveyed(episode, scene).config)
    for key, value in draw.values.items():
        if key not in UNTOLD:
            assert there[key] == pytest.approx(value, abs=TOLD.get(key.rpartition(".")[2], 5.1e-5)), key
