"""The benchmark's stopwatches: the real judge under them, and everything put back."""

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.benchmark import speed
from shiliu.replay.benchmark.bare_physics import _without
from shiliu.replay.benchmark.speed import CHECKS, STAGES, shares, stopwatches
from shiliu.replay.judge import judge as judging
from shiliu.replay.judge.stages import rollout_stage
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing


@pytest.fixture(scope="module")
def recording():
    scene = shiliu.load_scenario("bare")
    draw = drawing.nominal(scene)
    actions = np.tile(scene.ready_ctrl, (60, 1)).astype(np.float32)
    played = next(play(scene, [Take(draw, actions)], [checkpoints_of(scene, 60)]))
    return as_recording("still", episode_of(scene, played, 0), scene)


def test_every_stage_of_the_judge_is_timed_once(recording, monkeypatch):
    clock = iter(range(10**6))
    monkeypatch.setattr(speed.time, "perf_counter", lambda: float(next(clock)))  # each look at the clock is a second
    with stopwatches() as spent:
        (verdict,) = judging.judge([recording])
    assert verdict.verdict is not None
    assert all(spent[stage] > 0 for stage in STAGES), spent
    # whatever runs inside another stage is taken out of it: together no more than the whole
    assert sum(spent.values()) < next(clock)


def test_the_verdict_is_the_same_and_nothing_stays_changed(recording):
    before = [getattr(judging, name) for module, name in STAGES["kinematics"] if module == "judge"]
    plain = judging.judge([recording])[0].to_json()
    with stopwatches():
        assert judging.judge([recording])[0].to_json() == plain
    assert [getattr(judging, name) for module, name in STAGES["kinematics"] if module == "judge"] == before
    assert rollout_stage.play is play


def test_shares_are_of_the_bare_rollout():
    found = shares(
        [(dict.fromkeys(STAGES, 1.0), 10.0), (dict.fromkeys(STAGES, 2.0), 10.0), (dict.fromkeys(STAGES, 3.0), 10.0)]
    )
    assert found["integrity"] == pytest.approx(0.2)
    assert found["checks"] == pytest.approx(0.2 * len(CHECKS))


def _touching(model: mujoco.MjModel, state: np.ndarray) -> set[tuple[str, str]]:
    """Pairs of bodies in contact, the robot's as they are, the parts' by the part's name."""
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_forward(model, data)
    names = [model.body(i).name.partition("/")[0] for i in range(model.nbody)]
    return {(names[a], names[b]) for a, b in model.geom_bodyid[data.contact.geom]}


def test_each_model_without_something_lacks_that_alone(scene):
    """At rest the oven and the bowl stand on the counter, the buns lie in the bowl; a folded arm meets the robot."""
    start, without = drawing.nominal(scene).start_state, _without(scene)
    parts = {placed.name for placed in scene.config.parts}
    whole = _touching(scene.model, start)
    assert {frozenset(pair) for pair in whole} >= {frozenset(("oven", "counter")), frozenset(("bowl", "counter"))}
    assert _touching(without["all contacts"], start) == set()
    assert _touching(without["sensors"], start) == whole
    assert _touching(without["bowl"], start) == {pair for pair in whole if "bowl" not in pair}
    folded = start.copy()
    data = mujoco.MjData(scene.model)
    mujoco.mj_setState(scene.model, data, start, mujoco.mjtState.mjSTATE_INTEGRATION)
    for name, angle in {"zarm_l2_joint": -0.3, "zarm_l3_joint": -1.5, "zarm_l4_joint": -2.0}.items():
        data.qpos[scene.model.joint(name).qposadr[0]] = angle  # [rad], the forearm into the chest
    mujoco.mj_getState(scene.model, data, folded, mujoco.mjtState.mjSTATE_INTEGRATION)
    touching = _touching(scene.model, folded)
    itself = {pair for pair in touching if not parts & set(pair)}
    assert itself
    assert _touching(without["the robot with itself"], folded) == touching - itself
