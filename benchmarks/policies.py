"""Policies cloned from demonstrations, in many tasks: how many unseen starts does each do, and in which skill does it fail?

    python benchmarks/policies.py out=build/policies [tasks=...] [demonstrations=50,100] [networks=chunked,act] [seeds=3]
        [copies=50] [steps=0] [threads=1] [minutes=0] [again=false] [markdown=FILE]

tasks=            scenarios, or scenario.subgoal for the part as far as that, such as microwave.opened; those of `TASKS` if left out
demonstrations=   numbers of them that are trained on, the operator's, from seed 1000 on; failures and detours are left out
networks=         chunked (three layers), act (a small ACT)
seeds=3           trainings of each, with seeds 0, 1, ...
copies=50         unseen starts, seeds 30000 and on; none of them is trained on
steps=0           of training; 0: those of `STEPS`
threads=1         of the simulation; the numbers do not depend on it
minutes=0         no cell is begun after so many; 0: no end
again=true        the first network's cell that is there is made once more: exit 1 where its bytes differ
markdown=FILE     the table as well

Each cell of the table (task, demonstrations, network, seed) is a line of `out/cells.jsonl`, with a key of all that it depends on:
settings, scene, this code, the bytes of the demonstrations. What is there is not made again, so a kill loses one cell.
Cells are made in the order of their cost: few demonstrations and the first seed first, all tasks in turn.
Training needs torch (`make policies`) and takes one thread, so that the same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
import itertools
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shiliu
from given_words import given_words, show
from imitation.cells import Table, cell_key, operator_key
from imitation.demonstrations import FIRST as FIRST_SHOWN
from imitation.demonstrations import MOST, Demonstration, Kept, TooFew
from imitation.task import Task
from imitation.training import Frames, Training, frames_of, train
from imitation.trials import (
    FIRST,
    SLOWER,
    Cloned,
    Commander,
    Nearest,
    Nothing,
    attempt,
    bytes_of,
    operated,
    summary,
)
from shiliu.replay.signals.statistics import wilson

TASKS = (
    "microwave.opened",
    "table_setting",
    "medication_serving.opened",
    "coil_separation.placed_s",
    "table_wiping.spoon_cleared",
    "parcel_sorting.pouch_sorted",
)
STEPS = {"chunked": 10000, "act": 5000}
BATCH = {"chunked": 256, "act": 64}
FLOORS = ("operator", "nothing", "nearest")  # beside the networks; without a training
SAID = {
    "operator": "scripted operator",
    "nothing": "does nothing",
    "nearest": "nearest demonstration",
    "chunked": "chunked network",
    "act": "small ACT",
    "pictures": "ACT from pictures",
}
DEFAULTS = {
    "out": "", "tasks": ",".join(TASKS), "demonstrations": "50,100", "networks": "chunked,act", "seeds": "3", "copies": "50",
    "steps": "0", "threads": "1", "minutes": "0", "again": "false", "markdown": "",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One cell of the table. `shown`: demonstrations, 0 for those who learn nothing."""

    task: str
    shown: int
    who: str
    seed: int


def cells_of(words: Mapping[str, str]) -> list[Cell]:
    """All cells that are asked for, the cheap ones first."""
    tasks, networks = words["tasks"].split(","), words["networks"].split(",")
    shown = sorted(map(int, words["demonstrations"].split(",")))
    beside = [Cell(task, shown[0] if who == "nearest" else 0, who, 0) for who in FLOORS for task in tasks]
    learned = [
        Cell(task, n, who, seed)
        for who, n, seed, task in itertools.product(networks, shown, range(int(words["seeds"])), tasks)
    ]
    learned.sort(key=lambda one: (one.seed > 0, one.shown * (3 if one.who == "act" else 1), one.seed))
    return [
        *(one for one in beside if one.who != "operator"),
        *learned,
        *(one for one in beside if one.who == "operator"),
    ]


class Room:
    """A task with its demonstrations; the frames of the last number of them are kept."""

    def __init__(self, task: str, out: Path):
        name, _, until = task.partition(".")
        self.scene, self.until = shiliu.load_scenario(name), until or None
        folder = out / "demonstrations" / f"{task}-{operator_key(self.scene)}"
        self.kept = Kept(folder, self.scene, self.until)
        self._shown: dict[int, list[Demonstration]] = {}
        self._last: tuple[int, Task, Frames] | None = None

    def shown(self, n: int) -> list[Demonstration]:
        if n not in self._shown:
            self._shown[n] = self.kept.first(n)
        return self._shown[n]

    def task(self, n: int, ahead: int) -> tuple[Task, Frames]:
        if self._last is None or self._last[0] != n:
            shown = self.shown(n)
            task = Task(self.scene, self.until, shown)
            self._last = n, task, frames_of(task, shown, ahead)
        return self._last[1:]

    def seconds(self, n: int) -> float:
        """[s] that a trial is given."""
        return SLOWER * max(len(one.actions) for one in self.shown(n)) * self.scene.control_timestep


def settings_of(cell: Cell, words: Mapping[str, str]) -> dict[str, Any]:
    """What a cell depends on beside scene, code and demonstrations."""
    found = {**asdict(cell), "copies": int(words["copies"])}
    if cell.who not in FLOORS:
        steps = int(words["steps"]) or STEPS[cell.who]
        found |= asdict(Training(cell.who, steps, BATCH[cell.who]))
    return found


