"""Going on with a dataset that is there: what is committed in it, and how new files come into it.

New episodes are new files; no file that holds an episode is ever opened for writing again. They are written beside the
set, then moved in one by one, and `info.json`, which says how many episodes there are, is replaced last: that is the
commit. Killed before it, the set is what it was, for `read` ignores files of episodes that `info.json` does not count,
and the next append clears them away. Killed between the last two moves, `stats.json` already counts the new episodes; the
next append notices and computes it anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ....scenarios.sheet.errors import EpisodeError
from ...recording.metadata import no_columns
from . import layout
from .contract import NAME as CONTRACT
from .own import Dataset, mendable
from .tables import readable

_NUMBERED = {  # which of our files carry a number, and whether it is that of a file or of an episode
    "data": (re.compile(r"chunk-(\d+)/file-(\d+)\.parquet"), "data"),
    "meta/episodes": (re.compile(r"chunk-(\d+)/file-(\d+)\.parquet"), "table"),
    "videos": (re.compile(r"[^/]+/chunk-(\d+)/file-(\d+)\.mp4"), "episode"),
    "shiliu/episodes": (re.compile(r"()episode_(\d+)\.(?:json|npz)"), "episode"),
    layout.APPENDS: (re.compile(r"()from_(\d+)\.json"), "episode"),
}


@dataclass(frozen=True)
class Committed:
    """What a set holds before something is added to it.

    Attributes:
        root: its folder.
        content: `info.json` to the byte, to see whether somebody else changed it meanwhile.
        rows: of its episodes.
        tasks: sentences by their index.
        features: names of all columns and pictures.
        frames: number of them.
        files: running number of the last file of frames, and of the last table of episodes.
        tables: the tables of episodes.
    """

    root: Path
    content: bytes
    rows: list[dict[str, Any]]
    tasks: list[str]
    features: set[str]
    frames: int
    files: dict[str, int]
    tables: list[Path]

    def seeds(self, fingerprint: str) -> set[int]:
        """Seeds of the episodes of one scene."""
        return {row["shiliu/seed"] for row in self.rows if row.get("shiliu/fingerprint") == fingerprint}

    def policies(self) -> dict[str, str]:
        """Policies of users that moved the legs in its episodes: sha256 -> name of the file."""
        configs = [Dataset.json_file(path, "resolved scenario") for path in sorted((self.root / "shiliu/configs").glob("*.json"))]
        kept = [config["legs"] for config in configs if isinstance(config.get("legs"), dict)]
        return {str(of.get("sha256")): str(of.get("file")) for of in kept}

    def statistics(self) -> Iterator[dict[str, dict[str, np.ndarray]]]:
        """Statistics of all that is committed: of the set, or, where those count anything else, of each episode."""
        try:
            known = Dataset.json_file(self.root / layout.STATS, "statistics")
            if set(known) == self.features and known["index"]["count"] == [self.frames]:
                yield {
                    name: {key: np.array(value) for key, value in of_feature.items()}
                    for name, of_feature in known.items()
                }
                return
        except (EpisodeError, KeyError, TypeError, AttributeError):
            pass  # torn or mixed up: the episodes have their own
        for path in self.tables:
            with mendable(path, "table of episodes"):
                table = pq.read_table(readable(path))
            for row in table.select([n for n in table.column_names if n.startswith("stats/")]).to_pylist():
                found: dict[str, dict[str, np.ndarray]] = {}
                for name, value in row.items():
                    feature, _, key = name.removeprefix("stats/").rpartition("/")
                    found.setdefault(feature, {})[key] = np.array(value)
                yield found

    def leftovers(self) -> list[Path]:
        """Files of episodes that `info.json` does not count: a run that was killed left them."""
        last = {**self.files, "episode": len(self.rows) - 1}
        found = []
        for folder, (pattern, what) in _NUMBERED.items():
            for path in sorted((self.root / folder).rglob("*")):
                match = pattern.fullmatch(path.relative_to(self.root / folder).as_posix())
                if match and int(match[1] or 0) * layout.CHUNKS_SIZE + int(match[2]) > last[what]:
                    found.append(path)
        return found


def committed(root: Path, features: Mapping[str, Any], fps: int, robot_type: str) -> Committed:
    """Open a set of ours to add to it.

    Args:
        root: its folder.
        features: as they will stand in `info.json`, without LeRobot's own; fps, robot_type: the same.

    Raises:
        EpisodeError: it is no set of ours, it is broken, or what shall be added has other features, naming each.
    """
    dataset = Dataset(root, root.name)
    if dataset.imported:
        raise EpisodeError(
            "is a set of imported recordings; episodes of the simulation go into a set of their own.",
            file=root,
            field="out",
        )
    known = {name: layout.with_unit_text(feature) for name, feature in dataset.info["features"].items()}
    differing = _differing(known, {**features, **layout.DEFAULT_FEATURES})
    for key, value in (("fps", fps), ("robot_type", robot_type)):
        if dataset.info.get(key) != value:
            differing.append(f"{key} is {dataset.info.get(key)!r} there and {value!r} here")
    if differing:
        raise EpisodeError(
            f"these episodes do not fit into the set: {'; '.join(differing)}. Record them into a set of their own.",
            file=dataset.info_path,
            field="features",
        )
    lacking = sorted(set(no_columns()) - set().union(*dataset.rows[:1]))
    if lacking:
        raise EpisodeError(
            f"an older shiliu wrote this set: its table of episodes has no {', '.join(lacking)}. "
            "Record into a set of its own.",
            file=root,
            field="meta/episodes",
        )
    with mendable(root / layout.TASKS, "table of tasks"):
        table = pq.read_table(readable(root / layout.TASKS)).to_pydict()
        tasks = dict(zip(table["task_index"], table["task"]))
        sentences = [str(tasks[i]) for i in range(len(tasks))]
    chunk = [row["data/chunk_index"] * layout.CHUNKS_SIZE + row["data/file_index"] for row in dataset.rows]
    number = re.compile(r".*chunk-(\d+)/file-(\d+)\.parquet")
    tables = [number.fullmatch(path.as_posix()) for path in dataset.tables]
    return Committed(
        root=root,
        content=dataset.content,
        rows=dataset.rows,
        tasks=sentences,
        features=set(dataset.info["features"]),
        frames=dataset.info["total_frames"],
        files={
            "data": max(chunk),
            "table": max(int(m[1]) * layout.CHUNKS_SIZE + int(m[2]) for m in tables if m),
        },
        tables=dataset.tables,
    )


def _differing(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """How two tables of features differ, in words; their order counts for nothing."""
    found = [f"{name} is only there" for name in there if name not in here]
    found += [f"{name} is only here" for name in here if name not in there]
    for name in here:
        for key in {**there.get(name, {}), **here[name]} if name in there else ():
            if there[name].get(key) != here[name].get(key):
                found.append(f"{name}.{key} differs{_where(there[name].get(key), here[name].get(key))}")
    return found


def _where(there: Any, here: Any) -> str:
    """The first element in which two lists differ."""
    if not isinstance(there, list) or not isinstance(here, list):
        return f" ({there!r} there, {here!r} here)"
    if len(there) != len(here):
        return f" ({len(there)} elements there, {len(here)} here)"
    i = next(i for i, (a, b) in enumerate(zip(there, here)) if a != b)
    return f" at element {i} ({there[i]!r} there, {here[i]!r} here)"


def move_in(staged: Path, base: Committed) -> None:
    """Move finished files into the set, `info.json` last.

    A stock LeRobot that reads meanwhile globs for files: a row of the episode's table stands before its frames do, and
    its task before both.

    Raises:
        EpisodeError: the set was changed since it was opened. Whatever stops it before the commit, what was moved in is
            taken out again.
    """
    root = base.root
    names = sorted(path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file())
    order = (CONTRACT, "meta/tasks", "shiliu/", "videos/", "meta/episodes/", "data/", "meta/stats", "meta/info")
    names.sort(key=lambda name: next(i for i, prefix in enumerate(order) if name.startswith(prefix)))
    for name in names:
        _settle(staged / name)
    if (root / layout.INFO).read_bytes() != base.content:
        raise EpisodeError(
            "was changed by somebody else meanwhile. Run the command again; finished episodes are kept.",
            file=root / layout.INFO,
        )
    for path in base.leftovers():
        path.unlink()
    shared = (layout.TASKS, layout.STATS)
    before = {name: (root / name).read_bytes() for name in shared if (root / name).is_file()}
    moved: list[Path] = []
    try:
        for name in names:
            target = root / name
            if name.startswith("shiliu/configs/") and target.exists():
                continue  # named by its content
            target.parent.mkdir(parents=True, exist_ok=True)
            if name not in (*shared, layout.INFO):
                moved.append(target)
            os.replace(staged / name, target)
    except BaseException:
        # else it is committed, and an interrupt came a moment late
        if (root / layout.INFO).read_bytes() == base.content:
            for path in moved:
                path.unlink(missing_ok=True)
            for name, content in before.items():
                (staged / "old").write_bytes(content)
                os.replace(staged / "old", root / name)
        raise


def _settle(path: Path) -> None:
    """Have the disk hold a file before its name is known, so that a power cut leaves no commit of empty files."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
