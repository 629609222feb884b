"""Commands of a whole take that no joint follows, and takes in which they follow another column, softly, or for a part."""

import numpy as np
import pytest
from shiliu.replay.residual.other_commands import not_followed
from shiliu.replay.residual.sent_otherwise import by_motion
from shiliu.replay.residual.table import Group, RecordedChannel

DT, N, JOINTS, LATE = 1.0 / 30.0, 400, 5, 4


def smooth(seed):
    """(N, JOINTS) places that each joint goes between, further than half a rad."""
    rng = np.random.default_rng(seed)
    kernel = np.hanning(45)
    x = np.column_stack([np.convolve(rng.normal(size=N + 45), kernel / kernel.sum(), "same")[22 : 22 + N] for _ in range(JOINTS)])
    return x / np.ptp(x, axis=0) * 1.2 + np.linspace(-0.4, 0.5, JOINTS)


def late(x, rows=LATE):
    return np.concatenate([np.repeat(x[:1], rows, axis=0), x[:-rows]])


COMMAND = smooth(1)


def found(command, measured):
    kinds = dict.fromkeys(("command", "measured"), "s")
    of = (RecordedChannel(f"j{k}", {"command": command[:, k], "measured": measured[:, k]}, kinds, kinds, "rad") for k in range(JOINTS))
    return [(d.name, d.channels) for d in not_followed(Group(DT * np.arange(len(command)), DT, tuple(of)))]


ALL = tuple(f"j{k}" for k in range(JOINTS))


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda q: q, False),
        (lambda q: 0.6 * q + 0.1, False),  # soft servos
        (lambda q: -q, False),  # the other way round: what follows is another matter
        (lambda q: q[:, [1, 2, 3, 4, 0]], False),  # each follows the command of another one
        (lambda q: late(smooth(7)), True),  # another take's
        (lambda q: np.where(np.arange(N)[:, None] < 260, q, late(smooth(7))), False),  # a part of another take
        (lambda q: np.column_stack([q[:, :2], late(smooth(7))[:, 2:]]), False),  # two of five joints follow
        (lambda q: np.column_stack([q[:, :1], late(smooth(7))[:, 1:]]), True),  # one does
        (lambda q: 0.1 * late(smooth(7)), False),  # nothing goes anywhere
    ],
)
def test_joints_that_follow_no_command_at_all(change, seen):
    of = found(COMMAND, change(late(COMMAND)))
    assert bool(of) == seen
    assert not seen or (of[0][0] is None and of[0][1] in (ALL, ALL[1:]))


@pytest.mark.parametrize("name", ["held_value", "differenced"])
def test_what_stands_in_place_of_all_commands_has_a_name(name):
    command = np.zeros_like(COMMAND) if name == "held_value" else np.diff(COMMAND, axis=0, prepend=COMMAND[:1])
    assert found(command, late(COMMAND)) == [(name, ALL)]


@pytest.mark.parametrize("rows", [59, 61])
def test_a_short_take_tells_nothing(rows):
    command, other = COMMAND[100 : 100 + rows], smooth(7)[60 : 60 + rows]
    assert bool(found(np.zeros_like(command), other)) == (rows == 61)


@pytest.mark.parametrize(("first", "last"), [(200, 230), (60, 66), (N - 20, N - 1), (4, 20)])
def test_commands_that_were_sent_show_in_the_motion(first, last):
    """They lead it by so many rows as elsewhere; where the recorded ones do so as well, nothing else was sent."""
    c, q = COMMAND[:, 0].copy(), late(COMMAND)[:, 0]
    c[first : last + 1] += 0.3
    channel = RecordedChannel("j0", {"command": c, "measured": q}, {}, {}, "rad")
    case = by_motion(channel, DT, first + LATE, min(last + LATE, N - 1))
    assert (case.first, case.last) == (first, min(last, N - 1))
    shown = slice(first, min(last + 1, N - LATE))
    assert np.abs(case.truth - COMMAND[:, 0])[shown].max() < 1e-9
    sound = RecordedChannel("j0", {"command": COMMAND[:, 0], "measured": q}, {}, {}, "rad")
    assert by_motion(sound, DT, 200, 230) is None
    assert by_motion(sound, DT, 20, N - 20) is None, "what is elsewhere is too little"
