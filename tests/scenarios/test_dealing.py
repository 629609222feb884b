"""Values dealt out anew among parts: labels, places in a row, shelves of whole rows; and the task sentence that goes with them."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from benches import BENCH
from shiliu.scenarios.catalog import scene_of_tree
from shiliu.scenarios.errors import ScenarioError
from shiliu.scenarios.reading.config import dealt_values, nominal_values
from shiliu.scenarios.variation import draw, nominal

ROW = ("named", "twin", "third")
LABELS = {0.0: "aspirin", 0.5: "amoxicillin", 1.0: "aciclovir"}


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("medication_serving")


def test_every_medicine_place_and_reachable_shelf_comes_up_for_the_named_one(scene):
    rng, seen = np.random.default_rng(0), []
    for _ in range(300):
        dealt = dealt_values(scene.config, rng)
        for value, had in (("label", [0.0, 0.5, 1.0]), ("at.y", [-0.08, 0.0, 0.08])):
            assert sorted(dealt[f"{name}.{value}"] for name in ROW) == pytest.approx(had), "nothing is had twice"
        shelves = [
            {dealt[f"{name}.at.z"] for name in row} for row in (ROW, ("large", "carton"), ("calcium", "blister"))
        ]
        assert all(len(shelf) == 1 for shelf in shelves) and len(set.union(*shelves)) == 3, "rows stay together"
        seen.append(tuple(dealt[f"named.{value}"] for value in ("label", "at.y", "at.z")))
    counts = [seen.count(one) for one in set(seen)]
    assert len(counts) == 3 * 3 * 2, "the upper shelf is out of an easy reach"
    assert min(counts) >= 2


def test_the_instruction_names_the_label_that_the_named_one_wears(scene):
    for seed in range(12):
        one = draw(scene, seed)
        assert LABELS[one.values["named.label"]] in scene.config.tasks[one.task]["en"]
    assert "aspirin" in scene.config.tasks[nominal(scene).task]["en"]


def test_neighbours_in_the_row_keep_their_distance(scene):
    for seed in range(12):
        values = draw(scene, seed).values
        places = sorted(values[f"{name}.at.y"] for name in ROW)
        gaps = np.diff(places) - 0.045
        assert 0.030 - 1e-9 <= gaps.min() and gaps.max() <= 0.040 + 1e-9


def test_a_narrowed_draw_deals_whole_or_not_at_all(scene):
    known = nominal_values(scene.config)
    assert draw(scene, 3, share=0.0).values == known
    assert draw(scene, 3, share=0.5).values["named.label"] in LABELS
    assert draw(scene, 3, only=["tray"]).values["named.label"] == known["named.label"]
    alone = draw(scene, 3, only=["named.label", "twin.label", "third.label"]).values
    assert {alone[f"{name}.at.z"] for name in ROW} == {0.0}


def test_exactly_one_label_is_seen(scene):
    for value, shown in ((0.0, 0), (0.5, 1), (1.0, 2)):
        model = scene.compile({**nominal_values(scene.config), "named.label": value}, looks=True)
        alphas = [model.geom(f"named/label_{i}").rgba[3] for i in range(3)]
        assert alphas == [float(i == shown) for i in range(3)]
    assert isinstance(model, mujoco.MjModel)


def test_a_deal_that_cannot_be_is_told():
    tree = yaml.safe_load(BENCH)
    tree["variation"] = {
        "deal": [
            {"values": "at.y", "among": ["bowl"]},
            {"values": "at.y", "among": ["bowl", "cann"]},
            {"values": "label", "among": ["bowl", "can"]},
            {"values": "at.y", "among": [["bowl", "can"], "other"]},
        ]
    }
    with pytest.raises(ScenarioError) as error:
        scene_of_tree("bench", tree)
    message = str(error.value)
    for part in ("two parts or more", "did you mean", "has no value 'label'", "get the same at.y"):
        assert part.lower() in message.lower(), message
