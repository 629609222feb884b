"""Skills that take a flat thing by an edge that stands free, and stand it on a shelf between its neighbours."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..recognition import carrying, taking
from .fitting import Pose, bring, correct, hand_for, move_held, off, planned, slide
from .hands import HAND, UP
from .operator_state import Motion, OperatorState
from .skill import Argument, Label, Skill

YAWS = np.deg2rad([0.0, 15.0, -15.0, 30.0, -30.0, 45.0, -45.0, 22.0, -22.0])  # other ways in the plane of what is taken
ALONG = (0.0, 1 / 3, 2 / 3, 1.0)  # places along an edge, in shares of how far it may be taken elsewhere
FEED = 0.05  # m/s, of what is lowered onto a board
BEHIND = 0.006  # m, of the hand behind its command: what it lowers stands
ABOVE = 5e-4  # m, over the board, at which it counts as standing


def turned(rotation: np.ndarray, axis: int, angle: float) -> np.ndarray:
    """A rotation (3, 3) turned about one of its own axes by an angle [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
    return np.asarray(rotation @ turn)


def hands_at(rotation: np.ndarray, pitch: float = 0.0) -> list[np.ndarray]:
    """Rotations of a hand at an edge: fingers along the site's x axis or aslant in the plane of what is taken, pads across it.

    Args:
        rotation: (3, 3) of the site, x into the thing, y across it; pitch: [rad] how far the fingers point further down than x.
    """
    found = []
    down = pitch if rotation[2, 1] > 0 else -pitch
    for yaw in YAWS:
        at = turned(turned(rotation, 1, yaw), 2, -down)
        z, y = at[:, 0], at[:, 1]
        found += [np.stack([np.cross(sign * y, z), sign * y, z], axis=1) for sign in (1.0, -1.0)]
    return found


class PickEdge(Skill):
    """Take a flat thing by an edge that stands free: one finger on either side of it, whichever way it lies.

    The fingers come along the site's x axis and close along its y axis: a book's spine that sticks out over a table, a hem. What
    is taken so that it can be brought somewhere (`fits`, `into`) is taken in a way in which the arm comes there, too.
    """

    word = "take"
    how = "free_edge"
    label = Label(
        en=("take by the edge", "the {hand} hand takes the {of} by its edge"),
        zh=("捏边拿起", "{hand}手捏住{of}的边拿起"),
        shows=taking.regrasp,
        grips=True,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "at": Argument("site", "in the edge: x axis into the thing, pads close along its y axis"),
        "of": Argument("body", "what is taken"),
        "pitch": Argument("angle", "how far the fingers point down against the x axis, where the edge gives way", 0.0),
        "opening": Argument("length", "gap between the pads on the way there", 0.06),
        "standoff": Argument("length", "distance along the fingers from which the hand comes", 0.09),
        "force": Argument("force", "of each pad", 50.0),
        "by": Argument("length", "how far it is raised then", 0.0),
        "along": Argument(
            "length", "how far along the edge, the site's z axis, it may be taken where there is no room at the site", 0.0
        ),
        "fits": Argument("site", "the site of the thing that will come to lie somewhere", None),
        "into": Argument("site", "where that will be, x axis away from who brings it", None),
        "before": Argument(
            "length", "how far before there it is brought first; none: it is drawn there, and the hand draws back", 0.15
        ),
        "speed": Argument("speed", "largest speed of the hand", 0.4),
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, self.opening)
        position, rotation = state.site(self.at)

        def row(place: np.ndarray, frame: np.ndarray) -> list[Pose]:
            poses = [(place - self.standoff * frame[:, 2], frame), (place, frame)]
            return [*poses, (place + self.by * UP, frame)] if self.by else poses

        frames = hands_at(rotation, self.pitch)
        shares = ALONG if self.along else ALONG[:1]
        rows = [row(position + share * self.along * rotation[:, 2], frame) for share in shares for frame in frames]
        touch = [self.of, state.part_of(self.at)]
        later = [] if None in (self.fits, self.into) else [self._fitted(state, *poses[1]) for poses in rows]
        _, path, found = planned(state, self.hand, rows, touch, self.speed, later)
        yield from arm.follow(path)
        yield from state.pause()
        place, frame = arm.hand(found[1])
        aside = float((place - position) @ rotation[:, 2]) if self.along else 0.0
        at, lies = state.site(self.at)
        goal = at + aside * lies[:, 2] + arm.hand()[0] - state.site(f"{self.hand}_tcp")[0]
        yield from arm.follow(arm.line([(goal, frame)], 0.12, orient=0.4), tremor=0.3)
        yield from arm.hold(0.2)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.of)
        if self.by:
            yield from slide(arm, self.by * UP, 0.12)

    def _fitted(self, state: OperatorState, hand: np.ndarray, frame: np.ndarray) -> list[Pose]:
        """Hand poses in which what is taken so will be before its place, and in it."""
        at, rotation = state.site(self.fits)
        position, place = state.site(self.into)
        turn = place @ rotation.T
        there, frame = position + turn @ (hand - at), turn @ frame
        if self.before:
            return [(there - d * place[:, 0], frame) for d in (self.before, 0.0)]
        return [(there, frame), (there - self.standoff * frame[:, 2], frame)]


