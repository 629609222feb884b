"""The page of checks, which `make site` writes: every code of the judge, what it asks, how it is computed, its bounds, an example.

    python docs/checks.py            # prints the page, from conf/check, conf/text and docs/checks/examples.json
    python docs/checks.py examples   # the examples anew: a demonstration is recorded, broken in each way, and judged
    python docs/checks.py examples clock link   # those of codes that begin so

An example is no invention: a known fault (`benchmarks/known_faults`) is put into a demonstration, and what the judge then says, and the
curve beside it, is what stands on the page. Seconds and numbers are those of that one copy. Which fault shows a code, or why a
code has no example or no curve, stands in its record (`replay/checks`), and a test holds that none is forgotten. The examples
take some six minutes.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shiliu
from shiliu.replay.checks.finding import STAGES, Finding, Plot
from shiliu.replay.checks.registry import check_of, registry
from shiliu.replay.checks.rules import FOLDER, load_rules
from shiliu.replay.report.text import Words, catalogue
from shiliu.scenarios.sheet.own_files import read_own

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

ROOM = Path(__file__).resolve().parent / "checks"
THRESHOLDS = "arm_manipulation"
SEED, SIZE = 10001, 0.5
TAKES = 7  # of a set, among which one is odd
AMONG = 16  # recordings are judged together, where one has to stand out
SECONDS = 30.0  # of a demonstration that a person does: until the door is open
PART = 24.0  # s of a demonstration, for a fault that needs no more
PERSON = {  # what is wrong with a person's hands, see benchmarks/person_faults.py
    "lost_hand": "a tracker loses the left hand",
    "far_hand": "the right hand stretched out too far",
    "open_hand": "a tracker loses the fingers of the left hand",
}
UNSURVEYED = "site-nobody-surveyed"
LEANS = [  # on somebody who sits before the robot
    "+parts.chair={part: fixtures/armchair, put: floor, at: {x: 600 mm, y: 320 mm}, yaw: 180 deg}",
    "+parts.guest={part: people/seated_elder, stands_on: chair.seat, put: seat}",
    "+safety={guest: {person: {of: guest, frail: true}}}",
    "+skills=[{reach: {hand: left, at: guest.chest, standoff: 120 mm}}, {press: {how: surface, hand: left, at: guest.chest, force: 90 N}}]",
    "time_limit='7 s'",
]


def shown(where: str = "") -> dict[str, str]:
    """Code -> the fault, or the mistake of the scenario, that shows it, of those that are put into `where` (`Check.shown_in`).

    Other codes are shown by good demonstrations, or in words alone.
    """
    return {check.code: check.shown_by for check in registry().values() if check.shown_by and check.shown_in == where}


WITHOUT_EXAMPLE = {check.code: check.no_example for check in registry().values() if check.no_example}
WITHOUT_CURVE = {check.code: check.no_curve for check in registry().values() if check.no_curve}


def page(lang: str = "en") -> str:
    """The page as Markdown."""
    rules, words, book = load_rules(THRESHOLDS, None), Words(lang), catalogue(lang)["codes"]
    raw = _flat(read_own(FOLDER / f"{THRESHOLDS}.yaml"))
    file = ROOM / "examples.json"
    examples = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    lines = [
        "# What the judge checks",
        "",
        f"Written by `make site` from `conf/check/{THRESHOLDS}.yaml` (bounds) and `conf/text/{lang}.yaml` (words). An",
        f"example is what the judge said of a demonstration (seed {SEED}) with a known fault put into it, or of a good one",
        "where no fault shows a code, and the curve beside it is of what the check looks at. How well it finds faults:",
        "[judging the judge](judging-the-judge.md). What FEASIBLE, FAIL or NOT_CHECKED mean: [verdict](verdict.md).",
    ]
    for stage in STAGES:
        lines += ["", f"## {words.stage(stage).capitalize()}", ""]
        for code in (code for code in raw if rules[code].stage == stage):
            lines += _entry(code, raw[code], book.get(code, {}), words, examples.get(code))
    return "\n".join(lines).rstrip() + "\n"


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    found = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if "stage" in value:
            found[name] = value
        else:
            found |= _flat(value, f"{name}.")
    return found


def _entry(code: str, raw: dict[str, Any], entry: dict[str, str], words: Words, example: dict | None) -> list[str]:
    lines = [f"### `{code}`", "", f"**{words.what(code)}**", ""]
    how = [re.sub(r"^[a-z](?=[a-z]* )", lambda first: first[0].upper(), entry["how"].rstrip(".") + ".")] if "how" in entry else []
    if raw.get("filter") not in (None, "none"):
        how.append(f"Filter: {raw['filter']}.")
    how += [f"{name} {raw[key]}." for key, name in (("window", "Window"), ("rate", "On a grid of")) if key in raw]
    if "shortest" in raw:
        warned = f"; {raw['shortest_warn']} for a warning" if "shortest_warn" in raw else ""
        how.append(f"Shortest violation that counts: {raw['shortest']}{warned}.")
    if raw.get("with"):
        how.append("Settings: " + ", ".join(f"{key} {_shown(value)}" for key, value in raw["with"].items()) + ".")
    lines += [" ".join(how), ""] if how else []
    side = "below" if check_of(code).below else "beyond"
    lines += [
        f"| judged on | WARN {side} | FAIL {side} | unsure | excess counts in | source | grade | who moves | required |"
    ]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    cells = (
        words.signal(raw["signal"]),
        *(_shown(raw.get(key)) for key in ("warn", "fail", "unsure", "scale")),
        raw["source"],
        raw["grade"],
        words.owner(raw["owner"]),
        "never" if raw.get("required") is False else "where the scenario asks for it",
    )
    lines += ["| " + " | ".join(str(cell) for cell in cells) + " |", ""]
    if example:
        lines += [f"*{example['fault']}*: {example['message']}.", ""]
        if example["picture"]:
            lines += [f"![{code}](checks/{code}.svg)", ""]
    elif code in WITHOUT_EXAMPLE:
        lines += [f"No example: {WITHOUT_EXAMPLE[code]}.", ""]
    if code in WITHOUT_CURVE:
        lines += [f"No curve of its own: {WITHOUT_CURVE[code]}.", ""]
    if "fix" in entry:
        advice = example["advice"] if example else open_template(entry["fix"])
        lines += [f"What to do: {advice}", ""]
    return lines


def open_template(template: str) -> str:
    """A sentence that no finding fills: what may be left out is left out, and a field stands there by its name."""
    plain = re.sub(r"\[\[.*?\]\]", "", template)
    return re.sub(r"\{(\w+)[^}]*\}", lambda field: f"*the {field[1].replace('_', ' ')}*", plain)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "–" if value is None else str(value).replace("_", " ")


# ------------------------------------------------------------------------------------------------------- examples


def examples(wanted: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Break one demonstration in each way, judge the copies, and keep what was said; writes the curves.

    Args:
        wanted: how codes begin that are made; all where empty.
    """
    from shiliu.replay.evaluation.device import load_device, through
    from shiliu.replay.judge.context import SceneContext
    from shiliu.replay.operator.demonstration import demonstrate
    from shiliu.replay.rollout.episode import as_recording

    ROOM.mkdir(exist_ok=True)
    scene = shiliu.load_scenario("microwave")
    (episode,) = demonstrate(scene, [SEED])
    stage, device = SceneContext(scene, "command"), through(scene, episode, load_device("kuavo_vr"), SEED)
    found: dict[str, dict[str, Any]] = {}
    every = [code for code in load_rules(THRESHOLDS, None) if not wanted or code.startswith(tuple(wanted))]
    for name, codes in _by_fault(shown(), every).items():
        recording = broken(episode, name, stage, device)
        _keep(found, codes, name, [recording] if recording else [])
    outliers = _by_fault(shown("run"), every)
    openings = [as_recording(str(one.seed), one, scene) for one in opened(scene)] if outliers else []
    for name, codes in outliers.items():
        recording = broken(openings[0].episode, name, stage, None)
        _keep(found, codes, f"{name}, among {AMONG} recordings", [recording, *openings[1:]] if recording else [])
    for name, codes in _by_fault(shown("ordinary set"), every).items():
        _keep(
            found,
            codes,
            f"{name}, in an ordinary set",
            plain(broken(episode, name, stage, None), scene),
            shiliu.load_scenario("bare"),
        )
    for name, codes in _by_fault(shown("set"), every).items():
        takes = opened(scene, TAKES)
        copy = broken(takes[0], name, stage, None)
        rest = takes if copy is not None and name == registry()["take.duplicate"].shown_by else takes[1:]
        those = [as_recording(str(one.seed), one, scene) for one in rest] + ([copy] if copy else [])
        for k, recording in enumerate(those):
            recording.source = f"demos#{k}"
        _keep(found, codes, f"{name}, among {len(rest)} others", those, at=-1)
    for fault, codes in _by_fault(shown("person"), every).items():
        _keep(found, codes, PERSON[fault], [person(scene, episode, fault)])
    somewhere = shiliu.load_scenario("microwave", ["judge.if_unknown.starts=2"])
    there = "the bowl tracked, the oven not where the nominal scene has it, in a cell that nobody surveyed"
    others = [code for code in ("object.diverged", "cell.unknown") if code in every]
    _keep(found, others, there, [tracked(scene, episode, device)], somewhere)
    near = [code for code in ("force.person", "speed.person") if code in every]
    if near:
        room = shiliu.load_scenario("bare", LEANS)
        (leaning,) = demonstrate(room, [0])
        _keep(found, near, "a hand leans on a frail person's chest with 90 N", [as_recording("0", leaning, room)], room)
    good = as_recording("good", episode, scene)
    for name, recording in (("a good demonstration", good), ("the same through a real device's ways", device)):
        rest = [code for code in every if code not in found and code not in WITHOUT_EXAMPLE]
        _keep(found, rest, name, [recording], full=recording is good, named=False)
    return found


