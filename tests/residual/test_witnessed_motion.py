"""What the motion itself contradicts, however small: each kind as little as it is found, and what is like it and no fault."""

import numpy as np
import pytest
from scipy.signal import lfilter
from shiliu.replay.residual.engine import differences
from shiliu.replay.residual.table import Group, RecordedChannel, as_both
from shiliu.replay.residual.turned_back import turned_back
from shiliu.replay.residual.whole_takes import commands_turned
from shiliu.replay.residual.witnessed_motion import contradicted_by_motion

N, DT = 400, 1.0 / 30.0
PART = slice(120, 300)
JOINTS = tuple(f"joint_{k}" for k in range(6))


def smooth(rng, n, width):
    kernel = np.hanning(width)
    return np.convolve(rng.normal(0.0, 1.0, n + width), kernel / np.sqrt((kernel**2).sum()), "same")[width // 2 : width // 2 + n]


def columns(seed=0, noise=1e-4):
    """Kind -> (6, N): people-like motion, a servo that is two rows late, its speeds, and efforts that hold a weight and rub."""
    rng = np.random.default_rng(seed)
    c = 0.35 * np.array([smooth(rng, N, 35) for _ in JOINTS])
    q = np.array([lfilter([0.35], [1.0, -0.65], x - x[0]) + x[0] for x in c])
    q = np.concatenate([q[:, :1], q[:, :-1]], axis=1)
    v = np.gradient(q, DT, axis=1)
    effort = 8.0 * np.cos(q) + 0.6 * v + rng.normal(0.0, 0.05, q.shape)
    return {"command": c, "measured": q + rng.normal(0.0, noise, q.shape), "velocity": v, "effort": effort}


def group_of(taken, hands=False):
    t = DT * np.arange(N)
    channels = tuple(
        RecordedChannel(name, {kind: x[k] for kind, x in taken.items()}, dict.fromkeys(taken, "s"), dict.fromkeys(taken, "s"), "rad")
        for k, name in enumerate(JOINTS)
    )
    return Group(t, DT, channels, hands=hands)


def found(taken, hands=False):
    return contradicted_by_motion(group_of(taken, hands))


@pytest.mark.parametrize("seed", range(6))
def test_a_sound_take_has_none(seed):
    assert found(columns(seed)) == [] == found(columns(seed, noise=1e-3))


@pytest.mark.parametrize("joints", [(2,), range(6)], ids=["one", "all"])
@pytest.mark.parametrize("late", [8, 4, -6])
def test_speeds_of_another_moment_in_a_part(late, joints):
    taken = columns(1)
    before = taken["velocity"].copy()
    for k in joints:
        taken["velocity"][k, PART] = before[k, PART.start - late : PART.stop - late]
    (one,) = found(taken)
    assert (one.kind, one.name, one.certain, set(one.channels)) == ("velocity", "lag", True, {JOINTS[k] for k in joints})
    assert abs(one.first - PART.start) < 12 and abs(one.last - PART.stop) < 12
    assert one.numbers["late"] == pytest.approx(late * DT)


def test_a_speed_with_an_echo_in_a_part():
    taken = columns(2)
    v = taken["velocity"][3].copy()
    taken["velocity"][3, PART] = 0.6 * v[PART] + 0.4 * v[PART.start - 10 : PART.stop - 10]
    (one,) = found(taken)
    assert (one.kind, one.name, one.channels, one.numbers["seconds"]) == ("velocity", "smoothed", (JOINTS[3],), pytest.approx(10 * DT))


@pytest.mark.parametrize("rows", [slice(0, N), slice(200, 215)], ids=["all of it", "half a second"])
def test_speeds_that_are_late_throughout_or_for_a_moment_are_left_to_others(rows):
    taken = columns(3)
    late = np.concatenate([taken["velocity"][:, :1].repeat(4, axis=1), taken["velocity"][:, :-4]], axis=1)
    taken["velocity"][:, rows] = late[:, rows]
    assert found(taken) == []


def test_a_low_pass_of_all_speeds_is_how_a_device_measures():
    taken = columns(4)
    taken["velocity"] = lfilter([0.5], [1.0, -0.5], taken["velocity"], axis=1)
    assert found(taken) == []


def low_passed(q):
    return lfilter([0.36], [1.0, -0.64], np.gradient(q, DT, axis=1), axis=1)


def test_a_low_pass_of_all_speeds_shows_where_a_joint_is_quick():
    """Where joints are slow, such speeds look like those of their rows."""
    q = 0.05 * columns(4)["measured"]
    q[3] += 0.3 * np.sin(12.0 * DT * np.arange(N)) * np.clip(2.0 * np.hanning(N) - 1.0, 0.0, 1.0)
    assert found({"measured": q, "velocity": low_passed(q)}) == []


def test_a_low_pass_of_all_speeds_does_not_hide_another_moment():
    q = columns(1)["measured"]
    v = low_passed(q)
    v[2, PART] = low_passed(q)[2, PART.start - 8 : PART.stop - 8]
    assert [(d.kind, d.name, d.channels) for d in found({"measured": q, "velocity": v})] == [("velocity", "lag", (JOINTS[2],))]


@pytest.mark.parametrize(("by", "named"), [(0.03, False), (0.08, True), (-0.08, True)])
def test_a_speed_that_is_off_all_along(by, named):
    taken = columns(5)
    taken["velocity"][4] += by
    assert [(d.kind, d.name, d.channels, d.certain) for d in found(taken)] == [("velocity", "offset", (JOINTS[4],), True)] * named
    assert not named or found(taken)[0].numbers["by"] == pytest.approx(by, abs=0.005)


@pytest.mark.parametrize("by", [1.0, 3.0])
def test_a_speed_beside_a_position_that_goes_away_is_right(by):
    taken = columns(5)
    taken["measured"][4] += np.linspace(0.0, by, N)
    assert [(d.kind, d.name) for d in found(taken)] == [("measured", "drift")]


def test_a_position_that_drifts_from_its_speed_and_its_command():
    taken = columns(5)
    taken["measured"][4] += np.linspace(0.0, 0.35, N)
    (one,) = found(taken)
    assert (one.kind, one.name, one.channels, one.certain) == ("measured", "drift", (JOINTS[4],), True)
    taken = columns(5)  # a speed with an offset, and a joint that sags: one witness each
    taken["velocity"][4] += 0.03
    assert found(taken) == []
    taken = columns(5)
    taken["command"][4] += np.linspace(0.0, 0.35, N)
    assert found(taken) == []


def test_all_positions_on_lines_between_two_rows():
    taken = columns(6)
    first, last = 200, 219
    for kind in taken:
        ends = taken[kind][:, [first, last]]
        taken[kind][:, first : last + 1] = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * np.linspace(0.0, 1.0, last - first + 1)
    (one,) = [d for d in found(taken) if d.name == "straight"]
    assert one.certain and one.kind == "measured" and (one.first, one.last) == (first, last)
    taken = columns(6)  # one joint alone goes evenly
    taken["measured"][2, first : last + 1] = np.linspace(*taken["measured"][2, [first, last]], last - first + 1)
    assert not [d for d in found(taken) if d.name == "straight"]


@pytest.mark.parametrize(("seed", "first", "last"), [(9, 200, 229), (9, 150, 165), (4, 112, 157), (22, 155, 234), (34, 206, 267)])
def test_rows_that_stand_the_other_way_round(seed, first, last):
    rows = slice(first, last + 1)
    taken = {kind: x.copy() for kind, x in columns(seed).items()}
    for x in taken.values():
        x[:, rows] = x[:, rows][:, ::-1].copy()
    (one,) = [d for d in differences(group_of(taken)) if d.certain]
    assert (one.kind, one.name, one.first, one.last) == ("rows", "reordered", first, last)
    taken = columns(seed)  # speeds of another sign, and no row elsewhere
    taken["velocity"][:, rows] *= -1.0
    assert turned_back(group_of(taken)) is None


def test_efforts_that_stand_while_their_joints_go_on():
    taken = columns(7)
    taken["effort"][:, PART] = taken["effort"][:, PART.start : PART.start + 1]
    (one,) = found(taken)
    assert (one.kind, one.name, one.certain, (one.first, one.last)) == ("effort", "held_value", True, (PART.start, PART.stop - 1))
    taken = columns(7)  # a motor that gives all it has
    taken["effort"][:, PART] = taken["effort"].max(axis=1, keepdims=True) + 1.0
    assert found(taken) == []
    taken = columns(7)  # a current in coarse steps
    taken["effort"] = np.round(taken["effort"] / 4.0) * 4.0
    assert found(taken) == []


def test_hands_stop_at_what_they_hold_and_are_not_asked():
    taken = columns(7)
    taken["effort"][:, PART] = taken["effort"][:, PART.start : PART.start + 1]
    assert found(taken, hands=True) == []


@pytest.mark.parametrize("joints", [(0,), (0, 5)])
def test_commands_that_are_kept_within_half_a_turn_while_the_joint_goes_on(joints):
    taken = columns(8)
    for kind in ("command", "measured"):
        taken[kind][list(joints)] += np.pi - np.median(taken["measured"][list(joints)], axis=1, keepdims=True)
    free = group_of(taken)
    assert list(commands_turned(free)) == []
    taken["command"] = (taken["command"] + np.pi) % (2.0 * np.pi) - np.pi
    wrapped = group_of(taken)
    named = list(commands_turned(wrapped))
    assert {d.channels for d in named} == {(JOINTS[k],) for k in joints} and {d.name for d in named} == {"wrap"}
    assert np.allclose(as_both(wrapped).command, as_both(free).command)
    taken["measured"][:, 200:] += 0.5 * np.pi  # not by whole turns
    assert list(commands_turned(group_of(taken))) == []
