"""What `shiliu replay workers=N` costs, for `benchmarks/data_line.py`: alone, on a Ray cluster, with takes of people among others."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import mujoco
import numpy as np
import shiliu
from data_line_running import Run, in_sittings, replay, timed
from shiliu.cli import CommandRequest
from shiliu.replay.benchmark.speed import whole_control
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.commands.replay_workers import bench
from shiliu.replay.formats import Entry, entries
from shiliu.replay.line.digest import digest_of
from shiliu.replay.line.jobs import Count, Counted, Made, TakeJob
from shiliu.replay.line.kept import unpacked
from shiliu.replay.line.key import judge_parts, recording_digest
from shiliu.replay.line.ledger import MADE, Ledger
from shiliu.replay.recording.recording import Recording
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import ShiliuError

YEAR, LENGTH, MACHINES = 6_000_000, 40.0, 20  # records a year of a centre, s of one, and a cluster
DAY = 86_400.0
FEW = 0.25  # of the takes, at most, are few
SAMPLE = 200  # takes of which it is measured what the ledger adds


def judge(data: Path, out: Path, workers: int, within_s: float = math.inf) -> dict[str, Any] | None:
    """Figures of one run of `shiliu replay`, which may be made in several sittings.

    Args:
        within_s: when this sitting ends [s].

    Returns:
        nothing where takes are left for another sitting.
    """
    run = in_sittings(replay(data, out, workers), out.with_name(f"{out.name}.sittings"), within_s)
    if not run.whole:
        return None
    lines = lines_of(out)
    again = timed(replay(data, out, workers)).wall_s
    simulated = sum(float((line.get("taken") or {}).get("length_s") or 0.0) for line in lines)
    verdicts = [str(line["verdict"] or line["error"]["code"]) for line in lines]
    bare = bare_seconds(data, lines, workers)
    ledger = ledger_seconds(data, out, len(lines))
    rate = simulated / run.wall_s
    return {
        "takes": len(lines), "scenarios": kinds_of(lines), "formats": formats_of(lines), "simulated_s": round(simulated),
        "wall_s": round(run.wall_s, 1), "processor_s": round(run.processor_s, 1), "workers": workers,
        "x_real_time": round(rate, 1), "x_real_time_a_processor": round(simulated / run.processor_s, 1),
        "takes_an_hour": round(3600 * len(lines) / run.wall_s),
        "share_of_bare": round(bare / run.processor_s, 3), "peak_mib_a_worker": round(run.peak_mib),
        "ledger_share": round(ledger / run.processor_s, 4), "nothing_new_s": round(again, 1),
        "year_on_one_machine_days": round(YEAR * LENGTH / rate / DAY, 1),
        f"year_on_{MACHINES}_machines_days": round(YEAR * LENGTH / rate / DAY / MACHINES, 1),
        "verdicts": {word: verdicts.count(word) for word in sorted(set(verdicts))},
    }  # fmt: skip


def bare_seconds(data: Path, lines: Sequence[dict[str, Any]], workers: int) -> float:
    """Processor time of the bare engine for the steps of the simulation's own takes, with as many threads [s]."""
    total, copies = 0.0, 2 * workers
    for place in sorted(data.with_name(f"{data.name}.demonstrations").iterdir()):
        played = [line for line in lines if line.get("scenario") == place.name and line.get("claim") == "simulation"]
        if not played:
            continue
        scene = shiliu.load_scenario(place.name)
        first = next(one.episode for one in shiliu.read(place) if isinstance(one, Recording) and one.episode)
        draw = drawing.of_values(scene, first.draw["values"], first.draw["task"])
        batch = mujoco.batch.Batch(scene.model, copies, workers)
        batch.set_models([draw.model] * copies)
        batch.state[:] = [first.start_state] * copies
        control = np.repeat(whole_control(scene, first.actions[None]), copies, 0)
        begin = time.process_time()
        for t in range(first.n_steps):
            batch.rollout(scene.n_substeps, control[:, t : t + 1], record=())
        a_second = (time.process_time() - begin) / (copies * first.duration_s)
        total += a_second * sum(float(line["taken"]["length_s"]) for line in played)
    return total


