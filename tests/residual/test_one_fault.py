"""One fault of several columns of a device is one finding that names them all."""

from dataclasses import replace

import numpy as np
from shiliu.replay.residual.departures import of_one_stream
from shiliu.replay.residual.difference import Difference

T = np.arange(600) / 30.0
LEAD = Difference.over(
    T, ("a", "b"), "command", (200, 499), 0.19, "rad", "offset", certain=True, numbers={"by": 0.1}, limit=0.04, weight=9.0
)


def same(kind: str, by: float, rows: tuple[int, int] = (200, 499), **more) -> Difference:
    first, last = rows
    of = {"channels": ("c",), "kind": kind, "numbers": {"by": by}, "first": first, "last": last, "t0": T[first], "t1": T[last]}
    return replace(LEAD, **of, **more)


def test_the_same_offset_in_the_same_rows_is_one_whichever_column_is_blamed():
    for one in (same("command", 0.105), same("measured", -0.095), same("command", 0.1, (204, 499))):
        (both,) = of_one_stream([LEAD, one])
        assert both.channels == ("a", "b", "c") and both.kind == "command" and both.weight == 18.0


def test_what_is_another_offset_stays_another():
    others = (
        same("measured", 0.1), same("command", -0.1), same("command", 0.15), same("command", 0.1, (200, 400)),
        same("command", 0.1, certain=False), same("command", 0.1, name="drift"), same("velocity", 0.1), same("command", 0.1, unit="1"),
    )  # fmt: skip
    for one in others:
        assert len(of_one_stream([LEAD, one])) == 2, one


def test_speeds_of_other_rows_are_of_the_rows_of_all_joints():
    turned = replace(LEAD, kind="velocity", name="reordered", numbers={})
    part = same("velocity", 0.8, (200, 230), name="drift")
    (one,) = of_one_stream([part, turned])
    assert (one.name, one.channels) == ("reordered", ("a", "b", "c"))
    assert len(of_one_stream([turned, same("velocity", 0.8, (520, 560), name="drift")])) == 2
    assert len(of_one_stream([turned, same("measured", 0.1)])) == 2
