"""Arguments of Python functions, checked in one way: what is refused is named with its value and with what to give instead."""

from __future__ import annotations

import inspect
import math
import os
import reprlib
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ShiliuError
from .near_matches import near, nearest
from .yaml_reader import LARGEST_SEED

if TYPE_CHECKING:
    import numpy as np

THREADS = 4096  # more than any machine has cores
COPIES = 1_000_000  # of an environment; more than any machine holds
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_PLAIN = str | bytes | Real | list | tuple | Mapping | set | None  # what is shown by its value; of the rest the kind is


class ArgumentError(ShiliuError, ValueError):
    """An argument that a function cannot take; `field` is its name."""


def refused(name: str, value: object, wanted: str) -> ArgumentError:
    """The error about an argument that is not `wanted`, such as `a whole number from 1 to 64`."""
    if hasattr(value, "dtype") and (shape := getattr(value, "shape", ())):
        shown = f"An array of {value.dtype} with the shape {tuple(shape)}"
    else:
        shown = _SHORT.repr(value) if isinstance(value, _PLAIN) else f"{type(value).__name__!r}"
    return ArgumentError(f"{shown} is not accepted here. Give {wanted}.", field=name)


def whole(name: str, value: Any, low: int, high: int) -> int:
    """A whole number within bounds; a number of NumPy's is one, a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        raise refused(name, value, f"a whole number from {low} to {high}")
    return int(value)


def seed(value: object, name: str = "seed") -> int:
    """A seed."""
    return whole(name, value, 0, LARGEST_SEED)


def threads(value: object) -> int:
    """A number of threads; 0 stands for all cores."""
    return whole("threads", value, 0, THREADS)


def number(name: str, value: Any, wanted: str, *, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number within bounds."""
    if (
        isinstance(value, bool)
        or not isinstance(value, Real)
        or not (math.isfinite(value) and low <= float(value) <= high)
    ):
        raise refused(name, value, wanted)
    return float(value)


def numbers(name: str, value: Any, wanted: str) -> np.ndarray:
    """Real numbers as float32 of any shape; what is too large for it becomes infinite. Text and complex numbers are refused."""
    import numpy as np

    try:
        given = np.asarray(value)
    except (TypeError, ValueError):  # also of rows of several lengths
        raise refused(name, value, wanted) from None
    if given.dtype.kind in "cOSUMm":
        raise refused(name, given if given.dtype.kind == "c" else value, wanted)
    with np.errstate(over="ignore"):
        return given.astype(np.float32, copy=False)


def flags(**given: object) -> None:
    """Refuse what is neither True nor False."""
    for name, value in given.items():
        if not isinstance(value, bool) and type(value).__name__ != "bool":  # NumPy's own
            raise refused(name, value, "True or False")


def word(name: str, value: object, wanted: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise refused(name, value, wanted)
    return value


def words(name: str, value: object, wanted: str) -> list[str]:
    """Any number of texts; a single text is one of them."""
    given = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    return [word(name, one, wanted) for one in given]


def path(name: str, value: object, wanted: str) -> Path:
    """A path, as text or as `Path`."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise refused(name, value, wanted)
    return Path(value)


def table(name: str, value: object, wanted: str) -> Mapping[str, Any]:
    """Names and what each has."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise refused(name, value, wanted)
    return value


def no_others(given: Iterable[str], function: Callable[..., Any], but: Iterable[str] = ()) -> None:
    """Refuse keywords that a function does not name, or that are in `but`; the error has the near matches and what there is."""
    named = [one.name for one in inspect.signature(function).parameters.values() if one.kind is not one.VAR_KEYWORD]
    for name in given:
        if name not in named or name in but:
            there = [one for one in named if one != "self" and one not in but]
            raise ArgumentError(f"There is no option {name!r}.{nearest(name, there)}", field=name)


def known(name: str, value: object, names: Iterable[str], wanted: str) -> list[str]:
    """Any number of names that there are; the error has the near matches."""
    given, names = words(name, value, wanted), list(names)
    for one in given:
        if one not in names:
            raise refused(name, one, " or ".join(map(repr, near(one, names))) or wanted)
    return given
