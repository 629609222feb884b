"""What a skill does over time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

Motion = Generator[None, Any, Any]