def _by_fault(faults: dict[str, str], every: Sequence[str]) -> dict[str, list[str]]:
    """Fault -> the codes that it shows, of those that are wanted."""
    found = {
        fault: [code for code, one in faults.items() if one == fault and code in every] for fault in faults.values()
    }
    return {fault: codes for fault, codes in found.items() if codes}


def plain(recording: Any, scene: Any) -> list[Any]:
    """An episode as a set without our own files gives it; nothing where there is none."""
    import fault_sets as sets

    if recording is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        return [sets.written(recording.episode, scene, Path(folder) / "set").take[sets.PLAIN]]


def opened(scene: Any, count: int = AMONG) -> list[Any]:
    """Beginnings of demonstrations: a hand reaches for the handle and closes on it."""
    from shiliu.replay.operator.operator import perform, read_chain
    from shiliu.replay.rollout.episode import episode_of
    from shiliu.scenarios.draws.variation import draw

    seeds = range(SEED, SEED + count)
    made = perform(scene, [draw(scene, seed) for seed in seeds], list(seeds), skills=read_chain(scene)[:2])
    return [episode_of(scene, one) for one in made]


def broken(episode: Any, name: str, stage: Any, device: Any) -> Any:
    """A recording with one known fault; None, with the reason printed, if it could not be put there."""
    from known_faults.injecting import Job, inject
    from known_faults.registry import UNCOUNTED, faults_of, faults_of_sets

    fault = (faults_of(stage.scene) | faults_of_sets(stage.scene) | {one.name: one for one in UNCOUNTED})[name]
    size = None if fault.sizes == (None,) else SIZE
    (made,) = inject([Job(episode, (fault,), size, device if fault.way == "device" else None, PART)], stage)
    if made.recording is None:
        print(f"{name} could not be made: {made.reason}", file=sys.stderr)
        return None
    KEPT.extend(made.kept)
    return made.recording


