"""Could the motors and feet carry it? Torques by inverse dynamics, and the zero-moment point against the soles.

Inverse dynamics asks what the motors would have to give for the joints to move exactly so, with empty hands unless a
payload is named; what the hands carry in a replay is known only there (`replay/judge/facts/payload.py`).
Positions are smoothed by the local quadratic, and speed and acceleration come from the same fit.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..robots.limits import Limits
from ..signals.signal import Motion, held, resample, run_around
from .check import Check
from .finding import Finding, lasted, worst_of
from .fixes import Fix, Known, about, beyond, floor, ratio, slow
from .rules import Rules

if TYPE_CHECKING:
    import mujoco


@dataclass(frozen=True)
class Effort:
    """What a motion asks of the robot.

    `t` (m,) s; `torque` (m, k) Nm by joint name; `pressure` (m, 2) m, the zero-moment point on the
    floor; rows are NaN where the motion is not determined.
    """

    t: np.ndarray
    names: tuple[str, ...]
    torque: np.ndarray
    pressure: np.ndarray

    @property
    def step(self) -> float:
        return float(self.t[1] - self.t[0]) if len(self.t) > 1 else 0.0

    @property
    def known(self) -> np.ndarray:
        return np.isfinite(self.torque).all(axis=1)


def loaded(model: mujoco.MjModel, payload: Mapping[str, tuple[float, Sequence[float]]]) -> mujoco.MjModel:
    """A copy of the model with point masses in the hands.

    Args:
        payload: body name -> (mass [kg], place in the body's frame [m]).
    """
    import mujoco  # here: records are read where no engine is, too

    from ...scenarios.parts.pose import matrix_of, quat_of

    model = copy.copy(model)
    for name, (mass, place) in payload.items():
        body = model.body(name)
        total = float(body.mass[0]) + mass
        center = (float(body.mass[0]) * body.ipos + mass * np.asarray(place, float)) / total
        turn = matrix_of(body.iquat)
        inertia = turn @ np.diag(body.inertia) @ turn.T
        for m, p in ((float(body.mass[0]), body.ipos), (mass, np.asarray(place, float))):
            d = p - center
            inertia = inertia + m * (d @ d * np.eye(3) - np.outer(d, d))
        moments, axes = np.linalg.eigh(inertia)
        axes = axes if np.linalg.det(axes) > 0 else axes * np.array([1.0, 1.0, -1.0])
        body.mass[0], body.ipos[:], body.inertia[:], body.iquat[:] = total, center, moments, quat_of(axes)
    mujoco.mj_setConst(model, mujoco.MjData(model))
    return model


def positions(
    model: mujoco.MjModel, names: Sequence[str], q: np.ndarray, start: np.ndarray | None = None
) -> np.ndarray:
    """(T, nq) positions of the whole model: these hinges as given, all else as at the start.

    Args:
        names: (k,) joint names; those that the model lacks are left out.
        q: (T, k) rad.
        start: (nq,), by default the model's own qpos0.
    """
    import mujoco

    out = np.tile(model.qpos0 if start is None else start, (len(q), 1))
    for j, name in enumerate(names):
        joint = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, name)
        if joint >= 0:
            out[:, model.jnt_qposadr[joint]] = q[:, j]
    return out


def effort(
    model: mujoco.MjModel,
    motion: Motion,
    names: Sequence[str],
    base: str | None = None,
    start: np.ndarray | None = None,
    payload: Mapping[str, tuple[float, Sequence[float]]] | None = None,
    carrying: Collection[str] = (),
) -> Effort:
    """Torques and zero-moment point of a motion, by inverse dynamics without contacts, limits and friction.

    Args:
        model: the robot, its base fixed to the world or carried by joints that are among `names`.
        motion: (m,) rows of the joints `names`; NaN rows stay NaN.
        base: top body of the robot; the wrench between it and the world is what the feet have to give. Where None, the
            floor mark of a robot that moves, else `base_link`. Of one that moves the zero-moment point is given in its own
            frame, where its soles stand still.
        start: (nq,) posture of everything that `names` leaves out.
        payload: see `loaded`.
        carrying: joints without a torque: none of their motors is modelled.
    """
    import mujoco

    base = base or root_of(model)
    model = loaded(model, payload) if payload else copy.copy(model)
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_CONSTRAINT)
    data = mujoco.MjData(model)
    here = [j for j, name in enumerate(names) if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, name) >= 0]
    kept = tuple(names[j] for j in here)
    driven = [k for k, name in enumerate(kept) if name not in carrying]
    qadr = np.array([model.joint(name).qposadr[0] for name in kept], int)
    dof = np.array([model.joint(name).dofadr[0] for name in kept], int)
    root = model.body(base).id
    m = len(motion.t)
    x = np.tile(model.qpos0 if start is None else start, (m, 1))
    v, a = np.zeros((m, model.nv)), np.zeros((m, model.nv))
    x[:, qadr], v[:, dof], a[:, dof] = motion.x[:, here], motion.v[:, here], motion.a[:, here]
    force, wrench, point = np.full((m, model.nv), np.nan), np.full((m, 6), np.nan), np.full((m, 3), np.nan)
    # views of the engine's own memory, taken once and not for every row
    qpos, qvel, qacc, inverse = data.qpos, data.qvel, data.qacc, data.qfrc_inverse
    between, centre = data.cfrc_int[root], data.subtree_com[model.body_rootid[root]]
    moves = bool(model.body_dofnum[root])
    at, frame = data.xpos[root], data.xmat[root].reshape(3, 3)
    mark, turn = np.zeros((m, 2)), np.zeros((m, 2, 2))
    for i in np.flatnonzero(motion.known).tolist():
        qpos[:], qvel[:], qacc[:] = x[i], v[i], a[i]
        mujoco.mj_inverse(model, data)
        mujoco.mj_rnePostConstraint(model, data)
        force[i], wrench[i], point[i] = inverse, between, centre
        if moves:
            mark[i], turn[i] = at[:2], frame[:2, :2]
    pressure = zero_moment_point(wrench, point)
    if moves:
        pressure = np.einsum("mji,mj->mi", turn, pressure - mark)
    return Effort(motion.t, tuple(kept[k] for k in driven), force[:, dof[driven]], pressure)


def root_of(model: mujoco.MjModel) -> str:
    """The robot's top body: its floor mark where it moves, else `base_link`."""
    import mujoco

    from ...scenarios.robots.mobile import FOOTPRINT

    return FOOTPRINT if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, FOOTPRINT) >= 0 else "base_link"


