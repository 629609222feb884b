"""What the sheet beside a bag counts, against what the bag holds."""

from types import SimpleNamespace

import pytest
import yaml
from shiliu.replay.formats.rosbag.parts import announced
from shiliu.replay.recording.recording import ANNOUNCED, OLDER

MAPPING = SimpleNamespace(topics={"/arm/state": None, "/arm/cmd": None})


def sheet(folder, counts, **more):
    rows = [{"topic_metadata": {"name": name}, "message_count": number} for name, number in counts.items()]
    about = {"topics_with_message_count": rows} | more
    (folder / "metadata.yaml").write_text(yaml.safe_dump({"rosbag2_bagfile_information": about}))
    path = folder / "take.mcap"
    path.touch()
    return path


def held(**counts):
    return [SimpleNamespace(topic=f"/{name.replace('_', '/')}", msgcount=count) for name, count in counts.items()]


@pytest.mark.parametrize(
    ("counts", "here", "other"),
    [
        ({"/arm/state": 30, "/arm/cmd": 30}, held(arm_state=30, arm_cmd=30), {}),
        ({"/arm/state": 30, "/arm/cmd": 30}, held(arm_state=30, arm_cmd=25), {"/arm/cmd": [30, 25]}),
        ({"/arm/state": 30, "/arm/cmd": 30}, held(arm_state=30), {"/arm/cmd": [30, 0]}),
        ({"/arm/state": 30}, held(arm_state=31), {"/arm/state": [30, 31]}),
        ({"/arm/state": 30, "/camera": 9}, held(arm_state=30, camera=7), {}),  # no topic of the mapping
        ({"/arm/state": 30}, [*held(arm_state=20), *held(arm_state=10)], {}),  # of two senders
        ({"/other": 30}, held(arm_state=20), {}),  # of another recording
        ({"/arm/state": "30"}, held(arm_state=20), {}),
    ],
)
def test_topics_are_counted_as_they_are_held(tmp_path, counts, here, other):
    path = sheet(tmp_path, counts)
    assert announced(path, MAPPING, here) == ({ANNOUNCED: other} if other else {})
    assert announced(path, MAPPING, here, whole=True) == ({ANNOUNCED: other, OLDER: True} if other else {})


def test_a_sheet_tells_nothing_where_another_file_may_be_meant_or_it_counts_none(tmp_path):
    path, here = sheet(tmp_path, {"/arm/state": 30}), held(arm_state=20)
    assert announced(path, MAPPING, here)
    (tmp_path / "other.mcap").touch()
    assert announced(path, MAPPING, here) == {}
    (tmp_path / "other.mcap").unlink()
    for about in ({}, {"topics_with_message_count": 7}, {"topics_with_message_count": [7, {"topic_metadata": 3}]}):
        (tmp_path / "metadata.yaml").write_text(yaml.safe_dump({"rosbag2_bagfile_information": about}))
        assert announced(path, MAPPING, here) == {}
    for text in ("- 1\n", "a: [\n", ""):
        (tmp_path / "metadata.yaml").write_text(text)
        assert announced(path, MAPPING, here) == {}
    (tmp_path / "metadata.yaml").unlink()
    assert announced(path, MAPPING, here) == {}
