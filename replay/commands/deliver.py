"""shiliu deliver: what passed, as a dataset to be handed on."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...scenarios.reading.override import command_line
from ...scenarios.sheet.errors import printable
from ...scenarios.sheet.quantity import counted
from ..report.translation import translated
from .command_request import CommandRequest
from .settings import Settings, listed
from .where import note_passed_over
from .wrapping import columns

if TYPE_CHECKING:
    from ...scenarios.sheet.yaml_reader import Node
    from ..delivery.selection import SetCount
    from ..report.text import Words

USAGE = """
shiliu deliver data=SETS verdicts=DIR out=DIR [disputes=FILE.yaml] [licence=CC-BY-4.0]
               [scenarios=[NAME]] [title=TEXT] [splits.val="20 %"] [apart=operator_and_cell]
               [former=DIR] [judged_by=any] [unreached=true] [keep_going=true] [lang=en|zh]

Copies every FEASIBLE take into one LeRobot v3.0 dataset, its numbers to the bit. It adds splits
by operator (none is in two splits), statistics, a card (README.md), a manifest
(shiliu/delivery.json) and checksums (SHA256SUMS). quarantine.jsonl lists what is not delivered,
with reasons. Nothing of data= is changed or deleted. See docs/deliver.md.

Settings:
  disputes=         verdicts to which a person objects. An overruled refusal is delivered and
                    marked; an overruled pass is kept back. The card says how often the judge
                    was overruled
  judged_by=        default: all verdicts must be by one version of shiliu, one engine, one set
                    of thresholds. [0.1.0] takes those of one version and keeps the others back;
                    any takes all, and the card names each
  unreached=true    also delivers unlabelled takes that reach no step of their goal
  keep_going=true   continues past a set that is no dataset of shiliu or cannot be read
Exit: 0; 2 something cannot be read or written, and nothing is at out=; 3 keep_going=true left a
set out.
"""


def run(request: CommandRequest) -> int:
    """Choose, write, tell."""
    from ...version import __version__
    from ..delivery.delivered_takes import TakeSource
    from ..delivery.delivering import QUARANTINE, About, deliver, former_splits
    from ..delivery.disputes import read_disputes
    from ..delivery.judges import versions_named
    from ..delivery.selection import Verdicts, Wanted, plan
    from ..delivery.splits import APART, SPLITS
    from ..formats.atomic_folder import refuse_existing, refuse_unwritable
    from ..formats.file_state import sha256_of
    from ..recording.metadata import licence_of
    from ..report.lines import files_of
    from ..report.text import Words

    settings = Settings(request)
    data, verdicts, out = (Path(settings[key].word()) for key in ("data", "verdicts", "out"))
    disputes, former = (settings[key].word(default="") or None for key in ("disputes", "former"))
    title = settings["title"].word(default="") or out.name
    licence = licence_of(settings["licence"]) if settings["licence"].value is not None else None
    scenarios = tuple(node.word() for node in listed(settings["scenarios"]))
    shares = {name: settings["splits"].child(name).quantity("share", 0.0, low=0.0, high=1.0) for name in SPLITS}
    if not settings.problems.found and not abs(sum(shares.values()) - 1.0) < 1e-6:
        settings["splits"].note(f"the shares sum to {100 * sum(shares.values()):.0f} %. Make them sum to 100 %.")
    apart, lang = settings["apart"].word(choices=APART), settings["lang"].word(choices=("en", "zh"))
    quiet, keep_going, unreached = (settings[key].flag() for key in ("quiet", "keep_going", "unreached"))
    judged_by = _judged_by(settings["judged_by"])
    settings.stop()
    refuse_existing(out)
    refuse_unwritable(out)
    source, files = TakeSource(data, keep_going), files_of(verdicts)
    judged = Verdicts(files, judged_by)
    objections = read_disputes(Path(disputes), judged.of) if disputes else {}
    formerly = former_splits(Path(former)) if former else {}
    wanted = Wanted(licence, scenarios, shares, apart, formerly, judged_by, unreached)
    chosen = plan(source, judged, objections, wanted)
    command = command_line("deliver", [f"data={data.name}", f"verdicts={verdicts.name}", f"out={out.name}"])
    base = verdicts if verdicts.is_dir() else verdicts.parent
    about = About(
        title,
        lang,
        __version__,
        {"command": command, "version": __version__},
        {file.relative_to(base).as_posix(): sha256_of(file) for file in files},
        tuple(name for name in SPLITS if shares[name] > 0.0),
    )

    def copied(take: str) -> None:
        if not quiet:
            print(f"  {take}", flush=True)

    made = deliver(chosen, source, judged, objections, out, about, copied)
    ranges = ", ".join(f"{name} {span}" for name, span in made["splits"].items())
    versions = Counter(one.judged.judge.version for one in chosen.chosen)
    lines = [f"judged by {versions_named(versions)}", *_sets(chosen.sets, Words(lang))]
    lines += [f"{name} is empty: too few operators to keep them apart" for name in made["figures"]["empty_splits"]]
    if chosen.refused:
        lines.append(f"{len(chosen.refused)} not delivered: {printable(out / QUARANTINE)}")
    done = f"{len(chosen.chosen)} of {counted(chosen.seen, 'take')}"
    print(translated(f"{printable(out)}: {done} as a LeRobot v3.0 dataset ({ranges})", lang))
    print("\n".join(f"  {translated(line, lang)}" for line in lines))
    note_passed_over(data)
    left = [one for one in chosen.sets if one.error is not None]
    for one in left:
        print(f"shiliu: {one.source} was left out: {one.error}", file=sys.stderr)
    return 3 if left else 0


def _judged_by(node: Node) -> str | tuple[str, ...]:
    """`one`, `any`, or the versions that are taken."""
    from ..delivery.judges import ANY, ONE, VERSION

    if node.value in (ONE, ANY):
        return str(node.value)
    nodes = listed(node)
    versions = tuple(str(one.value) for one in nodes)
    for one, version in zip(nodes, versions):
        if not VERSION.fullmatch(version):
            one.note(f"{version!r} is no version of shiliu. Write {ONE}, {ANY}, or a list of versions such as [0.1.0].")
    if not versions:
        node.note(f"names no version. Write {ONE}, {ANY}, or a list of versions such as [0.1.0].")
    return versions


def _sets(sets: Sequence[SetCount], words: Words) -> list[str]:
    """A table of the sets; one line where nothing of them is missing."""
    if not any(one.short for one in sets):
        n = sum(one.read for one in sets)
        return [f"{counted(len(sets), 'set')}, declared = read = judged = {n}, delivered {sum(one.delivered for one in sets)}"]
    heads = [words.book["delivery"]["columns"][key] for key in ("set", "declared", "read", "judged", "delivered")]
    width = max(columns(heads[0]), *(columns(one.source) for one in sets))
    lines = [heads[0] + " " * (width - columns(heads[0])) + "".join(f"  {head}" for head in heads[1:])]
    for one in sets:
        counts = ("-" if one.declared is None else one.declared, one.read, one.judged, one.delivered)
        cells = "".join(f"  {count:>{columns(head)}}" for head, count in zip(heads[1:], counts))
        note = "" if not one.short else "left out" if one.error is not None else "not all"
        lines.append(f"{one.source}{' ' * (width - columns(one.source))}{cells}   {translated(note, words.lang)}".rstrip())
    return lines
