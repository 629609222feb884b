"""This judge beside other tools, on the same LeRobot sets: what each finds, names and wrongly refuses, and how long it takes.

    make beside
    python benchmarks/other_tools.py data=DIR tools=FOLDER [out=FILE.jsonl] [kinds=elbow,state] [all=state] [markdown=FILE]

data=DIR      a dataset of `shiliu record`, of one scenario; its takes are the clean set, in the form that a data centre sends
              (`shiliu export to=lerobot plain=true`); eight takes or more
tools=FOLDER  a virtual environment for each of the other tools, by its name (`.ci/readers.txt`, `.ci/beside.txt`)
kinds=        only kinds with names that begin so;  all=  kinds that are put into all takes of a set, too; all where not given
faulty=2      so many takes of a set are faulty where only some are
starts=2      likely starts that this judge plays where a set does not tell its start
out=FILE      a line for each tool and kind; lines that stand there are not made again

Three layouts: `each` has a fault in all of its takes, another kind in each; `some` in the last `faulty` of them, two kinds;
`all` one kind in all. Every tool runs by its own command with its default settings. A fault counts as found where a tool
complains of the take as it did not while the set was clean, or, where it says so of the whole set, by a code that names the
fault; as refused where it would not have the take (an error, a FAIL, EXCLUDE, a flag); as named where the foremost of these
complaints is a code that names the fault: `NAMES` in `complaints.py` for the others, the root for this
judge. It stands there twice: `intake` is the tables alone, `replay` also plays each take; what it finds with the files that
`shiliu record` writes beside a set stands in docs/judging-the-judge.md. Seconds are processor time for the clean set, with
the start of Python, divided by its takes.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fault_sets as sets
import shiliu
from complaints import (
    NAMES,
    REFUSED,
    TOOLS,
    UNREADABLE,
    Complaint,
    alarms,
    new,
    of_verdict,
    scored,
    timed,
)
from fault_scoring import share
from given_words import given_words, show
from judge import percent
from known_faults import ordinary
from known_faults.injecting import Job, inject
from known_faults.registry import chosen, faults_of, faults_of_sets
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.intake import intake
from shiliu.replay.judge.judge import judging
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.scenarios.sheet.errors import ShiliuError

DEFAULTS = {
    "data": "", "tools": ".venv-readers", "faulty": "2", "starts": "2", "out": "", "kinds": "", "all": "", "markdown": "",
}  # fmt: skip
STRUCTURAL = ("grip opened early", "object elsewhere")
EACH, SOME, ALL = "each", "some", "all"
TITLES = {
    EACH: "all takes faulty, another kind in each",
    SOME: "some takes faulty",
    ALL: "all takes faulty, of one kind",
}
INTAKE, REPLAY = "shiliu, intake", "shiliu, replay"
OURS = (INTAKE, REPLAY)
START = "import shiliu.replay.judge.judge"
WHOLE = ("fps of the set wrong",)  # of the set as a whole: only in all of its takes


class Beside:
    """Every tool asked of one set after another."""

    def __init__(self, words: dict[str, str]):
        self.words = words
        self.episodes = [r.episode for r in shiliu.read(words["data"]) if isinstance(r, Recording) and r.episode]
        name = str(self.episodes[0].scenario)
        self.context = SceneContext(shiliu.load_scenario(name), "command")
        self.likely = shiliu.load_scenario(name, [f"judge.if_unknown.starts={words['starts']}"])
        known = faults_of(self.context.scene)
        self.kinds = {**faults_of_sets(self.context.scene), **{one: known[one] for one in STRUCTURAL}}
        self.file = Path(words["out"]) if words["out"] else None
        self.lines: list[dict[str, Any]] = []
        if self.file is not None and self.file.is_file():
            self.lines = [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]
        self.room = Path(tempfile.mkdtemp())
        self.clean: dict[str, list[Complaint]] = {}

    def add(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def ask(self, episodes: list[SimEpisode], files: Mapping[int, str]) -> Iterator[tuple[str, list[Complaint], float]]:
        """What each tool reports of a set of these takes with faults in its files, and the processor seconds of the tool."""
        folder = sets.write_set(self.room / "set", episodes, self.context.scene, sets.PLAIN)
        for kind in dict.fromkeys(files.values()):
            ordinary.FILES[kind](folder, [take for take, one in files.items() if one == kind])
        for tool in TOOLS:
            complaints, seconds = tool.ask(Path(self.words["tools"]).resolve(), folder, self.room)
            yield tool.name, complaints, seconds
        for form in OURS:
            begun = time.process_time()
            try:
                read = shiliu.read(folder)
                verdicts = intake(read) if form == INTAKE else judging(read, self.likely, threads=1)
                complaints = [one for k, verdict in enumerate(verdicts) for one in of_verdict(k, verdict)]
            except ShiliuError:  # the set as a whole cannot be read
                complaints = [Complaint(UNREADABLE, REFUSED)]
            yield form, complaints, time.process_time() - begun
        shutil.rmtree(folder)

    def ask_clean(self) -> None:
        """The clean set: what is said of it, which counts as a false alarm, and how long that takes."""
        n, made = len(self.episodes), [line for line in self.lines if line["kind"] == "clean"]
        self.clean = {line["tool"]: [Complaint(**one) for one in line["complaints"]] for line in made}
        if len(made) == len(TOOLS) + len(OURS):
            return
        self.lines = [line for line in self.lines if line["kind"] != "clean"]
        for tool, complaints, seconds in list(self.ask(self.episodes, {})):
            self.clean[tool] = complaints
            start = timed([sys.executable, "-c", START], self.room)[1] if tool in OURS else 0.0
            line = {"kind": "clean", "tool": tool, "seconds": (seconds + start) / n, **alarms(complaints, (), n)}
            self.add(line | {"complaints": [dataclasses.asdict(one) for one in complaints]})

    def broken(self, kinds: Mapping[int, str]) -> tuple[list[SimEpisode], dict[int, tuple[int, ...]]]:
        """The episodes of a set with these faults by take; those that could be made, of two same takes both."""
        episodes, made = list(self.episodes), {}
        jobs = []
        for take, kind in kinds.items():
            fault = self.kinds[kind]
            if kind != ordinary.TWICE:
                jobs.append(Job(self.episodes[take], (fault,), fault.sizes[take % len(fault.sizes)]))
            elif kinds.get(take - 1) == kind and take % 2:
                made[take] = (take - 1, take)
            elif 0 not in kinds:
                made[take] = (0, take)
        for one in inject(jobs, self.context, 1):
            if one.recording is not None and one.recording.episode is not None:
                take = self.episodes.index(one.job.episode)
                episodes[take] = one.recording.episode
                made[take] = (take,)
        for take, pair in made.items():
            episodes[take] = episodes[pair[0]] if len(pair) > 1 else episodes[take]
        return episodes, made

    def ask_broken(self, layout: str, kinds: Mapping[int, str]) -> None:
        """Every tool, of a set with these kinds of fault by take."""
        names_of_kinds = list(dict.fromkeys(kinds.values()))
        if all(
            any((one["kind"], one.get("layout")) == (kind, layout) for one in self.lines) for kind in names_of_kinds
        ):
            return
        episodes, made = self.broken(kinds)
        files = {take: kinds[take] for take in made if kinds[take] in ordinary.FILES}
        faulty = {k for pair in made.values() for k in pair} | set(kinds)
        for tool, complaints, _ in list(self.ask(episodes, files)):
            others = alarms(complaints, faulty, len(episodes), self.clean[tool])
            for kind in names_of_kinds:
                names = self.kinds[kind].codes if tool in OURS else NAMES[kind]
                takes = [
                    {"take": take, **scored(new(complaints, self.clean[tool], pair, names))}
                    for take, pair in made.items()
                    if kinds[take] == kind
                ]
                line = {"kind": kind, "layout": layout, "tool": tool, "names": names, "takes": takes}
                self.add(line if kind != names_of_kinds[0] else line | {"others": others})

    def run(self) -> None:
        n, some = len(self.episodes), int(self.words["faulty"])

        def wanted(key: str) -> list[str]:
            return chosen(list(self.kinds), [word.strip() for word in self.words[key].split(",") if word.strip()])

        self.ask_clean()
        own = [kind for kind in wanted("kinds") if kind not in WHOLE]
        each = [kind for kind in own if kind != ordinary.TWICE]  # a take beside which there is a clean one
        for at in range(0, len(each), n):
            self.ask_broken(EACH, dict(enumerate(each[at : at + n])))
        for at in range(0, len(own), some):
            self.ask_broken(SOME, dict(enumerate(own[at : at + some], n - some)))
        for kind in wanted("all"):
            self.ask_broken(ALL, {take: kind for take in range(n)})
        shutil.rmtree(self.room, ignore_errors=True)


def table(lines: list[dict[str, Any]]) -> str:
    """Markdown: tools side by side, then kind by kind."""
    tools = list(dict.fromkeys(line["tool"] for line in lines))
    rows = [
        "| tool | found | refused | named as root | clean takes refused | complained of | of the clean set | s a take |",
        "|---|---|---|---|---|---|---|---|",
    ]
    broken = [line for line in lines if line["kind"] != "clean"]

    def count(line: dict[str, Any], word: str) -> int:
        if word == "named":
            names = line["names"] if line["tool"] in OURS else NAMES[line["kind"]]
            return sum(take["codes"][:1] != [] and take["codes"][0] in names for take in line["takes"])
        return sum(bool(take[word]) for take in line["takes"])

    def of(tool: str, word: str) -> str:
        mine = [line for line in broken if line["tool"] == tool]
        return percent(share(sum(count(line, word) for line in mine), sum(len(line["takes"]) for line in mine)))

    for tool in tools:
        clean = next(line for line in lines if line["kind"] == "clean" and line["tool"] == tool)
        whole = ", ".join(sorted({one["code"] for one in clean["complaints"] if one["take"] is None})) or "–"
        rows.append(
            f"| {tool} | {of(tool, 'found')} | {of(tool, 'refused')} | {of(tool, 'named')} | {clean['refused']}/{clean['of']} | "
            f"{clean['found']}/{clean['of']} | {whole} | {clean['seconds']:.2f} |"
        )
    for layout, title in TITLES.items():
        if not any(line["layout"] == layout for line in broken):
            continue
        rows += [
            "",
            f"Found / named as root, {title}:",
            "",
            "| fault | " + " | ".join(tools) + " |",
            "|---" * (len(tools) + 1) + "|",
        ]
        for kind in dict.fromkeys(line["kind"] for line in broken if line["layout"] == layout):
            cells = []
            for tool in tools:
                (line,) = (one for one in broken if (one["kind"], one["layout"], one["tool"]) == (kind, layout, tool))
                n = len(line["takes"])
                found, named = count(line, "found"), count(line, "named")
                cells.append(f"{found} / {named} of {n}" if n else "not made")
            rows.append(f"| {kind} | " + " | ".join(cells) + " |")
        clean_cells = []
        for tool in tools:
            others = [
                line["others"]
                for line in broken
                if line["tool"] == tool and line["layout"] == layout and "others" in line
            ]
            of_all = sum(one["of"] for one in others)
            clean_cells.append(
                f"{sum(one['refused'] for one in others)} / {sum(one['found'] for one in others)} of {of_all}"
            )
        if layout == SOME:
            rows.append("| clean takes of these sets refused / complained of anew | " + " | ".join(clean_cells) + " |")
    return "\n".join(rows)


def main() -> int:
    """Exit 0 when all was asked, 2 where it was asked wrongly."""
    words = given_words(DEFAULTS, sys.argv[1:], ["data"])
    if words is None:
        print(__doc__, file=sys.stderr)
        return 2
    beside = Beside(words)
    beside.run()
    text = table(beside.lines)
    show(text, words["markdown"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
