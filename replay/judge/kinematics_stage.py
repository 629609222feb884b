"""The kinematics stage: ranges, speeds and steps of the motion, and what it would collide with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from ...scenarios.draws.variation import STATE, Draw, nominal
from ..checks.finding import Finding
from ..checks.joint_zero import check_offset
from ..checks.kinematics import check_kinematics, motion_of
from ..checks.registry import asked_of
from ..checks.retargeting import check_retarget
from ..signals.clock import origin_ns
from .base_motion import UNKNOWN, tells_base, with_base
from .commanded_collision import check_looked, look
from .held_contacts import driven
from .results import Integrity, Kinematics, Motions, Rates, Rollouts, Subject

OFFSET, SCENE = "calibration.offset", "collision.scene"
MOVED = 1e-3  # m
COPIES = 8  # of the scene, in what nobody measured, in each of which the motion has to strike it


def kinematics_stage(
    subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts, rates: Rates
) -> Kinematics:
    """Kinematics of the motion, by whom it is judged as.

    Args:
        rollouts: tell what the hands carried, which the commanded motion moves along.
        rates: how fast it moves among the recordings that are judged together.
    """
    return subject.robot.kinematics(subject, integrity, motions, rollouts, rates)


def own_kinematics(
    subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts, rates: Rates
) -> Kinematics:
    """Kinematics of the scene's own robot."""
    recording, context = subject.recording, subject.context
    rules, limits = context.rules, context.limits
    stopped = next(iter(integrity.stopped.values()), None)
    if motions.signal is None:
        hands = asked_of("hands") if recording.kind == "human" else ()
        codes = (*hands, *asked_of("joints", "shapes"), OFFSET)
        found = [rules[code].not_checked(stopped or motions.without) for code in codes]
        return Kinematics((*found, *(rules[code].not_checked("no_published_limit") for code in asked_of("peers"))))
    found = []
    for role, motion in motions.by_role.items():
        if role == motions.signal or recording.kind != "simulation":
            found += check_kinematics(motion.t, motion.q, motion.names, limits, rules, role, motions.resampled[role])
    found = [rates.get(f.code, f) if f.signal == motions.signal else f for f in found]
    given, had = (motions.by_role[role].stream if role in motions.by_role else None for role in ("command", "measured"))
    found += [rules[OFFSET].not_checked(stopped)] if stopped else check_offset(given, had, rules, origin_ns(recording))
    if motions.carried is not None:
        found += check_retarget(motions.carried.result, rules)
    t, q, names = with_base(subject, motions.judged)
    even = motions.resampled[motions.signal]
    even = even if names == motions.judged.names else motion_of(t, q, rules)
    claws = motions.carried.claws if motions.carried is not None else ()
    draw = motions.draw or rollouts.around or nominal(context.scene)
    looked = look(even, names, context, draw, motions.signal, recording, claws)
    if looked is not None:
        looked = replace(looked, held=tuple(driven(subject, rollouts, looked)))
    struck = check_looked(looked, rules, motions.signal)
    hit = next((one for one in struck if one.code == SCENE and one.failed), None)
    start = rollouts.plan.start
    if hit is not None and start is not None and start.untried(()):
        others = [one for one in start.further(draw, COPIES, 0) if _elsewhere(draw, one, hit.subject[-1])]
        signal = motions.signal
        if others and (
            hit.details.get("kind") == "held"
            or any(
                _clear(check_looked(look(even, names, context, one, signal, recording, claws), rules, signal))
                for one in others
            )
        ):
            struck = [rules[SCENE].not_checked("unmeasured", **_of(hit)) if one is hit else one for one in struck]
    found += struck
    if not tells_base(subject):  # nobody knows what it stood beside
        found = [rules[SCENE].not_checked(UNKNOWN, signal=motions.signal) if f.code == SCENE else f for f in found]
    return Kinematics(tuple(found), looked)


def _clear(found: Sequence[Finding]) -> bool:
    return not any(one.code == SCENE and one.failed for one in found)


def _elsewhere(one: Draw, other: Draw, body: str) -> bool:
    """Whether the shapes of a fixture lie elsewhere in another copy of the scene, or are of another size."""
    shapes = []
    for draw in (one, other):
        data = mujoco.MjData(draw.model)
        mujoco.mj_setState(draw.model, data, draw.start_state, STATE)
        mujoco.mj_kinematics(draw.model, data)
        mine = draw.model.geom_bodyid == draw.model.body(body).id
        shapes.append(np.concatenate([data.geom_xpos[mine], data.geom_xmat[mine], draw.model.geom_size[mine]], axis=1))
    return not np.allclose(shapes[0], shapes[1], atol=MOVED)


def _of(finding: Finding) -> dict[str, Any]:
    """What a finding that is not checked keeps of the failure that it was."""
    kept = ("signal", "subject", "value", "limit", "unit", "t0", "t1", "details")
    return {name: getattr(finding, name) for name in kept}
