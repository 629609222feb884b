"""Recorded poses of objects against physics: their order of numbers, jumps, things that hover, things that move by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..signals.pose_noise import pose_noise
from ..signals.signal import runs
from .check import Check
from .finding import Finding, worst_of
from .rules import Rule, Rules

GRAVITY = 9.81  # m/s2
OTHERWISE = np.radians(20.0)  # a thing that is turned by more does not lie as the scenario lays it
AS_LAID = np.radians(6.0)  # and by less, it does
TURNED = np.radians(150.0)  # about the vertical, by more than any scenario draws
LONE = 5.0  # a step that is so many times as long as those beside it stands alone
SHAKEN = 40.0  # m/s2: more than a hand shakes a thing by
BACK = 0.3  # of how far it was away for a row, that it comes back beside where it was
BEGINS = 0.5  # s, in which a thing that begins to move is looked at
REST = 0.3  # s, that it lay still before
QUIET = 0.003  # m, what lies still is recorded to
LEVER = 0.05  # m, from the middle of a thing to the edge that shows that it tips
WANDERS = 0.025  # m, by which poses wander in a take where a camera that moves sees them
SCATTERS = (5.0, 7.0)  # standard deviations of a coordinate, by which two rows of what lies differ: in `REST`, and anywhere in a take


@dataclass(frozen=True)
class PoseFacts:
    """Recorded poses of things, and what is near them then, by the shapes of the scene.

    Attributes:
        t: (T,) s; things: (k,) names.
        pos: (T, k, 3) m; quat: (T, k, 4), wxyz as the columns say.
        upright: (k, 4) how each lies at the start as the scenario lays it.
        hand: (T, k) whether a part of the robot, or what one moves, is at it; borne: whether anything is beneath or at it.
        other: (T, k) whether it touches what may move it without a hand: a belt, a door, a person, a cloth.
        robot: whether the whole robot was measured, so that nobody can have come near unseen.
        seen: (T, k) whether its tracker says that it saw it; None where all were seen. What was not is in `other` as well.
    """

    t: np.ndarray
    things: tuple[str, ...]
    pos: np.ndarray
    quat: np.ndarray
    upright: np.ndarray
    hand: np.ndarray
    borne: np.ndarray
    other: np.ndarray
    robot: bool
    seen: np.ndarray | None = None


def check_poses(facts: PoseFacts, rules: Rules) -> list[Finding]:
    """`object.order`, `object.jumps`, `object.hovers`, `object.moves`; where the order is wrong the others are not asked."""
    order = check_order(facts.things, facts.quat[0], facts.upright, rules)
    codes = ("object.jumps", "object.hovers", "object.moves")
    if order.failed:
        return [order, *(rules[code].not_checked("object_order") for code in codes)]
    jumps = check_jumps(facts, rules)
    if not facts.robot:
        return [order, jumps, *(rules[code].not_checked("no_measured") for code in codes[1:])]
    return [order, jumps, check_hovers(facts, rules), check_moves(facts, rules)]


def check_order(things: tuple[str, ...], quat: np.ndarray, upright: np.ndarray, rules: Rules) -> Finding:
    """`object.order`: are the four numbers of a turn in the order that their columns say (wxyz), or in that of others (xyzw)?

    A thing that lies otherwise than the scenario lays it as the columns say, and as it lays it with the numbers in the other
    order, is a witness. Where none lies so, two or more that are all turned about the vertical by half a turn, and not with
    the numbers in the other order, are one as well.

    Args:
        quat: (k, 4) at the start, when things rest; upright: (k, 4) as the scenario lays them.
    """
    rule = rules["object.order"]
    other = quat[:, [3, 0, 1, 2]]  # what is meant, where x, y, z, w was written
    here, there = _tilt(quat, upright), _tilt(other, upright)
    tilted = (here > OTHERWISE) & (there < AS_LAID)
    against = (here < AS_LAID) & (there > OTHERWISE)
    whole, meant = _between(quat, upright), _between(other, upright)
    turned = (whole > TURNED) & (meant < np.pi - TURNED)
    alone = bool(len(things) > 1 and turned.all())
    value = (
        float(np.degrees(here[tilted].max()))
        if tilted.any()
        else float(np.degrees(whole[turned].max()))
        if alone
        else 0.0
    )
    known = {"value": np.radians(value), "limit": float(OTHERWISE), "unit": "rad"}
    if (tilted.any() and not against.any()) or alone:
        subject = tuple(name for name, one in zip(things, tilted | (turned & alone)) if one)
        return rule.finding(
            level="FAIL", t0=0.0, subject=subject, margin=float(OTHERWISE) - np.radians(value), excess=1.0, **known
        )
    return rule.passed(**known)


def check_jumps(facts: PoseFacts, rules: Rules) -> Finding:
    """`object.jumps`: does a thing go from one place to another in one row, or elsewhere for one row and back? By how far [m]; what stands
    alone among its neighbours, and what no hand that shakes it does."""
    rule, found = rules["object.jumps"], []
    if len(facts.t) < 4:
        return rule.not_checked("too_short")
    steps = np.linalg.norm(np.diff(facts.pos, axis=0), axis=2)
    if facts.seen is not None:  # where it was not seen, its pose is what was seen last
        steps = np.where(facts.seen[1:] & facts.seen[:-1], steps, 0.0)
    for j, name in enumerate(facts.things):
        beside = np.maximum(np.pad(steps[:-1, j], (1, 0)), np.pad(steps[1:, j], (0, 1)))
        alone = np.where(steps[:, j] > LONE * beside, steps[:, j], 0.0)
        k, away = int(alone.argmax()), _there_and_back(facts.t, facts.pos[:, j])
        away = away if facts.seen is None else np.where(facts.seen[1:-1, j], away, 0.0)
        row = int(away.argmax())
        size, first, last = (away[row], row, row + 2) if away[row] > alone[k] else (alone[k], k, k + 1)
        found.append(_graded(rule, float(size), name, facts.t[first], facts.t[last]))
    return worst_of(found)[0]


def _there_and_back(t: np.ndarray, pos: np.ndarray) -> np.ndarray:
    """(T - 2,) how far [m] each row but the first and the last is from those beside it, where these two are one place; else zero."""
    away = np.linalg.norm(pos[1:-1] - 0.5 * (pos[2:] + pos[:-2]), axis=1)
    back = np.linalg.norm(pos[2:] - pos[:-2], axis=1) < BACK * away
    return np.where(back & (away > 0.125 * SHAKEN * (t[2:] - t[:-2]) ** 2), away, 0.0)


def check_hovers(facts: PoseFacts, rules: Rules) -> Finding:
    """`object.hovers`: for how long [s] is a thing in the air without a hand and without falling?"""
    rule, found = rules["object.hovers"], []
    for j, name in enumerate(facts.things):
        longest = (0.0, 0.0, 0.0)
        for first, last in runs(~facts.hand[:, j] & ~facts.borne[:, j] & ~facts.other[:, j]):
            t, z = facts.t[first : last + 1], facts.pos[first : last + 1, j, 2]
            up = max(float((z[min(1, len(z) - 1)] - z[0]) / (t[1] - t[0])), 0.0) if len(t) > 1 else 0.0
            fallen = z[0] + up * (t - t[0]) - z  # below where it would have gone without weight
            due = 0.5 * GRAVITY * (t - t[0]) ** 2
            held = t[(fallen < 0.5 * due) | (due < 0.02)]  # half of it, as what is thrown is tracked
            spell = float(held[-1] - t[0]) if len(held) else 0.0
            longest = max(longest, (spell, float(t[0]), float(t[0] + spell)))
        found.append(_graded(rule, longest[0], name, longest[1], longest[2]))
    return worst_of(found)[0]


def check_moves(facts: PoseFacts, rules: Rules) -> Finding:
    """`object.moves`: how far [m] does a thing that lay still go, or its top tip, with no hand near it and nothing else that moves?

    In half a second, or slowly: by what goes beyond `WANDERS` until something is at it. What a tracker scatters by is no motion.
    """
    rule, found = rules["object.moves"], []
    dt = float(np.median(np.diff(facts.t))) if len(facts.t) > 1 else 0.0
    n, before = (max(1, round(s / dt)) if dt else 1 for s in (BEGINS, REST))
    if len(facts.t) <= n + before:
        return rule.not_checked("too_short")
    for j, name in enumerate(facts.things):
        pos, quat, moved = facts.pos[:, j], facts.quat[:, j], facts.hand[:, j] | facts.other[:, j]
        worst, noise = (0.0, 0.0, 0.0, 0.0), pose_noise(pos)
        still, scatters = (by * noise for by in SCATTERS)
        for first, last in runs(~moved):
            slow = True  # asked once, of where it lies at first
            for k in range(first + before, last):
                if np.linalg.norm(pos[k - before : k] - pos[k], axis=1).max() > QUIET + still:
                    continue
                rows = slice(k + 1, (last if slow else min(k + n, last)) + 1)
                way = np.linalg.norm(pos[rows] - pos[k], axis=1) - scatters
                way += 2.0 * LEVER * np.sin(0.5 * _tilt(quat[rows], np.broadcast_to(quat[k], quat[rows].shape)))
                beyond = way - WANDERS * (np.arange(len(way)) >= n)
                most = int(beyond.argmax())
                begins = k + (int((way > QUIET).argmax()) if way[most] > QUIET else 0)
                worst = max(worst, (float(beyond[most]), float(way[most]), float(facts.t[begins]), float(facts.t[k + 1 + most])))
                slow = False
        graded = rule.grade_value(worst[0])
        wanders, limit = worst[1] - worst[0], graded["limit"]
        graded |= {"value": worst[1], "limit": None if limit is None else limit + wanders}
        found.append(rule.finding(subject=(name,), t0=worst[2], t1=worst[3], **graded))
    return worst_of(found)[0]


def _graded(rule: Rule, value: float, name: str, t0: float, t1: float) -> Finding:
    return rule.finding(subject=(name,), t0=float(t0), t1=float(t1), **rule.grade_value(value))


def _tilt(quat: np.ndarray, upright: np.ndarray) -> np.ndarray:
    """(k,) angle [rad] by which what points upwards as the scenario lays it is turned away."""
    w, x, y, _ = _relative(quat, upright).T
    del w
    return np.arccos(np.clip(1.0 - 2.0 * (x * x + y * y), -1.0, 1.0))


def _between(quat: np.ndarray, upright: np.ndarray) -> np.ndarray:
    """(k,) angle [rad] between two orientations."""
    return 2.0 * np.arccos(np.clip(np.abs((quat * upright).sum(axis=1)), 0.0, 1.0))


def _relative(quat: np.ndarray, upright: np.ndarray) -> np.ndarray:
    """(k, 4) the turn, in the world's axes, from how each lies as the scenario lays it to how it was recorded."""
    w, x, y, z = quat.T
    a, b, c, d = upright.T * np.array([[1.0], [-1.0], [-1.0], [-1.0]])
    return np.stack(
        [
            w * a - x * b - y * c - z * d,
            w * b + x * a + y * d - z * c,
            w * c - x * d + y * a + z * b,
            w * d + x * c - y * b + z * a,
        ],
        axis=1,
    )


CHECKS = tuple(
    Check(
        code,
        of="world",
        turn=turn,
        own_cause=True,
        no_example="no known fault makes it",
        no_curve="reported with its moment",
    )
    for code, turn in (("object.order", 13), ("object.jumps", 14), ("object.hovers", 15), ("object.moves", 16))
)
