"""What is found once a take, or left out early, is what each column would have given by itself."""

import numpy as np
import pytest
from shiliu.replay.checks.scales_apart import _may_be_apart
from shiliu.replay.residual.arm_chain import about, own_chains
from shiliu.replay.residual.delayed_part import _largest
from shiliu.replay.residual.engine import _disagree
from shiliu.replay.residual.leaps import OPPOSITE, SHORT, _returns
from shiliu.replay.residual.other_commands import _surely_follows
from shiliu.replay.residual.relations import Relation, derivative, shifts_of
from shiliu.replay.residual.resolved_torque import _scatter_by, scatter
from shiliu.replay.residual.table import Group, RecordedChannel
from shiliu.replay.residual.witnessed_motion import _about
from shiliu.replay.signals.clock import never_stamped
from shiliu.replay.signals.pairing import Both

N, DT = 300, 1.0 / 30.0


def course(seed, joints=3):
    return np.cumsum(np.cumsum(np.random.default_rng(seed).normal(0.0, 2e-3, (joints, N)), axis=1), axis=1)


def channel(name="joint", **columns):
    return RecordedChannel(name, columns, dict.fromkeys(columns, "s"), dict.fromkeys(columns, "s"), "rad")


@pytest.mark.parametrize(("factor", "may"), [(1.2, True), (0.8, True), (1.05, False), (0.95, False)])
def test_scales_apart_are_sought_where_two_joints_may_have_them(factor, may):
    x = np.sin(0.3 * np.arange(N)[:, None] + np.arange(3))
    both = Both(0.04 * np.arange(N), x, x * [factor, factor, 1.0], ("a", "b", "c"))
    assert _may_be_apart(both, 0.01) is may
    assert not _may_be_apart(Both(both.t, x, x * [factor, 1.0, 1.0], both.names), 0.01)  # one alone is none of a unit


def test_a_joint_that_moves_at_the_end_alone_is_not_left_out():
    x = np.zeros((N, 2))
    x[-20:] = np.linspace(0.0, 1.0, 20)[:, None]
    assert _may_be_apart(Both(0.04 * np.arange(N), x, 1.5 * x, ("a", "b")), 0.01)


@pytest.mark.parametrize("wide", [5, 24])
def test_means_about_a_row_are_those_of_a_convolution(wide):
    x = course(2)[0] ** 2
    assert np.allclose(_about(x, wide), np.convolve(x, np.ones(wide) / wide, "same"), atol=1e-12)


def test_weights_of_the_law_of_speeds_give_its_residual():
    q = course(3)
    v = np.gradient(q, DT, axis=1) + np.random.default_rng(3).normal(0.0, 1e-3, q.shape)
    group = Group(DT * np.arange(N), DT, tuple(channel(f"j{k}", measured=q[k], velocity=v[k]) for k in range(3)))
    for of, relation in zip(group.channels, derivative(group)):
        made = sum(relation.matrix(kind) @ of.columns[kind] for kind in ("measured", "velocity"))
        assert np.allclose((made - relation.residual)[2:-2], 0.0, atol=1e-9)
        assert not np.allclose((made + 1e-3 - relation.residual)[2:-2], 0.0, atol=1e-9)
        assert np.allclose(group.rises[of.name], np.gradient(of.columns["measured"], DT))
        assert of.goes("velocity") == np.ptp(of.columns["velocity"])


def test_the_part_of_another_delay_is_the_one_that_leaves_least():
    rng, n = np.random.default_rng(4), 80
    errors = rng.uniform(0.5, 1.0, (6, n))
    errors[2], errors[4, 30:50] = 0.2, 0.01
    gains = {(u, o): np.cumsum(np.r_[0.0, errors[u] - errors[o]]) for u in range(6) for o in range(6)}
    left = {pair: errors[pair[0]].sum() - (s - np.minimum.accumulate(s)).max() for pair, s in gains.items()}
    assert _largest(errors) == (*min(left, key=left.get), 30, 49)


