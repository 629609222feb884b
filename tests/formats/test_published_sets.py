"""Bags of the maker's published sets: labels beside them, hands, models with a waist, and bags that were cut off."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bags import arm_bag, arm_messages, only, sensors, types, write_bag
from shiliu.replay.formats.rosbag.bag_pictures import _opened
from shiliu.replay.report import Words
from shiliu.scenarios.sheet.errors import EpisodeError

LABEL = {
    "primarySceneCode": "default_level_one_scene",
    "tertiaryScene": "线圈分拣",
    "tertiarySceneCode": "Coil sorting",
    "taskName": "7-22-线圈分类",
    "taskPrompt": "",
    "deviceSn": "P4-209",
    "marks": [
        {"startPosition": 0.25, "endPosition": 0.5, "skillAtomic": "pick", "skillDetail": "拿起线圈", "enSkillDetail": "pick coil"},
        {"startPosition": 0.5, "endPosition": 1.0, "skillAtomic": "place", "skillDetail": "放入箱", "enSkillDetail": "place coil"},
    ],
}


def labelled(path, label):
    arm_bag(path, n=101)
    path.with_suffix(".json").write_text(json.dumps(label, ensure_ascii=False), encoding="utf-8")
    return only(path)


def test_labels_beside_a_bag_are_read(tmp_path):
    recording = labelled(tmp_path / "take.bag", LABEL)
    pick, place = recording.metadata["timeline"]
    assert pick == {"skill": "pick", "t0": 0.25, "t1": 0.5, "en": "pick coil", "zh": "拿起线圈"}
    assert place["t1"] == pytest.approx(1.0)
    assert recording.metadata["set_label"]["tertiarySceneCode"] == "Coil sorting"
    assert recording.metadata["task"] == "7-22-线圈分类"
    assert any("labels read from take.json: 2 steps" in note for note in recording.notes)


@pytest.mark.parametrize(
    "label", [{"marks": 3}, [], {"marks": [{"skillAtomic": "pick"}]}, {"marks": [{**LABEL["marks"][0], "endPosition": 1.5}]}]
)
def test_labels_of_another_form_are_a_note_and_the_bag_is_read(tmp_path, label):
    recording = labelled(tmp_path / "take.bag", label)
    assert "timeline" not in recording.metadata and recording.streams
    assert any("labels in take.json are not read" in note for note in recording.notes)


@pytest.mark.parametrize(("levels", "read"), [(100_000, False), (60, False), (40, True)])
def test_labels_that_are_nested_too_deeply_are_a_note_and_the_bag_is_read(tmp_path, levels, read):
    path = arm_bag(tmp_path / "take.bag", n=101)
    deep = "[" * levels + "]" * levels
    path.with_suffix(".json").write_text(json.dumps(LABEL)[:-1] + f', "more": {deep}}}', encoding="utf-8")
    recording = only(path)
    assert ("timeline" in recording.metadata) is read and recording.streams
    assert any("not read: it is nested more than 50 levels deep" in note for note in recording.notes) is not read


def test_a_step_without_a_skill_and_steps_in_one_another_are_named(tmp_path):
    first, second = LABEL["marks"]
    marks = [{**first, "skillAtomic": None, "endPosition": 0.7}, second]
    recording = labelled(tmp_path / "take.bag", {**LABEL, "marks": marks})
    assert [one["skill"] for one in recording.metadata["timeline"]] == ["", "place"]
    notes = " | ".join(recording.notes)
    assert "without the name of a skill is step 1" in notes and "steps lie in one another, 1 and 2 by 0.20 s" in notes
    assert "None" not in notes
    for note in recording.notes[-2:]:
        assert "标注" in Words("zh").note(note)
    clean = " | ".join(labelled(tmp_path / "clean.bag", LABEL).notes)
    assert "without the name" not in clean and "in one another" not in clean


def test_a_picture_that_is_none_names_no_object_in_memory():
    with pytest.raises(EpisodeError) as error, _opened(SimpleNamespace(data=np.zeros(9, np.uint8)), Path("a.bag"), "/camera"):
        pass
    assert "cannot identify image file" in str(error.value) and "0x" not in str(error.value) and "BytesIO" not in str(error.value)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_a_bag_that_was_cut_off_is_told_to_the_byte(tmp_path, share):
    path = arm_bag(tmp_path / "take.bag", n=400)
    content = path.read_bytes()
    size = int(share * len(content))
    path.write_bytes(content[:size])
    with pytest.raises(EpisodeError, match=f"cut off at byte {size}") as error:
        only(path)
    # its one chunk is whole in the last one alone
    assert ("rosbag reindex" if share > 0.9 else "no messages before it are whole. Copy it again") in str(error.value)


def test_a_bag_that_was_never_closed_has_no_index(tmp_path):
    path = arm_bag(tmp_path / "take.bag")
    content = bytearray(path.read_bytes())
    at = content.index(b"index_pos=") + len(b"index_pos=")
    begins = int.from_bytes(content[at : at + 8], "little")
    content[at : at + 8] = bytes(8)
    path.write_bytes(content[:begins])
    with pytest.raises(EpisodeError, match=r"was never closed: .* 1 chunk of messages,"):
        only(path)


@pytest.mark.parametrize(("width", "first_arm"), [(28, 12), (29, 13)])
def test_the_arms_begin_behind_the_waist_where_there_is_one(tmp_path, width, first_arm):
    store, start = types(), 10**18
    states = [
        ("/sensors_data_raw", "kuavo_msgs/msg/sensorsData", start + k * 10**7, sensors(store, start + k * 10**7, n=width))
        for k in range(20)
    ]
    stream = only(write_bag(tmp_path / "take.bag", arm_messages() + states)).streams["/sensors_data_raw/joint_q"]
    assert stream.column("zarm_l1_joint")[0] == pytest.approx(0.01 * first_arm)
    assert ("waist_yaw_joint" in stream.names) == (width == 29)


def test_another_hand_is_named_as_not_judged(tmp_path):
    store, start = types(), 10**18
    kind = "sensor_msgs/msg/JointState"
    empty = np.empty(0)
    header = store.types["std_msgs/msg/Header"](
        seq=0, stamp=store.types["builtin_interfaces/msg/Time"](sec=10**9, nanosec=0), frame_id=""
    )
    hand = store.types[kind](header=header, name=[], position=np.array([10.0, 20.0]), velocity=empty, effort=empty)
    messages = [*arm_messages(), *(("/gripper/state", kind, start + k * 10**7, hand) for k in range(20))]
    recording = only(write_bag(tmp_path / "take.bag", messages))
    assert recording.metadata["hand"].startswith("Robotiq")
    assert any("what they hold is not checked" in note for note in recording.notes)
