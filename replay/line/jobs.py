"""What a worker is asked, and what it answers; nothing here loads the judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..formats import Entry

if TYPE_CHECKING:
    from ..checks.finding import Finding
    from .upgrade import Former


@dataclass(frozen=True)
class Count:
    """How many recordings are in an entry?"""

    number: int
    entry: Entry


@dataclass(frozen=True)
class TakeJob:
    """Judge the k-th recording of the entry of this number.

    Attributes:
        drawn: keep what is drawn of it, too; given: what the comparison with others found, where that is known.
    """

    number: int
    entry: Entry
    k: int
    drawn: bool = False
    given: Mapping[str, Finding] | None = None


@dataclass(frozen=True)
class Counted:
    """So many; `sure`: whether they could be counted, and it is not 1 because nothing can be read."""

    n: int
    sure: bool = True


@dataclass(frozen=True)
class Made:
    """It is in the ledger; `new` where it was not before; `operator`: the pseudonym in the recording.

    Attributes:
        earlier: an earlier judge made it, and nobody asked for it again; before: what an earlier judge made of it, where asked.
    """

    key: str
    source: str
    new: bool
    operator: str | None = None
    earlier: bool = False
    before: Former | None = None


@dataclass(frozen=True)
class Unread:
    """There is no verdict. `read`: whether the recording was read, and only its scene could not be built."""

    name: str
    source: str
    error: dict[str, Any]
    read: bool = False


@dataclass(frozen=True)
class Busy:
    """Another process judges the same."""


@dataclass(frozen=True)
class Stop:
    """The run cannot go on, as where the disk is full."""

    message: str
    file: str | None
    field: str | None


Answer = Counted | Made | Unread | Busy | Stop


def name_of(job: Count | TakeJob) -> str:
    """How a take is called of which nothing could be read."""
    return (
        job.entry.source
        if isinstance(job, Count) or (job.k == 0 and job.entry.path.is_file())
        else f"{job.entry.source}#{job.k}"
    )
