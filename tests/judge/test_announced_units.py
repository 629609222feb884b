"""An ordinary set that announces the unit of its angles in `info.json`: it is read as announced, where the values bear that out."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shiliu
from ordinary import AROUND, around, ordinary
from shiliu.replay.checks.integrity import check_integrity, stopped_signals
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.facts.recorded_poses import recorded_poses
from shiliu.replay.judge.intake import own_limits
from shiliu.replay.judge.judge import judge

ANGLES = ("action", "observation.state")
JOINTS = 16  # before the two claws
PLACES = tuple(f"{thing}.{axis}" for thing in ("bowl", "empty") for axis in "xyz")


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("table_setting", ["scenario.judge.if_unknown=null"])


@pytest.mark.parametrize(
    ("announced", "stored", "unit", "root"),
    [
        ("deg", "deg", "deg", None),
        (None, "deg", "rad", "unit.degrees"),  # as such sets are read that announce nothing
        ("deg", "rad", "rad", None),  # a word that no value bears out
        ("deg", "spike", "rad", None),  # nor does one row, which is judged as it is
        ("rad", "deg", "rad", "unit.degrees"),
    ],
)
def test_a_unit_that_is_announced_is_read(scene, demonstrated, tmp_path, announced, stored, unit, root):
    def change(columns):
        for name in ANGLES if stored == "deg" else ():
            columns[name][:, :JOINTS] = np.rad2deg(columns[name][:, :JOINTS])
        if stored == "spike":
            columns["observation.state"][100, 0] = 9.0

    ordinary(scene, demonstrated(2).episode, tmp_path / "set", change)
    info = tmp_path / "set" / "meta" / "info.json"
    tree = json.loads(info.read_text(encoding="utf-8"))
    for name in ANGLES:
        tree["features"][name] |= {} if announced is None else {"unit": announced}
    info.write_text(json.dumps(tree), encoding="utf-8")
    (take,) = shiliu.read(tmp_path / "set")
    joints = [one for one in take.streams.values() if "zarm_l1_joint" in one.names and one.quantity == "joint_position"]
    assert len(joints) == 2 and {one.unit for one in joints} == {unit}
    (verdict,) = judge([take], scene, threads=1)
    assert {one.code for one in verdict.findings if one.failed and one.code == "unit.degrees"} == ({root} if root else set())
    assert verdict.verdict == ("FEASIBLE" if root is None and stored != "spike" else "UNSOUND")


@pytest.mark.parametrize(
    ("announced", "size", "unit", "cause"),
    [("1", 0.01, "1", None), ("m", 8.5e-4, "m", "length_of_hand"), ("1", 1.0, "%", None), (None, 8.5e-4, "%", "length"),
     ("0.01 deg", 18000.0 / np.pi, "cdeg", None)],
)  # fmt: skip
def test_hands_and_small_degrees_are_read_as_announced(scene, demonstrated, tmp_path, announced, size, unit, cause):
    """How wide a hand is that is given in metres, nothing tells; where nobody announces it, the unit is wrong."""
    columns = slice(0, JOINTS) if unit == "cdeg" else slice(JOINTS, None)

    def change(table):
        for name in ANGLES:
            table[name][:, columns] *= size

    ordinary(scene, demonstrated(2).episode, tmp_path / "set", change)
    info = tmp_path / "set" / "meta" / "info.json"
    tree = json.loads(info.read_text(encoding="utf-8"))
    for name in ANGLES:
        joints, hands = ("0.01 deg", "%") if unit == "cdeg" else ("rad", announced or "%")
        tree["features"][name] |= {"unit": [joints] * JOINTS + [hands] * (len(tree["features"][name]["names"]) - JOINTS)}
        for key in ("low", "high"):  # which would be those of the other unit
            tree["features"][name].pop(key, None)
    info.write_text(json.dumps(tree), encoding="utf-8")
    (take,) = shiliu.read(tmp_path / "set")
    quantity = "joint_position" if unit == "cdeg" else "claw"
    assert {one.unit for one in take.streams.values() if one.quantity == quantity} == {unit}
    if unit == "1":
        return  # the speeds and forces of these hands still count in percent
    found = {one.code: one for one in check_integrity(take, own_limits(), load_rules())}
    finding = found["value.range"]
    assert (finding.reason or finding.details.get("kind")) == cause and finding.level in ("PASS", "NOT_CHECKED", "FAIL")
    assert stopped_signals(found.values(), take).get("command") == (cause if cause == "length_of_hand" else None)
    if unit == "cdeg":
        (verdict,) = judge([take], scene, threads=1)
        assert verdict.verdict == "FEASIBLE"


def test_places_of_things_are_read_in_the_unit_that_is_announced(scene, demonstrated, tmp_path):
    """In the scene as at intake; unannounced, millimetres are a fault."""

    def change(table):
        for name in PLACES:
            around(scene, table, name)[:] *= 1000.0

    (plain,) = ordinary(scene, demonstrated(2).episode, tmp_path / "plain")
    (unsaid,) = ordinary(scene, demonstrated(2).episode, tmp_path / "set", change)
    info = tmp_path / "set" / "meta" / "info.json"
    tree = json.loads(info.read_text(encoding="utf-8"))
    feature = tree["features"][AROUND]
    feature["unit"] = " ".join("mm" if name in PLACES else "1" for name in feature["names"])
    info.write_text(json.dumps(tree), encoding="utf-8")
    (announced,) = shiliu.read(tmp_path / "set")
    there, here = (recorded_poses(scene, take, 0.0) for take in (plain, announced))
    assert set(there) == set(here) == {"bowl", "empty"}
    assert all(np.allclose(here[name].pos, there[name].pos, atol=1e-5) for name in there)
    for take, level in ((plain, "PASS"), (announced, "PASS"), (unsaid, "FAIL")):
        found = {one.code: one for one in check_integrity(take, own_limits(), load_rules())}["column.differs"]
        assert found.level == level and (level == "PASS" or found.details["why"] == "why_millimetres")
