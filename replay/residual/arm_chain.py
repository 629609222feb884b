"""Where the hand of an arm is, and what its weight asks of each joint, by the angles: of the robot's own MJCF, without the engine."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from itertools import pairwise
from pathlib import Path

import numpy as np

from ...scenarios.robots.robot_folder import SIDES, robot_folder
from ...scenarios.sheet.own_files import read_own

HEAD = "head"
EYE = np.eye(3)
GRAVITY = 9.81  # m/s2, MuJoCo's own


@dataclass(frozen=True)
class ChainLink:
    """A body of a chain: where it hangs in the one before, the joint that turns it, and what lies fixed on it.

    Attributes:
        pos (3,) [m], turn (3, 3): in the link before; axis (3,): of its joint, through its origin, in its own frame.
        mass [kg], centre (3,) [m]: of all that is fixed to it and that a joint's torque carries.
        most: [Nm] that its motor gives; gains: stiffness [Nm/rad] and damping [Nm s/rad] of its servo in the model.
    """

    joint: str
    pos: np.ndarray
    turn: np.ndarray
    axis: np.ndarray
    mass: float
    centre: np.ndarray
    most: float = np.inf
    gains: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class JointChain:
    """An arm from the robot's base to the middle of its grip, or the head.

    Attributes:
        side: `left`, `right` or `head`.
        links: from the base outwards.
        tip, tip_turn: (3,) [m] and (3, 3) of the grip in the last link.
    """

    side: str
    links: tuple[ChainLink, ...]
    tip: np.ndarray
    tip_turn: np.ndarray

    @property
    def joints(self) -> tuple[str, ...]:
        return tuple(link.joint for link in self.links)

    @cached_property
    def quaternions(self) -> np.ndarray:
        """(k + 1, 4) w, x, y, z of each link in the one before, and of the grip in the last one."""
        return quaternions_of(np.array([*(link.turn for link in self.links), self.tip_turn]))

    def frames(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Origins (k + 1, n, 3) [m] and axes (k, n, 3) of the joints, and turns (k + 1, n, 3, 3), all in the base; the last is the tip.

        Args:
            q: (n, k) angles [rad].
        """
        n, k = q.shape
        angle = np.ascontiguousarray(q.T)
        sin, rest = np.sin(angle), 1.0 - np.cos(angle)
        origins, axes, turns = np.empty((k + 1, 3, n)), np.empty((k, 3, n)), np.empty((k + 1, 3, 3, n))  # rows last: they lie in one piece
        at, turn = np.zeros((3, n)), np.tile(EYE[:, :, None], (1, 1, n))
        for j, link in enumerate(self.links):
            origins[j] = at = at + _seen(turn, link.pos)
            base = turn if np.array_equal(link.turn, EYE) else np.stack([_seen(turn, column) for column in link.turn.T], axis=1)
            turn, cross = turns[j], _cross(link.axis)
            turn[...] = base
            for by, matrix in ((sin[j], cross), (rest[j], cross @ cross)):  # Rodrigues' formula, as in `about`
                for row, c in np.argwhere(matrix).tolist():
                    turn[:, c] += matrix[row, c] * by * base[:, row]
            axes[j] = _seen(turn, link.axis)
        origins[k] = at + _seen(turn, self.tip)
        for c in range(3):
            turns[k, :, c] = _seen(turn, self.tip_turn[:, c])
        return origins.transpose(0, 2, 1), axes.transpose(0, 2, 1), turns.transpose(0, 3, 1, 2)


