"""Where a take comes from, as far as it says itself: who, where, with what, when, which draw. Its verdict's line carries that, so that
whoever reads many verdicts needs no recording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from ...recording.recording import Recording
from ...signals.channels import SCALE, in_radians, pair

if TYPE_CHECKING:
    from ....scenarios.reading.config import Vary

SAID = ("operator", "centre", "cell", "devices", "robot", "calibration", "grade")  # of the metadata
PACE = 8  # slices of a take, of each of which it is reported how far its joints move
YEAR = 31_536_000_000_000_000  # ns; a clock that shows less since 1970 counts from something else


def taken(
    recording: Recording, variation: Sequence[Vary] = (), nominal: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """Plain JSON; what the take does not say is left out.

    Args:
        variation: what the scene varies; nominal: every number of it, as the YAML gives it.

    Returns:
        `operator`, `centre`, `cell`, `devices`, `robot`, `calibration`, `grade` as its metadata say them; `begins` (UTC, by the wall
        clock of its streams), `length_s`, `skills` in their order, `pace` (8,) path of all joints of the command in each eighth of
        its time [rad], and `draw`: varied number -> [value, lower bound, upper bound], SI.
    """
    declared = recording.metadata.get("demonstration")
    metadata: dict[str, Any] = {key: declared[key] for key in SAID if key in declared} if isinstance(declared, dict) else {}
    if recording.cell and "cell" not in metadata:
        metadata["cell"] = recording.cell
    begins = recording.start_ns if any(s.clock != "grid" and s.n for s in recording.streams.values()) else None
    if begins is None:  # an imported recording stands on a grid, and keeps when it began
        begins = recording.metadata.get("start_ns")
    if isinstance(begins, int) and begins > YEAR:
        metadata["begins"] = datetime.fromtimestamp(begins // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lengths = [stream.duration_s for stream in recording.streams.values() if stream.n > 1]
    if lengths:
        metadata["length_s"] = round(max(lengths), 3)
    segments = declared.get("segments") if isinstance(declared, dict) else None
    if recording.episode is not None and recording.episode.segments:
        segments = recording.episode.segments
    if segments:
        metadata["skills"] = list(dict.fromkeys(str(one["skill"]) for one in segments))
    pace = _pace(recording)
    if pace is not None:
        metadata["pace"] = [round(float(one), 3) for one in pace]
    if recording.episode is not None and nominal is not None:
        values = recording.episode.draw.get("values", {})
        drawn = {}
        for one in variation:
            base = 0.0 if one.replace else nominal.get(one.key, 0.0)
            value = values.get(one.key)
            if isinstance(value, int | float):
                drawn[one.key] = [value, base + one.low, base + one.high]
        if drawn:
            metadata["draw"] = drawn
    return metadata


def _pace(recording: Recording) -> np.ndarray | None:
    """(PACE,) rad; None where no joint is commanded or measured in angles."""
    command, state = pair(recording)
    stream = command or state
    if stream is None or stream.n < 2 or stream.unit not in SCALE or not stream.duration_s > 0:
        return None
    angles = in_radians(stream, stream.names)
    angles = np.where(np.isfinite(angles), angles, np.nan)  # two infinities in a row have no difference
    steps = np.nansum(np.abs(np.diff(angles, axis=0)), axis=1)
    time = (stream.time_ns[1:] - stream.time_ns[0]) / (stream.time_ns[-1] - stream.time_ns[0])
    path = np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(steps), steps, 0.0))])
    order = np.concatenate([[0.0], np.maximum.accumulate(time)])
    return np.diff(np.interp(np.linspace(0.0, 1.0, PACE + 1), order, path))
