"""Names to scenes: composes the Hydra config of a scenario, reads it, builds the Scene."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..legs.policy_file import load_policy
from ..link.link import link_of, resolve
from ..reading import composition
from ..reading.cell import Cell, cell_node, laid_over
from ..reading.composition import list_scenarios as list_scenarios  # part of this interface; found without the engine
from ..reading.config import AT_END, KEYS, REQUIRED, read_config
from ..reading.override import key_of, unquoted
from ..reading.variant import chosen_variant, names_of, resolved
from ..robots.leg_policy import LegPolicy
from ..robots.robot import Robot, load_robot
from ..robots.robot_folder import DEFAULT_ROBOT
from ..scene.scene import Scene
from ..sheet import arguments
from ..sheet.errors import ScenarioError
from ..sheet.yaml_reader import Problems

A_POLICY = "a policy's .onnx file, or leave legs out"
A_SCENARIO = "a scenario's name, such as 'microwave', or what shiliu.load_scenario gave"
OVERRIDES = "texts KEY=VALUE, such as 'parts.oven.latch_force=\"30 N\"'"
_SWEEP = re.compile(r"(?<= for a list), (.+) for one text, or add -m for a run of each\.")  # a flag of the command line
_BELOW = re.compile(r"(?<![\w./])scenario\.(?=\w)")  # no part of a file's path


def load_scenario(
    name: str = "microwave",
    overrides: Sequence[str] = (),
    *,
    hand: str | None = None,
    base: str | None = None,
    robot: str = DEFAULT_ROBOT,
    cell: str | None = None,
    variant: str | None = None,
    link: str | Mapping[str, Any] | None = None,
    conf_dir: Path | None = None,
    legs: str | Path | LegPolicy | None = None,
) -> Scene:
    """Build a scenario by name.

    Its `skills` and `mistakes` are not read here. `shiliu check` and `shiliu.perform` read them, and report what is wrong there.

    Args:
        name: a file of `conf/scenario`, the designer's own folder before the package's.
        overrides: Hydra overrides below the scenario, such as `parts.oven.latch_force="20 N"`; a text alone is one of them.
        hand, base, robot: which robot stands in it, with its first hand and on the base that the scenario names where None is given.
        cell: a file of `conf/cell`. Its surveyed values replace the nominal ones.
        variant: one of the scenario's `variants`; as it stands where None.
        link: a file of `conf/link`, or `delay`, `jitter`, `loss`, `drop_outs`, ... laid over the scenario's own; that where None.
        conf_dir: the designer's folder of configs; `./conf` where it exists and None is given.
        legs: with `base="legs"`: the `.onnx` file of a policy that moves them (docs/legs-policy.md); the controller of the package where
            None is given.

    Raises:
        ScenarioError: with every problem of the config at once, each with file and line.
        ArgumentError: an argument of a wrong kind.
    """
    arguments.word("name", name, "a scenario's name, such as 'microwave'")
    given = checked(overrides)
    for key, one in (("hand", hand), ("base", base), ("cell", cell), ("variant", variant)):
        if one is not None:
            arguments.word(key, one, f"a name, or leave {key} out")
    arguments.word("robot", robot, "a robot's name, such as 'kuafu'")
    if conf_dir is not None:
        conf_dir = arguments.path("conf_dir", conf_dir, "the folder of your configs")
    how: dict[str, Any] = {"hand": hand, "base": base, "robot": robot, "cell": cell, "variant": variant, "link": link}
    how["policy"] = legs if legs is None or isinstance(legs, LegPolicy) else load_policy(arguments.path("legs", legs, A_POLICY), robot)
    with _called("name"), as_given(given):
        return _loaded(name, [*given.values()], **how, conf_dir=conf_dir)


def scene_by_settings(name: str, settings: Sequence[str], *, robot: str = DEFAULT_ROBOT, **how: Any) -> Scene:
    """A scenario with settings of a command line, of which an error says `command line 'scenario.parts.oven.yaw=5'`.

    Args:
        settings: `parts.oven.latch_force=20 N`; how: hand, base, cell, variant, link, conf_dir, as for `load_scenario`.
    """
    with _called("scenario"):
        return _loaded(name, settings, robot=robot, **{key: None for key in ("hand", "base", "cell", "variant", "link")} | how)


def _loaded(
    name: str,
    overrides: Sequence[str],
    *,
    cell: str | None,
    variant: str | None,
    link: str | Mapping[str, Any] | None,
    conf_dir: Path | None = None,
    **robot: Any,
) -> Scene:
    (named,) = composition.by_name("scene", [f"scenario={name}"], conf_dir)
    name = named.partition("=")[2]
    plain = None if overrides or cell else composition.as_it_stands(name, conf_dir)
    if plain is not None:
        plain.tree["variant"] = variant
        return over_link(scene_of(plain, name, **robot, conf_dir=conf_dir), link, conf_dir)
    words = [f"scenario={name}", *([f"cell={cell}"] if cell else []), *([f"variant={variant}"] if variant else [])]
    words += [below_scenario(o) for o in overrides]
    composed = composition.compose("scene", words, conf_dir)
    return over_link(scene_of(composed, name, **robot, conf_dir=conf_dir), link, conf_dir)


@contextmanager
def _called(argument: str) -> Iterator[None]:
    """An unknown scenario is reported under the name of the argument that names it."""
    try:
        yield
    except ScenarioError as error:
        if error.file is None and error.field in ("scenario", "name"):
            error.field = argument
        raise


def scene_from(scenario: str | Scene, field: str = "scenario", *, link: str | Mapping[str, Any] | None = None, **how: Any) -> Scene:
    """A scene as it is given, or built by its name.

    Args:
        field: what the argument is called; how: of `load_scenario`, where it is named.

    Raises:
        ArgumentError: it is neither; or a scene that is built already should be built in another way.
    """
    if not isinstance(scenario, Scene):
        with _called(field):
            return load_scenario(arguments.word(field, scenario, A_SCENARIO), link=link, **how)
    if (asked := next((key for key, value in how.items() if value), None)) is not None:
        raise arguments.ArgumentError(f"The scene is built already. Give {asked} to shiliu.load_scenario.", field=asked)
    return over_link(scenario, link)


def over_link(scene: Scene, link: str | Mapping[str, Any] | None, conf_dir: Path | None = None) -> Scene:
    """The scene with another link: a preset, or what is laid over its own; as it stands where None.

    Raises:
        ScenarioError: there is no such preset, or a value that a link cannot have.
    """
    if link is None:
        return scene
    return scene.linked(resolve(composition.members("link", conf_dir), scene.config.raw.get("link"), link))


def scene_of(
    composed: composition.Composed,
    name: str,
    *,
    hand: str | None,
    base: str | None,
    robot: str,
    also: Callable[[Scene], object] | None = None,
    conf_dir: Path | None = None,
    policy: LegPolicy | None = None,
    on_legs_alone: bool = False,
) -> Scene:
    """The scene of a composed config that has a `scenario` key, in the cell that it names, if any; `also`: see `Scene`.

    Args:
        on_legs_alone: a policy is left out where the robot stands on no legs; else it is refused there.
    """
    places = composed.places.copy()
    problems = Problems(places)
    if not isinstance(composed.tree.get("scenario"), Mapping) or not composed.tree["scenario"]:
        raise ScenarioError(
            "This scenario is empty: it has no keys, such as `parts`. `shiliu list scenarios` names some to begin from.",
            field=name,
        )
    tree = resolved(composed.tree["scenario"], chosen_variant(composed.tree), places, problems, (*REQUIRED, *KEYS))
    link = resolve(composition.members("link", conf_dir), tree.pop("link", None), link_of(composed.tree, composed.chosen))
    tree |= {} if link is None else {"link": link}
    if problems.found:  # what follows from half a scenario would hide it
        problems.stop(f"The scenario {name!r}")
    cell, drawn = None, tree
    surveyed = cell_node(composed, problems)
    if surveyed is not None:
        tree, cell = laid_over(tree, surveyed, str(composed.chosen["cell"]), name, places, composed.assets)
    config = read_config(
        name, tree, problems, prefix="scenario", assets=composed.assets, cell=cell, drawn=drawn if cell else None
    )
    base = base or config.base
    return Scene(config, load_robot(robot, hand, base, None if on_legs_alone and base != "legs" else policy), also)


def scene_in_cell(scene: Scene, cell: str, conf_dir: Path | None = None) -> Scene:
    """A scene as it stands, settings of the command line included, in a surveyed cell.

    Raises:
        ScenarioError: there is no such cell, it is of another scenario, or its values do not fit.
    """
    composed = composition.compose("scene", [f"scenario={scene.name}", f"cell={cell}"], conf_dir)
    places = composed.places.copy()
    problems = Problems(places)
    surveyed = cell_node(composed, problems)
    assert surveyed is not None
    tree, found = laid_over(scene.config.raw, surveyed, cell, scene.name, places, composed.assets)
    config = read_config(
        scene.name,
        tree,
        problems,
        prefix="scenario",
        assets=composed.assets,
        cell=found,
        drawn=scene.config.raw,
        goal_rule=scene.config.goal_rule,
    )
    return Scene(config, _robot_of(scene))


def scene_as_drawn(scene: Scene) -> Scene | None:
    """The scene without the cell that was laid over it; None where it stands in none, or that is not known any more."""
    config = scene.config
    if config.cell is None or config.drawn is None:
        return None
    plain = read_config(
        scene.name, config.drawn, Problems(), prefix="scenario", assets=config.assets, goal_rule=config.goal_rule
    )
    return Scene(plain, _robot_of(scene))


def _robot_of(scene: Scene) -> Robot:
    robot = scene.robot
    return load_robot(robot.name, robot.hand, robot.base, robot.policy)


def scene_of_tree(
    name: str,
    tree: Mapping[str, Any],
    *,
    hand: str | None = None,
    base: str | None = None,
    robot: str = DEFAULT_ROBOT,
    cell: Cell | None = None,
    goal_rule: str = AT_END,
    policy: LegPolicy | None = None,
) -> Scene:
    """The scene of a scenario tree that an episode carries; the config that it was made with, not today's.

    Parts of the designer's own are looked for in the designer's folder that one stands in. `cell`: the tree holds
    its values already. `goal_rule`: one of `GOAL_RULES`, as the episode says.
    """
    config = read_config(
        name, tree, Problems(), prefix="scenario", assets=composition.own_assets(), cell=cell, goal_rule=goal_rule
    )
    return Scene(config, load_robot(robot, hand, base or config.base, policy))


def variants_of(name: str, conf_dir: Path | None = None) -> dict[str, Any]:
    """Name -> what it changes, of each variant of a scenario, as its file has them."""
    plain = composition.as_it_stands(name, conf_dir)
    composed = plain or composition.compose("scene", [f"scenario={name}"], conf_dir)
    tree = composed.tree.get("scenario")
    return {key: tree["variants"][key] for key in names_of(tree)} if isinstance(tree, Mapping) else {}


def list_variants(name: str, conf_dir: Path | None = None) -> list[str]:
    """The names of a scenario's variants."""
    return list(variants_of(name, conf_dir))


