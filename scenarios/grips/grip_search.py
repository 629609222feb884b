"""Grips from shapes alone: lines through the part that leave it squarely on both sides, and room for the fingers there.

Two contacts hold where the line between them lies in the friction cone of both (V.-D. Nguyen, "Constructing force-closure
grasps", IJRR 1988). Lines start squarely from the faces of every shape; nothing is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Iterator

import mujoco
import numpy as np

from .workpiece import Touch, Workpiece

STEP = 0.02  # m between two lines from one face
MOST = 5  # lines along a side of a face
AROUND = 8  # lines round a cylinder, and directions of the fingers round a closing axis
BACK = (0.0, 0.008, 0.014)  # m by which the pads' middle stays before the line; less of the fingers is beyond it then
ROWS = 3  # stretches of a line that may lie between the pads, such as a bowl's two walls
ROUGH = (4, 2)  # lines through a pad that tell at once where something else lies between the pads
PATCH = 1.5e-3  # m, half of what the pads have to touch along their longer side
MARGIN = 2e-3  # m of room at least on either side of a thing, however the claw opens
FEW = 8  # grips that are reported at most
LIKE = 4e-3  # m of width within which two grips of a kind are one
THIN = 0.03  # m, up to which it is a pinch
TRIES = 30  # places of one kind and width that are looked at, best first, and as many of the others
LEVEL = 0.7  # of the closing axis along z, above which the pads close from above and below
HARDER = 100.0  # N/m, by which a place further from the pads' middle is put behind

Row = tuple[float, str, np.ndarray, np.ndarray, float]  # force at least, kind, place, rotation, width
Found = tuple[str, np.ndarray, np.ndarray, Touch, float]  # kind, place, rotation, touch, force needed


def search(piece: Workpiece) -> list[Found]:
    """Grips of a rigid part that stands, as its file poses it, on its lowest point; the easiest of each kind and width first."""
    rows: list[Row] = []
    along, across = (float(np.ptp(side)) / 2.0 for side in (piece.gripper.along, piece.gripper.across))
    pad = piece.gripper.friction(np.zeros(3), 0)
    for middle, way, width in _lines(piece):
        # what the pads touch at most: no force is less than this one
        whole = Touch(width, 0.0, along, across, 0.0, pad)
        for fingers in directions(way):
            turn = np.column_stack([np.cross(way, fingers), way, fingers])
            rows += [(piece.needed(middle - back * fingers, turn, whole, None) + HARDER * back, _kind(fingers, width),
                      middle - back * fingers, turn, width) for back in BACK]  # fmt: skip
    rows.sort(key=lambda row: (round(row[0], 1), -abs(row[3][2, 2]), *np.round(row[2], 4)))
    floor = piece.floor if piece.root(None) else None
    like: dict[tuple[str, int, bool], list[Row]] = {}
    for row in rows:
        like.setdefault((row[1], round(row[4] / LIKE), abs(row[3][2, 1]) > LEVEL), []).append(row)
    found: list[Found] = []
    for group in like.values():  # those of the least force first
        if len(found) == FEW:
            break
        for _, kind, at, turn, width in (group[k] for k in _spread(len(group))):
            if any(kind == other[0] and abs(width - other[3].width) < LIKE for other in found):
                break
            rough = piece.touch(at, turn, width, ROUGH)
            touch = piece.touch(at, turn, width) if rough is not None and rough.width - width < LIKE else None
            if touch is not None and _square(touch, width) and not piece.room(at, turn, touch.width, floor):
                found.append((kind, at, turn, touch, piece.needed(at, turn, touch, None)))
                break
    return sorted(found, key=lambda row: row[4])


def _spread(count: int) -> list[int]:
    """Which of so many places are looked at: the best ones, then some all along the rest."""
    return [*range(min(count, TRIES)), *(int(k) for k in np.linspace(TRIES, count - 1, TRIES) if count > 2 * TRIES)]


def narrowest(piece: Workpiece) -> float | None:
    """The least width that level lines through a part find [m], however far a hand opens; None where they find nothing."""
    return min((width for _, way, width in _lines(piece, np.inf) if abs(way[2]) <= LEVEL), default=None)


def _square(touch: Touch, width: float) -> bool:
    """Whether the pads touch what was looked for, enough of it, and faces that do not slip out between them."""
    seen = abs(touch.middle) < LIKE and abs(touch.width - width) < LIKE
    return seen and max(touch.along, touch.across) >= PATCH and bool(np.tan(touch.tilt) <= touch.friction[0])


def directions(pads: np.ndarray) -> list[np.ndarray]:
    """(3,) directions of the fingers square to a closing axis: down first, then level, then between; none from below."""
    down = np.array([0.0, 0.0, -1.0])
    first = down - (down @ pads) * pads
    if np.linalg.norm(first) < 1e-6:
        first = np.array([1.0, 0.0, 0.0]) - pads[0] * pads
    first = first / np.linalg.norm(first)
    second = np.cross(pads, first)
    turns = 2.0 * np.pi * np.arange(AROUND) / AROUND
    ways = [np.cos(a) * first + np.sin(a) * second for a in turns]
    return [way for way in sorted(ways, key=lambda w: (abs(w[2] + 1.0) > 1e-6, abs(w[2]) > 1e-6)) if way[2] < 0.1]


def _kind(fingers: np.ndarray, width: float) -> str:
    if width <= THIN:
        return "pinch"
    return "above" if fingers[2] < -0.5 else "side"


def _lines(piece: Workpiece, widest: float | None = None) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """(middle, closing axis, width) of every stretch of a line that a hand could close on; each once.

    Args:
        widest: the largest width [m]; what goes into the open hand where None.
    """
    widest = piece.gripper.widest - 2.0 * MARGIN if widest is None else widest
    seen = set()
    for point, normal in _faces(piece):
        solids = piece.solids(point, normal)
        for i, first in enumerate(solids):
            for last in solids[i : i + ROWS]:
                width = last[1] - first[0]
                ends = min(abs(first[0]), abs(last[1]))
                if width > widest or width < 5e-4 or ends > 1e-3:
                    continue
                middle = point + (first[0] + last[1]) / 2.0 * normal
                lead = normal if tuple(np.round(normal, 2)) >= tuple(np.round(-normal, 2)) else -normal
                key = (*np.round(middle / 0.005).astype(int), *np.round(lead, 1), round(width / 2e-3))
                if key not in seen:
                    seen.add(key)
                    yield middle, lead, width


def _faces(piece: Workpiece) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places on the part's shapes with the direction square to them there."""
    model, data = piece.model, piece.data
    shape = mujoco.mjtGeom
    for g in piece.geoms:
        turn, middle = data.geom_xmat[g].reshape(3, 3), data.geom_xpos[g]
        kind, size = shape(int(model.geom_type[g])), model.geom_size[g]
        if kind == shape.mjGEOM_BOX:
            local = _box(size)
        elif kind in (shape.mjGEOM_CYLINDER, shape.mjGEOM_CAPSULE):
            local = _round(size[0], size[1])
        elif kind == shape.mjGEOM_SPHERE:
            local = _round(size[0], 0.0)
        elif kind == shape.mjGEOM_ELLIPSOID:
            local = [(np.eye(3)[i] * size[i], np.eye(3)[i]) for i in range(3)]
        elif kind == shape.mjGEOM_MESH:
            local = _mesh(model, int(model.geom_dataid[g]))
        else:
            local = []
        for point, normal in local:
            yield middle + turn @ point, turn @ normal


