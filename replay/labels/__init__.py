"""Labels: which skill of the scenario's chain a recording shows when, proposed from its replay."""

from __future__ import annotations

from .proposal import Segment, propose

__all__ = ["Segment", "propose"]
