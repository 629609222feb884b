"""Ordinary sets of takes that end at the right place and at wrong ones: does the verdict tell them apart without knowing the start?

    python benchmarks/wrong_places.py scenario=NAME out=FILE.jsonl [bound=30] [beyond=10,25,50] [seeds=600-605] [takes=99] [off=0] ...

scenario=NAME    in which the scripted operator performs
bound=30         mm that the scenario's goal allows; a faulty take aims that far and `beyond` beside its place
beyond=10,25,50  mm, each to the left, to the right, ahead and back (`aim_offset`, `aim_ahead`)
seeds=600-605    of the clean takes, and of as many faulty ones of each kind
takes=99         of each faulty kind at most: the k-th kind begins with the k-th seed
off=0            deg, by which each joint of the arms is off at most, in commands and measurements alike, drawn for each take
device=no        `yes`: as a device's stack records it, with lag, rates and steps of its own
starts=0         likely starts; 0: as many as the scenario asks for
out=FILE         a line a take; those that stand there are not made again

Each take is read without poses of things and without a label, an ordinary LeRobot set or a device's recording, and judged alone.
Printed is a row a distance: verdicts, the area under the ROC curve against the clean takes with its 95 % interval, and
processor time a take. The score is what the verdict reports: the share of the starts that agree with the hands in which the
goal is missed; 1 of a take that is refused, 0.5 where no start agrees.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import fault_sets as sets
import numpy as np
import shiliu
from action_measures import area_interval, area_under_roc
from given_words import given_words, show
from shiliu.replay.evaluation.device import load_device, through
from shiliu.replay.judge.judge import judging
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.signals.channels import SCALE
from shiliu.scenarios.scene.scene import Scene

DEFAULTS = {
    "scenario": "", "out": "", "bound": "30", "beyond": "10,25,50", "seeds": "600-605", "takes": "99", "starts": "0", "markdown": "",
    "threads": "1", "off": "0", "device": "no",
}  # fmt: skip
CLEAN = "clean"
WAYS = {"left": ("aim_offset", 1.0), "right": ("aim_offset", -1.0), "ahead": ("aim_ahead", 1.0), "back": ("aim_ahead", -1.0)}


def kinds_of(words: dict[str, str]) -> dict[str, dict[str, float]]:
    """Kind -> faults of the operator."""
    kinds: dict[str, dict[str, float]] = {CLEAN: {}}
    for beyond in words["beyond"].split(","):
        for way, (fault, sign) in WAYS.items():
            kinds[f"{way}, {beyond} mm beyond"] = {fault: sign * (float(words["bound"]) + float(beyond)) / 1e3}
    return kinds


def lines_of(words: dict[str, str], file: Path) -> list[dict[str, Any]]:
    """A line a take."""
    first, last = map(int, words["seeds"].split("-"))
    seeds = list(range(first, last + 1))
    asked = [] if words["starts"] == "0" else [f"judge.if_unknown.starts={words['starts']}"]
    scene = shiliu.load_scenario(words["scenario"], asked)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []
    for k, (kind, faults) in enumerate(kinds_of(words).items()):
        of = seeds if kind == CLEAN else [seeds[(k + i) % len(seeds)] for i in range(min(len(seeds), int(words["takes"])))]
        todo = [seed for seed in of if not any((line["kind"], line["seed"]) == (kind, seed) for line in lines)]
        for line in _judged(scene, kind, faults, todo, words):
            lines.append(line)
            print(line["seed"], kind, line["verdict"], line["goal"], line["reason"] or "", line["cpu"], flush=True)
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
    return lines


def _judged(scene: Scene, kind: str, faults: dict[str, float], seeds: Sequence[int], words: dict[str, str]) -> Iterator[dict[str, Any]]:
    threads = int(words["threads"])
    for seed in seeds:
        (episode,) = demonstrate(scene, [seed], threads, faults)
        if bool(episode.label["success"]) != (kind == CLEAN):
            continue  # the operator failed by itself, or reached the goal all the same
        with tempfile.TemporaryDirectory() as room:
            take = _read(scene, episode, Path(room) / "ordinary", float(words["off"]), words["device"] == "yes")
            begin = time.process_time()
            (verdict,) = judging([take], scene, threads=threads)
            took = time.process_time() - begin
        goal = next(one for one in verdict.findings if one.code == "goal")
        yield {
            "kind": kind, "seed": seed, "verdict": verdict.verdict, "goal": goal.level, "reason": goal.reason, "cpu": round(took, 1),
            "root": None if verdict.root is None else verdict.findings[verdict.root].code,
            "open": sorted({one.code for one in verdict.findings if one.reason in ("hangs_on_start", "unknown_start")}),
            **{key: goal.details.get(key) for key in ("successes", "starts", "tried", "short", "least", "explained")},
        }  # fmt: skip


def _read(scene: Scene, episode: SimEpisode, root: Path, off: float, device: bool) -> Recording:
    """What a stranger's recorder has of an episode, with joints off by so many degrees."""
    if device:
        take = through(scene, episode, load_device(), episode.seed)
        take.metadata.pop("label", None)
    else:
        (take,) = shiliu.read(sets.write_set(root, [episode], scene, sets.PLAIN))
        take.streams = dict(take.streams)  # read while the set is there
    by = np.random.default_rng(episode.seed).uniform(-np.radians(off), np.radians(off), len(scene.robot.arm_names))
    zero = dict(zip(scene.robot.arm_names, by))
    for name, stream in take.streams.items():
        if stream.quantity == "joint_position":
            more = np.array([zero.get(joint, 0.0) for joint in stream.names]) / SCALE[stream.unit]
            take.streams[name] = replace(stream, values=stream.values + more)
    return take


def worse(line: dict[str, Any]) -> float:
    """The score of a take, higher for worse."""
    if line["verdict"] in ("INFEASIBLE", "UNSOUND"):
        return 1.0
    return 1.0 - line["successes"] / line["starts"] if line["starts"] else 0.5


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row a distance, of all ways together."""
    clean = [worse(line) for line in lines if line["kind"] == CLEAN]
    rows = ["| takes | n | FEASIBLE | INCONCLUSIVE | INFEASIBLE | refused by | AUROC | s a take |", "|---" * 8 + "|"]
    for kind in dict.fromkeys(line["kind"].partition(", ")[2] for line in lines):
        of = [line for line in lines if line["kind"].partition(", ")[2] == kind]
        counts = Counter(line["verdict"] for line in of)
        roots = Counter(line["root"] for line in of if line["verdict"] in ("INFEASIBLE", "UNSOUND"))
        area = "–"
        if kind and clean:
            scores = [worse(line) for line in of]
            low, high = area_interval(scores, clean)
            area = f"{area_under_roc(scores, clean):.2f} ({low:.2f} to {high:.2f})"
        named = ", ".join(f"{n} `{code}`" for code, n in roots.most_common()) or "–"
        cpu = sorted(line["cpu"] for line in of)[len(of) // 2]
        shares = " | ".join(str(counts[word]) for word in ("FEASIBLE", "INCONCLUSIVE", "INFEASIBLE"))
        rows.append(f"| {kind or CLEAN} | {len(of)} | {shares} | {named} | {area} | {cpu:.0f} |")
    return "\n".join(rows)


def main() -> int:
    """Exit 0 when all was made, 2 where it was asked wrongly."""
    words = given_words(DEFAULTS, sys.argv[1:], ["scenario", "out"])
    if words is None:
        print(__doc__, file=sys.stderr)
        return 2
    show(table(lines_of(words, Path(words["out"]))), words["markdown"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
