"""Measured positions of all joints of an arm that went through a low-pass, or come late: speeds and the pose of the hand know better.

Two witnesses against one: where the speeds are those of other positions than the recorded ones, and the hand is where those put it, the
pose of the hand is right. What was made of the positions need not be known for that: the speeds of all joints move the hand (by the
geometric Jacobian), and it is recorded to move so, or as the positions do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .arm_chain import MeasuredArm, arms_of
from .difference import Difference
from .hand_pose import AXES, CHAIN, LIMITS, RecordedHand
from .relations import shifted
from .table import Group, RecordedChannel
from .torque_timing import HARMLESS, unsmoothed

GOES, JOINTS = 0.1, 3  # rad that a joint goes; such joints of an arm
SECONDS, LAST = np.geomspace(0.05, 1.0, 25), 0.5  # s of low-passes, and the latest delay, that are tried
LEFT, AT_MOST = 0.25, 0.1  # of what speeds leave of the rise of the positions, and of their own power, that they leave once put right
NEXT = 2  # rows later, where any delay helps
NEARER = 0.4  # of the hand's distance from its joints that is left
LIMIT = 0.026  # rad: the floor of a position
# of what the positions leave of the hand's speed, that its pose leaves: poses that are late by a row or two leave 1.2 to 4.5 times as much
SIDES = 0.7
EDGE = 3  # rows beside a departure, whose rises it changes

PutRight = Callable[[np.ndarray], np.ndarray]


def positions_behind(group: Group, hands: Sequence[RecordedHand]) -> Difference | None:
    """The joints of all arms with hands that are where positions of another moment put them; None where there are none."""
    if not group.same_rows:
        return None
    by_name = {c.name: c for c in group.channels if {"measured", "velocity"} <= set(c.columns)}
    known = [hand for hand in hands if set(hand.arm.chain.joints) <= set(by_name)]
    joints = [by_name[name] for hand in known for name in hand.arm.chain.joints]
    moving = [c for c in joints if c.goes("measured") > GOES]
    if len(moving) < JOINTS:
        return None
    plain = _left(moving, lambda x: x, group.dt)
    if _left(moving, _earlier(NEXT), group.dt) >= plain:
        return None
    tried: list[tuple[float, str, float, PutRight]] = []
    for seconds in SECONDS:
        tried.append(_tried(moving, "smoothed", float(seconds), _sharper(float(seconds), group.dt), group.dt))
    for rows in range(1, round(LAST / group.dt) + 1):
        tried.append(_tried(moving, "lag", rows * group.dt, _earlier(rows), group.dt))
    left, name, seconds, right = min(tried, key=lambda one: one[0])
    if left > min(LEFT * plain, AT_MOST) or seconds < HARMLESS:
        return None
    put_right = {c.name: right(c.columns["measured"]) for c in joints}
    there = arms_of(put_right)
    near = [h for h in known if h.arm.chain.side in there and _is_nearer(h, there[h.arm.chain.side])]
    changed = [c for h in near for c in (by_name[joint] for joint in h.arm.chain.joints) if c in moving]
    if not changed:
        return None
    size = max(float(np.abs(put_right[c.name] - c.columns["measured"]).max()) for c in changed)
    numbers = {"seconds": seconds} if name == "smoothed" else {"late": seconds, "rows": float(round(seconds / group.dt))}
    return Difference.over(
        group.t, tuple(c.name for c in changed), "measured", None, size, "rad", name, certain=True, numbers=numbers,
        stream=changed[0].topics["measured"], limit=LIMIT, weight=1e3 * group.n * len(changed),
    )  # fmt: skip


def positions_by_themselves(group: Group, hands: Sequence[RecordedHand], by_bodies: Sequence[Difference]) -> list[Difference]:
    """Of each hand whose pose is certain to contradict its joints: all joints of its arm, where it moves as their speeds say, and not as
    their positions do.

    Args:
        by_bodies: what the bodies contradict.
    """
    if not group.same_rows:
        return []
    by_name = {c.name: c for c in group.channels if {"measured", "velocity"} <= set(c.columns)}
    out = []
    for hand in hands:
        columns, joints = {f"{hand.name}.{axis}" for axis in AXES}, hand.arm.chain.joints
        apart = [d for d in by_bodies if d.kind == "pose" and d.certain and d.unit == "m" and columns & set(d.channels)]
        if not apart or not set(joints) <= set(by_name):
            continue
        moving = [by_name[name] for name in joints if by_name[name].goes("measured") > GOES]
        first, last = min(d.first for d in apart), max(d.last for d in apart)
        if len(moving) >= JOINTS and _moves_as_speeds(hand, by_name, slice(max(0, first - EDGE), last + EDGE + 1), group.dt):
            out.append(_by_themselves(group, moving, apart))
    return out


def _moves_as_speeds(hand: RecordedHand, by_name: Mapping[str, RecordedChannel], rows: slice, dt: float) -> bool:
    """Whether the recorded hand has the speed that its joints' speeds give it, more than that of where their positions put it."""
    arm = hand.arm
    speeds = np.stack([by_name[name].columns["velocity"] for name in arm.chain.joints], axis=1)
    moved = _around(np.einsum("kni,nk->ni", np.cross(arm.axes, arm.origins[-1] - arm.origins[:-1]), speeds))
    pose, joints = (((np.gradient(x, dt, axis=0) - moved)[rows] ** 2).sum() for x in (hand.values[:, :3], arm.origins[-1]))
    return bool(pose <= SIDES * joints)


