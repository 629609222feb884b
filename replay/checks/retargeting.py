"""Can the robot's hands be where the person's were? The reach of the arm, and what is left of the way when all is tried.

`reach` holds the distance of a hand's target from the shoulder against the longest distance that the arm's joints allow: a
target beyond it no posture reaches. `retarget.error` is what the solver leaves under every limit that it must respect: of the
place, and of the turn of the hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..signals.signal import held, run_around
from .check import Check
from .finding import Finding, worst_of
from .fixes import Fix, Known, about, slow
from .rules import Rules

if TYPE_CHECKING:
    from ..retarget.solver import HandTrack, Retargeted


def check_retarget(found: Retargeted, rules: Rules) -> list[Finding]:
    """`reach` and `retarget.error` (of the place, of the turn), each of the worse hand.

    The first finding on the place tells the figures of both hands in `details["hands"]`: median, 95th percentile and largest
    distance [m].
    """
    step = float(np.median(np.diff(found.t))) if len(found.t) > 1 else 0.0
    asked = {hand: track for hand, track in found.hands.items() if np.isfinite(track.off).any()}
    if not asked or not step:
        return [rules[code].not_checked("too_short", signal="retargeted") for code in ("reach", "retarget.error")]
    reach = worst_of([_reach(hand, track, found, rules, step) for hand, track in asked.items()])
    place = worst_of([_error(hand, track, found, rules, step) for hand, track in asked.items()])
    turned = [hand for hand, track in asked.items() if np.isfinite(track.turned).any()]
    turns = worst_of([_error(hand, asked[hand], found, rules, step, turn=True) for hand in turned])
    place[0].details["hands"] = {hand: _figures(track.off) for hand, track in asked.items()}
    for finding in turns:
        finding.details["hands"] = {hand: _figures(asked[hand].turned) for hand in turned}
    return [*reach, *place, *turns]


def _figures(x: np.ndarray) -> dict[str, float]:
    return {"p50": float(np.nanmedian(x)), "p95": float(np.nanpercentile(x, 95)), "max": float(np.nanmax(x))}


def _lasting(x: np.ndarray, step: float, shortest: float) -> tuple[float, int]:
    """The largest level that lasts, and its row; of a signal too short or too broken for that, its median."""
    level, row = held(x[:, None], step, shortest)
    if np.isfinite(level[0]):
        return float(level[0]), int(row[0])
    return float(np.nanmedian(x)), int(np.nanargmax(x))


def _reach(hand: str, track: HandTrack, found: Retargeted, rules: Rules, step: float) -> Finding:
    rule = rules["reach"]
    beyond, row = _lasting(track.beyond, step, rule.shortest)
    graded = rule.grade_value(track.reach + beyond, fail=track.reach)
    over = np.nan_to_num(track.beyond, nan=-1.0) > 0.0
    first, last = run_around(over, row)
    return rule.finding(
        subject=(f"{hand}_hand",),
        signal="retargeted",
        t0=float(found.t[first]),
        t1=float(min(found.t[last] + step, found.t[-1])),
        share=float(over.sum() / np.isfinite(track.beyond).sum()),
        **graded,
        details={"too_far": max(0.0, beyond), "largest": float(np.nanmax(track.beyond)), "t_peak": float(found.t[row])},
    )


def _error(hand: str, track: HandTrack, found: Retargeted, rules: Rules, step: float, turn: bool = False) -> Finding:
    rule = rules["retarget.error"]
    off = track.turned if turn else track.off
    value, row = _lasting(off, step, rule.shortest)
    if turn:
        fail, warn = rule.settings["turn_fail"], rule.settings["turn_warn"]
        graded = rule.grade_value(value / fail, fail=1.0, warn=warn / fail)  # the rule's own scale is a length
        graded |= {key: graded[key] * fail for key in ("value", "limit", "margin") if graded[key] is not None}
        graded |= {"unit": "rad", "excess": max(0.0, -graded["margin"]) / graded["limit"]}
    else:
        graded = rule.grade_value(value)
    bound = graded["limit"] if graded["level"] != "PASS" else np.inf
    over = np.nan_to_num(off, nan=-1.0) > bound
    first, last = run_around(over, row)
    asked = np.isfinite(off)
    details: dict[str, Any] = {
        "kind": "turn" if turn else "place",
        "t_peak": float(found.t[row]),
        "largest": float(np.nanmax(off)),
        "p50": float(np.nanmedian(off)),
        "p95": float(np.nanpercentile(off, 95)),
        "asked": float(asked.mean()),
    }
    if graded["level"] != "PASS":
        details |= _held_back(hand, track, found, slice(first, last + 1))
    return rule.finding(
        subject=(f"{hand}_hand",),
        signal="retargeted",
        t0=float(found.t[first]),
        t1=float(min(found.t[last] + step, found.t[-1])),
        share=float(over.sum() / asked.sum()),
        **graded,
        details=details,
    )


def _held_back(hand: str, track: HandTrack, found: Retargeted, rows: slice) -> dict[str, Any]:
    """Which limit was active for most of a stretch: reach, a joint's speed or range, own shapes; nothing where none was.

    `limits` gives the share of the stretch for each kind.
    """
    arm = [found.names.index(name) for name in found.arms[hand]]
    shares: dict[str, float] = {"out_of_reach": float((track.beyond[rows] > 0.0).mean())}
    who: dict[str, list[str]] = {"out_of_reach": [f"{hand}_hand"]}
    for kind, word in (("speed", "at_speed"), ("range", "at_range")):
        at = found.at_limit[kind][rows][:, arm]
        shares[word] = float(at.any(axis=1).mean())
        who[word] = [found.names[arm[int(at.sum(axis=0).argmax())]]]
    held_apart = found.held_apart[rows]
    touching = [int(p) for p in held_apart if p >= 0 and not found.links[hand].isdisjoint(found.pairs[p])]
    shares["apart"] = len(touching) / len(held_apart)
    who["apart"] = list(found.pairs[max(set(touching), key=touching.count)]) if touching else []
    # the one that holds for longest; of equals the one that no other could lift: reach, then range, own shapes, speed
    order = ("out_of_reach", "at_range", "apart", "at_speed")
    word = max(order, key=lambda key: (round(shares[key], 3), -order.index(key)))
    if shares[word] <= 0.0:
        return {"limits": shares}
    names = dict(zip(("held_by", "held_from"), who[word]))
    return {"held_back": word, **names, "limits": shares}


def _nearer(finding: Finding, known: Known) -> Fix:
    return {"kind": "nearer", "thing": about(finding), "by": -finding.margin if finding.margin else finding.value}


def _hand(finding: Finding, known: Known) -> Fix:
    """By what kept the robot's hand back: its speed, its reach, the other arm or the trunk; else the end of a joint's range."""
    back, turn = finding.details.get("held_back"), finding.unit == "rad"
    by = -finding.margin if finding.margin is not None else None
    if back == "at_speed":
        return slow(finding, known)
    if back == "out_of_reach" and not turn:
        return {"kind": "nearer", "thing": about(finding), "by": by}
    if back == "apart":
        return {"kind": "apart", "move": finding.details.get("held_by"), "from": finding.details.get("held_from")}
    span = {"t0": finding.t0, "t1": finding.t1}
    return {"kind": "hand", "thing": about(finding), "by": None if turn else by, "turn": by if turn else None, **span}


CHECKS = (
    Check("reach", fix=_nearer, of="hands", shown_by="far_hand", shown_in="person"),
    Check(
        "retarget.error",
        settings={"turn_warn": "angle", "turn_fail": "angle"},
        fix=_hand,
        of="hands",
        shown_by="far_hand",
        shown_in="person",
    ),
)