def checked(overrides: Any) -> dict[str, str]:
    """Name -> override: `overrides[0]`, or `overrides` for a single text, which is one of them.

    Raises:
        ArgumentError: one is no text `KEY=VALUE`; its field is that name.
    """
    several = isinstance(overrides, Iterable) and not isinstance(overrides, str)
    given = {f"overrides[{k}]": one for k, one in enumerate(overrides)} if several else {"overrides": overrides}
    for name, one in given.items():
        if "=" not in arguments.word(name, one, OVERRIDES) and not one.startswith("~"):
            raise arguments.refused(name, one, OVERRIDES)
    return given


def below_scenario(override: str) -> str:
    """An override with `scenario.` before its key, whether it adds (+), removes (~) or sets."""
    word = override.lstrip("+~")
    sign = override[: len(override) - len(word)]
    return override if word.startswith(("scenario.", "cell.", "variant=")) else f"{sign}scenario.{word}"


@contextmanager
def as_given(overrides: Mapping[str, str]) -> Iterator[None]:
    """Have an error about one of them name it, in place of the setting that was made of it; `overrides` as `checked` has them."""
    try:
        yield
    except ScenarioError as error:
        about = [name for name, text in overrides.items() if _is_about(error, text)]
        several = "\n" in error.message  # problems, of which others may be of a file
        for name in about if several else about[-1:]:
            error.message = _renamed(error.message, name, overrides[name])
            error.field, error.args = name if not several or len(about) == 1 else None, (error.message,)
        raise


