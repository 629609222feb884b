"""One episode on plain floats: every predicate, the temporal layer and the reward come out as on arrays, to the bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shiliu
from conftest import make_readings
from shiliu.envs.env_episode import One
from shiliu.envs.episodes import Copies
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.sensing import predicate as P
from shiliu.scenarios.sensing.requests import Readings, Request
from shiliu.scenarios.sensing.scalar_goal import OneEpisode, ScalarGoal
from shiliu.scenarios.sensing.temporal import Goal, Never, Subgoal

A, B = (Request("site_position", name) for name in "ab")
J, UP = Request("joint_position", "j"), Request("body_up", "u")
F, G = (Request("contact_force", f"body:{name}") for name in "fg")
SIMPLE = (
    P.Angle(J, 0.2, above=True),
    P.Angle(J, 0.2, above=False),
    P.Near(A, B, 0.5),
    P.Upright(UP, 0.8),
    P.Upright(UP, 0.8, invert=True),
    P.Untouched((F, G)),
    P.Displaced(J, 0.5),
    P.Displaced(J, 0.5, below=True),
    P.MovedAway(A, 0.4),
    P.Below(A, 0.1),
    P.Share((A, B), (0.1, 0.0, -0.2), 0.6, 0.7, 0.5),
    P.Share((A, B), (0.1, 0.0, -0.2), 0.6, 0.7, 0.5, below=True),
    P.Force((F, G), 1.0),
    P.Force((F, G), 1.0, mean=True),
)
EVERY = (*SIMPLE, P.All(SIMPLE[3:6:2]), P.AnyOf((SIMPLE[0], SIMPLE[9])))


def moving(rng: np.random.Generator, steps: int) -> Readings:
    """One episode (1, T, ·) of readings at random."""
    values = {r: rng.normal(size=(1, steps, 3)) * 0.3 for r in (A, B)}
    values[J] = rng.normal(size=(1, steps, 1)) * 0.6
    up = rng.normal(size=(1, steps, 3)) + np.array([0.0, 0.0, 1.5])
    values[UP] = up / np.linalg.norm(up, axis=-1, keepdims=True)
    peak = {F: rng.exponential(0.5, (1, steps)), G: np.where(rng.random((1, steps)) < 0.6, 0.0, 1.5)}
    mean = {F: 0.9 * peak[F], G: 0.8 * peak[G]}
    return make_readings(values, peak, mean, {r: v[:, 0] for r, v in values.items()})


def at(readings: Readings, t: int) -> Readings:
    return Readings(readings.value[:, t], readings.peak[:, t], readings.mean[:, t], readings.start, readings.layout)


@pytest.mark.parametrize("predicate", EVERY, ids=lambda p: type(p).__name__)
def test_a_predicate_gives_the_same_of_floats_and_of_arrays(predicate):
    readings = moving(np.random.default_rng(3), 50)
    arrays = [float(predicate.margin(at(readings, t))[0]) for t in range(50)]
    floats = [predicate.margin(at(readings, t).row(0)) for t in range(50)]
    assert floats == arrays and all(type(value) is float for value in floats)
    assert min(arrays) < 0 <= max(arrays)  # it holds at times, and not always


def test_a_number_that_diverged_spoils_both_alike():
    readings = at(moving(np.random.default_rng(0), 1), 0)
    readings.value[:] = np.nan
    readings.peak[:] = np.nan
    for predicate in (P.Near(A, B, 1.0), P.Force((F, G), 1.0), EVERY[-1], EVERY[-2]):
        assert math.isnan(predicate.margin(readings.row(0))) and np.isnan(predicate.margin(readings)).all()


def test_an_episode_is_followed_as_the_course_advances():
    seen = np.zeros(5, int)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        pick = rng.permutation(len(EVERY))
        holds = [float(h) for h in rng.choice([0.0, 0.1, 0.3], 5)]
        asked = [(EVERY[pick[k]], rng.random() < 0.6, rng.random() < 0.3) for k in range(3)]
        goals = tuple(
            Subgoal(f"g{k}", what, holds[k], kept=what if stays else None, act=act)
            for k, (what, stays, act) in enumerate(asked)
        )
        windows = [(None, None), ("g0", None), (None, "g1"), ("g0", "g2")]
        nevers = tuple(
            Never(f"n{k}", EVERY[pick[4 + k]], *windows[k], holds[k]) for k in range(int(rng.integers(0, 4)))
        )
        course = Goal(goals, nevers, 0.1)
        readings = moving(rng, 40)
        follower, carry, one = ScalarGoal(course), course.begin(1), OneEpisode(course)
        for t in range(40):
            now = at(readings, t)
            by_one = (one if t % 16 else OneEpisode(course)).advance(carry, now)  # which may begin anywhere
            carry = course.advance(carry, now)
            follower.advance(now.row(0))
            ours = follower.carry()
            for name in ("step", "done", "held", "reached", "undone", "failed", "worst", "lasted"):
                np.testing.assert_array_equal(getattr(by_one, name), getattr(ours, name))
            for name in ("step", "done", "held", "reached", "undone", "failed", "worst"):
                np.testing.assert_array_equal(
                    getattr(ours, name), getattr(carry, name), f"{name}, seed {seed}, step {t}"
                )
            assert (ours.lasted is None) == (carry.lasted is None)
            assert carry.lasted is None or (ours.lasted == carry.lasted).all()
            assert follower.success == bool(course.success(carry)[0])
        undone = follower.n_undone > 0
        seen += [carry.done[0] > 0, follower.success, follower.went_wrong, carry.lasted is not None, undone]
    assert (seen > 3).all(), seen  # subgoals reached, successes, failures, failure modes that must last, steps undone


@pytest.mark.parametrize("name", ["car_assembly", "drink_assist", "table_setting"])
def test_one_copy_is_the_first_of_many_in_the_other_rigid_scenes(name):
    """Their goals read what the microwave's does not: the way of a force, a liquid, a person."""
    test_one_copy_is_the_first_of_many(shiliu.load_scenario(name), "dense")


@pytest.mark.parametrize("kind", ["dense", "sparse", "subgoal"])
def test_one_copy_is_the_first_of_many(scene, kind):
    rng = np.random.default_rng(1)
    one, copies = One(scene, kind), Copies(scene, 3, kind)
    one.begin(nominal(scene))
    copies.begin([nominal(scene)] * 3)
    low, high = scene.schema.action.bounds
    for _ in range(40):
        sway = rng.uniform(-0.3, 0.3, len(low)).astype(np.float32) * (high - low)
        action = np.clip(scene.ready_ctrl.astype(np.float32) + sway, low, high)
        step, out = one.step(action[None]), copies.step(np.tile(action, (3, 1)))
        assert step == (out.reward[0], out.terminated[0], out.truncated[0], out.success[0])
        assert one.unsafe == copies.unsafe(0) and one.failure(True) == copies.failure(0, True)
        ours, theirs = one.observe(), copies.observe()
        assert all((ours[name] == theirs[name][0]).all() for name in theirs)
