"""Skills for cloth: corners are pinched from above, a held edge is laid out, folded over, and the layers are pressed flat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np

from ...scenarios.cloth import Cloth
from .arm import Path, hand_frame, posture
from .body import GAP_OPEN, GAP_PER_PERCENT, SIDES, Body, Motion, percent_of_gap
from .hands import UP
from .skill import Argument, Skill

SOFT = (0.02, 0.006, 0.12)  # weights of the hand's orientation [m/rad]: the opening stays level, the pitch is free
ADVANCE = 0.2209  # m by which the pads draw back along the fingers for a metre of gap (robots/kuafu/claw.xml)
PAD_END, PAD_EDGE = 0.0175, 0.010  # m, from the middle of the closed pads to their end, and to their lower side
FIRM = (0.1, 0.1, 0.1)  # the same where the hand keeps its direction
GAP = 0.07  # m, opening that gathers a ridge of two layers, high enough to be held
HELD_GAP = 0.0135  # m, opening at which a ridge is held: closed further, the pads knead the cloth and it walks out
CLOSING = 27.0  # percent/s, slow enough for the arm to follow
PRESS = 0.003  # m, by which the pads are told to go below the cloth, which presses it down with about 10 N
RAISED = 0.04  # m, by which what has been pinched is lifted at once
CLEAR = 0.030  # m, above the lower layer, from where a ridge is let fall
FREED = 0.030  # m, opening at which a ridge is free; more would push the layers apart
YAWS = (0.0, -0.4, -0.8, 0.4, 0.8)
WAYS = ((), ("ready",), ("raised",), ("raised", "ready"))  # rows of postures by which a hand comes from anywhere

Where = Callable[[], np.ndarray]


def gap_of(percent: float) -> float:
    """Gap between the pads [m] at a claw's percent."""
    return GAP_OPEN - GAP_PER_PERCENT * percent


def lowest(frame: np.ndarray, gap: float) -> float:
    """How far below the tcp the pads reach [m], for a hand of this rotation that is open by a gap."""
    down = -frame[2, 2]
    return (PAD_END - ADVANCE * gap) * down + PAD_EDGE * np.sqrt(max(0.0, 1.0 - down * down))


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


def side_frame(side: str, yaw: float = 0.0, pitch: float = 0.55) -> np.ndarray:
    """Rotation of a hand whose fingers point away from the robot and down; `yaw` is outwards."""
    return hand_frame(yaw if side == "left" else -yaw, pitch)


def path_to(
    body: Body, side: str, points: Sequence[np.ndarray], speed: float, pitch: float = 0.5, yaw: float = 0.0
) -> Path:
    """A hand path through points, the opening level, the fingers forwards and down as far as the arm allows."""
    arm = body.arms[side]
    frame = side_frame(side, yaw, pitch)
    return arm.line([(np.asarray(p, float), frame) for p in points], speed, like=posture("ready", side), orient=SOFT)


def move(body: Body, side: str, points: Sequence[np.ndarray], speed: float, **how: float) -> Motion:
    yield from body.arms[side].follow(path_to(body, side, points, speed, **how), tremor=0.3)


def move_both(
    body: Body, left: Sequence[np.ndarray], right: Sequence[np.ndarray], speed: float, **how: float
) -> Motion:
    """Both hands through as many points each, in the same time."""
    paths = {side: path_to(body, side, points, speed, **how) for side, points in (("left", left), ("right", right))}
    time = max(path.duration for path in paths.values())
    yield from together(
        *(body.arms[side].follow(replace(path, duration=time), tremor=0.3) for side, path in paths.items())
    )


