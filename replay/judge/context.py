"""Which scene a recording is judged in: its own resolved config, the one the command names, or the bare floor; and in
which surveyed cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ...scenarios.catalog.catalog import (
    load_scenario,
    over_link,
    scene_as_drawn,
    scene_from,
    scene_in_cell,
)
from ...scenarios.catalog.scene_titles import bears_sources, part_titles, word_titles
from ...scenarios.link.link import LOCAL
from ...scenarios.parts.titles import THINGS, Titles, sources_of, titles_of
from ...scenarios.reading import composition
from ...scenarios.reading.cell import list_cells, scenario_of
from ...scenarios.reading.variant import resolved
from ...scenarios.robots.leg_policy import LegPolicy
from ...scenarios.robots.robot_folder import DEFAULT_ROBOT, robots
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import OtherScenarioError, ReplayError
from ...scenarios.sheet.yaml_reader import Problems
from ...scenarios.tasks.own_sentences import scenario_of_task
from ..checks.dynamics import sole_polygon
from ..checks.rules import Rules, load_rules
from ..checks.task_text import scenario_of_columns
from ..edits.planning import Capability
from ..recording.recording import Recording
from ..retarget.settings import RetargetSettings, load_settings
from ..robots.carried_robot import carried
from ..robots.embodiment import Embodiment, available, is_file, load_embodiment
from ..robots.limits import Limits
from ..robots.robot_sheet import load_limits
from .facts.variant_choice import Variant, VariantChoice
from .place.kept_scene import scene_of_config

BARE = "bare"  # the scenario without a scene: robot and floor


@dataclass
class SceneContext:
    """A scene with everything that judging in it needs, computed once; given as it is performed in, kept as it is judged in."""

    scene: Scene
    named: str  # who chose the scenario: "recording", "task" (its sentence), "columns" (its things' poses), "command", "default"
    conf_dir: Path | None = None
    embodiment: Embodiment | None = None  # another robot than the scene's, that recordings are held against
    robot_named: str = "default"  # who chose it
    retargeting: str = "default"  # settings by which a person's motion is carried over
    made_in: Scene | None = None  # of an episode that is played in a cell, or over another link: what it was made in
    fitted: bool = False  # whether its variant was chosen because the record fits it
    rules: Rules = field(init=False)

    def __post_init__(self) -> None:
        self.scene = self.scene.judged
        made = self.made_in
        self.relinked = made is not None and made.fingerprint == self.scene.fingerprint and made.config.link != self.scene.config.link
        self.rules = thresholds(self.scene.config.thresholds, self.conf_dir)

    @cached_property
    def retarget(self) -> RetargetSettings:
        """How a person's motion is carried over; the designer's own folder is looked in first."""
        return retarget_settings(self.retargeting, self.conf_dir)

    @cached_property
    def titles(self) -> dict[str, Titles]:
        """The scenario's own words: `events` (steps, failure modes, limits), `things`, `sources`; `parts` and their `words`.

        Parts and words of parts are called as the parts' sheets call them.

        What the scenario as it was recorded has no words for is called as the scenario of that name is today.
        """
        raw = self.scene.config.raw
        plain = composition.as_it_stands(self.scene.name, self.conf_dir)
        today = plain.tree.get("scenario") if plain is not None else None
        today = resolved(today, raw.get("variant"), {}, Problems(), ()) if isinstance(today, Mapping) else {}
        return {
            "events": {**titles_of(today), **titles_of(raw)},
            "things": {**titles_of(today, THINGS), **titles_of(raw, THINGS)},
            "parts": part_titles(self.scene),
            "words": word_titles(self.scene),
            "sources": {**bears_sources(self.scene), **sources_of(today), **sources_of(raw)},
        }

    @cached_property
    def as_drawn(self) -> Scene | None:
        """The scene without the cell that was laid over it, where there is one."""
        return scene_as_drawn(self.scene)

    @cached_property
    def limits(self) -> Limits:
        return self.embodiment.limits if self.embodiment is not None else load_limits(self.scene.robot.folder)

    @cached_property
    def robot(self) -> mujoco.MjModel:
        """The robot alone, its base fixed, for inverse dynamics and self-collision."""
        return self.scene.robot.alone

    @cached_property
    def soles(self) -> np.ndarray:
        """(p, 2) corners of what the soles span on the floor."""
        sole = self.scene.robot.sheet["sole"]
        return sole_polygon(self.robot, sole["links"], sole["x"], sole["y"])

    @cached_property
    def capability(self) -> Capability:
        """What a changed command of this robot is held against."""
        action, ends = self.scene.schema.action, {}
        low, high = dict(zip(action.names, action.low)), dict(zip(action.names, action.high))
        for name in self.scene.robot.joint_names:
            if name in self.limits:
                limit = self.limits[name]
                lower = np.nanmax([limit.lower, float(low.get(name, -np.inf))])
                upper = np.nanmin([limit.upper, float(high.get(name, np.inf))])
                ends[name] = (float(lower), float(upper))
        return Capability(self.scene.robot.joint_names, self.limits, self.rules, self.robot, self.soles, ends)

    @cached_property
    def robot_geoms(self) -> np.ndarray:
        """Ids of the robot's collision geoms in the scene: those of bodies that no part brought."""
        model = self.scene.model
        own = [model.body(int(b)).name for b in model.geom_bodyid]
        return np.array([i for i, name in enumerate(own) if name != "world" and "/" not in name], int)

    @cached_property
    def hand_pairs(self) -> list[tuple[str, str]]:
        """Pairs that may touch: a hand and what the scenario lets it touch, fingers and the hand they belong to."""
        hands = self.scene.robot.interface["hands"]["bodies"]
        loose = {self.scene.model.body(i).name for i in range(self.scene.model.nbody) if self._loose(i)}
        return [(hand, body) for hand in hands for body in sorted(self.touchable | loose)]

    @cached_property
    def touchable(self) -> set[str]:
        """Bodies that the scenario lets hands touch."""
        return {self._body_of(group) for group in self.scene.may_touch}

    def _body_of(self, group: str) -> str:
        how, _, name = group.partition(":")
        model = self.scene.model
        return model.body(model.geom_bodyid[model.geom(name).id]).name if how == "geom" else name

    def _loose(self, body: int) -> bool:
        model = self.scene.model
        name = model.body(body).name
        siblings = [
            model.body(i).name
            for i in range(model.nbody)
            if model.body_parentid[i] == 0 and model.body(i).name.startswith(name.partition("/")[0] + "/")
        ]
        return "/" in name and model.body_parentid[body] == 0 and len(siblings) > 1


