"""Would the commanded motion drive the robot into itself or into fixtures that never move?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ...scenarios.variation import Draw
from ..checks.collision import Overlap, Question, check_overlaps, overlaps_of
from ..checks.finding import Finding
from ..checks.rules import Rules
from ..recording.recording import Recording, Stream
from ..signals.joint_motion import finger_positions
from ..signals.signal import Motion
from .context import Stage

RATE = 25.0  # Hz at which poses are looked at: a hand at 0.5 m/s moves 20 mm between two


@dataclass(frozen=True)
class Looked:
    """What was looked at for `collision.scene`, for what is known later: what hands carry (`replay/judge/held.py`).

    Attributes:
        t: (m,) s; qpos: (m, nq) commanded poses; fixtures: geoms that never move; overlaps: of the robot with these.
    """

    signal: str
    t: np.ndarray
    qpos: np.ndarray
    fixtures: np.ndarray
    overlaps: list[Overlap]


def check_obstacles(
    motion: Motion,
    names: tuple[str, ...],
    stage: Stage,
    draw: Draw,
    rules: Rules,
    signal: str,
    recording: Recording,
    claws: Sequence[Stream] = (),
) -> tuple[list[Finding], Looked | None]:
    """`collision.self` and `collision.scene` of a joint motion, everything else as it stands at the start of a draw.

    Returns the findings and what was looked at, None where there was too little of it.

    What a replay moves (doors, objects) is judged by its contact forces there; here only fixtures count that stand still,
    because a commanded pose runs ahead of the world by the robot's own lag.

    Args:
        motion: the resampled motion; rows that are not determined are left out.
        names: (k,) its joints; draw: the copy of the scene that it is held against.
        recording: tells how far the hands were open; claws: tells it instead where a person's hands were carried over.
    """
    model = draw.model
    t, qpos = poses(motion, names, draw, recording, claws)
    if not len(t):
        codes = ("collision.self", "collision.scene")
        return [rules[code].not_checked("too_short", signal=signal) for code in codes], None
    mine = stage.robot_geoms
    fixed = fixtures(model, mine)
    itself, scene = overlaps_of(model, qpos, [Question(mine), Question(mine, fixed, stage.hand_pairs)])
    found = check_overlaps("collision.self", t, itself, rules, signal=signal)
    looked = Looked(signal, t, qpos, fixed, scene)
    if not len(fixed):
        return [*found, rules["collision.scene"].not_applicable("no_objects", signal=signal)], looked
    return found + check_overlaps("collision.scene", t, scene, rules, signal=signal), looked


def poses(
    motion: Motion, names: tuple[str, ...], draw: Draw, recording: Recording, claws: Sequence[Stream] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """(m,) seconds and (m, nq) positions at which a motion is looked at; see `check_obstacles`."""
    model = draw.model
    rows = (
        np.flatnonzero(motion.known)[:: max(1, round(1.0 / (RATE * motion.step)))] if motion.step else np.array([], int)
    )
    # after time, mjSTATE_INTEGRATION begins with qpos
    qpos = np.tile(draw.start_state[1 : 1 + model.nq], (len(rows), 1))
    for j, name in enumerate(names):
        qpos[:, model.joint(name).qposadr[0]] = motion.x[rows, j]
    t = motion.t[rows]
    if len(t):
        for address, position in finger_positions(recording, model, t, claws).items():
            qpos[:, address] = position
    return t, qpos


def fixtures(model: mujoco.MjModel, robot: np.ndarray) -> np.ndarray:
    """Collision geoms of bodies that no joint moves, without the robot's."""
    still = [
        i for i in range(model.ngeom) if model.body_weldid[model.geom_bodyid[i]] == 0 and i not in set(robot.tolist())
    ]
    return np.array([i for i in still if model.geom_contype[i] or model.geom_conaffinity[i]], int)
