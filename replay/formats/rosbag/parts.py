"""Recordings of ROS 2 that were split into files, in whatever storage: `metadata.yaml` beside them lists the parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ....scenarios.sheet.errors import EpisodeError, ScenarioError
from ....scenarios.sheet.yaml_reader import read_yaml
from ...recording.recording import ANNOUNCED, OLDER
from ..mapping import Mapping
from ..topics import Channel

MAX_SHEET_BYTES = 16 << 20


def refuse_part(path: Path) -> None:
    """Of a recording that was split into files, no part is judged as if it were the whole.

    Raises:
        EpisodeError: the file is one of several parts.
    """
    about = _sheet(path)
    parts = about.get("relative_file_paths")
    if isinstance(parts, list) and len(parts) > 1 and path.name in [Path(str(part)).name for part in parts]:
        raise EpisodeError(
            f"is one of {len(parts)} parts of a recording. Join them first: ros2 bag convert, without a maximal size.",
            file=path,
        )


def announced(path: Path, mapping: Mapping, channels: Sequence[Channel], whole: bool = False) -> dict[str, Any]:
    """For a recording's metadata, the topics of a mapping of which `metadata.yaml` counts another number of messages than the file
    holds: that number, and how many are here. Empty where they agree.

    The file may have been renamed since: what is counted is compared, and no name. Where no topic of the file is counted, or another
    file of the folder could be meant, nothing is.

    Args:
        whole: whether the file itself counts its messages, and holds them all: then it was filtered, cut or recovered since, and the
            sheet is older (`OLDER`).
    """
    counted = _sheet(path).get("topics_with_message_count")
    if not isinstance(counted, list) or len([*path.parent.glob(f"*{path.suffix}")]) > 1:
        return {}
    here: dict[str, int] = {}
    for channel in channels:
        here[channel.topic] = here.get(channel.topic, 0) + channel.msgcount
    stated: dict[str, int] = {}
    for row in counted:
        topic = row.get("topic_metadata") if isinstance(row, dict) else None
        name, number = (topic.get("name"), row.get("message_count")) if isinstance(topic, dict) else (None, None)
        if isinstance(name, str) and isinstance(number, int):
            stated[name] = number
    if not set(stated) & set(here):
        return {}
    other = {name: [number, here.get(name, 0)] for name, number in stated.items() if name in mapping.topics and number != here.get(name, 0)}
    return {ANNOUNCED: other} | ({OLDER: True} if whole else {}) if other else {}


def _sheet(path: Path) -> dict[str, Any]:
    """What `metadata.yaml` beside a file says of the recording; empty where there is none that can be read."""
    sheet = path.parent / "metadata.yaml"
    if not sheet.is_file():
        return {}
    try:
        about = read_yaml(sheet, limit=MAX_SHEET_BYTES)["rosbag2_bagfile_information"]
    except (OSError, ScenarioError, KeyError, TypeError):
        return {}  # the file itself says what it holds
    return about if isinstance(about, dict) else {}
