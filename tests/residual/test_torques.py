"""Torques beside the law of their servos: which of torque, command, position and speed is wrong, of joints and of hands."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from body_takes import JOINTS, RATE, STIFF, TIMES, N, body_take, changed, heaviest, modelled, motion, stream
from scipy.signal import lfilter
from shiliu.replay.recording.recording import Recording
from shiliu.replay.residual import servo_law
from shiliu.replay.residual.arm_chain import arms_of, own_chains, own_grip
from shiliu.replay.residual.bodies import ComparedColumns, more_differences, vouched, witnessed
from shiliu.replay.residual.case import Case
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.effort import goes_on_resting
from shiliu.replay.residual.engine import differences
from shiliu.replay.residual.heard import heard_column
from shiliu.replay.residual.hypotheses import compare
from shiliu.replay.residual.servo_law import law_of_few
from shiliu.replay.residual.table import RecordedChannel
from shiliu.replay.residual.torque_timing import timing_of


@pytest.fixture(scope="module")
def take() -> Recording:
    return body_take()


def test_torques_answer_commands_whose_rows_were_exchanged(take):
    """No joint goes to and fro from row to row as such commands do: its torque is steady, and these are not."""
    rows, name = slice(150, 162), "zarm_l2_joint"
    column = take.streams["action"].column(name).copy()
    fast = column + 0.2 * np.sin(TIMES * 6.0)
    before = np.concatenate([fast[:1], fast[:-1]]) - np.concatenate([column[:1], column[:-1]])
    quick = changed(take, "action", name, fast)
    quick = changed(quick, "effort", name, take.streams["effort"].column(name) + STIFF * before)
    turned = fast[rows].reshape(-1, 2)[:, ::-1].reshape(-1)
    found = [d for d in more_differences(ComparedColumns(changed(quick, "action", name, turned, rows)), []) if name in d.channels]
    assert {d.kind for d in found} == {"command"} and {d.name for d in found} <= {"reordered"}


def test_a_torque_that_its_servo_does_not_give(take):
    rows, name = slice(120, 200), "zarm_l2_joint"
    x = take.streams["effort"].column(name)[rows]
    found = heaviest(changed(take, "effort", name, x + 4.5, rows))
    assert (found.channels, found.kind, found.name, found.certain) == ((name,), "effort", "offset", True)
    assert abs(found.first - 120) <= 2 and abs(found.last - 199) <= 2 and found.size == pytest.approx(4.5, abs=0.1)
    assert heaviest(changed(take, "effort", name, x + 0.4, rows)) is None


def test_a_command_that_no_torque_answers_to_is_no_push(take):
    rows, name = slice(240, 270), "zarm_r2_joint"
    other = changed(take, "action", name, take.streams["action"].column(name)[rows] + 0.06, rows)
    doubtful = Difference((name,), "command", 240, 269, 8.0, 8.97, 0.06, "rad", "offset", False)
    found = [d for d in more_differences(ComparedColumns(other), [doubtful]) if name in d.channels]
    assert [(d.kind, d.first, d.last, d.certain) for d in found] == [("command", 240, 269, True)]
    assert not more_differences(ComparedColumns(take), [doubtful])  # pushed: the torque answers to what is recorded


@pytest.mark.parametrize(("by", "name"), [(lambda t: 0.012 * (t - t[0]), "drift"), (lambda t: 0.02 + 0.0 * t, "offset")])
def test_a_command_that_the_torque_knows_otherwise(take, by, name):
    """0.02 rad is less than a joint may lag behind; three joints at once that drift do not bend the law of the others."""
    rows = slice(150, N - 20)
    for joint in ("zarm_l4_joint", "zarm_r3_joint", "zarm_r6_joint"):
        x = take.streams["action"].column(joint)[rows]
        take = changed(take, "action", joint, x + by(TIMES[rows]), rows)
    columns = ComparedColumns(take)
    found = [d for group in columns.table.groups for d in differences(group, vouched(columns, group))]
    later = [d for d in more_differences(columns, found) if d.kind != "measured"]
    assert {d.kind for d in later} == {"command"} and all(d.certain for d in later)
    assert {j for d in later for j in d.channels} == {"zarm_l4_joint", "zarm_r3_joint", "zarm_r6_joint"}
    worst = max(later, key=lambda d: d.weight)
    assert worst.name == name and worst.size == pytest.approx(float(by(TIMES[rows]).max()), abs=0.004)
    assert abs(worst.last - (N - 21)) <= 2 and worst.first >= 149


def test_a_position_that_the_torque_knows_otherwise(take):
    """No hand is recorded; the engine doubts the position, and the torque says what it was, so that its steps are seen as steps."""
    joint, rows = "zarm_r2_joint", slice(220, 400)
    take = replace(take, streams={name: one for name, one in take.streams.items() if name != "hand_pose"})
    x = take.streams["state"].column(joint)[rows]
    coarse = np.round(x / 0.15) * 0.15
    off = 220 + np.flatnonzero(np.abs(coarse - x) > 0.02)
    take = changed(take, "state", joint, coarse, rows)
    columns = ComparedColumns(take)
    found = [d for group in columns.table.groups for d in differences(group)]
    assert any(d.kind == "measured" and joint in d.channels for d in found)
    later = [d for d in more_differences(columns, found) if d.certain]
    assert [(d.channels, d.kind, d.name) for d in later] == [((joint,), "measured", "quantised")]
    assert abs(later[0].first - off[0]) <= 3 and abs(later[0].last - off[-1]) <= 3 and later[0].size == pytest.approx(0.075, abs=0.01)


def test_the_torque_of_a_neck(take):
    rows, name = slice(420, 470), "zhead_2_joint"
    x = take.streams["effort"].column(name)[rows]
    found = heaviest(changed(take, "effort", name, x - 1.6, rows))
    assert (found.channels, found.kind, found.certain) == ((name,), "effort", True) and found.size == pytest.approx(1.6, abs=0.1)
    assert heaviest(changed(take, "effort", name, x - 0.1, rows)) is None


def test_what_counts_of_a_command_is_what_counts_of_its_torque(take):
    (group, _), laws = ComparedColumns(take).bodies[0], ComparedColumns(take).laws[0]
    law = next(one for one in laws if one.channels[0].name == "zhead_2_joint")
    rest, bad = np.zeros(N), np.zeros(N, bool)
    rest[240:290], bad[240:290] = 1.5, True
    column = heard_column(group, law, 0, rest, "command", bad, bad, 1.0)
    assert column.limit == pytest.approx(1.0 / 30.0, rel=1e-3)
    assert np.flatnonzero(column.bad).tolist() == list(range(239, 289)), "a torque answers the command of the row before"
    assert column.truth[239:289] - column.x[239:289] == pytest.approx(np.full(50, 0.05), rel=1e-3)


def test_torques_of_the_other_sign_and_in_another_unit(take):
    effort = take.streams["effort"]
    for factor, name in ((-1.0, "mirrored"), (1000.0, "factor")):
        other = replace(take, streams={**take.streams, "effort": replace(effort, values=factor * effort.values)})
        found = heaviest(other)
        assert (found.kind, found.name, found.certain) == ("effort", name, True)
        assert found.numbers["factor"] == pytest.approx(factor, rel=0.02) and len(found.channels) == 14


def test_torques_that_follow_no_such_law_are_not_claimed(take):
    effort = take.streams["effort"]
    other = replace(effort, values=np.random.default_rng(3).normal(0.0, 8.0, effort.values.shape))
    other_take = replace(take, streams={**take.streams, "effort": other})
    assert heaviest(other_take) is None
    assert not any(name.startswith("effort/") for name in witnessed(ComparedColumns(other_take)))


def test_a_command_that_is_further_off_than_its_servo_could_push(take):
    """Late by 12 rows for nine seconds: the law asks for more than the servo gives, and the torque says what it had all the same."""
    joint, rows = "zarm_l2_joint", np.arange(200, 470)
    x = take.streams["action"].column(joint)
    found = heaviest(changed(take, "action", joint, x[rows - 12], slice(200, 470)))
    assert (found.channels, found.kind, found.name, found.certain) == ((joint,), "command", "lag", True)
    assert found.numbers["rows"] == 12.0 and found.first <= 230 and found.last >= 440


@pytest.mark.parametrize(("by", "seen"), [(0.6, True), (0.2, False)])
def test_a_speed_that_positions_and_torques_contradict(take, by, seen):
    """A single row of all speeds of an arm; less than the limit is nothing."""
    wrong = take
    for joint in own_chains()["right"].joints:
        wrong = changed(wrong, "velocity", joint, take.streams["velocity"].column(joint)[333] + by, slice(333, 334))
    found = [d for d in more_differences(ComparedColumns(wrong), []) if d.certain]
    assert [(d.kind, d.first, d.last) for d in found] == [("velocity", 333, 333)] * seen
    assert not seen or (found[0].size == pytest.approx(by, rel=0.1) and set(found[0].channels) == set(own_chains()["right"].joints))


@pytest.fixture(scope="module")
def gripping(take) -> Recording:
    """Hands that follow their commands late, and the force of their servos; the right one stops at what it holds."""
    c = 50.0 + 40.0 * np.tanh(4.0 * np.sin(0.8 * TIMES + np.array([[0.0], [1.1]]))).T
    q = np.vstack([c[:1]] * 3 + [c[:-3]])
    q[:, 1] = np.minimum(q[:, 1], 72.0 - 2.0 * np.sin(TIMES))
    v = np.gradient(q, 1.0 / RATE, axis=0)
    force = 0.03 * (np.vstack([c[:1], c[:-1]]) - q) - 1e-4 * v
    names = ("left_claw", "right_claw")
    ours = {
        "action/claws": stream("action/claws", "command", "claw", "%", names, c),
        "state/claws": stream("state/claws", "measured", "claw", "%", names, q),
        "velocity/claws": stream("velocity/claws", "measured", "velocity", "%/s", names, v),
        "effort/claws": stream("effort/claws", "measured", "effort", "N/%", names, force),
    }
    gripping = replace(take, streams={**take.streams, **ours})
    assert heaviest(gripping) is None
    return gripping


@pytest.fixture(scope="module")
def fit(take) -> Recording:
    """The take with the torques of the model's own servos."""
    effort = replace(take.streams["effort"], values=modelled(*motion()[1:]))
    fit = replace(take, streams={**take.streams, "effort": effort})
    assert heaviest(fit) is None
    return fit


