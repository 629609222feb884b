"""Recordings at their edges: streams of one sample, roles and units of features, files as large as may be, rows that are counted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from joint_streams import recording, stream
from shiliu.replay.recording import located
from shiliu.replay.recording.declared import Declared
from shiliu.replay.recording.features import streams_of
from shiliu.replay.recording.metadata import add_metadata, from_plain
from shiliu.replay.recording.pictures import PictureSamples, brightness_of
from shiliu.replay.recording.quantities import unit_fault
from shiliu.scenarios.sheet.errors import EpisodeError


@pytest.mark.parametrize(("n", "duration", "rate"), [(1, 0.0, None), (2, 1 / 30, 30.0), (31, 1.0, 30.0)])
def test_a_rate_is_of_the_steps_between_samples(n, duration, rate):
    one = stream("measured", np.arange(n), ("j",))
    assert one.duration_s == pytest.approx(duration, abs=1e-9)
    assert np.isnan(one.rate) if rate is None else one.rate == pytest.approx(rate)


@pytest.mark.parametrize(
    ("name", "feature", "wanted"),
    [
        ("action", {"unit": "rad"}, [("action", "command", "joint_position", "rad", ("action[0]", "action[1]"))]),
        ("observation.state", {"unit": ["rad", "%"], "names": ["elbow", "claw"]},
         [("observation.state/joint_position", "measured", "joint_position", "rad", ("elbow",)),
          ("observation.state/claw", "measured", "claw", "%", ("claw",))]),
        ("observation.shiliu.force", {"unit": ["N", "kg"], "quantity": "load"},
         [("observation.shiliu.force", "measured", "load", "N kg", ("observation.shiliu.force[0]", "observation.shiliu.force[1]"))]),
        ("next.reward", {"unit": "1"}, [("next.reward", "event", "next.reward", "1", ("next.reward[0]", "next.reward[1]"))]),
        ("next.reward", {"unit": "1", "role": "measured"}, [("next.reward", "measured", "next.reward", "1", None)]),
    ],
)  # fmt: skip
def test_a_feature_becomes_streams_by_its_name_and_units(name, feature, wanted):
    values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    found = list(streams_of(name, feature, values, np.arange(3, dtype=np.int64)))
    assert [(s.name, s.role, s.quantity, s.unit) for s in found] == [one[:4] for one in wanted]
    assert all(names in (None, s.names) for s, (*_, names) in zip(found, wanted))
    assert np.array_equal(np.hstack([s.values for s in found]), values)
    (single,) = streams_of("height", {}, values[:, :1], np.arange(3, dtype=np.int64))
    assert single.names == ("height",)


ROW = {"sha256": "0" * 64, "camera": "head", "names": [f"cup.{axis}" for axis in located.AXES],
       "values": [0.5, -0.2, 0.9, 1.0, 0.0, 0.0, 0.0], "within": {"cup": {"position": 0.004, "angle": 0.02}}, "unknown": {}}  # fmt: skip


def written(folder, **changes):
    path = folder / "located.json"
    path.write_text(json.dumps({"layout": located.LAYOUT, "recordings": {"a": ROW | changes}}))
    return path


def test_a_file_of_located_things_may_be_as_large_as_its_bound(tmp_path, monkeypatch):
    path = written(tmp_path)
    monkeypatch.setattr(located, "MAX_BYTES", path.stat().st_size)
    assert located.read_located(path) == {"a": ROW} and located.read_located(tmp_path / "none.json") == {}
    monkeypatch.setattr(located, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(EpisodeError, match="larger than 0 MiB"):
        located.read_located(path)
    monkeypatch.setattr(located, "MAX_BYTES", 5 << 20)
    path.write_text(path.read_text() + " " * (5 << 20))
    with pytest.raises(EpisodeError, match="larger than 5 MiB"):
        located.read_located(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"values": ROW["values"][:6]}, "differ in number"), ({"sha256": 7}, "differ in number"),
     ({"values": ["x", *ROW["values"][1:]]}, "is no number"),
     ({"within": {}}, "how far off"), ({"unknown": []}, "how far off"), ({"within": {"cup": {"position": 0.004}}}, "angle")],
)  # fmt: skip
def test_a_row_of_located_things_is_whole(tmp_path, changes, message):
    with pytest.raises(EpisodeError, match=message):
        located.read_located(written(tmp_path, **changes))


@pytest.mark.parametrize(
    ("quantity", "unit", "width", "own", "right"),
    [("joint_position", "rad", 7, (), True), ("joint_position", "rad rad", 4, (), True), ("joint_position", "rad rad", 3, (), False),
     ("joint_position", "Nm", 7, (), False), ("joint_position", "rad Nm", 2, (), False), ("joint_position", " ", 7, (), False),
     ("joint_velocity", "0..255", 7, (), False), ("hand", "0..255", 7, (), True), ("hand", "steps", 7, (), False),
     ("hand", "steps", 7, ("steps",), True), ("joint_velocity", "steps", 7, ("steps",), False), ("hand", "% steps", 2, ("steps",), True),
     ("force", "mN", 3, (), True), ("force", "mm", 3, (), False), ("wrench", "kN kN kN mNm mNm mNm", 6, (), True),
     ("joint_torque", "mNm", 7, (), True), ("joint_torque", "mA", 7, (), False), ("effort", "mA", 7, (), True)],
)  # fmt: skip
def test_units_of_a_quantity_of_ranges_and_of_a_robots_own_scale(quantity, unit, width, own, right):
    fault = unit_fault(quantity, unit, width, own)
    assert (fault is None) == right
    named = "is no unit of" in (fault or "")
    assert not named or ("A range such as 0..255 is one too" in fault) == (quantity not in ("joint_velocity", "force", "joint_torque"))


LEAST = {"operator": "P-0042", "centre": "A", "licence": "CC-BY-4.0", "consent": True}


@pytest.mark.parametrize(
    ("stated", "filed", "command", "cell", "with_note"),
    [(None, None, None, None, False), ("lab", None, None, "lab", False), (None, "hall", None, "hall", False),
     ("lab", "lab", None, "lab", False),
     ("lab", "hall", None, "hall", True), (None, "hall", "hall", "hall", False), ("lab", None, "hall", "hall", True),
     (None, None, "hall", "hall", False)],
)  # fmt: skip
def test_a_cell_of_its_own_is_replaced_with_a_note_alone(stated, filed, command, cell, with_note):
    of = recording(stream("measured", np.zeros(9), ("j",)), cell=stated)
    add_metadata(of, metadata_of(cell=filed) if filed else None, command)
    assert of.cell == cell and bool(of.notes) == with_note and ("demonstration" in of.metadata) == (filed is not None)


def metadata_of(**more):
    known = {key: value for key, value in (LEAST | more).items() if value is not None}
    return from_plain(known)


@pytest.mark.parametrize(
    ("counter", "frame"),
    [([0, 1, 2], [0, 1, 2]), ([5, 6, 9], [5, 6, 9]), ([0, 1, 1], [0, 1, 2]), ([2, 1, 0], [0, 1, 2]), ([0, 1], [0, 1, 2]),
     (None, [0, 1, 2])],
)  # fmt: skip
def test_frames_are_those_that_the_set_counts_where_it_does_so(counter, frame):
    counters = {} if counter is None else {"frame_index": np.array(counter)}
    assert Declared(3, counters=counters).frame.tolist() == frame
    assert Declared(0, counters={"frame_index": np.zeros(0, np.int64)}).frame.tolist() == []


def test_brightness_and_change_are_means_of_the_cells_and_none_is_known_across_a_cut():
    cells = np.zeros((4, 2, 3), np.uint8)
    cells[1, 0, 2], cells[2:, 1, :], cells[3, 0, 0] = 60, 30, 120
    of = brightness_of(PictureSamples("head", np.arange(4.0), cells, np.array([0, 0, 0, 1])))
    assert np.allclose(of.brightness, [0.0, 10.0, 15.0, 35.0])
    assert np.allclose(of.change[:2], [10.0, (60.0 + 90.0) / 6.0]) and np.isnan(of.change[2])


def test_a_recording_tells_how_long_it_is_and_what_it_says_of_its_success():
    long, short = stream("command", [0.0] * 76, ("j",)), stream("measured", [0.0] * 31, ("j",))
    take = recording(short, long, metadata={"label": {"success": False}})
    assert take.duration_s == pytest.approx(2.5, abs=1e-6) and take.label == {"success": False}
    other = recording(metadata={"label": "failed"})
    assert other.duration_s == 0.0 and other.label is None
