"""The word of what a camera of the robot has before it: seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..reading.names import Names
from ..sensing.predicate import All, Predicate, Values, distance, least
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.near_matches import nearest
from ..sheet.yaml_reader import Node
from .word import Word, Words

SELF = 0.03  # m, what the sight meets so near before a place is the thing that the place lies on
NEAR = 0.1  # m, nearer than this a camera shows nothing sharp


@dataclass(frozen=True)
class InSight(Asks):
    """A place is in a camera's picture, no further than a distance [m], and nothing stands before it.

    Attributes:
        at: the place in the camera's frame (x to the right, y up, looking along -z).
        sight: how far [m] from the camera the way to the place first meets something, -1 where it meets nothing.
        wide, high: tangents of half the picture's angles.
    """

    at: Request
    sight: Request
    wide: float
    high: float
    within: float
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        at: Sequence[Values] = readings.point(self.at)
        met: Values = readings.first(self.sight)
        away = distance(at, (0.0, 0.0, 0.0))
        beside = [-at[2] * self.wide - abs(at[0]), -at[2] * self.high - abs(at[1]), -at[2] - NEAR]
        return least([*beside, self.within - away, self._free(met, away)])

    def _free(self, met: Values, away: Values) -> Values:
        """(...,) how much too far [m] for it to hide the place stands what the sight meets first."""
        if type(met) is float:
            return met - away + SELF if met >= 0 else self.within
        return np.where(met >= 0, met - away + SELF, self.within)


def _seen(node: Node, names: Names) -> Predicate | None:
    """`seen: {of: [panel.lamps], camera: head, within: 1200 mm}`; one of the scenario's cameras, that the robot carries."""
    if not node.mapping(required=("of", "camera", "within")):
        return None
    of, looks = node.child("of"), node.child("camera")
    sites = [names.element(one, "site") for one in (of.each() if isinstance(of.value, list) else [of])]
    within = node.child("within").quantity("length", low=0.0)
    carried = {name: camera for name, camera in names.cameras.items() if camera.mount is not None}
    camera = carried.get(looks.word())
    if camera is None:
        if looks.word():
            looks.note(f"{looks.value!r} is no camera that the robot carries.{nearest(looks.word(), list(carried))}")
        return None
    mount = str(camera.mount).removeprefix("robot.")
    eye = names.spec.camera(names.robot.get(mount, {}).get("camera", mount))
    if eye is None or not sites or any(site is None for site in sites):
        return None
    high = math.tan(math.radians(eye.fovy) / 2)
    wide = high * camera.size[0] / camera.size[1]
    frame = f"camera:{eye.name}"
    found = [
        InSight(Request("site_position", str(s), frame), Request("sight", str(s), frame), wide, high, within)
        for s in sites
    ]
    return found[0] if len(found) == 1 else All(tuple(found))


WORDS: Words = {"seen": Word(_seen, "in the picture and in sight", "在画面内且无遮挡")}
