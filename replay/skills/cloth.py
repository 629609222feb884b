"""Skills for cloth: its near corners are pinched, the edge between them is carried over to the far one and laid down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ...scenarios.cloth import Cloth
from .arm import Arm, Path, between, hand_frame, posture, turned_between
from .body import FORCE_PER_PERCENT, GAP_OPEN, GAP_PER_PERCENT, SIDES, Body, Motion, percent_of_gap
from .hands import UP
from .skill import Argument, Skill

ADVANCE = 0.2209  # m by which the pads draw back along the fingers for a metre of gap (robots/kuafu/claw.xml)
PAD_END, PAD_EDGE = 0.0175, 0.010  # m, from the middle of the closed pads to their end, and to their lower side
FIRM = (0.1, 0.1, 0.1)  # weights of the hand's orientation [m/rad]: it keeps its direction
POSTURE = "outside_2"  # how the arms are held over the near corners
CANT = np.deg2rad(4.0)  # by which the outer pad comes down lower: it takes the edge, the inner one holds the cloth down
ABOVE = 0.002  # m, of the pads' ends over what the cloth lies on, where the hand comes down
RISE = 0.002  # m, by which they come up while they close: pads that press are driven through the cloth
CLOSING = 27.0  # percent/s, slow enough for the arm to follow
NARROW, GENTLY = 0.022, 8.0  # m: narrower than that it closes with so many newtons, the cloth being between the pads
SHUT, FELT = 0.007, 1.5  # m, N: opening at which the edge that stands up between the pads is lifted, or what both feel
TIGHT = 0.003  # m, opening beyond which a claw does not close on cloth
SETTLE = 0.8  # s, in which the pads come to their force
OFF, RAISED = 0.010, 0.030  # m, by which a pinched edge is raised before the grip is felt for, and after it
HOVER = 0.07  # m, from where the hand comes down
WAYS = ((), ("ready",), ("raised",))  # rows of postures by which a hand comes from anywhere


def gap_of(percent: float) -> float:
    """Gap between the pads [m] at a claw's percent."""
    return GAP_OPEN - GAP_PER_PERCENT * percent


