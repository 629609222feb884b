"""Joints that are not on the ways of their drives: what no push does, and what a push or another setting does as well."""

from dataclasses import replace

import numpy as np
import pytest
from learning_drives import drive_of
from shiliu.replay.residual.astray import astray, beside_engine, courses_of
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.pace import planned
from shiliu.replay.residual.planned import Drive, ways_of
from shiliu.replay.residual.table import Group, RecordedChannel
from shiliu.replay.residual.usual import Usual, off_their_way

RATE, ROWS, JOINTS = 15.0, 300, 5
REACH = {"row": 0.002, "second": 0.001, "long": 0.001}
DRIVES = {f"joint_{j}": Drive(0.4 + 0.05 * j, 0.9, 1.5 / RATE, 0.98, 0.002, REACH, REACH) for j in range(JOINTS)}
USUAL = Usual(8, RATE, {}, DRIVES)
T = np.arange(ROWS) / RATE
REST = slice(200, 290)


def commands(seed: int) -> np.ndarray:
    """(n, k) what a person leads joints by: some of it faster than they are; they rest in `REST`."""
    rng = np.random.default_rng(seed)
    clock = np.cumsum(np.where((np.arange(ROWS) >= REST.start) & (np.arange(ROWS) < REST.stop), 0.0, 1.0)) / RATE
    of = [
        0.15 * np.sin(2.0 * np.pi * rng.uniform(0.1, 0.2) * clock + rng.uniform(0, 6)) + 0.06 * np.sin(3.0 * clock + rng.uniform(0, 6))
        for _ in range(JOINTS)
    ]
    return np.column_stack(of)


def carried_out(command: np.ndarray, drives=DRIVES) -> np.ndarray:
    """(n, k) where the drives take joints: all numbers are theirs, and the rows are between the recorder's."""
    speed, ramp = (np.array([[getattr(d, word) for d in drives.values()]]) for word in ("speed", "ramp"))
    plan = planned(command, 1.0 / RATE, speed, ramp)[0]
    at = T - 1.5 / RATE
    way = np.column_stack([np.interp(at, T, plan[:, j]) for j in range(JOINTS)])
    return np.array([d.gain for d in drives.values()]) * way + np.array([d.zero for d in drives.values()])


def take(command: np.ndarray, measured: np.ndarray) -> Group:
    names = {"command": "action", "measured": "state"}
    channels = (
        RecordedChannel(f"joint_{j}", {"command": command[:, j].copy(), "measured": measured[:, j].copy()}, names, names, "1")
        for j in range(JOINTS)
    )
    return Group(T[: len(command)], 1.0 / RATE, tuple(channels))


def clean(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    c = commands(seed)
    return c, carried_out(c) + 3e-4 * np.random.default_rng(seed).standard_normal((ROWS, JOINTS))


def found_in(command: np.ndarray, measured: np.ndarray) -> list[Difference]:
    return off_their_way([take(command, measured)], USUAL)


def late(x: np.ndarray, rows: int) -> np.ndarray:
    return np.concatenate([np.repeat(x[:1], rows, axis=0), x[:-rows]])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "change",
    [
        lambda c, q: (c, q),
        lambda c, q: (c, late(q, 1)),
        lambda c, q: (c, late(q, 3)),
        lambda c, q: (late(c, 1), q),
        lambda c, q: (c, np.round(q, 2)),
        lambda c, q: (c, np.concatenate([q[:1], 0.5 * (q[1:] + q[:-1])])),
    ],
)  # fmt: skip
def test_what_is_done_to_all_of_a_take_is_no_fault(seed, change):
    assert not [d for d in found_in(*change(*clean(seed))) if d.certain]


