"""The same commands played by the robot on its own legs: what it did, for the checks of `checks/standing.py`."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Mapping
from functools import lru_cache

import mujoco
import numpy as np

from ....scenarios.draws.variation import Draw, of_values
from ....scenarios.legs.footsteps import SINGLE, STAND, TRANSFER
from ....scenarios.legs.leg_controller import LegController
from ....scenarios.legs.remembered import Memory, PolicyMemory
from ....scenarios.legs.walking_policy import LIFTED
from ....scenarios.parts.pose import matrix_of
from ....scenarios.robots.leg_policy import LegPolicy
from ....scenarios.robots.legged import motor
from ....scenarios.robots.robot import Robot, load_robot
from ....scenarios.robots.robot_folder import LEGS
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.scalar_goal import OneEpisode
from ....scenarios.stepping.carrier import LinkCarrier
from ....scenarios.stepping.simulation import Simulation
from ...checks.finding import Finding
from ...checks.outcome import outcome_of, there_at_end
from ...checks.standing import GAINS, PRESENT, Stood, check_standing, not_asked
from ..facts.results import Judged

SMOOTH = 0.05  # s, over which the pressure point is averaged, as `tipping` does


def legs_stage(judged: Judged, policy: LegPolicy | None = None) -> list[Finding]:
    """`legs.*` of one recording; part of its verdict where that was made on legs.

    A policy is played as its sheet says: its gains are no guess of ours, so no others are tried.

    Args:
        policy: by which a recording that was not made on legs is tried.
    """
    scene, rules, shown = judged.scene, judged.rules, judged.rollouts.shown
    if judged.context.embodiment is not None or not (scene.robot.folder / LEGS).is_file():
        return not_asked(rules, "no_leg_controller")
    if shown is None:
        return not_asked(rules, "not_run")
    if scene.robot.base == "legs":
        policy = scene.robot.policy
    gains = GAINS if policy is None else {PRESENT: GAINS[PRESENT]}
    runs = {word: stand(on_legs(scene, factor, policy), scene, shown.draw, shown.actions) for word, factor in gains.items()}
    return check_standing(runs, rules, made=scene.robot.base == "legs")


@lru_cache(maxsize=6)
def on_legs(scene: Scene, factor: float = GAINS[PRESENT], policy: LegPolicy | None = None) -> Scene:
    """The scene with its robot on its legs, every stiffness of its controller multiplied, and its damping by the root; or with a policy."""
    own = load_robot(scene.robot.name, scene.robot.hand, "legs", policy)
    if policy is not None:
        return Scene(scene.config, own)
    robot: Robot = copy.copy(own)  # which all scenes share, with its own gains
    gains = {name: [factor * kp, math.sqrt(factor) * kd] for name, (kp, kd) in robot.legs["gains"].items()}
    robot.__dict__["legs"] = {**robot.legs, "gains": gains}
    return Scene(scene.config, robot)


def start_on_legs(legs: Scene, scene: Scene, draw: Draw) -> Draw:
    """The draw on legs: the same values, and all else where it was at the start."""
    own = of_values(legs, draw.values, draw.task)
    if scene.robot.base == "legs":
        return Draw(own.values, own.task, own.model, draw.start_state)
    there, here = draw.data(), own.data()
    theirs, moved = _joints(draw.model), {*scene.robot.base_joints, *scene.robot.joints_of("legs")}
    for key, j in _joints(own.model).items():
        if key in theirs and key not in moved:
            ours, other = here.joint(j), there.joint(theirs[key])
            ours.qpos[:], ours.qvel[:] = other.qpos, other.qvel
    here.ctrl[legs.n_own :] = there.ctrl[scene.n_own :]
    here.time = there.time
    return own.starting_as(here)


def _joints(model: mujoco.MjModel) -> dict[str | tuple[str, int], int]:
    """Each joint by its name; those of a cloth's points, which have none, by their body and their number there."""
    found: dict[str | tuple[str, int], int] = {}
    for j, body in enumerate(model.jnt_bodyid):
        found[model.joint(j).name or (model.body(body).name, j - int(model.body_jntadr[body]))] = j
    return found


