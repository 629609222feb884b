"""Clean demonstrations go in, broken copies come out: all that must be performed again is performed side by side."""

from __future__ import annotations

import copy
import dataclasses
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.operator.mistakes import mistake_of
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.replay.signals.clock import origin_ns
from shiliu.scenarios.draws.variation import of_episode
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import Fault, FaultMark, Work

AFTERWARDS = ("record", "device", "set")  # ways that change a record, and no performance
EXCERPT = 20.0  # s of a device's recording in which a fault is put; what follows on the bare floor needs no more


@dataclass(frozen=True)
class Job:
    """A copy to be made: one fault or several at once, of one size (None for those that come once)."""

    episode: SimEpisode
    faults: tuple[Fault, ...]
    size: float | None
    device: Recording | None = None  # the same demonstration through a device model, where a fault is put into that
    seconds: float = 0.0  # faults that need no more are put into so much of the beginning; 0 for all of it

    @property
    def name(self) -> str:
        kinds = " + ".join(fault.name for fault in self.faults)
        return f"{self.episode.seed} {kinds}" + ("" if self.size is None else f" {self.size:g}")


@dataclass(frozen=True)
class Injected:
    """A broken copy, and where each of its faults was put; or the reason why it could not be put there."""

    job: Job
    recording: Recording | None
    marks: tuple[FaultMark, ...] = ()
    reason: str | None = None
    kept: tuple[Any, ...] = ()  # what must live until the copy is judged


def inject(jobs: Sequence[Job], context: SceneContext, threads: int = 0) -> list[Injected]:
    """Break a copy for each job.

    Args:
        stage: of the scene that all the episodes were made in.
        threads: of the simulation; the copies do not depend on it.
    """
    made: list[Work | Injected] = []
    for job in jobs:
        try:
            made.append(_before(job, context))
        except EpisodeError as error:
            made.append(Injected(job, None, reason=error.message))
    _perform([one for one in made if isinstance(one, Work) and one.recording is None], context.scene, threads)
    done = []
    for job, one in zip(jobs, made):
        if isinstance(one, Work):
            try:
                begin, performed_marks = origin_ns(one.record), len(one.marks)
                for fault in job.faults:
                    if fault.way in AFTERWARDS:
                        one.marks.append(fault.put(one, job.size or 0.0))
                _onto(one, performed_marks, (begin - origin_ns(one.record)) * 1e-9)
                one.record.name = one.record.source = job.name
                one.record.metadata["title"] = job.name
                if one.record.episode is not None:  # nobody shall take it for a demonstration
                    provenance = {**one.record.episode.provenance, "fault": job.name}
                    one.record.episode = dataclasses.replace(one.record.episode, provenance=provenance)
                one = Injected(job, one.record, _in_order(job, one), None, tuple(one.kept))
            except EpisodeError as error:
                one = Injected(job, None, reason=error.message)
        done.append(one)
    return done


def _onto(work: Work, first: int, later: float) -> None:
    """Marks onto the recording's new clock, where a fault has moved its second zero."""
    for i, mark in enumerate(work.marks[first:], first):
        if mark.t0 is not None and mark.t1 is not None and later:
            work.marks[i] = FaultMark(mark.t0 + later, mark.t1 + later, mark.subject)


def _before(job: Job, context: SceneContext) -> Work:
    """The work with everything put in that is performed."""
    draw = of_episode(context.scene, job.episode)
    if draw is None:
        raise EpisodeError("this episode was made in another scene; it cannot be performed again.")
    part = job.seconds and not any(fault.whole for fault in job.faults)
    episode = beginning(job.episode, job.seconds) if part else job.episode
    kinds = " + ".join(fault.name for fault in job.faults)
    rng = np.random.default_rng([job.episode.seed, zlib.crc32(kinds.encode()), round(100 * (job.size or 0.0))])
    work = Work(context, episode, rng, draw, episode.actions.copy())
    ways = {fault.way for fault in job.faults}
    for fault in job.faults:
        if fault.way in ("perform", "mistake"):
            work.marks.append(fault.put(work, job.size or 0.0))
    if ways == {"device"}:
        if job.device is None:
            raise EpisodeError("a fault of a device needs the recording of a device.")
        whole = any(fault.whole for fault in job.faults)
        work.recording = excerpt(job.device, work.rng, math.inf if whole else EXCERPT)
    elif ways <= {"record", "set"}:
        work.recording = as_recording(job.name, episode, context.scene)
    return work


def _in_order(job: Job, work: Work) -> tuple[FaultMark, ...]:
    """The marks in the order of the faults: what is performed was put first."""
    ways = [fault.way in AFTERWARDS for fault in job.faults]
    order = sorted(range(len(ways)), key=lambda i: ways[i])
    marks = {i: mark for i, mark in zip(order, work.marks)}
    return tuple(marks[i] for i in range(len(ways)))


