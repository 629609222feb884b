"""shiliu replay: the judge on the command line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.sheet.errors import ShiliuError
from .command_request import CommandRequest
from .replay_settings import INTAKE, ReplaySettings
from .where import note_passed_over, refuse_bad_link

if TYPE_CHECKING:
    from ..judge.verdict import Verdict
    from ..report.html import Players
    from ..report.text import Words
    from .replay_ways import Reached, Way

USAGE = """
shiliu replay data=FILE_OR_FOLDER out=DIR [scenario=NAME [variant=NAME]] [cell=ID]
              [check=intake|gate|full] [lang=en|zh] [strict=true] [fail_on="infeasible>5%"]
              [mapping=NAME] [robot=NAME_OR_FILE] [model=FILE.xml] [repair=true] [device=NAME]
              [workers=N [ledger=DIR] [again=true] [take_limit="10 min"]
              [cluster=auto|local|ADDRESS]] [baseline=DIR] [keep_going=false]

The judge. It judges every recording and writes DIR/report.html, verdicts.jsonl, junit.xml,
verdicts.sarif, summary.md, passed.txt and refused.txt.

How much is checked:
  check=intake  is each recording sound in itself? Quick, without a scene. Exit 0 if nothing was
                found
  check=gate    the default: also plays each recording in its scene
  check=full    also plays varied copies of each success

Where it is judged:
  scenario=     default: the scene that the recording names, else bare (robot and floor)
  cell=         default: the surveyed cell that the recording names, if `shiliu list cells`
                knows it. With cell=, commands of a simulated episode are played in that cell,
                wherever it was made
  robot=        kuafu, a name of conf/robot (`shiliu list robots`) or your own YAML file, with
                model= its MJCF file. Default: the robot that the mapping names, if it is
                described, else kuafu
  legs=true     would the robot have held it on its own legs? legs=POLICY.onnx: with legs that your
                policy moves (docs/legs-policy.md)
  device=       judges simulated demonstrations as this device would have recorded them (`shiliu
                list devices`)

Many recordings (docs/judge-many.md):
  workers=N     judges in N processes. What is in the ledger (DIR/ledger) is not judged again. A
                killed run continues
  again=true    judges again what an earlier version of shiliu judged; DIR/changed.md lists
                which verdicts changed, and why
  baseline=     a former run: its findings no longer count for the exit code
  keep_going=false  ends at the first recording that cannot be read, and writes nothing

repair=true also writes the nearest feasible copy into DIR/repaired, for takes that fail only by
speed, range, a step in the command or a unit. The recordings stay unchanged (docs/repair.md).

Exit: 0 all feasible; 1 any infeasible or unsound; 3 any inconclusive or unreadable; 2 usage,
scene, or nothing readable.
"""
SHOWN = ("FAIL", "WARN")


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

    asked = ReplaySettings.of(request)
    if asked.where.given:
        asked.where.refuse_unknown(request)
    refuse_bad_link(request, asked.settings)
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


def players_of(asked: ReplaySettings, verdicts: Sequence[Verdict], words: Words) -> Players | None:
    """Of so many takes as are asked for; one that cannot be played has none."""
    if not (asked.players and asked.pictures) or asked.where.check == INTAKE or asked.device:
        return None
    from ..formats import read
    from ..live.film import film, players
    from ..live.replayed import played
    from ..recording.recording import Recording
    from ..report.story import rank

    first = sorted((one for one in verdicts if one.verdict is not None and one.source), key=rank)[: asked.players]
    wanted = {str(one.source): one for one in first}
    contexts = asked.where.contexts(asked.request, asked.settings, Path(asked.data))
    films = {}
    for item in read(asked.data, asked.where.mapping) if wanted else ():
        verdict = wanted.pop(item.source, None)
        if verdict is not None and isinstance(item, Recording):
            try:
                films[item.source] = film(played(item, contexts, words), _findings_of(verdict, words))
            except ShiliuError:
                pass  # the sheet says why it was not played
            except Exception as error:  # a report is not lost for its player
                print(f"shiliu: {item.source}: no player ({type(error).__name__}: {error})", file=sys.stderr)
        if not wanted:
            break
    there = {one: films[one] for one in (str(one.source) for one in first) if one in films}
    return players(there, words)


def _findings_of(verdict: Verdict, words: Words) -> list[dict[str, Any]]:
    own = words.telling(verdict.titles)
    return [
        {"level": one.level, "code": one.code, "t0": one.t0, "t1": one.t1, "subject": list(one.subject), "text": own.message(one)}
        for one in verdict.findings
        if one.level in SHOWN
    ]