def _box(half: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    rows = []
    for axis in range(3):
        one, two = [k for k in range(3) if k != axis]
        for a in _spots(half[one]):
            for b in _spots(half[two]):
                point = np.zeros(3)
                point[axis], point[one], point[two] = half[axis], a, b
                rows.append((point, np.eye(3)[axis]))
    return rows


def _round(radius: float, half: float) -> list[tuple[np.ndarray, np.ndarray]]:
    rows = []
    for angle in np.pi * np.arange(AROUND) / AROUND:
        normal = np.array([np.cos(angle), np.sin(angle), 0.0])
        rows += [(radius * normal + np.array([0.0, 0.0, z]), normal) for z in _spots(half)]
    return [*rows, (np.array([0.0, 0.0, half]), np.array([0.0, 0.0, 1.0]))]


def _mesh(model: mujoco.MjModel, mesh: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The middles of a mesh's largest triangles that look different ways or lie apart."""
    first, count = int(model.mesh_faceadr[mesh]), int(model.mesh_facenum[mesh])
    vertices = model.mesh_vert[int(model.mesh_vertadr[mesh]) :]
    corners = vertices[model.mesh_face[first : first + count]].astype(float)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1)
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    for k in np.argsort(-area, kind="stable"):
        if area[k] <= 0.0 or len(rows) >= 60:
            break
        point, normal = corners[k].mean(axis=0), across[k] / area[k]
        if all(normal @ n < 0.9 or np.linalg.norm(point - p) > STEP for p, n in rows):
            rows.append((point, normal))
    return rows


def _spots(half: float) -> np.ndarray:
    """Places along a side, its middle among them."""
    count = min(MOST, 2 * int(half / STEP) + 1)
    return np.linspace(-1.0, 1.0, count) * half * 0.8 if count > 1 else np.zeros(1)
