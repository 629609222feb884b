"""Skills that spread a crumpled cloth on a table: its open end is taken up at the table's end, it is shaken out and laid down.

A cloth that was lifted at a place and let fall is a heap there, and lies flat at the end that is further away. The robot walks to
the end of the table on that side, draws the short edge over the table's end, takes it up by both corners and raises it: by its
weight the cloth comes straight. It is longer than the hands reach over the table, so that it cannot be laid down from where they
are: it is swung ahead, comes down with its far edge first, and the hands draw back and go down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ...scenarios.cloth import Cloth
from .arm import between
from .base import Base
from .body import SIDES, Body, Motion
from .cloth import (
    FELT,
    FIRM,
    HOVER,
    PATIENCE,
    SINK,
    WAYS,
    YIELD,
    AtEdge,
    DrawOver,
    Edges,
    PickCloth,
    across,
    choose,
    corner_spots,
    flat_at,
    keeping_lower,
    rising,
    together,
)
from .hands import UP
from .skill import Argument
from .tips import TIGHT, gap_of, hands_over, nearest, squeezing, tcp_from_nose, tcp_from_tip
from .walking import Walking

LOOSE = (0.02, 0.02, 0.02)  # weights of the hand's orientation [m/rad] where its place counts
THIN = 0.0005  # m, opening to which a claw may close on what hangs by it
OPEN = 0.10  # m from a short edge, within which it is seen whether it lies open
BACK = 0.45  # m from the table's end, where the robot turns to it
ROUND = 0.12  # m, by which it keeps further from the table's front than it stands at first, on its way to the end
PITCH = float(np.deg2rad(30.0))  # how far the fingers point down that reach far
BESIDE = (0.05, 0.08, 0.11, 0.14)  # m from a corner along its edge, where a hand may press
BEHIND = 0.035  # m from the edge, where it does
LOST = 0.6  # s, after which a hand that feels nothing has lost the cloth
AT_EASE, FURTHEST = 0.50, 0.615  # m before the robot, to where hands reach with the knees bent a little, and at most
ONTO = 0.01  # m, how far from the edge a hand presses at least
NEARLY = 0.03  # m, by which a corner may lie further for the arms alone
# arguments of drawing that picking has, too, with values of its own
AGAIN = {name: DrawOver.arguments[name].default for name in ("inset", "pitch", "force", "speed")}
MOST, INSIDE = 0.06, 0.004  # m, by which an edge is drawn back at most, and how far inside the table's end it stays
LEAST = 0.1  # N, with which either pad of a hand is pressed that holds the cloth
LATEST = 2.5  # s, after which the hands go down whatever is seen
TIMES, SHORT = 3, 0.016  # how often it is drawn at most; m, to which it may draw back when the hands let go
ENOUGH = 0.022  # m, from which a corner hangs down far enough
SIDEWAYS = 0.12  # m from the middle of the table's end, where its legs leave room for the robot's
ENDS = {
    "of": Argument("cloth", "the cloth"),
    "left": Argument("site", "middle of the table's end to the left, x across the table"),
    "right": Argument("site", "of its end to the right"),
}


def short_edges(cloth: Cloth) -> tuple[tuple[int, int], tuple[int, int]]:
    """Vertices at the corners, by the two short edges that they end."""
    (a, b), (c, d) = corner_spots(cloth)
    return ((a, c), (b, d)) if cloth.size[0] > cloth.size[1] else ((a, b), (c, d))


def moving(body: Body) -> Base:
    """The base, which moves: `read_skills` has noted where it does not."""
    assert body.base is not None
    return body.base


def nearest_end(body: Body, left: str, right: str) -> tuple[np.ndarray, np.ndarray]:
    """(3,) [m] and (3, 3) of that end of the table before which the robot stands."""
    at = moving(body).at
    return min((body.site(name) for name in (left, right)), key=lambda end: float(np.hypot(*(end[0][:2] - at))))


class AtTableEnd(AtEdge):
    """What the skills share that work at an end of the table, on the short edge of a cloth that is nearer to it."""

    def _end(self, body: Body) -> tuple[np.ndarray, np.ndarray]:
        return nearest_end(body, self.left, self.right)

    def _edges(self, body: Body) -> Edges:
        edge, turn = self._end(body)
        away, places = turn[:, 0], body.vertices(self.of)
        leftwards = np.cross(UP, away)
        ends = sorted(short_edges(self.of), key=lambda ends: sum(float((places[v] - edge) @ away) for v in ends))
        near, far = (sorted(ends, key=lambda v: -float(places[v] @ leftwards)) for ends in ends)
        return Edges(dict(zip(SIDES, near)), dict(zip(SIDES, far)))

    def _stand(self, body: Body, off: float, middle: float | None = None) -> tuple[np.ndarray, float]:
        """(2,) [m] where the robot stands so far before the table's end, and its heading [rad]; it faces the near edge's middle."""
        edge, turn = self._end(body)
        away, places, near = turn[:, 0], body.vertices(self.of), self._edges(body).near
        beside = np.cross(UP, away)
        if middle is None:
            middle = 0.5 * float(sum((places[v] - edge) @ beside for v in near.values()))
        place = edge + middle * beside - off * away
        return place[:2], float(np.arctan2(away[1], away[0]))

    def _step(self, body: Body, off: float, middle: float | None = None, speed: float = 0.2) -> Motion:
        """Walk to so far before the table's end."""
        base = moving(body)
        place, yaw = self._stand(body, off, middle)
        time = 20.0 + float(np.hypot(*(place - base.at))) / speed
        if not (yield from base.walk(place, yaw, speed, 0.4, 0.012, 0.03, time)):
            body.given_up = f"the robot did not come to where it was walking ({self.word})"

    def _beside(self, body: Body) -> float:
        """How far to the left of the middle of the table's end the robot stands [m]."""
        edge, turn = self._end(body)
        return float((np.append(moving(body).at, 0.0) - edge * [1.0, 1.0, 0.0]) @ np.cross(UP, turn[:, 0]))

    def _middle(self, body: Body) -> float:
        """How far to the left of the middle of the table's end the near edge has its own [m], as far as the robot stands there."""
        edge, turn = self._end(body)
        places, beside = body.vertices(self.of), np.cross(UP, turn[:, 0])
        own = 0.5 * sum(float((places[v] - edge) @ beside) for v in self._edges(body).near.values())
        return float(np.clip(own, -SIDEWAYS, SIDEWAYS))

    def _hanging(self, body: Body, side: str, edge: np.ndarray, away: np.ndarray) -> float:
        """How far a corner hangs below the table's end [m]; less than nothing where it still lies inside."""
        corner = body.vertices(self.of)[self._edges(body).near[side]]
        inside, below = float((corner - edge) @ away), float(edge[2] + self.of.radius - corner[2])
        return below if below > 2.0 * self.of.radius else -inside


