"""Located poses beside recordings: read into them, into their hash, and by the judge; never those of another recording."""

from __future__ import annotations

import json

import numpy as np
import pytest
from bags import arm_bag, only
from shiliu import load_scenario
from shiliu.replay.formats import read
from shiliu.replay.judge.facts.recorded_poses import recorded_poses, resting
from shiliu.replay.locating.markers import Marker, MarkerSet, read_markers, written
from shiliu.replay.locating.places import carriers
from shiliu.replay.recording.located import FILE, KEY, located_of, located_text, row_of
from shiliu.replay.recording.recording import Unreadable
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError

POSE = [0.45, -0.12, 0.8, np.cos(0.2), 0.0, 0.0, np.sin(0.2)]


def located(folder, **changes):
    recording = only(arm_bag(folder / "take.bag"))
    row = row_of(recording.sha256, "head", {"tray": POSE}, {"tray": (0.003, 0.02)}, {"named": "hidden"})
    (folder / FILE).write_text(located_text({"take": {**row, **changes}}, {}), encoding="utf-8")
    return recording


def test_a_located_pose_is_read_and_changes_the_hash(tmp_path):
    before = located(tmp_path)
    recording = only(tmp_path / "take.bag")
    assert located_of(recording)["tray"] == pytest.approx(POSE, abs=1e-6)
    assert recording.metadata[KEY]["within"]["tray"] == {"position": 0.003, "angle": 0.02}
    assert recording.sha256 != before.sha256
    assert next(iter(read(tmp_path))).sha256 == recording.sha256


def test_the_judge_takes_it_for_a_recorded_pose_of_a_thing_that_rests(tmp_path):
    located(tmp_path)
    scene, recording = load_scenario("medication_serving"), only(tmp_path / "take.bag")
    poses = recorded_poses(scene, recording, 0.0)
    assert set(poses) == {"tray"}
    assert poses["tray"].pos == pytest.approx(POSE[:3]) and poses["tray"].quat == pytest.approx(POSE[3:], abs=1e-6)
    assert resting(recording, poses, 0.0) == {"tray"}


def test_poses_of_another_recording_are_refused(tmp_path):
    located(tmp_path, sha256="0" * 64)
    with pytest.raises(EpisodeError, match="another recording of this name"):
        only(tmp_path / "take.bag")
    arm_bag(tmp_path / "whole.bag", n=30)
    items = list(read(tmp_path))
    assert [isinstance(item, Unreadable) for item in items] == [True, False]


@pytest.mark.parametrize("change", [{"values": [1.0]}, {"values": ["x"] * 7}, {"within": {}}, {"values": [*POSE[:3], 2.0, 0.0, 0.0, 0.0]}])
def test_a_broken_file_is_one_error(tmp_path, change):
    located(tmp_path)
    tree = json.loads((tmp_path / FILE).read_text())
    tree["recordings"]["take"] |= change
    (tmp_path / FILE).write_text(json.dumps(tree))
    with pytest.raises(EpisodeError, match="cannot be read"):
        only(tmp_path / "take.bag")


def test_places_of_markers_are_written_and_read_alike(tmp_path):
    markers = MarkerSet(
        "medication_serving",
        (Marker(0, "cell", 0.12, (0.0, -0.75, 0.0)), Marker(3, "tray", 0.06, (0.012, -0.03, 0.004), "left", np.radians(30))),
    )
    path = tmp_path / "markers.yaml"
    path.write_text(written(markers, {"named": "has no flat place"}))
    read_back = read_markers(path)
    assert read_back.scenario == markers.scenario
    for one, other in zip(read_back.markers, markers.markers, strict=True):
        assert (one.id, one.on, one.faces) == (other.id, other.on, other.faces)
        assert one.at == pytest.approx(other.at) and one.turned == pytest.approx(other.turned)
    left = read_back.markers[1].pose.matrix
    assert left[:, 2] == pytest.approx([0, 1, 0])  # it faces the part's left


def test_a_scene_knows_which_of_its_frames_stand_still():
    scene = load_scenario("medication_serving")
    names = ("cell", "table.top", "tray", "cabinet.front")
    found = carriers(scene, MarkerSet("medication_serving", tuple(Marker(i, on, 0.06, (0, 0, 0)) for i, on in enumerate(names))))
    assert found["cell"].known and found["cabinet.front"].known
    assert np.isinf(found["table.top"].sigma[2]) and np.isfinite(found["table.top"].sigma[:2]).all()  # its height is drawn
    assert found["tray"].rests_on == "table.top" and np.isinf(found["tray"].sigma[[0, 1, 5]]).all()
    with pytest.raises(ScenarioError, match="no such part or site"):
        carriers(scene, MarkerSet("medication_serving", (Marker(0, "traay", 0.06, (0, 0, 0)),)))
