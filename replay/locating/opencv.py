"""The optional packages of printing and locating, or the sentence that says how to install them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from ...scenarios.sheet.errors import ShiliuError

INSTALL = 'pip install "shiliu[locate]" (from a checkout: pip install ".[locate]")'


def opencv() -> ModuleType:
    """OpenCV with its ArUco markers.

    Raises:
        ShiliuError: it is not installed, or is a build without them, with the command that installs it.
    """
    found = needed("cv2", "OpenCV")
    if not hasattr(getattr(found, "aruco", None), "ArucoDetector"):
        raise ShiliuError(
            f"This OpenCV ({getattr(found, '__version__', '?')}) has no ArUco markers. Install the build that has: {INSTALL}."
        )
    return found


def needed(module: str, title: str) -> ModuleType:
    """An optional module.

    Raises:
        ShiliuError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ShiliuError(f"Markers need {title}, which is not installed. Install it: {INSTALL}.") from None
