"""What a format tells of itself: how it is called, by what a file or folder of it is known, and the module that does the work.

Each kind of format is a folder here; its `__init__` holds `READERS` and `WRITERS` and imports nothing heavy. The registries walk
the folders. The module of a record, with the libraries that it takes, is imported when a recording of that format is met.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from ...scenarios.sheet.errors import EpisodeError
from ..recording.located import FILE, read_located, with_located
from ..recording.recording import Recording, Unreadable


def natural(text: str) -> list[tuple[int, str]]:
    """So that demo10 stands after demo9."""
    return [(int(part), "") if i % 2 else (-1, part) for i, part in enumerate(re.split(r"(\d{1,18})", text))]


@dataclass(frozen=True)
class PageRow:
    """What docs/formats.md says of a format: a row of its table, which `python docs/formats.py` writes.

    Attributes:
        format: what it is called there; read, written: how; lossless: what stays as it was; memory: what it takes; tried_on: what.
    """

    format: str
    read: str
    written: str
    lossless: str
    memory: str
    tried_on: str


@dataclass(frozen=True)
class Reader:
    """A format that is read.

    Attributes:
        name: as `Recording.format` and a mapping's `format:` have it.
        title: its recordings, in the plural, as an error counts up what can be read.
        what: as `shiliu list formats` tells it.
        module: full name; it has `read(path, source, mapping, fps)`, which gives recordings one by one, or, where `messages`,
            `read(path, source, mapping)`, which gives the one recording of a file.
        endings: of its files, with the dot.
        magic: with which its files begin; goes before the ending. b"" where nothing tells.
        marks: files that a folder of it has, relative to that folder; () where it is a file.
        messages: whether it holds messages in topics, each with its own time, and not arrays with a row a sample.
        mapped: whether mappings are written for it; else it takes those of other formats.
        broken: endings of its recordings that cannot be read, and why.
        parts: endings of files that are part of it and no recording, and what to give instead.
        numbered: whether its module has `numbered(path, source)`, which gives a set of episodes that can be read one without the
            others (`rows`, `item(k)`), or None.
        rows: of the page of formats, one or more.
    """

    name: str
    title: str
    what: str
    module: str
    endings: tuple[str, ...] = ()
    magic: bytes = b""
    marks: tuple[str, ...] = ()
    messages: bool = False
    mapped: bool = True
    broken: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = False
    rows: tuple[PageRow, ...] = ()

    def read(
        self, path: Path, source: str, mapping: str | Path | None, fps: float | None
    ) -> Iterator[Recording | Unreadable]:
        """The recordings of a file or folder of this format, with what was located in their pictures; raises what its module raises."""
        found = import_module(self.module)
        beside = path / FILE if self.marks else path.parent / FILE
        if self.messages:
            return iter((with_located(found.read(path, source, mapping), read_located(beside), beside),))
        recordings: Iterator[Recording | Unreadable] = found.read(path, source, mapping, fps)
        return joined(recordings, beside)


@dataclass(frozen=True)
class Writer:
    """A format that is written: `shiliu export to=NAME`.

    Attributes:
        name: as `to=` has it.
        what: it in a few words.
        module: full name; it has `export(items, out, options)`, which writes the folder `out` and yields each item when it is
            written.
        format: the reader by which it is read again.
        pictures: whether it takes `images=`.
        plain: whether it can be written without what only shiliu reads.
        needs: optional packages.
        rows: of the page of formats, where no reader has one that tells of it.
    """

    name: str
    what: str
    module: str
    format: str
    pictures: bool = True
    plain: bool = False
    needs: tuple[str, ...] = ()
    rows: tuple[PageRow, ...] = ()


def joined(recordings: Iterable[Recording | Unreadable], beside: Path) -> Iterator[Recording | Unreadable]:
    """Recordings with what a file beside them says was located in their pictures; one that it does not fit is unreadable.

    Raises:
        EpisodeError: the file cannot be read.
    """
    rows = read_located(beside)
    for item in recordings:
        if rows and isinstance(item, Recording):
            try:
                item = with_located(item, rows, beside)
            except EpisodeError as error:
                item = Unreadable(item.name, item.source, error)
        yield item


@cache
def readers() -> dict[str, Reader]:
    """Name -> reader, by name."""
    return _collected("READERS")


@cache
def writers() -> dict[str, Writer]:
    """Name -> writer, by name."""
    return _collected("WRITERS")


def _collected(table: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in _kinds():
        for record in getattr(kind, table, ()):
            if record.name in found:
                raise TypeError(f"{kind.__name__}: {record.name!r} is a name of another record in {table} already")
            found[record.name] = record
    return dict(sorted(found.items()))


def _kinds() -> Iterator[ModuleType]:
    package = __name__.rpartition(".")[0]
    for info in iter_modules([str(Path(__file__).parent)]):
        if info.ispkg:
            yield import_module(f"{package}.{info.name}")
