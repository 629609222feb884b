"""Worker processes that may die or hang: each has one job at a time, is replaced when it is lost, and costs that job alone."""

from __future__ import annotations

import signal
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from typing import Any, Self

from ...scenarios.sheet.errors import ShiliuError, shown
from .jobs import Answer, Busy, Count, Counted, Stop, TakeJob, Unread, name_of
from .serving import Answering, serve

Job = Count | TakeJob
CRASHES = 2  # how often a process may end by its own fault over one job
KILLS = 5  # the same of one that was killed from outside, as for want of memory
STARTS = 3  # processes that end before they are ready, one after the other, until nothing more is tried
AGAIN = 0.2  # s until a job that another process does is asked for again
START_LIMIT = 300.0  # s to be ready


@dataclass
class Workers(ABC):
    """Whoever answers jobs: processes of this machine (`Pool`), or of many (`Cluster`); a context manager.

    Attributes:
        size: workers; begin, given: make a bench, see `serve`; limit_s: for one job [s].
        lost: workers that were begun in place of others.
    """

    size: int
    begin: Callable[..., Answering]
    given: tuple[Any, ...]
    limit_s: float
    lost: int = field(default=0, init=False)
    _queue: deque[Job] = field(default_factory=deque, init=False)
    _later: list[tuple[float, Job]] = field(default_factory=list, init=False)
    _workers: list[Any] = field(default_factory=list, init=False)
    _ends: dict[int, list[int]] = field(default_factory=dict, init=False)  # of a job: how its workers ended
    _failed: int = field(default=0, init=False)

    def add(self, job: Job, first: bool = False) -> None:
        """A job to be done; `first`: before all others."""
        self._queue.appendleft(job) if first else self._queue.append(job)

    @property
    def waiting(self) -> int:
        """Jobs that nobody has begun."""
        return len(self._queue) + len(self._later)

    @property
    def at_work(self) -> bool:
        """Whether any job is begun or waits."""
        return bool(self.waiting or any(one.job is not None for one in self._workers))

    def answers(self, timeout_s: float | None = None) -> Iterator[tuple[Job, Answer]]:
        """Answers as they come; ends when no job is left (or, with `timeout_s`, after that time without one).

        Jobs may be added meanwhile.

        Raises:
            ShiliuError: no worker can be begun, or one says that the run cannot go on.
        """
        idle_since = time.monotonic()
        while self.at_work:
            now = time.monotonic()
            self._queue.extend(job for at, job in self._later if at <= now)
            self._later = [(at, job) for at, job in self._later if at > now]
            busy = sum(one.job is not None for one in self._workers)
            while len(self._workers) < min(self.size, busy + len(self._queue)):
                self._workers.append(self._begin())
            for one in list(self._workers):
                if one.ready and one.job is None and self._queue:
                    one.job, one.since = self._queue.popleft(), time.monotonic()
                    self._send(one)
            found = list(self._wait(1.0 if timeout_s is None else timeout_s))
            for job, answer in found:
                if isinstance(answer, Stop):
                    raise ShiliuError(answer.message, file=answer.file, field=answer.field)
                if isinstance(answer, Busy):
                    self._later.append((time.monotonic() + AGAIN, job))
                    continue
                self._ends.pop(id(job), None)
                yield job, answer
            if found:
                idle_since = time.monotonic()
            elif timeout_s is not None and time.monotonic() - idle_since > timeout_s:
                return

    def close(self) -> None:
        """End all workers; what they were at is not kept."""
        for one in self._workers:
            self._end(one)
        self._workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- inside ------------------------------------------------------------------------------------------------------
    @abstractmethod
    def _begin(self) -> Any:
        """A worker that makes its bench."""

    @abstractmethod
    def _send(self, one: Any) -> None:
        """Its job, to a worker that is ready."""

    @abstractmethod
    def _wait(self, at_most_s: float) -> Iterator[tuple[Job, Answer]]:
        """What comes within that time at most."""

    @abstractmethod
    def _end(self, one: Any) -> None:
        """A worker, whatever it is at."""

    def _lose(self, one: Any) -> None:
        self.lost += 1
        self._workers.remove(one)
        self._end(one)

    def _late(self, one: Any) -> Iterator[tuple[Job, Answer]]:
        """Gives up what takes a worker too long, if anything does."""
        if one.job is not None and time.monotonic() - one.since > self.limit_s:
            self._lose(one)
            yield one.job, given_up(one.job, "timeout", f"judging it took longer than {self.limit_s:g} s and was ended")


