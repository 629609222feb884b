"""Linear algebra of a take uses one thread while it runs, and as many as before afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg  # noqa: F401
from shiliu.replay.signals.one_thread import on_one_thread
from shiliu.replay.signals.statistics import median
from threadpoolctl import ThreadpoolController


def threads() -> list[int]:
    return [one["num_threads"] for one in ThreadpoolController().info() if one["user_api"] == "blas"]


def test_one_thread_while_it_runs_and_as_many_as_before_afterwards():
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        before = threads()
        assert before and set(before) == {2}
        assert set(on_one_thread(threads)()) == {1}
        assert threads() == before


def test_what_it_raises_comes_through_and_leaves_the_threads():
    @on_one_thread
    def fails():
        raise ValueError("no take")

    before = threads()
    with pytest.raises(ValueError, match="no take"):
        fails()
    assert threads() == before


@pytest.mark.parametrize("n", [1, 2, 3, 10, 1001, 1002])
def test_the_median_is_that_of_numpy_to_the_bit(n):
    x = np.random.default_rng(n).normal(size=n)
    kept = x.copy()
    assert median(x) == float(np.median(x)) and (x == kept).all()