@dataclass(frozen=True, eq=False)
class MeasuredArm:
    """An arm at angles q (n, k) [rad]: frames of its joints and of its grip, as `JointChain.frames` gives them."""

    chain: JointChain
    q: np.ndarray
    origins: np.ndarray
    axes: np.ndarray
    turns: np.ndarray

    def attitudes(self) -> np.ndarray:
        """(n, 4) quaternions w, x, y, z of the grip, of the sign that the product along the chain has, as in MuJoCo, and steady."""
        quats = quaternions_of(self.turns[-1])
        steady = np.cumprod(np.where((quats[1:] * quats[:-1]).sum(axis=1) < 0.0, -1.0, 1.0))
        first = np.array([1.0, 0.0, 0.0, 0.0])
        for link, fixed, angle in zip(self.chain.links, self.chain.quaternions, self.q[0]):
            first = _product(first, fixed)
            first = _product(first, np.array([np.cos(0.5 * angle), *(np.sin(0.5 * angle) * link.axis)]))
        first = _product(first, self.chain.quaternions[-1])
        sign = 1.0 if float(first @ quats[0]) >= 0.0 else -1.0
        return quats * (sign * np.concatenate([[1.0], steady]))[:, None]

    @cached_property
    def weight(self) -> np.ndarray:
        """(n, k) torques [Nm] that hold the arm up, its base upright: what each joint gives, if it carries all beyond it.

        The moment of each link's weight about the joint's axis (Siciliano et al., Robotics, 2009, eq. 7.39).
        """
        mass, moment = 0.0, np.zeros((3, len(self.q)))  # of all beyond: sum of masses, sum of mass times centre
        out = np.empty(self.q.shape)
        for j in range(len(self.chain.links) - 1, -1, -1):
            link = self.chain.links[j]
            at, axis, turn = self.origins[j].T, self.axes[j].T, self.turns[j].transpose(1, 2, 0)
            mass, moment = mass + link.mass, moment + link.mass * (at + _seen(turn, link.centre))
            arm = moment - mass * at
            out[:, j] = GRAVITY * (axis[0] * arm[1] - axis[1] * arm[0])
        return out


def arms_of(measured: Mapping[str, np.ndarray]) -> dict[str, MeasuredArm]:
    """Side -> the arm of our own robot, or its head, where all its joints are given: name -> (n,) [rad]."""
    found = {}
    for side, chain in own_chains().items():
        if set(chain.joints) <= set(measured):
            q = np.column_stack([measured[joint] for joint in chain.joints])
            found[side] = MeasuredArm(chain, q, *chain.frames(q))
    return found