def commands_on_legs(legs: Scene, scene: Scene, actions: np.ndarray) -> np.ndarray:
    """(T, n) the commands in the order of the legs' action; what nobody commands of the base stays at zero."""
    names, still = list(scene.schema.action.names), legs.robot.base_names
    out = np.zeros((len(actions), legs.n_actions), np.float32)
    for j, name in enumerate(legs.schema.action.names):
        if name in names:
            out[:, j] = actions[:, names.index(name)]
        elif name not in still:
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
    memory, qpos, qvel = (Memory(simulation.live("userdata")[0]), *(simulation.live(name)[0] for name in ("qpos", "qvel")))
    torque, stood = np.zeros((n * substeps, motors.stop - motors.start)), np.zeros(n + 1)
    push, slid, steps = np.zeros((n + 1, 3)), _Slid(), 0
    balance, soles, high = simulation.balance, list[np.ndarray](), float(model.qpos0[2])
    assert balance is not None
    beyond = list[np.ndarray]()
    since: float | None = None

    def watch(now: Memory) -> None:
        soles.append(rooms(now, legs))
        if robot.policy is not None:
            asked = np.abs(PolicyMemory(now.userdata, robot.policy, balance.nv).asked)
            beyond.append(np.maximum(asked - balance.peak, 0.0))

    balance.watch = watch
    feet = [legs.layout.begins[f"body_position({name})"] for name in robot.legs["feet"]]
    hands, tcp = np.zeros((n + 1, 2)), [legs.layout.begins[f"site_position({side}_tcp)"] for side in ("left", "right")]
    for t in range(n + 1):
        phase = int(memory.phase[0])
        own, mark = matrix_of(qpos[3:7]), balance.mark(qpos, qvel)
        wanted, fixed = np.array([mark.x, mark.y, high + memory.height[1]]), _upright(mark.yaw)
        if phase == STAND:
            stood[t] = np.linalg.norm(qpos[:3] - wanted)
            for k, at in enumerate(tcp):
                point = readings.value[0, at : at + 3]
                hands[t, k] = np.linalg.norm(point - (wanted + fixed @ own.T @ (point - qpos[:3])))
        push[t] = fixed.T @ memory.outside[:3]
        slid.see([readings.value[0, at : at + 2].copy() for at in feet], _lifted(memory, robot, balance))
        if t < n:
            action = commands_on_legs(legs, scene, actions[t : t + 1])
            readings = simulation.step(action if carrier is None else carrier.carried(action, [0]))
            torque[t * substeps : (t + 1) * substeps] = simulation.trace[0][:, columns]
            carry = advance(carry, readings)
            steps += phase != SINGLE and int(memory.phase[0]) == SINGLE
            if since is None and robot.policy is not None and memory.failed[0]:
                since = t * legs.control_timestep
    outcome = outcome_of(legs.course, carry, bool(simulation.unstable[0]))
    there = there_at_end(outcome)
    missed = outcome["failure"] or next((name for name in outcome["subgoals"] if name not in there), None)
    limits = [robot.limits[name]["torque"] for name in robot.legs["joints"]]
    floor, of_soles = float(memory.feet[2]), np.array(soles).reshape(-1, 5)
    return Stood(
        controller=robot.legs_controller,
        policy=None if robot.policy is None else robot.policy.named,
        beyond=np.array(beyond) if beyond else None,
        unanswered=0 if robot.policy is None else int(memory.failed[0]),
        since=since,
        dt=legs.control_timestep,
        substeps=substeps,
        fallen=float(memory.fallen[0]) or None,
        push=push,
        joints=tuple(robot.legs["joints"]),
        torque=torque,
        peak=np.array([float(one["peak"]) for one in limits]),
        limit=np.array([float(one["limit"]) for one in limits]),
        slid=np.array(slid.far),
        pelvis=stood,
        hands=hands.max(axis=1),
        room=smooth(of_soles[:, :4], balance.dt),
        load=of_soles[:, 4],
        steps=steps,
        instants=substeps // balance.every,
        high=max(0.3, float(readings.value[0, tcp[0] + 2]) - floor),
        success=bool(outcome["success"]) if legs.goal else None,
        missed=missed if legs.goal and not outcome["success"] else None,
    )


