"""Starts inferred from the hands: where a hand begins to close and is then stopped, there was a thing.

Where a take has no recorded start, things are laid where a hand could have taken them: some of a thing lies between the open
pads when the hand begins to close, and nothing of the robot has been inside anything on the way there. Of such places, far
apart from each other, those are played a little beyond the stop in which the replayed hand is stopped as the recorded one is and
its arm is pushed as the recorded arm was; around the best, places are tried again. Later holds come one after another, each with
things that no hand has held yet. The goal is never asked.

Places along a bar or a rim, and heights along the fingers, are hardly determined by this: what is left open stays spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ....scenarios.draws.inference import ends_of
from ....scenarios.draws.perturbation import loose
from ....scenarios.draws.variation import PENETRATION, STATE, Draw, penetration
from ....scenarios.grips.gripper import gripper_of
from ....scenarios.scene.scene import Scene
from ...checks.releases import PRESSES, GripHold, HandAndArm
from ...rollout.rollout import Rollout, Take, play
from .hand_stops import OVER, MeasuredArms, closed
from .recorded_start import StartOfTake

WIDER = 0.02  # m, by which places are looked for beyond what the scenario draws
SAMPLES = 6000  # places of a thing that are looked at for one hold
TURNS = 6  # ways in which it may be turned
POINTS = 24  # of each shape of a thing
WIDE, FINE, ROUNDS, BEST = 16, 12, 3, 4  # starts that are played at first and around the best, how often, and how many these are
SPREAD = ((0.010, 0.3), (0.005, 0.1), (0.003, 0.05))  # of each round: m, and share of the range of what is no place
BEFORE, DEEPEST, EVERY = 2.5, 0.003, 0.25  # s, m, s: no deeper was the hand in anything so long before; looked at so often
AFTER = 1.5  # s of a hold that are played
CLOSING = 0.01  # of a hand's way in `OVER`, by which it moves as it closes
TRACKED = 0.005  # rad, by which an arm is pushed off its way that weighs as much as a stop elsewhere by `PRESSES`
KEPT, MORE, AGAIN = 12, 8, 2  # starts that are played whole, and how many more how often, until enough agree


@dataclass(frozen=True)
class HandTake:
    """A hold that tells where something was.

    Attributes:
        hand: of the recording; begin: s of the replay, when it begins to close; stop: s, when it is stopped.
    """

    hand: HandAndArm
    begin: float
    stop: float


def takes_of(hands: Sequence[HandAndArm], offset: float) -> list[HandTake]:
    """The holds of a recording in the order in which hands begin to close, without those that only go on."""
    found = []
    for hand in hands:
        period = max(float(np.median(np.diff(hand.t))), 1e-6)
        rows = max(1, round(OVER / period))
        for k, one in enumerate(hand.holds):
            after = hand.holds[k - 1].last if k else 0
            begin = _began(hand, one, rows, after)
            if begin < one.first:
                found.append(HandTake(hand, float(hand.t[begin]) - offset, float(hand.t[one.first]) - offset))
    return sorted(found, key=lambda one: one.begin)


def _began(hand: HandAndArm, hold: GripHold, rows: int, after: int) -> int:
    """The row in which a hand begins to close onto what it holds."""
    at = hold.first
    while at > after and hold.sign * (hand.state[at] - hand.state[max(at - rows, 0)]) > CLOSING:
        at -= 1
    return int(max(at - rows // 2, after, 0)) if at < hold.first else int(at)


class InferredStarts:
    """The search for the starts of one take.

    Args:
        scene: it is played in; start: what the record tells; keys: values that are sought (SI, as in `Draw.values`).
        actions: of the take; takes: see `takes_of`; measured: what the arms did, None where that was not recorded.
        offset: where the take begins on the recording's clock [s].
        budget: s that may be simulated.
    """

    def __init__(
        self,
        scene: Scene,
        start: StartOfTake,
        keys: Sequence[str],
        actions: np.ndarray,
        takes: Sequence[HandTake],
        measured: MeasuredArms | None,
        offset: float,
        seed: int,
        threads: int,
        budget: float,
    ):
        self.scene, self.start, self.keys, self.actions, self.takes = scene, start, list(keys), actions, list(takes)
        self.measured, self.offset, self.threads, self.left = measured, offset, threads, budget
        self.rng = np.random.default_rng([seed, 61])
        stepped = {vary.key for vary in scene.config.variation if vary.choices}
        self.ends = {key: ends for key, ends in ends_of(scene).items() if key in self.keys and key not in stepped}
        self.held: dict[str, HandTake] = {}  # part -> the hold that its place was inferred from

    def draws(self, likely: Sequence[Draw]) -> list[Draw]:
        """Starts in which the hands could have held what they held, the best first; `likely` where no place is found.

        Args:
            likely: starts drawn of what the scenario varies: what no hold tells stays as it is in them.
        """
        bases = list(likely)
        if not self.takes or not self.ends:
            return bases
        for take in self.takes:
            (seen,) = self._play([bases[0]], take)
            found = self._held_by(take, seen, bases)
            if found:
                bases = found
        return bases[:KEPT] if self.held else bases

    def whole(self, likely: Sequence[Draw], enough: int, departs: Callable[[Rollout], float]) -> list[Rollout]:
        """Starts played whole, until enough of them agree or too many were tried.

        Args:
            likely: see `draws`; departs: how far a whole replay departs from the record; up to 1 it agrees.
        """
        draws = self.draws(likely)
        found = self._wholly(draws)
        for _ in range(AGAIN if self.held else 0):
            agreeing = [one.draw for one in found if departs(one) <= 1.0]
            if len(agreeing) >= enough:
                break
            about = agreeing or [one.draw for one in sorted(found, key=departs)[:BEST]]
            found += self._wholly([self._beside(about[k % len(about)], "", ROUNDS)[1] for k in range(MORE)])
        return found

    def _wholly(self, draws: Sequence[Draw]) -> list[Rollout]:
        return list(play(self.scene, [Take(draw, self.actions) for draw in draws], threads=self.threads, nearest=True))

    def _held_by(self, take: HandTake, seen: Rollout, bases: Sequence[Draw]) -> list[Draw]:
        """Starts in which this hand holds something, of all rounds the best first; none where nothing can have lain there."""
        near, parts = _Near(self, take, seen), [part for part in movable(self.scene) if part not in self.held]
        places = {part: some for part in parts if len(some := near.places(part, bases[0]))}
        if not places:
            return []
        tried: list[tuple[float, int, str, Draw]] = []
        first = list(self._wide(near, places, bases))
        self._score(first, take, tried)
        for k in range(ROUNDS):
            best = sorted(tried, key=lambda row: row[:2])[:BEST]
            if self.left <= 0.0 or not best:
                break
            self._score(
                [self._beside(draw, part, k) for _, _, part, draw in best for _ in range(FINE // len(best))],
                take,
                tried,
            )
        tried.sort(key=lambda row: row[:2])
        if tried:
            self.held[tried[0][2]] = take
        return [draw for *_, draw in tried]

    def _wide(
        self, near: _Near, places: Mapping[str, Sequence[Mapping[str, float]]], bases: Sequence[Draw]
    ) -> Iterator[tuple[str, Draw]]:
        """Starts at places far from each other, the things in turn."""
        given, k = 0, 0
        for i in range(max(len(some) for some in places.values())):
            for part, some in places.items():
                if i >= len(some) or given >= WIDE:
                    continue
                draw = self.start.draw({**bases[k % len(bases)].values, **some[i]})
                k += 1
                if penetration(draw) <= PENETRATION and near.free(draw):
                    given += 1
                    yield part, draw

    def _beside(self, draw: Draw, part: str, k: int) -> tuple[str, Draw]:
        """A start a little beside one, in all but the places that earlier holds fixed; in these too where no part is named."""
        place, share = SPREAD[min(k, len(SPREAD) - 1)]
        values = dict(draw.values)
        for key, (low, high) in self.ends.items():
            if not part or key.startswith(f"{part}.") or not any(key.startswith(f"{held}.") for held in self.held):
                by = place if ".at." in key else share * (high - low)
                values[key] = float(np.clip(values[key] + self.rng.normal(0.0, by), *self.bounds(key)))
        other = self.start.draw(values)
        return part, other if penetration(other) <= PENETRATION else draw

    def bounds(self, key: str) -> tuple[float, float]:
        low, high = self.ends[key]
        return (low - WIDER, high + WIDER) if ".at." in key else (low, high)

    def _play(self, draws: Sequence[Draw], take: HandTake) -> Iterator[Rollout]:
        """Starts played until a little beyond the stop."""
        n = min(len(self.actions), int(np.ceil((take.stop + AFTER) / self.scene.control_timestep)) + 1)
        self.left -= len(draws) * n * self.scene.control_timestep
        return play(self.scene, [Take(draw, self.actions[:n]) for draw in draws], threads=self.threads)

    def _score(
        self, some: Sequence[tuple[str, Draw]], take: HandTake, tried: list[tuple[float, int, str, Draw]]
    ) -> None:
        for (part, draw), played in zip(some, self._play([draw for _, draw in some], take)):
            tried.append((self._misses(played, take), len(tried), part, draw))

    def _misses(self, played: Rollout, take: HandTake) -> float:
        """How much a replay differs from the record while the hand closes and holds: of its closing, and of its arm's way."""
        end = min(take.stop + AFTER, (len(played.qpos) - 1) * self.scene.control_timestep)
        at = take.hand.t - self.offset
        here = (at >= take.begin) & (at <= end)
        apart = closed(self.scene, played, take.hand.names, at[here]) - take.hand.state[here]
        last = at[here] > end - 0.5 * AFTER
        found = (float(np.sqrt(np.mean(apart**2))) + float(np.median(np.abs(apart[last])))) / PRESSES
        if self.measured is None:
            return found
        t, off = self.measured.t, self.measured.apart(self.scene, played)
        before, now = (t >= take.begin - AFTER) & (t < take.begin), (t >= take.begin) & (t <= end)
        zero = off[before].mean(axis=0) if before.any() else 0.0
        return found + (float(np.sqrt(np.mean((off[now] - zero) ** 2))) / TRACKED if now.any() else 0.0)


