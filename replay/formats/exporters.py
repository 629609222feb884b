"""Recordings out: `shiliu export to=NAME`. A writer's module is imported when it is asked for (`records`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.sheet.errors import EpisodeError
from ..recording.recording import Recording, SimEpisode
from .records import writers

if TYPE_CHECKING:
    from ...scenarios.scene.scene import Scene


@dataclass(frozen=True)
class Options:
    """Settings of an export: cameras to draw, which reward, what made it (plain JSON), whether only what others read.

    `subtask` gives the words for a skill, where frames shall have them; `language`: in the columns that LeRobot 0.6 reads.
    """

    images: tuple[str, ...] = ()
    reward: str = "dense"
    made: dict[str, Any] = field(default_factory=dict)
    plain: bool = False
    subtask: Callable[[str], str] | None = None
    language: bool = False


@dataclass(frozen=True)
class Item:
    """One recording on its way out: the k-th of what was read, with its simulation episode, if it has one.

    `scene_of` gives the scene that a recording was made in.
    """

    k: int
    recording: Recording
    episode: SimEpisode | None
    scene_of: Callable[[Recording], Scene]

    @property
    def simulated(self) -> SimEpisode:
        """Its episode.

        Raises:
            EpisodeError: it was not made in our simulation.
        """
        if self.episode is None:
            raise EpisodeError(
                f"is a recording of kind {self.recording.kind}, not an episode of the simulation, which this format is "
                "written from. to=mcap takes it as it is.",
                file=self.recording.source,
                field="to",
            )
        return self.episode

    @property
    def scene(self) -> Scene:
        """The scene that its episode was made in, from the episode's own config."""
        return self.scene_of(replace(self.recording, episode=self.simulated))

    def file_in(self, folder: Path, ending: str) -> Path:
        """A file of its name that is not there yet; a name from outside loses what could lead out of the folder."""
        stem = re.sub(r"[^\w.-]", "_", self.recording.name).lstrip(".") or "recording"
        path = folder / f"{stem}{ending}"
        return folder / f"{stem}_{self.k:06d}{ending}" if path.exists() else path


def of_one_scene(
    items: Iterator[Item], features: Callable[[Scene], dict[str, Any]], holder: str = "set"
) -> Iterator[tuple[Item, Scene, dict[str, Any]]]:
    """Episodes on their way into one `holder`, each with its scene and the features of that, which are those of all.

    Raises:
        EpisodeError: there is none, or one is of a scene with other features.
    """
    first: dict[str, Any] | None = None
    for item in items:
        scene = item.scene
        own = features(scene)
        first = own if first is None else first
        if own != first:
            raise EpisodeError(
                f"has other features than the episodes before it; a {holder} holds one kind of scene. Export it apart "
                "with episodes=.",
                file=item.recording.source,
            )
        yield item, scene, own
    if first is None:
        raise EpisodeError("no episode was chosen, so that there is nothing to write.", field="episodes")


def exporter(to: str) -> Any:
    """The module of a writer.

    Raises:
        EpisodeError: no such format, with the near ones, or an optional package is missing.
    """
    from ...scenarios.sheet.near_matches import refuse_unknown

    known = writers()
    refuse_unknown(to, known, f"there is no format {to!r} to write.", field="to", error=EpisodeError)
    missing = [name for name in known[to].needs if find_spec(name) is None]
    if missing:
        raise EpisodeError(
            f"to={to} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed: "
            f"pip install {' '.join(missing)}",
            field="to",
        )
    return import_module(known[to].module)


def export(to: str, items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write items to a folder and yield each as it is written; `out` is there when the last one has come.

    Raises:
        EpisodeError: what cannot be written; nothing lies at `out` then.
    """
    yield from exporter(to).export(items, out, options)
