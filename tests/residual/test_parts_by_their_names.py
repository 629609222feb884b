"""Joints exchanged for a part of a take, hands that count from the other end, rows held by all joints: each by its own name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from body_takes import body_take
from servo_takes import NAMES, RATE, ROWS, RULES, claw, motion, taken
from shiliu.replay.checks.hand_polarity import check_polarity
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.borne_by_states import with_states
from shiliu.replay.residual.case import Case
from shiliu.replay.residual.departures import together
from shiliu.replay.residual.difference import JOIN, Difference
from shiliu.replay.residual.engine import differences
from shiliu.replay.residual.exchanged_part import FAR, exchanged_part
from shiliu.replay.residual.full_states import StatesBeside
from shiliu.replay.residual.held_rows import as_held
from shiliu.replay.residual.hypotheses import best
from shiliu.replay.residual.table import table_of
from shiliu.replay.residual.turned_hands import not_at_cuts

T = np.arange(ROWS) / RATE
LEFT = np.interp(T, [0.0, 2.0, 2.7, 6.0, 7.0, 9.0, 9.5], [0.0, 0.0, 100.0, 100.0, 5.0, 5.0, 60.0])


def found(columns, **extra):
    (finding,) = check_differs(ComparedColumns(taken(columns, **extra)), RULES)
    return finding


def swapped(columns, kinds, pair, rows):
    for kind in kinds:
        columns[kind][rows, pair[0]], columns[kind][rows, pair[1]] = columns[kind][rows, pair[1]], columns[kind][rows, pair[0]].copy()
    return columns


@pytest.mark.parametrize("without", [("velocity",), ()])
@pytest.mark.parametrize(("first", "last"), [(150, 260), (300, ROWS - 1), (0, 99)])
def test_two_joints_exchanged_for_a_part_in_both_columns(without, first, last):
    """With positions alone, each follows its own command there; only the edges show it."""
    columns, pair = motion(), (0, 3)
    columns["action"][:, 3] += 2.0
    columns["state"][:, 3] += 2.0
    assert found(columns, without=without).level != "FAIL"
    finding = found(swapped(columns, ("action", "state"), pair, slice(first, last + 1)), without=without)
    assert finding.level == "FAIL" and set(finding.subject) == {NAMES[j] for j in pair}
    assert (finding.details["kind"], finding.details["column"]) == ("copied", "measured")
    assert finding.details["rows"] == [first, last]


@pytest.mark.parametrize(("apart", "seen"), [(1.5 * FAR, True), (0.5 * FAR, False)])
def test_joints_that_are_exchanged_are_seen_as_far_as_they_are_apart(apart, seen):
    t = np.arange(ROWS) / RATE
    columns = {"action": 0.02 * np.sin(0.7 * t[:, None] + np.arange(6))}
    columns["action"][:, 1] = columns["action"][:, 0] + apart
    columns["state"] = columns["action"].copy()
    (group,) = table_of(taken(swapped(columns, ("action", "state"), (0, 1), slice(100, 200)))).groups
    assert (exchanged_part(group) is not None) == seen


@pytest.mark.parametrize("parts", [[(0, 50), (100, 150)], [(20, 50), (100, 190)], [(100, 150), (300, ROWS)]])
def test_all_parts_of_an_exchange_are_undone(parts):
    """With an odd number of edges the part goes on to an end; the stretch between two parts is sound."""
    t = np.arange(ROWS) / RATE
    right = 0.02 * np.sin(0.7 * t[:, None] + np.arange(6))
    right[:, 1] += 1.0
    columns = {"action": right.copy(), "state": right.copy()}
    for part in parts:
        swapped(columns, ("action", "state"), (0, 1), slice(*part))
    (group,) = table_of(taken(columns)).groups
    part = exchanged_part(group)
    assert (part.difference.first, part.difference.last) == (parts[0][0], parts[-1][1] - 1)
    for j, channel in enumerate(part.group.channels):
        assert np.allclose(channel.columns["measured"], right[:, j])


@pytest.mark.parametrize(("rate", "speed"), [(5, 0.7), (10, 2.7), (RATE, 3.5)])
def test_joints_that_pass_each_other_quickly_are_not_exchanged(rate, speed):
    """In every phase of the rows: as one goes up by the other's place the other one comes down by its own."""
    t = np.arange(ROWS) / rate
    for phase in np.linspace(0.0, 1.0, 10, endpoint=False):
        rises = np.clip(speed * (t - t[ROWS // 2] + phase / rate), -0.15, 0.15)
        columns = {"action": 0.02 * np.sin(0.7 * t[:, None] + np.arange(6))}
        columns["action"][:, 0], columns["action"][:, 1] = rises, -rises
        columns["state"] = columns["action"].copy()
        (group,) = table_of(taken(columns, rate=rate)).groups
        assert exchanged_part(group) is None


def test_joints_that_stand_are_exchanged_as_well():
    """Commands of two values then, as a switch has them."""
    columns = motion()
    for kind in ("action", "state"):
        columns[kind][:, 0], columns[kind][:, 1] = 0.3, -0.4
    finding = found(swapped(columns, ("action", "state"), (0, 1), slice(100, 200)), without=("velocity",))
    assert finding.level == "FAIL" and set(finding.subject) == set(NAMES[:2]) and finding.details["kind"] == "copied"


def test_rows_that_are_lost_are_no_exchange():
    """All joints leap, or one alone does."""
    for joints in (slice(None), [2]):
        columns = motion()
        for kind in ("action", "state"):
            columns[kind][200:, joints] += 0.4
        (group,) = table_of(taken(columns)).groups
        assert exchanged_part(group) is None


@pytest.mark.parametrize("mutual", [True, False])
def test_two_columns_that_are_one_another_are_exchanged_though_a_factor_explains_each(mutual):
    """Joints that stand are a factor of anything."""
    t, rng = np.arange(60) / RATE, np.random.default_rng(1)
    truth = [-0.2 + 1e-3 * np.sin(t), 1.7 + 1e-3 * np.cos(t)]
    noise = [rng.normal(0.0, 2e-3, 60) for _ in truth]
    given = [truth[1] + noise[1], truth[0] + noise[0]] if mutual else [truth[0] * 2.0, truth[1] * 0.8]
    parts = []
    for name, x, true in zip(("a", "b"), given, truth):
        case = Case(x, true, 0, 59, 1.0 / RATE, 1e-4, angle=True)
        why = best(case)
        size = float(np.abs(x - true).max())
        parts.append(Difference.over(t, (name,), "measured", (0, 59), size, "rad", why, certain=True, cases=(case,)))
    (one,) = together(parts)
    assert (one.name == "copied") == mutual and set(one.channels) == {"a", "b"} and len(one.cases) == 2


@pytest.mark.parametrize("kind", ["claw_at", "claw"])
def test_a_hand_that_counts_from_the_other_end_for_a_part(kind):
    columns = motion()
    columns["claw"], columns["claw_at"] = LEFT[:, None], claw(LEFT, 150.0, 0.08)[:, None]
    assert found(columns).level != "FAIL"
    columns[kind] = columns[kind].copy()
    columns[kind][90:200] = 100.0 - columns[kind][90:200]
    finding = found(columns)
    assert finding.level == "FAIL" and finding.subject == ("left_claw",) and finding.details["kind"] == "mirrored"
    assert finding.details["column"] == ("measured" if kind == "claw_at" else "command")
    first, last = finding.details["rows"]
    assert first == 90 and abs(last - 199) <= 8  # it ends on its way, where both ends are as near


@pytest.mark.parametrize(("rows", "first", "last"), [(slice(90, 200), 90, 199), (slice(200, None), 200, ROWS - 1)])
def test_a_hand_that_counts_from_the_other_end_in_both_columns_for_a_part(rows, first, last):
    """Both leap in one row, as no hand does that comes behind its command; neither contradicts the other."""
    columns = motion()
    sent = np.interp(T, [0.0, 1.0, 1.7, 3.9, 4.6, 9.0, 9.5], [0.0, 0.0, 100.0, 100.0, 5.0, 5.0, 60.0])
    columns["claw"], columns["claw_at"] = sent[:, None], claw(sent, 150.0, 0.08)[:, None]
    assert found(columns).level != "FAIL"
    for kind in ("claw", "claw_at"):
        columns[kind] = columns[kind].copy()
        columns[kind][rows] = 100.0 - columns[kind][rows]
    finding = found(columns)
    assert finding.level == "FAIL" and finding.details["why"] == "why_turned_alike"
    assert finding.subject == ("left_claw",) and finding.details["rows"] == [first, last]


@pytest.mark.parametrize("alike", ["copied", "a switch"])
def test_a_hand_that_leaps_as_it_is_commanded_counts_from_its_own_end(alike):
    """A measurement that is the command again, or one of open and closed alone, leaps with it."""
    sent = np.where((T > 3.0) & (T < 7.0), 100.0, 0.0) if alike == "a switch" else np.where(T < 5.0, LEFT, 100.0 - LEFT)
    columns = motion()
    columns["claw"] = columns["claw_at"] = sent[:, None]
    assert found(columns).level != "FAIL"


def test_a_hand_that_is_stopped_and_lets_go_at_once_counts_from_its_own_end():
    """It holds a thing half way, and is measured as a switch would be; nothing of it is turned round."""
    sent = np.where((T > 3.0) & (T < 7.0), 100.0, 0.0)
    columns = motion()
    columns["claw"], columns["claw_at"] = sent[:, None], claw(sent, 3000.0, 0.01, stops=((0, ROWS, 70.0),))[:, None]
    assert found(columns).level != "FAIL"


def test_two_hands_of_which_one_closes_as_the_other_opens_are_turned_round_and_not_exchanged():
    right = 97.0 - LEFT
    columns = motion()
    columns["claw"] = np.column_stack([LEFT, right])
    columns["claw_at"] = 100.0 - np.column_stack([claw(LEFT, 150.0, 0.08), claw(right, 150.0, 0.08)])
    compared = ComparedColumns(taken(columns))
    (finding,) = check_polarity(compared, RULES)
    assert finding.failed and finding.code == "unit.polarity"
    assert not [d for d in compared.differences if d.certain and d.name != "mirrored"]


@pytest.mark.parametrize("turned", [("action/claws", "state/claws"), ("velocity/claws",)])
def test_hands_turned_round_in_both_columns_push_away_from_their_commands(turned):
    """Speeds alone of the other sign leave the forces as they are."""
    take, t = body_take(), np.arange(600) / 30.0
    sent = 50.0 + 40.0 * np.sin(0.8 * t[:, None] + np.array([0.0, 1.1]))
    at = 50.0 + 40.0 * np.sin(0.8 * (t[:, None] - 0.1) + np.array([0.0, 1.1]))
    of = {
        "action/claws": sent, "state/claws": at, "velocity/claws": np.gradient(at, 1.0 / 30.0, axis=0),
        "effort/claws": 2.0 * (np.concatenate([sent[:1], sent[:-1]]) - at),
    }  # fmt: skip
    streams = {name: replace(one, values=of[name]) if name in of else one for name, one in take.streams.items()}
    forces = {"name": "effort/claws", "quantity": "effort", "unit": "N/%", "values": of["effort/claws"]}
    streams["effort/claws"] = replace(take.streams["state/claws"], **forces)
    for name in turned:
        x = streams[name].values
        streams[name] = replace(streams[name], values=100.0 - x if name in ("action/claws", "state/claws") else -x)
    one = max(ComparedColumns(replace(take, streams=streams)).differences, key=lambda d: (d.certain, d.weight))
    whole = turned != ("velocity/claws",)
    assert one.certain and one.name == ("mirrored" if whole else "factor") and one.kind == ("measured" if whole else "velocity")
    assert one.numbers.get("turned") == ("either" if whole else None)


@pytest.mark.parametrize("kinds", [("state",), ("action", "state")])
@pytest.mark.parametrize(("name", "channels", "one"), [("lag", NAMES[:3], True), (None, NAMES[:1], True), ("offset", NAMES[:1], False)])
def test_what_follows_from_values_that_were_written_several_times(kinds, name, channels, one):
    """A single joint with a reason of its own keeps it: positions that come seldom are no fault by themselves."""
    columns = motion()
    for kind in kinds:
        columns[kind] = columns[kind][np.arange(ROWS) // 6 * 6]
    groups = table_of(taken(columns)).groups
    seen = Difference.over(T, channels, "measured", (20, 90), 0.5, "rad", name, certain=True, weight=1.0)
    out = as_held(groups, [seen], differences)
    assert (out != [seen]) == one and as_held(groups, [], differences) == []
    assert as_held(table_of(taken(motion())).groups, [seen], differences) == [seen]
    if one:
        (held,) = out
        assert held.certain and held.name == "held" and held.numbers["every"] == 6.0 and len(held.channels) >= 5
        assert held.kind == ("rows" if len(kinds) == 2 else "measured")


def test_rows_that_were_written_several_times():
    columns = motion()
    for kind in ("action", "state"):
        columns[kind] = columns[kind][np.arange(ROWS) // 6 * 6]
    finding = found(columns)
    assert finding.level == "FAIL" and (finding.details["kind"], finding.details["column"]) == ("held", "rows")


def test_one_wrong_joint_beside_positions_that_come_seldom_keeps_its_name():
    columns = motion()
    columns["state"] = columns["state"][np.arange(ROWS) // 2 * 2]
    columns["state"][150:260, 2] += 0.5
    finding = found(columns, without=("velocity",))
    assert finding.level == "FAIL" and finding.subject == (NAMES[2],) and finding.details["kind"] == "offset"


def test_several_wrong_joints_beside_positions_that_come_seldom_keep_their_name():
    """The rows that are no copies show them as well."""
    columns = motion()
    columns["state"] = columns["state"][np.arange(ROWS) // 2 * 2]
    columns["state"][150:260, 2:5] += 0.5
    finding = found(columns, without=("velocity",))
    assert finding.level == "FAIL" and set(finding.subject) <= set(NAMES[2:5]) and finding.details["kind"] == "offset"
    assert finding.details["rows"] == [150, 259]


@pytest.mark.parametrize("by", [np.pi / 2, -np.pi / 2])
def test_a_command_past_its_stop_that_no_joint_had_is_as_it_is_written(by):
    """A quarter of a turn is an offset, also where its command is past the end of the joint's way then; one that is sent past it stops."""
    columns = motion()
    goes = columns["state"][:, 2]
    ranges = {NAMES[2]: (float(goes.min()) - 0.6, float(goes.max()) + 0.6)}
    columns["action"][:, 2] += by
    (one,) = [d for d in ComparedColumns(taken(columns), ranges).differences if d.certain and NAMES[2] in d.channels and d.unit == "rad"]
    assert one.name == "offset" and one.size == pytest.approx(np.pi / 2, abs=0.02)
    columns = motion()
    stop = float(np.percentile(columns["state"][:, 2], 90.0))
    columns["state"][:, 2] = np.minimum(columns["state"][:, 2], stop)
    assert not [d for d in ComparedColumns(taken(columns), {NAMES[2]: (-3.0, stop)}).differences if d.certain and d.kind == "measured"]


@pytest.mark.parametrize("first", [60, 63])
def test_a_column_that_stands_for_some_rows_each_is_held_wherever_it_is_seen_first(first):
    truth = np.sin(np.arange(200) / 15.0)
    x = truth.copy()
    x[60:150] = truth[60:150][np.arange(90) // 6 * 6]
    restored = np.where((np.arange(200) >= first) & (np.arange(200) < 150), truth, x)
    why = best(Case(x, restored, first, 149, 1.0 / RATE, 1e-4))
    assert why is not None and why.name == "held" and why.numbers["every"] == 6.0 and why.explained > 0.999


@pytest.mark.parametrize("name", ["held", "offset"])
def test_full_states_leave_a_held_value_its_name(name):
    """In the first row of each it is right; what is off by one amount is right in none."""
    seen, shown = (
        Difference.over(T, ("a",), "command", rows, 0.3, "rad", why, certain=True, weight=weight)
        for rows, why, weight in (((30, 300), name, 10.0), ((60, 290), None, 1e3))
    )
    beside = StatesBeside(columns=(shown,), right={("command", "a"): np.array([90])})
    out = with_states([seen], beside)
    assert [d.name for d in out] == (["held"] if name == "held" else [None])


@pytest.mark.parametrize("way", [1.0, 100.0])
def test_a_share_that_counts_from_the_other_end_is_no_factor(way):
    truth = way * (0.5 + 0.4 * np.sin(np.arange(60) / 9.0))
    assert best(Case(way - truth, truth, 0, 59, 1.0, 1e-6, way=way)).name == "mirrored"


@pytest.mark.parametrize(
    ("why", "row", "certain", "is_cut"),
    [("cut", 90, True, True), ("cut", 200 + JOIN, True, True), ("cut", 201 + JOIN, True, False), ("cut", 91, False, False),
     ("cut", 200, False, True), ("offset", 90, True, False)],
)  # fmt: skip
def test_a_hand_that_leaps_where_rows_are_lost_is_not_turned(why, row, certain, is_cut):
    """What is unsure counts in its own row; a joint with another zero has lost no rows."""
    hand = Difference.over(T, ("left_claw",), "measured", (90, 199), 1.0, "1", "mirrored", certain=True, numbers={"turned": "alike"})
    cut = Difference.over(T, ("a",), "rows", (row, row), 0.5, "rad", why, certain=certain)
    assert not_at_cuts([cut, hand]) == ([cut] if is_cut else [cut, hand])
