"""A reason is asked of all rows and columns that it may be of: of several stretches, of rows that hardly depart, of columns that stand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import NAMES, RATE, found, motion, taken
from shiliu.replay.residual.bodies import _at_a_seam, _named, _with_motion
from shiliu.replay.residual.case import Case
from shiliu.replay.residual.departures import WitnessedColumn, departures, of_one_stream, together
from shiliu.replay.residual.difference import JOIN, Difference
from shiliu.replay.residual.hypotheses import best
from shiliu.replay.residual.moved_zero import moved_zero
from shiliu.replay.residual.table import table_of
from shiliu.replay.residual.whole_speeds import speeds_of_another_joint

T = np.arange(400) / RATE
GOES = 0.5 * np.sin(0.9 * T) + 0.2 * np.cos(2.3 * T)
SLOW = 230.0  # rows of a low-pass, many more than it is seen in


def behind(x, rows):
    pole = float(np.exp(-1.0 / rows))
    return lfilter([1.0 - pole], [1.0, -pole], x, zi=[pole * x[0]])[0]


@pytest.mark.parametrize(("change", "name"), [(lambda x: behind(x, SLOW), "smoothed"), (lambda x: 0.05 * x + 0.3, "factor")])
def test_a_low_pass_may_take_longer_than_the_rows_it_is_seen_in(change, name):
    x = GOES.copy()
    x[100:125] = change(GOES[100:125])
    assert best(Case(x, GOES, 100, 124, 1.0 / RATE, 1e-6)).name == name


def in_rows(change, first, last, columns):
    """Cases of columns that were each changed (k-th column by `change(x, k)`)."""
    out = []
    for k in range(columns):
        truth = 0.4 * np.sin((0.7 + 0.2 * k) * T + k) + 0.1 * k
        x = truth.copy()
        x[first : last + 1] = change(truth[first : last + 1], k)
        out.append(Case(x, truth, first, last, 1.0 / RATE, 1e-4))
    return out


def test_single_rows_of_several_columns_tell_no_factor():
    signs = (1.0, -1.0)
    assert best(*in_rows(lambda x, k: x + 0.4 * signs[k % 2], 100, 100, 8)).name == "single_row"
    assert best(*in_rows(lambda x, k: 1.3 * x, 100, 119, 8)).name == "factor"


def test_columns_with_a_factor_and_a_zero_of_their_own_each_are_those_of_other_rows():
    far = best(*in_rows(lambda x, k: (0.4 + 0.3 * k) * x + 0.3, 100, 113, 6))
    assert far is None or far.name != "factor"
    assert best(*in_rows(lambda x, k: 0.6 * x + 0.3, 100, 113, 6)).name == "factor"


@pytest.mark.parametrize(("own", "name"), [(0.35, None), (0.0, "factor")])
def test_what_each_column_has_by_itself_names_all_of_them_no_factor(own, name):
    cases = in_rows(lambda x, k: (0.4 + own * k) * x + 0.3, 100, 113, 6)
    every = [
        Difference.over(T, (str(k),), "measured", (100, 113), 0.5, "rad", best(case), certain=True, cases=(case,))
        for k, case in enumerate(cases)
    ]  # fmt: skip
    assert {d.name for d in every} == {"factor"}
    (one,) = together(every)
    assert (one.name == "factor") == (name == "factor")
    later = replace(one, name=None, explained=0.0, numbers={}, cases=())
    assert _named(later, [every[1]]) == later  # of one of them alone
    assert _named(replace(later, channels=("1",)), [every[1]]).name == "factor"


def of(name, truth, change, first=100, last=180):
    x = truth.copy()
    x[first : last + 1] = change(truth[first : last + 1])
    case = Case(x, truth, first, last, 1.0 / RATE, 1e-3)
    size = float(np.abs(x - truth).max())
    return Difference.over(T, (name,), "measured", (first, last), size, "rad", best(case), certain=True, cases=(case,), weight=size)


def test_a_column_that_stands_has_the_reason_of_one_that_goes_in_the_same_rows():
    """As an arm that a recorded hand tells of, and one that its torques do."""
    stands = np.full(400, 0.8)
    goes, rests = of("a", GOES, lambda x: 0.9 * x), of("b", stands, lambda x: 0.9 * x)
    assert rests.name == "offset"
    (one,) = of_one_stream([rests, goes])
    assert one.name == "factor" and set(one.channels) == {"a", "b"}
    for other in (of("b", stands, lambda x: 0.9 * x, 210, 290), replace(rests, kind="command"), replace(rests, certain=False)):
        assert len(of_one_stream([other, goes])) == 2
    assert len(of_one_stream([of("b", GOES + 1.0, lambda x: x - 0.1), goes])) == 2  # which goes, and by no factor


def column(x, truth, bad, limit=0.1):
    return WitnessedColumn("a", "measured", "rad", "state", T, x, truth, bad, bad, limit, 1e-3)


def test_one_reason_of_several_stretches_is_one_finding():
    late = behind(GOES, 6.0)
    bad = np.abs(late - GOES) > 0.12
    assert (np.diff(bad.astype(int)) > 0).sum() > 2
    (one,) = departures(column(late, GOES, bad))
    assert one.name == "smoothed" and one.last - one.first > 200
    x = GOES.copy()
    x[60:90], x[250:280] = GOES[60:90] + 0.3, GOES[250:280] - 0.4
    assert [d.name for d in departures(column(x, GOES, np.abs(x - GOES) > 0.12))] == ["offset", "offset"]


def test_a_departure_goes_on_in_rows_in_which_it_is_small():
    x, rows = GOES.copy(), slice(100, 300)
    x[rows] = np.cumsum(GOES[rows]) / RATE
    bad = np.zeros(400, bool)
    bad[100:104] = True  # where it is largest
    (one,) = departures(column(x, GOES, bad))
    assert one.name == "integrated" and (one.first, one.last) == (100, 299)
    x[104:300] = GOES[104:300] + np.random.default_rng(0).normal(0.0, 0.05, 196)  # of another kind
    (one,) = departures(column(x, GOES, bad))
    assert one.last < 104 + JOIN


@pytest.mark.parametrize("second", [0.0, 0.06])
def test_where_a_second_joint_leaps_rows_are_lost_and_no_zero_is_moved(second):
    take = motion()
    for name in ("action", "state"):
        take[name][240:, 2] += 0.6
        take[name][240:, 1] += second
    (group,) = table_of(taken(take)).groups
    part = moved_zero(group)
    assert [d.name for d in part.differences] == (["cut"] if second else ["offset"])


@pytest.mark.parametrize("written", [3, 1])
def test_positions_that_leap_do_not_make_the_speeds_those_of_another_joint(written):
    """Two joints go alike, as those of a head may."""
    take = motion()
    take["state"][:, 3] = take["state"][:, 1]
    take["velocity"][:, 3] = take["velocity"][:, 1] if written == 3 else take["velocity"][:, 4]
    take["state"][150:200, 3] += 0.8
    (group,) = table_of(taken(take)).groups
    assert [d.channels for d in speeds_of_another_joint(group)] == ([] if written == 3 else [(NAMES[3],)])


@pytest.mark.parametrize("copied", [True, False])
def test_measurements_in_place_of_commands_are_no_delay(copied):
    take = motion()
    rows = slice(120, 330)
    take["action"][rows] = take["state"][rows] if copied else take["action"][slice(rows.start - 5, rows.stop - 5)]
    finding = found(take)
    assert finding.level == "FAIL" and finding.details["kind"] == ("measurement_as_command" if copied else "lag")


def test_what_motion_tells_exactly_goes_before_what_columns_explain_nearly():
    line = Difference.over(T, NAMES[:3], "measured", (100, 140), 0.3, "rad", "straight", certain=True)
    near = Difference.over(T, NAMES[:2], "command", (102, 138), 0.3, "rad", "drift", certain=True, explained=0.91)
    assert _with_motion([near], [line]) == [line]
    for other in (replace(near, explained=0.995), replace(near, first=60), replace(near, channels=NAMES[1:4])):
        assert _with_motion([other], [line]) == [other]


def test_a_column_that_two_witnesses_blame_is_at_no_seam():
    law = Difference.over(T, ("left_claw",), "measured", (100, 104), 0.3, "1", None, certain=True)
    row = Difference.over(T, ("left_claw",), "measured", (100, 100), 0.3, "1", "single_row", certain=True)
    assert not _at_a_seam(row, [law])
    assert _at_a_seam(row, [replace(law, kind="command")]) and _at_a_seam(row, [replace(law, kind="rows", name="cut")])
