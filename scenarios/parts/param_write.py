"""What a parameter of a part writes into its MJCF, and by what its value is seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ..sheet.near_matches import nearest
from ..sheet.quantity import si_unit

if TYPE_CHECKING:
    import mujoco


# kind of element in a sheet -> the spec's list of them
ELEMENTS = {
    "body": "bodies",
    "joint": "joints",
    "geom": "geoms",
    "site": "sites",
    "tendon": "tendons",
    "mesh": "meshes",
    "material": "materials",
    "camera": "cameras",
    "light": "lights",
    "actuator": "actuators",
    "equality": "equalities",
    "flex": "flexes",
}
_MASS_OF_CLOTH = ("flex", "mass")  # shared evenly by the bodies that are its vertices
_TURNED = ("body", "turned")  # how far a body is turned about its x, y or z axis (index) [rad]: a needle, a door that stands open


def absent(spec: mujoco.MjSpec, kind: str, name: str) -> str:
    return f"there is no {kind} {name!r}.{nearest(name, [e.name for e in getattr(spec, ELEMENTS[kind]) if e.name])}"


@cache
def attributes(kind: str) -> tuple[str, ...]:
    """What a sheet may set of a kind of element: each attribute of MjSpec that takes a number, or an array of them.

    Found by writing the default of each back into a fresh element. So no name, no reference and no whole number that MuJoCo takes
    as an int alone, such as contype, is one of them.
    """
    import mujoco

    spec = mujoco.MjSpec()
    body = spec.worldbody.add_body()
    element = getattr(body if hasattr(body, f"add_{kind}") else spec, f"add_{kind}")()
    found = [own for (of, own) in (_MASS_OF_CLOTH, _TURNED) if of == kind]
    for name in dir(type(element)):
        try:
            value = np.asarray(getattr(element, name), float)
            setattr(element, name, float(value) if value.ndim == 0 else value.copy())
        except (AttributeError, TypeError, ValueError):
            continue
        found += [name] if value.size and not name.startswith("_") else []
    return tuple(sorted(found))


@dataclass(frozen=True)
class Write:
    """One linear write of a parameter into an element: value * gain + offset.

    With `only` it is gain + offset at that value, and offset else. With `steps` the value is rounded to whole steps first.
    """

    kind: str
    element: str
    attribute: str
    index: int | None
    gain: float
    offset: float
    only: float | None = None
    steps: float | None = None

    def number(self, value: float) -> float:
        """What is written for a value of the parameter."""
        if self.only is not None:
            return self.gain * (abs(value - self.only) < 1e-6) + self.offset
        if self.steps is not None:
            value = float(np.round(value / self.steps)) * self.steps
        return value * self.gain + self.offset

    def fault(self, spec: mujoco.MjSpec) -> tuple[str, str] | None:
        """(key of the sheet's entry, what is wrong with it) where the part lacks what is written, or None."""
        element = getattr(spec, self.kind)(self.element)
        if element is None:
            return self.kind, absent(spec, self.kind, self.element)
        if (self.kind, self.attribute) == _MASS_OF_CLOTH:
            return None
        if (self.kind, self.attribute) == _TURNED:
            if self.index not in (0, 1, 2):
                return "index", "a body is turned about its x, y or z axis: index 0, 1 or 2."
            others = np.delete(np.asarray(element.quat, float), [0, 1 + self.index])
            return ("attr", "it is turned about another axis already.") if np.abs(others).max() > 1e-6 else None
        known = attributes(self.kind)
        if self.attribute not in known:
            return "attr", f"{self.attribute!r} is no number of a {self.kind} in MuJoCo's MjSpec.{nearest(self.attribute, known)}"
        size = np.asarray(getattr(element, self.attribute), float).size
        if self.index is None and size != 1:
            return "attr", f"{self.attribute} of {self.element!r} has {size} numbers: say which with index."
        if self.index is not None and not 0 <= self.index < size:
            return "index", f"{self.attribute} of {self.element!r} has no index {self.index}: it has {size}, counted from 0."
        return None

    def held(self, spec: mujoco.MjSpec) -> float:
        """The number that a part's spec holds where this writes."""
        element = getattr(spec, self.kind)(self.element)
        if (self.kind, self.attribute) == _MASS_OF_CLOTH:
            return float(sum(spec.body(str(name)).mass for name in element.vertbody))
        if (self.kind, self.attribute) == _TURNED:
            assert self.index is not None
            return 2.0 * float(np.arctan2(element.quat[1 + self.index], element.quat[0]))
        value = getattr(element, self.attribute)
        return float(value if self.index is None else value[self.index])

    def apply(self, spec: mujoco.MjSpec, prefix: str, value: float) -> None:
        element = getattr(spec, self.kind)(prefix + self.element)
        if element is None:  # a visual shape, which the physics-only spec does without
            return
        number = self.number(value)
        if (self.kind, self.attribute) == _MASS_OF_CLOTH:
            vertices = list(element.vertbody)
            for name in vertices:
                spec.body(str(name)).mass = number / len(vertices)
        elif (self.kind, self.attribute) == _TURNED:
            assert self.index is not None
            quat = np.zeros(4)
            quat[0], quat[1 + self.index] = np.cos(number / 2), np.sin(number / 2)
            element.quat = quat
        elif self.index is None:
            setattr(element, self.attribute, number)
        else:
            array = np.array(getattr(element, self.attribute), float)
            array[self.index] = number
            setattr(element, self.attribute, array)


@dataclass(frozen=True)
class Shown:
    """By what a parameter's value is seen: a needle on a dial, or a lamp that is lit.

    Attributes:
        at: site of the dial, x axis out of its face, z up; or of the lamp. It has to be in sight.
        needle: site of the needle's tip; None of a lamp. zero, full: where it stands at the parameter's min and max [rad], clockwise from
            straight up as who stands before it sees it.
        lit: geom that is drawn only where the lamp is lit; None of a dial.
    """

    at: str
    needle: str | None = None
    zero: float = 0.0
    full: float = 0.0
    lit: str | None = None


@dataclass(frozen=True)
class Param:
    """A number of a part that a scenario may set; `shown` by what it is seen, or None."""

    name: str
    dimension: str
    default: float
    low: float
    high: float
    doc: str
    writes: tuple[Write, ...]
    shown: Shown | None = None

    @property
    def unit(self) -> str:
        """SI unit of its values."""
        return si_unit(self.dimension)
