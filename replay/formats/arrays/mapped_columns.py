"""The columns of an episode that a mapping names, and which of them it took."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ..mapping import ArrayRule, Columns
from ..mapping import Mapping as ChannelMapping
from .held_arrays import ArrayEpisode


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
    """

    def __init__(self, episode: ArrayEpisode, mapping: ChannelMapping, rule: ArrayRule, fps: float | None) -> None:
        self.episode, self.mapping, self.rule, self.given_fps = episode, mapping, rule, fps
        self.used: dict[str, list[tuple[int, int]]] = {}
        self.notes = [
            f"read with mapping {mapping.name}; values, element order and clocks are as stored",
            *episode.notes,
        ]

    def fail(self, message: str, place: str) -> EpisodeError:
        return EpisodeError(message, file=self.episode.file, field=place)

    def array(self, columns: Columns) -> np.ndarray:
        array = self.episode.arrays.get(columns.channel)
        if array is None:
            left = (text.partition(": ") for text in self.episode.left)
            why = next((reason for place, _, reason in left if place.split(" (")[0] == columns.channel), None)
            if why or columns.channel in self.episode.labels:
                raise self.fail(f"is here, and not read: {why or 'text'}. Write it as plain numbers.", columns.channel)
            raise self.fail(
                f"mapping {self.mapping.name} names this channel, but the episode holds "
                f"{', '.join(list(self.episode.arrays)[:12]) or 'none'}. Leave mapping= out, or correct the mapping.",
                columns.channel,
            )
        return array

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
        every = [columns] if places is None else [Columns(text, i, i + 1) for i in places]
        for one in every:
            first, end = one.span(width)
            if end > width:
                raise self.fail(
                    f"has {width} columns, the mapping takes {one}. Give a mapping for this recording (mapping=FILE.yaml).", one.channel
                )
            self.used.setdefault(columns.channel, []).append((first, end))
        rows = array.reshape(len(array), width)
        return rows[:, first:end] if places is None else rows[:, list(places)]

    def has(self, text: str) -> bool:
        return Columns.parse(text).channel in self.episode.arrays
