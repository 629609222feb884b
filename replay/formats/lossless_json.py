"""JSON that gives back what it was given: tuples, arrays, whole-number keys and numbers that JSON has no word for.

What JSON can say stands as it is, so that any tool reads it. The rest is an object with one key that begins with `!`:
`{"!tuple": [...]}`, `{"!array": {"dtype", "shape", "base64"}}`, `{"!float": "nan"}`, `{"!items": [[key, value], ...]}`.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np

from ...scenarios.sheet.errors import EpisodeError

_KINDS = "biufSU"  # of arrays: plain numbers and texts; an array of objects would need code to be read back


def dumps(value: Any, field: str) -> str:
    """A value as JSON text.

    Args:
        value: dicts, lists, tuples, texts, numbers, None, NumPy numbers and arrays, nested as one likes.
        field: what it is, for the error.

    Raises:
        EpisodeError: it holds something else.
    """
    return json.dumps(_plain(value, field), ensure_ascii=False, allow_nan=False)


def loads(text: str | bytes) -> Any:
    """The value that `dumps` was given.

    Raises:
        ValueError: not JSON, or a mark that `dumps` does not write.
    """
    try:
        return json.loads(text, object_hook=_tagged)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _plain(value: Any, field: str) -> Any:
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind not in _KINDS:
            raise EpisodeError(f"holds an array of {array.dtype}, which cannot be written.", field=field)
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        name = "!array" if isinstance(value, np.ndarray) else "!scalar"
        return {name: {"dtype": array.dtype.str, "shape": list(array.shape), "base64": data}}
    if type(value) is float:
        return value if math.isfinite(value) else {"!float": repr(value)}
    if isinstance(value, tuple):
        return {"!tuple": [_plain(item, field) for item in value]}
    if isinstance(value, list):
        return [_plain(item, field) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("!") for key in value):
            return {key: _plain(item, f"{field}.{key}") for key, item in value.items()}
        return {"!items": [[_plain(key, field), _plain(item, f"{field}.{key}")] for key, item in value.items()]}
    raise EpisodeError(f"holds a {type(value).__name__}, which cannot be written as JSON.", field=field)


def _tagged(table: dict[str, Any]) -> Any:
    if len(table) != 1 or not next(iter(table)).startswith("!"):
        return table
    ((mark, content),) = table.items()
    if mark == "!tuple":
        return tuple(content)
    if mark == "!items":
        return {key: item for key, item in content}
    if mark == "!float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if mark in ("!array", "!scalar"):
        dtype = np.dtype(content["dtype"])
        if dtype.kind not in _KINDS:
            raise ValueError(f"an array of {dtype}")
        data = np.frombuffer(base64.b64decode(content["base64"], validate=True), dtype)
        array = data.reshape(content["shape"]).copy()
        return array[()] if mark == "!scalar" else array
    raise ValueError(f"unknown mark {mark!r}")