def test_a_hand_that_is_sound_is_not_blamed_for_the_noise_of_the_other_one(gripping):
    """The right hand rests and gives nothing, and noise stands in its command all along: no law without stiffness follows from it."""
    rng, still = np.random.default_rng(5), {}
    for name, value in (("action/claws", 40.0), ("state/claws", 40.0), ("velocity/claws", 0.0), ("effort/claws", 0.0)):
        values = gripping.streams[name].values.copy()
        values[:, 1] = value
        still[name] = replace(gripping.streams[name], values=values)
    rests = replace(gripping, streams={**gripping.streams, **still})
    assert heaviest(rests) is None
    noisy = changed(rests, "action/claws", "right_claw", 40.0 + rng.normal(0.0, 6.0, N))
    found = more_differences(ComparedColumns(noisy), [])
    assert not [d for d in found if "left_claw" in d.channels]


def test_a_hand_that_is_commanded_the_other_way_round_is_one_finding(gripping):
    """Its force asks for another command all along, which follows from that."""
    other = changed(gripping, "action/claws", "left_claw", 100.0 - gripping.streams["action/claws"].column("left_claw"))
    of_hand = [d for d in ComparedColumns(other).differences if "left_claw" in d.channels]
    assert {d.name for d in of_hand} == {"mirrored"}


