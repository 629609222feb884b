"""Measured columns that no command names."""

from __future__ import annotations

import numpy as np
import pytest
from servo_takes import NAMES, RATE, ROWS, found, grid_ns, motion
from shiliu.replay.checks import witnesses
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.usual import Usual


@pytest.mark.parametrize("degrees", [False, True])
@pytest.mark.parametrize(("exchanged", "other"), [(True, "wrist"), (False, None)])
def test_a_joint_that_stands_while_a_column_without_commands_goes_where_it_is_sent(exchanged, other, degrees):
    columns = motion()
    columns["action"][:, 4] = 0.3 * np.sin(np.arange(ROWS) / 25.0)
    noise = np.random.default_rng(3).normal(0.0, 3e-4, (2, ROWS))
    columns["state"][:, 4] = 0.3 * np.sin((np.arange(ROWS) - 3.0) / 25.0) + noise[0]
    still = 0.4 + noise[1]
    state = np.column_stack([columns["state"], still])
    if exchanged:
        state = state[:, [0, 1, 2, 3, 6, 5, 4]]
    per, unit = (180.0 / np.pi, "deg") if degrees else (1.0, "rad")
    times = grid_ns(ROWS, RATE)
    streams = {
        "action": Stream("action", "command", "joint_position", unit, NAMES, per * columns["action"], times, clock="grid"),
        "state": Stream("state", "measured", "joint_position", unit, (*NAMES, "wrist"), per * state, times, clock="grid"),
    }
    found = [d for d in ComparedColumns(Recording("take", "set#0", "0" * 64, "robot", streams)).differences if d.certain]
    assert [(d.channels, d.kind, d.name, d.numbers.get("other")) for d in found] == [((NAMES[4],), "measured", "copied", other)] * exchanged


@pytest.mark.parametrize(("far", "level", "kind"), [(0.0, "PASS", None), (0.4, "WARN", "uncommanded"), (0.7, "FAIL", "held_value")])
def test_a_joint_that_goes_while_its_command_is_one_value_throughout(far, level, kind):
    """By 0.4 rad a hand may have guided it, and nothing recorded shows who did; no hand pushes a servo by 0.7."""
    columns = motion()
    columns["action"][:, 5] = 0.2
    columns["state"][:, 5] = 0.2 + far * (columns["state"][:, 5] - columns["state"][0, 5]) / np.ptp(columns["state"][:, 5])
    finding = found(columns, without=("velocity",))
    assert (finding.level, finding.details.get("kind")) == (level, kind)
    if kind is not None:
        assert finding.subject == ("joint_6",) and finding.value == pytest.approx(far, abs=0.05)
    if level == "WARN":
        assert "nothing recorded shows which" in Words("en").message(finding) and "无法判断" in Words("zh").message(finding)


@pytest.mark.parametrize(("states", "level", "kind"), [(True, "WARN", "measurement_as_command"), (False, "FAIL", "lag")])
def test_states_in_place_of_commands_are_not_held_against_the_drives_of_the_device(monkeypatch, states, level, kind):
    columns = motion()
    if states:
        columns["action"] = np.vstack([columns["state"][1:], columns["state"][-1:]])
    late = Difference.over(
        np.arange(ROWS) / RATE, ("joint_1", "joint_2"), "command", None, 0.2, "s", "lag", certain=True, limit=0.05, weight=1e6,
        numbers={"late": 0.2}, stream="action",
    )  # fmt: skip
    monkeypatch.setattr(witnesses, "known", lambda mapping: Usual(8, RATE, {}, {}))
    monkeypatch.setattr(witnesses, "off_their_way", lambda groups, usual: [late])
    finding = found(columns)
    assert (finding.level, finding.details["kind"]) == (level, kind)
