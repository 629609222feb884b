"""Recordings in, proposed segments out: each episode is replayed in its own scene and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...scenarios.draws.variation import Draw, of_episode
from ...scenarios.sheet.errors import EpisodeError, ShiliuError
from ..judge.context import Contexts, SceneContext
from ..recording.recording import Recording, SimEpisode, Unreadable
from ..rollout.rollout import Rollout, Take, play
from .proposal import LabelSegment, propose

AT_ONCE = 32  # episodes replayed side by side


@dataclass(frozen=True)
class Labelled:
    """One episode with its proposed segments.

    Attributes:
        episode, source, sha256: which recording, as in `Recording`.
        scenario: its name; duration: of the episode [s].
        segments: in the order of time.
        departs: from when on the replay is not what was recorded [s]; None where it is the same to the bit.
        cell: that it was recorded in, or None.
    """

    episode: str
    source: str
    sha256: str
    scenario: str
    duration: float
    segments: tuple[LabelSegment, ...]
    departs: float | None = None
    cell: str | None = None


def labelling(
    recordings: Iterable[Recording | Unreadable], contexts: Contexts, threads: int = 0
) -> Iterator[Labelled | Unreadable]:
    """Propose segments for recordings, in their order.

    Args:
        recordings: from `shiliu.read`.
        stages: which scene each is replayed in.
        threads: of the replay; 0 for all cores.

    Returns:
        One item for each; `Unreadable` with the reason where it cannot be replayed from what it says of its start.

    Raises:
        ScenarioError: the skill chain of a scenario is wrong.
    """
    batch: list[Recording | Unreadable] = []
    for item in recordings:
        batch.append(item)
        if len(batch) == AT_ONCE:
            yield from _label(batch, contexts, threads)
            batch = []
    yield from _label(batch, contexts, threads)


def _label(batch: Sequence[Recording | Unreadable], contexts: Contexts, threads: int) -> list[Labelled | Unreadable]:
    slots: list[Labelled | Unreadable | None] = []
    groups: dict[int, list[tuple[int, Recording, SceneContext, Draw, SimEpisode]]] = {}
    for i, item in enumerate(batch):
        slots.append(item if isinstance(item, Unreadable) else None)
        if isinstance(item, Unreadable):
            continue
        try:
            context, draw, episode = _start(item, contexts)
        except ShiliuError as error:
            slots[i] = Unreadable(
                item.name, item.source, EpisodeError(error.message, file=error.file, field=error.field)
            )
            continue
        groups.setdefault(id(context), []).append((i, item, context, draw, episode))
    for group in groups.values():
        context = group[0][2]
        scene = context.scene
        played = play(scene, [Take(draw, episode.actions) for _, _, _, draw, episode in group], threads=threads)
        for (i, item, _, draw, episode), shown in zip(group, played):
            segments = tuple(propose(scene, draw, shown, context.titles))
            slots[i] = Labelled(
                item.name, item.source, item.sha256, scene.name, episode.duration_s, segments, _departs(episode, shown),
                item.cell or (scene.config.cell.id if scene.config.cell else None),
            )  # fmt: skip
    return [slot for slot in slots if slot is not None]


def _start(recording: Recording, contexts: Contexts) -> tuple[SceneContext, Draw, SimEpisode]:
    episode = recording.episode
    if episode is None:
        raise EpisodeError(
            "does not tell where everything stood at its start, so that it cannot be replayed and labelled. "
            "Label episodes of the simulation, such as `shiliu record` makes.",
            file=recording.source,
        )
    context = contexts.of(recording)
    scene = context.scene
    draw = of_episode(scene, episode)
    if draw is None or tuple(episode.action_names) != scene.schema.action.names:
        raise EpisodeError("was made in a scene of other sizes than it has today.", file=recording.source)
    if not np.isfinite(episode.actions).all():
        raise EpisodeError(
            "holds an action that is not finite; `shiliu replay` says which.", file=recording.source, field="action"
        )
    return context, draw, episode


def _departs(episode: SimEpisode, shown: Rollout) -> float | None:
    recorded = episode.states.get("observation.state")
    if recorded is None:
        return None
    ours = shown.observations["observation.state"]
    rows = min(len(ours), len(recorded))
    differ = np.flatnonzero((ours[:rows] != np.asarray(recorded)[:rows]).any(axis=1))
    return float(differ[0] * episode.control_timestep) if len(differ) else None
