"""Marks: named places of a scenario's own, with a visible ring, tape or line, and without contact.

```yaml
marks:
  spot:    {upon: table.top, at: {x: 150 mm, y: -200 mm}, ring: 90 mm, colour: blue, title: {en: blue ring, zh: 蓝圈}}
  parking: {at: {x: 1.2 m, y: 0.4 m}, yaw: 90 deg, tape: [600 mm, 400 mm], title: {en: parking place, zh: 停放处}}
goal:
  served: {near: {of: bowl.base, to: marks.spot, within: 30 mm}}
```

A mark lies on a site of a part, x and y along that site's, and moves with its part; without `upon` it lies on the floor. Its name is that
of a site, wherever the dialect takes one. What is drawn of it stands in pictures alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ..parts.pose import Pose, pose_in_body
from ..parts.titles import check_title
from ..reading.names import MARKS, Names
from ..sheet.yaml_reader import Node

COLOURS = {
    "white": (0.95, 0.95, 0.92),
    "black": (0.10, 0.10, 0.11),
    "yellow": (0.95, 0.80, 0.10),
    "red": (0.80, 0.12, 0.10),
    "green": (0.12, 0.55, 0.28),
    "blue": (0.12, 0.32, 0.70),
}
SHAPES = ("ring", "tape", "line")
THICK = 0.001  # m, half of what is drawn: it lies on mats and tapes of up to 1.4 mm, too, and a picture tells no less apart
PIECES = 32  # of a ring
Box = tuple[Pose, tuple[float, float]]  # of a mark: where, half its length and half its width [m]


def boxes(node: Node) -> list[Box]:
    """The strips of which a mark is drawn; none where it is a named place alone. What is wrong is reported."""
    shapes = [shape for shape in SHAPES if shape in node]
    if len(shapes) > 1:
        node.note(f"one of {', '.join(SHAPES)} says what is drawn, not {' and '.join(shapes)}.")
        return []
    half = node.child("width").quantity("length", default=0.02, low=1e-3) / 2
    if "ring" in node:
        radius = node.child("ring").quantity("length", low=1e-3) / 2 + half  # over the inner diameter
        long = (radius + half) * np.tan(np.pi / PIECES)
        turns = 2 * np.pi / PIECES * np.arange(PIECES)
        places = [Pose.of((radius * np.cos(a), radius * np.sin(a), THICK), a + np.pi / 2) for a in turns]
        return [(place, (float(long), half)) for place in places]
    if "tape" in node:
        sides = [side.quantity("length", low=1e-3) / 2 for side in node.child("tape").each()]
        if len(sides) != 2:
            node.child("tape").note("a tape has two sides, along x and along y, such as [600 mm, 400 mm].")
            return []
        x, y = sides
        ends = ((0.0, y, x + half, 0.0), (0.0, -y, x + half, 0.0), (x, 0.0, y - half, np.pi / 2), (-x, 0.0, y - half, np.pi / 2))
        return [(Pose.of((a, b, THICK), turn), (max(long, 1e-3), half)) for a, b, long, turn in ends]
    if "line" in node:
        return [(Pose.of((0.0, 0.0, THICK)), (node.child("line").quantity("length", low=1e-3) / 2, half))]
    return []


@dataclass(frozen=True)
class PlaceMark:
    """A mark in a spec: its site, what is drawn of it, and where it lies in the frame of the site below it."""

    site: Any
    drawn: tuple[tuple[Any, Pose], ...]
    below: Any
    at: Pose

    def lay(self) -> None:
        """Put it where it lies now: the site below it may lie elsewhere in each draw."""
        here = self.at if self.below is None else pose_in_body(self.below) @ self.at
        for element, place in ((self.site, Pose.identity()), *self.drawn):
            pose = here @ place
            element.pos, element.quat = pose.pos, pose.quat


def add_marks(spec: mujoco.MjSpec, marks: Node, names: Names, looks: bool) -> Sequence[PlaceMark]:
    """Add a scenario's marks to its composed spec; what is wrong is reported."""
    return list(_added(spec, marks, names, looks))


def _added(spec: mujoco.MjSpec, marks: Node, names: Names, looks: bool) -> Iterator[PlaceMark]:
    above: list[str] = []
    for name, node in marks.items():
        above.append(name)
        if not node.mapping(optional=("upon", "at", "yaw", "width", "colour", *SHAPES, "title")):
            continue
        check_title(node)
        strips, colour = boxes(node), node.child("colour").word(default="yellow", choices=list(COLOURS))
        at = node.child("at")
        if at.value is not None:
            at.mapping(optional=("x", "y", "z"))
        x, y, z = (at.child(axis).quantity("length", default=0.0) for axis in "xyz")
        instance, _, other = str(node.child("upon").value).partition(".")
        if instance == MARKS and other in marks and other not in above[:-1]:
            why = f"stands {'here' if other == name else 'below'}, and a mark lies on one that is listed above it."
            node.child("upon").note(f"{other!r} {why}")
            continue
        below = names.element(node.child("upon"), "site") if "upon" in node else None
        if "upon" in node and below is None:
            continue
        under = None if below is None else spec.site(below)
        body = spec.worldbody if under is None else under.parent
        site = body.add_site(name=f"{MARKS}/{name}", group=4)
        drawn = []
        for place, (long, wide) in strips if looks else ():
            geom = body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[long, wide, THICK], contype=0, conaffinity=0, group=2, mass=0)
            geom.rgba = [*COLOURS.get(colour, COLOURS["yellow"]), 1.0]
            drawn.append((geom, place))
        mark = PlaceMark(site, tuple(drawn), under, Pose.of((x, y, z), node.child("yaw").quantity("angle", default=0.0)))
        mark.lay()
        yield mark
