"""HDF5 as robosuite and robomimic write it: a group `data` with one group `demo_k` an episode; or one episode a file, at the
root, as ALOHA and others write it.

Only what lies in the file itself is read: links to other files, virtual and externally stored datasets are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ....scenarios.sheet.errors import EpisodeError, shown
from ...recording.features import units_of
from ...recording.recording import Recording, Unreadable
from ..lerobot.layout import content_sha256
from ..reader_errors import refuse_empty
from ..records import natural
from .array_episode import (
    MAX_CHANNELS,
    MAX_EPISODE_BYTES,
    ArrayEpisode,
    episode_pattern,
    mendable,
    numbers,
    one_by_one,
    recording_of,
)
from .hdf5_texts import listed_texts, lists_of_texts, names_of_columns, unit_of
from .mapped_columns import width_of
from .robosuite import mapping_of

EPISODES = "data/demo_*"  # where robosuite and robomimic keep their episodes
ROOT = "/"  # the pattern of a file that holds one episode
PICTURES = "images"  # a group of them
TOTAL = "total"  # robomimic's count of all rows
MASKS = "mask"  # robomimic's lists of episodes
MAX_LIST_BYTES = 1 << 26  # of one of them
COUNTS = ("num_samples", "total_steps")  # of an episode's actions, as robomimic and Minari call it
MAX_DEPTH = 8
MAX_EPISODES = 1_000_000
PACKED = 1100  # gzip packs no tighter
BELIEVED_BYTES = 1 << 14  # stored bytes that a dataset of nothing but its fill value is believed to have
TEXTS = ("model_file", "env_args", "env_info", "env")
MAX_TEXT = 2000  # characters of an attribute that go into the metadata; of longer ones (a whole MJCF) the hash


@dataclass(frozen=True)
class Kind:
    """How a family of HDF5 files keeps its episodes.

    Attributes:
        format: the mapping's word; container: a reader's words.
        episodes: pattern of the groups that hold an episode each, where no mapping names one.
        root: whether a file without such groups may be one episode.
        arranged: what is done to the arrays of an episode before a mapping sees them.
    """

    format: str
    container: str
    episodes: str
    root: bool = False
    arranged: Callable[[ArrayEpisode], None] = lambda episode: None


PLAIN = Kind("hdf5", "HDF5 file", EPISODES, root=True)


def read(
    path: Path,
    source: str,
    mapping: str | Path | None = None,
    fps: float | None = None,
    kind: Kind = PLAIN,
    stem: str | None = None,
    about: dict[str, Any] | None = None,
) -> Iterator[Recording | Unreadable]:
    """The episodes of a file, in the order of their numbers.

    Args:
        path: an `.hdf5` or `.h5` file.
        source: what `Recording.source` says before `#demo_k`.
        mapping: name or file of the mapping; None chooses by the datasets of each episode.
        fps: rows a second, for episodes without times.
        kind: which family of files it is.
        stem: what the episodes' names begin with; the folder's name where None.
        about: what else is known of all episodes, for their metadata.

    Raises:
        EpisodeError: no HDF5 file, no episode in it, or none of its episodes is readable.
    """
    with mendable(path, "HDF5 file"):
        refuse_empty(path)
        file = h5py.File(path, "r")
    with file:
        with mendable(path, "HDF5 file"):
            patterns = list(dict.fromkeys([*episode_pattern(kind.format, mapping), kind.episodes]))
            groups, linked = _episodes(file, patterns)
            if not groups and not linked and kind.root and _is_one_episode(file):
                groups = [ROOT]
            above = [file, *([file["data"]] if isinstance(file.get("data"), h5py.Group) else [])]
            attributes = {key: value for group in above for key, value in _attributes(group).items()} | (about or {})
            total = _total(file, groups) if groups else None
            texts = {key: value for group in above for key, value in _texts(group).items()}
            lists = {key: value for group in above for key, value in lists_of_texts(group).items()}
        if not groups and linked:
            raise _is_link(linked[0], path)
        if not groups:
            listed = ", ".join(list(file)[:5])
            if not listed:
                raise EpisodeError(
                    f"the {kind.container} is empty: it was opened, and no episode was ever saved. Record again, or leave it out.",
                    file=path,
                )
            raise EpisodeError(
                f"the {kind.container} holds no episode {', '.join(patterns)}, only {listed}. It is no such recording; a mapping of "
                "your own may name another pattern under episodes.",
                file=path,
            )

        def make(group: str, name: str, here: str) -> Recording:
            with mendable(path, f"episode {group}"):
                episode = _episode(file[group], name, here, path, attributes, kind)
                episode.texts |= texts | _texts(file[group])
                episode.labels = lists | lists_of_texts(file[group]) | episode.labels
                if total is not None:
                    episode.notes.append(f"{total[0]} rows are announced in all ({TOTAL}), {total[1]} are here")
                kind.arranged(episode)
            return recording_of(episode, mapping, fps, mapping_of)

        if groups == [ROOT]:
            yield make(ROOT, stem or shown(path.stem), source)
            return
        first = stem or shown(path.resolve().parent.name)
        shorts = ((group, group.rpartition("/")[2]) for group in groups)
        named = ((group, f"{first}_{short}", f"{source}#{short}") for group, short in shorts)
        yield from one_by_one((name, here, partial(make, group, name, here)) for group, name, here in named)
        with mendable(path, "list of episodes"):
            absent = _absent(file, [*groups, *linked])
        for group in linked:
            short = group.rpartition("/")[2]
            yield Unreadable(f"{first}_{shown(short)}", f"{source}#{shown(short)}", _is_link(group, path))
        for group, short in absent:
            message = (
                f"episode {short} is listed in {group}, and it is not here. Copy the file again, or make the list anew."
            )
            yield Unreadable(f"{first}_{short}", f"{source}#{short}", EpisodeError(message, file=path, field=group))


def _is_link(group: str, path: Path) -> EpisodeError:
    message = f"episode {shown(group)} is a link, which is not followed. Copy the episode itself into the file."
    return EpisodeError(message, file=path, field=shown(group))


def _absent(file: h5py.File, groups: list[str]) -> list[tuple[str, str]]:
    """Episodes that a list of robomimic's names (`mask/train`, `mask/valid`) and that the file lacks: list and name."""
    here = {group.rpartition("/")[2] for group in groups}
    found: dict[str, str] = {}
    masks = file[MASKS] if _own_group(file, MASKS) else {}
    for name in masks:
        if _own_array(masks, name) and masks[name].ndim == 1 and masks[name].nbytes <= MAX_LIST_BYTES:
            for one in masks[name][()].tolist():
                short = one.decode("utf-8", "replace") if isinstance(one, bytes) else one
                if isinstance(short, str) and short not in here:
                    found.setdefault(shown(short), f"{MASKS}/{shown(name)}")
    return [(found[short], short) for short in sorted(found, key=natural)]