def test_shifts_that_are_equal():
    x = np.arange(5.0)
    assert shifts_of(x, np.array([-1, -1])).tolist() == [[0.0, 0.0, 1.0, 2.0, 3.0]] * 2


@pytest.mark.parametrize(("late", "follows"), [(6, True), (None, False)])
def test_a_joint_that_follows_its_own_command_is_asked_no_more(late, follows):
    c = course(5)[0]
    q = course(6)[0] if late is None else np.r_[np.full(late, c[0]), c[:-late]]
    assert _surely_follows(channel(command=c, measured=q), DT) is follows


def test_frames_of_an_arm_are_products_of_its_turns():
    chain = own_chains()["left"]
    q = 0.3 * course(7, len(chain.joints)).T[:4]
    turns, turn = chain.frames(q)[2], np.eye(3)
    for j, link in enumerate(chain.links):
        turn = turn @ link.turn @ about(link.axis, q[:, j])
        assert np.allclose(turns[j], turn, atol=1e-12)


def test_zeros_amid_times_are_never_stamped_and_one_at_the_begin_is():
    times = 1_000_000_000 * np.arange(100, dtype=np.int64)
    assert not len(never_stamped(times))
    times[1:] += 10**18
    assert never_stamped(times).tolist() == [0]
    assert not len(never_stamped(times[1:]))


@pytest.mark.parametrize(
    ("late", "asked"),
    [
        ({"zhead_1_joint": 0.04, "zhead_2_joint": 0.04}, False),  # servos of their own
        ({"zarm_r1_joint": 0.04}, True),
        ({f"zarm_l{k}_joint": 0.16 for k in (1, 2, 3)}, True),
        ({}, False),
    ],
)
def test_delays_of_a_head_show_none_of_an_arm(late, asked):
    """A part, or an arm, of another delay is sought where joints of an arm follow at other times than others."""
    names = [f"zarm_{side}{k}_joint" for side in "lr" for k in (1, 2, 3)] + ["zhead_1_joint", "zhead_2_joint"]
    x = course(6, len(names))
    group = Group(DT * np.arange(N), DT, tuple(channel(name, command=c, measured=c) for name, c in zip(names, x)))
    laws = [[Relation("follows", "measured", {}, 0.0, np.zeros(N), 1e-3, delay=late.get(name, 0.1))] for name in names]
    assert _disagree(group, laws) is asked


@pytest.mark.parametrize("least", [0.001, 0.004, 0.02])
def test_what_goes_and_comes_back_is_not_passed_over_by_its_turns(least):
    smooth = 3.0 * least * np.sin(np.arange(N) / 40.0)
    x = smooth.copy()
    x[100] += 1.5 * least
    x[150:153] += 1.5 * least
    found = np.zeros(N, bool)
    for size in range(1, SHORT + 1):
        for first in range(1, N - size):
            middle = 0.5 * (x[first - 1] + x[first + size])
            away = np.abs(x[first : first + size] - middle).min()
            if away > least and abs(x[first + size] - x[first - 1]) < OPPOSITE * away:
                found[first] = True
    assert found[[100, 150]].all() and (_returns(x, least) == found).all()
    assert not _returns(smooth, least).any()


@pytest.mark.parametrize("least", [1e-6, 1e-4, 3e-4, 1e-3])
@pytest.mark.parametrize("step", [0.0, 1e-4, 2e-3])
def test_whether_positions_scatter_by_so_much_is_what_they_scatter_by(least, step):
    noise = np.random.default_rng(8).normal(0.0, 2e-4, (3, N))
    for x in (course(8), course(8) + noise):
        on = np.round(x / step) * step if step else x
        channels = [channel(f"j{k}", measured=q) for k, q in enumerate(on)]
        assert _scatter_by(channels, least) == (scatter(channels) > least)
