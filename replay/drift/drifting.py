"""A corpus played under the installed engine, take by take; what is done is on disk, so that a run goes on where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ...scenarios.sheet.errors import EpisodeError, ShiliuError
from ...scenarios.sheet.json_reader import json_of
from ..formats import read
from ..line.digest import digest_of, file_digest
from ..line.key import judge_digest
from ..recording.recording import Recording
from .comparing import KeptDifference, compare
from .kept_take import ARRAYS, KeptTake, kept_names, machine, read_take
from .outcome import broken, elsewhere_of, outcome_of
from .whole_set import opened

LINES = "drift.jsonl"


def names_in(corpus: Path, wanted: Sequence[str] = ()) -> list[str]:
    """Names of the takes of a corpus, then `FOLDER/NAME` of those one folder down; a word stands for all takes that begin so.

    Raises:
        EpisodeError: there is no such folder, no take in it, or none of a wanted name.
    """
    inner = sorted(one.name for one in corpus.iterdir() if one.is_dir()) if corpus.is_dir() else []
    names = [*kept_names(corpus), *(f"{folder}/{name}" for folder in inner for name in kept_names(corpus / folder))]
    if not names:
        problem = "holds no kept take. Keep some first: shiliu drift corpus=DIR data=DATASET."
        raise EpisodeError(problem, file=corpus, field="corpus")
    for word in wanted:
        if not any(_of(name, word) for name in names):
            raise EpisodeError(f"{word!r} is no take here. Known: {', '.join(names)}.", file=corpus, field="takes")
    return [name for name in names if not wanted or any(_of(name, word) for word in wanted)]


def drift(corpus: Path, names: Sequence[str], out: Path | None = None) -> Iterator[dict[str, Any]]:
    """The line of each take (see `outcome_of`), with `key` and `seconds`, in the order of the names.

    Args:
        out: folder with the lines of an earlier run; what has the same take, engine, machine and code is not played again.
    """
    done = _done(out / LINES) if out is not None else {}
    torn = out is not None and (out / LINES).is_file() and not (out / LINES).read_bytes().endswith(b"\n")
    of_all = digest_of(judge_digest(), dict(machine()), [file_digest(one) for one in sorted(Path(__file__).parent.glob("*.py"))])
    for name in names:
        files = [corpus / f"{name}.json", *(corpus / f"{name}.{array}.parquet" for array in ARRAYS)]
        key = digest_of(of_all, name, [file_digest(one) if one.is_file() else None for one in files])
        if key in done:
            yield done[key]
            continue
        began = time.monotonic()
        line = {"key": key, **line_of(corpus, name), "seconds": round(time.monotonic() - began, 1)}
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            with (out / LINES).open("a", encoding="utf-8") as file:
                file.write("\n" * torn + json.dumps(line, ensure_ascii=False) + "\n")
            torn = False
        yield line


def line_of(corpus: Path, name: str) -> dict[str, Any]:
    """One take against today; what stops it is the `error` of its line, and stops no other take."""
    try:
        take = read_take(name, corpus)
        period = take.scene().control_timestep
        found, now = compare(take, ["bits", "verdict"])
        elsewhere = elsewhere_of(take, machine())
        found = [*found, *(KeptDifference(name, "bits", text) for text in unread(take, (corpus / name).parent))]
        return {**outcome_of(take, now, found, period), "elsewhere": elsewhere}
    except Exception as error:  # a take that today cannot play is what a drift is to report
        why = str(error) if isinstance(error, ShiliuError) else repr(error)
        return broken(name, " ".join(why.split()))


def unread(take: KeptTake, folder: Path) -> Iterator[str]:
    """What today's reader finds otherwise in the data set that a take of a folder came from, where that was kept as it was written."""
    if take.written is None:
        return
    with opened(folder / take.written) as data:
        one = next(islice(read(data), take.episode_index, None), None)
    episode = one.episode if isinstance(one, Recording) else None
    if episode is None:
        yield f"{take.written}: episode {take.episode_index} cannot be read any more"
        return
    if not np.array_equal(episode.actions.view(np.uint32), take.actions.view(np.uint32)):
        yield f"{take.written}: its actions are read otherwise than they were kept"
    for what, before, after in (
        ("draw", dict(take.draw["values"]), episode.draw["values"]),
        ("label", dict(take.label), episode.label),
        ("segments", list(take.segments), episode.segments),
    ):
        if before != after:
            yield f"{take.written}: its {what} is read otherwise than it was kept"


def _done(file: Path) -> dict[str, dict[str, Any]]:
    """Lines of an earlier run by their key; a torn last line is passed over."""
    found: dict[str, dict[str, Any]] = {}
    for text in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        try:
            line = json_of(text)
            found[line["key"]] = line
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _of(name: str, word: str) -> bool:
    """Whether a word stands for a take: its name, the beginning of it up to a dot, or the folder that it lies in."""
    return name == word or name.startswith((f"{word}.", f"{word}/"))
