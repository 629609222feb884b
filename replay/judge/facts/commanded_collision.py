"""Would the commanded motion drive the robot into itself or into fixtures that never move?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ....scenarios.draws.variation import Draw
from ....scenarios.robots.legged import FREE
from ...checks.collision import Overlap, Question, check_overlaps, overlaps_of, tree_of
from ...checks.dynamics import positions
from ...checks.finding import Finding
from ...checks.rules import Rules
from ...recording.recording import Recording, Stream
from ...signals.joint_motion import finger_positions
from ...signals.signal import Motion
from ..context import SceneContext

RATE = 25.0  # Hz at which poses are looked at: a hand at 0.5 m/s moves 20 mm between two


@dataclass(frozen=True)
class Looked:
    """A commanded motion, looked at for collisions.

    Attributes:
        t: (m,) s; qpos: (m, nq) commanded poses; fixtures: geoms that never move.
        itself, scene: overlaps of the robot with itself, and with fixtures.
        held: (hand, overlap) of what the hands carry with fixtures.
    """

    signal: str
    t: np.ndarray
    qpos: np.ndarray
    fixtures: np.ndarray
    itself: Sequence[Overlap]
    scene: Sequence[Overlap]
    held: tuple[tuple[str, Overlap], ...] = ()

    @property
    def overlaps(self) -> list[Overlap]:
        """Of the robot and what it carries with fixtures."""
        return [*self.scene, *(overlap for _, overlap in self.held)]


def look(
    motion: Motion,
    names: tuple[str, ...],
    context: SceneContext,
    draw: Draw,
    signal: str,
    recording: Recording,
    claws: Sequence[Stream] = (),
    pelvis: tuple[np.ndarray, np.ndarray] | None = None,
) -> Looked | None:
    """A joint motion, everything else as it stands at the start of a draw; None where there is too little of it.

    What a replay moves (doors, objects) is judged by its contact forces there; here only fixtures count that stand still,
    because a commanded pose runs ahead of the world by the robot's own lag.

    Args:
        motion: the resampled motion; rows that are not determined are left out.
        names: (k,) its joints; draw: the copy of the scene that it is held against.
        recording: tells how far the hands were open; claws: tells it instead where a person's hands were carried over.
        pelvis: (n,) s and (n, 7) where that of a robot on its legs was. How its legs were bent nobody recorded: what they
            meet is judged in the replay alone.
    """
    t, qpos = poses(motion, names, draw, recording, claws, pelvis)
    if not len(t):
        return None
    mine = meets = context.robot_geoms
    fixed = fixtures(draw.model, mine)
    if pelvis is not None:
        first = (draw.model.joint(name).bodyid[0] for name in context.scene.robot.joints_of("legs"))
        legs = np.any([tree_of(draw.model, draw.model.body(body).name) for body in first], axis=0)
        meets = mine[~legs[draw.model.geom_bodyid[mine]]]
    itself, scene = overlaps_of(draw.model, qpos, [Question(mine), Question(meets, fixed, context.hand_pairs)])
    return Looked(signal, t, qpos, fixed, itself, scene)


def carry(model: mujoco.MjModel, qpos: np.ndarray, t: np.ndarray, since: np.ndarray, places: np.ndarray) -> None:
    """Put the pelvis of each pose (m, nq) at t (m,) s where it was: `places` (n, 7) at `since` (n,) s."""
    free, places = model.joint(FREE).qposadr[0], places.copy()
    turned = np.sum(places[1:, 3:] * places[:-1, 3:], axis=1) < 0.0  # the same turn, written with the other sign
    places[1:, 3:] *= np.where(np.cumsum(turned) % 2, -1.0, 1.0)[:, None]
    for k in range(7):
        qpos[:, free + k] = np.interp(t, since, places[:, k])
    qpos[:, free + 3 : free + 7] /= np.linalg.norm(qpos[:, free + 3 : free + 7], axis=1, keepdims=True)


def check_looked(looked: Looked | None, rules: Rules, signal: str) -> list[Finding]:
    """`collision.self` and `collision.scene` of what was looked at."""
    if looked is None:
        codes = ("collision.self", "collision.scene")
        return [rules[code].not_checked("too_short", signal=signal) for code in codes]
    found = check_overlaps("collision.self", looked.t, looked.itself, rules, signal=signal)
    if not len(looked.fixtures):
        return [*found, rules["collision.scene"].not_applicable("no_objects", signal=signal)]
    (scene,) = check_overlaps("collision.scene", looked.t, looked.overlaps, rules, signal=signal)
    hand = (
        next((hand for hand, one in looked.held if one.bodies[0] == scene.subject[:1][0]), None)
        if scene.subject
        else None
    )
    if hand is not None:
        scene.details |= {"kind": "held", "hand": hand}
    return [*found, scene]


def poses(
    motion: Motion,
    names: tuple[str, ...],
    draw: Draw,
    recording: Recording,
    claws: Sequence[Stream] = (),
    pelvis: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(m,) seconds and (m, nq) positions at which a motion is looked at; see `look`."""
    model = draw.model
    rows = (
        np.flatnonzero(motion.known)[:: max(1, round(1.0 / (RATE * motion.step)))] if motion.step else np.array([], int)
    )
    # after time, mjSTATE_INTEGRATION begins with qpos
    qpos = positions(model, names, motion.x[rows], draw.start_state[1 : 1 + model.nq])
    t = motion.t[rows]
    if len(t):
        for address, position in finger_positions(recording, model, t, claws).items():
            qpos[:, address] = position
    if pelvis is not None:
        carry(model, qpos, t, *pelvis)
    return t, qpos


def fixtures(model: mujoco.MjModel, robot: np.ndarray) -> np.ndarray:
    """Collision geoms of bodies that no joint moves, without the robot's."""
    still = [
        i for i in range(model.ngeom) if model.body_weldid[model.geom_bodyid[i]] == 0 and i not in set(robot.tolist())
    ]
    return np.array([i for i in still if model.geom_contype[i] or model.geom_conaffinity[i]], int)