@pytest.mark.parametrize(
    ("where", "column", "change", "kind", "name"),
    [
        ("action/claws", "left_claw", lambda x: 100.0 - x, "command", "mirrored"),
        ("action/claws", "right_claw", lambda x: x - 12.0, "command", "offset"),
        ("state/claws", "left_claw", lambda x: x - 20.0, "measured", "offset"),
        ("effort/claws", "right_claw", lambda x: x + 0.9, "effort", "offset"),
    ],
)
def test_the_force_of_a_hand_tells_which_of_its_columns_is_wrong(gripping, where, column, change, kind, name):
    rows = slice(260, 340)
    x = gripping.streams[where].column(column)[rows]
    found = heaviest(changed(gripping, where, column, change(x), rows))
    assert (found.channels, found.kind, found.name, found.certain) == ((column,), kind, name, True)
    assert abs(found.first - 260) <= 3 and abs(found.last - 339) <= 3
    assert heaviest(changed(gripping, where, column, x + 0.003 * (change(x) - x), rows)) is None


def test_commands_behind_a_filter_are_named_for_all_of_their_stretches(gripping):
    """Each stretch by itself would be a bump of a force, or an offset of a command."""
    x, two = gripping.streams["action/claws"].column("left_claw"), gripping.streams["action/claws"].column("left_claw").copy()
    two[100:140], two[400:440] = x[100:140] + 12.0, x[400:440] - 15.0
    pole = float(np.exp(-1.0 / 5.0))
    for wrong, names in ((lfilter([1.0 - pole], [1.0, -pole], x, zi=[pole * x[0]])[0], {"smoothed"}), (two, {"offset"})):
        every = more_differences(ComparedColumns(changed(gripping, "action/claws", "left_claw", wrong)), [])
        found = [d for d in every if d.certain and "left_claw" in d.channels]
        assert {d.kind for d in found} == {"command"} and {d.name for d in found} == names
        assert len(found) == (1 if wrong is not two else 2)


