"""Skills for cloth: it is drawn over the table's edge, taken up by what hangs there, folded over to its far edge and laid down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from ....scenarios.cloth.cloth import Cloth
from ....scenarios.robot_folder import SIDES
from ..limbs.hand import unit
from ..recognition import cloth
from .arm import Arm, between, turned_between
from .hands import UP
from .operator_state import Motion, OperatorState
from .reason import Reason
from .skill import Argument, Label, Skill
from .tips import GENTLY, TIGHT, hands_over, nearest, squeeze, squeezing

ROOM = 0.02  # m, that a hand may rather be off than closer to something than the margin
FIRM = (0.1, 0.1, 0.1)  # weights of the hand's orientation [m/rad]: it keeps its direction
LIKE = ("raised", "level", "bench_beside", "shelf", "over", "elbow_in")  # how the arms may be held before the table
# rows of postures by which a hand comes from anywhere
HOVER = 0.07  # m, from where a hand comes down
# drawing
YIELD, SINK = 0.002, 0.01  # m/s by which a pressing hand goes down for each newton that is missing, and at most
NEARING, NEAR = 0.4, 0.0015  # s, in which a hand makes up what does not hang over; m, that may be missing at the end
PATIENCE = 12.0  # s, after which a cloth is not drawn further
# picking up: m from the table's edge, and from what hangs over it
BEFORE, WITHIN = 0.05, 0.018  # whence the lower finger comes, and how far it goes below the table
BELOW, TOUCHED = 0.018, 0.004  # how far below the cloth it comes; how far it goes straight up with the edge
# m, by which it comes out before the table's edge at most; share by which it rises more for what hangs further, which lies on it
OUT, ROUNDS = 0.026, 0.21
OVER = 0.020  # m, by which it rises over the table to go on below the cloth
# how often it looks how much lies on the finger; m, by which that may be wrong; and by which it goes on or comes back at a look
LOOKS, RIGHT, FURTHER = 4, 0.003, 0.020
CLOSING = 27.0  # percent/s, slow enough for the arm to follow
NARROW = 0.022  # m: narrower than that it closes gently, the cloth being between the pads
SHUT, FELT = 0.007, 1.5  # m, N: opening at which the cloth is held, or what both pads feel
SETTLE = 0.6  # s, in which the pads come to their force
RAISED = (0.012, 0.018)  # m, by which a pinched edge is raised
FINE = 6  # parts of a triangle's side, in which a place on the cloth is sought
# letting go: m ahead and up from where the lower finger opened, m/s: it tips what stood between the pads over, and goes
TIPPING = ((0.0, 0.008, 0.05), (0.015, 0.016, 0.08), (0.050, 0.022, 0.1), (0.0, 0.12, 0.25))


def together(*motions: Motion) -> Motion:
    """Several motions side by side, until all have ended."""
    left = list(motions)
    while left:
        for motion in list(left):
            try:
                next(motion)
            except StopIteration:
                left.remove(motion)
        if left:
            yield


def held_by_both(state: OperatorState) -> bool:
    """Whether both hands hold something; where not, it is noted as given up."""
    if all(side in state.held for side in SIDES):
        return True
    state.given_up = Reason("the cloth is not held by both hands", "cloth_not_held")
    return False


def corner_spots(cloth: Cloth) -> tuple[tuple[int, int], tuple[int, int]]:
    """Vertices at the corners: the two that end one long edge, and those opposite to them."""
    low, high = cloth.flat.min(axis=0), cloth.flat.max(axis=0)
    at = [(x, y) for y in (low[1], high[1]) for x in (low[0], high[0])]
    a, b, c, d = (int(np.argmin(((cloth.flat - corner) ** 2).sum(axis=1))) for corner in at)
    return (a, b), (c, d)


def flat_at(cloth: Cloth, places: np.ndarray, point: np.ndarray) -> np.ndarray:
    """(2,) [m] where on the cloth as it lies flat the place is that is now nearest to a point (3,)."""
    weights = np.array([(i, j, FINE - i - j) for i in range(FINE + 1) for j in range(FINE + 1 - i)]) / FINE
    now = np.einsum("wk,tkc->twc", weights, places[cloth.triangles]).reshape(-1, 3)
    flat = np.einsum("wk,tkc->twc", weights, cloth.flat[cloth.triangles]).reshape(-1, 2)
    return flat[np.argmin(((now - point) ** 2).sum(axis=1))]


@dataclass(frozen=True)
class Edges:
    """Which corners of a cloth end its near long edge and its far one, as the robot sees it: side -> vertex."""

    near: dict[str, int]
    far: dict[str, int]


def edges_of(state: OperatorState, cloth: Cloth) -> Edges:
    places = state.vertices(cloth)
    ahead = np.array([np.cos(state.heading), np.sin(state.heading), 0.0])
    edges = sorted(corner_spots(cloth), key=lambda edge: sum(places[spot] @ ahead for spot in edge))
    near, far = (sorted(edge, key=lambda spot: -state.leftwards(places[spot])) for edge in edges)
    return Edges(dict(zip(SIDES, near)), dict(zip(SIDES, far)))


def _towards(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(3,) level unit vector from one place to another."""
    way = (b - a) * [1.0, 1.0, 0.0]
    return unit(way, Reason("two corners of the cloth lie over each other", "corners_overlap"))


