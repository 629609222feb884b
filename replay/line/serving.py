"""The process of a worker: it answers one job after the other, and ends with the one that began it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any, Protocol

from ...scenarios.sheet.errors import ShiliuError, shown
from ..judge.steps import error_line
from .jobs import Answer, Count, Stop, TakeJob, Unread, name_of


class Answering(Protocol):
    """What a worker works with."""

    def answer(self, job: Count | TakeJob) -> Answer:
        """Do what is asked; nothing that is wrong with a recording is raised."""


def serve(pipe: Connection, begin: Callable[..., Answering], given: tuple[Any, ...]) -> None:
    """Answer one job after the other until nobody asks any more.

    Args:
        begin: makes the bench from `given`, in this process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began this process ends it
    _end_with_parent()
    try:
        bench = begin(*given)
        pipe.send(None)
        while True:
            job = pipe.recv()
            pipe.send(answered(bench, job))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except ShiliuError as error:
        pipe.send(Stop(error.message, error.file, error.field))


def answered(bench: Answering, job: Count | TakeJob) -> Answer:
    """What a bench answers; a fault of ours costs this job alone, and `Stop` ends the run."""
    try:
        return bench.answer(job)
    except ShiliuError as error:
        return Stop(error.message, error.file, error.field)
    except Exception as error:
        return Unread(shown(job.entry.path.stem), name_of(job), error_line(error))


def _end_with_parent() -> None:
    """Have the system end this process with the one that began it, where it can."""
    if sys.platform != "linux":
        return
    import ctypes

    death = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None, use_errno=True).prctl(death, signal.SIGKILL)
    parent = parent_process()
    if parent is not None and os.getppid() != parent.pid:  # it died before the system was asked
        os._exit(1)
