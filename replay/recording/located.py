"""Where things stood when a take began, seen in its pictures: a file beside recordings, in the words of the scenario's schema.

`shiliu locate data=…` writes `located.json` into the set or folder of recordings: by recording, elements such as `tray.x` and
`tray.qw` with their values in the scene's frame, and for each thing how far off they are at most. No recording is changed. Reading
one puts its row into `metadata["located"]` and into its hash, so that a verdict without it is not taken for one with it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...scenarios.sheet.errors import EpisodeError
from ...scenarios.sheet.json_reader import json_of
from .recording import Recording

FILE, KEY, LAYOUT = "located.json", "located", 1
AXES = ("x", "y", "z", "qw", "qx", "qy", "qz")
MAX_BYTES = 64 << 20
NORM = 1e-3  # by how much a quaternion's length may differ from one, which is written with seven decimals


def located_of(recording: Recording) -> dict[str, list[float]]:
    """Thing -> x, y, z [m] and qw, qx, qy, qz in the scene's frame at the recording's beginning, located in a picture of it."""
    row = recording.metadata.get(KEY)
    return {} if not isinstance(row, dict) else _poses(row)


def row_of(
    sha256: str,
    camera: str,
    poses: Mapping[str, list[float]],
    within: Mapping[str, tuple[float, float]],
    unknown: Mapping[str, str],
) -> dict[str, Any]:
    """A recording's row of the file.

    Args:
        poses: thing -> x, y, z, qw, qx, qy, qz; within: thing -> (m, rad); unknown: thing -> why its pose is not claimed.
    """
    return {
        "sha256": sha256,
        "camera": camera,
        "names": [f"{thing}.{axis}" for thing in poses for axis in AXES],
        "values": [round(float(v), 7) for pose in poses.values() for v in pose],
        "within": {thing: {"position": round(m, 6), "angle": round(rad, 6)} for thing, (m, rad) in within.items()},
        "unknown": dict(unknown),
    }


def located_text(rows: Mapping[str, Mapping[str, Any]], made: Mapping[str, Any]) -> str:
    """What the file of a set or of a folder of recordings holds.

    Args:
        rows: name of the recording -> `row_of`.
    """
    content = {"layout": LAYOUT, "made": dict(made), "recordings": {name: dict(row) for name, row in rows.items()}}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def read_located(path: Path) -> dict[str, dict[str, Any]]:
    """Name of a recording -> its row; nothing where there is no file.

    Raises:
        EpisodeError: it is no such file.
    """
    if not path.is_file():
        return {}
    again = "Write it anew with `shiliu locate`, or remove it."
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
        content = json_of(path.read_bytes())
        if content["layout"] != LAYOUT:
            raise ValueError(f"layout {content['layout']!r}")
        rows = content["recordings"]
        for name, row in rows.items():
            if not isinstance(row["sha256"], str) or len(row["names"]) != len(row["values"]):
                raise ValueError(f"names and values of {name} differ in number")
            if not all(isinstance(v, int | float) and math.isfinite(v) for v in row["values"]):
                raise ValueError(f"a value of {name} is no number")
            if any(abs(math.hypot(*pose[3:]) - 1.0) > NORM for pose in _poses(row).values()):
                raise ValueError(f"a quaternion of {name} is not of length one")
            if set(_poses(row)) != set(row["within"]) or not isinstance(row["unknown"], dict):
                raise ValueError(f"{name} does not say how far off each thing is")
            for by in row["within"].values():
                float(by["position"]), float(by["angle"])
        return dict(rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EpisodeError(f"cannot be read ({type(error).__name__}: {error}). {again}", file=path) from None


def with_located(recording: Recording, rows: Mapping[str, Mapping[str, Any]], path: Path) -> Recording:
    """The recording with its row, where there is one.

    Raises:
        EpisodeError: the row was made from another recording of that name.
    """
    row = rows.get(recording.name)
    if row is None:
        return recording
    if row["sha256"] != recording.sha256:
        raise EpisodeError(
            "its poses were located in another recording of this name (sha256 differs). Locate them anew.",
            file=path,
            field=recording.name,
        )
    recording.metadata[KEY] = dict(row)
    recording.sha256 = hashlib.sha256(
        (recording.sha256 + json.dumps(row, sort_keys=True, ensure_ascii=False)).encode()
    ).hexdigest()
    recording.notes.append(f"poses at the beginning located by markers in {row['camera']}: {', '.join(row['within'])}")
    return recording


def _poses(row: Mapping[str, Any]) -> dict[str, list[float]]:
    values = dict(zip(row["names"], row["values"]))
    things = dict.fromkeys(name.rpartition(".")[0] for name in row["names"])
    return {thing: [values[f"{thing}.{axis}"] for axis in AXES] for thing in things}
