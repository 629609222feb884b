"""The same commands played by the robot on its own legs: what it did, for the checks of `checks/standing.py`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import mujoco
import numpy as np

from ....scenarios.draws.variation import Draw, of_values
from ....scenarios.legs.balance import Memory
from ....scenarios.robots.legged import HEIGHT, motor
from ....scenarios.robots.mobile import COMMANDS
from ....scenarios.robots.robot import Robot, load_robot
from ....scenarios.robots.robot_folder import LEGS
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.requests import Readings
from ....scenarios.sensing.scalar_goal import OneEpisode
from ....scenarios.stepping.carrier import LinkCarrier
from ....scenarios.stepping.simulation import Simulation
from ...checks.finding import Finding
from ...checks.outcome import outcome_of
from ...checks.standing import GAINS, PRESENT, Stood, check_standing, not_asked
from ..facts.results import Judged

STATE = mujoco.mjtState.mjSTATE_INTEGRATION
WALKS = "walks"  # the reason where its base was commanded to go somewhere
SMOOTH = 0.05  # s, over which the pressure point is averaged, as `tipping` does


def legs_stage(judged: Judged) -> list[Finding]:
    """`legs.*` of one recording; part of its verdict where that was made on legs."""
    scene, rules, shown = judged.scene, judged.rules, judged.rollouts.shown
    if judged.context.embodiment is not None or not (scene.robot.folder / LEGS).is_file():
        return not_asked(rules, "no_leg_controller")
    if shown is None:
        return not_asked(rules, "not_run")
    names = scene.schema.action.names
    goes = [names.index(name) for name in COMMANDS[:3] if name in names]
    if goes and np.abs(shown.actions[:, goes]).max(initial=0.0) > 0.0:
        return not_asked(rules, WALKS)
    runs = {word: stand(on_legs(scene, factor), scene, shown.draw, shown.actions) for word, factor in GAINS.items()}
    return check_standing(runs, rules, made=scene.robot.base == "legs")


@lru_cache(maxsize=6)
def on_legs(scene: Scene, factor: float = GAINS[PRESENT]) -> Scene:
    """The scene with its robot on its legs, every stiffness of its controller multiplied, and its damping by the root."""
    robot: Robot = load_robot(scene.robot.name, scene.robot.hand, "legs")
    gains = {name: [factor * kp, math.sqrt(factor) * kd] for name, (kp, kd) in robot.legs["gains"].items()}
    robot.__dict__["legs"] = {**robot.legs, "gains": gains}
    return Scene(scene.config, robot)


def start_on_legs(legs: Scene, scene: Scene, draw: Draw) -> Draw:
    """The draw on legs: the same values, and all else where it was at the start."""
    own = of_values(legs, draw.values, draw.task)
    if scene.robot.base == "legs":
        return Draw(own.values, own.task, own.model, draw.start_state)
    there, here = mujoco.MjData(draw.model), mujoco.MjData(own.model)
    mujoco.mj_setState(draw.model, there, draw.start_state, STATE)
    mujoco.mj_setState(own.model, here, own.start_state, STATE)
    theirs = {draw.model.joint(j).name for j in range(draw.model.njnt)} - set(scene.robot.base_joints)
    for j in range(own.model.njnt):
        name = own.model.joint(j).name
        if name in theirs - set(scene.robot.joints_of("legs")):
            here.joint(name).qpos[:], here.joint(name).qvel[:] = there.joint(name).qpos, there.joint(name).qvel
    here.ctrl[legs.n_own :] = there.ctrl[scene.n_own :]
    here.time = there.time
    state = np.empty(own.start_state.shape)
    mujoco.mj_getState(own.model, here, state, STATE)
    return Draw(own.values, own.task, own.model, state)


def commands_on_legs(legs: Scene, scene: Scene, actions: np.ndarray) -> np.ndarray:
    """(T, n) the commands in the order of the legs' action; a height that nobody commands stays at zero."""
    names = list(scene.schema.action.names)
    out = np.zeros((len(actions), legs.n_actions), np.float32)
    for j, name in enumerate(legs.schema.action.names):
        if name in names:
            out[:, j] = actions[:, names.index(name)]
        elif name != HEIGHT:
            raise ValueError(f"{name} is no command of the recording's base")
    return out


