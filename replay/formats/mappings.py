"""Which mappings there are: the designer's own and the package's, each read once."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from ...scenarios.reading import composition
from ...scenarios.sheet.errors import EpisodeError, ScenarioError, odd_kind, shown
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.own_files import ENDINGS
from ...scenarios.sheet.yaml_reader import checked_text
from .mapping import Mapping
from .mapping_file import MappingFile

GROUP = "mapping"  # their folder in `conf`


def available() -> list[str]:
    """Names of all mappings: the designer's own (`conf/mapping` of the working folder) and the package's."""
    return sorted(composition.members(GROUP))


def load(mapping: str | Path, within: tuple[Path, ...] = ()) -> Mapping:
    """Read a mapping by its name (`kuavo_rosbag`) or its file (`my_mapping.yaml`).

    Args:
        mapping: name or file; of two of one name the designer's own is taken.
        within: the files that led here by `also`.

    Raises:
        EpisodeError: no such mapping, or a mistake in the file; all mistakes are named at once, with their lines.
    """
    if isinstance(mapping, str):
        mapping = composition.file_or_member(GROUP, mapping)
    if isinstance(mapping, Path) or mapping.endswith(ENDINGS):
        path = Path(mapping)
        if not path.is_file():
            near = nearest(path.stem, available())
            raise EpisodeError(odd_kind(path) or f"There is no such mapping file. A mapping may be named, too.{near}", file=path)
        return _read(path, within, shown(path.name))
    found = composition.members(GROUP)
    if mapping not in found:
        if (odd := odd_kind(mapping)) is not None:
            raise EpisodeError(odd, file=mapping, field="mapping")
        raise EpisodeError(f"{composition.no_member(GROUP, mapping, found)} A file is given with its ending .yaml.", field="mapping")
    return _of(found[mapping], within)


def _of(path: Path, within: tuple[Path, ...] = ()) -> Mapping:
    """A member of the group, of the package or of the designer's own."""
    return _packaged(path) if path.is_relative_to(composition.CONF) else _read(path, within, composition.shown(path))


def _read(path: Path, within: tuple[Path, ...], called: str) -> Mapping:
    """A designer's file."""
    if path.resolve() in within:
        raise EpisodeError("`also` leads back to this file itself. Take it out.", file=path, field="also")
    stat = path.stat()
    return _read_once(path, (*within, path.resolve()), called, (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=64)  # a set of many recordings asks for each of them
def _read_once(path: Path, within: tuple[Path, ...], called: str, state: tuple[int, int]) -> Mapping:
    try:
        text = checked_text(path, called)
    except ScenarioError as error:
        raise EpisodeError(error.message, file=error.file, line=error.line) from None
    return MappingFile(called, text).mapping(path.stem, lambda name: load(name, within))


@cache
def _packaged(path: Path) -> Mapping:
    return MappingFile(composition.shown(path), path.read_text(encoding="utf-8")).mapping(path.stem, load)


def of_format(format_: str) -> list[Mapping]:
    """The mappings for one container format: those of robots before those of people's motion alone, the designer's own first.

    Own files that cannot be read are passed over, so that a slip in one stops no run that does not name it: see `unreadable`.
    """
    found: list[tuple[bool, bool, str, Mapping]] = []
    for name, path in composition.members(GROUP).items():
        own = not path.is_relative_to(composition.CONF)
        if not own and _format_of(path) != format_:
            continue
        try:
            mapping = _of(path)
        except EpisodeError:
            if not own:
                raise
            continue
        if mapping.format == format_:
            found.append((mapping.kind == "human", not own, name, mapping))
    return [mapping for *_, mapping in sorted(found, key=lambda one: one[:3])]


def unreadable() -> str:
    """What is wrong with mappings of the designer's own, as the end of a message; "" where nothing is."""
    wrong = []
    for name, path in composition.members(GROUP).items():
        try:
            if not path.is_relative_to(composition.CONF):
                load(name)
        except EpisodeError as error:
            wrong.append(str(error).splitlines()[0])
    return "".join(f"\n  not tried, because it cannot be read: {line}" for line in wrong)


@cache
def _format_of(path: Path) -> str:
    """The format line of a packaged mapping, read without reading the whole file as YAML."""
    text = path.read_text(encoding="utf-8")
    return next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("format:")), "")
