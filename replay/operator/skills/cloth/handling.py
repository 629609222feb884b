"""Skills for cloth: it is drawn over the table's edge, taken up by what hangs there, folded over to its far edge and laid down."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .....scenarios.cloth.cloth import Cloth
from .....scenarios.robots.robot_folder import SIDES
from ...limbs.arm import Arm
from ...limbs.geometry import UP, between, turned_between, unit
from ...operator_state import OperatorState
from ...words.reason import Reason
from ...words.skill import Motion, Skill
from ..walking import moving, walked
from .tips import TIGHT, hands_over

ROOM = 0.02  # m, that a hand may rather be off than closer to something than the margin
FIRM = (0.1, 0.1, 0.1)  # weights of the hand's orientation [m/rad]: it keeps its direction
LIKE = ("raised", "level", "bench_beside", "shelf", "over", "elbow_in")  # how the arms may be held before the table
# rows of postures by which a hand comes from anywhere
HOVER = 0.07  # m, from where a hand comes down
# drawing
YIELD, SINK = 0.002, 0.01  # m/s by which a pressing hand goes down for each newton that is missing, and at most
PATIENCE = 12.0  # s, after which a cloth is not drawn further
BELOW, TOUCHED = 0.018, 0.004  # how far below the cloth it comes; how far it goes straight up with the edge
# how often it looks how much lies on the finger; m, by which that may be wrong; and by which it goes on or comes back at a look
LOOKS, RIGHT, FURTHER = 4, 0.003, 0.020
SHUT, FELT = 0.007, 1.5  # m, N: opening at which the cloth is held, or what both pads feel
LAST = 0.003  # m, that may be missing when a cloth has been drawn out
GIVES = 0.03  # m, by which hands and cloth may give
FINE = 6  # parts of a triangle's side, in which a place on the cloth is sought


def held_by_both(state: OperatorState) -> bool:
    """Whether both hands hold something; where not, it is reported as given up."""
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
    places = state.senses.vertices(cloth)
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
    for _ in motion:
        gap = max(state.senses.gap(side), TIGHT)
        lead(state.arms[side], state.hand.tcp_from_nose(nose, frame, gap), frame)
        yield


def nose_of(state: OperatorState, side: str) -> tuple[np.ndarray, np.ndarray]:
    """(3,) [m] where the lower finger of a hand on cloth ends, towards the other one, and (3, 3) how the hand is turned."""
    at, frame = state.arms[side].hand()
    return state.hand.nose_from_tcp(at, frame, max(state.senses.gap(side), TIGHT)), frame


def opening_up(state: OperatorState, side: str, opening: float, seconds: float) -> Motion:
    """Open a claw to a gap [m], the lower finger staying where it is."""
    yield from keeping_lower(state, side, *nose_of(state, side), state.let_go(side, opening, seconds))


def side_by_side(
    state: OperatorState,
    ways: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]],
    speed: float,
    orient: Sequence[float],
    tremor: float,
) -> list[Motion]:
    """Hands along rows of poses, all of them in the same time."""
    paths = {side: state.arms[side].line(way, speed, orient=orient) for side, way in ways.items()}
    time = max(path.duration for path in paths.values())
    return [state.arms[side].follow(replace(path, duration=time), tremor=tremor) for side, path in paths.items()]


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


def lead(arm: Arm, goal: np.ndarray, frame: np.ndarray, orient: Sequence[float] = FIRM, steps: int = 6) -> None:
    """Command a hand to a place (3,) [m] and a rotation (3, 3) that change slowly; see `send` for those that change fast."""
    arm.q, _ = arm.solve(goal, frame, arm.q, None, orient, steps=steps)
    arm.command = arm.q


def send(arm: Arm, goal: np.ndarray, frame: np.ndarray, orient: Sequence[float]) -> None:
    """Bring a hand to a place (3,) [m] within the next control period, its servo's lag made up for.

    Args:
        frame: (3, 3) its rotation; orient: its weights [m/rad].
    """
    last, (arm.q, _) = arm.q, arm.solve(goal, frame, arm.q, None, orient, steps=8)
    arm.command = arm.q + arm.lag * (arm.q - last) / arm.timestep


def back_with(
    state: OperatorState,
    missing: Callable[[], float],
    away: np.ndarray,
    speed: float,
    turning: float,
    within: float = 0.01,
) -> Motion:
    """Step back with a cloth, no further than it has to come and a little that hands and cloth give.

    Args:
        missing: by how much it is still to come [m]; away: (2,) the way across the table.
        speed, turning: [m/s] and [rad/s] at most; within: how near to the place counts as there [m].
    """
    base = moving(state)
    target, yaw = base.at - (missing() + GIVES) * away, base.yaw
    while missing() > LAST:
        if base.go(target, yaw, speed, turning) < within and base.stands:
            state.given_up = Reason("the cloth did not come as the robot stepped back", "cloth_did_not_come")
            break
        yield
    yield from base.stop()


class AtEdge(Skill):
    """What the skills share that work at an edge of a table: draw a cloth over it, take it up there, and stand before it.

    A place there is given by how far it is inside the table's edge, to the left of the edge's middle, and above it [m].
    """

    hands = "Both hands"

    def _edges(self, state: OperatorState) -> Edges:
        """Which corners of the cloth end its near edge, and its far one."""
        return edges_of(state, self.of)

    def _end(self, state: OperatorState) -> tuple[np.ndarray, np.ndarray]:
        """(3,) [m] the middle of the table's edge, and (3, 3) its rotation, x across the table."""
        return state.senses.site(self.over)

    def _place(self, state: OperatorState, inside: float, beside: float, up: float = 0.0) -> np.ndarray:
        """(3,) [m] in the world, of a place at the edge."""
        edge, turn = self._end(state)
        return edge + beside * np.cross(UP, turn[:, 0]) + inside * turn[:, 0] + up * UP

    def _seen(self, state: OperatorState) -> np.ndarray:
        """(n, 3) [m] where each vertex of the cloth is, as a place at the edge."""
        edge, turn = self._end(state)
        away = turn[:, 0]
        return (state.senses.vertices(self.of) - edge) @ np.column_stack([away, np.cross(UP, away), UP])

    def _stand(self, state: OperatorState, off: float, beside: float, speed: float = 0.2) -> Generator[None, None, bool]:
        """Walk to so far before the edge and so far to the left of its middle [m], and face it; whether it arrives."""
        base, place, away = moving(state), self._place(state, -off, beside)[:2], self._end(state)[1][:2, 0]
        time = 20.0 + float(np.hypot(*(place - base.at))) / speed
        yaw = float(np.arctan2(away[1], away[0]))
        return (yield from walked(state, self.name, base.walk(place, yaw, speed, 0.4, 0.012, 0.03, time)))

    def _press_at(self, state: OperatorState, side: str, place: np.ndarray, away: np.ndarray) -> Motion:
        """Bring a closed claw onto the cloth at a place (3,), its fingers across the cloth."""
        arm = state.open_claw(side, TIGHT)
        frame, high = choose(
            arm,
            hands_over(away, self.pitch),
            lambda frame: [state.hand.tcp_from_tip(place + h * UP, frame, TIGHT) for h in (0.0, HOVER)],
            partial(self._crowd, state, side),
        )
        yield from arm.follow(state.ways.way(side, high, self.reach))
        low = state.hand.tcp_from_tip(place + 0.004 * UP, frame, TIGHT)
        yield from arm.follow(arm.line([(low, frame)], 0.2, orient=FIRM), tremor=0.0)

    def _crowd(self, state: OperatorState, side: str, q: np.ndarray) -> float:
        """How crowded it is for an arm at joint angles (7,), as far as that counts: nothing where the robot stands as it was placed."""
        return 0.0
