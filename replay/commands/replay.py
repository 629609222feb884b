"""shiliu replay: the judge on the command line."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .settings import Settings
from .where import Where

if TYPE_CHECKING:
    from ...cli import CommandRequest
    from ..judge.context import Contexts
    from ..judge.verdict import Verdict

USAGE = """
shiliu replay data=FILE_OR_FOLDER out=DIR [scenario=NAME [variant=NAME]] [cell=ID] [check=intake|gate|full] [lang=en|zh]
              [strict=true] [fail_on="infeasible>5%"] [mapping=NAME] [robot=NAME_OR_FILE] [model=FILE.xml] [repair=true] [device=NAME]
              [workers=N [ledger=DIR] [take_limit="10 min"] [cluster=auto|local|ADDRESS]] [baseline=DIR] [keep_going=false]

check=intake is the first pass over a delivery, without a scene: is each recording sound in itself? Exit 0 where nothing was found.
Judges every recording and writes DIR/verdicts.jsonl, junit.xml, verdicts.sarif, summary.md, report.html, passed.txt and refused.txt.
baseline= is a former run: what it had found already does not count for the exit code. keep_going=false ends the run at the first
recording that cannot be read, and writes nothing.
repair=true also writes, into DIR/repaired, the nearest feasible copy of what fails only by being too fast, past a range, by a
step in its command or by its unit; the recordings stay as they are (see docs/repair.md).
workers=N judges any number of recordings in N processes, each recording once: what is in the ledger (DIR/ledger) is not judged again,
and a run that was killed goes on where it was (see docs/data-line.md).
Exit: 0 all feasible; 1 any infeasible or unsound; 3 any inconclusive or unreadable; 2 usage, scene, or nothing readable.
Without scenario=, each recording is judged in the scene that it names, else as bare (robot and floor); without cell=, in
the surveyed cell that it names, where `shiliu list cells` knows it, else in the scenario as it stands. With cell=, the commands
of an episode of the simulation are played in that cell, wherever it was made.
device= judges demonstrations of the simulation as that device's stack would have recorded them (`shiliu list devices`).
robot= is Kuafu, a robot of conf/robot (`shiliu list robots`) or such a YAML file of yours, with model= its MJCF file;
without it a recording is held against the robot that its mapping names, where that is described, else against Kuafu.
"""


CHECKS = ("intake", "gate", "full")
WITH_EVIDENCE = 200  # recordings whose curves and pictures are kept for the page


def run(request: CommandRequest) -> int:
    """Judge and report; returns the exit code."""
    settings = Settings(request)
    if settings["device"].value is not None and (settings["workers"].value or settings["check"].value == "intake"):
        settings["device"].note("a device is asked of in scenes and in one process. Leave workers= and check=intake out.")
        settings.stop()
    if settings["check"].word(choices=CHECKS) == "intake":
        from .intake import run_intake  # which needs no scene, and so no engine

        return run_intake(request, settings, _command(request))
    if settings["workers"].integer(low=0):
        from .replay_workers import run_workers

        return run_workers(request, settings, _command(request))
    return _in_scenes(request, settings)


def _in_scenes(request: CommandRequest, settings: Settings) -> int:
    """Judge each recording in its scene."""
    import mujoco

    from ...envs.rendering import missing
    from ...version import __version__
    from ..edits.bounds import Bounds
    from ..formats import read
    from ..judge.judge import judging
    from ..line import FOLDER as LEDGER
    from ..repair.running import Repairs, refuse_foreign
    from ..repair.writing import FOLDER
    from ..report import Baseline, Gate, Terminal, Words, check_out, gate_code, nothing_judged, stopped, write_reports

    data, out = settings["data"].word(), settings["out"].word()
    lang = settings["lang"].word(choices=("en", "zh"))
    mapping = settings["mapping"].word(default="") or None
    place = Where.of(settings)
    full = settings["check"].word(choices=CHECKS) == "full"
    strict, quiet, pictures = (settings[key].flag() for key in ("strict", "quiet", "pictures"))
    threads, seed = settings["threads"].integer(low=0), settings["seed"].integer(low=0)
    fail_on = settings["fail_on"].word(default="") or None
    former, keep_going = settings["baseline"].word(default="") or None, settings["keep_going"].flag(True)
    repair, at_most = settings["repair"].flag(), settings["repair_at_most"]
    bounds = Bounds(
        slowest=at_most.child("slowest").quantity("share", low=0.01, high=1.0),
        back=at_most.child("back").quantity("angle", low=0.0),
        rounds=at_most.child("rounds").integer(low=1),
    )
    device = settings["device"].word(default="") or None
    if device and repair:
        settings["device"].note("what a device would have recorded is no recording to be repaired. Leave repair= or device= out.")
    if settings["cluster"].value is not None:
        settings["cluster"].note("a cluster is worked on by workers. Say how many, such as workers=8.")
    settings.stop()
    gate = Gate(fail_on) if fail_on else None
    baseline = Baseline(Path(former)) if former else None
    check_out(Path(out), (FOLDER, LEDGER) if repair else (LEDGER,))
    if repair:
        refuse_foreign(Path(out))
    contexts = place.contexts(request, settings, Path(data))
    scene = contexts.chosen.scene if contexts.chosen is not None else None
    recordings = read(data, mapping)
    if device is not None:
        recordings = _by_device(recordings, contexts, device)
    cores = threads or os.cpu_count() or 1
    header: dict[str, Any] = {
        "version": __version__,
        "engine": mujoco.__version__,
        "threads": cores,
    }  # scenes, cells and robots are told from the verdicts, which know what was used
    if pictures and (without := missing()):
        print(f"shiliu: {without} Going on without pictures.", file=sys.stderr)
        pictures = False
    terminal = Terminal(lang, quiet=quiet)
    begin = time.perf_counter()
    verdicts: list[Verdict] = []
    repairs = (
        Repairs(Path(out), contexts, bounds, _command(request), strict=strict, threads=threads, seed=seed)
        if repair
        else None
    )
    try:
        terminal.begin(header)
        for verdict in judging(
            repairs.watching(recordings) if repairs else recordings,
            scene,
            strict=strict,
            threads=threads,
            seed=seed,
            pictures=pictures,
            contexts=contexts,
            full=full,
        ):
            if not keep_going and verdict.verdict is None:
                raise stopped(verdict)
            if repairs is not None:
                repairs.mend(verdict)
            if len(verdicts) >= WITH_EVIDENCE:
                verdict.evidence = None  # it gets no sheet; curves of ten thousand recordings would not fit into memory
            verdicts.append(verdict)
            terminal.add(verdict)
        header["elapsed_s"] = time.perf_counter() - begin
        readable = any(verdict.verdict is not None for verdict in verdicts)
        code = gate_code(verdicts, gate, baseline)  # before the reports, which tell how many are new
        if readable:
            folders = {FOLDER: repairs.finished()} if repairs else {}
            write_reports(verdicts, out, lang, _command(request), header, cores, folders, baseline)
    finally:
        terminal.close()
        if repairs is not None:
            repairs.drop()
    if not readable:
        raise nothing_judged(verdicts, data)
    terminal.finish(verdicts, out, code, header)
    if baseline is not None:
        print("  " + terminal.words.ui("baseline_told", known=baseline.n_known, new=baseline.n_new))
    if repairs is not None:
        where = f"{out.rstrip('/')}/{FOLDER}" if repairs.count else None
        print("  " + Words(lang).ui("repaired_count", n=repairs.count, of=repairs.tried, where=where))
    return code


def _by_device(recordings: Iterator[Any], contexts: Contexts, device: str) -> Iterator[Any]:
    """Each demonstration as a device of that name would have recorded it; one for which that cannot be is unreadable."""
    from ...scenarios.sheet.errors import EpisodeError
    from ..evaluation.device import as_recorded, load_device
    from ..recording.recording import Unreadable

    model = load_device(device)

    def made() -> Iterator[Any]:
        for one in recordings:
            if isinstance(one, Unreadable):
                yield one
                continue
            try:
                yield as_recorded(one, contexts.of(one).scene, model)
            except EpisodeError as error:
                yield Unreadable(one.name, one.source, error)

    return made()


def _command(request: CommandRequest) -> str:
    from ...scenarios.reading.override import command_line

    return command_line(request.verb, request.overrides, request.conf_dir)
