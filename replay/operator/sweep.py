"""Work on many seeds by processes side by side, each with a scene of its own; what they make comes in the order of the seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def side_by_side(
    work: Callable[[Item], Made],
    items: Sequence[Item],
    processes: int,
    begin: Callable[..., object],
    given: tuple[Any, ...],
) -> Iterator[Made]:
    """What a function of a module makes of each item.

    Args:
        work: of one item; processes: how many; not more are begun than there are items.
        begin: called once in each process, with `given`, before its first item; both are sent there.

    Where the reader stops, items that nobody has begun are not begun.
    """
    with ProcessPoolExecutor(min(processes, len(items)), get_context("spawn"), begin, given) as pool:
        try:
            yield from pool.map(work, items)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
