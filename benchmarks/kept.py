"""Keep one take of each scenario and variant, and hold it against today: actions, bits and verdict.

    python benchmarks/kept.py make    [scenario=NAME,NAME.VARIANT] [seeds=1:4] [update=verdict] [folder=DIR]
    python benchmarks/kept.py compare [scenario=NAME,NAME.VARIANT] [what=bits,verdict] [folder=DIR]

`make` performs the chain of every scenario and variant that has none yet, with the first of `seeds` that succeeds and is
FEASIBLE, else with the best of them (success counts before the verdict). What is there is skipped, so that an interrupted run goes on.
`update=` makes parts of the kept takes again, and prints what changes: `verdict` where the judge was changed on purpose, `bits,verdict`
where the physics was, `actions,bits,verdict` where the operator was, or what a seed draws (the seed stays). A verdict is not renewed
on bits that differ from those kept.

`compare` has three questions, and names the answer of each:
- `actions`: does the operator perform the same chain with the same actions (slow, so it must be asked for)?
- `bits`: do the kept actions bring about the same states, observations and subgoals, to the bit?
- `verdict`: does the judge say the same of the kept take, to six figures?

One line for each difference, then a table. A scenario's own name stands for it and all its variants. Exit 0: nothing differs.
1: something does. 3: something does, but the take was made with another engine, library or kind of processor, which the lines name;
bits are then no evidence. 2: usage.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import shiliu
from given_words import given_words
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from shiliu.replay.drift.comparing import (
    WHAT,
    KeptDifference,
    compare,
    differences,
    judged,
    same_course,
    scene_of_today,
)
from shiliu.replay.drift.kept_take import (
    FOLDER,
    KeptTake,
    kept_names,
    machine,
    name_of,
    play_bits,
    read_take,
    write_take,
)
from shiliu.replay.operator.operator import perform
from shiliu.replay.rollout.episode import episode_of
from shiliu.scenarios.catalog.catalog import list_scenarios, list_variants
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.sheet.errors import EpisodeError, ShiliuError

LAST = ("coil_separation", "bedside_care", "cooking", "laundry_folding")  # the slowest
DEFAULTS = {
    "make": {"scenario": "", "seeds": "1:4", "update": "", "folder": str(FOLDER)},
    "compare": {"scenario": "", "what": "bits,verdict", "folder": str(FOLDER)},
}
CONF = Path(shiliu.__file__).resolve().parent / "conf"


def takes() -> dict[str, tuple[str, str | None]]:
    """Name -> scenario and variant of all that has a chain of skills, the slowest last."""
    own = [name for name, file in list_scenarios().items() if file.resolve().is_relative_to(CONF) and name != "bare"]
    own = sorted(own, key=lambda name: (name in LAST and LAST.index(name) + 1, name))
    return {name_of(name, variant): (name, variant) for name in own for variant in (None, *list_variants(name))}


def chosen(words: str, names: Sequence[str]) -> list[str]:
    """The names that `scenario=` chooses; all where nothing is said.

    Raises:
        ShiliuError: a word chooses none.
    """
    wanted = [word for word in words.split(",") if word]
    for word in wanted:
        if not any(name == word or name.partition(".")[0] == word for name in names):
            raise EpisodeError(f"There is no {word!r}. Known: {', '.join(names)}.", field="scenario")
    return [name for name in names if not wanted or name in wanted or name.partition(".")[0] in wanted]


def asked(words: str, field: str) -> list[str]:
    """Which of actions, bits and verdict are named, in that order.

    Raises:
        ShiliuError: one is none of them.
    """
    named = [word for word in words.split(",") if word]
    for word in named:
        if word not in WHAT:
            raise EpisodeError(f"{word!r} is none of {', '.join(WHAT)}.", field=field)
    return [one for one in WHAT if one in named]


def seeds_of(words: str) -> range:
    """`1:4` is 1, 2 and 3; `7` is 7 alone.

    Raises:
        ShiliuError: it is neither.
    """
    begin, colon, end = words.partition(":")
    if not (begin.isdecimal() and (end.isdecimal() if colon else True)) or (colon and int(end) <= int(begin)):
        raise EpisodeError(f"{words!r} is no range of seeds such as 1:4, and no seed such as 7.", field="seeds")
    return range(int(begin), int(end) if colon else int(begin) + 1)


def make(scenario: str, variant: str | None, seeds: Sequence[int]) -> KeptTake:
    """Perform a scenario with the first seed that does it lawfully, and keep it; see the module."""
    scene = shiliu.load_scenario(scenario, variant=variant).judged
    best, rank, here = None, -1, machine()
    for seed in seeds:
        start = draw(scene, seed)
        (done,) = perform(scene, [start], [seed])
        episode = episode_of(scene, done)
        _, bits = play_bits(scene, start, episode.actions)
        take = KeptTake(
            scenario=scenario,
            variant=variant,
            seed=seed,
            draw=episode.draw,
            episode={**scene_of_today(scene), "provenance": episode.provenance},
            label=episode.label,
            segments=episode.segments,
            action_names=episode.action_names,
            actions=episode.actions,
            bits=bits,
            made_on=dict.fromkeys(WHAT, here),
        )
        take = replace(take, verdict=judged(take, scene, episode))
        good = 2 * int(episode.label["success"]) + int(take.verdict["verdict"]["verdict"] == "FEASIBLE")
        if good > rank:
            best, rank = take, good
        if rank == 3:
            break
    assert best is not None
    return best


def update(take: KeptTake, what: Sequence[str]) -> tuple[list[KeptDifference], KeptTake]:
    """Make parts of a take again: what changes, and the take with it.

    Raises:
        ShiliuError: a verdict alone is asked for, and the bits are no longer those it would stand on.
    """
    if "actions" in what:
        now = make(take.scenario, take.variant, [take.seed])
        return list(differences(take, now, list(WHAT), take.scene().control_timestep)), now
    found, now = compare(take, ["bits", *(one for one in what if one != "bits")])
    if "bits" in what:
        return found, replace(now, draw=take.draw)
    if not same_course(take, now.bits) or now.label != take.label:
        raise EpisodeError(
            "its bits differ from those kept, so that its verdict would be of another course: update=bits,verdict."
        )
    found = [one for one in found if one.what == "verdict"]
    return found, replace(take, verdict=now.verdict, made_on={**take.made_on, "verdict": now.made_on["verdict"]})


def comparing(
    names: Sequence[str], what: Sequence[str], folder: Path = FOLDER
) -> Iterator[tuple[str, list[KeptDifference]]]:
    """Name and differences of each take; one that cannot be read or rebuilt differs in all that was asked."""
    for name in names:
        try:
            yield name, compare(read_take(name, folder), what)[0]
        except Exception as error:  # what breaks one take is a difference of it; the others are compared all the same
            why = " ".join((str(error) if isinstance(error, ShiliuError) else repr(error)).split())
            yield name, [KeptDifference(name, one, f"cannot be compared: {why}") for one in what]


def table_of(found: Mapping[str, Sequence[KeptDifference]], what: Sequence[str]) -> Table:
    """A row a take, a column for operator, physics and judge: the same, or how many differences."""
    table = Table("take", *(WHAT[one] for one in WHAT))
    for name, several in found.items():
        counts = Counter(one.what for one in several)
        table.add_row(
            name, *("–" if one not in what else f"{counts[one]} differ" if counts[one] else "the same" for one in WHAT)
        )
    return table


def progress() -> Progress:
    """A bar on a terminal, silence elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def run_make(words: Mapping[str, str]) -> int:
    """Make what is missing, or update what is there."""
    known, what = takes(), asked(words["update"], "update")
    seeds, folder = seeds_of(words["seeds"]), Path(words["folder"])
    names = chosen(words["scenario"], list(known))
    wanted = [name for name in names if (name in kept_names(folder)) == bool(what)]
    if not wanted:
        print("none of these is kept yet: `make` without update=" if what else "all of these are kept already")
    failed = 0
    with progress() as bar:
        task = bar.add_task("making", total=len(wanted))
        for name in wanted:
            bar.update(task, description=name)
            try:
                if what:
                    found, take = update(read_take(name, folder), what)
                    print("\n".join(map(str, found)) or f"{name}  nothing changes", flush=True)
                else:
                    take = make(*known[name], seeds)
                    print(
                        f"{name}  seed {take.seed}, {len(take.actions)} steps, {take.verdict['verdict']['verdict']}",
                        flush=True,
                    )
                write_take(take, folder)
            except ShiliuError as error:
                failed += 1
                print(f"{name}  not made: {' '.join(str(error).split())}", flush=True)
            bar.advance(task)
    return 1 if failed else 0


def run_compare(words: Mapping[str, str]) -> int:
    """Print what differs."""
    what, known = asked(words["what"], "what"), list(takes())
    folder = Path(words["folder"])
    kept = kept_names(folder)
    names = chosen(words["scenario"], sorted({*known, *kept}, key=[*known, *kept].index))
    found: dict[str, list[KeptDifference]] = {}
    with progress() as bar:
        task = bar.add_task("comparing", total=len(names))
        for name, several in comparing(names, what, folder):
            found[name] = several
            for one in several:
                print(one, flush=True)
            bar.advance(task)
    Console().print(table_of(found, what))
    every = [one for several in found.values() for one in several]
    elsewhere = sorted({one.elsewhere for one in every if one.elsewhere})
    if elsewhere:
        print("Made on another machine, so that bits may differ for that alone: " + "; ".join(elsewhere))
    return 0 if not every else 3 if all(one.elsewhere for one in every) else 1


def main(words: Sequence[str]) -> int:
    verb = words[0] if words else ""
    given = given_words(DEFAULTS.get(verb, {}), words[1:])
    if verb not in DEFAULTS or given is None:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return run_make(given) if verb == "make" else run_compare(given)
    except ShiliuError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
