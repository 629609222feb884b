"""shiliu replay: the judge on the command line."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from .replay_settings import INTAKE, ReplaySettings
from .where import note_passed_over

if TYPE_CHECKING:
    from ...cli import CommandRequest
    from .replay_ways import Reached, Way

USAGE = """
shiliu replay data=FILE_OR_FOLDER out=DIR [scenario=NAME [variant=NAME]] [cell=ID] [check=intake|gate|full] [lang=en|zh]
              [strict=true] [fail_on="infeasible>5%"] [mapping=NAME] [robot=NAME_OR_FILE] [model=FILE.xml] [repair=true] [device=NAME]
              [workers=N [ledger=DIR] [again=true] [take_limit="10 min"] [cluster=auto|local|ADDRESS]] [baseline=DIR] [keep_going=false]

check=intake is the first pass over a delivery, without a scene: is each recording sound in itself? Exit 0 where nothing was found.
Judges every recording and writes DIR/verdicts.jsonl, junit.xml, verdicts.sarif, summary.md, report.html, passed.txt and refused.txt.
baseline= is a former run: what it had found already does not count for the exit code. keep_going=false ends the run at the first
recording that cannot be read, and writes nothing.
repair=true also writes, into DIR/repaired, the nearest feasible copy of what fails only by being too fast, past a range, by a
step in its command or by its unit; the recordings stay as they are (see docs/repair.md).
workers=N judges any number of recordings in N processes, each recording once: what is in the ledger (DIR/ledger) is not judged again,
and a run that was killed goes on where it was (see docs/data-line.md). again=true judges again what an earlier version of shiliu
judged, and lists in DIR/changed.md which verdicts changed, and why (see docs/operating.md).
Exit: 0 all feasible; 1 any infeasible or unsound; 3 any inconclusive or unreadable; 2 usage, scene, or nothing readable.
Without scenario=, each recording is judged in the scene that it names, else as bare (robot and floor); without cell=, in
the surveyed cell that it names, where `shiliu list cells` knows it, else in the scenario as it stands. With cell=, the commands
of an episode of the simulation are played in that cell, wherever it was made.
device= judges demonstrations of the simulation as that device's stack would have recorded them (`shiliu list devices`).
robot= is Kuafu, a robot of conf/robot (`shiliu list robots`) or such a YAML file of yours, with model= its MJCF file;
without it a recording is held against the robot that its mapping names, where that is described, else against Kuafu.
"""


def run(request: CommandRequest) -> int:
    """Judge, report, and return the exit code.

    Raises:
        ShiliuError: nothing could be read or written.
    """
    from ...scenarios.reading.override import command_line
    from ...version import __version__
    from ..line import FOLDER
    from ..repair import FOLDER as COPIES
    from ..report import Baseline, Gate, Reports, Terminal, check_out, nothing_judged, stopped
    from .replay_players import players_of

    asked = ReplaySettings.of(request)
    if asked.where.given:
        asked.where.refuse_unknown(request)
    gate = Gate(asked.fail_on) if asked.fail_on else None
    baseline = Baseline(Path(asked.baseline)) if asked.baseline else None
    out = check_out(asked.out, (FOLDER, COPIES) if asked.repair else (FOLDER,))
    command = command_line(request.verb, request.overrides, request.conf_dir)
    terminal = Terminal(asked.lang, quiet=asked.quiet)
    with ExitStack() as ending:
        ending.callback(terminal.close)
        way = _way_of(asked)(asked, command, terminal.reached, ending)
        header = {"version": __version__, **way.header}
        reports = ending.enter_context(Reports(out, asked.lang, baseline, way.most))
        begin = time.perf_counter()
        terminal.begin(header, way.total, way.in_any_order)
        for verdict in way.verdicts:
            if not asked.keep_going and verdict.verdict is None:
                raise stopped(verdict)
            reports.add(verdict)
            terminal.add(verdict)
        header["elapsed_s"] = time.perf_counter() - begin
        code = reports.code(gate)
        if code == 2:
            raise nothing_judged(reports.kept, asked.data)
        players = players_of(asked, reports.kept, reports.words)
        reports.finish(command, header, way.threads, way.folders(), players)
    terminal.finish(reports.kept, asked.out, code, header, reports.found)
    note_passed_over(asked.data)
    if baseline is not None:
        print("  " + terminal.words.ui("baseline_told", known=baseline.n_known, new=baseline.n_new))
    for word, values in way.counted():
        print("  " + terminal.words.ui(word, **values))
    return code


def _way_of(asked: ReplaySettings) -> Callable[[ReplaySettings, str, Reached, ExitStack], Way]:
    """How recordings become verdicts in this run; intake needs no scene, and so no engine."""
    from .replay_ways import at_intake, in_scenes

    if asked.where.check == INTAKE:
        return at_intake
    if not asked.workers:
        return in_scenes
    from .replay_workers import by_workers

    return by_workers
