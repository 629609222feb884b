"""`legs.yaml` of a robot: the same keys as the default robot's, each a number that a controller can reckon with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..sheet.errors import ScenarioError
from ..sheet.near_matches import nearest
from ..sheet.own_files import read_own
from .robot_folder import DEFAULT_ROBOT, LEGS, robot_folder


def read_legs(folder: Path) -> Mapping[str, Any]:
    """How the robot of a folder is kept on its legs, SI units.

    Raises:
        ScenarioError: with all that is wrong: keys that are missing or unknown, and values that are no such number.
    """
    sheet: Mapping[str, Any] = read_own(folder / LEGS)
    like = read_own(robot_folder(DEFAULT_ROBOT) / LEGS)
    problems = list(_wrong(sheet, like, ""))
    if problems:
        raise ScenarioError(" ".join(f"{path}: {what}" for path, what in problems), file=folder / LEGS, field=problems[0][0])
    return sheet


def _wrong(value: Any, like: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of a value that is to be as another one is; the sign of a number is that one's."""
    if isinstance(like, dict):
        if not isinstance(value, dict):
            yield path or LEGS, f"{value!r} is no table of {', '.join(like)}."
            return
        for key in (key for key in like if key not in value):
            yield _below(path, key), f"is missing. The default robot has {like[key]!r}."
        for key, one in value.items():
            if key not in like:
                yield _below(path, key), f"is no key of {LEGS}.{nearest(str(key), [*like])}"
            else:
                yield from _wrong(one, like[key], _below(path, key))
    elif isinstance(like, list):
        if not isinstance(value, list) or len(value) != len(like):
            yield path, f"{value!r} is no list of {len(like)}."
            return
        for i, (one, other) in enumerate(zip(value, like)):
            yield from _wrong(one, other, f"{path}[{i}]")
    elif isinstance(like, str):
        if not isinstance(value, str) or not value:
            yield path, f"{value!r} is no name."
    elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value * like <= 0.0:
        yield path, f"{value!r} is no number {'above' if like > 0.0 else 'below'} 0."


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
