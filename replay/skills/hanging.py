"""Skills for a cloth that lies anyhow: it is taken up where it stands highest, hung up by a corner and by the next, and laid down flat."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ...scenarios.cloth import Cloth
from .arm import hand_frame, posture, progress, turn_z, turned_between
from .body import SIDES, Body, Motion, percent_of_gap
from .cloth import FELT, FIRM, SETTLE, SHUT, WAYS, closing, corner_spots, flat_at, rising, together
from .hands import UP
from .skill import Argument, Skill
from .tips import ADVANCE, PAD_EDGE, PAD_END, TIP_END, gap_of
from .tips import squeezing as squeezing_to

POSES = ("elbow_out", "elbow_in", "raised", "over", "bench_beside")  # seeds of the inverse kinematics
CLOSE = 0.02  # m, that a hand may miss of where it is wanted, with 0.1 m for each radian
SEEN = 3  # parts of a triangle's side, by which a cloth is seen as points
FINGER = (0.016, 0.016, 0.12)  # m: half width, thickness and length of a finger, with some room about it
INSET = (0.026, 0.016)  # m from a corner, along the long edge and along the short one: there it is taken
NEAR_CORNER = 0.075  # m on the flat cloth: what lies further from a corner does not belong between the pads
AWAY = 0.10  # m, whence a hand comes along its fingers
PATIENCE = 2.0  # s, in which a hanging cloth comes to rest
LOWEST, APART = 0.025, 0.03  # m: lower places are not taken up; how far those lie apart that are looked at
ACROSS, FAR = 0.25, 0.66  # m: how far across its shoulder a hand works, and how far before the robot
NEARBY = 0.06  # m from a corner, where it is seen how the cloth lies about it
SLACK, ON = (
    0.015,
    0.015,
)  # m: by which the hands come back less than the cloth is wide at first; height at which they let go
THIN = 0.0005  # m, opening to which a claw may close on what hangs by it
LOWEST_HAND = 0.10  # m over the table, to which the hands come down at most before they come back
PULL = 1.5  # N, with which a cloth is drawn taut
LYING = 0.02  # m: a hem that is lower lies
HELD = 0.04  # m on the flat cloth, of a corner from the pads that hold it
THERE = 0.02  # m, so near a place a hand need not go there
ENOUGH = 4  # seen points between the pads of a hand that holds a corner well
FEWEST, FULL, MOST = 10, 80, 600  # seen points that are to be between the fingers; grasps that are looked at
LET_DOWN = 0.12  # m over the table, to where a corner is let down before the other hand lets go
TRAILING = 0.45  # m over the table: held no higher, a good deal of the cloth lies there
LOW = 0.03  # m over the table, where a corner can be taken
COMING, QUICK = 1.5, 60.0  # s, in which a hand comes to a corner; percent/s, with which it begins to close
MENDING, MISSED = 0.08, 0.04  # share of what a hand misses that is added at each step; m, at most
CALM = 0.03  # m/s, at which it hangs still


def squeezing(body: Body, side: str, force: float, motion: Motion) -> Motion:
    """A motion, while a claw presses on the one layer that it holds, however thin that gets: it hangs by it."""
    yield from squeezing_to(body, side, force, motion, THIN)


def points_of(cloth: Cloth, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) where a cloth is seen [m], at and between its vertices, and (n, 2) where these points are when it is flat."""
    weights = np.array([(i, j, SEEN - i - j) for i in range(SEEN + 1) for j in range(SEEN + 1 - i)]) / SEEN
    now = np.einsum("wk,tkc->twc", weights, places[cloth.triangles]).reshape(-1, 3)
    flat = np.einsum("wk,tkc->twc", weights, cloth.flat[cloth.triangles]).reshape(-1, 2)
    return now, flat


