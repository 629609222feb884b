"""A goal that is missed in a surveyed cell is tried close by as well: whom does that spare, and does it spare a faulty one?

    python benchmarks/near_survey.py data=DIR [demonstrations=5] [off=0,2,5,10,20,50] [faults=true]
                                     [out=FILE.jsonl] [markdown=FILE]

data=DIR           a dataset of `shiliu record`; its first demonstrations that succeeded are taken
off=...            by how many mm the survey is wrong of where the robot stands, each tried with the clean demonstration
faults=true        the clean one's commands changed as well, in a cell that is surveyed rightly: `grip opened early`, and
                   `object elsewhere` (80 mm, and the survey tells it)
out=FILE           a line a copy; those that stand there are not made again

All go through the device model. Printed is how many of each are FEASIBLE, undecided because the task is done close by, undecided
for another reason, and refused, and in how many of the copies close by those that miss do it.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shiliu
from given_words import given_words, show
from known_faults.injecting import Job, inject
from known_faults.registry import faults_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.evaluation.device import load_device, through
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.facts.near_copies import NEAR
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.scenarios.scene.scene import Scene
from surveying import surveyed

DEFAULTS = {
    "data": "", "demonstrations": "5", "off": "0,2,5,10,20,50", "faults": "true", "out": "", "markdown": "", "threads": "1",
}  # fmt: skip
FAULTS = ("grip opened early", "object elsewhere")
COLUMNS = ("FEASIBLE", NEAR, "INCONCLUSIVE", "refused")


def main(words: list[str]) -> int:
    given = given_words(DEFAULTS, words, needed=("data",))
    if given is None:
        print(__doc__, file=sys.stderr)
        return 2
    out = Path(given["out"]) if given["out"] else None
    digest = load_rules().digest
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] if out is not None and out.exists() else []
    lines = [line for line in lines if line["thresholds"] == digest]
    done = {(line["scenario"], line["seed"], line["case"]) for line in lines}
    cases = [f"{mm} mm" for mm in given["off"].split(",")] + (list(FAULTS) if given["faults"] == "true" else [])
    for episode in _clean(Path(given["data"]), int(given["demonstrations"])):
        scene = shiliu.load_scenario(str(episode.scenario))
        for case in cases:
            if (episode.scenario, episode.seed, case) in done:
                continue
            verdict = judged(scene, episode, case, int(given["threads"]))
            line = {"seed": episode.seed, "scenario": episode.scenario, "case": case, **found(verdict), "thresholds": digest}
            lines.append(line)
            print(line, file=sys.stderr, flush=True)
            if out is not None:
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
    show(table(lines, cases), given["markdown"])
    return 0


def _clean(data: Path, count: int) -> Iterator[SimEpisode]:
    for recording in shiliu.read(data):
        if count and isinstance(recording, Recording) and recording.episode is not None and recording.episode.label.get("success"):
            count -= 1
            yield recording.episode


def judged(scene: Scene, episode: SimEpisode, case: str, threads: int) -> Verdict:
    """The verdict of one demonstration through the device model, in its surveyed cell."""
    off, performed = 0.0, episode
    if case in FAULTS:
        (broken,) = inject([Job(episode, (faults_of(scene)[case],), None)], SceneContext(scene, "command"), threads)
        if broken.recording is None or broken.recording.episode is None:
            raise SystemExit(f"{episode.seed} {case}: {broken.reason}")
        performed = broken.recording.episode
    else:
        off = float(case.removesuffix(" mm")) * 1e-3
    recording = through(scene, performed, load_device(), episode.seed)
    (verdict,) = judge(
        [dataclasses.replace(recording, scenario=episode.scenario)], surveyed(performed, scene, off), threads=threads
    )
    return verdict


def found(verdict: Verdict) -> dict[str, Any]:
    """What is kept of a verdict: its column, its root, and what the copies close by came to."""
    goal = next(one for one in verdict.findings if one.code == "goal")
    column = verdict.verdict if verdict.verdict in ("FEASIBLE", "INCONCLUSIVE") else "refused"
    if column == "INCONCLUSIVE" and goal.reason == NEAR:
        column = NEAR
    root = None if verdict.root is None else verdict.findings[verdict.root].code
    return {"column": column, "root": root, "nearby": goal.details.get("nearby")}


def table(lines: list[dict[str, Any]], cases: list[str]) -> str:
    rows = [
        "| case | FEASIBLE | done close by | otherwise undecided | refused | of the copies close by | refused for |",
        "|---|---|---|---|---|---|---|",
    ]
    for case in cases:
        own = [line for line in lines if line["case"] == case]
        counts = [sum(line["column"] == column for line in own) for column in COLUMNS]
        shares = ", ".join(f"{n['successes']}/{n['copies']}" for line in own if (n := line["nearby"])) or "–"
        roots = ", ".join(f"`{root}`" for root in dict.fromkeys(line["root"] for line in own if line["column"] == "refused")) or "–"
        what = case if case in FAULTS else f"survey off by {case}"
        rows.append(f"| {what} | " + " | ".join(f"{n} of {len(own)}" for n in counts) + f" | {shares} | {roots} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
