"""How a real device follows its commands: measured on clean takes, and written for the judge.

    python benchmarks/following.py data=FOLDER,FOLDER out=conf/following

data=   sets of clean takes, read by a mapping of ours; each with so many takes that, one left out, none is unusual among the others
out=    folder; a file a mapping
check=  leave one out: times what is usual of the others that each take reaches, the largest first, instead of writing

A file holds for each channel the centre and the reach of each number of `residual/habits`. No value of a take is in it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from given_words import given_words
from learning_drives import drives_of
from learning_drives import left_out as beside_drives
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording
from shiliu.replay.residual.computed_part import KINDS
from shiliu.replay.residual.encoder_steps import steps_of
from shiliu.replay.residual.habits import habits
from shiliu.replay.residual.planned import HEADS
from shiliu.replay.residual.table import Group, table_of
from shiliu.replay.residual.usual import CENTRED, FREE, GRAINS, RATE, Usual, far_of, reach_of

DEFAULTS = {"data": "", "out": "conf/following", "check": ""}
FIGURES = 3  # significant
# takes, to know what is usual: among 5 others a clean take reaches 6 times what they show, among 19 of them 1.9
ENOUGH = 7
POOLED = 90.0  # percentile of what is usual of the channels of a kind, below which a channel's own is not believed

Numbers = Mapping[str, Mapping[str, float]]  # channel -> word -> value


@dataclass(frozen=True)
class TakeHabits:
    """The numbers of a take, by which others are held against it: `joints` and `hands`, rows a second."""

    rate: float
    joints: Numbers
    hands: Numbers
    groups: Sequence[Group] = ()


def taken(groups: Sequence[Group]) -> TakeHabits | None:
    """The numbers of a take; None where nothing is commanded and measured."""
    found: tuple[dict[str, Mapping[str, float]], dict[str, Mapping[str, float]]] = ({}, {})
    for group in groups:
        for one in habits(group):
            found[group.hands][one.channel.name] = {word: habit.value for word, habit in one.of.items()}
    return TakeHabits(1.0 / groups[0].dt, *found, groups) if any(found) else None


def learnt(takes: Sequence[TakeHabits]) -> Usual | None:
    """What is usual among takes; None of fewer than `ENOUGH`."""
    if len(takes) < ENOUGH:
        return None
    rate = float(np.median([take.rate for take in takes]))
    takes = [take for take in takes if abs(take.rate / rate - 1.0) <= RATE]
    of: dict[str, dict[str, tuple[float, float]]] = {}
    for hands in (False, True):
        every = [take.hands if hands else take.joints for take in takes]
        for word in sorted({word for numbers in every for own in numbers.values() for word in own}):
            found = {}
            for name in {name for numbers in every for name in numbers}:
                x = [numbers[name][word] for numbers in every if word in numbers.get(name, ())]
                if len(x) >= ENOUGH - 1:
                    centre = float(np.median(x)) if word in CENTRED else float(np.min(x)) if word == "way" else 0.0
                    found[name] = (centre, float(np.abs(np.array(x) - centre).max()))
            least = float(np.percentile([reach for _, reach in found.values()], POOLED)) if found else 0.0
            for name, (centre, reach) in found.items():
                of.setdefault(name, {})[word] = (centre, max(reach, least))
    return Usual(len(takes), rate, of) if of else None


def encoders_of(takes: Sequence[TakeHabits]) -> dict[str, dict[str, float]]:
    """Channel -> kind of column -> the step in which its encoder counts, of those that are on it in every row of every take."""
    columns: dict[tuple[str, str], list[np.ndarray]] = {}
    for group in (group for take in takes for group in take.groups if group.same_rows):
        for channel in group.channels:
            for kind in set(KINDS) & set(channel.columns):
                columns.setdefault((channel.name, kind), []).append(channel.columns[kind])
    found: dict[str, dict[str, float]] = {}
    for (name, kind), of in sorted(columns.items()):
        steps = [one.step for x in (np.concatenate(of), *of) if (one := steps_of(x)) is not None]
        fits = [step for step in steps if all(steps_of(x, step).on.all() for x in of)]
        if fits:
            found.setdefault(name, {})[kind] = fits[0]
    return found


def takes_of(folder: Path) -> tuple[str, list[TakeHabits]]:
    """The mapping that reads a set, and the habits of its takes."""
    found, mapping = [], ""
    for take in read(folder):
        if not isinstance(take, Recording):
            continue  # a set may be a part of one that was larger
        mapping = take.mapping or mapping
        one = taken(table_of(take).groups)
        if one is not None:
            found.append(one)
    return mapping, found


def written(usual: Usual, of: str) -> str:
    """The file's text."""
    words = sorted({word for one in usual.of.values() for word in one})
    lines = [
        f"# How this device follows its commands, measured on {usual.takes} clean takes of {of}: centre and reach of each number.",
        "# Written by benchmarks/following.py. What the words mean: replay/residual/habits.py.",
        f"takes: {usual.takes}",
        f"rate: {usual.rate:.{FIGURES}g}",
        f"words: [{', '.join(words)}]",
        "channels:",
    ]
    for name, own in sorted(usual.of.items()):
        cells = (f"[{own[w][0]:.{FIGURES}g}, {own[w][1]:.{FIGURES}g}]" if w in own else "null" for w in words)
        lines.append(f"  {name}: [{', '.join(cells)}]")
    if usual.drives:
        lines += [f"# of drives that plan their way: {', '.join(HEADS)}", "drives:"]
        lines += [f"  {name}: [{', '.join(f'{x:.{FIGURES}g}' for x in drive.numbers())}]" for name, drive in sorted(usual.drives.items())]
    if usual.steps:
        lines += [f"# steps of encoders: {', '.join(KINDS)}", "steps:"]
        lines += [f"  {name}: [{', '.join(f'{own[k]:.10g}' if k in own else 'null' for k in KINDS)}]" for name, own in usual.steps.items()]
    return "\n".join(lines) + "\n"


