"""How a command ends that cannot go on: by a signal, for want of room, rights or memory."""

from __future__ import annotations

import _thread
import atexit
import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from ...scenarios.sheet.errors import ShiliuError, printable, wants_memory

SIGNALS = ("SIGTERM", "SIGHUP", "SIGXCPU")  # of whoever ends jobs: systemd, docker, a cluster, a terminal that is closed, a limit
ADVICE = {  # what the system says -> what to do
    errno.ENOSPC: "Make room, or choose another out=.",
    errno.EDQUOT: "Make room, or choose another out=.",
    errno.EFBIG: "Allow larger files (ulimit -f), or choose another out=.",
    errno.EROFS: "Choose another out=.",
    errno.EACCES: "Give yourself the right to it.",
    errno.EPERM: "Give yourself the right to it.",
    errno.EEXIST: "Choose another out=.",
    errno.EISDIR: "This is a folder, not a file. Choose another path.",
    errno.ENOTDIR: "A file lies where a folder should be. Choose another path.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EMFILE: "Allow more open files (ulimit -n).",
    errno.ENFILE: "The machine has too many files open. Run the same command again later.",
    errno.EIO: "See whether the disk or the network is in order.",
    errno.ESTALE: "See whether the disk or the network is in order.",
    errno.ETIMEDOUT: "See whether the disk or the network is in order.",
    errno.EAGAIN: "The machine can begin no more processes. Use fewer workers= or threads=.",
}
OF_A_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)  # of what is written, whether or not it is named
HIDDEN = (".partial", ".spool", ".tmp")  # names beside out= of what is not whole yet
TIME = "The processor time that is allowed is used up. Allow more (ulimit -t), and run the same command again."
TO_END = 2  # s of processor time before a limit that kills, for putting things away
AGAIN = 0.05  # s after which a signal that was dropped is raised again
MEMORY = "There is not enough memory for this. Free some, allow more (ulimit -v), or use fewer workers=, processes= or threads=."
DRAWING = (
    "MUJOCO_GL={} names an OpenGL that is not here, so MuJoCo cannot be read. Install that (Debian, Ubuntu: apt-get install libegl1 "
    "libgl1-mesa-dri, or libosmesa6), or leave MUJOCO_GL away: without OpenGL all works but pictures."
)


class EndedBySignal(KeyboardInterrupt):
    """A signal asked this process to end. (A plain KeyboardInterrupt that passed through an `exec` has Python end itself by SIGINT.)"""


@dataclass
class CommandEnding:
    """Whether a signal asked the block to end: a library may have made another exception of it, or dropped it."""

    came: bool = False
    number: int = 0

    @property
    def limit(self) -> str | None:
        """The message where it came from a limit that the user can raise."""
        return TIME if self.came and self.number == getattr(signal, "SIGXCPU", None) else None


@contextmanager
def ended_by_signals() -> Iterator[CommandEnding]:
    """Have signals that end a process end the block as Ctrl-C does, so that it puts its things away.

    Who ignores one, as `nohup` does, goes on ignoring it. After the first, further ones wait for the end; Ctrl-C is heard again.
    """
    ending = CommandEnding()
    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    numbers = [getattr(signal, name) for name in (*SIGNALS, "SIGINT") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    caught = {number: old for number, old in before.items() if old in (signal.SIG_DFL, signal.default_int_handler)}
    unraisable = sys.unraisablehook

    def end(number: int, frame: FrameType | None) -> None:
        ending.came, ending.number = True, number
        for one in caught:
            if one != signal.SIGINT:
                signal.signal(one, signal.SIG_IGN)
        raise EndedBySignal

    def dropped(what: sys.UnraisableHookArgs) -> None:
        """Ask again where the exception came up in a destructor or a callback, out of which none passes."""
        if isinstance(what.exc_value, EndedBySignal):
            signal.signal(ending.number, end)
            threading.Timer(AGAIN, _thread.interrupt_main, [ending.number]).start()
        else:
            unraisable(what)

    for number in caught:
        signal.signal(number, end)
    sys.unraisablehook = dropped
    try:
        with _time_to_end():
            yield ending
    finally:
        sys.unraisablehook = unraisable
        for number, old in caught.items():
            signal.signal(number, old)


@contextmanager
def _time_to_end() -> Iterator[None]:
    """Where a limit of processor time kills at once (`ulimit -t`), have the system ask before."""
    try:
        import resource
    except ImportError:  # not on this system
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_CPU)
    if before[0] != before[1] or before[1] == resource.RLIM_INFINITY or before[1] <= TO_END:
        yield
        return
    resource.setrlimit(resource.RLIMIT_CPU, (before[1] - TO_END, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)


def mendable(error: BaseException, out: str | None = None) -> ShiliuError | None:
    """What the system refused, as an error that a user can mend; None for a fault of ours.

    Args:
        out: where the command writes. It is named where the system names no file, or one that is hidden beside it.
    """
    seen: BaseException | None = error
    while seen is not None:
        found = _mendable(seen, out)
        if found is not None:
            return found
        seen = seen.__cause__ or seen.__context__
    return None


def _mendable(error: BaseException, out: str | None) -> ShiliuError | None:
    if wants_memory(error):
        return ShiliuError(MEMORY)
    if (asked := os.environ.get("MUJOCO_GL")) and _of_opengl(error):
        return ShiliuError(DRAWING.format(asked))
    if not isinstance(error, OSError):
        return None
    printed = re.search(r"[Ee]rrno (?:= )?(\d+)", str(error))  # as HDF5 reports it, and a copy of a folder
    number = error.errno or (int(printed[1]) if printed else None)
    if number not in ADVICE:
        return None
    file = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else None
    if (file is None and number in OF_A_DISK) or (file is not None and any(part.endswith(HIDDEN) for part in Path(file).parts)):
        file = out
    return ShiliuError(f"{os.strerror(number)}. {ADVICE[number]}", file=file and printable(file))


def _of_opengl(error: BaseException) -> bool:
    """Whether MuJoCo, as it is imported, finds no OpenGL of the kind that MUJOCO_GL names: each kind raises an error of its own."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return "MUJOCO_GL" in str(error) or (last is not None and "OpenGL" in Path(last.tb_frame.f_code.co_filename).parts)


def leave_quickly(error: ShiliuError) -> None:
    """Where memory is wanting, end this process without putting libraries away: those that have begun only half crash then."""
    if error.message == MEMORY:
        atexit.register(_leave, error.exit_code)


def _leave(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
