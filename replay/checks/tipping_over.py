"""Would the robot stay on its feet with all that its hands push, pull and lift? The zero-moment point of a replay.

`balance` takes the motion from the command, with the hands empty or loaded; here the force is that of the simulation. It is the
wrench between the whole robot and the world: weight and acceleration of every link, legs and feet included, less every contact of a
rigid body with it. What is not in it: contacts with cloth (MuJoCo leaves flexes out of its inner forces) and the reaction of rotors
(`armature`). Gravity compensation is an inner force and changes nothing. A robot with a moving base is measured at its floor mark and
one that is planted at its pelvis, both in the robot's own frame, so that turning changes nothing and squatting is seen.

With the force F on the robot at a point p of a level plane that lies h below the site of the wrench (F, T), T = (p - site) x F gives

    x = site_x + (-T_y - h F_x) / F_z        y = site_y + (T_x - h F_y) / F_z

On the floor that point has to lie within the soles. In the plane of the ankles F_z times its distance from their axis is the torque
that both ankles have to give together (less the feet's own weight, 0.4 Nm). Either ankle is taken to bear half of it, which holds as
long as either foot bears a third of the weight: up to 80 mm to a side.

A real controller may lean the trunk the other way; the trunk stays upright here, and that posture is what is judged. The numbers agree
with a prototype that stands on its own legs: rms 6.5 mm, and the force at which it tips within 5 N.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..signals.signal import held, run_around
from .check import Check
from .dynamics import zero_moment_point
from .finding import Finding
from .fixes import Fix, Known, floor, slow
from .outcome import SAFETY
from .rules import Rules

if TYPE_CHECKING:
    from ...scenarios.robots.footing import Footing

SIDES = ("forward", "back", "left", "right")
AWAY = dict(zip(SIDES, ("back", "forward", "right", "left")))
NAMED = 0.01  # m, by which a hand shifts the zero-moment point before it is named
LEAST = 1.0  # N, that a robot presses on the floor at least; one that is lifted stands nowhere
NEARER = 0.3  # m, that a robot can be asked to stand nearer, or a hand to take hold lower


@dataclass(frozen=True)
class ForceOnLink:
    """What one hand, or another link of the robot, takes from a thing at a moment, in the frame of the floor mark.

    Attributes:
        link: the hand or link; thing: body that it touches.
        force: (3,) on the robot [N]; moment: (3,) of it about the mark on the floor [Nm]; place: (3,) where it acts [m].
    """

    link: str
    thing: str
    force: np.ndarray
    moment: np.ndarray
    place: np.ndarray

    @property
    def size(self) -> float:
        return float(np.linalg.norm(self.force))


@dataclass(frozen=True)
class TippingMoment:
    """When a replay was nearest to tipping over to a side.

    Attributes:
        t: [s]; wrench: (6,) then, see `stand_of`; still: (6,) what it would be if everything stood still.
        pushes: what touched the robot; hands: links of `ForceOnLink` that are hands.
    """

    t: float
    wrench: np.ndarray
    still: np.ndarray
    pushes: Sequence[ForceOnLink] = ()
    hands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stand:
    """How far the zero-moment point lies towards each of `SIDES`, and how far it may.

    Attributes:
        reach, bound: (n, 4) from the ankles' axis, or from the middle between the feet, to each side [m]; of the two bounds ahead and
            behind (sole, ankles) the one that is nearer to being passed.
        ankles, lasting: (n, 2) the point in the plane of the ankles ahead and behind, and what they may give for long [m].
    """

    reach: np.ndarray
    bound: np.ndarray
    ankles: np.ndarray
    lasting: np.ndarray

    @property
    def margin(self) -> np.ndarray:
        """(n, 4) to each bound towards the inside [m]."""
        return self.bound - self.reach


def smoothed(wrench: np.ndarray, timestep: float, window: float) -> tuple[np.ndarray, np.ndarray]:
    """(m,) times [s] and (m, 6) means over a window of samples that are a physics step apart, the first of them at zero.

    Args:
        wrench: (n, 6); window: [s].
    """
    count = max(1, round(window / timestep))
    if len(wrench) < count:
        return np.zeros(0), np.zeros((0, 6))
    sums = np.cumsum(np.concatenate([np.zeros((1, 6)), np.asarray(wrench, float)]), axis=0)
    return (np.arange(len(wrench) - count + 1) + 0.5 * (count - 1)) * timestep, (sums[count:] - sums[:-count]) / count


def stand_of(wrench: np.ndarray, footing: Footing) -> Stand:
    """Where the zero-moment point lies.

    Args:
        wrench: (n, 6) force and torque of the world on the robot at the footing's site, in the robot's own frame [N, Nm].
    """
    force = np.array(wrench[:, :3], float)
    force[:, 2] = up = np.maximum(force[:, 2], LEAST)
    about = np.concatenate([wrench[:, 3:], force], axis=1)
    axis, high = footing.axis

    def pressed(plane: float) -> np.ndarray:
        x, y, z = footing.site
        return zero_moment_point(about, np.broadcast_to([x, y, z - plane], force.shape))

    x, y = (pressed(0.0) - [axis, 0.0]).T
    turned = pressed(high)[:, 0] - axis
    peak = footing.peak / up
    reach, bound = np.stack([x, -x, y, -y], axis=1), np.empty((len(up), 4))
    bound[:] = footing.front, footing.back, footing.left, footing.right
    ankles = np.stack([turned, -turned], axis=1)
    weak = peak[:, None] - ankles < bound[:, :2] - reach[:, :2]
    reach[:, :2] = np.where(weak, ankles, reach[:, :2])
    bound[:, :2] = np.where(weak, peak[:, None], bound[:, :2])
    return Stand(reach, bound, ankles, np.broadcast_to((footing.lasting / up)[:, None], ankles.shape))


def check_tipping(
    wrench: np.ndarray,
    timestep: float,
    footing: Footing,
    rules: Rules,
    moment_of: Callable[[str], TippingMoment | None] | None = None,
) -> list[Finding]:
    """`tipping`: how far the zero-moment point of a replay stays from what the feet can bear.

    Args:
        wrench: (n, 6) at each physics step [N, Nm], see `stand_of`; timestep: [s] between them.
        moment_of: what touched the robot when it was nearest to tipping over to a side; asked of what does not pass.
    """
    rule = rules["tipping"]
    t, mean = smoothed(wrench, timestep, rule.window)
    if not np.isfinite(mean).any():
        return [rule.not_checked("too_short")]
    stand = stand_of(mean, footing)
    margin = stand.margin
    level, rows = held(-margin, timestep, rule.shortest)
    if not np.isfinite(level).any():  # a take shorter than what counts
        level, rows = -margin.min(axis=0), margin.argmin(axis=0)
    table = {side: _side(t, stand, j, float(level[j]), int(rows[j])) for j, side in enumerate(SIDES)}
    worst = min(table, key=lambda side: table[side]["margin"])
    lasting, begun = held(stand.ankles - stand.lasting, timestep, rule.shortest_warn)
    tired, near = int(lasting.argmax()), rule.settings["near"]
    edges = [side for side in SIDES if side != "forward" and table[side]["margin"] < near]
    graded = rule.grade_value(table[worst]["value"], fail=table[worst]["limit"])
    kind, side, at = "peak", worst, int(rows[SIDES.index(worst)])
    if graded["level"] == "PASS" and lasting[tired] > 0.0:
        kind, side, at = "lasting", SIDES[tired], int(begun[tired])
        limit = float(stand.lasting[at, tired])
        graded = rule.grade_value(limit + float(lasting[tired]), warn=limit)
    elif graded["level"] == "PASS" and edges:
        side = min(edges, key=lambda one: table[one]["margin"])
        kind, at, limit = "near", int(rows[SIDES.index(side)]), table[side]["limit"] - near
        graded = rule.grade_value(table[side]["value"], warn=limit)
    over = (
        stand.ankles[:, tired] > stand.lasting[:, tired]
        if kind == "lasting"
        else margin[:, SIDES.index(side)] < (near if kind == "near" else 0.0)
    )
    first, last = run_around(over, at)
    moment = moment_of(side) if moment_of is not None and graded["level"] != "PASS" else None
    bearing = _bearing(moment, footing, side) if moment is not None else {}
    return [
        rule.finding(
            subject=(bearing["link"], bearing["thing"]) if "thing" in bearing else ("zero_moment_point",),
            t0=float(t[first]),
            t1=float(t[last] + timestep * bool(over[first])),
            share=float(over.mean()),
            **graded,
            limit_source=footing.source,
            limit_grade=footing.grade,
            details={
                "kind": kind,
                "towards": side,
                "least": min(one["margin"] for one in table.values()),
                "table": table,
                "duration": float((last - first + 1) * timestep) if over[first] else 0.0,
                **bearing,
            },
        )
    ]


def _side(t: np.ndarray, stand: Stand, j: int, level: float, row: int) -> dict[str, float]:
    """The worst of one side that lasted: how far, how far it might, when, and for how long it was beyond."""
    limit, beyond = float(stand.bound[row, j]), stand.margin[:, j] < 0.0
    step = float(t[1] - t[0]) if len(t) > 1 else 0.0
    return {
        "value": limit + level,
        "limit": limit,
        "margin": -level,
        "t": float(t[row]),
        "beyond_s": float(beyond.sum() * step),
    }


def slack(wrench: np.ndarray, footing: Footing, side: str) -> np.ndarray:
    """(k,) what is left until each bound of a side is passed [Nm]; each is linear in the wrench (6,), see `stand_of`."""
    fx, fy, fz, tx, ty, _ = np.asarray(wrench, float).tolist()
    (axis, high), (sx, sy, sz) = footing.axis, footing.site
    if side in ("left", "right"):
        sign, edge = (1.0, footing.left) if side == "left" else (-1.0, footing.right)
        return np.array([edge * fz - sign * (sy * fz + tx - sz * fy)])
    sign, edge = (1.0, footing.front) if side == "forward" else (-1.0, footing.back)
    on_floor, at_ankles = ((sx - axis) * fz - ty - (sz - plane) * fx for plane in (0.0, high))
    return np.array([edge * fz - sign * on_floor, footing.peak - sign * at_ankles])


def without(wrench: np.ndarray, footing: Footing, push: ForceOnLink) -> np.ndarray:
    """(6,) the wrench with which the floor would answer the same motion without a push."""
    moment = push.moment - np.cross(footing.site, push.force)
    return np.asarray(wrench, float) + np.concatenate([push.force, moment])


def allowed(wrench: np.ndarray, footing: Footing, side: str, push: ForceOnLink) -> float | None:
    """The largest share of a push, 0 to 1, with which the robot stands in its bounds; None where it does not without any of it."""
    now, free = slack(wrench, footing, side), slack(without(wrench, footing, push), footing, side)
    if free.min() < 0.0:
        return None
    return float(min([1.0, *(one / (one - left) for left, one in zip(now, free) if left < 0.0)]))


def _bearing(moment: TippingMoment, footing: Footing, side: str) -> dict[str, Any]:
    """What bears on the robot towards a side: the hand, the thing, how hard, with what lever arm, and how it would bear less.

    A hand is named where what it feels of a thing shifts the zero-moment point by `NAMED`, and by more than the motion does.
    """
    now, row = slack(moment.wrench, footing, side), SIDES.index(side)
    k = int(now.argmin())
    up, lack = max(float(moment.wrench[2]), LEAST), max(-float(now[k]), 0.0)
    value, standing = (float(stand_of(one[None], footing).reach[0, row]) for one in (moment.wrench, moment.still))
    found: dict[str, Any] = {"t_worst": moment.t, "standing": standing}
    tilts = [
        (float(slack(without(moment.wrench, footing, one), footing, side)[k] - now[k]), one) for one in moment.pushes
    ]
    tilts = [(torque, one) for torque, one in tilts if torque > 0.0]
    total = sum(torque for torque, _ in tilts)
    if not tilts or total < up * max(NAMED, value - standing):
        return found
    torque, push = max(tilts, key=lambda one: one[0])
    force, moments = (np.sum([getattr(one, part) for _, one in tilts], axis=0) for part in ("force", "moment"))
    together = ForceOnLink(push.link, push.thing, force, moments, push.place)
    share = allowed(moment.wrench, footing, side, together)
    found |= {
        "link": push.link,
        "thing": push.thing,
        "force": push.size,
        "vector": push.force.tolist(),
        "lever": torque / push.size,
        "moved": total / up,
        "most": None if share is None else share * push.size,
    }
    return found | _ways(push, side, lack, [hand for hand in moment.hands if hand != push.link])


def _ways(push: ForceOnLink, side: str, lack: float, others: Sequence[str]) -> dict[str, Any]:
    """How far nearer to stand [m], how far lower to take hold [m], and whether the other hand helps, where that alone is enough.

    Args:
        lack: by how much torque the bound is passed [Nm]; others: hands that could help.
    """
    across = int(side in ("left", "right"))
    sign = -1.0 if side in ("back", "right") else 1.0
    weight, pull, at = float(push.force[2]), float(sign * push.force[across]), push.place
    by_weight, by_pull = -sign * float(at[across]) * weight, float(at[2]) * pull
    ways: dict[str, Any] = {}
    if lack and by_weight >= lack and lack <= NEARER * abs(weight):
        ways["nearer"] = lack / abs(weight)
    if lack and by_pull >= lack and lack <= NEARER * pull:
        ways["lower"] = lack / pull
    if across and len(others) == 1 and by_weight >= lack > 0.0:
        ways["both"] = others[0]
    return ways


def _steady(finding: Finding, known: Known) -> Fix:
    """Less of what bears on the hand, or with a shorter lever; what the motion throws off its feet falls with the speed squared."""
    details, value, limit = finding.details, finding.value, finding.limit
    if "thing" in details:
        keys = ("link", "thing", "force", "most", "nearer", "lower", "both")
        return {"kind": "push_less", **{key: details.get(key) for key in keys}, "t0": finding.t0, "t1": finding.t1}
    standing = details.get("standing")
    if standing is not None and value is not None and limit is not None and value > limit > standing:
        factor = math.sqrt((limit - standing) / (value - standing))
        return slow(finding, known) | {"factor": floor(factor), "standing": standing}
    side = AWAY.get(details.get("towards", ""))
    by = -finding.margin if finding.margin is not None else None
    return {"kind": "lean", "by": by, "side": side, "t0": finding.t0, "t1": finding.t1}


CHECKS = (
    Check(
        "tipping",
        settings={"near": "length"},
        fix=_steady,
        of="world",
        turn=4,
        group=SAFETY,
        near=True,
        no_example="no known fault of that demonstration pushes or pulls so hard",
    ),
)
