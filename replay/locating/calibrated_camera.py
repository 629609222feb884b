"""A camera's intrinsics and distortion: read from YAML, written, or measured from pictures of a printed board.

```yaml
size: 640x480
matrix: {fx: 461.2, fy: 461.0, cx: 319.5, cy: 239.5}   # pixels; the middle of the first pixel is (0, 0)
distortion: [0.01, -0.02, 0, 0, 0]                      # k1, k2, p1, p2, k3 of OpenCV's model
within: {f: 1.0, c: 1.5}                                # pixels: standard deviations
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.quantity import counted
from ...scenarios.sheet.yaml_reader import Node, Problems, places_in, read_yaml
from .markers import DICTIONARY
from .opencv import opencv

SQUARES = (7, 5)  # of the board, along its width and height
SQUARE, INNER = 0.030, 0.022  # m: side of a square, and of the marker in a white one; 210 x 150 mm, on A4 across
# px at a width of 640, of a camera that was given without: what two calibrations of one camera differ by
WITHIN = (2.0, 2.0)
PICTURES = 8  # fewer leave the distortion open
FEWEST = 8  # corners of the board that a picture must show
WORST = 1.0  # px of mean reprojection error, at a width of 640: beyond it the board was bent, or the pictures are of two cameras
TILTS, TILTED = 4, np.radians(10)  # of the board: with fewer, focal length and distance replace each other
DISTORTION = 5


@dataclass(frozen=True)
class CalibratedCamera:
    """A calibrated camera.

    Attributes:
        size: (width, height) [px].
        matrix: (fx, fy, cx, cy) [px]; distortion: (5,) k1, k2, p1, p2, k3.
        within: standard deviations of f and of c [px].
    """

    size: tuple[int, int]
    matrix: tuple[float, float, float, float]
    distortion: tuple[float, ...] = (0.0,) * DISTORTION
    within: tuple[float, float] = WITHIN

    @property
    def k(self) -> np.ndarray:
        """(3, 3) the matrix."""
        fx, fy, cx, cy = self.matrix
        return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])

    def undistorted(self, pixels: np.ndarray) -> np.ndarray:
        """(n, 2) where these pixels (n, 2) would lie in a camera of the same matrix without distortion."""
        cv2 = opencv()
        flat = np.ascontiguousarray(pixels, np.float64).reshape(-1, 1, 2)
        return cv2.undistortPoints(flat, self.k, np.array(self.distortion), P=self.k).reshape(pixels.shape)

    def distorted(self, pixels: np.ndarray) -> np.ndarray:
        """The inverse of `undistorted`."""
        cv2 = opencv()
        fx, fy, cx, cy = self.matrix
        rays = np.concatenate([(pixels - [cx, cy]) / [fx, fy], np.ones((*pixels.shape[:-1], 1))], axis=-1)
        out, _ = cv2.projectPoints(rays.reshape(-1, 1, 3), np.zeros(3), np.zeros(3), self.k, np.array(self.distortion))
        return out.reshape(pixels.shape)


def read_camera(path: Path) -> CalibratedCamera:
    """The camera of a file.

    Raises:
        ScenarioError: all that is wrong with it, by line.
    """
    if not path.is_file():
        raise ScenarioError(
            "is no file that can be read. `shiliu locate board=PICTURES` writes one.", file=path, field="camera"
        )
    problems = Problems(places_in(path))
    node = Node(read_yaml(path), "", problems)
    size, matrix, bent, within = (0, 0), [0.0] * 4, [0.0] * DISTORTION, list(WITHIN)
    if node.mapping(required=("size", "matrix"), optional=("distortion", "within", "note")):
        size = node.child("size").size()
        if node.child("matrix").mapping(required=("fx", "fy", "cx", "cy")):
            matrix = [node.child("matrix").child(key).number() for key in ("fx", "fy", "cx", "cy")]
        given = [one.number() for one in node.child("distortion").each()] if "distortion" in node else []
        if len(given) > DISTORTION:
            node.child("distortion").note(f"has {len(given)} numbers. Give k1, k2, p1, p2, k3 of OpenCV's model.")
        bent[: len(given[:DISTORTION])] = given[:DISTORTION]
        within = [w * max(size[0], 1) / 640 for w in WITHIN]
        if node.child("within").value is not None and node.child("within").mapping(required=("f", "c")):
            within = [node.child("within").child(key).number() for key in ("f", "c")]
            if min(within) < 0.0:
                node.child("within").note("are standard deviations, 0 or more.")
        lengths = all(0.2 * size[0] < f < 10 * size[0] for f in matrix[:2])
        if size[0] and not (lengths and 0 < matrix[2] < size[0] and 0 < matrix[3] < size[1]):
            node.child("matrix").note("does not fit pictures of this size. fx, fy, cx, cy are in pixels of pictures of `size`.")
    problems.stop(str(path))
    return CalibratedCamera(size, (matrix[0], matrix[1], matrix[2], matrix[3]), tuple(bent), (within[0], within[1]))


def written(camera: CalibratedCamera, note: str) -> str:
    """The file's text."""
    width, height = camera.size
    fx, fy, cx, cy = camera.matrix
    return (
        f"size: {width}x{height}\nmatrix: {{fx: {fx:.4f}, fy: {fy:.4f}, cx: {cx:.4f}, cy: {cy:.4f}}}\n"
        f"distortion: [{', '.join(f'{v:.6f}' for v in camera.distortion)}]   # k1, k2, p1, p2, k3 of OpenCV's model\n"
        f"within: {{f: {camera.within[0]:.3f}, c: {camera.within[1]:.3f}}}   # standard deviations in pixels\nnote: {note}\n"
    )


