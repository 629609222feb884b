"""Printed markers: which one lies where on which part, as the file beside the printed sheet says it.

```yaml
scenario: table_setting
pasted_within: {offset: 1 mm, turn: 0.8 deg}
markers:
  - {id: 0, of: cell, size: 120 mm, at: {x: 0 mm, y: 0 mm, z: 0 mm}}
  - {id: 4, of: table.top, size: 60 mm, at: {x: -250 mm, y: 500 mm}}
  - {id: 8, of: tray, size: 60 mm, at: {x: 40 mm, z: 4 mm}, faces: up, turned: 0 deg}
```

`of` is `cell` (the scenario's own frame: the mark on the floor between the robot's feet), a part (its own frame), or a site of a
part, which goes with what is drawn of the part (`table.top` with the table's height).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ...scenarios.parts.pose import Pose, quat_of
from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.yaml_reader import Node, Problems, places_in, read_yaml

DICTIONARY = "DICT_4X4_50"  # of OpenCV: few cells, so that a small marker is still read; 50 markers
CELLS = 6  # a side, the black border included
IDS = 50
CELL = "cell"
PASTED = (1e-3, np.radians(0.8))  # m, rad: by how much a person pastes a marker beside its place
FACES = {  # outward, and which way up: in the frame of what it is on
    "up": ((0, 0, 1), (0, 1, 0)),
    "front": ((-1, 0, 0), (0, 0, 1)),
    "back": ((1, 0, 0), (0, 0, 1)),
    "left": ((0, 1, 0), (0, 0, 1)),
    "right": ((0, -1, 0), (0, 0, 1)),
}


@dataclass(frozen=True)
class Marker:
    """A marker and its place.

    Attributes:
        id: number in the dictionary; on: `cell`, a part or a part's site; size: side of the black square [m].
        at: (3,) its middle [m]; faces: a word of `FACES`; turned: angle [rad] about the way it faces.
    """

    id: int
    on: str
    size: float
    at: tuple[float, float, float]
    faces: str = "up"
    turned: float = 0.0

    @property
    def part(self) -> str:
        """The part it is pasted on, or `cell`."""
        return self.on.partition(".")[0]

    @cached_property
    def pose(self) -> Pose:
        """Its middle in the frame of what it is on: x to its right, y upwards on the sheet, z out of it."""
        out, up = (np.array(v, float) for v in FACES[self.faces])
        quat = quat_of(np.stack([np.cross(up, out), up, out], axis=1))
        return Pose(np.array(self.at), quat) @ Pose.of((0.0, 0.0, 0.0), self.turned)

    @property
    def corners(self) -> np.ndarray:
        """(4, 3) its corners [m] in its own frame, clockwise from the upper left, as OpenCV counts them."""
        half = self.size / 2
        return np.array([[-half, half, 0.0], [half, half, 0.0], [half, -half, 0.0], [-half, -half, 0.0]])


@dataclass(frozen=True)
class MarkerSet:
    """The markers of one place.

    Attributes:
        pasted: how far off [m, rad] they may be pasted.
    """

    scenario: str
    markers: tuple[Marker, ...]
    pasted: tuple[float, float] = PASTED

    def by_id(self) -> dict[int, Marker]:
        return {marker.id: marker for marker in self.markers}


def read_markers(path: Path) -> MarkerSet:
    """The markers that a file names.

    Raises:
        ScenarioError: all that is wrong with it, by line.
    """
    if not path.is_file():
        raise ScenarioError("is no file that can be read. `shiliu print markers` writes one.", file=path, field="markers")
    problems = Problems(places_in(path))
    node = Node(read_yaml(path), "", problems)
    found: list[Marker] = []
    scenario, pasted = "", PASTED
    if node.mapping(required=("scenario", "markers"), optional=("pasted_within",)):
        scenario = node.child("scenario").word()
        within = node.child("pasted_within")
        if within.value is not None and within.mapping(required=("offset", "turn")):
            pasted = (
                within.child("offset").quantity("length", low=0.0),
                within.child("turn").quantity("angle", low=0.0, high=math.pi),
            )
        for child in node.child("markers").each():
            if child.mapping(required=("id", "of", "size"), optional=("at", "faces", "turned")):
                found.append(_marker(child))
                if found[-1].id >= IDS or found[-1].id in {one.id for one in found[:-1]}:
                    child.child("id").note(f"is no number of its own from 0 to {IDS - 1}.")
    problems.stop(str(path))
    return MarkerSet(scenario, tuple(found), pasted)


def _marker(node: Node) -> Marker:
    at = node.child("at")
    place = [0.0, 0.0, 0.0]
    if at.value is not None and at.mapping(optional=("x", "y", "z")):
        place = [at.child(axis).quantity("length", default=0.0) for axis in "xyz"]
    return Marker(
        node.child("id").integer(low=0),
        node.child("of").word(),
        node.child("size").quantity("length", low=0.005),
        (place[0], place[1], place[2]),
        node.child("faces").word(choices=tuple(FACES), default="up") or "up",
        node.child("turned").quantity("angle", default=0.0),
    )


def written(markers: MarkerSet, notes: dict[str, str]) -> str:
    """The file's text.

    Args:
        notes: part -> why it has no marker.
    """
    offset, turn = markers.pasted
    lines = [
        "# Where each printed marker lies. Correct what was pasted elsewhere: `at` is the marker's middle in the frame of `of`.",
        "# x and y as the arrows on the sheet, z up; a cell's frame is the mark on the floor between the robot's feet.",
        f"scenario: {markers.scenario}",
        f"pasted_within: {{offset: {offset * 1e3:g} mm, turn: {np.degrees(turn):g} deg}}   # how exactly they are pasted",
        "markers:",
    ]
    for one in markers.markers:
        at = ", ".join(f"{axis}: {round(v * 1e3, 2) + 0.0:g} mm" for axis, v in zip("xyz", one.at))
        turned = f", turned: {np.degrees(one.turned):g} deg" if one.turned else ""
        lines.append(
            f"  - {{id: {one.id}, of: {one.on}, size: {one.size * 1e3:g} mm, at: {{{at}}}, faces: {one.faces}{turned}}}"
        )
    lines += [f"  # {part}: {why}" for part, why in notes.items()]
    return "\n".join(lines) + "\n"
