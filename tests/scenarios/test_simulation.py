"""The core: n copies equal one copy equal the bare engine, to the bit; peaks are those of the physics steps."""

from __future__ import annotations

from types import SimpleNamespace

import mujoco
import mujoco.batch
import numpy as np
import pytest
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.variation import STATE
from shiliu.scenarios.stepping.period import ManyCopies, OneCopy
from shiliu.scenarios.stepping.simulation import Simulation

COPIES, STEPS = 8, 20


@pytest.fixture(scope="module")
def draws(scene) -> list[drawing.Draw]:
    return [drawing.draw(scene, 100 + i) for i in range(COPIES)]


@pytest.fixture(scope="module")
def actions(scene) -> np.ndarray:
    """(T, n, nu) float32: every copy another way, wide enough to meet the counter and the robot itself; claws closing."""
    space = scene.schema.action_space()
    rng = np.random.default_rng(1)
    ends = rng.uniform(space.low, space.high, (COPIES, space.shape[0]))
    way = np.linspace(0, 1, STEPS)[:, None, None] ** 0.5
    return np.clip(scene.ready_ctrl + way * (ends - scene.ready_ctrl), space.low, space.high).astype(np.float32)


def play(scene, draws, actions, threads=1, ids=None):
    """States (T+1, n, ·), and readings value, peak, mean (T+1, n, ·)."""
    simulation = Simulation(scene, len(draws), threads)
    first = simulation.begin(draws)
    states, seen = [simulation.state.copy()], [(first.value.copy(), first.peak.copy(), first.mean.copy())]
    for action in actions:
        readings = simulation.step(action, ids)
        states.append(simulation.state.copy())
        seen.append((readings.value.copy(), readings.peak.copy(), readings.mean.copy()))
    return np.array(states), [np.array(part) for part in zip(*seen)]


@pytest.fixture(scope="module")
def played(scene, draws, actions):
    return play(scene, draws, actions)


def test_who_asks_for_fewer_forces_gets_the_same_numbers_of_those(scene, draws, actions, played):
    """What only the judge asks for is not a number for the environment: nothing, rather than a zero that nobody measured."""
    asked, every = scene.task_layout.read, played[1]
    left = np.setdiff1d(np.arange(len(scene.layout.forces)), asked)
    names = {scene.layout.forces[i] for i in left}
    grips = [request for handled in scene.handled.values() for request in handled.forces]  # of palm and fingers alone
    assert names and names <= {request.name for request in (*scene.unasked, *grips)}
    assert np.nanmax(every[1][..., left]) > 1.0, "contacts that are left out do happen here"
    for copies in (slice(None), slice(2, 3)):
        simulation = Simulation(scene, len(draws[copies]), layout=scene.task_layout)
        simulation.begin(draws[copies])
        for t, action in enumerate(actions[:, copies]):
            readings = simulation.step(action)
            np.testing.assert_array_equal(readings.value, every[0][t + 1, copies])
            np.testing.assert_array_equal(readings.peak[:, asked], every[1][t + 1, copies][:, asked])
            np.testing.assert_array_equal(readings.mean, every[2][t + 1, copies])
            assert np.isnan(readings.peak[:, left]).all()


def test_each_of_many_equals_one_alone(scene, draws, actions, played):
    for i in range(COPIES):
        states, seen = play(scene, [draws[i]], actions[:, i : i + 1])
        np.testing.assert_array_equal(states[:, 0], played[0][:, i])
        for alone, among in zip(seen, played[1]):
            np.testing.assert_array_equal(alone[:, 0], among[:, i])
    assert len({played[0][-1, i].tobytes() for i in range(COPIES)}) == COPIES


def test_threads_change_nothing(scene, draws, actions, played):
    for threads in (2, 0):
        states, seen = play(scene, draws, actions, threads)
        np.testing.assert_array_equal(states, played[0])
        for a, b in zip(seen, played[1]):
            np.testing.assert_array_equal(a, b)


def test_equals_the_bare_engine_and_its_peaks(scene, draws, actions, played):
    layout, window = scene.layout, round(0.020 / scene.timestep)
    touched = 0.0
    for i in range(COPIES):
        model, data = draws[i].model, mujoco.MjData(draws[i].model)
        mujoco.mj_setState(model, data, draws[i].start_state, STATE)
        state = np.empty(mujoco.mj_stateSize(model, STATE))
        for t, action in enumerate(actions[:, i]):
            data.ctrl[: len(action)] = action  # what follows them are rules
            sizes = []
            for _ in range(scene.n_substeps):
                mujoco.mj_step(model, data)
                sizes.append([np.linalg.norm(data.sensordata[layout.slices[name]]) for name in layout.forces])
            mujoco.mj_getState(model, data, state, STATE)
            shown = mujoco.MjData(model)
            mujoco.mj_setState(model, shown, played[0][t + 1, i], STATE)
            shown.ctrl[len(action) :] = data.ctrl[len(action) :]  # the engine alone follows no rules
            mujoco.mj_getState(model, shown, ours := np.empty_like(state), STATE)
            np.testing.assert_array_equal(state, ours)
            sizes = np.array(sizes)
            np.testing.assert_allclose(played[1][1][t + 1, i], sizes.max(axis=0), rtol=1e-9, atol=1e-9)
            means = np.max([sizes[k : k + window].mean(axis=0) for k in range(len(sizes) - window + 1)], axis=0)
            asked = scene.layout.averaged
            assert 0 < len(asked) < len(means)
            np.testing.assert_allclose(played[1][2][t + 1, i, asked], means[asked], rtol=1e-6, atol=1e-6)
            touched = max(touched, float(sizes.max()))
    assert touched > 20.0  # the motion does meet something


