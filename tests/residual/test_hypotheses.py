"""What may have happened to a column: each hypothesis undoes its own fault, and no other one is named for it."""

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import RATE, motion
from shiliu.replay.report.text import Words
from shiliu.replay.residual.case import Case
from shiliu.replay.residual.difference import COLUMNS, REASONS
from shiliu.replay.residual.hypotheses import best


def test_each_hypothesis_undoes_its_own_fault_and_has_words():
    t = np.arange(200) / RATE
    truth = 0.8 * np.sin(1.3 * t) + 0.3 * np.cos(3.1 * t + 0.4)
    lower = {"clipped": lambda x: np.minimum(x, 0.4), "drift": lambda x: x + np.linspace(0, 0.5, len(x)), "factor": lambda x: 1.3 * x,
             "lag": lambda x: np.concatenate([truth[55:60], x[:-5]]), "straight": lambda x: np.linspace(x[0], x[-1], len(x)),
             "bump": lambda x: x + 0.3 * np.sin(np.pi * (np.arange(len(x)) + 0.5) / len(x)),
             "smoothed": lambda x: lfilter([0.14], [1, -0.86], x, zi=[0.86 * truth[59]])[0]}  # fmt: skip
    for name, change in lower.items():
        x = truth.copy()
        x[60:140] = change(truth[60:140])
        why = best(Case(x, truth, 60, 139, 1 / RATE, 1e-3))
        assert why is not None and why.name == name and why.explained > 0.95, name
    for lang in ("en", "zh"):
        known = Words(lang).book["likely"]
        assert {f"why_{name}" for name in REASONS if name} | {f"column_{kind}" for kind in COLUMNS} <= set(known)


def test_a_band_that_is_followed_at_its_edge_and_values_that_go_on_from_the_other_end():
    truth = 0.7 * np.sin(np.arange(400) / 23.0)
    at, loose = truth[100], truth.copy()
    for k in range(100, 300):
        loose[k] = at = min(max(at, truth[k] - 0.05), truth[k] + 0.05)
    why = best(Case(loose, truth, 100, 299, 1.0 / RATE, 1e-4))
    assert why.name == "backlash" and why.numbers["by"] == pytest.approx(0.05, abs=1e-3)
    beyond = np.flatnonzero(truth > 0.5)
    beyond = beyond[beyond < 60]
    wrapped = truth.copy()
    wrapped[beyond] -= 1.0
    why = best(Case(wrapped, truth, int(beyond[0]), int(beyond[-1]), 1.0 / RATE, 1e-4))
    assert why.name == "wrap" and why.numbers["turn"] == pytest.approx(1.0)
    late = slice(int(beyond[0]) + 6, int(beyond[-1]) - 5)  # not from where it passes the end: an offset
    shifted = truth.copy()
    shifted[late] -= 1.0
    assert best(Case(shifted, truth, late.start, late.stop - 1, 1.0 / RATE, 1e-4)).name == "offset"


def fitted(recorded, truth, rows=None, noise=1e-3):
    """The reason of columns (n, k) that were recorded otherwise than they should have been."""
    first, last = rows or (0, len(truth) - 1)
    columns = zip(np.atleast_2d(recorded.T), np.atleast_2d(truth.T))
    return best(*(Case(x, y, first, last, 1.0 / RATE, noise) for x, y in columns))


def test_one_reason_is_sought_for_all_columns_that_the_same_thing_happened_to():
    truth = motion(4)["state"]
    turned, early = truth.copy(), slice(150, 153)
    turned[early] = truth[early][::-1]
    assert fitted(turned, truth, rows=(150, 152)).name == "reordered"  # of one column alone three rows tell nothing
    rounded = np.trunc(truth / 0.2) * 0.2  # towards nought: down on one side of it, up on the other
    assert fitted(rounded, truth).name == "quantised"
    assert fitted(np.cumsum(truth, axis=0) / RATE, truth).name == "integrated"
    noisy = truth + np.random.default_rng(1).normal(0.0, 0.05, truth.shape)
    assert fitted(noisy, truth).name == "burst"


def test_a_column_that_is_beyond_its_end_in_all_rows_goes_on_from_the_other_end_as_the_one_beside_it():
    truth = np.column_stack([0.9 + 0.05 * np.sin(np.arange(90) / 11.0), 0.7 * np.sin(np.arange(90) / 9.0)])
    wrapped = np.column_stack([(x + end) % (2.0 * end) - end for x, end in zip(truth.T, (0.6, 0.45))])
    why = fitted(wrapped, truth)
    assert why.name == "wrap" and why.explained > 0.99
    assert fitted(wrapped[:, 0], truth[:, 0]).name == "offset"  # by itself
    assert fitted(truth - 1.2, truth).name == "offset"


