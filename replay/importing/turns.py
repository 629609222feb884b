"""Where the values of a column go on over a seam: how large a turn is in a unit, and leaps that nothing may be interpolated across."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from ...scenarios.reading import composition
from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.quantity import UNITS, dimension_of, parse_quantity
from ...scenarios.sheet.yaml_reader import read_yaml

FULL = 2.0 * np.pi  # rad
# one turn in units of angles by the names that they go by; a device's own scale is in the sheet of its robot
TURN: dict[str, float] = {
    **dict.fromkeys(("rad", "radian", "radians"), FULL),
    **dict.fromkeys(("deg", "degree", "degrees"), 360.0),
    **{"mrad": 1e3 * FULL, "urad": 1e6 * FULL, "mdeg": 360e3, "cdeg": 36e3, "ddeg": 3600.0},
    **dict.fromkeys(("turn", "turns", "rev", "revs", "revolution", "revolutions"), 1.0),
    **dict.fromkeys(("gon", "grad", "gradian", "gradians"), 400.0),
    **{"arcmin": 360.0 * 60.0, "arcsec": 360.0 * 3600.0},
}
ROOM = 1e-6  # of a turn, by which rounding may lead out of it
# of a turn or of all that a column goes, for a step that is a leap; and for the steps that a column usually makes, which leaps
LEAP, USUAL = 0.75, 0.1
HALF = 0.4  # of a turn, that an angle leaps at the least: axes without a direction, and rolls beside a steep pitch, leap by half a turn


def turns_of(robot: str | None) -> dict[str, float]:
    """One turn in each unit of angles, those that the sheet of a robot declares under `scale` among them.

    Args:
        robot: name of a sheet of `conf/robot`, the designer's own or the package's; without one the common units alone.
    """
    sheet = composition.members("robot").get(str(robot))
    try:
        content = read_yaml(sheet) if sheet is not None else None
    except ScenarioError:
        return TURN  # an import judges nothing: whoever judges by the sheet hears of its mistakes
    scale = content.get("scale") if isinstance(content, dict) else None
    found = dict(TURN)
    for unit, text in scale.items() if isinstance(scale, dict) else ():
        if dimension_of(text) == "angle" and (size := parse_quantity(text, "angle")) > 0.0:
            found[str(unit)] = FULL / size
        else:
            found.pop(str(unit), None)  # `turn: 5 mm` of a spindle is no angle
    return found


def turning(x: np.ndarray, units: list[str], turns: Mapping[str, float] = TURN) -> dict[int, float]:
    """Columns of angles that wrap, with the size of a turn: all within one turn, and two in a row further apart than half of it.

    Args:
        x: (n, k); units: (k,), of which `turns` knows the angles. An angle that runs on through turns is a number like any other.
    """
    found = {}
    for j, turn in ((j, turns[unit]) for j, unit in enumerate(units) if unit in turns):
        column = x[:, j][np.isfinite(x[:, j])]
        within = len(column) > 1 and np.ptp(column) <= turn * (1 + ROOM)
        if within and np.abs(np.diff(column)).max() > 0.5 * turn:
            found[j] = turn
    return found


def leaping(x: np.ndarray, units: list[str], turns: Mapping[str, float] = TURN) -> dict[int, float]:
    """Columns that leap as over a seam that is not known, with the size from where on a step is such a leap.

    It is `LEAP` of all that the column goes, of an angle at most of a turn and `HALF` of one at the least; nobody declares the turn of a
    device's own scale (`tick`, `%`, `0..4095`, `1`). Most steps are within `USUAL` of that. Lengths, forces and other measures do not wrap.

    Args:
        x: (n, k); units: (k,).
    """
    found = {}
    for j, unit in enumerate(units):
        column = x[:, j][np.isfinite(x[:, j])]
        if len(column) < 2 or (unit not in turns and not _own(unit)):
            continue
        turn = turns.get(unit, np.inf)
        way, least = min(float(np.ptp(column)), turn), 0.0 if unit not in turns else HALF * turn
        step = np.abs(np.diff(column))
        if way > 0.0 and step.max() > (size := max(LEAP * way, least)) and float(np.median(step)) <= USUAL * way:
            found[j] = size
    return found


def _own(unit: str) -> bool:
    """Whether a unit is a device's own scale, of which nobody can tell by its name what it measures."""
    return unit in ("1", "%") or (unit not in UNITS and "/" not in unit and not re.fullmatch(r"[munk]?(m|N|Nm|s|A|V|W|g)", unit))


def wrapped(values: np.ndarray, recorded: np.ndarray, turn: float) -> np.ndarray:
    """Angles within the turn that the recorded ones keep to, wherever that begins.

    A turn from -half or from 0 on is taken by its name. Of any other only its recorded part is known: a value beyond that stays
    on the side that is nearer.
    """
    lowest, highest, room = float(np.nanmin(recorded)), float(np.nanmax(recorded)), ROOM * turn
    for low in (-0.5 * turn, 0.0):
        if lowest >= low - room and highest <= low + turn + room:
            return np.where(values < low, values + turn, np.where(values > low + turn, values - turn, values))
    spare = 0.5 * max(lowest + turn - highest, 0.0)
    return np.where(values < lowest - spare, values + turn, np.where(values > highest + spare, values - turn, values))