def stand(legs: Scene, scene: Scene, draw: Draw, actions: np.ndarray) -> Stood:
    """Play the commands of a take on legs.

    Args:
        legs: as `on_legs` makes it of `scene`; draw: of `scene`; actions: (T, k) of it.
    """
    robot, start = legs.robot, start_on_legs(legs, scene, draw)
    model, n, substeps = start.model, len(actions), legs.n_substeps
    simulation = Simulation(legs)
    readings = simulation.begin([start])
    carrier = None if legs.config.link.local else LinkCarrier(legs, 1)
    if carrier is not None:
        carrier.begin(0, simulation.live("ctrl")[0, : legs.n_actions], start.values)
    advance = OneEpisode(legs.course).advance
    carry = advance(legs.course.begin(1), readings)
    motors = slice(model.actuator(motor(robot.legs["joints"][0])).id, model.actuator(motor(robot.legs["joints"][-1])).id + 1)
    columns = [legs.layout.begins[f"actuator_force({motor(name)})"] for name in robot.legs["joints"]]
    home, memory = model.qpos0[:7], Memory(simulation.live("userdata")[0])
    qpos = simulation.live("qpos")[0]
    yaw = 2.0 * math.atan2(home[6], home[3])
    back = np.array([[math.cos(yaw), math.sin(yaw), 0.0], [-math.sin(yaw), math.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
    torque, stood = np.zeros((n * substeps, motors.stop - motors.start)), np.zeros((n + 1, 3))
    push, placed = (np.zeros((n + 1, k)) for k in (3, 4))
    balance, soles = simulation.balance, list[np.ndarray]()
    assert balance is not None
    balance.watch = lambda now: soles.append(np.array([*_pressure(now, back), now.wrench[2] + now.wrench[8]]))
    feet = [legs.layout.begins[f"body_position({name})"] for name in robot.legs["feet"]]
    hands, tcp = np.zeros((n + 1, 2)), [legs.layout.begins[f"site_position({side}_tcp)"] for side in ("left", "right")]
    for t in range(n + 1):
        turn, other = np.zeros(9), np.zeros(9)
        mujoco.mju_quat2Mat(turn, qpos[3:7])
        mujoco.mju_quat2Mat(other, home[3:7])
        own, fixed = turn.reshape(3, 3), other.reshape(3, 3)
        wanted = home[:3] + np.array([0.0, 0.0, memory.height[1]])
        stood[t] = qpos[:3] - wanted
        for k, at in enumerate(tcp):
            point = readings.value[0, at : at + 3]
            hands[t, k] = np.linalg.norm(point - (wanted + fixed @ own.T @ (point - qpos[:3])))
        push[t], placed[t] = back @ memory.outside[:3], _level(readings, feet)
        if t < n:
            action = commands_on_legs(legs, scene, actions[t : t + 1])
            readings = simulation.step(action if carrier is None else carrier.carried(action, [0]))
            torque[t * substeps : (t + 1) * substeps] = simulation.trace[0][:, columns]
            carry = advance(carry, readings)
    outcome = outcome_of(legs.course, carry, "unstable" if simulation.unstable[0] else None)
    limits = [robot.limits[name]["torque"] for name in robot.legs["joints"]]
    floor, of_soles = float(memory.feet[2]), np.array(soles).reshape(-1, 3)
    return Stood(
        controller=str(robot.legs["controller"]),
        dt=legs.control_timestep,
        substeps=substeps,
        fallen=float(memory.fallen[0]) or None,
        push=push,
        joints=tuple(robot.legs["joints"]),
        torque=torque,
        peak=np.array([float(one["peak"]) for one in limits]),
        limit=np.array([float(one["limit"]) for one in limits]),
        slid=_slid(placed),
        pelvis=np.linalg.norm(stood, axis=1),
        hands=hands.max(axis=1),
        room=_room(legs, of_soles[:, :2], of_soles[:, 2], balance.dt),
        load=of_soles[:, 2],
        instants=substeps // balance.every,
        high=max(0.3, float(readings.value[0, tcp[0] + 2]) - floor),
        success=bool(outcome["success"]) if legs.goal else None,
    )


def _level(readings: Readings, feet: list[int]) -> np.ndarray:
    """(4,) x and y of either ankle [m]."""
    return np.concatenate([readings.value[0, at : at + 2] for at in feet])


def _slid(placed: np.ndarray) -> np.ndarray:
    """(T+1,) of the foot that slid furthest from where it first stood, seen from above."""
    off = [np.linalg.norm(placed[:, k : k + 2] - placed[0, k : k + 2], axis=1) for k in (0, 2)]
    out: np.ndarray = np.max(off, axis=0)
    return out


def _pressure(memory: Memory, back: np.ndarray) -> np.ndarray:
    """(2,) where the floor presses, from the middle of the ankles, ahead and to the left [m]; nan before it is known."""
    force = memory.wrench.reshape(2, 2, 3)
    up = force[:, 0, 2].sum()
    if up < 1.0:
        return np.full(2, np.nan)
    feet = memory.feet.reshape(2, 4)
    middle = feet[:, :3].mean(axis=0)
    moment = force[:, 1].sum(axis=0) + np.cross(feet[:, :3] - middle, force[:, 0]).sum(axis=0)
    return (back @ np.array([-moment[1] / up, moment[0] / up, 0.0]))[:2]


def _room(legs: Scene, pressure: np.ndarray, load: np.ndarray, dt: float) -> Mapping[str, np.ndarray]:
    """Side -> (T+1,) [m] to what binds there: forward the ankles' peak torque or the toes, else the soles' edges."""
    footing, width = legs.footing, max(1, round(SMOOTH / dt))
    known = np.isfinite(pressure).all(axis=1)
    smooth = np.full(pressure.shape, np.nan)
    kernel = np.full(width, 1.0 / width)
    if known.sum() >= width:
        first = int(np.argmax(known))
        for axis in (0, 1):
            smooth[first + width - 1 :, axis] = np.convolve(np.nan_to_num(pressure[first:, axis]), kernel, "valid")
    ahead = np.minimum(footing.front, footing.peak / np.maximum(load, 1.0))
    return {
        "forward": ahead - smooth[:, 0],
        "back": footing.back + smooth[:, 0],
        "left": footing.left - smooth[:, 1],
        "right": footing.right + smooth[:, 1],
    }