def _total(file: h5py.File, groups: list[str]) -> tuple[int, int] | None:
    """How many rows the episodes have in all, as robomimic counts them beside them, and how many there are; None where these agree, or
    an episode has no actions to be counted. A part of a file that kept its count is whole: this is a note, and refuses nothing."""
    parents = {group.rpartition("/")[0] for group in groups}
    parent = file[next(iter(parents))] if len(parents) == 1 and "" not in parents else None
    stated = np.asarray(None if parent is None else parent.attrs.get(TOTAL))
    if stated.ndim or stated.dtype.kind not in "iu":
        return None
    if not all(group != ROOT and _own_array(file[group], "actions") and file[group]["actions"].ndim for group in groups):
        return None
    here = sum(len(file[group]["actions"]) for group in groups)
    return None if here == int(stated) else (int(stated), here)


def _announced(group: h5py.Group, episode: ArrayEpisode) -> None:
    """Refuse an episode that announces another number of actions than it has.

    Raises:
        EpisodeError: it does.
    """
    actions = episode.arrays.get("actions")
    if actions is None or not actions.ndim:
        return
    for key in COUNTS:
        count = np.asarray(group.attrs.get(key))
        if count.ndim == 0 and count.dtype.kind in "iu" and int(count) != len(actions):
            message = (
                f"{int(count)} rows are announced ({key}), {len(actions)} are here. The episode was cut or mixed up."
            )
            raise EpisodeError(message, file=episode.file, field=key)


def _episodes(file: h5py.File, patterns: list[str]) -> tuple[list[str], list[str]]:
    """Paths of the groups that hold an episode each, and of links in their places."""
    instead: list[str] = []
    for pattern in dict.fromkeys(patterns):
        if not pattern.strip("/."):
            return [ROOT], []
        found, linked = [""], list[str]()
        for part in pattern.split("/"):
            step: list[str] = []
            for path in found:
                group = file[path] if path else file
                for name in (name for name in group if fnmatchcase(name, part)):
                    kept = step if _own_group(group, name) else linked if _is_linked(group, name) else None
                    if kept is not None:
                        kept.append(f"{path}/{name}".lstrip("/"))
            found = step
        if len(found) + len(linked) > MAX_EPISODES:
            raise ValueError(f"it holds {len(found) + len(linked)} episodes, more than {MAX_EPISODES}")
        if found:
            return sorted(found, key=natural), sorted(linked, key=natural)
        instead = instead or sorted(linked, key=natural)
    return [], instead


