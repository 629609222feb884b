"""Where the hands of a recording stood still, and whether those of a replay are stopped there too.

A hand that holds something stands short of its command, and a hand that closes on nothing does not. So a likely start in which
the replayed hand stands elsewhere than the recorded one is not the start of this take, whatever came of it. The goal is never
asked, so that shares of what agrees say something of the goal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ....scenarios.scene.scene import Scene
from ...checks.releases import AROUND, PRESSES, STILL, HandAndArm, hands_of, holds_of
from ...recording.recording import Recording
from ...signals.channels import PERCENT
from ...signals.signal import runs

SPELL = 1.0  # s, about so long a stretch is compared by its median: one that slips later does not hide behind a long hold
LEAST = 0.5  # s, a hand that stands for less is on its way
OVER = 0.3  # s, over which a hand's way is looked at: devices send a command again, and rows repeat
GENTLE, RESTS = 0.003, 3.0  # of a hand's way, and of what it is off at rest: as little short is a gentle grip; 0.007 was seen
# rad: with a bowl 5 to 20 mm elsewhere in its hand, or lower by so much, an arm is 3 to 16 mrad elsewhere; where it was, 1 to 4
PUSHED = 0.010
STANDS = 0.01  # rad, by which an arm that stands moves at most within `LEAST`
STATE = "observation.state"


class PlayedHands(Protocol):
    """A replay, whole or in part, see `Rollout`."""

    @property
    def qpos(self) -> np.ndarray: ...

    @property
    def observations(self) -> Mapping[str, np.ndarray]: ...


@dataclass(frozen=True)
class HandStop:
    """A stretch in which a recorded hand stands still.

    Attributes:
        hand: its columns; t: (n,) s, from the recording's origin; at: (n,) where it stands, a share of its way.
        held: whether it stands short of its command, so that something stops it.
        bound: by which a replayed hand that agrees stands elsewhere at most, a share of its way.
    """

    hand: tuple[str, ...]
    t: np.ndarray
    at: np.ndarray
    held: bool
    bound: float


@dataclass(frozen=True)
class MeasuredArms:
    """What the arms measurably did: (n,) s of the replay, (n, k) rad, and the columns of `Rollout.qpos` that are the same joints."""

    t: np.ndarray
    q: np.ndarray
    columns: np.ndarray

    def apart(self, scene: Scene, played: PlayedHands) -> np.ndarray:
        """(n, k) rad by which a replay departs from it; beyond the end of the replay its last posture counts."""
        grid = np.arange(len(played.qpos)) * scene.control_timestep
        return np.stack([np.interp(self.t, grid, played.qpos[:, a]) for a in self.columns], axis=1) - self.q


def replayed_hands(recording: Recording, scene: Scene) -> list[HandAndArm]:
    """The hands of a recording that move in the scene as well: what they were commanded, and what was measured.

    A gentle grip stands less short than `PRESSES`; so it counts from `RESTS` times as much as these hands are off where they stand
    and hold nothing, `GENTLE` at the least.
    """
    commanded = {name for stream in recording.select("command", "claw") if stream.unit in PERCENT for name in stream.names}
    known = commanded & set(scene.robot.hand_names)
    hands = [] if recording.episode is not None else [one for one in hands_of(recording) if set(one.names) <= known]
    off = [np.abs(one.command - one.state)[_free(one)] for one in hands]
    gentle = float(np.clip(RESTS * np.quantile(np.concatenate(off), 0.25), GENTLE, PRESSES)) if any(map(len, off)) else PRESSES
    return [one._replace(holds=holds_of(one.t, one.command, one.state, _rows(one, AROUND), gentle)) for one in hands]


def _free(hand: HandAndArm) -> np.ndarray:
    """(n,) whether a hand stands and holds nothing firmly, its command as well."""
    free = np.ones(len(hand.t), bool)
    for one in hand.holds:
        free[one.first : one.last + 1] = False
    rows = _rows(hand, OVER)
    for way in (hand.command, hand.state):
        free[rows:] &= np.abs(way[rows:] - way[:-rows]) <= GENTLE
    return free


def _rows(hand: HandAndArm, seconds: float) -> int:
    return max(1, round(seconds / max(float(np.median(np.diff(hand.t))), 1e-6)))


def stops_of(hands: Sequence[HandAndArm]) -> list[HandStop]:
    """Where hands stand still.

    The bound is the take's own: half of what a held hand stands short of its command, which is half of the way to a hand that
    closes on nothing; at most `PRESSES`, and no less than it scatters by while it stands.
    """
    found = []
    for hand in hands:
        rows = _rows(hand, 0.5 * OVER)
        i = np.arange(len(hand.t))
        moved = np.abs(hand.state[np.minimum(i + rows, len(i) - 1)] - hand.state[np.maximum(i - rows, 0)])
        for first, last in runs(moved <= STILL):
            n = max(1, round((hand.t[last] - hand.t[first]) / SPELL))
            for part in np.array_split(np.arange(first, last + 1), n):
                if hand.t[part[-1]] - hand.t[part[0]] < LEAST:
                    continue
                at = hand.state[part]
                short = abs(float(np.median(hand.command[part] - at)))
                scatter = float(np.quantile(np.abs(at - np.median(at)), 0.9))
                held = any(one.first <= part[len(part) // 2] <= one.last for one in hand.holds)
                bound = max(min(PRESSES, 0.5 * short), scatter) if held else PRESSES
                found.append(HandStop(hand.names, hand.t[part], at, held, bound))
    return found


def departure(stops: Sequence[HandStop], arms: MeasuredArms | None, scene: Scene, played: PlayedHands, offset: float) -> float:
    """How far a replay departs from the record at most, as a share of the bound; up to 1 it agrees.

    A hand stands no further from where it was recorded than its `bound`, over any spell. An arm is pushed off its recorded way by
    `PUSHED` at most while a hand holds something or the arm stands, or by twice as much as it departs while no hand holds anything:
    that much tells of the motors, of delays.

    Args:
        offset: where the replay begins on the recording's clock [s].
    """
    end = offset + (len(played.qpos) - 1) * scene.control_timestep
    worst = 0.0
    for stop in stops:
        if stop.t[-1] <= end + 1e-9:
            apart = np.abs(closed(scene, played, stop.hand, stop.t - offset) - stop.at)
            worst = max(worst, float(np.median(apart)) / stop.bound)
    return worst if arms is None else max(worst, _pushed(stops, arms, scene, played, offset))


def _pushed(stops: Sequence[HandStop], arms: MeasuredArms, scene: Scene, played: PlayedHands, offset: float) -> float:
    off = np.abs(arms.apart(scene, played)).max(axis=1)
    held = [(stop.t[0] - offset, stop.t[-1] - offset) for stop in stops if stop.held]
    free, pushed = [0.0], [0.0]
    for begin in np.arange(arms.t[0], min(arms.t[-1], (len(played.qpos) - 1) * scene.control_timestep), LEAST):
        here = (arms.t >= begin) & (arms.t < begin + LEAST)
        if here.any():
            holding = any(t0 <= begin + LEAST and t1 >= begin - LEAST for t0, t1 in held)
            by = float(np.median(off[here]))
            stands = float(np.ptp(arms.q[here], axis=0).max()) <= STANDS
            if holding or stands:  # a delay moves no arm that stands: it is pressed, by a key as well
                pushed.append(by)
            if not holding:
                free.append(by)
    return max(pushed) / max(PUSHED, 2.0 * float(np.quantile(free, 0.9)))


def closed(scene: Scene, played: PlayedHands, hand: Sequence[str], t: np.ndarray) -> np.ndarray:
    """(n,) how far a replayed hand is closed at times of the replay [s], a share of its way."""
    names = scene.schema.observations[STATE].names
    ours = played.observations[STATE][:, [names.index(name) for name in hand]].mean(axis=1) / 100.0
    return np.interp(t, np.arange(len(ours)) * scene.control_timestep, ours)
