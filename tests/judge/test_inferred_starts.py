"""Where things stood, from what the hands did: the arc of a handle, and starts that go on from where another one had come."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.judge.facts import inferred_starts
from shiliu.replay.judge.facts.inferred_starts import BRUSHED, DEEPEST, WIDE, InferredStarts, _Near
from shiliu.replay.judge.facts.partial_replay import Played, begun, laid, play_on, points_of, start_of
from shiliu.replay.judge.facts.recorded_start import StartOfTake
from shiliu.scenarios.draws.inference import Inferred

DOOR, HANDLE = "oven/door_hinge", "oven/handle"


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("microwave")


@pytest.fixture(scope="module")
def start(scene):
    return StartOfTake(scene, {}, {}, {}, Inferred())


def search(scene, start):
    found = InferredStarts(scene, start, start.unknown(), np.zeros((0, 1)), [], None, 0.0, lambda one: 0.0, 0, 1, 1e9)
    base = start.plain(0)
    found.nudged = {key: start.draw(base.values | {key: base.values[key] + 0.01}) for key in found.ends}
    return found, base


def way_of_handle(draw, angles):
    """(m, 3) where the handle is while the door turns."""
    data, found = mujoco.MjData(draw.model), []
    data.qpos[:] = start_of(draw)
    for angle in angles:
        data.qpos[draw.model.joint(DOOR).qposadr[0]] = angle
        mujoco.mj_kinematics(draw.model, data)
        found.append(data.site(HANDLE).xpos.copy())
    return np.array(found)


@pytest.mark.parametrize("values", [{"oven.at.x": 0.05, "oven.at.y": -0.03, "oven.yaw": 0.2, "counter.height": 0.012}, {"oven.yaw": -0.13}])
def test_a_handle_that_is_pulled_tells_where_its_oven_stands(scene, start, values):
    inferring, base = search(scene, start)
    truth = base.values | {key: base.values[key] + by for key, by in values.items()}
    near = object.__new__(_Near)
    near.search, near.scene, near.path = inferring, scene, way_of_handle(start.draw(truth), np.linspace(0.0, 0.7, 12))
    found, *others = near.by_arc("oven", base)
    latches = np.array([one["oven.latch_force"] for one in (found, *others)])
    low, high = inferring.ends["oven.latch_force"]
    assert np.ptp(latches) > 0.7 * (high - low) and latches.min() > low and latches.max() < high, "an arc tells nothing of the latch"
    assert all({**one, "oven.latch_force": latches[0]} == found for one in others)
    for key, within in (("oven.at.x", 5e-4), ("oven.at.y", 5e-4), ("counter.height", 5e-4), ("oven.yaw", 2e-3)):
        assert found[key] == pytest.approx(truth[key], abs=within)
    near.path = near.path[:2]
    assert near.by_arc("oven", base) == [], "a pull that goes round by 4 deg tells no hinge"
    assert near.by_arc("bowl", base) == []


def test_starts_go_on_from_another_one_with_their_own_things(scene, start):
    base = start.plain(0)
    other = start.draw(base.values | {"bowl.at.x": base.values["bowl.at.x"] + 0.025})
    actions = np.tile(scene.ready_ctrl, (20, 1)).astype(np.float32)
    actions[:, 2] += np.linspace(0.0, 0.3, 20, dtype=np.float32)
    (whole,) = play_on(scene, actions, [(other, begun(scene, other))], 1)
    (first,) = play_on(scene, actions, [(base, begun(scene, base))], 1, keep=12)
    (later,) = play_on(scene, actions, [(other, first)], 1)
    assert np.abs(first.qpos[-1] - first.qpos[0]).max() > 0.05, "the robot alone moves"
    assert np.abs(later.qpos[-1] - whole.qpos[-1]).max() < 2e-3, "as if it had been played from its beginning"
    by = points_of(other.model, later.qpos[-1], "bowl") - points_of(base.model, first.qpos[-1], "bowl")
    assert by[:, 0] == pytest.approx(0.025, abs=1e-3)


def test_what_was_moved_by_then_is_as_it_was_moved(scene, start):
    base = start.plain(0)
    a = base.model.joint(DOOR).qposadr[0]
    gone = begun(scene, base)
    state = base.start_state.copy()
    state[1 + a] = 0.8
    rows = np.repeat(gone.qpos, 3, axis=0)
    rows[1:, a] = 0.8
    opened = type(gone)(base, rows, {key: np.repeat(one, 3, axis=0) for key, one in gone.observations.items()}, state, 2)
    other = start.draw(base.values | {"bowl.at.y": base.values["bowl.at.y"] - 0.02})
    actions = np.tile(scene.ready_ctrl, (3, 1)).astype(np.float32)
    (later,) = play_on(scene, actions, [(other, opened)], 1)
    assert later.qpos[-1, a] == pytest.approx(0.8, abs=0.02)
    here, there = (points_of(one.model, at, "bowl")[:, 1].mean() for one, at in ((other, later.qpos[-1]), (base, start_of(base))))
    assert here - there == pytest.approx(-0.02, abs=1e-3)


def test_what_a_belt_moves_lies_as_far_beside_as_it_started(scene, start):
    """A bowl that went 0.3 m and turned by 90 deg on its way; the other one started turned by 20 deg, 25 mm beside."""
    base, turned = start.plain(0), np.radians(20.0)
    a = base.model.joint("bowl/bowl_150_free").qposadr[0]
    first = start_of(base)
    rows = np.stack([first, first])
    rows[1, a : a + 3] += (0.3, 0.0, 0.0)
    quarter = np.array([np.cos(np.pi / 4), 0.0, 0.0, np.sin(np.pi / 4)])
    mujoco.mju_mulQuat(rows[1, a + 3 : a + 7], quarter, first[a + 3 : a + 7].copy())
    other = start.draw(base.values | {"bowl.at.y": base.values["bowl.at.y"] + 0.025})
    state, data = other.start_state.copy(), mujoco.MjData(other.model)
    mujoco.mj_setState(other.model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mju_mulQuat(data.qpos[a + 3 : a + 7], np.array([np.cos(turned / 2), 0.0, 0.0, np.sin(turned / 2)]), first[a + 3 : a + 7].copy())
    mujoco.mj_getState(other.model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    at = laid(replace(other, start_state=state), Played(base, rows, {}, base.start_state, 1), 1)
    assert at[a : a + 3] == pytest.approx(rows[1, a : a + 3] + (0.0, 0.025, 0.0), abs=1e-4)
    assert 2.0 * np.arctan2(at[a + 6], at[a + 3]) == pytest.approx(np.pi / 2 + turned, abs=1e-3)


def pressed_on_the_hand(scene, start):
    """The bowl comes to the left hand from ahead in steps of a millimetre: (near, draw, played) of each."""
    base = start.plain(0)
    data = mujoco.MjData(base.model)
    a = base.model.joint("bowl/bowl_150_free").qposadr[0]
    for far in np.arange(0.3, 0.0, -1e-3):
        mujoco.mj_setState(base.model, data, base.start_state, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_kinematics(base.model, data)
        data.qpos[a : a + 3] = data.site("left_tcp").xpos + np.array([far, 0.0, 0.0])
        state = base.start_state.copy()
        mujoco.mj_getState(base.model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
        draw = replace(base, start_state=state)
        near = object.__new__(_Near)
        near.scene, near.rows = scene, [1]
        yield near, draw, Played(draw, np.repeat(start_of(draw)[None], 2, axis=0), {}, state, 0)


def test_a_thing_may_be_brushed_on_the_way_but_not_before_its_start_goes_on(scene, start, monkeypatch):
    steps = pressed_on_the_hand(scene, start)
    near, draw, played = next(steps)
    assert near.depth(draw, played) == 0.0
    near, draw, played = next(step for step in steps if step[0].depth(*step[1:]) > DEEPEST)
    deep = near.depth(draw, played)
    assert DEEPEST < deep <= BRUSHED
    monkeypatch.setattr(inferred_starts, "BRUSHED", 0.5 * (DEEPEST + deep))
    assert near.depth(draw, played) == np.inf
    monkeypatch.undo()
    near.rows = [0]
    assert near.depth(draw, played) == np.inf, "it would be thrown off the hand"


@pytest.mark.parametrize(("depths", "played"), [([0.0] * 40, WIDE), ([0.012, 0.006, 0.0, np.inf, 0.009], 4), ([np.inf] * 5, 0)])
def test_where_few_places_are_free_those_are_played_that_are_brushed_least(scene, start, depths, played):
    inferring, base = search(scene, start)
    values = [{"bowl.at.x": base.values["bowl.at.x"] + 1e-4 * k} for k in range(len(depths))]
    order = iter(depths)
    near = type("Near", (), {"depth": lambda self, draw, seen: next(order)})()
    rows = list(inferring._wide(near, {"bowl": values}, [base], [begun(scene, base)]))
    assert len(rows) == played and {part for part, *_ in rows} <= {"bowl"}
    if 0 < played < WIDE:
        first = [round((draw.values["bowl.at.x"] - base.values["bowl.at.x"]) / 1e-4) for _, draw, _ in rows]
        assert first == [2, 1, 4, 0]


def test_what_a_thing_stands_on_is_not_sought_beyond_what_is_drawn():
    """Of coils in a bin: a hand that held the uppermost one tells its place, and not that the bin stood elsewhere."""
    coils = shiliu.load_scenario("coil_separation")
    inferring, _ = search(coils, StartOfTake(coils, {}, {}, {}, Inferred()))
    assert {"bin.at.x", "coil_l.at.x", "coil_s.at.x"} <= set(inferring.moves("coil_s"))
    own = "coil_s."
    for key, part, wider in (("coil_s.at.x", own, 0.02), ("bin.at.x", own, 0.0), ("bin.at.x", "", 0.02), ("coil_s.yaw", own, 0.0)):
        low, high = inferring.ends[key]
        assert inferring.bounds(key, part) == pytest.approx((low - wider, high + wider))


def test_starts_that_differ_in_what_was_held_before_take_turns(scene, start):
    """The best four have one oven, the fifth another one, which the bowl of the best suits as well."""
    inferring, base = search(scene, start)
    ovens = [0.0, 0.0, 0.0, 0.0, 0.01]
    draws = [start.draw(base.values | {"oven.at.y": base.values["oven.at.y"] + by, "bowl.at.x": 0.001 * k}) for k, by in enumerate(ovens)]
    assert inferring._in_turn(draws, inferring.fixed()) == [0, 1, 2, 3, 4], "nothing was held before"
    inferring.held = {"oven": None}
    assert inferring._in_turn(draws, inferring.fixed()) == [0, 4, 1, 2, 3]
    draws[2] = start.draw(draws[2].values | {"bowl.at.x": 0.05})
    assert inferring._in_turn(draws, inferring.fixed(), ["bowl.at.x"]) == [0, 2, 4, 1, 3], "a bowl 50 mm beside is tried again at first"
    best = (0.0, 0, "bowl", draws[0], begun(scene, base))
    other = inferring._as_held(draws[4], "bowl", best)
    assert other.values["oven.at.y"] == draws[4].values["oven.at.y"] and other.values["bowl.at.x"] == draws[0].values["bowl.at.x"]
    assert inferring._as_held(draws[4], "plate", best) is draws[4]
