"""Take a flat thing by an edge that stands free: one finger on either side of it, whichever way it lies."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..fitting import Pose, planned, slide, with_it
from ..grasping import close_on

YAWS = np.deg2rad([0.0, 15.0, -15.0, 30.0, -30.0, 45.0, -45.0, 22.0, -22.0])  # other ways in the plane of what is taken
ALONG = (0.0, 1 / 3, 2 / 3, 1.0)  # places along an edge, in shares of how far it may be taken elsewhere


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


class TakeFreeEdge(Skill, word="take", how="free_edge"):
    """Take a flat thing by an edge that stands free: one finger on either side of it, whichever way it lies.

    The fingers come along the site's x axis and close along its y axis: a book's spine that sticks out over a table, a hem. What
    is taken so that it can be brought somewhere (`fits`, `into`) is taken in a way in which the arm comes there, too.
    """

    label = Label(
        en=("take by the edge", "the {hand} hand takes the {of} by its edge"),
        zh=("捏边拿起", "{hand}手捏住{of}的边拿起"),
        shows=taking.regrasp,
        grips=True,
    )
    arguments = TAKE(
        "hand of",
        at=TAKE.at("at", "a site in the edge: x axis into the thing, pads close along its y axis"),
        pitch=TAKE.at("pitch", "how far the fingers point down against the x axis, where the edge gives way", 0.0),
        opening=0.06,
        standoff=0.09,
        force=80.0,
        by=0.0,
        along=Argument(
            "length", "how far along the edge, the site's z axis, it may be taken where there is no room at the site", 0.0
        ),
        fits=Argument("site", "the site of the thing that will come to lie somewhere", None),
        into=TAKE.at("into", "where that will be, x axis away from who brings it", None),
        before=Argument(
            "length", "how far before there it is brought first; none: it is drawn there, and the hand draws back", 0.15
        ),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, self.opening)
        position, rotation = state.senses.site(self.at)

        def row(place: np.ndarray, frame: np.ndarray) -> list[Pose]:
            poses = [(place - self.standoff * frame[:, 2], frame), (place, frame)]
            return [*poses, (place + self.by * UP, frame)] if self.by else poses

        frames = hands_at(rotation, self.pitch)
        shares = ALONG if self.along else ALONG[:1]
        rows = [row(position + share * self.along * rotation[:, 2], frame) for share in shares for frame in frames]
        touch = [self.of, state.senses.part_of(self.at)]
        later = [] if None in (self.fits, self.into) else [self._fitted(state, *poses[1]) for poses in rows]
        _, path, found = planned(state, self.hand, rows, touch, self.speed, later)
        yield from arm.follow(path)
        yield from state.pause()
        place, frame = arm.hand(found[1])
        aside = float((place - position) @ rotation[:, 2]) if self.along else 0.0
        at, lies = state.senses.site(self.at)
        goal = at + aside * lies[:, 2] + arm.hand()[0] - state.senses.site(f"{self.hand}_tcp")[0]
        yield from close_on(state, self.hand, self.of, (goal, frame), self.force, speed=0.12, orient=0.4, tremor=0.3)
        if self.by:
            yield from slide(arm, self.by * UP, 0.12)

    def _fitted(self, state: OperatorState, hand: np.ndarray, frame: np.ndarray) -> list[Pose]:
        """Hand poses in which what is taken so will be before its place, and in it."""
        into = state.senses.site(self.into)
        place, (there, frame) = into[1], with_it(state, self.fits, into, hand, frame)
        if self.before:
            return [(there - d * place[:, 0], frame) for d in (self.before, 0.0)]
        return [(there, frame), (there - self.standoff * frame[:, 2], frame)]