def pad_end(tcp: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
    """(3,) [m] where the lower ends of the pads are, in their middle, for a hand that is open by a gap."""
    ahead = (PAD_END - ADVANCE * gap) * frame[:, 2] * [1.0, 1.0, 0.0]
    return tcp + ahead - _reach_down(frame, gap) * UP


def tcp_over(end: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
    """(3,) [m] where the tcp is when the pads, open by a gap, have their lower ends at a place."""
    return 2.0 * end - pad_end(end, frame, gap)


def _reach_down(frame: np.ndarray, gap: float) -> float:
    """How far below the tcp the pads reach [m]."""
    down = -frame[2, 2]
    return float((PAD_END - ADVANCE * gap) * down + PAD_EDGE * np.sqrt(max(0.0, 1.0 - down * down)))


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


def corner_spots(cloth: Cloth) -> tuple[tuple[int, int], tuple[int, int]]:
    """Vertices at the corners: the two that end one long edge, and those opposite to them."""
    low, high = cloth.flat.min(axis=0), cloth.flat.max(axis=0)
    at = [(x, y) for y in (low[1], high[1]) for x in (low[0], high[0])]
    a, b, c, d = (int(np.argmin(((cloth.flat - corner) ** 2).sum(axis=1))) for corner in at)
    return (a, b), (c, d)


@dataclass(frozen=True)
class Edges:
    """Which corners of a cloth end its near long edge and its far one, as the robot sees it: side -> vertex."""

    near: dict[str, int]
    far: dict[str, int]


def edges_of(body: Body, cloth: Cloth) -> Edges:
    places = body.vertices(cloth)
    ahead = np.array([np.cos(body.heading), np.sin(body.heading), 0.0])
    edges = sorted(corner_spots(cloth), key=lambda edge: sum(places[spot] @ ahead for spot in edge))
    near, far = (sorted(edge, key=lambda spot: -body.leftwards(places[spot])) for edge in edges)
    return Edges(dict(zip(SIDES, near)), dict(zip(SIDES, far)))


def _towards(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(3,) level unit vector from one place to another."""
    way = (b - a) * [1.0, 1.0, 0.0]
    return way / np.linalg.norm(way)


def hands_over(side: str, away: np.ndarray, yaw: float, pitch: float) -> list[np.ndarray]:
    """Rotations of a hand whose fingers point down by `pitch`, and inwards by `yaw` from the way across the cloth: either
    of the two that differ by which finger is which."""
    heading = float(np.arctan2(away[1], away[0])) + (-yaw if side == "left" else yaw)
    return [hand_frame(heading, pitch, roll) for roll in (0.0, np.pi)]


def nearest(frames: Sequence[np.ndarray], to: np.ndarray) -> np.ndarray:
    """The rotation that is turned least from another."""
    return min(frames, key=lambda frame: turned_between(frame, to))


def canted(frame: np.ndarray, away: np.ndarray) -> np.ndarray:
    """The same hand, turned about the cloth's edge so that the pad on the near side is the lower one."""
    cross = np.cross(np.eye(3), np.cross(UP, away))
    return (np.eye(3) - np.sin(CANT) * cross + (1.0 - np.cos(CANT)) * cross @ cross) @ frame


def squeeze(body: Body, side: str, force: float) -> None:
    """Let a claw press with a force [N] on whatever is between its pads, one layer or two, and no harder.

    It is told to close a little further than it is closed: pads that follow a command are driven through cloth.
    """
    further = force / FORCE_PER_PERCENT
    body.claws[side] = min(body.percent(side) + further, percent_of_gap(TIGHT))


def squeezing(body: Body, side: str, force: float, motion: Motion) -> Motion:
    """A motion, while a claw presses with a force [N] on what it holds, as long as it holds it."""
    for _ in motion:
        if side in body.held:
            squeeze(body, side, force)
        yield


class PickCloth(Skill):
    """Pinch a cloth that lies flat by the corners of its near long edge, one with each hand.

    The opening lies across the edge. The outer pad comes down before the edge and pushes it up against the inner one, which
    holds the cloth; so one layer stands between the pads, its edge towards the palm, and falls out when they open.
    """

    word = "pick_cloth"
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "inset": Argument("length", "how far from the ends of its edge it is pinched", 0.03),
        "depth": Argument("length", "how far inside the edge the middle of the opening comes down", 0.015),
        "gap": Argument("length", "opening of the claws that come down", 0.06),
        "yaw": Argument(
            "angle", "how far the fingers point inwards from the way across the cloth", float(np.deg2rad(75.0))
        ),
        "pitch": Argument("angle", "how far the fingers point down", float(np.deg2rad(65.0))),
        "force": Argument("force", "of each pad", 1.2),
        "speed": Argument("speed", "largest speed of the hands", 0.4),
    }

    def run(self, body: Body) -> Motion:
        yield from together(*(self._hover(body, side) for side in SIDES))
        yield from body.pause()
        yield from together(*(self._pinch(body, side) for side in SIDES))

    def _aim(self, body: Body, side: str) -> tuple[np.ndarray, list[np.ndarray]]:
        """Place on what the cloth lies on, and the rotations in which a hand may come down there."""
        cloth: Cloth = self.of
        edges, places = edges_of(body, cloth), body.vertices(cloth)
        other = "right" if side == "left" else "left"
        corner = places[edges.near[side]]
        away = _towards(corner, places[edges.far[side]])
        frames = [canted(frame, away) for frame in hands_over(side, away, self.yaw, self.pitch)]
        place = corner + self.inset * _towards(corner, places[edges.near[other]]) + self.depth * away
        return place - (cloth.radius - ABOVE) * UP, frames

    def _hover(self, body: Body, side: str) -> Motion:
        arm, like = body.arms[side], posture(POSTURE, side)
        body.open_claw(side, self.gap)
        place, frames = self._aim(body, side)
        found = []
        for frame in frames:
            q, off = arm.solve(tcp_over(place, frame, self.gap) + HOVER * UP, frame, like, None, FIRM)
            found.append((off + FIRM[0] * turned_between(arm.hand(q)[1], frame), q))
        high = min(found, key=lambda one: one[0])[1]
        yield from arm.follow(body.way(side, high, WAYS, self.speed))

    def _pinch(self, body: Body, side: str) -> Motion:
        arm = body.arms[side]
        place, frames = self._aim(body, side)
        frame = nearest(frames, arm.hand()[1])
        low = [(tcp_over(place + h * UP, frame, self.gap), frame) for h in (0.012, 0.0)]
        yield from arm.follow(arm.line(low, 0.15, orient=FIRM), tremor=0.0)
        yield from arm.hold(0.1)
        # the pads advance along the fingers while they close: the arm draws back, so that their ends stay where they are
        start = arm.hand()[0] + (PAD_END - ADVANCE * self.gap) * frame[:, 2]
        q = arm.q.copy()
        for _ in range(round(4.0 / body.timestep)):
            gap = max(gap_of(body.percent(side)), TIGHT)
            if gap > NARROW:
                body.claws[side] = min(body.claws[side] + CLOSING * body.timestep, percent_of_gap(TIGHT))
            else:
                squeeze(body, side, GENTLY)
            end = start + RISE * (self.gap - gap) / (self.gap - TIGHT) * UP
            q, _ = arm.solve(end - (PAD_END - ADVANCE * gap) * frame[:, 2], frame, q, None, FIRM, steps=6)
            arm.q = arm.command = q
            yield
            if gap < SHUT or (gap < NARROW and body.touch(side).min() > FELT):
                break
        force = self.force * float(body.faults.get("grip_force", 1.0))
        body.hold_on(side, self.of.part)
        for motion in (
            arm.follow(self._up(arm, OFF, 0.1), tremor=0.0),
            arm.hold(SETTLE),
            arm.follow(self._up(arm, RAISED, 0.2), tremor=0.0),
        ):
            yield from squeezing(body, side, force, motion)

    def _up(self, arm: Arm, by: float, speed: float) -> Path:
        at, frame = arm.hand()
        return arm.line([(at + by * UP, frame)], speed, orient=FIRM)


class FoldHalf(Skill):
    """Carry the near edge of a cloth, held by both hands, in an arc over to the far edge, lower it there and let go of it.

    The hands end above the upper layer, fingers pointing away and down, so that nothing of the cloth lies on them. What stands
    between the pads, up to the edge, falls forwards when they open; it is seen on the way, and the hands come down as much short
    of the far corners.
    """

    word = "fold_half"
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "beyond": Argument(
            "length", "how far beyond the far edge the near one is laid; less than nothing before it", 0.0
        ),
        "height": Argument("share", "of the arc's middle above its ends, as a share of its radius", 0.9),
        "low": Argument("length", "height above the lower layer at which the pads open", 0.003),
        "yaw": Argument("angle", "how far the fingers point inwards at the end", float(np.deg2rad(20.0))),
        "pitch": Argument("angle", "how far they point down at the end", float(np.deg2rad(50.0))),
        "opening": Argument("length", "gap to which the claws open", 0.04),
        "retreat": Argument("length", "how far the hands draw back along their fingers", 0.12),
        "force": Argument("force", "of each pad", 1.2),
        "speed": Argument("speed", "largest speed of the hands", 0.25),
    }

    def run(self, body: Body) -> Motion:
        edges = edges_of(body, self.of)
        start = {side: body.arms[side].hand() for side in SIDES}
        # twice planned: what hangs from the pads shows on the way how far they are to go
        yield from self._carry(body, edges, start, (30.0, 60.0, 90.0, 120.0))
        yield from self._carry(body, edges, start, (150.0, 180.0))
        yield from body.wait(0.3)
        yield from together(*(body.let_go(side, self.opening, 0.6) for side in SIDES))
        yield from body.wait(0.3)
        back: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for side in SIDES:
            at, frame = body.arms[side].hand()
            back[side] = [(at - self.retreat * frame[:, 2], frame)]
        yield from together(*self._side_by_side(body, back, 0.15))

    def _carry(
        self, body: Body, edges: Edges, start: dict[str, tuple[np.ndarray, np.ndarray]], angles: Sequence[float]
    ) -> Motion:
        """Along the arc from where the hands began, to angles [deg] between 0 and 180."""
        ways = {side: self._arc(body, side, edges, start[side], angles) for side in SIDES}
        force = self.force * float(body.faults.get("grip_force", 1.0))
        motions = zip(SIDES, self._side_by_side(body, ways, self.speed))
        yield from together(*(squeezing(body, side, force, motion) for side, motion in motions))

    def _arc(
        self, body: Body, side: str, edges: Edges, start: tuple[np.ndarray, np.ndarray], angles: Sequence[float]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        cloth: Cloth = self.of
        arm, places, gap = body.arms[side], body.vertices(cloth), gap_of(body.percent(side))
        other = "right" if side == "left" else "left"
        corner, far = places[edges.near[side]], places[edges.far[side]]
        outwards = _towards(places[edges.far[other]], far)
        away = np.cross(outwards, UP) * (1.0 if side == "left" else -1.0)
        # the edge's way from the pads' ends: up along the fingers to it, and along it to the corner
        at, frame = arm.hand()
        hangs = corner - pad_end(at, frame, gap)
        flap, beside = float(np.linalg.norm(hangs - (hangs @ outwards) * outwards)), float(hangs @ outwards)
        end = far + (self.beyond - flap) * away - beside * outwards + (cloth.radius + self.low) * UP + body.aim()
        last = nearest(hands_over(side, away, self.yaw, self.pitch), frame)
        goal = tcp_over(end, last, gap)
        first, turned = start
        way, rise = goal - first, self.height * 0.5 * float(np.linalg.norm((goal - first)[:2]))
        shares = 0.5 * (1.0 - np.cos(np.deg2rad(angles)))
        heights = rise * np.sin(np.deg2rad(angles))
        return [(first + s * way + h * UP, between(turned, last, s)) for s, h in zip(shares, heights)]

    def _side_by_side(
        self, body: Body, ways: dict[str, list[tuple[np.ndarray, np.ndarray]]], speed: float
    ) -> list[Motion]:
        """Both hands along their ways in the same time."""
        paths = {side: body.arms[side].line(way, speed, orient=FIRM) for side, way in ways.items()}
        time = max(path.duration for path in paths.values())
        return [body.arms[side].follow(replace(path, duration=time), tremor=0.3) for side, path in paths.items()]
