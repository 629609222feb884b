"""Wipe an area with a cloth that the hand holds, in overlapping strokes to and fro, and again where it is not clean."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from .....scenarios.reactions.wiping import Stain
from .....scenarios.words.stain import LEFT, STRIPE, TOTAL, kept
from ...limbs.arm import Path
from ...limbs.geometry import UP, turn_z, turned_about
from ...operator_state import OperatorState
from ...planning.ways import REACHED, best_of
from ...recognition import strokes
from ...words.primitives import STROKE
from ...words.reason import GivenUp
from ...words.skill import Argument, Label, Motion, Skill
from ..strokes import GROWING, SLOW, Leaning

# weights of the orientation: the pad lies flat by itself, and an area's far edge is at the end of the reach
HOLDS = (0.03, 0.03, 0.02)
# [rad] how the hand may be turned at the end of a stroke against how it is now: aside, and more level or steeper
TURNS, TILTS = np.deg2rad([0.0, 15.0, -15.0, 30.0, -30.0, 45.0, -45.0]), np.deg2rad([0.0, -12.0, 12.0])
# a joint that turns by more than so much [rad] over so much [m] of a stroke swings over to another posture
SWUNG = (0.012, 0.12)
ROOM = 0.010  # m, that the arm keeps from the trunk and from what stands around on a stroke
# m, how far a corner out of reach is cut: in depth, and from where on along the stroke
CUTS, CORNER = (0.0, 0.01, 0.02, 0.03), 0.1
BEYOND = 0.008  # m, by which a stroke goes on beyond the area's edge: an arm that is dragged at stays behind
OUT = 0.03  # m, by which a corner of a turned cloth stands out over the area's edge at most: what lies beside it
CLEAR = 0.04  # m, over the surface, between two strokes that do not follow each other
BETWEEN = 0.5  # share of force and speed between two strokes, where the arm turns
REST = 0.3  # s, in which the force comes to its value before the cloth goes


class StrokeArea(Skill, word="stroke", how="area"):
    """Wipe an area with a cloth that the hand holds, in overlapping strokes to and fro, and again where it is not clean.

    The strokes lie side by side along the area's y axis, from near to far. How hard the cloth bears on the surface is kept near the
    force that is asked, corrected at every control step. Then the area is inspected: as long as more is left than shall be, the stripe with
    most left is gone over once more, and the area inspected anew, so often at most.
    """

    label = Label(
        en=("wipe an area", "the {hand} hand wipes the {about} with a cloth"),
        zh=("擦拭区域", "{hand}手用抹布擦{about}"),
        shows=strokes.wipe_area,
        about="at",
    )
    arguments = STROKE(
        "hand",
        of=STROKE.at("of", "the underside of the cloth that is held"),
        at=STROKE.at("at", "the middle of an area that has a stain, z out of it"),
        force=8.0,
        overlap=Argument("length", "width by which neighbouring strokes overlap", 0.03),
        rows=Argument("word", "how many strokes lie side by side at most", "all", ("all", "1", "2")),
        again=Argument("word", "how often it goes over what is left at most", "6", ("0", "1", "2", "4", "6", "8")),
        enough=Argument("share", "share of the stain that shall be off", 0.97),
        speed=STROKE.at("speed", "speed of a stroke", 0.12),
    )

    def run(self, state: OperatorState) -> Motion:
        stain = next((stain for stain in state.scene.stains if stain.place.of == self.at), None)
        if stain is None:
            raise GivenUp(f"{self.at.replace('/', '.', 1)} is no area with a stain")
        feel = _Pressing(state, self.hand, self.force, stain)
        grid, half_x = stain.grid, stain.sole.half[0]
        reach_x = grid.rows * grid.cell / 2 - half_x
        count = int(np.ceil(2 * reach_x / (2 * half_x - self.overlap))) + 1
        rows = np.linspace(-reach_x, reach_x, count)
        side = 1.0
        for k, x in enumerate(rows[: count if self.rows == "all" else int(self.rows)]):
            yield from self._to(state, feel, (x, side * self._reach(state, stain)), down=k == 0)
            yield from feel.during(self._along(state, (x, -side * self._reach(state, stain))))
            side = -side
        for _ in range(int(self.again)):
            left, total = (float(state.senses.readings.first(kept(stain.name, word))) for word in (LEFT, TOTAL))
            if left <= (1.0 - self.enough) * total:
                break
            at, first, last, _ = (float(state.senses.readings.first(kept(stain.name, word))) for word in STRIPE)
            x = float(np.clip(at, -reach_x - BEYOND, reach_x + BEYOND))
            # no stroke is so short that it has no speed
            middle, half = (first + last) / 2, max((last - first) / 2, 0.04)
            reach_y = self._reach(state, stain)
            ends = np.clip([middle - half, middle + half], -reach_y, reach_y)
            now = self._place(state)[1]
            ends = ends if abs(now - ends[0]) < abs(now - ends[1]) else ends[::-1]
            yield from self._to(state, feel, (x, float(ends[0])), down=False)
            yield from feel.during(self._along(state, (x, float(ends[1]))))
        yield from feel.off()
        yield from self._rise(state, CLEAR + 0.03)

    def _to(self, state: OperatorState, feel: _Pressing, to: tuple[float, float], down: bool) -> Motion:
        """To where a stroke begins: along the surface under the force, or, at first, from above and down on it."""
        if not down:
            yield from feel.during(self._along(state, to, BETWEEN), BETWEEN)
            return
        arm = state.arms[self.hand]
        yield from arm.follow(arm.line([self._pose(state, to, CLEAR)], 0.25, orient=HOLDS), tremor=0.3)
        yield from arm.follow(arm.line([self._pose(state, to, 0.002)], SLOW, orient=HOLDS), tremor=0.0)
        yield from feel.during(arm.hold(self.force / GROWING + REST))

    def _along(self, state: OperatorState, to: tuple[float, float], share: float = 1.0) -> Motion:
        """Along the surface to a place of the area; in two halves, each with a turn of the hand of its own, where no one way will do."""
        arm, (bad, path) = state.arms[self.hand], self._way(state, to, share * self.speed)
        y = float(self._place(state)[1])
        if bad >= 1.0 and abs(to[1] - y) > 2 * CORNER:
            half = self._way(state, (to[0], (y + to[1]) / 2), share * self.speed)
            if half[0] < bad:
                yield from arm.follow(half[1], tremor=0.0)
                path = self._way(state, to, share * self.speed)[1]
        yield from arm.follow(path, tremor=0.0)

    def _way(self, state: OperatorState, to: tuple[float, float], speed: float) -> tuple[float, Path]:
        """The straight way there that the arm follows as it is turned now or, else, a little aside or more level at its end.

        A way may be missed although its end is reached: the elbow swings over on it, and the cloth is pressed askew. And the
        forearm needs room before the trunk. Where the arm ends before a corner, the corner is cut: a hand that is pulled at from
        beyond its reach rises, and falls onto the cloth as it comes back.

        Returns:
            How bad it is, below 1 where the arm follows, and the way.
        """
        arm = state.arms[self.hand]
        best: tuple[float, Path] | None = None
        for cut in CUTS:
            *between, end = self._bends(state, to, cut)
            for goal, frame in self._poses(state, end):
                row = [
                    (goal + state.senses.site(self.at)[1] @ np.array([x - end[0], y - end[1], 0.0]), frame) for x, y in between
                ]
                path = arm.line([*row, (goal, frame)], speed, like=arm.q, orient=HOLDS)
                knots = path.spline(np.linspace(0.0, 1.0, 2 + int(np.linalg.norm(goal - arm.hand()[0]) / SWUNG[0])))
                swing = float(np.abs(np.diff(knots, axis=0)).max())
                room = state.ways.least_room(self.hand, path, len(knots), [self.of.split("/")[0]])
                bad = max(path.error / REACHED, swing / SWUNG[1], 2.0 - room / ROOM)
                if best is None or bad < best[0]:
                    best = (bad, path)
                if bad < 1.0:
                    return best
        assert best is not None
        return best

    def _bends(self, state: OperatorState, to: tuple[float, float], cut: float) -> list[tuple[float, float]]:
        """Places of a stroke one after the other: its line, and its end so far from it towards the area's middle."""
        (here_x, here_y, _), (x, y) = self._place(state), to
        way = float(np.sign(y - here_y))
        bends = []
        if abs(y - here_y) > 2 * CORNER:
            if abs(x - here_x) > REACHED:
                bends.append((x, float(here_y) + way * CORNER))
            if cut:
                bends.append((x, y - way * CORNER))
        return [*bends, (x - cut * float(np.sign(x)), y)]

    def _reach(self, state: OperatorState, stain: Stain) -> float:
        """How far along y the cloth's middle goes [m]: a little beyond the area's edge, or less far where a corner would stand out."""
        area, cloth = (state.senses.site(one)[1] for one in (self.at, self.of))
        edge, half = stain.grid.columns * stain.grid.cell / 2, np.array(stain.sole.half)
        return float(min(edge - half[1] + BEYOND, edge - np.abs(area[:, 1] @ cloth[:, :2]) @ half + OUT))

    def _rise(self, state: OperatorState, by: float) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + by * UP, frame)], 0.2, orient=HOLDS), tremor=0.3)

    def _place(self, state: OperatorState) -> np.ndarray:
        """(3,) the underside's middle in the area's frame."""
        middle, frame = state.senses.site(self.at)
        return frame.T @ (state.senses.site(self.of)[0] - middle)

    def _pose(self, state: OperatorState, to: tuple[float, float], above: float) -> tuple[np.ndarray, np.ndarray]:
        """Hand pose that brings the underside's middle to a place of the area, so high above it: the first that is reached."""
        arm = state.arms[self.hand]
        tries = ((arm.solve(*pose, arm.q, arm.q, HOLDS)[1], pose) for pose in self._poses(state, to, above))
        _, pose = best_of(tries, REACHED, (np.inf, None))
        assert pose is not None
        return pose

    def _poses(
        self, state: OperatorState, to: tuple[float, float], above: float = 0.0
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Hand poses over a place of the area: the hand as it is turned now, then a little aside, more level or steeper."""
        middle, frame = state.senses.site(self.at)
        position, hand = state.arms[self.hand].hand()
        if self._offset is None:
            self._offset = position - state.senses.site(self.of)[0]
        goal = middle + frame @ np.array([*to, above]) + self._offset
        across = np.cross(UP, hand[:, 2])
        for tilt, turn in sorted(itertools.product(TILTS, TURNS), key=lambda pair: abs(pair[0]) + abs(pair[1])):
            yield goal, turn_z(turn) @ turned_about(across, tilt) @ hand

    _offset: np.ndarray | None = None


class _Pressing(Leaning):
    """Keeps the force of a cloth on what is below it, whatever the hand does beside."""

    learning, easing, eases, spare = 0.12, 0.7, 6.0, 15.0

    def __init__(self, state: OperatorState, hand: str, force: float, stain: Stain):
        super().__init__(state, hand, force)
        self._bears = stain.bears

    def measured(self) -> float:
        return abs(float(self.state.senses.readings.point(self._bears)[2]))
