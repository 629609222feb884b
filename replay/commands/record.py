"""shiliu record: reference demonstrations by the scripted operator."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...scenarios.sheet.errors import EpisodeError, ScenarioError, printable
from .command_request import CommandRequest
from .settings import Settings, listed

if TYPE_CHECKING:
    from ...scenarios.robots.leg_policy import LegPolicy
    from ..recording.recording import SimEpisode
    from .record_lines import Lines

USAGE = """
shiliu record scenario=NAME [variant=NAME] [cell=ID] episodes=20 seed=0 out=DIR
              [images=true|[head]] [mistake=NAME] [from_skill=5] [metadata=FILE.yaml]
              [append=true] [processes=1] [threads=0] [strips=1] [lang=en|zh]
              [base=planted|mobile|legs [legs=POLICY.onnx]]

The scripted operator performs the scenario with seeds seed, seed+1, ... The episodes are saved
as a LeRobot v3.0 dataset. Failed episodes are kept and labelled as failures.

It prints one line a seed. After a failure a second line says which skill could not be done and
why, or during which skill it went wrong. At the end: the share of successes with its 95 %
Wilson interval, and the draws that were refused.
After an interruption the same command continues.

Settings:
  images=      pictures as video. [head]: of the named cameras; true: of those with `record:
               on_request` or `record: true` in the scenario; false: none. Default: those with
               `record: true` (none in the package's scenarios: drawing is slow)
  mistake=     the operator makes a mistake on purpose (shiliu list mistakes scenario=NAME)
  from_skill=  continues before a skill of the chain: its number, counted from 1, or its word,
               such as 'lift 2'
  legs=        with base=legs: a policy of your own moves the legs (docs/legs-policy.md)
  strips=      how many failures get pictures of the skill in which they failed
  append=true  adds to the dataset at out=, which must have the same features; it stays whole if
               killed at any moment
  metadata=    a file about all these episodes: operator's pseudonym, centre, devices, licence,
               consent (docs/metadata.md)
  processes=   performs demonstrations in parallel; the episodes are the same to the bit
With from_skill=, everything before the skill is taken from the last run of the seed, which
.shiliu/tries of the working folder keeps (64 demonstrations a scenario). The skill and all
after it may change. If the scene or an earlier skill has changed, the command says so and
performs nothing.
Exit: 0; 1 more draws were refused than the scenario allows.
"""
EVERY = 10.0  # s, between two lines where the error stream is no terminal
LIVE = 0.2  # s, between two states of the line of a terminal


def run(request: CommandRequest) -> int:
    """Perform, tell, save."""
    from ...envs.rendering import missing
    from ..formats.atomic_folder import refuse_existing, refuse_unwritable
    from ..formats.lerobot.write import DatasetWriter
    from ..operator.mistakes import mistake_of
    from ..operator.spool import Spool
    from ..operator.tries import Tries, place_of
    from ..recording.metadata import completed, read_metadata
    from ..rollout.camera_frames import cameras_of, pictures, recorded_cameras
    from ..rollout.episode import resolved
    from .record_lines import Lines
    from .record_performing import chain_of, go_on, keep_strip, perform, scene_of_request

    settings = Settings(request)
    name = settings.chosen("scenario") or "microwave"
    out = Path(settings["out"].word())
    episodes, seed = settings["episodes"].integer(low=1), settings["seed"].seed()
    threads, quiet = settings["threads"].integer(low=0), settings["quiet"].flag()
    append = settings["append"].flag() and (out / "meta" / "info.json").is_file()
    told_by_centre = settings["metadata"].word(default="") or None
    marked = settings["images"].value in (None, True)
    images = [] if marked else [node.word() for node in listed(settings["images"])]
    asked = settings["images"].value is True
    wrong = settings["mistake"].word(default=None)
    processes, strips = settings["processes"].integer(low=1), settings["strips"].integer(low=0)
    lang = settings["lang"].word(choices=("en", "zh"))
    begins = settings["from_skill"].value
    settings.stop()
    Spool.sweep(out)
    if not append:
        refuse_existing(out, "Choose another out=, or add to the dataset there with append=true.")
    refuse_unwritable(out)
    scene = scene_of_request(settings)
    cameras = cameras_of(scene, recorded_cameras(scene, asked) if marked else images)
    if cameras and (without := missing()):
        raise ScenarioError(f"{without} images=false records no pictures.", field="images")
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
    if append:  # what does not fit is reported before an hour of performing
        there = DatasetWriter.there(out, features, fps, scene.robot.name)
        _refuse_twice(there.seeds(scene.fingerprint), seed, episodes)
        if scene.robot.policy is not None:
            _refuse_another(there.policies(), scene.robot.policy)
    if not scene.config.skills.value:  # an operator who knows nothing to do would stand there until the time is up
        raise ScenarioError(
            f"{scene.name!r} has no skills to perform. Write its chain under `skills`, from `shiliu list skills`.",
            field="scenario.skills",
        )
    chain = chain_of(scene, mistake)
    tries = Tries(scene, chain, wrong)
    lines = Lines(lang, tries.words, mistake.code if mistake else None, scene)
    first = None if begins is None else place_of(str(begins), tries.words)
    spool = Spool(
        out,
        {"fingerprint": scene.fingerprint, "config": resolved(scene), "mistake": wrong}
        | ({} if first is None else {"from_skill": first}),
    )
    seeds = list(range(seed, seed + episodes))
    kept: list[SimEpisode] = []
    wanting = [s for s in seeds if spool.load(s) is None]
    if first is not None:
        go_on(scene, wanting, first, tries, mistake, spool, None if quiet else lines)
    else:
        perform(request, scene, wanting, threads, processes, tries, mistake, spool, quiet)
    where = "".join(
        f" {key}={value}" for key, value in (("variant", scene.config.variant), ("cell", cell and cell.id)) if value
    )
    command = f"shiliu record scenario={name}{where} episodes={episodes} seed={seed}" + (
        f" mistake={wrong}" if wrong else ""
    )
    command += "" if first is None else f" from_skill={first}"
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
            ended = lines.ending(done)
            strip = None
            if ended is not None and strips:
                strips -= 1
                strip = keep_strip(scene, done, chain, ended, tries, lines)
            if not quiet:
                print("\n".join([*lines.of(done), *(() if strip is None else (f"    {strip}",))]), flush=True)
            writer.add(done, done.states, pictures(scene, done, cameras, PictureProgress(lines, s, quiet)))
            kept.append(done)
        writer.close(last=spool.note)
    spool.drop()
    if not quiet:
        for line in lines.table(kept):
            print(line)
    total, share = lines.total(kept)
    frames = sum(e.n_steps for e in kept)
    if not cameras and not quiet and (names := recorded_cameras(scene, True)):
        print(lines.say("no_cameras", setting="images=true", list=names))
    print(lines.say("kept", out=printable(out), n=len(kept), total=writer.total if append else None, frames=frames))
    print(total)
    if len(kept) >= 20 and share > scene.config.redraw_at_most:
        print(lines.say("narrow", share=f"{scene.config.redraw_at_most:.0%}"), file=sys.stderr)
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


def _refuse_another(there: Mapping[str, str], policy: LegPolicy) -> None:
    """`legs=` names one file, so a set with two policies could be judged in parts only."""
    others = [name for sha256, name in there.items() if sha256 != policy.sha256]
    if others:
        raise EpisodeError(
            f"the legs in this dataset were moved by another policy, {printable(others[0])}. "
            f"Record those of {printable(policy.file)} into a set of their own.",
            field="legs",
        )


class PictureProgress:
    """Called after each picture, as `pictures` does.

    Args:
        lines: words; seed: of the demonstration; quiet: say nothing.
    """

    def __init__(self, lines: Lines, seed: int, quiet: bool) -> None:
        self._lines, self._seed, self._quiet = lines, seed, quiet
        self._live = sys.stderr.isatty()
        self._begin = self._last = time.monotonic()

    def __call__(self, feature: str, n: int, of: int) -> None:
        """Say it, unless that was done a moment ago; a camera that is done is always said."""
        now, done = time.monotonic(), n == of
        if self._quiet or not (done or now - self._last > (LIVE if self._live else EVERY)):
            return
        self._last = now
        camera = feature.removeprefix("observation.images.")
        text = self._lines.say("drawn", seed=self._seed, camera=camera, n=n, of=of, s=f"{now - self._begin:.0f}")
        end = "\n" if done or not self._live else ""
        print(f"\r    {text}" if self._live else f"    {text}", end=end, file=sys.stderr, flush=True)
