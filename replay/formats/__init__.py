"""Recordings in: `read` finds out what a file or folder is and gives its recordings one by one.

Known are ROS 1 bags (`*.bag`), ROS 2 bags (`*.db3`), MCAP files and our own simulation sets (LeRobot v3.0 with a
`shiliu/` folder). Readers are imported when a file of their kind is met, so that looking for one format does not load the
libraries of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...scenarios.errors import EpisodeError
from ..recording import Recording, Unreadable

FORMATS = {
    "rosbag1": "ROS 1 bag v2.0 (*.bag), through a mapping",
    "mcap": "MCAP file (*.mcap), our own or a ROS 2 recording through a mapping",
    "rosbag2": "ROS 2 bag in SQLite (*.db3), through a mapping",
    "lerobot": "LeRobot v3.0 dataset folder as `shiliu record` writes it",
}
_BAG_MAGIC = b"#ROSBAG V"
_MCAP_MAGIC = b"\x89MCAP0\r\n"
_NOT_READ_YET = {
    ".active": "a bag whose recording was cut off; `rosbag reindex` mends it",
    ".hdf5": "an HDF5 file",
    ".h5": "an HDF5 file",
    ".npz": "a NumPy archive",
    ".npy": "a NumPy array",
    ".parquet": "a single Parquet file; give the dataset's folder, which has meta/info.json",
}
_KNOWN = (
    "Readable are ROS 1 bags (*.bag), ROS 2 bags (*.db3), MCAP files (*.mcap), folders of them, and datasets that "
    "`shiliu record` wrote."
)


def read(path: str | Path, mapping: str | Path | None = None) -> Iterator[Recording | Unreadable]:
    """The recordings of a file, a dataset folder, or a folder of either (sorted, one level down).

    Args:
        path: what to read.
        mapping: name or file of the mapping for bags; None chooses one for each bag by its topics.

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
        from ..mapping import load

        load(mapping)  # a misspelt name is told before the first file is opened
    if path.is_file():
        _refuse_other(path)
        return _read_file(path, path.name, mapping)
    if (path / "meta" / "info.json").exists():
        from . import lerobot

        return lerobot.read(path, path.resolve().name)
    found = _find(path)
    if not found:
        raise EpisodeError(f"the folder holds no recording{_leftovers(path)}. {_KNOWN}", file=path)
    return _read_folder(path, found, mapping)


def _near(path: Path) -> str:
    import difflib

    parent = path.parent
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, 1)
    return f" Did you mean {parent / near[0]}?" if near else ""


def _refuse_other(path: Path) -> None:
    """Name what a file is, where it is no bag, instead of letting the bag reader say that its header is odd."""
    with path.open("rb") as file:
        head = file.read(len(_BAG_MAGIC))
    if path.suffix in (".bag", ".mcap", ".db3") or head == _BAG_MAGIC or head.startswith(_MCAP_MAGIC):
        return
    what = _NOT_READ_YET.get(path.suffix)
    if what is None:
        raise EpisodeError(f"not a recording that can be read. {_KNOWN}", file=path)
    raise EpisodeError(f"{what}: not read yet. {_KNOWN}", file=path)


def _read_file(path: Path, source: str, mapping: str | Path | None) -> Iterator[Recording | Unreadable]:
    with path.open("rb") as file:
        head = file.read(len(_MCAP_MAGIC))
    if head == _MCAP_MAGIC or path.suffix == ".mcap":
        from . import mcap

        yield mcap.read(path, source, mapping)
        return
    if path.suffix == ".db3":
        from . import rosbag2

        yield rosbag2.read(path, source, mapping)
        return
    from . import rosbag1

    yield rosbag1.read(path, source, mapping)


def _find(folder: Path) -> list[Path]:
    """Bags, other recordings and dataset folders in a folder and one level down, sorted by their paths."""
    found: list[Path] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if (entry / "meta" / "info.json").exists():
                found.append(entry)
            else:
                found += sorted(e for e in entry.iterdir() if _is_recording(e))
        elif _is_recording(entry):
            found.append(entry)
    return found


def _is_recording(path: Path) -> bool:
    return path.is_file() and (path.suffix == ".bag" or path.suffix in (".active", ".mcap", ".db3"))


def _leftovers(folder: Path) -> str:
    other = sorted({e.suffix for e in folder.rglob("*") if e.suffix in _NOT_READ_YET})
    names = sorted(e.name for e in folder.iterdir())
    if other:
        return f" that is read yet, only {', '.join(other)} files"
    return f", only {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}" if names else "; it is empty"


def _read_folder(folder: Path, found: list[Path], mapping: str | Path | None) -> Iterator[Recording | Unreadable]:
    held: list[
        Unreadable
    ] = []  # until something is readable: a folder of nothing is an error, one with a bad file is not
    readable = False
    for path in found:
        for item in _read_entry(path, path.relative_to(folder).as_posix(), mapping):
            if isinstance(item, Unreadable) and not readable:
                held.append(item)
                continue
            readable = True
            yield from held
            held.clear()
            yield item
    if not readable:
        first = "".join(f"\n  {item.source}: {item.error.message}" for item in held[:5])
        raise EpisodeError(f"none of the {len(held)} recordings in the folder is readable:{first}", file=folder)


def _read_entry(path: Path, source: str, mapping: str | Path | None) -> Iterator[Recording | Unreadable]:
    try:
        if path.is_dir():
            from . import lerobot

            yield from lerobot.read(path, source)
        else:
            _refuse_other(path)
            yield from _read_file(path, source, mapping)
    except EpisodeError as error:
        yield Unreadable(path.stem, source, error)
    except OSError as error:
        yield Unreadable(path.stem, source, EpisodeError(f"{error.strerror}.", file=path))
