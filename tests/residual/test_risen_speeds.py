"""Speeds that were computed from positions, in every way that people compute them, are no fault, and hide none of commands and torques."""

from dataclasses import replace

import numpy as np
import pytest
from body_takes import JOINTS, RATE, N, changed, served
from scipy.signal import butter, filtfilt, savgol_filter
from servo_takes import taken
from shiliu.replay.residual.arm_chain import own_chains
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.resolved_torque import scatter, unresolved
from shiliu.replay.residual.risen_speeds import with_risen_speeds
from shiliu.replay.residual.row_order import rows_moved


def noisy(q):
    return q + np.random.default_rng(6).normal(scale=1e-3, size=q.shape)


COMPUTED = {
    "ahead": lambda q, v: RATE * np.diff(q, axis=0, append=q[-1:]),
    "behind": lambda q, v: RATE * np.diff(q, axis=0, prepend=q[:1]),
    "of noise": lambda q, v: np.gradient(noisy(q), 1.0 / RATE, axis=0),
    "of a grid": lambda q, v: np.gradient(np.round(q, 3), 1.0 / RATE, axis=0),
    "zero phase": lambda q, v: filtfilt(*butter(2, 3.0, fs=RATE), v, axis=0),
    "local parabola": lambda q, v: savgol_filter(q, 9, 2, deriv=1, delta=1.0 / RATE, axis=0),
}


def with_speeds(take, way):
    v = COMPUTED[way](take.streams["state"].values, take.streams["velocity"].values)
    return replace(take, streams=take.streams | {"velocity": replace(take.streams["velocity"], values=v)})


def certain(take):
    return [d for d in ComparedColumns(take).differences if d.certain]


def test_the_take_itself_is_sound():
    columns = ComparedColumns(served())
    assert not columns.differences
    (group, arms), (law, *_) = columns.bodies[0], columns.laws[0]
    assert law.modelled and with_risen_speeds(group, arms) is group


@pytest.mark.parametrize("way", COMPUTED)
def test_computed_speeds_are_no_fault_and_hide_none(way):
    take = with_speeds(served(), way)
    assert not certain(take)
    rows = slice(200, 300)
    torque = take.streams["effort"].column("zarm_l2_joint")[rows] + 25.0
    found = certain(changed(take, "effort", "zarm_l2_joint", torque, rows))
    assert [(d.kind, d.channels) for d in found] == [("effort", ("zarm_l2_joint",))]
    sent = take.streams["action"].column("zarm_r4_joint")[rows] + 0.15
    assert any("zarm_r4_joint" in d.channels for d in certain(changed(take, "action", "zarm_r4_joint", sent, rows)))


@pytest.mark.parametrize("way", ["ahead", "local parabola"])
def test_joints_with_wrong_torques_all_along_bend_no_law_of_the_others(way):
    """More than a tenth of all torques are off: what the law leaves is asked of the middle joint. Within a row commands change, so that
    servos brake by a sixth less of its rise than the model says."""
    streams = served().streams
    damping = np.array([link.gains[1] for chain in own_chains().values() for link in chain.links])
    effort = replace(streams["effort"], values=streams["effort"].values + 0.16 * damping * streams["velocity"].values)
    take, wrong = with_speeds(replace(served(), streams=streams | {"effort": effort}), way), ("zarm_l2_joint", "zarm_r1_joint")
    assert not certain(take)
    for name in wrong:
        take = changed(take, "effort", name, take.streams["effort"].column(name) + 8.0, slice(None))
    assert {(d.kind, name) for d in certain(take) for name in d.channels} == {("effort", name) for name in wrong}


def quick(lost=0):
    """Six joints that all go somewhere within a fifth of a second, again and again, and how fast, by a parabola over nine rows; and so
    many rows that are missing in the middle of it."""
    t = np.arange(330) / RATE
    course = sum(sign / (1.0 + np.exp(-(t - at) / 0.035)) for at, sign in ((2.0, 1), (4.0, -1), (6.0, 1), (8.0, -1), (9.5, 1)))
    way = np.linspace(0.3, 0.7, 6) * (course + 0.3 * np.sin(1.3 * t))[:, None]
    columns = {"action": way, "state": np.vstack([way[:1], way[:1], way[:-2]])}
    columns["velocity"] = savgol_filter(columns["state"], 9, 2, deriv=1, delta=1.0 / RATE, axis=0)
    kept = np.delete(np.arange(330), np.arange(183, 183 + lost))
    return taken({name: x[kept] for name, x in columns.items()})


@pytest.mark.parametrize("lost", [0, 2])
def test_a_burst_of_motion_beside_filtered_speeds_lacks_no_rows(lost):
    (group,) = ComparedColumns(quick(lost)).table.groups
    found = list(rows_moved(group))
    assert [(d.name, d.first in range(182, 185)) for d in found] == [("cut", True)] * (lost > 0)


@pytest.mark.parametrize("step", [0.004, 0.005])
def test_positions_on_a_coarse_grid_scatter_by_it(step):
    """Joints that rest show no scatter but that of the grid, and the law of the weight alone would hold there."""
    state = served().streams["state"]
    values = np.round(state.values / step) * step
    columns = ComparedColumns(replace(served(), streams=served().streams | {"state": replace(state, values=values)}))
    assert scatter(columns.bodies[0][0].channels) == pytest.approx(step / 12.0**0.5, rel=0.2)
    assert unresolved(columns.bodies[0][0], 500.0, 0.1) and not [d for d in columns.differences if d.certain]


@pytest.mark.parametrize("by", [0.0, 0.12])
@pytest.mark.parametrize("step", [0.003, 0.005])
def test_torques_tell_of_commands_beside_positions_on_a_coarse_grid(step, by):
    """What the model's law leaves is no more than the grid does: it holds, and a command that comes and goes slowly is another one."""
    state, action = (served().streams[name] for name in ("state", "action"))
    gridded = replace(state, values=np.round(state.values / step) * step)
    sent = action.values.copy()
    sent[180:300, JOINTS.index("zarm_r2_joint")] += by * np.hanning(120)
    columns = ComparedColumns(replace(served(), streams=served().streams | {"state": gridded, "action": replace(action, values=sent)}))
    assert columns.laws[0] and columns.laws[0][0].modelled
    found = [(d.kind, d.channels) for d in columns.differences if d.certain]
    assert found == [("command", ("zarm_r2_joint",))] * (by > 0.0)


def with_torques(take, factor=1.0, late=0):
    """Torques in another unit, and those of so many rows before beside all else."""
    rows = {name: slice(1, N - late) if name == "effort" else slice(1 + late, N) for name in take.streams}
    values = {name: one.values[rows[name]] * (factor if name == "effort" else 1.0) for name, one in take.streams.items()}
    times = take.streams["effort"].capture_ns[: N - late - 1]
    return replace(take, streams={name: replace(one, values=values[name], capture_ns=times) for name, one in take.streams.items()})


@pytest.mark.parametrize("way", ["ahead", "zero phase"])
@pytest.mark.parametrize("late, factor, name", [
    (6, 1.0, "lag"), (0, 1000.0, "factor"), (0, -1.0, "mirrored"), (0, 1.0, None), (1, 1.0, None),
])  # fmt: skip
def test_torques_beside_computed_speeds_that_are_late_or_in_another_unit(way, late, factor, name):
    """0.2 s late, in thousandths, of the other sign; the recorded torques and those of the row before are no fault."""
    found = certain(with_torques(with_speeds(served(), way), factor, late))
    assert [(d.kind, d.name, len(d.channels)) for d in found] == [("effort", name, 14)] * (name is not None)
