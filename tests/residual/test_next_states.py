"""States of the next row in a column of their own, where nothing was commanded: what was changed in either of the two."""

import numpy as np
import pytest
from servo_takes import RULES
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report import Words
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.next_states import NEXT

NAMES, ROWS, RATE = tuple(f"j{k}" for k in range(6)), 300, 20.0
T = np.arange(ROWS) / RATE
TICKS = np.round(2048.0 + 600.0 * np.sin(np.outer(T, np.linspace(0.3, 0.9, 6)) + np.arange(6)))


def take(state=lambda x: x, written=lambda x: x) -> Recording:
    """A take whose copies are those of the next row, each changed."""
    copies = np.concatenate([TICKS[1:], TICKS[-1:]])
    ns = (T * 1e9).astype(np.int64)
    streams = {
        "action/arm": Stream("action/arm", "event", NEXT, "tick", NAMES, written(copies.copy()), capture_ns=ns),
        "state/arm": Stream("state/arm", "measured", "joint_position", "tick", NAMES, state(TICKS.copy()), capture_ns=ns),
    }
    return Recording("take", "set#0", "", "state_only", streams)


def found(**changes):
    return ComparedColumns(take(**changes)).differences


def rows(first: int, last: int, at, by):
    def change(x: np.ndarray) -> np.ndarray:
        x[first : last + 1, at] = by(x[first : last + 1, at])
        return x

    return change


def test_copies_of_the_next_row_agree_in_every_row():
    assert found() == ()


@pytest.mark.parametrize(("changes", "kind", "names", "name", "span"), [
    ({"state": rows(100, 160, 2, lambda x: x + 40.0)}, "measured", ("j2",), "offset", (100, 160)),
    ({"written": rows(100, 160, 2, lambda x: x + 40.0)}, "command", ("j2",), "offset", (101, 161)),
    ({"state": rows(0, ROWS, 4, lambda x: np.minimum(x, 2300.0))}, "measured", ("j4",), "held_value", None),  # each stretch by itself
    ({"written": rows(80, 110, slice(0, 6), lambda x: x[:1])}, "command", None, "held_value", None),
    ({"state": lambda x: np.concatenate([np.repeat(x[:1], 8, axis=0), x[:-8]])}, "measured", NAMES, "lag", (0, ROWS - 1)),
])  # fmt: skip
def test_what_was_changed_after_it_was_written(changes, kind, names, name, span):
    one = max(found(**changes), key=lambda d: d.weight)
    assert one.certain and one.kind == kind and (names is None or one.channels == names)
    assert one.name == name or (name == "held_value" and one.name in ("held", "repeated"))
    assert span is None or (one.first, one.last) == span
    if name == "lag":
        assert one.numbers["rows"] == 8.0


def test_it_is_the_recorders_and_no_command_s():
    recording = take(state=rows(100, 160, 2, lambda x: x + 40.0))
    (finding,) = check_differs(ComparedColumns(recording), RULES)
    assert (finding.level, finding.subject, finding.details["kind"]) == ("FAIL", ("j2",), "offset")
    assert check_differs(ComparedColumns(take()), RULES)[0].level != "FAIL"


@pytest.mark.parametrize(("changes", "column", "en", "zh"), [
    ({"written": rows(100, 160, 2, lambda x: x + 40.0)}, "command", "the state of the next row of", "下一行状态"),
    ({"state": rows(100, 160, 2, lambda x: x + 40.0)}, "measured", "the measured position of", "测得的位置"),
])  # fmt: skip
def test_the_column_is_called_what_it_holds_and_no_command(changes, column, en, zh):
    (finding,) = check_differs(ComparedColumns(take(**changes)), RULES)
    assert finding.details["column"] == column and finding.signal != "command"
    assert en in Words("en").message(finding) and "command" not in Words("en").message(finding)
    assert zh in Words("zh").message(finding) and "指令" not in Words("zh").message(finding)


def commanded(state=lambda x: x, written=lambda x: x, stream="joint_position") -> Recording:
    """A take whose commands are the states of the next row, which no mapping says."""
    q = 0.5 * np.sin(np.outer(T, np.linspace(0.7, 1.4, 6)) + np.arange(6)) + np.random.default_rng(3).normal(0.0, 2e-4, (ROWS, 6))
    ns, c = (T * 1e9).astype(np.int64), np.concatenate([q[1:], q[-1:]])
    streams = {
        "action": Stream("action", "command", stream, "rad", NAMES, written(c), capture_ns=ns),
        "state": Stream("state", "measured", stream, "rad", NAMES, state(q.copy()), capture_ns=ns),
    }
    return Recording("take", "set#0", "", "robot", streams)


@pytest.mark.parametrize(("changes", "kind"), [
    ({"state": rows(100, 160, 2, lambda x: x + 0.06)}, "measured"),
    ({"written": rows(100, 160, 2, lambda x: x + 0.06)}, "command"),
    ({"written": rows(100, 160, slice(0, 6), lambda x: x[:1])}, "command"),  # what is held is no other command
])  # fmt: skip
def test_commands_that_are_the_next_states_but_for_some_rows(changes, kind):
    (finding,) = check_differs(ComparedColumns(commanded(**changes)), RULES)
    assert finding.level == "FAIL" and "j2" in finding.subject and finding.details["column"] == kind
    assert abs(finding.t0 - 5.0) < 0.11 and abs(finding.t1 - 8.0) < 0.11


@pytest.mark.parametrize("changes", [
    {},
    {"written": rows(100, 160, slice(0, 6), lambda x: x + 0.06 * np.sin(np.arange(len(x)))[:, None])},  # somebody took over
    {"written": lambda x: np.clip(x, -0.4, 0.4)},  # kept within what a policy may command
    {"state": lambda x: np.clip(x, -0.4, 0.4)},
    {"written": rows(100, 160, 2, lambda x: x + 0.01)},
])  # fmt: skip
def test_other_commands_of_all_joints_and_those_at_an_end_are_no_fault(changes):
    (finding,) = check_differs(ComparedColumns(commanded(**changes)), RULES)
    assert finding.level != "FAIL"
