"""The solver: joint angles that put the robot's hands where a person's were, as near as the robot's limits let them.

One quadratic programme a sample and linearisation, built by mink from tasks (hands, elbows, posture) and limits (range, speed,
own shapes). A hard limit is an inequality; a soft one may be passed at a price, by a slack variable of its own; each tells
where it was active. Every sample starts from the solution of the one before; nothing is random, so the answer is the same
every time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import mink
import mujoco
import numpy as np
import qpsolvers
from numpy.typing import NDArray

from ...scenarios.errors import EpisodeError
from ...scenarios.postures import POSTURES, posture
from ..robots.limits import Limits
from .arms import CLAW, Arms, Array
from .settings import Bound, Settings
from .targets import HANDS, HandTargets

SOLVER = "daqp"  # active-set: exact, and the same to the bit every time
DAMPING = 1e-6  # of every joint, so that the programme is strictly convex
TOUCHING = 1e-6  # rad or m of slack below which a limit counts as active
STILL = 1e3  # weight that keeps an arm where it is while its hand is not seen
SEARCH = 60  # linearisations of a single sample, from each start posture
MOMENTS = (0.0, 0.25, 0.5, 0.75)  # shares of the recording at which postures are sought that could begin it
KEPT = 3  # of the answers at a later moment: the cheapest
COARSE = 150  # samples of a trial run
HALVINGS = 5  # of a step that would bring own shapes too near: what is left of it then is a thirtieth
BUFFER = 5e-3  # m, before what is kept, where hard: shapes that slide along each other come nearer than linearised
PUSH = 100.0  # weight by which shapes that touch at the beginning are pushed apart: 1 mm counts as a hand off by 0.1 m
ALIKE = 0.1  # rad, within which two postures of an arm are one
COASTING = 0.1  # s, in which an even speed dies away where nothing asks for it: without, elbows would swing on
STRIDE = 0.35  # rad, of a joint in one linearisation of that search


@dataclass(frozen=True)
class HandTrack:
    """What was asked of one hand and what it does.

    Attributes:
        target: (n, 3) [m] where its tcp should be; NaN rows were not asked.
        target_rotation: (n, 3, 3) how it should be turned; NaN where not asked.
        position, rotation: (n, 3), (n, 3, 3) what the joint angles give.
        off: (n,) [m] distance from the target; turned: (n,) [rad] angle to it; NaN where not asked.
        beyond: (n,) [m] how far the target lies outside the arm's reach; negative inside.
        reach: [m] largest distance of the tcp from the shoulder that the joint ranges allow.
    """

    target: Array
    target_rotation: Array
    position: Array
    rotation: Array
    off: Array
    turned: Array
    beyond: Array
    reach: float


@dataclass(frozen=True)
class Retargeted:
    """A person's motion on the robot's arms.

    Attributes:
        t: (n,) [s], the source's own clock.
        names: (k,) joints; q: (n, k) [rad].
        hands: hand -> what was asked and what comes of it.
        at_limit: "range" | "speed" -> (n, k) whether the joint is at that limit.
        held_apart: (n,) index into `pairs` of own shapes that keep the hands from moving on; -1 where none.
        pairs: (body, body) of those.
        passed: kind -> (n,) how far soft limits are passed [rad or m]; 0 where they hold.
        closed: hand -> (n,) [%] what the claw is told, where the source tells.
        notes: what was assumed or converted.
    """

    t: Array
    names: tuple[str, ...]
    q: Array
    hands: Mapping[str, HandTrack]
    at_limit: Mapping[str, NDArray[np.bool_]]
    held_apart: NDArray[np.int64]
    pairs: tuple[tuple[str, str], ...]
    passed: Mapping[str, Array] = field(default_factory=dict)
    closed: Mapping[str, Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def retarget(targets: HandTargets, arms: Arms, limits: Limits, settings: Settings) -> Retargeted:
    """Carry hands over to the robot.

    Args:
        targets: in the scene's world (see `placing.py`), at the robot's own size.
        limits: of the robot's joints, for their speed.

    An arm of seven joints can begin a motion on different branches (elbow up, elbow out), and the one that suits the first sample
    may be a dead end later. So postures are sought at several moments from every start posture of the operator, taken back to the
    first sample, and tried forward on a coarse clock; each arm begins with the one that stays nearest to its hand. From then on
    each sample starts at the one before. A sample that the source does not trust is not asked for: that arm rests where it is.
    """
    return _Run(targets, arms, limits, settings).run()


class _Run:
    """One retargeting: the programme's fixed parts, and where it stands."""

    def __init__(self, targets: HandTargets, arms: Arms, limits: Limits, settings: Settings):
        self.targets, self.arms, self.settings = targets, arms, settings
        model, k = arms.whole, arms.whole.nv
        self.start = np.zeros(k)
        self.start[arms.index] = arms.start
        self.columns = {hand: arms.index[arms.columns(hand)] for hand in HANDS}
        self.configuration = mink.Configuration(model)
        self.hands = targets.hands
        self.wanted = {hand: targets.position[hand] for hand in self.hands}
        self.turned = {
            hand: _orthonormal(targets.rotation[hand]) @ CLAW[hand] for hand in self.hands if hand in targets.rotation
        }
        self.asked = {hand: self._asked(hand) for hand in self.hands}
        self.tasks = {
            hand: mink.FrameTask(
                f"{hand}_tcp",
                "site",
                settings.position,
                settings.rotation if hand in self.turned else 0.0,
                lm_damping=1e-6,
            )
            for hand in self.hands
        }
        self.elbows = {
            hand: mink.FrameTask(arms.elbow(hand), "body", settings.elbow, 0.0)
            for hand in self.hands
            if settings.elbow and hand in targets.elbow and hand in targets.shoulder
        }
        self.elbow_at = {hand: self._elbow(hand) for hand in self.elbows}
        self.posture = mink.PostureTask(model, cost=settings.posture)
        self.posture.set_target(self.start)
        self.still = {hand: np.isin(np.arange(k), self.columns[hand]) for hand in HANDS}
        self.fingers = ~np.isin(np.arange(k), arms.index)
        bounds = settings.bounds
        middle, half = arms.ranges.mean(axis=1), 0.5 * np.ptp(arms.ranges, axis=1)
        self.low, self.high = model.jnt_range.T.copy()
        self.low[arms.index] = middle - bounds["range"].share * half
        self.high[arms.index] = middle + bounds["range"].share * half
        self.speed = np.full(k, np.inf)
        known = limits.column(arms.names, f"speed_{settings.speed_of}")
        self.speed[arms.index] = np.where(np.isfinite(known), bounds["speed"].share * known, np.inf)
        self.apart = None
        if bounds["collision"].be != "none" and settings.pairs:
            self.apart = mink.CollisionAvoidanceLimit(
                model,
                [(arms.shapes(a), arms.shapes(b)) for a, b in settings.pairs],
                gain=1.0,
                minimum_distance_from_collisions=settings.keep + (BUFFER if bounds["collision"].be == "hard" else 0.0),
                collision_detection_distance=settings.look,
            )
            # a set inside mink has no order of its own that outlives the process
            self.apart.geom_id_pairs.sort()
            self.apart._init_broadphase(model)
            self.couples = np.array(self.apart.geom_id_pairs, int).reshape(-1, 2)
            self.spread = model.geom_rbound[self.couples].sum(axis=1) + settings.keep

    def _asked(self, hand: str) -> NDArray[np.bool_]:
        given: NDArray[np.bool_] = np.asarray(np.isfinite(self.wanted[hand]).all(axis=1))
        if hand in self.turned:
            given &= np.isfinite(self.turned[hand]).all(axis=(1, 2))
        trusted = self.targets.valid.get(hand)
        return given if trusted is None else np.logical_and(given, trusted)

    def _elbow(self, hand: str) -> Array:
        """(n, 3) where the robot's elbow would be if its upper arm pointed as the person's does."""
        arrow = self.targets.elbow[hand] - self.targets.shoulder[hand]
        length = np.linalg.norm(arrow, axis=1, keepdims=True)
        return self.arms.shoulder[hand] + self.arms.upper_arm[hand] * arrow / np.where(length > 1e-6, length, np.nan)

    # -- one programme ----------------------------------------------------------------------------------------------

    def _aim(self, i: int) -> list[mink.Task]:
        tasks: list[mink.Task] = [self.posture]
        for hand in self.hands:
            if not self.asked[hand][i]:
                continue
            matrix = np.eye(4)
            matrix[:3, 3] = self.wanted[hand][i]
            if hand in self.turned:
                matrix[:3, :3] = self.turned[hand][i]
            self.tasks[hand].set_target(mink.SE3.from_matrix(matrix))
            tasks.append(self.tasks[hand])
            if hand in self.elbows and np.isfinite(self.elbow_at[hand][i]).all():
                matrix = np.eye(4)
                matrix[:3, 3] = self.elbow_at[hand][i]
                self.elbows[hand].set_target(mink.SE3.from_matrix(matrix))
                tasks.append(self.elbows[hand])
        return tasks

    def _step(
        self, tasks: list[mink.Task], before: Array | None, drift: Array, dt: float, held: NDArray[np.bool_]
    ) -> tuple[Array, dict[str, Array]]:
        """One linearisation at the present configuration.

        Args:
            before: (k,) angles at the sample before; None for the first, where there is no speed.
            drift: (k,) angles by which it would move on at an even speed.
            dt: [s] since then.
            held: (k,) joints that shall rest.

        Returns:
            (k,) displacement, and by kind of limit how far it is passed by each row, negative inside.
        """
        settings, q, k = self.settings, self.configuration.q, len(self.low)
        problem = mink.build_ik(self.configuration, tasks, 1.0, DAMPING, limits=[])
        cost, pull = np.array(problem.P), np.array(problem.q)
        if before is not None:
            # what of the even motion is still to be done from here
            weight = settings.steady**2
            cost += weight * np.eye(k)
            pull -= weight * (drift - (q - before))
            rest = np.where(held, STILL, 0.0)
            cost += np.diag(rest)
            pull += rest * (q - before)
        eye = np.eye(k)
        rows: dict[str, tuple[Array, Array]] = {}
        if settings.bounds["range"].be != "none":
            rows["range"] = np.vstack([eye, -eye]), np.r_[self.high - q, q - self.low]
        if settings.bounds["speed"].be != "none" and before is not None:
            may = self.speed * dt
            finite = np.isfinite(may)
            upper, lower = (may - (q - before))[finite], (may + (q - before))[finite]
            rows["speed"] = np.vstack([eye[finite], -eye[finite]]), np.r_[upper, lower]
        if self.apart is not None:
            near = self.apart.compute_qp_inequalities(self.configuration, 1.0)
            slopes, rooms = np.asarray(near.G), np.asarray(near.h)
            live = np.isfinite(rooms)
            rows["collision"] = slopes[live], rooms[live]
            self.live = np.flatnonzero(live)
        moved = _solve(cost, pull, rows, {kind: settings.bounds[kind] for kind in rows})
        return moved, {kind: g @ moved - h for kind, (g, h) in rows.items()}

    # -- the run ----------------------------------------------------------------------------------------------------

    def _answers(self, i: int) -> list[Array]:
        """(k,) postures that put the hands of sample i nearest, one from each start posture, cheapest first."""
        tasks = self._aim(i)
        found: list[tuple[float, int, Array]] = []
        rest, none = np.zeros(len(self.low)), np.zeros(len(self.low), bool)
        for name in (None, *POSTURES):
            q = self.start.copy()
            if name is not None:
                for hand in HANDS:
                    q[self.columns[hand]] = posture(name, hand)
            self.configuration.update(np.clip(q, self.low, self.high))
            for _ in range(SEARCH):
                moved, _ = self._step(tasks, None, rest, 0.0, none)
                largest = float(np.abs(moved).max())
                self.configuration.integrate_inplace(moved * min(1.0, STRIDE / max(largest, 1e-12)), 1.0)
                if largest < 1e-3:
                    break
            price = float(sum(((task.cost * task.compute_error(self.configuration)) ** 2).sum() for task in tasks))
            found.append((price, len(found), np.clip(self.configuration.q, self.low, self.high)))
        return [q for _, _, q in sorted(found, key=lambda item: item[:2])]

    def _tracked(self, q: Array, rows: NDArray[np.int64], slow: bool) -> Array:
        """(len(rows), k) a run through these samples in this order, one linearisation each; `slow` respects speed."""
        out, velocity = np.zeros((len(rows), len(q))), np.zeros(len(q))
        out[0] = q
        self.configuration.update(q)
        for r in range(1, len(rows)):
            i = int(rows[r])
            dt = abs(float(self.targets.t[i] - self.targets.t[rows[r - 1]]))
            moved, _ = self._step(
                self._aim(i),
                out[r - 1],
                velocity * dt * np.exp(-dt / COASTING),
                dt if slow else np.inf,
                self._resting(i),
            )
            self.configuration.integrate_inplace(moved, 1.0)
            out[r] = np.clip(self.configuration.q, self.low, self.high)
            self.configuration.update(out[r])
            velocity = (out[r] - out[r - 1]) / dt
        return out

    def _resting(self, i: int) -> NDArray[np.bool_]:
        """(k,) joints of arms that nothing is asked of."""
        held = self.fingers.copy()
        for hand in HANDS:
            if hand not in self.hands or not self.asked[hand][i]:
                held |= self.still[hand]
        return held

    def _begin(self, first: int) -> Array:
        """(k,) how the arms begin: of all candidates, for each arm the one that stays nearest to its hand."""
        apart, self.apart = self.apart, None  # arms on their own: each is then free to choose
        seen = first + np.flatnonzero(np.any([self.asked[hand][first:] for hand in self.hands], axis=0))
        rows = seen[:: max(1, len(seen) // COARSE)]
        candidates: list[Array] = []
        for share in MOMENTS:
            at = int(share * (len(rows) - 1))
            answers = self._answers(int(rows[at]))
            for q in answers if at == 0 else answers[:KEPT]:
                candidates.append(self._tracked(q, rows[at::-1], slow=False)[-1] if at else q)
        begin = np.clip(self.start, self.low, self.high)
        best = dict.fromkeys(self.hands, np.inf)
        tried: list[Array] = []
        for q in candidates:
            if any(np.abs(q - other).max() < ALIKE for other in tried):
                continue
            tried.append(q)
            run = self._tracked(q, rows, slow=True)
            for hand in self.hands:
                price = self._price(hand, run, rows)
                if price < best[hand] * (1.0 - 1e-6):
                    best[hand] = price
                    begin[self.columns[hand]] = q[self.columns[hand]]
        self.apart = apart
        return begin

    def _parted(self, q: Array, first: int) -> Array:
        """(k,) a beginning whose own shapes keep their distance, as near to the hands of that sample as that allows.

        What touches at the beginning is pushed apart, which no later step does: there the linearised limit only forbids to come nearer.
        """
        self.configuration.update(q)
        if self.apart is None or self._closest() >= self.settings.keep:
            return q
        model, tasks, eye = self.arms.whole, self._aim(first), np.eye(len(q))
        rest = np.diag(np.where(self._resting(first) & self.fingers, STILL, 0.0))
        for _ in range(SEARCH):
            problem = mink.build_ik(self.configuration, tasks, 1.0, DAMPING, limits=[])
            near = self.apart.compute_qp_inequalities(self.configuration, 1.0)
            slopes, rooms = np.asarray(near.G), np.array(near.h)
            live = np.flatnonzero(np.isfinite(rooms))
            for row in live:
                pair = (int(self.couples[row, 0]), int(self.couples[row, 1]))
                apart = mujoco.mj_geomDistance(model, self.configuration.data, *pair, self.settings.look, None)
                rooms[row] = min(rooms[row], apart - self.settings.keep - BUFFER)
            now = self.configuration.q
            rows = {
                "range": (np.vstack([eye, -eye]), np.r_[self.high - now, now - self.low]),
                "collision": (slopes[live], rooms[live]),
            }
            how = {"range": Bound("hard"), "collision": Bound("soft", PUSH)}
            moved = _solve(np.asarray(problem.P) + rest, np.asarray(problem.q), rows, how)
            largest = float(np.abs(moved).max())
            self.configuration.integrate_inplace(moved * min(1.0, STRIDE / max(largest, 1e-12)), 1.0)
            if self._closest() >= self.settings.keep:
                break
        return np.clip(self.configuration.q, self.low, self.high)

    def _price(self, hand: str, q: Array, rows: NDArray[np.int64]) -> float:
        """Mean square of how far a hand stays off, turns counted by their weight."""
        position, rotation = self.arms.follow(q[:, self.arms.index], hand)
        price = np.square(self.settings.position * (position - self.wanted[hand][rows])).sum(axis=1)
        if hand in self.turned:
            cosine = (np.einsum("nij,nij->n", self.turned[hand][rows], rotation) - 1.0) / 2.0
            price = price + np.square(self.settings.rotation * np.arccos(np.clip(cosine, -1.0, 1.0)))
        asked = self.asked[hand][rows]
        return float(price[asked].mean()) if asked.any() else 0.0

    def run(self) -> Retargeted:
        t, n, k, index = self.targets.t, len(self.targets.t), len(self.start), self.arms.index
        seen = np.any([self.asked[hand] for hand in self.hands], axis=0)
        q = np.tile(np.clip(self.start, self.low, self.high), (n, 1))
        at_limit = {"range": np.zeros((n, k), bool), "speed": np.zeros((n, k), bool)}
        apart = np.full(n, -1, np.int64)
        passed = {kind: np.zeros(n) for kind in ("range", "speed", "collision")}
        if seen.any():
            first = int(np.argmax(seen))
            q[: first + 1] = self._begin(first)
            for hand in HANDS:
                self._close(q, hand)
            q[: first + 1, index] = self._parted(q[first], first)[index]
            self.configuration.update(q[first])
            velocity = np.zeros(k)
            for i in range(first + 1, n):
                dt = min(float(t[i] - t[i - 1]), self.settings.longest_step)
                held, tasks = self._resting(i), self._aim(i)
                drift = velocity * dt * np.exp(-dt / COASTING)
                before = np.where(self.fingers, q[i], q[i - 1])  # fingers are where the person's hand wants them
                self.configuration.update(before)
                price = self._price_of(tasks, before, drift)
                for _ in range(self.settings.passes):
                    moved, over = self._step(tasks, before, drift, dt, held)
                    self._move(moved, price)
                q[i] = self.configuration.q
                velocity = (q[i] - before) / dt
                for kind, rows in over.items():
                    passed[kind][i] = max(0.0, float(rows.max(initial=0.0)))
                    tight = rows > -TOUCHING
                    if kind == "collision":
                        apart[i] = int(self.live[np.argmax(rows)]) if tight.any() else -1
                    elif kind == "range":
                        at_limit[kind][i] = tight[:k] | tight[k:]
                    else:
                        finite = np.isfinite(self.speed)
                        at_limit[kind][i, finite] = tight[: finite.sum()] | tight[finite.sum() :]
                self._inside(q[i], before, dt)
        model = self.arms.whole
        bodies = tuple(
            (model.body(model.geom_bodyid[a]).name, model.body(model.geom_bodyid[b]).name)
            for a, b in (self.apart.geom_id_pairs if self.apart is not None else ())
        )
        return Retargeted(
            t=t,
            names=self.arms.names,
            q=q[:, index],
            hands={hand: self._track(hand, q[:, index]) for hand in self.hands},
            at_limit={kind: at[:, index] for kind, at in at_limit.items()},
            held_apart=apart,
            pairs=bodies,
            passed=passed,
            closed={hand: 100.0 * np.clip(values, 0.0, 1.0) for hand, values in self.targets.closed.items()},
            notes=self.targets.notes,
        )

    def _move(self, moved: Array, price: Callable[[], float]) -> None:
        """Go on by a displacement, by as much of it as really is an improvement and keeps own shapes apart.

        A linearised answer may overshoot: a hand that is turned by half a circle knows no way back, and boxes that turn against
        each other come nearer than their linearised distance says. A step that is dearer than standing still, or that brings
        shapes below what they keep and nearer than they are, is halved until it is not, or left out. Without this the arms
        of a hand that cannot be followed swing from limit to limit.
        """
        q, at_rest = self.configuration.q.copy(), price()
        least = -np.inf
        if self.apart is not None and self.settings.bounds["collision"].be == "hard":
            least = min(self._closest(), self.settings.keep)
        for halving in range(HALVINGS + 1):
            self.configuration.update(q)
            self.configuration.integrate_inplace(moved * 0.5**halving, 1.0)
            if price() <= at_rest + 1e-12 and (least == -np.inf or self._closest() >= least):
                return
        self.configuration.update(q)

    def _price_of(self, tasks: list[mink.Task], before: Array, drift: Array) -> Callable[[], float]:
        """What a sample costs at the present configuration: its tasks, and the change of speed."""

        def price() -> float:
            found = sum(float(np.square(task.cost * task.compute_error(self.configuration)).sum()) for task in tasks)
            return found + float(self.settings.steady**2 * np.square(self.configuration.q - before - drift).sum())

        return price

    def _closest(self) -> float:
        """[m] between the nearest watched shapes, or what they keep where all are further apart."""
        model, data = self.arms.whole, self.configuration.data
        centre = data.geom_xpos[self.couples]
        near = np.flatnonzero(np.square(centre[:, 0] - centre[:, 1]).sum(axis=1) <= self.spread**2)
        keep = self.settings.keep
        return min(
            (mujoco.mj_geomDistance(model, data, *map(int, self.couples[p]), keep, None) for p in near), default=keep
        )

    def _close(self, q: Array, hand: str) -> None:
        """Write a hand's fingers into (n, k), as the person's are closed; open where the source does not tell."""
        closed = self.targets.closed.get(hand)
        if closed is None:
            return
        last = 0.0
        for row, share in zip(q, np.clip(closed, 0.0, 1.0)):
            last = float(share) if np.isfinite(share) else last
            at, angles = self.arms.grasp(hand, last)
            row[at] = angles

    def _inside(self, q: Array, before: Array, dt: float) -> None:
        """Take the solver's rounding off hard limits, so that none is passed by a billionth either."""
        bounds = self.settings.bounds
        if bounds["range"].be == "hard":
            np.clip(q, self.low, self.high, out=q)
        if bounds["speed"].be == "hard":
            np.clip(q, before - self.speed * dt, before + self.speed * dt, out=q)
        self.configuration.update(q)

    def _track(self, hand: str, q: Array) -> HandTrack:
        position, rotation = self.arms.follow(q, hand)
        asked = self.asked[hand]
        target = np.where(asked[:, None], self.wanted[hand], np.nan)
        turn = np.full((len(q), 3, 3), np.nan)
        if hand in self.turned:
            turn = np.where(asked[:, None, None], self.turned[hand], np.nan)
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


def _solve(cost: Array, pull: Array, rows: Mapping[str, tuple[Array, Array]], how: Mapping[str, object]) -> Array:
    """(k,) minimiser of 1/2 x'Px + p'x under hard rows, and soft rows each with a slack of its own.

    Raises:
        mink.NoSolutionFound: never for hard limits that hold where the step begins, since not to move is then allowed.
    """
    k = len(pull)
    hard = [rows[kind] for kind in rows if how[kind].be == "hard"]  # type: ignore[attr-defined]
    soft = [(rows[kind], how[kind].weight) for kind in rows if how[kind].be == "soft"]  # type: ignore[attr-defined]
    slack = sum(len(h) for (_, h), _ in soft)
    g, h = [np.hstack([block, np.zeros((len(bound), slack))]) for block, bound in hard], [bound for _, bound in hard]
    if slack:
        wide = np.zeros((k + slack, k + slack))
        wide[:k, :k], at = cost, k
        for (block, bound), weight in soft:
            part = np.zeros((len(bound), slack))
            part[:, at - k : at - k + len(bound)] = -np.eye(len(bound))
            g.append(np.hstack([block, part]))
            h.append(bound)
            wide[range(at, at + len(bound)), range(at, at + len(bound))] = weight**2
            at += len(bound)
        cost, pull = wide, np.r_[pull, np.zeros(slack)]
        g.append(np.hstack([np.zeros((slack, k)), -np.eye(slack)]))
        h.append(np.zeros(slack))
    problem = qpsolvers.Problem(cost, pull, np.vstack(g) if g else None, np.concatenate(h) if h else None)
    result = qpsolvers.solve_problem(problem, solver=SOLVER)
    if not result.found or result.x is None:
        raise mink.NoSolutionFound(SOLVER)
    return np.asarray(result.x[:k], float)


def _orthonormal(turns: Array) -> Array:
    """(n, 3, 3) the nearest rotations, since sources round theirs; NaN rows stay NaN.

    Raises:
        EpisodeError: what is said to be a rotation mirrors.
    """
    out = np.full(turns.shape, np.nan)
    known = np.isfinite(turns).all(axis=(1, 2))
    u, _, v = np.linalg.svd(turns[known])
    out[known] = u @ v
    if (np.linalg.det(out[known]) < 0.0).any():
        raise EpisodeError(
            "a hand's axes are left-handed; they must be x along the fingers, y = z x x, z out of its back.",
            field="rotation",
        )
    return out
