"""The data line at a centre's scale: thousands of takes made up, judged by workers with a clock beside, and killed at random.

    python benchmarks/data_line.py make  data=DIR takes=10000 [demonstrations=4] [scenarios=A,B] [shared=DIR] [seed=0]
    python benchmarks/data_line.py judge data=DIR out=DIR [workers=2] [json=FILE]
    python benchmarks/data_line.py kill  data=DIR out=DIR [rounds=50] [workers=2] [seed=0]

`make` performs a few demonstrations of each scenario whose figures were counted, and each of them again and again with another
tremor of the commands; faults of `docs/judging-the-judge.md` go into three takes of ten, each at a size that is drawn. Sets of 50
takes; of each set three takes are bags of the maker's stack beside it, where that can be written. `shared` is a folder of other
recordings, which are copied in. What is there already is not made again.

`judge` runs `shiliu replay` as anyone would, and tells simulated time, wall time, the share of the bare engine (the same steps by
`Batch.rollout` with as many threads, one demonstration of each scenario, timed at once afterwards), the largest memory of
a worker, what the ledger costs, and what a centre's year would take.

`kill` judges once undisturbed, then in `rounds` calls each of which ends by `kill -9` of the driver, with workers
killed in between; a last call is left alone. It fails where one byte differs, or where a process or a half file is left.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import shiliu
from rich.progress import track
from shiliu.replay.benchmark.given_words import given_words
from shiliu.replay.benchmark.speed import whole_control
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.evaluation.faults.injecting import Job, inject
from shiliu.replay.evaluation.faults.registry import faults_of
from shiliu.replay.formats import entries
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.formats.rosbag.write import write as write_bag
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.line.key import recording_digest
from shiliu.replay.line.ledger import MADE, Ledger
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios import variation as drawing
from shiliu.scenarios.errors import EpisodeError, ShiliuError
from shiliu.scenarios.scene import Scene

DEFAULTS = {
    "data": "", "out": "", "takes": "10000", "demonstrations": "4", "scenarios": "", "shared": "", "seed": "0",
    "workers": "2", "rounds": "50", "json": "",
}  # fmt: skip
SET, BAGS = 50, 3  # takes of a set, and how many of them are bags beside it
FAULTY = 0.3  # of the takes
RARER = 20  # every so many sets one is of a scenario with cloth, whose steps cost some twenty times as much
TREMOR, SLOW = 1e-3, 0.5  # rad of the arms' commands, standard deviation; s over which it changes
FIGURES = Path(__file__).resolve().parents[1] / "conf" / "figures"
FILES = ("verdicts.jsonl", "junit.xml", "passed.txt", "refused.txt", "verdicts.sarif", "summary.md")
YEAR, LENGTH, MACHINES = 6_000_000, 40.0, 20  # records a year of a centre, s of one, and a cluster
DAY = 86_400.0


# ---- made up


def make(data: Path, takes: int, names: Sequence[str], each: int, shared: Path | None, seed: int) -> None:
    """Sets of takes, by turns of the scenarios."""
    blocks, rare = -(-takes // SET), [name for name in names if shiliu.load_scenario(name).model.nflex]
    usual = [name for name in names if name not in rare] or rare
    kept: dict[str, tuple[Scene, list[SimEpisode]]] = {}
    for block in track(range(blocks), "sets", disable=not sys.stderr.isatty()):
        turn, last = divmod(block, RARER)
        name = rare[turn % len(rare)] if rare and last == RARER - 1 else usual[block % len(usual)]
        place = data / f"{name}_{block:04d}"
        if place.exists():
            continue
        if name not in kept:
            kept[name] = demonstrations_of(data, name, each)
        scene, clean = kept[name]
        rng = np.random.default_rng([seed, block])
        made = list(takes_of(scene, clean, min(SET, takes - block * SET), rng))
        bags = 0
        for number in range(BAGS):
            try:
                path = data / f"{name}_{block:04d}_{number}.bag"
                path.unlink(missing_ok=True)  # of a call that was broken off
                write_bag(made[-1], scene, path)
            except EpisodeError:
                break  # a robot that walks, or a record that was edited
            made.pop()
            bags += 1
        write_lerobot(place, made, scene.schema.lerobot_features(()), round(1.0 / scene.control_timestep))
    if shared is not None:
        for entry in entries(shared):
            name = entry.path.relative_to(shared).as_posix().replace("/", "_")
            if not (data / name).exists():
                whole = shutil.copytree if entry.path.is_dir() else shutil.copy2
                whole(entry.path, data / name)


def demonstrations_of(data: Path, name: str, each: int) -> tuple[Scene, list[SimEpisode]]:
    """Successful ones, kept beside the data."""
    scene, place = shiliu.load_scenario(name), data.with_name(f"{data.name}.demonstrations") / name
    if not place.exists():
        found = (one for one in demonstrate(scene, range(500, 500 + 2 * each), 1) if one.label["success"])
        some = [one for one, _ in zip(found, range(each))]
        write_lerobot(place, some, scene.schema.lerobot_features(()), round(1.0 / scene.control_timestep))
    return scene, [one.episode for one in shiliu.read(place) if isinstance(one, Recording) and one.episode is not None]


def takes_of(scene: Scene, clean: Sequence[SimEpisode], n: int, rng: np.random.Generator) -> Iterator[SimEpisode]:
    """Demonstrations performed again with another tremor, some with a fault of a drawn size."""
    again = [varied(clean[rng.integers(len(clean))], scene, rng) for _ in range(n)]
    takes, draws = [], []
    for episode in again:
        draw = drawing.of_episode(scene, episode)
        if draw is None:
            raise ShiliuError(f"{scene.name}: a demonstration of another scene. Take the folder away.")
        draws.append(draw)
        takes.append(Take(draw, episode.actions))
    played = play(scene, takes, [checkpoints_of(scene, take.n_steps) for take in takes], 1)
    performed = [episode_of(scene, one, of.seed, of.segments, of.provenance) for one, of in zip(played, again)]
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
            size = float(rng.uniform(fault.sizes[0], fault.sizes[-1])) if fault.sizes[0] is not None else None
            jobs.append((i, Job(episode, (fault,), size)))
    done = inject([job for _, job in jobs], SceneContext(scene, "command"), 1)
    for (i, _), one in zip(jobs, done):
        if one.recording is not None and one.recording.episode is not None:  # else it could not be put there
            performed[i] = one.recording.episode
    yield from performed


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


# ---- judged


def judge(data: Path, out: Path, workers: int) -> dict[str, Any]:
    """Figures of one run of `shiliu replay`."""
    peak, begin = 0.0, time.perf_counter()
    driver = subprocess.Popen([*replay(data, out, workers)], stdout=subprocess.DEVNULL)
    while driver.poll() is None:
        time.sleep(0.5)
        peak = max([peak, *(memory(pid) for pid in began_by(driver.pid))])
    wall = time.perf_counter() - begin
    lines = [json.loads(line) for line in (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    begin = time.perf_counter()
    subprocess.run(replay(data, out, workers), stdout=subprocess.DEVNULL, check=False)
    again = time.perf_counter() - begin
    simulated = sum(float((line.get("taken") or {}).get("length_s") or 0.0) for line in lines)
    verdicts = [str(line["verdict"] or line["error"]["code"]) for line in lines]
    bare = bare_seconds(data, workers)
    ledger = ledger_seconds(data, out)
    rate = simulated / wall
    return {
        "takes": len(lines), "simulated_s": round(simulated), "wall_s": round(wall, 1), "workers": workers,
        "x_real_time": round(rate, 1), "takes_an_hour": round(3600 * len(lines) / wall),
        "share_of_bare": round(bare / wall, 3), "peak_mib_a_worker": round(peak),
        "ledger_share": round(ledger / (wall * workers), 4), "nothing_new_s": round(again, 1),
        "year_on_one_machine_days": round(YEAR * LENGTH / rate / DAY, 1),
        f"year_on_{MACHINES}_machines_days": round(YEAR * LENGTH / rate / DAY / MACHINES, 1),
        "verdicts": {word: verdicts.count(word) for word in sorted(set(verdicts))},
    }  # fmt: skip


def bare_seconds(data: Path, workers: int) -> float:
    """Wall time of the bare engine for the own takes' steps, with as many threads [s]."""
    total = 0.0
    for place in sorted(data.with_name(f"{data.name}.demonstrations").iterdir()):
        scene = shiliu.load_scenario(place.name)
        first = next(one.episode for one in shiliu.read(place) if isinstance(one, Recording) and one.episode)
        draw = drawing.of_values(scene, first.draw["values"], first.draw["task"])
        batch = mujoco.batch.Batch(scene.model, 8 * workers, workers)
        batch.set_models([draw.model] * (8 * workers))
        batch.state[:] = [first.start_state] * (8 * workers)
        control = np.repeat(whole_control(scene, first.actions[None]), 8 * workers, 0)
        begin = time.perf_counter()
        for t in range(first.n_steps):
            batch.rollout(scene.n_substeps, control[:, t : t + 1], record=())
        a_step = (time.perf_counter() - begin) / (8 * workers * first.n_steps)
        for item in shiliu.read(data):
            if isinstance(item, Recording) and item.episode is not None and item.scenario == place.name:
                total += item.episode.n_steps * a_step
    return total


