"""Parts: MJCF files under assets/ with named sites as their interface, and parameters a spec sheet can set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import yaml

from .dialect import Node, nearest
from .errors import ScenarioError
from .quantity import dimension_of, parse_quantity

ASSETS = Path(__file__).resolve().parent.parent / "assets"
KINDS = ("robots", "fixtures", "objects", "people")
_ELEMENTS = ("body", "joint", "geom", "site", "tendon", "mesh", "material", "camera", "light", "actuator", "equality")


@dataclass(frozen=True)
class Write:
    """One linear write of a parameter into an element: value * gain + offset."""

    kind: str
    element: str
    attribute: str
    index: int | None
    gain: float
    offset: float

    def apply(self, spec: mujoco.MjSpec, prefix: str, value: float) -> None:
        element = getattr(spec, self.kind)(prefix + self.element)
        if element is None:  # a visual shape, which the physics-only spec does without; a test finds misspelt names
            return
        number = value * self.gain + self.offset
        if self.index is None:
            setattr(element, self.attribute, number)
        else:
            array = np.array(getattr(element, self.attribute), float)
            array[self.index] = number
            setattr(element, self.attribute, array)


@dataclass(frozen=True)
class Param:
    """A number of a part that a scenario may set."""

    name: str
    dimension: str
    default: float
    low: float
    high: float
    doc: str
    writes: tuple[Write, ...]


@dataclass(frozen=True)
class Part:
    """What a part's folder says.

    Attributes:
        name: `fixtures/counter`.
        file: its MJCF.
        params: parameter name -> Param.
        interface: word -> elements that it means, such as `door: {joint: door_hinge, body: door}`.
        mass: what the spec sheet says [kg], or None.
    """

    name: str
    file: Path
    title: Mapping[str, str]
    params: Mapping[str, Param] = field(default_factory=dict)
    interface: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mass: float | None = None

    def spec(self) -> mujoco.MjSpec:
        """A fresh, editable spec of the part."""
        return mujoco.MjSpec.from_file(str(self.file))


def asset_folders(extra: Path | None = None) -> list[Path]:
    """Where parts are looked for: the designer's own assets first, then the package's."""
    return [folder for folder in (extra, ASSETS) if folder is not None and folder.is_dir()]


def list_parts(extra: Path | None = None) -> dict[str, Path]:
    """Part name -> MJCF file of every part there is."""
    found: dict[str, Path] = {}
    for root in asset_folders(extra):
        for kind in KINDS:
            for folder in sorted((root / kind).glob("*")) if (root / kind).is_dir() else []:
                file = folder / f"{folder.name}.xml"
                if file.is_file():
                    found.setdefault(f"{kind}/{folder.name}", file)
    return found


def load_part(name: str, node: Node | None = None, extra: Path | None = None) -> Part | None:
    """The part of this name; an unknown one is noted at `node` (or raised where there is none).

    Raises:
        ScenarioError: unknown part without a node, or a broken part.yaml.
    """
    parts = list_parts(extra)
    if name not in parts:
        message = f"there is no part {name!r}.{nearest(name, list(parts))}"
        if node is None:
            raise ScenarioError(message)
        node.note(message)
        return None
    file = parts[name]
    sheet = file.parent / "part.yaml"
    if not sheet.is_file():
        return Part(name, file, {"en": file.stem, "zh": file.stem})
    try:
        raw = yaml.safe_load(sheet.read_text(encoding="utf-8")) or {}
        return Part(
            name=name,
            file=file,
            title=raw.get("title", {"en": file.stem, "zh": file.stem}),
            params={key: _param(key, value) for key, value in (raw.get("params") or {}).items()},
            interface=raw.get("interface") or {},
            mass=parse_quantity(raw["mass"], "mass") if "mass" in raw else None,
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ScenarioError(f"The part's sheet cannot be read: {error}.", file=str(sheet)) from None


def _param(name: str, raw: Mapping[str, Any]) -> Param:
    dimension = dimension_of(raw["default"])
    writes = []
    for entry in raw["sets"]:
        kinds = [kind for kind in _ELEMENTS if kind in entry]
        if len(kinds) != 1:
            raise ValueError(f"params.{name}.sets: name one element of {', '.join(_ELEMENTS)}, not {sorted(entry)}")
        writes.append(
            Write(
                kinds[0],
                str(entry[kinds[0]]),
                str(entry["attr"]),
                entry.get("index"),
                float(entry.get("gain", 1.0)),
                float(entry.get("offset", 0.0)),
            )
        )
    default = parse_quantity(raw["default"], dimension)
    low = parse_quantity(raw["min"], dimension) if "min" in raw else -np.inf
    high = parse_quantity(raw["max"], dimension) if "max" in raw else np.inf
    return Param(name, dimension or "length", default, low, high, str(raw.get("doc", "")), tuple(writes))
