"""Can a chain of skills be done inside the time limit, and was taken what it puts down? Asked by `shiliu check`, before anything is
performed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...scenarios.catalog.catalog import load_scenario
from ...scenarios.catalog.figures import figures_of
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.quantity import counted, show
from ...scenarios.sheet.yaml_reader import Problems
from ...scenarios.soundness.soundness import Answer
from ...scenarios.tasks.left_out import things_of, trees
from .operator import AFTER, read_chain
from .tries import numbered
from .words.skill import Skill, handled

QUESTION = "time is enough for the chain"
SAME = ("robot", "parts", "skills")  # keys of a scenario that are the same where its counted time holds
ALSO = ("goal", "rules", "variation", "physics", "substeps")  # and where none of its draws can be done sooner than the counted ones
# s, the shortest that a skill of this word took in the kept takes of all scenarios (benchmarks/kept, four samples or more, rounded
# down). Words that are not here took one at no time, or were seen too seldom
LEAST: Mapping[str, float] = {
    "carry": 1.0,
    "hand_over": 1.4,
    "lift": 0.7,
    "move_joint": 4.0,
    "pour": 2.8,
    "press": 2.6,
    "put": 1.7,
    "reach": 1.3,
    "release": 1.2,
    "take": 1.0,
    "walk": 0.8,
}
USUAL = 2.0  # times these a chain takes in the middle of its seeds, or more: the 18 counted chains (conf/figures) take 2.2 to 30
TAKEN, LOOKS = "what is put down was taken", ("look", "reach")
LETS_GO = ("put", "release", "hand_over")


def time_for_chain(scene: Scene) -> list[Answer]:
    """One answer: the least time that the chain takes, with what the last steps hold, and the time limit.

    The least time of a skill is what it is asked to stay (`time`), or what its word never took less than (`LEAST`), whichever is
    longer. Skills that depend on a switch (`only_if`) count nothing. A step begins to hold with the first skill at a thing that
    it names, and what is taken and has to be let go of with the first skill that lets go: what comes before takes its time, and
    then this step and all later ones hold one after the other. So no chain is refused that could be done.

    Where the same chain is counted (`conf/figures`), what it took is known. A limit that is shorter than the shortest counted success
    is refused, if goal, rules and variation are the counted ones, too. It warns where the limit is shorter than the longest counted
    success, or, of a chain that is not counted, than is usual.
    """
    if not scene.config.skills.value:
        return []
    chain = read_chain(scene)
    parts = [(label, _least(skill)) for label, skill in zip(numbered([skill.name for skill in chain]), chain)]
    total, limit = sum(seconds for _, seconds in parts), scene.config.time_limit
    named = f"{scene.config.skills.path.removesuffix('skills')}time_limit"
    for k, step in enumerate(scene.course.subgoals):
        holds, begins = sum(later.hold for later in scene.course.subgoals[k:]), _begins(scene, chain, k)
        before = sum(seconds for _, seconds in parts[:begins])
        if holds < limit < before + holds:
            return _refused(
                scene,
                scene.config.goal.child(step.name).path,
                f"the {begins} skills before it take {before:.1f} s at the very least, and it holds, with the steps after it, for "
                f"{show(round(holds, 3), 'time')}: too long for the time limit of {show(limit, 'time')}. Shorten hold, or raise "
                "time_limit.",
            )
    if total <= limit and (known := _counted(scene)) is not None:
        (least, most), seeds, all_same = known
        if limit < least and all_same:
            return _refused(
                scene,
                named,
                f"{show(limit, 'time')} is too short for this chain: in {seeds} counted successes it took {least:.1f} to {most:.1f} s. "
                "Raise time_limit, or shorten the chain.",
            )
        if limit < most:
            answer = f"time_limit may be too short: in {seeds} counted successes the chain took {least:.1f} to {most:.1f} s, of {limit:g} s"
            return [Answer(QUESTION, True, answer, True)]
    usual = sum(max(seconds, 0.0 if skill.only_if else USUAL * LEAST.get(skill.word, 0.0)) for skill, (_, seconds) in zip(chain, parts))
    if total <= limit < usual:
        answer = f"time_limit may be too short: such chains take {usual:.0f} s or more, of {limit:g} s"
        return [Answer(QUESTION, True, answer, True)]
    if total <= limit:
        skills = f"{counted(len(chain), 'skill')} {'takes' if len(chain) == 1 else 'take'}"
        return [Answer(QUESTION, True, f"{skills} {total:.0f} s or more, of {limit:g} s")]
    longest = ", ".join(f"{label} {seconds:.1f} s" for label, seconds in sorted(parts, key=lambda part: -part[1])[:3])
    return _refused(
        scene,
        named,
        f"{show(limit, 'time')} is too short for the chain of {len(chain)} skills, which take {total:.1f} s at the very least "
        f"(the longest: {longest}). Raise time_limit, or shorten the chain.",
    )


def _refused(scene: Scene, path: str, why: str) -> list[Answer]:
    """One answer: what is wrong at a place of the YAML."""
    places = Problems(scene.config.problems.places)
    places.note(path, why)
    return [Answer(QUESTION, False, places.found[0])]


def _counted(scene: Scene) -> tuple[tuple[float, float], int, bool] | None:
    """What this very chain took with its parts; None where that is not counted.

    Returns:
        [s] of the shortest and the longest counted success, how many there are, and whether nothing differs that makes it shorter.
    """
    figures = figures_of(scene.name, scene.config.variant)
    if figures is None or figures["version"] != scene.version or not figures["seconds"]:
        return None
    same, today = load_scenario(scene.name, variant=scene.config.variant).config.raw, scene.config.raw
    if any(same.get(key) != today.get(key) for key in SAME):
        return None
    least, _, most = (float(seconds) - AFTER for seconds in figures["seconds"])
    return (least, most), int(figures["succeeded"]), all(same.get(key) == today.get(key) for key in ALSO)


def taken_before_put(scene: Scene) -> list[Answer]:
    """One answer: whatever the chain puts somewhere by its own name was handled by a step before. A thing that no hand has had stays where
    it is, and the put gives up at once."""
    if not scene.config.skills.value:
        return []
    had: set[str] = set()
    things, lost = {placed.name for placed in scene.config.parts}, []
    for skill in read_chain(scene):
        thing = str(skill.values.get("of")).partition("/")[0]
        if skill.word == "put" and thing in things and thing not in had:
            lost.append(f"{thing} is put down, and no step before takes it. Add a take of it.")
        had |= {name.partition("/")[0] for name in handled(skill)} if skill.word not in LOOKS else set()
    return [Answer(TAKEN, False, text) for text in dict.fromkeys(lost)] or [Answer(TAKEN, True, "no step puts down what no hand had")]


def _begins(scene: Scene, chain: Sequence[Skill], k: int) -> int:
    """How many skills come before a subgoal can begin to hold."""
    step, parts = scene.config.raw["goal"][scene.course.subgoals[k].name], {placed.name for placed in scene.config.parts}
    at = [{name.partition("/")[0] for name in handled(skill)} for skill in chain]
    things = things_of(step, parts)
    those = [i for i, named in enumerate(at) if things & named]
    if not those:
        return 0
    begins = [those[0]]
    for thing in (str(tree["released"]) for tree in trees(step) if "released" in tree):
        first = next((i for i, named in enumerate(at) if thing in named), None)
        if first is not None and chain[first].word == "take":  # it is let go of again by a later skill
            begins += [i for i in range(first + 1, len(chain)) if chain[i].word in LETS_GO][:1]
    return max(begins)


def _least(skill: Skill) -> float:
    """[s] that a skill takes at least."""
    if skill.only_if:
        return 0.0
    argument = skill.arguments.get("time")
    stays = argument is not None and argument.kind == "time" and not skill.values.get("until")
    return max(LEAST.get(skill.word, 0.0), float(skill.values.get("time") or 0.0) if stays else 0.0)