def across(places: np.ndarray, edges: Edges, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Level unit vectors (3,) from a near corner along the edge, and across the cloth, as the corners lie."""
    other = "right" if side == "left" else "left"
    inwards = _towards(places[edges.near[side]], places[edges.near[other]])
    return inwards, np.cross(UP, inwards) * (1.0 if side == "left" else -1.0)


def choose(
    arm: Arm,
    frames: Sequence[np.ndarray],
    row: Callable[[np.ndarray], Sequence[np.ndarray]],
    crowd: Callable[[np.ndarray], float] = lambda q: 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """The rotation (3, 3) in which a hand reaches a row of places best, and joint angles (7,) at the last of them.

    Args:
        frames: the rotations to choose from.
        row: rotation -> where the tcp is to be, one after the other.
        crowd: joint angles (7,) -> how crowded it is there (`OperatorState.crowd`).
    """
    found = []
    for name in LIKE:
        for frame in frames:
            q, off, turned = arm.posture(name), 0.0, 0.0
            for k, place in enumerate(row(frame)):
                q, left = arm.solve(place, frame, q, None, FIRM)
                off += left + ROOM * crowd(q)
                turned = turned_between(arm.hand(q)[1], frame) if k == 0 else turned
            found.append((off + FIRM[0] * turned, q, frame))
    _, q, frame = min(found, key=lambda one: one[0])
    return frame, q


def keeping_lower(state: OperatorState, side: str, nose: np.ndarray, frame: np.ndarray, motion: Motion) -> Motion:
    """A motion of a claw, while the arm keeps its lower finger where it is: its end, towards the other one, at a place (3,)."""
    arm = state.arms[side]
    q = arm.q.copy()
    for _ in motion:
        gap = max(state.gap(side), TIGHT)
        q, _ = arm.solve(state.hand.tcp_from_nose(nose, frame, gap), frame, q, None, FIRM, steps=6)
        arm.q = arm.command = q
        yield


def rising(arm: Arm, by: float) -> Motion:
    """Straight up by a length [m], the hand turned as it is."""
    if not by:
        return
    at, frame = arm.hand()
    yield from arm.follow(arm.line([(at + by * UP, frame)], 0.2, orient=FIRM), tremor=0.0)


def on_arc(
    start: tuple[np.ndarray, np.ndarray], goal: tuple[np.ndarray, np.ndarray], height: float, angle: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pose of a hand on an arc from a pose to another, at an angle [rad] between 0 and pi; `height` of its middle is a share of its
    radius."""
    (first, turned), (end, last) = start, goal
    share, rise = 0.5 * (1.0 - float(np.cos(angle))), height * 0.5 * float(np.linalg.norm((end - first)[:2]))
    return first + share * (end - first) + rise * float(np.sin(angle)) * UP, between(turned, last, share)


def send(arm: Arm, goal: np.ndarray, frame: np.ndarray, orient: Sequence[float]) -> None:
    """Bring a hand to a place (3,) [m] within the next control period, its servo's lag made up for.

    Args:
        frame: (3, 3) its rotation; orient: its weights [m/rad].
    """
    last, (arm.q, _) = arm.q, arm.solve(goal, frame, arm.q, None, orient, steps=8)
    arm.command = arm.q + arm.lag * (arm.q - last) / arm.timestep


def closing(state: OperatorState, side: str) -> Motion:
    """Close until the cloth is held, or both pads feel it; a claw is told no more than it takes to close gently."""
    for _ in range(round(5.0 / state.timestep)):
        gap = state.gap(side)
        if gap > NARROW:
            state.claws[side] = min(state.claws[side] + CLOSING * state.timestep, state.hand.percent(TIGHT))
        else:
            squeeze(state, side, GENTLY)
        yield
        if gap < SHUT or (gap < NARROW and state.touch(side).min() > FELT):
            break


class AtEdge(Skill):
    """What the skills share that draw a cloth over an edge of a table and take it up there."""

    def _edges(self, state: OperatorState) -> Edges:
        """Which corners of the cloth end its near edge, and its far one."""
        return edges_of(state, self.of)

    def _end(self, state: OperatorState) -> tuple[np.ndarray, np.ndarray]:
        """(3,) [m] the middle of the table's edge, and (3, 3) its rotation, x across the table."""
        return state.site(self.over)

    def _crowd(self, state: OperatorState, side: str, q: np.ndarray) -> float:
        """How crowded it is for an arm at joint angles (7,), as far as that counts: nothing where the robot stands as it was placed."""
        return 0.0


class DrawOver(AtEdge):
    """Draw a cloth that lies flat towards the robot, until its near long edge hangs over the edge of the table.

    Both hands press on it with closed claws, each beside a near corner, and come back until their own corner hangs over far
    enough: so the edge comes to lie along that of the table.
    """

    word = "draw"
    how = "over"
    label = Label(
        en=("draw over the edge", "both hands draw the {about} over the table's edge"),
        zh=("拉到桌边", "双手把{about}拉出桌沿"),
        shows=cloth.draw_over,
    )
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "over": Argument("site", "of the table's edge"),
        "overhang": Argument("length", "how far it is to hang over", 0.022),
        "inset": Argument("length", "how far from the ends of the edge the hands press", 0.06),
        "ahead": Argument("length", "how far inside the edge they press", 0.08),
        "pitch": Argument("angle", "how far the fingers point down", float(np.deg2rad(40.0))),
        "force": Argument("force", "with which each hand presses", 4.0),
        "speed": Argument("speed", "with which the cloth is drawn", 0.05),
        "reach": Argument("speed", "largest speed of the free hands", 0.4),
    }

    def run(self, state: OperatorState) -> Motion:
        left = set(SIDES)
        yield from together(*(self._press(state, side) for side in SIDES))
        yield from together(*(self._draw(state, side, left) for side in SIDES))
        yield from together(*(rising(state.arms[side], HOVER) for side in SIDES))

    def _press(self, state: OperatorState, side: str) -> Motion:
        """Bring a closed claw over the place on the cloth where it is to press."""
        arm, cloth = state.arms[side], self.of
        state.open_claw(side, TIGHT)
        places, edges = state.vertices(cloth), self._edges(state)
        inwards, away = across(places, edges, side)
        place = places[edges.near[side]] + self.inset * inwards + self.ahead * away + cloth.radius * UP
        frame, high = choose(
            arm,
            hands_over(away, self.pitch),
            lambda frame: [state.hand.tcp_from_tip(place + h * UP, frame, TIGHT) for h in (0.0, HOVER)],
            partial(self._crowd, state, side),
        )
        yield from arm.follow(state.way(side, high, self.reach))
        low = state.hand.tcp_from_tip(place + 0.004 * UP, frame, TIGHT)
        yield from arm.follow(arm.line([(low, frame)], 0.2, orient=FIRM), tremor=0.0)

    def _draw(self, state: OperatorState, side: str, left: set[str]) -> Motion:
        """Press until enough is felt; then come back by what does not yet hang over, until that is right on both sides."""
        arm = state.arms[side]
        at, frame = arm.hand()
        q, down, back, pressed = arm.q.copy(), 0.0, 0.0, False
        edge, turn = self._end(state)
        away = turn[:, 0]
        for _ in range(round(PATIENCE / state.timestep)):
            force = float(state.touch(side).sum())
            pressed = pressed or force > 0.7 * self.force
            down += state.timestep * float(np.clip(YIELD * (self.force - force), -SINK, SINK))
            missing = self.overhang - self._hanging(state, side, edge, away)
            if pressed:
                back += state.timestep * float(np.clip(missing / NEARING, -self.speed, self.speed))
            (left.add if abs(missing) > NEAR else left.discard)(side)
            if not left:
                break
            q, _ = arm.solve(at - back * away - down * UP, frame, q, None, FIRM, steps=6)
            arm.q = arm.command = q
            yield

    def _hanging(self, state: OperatorState, side: str, edge: np.ndarray, away: np.ndarray) -> float:
        """How far the cloth hangs over the table's edge at a corner [m]: what does not lie on the table."""
        cloth, places = self.of, state.vertices(self.of)
        edges = self._edges(state)
        width = float(np.linalg.norm(cloth.flat[edges.far[side]] - cloth.flat[edges.near[side]]))
        return width - float((places[edges.far[side]] - edge) @ away)


