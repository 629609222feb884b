"""Shapes of a hand: what all its drives do together as one number, the percent of closing, goes from 0 to 100."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mujoco
import numpy as np

from ..parts.pose import matrix_of, quat_of
from ..sheet.near_matches import refuse_unknown


@dataclass(frozen=True)
class HandShape:
    """A way in which a hand closes, such as a pinch. A hand with one drive has one; its percent is that of the drive.

    Attributes:
        name: a key of the sheet's `shapes`; empty for the only one of a sheet without.
        sheet: what the hand's sheet says of it: `grip`, `tips`, `pads`.
        tcp: the site at which it grips, z along the approach and y along the opening.
        sides: fingers that press from either side; a drive is called as the finger that it closes.
        names: of the drives.
        percents: (k,) of closing, rising; drives: (k, n) percents of all drives at these, even between them.
    """

    name: str
    sheet: Mapping[str, Any]
    tcp: str
    sides: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    percents: np.ndarray
    drives: np.ndarray

    @cached_property
    def _moves(self) -> list[list[int]]:
        """Drives of each side that close with it, and so tell how far it is closed."""
        moves = np.diff(self.drives, axis=0).min(axis=0) > 0.0
        rows = [[n for n, name in enumerate(self.names) if name in side and moves[n]] for side in self.sides]
        return [row for row in rows if row]

    def drives_at(self, percent: float) -> np.ndarray:
        """(n,) [%] what all drives are commanded at a percent of closing."""
        if self.drives.shape[1] == 1:
            return np.array([percent])
        return np.array([np.interp(percent, self.percents, column) for column in self.drives.T])

    def percent_of(self, drives: np.ndarray) -> float:
        """How far it is closed [%] when the drives stand so (n,): as far as the side that has gone further, on which the least
        closed drive counts.

        A finger that meets nothing goes on where its neighbour has met what both are to hold; and where a side has met what does not
        give way, the other one goes on to it. All closed where no drive moves.
        """
        if self.drives.shape[1] == 1:
            return float(drives[0])
        closed = [float(np.interp(drives[n], self.drives[:, n], self.percents)) for n in range(len(drives))]
        return max((min(closed[n] for n in side) for side in self._moves), default=100.0)


def shapes_of(sheet: Mapping[str, Any]) -> dict[str, HandShape]:
    """The shapes of a hand's sheet by name, the one that a hand has at first before the others."""
    if "shapes" not in sheet:
        sides = tuple((finger,) for finger in sheet["fingers"])
        ends = np.array([0.0, 100.0])
        closes = np.repeat(ends[:, None], len(sheet["drives"]), axis=1)
        return {"": HandShape("", sheet, "tcp", sides, tuple(sheet["drives"]), ends, closes)}
    return {
        name: HandShape(
            name, one, str(one["tcp"]), tuple(map(tuple, one["sides"])), tuple(sheet["drives"]),
            np.array([float(percent) for percent in one["closes"]]), np.array(list(one["closes"].values()), float),
        )
        for name, one in sheet["shapes"].items()
    }  # fmt: skip


def shape_of(sheet: Mapping[str, Any], name: str | None = None) -> HandShape:
    """A shape of a hand, its first where none is named.

    Raises:
        ScenarioError: the hand has none of that name.
    """
    shapes = shapes_of(sheet)
    if name is None:
        return next(iter(shapes.values()))
    refuse_unknown(name, shapes, f"The hand {sheet['model']} has no shape {name!r}.", field="hand")
    return shapes[name]


def strokes(model: mujoco.MjModel, tendons: list[str]) -> list[tuple[int, int, float]]:
    """(joint, which of the tendons moves it, how far at 100 percent [rad or m]) of all joints of hands, followers too.

    Args:
        model: with its tendons and equalities.
        tendons: fixed ones, as long as the percent of a drive; at 100 their joints are at the end of their range.
    """
    found: dict[int, tuple[int, float]] = {}
    for n, name in enumerate(tendons):
        tendon = model.tendon(name).id
        wraps = slice(model.tendon_adr[tendon], model.tendon_adr[tendon] + model.tendon_num[tendon])
        found |= {int(joint): (n, float(model.jnt_range[joint, 1])) for joint in model.wrap_objid[wraps]}
    for e in np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_JOINT):
        one, other = int(model.eq_obj1id[e]), int(model.eq_obj2id[e])
        if one not in found and other in found:
            drive, stroke = found[other]
            found[one] = drive, float(model.eq_data[e, 1]) * stroke
    return [(joint, drive, stroke) for joint, (drive, stroke) in sorted(found.items())]


def mirrored(spec: mujoco.MjSpec) -> mujoco.MjSpec:
    """A hand's spec as its mirror image, y of every frame turned round; sites keep their y and z, and turn x round instead."""

    def turn(quat: np.ndarray) -> np.ndarray:
        return np.array(quat, float) * [1.0, -1.0, 1.0, -1.0]

    flip = np.array([1.0, -1.0, 1.0])
    for body in spec.bodies[1:]:
        body.pos, body.quat, body.ipos, body.iquat = body.pos * flip, turn(body.quat), body.ipos * flip, turn(body.iquat)
    for joint in spec.joints:
        joint.pos, joint.axis = joint.pos * flip, joint.axis * [-1.0, 1.0, -1.0]  # an axis of turning
    for geom in spec.geoms:
        geom.pos, geom.quat = geom.pos * flip, turn(geom.quat)
        geom.fromto = geom.fromto * np.tile(flip, 2)
    for site in spec.sites:
        site.pos, site.quat = site.pos * flip, quat_of(flip[:, None] * matrix_of(site.quat) * [-1.0, 1.0, 1.0])
    return spec
