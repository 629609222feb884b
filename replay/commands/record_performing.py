"""Performing demonstrations for `shiliu record`: whole or from a skill on, in one process or in several; pictures of what failed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...scenarios.sheet.errors import ShiliuError
from .command_request import CommandRequest
from .settings import Settings
from .where import asked_policy, policy_at

if TYPE_CHECKING:
    from ...scenarios.scene.scene import Scene
    from ..operator.failures import Ending
    from ..operator.mistakes import Mistake
    from ..operator.spool import Spool
    from ..operator.tries import Tries
    from ..operator.words.skill import Skill
    from ..recording.recording import SimEpisode
    from .record_lines import Lines


def scene_of_request(settings: Settings) -> Scene:
    """The scene that a command line names; raises ScenarioError with all that is wrong with it."""
    from ...scenarios.catalog.catalog import scene_of

    robot, hand, base = settings.body()
    legs = asked_policy(settings["legs"])
    settings.stop()
    name, policy = settings.chosen("scenario") or "microwave", policy_at(legs, robot)
    return scene_of(settings.composed, name, hand=hand, base=base, robot=robot, policy=policy)


def chain_of(scene: Scene, mistake: Mistake | None) -> list[Skill]:
    from ..operator.operator import read_chain

    return read_chain(scene) if mistake is None else mistake.chain()


def go_on(
    scene: Scene,
    seeds: Sequence[int],
    first: int,
    tries: Tries,
    mistake: Mistake | None,
    spool: Spool,
    lines: Lines | None,
) -> None:
    """Perform seeds from before a skill on; what stands in the way of one of them is reported before any is performed."""
    from ..operator.demonstration import go_on_from
    from ..operator.tries import numbered

    for seed in seeds:
        tries.mark_of(tries.load(seed), first)
    for seed in seeds:
        episode, number = go_on_from(scene, seed, first, tries, mistake)
        spool.save(episode)
        if lines is not None:
            at = float(episode.segments[number - 1]["t0"])
            beside = lines.say("beside", wanted=first) if number < first else ""
            label = numbered(tries.words)[number - 1]
            print(lines.say("goes_on", seed=seed, skill=label, number=number, at=at) + beside, flush=True)


def perform(
    request: CommandRequest,
    scene: Scene,
    seeds: Sequence[int],
    threads: int,
    processes: int,
    tries: Tries,
    mistake: Mistake | None,
    spool: Spool,
    quiet: bool,
) -> None:
    """Perform seeds and put their episodes into the spool, in this process or in several."""
    from rich.console import Console
    from rich.progress import track

    from ..operator.demonstration import AT_ONCE
    from ..operator.sweep import side_by_side

    processes = min(processes, len(seeds))
    console = Console(file=sys.stderr)
    hidden = quiet or not console.is_terminal
    if processes < 2:
        chunks = [seeds[i : i + AT_ONCE] for i in range(0, len(seeds), AT_ONCE)]
        for chunk in track(chunks, "performing", console=console, transient=True, disable=hidden):
            _spooled(scene, threads, mistake, tries, spool, chunk)
        return
    size = max(1, min(AT_ONCE, len(seeds) // (4 * processes)))  # so that no process is left with much at the end
    parts = [seeds[i : i + size] for i in range(0, len(seeds), size)]
    given = (request, mistake and mistake.name, spool, threads or max(1, (os.cpu_count() or 1) // processes))
    made = side_by_side(perform_there, parts, processes, begin_worker, given)
    for _ in track(made, "performing", len(parts), console=console, transient=True, disable=hidden):
        pass


def _spooled(
    scene: Scene, threads: int, mistake: Mistake | None, tries: Tries, spool: Spool, seeds: Sequence[int]
) -> None:
    from ..operator.demonstration import demonstrate

    for episode in demonstrate(scene, seeds, threads, mistake=mistake, tries=tries):
        spool.save(episode)


_spooled_here: Callable[[Sequence[int]], None]  # in a process of a sweep, with its own scene


def begin_worker(request: CommandRequest, wrong: str | None, spool: Spool, threads: int) -> None:
    """Make ready a process that performs seeds: with a scene of its own, from the same command line."""
    from ..operator.mistakes import mistake_of
    from ..operator.tries import Tries

    global _spooled_here
    scene = scene_of_request(Settings(request))
    mistake = mistake_of(scene, wrong) if wrong else None
    _spooled_here = partial(_spooled, scene, threads, mistake, Tries(scene, chain_of(scene, mistake), wrong), spool)


def perform_there(seeds: Sequence[int]) -> None:
    _spooled_here(seeds)


def keep_strip(
    scene: Scene, episode: SimEpisode, chain: Sequence[Skill], ended: Ending, tries: Tries, lines: Lines
) -> str | None:
    """Pictures of the skill in which a demonstration failed, beside its try; where they are, or why there are none."""
    import imageio.v3 as iio

    from ..operator.skill_strip import strip_of

    known = [name.removeprefix("observation.images.") for name in scene.schema.cameras]
    if not known:
        return None
    file = tries.picture(episode.seed)
    try:
        picture = strip_of(
            scene, episode, chain[ended.number - 1], ended, "overview" if "overview" in known else known[-1]
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        iio.imwrite(file, picture)
    except (ShiliuError, OSError) as error:
        why = error.message if isinstance(error, ShiliuError) else str(error)
        return lines.say("no_pictures", why=why.partition(". ")[0])
    return lines.say("pictures", file=str(file))
