"""A worker of which some takes are the end; a module of its own, so that a process of it loads nothing else."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from shiliu.replay.line.jobs import Made, TakeJob


class Odd:
    """A bench whose takes crash (1), hang (2), are killed once (3), fail with a fault (4), or are well."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def answer(self, job: TakeJob):
        if job.k == 1:
            os.abort()
        if job.k == 2:
            time.sleep(60)
        if job.k == 3 and not (self.folder / "killed").exists():
            (self.folder / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if job.k == 4:
            raise ZeroDivisionError("no")
        return Made("", str(job.k), True)
