"""One arm of a robot alone, for inverse kinematics; and the robot's postures, found with its first hand, for another hand."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import mujoco
import numpy as np

from ....scenarios.parts.pose import posed
from ....scenarios.robots.robot import Robot
from ....scenarios.sheet.own_files import read_own
from .geometry import turn_z

RANGE = 0.93  # share of a joint's range that the operator uses; the judge warns beyond 0.95


@lru_cache(maxsize=8)
def arm_model(folder: str, hand: str, base: str, side: str) -> mujoco.MjModel:
    """The robot alone with one arm left movable, its ranges narrowed to the share that the operator uses."""
    sheet = read_own(Path(folder) / "robot.yaml")
    model = Robot(Path(folder).name, Path(folder), sheet, hand, base).arm_alone(side)
    middle = model.jnt_range.mean(axis=1, keepdims=True)
    model.jnt_range[:] = middle + RANGE * (model.jnt_range - middle)
    return model


@lru_cache(maxsize=512)
def posture_for(folder: str, hand: str, base: str, side: str, tool: str, angles: tuple[float, ...]) -> np.ndarray:
    """Joint angles at which another hand is where the robot's first hand is in a posture, or is so with its fingers swapped.

    Postures are seeds: one that another hand cannot take is kept as near to it as its arm comes.

    Args:
        folder, hand, base, side: of the robot and its other hand; tool: the site at which it grips.
        angles: (7,) of the posture with the first hand [rad].
    """
    import mink

    first = next(iter(read_own(Path(folder) / "robot.yaml")["hands"]))
    known, model = arm_model(folder, first, base, side), arm_model(folder, hand, base, side)
    data = posed(known, angles)
    place, frame = data.site(f"{side}_tcp").xpos.copy(), data.site(f"{side}_tcp").xmat.reshape(3, 3).copy()
    configuration, limits = mink.Configuration(model), [mink.ConfigurationLimit(model)]
    task = mink.FrameTask(tool, "site", 1.0, 0.3, lm_damping=1e-3)
    keep = mink.PostureTask(model, cost=2e-3)
    low, high = model.jnt_range.T + np.array([[1e-6], [-1e-6]])
    best, best_score = np.clip(angles, low, high), np.inf
    for roll in (0.0, np.pi):
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = frame @ turn_z(roll), place
        task.set_target(mink.SE3.from_matrix(matrix))
        for turned in (-np.pi / 2, 0.0, np.pi / 2):  # the forearm, about which hands hang turned against one another
            seed = np.array(angles)
            seed[4] += turned
            seed = np.clip(seed, low, high)
            configuration.update(seed)
            keep.set_target(seed)
            for _ in range(60):
                velocity = mink.solve_ik(configuration, (task, keep), 1.0, "daqp", damping=1e-6, limits=limits)
                largest = float(np.abs(velocity).max())
                configuration.integrate_inplace(velocity * min(1.0, 0.35 / max(largest, 1e-9)), 1.0)
                if largest < 2e-3:
                    break
            error = np.abs(task.compute_error(configuration))
            score = float(np.linalg.norm(error[:3]) + 0.3 * np.linalg.norm(error[3:]))
            if score < best_score - 1e-3:
                best, best_score = configuration.q.copy(), score
    return best
