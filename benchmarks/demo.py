"""The demo: record demonstrations, break copies of some in known ways, judge all, compare injected with found."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from known_faults.injecting import Job, inject
from known_faults.registry import faults_of
from shiliu.envs.rendering import missing
from shiliu.replay.formats import Unreadable, read
from shiliu.replay.formats.lerobot.write import DatasetWriter
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.recording.recording import SimEpisode
from shiliu.replay.report import Terminal, write_reports
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.reading.override import command_line
from shiliu.scenarios.sheet.errors import ShiliuError
from shiliu.version import __version__

SEEDS = (10_001, 10_004, 10_014)  # demonstrations that are lawful from end to end; not all of the operator's are
BROKEN = (  # faults that are put in, and their sizes where they have one
    ("joint past its limit", 1.0),
    ("arm through the counter", 2.0),
    ("too fast a reach", 0.5),
    ("degrees for radians", None),
    ("grip opened early", None),
)
DATASET, VERDICTS = "demonstrations", "verdicts"


def run(out: Path, lang: str = "en") -> int:
    """Do it all; 0 where every fault was found as injected and every good demonstration is FEASIBLE, else 1."""
    if out.exists() and any(item.name not in (DATASET, VERDICTS) for item in out.iterdir()):
        raise ShiliuError("holds files that are not the demo's. Choose another folder.", file=out)
    begin = time.perf_counter()
    scene = load_scenario("microwave")
    print(f"performing {len(SEEDS)} demonstrations of {scene.name!r} by the scripted operator ...", flush=True)
    good = list(demonstrate(scene, SEEDS))
    named: list[tuple[str, str | None, SimEpisode]] = [(f"good, seed {e.seed}", None, e) for e in good]
    print(f"breaking copies in {len(BROKEN)} ways ...", flush=True)
    known = faults_of(scene)
    jobs = [Job(good[i % len(good)], (known[name],), size) for i, (name, size) in enumerate(BROKEN)]
    for job, broken in zip(jobs, inject(jobs, SceneContext(scene, "command"))):
        if broken.recording is None or broken.recording.episode is None:
            raise ShiliuError(f"{job.name}: {broken.reason}")
        named.append((job.faults[0].name, job.faults[0].codes[0], broken.recording.episode))
    for name in (DATASET, VERDICTS):
        shutil.rmtree(out / name, ignore_errors=True)
    fps = round(1.0 / scene.control_timestep)
    with DatasetWriter(
        out / DATASET, scene.schema.lerobot_features(), fps, scene.robot.name, {"made_by": "demo"}
    ) as writer:
        for _, _, episode in named:
            writer.add(episode, episode.states)
    terminal = Terminal(lang)
    header = {"version": __version__, "scene": f"{scene.name} v{scene.version}", "thresholds": scene.config.thresholds}
    terminal.begin(header, len(named))
    started = time.perf_counter()
    recordings = list(read(out / DATASET))
    for recording, (name, _, _) in zip(recordings, named):
        if not isinstance(recording, Unreadable):
            recording.metadata["title"] = name
    without = missing()
    if without:
        print(f"  {without} Going on without pictures.", file=sys.stderr)
    verdicts = judge(recordings, pictures=without is None, told=terminal.add)
    header["elapsed_s"] = time.perf_counter() - started  # type: ignore[assignment]
    command = command_line("replay", [f"data={out / DATASET}", f"out={out / VERDICTS}"])
    write_reports(verdicts, out / VERDICTS, lang, command, header)
    differ = 0
    print("\n  injected                    found")
    for (name, code, _), verdict in zip(named, verdicts):
        root = verdict.findings[verdict.root].code if verdict.root is not None else None
        found = f"{verdict.verdict}{f' {root}' if root else ''}"
        right = (verdict.verdict == "FEASIBLE") if code is None else root == code
        wanted = code or "FEASIBLE"
        differ += not right
        print(f"  {name:<27} {found:<38} {'as injected' if right else f'DIFFERS: {wanted} expected'}")
    print(f"\n  report: {out / VERDICTS / 'report.html'}   {time.perf_counter() - begin:.0f} s")
    if differ:
        print(f"  {differ} of {len(named)} differ from what was injected", file=sys.stderr)
    return 1 if differ else 0


def main() -> int:
    """`python benchmarks/demo.py [FOLDER] [en|zh]`"""
    words = sys.argv[1:]
    try:
        return run(Path(words[0] if words else "demo-out"), words[1] if len(words) > 1 else "en")
    except ShiliuError as error:
        print(f"shiliu: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
