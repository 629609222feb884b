"""What an action means: joint positions as on hardware, steps from the last command, or steps of the hands.

Whatever the mode, what reaches the simulation is the joint command of the episode schema, float32; that is what a dataset
keeps and what replays to the bit.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from gymnasium.spaces import Box

from ..scenarios.scene.scene import Scene
from ..scenarios.scene.schema import Feature, inwards
from ..scenarios.sheet.near_matches import refuse_unknown

MODES = ("joint", "joint_delta", "hand_delta")
HAND_SPEED = 1.0  # m/s, of a step of a hand: what a person's reach comes to; an estimate
HAND_TURN = 3.0  # rad/s, the same
DAMPING = 1e-4  # of the inverse kinematics; keeps a stretched arm from whirling
POSTURE = 1e-3  # weight of staying in the posture, against 1 for a hand's place
ROUNDS = 3  # of inverse kinematics in one control period; within a step's length they leave some micrometres
AXES = ("x", "y", "z", "rx", "ry", "rz")


class Actions(Protocol):
    """One way to say what the robot does, for n copies.

    Attributes:
        feature: names, units and bounds of the action vector.
    """

    feature: Feature

    def begin(self, ids: np.ndarray | slice, command: np.ndarray) -> None:
        """Start episodes of copies `ids` from joint commands (nu,) or (len(ids), nu)."""
        ...

    def command(self, action: np.ndarray, ids: np.ndarray | slice) -> np.ndarray:
        """(len(ids), nu) float32 joint commands of actions (len(ids), k)."""
        ...

    def save(self, i: int) -> np.ndarray | None:
        """What copy i remembers, to go on from with `begin`; None where nothing."""
        ...


def space_of(feature: Feature) -> Box:
    """The Gymnasium space of an action vector; no bound lies outside the float64 limit that it stands for."""
    return Box(*inwards(feature.low, feature.high), dtype=np.float32)


def with_rest(feature: Feature, scene: Scene) -> Feature:
    """An action vector with what a base that moves is commanded, and what the robot answers, at its end, as the schema has it."""
    robot, action = scene.robot, scene.schema.action
    own = len(robot.joint_names) + len(robot.hand_names)
    return Feature(
        "action",
        (*feature.names, *action.names[own:]),
        (*feature.unit, *action.unit[own:]),
        np.concatenate([feature.low, action.low[own:]]),
        np.concatenate([feature.high, action.high[own:]]),
        (*feature.sources[: len(feature.names)], *action.sources[own:]),
    )


class Joint:
    """The schema's own action: the target of each joint and claw."""

    def __init__(self, scene: Scene, n: int):
        self.feature = scene.schema.action

    def begin(self, ids: np.ndarray | slice, command: np.ndarray) -> None:
        pass

    def command(self, action: np.ndarray, ids: np.ndarray | slice) -> np.ndarray:
        return action

    def save(self, i: int) -> np.ndarray | None:
        return None


class _FromLast:
    """What goes on from the last command of each copy."""

    _last: np.ndarray  # (n, nu) float32

    def begin(self, ids: np.ndarray | slice, command: np.ndarray) -> None:
        self._last[ids] = np.asarray(command, np.float32)

    def save(self, i: int) -> np.ndarray | None:
        return self._last[i].copy()


class JointDelta(_FromLast):
    """How far each target moves on in one control period, at most as fast as the joint's smaller speed limit.

    A target stops at the end of its joint's range: that is what the mode means, nothing else is changed. A base that moves
    is given as in the schema's own action: its speeds are rates already.
    """

    def __init__(self, scene: Scene, n: int):
        action, robot = scene.schema.action, scene.robot
        speed = np.array([_speed(robot.limits[name]["velocity"]) for name in robot.joint_names])
        claw = 100.0 / float(robot.hand_sheet["stroke_time"])
        most = np.array([*speed, *(claw for _ in robot.hand_names)]) * scene.control_timestep
        self._n_deltas = len(most)
        names = tuple(f"{name}.delta" for name in action.names[: self._n_deltas])
        self.feature = with_rest(
            Feature("action", names, action.unit[: self._n_deltas], -most, most, action.sources), scene
        )
        self._low, self._high = action.bounds
        self._last = np.zeros((n, len(action.names)), np.float32)

    def command(self, action: np.ndarray, ids: np.ndarray | slice) -> np.ndarray:
        target = self._last[ids] + action
        target[:, self._n_deltas :] = action[:, self._n_deltas :]
        self._last[ids] = np.clip(target, self._low, self._high)
        return self._last[ids]


