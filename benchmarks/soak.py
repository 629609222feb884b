"""A soak: random actions over all scenarios, for as many control steps as are asked for.

    python benchmarks/soak.py steps=10_000_000 out=build/soak.jsonl

It stops with an error at the first number that is not finite, at an engine's warning that no environment reports as
`unstable`, or where memory keeps growing; else it prints what it saw. The scenarios take turns, so that whatever was done
stands for all of them; one with cloth, which is some twenty times as slow, takes every twentieth turn. A line of `out` is
written for each block, and a run that is begun again with the same `out`, on whatever day, goes on with the blocks that are
missing. A soak in which nothing is touched shows nothing, so the share of looked-at moments in which the robot touches a
thing of the scene is printed too.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import shiliu
from rich.progress import track
from shiliu.envs.vector import ShiliuVectorEnv
from shiliu.scenarios.catalog.catalog import list_scenarios
from shiliu.scenarios.scene.scene import Scene

COPIES = 32
BLOCK = 25_600  # control steps of one line, of all copies together: 27 s of each
RARER = 20  # every so many rounds a scenario with cloth takes its turn
LOOK = 20  # every so many control steps the contacts of one copy are looked at
GROWTH = 64.0  # MiB that a process may grow after its first block of each scenario
STRIDE = 0.06  # of a joint's range, standard deviation of one step of the random walk of targets


def resident() -> float:
    """Memory of this process [MiB], but for what is free and only kept for later; 0 where the system does not tell."""
    try:
        # pages that glibc keeps between models of several sizes came to 60 MiB in thirty blocks, with not a byte more in use
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        pass  # another C library
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


def touches(scene: Scene, data: mujoco.MjData) -> bool:
    """Whether a body of the robot touches a body of a part: parts have a `/` in their names."""
    part = np.array(["/" in data.model.body(i).name for i in range(data.model.nbody)])
    robot = ~part
    robot[0] = False
    pairs = data.model.geom_bodyid[data.contact.geom]
    return bool(((robot[pairs[:, 0]] & part[pairs[:, 1]]) | (robot[pairs[:, 1]] & part[pairs[:, 0]])).any())


def block(envs: ShiliuVectorEnv, rng: np.random.Generator, steps: int) -> dict[str, Any]:
    """Some control steps of all copies.

    Raises:
        RuntimeError: a number that is not finite, or a warning that is not reported.
    """
    scene, simulation = envs.scene, envs._copies.simulation
    low, high = scene.schema.action.bounds
    target = np.tile(scene.ready_ctrl, (envs.num_envs, 1))
    reported, looked, touched, ended = 0, 0, 0, 0
    for k in range(steps // envs.num_envs):
        target = np.clip(target + rng.normal(0.0, STRIDE, target.shape) * (high - low), low, high)
        observed, reward, terminated, truncated, infos = envs.step(target.astype(np.float32))
        for name, values in {**observed, "reward": reward}.items():
            if not np.isfinite(values).all():
                raise RuntimeError(f"{scene.name}: {name} is not finite at step {k}")
        warned = simulation._period.fallen()
        unstable = infos["failure"] == "unstable"
        if (warned & ~unstable).any():
            raise RuntimeError(f"{scene.name}: the engine warned at step {k}, and the environment did not say so")
        reported += int(unstable.sum())
        over = terminated | truncated
        ended += int(over.sum())
        target[over] = scene.ready_ctrl
        if k % LOOK == 0:
            looked += 1
            touched += touches(scene, simulation.data(k // LOOK % envs.num_envs)[1])
    return {"steps": steps, "unstable": reported, "ended": ended, "looked": looked, "touched": touched}


def turns(slow: dict[str, bool], blocks: int) -> Iterator[tuple[str, int]]:
    """Which scenario is next, and which of its blocks that is: `blocks` of them, the slow ones every `RARER` rounds."""
    left, turn = blocks, 0
    while left > 0 and slow:
        for scenario in sorted(slow):
            if left > 0 and not (slow[scenario] and turn % RARER):
                yield scenario, turn
                left -= 1
        turn += 1


def soak(steps: int, seed: int, out: Path | None, quiet: bool = False) -> dict[str, dict[str, Any]]:
    """Totals by scenario.

    Raises:
        RuntimeError: as `block`, or memory has grown.
    """
    lines = [json.loads(line) for line in out.read_text().splitlines()] if out is not None and out.is_file() else []
    total: dict[str, dict[str, Any]] = {}
    for line in lines:
        _add(total, line)
    done = {(line["scenario"], line["block"]) for line in lines}
    envs = {name: ShiliuVectorEnv(COPIES, name) for name in sorted(list_scenarios())}
    at_first = 0.0
    begun: set[str] = set()  # what a scenario takes in its first block, such as room for contacts, is no growth
    ahead = list(turns({name: bool(e.scene.cloths) for name, e in envs.items()}, max(1, round(steps / BLOCK))))
    for scenario, b in track([turn for turn in ahead if turn not in done], "soak", disable=quiet):
        mine = envs[scenario]
        mine.reset(seed=[int(s) for s in np.random.SeedSequence([seed, b]).generate_state(COPIES)])
        line = {"scenario": scenario, "version": mine.scene.config.version, "block": b}
        line |= block(mine, np.random.default_rng([seed, b]), BLOCK)
        line["resident_mib"] = round(resident(), 1)
        if scenario not in begun:
            at_first = max(at_first, line["resident_mib"])
            begun.add(scenario)
        if line["resident_mib"] > at_first + GROWTH:
            grown = f"from {at_first:.0f} to {line['resident_mib']:.0f} MiB"
            raise RuntimeError(f"{scenario}: memory has grown {grown} by block {b}")
        _add(total, line)
        if out is not None:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
    for mine in envs.values():
        mine.close()
    return total


def _add(total: dict[str, dict[str, Any]], line: dict[str, Any]) -> None:
    mine = total.setdefault(line["scenario"], {"steps": 0, "unstable": 0, "ended": 0, "looked": 0, "touched": 0})
    for key in mine:
        mine[key] += line[key]
    mine["resident_mib"] = line["resident_mib"]


def main(arguments: list[str]) -> int:
    """steps=N seed=N out=FILE"""
    given = dict(argument.split("=", 1) for argument in arguments)
    unknown = set(given) - {"steps", "seed", "out"}
    if unknown:
        print(f"There is no {', '.join(sorted(unknown))}; known here: steps, seed, out.", file=sys.stderr)
        return 2
    out = Path(given["out"]) if "out" in given else None
    total = soak(int(given.get("steps", "100_000")), int(given.get("seed", "0")), out)
    for scenario, mine in total.items():
        share = mine["touched"] / max(mine["looked"], 1)
        print(
            f"{scenario}: {mine['steps']:,} steps, {mine['ended']} episodes ended, {mine['unstable']} unstable (each reported); the "
            f"robot touches something of the scene in {share:.0%} of {mine['looked']} moments; {mine['resident_mib']:.0f} MiB"
        )
    print(f"shiliu {shiliu.__version__}: no number was not finite, no warning went untold, memory did not grow")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
