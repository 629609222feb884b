"""Recorded places in another unit or frame: by numbers alone."""

import numpy as np
import pytest
from shiliu.replay.checks.object_frame import JointWay, check_frame
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.report import Words

RULES = load_rules()
LAID = {"cup": np.array([0.52, -0.31, 0.87]), "tray": np.array([0.44, 0.25, 0.86])}
PUT = {"cup": np.array([0.47, -0.02, 0.91]), "tray": np.array([0.71, 0.33, 0.90])}  # elsewhere, as people put things
DOOR, DRAWER = JointWay(0.0, 1.7, 0.0, 1.5, False), JointWay(0.0, 0.35, 0.0, 0.28, True)


def found(places=PUT, joints=(), impossible=()):
    one = check_frame(places, LAID, dict(joints), dict(impossible), RULES)
    (finding,) = one.findings
    return one.things, finding


def test_things_that_people_put_elsewhere_and_doors_that_rest_on_their_stops_are_in_their_unit():
    over = JointWay(0.0, 1.7, -0.04, 1.9, False)
    things, one = found(joints={"box.door": over, "box.drawer": DRAWER})
    assert (one.level, things) == ("PASS", {}) and one.value < 0.5


@pytest.mark.parametrize(("factor", "unit"), [(1000.0, "millimetres"), (100.0, "centimetres")])
def test_one_thing_in_a_smaller_unit_is_named_with_it(factor, unit):
    things, one = found(PUT | {"tray": PUT["tray"] * factor})
    assert (one.level, one.subject, one.stage) == ("FAIL", ("tray",), "integrity")
    assert one.value == pytest.approx(np.linalg.norm(PUT["tray"] * factor - LAID["tray"]))
    assert things == {"tray": pytest.approx(1.0 / factor)} and unit in Words("en").message(one)


def test_all_things_in_another_unit_are_one_finding():
    things, one = found({name: 100.0 * place for name, place in PUT.items()})
    assert set(one.subject) == set(things) == {"cup", "tray"}


def test_what_no_unit_explains_is_left_to_others():
    assert found(PUT | {"cup": np.array([40.0, 1.0, 0.0])})[1].level == "PASS"


def test_a_door_in_degrees_and_a_drawer_in_millimetres_are_found_by_their_ranges():
    degrees = JointWay(DOOR.low, DOOR.high, 0.0, 86.0, False)
    things, one = found(joints={"box.door": degrees, "box.drawer": DRAWER})
    assert (one.level, one.subject, one.value) == ("FAIL", ("box.door",), pytest.approx(86.0 - 1.7))
    assert things["box.door"] == pytest.approx(np.pi / 180.0) and "degrees" in Words("en").message(one)
    things, one = found(joints={"box.drawer": JointWay(0.0, 0.35, 0.0, 280.0, True)})
    assert things == {"box.drawer": 1e-3} and "毫米" in Words("zh").message(one)
    assert found(joints={"box.door": JointWay(0.0, 1.7, 0.0, 500.0, False)})[1].level == "PASS", "nor in degrees"


def test_places_of_which_no_scene_can_be_made_are_in_another_frame():
    above = {name: place - [0.1, 0.0, 0.86] for name, place in PUT.items()}
    things, one = found(above, impossible={"table.height": -0.02})
    assert (one.level, one.details["kind"], set(things)) == ("FAIL", "frame", {"cup", "tray"})
    assert one.details["lower"] == pytest.approx(0.82) and "820 mm" in Words("en").message(one)
