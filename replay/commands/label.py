"""shiliu label: skill segments proposed from the replay, and corrected ones into a copy of the dataset."""

from __future__ import annotations

import sys
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError, printable
from ...scenarios.sheet.quantity import counted
from ..report.translation import translated
from .command_request import CommandRequest
from .settings import Settings
from .where import asked_policy, note_passed_over, policy_at

USAGE = """
shiliu label data=DATASET out=FILE.yaml [scenario=NAME [variant=NAME]] [threads=0]
shiliu label data=DATASET apply=FILE.yaml out=DIR

Which skill is done when?
  1. The first command replays every episode and proposes segments by the scenario's own chain:
     word, times in seconds, hand, object, confidence, a sentence in English and Chinese; and
     the episode's cell, if it has one. FILE ends in .yaml or .json.
  2. A person corrects the file.
  3. The second command writes the segments into a copy of the dataset. The original is not
     changed.
Exit: 0; 2 nothing could be labelled, or the sheet cannot be applied.
"""


def run(request: CommandRequest) -> int:
    """Propose, or apply what was corrected."""
    from ...scenarios.robots.robot import load_robot
    from ..formats.atomic_folder import refuse_unwritable

    settings = Settings(request)
    data, out = settings["data"].word(), Path(settings["out"].word())
    sheet = settings["apply"].word(default="") or None
    robot, hand, base = settings.body()
    legs = asked_policy(settings["legs"])
    threads, quiet = settings["threads"].integer(low=0), settings["quiet"].flag()
    settings.stop()
    load_robot(robot, hand, base or "planted")  # no episode may need it
    refuse_unwritable(out, file=sheet is None)
    if sheet is not None:
        return _apply(Path(data), Path(sheet), out, request.lang)
    from ...scenarios.catalog.catalog import scene_of
    from ..formats import read
    from ..judge.context import Contexts
    from ..labels.labelling import labelling
    from ..labels.sheet import LabelSheet
    from ..recording.recording import Unreadable

    name = settings.chosen("scenario")
    scene = scene_of(settings.composed, name, robot=robot, hand=hand, base=base) if name else None
    contexts = Contexts(scene, robot, hand, base, request.conf_dir, policy=policy_at(legs, robot))
    done = segments = 0
    first: Unreadable | None = None
    with LabelSheet(out, data, request.lang) as written:
        for item in labelling(read(data), contexts, threads):
            written.add(item)
            if isinstance(item, Unreadable):
                first = first or item
                print(f"shiliu: {item.source} is left out: {item.error}", file=sys.stderr)
                continue
            done, segments = done + 1, segments + len(item.segments)
            if not quiet:
                sure = min((segment.confidence for segment in item.segments), default=0.0)
                confidence = f"least sure {sure:.0%}" if item.segments else "the scenario has no skills"
                result = translated(f"{len(item.segments):>2} segments, {confidence}", request.lang)
                print(f"  {item.source:<24} {item.duration:5.1f} s  {result}", flush=True)
        if not done:
            assert first is not None  # a folder without any recording is refused by `read`
            raise EpisodeError(f"Nothing could be labelled. {first.error.message}", file=first.source)
    print(translated(f"{printable(out)}: {counted(segments, 'segment')} of {counted(done, 'episode')}", request.lang))
    note_passed_over(data)
    return 0


def _apply(data: Path, sheet: Path, out: Path, lang: str) -> int:
    from ..labels.applying import apply
    from ..labels.sheet import read_sheet
    from ..operator.skills import registry

    count = apply(data, sheet, read_sheet(sheet, list(registry())), out)
    print(translated(f"{printable(out)}: segments of {counted(count, 'episode')} as {printable(sheet.name)} says", lang))
    return 0
