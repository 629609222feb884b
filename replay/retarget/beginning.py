"""How the arms begin a motion: of many postures, the one from which each hand stays nearest to what is asked.

An arm of seven joints can begin on different branches (elbow up, elbow out), and the one that suits the first sample may be a
dead end later. So postures are sought at several moments from every start posture of the operator, taken back to the first
sample, and tried forward on a coarse clock. Own shapes are not looked at here, so that each arm is on its own; all candidates
of both arms go through each round at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...scenarios.robots.postures import posture, postures_of
from .arms import Array
from .asked import Asked
from .programme import boxed
from .settings import RetargetSettings
from .targets import HANDS

DAMPING = 1e-6  # of every joint, so that the programme is strictly convex
SEARCH = 60  # linearisations of a single sample, from each start posture
HALVINGS = 2  # of a step of a trial run that overshoots
STRIDE = 0.35  # rad, of a joint in one linearisation of that search
FOUND = 1e-3  # rad, of a step below which an answer is found
# shares of the recording at which postures are sought that could begin it, but for the far end
MOMENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
KEPT = 3  # of the answers at a later moment: the cheapest
COARSE = 300  # samples of a trial run
ALIKE = 0.1  # rad, within which two postures of an arm are one
COASTING = 0.1  # s, in which an even speed dies away where nothing asks for it: without, elbows would swing on
STILL = 1e3  # weight that keeps an arm where it is while its hand is not seen


class Beginning:
    """The search for a beginning.

    Args:
        asked: of the hands; start: (k,) posture [rad] that arms keep to; low, high, speed: (k,) limits [rad, rad/s].

    All arrays of one arm each have a row an arm: postures (m, h, j), with h = 2 in the order of `HANDS`. `rounds` counts the work.
    """

    def __init__(self, asked: Asked, settings: RetargetSettings, start: Array, low: Array, high: Array, speed: Array):
        self.asked, self.settings, columns = asked, settings, asked.columns
        self.start, self.low, self.high, self.speed = start[columns], low[columns], high[columns], speed[columns]
        self.t, self.rounds = asked.targets.t, 0
        self._known: dict[int, Array] = {}

    def find(self, backward: bool = False) -> Array:
        """(k,) angles [rad] at the first sample that is asked for, or `backward` at the last."""
        seen = np.flatnonzero(self.asked.any)
        rows = seen[np.round(np.linspace(0, len(seen) - 1, min(len(seen), COARSE))).astype(int)]
        at = [round(share * (len(rows) - 1)) for share in MOMENTS]
        if backward:
            rows, at = rows[::-1], [len(rows) - 1 - place for place in at[::-1]]
        at = sorted(set(at[:-1]))
        candidates = self._candidates(rows, at)
        _, prices = self._tracked(candidates, rows, np.zeros(len(candidates), int), slow=True)
        begin = np.clip(self.start, self.low, self.high)
        for side, hand in enumerate(HANDS):
            best = np.inf
            for lane, price in enumerate(prices[:, side]):
                if hand in self.asked.hands and price < best * (1.0 - 1e-6):
                    best, begin[side] = price, candidates[lane, side]
        return self._whole(begin[None])[0]

    def nearest(self, rows: list[int]) -> tuple[Array, Array]:
        """(r, k) postures [rad] that put each hand nearest at some samples, and (r, h) [m] how far these miss, turns by their weight."""
        found = np.array([answers[0] for answers in self._answers(rows)])
        return self._whole(found), np.sqrt(self._priced(found, np.array(rows))[1])

    def _whole(self, q: Array) -> Array:
        """(m, k) of (m, h, j)."""
        out = np.zeros((len(q), self.start.size))
        out[:, self.asked.columns] = q
        return out

    def _programme(self, q: Array, rows: NDArray[np.int64]) -> tuple[Array, Array, Array]:
        """(m, h, j, j), (m, h, j) least squares of a step from postures q towards samples, and (m, h) its price at rest."""
        self.rounds += 1
        miss, weight = self.asked.miss(self._whole(q), rows), self.settings.posture**2
        slope = np.stack([miss.slope[:, side][:, :, own] for side, own in enumerate(self.asked.columns)], axis=1)
        turned = np.swapaxes(slope, -1, -2)
        cost = turned @ slope + (weight + DAMPING) * np.eye(q.shape[-1])
        pull = (turned @ miss.error[..., None])[..., 0] + weight * (q - self.start)
        return cost, pull, np.square(miss.error).sum(axis=-1) + weight * np.square(q - self.start).sum(axis=-1)

    def _boxed(self, cost: Array, pull: Array, low: Array, high: Array, side: NDArray[np.int8]) -> Array:
        cost, flat, low, high = (a.reshape(-1, *a.shape[2:]) for a in (cost, pull, low, high))
        return boxed(cost, flat, low, high, side.reshape(-1, side.shape[-1])).reshape(pull.shape)

    def _answers(self, rows: list[int]) -> list[Array]:
        """By sample (starts, h, j) postures that put its hands nearest, for each arm the cheapest first; each is sought once."""
        new = [row for row in rows if row not in self._known]
        robot = self.asked.arms.robot.name
        known = [np.stack([posture(name, hand, robot) for hand in HANDS]) for name in postures_of(robot)]
        starts = np.stack([self.start, *known])
        q = np.clip(np.tile(starts, (len(new), 1, 1)), self.low, self.high)
        row, open_, side = np.repeat(new, len(starts)), np.arange(len(q)), np.zeros(q.shape, np.int8)
        for _ in range(SEARCH if new else 0):
            now, active = q[open_], side[open_]
            cost, pull, _ = self._programme(now, row[open_])
            step = self._boxed(cost, pull, self.low - now, self.high - now, active)
            largest = np.abs(step).max(axis=-1, keepdims=True)
            q[open_] = np.clip(now + step * np.minimum(1.0, STRIDE / np.maximum(largest, 1e-12)), self.low, self.high)
            side[open_] = active
            open_ = open_[largest.max(axis=(1, 2)) >= FOUND]
            if not len(open_):
                break
        if new:
            price = self._priced(q, row)[0].reshape(len(new), len(starts), -1)
            order = np.argsort(price, axis=1, kind="stable")
            found = np.take_along_axis(q.reshape(len(new), *starts.shape), order[..., None], axis=1)
            self._known.update(zip(new, found))
        return [self._known[row] for row in rows]

    def _candidates(self, rows: NDArray[np.int64], at: list[int]) -> Array:
        """(m, h, j) postures at the first of the rows, those of each arm unlike each other; an arm with fewer repeats its first.

        Args:
            at: places in `rows`, ascending from 0, at which postures are sought.
        """
        here, *later = self._answers(rows[at].tolist())
        lanes = np.concatenate([here[:0], *(answers[:KEPT] for answers in later[::-1])])
        since = np.repeat([len(rows) - 1 - place for place in at[:0:-1]], KEPT)
        back = self._tracked(lanes, rows[::-1], since, slow=False)[0] if len(lanes) else lanes
        kept: list[list[Array]] = [[], []]
        for side, own in enumerate(kept):
            for q in np.concatenate([here, back])[:, side]:
                if all(np.abs(q - other).max() >= ALIKE for other in own):
                    own.append(q)
        most = max(len(own) for own in kept)
        return np.stack([np.stack(own + [own[0]] * (most - len(own))) for own in kept], axis=1)

    def _tracked(self, q: Array, rows: NDArray[np.int64], since: NDArray[np.int64], slow: bool) -> tuple[Array, Array]:
        """Runs through these samples in this order, one linearisation each; `slow` respects speed.

        A step that is dearer than standing still is halved, as in the real run.

        Args:
            q: (m, h, j) postures; since: (m,) ascending, the place in `rows` at which each begins; before it stays there.

        Returns:
            (m, h, j) where each comes to, and (m, h) sum of squares of how far each hand stays off, turns counted by their weight.
        """
        q, velocity, side = q.copy(), np.zeros(q.shape), np.zeros(q.shape, np.int8)
        steady, every = self.settings.steady**2, np.arange(q.shape[-1])
        off = self._priced(q, rows[since])[1]
        for r in range(1, len(rows)):
            m = int(np.searchsorted(since, r, side="left"))  # those that have begun before
            if not m:
                continue
            i, before = np.full(m, rows[r]), q[:m].copy()
            dt = abs(float(self.t[rows[r]] - self.t[rows[r - 1]]))
            drift = velocity[:m] * (dt * np.exp(-dt / COASTING))
            cost, pull, price = self._programme(before, i)
            cost[..., every, every] += steady + np.where(self.asked.rests[rows[r]], STILL, 0.0)[:, None]
            low, high = self.low - before, self.high - before
            if slow:
                low, high = np.maximum(low, -self.speed * dt), np.minimum(high, self.speed * dt)
            step = self._boxed(cost, pull - steady * drift, low, high, side[:m])
            price = price + steady * np.square(drift).sum(axis=-1)
            open_, found = np.arange(m), np.zeros(price.shape)
            for halving in range(HALVINGS + 1):
                there = before[open_] + step[open_]
                priced, found[open_] = self._priced(there, i[open_])
                priced = priced + steady * np.square(step[open_] - drift[open_]).sum(axis=-1)
                dear = priced > price[open_] + 1e-12
                if halving == HALVINGS or not dear.any():
                    break
                step[open_] *= np.where(dear, 0.5, 1.0)[..., None]
                open_ = open_[dear.any(axis=1)]
            q[:m] = np.clip(before + step, self.low, self.high)
            velocity[:m] = (q[:m] - before) / dt
            off[:m] += found
        return q, off

    def _priced(self, q: Array, rows: NDArray[np.int64]) -> tuple[Array, Array]:
        """(m, h) what postures (m, h, j) cost, and how much of it for hands that are off and turned."""
        self.rounds += 1
        squares = np.square(self.asked.miss(self._whole(q), rows, slopes=False).error)
        return squares.sum(axis=-1) + self.settings.posture**2 * np.square(q - self.start).sum(axis=-1), squares[
            ..., :6
        ].sum(axis=-1)
