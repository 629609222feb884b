"""The columns of an episode that a mapping names, and which of them it took."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ..mapping import ANY, ArrayRule, Columns
from ..mapping import Mapping as ChannelMapping
from .held_arrays import ArrayEpisode

OTHER_MAPPING = "Give a mapping for this recording (mapping=FILE.yaml)."
MOST_OF_TYPE = 60  # characters of the type of a channel that is not read


def shape_text(array: np.ndarray) -> str:
    return " x ".join(map(str, array.shape)) or "one number"


def width_of(array: np.ndarray) -> int:
    """Columns of a channel when each sample is laid out in one row."""
    return math.prod(array.shape[1:])


class MappedColumns:
    """An episode beside one of its mappings.

    Attributes:
        given_fps: rows a second, as the caller names them.
        used: channel -> (first, end) of the columns that were taken.
        notes: what a reader of the recording has to know.
        coarse_s: the step in which its times count [s], where that is too long to tell its rows apart.
    """

    def __init__(self, episode: ArrayEpisode, mapping: ChannelMapping, rule: ArrayRule, fps: float | None) -> None:
        self.episode, self.mapping, self.rule, self.given_fps = episode, mapping, rule, fps
        self.used: dict[str, list[tuple[int, int]]] = {}
        self.coarse_s: float | None = None
        self.notes = [
            f"read with mapping {mapping.name}; values, element order and clocks are as stored",
            *episode.notes,
        ]

    def fail(self, message: str, place: str) -> EpisodeError:
        return EpisodeError(message, file=self.episode.file, field=place)

    def array(self, columns: Columns) -> np.ndarray:
        array = self.episode.arrays.get(columns.channel)
        if array is None:
            why = self.unread(columns.channel)
            if why or columns.channel in self.episode.labels:
                raise self.fail(f"is here, and not read: {why or 'text'}. Write it as plain numbers.", columns.channel)
            if not self.episode.arrays:
                raise self._nothing(columns.channel)
            raise self.fail(
                f"mapping {self.mapping.name} names this channel, but the episode holds "
                f"{', '.join(list(self.episode.arrays)[:12])}. Leave mapping= out, or correct the mapping.",
                columns.channel,
            )
        return array

    def unread(self, channel: str) -> str | None:
        """Why a channel that the container holds was not read; None where it holds none of that name."""
        about = (text.removeprefix(channel) for text in self.episode.left if text.startswith((f"{channel}: ", f"{channel} (")))
        parts = next((rest.removeprefix(" (").rpartition("): ") for rest in about), None)
        return None if parts is None else ", ".join(part for part in (parts[0][:MOST_OF_TYPE], parts[2].removeprefix(": ")) if part)

    def _nothing(self, channel: str) -> EpisodeError:
        """The error of an episode without any array."""
        if not self.episode.left:
            return self.fail("the episode holds nothing: it was begun, and no row was ever saved. Leave it out.", channel)
        left = f"nothing in this {self.episode.container} is a number that is read: {'; '.join(self.episode.left[:4])}."
        return self.fail(f"{left} Save each value as a plain array.", channel)

    def rows_differ(self, rows: int, others: int, place: str) -> EpisodeError:
        """The error of a channel with another number of rows than the others have."""
        why = "The observation after the last action may be a row of its own: leave it out."
        why = why if rows > others else "The last of those may be a row of its own: leave it out, if it belongs to no row here."
        why = why if abs(rows - others) == 1 else "The episode was cut or mixed up."
        return self.fail(f"has {rows} rows, other channels have {others}. {why}", place)

    def columns(self, text: str, places: Sequence[int] | None = None) -> np.ndarray:
        """(n, k) values of a field as stored, of those in some places alone where they are given, and the columns are marked as used."""
        columns = Columns.parse(text)
        array = self.array(columns)
        if array.ndim == 0:
            raise self.fail("is one number, not a row of them; name it under metadata.", columns.channel)
        width = width_of(array)
        due = self.rule.channels.get(columns.channel)
        if due == array.shape[:1] and array.ndim == 2 and width != len(array):
            raise self.fail(
                f"has {len(array)} rows and {width} columns, and the mapping takes {len(array)} columns: it looks transposed. "
                "Write one sample in each row.", columns.channel,
            )  # fmt: skip
        known = math.prod(map(int, due)) if due is not None and ANY not in due else width
        if due is not None and array.ndim > max(2, len(due) + 1) and width != known:
            here = " x ".join(map(str, array.shape[1:]))
            raise self.fail(
                f"holds {here} numbers in each row, and mapping {self.mapping.name} knows {known}. Write one sample in each row: of "
                "chunks the first step, of a batch one take after another, each in a file of its own.",
                columns.channel,
            )
        every = [columns] if places is None else [Columns(text, i, i + 1) for i in places]
        for one in every:
            first, end = one.span(width)
            if end > width:
                single = array.ndim == 1 and due == array.shape  # as whoever pickles each step by itself leaves it
                fix = "It looks like one sample: write those of a take below one another." if single else OTHER_MAPPING
                raise self.fail(f"has {width} columns, the mapping takes {one}. {fix}", one.channel)
            self.used.setdefault(columns.channel, []).append((first, end))
        rows = array.reshape(len(array), width)
        return rows[:, first:end] if places is None else rows[:, list(places)]

    def has(self, text: str) -> bool:
        return Columns.parse(text).channel in self.episode.arrays
