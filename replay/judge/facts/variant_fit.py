"""Which variant of a scenario a record fits, where no sentence names one: by what its columns are called, by where its things
lie at first, and by the arm that moves. Nothing is played for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ....scenarios.draws import variation as drawing
from ....scenarios.draws.inference import ends_of, free_joint
from ....scenarios.reading.config import nominal_values
from ....scenarios.scene.scene import Scene
from ....scenarios.tasks.known_work import work_of_tree
from ....scenarios.tasks.work import EITHER
from ...checks.task_text import moved_arms
from ...recording.features import ENVIRONMENT
from ...recording.recording import Recording
from ...signals.channels import pair
from .recorded_poses import recorded_poses, resting, things_of

NEAR = 0.15  # m beyond the places that a scenario draws, to which people put things all the same (estimate: a hand's length)
RULES = "rules"  # before the names of switches and counters, which stand among the columns of the parts
ARMS = frozenset(("left", "right"))


@dataclass(frozen=True)
class VariantFit:
    """What in a record contradicts a variant.

    Attributes:
        unknown: recorded numbers of parts that it does not have. away: thing -> how far [m] it first lies beyond every place that the
            variant draws for it, of those beyond `NEAR`. arm: the arm that moves alone, where the variant's work is the other one's.
    """

    unknown: tuple[str, ...] = ()
    away: Mapping[str, float] = field(default_factory=dict)
    arm: str | None = None

    @property
    def agrees(self) -> bool:
        return not self.unknown and not self.away and self.arm is None


@dataclass(frozen=True)
class VariantPlaces:
    """What of a scene a record is held against; computed once a scene.

    Attributes:
        numbers: names of its parts' joints and counters; parts: their parts.
        laid: thing -> (2,) where it is laid [m]; drawn: thing -> (2,) by how much that varies.
        arms: that its work needs, or empty where either may do it or nobody knows.
    """

    numbers: frozenset[str]
    parts: frozenset[str]
    laid: Mapping[str, np.ndarray]
    drawn: Mapping[str, float]
    arms: frozenset[str]


def places_of(scene: Scene) -> VariantPlaces:
    """What of a scene a record is held against. Where cloths lie is known only by letting them fall: nothing is laid there."""
    feature = scene.schema.observations.get(ENVIRONMENT)
    names = frozenset(feature.names if feature is not None else ())
    laid: dict[str, np.ndarray] = {}
    if not scene.cloths:
        rested = drawing.rested(scene, scene.model)
        at = {name: free_joint(scene.model, name) for name in things_of(scene)}
        laid = {name: rested[a : a + 2] for name, a in at.items() if a is not None}
    loose, parts = set(things_of(scene)), [str(name) for name in scene.config.raw["parts"]]
    moved = _drawn(scene, parts)
    along = max((moved[name] for name in parts if name not in loose), default=0.0)  # what others stand on, with all on it
    drawn = {name: moved.get(name, 0.0) + along for name in laid}
    hands = {hand for deed in work_of_tree(scene.name, scene.config.raw).deeds for hand in deed.hands}
    arms = frozenset(hands) if hands <= ARMS and EITHER not in hands else frozenset[str]()
    return VariantPlaces(names, frozenset(scene.config.raw["parts"]), laid, drawn, arms)


def fit_of(places: VariantPlaces, scene: Scene, recording: Recording) -> VariantFit:
    """What in a record contradicts a variant."""
    unknown = [
        name
        for stream in recording.streams.values()
        if stream.role in ("measured", "pose")
        for name in stream.names
        if name.partition(".")[0] in (*places.parts, RULES) and "." in name and name not in places.numbers
    ]
    poses = recorded_poses(scene, recording, 0.0)
    lying = resting(scene, recording, poses, 0.0)
    apart = {
        name: float(np.linalg.norm(poses[name].pos[:2] - where)) - places.drawn[name]
        for name, where in places.laid.items()
        if name in lying
    }
    moved = moved_arms(pair(recording)[0])
    other = moved is not None and len(moved) == 1 and len(places.arms) == 1 and moved != places.arms
    arm = next(iter(moved)) if other and moved else None
    return VariantFit(tuple(dict.fromkeys(unknown)), {name: by for name, by in apart.items() if by > NEAR}, arm)


def _drawn(scene: Scene, parts: Iterable[str]) -> dict[str, float]:
    """Part -> by how much [m] its own place varies at most."""
    known, ends = nominal_values(scene.config), ends_of(scene)

    def most(key: str) -> float:
        return max((abs(end - known[key]) for end in ends.get(key, ())), default=0.0)

    return {part: float(np.hypot(most(f"{part}.at.x"), most(f"{part}.at.y"))) for part in parts}