@pytest.mark.parametrize("by", [lambda q: np.gradient(q, 1.0 / RATE, axis=0), lambda q: np.diff(q, axis=0, prepend=q[:1]) * RATE])
@pytest.mark.parametrize(("off", "seen"), [(0.0, False), (0.3, False), (9.0, True)])
def test_speeds_that_were_computed_from_positions_make_no_torque_wrong(take, by, off, seen):
    """An elbow turns round at 0.5 rad/s within a row, time and again: its torque is that of its speed, which stands in no column."""
    joint, span, half = 3, (150, 330), 3.5
    q, v = (x.copy() for x in motion()[1:])
    fine = np.arange(0, (span[1] - span[0]) * 10) / 10.0
    to_and_fro = np.where(np.floor(fine / half) % 2 == 0.0, 0.5, -0.5)
    q[span[0] : span[1], joint] += np.cumsum(np.concatenate([[0.0], to_and_fro[:-1]]))[::10] / RATE / 10.0
    v[span[0] : span[1], joint] += to_and_fro[::10]
    effort = modelled(q, v)
    effort[400:460, joint] += off
    columns = {"state": q, "velocity": by(q), "effort": effort}
    streams = {k: s for k, s in take.streams.items() if k != "hand_pose"}
    found = heaviest(replace(take, streams=streams | {k: replace(take.streams[k], values=x) for k, x in columns.items()}))
    assert (found is not None and found.certain) == seen
    if seen:
        assert (found.channels, found.kind) == ((JOINTS[joint],), "effort") and found.size == pytest.approx(off, rel=0.5)


CLAWS = ("left_claw", "right_claw")


def with_claws(take, c, rows=0):
    """The take with hands of our model without mass, commanded by c (N, 2) [%] and measured so many rows late: their force is what friction
    takes away at their speed, so that force and speed agree at any row of the command."""
    grip, streams = own_grip()[0], dict(take.streams)
    streams["effort"] = replace(streams["effort"], values=modelled(*motion()[1:]))
    before = np.vstack([c[:1], c[:-1]])
    q = lfilter([0.16], [1.0, -0.84], before - c[0], axis=0) + c[0]
    late = np.clip(np.arange(N) - rows, 0, None)
    streams["action/claws"] = stream("action/claws", "command", "claw", "%", CLAWS, c)
    for name, quantity, unit, x in (
        ("state", "claw", "%", q), ("velocity", "velocity", "%/s", (before - q) * 0.16 * RATE),
        ("effort", "effort", "N/%", grip * (before - q)),
    ):  # fmt: skip
        streams[f"{name}/claws"] = stream(f"{name}/claws", "measured", quantity, unit, CLAWS, x[late])
    return replace(take, streams=streams)


def ramps(to=(0.0, 0.0, 90.0, 90.0, 20.0, 20.0, 70.0, 70.0)):
    """(N, 2) [%] ramps with rests between them, as hands are driven; the right one 0.7 s later."""
    at = np.array([0.0, 3.2, 4.4, 6.2, 7.2, 9.7, 11.2, TIMES[-1] + 1.0])
    return np.column_stack([np.interp(TIMES, at + by, to) for by in (0.0, 0.7)])


def of_claws(take):
    return [d for d in ComparedColumns(take).differences if set(d.channels) & set(CLAWS)]


@pytest.mark.parametrize(("rows", "seen"), [(0, False), (1, False), (2, False), (4, True), (6, True)])
def test_all_that_is_measured_of_hands_may_be_a_little_late(take, rows, seen):
    assert any(d.certain for d in of_claws(with_claws(take, ramps(), rows))) == seen


@pytest.mark.parametrize("by", [1.0, 100.0])
@pytest.mark.parametrize(("off", "seen"), [(0.0, False), (0.05, True)])
def test_a_hand_that_counts_to_one_may_have_its_force_by_the_percent_or_by_the_whole_way(take, by, off, seen):
    streams = dict(with_claws(take, ramps()).streams)
    for name, unit in (("action/claws", "1"), ("state/claws", "1"), ("velocity/claws", "1/s")):
        streams[name] = replace(streams[name], values=streams[name].values / 100.0, unit=unit)
    effort = streams["effort/claws"].values.copy()
    effort[130:170] += off
    streams["effort/claws"] = replace(streams["effort/claws"], values=by * effort)
    found = [d for d in of_claws(replace(take, streams=streams)) if d.certain]
    assert bool(found) == seen and {d.kind for d in found} <= {"effort"}