def _is_about(error: ScenarioError, text: str) -> bool:
    """Whether an error is about an override: by its place, its key, or its value."""
    own, key = key_of(text), key_of(below_scenario(text))
    value = unquoted(text).partition("=")[2].strip("'\"")
    return (
        _marker(text) in error.message
        or (error.file is None and error.field in (key, own))
        or f"setting {key!r}" in error.message
        or error.message.startswith(f"{key!r} ")
        or (bool(value) and "\n" not in error.message and f"{own} {value!r}" in error.message)  # such as no variant 'knbo'
    )


def _renamed(message: str, name: str, text: str) -> str:
    """A message with the override in place of the setting: its one line, or those of several that are at this setting."""
    lines, plain = message.split("\n"), text.lstrip("+~").startswith("scenario.")
    for i, line in enumerate(lines):
        blank, placed, rest = line.partition(_marker(text))
        if placed or len(lines) == 1:
            rest = rest.removeprefix(f"{key_of(below_scenario(text))}: ") if placed else line
            rest = rest if plain else _SWEEP.sub(r", or \1 for one text.", _BELOW.sub("", rest))
            lines[i] = f"{blank}{name}: {text!r}: {rest}" if len(lines) > 1 else f"{text!r}: {rest}"
    return "\n".join(lines)


def _marker(text: str) -> str:
    """With which a problem at the setting begins."""
    return f"command line {below_scenario(text)!r}: "
