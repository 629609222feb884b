"""How an episode begins: a draw of the variation, chosen values, or a moment of a recorded demonstration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ..scenarios.draws import variation as drawing
from ..scenarios.draws.variation import Draw
from ..scenarios.scene.scene import Scene
from ..scenarios.sensing.temporal import Goal
from ..scenarios.sheet import arguments
from ..scenarios.sheet.errors import ScenarioError
from ..scenarios.sheet.near_matches import refuse_unknown

OPTIONS = ("values", "episode", "t", "subgoal")
VARY = "True, False, a share from 0 to 1, or names that vary, such as ['bowl']"


class Episode(drawing.RecordedStart, Protocol):
    """A recorded demonstration, as `shiliu.read` gives it: `next(shiliu.read(path)).episode`."""

    scenario: str
    actions: np.ndarray


class Variation:
    """Which draws an environment makes.

    Args:
        scene: what is varied.
        vary: True, False, a share of each range in 0..1, or the names that vary.

    Raises:
        ArgumentError: nothing of these, or a share outside 0..1. ScenarioError: a name of which nothing varies.
    """

    def __init__(self, scene: Scene, vary: bool | float | Sequence[str]):
        self.scene, self._share, self._only = scene, 1.0, None
        if isinstance(vary, str | Sequence):
            self._only = tuple(arguments.words("vary", vary, VARY))
            drawing.check_only(scene, self._only)
        else:
            self._share = (
                float(vary) if isinstance(vary, bool) else arguments.number("vary", vary, VARY, low=0.0, high=1.0)
            )

    def draw(self, rng: np.random.Generator) -> Draw:
        """The next draw; the generator is advanced."""
        if self._share == 0.0:
            return drawing.nominal(self.scene)
        return drawing.draw(self.scene, rng, self._share, self._only)


PEOPLE = "people"  # the pace that a scenario allows people
SLOWEST, LONGEST = 0.001, 10_000.0  # of a pace


def steps_at(scene: Scene, pace: float | str) -> int:
    """Control steps after which an episode is truncated.

    Args:
        pace: times as long as `time_limit`, which is the scripted operator's; `people` for what the scenario allows people (`pace`).

    Raises:
        ArgumentError: a pace that is no number above zero.
    """
    times = scene.config.pace if pace == PEOPLE else pace
    times = arguments.number("pace", times, f"a number from {SLOWEST:g} to {LONGEST:g}, or {PEOPLE!r}", low=SLOWEST, high=LONGEST)
    return max(1, round(scene.config.time_limit * times / scene.control_timestep))


def asked(options: object, known: Sequence[str]) -> Mapping[str, Any]:
    """The options of a reset.

    Raises:
        ShiliuError: they are no table, or one does not exist.
    """
    given = arguments.table("options", {} if options is None else options, f"a table with {', '.join(known)}")
    for key in given:
        refuse_unknown(key, known, f"There is no option {key!r}.", field="options")
    return given


class ResetOptions:
    """What `reset(options=…)` asks for.

    Raises:
        ScenarioError: unknown options, options that contradict each other, or an episode of another scene.
    """

    def __init__(self, scene: Scene, options: Mapping[str, Any] | None):
        options = asked(options, OPTIONS)
        self.scene = scene
        self.values: Mapping[str, float] | None = options.get("values")
        self.episode: Episode | None = options.get("episode")
        if self.values is not None:
            arguments.table("options.values", self.values, "names and numbers, such as {'oven.yaw': 0.1}")
        if self.values is not None and self.episode is not None:
            raise ScenarioError("An episode has its own values; give the one or the other.", field="options.values")
        if self.episode is None and ("t" in options or "subgoal" in options):
            raise ScenarioError(
                "A time or a subgoal to begin at is one of an episode; give it too.", field="options.episode"
            )
        if "t" in options and "subgoal" in options:
            raise ScenarioError("Give the time or the subgoal at which to begin.", field="options.t")
        self._step: int | None = None
        self._stage: int | None = None
        if self.episode is None:
            return
        if not hasattr(self.episode, "actions"):
            raise ScenarioError(
                f"{type(self.episode).__name__!r} is no episode; give `next(shiliu.read(path)).episode`, which only a "
                "recording of the simulation has.",
                field="options.episode",
            )
        if self.episode.scenario != scene.name:
            raise ScenarioError(
                f"It is an episode of {self.episode.scenario!r}, and this is {scene.name!r}.", field="options.episode"
            )
        if "subgoal" in options:
            self._stage = _place(scene.course, options["subgoal"], "options.subgoal")
        else:
            t, last = options.get("t", 0.0), len(self.episode.actions) * scene.control_timestep
            if not isinstance(t, int | float | np.number):
                raise ScenarioError(f"{t!r} is not a number of seconds.", field="options.t")
            if not 0.0 <= t <= last:
                raise ScenarioError(f"{t} s lies outside the episode, 0 to {last:.2f} s.", field="options.t")
            self._step = round(t / scene.control_timestep)

    def draw(self) -> Draw:
        """The draw that was asked for."""
        if self.values is not None:
            return drawing.chosen(self.scene, self.values)
        assert self.episode is not None
        draw = drawing.of_episode(self.scene, self.episode)
        if draw is None or self.episode.actions.shape[1:] != self.scene.schema.action.shape:
            raise ScenarioError(
                "The scene of this version has other sizes or actuators than the one that the episode was made in.",
                field="options.episode",
            )
        return draw

    def reached(self, step: int, stage: int) -> bool:
        """Whether the episode, played so far, is where this one begins."""
        return stage >= self._stage if self._stage is not None else step >= (self._step or 0)

    def action(self, step: int) -> np.ndarray:
        """(nu,) the recorded command of a step.

        Raises:
            ScenarioError: the episode has none; it never reached the subgoal.
        """
        assert self.episode is not None
        if step >= len(self.episode.actions):
            raise ScenarioError("The episode ends before it comes so far.", field="options.subgoal")
        return np.asarray(self.episode.actions[step], np.float32)


def course_until(scene: Scene, until: str | None) -> Goal:
    """The scene's course, or the part of it that ends with a subgoal.

    Raises:
        ScenarioError: there is no subgoal of that name.
    """
    if until is None:
        return scene.course
    _place(scene.course, until, "until")
    return scene.course.until(until)


def _place(course: Goal, name: str, field: str) -> int:
    known = [subgoal.name for subgoal in course.subgoals]
    refuse_unknown(name, known, f"There is no subgoal {name!r}.", field=field)
    return known.index(name)
