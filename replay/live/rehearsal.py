"""A take that nobody performs and nobody sees: what is read once is read before a person waits for an answer."""

from __future__ import annotations

import importlib
import io
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from ...scenarios.catalog.catalog import load_scenario
from ..judge.verdict import Verdict
from .device_session import Line
from .teleop import Teleop

SCENARIO, STEPS = "bare", 10  # the quickest to be made ready, whatever is performed afterwards; control steps


class _NoHands:
    """Hands that begin a single take and rest in it."""

    name, behind = "rehearsal", False

    def __init__(self) -> None:
        self._takes = 1

    def begin(self, shown_ns: int = 0) -> bool:
        self._takes -= 1
        return self._takes >= 0

    def until(self, t: int) -> tuple[list[Line], bool]:
        return [], t >= STEPS


def rehearse(lang: str) -> Verdict:
    """Perform, keep and judge a few control steps in a folder that goes away afterwards; the verdict."""
    importlib.import_module("scipy.signal")  # of which the judge has need where columns disagree, and which loads for seconds
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        (verdict,) = Teleop(load_scenario(SCENARIO), _NoHands(), Path(folder), None, 0, lang).run()
    return verdict
