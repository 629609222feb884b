"""From the arrays of an episode to its streams, as a mapping says: what LeRobot, NumPy, HDF5 and DAPG have in common.

A reader gathers the arrays of one episode as they are stored; here a mapping is chosen for them and they become a
`Recording`. Values and times stay as stored. What no stream holds is named in `Recording.unmapped`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording, Unreadable
from ..mapping import Mapping as ChannelMapping
from ..mappings import load, of_format, unreadable
from ..reader_errors import AGAIN, mending, once_readable
from .held_arrays import ArrayEpisode
from .mapped_columns import shape_text
from .mapped_reading import MappedReading

MAX_EPISODE_BYTES = 2 << 30  # of one episode's arrays; an hour of 100 columns at 500 Hz is 1.4 GB
MAX_CHANNELS = 10_000


class NoMapping(EpisodeError):
    """No mapping knows what an episode holds; `episode` has its arrays, so that one can be proposed."""

    def __init__(self, episode: ArrayEpisode) -> None:
        shown = [f"{name} {shape_text(array)}" for name, array in list(episode.arrays.items())[:8]]
        if not shown and episode.left:
            super().__init__(
                f"nothing in this {episode.container} is a number that is read: {'; '.join(episode.left[:4])}. "
                "Save each value as a plain array.",
                file=episode.file,
            )
            self.episode = episode
            return
        more = f" and {len(episode.arrays) - 8} more" if len(episode.arrays) > 8 else ""
        # a set may name its columns; their units it never has
        unsaid = (
            "Its columns have names. In which unit they are, and whether they were commanded or measured, it does not say."
            if any(name in episode.labels for name in episode.arrays)
            else "It does not say which element is which joint of the robot, in which unit, and whether it was commanded or measured."
        )
        super().__init__(
            f"no mapping knows this {episode.container}, which holds {', '.join(shown) or 'no numbers'}{more}. {unsaid} "
            "That needs a mapping: `shiliu import` proposes one. Put it into conf/mapping/ of the working folder, or name it by "
            f"mapping=FILE.yaml.{unreadable()}",
            file=episode.file,
        )
        self.episode = episode


def mendable(path: Path, what: str) -> AbstractContextManager[None]:
    """Turn whatever a library raises over a broken file into one `EpisodeError`; `what` is the file, in words."""
    return mending(path, f"the {what} cannot be read", AGAIN, f"the {what} is missing. {AGAIN}")


def recording_of(
    episode: ArrayEpisode,
    mapping: str | Path | None = None,
    fps: float | None = None,
    family: Callable[[ArrayEpisode], ChannelMapping | None] | None = None,
) -> Recording:
    """An episode as a recording.

    Args:
        family: makes a mapping out of what the episode says of itself; it goes before those that know an episode by its shapes.
        mapping: name or file; None chooses by the channels that the episode holds.
        fps: rows a second, for an episode without times; goes before what the mapping says.

    Raises:
        NoMapping: none of the package's mappings knows these channels.
        EpisodeError: the mapping is for another format, or the arrays are not as it says.
    """
    own = family(episode) if family is not None and mapping is None else None
    chosen = own or (_choose(episode) if mapping is None else load(mapping))
    rule = chosen.arrays
    if rule is None or chosen.format != episode.format:
        raise EpisodeError(
            f"mapping {chosen.name} is for {chosen.format}, and this is a {episode.container} ({episode.format}). "
            "Leave mapping= out to have one chosen.",
            file=episode.file,
            field="mapping",
        )
    return MappedReading(episode, chosen, rule, fps).recording()


def one_by_one(takes: Iterable[tuple[str, str, Callable[[], Recording]]]) -> Iterator[Recording | Unreadable]:
    """The recordings of one file, each made by its call as it is asked for.

    Args:
        takes: name and source of each, and what reads it.

    Raises:
        EpisodeError: of the first, where none is readable; else a broken one comes as `Unreadable`.
    """
    def made() -> Iterator[Recording | Unreadable]:
        for name, source, make in takes:
            try:
                yield make()
            except EpisodeError as error:
                yield Unreadable(name, source, error)

    return once_readable(made())


def episode_pattern(format_: str, mapping: str | Path | None) -> list[str]:
    """Patterns of the groups that hold one episode each, as the mapping (or any of the format's) says."""
    rules = [load(mapping).arrays] if mapping is not None else [m.arrays for m in of_format(format_)]
    return list(dict.fromkeys(rule.episodes for rule in rules if rule is not None and rule.episodes))


def _choose(episode: ArrayEpisode) -> ChannelMapping:
    shapes = episode.shapes()
    facts = shapes, episode.robot_type, episode.labels, episode.texts.get("env")
    fitting = [m for m in of_format(episode.format) if m.arrays and m.arrays.fits(*facts)]
    if not fitting:
        raise NoMapping(episode)
    return max(fitting, key=lambda m: m.arrays.detail if m.arrays else 0)


def numbers(array: np.ndarray) -> bool:
    """Whether an array holds numbers that fit a stream: truth values, whole numbers, floats up to 64 bits."""
    return array.dtype.kind in "biuf" and array.dtype.itemsize <= 8
