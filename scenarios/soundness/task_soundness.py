"""Can this be a task at all? What its YAML asks for is held against itself.

Conditions that exclude each other, times beyond the limit, limits of nothing, steps that are reached by waiting. Asked by
`shiliu check`; every answer names file, line and value, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import yaml

from ..draws.variation import Draw, nominal
from ..scene.scene import Scene
from ..sensing.predicate import (
    TRACE,
    All,
    Angle,
    AnyOf,
    Below,
    Displaced,
    Higher,
    MovedAway,
    Near,
    Predicate,
    Share,
    Upright,
    acts,
    intervals,
)  # fmt: skip
from ..sensing.temporal import Never, Subgoal
from ..sheet.quantity import show
from ..sheet.repeated import listed
from ..sheet.yaml_reader import Node, Problems
from ..stepping.simulation import Simulation
from ..words import WORDS
from .means import beyond_means
from .task_places import TaskPlaces

Step = tuple[Node, Subgoal | Never]  # the section that it stands in, and what was read from it
MOTION = 0.5  # s without which nothing is done: the shortest skill of the kept takes, a lift, took 0.7 s
EXACT = (Angle, Below, Displaced, Higher, MovedAway, Near, Share, Upright)  # hold wherever the first of their intervals is kept


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
    _note_nothing(scene, problems["something is asked for"])
    _note_start(scene, draws, problems["the task is still to do"])
    places = TaskPlaces(scene, draws)
    _note_exclusions(scene, places, problems["conditions can hold at once"])
    _note_means(scene, places, problems["a robot can do it here"])
    _note_steps(scene, places, problems["steps can hold at once"])
    _note_forbidden(scene, problems["what is asked for is not forbidden"])
    _note_times(scene, problems["holds fit the time limit"])
    _note_limits(scene, problems["limits leave something to do"])
    return [(question, noted_of.found) for question, noted_of in problems.items()]


QUESTIONS = (
    "something is asked for",
    "the task is still to do",
    "conditions can hold at once",
    "a robot can do it here",
    "steps can hold at once",
    "what is asked for is not forbidden",
    "holds fit the time limit",
    "limits leave something to do",
)


def _note_nothing(scene: Scene, problems: Problems) -> None:
    """A goal without a step, a chain or a check of the goal without a goal, or a list of sentences without one."""
    config, path = scene.config, scene.config.goal.path.removesuffix("goal")
    if "goal" in config.raw and not config.raw["goal"]:
        problems.note(f"{path}goal", "it has no step, so that nothing is ever done. Write one, or leave the key out.")
    elif not scene.goal and config.skills.value:
        problems.note(f"{path}skills", "a chain is performed for no goal, so that nothing is ever done. Write a goal above it.")
    elif not scene.goal and "replay.goal" in config.required:
        problems.note(f"{path}judge.required", "'replay.goal' is required of no goal, which nothing meets. Write a goal, or leave it out.")
    if "tasks" in config.raw and not config.raw["tasks"]:
        problems.note(f"{path}tasks", "no sentence says what is to be done. Write one in both languages, or leave the key out.")


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
            one for child, part in zip(listed(node.child("all")), predicate.parts) for one in conditions_of(child, part)
        ]
    return [WrittenCondition(node, predicate)]


def _choices(asked: WrittenCondition) -> list[list[WrittenCondition]]:
    """What is asked by each choice of an `any`."""
    if not isinstance(asked.predicate, AnyOf):
        return []
    return [conditions_of(*pair) for pair in zip(listed(asked.node.child("any")), asked.predicate.parts)]


def _note_exclusions(scene: Scene, places: TaskPlaces, problems: Problems) -> None:
    steps: list[Step] = [(scene.config.goal, subgoal) for subgoal in scene.course.subgoals]
    modes: list[Step] = [(scene.config.never, never) for never in scene.course.nevers]
    for section, step in (*steps, *modes):
        for path, why, mend in _excluded(conditions_of(section.child(step.name), step.predicate), places):
            problems.note(path, f"{why}. {mend}.")


def _note_means(scene: Scene, places: TaskPlaces, problems: Problems) -> None:
    """Steps that ask for what nothing in the scene can bring about; of several choices one may be done."""
    for step in scene.course.subgoals:
        for one in conditions_of(scene.config.goal.child(step.name), step.predicate):
            if (found := beyond_means(one.predicate, scene, places)) is not None:
                problems.note(one.node.path, f"`{one.text}` can never hold: {found[0]}. {found[1]}.")


def _note_steps(scene: Scene, places: TaskPlaces, problems: Problems) -> None:
    """Steps that have to hold together: at the end, and as the one is reached for which others are kept."""
    course, known = scene.course, set()
    asked = [conditions_of(scene.config.goal.child(one.name), one.predicate) for one in course.subgoals]
    lasting = [
        [one for one in conditions if step.kept is not None and not acts(one.predicate)]
        for step, conditions in zip(course.subgoals, asked)
    ]
    alone = {found for conditions in asked for found in _excluded(conditions, places)}
    end = [one for k, conditions in enumerate(lasting) if course.ends[k] == len(asked) for one in conditions]
    together = [("when the task ends", end)]
    for k, step in enumerate(course.subgoals):
        kept = [one for i in course.stand_on[k] if course.ends[i] >= k for one in lasting[i]]
        together.append((f"when {step.name!r} is reached", [*kept, *asked[k]] if kept else []))
    for moment, conditions in together:
        for path, why, mend in _excluded(conditions, places):
            if (path, why, mend) not in alone and (path, why) not in known:
                known.add((path, why))
                problems.note(
                    path, f"{why}; both have to hold {moment}. {mend}, or write `passes: true` (or `to:` a step) where a step passes."
                )


def _note_forbidden(scene: Scene, problems: Problems) -> None:
    """Steps that cannot be reached without a failure mode: whatever satisfies the step makes it happen."""
    course = scene.course
    index = {subgoal.name: i for i, subgoal in enumerate(course.subgoals)}
    for i, step in enumerate(course.subgoals):
        asked = conditions_of(scene.config.goal.child(step.name), step.predicate)
        simple = [one for one in asked if not isinstance(one.predicate, AnyOf)]
        for never in course.nevers:
            watched = (never.since is None or index[never.since] < i) and (never.until is None or index[never.until] > i)
            # a step that is kept to the end may still last longer than the mode needs, but the task ends with it
            if watched and never.hold <= step.hold and _implied(never.predicate, simple):
                problems.note(
                    scene.config.goal.child(step.name).path,
                    f"{step.name!r} cannot be reached without the failure mode {never.name!r}, which holds wherever it does. "
                    f"Change a bound of one of them, or say with from and to when never.{never.name} counts.",
                )


def _implied(predicate: Predicate, asked: Sequence[WrittenCondition]) -> bool:
    """Whether a predicate holds wherever all these conditions do; False where that is not known."""
    if isinstance(predicate, All):
        return all(_implied(part, asked) for part in predicate.parts)
    if isinstance(predicate, AnyOf):
        return any(_implied(part, asked) for part in predicate.parts)
    if any(one.predicate == predicate for one in asked):
        return True
    if not isinstance(predicate, EXACT):
        return False
    bound = intervals(predicate)[0]
    kept = [one for condition in asked for one in intervals(condition.predicate) if one.of == bound.of]
    return any(one.low >= bound.low and one.high <= bound.high for one in kept)


def _excluded(conditions: Sequence[WrittenCondition], places: TaskPlaces) -> Iterator[tuple[str, str, str]]:
    """(key path, what is wrong, how to mend it) of conditions that shall hold at once and cannot."""
    simple = [one for one in conditions if not isinstance(one.predicate, AnyOf)]
    for one in simple:
        if (why := places.beyond(one.predicate)) is not None:
            yield one.node.path, f"`{one.text}` can never hold: {why}", "Change its bound"
    for one, other in combinations(simple, 2):
        if (why := _clash(one.predicate, other.predicate, places)) is not None:
            yield (
                other.node.path,
                f"`{one.text}` and `{other.text}` exclude each other: {why}",
                "Change one bound, or leave one of them out",
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
                f"none of these can hold beside the rest: {'; '.join(filter(None, clashes))}",
                "Change a bound",
            )


def _clash(one: Predicate, other: Predicate, places: TaskPlaces) -> str | None:
    """Why two simple predicates cannot hold at once; None where they may."""
    for a, b in product(intervals(one), intervals(other)):
        if a.of == b.of and max(a.low, b.low) > min(a.high, b.high):
            return "no value is inside both bounds"
    return places.apart(one, other)


def _note_times(scene: Scene, problems: Problems) -> None:
    """Steps come one after the other, and each has to hold for its own time."""
    limit, course = scene.config.time_limit, scene.course
    long: list[Step] = [(scene.config.goal, one) for one in course.subgoals if one.hold >= limit]
    long_modes: list[Step] = [(scene.config.never, never) for never in course.nevers if never.hold >= limit]
    for section, step in (*long, *long_modes):
        hold = section.child(step.name).child("hold")
        problems.note(
            hold.path,
            f"{hold.value!r} leaves nothing of the time limit of {show(limit, 'time')}. Shorten it, or raise time_limit.",
        )
    total = sum(subgoal.hold for subgoal in course.subgoals)
    if total > limit - MOTION and not long:
        left = f"{show(round(limit - total, 3), 'time')} for all motion" if total < limit else "nothing"
        problems.note(
            scene.config.goal.path,
            f"the steps have to hold for {show(round(total, 3), 'time')} one after the other, "
            f"which leaves {left} of the time limit of {show(limit, 'time')}. Shorten them, or raise time_limit.",
        )


def _note_limits(scene: Scene, problems: Problems) -> None:
    """A limit that no touch, or no motion, keeps: of forces all below which a contact is numerical (`TRACE`)."""
    for _, child in scene.config.safety.items():
        at_most = child.child("at_most")
        if not isinstance(child.value, Mapping) or at_most.value is None:
            continue
        what, least = ("force", TRACE) if "force" in child else ("speed", 0.0)
        if at_most.quantity(None, default=1.0) <= least:
            problems.note(
                at_most.path,
                f"{at_most.value!r} leaves nothing to do: every {'touch' if what == 'force' else 'motion'} breaks it. "
                "Write what may be, such as "
                + (
                    "50 N; what hands shall not touch is left out of judge.hands_may_touch."
                    if what == "force"
                    else "0.25 m/s."
                ),
            )