def _lifted(memory: Memory, robot: Robot, balance: LegController) -> tuple[int, ...]:
    """Which feet are in the air: as the controller has it, or as a policy's soles bear."""
    if robot.policy is None:
        return (int(memory.phase[2]),) if memory.phase[0] == SINGLE else ()
    borne = PolicyMemory(memory.userdata, robot.policy, balance.nv).borne
    return tuple(k for k in range(2) if borne[k] <= LIFTED)


class _Slid:
    """How far each foot is from where it was set down, seen from above; a foot in the air is not."""

    def __init__(self) -> None:
        self.far: list[float] = []
        self._stood: list[np.ndarray | None] = [None, None]

    def see(self, places: list[np.ndarray], lifted: Collection[int]) -> None:
        """Take in x and y of either ankle [m], and which feet are in the air."""
        most = 0.0
        for k, place in enumerate(places):
            stood = self._stood[k]
            if k in lifted:
                self._stood[k] = None
            elif stood is None:
                self._stood[k] = place
            else:
                most = max(most, float(np.hypot(*(place - stood))))
        self.far.append(most)


def _upright(yaw: float) -> np.ndarray:
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def rooms(memory: Memory, legs: Scene) -> np.ndarray:
    """(5,) room of the pressure point ahead, back, left, right [m], and the load of the soles [N]; nan where it is not known.

    Forward the ankles' peak torque or the toes bind, else the soles' edges. On one foot they are that foot's. While the weight goes from
    one sole to the other nothing is known of a rectangle.
    """
    wrench, feet, footing, phase = memory.wrench.reshape(2, 2, 3), memory.feet.reshape(2, 4), legs.footing, int(memory.phase[0])
    standing = [1 - int(memory.phase[2])] if phase == SINGLE else [0, 1]
    up = float(wrench[standing, 0, 2].sum())
    if up < 1.0 or phase == TRANSFER:
        return np.array([*[np.nan] * 4, max(up, 1.0)])
    middle = feet[standing, :3].mean(axis=0)
    moment = wrench[standing, 1].sum(axis=0) + np.cross(feet[standing, :3] - middle, wrench[standing, 0]).sum(axis=0)
    yaw = feet[standing[0], 3] + (0.0 if phase == SINGLE else 0.5 * math.remainder(feet[1, 3] - feet[0, 3], math.tau))
    x, y, _ = _upright(yaw).T @ np.array([-moment[1] / up, moment[0] / up, 0.0])
    low, high = legs.robot.sheet["sole"]["y"]
    left, right, ankles = (high, -low, 0.5) if phase == SINGLE else (footing.left, footing.right, 1.0)
    ahead = min(footing.front, ankles * footing.peak / up)
    return np.array([ahead - x, footing.back + x, left - y, right + y, up])


def smooth(room: np.ndarray, dt: float) -> Mapping[str, np.ndarray]:
    """Side -> (n,) mean of the room (n, 4) over the last `SMOOTH`; nan where one of them is."""
    width = max(1, round(SMOOTH / dt))
    out = np.full(room.shape, np.nan)
    if len(room) >= width:
        out[width - 1 :] = np.lib.stride_tricks.sliding_window_view(room, width, axis=0).mean(axis=-1)
    return dict(zip(("forward", "back", "left", "right"), out.T))