def ledger_seconds(data: Path, out: Path, n: int) -> float:
    """Processor time of what the ledger adds to n takes: a digest of each, and writing each judgement [s].

    The digests are those of the first `SAMPLE` takes.
    """
    rules, read, looked_at = load_rules(), 0.0, 0
    for item in islice(shiliu.read(data), SAMPLE):
        if isinstance(item, Recording):
            since = time.process_time()
            recording_digest(item, rules)
            read += time.process_time() - since
            looked_at += 1
    kept = [path.read_bytes() for path in islice((out / "ledger" / MADE).rglob("*.zst"), SAMPLE)]
    begin = time.perf_counter()
    copy = Ledger(out / "ledger_timed")
    for number, made in enumerate(kept):
        copy.put(f"{number:064x}", made)
    took = time.perf_counter() - begin
    shutil.rmtree(out / "ledger_timed")
    return n * (read / max(1, looked_at) + took / max(1, len(kept)))


def lines_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]


def kinds_of(lines: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Scenario -> takes; those that name none are judged on the bare floor."""
    return dict(sorted(Counter(str(line.get("scenario") or "unreadable") for line in lines).items()))


def formats_of(lines: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Ending of the file, or `set` -> takes."""
    endings = (Path(line["source"]).suffix.lstrip(".") if "#" not in line["source"] else "set" for line in lines)
    return dict(sorted(Counter(endings).items()))


# ---- on a cluster


def on_a_cluster(data: Path, out: Path, workers: int, few: int, rounds: int) -> dict[str, Any]:
    """What a take costs more on a Ray cluster of this machine than in processes of its own.

    Judged are the `few` entries of the data that hold the fewest takes, and all of them, each with and without `cluster=local`, by
    turns: the difference between many and few is what takes cost, the rest is the start.

    Raises:
        ShiliuError: not so many entries, or these hold too many of the takes, or a verdict differs.
    """
    found = entries(data)
    if len(found) <= few:
        raise ShiliuError(f"{len(found)} files and sets are too few to leave some out. Ask for fewer.", field="few")
    sizes = {one.source: sum(1 for _ in shiliu.read(one.path)) for one in found}
    fewest = sorted(found, key=lambda one: (sizes[one.source], one.source))[:few]
    if (n := sum(sizes[one.source] for one in fewest)) > FEW * sum(sizes.values()):
        raise ShiliuError(f"{n} of {sum(sizes.values())} takes are too many to be few. Ask for fewer.", field="few")
    some = linked(out / "few", fewest)
    runs: dict[tuple[str, str], list[Run]] = {}
    takes: dict[str, int] = {}
    for number in range(rounds):
        for size, folder in (("few", some), ("all", data)):
            for how, more in (("processes", ()), ("cluster", ("cluster=local",))):
                place = out / f"{size}_{how}_{number}"
                shutil.rmtree(place, ignore_errors=True)
                runs.setdefault((size, how), []).append(timed(replay(folder, place, workers, *more)))
                takes[size] = len(lines_of(place))
            same = [
                (out / f"{size}_{how}_{number}" / "verdicts.jsonl").read_bytes() for how in ("processes", "cluster")
            ]
            if same[0] != same[1]:
                raise ShiliuError("the cluster's verdicts differ from those of processes.", file=out)
    found_of: dict[str, Any] = {}
    for what, of in (("wall", lambda run: run.wall_s), ("processor", lambda run: run.processor_s)):
        least = {key: min(map(of, some_runs)) for key, some_runs in runs.items()}
        a_take = {
            how: (least["all", how] - least["few", how]) / (takes["all"] - takes["few"])
            for how in ("processes", "cluster")
        }
        found_of[what] = {
            "s": {
                f"{size}, {how}": [round(of(one), 1) for one in some_runs] for (size, how), some_runs in runs.items()
            },
            "s_a_take": {how: round(one, 4) for how, one in a_take.items()},
            "start_s": {how: round(least["few", how] - takes["few"] * a_take[how], 1) for how in a_take},
            "overhead_of_the_cluster": round(a_take["cluster"] / a_take["processes"] - 1.0, 4),
        }
    return {"takes": takes, "workers": workers, "rounds": rounds, **found_of}


def linked(folder: Path, some: Sequence[Entry]) -> Path:
    """A folder that holds these files and sets, as links."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in some:
        link = folder / one.source.replace("/", "_")
        if not link.exists():
            link.symlink_to(one.path.resolve(), one.path.is_dir())
    return folder


# ---- with people's takes among them


def with_people(data: Path, shared: Path, out: Path, workers: int) -> dict[str, Any]:
    """What recordings of people cost, and whether the others have to wait for them.

    First each take is judged in one process, one after the other; the time is reported by kind. Then `shiliu replay` judges the data
    alone, the recordings of people alone, and both in one folder, the people first.

    Args:
        shared: folder of recordings; of it only files and sets of people are taken.
    """
    human = [one for one in entries(shared) if of_a_person(one)]
    if not human:
        raise ShiliuError("holds no recording of a person.", file=shared, field="shared")
    theirs, ours = linked(out / "people", human), data
    both = linked(out / "both", [Entry(one.path, f"a_{one.source}") for one in human])  # before all others
    linked(both, [Entry(one.path, f"b_{one.source}") for one in entries(ours)])
    by_kind: dict[str, list[tuple[float, float]]] = {}
    for kind, seconds, length in judged_one_by_one(both, out / "one_by_one"):
        by_kind.setdefault(kind, []).append((seconds, length))
    runs: dict[str, Run] = {}
    for name, folder in (("people", theirs), ("others", ours), ("both", both)):
        shutil.rmtree(out / f"run_{name}", ignore_errors=True)
        runs[name] = timed(replay(folder, out / f"run_{name}", workers))
    if _verdicts(out / "run_both", "b_") != _verdicts(out / "run_others", ""):
        raise ShiliuError("the others get other verdicts where recordings of people are beside them.", file=out)
    start, busy = 0.0, {}
    for name in runs:
        begun, ended = _span(out / f"run_{name}" / "ledger")
        busy[name] = ended - begun
        start = max(start, runs[name].wall_s - busy[name])
    return {
        "kinds": {
            kind: {
                "takes": len(times), "s_a_take": round(median(s for s, _ in times), 2),
                "most_s": round(max(s for s, _ in times), 2), "length_s": round(sum(length for _, length in times), 1),
                "x_real_time": round(sum(length for _, length in times) / sum(s for s, _ in times), 1),
            }
            for kind, times in sorted(by_kind.items())
        },
        "workers": workers,
        "wall_s": {name: round(run.wall_s, 1) for name, run in runs.items()},
        "from_first_to_last_judgement_s": {name: round(one, 1) for name, one in busy.items()},
        "both_over_sum": round(busy["both"] / (busy["people"] + busy["others"]), 3),
        "peak_mib_a_worker": {name: round(run.peak_mib) for name, run in runs.items()},
    }  # fmt: skip


def of_a_person(entry: Entry) -> bool:
    """Whether the first recording of a file or set is one of a person."""
    try:
        first = next(iter(shiliu.read(entry.path)), None)
    except ShiliuError:
        return False
    return isinstance(first, Recording) and first.kind == "human"


def judged_one_by_one(data: Path, out: Path) -> list[tuple[str, float, float]]:
    """(kind, processor time [s], length [s]) of each take that can be judged, by one worker's bench in this process.

    The first take of a scenario compiles its scene, and is judged twice; what counts is the second time.
    """
    shutil.rmtree(out, ignore_errors=True)
    request = CommandRequest("replay", overrides=[f"data={data}", f"out={out}", "pictures=false", "quiet=true"])
    desk = bench(request, str(data), str(out), judge_parts(None), False)
    found, known = [], set()
    for number, entry in enumerate(entries(data)):
        count = desk.answer(Count(number, entry))
        for k in range(count.n if isinstance(count, Counted) else 1):
            while True:
                begin = time.process_time()
                answer = desk.answer(TakeJob(number, entry, k))
                took = time.process_time() - begin
                if not isinstance(answer, Made):
                    break
                made = unpacked(desk.ledger.get(answer.key) or b"")
                scene = made.verdict.scenario
                kind = f"{scene}, {made.verdict.claim}"
                if kind in known:
                    found.append((kind, took, float(made.verdict.taken.get("length_s") or 0.0)))
                    break
                known.add(kind)
                desk.ledger.drop(answer.key)
    return found


def _span(ledger: Path) -> tuple[float, float]:
    """When the first and the last judgement of a ledger were written [s of the wall clock]."""
    times = [path.stat().st_mtime for path in (ledger / MADE).rglob("*.zst")]
    return min(times), max(times)


def _verdicts(out: Path, begin: str) -> list[str]:
    """Verdicts and findings of the takes with a source that begins so, in their order."""
    return [
        digest_of([line["verdict"], [(one["code"], one["level"], one["value"]) for one in line["findings"]]])
        if line["verdict"]
        else str(line["error"].get("code"))
        for line in lines_of(out)
        if line["source"].startswith(begin)
    ]
