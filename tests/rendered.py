"""Pictures of our scenes with printed markers in them, through a lens that bends, blurs and is dazzled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import mujoco
import numpy as np
from shiliu.envs.rendering import shown_groups
from shiliu.replay.locating.calibrated_camera import CalibratedCamera
from shiliu.replay.locating.markers import CELL, CELLS, DICTIONARY, Marker
from shiliu.replay.locating.places import SceneFrames
from shiliu.scenarios.parts.pose import Pose

THICK = 0.0004  # m, of a sheet
WIDER = 1.35  # the picture is drawn wider than the camera sees, and bent to size
FINER = 1


def _bits(number: int) -> np.ndarray:
    bits = np.ones((CELLS + 2, CELLS + 2), bool)
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, DICTIONARY))
    bits[1:-1, 1:-1] = dictionary.generateImageMarker(number, CELLS) > 127
    return bits


def paste(spec: mujoco.MjSpec, body: str, marker: Marker, place: Pose) -> None:
    """Lay a marker onto a body as tiles, none above another."""
    into = spec.worldbody if body == CELL else spec.body(body)
    bits, cell = _bits(marker.id), marker.size / CELLS
    for i, row in enumerate(bits):
        j = 0
        while j < len(row):
            k = j
            while k < len(row) and row[k] == row[j]:
                k += 1
            x = (j + k - len(row)) / 2 * cell
            y = (len(row) / 2 - i - 0.5) * cell
            at = place @ Pose.of((x, y, THICK / 2))
            into.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                pos=at.pos,
                quat=at.quat,
                size=[(k - j) * cell / 2, cell / 2, THICK / 2],
                rgba=[0.93, 0.93, 0.92, 1] if row[j] else [0.03, 0.03, 0.03, 1],
                group=2,
                contype=0,
                conaffinity=0,
                density=0,
            )
            j = k


@dataclass(frozen=True)
class Lens:
    """What a camera does to a picture. Blur [px], noise in grey values, glare and covers as (x, y, radius) of the picture."""

    camera: CalibratedCamera
    blur: float = 0.0
    smear: float = 0.0
    noise: float = 2.0
    glare: tuple[tuple[float, float, float], ...] = ()
    covers: tuple[tuple[tuple[float, float], ...], ...] = ()

    @property
    def wide(self) -> tuple[int, int, float]:
        """Width, height and focal length [px] of a picture without distortion that holds all that the camera sees."""
        width, height = self.camera.size
        return round(width * WIDER * FINER), round(height * WIDER * FINER), self.camera.matrix[1] * FINER

    def through(self, wide: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(h, w, 3) uint8 of the camera from the wide one, whose optical axis is its middle."""
        h, w = wide.shape[:2]
        width, height = self.camera.size
        fx, fy, cx, cy = self.camera.matrix
        x, y = np.meshgrid(np.arange(width * FINER), np.arange(height * FINER))
        pixel = np.stack([(x + 0.5) / FINER - 0.5, (y + 0.5) / FINER - 0.5], axis=-1).reshape(-1, 2)
        straight = (self.camera.undistorted(pixel) - [cx, cy]) / [fx, fy]
        there = (straight * self.wide[2] + [(w - 1) / 2, (h - 1) / 2]).astype(np.float32)
        there = there.reshape(height * FINER, width * FINER, 2)
        fine = cv2.remap(wide, there[..., 0], there[..., 1], cv2.INTER_LINEAR).astype(np.float32)
        picture = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
        for x0, y0, radius in self.glare:
            far = np.hypot(*np.meshgrid(np.arange(width) - x0, np.arange(height) - y0))
            picture += 330.0 * np.exp(-((far / radius) ** 2))[..., None]
        for cover in self.covers:
            cv2.fillPoly(picture, [np.array(cover, np.int32)], (196.0, 150.0, 126.0), lineType=cv2.LINE_AA)
        picture = np.clip(picture, 0, 255)
        if self.blur:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur)
        if self.smear > 1:
            picture = cv2.filter2D(picture, -1, _smear(self.smear, rng.uniform(0, np.pi)))
        picture = picture + rng.normal(0, self.noise, picture.shape)
        return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def _smear(length: float, angle: float) -> np.ndarray:
    n = int(np.ceil(length)) | 1
    kernel = np.zeros((n, n), np.float32)
    for s in np.linspace(-0.5, 0.5, 8 * n):
        by = s * length
        kernel[round((n - 1) / 2 + by * np.sin(angle)), round((n - 1) / 2 + by * np.cos(angle))] += 1
    return kernel / kernel.sum()


def looking(eye: np.ndarray, at: np.ndarray, roll: float = 0.0) -> Pose:
    """Pose of a camera (x right, y down, z forward) that looks from one place to another."""
    forward = (at - eye) / np.linalg.norm(at - eye)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.stack([right, np.cross(forward, right), forward], axis=1).ravel())
    return Pose(np.asarray(eye, float), quat) @ Pose.of((0.0, 0.0, 0.0), roll)