class GoToEnd(Walking):
    """Walk to the end of the table towards which a short edge of a crumpled cloth lies open."""

    word = "go_to_end"
    hands = "No hand"
    arguments: ClassVar = {
        **ENDS,
        "off": Argument("length", "how far before the table's end it stands", 0.22),
        "speed": Argument("speed", "largest speed over the floor", 0.4),
        "turning": Argument("angle", "how far it turns in a second at most", 0.4),
    }

    def run(self, body: Body) -> Motion:
        base = self.base_of(body)
        name, edge = self._choose(body)
        end, turn = body.site(name)
        away = turn[:, 0]
        beside = np.cross(UP, away)
        middle = float(np.mean([(body.vertices(self.of)[v] - end) @ beside for v in edge]))
        goal, yaw = (end + middle * beside - self.off * away)[:2], float(np.arctan2(away[1], away[0]))
        before = (end + middle * beside - BACK * away)[:2]
        ahead = np.array([np.cos(body.heading), np.sin(body.heading)])
        corner = before + ((base.at - before) @ ahead - ROUND) * ahead
        for place, heading in ((corner, body.heading), (before, yaw), (goal, yaw)):
            time = 20.0 + float(np.hypot(*(place - base.at))) / 0.1
            if not (yield from base.walk(place, heading, self.speed, self.turning, 0.03, 0.03, time)):
                body.given_up = f"the robot did not come to where it was walking ({self.word})"
                return

    def _choose(self, body: Body) -> tuple[str, tuple[int, int]]:
        """The table's end and the short edge that lies open towards it: flat, straight, and not under the rest."""
        cloth, places = self.of, body.vertices(self.of)
        found = []
        for edge in short_edges(cloth):
            name = min((self.left, self.right), key=lambda n: self._away(body, n, places[list(edge)]))
            other = next(e for e in short_edges(cloth) if e is not edge)
            score = self._rough(cloth, places, edge)
            if self._away(body, name, places[list(edge)]) > self._away(body, name, places[list(other)]):
                score += 1.0
            found.append((score, name, edge))
        return min(found)[1:]

    def _away(self, body: Body, name: str, places: np.ndarray) -> float:
        end, turn = body.site(name)
        return float(((places - end) @ turn[:, 0]).mean())

    def _rough(self, cloth: Cloth, places: np.ndarray, edge: tuple[int, int]) -> float:
        """How little a short edge lies open [m]: how high it stands, how much it is bent."""
        long = int(np.argmax(cloth.size))
        near = np.abs(cloth.flat[:, long] - cloth.flat[edge[0], long]) < OPEN
        wide = float(np.linalg.norm(places[edge[0]] - places[edge[1]]))
        return float(np.ptp(places[near, 2])) + abs(float(cloth.size.min()) - wide)