def zero_moment_point(wrench: np.ndarray, point: np.ndarray) -> np.ndarray:
    """(m, 2) where on the floor the reaction passes without a tipping moment; NaN where nothing presses on it.

    Args:
        wrench: (m, 6) torque and force about `point` (m, 3).
    """
    (x, y, z), (ahead, left, up) = point.T, wrench[:, 3:].T
    # two parts of `np.cross`, which takes three times as long for a few rows
    about_x, about_y = wrench[:, 0] + (y * up - z * left), wrench[:, 1] + (z * ahead - x * up)
    return np.stack([-about_y, about_x], axis=1) / np.where(up > 1e-6, up, np.nan)[:, None]


def check_torque(effort: Effort, limits: Limits, rules: Rules, signal: str = "command") -> list[Finding]:
    """`torque.peak` and `torque.rated`: peak for 50 ms, the motor's limit for half a second, RMS."""
    peak_rule, rated_rule = rules["torque.peak"], rules["torque.rated"]
    if not effort.known.any():
        return [peak_rule.not_checked("too_short", signal=signal), rated_rule.not_checked("too_short", signal=signal)]
    size = np.abs(effort.torque)
    peak, limit, rated = (limits.column(effort.names, f"torque_{what}") for what in ("peak", "limit", "rated"))
    level, row = held(size, effort.step, peak_rule.shortest)
    lasting, row_lasting = held(size, effort.step, peak_rule.shortest_warn)
    rms = np.sqrt(np.nanmean(effort.torque**2, axis=0))
    peaks, means = [], []
    for j, name in enumerate(effort.names):
        # a motion of less than the shortest time has no level that lasts; its largest value stands in
        top = float(level[j]) if np.isfinite(level[j]) else float(np.nanmax(size[:, j]))
        if np.isfinite(peak[j]):
            graded = peak_rule.grade_value(
                top,
                fail=float(peak[j]),
                warn=float(limit[j]) if np.isfinite(limit[j]) else None,
                sustained=float(lasting[j]),
            )
            warned = graded["limit"] != peak[j]
            over = size[:, j] > graded["limit"]
            first, last = run_around(over, int(row_lasting[j] if warned else row[j]))
            peaks.append(
                peak_rule.finding(
                    subject=(name,),
                    signal=signal,
                    t0=float(effort.t[first]),
                    t1=float(effort.t[last] + effort.step * bool(over[first])),
                    share=float(over.mean()),
                    **graded,
                    **limits.source("torque", name),
                    details={
                        "duration": float((last - first + 1) * effort.step),
                        "largest": float(np.nanmax(size[:, j])),
                        "peak": float(peak[j]),
                        "limit_lasting": float(limit[j]) if np.isfinite(limit[j]) else None,
                        "rms": float(rms[j]),
                    },
                )
            )
        if np.isfinite(rated[j]):
            means.append(
                rated_rule.finding(
                    subject=(name,),
                    signal=signal,
                    t0=float(effort.t[0]),
                    t1=float(effort.t[-1]),
                    **rated_rule.grade_value(float(rms[j]), warn=float(rated[j])),
                    **limits.source("torque_rated", name),
                    details={"rated": float(rated[j])},
                )
            )
    merged = (worst_of(peaks) or [peak_rule.not_checked("no_published_limit", signal=signal)]) + (
        worst_of(means) or [rated_rule.not_checked("no_published_limit", signal=signal)]
    )
    merged[0].details["table"] = {
        name: {
            "largest": float(np.nanmax(size[:, j])),
            "rms": float(rms[j]),
            "peak": float(peak[j]),
            "rated": float(rated[j]),
        }
        for j, name in enumerate(effort.names)
    }
    return merged