def _perform(works: Sequence[Work], scene: Scene, threads: int) -> None:
    """Perform what was changed again, each with the label that the clean demonstration was given."""
    mistaken = [work for work in works if work.mistake is not None]
    again = [work for work in works if work.mistake is None]
    takes = [Take(work.draw, np.ascontiguousarray(work.actions, np.float32)) for work in again]
    keep = [checkpoints_of(scene, take.n_steps) for take in takes]
    for work, played in zip(again, play(scene, takes, keep, threads)):
        clean = work.clean
        made = episode_of(scene, played, clean.seed, clean.segments, clean.provenance)
        made.label = dict(clean.label)
        work.recording = as_recording("", made, scene)
    if mistaken:
        from shiliu.replay.operator.operator import perform  # inverse kinematics is heavy to import

        seeds = [_seed_of(work, scene) for work in mistaken]
        wrong = [mistake_of(scene, str(work.mistake)) for work in mistaken]
        draws = [mistake.draw(scene, seed) for mistake, seed in zip(wrong, seeds)]
        for work, done in zip(mistaken, perform(scene, draws, seeds, threads, mistakes=wrong)):
            made = episode_of(scene, done)
            made.label = {**made.label, "success": True, "failure": None}  # the judge has to find out by itself
            work.recording = as_recording("", made, scene)


def _seed_of(work: Work, scene: Scene) -> int:
    """Some mistakes happen on one draw only, and name it."""
    own = mistake_of(scene, str(work.mistake)).seed
    return work.clean.seed if own is None else own


def prolonged(episodes: Sequence[SimEpisode], scene: Scene, n_steps: int, threads: int = 0) -> list[SimEpisode]:
    """Demonstrations performed again with their last command held until each has so many control steps; labels stay.

    Raises:
        EpisodeError: one was made in another scene, or is longer already.
    """
    takes = []
    for episode in episodes:
        draw = of_episode(scene, episode)
        if draw is None or episode.n_steps > n_steps:
            raise EpisodeError(f"{episode.seed} cannot be performed again with {n_steps} steps.")
        held = np.repeat(episode.actions[-1:], n_steps - episode.n_steps, axis=0)
        takes.append(Take(draw, np.ascontiguousarray(np.concatenate([episode.actions, held]), np.float32)))
    keep = [checkpoints_of(scene, n_steps) for _ in takes]
    done = []
    for episode, played in zip(episodes, play(scene, takes, keep, threads)):
        made = episode_of(scene, played, episode.seed, episode.segments, episode.provenance)
        made.label = dict(episode.label)
        done.append(made)
    return done


def beginning(episode: SimEpisode, seconds: float) -> SimEpisode:
    """The first seconds of a demonstration, labelled as what they are: broken off before its goal."""
    n = round(seconds / episode.control_timestep)
    if n >= episode.n_steps:
        return episode
    reached = {name: t if t is not None and t <= seconds else None for name, t in episode.label["subgoals"].items()}
    return dataclasses.replace(
        episode,
        actions=episode.actions[:n].copy(),
        states={name: values[: n + 1] for name, values in episode.states.items()},
        checkpoints={k: state for k, state in episode.checkpoints.items() if k <= n},
        label={"success": False, "subgoals": reached, "failure": None},
        segments=[one for one in episode.segments if one["t0"] < seconds],
    )


def excerpt(recording: Recording, rng: np.random.Generator, seconds: float) -> Recording:
    """A stretch of a recording in which its commands move, on the recording's own clocks; the whole of a shorter one."""
    commands = recording.select("command", "joint_position")[0]
    begin, end = int(commands.time_ns[0]), int(commands.time_ns[-1])
    if (end - begin) * 1e-9 <= seconds:
        return _cut(recording, None, None)
    length = round(seconds * 1e9)
    for _ in range(20):
        at = int(rng.integers(begin, end - length))
        here = commands.values[(commands.time_ns >= at) & (commands.time_ns < at + length)]
        if float(np.ptp(here, axis=0).max()) > 20.0:  # deg; commands of the device model are in degrees
            return _cut(recording, at, at + length)
    raise EpisodeError(f"no {seconds:g} s of this recording move.")


def _cut(recording: Recording, begin: int | None, end: int | None) -> Recording:
    """A copy of a stretch, without a label; None for an end that is not cut."""
    kept = {}
    for name, stream in recording.streams.items():
        here = np.ones(stream.n, bool)
        if begin is not None and end is not None:
            here = (stream.time_ns >= begin) & (stream.time_ns < end)
        changed = copy.copy(stream)
        for key in ("capture_ns", "receive_ns", "device_ns"):
            times = getattr(stream, key)
            object.__setattr__(changed, key, None if times is None else times[here])
        object.__setattr__(changed, "values", stream.values[here].copy())
        object.__setattr__(changed, "meta", stream.meta_of(here))
        kept[name] = changed
    return Recording(
        recording.name, recording.source, recording.sha256, recording.kind, kept, recording.scenario, recording.cell,
        {**recording.metadata, "label": {}}, None, recording.mapping, recording.unmapped, list(recording.notes),
    )  # fmt: skip
