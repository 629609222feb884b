"""The exceptions that a user can mend: each says where, what, and the fix.

Everything else that leaves the package is a fault of the package itself.
"""

from __future__ import annotations

import os


class ShiliuError(Exception):
    """Something that the user can put right.

    Args:
        message: what is wrong and how to mend it, in whole sentences.
        file: the file that it is about, if any.
        field: the key or column in that file (`parts.bowl.at.x`, `meta/info.json:fps`).
        line: the line in that file, counted from 1.
        exit_code: what a command that ends with it returns; 2 is "usage, scene or nothing readable".

    `str()` gives `file:line: field: message`, leaving out what is unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | os.PathLike[str] | None = None,
        field: str | None = None,
        line: int | None = None,
        exit_code: int = 2,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = None if file is None else os.fspath(file)
        self.field = field
        self.line = line
        self.exit_code = exit_code

    def __str__(self) -> str:
        place = "" if self.file is None else self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.field, self.message) if part)


class ScenarioError(ShiliuError):
    """A scenario, cell, part or setting that cannot be built."""


class EpisodeError(ShiliuError):
    """A recording that cannot be read or written."""


class ReplayError(ShiliuError):
    """A recording that was read, but cannot be replayed in the scene that was asked for."""
