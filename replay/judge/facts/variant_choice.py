"""The variants of a scenario that a record allows, where no sentence and no file names one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ....scenarios.reading.composition import list_scenarios
from ....scenarios.reading.variant import names_of
from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import ScenarioError
from ....scenarios.sheet.yaml_reader import read_yaml
from ...recording.recording import Recording
from .variant_fit import VariantFit, VariantPlaces, fit_of, places_of

Variant = str | None  # None: the scenario as it stands


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