def between_fingers(points: np.ndarray, at: np.ndarray, frame: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Which points (n, 3) an open claw has between its fingers, and which its fingers run into on their last way: two (n,) masks."""
    x, y, z = ((points - at) @ frame).T
    end = TIP_END - ADVANCE * gap
    ahead = (z < end) & (z > end - FINGER[2]) & (np.abs(x) < FINGER[0])
    return ahead & (np.abs(y) < 0.5 * gap), ahead & (np.abs(y) >= 0.5 * gap) & (np.abs(y) < 0.5 * gap + FINGER[1])


def between_pads(points: np.ndarray, at: np.ndarray, frame: np.ndarray, half: float) -> np.ndarray:
    """(n,) which points (n, 3) lie between the pads of a hand, no further from their middle than `half` [m]."""
    x, y, z = np.abs((points - at) @ frame).T
    return (x < PAD_EDGE) & (z < PAD_END) & (y < half)


def reaching(body: Body, side: str, row: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray] | None:
    """Joint angles (7,) at each of a row of hand poses, by the posture in which all are within reach; None where none is."""
    arm = body.arms[side]
    best: tuple[float, list[np.ndarray] | None] = (CLOSE, None)
    for name in POSES:
        q, found, off = posture(name, side), [], 0.0
        for position, rotation in row:
            q, left = arm.solve(position, rotation, q, None, FIRM)
            off = max(off, left + FIRM[0] * turned_between(arm.hand(q)[1], rotation))
            if off >= best[0]:
                break
            found.append(q)
        else:
            best = (off, found)
            if off < 0.3 * CLOSE:
                break
    return best[1]


def at_rest(body: Body, cloth: Cloth, patience: float = PATIENCE) -> Motion:
    """Wait until a cloth hangs still."""
    before = body.vertices(cloth)
    for k in range(round(patience / body.timestep)):
        yield
        now = body.vertices(cloth)
        speed, before = np.percentile(np.linalg.norm(now - before, axis=1), 90) / body.timestep, now
        if speed < CALM and k * body.timestep > 0.3:
            break


@dataclass(frozen=True)
class Grasp:
    """How a claw takes hold of a cloth.

    Attributes:
        side: which hand.
        at, frame: (3,) [m] and (3, 3) of its tcp.
        before, there: (7,) joint angles [rad] whence it comes, and there.
        spot: (2,) [m] where on the flat cloth it takes hold; None where that does not matter.
    """

    side: str
    at: np.ndarray
    frame: np.ndarray
    before: np.ndarray
    there: np.ndarray
    spot: np.ndarray | None = None


class HangUp(Skill):
    """Take up a cloth that lies anyhow, and get hold of both ends of a long edge of it, one with each hand.

    A hand takes it where it stands highest and raises it. It hangs by that place, and its corners hang free: the other hand takes
    the one that it comes to best, and the first lets go. Held up by the corner, the other end of the long edge hangs below: the
    free hand takes that, too. What slips is taken again.
    """

    word = "hang_up"
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "over": Argument("site", "of what it lies on"),
        "height": Argument("length", "of the hand that holds it up by a corner, above that", 0.84),
        "heap": Argument("length", "the same of a hand that holds it anywhere", 0.62),
        "ahead": Argument("length", "how far before the robot it is held up", 0.48),
        "gap": Argument("length", "opening of a claw that comes", 0.065),
        "wide": Argument("length", "the same where it is taken up from the table", 0.08),
        "deep": Argument("length", "how far below the highest place the fingers reach", 0.065),
        "above": Argument("length", "of the fingers' ends over what it lies on", 0.010),
        "force": Argument("force", "of each pad", 6.0),
        "speed": Argument("speed", "largest speed of the hands", 0.4),
        "tries": Argument("word", "how often something is tried before it is given up", "8", ("3", "5", "8", "12")),
    }

    def run(self, body: Body) -> Motion:
        for _ in range(int(self.tries)):
            held = {side: self._corner(body, side) for side in SIDES if self._holds(body, side)}
            for side in set(body.held) - set(held):
                yield from self._open(body, side)
            print("STATE", held, flush=True)
            if not held:
                yield from self._pick(body)
                if body.given_up is not None:
                    return
                continue
            holding = next((side for side in held if held[side] is not None), next(iter(held)))
            free = "right" if holding == "left" else "left"
            if free in held:
                yield from self._keeping(body, holding, self._open(body, free))
                continue
            high = self.height if held[holding] is not None else self.heap
            yield from self._keeping(body, holding, self._show(body, holding, high))
            yield from self._keeping(body, holding, at_rest(body, self.of, PATIENCE if high == self.height else 0.5))
            spots = self._wanted(held[holding])
            if held[holding] is not None:
                yield from self._keeping(body, holding, self._turn(body, holding, spots[0]))
            grasp = next(self._corners(body, free, spots), None)
            if grasp is None:
                print("NO GRASP", flush=True)
                continue
            yield from self._keeping(body, holding, self._take(body, grasp))
            weak = len(self._between(body, free)[0]) < ENOUGH
            if weak or self._corner(body, free) not in spots or not self._holds(body, free):
                yield from self._keeping(body, holding, self._open(body, free))
            elif held[holding] is None:
                yield from self._hand_over(body, holding, free)
            elif self._holds(body, holding):
                return
        body.given_up = f"the cloth does not hang by both ends of an edge after {self.tries} tries"

    def _keeping(self, body: Body, side: str, motion: Motion) -> Motion:
        yield from squeezing(body, side, self.force, motion)

    def _between(self, body: Body, side: str) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) and (n, 2): the places of the cloth between the pads of a hand, now and on the flat cloth."""
        points, flat = points_of(self.of, body.vertices(self.of))
        tcp, turn = body.site(f"{side}_tcp")
        between = between_pads(points, tcp, turn, max(gap_of(body.percent(side)), 2.0 * SHUT))
        return points[between], flat[between]

    def _holds(self, body: Body, side: str) -> bool:
        return side in body.held and body.touch(side).min() > 0.5 * FELT and len(self._between(body, side)[0]) > 0

    def _corner(self, body: Body, side: str) -> int | None:
        """The corner that a hand holds the cloth by, and nothing else of it."""
        flat = self._between(body, side)[1]
        for spot in (spot for edge in corner_spots(self.of) for spot in edge):
            away = np.linalg.norm(flat - self.of.flat[spot], axis=1)
            if away.min(initial=1.0) < HELD and away.max(initial=0.0) < NEAR_CORNER:
                return spot
        return None

    def _wanted(self, held: int | None) -> list[int]:
        """The corners of which one is to be taken: any, or the other end of the long edge that is held by one."""
        edges = corner_spots(self.of)
        if held is None:
            return [spot for edge in edges for spot in edge]
        return [spot for edge in edges if held in edge for spot in edge if spot != held]

    # -- from the table ---------------------------------------------------------------------------------------------

    def _pick(self, body: Body) -> Motion:
        grasp = next(self._tops(body), None)
        if grasp is None:
            body.given_up = "no hand comes to a place where the cloth stands up"
            return
        side, arm = grasp.side, body.arms[grasp.side]
        body.open_claw(side, self.wide)
        yield from arm.follow(body.way(side, grasp.before, WAYS, self.speed, seek=True))
        yield from arm.follow(arm.line([(grasp.at, grasp.frame)], 0.15, orient=FIRM), tremor=0.0)
        yield from self._close(body, side)
        yield from self._keeping(body, side, rising(arm, 0.10))
        yield from self._keeping(body, side, body.wait(0.3))

    def _tops(self, body: Body) -> Iterator[Grasp]:
        """Grasps from above, the best first."""
        points, _ = points_of(self.of, body.vertices(self.of))
        floor = float(body.site(self.over)[0][2])
        tops: list[np.ndarray] = []
        for top in points[np.argsort(-points[:, 2])]:
            if top[2] < floor + LOWEST:
                break
            if all(np.linalg.norm((top - other)[:2]) > APART for other in tops):
                tops.append(top)
        rows = []
        for top in tops:
            low = max(floor + self.above, top[2] - self.deep)
            for side in SIDES:
                sign = 1.0 if side == "left" else -1.0
                away = top - body.site(f"{side}_shoulder")[0]
                if body.leftwards(away) * sign < -ACROSS or np.hypot(*away[:2]) > FAR:
                    continue
                for yaw in np.deg2rad([-80.0, -50.0, -25.0, 0.0, 25.0]):
                    for pitch in np.deg2rad([30.0, 50.0, 70.0]):
                        frame = hand_frame(sign * yaw + body.heading, pitch)
                        at = np.array([*top[:2], low]) - (TIP_END - ADVANCE * self.wide) * frame[:, 2]
                        inside, blocked = between_fingers(points, at, frame, self.wide)
                        held = int((inside & (points[:, 2] > low + 0.008)).sum())
                        if held >= FEWEST:
                            score = 0.01 * float(blocked.sum()) - 0.003 * min(held, FULL) - 0.1 * float(pitch)
                            rows.append((score - 2.0 * float(top[2] - floor), side, at, frame))
        for _, side, at, frame in sorted(rows, key=lambda row: row[0])[:MOST]:
            found = reaching(body, side, [(at + 0.08 * UP, frame), (at, frame)])
            if found is not None:
                yield Grasp(side, at, frame, *found)

    # -- in the air -------------------------------------------------------------------------------------------------

    def _show(self, body: Body, side: str, high: float) -> Motion:
        """Hold the cloth up before the body, so high [m] above what it lay on, or as the arm comes."""
        arm, sign = body.arms[side], 1.0 if side == "left" else -1.0
        floor, now = body.site(self.over)[0][2], body.arms[side].hand()[1]
        ahead = np.array([np.cos(body.heading), np.sin(body.heading), 0.0])
        left = np.cross(UP, ahead)
        origin = 0.5 * sum(body.site(f"{s}_shoulder")[0] for s in SIDES) * [1.0, 1.0, 0.0]
        turns = np.deg2rad([-60.0, -30.0, 0.0]), np.deg2rad([-20.0, -45.0, 10.0]), np.deg2rad([0.0, 180.0, 90.0, -90.0])
        frames = [hand_frame(sign * y + body.heading, p, r) for y, p, r in itertools.product(*turns)]
        frames.sort(key=lambda frame: turned_between(frame, now))
        for lower, beside in itertools.product((0.0, 0.05, 0.10), (-0.04, 0.02, 0.08)):
            place = origin + self.ahead * ahead + sign * beside * left + (floor + high - lower) * UP
            if np.linalg.norm(arm.hand()[0] - place) < THERE:
                return
            low = place - max(0.0, high - TRAILING) * UP
            for frame in frames:
                found = reaching(body, side, [(low, frame), (place, frame)])
                if found is not None:
                    # low, what trails on the table does not swing; then straight up
                    yield from arm.follow(body.way(side, found[0], WAYS, self.speed))
                    if high > TRAILING:
                        yield from arm.hold(0.5)
                        yield from arm.follow(arm.line([(place, frame)], 0.2, orient=FIRM), tremor=0.0)
                    return

    def _turn(self, body: Body, side: str, spot: int) -> Motion:
        """Turn the hand that holds the cloth up, so that a corner comes to the side of the other one."""
        arm = body.arms[side]
        at, frame = arm.hand()
        points, flat = points_of(self.of, body.vertices(self.of))
        beside = (seen_at(points, flat, self.of.flat[spot]) - at) * [1.0, 1.0, 0.0]
        sign = 1.0 if side == "left" else -1.0
        turns = np.deg2rad([0.0, 30.0, -30.0, 60.0, -60.0, 90.0, -90.0, 120.0, -120.0])
        turns = sorted(turns, key=lambda turn: sign * body.leftwards(turn_z(turn) @ beside) + 0.02 * abs(turn))
        for turn in turns:
            if turn == 0.0:
                return
            found = reaching(body, side, [(at, turn_z(turn) @ frame)])
            if found is not None:
                print("TURN", side, np.rad2deg(turn), beside, flush=True)
                yield from arm.follow(arm.line([(at, turn_z(turn) @ frame)], 0.2, orient=FIRM), tremor=0.0)
                yield from at_rest(body, self.of)
                return

    def _corners(self, body: Body, side: str, spots: Sequence[int]) -> Iterator[Grasp]:
        """Grasps of hanging corners, the best first."""
        cloth: Cloth = self.of
        points, flat = points_of(cloth, body.vertices(cloth))
        floor, middle = float(body.site(self.over)[0][2]), cloth.flat.mean(axis=0)
        sign = 1.0 if side == "left" else -1.0
        inset = np.array(INSET if cloth.size[0] > cloth.size[1] else INSET[::-1])
        turns = (
            np.deg2rad(np.arange(-105.0, 46.0, 15.0)),
            np.deg2rad([-40.0, -20.0, 0.0, 20.0, 40.0]),
            np.deg2rad([0.0, 45.0, 90.0, 135.0]),
        )
        rows = []
        for spot in spots:
            inner = cloth.flat[spot] + inset * np.sign(middle - cloth.flat[spot])
            place = seen_at(points, flat, inner)
            own = np.linalg.norm(flat - cloth.flat[spot], axis=1) < NEAR_CORNER
            within = (
                seen_at(points, flat, cloth.flat[spot] + 3.0 * (inner - cloth.flat[spot]))
                - points[np.argmin(np.linalg.norm(flat - cloth.flat[spot], axis=1))]
            )
            within /= np.linalg.norm(within)
            normal = np.linalg.svd(points[np.linalg.norm(flat - inner, axis=1) < 0.035] - place)[2][2]
            for yaw, pitch, roll in itertools.product(*turns):
                frame = hand_frame(sign * yaw + body.heading, pitch, roll)
                if place[2] - floor < LOW + 0.5 * self.gap * abs(frame[2, 1]):
                    continue
                _, blocked = between_fingers(points, place, frame, self.gap)
                pinched = between_pads(points, place, frame, 0.5 * self.gap)
                score = float((blocked & own).sum()) + 0.3 * float((blocked & ~own).sum())
                score += 3.0 * float((pinched & ~own).sum())
                score += 8.0 * max(
                    0.0, sign * body.leftwards(frame[:, 2])
                )  # from the hand's own side, not through the cloth
                score += 8.0 * (1.0 - float(within @ frame[:, 2]))  # from outside: so it is not wrapped round the hand
                rows.append((score + 6.0 * (1.0 - abs(float(normal @ frame[:, 1]))), inner, place, frame))
        for _, inner, place, frame in sorted(rows, key=lambda row: row[0])[:MOST]:
            found = reaching(body, side, [(place - AWAY * frame[:, 2], frame), (place, frame)])
            if found is not None:
                yield Grasp(side, place, frame, *found, inner)

    def _take(self, body: Body, grasp: Grasp) -> Motion:
        """Come with an open claw and close it; what hangs swings, and the hand goes with it."""
        side, arm = grasp.side, body.arms[grasp.side]
        body.open_claw(side, self.gap)
        yield from arm.follow(body.way(side, grasp.before, WAYS, self.speed, seek=True))
        following = self._following(body, grasp)
        for _ in range(round(COMING / body.timestep)):
            next(following)
            yield
        while gap_of(body.percent(side)) > 0.5 * self.gap:
            body.claws[side] = min(body.claws[side] + QUICK * body.timestep, percent_of_gap(0.4 * self.gap))
            next(following)
            yield
        points, flat = points_of(self.of, body.vertices(self.of))
        print(
            "TRACK",
            side,
            "err",
            body.site(f"{side}_tcp")[0] - seen_at(points, flat, grasp.spot),
            "cmd",
            arm.hand()[0] - seen_at(points, flat, grasp.spot),
            "turned",
            turned_between(arm.hand()[1], grasp.frame),
            flush=True,
        )
        yield from self._close(body, side)

    def _following(self, body: Body, grasp: Grasp) -> Motion:
        """Bring the hand to a place of the cloth wherever that goes, along the fingers, and keep it there."""
        arm = body.arms[grasp.side]
        q, at, step = arm.q.copy(), arm.hand()[0], 0.3 * body.timestep
        missed = at - body.site(f"{grasp.side}_tcp")[0]  # the arm sags
        for k in itertools.count(1):
            points, flat = points_of(self.of, body.vertices(self.of))
            back = AWAY * (1.0 - progress(min(k * body.timestep / (0.8 * COMING), 1.0), 0.5))
            goal = seen_at(points, flat, grasp.spot) - back * grasp.frame[:, 2]
            if back == 0.0:  # what swings is ahead of an arm that lags: what is seen to be missing is added
                missed = np.clip(missed + MENDING * (goal - body.site(f"{grasp.side}_tcp")[0]), -MISSED, MISSED)
            way = goal + missed - at
            at = at + way * min(1.0, step / max(float(np.linalg.norm(way)), 1e-9))
            before, (q, _) = q, arm.solve(at, grasp.frame, q, None, FIRM, steps=6)
            arm.q, arm.command = q, q + arm.lag * (q - before) / body.timestep
            yield

    def _hand_over(self, body: Body, giving: str, taking: str) -> Motion:
        """Let both hands down, so that the cloth lies on the table and does not swing, and let go with one."""
        at = body.arms[taking].hand()[0]
        down = max(at[2] - float(body.site(self.over)[0][2]) - LET_DOWN, 0.0)
        ahead = np.array([np.cos(body.heading), np.sin(body.heading), 0.0])
        forth = max(self.ahead - float((at - body.site(f"{taking}_shoulder")[0]) @ ahead), 0.0)
        if down > 0.0:
            ways = {}
            for side in SIDES:
                at, frame = body.arms[side].hand()
                ways[side] = body.arms[side].line([(at + forth * ahead - down * UP, frame)], 0.25, orient=FIRM)
            time = max(way.duration for way in ways.values())
            moves = {s: body.arms[s].follow(replace(way, duration=time), tremor=0.0) for s, way in ways.items()}
            yield from together(*(self._keeping(body, side, motion) for side, motion in moves.items()))
        yield from self._keeping(body, taking, self._open(body, giving))

    def _close(self, body: Body, side: str) -> Motion:
        yield from closing(body, side)
        body.hold_on(side, self.of.part)
        yield from self._keeping(body, side, body.arms[side].hold(SETTLE))
        print(
            "CLOSED",
            side,
            gap_of(body.percent(side)),
            body.touch(side),
            self._corner(body, side),
            len(self._between(body, side)[0]),
            flush=True,
        )

    def _open(self, body: Body, side: str) -> Motion:
        """Let go, draw back along the fingers, and out of the way."""
        arm = body.arms[side]
        yield from body.let_go(side, self.gap, 0.6)
        at, frame = arm.hand()
        yield from arm.follow(arm.line([(at - AWAY * frame[:, 2], frame)], 0.3, orient=FIRM), tremor=0.0)
        yield from arm.follow(body.way(side, posture("ready", side), WAYS, self.speed))


def seen_at(points: np.ndarray, flat: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(3,) where the point of a cloth is seen that is nearest to a place (2,) on it when it is flat."""
    return points[int(np.argmin(((flat - place) ** 2).sum(axis=1)))]


def basis(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(3, 3) right-handed unit vectors as columns: along the first, in the plane of both, and out of it."""
    a = first / np.linalg.norm(first)
    c = np.cross(a, second)
    c /= np.linalg.norm(c)
    return np.stack([a, np.cross(c, a), c], axis=1)


class LayFlat(Skill):
    """Lay a cloth that both hands hold by the ends of its long edge flat on a table: far edge first, hands coming back and down."""

    word = "lay_flat"
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "over": Argument("site", "of the table's edge"),
        "reach": Argument("length", "how far inside the edge the hem comes down", 0.35),
        "taut": Argument("length", "by which the hands stay nearer than the cloth is long, until it lies", 0.02),
        "force": Argument("force", "of each pad", 6.0),
        "speed": Argument("speed", "largest speed of the hands", 0.3),
    }

    def run(self, body: Body) -> Motion:
        cloth: Cloth = self.of
        if any(side not in body.held for side in SIDES):
            body.given_up = "the cloth is not held by both hands"
            return
        places = body.vertices(cloth)
        held = {side: flat_at(cloth, places, body.site(f"{side}_tcp")[0]) for side in SIDES}
        apart = float(np.linalg.norm(held["left"] - held["right"])) - self.taut
        width = float(cloth.size.min())
        high = width + 0.10
        frames = {side: self._frame(body, side, apart, width) for side in SIDES}
        rows = {side: [(self._place(body, side, self.reach, high, apart), frames[side])] for side in SIDES}
        yield from self._both(body, rows, 0.6 * self.speed)
        yield from self._waiting(body, 0.6)
        apart = float(
            abs(
                (body.arms["left"].hand()[0] - body.arms["right"].hand()[0])
                @ np.cross(UP, body.site(self.over)[1][:, 0])
            )
        )
        print("PULL", self._pull(body), apart, [body.feel(s).round(1).tolist() for s in SIDES], flush=True)
        floor = float(body.site(self.over)[0][2])
        rows = {side: [(self._place(body, side, self.reach, LOWEST_HAND, apart), frames[side])] for side in SIDES}
        yield from self._both(body, rows, 0.15, lambda: self._hem(body) - floor < LYING)
        up = float(np.mean([body.arms[side].hand()[0][2] for side in SIDES])) - floor
        print("HEM", up, flush=True)
        back = width - INSET[1] - SLACK
        rows = {side: [] for side in SIDES}
        for angle in np.deg2rad([15.0, 30.0, 45.0, 60.0, 75.0, 90.0]):
            ahead, height = self.reach - back * np.sin(angle), ON + (up - ON) * np.cos(angle) ** 2
            for side in SIDES:
                rows[side].append((self._place(body, side, ahead, height, apart), frames[side]))
        yield from self._both(body, rows, 0.2)
        yield from self._waiting(body, 0.4)
        rows = {s: [(self._place(body, s, ahead - 1.5 * SLACK, ON, apart + self.taut), frames[s])] for s in SIDES}
        yield from self._both(body, rows, 0.05)
        yield from self._waiting(body, 0.4)
        yield from together(*(self._leave(body, side) for side in SIDES))

    def _pull(self, body: Body) -> float:
        """[N] with which the cloth draws the hands together."""
        left = np.cross(UP, body.site(self.over)[1][:, 0])
        return 0.5 * float((body.feel("right") - body.feel("left")) @ left)

    def _place(self, body: Body, side: str, ahead: float, up: float, apart: float) -> np.ndarray:
        """(3,) [m] so far inside the edge, above the table, and to its side."""
        edge, turn = body.site(self.over)
        across = np.cross(UP, turn[:, 0]) * (0.5 if side == "left" else -0.5) * apart
        return edge + across + ahead * turn[:, 0] + up * UP

    def _frame(self, body: Body, side: str, apart: float, width: float) -> np.ndarray:
        """The rotation (3, 3) in which a hand lays its corner: turned as the cloth about it is to turn, so that it is not twisted."""
        away, sign = body.site(self.over)[1][:, 0], 1.0 if side == "left" else -1.0
        inwards = -sign * np.cross(UP, away)
        _, now = body.arms[side].hand()
        wanted = basis(inwards, away - UP) @ self._lie(body, side).T @ now
        turns = (
            np.deg2rad(np.arange(-120.0, 46.0, 15.0)),
            np.deg2rad([-20.0, 0.0, 20.0, 40.0, 60.0, 75.0]),
            np.deg2rad(np.arange(0.0, 360.0, 45.0)),
        )
        frames = [hand_frame(sign * y + body.heading, p, r) for y, p, r in itertools.product(*turns)]
        frames.sort(key=lambda frame: turned_between(frame, wanted))
        row = [self._place(body, side, ahead, up, apart) for ahead, up in ((self.reach, width + 0.10), (0.0, ON))]
        for frame in frames:
            if reaching(body, side, [(place, frame) for place in row]) is not None:
                print(
                    "FRAME",
                    side,
                    "from wanted",
                    turned_between(frame, wanted),
                    "turn",
                    turned_between(frame, now),
                    flush=True,
                )
                return frame
        return frames[0]

    def _lie(self, body: Body, side: str) -> np.ndarray:
        """(3, 3) how the cloth lies about a hand that holds it by a corner: along the long edge, along the short one, and out of it."""
        cloth: Cloth = self.of
        points, flat = points_of(cloth, body.vertices(cloth))
        spots = [spot for ends in corner_spots(cloth) for spot in ends]
        tcp = body.site(f"{side}_tcp")[0]
        corner = cloth.flat[
            min(
                spots,
                key=lambda spot: float(
                    np.linalg.norm(points[np.argmin(np.linalg.norm(flat - cloth.flat[spot], axis=1))] - tcp)
                ),
            )
        ]
        ways = NEARBY * np.sign(cloth.flat.mean(axis=0) - corner)
        long = int(np.argmax(cloth.size))
        ends = [seen_at(points, flat, corner + np.eye(2)[k] * ways[k]) for k in (long, 1 - long)]
        at = seen_at(points, flat, corner)
        return basis(ends[0] - at, ends[1] - at)

    def _both(
        self,
        body: Body,
        rows: dict[str, list[tuple[np.ndarray, np.ndarray]]],
        speed: float,
        until: Callable[[], bool] | None = None,
    ) -> Motion:
        """Both hands along rows of poses in the same time, the cloth held."""
        paths = {side: body.arms[side].line(row, speed, orient=FIRM) for side, row in rows.items()}
        time = max(path.duration for path in paths.values())
        moves = {s: body.arms[s].follow(replace(path, duration=time), until, tremor=0.0) for s, path in paths.items()}
        yield from together(*(squeezing(body, side, self.force, move) for side, move in moves.items()))

    def _waiting(self, body: Body, seconds: float) -> Motion:
        yield from together(*(squeezing(body, side, self.force, body.arms[side].hold(seconds)) for side in SIDES))

    def _edges(self, body: Body) -> tuple[list[int], list[int]]:
        """The vertices of the long edge that is held, and of the other one."""
        cloth: Cloth = self.of
        places, across = body.vertices(cloth), int(np.argmin(cloth.size))
        rows = [
            np.flatnonzero(cloth.flat[:, across] == end)
            for end in (cloth.flat[:, across].min(), cloth.flat[:, across].max())
        ]
        hands = [body.site(f"{side}_tcp")[0] for side in SIDES]
        held = min(rows, key=lambda row: sum(np.linalg.norm(places[row] - hand, axis=1).min() for hand in hands))
        return list(held), list(rows[1] if held is rows[0] else rows[0])

    def _hem(self, body: Body) -> float:
        """Height of the other edge [m]: three quarters of it lie lower."""
        return float(np.percentile(body.vertices(self.of)[self._edges(body)[1]][:, 2], 75.0))

    def _leave(self, body: Body, side: str) -> Motion:
        arm = body.arms[side]
        yield from body.let_go(side, 0.05, 0.8)
        at, frame = arm.hand()
        back = frame[:, 2] * [1.0, 1.0, 0.0]
        back /= np.linalg.norm(back)
        yield from arm.follow(arm.line([(at - 0.08 * back, frame)], 0.15, orient=FIRM), tremor=0.0)
        at, frame = arm.hand()
        yield from arm.follow(arm.line([(at + 0.15 * UP, frame)], 0.25, orient=FIRM), tremor=0.0)
