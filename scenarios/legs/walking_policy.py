"""A user's own policy in the place of the balance controller: an observation goes in, targets of the joints come out.

At each physics step the motors give what stiffness and damping of its sheet ask for, within the sheet's limits and then within their
published peaks. It answers at its own rate, at the physics step that is nearest to each instant. It is commanded the speeds of the mark
and the height, as the balance controller is, and sees its own state exactly and without delay. Joints that are none of the legs' are
shown to it, and go as the recording commands. What bears on the soles is inferred as for the balance controller.
"""

from __future__ import annotations

import math

import mujoco
import numpy as np

from ..parts.pose import matrix_of
from ..robots.robot import Robot
from .footsteps import SINGLE, STAND, TRANSFER
from .leg_controller import BodyNow, Instant, LegController, yaw_of
from .policy_file import answers_of
from .policy_terms import PolicyState, frame_of, input_of
from .remembered import Memory, PolicyMemory

LIFTED = 20.0  # N, below which a sole bears nothing; an inferred force is that unsure as a foot meets the floor
BESIDE = 0.03  # m, by which one foot may be ahead of the other where both are one rectangle
SMOOTHED = 0.02  # s, low pass of what each sole bears, before a foot counts as set down


class WalkingPolicy(LegController):
    """The policy of a robot in a scene's model.

    Args:
        robot: on its legs, with its policy; model: of the scene, of which the robot's own joints come first; timestep [s].

    Raises:
        ShiliuError: the policy's weights were not given, or nothing here runs them.
    """

    def __init__(self, robot: Robot, model: mujoco.MjModel, timestep: float):
        super().__init__(robot, model, 1, timestep)
        policy = robot.policy
        assert policy is not None
        self.policy, self._answer = policy, answers_of(policy)
        joints = [self._model.joint(name) for name in policy.joints]
        self._at, self._dof = (np.array([getattr(one, key)[0] for one in joints]) for key in ("qposadr", "dofadr"))
        self._legs = np.array(policy.legs)

    def _torque(self, now: Instant) -> np.ndarray | None:
        memory, own = now.memory, PolicyMemory(now.memory.userdata, self.policy, self.nv)
        stands = now.mark.slow(self.sheet["walk"]["begins"])
        if now.first:
            own.due[0], own.target[:], own.smooth[:] = now.time, self.policy.default[self._legs], self.weight / 2.0
            own.borne[:] = own.smooth
        else:
            self._meet(memory, own, now.seen, stands)
        if now.time >= own.due[0] - self.dt / 2.0:
            self._decide(now, own, stands)
        leg = self._legs
        asked = self.policy.kp * (own.target - now.qpos[self._at[leg]]) - self.policy.kd * now.qvel[self._dof[leg]]
        own.asked[:] = np.clip(asked, -self.policy.limit, self.policy.limit)
        return own.asked

    def _decide(self, now: Instant, own: PolicyMemory, stands: bool) -> None:
        """Let the policy answer to what it is shown now."""
        memory, qpos, qvel, mark, policy = now.memory, now.qpos, now.qvel, now.mark, self.policy
        down = matrix_of(qpos[3:7]).T
        c, s = math.cos(mark.yaw), math.sin(mark.yaw)
        command = (c * mark.vx + s * mark.vy, c * mark.vy - s * mark.vx, mark.vyaw)
        if policy.cycle:
            own.cycles[0] = 0.0 if stands else own.cycles[0] % 1.0
        shown = PolicyState(
            turning=qvel[3:6],
            speed=down @ qvel[:3],
            gravity=-down[:, 2],
            command=(0.0, 0.0, 0.0, 1.0) if stands else (*command, 0.0),
            height=float(memory.height[1]),
            cycles=float(own.cycles[0]),
            position=qpos[self._at],
            velocity=qvel[self._dof],
            action=own.action,
        )
        frame = frame_of(policy, shown)
        own.frames[:-1] = own.frames[1:]
        own.frames[-1] = frame
        if now.first and policy.repeated:
            own.frames[:] = frame
        own.due[0] += 1.0 / policy.rate
        if policy.cycle and not stands:
            own.cycles[0] += 1.0 / (policy.rate * policy.cycle)
        answer = self._answer(input_of(policy, own.frames))
        if not np.isfinite(answer).all():
            memory.failed[0] += 1.0  # the motors go on as they did
            return
        own.action[:] = np.clip(answer, -policy.clip[1], policy.clip[1])
        own.target[:] = (policy.default + policy.scale * own.action)[self._legs]

    def _meet(self, memory: Memory, own: PolicyMemory, seen: BodyNow, stands: bool) -> None:
        """Which soles bear the robot now, and where each is, for who judges it."""
        now = memory.wrench[[2, 8]]
        own.smooth[:] += (now - own.smooth) * self.dt / (SMOOTHED + self.dt)
        own.borne[:] = np.minimum(own.smooth, now)  # a foot leaves at once, and stands once it bears for a while
        bears = own.borne > LIFTED
        for k in range(2):
            memory.feet[4 * k : 4 * k + 4] = *seen.places[k], yaw_of(seen.turns[k])
        if bears.all():
            yaw, gone = float(memory.feet[3]), memory.feet[4:6] - memory.feet[0:2]
            beside = abs(math.cos(yaw) * gone[0] + math.sin(yaw) * gone[1]) < BESIDE
            mode, foot = (STAND if stands and beside else TRANSFER), float(memory.phase[2])
        else:
            mode, foot = (SINGLE if bears.any() else TRANSFER), float(bears[0])  # which foot is in the air: 1 is the right one
        memory.phase[:] = mode, (memory.phase[1] + self.dt if mode == memory.phase[0] else 0.0), foot
