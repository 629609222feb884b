"""What the legs bore in a performance: measured as `legs.torque` and `legs.balance` measure it, while it is performed.

    python benchmarks/legs_measured.py FILE.jsonl ...

prints the lines of `demonstrations.py NAME base=legs judge=no|present out=FILE.jsonl` as a table: how often a scenario is done with its own
base (`conf/figures`) and on legs, with the 95 % Wilson interval, and how many of those that were judged are FEASIBLE, with what refused the
others; over all these seeds the least room of the pressure point and the largest share of peak torque that lasts 50 ms at an ankle and at a
knee, without the last half second before a fall; and how fast: physics, operator and, where it was judged, the judge, processor time of one
core.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from shiliu.replay.checks.standing import FALLING
from shiliu.replay.judge.stages.legs_stage import rooms, smooth
from shiliu.replay.rollout.observers import Moment
from shiliu.replay.signals.statistics import wilson
from shiliu.scenarios.robots.legged import motor
from shiliu.scenarios.scene.scene import Scene

FIGURES = Path(__file__).resolve().parents[1] / "conf" / "figures"
HEAD = "| scenario | own base | on legs | 95 % | FEASIBLE | seeds | least room | ankle | knee | x real time |"
LASTS = 0.05  # s, for which a share of peak torque lasts


class LegMeasures:
    """An observer of one copy on its legs; `measured` has the figures when it is done.

    Args:
        scene: with a robot on its legs.
    """

    def __init__(self, scene: Scene):
        names = scene.robot.legs["joints"]
        self._scene, self._began = scene, time.process_time()
        self._columns = [scene.layout.begins[f"actuator_force({motor(name)})"] for name in names]
        peak = np.array([float(scene.robot.limits[name]["torque"]["peak"]) for name in names])
        self._peak, self._ankles, self._knees = peak, *([j for j, name in enumerate(names) if name[-8:-6] in of] for of in (
            ("l5", "r5", "l6", "r6"), ("l4", "r4")))  # fmt: skip
        self._soles, self._shares, self._fell, self._dt, self._steps = list[np.ndarray](), list[np.ndarray](), 0.0, 0.0, 0

    def note(self, now: Moment) -> None:
        balance = now.simulation.balance
        assert balance is not None
        if balance.watch is None:
            self._dt = balance.dt

            def watch(memory: Any) -> None:
                self._soles.append(rooms(memory, self._scene))
                self._fell = float(memory.fallen[0])

            balance.watch = watch
        if now.t:
            self._shares.append(np.abs(now.simulation.trace[0][:, self._columns]) / self._peak)
            self._steps = now.t

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {}

    @property
    def measured(self) -> dict[str, Any]:
        """When it fell [s], least room of the pressure point [mm], shares of peak torque that last, and times real time."""
        share, soles, width = np.concatenate(self._shares), np.array(self._soles), round(LASTS / self._scene.timestep)
        if self._fell:  # as in `legs.*`, what a fall does shows nothing more
            end = max(0.1, self._fell - FALLING)
            share, soles = share[: round(end / self._scene.timestep)], soles[: round(end / self._dt)]
        windows = np.lib.stride_tricks.sliding_window_view(share, width, axis=0).min(axis=-1).max(axis=0)
        room = smooth(soles[:, :4], self._dt)
        least = {side: float(np.nanmin(one)) for side, one in room.items() if np.isfinite(one).any()}
        towards = min(least, key=least.__getitem__)
        spent = time.process_time() - self._began
        return {
            "fell": round(self._fell, 2) or None, "room_mm": round(1e3 * least[towards], 1), "towards": towards,
            "ankle": round(float(windows[self._ankles].max()), 3), "knee": round(float(windows[self._knees].max()), 3),
            "speed": round(self._steps * self._scene.control_timestep / spent, 2),
        }  # fmt: skip


def interval(k: int, n: int) -> str:
    """The 95 % Wilson interval."""
    low, high = wilson(k, n)
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def judged(lines: Sequence[Mapping[str, Any]]) -> str:
    """How many that were judged are FEASIBLE, and by which codes the others that did the task were refused."""
    asked = [line for line in lines if "verdict" in line]
    good = sum(line["verdict"] == "FEASIBLE" for line in asked)
    roots = Counter(str(line["root"]) for line in asked if line["success"] and line["verdict"] != "FEASIBLE")
    return f"{good} of {len(asked)}{''.join(f', `{code}` {n}' for code, n in roots.most_common())}" if asked else "not judged"


def row(file: Path) -> str:
    """The row of one scenario."""
    common, *lines = (json.loads(line) for line in file.read_text().splitlines())
    own = yaml.safe_load((FIGURES / f"{common['scenario']}.yaml").read_text())
    done, seeds = sum(line["success"] for line in lines), [line["seed"] for line in lines]
    worst = min(lines, key=lambda line: line["room_mm"])
    return (
        f"| {common['scenario']} | {own['succeeded']} of {own['demonstrations']} | {done} of {len(lines)} "
        f"| {interval(done, len(lines))} | {judged(lines)} | {min(seeds)} to {max(seeds)} "
        f"| {worst['room_mm']:.0f} mm {worst['towards']} | {max(line['ankle'] for line in lines):.2f} "
        f"| {max(line['knee'] for line in lines):.2f} | {statistics.median(line['speed'] for line in lines):.1f} |"
    )


if __name__ == "__main__":
    files = sorted(map(Path, sys.argv[1:]), key=lambda file: file.name)
    for file in [file for file in files if len(file.read_text().splitlines()) < 2]:
        print(f"{file}: no seed is in it yet", file=sys.stderr)
        files.remove(file)
    print(HEAD, "|" + "---|" * (HEAD.count("|") - 1), *map(row, files), sep="\n")
