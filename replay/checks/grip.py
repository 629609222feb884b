"""What the hands hold in a replay: when they carry it, whether it creeps in the grip, and how much friction that takes.

All pure functions of arrays; where an object is, which hand presses on it and how hard come from the replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..signals.signal import held as lasting
from .check import Check
from .finding import Finding, worst_of
from .fixes import Fix, Known, beyond, hold, ratio
from .outcome import held_from
from .rules import Rules

RAISED = 0.010  # m above where it was taken up or is set down: its weight rests on the hand alone
SHORTEST = 0.2  # s, a hand that carries something shorter only brushed it
BORNE = 0.5  # of its weight, that the hands bear where they carry it: the rest is what a hand is accelerated by, or who takes it over [E]


@dataclass(frozen=True)
class CarriedSpan:
    """A thing in a hand: from control step `begin` to before `end` its weight rests on that hand (and on others that carry).

    Attributes:
        taken, left: from and before which control step the hand has hold of it without a break; None where nobody looked.
    """

    thing: str
    hand: str
    begin: int
    end: int
    taken: int | None = None
    left: int | None = None


@dataclass(frozen=True)
class GraspForces:
    """What the fingers of a hand press on a thing at one moment.

    Attributes:
        normal, tangential: sums over the contacts of how hard they press and how hard they hold sideways [N].
        friction: of the contacts, averaged by how hard each presses.
    """

    carried: CarriedSpan
    t: float
    normal: float
    tangential: float
    friction: float

    @property
    def needed(self) -> float:
        return self.tangential / self.normal


def carried(
    thing: str,
    force: np.ndarray,
    height: np.ndarray,
    hands: Sequence[str],
    weight: float,
    control_timestep: float,
    up: np.ndarray | None = None,
) -> list[CarriedSpan]:
    """When each hand carries a thing: touched without a break, and above where that began and where it ends.

    A hand that pushes a thing, or slides along it, while something else bears it carries nothing, however high it is pushed.

    Args:
        force: (T+1, n) force of each hand on the thing [N]; height: (T+1,) its height [m]; weight: of the thing [N].
        up: (T+1, n) what each hand bears of it [N], means of each control period; None where that was not measured.
    """
    bears = np.ones(force.shape, bool) if up is None else (up > 0.0) & (up.sum(axis=1, keepdims=True) >= BORNE * weight)
    found = []
    for j, hand in enumerate(hands):
        touched = np.concatenate([[False], force[:, j] > held_from(weight), [False]])
        edges = np.flatnonzero(touched[1:] != touched[:-1])
        for first, end in zip(edges[::2], edges[1::2]):
            up = np.flatnonzero(height[first:end] > height[first] + RAISED)
            if not len(up):
                continue
            begin = int(first + up[0])
            above = np.flatnonzero(height[begin:end] > height[end - 1] + RAISED)
            last = begin + int(above[-1]) if len(above) else int(end) - 1  # a grip that opens in the air
            level, _ = lasting(bears[begin : last + 1, [j]].astype(float), control_timestep, SHORTEST)
            if level[0] > 0.0:
                found.append(CarriedSpan(thing, hand, begin, last + 1, int(first), int(end)))
    return found


def slip_of(
    place: np.ndarray, turn: np.ndarray, hand: np.ndarray, hand_turn: np.ndarray, pads: np.ndarray | None = None
) -> np.ndarray:
    """(m,) how far the point of a thing that was in the hand at the first row has crept in the hand since [m].

    A thing that turns about the grip does not slip by this measure: of the places between the pads it is the one that creeps least.

    Args:
        place (m, 3) and turn (m, 3, 3): pose of the thing; hand, hand_turn: that of the grip.
        pads: (k, 3) places between the pads, in the grip's frame; its origin where None.
    """
    pads = np.zeros((1, 3)) if pads is None else pads
    held = (hand[0] - place[0] + pads @ hand_turn[0].T) @ turn[0]  # the points in the grip, in the thing's own frame
    now = place[:, None] + held @ np.swapaxes(turn, 1, 2)
    creep = np.linalg.norm((now - hand[:, None]) @ hand_turn - pads, axis=2)
    return creep[:, creep.max(axis=0).argmin()]


def check_slip(slips: Sequence[tuple[CarriedSpan, np.ndarray]], things: int, dt: float, rules: Rules) -> list[Finding]:
    """`slip`: does what is carried stay where it was taken?

    Args:
        slips: each carrying with its (m,) creep [m], a row a control step; things: how many things the goal lets be held.
    """
    rule = rules["slip"]
    if not slips:
        return [rule.not_applicable("nothing_carried" if things else "no_objects")]
    found = []
    for held, creep in slips:
        worst = int(creep.argmax())
        graded = rule.grade_value(float(creep[worst]))
        over = creep > (graded["limit"] or np.inf)
        first = int(over.argmax()) if over.any() else worst
        found.append(
            rule.finding(
                subject=(held.thing, held.hand),
                t0=(held.begin + first) * dt,
                t1=held.end * dt,
                share=float(over.mean()),
                **graded,
                details={"carried": (held.end - held.begin) * dt, "at_release": float(creep[-1])},
            )
        )
    return worst_of(found)


def check_grip(grasps: Sequence[GraspForces], carries: Sequence[CarriedSpan], rules: Rules) -> list[Finding]:
    """`grip.friction`: how near to sliding is what the fingers hold, at the moments that were looked at?

    What is needed is the sideways force over the pressing force, of all contacts of the hand; the limit is the friction of
    the model's pads, an estimate, so that a grip that needs nearly all of it is warned of and never fails.
    """
    rule = rules["grip.friction"]
    if not carries:
        return [rule.not_applicable("nothing_carried")]
    if not grasps:
        return [rule.not_checked("carried_briefly")]
    found = []
    for held in dict.fromkeys(grasp.carried for grasp in grasps):
        mine = [grasp for grasp in grasps if grasp.carried == held]
        worst = max(mine, key=lambda grasp: grasp.needed / grasp.friction)
        graded = rule.grade_value(worst.needed, warn=rule.settings["spent"] * worst.friction)
        graded |= {"limit": worst.friction, "margin": worst.friction - worst.needed}
        found.append(
            rule.finding(
                subject=(held.thing, held.hand),
                t0=worst.t,
                t1=worst.t,
                **graded,
                details={"normal": worst.normal, "tangential": worst.tangential, "looked_at": len(mine)},
            )
        )
    return worst_of(found)


def check_payload(
    loads: Sequence[tuple[CarriedSpan, float]], limit: float | None, dt: float, rules: Rules
) -> list[Finding]:
    """`payload`: what each hand carries, against what the arm holds out straight for long.

    Args:
        loads: each carrying, or each hold of a thing that does not come off, with the mass that this hand bears [kg]; limit: kg, None
            where the robot names none.
    """
    rule = rules["payload"]
    if not loads:
        return [rule.not_applicable("nothing_carried")]
    held, mass = max(loads, key=lambda load: load[1])
    known = {"subject": (held.thing, held.hand), "signal": "replayed", "t0": held.begin * dt, "t1": held.end * dt}
    if limit is None:
        return [rule.not_checked("no_published_limit", value=mass, **known)]
    return [rule.finding(**known, **rule.grade_value(mass, warn=limit))]


def _carry_less(finding: Finding, known: Known) -> Fix:
    return {"kind": "carry_less", "by": beyond(finding), "unit": finding.unit}


def _grip(finding: Finding, known: Known) -> Fix:
    """Friction times grip force holds a weight: as much too little friction is as much more force."""
    return {"kind": "grip", "factor": 1.0 / ratio(finding)}


CHECKS = (
    Check("slip", fix=hold, of="world", turn=8, shown_by="grip loosened"),
    Check("grip.friction", settings={"spent": "share"}, fix=_grip, of="world", turn=9),
    Check("payload", fix=_carry_less, of="world", turn=10, own_cause=True),
)