def left_out(takes: list[TakeHabits]) -> list[tuple[float, int, str, str]]:
    """(times, take, channel, word) of each number of each take beside those of the others, the largest first."""
    found = []
    for k, take in enumerate(takes):
        usual = learnt(takes[:k] + takes[k + 1 :])
        for hands, numbers in ((False, take.joints), (True, take.hands)):
            for name, own in numbers.items():
                for word, value in own.items():
                    known = usual.of.get(name, {}).get(word) if usual is not None else None
                    if known is not None and not (hands and word in FREE) and word not in (*GRAINS, "way"):
                        found.append((abs(value - known[0]) / reach_of(word, known[1], hands), k, name, word))
    return sorted(found, reverse=True)


def main() -> int:
    """Exit 0; 2 where it was asked wrongly."""
    given = given_words(DEFAULTS, sys.argv[1:], ("data",))
    if given is None or not given["data"]:
        print(__doc__, file=sys.stderr)
        return 2
    for folder in map(Path, given["data"].split(",")):
        mapping, takes = takes_of(folder)
        usual = learnt(takes)
        if usual is None:
            print(f"{folder.name}: {len(takes)} takes are too few", file=sys.stderr)
            continue
        out = left_out(takes)
        for times, k, name, word in out[:12] if given["check"] else ():
            print(f"{folder.name} take {k}: {name} {word} {times:.2f}")
        of_drives = beside_drives([take.groups for take in takes], ENOUGH - 1)
        for k, one in of_drives if given["check"] else ():
            print(f"{folder.name} take {k}: {', '.join(one.channels)} astray by {one.size:.3f}, {'FAIL' if one.certain else 'WARN'}")
        if any(times > far_of(word, False) for times, _, _, word in out) or any(one.certain for _, one in of_drives):
            print(f"{folder.name}: its takes differ too much from one another", file=sys.stderr)
        elif not given["check"]:
            Path(given["out"]).mkdir(parents=True, exist_ok=True)
            usual = replace(usual, drives=drives_of([take.groups for take in takes], ENOUGH - 1), steps=encoders_of(takes))
            (Path(given["out"]) / f"{mapping}.yaml").write_text(written(usual, folder.name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
