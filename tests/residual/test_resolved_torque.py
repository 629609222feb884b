"""Torques are compared no more exactly than rows, positions and speeds resolve; what adds columns loses no finding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from body_takes import RATE, N, body_take, changed, motion
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import finding_of
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.hand_force import is_stepped
from shiliu.replay.residual.resolved_torque import are_computed, is_computed, scatter, unresolved


@pytest.fixture(scope="module")
def take():
    return body_take()


def with_values(take, **values):
    return replace(take, streams=take.streams | {name: replace(take.streams[name], values=x) for name, x in values.items()})


def certain(take):
    return [d for d in ComparedColumns(take).differences if d.certain]


def a_group(take):
    return ComparedColumns(take).table.groups[0]


def test_speeds_that_are_a_filter_of_positions_are_known(take):
    q = take.streams["state"].values[:, 3] + 1e-3 * np.random.default_rng(0).normal(size=N)
    kernels = ([0.5, 0.0, -0.5], [1.0, -1.0, 0.0], [3, 2, 1, 0, -1, -2, -3])
    for kernel in kernels:
        kernel = np.array(kernel, float) / abs(float(np.dot(kernel, np.arange(len(kernel)))))
        assert is_computed(RATE * np.convolve(q, kernel, "same"), q)
    measured = RATE * np.gradient(q) + 0.02 * np.sin(2.1 * np.arange(N)) * np.cos(0.013 * np.arange(N) ** 2)
    assert not is_computed(measured, q)


@pytest.mark.parametrize("off", [0.0, 0.02])
def test_speeds_of_a_joint_that_hardly_moves_are_as_those_of_the_others(take, off):
    q = take.streams["state"].values.copy()
    q[:200, 3], q[240:, 3] = q[200, 3], q[240, 3]
    v = np.gradient(q, 1.0 / RATE, axis=0) + off * np.sin(2.1 * np.arange(N))[:, None]
    channels = a_group(with_values(take, state=q, velocity=v)).channels
    assert is_computed(channels[3].columns["velocity"], channels[3].columns["measured"]) is None
    moving = np.array([is_computed(c.columns["velocity"], c.columns["measured"]) is not None for c in channels])
    assert moving.sum() > len(channels) // 2 and (are_computed(channels) == (off == 0.0)).all()


def test_positions_that_scatter_are_known(take):
    q = take.streams["state"].values
    noise = np.random.default_rng(1).normal(scale=1e-3, size=q.shape)
    assert scatter(a_group(take).channels) < 2e-4
    assert scatter(a_group(with_values(take, state=q + noise)).channels) == pytest.approx(1e-3, rel=0.2)
    assert unresolved(a_group(with_values(take, state=q + noise)), 500.0, 0.1)


def test_clean_torques_beside_positions_that_scatter_are_not_refused(take):
    q = take.streams["state"].values
    noise = np.random.default_rng(2).normal(scale=1.5e-3, size=q.shape)
    noisy = with_values(take, state=q + noise, velocity=take.streams["velocity"].values)
    assert not [d for d in certain(noisy) if d.kind == "effort"]
    x = take.streams["effort"].column("zarm_l2_joint")[120:260]
    assert [d.channels for d in certain(changed(noisy, "effort", "zarm_l2_joint", x + 40.0, slice(120, 260))) if d.kind == "effort"]


def test_a_shift_of_command_and_position_together_is_seen_by_the_hand(take):
    """Their difference, which torques answer, is what it was."""
    for rows in (slice(0, N), slice(250, N)):
        off = take
        for name in ("action", "state"):
            off = changed(off, name, "zarm_l4_joint", off.streams[name].column("zarm_l4_joint")[rows] + 0.1, rows)
        for without in ((), ("velocity",), ("effort",), ("velocity", "effort")):
            some = replace(off, streams={name: s for name, s in off.streams.items() if name not in without})
            found = [d for d in certain(some) if "zarm_l4_joint" in d.channels and d.kind == "measured"]
            assert found and found[0].size == pytest.approx(0.1, abs=0.02), (rows, without)


def test_two_takes_in_one_are_named_by_their_seam(take):
    c, q, v = motion()
    nods = 0.3 * (np.arange(N) > 300)
    joints = list(take.streams["state"].names)
    at = joints.index("zhead_1_joint")
    of = {}
    for name, x in (("action", c), ("state", q), ("velocity", v)):
        y = x.copy()
        y[300:, : y.shape[1]] = y[300:][::-1] if name != "velocity" else -y[300:][::-1]
        if name != "velocity":
            y[:, at] = x[0, at] + nods + 1e-4 * np.sin(np.arange(N))
        else:
            y[:, at] = 3e-3 * np.cos(np.arange(N))
        of[name] = y
    some = with_values(take, **of)
    some = replace(some, streams={name: some.streams[name] for name in of})
    assert not [d for d in certain(some) if d.kind == "velocity" and "zhead_1_joint" in d.channels and d.name == "factor"]


@pytest.mark.parametrize(("late", "seen"), [(6, True), (-5, True), (0, False)])
def test_speeds_of_all_joints_that_are_late_are_one_finding(take, late, seen):
    """As they go to and fro, speeds 0.2 s late are still alike by 0.8 of the correlation, and the ones of their moment by all of it."""
    width, rng = take.streams["state"].values.shape[1], np.random.default_rng(4)
    pace, phase, clock = rng.uniform(1.5, 4.0, (3, width)), rng.uniform(0.0, 6.0, (3, width)), np.arange(N)[:, None, None] / RATE
    q = 0.2 * np.sin(clock * pace + phase).sum(axis=1)
    v = 0.2 * (pace * np.cos((clock - late / RATE) * pace + phase)).sum(axis=1)
    c = 0.2 * np.sin((clock + 0.1) * pace + phase).sum(axis=1)
    some = with_values(take, action=c, state=q + rng.normal(scale=2e-4, size=q.shape), velocity=v)
    some = replace(some, streams={name: some.streams[name] for name in ("action", "state", "velocity")})
    found = [d for d in certain(some) if d.kind == "velocity"]
    assert [(d.name, round(d.numbers["late"] * RATE), len(d.channels) > 6) for d in found] == ([("lag", late, True)] if seen else [])


def test_a_speed_of_the_next_row_is_none_in_the_last_one(take):
    """Speeds computed forward, of a take that is cut in a motion."""
    n = 300
    streams = {name: replace(s, values=s.values[:n], capture_ns=s.capture_ns[:n]) for name, s in take.streams.items()}
    cut = replace(take, streams=streams)
    q = cut.streams["state"].values
    forward = RATE * np.diff(q, axis=0, append=q[-1:])
    assert np.abs(forward[-2]).max() > 0.2, "it moves as it ends"
    found = certain(with_values(cut, velocity=forward[:, : cut.streams["velocity"].values.shape[1]]))
    assert not [d for d in found if d.kind == "effort"]


def test_a_torque_of_few_steps_tells_no_law():
    assert is_stepped(np.round(np.linspace(0.0, 0.3, 100) / 0.05) * 0.05)
    assert not is_stepped(np.linspace(0.0, 0.3, 100)) and not is_stepped(np.zeros(100))


def test_rows_that_are_lost_at_rest_change_no_value():
    lost = Difference.over(np.arange(50) / RATE, ("a",), "rows", (10, 11), 0.0, "rad", "cut", certain=True, limit=0.0)
    found = finding_of(load_rules()["column.differs"], lost, [])
    assert found.level == "FAIL" and found.excess == 1.0
