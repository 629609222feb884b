"""The variants of a scenario that a record allows, where no sentence and no file names one.

A record tells by what its columns are called, by where its things lie first, and by the arm that moves alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ....scenarios.draws import variation as drawing
from ....scenarios.draws.inference import ends_of, free_joint
from ....scenarios.reading.composition import list_scenarios
from ....scenarios.reading.config import nominal_values
from ....scenarios.reading.variant import names_of
from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import ScenarioError
from ....scenarios.sheet.yaml_reader import read_yaml
from ....scenarios.tasks.known_work import work_of_tree
from ....scenarios.tasks.work import EITHER
from ...checks.task_text import moved_arms
from ...recording.features import ENVIRONMENT
from ...recording.recording import Recording
from ...signals.channels import pair
from .recorded_poses import recorded_poses, resting, things_of

Variant = str | None  # None: the scenario as it stands
NEAR = 0.15  # m beyond the places that a scenario draws, to which people put things all the same (estimate: a hand's length)
RULES = "rules"  # before the names of switches and counters, which stand among the columns of the parts
ARMS = frozenset(("left", "right"))


class VariantChoice:
    """Holds records against the variants of scenarios, each of which is built once, and only where it is asked for.

    Args:
        scene_of: builds a variant of the scenario of that name.
        conf_dir: the designer's folder of configs.
    """

    def __init__(self, scene_of: Callable[[str, Variant], Scene], conf_dir: Path | None = None):
        self._scene_of, self._conf_dir = scene_of, conf_dir
        self._names: dict[str, tuple[str, ...]] = {}
        self._built: dict[tuple[str, Variant], tuple[Scene, VariantPlaces]] = {}

    def best(self, scenario: str, recording: Recording, sentence: bool) -> Variant:
        """The variant to judge in: that of the scenario as it stands, or the first that a record agrees with which contradicts that.

        Args:
            sentence: whether the record has the sentence of the scenario as it stands: then no variant with sentences of its own.
        """
        if not self.names(scenario) or self._fit(scenario, None, recording, sentence).agrees:
            return None
        return next(iter(self.agreeing(scenario, recording, sentence)), None)

    def agreeing(self, scenario: str, recording: Recording, sentence: bool) -> list[Variant]:
        """All variants that a record agrees with, the scenario as it stands first; `sentence` as for `best`."""
        every: list[Variant] = [None, *self._beside(scenario, sentence)]
        return [one for one in every if self._fit(scenario, one, recording, sentence).agrees]

    def names(self, scenario: str) -> tuple[str, ...]:
        """The variants of a scenario."""
        if scenario not in self._names:
            file = list_scenarios(self._conf_dir).get(scenario)
            try:
                tree = None if file is None else read_yaml(file)
            except (OSError, ScenarioError):  # whoever loads that scenario gets the error
                tree = None
            self._names[scenario] = tuple(names_of(tree)) if isinstance(tree, Mapping) else ()
        return self._names[scenario]

    def _beside(self, scenario: str, sentence: bool) -> list[str]:
        whole = self._of(scenario, None)[0].config.raw.get("tasks")
        return [
            one for one in self.names(scenario) if not sentence or self._of(scenario, one)[0].config.raw.get("tasks") == whole
        ]

    def _fit(self, scenario: str, variant: Variant, recording: Recording, sentence: bool) -> VariantFit:
        """What in a record contradicts a variant. A number that no other variant has either says nothing of any."""
        scene, places = self._of(scenario, variant)
        found = fit_of(places, scene, recording)
        if not found.unknown:
            return found
        known = frozenset[str]().union(*(self._of(scenario, one)[1].numbers for one in (None, *self._beside(scenario, sentence))))
        return replace(found, unknown=tuple(name for name in found.unknown if name in known))

    def _of(self, scenario: str, variant: Variant) -> tuple[Scene, VariantPlaces]:
        key = scenario, variant
        if key not in self._built:
            scene = self._scene_of(scenario, variant)
            self._built[key] = scene, places_of(scene)
        return self._built[key]


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
    lying = resting(recording, poses, 0.0)
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
