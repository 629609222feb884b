"""LeRobot datasets that others recorded, v2.0 to v3.0: episode by episode, from files of one episode or of many.

Episodes are read from the frames, not from the metadata, which in real sets promises files that are not there and types that
the files do not have. An episode that is announced and has no rows here is `Unreadable`. What else differs is reported in the
notes; what a column means, a mapping says.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ....scenarios.sheet.errors import EpisodeError, shown
from ...recording.declared import AnnouncedFile, Declared
from ...recording.recording import EXCHANGED, PictureFile, Recording, Unreadable
from ..arrays.array_episode import (
    MAX_EPISODE_BYTES,
    ArrayEpisode,
    mendable,
    recording_of,
)
from ..column_endings import exchanged_names, with_names_put_back
from ..reader_errors import once_readable
from . import layout
from .declared_columns import ABSENT, others_of, span_of, video_range
from .foreign_columns import (
    announced_units,
    counted,
    differences,
    foreign_array,
    ranges_of,
    readable_columns,
    size_of,
    success_of,
    text_columns,
)
from .foreign_tables import MAX_FILES, ForeignTables
from .set_statistics import Stats, table_numbers
from .tables import readable

TABLED = ("v2.0", "v2.1", "v3.0")  # versions of LeRobot's layout that have a table of episodes
COUNTER = "episode_index"  # LeRobot's own; other layouts number episodes from anew in each file
OTHER_COUNTER = "episode"
SUCCEEDED = "next.success is true in a row: the take is labelled as one that succeeded"
FAILED = "next.success is true in no row: the take is labelled as one that failed"
UNFILLED = "next.success is true in no take of the set: it labels none, since a recorder may never have filled it"
TIME = "timestamp"  # LeRobot's own column of seconds since the episode began
MIXED = 3  # times as many stretches of rows as episodes: from there on the rows of a file are in no order
MANY = 3  # missing episodes, of which each has a line; more have one together
_NUMBER = re.compile(r"^episode_(\d{1,9})$")
BOOKKEEPING = ("episode_index", "frame_index", "index", "task_index")  # LeRobot's counters, which hold no measurement


def read(
    root: Path, source: str, mapping: str | Path | None = None, fps: float | None = None
) -> Iterator[Recording | Unreadable]:
    """The episodes of a dataset folder, in the order of its files.

    Args:
        root: folder with `meta/info.json`.
        source: what `Recording.source` says before `#k`.
        mapping: name or file of the mapping; None chooses for each episode, as a set may hold several layouts.
        fps: rows a second, for rows without times.

    Raises:
        EpisodeError: at once, where the set as a whole cannot be read; while iterating, where no episode of it can.
            A single unreadable file or episode comes as `Unreadable`.
    """
    items = _Foreign(root, source).episodes()

    def read_one(item: ArrayEpisode | Unreadable) -> Recording | Unreadable:
        if isinstance(item, Unreadable):
            return item
        try:
            return recording_of(item, mapping, fps)
        except EpisodeError as error:
            return Unreadable(item.name, item.source, error)

    return once_readable(map(read_one, items))


def _in_order(index: np.ndarray, path: Path) -> None:
    """Refuses rows of episodes that lie mixed; one episode that stands in two places is another matter.

    Raises:
        EpisodeError: with the first row that does not belong where it is.
    """
    cuts = np.flatnonzero(np.diff(index)) + 1
    episodes = len(np.unique(index))
    if len(cuts) + 1 > MIXED * episodes:
        row = next(int(cut) for k, cut in enumerate(cuts) if index[cut] in index[: cuts[k - 1] if k else 0])
        raise EpisodeError(
            f"the rows of its {episodes} episodes lie mixed, the first in row {row}. Sort them by {COUNTER} and frame_index.",
            file=path,
            field=COUNTER,
        )


class _Foreign(ForeignTables):
    """One dataset folder."""

    def _declared(
        self,
        path: Path,
        index: int | None,
        columns: dict[str, np.ndarray],
        left: list[str],
        row: dict[str, Any],
        videos: dict[str, str | None],
        place: int | None,
    ) -> Declared:
        """What the set says of one episode; which columns nobody reads is reported once a mapping is chosen."""
        length = len(next(iter(columns.values())))
        single = {name: values.reshape(-1) for name, values in columns.items() if values.size == length}
        whole = {name: single[name] for name in BOOKKEEPING if name in single and single[name].dtype.kind in "iu"}
        times = single.get(TIME)
        span = span_of(row)
        in_name = _NUMBER.search(path.stem)
        before = self.rows.get(index - 1, {}) if index is not None else {}
        stats: Stats = {}
        table = None
        if index in self.place:
            stats, table = self.statistics.at(self.place[index]), self.statistics.table_of(self.place[index])
        elif index is not None:
            stats = self.listed_statistics[0].get(index, {})
        torn = () if stats else self.listed_statistics[1]
        return Declared(
            n=length,
            number=int(in_name[1]) if in_name is not None else index,
            fps=self.fps,
            no_rate=self.no_rate,
            timestamp=times.astype(np.float64) if times is not None and times.dtype.kind in "fiu" else None,
            counters={name: values.astype(np.int64) for name, values in whole.items()},
            listed=self.lines_of[index] if index is not None and (self.rows or self.version in TABLED) else None,
            file=self._elsewhere(path, index, row),
            features=dict(self._unlike(columns)),
            length=row["length"] if isinstance(row.get("length"), int) else None,
            span=span,
            place=place if span is not None or self.rows else None,
            others=others_of(index, span, self.rows.items())
            if span is not None and place not in (None, span[0])
            else {},
            totals=self.totals | table_numbers(row, table),
            tasks=frozenset(i for i in self.tasks if isinstance(i, int)) or None,
            given=self.given(row),
            columns=columns,
            stats=stats,
            set_stats=self.set_statistics or {},
            normalised=self.normalised,
            torn=torn if self.set_statistics is not None else (*torn, layout.STATS),
            videos=tuple(
                video_range(key, self.features.get(key, {}), row, before, self.root / relative)
                for key, relative in videos.items() if relative is not None
            ),
            unseen=dict(self._unseen(videos)),
            unread=tuple(text.partition(" ")[0] for text in left),
        )

    def _unseen(self, videos: dict[str, str | None]) -> Iterator[tuple[str, str]]:
        """Cameras that are announced and of which no picture can be looked at, each with the reason."""
        for key, feature in self.features.items():
            if feature.get("dtype") == "image":
                yield key, "pictures in a table are not read"
            elif key in videos and videos[key] is None:
                yield key, ABSENT
            elif key in videos and size_of(feature.get("shape"), self.labels[key]) is None:
                yield key, f"announced as {feature.get('shape')}, which is no picture"

    def _elsewhere(self, path: Path, index: int | None, row: dict[str, Any]) -> AnnouncedFile | None:
        """The file in which the table says that an episode's rows are, and the one that holds them, where these are two.

        Where a set has a file for each episode, `data_path` says it.
        """
        each = "{episode_index" in str(self.info.get("data_path")) and isinstance(self.info.get("chunks_size"), int)
        due = self.file_of(index, row) if index is not None and (each or isinstance(row.get("data/file_index"), int)) else None
        if due is None or due.resolve() == path.resolve():
            return None
        announced, here = (of.relative_to(self.root).as_posix() for of in (due, path))
        return AnnouncedFile(announced, here, ("data_path",), not due.is_file()) if each else AnnouncedFile(announced, here)

    def _unlike(self, columns: dict[str, np.ndarray]) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """Features of numbers that `info.json` announces otherwise than they are here: not at all, of another shape, or with names that are
        no names of its elements. A float of another width is none. And tasks that have two sentences."""
        if self.twice and "task_index" in columns:
            yield "task_index", ("twice", str(min(self.twice)), "")
        for name, feature in self.features.items():
            shape, labels = feature.get("shape"), self.labels[name]
            if feature.get("dtype") not in layout.DTYPES:
                continue
            if name not in columns:
                yield name, ("lacking", str(shape), "")
            elif isinstance(shape, list) and shape != [1] and list(columns[name].shape[1:]) != shape:
                yield name, ("shape", str(shape), str(list(columns[name].shape[1:])))
            elif columns[name].ndim == 2 and len(labels) > 1 and len(labels) != columns[name].shape[1]:
                yield name, ("few_names", str(len(labels)), str(columns[name].shape[1]))
            elif columns[name].ndim == 2 and len(labels) == columns[name].shape[1] != len(set(labels)):
                yield name, ("names", next(label for label in labels if labels.count(label) > 1), "")

    # ---------------------------------------------------------------------------------------------- frames

    def episodes(self) -> Iterator[ArrayEpisode | Unreadable]:
        """Every episode, as the frames hold it; after them those that are announced and not here."""
        seen: dict[int, str] = {}  # number of an episode -> its file
        broken: set[Path] = set()
        numbered = True  # every episode has a number by which the tables know it
        # which row of the set a file begins with, as LeRobot counts through the files; unknown where one of them is missing
        places = {path for index, row in self.rows.items() if (path := self.file_of(index, row)) is not None}
        first: int | None = 0 if all(path.is_file() for path in places) else None
        for path in self.files:
            relative = shown(path.relative_to(self.root).as_posix())
            try:
                for counted, columns, left, row in self._of_file(path):
                    index = self._number_of(path, counted)
                    place = None if first is None else first + row
                    episode = self._episode(path, relative, index, columns, left, place)
                    numbered &= index is not None
                    if index is not None and index in seen:
                        yield Unreadable(
                            episode.name,
                            episode.source,
                            EpisodeError(
                                f"episode {index} stands in two places, the first in {seen[index]}. Leave one of them out.",
                                file=path,
                                field="episode_index",
                            ),
                        )
                        continue
                    if index is not None:
                        seen[index] = relative
                    yield episode
                if first is not None:
                    first += pq.read_metadata(readable(path)).num_rows
            except EpisodeError as error:
                broken.add(path)
                first = None
                if (named := _NUMBER.search(path.stem)) is not None:
                    seen.setdefault(int(named[1]), relative)
                yield Unreadable(shown(path.stem), f"{self.source}/{relative}", error)
        if numbered:
            yield from self._not_here(seen, broken)

    def _number_of(self, path: Path, counted: int | None) -> int | None:
        """The number of an episode: as its rows count, or by the name of its file, where the set has a file for each episode and the file
        of that count is here, too."""
        named = _NUMBER.search(path.stem)
        if counted is None or named is None or "{episode_index" not in str(self.info.get("data_path")):
            return counted
        own = self.file_of(counted, self.rows.get(counted, {}))
        return counted if own is None or not own.is_file() or own.resolve() == path.resolve() else int(named[1])

    def _not_here(self, seen: Collection[int], broken: set[Path]) -> Iterator[Unreadable]:
        """Episodes that the tables list, or `info.json` counts, of which no row was found."""
        announced = set(self.rows)
        total = self.info.get("total_episodes")
        if type(total) is int and 0 < total <= MAX_FILES and announced <= set(range(total)):
            announced = set(range(total))
        missing = sorted(announced.difference(seen))
        if len(missing) > MANY and (lost := self._many_missing(missing, len(announced), broken)) is not None:
            yield lost
            return
        for index in missing:
            row = self.rows.get(index, {})
            path = self.file_of(index, row)
            if path in broken:
                continue  # which has a line of its own
            where = "" if path is None else path.relative_to(self.root).as_posix()
            lacks = "it has none here" if path is None else f"{where} {'has none of it' if path.is_file() else 'is missing'}"
            message = f"episode {index} is announced, and {lacks}. Copy the whole dataset folder again."
            if row.get("length") == 0:
                message = f"episode {index} is announced with no row: nothing was recorded. Leave it out."
            name = layout.episode_name(index)
            error = EpisodeError(message, file=path or self.info_path, field="episode_index")
            yield Unreadable(name, f"{self.source}#{index}", error)

    def _many_missing(self, missing: list[int], announced: int, broken: set[Path]) -> Unreadable | None:
        """One line for all episodes of a set that was copied in part; None where all lie in files that have a line of their own."""
        paths = {index: self.file_of(index, self.rows.get(index, {})) for index in missing}
        left = [index for index in missing if paths[index] not in broken]
        if not left:
            return None
        files = sorted({path for index in left if (path := paths[index]) is not None and not path.is_file()})
        few = ", ".join(map(str, left[:MANY])) + (" …" if len(left) > MANY else "")
        where = f"; {len(files)} files are missing, the first {files[0].relative_to(self.root).as_posix()}" if files else ""
        message = f"{len(left)} of {announced} announced episodes are not here ({few}){where}. Copy the whole dataset folder again."
        error = EpisodeError(message, file=files[0] if files else self.info_path, field="episode_index")
        return Unreadable(f"{len(left)} episodes", f"{self.source}#{left[0]}", error)

    def _of_file(self, path: Path) -> Iterator[tuple[int | None, dict[str, np.ndarray], list[str], int]]:
        """Index, columns, unread columns and first row of each episode of a file, holding one episode at a time."""
        with mendable(path, "table of frames"):
            file = pq.ParquetFile(readable(path), page_checksum_verification=True)
            wanted, left = readable_columns(file.schema_arrow)
            counter = next((name for name in (COUNTER, OTHER_COUNTER) if name in wanted), None)
            in_name = _NUMBER.search(path.stem) if counter != COUNTER else None
            if file.metadata.num_rows == 0:
                raise ValueError("it holds no frame")
            small = counter == COUNTER and self._bytes_of(file, None, [COUNTER]) <= MAX_EPISODE_BYTES
            numbers = counted(foreign_array(file.read([COUNTER], use_threads=False).column(COUNTER), COUNTER), COUNTER) if small else None
        if text := text_columns(file.schema_arrow, self.features):
            raise EpisodeError("it is announced as numbers and holds text. Write numbers.", file=path, field=", ".join(text))
        if numbers is not None:
            _in_order(numbers, path)
        held: dict[str, list[np.ndarray]] = {}
        current: int | None = None
        begun = passed = 0

        def finished() -> tuple[int | None, dict[str, np.ndarray], list[str], int]:
            number = int(in_name[1]) if in_name is not None else current
            return number, {name: np.concatenate(pieces) for name, pieces in held.items()}, left, begun

        for group in range(file.num_row_groups):
            with mendable(path, "table of frames"):
                if file.metadata.row_group(group).num_rows == 0:
                    continue
                if self._bytes_of(file, group, wanted) > MAX_EPISODE_BYTES:
                    raise ValueError(f"a row group takes more than {MAX_EPISODE_BYTES >> 20} MiB")
                table = file.read_row_group(group, columns=wanted, use_threads=False)
                part = {name: foreign_array(table.column(name), name, passed) for name in wanted}
                index = counted(part[counter], counter) if counter is not None else np.zeros(table.num_rows, np.int64)
            cuts = [0, *(np.flatnonzero(np.diff(index)) + 1).tolist(), len(index)]
            for first, end in itertools.pairwise(cuts):
                number = int(index[first]) if counter is not None else None
                if held and number != current:
                    yield finished()
                    held = {}
                if not held:
                    begun = passed + first
                current = number
                for name, values in part.items():
                    held.setdefault(name, []).append(values[first:end])
                if sum(piece.nbytes for pieces in held.values() for piece in pieces) > MAX_EPISODE_BYTES:
                    raise EpisodeError(f"an episode takes more than {MAX_EPISODE_BYTES >> 20} MiB.", file=path)
            passed += len(index)
        if held:
            yield finished()

    @staticmethod
    def _bytes_of(file: pq.ParquetFile, group: int | None, wanted: list[str]) -> int:
        """Bytes of columns in a row group, in all of them where None."""
        groups = range(file.num_row_groups) if group is None else (group,)
        rows = [file.metadata.row_group(each) for each in groups]
        columns = (each.column(i) for each in rows for i in range(each.num_columns))
        return sum(
            c.total_uncompressed_size
            for c in columns
            if c.path_in_schema.split(".")[0] in wanted or c.path_in_schema in wanted
        )

    def _episode(
        self,
        path: Path,
        relative: str,
        index: int | None,
        columns: dict[str, np.ndarray],
        left: list[str],
        place: int | None,
    ) -> ArrayEpisode:
        row = self.rows.get(index, {}) if index is not None else {}
        notes, success = list(differences(columns, self.features)), success_of(columns)
        if success is False and self.succeeds_never:
            success = None
            notes.append(UNFILLED)
        elif success is not None:
            notes.append(SUCCEEDED if success else FAILED)
        name = layout.episode_name(index) if index is not None else shown(path.stem)
        videos = self._videos(index, row)
        declared = self._declared(path, index, columns, left, row, videos, place)
        left = [
            *left,
            *(
                f"{key} (video {shown(file)}): pictures are not read"
                for key, file in videos.items()
                if file is not None
            ),
            *(f"{key} (video): {ABSENT}" for key, file in videos.items() if file is None),
        ]
        task, exchanged = self.task_of(columns, row), exchanged_names(self.labels)
        return ArrayEpisode(
            name=name,
            source=f"{self.source}#{index}" if index is not None else f"{self.source}/{relative}",
            sha256=layout.content_sha256(columns),
            format="lerobot",
            container=f"LeRobot {self.version} set",
            file=path,
            arrays={k: v for k, v in columns.items() if k not in (*BOOKKEEPING, layout.SUBTASK)},
            labels=with_names_put_back({k: v for k, v in self.labels.items() if v}),
            robot_type=self.info.get("robot_type"),
            fps=self.fps,
            time=TIME if TIME in columns or any(text.startswith(f"{TIME} (") for text in left) else None,  # not read is not absent
            left=left,
            metadata={
                "file": relative,
                "robot_type": self.info.get("robot_type"),
                **({"task": task} if task else {}),
                **({} if success is None else {"label": {"success": success, "failure": None}}),
                **({"videos": videos} if videos else {}),
                **({EXCHANGED: exchanged} if exchanged else {}),
            },
            notes=notes,
            pictures=self._pictures(videos, row),
            declared=declared,
            ranges=self.ranges,
            units={k: units for k, f in self.features.items() if k in columns and (units := announced_units(f, columns[k])) is not None},
        )

    @cached_property
    def ranges(self) -> dict[str, np.ndarray]:
        """Lowest and highest value of each column of the features that declare them."""
        return {name: span for name, feature in self.features.items() if (span := ranges_of(feature)) is not None}

    def _pictures(self, videos: dict[str, str | None], row: dict[str, Any]) -> dict[str, PictureFile]:
        """Videos that are here and that the set describes as pictures, in whatever order of height, width and channels."""
        found = {}
        for key, relative in videos.items():
            feature = self.features[key]
            size = size_of(feature.get("shape"), self.labels[key])
            if relative is None or size is None:
                continue
            info = feature.get("info") or feature.get("video_info")
            codec = info.get("video.codec") if isinstance(info, dict) else None
            start, stop = (row.get(f"videos/{key}/{end}_timestamp") for end in ("from", "to"))
            part = isinstance(start, float) and isinstance(stop, float) and 0.0 <= start < stop
            found[key] = PictureFile(
                self.root / relative,
                (*size, 3),
                self.fps,
                codec if isinstance(codec, str) else None,
                *((start, stop) if part else ()),
            )
        return found

    def _videos(self, index: int | None, row: dict[str, Any]) -> dict[str, str | None]:
        """Path of the video of every announced camera, relative to the set, or None where the file is not here."""
        pattern = self.info.get("video_path")
        size = self.info.get("chunks_size")
        found: dict[str, str | None] = {}
        for key, feature in self.features.items():
            if feature.get("dtype") != "video":
                continue
            found[key] = None
            if not isinstance(pattern, str) or index is None:
                continue
            chunk, number = row.get(f"videos/{key}/chunk_index", 0), row.get(f"videos/{key}/file_index", 0)
            path = layout.place(
                self.root,
                pattern,
                self.info_path,
                video_key=key,
                episode_index=index,
                episode_chunk=index // size if isinstance(size, int) and size > 0 else 0,
                chunk_index=chunk if isinstance(chunk, int) else 0,
                file_index=number if isinstance(number, int) else 0,
            )
            if not path.is_file():  # some sets fill the chunk's place with the episode's number
                other = sorted(self.root.glob(f"videos/*/{key}/{layout.episode_name(index)}.mp4"))
                path = other[0] if len(other) == 1 else path
            if path.is_file():
                found[key] = path.relative_to(self.root).as_posix()
        return found