class UprightInsert(Skill):
    """Stand what is held on a board between its neighbours: brought before its place, put in a little above the board, set down.

    The claw opens no wider than is said, so that its fingers do not push the neighbours over, and is drawn straight back.
    """

    word = "put"
    how = "upright"
    label = Label(
        en=("stand on the shelf", "the {hand} hand stands the {of} on the shelf"),
        zh=("立放上架", "{hand}手把{of}立放到书架上"),
        shows=carrying.set_down,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": Argument("site", "the site of what is held that comes to lie at the place, x axis ahead, z up"),
        "upon": Argument("site", "the place on the board, x axis into the shelf, z up"),
        "before": Argument("length", "how far before the place it is turned upright", 0.21),
        "high": Argument("length", "height over the board at which it is put in", 0.012),
        "opening": Argument("length", "gap between the pads when it has let go", 0.03),
        "retreat": Argument("length", "how far the hand draws back along its fingers", 0.14),
        "feeding": Argument("speed", "with which it is put in", 0.10),
        "speed": Argument("speed", "largest speed of the hand", 0.3),
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        place, rotation = state.site(self.upon)
        place = place + state.aim()
        out, up = -rotation[:, 0], rotation[:, 2]
        raised = place + self.high * up
        row = [(raised + d * out, rotation) for d in (self.before, 0.5 * self.before, 0.0)]
        yield from bring(state, self.hand, self.of, row, [state.part_of(self.upon)], self.speed)
        yield from state.pause()
        yield from correct(state, self.hand, self.of, row[0], good=1.5e-3)
        yield from move_held(state, self.hand, self.of, row[2], self.feeding)
        yield from correct(state, self.hand, self.of, row[2], good=1.5e-3, looks=2)

        def stands() -> bool:
            return float((state.site(self.of)[0] - place) @ up) < ABOVE

        def met() -> bool:
            return stands() or float((state.site(f"{self.hand}_tcp")[0] - arm.hand()[0]) @ up) > BEHIND

        way, _ = off(state, self.of, (place, rotation))
        hand, frame = hand_for(state, self.hand, self.of, (state.site(self.of)[0], rotation))
        missed = arm.hand()[0] - state.site(f"{self.hand}_tcp")[0]
        lower = hand + missed + float(way @ up) * up - 0.002 * up
        yield from arm.follow(arm.line([(lower, frame)], FEED, orient=0.5), met, tremor=0.0, brake=1.0)
        yield from arm.hold(0.3)
        yield from state.let_go(self.hand, self.opening, 0.8)
        yield from arm.hold(0.2)
        yield from slide(arm, -self.retreat * arm.hand()[1][:, 2], 0.12)
