"""What a set of ours says of one episode, gathered from its tables and its side files; the checks judge it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ....scenarios.sheet.errors import ScenarioError
from ...recording.declared import COUNTERS, FRAMES, Declared, VideoRange
from ...recording.metadata import from_plain, no_columns
from ...recording.recording import PictureFile, PictureTopic, SimEpisode
from ..mp4_header import header_of
from . import layout
from .set_statistics import EpisodeStatistics, Stats, table_numbers

CHANNELS = (1, 3, 4)  # that a picture has

ABSENT = "announced, but its file is not here"


class DatasetTables(Protocol):
    """What is asked of the tables of a set, see `own.Dataset`."""

    fps: int
    features: dict[str, dict[str, Any]]

    @property
    def rows(self) -> list[dict[str, Any]]: ...

    @property
    def tasks(self) -> dict[int, str] | None: ...

    @property
    def totals(self) -> dict[str, tuple[Any, int]]: ...

    @property
    def statistics(self) -> EpisodeStatistics: ...

    @property
    def set_statistics(self) -> Stats | None: ...

    def pictures(self, row: dict[str, Any]) -> Mapping[str, PictureFile | PictureTopic]: ...


Row = Mapping[str, Any]
Digests = dict[str, tuple[str, str]]


def declared_of(
    dataset: DatasetTables,
    k: int,
    columns: dict[str, np.ndarray],
    digests: Digests,
    unread: list[str],
    episode: SimEpisode | None = None,
) -> Declared:
    """What the set says of episode k.

    Args:
        columns: (T, width) frames by feature, as stored.
        digests: see `digests_of`.
        unread: columns of the frames that nobody looks at.
        episode: of our own simulation; None for an imported recording.
    """
    row, before = dataset.rows[k], dataset.rows[k - 1] if k else {}
    pictures = dataset.pictures(row)
    older = FRAMES in digests
    covered = [name for name in columns if name not in layout.DEFAULT_FEATURES] if older else list(digests)
    copies = {} if older else _copies(dataset, row, columns, episode)
    return Declared(
        n=len(columns[layout.CLOCK]),
        number=k,
        fps=float(dataset.fps),
        timestamp=columns["timestamp"][:, 0].astype(np.float64),
        counters={name: columns[name][:, 0] for name in COUNTERS if name in columns},
        clock_ns=columns[layout.CLOCK][:, 0],
        period_s=None if episode is None else episode.control_timestep,
        length=row["length"],
        span=span_of(row),
        totals=dataset.totals | table_numbers(row, dataset.statistics.table_of(k)),
        tasks=None if dataset.tasks is None else frozenset(dataset.tasks),
        sentence=_sentence(dataset, columns),
        columns=columns,
        stats=dataset.statistics.at(k),
        set_stats=dataset.set_statistics or {},
        torn=(layout.STATS,) if dataset.set_statistics is None else (),
        videos=tuple(video_range(name, dataset.features.get(name, {}), row, before, one.path) for name, one in pictures.items()),
        unseen={name: ABSENT for name, one in dataset.features.items() if one["dtype"] == "video" and name not in pictures},
        digests=digests,
        covered=tuple(covered),
        copies=copies,
        unread=tuple(unread),
    )


def digests_of(row: Row, side: Mapping[str, Any], columns: Mapping[str, np.ndarray], content: str) -> Digests:
    """Digest when it was written and of today: of each column, or in an older set of all features at once.

    Args:
        side: tree of the episode's side file; content: today's digest of all features.
    """
    written = side.get(layout.DIGESTS)
    if not isinstance(written, dict):
        return {FRAMES: (str(row.get("shiliu/frames_sha256")), content)}
    return {str(name): (str(was), _digest(str(name), columns.get(str(name)), str(was))) for name, was in written.items()}


def _digest(name: str, values: np.ndarray | None, was: str) -> str:
    """Digest of a column; in the width in which it was written, where a tool saved the same numbers in another one."""
    if values is None:
        return ""
    here = layout.content_sha256({name: values})
    if here != was:
        for dtype in layout.DTYPES.values():
            other = layout.in_width(values, dtype) if dtype != values.dtype else None
            if other is not None and layout.content_sha256({name: other}) == was:
                return was
    return here


def span_of(row: Row) -> tuple[int, int] | None:
    """Rows of the set that are this episode's, as its table says: the first, and the one after the last."""
    first, end = row.get("dataset_from_index"), row.get("dataset_to_index")
    return (first, end) if isinstance(first, int) and isinstance(end, int) else None


