"""shiliu deliver: what passed, as a dataset to be handed on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...scenarios.errors import EpisodeError
from ...scenarios.reading.override import command_line
from .settings import Settings

if TYPE_CHECKING:
    from ...cli import CommandRequest

USAGE = """
shiliu deliver data=SETS verdicts=DIR out=DIR [disputes=FILE.yaml] [licence=CC-BY-4.0] [scenarios=[NAME]] [title=TEXT]
               [splits.val="20 %"] [apart=operator_and_cell] [former=DIR] [lang=en|zh]

Copies every take that the judge found FEASIBLE into one LeRobot v3.0 dataset, its numbers to the bit: split by operator (none is in
two splits), with statistics, a card (README.md), a manifest (shiliu/delivery.json) and checksums (SHA256SUMS). What is not delivered
stands in quarantine.jsonl with its reasons. Nothing is deleted, and nothing of data= is changed.
disputes= names verdicts to which a person objects. A refused take that a person overrules is delivered and marked so; one that
passed is kept back. How often the judge was overruled stands on the card. See docs/data-line.md.
Exit 0; 2 where something cannot be read or written, nothing lies at out= then.
"""


def run(request: CommandRequest) -> int:
    """Choose, write, tell."""
    from ...version import __version__
    from ..delivery.delivering import QUARANTINE, About, deliver, digest, former_splits
    from ..delivery.disputes import read_disputes
    from ..delivery.planning import Verdicts, Wanted, plan
    from ..delivery.splits import APART, SPLITS
    from ..delivery.takes import TakeSource
    from ..formats.atomic_folder import refuse_unwritable
    from ..recording.metadata import licence_of
    from ..report.lines import files_of

    settings = Settings(request)
    data, verdicts, out = (Path(settings[key].word()) for key in ("data", "verdicts", "out"))
    disputes, former = (settings[key].word(default="") or None for key in ("disputes", "former"))
    title = settings["title"].word(default="") or out.name
    licence = licence_of(settings["licence"]) if settings["licence"].value is not None else None
    scenarios = tuple(node.word() for node in settings["scenarios"].each())
    shares = {name: settings["splits"].child(name).quantity("share", 0.0, low=0.0, high=1.0) for name in SPLITS}
    if not abs(sum(shares.values()) - 1.0) < 1e-6:
        settings["splits"].note(f"the shares sum to {100 * sum(shares.values()):.0f} %. Make them sum to 100 %.")
    apart, lang = settings["apart"].word(choices=APART), settings["lang"].word(choices=("en", "zh"))
    quiet = settings["quiet"].flag()
    settings.stop()
    if out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir()))):
        raise EpisodeError("exists already. Choose another folder; nothing is overwritten.", file=out, field="out")
    refuse_unwritable(out)
    source, files = TakeSource(data), files_of(verdicts)
    judged = Verdicts(files)
    objections = read_disputes(Path(disputes), judged.of) if disputes else {}
    wanted = Wanted(licence, scenarios, shares, apart, former_splits(Path(former)) if former else {})
    chosen = plan(source, judged, objections, wanted)
    command = command_line("deliver", [f"data={data.name}", f"verdicts={verdicts.name}", f"out={out.name}"])
    base = verdicts if verdicts.is_dir() else verdicts.parent
    about = About(
        title,
        lang,
        __version__,
        {"command": command, "version": __version__},
        {file.relative_to(base).as_posix(): digest(file) for file in files},
        tuple(name for name in SPLITS if shares[name] > 0.0),
    )

    def copied(take: str) -> None:
        if not quiet:
            print(f"  {take}", flush=True)

    made = deliver(chosen, source, judged, objections, out, about, copied)
    ranges = ", ".join(f"{name} {span}" for name, span in made["splits"].items())
    print(f"{out}: {len(chosen.chosen)} of {chosen.seen} takes as a LeRobot v3.0 dataset ({ranges})")
    for name in made["figures"]["empty_splits"]:
        print(f"  {name} is empty: too few operators to keep them apart")
    if chosen.refused:
        print(f"  {len(chosen.refused)} not delivered: {out / QUARANTINE}")
    return 0