def ledger_seconds(data: Path, out: Path) -> float:
    """Processor time of what the ledger adds: a digest of each recording, and writing each judgement [s]."""
    rules, begin = load_rules(), time.process_time()
    read = 0.0
    for item in shiliu.read(data):
        if isinstance(item, Recording):
            since = time.process_time()
            recording_digest(item, rules)
            read += time.process_time() - since
    kept = [path.read_bytes() for path in (out / "ledger" / MADE).rglob("*.zst")]
    begin = time.perf_counter()
    copy = Ledger(out / "ledger_timed")
    for number, made in enumerate(kept):
        copy.put(f"{number:064x}", made)
    took = time.perf_counter() - begin
    shutil.rmtree(out / "ledger_timed")
    return read + took


# ---- killed


def kill(data: Path, out: Path, rounds: int, workers: int, seed: int) -> list[str]:
    """What is wrong after `rounds` calls that were killed; nothing where all is as in one call."""
    wrong: list[str] = []
    luck, killed = random.Random(seed), 0
    command = replay(data, out / "killed", workers)
    begin = time.perf_counter()
    subprocess.run(replay(data, out / "whole", workers), stdout=subprocess.DEVNULL, check=False)
    whole = time.perf_counter() - begin
    shutil.rmtree(out / "killed", ignore_errors=True)
    for number in track(range(rounds), "killed", disable=not sys.stderr.isatty()):
        driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # the work of one call is spread over half of the rounds, so that some die while they write their reports
        until = time.monotonic() + luck.uniform(0.5, 6.0 + 4.0 * whole / rounds)
        while driver.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
            mine = began_by(driver.pid)
            if mine and luck.random() < 0.004:
                end(luck.choice(mine))
                killed += 1
        mine = began_by(driver.pid)
        driver.kill()
        driver.wait()
        late = time.monotonic() + 30.0
        while (left := [pid for pid in mine if alive(pid)]) and time.monotonic() < late:
            time.sleep(0.05)
        wrong += [f"round {number}: {len(left)} workers outlive their driver"] if left else []
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    for name in FILES:
        if (out / "whole" / name).read_bytes() != (out / "killed" / name).read_bytes():
            wrong.append(f"{name} differs")
    wrong += [f"half a file is left: {path.name}" for path in (out / "killed" / "ledger" / "part").iterdir()]
    print(f"{rounds} drivers and {killed} workers killed; {'; '.join(wrong) or 'the same bytes, and nothing is left'}")
    return wrong


