"""Whatever a library raises over a broken file, said as one error that names the file and the way out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError, wants_memory
from ..recording.recording import Recording, Unreadable

try:  # at once: where memory is short no library can be loaded any more
    import resource
except ImportError:  # not on this system
    resource = None  # type: ignore[assignment]

POINTER = b"version https://git-lfs"  # what Git leaves in place of a large file that was not fetched
PARQUET = b"PAR1"  # at both ends of a whole table
TEXTS = (".json", ".jsonl", ".csv", ".txt", ".yaml", ".yml")  # endings of files of text; in others a text is a part
_IN_MEMORY = re.compile(r"\s*<[^<>]* object at 0x[0-9a-fA-F]+>")
MAX_CAUSE = 160  # characters of what the library says


@contextmanager
def mending(path: Path, broken: str, fix: str, missing: str | None = None) -> Iterator[None]:
    """Turn every exception inside into one `EpisodeError`; but want of memory stays what it is
    where memory is limited (`ulimit -v`). Elsewhere it is what a broken file claims to hold.

    Args:
        path: the file.
        broken: what to say of it (`not a readable ROS 1 bag`); the library's own words follow in brackets.
        fix: what to do.
        missing: what to say where there is no such file; None says as of a broken one.
    """
    try:
        yield
    except EpisodeError:
        raise
    except PermissionError:
        raise EpisodeError("the file may not be read. Give yourself read permission.", file=path) from None
    except Exception as error:  # the libraries' errors have no common base; all they say is: broken
        if missing is not None and isinstance(error, FileNotFoundError):
            raise EpisodeError(missing, file=path) from None
        if wants_memory(error) and _limited():
            raise MemoryError(str(error)) from error  # nothing is wrong with the file
        refuse_stand_in(path)
        if isinstance(error, UnicodeDecodeError) and path.suffix.lower() in TEXTS:
            found = f"byte {error.start} is 0x{error.object[error.start]:02x}"
            raise EpisodeError(
                f"the text is no UTF-8: {found}. Save the file as UTF-8; editors of Windows write Chinese as GBK.", file=path
            ) from None
        cause = cause_of(error)
        raise EpisodeError(f"{broken} ({cause}). {fix}", file=path) from None


def refuse_layout(found: object, known: object, file: Path, field: str) -> None:
    """Raises: EpisodeError where a file of ours has another layout than the one that is known."""
    if found != known:
        message = f"layout {found!r} is not known, only {known}. Read it with the version of shiliu that wrote it."
        raise EpisodeError(message, file=file, field=field)


def cause_of(error: BaseException) -> str:
    """What a library says of a broken file, in one line: the object in memory from which it read has a name for nobody."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    bare = _IN_MEMORY.sub("", str(error))
    return " ".join(bare.split()).rstrip(".")[:MAX_CAUSE] or type(error).__name__


AGAIN = "Copy it again from where it was recorded."


def once_readable(
    items: Iterable[Recording | Unreadable], nothing: Callable[[list[Unreadable]], EpisodeError] = lambda held: held[0].error
) -> Iterator[Recording | Unreadable]:
    """The items as they are, held back until one is readable: where nothing is, that is an error; a bad one among others is none.

    Args:
        nothing: the error where none is, of all that were held; that of the first where none was given.
    """
    held: list[Unreadable] = []
    readable = False
    for item in items:
        if isinstance(item, Unreadable) and not readable:
            held.append(item)
            continue
        readable = True
        yield from held
        held.clear()
        yield item
    if not readable and held:
        raise nothing(held)


def refuse_empty(path: Path) -> None:
    """Raises: EpisodeError where a file holds no byte."""
    if path.stat().st_size == 0:
        raise EpisodeError("the file is empty. Copy it again from the recorder, or leave it out.", file=path)


def bytes_of(path: Path, limit: int) -> bytes:
    """A file's bytes; raises ValueError where they are more than a limit, without reading on."""
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"it is larger than {limit >> 20} MiB")
    return content


def refuse_stand_in(path: Path) -> None:
    """See that a file is itself and was written to its end.

    Raises:
        EpisodeError: Git left a pointer in its place, or it is a Parquet table that its writer never closed.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(POINTER))
            size = file.seek(0, 2)
            file.seek(max(0, size - len(PARQUET)))
            end = file.read()
    except OSError:
        return
    if head == POINTER:
        raise EpisodeError("is a Git LFS pointer, not the file itself. Fetch the files: git lfs pull.", file=path)
    if head.startswith(PARQUET) and end != PARQUET:
        raise EpisodeError(
            "the table has no end: its writer was never closed, or a copy of it broke off. Copy it again from where it was recorded; "
            "if it has no end there either, its rows are lost (LeRobot closes its tables with finalize()).",
            file=path,
        )


def _limited() -> bool:
    if resource is None:
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