@pytest.mark.parametrize(("off", "seen"), [(0.0, False), (0.06, True)])
def test_hands_in_whole_percent_have_the_force_of_what_they_were_rounded_from(take, off, seen):
    """They rest at 45.4 % most of the time, and are written as 45 %."""
    streams = dict(with_claws(take, ramps(to=(45.4, 45.4, 9.4, 9.4, 45.4, 45.4, 30.4, 45.4))).streams)
    for name in ("action/claws", "state/claws"):
        streams[name] = replace(streams[name], values=np.round(streams[name].values))
    effort = streams["effort/claws"].values.copy()
    effort[130:170] += off
    streams["effort/claws"] = replace(streams["effort/claws"], values=effort)
    assert bool(of_claws(replace(take, streams=streams))) == seen


@pytest.mark.parametrize(("back", "seen"), [(False, False), (True, True)])
def test_a_recorder_that_was_started_before_the_commands(take, back, seen):
    """The first command stands for three seconds, 2.5 % further than the hand, and goes on from there; or comes back: it was wrong."""
    early = with_claws(take, ramps())
    first = int(np.flatnonzero(early.streams["action/claws"].column("left_claw"))[0])
    rows = slice(0, first)
    for name in ("action/claws",) if back else ("action/claws", "state/claws", "velocity/claws", "effort/claws"):
        early = changed(early, name, "left_claw", early.streams[name].column("left_claw")[first] + 0.5 * back, rows)
    if back:
        early = changed(early, "action/claws", "left_claw", 0.0, slice(first, first + 1))
    found = [d for d in of_claws(early) if d.channels == ("left_claw",)]
    assert any(d.certain for d in found) == seen
    assert any((d.kind, d.first) == ("command", 0) and d.size == pytest.approx(0.025 + 0.005 * back, abs=0.005) for d in found)


@pytest.mark.parametrize(
    "name, kind, rows",
    [
        *(("action", "command", rows) for rows in (-3, 4)), ("state", "measured", 3),
        pytest.param("state", "measured", 7, marks=pytest.mark.slow),
        *(("action", None, rows) for rows in (2, 1, -1)), ("state", None, 1),
    ],
)  # fmt: skip
def test_a_column_of_all_joints_that_is_late_by_its_torques(fit, name, kind, rows):
    """A row or two, less than 0.1 s, is how sets are converted, and harmless."""
    at = np.clip(np.arange(N) - rows, 0, N - 1)
    late = replace(fit.streams[name], values=fit.streams[name].values[at])
    found = heaviest(replace(fit, streams={**fit.streams, name: late}))
    if kind is None:
        assert found is None or not found.certain
        return
    assert (found.kind, found.name, found.certain, len(found.channels)) == (kind, "lag", True, 14)
    assert found.numbers["rows"] == rows and found.numbers["late"] == pytest.approx(rows / RATE)


def test_a_joint_that_its_load_holds_back_contradicts_nothing_where_its_torque_says_so(take):
    q = motion()[1].copy()
    q[250:330, 3] -= 0.15 * np.sin(np.linspace(0.0, np.pi, 80))
    state = replace(take.streams["state"], values=q)
    speed = take.streams["velocity"].values.copy()
    speed[:, 3] = np.gradient(q[:, 3], 1.0 / RATE)
    effort = replace(take.streams["effort"], values=modelled(q, speed))
    own = {"state": state, "velocity": replace(take.streams["velocity"], values=speed), "effort": effort}
    loaded = replace(take, streams={k: s for k, s in (take.streams | own).items() if k != "hand_pose"})
    assert not [d for d in ComparedColumns(loaded).differences if d.kind in ("command", "measured")]
    light = replace(take.streams["effort"], values=modelled(*motion()[1:]))
    found = heaviest(replace(loaded, streams={**loaded.streams, "effort": light}))
    assert found.channels == (JOINTS[3],) and abs(found.first - 250) < 12


def test_torques_that_hum_in_most_rows_are_held_against_the_law_of_the_others(take):
    effort = modelled(*motion()[1:])
    effort[180:, :14] += 20.0 * np.sin(1.9 * np.arange(N - 180))[:, None]
    found = heaviest(replace(take, streams={**take.streams, "effort": replace(take.streams["effort"], values=effort)}))
    assert (found.kind, found.certain) == ("effort", True) and len(found.channels) == 14
    assert abs(found.first - 180) < 12 and found.size == pytest.approx(20.0, rel=0.2)


@pytest.mark.parametrize(("rows", "seen"), [(6, True), pytest.param(-3, True, marks=pytest.mark.slow), (1, False)])
@pytest.mark.parametrize("own", [False, True])
def test_torques_of_all_joints_that_are_late(take, rows, seen, own):
    """A slow arm, whose torques are nearly its weight, answers at any row; and most exactly in its own."""
    effort = modelled(*motion()[1:]) if own else take.streams["effort"].values
    late = effort[np.clip(np.arange(N) - rows, 0, N - 1)]
    found = heaviest(replace(take, streams={**take.streams, "effort": replace(take.streams["effort"], values=late)}))
    if seen:
        assert (found.kind, found.name, found.certain, len(found.channels)) == ("effort", "lag", True, 14)
        assert found.numbers["rows"] == pytest.approx(rows, abs=1)


