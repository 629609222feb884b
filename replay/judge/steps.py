"""One step after the other for many takes, of which one may meet a fault of ours: that take ends there, and the others go on."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...scenarios.sheet.errors import ShiliuError, wants_memory

FAULT = "fault"  # code of an error line that tells of a fault of ours, and not of the recording


class Steps:
    """Steps of n takes; `ended`: index -> what a step raised, after which a take takes part in none."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.ended: dict[int, Exception] = {}

    def each(self, step: Callable[..., Any], *columns: Sequence[Any]) -> list[Any]:
        """What a step gives for each take, with its values from the columns (n,); None where a take has ended."""
        return [self.one(i, step, *(column[i] for column in columns)) for i in range(self.n)]

    def one(self, i: int, step: Callable[..., Any], *values: Any) -> Any:
        """The same of one take, with these values."""
        if i in self.ended:
            return None
        try:
            return step(*values)
        except Exception as error:
            self.ended[i] = error
            return None

    def together(self, step: Callable[[list[Any]], Sequence[Any]], *columns: Sequence[Any]) -> list[Any]:
        """The same of a step that takes all at once; where it raises, it is asked of each alone, to find out which it is."""
        going, found = self._going(), [None] * self.n
        try:
            for i, one in zip(going, step([_row(columns, i) for i in going])):
                found[i] = one
        except Exception:
            return self.each(lambda *row: step([row if len(row) > 1 else row[0]])[0], *columns)
        return found

    def _going(self) -> list[int]:
        return [i for i in range(self.n) if i not in self.ended]


def _row(columns: Sequence[Sequence[Any]], i: int) -> Any:
    return tuple(column[i] for column in columns) if len(columns) > 1 else columns[0][i]


def error_line(error: Exception) -> dict[str, Any]:
    """What stands in place of a verdict where judging raised: of a recording what is to be mended, of ours where it was raised.

    A fault of ours is logged with its traceback, which goes to stderr where nobody says otherwise.
    """
    if isinstance(error, ShiliuError):
        return {"message": error.message, "file": error.place, "field": error.field}
    if wants_memory(error):
        what = "There was not enough memory for it. Use fewer workers or threads, or allow more (ulimit -v)."
        return {"message": what, "file": None, "field": None, "code": "memory"}
    logging.getLogger("shiliu").error("a fault of shiliu's own ended the judgement of one recording", exc_info=error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name})" if frames else ""
    message = f"a fault of shiliu's own, not of the recording: {type(error).__name__}: {error}{where}. The others were judged."
    return {"message": message, "file": None, "field": None, "code": FAULT}
