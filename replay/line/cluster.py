"""Workers on the machines of a Ray cluster, by the seam of processes of one machine: `begin(*given)` makes a bench, `answer(job)` asks it.

Each worker is an actor with one processor; it holds the scenes that it has compiled. An actor that is lost, with its machine or
alone, is replaced, and its job begun again. Data and ledger must lie under the same path on every machine, on a file system with
locks.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...scenarios.sheet.errors import ShiliuError
from .jobs import Answer, Busy, Stop
from .pool import AGAIN, Job, given_up
from .serving import Answering, answered

ENDS = 5  # how often the worker of one job may be lost until the job is given up
STARTS = 5  # workers that end before they are ready, one after the other, until nothing more is tried
START_LIMIT = 300.0  # s until the first worker has to be ready
LOOK = 1.0  # s between two looks for what takes too long


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
class Cluster:
    """As `Pool`, on a cluster.

    Attributes:
        size: workers; begin, given: make a bench; limit_s: for one job [s].
        address: of the cluster; `auto` is the one that this machine is of, `local` makes one of this machine.
        lost: workers that were replaced.

    Raises:
        ShiliuError: Ray is not installed, or there is no such cluster.
    """

    size: int
    begin: Callable[..., Answering]
    given: tuple[Any, ...]
    limit_s: float
    address: str
    lost: int = 0
    _queue: deque[Job] = field(default_factory=deque)
    _later: list[tuple[float, Job]] = field(default_factory=list)
    _workers: list[_Actor] = field(default_factory=list)
    _ends: dict[int, int] = field(default_factory=dict)
    _failed: int = 0

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
        self._class = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Bench)

    def add(self, job: Job, first: bool = False) -> None:
        """A job to be done; `first`: before all others."""
        self._queue.appendleft(job) if first else self._queue.append(job)

    @property
    def waiting(self) -> int:
        """Jobs that nobody has begun."""
        return len(self._queue) + len(self._later)

    def answers(self) -> Iterator[tuple[Job, Answer]]:
        """Answers as they come, until no job is left; jobs may be added meanwhile.

        Raises:
            ShiliuError: no worker becomes ready, or one says that the run cannot go on.
        """
        begun = time.monotonic()
        while self._queue or self._later or any(one.job is not None for one in self._workers):
            self._assign()
            for job, answer in list(self._wait()):
                if isinstance(answer, Stop):
                    raise ShiliuError(answer.message, file=answer.file, field=answer.field)
                if isinstance(answer, Busy):
                    self._later.append((time.monotonic() + AGAIN, job))
                    continue
                self._ends.pop(id(job), None)
                yield job, answer
            if any(one.ready for one in self._workers):
                begun = time.monotonic()
            elif time.monotonic() - begun > START_LIMIT:
                raise ShiliuError(
                    f"no worker became ready in {START_LIMIT:g} s. Is a processor of the cluster free?", field="cluster"
                )

    def close(self) -> None:
        """End all workers, and leave the cluster; what they were at is not kept."""
        for one in self._workers:
            self._ray.kill(one.actor)
        self._workers.clear()
        if self._own:
            self._ray.shutdown()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- inside ------------------------------------------------------------------------------------------------------
    def _assign(self) -> None:
        now = time.monotonic()
        self._queue.extend(job for at, job in self._later if at <= now)
        self._later = [(at, job) for at, job in self._later if at > now]
        at_work = sum(one.job is not None for one in self._workers)
        while len(self._workers) < min(self.size, at_work + len(self._queue)):
            actor = self._class.remote(self.begin, self.given)
            self._workers.append(_Actor(actor, actor.ready.remote()))
        for one in self._workers:
            if one.ready and one.job is None and self._queue:
                one.job, one.since = self._queue.popleft(), time.monotonic()
                one.waited = one.actor.answer.remote(one.job)

    def _wait(self) -> Iterator[tuple[Job, Answer]]:
        waited = {one.waited: one for one in self._workers if one.waited is not None}
        if not waited:
            time.sleep(AGAIN)
            return
        done, _ = self._ray.wait(list(waited), num_returns=1, timeout=AGAIN if self._later else LOOK)
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
        for one in [
            one for one in self._workers if one.job is not None and time.monotonic() - one.since > self.limit_s
        ]:
            late = one.job
            assert late is not None
            self._lose(one)
            yield late, given_up(late, "timeout", f"judging it took longer than {self.limit_s:g} s and was ended")

    def _ended(self, one: _Actor, error: Exception) -> Iterator[tuple[Job, Answer]]:
        job = one.job
        self._lose(one)
        if job is None:
            self._failed += 1
            if self._failed >= STARTS:
                reason = " ".join(str(error).split())[-300:]
                raise ShiliuError(f"no worker could be started: {reason}", field="cluster")
            return
        self._ends[id(job)] = self._ends.get(id(job), 0) + 1
        if self._ends[id(job)] >= ENDS:
            n = self._ends.pop(id(job))
            yield job, given_up(job, "crashed", f"its worker was lost {n} times ({type(error).__name__})")
        else:
            self.add(job, first=True)

    def _lose(self, one: _Actor) -> None:
        self.lost += 1
        self._workers.remove(one)
        self._ray.kill(one.actor)
