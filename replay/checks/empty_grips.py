"""Does a hand hold something, where it does in the other takes of the set, or does it close on nothing?

No start is needed for this, and no scene: where a thing stands elsewhere the commands are those of any other take, but nothing
stops the hand where the thing stops it in the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..recording.recording import Recording
from ..signals.statistics import TO_SIGMA
from .check import Check
from .finding import Finding
from .releases import PRESSES, HandAndArm
from .rules import Rule, Rules


@dataclass(frozen=True)
class GripUse:
    """What a hand did in a take; places are shares of its way, as measured.

    Attributes:
        side: l, r, or nothing where the hand has none; hand: its columns.
        sign: the direction in which it presses what it holds, 0 where it holds nothing.
        at: of its holds, the place furthest in that direction; 0 where it holds nothing.
        least, most: the ends between which it moves; reached: when it first comes to either [s].
    """

    side: str
    hand: tuple[str, ...]
    sign: float
    at: float
    least: float
    most: float
    reached: tuple[float, float]


def grips_of(recording: Recording, hands: Sequence[HandAndArm]) -> tuple[GripUse, ...] | str:
    """What the hands of a recording did, or the reason why that is not asked.

    Args:
        hands: of the recording, see `hands_of`.
    """
    if recording.episode is not None:
        return "goal_decides"
    if not hands:
        return "no_grip"
    found = []
    for hand in hands:
        signs = [hold.sign for hold in hand.holds]
        sign = max(set(signs), key=lambda one: (signs.count(one), one), default=0.0)
        at = max((sign * hold.at for hold in hand.holds if hold.sign == sign), default=0.0)
        least, most = float(hand.state.min()), float(hand.state.max())
        ends = (hand.state <= least + PRESSES / 2, hand.state >= most - PRESSES / 2)
        reached = tuple(float(hand.t[int(np.argmax(one))]) for one in ends)
        found.append(
            GripUse(hand.side, hand.names, sign, round(sign * at, 6), round(least, 6), round(most, 6), (reached[0], reached[1]))
        )
    return tuple(found)


def check_empty_grip(
    grips: Sequence[GripUse] | str, others: Sequence[Sequence[GripUse]], failed: bool, rules: Rules
) -> Finding:
    """`take.grip`: how far a hand that holds nothing closes beyond where the other takes' hands were stopped.

    Asked of a hand where it holds something in `share` of the other takes of the same task, of which there must be `takes`.
    The bound is that of the rule or, where the others scatter, `spread` standard deviations of where they are stopped (estimated
    from the median absolute deviation): things of several sizes stop a hand in several places. Beyond it nothing was between
    the fingers. A hand that closes less far may touch a thing too softly to show it, so that nothing is reported of it. A take that
    is labelled a failure is warned of at most.

    Args:
        grips: of this take, or the reason why they are not asked; others: of each other take of the task that tells them.
        failed: whether the take is labelled a failure.
    """
    rule = rules["take.grip"]
    if isinstance(grips, str):
        return rule.not_applicable(grips)
    if len(others) < rule.settings["takes"]:
        return rule.not_checked("few_takes", details={"takes": len(others), "needed": rule.settings["takes"]})
    graded = [(one, *found) for one in grips if (found := _beyond(one, others, rule)) is not None]
    if not graded:
        return rule.not_applicable("grips_differ")
    empty = [row for row in graded if not row[0].sign]
    if not empty:
        return rule.passed(details={"takes": len(others)})
    one, beyond, bound, sign, holding = max(empty, key=lambda row: row[1] - row[2])
    result = rule.grade_value(beyond, fail=bound, sure=not failed)
    t = one.reached[1 if sign > 0 else 0]
    return rule.finding(subject=one.hand, t0=t, t1=t, **result, details={"takes": len(others), "holding": holding})


def _beyond(
    one: GripUse, others: Sequence[Sequence[GripUse]], rule: Rule
) -> tuple[float, float, float, int] | None:
    """(how far a hand closes beyond where the others' is stopped, the bound, its direction, how many hold); None where few hold."""
    theirs = [use for take in others for use in take if use.side == one.side]
    holding = [use for use in theirs if use.sign]
    if len(theirs) < rule.settings["takes"] or len(holding) < rule.settings["share"] * len(theirs):
        return None
    sign = 1.0 if sum(use.sign for use in holding) > 0 else -1.0
    places = sign * np.array([use.at for use in holding if use.sign == sign])
    usual = float(np.median(places))
    scatter = TO_SIGMA * float(np.median(np.abs(places - usual)))
    end = one.most if sign > 0 else one.least
    return sign * end - usual, max(rule.bound("fail"), rule.settings["spread"] * scatter), sign, len(holding)


CHECKS = (
    Check(
        "take.grip",
        settings={"takes": "number", "spread": "number", "share": "share"},
        of="takes",
        lasts=True,
        own_cause=True,
        no_example="it takes six whole demonstrations and more; `benchmarks/judge.py sets=` makes them",
        no_curve="one number of the whole take",
    ),
)
