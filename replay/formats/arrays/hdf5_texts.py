"""Lists of texts in HDF5: a dataset of them, or an attribute. Names of joints stand in either, and say what the columns are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import h5py
import numpy as np

MOST_TEXTS = 1000  # of one list; more are a sentence a row, which names no columns
MOST_CHARACTERS = 1 << 20  # of one list
LONGEST_UNIT = 1000  # characters
UNITS = ("unit", "units")  # attributes of a dataset
NAMES = ("names", "joint_names", "column_names", "columns")  # attributes of a dataset that say what its columns are


def listed_texts(item: h5py.Dataset) -> tuple[str, ...] | None:
    """The texts of a dataset with one axis; None of any other one, or where they are too many."""
    if item.ndim != 1 or item.dtype.kind not in "SO" or item.size > MOST_TEXTS or item.dtype.itemsize * item.size > MOST_CHARACTERS:
        return None
    if item.dtype.kind == "O" and h5py.check_string_dtype(item.dtype) is None:
        return None
    return _plain(item[i] for i in range(item.size))


def lists_of_texts(group: h5py.Group) -> dict[str, tuple[str, ...]]:
    """The lists of texts among the attributes of a group, by name."""
    return {key: texts for key in group.attrs if (texts := _attribute(group, key))}


def names_of_columns(item: h5py.Dataset) -> tuple[str, ...]:
    """What a dataset calls its columns in an attribute of its own; empty where it calls them nothing."""
    return next((texts for key in NAMES if key in item.attrs and (texts := _attribute(item, key))), ())


def unit_of(item: h5py.Dataset) -> str | None:
    """The unit that a dataset announces in an attribute of its own."""
    found = next((item.attrs[key] for key in UNITS if key in item.attrs), None)
    found = found.decode("utf-8", "replace") if isinstance(found, bytes) else found
    return found if isinstance(found, str) and len(found) <= LONGEST_UNIT else None


def _attribute(holder: h5py.Group | h5py.Dataset, key: str) -> tuple[str, ...]:
    value = holder.attrs[key]
    if isinstance(value, str) and value.startswith("[") and len(value) <= MOST_CHARACTERS:  # a list as JSON, as many write it
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return ()
    if not isinstance(value, np.ndarray | Sequence) or isinstance(value, str | bytes) or np.ndim(value) != 1 or len(value) > MOST_TEXTS:
        return ()
    return _plain(value) or ()


def _plain(texts: Iterable[object]) -> tuple[str, ...] | None:
    """Texts as text, read one by one; None where something else is among them, or they are too long."""
    found: list[str] = []
    total = 0
    for text in texts:
        plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        if not isinstance(plain, str):
            return None
        total += len(plain)
        if total > MOST_CHARACTERS:
            return None
        found.append(str(plain))
    return tuple(found)