class PickCloth(AtEdge):
    """Take up the near long edge of a cloth where it hangs over the edge of a table, beside its corners, one with each hand.

    The fingers point across the table and down, one over the other. The lower one comes below the hanging edge and lifts it, out
    and up, until it lies on the finger; the upper one closes.
    So one layer lies between the pads with its edge towards the palm, and nothing of it is wrapped round a finger.
    """

    word = "take"
    how = "edge"
    label = Label(
        en=("pinch cloth", "both hands pinch the {about} by an edge"),
        zh=("捏起布料", "双手捏住{about}的一边"),
        shows=cloth.pick_cloth,
    )
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "over": Argument("site", "of the table's edge that it hangs over"),
        "hangs": Argument("length", "how far it hangs down there", 0.026),
        "inset": Argument("length", "how far from the ends of its edge it is pinched", 0.016),
        "lies": Argument(
            "length",
            "how much of it is to lie on the lower finger, which goes on below it or comes back; zero: what hung there",
            0.0,
        ),
        "gap": Argument("length", "opening of the claws that come", 0.06),
        "pitch": Argument("angle", "how far the fingers point down", float(np.deg2rad(30.0))),
        "force": Argument("force", "of each pad", 3.0),
        "speed": Argument("speed", "largest speed of the hands", 0.4),
    }

    def run(self, state: OperatorState) -> Motion:
        depths = {side: self._depth(state, side) for side in SIDES}
        yield from self._come(state, [self._hover(state, side, depths[side]) for side in SIDES])
        yield from state.pause()
        yield from together(*(self._pinch(state, side, depths[side]) for side in SIDES))

    def _come(self, state: OperatorState, ways: list[Motion]) -> Motion:
        """The hands go their ways to before the edge."""
        yield from together(*ways)

    def _depth(self, state: OperatorState, side: str) -> float:
        """How far the cloth hangs down where a hand takes it up [m]."""
        return self.hangs

    def _gap(self, depth: float) -> float:
        """Opening of a claw [m] whose lower finger comes below what hangs so far down, and whose upper one above the table."""
        return self.gap

    def _aim(self, state: OperatorState, side: str) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """The table's edge where the cloth is pinched; the way across the table; the rotations of the hand."""
        edges, places = self._edges(state), state.vertices(self.of)
        inwards, _ = across(places, edges, side)
        place, (edge, turn) = places[edges.near[side]] + self.inset * inwards, self._end(state)
        away = turn[:, 0]
        place += float((edge - place) @ away) * away
        place[2] = edge[2]
        return place, away, self._frames(away)

    def _frames(self, away: np.ndarray) -> list[np.ndarray]:
        """Rotations of a hand that takes it up, fingers across the table."""
        return hands_over(away, self.pitch)

    def _hover(self, state: OperatorState, side: str, depth: float) -> Motion:
        """Bring an open claw before the edge, its lower finger below what hangs there."""
        gap = self._gap(depth)
        state.open_claw(side, gap)
        place, away, frames = self._aim(state, side)
        below = place - (depth + BELOW) * UP
        _, before = choose(
            state.arms[side],
            frames,
            lambda frame: [state.hand.tcp_from_nose(below + d * away, frame, gap) for d in (WITHIN, -BEFORE)],
            partial(self._crowd, state, side),
        )
        yield from state.arms[side].follow(state.way(side, before, self.speed))

    def _lifting(self, place: np.ndarray, away: np.ndarray, depth: float) -> list[np.ndarray]:
        """Where the lower finger's end goes, below what hangs down at a place of the table's edge and up with it: (3,) [m] each."""
        # the edge goes up in a circle about the table's edge, and lies on the finger, that much behind its end
        below = place + WITHIN * away - (depth + BELOW) * UP
        met, turn = below + (BELOW - TOUCHED) * UP, np.deg2rad([20.0, 40.0, 60.0, 80.0])
        out, up = min(depth, OUT), depth + ROUNDS * max(depth - OUT, 0.0)
        noses = [below, met, *(met - out * (np.sin(a) * away) + up * (1.0 - np.cos(a)) * UP for a in turn)]
        if self.lies:
            noses.append(noses[-1] + OVER * UP)
        return noses

    def _row(self, edges: Edges) -> np.ndarray:
        """Vertices of the near edge."""
        flat = self.of.flat
        a, b = (flat[edges.near[side]] for side in SIDES)
        way = (b - a) / np.linalg.norm(b - a)
        return np.flatnonzero(np.abs((flat - a) @ [-way[1], way[0]]) < 0.5 * self.of.radius)

    def _lying(self, state: OperatorState, side: str, nose: np.ndarray, frame: np.ndarray) -> float:
        """How far behind the lower finger's end, which is at a place (3,), the edge is seen to lie along it [m], where it is pinched."""
        flat, places, edges = self.of.flat, state.vertices(self.of), self._edges(state)
        row = self._row(edges)
        beside = np.linalg.norm(flat[row] - flat[edges.near[side]], axis=1)
        order = np.argsort(beside)
        behind = (nose - places[row[order]]) @ frame[:, 2]
        return float(np.interp(self.inset, beside[order], behind))

    def _on(self, lying: float) -> float:
        """How far a finger goes on below the cloth [m], of which so much lies on it; less than nothing: it comes back."""
        missing = self.lies - lying
        return 0.0 if abs(missing) < RIGHT else float(np.clip(missing, -FURTHER, FURTHER))

    def _pinch(self, state: OperatorState, side: str, depth: float) -> Motion:
        arm, gap = state.arms[side], self._gap(depth)
        place, away, frames = self._aim(state, side)
        frame = nearest(frames, arm.hand()[1])
        noses = self._lifting(place, away, depth)
        end = noses[-1]
        for way, speed in ((noses[:1], 0.1), (noses[1:], 0.08)):
            poses = [(state.hand.tcp_from_nose(nose, frame, gap), frame) for nose in way]
            yield from arm.follow(arm.line(poses, speed, orient=FIRM), tremor=0.0)
        for _ in range(LOOKS if self.lies else 0):
            on = self._on(self._lying(state, side, end, frame))
            if not on:
                break
            end = end + on * away
            pose = state.hand.tcp_from_nose(end, frame, gap), frame
            yield from arm.follow(arm.line([pose], 0.08, orient=FIRM), tremor=0.0)
        yield from keeping_lower(state, side, end, frame, closing(state, side))
        force = self.force * float(state.faults.get("grip_force", 1.0))
        state.hold_on(side, self.of.part)
        yield from squeezing(state, side, force, arm.hold(SETTLE))
        for by in RAISED:  # off the table the cloth is thinner between the pads: they come to their force once more
            yield from squeezing(state, side, force, rising(arm, by))
            yield from squeezing(state, side, force, arm.hold(SETTLE))


