"""A written set in, the verdict of its first take out: at intake, or in its scene with few likely starts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from shiliu.replay.checks.in_step import check_lag
from shiliu.replay.checks.rules import Rules
from shiliu.replay.checks.takes import Lag, lag_of
from shiliu.replay.formats import read
from shiliu.replay.judge.context import BARE, Contexts
from shiliu.replay.judge.intake import intake, rules_of
from shiliu.replay.judge.judge import judging
from shiliu.replay.judge.set_comparison import Company
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.recording.recording import Recording
from shiliu.replay.signals.channels import pair
from shiliu.replay.signals.clock import origin_ns
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.sheet.errors import ShiliuError

CHECKS = ("intake", "gate")


def few_starts(folder: Path, starts: int) -> Path:
    """A folder of configs with the package's scenarios, each with so many likely starts; `starts: 0` leaves them as they are.

    An ordinary set is played in each of them, so that a take costs that much less.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "scenario").mkdir(parents=True)
    for path in sorted((CONF / "scenario").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        changed = re.sub(r"(\bif_unknown:.*\bstarts: )\d+", rf"\g<1>{starts}", text) if starts else text
        if changed != text:
            (folder / "scenario" / path.name).write_text(changed, encoding="utf-8")
    return folder


def verdict_of(root: Path, check: str, contexts: Contexts) -> Verdict:
    """The verdict of the first take of a set, the others being its company; where nothing can be read, the error."""
    try:
        return _judged(root, check, contexts)
    except ShiliuError as error:
        return Verdict(root.name, root.name, error={"message": error.message, "file": error.place, "field": error.field})


def _judged(root: Path, check: str, contexts: Contexts) -> Verdict:
    if check == "intake":
        return next(iter(intake(read(root))))
    taken, *others = read(root)
    company = Company()
    if others and isinstance(taken, Recording):
        context = contexts.of(taken)
        scenario = context.scene.name if taken.episode is None else taken.episode.scenario or BARE
        company.beside(_lagging([one for one in others if isinstance(one, Recording)], rules_of()), scenario)
    return next(iter(judging([taken], contexts=contexts, threads=1, company=company)))


def _lagging(takes: list[Recording], rules: Rules) -> Iterator[tuple[Recording, Lag | None]]:
    for take in takes:
        yield take, lag_of(check_lag(*pair(take), rules, origin_ns(take)))
