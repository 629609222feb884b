"""Which changes of a command a repair begins with: a wrong unit, else steps first, then ranges, then speeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ..checks.finding import Finding
from ..checks.kinematics import check_kinematics
from ..checks.rules import Rules
from ..recording.recording import Recording
from ..robots.limits import Limits
from .bounds import Bounds
from .changes import BeyondBounds, Demand, slower, spread, steps_in, taken_back
from .command import Command, command_of
from .warp import Warp

Change = dict[str, Any]

CALM = 0.5  # share of the limits that is aimed at where what was too fast threw the world off its course
SPENT = 12  # changes of the motion in one round before giving up


@dataclass(frozen=True)
class Capability:
    """What a robot may do, as a changed command is held against it.

    Attributes:
        joint_names: of its arms.
        limits, rules: the joints' limits, and the bounds of the checks.
        model: the robot alone; soles: (p, 2) corners of what its soles span on the floor [m].
        ends: a joint's range [rad] as the judge sees it: its limit, and what its actuator takes.
    """

    joint_names: tuple[str, ...]
    limits: Limits
    rules: Rules
    model: mujoco.MjModel
    soles: np.ndarray
    ends: Mapping[str, tuple[float, float]]


def conversion(finding: Finding) -> Change:
    """The change of a stream that is in another unit than it says."""
    unit = str(finding.details.get("should_be", "deg"))
    factor = math.pi / 180.0 if unit == "deg" else 180.0 / math.pi
    return {"kind": "unit", "channel": finding.subject[0], "unit": unit, "multiply": factor}


def thrown_off(findings: Sequence[Finding]) -> bool:
    """Whether a failure of the motion has consequences in the world: something was hit, dropped, pushed, or not reached."""
    return any(
        f.failed and f.stage == "replay" and f.because_of is not None and f.code != "ctrl.clamped" for f in findings
    )


def planned(
    recording: Recording, failed: list[Finding], robot: Capability, bounds: Bounds, thrown: bool = False
) -> list[Change] | None:
    """The changes that a repair would begin with, without performing anything; None where there are none within bounds.

    Args:
        failed: the causes, each with its fix.
        robot: what is judged by.
        thrown: see `thrown_off`.
    """
    units = [f for f in failed if (f.fix or {}).get("kind") == "unit"]
    if units:
        return [conversion(units[0])]
    command = command_of(recording, robot.joint_names)
    if command is None:
        return None
    try:
        _, changes, _ = change_motion(command, failed, robot, bounds, spreading=True, thrown=thrown)
    except BeyondBounds:
        return None
    return changes or None


def change_motion(
    command: Command, failed: list[Finding], robot: Capability, bounds: Bounds, spreading: bool, thrown: bool
) -> tuple[Command, list[Change], list[Warp]]:
    """Changes until the motion keeps the joints' own limits: steps first, then ranges, then speeds."""
    changes: list[Change] = []
    warps: list[Warp] = []
    clamped = {name for f in failed if f.code == "ctrl.clamped" for name in f.subject}
    weak = any(f.code in ("torque.peak", "balance") and f.signal == "command" for f in failed)
    demand = Demand(robot.limits, robot.rules, robot.model, robot.soles, CALM if thrown else 1.0)
    for _ in range(SPENT):
        found = check_kinematics(command.t, command.q, command.joint_names, robot.limits, robot.rules)
        wrong = {f.code: f for f in found if f.failed}
        past = set(clamped)
        if "joint.position" in wrong:
            position = wrong["joint.position"]
            past |= {*position.subject}
            past |= {name for o in position.details["others"] if o["level"] == "FAIL" for name in o["subject"]}
        made: list[Change] = []
        fast = "joint.velocity" in wrong or "joint.jump" in wrong
        if spreading and (weak or fast) and steps_in(command, demand):
            command, made = spread(command, demand)
        elif past:
            command, made = taken_back(command, robot.ends, sorted(past), bounds)
            clamped = set()
        elif weak or fast:
            command, made, warp = slower(command, demand, bounds)
            warps += [warp] if made else []
            weak = False
        if not made:
            break
        changes += made
    return command, changes, warps
