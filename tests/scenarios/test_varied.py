"""Variation against what the centre's scenarios ask to be varied: every item is drawn with its range, or the card says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shiliu.scenarios.catalog.catalog import list_scenarios, load_scenario
from shiliu.scenarios.reading.config import dealt_values, nominal_values

ROOT = Path(__file__).resolve().parents[2]
# scenario -> item that is to be varied -> what is drawn, by key, from where to where (SI); or the keys that are dealt out anew; or a
# phrase of the scenario's notes, which tell why it is not, or not so far
ITEMS: dict[str, dict[str, dict[str, tuple[float, float]] | frozenset[str] | str]] = {
    "microwave": {
        "handle type (bar, pocket, button)": "pocket and button openers",
        "hinge side": "right-hand hinge",
        "latch force": {"oven.latch_force": (15, 35)},
        "oven pose +-80 mm / +-15 deg": {
            "oven.at.x": (-0.08, 0.08),
            "oven.at.y": (-0.08, 0.08),
            "oven.yaw": (-0.261799, 0.261799),
        },
        "counter height": {"counter.height": (0.85, 0.90)},
        "bowl type and fill": {"food.mass": (0.10, 0.25)},
        "panel layout": "panel layout",
    },
    "car_assembly": {
        "part poses in lane +-20 mm / +-180 deg yaw": "part poses in lane are drawn by",
        "lane assignment": "Lane assignment",
        "shelf height +-40 mm": {"rack.raised": (-0.04, 0.04)},
        "tray pose +-50 mm / +-15 deg": "tray pose by",
        "friction 0.3-0.9": {"friction": (0.5, 1.5)},  # times 0.6
        "part mass +-20 %": {"bracket.mass": (0.224, 0.336)},
        "hole clearance 0.3-0.7 mm": {"panel.hole_diameter": (8.8e-3, 9.2e-3)},
        "light 200-1000 lx": "light",
    },
    "drink_assist": {
        "cup/bottle type": "cup/bottle types",
        "fill": {"bottle.water": (250e-6, 450e-6)},
        "person height": {"person.height": (1.5, 1.7)},
        "hand pose": {"person.hand_height": (0.84, 0.95)},
        "pull force and delay": {
            "person.pull": (3, 8),
            "person.delay": (0.2, 0.8),
        },
        "left/right handed": "`variant=left_handed`",
        "table height": {"table.height": (0.74, 0.78)},
    },
    "room_organization": {
        "item count 4-10": "**Item count** is not drawn",
        "poses": {"bear.at.x": (-0.02, 0.02), "shirt.at.x": (-0.03, 0.03), "pillow.at.x": (-0.025, 0.025)},
        "clutter": {"tin.at.y": (-0.04, 0.02)},
        "shelf free width": {"shelf.free": (0.090, 0.102)},
        "quilt crumple": '"quilt crumple" is drawn as',
        "drawer friction": {"chest.friction": (4.0, 10.0)},
        "light": {"room.shade": (0.70, 1.04)},
    },
    "material_handling": {
        "mass 1.8-6 kg": {"load.mass": (0.2, 4.2)},  # in a crate of 1.8 kg
        "load offset +-80 mm": {"load.at.x": (-0.08, 0.08), "load.at.y": (-0.08, 0.08)},
        "crate yaw +-15 deg": {"crate.yaw": (-0.261799, 0.261799)},
        "slot": "**Slot**: the same in each draw",
        "shelf height +-50 mm": {"rack.raised": (-0.05, 0.05)},
        "floor friction 0.5-1.0": "**Floor friction**",
        "start 0.5-1.5 m away": {"table.at.x": (-0.5, 0.5)},  # of a table 1 m before the robot
    },
    "remote_inspection": {
        "delay/jitter/loss profile": "**The link is a setting**",
        "gauge values": {"pipes.large_reading": (0.05, 0.95), "pipes.small_reading": (0.05, 0.95)},
        "glare": "**Glare** and **background noise**",
        "switch start position": {"cabinet.switch_position": (-0.785398, 0.785398)},
        "cabinet pose +-100 mm": {"cabinet.at.x": (-0.1, 0.1), "cabinet.at.y": (-0.1, 0.1)},
        "lighting 50-800 lx": {"room.light": (0.05, 0.80)},
        "background noise": "**Glare** and **background noise**",
    },
    "room_delivery": {
        "door side (push/pull, hinge)": "**Door side (push/pull, hinge)**",
        "lever vs knob vs intercom": "**lever vs knob vs intercom**",
        "lock type": "**lock type**",
        "spring torque": {"door.return_torque": (1.0, 1.5), "door.opening_force": (8.0, 9.5)},
        "desk clutter": "**Desk clutter** is fixed",
        "person position": "**Person position** and **5G delay**",
        "5G delay": "**Person position** and **5G delay**",
    },
    "bedside_care": {
        "start pose of chair +-0.2 m / +-20 deg": {
            "chair.at.x": (-0.2, 0.2),
            "chair.at.y": (-0.2, 0.2),
            "chair.yaw": (-0.349066, 0.349066),
        },
        "rolling resistance 0.01-0.03": {"chair.rolling_resistance": (0.01, 0.03)},
        "chair mass 15-20 kg": {"chair.mass": (15, 20)},
        "bed height": {"bed.height": (0.58, 0.66)},
        "mannequin posture": '"Mannequin posture"',
        "blanket stiffness": {"blanket.stiffness": (0.015, 0.025)},
        "blanket fold": '"Blanket fold"',
    },
    "table_wiping": {
        "stain pattern and area": {"mat.pattern": (0.0, 1.0), "mat.area": (0.3, 0.8)},
        "item set 2-6": "facts say 2 to 6, another set in each draw",
        "poses": {"mug.at.x": (-0.01, 0.015), "spoon.at.x": (-0.02, 0.02), "paper.at.x": (-0.06, 0.06)},
        "cloth size": {"cloth.size": (0.28, 0.32)},
        "wetness (friction 0.4-0.9)": {"cloth.wetness": (0.4, 0.9)},
        "table height": {"table.height": (0.75, 0.85)},
        "colour": {"table.shade": (0.6, 1.1)},
    },
    "medication_serving": {
        "shelf": "the upper shelf is beyond",
        "item order": frozenset({"named.at.y", "twin.at.y", "third.at.y", "named.at.z", "large.at.z"}),
        "look-alike labels": frozenset({"named.label", "twin.label", "third.label"}),
        "spacing 10-40 mm": "spacing 10-40 mm",
        "door side": "door side",
        "catch force": {"cabinet.catch_force": (8, 20)},
        "light": {"cabinet.light": (0.1, 0.55)},
        "tray pose": {"tray.at.x": (-0.02, 0.01), "tray.at.y": (-0.02, 0.02), "table.height": (0.77, 0.83)},
        "person posture": "person posture",
    },
    "parcel_sorting": {
        "belt speed": {"belt.speed": (0.10, 0.12), "feed.speed": (0.10, 0.12)},
        "belt speed 0.10 to 0.40 m/s": "**Belt speed** is drawn from 0.10 to 0.12 m/s",
        "spacing 0.25-0.8 m": "**Spacing** is",
        "parcel class/mass/yaw": {"pouch.mass": (0.2, 0.8), "carton.mass": (0.4, 1.5), "carton.yaw": (-0.226893, 0.226893)},
        "label side and wear": "**Label side and wear**",
        "chute map": frozenset({"chute_1.yaw", "chute_3.yaw"}),
        "network delay off/on": "**Network delay**",
    },
    "shelf_restocking": {
        "planogram": frozenset({"drink.at.y", "drink_behind.at.y", "drink_twin.at.y", "drink_third.at.y"}),
        "SKU textures": frozenset({"drink_twin.sku", "drink_third.sku", "care_twin.sku", "bag_twin.sku"}),
        "fill depth": {"drink_behind.at.x": (0.0, 0.04)},
        "facing gaps": {"can_beside.at.y": (-0.010, 0.005), "bag_twin.at.y": (-0.005, 0.015)},
        "item yaw": {"drink.yaw": (-0.20944, 0.20944), "care.yaw": (-0.20944, 0.20944), "can.yaw": (-0.261799, 0.261799)},
        "order": frozenset({"drink.sku", "care.sku", "bag.sku"}),
        "shelf height +-30 mm": {"gondola.raised": (-0.03, 0.03)},
        "lighting": {"aisle.light": (0.05, 0.50)},
    },
    "coil_separation": {
        "coil count 1-8": "**Coil count** is not drawn",
        "nesting pattern": {"coil_m.at.x": (-0.002, 0.002), "coil_s.at.x": (-0.002, 0.002), "coil_l.at.x": (-0.015, 0.003)},
        "stick force": {"coil_m.stick": (3, 12), "coil_l.stick": (3, 12)},
        "class mix": "**Class mix** is not drawn",
        "bin fill height 30-90 %": "**Bin fill height** is that of the stack",
        "bin pose": {"bin.at.x": (-0.004, 0.004), "bin.at.y": (-0.015, 0.015), "bin.yaw": (-0.05236, 0.05236)},
        "colour": "**Colour, glare on copper**",
        "glare on copper": "**Colour, glare on copper**",
    },
    "cooking": {
        "pan and bowl poses": {"pan.at.x": (-0.008, 0.008), "pan.yaw": (-0.10472, 0.10472), "bowl_a.at.y": (-0.01, 0.01)},
        "grain size": {"peas.radius": (5.5e-3, 7e-3), "carrot.radius": (6e-3, 7.4e-3), "corn.radius": (4.6e-3, 5.4e-3)},
        "grain count": "**Not drawn**: grain count, knob type, tool length",
        "knob type": "**Not drawn**: grain count, knob type, tool length",
        "tool length": "**Not drawn**: grain count, knob type, tool length",
        "hob layout": {"hob.at.x": (-0.008, 0.008), "hob.at.y": (-0.01, 0.01)},
        "counter height": {"counter.height": (0.85, 0.90)},
    },
    "package_packing": {
        "product": "There is one product",
        "code side": "The side of the code is not drawn",
        "weight +-5 %": {"soap.mass": (0.1045, 0.1155)},
        "20 % out-of-tolerance cases": "one product in five is out of tolerance",
        "flap stiffness": {"carton.flap_torque": (0.016, 0.024)},
        "carton size +-10 %": "**Size of the carton** does not vary",
        "scale offset": {"scale.offset": (-0.3e-3, 0.3e-3)},
        "belt speed 0.1-0.3 m/s": "no belt, so its speed is not drawn",
    },
    "laundry_folding": {
        "item type": "T-shirt",
        "size +-15 %": "size of the towel",
        "mass 300-600 g/m2": {"towel.mass": (0.0788, 0.1575)},
        "stiffness": {"towel.stiffness": (0.7, 1.3)},
        "initial crumple (drop height 0.3 m, random grasp)": "`variant=crumpled`",
        "colour/pattern": "colour and pattern",
        "table friction": "friction of the table",
    },
}


def test_every_scenario_of_the_centre_is_looked_at():
    """What the centre has none of: a bare floor, a table that is set."""
    assert set(ITEMS) == set(list_scenarios()) - {"bare", "table_setting"}


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_is_drawn_as_asked_or_the_card_tells_why_not(name):
    notes = (ROOT / "docs" / "scenarios" / f"{name}.notes.md").read_text(encoding="utf-8")
    config = load_scenario(name).config
    nominal, varied = nominal_values(config), {vary.key: vary for vary in config.variation}
    for item, how in ITEMS[name].items():
        if isinstance(how, str):
            assert how in " ".join(notes.split()), f"{item}: the notes do not speak of {how!r}"
            continue
        if isinstance(how, frozenset):
            draws = [dealt_values(config, np.random.default_rng(seed)) for seed in range(12)]
            for key in how:
                assert len({draw[key] for draw in draws}) > 1, f"{item}: {key} is {nominal[key]:g} in twelve draws"
            continue
        for key, (low, high) in how.items():
            vary = varied[key]
            at = 0.0 if vary.replace or ".at." in key or key.endswith("yaw") else nominal[key]
            assert (at + vary.low, at + vary.high) == pytest.approx((low, high), rel=1e-4, abs=1e-9), item
