"""JSON of others, of which the nesting is bounded: a text of brackets alone ends as one `ValueError`, and stops no run."""

from __future__ import annotations

import json
from typing import Any

from .yaml_reader import MAX_DEPTH


def json_of(text: str | bytes, levels: int | None = None) -> Any:
    """The value of a JSON text.

    Args:
        levels: the most that may lie within one another; None for as many as can be read.

    Raises:
        ValueError: it is no JSON, or nested too deeply.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"it is nested more than {levels or MAX_DEPTH} levels deep") from None
    if levels is not None and _deeper(value, levels):
        raise ValueError(f"it is nested more than {levels} levels deep")
    return value


def _deeper(value: Any, levels: int) -> bool:
    row = [value]
    for _ in range(levels + 1):
        row = [one for each in row if isinstance(each, dict | list) for one in (each.values() if isinstance(each, dict) else each)]
        if not row:
            return False
    return True
