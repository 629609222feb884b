"""What reacts between control steps: seen by goals, kept in the state, the same for one copy and for many."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.replay.rollout import rollout
from shiliu.replay.rollout.episode import episode_of
from shiliu.replay.rollout.substeps import trace
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sensing.reaction import add_memory, memory
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.stepping.simulation import Simulation

CLAW = Request("tendon_position", "left_percent")
PUSH, WAIT = 5.0, 7  # N that the slider is pushed with once the claw has been half closed for so many control steps


class Pusher:
    """Counts the control steps in which the left claw is half closed, then pushes a slider."""

    actuators = ("push", "count")

    def compile_into(self, spec):
        slider = spec.worldbody.add_body(name="slider", pos=[2, 0, 1], gravcomp=1)
        slider.add_joint(name="slide", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[1, 0, 0])
        slider.add_geom(size=[0.05, 0, 0], mass=1.0, contype=0, conaffinity=0)
        add_memory(spec, "count")
        spec.add_actuator(name="push", target="slide", trntype=mujoco.mjtTrn.mjTRN_JOINT).gainprm[0] = 1.0

    def requests(self):
        return [CLAW, memory("count"), Request("joint_position", "slide")]

    def start(self, values):
        return np.array([0.0, 0.0])

    def react(self, readings, ctrl):
        count = np.where(readings.first(CLAW) > 50.0, ctrl[:, 1] + 1, ctrl[:, 1])
        return np.stack([np.where(count >= WAIT, PUSH, 0.0), count], axis=-1)


class Pushed(Scene):
    def _read_reactions(self, names):
        return [Pusher()]


@pytest.fixture(scope="module")
def pushed() -> Scene:
    plain = load_scenario("bare")
    return Pushed(plain.config, plain.robot)


def commands(scene, n: int, steps: int = 40) -> np.ndarray:
    """(T, n, k): copy i closes its left claw at step 2 i and holds it closed."""
    column = scene.schema.action.names.index("left_claw")
    actions = np.tile(scene.ready_ctrl, (steps, n, 1)).astype(np.float32)
    for i in range(n):
        actions[2 * i :, i, column] = 90.0
    return actions


def play(scene, actions, threads=1, ids=None):
    n = actions.shape[1]
    simulation = Simulation(scene, n, threads)
    simulation.begin([drawing.nominal(scene)] * n)
    seen, states = [], [simulation.state.copy()]
    for action in actions:
        rows = action if ids is None else action[ids]
        seen.append(simulation.step(rows, ids).value.copy())
        states.append(simulation.state.copy())
    return np.array(seen), np.array(states)


def test_the_robots_actuators_come_first_and_are_all_that_an_action_fills(pushed):
    names = [pushed.model.actuator(i).name for i in range(pushed.model.nu)]
    assert names[: pushed.n_actions] == list(pushed.schema.action.names)
    assert set(names[pushed.n_actions :]) == {"push", "count"} and pushed.reactions.extra == 2


def test_it_answers_after_so_many_steps_and_not_before(pushed):
    seen, _ = play(pushed, commands(pushed, 1))
    slide = seen[:, 0, pushed.layout.slices["joint_position(slide)"]][:, 0]
    count = seen[:, 0, pushed.layout.slices[memory("count").name]][:, 0]
    # what was decided after step t is felt in step t + 1: the first period in which the memory reads WAIT is the first push
    begun = int(np.argmax(count == WAIT))
    assert begun > 0 and (slide[:begun] == 0).all() and slide[begun] > 0
    t = 3 * pushed.control_timestep
    assert slide[begun + 2] == pytest.approx(0.5 * PUSH * t**2, rel=0.1)  # F = m a, with a mass of 1 kg
    never, _ = play(pushed, np.tile(pushed.ready_ctrl, (40, 1, 1)).astype(np.float32))
    assert (never[:, 0, pushed.layout.slices["joint_position(slide)"]] == 0).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_each_of_many_equals_one_alone(pushed, threads):
    actions = commands(pushed, 3)
    seen, states = play(pushed, actions, threads)
    for i in range(3):
        alone, state = play(pushed, actions[:, i : i + 1])
        np.testing.assert_array_equal(alone[:, 0], seen[:, i])
        np.testing.assert_array_equal(state[:, 0], states[:, i])
    some, _ = play(pushed, actions, threads, ids=np.array([0, 2]))
    np.testing.assert_array_equal(some[:, [0, 2]], seen[:, [0, 2]])


def test_it_goes_on_from_a_state_to_the_bit(pushed):
    actions = commands(pushed, 1)
    _, states = play(pushed, actions)
    nominal = drawing.nominal(pushed)
    for begin in (3, 9, 20):  # before it has counted to the end, and after
        simulation = Simulation(pushed, 1)
        simulation.begin([drawing.Draw(nominal.values, nominal.task, nominal.model, states[begin, 0])])
        for action in actions[begin:]:
            simulation.step(action)
        np.testing.assert_array_equal(simulation.state[0], states[-1, 0])


def test_a_command_for_each_physics_step_leaves_it_alone(pushed):
    actions = commands(pushed, 1)
    seen, _ = play(pushed, actions)
    simulation = Simulation(pushed, 1)
    simulation.begin([drawing.nominal(pushed)])
    for t, action in enumerate(actions):
        readings = simulation.step(np.repeat(action[:, None], pushed.n_substeps, axis=1))
        np.testing.assert_array_equal(readings.value[0], seen[t, 0])


def test_a_memory_moves_nothing(pushed):
    data = mujoco.MjData(pushed.model)
    data.ctrl[pushed.model.actuator("count").id] = 1e6
    mujoco.mj_forward(pushed.model, data)
    assert np.abs(data.qfrc_actuator).max() < 1e3  # of the arms, which hold their pose
    still = mujoco.MjData(pushed.model)
    mujoco.mj_forward(pushed.model, still)
    np.testing.assert_array_equal(data.qacc, still.qacc)


def test_between_control_steps_what_reacts_is_seen_as_it_was_played(pushed):
    draw, actions = drawing.nominal(pushed), commands(pushed, 1)[:, 0]
    (played,) = rollout.play(pushed, [rollout.Take(draw, actions)])
    seen = trace(pushed, episode_of(pushed, played), 1.0 / pushed.timestep)
    slide = draw.model.joint("slide").qposadr[0]
    assert played.qpos[-1, slide] > 0.0, "it was pushed"
    assert seen.qpos.tobytes() == played.qpos.tobytes()
    wrist = played.qpos[:, draw.model.joint(pushed.robot.joint_names[0]).qposadr[0]]
    assert seen.q[:: pushed.n_substeps, 0].tobytes() == wrist.tobytes()