def replay(data: Path, out: Path, workers: int) -> list[str]:
    words = [f"data={data}", f"out={out}", "pictures=false", "quiet=true", f"workers={workers}"]
    return [sys.executable, "-m", "shiliu", "replay", *words]


def began_by(pid: int) -> list[int]:
    """The processes that a process began, as Linux tells them."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(folder.name))
            except (OSError, IndexError, ValueError):
                continue
    return found


def alive(pid: int) -> bool:
    """Whether a process holds a file; a dead one that nobody has asked for holds none."""
    try:
        return any(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself


def memory(pid: int) -> float:
    """Largest memory that a process has held [MiB]; 0 where it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return 0.0


def main(words: list[str]) -> int:
    verb = words[0] if words else ""
    given = given_words(DEFAULTS, words[1:], ["data"] if verb == "make" else ["data", "out"])
    if verb not in ("make", "judge", "kill") or given is None:
        print(__doc__, file=sys.stderr)
        return 2
    data = Path(given["data"]).resolve()
    if verb == "make":
        names = given["scenarios"].split(",") if given["scenarios"] else sorted(p.stem for p in FIGURES.glob("*.yaml"))
        data.mkdir(parents=True, exist_ok=True)
        shared = Path(given["shared"]) if given["shared"] else None
        make(data, int(given["takes"]), names, int(given["demonstrations"]), shared, int(given["seed"]))
        return 0
    out = Path(given["out"]).resolve()
    if verb == "kill":
        return 1 if kill(data, out, int(given["rounds"]), int(given["workers"]), int(given["seed"])) else 0
    figures = judge(data, out, int(given["workers"]))
    print(json.dumps(figures, indent=1))
    if given["json"]:
        Path(given["json"]).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