def board() -> object:
    """The board, as OpenCV has it (`cv2.aruco.CharucoBoard`)."""
    aruco = opencv().aruco
    return aruco.CharucoBoard(SQUARES, SQUARE, INNER, aruco.getPredefinedDictionary(getattr(aruco, DICTIONARY)))


def _apart(normals: Sequence[np.ndarray]) -> int:
    """How many of these directions are `TILTED` from one another, as the first come."""
    kept: list[np.ndarray] = []
    for normal in normals:
        if all(normal @ other < np.cos(TILTED) for other in kept):
            kept.append(normal)
    return len(kept)


def calibrated(pictures: Sequence[tuple[str, np.ndarray]]) -> tuple[CalibratedCamera, str]:
    """The camera that took pictures of the printed board, and a sentence on how well.

    Zhang's method as OpenCV has it (`calibrateCameraExtended`), which gives the standard deviations, too.

    Args:
        pictures: name and (h, w, 3) uint8 of each, of one camera and one focus.

    Raises:
        ScenarioError: too few of them show the board, or it in too few tilts; they differ in size, or do not fit one camera.
    """
    cv2 = opencv()
    detector, of_board = cv2.aruco.CharucoDetector(board()), board()
    points, seen, size = [], [], None
    for name, picture in pictures:
        here = (picture.shape[1], picture.shape[0])
        if size is not None and here != size:
            raise ScenarioError(
                f"is {here[0]}x{here[1]}, those before are {size[0]}x{size[1]}. Give pictures of one camera.", file=name
            )
        size = here
        corners, ids, *_ = detector.detectBoard(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
        if ids is not None and len(ids) >= FEWEST:
            objects, images = of_board.matchImagePoints(corners, ids)  # type: ignore[attr-defined]
            points.append(objects.astype(np.float32))
            seen.append(images.astype(np.float32))
    if len(seen) < PICTURES or size is None:
        raise ScenarioError(
            f"{len(seen)} of {len(pictures)} pictures show {FEWEST} corners of the board or more; {PICTURES} are needed. "
            "Hold it flat, near and tilted to all sides, into the corners of the picture too."
        )
    error, k, bent, turns, _, spread, _, _ = cv2.calibrateCameraExtended(points, seen, size, None, None)
    if error > WORST * size[0] / 640:
        raise ScenarioError(
            f"The pictures fit one camera only to {error:.2f} px. The board must be flat, the focus the same in all of them."
        )
    tilts = _apart([cv2.Rodrigues(turn)[0][:, 2] for turn in turns])
    if tilts < TILTS:
        raise ScenarioError(
            f"The pictures show the board from {counted(tilts, 'side')}; {TILTS} are needed, {np.degrees(TILTED):.0f} deg apart or more. "
            "From one side alone, focal length and distance replace each other. Tilt it to all sides, by 20 to 40 deg."
        )
    spread = np.ravel(spread)
    camera = CalibratedCamera(
        size,
        (float(k[0, 0]), float(k[1, 1]), float(k[0, 2]), float(k[1, 2])),
        tuple(float(v) for v in np.ravel(bent)[:DISTORTION]),
        (max(0.3, 2 * float(max(spread[:2]))), max(0.3, 2 * float(max(spread[2:4])))),
    )
    return camera, f"from {len(seen)} pictures of the board, which fit to {error:.2f} px"
