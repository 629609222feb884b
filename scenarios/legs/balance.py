"""What keeps a robot on its legs: a whole-body controller, a quadratic programme of inverse dynamics at each instant of control.

Unknowns are the accelerations of pelvis and legs (18) and the wrench of the floor on either sole (12); arms and head are taken
not to accelerate. The six rows of the pelvis hold exactly, M a + h = J^T f + d, with the outside wrench d; torques of the legs
stay within their peaks, each sole within friction and its edges. Within that, least squares of what is wanted: soles where they
stand, pelvis in its place, trunk upright, the height as commanded (Herzog et al. 2016, Autonomous Robots 40:473; Bouyarmane et
al. 2019, IEEE T-RO 35:64: weights instead of a hierarchy). d is inferred as a robot without sensors in its feet infers it, from its own
torques and accelerations. It knows its own model and state exactly, and nothing of the scene.

All that it remembers is `userdata`, a part of `mjSTATE_INTEGRATION`: a state that is put back goes on to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import daqp
import mujoco
import numpy as np

from ..robots.legged import FREE, HEIGHT, MEMORY, memory_size, motor
from ..robots.robot import Robot

N = 18  # accelerations of pelvis (6) and legs (12)
FORCE = 100.0  # N and Nm: what a unit of the programme's wrenches stands for
G = 9.81  # m/s2
_EQUAL = 5  # daqp: a row that is an equality


class Memory:
    """The controller's memory, live in the `userdata` of one copy.

    Attributes:
        begun: 1 once it has controlled; fallen: time [s] at which it gave up, 0 while it stands; failed: programmes without a solution.
        height: what is tracked: target, height [m] and speed [m/s]; lean: of the pelvis, level [m].
        outside, lasting: wrench on the pelvis of all but floor and weight, over `observer` and `lean.slow`.
        feet: x, y, z [m], yaw [rad] at which each sole stands.
        wrench: (12,) of the floor on either sole, inferred: force [N] and moment [Nm] about the ankle's foot point, in the world.
        speed: qvel of the instant before.
    """

    begun: np.ndarray
    fallen: np.ndarray
    failed: np.ndarray
    height: np.ndarray
    lean: np.ndarray
    outside: np.ndarray
    lasting: np.ndarray
    feet: np.ndarray
    wrench: np.ndarray
    speed: np.ndarray

    def __init__(self, userdata: np.ndarray):
        at = 0
        for name, size in MEMORY.items():
            setattr(self, name, userdata[at : at + size])
            at += size
        self.speed = userdata[at:]


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


class Balance:
    """The controller of a robot in a scene's model.

    Args:
        robot: on its legs; model: of the scene, of which the robot's own joints come first.
        substeps: physics steps of a control period; timestep [s].
    """

    def __init__(self, robot: Robot, model: mujoco.MjModel, substeps: int, timestep: float):
        self.sheet = legs = robot.legs
        self._model = robot.spec().compile()
        self._data = mujoco.MjData(self._model)
        self.nq, self.nv = self._model.nq, self._model.nv
        if model.joint(0).name != FREE or model.nuserdata != memory_size(self.nv):
            raise ValueError("a model of another robot than the one that is to stand in it")
        steps = [k for k in range(1, substeps + 1) if not substeps % k and 1.0 / (k * timestep) <= legs["rate"] * 1.001]
        self.every = steps[0] if steps else substeps
        self.dt = self.every * timestep
        self.motors = slice(
            model.actuator(motor(legs["joints"][0])).id, model.actuator(motor(legs["joints"][-1])).id + 1
        )
        self._height = model.actuator(HEIGHT).id
        self.peak = model.actuator_ctrlrange[self.motors, 1].copy()
        self._bodies = [self._model.body(name).id for name in legs["feet"]]
        sole = robot.sheet["sole"]
        self._point, self._x, self._y = np.array([0.0, 0.0, float(sole["z"])]), sole["x"], sole["y"]
        self._full = np.zeros((self.nv, self.nv))
        self._j, self._bias = np.zeros((2, 3, self.nv)), np.zeros(self.nv)
        self._damping = self._model.dof_damping[:N].copy()
        self.weight = G * float(self._model.body_subtreemass[0])
        self._rows = self._constraints()
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
        home, feet = model.qpos0[:7], self.sheet["feet"]
        self._track(memory, float(ctrl[self._height]))
        tilt = math.acos(min(1.0, max(-1.0, 1.0 - 2.0 * (qpos[4] ** 2 + qpos[5] ** 2))))
        low = home[2] + memory.height[1] - qpos[2]
        if not math.isfinite(tilt + low) or tilt > self.sheet["fallen"]["tilt"] or low > self.sheet["fallen"]["drop"]:
            memory.fallen[0], ctrl[self.motors] = time if time > 0.0 else self.dt, 0.0
            return
        seen = self.see(qpos, qvel)
        if not memory.begun[0]:
            memory.begun[0] = 1.0
            for k in range(len(feet)):
                memory.feet[4 * k : 4 * k + 4] = *seen.places[k], _yaw(seen.turns[k])
        else:
            self._infer(memory, seen, qpos, qvel, ctrl[self.motors])
        memory.speed[:] = qvel[: self.nv]
        solution = self._solve(memory, seen, qpos, qvel, home)
        if solution is None:
            memory.failed[0] += 1.0  # the motors go on as they did
            return
        a, f = solution
        torque = seen.mass[6:, :N] @ a + seen.bias[6:] - np.einsum("kij,ki->j", seen.feet, f)[6:]
        ctrl[self.motors] = np.clip(torque, -self.peak, self.peak)

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
        a = (qvel[: self.nv] - memory.speed) / self.dt
        load = seen.mass @ a + seen.bias
        rest = load[:6].copy()
        for k in range(2):
            leg = slice(6 + 6 * k, 12 + 6 * k)
            f = np.linalg.solve(seen.feet[k][:, leg].T, load[leg] - torque[6 * k : 6 * k + 6])
            memory.wrench[6 * k : 6 * k + 6] = f
            rest -= seen.feet[k][:, :6].T @ f
        memory.outside += (rest - memory.outside) * self.dt / (self.sheet["observer"] + self.dt)
        memory.lasting += (rest - memory.lasting) * self.dt / (self.sheet["lean"]["slow"] + self.dt)

    def _leaning(self, memory: Memory, seen: BodyNow, qpos: np.ndarray, level: np.ndarray) -> np.ndarray:
        """(2,) how far the pelvis gives way, in the world: as far as the static pressure point would leave its bounds.

        The floor's force goes through p with m g (c - p) + (b - p) x F + T = 0 about the level axes, F and T on the pelvis at b.
        """
        lean, ground = self.sheet["lean"], seen.places.mean(axis=0)
        turn = np.zeros(9)
        mujoco.mju_quat2Mat(turn, qpos[3:7])
        force, moment = memory.lasting[:3], turn.reshape(3, 3) @ memory.lasting[3:]
        b, c, up = qpos[:3] - ground, seen.com - ground, self.weight - force[2]
        if up > 0.2 * self.weight:
            p = np.array([
                self.weight * c[0] + b[2] * force[0] - b[0] * force[2] + moment[1],
                self.weight * c[1] + b[2] * force[1] - b[1] * force[2] - moment[0],
            ]) / up  # fmt: skip
            out = level.T @ (p - memory.lean)  # where it would be without what it leans already
            bounds = np.array([lean["ahead"], lean["aside"]])
            wanted = np.clip(np.clip(out, -bounds, bounds) - out, -lean["most"], lean["most"])
            memory.lean += (level @ wanted - memory.lean) * self.dt / (lean["slow"] + self.dt)
        return memory.lean

    def _solve(
        self, memory: Memory, seen: BodyNow, qpos: np.ndarray, qvel: np.ndarray, home: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """(18,) accelerations and (2, 6) wrenches on the soles [N, Nm]; None where there is none."""
        gains, weights = self.sheet["gains"], self.sheet["weights"]
        error = np.zeros(3)
        mujoco.mju_subQuat(error, qpos[3:7], home[3:7])  # in the frame of the pelvis, as its turning speed is
        yaw = 2.0 * math.atan2(home[6], home[3])
        level = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
        wanted = np.zeros(6)
        lean = self._leaning(memory, seen, qpos, level)
        kp, kd = gains["pelvis"]
        wanted[:2] = kp * (home[:2] + lean - qpos[:2]) - kd * qvel[:2]
        kp, kd = gains["height"]
        wanted[2] = kp * (home[2] + memory.height[1] - qpos[2]) + kd * (memory.height[2] - qvel[2]) + self._rise
        kp, kd = gains["trunk"]
        wanted[3:] = -kp * error - kd * qvel[3:6]
        own = np.array([weights["pelvis"]] * 2 + [weights["height"]] + [weights["trunk"]] * 3)
        hessian, linear = np.zeros((N + 12, N + 12)), np.zeros(N + 12)
        diagonal = np.full(N + 12, float(weights["acceleration"]))
        diagonal[:6] += own
        diagonal[N:] = np.tile([weights["force"]] * 3 + [weights["moment"]] * 3, 2)
        linear[:6] = -own * wanted
        kp, kd = gains["feet"]
        v = qvel[:N]
        for k in range(2):
            stood, off = memory.feet[4 * k : 4 * k + 4], np.zeros(6)
            off[:3] = seen.places[k] - stood[:3]
            slid = math.hypot(off[0], off[1])
            if slid > self.sheet["creep"]:  # it has slid: it stays where it is
                stood[:2] += off[:2] * (1.0 - self.sheet["creep"] / slid)
                off[:2] *= self.sheet["creep"] / slid
            off[2], off[5] = 0.0, math.remainder(_yaw(seen.turns[k]) - stood[3], math.tau)
            j = seen.feet[k]
            goal = -kp * off - kd * (j @ v) - seen.drift[k]
            hessian[:N, :N] += weights["feet"] * (j.T @ j)
            linear[:N] -= weights["feet"] * (j.T @ goal)
        hessian[np.diag_indices(N + 12)] += diagonal
        upper, lower, sense, rows = self._rows
        rows[:18, :N] = seen.mass[:, :N]
        for k in range(2):
            at = slice(N + 6 * k, N + 6 * k + 6)
            rows[:18, at] = -FORCE * seen.feet[k].T
            block = np.zeros((6, 6))
            block[:3, :3] = block[3:, 3:] = seen.turns[k].T
            rows[18 + 11 * k : 29 + 11 * k, at] = self._cone @ block
        upper[:6] = lower[:6] = memory.outside - seen.bias[:6]
        upper[6:18], lower[6:18] = self.peak - seen.bias[6:], -self.peak - seen.bias[6:]
        x, _, flag, _ = daqp.solve(hessian, linear, rows, upper, lower, sense)
        if flag < 1 or not np.isfinite(x).all():
            return None
        return x[:N], FORCE * x[N:].reshape(2, 6)

    def _constraints(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Upper and lower bounds, kinds and rows of the programme, of which those of the soles stay but for how these are turned."""
        edge, friction, spin = self.sheet["edge"], self.sheet["friction"] / math.sqrt(2.0), self.sheet["spin"]
        rows = [  # of (fx, fy, fz, mx, my, mz) in the frame of the sole, each at most zero
            [1, 0, -friction, 0, 0, 0], [-1, 0, -friction, 0, 0, 0], [0, 1, -friction, 0, 0, 0], [0, -1, -friction, 0, 0, 0],
            [0, 0, -spin, 0, 0, 1], [0, 0, -spin, 0, 0, -1],
            [0, 0, -(self._x[1] - edge), 0, -1, 0], [0, 0, self._x[0] + edge, 0, 1, 0],
            [0, 0, -(self._y[1] - edge), 1, 0, 0], [0, 0, self._y[0] + edge, -1, 0, 0],
            [0, 0, -1, 0, 0, 0],
        ]  # fmt: skip
        self._cone = np.array(rows, float)
        upper, lower = np.zeros(40), np.full(40, -1e30)
        upper[[28, 39]] = -float(self.sheet["least"]) / FORCE
        sense = np.zeros(40, np.int32)
        sense[:6] = _EQUAL
        return upper, lower, sense, np.zeros((40, N + 12))


def _yaw(turn: np.ndarray) -> float:
    return math.atan2(turn[1, 0], turn[0, 0])
