"""Variation against the public facts of the scenarios: every item that they vary is drawn with its range, or the card says why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from shiliu.scenarios.catalog import list_scenarios, load_scenario
from shiliu.scenarios.reading.config import nominal_values

ROOT = Path(__file__).resolve().parents[1]
# scenario -> item of the facts' `randomize` -> what is drawn, by key, from where to where (SI) and in the facts' own words;
# or a phrase of the scenario's notes, which tell why it is not
ITEMS: dict[str, dict[str, dict[str, tuple[float, float, str]] | str]] = {
    "microwave": {
        "handle type (bar, pocket, button)": "pocket and button openers",
        "hinge side": "right-hand hinge",
        "latch force": {"oven.latch_force": (15, 35, "latch release 15-35 N")},
        "oven pose +-80 mm / +-15 deg": {
            "oven.at.x": (-0.08, 0.08, "+-80 mm"),
            "oven.at.y": (-0.08, 0.08, "+-80 mm"),
            "oven.yaw": (-0.261799, 0.261799, "+-15 deg"),
        },
        "counter height": {"counter.height": (0.85, 0.90, "counter 0.85-0.90 m")},
        "bowl type and fill": {"food.mass": (0.10, 0.25, "0.25 kg")},
        "panel layout": "panel layout",
    },
    "car_assembly": {
        "part poses in lane +-20 mm / +-180 deg yaw": "part poses in lane are drawn by",
        "lane assignment": "Lane assignment",
        "shelf height +-40 mm": {"rack.raised": (-0.04, 0.04, "shelf height +-40 mm")},
        "tray pose +-50 mm / +-15 deg": "tray pose by",
        "friction 0.3-0.9": {"friction": (0.5, 1.5, "friction 0.3-0.9")},  # times 0.6
        "part mass +-20 %": {"bracket.mass": (0.224, 0.336, "part mass +-20 %")},
        "hole clearance 0.3-0.7 mm": {"panel.hole_diameter": (8.8e-3, 9.2e-3, "clip shank of 8.5 mm")},
        "light 200-1000 lx": "light",
    },
    "drink_assist": {
        "cup/bottle type": "cup/bottle types",
        "fill": {"bottle.water": (250e-6, 450e-6, "0.58 kg full")},
        "person height": {"person.height": (1.5, 1.7, "seated mannequin")},
        "hand pose": {"person.hand_height": (0.84, 0.95, "0.70-0.95 m height")},
        "pull force and delay": {
            "person.pull": (3, 8, "pull of 3-8 N"),
            "person.delay": (0.2, 0.8, "release 0.2-0.6 s after pull"),
        },
        "left/right handed": "`variant=left_handed`",
        "table height": {"table.height": (0.74, 0.78, "meal tray 450x320 mm at 0.72 m")},
    },
    "laundry_folding": {
        "item type": "T-shirt",
        "size +-15 %": "size of the towel",
        "mass 300-600 g/m2": {"towel.mass": (0.0788, 0.1575, "hand towel 350x750 mm")},
        "stiffness": {"towel.stiffness": (0.7, 1.3, "bend stiffness")},
        "initial crumple (drop height 0.3 m, random grasp)": "`variant=crumpled`",
        "colour/pattern": "colour and pattern",
        "table friction": "friction of the table",
    },
}


@pytest.fixture(scope="module")
def facts() -> dict[str, dict]:
    file = ROOT.parent / "shared" / "facts" / "scenarios.json"
    if not file.is_file():
        pytest.skip("the facts of the scenarios are not on this machine")
    return {scenario["id"]: scenario for scenario in json.loads(file.read_text(encoding="utf-8"))["scenarios"]}


def items_of(text: str) -> list[str]:
    """The items of a list that is separated by commas outside brackets."""
    items, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            items.append("")
        else:
            items[-1] += character
    return [item.strip() for item in items]


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_is_drawn_as_the_facts_say_or_the_card_tells_why_not(name, facts):
    assert set(items_of(facts[name]["randomize"])) == set(ITEMS[name])
    said = json.dumps(facts[name], ensure_ascii=False)
    notes = (ROOT / "docs" / "scenarios" / f"{name}.notes.md").read_text(encoding="utf-8")
    config = load_scenario(name).config
    nominal, varied = nominal_values(config), {vary.key: vary for vary in config.variation}
    for item, how in ITEMS[name].items():
        if isinstance(how, str):
            assert how in " ".join(notes.split()), f"{item}: the notes do not speak of {how!r}"
            continue
        for key, (low, high, words) in how.items():
            assert words in said, f"{item}: the facts do not say {words!r}"
            vary = varied[key]
            at = 0.0 if vary.replace or ".at." in key or key.endswith("yaw") else nominal[key]
            assert (at + vary.low, at + vary.high) == pytest.approx((low, high), rel=1e-4, abs=1e-9), item


def test_scenarios_of_the_centre_are_all_compared(facts):
    named = {name for name, file in list_scenarios().items() if name in facts and yaml.safe_load(file.read_text())}
    assert named == set(ITEMS)