class FoldHalf(AtEdge):
    """Carry the near edge of a cloth, held by both hands, in an arc over to the far edge, lower it there and let go of it.

    The hands end above the upper layer, fingers pointing away and down, so that nothing of the cloth lies on them. What stands
    between the pads, up to the edge, is tipped over to the front when they have opened; how much that is is seen on the way, and the
    hands come down as much short of the far corners.
    """

    word = "fold"
    how = "half"
    label = Label(
        en=("fold in half", "both hands fold the {about} in half"),
        zh=("对折", "双手把{about}对折"),
        shows=cloth.fold,
    )
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "beyond": Argument(
            "length", "how far beyond the far edge the near one is laid; less than nothing before it", 0.0
        ),
        "height": Argument("share", "of the arc's middle above its ends, as a share of its radius", 0.9),
        "low": Argument("length", "height above the lower layer at which the pads open", 0.003),
        "pitch": Argument("angle", "how far the fingers point down at the end", float(np.deg2rad(62.0))),
        "opening": Argument("length", "gap to which the claws open", 0.04),
        "force": Argument("force", "of each pad", 3.0),
        "speed": Argument("speed", "largest speed of the hands", 0.25),
    }

    def run(self, state: OperatorState) -> Motion:
        edges = self._edges(state)
        start = {side: state.arms[side].hand() for side in SIDES}
        # twice planned: what hangs from the pads shows on the way how far they are to go
        yield from self._carry(state, edges, start, (30.0, 60.0, 90.0, 120.0))
        yield from self._carry(state, edges, start, (150.0, 180.0))
        yield from state.wait(0.3)
        yield from together(*(self._release(state, side) for side in SIDES))

    def _release(self, state: OperatorState, side: str) -> Motion:
        """Open; tip what stood between the pads over to the front with the lower finger; draw back."""
        arm = state.arms[side]
        at, frame = arm.hand()
        vertical = Reason(f"the fingers of the {side} hand point straight down or up", "fingers_vertical", side=side)
        away = unit(frame[:, 2] * [1.0, 1.0, 0.0], vertical)
        nose = state.hand.nose_from_tcp(at, frame, max(state.gap(side), TIGHT))
        yield from keeping_lower(state, side, nose, frame, state.let_go(side, self.opening, 0.8))
        nose = state.hand.nose_from_tcp(arm.hand()[0], frame, self.opening)
        for ahead, up, speed in TIPPING:
            pose = state.hand.tcp_from_nose(nose + ahead * away + up * UP, frame, self.opening), frame
            yield from arm.follow(arm.line([pose], speed, orient=FIRM), tremor=0.0)

    def _carry(
        self,
        state: OperatorState,
        edges: Edges,
        start: dict[str, tuple[np.ndarray, np.ndarray]],
        angles: Sequence[float],
    ) -> Motion:
        """Along the arc from where the hands began, to angles [deg] between 0 and 180."""
        ways = {side: self._arc(state, side, edges, start[side], angles) for side in SIDES}
        force = self.force * float(state.faults.get("grip_force", 1.0))
        motions = zip(SIDES, self._side_by_side(state, ways, self.speed))
        yield from together(*(squeezing(state, side, force, motion) for side, motion in motions))

    def _arc(
        self,
        state: OperatorState,
        side: str,
        edges: Edges,
        start: tuple[np.ndarray, np.ndarray],
        angles: Sequence[float],
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        goal = self._laid(state, side, edges)
        return [on_arc(start, goal, self.height, float(np.deg2rad(angle))) for angle in angles]

    def _laid(self, state: OperatorState, side: str, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
        """(3,) [m] and (3, 3): tcp and rotation of a hand that lays the near edge on the far one, by what is seen of both."""
        cloth: Cloth = self.of
        arm, places, gap = state.arms[side], state.vertices(cloth), state.gap(side)
        other = "right" if side == "left" else "left"
        far = places[edges.far[side]]
        outwards = _towards(places[edges.far[other]], far)
        away = np.cross(outwards, UP) * (1.0 if side == "left" else -1.0)
        at, frame = arm.hand()
        held = flat_at(cloth, places, state.hand.pads_end(at, frame, gap))
        ends = cloth.flat[[edges.near[side], edges.near[other]]]
        along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
        beside = float((held - ends[0]) @ along)
        flap = float(np.linalg.norm(held - ends[0] - beside * along))
        end = far + (self.beyond - flap) * away - beside * outwards + (cloth.radius + self.low) * UP + state.aim()
        last = nearest(hands_over(away, self.pitch), frame)
        return state.hand.tcp_over(end, last, gap), last

    def _side_by_side(
        self, state: OperatorState, ways: dict[str, list[tuple[np.ndarray, np.ndarray]]], speed: float
    ) -> list[Motion]:
        """Both hands along their ways in the same time."""
        paths = {side: state.arms[side].line(way, speed, orient=FIRM) for side, way in ways.items()}
        time = max(path.duration for path in paths.values())
        return [state.arms[side].follow(replace(path, duration=time), tremor=0.3) for side, path in paths.items()]