KEPT: list[Any] = []  # folders of videos, which live as long as these


def person(scene: Any, episode: Any, fault: str) -> Any:
    """A person who does the beginning of a demonstration, with one known fault."""
    import person_faults as people
    from known_faults.injecting import beginning

    recording = people.person_of(scene, beginning(episode, SECONDS))
    getattr(people, fault)(recording)
    recording.scenario = scene.name
    return recording


def tracked(scene: Any, episode: Any, device: Any) -> Any:
    """A device's recording in which a tracker tells where the bowl was, too."""
    import copy

    from shiliu.replay.evaluation.device import START_NS
    from shiliu.replay.recording.recording import Stream

    names = scene.schema.observations["observation.environment_state"].names
    mine = tuple(name for name in names if name.startswith("bowl."))
    poses = episode.states["observation.environment_state"][:, [names.index(name) for name in mine]].astype(float)
    t = np.arange(len(poses)) * scene.control_timestep + _starts_after(device)
    stream = Stream(
        "/tracker/bowl",
        "pose",
        "object_pose",
        "m m m 1 1 1 1",
        mine,
        poses,
        START_NS + np.rint(t * 1e9).astype(np.int64),
    )
    made = copy.copy(device)
    made.streams, made.scenario, made.cell = {**device.streams, stream.name: stream}, scene.name, UNSURVEYED
    return made