class TowEnd(AtTableEnd):
    """Draw a crumpled cloth near to the end of the table by its open short edge, which lies further inside than the arms draw.

    The robot steps close to the table and bends its knees, presses on the cloth beside both corners and walks back with it.
    """

    word = "tow_end"
    hands = "Both hands"
    needs = "mobile"
    arguments: ClassVar = {
        **ENDS,
        "close": Argument("length", "how far before the table's end the robot stands to reach far", 0.125),
        "off": Argument("length", "the same when the hands are up again", 0.40),
        "squat": Argument("length", "by which it bends its knees to reach far", 0.10),
        "near": Argument("length", "how far inside the table's end a corner is to come to lie", 0.07),
        "force": Argument("force", "with which each hand presses", 5.0),
        "speed": Argument("speed", "with which it walks back", 0.12),
        "reach": Argument("speed", "largest speed of the free hands", 0.4),
        "tries": Argument("word", "how often it is drawn at most", "3", ("1", "2", "3", "5")),
    }

    def run(self, body: Body) -> Motion:
        base = moving(body)
        for side in SIDES:
            body.open_claw(side, TIGHT)
        middle = self._middle(body)
        yield from together(*(self._over(body, side) for side in SIDES))
        for _ in range(int(self.tries)):
            furthest = max(self._inside(body).values())
            if furthest < self.near + 2.0 * NEARLY:
                break
            before = float(np.clip(AT_EASE - BEHIND - furthest, self.close, self.off))
            yield from self._step(body, before, middle)
            if furthest + BEHIND + before > AT_EASE + 0.01:
                yield from base.stand_at(-self.squat, 0.12, 0.005, 10.0)
            inside = self._inside(body)
            # both hands tow the edge as it lies; then the one whose corner is left behind squares it
            sides = (
                SIDES
                if min(inside.values()) > self.near + 2.0 * NEARLY
                else (max(SIDES, key=lambda side: inside[side]),)
            )
            yield from together(*(self._lean(body, side) for side in sides))
            yield from self._walk_back(body, sides)
            yield from together(*(rising(body.arms[side], 0.10) for side in SIDES))
            yield from base.stand_at(0.0, 0.15, 0.005, 10.0)
        yield from self._step(body, self.off, middle)

    def _inside(self, body: Body) -> dict[str, float]:
        """How far inside the table's end the corners lie [m]."""
        edge, turn = self._end(body)
        return {side: -self._hanging(body, side, edge, turn[:, 0]) for side in SIDES}

    def _nearest(self, body: Body) -> float:
        """How far inside the table's end the corner lies that is nearer to it [m]."""
        return min(self._inside(body).values())

    def _over(self, body: Body, side: str) -> Motion:
        """Bring a hand over the table, before the robot steps close to it."""
        arm, (edge, turn) = body.arms[side], self._end(body)
        away = turn[:, 0]
        beside = self._beside(body) + (0.17 if side == "left" else -0.17)
        place = edge + beside * np.cross(UP, away) + 0.12 * away + 0.12 * UP
        _, q = choose(arm, hands_over(away, PITCH), lambda frame: [place])
        yield from arm.follow(body.way(side, q, WAYS, self.reach, seek=True))

    def _pressed(self, body: Body, side: str) -> np.ndarray:
        """(3,) [m] where a hand presses on the cloth: beside its corner, no further than it reaches."""
        places, edges = body.vertices(self.of), self._edges(body)
        inwards, away = across(places, edges, side)
        ahead = self._end(body)[1][:2, 0]
        for beside in BESIDE:
            place = places[edges.near[side]] + beside * inwards + self.of.radius * UP
            before = float((place[:2] - moving(body).at) @ ahead)
            if before < FURTHEST - BEHIND:
                break
        return place + float(np.clip(FURTHEST - before, ONTO, BEHIND)) * away

    def _lean(self, body: Body, side: str) -> Motion:
        """Bring a closed claw onto the cloth."""
        arm, place = body.arms[side], self._pressed(body, side)
        frames = hands_over(self._end(body)[1][:, 0], PITCH)
        frame = nearest(frames, arm.hand()[1])
        poses = [(tcp_from_tip(place + h * UP, frame, TIGHT), frame) for h in (0.05, 0.004)]
        path = arm.line(poses, 0.25, orient=FIRM)
        yield from arm.follow(path, tremor=0.0)

    def _walk_back(self, body: Body, sides: Sequence[str]) -> Motion:
        """Press with the hands until it is felt, and walk back with them, until their corner is near the table's end."""
        base = moving(body)
        away = self._end(body)[1][:, 0]
        hands = {side: body.arms[side].hand() for side in sides}
        q, down = {side: body.arms[side].q.copy() for side in sides}, dict.fromkeys(sides, 0.0)
        start, heading, pressed, lost = base.at.copy(), body.heading, False, 0.0
        nearest = min(self._inside(body)[side] for side in sides)
        goal = start - max(nearest - self.near, 0.0) * away[:2]
        for _ in range(round(PATIENCE / body.timestep)):
            forces = {side: float(body.touch(side).sum()) for side in sides}
            pressed = pressed or min(forces.values()) > 0.7 * self.force
            lost = 0.0 if min(forces.values()) > 0.1 * self.force else lost + body.timestep
            moved, inside = np.append(base.at - start, 0.0), self._inside(body)
            for side in sides:
                arm = body.arms[side]
                down[side] += body.timestep * float(np.clip(YIELD * (self.force - forces[side]), -SINK, SINK))
                at, frame = hands[side]
                q[side], _ = arm.solve(at + moved - down[side] * UP, frame, q[side], None, FIRM, steps=6)
                arm.q = arm.command = q[side]
            if pressed:
                left = base.go(goal, heading, self.speed, 0.2)
                if left < 0.01 or min(inside[side] for side in sides) < self.near or lost > LOST:
                    break
            elif lost > 4.0 * LOST:
                break
            yield
        yield from base.stop()


