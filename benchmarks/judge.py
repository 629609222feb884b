"""The judge judged: known faults are put into clean demonstrations; how many are found, rightly named, and where?

    python benchmarks/judge.py                                    four demonstrations of its own, each kind at each size once
    python benchmarks/judge.py data=DIR episodes=40 full=true     all clean demonstrations of a dataset
    python benchmarks/judge.py kinds=joint,clock,combined         only kinds with names that begin so; `clean` for false alarms
    python benchmarks/judge.py sets=DIR,DIR episodes=3            what a data centre sends: the same faults in our own sets and
                                                                  in ordinary LeRobot sets, side by side
    python benchmarks/judge.py kinds=clean scenario=NAME clean=5  every FAIL and WARN on clean demonstrations, one by one
    python benchmarks/judge.py measure=BAG                        the numbers of a device model, from a real recording

data=DIR          a dataset of `shiliu record`; without it demonstrations of scenario=microwave are recorded here, from seed=500
episodes=4        faults go into so many demonstrations, those that the judge finds FEASIBLE as they are
clean=8           so many demonstrations are judged as they are: as simulated, and through the device model on the bare
                  floor and in a cell that is surveyed
only=SEED,SEED    of the data, or of those recorded here, these demonstrations alone
sizes=all         turn: of each kind one size in each demonstration, in turn, for a third of the time
seconds=24        faults that need no more are put into the beginning of a demonstration; 0 takes the whole always
sets=DIR,DIR      datasets of `shiliu record`, one a scenario: faults go into the first `episodes` of each; the others stay
                  clean takes of the same set, which tell what is usual in it (six at least). starts=2 likely starts are
                  played if a start is unknown
full=false        true: every episode of the data, for both
out=FILE.jsonl    a line each; lines that stand there already are not made again (again=true makes all anew)
json=FILE         the figures; markdown=FILE the tables
device=kuavo_vr   conf/device/<name>.yaml;  at_once=24 copies in one batch;  threads=0 all cores
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import fault_scoring as scoring
import fault_sets as sets
import shiliu
from given_words import given_words
from known_faults.injecting import Job, inject
from known_faults.registry import COMBINED, chosen, faults_of, faults_of_sets
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.evaluation.device import DeviceModel, load_device, through
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.judge import judge, judging
from shiliu.replay.judge.set_comparison import Company
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.rollout.episode import as_recording
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import ShiliuError
from surveying import surveyed

DEFAULTS = {
    "data": "", "scenario": "microwave", "seed": "500", "episodes": "4", "clean": "8", "sizes": "all", "full": "false", "kinds": "",
    "out": "", "again": "false", "json": "", "markdown": "", "device": "kuavo_vr", "at_once": "24",
    "seconds": "24", "threads": "0", "measure": "", "quiet": "false", "sets": "", "starts": "2", "only": "",
}  # fmt: skip
ON_REQUEST = ("grip opened early", "object elsewhere")  # kinds that sets are tried with only where they are named
SIMULATED, DEVICE, CELL = "simulated", "device", "cell"
TITLES = {
    SIMULATED: "as simulated",
    DEVICE: "through the device model, on the bare floor",
    CELL: "through the device model, in its surveyed cell",
}


class Book:
    """Lines that are kept as they are made; those of an earlier run count as long as the thresholds are the same."""

    def __init__(self, path: Path | None, again: bool):
        self.path, self.lines = path, {}
        self.thresholds = load_rules().digest
        if path is not None and path.exists() and not again:
            for text in path.read_text(encoding="utf-8").splitlines():
                line = json.loads(text)
                if line.get("thresholds") == self.thresholds:
                    self.lines[self.key(line)] = line
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(line) + "\n" for line in self.lines.values()), encoding="utf-8")

    @staticmethod
    def key(line: dict[str, Any]) -> tuple[Any, ...]:
        return (
            line["episode"], line.get("clean"), line.get("kind"), line.get("size"), line.get("set"), line.get("scenario"),
        )  # fmt: skip

    def __contains__(self, line: dict[str, Any]) -> bool:
        return self.key(line) in self.lines

    def add(self, line: dict[str, Any]) -> None:
        line["thresholds"] = self.thresholds
        self.lines[self.key(line)] = line
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def episodes_of(words: dict[str, str], count: int) -> Iterator[SimEpisode]:
    """Successful demonstrations: of the data, or recorded here."""
    only = {int(seed) for seed in words["only"].split(",") if seed}
    if words["data"]:
        for recording in shiliu.read(words["data"]):
            if isinstance(recording, Recording) and recording.episode is not None:
                if recording.episode.label.get("success") and (not only or recording.episode.seed in only):
                    yield recording.episode
        return
    scene = shiliu.load_scenario(words["scenario"])
    seeds = [seed for seed in range(int(words["seed"]), int(words["seed"]) + count) if not only or seed in only]
    for episode in demonstrate(scene, seeds, int(words["threads"])):
        if episode.label["success"]:
            yield episode


def jobs_of(
    episode: SimEpisode, context: SceneContext, kinds: Sequence[str], book: Book, seconds: float, turn: int | None
) -> list[Job]:
    """Every kind at every size once, or at one of its sizes in turn, and every pair, that no line tells of yet."""
    known = faults_of(context.scene)
    pairs = {" + ".join(pair): tuple(known[name] for name in pair) for pair in COMBINED}
    single = {name: (fault,) for name, fault in known.items()}
    words = [word for word in kinds if word not in ("clean", "combined")]
    names = chosen([*single, *pairs], words) if words or not kinds else []
    names += [name for name in pairs if "combined" in kinds and name not in names]
    jobs = []
    for place, name in enumerate(names):
        faults = single.get(name) or pairs[name]
        sizes = faults[0].sizes if len(faults) == 1 else (max((f.sizes for f in faults), key=len)[-1],)
        for size in sizes if turn is None else (sizes[(turn + place) % len(sizes)],):
            if {"episode": episode.seed, "kind": name, "size": size} not in book:
                jobs.append(Job(episode, faults, size, seconds=seconds))
    return jobs


def run(words: dict[str, str]) -> dict[str, Any]:
    """Do it all; the figures."""
    full, threads, at_once = words["full"] == "true", int(words["threads"]), int(words["at_once"])
    broken = sys.maxsize if full else int(words["episodes"])
    cleans = sys.maxsize if full else int(words["clean"])
    kinds = [word.strip() for word in words["kinds"].split(",") if word.strip()]
    device = load_device(words["device"])
    book = Book(Path(words["out"]) if words["out"] else None, words["again"] == "true")
    contexts: dict[str, SceneContext] = {}
    done = 0
    with _progress(words["quiet"] == "true") as progress:
        for number, episode in enumerate(episodes_of(words, max(int(words["episodes"]), int(words["clean"])))):
            if number >= cleans and done >= broken:
                break
            context = _stage(contexts, episode)
            make = _Devices(context, episode, device)
            good = _clean(episode, context, make, book, number < cleans and (not kinds or "clean" in kinds), threads)
            if not good or done >= broken:
                continue
            turn = done if words["sizes"] == "turn" else None
            jobs = jobs_of(episode, context, kinds, book, float(words["seconds"]), turn)
            done += 1
            progress.begin(f"demonstration {episode.seed}", len(jobs))
            for at in range(0, len(jobs), at_once):
                batch = [
                    dataclasses.replace(j, device=make() if j.faults[0].way == "device" else None)
                    for j in jobs[at : at + at_once]
                ]
                injected = inject(batch, context, threads)
                made = [one for one in injected if one.recording is not None]
                verdicts = iter(judge([one.recording for one in made if one.recording is not None], threads=threads))
                for one in injected:
                    line = scoring.head(one) if one.recording is None else scoring.score(one, next(verdicts))
                    book.add(line)
                    progress.step()
    return scoring.summary(book.lines.values())


def run_sets(words: dict[str, str]) -> dict[str, Any]:
    """The kinds of `faults_of_sets`, in our own sets and in ordinary ones; the figures."""
    threads, count = int(words["threads"]), int(words["episodes"])
    book = Book(Path(words["out"]) if words["out"] else None, words["again"] == "true")
    wanted = [word.strip() for word in words["kinds"].split(",") if word.strip()]
    contexts: dict[str, SceneContext] = {}
    for folder in words["sets"].split(","):
        episodes = [r.episode for r in shiliu.read(folder) if isinstance(r, Recording) and r.episode is not None]
        episodes = [one for one in episodes if one.label.get("success")]
        context, name = _stage(contexts, episodes[0]), str(episodes[0].scenario)
        likely = shiliu.load_scenario(name, [f"judge.if_unknown.starts={words['starts']}"])
        usual = faults_of_sets(context.scene)
        kinds = {**usual, **{name: faults_of(context.scene)[name] for name in ON_REQUEST}}
        with tempfile.TemporaryDirectory() as room:
            clean = [sets.written(one, context.scene, Path(room) / str(one.seed)) for one in episodes]
            for form in sets.FORMS:
                company = [next(iter(sets.clean_takes([one], form, context.rules))) for one in clean]
                _clean_sets(form, name, episodes, company, likely if form == sets.PLAIN else None, book, threads)
                for place, episode in enumerate(episodes[:count]):
                    known = chosen(list(kinds), [w for w in wanted if w != "clean"]) if wanted else list(usual)
                    turn = [(kinds[k], kinds[k].sizes[place % len(kinds[k].sizes)]) for k in known]
                    jobs = [
                        Job(episode, (fault,), size, seconds=float(words["seconds"]))
                        for fault, size in turn
                        if {"episode": episode.seed, "kind": fault.name, "size": size, "set": form, "scenario": name}
                        not in book
                    ]
                    if jobs and wanted != ["clean"]:
                        _broken_sets(form, jobs, place, company, context, likely, Path(room), book, threads)
    return scoring.summary(book.lines.values())


def _clean_sets(
    form: str, name: str, episodes: list[SimEpisode], takes: list[Any], likely: Scene | None, book: Book, threads: int
) -> None:
    """Judge the clean takes of one set, as the set that they are."""
    if all({"episode": e.seed, "clean": form, "set": form, "scenario": name} in book for e in episodes):
        return
    for k, (take, _) in enumerate(takes):
        sets.in_set(take, f"clean {name}", k)
    verdicts = judging([take for take, _ in takes], likely, threads=threads)
    for episode, verdict in zip(episodes, verdicts):
        book.add(scoring.clean(form, episode.seed, verdict) | {"set": form, "scenario": name})


def _broken_sets(
    form: str,
    jobs: list[Job],
    place: int,
    takes: list[Any],
    context: SceneContext,
    likely: Scene,
    room: Path,
    book: Book,
    threads: int,
) -> None:
    """Break one take in every way; each copy is judged in a set of its own, among the clean takes of the others."""
    company, made = Company(), []
    for injected in inject(jobs, context, threads):
        fault, episode = injected.job.faults[0], injected.recording.episode if injected.recording else None
        about = {"set": form, "scenario": context.scene.name}
        if episode is None:
            book.add(scoring.head(injected) | about)
            continue
        name = f"{fault.name} {injected.job.size or ''}"
        take = sets.written(episode, context.scene, room / "broken", fault.name).take[form]
        # the take itself stands beside it only where that is the fault: else its commands would be there twice
        others = [one for i, one in enumerate(takes) if i != place or fault.name == sets.ordinary.TWICE]
        sets.beside(company, name, others, context.scene.name)
        made.append((injected, sets.in_set(take, name), about))
    verdicts = judging(
        [one[1] for one in made], likely if form == sets.PLAIN else None, threads=threads, company=company
    )
    for (injected, _, about), verdict in zip(made, verdicts):
        book.add(scoring.score(injected, verdict) | about)


class _Devices:
    """The demonstration through the device model, made when it is first asked for."""

    def __init__(self, context: SceneContext, episode: SimEpisode, device: DeviceModel):
        self.context, self.episode, self.device = context, episode, device
        self.made: Recording | None = None

    def __call__(self) -> Recording:
        if self.made is None:
            self.made = through(self.context.scene, self.episode, self.device, self.episode.seed)
        return self.made


def _clean(episode: SimEpisode, context: SceneContext, make: _Devices, book: Book, wanted: bool, threads: int) -> bool:
    """Judge the demonstration as it is; whether faults may be put into it."""

    def judged(name: str, recording: Recording, scene: Scene | None = None) -> None:
        (verdict,) = judge([recording], scene, threads=threads)
        book.add(scoring.clean(name, episode.seed, verdict))

    def open_(name: str) -> bool:
        return {"episode": episode.seed, "clean": name} not in book

    if open_(SIMULATED):
        judged(SIMULATED, as_recording(str(episode.seed), episode, context.scene))
    if wanted and open_(DEVICE):
        judged(DEVICE, make())
    if wanted and open_(CELL):
        judged(CELL, dataclasses.replace(make(), scenario=episode.scenario), surveyed(episode, context.scene))
    return book.lines[book.key({"episode": episode.seed, "clean": SIMULATED})]["verdict"] == "FEASIBLE"


def _stage(contexts: dict[str, SceneContext], episode: SimEpisode) -> SceneContext:
    key = f"{episode.scenario}/{episode.fingerprint}"
    if key not in contexts:
        contexts[key] = SceneContext(shiliu.load_scenario(str(episode.scenario)), "command")
    return contexts[key]


class _progress:
    """A bar on a terminal, silence elsewhere."""

    def __init__(self, quiet: bool):
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(*columns, disable=quiet or not sys.stderr.isatty())

    def __enter__(self) -> _progress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def begin(self, what: str, total: int) -> None:
        self.task = self.bar.add_task(what, total=total)

    def step(self) -> None:
        self.bar.advance(self.task)


def percent(share: dict[str, Any] | None) -> str:
    """A share with its interval: `97.5 % (91 to 99), 39/40`."""
    if share is None or not share["n"]:
        return "–"
    low, high = 100 * share["low"], 100 * share["high"]
    return f"{100 * share['share']:.1f} % ({low:.0f} to {high:.0f}), {share['hits']}/{share['n']}"


def clean_row(one: dict[str, Any]) -> str:
    """One thing that is found on clean demonstrations: in how many, and the worst of it."""
    worst = one["worst"]
    far = "–" if worst["value"] is None else f"{worst['value']:.4g}"
    if worst["limit"] is not None:
        far += f" against {worst['limit']:.4g}"
    where = ", ".join(worst["subject"])
    return (
        f"| {TITLES[one['clean']]} | {one['level']} | `{one['code']}` | {one['demonstrations']} of {one['of']} | "
        f"{far} {worst['unit'] or ''}, {where} in {worst['episode']} |"
    )


def table(figures: dict[str, Any]) -> str:
    """Markdown: by code, by kind, by size, false alarms, and all that falls short."""
    lines = [
        "| injected | cause right | named at all | onset: median, worst [s] | overlap: median, worst |",
        "|---|---|---|---|---|",
    ]

    def row(name: str, one: dict[str, Any]) -> str:
        onset = "–" if one["onset"] is None else f"{one['onset']['median']:.3f}, {one['onset']['worst']:.2f}"
        iou = "–" if one["iou"] is None else f"{one['iou']['median']:.2f}, {one['iou']['worst']:.2f}"
        return f"| {name} | {percent(one['root'])} | {percent(one['recall'])} | {onset} | {iou} |"

    for name in ("single", "combined"):
        if figures[name]["recall"]["n"]:
            lines.append(row(f"**{name}**", figures[name]))
    lines += [row(f"size {name}", figures["by_size"][name]) for name in sorted(figures["by_size"], key=float)]
    lines += [row(f"`{name}`", one) for name, one in sorted(figures["by_code"].items())]
    lines += ["", *lines[:2], *(row(name, one) for name, one in figures["by_kind"].items())]
    if figures["warned"]:
        lines += ["", "Warned of at most, so that there is no root:", "", *lines[:2]]
        lines += [row(name, one) for name, one in figures["warned"].items()]
    if figures["clean"]:
        lines += ["", "| clean demonstrations | false alarms | undecided |", "|---|---|---|"]
        for name, share in figures["clean"].items():
            lines.append(f"| {TITLES[name]} | {percent(share)} | {percent(figures['undecided'][name])} |")
    if figures["clean_findings"]:
        lines += ["", "| clean demonstrations | level | code | in | worst |", "|---|---|---|---|---|"]
        lines += [clean_row(one) for one in figures["clean_findings"]]
    for line in figures["alarms"]:
        lines.append(
            f"\nfalse alarm: {line['clean']} {line['episode']}: {line['verdict']} {line['root']} {line['subject']}"
        )
    for line in figures["open"]:
        near = line.get("nearby")
        close = f", done in {near['successes']} of {near['copies']} copies close by" if near else ""
        lines.append(f"\nundecided: {line['clean']} {line['episode']}: {line['root']} {line['subject']}{close}")
    short = figures["short"]
    if short:
        lines += ["", "What falls short:", ""]
        lines += [
            f"- {one['kind']} {one['size'] or ''} in {one['episode']}: {scoring.falls_short(one)}" for one in short
        ]
    for line in figures["not_made"]:
        lines.append(f"- not made: {line['kind']} {line['size'] or ''} in {line['episode']}: {line['not_made']}")
    return "\n".join(lines)


def table_of_sets(figures: dict[str, Any]) -> str:
    """Markdown: each kind in our own sets and in ordinary ones, refused for its own root or for what else."""
    lines = [
        "| fault | must be called | our own set: root right | else called | ordinary set: root right | else called |",
        "|---|---|---|---|---|---|",
    ]

    def cells(one: dict[str, Any]) -> str:
        n = one["root"]["n"]
        if not n:
            return "– | "
        codes = ", ".join(f"`{word}`" + (f" {k}x" if k > 1 else "") for word, k in one["called"].items())
        return f"{one['root']['hits']}/{n} | {codes}"

    for kind, one in figures["kinds"].items():
        forms = " | ".join(cells(one[form]) for form in sets.FORMS if form in one)
        lines.append(f"| {kind} | `{one['code']}` | {forms} |")
    for what, word in (("refused for its own root", "by_root"), ("refused at all", "refused")):
        counts = " | ".join(
            f"**{figures[word][f]['kinds']} of {figures[word][f]['of']} kinds** | " for f in figures[word]
        )
        lines.append(f"| **{what}, every copy** | | {counts} |")
    clean = " | ".join(f"{percent(share)} | " for share in figures["clean"].values())
    lines.append(f"| clean takes refused | | {clean} |")
    for line in figures["alarms"]:
        lines.append(
            f"\nfalse alarm: {line['set']} {line['scenario']} {line['episode']}: {line['verdict']} {line['root']}"
        )
    for line in figures["not_made"]:
        lines.append(
            f"- not made: {line['kind']} {line['size'] or ''} in {line['scenario']} {line['episode']}: {line['not_made']}"
        )
    return "\n".join(lines)


def met(figures: dict[str, Any]) -> bool:
    """Whether every aim is met; of sets, whether every copy is refused for its own root and no clean take is."""
    of_sets = figures["sets"]
    if of_sets["kinds"] and not all(one["kinds"] == one["of"] for one in of_sets["by_root"].values()):
        return False
    if of_sets["alarms"]:
        return False
    every = figures["all"]
    alarms = [one["share"] <= scoring.ALARMS for one in figures["clean"].values() if one["n"]]
    found = [
        every[key]["share"] >= aim
        for key, aim in (("recall", scoring.RECALL), ("root", scoring.ROOT))
        if every[key]["n"]
    ]
    return all([*alarms, *found])


def main() -> int:
    """Exit 0 where the aims are met, 1 where not, 2 where it was asked wrongly."""
    words = given_words(DEFAULTS, sys.argv[1:])
    if words is None:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if words["measure"]:
            from device_measuring import measure

            recordings = [r for r in shiliu.read(words["measure"]) if isinstance(r, Recording) and r.kind == "robot"]
            for recording in recordings:
                print(json.dumps({recording.source: measure(recording)}, indent=1))
            return 0 if recordings else 2
        figures = run_sets(words) if words["sets"] else run(words)
    except ShiliuError as error:
        print(f"judge.py: {error}", file=sys.stderr)
        return error.exit_code
    text = table_of_sets(figures["sets"]) if words["sets"] else table(figures)
    print(text)
    for key, content in (("json", json.dumps(figures, indent=1)), ("markdown", text)):
        if words[key]:
            Path(words[key]).write_text(content + "\n", encoding="utf-8")
    return 0 if met(figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