def sole_polygon(
    model: mujoco.MjModel,
    feet: Sequence[str],
    x: Sequence[float],
    y: Sequence[float],
    data: mujoco.MjData | None = None,
) -> np.ndarray:
    """(p, 2) corners of what the soles span on the floor, counter-clockwise.

    Args:
        feet: bodies of the ankles; x, y: extent of a sole in the ankle's frame [m].
        data: posture; by default the model's own, which for a planted base is the stance.
    """
    from ...scenarios.parts.pose import posed  # here: records are read where no engine is, too

    data = posed(model) if data is None else data
    corners = []
    for foot in feet:
        body = data.body(foot)
        for cx in x:
            for cy in y:
                corners.append((body.xpos + body.xmat.reshape(3, 3) @ np.array([cx, cy, 0.0]))[:2])
    return convex_hull(np.array(corners))


def convex_hull(points: np.ndarray) -> np.ndarray:
    """(p, 2) the convex hull of (n, 2) points, counter-clockwise (Andrew's monotone chain)."""
    ordered = sorted(map(tuple, points))

    def half(side: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        chain: list[tuple[float, ...]] = []
        for p in side:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2], chain[-1]
                if (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax) > 0.0:
                    break
                chain.pop()
            chain.append(p)
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def margin_inside(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n,) distance of points to the edge of a convex polygon [m], negative outside.

    Args:
        polygon: (p, 2) counter-clockwise; points: (n, 2).
    """
    a, b = polygon, np.roll(polygon, -1, axis=0)
    along = b - a
    length2 = (along**2).sum(axis=1)
    away = points[:, None] - a
    inward = (along[:, 0] * away[..., 1] - along[:, 1] * away[..., 0]) / np.sqrt(length2)
    nearest = np.clip((away * along).sum(axis=-1) / length2, 0.0, 1.0)[..., None] * along
    distance = np.linalg.norm(away - nearest, axis=-1).min(axis=1)
    inside = inward.min(axis=1) >= 0.0
    return np.where(np.isfinite(points).all(axis=1), np.where(inside, distance, -distance), np.nan)


def check_balance(effort: Effort, polygon: np.ndarray, rules: Rules, signal: str = "command") -> list[Finding]:
    """`balance`: how far the zero-moment point stays from the edge of the soles.

    Args:
        polygon: (p, 2) counter-clockwise, see `sole_polygon`.
    """
    rule = rules["balance"]
    margin = margin_inside(polygon, effort.pressure)
    if not np.isfinite(margin).any():
        return [rule.not_checked("too_short", signal=signal)]
    level, row = held(-margin[:, None], effort.step, rule.shortest)
    value = float(-level[0]) if np.isfinite(level[0]) else float(np.nanmin(margin))
    graded = rule.grade_value(value)
    under = np.nan_to_num(margin, nan=np.inf) < graded["limit"]
    worst = int(np.nanargmin(margin))
    return [
        rule.finding(
            subject=("zero_moment_point",),
            signal=signal,
            **lasted(effort.t, under, int(row[0]), effort.step),
            **graded,
            details={
                "smallest": float(margin[worst]),
                "median": float(np.nanmedian(margin)),
                "at": [float(effort.pressure[worst, 0]), float(effort.pressure[worst, 1])],
            },
        )
    ]


def compare_torque(
    needed: Effort, t: np.ndarray, recorded: np.ndarray, names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """How far computed torques are from recorded ones, by joint: rms of difference and recorded, offset [Nm].

    Args:
        needed: of the measured motion, on the same clock as `t`.
        t: (n,) seconds; recorded: (n, k) Nm.
    """
    both = [name for name in needed.names if name in names]
    if not both or not len(needed.t):
        return {}
    smooth = resample(t, recorded[:, [names.index(name) for name in both]], rate=1.0 / needed.step, window=0.12)
    table = {}
    for j, name in enumerate(both):
        at = np.interp(needed.t, smooth.t, smooth.x[:, j], left=np.nan, right=np.nan)
        ours = needed.torque[:, needed.names.index(name)]
        use = np.isfinite(at) & np.isfinite(ours)
        if use.any():
            gap = ours[use] - at[use]
            table[name] = {
                "rms": float(np.sqrt(np.mean(gap**2))),
                "recorded_rms": float(np.sqrt(np.mean(at[use] ** 2))),
                "offset": float(gap.mean()),
            }
    return table


def _less_torque(finding: Finding, known: Known) -> Fix:
    """Inertial torque falls with the square of the speed; where holding alone is too much, only less load helps."""
    if finding.details.get("kind") == "link":
        return {"kind": "link", "channel": about(finding)}
    holding, value, limit = known.get("holding"), finding.value, finding.limit
    if holding is not None and value is not None and limit is not None and value > limit > abs(holding):
        factor = math.sqrt((limit - abs(holding)) / (value - abs(holding)))
        return slow(finding, known) | {"factor": floor(factor), "holding": float(holding)}
    return {
        "kind": "lighten",
        "joint": about(finding),
        "by": beyond(finding),
        "unit": finding.unit,
        "share": 1.0 - ratio(finding),
        "t0": finding.t0,
        "t1": finding.t1,
    }


def _rest(finding: Finding, known: Known) -> Fix:
    """The mean square is what warms a motor: at rest for this share of the time, it falls to what is rated."""
    return {"kind": "rest", "joint": about(finding), "share": 1.0 - ratio(finding) ** 2}


def _lean(finding: Finding, known: Known) -> Fix:
    """What throws the robot off its feet by moving falls with the square of the speed; what leans out, only by leaning."""
    standing, value, limit = known.get("standing"), finding.value, finding.limit or 0.0
    if standing is not None and value is not None and standing > limit > value:
        factor = math.sqrt((standing - limit) / (standing - value))
        return slow(finding, known) | {"factor": floor(factor), "standing": float(standing)}
    by = limit - value if value is not None else None
    return {"kind": "lean", "by": by, "side": known.get("side"), "t0": finding.t0, "t1": finding.t1}


CHECKS = (
    Check("torque.peak", fix=_less_torque, of="forces", near=True, stepped=True, shown_by="head jerked round"),
    Check("torque.rated", fix=_rest, of="forces", near=True),
    Check("balance", fix=_lean, of="forces", below=True, shown_by="arm thrown back"),
)
