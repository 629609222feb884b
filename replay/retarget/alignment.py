"""How a person's world lies to the robot's: one rigid transform, its size, and what it leaves open.

There are three ways. The best that a source allows is taken:

1. by an object that both worlds have (the source's own `place`);
2. by the person's shoulders, which are placed at the robot's;
3. where neither is known, by the hands alone: their work is placed where the robot reaches most of it.

Sizes are changed only about the shoulders. What is placed by an object keeps its size, because the object does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .arms import Arms, Array
from .settings import RetargetSettings
from .targets import HandTargets

AHEAD = np.arange(0.20, 0.56, 0.05)  # m, where the middle of the hands' work is tried in front of the shoulders
BELOW = np.arange(-0.50, 0.01, 0.05)  # m, and how far under them
GOOD = (0.40, -0.30)  # m, ahead and below: where forearms are level and clear of the belly, of all that is in reach
LIKED = 0.01  # of a metre away from there against one out of reach, squares of both
COMFORT = 0.85  # share of its reach within which an arm can also turn its hand


@dataclass(frozen=True)
class Alignment:
    """A rigid transform from the recording's frame to the scene's world: `p_scene = rotation @ p_recording + shift`.

    Attributes:
        rotation: (3, 3); shift: (3,) [m].
        by: what it was found by, a word: "object", "shoulders", "hands".
        residual: [m] what it leaves of the features that it aligns; 0 where it aligns a single point.
        notes: sentences for the provenance: rotation, shift, residual, differences of size.
        part: of the scene, that it was placed by; empty where it was not.
    """

    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]
    by: str
    residual: float = 0.0
    notes: tuple[str, ...] = ()
    part: str = ""

    def points(self, p: Array) -> Array:
        """(..., 3) points of the recording in the scene."""
        return p @ self.rotation.T + self.shift

    def turns(self, r: Array) -> Array:
        """(..., 3, 3) rotations of the recording in the scene."""
        return self.rotation @ r

    @property
    def sentence(self) -> str:
        """The transform in a sentence."""
        yaw = np.rad2deg(np.arctan2(self.rotation[1, 0], self.rotation[0, 0]))
        tilt = np.rad2deg(np.arccos(np.clip(self.rotation[2, 2], -1.0, 1.0)))
        x, y, z = self.shift
        lean = f", tilted by {tilt:.1f} deg" if tilt > 0.05 else ""
        return f"the recording's world is turned by {yaw:.1f} deg about the vertical{lean} and shifted by ({x:.3f}, {y:.3f}, {z:.3f}) m"


def carried(targets: HandTargets, placed: Alignment) -> HandTargets:
    """The targets in the scene's world."""

    def points(by_hand: Mapping[str, Array]) -> dict[str, Array]:
        return {hand: placed.points(values) for hand, values in by_hand.items()}

    return replace(
        targets,
        position=points(targets.position),
        rotation={hand: placed.turns(values) for hand, values in targets.rotation.items()},
        shoulder=points(targets.shoulder),
        elbow=points(targets.elbow),
        frame="world",
        notes=(*targets.notes, *placed.notes),
    )


def place(targets: HandTargets, arms: Arms) -> Alignment:
    """The general way, for a source that knows of no object: the person's own frame, the shoulders, or the hands alone."""
    middle = np.mean([arms.shoulder[hand] for hand in arms.shoulder], axis=0)
    if targets.frame == "person":
        note = "the middle between the person's shoulders is laid onto the robot's, x forward"
        return Alignment(arms.facing, middle, "shoulders", 0.0, (note,))
    if set(targets.shoulder) == {"left", "right"}:
        return _by_shoulders(targets, arms, middle)
    return _by_hands(targets, arms, middle)


def _by_shoulders(targets: HandTargets, arms: Arms, middle: Array) -> Alignment:
    left, right = targets.shoulder["left"], targets.shoulder["right"]
    known = np.isfinite(left).all(axis=1) & np.isfinite(right).all(axis=1)
    across = np.median((left - right)[known], axis=0)
    turn = arms.facing @ _upright(across).T
    centres = 0.5 * (left + right)[known]
    centre = np.median(centres, axis=0)
    moved = float(np.linalg.norm(centres - centre, axis=1).max(initial=0.0))
    placed = Alignment(turn, middle - turn @ centre, "shoulders", moved)
    note = f"the person's shoulders (median) are laid onto the robot's; they move by up to {moved:.3f} m, the robot's do not"
    return replace(placed, notes=(f"{placed.sentence}: {note}",))


