"""Takes kept out of a data set: episodes of the simulation, each with what comes of its actions today and today's verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError, ShiliuError
from ..formats import read
from ..judge.place.kept_scene import scene_of_config
from ..recording.recording import Recording, SimEpisode
from ..rollout.reproduce import refuse_other
from .comparing import WHAT, judged
from .kept_take import KeptTake, kept_names, machine, play_bits, write_take
from .whole_set import keep_whole

# bytes of a kept take, as measured on the repository's corpus (24 takes, 2.3 MB): the text of its verdict and digests, and a step of
# 27 to 40 columns of actions with its share of the samples
PER_TAKE, PER_STEP = 26_000, 60
SETS = "sets"  # below a corpus: data sets as they were written


@dataclass(frozen=True)
class ToKeep:
    """An episode that may be kept: its name in the corpus, its number in the set, its bytes there, about."""

    name: str
    index: int
    episode: SimEpisode
    size: int


def candidates(data: Path, corpus: Path, most: int | None = None) -> tuple[list[ToKeep], int]:
    """Episodes of a data set that can be kept, without those that are, and how many recordings cannot be.

    Args:
        most: no more than this number, the first ones.

    Raises:
        EpisodeError: none is an episode of the simulation.
    """
    there, found, others, known = set(kept_names(corpus)), [], 0, 0
    for index, one in enumerate(read(data)):
        episode = one.episode if isinstance(one, Recording) else None
        if episode is None:
            others += 1
            continue
        known += 1
        name = re.sub(r"[^\w.-]", "_", f"{episode.scenario}.{data.resolve().name}.{index}")
        if name not in there and (most is None or known <= most):
            size = PER_TAKE + PER_STEP * episode.n_steps + len(json.dumps(episode.config))
            found.append(ToKeep(name, index, episode, size))
    if not known:
        raise EpisodeError(
            "holds no episode of the simulation, which alone can be played again to the bit. Of other recordings keep the verdicts "
            "(shiliu replay out=DIR), and compare by baseline=.",
            file=data,
            field="data",
        )
    return found, others


def keep(candidate: ToKeep, corpus: Path, written: str | None = None) -> KeptTake:
    """Play and judge an episode, and write it.

    Args:
        written: folder below the corpus in which its data set lies, see `KeptTake`.

    Raises:
        ShiliuError: its scene cannot be built any more, or played again it departs from its record; a policy moved its legs.
    """
    episode, here = candidate.episode, machine()
    scene = scene_of_config(episode.config).judged
    if (policy := scene.robot.policy) is not None:
        raise EpisodeError(
            f"It was made on legs that {policy.file} moved, which a corpus has no place for. Judge it by shiliu replay legs={policy.file}.",
            field="legs",
        )
    take = KeptTake(
        scenario=str(episode.scenario),
        variant=scene.config.variant,
        seed=episode.seed,
        draw=episode.draw,
        episode={
            "scenario_version": episode.scenario_version,
            "fingerprint": scene.fingerprint,
            "provenance": episode.provenance,
        },
        label=episode.label,
        segments=episode.segments,
        action_names=tuple(episode.action_names),
        actions=episode.actions,
        bits=None,  # type: ignore[arg-type]  # follows at once
        made_on=dict.fromkeys(WHAT, here),
        config=episode.config,
        called=candidate.name,
        written=written,
        episode_index=candidate.index,
    )
    played, bits = play_bits(scene, take.start(scene), take.actions)
    refuse_other(scene, episode, "observation.state", played.observations["observation.state"])
    take = replace(take, bits=bits)
    take = replace(take, verdict=judged(take, scene, take.rebuilt(scene, played)))
    write_take(take, corpus)
    return take


def kept(found: list[ToKeep], corpus: Path, data: Path, whole: bool = False) -> Iterator[tuple[ToKeep, str]]:
    """Keep one after the other: each with its verdict, or with the reason why it was not kept.

    Args:
        whole: the data set itself lies in the corpus, too, so that a drift reads it anew.
    """
    written = None
    if whole:
        if not data.is_dir():
            raise EpisodeError("is a file; whole=true keeps folders of data sets.", file=data, field="whole")
        written = f"{SETS}/{data.resolve().name}"
        keep_whole(data, corpus / written)
    for one in found:
        try:
            yield one, str(keep(one, corpus, written).verdict["verdict"]["verdict"])
        except ShiliuError as error:
            yield one, f"not kept: {' '.join(str(error).split())}"
