"""Liquids in a scene: vessels (their sheets say what they hold), and the rule that lets one run into another.

The rule is declared in the scenario (`liquids: {water: {vessels: [bottle, cup]}}`). After each control step it looks at the
vessels' mouths, moves volume as `liquid.py` says, and commands two actuators of each vessel: the travel of the gauge shows
the level, and the motor that is the liquid's weight. Both hold what has changed since the start, so that a vessel in a scene
without the rule keeps its level and its weight. The inertia of the liquid is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ..parts.pose import length
from ..reading.names import Names
from ..sensing.reaction import add_memory
from ..sensing.requests import Readings, Request
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_reader import Node
from .liquid import GRAVITY, WATER, Bore, Liquid

FELT = 0.08  # s, in which the surface follows a jerk: a cup's first wave takes 0.27 s for a whole swing [E]
_PULL = np.array([0.0, 0.0, GRAVITY])


@dataclass(frozen=True)
class Vessel:
    """One vessel of a scene.

    Attributes:
        area: [m2] that makes a volume of the gauge's travel.
    """

    name: str
    bore: Bore
    area: float
    mouth: Request
    axis: Request
    velocity: Request
    gauge: Request
    actuators: tuple[str, str]  # level, weight


class Pouring:
    """The rule of one liquid; see `reaction.Reaction`.

    Args:
        name: of the liquid.
        vessels: that hold it.
        timestep: control period [s].
    """

    def __init__(self, name: str, vessels: Sequence[Vessel], timestep: float):
        self.name, self.vessels = name, tuple(vessels)
        self.liquid = Liquid([vessel.bore for vessel in vessels], timestep)
        self._blend = 1.0 - np.exp(-timestep / FELT)
        self._area = np.array([vessel.area for vessel in vessels])
        self._seen = tuple(r for vessel in vessels for r in (vessel.mouth, vessel.axis, vessel.velocity))
        self._gauges = tuple(vessel.gauge for vessel in vessels)

    @property
    def actuators(self) -> tuple[str, ...]:
        """Level and weight of each vessel, then how fast each was and how it is being jerked, along the world's axes."""
        moved = [name for vessel in self.vessels for name in vessel.actuators]
        return (*moved, *self._memories())

    def _memories(self) -> list[str]:
        words = ("was_fast", "jerked")
        return [f"{self.name}/{v.name}_{word}_{axis}" for v in self.vessels for word in words for axis in "xyz"]

    def compile_into(self, spec: mujoco.MjSpec) -> None:
        for name in self._memories():
            add_memory(spec, name)

    def requests(self) -> list[Request]:
        return [r for vessel in self.vessels for r in (vessel.mouth, vessel.axis, vessel.velocity, vessel.gauge)]

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        return np.zeros(len(self.actuators))

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        n, k = len(ctrl), len(self.vessels)
        change, kept = ctrl[:, 0 : 2 * k : 2] * self._area, ctrl[:, 2 * k :].reshape(n, k, 2, 3)
        before = readings.start[:, readings.layout.columns(self._gauges)] * self._area
        seen = readings.value[:, readings.layout.columns(self._seen)].reshape(n, k, 3, 3)
        mouth, axis, velocity = seen[:, :, 0], seen[:, :, 1], seen[:, :, 2]
        # over the whole control period: what an accelerometer says in one physics step may be a click of contacts
        jerked = kept[:, :, 1] + self._blend * ((velocity - kept[:, :, 0]) / self.liquid.timestep - kept[:, :, 1])
        volume, _, _ = self.liquid.step(before + change, mouth, axis, felt_tilt(axis, jerked))
        change = volume - before
        after = np.empty_like(ctrl)
        after[:, 0 : 2 * k : 2] = change / self._area
        after[:, 1 : 2 * k : 2] = change * WATER * GRAVITY
        after[:, 2 * k :] = np.concatenate([velocity, jerked], axis=-1).reshape(n, -1)
        return after


def felt_tilt(axis: np.ndarray, jerked: np.ndarray) -> np.ndarray:
    """(...,) [rad] between a vessel's axis and the gravity that it feels.

    Args:
        axis: (..., 3) unit vector out of its mouth.
        jerked: (..., 3) its acceleration in the world [m/s2].
    """
    pull = np.asarray(jerked) + _PULL
    along = np.add.reduce(axis * pull, axis=-1) / np.maximum(length(pull), 1e-9)
    return np.arccos(np.minimum(np.maximum(along, -1.0), 1.0))


def read_liquids(node: Node, names: Names, timestep: float) -> list[Pouring]:
    """The liquids of a scenario; what is wrong is reported."""
    found = []
    for name, child in node.items():
        child.mapping(required=("vessels",))
        vessels = [read_vessel(item, names) for item in child.child("vessels").each()]
        sound = [vessel for vessel in vessels if vessel is not None]
        if sound and len(sound) == len(vessels):
            found.append(Pouring(name, sound, timestep))
    return found


def read_vessel(node: Node, names: Names) -> Vessel | None:
    """The vessel that a node names, or None and a note where it holds no liquid."""
    instance = node.word()
    body = names.element(node, "body")
    if body is None:
        return None
    entry: Mapping[str, Any] = names.parts[instance].interface.get("inside", {}) if instance in names.parts else {}
    if "liquid" not in entry:
        node.note(f"{instance!r} holds no liquid: its part's sheet has no `liquid` at the word 'inside'.")
        return None
    liquid = entry["liquid"]
    lengths = {key: tuple(parse_quantity(value, "length") for value in liquid[key]) for key in ("bore", "at")}
    mouth = f"{instance}/{liquid['mouth']}"
    return Vessel(
        instance,
        Bore(lengths["bore"], lengths["at"]),
        float(np.pi * parse_quantity(entry["radius"], "length") ** 2),
        Request("site_position", mouth),
        Request("body_up", body),
        Request("site_velocity", mouth),
        Request("joint_position", f"{instance}/{liquid['level']}"),
        (f"{instance}/{liquid['level']}", f"{instance}/{liquid['weight']}"),
    )
