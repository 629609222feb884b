"""The full states that an own episode keeps beside its table: rows that are lost, too many or others', columns that are others there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter
from shiliu.replay.checks.claims import check_claims
from shiliu.replay.checks.inputs import Recorded
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.declared import Declared
from shiliu.replay.recording.recording import Recording, SimEpisode, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.full_states import SECONDS, states_beside
from shiliu.replay.robots.limits import Limits

RATE, ROWS, LATE = 30, 600, 0.1
JOINTS, HAND, FACTOR = tuple(f"j{j}" for j in range(7)), ("claw",), 962.74  # % of a hand's way, of a radian of its finger
AXES = ("x", "y", "z", "qw", "qx", "qy", "qz")
POSE = tuple(f"{thing}.{axis}" for thing in ("cup", "tray") for axis in AXES)


def columns(seed: int = 0, rests: tuple[float, float] | None = None) -> dict[str, np.ndarray]:
    """(ROWS, k) float64 by feature: seven joints and a hand that follow their commands, a cup that is carried about, turned, off
    centre, and a tray that lies on a table; nothing moves from the first to the second moment [s] of `rests`."""
    rng = np.random.default_rng(seed)
    clock = np.arange(-RATE, ROWS) / RATE
    goes = np.ones(len(clock)) if rests is None else np.clip(np.maximum(rests[0] - clock, clock - rests[1]), 0.0, 1.0) ** 2
    every = np.cumsum(goes) / RATE
    t, late = every[RATE:], np.interp(clock[RATE:] - LATE, clock, every)
    pace, phase = rng.uniform(0.3, 2.0, (4, 7)), rng.uniform(0.0, 6.0, (4, 7))

    def at(moment, by=np.sin, times=1.0):
        return (0.2 * times * by(moment[:, None, None] * pace + phase)).sum(axis=1)

    turn = 0.3 + 0.2 * np.sin(0.4 * t + seed)
    cup = np.column_stack([0.4 + 0.1 * np.sin(0.5 * t), 0.21 + 0.05 * np.cos(0.7 * t), 0.9 + 0.1 * np.sin(0.2 * t),
                           np.cos(turn), 0.6 * np.sin(turn), 0.0 * t, 0.8 * np.sin(turn)])  # fmt: skip
    cup[:, :3] += 0.01 * seed
    tray = np.tile([0.53718, -0.23163, 0.87094, np.cos(0.2), 0.0, 0.0, np.sin(0.2)], (ROWS, 1))
    goes = np.interp(clock[RATE:] - LATE, clock, goes)[:, None]
    state = at(late) + rng.normal(scale=2e-4, size=(ROWS, 7)) * (goes > 0.0)
    speed = goes * at(late, np.cos, pace)
    grip = [(50.0 + 40.0 * np.sin(0.9 * at_hand))[:, None] for at_hand in (t, late)] + [36.0 * goes * np.cos(0.9 * late)[:, None]]
    found = {"action": at(t), "state": state, "velocity": speed}
    found = {name: np.hstack([x, hand]) for (name, x), hand in zip(found.items(), grip)}
    return found | {"environment_state": np.hstack([cup, tray])}


def taken(of: dict[str, np.ndarray], rows: np.ndarray | None = None, change=lambda table: None, segments=()) -> Recording:
    """A take of these columns, whose table holds `rows` of them, changed; its full states are those of the columns."""
    n = len(of["state"])
    before = np.concatenate([of["action"][:1], of["action"][:-1]])
    of_finger = np.r_[np.ones(7), 1.0 / FACTOR]
    clock = np.arange(n)[:, None] / RATE
    full = np.hstack([clock, of["state"] * of_finger, of["environment_state"], of["velocity"] * of_finger, before])
    table = {name: x[np.arange(n) if rows is None else rows].astype(np.float32) for name, x in of.items()}
    change(table)
    n = len(table["state"])
    times = np.rint(1e9 * np.arange(n) / RATE).astype(np.int64)
    streams = {}
    for name, x in table.items():
        field = name if name == "action" else f"observation.{name}"
        role = "command" if name == "action" else "measured"
        meta = {"field": field}
        if name == "environment_state":
            poses = " ".join(["m m m 1 1 1 1"] * 2)
            streams[field] = Stream(field, role, "pose", poses, POSE, x.astype(float), capture_ns=times, meta=meta)
            continue
        for part, names, unit in ((slice(0, 7), JOINTS, "rad"), (slice(7, 8), HAND, "%")):
            quantity = "joint_velocity" if name == "velocity" and unit == "rad" else "joint_position" if unit == "rad" else "claw"
            unit, key = f"{unit}/s" if name == "velocity" else unit, f"{field}/{names[0]}"
            streams[key] = Stream(key, role, quantity, unit, names, x[:, part].astype(float), capture_ns=times, meta=meta)
    episode = SimEpisode(
        seed=0, draw={}, config={}, scenario_version=1, fingerprint="", engine="", control_timestep=1 / RATE, n_substeps=16,
        start_state=full[0], actions=table["action"], action_names=(*JOINTS, *HAND), segments=list(segments),
        checkpoints={k: full[k] for k in range(0, len(full), RATE) if k <= n},
    )  # fmt: skip
    return Recording("take", "take", "", "simulation", streams, episode=episode, declared=Declared(n))


def found(recording: Recording):
    return ComparedColumns(recording).differences


def rows_of(recording: Recording):
    return [(d.name, d.numbers.get("lost"), d.numbers.get("more")) for d in found(recording) if d.kind == "rows"]


def test_a_take_with_its_own_states_has_none():
    assert found(taken(columns())) == ()
    beside = states_beside(taken(columns()))
    assert (beside.moved, beside.lost, beside.columns) == (None, 0, ())
    assert {kind for kind, _ in beside.right} == {"command", "measured", "velocity", "pose"}


@pytest.mark.parametrize("at", [45, 200, 400])
@pytest.mark.parametrize("many", [1, 4, 70])
def test_rows_that_are_lost_are_counted_and_placed(at, many):
    recording = taken(columns(), np.delete(np.arange(ROWS), np.arange(at, at + many)))
    (d,) = found(recording)
    assert (d.kind, d.name, d.numbers) == ("rows", "cut", {"lost": many})
    assert d.certain and d.first - 1 <= at <= d.last + 1 and d.last - d.first <= RATE
    assert states_beside(recording).lost == many


def test_rows_that_are_lost_while_nothing_else_shows_it_are_counted():
    of = columns(rests=(6.0, 10.0))
    assert not any(d.kind == "rows" for d in found(taken(of)))
    (d,) = [d for d in found(taken(of, np.delete(np.arange(ROWS), np.arange(230, 250)))) if d.kind == "rows"]
    assert d.numbers == {"lost": 20} and d.t0 <= 230 / RATE and d.t1 >= 250 / RATE - 1.0


@pytest.mark.parametrize("rests", [None, (6.0, 10.0), (3.0, 5.0)])
def test_speeds_in_another_unit_are_of_their_own_rows(rests):
    """Nothing else is elsewhere than its states: no row is lost, or stands in another order."""

    def in_degrees(table):
        table["velocity"] *= 57.3

    recording = taken(columns(rests=rests), change=in_degrees)
    assert not rows_of(recording) and states_beside(recording).moved is None
    moved = np.insert(np.delete(np.arange(ROWS), np.arange(120, 140)), 300, np.arange(120, 140))
    assert states_beside(taken(columns(rests=rests), moved, in_degrees)).moved is not None


def test_rows_that_come_twice_or_are_drawn_from_elsewhere():
    every = np.arange(ROWS)
    assert rows_of(taken(columns(), np.insert(every, 300, every[280:300]))) == [("repeated", None, 20)]
    turned = every.copy()
    turned[200:400] = every[200:400][::-1]
    (d,) = found(taken(columns(), turned))
    assert (d.name, d.numbers, d.first, d.last) == ("reordered", {}, 200, 399)
    assert [(name, lost) for name, lost, _ in rows_of(taken(columns(), every[::-1]))] == [("reordered", None)]


def test_another_take_from_a_row_on_is_one_finding_of_that_row():
    of, other = columns(), columns(seed=1)

    def goes_on(table):
        for name, x in other.items():
            table[name][310:] = x[310:]

    (d,) = found(taken(of, change=goes_on))
    assert (d.kind, d.name, d.numbers) == ("rows", "cut", {}) and d.first - 1 <= 310 <= d.last + 1
    assert states_beside(taken(of, change=goes_on)).lost is None


def test_an_arm_that_rests_is_where_it_was_in_any_take():
    of, other = columns(), columns(seed=1)

    def goes_on(table):
        for name, x in other.items():
            table[name][310:] = x[310:]
            table[name][480:, :6] = of[name][480:, :6]

    beside = states_beside(taken(of, change=goes_on))
    assert (beside.moved.name, beside.lost) == ("cut", None) and beside.moved.last <= 330


def test_every_second_row_at_half_the_rate_is_no_loss():
    assert states_beside(taken(columns(), np.arange(0, ROWS, 2))).moved is None


def put(feature: str, at, rows: slice, by):
    def change(table):
        table[feature][rows, at] = by(table[feature][rows, at])

    return change


@pytest.mark.parametrize(
    ("change", "kind", "names", "reason"),
    [
        (put("environment_state", 0, slice(150, 450), lambda x: x + 0.03), "pose", ("cup.x",), "offset"),
        (put("environment_state", slice(0, 3), slice(0, ROWS), lambda x: x * 1000.0), "pose", ("cup.x", "cup.y", "cup.z"), "factor"),
        (put("environment_state", 7, slice(0, ROWS), lambda x: x + 0.05), "pose", ("tray.x",), "offset"),
        (put("environment_state", 8, slice(305, 315), lambda x: x - 0.05), "pose", ("tray.y",), "offset"),  # between two states
        (put("state", 2, slice(100, 400), lambda x: x + 0.03), "measured", ("j2",), "offset"),
        (put("action", 4, slice(100, 400), lambda x: x + 0.06), "command", ("j4",), "offset"),
        (put("action", 7, slice(100, 400), lambda x: x - 12.0), "command", ("claw",), "offset"),
        (put("state", 7, slice(100, 400), lambda x: x * 1.2), "measured", ("claw",), "factor"),
        (put("velocity", 1, slice(100, 400), lambda x: -x), "velocity", ("j1",), "mirrored"),
    ],
)
def test_a_column_that_is_another_one_is_named_with_its_reason(change, kind, names, reason):
    (d,) = found(taken(columns(), change=change))
    assert (d.kind, d.channels, d.name, d.certain) == (kind, names, reason, True)


@pytest.mark.parametrize(("off", "reason"), [(0.0, "measurement_as_command"), (1e-3, "lag")])
def test_what_was_measured_as_the_commands_of_a_part_is_no_delay(off, reason):
    """It comes as late as the servo, which explains it about as well; but a command is what was measured later to the bit in no row."""

    def change(table):
        table["action"][100:400, 4] = table["state"][100:400, 4] + off * np.sin(np.arange(300))

    (d,) = states_beside(taken(columns(), change=change)).columns
    assert (d.kind, d.channels, d.name, d.certain) == ("command", ("j4",), reason, True)


@pytest.mark.parametrize(
    ("rows", "by", "reason"),
    [(slice(95, 475), lambda x: 1.0 - x, "mirrored"), (slice(0, ROWS), lambda x: 0.0 * x, "held_value")],
    ids=["the other way round", "nought in all rows"],
)
def test_a_switch_the_other_way_round_is_no_level_of_its_own(rows, by, reason):
    of = columns()
    of["action"][:, 7] = of["action"][:, 7] > 50.0
    (d,) = [d for d in states_beside(taken(of, change=put("action", 7, rows, by))).columns if d.kind == "command"]
    assert (d.channels, d.name, d.certain) == (("claw",), reason, True)


def test_two_columns_that_are_each_other_s_in_whole_seconds_are_exchanged():
    """Both rest meanwhile, so that a level of its own would explain each as well."""

    def exchanged(table):
        table["state"][100:400, [1, 2]] = table["state"][100:400, [2, 1]]

    (d,) = found(taken(columns(rests=(2.5, 14.5)), change=exchanged))
    assert (d.kind, set(d.channels), d.name, d.certain) == ("measured", {"j1", "j2"}, "copied", True)


def slower(x: np.ndarray) -> np.ndarray:
    """A first-order low-pass of 20 rows."""
    return lfilter([0.05], [1.0, -0.95], x - x[0]) + x[0]


@pytest.mark.parametrize(
    ("feature", "at", "how", "reason", "number"),
    [
        ("environment_state", 0, lambda x: moved(x, 3.4), "lag", 3.4 / RATE),
        ("velocity", 1, lambda x: moved(x, -5.0), "lag", -5.0 / RATE),
        ("environment_state", 2, slower, "smoothed", 20.0 / RATE),
        ("environment_state", 0, lambda x: x + 0.03 * np.sin(0.5 * np.arange(len(x)) ** 1.3), None, None),
    ],
)
def test_columns_of_another_moment_by_what_stands_in_the_rows_beside_the_states(feature, at, how, reason, number):
    (d,) = found(taken(columns(), change=put(feature, at, slice(100, 500), how)))
    assert (d.name, d.certain) == (reason, True)
    if number is not None:
        assert d.numbers["late" if reason == "lag" else "seconds"] == pytest.approx(number, rel=0.03)


def moved(x: np.ndarray, by: float) -> np.ndarray:
    return np.interp(np.arange(len(x)) - by, np.arange(len(x)), x)


def test_a_thing_at_rest_is_placed_to_the_row_and_one_in_motion_to_the_second():
    (d,) = found(taken(columns(), change=put("environment_state", 8, slice(305, 315), lambda x: x - 0.05)))
    assert (d.first, d.last) == (305, 314)
    (d,) = found(taken(columns(), change=put("environment_state", 0, slice(150, 451), lambda x: x + 0.03)))
    assert (d.first, d.last) == (150, 450)
    assert found(taken(columns(), change=put("environment_state", 0, slice(305, 315), lambda x: x + 0.03))) == ()  # not seen


def test_columns_that_a_state_holds_now_and_then_are_not_compared():
    """As speeds of a base in its own frame, which are those of the world until it turns; and commands that are carried out later."""

    def late(table):
        table["action"][2:] = table["action"][:-2].copy()
        table["action"][90:150] = table["action"][90]

    of = columns()
    of["action"][90:150] = of["action"][90]
    assert ("command", "j0") not in states_beside(taken(of, change=late)).right
    short = {name: x[: RATE * (SECONDS - 1)] for name, x in columns().items()}
    assert states_beside(taken(short)).right is None


def test_lost_rows_are_no_wrong_claim_of_the_side_file():
    segments = [{"skill": "carry.over", "t0": 0.0, "t1": 20.0}]
    rules = load_rules()

    def claims(recording):
        (one,) = check_claims(Recorded(recording, Limits({}), rules))
        return one.level, one.details.get("kind")

    lost = np.delete(np.arange(ROWS), np.arange(200, 230))
    assert claims(taken(columns(), segments=segments)) == ("PASS", None)
    assert claims(taken(columns(), lost, segments=segments)) == ("PASS", None)
    later = [{**segments[0], "t1": 20.5}]
    assert claims(taken(columns(), lost, segments=later)) == ("FAIL", "outside")
    bare = taken(columns(), lost, segments=segments)
    bare = replace(bare, episode=replace(bare.episode, checkpoints={}))
    assert claims(bare) == ("FAIL", "outside")


def test_lost_rows_are_counted_in_words():
    recording = taken(columns(), np.delete(np.arange(ROWS), np.arange(200, 230)))
    rules = load_rules()
    (one,) = check_differs(ComparedColumns(recording), rules)
    assert "30" in Words("en").message(one) and "rows are missing" in Words("en").message(one)
    assert "缺 30 行" in Words("zh").message(one)


def test_states_as_commands_are_a_fault_of_an_own_recorder_alone():
    """A set of states may have no commands; an own episode always has."""
    own = taken(columns(), change=lambda table: table["action"].__setitem__(slice(0, -1), table["state"][1:]))
    bare = replace(own, episode=replace(own.episode, checkpoints={}))  # full states tell it by themselves
    for take, certain in ((own, True), (bare, True), (replace(own, episode=None), False)):
        of = [d for d in found(take) if set(JOINTS) <= set(d.channels)]
        assert [(d.name, d.kind, d.certain) for d in of] == [("measurement_as_command", "command", certain)]
