"""Which scenarios run in real time under a person's hands, and what the answers to a take cost.

    python benchmarks/page_rate.py [scenario=NAME,NAME] [seconds=6]

Both hands go in circles of 60 mm and close, and the page gets its frames and reports, without a browser. All figures are processor
time of this one process, so that other work on the machine does not count, and of the second of two takes: `step` of a second of a
take (below 1 it runs in real time, with a browser on another core), `worst` of ten control steps in a row, the same share; `intake`
and `gate` [s] of their answers, and the gate's as a share of the take's length.
"""

from __future__ import annotations

import io
import math
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from shiliu import load_scenario
from shiliu.replay.live.device_session import Line
from shiliu.replay.live.teleop import Teleop
from shiliu.scenarios.catalog.catalog import list_scenarios
from shiliu.scenarios.sheet.errors import ShiliuError

ROUND, TURN = 0.06, 2.0  # m, s of a circle
WINDOW = 10  # control steps


class Circling:
    """Hands that go in circles for so many seconds; `spent`: processor time at each control step."""

    name, behind = "circling", False

    def __init__(self, dt: float, seconds: float):
        self._dt, self._steps, self._left = dt, round(seconds / dt), 2  # takes: what is read once is read in the first
        self.spent: list[float] = []

    def begin(self, shown_ns: int = 0) -> bool:
        self._left -= 1
        if self._left == 0:
            self.spent.clear()
        return self._left >= 0

    def until(self, t: int) -> tuple[list[Line], bool]:
        self.spent.append(time.process_time())
        a = math.tau * t * self._dt / TURN
        place = [ROUND * (1 - math.cos(a)), 0.0, ROUND * math.sin(a)]
        hand = {"p": place, "q": [1.0, 0.0, 0.0, 0.0], "clutch": True, "grip": 0.5 - 0.5 * math.cos(a)}
        line = {"do": "device", "t": 1e3 * t * self._dt, "device": "circling", "left": hand, "right": hand, "base": [0, 0, 0], "squat": 0}
        return [line | {"step": t}], t >= self._steps


class Nobody:
    """A page that nobody looks at; `answers`: by check the processor time at which each came."""

    def __init__(self) -> None:
        self.answers: dict[str, float] = {}

    def keep(self, kind: str, content: Any) -> None:
        if kind == "verdict" and content is not None:
            self.answers[content["check"]] = time.process_time()

    def send(self, kind: str, content: Any) -> None:
        pass


class Measured(Teleop):
    """A teleop that reports when a take had been kept."""

    def _keep(self, *given: Any) -> int:
        kept = super()._keep(*given)
        self.kept = time.process_time()
        return kept


def measured(name: str, seconds: float) -> list[str]:
    scene = load_scenario(name)
    hands, page = Circling(scene.control_timestep, seconds), Nobody()
    with tempfile.TemporaryDirectory() as folder:
        teleop = Measured(scene, hands, Path(folder), page, 0, "en")  # type: ignore[arg-type]
        with redirect_stdout(io.StringIO()):  # what the takes were found to be is not the question
            teleop.run()
    spent = np.diff(hands.spent) / scene.control_timestep
    worst = np.convolve(spent, np.full(WINDOW, 1 / WINDOW), "valid").max()
    intake, gate = (page.answers[check] - teleop.kept for check in ("intake", "gate"))
    return [name, f"{spent.mean():.2f}", f"{worst:.2f}", f"{intake:.2f} s", f"{gate:.2f} s", f"{100 * gate / seconds:.0f} %"]


def main() -> int:
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    seconds = float(given.get("seconds", 6))
    print("| scenario | step | worst | intake | gate | of the take |\n|---|---|---|---|---|---|")
    for name in given["scenario"].split(",") if "scenario" in given else list_scenarios():
        try:
            print(f"| {' | '.join(measured(name, seconds))} |", flush=True)
        except ShiliuError as error:
            print(f"| {name} | {error} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
