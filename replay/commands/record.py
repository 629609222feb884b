"""shiliu record: reference demonstrations by the scripted operator."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...scenarios.errors import EpisodeError, ScenarioError
from .settings import Settings

if TYPE_CHECKING:
    from ...cli import Request
    from ..recording.recording import SimEpisode

USAGE = """
shiliu record scenario=NAME [variant=NAME] [cell=ID] episodes=20 seed=0 out=DIR [images=[head]] [mistake=NAME]
              [metadata=FILE.yaml] [append=true] [threads=0]

The scripted operator performs the scenario on seeds seed, seed+1, ... and its episodes are saved as a LeRobot v3.0
dataset; failed ones are kept and labelled. One line a seed, and one that says why where a skill could not be done, then
the share of successes with its 95 % Wilson interval and the draws that were refused. Interrupted, the same command goes
on where it stopped.
mistake= makes the operator go wrong on purpose, in one of the ways that `shiliu list mistakes scenario=NAME` names.
append=true adds to the dataset that lies at out=, whose features must be the same; killed at any moment, it stays whole.
metadata= names a file with what the data centre says of all these episodes (operator's pseudonym, centre, devices,
licence, consent; see docs/metadata.md).
Exit 0, or 1 where more draws were refused than the scenario allows.
"""


def run(request: Request) -> int:
    """Perform, tell, save."""
    from rich.console import Console
    from rich.progress import track

    from ...scenarios.catalog import scene_of
    from ..formats.atomic_folder import refuse_unwritable
    from ..formats.lerobot.write import DatasetWriter
    from ..operator.demonstration import AT_ONCE, demonstrate
    from ..operator.mistakes import mistake_of
    from ..operator.spool import Spool
    from ..recording.metadata import completed, read_metadata
    from ..rollout.camera_frames import cameras_of, pictures
    from ..rollout.episode import resolved
    from ..signals.statistics import wilson

    settings = Settings(request)
    name = settings.chosen("scenario") or "microwave"
    out = Path(settings["out"].word())
    episodes, seed = settings["episodes"].integer(low=1), settings["seed"].integer(low=0)
    threads, quiet = settings["threads"].integer(low=0), settings["quiet"].flag()
    append = settings["append"].flag() and (out / "meta" / "info.json").is_file()
    told_by_centre = settings["metadata"].word(default="") or None
    images = [node.word() for node in settings["images"].each()]
    wrong = settings["mistake"].word(default=None)
    hand, robot = (settings[key].word() for key in ("hand", "robot"))
    base = settings["base"].word(default=None)
    settings.stop()
    if not append and out.exists() and (not out.is_dir() or any(out.iterdir())):
        hint = "Choose another out=, or add to the dataset there with append=true."
        raise EpisodeError(f"exists already and is not empty. {hint}", file=out, field="out")
    refuse_unwritable(out)
    scene = scene_of(settings.composed, name, hand=hand, base=base, robot=robot)
    cameras = cameras_of(scene, images)
    mistake = mistake_of(scene, wrong) if wrong else None
    metadata = read_metadata(told_by_centre, scene.config.raw, of_many=True) if told_by_centre else None
    cell = scene.config.cell
    if metadata is not None and cell is not None:
        if metadata.cell not in (None, cell.id):
            raise EpisodeError(
                f"says {metadata.cell!r}, and the command records in the cell {cell.id!r}. Write one of them in both.",
                file=told_by_centre,
                field="cell",
            )
        metadata = replace(metadata, cell=cell.id)
    features = scene.schema.lerobot_features(tuple(cameras))
    fps = round(1.0 / scene.control_timestep)
    if append:  # what does not fit is told before an hour of performing
        there = DatasetWriter.there(out, features, fps, scene.robot.name)
        _refuse_twice(there.seeds(scene.fingerprint), seed, episodes)
    if not scene.config.skills.value:  # an operator who knows nothing to do would stand there until the time is up
        raise ScenarioError(
            f"{scene.name!r} has no skills to perform. Write its chain under `skills`, from `shiliu list skills`.",
            field="scenario.skills",
        )
    spool = Spool(out, {"fingerprint": scene.fingerprint, "config": resolved(scene), "mistake": wrong})
    seeds = list(range(seed, seed + episodes))
    told: list[SimEpisode] = []
    wanting = [s for s in seeds if spool.load(s) is None]
    chunks = [wanting[i : i + AT_ONCE] for i in range(0, len(wanting), AT_ONCE)]
    console = Console(file=sys.stderr)
    for chunk in track(chunks, "performing", console=console, transient=True, disable=quiet or not console.is_terminal):
        for episode in demonstrate(scene, chunk, threads, mistake=mistake):
            spool.save(episode)
    where = "".join(
        f" {key}={value}" for key, value in (("variant", scene.config.variant), ("cell", cell and cell.id)) if value
    )
    command = f"shiliu record scenario={name}{where} episodes={episodes} seed={seed}" + (
        f" mistake={wrong}" if wrong else ""
    )
    meta = {"command": command, "seeds": [seeds[0], seeds[-1]]}
    with DatasetWriter(out, features, fps, scene.robot.name, meta, append=append) as writer:
        for s in seeds:
            done = spool.load(s)
            if done is None:
                raise EpisodeError(
                    "a finished episode has vanished from the spool folder. Run the command again.", file=spool.folder
                )
            if metadata is not None:
                done = completed(metadata, done, scene.robot.hand)
            writer.add(done, done.states, pictures(scene, done, cameras))
            told.append(done)
            if not quiet:
                print(_line(done), flush=True)
    spool.drop()
    successes = sum(bool(e.label["success"]) for e in told)
    low, high = wilson(successes, len(told))
    redraws = Counter(reason.partition(":")[0] for e in told for reason in e.draw["redraws"])
    share = redraws.total() / (redraws.total() + len(told))
    why = ", ".join(f"{count} {reason}" for reason, count in redraws.items())
    refused = f"{redraws.total()} draws refused ({share:.1%}{': ' + why if why else ''})"
    print(f"{successes} of {len(told)} succeeded ({low:.1%} to {high:.1%}); {refused}")
    more = f" more, {writer.total} in all" if append else ""
    print(f"{out}: {len(told)} episodes{more}, {sum(e.n_steps for e in told)} frames")
    if len(told) >= 20 and share > scene.config.redraw_at_most:
        print(
            f"more than {scene.config.redraw_at_most:.0%} of the draws were refused: narrow the variation",
            file=sys.stderr,
        )
        return 1
    return 0


def _refuse_twice(there: set[int], seed: int, episodes: int) -> None:
    """A seed is one demonstration; the same one twice in a set counts twice in what is learnt from it."""
    twice = sorted(there & set(range(seed, seed + episodes)))
    if twice:
        raise EpisodeError(
            f"{len(twice)} of these demonstrations are in the dataset already, such as seed {twice[0]}. "
            f"Go on with seed={max(there) + 1}.",
            field="seed",
        )


def _line(episode: SimEpisode) -> str:
    subgoals = episode.label["subgoals"]
    reached = " ".join(f"{name} {t:.1f}" for name, t in subgoals.items() if t is not None)
    outcome = "success" if episode.label["success"] else f"failure {episode.label['failure']}"
    line = f"  seed {episode.seed:<6} {episode.duration_s:5.1f} s  {outcome:<28} {reached}".rstrip()
    why = episode.provenance.get("gave_up")
    return f"{line}\n    gave up: {why}" if why else line
