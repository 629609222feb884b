"""Recorded poses of things in time with the hand that carries them: late ones, and ones that stand while their hand goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..residual.difference import Difference
from ..signals.signal import runs

AXES = ("x", "y", "z", "qw", "qx", "qy", "qz")
REACH = 0.25  # m, a hand with its grip no further away may carry a thing: handles and bags are long
SPEED = 0.03  # m/s, of what is carried
SLIPS = 0.25  # of its speed, by which it may go otherwise than what is fixed to the hand
WAY = 0.15  # m that a hand carries a thing in all: what it moves less tells no moment
STRETCH = 0.3  # s, a shorter one is a push
MOST = 2.0  # s, by which a pose may be late or early
LATE = 0.1  # s: systems that follow things by cameras are late by up to half of it
APART = 0.02  # m, as of `object.diverged`
STANDS = 0.02  # m that a thing moves which is left lying
RIGID = 0.3  # of how far a thing departs from its hand as recorded, that it may depart with the delay taken away
TURNS = 0.1  # of a quaternion's number, by which the replays turn a thing at least of which that number stands
BESIDE = 1.5  # s before and after it is carried: what is taken up and put down is turned there
HELD = 1e-6  # m, what stands still to the bit; a tracker scatters


@dataclass(frozen=True)
class HandPath:
    """Where a hand was: pos (T, 3) m, turn (T, 3, 3)."""

    pos: np.ndarray
    turn: np.ndarray

    def inside(self, pos: np.ndarray) -> np.ndarray:
        """(T, 3) places in the frame of the hand."""
        return np.einsum("tji,tj->ti", self.turn, pos - self.pos)


def carried_rows(pos: np.ndarray, hand: HandPath, dt: float) -> list[tuple[int, int]]:
    """First and last row of each stretch in which a thing at pos (T, 3) goes as if it were fixed to the hand; none of too short a way."""
    if len(pos) < 3:
        return []
    speed = np.linalg.norm(np.gradient(pos, dt, axis=0), axis=1)
    slips = np.linalg.norm(np.gradient(hand.inside(pos), dt, axis=0), axis=1)
    near = np.linalg.norm(hand.pos - pos, axis=1) < REACH
    spans = [(a, b) for a, b in runs(near & (speed > SPEED) & (slips < SLIPS * speed)) if (b - a) * dt >= STRETCH]
    way = sum(float(speed[a : b + 1].sum()) * dt for a, b in spans)
    return spans if way >= WAY else []


def departs(
    pos: np.ndarray, hand: HandPath, spans: Sequence[tuple[int, int]], late: int, fixed: int | None = None, slides: np.ndarray | None = None
) -> np.ndarray:
    """(m,) how far a thing is from where its hand carries it [m], its rows written `late` rows too late.

    Args:
        fixed: the delay with which its place in the hand is read; None for `late`.
        slides: (T, 3) its place in the hand in the replay, where it moves in it; None for a thing that stays.
    """
    out = []
    for a, b in spans:
        one, moves = hand_rows(hand, a, b), 0.0 if slides is None else slides[a : b + 1]
        here, there = (one.inside(_shifted(pos, a, b, k)) - moves for k in (late, late if fixed is None else fixed))
        out.append(np.linalg.norm(here - np.median(there, axis=0), axis=1))
    return np.concatenate(out)


def hand_rows(hand: HandPath, first: int, last: int) -> HandPath:
    """The hand in rows first..last."""
    return HandPath(hand.pos[first : last + 1], hand.turn[first : last + 1])


def _shifted(pos: np.ndarray, first: int, last: int, shift: int) -> np.ndarray:
    return pos[np.clip(np.arange(first, last + 1) + shift, 0, len(pos) - 1)]


def late_pose(
    thing: str, t: np.ndarray, pos: np.ndarray, hand: HandPath, spans: Sequence[tuple[int, int]], ours: np.ndarray
) -> Difference | None:
    """The delay with which a recorded thing goes with its hand; None where it goes with it as recorded, or with no delay.

    Args:
        t: (T,) s, evenly spaced; pos: (T, 3) of the thing [m]; hand: as recorded.
        spans: rows in which the hand carries it in the replay; ours: (T, 3) where it is in the hand there [m].
    """
    dt = float(t[1] - t[0])
    reach = round(MOST / dt)
    for slides in (ours, None):  # as in the replay, or as if it stayed where it is
        slack = 0.0 if slides is not None else max(float(np.linalg.norm(ours[a : b + 1] - ours[a], axis=1).max()) for a, b in spans)
        sizes = {k: float(np.sqrt(np.mean(departs(pos, hand, spans, k, slides=slides) ** 2))) for k in range(-reach, reach + 1)}
        best = min(sizes, key=lambda k: (sizes[k], abs(k)))
        apart = departs(pos, hand, spans, 0, best, slides)
        if abs(best) * dt >= LATE and abs(best) < reach and apart.max() > APART + slack and sizes[best] <= RIGID * sizes[0]:
            break
    else:
        return None
    first, last = spans[0][0], spans[-1][1]
    return Difference.over(
        t, (thing,), "pose", (first, last), float(apart.max()), "m", "lag", certain=True, limit=APART, weight=float((apart / APART).sum()),
        numbers={"late": best * dt}, undone=1.0 - sizes[best] ** 2 / sizes[0] ** 2,
    )  # fmt: skip


def standing_pose(thing: str, t: np.ndarray, pos: np.ndarray, hand: HandPath, spans: Sequence[tuple[int, int]]) -> Difference | None:
    """A recorded thing that stands while its hand goes away with it; None where it moves.

    Args:
        t: (T,) s; pos: (T, 3) of the thing [m]; hand: as recorded; spans: rows in which the hand carries it in every replay.
    """
    first, last = spans[0][0], spans[-1][1]
    rows = slice(first, last + 1)
    apart = max(float(np.linalg.norm(hand.pos[a : b + 1] - hand.pos[a], axis=1).max()) for a, b in spans)
    if np.linalg.norm(pos[rows] - pos[first], axis=1).max() > STANDS or apart <= APART + STANDS:
        return None
    one_value = bool(np.ptp(pos, axis=0).max() <= HELD)
    return Difference.over(
        t, (thing,), "pose", (0, len(t) - 1) if one_value else (first, last), apart, "m", "held_value" if one_value else "held",
        certain=True, limit=APART, weight=apart / APART,
    )  # fmt: skip


def standing_numbers(
    thing: str, t: np.ndarray, rows: np.ndarray, replays: Sequence[np.ndarray], spans: Sequence[tuple[int, int]]
) -> Difference | None:
    """Single numbers of a recorded pose that stand to the bit while the others go and every replay moves them; None where there are none.

    Args:
        t: (T,) s; rows: (T, 7) place [m] and quaternion; replays: of each, the same; spans: rows in which the hand carries it.
    """
    beside = round(BESIDE / float(t[1] - t[0]))
    first, last = max(spans[0][0] - beside, 0), min(spans[-1][1] + beside, len(t) - 1)
    stands = np.ptp(rows[first : last + 1], axis=0) <= HELD
    goes = np.min([np.ptp(one[first : last + 1], axis=0) for one in replays], axis=0)
    limits = np.array([APART] * 3 + [TURNS] * 4)
    found = np.flatnonzero(stands & (goes > limits))
    if stands.all() or not len(found):
        return None
    j = int(max(found, key=lambda one: goes[one] / limits[one]))
    part = found[(found < 3) == (j < 3)]
    one_value = bool(np.ptp(rows[:, part], axis=0).max() <= HELD)
    return Difference.over(
        t, (thing,), "pose", (0, len(t) - 1) if one_value else (first, last), float(goes[j]), "m" if j < 3 else "1",
        "held_value" if one_value else "held", certain=True, limit=float(limits[j]), weight=float(goes[j] / limits[j]),
        numbers={"other": ", ".join(f"{thing}.{AXES[k]}" for k in part)},
    )  # fmt: skip
