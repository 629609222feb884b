"""The solver: joint angles that put the robot's hands where a person's were, as near as the robot's limits let them.

One quadratic programme a sample and linearisation, of what the hands, elbows and posture ask (`asked.py`) under limits (range,
speed, own shapes). A hard limit is an inequality; a soft one may be passed at a price, by a slack variable of its own; each
tells where it was active. Every sample starts from the solution of the one before; nothing is random, so the answer is the
same every time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..robots.limits import Limits
from .arms import Arms, Array
from .asked import Asked
from .beginning import COASTING, DAMPING, SEARCH, STILL, STRIDE, Beginning
from .programme import NEVER, Rows, Soft, solve
from .settings import RetargetSettings
from .shapes import BUFFER, NearPairs, Shapes
from .targets import HANDS, HandTargets
from .track import HandTrack, Retargeted, WorkCount

__all__ = ["HandTrack", "Retargeted", "retarget"]

TOUCHING = 1e-6  # rad or m of slack below which a limit counts as active
ALMOST = 1e-8  # of the price (that of a hand off by 0.1 mm), that a step may cost more or less than its linearisation said: a further
# one would say the same; more, and arms that are held back by their limits come out on other branches
HALVINGS = 5  # of a step that would bring own shapes too near: what is left of it then is a thirtieth
GUIDED = 0.03  # weight of a radian away from a way that leads: ten times that of the start posture; at 0.1, hands are left 5 mm off
FREES = 0.1  # weight of a radian away from the start posture of an arm that is led back to it: its hand is 30 mm off meanwhile
PUSH = 100.0  # weight by which shapes that touch at the beginning are pushed apart: 1 mm counts as a hand off by 0.1 m


def retarget(targets: HandTargets, arms: Arms, limits: Limits, settings: RetargetSettings) -> Retargeted:
    """Carry hands over to the robot.

    Args:
        targets: in the scene's world (see `placing.py`), at the robot's own size.
        limits: of the robot's joints, for their speed.

    Each arm begins as `beginning.py` finds it. From then on each sample starts at the one before. A sample that the source does
    not trust is not asked for: that arm rests where it is.
    """
    return Retargeting(targets, arms, limits, settings).follow()


class Retargeting:
    """A recording that is carried over, from its beginning or from its end: the programme's fixed parts.

    Args:
        targets, arms, limits, settings: as for `retarget`.

    Postures are (k,) angles [rad] of the arms' joints; `grip` (nq,) is a posture of the model with fingers and shapes.
    """

    def __init__(self, targets: HandTargets, arms: Arms, limits: Limits, settings: RetargetSettings):
        self.targets, self.arms, self.settings, bounds = targets, arms, settings, settings.bounds
        self.asked = Asked(targets, arms, settings)
        middle, half = arms.ranges.mean(axis=1), 0.5 * np.ptp(arms.ranges, axis=1)
        self.low, self.high = middle - bounds["range"].share * half, middle + bounds["range"].share * half
        known = limits.column(arms.names, f"speed_{settings.speed_of}")
        self.speed = np.where(np.isfinite(known), bounds["speed"].share * known, np.inf)
        watched = bounds["collision"].be != "none" and settings.pairs
        self.shapes = Shapes(arms, settings) if watched else None
        self.search = Beginning(self.asked, settings, arms.start, self.low, self.high, self.speed)
        self.eye, self.programmes = np.eye(len(arms.names)), 0
        self.keeps, self.keeping = np.tile(arms.start, (len(targets.t), 1)), settings.posture

    # -- one programme ----------------------------------------------------------------------------------------------

    def _limits(
        self, q: Array, before: Array, dt: float, rows: Rows | None
    ) -> tuple[tuple[Array, Array], dict[str, Rows]]:
        """Bounds (low, high) of a step from q by hard limits, and the rows of all others, by kind.

        Args:
            before: (k,) angles at the sample before; dt: [s] since then; rows: of own shapes.
        """
        bounds, open_ = self.settings.bounds, np.full(len(q), NEVER)
        low, high = -open_, open_
        others: dict[str, Rows] = {} if rows is None else {"collision": rows}
        may = self.speed * dt
        for kind, least, most in (
            ("range", self.low - q, self.high - q),
            ("speed", before - may - q, before + may - q),
        ):
            if bounds[kind].be == "hard":
                low, high = np.maximum(low, least), np.minimum(high, most)
            elif bounds[kind].be == "soft":
                known = np.isfinite(most)
                others[kind] = np.vstack([self.eye[known], -self.eye[known]]), np.r_[most[known], -least[known]]
        return (np.minimum(low, 0.0), np.maximum(high, 0.0)), others

    def _step(self, cost: Array, pull: Array, box: tuple[Array, Array], others: dict[str, Rows]) -> Array:
        """(k,) displacement: the programme's answer under hard bounds and the rows of all other limits."""
        self.programmes += 1
        bounds = self.settings.bounds
        hard = next((rows for kind, rows in others.items() if bounds[kind].be == "hard"), None)
        soft: list[Soft] = [(rows, bounds[kind].weight) for kind, rows in others.items() if bounds[kind].be == "soft"]
        return solve(cost, pull, *box, hard, soft)

    def _squares(self, q: Array, i: int) -> tuple[Array, Array, float]:
        """(k, k), (k,) least squares of a step from q, of the hands and the posture that it keeps to; and their price at rest."""
        miss = self.asked.miss(q[None], np.array([i]))
        slope, error = miss.slope.reshape(-1, len(q)), miss.error.reshape(-1)
        away, weight = q - self.keeps[i], self.keeping**2
        price = float(error @ error) + weight * float(away @ away)
        return slope.T @ slope + (weight + DAMPING) * self.eye, error @ slope + weight * away, price

    # -- the run ----------------------------------------------------------------------------------------------------

    def _parted(self, q: Array, first: int, grip: Array) -> Array:
        """(k,) a beginning in which own shapes keep their distance, as near to the hands of that sample as that allows.

        What touches at the beginning is pushed apart, which no later step does: there the linearised limit only forbids to come nearer.
        """
        if self.shapes is None:
            return q
        near = self._look(q, grip)
        for _ in range(SEARCH):
            if near.closest >= self.settings.keep:
                break
            cost, pull, _ = self._squares(q, first)
            slopes, rooms = self.shapes.rows(near)
            rooms = np.minimum(rooms, near.gaps - self.settings.keep - BUFFER)
            self.programmes += 1
            moved = solve(cost, pull, self.low - q, self.high - q, None, [((slopes, rooms), PUSH)])
            largest = float(np.abs(moved).max())
            q = np.clip(q + moved * min(1.0, STRIDE / max(largest, 1e-12)), self.low, self.high)
            near = self._look(q, grip)
        return q

    def _look(self, q: Array, grip: Array) -> NearPairs:
        assert self.shapes is not None
        posture = grip.copy()
        posture[self.arms.index] = q
        return self.shapes.near(posture)

    def follow(
        self, backward: bool = False, via: tuple[int, Array] | None = None, guide: Array | None = None
    ) -> Retargeted:
        """The recording from its first sample to its last, or `backward` from its last to its first, under the same limits.

        Args:
            via: a sample, and a posture (k,) there: the recording is followed from it to its end, and from it to its beginning.
            guide: (n, k) postures to which the arms are drawn, instead of to their start posture.
        """
        t, n, k, settings = self.targets.t, len(self.targets.t), len(self.low), self.settings
        q = np.tile(np.clip(self.arms.start, self.low, self.high), (n, 1))
        self._clear(n)
        before = self._work(0)
        self.keeps = np.tile(self.arms.start, (n, 1)) if guide is None else guide
        self.keeping = settings.posture if guide is None else GUIDED
        if self.asked.any.any():
            grips = self._grips(n)
            if via is not None:
                begin, runs = via[0], [np.arange(via[0], n), np.arange(via[0], -1, -1)]
                q[begin] = self._parted(np.clip(via[1], self.low, self.high), begin, grips[begin])
            else:
                order = np.arange(n)[::-1] if backward else np.arange(n)
                first = int(np.argmax(self.asked.any[order]))
                begin, runs = int(order[first]), [order[first:]]
                found = self.search.find(backward) if guide is None else guide[begin]
                q[order[: first + 1]] = self._parted(found, begin, grips[begin])
            for run in runs:
                velocity = np.zeros(k)
                for last, i in itertools.pairwise(run.tolist()):
                    dt = min(abs(float(t[i] - t[last])), settings.longest_step)
                    drift = velocity * (dt * np.exp(-dt / COASTING))
                    q[i] = self._sample(i, max(i, last), q[last], drift, dt, grips[i])
                    velocity = (q[i] - q[last]) / dt
        return Retargeted(
            t=t,
            names=self.arms.names,
            q=q,
            hands={hand: self._track(hand, q) for hand in self.asked.hands},
            at_limit=self.at_limit,
            held_apart=self.apart,
            pairs=self.shapes.bodies if self.shapes else (),
            arms={hand: self.arms.robot.arm_of(hand) for hand in HANDS},
            links=self.arms.bodies,
            passed=self.passed,
            closed={hand: 100.0 * np.clip(values, 0.0, 1.0) for hand, values in self.targets.closed.items()},
            notes=self.targets.notes,
            work=self._work(n) - before,
        )

    def go_on(self, targets: HandTargets, before: Array, velocity: Array, dt: float, freed: Sequence[int] = ()) -> Array:
        """(k,) angles of one sample that comes after `before`: hands followed as they come, under the same limits.

        Args:
            targets: of that one sample; before: (k,) angles of the last; velocity: (k,) [rad/s] there; dt: [s] since.
            freed: joints that are led back to the start posture, whatever that does to their hand; the others are kept where they are.
        """
        self.targets, self.asked = targets, Asked(targets, self.arms, self.settings)
        self.keeps, self.keeping = self.arms.start[None], self.settings.posture
        if len(freed):
            self.keeps, self.keeping = before[None].copy(), FREES
            self.keeps[0, freed] = self.arms.start[freed]
        self._clear(1)
        drift = velocity * (dt * np.exp(-dt / COASTING))
        return self._sample(0, 0, before, drift, min(dt, self.settings.longest_step), self._grips(1)[0])

    def _clear(self, n: int) -> None:
        """Nothing is known yet of which limits n samples meet."""
        k = len(self.low)
        self.at_limit = {"range": np.zeros((n, k), bool), "speed": np.zeros((n, k), bool)}
        self.apart = np.full(n, -1, np.int64)
        self.passed = {kind: np.zeros(n) for kind in ("range", "speed", "collision")}

    def allows(self, q: Array, after: Array) -> NDArray[np.bool_]:
        """(n - 1, k) whether joints may go from each sample of q (n - 1, k) to the next, `after`, by their speed."""
        if self.settings.bounds["speed"].be != "hard":
            return np.ones(q.shape, bool)
        dt = np.minimum(np.diff(self.targets.t), self.settings.longest_step)[:, None]
        return np.asarray(np.abs(after - q) <= self.speed * dt)

    def clear(self, q: Array, rows: NDArray[np.int64]) -> bool:
        """Whether own shapes keep their distance at these samples of q (n, k), where that is a hard limit."""
        if self.shapes is None or self.settings.bounds["collision"].be != "hard":
            return True
        grips = self._grips(len(q))
        return all(self._look(q[i], grips[i]).closest >= self.settings.keep for i in rows)

    def _work(self, samples: int) -> WorkCount:
        return WorkCount(samples, self.programmes, self.shapes.looks if self.shapes else 0, self.search.rounds)

    def _sample(self, i: int, later: int, before: Array, drift: Array, dt: float, grip: Array) -> Array:
        """(k,) angles of a sample, from those of the sample before.

        Args:
            later: of both samples, to which the speed between them belongs.
            drift: (k,) angles by which it would move on at an even speed; dt: [s]; grip: the fingers' posture.

        A linearised answer may overshoot: a hand that is turned by half a circle knows no way back, and boxes that turn against
        each other come nearer than their linearised distance says. A step that is dearer than standing still, or that brings
        shapes below what they keep and nearer than they are, is halved until it is not, or left out. Without this the arms
        of a hand that cannot be followed swing from limit to limit.
        """
        settings, q, steady = self.settings, before, self.settings.steady**2
        rest = np.where(self.asked.resting(i), STILL, 0.0)
        cost, pull, price = self._squares(q, i)
        price += steady * float(drift @ drift)
        near = self._look(q, grip) if self.shapes is not None else None
        for _ in range(settings.passes):
            rows = self.shapes.rows(near) if self.shapes is not None and near is not None else None
            box, others = self._limits(q, before, dt, rows)
            done = q - before
            cost.flat[:: len(q) + 1] += steady + rest
            pull = pull + steady * (done - drift) + rest * done
            moved = self._step(cost, pull, box, others)
            expected = price + float(moved @ (cost @ moved) + 2.0 * (pull @ moved))
            last = q + moved, near, rows, moved
            least = (
                -np.inf
                if near is None or settings.bounds["collision"].be != "hard"
                else min(near.closest, settings.keep)
            )
            for halving in range(HALVINGS + 1):
                there = q + moved * 0.5**halving
                cost, pull, dear = self._squares(there, i)
                dear += steady * float(np.square(there - before - drift).sum())
                if dear > price + 1e-12:
                    continue
                seen = self._look(there, grip) if self.shapes is not None else None
                if seen is None or seen.closest >= least:
                    q, near, price = there, seen, dear
                    break
            else:
                break  # it stands still, and would so again
            if halving == 0 and abs(price - expected) <= ALMOST:
                break
        self._tell(i, later, before, dt, *last)
        if settings.bounds["range"].be == "hard":
            q = np.clip(q, self.low, self.high)
        if settings.bounds["speed"].be == "hard":  # rounding of the solver: none is passed by a billionth either
            q = np.clip(q, before - self.speed * dt, before + self.speed * dt)
        return q

    def _tell(
        self,
        i: int,
        later: int,
        before: Array,
        dt: float,
        q: Array,
        near: NearPairs | None,
        rows: Rows | None,
        moved: Array,
    ) -> None:
        """Note which limits the last programme of a sample met: `q` is what it asked for."""
        over = {"range": np.maximum(q - self.high, self.low - q), "speed": np.abs(q - before) - self.speed * dt}
        for kind, by in over.items():
            if self.settings.bounds[kind].be != "none":
                at = later if kind == "speed" else i
                self.at_limit[kind][at] = by > -TOUCHING
                self.passed[kind][at] = max(0.0, float(by.max()))
        if near is not None and rows is not None and len(near.pairs):
            by = rows[0] @ moved - rows[1]
            self.passed["collision"][i] = max(0.0, float(by.max()))
            if (by > -TOUCHING).any():
                self.apart[i] = near.pairs[np.argmax(by)]

    def _grips(self, n: int) -> Array:
        """(n, nq) fingers as the person's are closed; open where the source does not tell, and till it does."""
        grips = np.tile(np.clip(0.0, *self.arms.whole.jnt_range.T), (n, 1))
        for hand in HANDS:
            closed = self.targets.closed.get(hand)
            if closed is None:
                continue
            last = 0.0
            for row, share in zip(grips, np.clip(closed, 0.0, 1.0)):
                last = float(share) if np.isfinite(share) else last
                at, angles = self.arms.grasp(hand, last)
                row[at] = angles
        return grips

    def _track(self, hand: str, q: Array) -> HandTrack:
        position, rotation = self.arms.follow(q, hand)
        asked = self.asked.asked[hand]
        target = np.where(asked[:, None], self.asked.wanted[hand], np.nan)
        turn = np.full((len(q), 3, 3), np.nan)
        if hand in self.asked.turned:
            turn = np.where(asked[:, None, None], self.asked.turned[hand], np.nan)
        cosine = (np.einsum("nij,nij->n", turn, rotation) - 1.0) / 2.0
        return HandTrack(
            target=target,
            target_rotation=turn,
            position=position,
            rotation=rotation,
            off=np.linalg.norm(position - target, axis=1),
            turned=np.arccos(np.clip(cosine, -1.0, 1.0)),
            beyond=np.linalg.norm(target - self.arms.shoulder[hand], axis=1) - self.arms.reach[hand],
            reach=self.arms.reach[hand],
        )
