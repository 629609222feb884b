"""Parts of columns between the steps of their encoders, and what only looks so."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import claw
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import finding_of
from shiliu.replay.report.text import Words
from shiliu.replay.residual.computed_part import computed_parts, with_computed
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.encoder_steps import may_have_steps, steps_of
from shiliu.replay.residual.mixed_steps import mixed_rows_of
from shiliu.replay.residual.table import Group, RecordedChannel

RATE, ROWS, JOINTS = 30.0, 400, 5
T = np.arange(ROWS) / RATE
NAMES = {"command": "action", "measured": "state"}
STEP = 2.0 * np.pi / 4096
PART = slice(150, 230)
KNOWN = {f"j{j}": {"command": STEP, "measured": STEP} for j in range(JOINTS)}


def counted(x, step=STEP):
    return (step * np.round(x / step)).astype(np.float32).astype(float)


def courses(seed=0):
    """(n, k) commands and measurements of joints that move all the time, each a whole number of steps."""
    rng = np.random.default_rng(seed)
    at, size = rng.uniform(0.0, 6.0, JOINTS), rng.uniform(0.3, 0.9, JOINTS)
    command, measured = (size * np.sin(0.7 * t[:, None] + at) + 0.1 * np.sin(1.9 * t[:, None] + 2.0 * at) for t in (T, T - 0.1))
    return {"command": counted(command), "measured": counted(measured)}


def group_of(columns, unit="rad", t=T):
    every = [{kind: x[:, j] for kind, x in columns.items()} for j in range(JOINTS)]
    return Group(t, float(t[1] - t[0]), tuple(RecordedChannel(f"j{j}", of, NAMES, NAMES, unit) for j, of in enumerate(every)))


def smoothed(x):
    return np.convolve(np.pad(x, 4, mode="edge"), np.ones(9) / 9.0, mode="valid")


def between(x):
    """Half a row later."""
    return 0.5 * (x + np.concatenate([x[:1], x[:-1]]))


def fresh(x):
    return 0.97 * x + 0.001


@pytest.mark.parametrize("seed", range(6))
def test_columns_that_need_no_look_are_on_no_steps(seed):
    rng = np.random.default_rng(seed)
    smooth = np.sin(np.outer(rng.uniform(0.3, 2.0, JOINTS), T)) * rng.uniform(0.1, 2.0, (JOINTS, 1))
    x = np.concatenate([courses(seed)["measured"].T, smooth, counted(smooth, 0.003), smooth.astype(np.float32).astype(float)])
    may = may_have_steps(x)
    assert all(may[j] for j in range(len(x)) if steps_of(x[j]) is not None)
    assert may[:JOINTS].all()
    assert not may[-JOINTS:].any()
    assert not may_have_steps(x[:, :5]).any()


@pytest.mark.parametrize("kind", ["command", "measured"])
@pytest.mark.parametrize("change", [smoothed, between, fresh])
def test_a_part_that_was_computed_is_named_by_column_and_rows(kind, change):
    columns = courses()
    assert not computed_parts([group_of(columns)], KNOWN)
    columns[kind][PART, 2] = change(columns[kind][:, 2])[PART].astype(np.float32)
    (one,) = computed_parts([group_of(columns)], KNOWN)
    assert (one.channels, one.kind, one.certain) == (("j2",), kind, True)
    assert abs(one.first - PART.start) <= 2 and abs(one.last - PART.stop + 1) <= 2


def test_steps_that_the_take_alone_shows_are_a_doubt():
    """They may be those of a file, or of one range of a sensor."""
    columns = courses()
    columns["measured"][PART, 2] = smoothed(columns["measured"][:, 2])[PART].astype(np.float32)
    for known, sure in ((None, False), (KNOWN, True)):
        assert [one.certain for one in computed_parts([group_of(columns)], known)] == [sure]


@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_half_floats_of_either_kind_have_no_steps(offset):
    columns = courses()
    for kind, x in columns.items():
        cut = (x + offset).astype(np.float32).view(np.uint32) & 0xFFFF0000
        columns[kind] = cut.astype(np.uint32).view(np.float32).astype(float)
    assert not computed_parts([group_of(columns)])


@pytest.mark.parametrize(
    ("change", "name", "number"),
    [(lambda x: x + 0.3 * STEP, "offset", {}), (lambda x: 1.07 * x, "factor", {"factor": 1.07}),
     (lambda x: 0.02 * np.round(x / 0.02), "quantised", {"step": 0.02})],
)  # fmt: skip
def test_another_zero_and_other_steps_are_reasons(change, name, number):
    columns = courses()
    columns["measured"][PART, 1] = change(columns["measured"][PART, 1]).astype(np.float32)
    (one,) = computed_parts([group_of(columns)], KNOWN)
    assert (one.channels, one.name, one.certain) == (("j1",), name, True)
    assert one.numbers == pytest.approx(number, rel=1e-3)


@pytest.mark.parametrize(("source", "name"), [("j3", "copied"), ("command", "measurement_as_command")])
def test_the_steps_of_another_column_name_it(source, name):
    columns = courses()
    other = counted(0.6 * np.sin(1.1 * T), 1.7 * STEP)
    columns["measured"][:, 3] = other
    if source == "command":
        columns["command"][:, 1] = other = counted(0.5 * np.sin(0.6 * T), 0.6 * STEP)
    columns["measured"][PART, 1] = other[PART]
    (one,) = computed_parts([group_of(columns)], KNOWN | {"j3": {"measured": 1.7 * STEP}})
    assert (one.channels, one.name, one.certain) == (("j1",), name, True)


def test_a_zero_that_moves_is_named_from_where_it_moves():
    columns = courses()
    columns["measured"][60:, 1] += 0.4 * STEP
    (one,) = computed_parts([group_of(columns)])
    assert (one.name, one.first) == ("offset", 60)


def test_a_zero_that_is_another_one_in_all_rows_but_few_at_either_end():
    """The rows on the steps that most have are none of the last ones."""
    columns = courses()
    x = columns["measured"][:, 1]
    x[:] = np.where((T > 3.0) & (T < 10.0), x, x + 0.4 * STEP)
    assert {(one.channels, one.name) for one in computed_parts([group_of(columns)])} == {(("j1",), "offset")}


def filtered_all_along(columns):
    columns["command"] = lfilter([0.3], [1.0, -0.7], columns["command"], axis=0)


def filtered_and_at_rest(columns):
    """One joint rests on its steps most of the time, and is on none while it goes."""
    x = counted(np.interp(T, [0.0, 5.0, 6.0, 9.0, 10.0, 14.0], [0.0, 0.0, 0.5, 0.5, 0.0, 0.0]))
    columns["command"][:, 0] = lfilter([0.3], [1.0, -0.7], x).astype(np.float32)


def taken_over(columns):
    """All joints are commanded by a program for a while."""
    columns["command"][PART] = columns["command"][PART] + 0.01 * np.sin(0.3 * np.arange(80))[:, None]


def kept_near(columns):
    """A command that is further from where the joint was than a device allows."""
    columns["command"][PART, 0] = columns["measured"][PART, 0] + 0.0501


def at_its_end(columns):
    columns["command"][:, 0] = np.minimum(columns["command"][:, 0], 0.31234)


def over_the_seam(columns):
    x = counted(2.9 + 0.8 * np.sin(0.9 * T), 7.77e-4)
    x[x > np.pi] = (x[x > np.pi] - 2.0 * np.pi).astype(np.float32)
    columns["measured"][:, 0] = np.where(x < 0.0, x + 2.0 * np.pi, x)


def evenly(columns):
    """A drive that is simulated: it speeds up, goes and slows down evenly, for half of the take."""
    speed = np.interp(np.arange(ROWS), [0, 20, 90, 110, 180, 200, ROWS], [0.0, 0.02, 0.02, -0.02, -0.02, 0.0, 0.0])
    x = np.cumsum(speed) + np.where(np.arange(ROWS) > 210, 0.2 * np.sin(T - 7.0), 0.0)
    columns["measured"][:, 0] = x.astype(np.float32)


def fine(columns):
    """Numbers that a program computes all along."""
    rng = np.random.default_rng(1)
    columns["command"] += 1e-3 * rng.standard_normal(columns["command"].shape)


@pytest.mark.parametrize(
    "harmless", [filtered_all_along, filtered_and_at_rest, kept_near, at_its_end, over_the_seam, evenly, fine], ids=lambda of: of.__name__
)
def test_what_devices_do_is_no_computed_part(harmless):
    columns = courses()
    harmless(columns)
    assert not computed_parts([group_of(columns)])


def test_who_commands_all_joints_otherwise_for_a_while_is_named_and_not_refused():
    columns = courses()
    taken_over(columns)
    (one,) = computed_parts([group_of(columns)])
    assert len(one.channels) == JOINTS and not one.certain


def test_a_robot_that_is_brought_to_its_first_command_is_not_refused():
    columns = courses()
    columns["command"][:60, 0] += np.linspace(0.2, 0.0, 60)
    (one,) = computed_parts([group_of(columns)])
    assert not one.certain


@pytest.mark.parametrize("rate", [15.0, 20.0, 45.0, 60.0])
def test_rows_that_were_put_onto_other_times_are_harmless(rate):
    t = np.arange(0.0, T[-1], 1.0 / rate)
    columns = {kind: np.column_stack([np.interp(t, T, x) for x in of.T]) for kind, of in courses().items()}
    known = {f"j{j}": {kind: STEP for kind in NAMES} for j in range(JOINTS)}
    for steps in (None, known):
        assert not computed_parts([group_of(columns, t=t)], steps)


def test_a_whole_take_is_held_against_the_steps_of_the_device():
    columns, known = courses(), {f"j{j}": {kind: STEP for kind in NAMES} for j in range(JOINTS)}
    assert not computed_parts([group_of(columns)], known)
    other = columns | {"measured": columns["measured"].copy()}
    other["measured"][:, 3] = counted(0.7 * np.sin(0.7 * T), 0.4 * STEP)
    assert not computed_parts([group_of(other)], known), "an encoder that was exchanged"
    columns["measured"][:, 3] = lfilter([0.3], [1.0, -0.7], columns["measured"][:, 3]).astype(np.float32)
    assert not computed_parts([group_of(columns)]), "nobody knows its steps"
    (one,) = computed_parts([group_of(columns)], known)
    assert (one.channels, one.kind, one.certain) == (("j3",), "measured", True) and one.last - one.first > 0.9 * ROWS


def test_steps_are_found_to_the_rounding_beside_a_part_that_has_none():
    x = counted(np.cumsum(np.random.default_rng(2).normal(0.0, 2e-4, 800)), 1.2e-5)
    assert steps_of(x).step == pytest.approx(1.2e-5, rel=1e-4) and steps_of(x).on.all()
    x[300:420] = smoothed(x)[300:420]
    assert steps_of(x).on[:300].all() and steps_of(x).on[420:].all() and steps_of(x).on[300:420].mean() < 0.3
    assert steps_of(np.sin(T)) is None and steps_of(np.zeros(ROWS)) is None and steps_of(np.zeros(3)) is None


def difference(kind="measured", first=150, last=229, **other):
    return replace(Difference.over(T, ("j2",), kind, (first, last), 0.1, "rad", None, certain=False, weight=5.0), **other)


def test_the_part_names_the_column_and_another_finding_the_reason():
    part = difference("command", name="computed", certain=True, explained=0.0)
    (one,) = with_computed([difference("measured", name="factor")], [part])
    assert (one.kind, one.name, one.certain) == ("command", "computed", True), "of the two columns it is the one between steps"
    (one,) = with_computed([difference("command", 160, 225, name="smoothed", explained=0.95)], [part])
    assert (one.name, one.first, one.last, one.certain) == ("smoothed", 150, 229, True)
    (one,) = with_computed([difference("command", certain=True)], [replace(part, certain=False)])
    assert one.certain, "what else is sure"
    elsewhere = difference("command", 300, 320)
    assert with_computed([elsewhere], [part]) == [elsewhere, part]
    rows = difference("rows", name="offset", certain=True)
    assert with_computed([rows], [part]) == [rows], "of both columns alike"


@pytest.mark.parametrize(("other", "name"), [({}, "wrap"), ({"explained": 0.9}, "offset"), ({"kind": "command"}, "offset")])
def test_a_zero_that_moves_where_other_columns_go_on_from_the_other_end_does_so_too(other, name):
    part = difference(name="offset", certain=True, channels=("j0", "j1"))
    found = with_computed([difference(first=180, **{"name": "wrap", "explained": 1.0} | other)], [part])
    assert found[-1].name == name and len(found) == 2


def test_a_message_has_the_step_and_no_distance_from_what_is_not_known():
    columns = courses()
    columns["measured"][PART, 1] = fresh(columns["measured"][PART, 1])
    (one,) = computed_parts([group_of(columns)])
    text = Words("en").message(finding_of(load_rules()["column.differs"], one, ()))
    assert f"{STEP:.3g} rad" in text and "computed and not read" in text and "other columns say" not in text


def significant(x, digits):
    return np.vectorize(lambda value: float(f"{value:.{digits}g}"))(x)


@pytest.mark.parametrize("digits", [4, 5, 6])
def test_significant_digits_are_finer_below_each_power_of_ten(digits):
    """As `%g` and `std::ostream` write them: joints go over 0.1 and 1 rad."""
    columns = {kind: significant(2.0 * x + 0.00031 * np.sin(T)[:, None], digits) for kind, x in courses().items()}
    assert not computed_parts([group_of(columns)])
    columns["measured"][PART, 2] = smoothed(columns["measured"][:, 2])[PART]
    assert [one.channels for one in computed_parts([group_of(columns)])] in ([("j2",)], [])  # of many digits a step is too fine


@pytest.mark.parametrize(("kind", "last", "sure"), [("command", ROWS, False), ("command", 230, True), ("measured", ROWS, True)])
def test_a_device_may_let_no_command_change_faster_than_so_much(kind, last, sure):
    """It writes what it sends, and does so all the time; a joint that is measured goes as nothing does that is limited so."""
    columns = courses()
    most, out = 0.02 if last == ROWS else 0.0119, columns[kind][:, 2]
    for row in range(150 if last < ROWS else 1, last):
        out[row] = np.float32(out[row - 1] + np.clip(out[row] - out[row - 1], -most, most))
    found = computed_parts([group_of(columns)], KNOWN)
    assert found and {one.channels for one in found} == {("j2",)} and any(one.certain for one in found) == sure


def later(x, rows):
    return np.interp(np.arange(len(x)) - rows, np.arange(len(x)), x)


def low_passed(x, share):
    """From the first row of the part on."""
    out = x.copy()
    for row in range(PART.start, len(x)):
        out[row] = share * out[row - 1] + (1.0 - share) * x[row]
    return out


@pytest.mark.parametrize(
    ("change", "names"),
    [(lambda x: later(x, 2.46), ("lag", "smoothed")), (lambda x: later(x, -3.36), ("lag", "smoothed")), (between, ("smoothed",)),
     (lambda x: low_passed(x, 0.3), ("smoothed",)), (lambda x: low_passed(x, 0.9), ("smoothed",)), (smoothed, ("smoothed",)),
     (lambda x: x + 0.05 * np.sin(np.arange(ROWS) / 30.0), ("drift", "computed")), (lambda x: 0.5 * x, ("factor",))],
)  # fmt: skip
@pytest.mark.parametrize("seed", [0, 1])
def test_the_mix_of_rows_that_leads_back_to_whole_steps_is_the_reason(change, names, seed):
    columns = courses(seed)
    columns["measured"][PART, 2] = change(columns["measured"][:, 2])[PART].astype(np.float32)
    (one,) = computed_parts([group_of(columns)], KNOWN)
    assert one.name in names and one.certain


@pytest.mark.parametrize(("held", "fastest"), [(1, 60.0), (2, 30.0), (3, 20.0), (3, 138.0)])
def test_a_hand_at_its_largest_speed_counts_in_no_steps_whatever_it_is_held(held, fastest):
    """Four closings; each time a thing stops it elsewhere."""
    columns, rows = courses(), np.arange(ROWS)
    sent = 100.0 * ((rows % 100 > 20) & (rows % 100 < 40))
    stops = [(100 * k + 21, 100 * k + 40, 47.3 + 7.1 * k) for k in range(4)]
    hand = claw(sent, fastest=fastest, lag=0.05, late=3, stops=stops, gives=0.15, held=held)
    columns["measured"][:, 0] = hand / 100.0
    assert not computed_parts([group_of(columns)])


@pytest.mark.parametrize("zero", [0.0, 0.37 * STEP])
@pytest.mark.parametrize(
    ("change", "name"),
    [(lambda x: later(x, 2.3), "lag"), (lambda x: later(x, -3.36), "lag"), (lambda x: low_passed(x, 0.7), "smoothed"), (fresh, None)],
)
def test_a_mix_is_undone_whatever_zero_the_encoder_has(change, name, zero):
    x = courses(1)["measured"][:, 2] + zero
    steps = steps_of(x)
    x[PART] = change(x)[PART]
    why = mixed_rows_of(x, steps, PART.start, PART.stop - 1)
    assert (why and why.name) == name


def with_play(x, half):
    """Follows x (n,) at the edge of a band."""
    at, out = x[0], []
    for value in x:
        at = min(max(at, value - half), value + half)
        out.append(at)
    return np.float32(out).astype(float)


@pytest.mark.parametrize("rows", [PART, slice(0, ROWS)])
def test_play_is_beside_the_steps_by_as_much_on_either_side(rows):
    columns = courses()
    columns["measured"][rows, 1] = with_play(columns["measured"][rows, 1], 40.3 * STEP)
    (one,) = computed_parts([group_of(columns)], KNOWN)
    assert (one.channels, one.name, one.certain) == (("j1",), "backlash", True)


def test_a_zero_that_leaps_is_no_play():
    columns = courses()
    for rows, by in ((slice(150, 190), 40.3 * STEP), (slice(190, 230), -40.3 * STEP)):
        columns["measured"][rows, 1] = np.float32(columns["measured"][rows, 1] + by)
    assert all(one.name != "backlash" for one in computed_parts([group_of(columns)], KNOWN))


@pytest.mark.parametrize("factor", [0.83, 1.147])
def test_a_factor_of_a_quick_part_shows_by_its_steps(factor):
    """Its numbers are many steps apart."""
    columns = courses()
    columns["measured"][150:180, 1] = np.float32(factor * columns["measured"][150:180, 1])
    (one,) = computed_parts([group_of(columns)], KNOWN)
    assert (one.name, one.numbers["factor"]) == ("factor", pytest.approx(factor, rel=1e-4))


def difference_of(group, name, kind, rows, channels=("j1",), **more):
    return Difference.over(group.t, channels, kind, rows, 0.2, "rad", name, certain=True, weight=1.0, **more)


def test_what_the_steps_tell_is_no_amount_that_others_leave():
    columns = courses()
    columns["measured"][PART, 1] = np.float32(1.07 * columns["measured"][PART, 1])
    group = group_of(columns)
    parts = computed_parts([group], KNOWN)
    (one,) = with_computed([difference_of(group, "offset", "measured", (150, 229))], parts)
    assert one.name == "factor"
    (one,) = with_computed([difference_of(group, "mirrored", "measured", (150, 229))], parts)
    assert one.name == "mirrored"


def test_columns_that_are_exchanged_for_longer_than_the_steps_show_stay_so():
    columns = courses()
    columns["measured"][PART, 1] = fresh(columns["measured"][:, 1])[PART].astype(np.float32)
    group = group_of(columns)
    parts = computed_parts([group], KNOWN)
    longer = difference_of(group, "copied", "measured", (100, 300), ("j1", "j2"))
    assert with_computed([longer], parts) == [longer]
    shorter = difference_of(group, "copied", "measured", (180, 300), ("j1", "j2"))
    assert with_computed([shorter], parts) != [shorter]


def test_of_two_equal_columns_the_one_between_its_steps_was_written():
    columns = courses()
    columns["measured"][PART, 1] = np.float32(columns["command"][PART, 1] + 0.3 * STEP)
    group = group_of(columns)
    (part,) = computed_parts([group], KNOWN)
    equal = difference_of(group, "measurement_as_command", "command", (150, 229))
    (one,) = with_computed([equal], [replace(part, name="lag", cases=())])
    assert (one.kind, one.name) == ("measured", "measurement_as_command")
