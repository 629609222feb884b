"""Demonstrations of the scripted operator, as episodes that replay to the bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...scenarios.draws import variation as drawing
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import EpisodeError
from ..recording.recording import SimEpisode
from ..rollout.episode import episode_of
from ..rollout.rollout import Rollout
from .tries import Tries

if TYPE_CHECKING:
    from .mistakes import Mistake

AT_ONCE = 32  # demonstrations performed side by side


def demonstrate(
    scene: Scene,
    seeds: Sequence[int],
    threads: int = 0,
    faults: Mapping[str, Any] | None = None,
    mistake: Mistake | None = None,
    tries: Tries | None = None,
) -> Iterator[SimEpisode]:
    """Episodes of the scripted operator, one for each seed, in their order.

    Args:
        seeds: each is that of the draw and of the operator's own pauses and tremor.
        threads: of the simulation; the episodes do not depend on it.
        faults: ways in which the operator shall go wrong, see `Operator`.
        mistake: one of the scenario's own, see `read_mistakes`; it stands in the provenance of each episode, and `brought` beside it,
            the code that it has brought.
        tries: where the demonstrations are kept, for `go_on_from`.
    """
    from .operator import perform  # inverse kinematics is heavy to import, and judging does without

    for begin in range(0, len(seeds), AT_ONCE):
        chunk = list(seeds[begin : begin + AT_ONCE])
        draws = [drawing.draw(scene, seed) if mistake is None else mistake.draw(scene, seed) for seed in chunk]
        mistakes = [mistake] * len(chunk)
        for done in perform(scene, draws, chunk, threads, faults, mistakes=mistakes, keeps=tries is not None):
            episode = _episode(scene, done, mistake)
            if tries is not None:
                tries.save(done, episode)
            yield episode


def go_on_from(
    scene: Scene, seed: int, skill: int, tries: Tries, mistake: Mistake | None = None
) -> tuple[SimEpisode, int]:
    """The episode of a seed, performed from before one of its skills on; what comes before is that of the last run.

    Args:
        skill: its number in the chain, counted from 1; tries: where the last run is kept, and this one then.

    Returns:
        The whole episode, and the number of the skill with which it went on: an earlier one where a hand was still moving beside.

    Raises:
        EpisodeError: no such run is kept, or the scene, the mistake's draw or an earlier skill is another one since.
    """
    from .operator import perform_from

    kept = tries.load(seed)
    wanted = {} if mistake is None else mistake.values
    if any(kept.episode.draw["values"].get(name) != value for name, value in wanted.items()):
        raise EpisodeError(
            "The draw of the mistake is another since that run. Perform it whole once: leave from_skill= out.",
            field="from_skill",
        )
    mark = tries.mark_of(kept, skill)
    done = perform_from(scene, kept.episode, mark, kept.safety, mistake)
    episode = _episode(scene, done, mistake)
    tries.save(done, episode, [one for one in kept.marks if one.policy["number"] < mark.policy["number"]])
    return episode, int(mark.policy["number"])


def _episode(scene: Scene, done: Rollout, mistake: Mistake | None) -> SimEpisode:
    episode = episode_of(scene, done)
    if done.missed and not episode.label["success"]:
        episode.provenance["missed"] = list(done.missed)
    if mistake is not None:  # a broken limit ends nothing, and the label does not name it
        episode.provenance["brought"] = done.unsafe[0] if done.unsafe else done.failure
    return episode
