"""What keeps a robot on its legs: a whole-body controller, a quadratic programme of inverse dynamics at each instant of control.

Unknowns are the accelerations of pelvis and legs (18) and the wrench of the floor on either sole (12); arms and head are taken
not to accelerate. The six rows of the pelvis hold exactly, M a + h = J^T f + d, with the outside wrench d; torques of the legs
stay within their peaks, each sole within friction and its edges. Within that, least squares of what is wanted: soles where they
stand, pelvis in its place, trunk upright, the height as commanded (Herzog et al. 2016, Autonomous Robots 40:473; Bouyarmane et
al. 2019, IEEE T-RO 35:64: weights instead of a hierarchy). Where it is commanded to go it steps (`footsteps.py`): then the centre of mass
follows the plan in the place of the pelvis, and the foot in the air its own way, without a load. d is inferred as a robot without
sensors in its feet infers it, from its own torques and accelerations. It knows its own model and state exactly, and nothing of the scene.

All that it remembers is `userdata`, a part of `mjSTATE_INTEGRATION`: a state that is put back goes on to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import daqp
import mujoco
import numpy as np

from ..parts.pose import matrix_of
from ..robots.legged import FREE, HEIGHT, memory_size, motor
from ..robots.mobile import JOINTS
from ..robots.robot import Robot
from .footsteps import STAND, Commanded, Footsteps, Swing
from .remembered import Memory

N = 18  # accelerations of pelvis (6) and legs (12)
FORCE = 100.0  # N and Nm: what a unit of the programme's wrenches stands for
G = 9.81  # m/s2
NOTHING = 0.5  # N that a foot in the air may bear: nothing at all would leave its wrench without a free direction
_EQUAL = 5  # daqp: a row that is an equality


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
        self._mark = [(self._model.joint(name).qposadr[0], self._model.joint(name).dofadr[0]) for name in JOINTS[:3]]
        home = self._model.qpos0
        self._stands = float(home[2])
        feet = self.see(home, np.zeros(self.nv)).places
        self.steps = Footsteps(legs["walk"], (feet - home[:3])[:, :2] @ _turn(2.0 * math.atan2(home[6], home[3])), self.dt)
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
        drop = 0.0 if memory.phase[0] == STAND else self.sheet["walk"]["drop"]
        self._track(memory, min(float(ctrl[self._height]), -drop))
        tilt = math.acos(min(1.0, max(-1.0, 1.0 - 2.0 * (qpos[4] ** 2 + qpos[5] ** 2))))
        low = self._stands + memory.height[1] - qpos[2]
        if not math.isfinite(tilt + low) or tilt > self.sheet["fallen"]["tilt"] or low > self.sheet["fallen"]["drop"]:
            memory.fallen[0], ctrl[self.motors] = time if time > 0.0 else self.dt, 0.0
            return
        seen = self.see(qpos, qvel)
        if not memory.begun[0]:
            memory.begun[0] = 1.0
            memory.stood[:] = mark.x, mark.y, mark.yaw
            memory.facing[:] = mark.yaw, 0.0
            for k in range(2):
                memory.feet[4 * k : 4 * k + 4] = *seen.places[k], _yaw(seen.turns[k])
        else:
            self._infer(memory, seen, qpos, qvel, ctrl[self.motors])
        memory.speed[:] = qvel[: self.nv]
        solution = self._solve(memory, seen, qpos, qvel, mark)
        if solution is None:
            memory.failed[0] += 1.0  # the motors go on as they did
            return
        a, f = solution
        torque = seen.mass[6:, :N] @ a + seen.bias[6:] - np.einsum("kij,ki->j", seen.feet, f)[6:]
        ctrl[self.motors] = np.clip(torque, -self.peak, self.peak)

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

    def _static(self, memory: Memory, seen: BodyNow, qpos: np.ndarray) -> np.ndarray | None:
        """(2,) where the floor would press if the robot were at rest as it is, level in the world [m]; None where it is lifted.

        The floor's force goes through p with m g (c - p) + (b - p) x F + T = 0 about the level axes, F and T on the pelvis at b.
        """
        ground = seen.places.mean(axis=0)
        force, moment = memory.lasting[:3], matrix_of(qpos[3:7]) @ memory.lasting[3:]
        b, c, up = qpos[:3] - ground, seen.com - ground, self.weight - force[2]
        if up <= 0.2 * self.weight:
            return None
        p = np.array([
            self.weight * c[0] + b[2] * force[0] - b[0] * force[2] + moment[1],
            self.weight * c[1] + b[2] * force[1] - b[1] * force[2] - moment[0],
        ]) / up  # fmt: skip
        return p + ground[:2]

    def _lean(self, memory: Memory, seen: BodyNow, static: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Let the pelvis give way as far as the static pressure point would leave its bounds; (2,) how that speeds up [m/s2]."""
        lean, ground = self.sheet["lean"], seen.places.mean(axis=0)[:2]
        bounds = np.array([lean["ahead"], lean["aside"]])
        out = level.T @ (static - ground - memory.lean)  # where it would be without what it leans already
        wanted = np.clip(np.clip(out, -bounds, bounds) - out, -lean["most"], lean["most"])
        alone = level.T @ (seen.com[:2] - ground - memory.lean)  # and the weight: the force may end at once
        wanted = np.clip(wanted, np.minimum(-bounds - alone, 0.0), np.maximum(bounds - alone, 0.0))
        push = (level @ wanted - memory.lean) / lean["slow"] ** 2 - 2.0 / lean["slow"] * memory.leaning
        push *= min(1.0, lean["acceleration"] / max(float(np.hypot(*push)), 1e-9))
        memory.leaning += self.dt * push
        memory.lean += self.dt * memory.leaning
        return push

    def _solve(
        self, memory: Memory, seen: BodyNow, qpos: np.ndarray, qvel: np.ndarray, mark: Commanded
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """(18,) accelerations and (2, 6) wrenches on the soles [N, Nm]; None where there is none."""
        gains, weights = self.sheet["gains"], self.sheet["weights"]
        static, leans = self._static(memory, seen, qpos), np.zeros(2)
        if static is not None:
            if memory.phase[0] == STAND:
                leans = self._lean(memory, seen, static, _turn(mark.yaw))
            memory.aside[:] = static - seen.com[:2]
        push = self._step(memory, seen, qpos, qvel, mark)
        swing = self.steps.swing(memory)
        turns = self.steps.face(memory, mark)
        facing, turning = memory.facing.tolist()
        error, upright = np.zeros(3), np.array([math.cos(facing / 2.0), 0.0, 0.0, math.sin(facing / 2.0)])
        mujoco.mju_subQuat(error, qpos[3:7], upright)  # in the frame of the pelvis, as its turning speed is
        hessian, linear = np.zeros((N + 12, N + 12)), np.zeros(N + 12)
        diagonal = np.full(N + 12, float(weights["acceleration"]))
        diagonal[N:] = np.tile([weights["force"]] * 3 + [weights["moment"]] * 3, 2)
        wanted, own = np.zeros(6), np.array([0.0, 0.0, weights["height"]] + [weights["trunk"]] * 3)
        if push is None:
            kp, kd = gains["pelvis"]
            at = np.array([mark.x, mark.y]) + memory.lean
            wanted[:2] = kp * (at - qpos[:2]) + kd * (np.array([mark.vx, mark.vy]) + memory.leaning - qvel[:2]) + leans
            own[:2] = weights["pelvis"]
        else:
            mass = self.weight / G
            j = seen.mass[:2, :N] / mass
            hessian[:N, :N] += weights["centre"] * (j.T @ j)
            linear[:N] -= weights["centre"] * (j.T @ (push - seen.bias[:2] / mass))
        kp, kd = gains["height"]
        wanted[2] = kp * (self._stands + memory.height[1] - qpos[2]) + kd * (memory.height[2] - qvel[2]) + self._rise
        kp, kd = gains["trunk"]
        wanted[3:] = -kp * error - kd * (qvel[3:6] - np.array([0.0, 0.0, turning])) + np.array([0.0, 0.0, turns])
        diagonal[:6] += own
        linear[:6] -= own * wanted
        for k in range(2):
            j, lifted = seen.feet[k], swing is not None and swing.foot == k
            goal = self._swing(swing, seen, qvel) if swing is not None and lifted else self._stance(memory, seen, qvel, k)
            weight = weights["swing" if lifted else "feet"]
            hessian[:N, :N] += weight * (j.T @ j)
            linear[:N] -= weight * (j.T @ (goal - seen.drift[k]))
        hessian[np.diag_indices(N + 12)] += diagonal
        upper, lower, sense, rows = self._rows
        rows[:18, :N] = seen.mass[:, :N]
        for k in range(2):
            at6 = slice(N + 6 * k, N + 6 * k + 6)
            rows[:18, at6] = -FORCE * seen.feet[k].T
            block = np.zeros((6, 6))
            block[:3, :3] = block[3:, 3:] = seen.turns[k].T
            rows[18 + 11 * k : 29 + 11 * k, at6] = self._cone @ block
            lifted = swing is not None and swing.foot == k
            upper[28 + 11 * k] = 0.0 if lifted else -float(self.sheet["least"]) / FORCE
            lower[28 + 11 * k] = -NOTHING / FORCE if lifted else -1e30
        upper[:6] = lower[:6] = memory.outside - seen.bias[:6]
        upper[6:18], lower[6:18] = self.peak - seen.bias[6:], -self.peak - seen.bias[6:]
        x, _, flag, _ = daqp.solve(hessian, linear, rows, upper, lower, sense)
        if flag < 1 or not np.isfinite(x).all():
            return None
        return x[:N], FORCE * x[N:].reshape(2, 6)

    def _step(self, memory: Memory, seen: BodyNow, qpos: np.ndarray, qvel: np.ndarray, mark: Commanded) -> np.ndarray | None:
        """(2,) [m/s2] how the centre of mass is to speed up where the robot steps; None while it stands."""
        mass = self.weight / G
        speed = seen.mass[:2] @ qvel[: self.nv] / mass
        w = math.sqrt(G / (seen.com[2] - float(seen.places[:, 2].min())))
        at = seen.com[:2] + memory.aside  # what the pressure point drives
        xi = at + speed / w
        still = float(np.hypot(*speed)) < self.sheet["walk"]["still"]
        yaws = [_yaw(turn) for turn in seen.turns]
        self.steps.advance(memory, mark, seen.places, yaws, (float(xi[0]), float(xi[1])), still, w)
        if memory.phase[0] == STAND:
            return None
        memory.leaning[:] = 0.0
        (x, y), (dx, dy) = self.steps.ends(memory, mark), (at - qpos[:2] + memory.lean).tolist()
        (px, py), (dx, dy) = self.steps.wanted(memory, mark, (x + dx, y + dy), w)
        p = np.array([px, py]) + (1.0 + self.sheet["walk"]["gain"] / w) * (xi - np.array([dx, dy]))
        return w * w * (at - p)

    def _stance(self, memory: Memory, seen: BodyNow, qvel: np.ndarray, k: int) -> np.ndarray:
        """(6,) how a foot that stands is to speed up, so that it stays."""
        kp, kd = self.sheet["gains"]["feet"]
        stood, off = memory.feet[4 * k : 4 * k + 4], np.zeros(6)
        off[:2] = seen.places[k][:2] - stood[:2]
        slid = math.hypot(off[0], off[1])
        if slid > self.sheet["creep"]:  # it has slid: it stays where it is
            stood[:2] += off[:2] * (1.0 - self.sheet["creep"] / slid)
            off[:2] *= self.sheet["creep"] / slid
        off[5] = math.remainder(_yaw(seen.turns[k]) - stood[3], math.tau)
        return -kp * off - kd * (seen.feet[k] @ qvel[:N])

    def _swing(self, swing: Swing, seen: BodyNow, qvel: np.ndarray) -> np.ndarray:
        """(6,) how the foot in the air is to speed up, level and on its way."""
        kp, kd = self.sheet["gains"]["swing"]
        c, s = math.cos(swing.at[3]), math.sin(swing.at[3])
        turn = seen.turns[swing.foot] @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])  # from where it ought to be, in the world
        off, speed, push = (np.zeros(6) for _ in range(3))
        off[:3] = seen.places[swing.foot] - swing.at[:3]
        off[3:] = 0.5 * np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
        speed[:3], push[:3] = swing.speed[:3], swing.push[:3]
        speed[5], push[5] = swing.speed[3], swing.push[3]
        return push - kp * off - kd * (seen.feet[swing.foot] @ qvel[:N] - speed)

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


def _turn(yaw: float) -> np.ndarray:
    """(2, 2) from the robot's level frame to the world."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([[c, -s], [s, c]])


def _yaw(turn: np.ndarray) -> float:
    return math.atan2(turn[1, 0], turn[0, 0])