def sketch(placed: list[tuple[Marker, Pose]], view: Pose, lens: Lens, rng: np.random.Generator) -> np.ndarray:
    """(h, w, 3) uint8 of markers alone on a mottled ground, without the engine: fifty a second instead of one in two.

    Args:
        placed: markers with the poses of their middles in the scene.
    """
    w, h, f = lens.wide
    ground = cv2.resize(rng.uniform(90, 190, (h // 24, w // 24, 3)).astype(np.float32), (w, h))
    away = view.inverse()
    for marker, place in placed:
        cells = _bits(marker.id)
        fine = 24  # texels a cell
        texture = np.kron(np.where(cells, 235.0, 12.0), np.ones((fine, fine))).astype(np.float32)
        side, n = marker.size / CELLS * len(cells) / 2, texture.shape[0]
        rim = (
            place.pos
            + np.array([[-side, side, 0], [side, side, 0], [side, -side, 0], [-side, -side, 0]]) @ place.matrix.T
        )
        seen = away.pos + rim @ away.matrix.T
        if (seen[:, 2] < 0.05).any() or (place.matrix[:, 2] @ (view.pos - place.pos)) <= 0:
            continue
        target = (seen[:, :2] / seen[:, 2:] * f + [(w - 1) / 2, (h - 1) / 2]).astype(np.float32)
        source = np.array([[0, 0], [n, 0], [n, n], [0, n]], np.float32) - 0.5
        finer = 3
        box = np.floor(target.min(axis=0)).astype(int) - 2, np.ceil(target.max(axis=0)).astype(int) + 3
        lo, hi = np.clip(box[0], 0, [w, h]), np.clip(box[1], 0, [w, h])
        if (hi - lo < 4).any():
            continue
        size = tuple(int(v) for v in (hi - lo) * finer)
        local = ((target - lo + 0.5) * finer - 0.5).astype(np.float32)
        way = cv2.getPerspectiveTransform(source, local)
        shown = cv2.warpPerspective(
            texture, way, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=-1e4
        )
        there = cv2.warpPerspective(np.ones_like(texture), way, size, flags=cv2.INTER_NEAREST)
        shown, there = (
            cv2.resize(a, tuple(int(v) for v in hi - lo), interpolation=cv2.INTER_AREA)
            for a in (np.where(there > 0, shown, 0), there)
        )
        part = ground[lo[1] : hi[1], lo[0] : hi[0]]
        part[...] = part * (1 - there[..., None]) + shown[..., None]
    return lens.through(ground, rng)


@dataclass
class Stage:
    """A scene with markers pasted to it, each beside its place by what `pasted` says.

    Args:
        pasted: marker -> (x [m], y [m], turn [rad]).
    """

    scene: object
    markers: tuple[Marker, ...]
    values: Mapping[str, float]
    pasted: Mapping[int, tuple[float, float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scene, frames = self.scene, SceneFrames(self.scene)
        at_rest = frames.poses(self.values, {m.on for m in self.markers} | {m.part for m in self.markers})
        build = scene._with_looks
        build.arrange(self.values)
        spec = build.spec.copy()
        for one in self.markers:
            dx, dy, turn = self.pasted.get(one.id, (0.0, 0.0, 0.0))
            there = at_rest[one.on] @ one.pose @ Pose.of((dx, dy, 0.0), turn)
            body = CELL
            if one.part != CELL:
                body = scene.model.body(SceneFrames._root(scene.model, one.part)).name
                there = at_rest[one.part].inverse() @ there
            paste(spec, body, one, there)
        spec.visual.map.znear = 0.02
        self.spec = spec
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)

    def lay(self, qpos: np.ndarray) -> None:
        self.data.qpos[:] = qpos
        mujoco.mj_forward(self.model, self.data)

    def pose(self, word: str) -> Pose:
        return SceneFrames(self.scene)._pose(self.model, self.data, word)

    def picture(self, view: Pose, lens: Lens, rng: np.random.Generator) -> np.ndarray:
        """(h, w, 3) uint8 from a camera whose axes are OpenCV's: x right, y down, z forward."""
        w, h, f = lens.wide
        if not hasattr(self, "_renderer"):
            self.spec.worldbody.add_camera(name="photo", fovy=60)
            self.spec.visual.global_.offwidth, self.spec.visual.global_.offheight = w, h
            qpos = self.data.qpos.copy()
            self.model = self.spec.compile()
            self.data = mujoco.MjData(self.model)
            self.lay(qpos)
            self._renderer = mujoco.Renderer(self.model, h, w)
        k = self.model.camera("photo").id
        turned = view @ Pose(np.zeros(3), np.array([0.0, 1.0, 0.0, 0.0]))  # MuJoCo's y points up, its z backwards
        self.model.cam_pos[k], self.model.cam_quat[k] = turned.pos, turned.quat
        self.model.cam_fovy[k] = np.degrees(2 * np.arctan(h / 2 / f))
        mujoco.mj_forward(self.model, self.data)
        self._renderer.update_scene(self.data, "photo", scene_option=shown_groups())
        return lens.through(self._renderer.render(), rng)

    def close(self) -> None:
        self._renderer.close()
