"""Values dealt out anew among parts: labels, places in a row, shelves of whole rows; and the task sentence that goes with them."""

from __future__ import annotations

import json

import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from benches import BENCH
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws.variation import draw, nominal
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.reading.config import dealt_values, nominal_values
from shiliu.scenarios.reading.known_deals import without_known
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import Problems

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
            {"values": "at.x", "among": ["bowl", "can", []]},
            {"values": "at.x", "among": ["can", "bowl"]},
        ]
    }
    with pytest.raises(ScenarioError) as error:
        scene_of_tree("bench", tree)
    message = str(error.value)
    for part in ("two parts or more", "did you mean", "has no value 'label'", "get the same at.y", "nobody is named", "one deal of both"):
        assert part.lower() in message.lower(), message


CELL = """\
centre: here
scenario: medication_serving
surveyed: {{date: 2026-11-02, by: P-0417, with: steel tape}}
overlay: {{parts: {{{parts}}}}}
"""


def in_cell(folder, parts):
    path = folder / "conf" / "cell" / "one.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CELL.format(parts=parts), encoding="utf-8")
    return shiliu.load_scenario("medication_serving", cell="one", conf_dir=folder / "conf")


def test_who_was_measured_is_dealt_no_more_and_the_others_get_what_is_left(scene, tmp_path):
    """The named bottle was found 3 mm beside the second place: the others are dealt the first and the third."""
    config = in_cell(tmp_path, "named: {at: {y: 3 mm}}").config
    assert [(deal.value, deal.hands) for deal in config.deals if deal.value == "at.y"] == [("at.y", (("twin",), ("third",)))]
    assert len(config.deals) == len(scene.config.deals), "labels and shelves are dealt as before"
    rng, seen = np.random.default_rng(0), set()
    for _ in range(30):
        dealt = dealt_values(config, rng)
        seen.add(tuple(round(1e3 * dealt[f"{name}.at.y"]) for name in ROW))
    before = nominal_values(scene.config)
    places = {round(1e3 * before[f"{name}.at.y"]) for name in ROW} - {0}
    assert len(places) == 2 and seen == {(3, *order) for order in (sorted(places), sorted(places)[::-1])}


def test_things_of_one_hand_get_what_one_of_them_was_measured_at(scene, tmp_path):
    """One bottle of the row was found on the other shelf: so its row is, and the boxes are where the row was."""
    before = nominal_values(scene.config)
    other = before["large.at.z"]
    assert abs(other - before["named.at.z"]) > 0.1
    config = in_cell(tmp_path, f"twin: {{at: {{z: {1e3 * other + 2:.1f} mm}}}}").config
    values = nominal_values(config)
    assert [values[f"{name}.at.z"] for name in ROW] == pytest.approx([other + 0.002] * 3)
    assert [values[f"{name}.at.z"] for name in ("large", "carton")] == pytest.approx([before["named.at.z"]] * 2)
    assert "at.z" not in [deal.value for deal in config.deals], "one row is left of two: nothing to deal"


def test_a_survey_of_things_of_one_hand_may_differ(tmp_path):
    values = nominal_values(in_cell(tmp_path, "named: {at: {z: 1 mm}}, twin: {at: {z: 2 mm}}").config)
    assert [values[f"{name}.at.z"] for name in ROW] == pytest.approx([0.001, 0.002, 0.001])


def test_what_stands_in_the_parts_own_sheet_is_had_as_well(tmp_path):
    """The named one's label is left out in the scenario: it wears that of its sheet, which the others are not dealt twice."""
    changed(tmp_path, ", label: 0 %}", "}")
    values = nominal_values(in_cell(tmp_path, "named: {label: 50 %}").config)
    assert [values[f"{name}.label"] for name in ROW] == [0.5, 0.0, 1.0]


def test_angles_are_near_round_the_circle():
    tree = {
        "parts": {"named": {"yaw": "-179 deg"}, "twin": {"yaw": "30 deg"}},
        "variation": {"deal": [{"values": "yaw", "among": ["named", "twin"]}]},
    }
    before = {"parts": {"named": {"yaw": "180 deg"}, "twin": {"yaw": "30 deg"}}}
    assert without_known(tree, before, {"named.yaw"}, {}, Problems()) == {"named.yaw", "twin.yaw"}
    assert tree["parts"]["twin"]["yaw"] == "30 deg" and not tree["variation"], "180 deg is had"


@pytest.mark.parametrize("among", [[[], "named", "twin"], [{"a": "b"}, "named", "twin"], [[["twin"]], "named", "third"], ["named", "twn"]])
def test_a_deal_that_cannot_be_read_is_told_in_a_cell_as_without_it(tmp_path, among):
    changed(tmp_path, "{values: at.y, among: [named, twin, third]}", f"{{values: at.y, among: {json.dumps(among)}}}")
    with pytest.raises(ScenarioError, match=r"medication_serving\.yaml:\d+: .*variation\.deal\[1\]"):
        in_cell(tmp_path, "named: {at: {y: 3 mm}}")


def test_what_the_command_sets_is_not_laid_over_without_a_word(tmp_path):
    in_cell(tmp_path, "named: {at: {z: 2 mm}}")
    with pytest.raises(ScenarioError, match=r"parts\.twin\.at\.z='7 mm'\": the cell leaves '2 mm' for it, and what is written here says"):
        shiliu.load_scenario(
            "medication_serving", ["scenario.parts.twin.at.z='7 mm'"], cell="one", conf_dir=tmp_path / "conf"
        )


def test_what_was_measured_as_nothing_is_told(tmp_path):
    with pytest.raises(ScenarioError, match=r"named\.at\.y: None is not a quantity"):
        in_cell(tmp_path, "named: {at: {y: {is: null}}}")


def changed(folder, old, new):
    """A designer's own medication_serving, in which a line is another one."""
    text = (CONF / "scenario" / "medication_serving.yaml").read_text(encoding="utf-8")
    assert old in text
    path = folder / "conf" / "scenario" / "medication_serving.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_a_wrong_deal_is_told_by_its_own_line_in_a_cell(tmp_path):
    """The first deal is gone, two of the hands of the second, and the third has its wrong one in the last line."""
    deals = "{values: label, among: [named, twin]}\n    - {values: at.y, among: [named, calcium]}\n    - values: at.x\n"
    deals += "      among:\n        - named\n        - twin\n        - [third, large]"
    path = changed(tmp_path, "{values: label, among: [named, twin, third]}", deals)
    row = "    - {values: at.y, among: [named, twin, third]}"
    text = path.read_text(encoding="utf-8").replace(row, "    - {values: yaw, among: [twin, third]}")
    path.write_text(text, encoding="utf-8")
    line = next(i for i, one in enumerate(text.splitlines(), 1) if "- [third, large]" in one)
    with pytest.raises(ScenarioError, match=rf"medication_serving\.yaml:{line}: \S*among\[1\]: those of one hand get the same at\.x"):
        in_cell(tmp_path, "named: {label: 0 %, at: {x: 3 mm, y: 1 mm}}")
