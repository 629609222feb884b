"""Poses from markers: one least squares over the camera, everything that carries a marker, and what nobody knows exactly.

Unknown are the pose of the camera, of every carrier (a part, a part's site, the cell), by how much each marker was pasted beside
its place, in which size all were printed, and the camera's own numbers. What is known of them enters as a row of its own, weighed
by its standard deviation: where the cell and surveyed parts stand, that a thing lies upright on what it stands on, how exactly one
pastes and calibrates. The covariance is the inverse of J'WJ (Gauss-Markov), scaled up where residuals are larger than they should
be; so what is claimed includes the paste and the calibration. Markers that do not fit the rest are left out; what hangs on them
alone is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import mujoco
import numpy as np

from ...scenarios.parts.pose import Pose, quat_of, turned_by
from .calibrated_camera import CalibratedCamera
from .detection import SeenMarker
from .markers import MarkerSet
from .opencv import opencv

POSITION, ANGLE = 5e-3, np.radians(2.0)  # what a claimed pose keeps to
SURE = 2.8  # standard deviations along the worst axis: 95 % of three-dimensional normal errors lie within
SIZED = 0.003  # share by which a printed marker may be larger or smaller than the others
MISFIT = 4.0  # standard deviations by which a marker's corners may miss where the rest has it
RAISED = 3.0  # standard deviations by which a thing may seem to be above or below what it rests on: true ones stay below in 99.7 %
PRINTED = 0.02  # standard deviation of the share by which all are larger or smaller: "fit to page" prints 94 to 97 %
SCALED = 0.01  # share from which on they are called printed in another size, where the picture shows it at `RAISED` deviations
EXACT = 1e-6  # m, rad, share or px: standard deviation of what a file calls exact
UNIT = 0.01  # m, rad: step of an unknown of which nothing is known
STEPS = 30
OPEN = 1.0  # m, rad: standard deviation of what nothing is known of, so that what no marker shows stays unsure


@dataclass(frozen=True)
class Carrier:
    """What carries markers, and what is known of where it is.

    Attributes:
        guess: where the scene has it, in the scene's frame.
        sigma: (6,) standard deviations [m, rad] by which it may stand elsewhere, place in the scene's axes and turns about them;
            infinite where nothing is known.
        rests_on: the carrier with which its height goes; `sigma[2]` is then about that height.
    """

    guess: Pose
    sigma: np.ndarray
    rests_on: str | None = None

    @property
    def known(self) -> bool:
        """Whether it says where the scene's frame is."""
        return bool(np.isfinite(self.sigma).all()) and self.rests_on is None


@dataclass(frozen=True)
class LocatedPose:
    """A pose that is claimed.

    Attributes:
        pose: in the scene's frame.
        covariance: (6, 6) of place [m] and turn [rad] in the scene's axes.
        by: the markers.
    """

    pose: Pose
    covariance: np.ndarray
    by: tuple[int, ...]

    @property
    def position(self) -> float:
        """How far off it is at most [m]: `SURE` standard deviations along the worst axis."""
        return SURE * float(np.sqrt(np.linalg.eigvalsh(self.covariance[:3, :3])[-1]))

    @property
    def angle(self) -> float:
        """How far it is turned off at most [rad]."""
        return SURE * float(np.sqrt(np.linalg.eigvalsh(self.covariance[3:, 3:])[-1]))

    @property
    def claimed(self) -> bool:
        """Whether it is known well enough to be claimed."""
        return self.position <= POSITION and self.angle <= ANGLE


@dataclass(frozen=True)
class Estimate:
    """What follows from a picture.

    Attributes:
        placed: carrier -> its pose, claimed; camera: pose of the camera (x right, y down, z forward), or None.
        unknown: carrier -> why not: `no_anchor`, `not_seen`, `unsure` (with what it would be off by), `misfit`, `raised`,
            `contradict` (the markers of known places do not agree), `scaled` (they do in another printed size, `size`).
        unsure: carrier -> (m, rad) of those that are unsure.
        left_out: markers that do not fit the rest; rough: poses of those that are unsure, of which a survey may take single values.
        size: of the printed markers, as a share of what the file says; None where it is not asked.
    """

    placed: Mapping[str, LocatedPose]
    unknown: Mapping[str, str]
    camera: Pose | None = None
    unsure: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()
    rough: Mapping[str, LocatedPose] = field(default_factory=dict)
    size: float | None = None


