"""Quantities with units, as a designer writes them: ``870 mm``, ``15 deg``, ``25 N``.

Everything inside the package is SI and radian; this module is the only way in. A bare number where a unit belongs is
an error, because ``870`` has been both millimetres and metres in the history of every laboratory.
"""

import math
import re

from .typing_slips import as_typed, decimal_comma, other_sign

SIDES = 8, 4096  # pixels of a picture's side, least and most


def counted(n: int, noun: str) -> str:
    """`1 problem`, `3 problems`."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


# unit -> (dimension, factor to SI)
UNITS: dict[str, tuple[str, float]] = {
    "mm": ("length", 1e-3),
    "cm": ("length", 1e-2),
    "m": ("length", 1.0),
    "deg": ("angle", math.pi / 180.0),
    "rad": ("angle", 1.0),
    "g": ("mass", 1e-3),
    "kg": ("mass", 1.0),
    "mN": ("force", 1e-3),
    "N": ("force", 1.0),
    "Nm": ("torque", 1.0),
    "ms": ("time", 1e-3),
    "s": ("time", 1.0),
    "min": ("time", 60.0),
    "mm/s": ("speed", 1e-3),
    "m/s": ("speed", 1.0),
    "deg/s": ("angular_speed", math.pi / 180.0),
    "rad/s": ("angular_speed", 1.0),
    "rad/s2": ("angular_acceleration", 1.0),
    "rad/s3": ("angular_jerk", 1.0),
    "Hz": ("frequency", 1.0),
    "%": ("share", 1e-2),
    "N/m": ("stiffness", 1.0),
    "ml": ("volume", 1e-6),
    "l": ("volume", 1e-3),
    "N/mm": ("stiffness", 1e3),
}
# what a message shows for a dimension when the unit is missing
EXAMPLE = {
    "length": "870 mm",
    "angle": "15 deg",
    "mass": "0.35 kg",
    "force": "25 N",
    "torque": "0.3 Nm",
    "time": "0.5 s",
    "speed": "0.2 m/s",
    "angular_speed": "90 deg/s",
    "angular_acceleration": "20 rad/s2",
    "angular_jerk": "300 rad/s3",
    "frequency": "30 Hz",
    "share": "95 %",
    "stiffness": "200 N/m",
    "volume": "150 ml",
}
ANY = "870 mm, 25 N or 0.35 kg"  # where any dimension will do
# dimension -> (unit, factor) in which a bound is shown in a message
_SHOWN = {
    "length": ("mm", 1e-3),
    "angle": ("deg", math.pi / 180.0),
    "mass": ("kg", 1.0),
    "force": ("N", 1.0),
    "torque": ("Nm", 1.0),
    "time": ("s", 1.0),
    "speed": ("m/s", 1.0),
    "angular_speed": ("deg/s", math.pi / 180.0),
    "angular_acceleration": ("rad/s2", 1.0),
    "angular_jerk": ("rad/s3", 1.0),
    "frequency": ("Hz", 1.0),
    "share": ("%", 1e-2),
    "stiffness": ("N/m", 1.0),
    "volume": ("ml", 1e-6),
}
_LARGEST = 1e9  # SI; beyond it lies a slip of the pen, and the engine's own compiler fails
_QUANTITY = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z%/]+[23]?)\s*$")


def parse_quantity(text: object, dimension: str | None = None) -> float:
    """The SI value of a quantity.

    Args:
        text: what stands in the YAML, such as ``"870 mm"``.
        dimension: a key of ``EXAMPLE`` that the unit must have, or None for any.

    Returns:
        The value in SI units (angles in rad, shares as a fraction of one).

    Raises:
        ValueError: with a sentence that names the value and the fix; the caller adds file, line and field.
    """
    example = EXAMPLE.get(dimension or "", ANY)
    if isinstance(text, bool) or text is None or isinstance(text, list | dict):
        raise ValueError(f"{text!r} is not a quantity. Write a number with its unit, such as {example}.")
    if isinstance(text, int | float):
        raise ValueError(f"{text!r} has no unit. Write it with its unit, such as {example}.")
    match = _QUANTITY.match(as_typed(str(text)))
    sign = other_sign(text)
    if match is None and sign is not None:
        raise ValueError(f"{text!r} is not a quantity. Write it as {sign}.")
    point = decimal_comma(text)
    if point is not None:
        raise ValueError(f"{text!r} has a decimal comma. Write it with a point: {point}.")
    if match is None:
        raise ValueError(f"{text!r} is not a quantity. Write a number with its unit, such as {example}.")
    number, unit = match.groups()
    if unit not in UNITS:
        fits = [name for name, (kind, _) in UNITS.items() if dimension in (None, kind)]
        raise ValueError(f"{text!r}: unknown unit {unit!r}. Known here: {', '.join(fits)}.")
    kind, factor = UNITS[unit]
    if dimension is not None and kind != dimension:
        raise ValueError(
            f"{text!r} has a unit of {kind.replace('_', ' ')}, not of {dimension.replace('_', ' ')}. Write for example {example}."
        )
    value = float(number) * factor
    if not abs(value) <= _LARGEST:
        raise ValueError(f"{text!r} is too large a number.")
    return value


def show(value: float, dimension: str | None) -> str:
    """An SI value as a designer would write it: `show(0.87, "length")` is `870 mm`."""
    unit, factor = shown_unit(dimension)
    return f"{value / factor:g} {unit}".strip()


def shown_unit(dimension: str | None) -> tuple[str, float]:
    """The unit in which a designer writes a dimension, and its factor to SI; no unit for a plain number."""
    return _SHOWN.get(dimension or "", ("", 1.0))


def si_unit(dimension: str | None) -> str:
    """The SI unit of a dimension, `1` of a share and of a plain number."""
    return next((unit for unit, (of, factor) in UNITS.items() if of == dimension and factor == 1.0), "1")


def dimension_of(text: object) -> str | None:
    """The dimension of a quantity string, or None where it is not one."""
    match = _QUANTITY.match(as_typed(text)) if isinstance(text, str) else None
    return UNITS[match.group(2)][0] if match and match.group(2) in UNITS else None


def parse_size(text: object) -> tuple[int, int]:
    """Picture size ``640x480`` as (width, height) [pixels]; raises ValueError."""
    match = re.match(r"^\s*(\d+)\s*x\s*(\d+)\s*$", str(text))
    if match is None or not all(SIDES[0] <= int(n) <= SIDES[1] for n in match.groups()):
        raise ValueError(f"{text!r} is no picture size. Write width x height in pixels, such as 640x480.")
    return int(match.group(1)), int(match.group(2))