def test_a_sum_that_began_before_the_rows_in_which_it_is_seen_is_one():
    truth = motion(4)["state"][:, 0] + 0.2
    summed = truth.copy()
    summed[100:] = np.cumsum(truth[100:]) / RATE
    assert fitted(summed, truth, rows=(108, len(truth) - 1)).name == "integrated"
    drifting = truth + np.where(np.arange(len(truth)) >= 100, 0.2 * (np.arange(len(truth)) - 100) / RATE, 0.0)
    assert fitted(drifting, truth, rows=(108, len(truth) - 1)).name == "drift"


@pytest.mark.parametrize("rows", [0.8, 12.0, 400.0])
def test_a_filter_of_any_slowness_is_called_one(rows):
    truth = motion(6)["state"][:, 0]
    kept = np.exp(-1.0 / rows)
    slow = lfilter([1.0 - kept], [1.0, -kept], truth - truth[0]) + truth[0]
    why = fitted(slow, truth)
    assert why.name == "smoothed" and why.numbers["seconds"] == pytest.approx(rows / RATE, rel=0.1)


def test_only_angles_are_off_by_turns():
    """A torque that is off by 75.6 Nm in one row is off by 24 turns of pi to 0.3 %, and has not turned."""
    truth = 20.0 * np.sin(np.arange(200) / 9.0)
    x = truth.copy()
    x[90] += 75.6
    assert best(Case(x, truth, 90, 90, 1.0 / RATE, 0.1)).name == "single_row"
    x[90] = truth[90] + 24.0 * np.pi
    assert best(Case(x, truth, 90, 90, 1.0 / RATE, 0.1, angle=True)).name == "wrap"


@pytest.mark.parametrize("late", [12.8, -6.4, 3.0, 0.5])
def test_a_delay_may_end_between_rows(late):
    """Forces that come and go within two rows, written on times of another clock."""
    rng = np.random.default_rng(4)
    rows = np.arange(400.0)
    truth = np.convolve(rng.uniform(0.0, 50.0, 400), [0.5, 0.5], mode="same") * (rng.random(400) < 0.6)
    x = np.interp(rows - late, rows, truth)
    why = best(Case(x, truth, 40, 360, 1.0 / RATE, 1e-4))
    assert why.name == "lag" and why.numbers["rows"] == pytest.approx(late, abs=0.02)


