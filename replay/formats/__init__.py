"""Recordings in: `read` finds out what a file or folder is and gives its recordings one by one.

Known are ROS 1 bags, ROS 2 bags, MCAP files, LeRobot datasets (ours, and those of others), NumPy archives, HDF5 files
and DAPG demonstrations. Readers are imported when a file of their kind is met, so that looking for one format does not
load the libraries of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...scenarios.errors import EpisodeError
from ..recording.recording import Recording, Unreadable

FORMATS = {
    "rosbag1": "ROS 1 bag v2.0 (*.bag), through a mapping",
    "mcap": "MCAP file (*.mcap), our own or a ROS 2 recording through a mapping",
    "rosbag2": "ROS 2 bag in SQLite (*.db3), through a mapping",
    "lerobot": "LeRobot dataset folder, v3.0 as shiliu writes it, and v2.0, v2.1, v3.0 of others through a mapping",
    "npz": "NumPy archive or array (*.npz, *.npy), through a mapping",
    "hdf5": "robomimic or robosuite HDF5 (*.hdf5, *.h5), through a mapping",
    "minari": "Minari dataset folder (HDF5), through a mapping",
    "dapg": "DAPG demonstrations (*.pickle, *.pkl), through a mapping",
}
_MODULE = {
    "rosbag1": "rosbag.bag1",
    "rosbag2": "rosbag.bag2",
    "mcap": "mcap.read",
    "npz": "arrays.npz",
    "hdf5": "arrays.hdf5",
    "dapg": "arrays.dapg",
}
_BAG_MAGIC = b"#ROSBAG V"
_MCAP_MAGIC = b"\x89MCAP0\r\n"
_ARRAY_FILES = {
    ".npz": "npz",
    ".npy": "npz",
    ".hdf5": "hdf5",
    ".h5": "hdf5",
    ".pickle": "dapg",
    ".pkl": "dapg",
}
_NOT_READ_YET = {
    ".active": "a bag whose recording was cut off; `rosbag reindex` mends it",
    ".parquet": "a single Parquet file; give the dataset's folder, which has meta/info.json",
}
_KNOWN = (
    "Readable are ROS 1 bags (*.bag), ROS 2 bags (*.db3), MCAP files (*.mcap), NumPy archives (*.npz, *.npy), "
    "HDF5 files (*.hdf5, *.h5), DAPG demonstrations "
    "(*.pickle, *.pkl), folders of them, and LeRobot datasets (folders with meta/info.json)."
)


class NothingReadable(EpisodeError):
    """A folder whose recordings are all unreadable; `items` are they."""

    def __init__(self, message: str, *, file: Path, items: list[Unreadable]) -> None:
        super().__init__(message, file=file)
        self.items = items


def read(
    path: str | Path, mapping: str | Path | None = None, fps: float | None = None
) -> Iterator[Recording | Unreadable]:
    """The recordings of a file, a dataset folder, or a folder of either (sorted, one level down).

    Args:
        path: what to read.
        mapping: name or file of the mapping; None chooses one for each recording by its topics or channels. Our own
            datasets need none.
        fps: rows a second, for arrays without times; goes before what the mapping says.

    Returns:
        An iterator that reads as it goes. In a folder an unreadable file or episode comes as `Unreadable`.

    Raises:
        EpisodeError: at the call, where nothing at `path` can be a recording; while iterating, where a single file is
            unreadable, or a whole folder is.
    """
    path = Path(path)
    if not path.exists():
        raise EpisodeError(f"no such file or folder.{_near(path)} Check data=.", file=path)
    if mapping is not None:
        from .mapping import load

        load(mapping)  # a misspelt name is told before the first file is opened
    if path.is_file():
        _refuse_other(path)
        return _read_file(path, path.name, mapping, fps)
    if _is_dataset(path):
        return _read_dataset(path, path.resolve().name, mapping, fps)
    found = _find(path)
    if not found:
        raise EpisodeError(f"the folder holds no recording{_leftovers(path)}. {_KNOWN}", file=path)
    return _read_folder(path, found, mapping, fps)


def _near(path: Path) -> str:
    import difflib

    parent = path.parent
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, 1)
    return f" Did you mean {parent / near[0]}?" if near else ""


def _refuse_other(path: Path) -> None:
    """Name what a file is, where it is no recording, instead of letting a reader say that its header is odd."""
    if path.suffix in _ARRAY_FILES:
        return
    with path.open("rb") as file:
        head = file.read(len(_BAG_MAGIC))
    if path.suffix in (".bag", ".mcap", ".db3") or head == _BAG_MAGIC or head.startswith(_MCAP_MAGIC):
        return
    what = _NOT_READ_YET.get(path.suffix)
    if what is None:
        raise EpisodeError(f"not a recording that can be read. {_KNOWN}", file=path)
    raise EpisodeError(f"{what}: not read yet. {_KNOWN}", file=path)


def _read_file(
    path: Path, source: str, mapping: str | Path | None, fps: float | None
) -> Iterator[Recording | Unreadable]:
    from importlib import import_module

    format_ = _ARRAY_FILES.get(path.suffix)
    if format_ is None:
        with path.open("rb") as file:
            head = file.read(len(_MCAP_MAGIC))
        topics = (
            "mcap" if head == _MCAP_MAGIC or path.suffix == ".mcap" else {".db3": "rosbag2"}.get(path.suffix, "rosbag1")
        )
        yield import_module(f".{_MODULE[topics]}", __package__).read(path, source, mapping)
        return
    yield from import_module(f".{_MODULE[format_]}", __package__).read(path, source, mapping, fps)


def _read_dataset(
    root: Path, source: str, mapping: str | Path | None, fps: float | None
) -> Iterator[Recording | Unreadable]:
    """A dataset that shiliu wrote describes itself; one of others needs a mapping."""
    if not (root / "meta" / "info.json").exists():
        from .arrays import minari

        return minari.read(root, source, mapping, fps)
    if (root / "shiliu" / "dataset.json").is_file():
        from .lerobot import own as lerobot

        return lerobot.read(root, source)
    from .lerobot import foreign as lerobot_foreign

    return lerobot_foreign.read(root, source, mapping, fps)


def _is_dataset(folder: Path) -> bool:
    """Whether a folder is a LeRobot or a Minari dataset."""
    minari = folder / "data" / "main_data.hdf5", folder / "data" / "metadata.json"
    return (folder / "meta" / "info.json").exists() or all(file.is_file() for file in minari)


def _find(folder: Path) -> list[Path]:
    """Bags, other recordings and dataset folders in a folder and one level down, sorted by their paths."""
    found: list[Path] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if _is_dataset(entry):
                found.append(entry)
            else:
                found += sorted(e for e in entry.iterdir() if _is_recording(e))
        elif _is_recording(entry):
            found.append(entry)
    return found


def _is_recording(path: Path) -> bool:
    return path.is_file() and path.suffix in (".bag", ".active", ".mcap", ".db3", *_ARRAY_FILES)


def _leftovers(folder: Path) -> str:
    other = sorted({e.suffix for e in folder.rglob("*") if e.suffix in _NOT_READ_YET})
    names = sorted(e.name for e in folder.iterdir())
    if other:
        return f" that is read yet, only {', '.join(other)} files"
    return f", only {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}" if names else "; it is empty"


def _read_folder(
    folder: Path, found: list[Path], mapping: str | Path | None, fps: float | None
) -> Iterator[Recording | Unreadable]:
    held: list[
        Unreadable
    ] = []  # until something is readable: a folder of nothing is an error, one with a bad file is not
    readable = False
    for path in found:
        for item in _read_entry(path, path.relative_to(folder).as_posix(), mapping, fps):
            if isinstance(item, Unreadable) and not readable:
                held.append(item)
                continue
            readable = True
            yield from held
            held.clear()
            yield item
    if not readable:
        first = "".join(f"\n  {item.source}: {item.error.message}" for item in held[:5])
        raise NothingReadable(
            f"none of the {len(held)} recordings in the folder is readable:{first}", file=folder, items=held
        )


def _read_entry(
    path: Path, source: str, mapping: str | Path | None, fps: float | None
) -> Iterator[Recording | Unreadable]:
    try:
        if path.is_dir():
            yield from _read_dataset(path, source, mapping, fps)
        else:
            _refuse_other(path)
            yield from _read_file(path, source, mapping, fps)
    except EpisodeError as error:
        yield Unreadable(path.stem, source, error)
    except OSError as error:
        yield Unreadable(path.stem, source, EpisodeError(f"{error.strerror}.", file=path))
