"""Demonstrations of the scripted operator, as episodes that replay to the bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...scenarios import variation as drawing
from ...scenarios.scene import Scene
from ..recording.recording import SimEpisode
from ..rollout.episode import episode_of

if TYPE_CHECKING:
    from .mistakes import Mistake

AT_ONCE = 32  # demonstrations performed side by side


def demonstrate(
    scene: Scene,
    seeds: Sequence[int],
    threads: int = 0,
    faults: Mapping[str, Any] | None = None,
    mistake: Mistake | None = None,
) -> Iterator[SimEpisode]:
    """Episodes of the scripted operator, one for each seed, in their order.

    Args:
        seeds: each is that of the draw and of the operator's own pauses and tremor.
        threads: of the simulation; the episodes do not depend on it.
        faults: ways in which the operator shall go wrong, see `Operator`.
        mistake: one of the scenario's own, see `read_mistakes`; it stands in the provenance of each episode.
    """
    from .operator import perform  # inverse kinematics is heavy to import, and judging does without

    for begin in range(0, len(seeds), AT_ONCE):
        chunk = list(seeds[begin : begin + AT_ONCE])
        draws = [drawing.draw(scene, seed) for seed in chunk]
        for done in perform(scene, draws, chunk, threads, faults, mistakes=[mistake] * len(chunk)):
            yield episode_of(scene, done)