def _around(x: np.ndarray) -> np.ndarray:
    """(n, k) as a central difference has it: what a rise is over the two rows beside."""
    wide = np.concatenate([x[:1], x, x[-1:]])
    return 0.25 * wide[:-2] + 0.5 * wide[1:-1] + 0.25 * wide[2:]


def _by_themselves(group: Group, moving: Sequence[RecordedChannel], apart: Sequence[Difference]) -> Difference:
    """Poses that seem early by some time show positions that are late by as much; no other reason of a pose is one of angles."""
    first, last = min(d.first for d in apart), max(d.last for d in apart)
    lag = max(apart, key=lambda d: d.weight)
    late = lag.numbers.get("late") if lag.name == "lag" else None
    name, numbers = (None, {}) if not isinstance(late, float) else ("lag", {"late": -late, "rows": -late / group.dt})
    return Difference.over(
        group.t, tuple(c.name for c in moving), "measured", (first, last), max(d.size for d in apart), "m", name, certain=True,
        explained=lag.explained if name else 0.0, numbers=numbers, stream=moving[0].topics["measured"], limit=LIMITS["m"],
        weight=1e3 * (last - first + 1) * len(moving), bound=CHAIN,
    )  # fmt: skip


def without_what_follows(one: Difference, found: Sequence[Difference], hands: Sequence[RecordedHand]) -> list[Difference]:
    """What is not of these joints, nor of the hands that they hold."""
    of = set(one.channels)
    of |= {f"{hand.name}.{axis}" for hand in hands if of & set(hand.arm.chain.joints) for axis in AXES}
    return [d for d in found if not set(d.channels) <= of]


def _sharper(seconds: float, dt: float) -> PutRight:
    return lambda x: unsmoothed(x, seconds, dt)


def _earlier(rows: int) -> PutRight:
    return lambda x: shifted(x, rows)


def _tried(moving: Sequence[RecordedChannel], name: str, seconds: float, right: PutRight, dt: float) -> tuple[float, str, float, PutRight]:
    return _left(moving, right, dt), name, seconds, right


def _left(moving: Sequence[RecordedChannel], right: PutRight, dt: float) -> float:
    """Of the power of speeds, that the rise of positions leaves which are put right: the middle joint."""
    found = []
    for channel in moving:
        v = channel.columns["velocity"]
        rise = np.gradient(right(channel.columns["measured"]), dt)
        found.append(float(((v - rise) ** 2).sum()) / max(float((v**2).sum()), 1e-12))
    return float(np.median(found))


def _is_nearer(hand: RecordedHand, arm: MeasuredArm) -> bool:
    was, is_ = (np.linalg.norm(hand.values[:, :3] - of.origins[-1], axis=1) for of in (hand.arm, arm))
    return float(np.percentile(is_, 90.0)) < NEARER * float(np.percentile(was, 90.0))
