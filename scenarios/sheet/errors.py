"""The exceptions that a user can mend: each says where, what, and the fix.

Everything else that leaves the package is a fault of the package itself.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from pathlib import Path

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # kinds of characters: control, format, half a pair, ends of lines and paragraphs
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters and signs that are drawn as nothing
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|\\)")
_QUOTED_BYTE = re.compile(r"\\udc([89a-f][0-9a-f])")  # as Python quotes a byte of a name that is no UTF-8


def shown(name: str | os.PathLike[str]) -> str:
    r"""A file's name as text of one line that can be written anywhere; no two names become one.

    It is the same whatever the locale is. What cannot be seen, or is no UTF-8, is escaped: `a\x0ab`, `\xce\xd2`. A backslash is
    doubled where it could be taken for an escape.
    """
    text = _decoded(name)
    return "".join(map(_escaped, text)) if _unseen(text) or _ESCAPE.search(text) else text


def from_here(path: Path) -> str:
    """A path from the working folder, as far as it lies there; the whole path of any other."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def as_named(text: str) -> str:
    r"""The name of a file that `shown` shows as this text: a path is made of it alone, never of what is shown."""
    if not _ESCAPE.search(text):
        return text
    try:
        return os.fsdecode(_ESCAPE.sub(_meant, text).encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # it is no name of this system's files
        return text


def _meant(escape: re.Match[str]) -> str:
    if escape[1] == "\\":
        return "\\"
    code = int(escape[1][1:], 16)
    return chr(code + 0xDC00 if escape[1][0] == "x" and code >= 0x80 else min(code, 0x10FFFF))


def odd_kind(path: str | os.PathLike[str]) -> str | None:
    """What lies at a path where a file or a folder is wanted, and is neither, in a sentence; None where it is one, or nothing is there."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "is a link that leads nowhere. Bring back what it leads to, or take it away." if os.path.islink(path) else None
    except OSError as error:
        return "is a link that leads back to itself. Take it away." if error.errno == errno.ELOOP else None
    if stat.S_ISDIR(mode) and os.path.islink(path):
        real, above = os.path.realpath(path), os.path.realpath(os.path.dirname(os.path.abspath(path)))
        if os.path.commonpath([real, above]) == real:
            return "is a link that leads back to a folder in which it lies. Take it away."
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    return "is a pipe, a device or a socket, no file. Put the file in its place, or take it away."


def printable(name: str | os.PathLike[str]) -> str:
    """As `shown`, but a text in which all can be seen stays as it is; so it may be shown already."""
    text = _decoded(name)
    return "".join(map(_escaped, text)) if _unseen(text) else text


def _decoded(name: str | os.PathLike[str]) -> str:
    text = os.fspath(name)
    try:
        return os.fsencode(text).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # it is no name of this system's files
        return text


def _unseen(text: str) -> bool:
    return not (text.isascii() and text.isprintable()) and any(map(_is_unseen, text))


def _is_unseen(c: str) -> bool:
    return unicodedata.category(c) in _UNSEEN or c in _BLANK


def _escaped(c: str) -> str:
    if c == "\\":
        return "\\\\"
    if not _is_unseen(c):
        return c
    code = ord(c)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # a byte that is no UTF-8
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_OF_MEMORY = (  # what libraries say that raise no MemoryError
    "cannot allocate memory",
    "could not allocate memory",
    "failed to map segment",
    "failed to launch worker thread",
    "out of memory",
    "can't start new thread",
    "unable to allocate",
    "realloc of size",
    "malloc of size",
    "bad_alloc",
    "memoryerror",
)


def wants_memory(error: BaseException) -> bool:
    """Whether an error of whatever library says that there is not enough memory."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    return not isinstance(error, ShiliuError) and any(words in str(error).lower() for words in _OF_MEMORY)


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
        # it may quote what no file can hold; Gymnasium makes the error of a process anew from the error itself
        # or what moves a terminal's cursor
        message = "\n".join(map(printable, _QUOTED_BYTE.sub(r"\\x\1", str(message)).split("\n")))
        super().__init__(message)
        self.message = message
        self.file = None if file is None else os.fspath(file)
        self.field = field
        self.line = line
        self.exit_code = exit_code

    @property
    def place(self) -> str | None:
        """The file, as it can be written anywhere."""
        return None if self.file is None else printable(self.file)

    def __str__(self) -> str:
        place = "" if self.place is None else self.place if self.line is None else f"{self.place}:{self.line}"
        return ": ".join(part for part in (place, self.field, self.message) if part)


class ScenarioError(ShiliuError):
    """A scenario, cell, part or setting that cannot be built."""


class EpisodeError(ShiliuError):
    """A recording that cannot be read or written."""


class ReplayError(ShiliuError):
    """A recording that was read, but cannot be replayed in the scene that was asked for."""


class OtherScenarioError(ReplayError):
    """A recording that names another scenario than the one that was asked for."""
