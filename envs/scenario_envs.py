"""An environment class for each scenario. Its docstring has the scenario's own tables.

`shiliu.envs.scenario_envs.Microwave` is the environment of `conf/scenario/microwave.yaml`. The docstring is made when it is read,
because the scene has to be built for it.
"""

from __future__ import annotations

from typing import Any

from ..scenarios.reading.composition import CONF
from ..scenarios.scene.schema import Feature, Schema
from .registration import class_name, env_id
from .single import ShiliuEnv


def tables(schema: Schema) -> str:
    """The action and each observation as tables: index, name, unit, lowest and highest value."""
    return "\n\n".join(_table(feature) for feature in schema.features)


def _table(feature: Feature) -> str:
    low, high = feature.bounds
    wide = max(len(name) for name in feature.names)
    lines = [f"{feature.name} ({len(feature.names)},) {feature.dtype}", ""]
    lines += [f"| index | {'name':<{wide}} | unit | low      | high     |"]
    lines += [f"|-------|{'-' * (wide + 2)}|------|----------|----------|"]
    for i, name in enumerate(feature.names):
        lines.append(f"| {i:>5} | {name:<{wide}} | {feature.unit[i]:<4} | {low[i]:<8.5g} | {high[i]:<8.5g} |")
    return "\n".join(lines)


class _LazyDocstring:
    """A docstring that is written when somebody reads it."""

    def __init__(self, scenario: str):
        self._scenario, self._text = scenario, ""

    def __get__(self, instance: object, owner: type) -> str:
        if not self._text:
            from ..scenarios.catalog.catalog import load_scenario

            scene = load_scenario(self._scenario)
            title = " ".join(scene.config.title.values())
            table = "\n".join(f"    {line}".rstrip() for line in tables(scene.schema).splitlines())
            self._text = (
                f"{title}: `{env_id(self._scenario)}`. Options, `info` and what ends an episode: see `ShiliuEnv`.\n\n"
                f"{table}\n"
            )
        return self._text


_made: dict[str, type[ShiliuEnv]] = {}


def __getattr__(name: str) -> Any:
    if name not in _made:
        known = {class_name(file.stem): file.stem for file in (CONF / "scenario").glob("*.yaml")}
        if name not in known:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        docstring: Any = _LazyDocstring(known[name])
        _made[name] = type(name, (ShiliuEnv,), {"__doc__": docstring, "__module__": __name__})
    return _made[name]
