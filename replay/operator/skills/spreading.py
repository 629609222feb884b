"""Skills that take up a crumpled cloth: the robot walks to its open end, draws that over the table's end and takes its corners.

A cloth that was lifted at a place and let fall is a heap there, and lies flat at the end that is further away. So nothing has to
be found in the heap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np

from ....scenarios.cloth.cloth import Cloth
from ....scenarios.robot_folder import SIDES
from ..recognition import cloth, motions
from .base import Base
from .cloth import (
    BELOW,
    FELT,
    FIRM,
    HOVER,
    PATIENCE,
    SINK,
    YIELD,
    AtEdge,
    DrawOver,
    Edges,
    PickCloth,
    across,
    choose,
    corner_spots,
    rising,
    together,
)
from .hands import UP
from .operator_state import Motion, OperatorState
from .reason import Reason
from .skill import Argument, Label
from .tips import TIGHT, both_squeezing, hands_over, nearest
from .walking import Walking, walked

OPEN = 0.10  # m from a short edge, within which it is seen whether it lies open; and from the table's end, where it may hang over that
BACK = 0.45  # m from the table's end, where the robot turns to it
ROUND = 0.12  # m, by which it keeps further from the table's front than it stands at first, on its way to the end
PITCH = float(np.deg2rad(30.0))  # how far the fingers point down that reach far
BESIDE = (0.05, 0.08, 0.11, 0.14)  # m from a corner along its edge, where a hand may press
BEHIND = 0.035  # m from the edge, where it does
LOST = 0.6  # s, after which a hand that feels nothing has lost the cloth
AT_EASE, FURTHEST = 0.50, 0.615  # m before the robot, to where hands reach with the knees bent a little, and at most
ONTO = 0.01  # m, how far from the edge a hand presses at least
# m: askew by so much an edge is squared first, until it is as square as that; and what is left inside then at least
SKEW, SQUARE, LEAST = 0.06, 0.02, 0.03
NEARLY = 0.03  # m, by which a corner may lie further for the arms alone
# arguments of drawing that picking has, too, with values of its own
AGAIN = {name: DrawOver.arguments[name].default for name in ("inset", "pitch", "force", "speed")}
# taking up: m, within which of a pinch it is seen how far the edge hangs; how far a claw takes it to hang; and by how much the
# upper finger comes above the table
NEIGHBOURS, DEPTHS, CLEAR = 0.030, (0.018, 0.075), 0.014
AWAY = 0.08  # m, by which it goes back from an edge that it has lost
TIMES, SHORT = 3, 0.020  # how often it is drawn at most; m, to which it may draw back when the hands let go
ENOUGH = 0.020  # m, from which a corner hangs down far enough
SLIPS = 0.018  # m: an edge that lies less far on the finger slips out from between the pads as it is raised
SIDEWAYS = 0.055  # m from the middle of the table's end: further off, a knee that is bent meets the table's leg
ASIDE = 0.20  # m, by which the hands are to be apart that press on one edge
ENDS = {
    "of": Argument("cloth", "the cloth"),
    "left": Argument("site", "middle of the table's end to the left, x across the table"),
    "right": Argument("site", "of its end to the right"),
}


def at_end(arguments: Mapping[str, Argument], without: Sequence[str] = ()) -> dict[str, Argument]:
    """Arguments of a skill at an edge of the table, for whichever end of it the robot stands before, but for some."""
    return {**{name: argument for name, argument in arguments.items() if name not in ("over", *without)}, **ENDS}


def short_edges(cloth: Cloth) -> tuple[tuple[int, int], tuple[int, int]]:
    """Vertices at the corners, by the two short edges that they end."""
    (a, b), (c, d) = corner_spots(cloth)
    return ((a, c), (b, d)) if cloth.size[0] > cloth.size[1] else ((a, b), (c, d))


def moving(state: OperatorState) -> Base:
    """The base, which moves: `read_skills` has noted where it does not."""
    assert state.base is not None
    return state.base


def nearest_end(state: OperatorState, left: str, right: str) -> tuple[np.ndarray, np.ndarray]:
    """(3,) [m] and (3, 3) of that end of the table before which the robot stands."""
    at = moving(state).at
    return min((state.site(name) for name in (left, right)), key=lambda end: float(np.hypot(*(end[0][:2] - at))))


class AtTableEnd(AtEdge):
    """What the skills share that work at an end of the table, on the short edge of a cloth that is nearer to it."""

    def _end(self, state: OperatorState) -> tuple[np.ndarray, np.ndarray]:
        return nearest_end(state, self.left, self.right)

    def _edges(self, state: OperatorState) -> Edges:
        edge, turn = self._end(state)
        away, places = turn[:, 0], state.vertices(self.of)
        leftwards = np.cross(UP, away)
        ends = sorted(short_edges(self.of), key=lambda ends: sum(float((places[v] - edge) @ away) for v in ends))
        near, far = (sorted(ends, key=lambda v: -float(places[v] @ leftwards)) for ends in ends)
        return Edges(dict(zip(SIDES, near)), dict(zip(SIDES, far)))

    def _crowd(self, state: OperatorState, side: str, q: np.ndarray) -> float:
        """Counted, since the robot comes to stand where it may: elbows keep from its trunk."""
        return state.crowd(side, q)

    def _step(self, state: OperatorState, off: float, middle: float, speed: float = 0.2) -> Motion:
        """Walk to so far before the table's end, and so far to the left of its middle [m], and face it."""
        base, (edge, turn) = moving(state), self._end(state)
        away = turn[:, 0]
        place = (edge + middle * np.cross(UP, away) - off * away)[:2]
        yaw = float(np.arctan2(away[1], away[0]))
        time = 20.0 + float(np.hypot(*(place - base.at))) / speed
        yield from walked(state, self.name, base.walk(place, yaw, speed, 0.4, 0.012, 0.03, time))

    def _before(self, state: OperatorState) -> float:
        """How far before the table's end the robot stands [m]."""
        edge, turn = self._end(state)
        return float((edge[:2] - moving(state).at) @ turn[:2, 0])

    def _beside(self, state: OperatorState) -> float:
        """How far to the left of the middle of the table's end the robot stands [m]."""
        edge, turn = self._end(state)
        return float((np.append(moving(state).at, 0.0) - edge * [1.0, 1.0, 0.0]) @ np.cross(UP, turn[:, 0]))

    def _aside(self, state: OperatorState) -> float:
        """How far to the left of the middle of the table's end the near edge has its own [m]."""
        edge, turn = self._end(state)
        places, beside = state.vertices(self.of), np.cross(UP, turn[:, 0])
        return 0.5 * sum(float((places[v] - edge) @ beside) for v in self._edges(state).near.values())

    def _middle(self, state: OperatorState) -> float:
        """The same, as far as the robot stands there [m]."""
        return float(np.clip(self._aside(state), -SIDEWAYS, SIDEWAYS))

    def _inside(self, state: OperatorState) -> dict[str, float]:
        """How far inside the table's end the corners lie [m]; less than nothing as far as they hang below it."""
        edge, turn = self._end(state)
        return {side: -self._hanging(state, side, edge, turn[:, 0]) for side in SIDES}

    def _hanging(self, state: OperatorState, side: str, edge: np.ndarray, away: np.ndarray) -> float:
        """How far a corner hangs below the table's end [m]; less than nothing where it still lies inside, or hangs over another edge."""
        corner = state.vertices(self.of)[self._edges(state).near[side]]
        inside, below = float((corner - edge) @ away), float(edge[2] + self.of.radius - corner[2])
        return below if below > 2.0 * self.of.radius and inside < OPEN else -inside


