"""Faults of what is held: the hand stays clear, and what is in it is driven into what never moves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import mujoco
import numpy as np
from shiliu.replay.checks.collision import geoms_of, overlaps
from shiliu.replay.judge.facts.commanded_collision import fixtures
from shiliu.replay.judge.facts.held_contacts import carried_along
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import FaultMark, Work
from .placing import carried, smooth, spans

DEPTH = 5e-3  # m, bound and scale of collision.scene
DOWN, STAY = 1.5, 0.6  # s, for the way there, as for that back, and in between
Depth = Callable[[int, np.ndarray], np.ndarray]
WAYS = (
    (1, 0.9),
    (4, 0.9),
    (1, -0.9),
    (4, -0.9),
)  # joint of the arm and how far it is turned [rad]; the first that leads there


def struck(work: Work, size: float) -> FaultMark:
    """Before it is carried on, what is held is lowered (1 + size) x 5 mm into what stands below it, and raised again.

    How it lies in the hand is seen twice: where the hand stops, and where what is held comes down on something.
    """
    at = round(carried(work)[0] / work.context.scene.control_timestep)
    t = np.arange(round((2 * DOWN + STAY) / work.context.scene.control_timestep)) * work.context.scene.control_timestep
    dip = smooth(t, 0.0, DOWN) - smooth(t, DOWN + STAY, 2 * DOWN + STAY)
    clean, seen = work.actions, at
    for _ in range(2):
        (played,) = play(work.context.scene, [Take(work.draw, np.ascontiguousarray(work.actions[:seen], np.float32))])
        hand, thing = _in_hand(work, played.qpos[-1])
        depth = partial(_depth, work, clean[at], played.qpos[-1], hand, thing)
        column, turn = _turn(work, clean[at], depth, hand, (1.0 + size) * DEPTH)
        stop = np.tile(clean[at], (len(t), 1))
        stop[:, column] += turn * dip
        work.actions = np.concatenate([clean[:at], stop, clean[at:]]).astype(clean.dtype)
        deep = depth(column, stop[:, column])
        seen = at + int((deep > 0.0).argmax())
    begin, end = spans(t, deep > DEPTH)
    return FaultMark(float(at * t[1]) + begin, float(at * t[1]) + end, (thing,))


def _turn(work: Work, posture: np.ndarray, depth: Depth, hand: str, want: float) -> tuple[int, float]:
    """Which actuator's joint is turned by how much [rad] for a depth [m]."""
    for joint, reach in WAYS:
        column = work.column(work.context.scene.robot.arm_of(hand.partition("_")[0])[joint - 1])
        rest, way = float(posture[column]), np.linspace(0.0, reach, 60)
        deep = depth(column, rest + way) >= want
        if deep.any() and not deep[0]:
            low, high = way[int(deep.argmax()) - 1], way[int(deep.argmax())]
            for _ in range(12):
                middle = 0.5 * (low + high)
                low, high = (low, middle) if depth(column, np.array([rest + middle]))[0] >= want else (middle, high)
            return column, float(high)
    raise EpisodeError(f"what is held cannot be lowered {want * 1e3:.1f} mm into anything where it is carried from.")


def _depth(
    work: Work, posture: np.ndarray, seen: np.ndarray, hand: str, thing: str, column: int, angles: np.ndarray
) -> np.ndarray:
    """(n,) how deep a thing would be in what never moves [m], in a hand that is commanded to a posture but for one joint.

    Args:
        seen: (nq,) positions that show how it lies in the hand; angles: (n,) of that joint [rad].
    """
    model, names = work.draw.model, work.context.scene.schema.action.names
    posed = np.tile(seen, (len(angles), 1))
    for j, name in enumerate(names):
        if name in work.context.scene.robot.joint_names:
            posed[:, model.joint(name).qposadr[0]] = angles if j == column else posture[j]
    body = model.body(thing).id
    free = int(model.jnt_qposadr[model.body_jntadr[body]])
    posed[:, free : free + 7] = carried_along(model, seen[None], posed, np.zeros(len(angles), int), hand, body)
    found = overlaps(model, posed, geoms_of(model, [thing]), fixtures(model, work.context.robot_geoms))
    return np.max([one.depth for one in found], axis=0) if found else np.zeros(len(angles))


def _in_hand(work: Work, qpos: np.ndarray) -> tuple[str, str]:
    """Which hand holds what: the thing and the grip that are nearest to each other, as bodies."""
    scene, model = work.context.scene, work.draw.model
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    pairs = [
        (
            float(np.linalg.norm(data.body(held.body).xpos - data.site(f"{hand.partition('_')[0]}_tcp").xpos)),
            hand,
            held.body,
        )
        for hand in scene.robot.interface["grippers"]["bodies"]
        for held in scene.holdable.values()
    ]
    if not pairs:
        raise EpisodeError("nothing is held in this scenario.")
    return min(pairs)[1:]
