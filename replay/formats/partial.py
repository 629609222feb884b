"""What is being written, beside its place: its name tells who writes it, so that what a killed process left can be taken away.

A name is `.OUT.HOST-BOOT-SPACE-PID-BEGAN-N.partial`: the machine, its start, the space in which process numbers count, the process,
and when that began. Whoever writes at the same place next removes what is of this machine and of a process that is no more. What
may be another machine's, or another container's, is left alone.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import socket
from functools import cache
from pathlib import Path

LONGEST = 120  # bytes of a name that stand in the name of what is being written for it
ENDING = ".partial"
_NAMED = re.compile(
    r"\.(?P<host>[0-9a-f]{8})-(?P<boot>[0-9a-f]{6})-(?P<space>[0-9a-f]{6})-(?P<pid>[0-9]+)-(?P<began>[0-9]+)-[0-9]+\.partial"
)
_NO_HOST = "00000000"  # of a machine that has no number of its own: nothing of before its last start is known to be its own
_count = itertools.count()


def beside(out: Path) -> Path:
    """A path beside `out` for what will be renamed to it; nothing lies there. What dead processes left for `out` is removed.

    It is on the same disk, hidden, and of this process alone.
    """
    sweep(out)
    host, boot, space = _here()
    name = f"{_prefix(out)}.{host}-{boot}-{space}-{os.getpid()}-{_began(os.getpid()) or 0}-{next(_count)}.partial"
    return out.absolute().parent / name


def sweep(out: Path) -> None:
    """Remove what processes that are no more have left half written for `out`."""
    _sweep(out.absolute().parent, _prefix(out))


def sweep_all(folder: Path) -> None:
    """Remove what processes that are no more have left half written in a folder, for whatever it was."""
    _sweep(folder, "")


def _sweep(folder: Path, prefix: str) -> None:
    """Remove what is left of a prefix; the empty one stands for all."""
    try:
        names = [name for name in os.listdir(folder) if name.startswith(prefix or ".")]
    except OSError:
        return
    for name in names:
        found = _NAMED.fullmatch(name, len(prefix) if prefix else max(0, name.rfind(".", 0, -len(ENDING))))
        if found is not None and _is_dead(**found.groupdict()):
            _remove(folder / name)


def _prefix(out: Path) -> str:
    name = out.absolute().name
    raw = os.fsencode(name)
    return f".{name}" if len(raw) <= LONGEST else f".{hashlib.sha256(raw).hexdigest()[:32]}"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        path.unlink()
    except OSError:
        pass  # it is in nobody's way but the disk's


def _is_dead(host: str, boot: str, space: str, pid: str, began: str) -> bool:
    """Whether it is certain that a process is no more."""
    own = _here()
    if host != own[0]:
        return False
    if boot != own[1]:
        return host != _NO_HOST  # this machine was started anew since
    if space != own[2]:
        return False
    now = _began(int(pid))
    return now is None or (began != "0" and now not in (0, int(began)))


@cache
def _here() -> tuple[str, str, str]:
    """This machine, its last start, and the space in which its process numbers count, as digests."""
    machine, boot = _text("/etc/machine-id"), _text("/proc/sys/kernel/random/boot_id")
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    name = hashlib.sha256(f"{socket.gethostname()} {machine}".encode("utf-8", "replace")).hexdigest()[:8]
    if not machine and boot:
        # the same name may be another machine's; this start of it is its own
        return _NO_HOST, _digest(f"{socket.gethostname()} {boot}"), _digest(space)
    return name, _digest(boot), _digest(space)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:6]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _began(pid: int) -> int | None:
    """When a process began, in ticks since the machine was started; 0 where that is not known, None where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = stat.rpartition(")")[2].split()
        return None if state in "ZX" else int(rest[18])
    except (OSError, ValueError, IndexError):
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    return 0