class Pressing:
    """Hands that press on a cloth and go with the robot as it walks.

    Args:
        sides: which; force: [N] of each.
    """

    def __init__(self, state: OperatorState, sides: Sequence[str], force: float):
        self.state, self.sides, self.force = state, sides, force
        self._hands = {side: state.arms[side].hand() for side in sides}
        self._q = {side: state.arms[side].q.copy() for side in sides}
        self._down, self._start = dict.fromkeys(sides, 0.0), moving(state).at.copy()

    def forces(self) -> dict[str, float]:
        """What each hand feels [N]."""
        return {side: float(self.state.touch(side).sum()) for side in self.sides}

    def go_on(self, forces: dict[str, float]) -> None:
        """Command the next control period: a hand goes down as long as it feels less than it is to press with, and up for more."""
        state = self.state
        moved = np.append(moving(state).at - self._start, 0.0)
        for side in self.sides:
            arm, q = state.arms[side], self._q
            self._down[side] += state.timestep * float(np.clip(YIELD * (self.force - forces[side]), -SINK, SINK))
            at, frame = self._hands[side]
            q[side], _ = arm.solve(at + moved - self._down[side] * UP, frame, q[side], None, FIRM, steps=6)
            arm.q = arm.command = q[side]


class GoToEnd(Walking):
    """Walk to the end of the table towards which a short edge of a crumpled cloth lies open."""

    word = "walk"
    how = "end"
    label = Label(
        en=("walk to the table's end", "the robot walks to the table's end"),
        zh=("走到桌端", "机器人走到桌子一端"),
        shows=motions.walk,
    )
    hands = "No hand"
    arguments: ClassVar = {
        **ENDS,
        "off": Argument("length", "how far before the table's end it stands", 0.22),
        "speed": Argument("speed", "largest speed over the floor", 0.4),
        "turning": Argument("angle", "how far it turns in a second at most", 0.4, low=np.deg2rad(1.0)),
    }

    def run(self, state: OperatorState) -> Motion:
        base = self.base_of(state)
        name, edge = self._choose(state)
        end, turn = state.site(name)
        away = turn[:, 0]
        beside = np.cross(UP, away)
        middle = float(np.mean([(state.vertices(self.of)[v] - end) @ beside for v in edge]))
        goal, yaw = (end + middle * beside - self.off * away)[:2], float(np.arctan2(away[1], away[0]))
        before = (end + middle * beside - BACK * away)[:2]
        ahead = np.array([np.cos(state.heading), np.sin(state.heading)])
        corner = before + ((base.at - before) @ ahead - ROUND) * ahead
        for place, heading in ((corner, state.heading), (before, yaw), (goal, yaw)):
            time = 20.0 + float(np.hypot(*(place - base.at))) / 0.1
            if not (
                yield from walked(
                    state, self.name, base.walk(place, heading, self.speed, self.turning, 0.03, 0.03, time)
                )
            ):
                return

    def _choose(self, state: OperatorState) -> tuple[str, tuple[int, int]]:
        """The table's end and the short edge that lies open towards it: flat, straight, and not under the rest."""
        cloth, places = self.of, state.vertices(self.of)
        found = []
        for edge in short_edges(cloth):
            name = min((self.left, self.right), key=lambda n: self._away(state, n, places[list(edge)]))
            other = next(e for e in short_edges(cloth) if e is not edge)
            score = self._rough(cloth, places, edge)
            if self._away(state, name, places[list(edge)]) > self._away(state, name, places[list(other)]):
                score += 1.0
            found.append((score, name, edge))
        return min(found)[1:]

    def _away(self, state: OperatorState, name: str, places: np.ndarray) -> float:
        end, turn = state.site(name)
        return float(((places - end) @ turn[:, 0]).mean())

    def _rough(self, cloth: Cloth, places: np.ndarray, edge: tuple[int, int]) -> float:
        """How little a short edge lies open [m]: how high it stands, how much it is bent."""
        long = int(np.argmax(cloth.size))
        near = np.abs(cloth.flat[:, long] - cloth.flat[edge[0], long]) < OPEN
        wide = float(np.linalg.norm(places[edge[0]] - places[edge[1]]))
        return float(np.ptp(places[near, 2])) + abs(float(cloth.size.min()) - wide)


