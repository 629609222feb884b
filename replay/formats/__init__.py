"""Recordings in: `read` finds out what a file or folder is and gives its recordings one by one.

Which formats there are, the folders of this one tell (`records`). A reader is imported when a recording of its format is met, so
that looking for one format does not load the libraries of the others.

Files may be parts of one recording: their names count up, and one begins where the one before it ends.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...scenarios.sheet import arguments
from ...scenarios.sheet.errors import EpisodeError, odd_kind, shown
from ...scenarios.sheet.near_matches import near
from ..recording.recording import Recording, Unreadable
from .reader_errors import once_readable
from .records import Reader, natural, readers

LEAST_FPS, MOST_FPS = 0.001, 999_999.0  # rows a second of arrays without times
CONTINUES = "continues"  # key of a recording's metadata: `name` of the recording before, and `after_s` that it ended
COUNTED = re.compile(r"(?P<stem>.*[^\d])(?P<number>\d+)\Z", re.DOTALL)
AT_ONCE_NS = 1_000_000_000  # between the last sample of the one and the first of the other; a recorder that splits loses none
WALL_NS = 1_000_000_000 * 10**9  # times since an epoch; times that begin with each recording tell nothing


@dataclass(frozen=True)
class Entry:
    """A file or a set: `path` is where it lies, `source` how its recordings call it."""

    path: Path
    source: str


class NothingReadable(EpisodeError):
    """A folder with unreadable recordings only; `items` are they."""

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
            unreadable, or a whole folder is. ArgumentError: an argument of a wrong kind.
    """
    path = arguments.path("path", path, "the file or folder of the recordings")
    if mapping is not None:
        arguments.path("mapping", mapping, "a mapping's name or its YAML file")
    if fps is not None:
        fps = arguments.number("fps", fps, f"rows a second, a number above 0 and up to {MOST_FPS:g}", low=LEAST_FPS, high=MOST_FPS)
    found = entries(path, mapping)
    if path.is_file():
        return _read_file(_reader_of(path), path, shown(path.name), mapping, fps)
    if (dataset := _dataset(path)) is not None:
        return dataset.read(path, shown(path.resolve().name), mapping, fps)
    return _read_folder(path, found, mapping, fps)


def entries(path: str | Path, mapping: str | Path | None = None) -> list[Entry]:
    """What `read` reads, file by file and set by set, in its order; none of them is opened.

    Raises:
        EpisodeError: nothing at `path` can be a recording, or there is no such mapping.
    """
    path = Path(path)
    if not path.exists() and not path.is_symlink():
        raise EpisodeError(f"no such file or folder.{_near(path)} Check the path.", file=path)
    if (odd := odd_kind(path)) is not None:
        raise EpisodeError(odd, file=path)
    if mapping is not None:
        from .mappings import load

        load(mapping)  # a misspelt name is reported before the first file is opened
    if path.is_file():
        _reader_of(path)
        return [Entry(path, shown(path.name))]
    if _dataset(path) is not None:
        return [Entry(path, shown(path.resolve().name))]
    try:
        found = _find(path)
    except OSError as error:
        raise EpisodeError(f"may not be read: {error.strerror}. Give yourself the right to it.", file=path) from None
    if not found and (path / "meta").is_dir() and (path / "data").is_dir():
        raise EpisodeError(
            "the description of the set is missing. Copy the whole dataset folder again.",
            file=path / "meta" / "info.json",
        )
    if not found and (whole := next((one for one in path.resolve().parents if _dataset(one) is not None), None)) is not None:
        raise EpisodeError(f"is a folder of the dataset {shown(whole.as_posix())}. Name the dataset's folder.", file=path)
    if not found:
        raise EpisodeError(f"the folder holds no recording{_leftovers(path)}. {passed_over(path) or _readable()}", file=path)
    return [Entry(one, shown(one.relative_to(path).as_posix())) for one in found]


def reader_of(path: Path) -> Reader:
    """The reader of a file or of a dataset folder.

    Raises:
        EpisodeError: it is neither.
    """
    if (odd := odd_kind(path)) is not None:
        raise EpisodeError(odd, file=path)
    reader = _dataset(path) if path.is_dir() else _reader_of(path)
    if reader is None:
        raise EpisodeError(f"is no dataset any more. {_readable()}", file=path)
    return reader


def _near(path: Path) -> str:
    parent = path.parent
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    like = near(path.name, names, 1)
    return f" Did you mean {parent / like[0]}?" if like else ""


def _readable() -> str:
    """What can be read, in a sentence."""
    files = [f"{r.title} ({', '.join(f'*{ending}' for ending in r.endings)})" for r in readers().values() if r.endings]
    folders = [f"{r.title} ({' and '.join(r.marks)})" for r in readers().values() if r.marks]
    kinds = [*files, "folders of them", *folders]
    return f"Readable are {', '.join(kinds[:-1])}, and {kinds[-1]}."


def _reader_of(path: Path) -> Reader:
    """The reader of a file: by its ending where that says all, else by its first bytes, else by its ending.

    Raises:
        EpisodeError: it is no recording; it is named what it is, instead of letting a reader say that its header is odd.
    """
    known = readers().values()
    by_ending = next((reader for reader in known if path.suffix.lower() in reader.endings), None)
    if by_ending is not None and not by_ending.messages:
        return by_ending
    with path.open("rb") as file:
        head = file.read(max(len(reader.magic) for reader in known))
    by_magic = next((reader for reader in known if reader.magic and head.startswith(reader.magic)), None)
    found = by_magic or by_ending
    if found is not None:
        return found
    why = next((why for reader in known for ending, why in _unread(reader).items() if ending == path.suffix.lower()), None)
    if why is None:
        raise EpisodeError(f"not a recording that can be read. {_readable()}", file=path)
    raise EpisodeError(f"{why}: not read yet. {_readable()}", file=path)


