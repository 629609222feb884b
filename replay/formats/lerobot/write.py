"""Episodes out: a LeRobot v3.0 dataset that trains as it is; our own simulation episodes replay from it to the bit.

Everything is written into a hidden folder beside the target, `info.json` last, and renamed in one step: at `out` there
is either nothing or a whole dataset. Episodes that are added to a set come in as `lerobot_append` says.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ....scenarios.robots.robot_folder import DEFAULT_ROBOT
from ....scenarios.sheet.errors import EpisodeError
from ...recording.features import grid_ns
from ...recording.recording import SimEpisode
from ..atomic_folder import parents, refuse_existing
from ..partial import beside
from ..video import WholeVideo
from . import contract as lerobot_contract
from . import layout, stats
from .append import Committed, committed, move_in
from .checked_episode import checked_columns, checked_features, described_features, json_bytes, searched
from .side_files import checked_tree, side_of
from .tables import writable, write_episodes, write_tasks

MAX_FILE_BYTES = 100 << 20  # of one data file, LeRobot's default


def write_lerobot(
    out: str | Path,
    episodes: Iterable[SimEpisode],
    features: Mapping[str, Mapping[str, Any]],
    fps: int,
    robot_type: str = DEFAULT_ROBOT,
    meta: Mapping[str, Any] | None = None,
) -> Path:
    """Write episodes without pictures, their frames being `SimEpisode.states`. See `DatasetWriter`."""
    with DatasetWriter(out, features, fps, robot_type, meta) as writer:
        for episode in episodes:
            writer.add(episode, episode.states)
    return writer.out


class DatasetWriter:
    """Writes a dataset episode by episode; use it in a `with` block, so that an exception leaves nothing behind.

    Args:
        out: folder to be made; it may exist if it is empty.
        features: by name, `{"dtype", "shape", "names", "unit"}` and, where wanted, `"role"` and `"quantity"`; `unit`
            and `quantity` are a text, or a list with one text an element (units go into `info.json` as one text).
            `dtype` is `video` with shape (h, w, 3) for pictures, else a number type with shape (k,). `action` must be
            float32. A name holds no `/`.
        fps: frames a second, a whole number; 1 / control_timestep of every episode.
        robot_type: what LeRobot shows as the robot.
        meta: what made the set (version, command, settings), plain JSON.
        simulation: whether it takes episodes of our own simulation (`add`), or imported recordings (`add_imported`),
            which may lack an action, or have one of another type.
        append: add to the set of our own simulation at `out`, if there is one.

    Raises:
        EpisodeError: `out` exists and is not empty, or a feature is not as described; with `append`, `out` is no set of
            ours, or one of other features.
    """

    def __init__(
        self,
        out: str | Path,
        features: Mapping[str, Mapping[str, Any]],
        fps: int,
        robot_type: str = DEFAULT_ROBOT,
        meta: Mapping[str, Any] | None = None,
        simulation: bool = True,
        append: bool = False,
    ) -> None:
        self.out = Path(out)
        self.simulation = simulation
        self.features = checked_features(features)
        if simulation and self.features.get("action", {}).get("dtype") != "float32":
            raise EpisodeError("a dataset needs a feature 'action' of dtype float32.", field="action")
        if int(fps) != fps or fps <= 0:
            raise EpisodeError(f"{fps} frames a second: LeRobot takes whole numbers only.", field="fps")
        self.fps, self.robot_type = int(fps), robot_type
        self.meta = json_bytes(dict(meta or {}), "meta")
        self.described_features = described_features(self.features, self.fps)
        self._base = None
        if append and (self.out / layout.INFO).exists():
            self._base = committed(self.out, self.described_features, self.fps, robot_type)
        else:
            refuse_existing(self.out)
        self._above = parents(self.out)
        self._above.__enter__()
        self._folder = beside(self.out)
        self._folder.mkdir()
        self._rows: list[dict[str, Any]] = []
        self._stats: list[dict[str, dict[str, np.ndarray]]] = []
        base = self._base
        self._tasks = {sentence: i for i, sentence in enumerate(base.tasks)} if base else {}
        self._first = len(base.rows) if base else 0
        self._frames = base.frames if base else 0
        self._data: pq.ParquetWriter | None = None
        self._file = base.files["data"] if base else -1
        self._table_file = base.files["table"] + 1 if base else 0
        self._state = "open"

    def __enter__(self) -> DatasetWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    @staticmethod
    def there(
        out: Path, features: Mapping[str, Mapping[str, Any]], fps: int, robot_type: str = DEFAULT_ROBOT
    ) -> Committed:
        """What the set at `out` holds.

        Raises:
            EpisodeError: nothing with these features could be added to it.
        """
        return committed(out, described_features(checked_features(features), fps), fps, robot_type)

    @property
    def n_episodes(self) -> int:
        """Episodes added so far."""
        return len(self._rows)

    def length(self, k: int) -> int:
        """Frames of an episode that was added here, by its index."""
        return int(self._rows[k - self._first]["length"])

    @property
    def total(self) -> int:
        """Episodes of the set, those that it had before among them."""
        return self._first + len(self._rows)

    def add(
        self,
        episode: SimEpisode,
        frames: Mapping[str, np.ndarray],
        images: Mapping[str, Iterable[np.ndarray]] | None = None,
        videos: Mapping[str, WholeVideo] | None = None,
        also: Mapping[str, Any] | None = None,
    ) -> int:
        """Append one episode.

        Args:
            episode: its `actions` become the `action` column, bit for bit.
            frames: (T, k), or (T+1, k) with the state after the last action, by feature name; (T,) where k is 1.
            images: for each video feature an iterable of exactly T pictures (h, w, 3) uint8; it is read once.
            videos: for the other video features a file with a picture a frame, which is copied as it is.
            also: further columns of `meta/episodes`, the same for every episode of the set, named `shiliu/...`.

        Returns:
            The index of the episode.

        Raises:
            EpisodeError: a feature is missing, unknown or of another shape; nothing of this episode is in the set then,
                unless pictures failed, after which the writer takes no more.
        """
        self._refuse_closed()
        images, videos = images or {}, videos or {}
        columns, last = checked_columns(episode, frames, self.features, self.fps)
        self._check_images({**images, **videos})
        described = searched(episode)
        task_words = episode.task | episode.metadata.get("instruction", {})
        sentence = task_words.get("en") or episode.scenario or "no task given"
        side, arrays = side_of(episode, last)
        side[layout.DIGESTS] = self._digests(columns, sentence)
        config = json_bytes(episode.config, "config")
        config_name = hashlib.sha256(config).hexdigest()[:32]
        side["config"] = config_name
        side_bytes = json_bytes(side, "episode")
        checked_tree(json.loads(side_bytes), fix="Mend the episode; a set would hold what cannot be read back.")
        name = layout.episode_name(self._first + len(self._rows))
        files = {
            f"shiliu/configs/{config_name}.json": config,
            f"shiliu/episodes/{name}.json": side_bytes,
            f"shiliu/episodes/{name}.npz": arrays,
        }
        about = {
            "shiliu/scenario": episode.scenario,
            "shiliu/scenario_version": int(episode.scenario_version),
            "shiliu/seed": int(episode.seed),
            "shiliu/fingerprint": episode.fingerprint,
            "shiliu/engine": episode.engine,
            "shiliu/task_zh": task_words.get("zh", ""),
            **described,
            "shiliu/frames_sha256": layout.content_sha256(columns),
            "shiliu/side_sha256": hashlib.sha256(side_bytes + arrays + config).hexdigest(),
            **(also or {}),
        }
        return self._put(columns, sentence, files, about, images, videos)

    def add_imported(
        self,
        columns: Mapping[str, np.ndarray],
        task: str,
        about: Mapping[str, Any],
        side: Mapping[str, Any],
        raw: Callable[[Path], None] | None = None,
        videos: Mapping[str, WholeVideo] | None = None,
        images: Mapping[str, Iterable[np.ndarray]] | None = None,
        times_ns: np.ndarray | None = None,
    ) -> int:
        """Append one imported recording.

        Args:
            columns: (T, k) by feature name, of exactly the feature's dtype.
            task: the task sentence.
            about: further columns of `meta/episodes`, the same for every episode of the set, named `shiliu/...`.
            side: what no column holds, plain JSON; it goes into `shiliu/episodes/`.
            raw: writes the recording's streams as they came into the file that it is given, under `shiliu/raw/`.
            videos: for a video feature a file with a picture a frame, which is copied as it is.
            images: for a video feature an iterable of exactly T pictures (h, w, 3) uint8, which are encoded.
            times_ns: (T,) int64 time of each row since the first [ns]; None for k / fps.

        Returns:
            The index of the episode.

        Raises:
            EpisodeError: a feature is missing, unknown, or of another shape or dtype.
        """
        self._refuse_closed()
        videos, images = videos or {}, images or {}
        wanted, given = set(self.features) - {layout.CLOCK}, {*columns, *videos, *images}
        if given != wanted:
            raise EpisodeError(f"has {sorted(given)}, the set has {sorted(wanted)}.", field="features")
        lengths = {len(values) for values in columns.values()}
        for name, values in columns.items():
            feature = self.features[name]
            if values.dtype != layout.DTYPES[feature["dtype"]] or values.shape != (max(lengths), feature["shape"][0]):
                raise EpisodeError(f"is {values.dtype}{values.shape}, not as the feature says.", field=name)
        if not max(lengths):
            raise EpisodeError("the episode has no frames. Leave it out.", field="frames")
        whole = {name: np.ascontiguousarray(values) for name, values in columns.items()}
        clock = grid_ns(max(lengths), self.fps) if times_ns is None else np.asarray(times_ns, np.int64)
        if clock.shape != (max(lengths),):
            raise EpisodeError(f"{clock.shape} times for {max(lengths)} frames.", field=layout.CLOCK)
        whole[layout.CLOCK] = clock[:, None]
        side_bytes = json_bytes({**side, layout.DIGESTS: self._digests(whole, task)}, "episode")
        name = layout.episode_name(len(self._rows))
        hashes = {
            "shiliu/frames_sha256": layout.content_sha256(whole),
            "shiliu/side_sha256": hashlib.sha256(side_bytes).hexdigest(),
        }
        if raw is not None:
            path = self._folder / layout.RAW_PATH.format(name=name)
            path.parent.mkdir(parents=True, exist_ok=True)
            raw(path)
        files = {f"shiliu/episodes/{name}.json": side_bytes}
        return self._put(whole, task, files, {**about, **hashes}, images, videos)

    def _refuse_closed(self) -> None:
        if self._state != "open":
            raise EpisodeError(f"the dataset is {self._state}; no episode can be added.", file=self.out)

    def _put(
        self,
        columns: dict[str, np.ndarray],
        sentence: str,
        files: Mapping[str, bytes],
        about: Mapping[str, Any],
        images: Mapping[str, Iterable[np.ndarray]],
        copied: Mapping[str, WholeVideo] | None = None,
    ) -> int:
        """Write one checked episode: its rows, side files and pictures, and its row of `meta/episodes`."""
        index, length = self._first + len(self._rows), len(columns[layout.CLOCK])
        self._state = "broken"  # until this episode is whole
        content = self._content(columns, sentence)
        self._tasks.setdefault(sentence, len(self._tasks))
        table = self._table(content)
        videos, video_stats = self._write_videos({**images, **(copied or {})}, index, length)
        for relative, content_bytes in files.items():
            self._write(relative, content_bytes)
        file = self._append(table)
        self._stats.append({name: stats.of_array(values) for name, values in content.items()} | video_stats)
        self._rows.append(
            {
                "episode_index": index,
                "tasks": [sentence],
                "length": length,
                "data/chunk_index": file // layout.CHUNKS_SIZE,
                "data/file_index": file % layout.CHUNKS_SIZE,
                "dataset_from_index": self._frames,
                "dataset_to_index": self._frames + length,
                **videos,
                "meta/episodes/chunk_index": self._table_file // layout.CHUNKS_SIZE,
                "meta/episodes/file_index": self._table_file % layout.CHUNKS_SIZE,
                **about,
            }
        )
        self._frames += length
        self._state = "open"
        return index

    def _check_images(self, images: Mapping[str, Any]) -> None:
        wanted = {name for name, feature in self.features.items() if feature["dtype"] == "video"}
        if set(images) != wanted:
            raise EpisodeError(
                f"pictures are given for {sorted(images)}, the features are {sorted(wanted)}.", field="images"
            )

    def _content(self, columns: dict[str, np.ndarray], sentence: str) -> dict[str, np.ndarray]:
        """The next episode's rows by feature name, LeRobot's own columns among them."""
        length = len(columns[layout.CLOCK])
        k = np.arange(length, dtype=np.int64)
        return columns | {
            "timestamp": (k / self.fps).astype(np.float32)[:, None],
            "frame_index": k[:, None],
            "episode_index": np.full((length, 1), self._first + len(self._rows)),
            "index": (k + self._frames)[:, None],
            "task_index": np.full((length, 1), self._tasks.get(sentence, len(self._tasks))),
        }

    def _digests(self, columns: dict[str, np.ndarray], sentence: str) -> dict[str, str]:
        """Hash of each column, so that one that is changed later can be named."""
        content = self._content(columns, sentence)
        return {name: layout.content_sha256({name: content[name]}) for name in sorted(content)}

    @staticmethod
    def _table(content: dict[str, np.ndarray]) -> pa.Table:
        """The episode's rows as Parquet."""
        fields, arrays = [], []
        for name, values in content.items():
            flat = pa.array(values.reshape(-1))
            width = values.shape[1]
            arrays.append(flat if width == 1 else pa.FixedSizeListArray.from_arrays(flat, width))
            fields.append(pa.field(name, arrays[-1].type))
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def _append(self, table: pa.Table) -> int:
        """Write the rows as one row group; returns the running number of the data file."""
        if self._data is not None and self._path(self._file).stat().st_size > MAX_FILE_BYTES:
            self._data.close()
            self._data = None
        if self._data is None:
            self._file += 1
            path = self._path(self._file)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._data = pq.ParquetWriter(writable(path), table.schema, compression="zstd", write_page_checksum=True)
        self._data.write_table(table, row_group_size=len(table))
        return self._file

    def _path(self, file: int) -> Path:
        return self._folder / layout.numbered(layout.DATA_PATH, file)

    def _write_videos(
        self, images: Mapping[str, Iterable[np.ndarray] | WholeVideo], index: int, length: int
    ) -> tuple[dict[str, Any], dict[str, dict[str, np.ndarray]]]:
        if not images:
            return {}, {}
        from ..video import WholeVideo, encode

        columns: dict[str, Any] = {}
        image_stats = {}
        chunk, number = divmod(index, layout.CHUNKS_SIZE)
        for name, frames in images.items():
            path = self._folder / layout.numbered(layout.VIDEO_PATH, index, video_key=name)
            path.parent.mkdir(parents=True, exist_ok=True)
            shape = self.features[name]["shape"]
            if isinstance(frames, WholeVideo):
                shutil.copyfile(frames.path, path)
                sampled = frames.sampled
            else:
                sampled = encode(path, frames, shape, self.fps, length, name)
            image_stats[name] = stats.of_frames(sampled)
            columns |= {
                f"videos/{name}/chunk_index": chunk,
                f"videos/{name}/file_index": number,
                f"videos/{name}/from_timestamp": 0.0,
                f"videos/{name}/to_timestamp": length / self.fps,
            }
        return columns, image_stats

    def _write(self, relative: str, content: bytes) -> None:
        path = self._folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def close(self, splits: Mapping[str, str] | None = None, last: Callable[[Path], None] | None = None) -> Path:
        """Finish the dataset and put it in place, or what was added into its place.

        Args:
            splits: name -> range of episodes, such as `0:8`; None: all are `train`.
            last: called with the folder of the whole set before it is put in place; what it writes there is of the set.

        Returns:
            `out`.

        Raises:
            EpisodeError: no episode was added, one was left half written, or something lies at `out` by now.
        """
        if self._state == "closed":
            return self.out
        try:
            if self._state != "open":
                raise EpisodeError(f"the dataset is {self._state} and cannot be finished.", file=self.out)
            if not self._rows:
                raise EpisodeError("no episode was added, so that there is no dataset to write.", field="episodes")
            assert self._data is not None
            self._data.close()
            self._data = None
            self._write_meta(splits)
            if last is not None:
                last(self._folder)
            if self._base is not None:
                move_in(self._folder, self._base)
                shutil.rmtree(self._folder, ignore_errors=True)
            else:
                refuse_existing(self.out)
                if self.out.is_dir():
                    self.out.rmdir()
                os.rename(self._folder, self.out)
        except BaseException:
            self.abort()
            raise
        self._state = "closed"
        return self.out

    def abort(self) -> None:
        """Throw away what was written; `out` stays as it was, or becomes so again."""
        if self._state == "closed":
            return
        self._state = "aborted"
        if self._data is not None:
            with suppress(OSError, pa.ArrowException):  # what is thrown away need not be whole, as on a full disk
                self._data.close()
            self._data = None
        shutil.rmtree(self._folder, ignore_errors=True)
        self._above.__exit__(None, None, None)

    def _write_meta(self, splits: Mapping[str, str] | None = None) -> None:
        count = self.total
        write_episodes(self._folder, self._rows, self._stats, self._table_file)
        write_tasks(self._folder, list(self._tasks))
        known = list(self._base.statistics()) if self._base else []
        self._write(layout.STATS, json_bytes(stats.of_set([*known, *self._stats]), "stats"))
        about = {"layout": layout.LAYOUT_VERSION, "made": json.loads(self.meta)}
        about |= {} if self.simulation else {"kind": layout.IMPORTED}
        origin = f"{layout.APPENDS}/from_{self._first:06d}.json" if self._base else layout.DATASET
        self._write(origin, json_bytes(about, "meta"))
        videos = any(feature["dtype"] == "video" for feature in self.features.values())
        info = {
            "codebase_version": layout.CODEBASE_VERSION,
            "robot_type": self.robot_type,
            "total_episodes": count,
            "total_frames": self._frames,
            "total_tasks": len(self._tasks),
            "chunks_size": layout.CHUNKS_SIZE,
            "data_files_size_in_mb": MAX_FILE_BYTES >> 20,
            "video_files_size_in_mb": 200,
            "fps": self.fps,
            "splits": dict(splits) if splits else {"train": f"0:{count}"},
            "data_path": layout.DATA_PATH,
            "video_path": layout.VIDEO_PATH if videos else None,
            "features": self.described_features | layout.DEFAULT_FEATURES,
        }
        if self._base is None or not (self.out / lerobot_contract.NAME).exists():
            self._write(lerobot_contract.NAME, lerobot_contract.contract(self.described_features))
        self._write(layout.INFO, json_bytes(info, "info"))  # last: the set is whole from here on