@pytest.mark.parametrize("own", [False, True])
def test_torques_of_the_other_arm(take, own):
    effort = modelled(*motion()[1:]) if own else take.streams["effort"].values
    other = effort[:, [*range(7, 14), *range(7), 14, 15]]
    wrong = replace(take, streams={**take.streams, "effort": replace(take.streams["effort"], values=other)})
    found = heaviest(wrong)
    assert (found.kind, found.name, found.certain, len(found.channels)) == ("effort", "copied", True, 14)
    assert {f"effort/{name}" for name in JOINTS[:14]} <= witnessed(ComparedColumns(wrong))


@pytest.mark.parametrize(("lag", "seen"), [(0.1, True), (0.03, False)])
def test_torques_that_nobody_wrote(take, lag, seen):
    """They are a fault where the arms follow as the model's servos do, which hold their weight; others may have recorded none."""
    c = motion()[0]
    t = TIMES[:, None] - 1.0 / RATE - lag
    pace, phase = 0.5 + 0.11 * np.arange(16), np.arange(16)
    at = c - 0.25 * np.sin(pace * TIMES[:, None] + phase)
    q, v = at + 0.25 * np.sin(pace * t + phase), 0.25 * pace * np.cos(pace * t + phase)
    values = {"state": q, "velocity": v, "effort": np.zeros((N, 16))}
    streams = {k: s for k, s in take.streams.items() if k != "hand_pose"}
    streams |= {k: replace(take.streams[k], values=x) for k, x in values.items()}
    found = heaviest(replace(take, streams=streams))
    assert (found is not None) == seen
    assert not seen or (found.kind, found.name, found.certain, len(found.channels)) == ("effort", "held_value", True, 14)
    assert not seen or found.size > 8.0
    streams["effort"] = replace(streams["effort"], values=modelled(q, v))
    assert not seen or heaviest(replace(take, streams=streams)) is None


def _late(x: np.ndarray, rows: int, seconds: float = 0.0) -> np.ndarray:
    late = x[np.clip(np.arange(N) - rows, 0, N - 1)]
    for k in range(1, N if seconds else 0):
        late[k] = late[k - 1] + (1.0 - np.exp(-1.0 / RATE / seconds)) * (late[k] - late[k - 1])
    return late


@pytest.mark.parametrize(
    ("name", "rows", "seconds", "harmless"),
    [
        ("effort", 1, 0.0, True), ("effort", 1, 0.03, True), ("effort", 0, 0.08, True), ("action", 1, 0.0, True),
        ("effort", 5, 0.0, False), ("action", 5, 0.0, False),
        *(pytest.param(name, rows, 0.0, True, marks=pytest.mark.slow) for name, rows in (("effort", 2), ("action", -1))),
    ],
)  # fmt: skip
def test_forces_of_hands_that_are_late_or_smoothed(gripping, name, rows, seconds, harmless):
    """A cycle or two is how buses are, and a row how sets are converted; what is off beside it is found all the same."""
    of = gripping.streams[f"{name}/claws"]
    late = replace(gripping, streams={**gripping.streams, of.name: replace(of, values=_late(of.values, rows, seconds))})
    assert not harmless or not [d for d in ComparedColumns(late).differences if d.certain]
    assert harmless or [d for d in ComparedColumns(late).differences if d.certain]
    off = changed(late, "effort/claws", "right_claw", late.streams["effort/claws"].column("right_claw")[260:340] + 0.9, slice(260, 340))
    found = heaviest(off)
    assert not harmless or (found.channels, found.kind, found.certain) == (("right_claw",), "effort", True)


def test_commands_that_are_the_next_state_have_no_torques_that_answer_them(take, gripping):
    later = np.minimum(np.arange(N) + 1, N - 1)
    streams = dict(gripping.streams)
    for command, state in (("action", "state"), ("action/claws", "state/claws")):
        streams[command] = replace(streams[command], values=streams[state].values[later])
    found = ComparedColumns(replace(gripping, streams=streams)).differences
    assert found and not [d for d in found if d.certain or d.kind == "effort"]


