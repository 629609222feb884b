"""Would the robot stay on its feet, were a person's motion carried over to it more smoothly?

The solver follows the person sample by sample. Where a wrist comes to the end of its range, the rest of the arm swings within
two samples to keep the hand where it was asked, and such a swing throws the zero-moment point out of the soles though nobody
swung. What is asked is whether the robot could do what the person did. So a motion that is smoothed a little answers, too, as
long as its hands are as near to the person's as the judge lets them be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ...checks.dynamics import Effort, check_balance
from ...checks.finding import Finding
from ...retarget.arms import Arms, arms_of
from ...retarget.shapes import Shapes
from ...retarget.track import HandTrack
from ...signals.joint_motion import JointMotion
from ...signals.signal import held
from .results import Motions, Subject

EASED = (0.02, 0.03, 0.04, 0.05)  # s, width of the bell that is smoothed with; the narrowest that helps is taken
TOUCH = 1e-3  # m, by which own shapes may come nearer than the solver brought them, or overlap


def eased_balance(
    subject: Subject, motions: Motions, found: Finding, effort_of: Callable[[JointMotion], Effort]
) -> Finding:
    """A `balance` that fails of a motion carried over; a WARN where a smoother motion with its hands as near does not fail.

    The warning tells the smoother motion's margin, `eased` [s], and under `as_solved` the margin that failed.

    Args:
        effort_of: what a motion takes, with what its hands carry.
    """
    if motions.carried is None or motions.signal != "retargeted" or not found.failed:
        return found
    hands, motion = motions.carried.result.hands, motions.judged
    arms = arms_of(subject.scene)
    shapes = Shapes(arms, motions.carried.settings)
    room = min(_nearest(shapes, arms, motion.q), 0.0) - TOUCH
    for width in EASED:
        smooth = replace(motion, q=smoothed(motion.t, motion.q, width))
        again = check_balance(effort_of(smooth), subject.context.soles, subject.rules, "retargeted")[0]
        inside = again.value is not None and again.value >= subject.rules["balance"].bound("fail")
        if inside and as_near(subject, arms, hands, smooth) and _nearest(shapes, arms, smooth.q) >= room:
            again.level = "WARN"
            again.details |= {"eased": width, "as_solved": found.value}
            return again
    return found


def smoothed(t: np.ndarray, q: np.ndarray, width: float) -> np.ndarray:
    """(n, k) angles, each the mean of those around it with the weight of a bell of this width [s], cut at three of them.

    A mean of angles inside a range, or of steps within a speed, stays inside.
    """
    reach = max(1, int(np.ceil(3.0 * width / float(np.median(np.diff(t))))))
    weight, total = np.zeros((len(t), 1)), np.zeros_like(q)
    for by in range(-reach, reach + 1):
        rows = np.clip(np.arange(len(t)) + by, 0, len(t) - 1)
        bell = np.exp(-0.5 * ((t[rows] - t) / width) ** 2)[:, None]
        total += bell * q[rows]
        weight += bell
    return total / weight


def as_near(subject: Subject, arms: Arms, hands: Mapping[str, HandTrack], motion: JointMotion) -> bool:
    """Whether each hand stays within what `retarget.error` lets it be off and turned, or as near as the solver brought it."""
    rule = subject.rules["retarget.error"]
    step = float(np.median(np.diff(motion.t)))
    for hand, track in hands.items():
        position, rotation = arms.follow(motion.q, hand)
        off = np.linalg.norm(position - track.target, axis=1)
        cosine = (np.einsum("nij,nij->n", track.target_rotation, rotation) - 1.0) / 2.0
        turned = np.arccos(np.clip(cosine, -1.0, 1.0))
        for now, before, bound in (
            (off, track.off, rule.bound("fail")),
            (turned, track.turned, rule.settings["turn_fail"]),
        ):
            over = np.nan_to_num(now - np.maximum(before, bound), nan=-1.0)
            if held(over[:, None], step, rule.shortest)[0][0] > 0.0:
                return False
    return True


def _nearest(shapes: Shapes, arms: Arms, q: np.ndarray) -> float:
    """[m] how near own shapes come at most, hands open; negative where they overlap."""
    posture = np.clip(0.0, *arms.whole.jnt_range.T)
    nearest = np.inf
    for row in q:
        posture[arms.index] = row
        nearest = min(nearest, shapes.near(posture).closest)
    return nearest
