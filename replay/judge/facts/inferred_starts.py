"""Starts inferred from the hands: where a hand begins to close and is then stopped, there was a thing.

Where a take has no recorded start, things are laid where a hand could have taken them: some of a thing lies between the open
pads when the hand begins to close, and nothing of the robot has been inside anything on the way there, or no deeper than a thing
may be brushed. Of such places, far apart from each other, those are played a little beyond the stop in which the replayed hand is
stopped as the recorded one is and its arm is pushed as the recorded arm was; around the best, places are tried again. Later holds
come one after another, each with things that no hand has held yet. The goal is never asked.

Places along a bar or a rim, and heights along the fingers, are hardly determined by this: what is left open stays spread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import mujoco
import numpy as np

from ....scenarios.draws.inference import ends_of
from ....scenarios.draws.variation import PENETRATION, Draw, penetration
from ....scenarios.grips.gripper import gripper_of
from ....scenarios.parts.pose import posed, postures
from ....scenarios.reading.dealing import PLACES
from ....scenarios.scene.scene import Scene
from ...checks.releases import HELD, PRESSES, GripHold, HandAndArm
from ...rollout.rollout import Rollout, Take, play
from .hand_stops import OVER, MeasuredArms, closed
from .partial_replay import Played, begun, is_robots, jointed, laid, movable, moved, play_on, points_of, start_of
from .recorded_start import StartOfTake

WIDER = 0.02  # m, by which places are looked for beyond what the scenario draws
SAMPLES = 6000  # places of a thing that are looked at for one hold
TURNS = 6  # ways in which it may be turned
WIDE, FINE = 16, 12  # starts that are played at first, and around the best
ROUNDS, BEST = 3, 4  # how often, and how many these are
SPREAD = ((0.010, 0.3), (0.005, 0.1), (0.003, 0.05))  # of each round: m, and share of the range of what is no place
APART = 0.02  # m: of places nearer than that the best one is tried again at first, as others may suit better once they are tried again
BEFORE, EVERY, DEEPEST = 2.5, 0.25, 0.003  # s, s, m: so long before, looked at so often, the hand was no deeper in anything
BRUSHED = 0.015  # m, by which a thing may be pushed aside on the hand's way; 0.0065 was seen, of a bowl's rim
AFTER, ARC = 1.5, 4.0  # s of a hold that are played, and of one of a door or a drawer
LEAD = 1.0  # s, so long before the hand begins to close starts go on from another one
LEAST_ARC, UPRIGHT = 0.2, 0.99  # of its radius, by which a handle goes round; of an axis, so much of it points up
NUDGE = 0.01  # by which a value is changed, to see what it moves
CLOSING = 0.005  # of a hand's way in `OVER`, by which it moves as it closes; 0.009 was seen of hands that close gently
TRACKED = 0.005  # rad, by which an arm is pushed off its way that weighs as much as a stop elsewhere by `PRESSES`
LATCHES = (0.1, 0.3, 0.5, 0.7, 0.9)  # shares of what a latch varies that are tried where an arc tells the place
KEPT, MORE, AGAIN = 12, 8, 2  # starts that are played whole, and how many more how often, until enough agree


@dataclass(frozen=True)
class HandTake:
    """A hold that tells where something was.

    Attributes:
        hand: of the recording; begin: s of the replay, when it begins to close; stop: when it is stopped; end: of the hold.
        bound: by which a hand that holds it is stopped elsewhere at most, a share of its way.
    """

    hand: HandAndArm
    begin: float
    stop: float
    end: float
    bound: float = PRESSES


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
                times = [float(hand.t[row]) - offset for row in (begin, one.first, one.last)]
                short = np.median(np.abs(hand.command - hand.state)[one.first : one.last + 1])
                found.append(HandTake(hand, times[0], times[1], times[2], min(PRESSES, 0.5 * float(short))))
    return sorted(found, key=lambda one: one.begin)


def _began(hand: HandAndArm, hold: GripHold, rows: int, after: int) -> int:
    """The row in which a hand begins to close onto what it holds; a gentle hand comes to rest before its hold counts."""

    def closes(row: int) -> bool:
        return hold.sign * (hand.state[row] - hand.state[max(row - rows, 0)]) > CLOSING

    ends = range(hold.first, max(after, hold.first - round(HELD / OVER * rows)), -1)
    at = next((row for row in ends if closes(row)), hold.first)
    begin = at
    while begin > after and closes(begin):
        begin -= 1
    return int(max(begin - rows // 2, after, 0)) if begin < at else hold.first


Tried = tuple[float, int, str, Draw, Played]


class InferredStarts:
    """The search for the starts of one take.

    Args:
        scene: it is played in; start: what the record tells; keys: values that are sought (SI, as in `Draw.values`).
        actions: of the take; takes: see `takes_of`; measured: what the arms did, None where that was not recorded.
        offset: where the take begins on the recording's clock [s].
        departs: how far a replay departs from the record until it ends; up to 1 it agrees.
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
        departs: Callable[[Rollout | Played], float],
        seed: int,
        threads: int,
        budget: float,
    ):
        self.scene, self.start, self.keys, self.actions, self.takes = scene, start, list(keys), actions, list(takes)
        self.measured, self.offset, self.departs, self.threads, self.left = measured, offset, departs, threads, budget
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
        self.nudged = {key: self.start.draw({**bases[0].values, key: bases[0].values[key] + NUDGE}) for key in self.ends}
        for take in self.takes if self.ends else ():
            bases = self._held_by(take, bases) or bases
        if not self.held:
            return bases
        return [bases[k] for k in self._in_turn(bases, self.fixed(but=list(self.held)[-1]))[:KEPT]]

    def _in_turn(self, draws: Sequence[Draw], keys: Collection[str], places: Collection[str] = ()) -> list[int]:
        """Indices of starts, in turn of those that differ in these values, or by `APART` in places: what was held before stays as it is."""
        kinds: dict[tuple[float, ...], list[int]] = {}
        for k, draw in enumerate(draws):
            near = [float(round(draw.values[key] / APART)) for key in sorted(places)]
            kinds.setdefault((*(draw.values[key] for key in sorted(keys)), *near), []).append(k)
        return [k for turn in zip_longest(*kinds.values()) for k in turn if k is not None]

    def whole(self, likely: Sequence[Draw], enough: int) -> list[Rollout]:
        """Starts played whole, until enough of them agree or too many were tried; `likely` as in `draws`."""
        found = self._wholly(self.draws(likely))
        for _ in range(AGAIN if self.held else 0):
            agreeing = [one.draw for one in found if self.departs(one) <= 1.0]
            if len(agreeing) >= enough:
                break
            about = agreeing or [one.draw for one in sorted(found, key=self.departs)[:BEST]]
            found += self._wholly([self._beside(about[k % len(about)], "", ROUNDS) for k in range(MORE)])
        return found

    def _wholly(self, draws: Sequence[Draw]) -> list[Rollout]:
        return list(play(self.scene, [Take(draw, self.actions) for draw in draws], threads=self.threads, nearest=True))

    def _held_by(self, take: HandTake, bases: Sequence[Draw]) -> list[Draw]:
        """Starts in which this hand holds something, of all rounds the best first; none where nothing can have lain there."""
        dt = self.scene.control_timestep
        step = max(0, int((take.begin - LEAD) / dt))
        seen = sorted(self._first(bases[: BEST if self.held else 1], step, take.begin), key=self.departs)
        seen = [one for one in seen if self.departs(one) <= 1.0] or seen[:1]
        near, every = _Near(self, take, seen[0]), movable(self.scene)
        parts = [part for part in every if part not in self.held and self.moves(part)]
        known = [points_of(seen[0].draw.model, near.posture, part) for part in every if part not in parts]
        if any(near.between(points, np.zeros((1, 3)))[0] for points in known):
            return []  # a thing with a known place, or one that was held before
        places = {part: some for part in parts if (some := near.by_arc(part, bases[0]) + near.places(part, bases[0]))}
        if not places:
            return []
        if any(moved(one, step, f"{part}/") for one in seen for part in places):  # struck where it was not, or brought by a belt
            seen = [Played(one.draw, one.qpos, one.observations, one.draw.start_state) for one in seen]
        after = min(ARC, take.end - take.stop) if set(places) & jointed(self.scene) else AFTER
        tried: list[Tried] = []
        self._score(list(self._wide(near, places, bases, seen)), take, after, tried)
        fixed = self.fixed()
        loose = [key for key in self.ends if ".at." in key and key not in fixed]
        for k in range(ROUNDS):
            tried.sort(key=lambda row: row[:2])
            best = [tried[i] for i in self._in_turn([row[3] for row in tried], fixed, () if k else loose)[:BEST]]
            if self.left <= 0.0 or not best:
                break
            more = [
                (part, self._beside(self._as_held(draw, part, tried[0]) if k and i % 2 == 0 else draw, part, k), one)
                for *_, part, draw, one in best
                for i in range(FINE // len(best))
            ]
            self._score(more, take, after, tried)
        tried.sort(key=lambda row: row[:2])
        if tried:
            self.held[tried[0][2]] = take
        return [draw for *_, draw, _ in tried]

    def _as_held(self, draw: Draw, part: str, best: Tried) -> Draw:
        """A start with the place in the hand that suited best in another one, where both go on from things that were held before."""
        if not self.held or part != best[2]:
            return draw
        values = {**best[3].values, **{key: draw.values[key] for key in self.fixed()}}
        other = self.start.draw(values)
        return other if penetration(other) <= PENETRATION else draw

    def _wide(
        self,
        near: _Near,
        places: Mapping[str, Sequence[Mapping[str, float]]],
        bases: Sequence[Draw],
        seen: Sequence[Played],
    ) -> Iterator[tuple[str, Draw, Played]]:
        """Starts at places far from each other, the things in turn; those first in which the robot is inside nothing on its way.

        A thing that is brushed on the way, and so is elsewhere by then, is played as well: `LEAD` s of the way are simulated.
        """
        some: list[tuple[float, str, Draw, Played]] = []
        for i in range(max(len(one) for one in places.values())):
            for part, one in places.items():
                if i >= len(one) or sum(deep <= DEEPEST for deep, *_ in some) >= WIDE:
                    continue
                before = seen[len(some) % len(seen)]
                base = before.draw if self.held else bases[len(some) % len(bases)]
                draw = self.start.draw({**base.values, **one[i]})
                deep = near.depth(draw, before) if penetration(draw) <= PENETRATION else np.inf
                some.append((deep, part, draw, before))
        some.sort(key=lambda row: max(row[0], DEEPEST))
        for deep, part, draw, before in some[:WIDE]:
            if deep < np.inf:
                yield part, draw, before

    def _beside(self, draw: Draw, part: str, k: int) -> Draw:
        """A start a little beside one, in all that may matter to a part and moves none that was held before; in all where none is named."""
        place, share = SPREAD[min(k, len(SPREAD) - 1)]
        values, fixed = dict(draw.values), self.fixed() if part else set()
        mine = self.moves(part) if part else {}
        for key, (low, high) in self.ends.items():
            if key not in fixed and (not part or key in mine or key.partition(".")[2] not in PLACES):
                by = place if ".at." in key else share * (high - low)
                values[key] = float(np.clip(values[key] + self.rng.normal(0.0, by), *self.bounds(key, part and f"{part}.")))
        other = self.start.draw(values)
        return other if penetration(other) <= PENETRATION else draw

    def moves(self, part: str) -> dict[str, np.ndarray]:
        """Key -> (m, 3) by how much it moves the points of a part, of those that do."""
        at = {key: points_of(draw.model, start_of(draw), part) for key, draw in self.nudged.items()}
        middle = np.median(np.stack(list(at.values())), axis=0)  # each key alone moves it, so most leave it where it is
        return {key: by for key, one in at.items() if len(by := one - middle) and np.abs(by).max() > 1e-6}

    def fixed(self, but: str = "") -> set[str]:
        """Values that move what was held before, or of that all but one part."""
        return {
            key
            for part in self.held
            if part != but
            for key in (*self.moves(part), *(key for key in self.ends if key.startswith(f"{part}.")))
        }

    def bounds(self, key: str, part: str = "") -> tuple[float, float]:
        """Of a value; the place of the part that is sought may lie `WIDER`, not the places of what it stands on."""
        low, high = self.ends[key]
        return (low - WIDER, high + WIDER) if ".at." in key and key.startswith(part) else (low, high)

    def _first(self, draws: Sequence[Draw], step: int, end: float) -> list[Played]:
        """Starts played from their beginning, with the state from which others go on."""
        return list(self._play([(draw, begun(self.scene, draw)) for draw in draws], end, step))

    def _play(self, some: Sequence[tuple[Draw, Played]], end: float, keep: int = 0) -> Iterator[Played]:
        """Starts, each with the one that it goes on from, until `end` [s]; see `play_on`."""
        n = min(len(self.actions), int(np.ceil(end / self.scene.control_timestep)) + 1)
        self.left -= sum(n - base.step for _, base in some) * self.scene.control_timestep
        return play_on(self.scene, self.actions[:n], some, self.threads, keep)

    def _score(
        self, some: Sequence[tuple[str, Draw, Played]], take: HandTake, after: float, tried: list[Tried]
    ) -> None:
        for (part, draw, base), played in zip(some, self._play([one[1:] for one in some], take.stop + after)):
            tried.append((self._misses(played, take, after), len(tried), part, draw, base))

    def _misses(self, played: Played, take: HandTake, after: float) -> float:
        """How much a replay differs from the record while the hand closes and holds: of its closing, and of its arm's way."""
        end = min(take.stop + after, (len(played.qpos) - 1) * self.scene.control_timestep)
        at = take.hand.t - self.offset
        here = (at >= take.begin) & (at <= end)
        apart = closed(self.scene, played, take.hand.names, at[here]) - take.hand.state[here]
        last = at[here] > end - 0.5 * AFTER
        found = float(np.sqrt(np.mean(apart**2))) / PRESSES + float(np.median(np.abs(apart[last]))) / take.bound
        if self.measured is None:
            return found
        t, off = self.measured.t, self.measured.apart(self.scene, played)
        before, now = (t >= take.begin - LEAD) & (t < take.begin), (t >= take.begin) & (t <= end)
        zero = off[before].mean(axis=0) if before.any() else 0.0
        return found + (float(np.sqrt(np.mean((off[now] - zero) ** 2))) / TRACKED if now.any() else 0.0)


class _Near:
    """What can have lain where a hand begins to close, by the posture in which a replay shows the robot then."""

    def __init__(self, search: InferredStarts, take: HandTake, seen: Played):
        self.search, self.scene = search, search.scene
        dt, end = self.scene.control_timestep, len(seen.qpos) - 1
        self.rows = sorted({min(end, max(0, round((take.begin - back) / dt))) for back in np.arange(0.0, BEFORE + EVERY, EVERY)})
        model = self.scene.model
        gripper = gripper_of(self.scene.robot.name, self.scene.robot.hand)
        self.posture = seen.qpos[self.rows[-1]]
        data = posed(model, self.posture)
        side = _side(take.hand, self.scene)
        faces = [data.site(f"{side}_{face}").xpos.copy() for face in gripper.faces]
        self.middle, self.axes = 0.5 * (faces[0] + faces[1]), data.site(f"{side}_tcp").xmat.reshape(3, 3).copy()
        self.half = 0.5 * abs(float((faces[1] - faces[0]) @ self.axes[:, 1])) - 0.5 * gripper.soft
        self.across, self.along = gripper.across, gripper.along
        self.path = self._path(take, seen, f"{side}_tcp")

    def _path(self, take: HandTake, seen: Played, site: str) -> np.ndarray:
        """(m, 3) where the hand was from its stop to the end of the hold, by the measured arm, else by the commanded one."""
        model, data, arms, found = self.scene.model, mujoco.MjData(self.scene.model), self.search.measured, []
        for t in np.arange(take.stop, take.end, EVERY):
            data.qpos[:] = seen.qpos[min(round(t / self.scene.control_timestep), len(seen.qpos) - 1)]
            if arms is not None:
                data.qpos[arms.columns] = [np.interp(t, arms.t, one) for one in arms.q.T]
            mujoco.mj_kinematics(model, data)
            found.append(data.site(site).xpos.copy())
        return np.array(found).reshape(-1, 3)

    def places(self, part: str, base: Draw) -> list[dict[str, float]]:
        """Values under which some of a part lies between the pads, each far from those before it."""
        search, known, own = self.search, dict(base.values), f"{part}."
        at, fixed = points_of(base.model, start_of(base), part), search.fixed()
        moves = {key: by for key, by in search.moves(part).items() if key not in fixed}
        turned = [key for key, by in moves.items() if np.ptp(by, axis=0).max() > 1e-6]
        shifts = {key: by.mean(axis=0) / NUDGE for key, by in moves.items() if key not in turned}
        if not moves:
            return []
        found: list[np.ndarray] = []
        values: list[dict[str, float]] = []
        for _ in range(TURNS if turned else 1):
            given = {key: float(search.rng.uniform(*search.bounds(key, own))) for key in turned}
            draw = search.start.draw({**known, **given}) if turned else base
            points = points_of(draw.model, start_of(draw), part) if turned else at
            ranges = np.array([search.bounds(key, own) for key in shifts]).reshape(-1, 2)
            some = search.rng.uniform(ranges[:, 0], ranges[:, 1], (SAMPLES // (TURNS if turned else 1), len(ranges)))
            by = (some - np.array([known[key] for key in shifts])) @ np.array(list(shifts.values())).reshape(-1, 3)
            inside = self.between(points, by)
            for row, moved_by in zip(some[inside], by[inside]):
                values.append({**given, **dict(zip(shifts, map(float, row)))})
                found.append(points.mean(axis=0) + moved_by)
        return [values[i] for i in _far_apart(np.array(found).reshape(-1, 3), 3 * WIDE)]

    def by_arc(self, part: str, base: Draw) -> list[dict[str, float]]:
        """Values under which the handle of a door is in the hand when it is stopped, and goes round its own hinge as the hand goes."""
        search, model, yaw = self.search, base.model, f"{part}.yaw"
        grips = next(placed.part.grips for placed in self.scene.config.parts if placed.name == part)
        sites = [f"{part}/{name}" for one in grips.values() if one.kind == "handle" for name in one.sites]
        ids = [i for i in range(model.nsite) if model.site(i).name in sites]
        data, found = posed(model, start_of(base)), []
        for site in ids:
            hinges = [j for j in range(model.njnt) if model.jnt_bodyid[j] == model.site_bodyid[site] and abs(data.xaxis[j, 2]) > UPRIGHT]
            if not hinges:
                continue
            arm = (data.site_xpos[site] - data.xanchor[hinges[0]])[:2]
            if np.linalg.norm(self.path[:, :2] - self.path[0, :2], axis=1).max() < LEAST_ARC * np.linalg.norm(arm):
                continue
            low, high = search.bounds(yaw) if yaw in search.ends else (0.0, 0.0)
            turn = np.linspace(low, high, 500) - (base.values[yaw] if yaw in search.ends else 0.0)
            turned = np.stack([np.cos(turn) * arm[0] - np.sin(turn) * arm[1], np.sin(turn) * arm[0] + np.cos(turn) * arm[1]], axis=1)
            away = np.linalg.norm(self.path[:, None, :2] - (self.path[0, :2] - turned), axis=2) - np.linalg.norm(arm)
            given = {yaw: float(base.values[yaw] + turn[(away**2).sum(axis=0).argmin()])} if yaw in search.ends else {}
            draw = search.start.draw({**base.values, **given})
            data.qpos[:] = start_of(draw)
            mujoco.mj_kinematics(draw.model, data)
            keys = [key for key, by in search.moves(part).items() if key != yaw and key not in search.fixed()]
            effect = np.array([search.moves(part)[key].mean(axis=0) / NUDGE for key in keys]).reshape(-1, 3)
            by = np.linalg.lstsq(effect.T, self.path[0] - data.site_xpos[site], rcond=None)[0] if keys else []
            moved_to = {key: float(np.clip(base.values[key] + one, *search.bounds(key, f"{part}."))) for key, one in zip(keys, by)}
            found += [{**given, **moved_to, **own} for own in self._stiffnesses(part)]
        return found

    def _stiffnesses(self, part: str) -> list[dict[str, float]]:
        """Values of what a part varies and what is no place of it (its latch), from one end to the other: an arc tells nothing of them."""
        search = self.search
        own = [key for key in search.ends if key.startswith(f"{part}.") and key not in search.moves(part)]
        return [{key: float(np.interp(share, [0.0, 1.0], search.ends[key])) for key in own} for share in LATCHES] if own else [{}]

    def between(self, points: np.ndarray, moved: np.ndarray) -> np.ndarray:
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

    def depth(self, draw: Draw, base: Played) -> float:
        """How deep [m] the robot is inside anything on its way there, in a start that goes on from another one.

        Infinite where it is deeper than `DEEPEST` before that start goes on: nothing can push the two apart then.
        """
        model, found, own = draw.model, 0.0, start_of(draw)
        for row, data in zip(self.rows, postures(model, (laid(draw, base, row, own) for row in self.rows))):
            mujoco.mj_comPos(model, data)
            mujoco.mj_collision(model, data)
            bodies = model.geom_bodyid[data.contact.geom] if data.ncon else np.zeros((0, 2), int)
            robots = np.array([[is_robots(model, int(b)) for b in pair] for pair in bodies]).reshape(-1, 2)
            deep = -data.contact.dist[robots[:, 0] != robots[:, 1]].min(initial=0.0) if len(robots) else 0.0
            found = max(found, float(deep))
            if found > (DEEPEST if row <= base.step else BRUSHED):
                return np.inf
        return found


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
