"""Starts that are played for a while, and starts that go on from where another one had come.

Until a hand first touches something, all starts of a take go alike but for where things stand. So one that is played up to there
gives the state from which others are played on: the robot as there, and what was moved by then as far from where it lies there as it
started from there. All else lies where it starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ....scenarios.draws.perturbation import loose
from ....scenarios.draws.variation import STATE, Draw
from ....scenarios.parts.pose import posed, turned_by
from ....scenarios.scene.scene import Scene
from ....scenarios.stepping.simulation import Simulation
from ...rollout.rollout import AT_ONCE
from .hand_stops import STATE as MEASURED

LEFT, TURNED = 0.01, 0.2  # m or rad, of a quaternion: more, and a thing has been moved; what settles or is brushed is less
POINTS = 24  # of each shape of a thing


@dataclass(frozen=True, eq=False)
class Played:
    """A start, played for a while.

    Attributes:
        qpos: (T+1, nq) at each control step; observations: `observation.state` (T+1, k).
        state: `mjSTATE_INTEGRATION` at control step `step`, from which other starts go on.
    """

    draw: Draw
    qpos: np.ndarray
    observations: dict[str, np.ndarray]
    state: np.ndarray
    step: int = 0


def begun(scene: Scene, draw: Draw) -> Played:
    """A start of which nothing was played."""
    rows = np.zeros((1, len(scene.schema.observations[MEASURED].names)))
    return Played(draw, start_of(draw)[None], {MEASURED: rows}, draw.start_state)


def play_on(
    scene: Scene, actions: np.ndarray, some: Sequence[tuple[Draw, Played]], threads: int, keep: int = 0
) -> Iterator[Played]:
    """Starts, each with one that it goes on from, all from the same control step, to the end of actions (T, nu).

    Args:
        keep: the control step of which the state is kept for others.
    """
    for first in range(0, len(some), AT_ONCE):
        chunk, begin = some[first : first + AT_ONCE], some[first][1].step
        simulation = Simulation(scene, len(chunk), threads)
        simulation.begin([draw for draw, _ in chunk])
        for i, (draw, base) in enumerate(chunk):
            simulation.put(_going_on(draw, base), i)
        shape = len(chunk), len(actions) + 1
        qpos, rows = (np.zeros((*shape, one.shape[1])) for one in (some[0][1].qpos, some[0][1].observations[MEASURED]))
        for i, (_, base) in enumerate(chunk):
            qpos[i, : begin + 1], rows[i, : begin + 1] = (
                base.qpos[: begin + 1],
                base.observations[MEASURED][: begin + 1],
            )
        states = [base.state for _, base in chunk]
        for t in range(begin, len(actions)):
            if t == keep:
                states = list(simulation.state)
            readings = simulation.step(np.repeat(actions[t : t + 1], len(chunk), axis=0))
            qpos[:, t + 1], rows[:, t + 1] = simulation.live("qpos"), scene.schema.record(readings)[MEASURED]
        for i, (draw, _) in enumerate(chunk):
            yield Played(draw, qpos[i], {MEASURED: rows[i]}, states[i], keep)


def _going_on(draw: Draw, base: Played) -> np.ndarray:
    """The state of a start at `base.step`."""
    if base.step == 0:
        return draw.start_state
    model, data, gone = draw.model, mujoco.MjData(draw.model), moved(base, base.step)
    mujoco.mj_setState(model, data, base.state, STATE)
    data.qpos[:] = laid(draw, base, base.step)
    for j in range(model.njnt):
        if j not in gone and not of_robot(model, j):
            d = int(model.jnt_dofadr[j])
            data.qvel[d : d + {7: 6, 4: 3}.get(len(addresses(model, j)), 1)] = 0.0
    state = np.empty(len(base.state))
    mujoco.mj_getState(model, data, state, STATE)
    return state


def laid(draw: Draw, base: Played, row: int, own: np.ndarray | None = None) -> np.ndarray:
    """(nq,) where all would be in a start that goes on from another one, at a control step of that.

    Args:
        own: its `start_of`, where it is known.
    """
    own = start_of(draw) if own is None else own
    model, at, first = draw.model, own.copy(), base.qpos[0]
    for a in (addresses(model, j) for j in range(model.njnt) if of_robot(model, j)):
        at[a] = base.qpos[row, a]
    for a in (addresses(model, j) for j in (moved(base, row) if base.step else ())):
        turn = a[len(a) - 4 :] if len(a) > 1 else []
        along = a[: len(a) - len(turn)]
        at[along] = base.qpos[row, along] + own[along] - first[along]
        if turn:
            by = turned_by(own[turn], first[turn] * [1.0, -1.0, -1.0, -1.0])
            at[turn] = turned_by(by, base.qpos[row, turn])
    return at


def moved(base: Played, row: int, prefix: str = "") -> list[int]:
    """Joints of things, under bodies with this beginning of their names, that have left where they were by a control step."""
    model, found = base.draw.model, []
    for j in range(model.njnt):
        if not of_robot(model, j) and model.body(int(model.jnt_bodyid[j])).name.startswith(prefix):
            a = addresses(model, j)
            by = np.abs(base.qpos[row, a] - base.qpos[0, a])
            if by[:3].max() > LEFT or by[3:].max(initial=0.0) > TURNED:
                found.append(j)
    return found


def start_of(draw: Draw) -> np.ndarray:
    """(nq,) positions at the start."""
    return np.array(draw.data().qpos)


def points_of(model: mujoco.MjModel, qpos: np.ndarray, part: str) -> np.ndarray:
    """(m, 3) points of all that moves of a part, in a posture."""
    data = posed(model, qpos)
    rng, found = np.random.default_rng(0), []
    moving = {int(model.jnt_bodyid[j]) for j in range(model.njnt)}
    for g in range(model.ngeom):
        body = int(model.geom_bodyid[g])
        if not (model.geom_contype[g] or model.geom_conaffinity[g]) or not model.body(body).name.startswith(f"{part}/"):
            continue
        up = body
        while up and up not in moving:
            up = int(model.body_parentid[up])
        if up:
            found.append(data.geom_xpos[g] + _inside(model, g, rng) @ data.geom_xmat[g].reshape(3, 3).T)
    return np.concatenate(found) if found else np.zeros((0, 3))


def _inside(model: mujoco.MjModel, g: int, rng: np.random.Generator) -> np.ndarray:
    """(k, 3) points inside a shape, in its own frame."""
    if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = int(model.geom_dataid[g])
        begin, n = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
        weights = rng.dirichlet(np.full(n, 0.3), POINTS)
        return np.asarray(weights @ model.mesh_vert[begin : begin + n])
    centre, half = model.geom_aabb[g, :3], model.geom_aabb[g, 3:]
    return np.asarray(centre + half * rng.uniform(-1.0, 1.0, (POINTS, 3)))


def movable(scene: Scene) -> tuple[str, ...]:
    """Parts of which something moves: loose things, and those with a door, a drawer, a key."""
    held = jointed(scene) | set(loose(scene))
    return tuple(placed.name for placed in scene.config.parts if placed.name in held and placed.behaviour is None)


def jointed(scene: Scene) -> set[str]:
    """Parts with a door, a drawer, a key."""
    model, turns = scene.model, (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
    joints = [j for j in range(model.njnt) if int(model.jnt_type[j]) in turns and not of_robot(model, j)]
    return {model.body(int(model.jnt_bodyid[j])).name.partition("/")[0] for j in joints}


def is_robots(model: mujoco.MjModel, body: int) -> bool:
    return body != 0 and "/" not in model.body(body).name


def of_robot(model: mujoco.MjModel, joint: int) -> bool:
    return is_robots(model, int(model.jnt_bodyid[joint]))


def addresses(model: mujoco.MjModel, joint: int) -> list[int]:
    begin = int(model.jnt_qposadr[joint])
    width = {mujoco.mjtJoint.mjJNT_FREE: 7, mujoco.mjtJoint.mjJNT_BALL: 4}.get(
        mujoco.mjtJoint(int(model.jnt_type[joint])), 1
    )
    return list(range(begin, begin + width))
