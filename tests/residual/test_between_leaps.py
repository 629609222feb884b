"""Commands that leap, unanswered, and come back later: the rows between the leaps, and what was written there."""

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.residual.between_leaps import commands_between
from shiliu.replay.residual.copied_columns import as_copied
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.engine import differences
from shiliu.replay.residual.leaps import leaps_of
from shiliu.replay.residual.table import Group, RecordedChannel

RATE, ROWS, JOINTS, LATE = 30.0, 400, 4, 4
PART = slice(120, 260)  # 4.7 s: longer than a burst
NAMES = {"command": "action", "measured": "state"}


def commands() -> np.ndarray:
    t = np.arange(ROWS) / RATE
    return np.column_stack([0.3 * np.sin(0.7 * t * (1.0 + 0.2 * j) + j) + 0.2 * j - 0.5 for j in range(JOINTS)])


def take(change=lambda c: None) -> Group:
    """Joints that follow commands, some rows late, and with a little noise; the commands are changed afterwards."""
    sent = commands()
    measured = np.concatenate([np.repeat(sent[:1], LATE, axis=0), sent[:-LATE]])
    measured += 2e-3 * np.random.default_rng(0).standard_normal(sent.shape)
    change(sent)
    of = (RecordedChannel(f"joint_{j}", {"command": sent[:, j], "measured": measured[:, j]}, NAMES, NAMES, "rad") for j in range(JOINTS))
    return Group(np.arange(ROWS) / RATE, 1.0 / RATE, tuple(of))


def exchanged(c: np.ndarray) -> None:
    c[PART, 0], c[PART, 3] = c[PART, 3].copy(), c[PART, 0].copy()


def turn_round(c: np.ndarray) -> None:
    c[PART, 0] *= -1.0


def add(c: np.ndarray) -> None:
    c[PART.stop :, 2] += 0.15


@pytest.mark.parametrize(
    ("change", "channels", "name", "rows"),
    [
        (exchanged, {"joint_0", "joint_3"}, "copied", (PART.start, PART.stop - 1)),
        (turn_round, {"joint_0"}, "mirrored", (PART.start, PART.stop - 1)),
        (add, {"joint_2"}, "offset", (PART.stop, ROWS - 1)),
    ],
)
def test_rows_between_leaps_have_one_reason(change, channels, name, rows):
    found = [d for d in differences(take(change)) if d.certain]
    assert {name for d in found for name in d.channels} == channels
    assert {(d.kind, d.name) for d in found} == {("command", name)}
    assert all(abs(d.first - rows[0]) <= 1 and abs(d.last - rows[1]) <= 1 for d in found)


def test_clean_commands_and_answered_leaps_are_none():
    """A command that leaps and is followed was given."""
    group = take()
    leapt = [replace(c, columns={kind: x + 0.4 * (np.arange(ROWS) >= 200 + LATE * (kind == "measured")) for kind, x in c.columns.items()})
             for c in group.channels]  # fmt: skip
    for one in (group, replace(group, channels=tuple(leapt))):
        assert list(commands_between(leaps_of(one))) == []


def test_another_column_to_the_bit_is_the_reason():
    def copy(c: np.ndarray) -> None:
        c[PART, 1] = c[PART, 2]

    group = take(copy)
    one = Difference.over(group.t, ("joint_1",), "command", (PART.start, PART.stop - 1), 0.4, "rad", "offset", certain=True, explained=0.95)
    assert (as_copied(one, [group]).name, as_copied(one, [group]).numbers) == ("copied", {"other": "joint_2"})
    assert as_copied(replace(one, channels=("joint_0",)), [group]).name == "offset"
    assert as_copied(replace(one, name="mirrored", explained=1.0), [group]).name == "mirrored"


def test_a_joint_that_stands_is_no_switch():
    """Its command of two values is wrong, and no place that something else is switched to."""
    command = np.where(np.arange(ROWS) < 150, 0.3, -0.3)
    still = RecordedChannel("joint", {"command": command, "measured": np.full(ROWS, 0.3)}, NAMES, NAMES, "rad")
    assert not still.is_switch
    assert replace(still, columns={"command": command, "measured": np.where(np.arange(ROWS) < 153, 0.3, -0.3)}).is_switch


def test_of_two_reasons_that_leave_nothing_neither_is_better():
    t = np.arange(50.0)
    offset = Difference.over(t, ("a",), "command", None, 0.1, "rad", "offset", certain=True, explained=1.0)
    factor = replace(offset, name="factor", explained=1.0 - 1e-5)
    assert not factor.explains_better(offset) and not offset.explains_better(factor)
    assert offset.explains_better(replace(factor, explained=0.95))


def test_a_hand_that_leaps_is_measured_wrongly_and_not_commanded():
    """Its command stands all the while; both leaps of the measurement bound the rows."""
    command, measured = (np.clip((np.arange(ROWS) - late) * 0.05, 0.0, 0.8) for late in (40, 42))
    other = RecordedChannel("right_claw", {"command": 0.5 * command, "measured": 0.5 * measured}, NAMES, NAMES, "1", 100.0)
    measured[PART] -= 0.3
    hand = replace(other, name="left_claw", columns={"command": command, "measured": measured})
    group = Group(np.arange(ROWS) / RATE, 1.0 / RATE, (hand, other), hands=True)
    (found,) = [d for d in differences(group) if d.certain]
    assert (found.channels, found.kind, found.name) == (("left_claw",), "measured", "offset")
    assert (found.first, found.last) == (PART.start, PART.stop - 1)


@pytest.mark.parametrize(
    ("rate", "by", "found"), [(30.0, 0.045, True), (15.0, 0.1, False), (15.0, 0.18, True), (20.0, 0.07, False), (20.0, 0.1, True)]
)
def test_a_command_goes_further_to_and_fro_within_a_longer_row(rate, by, found):
    """A take of 30 Hz that was resampled to fewer rows a second turns by more within one of them."""
    def one_row(c: np.ndarray) -> None:
        c[200, 1] += by

    group = take(one_row)
    group = replace(group, t=np.arange(ROWS) / rate, dt=1.0 / rate)
    assert [d.name for d in commands_between(leaps_of(group))] == (["single_row"] if found else [])


@pytest.mark.parametrize(("rate", "by", "found"), [(30.0, 0.06, True), (15.0, 0.1, False), (15.0, 0.2, True)])
def test_a_body_turns_by_more_within_a_longer_row(rate, by, found):
    group = take()
    channels = list(group.channels)
    measured = channels[1].columns["measured"].copy()
    measured[200] += by
    channels[1] = replace(channels[1], columns={**channels[1].columns, "measured": measured})
    leaps = leaps_of(replace(group, t=np.arange(ROWS) / rate, dt=1.0 / rate, channels=tuple(channels)))
    assert (200 in leaps.of("joint_1").tolist()) == found and leaps.of("joint_2").tolist() == []
