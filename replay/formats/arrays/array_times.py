"""When the rows of an episode of arrays stand: by times that it holds, or on the grid of a rate that somebody names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...recording.features import grid_ns
from ...signals.grid import fitted
from ..mapping import Columns
from .array_contradictions import beyond_any_clock
from .held_arrays import ArrayEpisode
from .mapped_columns import MappedColumns, shape_text

GENERATED_WITHIN_NS = 50_000  # float32 seconds and a simulator's sums are this exact; a measured clock is not
NO_TIMES = "Write it into the mapping (fps: 30); `shiliu import` also takes source_fps=30."
LONGEST_COUNT = 0.5  # of a period, in which a clock counts: beyond it a row may be its neighbour's
_NS = 1_000_000_000


def stated_fps(episode: ArrayEpisode) -> float | None:
    """Rows a second that a container states, as an attribute of HDF5, too: beside times that may be the rate of its pictures."""
    if episode.fps is not None or episode.time is not None:
        return episode.fps
    stated = episode.metadata.get("attributes", {}).get("fps")
    return float(stated) if isinstance(stated, (int, float)) else None


def _fps(mapped: MappedColumns) -> float | None:
    declared = mapped.rule.fps
    if isinstance(declared, str) and not mapped.has(declared):
        declared = None
    if isinstance(declared, str):
        columns = Columns.parse(declared)
        value = mapped.array(columns).reshape(-1)[columns.first :][:1]
        mapped.used.setdefault(columns.channel, []).append((0, 1 << 30))
        declared = float(value[0]) if value.size else None
    own = mapped.episode.fps
    if own is None and mapped.rule.time is None:
        own = stated_fps(mapped.episode)
        if own is not None and declared is not None and mapped.given_fps is None and own != declared:
            mapped.notes.append(f"the container says {own:g} rows a second, the mapping {declared:g}: those of the mapping are taken")
    for fps in (mapped.given_fps, declared, own):
        if fps is not None:
            if not (math.isfinite(fps) and 0 < fps < 1e6):
                raise mapped.fail(f"{fps} rows a second is no rate.", "fps")
            return float(fps)
    return None


def times_of(mapped: MappedColumns, length: int) -> dict[str, Any]:
    """The clock of all streams: `capture_ns` or another of `Stream`, and `clock`."""
    rule, fps = mapped.rule.time, _fps(mapped)
    text = rule.field if rule is not None else mapped.episode.time
    if text is None:
        if fps is None:
            raise mapped.fail(
                f"the recording has no times, and nothing says how many rows a second it has. {NO_TIMES}",
                "fps",
            )
        named = mapped.rule.fps is not None and (not isinstance(mapped.rule.fps, str) or mapped.has(mapped.rule.fps))
        who = "fps=" if mapped.given_fps else "the mapping" if named else "the container"
        mapped.notes.append(f"no times were recorded: row k stands at k / {fps:g} s, the rate that {who} names")
        return {"capture_ns": _grid_ns(length, fps), "clock": "grid"}
    times = mapped.columns(text)
    if times.shape[1] != 1:
        raise mapped.fail(f"holds {shape_text(times)} times for {length} rows. Write one time in each row, or name one column.", text)
    if len(times) != length:
        raise mapped.rows_differ(len(times), length, text)
    lost = int((~np.isfinite(times)).sum()) if times.dtype.kind == "f" else 0
    if lost and fps is not None:  # the columns of a take are judged all the same; `set.timestamp` tells of the times
        mapped.notes.append(f"{text} holds {lost} times that are no number: row k stands at k / {fps:g} s instead")
        return {"capture_ns": _grid_ns(length, fps), "clock": "grid"}
    unit_ns = rule.unit_ns if rule is not None else _NS
    stored = _in_ns(mapped, times[:, 0], unit_ns, text)
    mapped.coarse_s = _coarse_s(times[:, 0], stored, unit_ns)
    if mapped.coarse_s is not None:
        counts = f"{text} is {times.dtype.name} and counts in steps of {1e3 * mapped.coarse_s:.3g} ms"
        mapped.notes.append(f"{counts}, too coarsely to tell the rows apart")
    if fps is not None:
        grid = _grid_ns(length, fps)
        begin = int(stored[0]) if abs(int(stored[0])) > GENERATED_WITHIN_NS else 0
        off = int(np.abs(stored - begin - grid).max())
        if off <= GENERATED_WITHIN_NS:
            after = f" after its first, {begin / _NS:g} s," if begin else ""
            mapped.notes.append(
                f"{text} is k / {fps:g} s{after} to within {off / 1e3:.1f} us: generated, not measured, so that jitter "
                "and gaps cannot be seen in it"
            )
            return {"capture_ns": begin + grid, "clock": "grid"}
        rate = (length - 1) / max((stored[-1] - stored[0]) / _NS, 1e-9) if length > 1 else fps
        own = fitted(stored)
        if own is not None and own.exact:
            rate = own.rate
        if abs(rate / fps - 1) > 0.01 or (own is not None and own.exact and not own.stands_on(fps)):
            mapped.notes.append(f"{fps:g} rows a second are declared, the times in {text} say {rate:.2f}")
    clock = rule.clock if rule is not None else "capture"
    if clock != "capture":
        mapped.notes.append(f"timed by {text}, a {clock} clock of its own epoch")
    return {f"{clock}_ns": stored, "clock": clock}


def _coarse_s(times: np.ndarray, stored_ns: np.ndarray, unit_ns: int) -> float | None:
    """The step in which short floats count [s], where it is about as long as a row lasts; None for even rows, and for any other times."""
    step = np.diff(stored_ns)
    if times.dtype.kind != "f" or times.dtype.itemsize > 4 or not len(step) or (step == step[0]).all():
        return None
    counts = float(np.spacing(np.abs(times).max())) * unit_ns
    return counts / _NS if counts > LONGEST_COUNT * abs(float(stored_ns[-1] - stored_ns[0])) / len(step) else None


def _in_ns(mapped: MappedColumns, times: np.ndarray, unit_ns: int, text: str) -> np.ndarray:
    if times.dtype.kind == "f":
        scaled = times.astype(np.float64) * unit_ns
        if not np.isfinite(scaled).all():
            lost = np.flatnonzero(~np.isfinite(scaled))
            held = f"holds {len(lost)} times that are no number, the first in row {lost[0]} ({times[lost[0]]})."
            raise mapped.fail(f"{held} Its rate may do instead. {NO_TIMES}", text)
        if np.abs(scaled).max() >= 2**62:
            raise mapped.fail(beyond_any_clock(times, unit_ns, text), text)
        return np.rint(scaled).astype(np.int64)
    if times.dtype.kind not in "iu":
        raise mapped.fail(f"holds {times.dtype} that are no times.", text)
    largest = max(abs(int(times.max())), abs(int(times.min()))) if times.size else 0
    if largest > 2**62 // unit_ns:
        raise mapped.fail(beyond_any_clock(times, unit_ns, text), text)
    return times.astype(np.int64) * unit_ns


def _grid_ns(length: int, fps: float) -> np.ndarray:
    if float(fps).is_integer():
        return grid_ns(length, int(fps))
    return np.rint(np.arange(length) * (_NS / fps)).astype(np.int64)