@dataclass
class _Worker:
    process: Any
    pipe: connection.Connection
    began: float
    ready: bool = False
    job: Job | None = None
    since: float = 0.0


class Pool(Workers):
    """Processes that answer jobs."""

    def warm(self) -> None:
        """Begin all processes, and come back when they are ready.

        Raises:
            ShiliuError: none can be begun.
        """
        while len(self._workers) < self.size or not all(one.ready for one in self._workers):
            while len(self._workers) < self.size:
                self._workers.append(self._begin())
            for _ in self._wait(1.0):
                pass

    # -- inside ------------------------------------------------------------------------------------------------------
    def _begin(self) -> _Worker:
        context = get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(there, self.begin, self.given), daemon=True)
        process.start()
        there.close()
        return _Worker(process, here, time.monotonic())

    def _send(self, one: _Worker) -> None:
        try:
            one.pipe.send(one.job)
        except (BrokenPipeError, ConnectionResetError):
            pass  # its end is seen later

    def _wait(self, at_most_s: float) -> Iterator[tuple[Job, Answer]]:
        now = time.monotonic()
        ends = [one.since + self.limit_s for one in self._workers if one.job is not None]
        ends += [at for at, _ in self._later]
        wait = max(0.0, min([at_most_s, *(end - now for end in ends)]))
        ready = set(connection.wait([one.pipe for one in self._workers], wait))
        for one in list(self._workers):
            if one.pipe in ready:
                yield from self._heard(one)
            else:
                yield from self._late(one)
            if one in self._workers and not one.ready and time.monotonic() - one.began > START_LIMIT:
                self._lose(one)
                self._start_failed("was not ready in time")

    def _heard(self, one: _Worker) -> Iterator[tuple[Job, Answer]]:
        try:
            answer = one.pipe.recv()
        except (EOFError, ConnectionResetError):
            yield from self._ended(one)
            return
        if one.job is None:
            if isinstance(answer, Stop):
                raise ShiliuError(answer.message, file=answer.file, field=answer.field)
            one.ready, self._failed = True, 0
            return
        job, one.job = one.job, None
        yield job, answer

    def _ended(self, one: _Worker) -> Iterator[tuple[Job, Answer]]:
        one.process.join()
        code, job = one.process.exitcode or 0, one.job
        self._lose(one)
        if job is None:
            if not one.ready:
                self._start_failed(_how(code))
            return
        ends = self._ends.setdefault(id(job), [])
        ends.append(code)
        killed = sum(end == -signal.SIGKILL for end in ends)
        if killed >= KILLS or len(ends) - killed >= CRASHES:
            self._ends.pop(id(job), None)
            yield job, given_up(job, "crashed", f"judging it ended the process {len(ends)} times ({_how(code)})")
        else:
            self.add(job, first=True)

    def _start_failed(self, how: str) -> None:
        self._failed += 1
        if self._failed >= STARTS:
            raise ShiliuError(
                f"No worker could be started: the last one {how}. Run it again without workers=.", field="workers"
            )

    def _end(self, one: _Worker) -> None:
        one.pipe.close()
        if one.process.is_alive():
            one.process.kill()
        one.process.join()


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


def given_up(job: Job, code: str, message: str) -> Answer:
    """The answer for a job that no worker came through."""
    if isinstance(job, Count):
        return Counted(1)  # asking for the recording itself will tell
    error = {"message": f"{message}. The others were judged.", "file": job.entry.source, "field": None, "code": code}
    return Unread(shown(job.entry.path.stem), name_of(job), error)
