"""Features of a dataset's frames ↔ streams of a recording: names, units and quantities of their columns, times of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...scenarios.sheet.errors import EpisodeError
from .recording import Stream

ENVIRONMENT = "observation.environment_state"  # the scene's own joints and things, as LeRobot calls them
_QUANTITY = {"rad": "joint_position", "rad/s": "joint_velocity", "Nm": "joint_torque", "%": "claw"}


def streams_of(
    name: str, feature: dict[str, Any], values: np.ndarray, times: np.ndarray, clock: str = "grid"
) -> Iterator[Stream]:
    """A feature as one stream, or one for each quantity where its elements differ."""
    width = values.shape[1]
    names = _texts(feature.get("names"), width, "", f"{name}.names")
    if not any(names):
        names = [name] if width == 1 else [f"{name}[{i}]" for i in range(width)]
    units = units_of(feature.get("unit"), width, f"{name}.unit")
    own = name.removeprefix("observation.").removeprefix("shiliu.")
    quantities = _texts(feature.get("quantity"), width, "", f"{name}.quantity")
    quantities = [q or _QUANTITY.get(unit, own) for q, unit in zip(quantities, units)]
    default = "command" if name == "action" else "measured" if name.startswith("observation.") else "event"
    for quantity in dict.fromkeys(quantities):
        chosen = [i for i in range(width) if quantities[i] == quantity]
        unit = [units[i] for i in chosen]
        yield Stream(
            name=name if len(chosen) == width else f"{name}/{quantity}",
            role=feature.get("role", default),
            quantity=quantity,
            unit=unit[0] if len(set(unit)) == 1 else " ".join(unit),
            names=tuple(names[i] for i in chosen),
            values=values[:, chosen].astype(np.float64),
            capture_ns=times,
            clock=clock,
            meta={"field": name},
        )


def imported_streams(
    name: str, feature: dict[str, Any], values: np.ndarray, times: np.ndarray, clock: str = "grid"
) -> Iterator[Stream]:
    """The streams that an imported feature was made of, as `info.json` lists them."""
    names = _texts(feature.get("names"), values.shape[1], "", f"{name}.names")
    for member in feature["streams"]:
        first, end = member["columns"]
        prefix = member["prefix"]
        yield Stream(
            **{key: member[key] for key in ("name", "role", "quantity", "unit", "declared_unit")},
            names=tuple(text.removeprefix(prefix) for text in names[first:end]),
            values=values[:, first:end].astype(np.float64),
            capture_ns=times,
            clock=clock,
            meta={**member["meta"], "dtype": feature["dtype"]},
        )


def _texts(value: Any, width: int, default: str, name: str) -> list[str]:
    """A text for all elements, or one an element."""
    if value is None:
        return [default] * width
    if isinstance(value, str):
        return [value] * width
    if not isinstance(value, list) or len(value) != width:
        raise _wrong_number(width, name)
    return [str(item) for item in value]


def _wrong_number(width: int, name: str) -> EpisodeError:
    return EpisodeError(f"does not list {width} texts, one a column. Write them, or copy the dataset again.", field=f"features.{name}")


def unit_text(units: Sequence[str]) -> str:
    """Units of elements as `info.json` says them: one text for all, or one an element with blanks between.

    It is a text and no list because readers of others take a feature's unit as one text, and refuse the whole set else.
    Among several, a unit that is no single word is `?`; an imported feature says it whole under `streams`.
    """
    if len(set(units)) == 1:
        return units[0]
    return " ".join(unit if len(unit.split()) == 1 else "?" for unit in units)


def units_of(unit: Any, width: int, name: str) -> list[str]:
    """(width,) units out of a feature's `unit`: a text for all, one an element with blanks between, or (older sets) a list.

    Raises:
        EpisodeError: it is none of these.
    """
    if unit is None:
        return ["1"] * width
    if isinstance(unit, str):
        parts = unit.split()
        return parts if len(parts) == width else [unit] * width
    if not isinstance(unit, list) or len(unit) != width:
        raise _wrong_number(width, name)
    return [str(item) for item in unit]


def grid_ns(length: int, fps: int) -> np.ndarray:
    """(length,) int64 times k / fps [ns], rounded to the nearest."""
    return (np.arange(length, dtype=np.int64) * 1_000_000_000 + fps // 2) // fps
