"""Does a hand let go where the other takes of the set let go, or while its arm still carries?

No start is needed for this, and no scene: a hand that holds something cannot close as far as it is commanded, and a hand that
lets go is commanded to open further than it then stands. Where the arm stands and how fast it moves is in the commands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE
from ..signals.clock import origin_ns, seconds
from ..signals.sides import side_of
from ..signals.signal import runs
from ..signals.statistics import TO_SIGMA
from .check import Check
from .finding import Finding
from .fixes import plain
from .hands_idle import SPAN
from .rules import Rule, Rules

QUANTITIES = ("claw", "hand", "gripper")  # flags tell no way, so that nothing can be held short of it
PRESSES = (
    0.015  # of a hand's way, by which it stands short of its command while it holds something; 0.02 to 0.14 were seen
)
STILL = 0.02  # of a hand's way, by which a hand that holds moves at most within 2 x AROUND
AROUND = 0.1  # s, on either side, over which a speed is taken
HELD = 1.0  # s, the shortest hold: a hand that closes in the air is behind its command for less
ONWARD = 0.2  # s, between two postures of the way that an arm goes on
THERE = 0.1  # rad: an arm that is no further from a place than that beyond its nearest has come there
SLOW = 0.2  # rad/s: of an arm that lets go more slowly the way onward is not kept
_LEG = re.compile(r"hip|knee|ankle|leg|foot|toe|head|neck|waist|torso", re.IGNORECASE)


@dataclass(frozen=True)
class GripOpening:
    """A hand lets go of what it held.

    Attributes:
        side: l, r, or nothing where the hand has none; hand: its columns.
        t: when the command opens the hand beyond where it held [s].
        speed: of the fastest joint of its arm, as commanded [rad/s].
        arm: (k,) its joints [rad].
        alone: whether no other hand holds anything then.
        onward: the arm's postures every `ONWARD` s from then on, until the hand holds something again; none where it is `SLOW`.
    """

    side: str
    hand: tuple[str, ...]
    t: float
    speed: float
    arm: tuple[float, ...]
    alone: bool
    onward: tuple[tuple[float, ...], ...] = ()


class GripHold(NamedTuple):
    """First and last row of a hold, the direction in which the hand presses, and where it stands (a share of its way)."""

    first: int
    last: int
    sign: float
    at: float


class HandAndArm(NamedTuple):
    """A hand's columns, command and measurement (n,) as shares of its way, its holds, and its arm's joints (n, k) [rad] with the
    fastest one's speed (n,) [rad/s].
    """

    side: str
    names: tuple[str, ...]
    t: np.ndarray
    command: np.ndarray
    state: np.ndarray
    holds: list[GripHold]
    q: np.ndarray
    speed: np.ndarray


def hands_of(recording: Recording) -> list[HandAndArm]:
    """The hands that are commanded and measured, each with its arm; none where one of these is missing."""
    arm = next((s for s in recording.select("command", "joint_position") if s.n > 2 and s.unit in SCALE), None)
    pairs = [
        (command, state)
        for quantity in QUANTITIES
        for command in recording.select("command", quantity)
        for state in recording.select("measured", quantity)
        if min(command.n, state.n) > 2 and command.unit == state.unit and command.unit in SPAN
    ]
    if arm is None or not pairs or not all(np.isfinite(s.values).all() for pair in pairs for s in (*pair, arm)):
        return []
    command, state = pairs[0]
    origin = origin_ns(recording)
    t, t_arm = seconds(command, origin), seconds(arm, origin)
    rows = max(1, round(AROUND / max(float(np.median(np.diff(t))), 1e-6)))
    sides = {side: names for side in "lr" if (names := _of_side(side, command, state))}
    found = []
    for side, names in (sides or {"": tuple(name for name in command.names if name in state.names)}).items():
        columns = _arm_of(side, arm.names)
        if not columns:
            continue
        given, stands = (_way(stream, names, t, recording) for stream in (command, state))
        q = np.column_stack([np.interp(t, t_arm, arm.values[:, j]) for j in columns]) * SCALE[arm.unit]
        speed = np.abs(_change(q, rows)).max(axis=1) / _change(t, rows)
        found.append(HandAndArm(side, names, t, given, stands, holds_of(t, given, stands, rows), q, speed))
    return found


def releases_of(recording: Recording, hands: Sequence[HandAndArm] | None = None) -> tuple[GripOpening, ...] | str:
    """Where the hands of a recording let go, or the reason why that is not asked.

    Args:
        hands: of the recording, where they are known.
    """
    if recording.episode is not None:
        return "goal_decides"
    hands = hands_of(recording) if hands is None else hands
    if not hands:
        return "no_grip"
    found = []
    for hand in hands:
        others = [hold for other in hands if other.side != hand.side for hold in other.holds]
        for row, end in _openings(hand.command, hand.holds):
            grid = np.arange(hand.t[row], hand.t[end], ONWARD) if hand.speed[row] > SLOW else np.zeros(0)
            onward = np.column_stack([np.interp(grid, hand.t, one) for one in hand.q.T])
            found.append(
                GripOpening(
                    hand.side,
                    hand.names,
                    float(hand.t[row]),
                    float(hand.speed[row]),
                    _rounded(hand.q[row]),
                    not any(one.first <= row <= one.last for one in others),
                    tuple(_rounded(one) for one in onward),
                )
            )
    return tuple(sorted(found, key=lambda one: (one.t, one.side)))


def holds_of(t: np.ndarray, command: np.ndarray, state: np.ndarray, rows: int, gentle: float = PRESSES) -> list[GripHold]:
    """When a hand holds something: it stands still, short of where its command presses it.

    Args:
        t: (n,) s; command, state: (n,) shares of the hand's way; rows: on either side, over which a hand that holds is still.
        gentle: so little short is enough where the command stands still as well, so that the hand is behind nothing.
    """
    short = command - state
    still, steady = (np.abs(_change(one, rows)) <= most for one, most in ((state, STILL), (command, 0.5 * gentle)))
    found = []
    for sign in (1.0, -1.0):
        for first, last in runs(still & (sign * short >= np.where(steady, gentle, PRESSES))):
            if t[last] - t[first] >= HELD:
                found.append(GripHold(first, last, sign, float(np.median(state[first : last + 1]))))
    return sorted(found)


def _openings(command: np.ndarray, holds: Sequence[GripHold]) -> list[tuple[int, int]]:
    """(row in which the command opens the hand beyond where it held, last row before it holds again) of each hold that ends so."""
    found = []
    for i, one in enumerate(holds):
        end = holds[i + 1].first if i + 1 < len(holds) else len(command) - 1
        gone = np.flatnonzero(one.sign * (command[one.last + 1 : end + 1] - one.at) <= -PRESSES)
        if len(gone):
            found.append((one.last + 1 + int(gone[0]), end))
    return found


def check_release(
    releases: Sequence[GripOpening] | str, others: Sequence[Sequence[GripOpening]], failed: bool, rules: Rules
) -> Finding:
    """`take.release`: how fast an arm moves while its hand lets go, against the other takes of the set.

    The bound is that of the rule or, where the others scatter, `spread` standard deviations above their median (of the
    fastest release of each, estimated from the median absolute deviation): who throws in every take is not reported
    throwing. Beyond it is a WARN. It is a FAIL where the arm then comes to where the other takes let go, with the hand
    empty: after `later` at least (what was let go has fallen by a metre then, or lies where it fell), nearer by `nearer` than
    when it opened, and within `there` of one of them. Then what it carried did not come along. A hand that opens while
    the other one holds something, and a take that is labelled a failure, are warned of at most.

    Args:
        releases: of this take, or the reason why they are not asked; others: of each other take that tells them.
        failed: whether the take is labelled a failure.
    """
    rule = rules["take.release"]
    if isinstance(releases, str):
        return rule.not_applicable(releases)
    if not releases:
        return rule.not_applicable("nothing_held")
    graded = [(one, *found) for one in releases if (found := _usual(one, others, rule)) is not None]
    if not graded:
        return rule.not_checked("few_takes", details={"takes": len(others), "needed": rule.settings["takes"]})
    one, bound, usual, settled, takes = max(graded, key=lambda row: row[0].speed - row[1])
    result = rule.grade_value(one.speed, fail=bound)
    details: dict[str, Any] = {"usual": usual, "takes": takes, "alone": one.alone}
    t1 = one.t
    if result["level"] != "PASS":
        arrival = _arrival(one, settled, rule)
        if arrival is not None:
            t1 = one.t + arrival * ONWARD
            details |= {"kind": "carried_on", "after": arrival * ONWARD}
        if arrival is None or failed or not one.alone:
            result["level"] = "WARN"
    return rule.finding(subject=one.hand, t0=one.t, t1=t1, **result, details=details)


def _usual(
    one: GripOpening, others: Sequence[Sequence[GripOpening]], rule: Rule
) -> tuple[float, float, list[np.ndarray], int] | None:
    """The bound [rad/s], what is usual, postures in which the others let go, and how many they are; None of too few takes."""
    theirs = [[r for r in take if r.side == one.side and len(r.arm) == len(one.arm)] for take in others]
    fastest = np.array([max(r.speed for r in some) for some in theirs if some])
    if len(fastest) < rule.settings["takes"]:
        return None
    usual = float(np.median(fastest))
    scatter = TO_SIGMA * float(np.median(np.abs(fastest - usual)))
    bound = max(rule.bound("fail"), usual + rule.settings["spread"] * scatter)
    settled = [np.array(r.arm) for some in theirs for r in some if r.speed <= bound]
    return bound, usual, settled, len(fastest)


def _arrival(one: GripOpening, settled: Sequence[np.ndarray], rule: Rule) -> int | None:
    """After how many `ONWARD` the arm comes to where the others let go; None where it does not, or is there at once."""
    if not settled:
        return None
    way = np.array(one.onward).reshape(-1, len(one.arm))
    apart = np.abs(way[:, None] - np.array(settled)).max(axis=2).min(axis=1)  # the worst joint, of the nearest of them
    here = float(np.abs(np.array(one.arm) - np.array(settled)).max(axis=1).min())
    nearest = float(apart.min(initial=np.inf))
    if nearest > min(rule.settings["there"], here - rule.settings["nearer"]):
        return None
    arrival = int(np.flatnonzero(apart <= nearest + THERE)[0])
    return arrival if arrival * ONWARD >= rule.settings["later"] else None


def _of_side(side: str, command: Stream, state: Stream) -> tuple[str, ...]:
    return tuple(name for name in command.names if side_of(name) == side and name in state.names)


def _arm_of(side: str, names: Sequence[str]) -> list[int]:
    """Columns of the arm of one side; of a robot with one arm, all."""
    arms = [j for j, name in enumerate(names) if not _LEG.search(name)]
    return [j for j in arms if side_of(names[j]) == side] or [j for j in arms if not side_of(names[j])]


def _way(stream: Stream, names: Sequence[str], t: np.ndarray, recording: Recording) -> np.ndarray:
    """(n,) the mean of a hand's columns, as a share of their way, at the times `t`."""
    columns = [stream.names.index(name) for name in names]
    return np.interp(
        t, seconds(stream, origin_ns(recording)), stream.values[:, columns].mean(axis=1) / SPAN[stream.unit]
    )


def _change(x: np.ndarray, rows: int) -> np.ndarray:
    """By how much each row of (n, ...) changes from so many rows before it to so many behind, fewer at the ends."""
    i = np.arange(len(x))
    change: np.ndarray = x[np.minimum(i + rows, len(x) - 1)] - x[np.maximum(i - rows, 0)]
    return change


def _rounded(posture: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(angle), 4) for angle in posture)


CHECKS = (
    Check(
        "take.release",
        settings={"takes": "number", "spread": "number", "there": "angle", "nearer": "angle", "later": "time"},
        fix=plain("keep_closed", "hand", "t0"),
        of="takes",
        lasts=True,
        own_cause=True,
        no_example="it takes six whole demonstrations and more; `benchmarks/judge.py sets=` makes them",
        no_curve="one number of the whole take",
    ),
)
