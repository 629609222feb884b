"""Workers on the machines of a Ray cluster, by the seam of processes of one machine: `begin(*given)` makes a bench, `answer(job)` asks it.

Each worker is an actor with one processor; it holds the scenes that it has compiled. An actor that is lost, with its machine or
alone, is replaced, and its job begun again. Data and ledger must lie under the same path on every machine, on a file system with
locks.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...scenarios.sheet.errors import ShiliuError
from .jobs import Answer
from .pool import AGAIN, Job, Workers, given_up
from .serving import Answering, answered

ENDS = 5  # how often the worker of one job may be lost until the job is given up
STARTS = 5  # workers that end before they are ready, one after the other, until nothing more is tried
START_LIMIT = 300.0  # s until the first worker has to be ready
HEAD_EVERY = 2.0  # s between two questions whether the head is there
HEAD_LIMIT = 20.0  # s that it may be silent. After 60 s Ray itself ends the process that asked, with 1 and without a sentence


class _Bench:
    """What an actor is: a bench, made where it runs."""

    def __init__(self, begin: Callable[..., Answering], given: tuple[Any, ...]) -> None:
        self._bench = begin(*given)

    def ready(self) -> None:
        """Comes back when the bench is made."""

    def answer(self, job: Job) -> Answer:
        return answered(self._bench, job)


@dataclass(eq=False)
class _Actor:
    actor: Any
    waited: Any  # what it will answer: that it is ready, or a job's answer
    ready: bool = False
    job: Job | None = None
    since: float = 0.0


@dataclass
class Cluster(Workers):
    """As `Pool`, on a cluster.

    Attributes:
        address: of the cluster; `auto` is the one that this machine is of, `local` makes one of this machine.

    Raises:
        ShiliuError: Ray is not installed, or there is no such cluster.
    """

    address: str

    def __post_init__(self) -> None:
        try:
            import ray
        except ImportError:
            raise ShiliuError(
                'needs Ray, which is not installed. Install it by pip install "shiliu[cluster]", or leave cluster= out.',
                field="cluster",
            ) from None
        self._ray = ray
        self._own = not ray.is_initialized()
        main = threading.current_thread() is threading.main_thread()
        ended_by = signal.getsignal(signal.SIGTERM)
        try:
            if self._own:
                ray.init(
                    address=None if self.address == "local" else self.address,
                    log_to_driver=False,
                    logging_level="ERROR",
                )
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ShiliuError(f"no Ray cluster answers at {self.address!r}: {reason}", field="cluster") from None
        finally:
            if main and ended_by is not None:
                signal.signal(signal.SIGTERM, ended_by)  # Ray puts its own in place, by which nothing is put away
        host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
        self._head, self._heard = (host, int(port)), time.monotonic()
        self._class = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Bench)
        self._ready_at = time.monotonic()  # when any worker was ready last; at first, when that began to be waited for

    def close(self) -> None:
        """End all workers, and leave the cluster; what they were at is not kept."""
        super().close()
        if self._own:
            self._ray.shutdown()

    # -- inside ------------------------------------------------------------------------------------------------------
    def _begin(self) -> _Actor:
        made: list[_Actor | Exception] = []

        def begin() -> None:
            try:
                actor = self._class.remote(self.begin, self.given)
                made.append(_Actor(actor, actor.ready.remote()))
            except Exception as error:
                made.append(error)

        self._hear_head()
        thread = threading.Thread(target=begin, daemon=True)  # it does not come back where the head dies meanwhile
        thread.start()
        while not made:
            thread.join(HEAD_EVERY)
            if not made:
                self._hear_head()
        if isinstance(made[0], Exception):
            raise made[0]
        return made[0]

    def _send(self, one: _Actor) -> None:
        one.waited = one.actor.answer.remote(one.job)

    def _end(self, one: _Actor) -> None:
        self._ray.kill(one.actor)

    def _hear_head(self) -> None:
        """Wait until the head of the cluster answers, without which Ray's calls do not come back.

        Raises:
            ShiliuError: it has been silent for `HEAD_LIMIT`.
        """
        begun = time.monotonic()
        while True:
            try:
                socket.create_connection(self._head, timeout=1.0).close()
                return
            except OSError:
                if time.monotonic() - begun > HEAD_LIMIT:
                    raise ShiliuError(
                        "the head of the cluster does not answer any more. What is judged is kept: begin the cluster again, and run "
                        "the same command again.",
                        field="cluster",
                    ) from None
            time.sleep(AGAIN)

    def _wait(self, at_most_s: float) -> Iterator[tuple[Job, Answer]]:
        if time.monotonic() - self._heard > HEAD_EVERY:
            self._hear_head()
            self._heard = time.monotonic()
        waited = {one.waited: one for one in self._workers if one.waited is not None}
        if not waited:
            time.sleep(AGAIN)
            return
        done, _ = self._ray.wait(list(waited), num_returns=1, timeout=AGAIN if self._later else at_most_s)
        for reference in done:
            one = waited[reference]
            one.waited = None
            try:
                answer = self._ray.get(reference)
            except ShiliuError as error:  # the bench cannot be made
                raise ShiliuError(error.message, file=error.file, field=error.field) from None
            except self._ray.exceptions.RayTaskError as error:
                cause = error.cause
                raise cause if isinstance(cause, ShiliuError) else error from None
            except self._ray.exceptions.RayError as error:
                yield from self._ended(one, error)
                continue
            if one.job is None:
                one.ready, self._failed = True, 0
                continue
            job, one.job = one.job, None
            yield job, answer
        for one in list(self._workers):
            yield from self._late(one)
        if any(one.ready for one in self._workers):
            self._ready_at = time.monotonic()
        elif time.monotonic() - self._ready_at > START_LIMIT:
            raise ShiliuError(
                f"no worker became ready in {START_LIMIT:g} s. Is a processor of the cluster free?", field="cluster"
            )

    def _ended(self, one: _Actor, error: Exception) -> Iterator[tuple[Job, Answer]]:
        job = one.job
        self._lose(one)
        if job is None:
            self._failed += 1
            if self._failed >= STARTS:
                reason = " ".join(str(error).split())[-300:]
                raise ShiliuError(f"no worker could be started: {reason}", field="cluster")
            return
        ends = self._ends.setdefault(id(job), [])
        ends.append(0)
        if len(ends) >= ENDS:
            self._ends.pop(id(job))
            yield job, given_up(job, "crashed", f"its worker was lost {len(ends)} times ({type(error).__name__})")
        else:
            self.add(job, first=True)
