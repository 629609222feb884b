"""The words of a verdict, and the reports of a judged folder, written together or not at all."""

from .baseline import Baseline
from .exit_code import Gate, counts, nothing_judged, stopped
from .streaming import Reports, check_out, write_reports
from .terminal import Terminal
from .text import Words, languages

__all__ = [
    "Baseline",
    "Gate",
    "Reports",
    "Terminal",
    "Words",
    "check_out",
    "counts",
    "languages",
    "nothing_judged",
    "stopped",
    "write_reports",
]
