"""What a replay shows, over time: where hands and things are, what the hands touch, how far the claws are closed.

Everything is read off the positions and readings that the replay gives; nothing is taken from who recorded it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import combinations

import mujoco
import numpy as np

from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import ReplayError

SIDES = ("left", "right")
SMOOTH = 0.1  # s, standard deviation of the filter under every rate: tremor goes, a pause of 0.2 s stays
KNOCK = 0.01  # m, so near a hand counts as touching: pushing is a row of knocks, most of them between two control steps
OPPOSITE = -0.5  # cosine between two pushes that hold something between them


@dataclass(frozen=True)
class Tracks:
    """Traces of T+1 control steps.

    Attributes:
        timestep: control period [s].
        position: site -> (T+1, 3) [m]; rotation: site -> (T+1, 3, 3).
        joint: joint -> (T+1,) [rad or m].
        closed: side -> (T+1,) how far the claw is closed [%].
        grip: (side, finger) -> body -> (T+1, 3) unit direction in which a finger pushes that body, zero where it does not
            touch it; bodies never touched are absent.
        near: side -> body -> (T+1,) whether any part of that hand and arm is within `KNOCK` of that body.
        parent: body -> the body that it hangs on.
        owner: site or joint -> the body that has it.
        slides: joints that slide; the others turn.
        reached: subgoal -> when it was reached [s], NaN where it was not.
        head: joints of the neck.
    """

    timestep: float
    position: Mapping[str, np.ndarray]
    rotation: Mapping[str, np.ndarray]
    joint: Mapping[str, np.ndarray]
    closed: Mapping[str, np.ndarray]
    grip: Mapping[tuple[str, str], Mapping[str, np.ndarray]]
    near: Mapping[str, Mapping[str, np.ndarray]]
    parent: Mapping[str, str]
    owner: Mapping[str, str]
    slides: frozenset[str]
    reached: Mapping[str, float]
    head: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of control steps, the start included."""
        return len(next(iter(self.closed.values())))

    def rate(self, values: np.ndarray) -> np.ndarray:
        """(T+1, ...) change a second of values (T+1, ...), smoothed."""
        if len(values) < 2:
            return np.zeros_like(values, dtype=float)
        return np.gradient(smooth(values, SMOOTH / self.timestep), self.timestep, axis=0)

    def hand(self, side: str) -> np.ndarray:
        """(T+1, 3) where a hand's tcp is [m]."""
        return self.position[f"{side}_tcp"]

    def touching(self, side: str, body: str = "") -> np.ndarray:
        """(T+1,) whether a hand is at a body or at what hangs on it; at any body where none is named."""
        found = np.zeros(self.n, bool)
        for name, near in self.near[side].items():
            if not body or self.hangs_on(name, body):
                found |= near
        return found

    def pinching(self, side: str, body: str = "") -> np.ndarray:
        """(T+1,) whether two fingers of a hand press a body, or what hangs on it, from opposite sides; any where none is named."""
        found = np.zeros(self.n, bool)
        fingers = [bodies for (s, finger), bodies in self.grip.items() if s == side and finger]
        for one, other in combinations(fingers, 2):
            for name in one.keys() & other.keys():
                if not body or self.hangs_on(name, body):
                    found |= np.einsum("tk,tk->t", one[name], other[name]) < OPPOSITE
        return found

    def hangs_on(self, body: str, other: str) -> bool:
        """Whether a body is another one or hangs on it."""
        while body != other and body in self.parent:
            body = self.parent[body]
        return body == other


def smooth(values: np.ndarray, width: float) -> np.ndarray:
    """Values (n, ...) under a Gaussian of a standard deviation in samples; the ends are held."""
    reach = max(1, int(np.ceil(3 * width)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(width, 1e-9)) ** 2)
    kernel /= kernel.sum()
    padded = np.concatenate([np.repeat(values[:1], reach, 0), values, np.repeat(values[-1:], reach, 0)]).astype(float)
    return np.apply_along_axis(lambda row: np.convolve(row, kernel, mode="valid"), 0, padded)


