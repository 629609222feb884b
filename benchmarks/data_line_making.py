"""Takes made up by the thousand for `benchmarks/data_line.py`: demonstrations performed again with another tremor, some of them faulty."""

from __future__ import annotations

import dataclasses
import shutil
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shiliu
from known_faults.fault import Fault
from known_faults.injecting import Injected, Job, inject
from known_faults.registry import faults_of
from rich.progress import track
from shiliu.replay.evaluation.device import load_device, through
from shiliu.replay.formats import entries
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.formats.mcap.write import numbers_sha256
from shiliu.replay.formats.mcap.write import write as write_mcap
from shiliu.replay.formats.rosbag.write import write as write_bag
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.replay.signals.clock import origin_ns
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import EpisodeError, ShiliuError

FIGURES = Path(__file__).resolve().parents[1] / "conf" / "figures"
BAGS, MANY = 3, 25  # how many takes of a set of so many are bags beside it; of a smaller one, one is
OTHER = 10  # takes of a set of the other scenarios
FAULTY = 0.3  # of the takes
RARER = 20  # of so many sets one is of a scenario with cloth: its steps cost some twenty times as much
TREMOR, SLOW = 1e-3, 0.5  # rad of the arms' commands, standard deviation; s over which it changes
FIRST = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # of the made-up day: eight in the morning in Beijing
BETWEEN = timedelta(minutes=2)  # from one take of the day to the next
BROKEN, SHIFTED = timedelta(minutes=72), timedelta(minutes=108)  # when device set 3 and cell 2 go wrong
DEVICES = {"P-0101": 1, "P-0102": 1, "P-0103": 2, "P-0104": 2, "P-0105": 3, "P-0106": 3}  # operator -> device set
HASTY, HASTE = "P-0102", 0.4  # who moves too fast, and in which share of his takes


def make(
    data: Path,
    takes: int,
    names: Sequence[str],
    others: Sequence[str],
    each: int,
    shared: Path | None,
    seed: int,
    share: range | None = None,
    size: int = 50,
) -> None:
    """Sets of takes, by turns of the scenarios; what is there already is not made again.

    Args:
        takes: in all, those of the other scenarios included.
        names: scenarios that take turns in sets of `size` takes.
        others: scenarios of each of which there is one set of `OTHER` takes.
        each: demonstrations of a scenario of `names`; of another there are two at most.
        share: the numbers of the sets that this call makes, from 0; left out, all. Shares may be made at the same time.
    """
    kept: dict[str, tuple[Scene, list[SimEpisode]]] = {}
    plan = [*planned(takes - OTHER * len(others), names, size), *((f"{name}_other", name, OTHER) for name in others)]
    mine = [plan[i] for i in share if i < len(plan)] if share is not None else plan
    for label, name, n in track(mine, "sets", disable=not sys.stderr.isatty()):
        place = data / label
        if place.exists():
            continue
        if name not in kept:
            kept[name] = demonstrations_of(data, name, each if name in names else min(each, 2))
        _set(place, *kept[name], n, np.random.default_rng([seed, zlib.crc32(label.encode())]))
    if shared is not None:
        for entry in entries(shared):
            copied = entry.path.relative_to(shared).as_posix().replace("/", "_")
            if not (data / copied).exists():
                whole = shutil.copytree if entry.path.is_dir() else shutil.copy2
                whole(entry.path, data / copied)


