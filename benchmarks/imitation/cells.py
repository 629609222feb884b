"""The cells of a table: a line of JSON for each, with a key of all that it depends on. A cell that is there is not made again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import mujoco
import shiliu
from shiliu.scenarios.scene.scene import Scene

PACKAGE = Path(shiliu.__file__).resolve().parent
HERE = Path(__file__).resolve().parent


def digest(*parts: Any) -> str:
    """A short name of plain JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def code(folder: Path) -> str:
    """A short name of the modules in a folder and below it."""
    files = sorted(folder.rglob("*.py"))
    return digest(
        [[file.relative_to(folder).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()] for file in files]
    )


def operator_key(scene: Scene) -> str:
    """Of what demonstrations depend on: the compiled scene, the operator's code, the engine."""
    return digest(scene.fingerprint, code(PACKAGE / "replay" / "operator"), mujoco.__version__)


def cell_key(settings: Mapping[str, Any], scene: Scene, data: Iterable[str]) -> str:
    """Of what a cell depends on: settings, scene, this code, the bytes of the demonstrations, the engine.

    The library of the network and the processor stand in the row: other ones may give other bits.
    """
    return digest(dict(settings), scene.fingerprint, code(HERE), list(data), mujoco.__version__)


class Table:
    """Rows in a file of lines, each written whole and flushed to the disk before the next cell begins.

    A line that a kill has cut is left out when the file is read, and taken off before the next one is written.
    """

    def __init__(self, file: Path):
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self._lines():
            yield json.loads(line)

    def find(self, key: str) -> dict[str, Any] | None:
        """The row of a key, the last one where there are several."""
        return next((row for row in reversed(list(self)) if row["key"] == key), None)

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row behind the whole ones."""
        whole = "".join(f"{line}\n" for line in self._lines())
        if self.file.is_file() and self.file.read_text(encoding="utf-8") != whole:
            part = self.file.with_suffix(".part")
            part.write_text(whole, encoding="utf-8")
            os.replace(part, self.file)
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
            out.flush()
            os.fsync(out.fileno())

    def _lines(self) -> list[str]:
        if not self.file.is_file():
            return []
        text = self.file.read_text(encoding="utf-8")
        return text[: text.rfind("\n") + 1].splitlines()
