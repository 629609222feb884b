"""Can this be a task at all? What its YAML asks for is held against itself.

Conditions that exclude each other, times beyond the limit, limits of nothing, steps that are reached by waiting. Asked by
`shiliu check`; every answer names file, line and value, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import mujoco
import numpy as np
import yaml

from ..draws.variation import Draw, nominal
from ..scene.scene import Scene
from ..sensing.predicate import All, AnyOf, Near, Predicate, intervals
from ..sensing.temporal import Never, Subgoal
from ..sheet.quantity import show
from ..sheet.yaml_reader import Node, Problems
from ..stepping.simulation import Simulation
from ..words import WORDS

STATE = mujoco.mjtState.mjSTATE_INTEGRATION
Step = tuple[Node, Subgoal | Never]  # the section that it stands in, and what was read from it
CLOSE = 1e-6  # m or rad, by which rounding may put two bounds apart


@dataclass(frozen=True)
class WrittenCondition:
    """One condition as it is written, and what was read from it."""

    node: Node
    predicate: Predicate

    @property
    def text(self) -> str:
        """As YAML on one line: `angle: {of: oven.door, above: 80 deg}`."""
        word = next(key for key in self.node.value if key in WORDS)
        line = yaml.safe_dump(
            {word: self.node.value[word]}, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False
        )
        return line.strip()[1:-1]


def task_problems(scene: Scene, draws: Sequence[Draw]) -> list[tuple[str, list[str]]]:
    """(question, what is wrong, one line each) of the task of a scene; each line with file, line, key, value and fix.

    Args:
        draws: beside the nominal scene, in all of which what excludes each other by where things stand has to do so.
    """
    problems = {question: Problems(scene.config.problems.places) for question in QUESTIONS}
    _note_start(scene, draws, problems["the task is still to do"])
    _note_exclusions(scene, draws, problems["conditions can hold at once"])
    _note_times(scene, problems["holds fit the time limit"])
    _note_limits(scene, problems["limits leave something to do"])
    return [(question, noted_of.found) for question, noted_of in problems.items()]


QUESTIONS = (
    "the task is still to do",
    "conditions can hold at once",
    "holds fit the time limit",
    "limits leave something to do",
)


def _note_start(scene: Scene, draws: Sequence[Draw], problems: Problems) -> None:
    """What holds at the start is reached by waiting for its `hold`: so hold is left out, and one look is enough.

    An episode starts in a draw: where something varies the nominal scene is no start.
    """
    if not scene.goal:
        return
    course, starts = scene.course, list(draws) or [nominal(scene)]
    at_once = replace(
        course,
        subgoals=tuple(replace(subgoal, hold=0.0) for subgoal in course.subgoals),
        nevers=tuple(replace(never, hold=0.0) for never in course.nevers),
    )
    simulation = Simulation(scene)
    carries = [at_once.advance(at_once.begin(1), simulation.begin([start])) for start in starts]
    for i, subgoal in enumerate(course.subgoals):
        reached = sum(not np.isnan(carry.reached[0, i]) for carry in carries)
        if reached:
            after = f" and needs only its hold of {show(subgoal.hold, 'time')}" if subgoal.hold else ""
            problems.note(
                scene.config.goal.child(subgoal.name).path,
                f"{subgoal.name!r} holds at the start{_share(reached, draws)}{after}: nothing is to be done for it. "
                "Move what it names, tighten its bound, or put it after a step that has to be done.",
            )
    for i, never in enumerate(course.nevers):
        happened = sum(not np.isnan(carry.failed[0, i]) for carry in carries)
        if happened:
            problems.note(
                scene.config.never.child(never.name).path,
                f"{never.name!r} has happened at the start{_share(happened, draws)}. Move what it names, or change its bound.",
            )


def _share(number: int, draws: Sequence[Draw]) -> str:
    """In how many of the draws, where some are looked at and not all have it."""
    return f" in {number} of {len(draws)} draws" if number < len(draws) else ""


def conditions_of(node: Node, predicate: Predicate) -> list[WrittenCondition]:
    """The conditions that have to hold at once for a step as written: simple ones, and those of which one is enough."""
    if isinstance(predicate, All) and "all" in node:
        return [
            one for child, part in zip(node.child("all").each(), predicate.parts) for one in conditions_of(child, part)
        ]
    return [WrittenCondition(node, predicate)]


def _choices(asked: WrittenCondition) -> list[list[WrittenCondition]]:
    """What is asked by each choice of an `any`."""
    if not isinstance(asked.predicate, AnyOf):
        return []
    return [conditions_of(*pair) for pair in zip(asked.node.child("any").each(), asked.predicate.parts)]


def _note_exclusions(scene: Scene, draws: Sequence[Draw], problems: Problems) -> None:
    places = _Places(scene, draws)
    steps: list[Step] = [(scene.config.goal, subgoal) for subgoal in scene.course.subgoals]
    modes: list[Step] = [(scene.config.never, never) for never in scene.course.nevers]
    for section, step in (*steps, *modes):
        for path, message in _excluded(conditions_of(section.child(step.name), step.predicate), places):
            problems.note(path, message)


def _excluded(conditions: Sequence[WrittenCondition], places: _Places) -> Iterator[tuple[str, str]]:
    """(key path, what is wrong) of conditions that shall hold at once and cannot."""
    simple = [one for one in conditions if not isinstance(one.predicate, AnyOf)]
    for one in simple:
        if (why := places.beyond(one.predicate)) is not None:
            yield one.node.path, f"`{one.text}` can never hold: {why}. Change its bound."
    for one, other in combinations(simple, 2):
        if (why := _clash(one.predicate, other.predicate, places)) is not None:
            yield (
                other.node.path,
                f"`{one.text}` and `{other.text}` exclude each other: {why}. Change one bound, or leave one of them out.",
            )
    for several in conditions:
        choices = _choices(several)
        for choice in choices:
            yield from _excluded(choice, places)
        clashes = [
            next(
                (
                    f"`{a.text}` excludes `{b.text}`"
                    for a, b in product(choice, simple)
                    if _clash(a.predicate, b.predicate, places)
                ),
                None,
            )
            for choice in choices
        ]
        if clashes and all(clashes):
            yield (
                several.node.path,
                f"none of these can hold beside the rest: {'; '.join(filter(None, clashes))}. Change a bound.",
            )


def _clash(one: Predicate, other: Predicate, places: _Places) -> str | None:
    """Why two simple predicates cannot hold at once; None where they may."""
    for a, b in product(intervals(one), intervals(other)):
        if a.of == b.of and max(a.low, b.low) > min(a.high, b.high):
            return "no value is inside both bounds"
    return places.too_far(one, other)


class _Places:
    """Where sites stand to one another on rigid bodies, and how far joints go, in the nominal scene and in draws of it."""

    def __init__(self, scene: Scene, draws: Sequence[Draw]):
        self._scene = scene
        self._data = []
        for draw in (nominal(scene), *draws):
            data = mujoco.MjData(draw.model)
            mujoco.mj_setState(draw.model, data, draw.start_state, STATE)
            mujoco.mj_kinematics(draw.model, data)
            self._data.append(data)

    def beyond(self, predicate: Predicate) -> str | None:
        """Why a single predicate cannot hold: a joint that does not go so far, two places of one body that lie further apart."""
        model = self._scene.model
        for interval in intervals(predicate):
            if interval.low > interval.high:
                return "its bounds leave no value"
            name = getattr(interval.of[1], "of", None) if interval.of[0] == "joint" else None
            if name is None or not model.joint(name).limited[0]:
                continue
            low, high = (float(end) for end in model.joint(name).range)
            if interval.low > high + CLOSE or interval.high < low - CLOSE:
                slides = model.joint(name).type[0] == mujoco.mjtJoint.mjJNT_SLIDE
                ends = " to ".join(show(float(f"{end:.6g}"), "length" if slides else "angle") for end in (low, high))
                return f"{name.replace('/', '.')} goes from {ends}"
        if isinstance(predicate, Near):
            gap = self._gap(predicate.of.of, predicate.to.of, predicate.of.of, predicate.of.of)
            if gap is not None and gap > predicate.within + CLOSE:
                return f"the two are fixed to one another, {show(round(gap, 4), 'length')} apart"
        return None

    def too_far(self, one: Predicate, other: Predicate) -> str | None:
        """Why two `near` cannot hold at once: of two things that are fixed to one another each near one of two others that are, too."""
        if not (isinstance(one, Near) and isinstance(other, Near)):
            return None
        x, a = one.of.of, one.to.of
        for y, b in ((other.of.of, other.to.of), (other.to.of, other.of.of)):
            gap = self._gap(x, y, a, b)
            if gap is not None and gap > one.within + other.within + CLOSE:
                both = show(round(one.within + other.within, 6), "length")
                return f"what they name lies {show(round(gap, 4), 'length')} apart, and both bounds allow {both} in all"
        return None

    def _gap(self, x: str, y: str, a: str, b: str) -> float | None:
        """How much |xy| and |ab| differ [m], the least of all draws; None where one of the pairs is not fixed to one another.

        Who is within r of a while y is within s of b has ||xy| - |ab|| <= r + s (triangle inequality, twice).
        """
        if not (self._fixed(x, y) and self._fixed(a, b)):
            return None
        return min(
            abs(
                float(np.linalg.norm(data.site(x).xpos - data.site(y).xpos))
                - float(np.linalg.norm(data.site(a).xpos - data.site(b).xpos))
            )
            for data in self._data
        )

    def _fixed(self, one: str, other: str) -> bool:
        model = self._scene.model
        bodies = [int(model.body_weldid[model.site(name).bodyid[0]]) for name in (one, other)]
        return bodies[0] == bodies[1]


def _note_times(scene: Scene, problems: Problems) -> None:
    """Steps come one after the other, and each has to hold for its own time."""
    limit, course = scene.config.time_limit, scene.course
    long: list[Step] = [(scene.config.goal, one) for one in course.subgoals if one.hold > limit]
    long_modes: list[Step] = [(scene.config.never, never) for never in course.nevers if never.hold > limit]
    for section, step in (*long, *long_modes):
        hold = section.child(step.name).child("hold")
        problems.note(
            hold.path,
            f"{hold.value!r} is longer than the time limit of {show(limit, 'time')}. Shorten it, or raise time_limit.",
        )
    total = sum(subgoal.hold for subgoal in course.subgoals)
    if total > limit and not long:
        problems.note(
            scene.config.goal.path,
            f"the steps have to hold for {show(round(total, 3), 'time')} one after the other, "
            f"longer than the time limit of {show(limit, 'time')}. Shorten them, or raise time_limit.",
        )


def _note_limits(scene: Scene, problems: Problems) -> None:
    for _, child in scene.config.safety.items():
        at_most = child.child("at_most")
        if (
            isinstance(child.value, Mapping)
            and at_most.value is not None
            and at_most.quantity(None, default=1.0) == 0.0
        ):
            what = "force" if "force" in child else "speed"
            problems.note(
                at_most.path,
                f"{at_most.value!r} leaves nothing to do: every {what} breaks it. Write what may be, such as "
                + (
                    "50 N; what hands shall not touch is left out of judge.hands_may_touch."
                    if what == "force"
                    else "0.25 m/s."
                ),
            )
