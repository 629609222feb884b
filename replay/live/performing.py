"""The scripted operator on one copy, a control step at a time, so that somebody can look on, stop it, and go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...scenarios.catalog.scene_titles import part_titles, word_titles
from ...scenarios.draws.variation import Draw
from ...scenarios.parts.titles import THINGS, titles_of
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.predicate import Force
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.scalar_goal import OneEpisode
from ...scenarios.stepping.simulation import Simulation
from ..checks.outcome import outcome_of
from ..checks.rules import Rule
from ..checks.tipping_over import SIDES, stand_of
from ..operator.operator import AFTER, AFTER_GIVING_UP, Operator, longest
from ..operator.tries import numbered
from ..report.text import Words


class Performance:
    """A demonstration under way: the same actions as `shiliu record` sends, with the same draw and seed.

    Args:
        say: makes a sentence of why a skill could not be done (`Operator.gave_up`).

    Attributes:
        t: control steps done; over: whether it has ended.
    """

    def __init__(self, scene: Scene, draw: Draw, seed: int, say: Callable[[dict[str, Any]], str]):
        self.scene, self._say = scene, say
        self.simulation, self.operator = Simulation(scene, 1), Operator(scene, draw, seed)
        self.chain = numbered([skill.name for skill in self.operator.skills])
        self._advance = OneEpisode(scene.course).advance
        self._readings = self.simulation.begin([draw])
        self._carry = self._advance(scene.course.begin(1), self._readings)
        self.t, self.over, self._left = 0, False, longest(scene)

    @property
    def begun(self) -> int:
        """Number of skills begun."""
        return len(self.operator.segments)

    @property
    def qpos(self) -> np.ndarray:
        """(nq,) live."""
        return self.simulation.live("qpos")[0]

    def step(self) -> None:
        """One control step; none where it is over."""
        if self.over:
            return
        action = self.operator.act(self._readings.rows(0), self._carry.rows(np.array([0])))
        self._readings = self.simulation.step(np.asarray(action, np.float32)[None])
        self._carry = self._advance(self._carry, self._readings)
        self.t += 1
        if self.operator.done:
            after = AFTER if self.operator.gave_up is None else AFTER_GIVING_UP
            self._left = min(self._left, self.t + round(after / self.scene.control_timestep))
        self.over = self.t >= self._left or bool(self.simulation.unstable[0])

    def progress(self) -> dict[str, Any]:
        """Plain JSON: time, skills with the one under way, steps of the goal, limits, and why it gave up."""
        outcome = outcome_of(self.scene.course, self._carry, bool(self.simulation.unstable[0]))
        gave_up = self.operator.gave_up
        return {
            "t": self.t * self.scene.control_timestep,
            "chain": self.chain,
            "begun": self.begun,
            "goal": list(outcome["subgoals"].items()),
            "success": bool(outcome["success"]),
            "failure": outcome["failure"],
            "limits": limits_now(self.scene, self._readings),
            "gave_up": None if gave_up is None else self._say(gave_up),
            "over": self.over,
        }


def words_of(scene: Scene, words: Words) -> Words:
    """These words, with what the scenario and its parts call their own."""
    raw = scene.config.raw
    named = {"events": titles_of(raw), "things": titles_of(raw, THINGS), "parts": part_titles(scene), "words": word_titles(scene)}
    return words.telling(named)


def in_words(words: Words, progress: Mapping[str, Any]) -> dict[str, Any]:
    """A report of progress with names for people: a title for each step of the goal and each limit, and what has gone wrong."""
    found = dict(progress)
    found["goal"] = [[name, t, words.event(name)] for name, t in progress["goal"]]
    titled = [(one, words.title if "." in one["name"] else words.event) for one in progress["limits"]]
    found["limits"] = [one | {"title": title(one["name"])} for one, title in titled]
    return found | {"failure": ended(words, progress["failure"]) if progress.get("failure") else None}


def nevers_of(scene: Scene, words: Words) -> list[str]:
    """What makes a take fail, by the names that the scenario gives it."""
    return [words.event(never.name) for never in scene.course.nevers]


def ended(words: Words, failure: str | None, free: bool = False) -> str:
    """How a take ends, in a sentence.

    Args:
        failure: as an episode's label has it, `scenario.<never>` or `replay.goal:<step>`; None where it has none.
        free: whether its scenario has no goal.
    """
    if failure is None:
        return words.ui("take_free" if free else "take_reached")
    how = "take_missed" if failure.startswith("replay.goal:") else "take_failed"
    return words.ui(how, what=words.event(failure.rpartition(":")[2].removeprefix("scenario.")))


def tipping_now(scene: Scene, simulation: Simulation) -> tuple[str, float] | None:
    """The side to which one copy is nearest to tipping over, and how far [m] the zero-moment point is from what the feet bear there.

    Means of the last control period; None where the scene does not measure it.
    """
    if not scene.wrench:
        return None
    mean = simulation.trace[:1].take(scene.layout.columns(scene.wrench), axis=2).mean(axis=1)
    margin = stand_of(mean, scene.footing).margin[0]
    return SIDES[int(margin.argmin())], float(margin.min())


def bump_now(scene: Scene, readings: Readings, close: Sequence[tuple[str, str]], rule: Rule) -> dict[str, Any] | None:
    """The hardest contact of the robot that no step of the task asks for, as `limits_now` reports a limit; None where there is none.

    Args:
        close: links of the arms with what they touch or nearly do, which names what a link meets; rule: `collision.unexpected`.
    """
    if not scene.unasked or not isinstance(rule.fail, float):
        return None
    peaks = readings.peak[..., readings.layout.force_columns(scene.unasked)].reshape(-1)
    hands = scene.robot.interface["hands"]["bodies"]
    model, shapes = scene.model, [group.partition(":")[2] for group in scene.may_touch if group.startswith("geom:")]
    in_part = {model.body(model.geom(name).bodyid[0]).name for name in shapes}
    found = ("", 0.0)
    for asked, force in zip(scene.unasked, peaks):
        mine, other = asked.of.partition(":")[2], asked.to.partition(":")[2]
        if force <= found[1] or other in in_part:  # which shape of a table it is, the judge finds out
            continue
        if not other and mine not in hands:  # a link is measured against everything, itself too
            other = next((thing for link, thing in close if link == mine), "")
        if other:
            found = f"{mine} – {other.replace('/', '.', 1)}", float(force)
    who, value = found
    allowed = {"limit": rule.fail, "bound": rule.fail * (1.0 + rule.unsure), "unit": "N"}
    return {"name": rule.code, "value": value, "who": who} | allowed if who else None


def limits_now(scene: Scene, readings: Readings) -> list[dict[str, Any]]:
    """Each limit of force and speed: `name`, `value`, `unit`, and `who`, the contact that brings most of a force.

    `limit` is what is allowed, as the judge's sentences say it; beyond `bound` it is broken, up to there an excess is a warning.
    """
    found = []
    for limit in scene.safety:
        asked, value = limit.predicate, float(np.asarray(limit.predicate.value(readings)).reshape(-1)[0])
        who = ""
        if isinstance(asked, Force) and value > 0.0:
            peaks = readings.peak[..., readings.layout.force_columns(asked.forces)].reshape(-1)
            most = asked.forces[int(peaks.argmax())]
            who = " – ".join(word.partition(":")[2].replace("/", ".", 1) or word for word in (most.of, most.to) if word)
        allowed = {"limit": limit.limit, "bound": limit.bound, "unit": asked.unit}
        found.append({"name": limit.name, "value": value, "who": who} | allowed)
    return found
