"""What the commanded motion strikes, and whether it does so wherever the things stand that nobody measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from ....scenarios.draws.variation import Draw, nominal
from ...checks.finding import Finding
from ...checks.kinematics import motion_of
from ..facts.base_motion import UNKNOWN, tells_base, with_base
from ..facts.commanded_collision import Looked, check_looked, look
from ..facts.held_contacts import driven
from ..facts.results import Motions, Rollouts, Subject

SCENE = "collision.scene"
MOVED = 1e-3  # m
COPIES = 8  # of the scene, in what nobody measured, in each of which the motion has to strike it


def obstacles(subject: Subject, motions: Motions, rollouts: Rollouts) -> tuple[list[Finding], Looked | None]:
    """`collision.self` and `collision.scene` of the judged motion, and what it was held against.

    Args:
        rollouts: tell what the hands carried, which the commanded motion moves along.
    """
    recording, context, rules, signal = subject.recording, subject.context, subject.rules, str(motions.signal)
    t, q, names = with_base(subject, motions.judged)
    even = motions.resampled[signal]
    even = even if names == motions.judged.names else motion_of(t, q, rules)
    claws = motions.carried.claws if motions.carried is not None else ()
    draw = motions.draw or rollouts.around or nominal(context.scene)
    looked = look(even, names, context, draw, signal, recording, claws)
    if looked is not None:
        looked = replace(looked, held=tuple(driven(subject, rollouts, looked)))
    struck = check_looked(looked, rules, signal)
    hit = next((one for one in struck if one.code == SCENE and one.failed), None)
    start = rollouts.plan.start
    if hit is not None and start is not None and start.untried(()):
        others = [one for one in start.further(draw, COPIES, 0) if _elsewhere(draw, one, hit.subject[-1])]
        if others and (
            hit.details.get("kind") == "held"
            or any(_clear(check_looked(look(even, names, context, one, signal, recording, claws), rules, signal)) for one in others)
        ):
            struck = [rules[SCENE].not_checked("unmeasured", **_of(hit)) if one is hit else one for one in struck]
    if not tells_base(subject):  # nobody knows what it stood beside
        struck = [rules[SCENE].not_checked(UNKNOWN, signal=signal) if f.code == SCENE else f for f in struck]
    return struck, looked


def _clear(found: Sequence[Finding]) -> bool:
    return not any(one.code == SCENE and one.failed for one in found)


def _elsewhere(one: Draw, other: Draw, body: str) -> bool:
    """Whether the shapes of a fixture lie elsewhere in another copy of the scene, or are of another size."""
    shapes = []
    for draw in (one, other):
        data = draw.data()
        mujoco.mj_kinematics(draw.model, data)
        mine = draw.model.geom_bodyid == draw.model.body(body).id
        shapes.append(np.concatenate([data.geom_xpos[mine], data.geom_xmat[mine], draw.model.geom_size[mine]], axis=1))
    return not np.allclose(shapes[0], shapes[1], atol=MOVED)


def _of(finding: Finding) -> dict[str, Any]:
    """What a finding that is not checked keeps of the failure that it was."""
    kept = ("signal", "subject", "value", "limit", "unit", "t0", "t1", "details")
    return {name: getattr(finding, name) for name in kept}