class _Near:
    """What can have lain where a hand begins to close, by the posture in which a replay shows the robot then."""

    def __init__(self, search: InferredStarts, take: HandTake, seen: Rollout):
        self.search, self.scene = search, search.scene
        dt, end = self.scene.control_timestep, len(seen.qpos) - 1
        rows = {min(end, max(0, round((take.begin - back) / dt))) for back in np.arange(0.0, BEFORE + EVERY, EVERY)}
        self.postures, model = seen.qpos[sorted(rows)], self.scene.model
        self.robot = np.array([a for j in range(model.njnt) if _of_robot(model, j) for a in _addresses(model, j)])
        gripper, data = gripper_of(self.scene.robot.name, self.scene.robot.hand), mujoco.MjData(model)
        data.qpos[:] = self.postures[-1]
        mujoco.mj_kinematics(model, data)
        side = _side(take.hand, self.scene)
        faces = [data.site(f"{side}_{face}").xpos.copy() for face in gripper.faces]
        self.middle, self.axes = 0.5 * (faces[0] + faces[1]), data.site(f"{side}_tcp").xmat.reshape(3, 3).copy()
        self.half = 0.5 * abs(float((faces[1] - faces[0]) @ self.axes[:, 1])) - 0.5 * gripper.soft
        self.across, self.along = gripper.across, gripper.along

    def places(self, part: str, base: Draw) -> list[dict[str, float]]:
        """Values under which some of a part lies between the pads, each far from those before it."""
        search, keys = self.search, list(self.search.ends)
        known = dict(base.values)
        at = _points(self.scene, base, part)
        moves = {
            key: _points(self.scene, search.start.draw({**known, key: known[key] + 0.01}), part) - at for key in keys
        }
        turned = [key for key, by in moves.items() if np.ptp(by, axis=0).max() > 1e-6]
        shifts = {
            key: by.mean(axis=0) / 0.01 for key, by in moves.items() if key not in turned and np.abs(by).max() > 1e-6
        }
        if not shifts and not turned:
            return []
        found: list[np.ndarray] = []
        values: list[dict[str, float]] = []
        for _ in range(TURNS if turned else 1):
            given = {key: float(search.rng.uniform(*search.bounds(key))) for key in turned}
            points = _points(self.scene, search.start.draw({**known, **given}), part) if turned else at
            ranges = np.array([search.bounds(key) for key in shifts]).reshape(-1, 2)
            some = search.rng.uniform(ranges[:, 0], ranges[:, 1], (SAMPLES // (TURNS if turned else 1), len(ranges)))
            moved = (some - np.array([known[key] for key in shifts])) @ np.array(list(shifts.values())).reshape(-1, 3)
            inside = self._between(points, moved)
            for row, by in zip(some[inside], moved[inside]):
                values.append({**given, **dict(zip(shifts, map(float, row)))})
                found.append(points.mean(axis=0) + by)
        return [values[i] for i in _far_apart(np.array(found).reshape(-1, 3), 3 * WIDE)]

    def _between(self, points: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """(n,) whether any point (m, 3), moved by (n, 3), lies between the pads."""
        local, by = (points - self.middle) @ self.axes, moved @ self.axes
        inside = np.zeros(len(by), bool)
        for begin in range(0, len(by), 500):
            at = local[None] + by[begin : begin + 500, None]
            here = (at[..., 0] > self.across[0]) & (at[..., 0] < self.across[1]) & (np.abs(at[..., 1]) < self.half)
            inside[begin : begin + 500] = (here & (at[..., 2] > self.along[0]) & (at[..., 2] < self.along[1])).any(
                axis=1
            )
        return inside

    def free(self, draw: Draw) -> bool:
        """Whether the robot is in nothing on its way there."""
        model, data = draw.model, mujoco.MjData(draw.model)
        mujoco.mj_setState(model, data, draw.start_state, STATE)
        for posture in self.postures:
            data.qpos[self.robot] = posture[self.robot]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_collision(model, data)
            bodies = model.geom_bodyid[data.contact.geom] if data.ncon else np.zeros((0, 2), int)
            own = np.array([[_robots(model, int(b)) for b in pair] for pair in bodies]).reshape(-1, 2)
            if len(own) and (data.contact.dist[own[:, 0] != own[:, 1]] < -DEEPEST).any():
                return False
        return True


def movable(scene: Scene) -> tuple[str, ...]:
    """Parts of which something moves: loose things, and those with a door, a drawer, a key."""
    model = scene.model
    jointed = {
        model.body(int(model.jnt_bodyid[j])).name.partition("/")[0]
        for j in range(model.njnt)
        if model.jnt_type[j] in (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE) and not _of_robot(model, j)
    }
    held = jointed | set(loose(scene))
    return tuple(placed.name for placed in scene.config.parts if placed.name in held and placed.behaviour is None)


def _points(scene: Scene, draw: Draw, part: str) -> np.ndarray:
    """(m, 3) points of all that moves of a part, as it starts."""
    model, data = draw.model, mujoco.MjData(draw.model)
    mujoco.mj_setState(model, data, draw.start_state, STATE)
    mujoco.mj_kinematics(model, data)
    rng, found = np.random.default_rng(0), []
    moving = {int(model.jnt_bodyid[j]) for j in range(model.njnt)}
    for g in range(model.ngeom):
        body = int(model.geom_bodyid[g])
        if not (model.geom_contype[g] or model.geom_conaffinity[g]) or not model.body(body).name.startswith(f"{part}/"):
            continue
        up = body
        while up and up not in moving:
            up = int(model.body_parentid[up])
        if up:
            found.append(data.geom_xpos[g] + _inside(model, g, rng) @ data.geom_xmat[g].reshape(3, 3).T)
    return np.concatenate(found) if found else np.zeros((0, 3))


def _inside(model: mujoco.MjModel, g: int, rng: np.random.Generator) -> np.ndarray:
    """(k, 3) points inside a shape, in its own frame."""
    if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = int(model.geom_dataid[g])
        begin, n = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
        weights = rng.dirichlet(np.full(n, 0.3), POINTS)
        return np.asarray(weights @ model.mesh_vert[begin : begin + n])
    centre, half = model.geom_aabb[g, :3], model.geom_aabb[g, 3:]
    return np.asarray(centre + half * rng.uniform(-1.0, 1.0, (POINTS, 3)))


def _far_apart(places: np.ndarray, n: int) -> list[int]:
    """Indices of at most n places, each the furthest from those before it."""
    if not len(places):
        return []
    chosen = [int(np.argmin(np.linalg.norm(places - places.mean(axis=0), axis=1)))]
    apart = np.linalg.norm(places - places[chosen[0]], axis=1)
    while len(chosen) < min(n, len(places)) and apart.max() > 1e-3:
        chosen.append(int(apart.argmax()))
        apart = np.minimum(apart, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return chosen


def _side(hand: HandAndArm, scene: Scene) -> str:
    return next(
        (side for side in ("left", "right") if hand.names[0] == scene.robot.closes(side)),
        "left" if hand.side == "l" else "right",
    )


def _robots(model: mujoco.MjModel, body: int) -> bool:
    return body != 0 and "/" not in model.body(body).name


def _of_robot(model: mujoco.MjModel, joint: int) -> bool:
    return _robots(model, int(model.jnt_bodyid[joint]))


def _addresses(model: mujoco.MjModel, joint: int) -> range:
    begin = int(model.jnt_qposadr[joint])
    width = {mujoco.mjtJoint.mjJNT_FREE: 7, mujoco.mjtJoint.mjJNT_BALL: 4}.get(
        mujoco.mjtJoint(int(model.jnt_type[joint])), 1
    )
    return range(begin, begin + width)