def made(cell: Cell, room: Room, words: Mapping[str, str], least: int) -> dict[str, Any]:
    """A cell's row: trials, digests, what it took.

    Args:
        least: demonstrations by which those who learn nothing are set up and timed.
    """
    seeds, threads = range(FIRST, FIRST + int(words["copies"])), int(words["threads"])
    begun, took, weights = time.time(), {}, ""
    if cell.who == "operator":
        trials, clipped = operated(room.kept, seeds), 0.0
    else:
        settings = settings_of(cell, words)
        training = Training(**{k: settings[k] for k in Training.__dataclass_fields__ if k in settings})
        n = cell.shown or least
        task, frames = room.task(n, training.ahead)
        who: Commander
        if cell.who == "nothing":
            who = Nothing(room.scene)
        elif cell.who == "nearest":
            who = Nearest(room.shown(n))
        else:
            policy, took = train(task, frames, training, cell.seed)
            who, weights = Cloned(policy), policy.sha256()
        trials, clipped = attempt(task, who, seeds, room.seconds(n), frames, threads)
    came_out = hashlib.sha256(weights.encode() + bytes_of(trials)).hexdigest()[:16]
    return {
        **asdict(cell), **summary(trials), "outside": round(clipped, 4), "sha256": came_out, **took,
        "wall_s": round(time.time() - begun), "made_by": versions(),
    }  # fmt: skip


def versions() -> str:
    """Library and processor, on which the bits depend."""
    torch = sys.modules.get("torch")
    return f"torch {torch.__version__ if torch else '-'}, numpy {np.__version__}, {platform.machine()}"


def run(words: Mapping[str, str]) -> tuple[str, bool]:
    """The table, and whether a cell that was made again came out the same."""
    out, begun, limit = Path(words["out"]), time.time(), 60 * float(words["minutes"])
    table, rooms, rows = Table(out / "cells.jsonl"), dict[str, Room](), []
    least, again = min(map(int, words["demonstrations"].split(","))), words["again"] == "true"
    for cell in cells_of(words):
        if limit and time.time() - begun > limit:
            break
        room = rooms[cell.task] = rooms.get(cell.task) or Room(cell.task, out)
        try:
            data = [] if cell.who == "operator" else [one.sha256 for one in room.shown(cell.shown or least)]
        except TooFew as reason:
            print(reason, file=sys.stderr)
            continue
        key = cell_key(settings_of(cell, words), room.scene, data)
        row = table.find(key)
        once_more = again and row is not None and cell.who not in FLOORS
        if row is None or once_more:
            new = {"key": key, **made(cell, room, words, least)}
            if once_more:
                assert row is not None
                same = row["sha256"] == new["sha256"]
                text = f"{cell}: {'the same bytes' if same else 'other bytes'}, {row['sha256']} and {new['sha256']}"
                return text, same
            table.add(row := new)
            print(f"{cell.task} {cell.shown} {cell.who} {cell.seed}: {row['successes']} of {row['n']}", flush=True)
        rows.append(row)
    return "\n".join(lines(rows)), True


def lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Markdown: a line for each task, who acts, and number of demonstrations."""
    found = [
        "| task | who | demonstrations | success by training seed | in all (95 % Wilson) | fails in the skill | as |",
        "|---" * 7 + "|",
    ]
    place = list(SAID)
    order = sorted(rows, key=lambda row: (row["task"], place.index(row["who"]), row["shown"], row["seed"]))
    for (task, who, shown), group in itertools.groupby(order, lambda row: (row["task"], row["who"], row["shown"])):
        of = list(group)
        n, k = sum(row["n"] for row in of), sum(row["successes"] for row in of)
        low, high = wilson(k, n)
        parts = ", ".join(f"{row['successes']}/{row['n']}" for row in of)
        share = f"{k / n:.1%} ({low:.1%} to {high:.1%})"
        found.append(
            f"| {task} | {SAID[who]} | {shown or '–'} | {parts} | {share} | {_counts(of, 'skills')} | {_counts(of, 'failures')} |"
        )
    return found


def _counts(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    """`take.rim 3, lift 1`, the most frequent first."""
    total: dict[str, int] = {}
    for word, count in itertools.chain.from_iterable(row[name].items() for row in rows):
        total[word] = total.get(word, 0) + count
    return (
        ", ".join(f"{word} {count}" for word, count in sorted(total.items(), key=lambda one: (-one[1], one[0]))) or "–"
    )


def main() -> int:
    """Exit 0 when all was made, 1 where a cell came out otherwise, 2 where it was asked wrongly."""
    words = given_words(DEFAULTS, sys.argv[1:], ["out"])
    if words is None or not set(words["networks"].split(",")) <= set(STEPS):
        print(__doc__, file=sys.stderr)
        return 2
    if FIRST_SHOWN + MOST * max(map(int, words["demonstrations"].split(","))) > FIRST:
        print("So many demonstrations would reach the seeds of the trials.", file=sys.stderr)
        return 2
    try:
        import torch

        torch.set_num_threads(1)
    except ImportError:
        print("torch is not installed: make policies", file=sys.stderr)
        return 2
    text, same = run(words)
    show(text, words["markdown"])
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