def _is_one_episode(file: h5py.File) -> bool:
    """Whether arrays lie at the root of a file, or in its groups and theirs, of which none has a number, as episodes have."""
    if any(_own_array(file, name) for name in file):
        return True
    groups = {name: file[name] for name in file if _own_group(file, name)}
    groups |= {f"{outer}/{name}": group[name] for outer, group in groups.items() for name in group if _own_group(group, name)}
    numbered = any(name[-1:].isdigit() for name in groups)
    return not numbered and any(_own_array(group, name) for group in groups.values() for name in group)


def _is_linked(group: h5py.Group, name: str) -> bool:
    return not isinstance(group.get(name, getlink=True), h5py.HardLink)


def _own_group(group: h5py.Group, name: str) -> bool:
    return isinstance(group.get(name, getlink=True), h5py.HardLink) and group.get(name, getclass=True) is h5py.Group


def _own_array(group: h5py.Group, name: str) -> bool:
    return isinstance(group.get(name, getlink=True), h5py.HardLink) and group.get(name, getclass=True) is h5py.Dataset


def _episode(group: h5py.Group, name: str, source: str, path: Path, about: dict[str, Any], kind: Kind) -> ArrayEpisode:
    metadata = {"attributes": about | _attributes(group)}
    episode = ArrayEpisode(name, source, sha256="", format=kind.format, container=kind.container, file=path, arrays={}, metadata=metadata)
    _gather(group, "", episode, 0)
    _announced(group, episode)
    for where, array in episode.arrays.items():
        item, width = group[where], width_of(array)
        if len(names := names_of_columns(item)) == width:
            episode.labels[where] = names
        if (unit := unit_of(item)) is not None:
            episode.units[where] = units_of(unit, width, where)
    episode.sha256 = content_sha256(episode.arrays)
    return episode


def _gather(group: h5py.Group, prefix: str, into: ArrayEpisode, depth: int) -> None:
    """All arrays of numbers and lists of texts below a group, by their path."""
    arrays, left = into.arrays, into.left
    if depth > MAX_DEPTH or len(arrays) + len(left) + len(group) > MAX_CHANNELS:
        raise ValueError(f"it holds more than {MAX_CHANNELS} datasets, or nests deeper than {MAX_DEPTH}")
    for name in group:
        where = f"{prefix}{name}"
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            left.append(f"{where}: a link, which is not followed")
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            _gather(item, f"{where}/", into, depth + 1)
        elif not isinstance(item, h5py.Dataset) or item.shape is None:
            left.append(f"{where}: no array")
        elif item.is_virtual or item.external:
            left.append(f"{where}: its values lie in another file, which is not opened")
        elif (texts := listed_texts(item)) is not None:
            into.labels[where] = texts
        elif item.dtype.kind not in "biuf" or item.dtype.itemsize > 8:
            left.append(f"{where} ({item.dtype}): no plain numbers")
        elif item.dtype == "uint8" and (item.ndim == 4 or PICTURES in where.split("/")):
            left.append(f"{where} ({' x '.join(map(str, item.shape))}): pictures are not read")
        elif item.ndim > 1 and 0 in item.shape[1:]:
            left.append(f"{where} ({len(item)} rows x 0): empty")
        else:
            if item.nbytes + sum(array.nbytes for array in arrays.values()) > MAX_EPISODE_BYTES:
                raise ValueError(f"it takes more than {MAX_EPISODE_BYTES >> 20} MiB")
            if item.nbytes > PACKED * max(item.id.get_storage_size(), BELIEVED_BYTES):
                raise ValueError(f"{where} claims {item.nbytes} bytes, {item.id.get_storage_size()} are stored")
            array = item[()]
            arrays[where] = np.asarray(array, dtype=item.dtype.newbyteorder("="))
            assert numbers(arrays[where])


def _texts(group: h5py.Group) -> dict[str, str]:
    """The long texts that a family of files is read by: its model and its environment."""
    found = {}
    for key in TEXTS:
        value = group.attrs.get(key)
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(value, str):
            found[key] = value
    return found


def _attributes(group: h5py.Group) -> dict[str, Any]:
    """Texts and numbers that the file says of a group; of a long text its length and hash."""
    found: dict[str, Any] = {}
    for key, value in group.attrs.items():
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            found[key] = {"characters": len(value), "sha256": hashlib.sha256(value.encode()).hexdigest()}
        elif isinstance(value, str):
            found[key] = value
        elif np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biuf":
            found[key] = np.asarray(value).item()
    return found
