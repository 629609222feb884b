"""Players of takes in the report of `shiliu replay`: those that need a person first are played again, as they were judged."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.sheet.errors import ShiliuError
from .replay_settings import INTAKE, ReplaySettings

if TYPE_CHECKING:
    from ..judge.verdict import Verdict
    from ..report.html import Players
    from ..report.text import Words

SHOWN = ("FAIL", "WARN")


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
