"""A task of a scenario as a policy meets it: what it commands, and what it is shown, computed from what the environment observes.

The same for every scenario that is done standing. What to look at is taken from the operator's chain: the sites that its skills
name are the `anchors`, and the pose of each hand that works is shown in the frame of each of them.

Shown are, all from `observation.state`, `velocity`, `effort`, `touch` and `environment_state` (docs/policies.md):

- angle, speed and effort of the joints that are commanded, and what the fingers of working hands feel;
- the pose of each working hand, in the robot's frame and in that of each anchor, near it to the millimetre;
- the pose of each thing that moves, the angle of each of its joints, what rules keep;
- where what a skill carries stands against the place that it is put on.

No clock, no counter of steps, and nothing of the draw that cannot be observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from shiliu.replay.operator.operator import read_chain
from shiliu.scenarios.scene.scene import Scene

from .demonstrations import Demonstration

STATE, VELOCITY, EFFORT, TOUCH, AROUND = (
    f"observation.{name}" for name in ("state", "velocity", "effort", "touch", "environment_state")
)
STILL = 0.02  # share of its range by which a channel moves at least, or it is left where it is
HELD = 0.4  # N at a finger: the hand is at something
NEAR = (10.0, 50.0)  # 1/m: the second resolves a millimetre, and only near by
FREE = ("x", "y", "z", "qw", "qx", "qy", "qz")
Observed = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Poses:
    """Where things are in n observations, h working hands, k anchors, m commanded joints.

    Attributes:
        hand, turn: (n, h, 3) position [m] and (n, h, 3, 3) axes of the hands; shift, spin: (n, h, 3, m) how they go with the joints.
        anchor, frame: (n, k, 3) position [m] and (n, k, 3, 3) axes of the anchors.
    """

    hand: np.ndarray
    turn: np.ndarray
    shift: np.ndarray
    spin: np.ndarray
    anchor: np.ndarray
    frame: np.ndarray

    def rows(self, chosen: np.ndarray) -> Poses:
        return Poses(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def moved(self, away: np.ndarray) -> Poses:
        """With the joints elsewhere by (n, m) [rad], to the first order."""
        hand = self.hand + np.einsum("nhim,nm->nhi", self.shift, away)
        x, y, z = np.moveaxis(np.einsum("nhim,nm->nhi", self.spin, away), -1, 0)
        none = np.zeros_like(x)
        about = np.stack([none, -z, y, z, none, -x, -y, x, none], -1).reshape(*x.shape, 3, 3)
        return Poses(hand, self.turn + about @ self.turn, self.shift, self.spin, self.anchor, self.frame)


class Task:
    """A scenario, or its part up to a subgoal, with the channels that its demonstrations move.

    Attributes:
        used: indices of the action that are commanded; the others stay where the demonstrations have them.
        rest: (nu,) that place.
        sides: `left`, `right`, of the hands that work.
        joints: which of `used` are joints, not claws; least: (len(used),) what is smaller is tremor [rad, %].
        anchors: names of sites.
    """

    def __init__(self, scene: Scene, until: str | None, demonstrations: Sequence[Demonstration]):
        self.scene, self.until = scene, until
        self.name = scene.name if until is None else f"{scene.name}.{until}"
        action, model = scene.schema.action, scene.model
        commands = np.concatenate([one.actions for one in demonstrations])
        self.rest = np.median(commands, axis=0).astype(np.float32)
        moved = np.ptp(commands, axis=0) / (action.high - action.low) > STILL
        self.used = np.flatnonzero(moved)
        names = [action.names[i] for i in self.used]
        known = {model.joint(j).name for j in range(model.njnt)}
        self.joints = np.array([name in known for name in names])
        self.least = np.where(self.joints, 0.004, 0.5).astype(np.float32)
        jointed = [model.joint(name) for name, joint in zip(names, self.joints) if joint]
        self._dofs, self._bent = [one.dofadr[0] for one in jointed], [one.qposadr[0] for one in jointed]
        self.sides = [
            side for side in ("left", "right") if any(n.startswith((f"zarm_{side[0]}", f"{side}_")) for n in names)
        ]
        self._hands = [model.site(f"{side}_tcp").id for side in self.sides]
        touch = scene.schema.observations[TOUCH].names
        self._touch = [i for i, name in enumerate(touch) if name.split("_")[0] in self.sides]
        self._places(known)
        self._around()
        skills = read_chain(scene)[: max(one.begun for one in demonstrations)]
        sites = {
            name: [str(skill.values[name]) for skill in skills if _is_site(skill, name)]
            for name in ("at", "edge", "of", "upon", "into", "towards")
        }
        self.anchors = tuple(dict.fromkeys(site for found in sites.values() for site in found))
        self._anchors = [model.site(name).id for name in self.anchors]
        put = [(s.values["of"], s.values["upon"]) for s in skills if _is_site(s, "of") and _is_site(s, "upon")]
        self._put = [(self.anchors.index(of), self.anchors.index(upon)) for of, upon in dict.fromkeys(put)]
        self._data = mujoco.MjData(model)

    def _places(self, known: set[str]) -> None:
        """Where in `qpos` the robot's joints and the things' poses stand, and in which column of what is observed."""
        model, state = self.scene.model, self.scene.schema.observations[STATE].names
        names = self.scene.schema.observations[AROUND].names if AROUND in self.scene.schema.observations else ()
        robot = [(i, model.joint(name).qposadr[0]) for i, name in enumerate(state) if name in known]
        free = {
            model.body(model.jnt_bodyid[j]).name.split("/")[0]: model.jnt_qposadr[j]
            for j in range(model.njnt)
            if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE
        }
        around = []
        for i, name in enumerate(names):
            part, _, word = name.partition(".")
            if word in FREE and part in free:
                around.append((i, free[part] + FREE.index(word)))
            elif f"{part}/{word}" in known:
                around.append((i, model.joint(f"{part}/{word}").qposadr[0]))
        self._robot, self._things = np.array(robot).T, np.array(around, int).reshape(-1, 2).T
        self._start = self.scene.start_qpos(model)

    def _around(self) -> None:
        """Columns of `environment_state` that are quaternions, and those that are something else."""
        names = self.scene.schema.observations[AROUND].names if AROUND in self.scene.schema.observations else ()
        self._quaternions = [i for i, name in enumerate(names) if name.endswith(".qw")]
        turning = {i + k for i in self._quaternions for k in range(4)}
        self._plain = [i for i in range(len(names)) if i not in turning]

    def poses(self, observed: Observed) -> Poses:
        """Of observations (n, k) each."""
        n, h, m = len(observed[STATE]), len(self._hands), int(self.joints.sum())
        model, data = self.scene.model, self._data
        hand, turn = np.zeros((n, h, 3), np.float32), np.zeros((n, h, 9), np.float32)
        shift, spin = np.zeros((2, n, h, 3, m), np.float32)
        anchor, frame = (
            np.zeros((n, len(self._anchors), 3), np.float32),
            np.zeros((n, len(self._anchors), 9), np.float32),
        )
        along, about = np.zeros((2, 3, model.nv))
        for t in range(n):
            data.qpos[:] = self._start
            data.qpos[self._robot[1]] = observed[STATE][t, self._robot[0]]
            if self._things.size:
                data.qpos[self._things[1]] = observed[AROUND][t, self._things[0]]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            for j, site in enumerate(self._hands):
                mujoco.mj_jacSite(model, data, along, about, site)
                hand[t, j], turn[t, j] = data.site_xpos[site], data.site_xmat[site]
                shift[t, j], spin[t, j] = along[:, self._dofs], about[:, self._dofs]
            anchor[t], frame[t] = data.site_xpos[self._anchors], data.site_xmat[self._anchors]
        return Poses(hand, turn.reshape(n, h, 3, 3), shift, spin, anchor, frame.reshape(n, -1, 3, 3))

    def groups(self, observed: Observed, poses: Poses) -> list[np.ndarray]:
        """What is shown of n observations, as groups that belong together, (n, k) float32 each."""
        n = len(observed[STATE])
        body = [observed[name][:, self.used] for name in (STATE, VELOCITY, EFFORT)]
        body.append(np.tanh(observed[TOUCH][:, self._touch] / 20))
        found = [np.concatenate(body, axis=1), *self._hand_poses(poses)]
        if self._plain:
            plain = observed[AROUND][:, self._plain]
            turned = [_axes(_matrix(observed[AROUND][:, i : i + 4])) for i in self._quaternions]
            found.append(np.concatenate([plain, np.tanh(20 * plain), *turned], axis=1))
        for k in range(len(self._anchors)):
            back = np.swapaxes(poses.frame[:, k], 1, 2)
            for j in range(len(self._hands)):
                away = np.einsum("nij,nj->ni", back, poses.hand[:, j] - poses.anchor[:, k])
                found.append(np.concatenate([_near(away), _axes(back @ poses.turn[:, j])], axis=1))
        for of, upon in self._put:
            back = np.swapaxes(poses.frame[:, upon], 1, 2)
            found.append(_near(np.einsum("nij,nj->ni", back, poses.anchor[:, of] - poses.anchor[:, upon])))
        return [np.ascontiguousarray(one, np.float32).reshape(n, -1) for one in found]

    def own(self, observed: Observed, poses: Poses) -> list[np.ndarray]:
        """What a robot with eyes is shown besides pictures: angles and what fingers feel, and the poses of working hands.

        No speeds and no efforts: they reveal the last command, and pictures tell the rest.
        """
        body = [observed[STATE][:, self.used], np.tanh(observed[TOUCH][:, self._touch] / 20)]
        return [
            np.ascontiguousarray(one, np.float32) for one in (np.concatenate(body, axis=1), *self._hand_poses(poses))
        ]

    def bent(self, qpos: np.ndarray, away: np.ndarray) -> np.ndarray:
        """(nq,) with the commanded joints elsewhere by (m,) [rad]."""
        out = qpos.astype(float)
        out[self._bent] += away
        return out

    def _hand_poses(self, poses: Poses) -> list[np.ndarray]:
        """(n, 9) of each working hand, in the robot's frame."""
        return [np.concatenate([poses.hand[:, j], _axes(poses.turn[:, j])], axis=1) for j in range(len(self._hands))]

    def held(self, observed: Observed) -> np.ndarray:
        """(n,) bool: a working hand is at something."""
        touching: np.ndarray = observed[TOUCH][:, self._touch].max(axis=1) > HELD
        return touching


def _is_site(skill: object, name: str) -> bool:
    """Whether an argument of a skill names a site of the scene."""
    argument = skill.arguments.get(name)  # type: ignore[attr-defined]
    return argument is not None and argument.kind == "site" and skill.values.get(name) is not None  # type: ignore[attr-defined]


def _near(away: np.ndarray) -> np.ndarray:
    """(n, 9) a distance [m] by its axes, and the same where it is small."""
    return np.concatenate([away, *(np.tanh(scale * away) for scale in NEAR)], axis=1)


def _axes(turn: np.ndarray) -> np.ndarray:
    """(n, 6) two axes of frames (n, 3, 3), which say all of them without a jump (Zhou et al. 2019, arXiv:1812.07035)."""
    return turn[:, :, :2].reshape(len(turn), 6)


def _matrix(quaternion: np.ndarray) -> np.ndarray:
    """(n, 3, 3) axes of quaternions (n, 4), wxyz."""
    w, x, y, z = (quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)