def planned(takes: int, names: Sequence[str], size: int) -> list[tuple[str, str, int]]:
    """(folder, scenario, takes) of each set."""
    rare = [name for name in names if shiliu.load_scenario(name).model.nflex]
    usual = [name for name in names if name not in rare] or rare
    found = []
    for block in range(-(-takes // size)):
        turn, last = divmod(block, RARER)
        name = rare[turn % len(rare)] if rare and last == RARER - 1 else usual[block % len(usual)]
        found.append((f"{name}_{block:04d}", name, min(size, takes - block * size)))
    return found


def _set(place: Path, scene: Scene, clean: Sequence[SimEpisode], n: int, rng: np.random.Generator) -> None:
    """A set; beside it some of its takes as bags, and one through the device model as MCAP."""
    made = list(takes_of(scene, clean, n, rng))
    try:
        path = place.with_name(f"{place.name}_device.mcap")
        path.unlink(missing_ok=True)  # of a call that was broken off
        write_mcap(_by_device(made[-1], scene, rng), path)
        made.pop()
    except EpisodeError:
        pass  # a robot that walks, or a record that was edited
    for number in range(BAGS if n >= MANY else 1):
        try:
            path = place.with_name(f"{place.name}_{number}.bag")
            path.unlink(missing_ok=True)
            write_bag(made[-1], scene, path)
        except EpisodeError:
            break
        made.pop()
    write_lerobot(place, made, scene.schema.lerobot_features(()), round(1.0 / scene.control_timestep))


def _by_device(episode: SimEpisode, scene: Scene, rng: np.random.Generator) -> Recording:
    """A take as a real robot's stack would have recorded it, three of ten with a fault of a device.

    Raises:
        EpisodeError: it does not come out as it was recorded, so that nothing can be recorded of it.
    """
    recording = through(scene, episode, load_device(), int(rng.integers(1 << 31)))
    known = [fault for fault in faults_of(scene).values() if fault.way == "device"]
    if rng.random() < FAULTY:
        fault = known[rng.integers(len(known))]
        (done,) = inject([Job(episode, (fault,), _drawn(fault, rng), recording)], SceneContext(scene, "command"), 1)
        recording = done.recording or recording
    return dataclasses.replace(recording, sha256=numbers_sha256(recording.streams))


def demonstrations_of(data: Path, name: str, each: int) -> tuple[Scene, list[SimEpisode]]:
    """Successful ones, kept beside the data."""
    scene, place = shiliu.load_scenario(name), data.with_name(f"{data.name}.demonstrations") / name
    if not place.exists():
        found = (one for one in demonstrate(scene, range(500, 500 + 2 * each), 1) if one.label["success"])
        some = [one for one, _ in zip(found, range(each))]
        write_lerobot(place, some, scene.schema.lerobot_features(()), round(1.0 / scene.control_timestep))
    kept = (one.episode for one in shiliu.read(place) if isinstance(one, Recording) and one.episode is not None)
    return scene, [episode for episode, _ in zip(kept, range(each))]


def takes_of(scene: Scene, clean: Sequence[SimEpisode], n: int, rng: np.random.Generator) -> Iterator[SimEpisode]:
    """Demonstrations performed again with another tremor, some with a fault of a drawn size."""
    performed = performed_again(scene, clean, n, rng)
    # a mistake is another performance, and faults of devices and written sets leave no episode to be written
    known = [
        fault
        for fault in faults_of(scene).values()
        if fault.way in ("perform", "record") and not fault.name.startswith("camera")
    ]
    jobs: list[tuple[int, Job]] = []
    for i, episode in enumerate(performed):
        if rng.random() < FAULTY:
            fault = known[rng.integers(len(known))]
            jobs.append((i, Job(episode, (fault,), _drawn(fault, rng))))
    done = inject([job for _, job in jobs], SceneContext(scene, "command"), 1)
    for (i, _), one in zip(jobs, done):
        if one.recording is not None and one.recording.episode is not None:  # else it could not be put there
            performed[i] = one.recording.episode
    yield from performed


def _drawn(fault: Fault, rng: np.random.Generator) -> float | None:
    return float(rng.uniform(fault.sizes[0], fault.sizes[-1])) if fault.sizes[0] is not None else None


def performed_again(scene: Scene, clean: Sequence[SimEpisode], n: int, rng: np.random.Generator) -> list[SimEpisode]:
    """So many takes, each a demonstration of `clean` with a tremor of its own.

    Raises:
        ShiliuError: a demonstration was made in another scene.
    """
    again = [varied(clean[rng.integers(len(clean))], scene, rng) for _ in range(n)]
    takes = []
    for episode in again:
        draw = drawing.of_episode(scene, episode)
        if draw is None:
            raise ShiliuError(f"{scene.name}: a demonstration of another scene. Take the folder away.")
        takes.append(Take(draw, episode.actions))
    played = play(scene, takes, [checkpoints_of(scene, take.n_steps) for take in takes], 1)
    return [episode_of(scene, one, of.seed, of.segments, of.provenance) for one, of in zip(played, again)]


def varied(episode: SimEpisode, scene: Scene, rng: np.random.Generator) -> SimEpisode:
    """The same commands with a slow tremor of the arms, at rest at both ends."""
    arms = [scene.schema.action.names.index(name) for name in scene.robot.arm_names]
    seconds = episode.n_steps * episode.control_timestep
    knots = rng.normal(0.0, TREMOR, (max(4, round(seconds / SLOW)), len(arms)))
    knots[0] = knots[-1] = 0.0
    at = np.linspace(0.0, len(knots) - 1.0, episode.n_steps)
    actions = episode.actions.copy()
    for column, joint in enumerate(arms):
        actions[:, joint] += np.interp(at, np.arange(len(knots)), knots[:, column]).astype(np.float32)
    return dataclasses.replace(episode, actions=actions)


# ---- a day of a centre


def day(data: Path, takes: int, name: str, each: int, seed: int) -> None:
    """Takes of six operators on three device sets in three cells, recorded through the device model, a file each.

    Three things are wrong, and nothing else: from `BROKEN` on the clock of device set 3 is behind; from `SHIFTED` on a joint of the
    robot of cell 2 has another zero; `HASTY` moves too fast in `HASTE` of his takes.
    """
    scene, clean = demonstrations_of(data, name, each)
    known, device, rng = faults_of(scene), load_device(), np.random.default_rng([seed, 1])
    operators = list(DEVICES)
    for k, episode in enumerate(performed_again(scene, clean, takes, rng)):
        operator, at, cell = operators[k % len(operators)], k * BETWEEN, 1 + k // len(operators) % 3
        path = data / f"take_{k:04d}.mcap"
        hasty = operator == HASTY and rng.random() < HASTE
        if path.exists():
            continue
        if hasty:
            (done,) = inject([Job(episode, (known["too fast a reach"],), 1.0)], SceneContext(scene, "command"), 1)
            episode = _of(done).episode or episode
        recording = through(scene, episode, device, k)
        if DEVICES[operator] == 3 and at >= BROKEN:
            recording = _faulty(scene, episode, recording, known["sender's clock behind"], 1.0)
        elif cell == 2 and at >= SHIFTED:
            recording = _faulty(scene, episode, recording, known["zero of a joint off"], 1.0)
        _at(recording, FIRST + at)
        recording.name = recording.source = path.stem
        recording.sha256 = numbers_sha256(recording.streams)
        recording.metadata["demonstration"] = about(operator, cell)
        write_mcap(recording, path)


def _faulty(scene: Scene, episode: SimEpisode, recording: Recording, fault: Fault, size: float) -> Recording:
    (done,) = inject([Job(episode, (fault,), size, recording)], SceneContext(scene, "command"), 1)
    return _of(done)


def _of(done: Injected) -> Recording:
    if done.recording is None:
        raise ShiliuError(f"{done.job.name}: {done.reason}")
    return done.recording


def _at(recording: Recording, begin: datetime) -> None:
    """Move all clocks of a recording so that it begins at a time; what stands between them stays."""
    later = round(begin.timestamp()) * 10**9 - origin_ns(recording)
    for name, stream in recording.streams.items():
        clocks = {
            clock: None if getattr(stream, clock) is None else getattr(stream, clock) + later
            for clock in ("capture_ns", "receive_ns")
        }
        recording.streams[name] = dataclasses.replace(stream, **clocks)


def about(operator: str, cell: int) -> dict[str, Any]:
    """What the centre says of a take."""
    return {
        "operator": operator,
        "centre": "Beijing Shijingshan",
        "cell": f"ts_0{cell}",
        "devices": {"headset": "PICO 4 Ultra", "exoskeleton": f"set {DEVICES[operator]}"},
        "robot": {"serial": f"002{cell}"},
        "calibration": {"id": "cal-17", "date": "2026-11-02"},
        "licence": "CC-BY-4.0",
        "consent": True,
    }