class HandDelta(_FromLast):
    """How far each hand moves and turns in one control period, in the axes of the robot's base, and how far it closes.

    Elements: for each hand x, y, z [m] and the rotation vector rx, ry, rz [rad] by which its target goes on; then the
    claws' targets [%], and what a base that moves is commanded and what the robot answers, as in the schema's own action. The head
    stays. The target goes on from the commanded hand, not from the measured one, so that a hand that leans on something presses
    harder with each step. Joint angles are found by mink's differential inverse kinematics within joint ranges and speed limits;
    what an arm cannot reach in time is left out of that step.
    """

    def __init__(self, scene: Scene, n: int):
        robot, action = scene.robot, scene.schema.action
        dt = scene.control_timestep
        most = np.array([HAND_SPEED * dt] * 3 + [HAND_TURN * dt] * 3)
        hands = len(robot.hand_names)
        own = Feature(
            "action",
            (*(f"{side}_hand.{axis}" for side in ("left", "right") for axis in AXES), *robot.hand_names),
            (*("m", "m", "m", "rad", "rad", "rad") * 2, *("%" for _ in range(hands))),
            np.array([*-most, *-most, *(0.0 for _ in range(hands))]),
            np.array([*most, *most, *(100.0 for _ in range(hands))]),
            (*(f"mink {side}_tcp" for side in ("left", "right") for _ in AXES), *robot.hand_names),
        )
        self.feature = with_rest(own, scene)
        self._rest = slice(len(robot.joint_names) + len(robot.hand_names), None)
        self._arms = [_Arm(scene, side) for side in ("left", "right")]
        self._hands = [action.names.index(name) for name in robot.hand_names]
        self._low, self._high = action.bounds
        self._last = np.zeros((n, len(action.names)), np.float32)

    def command(self, action: np.ndarray, ids: np.ndarray | slice) -> np.ndarray:
        target = self._last[ids].copy()
        for row, wanted in zip(target, action):
            for arm, step in zip(self._arms, (wanted[:6], wanted[6:12])):
                row[arm.columns] = arm.moved(row[arm.columns], step)
            row[self._hands] = wanted[12 : 12 + len(self._hands)]
            row[self._rest] = wanted[12 + len(self._hands) :]
        self._last[ids] = np.clip(target, self._low, self._high)  # float32 rounding alone
        return self._last[ids]


class _Arm:
    """Differential inverse kinematics of one arm, the rest of the robot held."""

    def __init__(self, scene: Scene, side: str):
        import mink  # a second of start-up that other modes do without

        self._mink, robot = mink, scene.robot
        self._model = robot.arm_alone(side)
        names = [self._model.joint(j).name for j in range(self._model.njnt)]
        self.columns = [scene.schema.action.names.index(name) for name in names]
        self._dt = scene.control_timestep
        self._configuration = mink.Configuration(self._model)
        self._hand = mink.FrameTask(f"{side}_tcp", "site", 1.0, 0.3, lm_damping=DAMPING)
        self._posture = mink.PostureTask(self._model, POSTURE)
        speeds = {name: _speed(robot.limits[name]["velocity"]) for name in names}
        self._limits = [mink.ConfigurationLimit(self._model), mink.VelocityLimit(self._model, speeds)]
        self._base = self._model.body("base_link").id

    def moved(self, q: np.ndarray, step: np.ndarray) -> np.ndarray:
        """(7,) joint targets after the hand's target has moved on by a step (6,) from where q (7,) holds it."""
        mink, here = self._mink, self._configuration
        low, high = self._model.jnt_range.T
        here.update(np.clip(np.asarray(q, float), low, high))
        base = mink.SO3.from_matrix(here.data.xmat[self._base].reshape(3, 3))
        hand = here.get_transform_frame_to_world(self._hand.frame_name, "site")
        turned = mink.SO3.exp(base.apply(step[3:].astype(float))) @ hand.rotation()
        moved = hand.translation() + base.apply(step[:3].astype(float))
        self._hand.set_target(mink.SE3.from_rotation_and_translation(turned, moved))
        self._posture.set_target(here.q)
        dt = self._dt / ROUNDS
        for _ in range(ROUNDS):
            try:
                speed = mink.solve_ik(here, [self._hand, self._posture], dt, "daqp", DAMPING, limits=self._limits)
            except mink.NoSolutionFound:
                break
            here.integrate_inplace(speed, dt)
        return here.q.copy()


def _speed(velocity: dict[str, float]) -> float:
    """[rad/s] the smaller of what the maker gives as limit and as peak; the rated speed where there is neither."""
    return min((velocity[key] for key in ("limit", "peak") if key in velocity), default=velocity["rated"])


def make_actions(mode: str, scene: Scene, n: int) -> Actions:
    """The way of that name for n copies.

    Raises:
        ScenarioError: there is none of that name.
    """
    ways: dict[str, type] = {"joint": Joint, "joint_delta": JointDelta, "hand_delta": HandDelta}
    refuse_unknown(mode, MODES, f"There is no action mode {mode!r}.", field="action")
    way: Actions = ways[mode](scene, n)
    return way
