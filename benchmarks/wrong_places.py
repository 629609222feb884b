"""Ordinary sets of takes that end at the right place and at wrong ones: does the verdict tell them apart without knowing the start?

    python benchmarks/wrong_places.py scenario=NAME out=FILE.jsonl [bound=30] [beyond=10,25,50] [seeds=600-605] [takes=99] [starts=0]

scenario=NAME    in which the scripted operator performs
bound=30         mm that the scenario's goal allows; a faulty take aims that far and `beyond` beside its place
beyond=10,25,50  mm, each to the left, to the right, ahead and back (`aim_offset`, `aim_ahead`)
seeds=600-605    of the clean takes, and of as many faulty ones of each kind
takes=99         of each faulty kind at most: the k-th kind begins with the k-th seed
starts=0         likely starts; 0: as many as the scenario asks for
out=FILE         a line a take; those that stand there are not made again

Each take is written as an ordinary LeRobot set without poses of things and without labels, and judged alone. Printed is a row a
fault: verdicts, the area under the ROC curve of the verdict (refused, undecided, feasible) against the clean takes with its 95 %
interval, and processor time a take.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import fault_sets as sets
import shiliu
from action_measures import area_interval, area_under_roc
from given_words import given_words, show
from shiliu.replay.judge.judge import judging
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.scenarios.scene.scene import Scene

DEFAULTS = {
    "scenario": "", "out": "", "bound": "30", "beyond": "10,25,50", "seeds": "600-605", "takes": "99", "starts": "0", "markdown": "",
    "threads": "1",
}  # fmt: skip
CLEAN = "clean"
WAYS = {"left": ("aim_offset", 1.0), "right": ("aim_offset", -1.0), "ahead": ("aim_ahead", 1.0), "back": ("aim_ahead", -1.0)}
ORDER = {"FEASIBLE": 0.0, "INCONCLUSIVE": 0.5, "INFEASIBLE": 1.0, "UNSOUND": 1.0}


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
        for line in _judged(scene, kind, faults, todo, int(words["threads"])):
            lines.append(line)
            print(line["seed"], kind, line["verdict"], line["goal"], line["reason"] or "", line["cpu"], flush=True)
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
    return lines


def _judged(scene: Scene, kind: str, faults: dict[str, float], seeds: Sequence[int], threads: int) -> Iterator[dict[str, Any]]:
    for seed in seeds:
        (episode,) = demonstrate(scene, [seed], threads, faults)
        if bool(episode.label["success"]) != (kind == CLEAN):
            continue  # the operator failed by itself, or reached the goal all the same
        with tempfile.TemporaryDirectory() as room:
            root = sets.write_set(Path(room) / "ordinary", [episode], scene, sets.PLAIN)
            begin = time.process_time()
            (verdict,) = judging(shiliu.read(root), scene, threads=threads)
            took = time.process_time() - begin
        goal = next(one for one in verdict.findings if one.code == "goal")
        yield {
            "kind": kind, "seed": seed, "verdict": verdict.verdict, "goal": goal.level, "reason": goal.reason, "cpu": round(took, 1),
            "root": None if verdict.root is None else verdict.findings[verdict.root].code,
            "open": sorted({one.code for one in verdict.findings if one.reason in ("hangs_on_start", "unknown_start")}),
            **{key: goal.details.get(key) for key in ("successes", "starts", "tried")},
        }  # fmt: skip


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row a kind."""
    clean = [ORDER[line["verdict"]] for line in lines if line["kind"] == CLEAN]
    rows = ["| takes | n | FEASIBLE | INCONCLUSIVE | INFEASIBLE | refused by | AUROC | s a take |", "|---" * 8 + "|"]
    for kind in dict.fromkeys(line["kind"] for line in lines):
        of = [line for line in lines if line["kind"] == kind]
        counts, worse = Counter(line["verdict"] for line in of), [ORDER[line["verdict"]] for line in of]
        roots = Counter(line["root"] for line in of if line["verdict"] in ("INFEASIBLE", "UNSOUND"))
        area = "–"
        if kind != CLEAN and clean:
            low, high = area_interval(worse, clean)
            area = f"{area_under_roc(worse, clean):.2f} ({low:.2f} to {high:.2f})"
        named = ", ".join(f"{n} `{code}`" for code, n in roots.most_common()) or "–"
        cpu = sorted(line["cpu"] for line in of)[len(of) // 2]
        shares = " | ".join(str(counts[word]) for word in ("FEASIBLE", "INCONCLUSIVE", "INFEASIBLE"))
        rows.append(f"| {kind} | {len(of)} | {shares} | {named} | {area} | {cpu:.0f} |")
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
