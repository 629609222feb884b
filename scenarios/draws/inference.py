"""Values of a draw, inferred from where its things were first found: a bowl that rests at z says how high its table is.

The scene's own rules of placing are turned round. A draw's values give where every loose thing and every joint of a part
starts (`variation.rested`); here the values are sought that give what was found. Whatever the scenario draws is a candidate,
and only what the places determine is taken: a value that another one could stand for stays unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import mujoco
import numpy as np

from ..parts.pose import Pose
from ..reading.config import nominal_values
from ..reading.dealing import PLACES
from ..scene.scene import Scene
from .variation import rested

LENGTH, ANGLE = 1e-3, 1e-2  # m and rad that weigh alike; finer no object is tracked
MOVES = 0.1  # of these: a value that moves it less through its whole range is not inferred from it
TILT = np.radians(5.0)  # a thing that lies otherwise than the scenario lays it says nothing of what it lies on
STEPS = 6  # of Gauss-Newton; heights and places need one, turned ones three
SMALL = 1e-7  # of a range: a step that ends it


@dataclass(frozen=True)
class Inferred:
    """What of a scene's values first poses determine.

    Attributes:
        values: key of `Draw.values` -> value (SI), of those that the scenario draws and the poses determine.
        sources: the same keys -> the things, and joints (`chest.drawer`), by which.
        outside: of these, those beyond what the scenario draws, with the ends of that.
        apart: thing -> by how much [m] it was found higher (lower where negative) than what it rests on then has it; every thing
            that rests as the scenario lays it, on what nobody surveyed.
        impossible: key -> value beyond its ends, where no scene can be made of what the places ask for; nothing is inferred then.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outside: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    apart: Mapping[str, float] = field(default_factory=dict)
    impossible: Mapping[str, float] = field(default_factory=dict)


def infer(
    scene: Scene, poses: Mapping[str, Pose], joints: Mapping[str, float], surveyed: Collection[str] = ()
) -> Inferred:
    """The values (SI) under which a scene's things start where they were found.

    Least squares over heights of all things that lie as the scenario lays them, over their other coordinates where something
    else than their own place is drawn that moves them, and over joints that a draw sets. The solution of Gauss-Newton from
    the nominal scene is taken as far as no other one is as good: along singular vectors with a singular value above `MOVES`.

    Args:
        poses: part -> where its free body was at rest; joints: `part.joint` -> position [m, rad].
        surveyed: keys of values that somebody measured: what stands on them is no witness against them.
    """
    ends = ends_of(scene)
    values = nominal_values(scene.config)
    found = _Found(scene, poses, joints)
    if not ends or not found.names:
        return Inferred(apart=found.heights(values, surveyed))
    keys, width = list(ends), np.array([high - low for low, high in ends.values()])
    used = np.zeros(0, bool)
    known = np.zeros(len(keys), bool)
    effect = np.zeros((0, len(keys)))
    for _ in range(STEPS):
        try:
            start = found.rows(values)
            more = [found.rows(values | {k: values[k] + 0.05 * w}) for k, w in zip(keys, width)]
        except ValueError:  # of MuJoCo: a part has no such size
            beyond = {key: values[key] for key in keys if not _within(values[key], *ends[key])}
            if not beyond:
                raise
            return Inferred(impossible=beyond)
        effect = np.stack([one - start for one in more], axis=1) / 0.05
        if not len(used):  # by the nominal scene, so that all steps look at the same
            used = found.used(effect, keys)
        u, sizes, v = np.linalg.svd(effect[used], full_matrices=False)
        clear = sizes > MOVES
        step = v[clear].T @ ((u[:, clear].T @ -start[used]) / sizes[clear])
        known = 1.0 - (v[clear] ** 2).sum(axis=0) < 1e-6
        values = values | {key: values[key] + float(by * w) for key, by, w in zip(keys, step, width)}
        if np.abs(step).max(initial=0.0) < SMALL:
            break
    taken = {key: values[key] for key, one in zip(keys, known) if one}
    sources = {key: found.sources(effect[:, keys.index(key)], used) for key in taken}
    outside = {key: ends[key] for key, value in taken.items() if not _within(value, *ends[key])}
    return Inferred(taken, sources, outside, found.heights(values, surveyed))


def ends_of(scene: Scene) -> dict[str, tuple[float, float]]:
    """What a draw changes by degrees, with the ends of what it may become; places that are dealt out reach from one to another."""
    known, ends = nominal_values(scene.config), dict[str, tuple[float, float]]()
    for deal in scene.config.deals:
        if deal.value in PLACES:
            had = [known[key] for key in deal.keys]
            ends |= dict.fromkeys(deal.keys, (min(had), max(had)))
    for vary in scene.config.variation:
        if vary.key == "friction":
            continue
        low, high = ends.get(vary.key, (known[vary.key], known[vary.key]))
        ends[vary.key] = (vary.low, vary.high) if vary.replace else (low + vary.low, high + vary.high)
    return {key: (low, high) for key, (low, high) in ends.items() if high > low}