def _starts_after(device: Any) -> float:
    """When the demonstration begins on the device's clock [s]: with the first command."""
    from shiliu.replay.evaluation.device import START_NS
    from shiliu.replay.signals.channels import pair

    command, _ = pair(device)
    return float(command.time_ns[0] - START_NS) * 1e-9


def _keep(
    found: dict[str, dict[str, Any]],
    codes: list[str],
    name: str,
    recordings: list[Any],
    scene: Any = None,
    full: bool = False,
    named: bool = True,
    at: int = 0,
) -> None:
    """Judge recordings and keep what is said of the first, or of another one of them (`at`).

    Args:
        named: the codes have to be found, and a missing one is printed; else whatever is said of them is kept.
    """
    from shiliu.replay.judge.judge import judge

    if not recordings or not codes:
        return
    seen = {one for code in codes for one in (_nevers() if code == "scenario" else [code])}
    verdict = judge(recordings, scene, full=full, curves=seen)[at]
    levels = ("FAIL", "WARN") if named else ("FAIL", "WARN", "PASS", "INFO")
    for code in codes:
        fits = [i for i, f in enumerate(verdict.findings) if _is(f, code) and f.level in levels]
        if fits:
            worst = min(fits, key=lambda i: levels.index(verdict.findings[i].level))
            found[code] = _example(code, name, verdict, worst, recordings[at])
            print(f"{code}: {found[code]['message']}", flush=True)
        elif named:
            print(f"{code}: not found in {name}; the verdict is {verdict.verdict} {verdict.error or ''}", flush=True)


def _nevers() -> list[str]:
    return [f"scenario.{never.name}" for never in shiliu.load_scenario("microwave").course.nevers]


def _is(finding: Finding, code: str) -> bool:
    return finding.code == code or (code == "scenario" and finding.code.startswith("scenario."))


