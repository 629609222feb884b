"""Imported frames in a scenario's episode schema: the same features, elements, order and units as the simulation's own.

What a real robot recorded is picked by role, quantity and element name and converted to the schema's unit, which is reported;
what it did not record is left out by name, never filled in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from ...scenarios.scene.schema import Feature, Schema
from ...scenarios.sheet.errors import EpisodeError
from .frames import Frames, units_of_feature

# what each feature of the schema is on a robot: role, and quantity of its joints and of its hands
SOURCES = {
    "action": ("command", "joint_position", "claw"),
    "observation.state": ("measured", "joint_position", "claw"),
    "observation.velocity": ("measured", "joint_velocity", "claw_velocity"),
    "observation.effort": ("measured", "joint_torque", "claw_force"),
}
FACTORS = {("deg", "rad"): np.pi / 180.0, ("deg/s", "rad/s"): np.pi / 180.0}  # stored unit, schema's unit


@dataclass(frozen=True)
class _SchemaColumn:
    feature: str
    index: int
    unit: str


def conformed(frames: Frames, schema: Schema, hands: tuple[str, ...], partial: bool = False) -> Frames:
    """The frames as features of a schema.

    Args:
        frames: a recording on one clock, in its own features and units.
        schema: of the scenario.
        hands: names of the schema's elements that are hands, not joints.
        partial: keep features of which only some elements were recorded, with those elements alone.

    Returns:
        Frames with the schema's features, float32 as the simulation records them (`rounded` of the provenance says by how much,
        in the schema's unit); events and pictures of its cameras stay.

    Raises:
        EpisodeError: not every element of the action was commanded (some, with `partial`), or a unit cannot be converted.
    """
    known = _columns(frames)
    features: dict[str, dict[str, Any]] = {}
    columns: dict[str, np.ndarray] = {}
    converted: dict[str, str] = {}
    rounded: dict[str, float] = {}
    left = dict(frames.provenance.get("left_out", {}))
    of_dataset = schema.lerobot_features()
    for target in (schema.action, *schema.observations.values()):
        if target.name not in SOURCES:
            left[target.name] = "the robot does not record it in this form"
            continue
        role, joint, hand = SOURCES[target.name]
        wanted = [(role, hand if name in hands else joint, name) for name in target.names]
        lacking = [key[2] for key in wanted if key not in known]
        if lacking and (not partial or len(lacking) == len(wanted)):
            if target.name == "action":
                raise EpisodeError(
                    f"{len(lacking)} of the {len(wanted)} elements of the schema's action were not commanded: "
                    f"{', '.join(lacking[:6])}{', ...' if len(lacking) > 6 else ''}. partial=true takes those that were, or "
                    "leave scenario= out.",
                    field="action",
                )
            left[target.name] = f"not recorded: {', '.join(lacking)}"
            continue
        kept = [i for i, key in enumerate(wanted) if key in known]
        values = np.empty((len(next(iter(frames.columns.values()))), len(kept)))
        for k, i in enumerate(kept):
            source = known[wanted[i]]
            factor = _factor(source.unit, target.unit[i], target, i)
            values[:, k] = frames.columns[source.feature][:, source.index] * factor
            if factor != 1.0:
                converted[target.name] = f"{source.unit} to {target.unit[i]}"
        entry = of_dataset[target.name]
        features[target.name] = _entry(entry, target, kept, [wanted[i][1] for i in kept], role)
        columns[target.name] = values.astype(np.float32)
        off = float(np.nanmax(np.abs(columns[target.name] - values), initial=0.0))
        if off > 0.0:
            rounded[target.name] = off
    cameras = {name: frames.features[name] for name in schema.cameras if name in frames.pictures}
    events = {name: feature for name, feature in frames.features.items() if feature.get("role") == "event"}
    provenance = {**frames.provenance, "left_out": left, "schema": schema.scenario, "converted": converted, "rounded": rounded}
    return replace(
        frames,
        features=features | events | cameras,
        columns=columns | {name: frames.columns[name] for name in events},
        videos={},
        pictures={name: frames.pictures[name] for name in cameras},
        provenance=provenance,
    )


def _columns(frames: Frames) -> dict[tuple[str, str, str], _SchemaColumn]:
    """Where each (role, quantity, element) stands; of what was recorded twice, the first."""
    found: dict[tuple[str, str, str], _SchemaColumn] = {}
    for name, feature in frames.features.items():
        if name not in frames.columns:
            continue
        units = units_of_feature(feature)
        for member in feature["streams"]:
            first, last = member["columns"]
            for index in range(first, last):
                element = feature["names"][index].removeprefix(member["prefix"])
                key = (member["role"], member["quantity"], element)
                found.setdefault(key, _SchemaColumn(name, index, units[index]))
    return found


def _factor(stored: str, wanted: str, target: Feature, i: int) -> float:
    """What a stored value is multiplied by.

    Raises:
        EpisodeError: the units are of different kinds.
    """
    if stored == wanted:
        return 1.0
    if (stored, wanted) not in FACTORS:
        raise EpisodeError(
            f"{target.names[i]} is recorded in {stored}, the schema wants {wanted}; correct the mapping's unit.",
            field=target.name,
        )
    return float(FACTORS[stored, wanted])


def _entry(entry: dict[str, Any], target: Feature, kept: list[int], quantities: list[str], role: str) -> dict[str, Any]:
    """The feature as `info.json` has it: as the simulation's, and which streams its columns are."""
    members: list[dict[str, Any]] = []
    position = 0
    for (quantity, unit), run in groupby(zip(quantities, (target.unit[i] for i in kept))):
        count = len(list(run))
        members.append(
            {
                "name": f"{target.name}/{quantity}", "columns": [position, position + count], "role": role,
                "quantity": quantity, "unit": unit, "declared_unit": None, "prefix": "", "meta": {},
            }
        )  # fmt: skip
        position += count
    per_element = {
        key: [value[i] for i in kept] for key, value in entry.items() if isinstance(value, list) and key != "shape"
    }
    return {**entry, **per_element, "shape": [len(kept)], "quantity": quantities, "role": role, "streams": members}
