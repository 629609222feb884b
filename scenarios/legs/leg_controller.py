"""What every controller of a robot's legs has: how it sees its own body, infers what bears on it, and gives up as it falls."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np

from ..robots.legged import FREE, HEIGHT, memory_size, motor
from ..robots.mobile import JOINTS
from ..robots.robot import Robot
from .footsteps import Commanded
from .remembered import Memory

N = 18  # accelerations of pelvis (6) and legs (12)
G = 9.81  # m/s2


@dataclass(frozen=True)
class BodyNow:
    """The robot's body as its own model has it at one state: what the controller reckons with, and what is judged of it."""

    mass: np.ndarray  # (18, nv)
    bias: np.ndarray  # (18,)
    feet: np.ndarray  # (2, 6, 18) Jacobians of the foot points
    drift: np.ndarray  # (2, 6) of them: Jdot v
    places: np.ndarray  # (2, 3)
    turns: np.ndarray  # (2, 3, 3)
    com: np.ndarray  # (3,)


@dataclass(frozen=True)
class Instant:
    """What a controller decides by at an instant of control."""

    memory: Memory
    seen: BodyNow
    qpos: np.ndarray  # of the scene
    qvel: np.ndarray
    mark: Commanded
    time: float  # s
    first: bool  # instant of all