def _example(code: str, fault: str, verdict: Any, index: int, recording: Any) -> dict[str, Any]:
    import pictures
    from shiliu.replay.report.plots import curve, halves
    from shiliu.replay.report.story import Story

    words, finding = Words("en").telling(verdict.titles), verdict.findings[index]
    story = Story(verdict, words)
    well = finding.level in ("PASS", "INFO") or finding.t0 is None  # nothing to point at
    plot = verdict.evidence.own.get(finding.code)
    if plot is not None:
        plot = _near(plot, finding) if finding.level in ("WARN", "FAIL") and code != "goal" else plot
    elif not well or code in shown():
        plot = _plot(finding, verdict, recording)
    if code == "robustness":
        svg = str(halves(finding, words))
    elif plot is not None:
        svg = str(curve(plot, story, code.replace(".", "-")))
    else:
        svg = ""
    if svg:
        head = '<svg xmlns="http://www.w3.org/2000/svg" style="background:#fff;font:12px sans-serif" '
        (ROOM / f"{code}.svg").write_text(pictures.curve(svg).replace("<svg ", head, 1) + "\n", encoding="utf-8")
    return {
        "fault": fault,
        "message": words.message(finding).rstrip("."),
        "advice": words.fix(finding),
        "picture": bool(svg),
    }


def _plot(finding: Finding, verdict: Any, recording: Any) -> Plot | None:
    """The report's own curve of the finding; else the stream that it names, as it came."""
    for plot in verdict.evidence.plots if verdict.evidence else ():
        if any(mark["code"] == finding.code for mark in plot.marks):
            return _near(plot, finding)
    from shiliu.replay.signals.channels import in_radians, pair
    from shiliu.replay.signals.clock import origin_ns, seconds

    origin = origin_ns(recording)
    streams = [s for s in pair(recording) if s is not None and s.n > 1]
    named = [
        s for s in recording.streams.values() if s.n > 1 and ({s.name, s.meta.get("topic")} & set(finding.subject))
    ]
    if named and not any(s in streams for s in named):
        streams = named[:1]
    joints = [n for n in finding.subject if any(n in s.names for s in streams)]
    if not streams:
        return None
    if not joints:
        busy = np.argmax(np.nanstd(np.where(np.isfinite(streams[0].values), streams[0].values, np.nan), axis=0))
        joints = [streams[0].names[int(busy)]]
    traces = []
    for stream in streams:
        if joints[0] in stream.names:
            name = stream.role if stream.role in ("command", "measured") else stream.name
            angles = stream.quantity == "joint_position" and finding.code != "unit.degrees"
            y = in_radians(stream, joints[:1])[:, 0] if angles else stream.column(joints[0])
            traces.append({"name": name, "t": seconds(stream, origin), "y": y})
    t0 = finding.t0
    marks = [] if t0 is None else [{"t0": t0, "t1": finding.t1 if finding.t1 is not None else t0, "code": finding.code}]
    plain = streams[0].quantity == "joint_position" and finding.code != "unit.degrees"
    unit = "rad" if plain else streams[0].unit.split()[0]
    return _near(Plot("joint_position", joints[0], unit, traces, marks=marks), finding) if traces else None


def _near(plot: Plot, finding: Finding) -> Plot:
    """Some seconds about the finding, so that it can be seen."""
    if finding.t0 is None:
        return plot
    t1 = finding.t1 if finding.t1 is not None else finding.t0
    low, high = finding.t0 - 3.0, t1 + 3.0
    traces = []
    for trace in plot.traces:
        t, y = np.asarray(trace["t"], float), np.asarray(trace["y"], float)
        keep = (t >= low) & (t <= high)
        if keep.sum() > 1:
            traces.append(trace | {"t": t[keep], "y": y[keep]})
    return replace(plot, traces=traces) if traces else plot


def main(arguments: list[str]) -> int:
    """Print the page; with `examples`, make these anew."""
    if arguments[:1] == ["examples"]:
        found = examples(arguments[1:])
        if arguments[1:]:
            found = json.loads((ROOM / "examples.json").read_text(encoding="utf-8")) | found
        (ROOM / "examples.json").write_text(
            json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
    elif arguments:
        print("python docs/checks.py [examples [CODE ...]]", file=sys.stderr)
        return 2
    else:
        print(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