class DrawEnd(AtTableEnd, DrawOver):
    """Draw the open short edge of a crumpled cloth over the end of the table."""

    word = "draw_end"
    needs = "mobile"
    arguments: ClassVar = {
        **{name: argument for name, argument in DrawOver.arguments.items() if name != "over"},
        **ENDS,
        "overhang": Argument(
            "length", "how far it is to hang down; with more than a row of its mesh it slides over by two", 0.036
        ),
    }

    def run(self, body: Body) -> Motion:
        edge, turn = self._end(body)
        for _ in range(TIMES):
            left = set(SIDES)
            yield from together(*(self._press(body, side) for side in SIDES))
            yield from self._going_along(body, together(*(self._draw(body, side, left) for side in SIDES)))
            yield from together(*(rising(body.arms[side], HOVER) for side in SIDES))
            if min(self._hanging(body, side, edge, turn[:, 0]) for side in SIDES) > SHORT:
                return

    def _hanging(self, body: Body, side: str, edge: np.ndarray, away: np.ndarray) -> float:
        """As of the others, but no more than is asked for [m]: what hangs further is not pushed back, since it would buckle."""
        return min(super()._hanging(body, side, edge, away), self.overhang)

    def _going_along(self, body: Body, motion: Motion) -> Motion:
        """A motion of the hands, while the robot walks back as they come back: so they stay as far before it."""
        base = moving(body)
        away, start, heading = self._end(body)[1][:2, 0], base.at.copy(), body.heading
        begun = self._ahead(body)
        for _ in motion:
            base.go(start - max(begun - self._ahead(body), 0.0) * away, heading, 0.2, 0.2)
            yield
        yield from base.stop()

    def _ahead(self, body: Body) -> float:
        """How far inside the table's end the hands are, at a mean [m]."""
        edge, turn = self._end(body)
        return float(np.mean([(body.arms[side].hand()[0] - edge) @ turn[:, 0] for side in SIDES]))


