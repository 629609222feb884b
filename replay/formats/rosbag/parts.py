"""Recordings of ROS 2 that were split into files, in whatever storage: `metadata.yaml` beside them lists the parts."""

from __future__ import annotations

from pathlib import Path

from ....scenarios.sheet.errors import EpisodeError, ScenarioError
from ....scenarios.sheet.yaml_reader import read_yaml

MAX_SHEET_BYTES = 16 << 20


def refuse_part(path: Path) -> None:
    """Of a recording that was split into files, no part is judged as if it were the whole.

    Raises:
        EpisodeError: the file is one of several parts.
    """
    sheet = path.parent / "metadata.yaml"
    if not sheet.is_file():
        return
    try:
        about = read_yaml(sheet, limit=MAX_SHEET_BYTES)
        parts = about["rosbag2_bagfile_information"]["relative_file_paths"]
        several = len(parts) > 1 and path.name in [Path(part).name for part in parts]
    except (OSError, ScenarioError, KeyError, TypeError):
        return  # the file itself says what it holds
    if several:
        raise EpisodeError(
            f"is one of {len(parts)} parts of a recording. Join them first: ros2 bag convert, without a maximal size.",
            file=path,
        )
