"""A part and a hand side by side: lines through the part's shapes, what the pads touch, whether the fingers have room."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from ..parts.part import Part
from ..parts.pose import quat_of
from ..robots.hand_shape import strokes
from ..sheet.errors import ScenarioError
from ..sheet.quantity import show
from .gripper import GripperFacts

HAND = "hand/"  # before the names of the hand's elements
NEAR = 0.01  # m by which a site may lie off the middle of what it is meant of
JOINED = 1e-3  # m; shapes that are nearer than that are one to a pad
COMES = (0.0, 0.03, 0.08)  # m before its place, along the fingers, at which the hand has to be free of the part
TOUCHES = 5e-4  # m by which a shape of the hand may lie in one of the part
GRID = (13, 5)  # lines through a pad, along and across the fingers
MESH = int(mujoco.mjtGeom.mjGEOM_MESH)
SAFETY = 2.0  # times what just holds: what makers of parallel grippers advise where friction alone holds [K]


@dataclass(frozen=True)
class Touch:
    """What the pads touch at a place.

    Attributes:
        width: between the pads [m]; middle: of that, along the closing axis from where the pads' middle was put [m].
        along, across: half of the touched patch, along and across the fingers [m]; the smaller of both sides.
        tilt: by how much the two faces lean against the closing axis at most [rad].
        friction: (3,) sliding, torsion [m], rolling [m]; the lowest of what is touched.
    """

    width: float
    middle: float
    along: float
    across: float
    tilt: float
    friction: np.ndarray


class Workpiece:
    """A part as its file poses it, with the heaviest load that its sheet allows, and a hand that is put anywhere beside it.

    Args:
        part: which.
        gripper: the hand.

    Raises:
        ScenarioError: the part does not compile.
    """

    def __init__(self, part: Part, gripper: GripperFacts):
        self.part, self.gripper = part, gripper
        full = (p for p in part.params.values() if p.dimension in ("mass", "volume") and np.isfinite(p.high))
        spec = part.spec(**{param.name: param.high for param in full})
        frame = spec.worldbody.add_body(name="hand", mocap=True)
        spec.attach(gripper.spec.copy(), site=frame.add_site(name="hand_frame"), prefix=HAND)
        try:
            self.model = spec.compile()
        except ValueError as error:
            raise ScenarioError(f"It does not compile: {' '.join(str(error).split())}.", file=str(part.file)) from None
        model = self.model
        self.data = mujoco.MjData(model)
        mujoco.mj_forward(model, self.data)
        solid = (model.geom_contype | model.geom_conaffinity) != 0
        mine = np.array([model.body(model.geom_bodyid[g]).name.startswith(HAND) for g in range(model.ngeom)], bool)
        plane = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
        self.geoms = np.flatnonzero(solid & ~mine & ~plane)
        self.hand_geoms = np.flatnonzero(solid & mine)
        self.fingers = strokes(model, [HAND + name for name in gripper.tendons])
        # m, of a ball round each shape, about its frame
        self.radius = model.geom_rbound + np.linalg.norm(model.geom_aabb[:, :3], axis=1)
        self._shapes = {int(g): self._shape(int(g)) for g in self.geoms}
        self._loose = [int(b) for b, kind in zip(model.jnt_bodyid, model.jnt_type) if kind == mujoco.mjtJoint.mjJNT_FREE]
        self._pulls: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # force and moment about its origin of what has been asked for
        self.floor = self._floor()

    def _shape(self, geom: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Position, rotation, size and kind of a shape, as the engine asks for them."""
        model, data = self.model, self.data
        return data.geom_xpos[geom], data.geom_xmat[geom], model.geom_size[geom], int(model.geom_type[geom])

    def _floor(self) -> float:
        """Height of the lowest point of the part [m], where it would stand."""
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
        lowest = 0.0 if not len(self.geoms) else np.inf
        for g in self.geoms:
            box = self.model.geom_aabb[g]
            points = self.data.geom_xpos[g] + (box[:3] + corners * box[3:]) @ self.data.geom_xmat[g].reshape(3, 3).T
            lowest = min(lowest, float(points[:, 2].min()))
        return lowest

    def place(self, name: str, kind: str = "site") -> tuple[np.ndarray, np.ndarray]:
        """Position [m] and rotation (3, 3) of a site or a body of the part."""
        view = getattr(self.data, kind)(name)
        return view.xpos.copy(), view.xmat.reshape(3, 3).copy()

    def root(self, at: int | None) -> int:
        """The loose body that a body is one with; 0 where it is fixed or hangs on a hinge. None: the only loose one of the part."""
        if at is None:
            return self._loose[0] if len(self._loose) == 1 else 0
        top = int(self.model.body_weldid[at])
        return top if top in self._loose else 0

    def load(self, at: np.ndarray, body: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Force [N] and moment [Nm] about a point with which a loose body, or the whole of a cloth, pulls at who holds it still.

        Actuators that stand for what is inside, such as the water of a bottle, count; a fixed thing pulls with nothing.
        """
        if self.model.nflex:
            weight = float(self.model.body_mass[self.model.flex_vertbodyid].sum()) * self.model.opt.gravity
            return weight, np.zeros(3)
        root = self.root(body)
        if not root:
            return np.zeros(3), np.zeros(3)
        if root not in self._pulls:
            first = int(self.model.body_dofadr[root])
            data = self.data
            dofs = data.qfrc_actuator[first : first + 6] + data.qfrc_passive[first : first + 6]
            dofs = dofs - data.qfrc_bias[first : first + 6]
            self._pulls[root] = dofs[:3].copy(), data.xmat[root].reshape(3, 3) @ dofs[3:]
        force, moment = self._pulls[root]
        (x, y, z), (a, b, c) = (self.data.xpos[root] - at).tolist(), force.tolist()
        return force.copy(), moment + np.array([y * c - z * b, z * a - x * c, x * b - y * a])

    def solids(self, point: np.ndarray, way: np.ndarray) -> list[tuple[float, float, list[int]]]:
        """Stretches of a line that run inside the part, in metres from the point along the way.

        Returns:
            (from, to, [shape at the one end, shape at the other]), in order.
        """
        return self._solids(point, way, -way, self.geoms, self.data.geom_xpos[self.geoms], self.radius[self.geoms])

    def _solids(
        self, point: np.ndarray, way: np.ndarray, back: np.ndarray, geoms: np.ndarray, places: np.ndarray, radii: np.ndarray
    ) -> list[tuple[float, float, list[int]]]:
        """`solids` of these shapes, of which the places and the radii are at hand; back: against the way."""
        away = places - point
        along = away @ way
        off = np.sqrt(np.maximum(np.add.reduce(away * away, axis=1) - along * along, 0.0))
        rows = []
        for k in (off <= radii).nonzero()[0].tolist():
            shape, t, radius = int(geoms[k]), along[k], radii[k] + 0.05
            first = self._ray(shape, point + (t - radius) * way, way)
            last = self._ray(shape, point + (t + radius) * way, back) if first >= 0.0 else first
            if last >= 0.0:
                rows.append((t - radius + first, t + radius - last, [shape, shape]))
        merged: list[tuple[float, float, list[int]]] = []
        for low, high, g in sorted(rows, key=lambda row: row[0]):
            if merged and low <= merged[-1][1] + JOINED:
                end = g[1] if high > merged[-1][1] else merged[-1][2][1]
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]), [merged[-1][2][0], end])
            else:
                merged.append((low, high, g))
        return merged

    def _ray(self, geom: int, start: np.ndarray, way: np.ndarray) -> float:
        place, turn, size, kind = self._shapes[geom]
        if kind == MESH:
            return mujoco.mj_rayMesh(self.model, self.data, geom, start, way)
        return mujoco.mju_rayGeom(place, turn, size, start, way, kind)

    def spans(self, at: np.ndarray, way: np.ndarray) -> list[float]:
        """Widths [m] that a line through a place meets between two of its ends, with their middle near the place, in order."""
        rows = self.solids(at, way)
        pairs = [(first[0], last[1]) for i, first in enumerate(rows) for last in rows[i:]]
        return sorted(high - low for low, high in pairs if abs(low + high) / 2.0 <= NEAR)

    def touch(self, at: np.ndarray, turn: np.ndarray, width: float, grid: tuple[int, int] = GRID) -> Touch | None:
        """What the pads meet when they close from a gap of `width` and the room of an open claw; None where they meet nothing.

        Args:
            at: the pads' middle; turn: (3, 3), z along the fingers and y along the opening.
            grid: lines along and across the fingers; with fewer of them nothing is wider.
        """
        half = width / 2.0 + self.gripper.clear
        along, across = self.gripper.along, self.gripper.across
        reach = np.linalg.norm([np.abs(along).max(), np.abs(across).max(), half])
        away = np.linalg.norm(self.data.geom_xpos[self.geoms] - at, axis=1)
        near = self.geoms[away <= self.radius[self.geoms] + reach]
        places, radii, way = self.data.geom_xpos[near], self.radius[near], turn[:, 1]
        rows = []
        for i in np.linspace(along[0] + 1e-4, along[1] - 1e-4, grid[0]):
            for j in np.linspace(across[0] + 1e-4, across[1] - 1e-4, grid[1]):
                point = at + i * turn[:, 2] + j * turn[:, 0]
                inside = [s for s in self._solids(point, way, -way, near, places, radii) if s[1] > -half and s[0] < half]
                if inside:
                    rows.append(
                        (i, j, max(inside[0][0], -half), min(inside[-1][1], half), inside[0][2][0], inside[-1][2][1])
                    )
        if not rows:
            return None
        found = np.array([row[:4] for row in rows])
        first, last = found[:, 2].min(), found[:, 3].max()
        soft = self.gripper.soft / 2.0
        sides = [found[:, 2] <= first + soft, found[:, 3] >= last - soft]
        spread = [np.ptp(found[side, :2], axis=0) / 2.0 for side in sides]
        touched = {int(row[4 + k]) for k in (0, 1) for row, meets in zip(rows, sides[k]) if meets}
        friction = np.min([self.friction(g) for g in touched], axis=0)
        tilt = max(_tilt(found[side][:, [0, 1, column]]) for side, column in zip(sides, (2, 3)))
        patch = np.minimum(*spread)
        return Touch(float(last - first), float(first + last) / 2.0, float(patch[0]), float(patch[1]), tilt, friction)

    def friction(self, geom: int) -> np.ndarray:
        """(3,) between a pad and a shape of the part."""
        return self.gripper.friction(self.model.geom_friction[geom], int(self.model.geom_priority[geom]))

    def room(self, at: np.ndarray, turn: np.ndarray, width: float, floor: float | None = None) -> str:
        """What is in the way of the open hand at a place and on the way there; empty where nothing is.

        Args:
            at, turn: of the pads' middle.
            width: of what shall come between the pads [m].
            floor: height that no shape of the hand may go below [m], or None.
        """
        gap = min(width + 2.0 * self.gripper.clear + self.gripper.soft, self.gripper.opening)
        for back in COMES:
            self.put(at - back * turn[:, 2], turn, width, gap)
            for h in self.hand_geoms:
                if floor is not None and self._lowest(int(h)) < floor - TOUCHES:
                    return f"{self._named(int(h))} would go through what it stands on"
                off = np.linalg.norm(self.data.geom_xpos[self.geoms] - self.data.geom_xpos[h], axis=1)
                for g in self.geoms[off <= self.radius[self.geoms] + self.model.geom_rbound[h]]:
                    apart = mujoco.mj_geomDistance(self.model, self.data, int(h), int(g), 0.01, None)
                    if apart < -TOUCHES:
                        what = self.model.geom(int(g)).name or self.model.body(self.model.geom_bodyid[g]).name
                        return f"{self._named(int(h))} would meet {what}"
        return ""

    def _named(self, geom: int) -> str:
        return self.model.geom(geom).name.removeprefix(HAND)

    def _lowest(self, geom: int) -> float:
        box, turn = self.model.geom_aabb[geom], self.data.geom_xmat[geom].reshape(3, 3)
        middle = self.data.geom_xpos[geom] + turn @ box[:3]
        return float(middle[2] - np.abs(turn[2]) @ box[3:])

    def put(self, at: np.ndarray, turn: np.ndarray, width: float, gap: float) -> None:
        """Bring the hand to where it holds something of that width with its pads' middle at a place, and open it to a gap."""
        data = self.data
        data.mocap_pos[0], data.mocap_quat[0] = 0.0, (1.0, 0.0, 0.0, 0.0)
        self._open(width + self.gripper.soft)
        middle = np.mean([data.site(HAND + name).xpos for name in self.gripper.faces], axis=0)
        whole = turn @ data.site(f"{HAND}{self.gripper.shape.tcp}").xmat.reshape(3, 3).T
        data.mocap_quat[0], data.mocap_pos[0] = quat_of(whole), at - whole @ middle
        self._open(gap)

    def _open(self, gap: float) -> None:
        """Move the fingers until so much is between the faces of the pads [m]."""
        drives = self.gripper.shape.drives_at(100.0 * (1.0 - gap / self.gripper.opening))
        for joint, drive, stroke in self.fingers:
            self.data.qpos[self.model.jnt_qposadr[joint]] = stroke * drives[drive] / 100.0
        mujoco.mj_kinematics(self.model, self.data)

    def needed(self, at: np.ndarray, turn: np.ndarray, touch: Touch, body: int | None, hands: int = 1) -> float:
        """Force of each pad that holds the part still in the air, as it stands, with `SAFETY` [N].

        Sliding and turning between the pads share the friction as in an ellipse (R. D. Howe, M. R. Cutkosky, "Practical
        force-motion models for sliding manipulation", IJRR 1996). Across the pads what is held is kept from tipping by where
        in their patches they press, and by friction on both sides of it.

        Args:
            at, turn: of the pads' middle. body: of the part, which is held. hands: that share the weight, which then cannot tip.
        """
        force, moment = self.load(at, body)
        if not force.any():
            return 0.0
        force, moment = force / hands, moment if hands == 1 else np.zeros(3)
        mu, torsion = float(touch.friction[0]), float(touch.friction[1])
        if mu <= 0.0:
            return np.inf
        pull, turned = turn.T @ force, turn.T @ moment
        # m, at which friction turns, of even pressure over a disc of the patch's area
        patch = 2.0 / 3.0 * np.sqrt(4.0 * touch.along * touch.across / np.pi)
        radius = max(patch, torsion / mu, 1e-4)
        slide = float(np.hypot(np.hypot(pull[0], pull[2]), turned[1] / radius)) / (2.0 * mu)
        tip = abs(turned[0]) / (2.0 * touch.along + mu * touch.width) if abs(turned[0]) > 1e-9 else 0.0
        tip += abs(turned[2]) / (2.0 * touch.across + mu * touch.width) if abs(turned[2]) > 1e-9 else 0.0
        return SAFETY * (slide + tip + abs(float(pull[1])))


def _tilt(points: np.ndarray) -> float:
    """Angle by which a face leans [rad], from (n, 3) places on it: along, across, depth; 0 where too few say."""
    if len(points) < 3 or min(np.ptp(points[:, :2], axis=0)) < 1e-6:
        return 0.0
    flat = np.column_stack([points[:, :2], np.ones(len(points))])
    slope, *_ = np.linalg.lstsq(flat, points[:, 2], rcond=None)
    return float(np.arctan(np.hypot(*slope[:2])))


def width_text(width: float) -> str:
    """A width as it is read: `66.2 mm`."""
    return show(round(width, 4), "length")