class PickEnd(AtTableEnd, PickCloth):
    """Take up the short edge of a cloth where it hangs over the end of a table, beside its corners, one with each hand."""

    word = "pick_end"
    needs = "mobile"
    arguments: ClassVar = {
        **{name: argument for name, argument in PickCloth.arguments.items() if name != "over"},
        **ENDS,
        "off": Argument(
            "length", "how far before the table's end the robot stands: its trunk leaves room for the hands", 0.34
        ),
        "force": Argument("force", "of each pad", 5.0),
        "tries": Argument("word", "how often it is taken at most, and drawn on before", "3", ("1", "2", "3", "5")),
    }

    def run(self, body: Body) -> Motion:
        for _ in range(int(self.tries)):
            yield from self._step(body, self.off, self._middle(body))
            yield from super().run(body)
            if all(body.touch(side).min() > FELT for side in SIDES):
                return
            yield from together(*(self._let_go(body, side) for side in SIDES))
            yield from self._step(body, BACK, self._middle(body))
            if min(self._hangs(body, side) for side in SIDES) < ENOUGH:
                yield from DrawEnd(
                    {name: self.values.get(name, a.default) for name, a in DrawEnd.arguments.items()} | AGAIN
                ).run(body)
        body.given_up = "the cloth is not held by both its corners"

    def _hangs(self, body: Body, side: str) -> float:
        """How far a corner hangs down [m]."""
        edge, turn = self._end(body)
        return self._hanging(body, side, edge, turn[:, 0])

    def _let_go(self, body: Body, side: str) -> Motion:
        """Open, draw back from the table, and up."""
        arm, away = body.arms[side], self._end(body)[1][:, 0]
        yield from body.let_go(side, self.gap)
        at, frame = arm.hand()
        poses = [(at - 0.07 * away, frame), (at - 0.07 * away + 0.12 * UP, frame)]
        yield from arm.follow(arm.line(poses, 0.2, orient=FIRM), tremor=0.0)


