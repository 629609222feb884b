"""What a part offers a hand, as a scene has it: grips of its sheet, or those found from its shapes, where they are now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ....scenarios.grips.gripper import GripperFacts, gripper_of
from ....scenarios.grips.grips import Grip, grips_of
from ....scenarios.grips.workpiece import Workpiece
from ....scenarios.parts.part import Part
from ..words.reason import Reason
from .attachment import hangs_on

if TYPE_CHECKING:
    from ..operator_state import OperatorState
ROLLS = np.deg2rad([-20.0, 20.0, -40.0, 40.0, -55.0, 55.0])  # by which a hand is turned about a round bar
AS_WIDE = 2e-3  # m, by which it may be wider or narrower there


@dataclass(frozen=True)
class Hold:
    """A grip in the frame of its site; of one that has no site, in that of the part's body.

    Attributes:
        grip: what is known of it.
        offset: (3,) where the pads' middle is [m]; turns: (k, 3, 3) of the hand, z along the fingers and y along the opening.
    """

    grip: Grip
    offset: np.ndarray
    turns: np.ndarray
_KNOWN: dict[tuple[Path, GripperFacts], tuple[Hold, ...]] = {}  # by the part's file and the hand


def holds_of(part: Part, gripper: GripperFacts) -> tuple[Hold, ...]:
    """The grips by which one hand holds a part."""
    key = part.file, gripper
    if key not in _KNOWN:
        piece = Workpiece(part, gripper)
        found = []
        for grip in grips_of(part, gripper):
            if not grip.holds or grip.hands != 1 or not grip.ways:
                continue
            top = part.name.rpartition("/")[2]
            place, frame = piece.place(grip.at) if grip.at else piece.place(top, "body")
            ways = [way for first in grip.ways for way in (first, *_about_a_bar(piece, grip, first))]
            turns = np.array([frame.T @ way for way in ways])
            found.append(Hold(grip, frame.T @ (grip.position - place), turns))
        _KNOWN[key] = tuple(found)
    return _KNOWN[key]


def _about_a_bar(piece: Workpiece, grip: Grip, way: np.ndarray) -> list[np.ndarray]:
    """The hand turned about a bar that it holds, as far as the pads lie on that as well: a handle that is round."""
    found = []
    for roll in ROLLS if grip.kind == "handle" else ():
        turned = way @ np.array([[1, 0, 0], [0, np.cos(roll), -np.sin(roll)], [0, np.sin(roll), np.cos(roll)]])
        touch = piece.touch(grip.position, turned, grip.width)
        if (
            touch is not None
            and abs(touch.width - grip.width) < AS_WIDE
            and not piece.room(grip.position, turned, touch.width)
        ):
            found.append(turned)
    return found


@dataclass(frozen=True)
class Held:
    """A grip where it is now.

    Attributes:
        site: of the scene, "" where it has none.
        at: (3,) where the pads' middle comes [m]; turns: (k, 3, 3) of the hand there.
        up: (3,) z axis of the site, about which a round thing may be taken anyhow.
    """

    grip: Grip
    site: str
    at: np.ndarray
    turns: np.ndarray
    up: np.ndarray


def called(of: str, parts: Iterable[Any]) -> str:
    """A body as a person calls it: the part alone where it is the part's own, which is called like its file; else `part.body`."""
    part, _, body = of.partition("/")
    own = next((one.part.file.stem for one in parts if one.name == part), None)
    return part if body in ("", own) else f"{part}.{body}"


def held_by(state: OperatorState, of: str, name: str | None = None, site: str | None = None) -> list[Held] | Reason:
    """Where a body may be held now; why it cannot, where it can nowhere.

    Args:
        of: body of the scene; name: of the grip; site: where alone.
    """
    part = of.partition("/")[0]
    placed = next((one for one in state.scene.config.parts if one.name == part), None)
    robot = state.scene.robot
    holds = holds_of(placed.part, gripper_of(robot.name, robot.hand)) if placed is not None else ()
    found = []
    for hold in holds:
        where = f"{part}/{hold.grip.at}" if hold.grip.at else ""
        if (name and hold.grip.name != name) or (site and where != site):
            continue
        if where and not hangs_on(state.model, where, of):
            continue
        place, frame = state.senses.site(where) if where else state.senses.body_pose(of)
        turns = np.array([frame @ turn for turn in hold.turns])
        found.append(Held(hold.grip, where, place + frame @ hold.offset, turns, frame[:, 2]))
    named = called(of, state.scene.config.parts)
    return found or Reason(f"{named} has no grip that holds it", "no_grip", of=named)
