"""Can this be a task at all? What its YAML asks for is held against itself.

Conditions that exclude each other, times beyond the limit, limits of nothing, steps that are reached by waiting. Asked by
`shiliu check`; every answer names file, line and value, and how to mend it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import yaml

from ..draws.variation import Draw, nominal
from ..people.safety import Watch
from ..reactions.rule import Counter, Switch
from ..scene.scene import Scene
from ..sensing.predicate import (
    TRACE,
    All,
    Angle,
    AnyOf,
    Below,
    Displaced,
    Higher,
    Interval,
    MovedAway,
    Near,
    Predicate,
    Share,
    Upright,
    acts,
    intervals,
    leaves,
)  # fmt: skip
from ..sensing.reaction import memory
from ..sensing.requests import Request
from ..sensing.temporal import Never, Subgoal
from ..sheet.quantity import show
from ..sheet.repeated import listed
from ..sheet.yaml_reader import Node, Problems
from ..stepping.simulation import Simulation
from ..words import WORDS
from ..words.cloth import Apart
from ..words.declared import Reads, ReadsTruly, memory_name
from .means import beyond_means
from .task_places import Silent, TaskPlaces, needed_rule

Step = tuple[Node, Subgoal | Never]  # the section that it stands in, and what was read from it
RESTS = 3  # control periods, in all of which a limit is exceeded that what rests there exceeds
MOTION = 0.5  # s without which nothing is done: the shortest skill of the kept takes, a lift, took 0.7 s
EXACT = (Angle, Apart, Below, Displaced, Higher, MovedAway, Near, Share, Upright)  # hold wherever the first of their intervals is kept


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
    _silence(scene, places)
    _note_idle(scene, places, problems["the task is still to do"])
    _note_exclusions(scene, places, problems["conditions can hold at once"])
    _note_means(scene, places, problems["a robot can do it here"])
    _note_steps(scene, places, problems["steps can hold at once"])
    _note_forbidden(scene, places, problems["what is asked for is not forbidden"])
    _note_times(scene, problems["holds fit the time limit"])
    _note_limits(scene, problems["limits leave something to do"])
    _note_strained(scene, draws, problems["limits leave something to do"])
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


Rules = dict[Request, Switch | Counter]  # by what they keep


def _rules(scene: Scene) -> Rules:
    """The rules of a scene that wait for something."""
    return {memory(memory_name(rule.name)): rule for rule in scene.reactions.reactions if isinstance(rule, Switch | Counter)}


def _awaited(rule: Switch | Counter) -> tuple[str, Predicate | None]:
    """The key of the YAML of what turns a rule on, and what was read from it; None for a dial."""
    return ("when", rule.when) if isinstance(rule, Switch) else ("counts", rule.counts)


def _all_leaves(predicate: Predicate, rules: Rules, known: frozenset[Request] = frozenset()) -> Iterator[Predicate]:
    """The simple predicates inside one, and inside the rules that it reads, and that those read."""
    for leaf in leaves(predicate):
        yield leaf
        if isinstance(leaf, Reads) and leaf.kept in rules and leaf.kept not in known:
            _, inner = _awaited(rules[leaf.kept])
            if inner is not None:
                yield from _all_leaves(inner, rules, known | {leaf.kept})


def _silence(scene: Scene, places: TaskPlaces) -> None:
    """Find the rules that never go on: their conditions exclude each other, or need another one that never does."""
    rules, before = _rules(scene), -1
    while len(places.silent) > before:
        before = len(places.silent)
        for kept, rule in rules.items():
            key, predicate = _awaited(rule)
            if kept in places.silent or predicate is None:
                continue
            written = scene.config.rules.child(rule.name).child(key)
            for path, why, mend in _excluded(conditions_of(written, predicate), places):
                never = f"the rule {rule.name!r} never goes on" if isinstance(rule, Switch) else f"the counter {rule.name!r} never counts"
                places.silent[kept] = Silent(path, f"{why}, so that {never}", mend)
                break


def _note_exclusions(scene: Scene, places: TaskPlaces, problems: Problems) -> None:
    steps: list[Step] = [(scene.config.goal, subgoal) for subgoal in scene.course.subgoals]
    # a failure mode may wait for a parameter that no draw has
    rules = _rules(scene)
    waits = [any(isinstance(leaf, ReadsTruly) for leaf in _all_leaves(never.predicate, rules)) for never in scene.course.nevers]
    modes: list[Step] = [(scene.config.never, never) for never, odd in zip(scene.course.nevers, waits) if not odd]
    for section, step in (*steps, *modes):
        for path, why, mend in _excluded(conditions_of(section.child(step.name), step.predicate), places):
            problems.note(path, f"{why}. {mend}.")


def _note_idle(scene: Scene, places: TaskPlaces, problems: Problems) -> None:
    """Conditions of steps that nothing can break."""
    for step in scene.course.subgoals:
        for one in _idle(conditions_of(scene.config.goal.child(step.name), step.predicate), places):
            problems.note(one.node.path, f"`{one.text}` always holds: nothing can break it. Change its bound, or leave it out.")


def _idle(conditions: Sequence[WrittenCondition], places: TaskPlaces) -> Iterator[WrittenCondition]:
    """Conditions that always hold; of choices, those of one of which all do."""
    for one in conditions:
        if isinstance(one.predicate, AnyOf):
            yield from (choice[-1] for choice in _choices(one) if len([*_idle(choice, places)]) == len(choice))
        elif places.always(one.predicate) or _implied(one.predicate, (), places):
            yield one


def _note_means(scene: Scene, places: TaskPlaces, problems: Problems) -> None:
    """Steps that ask for what nothing in the scene can bring about; of several choices one may be done."""
    course, known = scene.course, set()
    for k, step in enumerate(course.subgoals):
        lasts = step.kept is not None and course.ends[k] == len(course.subgoals)
        asked = conditions_of(scene.config.goal.child(step.name), step.predicate)
        for one, stay in _needed(asked, math.inf if lasts else step.hold, scene):
            found = _beyond_means(one, scene, places, stay)
            if found is not None and one.node.path not in known:
                known.add(one.node.path)
                problems.note(one.node.path, f"{found[0]}. {found[1]}.")


def _beyond_means(one: WrittenCondition, scene: Scene, places: TaskPlaces, stay: float) -> tuple[str, str] | None:
    """(what is wrong, how to mend it): of a condition, or all its choices, that nothing brings about for `stay` [s]; None else."""
    if not isinstance(one.predicate, AnyOf):
        found = beyond_means(one.predicate, scene, places, stay)
        return None if found is None else (f"`{one.text}` can never hold: {found[0]}", found[1])
    reasons = []
    for choice in _choices(one):
        found = next(filter(None, (_beyond_means(part, scene, places, stay) for part in choice)), None)
        if found is None:
            return None
        reasons.append(found[0])
    return f"none of these can hold beside the rest: {'; '.join(reasons)}", "Change a bound"


def _needed(asked: Sequence[WrittenCondition], stay: float, scene: Scene) -> Iterator[tuple[WrittenCondition, float]]:
    """Conditions that shall hold, and those of the rules that they need; each with how long it has to hold [s], inf to the end."""
    rules, left = _rules(scene), [(one, stay) for one in asked]
    while left:
        one, stay = left.pop(0)
        yield one, stay
        if (kept := needed_rule(one.predicate)) in rules:
            rule = rules.pop(kept)
            key, predicate = _awaited(rule)
            if predicate is not None:
                hold = rule.hold * scene.control_timestep if isinstance(rule, Switch) else 0.0
                written = scene.config.rules.child(rule.name).child(key)
                left += [(needed, hold) for needed in conditions_of(written, predicate)]


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


def _note_forbidden(scene: Scene, places: TaskPlaces, problems: Problems) -> None:
    """Steps that cannot be reached without a failure mode: whatever satisfies the step makes it happen."""
    course = scene.course
    index = {subgoal.name: i for i, subgoal in enumerate(course.subgoals)}
    for never in course.nevers:
        if never.since is not None and never.until is not None and index[never.since] >= index[never.until]:
            problems.note(
                scene.config.never.child(never.name).child("from").path,
                f"{never.name!r} counts from {never.since!r} on, and only until {never.until!r}, which comes no later: it never counts. "
                "Exchange them, or leave one out.",
            )
    for i, step in enumerate(course.subgoals):
        asked = conditions_of(scene.config.goal.child(step.name), step.predicate)
        simple = [one for one in asked if not isinstance(one.predicate, AnyOf)]
        for never in course.nevers:
            opened = never.since is None or index[never.since] < i or (never.since == step.name and never.hold == 0.0)
            watched = opened and (never.until is None or index[never.until] > i)
            # a step that is kept to the end may still last longer than the mode needs, but the task ends with it
            if watched and never.hold <= step.hold and _implied(never.predicate, simple, places):
                problems.note(
                    scene.config.goal.child(step.name).path,
                    f"{step.name!r} cannot be reached without the failure mode {never.name!r}, which holds wherever it does. "
                    f"Change a bound of one of them, or say with from and to when never.{never.name} counts.",
                )


def _implied(predicate: Predicate, asked: Sequence[WrittenCondition], places: TaskPlaces) -> bool:
    """Whether a predicate holds wherever all these conditions do; False where that is not known."""
    if isinstance(predicate, All):
        return all(_implied(part, asked, places) for part in predicate.parts)
    if isinstance(predicate, AnyOf):
        return any(_implied(part, asked, places) for part in predicate.parts) or _covered(predicate, asked, places)
    if any(one.predicate == predicate for one in asked):
        return True
    if not isinstance(predicate, EXACT):
        return False
    bound = intervals(predicate)[0]
    kept = [one for condition in asked for one in places.bounds(condition.predicate) if one.of == bound.of]
    if any(one.low >= bound.low and one.high <= bound.high for one in kept):
        return True
    every = [condition.predicate for condition in asked]
    return places.missing(every) is None and places.missing(every, _outside(bound)) is not None


def _covered(several: AnyOf, asked: Sequence[WrittenCondition], places: TaskPlaces) -> bool:
    """Whether two choices leave no value of one number between them, of those that the conditions leave."""
    bounds = [intervals(part)[0] for part in several.parts if isinstance(part, EXACT)]
    kept = [bound for condition in asked for bound in places.bounds(condition.predicate)]
    for one, other in combinations([_outside(bound) for bound in bounds], 2):
        left = [one, other, *(bound for bound in kept if bound.of == one.of)]
        if one.of == other.of and max(bound.low for bound in left) > min(bound.high for bound in left):
            return True
    return False


def _outside(bound: Interval) -> Interval:
    """What a bound with one end leaves out, with that end."""
    return Interval(bound.of, high=bound.low) if bound.low > -math.inf else Interval(bound.of, low=bound.high)


def _excluded(
    conditions: Sequence[WrittenCondition], places: TaskPlaces, beside: Sequence[WrittenCondition] = ()
) -> Iterator[tuple[str, str, str]]:
    """(key path, what is wrong, how to mend it) of conditions that shall hold at once and cannot.

    Args:
        beside: simple ones that shall hold, too, and can, all at once.
    """
    simple = [one for one in conditions if not isinstance(one.predicate, AnyOf)]
    wrong = []
    for one in simple:
        if (silent := places.silenced(one.predicate)) is not None:
            wrong.append(one)
            yield silent.path, f"{silent.why}; `{one.text}` needs it", silent.mend
        elif (why := places.beyond(one.predicate)) is not None:
            wrong.append(one)
            yield one.node.path, f"`{one.text}` can never hold: {why}", "Change its bound"
    for one, other in (*product(beside, simple), *combinations(simple, 2)):
        if (why := _clash(one.predicate, other.predicate, places)) is not None:
            wrong.append(other)
            yield _exclude([one, other], why)
    rest = [*beside, *(one for one in simple if one not in wrong)]
    while (core := _core(rest, places)) is not None:
        wrong.append(core[0][-1])
        yield _exclude(*core)
        rest = [one for one in rest if one is not wrong[-1]]
    if wrong:
        return
    for several in conditions:
        reasons = [next((why for _, why, _ in _excluded(choice, places, rest)), None) for choice in _choices(several)]
        if reasons and all(reasons):
            yield (
                several.node.path,
                f"none of these can hold beside the rest: {'; '.join(filter(None, reasons))}",
                "Change a bound",
            )


def _exclude(conditions: Sequence[WrittenCondition], why: str) -> tuple[str, str, str]:
    """(key path, what is wrong, how to mend it) of conditions of which all but one may hold at once."""
    *others, last = (f"`{one.text}`" for one in conditions)
    path = conditions[-1].node.path
    if not others:
        return path, f"{last} can never hold: {why}", "Change its bound"
    return path, f"{', '.join(others)} and {last} exclude each other: {why}", "Change one bound, or leave one of them out"


def _core(conditions: list[WrittenCondition], places: TaskPlaces) -> tuple[list[WrittenCondition], str] | None:
    """Conditions that cannot hold at once by distances and heights, of which no fewer exclude each other, and why; None where all can."""
    why = places.missing([one.predicate for one in conditions])
    if why is None:
        return None
    core = conditions
    for one in conditions:
        fewer = [other for other in core if other is not one]
        if (still := places.missing([other.predicate for other in fewer])) is not None:
            core, why = fewer, still
    return core, why


def _clash(one: Predicate, other: Predicate, places: TaskPlaces) -> str | None:
    """Why two simple predicates cannot hold at once; None where they may."""
    for a, b in product(places.bounds(one), places.bounds(other)):
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


def _note_strained(scene: Scene, draws: Sequence[Draw], problems: Problems) -> None:
    """A limit that is broken at rest, before anybody has moved: by the weight of what lies there."""
    written, limits = scene.config.safety, scene.safety
    names = [limit.name.partition(".")[0] for limit in limits]
    if not any(name in written for name in names):
        return
    starts = list(draws) or [nominal(scene)]
    simulation, watch = Simulation(scene), Watch(limits, scene.control_timestep)
    least = []  # of each start, over what is seen of it
    for start in starts:
        simulation.begin([start])
        seen = [watch.values(simulation.step(scene.ready_ctrl[None].astype(np.float32)))[0] for _ in range(RESTS)]
        least.append(np.min(seen, axis=0))
    values = np.array(least)
    for k, (limit, name) in enumerate(zip(limits, names)):
        broken = int(limit.broken(values[:, k]).sum())
        if name in written and broken and limit.bound > TRACE:
            dimension = "force" if limit.predicate.unit == "N" else "speed"
            problems.note(
                written.child(name).path,
                f"{limit.name!r} is broken at rest{_share(broken, draws)}, before anybody moves: "
                f"{show(float(f'{values[:, k].max():.3g}'), dimension)}, and at most "
                f"{show(round(limit.limit, 3), dimension)} may be. Raise it, or name other things.",
            )
