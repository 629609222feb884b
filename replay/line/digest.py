"""A digest of any plain value: arrays, texts, numbers, tables, and records (dataclasses) of these."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..formats.file_state import sha256_of


def digest_of(*values: Any) -> str:
    """sha256 in hexadecimal: the same for equal values in every process, another for any that differ.

    A path stands for the bytes of its file. Tables are taken in the order of their keys, sets in that of their items.

    Raises:
        TypeError: a value is none of these kinds.
    """
    found = hashlib.sha256()
    _feed(found, values)
    return found.hexdigest()


def _feed(into: Any, value: Any) -> None:
    if value is None or isinstance(value, bool | int | float | str):
        text = f"{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass")
        into.update(b"%d:%s;" % (len(text), text))
    elif isinstance(value, bytes):
        into.update(b"bytes %d:" % len(value))
        into.update(value)
    elif isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value)
        if array.dtype.kind == "O":
            _feed(into, array.tolist())
            return
        into.update(f"array {array.dtype.str} {np.shape(value)};".encode())
        into.update(array.tobytes())
    elif isinstance(value, Path):
        _feed(into, file_digest(value) if value.is_file() else value.name)
    elif is_dataclass(value) and not isinstance(value, type):
        into.update(f"record {type(value).__name__};".encode())
        for one in fields(value):
            _feed(into, one.name)
            _feed(into, getattr(value, one.name))
    elif isinstance(value, Mapping):
        into.update(b"table %d;" % len(value))
        for key in sorted(value, key=lambda k: (type(k).__name__, str(k))):
            _feed(into, key)
            _feed(into, value[key])
    elif isinstance(value, list | tuple):
        into.update(b"list %d;" % len(value))
        for item in value:
            _feed(into, item)
    elif isinstance(value, set | frozenset):
        _feed(into, sorted(digest_of(item) for item in value))
    else:
        raise TypeError(f"no digest of a {type(value).__name__}")


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes; read once as long as neither its size nor its time changes."""
    known = os.stat(path)
    return _of_file(path, known.st_size, known.st_mtime_ns)


@lru_cache(maxsize=1024)
def _of_file(path: Path, size: int, changed_ns: int) -> str:
    return sha256_of(path)
