"""Skills for what turns about a hinge or slides: pulled by its handle, pushed from inside, pushed shut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..limbs.geometry import UP, unit
from ..operator_state import OperatorState
from ..words.reason import Reason

CLOSE = 2.0  # crowd of an arm that is near several things and touches none
ROOM = 0.005  # m, by which a planned hand may miss its place
CLEAR, RAISED = 0.05, 0.07  # m, by which the hand leaves the inner face then, and rises
AJAR = 0.02  # rad, the latch has let go
SHUT = 0.003  # rad, a door that stands so far open is shut
NEARLY = 0.06  # rad, from where a door is pushed on slowly
STEP = 0.05  # rad, knots along a door's arc


@dataclass(frozen=True)
class Course:
    """What is near and far along a joint [rad of a hinge, m of a slide].

    Attributes:
        step: between two knots of a way; ajar: from where on the latch has let go; least: as far as it is moved in any case.
        nearly: from where on it is shut slowly; shut: where it counts as shut.
    """

    step: float
    ajar: float
    least: float
    nearly: float
    shut: float
HINGE, SLIDE = Course(STEP, AJAR, 0.45, NEARLY, SHUT), Course(0.02, 0.006, 0.05, 0.025, 0.002)


def on_door(
    state: OperatorState, joint: str, edge: str, theta: float, radius: float, out: float, height: float
) -> np.ndarray:
    """A place beside a door at an angle: so far from its hinge, out of its outer face and above a site of its edge [m]."""
    position, rotation = state.senses.site_at(edge, joint, theta)
    inward = state.senses.hinge(joint)[0] - position
    inward -= inward @ UP * UP
    width = float(np.linalg.norm(inward))
    unit(inward, Reason(f"{edge} lies on the axis of {joint}, and is no edge of a door", "no_edge", at=edge, of=joint))
    return position + (width - radius) / width * inward + out * rotation[:, 0] + height * UP