def _by_hands(targets: HandTargets, arms: Arms, middle: Array) -> Alignment:
    """The shift that leaves the hands least out of reach, of a grid in front of the robot; the yaw from left to right hand."""
    hands = {hand: targets.position[hand] for hand in targets.hands}
    points = np.concatenate([p[np.isfinite(p).all(axis=1)] for p in hands.values()])
    if len(hands) == 2:
        apart = hands["left"] - hands["right"]
        turn = arms.facing @ _upright(np.nanmedian(apart, axis=0)).T
    elif targets.rotation:
        fingers = np.nanmedian(targets.rotation[next(iter(hands))][:, :, 0], axis=0)
        turn = arms.facing @ _upright(np.cross([0.0, 0.0, 1.0], fingers)).T
    else:
        turn = arms.facing
    centre = np.median(points, axis=0)
    side = (
        0.0
        if len(hands) == 2
        else float(arms.shoulder[next(iter(hands))] @ arms.facing[:, 1] - middle @ arms.facing[:, 1])
    )
    best = (np.inf, Alignment(turn, middle - turn @ centre, "hands"))
    for ahead in AHEAD:
        for below in BELOW:
            placed = Alignment(turn, middle + arms.facing @ np.array([ahead, side, below]) - turn @ centre, "hands")
            over = [
                np.linalg.norm(placed.points(p) - arms.shoulder[hand], axis=1) - COMFORT * arms.reach[hand]
                for hand, p in hands.items()
            ]
            price = float(np.nanmean(np.square(np.maximum(np.concatenate(over), 0.0))))
            price += LIKED * float(ahead - GOOD[0]) ** 2 + LIKED * float(below - GOOD[1]) ** 2
            if price < best[0] - 1e-12:
                best = (price, placed)
    placed = best[1]
    note = (
        "neither the person's shoulders nor an object of the scene are known: the work of the hands is laid in front of the robot "
        "where most of it is in reach"
    )
    return replace(placed, notes=(f"{placed.sentence}: {note}",))


def _upright(across: Array) -> Array:
    """(3, 3) axes of a person with the left in direction `across`: x forward, y left, z up."""
    flat = np.array([across[0], across[1], 0.0])
    length = np.linalg.norm(flat)
    y = flat / length if length > 1e-9 else np.array([0.0, 1.0, 0.0])
    z = np.array([0.0, 0.0, 1.0])
    return np.stack([np.cross(y, z), y, z], axis=1)


def scaled(targets: HandTargets, arms: Arms, placed: Alignment, settings: RetargetSettings) -> HandTargets:
    """Hands (already in the scene) brought to the robot's size about the shoulders, where that is wanted and possible.

    A hand at a share of the person's reach comes to the same share of the robot's. If the person's own shoulders are not known,
    they are taken to be where the robot's are.
    """
    if placed.by == "object" and targets.arm_length and settings.scale == "arm":
        return replace(
            targets, notes=(*targets.notes, "hands keep their size, because the object that they are placed by does")
        )
    if settings.scale == "none" or not targets.arm_length or placed.by == "object":
        return replace(targets, notes=(*targets.notes, "hands keep their size"))
    position = dict(targets.position)
    ratios = []
    for hand in targets.hands:
        length = targets.arm_length.get(hand)
        if not length:
            continue
        ratio = arms.reach[hand] / length
        about = targets.shoulder.get(hand, arms.shoulder[hand])
        position[hand] = arms.shoulder[hand] + ratio * (targets.position[hand] - about)
        ratios.append(f"{hand} {length:.3f} m to {arms.reach[hand]:.3f} m (x {ratio:.3f})")
    note = f"hands are scaled about the shoulders by the length of the arm: {', '.join(ratios)}"
    return replace(targets, position=position, notes=(*targets.notes, note) if ratios else targets.notes)
