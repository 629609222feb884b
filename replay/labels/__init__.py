"""Labels: which skill of the scenario's chain a recording shows when, proposed from its replay."""

from __future__ import annotations

from .proposal import LabelSegment, propose

__all__ = ["LabelSegment", "propose"]
