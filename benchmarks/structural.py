"""Faults that leave the motion as it is: does the verdict tell them from clean demonstrations, and do measures of the actions?

    python benchmarks/structural.py data=DIR [demonstrations=15] [starts=8] [out=FILE.jsonl] [markdown=FILE]

data=DIR            a dataset of `shiliu record`; its scenario has the mistake
demonstrations=15   clean ones, and as many of each fault: `grip opened early`, `object elsewhere` (the same commands, the
                    start changed), and the wrong goal, a mistake that the scripted operator makes (mistake=set_down_beside); it ends
                    in the skill in which the clean one ends, as long after its begin
starts=8            likely starts that are played where a set does not tell its start
out=FILE            a line a demonstration; those that stand there are not made again

All are given one length: the last command is held until the longest has ended, and each is performed again so. The label
stays that of the clean one. A faulty take of an ordinary set stands in a set of its own, among the clean takes of the other
seeds. Printed is the area under the ROC curve, with its 95 % interval by bootstrap: of the verdict
(refused, undecided, feasible, in this order) and of measures of the arms' commands, more being worse.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fault_sets as sets
import shiliu
from action_measures import (
    area_interval,
    area_under_roc,
    log_dimensionless_jerk,
    path_length,
    spectral_arc_length,
)
from given_words import given_words, show
from known_faults.injecting import Job, beginning, inject, prolonged
from known_faults.placing import segment
from known_faults.registry import faults_of
from shiliu.replay.checks.in_step import check_lag
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.takes import lag_of
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.judge import judging
from shiliu.replay.judge.set_comparison import Company
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.signals.channels import pair
from shiliu.replay.signals.clock import origin_ns
from shiliu.scenarios.scene.scene import Scene

DEFAULTS = {
    "data": "", "demonstrations": "15", "starts": "8", "mistake": "set_down_beside", "out": "", "markdown": "", "threads": "1",
}  # fmt: skip
CLEAN = "clean"
KINDS = {"grip opened early": "grip opened early", "wrong goal": "", "object elsewhere": "object elsewhere"}
ORDER = {"FEASIBLE": 0.0, "INCONCLUSIVE": 0.5, "INFEASIBLE": 1.0, "UNSOUND": 1.0, None: 1.0}
SCORES = {  # a column of the table: title, and how worse a line is
    "own": ("verdict, own set", lambda line: ORDER[line["own"]]),
    "ordinary": ("verdict, ordinary set", lambda line: ORDER[line["ordinary"]]),
    "duration": ("duration", lambda line: line["duration"]),
    "path": ("path length", lambda line: line["path"]),
    "jerk": ("jerk", lambda line: line["jerk"]),
    "sparc": ("SPARC", lambda line: -line["sparc"]),
}


def lines_of(words: dict[str, str], file: Path | None) -> list[dict[str, Any]]:
    """A line for each demonstration of each kind: verdicts and measures."""
    count, threads = int(words["demonstrations"]), int(words["threads"])
    episodes = [r.episode for r in shiliu.read(words["data"]) if isinstance(r, Recording) and r.episode][:count]
    name = str(episodes[0].scenario)
    context = SceneContext(shiliu.load_scenario(name), "command")
    likely = shiliu.load_scenario(name, [f"judge.if_unknown.starts={words['starts']}"])
    lines = []
    if file is not None and file.is_file():
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    made = made_of(episodes, context, words["mistake"], threads)
    for kind, of_kind in made.items():
        todo = [e for e in of_kind if not any((one["kind"], one["seed"]) == (kind, e.seed) for one in lines)]
        if not todo:
            continue
        judged: dict[str, list[tuple[Any, Any]]] = {}
        with tempfile.TemporaryDirectory() as room:
            for form in sets.FORMS:
                root = sets.write_set(Path(room) / form, todo, context.scene, form)
                if form == sets.PLAIN:
                    clean = sets.write_set(Path(room) / CLEAN, made[CLEAN], context.scene, form)
                    verdicts = among(shiliu.read(root), todo, shiliu.read(clean), made[CLEAN], likely, threads)
                else:
                    verdicts = judging(shiliu.read(root), threads=threads)
                judged[form] = [
                    (one.verdict, None if one.root is None else one.findings[one.root].code) for one in verdicts
                ]
        for k, episode in enumerate(todo):
            line = {"kind": kind, "seed": episode.seed, **measures(episode, context)}
            for form in sets.FORMS:
                line[form], line[f"{form}_root"] = judged[form][k]
            lines.append(line)
            if file is not None:
                with file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(line) + "\n")
    return lines


def among(
    takes: Iterable[Any],
    episodes: Sequence[SimEpisode],
    clean: Iterable[Any],
    seeds: Sequence[SimEpisode],
    likely: Scene,
    threads: int,
) -> Iterator[Verdict]:
    """Verdicts of takes, each in a set of its own among the clean takes of the other seeds.

    Args:
        takes, clean: as an ordinary set gives them; episodes, seeds: of which each of them is.
        likely: where they are judged.
    """
    rules = load_rules()
    others = [(one, lag_of(check_lag(*pair(one), rules, origin_ns(one)))) for one in clean]
    for take, episode in zip(takes, episodes):
        company, name = Company(), f"set {episode.seed}"
        sets.beside(company, name, [one for one, of in zip(others, seeds) if of.seed != episode.seed], likely.name)
        yield from judging([sets.in_set(take, name)], likely, threads=threads, company=company)


def made_of(
    episodes: Sequence[SimEpisode], context: SceneContext, mistake: str, threads: int
) -> dict[str, list[SimEpisode]]:
    """Clean and faulty episodes of one length, by kind."""
    known = faults_of(context.scene)
    wrong = known[f"mistake {mistake.replace('_', ' ')}"]

    def of(fault: Any, clean: Sequence[SimEpisode]) -> list[SimEpisode]:
        done = inject([Job(one, (fault,), None) for one in clean], context, threads)
        return [
            one.recording.episode for one in done if one.recording is not None and one.recording.episode is not None
        ]

    ends = {one.seed: one for one in episodes}
    mistaken = [ended_alike(one, ends[one.seed]) for one in of(wrong, episodes)]
    n = max(one.n_steps for one in (*episodes, *mistaken))
    clean = prolonged(episodes, context.scene, n, threads)
    made = {CLEAN: clean}
    for kind, name in KINDS.items():
        made[kind] = of(known[name], clean) if name else prolonged(mistaken, context.scene, n, threads)
    return made


def ended_alike(mistaken: SimEpisode, clean: SimEpisode) -> SimEpisode:
    """The mistaken demonstration up to where the clean one has reached its goal; who misses it goes on and home."""
    last = clean.segments[-1]
    t0, _ = segment(mistaken, last["skill"])
    return dataclasses.replace(beginning(mistaken, t0 + last["t1"] - last["t0"]), label=dict(mistaken.label))


def measures(episode: SimEpisode, context: SceneContext) -> dict[str, float]:
    """What the arms' commands alone tell."""
    names = context.scene.schema.action.names
    q = episode.actions[:, [names.index(name) for name in context.scene.robot.arm_names]].astype(float)
    dt = episode.control_timestep
    return {
        "duration": episode.n_steps * dt,
        "path": path_length(q),
        "jerk": log_dimensionless_jerk(q, dt),
        "sparc": spectral_arc_length(q, dt),
    }


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row a fault, a column a score; below, what was refused and why."""
    clean = [line for line in lines if line["kind"] == CLEAN]
    rows = [
        "| fault | n | " + " | ".join(title for title, _ in SCORES.values()) + " |",
        "|---" * (len(SCORES) + 2) + "|",
    ]
    for kind in KINDS:
        faulty = [line for line in lines if line["kind"] == kind]
        if not faulty:
            continue
        cells = []
        for _, worse in SCORES.values():
            a, b = [worse(line) for line in faulty], [worse(line) for line in clean]
            low, high = area_interval(a, b)
            cells.append(f"{area_under_roc(a, b):.2f} ({low:.2f} to {high:.2f})")
        rows.append(f"| {kind} | {len(faulty)} | " + " | ".join(cells) + " |")
    for form in sets.FORMS:
        rows += ["", f"Verdicts, {form} set:"]
        for kind in (CLEAN, *KINDS):
            counts: dict[str, int] = {}
            for line in lines:
                if line["kind"] == kind:
                    key = f"{line[form]} {line[f'{form}_root'] or ''}".strip()
                    counts[key] = counts.get(key, 0) + 1
            rows.append(f"- {kind}: " + ", ".join(f"{n} {key}" for key, n in sorted(counts.items())))
    return "\n".join(rows)


def main() -> int:
    """Exit 0 when all was made, 2 where it was asked wrongly."""
    words = given_words(DEFAULTS, sys.argv[1:], ["data"])
    if words is None:
        print(__doc__, file=sys.stderr)
        return 2
    text = table(lines_of(words, Path(words["out"]) if words["out"] else None))
    show(text, words["markdown"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
