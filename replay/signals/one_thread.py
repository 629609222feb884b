"""Linear algebra of a take on one thread. Its arrays are small: two threads wait for each other longer than they compute, many times so
where other work has the other core."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import scipy.linalg  # noqa: F401  brings a library of its own, which is to be known as well
from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
R = TypeVar("R")


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def on_one_thread(run: Callable[P, R]) -> Callable[P, R]:
    """The same function; while it runs, BLAS uses one thread in this process."""

    @wraps(run)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _libraries().limit(limits=1, user_api="blas"):
            return run(*args, **kwargs)

    return limited
