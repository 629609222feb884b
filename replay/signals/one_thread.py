"""Linear algebra of a take on one thread, in memory that the process keeps.

Its arrays are small: two threads wait for each other longer than they compute, many times so where other work has the other core. And they
are made and freed thousands of times: pages that glibc gives back each time are asked for again, at the cost of a short computation.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import scipy.linalg  # noqa: F401  brings a library of its own, which is to be known as well
from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
R = TypeVar("R")
# numbers of glibc's malloc.h and bytes: freed memory that is kept, and from which size on a piece is mapped alone, which is never kept
KEEP, ALONE = (-1, 64 << 20), (-3, 32 << 20)


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    keep_memory()
    return ThreadpoolController()


def keep_memory() -> bool:
    """Whether the C library that Python runs on can be asked to keep what is freed, which it is then."""
    mallopt = getattr(ctypes.pythonapi, "mallopt", None)
    return mallopt is not None and all([mallopt(*option) for option in (KEEP, ALONE)])


def on_one_thread(run: Callable[P, R]) -> Callable[P, R]:
    """The same function; while it runs, BLAS uses one thread in this process."""

    @wraps(run)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _libraries().limit(limits=1, user_api="blas"):
            return run(*args, **kwargs)

    return limited