def _tcp(at: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
    """Where the tcp is when the pads, open by a gap, have their lower ends at a place."""
    back = (PAD_END - ADVANCE * gap) * frame[:, 2]
    return at - [back[0], back[1], 0.0] + lowest(frame, gap) * UP


def _levelled(frame: np.ndarray) -> np.ndarray:
    """A hand rotation with the same fingers, its opening level: both pads come down at once."""
    z = frame[:, 2]
    return hand_frame(float(np.arctan2(z[1], z[0])), float(np.arcsin(-z[2])))


def hover(body: Body, side: str, where: Where, gap: float, speed: float, above: float = 0.07) -> Motion:
    """Bring an open hand over a place of the cloth, fingers forwards and down as far as the arm allows.

    Args:
        where: tells the place of the cloth's underside, (3,) [m].
        gap: opening of the claw.
    """
    arm, like = body.arms[side], posture("ready", side)
    body.open_claw(side, gap)
    at, rows = where(), []
    for yaw in YAWS:
        frame = side_frame(side, yaw)
        q, _ = arm.solve(_tcp(at + above * UP, frame, gap), frame, like, like, SOFT)
        frame = _levelled(arm.hand(q)[1])
        rows.append([(_tcp(at + above * UP, frame, gap), frame), (_tcp(at, frame, gap), frame)])
    high = body.goal(side, rows, like, FIRM)[1][0]
    yield from arm.follow(body.way(side, high, WAYS, speed))


def pinch_from_above(body: Body, side: str, where: Where, gap: float) -> Motion:
    """Come down on cloth under a hovering hand, press it on what it lies on, and close, the pads staying at their height.

    Args:
        where: as in `hover`; looked at again before the hand comes down.
        gap: opening with which it comes down; as much cloth is gathered between the pads.
    """
    arm, like = body.arms[side], posture("ready", side)
    at, f = where(), _levelled(arm.hand()[1])
    low = arm.line([(_tcp(at + 0.012 * UP, f, gap), f), (_tcp(at - PRESS * UP, f, gap), f)], 0.15, orient=FIRM)
    yield from arm.follow(low, tremor=0.0)
    yield from arm.hold(0.1)
    p, f = arm.hand()
    end = p + (PAD_END - ADVANCE * gap) * f[:, 2]
    closed, q = percent_of_gap(HELD_GAP), arm.q.copy()
    for _ in range(round(4.0 / body.timestep)):
        body.claws[side] = min(body.claws[side] + CLOSING * body.timestep, closed)
        opened = max(gap_of(body.percent(side)), HELD_GAP)
        q, _ = arm.solve(end - (PAD_END - ADVANCE * opened) * f[:, 2], f, q, like, FIRM, steps=6)
        arm.q = arm.command = q
        yield
        if body.percent(side) > closed - 4.0 and body.claws[side] >= closed:
            break
    # at once off what it lies on: pads that go on pressing knead the cloth out of their grip
    p, f = arm.hand()
    yield from arm.follow(arm.line([(p + RAISED * UP, f)], 0.2, orient=FIRM), tremor=0.0)


class PickCloth(Skill):
    """Pinch the two ends of a long edge of a cloth, one with each hand, from above."""

    word = "pick_cloth"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "edge": Argument("word", "which of its long edges, as the robot sees it", "far", ("far", "near")),
        "inset": Argument("length", "how far from its corners it is pinched", 0.03),
        "gap": Argument("length", "opening of the claw that comes down", GAP),
        "speed": Argument("speed", "largest speed of the hands", 0.4),
    }

    def run(self, body: Body) -> Motion:
        cloth: Cloth = self.of
        spots = corner_spots(cloth, self.inset)
        v = body.vertices(cloth)
        edges = [(spots[0], spots[1]), (spots[2], spots[3])]
        edges.sort(key=lambda e: sum(v[s][0] for s in e))
        best = edges[-1 if self.edge == "far" else 0]
        left, right = sorted(best, key=lambda s: -v[s][1])
        where = {
            side: partial(lambda spot: body.vertices(cloth)[spot] - cloth.radius * UP, spot)
            for side, spot in (("left", left), ("right", right))
        }
        yield from together(*(hover(body, side, where[side], self.gap, self.speed) for side in SIDES))
        yield from body.pause()
        for side in SIDES:
            yield from pinch_from_above(body, side, where[side], self.gap)
        body.held["left"], body.held["right"] = cloth.part, cloth.part