class TowEnd(AtTableEnd):
    """Draw a crumpled cloth near to the end of the table by its open short edge, which lies further inside than the arms draw.

    The robot steps close to the table and bends its knees, presses on the cloth beside both corners and walks back with it, and
    sideways where it lies beside the table's middle, over whose front or back it might hang. An edge that lies askew is first towed by
    the hand alone whose corner is further away, until it is square or the other corner comes near to the table's end.
    """

    word = "draw"
    how = "near"
    label = Label(
        en=("draw near", "both hands draw the {about} near as the robot walks back"),
        zh=("拖近", "机器人后退，双手把{about}拖近"),
        shows=cloth.draw_over,
    )
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
        "tries": Argument("word", "how often it is towed at most", "5", ("1", "2", "3", "5")),
    }

    def run(self, state: OperatorState) -> Motion:
        base = moving(state)
        for side in SIDES:
            state.open_claw(side, TIGHT)
        yield from together(*(self._over(state, side) for side in SIDES))
        for _ in range(int(self.tries)):
            inside = self._inside(state)
            furthest, skew = max(inside.values()), float(np.ptp(list(inside.values())))
            if min(inside.values()) < LEAST or (skew < SKEW and furthest < self.near + 2.0 * NEARLY):
                break
            before = float(np.clip(AT_EASE - BEHIND - furthest, self.close, self.off))
            yield from self._step(state, before, self._middle(state))
            if furthest + BEHIND + before > AT_EASE + 0.01:
                yield from base.stand_at(-self.squat, 0.12, 0.005, 10.0)
            left, right = (self._pressed(state, side) for side in SIDES)
            # one hand alone squares an edge that lies askew, and tows one so far away that it is reached near its middle only
            alone = skew > SKEW or np.linalg.norm(left - right) < ASIDE
            sides = (max(SIDES, key=lambda side: inside[side]),) if alone else SIDES
            yield from together(*(self._lean(state, side) for side in sides))
            yield from self._walk_back(state, sides, skew > SKEW)
            yield from together(*(rising(state.arms[side], 0.10) for side in sides))
            yield from base.stand_at(0.0, 0.15, 0.005, 10.0)
        yield from self._step(state, self.off, self._middle(state))

    def _over(self, state: OperatorState, side: str) -> Motion:
        """Bring a hand over the table, before the robot steps close to it and bends its knees."""
        arm, (edge, turn) = state.arms[side], self._end(state)
        away = turn[:, 0]
        beside = self._beside(state) + (0.17 if side == "left" else -0.17)
        place = edge + beside * np.cross(UP, away) + 0.24 * away + (0.12 + self.squat) * UP
        _, q = choose(arm, hands_over(away, PITCH), lambda frame: [place], partial(self._crowd, state, side))
        yield from arm.follow(state.way(side, q, self.reach))

    def _pressed(self, state: OperatorState, side: str) -> np.ndarray:
        """(3,) [m] where a hand presses on the cloth: beside its corner, no further than it reaches."""
        places, edges = state.vertices(self.of), self._edges(state)
        inwards, away = across(places, edges, side)
        ahead = self._end(state)[1][:2, 0]
        for beside in BESIDE:
            place = places[edges.near[side]] + beside * inwards + self.of.radius * UP
            before = float((place[:2] - moving(state).at) @ ahead)
            if before < FURTHEST - BEHIND:
                break
        return place + float(np.clip(FURTHEST - before, ONTO, BEHIND)) * away

    def _lean(self, state: OperatorState, side: str) -> Motion:
        """Bring a closed claw onto the cloth."""
        arm, place = state.arms[side], self._pressed(state, side)
        frames = hands_over(self._end(state)[1][:, 0], PITCH)
        frame = nearest(frames, arm.hand()[1])
        poses = [(state.hand.tcp_from_tip(place + h * UP, frame, TIGHT), frame) for h in (0.05, 0.004)]
        path = arm.line(poses, 0.25, orient=FIRM)
        yield from arm.follow(path, tremor=0.0)

    def _walk_back(self, state: OperatorState, sides: Sequence[str], squaring: bool) -> Motion:
        """Press with hands until it is felt, and walk back with them, until a corner is near the table's end or, where that is what
        it is for, the edge lies square."""
        base, pressing = moving(state), Pressing(state, sides, self.force)
        away = self._end(state)[1][:, 0]
        start, heading, pressed, lost = base.at.copy(), state.heading, False, 0.0
        far = (max if squaring else min)(self._inside(state).values())
        goal = start - max(far - self.near, 0.0) * away[:2]
        if not squaring:
            goal -= self._aside(state) * np.cross(UP, away)[:2]
        for _ in range(round(PATIENCE / state.timestep)):
            forces = pressing.forces()
            pulling = [side for side in sides if forces[side] > 0.7 * self.force]
            pressed = pressed or len(pulling) == len(sides)
            lost = 0.0 if min(forces.values()) > 0.1 * self.force else lost + state.timestep
            inside = self._inside(state)
            pressing.go_on(forces)
            if pressed:
                left = base.go(goal, heading, self.speed, 0.2)
                near, skew = min(inside.values()), float(np.ptp(list(inside.values())))
                if (
                    left < 0.01
                    or lost > LOST
                    or near < (LEAST if squaring else self.near)
                    or (squaring and skew < SQUARE)
                ):
                    break
            elif lost > 4.0 * LOST:  # where one hand does not come down to the cloth the other one tows it alone
                if not pulling:
                    break
                sides = pressing.sides = pulling
                pressed, lost = True, 0.0
            yield
        yield from base.stop()