def about(axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """(n, 3, 3) turns by angles (n,) [rad] about a unit axis (3,): Rodrigues' formula."""
    cross = _cross(axis)
    s, c = np.sin(angle)[:, None, None], (1.0 - np.cos(angle))[:, None, None]
    return np.eye(3) + s * cross + c * (cross @ cross)


def _cross(axis: np.ndarray) -> np.ndarray:
    x, y, z = axis
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def _seen(turns: np.ndarray, one: np.ndarray) -> np.ndarray | float:
    """(3, n) turns (3, 3, n) times one vector (3,), of which most numbers are zero in a model of an arm; 0 where all are."""
    parts = [turns[:, k] if x == 1.0 else x * turns[:, k] for k, x in enumerate(one.tolist()) if x != 0.0]
    return reduce(np.add, parts) if parts else 0.0


def _product(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(4,) of quaternions w, x, y, z."""
    (a, b, c, d), (w, x, y, z) = p.tolist(), q.tolist()
    return np.array([
        a * w - (b * x + c * y + d * z), a * x + w * b + (c * z - d * y), a * y + w * c + (d * x - b * z), a * z + w * d + (b * y - c * x),
    ])  # fmt: skip


def matrix_of(quat: np.ndarray) -> np.ndarray:
    """(3, 3) of a quaternion w, x, y, z, which need not be of unit length."""
    w, x, y, z = np.asarray(quat, float) / np.linalg.norm(quat)
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


def quaternions_of(turns: np.ndarray) -> np.ndarray:
    """(n, 4) w, x, y, z of turns (n, 3, 3), of either sign: each by its largest element (Shepperd, doi:10.2514/3.55767b)."""
    r = turns
    trace = np.einsum("nii->n", r)
    squares = np.stack([trace, r[:, 0, 0], r[:, 1, 1], r[:, 2, 2]], axis=1)
    off = [r[:, 2, 1] - r[:, 1, 2], r[:, 0, 2] - r[:, 2, 0], r[:, 1, 0] - r[:, 0, 1]]
    xy, xz, yz = r[:, 0, 1] + r[:, 1, 0], r[:, 0, 2] + r[:, 2, 0], r[:, 1, 2] + r[:, 2, 1]
    diagonal = 1.0 + 2.0 * squares[:, 1:] - trace[:, None]
    table = np.array([
        [1.0 + trace, off[0], off[1], off[2]],
        [off[0], diagonal[:, 0], xy, xz],
        [off[1], xy, diagonal[:, 1], yz],
        [off[2], xz, yz, diagonal[:, 2]],
    ])  # fmt: skip
    best = squares.argmax(axis=1)
    q = table[best, :, np.arange(len(r))]
    return q / np.linalg.norm(q, axis=1, keepdims=True)


@lru_cache
def own_chains() -> Mapping[str, JointChain]:
    """Both arms of our own robot with the first of its hands, and its head, by side."""
    folder = robot_folder()
    sheet = read_own(folder / "robot.yaml")
    hand = read_own(folder / next(iter(sheet["hands"].values())))
    robot, grip = _model(folder / sheet["model"]), _model(folder / hand["model"]).find("worldbody")
    arms = {side: _chain(side, robot, sheet["groups"]["arm"][side], grip) for side in SIDES}
    return {**arms, HEAD: _chain(HEAD, robot, sheet["groups"]["head"])}


@lru_cache
def own_grip() -> tuple[float, float]:
    """Of the servo of the first of its hands: what it gives for a percent of the way, and at the most."""
    folder = robot_folder()
    hand = read_own(folder / next(iter(read_own(folder / "robot.yaml")["hands"].values())))
    servo = next(_model(folder / hand["model"]).iter("position"))
    return float(servo.get("kp", "0")), float(servo.get("forcerange", "0 inf").split()[1])


def _model(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def _chain(side: str, robot: ET.Element, joints: list[str], grip: ET.Element | None = None) -> JointChain:
    """Bodies that these joints move one after the other, and a hand where there is one."""
    above = {child: parent for parent in robot.iter("body") for child in parent.findall("body")}
    servos = {one.get("joint"): one for one in robot.iter("position")}
    moved = {joint.get("name"): body for body in robot.iter("body") for joint in body.findall("joint")}
    assert all(above[moved[b]] is moved[a] for a, b in pairwise(joints))
    tip, tip_turn, held = np.zeros(3), np.eye(3), []
    if grip is not None:
        palm = grip.find("body")
        assert palm is not None
        mount, tcp = _site(robot, f"{side}_hand_mount"), _site(palm, "tcp")
        to, turn = _vector(mount, "pos"), _turn(mount)
        to, turn = to + turn @ _vector(palm, "pos"), turn @ _turn(palm)
        held = list(_masses(palm, to, turn, still=False))
        tip, tip_turn = to + turn @ _vector(tcp, "pos"), turn @ _turn(tcp)
    links = []
    for name in joints:
        body = moved[name]
        joint = next(one for one in body.findall("joint") if one.get("name") == name)
        masses = [*_masses(body, np.zeros(3), np.eye(3), still=True), *(held if name == joints[-1] else ())]
        mass = sum(m for m, _ in masses)
        centre = sum((m * at for m, at in masses), np.zeros(3)) / mass
        axis = _vector(joint, "axis")
        most = float(joint.get("actuatorfrcrange", "0 inf").split()[1])
        gains = (float(servos[name].get("kp", "0")), float(servos[name].get("kv", "0"))) if name in servos else (0.0, 0.0)
        links.append(ChainLink(name, _vector(body, "pos"), _turn(body), axis / np.linalg.norm(axis), mass, centre, most, gains))
    return JointChain(side, tuple(links), tip, tip_turn)


def _site(element: ET.Element, name: str) -> ET.Element:
    return next(one for one in element.iter("site") if one.get("name") == name)


def _masses(body: ET.Element, at: np.ndarray, turn: np.ndarray, still: bool) -> Iterator[tuple[float, np.ndarray]]:
    """(mass, place) of a body and those that hang from it; `still`: those alone that no joint of their own moves."""
    inertial = body.find("inertial")
    if inertial is not None:
        yield float(inertial.get("mass", "0")), at + turn @ _vector(inertial, "pos")
    for child in body.findall("body"):
        if not still or child.find("joint") is None:
            yield from _masses(child, at + turn @ _vector(child, "pos"), turn @ _turn(child), still)


def _vector(element: ET.Element, name: str) -> np.ndarray:
    default = "0 0 1" if name == "axis" else "0 0 0"
    return np.array([float(x) for x in element.get(name, default).split()])


def _turn(element: ET.Element) -> np.ndarray:
    """(3, 3) by its `quat`, or `euler` about its own x, y, z [rad]; other ways to tell it are refused, so that none is passed over."""
    if set(element.keys()) & {"axisangle", "xyaxes", "zaxis"}:
        raise ValueError(f"{element.tag} {element.get('name')}: a chain's turns are given by quat or euler")
    turn = matrix_of(np.array([float(x) for x in element.get("quat", "1 0 0 0").split()]))
    for axis, angle in zip(np.eye(3), map(float, element.get("euler", "").split())):
        turn = turn @ about(axis, np.array([angle]))[0]
    return turn