def thresholds(name: str, conf_dir: Path | None = None) -> Rules:
    """The bounds of this name, from the designer's folder or else the package's own."""
    return load_rules(name, composition.folder_of("check", name, conf_dir))


def retarget_settings(name: str, conf_dir: Path | None = None) -> RetargetSettings:
    """Settings of retargeting of this name, from the designer's folder or else the package's own.

    Raises:
        ScenarioError: there are none, or they say what nobody understands.
    """
    name = composition.member_of("retarget", name, conf_dir)
    return load_settings(name, composition.folder_of("retarget", name, conf_dir))


class Contexts:
    """Chooses and caches the context of each recording.

    Args:
        chosen: the scene that the command named, or None.
        robot: whom recordings are judged as: a robot of the package's scenes, a name of `conf/robot`, or the path of
            such a file; None takes the one that each recording names, where it is described, else Kuafu.
        hand, base: for scenes that are built from a name.
        conf_dir: the designer's folder of configs, for scenarios, robots and thresholds.
        model: the MJCF file of a described robot, or of the scene that it was simulated in.
        data: what is read, where a scene may lie beside the recordings.
        retarget: settings by which a person's motion is carried over, a file of conf/retarget.
        asked: what the command line says of all these, of which a verdict tells what it was not judged by.
        unlabelled: `success` or `unknown`: what a robot's demonstration without a label claims.
        link: over which commands are played, laid over the scene's own. Where None: an episode's own; none of any other recording.
        policy: for legs: that which moved those of episodes that keep its name, and of the second question.

    Raises:
        ScenarioError: unknown robot, or everything that is wrong with its description.
        ReplayError: a described robot in a scene, which none can stand in yet.
    """

    def __init__(
        self,
        chosen: Scene | None = None,
        robot: str | None = None,
        hand: str | None = None,
        base: str | None = None,
        conf_dir: Path | None = None,
        model: str | Path | None = None,
        data: Path | None = None,
        retarget: str = "default",
        asked: Sequence[str] = (),
        unlabelled: str = "success",
        link: str | Mapping[str, Any] | None = None,
        policy: LegPolicy | None = None,
    ):
        self._chosen = SceneContext(chosen, "command", conf_dir, retargeting=retarget) if chosen is not None else None
        self._conf_dir, self._retarget, self.asked = conf_dir, retarget, tuple(asked)
        self.unlabelled, self._link, self._policy = unlabelled, link, policy
        retarget_settings(retarget, conf_dir)  # a name that is misspelt stops the run, not each recording
        self._robots: dict[str, Embodiment] = {}
        described = robot is not None and robot not in robots()
        self._own = robot is not None and not described  # the command names a robot of ours
        self._model = model
        self._folder = None if data is None else data if data.is_dir() else data.parent
        self._embodiment = self._load(robot) if described and robot else None
        self._settings: dict[str, Any] = {"robot": robot if self._own else DEFAULT_ROBOT, "hand": hand, "base": base}
        self._settings |= {"legs": policy} if base == "legs" else {}
        self._cache: dict[str, SceneContext] = {}
        self._scenario_with = cache(lambda task: scenario_of_task(task, conf_dir))
        self._choice = VariantChoice(lambda name, variant: self._variant("task", name, variant).scene, conf_dir)
        self._cells = list_cells(conf_dir)
        self._scenario_in = cache(scenario_of)
        if described and chosen is not None and chosen.name != BARE:
            raise ReplayError(
                f"A robot of conf/robot stands in no scene yet, so the scenario {chosen.name} cannot be judged with it. "
                "Name no scenario.",
                field="robot",
            )
        if model is not None and self._own:
            raise ReplayError(f"{robot} brings its own model. Name no model.", field="model")

    def of(self, recording: Recording) -> SceneContext:
        """The context of a recording.

        Raises:
            ScenarioError: where the recording's own config cannot be built any more.
            OtherScenarioError: where the command names another scenario than the recording was made in.
        """
        if recording.episode is not None:
            if self._chosen is not None and self._chosen.scene.name != recording.episode.scenario:
                cell = self._chosen.scene.config.cell
                there = f"the cell {cell.id!r} is one of" if cell is not None else "not in"
                raise OtherScenarioError(
                    f"This episode was made in the scenario {recording.episode.scenario!r}, {there} "
                    f"{self._chosen.scene.name!r}. Name no {'cell' if cell is not None else 'scenario'}.",
                    file=recording.source,
                    field="cell" if cell is not None else "scenario",
                )
            own = self._relinked(self._build(recording.episode.config))
            cell = self._chosen.scene.config.cell if self._chosen is not None else None
            return own if cell is None or cell == own.scene.config.cell else self._elsewhere(own, recording)
        robot = self._robot_of(recording)
        if robot is not None:
            return self._described(robot)
        if self._model is not None and recording.kind != "human":
            raise ReplayError(
                "The model is that of a described robot, and this recording names none that is. Name the robot, too.",
                file=recording.source,
                field="model",
            )
        context = self._found(recording)
        if self._leaves_open(context):
            variant = self._choice.best(context.scene.name, recording, self._of_whole(context, recording))
            context = context if variant is None else self._variant(context.named, context.scene.name, variant)
        return self._at_once(context)

    def _found(self, recording: Recording) -> SceneContext:
        """The context of a recording without its scene: what the command chose, the recording names, or its columns or task tell."""
        if self._chosen is not None:
            return self._in_cell(self._chosen, recording)
        name = recording.scenario or self._scenario_of_cell(recording.cell)
        if name:
            return self._in_cell(self._named(name, "recording"), recording)
        return self._by_columns(recording) or self._by_task(recording) or self._named(BARE, "default")

    def variants(self, context: SceneContext, recording: Recording) -> tuple[bool, tuple[SceneContext, ...]]:
        """Whether a recording agrees with its context, and the contexts of the other variants that it agrees with, where none was named."""
        if recording.episode is not None or self._link or not (context.fitted or self._leaves_open(context)):
            return True, ()
        name, own = context.scene.name, context.scene.config.variant
        agreeing = self._choice.agreeing(name, recording, self._of_whole(context, recording))
        return own in agreeing, tuple(self._variant(context.named, name, one) for one in agreeing if one != own)

    def _leaves_open(self, context: SceneContext) -> bool:
        """Whether the scenario of a context has variants, and nobody named one."""
        config = context.scene.config
        known = context.named == "command" or context.embodiment is not None or config.variant is not None or config.cell is not None
        return not known and context.scene.name != BARE and bool(self._choice.names(context.scene.name))

    def _of_whole(self, context: SceneContext, recording: Recording) -> bool:
        """Whether a recording has a task sentence of the scenario as it stands."""
        return self._scenario_of(recording) == (context.scene.name, None)

    def _variant(self, who: str, name: str, variant: Variant) -> SceneContext:
        """The context of a variant that a record fits."""
        if variant is None:
            return self._named(name, who)
        found = self._once(
            f"{who} {name} fits {variant}", who, lambda: scene_from(name, **self._settings, variant=variant, conf_dir=self._conf_dir)
        )
        found.fitted = True
        return found

    def _at_once(self, context: SceneContext) -> SceneContext:
        """Over the link that the command names, else over none: a recording does not say which one it passed."""
        wanted = self._link or LOCAL
        if context.scene.config.link.local and wanted == LOCAL:
            return context
        return self._once(f"{self.key_of(context)} over its link", context.named, lambda: over_link(context.scene, wanted, self._conf_dir))

    def _relinked(self, own: SceneContext) -> SceneContext:
        """An episode's context, over the link that the command names."""
        scene = over_link(own.scene, self._link, self._conf_dir)
        if scene.config.link == own.scene.config.link:
            return own
        return self._once(f"{self.key_of(own)} over another link", own.named, lambda: scene, own.scene)

    def _scenario_of_cell(self, cell: str | None) -> str | None:
        """The scenario of a cell, where it is known and says one; its file is read when a recording names it, and not before.

        Raises:
            ScenarioError: the cell's file is no YAML.
        """
        path = self._cells.get(cell or "")
        return None if path is None else self._scenario_in(path)

    @property
    def chosen(self) -> SceneContext | None:
        """The context that the command named, if any."""
        return self._chosen

    def key_of(self, context: SceneContext) -> str:
        """What tells one of these contexts from the others: the same word in every process that was begun alike."""
        return next((key for key, one in self._cache.items() if one is context), "command")

    def _by_columns(self, recording: Recording) -> SceneContext | None:
        """The scenario of the things with recorded poses, if the task sentence is another scenario's."""
        named = self._scenario_of(recording)
        there = None if named is None else scenario_of_columns(recording)
        return self._named(there, "columns") if named is not None and there not in (None, named[0]) else None

    def _scenario_of(self, recording: Recording) -> tuple[str, str | None] | None:
        """The scenario and variant of the task sentence that a recording of the robot has."""
        task, robot = recording.metadata.get("task"), self._settings["robot"]
        if not isinstance(task, str) or recording.kind == "human" or recording.metadata.get("robot") != robot:
            return None
        return self._scenario_with(task)

    def _by_task(self, recording: Recording) -> SceneContext | None:
        """The scenario with the task sentence that a recording of its robot has; None if that is not sure."""
        found = self._scenario_of(recording)
        return None if found is None else self._named(found[0], "task", found[1])

    def _in_cell(self, context: SceneContext, recording: Recording) -> SceneContext:
        """The context in the cell that the recording names, where that is known and the command named none."""
        cell = recording.cell
        if context.scene.config.cell is not None or cell is None or self._scenario_of_cell(cell) != context.scene.name:
            return context
        return self._once(f"{self.key_of(context)} in {cell}", context.named, lambda: scene_in_cell(context.scene, cell, self._conf_dir))

    def _elsewhere(self, own: SceneContext, recording: Recording) -> SceneContext:
        """The command's cell as the context of an episode of the simulation that is played there.

        Raises:
            ReplayError: it was made in another variant or version of the scenario, or by another robot, than the cell's scene has.
        """
        assert self._chosen is not None
        assert recording.episode is not None
        there, made = self._chosen.scene, own.scene
        robot = {"robot": made.robot.name, "hand": made.robot.hand, "base": made.robot.base}
        wanted = {"variant": made.config.variant, **robot}
        found = {
            "variant": there.config.variant,
            **{key: getattr(there.robot, key if key != "robot" else "name") for key in robot},
        }
        if made.robot.base == there.robot.base == "legs" and made.robot.legs_controller != there.robot.legs_controller:
            raise ReplayError(
                f"Its legs were moved by {made.robot.legs_controller}, and the cell is judged with {there.robot.legs_controller}. "
                "Give the one that it was made with by legs, or name no cell.",
                file=recording.source,
                field="legs",
            )
        for key, value in wanted.items():
            if value != found[key]:
                way = f"Name the {key} {value}" if value else f"Name no {key}"
                raise ReplayError(
                    f"This episode was made with the {key} {value or '(none)'}, and the cell is judged with {found[key] or '(none)'}. "
                    f"{way}, or name no cell.",
                    file=recording.source,
                    field=key,
                )
        if recording.episode.scenario_version != there.version:
            raise ReplayError(
                f"This episode was made in version {recording.episode.scenario_version} of {there.name}, and the cell is laid "
                f"over version {there.version}. Name no cell to judge it where it was made, or record it again.",
                file=recording.source,
                field="cell",
            )
        return self._once(f"{self.key_of(own)} in the command's cell", "command", lambda: there, made)

    def _robot_of(self, recording: Recording) -> Embodiment | None:
        """The described robot that a recording is held against; None where it is judged as one of ours."""
        if recording.kind in ("human", "simulation"):
            return None
        if self._embodiment is not None or self._own:
            return self._embodiment
        if self._chosen is not None and self._chosen.scene.name != BARE:
            return None
        name = recording.metadata.get("robot")
        known = available(self._conf_dir)
        if not isinstance(name, str) or is_file(name) or name not in known:
            return carried(recording, known, self._load)
        key = f"robot {name}"
        if key not in self._robots:
            self._robots[key] = self._load(name)
        return self._robots[key]

    def _load(self, robot: str) -> Embodiment:
        found = load_embodiment(robot, self._conf_dir, self._model)
        return found if self._folder is None else found.beside(self._folder)

    def _described(self, robot: Embodiment) -> SceneContext:
        key = f"robot {robot.file}"
        if key not in self._cache:
            scene = self._chosen.scene if self._chosen is not None else load_scenario(BARE, conf_dir=self._conf_dir)
            who = "command" if self._embodiment is not None else "recording"
            named = "command" if self._chosen is not None else "default"
            self._cache[key] = SceneContext(scene, named, self._conf_dir, robot, who)
        return self._cache[key]

    def _named(self, name: str, who: str, variant: str | None = None) -> SceneContext:
        key = name if who != "task" else f"task {name} {variant}"
        return self._once(key, who, lambda: scene_from(name, **self._settings, variant=variant, conf_dir=self._conf_dir))

    def _once(self, key: str, who: str, make: Callable[[], Scene], made_in: Scene | None = None) -> SceneContext:
        """The context of a key, of the scene that is made where there is none yet."""
        if key not in self._cache:
            self._cache[key] = SceneContext(make(), who, self._conf_dir, retargeting=self._retarget, made_in=made_in)
        return self._cache[key]

    def refuse_unmoved(self, context: SceneContext, recording: Recording) -> None:
        """See that the policy that moved the legs of an episode, if one did, has been given.

        Raises:
            ReplayError: it was not, or another one was.
        """
        kept = context.scene.robot.policy
        if kept is not None and kept.weights is None:
            given = "" if self._policy is None else f", and {self._policy.file} has the sha256 {self._policy.sha256}"
            raise ReplayError(
                f"This episode was made on legs that {kept.file} moved (sha256 {kept.sha256}){given}. The policy is not kept with an "
                f"episode. Give that file: legs={kept.file}.",
                file=recording.source,
                field="legs",
            )

    def _build(self, config: Mapping[str, Any]) -> SceneContext:
        key = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()
        return self._once(key, "recording", lambda: scene_of_config(config, self._policy))