def trace(
    scene: Scene,
    model: mujoco.MjModel,
    qpos: np.ndarray,
    state: np.ndarray,
    sites: Sequence[str],
    joints: Sequence[str],
    reached: Sequence[float],
) -> Tracks:
    """Follow a replay.

    Args:
        scene: what it played in; model: of its draw.
        qpos: (T+1, nq) as `Rollout.qpos`.
        state: (T+1, nu) `observation.state`: joints [rad], then claws [%].
        sites, joints: which are wanted, besides the hands' and the neck's.
        reached: (nsubgoal,) [s] as `Carry.reached` has it.

    Raises:
        ReplayError: the robot's hands are no claws, by which most skills show.
    """
    names = scene.schema.action.names
    if not len(scene.robot.hand_sheet["drives"]) == 1:
        raise ReplayError(
            f"A hand {scene.robot.hand} has several drives; skills can be recognised only with hands of one drive.",
            field="hand",
        )
    head = scene.robot.joints_of("head")
    joints = list(dict.fromkeys([*joints, *head]))
    n, data = len(qpos), mujoco.MjData(model)
    wanted = list(dict.fromkeys([*(f"{side}_tcp" for side in SIDES), *sites]))
    ids = [model.site(name).id for name in wanted]
    position, rotation = np.empty((len(ids), n, 3)), np.empty((len(ids), n, 3, 3))
    parent = {model.body(i).name: model.body(int(model.body_parentid[i])).name for i in range(1, model.nbody)}
    hands = _hand_bodies(scene, model, parent)
    grip: dict[tuple[str, str], dict[str, np.ndarray]] = {key: {} for key in dict.fromkeys(hands.values()) if key[1]}
    near: dict[str, dict[str, np.ndarray]] = {side: {} for side in SIDES}
    model = copy(model)  # with a margin around the hands, so that what is merely near is found, too
    model.flex_contype[:] = model.flex_conaffinity[:] = 0  # the sites of a cloth tell nothing of its vertices
    model.geom_margin[np.isin(model.geom_bodyid, list(hands))] += KNOCK
    for t in range(n):
        data.qpos[:] = qpos[t]
        mujoco.mj_kinematics(model, data)
        if model.nflex:
            mujoco.mj_flex(model, data)
        mujoco.mj_collision(model, data)
        position[:, t] = data.site_xpos[ids]
        rotation[:, t] = data.site_xmat[ids].reshape(-1, 3, 3)
        touching = zip(data.contact.geom, data.contact.flex, data.contact.frame, data.contact.dist)
        for geoms, cloths, frame, distance in touching:
            a, b = (_body(model, int(g), int(f)) for g, f in zip(geoms, cloths))
            for hand, other, push in ((a, b, frame[:3]), (b, a, -frame[:3])):  # a normal points to the second geom
                if hand not in hands or "/" not in (name := model.body(other).name):
                    continue
                near[hands[hand][0]].setdefault(name, np.zeros(n, bool))[t] = True
                if hands[hand][1] and distance <= 0.0:
                    grip[hands[hand]].setdefault(name, np.zeros((n, 3)))[t] += push
    for bodies in grip.values():
        for push in bodies.values():
            push /= np.maximum(np.linalg.norm(push, axis=1, keepdims=True), 1e-9)
    return Tracks(
        scene.control_timestep,
        dict(zip(wanted, position)),
        dict(zip(wanted, rotation)),
        {name: qpos[:, model.joint(name).qposadr[0]] for name in joints},
        {side: state[:, names.index(scene.robot.closes(side))].astype(float) for side in SIDES},
        grip,
        near,
        parent,
        {name: model.body(int(model.site(name).bodyid[0])).name for name in wanted}
        | {name: model.body(int(model.joint(name).bodyid[0])).name for name in joints},
        frozenset(name for name in joints if model.joint(name).type[0] == mujoco.mjtJoint.mjJNT_SLIDE),
        dict(zip((subgoal.name for subgoal in scene.goal), map(float, reached))),
        head,
    )


def _body(model: mujoco.MjModel, geom: int, cloth: int) -> int:
    """The body of one side of a contact: that of a geom or, where it has none, of a cloth's first vertex."""
    return int(model.geom_bodyid[geom] if geom >= 0 else model.flex_vertbodyid[model.flex_vertadr[cloth]])


def _hand_bodies(scene: Scene, model: mujoco.MjModel, parent: Mapping[str, str]) -> dict[int, tuple[str, str]]:
    """Id of every body of the arms -> (side, the finger it belongs to; empty for palm and arm: doors are pushed with them, too)."""
    palms = scene.robot.interface["grippers"]["bodies"]
    above = [_above(name, parent) for name in palms]
    trunk = set(above[0]).intersection(*above[1:])
    found = {}
    for i in range(1, model.nbody):
        line = _above(model.body(i).name, parent)
        for palm, side, arm in zip(palms, SIDES, above):
            if palm in line[1:]:
                found[i] = (side, line[line.index(palm) - 1])
            elif line[0] in arm and line[0] not in trunk:
                found[i] = (side, "")
    return found


def _above(body: str, parent: Mapping[str, str]) -> list[str]:
    """A body and everything that it hangs on, itself first."""
    line = [body]
    while line[-1] in parent:
        line.append(parent[line[-1]])
    return line