class DrawEnd(AtTableEnd, DrawOver):
    """Draw the open short edge of a crumpled cloth over the end of the table."""

    word = "draw"
    how = "end"
    label = Label(
        en=("draw over the end", "both hands draw the {about} over the table's end"),
        zh=("拉到桌端", "双手把{about}拉出桌端"),
        shows=cloth.draw_over,
    )
    needs = "mobile"
    arguments: ClassVar = {
        **at_end(DrawOver.arguments),
        "overhang": Argument(
            "length", "how far it is to hang down; with more than a row of its mesh it slides over by two", 0.036
        ),
    }

    def run(self, state: OperatorState) -> Motion:
        for _ in range(TIMES):
            left = set(SIDES)
            # hands that have to stretch come down too high, and draw nothing
            off = AT_EASE - self.ahead - max(self._inside(state).values())
            if self._before(state) > off + NEARLY:
                yield from self._step(state, off, self._middle(state))
            for side in SIDES:  # one after the other, since each plans its way round the other hand where that is
                yield from self._press(state, side)
            yield from self._going_along(state, together(*(self._draw(state, side, left) for side in SIDES)))
            yield from together(*(rising(state.arms[side], HOVER) for side in SIDES))
            if max(self._inside(state).values()) < -SHORT:
                return

    def _hanging(self, state: OperatorState, side: str, edge: np.ndarray, away: np.ndarray) -> float:
        """As of the others, but no more than is asked for [m]: what hangs further is not pushed back, since it would buckle."""
        return min(super()._hanging(state, side, edge, away), self.overhang)

    def _going_along(self, state: OperatorState, motion: Motion) -> Motion:
        """A motion of the hands, while the robot walks back as they come back: so they stay as far before it."""
        base = moving(state)
        away, start, heading = self._end(state)[1][:2, 0], base.at.copy(), state.heading
        begun = self._ahead(state)
        for _ in motion:
            base.go(start - max(begun - self._ahead(state), 0.0) * away, heading, 0.2, 0.2)
            yield
        yield from base.stop()

    def _ahead(self, state: OperatorState) -> float:
        """How far inside the table's end the hands are, at a mean [m]."""
        edge, turn = self._end(state)
        return float(np.mean([(state.arms[side].hand()[0] - edge) @ turn[:, 0] for side in SIDES]))


