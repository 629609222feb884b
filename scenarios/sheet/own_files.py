"""YAML files of this package, which the tests have read: parsed once in a process, without the looks that a foreign file gets."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .errors import shown as shown_name

PACKAGE = Path(__file__).resolve().parents[2]
ENDINGS = (".yaml", ".yml")
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast; its messages are poorer


def sheets_in(folder: Path) -> dict[str, Path]:
    """Name, as it is shown, -> YAML file of a folder, in the order of the names. Hidden ones, and what is no file, are none."""
    found: dict[str, Path] = {}
    try:
        entries = [*os.scandir(folder)]
    except OSError:  # there is no such folder, or it cannot be read
        return {}
    shown = [one for one in entries if one.name.endswith(ENDINGS) and not one.name.startswith(".")]
    files = [folder / one.name for one in shown if one.is_file(follow_symlinks=False) or (folder / one.name).is_file()]
    for file in sorted(files, key=lambda one: ENDINGS.index(one.suffix)):  # the first ending goes before the other
        found.setdefault(shown_name(file.stem), file)
    return dict(sorted(found.items()))


def is_own(path: Path) -> bool:
    """Whether a file is of this package. The tests have read it."""
    return path.is_relative_to(PACKAGE / "conf") or path.is_relative_to(PACKAGE / "assets")


def read_own(path: Path) -> Any:
    """The content of a YAML file of this package, which the tests have read before."""
    return parsed_once(path, FAST)


def written(path: Path) -> tuple[int, int]:
    """When a file was last written [ns], and its bytes."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def parsed_once(path: Path, loader: type) -> Any:
    """What a file of this package holds: parsed once in a process, since every scene reads the same ones; a copy of it."""
    return _copied(_parsed(path, loader, written(path)))


@cache
def _parsed(path: Path, loader: type, when: tuple[int, int]) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


def _copied(node: Any) -> Any:
    """What YAML has of mappings and lists anew, in a small part of the time of `deepcopy`."""
    if isinstance(node, dict):
        return {key: _copied(each) for key, each in node.items()}
    return [_copied(each) for each in node] if isinstance(node, list) else node