def others_of(number: int | None, span: tuple[int, int], rows: Iterable[tuple[int, Row]]) -> dict[int, tuple[int, int]]:
    """Other episodes to which the tables give some of the rows of `span`, by number."""
    spans = ((k, span_of(row)) for k, row in rows if k != number)
    return {k: one for k, one in spans if one is not None and max(span[0], one[0]) < min(span[1], one[1])}


def _seconds_or_none(value: Any) -> float | None:
    """A time that a table tells; None where it tells none."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else None


def _copies(
    dataset: DatasetTables, row: Row, columns: Mapping[str, np.ndarray], episode: SimEpisode | None
) -> dict[str, tuple[Any, Any]]:
    """What the table of episodes repeats of other files, where the two differ: by name, what each says."""
    sentence = _sentence(dataset, columns)
    here: dict[str, Any] = {} if sentence is None else {"tasks": [sentence]}
    if episode is not None:
        here |= _columns_of(episode)
    return {name: (row[name], value) for name, value in here.items() if name in row and row[name] != value}


def _sentence(dataset: DatasetTables, columns: Mapping[str, np.ndarray]) -> str | None:
    """The task of an episode, by the index in its rows."""
    if dataset.tasks is None or "task_index" not in columns or not len(columns["task_index"]):
        return None
    return dataset.tasks.get(int(columns["task_index"][0, 0]))


def _columns_of(episode: SimEpisode) -> dict[str, Any]:
    """The searchable columns of an episode, as its own files tell them."""
    instruction = episode.metadata.get("instruction", {})
    words = episode.task | (instruction if isinstance(instruction, dict) else {})
    here: dict[str, Any] = {
        "shiliu/scenario": episode.scenario,
        "shiliu/scenario_version": episode.scenario_version,
        "shiliu/seed": episode.seed,
        "shiliu/fingerprint": episode.fingerprint,
        "shiliu/engine": episode.engine,
        "shiliu/task_zh": words.get("zh", ""),
    }
    if episode.metadata:
        try:
            here |= from_plain(episode.metadata, episode.config.get("scenario")).columns()
        except ScenarioError:
            pass  # what cannot be understood is repeated nowhere
    else:
        here |= no_columns()
    own = {"cell": episode.cell, "success": episode.label.get("success"), "failure": episode.label.get("failure")}
    return here | {f"shiliu/{name}": value for name, value in own.items() if value is not None}


def video_range(key: str, feature: Mapping[str, Any], row: Row, before: Row, file: Path) -> VideoRange:
    """The range of a video that belongs to the episode of `row`, that of the one `before` it, and what the file's header says beside what
    its feature announces."""
    places = [f"videos/{key}/{what}" for what in ("chunk_index", "file_index")]
    same = places[1] in row and all(before.get(place) == row.get(place) for place in places)
    start, stop, end = (
        _seconds_or_none(where.get(f"videos/{key}/{side}_timestamp"))
        for where, side in ((row, "from"), (row, "to"), (before if same else {}, "to"))
    )
    pictures, file_s, size = header_of(file) or (None, None, None)
    return VideoRange(key, start, stop, end, pictures, file_s, size, size_of_feature(feature))


def size_of_feature(feature: Mapping[str, Any]) -> tuple[int, int] | None:
    """Height and width that a feature of pictures announces, wherever its channels stand; None where it does not."""
    shape = feature.get("shape")
    if not isinstance(shape, list | tuple) or len(shape) != 3 or not all(type(one) is int and one > 0 for one in shape):
        return None
    first = shape[0] in CHANNELS and shape[2] not in CHANNELS
    return (shape[1], shape[2]) if first else (shape[0], shape[1]) if shape[2] in CHANNELS else None
