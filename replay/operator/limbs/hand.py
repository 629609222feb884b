"""A hand as its sheet says: how far a command opens it, how hard it presses, and where its pads and tips are.

Of tips and pads one finger is thought to be below the other (the opening upright), unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....scenarios.robots.hand_shape import shape_of
from ....scenarios.sheet.errors import ScenarioError
from ..words.reason import Reason
from .geometry import UP, unit

EASY = 0.9  # share of its speed at full force with which a hand is commanded to move


class Hand:
    """Facts of a hand in one of its shapes, in which it closes as two pads do; both hands of a robot are alike.

    Args:
        sheet: of the hand (`Robot.hand_sheet`).
        shape: a key of its `shapes`; the first where None.

    Attributes:
        shape: how its drives go together.
        widest: gap between the open pads [m].
        speed: at which a command moves [%/s].
        advance: by which the pads draw back along the fingers for a metre of gap.
        pad_end, pad_edge: [m] from the middle of the closed pads to their end, and from there to their side.
        tip_end: [m] from the middle of the closed pads to the end of the tips.
        tip_back, tip_front: [m] from half the gap to the back and to the front of a tip.

    Raises:
        ScenarioError: the sheet lacks a block that the operator needs.
    """

    def __init__(self, sheet: Mapping[str, Any], shape: str | None = None):
        self.shape = shape_of(sheet, shape)
        lacks = [key for key in ("grip", "tips") if key not in self.shape.sheet]
        lacks += ["stroke_time"] if "stroke_time" not in sheet else []
        if lacks:
            raise ScenarioError(
                f"The sheet of the hand {sheet.get('model')} has no {' and no '.join(lacks)}: the operator cannot use that hand.",
                field="hand",
            )
        grip, tips = self.shape.sheet["grip"], self.shape.sheet["tips"]
        self.widest = float(grip["opening"] - grip["soft"])
        self._gap_a_percent = float(grip["opening"] / 100)
        self._force_a_percent = float(grip["stiffness"] * self._gap_a_percent)
        self._strongest = float(grip["grip_force"])
        self.speed = EASY * 100.0 / float(sheet["stroke_time"])
        self.advance, self.pad_end, self.pad_edge = (float(tips[key]) for key in ("advance", "pad_end", "pad_edge"))
        self.tip_end, self.tip_back, self.tip_front = (float(tips[key]) for key in ("tip_end", "tip_back", "tip_front"))

    def gap(self, percent: float) -> float:
        """Gap between the pads [m] at a percent of closing; below 0 they press on one another."""
        return self.widest - self._gap_a_percent * percent

    def percent(self, gap: float) -> float:
        """Command [%] at which the pads stand a gap [m] apart."""
        return float(np.clip((self.widest - gap) / self._gap_a_percent, 0.0, 100.0))

    def percent_of_force(self, force: float) -> float:
        """[%] by which a command is beyond where the pads stand, when each presses with a force [N], or with all that it has."""
        return min(force, self._strongest) / self._force_a_percent

    def pads_end(self, tcp: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
        """(3,) [m] where the lower ends of the pads are, in their middle, for a hand that is open by a gap."""
        ahead = (self.pad_end - self.advance * gap) * frame[:, 2] * [1.0, 1.0, 0.0]
        return tcp + ahead - self._reach_down(frame, gap) * UP

    def tcp_over(self, end: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
        """(3,) [m] where the tcp is when the pads, open by a gap, have their lower ends at a place."""
        return 2.0 * end - self.pads_end(end, frame, gap)

    def _reach_down(self, frame: np.ndarray, gap: float) -> float:
        """How far below the tcp the pads reach [m]."""
        down = -frame[2, 2]
        level = np.sqrt(max(0.0, 1.0 - down * down))
        return float((self.pad_end - self.advance * gap) * down + self.pad_edge * level)

    def tcp_from_tip(self, tip: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
        """(3,) [m] where the tcp is when the lower finger, open by a gap, touches a place with the lowest edge of its tip."""
        return tip - (self.tip_end - self.advance * gap) * frame[:, 2] + (0.5 * gap + self.tip_back) * _above(frame)

    def tcp_from_nose(self, nose: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
        """(3,) [m] where the tcp is when the side of the lower finger that faces the other one ends at a place."""
        return nose - (self.tip_end - self.advance * gap) * frame[:, 2] + (0.5 * gap + self.tip_front) * _above(frame)

    def nose_from_tcp(self, tcp: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
        """(3,) [m] where the side of the lower finger that faces the other one ends: `tcp_from_nose` backwards."""
        return tcp - self.tcp_from_nose(np.zeros(3), frame, gap)


def _above(frame: np.ndarray) -> np.ndarray:
    """(3,) the way from the lower finger of a hand to the upper one."""
    level = np.cross(UP, frame[:, 2])
    neither = Reason("the fingers point straight down or up, and none is the lower one", "no_lower_finger")
    return np.cross(frame[:, 2], unit(level, neither))
