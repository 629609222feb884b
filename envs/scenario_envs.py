"""An environment class for each scenario. Its docstring has the scenario's own tables.

`shiliu.envs.scenario_envs.Microwave` is the environment of `conf/scenario/microwave.yaml`. The docstring is made when it is read,
because the scene has to be built for it. `MicrowaveVector` is its vector environment. Both refuse another scenario.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..scenarios.reading.composition import CONF, list_scenarios
from ..scenarios.scene.scene import Scene
from ..scenarios.scene.schema import Feature, Schema
from ..scenarios.sheet import arguments
from ..scenarios.sheet.near_matches import nearest
from .registration import ANY, VECTOR, class_name, env_id
from .single import ShiliuEnv
from .vector import ShiliuVectorEnv


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


def own_scenario(name: str, given: object) -> Any:
    """What an environment of one scenario is made of: its own scenario, by its name or as a scene of it.

    Raises:
        ArgumentError: it is another one, with the id of that.
    """
    asked = given.name if isinstance(given, Scene) else given
    if asked == name or not isinstance(asked, str) or not asked:
        return given if asked == name else arguments.word("scenario", asked, f"'{name}', or leave scenario out")
    if asked in packaged():
        instead = f"make {env_id(asked)!r}"
    elif isinstance(given, Scene) or asked in list_scenarios():
        instead = f"make {ANY!r} with this scenario"
    else:
        raise arguments.ArgumentError(
            f"{env_id(name)!r} is the environment of the scenario {name!r}, and there is no scenario {asked!r}. "
            f"Leave scenario out.{nearest(asked, list(list_scenarios()))}",
            field="scenario",
        )
    raise arguments.ArgumentError(
        f"{env_id(name)!r} is the environment of the scenario {name!r}, not of {asked!r}. For {asked!r} {instead}.", field="scenario"
    )


def packaged() -> list[str]:
    """The scenarios of the package, each of which has an id."""
    return [file.stem for file in (CONF / "scenario").glob("*.yaml")]


_made: dict[str, type] = {}


def __getattr__(name: str) -> Any:
    if name not in _made:
        base: Any = ShiliuVectorEnv if name.endswith(VECTOR) else ShiliuEnv
        own = {class_name(scenario): scenario for scenario in packaged()}.get(name.removesuffix(VECTOR))
        if own is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        _made[name] = type(name, (base,), {"__doc__": _LazyDocstring(own), "__module__": __name__, "__init__": _init_of(base, own)})
    return _made[name]


def _init_of(base: Any, own: str) -> Callable[..., None]:
    """The initialiser of a class for one scenario: as its base's, but that the scenario is its own."""
    place = [*inspect.signature(base).parameters].index("scenario")

    def __init__(self: Any, *args: Any, **options: Any) -> None:
        if len(args) > place:
            args = (*args[:place], own_scenario(own, args[place]), *args[place + 1 :])
        else:
            options["scenario"] = own_scenario(own, options.get("scenario", own))
        base.__init__(self, *args, **options)

    return __init__