@pytest.mark.parametrize(("late", "held", "known"), [(-0.3, 0.09, False), (-0.3, 0.0, True), (0.3, 0.09, True)])
def test_a_force_that_goes_with_the_speed_and_holds_something_besides_is_no_servos(late, held, known):
    """As it looks beside next states behind a filter. Commands that are late have the force of what is left at rest."""
    q = 0.01 * ramps()
    v = np.gradient(q, 1.0 / RATE, axis=0)
    c = np.roll(q, -3, axis=0)
    force = (0.5 * (np.vstack([c[:1], c[:-1]]) - q) if known else 0.003 * (np.vstack([c[:1], c[:-1]]) - q)) - late * v
    force += np.where((np.abs(v) < 1e-6) & (q > 0.8), held, 0.0)
    columns = {"command": c, "measured": q, "velocity": v, "effort": force}
    channels = tuple(RecordedChannel(name, {k: x[:, j] for k, x in columns.items()}, {}, {}, "1") for j, name in enumerate(CLAWS))
    law = servo_law.law_of_few(servo_law.PooledServos(channels, np.zeros((N, 2)), np.full(2, np.inf), CLAWS))
    assert (law is not None) == known


def resting(off, effort=0.0):
    """A take that moves for 5 s and then rests, with the model's torques and joints that are recorded so far (16,) [rad] beside their
    zeros; `effort`: [Nm] of a fault of one torque in a part."""
    take, rows = body_take(), np.minimum(np.arange(N), 150)
    c, q, v = (x[rows] for x in motion())
    v[151:], c[151:] = 0.0, q[151:]
    arms = arms_of(dict(zip(JOINTS, q.T)))
    stiffness, damping = np.array([link.gains for arm in arms.values() for link in arm.chain.links]).T
    torques = stiffness * (np.vstack([c[:1], c[:-1]]) - q) - damping * v
    torques += np.concatenate([arm.weight for arm in arms.values()], axis=1)
    torques[60:100, 3] += effort
    streams = {name: take.streams[name] for name in ("action", "state", "velocity", "effort")}
    values = {"action": c, "state": q + off, "velocity": v, "effort": torques}
    return replace(take, streams={name: replace(one, values=values[name]) for name, one in streams.items()})


@pytest.mark.parametrize(("by", "known"), [(0.0, True), (0.005, True), (0.03, False)])
def test_joints_beside_the_zeros_of_their_servos(by, known):
    """What a calibration leaves is undone, and hides no fault; of more, servos are not known by a take that mostly rests."""
    off = by * np.array([1.0, -0.7, 0.4, 0.9, -1.0, 0.6, 0.0, 0.3] * 2)
    clean = ComparedColumns(resting(off))
    assert [law.modelled for of in clean.laws for law in of][:1] == [True] * known
    assert not [d for d in clean.differences if d.certain]
    found = [d for d in ComparedColumns(resting(off, 9.0)).differences if d.certain and d.kind == "effort"]
    assert [(d.channels, d.first, d.last) for d in found] == [((JOINTS[3],), 60, 99)] * known


@pytest.mark.parametrize(("rows", "seen"), [(140, True), (4, False)])
def test_a_torque_that_stands_was_not_written_whatever_else_explains_it(take, rows, seen):
    joint = "zarm_l4_joint"
    span = slice(120, 120 + rows)
    found = ComparedColumns(changed(take, "effort", joint, take.streams["effort"].column(joint)[120], span)).differences
    assert seen == bool(found)
    for one in found:
        assert (one.channels, one.kind, one.name, one.certain) == ((joint,), "effort", "held_value", True)
        assert (one.first, one.last) == (120, 119 + rows)


def test_rows_of_all_torques_are_one_finding_of_joints_and_hands(gripping):
    rows, streams = slice(200, 280), dict(gripping.streams)
    for name in ("effort", "effort/claws"):
        values = streams[name].values.copy()
        values[rows] = values[rows][::-1]
        streams[name] = replace(streams[name], values=values)
    found = [d for d in ComparedColumns(replace(gripping, streams=streams)).differences if d.certain]
    assert len(found) == 1 and found[0].name == "reordered" and {"left_claw", "zarm_l2_joint"} <= set(found[0].channels)
    alone = changed(gripping, "effort", "zarm_r6_joint", streams["effort"].column("zarm_r6_joint"))
    assert [d.channels for d in ComparedColumns(alone).differences if d.certain] == [("zarm_r6_joint",)]


def test_what_takes_longer_than_the_take_is_no_filter():
    truth = np.sin(0.02 * np.arange(200))
    pole = np.exp(-1.0 / 60.0)
    slow = lfilter([1.0 - pole], [1.0, -pole], truth)
    named = [[e for e in compare(Case(x, truth, 0, 199, 0.1, 1e-4)) if e.name == "smoothed"] for x in (slow, 0.01 * np.arange(200) / 200)]
    assert named[0][0].numbers["seconds"] == pytest.approx(6.0, rel=0.05)
    assert all(float(e.numbers["seconds"]) <= 20.0 for e in named[1])


