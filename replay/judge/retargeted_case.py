"""Retargeting inside a judgement: a case of a person gets its motion on the robot, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...scenarios.errors import EpisodeError
from ...scenarios.variation import nominal
from ..checks.hands import check_hand_jump
from ..checks.integrity import STOPS
from ..signals.joint_motion import zero_order_hold

if TYPE_CHECKING:
    from ..retarget.carrying import Carried
    from .judge import Case


def carry_over(case: Case) -> None:
    """Set `case.carried` and `case.motion["retargeted"]`, or `case.uncarried`; what was assumed goes to `case.notes`.

    A fault of the recording that makes values or times meaningless stops it, as it stops any other motion.
    """
    from ..retarget.carrying import carry  # mink is only loaded where there is a person to carry over

    broken = next((f.code for f in case.findings if f.failed and f.code in STOPS), None)
    if broken:
        case.uncarried = f"integrity.{broken}"
        return
    stage = case.stage
    try:
        case.carried = carry(case.recording, stage.scene, nominal(stage.scene), stage.limits, stage.retarget)
    except EpisodeError as error:
        case.uncarried = "unusable_hands"
        case.notes.append(f"the person's motion is not carried over to the robot: {error.message}")
        return
    if case.carried is not None:
        result = case.carried.result
        asked = {hand: track.target for hand, track in result.hands.items()}
        case.findings += check_hand_jump(result.t, asked, stage.rules)
        case.motion["retargeted"] = case.carried.motion
        case.notes += case.carried.notes


def close_hands(actions: np.ndarray, names: Sequence[str], grid: np.ndarray, carried: Carried) -> None:
    """Write what the claws are told into actions (m, k), held on the clock of the replay."""
    result = carried.result
    for hand, percent in result.closed.items():
        name = carried.closes[hand]
        known = np.isfinite(percent)
        if name in names and known.any():
            actions[:, names.index(name)] = zero_order_hold(result.t[known], percent[known, None], grid)[:, 0]
