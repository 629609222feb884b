"""Faults of what is held: the hand stays clear, and what is in it is driven into what never moves."""

from __future__ import annotations

import mujoco
import numpy as np

from ...scenarios.errors import EpisodeError
from ..checks.collision import geoms_of, overlaps
from ..held import carried_along
from ..obstacles import fixtures
from ..playing import Take, play
from .fault import Mark, Work
from .placing import segment, smooth, spans

DEPTH = 5e-3  # m, bound and scale of collision.scene
DOWN, STAY = 1.5, 0.6  # s, for the way there, as for that back, and in between
WAYS = (
    (1, 0.9),
    (4, 0.9),
    (1, -0.9),
    (4, -0.9),
)  # joint of the arm and how far it is turned [rad]; the first that leads there


def struck(work: Work, size: float) -> Mark:
    """Before it is carried on, what is held is lowered (1 + size) x 5 mm into what stands below it, and raised again."""
    scene, model = work.stage.scene, work.draw.model
    dt = scene.control_timestep
    at = round(segment(work.clean, "carry")[0] / dt)
    (played,) = play(scene, [Take(work.draw, np.ascontiguousarray(work.actions[:at], np.float32))])
    qpos = played.qpos[-1]
    hand, thing = _in_hand(work, qpos)
    mine, still = geoms_of(model, [thing]), fixtures(model, work.stage.robot_geoms)
    want = (1.0 + size) * DEPTH

    def depth(column: int, angles: np.ndarray) -> np.ndarray:
        posed = np.tile(qpos, (len(angles), 1))
        for j, name in enumerate(scene.schema.action.names):
            if name in scene.robot.joint_names:
                posed[:, model.joint(name).qposadr[0]] = angles if j == column else work.actions[at, j]
        body = model.body(thing).id
        free = int(model.jnt_qposadr[model.body_jntadr[body]])
        posed[:, free : free + 7] = carried_along(model, qpos[None], posed, np.zeros(len(angles), int), hand, body)
        found = overlaps(model, posed, mine, still)
        return np.max([one.depth for one in found], axis=0) if found else np.zeros(len(angles))

    for joint, reach in WAYS:
        column = work.column(f"zarm_{hand[0]}{joint}_joint")
        rest = float(work.actions[at, column])
        way = np.linspace(0.0, reach, 60)
        deep = depth(column, rest + way) >= want
        if deep.any() and not deep[0]:
            break
    else:
        raise EpisodeError(f"{thing} cannot be lowered {want * 1e3:.1f} mm into anything where it is carried from.")
    low, high = way[int(deep.argmax()) - 1], way[int(deep.argmax())]
    for _ in range(12):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if depth(column, np.array([rest + middle]))[0] >= want else (middle, high)
    t = np.arange(round((2 * DOWN + STAY) / dt)) * dt
    stop = np.tile(work.actions[at], (len(t), 1))
    stop[:, column] = rest + high * (smooth(t, 0.0, DOWN) - smooth(t, DOWN + STAY, 2 * DOWN + STAY))
    work.actions = np.concatenate([work.actions[:at], stop.astype(work.actions.dtype), work.actions[at:]])
    begin, end = spans(t, depth(column, stop[:, column]) > DEPTH)
    return Mark(at * dt + begin, at * dt + end, (thing,))


def _in_hand(work: Work, qpos: np.ndarray) -> tuple[str, str]:
    """Which hand holds what: the thing and the grip that are nearest to each other, as bodies."""
    scene, model = work.stage.scene, work.draw.model
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
