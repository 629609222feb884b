"""What carrying a person's motion over takes, counted, since a clock lies; and the shortcuts that make it quick against the long way."""

import daqp
import mujoco
import numpy as np
import pytest
from shiliu.replay.retarget.arms import Arms
from shiliu.replay.retarget.asked import Asked
from shiliu.replay.retarget.bidirectional import retarget_both_ways
from shiliu.replay.retarget.programme import boxed, solve
from shiliu.replay.retarget.settings import load_settings
from shiliu.replay.retarget.shapes import Shapes
from shiliu.replay.retarget.solver import retarget
from shiliu.replay.retarget.targets import HandTargets
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.scenarios.robots.robot import load_robot

RATE = 30.0


@pytest.fixture(scope="module")
def arms():
    return Arms(load_robot())


def waving(arms, seconds=2.0, size=0.1):
    """Targets where the robot's own hands are while its joints swing about the ready posture."""
    t = np.arange(round(seconds * RATE)) / RATE
    q = (
        arms.start
        + size * np.sin(2 * np.pi * 0.5 * t[:, None] + np.linspace(0, 3, 14))
        - size * np.sin(np.linspace(0, 3, 14))
    )
    seen = {hand: arms.follow(q, hand) for hand in ("left", "right")}
    return HandTargets(
        t, {hand: p for hand, (p, _) in seen.items()}, {hand: r @ arms.worn[hand].T for hand, (_, r) in seen.items()}
    )


def counting(monkeypatch, module, name):
    calls, real = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given, **more: calls.append(name) or real(*given, **more))
    return calls


def test_a_sample_takes_few_programmes_however_many_beginnings_are_tried(arms, monkeypatch):
    """Hands within reach take two linearisations a sample; the search for the beginning, in one go, leaves few to daqp."""
    targets, settings = waving(arms), load_settings()
    programmes = counting(monkeypatch, daqp, "solve")
    result = retarget(targets, arms, load_limits(arms.robot.folder), settings)
    n = len(targets.t)
    assert n <= len(programmes) + 1 and len(programmes) <= 2.5 * n
    assert max(np.nanmax(track.off) for track in result.hands.values()) < 1e-3
    assert result.work.samples == n and result.work.programmes <= len(programmes)
    assert result.work.looks <= 4 * n and result.work.beginning < 2000


def test_both_ways_count_together(arms):
    targets, limits, settings = waving(arms, seconds=0.5), load_limits(arms.robot.folder), load_settings()
    away = HandTargets(
        targets.t, {h: p + np.array([0.8, 0.0, 0.0]) for h, p in targets.position.items()}, targets.rotation
    )
    assert retarget_both_ways(targets, arms, limits, settings).work.samples == len(targets.t)
    assert retarget_both_ways(away, arms, limits, settings).work.samples == 2 * len(targets.t)


def test_pairs_that_are_passed_over_are_further_apart_than_is_watched(arms):
    settings, rng = load_settings(), np.random.default_rng(1)
    shapes, model = Shapes(arms, settings), arms.whole
    data, found = mujoco.MjData(model), 0
    low, high = model.jnt_range.T
    q = np.clip(np.zeros(model.nq), low, high)
    for _ in range(12):  # some steps are small and keep the list of pairs, some are not
        q = np.clip(q + rng.choice([0.03, 0.4]) * rng.standard_normal(model.nq), low, high)
        near = shapes.near(q)
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        gaps = [mujoco.mj_geomDistance(model, data, int(a), int(b), settings.look, None) for a, b in shapes.couples]
        expected = np.flatnonzero(np.array(gaps) < settings.look - 1e-12)
        assert near.pairs.tolist() == expected.tolist()
        assert near.closest == pytest.approx(min(*gaps, settings.keep), abs=1e-9)
        found += len(expected)
    assert found > 20


def test_slopes_of_gaps_are_how_gaps_change(arms):
    settings = load_settings()
    shapes, q = Shapes(arms, settings), np.zeros(arms.whole.nq)
    q[arms.index] = arms.start
    q[arms.index[[2, 9]]] -= [1.0, -1.0]  # forearms across the belly
    near = shapes.near(q)
    slopes, _ = shapes.rows(near)
    assert len(near.pairs)
    for j, at in enumerate(arms.index):
        there = q.copy()
        there[at] += 1e-6
        later = dict(zip(shapes.near(there).pairs.tolist(), shapes.near(there).gaps))
        for row, (pair, gap) in enumerate(zip(near.pairs.tolist(), near.gaps)):
            if pair in later and gap > 0.0:
                assert -slopes[row, j] == pytest.approx((later[pair] - gap) / 1e-6, abs=5e-3)


def test_slopes_of_what_is_missed_are_how_it_changes(arms):
    """Also of a hand that is turned by nearly half a circle, where its logarithm bends most."""
    targets = waving(arms, seconds=0.2)
    half = np.diag([-1.0, -1.0, 1.0])
    turned = HandTargets(
        targets.t, targets.position, {"left": targets.rotation["left"] @ half, "right": targets.rotation["right"]}
    )
    asked, row = Asked(turned, arms, load_settings()), np.array([2])
    q = arms.start + 0.1 * np.cos(np.arange(14))
    miss = asked.miss(q[None], row)
    assert np.linalg.norm(miss.error[0, 0, 3:6]) > 0.1 * np.deg2rad(130)
    for j in range(14):
        step = np.zeros(14)
        step[j] = 1e-6
        there, back = (asked.miss((q + sign * step)[None], row).error for sign in (1, -1))
        assert miss.slope[0, :, :, j] == pytest.approx((there - back)[0] / 2e-6, abs=1e-6)


def test_many_programmes_in_one_go_have_the_answers_of_each():
    rng = np.random.default_rng(3)
    a = rng.standard_normal((60, 9, 7))
    cost, pull = np.swapaxes(a, 1, 2) @ a + 1e-5 * np.eye(7), 3.0 * rng.standard_normal((60, 7))
    low, high = -rng.uniform(0.0, 0.5, (60, 7)), rng.uniform(0.0, 0.5, (60, 7))
    found = boxed(cost, pull, low, high, np.zeros((60, 7), np.int8))
    assert ((found == low) | (found == high)).mean() > 0.2
    for i in range(60):
        assert found[i] == pytest.approx(solve(cost[i], pull[i], low[i], high[i], None), abs=1e-6)
    one = boxed(cost[:1], pull[:1], low[:1], high[:1], np.ones((1, 7), np.int8))
    assert one[0] == pytest.approx(found[0], abs=1e-12), "wherever it begins"