def estimate(
    seen: Sequence[SeenMarker], markers: MarkerSet, carriers: Mapping[str, Carrier], camera: CalibratedCamera
) -> Estimate:
    """Where everything is that carries a seen marker.

    Args:
        carriers: by the word that markers call it (`on`).
    """
    known = markers.by_id()
    left: list[int] = []
    usable = [one for one in seen if known[one.id].on in carriers]
    while True:
        anchors = [one for one in usable if carriers[known[one.id].on].known]
        if not anchors:
            return Estimate({}, {on: "no_anchor" for on in carriers}, left_out=tuple(left))
        problem = _Problem(usable, markers, carriers, camera)
        solved = problem.solve()
        worst = max(usable, key=lambda one: problem.misfit[one.id])
        if problem.misfit[worst.id] <= MISFIT:
            break
        usable.remove(worst)
        left.append(worst.id)
    doubted = _outvoted(usable, left, markers, carriers)
    if any(carriers[on].known for on in doubted):
        return Estimate({}, {on: "contradict" for on in carriers}, problem.camera_pose, left_out=tuple(left))
    if abs(problem.printed - 1.0) > max(SCALED, RAISED * problem.printed_sigma):
        return Estimate({}, {on: "scaled" for on in carriers}, problem.camera_pose, left_out=tuple(left), size=problem.printed)
    placed: dict[str, LocatedPose] = {}
    unknown: dict[str, str] = {}
    unsure: dict[str, tuple[float, float]] = {}
    rough: dict[str, LocatedPose] = {}
    for on in carriers:
        if on not in solved:
            hit = any(known[number].on == on for number in left)
            unknown[on] = "misfit" if hit else "not_seen"
            continue
        one = solved[on]
        if on in doubted:
            unknown[on] = "misfit"
        elif problem.strain[on] > RAISED:
            unknown[on] = "raised"
        elif not one.claimed:
            unknown[on], unsure[on], rough[on] = "unsure", (one.position, one.angle), one
        else:
            placed[on] = one
    return Estimate(placed, unknown, problem.camera_pose, unsure, tuple(left), rough)


def _outvoted(
    kept: Sequence[SeenMarker], left: Sequence[int], markers: MarkerSet, carriers: Mapping[str, Carrier]
) -> set[str]:
    """Carriers of which so many markers were left out that the rest is no majority: what is kept may be the wrong ones.

    All that is known counts as one. One of three may be pasted elsewhere; of two that contradict each other nobody knows which.
    """
    known = markers.by_id()
    anchors = frozenset(on for on, carrier in carriers.items() if carrier.known)
    groups = [anchors, *({on} for on in carriers if on not in anchors)]
    found: set[str] = set()
    for group in groups:
        right = sum(known[one.id].on in group for one in kept)
        wrong = sum(known[number].on in group for number in left)
        if wrong and right < 2 * wrong:
            found |= group
    return found