def _unread(reader: Reader) -> dict[str, str]:
    return {**reader.broken, **reader.parts}


def _read_file(
    reader: Reader, path: Path, source: str, mapping: str | Path | None, fps: float | None
) -> Iterator[Recording | Unreadable]:
    yield from reader.read(path, source, mapping, fps)


def _dataset(folder: Path) -> Reader | None:
    """The reader of a folder that is a dataset."""
    datasets = (reader for reader in readers().values() if reader.marks)
    return next((r for r in datasets if all((at := folder / mark).exists() or at.is_symlink() for mark in r.marks)), None)


def _in_order(path: Path) -> tuple[list[tuple[int, str]], bytes]:
    return natural(os.fsencode(path.name).decode("latin-1")), os.fsencode(path)  # by bytes: the same order in every locale


def _find(folder: Path) -> list[Path]:
    """Bags, other recordings and dataset folders in a folder and one level down, by their paths, take 2 before take 10; and what is neither
    file nor folder, which is reported when it is read: what should be there is not known."""
    found: list[Path] = []
    for entry in sorted(folder.iterdir(), key=_in_order):
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir() and not odd_kind(entry) and not _dataset(entry):
                found += sorted((e for e in entry.iterdir() if _is_take(e)), key=_in_order)
            elif _is_take(entry):
                found.append(entry)
        except OSError:
            found.append(entry)  # it may not be looked into, which is a line of its own
    return found


def passed_over(folder: Path) -> str | None:
    """That takes lie deeper in a folder than they are looked for, in a sentence; None where none does, or what is no folder is named."""
    deep = []
    if not folder.is_dir() or _dataset(folder):
        return None
    for place, below, names in os.walk(folder):
        here = Path(place)
        sets = {name for name in below if os.access(here / name, os.X_OK) and _dataset(here / name)}
        below[:] = [name for name in below if not name.startswith(".") and name not in sets]
        if len(here.relative_to(folder).parts) > 1 and (sets or any(_is_take(here / name) for name in names)):
            deep.append(here)
    if not deep:
        return None
    first = shown(min(deep).relative_to(folder).as_posix())
    return (
        f"{len(deep)} folders two or more levels below hold takes that are not read, such as {first}. "
        "Takes are looked for in a folder and one level down: name such a folder itself."
    )


def _is_take(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    if path.is_dir() and not odd_kind(path):
        return _dataset(path) is not None
    known = any(path.suffix.lower() in (*reader.endings, *reader.broken) for reader in readers().values())
    return (path.is_file() and known) or odd_kind(path) is not None


def _leftovers(folder: Path) -> str:
    unread = {ending for reader in readers().values() for ending in _unread(reader)}
    other = sorted({e.suffix for e in folder.rglob("*") if e.suffix.lower() in unread})
    names = sorted(e.name for e in folder.iterdir())
    if other:
        return f" that is read yet, only {', '.join(other)} files"
    return f", only {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}" if names else "; it is empty"


def _read_folder(
    folder: Path, found: list[Entry], mapping: str | Path | None, fps: float | None
) -> Iterator[Recording | Unreadable]:
    def nothing(held: list[Unreadable]) -> EpisodeError:
        what = ((item.source, item.error.field, item.error.message) for item in held[:5])
        first = "".join("\n  " + ": ".join(part for part in parts if part) for parts in what)
        return NothingReadable(f"none of the {len(held)} recordings in the folder is readable:{first}", file=folder, items=held)

    items = (item for entry in found for item in _read_entry(entry.path, entry.source, mapping, fps))
    yield from once_readable(continued(items), nothing)


def _read_entry(
    path: Path, source: str, mapping: str | Path | None, fps: float | None
) -> Iterator[Recording | Unreadable]:
    try:
        yield from reader_of(path).read(path, source, mapping, fps)
    except EpisodeError as error:
        yield Unreadable(shown(path.stem), source, error)
    except OSError as error:
        yield Unreadable(shown(path.stem), source, EpisodeError(f"{error.strerror}.", file=path))


def continued(items: Iterable[Recording | Unreadable]) -> Iterator[Recording | Unreadable]:
    """The same, with what each recording seems to go on from in its metadata."""
    before: tuple[str, int, int, str] | None = None
    for item in items:
        now = _counted(item) if isinstance(item, Recording) else None
        if now is not None and isinstance(item, Recording):
            stem, number, first, last = now
            if before is not None and (stem, number) == (before[0], before[1] + 1) and 0 <= first - before[2] <= AT_ONCE_NS:
                item.metadata[CONTINUES] = {"name": before[3], "after_s": (first - before[2]) * 1e-9}
            before = stem, number, last, item.name
        else:
            before = None
        yield item


def _counted(item: Recording) -> tuple[str, int, int, int] | None:
    """The counted name of a file, and the first and last time [ns] of its streams."""
    named = COUNTED.match(item.name)
    times = [s.time_ns for s in item.streams.values() if s.n and s.role in ("command", "measured")]
    if named is None or not times or "#" in item.source:
        return None
    first, last = min(int(t.min()) for t in times), max(int(t.max()) for t in times)
    return (named["stem"], int(named["number"]), first, last) if first > WALL_NS else None
