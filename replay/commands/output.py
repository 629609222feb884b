"""Standard output and standard error of a command: what cannot be written there ends no work, and every name is escaped alike."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ...scenarios.sheet.errors import printable

ESCAPED = "shiliu.escaped"  # the error handler of both streams
OWN = "shiliu: "  # begins a sentence of the command itself
USAGE = 2  # exit code where what a command prints was not written


class CommandStream:
    """A text stream that drops what its file no longer takes, and remembers why. What begins with `shiliu: ` is written in a language.

    Attributes:
        lost: what the system said at the first write that failed; None where all was written.
    """

    def __init__(self, stream: TextIO, lang: str = "en") -> None:
        self._stream, self._lang = stream, lang
        self.lost: OSError | None = None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPED)

    def write(self, text: str) -> int:
        """Write it, or drop it where a write has failed."""
        sentence = text.removeprefix(OWN)
        if self._lang != "en" and sentence != text:
            from ..report.translation import translated

            text = OWN + translated(sentence, self._lang)
        with self._losing():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As `write`, each."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand on what is kept in memory."""
        with self._losing():
            self._stream.flush()

    @contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if self.lost is None:
                self.lost = error
            with suppress(OSError, ValueError):  # what Python holds of it must have somewhere to go when it shuts down
                _nowhere(self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def command_streams(lang: str = "en") -> Iterator[CommandStream]:
    """Have both standard streams of this process drop what cannot be written, within the block; gives standard output.

    What the command itself reports (`shiliu: ...`) comes in the language.

    A stream that is closed (`>&-`) is one that drops everything. No file that is opened later gets its number.
    """
    codecs.register_error(ESCAPED, _escaped)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            _nowhere(number)
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w") as nowhere:
        streams = [CommandStream(stream if stream is not None else nowhere, lang) for stream in before]
        sys.stdout, sys.stderr = streams  # type: ignore[assignment]
        try:
            yield streams[0]
        finally:
            for stream in streams:
                stream.flush()
            sys.stdout, sys.stderr = before


def code_of_output(output: CommandStream, code: int) -> int:
    """The exit code of a command, when its output is out: where that was lost, one that went well has not.

    A reader that went away (`| head`) has read what it wanted.
    """
    output.flush()
    if output.lost is None or output.lost.errno == errno.EPIPE:
        return code
    print(f"shiliu: standard output: {output.lost.strerror}. What it could not take is lost; what was to be done is done.", file=sys.stderr)
    return code or USAGE


def _nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
    else:
        os.set_inheritable(number, True)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What the encoding of a stream lacks, as reports write it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return printable(error.object[error.start : error.end]).encode("ascii", "backslashreplace").decode(), error.end
