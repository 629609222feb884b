"""Recorded hands in another frame than the arm's chain: of another base, or with their axes turned.

A set of others rarely says in which frame its hands are. One turn about the hand for a whole take is another choice of its axes, and one
move of both hands alike is another base: a floor, a camera. Neither is a fault, and undone, both are held against the joints as any other.
The software of two arms gives each hand in the base of its own arm. So a hand that is moved alone, by the same in all of a take, may have
its own base, or be off: the take does not tell which, the other takes of its set may. So it is with a hand of which another point is
recorded in all of a take.

Nor are these faults, and both are undone first: a hand of which a tracker or a driver says a moment later where it is, and joints with
zeros that are off by what a calibration leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .arm_chain import quaternions_of
from .hand_pose import (
    AXES,
    GRIP,
    HELD,
    USUAL,
    OwnBase,
    OwnPoint,
    RecordedHand,
    exchanged_joints,
    matrices,
    turned_joint,
)
from .resolved_torque import COARSE
from .torque_timing import HARMLESS

SAME_TURN = 0.01  # rad by which the turns of both hands' base may be apart; two rounded quaternions are within 4e-3
AWAY = 0.03  # m, or of a quaternion, from where a hand mostly is
NEAREST = 0.5  # of the rows, of which a mean turn is taken: the others may be wrong
HELD_AT_MOST = 0.75  # of the rows in motion, in each third of a take, that have a pose of their own where poses come at a lower rate
# rad by which a calibration leaves the zero of a joint (0.3 degrees, and a little), and m that it counts as beside the handiest of these;
# times that such zeros are fitted; of the rows in which a hand is elsewhere, those that a delay or such zeros may leave
ZEROS, NEAR, FITS, FEWER = 0.006, 1e-3, 3, 0.5
STIRS = 1e-3  # m, or of a quaternion, from row to row: the hand moves
EVERY = 400  # rows that are asked for zeros
NOWHERE = 0.02  # of the rows in which a hand of its own base may stand where its arm has it, by chance


def in_the_arms_frame(hands: Sequence[RecordedHand], dt: float) -> list[RecordedHand]:
    """The hands of a take, each where it would be recorded in the frame of its arm's chain; unchanged where no frame explains them.

    Args:
        dt: [s] between two rows.
    """
    out = [_of_a_turned_hand(hand) or hand for hand in hands]
    out = [_of_another_moment(hand, dt) for hand in out]
    out = [_of_other_zeros(hand) or hand for hand in out]
    for k, hand in enumerate(out):
        beside = [i for i, other in enumerate(out) if i > k and other.topic == hand.topic]
        if len(beside) == 1 and not hand.stands:
            out[k], out[beside[0]] = _of_another_base(hand, out[beside[0]]) or (hand, out[beside[0]])
    return [_of_its_own_base(hand) or _of_another_point(hand) or hand for hand in out]


def _usable(hand: RecordedHand) -> bool:
    return bool(np.isfinite(hand.values).all() and (np.linalg.norm(hand.values[:, 3:], axis=1) > 0.5).all())


def _mean_turn(turns: np.ndarray) -> np.ndarray:
    """(3, 3) the rotation nearest to the mean of turns (n, 3, 3) (Moakher, SIAM J. Matrix Anal. 24, 2002, prop. 3.3)."""
    u, _, v = np.linalg.svd(turns.mean(axis=0))
    return np.asarray(u @ np.diag([1.0, 1.0, np.linalg.det(u @ v)]) @ v)


def _usual_turn(turns: np.ndarray) -> np.ndarray:
    """(3, 3) the turn of most of (n, 3, 3), whatever the others are."""
    usual = _mean_turn(turns)
    for _ in range(3):
        apart = np.linalg.norm(turns - usual, axis=(1, 2))
        usual = _mean_turn(turns[apart <= np.quantile(apart, NEAREST)])
    return usual


def _turns_of(hand: RecordedHand) -> np.ndarray:
    """(n, 3, 3) recorded."""
    return matrices(hand.values[:, 3:] / np.linalg.norm(hand.values[:, 3:], axis=1, keepdims=True))


def _written(hand: RecordedHand, place: np.ndarray, turns: np.ndarray) -> RecordedHand:
    """A hand with other places (n, 3) and turns (n, 3, 3); the sign of its quaternions follows from its truth."""
    quats = quaternions_of(turns)
    signs = np.where((quats * hand.truth[:, 3:]).sum(axis=1) < 0.0, -1.0, 1.0)
    return replace(hand, values=np.column_stack([place, quats * signs[:, None]]))


def _of_a_turned_hand(hand: RecordedHand) -> RecordedHand | None:
    """The hand with one turn about itself undone, where that makes it agree with its joints."""
    if not _usable(hand) or hand.stands:
        return None
    recorded = _turns_of(hand)
    turn = _usual_turn(hand.arm.turns[-1].transpose(0, 2, 1) @ recorded)
    there = _written(hand, hand.values[:, :3], recorded @ turn.T)
    return replace(there, point=OwnPoint((0.0, 0.0, 0.0), _vector(turn))) if there.stands else None


def _vector(turn: np.ndarray) -> tuple[float, ...]:
    """(3,) [rad] of a turn (3, 3): its axis times its angle."""
    w, *axis = quaternions_of(turn[None])[0].tolist()
    size = float(np.linalg.norm(axis))
    angle = 2.0 * float(np.arctan2(size, abs(w))) * (1.0 if w >= 0.0 else -1.0)
    return tuple(angle * x / size for x in axis) if size > 0.0 else (0.0, 0.0, 0.0)


def _of_another_moment(hand: RecordedHand, dt: float) -> RecordedHand:
    """The hand with poses of its own rows, where they are late by one delay, or where each stands until the next one comes: a pose that
    comes at another rate, or through a tracker. Only a delay that is harmless in any other column is undone."""
    if not _usable(hand) or hand.there.all():
        return hand
    hand, n, truth = _at_a_lower_rate(hand, dt) or hand, len(hand.values), hand.truth
    most = min(int(np.ceil(HARMLESS / dt - 1e-6)) - 1, n // 4)
    shares = [float((np.abs(hand.values[late:] - truth[: n - late]) <= hand.limits[late:]).all(axis=1).mean()) for late in range(most + 1)]
    late = int(np.argmax(shares)) if shares else 0
    if not late or shares[late] < USUAL or 1.0 - shares[late] > FEWER * (1.0 - shares[0]):
        return hand
    return replace(hand, values=np.concatenate([hand.values[late:], truth[n - late :]]))


def _at_a_lower_rate(hand: RecordedHand, dt: float) -> RecordedHand | None:
    """The hand with poses that go on as its joints do, between rows that have one of their own; None where they are not held all along."""
    n, new = len(hand.values), np.asarray(np.abs(np.diff(hand.values, axis=0, prepend=np.nan)).max(axis=1) != 0.0)
    goes = np.asarray((np.abs(np.diff(hand.truth, axis=0, prepend=hand.truth[:1])) > STIRS).any(axis=1))
    thirds = [slice(k * n // 3, (k + 1) * n // 3) for k in range(3)]
    asked = [rows for rows in thirds if goes[rows].any()]
    if not asked or any(new[rows][goes[rows]].mean() > HELD_AT_MOST for rows in asked):
        return None
    own = np.maximum.accumulate(np.where(new, np.arange(n), 0))
    if float((np.arange(n) - own)[goes].max()) * dt > COARSE:
        return None
    step = np.diff(hand.truth, axis=0, prepend=hand.truth[:1])  # one that came between two rows is as much older than its row
    part = ((hand.truth - hand.values) * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), HELD**2)
    values = hand.values + np.clip(part, 0.0, 1.0)[:, None] * step
    return replace(hand, values=values[own] + hand.truth - hand.truth[own])


def _of_other_zeros(hand: RecordedHand) -> RecordedHand | None:
    """The hand where its joints put it, if they do so once the zero of each is moved by no more than a calibration leaves. None where
    none is beside it, and where such zeros bring it there in few more rows."""
    if not _usable(hand) or hand.there.all():
        return None
    arm = hand.arm
    rows = np.arange(0, len(hand.values), -(-len(hand.values) // EVERY))
    reach = arm.origins[-1][rows] - arm.origins[:-1][:, rows]
    # a joint that is off by d moves the hand by d times its axis crossed with the way to the hand, and turns it by d about that axis
    moves = np.concatenate([np.cross(arm.axes[:, rows], reach), GRIP * arm.axes[:, rows]], axis=2)  # (k, m, 6)
    turns = _turns_of(hand)[rows] @ arm.turns[-1][rows].transpose(0, 2, 1)
    vectors = 0.5 * np.stack([turns[:, i, j] - turns[:, j, i] for i, j in ((2, 1), (0, 2), (1, 0))], axis=1)
    away = np.concatenate([hand.values[rows, :3] - arm.origins[-1][rows], GRIP * vectors], axis=1)
    by, kept = np.zeros(len(arm.chain.joints)), np.ones(len(rows), bool)
    for _ in range(FITS):
        a, b = moves[:, kept].reshape(len(moves), -1).T, away[kept].reshape(-1)
        by = np.linalg.solve(a.T @ a / NEAR**2 + np.eye(len(by)) / ZEROS**2, a.T @ b / NEAR**2)
        rest = np.linalg.norm(away - np.einsum("kni,k->ni", moves, by), axis=1)
        kept = rest <= np.quantile(rest, NEAREST)
    if np.abs(by).max() > ZEROS:
        return None
    origins, _, frames = arm.chain.frames(arm.q + by)
    back = frames[-1].transpose(0, 2, 1) @ arm.turns[-1]
    there = _written(hand, hand.values[:, :3] + arm.origins[-1] - origins[-1], _turns_of(hand) @ back)
    return there if there.stands and 1.0 - there.there.mean() <= FEWER * (1.0 - hand.there.mean()) else None


def _of_another_base(*hands: RecordedHand) -> tuple[RecordedHand, RecordedHand] | None:
    """Both hands with one and the same move of their base undone, where that makes both agree with their joints."""
    if not all(_usable(hand) for hand in hands):
        return None
    turns = [_usual_turn(_turns_of(hand) @ hand.arm.turns[-1].transpose(0, 2, 1)) for hand in hands]
    if np.linalg.norm(turns[0] - turns[1]) > SAME_TURN:
        return None
    turn = _mean_turn(np.array(turns))
    places = [hand.values[:, :3] @ turn for hand in hands]  # turn transposed, from the left
    away = [np.median(place - hand.arm.origins[-1], axis=0) for place, hand in zip(places, hands)]
    if np.abs(away[0] - away[1]).max() > max(float(np.median(hand.limits[:, :3])) for hand in hands):
        return None
    move = 0.5 * (away[0] + away[1])
    one, other = (replace(_written(hand, place - move, turn.T @ _turns_of(hand)), alike=True) for hand, place in zip(hands, places))
    return (one, other) if one.stands and other.stands else None


def _of_another_point(hand: RecordedHand) -> RecordedHand | None:
    """The hand at its grip, where all of a take is of one other point of it: another hand has its grip elsewhere. A joint that has another
    zero puts a hand there as well, the last one of an arm always."""
    if not _usable(hand) or hand.stands:
        return None
    arm, turns = hand.arm, _turns_of(hand)
    turn = _usual_turn(arm.turns[-1].transpose(0, 2, 1) @ turns)
    right = turns @ turn.T
    move = np.median(np.einsum("nij,ni->nj", arm.turns[-1], hand.values[:, :3] - arm.origins[-1]), axis=0)
    if np.linalg.norm(move) > GRIP:
        return None
    there = _written(hand, hand.values[:, :3] - right @ move, right)
    away = np.abs(hand.values[:, :3] - hand.truth[:, :3]) > hand.limits[:, :3]
    several = int((away.mean(axis=0) > USUAL).sum()) >= 2  # one column alone is no point
    if not several or not there.stands or exchanged_joints(hand) is not None:
        return None
    leaves = np.full(len(hand.values), float(np.median(hand.limits[:, 0])))
    joint = turned_joint(hand.values, arm.q, arm.origins, arm.axes, arm.turns[-1], leaves)
    known = (-1, 0.0) if joint is None else (joint[0], float(np.median(joint[1])))
    return replace(there, point=OwnPoint(tuple(move.tolist()), _vector(turn), *known))


def _of_its_own_base(hand: RecordedHand) -> RecordedHand | None:
    """The hand with a move of its own base undone, where that makes it agree with its joints and it did so nowhere before; None where one
    joint that is measured elsewhere moves it so, too."""
    if not _usable(hand) or hand.there.mean() > NOWHERE:
        return None
    arm = hand.arm
    leaves = np.full(len(hand.values), float(np.median(hand.limits[:, 0])))
    if turned_joint(hand.values, arm.q, arm.origins, arm.axes, arm.turns[-1], leaves) is not None:
        return None
    turns = _turns_of(hand)
    turn = _usual_turn(turns @ arm.turns[-1].transpose(0, 2, 1))
    if np.linalg.norm(turn - np.eye(3)) < float(np.median(hand.limits[:, 3])):
        turn = np.eye(3)
    place = hand.values[:, :3] @ turn
    move = np.median(place - arm.origins[-1], axis=0)
    there = _written(hand, place - move, turn.T @ turns)
    alike = there.there
    away = (np.abs(there.truth - np.median(there.truth, axis=0)) > AWAY).any(axis=1)  # where a hand rests, any other point of it fits
    if alike.mean() < USUAL or (away.any() and alike[away].mean() < USUAL):
        return None
    inside = np.einsum("nij,ni->nj", arm.turns[-1], hand.values[:, :3] - arm.origins[-1])
    point = (np.abs(inside - np.median(inside, axis=0)) <= hand.limits[:, :3]).all(axis=1)
    if point.mean() >= alike.mean():  # another point of the hand, which is of one attitude in most of the take
        return None
    angle = float(np.arccos(np.clip(0.5 * (np.trace(turn) - 1.0), -1.0, 1.0)))
    apart = np.abs(np.median(hand.values - hand.truth, axis=0)) > np.median(hand.limits, axis=0)
    columns = tuple(f"{hand.name}.{axis}" for axis, off in zip(AXES, apart) if off)
    return replace(there, base=OwnBase(tuple(float(x) for x in turn @ move), angle, columns))