class LegController(ABC):
    """A controller of a robot's legs in a scene's model.

    Args:
        robot: on its legs; model: of the scene, of which the robot's own joints come first.
        every: physics steps from one instant of control to the next; timestep [s].
    """

    def __init__(self, robot: Robot, model: mujoco.MjModel, every: int, timestep: float):
        self.sheet = legs = robot.legs
        self._model = robot.spec().compile()
        self._data = mujoco.MjData(self._model)
        self.nq, self.nv = self._model.nq, self._model.nv
        if model.joint(0).name != FREE or model.nuserdata != memory_size(self.nv, robot.policy):
            raise ValueError("a model of another robot than the one that is to stand in it")
        self.every, self.dt = every, every * timestep
        self.motors = slice(
            model.actuator(motor(legs["joints"][0])).id, model.actuator(motor(legs["joints"][-1])).id + 1
        )
        self._height = model.actuator(HEIGHT).id
        self._lowest = float(np.float32(legs["height"]["lowest"]))  # as a command has it; the engine bounds the other commands so
        self.peak = model.actuator_ctrlrange[self.motors, 1].copy()
        self._bodies = [self._model.body(name).id for name in legs["feet"]]
        self._point = np.array([0.0, 0.0, float(robot.sheet["sole"]["z"])])
        self._full = np.zeros((self.nv, self.nv))
        self._j, self._bias = np.zeros((2, 3, self.nv)), np.zeros(self.nv)
        self._damping = self._model.dof_damping[:N].copy()
        self.weight = G * float(self._model.body_subtreemass[0])
        self._mark = [(self._model.joint(name).qposadr[0], self._model.joint(name).dofadr[0]) for name in JOINTS[:3]]
        self._stands = float(self._model.qpos0[2])
        self.watch: Callable[[Memory], None] | None = None  # called at each instant of control with what was inferred

    def __call__(
        self,
        model: mujoco.MjModel,
        qpos: np.ndarray,
        qvel: np.ndarray,
        ctrl: np.ndarray,
        userdata: np.ndarray,
        time: float,
    ) -> None:
        """Command the motors, in `ctrl`, for the next instants, and remember, in `userdata`."""
        memory = Memory(userdata)
        if not memory.fallen[0]:
            self._control(model, qpos, qvel, ctrl, memory, time)
        if self.watch is not None:
            self.watch(memory)

    def _control(
        self, model: mujoco.MjModel, qpos: np.ndarray, qvel: np.ndarray, ctrl: np.ndarray, memory: Memory, time: float
    ) -> None:
        mark = self.mark(qpos, qvel)
        self._track(memory, min(max(float(ctrl[self._height]), self._lowest), -self._lowered(memory)))
        tilt = math.acos(min(1.0, max(-1.0, 1.0 - 2.0 * (qpos[4] ** 2 + qpos[5] ** 2))))
        low = self._stands + memory.height[1] - qpos[2]
        if not math.isfinite(tilt + low) or tilt > self.sheet["fallen"]["tilt"] or low > self.sheet["fallen"]["drop"]:
            memory.fallen[0], ctrl[self.motors] = time if time > 0.0 else self.dt, 0.0
            return
        seen = self.see(qpos, qvel)
        first = not memory.begun[0]
        if first:
            memory.begun[0] = 1.0
            memory.stood[:] = mark.x, mark.y, mark.yaw
            memory.facing[:] = mark.yaw, 0.0
            for k in range(2):
                memory.feet[4 * k : 4 * k + 4] = *seen.places[k], yaw_of(seen.turns[k])
        else:
            self._infer(memory, seen, qpos, qvel, ctrl[self.motors])
        memory.speed[: self.nv] = qvel[: self.nv]
        torque = self._torque(Instant(memory, seen, qpos, qvel, mark, time, first))
        if torque is None:
            memory.failed[0] += 1.0
        else:
            ctrl[self.motors] = np.clip(torque, -self.peak, self.peak)

    @abstractmethod
    def _torque(self, now: Instant) -> np.ndarray | None:
        """(12,) Nm that the motors shall give; None where there is no answer, and they go on as they did."""

    def _lowered(self, memory: Memory) -> float:
        """How much lower than standing the pelvis is at least [m]."""
        return 0.0

    def mark(self, qpos: np.ndarray, qvel: np.ndarray) -> Commanded:
        """Where the robot is commanded to be."""
        (x, vx), (y, vy), (yaw, vyaw) = ((float(qpos[a]), float(qvel[v])) for a, v in self._mark)
        return Commanded(x, y, yaw, vx, vy, vyaw)

    def see(self, qpos: np.ndarray, qvel: np.ndarray) -> BodyNow:
        """The robot's own body in a state of the scene."""
        m, d = self._model, self._data
        d.qpos[:], d.qvel[:] = qpos[: self.nq], qvel[: self.nv]
        mujoco.mj_kinematics(m, d)
        mujoco.mj_comPos(m, d)
        mujoco.mj_makeM(m, d)
        mujoco.mj_comVel(m, d)
        mujoco.mj_fullM(m, d, self._full)
        mujoco.mj_rne(m, d, 0, self._bias)
        v = d.qvel[:N]
        jacobians, drift, places, turns = np.zeros((2, 6, N)), np.zeros((2, 6)), np.zeros((2, 3)), np.zeros((2, 3, 3))
        for k, body in enumerate(self._bodies):
            turns[k] = d.xmat[body].reshape(3, 3)
            places[k] = d.xpos[body] + turns[k] @ self._point
            mujoco.mj_jac(m, d, self._j[0], self._j[1], places[k], body)
            jacobians[k, :3], jacobians[k, 3:] = self._j[0, :, :N], self._j[1, :, :N]
            mujoco.mj_jacDot(m, d, self._j[0], self._j[1], places[k], body)
            drift[k, :3], drift[k, 3:] = self._j[0, :, :N] @ v, self._j[1, :, :N] @ v
        return BodyNow(
            self._full[:N].copy(),
            self._bias[:N] + self._damping * v,
            jacobians,
            drift,
            places,
            turns,
            d.subtree_com[0].copy(),
        )

    def _track(self, memory: Memory, wanted: float) -> None:
        """The height that is tracked: slewed, then critically damped within its acceleration, as base=mobile follows it."""
        law, dt, (target, z, speed) = self.sheet["height"], self.dt, memory.height
        target += min(max(wanted - target, -law["speed"] * dt), law["speed"] * dt)
        push = law["answer"] ** 2 * (target - z) - 2.0 * law["answer"] * speed
        push = min(max(push, -law["acceleration"]), law["acceleration"])
        speed += dt * push
        memory.height[:] = target, z + dt * speed, speed
        self._rise = push

    def _infer(self, memory: Memory, seen: BodyNow, qpos: np.ndarray, qvel: np.ndarray, torque: np.ndarray) -> None:
        """Wrench on either sole from the rows of its leg, and what else bears on the pelvis from those of the pelvis."""
        a = (qvel[: self.nv] - memory.speed[: self.nv]) / self.dt
        load = seen.mass @ a + seen.bias
        rest = load[:6].copy()
        for k in range(2):
            leg = slice(6 + 6 * k, 12 + 6 * k)
            f = np.linalg.solve(seen.feet[k][:, leg].T, load[leg] - torque[6 * k : 6 * k + 6])
            memory.wrench[6 * k : 6 * k + 6] = f
            rest -= seen.feet[k][:, :6].T @ f
        memory.outside += (rest - memory.outside) * self.dt / (self.sheet["observer"] + self.dt)
        memory.lasting += (rest - memory.lasting) * self.dt / (self.sheet["lean"]["slow"] + self.dt)


def yaw_of(turn: np.ndarray) -> float:
    """Where a body faces [rad], by its rotation (3, 3)."""
    return math.atan2(turn[1, 0], turn[0, 0])