def test_positions_are_read_at_the_state_itself(scene, draws, actions, played):
    layout = scene.layout
    for t in (0, 7, STEPS):
        model, data = draws[3].model, mujoco.MjData(draws[3].model)
        mujoco.mj_setState(model, data, played[0][t, 3], STATE)
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(
            played[1][0][t, 3][layout.settled], data.sensordata[layout.settled], rtol=1e-12, atol=1e-12
        )


def test_restart_from_any_state_continues_to_the_bit(scene, draws, actions, played):
    for t in (1, 6, 13):
        simulation = Simulation(scene, COPIES)
        simulation.begin(draws)
        for i, state in enumerate(played[0][t]):
            simulation.put(state, i)
        for k in range(t, STEPS):
            readings = simulation.step(actions[k])
        np.testing.assert_array_equal(simulation.state, played[0][-1])
        np.testing.assert_array_equal(readings.peak, played[1][1][-1])


def test_some_copies_go_on_while_others_wait(scene, draws, actions, played):
    simulation = Simulation(scene, COPIES)
    simulation.begin(draws)
    simulation.step(actions[0])
    some = np.array([1, 4, 6])
    waiting = np.setdiff1d(np.arange(COPIES), some)
    for t in range(1, STEPS):
        readings = simulation.step(actions[t, some], ids=some)
        np.testing.assert_array_equal(readings.peak[some], played[1][1][t + 1, some])
        np.testing.assert_array_equal(readings.value[some], played[1][0][t + 1, some])
        np.testing.assert_array_equal(readings.value[waiting], played[1][0][1, waiting])
    np.testing.assert_array_equal(simulation.state[some], played[0][-1, some])
    np.testing.assert_array_equal(simulation.state[waiting], played[0][1, waiting])


def test_a_copy_that_begins_anew_leaves_the_others_as_they_are(scene, draws, actions, played):
    simulation = Simulation(scene, COPIES)
    simulation.begin(draws)
    for t in range(10):
        simulation.step(actions[t])
    readings = simulation.begin([draws[0]], [5])
    others = np.setdiff1d(np.arange(COPIES), [5])
    np.testing.assert_array_equal(readings.peak[others], played[1][1][10, others])
    np.testing.assert_array_equal(readings.value[others], played[1][0][10, others])
    assert (readings.peak[5] == 0).all()
    np.testing.assert_array_equal(simulation.state[5], draws[0].start_state)
    for t in range(10, STEPS):
        action = actions[t].copy()
        action[5] = actions[t - 10, 0]
        simulation.step(action)
    np.testing.assert_array_equal(simulation.state[others], played[0][-1, others])
    np.testing.assert_array_equal(simulation.state[5], played[0][STEPS - 10, 0])


def test_a_diverged_copy_is_flagged_and_the_others_go_on(scene, draws, actions, played):
    simulation = Simulation(scene, COPIES, threads=2)
    simulation.begin(draws)
    for t in range(5):
        simulation.step(actions[t])
    assert not simulation.unstable.any()
    simulation.live("qvel")[2] = 1e12
    for t in range(5, STEPS):
        simulation.step(actions[t])
        assert simulation.unstable.tolist() == [i == 2 for i in range(COPIES)]
    others = np.setdiff1d(np.arange(COPIES), [2])
    np.testing.assert_array_equal(simulation.state[others], played[0][-1, others])
    simulation.begin([draws[2]], [2])
    assert not simulation.unstable.any()


@pytest.mark.parametrize("speed", [0.6, 1e12])
def test_what_is_written_between_two_steps_counts_the_same_alone_and_among_others(scene, draws, actions, speed):
    """One copy goes on from the stages of its last state: of another state those would be the wrong ones."""
    alone, among = Simulation(scene, 1), Simulation(scene, 3)
    alone.begin(draws[:1])
    among.begin(draws[:3])
    for t in range(8):
        if t == 5:
            for simulation in (alone, among):
                simulation.live("qvel")[0] = speed
        one, many = alone.step(actions[t, :1]), among.step(actions[t, :3])
        np.testing.assert_array_equal(alone.state[0], among.state[0])
        for a, b in zip((one.value, one.peak, one.mean), (many.value, many.peak, many.mean)):
            np.testing.assert_array_equal(a[0], b[0])
        assert alone.unstable[0] == among.unstable[0] == (speed > 1e10 and t >= 5)