def _within(value: float, low: float, high: float) -> bool:
    slack = 0.02 * (high - low)  # what is found is found to a millimetre
    return low - slack <= value <= high + slack


class _Found:
    """What was found, held against the start of a draw with given values.

    Rows are six a thing (place and turn, weighed by `LENGTH` and `ANGLE`) and one a joint.
    """

    def __init__(self, scene: Scene, poses: Mapping[str, Pose], joints: Mapping[str, float]):
        self.scene, model = scene, scene.model
        at = rested(scene, model)
        self.poses: dict[str, tuple[int, Pose]] = {}
        for thing, pose in poses.items():
            address = free_joint(model, thing)
            if address is not None:
                self.poses[thing] = address, pose
        self.joints = {name: (joint_of(model, name), value) for name, value in joints.items()}
        self.names = [*(name for name in self.poses for _ in range(6)), *self.joints]
        self.lies = {name: _tilt(pose.quat, at[a + 3 : a + 7]) <= TILT for name, (a, pose) in self.poses.items()}

    def rows(self, values: Mapping[str, float]) -> np.ndarray:
        """(m,) by how much the start of these values differs from what was found."""
        model = self.scene.compile(values)
        qpos, out = rested(self.scene, model), []
        for a, pose in self.poses.values():
            turn = np.zeros(3)
            mujoco.mju_subQuat(turn, qpos[a + 3 : a + 7], pose.quat)
            out += [(qpos[a : a + 3] - pose.pos) / LENGTH, turn / ANGLE]
        for (a, slides), value in self.joints.values():
            out.append(np.array([(qpos[a] - value) / (LENGTH if slides else ANGLE)]))
        return np.concatenate(out)

    def used(self, effect: np.ndarray, keys: list[str]) -> np.ndarray:
        """(m,) which rows say something: heights of what lies as it should, the rest where not its own place alone moves it.

        A thing that was put elsewhere on its table tells nothing of the table but its height.
        """
        strong = np.abs(effect) > MOVES
        found = np.zeros(len(self.names), bool)
        for row, name in enumerate(self.names):
            height = row < 6 * len(self.poses) and row % 6 == 2
            if name in self.joints:
                found[row] = strong[row].any()
            elif self.lies[name]:
                own = np.array([key.startswith(f"{name}.") and key.partition(".")[2] in PLACES for key in keys])
                found[row] = height or strong[row, ~own].any()
        return found

    def sources(self, effect: np.ndarray, used: np.ndarray) -> tuple[str, ...]:
        """The things and joints that a value moves."""
        moved = used & (np.abs(effect) > MOVES)
        return tuple(dict.fromkeys(name for name, one in zip(self.names, moved) if one))

    def heights(self, values: Mapping[str, float], surveyed: Collection[str]) -> dict[str, float]:
        """Thing -> [m] it was found above where these values have it, but of those that a surveyed value raises."""
        if not self.poses:
            return {}
        rows = self.rows(values)[2 : 6 * len(self.poses) : 6]
        raised = np.zeros(len(rows), bool)
        for key in surveyed:
            moved = self.rows({**values, key: values[key] + LENGTH})[2 : 6 * len(self.poses) : 6]
            raised |= np.abs(moved - rows) > MOVES
        return {
            name: -float(row) * LENGTH
            for name, row, one in zip(self.poses, rows, raised)
            if self.lies[name] and not one
        }


def free_joint(model: mujoco.MjModel, thing: str) -> int | None:
    """Where the free joint of a part begins in qpos; None where it has none, or several."""
    found = [
        int(model.jnt_qposadr[j])
        for j in np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
        if model.body(int(model.jnt_bodyid[j])).name.startswith(f"{thing}/")
    ]
    return found[0] if len(found) == 1 else None


def joint_of(model: mujoco.MjModel, name: str) -> tuple[int, bool]:
    """Where the joint `part.joint` lies in qpos, and whether it slides.

    Raises:
        KeyError: there is none of that name.
    """
    joint = model.joint(name.replace(".", "/", 1))
    return int(joint.qposadr[0]), int(joint.type[0]) == int(mujoco.mjtJoint.mjJNT_SLIDE)


def _tilt(one: np.ndarray, other: np.ndarray) -> float:
    """Angle [rad] by which what points upwards in one orientation is turned away in the other."""
    up = Pose(np.zeros(3), one).matrix @ (Pose(np.zeros(3), other).matrix.T @ np.array([0.0, 0.0, 1.0]))
    return float(np.arccos(np.clip(up[2], -1.0, 1.0)))
