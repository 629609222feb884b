"""In this order, held for, never between: hand-made courses, and step by step equals all at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shiliu.scenarios.sensing.predicate import All, AnyOf, Displaced, acts, lasting
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.sensing.temporal import Goal, Never, Subgoal

DT = 0.1  # s
A, B, X = (Request("joint_position", name) for name in "abx")


def holds(request: Request) -> Displaced:
    """Holds where the number is one, fails by 0.5 where it is zero."""
    return Displaced(request, 0.5)


def steps(readings, **rows: str):
    """Readings (1, T, ·) from strings of 0 and 1, one character a control step."""
    length = max(len(row) for row in rows.values())
    values = {r: np.array([int(c) for c in rows.get(r.of, "0" * length)], float)[None, :, None] for r in (A, B, X)}
    return readings(values)


def course(hold=(0.0, 0.0), since=None, until=None, lasting=0.0) -> Goal:
    goals = (Subgoal("first", holds(A), hold[0]), Subgoal("second", holds(B), hold[1]))
    return Goal(goals, (Never("harm", holds(X), since, until, lasting),), DT)


@pytest.mark.parametrize(
    ("hold", "a", "b", "reached"),
    [
        ((0, 0), "0010000", "0000100", (0.2, 0.4)),
        ((0, 0), "0010000", "0010000", (0.2, 0.2)),  # both at once, in the same step
        ((0, 0), "0000100", "0010000", (0.4, None)),  # the second before the first does not count
        ((0, 0), "0000000", "1111111", (None, None)),
        ((0, 0), "1111111", "1111111", (0.0, 0.0)),
        ((0.3, 0), "0111000", "0000000", (None, None)),  # 0.2 s from the first of three steps to the last
        ((0.3, 0), "0111100", "0000000", (0.4, None)),
        ((0.3, 0), "0110111", "0000000", (None, None)),  # broken: it begins anew
        ((0.3, 0), "0101111", "0000001", (0.6, 0.6)),
        ((0, 0.2), "0100000", "0011100", (0.1, 0.4)),
        ((0.2, 0.2), "1111111", "1111111", (0.2, 0.4)),  # the second begins to be held when the first is reached
    ],
)
def test_subgoals_in_order_and_held(readings, hold, a, b, reached):
    layer = course(hold)
    carry = layer.run(steps(readings, a=a, b=b))
    found = [None if np.isnan(t) else float(t) for t in carry.reached[0]]
    assert found == [None if t is None else pytest.approx(t) for t in reached]
    assert layer.success(carry).tolist() == [None not in reached]


@pytest.mark.parametrize(
    ("since", "until", "x", "failed"),
    [
        (None, None, "0000000000", None),
        (None, None, "0100000000", 0.1),
        (None, None, "1000000000", 0.0),
        (None, "first", "0100000000", 0.1),
        (None, "first", "0001111111", None),  # the step in which the subgoal is reached is not watched any more
        ("first", None, "1110000000", None),
        ("first", None, "0001000000", 0.3),  # but watched from that very step on
        ("first", "second", "0000010000", 0.5),
        ("first", "second", "1110000111", None),
        ("second", None, "1111110000", None),
        ("second", None, "0000000010", 0.8),
    ],
)
def test_never_between(readings, since, until, x, failed):
    layer = course(since=since, until=until)
    carry = layer.run(steps(readings, a="0001111111", b="0000001111", x=x))
    assert carry.reached[0].tolist() == pytest.approx([0.3, 0.6])
    assert (None if np.isnan(carry.failed[0, 0]) else float(carry.failed[0, 0])) == (
        None if failed is None else pytest.approx(failed)
    )
    assert layer.success(carry).tolist() == [failed is None]


@pytest.mark.parametrize(
    ("lasting", "since", "until", "x", "failed"),
    [
        (0.2, None, None, "0110110110", None),  # each time one step short
        (0.2, None, None, "0110111000", 0.6),
        (0.2, None, None, "1110000000", 0.2),
        (0.2, "first", None, "1111100000", None),  # what held before the window does not count
        (0.2, "first", None, "1111110000", 0.5),
        (0.2, None, "first", "1110000000", 0.2),
        (0.2, None, "first", "0110000111", None),
        (0.2, None, "first", "0111111111", None),  # broken off by the end of the window
        (0.25, None, None, "0111000000", None),  # no multiple of the period: the next step on
        (0.25, None, None, "0111100000", 0.4),
    ],
)
def test_never_that_has_to_last(readings, lasting, since, until, x, failed):
    layer = course(since=since, until=until, lasting=lasting)
    carry = layer.run(steps(readings, a="0001111111", b="0000001111", x=x))
    assert (None if np.isnan(carry.failed[0, 0]) else float(carry.failed[0, 0])) == (
        None if failed is None else pytest.approx(failed)
    )
    assert layer.success(carry).tolist() == [failed is None]
    # what did not last long enough is never told as a margin beyond the bound
    assert carry.worst[0, 0] == (0.5 if failed is not None else 0.0)


def test_only_nevers_with_a_hold_are_counted(readings):
    plain = course().run(steps(readings, x="0110"))
    assert plain.lasted is None and plain.rows(np.array([0])).lasted is None
    mixed = Goal((), (Never("once", holds(X)), Never("long", holds(A), hold=0.2)), DT)
    carry = mixed.run(steps(readings, x="0001", a="0111"))
    assert carry.failed[0].tolist() == pytest.approx([0.3, 0.3])
    assert carry.lasted.tolist() == [[1, 3]]
    two = mixed.advance(mixed.begin(2), readings({A: [[1], [0]], B: [[0], [0]], X: [[0], [0]]}))
    assert two.rows(np.array([1])).lasted.tolist() == [[0, 0]] and two.rows(np.array([0])).lasted.tolist() == [[0, 1]]


def test_worst_is_the_largest_margin_while_it_was_watched(readings):
    layer = course(since="first", until="second")
    taken = steps(readings, a="0001111111", b="0000001111")
    taken.value[0, :, 2] = [9, 9, 9, 0.1, 0.3, 0.2, 9, 9, 9, 9]
    assert layer.run(taken).worst[0, 0] == pytest.approx(0.3 - 0.5)
    taken.value[0, 4, 2] = 0.9
    carry = layer.run(taken)
    assert carry.worst[0, 0] == pytest.approx(0.4) and carry.failed[0, 0] == pytest.approx(0.4)


def test_worst_survives_a_simulation_that_diverges(readings):
    layer = course()
    taken = steps(readings, x="0000")
    taken.value[0, :, 2] = [0.1, 0.3, np.nan, np.nan]
    carry = layer.run(taken)
    assert carry.worst[0, 0] == pytest.approx(-0.2) and np.isnan(carry.failed[0, 0])


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize(("lasting", "often"), [(0.0, 0.03), (0.1, 0.2)])
def test_step_by_step_equals_all_at_once(readings, lasting, often, stays):
    rng = np.random.default_rng(0)
    n, length = 16, 60
    values = {r: (rng.random((n, length, 1)) < p).astype(float) for r, p in ((A, 0.7), (B, 0.6), (X, often))}
    whole = readings(values)
    layer = course((0.2, 0.3), "first", "second", lasting)
    if stays:
        layer = replace(layer, subgoals=tuple(replace(one, kept=one.predicate) for one in layer.subgoals))
    carry = layer.begin(n)
    for t in range(length):
        carry = layer.advance(carry, readings({r: v[:, t] for r, v in values.items()}))
    at_once = layer.run(whole)
    # in two pieces, the carry handed over
    part = layer.run(readings({r: v[:, :23] for r, v in values.items()}))
    in_two = layer.run(readings({r: v[:, 23:] for r, v in values.items()}), part)
    for other in (at_once, in_two):
        for name in ("done", "held", "reached", "undone", "failed", "worst", *(("lasted",) if lasting else ())):
            np.testing.assert_array_equal(getattr(carry, name), getattr(other, name), err_msg=name)
        assert (other.step == length).all() and (carry.step == length).all()
    # and each episode alone is what it is among the others
    for i in range(n):
        alone = layer.run(readings({r: v[i : i + 1] for r, v in values.items()}))
        np.testing.assert_array_equal(alone.reached, at_once.reached[i : i + 1])
        np.testing.assert_array_equal(alone.failed, at_once.failed[i : i + 1])
    assert stays == (~np.isnan(at_once.undone)).any()
    assert 0 < np.isnan(at_once.failed).sum() < n and 0 < np.isnan(at_once.reached[:, 1]).sum() < n


def test_the_old_carry_is_left_as_it_was(readings):
    layer = course()
    before = layer.begin(1)
    layer.advance(before, readings({r: np.ones((1, 1)) for r in (A, B, X)}))
    assert before.done.tolist() == [0] and np.isnan(before.failed).all() and before.step == 0


def test_rows_of_a_carry_are_those_episodes(readings):
    layer = course()
    carry = layer.advance(layer.begin(3), readings({A: [[0], [1], [1]], B: [[0], [0], [1]], X: [[0], [0], [0]]}))
    assert carry.done.tolist() == [0, 1, 2]
    assert carry.rows(np.array([2, 0])).done.tolist() == [2, 0]


def test_a_scenario_without_goal_is_never_done(readings):
    layer = Goal((), (), DT)
    assert layer.success(layer.run(steps(readings, a="11"))).tolist() == [False]


def lasting_course(hold=0.0, act=False, passes=False) -> Goal:
    """`first` must last, `second` is the last step; an act counts on top of what lasts."""
    goals = (
        Subgoal("first", holds(A), hold, kept=None if passes else holds(A)),
        Subgoal("second", holds(B), kept=None if act else holds(B), act=act),
    )
    return Goal(goals, (), DT)


@pytest.mark.parametrize(
    ("a", "b", "success", "undone"),
    [
        ("0111111", "0001111", True, {}),
        ("0110000", "0001111", False, {"first": 0.3}),  # undone before the last step
        ("0111100", "0001111", False, {"first": 0.5}),  # undone after all was done: a recording is judged at its end
        ("0110111", "0001111", True, {}),  # undone and done again
        ("0110101", "0001111", True, {}),
        ("0110110", "0001111", False, {"first": 0.6}),  # since when it holds no more, not when it first did not
        ("0111111", "0001110", False, {"second": 0.6}),
        ("0000000", "0001111", False, {}),
    ],
)
def test_a_state_has_to_hold_at_the_end(readings, a, b, success, undone):
    layer = lasting_course()
    carry = layer.run(steps(readings, a=a, b=b))
    assert layer.success(carry).tolist() == [success] and layer.undone(carry) == pytest.approx(undone)
    missed = layer.missed(carry)
    assert missed == (None if success else f"replay.goal:{next(iter(undone), 'first')}")


def test_what_passes_and_what_was_judged_by_the_older_rule_is_reached_once(readings):
    taken = steps(readings, a="0110000", b="0001100")
    assert not lasting_course().success(lasting_course().run(taken))[0]
    for layer in (lasting_course().latched(), lasting_course(passes=True).until("first")):
        carry = layer.run(taken)
        assert layer.success(carry)[0] and layer.undone(carry) == {} and np.isnan(carry.undone).all()


def test_what_was_undone_has_to_hold_as_long_again(readings):
    layer = lasting_course(hold=0.2)
    for a, again in (("0111011000", False), ("0111011100", False), ("0111011111", True), ("0111000111", True)):
        carry = layer.run(steps(readings, a=a, b="0000011111"))
        assert layer.success(carry)[0] == again, a
    carry = layer.run(steps(readings, a="0111000110", b="0000011111"))
    assert layer.undone(carry) == pytest.approx({"first": 0.4})  # 0.1 s is not enough to have done it again


def test_an_act_counts_only_on_top_of_what_lasts(readings):
    """A key pressed over an empty oven: filled later, it was still started empty."""
    layer = lasting_course(act=True)
    empty = layer.run(steps(readings, a="0110001111", b="0000010000"))
    assert not layer.success(empty)[0] and layer.missed(empty) == "replay.goal:second" and layer.undone(empty) == {}
    never_again = layer.run(steps(readings, a="0110000000", b="0000010000"))
    assert layer.missed(never_again) == "replay.goal:first" and layer.undone(never_again) == pytest.approx(
        {"first": 0.3}
    )
    good = layer.run(steps(readings, a="0111111111", b="0000010000"))
    assert layer.success(good)[0]


def test_a_number_that_diverged_undoes_nothing(readings):
    layer = lasting_course()
    taken = steps(readings, a="1111", b="0011")
    taken.value[0, 3, 0] = np.nan
    assert layer.success(layer.run(taken))[0]


def test_what_lasts_of_a_predicate_is_what_is_no_act():
    pressed, latched, near = Displaced(A, 0.5, act=True), Displaced(B, 0.5, below=True), holds(X)
    assert lasting(latched) is latched and lasting(pressed) is None
    assert lasting(All((pressed, latched))) is latched
    assert lasting(All((pressed, latched, near))) == All((latched, near))
    assert lasting(AnyOf((pressed, latched))) is None  # the act alone was enough
    assert lasting(AnyOf((All((pressed, near)), latched))) == AnyOf((near, latched))
    assert lasting(AnyOf((latched, near))) == AnyOf((latched, near))
    assert acts(All((latched, AnyOf((near, pressed))))) and not acts(All((latched, near)))
