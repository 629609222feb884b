"""Reasons on the same footing: of one column beside its rows, of several stretches, of edges, and of what another witness says."""

from dataclasses import replace

import numpy as np
import pytest
from servo_takes import ROWS
from shiliu.replay.residual.bodies import _named
from shiliu.replay.residual.case import Case
from shiliu.replay.residual.departures import of_one_stream, together
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.hypotheses import best
from shiliu.replay.residual.servo_law import _sound

T = np.arange(ROWS) / 30.0


def of(name, change, first=100, last=160, noise=1e-3, truth=None):
    """A difference of a column that was recorded otherwise in some rows, with what explains it by itself."""
    truth = 0.4 * np.sin(T[:300] * 1.7) + 0.3 if truth is None else truth
    x = truth.copy()
    x[first : last + 1] = change(truth[first : last + 1])
    case = Case(x, truth, first, last, 1.0 / 30.0, noise)
    size = float(np.abs(x - truth).max())
    return Difference.over(T[:300], (name,), "measured", (first, last), size, "rad", best(case), certain=True, cases=(case,))


def test_a_level_that_is_not_one_clips_nothing():
    rising = np.linspace(0.0, 1.0, 300)
    assert of("a", lambda x: np.minimum(x, 0.5), 100, 200, truth=rising).name == "clipped"
    loose = of("a", lambda x: np.where(x > 0.5, 0.5 - 0.02 * (np.arange(len(x)) % 2), x), 100, 200, truth=rising)
    assert loose.name != "clipped"


LEVEL = 0.7  # at which a column rests before and after
RESTS = np.full(300, LEVEL)
TREMBLES = RESTS + 0.0004 * np.sin(np.arange(300) ** 2.0)


@pytest.mark.parametrize(("changed", "truth", "name", "factor"), [
    (lambda x: np.full(len(x), LEVEL * np.pi / 180.0), RESTS, "factor", np.pi / 180.0),
    (lambda x: np.full(len(x), -LEVEL), RESTS, "mirrored", -1.0),
    (lambda x: np.full(len(x), LEVEL - 0.3), RESTS, "offset", None),  # of what rests: nothing tells a level from it
    (lambda x: np.full(len(x), LEVEL - 0.3), TREMBLES, "clipped", None),  # of what goes on before and after, it is one
    (lambda x: x - 0.3, TREMBLES, "offset", None),
])  # fmt: skip
def test_what_stands_is_read_by_the_rows_beside_it(changed, truth, name, factor):
    """The relation tells the truth to a milliradian or so alone."""
    found = of("a", changed, truth=truth)
    assert found.name == name and (factor is None or found.numbers["factor"] == pytest.approx(factor))


def test_a_column_of_whole_steps_is_that_in_each_of_its_stretches():
    truth = 0.4 + 0.3 * np.sin(T[:300] * 0.7)
    for step, name in ((0.2, "quantised"), (0.0, "held_value")):
        x = step * np.trunc(truth / step) if step else np.minimum(truth, 0.6)
        rows = np.flatnonzero(x == (0.4 if step else 0.6))
        first, last = int(rows[0]), int(rows[np.flatnonzero(np.diff(rows) > 1)[0]] if (np.diff(rows) > 1).any() else rows[-1])
        why = best(Case(x, truth, first, last, 1.0 / 30.0, 1e-3))
        assert why is not None and why.name == name


def test_columns_that_are_beyond_an_end_all_along_are_wrapped_as_the_one_that_comes_back():
    wrapped = of("a", lambda x: np.where(x > 0.4, x - 0.8, x), 60, 200)
    assert wrapped.name == "wrap"
    beyond = [of(name, lambda x: x - 0.8, 60, 200, truth=0.6 + 0.1 * np.sin(T[:300] + k)) for k, name in enumerate("bc")]
    (one,) = together([*beyond, wrapped])
    assert one.name == "wrap" and set(one.channels) == set("abc")
    (one,) = together(beyond)
    assert one.name in ("offset", "wrap")


def test_columns_that_are_off_by_amounts_of_their_own_are_not_exchanged():
    one, two = of("a", lambda x: x + 0.4), of("b", lambda x: x - 0.4, truth=0.4 * np.sin(T[:300] * 1.7) + 0.69)
    (both,) = together([one, two])
    assert both.name == "offset"
    other = 0.5 * np.cos(T[:300] * 1.1)
    a = of("a", lambda x: other[100:161])
    b = of("b", lambda x: (0.4 * np.sin(T[:300] * 1.7) + 0.3)[100:161], truth=other)
    (both,) = together([a, b])
    assert both.name == "copied"


def test_two_columns_that_stand_at_one_another_s_places_are_exchanged_and_no_two_levels():
    """As joints of an arm and of a head, of which each is in a group of its own."""
    for beside, names in ((0.0, ["copied"]), (0.02, ["offset", "offset"])):
        a, b = (of(name, lambda x, at=at + beside: np.full(len(x), at), truth=np.full(300, is_))
                for name, at, is_ in (("a", 0.7, 0.3), ("b", 0.3, 0.7)))  # fmt: skip
        assert [one.name for one in of_one_stream([a, b])] == names


def test_of_columns_that_share_no_reason_the_one_of_most_is_named():
    a, b = (of(name, lambda x: -x) for name in "ab")
    c = of("c", lambda x: x + np.cos(2.0 * np.arange(len(x)) ** 1.1))
    assert a.name == "mirrored" != c.name
    (all_of_them,) = together([c, a, b])
    assert set(all_of_them.channels) == {"a", "b", "c"} and all_of_them.name == "mirrored"


def test_torques_take_over_a_reason_that_explains_more():
    truth = np.full(300, 0.4) + 0.2 * np.sin(T[:300])
    sum_of = of("a", lambda x: np.cumsum(x) / 30.0, truth=truth)
    unknown = Difference.over(T[:300], ("a",), "measured", (110, 160), 0.3, "rad", None, certain=True)
    assert _named(unknown, [sum_of]).name == "integrated"
    elsewhere = Difference.over(T[:300], ("b",), "measured", (110, 160), 0.3, "rad", None, certain=True)
    assert _named(elsewhere, [sum_of]).name is None
    offset = of("a", lambda x: x + 0.2 + 1e-3 * np.sin(x), truth=truth)
    noise = replace(offset, name="burst", explained=1.0)  # which gives each row by itself
    assert offset.name == "offset" == _named(offset, [noise]).name


def test_numbers_that_hold_exactly_in_one_hand_are_those_of_both():
    one, two = (np.arange(200) < 100, np.arange(200) >= 100)
    given = np.ones(200, bool)
    exact_in_one = np.where(one, 0.0, 1.0)
    halfway = np.where(np.arange(200) % 10 < 6, 0.0, 1.0)
    assert _sound([halfway, exact_in_one], [one, two], given, 0.1) == [False, True]
    assert _sound([halfway, halfway], [one, two], given, 0.1) is None
