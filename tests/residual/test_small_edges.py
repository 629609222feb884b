"""What is just above a threshold, and just below: forces, hands, rows and columns by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from joint_streams import recording, stream
from shiliu.replay.residual.case import Case
from shiliu.replay.residual.forces import UPWARDS, _weight, check_forces, held_forces
from shiliu.replay.residual.hypotheses import best
from shiliu.replay.residual.resting_hands import hands_beside_commands
from shiliu.replay.residual.row_order import rows_stuck
from shiliu.replay.residual.table import Group, RecordedChannel, as_both
from shiliu.replay.residual.turned_hands import hands_turned_alike, hands_turned_in_part

DT, N = 1.0 / 30.0, 300
T = DT * np.arange(N)


def channel(name="joint", unit="rad", **columns):
    return RecordedChannel(name, columns, dict.fromkeys(columns, "s"), dict.fromkeys(columns, "s"), unit)


def group(*channels, hands=False, dt=DT):
    n = len(next(iter(channels[0].columns.values())))
    return Group(dt * np.arange(n), dt, channels, hands=hands)


@pytest.mark.parametrize(
    ("share", "name", "certain"),
    [(1.0, None, None), (0.71, None, None), (1.39, None, None), (0.69, "factor", False), (1.41, "factor", False), (0.45, "factor", False),
     (2.4, "factor", False), (0.35, "factor", True), (2.6, "factor", True), (0.0, "factor", True), (-1.0, "mirrored", True),
     (-1.5, "factor", True), (-0.6, "factor", True)],
)  # fmt: skip
def test_a_robot_that_stands_weighs_what_it_weighs(share, name, certain):
    x = share * _weight() + np.sin(3.0 * T)
    both = np.column_stack([x, 0.0 * x])
    take = recording(stream("measured", both, (UPWARDS, "pelvis.fx"), "wrench", "N"))
    found = check_forces(take)
    for unit, by in (("mN", 1e3), ("kN", 1e-3)):
        again = check_forces(recording(stream("measured", by * both, (UPWARDS, "pelvis.fx"), "wrench", unit)))
        assert [(d.name, d.certain, d.size) for d in again] == [(d.name, d.certain, pytest.approx(d.size)) for d in found]
    assert [(d.name, d.certain) for d in found] == ([(name, certain)] if name else [])
    for d in found:
        assert d.numbers["factor"] == pytest.approx(-1.0 if name == "mirrored" else share, abs=1e-3) and d.channels == (UPWARDS,)
        assert d.size == pytest.approx(abs(share - 1.0) * _weight(), abs=0.1)
    assert [one.rpartition("/")[2] for one in held_forces(take)] == [UPWARDS]


@pytest.mark.parametrize(("unit", "rows", "role"), [("Nm", N, "measured"), ("N", 7, "measured"), ("N", N, "command")])
def test_forces_of_another_unit_of_few_rows_or_that_are_commanded_weigh_nothing(unit, rows, role):
    assert not check_forces(recording(stream(role, np.zeros(rows), (UPWARDS,), "wrench", unit)))


@pytest.mark.parametrize(("pull", "seen"), [(0.9, False), (1.2, True)])
def test_fingers_push_and_never_pull(pull, seen):
    touch = np.zeros((N, 2))
    touch[100:150, 1] = 4.0
    touch[200:230, 1] = -pull
    found = check_forces(recording(stream("measured", touch, ("thumb", "index"), "touch", "N")))
    assert [(d.channels, d.first, d.last) for d in found] == ([(("index",), 200, 229)] if seen else [])


def hand(command, measured, unit="1"):
    return list(hands_beside_commands(group(channel("claw", unit, command=command, measured=measured), hands=True), True, ()))


def test_a_hand_that_stands_beside_its_commands_has_no_scale():
    """It is blocked, and goes a little; what goes further does so on another scale."""
    command = np.interp(T, [0, 1, 1.5, 4, 4.5, 7, 7.5, 9.9], [0, 0, 0.4, 0.4, 0.2, 0.2, 0.5, 0.5])
    assert [d.name for d in hand(command, 1.4 * command)] == ["factor"]
    stands = 0.6 + 0.04 * command / np.ptp(command)
    assert not hand(command, stands)
    counted = 1000.0 * command
    assert not hand(counted, 1.4 * counted), "counts of a device are no shares of a way"


@pytest.mark.parametrize(("first", "last", "kinds", "seen"), [
    (100, 107, "both", True), (100, 107, "command", False), (100, 107, "measured", False), (100, 102, "both", False),
    (1, 8, "both", False), (N - 8, N - 1, "both", False), (40, 43, "both", True),
])  # fmt: skip
def test_rows_that_were_written_several_times_stand_in_both_columns_amid_a_motion(first, last, kinds, seen):
    phases = np.array([0.0, 0.9, 2.0])
    command, measured = (0.9 * np.sin(1.3 * (T[:, None] - late) + phases) for late in (0.0, 0.1))
    for kind, x in (("command", command), ("measured", measured)):
        if kinds in ("both", kind):
            x[first : last + 1] = x[first - 1]
    of = group(*(channel(f"j{k}", command=command[:, k], measured=measured[:, k]) for k in range(3)))
    assert [(d.name, d.first, d.last, d.channels) for d in rows_stuck(of)] == [("repeated", first, last, ("j0", "j1", "j2"))] * seen


def closing(late=5):
    sent = np.interp(T, [0.0, 1.0, 1.7, 3.9, 4.6, 8.0, 8.5], [0.0, 0.0, 1.0, 1.0, 0.05, 0.05, 0.6])
    return sent, np.concatenate([np.zeros(late), sent[:-late]])


@pytest.mark.parametrize(("first", "last", "seen"), [
    (90, 199, True), (70, 90, True), (110, 116, False), (0, 239, True), (100, N - 1, True), (0, N - 5, False),
])  # fmt: skip
def test_a_part_of_a_hand_that_counts_from_its_other_end(first, last, seen):
    """Too short a part, or one that leaves too little of the take, is none: nobody knows then which is the other end."""
    sent, at = closing()
    at[first : last + 1] = 1.0 - at[first : last + 1]
    found = list(hands_turned_in_part(group(channel("claw", "1", command=sent, measured=at), hands=True)))
    rows = [(d.kind, d.first, d.last) for d in found]
    assert (rows == [("measured", first, last)]) == seen, rows


@pytest.mark.parametrize("dt", [0.08, 0.05, 0.02])
def test_a_hand_that_is_open_or_shut_is_as_far_from_every_other_command(dt):
    """Commands of some seconds before are as often the opposite of what is measured as they are the same."""
    t = np.arange(0.0, 9.0, dt)
    sent = np.interp(t, [0.0, 1.3, 1.7, 3.0, 3.4, 8.6, 9.0], [0.0, 0.0, 0.97, 0.97, 0.0, 0.0, 0.9])
    late = round(0.12 / dt)
    at = np.concatenate([np.zeros(late), sent[:-late]])
    assert not list(hands_turned_in_part(group(channel("claw", "1", command=sent, measured=at), hands=True, dt=dt)))
    assert not list(hands_turned_in_part(group(channel("claw", "1", command=sent, measured=1.0 - at), hands=True, dt=dt))), "all of it is"


@pytest.mark.parametrize("witness", ["velocity", "effort", None])
@pytest.mark.parametrize(("first", "last"), [(100, 130), (200, N - 1), (0, 99), (0, 59)])
def test_a_part_in_which_both_columns_count_from_the_other_end(first, last, witness):
    """Of a single edge speeds or forces tell which side of it is turned, and the leap is of neither; without them it is the latter one."""
    sent, at = closing()
    of = {"velocity": np.gradient(at, DT), "effort": 2.0 * (np.append(sent[:1], sent[:-1]) - at)}
    v = {kind: x for kind, x in of.items() if kind == witness}
    for x in (sent, at):
        x[first : last + 1] = 1.0 - x[first : last + 1]
    (one,) = hands_turned_alike(group(channel("claw", "1", command=sent, measured=at, **v), hands=True))
    assert (one.first, one.last) == ((first, last) if first or witness else (last + 1, N - 1))
    assert one.name == "mirrored" and one.size == pytest.approx(np.abs(2.0 * at[one.first : one.last + 1] - 1.0).max())


@pytest.mark.parametrize(("seconds", "some"), [(0.9, False), (1.1, True)])
def test_commands_and_measurements_of_a_second_are_put_on_one_grid(seconds, some):
    t = np.arange(0.0, seconds + 1e-9, 0.05)
    of = Group(t, 0.05, (channel(command=np.sin(t), measured=np.sin(t - 0.1)), channel("other", velocity=np.cos(t))))
    both = as_both(of)
    assert (both is not None) == some and (both is None or both.names == ("joint",))
    alone = Group(T, DT, (channel(measured=np.sin(T)),))
    assert as_both(alone) is None, "nothing is both commanded and measured"


@pytest.mark.parametrize(("beside", "named"), [(0.9, True), (1.1, False)])
def test_a_row_at_the_edge_of_a_step_may_fall_to_either_side(beside, named):
    """Within three times the noise of what it should be, and no further."""
    step, noise = 0.2, 0.01
    truth = 0.9 * np.sin(np.arange(N) / 17.0)
    recorded = step * np.round(truth / step)
    meant, away = truth.copy(), recorded - truth
    far = np.argsort(-np.abs(away))[: N // 4]
    meant[far] = recorded[far] - np.sign(away[far]) * (0.5 * step + 3.0 * noise * beside)
    why = best(Case(recorded, meant, 0, N - 1, DT, noise))
    assert (why is not None and why.name == "quantised" and why.explained > 0.999) == named
