"""Faults without a list: recall and root of the judge over generated faults, by family and kind of set.

    python benchmarks/generated.py seed=10000 count=500 check=gate out=build/generated/report.jsonl real=FOLDER

data=build/generated/own  sets of `shiliu record`, one a scenario; those of SCENARIOS that are missing are recorded there first
real=FOLDER               of real sets (REAL_SETS); they are no part of this repository, and left out where it is not given
sets=                     names of other sets in real=; their mappings may stand in conf/mapping of the working folder
kinds=own,ordinary,real   own: as a faulty recorder writes it, with our files; ordinary: without them
only=                     names of sets, by their beginnings
seed=0                    below 1000 for developing; a report has its seeds from 10000 on, at which nobody looks before
count=100                 faults in all; kinds and sets take turns
check=intake              or gate
starts=8                  likely starts of an ordinary set; 0: as many as the scenario says
out=                      a line of JSON a fault; seeds that stand there are not judged again, and a run that is interrupted goes on
missed=30                 so many of what was missed are listed, the largest against its limit first
markdown=FILE             the tables

A fault is drawn by its seed (`generated_faults`): an operation, columns, a span, a size. *Above* is what reaches
the limits of detection, which are printed first: a delay of exactly 0.1 s does. *Refused* is UNSOUND, INFEASIBLE or unreadable.
*Root*: the root names the column, lies on the span, claims no other family, and blames neither operator nor scene nor robot;
*where*: column and span alone. Faults in takes that are refused as they are clean are left out, and counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from generated_faults import judging, limits, operations, scoring
from generated_faults.compose import KINDS, REAL, DrawnFault, draw_fault
from generated_faults.patch import UnfitError
from generated_faults.sources import SourceSet, read_source
from generated_faults.writing import write_clean, write_fault
from given_words import given_words, show
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from shiliu.replay.judge.context import Contexts

REAL_SETS = ("g1-inspire-pick-bottle", "piper-so101-leader")
DEFAULTS = {
    "data": "build/generated/own", "real": "", "kinds": ",".join(KINDS), "only": "", "seed": "0", "count": "100",
    "sets": ",".join(REAL_SETS), "check": "intake", "starts": "8", "out": "", "missed": "30", "markdown": "",
}  # fmt: skip
SCENARIOS = {  # with the first of four seeds, that nothing else was made with
    "table_setting": 31000, "microwave": 31040, "medication_serving": 31080, "drink_assist": 31120, "remote_inspection": 31160,
    "coil_separation": 31200,
}  # fmt: skip
TAKES = 4


def sources_of(given: Mapping[str, str]) -> dict[str, list[SourceSet]]:
    """Sets by kind; recorded where they are missing."""
    wanted = [name for name in given["only"].split(",") if name]

    def asked(name: str) -> bool:
        return not wanted or any(name.startswith(one) for one in wanted)

    kinds, folder = given["kinds"].split(","), Path(given["data"])
    own = [name for name in SCENARIOS if asked(name)] if set(kinds) - {REAL} else []
    for name in own:
        if not (folder / name).is_dir():
            words = [
                f"scenario={name}",
                f"episodes={TAKES}",
                f"seed={SCENARIOS[name]}",
                f"out={folder / name}",
                "quiet=true",
            ]
            subprocess.run([sys.executable, "-m", "shiliu", "record", *words], check=True)
    ours = [read_source(folder / name) for name in own]
    real = [Path(given["real"]) / name for name in given["sets"].split(",") if asked(name)] if given["real"] and REAL in kinds else []
    found = {kind: ours if kind != REAL else [read_source(path) for path in real] for kind in kinds}
    return {kind: sets for kind, sets in found.items() if sets}


def jobs(sources: Mapping[str, Sequence[SourceSet]], first: int, count: int) -> Iterator[tuple[int, str, SourceSet]]:
    """(seed, kind, set): kinds and sets take turns, so that whatever was judged stands for all."""
    kinds = list(sources)
    for seed in range(first, first + count):
        kind = kinds[seed % len(kinds)]
        sets = sources[kind]
        yield seed, kind, sets[seed // len(kinds) % len(sets)]


class Run:
    """Judges what is missing of a run, a line at a time.

    Attributes:
        lines: all that there are; out: where they are kept, or None.
    """

    def __init__(self, given: Mapping[str, str], folder: Path) -> None:
        self.check, self.folder = given["check"], folder
        self.out = Path(given["out"]) if given["out"] else None
        self.lines: list[dict[str, Any]] = []
        if self.out is not None and self.out.is_file():
            self.lines = [json.loads(line) for line in self.out.read_text(encoding="utf-8").splitlines()]
        self.contexts = Contexts(conf_dir=judging.few_starts(folder / "conf", int(given["starts"])))
        self.done = {(one["seed"], one["kind"], one["check"], one["set"]) for one in self.lines if "seed" in one}
        self.clean = {scoring.of_clean(one) for one in self.lines if one.get("clean")}

    def judge(self, seed: int, kind: str, source: SourceSet) -> None:
        """One fault, and before it the take that it is put into as it is."""
        if (seed, kind, self.check, source.name) in self.done:
            return
        try:
            fault = draw_fault(seed, kind, source)
        except UnfitError as error:
            print(f"{seed} {kind} {source.name}: {error}", file=sys.stderr)
            return
        self._judge_clean(fault)
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            verdict = judging.verdict_of(write_fault(fault, Path(folder) / source.name), self.check, self.contexts)
        self._keep(scoring.score_fault(fault, self.check, verdict))

    def _judge_clean(self, fault: DrawnFault) -> None:
        head = scoring.head_of(fault, self.check)
        if scoring.of_clean(head) in self.clean:
            return
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            root = write_clean(fault.source, fault.kind, [fault.take.index], Path(folder) / "set", head["poses"])
            verdict = judging.verdict_of(root, self.check, self.contexts)
        self.clean.add(scoring.of_clean(head))
        name, take = fault.source.name, fault.take.index
        self._keep(scoring.score_clean(name, fault.kind, take, head["poses"], self.check, verdict))

    def _keep(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        if self.out is not None:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            with self.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


KINDS_OF_COLUMN = (  # head of the table, groups, unit
    ("joint's angle", ("command", "measured", "all", "names"), "rad"), ("gripper", ("gripper",), "%"),
    ("speed", ("velocity",), "rad/s"), ("effort", ("effort",), "Nm"), ("force", ("effort",), "N"), ("place", ("pose",), "m"),
    ("attitude", ("pose",), "1"), ("time stamp", ("time",), "s"),
)  # fmt: skip


def limits_table() -> str:
    """From which size on a fault is to be found, by family and column: of its own unit, and of what the column changes by."""
    heads = ("family", "operations", "beyond", *(head for head, _, _ in KINDS_OF_COLUMN))
    rows = ["Limits of detection:", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for family in operations.FAMILIES:
        of = [one for one in operations.OPERATIONS if one.family == family]
        cells = [_limit([one for one in of if set(groups) & set(one.on)], unit) for _, groups, unit in KINDS_OF_COLUMN]
        rows.append(f"| {family} | {len(of)} | {sum(one.beyond for one in of)} | {' | '.join(cells)} |")
    n, beyond = len(operations.OPERATIONS), sum(one.beyond for one in operations.OPERATIONS)
    return "\n".join([*rows, f"| **all** | **{n}** | **{beyond}** |" + " |" * len(KINDS_OF_COLUMN)])


def _limit(of: Sequence[operations.Operation], unit: str) -> str:
    if not of:
        return "–"
    peak = f"{limits.PEAKS[unit]:g}" + (f" {unit}" if unit != "1" else "")
    words = {operations.GAIN: f"{100 * limits.SIZES[operations.GAIN]:g} %"}
    own = sorted(
        {words.get(one.unit, f"{limits.SIZES[one.unit]:g} {one.unit}") for one in of if one.unit in limits.SIZES}
    )
    alone = not own or any(one.unit not in limits.SIZES for one in of)
    return " or ".join([peak] * alone + [f"{size} and {peak}" for size in own])


def table(lines: Sequence[dict[str, Any]], most: int) -> str:
    """Markdown: limits, figures, what was missed."""
    faults, spoilt, clean = scoring.counted(lines)
    parts = [limits_table(), ""]
    for key, head in (("family", "family"), ("group", "column")):
        heads = ("check", "set", head, "n", "refused of all", "above", "refused of these", "root", "where")
        parts += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        for check, kind, word, every, above in scoring.grouped_by(faults, key):
            refused, of_above = scoring.share_of(every, "refused"), scoring.share_of(above, "refused")
            root, where = scoring.share_of(above, "root"), scoring.share_of(above, "where")
            row = [check, kind, word, str(len(every)), refused, str(len(above)), of_above, root, where]
            whole = len(every) == sum((one["check"], one["kind"]) == (check, kind) for one in faults)
            parts.append("| " + " | ".join([f"**{cell}**" for cell in row] if whole else row) + " |")
        parts.append("")
    for check in dict.fromkeys(line["check"] for line in faults):
        mine = [line for line in faults if line["check"] == check]
        above = [line for line in mine if line["above"]]
        beyond = [line for line in above if line["parts"][0]["beyond"]]
        parts.append(
            f"{check}: {len(mine)} faults, {100 * len(above) / max(1, len(mine)):.0f} % above the limits; refused of all "
            f"{scoring.share_of(mine, 'refused')}; of those above {scoring.share_of(above, 'refused')}, root "
            f"{scoring.share_of(above, 'root')} (with no other family claimed of what is beyond known explanations "
            f"{scoring.share_of([{'named': one['root'], **one} for one in above], 'named')}); "
            f"beyond known explanations {scoring.share_of(beyond, 'refused')}, root {scoring.share_of(beyond, 'root')}."
        )
    stated = {scoring.of_clean(line): line.get("stated", {}) for line in clean}
    for check, kind in dict.fromkeys((line["check"], line["kind"]) for line in faults):
        mine = [line for line in faults if (line["check"], line["kind"]) == (check, kind)]
        above = [line for line in mine if scoring.above_stated(line, stated.get(scoring.of_clean(line), {}))]
        parts.append(
            f"{check}, {kind}: {len(above)} above what the verdict of the clean take says can be seen: refused "
            f"{scoring.share_of(above, 'refused')}, refused or warned of {scoring.share_of(above, 'seen')}."
        )
    for check, kind in dict.fromkeys((line["check"], line["kind"]) for line in clean):
        mine = [line for line in clean if (line["check"], line["kind"]) == (check, kind)]
        called = sorted({f"{line['set']}#{line['take']} {line['root_code']}" for line in mine if line["refused"]})
        n = sum((line["check"], line["kind"]) == (check, kind) for line in spoilt)
        parts.append(
            f"{check}, {kind}: clean takes refused {scoring.share_of(mine, 'refused')}"
            + (f" ({', '.join(called)}); {n} faults in them are left out" if called else "")
            + "."
        )
    open_ = scoring.missed(faults)
    if open_ and most:
        parts += ["", f"Missed, of {len(open_)} the first {min(most, len(open_))}:", "", *map(_miss, open_[:most])]
    return "\n".join(parts)


def _miss(line: Mapping[str, Any]) -> str:
    done = " + ".join(
        f"{one['operation']} [{one['family']}] {one['feature']}/{','.join(one['columns'][:2])}{'…' * (len(one['columns']) > 2)} "
        f"{one['t0']:.1f}..{one['t1']:.1f} s, {one['size']:.3g} {one['unit']}, peak {one['peak']:.3g} {one['peak_unit']}"
        for one in line["parts"]
    )
    subject = ", ".join(map(str, (line["root_subject"] or [])[:3]))
    root = f"{line['root_code']} ({subject}) claims {'/'.join(line['claims']) or 'nothing'}, owner {line['owner']}"
    made = "let through" if not line["refused"] else "unreadable" if line["error"] else root
    return f"- {line['seed']} {line['kind']} {line['set']}#{line['take']} ({line['check']}): {done} → {made}"


def main() -> int:
    """Exit 0; 2 where it was asked wrongly."""
    given = given_words(DEFAULTS, sys.argv[1:], ("data", "kinds", "seed", "count", "starts"))
    if given is None or given["check"] not in judging.CHECKS or set(given["kinds"].split(",")) - set(KINDS):
        print(__doc__, file=sys.stderr)
        return 2
    sources = sources_of(given)
    if not sources:
        print("there is no set to put faults into", file=sys.stderr)
        return 2
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with tempfile.TemporaryDirectory() as folder:
        run = Run(given, Path(folder))
        work = list(jobs(sources, int(given["seed"]), int(given["count"])))
        try:
            with Progress(*columns) as progress:
                task = progress.add_task(given["check"], total=len(work))
                for seed, kind, source in work:
                    progress.update(task, description=f"{given['check']} {kind} {source.name} {seed}")
                    run.judge(seed, kind, source)
                    progress.advance(task)
        except KeyboardInterrupt:
            print("interrupted; the same command goes on from here", file=sys.stderr)
    show(table(run.lines, int(given["missed"])), given["markdown"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