def corner_spots(cloth: Cloth, inset: float) -> list[int]:
    """Vertices near the corners: two of one long edge, then two of the other, in the same order along it."""
    half = cloth.size / 2 - inset
    middle = (cloth.flat.max(axis=0) + cloth.flat.min(axis=0)) / 2
    found = []
    for y in (-1, 1):
        for x in (-1, 1):
            goal = middle + half * (x, y)
            found.append(int(np.argmin(((cloth.flat - goal) ** 2).sum(axis=1))))
    return found


class FoldHalf(Skill):
    """Carry an edge that both hands hold over to the edge that lies opposite, in an arc, and let go of it there.

    Fingers that point forwards hold the far edge: when it comes to the near one they lie between the layers, and draw back
    out of the open side. Fingers that carry a near edge away would end in a pocket of the cloth.
    """

    word = "fold_half"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "beyond": Argument(
            "length", "how far beyond the opposite edge the held one is carried, for what it sags", 0.01
        ),
        "height": Argument("share", "of the arc's middle above the cloth, as a share of its radius", 0.7),
        "retreat": Argument("length", "how far the hands draw back", 0.09),
        "speed": Argument("speed", "largest speed of the hands", 0.25),
    }

    def run(self, body: Body) -> Motion:
        cloth: Cloth = self.of
        v = body.vertices(cloth)
        spots = corner_spots(cloth, 0.0)
        hands = {side: body.arms[side].hand()[0] for side in SIDES}
        # the corners that are held, and those that lie opposite on the short edges
        opposite = {spots[0]: spots[2], spots[1]: spots[3], spots[2]: spots[0], spots[3]: spots[1]}
        held = {side: min(spots, key=lambda s: float(np.linalg.norm(v[s] - hands[side]))) for side in SIDES}
        inset = {side: float(np.linalg.norm((v[held[side]] - hands[side])[:2])) for side in SIDES}

        def towards(angles: Sequence[float]) -> dict[str, list[np.ndarray]]:
            """Places of the hands on the arc to where the opposite corners are seen now; angles [deg] from 0 to 180."""
            now = body.vertices(cloth)
            ways: dict[str, list[np.ndarray]] = {}
            for side in SIDES:
                start, far = hands[side], now[opposite[held[side]]]
                along = (far - start)[:2]
                size = float(np.linalg.norm(along))
                along = along * (size + self.beyond - min(inset[side], 0.04)) / size
                low = (
                    start[2] - RAISED + 2.0 * cloth.radius + CLEAR
                )  # of the tcp where it lets go, above the lower layer
                ways[side] = []
                for angle in np.deg2rad(angles):
                    flat = start[:2] + along * 0.5 * (1.0 - np.cos(angle))
                    rise = self.height * 0.5 * size * np.sin(angle)
                    # it begins where it is, higher than where it ends
                    ease = (start[2] - low) * 0.5 * (1.0 + np.cos(angle))
                    ways[side].append(np.array([flat[0], flat[1], low + ease + rise]))
            return ways

        first = towards([30.0, 60.0, 90.0, 115.0])
        yield from move_both(body, first["left"], first["right"], self.speed)
        last = towards([140.0, 165.0, 180.0])
        yield from move_both(body, last["left"], last["right"], self.speed)
        yield from body.wait(0.2)
        yield from together(*(body.let_go(side, FREED, 1.0) for side in SIDES))
        back = {}
        for side in SIDES:  # level, out from between the layers, and only then up
            p, f = body.arms[side].hand()
            out = -f[:, 2] * [1.0, 1.0, 0.0]
            out = out / np.linalg.norm(out)
            back[side] = [p + self.retreat * out, p + (self.retreat + 0.01) * out + 0.10 * UP]
        yield from move_both(body, back["left"], back["right"], 0.5 * self.speed)
