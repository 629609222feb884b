"""The robot that a recording itself describes: joints and ranges of the model that it carries, and the source of each limit.

A file of robosuite names its robots. Those that `conf/robot` describes lend their limits to the joints of the same name, whichever
arm of the recording they are; of others the ranges of the model are all there is.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from ..recording.recording import Recording
from .embodiment import Embodiment, JointSheet, Source
from .limits import JointLimit

MAX_JOINTS = 1000
OWN = Source("joint ranges of the model that the recording carries", "estimate")
_ARM = re.compile(r"^robot\d+_")


def carried(recording: Recording, described: Collection[str], load: Callable[[str], Embodiment]) -> Embodiment | None:
    """The robot of a recording by `metadata["model"]["joints"]`; None where it tells of none.

    Args:
        recording: of any kind; nothing in its metadata is believed to have a form.
        described: names of the robots of `conf/robot`; load: gives one of them.
    """
    model = recording.metadata.get("model")
    joints = model.get("joints") if isinstance(model, dict) else None
    if not isinstance(joints, dict) or not 0 < len(joints) <= MAX_JOINTS:
        return None
    known: dict[str, Embodiment] = {}
    sheets: dict[str, JointSheet] = {}
    for name, entry in joints.items():
        if not isinstance(name, str) or not isinstance(entry, dict) or entry.get("kind") not in ("angle", "length"):
            return None
        robot = entry.get("robot")
        if isinstance(robot, str) and robot in described and robot not in known:
            known[robot] = load(robot)
        sheets[name] = _sheet(name, entry, known.get(robot) if isinstance(robot, str) else None)
    digest = hashlib.sha256(json.dumps(model, sort_keys=True, default=str).encode()).hexdigest()
    title = " + ".join(map(str, model.get("robots", ()))) if isinstance(model, dict) else ""
    name = str(recording.metadata.get("robot") or "unknown")
    lent = sorted({str(entry.get("robot")) for entry in joints.values() if entry.get("robot") in known})
    remarks = [f"limits of {', '.join(lent)} are those of its description"] if lent else []
    remarks += [] if lent else ["no description of the robot: the ranges of the model that the recording carries are all there is"]
    return Embodiment(
        name=name,
        title={"en": title or name, "zh": title or name},
        file=f"the recording's own model, {digest[:6]}",
        digest=digest[:12],
        joints=sheets,
        base="fixed" if lent and all(robot.base == "fixed" for robot in known.values()) else None,
        remarks=tuple(remarks),
        needs=("kinematics.joint.position",),  # a motion of which nothing was held to its joints passes not
    )


def _sheet(name: str, entry: dict[str, Any], robot: Embodiment | None) -> JointSheet:
    for sheet in robot.joints.values() if robot is not None else ():
        if {_ARM.sub("", word) for word in (sheet.name, *sheet.also)} & {_ARM.sub("", name)}:
            return replace(sheet, name=name, model=name, also=(), limit=replace(sheet.limit, name=name))
    ends = entry.get("range")
    lower, upper = map(_number, ends) if isinstance(ends, list) and len(ends) == 2 else (math.nan, math.nan)
    if not lower < upper:
        return JointSheet(name, name, limit=JointLimit(name), kind=entry["kind"])
    return JointSheet(name, name, (), JointLimit(name, lower, upper), {"position": OWN}, entry["kind"])


def _number(value: Any) -> float:
    """A finite number as a float; NaN for whatever else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
    return float(value) if is_number else math.nan