class PickEnd(AtTableEnd, PickCloth):
    """Take up the short edge of a cloth where it hangs over the end of a table, beside its corners, one with each hand.

    How far it hangs is seen, and differs: each claw opens as wide as that is deep. The lower finger goes on below the edge that it
    has lifted, or comes back, until the edge lies a little beyond the middle of its pad: what lies less far in slips out, and what
    lies behind the pad catches there as the finger is drawn from under it. The fingers point up a little, since the edge of what hangs
    down deep slides off a finger that points down; for that the robot bends its knees.
    """

    word = "take"
    how = "end"
    label = Label(
        en=("pinch the short edge", "both hands pinch the {about} by its short edge"),
        zh=("捏起短边", "双手捏住{about}的短边"),
        shows=cloth.pick_cloth,
    )
    needs = "mobile"
    arguments: ClassVar = {
        **at_end(PickCloth.arguments, without=["hangs"]),  # which is seen
        "off": Argument(
            "length", "how far before the table's end the robot stands: its trunk leaves room for the forearms", 0.46
        ),
        "inset": replace(
            PickCloth.arguments["inset"], default=0.026
        ),  # nearer, its corner is folded round the pad as it is raised
        "lies": replace(PickCloth.arguments["lies"], default=0.032),  # 10 mm beyond the middle of the pads
        "pitch": replace(PickCloth.arguments["pitch"], default=float(np.deg2rad(-10.0))),
        "squat": Argument("length", "by which it bends its knees meanwhile", 0.10),
        "below": Argument(
            "word",
            "which finger comes below the cloth, or whichever reaches better",
            "either",
            ("front", "back", "either"),
        ),
        "force": Argument("force", "of each pad", 5.0),
        "tries": Argument("word", "how often it is taken at most, and drawn on before", "3", ("1", "2", "3", "5")),
    }

    def run(self, state: OperatorState) -> Motion:
        stand_at = moving(state).stand_at
        for _ in range(int(self.tries)):
            yield from self._step(state, self.off, self._middle(state))
            yield from together(*(rising(state.arms[side], self.squat) for side in SIDES))
            yield from stand_at(-self.squat, 0.12, 0.005, 10.0)
            yield from super().run(state)
            if all(self._taken(state, side) for side in SIDES):
                yield from both_squeezing(state, self.force, stand_at(0.0, 0.08, 0.005, 10.0))
                return
            # away from the edge by walking: hands that come back by themselves bring the forearms to the trunk
            yield from together(*(state.let_go(side, self.gap) for side in SIDES))
            yield from self._step(state, self.off + AWAY, self._beside(state))
            yield from together(*(rising(state.arms[side], 0.12) for side in SIDES))
            yield from stand_at(0.0, 0.12, 0.005, 10.0)
            yield from self._step(state, BACK, self._middle(state))
            if max(self._inside(state).values()) > -ENOUGH:
                yield from DrawEnd(
                    {name: self.values.get(name, a.default) for name, a in DrawEnd.arguments.items()} | AGAIN
                ).run(state)
        state.given_up = Reason("the cloth is not held by both its corners", "corners_not_held")

    def _come(self, state: OperatorState, ways: list[Motion]) -> Motion:
        """One after the other, since each plans its way round the other hand where that is: they are near each other here."""
        for way in ways:
            yield from way

    def _depth(self, state: OperatorState, side: str) -> float:
        """How far the edge hangs down where it is pinched [m], as it is seen."""
        (edge, _), places, edges = self._end(state), state.vertices(self.of), self._edges(state)
        row, (inwards, _) = self._row(edges), across(places, edges, side)
        beside = (places[row] - places[edges.near[side]]) @ inwards
        below = edge[2] + self.of.radius - places[row[np.abs(beside - self.inset) < NEIGHBOURS], 2]
        return float(np.clip(below.max(initial=0.0), *DEPTHS))

    def _taken(self, state: OperatorState, side: str) -> bool:
        """Whether both pads feel the cloth, and its edge lies far enough on them not to slip out as it is raised."""
        at, frame = state.arms[side].hand()
        nose = state.hand.nose_from_tcp(at, frame, max(state.gap(side), TIGHT))
        return bool(state.touch(side).min() > FELT) and self._lying(state, side, nose, frame) > SLIPS

    def _frames(self, away: np.ndarray) -> list[np.ndarray]:
        frames = super()._frames(away)
        return frames if self.below == "either" else [frames[("back", "front").index(self.below)]]

    def _gap(self, depth: float) -> float:
        return max(self.gap, (depth + BELOW + CLEAR) / float(np.cos(self.pitch)))
