"""Hands and commands in another unit, cut off at an end, or switched from one end to the other."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import RATE, ROWS, found, motion, taken
from shiliu.replay.residual.bodies import ComparedColumns


@pytest.mark.parametrize(("factor", "known"), [(2.55, True), (10.0, True), (0.01, True), (0.7, False), (1.0, False)])
def test_a_hand_in_another_unit(factor, known):
    """Shares of a way as they are, and as 0..255 and 0..1000; one that stops at what it holds is in its own unit."""
    columns, t = motion(), np.arange(ROWS) / RATE
    claw = 50.0 - 50.0 * np.cos(0.9 * t)
    at = np.interp(t - 0.1, t, claw)
    columns["claw"], columns["claw_at"] = claw[:, None], factor * 100.0 ** (factor in (2.55, 10.0)) * at[:, None]
    findings = [d for d in ComparedColumns(taken(columns)).differences if d.channels == ("left_claw",) and d.name == "factor"]
    assert bool(findings) == known
    if known:
        (one,) = findings
        assert one.certain and one.kind == "measured"
        assert one.numbers["factor"] == pytest.approx(factor * 100.0 ** (factor in (2.55, 10.0)), rel=0.01)


def test_commands_that_are_cut_off_while_the_joints_go_on():
    columns = motion()
    columns["action"] = np.clip(columns["action"], -0.35, 0.3)
    clipped = [d for d in ComparedColumns(taken(columns)).differences if d.name == "clipped"]
    assert clipped and all(d.certain and d.kind == "command" for d in clipped)
    assert {round(float(d.numbers["at"]), 6) for d in clipped} <= {-0.35, 0.3}
    assert heaviest_is_clipped(columns)


@pytest.mark.parametrize(("resting", "whose"), [(4, "measured"), (0, "measured")])
def test_a_bump_of_the_states_is_no_end_of_commands_that_rest(resting, whose):
    """Some joints are commanded to one place in the whole take, and all are measured elsewhere for a second."""
    columns = motion()
    for kind in ("action", "state"):
        columns[kind][:, :resting] = 0.1
    columns["velocity"][:, :resting] = 0.0
    columns["state"][300:330] += 0.4 * np.sin(np.pi * np.arange(30) / 30.0)[:, None]
    finding = found(columns)
    assert finding.details["column"] == whose and finding.t1 - finding.t0 < 2.0


def heaviest_is_clipped(columns):
    return found(columns).details["kind"] == "clipped"


@pytest.mark.parametrize(("low", "seen"), [(-0.15, True), (-2.0, False)])
def test_commands_of_a_small_arm_that_are_cut_off(low, seen):
    """Its joints are counted in shares of their way."""
    columns = motion()
    t = np.arange(ROWS) / RATE
    c = 0.3 * np.sin(1.5 * t[:, None] + np.arange(6))
    q = 0.3 * np.sin(1.5 * (t[:, None] - 0.1) + np.arange(6)) + np.random.default_rng(2).normal(0.0, 3e-4, c.shape)
    columns["action"], columns["state"] = np.maximum(c, low), q
    take = taken(columns, without=("velocity",))
    shares = {name: replace(one, unit="1") for name, one in take.streams.items()}
    clipped = [d for d in ComparedColumns(replace(take, streams=shares)).differences if d.name == "clipped"]
    assert bool(clipped) == seen
    assert all(d.certain and d.kind == "command" and d.numbers["at"] == low for d in clipped)
    assert not seen or max(d.size for d in clipped) == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize("push", [0.0, 0.2])
def test_an_arm_that_is_pushed_once_beyond_its_command_is_not_cut_off(push):
    """It rests at the end of its way, sags by 20 mrad, and somebody leans on it once."""
    columns, rows = motion(), np.arange(ROWS)
    c = 0.45 * (1.0 - np.cos(np.pi * np.clip(rows / 150.0, 0.0, 1.0)))
    q = np.interp(rows - 3.0, rows, c) + 0.02 * c
    q[200:330] += push * np.hanning(130)
    columns["action"][:, 2], columns["state"][:, 2], columns["velocity"][:, 2] = c, q, 0.9 * np.gradient(q, 1.0 / RATE)
    assert not [d for d in ComparedColumns(taken(columns)).differences if d.name == "clipped" and d.certain]


def test_a_command_in_another_unit_than_its_hand():
    columns, t = motion(), np.arange(ROWS) / RATE
    claw = 50.0 - 50.0 * np.cos(0.9 * t)
    columns["claw"], columns["claw_at"] = 100.0 * claw[:, None], np.interp(t - 0.1, t, claw)[:, None]
    (one,) = [d for d in ComparedColumns(taken(columns)).differences if d.name == "factor"]
    assert one.certain and one.kind == "command" and one.numbers["factor"] == pytest.approx(100.0)


@pytest.mark.parametrize(("places", "level"), [(2, "WARN"), (60, "FAIL")])
def test_a_switch_that_was_written_from_a_ramp_is_early_or_late(places, level):
    """A hand closes within 1.5 s, and its command is written as shut from the end of that way on; or as one value, and then as it was."""
    ramp = np.interp(np.arange(ROWS), [0, 60, 105, 250, 295, ROWS], [0.0, 0.0, 90.0, 90.0, 0.0, 0.0])
    at = lfilter([0.2], [1.0, -0.8], ramp)
    written = 90.0 * (ramp > 85.0) if places == 2 else np.where(np.arange(ROWS) < 104, 0.0, ramp)
    finding = found({**motion(), "claw": written[:, None], "claw_at": at[:, None]})
    assert (finding.level, finding.subject) == (level, ("left_claw",)) and finding.value > 0.5