class FlingOut(AtTableEnd):
    """Raise a cloth by its short edge, swing it ahead over the table and lay it down, far edge first; let go of it.

    The hands go back and ahead again: the cloth swings behind them, then ahead. As it comes ahead they go down, and back.
    """

    word = "fling_out"
    hands = "Both hands"
    needs = "mobile"
    arguments: ClassVar = {
        **ENDS,
        "off": Argument("length", "how far before the table's end the robot stands as it swings", 0.18),
        "after": Argument("length", "the same when the cloth is laid", 0.36),
        "ahead": Argument("length", "how far inside the table's end the hands are ahead", 0.33),
        "swing": Argument("length", "by which they swing", 0.25),
        "back": Argument("time", "in which they go back", 0.6),
        "forth": Argument("time", "and ahead", 0.6),
        "behind": Argument(
            "length", "how far behind the hands the far edge is seen to swing ahead as they begin to go down", 0.17
        ),
        "sink": Argument("time", "in which they go down at first", 0.35),
        "laying": Argument("time", "in which they lay the cloth", 0.8),
        "high": Argument("length", "how high over the table they swing", 0.80),
        "low": Argument("length", "to where they go down at first", 0.33),
        "on": Argument("length", "height at which they let go", 0.016),
        "end": Argument("length", "how far inside the table's end they do", 0.035),
        "enough": Argument("share", "of the cloth that is to lie open; else it is swung again", 0.94),
        "flat": Argument(
            "length", "over the table, above which a wrinkle is not to stand; else it is swung again", 0.020
        ),
        "slow": Argument("speed", "with which the edge is drawn back as long as a wrinkle stands", 0.04),
        "tries": Argument("word", "how often it is swung at most", "3", ("1", "2", "3", "5")),
        "tilt": Argument("angle", "how far the fingers point down on high", float(np.deg2rad(-40.0))),
        "pitch": Argument("angle", "how far they do where they let go", float(np.deg2rad(25.0))),
        "force": Argument("force", "of each pad", 8.0),
        "speed": Argument("speed", "largest speed of the hands before", 0.35),
    }

    def run(self, body: Body) -> Motion:
        if any(side not in body.held for side in SIDES):
            body.given_up = "the cloth is not held by both hands"
            return
        middle, apart = self._beside(body), self._apart(body)
        for _ in range(int(self.tries)):
            yield from self._keeping(body, self._step(body, self.after, middle, 0.15))
            yield from self._raise(body, apart)
            yield from self._keeping(body, self._step(body, self.off, middle, 0.15))
            yield from self._keeping(body, self._lay(body, apart))
            yield from self._keeping(body, body.wait(0.3))
            if min(body.touch(side).min() for side in SIDES) < LEAST:
                body.given_up = "a hand has lost the cloth"
                return
            yield from self._keeping(body, self._straighten(body))
            if self._open(body) > self.enough and self._height(body) < self.flat:
                break
        yield from together(*(self._leave(body, side) for side in SIDES))

    def _open(self, body: Body) -> float:
        """Share of the cloth that lies open, one face up."""
        cloth, places = self.of, body.vertices(self.of)
        a, b, c = (places[cloth.triangles[:, i], :2] for i in range(3))
        u, v = b - a, c - a
        return 0.5 * abs(float((u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum())) / float(cloth.area)

    def _height(self, body: Body) -> float:
        """How high over the table a wrinkle stands [m], away from the hands and from what they hold up."""
        edge, _ = self._end(body)
        places = body.vertices(self.of)
        off = [np.linalg.norm(places[:, :2] - body.site(f"{side}_tcp")[0][:2], axis=1) for side in SIDES]
        return float(np.max(places[np.minimum(*off) > OPEN, 2], initial=0.0) - edge[2] - 2.0 * self.of.radius)

    def _straighten(self, body: Body) -> Motion:
        """Draw the edge back, level, until no wrinkle stands or a corner comes to the table's end."""
        edge, turn = self._end(body)
        away, hands = turn[:, 0], {side: body.arms[side].hand() for side in SIDES}
        for k in range(1, round(MOST / self.slow / body.timestep)):
            corner = max(self._hanging(body, side, edge, away) for side in SIDES)
            if self._height(body) < 0.5 * self.flat or corner > -INSIDE:
                return
            for side, (at, frame) in hands.items():
                arm = body.arms[side]
                goal = at - k * body.timestep * self.slow * away
                arm.q, _ = arm.solve(goal, frame, arm.q, None, LOOSE, steps=8)
                arm.command = arm.q
            yield

    def _keeping(self, body: Body, motion: Motion) -> Motion:
        """A motion, while both claws press on what hangs by them."""
        for side in SIDES:
            motion = squeezing(body, side, self.force, motion, THIN)
        yield from motion

    def _apart(self, body: Body) -> float:
        """How far the hands are from each other with the edge between them straight [m]."""
        places = body.vertices(self.of)
        held = [flat_at(self.of, places, body.site(f"{side}_tcp")[0]) for side in SIDES]
        return float(np.linalg.norm(held[0] - held[1]))

    def _place(self, body: Body, side: str, ahead: float, up: float, apart: float) -> np.ndarray:
        """(3,) [m] so far inside the table's end, over the table, and to a hand's side of the robot."""
        edge, turn = self._end(body)
        beside = self._beside(body) + (0.5 if side == "left" else -0.5) * apart
        return edge + beside * np.cross(UP, turn[:, 0]) + ahead * turn[:, 0] + up * UP

    def _frame(self, body: Body, side: str, pitch: float) -> np.ndarray:
        return nearest(hands_over(self._end(body)[1][:, 0], pitch), body.arms[side].hand()[1])

    def _raise(self, body: Body, apart: float) -> Motion:
        """Ahead, so that the forearms pass before the trunk, and up, so that the cloth hangs free and comes straight."""
        rows = {}
        for side in SIDES:
            at, _ = body.arms[side].hand()
            edge, turn = self._end(body)
            inside = float((at - edge) @ turn[:, 0])
            rows[side] = [
                (self._place(body, side, inside + 0.12, 0.15, apart), self._frame(body, side, np.deg2rad(20.0))),
                (self._place(body, side, inside + 0.17, 0.30, apart), self._frame(body, side, np.deg2rad(10.0))),
                (self._place(body, side, inside + 0.14, self.high, apart), self._frame(body, side, self.tilt)),
            ]
        yield from self._along(body, rows, self.speed)

    def _along(self, body: Body, rows: dict[str, list[tuple[np.ndarray, np.ndarray]]], speed: float) -> Motion:
        """Both hands along rows of poses in the same time."""
        paths = {side: body.arms[side].line(row, speed, orient=LOOSE) for side, row in rows.items()}
        time = max(path.duration for path in paths.values())
        moves = [body.arms[s].follow(replace(p, duration=time), tremor=0.0) for s, p in paths.items()]
        yield from self._keeping(body, together(*moves))

    def _still(self, body: Body, patience: float = 3.0) -> Motion:
        """Wait until the cloth hangs still."""
        before = body.vertices(self.of)
        for k in range(round(patience / body.timestep)):
            yield from self._keeping(body, body.wait(body.timestep))
            now = body.vertices(self.of)
            speed, before = float(np.percentile(np.linalg.norm(now - before, axis=1), 90)) / body.timestep, now
            if speed < 0.05 and k > 9:
                return

    def _swing(self, t: float) -> float:
        """How far inside the table's end the hands are [m] at a time [s] of the swing."""
        if t < self.back:
            return self.ahead - self.swing * eased(t / self.back)
        return self.ahead - self.swing * (1.0 - eased((t - self.back) / self.forth))

    def _down(self, t: float) -> tuple[float, float, float]:
        """How far ahead the hands have come back, 0 to 1, how high over the table they are [m], and how far they are turned, 0 to 1,
        at a time [s] since they began to go down."""
        u = min(max((t - self.sink) / self.laying, 0.0), 1.0)
        up = self.high - (self.high - self.low) * eased(t / self.sink)
        return u**0.8, up + (self.on - self.low) * u, min(1.0, 1.5 * u)

    def _lay(self, body: Body, apart: float) -> Motion:
        """Swing back and ahead, go down as the far edge swings ahead, and lay the cloth down; the robot steps back."""
        arms, step, base = body.arms, body.timestep, moving(body)
        edge, turn = self._end(body)
        away, beside = turn[:, 0], self._beside(body)
        frames = {side: [self._frame(body, side, pitch) for pitch in (self.tilt, self.pitch)] for side in SIDES}
        starts = {s: [(self._place(body, s, self.ahead, self.high, apart), frames[s][0])] for s in SIDES}
        yield from self._along(body, starts, 0.2)
        yield from self._still(body)
        q, down, far = {side: arms[side].q.copy() for side in SIDES}, None, -np.inf
        across = {
            side: edge + (beside + (0.5 if side == "left" else -0.5) * apart) * np.cross(UP, away) for side in SIDES
        }
        back = (edge + beside * np.cross(UP, away) - self.after * away)[:2]
        for k in range(1, round(10.0 / step)):
            t = k * step
            inside, up, turned = self._swing(t), self.high, 0.0
            before, far = far, float((self._far(body) - edge) @ away)
            if (
                down is None
                and t > self.back + 0.5 * self.forth
                and (far > max(before, inside - self.behind) or t > LATEST)
            ):
                down = t
            if down is not None:
                base.go(back, body.heading, 0.25, 0.4)
                share, up, turned = self._down(t - down)
                inside += (self.end - inside) * share
                if t - down > self.sink + self.laying:
                    break
            for side in SIDES:
                goal, frame = across[side] + inside * away + up * UP, between(frames[side][0], frames[side][1], turned)
                last, (q[side], _) = q[side], arms[side].solve(goal, frame, q[side], None, LOOSE, steps=8)
                arms[side].q, arms[side].command = q[side], q[side] + arms[side].lag * (q[side] - last) / step
            yield
        yield from self._stopping(body, across, inside, up, away, {s: frames[s][1] for s in SIDES})

    def _stopping(self, body: Body, across: dict, inside: float, up: float, away: np.ndarray, frames: dict) -> Motion:
        """Bring the robot to rest with the hands where they are."""
        for _ in moving(body).stop():
            for side in SIDES:
                arm = body.arms[side]
                arm.q, _ = arm.solve(across[side] + inside * away + up * UP, frames[side], arm.q, None, LOOSE, steps=8)
                arm.command = arm.q
            yield

    def _far(self, body: Body) -> np.ndarray:
        """(3,) [m] middle of the short edge that is not held."""
        hands = np.mean([body.site(f"{s}_tcp")[0] for s in SIDES], axis=0)
        places = body.vertices(self.of)
        return max(
            (places[list(e)].mean(axis=0) for e in short_edges(self.of)), key=lambda p: float(np.linalg.norm(p - hands))
        )

    def _leave(self, body: Body, side: str) -> Motion:
        """Open, the lower finger staying where it is, and draw back from under the cloth, level."""
        arm, away = body.arms[side], self._end(body)[1][:, 0]
        at, frame = arm.hand()
        nose = at - tcp_from_nose(np.zeros(3), frame, max(gap_of(body.percent(side)), 0.003))
        yield from keeping_lower(body, side, nose, frame, body.let_go(side, 0.05, 0.6))
        at, frame = arm.hand()
        yield from arm.follow(arm.line([(at - 0.07 * away, frame)], 0.12, orient=FIRM), tremor=0.0)
        at, frame = arm.hand()
        yield from arm.follow(arm.line([(at + 0.12 * UP, frame)], 0.25, orient=FIRM), tremor=0.0)


def eased(u: float) -> float:
    """Way made at the share u of the time, with the least jerk."""
    u = min(max(u, 0.0), 1.0)
    return u**3 * (10.0 + u * (6.0 * u - 15.0))
