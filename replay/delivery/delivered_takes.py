"""The takes of sets of ours: what is known of each without its numbers, and its numbers when it is copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...scenarios.sheet.errors import EpisodeError
from ..formats import Entry, entries
from ..formats.lerobot import layout
from ..formats.lerobot.own import Dataset
from ..formats.lerobot.write import DatasetWriter
from ..recording.metadata import no_columns
from ..recording.recording import PictureFile, Recording, Unreadable

ADDED = ("shiliu/split", "shiliu/judged", "shiliu/overruled", "shiliu/taken_from")  # columns of `meta/episodes`
OWN = ("shiliu/frames_sha256", "shiliu/side_sha256", *ADDED)  # which every writing makes anew


@dataclass(frozen=True)
class TakeOfSet:
    """One recording of a set.

    Attributes:
        entry: number of its set; k: its number there; source: as its verdict names it.
        sha256: of the recording; also: of the file that it was imported from, or None.
        said: what the data centre says of it, as `Metadata.plain` gives it.
        made_by: what made it, as it says itself: `scripted operator`, `page take`; `imported` for a recording of another recorder.
        error: why it cannot be read, or None; task: its task sentence.
    """

    entry: int
    k: int
    source: str
    sha256: str | None
    also: str | None
    scenario: str | None
    cell: str | None
    metadata: dict[str, Any]
    made_by: str | None = None
    error: str | None = None
    task: str | None = None


@dataclass(frozen=True)
class SetKind:
    """What all takes of one set must share."""

    features: dict[str, Any]
    fps: int
    robot: str
    imported: bool


class TakeSource:
    """Sets of ours in a folder, or one of them.

    Args:
        data: a dataset, or a folder that holds some.
        keep_going: go on past what is no set of ours, or cannot be read as a whole.

    Attributes:
        left: number of a set that was left out -> why; those that cannot be read join while `takes` runs.

    Raises:
        EpisodeError: something there is no set of ours, and `keep_going` is false.
    """

    def __init__(self, data: Path, keep_going: bool = False) -> None:
        self.data, self.found, self.keep_going = data, entries(data), keep_going
        self.left: dict[int, EpisodeError] = {}
        for number, one in enumerate(self.found):
            if (one.path / layout.DATASET).is_file():
                continue
            self.left[number] = EpisodeError(
                "is no dataset of shiliu, and only those are delivered. Import it first (shiliu import data=... out=...), and name "
                "the set that this makes.",
                file=one.path,
                field="data",
            )
            if not keep_going:
                self.left[number].message += " keep_going=true delivers the others without it."
                raise self.left[number]
        self._open: tuple[int, Dataset] | None = None

    def set_of(self, number: int) -> Dataset:
        if self._open is None or self._open[0] != number:
            one: Entry = self.found[number]
            self._open = number, Dataset(one.path, one.source)
        return self._open[1]

    def takes(self) -> Iterator[TakeOfSet]:
        """Every take, in the order of the data; each is read once, and let go."""
        for number in range(len(self.found)):
            if number in self.left:
                continue
            try:
                there = self.set_of(number)
            except EpisodeError as error:
                if not self.keep_going:
                    raise
                self.left[number] = error
                continue
            for k, row in enumerate(there.rows):
                yield _take(number, k, row, there.item(k))

    def declared(self, number: int) -> int | None:
        """Takes that a set announces; None where its description is none, or has no such number."""
        path = self.found[number].path / layout.INFO
        try:
            total = Dataset.json_file(path, "description of the set").get("total_episodes") if path.is_file() else None
        except EpisodeError:
            return None
        return total if type(total) is int and total >= 0 else None

    def kind(self, number: int) -> SetKind:
        """What a set demands of a take that is added to it."""
        there = self.set_of(number)
        own = {*layout.DEFAULT_FEATURES, layout.CLOCK}
        features = {name: layout.with_unit_text(one) for name, one in there.features.items() if name not in own}
        return SetKind(features, there.fps, str(there.info.get("robot_type")), there.imported)

    def copy(self, take: TakeOfSet, writer: DatasetWriter, also: Mapping[str, Any], columns: tuple[str, ...]) -> int:
        """Put a take into another set, its numbers to the bit.

        Args:
            also: what is added to its row of `meta/episodes`.
            columns: `shiliu/...` columns of imported sets, the same for every take.

        Returns:
            Its number there.

        Raises:
            EpisodeError: it is not what it was, or its pictures are not there.
        """
        there = self.set_of(take.entry)
        recording = there.recording(take.k)
        if recording.sha256 != take.sha256:
            raise EpisodeError("changes while it is delivered. Begin again when nobody writes there.", file=there.root)
        videos = {name: _whole(name, recording) for name, one in there.features.items() if one["dtype"] == "video"}
        frames = there.frames(take.k)
        if recording.episode is not None:
            states = {name: recording.episode.states.get(name, values) for name, values in frames.items()}
            return writer.add(recording.episode, states, videos=videos, also=also)
        row, raw = there.rows[take.k], there.raw(take.k)
        about = {name: row.get(name) for name in columns} | dict(also)
        task = str((row.get("tasks") or ["no task given"])[0])
        keep = None if raw is None else lambda path: shutil.copyfile(raw, path)
        times_ns = None if recording.declared is None else recording.declared.clock_ns
        return writer.add_imported(frames, task, about, there.side(take.k), keep, videos, times_ns=times_ns)

    def columns(self, numbers: set[int]) -> tuple[str, ...]:
        """The columns of ours that some of these sets have, those that every writing makes anew left out."""
        names: dict[str, None] = {}
        for number in sorted(numbers):
            rows = self.set_of(number).rows
            names |= dict.fromkeys(
                name for name in (rows[0] if rows else {}) if name.startswith("shiliu/") and name not in OWN
            )
        return tuple(names)


def _take(number: int, k: int, row: Mapping[str, Any], item: Recording | Unreadable) -> TakeOfSet:
    if isinstance(item, Unreadable):
        return TakeOfSet(number, k, item.source, None, None, None, None, {}, error=str(item.error))
    declared = item.metadata.get("demonstration")
    if not isinstance(declared, dict):  # of an imported recording the table may say it
        declared = {
            name.removeprefix("shiliu/"): row[name]
            for name in no_columns()
            if row.get(name) is not None
            and name.removeprefix("shiliu/") in ("operator", "centre", "licence", "consent", "cell")
        }
    also = row.get("shiliu/source_sha256")
    cell = item.cell or declared.get("cell")
    made = "imported" if item.episode is None else item.episode.provenance.get("made_by")
    return TakeOfSet(
        number,
        k,
        item.source,
        item.sha256,
        also if isinstance(also, str) else None,
        item.scenario,
        cell,
        declared,
        made if isinstance(made, str) else None,
        task=next(iter(row.get("tasks") or ()), None),
    )


def _whole(name: str, recording: Recording) -> Any:
    from ..formats.video import WholeVideo, sample

    picture = recording.pictures.get(name)
    if not isinstance(picture, PictureFile):
        raise EpisodeError("its pictures are not there. Copy the whole dataset folder again.", file=recording.source, field=name)
    rows = len(next(iter(recording.streams.values())).time_ns)
    return WholeVideo(picture.path, sample(picture.path, picture.shape, rows))
