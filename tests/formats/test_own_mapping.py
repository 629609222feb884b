"""A mapping in the designer's folder is found by name, by what it recognises, and by every way in which a run is begun."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shiliu
from shiliu import cli
from shiliu.replay.formats.mappings import available, load
from shiliu.scenarios.sheet.errors import EpisodeError

MAPPING = """
title: two joints
format: npz
robot: {robot}
kind: robot
recognise: {{channels: {{{channel}: 2}}}}
fps: 30
streams:
  - {{name: {channel}, field: {channel}, role: command, quantity: joint_position, unit: {unit}, names: [shoulder_pan.pos, elbow.pos]}}
"""
ROBOT = """
title: {en: Two joints, zh: 双关节}
base: fixed
sources: {sheet: {text: "data sheet", grade: published}}
limits: {position: sheet, velocity: sheet}
joints:
  shoulder_pan: {ALSO position: [-97 deg, 97 deg], velocity: 300 deg/s}
  elbow: {position: [-97 deg, 97 deg], velocity: 300 deg/s}
"""


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def take(path: Path, channel: str, most: float) -> None:
    """4 s at 30 Hz: the first joint swings from rest to `most` and back, the second moves a little."""
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(120) / 30.0
    swing = 0.5 * (1.0 - np.cos(np.pi * t / 2.0))
    np.savez(path, **{channel: np.stack([most * swing, 0.1 * most * swing], axis=1)})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "conf/mapping/my_two.yaml", MAPPING.format(robot="two", channel="two_arm", unit="deg"))
    put(tmp_path / "conf/mapping/my_three.yaml", MAPPING.format(robot="three", channel="three_arm", unit="rad"))
    put(tmp_path / "conf/robot/two.yaml", ROBOT.replace("ALSO", "also: [shoulder_pan.pos],"))
    take(tmp_path / "takes/a.npz", "two_arm", 100.0)
    take(tmp_path / "takes/b.npz", "three_arm", 1.0)
    return tmp_path


def judged(*words: str, out: Path = Path("v")) -> dict[str, dict]:
    code = cli.main(["replay", "data=takes", f"out={out}", "pictures=false", "quiet=true", *words])
    assert code in (0, 1, 3)
    return {one["source"]: one for one in map(json.loads, (out / "verdicts.jsonl").read_text().splitlines())}


@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize("how", [(), ("workers=1",)])
def test_takes_of_two_own_robots_are_judged_in_one_run(folder, how):
    found = judged(*how)
    assert [one["provenance"]["mapping"] for one in found.values()] == ["my_two", "my_three"]
    (past,) = [f for f in found["a.npz"]["findings"] if f["code"] == "joint.position" and f["level"] == "FAIL"]
    assert past["value"] == pytest.approx(np.radians(100.0), rel=1e-3) and past["unit"] == "rad"
    assert past["message"] == "shoulder_pan.pos goes to 100° (1.75 rad); its range ends at 97° (1.69 rad)"


def test_a_mapping_of_the_folder_that_the_command_names(folder, monkeypatch):
    (folder / "conf").rename(folder / "mine")
    (elsewhere := folder / "elsewhere").mkdir()
    (folder / "takes").rename(elsewhere / "takes")
    monkeypatch.chdir(elsewhere)
    found = judged("--config-dir=../mine")
    assert found["a.npz"]["provenance"]["mapping"] == "my_two"
    by_name = judged("--config-dir=../mine", "mapping=my_two", out=Path("v2"))
    assert "error" not in by_name["a.npz"] and "three_arm" in by_name["b.npz"]["error"]["message"]
    assert "my_two" not in available()  # and no other command finds it


def test_what_list_shows_is_found_by_name(folder, capsys):
    assert cli.main(["list", "mappings", "--json"]) == 0
    names = [row["name"] for row in json.loads(capsys.readouterr().out)["mappings"]]
    assert {"my_two", "my_three", "kuavo_rosbag"} <= set(names) and sorted(names) == available()
    for name in names:
        assert load(name).name == name
    with pytest.raises(EpisodeError, match="Did you mean my_two"):
        load("my_twoo")


def test_a_file_of_ones_own_stands_for_the_packages_of_that_name(folder):
    put(folder / "conf/mapping/kuavo_rosbag.yaml", MAPPING.format(robot="two", channel="mine", unit="rad"))
    assert load("kuavo_rosbag").title == "two joints"


def test_a_slip_in_an_own_mapping_stops_only_who_needs_it(folder):
    put(folder / "conf/mapping/broken.yaml", MAPPING.format(robot="x", channel="c", unit="rad").replace("kind: robot", "kind: robott"))
    (first, second) = shiliu.read("takes")
    assert (first.mapping, second.mapping) == ("my_two", "my_three")
    with pytest.raises(EpisodeError, match=r"conf/mapping/broken\.yaml:5: kind: 'robott' is not known here"):
        load("broken")
    take(folder / "other.npz", "c", 1.0)
    with pytest.raises(EpisodeError, match=r"(?s)no mapping knows.*not tried.*conf/mapping/broken\.yaml:5"):
        list(shiliu.read("other.npz"))
    put(folder / "conf/mapping/broken.yaml", MAPPING.format(robot="x", channel="c", unit="rad"))
    (mended,) = shiliu.read("other.npz")  # without a new process
    assert mended.mapping == "broken"


def test_names_that_differ_by_a_word_are_proposed(folder, capsys):
    put(folder / "conf/robot/two.yaml", ROBOT.replace("ALSO", ""))
    code = cli.main(["replay", "data=takes/a.npz", "out=v", "pictures=false"])
    assert code == 3
    shown = " ".join(capsys.readouterr().out.split())
    assert "shoulder_pan.pos = shoulder_pan, elbow.pos = elbow" in shown and "write also: [shoulder_pan.pos] at shoulder_pan" in shown
    (line,) = map(json.loads, Path("v/verdicts.jsonl").read_text().splitlines())
    assert line["findings"][line["root"]]["reason"] == "other_names" and line["owner"] == "auditor"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("unit: deg", "unit: degrees", r"streams\[0\]\.unit: 'degrees' is no unit of joint_position\. Did you mean deg\?"),
        ("unit: deg", "unit: mm", r"streams\[0\]\.unit: 'mm' is no unit of joint_position"),
        ("unit: deg", "unit: rad/s", r"'rad/s' is no unit of joint_position"),
        ("unit: deg", "unit: deg deg deg", r"has 3 units for 2 columns"),
        ("joint_position", "joint_positon", r"streams\[0\]\.quantity: 'joint_positon' is not a quantity .*Did you mean joint_position"),
    ],
)
def test_a_quantity_or_unit_of_no_reader_is_refused_with_its_line(folder, capsys, old, new, message):
    file = folder / "conf/mapping/my_two.yaml"
    put(file, file.read_text().replace(old, new))
    with pytest.raises(EpisodeError, match=rf"my_two\.yaml:9: .*{message}"):
        load("my_two")
    assert cli.main(["replay", "data=takes", "out=w", "mapping=my_two", "quiet=true"]) == 2
    assert "my_two.yaml:9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("names: [shoulder_pan.pos, elbow.pos]", "names: [elbow.pos, elbow.pos]", r":9: streams\[0\]\.names: names 'elbow\.pos' twice"),
        ("streams:\n", "streams:\n  - {name: two_arm, field: b, role: measured, quantity: other, unit: x, names: [b]}\n",
         r":10: streams\[1\]\.name: every stream needs a name of its own, and another one is called 'two_arm', too"),
    ],
)  # fmt: skip
def test_what_has_a_name_twice_is_called_by_it(folder, old, new, message):
    file = folder / "conf/mapping/my_two.yaml"
    put(file, file.read_text().replace(old, new))
    with pytest.raises(EpisodeError, match=rf"my_two\.yaml{message}"):
        load("my_two")


def test_units_of_a_device_and_of_the_robots_own_scale_are_taken(folder):
    file = folder / "conf/mapping/my_two.yaml"
    text = file.read_text()
    for unit in ("-100..100", "'%'", "count", "rad deg"):
        put(file, text.replace("unit: deg", f"unit: {unit}"))
        assert load(file).arrays
    put(file, text.replace("unit: deg", "unit: notch"))
    with pytest.raises(EpisodeError, match="what the robot's sheet has under scale"):
        load(file)
    robot = folder / "conf/robot/two.yaml"
    put(robot, robot.read_text() + "scale: {notch: 0.5 deg}\n")
    put(file, text.replace("unit: deg", "unit:  notch"))
    assert load(file).arrays
    put(file, text.replace("role: command, quantity: joint_position, unit: deg", "role: event, quantity: lamp, unit: lux"))
    assert load(file).arrays  # an event may be called by any word


@pytest.mark.parametrize("line", ["format: lerobto", ""])
def test_a_wrong_format_is_the_one_problem_of_a_file(folder, line):
    file = folder / "conf/mapping/my_two.yaml"
    put(file, file.read_text().replace("format: npz", line))
    with pytest.raises(EpisodeError, match=r"\bformat\b") as message:
        load(file)
    assert "streams" not in str(message.value) and "topics" not in str(message.value)
