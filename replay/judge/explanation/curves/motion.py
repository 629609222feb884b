"""Curves of what the motion asks of the robot: rates, distances to itself and the room, weight on the feet, reach."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....checks.collision import geoms_of, overlaps
from ....checks.curves import MM, bounds
from ....checks.dynamics import margin_inside
from ....checks.finding import Finding, Plot
from ....checks.kinematics import motion_of
from ...facts.base_motion import pelvis_motion, with_base
from ...facts.commanded_collision import poses
from ...facts.results import Judged


def _rate(judged: Judged, finding: Finding) -> Plot | None:
    even = judged.motions.resampled.get(finding.signal or "")
    if even is None or not finding.subject or finding.limit is None:
        return None
    (name,) = finding.subject
    column = judged.motions.by_role[str(finding.signal)].names.index(name)
    rate, title = even.a[:, column], "joint_acceleration"
    if finding.code == "joint.jerk":
        rate, title = np.gradient(rate, even.step), "joint_jerk"
    limits: list[dict[str, Any]] = [{"name": "bound", "value": finding.limit}]
    if "median" in finding.details:  # of the largest of each recording that this one is held against
        limits.append({"name": "median", "value": finding.details["median"]})
    return Plot(title, name, str(finding.unit), [{"name": str(finding.signal), "t": even.t, "y": np.abs(rate)}], limits)


def _depth(judged: Judged, finding: Finding) -> Plot | None:
    signal = finding.signal or ""
    if signal not in judged.motions.resampled or len(finding.subject) != 2 or not judged.subject.robot.in_scene:
        return None  # another robot stands in no scene of ours
    if finding.details.get("kind") == "held" and judged.kinematics.obstacles is not None:  # how it lay in the hand, the replay showed
        t = judged.kinematics.obstacles.t
        found = [one for one in judged.kinematics.obstacles.overlaps if one.bodies == finding.subject]
    else:
        from .....scenarios.draws.variation import nominal

        draw = judged.motions.draw or judged.rollouts.around or nominal(judged.scene)
        claws = judged.motions.carried.claws if judged.motions.carried is not None else ()
        motion = judged.motions.resampled[signal]
        t, q, names = with_base(judged.subject, judged.motions.by_role[signal])
        if names != judged.motions.by_role[signal].names:
            motion = motion_of(t, q, judged.rules)
        pelvis = pelvis_motion(judged.subject, judged.motions.by_role[signal])
        t, qpos = poses(motion, names, draw, judged.recording, claws, pelvis)
        mine, other = (geoms_of(draw.model, [body]) for body in finding.subject)
        found = overlaps(draw.model, qpos, mine, other)
    deep = np.max([one.depth for one in found], axis=0) if found else np.zeros(len(t))
    return Plot("depth", "", "mm", [{"name": signal, "t": t, "y": MM * deep}], bounds(judged.rules[finding.code], MM))


def _margin(judged: Judged, finding: Finding) -> Plot | None:
    effort = judged.dynamics.effort.get(finding.signal or "")
    if effort is None or not judged.subject.robot.in_scene:
        return None
    margin = margin_inside(judged.context.soles, effort.pressure)
    rule = judged.rules[finding.code]
    return Plot("margin", "", "mm", [{"name": str(finding.signal), "t": effort.t, "y": MM * margin}], bounds(rule, MM))


def _rated(judged: Judged, finding: Finding) -> Plot | None:
    effort = judged.dynamics.effort.get(finding.signal or "")
    if effort is None or not finding.subject or finding.limit is None:
        return None
    torque = effort.torque[:, effort.names.index(finding.subject[0])]
    # what is judged is the root mean square, so that is drawn, from the beginning on
    known = np.isfinite(torque)
    mean = np.full(len(torque), np.nan)
    mean[known] = np.sqrt(np.cumsum(torque[known] ** 2) / np.arange(1, known.sum() + 1))
    traces = [
        {"name": str(finding.signal), "t": effort.t, "y": np.abs(torque)},
        {"name": "rms", "t": effort.t, "y": mean},
    ]
    return Plot("joint_torque", finding.subject[0], "Nm", traces, [{"name": "rated", "value": finding.limit}])


def _reach(judged: Judged, finding: Finding) -> Plot | None:
    if judged.motions.carried is None:
        return None
    tracks = judged.motions.carried.result.hands
    hand = next((hand for hand in tracks if f"{hand}_hand" in finding.subject), next(iter(tracks)))
    traces = [
        {"name": f"{hand}_hand", "t": judged.motions.carried.result.t, "y": tracks[hand].reach + tracks[hand].beyond}
    ]
    return Plot("reach", f"{hand}_hand", "m", traces, [{"name": "limit", "value": tracks[hand].reach}])


CURVES = {
    "joint.acceleration": _rate,
    "joint.jerk": _rate,
    "collision.self": _depth,
    "collision.scene": _depth,
    "balance": _margin,
    "torque.rated": _rated,
    "reach": _reach,
}
