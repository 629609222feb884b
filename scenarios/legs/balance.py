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

import daqp
import mujoco
import numpy as np

from ..parts.pose import matrix_of
from ..robots.robot import Robot
from .footsteps import STAND, Commanded, Footsteps, Swing
from .leg_controller import BodyNow, G, Instant, LegController, N, yaw_of
from .remembered import Memory

FORCE = 100.0  # N and Nm: what a unit of the programme's wrenches stands for
LOW = 0.1  # m, of the weight over the lower foot: what throws the feet up leaves less, or none, before the robot counts as fallen
NOTHING = 0.5  # N that a foot in the air may bear: nothing at all would leave its wrench without a free direction
_EQUAL = 5  # daqp: a row that is an equality


class Balance(LegController):
    """The controller of a robot in a scene's model.

    Args:
        robot: on its legs; model: of the scene, of which the robot's own joints come first.
        substeps: physics steps of a control period; timestep [s].
    """

    def __init__(self, robot: Robot, model: mujoco.MjModel, substeps: int, timestep: float):
        steps = [k for k in range(1, substeps + 1) if not substeps % k and 1.0 / (k * timestep) <= robot.legs["rate"] * 1.001]
        super().__init__(robot, model, steps[0] if steps else substeps, timestep)
        sole = robot.sheet["sole"]
        self._x, self._y = sole["x"], sole["y"]
        self._rows = self._constraints()
        home = self._model.qpos0
        feet = self.see(home, np.zeros(self.nv)).places
        beside = (feet - home[:3])[:, :2] @ _turn(2.0 * math.atan2(home[6], home[3]))
        self.steps = Footsteps(self.sheet["walk"], beside, self.dt)

    def _torque(self, now: Instant) -> np.ndarray | None:
        solution = self._solve(now)
        if solution is None:
            return None
        a, f = solution
        torque: np.ndarray = now.seen.mass[6:, :N] @ a + now.seen.bias[6:] - np.einsum("kij,ki->j", now.seen.feet, f)[6:]
        return torque

    def _lowered(self, memory: Memory) -> float:
        return 0.0 if memory.phase[0] == STAND else float(self.sheet["walk"]["drop"])

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
        behind, bounds = (np.array([lean[way], lean["aside"]]) for way in ("behind", "ahead"))
        out = level.T @ (static - ground - memory.lean)  # where it would be without what it leans already
        wanted = np.clip(np.clip(out, -behind, bounds) - out, -lean["most"], lean["most"])
        alone = level.T @ (seen.com[:2] - ground - memory.lean)  # and the weight: the force may end at once
        wanted = np.clip(wanted, np.minimum(-bounds - alone, 0.0), np.maximum(bounds - alone, 0.0))
        push = (level @ wanted - memory.lean) / lean["slow"] ** 2 - 2.0 / lean["slow"] * memory.leaning
        push *= min(1.0, lean["acceleration"] / max(float(np.hypot(*push)), 1e-9))
        memory.leaning += self.dt * push
        memory.lean += self.dt * memory.leaning
        return push

    def _solve(self, now: Instant) -> tuple[np.ndarray, np.ndarray] | None:
        """(18,) accelerations and (2, 6) wrenches on the soles [N, Nm]; None where there is none."""
        memory, seen, qpos, qvel, mark = now.memory, now.seen, now.qpos, now.qvel, now.mark
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
        w = math.sqrt(G / max(LOW, seen.com[2] - float(seen.places[:, 2].min())))
        at = seen.com[:2] + memory.aside  # what the pressure point drives
        xi = at + speed / w
        still = float(np.hypot(*speed)) < self.sheet["walk"]["still"]
        yaws = [yaw_of(turn) for turn in seen.turns]
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
        off[5] = math.remainder(yaw_of(seen.turns[k]) - stood[3], math.tau)
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