@pytest.mark.parametrize("n", [1, 3])
def test_a_copy_is_not_put_on_the_model_of_another_scene(scene, draws, actions, n):
    simulation, other = Simulation(scene, n), load_scenario("table_setting")
    simulation.begin(draws[:n])
    before = simulation.state
    with pytest.raises(ValueError, match="a model of another scene"):
        simulation.begin([drawing.nominal(other)], [0])
    np.testing.assert_array_equal(simulation.state, before)
    simulation.begin([draws[n - 1]], [n - 1])  # and all goes on as if it had not been tried
    simulation.step(actions[0, :n])


def test_what_is_no_part_of_a_state_is_not_live(scene):
    for n in (1, 2):
        with pytest.raises(ValueError, match=r"There is no live field 'xpos'.*qpos"):
            Simulation(scene, n).live("xpos")


def crowded(memory: str):
    """Stands for a scene: sixty boxes that fall onto each other, and memory for the contacts of some of them."""
    boxes = "".join(
        f"<body pos='{0.021 * (i % 4)} {0.023 * (i // 4 % 4)} {0.1 + 0.12 * (i // 16) + 0.05 * (i % 3)}'><freejoint/>"
        "<geom type='box' size='.03 .03 .03' condim='4'/></body>"
        for i in range(60)
    )
    model = mujoco.MjModel.from_xml_string(
        f"<mujoco><size memory='{memory}'/><worldbody><geom type='plane' size='9 9 .1'/><site name='s'/>{boxes}</worldbody>"
        "<sensor><framepos objtype='site' objname='s'/></sensor></mujoco>"
    )
    return SimpleNamespace(model=model, n_substeps=8, n_actions=0, robot=SimpleNamespace(base="planted"))


@pytest.mark.parametrize("memory", [f"{kibibytes}K" for kibibytes in range(150, 470, 20)])
def test_contacts_that_memory_does_not_hold_are_told_in_the_same_step_alone_and_among_others(memory):
    """They are met first by the look after a period, which must not say it before the others do."""
    full = crowded(memory)
    one, many = OneCopy(full), ManyCopies(full, 2, 1)
    data, state = mujoco.MjData(full.model), np.empty(mujoco.mj_stateSize(full.model, STATE))
    mujoco.mj_getState(full.model, data, state, STATE)
    one.put(np.array([0]), [full.model], [state])
    many.put(np.arange(2), [full.model] * 2, [state] * 2)
    for _ in range(60):
        ends = []
        for period, n in ((one, 1), (many, 2)):
            try:
                period.play(np.zeros((n, 0)), None)
                ends.append((bool(period.fallen()[0]), period.state_of(0).tobytes(), period.trace[0].tobytes()))
            except (mujoco.FatalError, mujoco.batch.SimulationError):
                ends.append((True, b"", b""))
        assert ends[0] == ends[1]
        if ends[0][0]:
            return
    raise AssertionError("the memory was never full")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_action_that_is_not_finite_is_refused_before_anything_moves(scene, draws, actions, bad):
    simulation = Simulation(scene, COPIES)
    simulation.begin(draws)
    before = simulation.state.copy()
    action = actions[0].copy()
    action[3, 2] = bad
    with pytest.raises(ValueError, match="not finite"):
        simulation.step(action)
    np.testing.assert_array_equal(simulation.state, before)


def test_simulated_time_is_control_time(scene, played):
    np.testing.assert_allclose(played[0][:, 0, 0], np.arange(STEPS + 1) / 30, rtol=0, atol=1e-9)


def test_the_pelvis_carries_the_robot(scene, draws):
    """The readings agree with physics: the wrench under the pelvis is the weight of all that moves above it."""
    simulation = Simulation(scene, 1)
    simulation.begin([drawing.nominal(scene)])
    for _ in range(3):
        readings = simulation.step(scene.ready_ctrl[None].astype(np.float32))
    force = scene.schema.observations["observation.wrench"].read(readings)[0, :3]
    model = scene.model
    moving = [i for i in range(model.nbody) if "/" not in model.body(i).name and model.body(i).name != "world"]
    weight = 9.81 * model.body_mass[moving].sum()
    assert np.linalg.norm(force) == pytest.approx(weight, rel=0.02)


def test_data_of_a_copy_is_that_copy(scene, draws, actions, played):
    simulation = Simulation(scene, COPIES)
    simulation.begin(draws)
    simulation.step(actions[0])
    model, data = simulation.data(4)
    assert model is draws[4].model
    state = np.empty(mujoco.mj_stateSize(model, STATE))
    mujoco.mj_getState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    nq = model.nq
    np.testing.assert_array_equal(state[1 : 1 + nq], played[0][1, 4][1 : 1 + nq])