class _Problem:
    """The least squares of one set of markers."""

    def __init__(
        self, seen: Sequence[SeenMarker], markers: MarkerSet, carriers: Mapping[str, Carrier], camera: CalibratedCamera
    ) -> None:
        self.seen, self.camera, self.carriers = seen, camera, carriers
        self.markers = markers.by_id()
        offset, turn = markers.pasted[0] / 2, markers.pasted[1] / 2  # a bound is two standard deviations
        self.on = list(dict.fromkeys(self.markers[one.id].on for one in seen))
        for on in list(self.on):  # what it rests on takes part, seen or not
            below = carriers[on].rests_on
            if below is not None and below in carriers and below not in self.on:
                self.on.append(below)
        self.n = 6 + 6 * len(self.on) + 4 * len(seen) + 4
        sigma = [np.full(6, np.inf), *(self._sigma(on) for on in self.on)]
        sigma += [np.array([offset, offset, turn, SIZED])] * len(seen)
        sigma += [np.array([camera.within[0] / camera.matrix[0], *np.repeat(camera.within[1], 2), PRINTED])]
        self.sigma = np.maximum(np.concatenate(sigma), EXACT)
        self.view = self._first_view()
        self.start = {on: self._first(on) for on in self.on}

    def _sigma(self, on: str) -> np.ndarray:
        return self.carriers[on].sigma

    def solve(self) -> dict[str, LocatedPose]:
        x, rows, jacobian = self._least()
        measured = 8 * len(self.seen)
        free = max(1, measured - int((~np.isfinite(self.sigma)).sum()))
        scale = max(1.0, float((rows**2).sum()) / free)
        open_ = np.where(np.isfinite(self.sigma), 0.0, 1.0 / OPEN**2)
        inverse = np.linalg.inv(jacobian.T @ jacobian + np.diag(open_))
        covariance = scale * inverse
        self.misfit = self._misfits(rows[:measured], jacobian[:measured], inverse)
        self.strain = {}
        out = {}
        view, poses, _, own = self._state(x)
        self.printed, self.printed_sigma = 1.0 + float(own[3]), float(np.sqrt(covariance[-1, -1]))
        self.camera_pose = view.inverse()
        for j, on in enumerate(self.on):
            span = slice(6 + 6 * j, 12 + 6 * j)
            part = covariance[span, span].copy()
            carrier = self.carriers[on]
            if carrier.rests_on in self.on:  # its height is that of what it rests on, and more
                k = 6 + 6 * self.on.index(carrier.rests_on) + 2
                i = span.start
                whole = np.zeros((6, self.n))
                whole[:, span] = np.eye(6)
                whole[2, k] += 1.0
                part = whole @ covariance @ whole.T
                spread = np.sqrt(max(carrier.sigma[2] ** 2 - inverse[i + 2, i + 2], 1e-18))
                self.strain[on] = abs(x[i + 2]) / spread
            else:
                self.strain[on] = self._strain(on, x[span], inverse[span, span])
            by = tuple(one.id for one in self.seen if self.markers[one.id].on == on)
            if by:
                out[on] = LocatedPose(poses[on], part, by)
        return out

    def _strain(self, on: str, moved: np.ndarray, inverse: np.ndarray) -> float:
        """How many standard deviations the picture has a thing above or below the height at which it is known to rest."""
        sigma = self.carriers[on].sigma
        if not np.isfinite(sigma[2]) or np.isfinite(sigma[:2]).any():
            return 0.0
        return abs(float(moved[2])) / float(np.sqrt(max(sigma[2] ** 2 - inverse[2, 2], 1e-18)))

    def _misfits(self, rows: np.ndarray, jacobian: np.ndarray, inverse: np.ndarray) -> dict[int, float]:
        """How many standard deviations each marker's corners miss by: residuals by their own covariance (Baarda)."""
        found = {}
        for k, one in enumerate(self.seen):
            span = slice(8 * k, 8 * k + 8)
            own = np.eye(8) - jacobian[span] @ inverse @ jacobian[span].T
            values, axes = np.linalg.eigh(own)
            clear = values > 1e-3
            normal = (axes[:, clear].T @ rows[span]) / np.sqrt(values[clear])
            found[one.id] = float(np.sqrt((normal**2).mean())) if clear.any() else 0.0
        return found

    def _least(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The least squares: unknowns, rows there and their derivatives, by Levenberg's steps on numbers of like size."""
        size = np.where(np.isfinite(self.sigma), self.sigma, UNIT)
        x, damping = np.zeros(self.n), 1e-6
        rows = self._rows(x)
        for _ in range(STEPS):
            jacobian = np.stack([(self._rows(x + d) - self._rows(x - d)) for d in np.diag(1e-3 * size)], axis=1) / 2e-3
            square, slope = jacobian.T @ jacobian, jacobian.T @ rows
            while damping < 1e9:
                step = -np.linalg.solve(square + damping * np.diag(1.0 + np.diag(square)), slope)
                there = self._rows(x + step * size)
                if (there**2).sum() <= (rows**2).sum():
                    break
                damping *= 10
            better = (rows**2).sum() - (there**2).sum()
            x, rows, damping = x + step * size, there, max(damping / 10, 1e-9)
            if better < 1e-6 * max(1.0, float((rows**2).sum())):
                break
        return x, rows, jacobian / size

    def _state(self, x: np.ndarray) -> tuple[Pose, dict[str, Pose], np.ndarray, np.ndarray]:
        view = _moved(self.view, x[:6])
        poses = {on: _moved(self.start[on], x[6 + 6 * j : 12 + 6 * j]) for j, on in enumerate(self.on)}
        for on in self.on:
            below = self.carriers[on].rests_on
            if below is not None and below in self.on:
                k = self.on.index(below)
                lift = x[6 + 6 * k + 2] + self.start[below].pos[2] - self.carriers[below].guess.pos[2]
                poses[on] = Pose(poses[on].pos + np.array([0.0, 0.0, lift]), poses[on].quat)
        first = 6 + 6 * len(self.on)
        return view, poses, x[first : first + 4 * len(self.seen)].reshape(-1, 4), x[-4:]

    def _rows(self, x: np.ndarray) -> np.ndarray:
        view, poses, pasted, own = self._state(x)
        fx, fy, cx, cy = self.camera.matrix
        rows = []
        for one, (dx, dy, turn, grown) in zip(self.seen, pasted):
            marker = self.markers[one.id]
            place = poses[marker.on] @ marker.pose @ Pose.of((dx, dy, 0.0), turn)
            corners = place.pos + (1 + own[3] + grown) * marker.corners @ place.matrix.T
            rays = view.pos + corners @ view.matrix.T
            depth = np.maximum(rays[:, 2:], 1e-3)
            pixels = (1 + own[0]) * rays[:, :2] / depth * [fx, fy] + [cx + own[1], cy + own[2]]
            rows.append(((pixels - one.corners) / one.sigma).ravel())
        known = np.isfinite(self.sigma)
        return np.concatenate([*rows, x[known] / self.sigma[known]])  # what is known begins where it is known to be

    def _first_view(self) -> Pose:
        """Where the camera is, by all markers on what is known."""
        cv2 = opencv()
        points, pixels = [], []
        for one in self.seen:
            marker = self.markers[one.id]
            carrier = self.carriers[marker.on]
            if carrier.known:
                place = carrier.guess @ marker.pose
                points.append(place.pos + marker.corners @ place.matrix.T)
                pixels.append(one.corners)
        found, turn, shift = cv2.solvePnP(
            np.concatenate(points), np.concatenate(pixels), self.camera.k, None, flags=cv2.SOLVEPNP_SQPNP
        )
        assert found
        return Pose(np.ravel(shift), quat_of(cv2.Rodrigues(turn)[0]))

    def _first(self, on: str) -> Pose:
        """Where a carrier is, roughly: known ones where they are, others by their largest marker.

        What is known to lie upright is laid upright there: of the two poses that a small square may have, the one that is less tilted.
        """
        cv2 = opencv()
        carrier = self.carriers[on]
        own = [one for one in self.seen if self.markers[one.id].on == on]
        if carrier.known or not own:
            return carrier.guess
        one = max(own, key=lambda s: float(np.ptp(s.corners, axis=0).sum()))
        marker = self.markers[one.id]
        _, turns, shifts, _ = cv2.solvePnPGeneric(
            marker.corners, one.corners, self.camera.k, None, flags=cv2.SOLVEPNP_IPPE_SQUARE
        )
        eye = self.view.inverse()
        ways = [
            eye @ Pose(np.ravel(s), quat_of(cv2.Rodrigues(t)[0])) @ marker.pose.inverse() for t, s in zip(turns, shifts)
        ]
        rough = min(ways, key=lambda pose: _tilt(pose, carrier.guess))
        given = np.isfinite(carrier.sigma)
        if not given[3:5].all():
            return ways[0]
        quat = carrier.guess.quat if given[5] else _yawed(carrier.guess, rough).quat
        pos = rough.pos
        if given[2] or carrier.rests_on is not None:
            # along the ray on which the marker is seen, down to the height that it has there
            middle = (rough @ marker.pose).pos
            height = (Pose(np.array([0.0, 0.0, carrier.guess.pos[2]]), quat) @ marker.pose).pos[2]
            down = middle[2] - eye.pos[2]
            share = (height - eye.pos[2]) / down if abs(down) > 1e-6 else 1.0
            pos = pos + (share - 1.0) * (middle - eye.pos)
        return Pose(np.where(given[:3], carrier.guess.pos, pos), quat)


def _moved(pose: Pose, by: np.ndarray) -> Pose:
    """A pose moved by (6,): a shift and a turn, both in the axes of the frame that it is in."""
    quat = np.zeros(4)
    size = float(np.linalg.norm(by[3:]))
    mujoco.mju_axisAngle2Quat(quat, by[3:] / size if size > 0 else np.array([1.0, 0.0, 0.0]), size)
    return Pose(pose.pos + by[:3], turned_by(quat, pose.quat))


def _tilt(pose: Pose, upright: Pose) -> float:
    """Angle [rad] between what points upwards in two poses."""
    up = upright.matrix.T @ np.array([0.0, 0.0, 1.0])
    return float(np.arccos(np.clip((pose.matrix @ up)[2], -1.0, 1.0)))


def _yawed(upright: Pose, like: Pose) -> Pose:
    """An upright pose, turned about the vertical to be as near to another as it can be."""
    turn = like.matrix @ upright.matrix.T
    yaw = np.arctan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1])
    return Pose.of((0.0, 0.0, 0.0), float(yaw)) @ Pose(np.zeros(3), upright.quat)