@pytest.mark.parametrize(("many", "n"), [(2, 10), (2, 61), (3, 30)])
def test_rows_that_overtook_one_another(many, n):
    truth = 0.8 * np.sin(np.arange(200) / 14.0)
    x, whole = truth.copy(), slice(70, 70 + n // many * many)
    x[whole] = truth[whole].reshape(-1, many)[:, ::-1].reshape(-1)
    away = np.flatnonzero(x != truth)
    assert best(Case(x, truth, int(away[0]), int(away[-1]), 1.0 / RATE, 1e-5, angle=True)).name == "reordered"


@pytest.mark.parametrize("rate", [0.5, 0.73, 1.37, 2.0])
def test_a_part_that_was_played_at_another_rate(rate):
    truth = 0.8 * np.sin(np.arange(300) / 14.0) + 0.3 * np.sin(np.arange(300) / 5.0)
    x, rows = truth.copy(), np.arange(90, 170)
    x[rows] = np.interp(np.minimum(90 + rate * (rows - 90), 169.0), np.arange(300), truth)
    why = best(Case(x, truth, 90, 169, 1.0 / RATE, 1e-4, angle=True))
    assert why.name == "rate" and why.numbers["rate"] == pytest.approx(rate, abs=0.01)


@pytest.mark.parametrize("unseen", [1, 2])
def test_another_rate_of_a_short_part_that_hardly_bends_is_no_factor(unseen):
    """Fifteen rows of a quick motion; a disagreement is seen once it has grown."""
    truth = 0.9 * np.sin(np.arange(300) / 20.0)
    x, rows = truth.copy(), np.arange(90, 105)
    x[rows] = np.interp(90 + 0.8 * (rows - 90), np.arange(300), truth)
    why = best(Case(x, truth, 90 + unseen, 104, 1.0 / RATE, 1e-4, angle=True))
    assert why.name == "rate" and why.numbers["rate"] == pytest.approx(0.8, abs=0.003)


@pytest.mark.parametrize(("factor", "named"), [(0.02, True), (0.0, False)])
def test_what_is_small_is_no_small_factor_of_anything_else(factor, named):
    truth = 8.0 * np.sin(1.3 * np.arange(200))
    x = truth.copy()
    x[60:120] = factor * truth[60:120] + 0.03 * np.sin(np.arange(60) / 9.0)
    why = best(Case(x, truth, 60, 119, 1.0 / RATE, 1e-3))
    assert (why is not None and why.name == "factor") == named


def test_steps_of_columns_of_which_some_stand():
    """Of one that stands alone they are a value that is lost."""
    t = np.arange(200) / RATE
    truth = np.column_stack([0.8 * np.sin(1.3 * t), 0.4 + 0.0 * t, -1.1 + 0.0 * t])
    recorded = truth.copy()
    recorded[60:140] = np.diff(truth, axis=0, prepend=truth[:1])[60:140]
    assert fitted(recorded, truth, rows=(60, 139)).name == "differenced"
    assert fitted(recorded[:, 1:], truth[:, 1:], rows=(60, 139)).name == "held_value"
    nought = truth.copy()
    nought[60:140] = 0.0
    assert fitted(nought, truth, rows=(60, 139)).name == "held_value"


def test_commands_of_columns_that_are_early_by_up_to_a_second():
    t = np.arange(300) / RATE
    truth = np.column_stack([0.4 * np.sin(0.9 * t), 0.3 * np.cos(1.4 * t)])
    for rows, known in ((25, True), (45, False)):
        early = truth.copy()
        early[100:160] = truth[100 + rows : 160 + rows]
        why = fitted(early, truth, rows=(100, 159))
        assert (why is not None and why.name == "lag") == known
        assert not known or why.numbers["rows"] == pytest.approx(-rows, abs=0.1)


def test_what_stands_a_factor_of_nought_is_none_and_a_reason_of_some_is_none_of_all():
    """Half of the commands stand where they were to swing, and all are off by one bump."""
    bump, t = 0.2 * np.hanning(122)[1:-1] ** 1.1, np.arange(300) / RATE
    truth = np.zeros((300, 6))
    truth[:, :2] = np.column_stack([0.5 * np.sin(0.8 * t), 0.4 * np.cos(1.1 * t)])
    recorded = truth.copy()
    truth[100:220] += bump[:, None]
    assert fitted(recorded, truth, rows=(100, 219), noise=1e-5).name == "bump"
    assert fitted(recorded[:, 2], truth[:, 2], rows=(100, 219)).name == "held"


def test_a_column_is_no_wrap_that_goes_beyond_a_level_only_with_its_first_row():
    """It is nought from its second row on; the first one tells nothing of where it was."""
    truth = np.append(0.0, np.full(400, 0.34)) + 1e-5 * np.sin(np.arange(401))
    recorded = 1e-5 * np.sin(np.arange(401.0))
    why = best(Case(recorded, truth, 1, 400, 1.0 / RATE, 1e-4, angle=True))
    assert why is not None and why.name != "wrap"


def test_a_column_that_was_cut_off_at_both_ends():
    truth = 0.5 * np.sin(np.arange(300) / 20.0)
    first = fitted(np.clip(truth, -0.2, 0.2), truth)
    assert first.name == "clipped" and first.free == 2.0 and first.explained > 0.999
    assert fitted(0.4 * truth, truth).name == "factor"


@pytest.mark.parametrize(("rows", "late"), [(6, 25), (60, 25)])
def test_a_few_rows_are_no_later_than_they_are_many(rows, late):
    """Values as far as a few are from where they should be are found anywhere in a take."""
    truth = 0.7 * np.sin(np.arange(400) / 23.0) + 0.2 * np.sin(np.arange(400) / 7.0)
    x = truth.copy()
    x[200 : 200 + rows] = truth[200 - late : 200 - late + rows]
    why = best(Case(x, truth, 200, 199 + rows, 1.0 / RATE, 1e-4))
    assert (why is not None and why.name == "lag") == (rows > late)


@pytest.mark.parametrize(("by", "named"), [(None, "mirrored"), (-1.3, "offset")])
def test_an_amount_that_is_twice_the_column_is_another_sign(by, named):
    truth = 0.746 + 0.003 * np.sin(0.2 * np.arange(60))
    x = truth.copy()
    x[20:30] = -truth[20:30] if by is None else truth[20:30] + by
    assert best(Case(x, truth, 20, 29, 1.0 / RATE, 3e-3)).name == named


@pytest.mark.parametrize(("change", "named"), [(lambda x: 0.79 * x, "factor"), (lambda x: x - 0.1, "offset")])
def test_a_factor_of_a_short_part_that_leaves_less_than_an_amount_is_one(change, named):
    truth = 0.45 + 0.0045 * np.arange(60.0)
    x = truth.copy()
    x[20:32] = change(truth[20:32])
    assert best(Case(x, truth, 20, 31, 1.0 / RATE, 4e-3)).name == named