@pytest.mark.parametrize(("late", "seen"), [(2, True), (-2, True), (6, False)])
def test_commands_that_leap_in_each_row_are_put_right_as_well(late, seen):
    """A row away from the right one such a command explains no more than far from it; 0.2 s are no matter of a recorder's bus."""
    rng, n, dt = np.random.default_rng(5), 400, 1.0 / 30.0
    channels = []
    for k in range(4):
        c = 0.3 * np.sin(np.arange(n) / 40.0 + k) + rng.normal(0.0, 0.02, n)
        q = 0.3 * np.sin((np.arange(n) - 2) / 40.0 + k)
        v = np.gradient(q, dt)
        effort = 60.0 * (np.concatenate([c[:1], c[:-1]]) - q) - 2.0 * v
        columns = {"command": np.roll(c, -late), "measured": q, "velocity": v, "effort": effort}
        names = dict.fromkeys(columns, "s")
        channels.append(RecordedChannel(f"joint_{k}", columns, names, names, "rad"))
    found = timing_of(tuple(channels), np.zeros((n, 4)), dt)
    assert (found is not None and dict(found.rows) == {"command": -late}) == seen


@pytest.mark.parametrize(
    ("rate", "own", "late", "seen"),
    [(20, (0.118, 0.65), (0.087, 0.47), None), (20, (0.4, 0.65), (0.2, 0.4), None), (20, (0.4, 0.65), (0.05, 0.1), ("effort", 4)),
     (30, (0.118, 0.65), (0.087, 0.47), ("effort", 4)), (30, (0.4, 0.65), (0.14, 0.4), ("effort", 4))],
)  # fmt: skip
def test_slow_joints_in_rows_that_are_far_apart_do_not_tell_that_torques_are_late(monkeypatch, rate, own, late, seen):
    """What the law leaves [Nm], in the middle row and in nine of ten, in the torques' own rows and four rows away."""
    pool = SimpleNamespace(unsure=True, channels=("a",))
    monkeypatch.setattr(servo_law, "_pool_of", lambda group, arms: pool)
    monkeypatch.setattr(servo_law, "left_of_model", lambda of, kind, rows: late if (kind, rows) == ("effort", 4) else own)
    found = servo_law._late_column.__wrapped__(SimpleNamespace(dt=1.0 / rate), (), False)
    assert (found and found[:2]) == seen


@pytest.mark.parametrize(
    ("answers", "moves", "seen"),
    [(0.0, 0.0, True), (60.0, 0.0, False), (0.2, 0.0, False), (-12.0, 0.0, False), (0.0, 0.05, False)],
    ids=["goes on", "is blocked", "answers a little", "is off", "moves"],
)
@pytest.mark.parametrize(("first", "last"), [(40, 79), (40, 99), (0, 59)])
def test_a_joint_that_goes_on_resting_was_not_commanded_elsewhere(answers, moves, seen, first, last):
    """Torques of 12 Nm hold it; by the law of the recorded command they would be 60 Nm more in the rows in question."""
    rows = slice(first, last + 1)
    effort, truth, q = np.full((100, 1), 12.0), np.full((100, 1), 12.0), np.full(100, -0.7)
    truth[rows] += 60.0
    effort[rows] += answers
    q[first + 5 : last + 1] += moves
    law = SimpleNamespace(
        channels=[SimpleNamespace(columns={"measured": q, "velocity": np.gradient(q)})], effort=effort, truth=truth, noise=0.002, scale=1.0
    )  # fmt: skip
    assert goes_on_resting(law, 0, first, last) == seen


@pytest.mark.parametrize(("off", "damping"), [(0.0, 0.2), (0.35, 0.0), (-0.2, 0.0)])
def test_hands_that_creep_for_minutes_are_none(off, damping):
    """Where both are commanded elsewhere all along, no damping fits, but for those by what the hands creep at rest."""
    gap = np.clip(0.3 * np.sin(np.arange(600) / 40.0 + np.array([[0.0], [1.0]])), -0.1, 0.1)
    rises = 6e-5 + 0.4 * gap * (np.abs(gap) < 0.05)
    design = np.stack([gap, -rises, np.zeros_like(gap)], axis=-1)
    pool = SimpleNamespace(
        terms=(design, 2.0 * gap - 0.2 * rises + off, np.abs(gap) > 1e-3), gains=(2.0, None), blur=0.0, unsure=False, most=10.0,
        channels=(SimpleNamespace(unit="%"),) * 2, limbs=("left", "right"),
    )  # fmt: skip
    assert law_of_few(pool).damping == pytest.approx(damping, abs=2.0)
