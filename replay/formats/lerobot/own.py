"""LeRobot v3.0 datasets that shiliu wrote: simulation episodes with what replays them to the bit, and imported recordings.

Nothing that `info.json` says is believed unchecked: paths stay inside the folder, sizes are bounded, and columns must
be what they are called. Sets that others recorded are read by `lerobot_foreign`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ....scenarios.sheet.errors import EpisodeError
from ...recording.features import grid_ns, imported_streams, streams_of
from ...recording.provenance import told_of_copy
from ...recording.recording import KINDS, PictureFile, PictureTopic, Recording, SimEpisode, Stream, Unreadable
from ..file_state import refuse_pipes
from ..reader_errors import AGAIN, mending, once_readable, refuse_layout
from . import layout
from .declared_columns import declared_of, digests_of, span_of
from .own_columns import own_array, rows_of
from .set_statistics import EpisodeStatistics, Stats, of_file
from .side_files import MAX_NPZ_BYTES, checked_arrays, checked_tree, episode_from
from .tables import readable

MAX_JSON_BYTES = 8 << 20  # in memory some forty times as much; what `shiliu record` writes has a hundredth of it
MAX_EPISODE_BYTES = 192 << 20  # of its frames in memory: two hours at 30 Hz with 200 numbers a frame
MAX_GROUP_BYTES = 4 << 30  # of the row groups that have to be looked through for one episode
MAX_EPISODES = 100_000
_EXACT_INTEGER = 1 << 53  # beyond it float64 no longer holds every integer


def read(root: Path, source: str) -> Iterator[Recording | Unreadable]:
    """The episodes of a dataset folder, in order.

    Args:
        root: folder with `meta/info.json`.
        source: what `Recording.source` says before `#k`.

    Raises:
        EpisodeError: at once, where the set as a whole cannot be read; while iterating, where no episode of it can.
            A single unreadable episode comes as `Unreadable`.
    """
    dataset = Dataset(root, source)
    return once_readable(dataset.item(k) for k in range(len(dataset.rows)))


def mendable(path: Path, what: str) -> AbstractContextManager[None]:
    """Turn whatever a library raises over a broken file into one `EpisodeError`; `what` is the file, in words."""
    return mending(
        path, f"the {what} cannot be read", AGAIN, f"the {what} is missing. Copy the whole dataset folder again."
    )


def _bytes(path: Path, what: str, limit: int) -> bytes:
    with mendable(path, what), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size  # a buffer of the limit takes longer than the file
        content = file.read(min(size, limit) + 1)
        if len(content) > limit:
            raise EpisodeError(f"the {what} is larger than {limit >> 20} MiB.", file=path)
    return content


def _json(content: bytes, path: Path, what: str) -> dict[str, Any]:
    with mendable(path, what):
        value = json.loads(content)
    if not isinstance(value, dict):
        raise EpisodeError(f"the {what} is no JSON object.", file=path)
    return value


class Dataset:
    """One dataset folder, its tables checked against each other.

    Attributes:
        info: `info.json`; content: the same to the byte.
        rows: of the episodes that it counts; tables: the files in which they stand.
        made: what made the set; appended: what made the episodes from a number on, by that number.
    """

    def __init__(self, root: Path, source: str) -> None:
        self.root, self.source = root, source
        refuse_pipes(root)
        self.info_path = root / layout.INFO
        self.content = _bytes(self.info_path, "description of the set", MAX_JSON_BYTES)
        info = _json(self.content, self.info_path, "description of the set")
        self.info = info
        version = info.get("codebase_version")
        self.features = self._features()
        if version != layout.CODEBASE_VERSION or not (root / layout.DATASET).is_file():
            self._refuse_foreign(version)
        about = self.json_file(root / layout.DATASET, "layout of our own files")
        refuse_layout(about.get("layout"), layout.LAYOUT_VERSION, root / layout.DATASET, "layout")
        self.made = about.get("made", {})
        self.imported = about.get("kind") == layout.IMPORTED
        fps = info.get("fps")
        if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= 10_000 or fps % 1:
            raise self._wrong("fps", f"{fps!r} is no whole number of frames a second")
        self.fps = int(fps)  # other tools write 30.0
        self._config: tuple[bytes, dict[str, Any]] | None = None
        self._open: tuple[tuple[Path, int, int], pq.ParquetFile, list[str]] | None = None
        self.tables: list[Path] = []
        self._table_rows: list[int] = []
        self._last_table: dict[Path, pq.ParquetFile] = {}
        self.rows = self._rows()
        self.appended = {
            int(path.stem[5:]): self.json_file(path, "origin of an append").get("made", {})
            for path in sorted((root / layout.APPENDS).glob("from_*.json"))
            if re.fullmatch(r"from_[0-9]{6,9}", path.stem)
        }

    def _wrong(self, field: str, message: str) -> EpisodeError:
        return EpisodeError(
            f"{message}. The set was changed or mixed up; copy it again.", file=self.info_path, field=field
        )

    def _streams(self, made: Iterator[Stream]) -> Iterator[Stream]:
        """Streams of a feature; what is wrong with its description is of `info.json`."""
        try:
            yield from made
        except EpisodeError as error:
            raise EpisodeError(error.message, file=error.file or self.info_path, field=error.field) from None

    @staticmethod
    def json_file(path: Path, what: str) -> dict[str, Any]:
        return _json(_bytes(path, what, MAX_JSON_BYTES), path, what)

    def _features(self) -> dict[str, dict[str, Any]]:
        features = self.info.get("features")
        if not isinstance(features, dict):
            raise self._wrong("features", "is no table of features")
        for name, feature in features.items():
            shape = feature.get("shape") if isinstance(feature, dict) else None
            if not isinstance(shape, list) or not all(type(n) is int and n > 0 for n in shape):
                raise self._wrong(f"features.{name}", "has no shape of positive whole numbers")
            if not isinstance(feature.get("dtype"), str):
                raise self._wrong(f"features.{name}", "has no dtype")
        return features

    def _refuse_foreign(self, version: Any) -> None:
        """Say of a set that is not ours what it lacks."""
        vectors = [
            f"{name} ({feature['shape'][0]} elements)"
            for name, feature in self.features.items()
            if len(feature["shape"]) == 1 and name not in layout.DEFAULT_FEATURES and feature["shape"][0] > 1
        ]
        what = f"a LeRobot {version} set" if isinstance(version, str) else "a dataset of unknown version"
        raise EpisodeError(
            f"{what} that shiliu did not record: it does not say which element of "
            f"{', '.join(vectors[:4]) or 'its features'} is which joint of the robot, in which unit, and whether it "
            "was commanded or measured. That needs a mapping (mapping=FILE.yaml).",
            file=self.info_path,
            field="codebase_version" if version != layout.CODEBASE_VERSION else "features",
        )

    def _rows(self) -> list[dict[str, Any]]:
        """The rows of `meta/episodes`, one an episode, without statistics."""
        folder = self.root / "meta" / "episodes"
        paths = sorted(folder.glob("chunk-*/file-*.parquet"))
        if not paths:
            raise EpisodeError("the table of episodes is missing. Copy the whole dataset folder again.", file=folder)
        rows: list[dict[str, Any]] = []
        total = self.info.get("total_episodes")
        for path in paths:
            if rows and len(rows) == total:
                break  # what follows was never committed
            self.tables.append(path)
            with mendable(path, "table of episodes"):
                file = pq.ParquetFile(readable(path), page_checksum_verification=True)
                if file.metadata.num_rows + len(rows) > MAX_EPISODES:
                    raise EpisodeError(f"more than {MAX_EPISODES} episodes.", file=path)
                columns = [name for name in file.schema_arrow.names if not name.startswith("stats/")]
                read = file.read(columns, use_threads=False).to_pylist()
                self._table_rows.append(len(read))
                self._last_table = {path: file}
                rows += read
        if total != len(rows):
            raise self._wrong("total_episodes", f"{total!r} are announced, the table of episodes has {len(rows)}")
        for k, row in enumerate(rows):
            if row.get("episode_index") != k or not isinstance(row.get("length"), int) or row["length"] <= 0:
                raise EpisodeError("row is not this episode's, or has no length.", file=folder, field=f"episode {k}")
        return rows

    @cached_property
    def totals(self) -> dict[str, tuple[Any, int]]:
        """What `info.json` says of the set as a whole, and what its tables hold."""
        found = {"total_frames": (self.info.get("total_frames"), sum(row["length"] for row in self.rows))}
        return found if self.tasks is None else found | {"total_tasks": (self.info.get("total_tasks"), len(self.tasks))}

    @cached_property
    def tasks(self) -> dict[int, str] | None:
        """Task sentence by index; None where the table is not there, or is no table of tasks."""
        try:
            table = pq.ParquetFile(readable(self.root / layout.TASKS)).read(["task_index", "task"], use_threads=False).to_pydict()
            return {int(i): str(task) for i, task in zip(table["task_index"], table["task"])}
        except (OSError, pa.ArrowException, ValueError, TypeError, KeyError):
            return None

    @cached_property
    def statistics(self) -> EpisodeStatistics:
        """What the table of episodes tells of each episode's columns."""
        return EpisodeStatistics(list(zip(self.tables, self._table_rows)), self._last_table)

    @cached_property
    def set_statistics(self) -> Stats | None:
        """What `meta/stats.json` tells of the whole set; None where it is torn."""
        return of_file(self.root / layout.STATS, MAX_JSON_BYTES)

    def item(self, k: int) -> Recording | Unreadable:
        """Episode k, or why it cannot be read."""
        try:
            return self.recording(k)
        except EpisodeError as error:
            return Unreadable(layout.episode_name(k), f"{self.source}#{k}", error)

    def recording(self, k: int) -> Recording:
        """Episode k as its files hold it; `declared` has what they say of it, which a check holds against the rest."""
        row = self.rows[k]
        columns, unread = self._columns(k, row)
        if self.imported:
            return self._imported(k, row, columns, unread)
        episode, side, notes = self._sim_episode(k, row, columns)
        notes += ["simulation episode; timed by shiliu.time_ns, the action column holds the bits that were applied"]
        if isinstance(episode.provenance.get("repaired"), dict):
            notes.append(told_of_copy(episode.provenance["repaired"]))
        names = [name for name in columns if name not in layout.DEFAULT_FEATURES and name != layout.CLOCK]
        content = layout.content_sha256({name: columns[name] for name in [*names, layout.CLOCK]})
        times, clock = self._times(columns)
        streams, left = {}, []
        for name in names:
            if columns[name].dtype.kind == "i" and np.abs(columns[name]).max() >= _EXACT_INTEGER:
                left.append(f"{name} ({len(times)} frames): whole numbers too large for float64")
                unread.append(name)
                continue
            for stream in self._streams(streams_of(name, self.features[name], columns[name], times, clock)):
                streams[stream.name] = stream
        left += [
            f"{n} ({len(times)} frames): pictures are not read here"
            for n, f in self.features.items()
            if f["dtype"] == "video"
        ]
        digest = hashlib.sha256(row["shiliu/side_sha256"].encode())
        digest.update(content.encode())
        return Recording(
            name=layout.episode_name(k),
            source=f"{self.source}#{k}",
            sha256=digest.hexdigest(),
            kind="simulation",
            streams=streams,
            scenario=episode.scenario,
            cell=episode.cell,
            metadata={
                "container": f"LeRobot {layout.CODEBASE_VERSION}",
                "robot": self.info.get("robot_type"),
                "fps": self.fps,
                "made": self._made(k),
                **({"demonstration": episode.metadata} if episode.metadata else {}),
            },
            episode=episode,
            unmapped=tuple([*left, *(f"{name}: not announced by info.json" for name in unread if name not in columns)]),
            notes=notes,
            pictures=self.pictures(row),
            declared=declared_of(self, k, columns, digests_of(row, side, columns, content), unread, episode),
        )

    def frames(self, k: int) -> dict[str, np.ndarray]:
        """(T, width) by feature as stored, of every feature of the recording: neither LeRobot's own nor our clock."""
        columns, _ = self._columns(k, self.rows[k])
        own = {*layout.DEFAULT_FEATURES, layout.CLOCK}
        return {name: values for name, values in columns.items() if name not in own}

    def side(self, k: int) -> dict[str, Any]:
        """What lies beside the frames of an imported recording, as it was written, without the digests of its columns."""
        path = self.root / "shiliu" / "episodes" / f"{layout.episode_name(k)}.json"
        tree = self.json_file(path, "description of the recording")
        return {key: value for key, value in tree.items() if key != layout.DIGESTS}

    def raw(self, k: int) -> Path | None:
        """The streams of an imported recording as they came, where they were kept."""
        path = self.root / layout.RAW_PATH.format(name=layout.episode_name(k))
        return path if path.is_file() else None

    def _times(self, columns: dict[str, np.ndarray]) -> tuple[np.ndarray, str]:
        """(n,) ns of the set's own clock as stored, and what it is: a grid of some rate, or a clock like any other."""
        times = np.ascontiguousarray(columns[layout.CLOCK][:, 0])
        n = len(times)
        rates = [self.fps]
        if n > 1 and times[-1] > times[0]:
            rates.append(round((n - 1) * 1e9 / float(times[-1] - times[0])))
        even = any(0 < rate <= 10_000 and np.array_equal(times, grid_ns(n, rate)) for rate in rates)
        return times, "grid" if even else "capture"

    def pictures(self, row: dict[str, Any]) -> dict[str, PictureFile | PictureTopic]:
        """The videos of an episode that are here; nothing in them is read, and a check may look at them."""
        pattern = self.info.get("video_path")
        found: dict[str, PictureFile | PictureTopic] = {}
        for name, feature in self.features.items():
            chunk, number = row.get(f"videos/{name}/chunk_index"), row.get(f"videos/{name}/file_index")
            shape = feature["shape"]
            if feature["dtype"] != "video" or len(shape) != 3 or not isinstance(pattern, str):
                continue
            if not isinstance(chunk, int) or not isinstance(number, int):
                continue
            path = layout.place(
                self.root, pattern, self.info_path, video_key=name, chunk_index=chunk, file_index=number
            )
            if path.is_file():
                found[name] = PictureFile(path, (shape[0], shape[1], shape[2]), float(self.fps))
        return found

    def _made(self, k: int) -> Any:
        """What made episode k: the last append before it, or the set's first command."""
        begun = [first for first in self.appended if first <= k]
        return self.appended[max(begun)] if begun else self.made

    def _columns(self, k: int, row: dict[str, Any]) -> tuple[dict[str, np.ndarray], list[str]]:
        """(T, width) by feature, for every feature but videos, and the columns that no feature announces."""
        pattern = self.info.get("data_path")
        chunk, number = row.get("data/chunk_index"), row.get("data/file_index")
        if not isinstance(pattern, str) or not isinstance(chunk, int) or not isinstance(number, int):
            raise self._wrong("data_path", "it does not say where the frames lie")
        path = layout.place(self.root, pattern, self.info_path, chunk_index=chunk, file_index=number)
        wanted = {name: f for name, f in self.features.items() if f["dtype"] != "video"}
        with mendable(path, "table of frames"):
            file, names = self._frames(path)
            absent = [name for name in wanted if name not in names]
            if absent:
                raise self._wrong(f"features.{absent[0]}", f"is announced, but {path.name} has no such column")
            unread = [name for name in names if name not in wanted]
            group = self._row_groups(file, names, k, row)
            width = sum(math.prod(f["shape"]) * 8 for f in wanted.values())
            rows = sum(file.metadata.row_group(i).num_rows for i in group)
            for n, limit in ((row["length"], MAX_EPISODE_BYTES), (rows, MAX_GROUP_BYTES)):
                if n * width > limit:  # by rows, because a run of equal values takes no room in the file
                    raise EpisodeError(
                        f"{n} frames of episode {k} or its neighbours take more than {limit >> 20} MiB. "
                        "Split them into shorter episodes.",
                        file=path,
                    )
            table = rows_of(file, group, list(wanted), "episode_index", k, k)
            span = span_of(row)
            if not table.num_rows and span is not None and "index" in wanted:  # its rows carry another number
                table = rows_of(file, group, list(wanted), "index", span[0], span[1] - 1)
            columns = {name: own_array(table.column(name), feature, name) for name, feature in wanted.items()}
        self._check_frames(path, k, columns)
        return columns, unread

    def _frames(self, path: Path) -> tuple[pq.ParquetFile, list[str]]:
        """A table of frames and the names of its columns; the one of the take before is still open."""
        state = os.stat(path)
        if self._open is None or self._open[0] != (path, state.st_size, state.st_mtime_ns):
            file = pq.ParquetFile(readable(path), page_checksum_verification=True)
            self._open = (path, state.st_size, state.st_mtime_ns), file, file.schema_arrow.names
        return self._open[1:]

    def _row_groups(self, file: pq.ParquetFile, names: list[str], k: int, row: dict[str, Any]) -> list[int]:
        """The row groups that may hold episode k, by their statistics: by the episode's number, or where it is none, by rows."""

        def holding(column: str, low: int, high: int) -> list[int]:
            # Vectors are one leaf column each, as scalars are, so that positions in the schema and among leaves agree.
            groups = []
            for i in range(file.num_row_groups):
                leaf = file.metadata.row_group(i).column(names.index(column))
                known = leaf.statistics if leaf.path_in_schema == column else None
                if known is None or not known.has_min_max or (known.min <= high and known.max >= low):
                    groups.append(i)
            return groups

        groups = holding("episode_index", k, k)
        span = span_of(row)
        return groups if groups or span is None or "index" not in names else holding("index", span[0], span[1] - 1)

    def _check_frames(self, path: Path, k: int, columns: dict[str, np.ndarray]) -> None:
        """That there is something to be judged; what is wrong with it, a check says."""
        for name in ("frame_index", "timestamp", layout.CLOCK, *(() if self.imported else ("action",))):
            if name not in columns or (columns[name].shape[1] != 1 and name != "action"):
                raise self._wrong(f"features.{name}", "is missing" if name not in columns else "is no single number")
        if not len(columns["frame_index"]):
            raise EpisodeError(
                f"episode {k} has no frames here. Copy the dataset again.", file=path, field="frame_index"
            )

    def _imported(self, k: int, row: dict[str, Any], columns: dict[str, np.ndarray], unread: list[str]) -> Recording:
        """A recording that was imported, with its streams as they stand in the frames."""
        path = self.root / "shiliu" / "episodes" / f"{layout.episode_name(k)}.json"
        content = _bytes(path, "description of the recording", MAX_JSON_BYTES)
        side = _json(content, path, "description of the recording")
        if hashlib.sha256(content).hexdigest() != row.get("shiliu/side_sha256"):
            raise EpisodeError(
                "was changed after it was written (its hash differs). Copy the dataset again.", file=path
            )
        names = [name for name in columns if name not in layout.DEFAULT_FEATURES]
        frames = layout.content_sha256({name: columns[name] for name in names})
        with mendable(path, "description of the recording"):
            notes = [str(note) for note in side["notes"]]
            times, clock = self._times(columns)
            streams = {}
            for name in names:
                if name != layout.CLOCK:
                    for stream in self._streams(imported_streams(name, self.features[name], columns[name], times, clock)):
                        streams[stream.name] = stream
            digest = hashlib.sha256((frames + hashlib.sha256(content).hexdigest()).encode())
            return Recording(
                name=layout.episode_name(k),
                source=f"{self.source}#{k}",
                sha256=digest.hexdigest(),
                kind=side["kind"] if side["kind"] in KINDS else "unknown",
                streams=streams,
                scenario=side["scenario"],
                cell=side["cell"],
                metadata={**side["metadata"], "imported_from": side["source"], "fps": self.fps, **_began(side)},
                mapping=side["mapping"],
                unmapped=tuple(str(channel) for channel in side["unmapped"]),
                notes=notes,
                pictures=self.pictures(row),
                declared=declared_of(self, k, columns, digests_of(row, side, columns, frames), unread),
            )

    @cached_property
    def _beside(self) -> dict[str, str]:
        """Digest of the files beside an episode, as its row keeps it -> the name that they have."""
        folder, found = self.root / "shiliu", {}
        for path in sorted((folder / "episodes").glob("episode_*.json")):
            try:
                content = _bytes(path, "draw and label", MAX_JSON_BYTES)
                states = _bytes(path.with_suffix(".npz"), "start state", MAX_NPZ_BYTES)
                name = str(_json(content, path, "draw and label").get("config"))
                config = _bytes(folder / "configs" / f"{Path(name).name}.json", "resolved scenario", MAX_JSON_BYTES)
            except EpisodeError:
                continue
            found[hashlib.sha256(content + states + config).hexdigest()] = path.stem
        return found

    def _sim_episode(
        self, k: int, row: dict[str, Any], columns: dict[str, np.ndarray]
    ) -> tuple[SimEpisode, dict[str, Any], list[str]]:
        """The episode, the tree of its side file, and what is to be reported."""
        folder = self.root / "shiliu"
        path = folder / "episodes" / f"{layout.episode_name(k)}.json"
        archive = path.with_suffix(".npz")
        content, states = _bytes(path, "draw and label", MAX_JSON_BYTES), _bytes(archive, "start state", MAX_NPZ_BYTES)
        side = _json(content, path, "draw and label")
        name = side.get("config")
        if not isinstance(name, str) or not re.fullmatch(r"[0-9a-f]{16,64}", name):
            raise EpisodeError("names no configuration. Copy the dataset again.", file=path, field="config")
        config_path = folder / "configs" / f"{name}.json"
        config = _bytes(config_path, "resolved scenario", MAX_JSON_BYTES)
        written = row.get("shiliu/side_sha256")
        if hashlib.sha256(content + states + config).hexdigest() != written:
            if written in self._beside:
                raise EpisodeError(
                    f"the episodes were renumbered, and the files beside them were not: those of this episode are {self._beside[written]}. "
                    "Take episodes out of a set with shiliu export, which renumbers both.",
                    file=path,
                )
            raise EpisodeError(
                "start state, draw or scenario were changed after they were written (their hash differs). Copy the dataset again.",
                file=path,
            )
        side = checked_tree(side, path)
        with mendable(archive, "start state"):
            arrays = checked_arrays(states, columns, archive, row["length"])
        with mendable(path, "draw and label"):
            length = len(columns["action"])
            late = int((arrays["checkpoint_steps"] > length).sum())
            if self._config is None or self._config[0] != config:  # one for most episodes of a set
                self._config = config, _json(config, config_path, "resolved scenario")
            episode = episode_from(side, self._config[1], arrays, columns)
            if episode.actions.shape != (length, len(episode.action_names)):
                raise self._wrong("features.action", f"the action of episode {k} does not match the frames")
        notes = [f"{late} states that were kept after its last row are left out: rows are lost"] if late else []
        return episode, side, notes


def _began(side: dict[str, Any]) -> dict[str, int]:
    """When the imported recording began by its own clock [ns since 1970], where it was kept."""
    provenance = side.get("provenance")
    start = provenance.get("start_ns") if isinstance(provenance, dict) else None
    return {"start_ns": start} if type(start) is int else {}