def held(x: np.ndarray, rows: int) -> np.ndarray:
    return x[np.arange(len(x)) // rows * rows]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rows", [2, 3, 4])
def test_commands_of_a_slow_sender_do_not_tell_when_a_drive_had_them(seed, rows):
    c, q = clean(seed)
    assert not [d for d in found_in(held(2.0 * c, rows), carried_out(2.0 * c) + q - carried_out(c)) if d.certain]
    away = rows_of(q, 120, 170, q[120:171, 1] + 0.1)
    assert [d.channels for d in found_in(held(c, rows), away) if d.certain] == [("joint_1",)]


@pytest.mark.parametrize("times", [1.5, 0.7])
def test_drives_that_are_set_up_otherwise_are_not_compared(times):
    c, q = clean()
    rows = np.arange(round(min(times, 1.0) * ROWS)) / times
    c, q = (np.column_stack([np.interp(rows, np.arange(ROWS), x[:, j]) for j in range(JOINTS)]) for x in (c, q))
    assert found_in(c, q) == []


def test_a_drive_that_is_quicker_than_any_take_showed_is_on_its_way():
    quick = {name: replace(d, speed=1.6 * d.speed) for name, d in DRIVES.items()}
    c = 3.0 * commands(1)
    assert found_in(c, carried_out(c, quick)) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("times, alone", [(1.0, False), (0.9, False), (0.75, False), (0.6, False), (0.75, True), (0.6, True)])
def test_a_lower_largest_speed_is_a_setting_of_all_drives_and_a_fault_of_one(seed, times, alone):
    slower = {name: replace(d, speed=times * d.speed) if not alone or name == "joint_2" else d for name, d in DRIVES.items()}
    c = 3.0 * commands(seed)
    measured = carried_out(c, slower) + 3e-4 * np.random.default_rng(seed).standard_normal(c.shape)
    certain = {name for d in found_in(c, measured) if d.certain for name in d.channels}
    assert certain == ({"joint_2"} if alone else set())


def test_all_commands_that_come_later_than_joints_move():
    c, q = clean()
    found = found_in(late(c, 4), q)
    assert len(found) == 1, found
    (one,) = found
    assert one.certain and one.name == "lag" and one.kind == "command" and len(one.channels) == JOINTS
    assert one.numbers["late"] == pytest.approx(4 / RATE, abs=0.6 / RATE)


@pytest.mark.parametrize("kind", ["command", "measured"])
def test_a_part_of_a_column_that_is_late(kind):
    c, q = clean()
    x = c if kind == "command" else q
    x[60:150, 2] = late(x, 4)[60:150, 2]
    of = [d for d in found_in(c, q) if d.certain]
    assert of and {name for d in of for name in d.channels} == {"joint_2"}
    assert "lag" in {d.name for d in of} and min(d.t0 for d in of) > 58 / RATE and max(d.t1 for d in of) < 165 / RATE


@pytest.mark.parametrize(("amount", "name"), [(0.03, "burst"), (0.0, "offset")])
def test_noise_of_each_row_by_itself_is_a_burst(amount, name):
    command, measured = clean()
    rows = slice(70, 130)
    measured[rows, 1] += 0.05 * (amount == 0.0) + np.random.default_rng(3).normal(scale=amount, size=60)
    one = max(found_in(command, measured), key=lambda d: d.weight)
    assert (one.channels, one.kind, one.name) == (("joint_1",), "measured", name)


def test_a_joint_that_is_off_by_as_much_while_it_moves():
    c, q = clean()
    q[70:130, 1] += 0.03
    of = [d for d in found_in(c, q) if d.certain]
    assert [(d.channels, d.kind, d.name) for d in of] == [(("joint_1",), "measured", "offset")]
    assert (of[0].first, of[0].last) == (70, 129)


@pytest.mark.parametrize(("places", "named"), [(3, set()), (4, {"joint_2"})])
def test_a_command_of_two_or_three_values_is_none_that_a_drive_had(places, named):
    """Of what was sent a converter kept whether it was open, shut or between."""
    c, q = clean()
    x = c[:, 2]
    c[:, 2] = np.linspace(x.min(), x.max(), places)[np.digitize(x, np.quantile(x, np.linspace(0.0, 1.0, places + 1)[1:-1]))]
    assert {name for d in found_in(c, q) if d.certain for name in d.channels} == named


def test_what_holds_a_joint_or_pushes_it_at_rest_is_a_warning():
    c, q = clean()
    pushed = q.copy()
    pushed[220:260, 3] += 0.05 * np.hanning(40)
    blocked = c.copy()
    blocked[60:190, 3] = np.minimum(blocked[60:190, 3], 0.05)
    for measured in (pushed, carried_out(blocked)):
        of = found_in(c, measured)
        assert of and not any(d.certain for d in of), of


def test_several_joints_that_are_elsewhere_at_once():
    """A bump in the commands of four joints while they move: one that is held shows less, and an arm that is stopped stands."""
    c, q = clean()
    c[80:104, :4] += 0.05 * np.hanning(24)[:, None]
    assert any(d.certain for d in found_in(c, q))
    c, q = clean()
    q[205:225] += 0.0
    c[210:222, :] += 0.05 * np.hanning(12)[:, None]
    assert not any(d.certain and len(d.channels) >= 3 and d.name is None for d in found_in(c, q))


def test_an_end_of_its_way_is_a_stop():
    c, _ = clean()
    q = carried_out(c)
    top = float(q[:, 0].max()) - 0.04
    q[:, 0] = np.minimum(q[:, 0], top)
    assert not any(d.certain for d in found_in(c, q))


def test_a_drive_tells_more_of_how_long_a_fault_is():
    t = np.arange(100) / RATE
    row = Difference.over(t, ("a",), "measured", (10, 10), 0.1, "1", "single_row", certain=True)
    held = replace(row, last=30, name="held")
    off = Difference.over(t, ("a",), "measured", (9, 60), 0.1, "1", "factor", certain=True)
    assert beside_engine([row], [off]) == [off] and beside_engine([held], [off]) == [held]
    unsure = replace(off, certain=False)
    assert beside_engine([row], [unsure]) == [row] and beside_engine([replace(row, channels=("b",))], [off])[1:] == [off]


def test_a_drive_is_learnt_from_takes():
    takes = [take(*clean(seed)).channels[2] for seed in range(4)]
    drive = drive_of([(channel, 1.0 / RATE) for channel in takes])
    true = DRIVES["joint_2"]
    assert drive.gain == pytest.approx(true.gain, abs=0.01) and drive.late == pytest.approx(true.late, abs=0.01)
    assert max(*drive.above.values(), *drive.below.values()) < 0.006
    ways = ways_of(take(*clean(9)), {"joint_2": drive})
    assert ways is not None and (courses := courses_of(take(*clean(9)), ways)) is not None and not astray(courses)
    assert ways_of(take(*clean(9)), {}) is None
    assert Drive.of(drive.numbers()) == drive


def rows_of(x: np.ndarray, first: int, last: int, values: np.ndarray | float) -> np.ndarray:
    """x with other values of joint 1 in rows first..last."""
    out = x.copy()
    out[first : last + 1, 1] = values
    return out


@pytest.mark.parametrize(("amount", "seen"), [(0.08, True), (0.004, False)])
def test_a_few_rows_of_another_command_are_named_where_they_were_sent(amount, seen):
    c, q = clean(3)
    found = [d for d in found_in(rows_of(c, 120, 125, c[120:126, 1] + amount), q) if d.channels == ("joint_1",)]
    assert bool(found) == seen
    for one in found:
        assert (one.kind, one.name) == ("command", "offset") and abs(one.first - 120) <= 1 and abs(one.last - 125) <= 1


def test_a_command_that_was_summed_is_told_by_the_motion_that_it_was_not():
    c, q = clean(3)
    c = c + 0.4
    q = carried_out(c) + q - carried_out(c - 0.4)
    found = found_in(rows_of(c, 120, 170, np.cumsum(c[120:171, 1]) / RATE), q)
    one = max(found, key=lambda d: d.weight)
    assert (one.channels, one.kind, one.name) == (("joint_1",), "command", "integrated") and abs(one.first - 120) <= 2


def test_rows_of_another_value_are_not_those_of_a_mean_about_them():
    c, q = clean(3)
    one = max(found_in(c, rows_of(q, 120, 128, -q[120:129, 1] - 0.4)), key=lambda d: d.weight)
    assert (one.channels, one.first, one.last) == (("joint_1",), 120, 128)


@pytest.mark.parametrize("weight", [0.6, 0.9])
def test_states_of_the_next_row_through_a_filter_are_no_commands_of_drives(weight):
    """A drive's way comes near them at no delay; commands that are late come near it."""
    command, measured = clean()
    ahead = np.concatenate([measured[1:], measured[-1:]])
    labels = ahead.copy()
    for i in range(1, len(labels)):
        labels[i] = weight * ahead[i] + (1.0 - weight) * labels[i - 1]
    assert found_in(labels, measured) == []
    late = np.concatenate([np.repeat(command[:1], 5, axis=0), command[:-5]])
    assert any(d.certain and d.name == "lag" for d in found_in(late, measured))


FINGER = Drive(
    1.4, 40.0, 1.4 / RATE, 0.99, 0.0, {"row": 0.12, "second": 0.11, "long": 0.1}, {"row": 0.003, "second": 0.002, "long": 0.001},
    {"row": 0.002, "second": 0.001, "long": 0.001},
)  # fmt: skip
HOLDS, WIDE = slice(110, 170), 0.12  # rows in which a hand holds something that is so wide


def gripper(seed: int, wide: float = WIDE) -> tuple[np.ndarray, np.ndarray]:
    """(n,) commands and openings of a hand that closes on something, once, which yields a little, and otherwise opens and closes freely."""
    rng = np.random.default_rng(seed)
    c = 0.25 + 0.15 * np.sin(0.5 * T + rng.uniform(0, 6)) + 0.05 * np.sin(2.1 * T + rng.uniform(0, 6))
    c[HOLDS.start - 20 : HOLDS.start], c[HOLDS] = 0.3, 0.005
    plan = planned(c[:, None], 1.0 / RATE, np.array([[FINGER.speed]]), np.array([[FINGER.ramp]]))[0, :, 0]
    q = FINGER.gain * np.interp(T - FINGER.late, T, plan)
    held = slice(HOLDS.start, HOLDS.stop + 1)
    q[held] = np.maximum(q[held], wide - 0.02 * np.arange(q[held].size) / q[held].size)
    return c, q + 3e-4 * rng.standard_normal(ROWS)


def of_gripper(c: np.ndarray, q: np.ndarray) -> list[Difference]:
    names = {"command": "action", "measured": "state"}
    hand = RecordedChannel("gripper", {"command": c, "measured": q}, names, names, "1")
    return off_their_way([Group(T, 1.0 / RATE, (hand,), hands=True)], Usual(8, RATE, {}, {"gripper": FINGER}))


@pytest.mark.parametrize("seed", range(6))
def test_what_a_hand_holds_stops_it_and_may_wedge_it_open_a_little(seed):
    assert of_gripper(*gripper(seed)) == [], "nothing is wrong"
    c, q = gripper(seed)
    q[130:145] += 0.05 * np.hanning(15)
    assert not [d for d in of_gripper(c, q) if d.certain], "what it holds is pressed against something"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("measured", lambda x: x + 0.04),
        ("measured", lambda x: x - 0.04),
        ("measured", lambda x: x[np.arange(len(x)) // 15 * 15]),
        ("command", lambda x: x + 0.04),
        ("command", lambda x: x + 0.06 * np.hanning(len(x))),
        ("command", lambda x: np.full_like(x, x[0])),
    ],
)
def test_a_hand_that_goes_where_neither_its_drive_nor_a_thing_takes_it(seed, kind, change):
    columns = dict(zip(("command", "measured"), gripper(seed)))
    columns[kind][190:250] = change(columns[kind][190:250].copy())
    found = [d for d in of_gripper(columns["command"], columns["measured"]) if d.certain]
    assert found and all(180 <= d.first and d.last <= 262 for d in found), found


def test_a_leap_at_the_edge_of_a_stretch_that_a_recorder_makes_is_part_of_it():
    """A joint that is held is a warning; it does not leap to where it is held."""
    t = np.arange(100) / RATE
    leap = Difference.over(t, ("a",), "measured", (30, 30), 0.1, "1", "single_row", certain=True)
    held = Difference.over(t, ("a",), "measured", (30, 70), 0.1, "1", "held_value", certain=False, explained=0.99)
    assert beside_engine([leap], [held]) == [replace(held, certain=True)]
    for other in ({"name": "offset"}, {"first": 10, "last": 60}, {"channels": ("b",)}, {"kind": "command"}):
        assert leap in beside_engine([leap], [replace(held, **other)])


def test_one_reason_of_several_columns_goes_before_one_of_each():
    t = np.arange(100) / RATE
    own = [Difference.over(t, (name,), "measured", (30, 36), 0.1, "1", "factor", certain=True) for name in "abc"]
    shared = Difference.over(t, tuple("abc"), "measured", (30, 35), 0.1, "1", "held_value", certain=True, explained=0.99)
    assert beside_engine(own, [shared]) == [shared]
    assert beside_engine(own[:1], [replace(shared, channels=("a", "b"))]) == own[:1], "two may be chance"
    assert beside_engine(own[:1], [replace(shared, explained=0.92)]) == own[:1], "its own reason leaves less"
