"""What a container says of one episode, kept beside what it holds: counters, rates, lengths, statistics, digests.

A reader fills this in as it finds it and believes none of it. The checks hold each against the rest. Columns are
those of LeRobot sets; what a container does not say is None or empty, and is not judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

COUNTERS = ("frame_index", "index", "episode_index", "task_index")
FRAMES = "frames"  # what a digest is called that covers several columns at once


class AnnouncedFile(NamedTuple):
    """Two files: the one in which an episode's rows are announced, and the one that holds them.

    Attributes:
        by: what announces it; vacant: whether nothing lies there, so that no other rows are taken for them.
    """

    announced: str
    here: str
    by: tuple[str, ...] = ("data/chunk_index", "data/file_index")
    vacant: bool = False


@dataclass(frozen=True)
class VideoRange:
    """The part of a video file that belongs to an episode, as the set and the file's own header tell it.

    Attributes:
        camera: key of the video.
        start_s, stop_s: `from_timestamp` and `to_timestamp` [s]; None where the set says none (a file an episode).
        before_s: where the episode before ends in the same file [s], or None.
        pictures, file_s: number of pictures in the file and its length [s] by its header, or None where it is not read.
        size, announced: height and width of a picture, by the header and by the set, or None.
    """

    camera: str
    start_s: float | None = None
    stop_s: float | None = None
    before_s: float | None = None
    pictures: int | None = None
    file_s: float | None = None
    size: tuple[int, int] | None = None
    announced: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Declared:
    """What a container says of one episode.

    Attributes:
        n: rows of the episode that are here.
        number: the number by which the container knows the episode (its row, its file's name), or None.
        fps: rows a second as announced, or None.
        no_rate: what is announced in place of a number that is a rate, as it stands there (`-30`, `NaN`, `"30"`), or None.
        timestamp: (n,) float64 s since the episode began, as stored, or None.
        counters: (n,) int64 by name, those of `COUNTERS` that are there.
        clock_ns: (n,) int64 ns, a clock that the set keeps beside `timestamp`, or None.
        period_s: control period of what made the episode [s], or None.
        length: rows as announced; span: `dataset_from_index`, `dataset_to_index`.
        place: row of the set at which the episode's first row stands, counted through its files, or None.
        others: episodes with announced rows that are some of this one's, by number: the first row, and the one after the last.
        listed: how many lines of the table of episodes are of this one; None where the set is of a kind that has no such table.
        file: where its rows are announced and where they are, where these are two files; else None.
        features: what is announced of a column and is not so here: by its name, `lacking`, `shape` or `names` with what is announced and
            what is here.
        totals: by name (`total_frames`), the number that is announced and the one that is counted.
        tasks: indices that the table of tasks knows, or None where there is none.
        given: of these, the ones that the table of episodes gives to this one; empty where it gives only tasks that are not in the table
            of tasks, None where it gives none.
        sentence: what the table of tasks calls the episode's task, or None.
        columns: (n, ...) arrays as stored, by name: those that the statistics tell of.
        stats: of the episode, by column: `min`, `max`, `mean`, `std`, `count`, quantiles; set_stats: of the whole set.
        normalised: how the set's features of numbers were normalised, by their names (see `normalised.kind_of`); those that were not, or
            whose unit is announced, are not there.
        torn: files of statistics, with the line, that cannot be read where those of the episode or of the set may have stood.
        videos: one a camera; unseen: cameras that are announced and of which no picture can be looked at, each with the reason.
        digests: by column (or `FRAMES`, for several at once), the digest when it was written and the one of today.
        covered: the columns that those digests cover.
        copies: what a table repeats of another file and tells otherwise: by name, what each says.
        unread: columns that nobody looks at.
    """

    n: int
    number: int | None = None
    fps: float | None = None
    no_rate: str | None = None
    timestamp: NDArray[np.float64] | None = None
    counters: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    clock_ns: NDArray[np.int64] | None = None
    period_s: float | None = None
    length: int | None = None
    span: tuple[int, int] | None = None
    place: int | None = None
    others: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    listed: int | None = None
    file: AnnouncedFile | None = None
    features: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    totals: Mapping[str, tuple[Any, int]] = field(default_factory=dict)
    tasks: frozenset[int] | None = None
    given: frozenset[int] | None = None
    sentence: str | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    stats: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)
    set_stats: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)
    normalised: Mapping[str, str] = field(default_factory=dict)
    torn: tuple[str, ...] = ()
    videos: tuple[VideoRange, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    covered: tuple[str, ...] = ()
    copies: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """Columns, or `FRAMES`, with another digest than when they were written."""
        return tuple(name for name, (written, found) in self.digests.items() if written != found)

    @property
    def frame(self) -> NDArray[np.int64]:
        """(n,) which frame each row is: `frame_index` where it only rises, else the number of the row."""
        counter = self.counters.get("frame_index")
        rises = counter is not None and len(counter) == self.n and bool((np.diff(counter) > 0).all())
        return counter if counter is not None and rises else np.arange(self.n, dtype=np.int64)
