"""shiliu check: is a scenario sound, or a part?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...scenarios.sheet.quantity import counted
from ..report.translation import translated
from .command_request import CommandRequest
from .settings import Settings
from .wrapping import columns

if TYPE_CHECKING:
    from ...scenarios.draws.variation import Draw
    from ...scenarios.scene.scene import Scene
    from ...scenarios.soundness.soundness import Answer
    from ..formats.mapping import Mapping

USAGE = """
shiliu check scenario=NAME [variant=NAME] [cell=ID] [seed=0] [draws=50] [views=false] [lang=en|zh]
shiliu check part=NAME
shiliu check mapping=NAME|FILE
shiliu check robot=NAME|FILE

Is a scenario sound? Prints one line for each question, and the result in the last line.

It asks:
  - Is the YAML right, with its parts, skills and mistakes? All problems are listed at once,
    with file and line.
  - Does the scene compile, come to rest, and start without overlap? What moved, fell or
    overlaps is named.
  - Is each place within reach to which a skill sends a hand? Are the robot's pose and the sweep
    of every hinge free?
  - Are draws of the variation sound? Parts that overlap are named with the seed (shiliu render
    grid=1x1 refused=true seed=N).
  - Can it be a task? Refused are: a goal without a step; a chain of skills, or replay.goal in
    judge.required, without a goal; steps that hold at the start; conditions or steps that exclude
    each other, also in rules that they need, or that a failure mode forbids; what must stay
    higher than hands reach; a hold as long as the time limit; limits of 0 N, or broken at rest;
    a chain longer than the time limit.
  - Without variant=: can each of its variants be read? For all questions of one, give variant=NAME.
  - Do steps, failure modes, limits, things and words of parts have titles in English and
    Chinese? Reports need both.
A chain is refused if the least time of its skills is longer than the limit. That is far less than
it takes. Where the same task is counted, it is refused if no counted success was as short as the
limit. It warns if a counted success was longer, or, where none is counted, the usual time is.
It also warns if a task sentence leaves out a thing or a number of the goal, and if there is no goal
at all: then nothing is judged done. Neither is a fault.

Settings:
  views=true   also performs the demonstration of `seed`. While a hand is at a thing that it
               takes or puts, the recorded head picture must show that thing in 80 % of the
               looks. Needs OpenGL; takes as long as `shiliu record`
  part=        a part of the library, or one of yours: sheet against model, sizes, ranges, contact
               bits; does it stand still on a table, and can the hand hold it (mass, friction,
               width)?
  mapping=     a mapping: every key, name, quantity and unit, without a recording; is its robot
               known?
  robot=       a robot's description, without a scenario: every joint, limit, unit and source; does
               the model have its joints?
  lang=zh      questions, answers and errors in Chinese; rare errors stay English
Exit: 0 sound; 1 something is wrong with the scene, the part or a mapping's robot; 2 the config cannot be read.
"""


def run(request: CommandRequest) -> int:
    """Print one line a question; raise ScenarioError for a config that cannot be read."""
    from ...scenarios.catalog.catalog import scene_of
    from ...scenarios.catalog.scene_titles import note_missing_titles
    from ...scenarios.reading.composition import CONF, members
    from ...scenarios.robots.robot_folder import robots
    from ...scenarios.soundness.soundness import called, examine, sentences
    from ..judge.verdict import note_required
    from ..operator.chain_time import taken_before_put, time_for_chain
    from ..operator.mistakes import note_mistakes
    from ..operator.reach_check import places_in_reach

    settings = Settings(request)
    name = settings.chosen("scenario") or ""
    robot, hand, base = settings.body()
    seed, draws = settings["seed"].seed(), settings["draws"].integer(low=1)
    views, part = settings["views"].flag(), settings["part"].word(default="")
    mapping, lang = settings["mapping"].word(default=""), settings["lang"].word(choices=("en", "zh"))
    settings.stop()
    if part:
        return _part(part, hand, robot, request, lang)
    if mapping:
        return _mapping(mapping, lang)

    chosen = any(word.partition("=")[0] in ("scenario", "cell") for word in request.overrides)
    if not chosen and robot not in robots():
        return _description(robot, request, lang)

    def also(scene: Scene) -> None:
        note_mistakes(scene)  # and with them the skills that they change
        note_required(scene)
        note_missing_titles(scene)

    scene = scene_of(settings.composed, name, hand=hand, base=base, robot=robot, also=also)

    def asked(nominal: Draw, tried: Sequence[Draw]) -> list[Answer]:
        return [*places_in_reach(scene, nominal, tried), *time_for_chain(scene), *taken_before_put(scene)]

    findings = [*examine(scene, seed, draws, asked), called(scene), *([sentences(scene)] if scene.config.tasks else [])]
    findings += [] if scene.config.variant or scene.config.cell else _variants(name, hand, base, robot, also)
    findings += _views(scene, seed) if views else []
    if not chosen:
        own = members("scenario", request.conf_dir).items()
        yours = sorted(scenario for scenario, file in own if not file.is_relative_to(CONF))
        print(translated(f"no scenario= is given; this is {scene.name}", lang))
        if yours:
            print(translated(f"scenarios of your own: {', '.join(yours)}", lang))
    _print(findings, lang)
    cell = scene.config.cell
    where = f" in {cell.id} ({f'surveyed {cell.surveyed}' if cell.surveyed else 'not measured yet'})" if cell else ""
    counts = Counter(f.sound for f in findings)
    result = "sound" if counts[False] == 0 else f"{counts[False]} of {len(findings)} questions fail"
    print(translated(f"{scene.name} v{scene.version}{where}: {result}", lang))
    return 1 if counts[False] else 0


def _print(answers: Sequence[Answer], lang: str) -> None:
    """One line for each question, the answers in one column."""
    rows = [(answer, translated(answer.question, lang)) for answer in answers]
    wide = max(columns(question) for _, question in rows)
    for answer, question in rows:
        word = "warn" if answer.warns else "ok  " if answer.sound else "FAIL"
        print(f"{word} {question}{' ' * (wide - columns(question))}  {translated(answer.answer, lang)}")


def _variants(
    name: str, hand: str | None, base: str | None, robot: str, also: Callable[[Scene], object]
) -> list[Answer]:
    """Can each variant be read, as the scenario's file has it? None of them is simulated."""
    from ...scenarios.catalog.catalog import list_variants, scene_of
    from ...scenarios.reading.composition import compose
    from ...scenarios.sheet.errors import ScenarioError
    from ...scenarios.soundness.soundness import Answer

    question, answers, names = "variants can be read", [], list_variants(name)
    for variant in names:
        try:
            composed = compose("scene", [f"scenario={name}", f"variant={variant}"])
            scene_of(composed, name, hand=hand, base=base, robot=robot, also=also)
        except ScenarioError as error:
            answers.append(Answer(question, False, f"{variant}: {error}"))
    read = f"{', '.join(names)}; variant=NAME asks all questions of one"
    return answers or ([Answer(question, True, read)] if names else [])


def _views(scene: Scene, seed: int) -> list[Answer]:
    from ...scenarios.soundness.soundness import Answer
    from ..operator.visibility import answers, head_camera, performed

    question = "head camera sees the work"
    if head_camera(scene) is None:
        return [Answer(question, True, "its pictures are not recorded")]
    if not scene.config.skills.value:
        return [Answer(question, True, "there is no chain of skills to perform")]
    return answers(performed(scene, seed), scene.config.unseen)


def _part(name: str, hand: str | None, robot: str, request: CommandRequest, lang: str) -> int:
    from ...scenarios.grips.gripper import gripper_of
    from ...scenarios.parts.part import load_part
    from ...scenarios.parts.part_catalogue import full_name
    from ...scenarios.reading import composition
    from ...scenarios.soundness.part_soundness import examine_part

    extra = composition.own_assets(request.conf_dir)
    part = load_part(full_name(name, extra), extra=extra)
    assert part is not None
    answers = examine_part(part, gripper_of(robot, hand))
    _print(answers, lang)
    wrong = sum(not answer.sound for answer in answers)
    print(translated(f"part {part.name}: {'sound' if not wrong else counted(wrong, 'problem')}", lang))
    return 1 if wrong else 0


def _mapping(name: str, lang: str) -> int:
    from ..formats.mappings import load

    found = load(name)  # which raises with every problem
    streams = sum(len(rule.streams) for rule in found.topics.values()) + (
        len(found.arrays.streams) if found.arrays else 0
    )
    answers = _robot_of(found, name)
    if answers:
        _print(answers, lang)
    if not all(answer.sound for answer in answers):
        print(translated(f"mapping {found.name}: 1 problem", lang))
        return 1
    print(translated(f"mapping {found.name}: sound, {counted(streams, 'stream')} of {found.format}", lang))
    return 0


def _description(name: str, request: CommandRequest, lang: str) -> int:
    """A robot for the judge alone: raises with every problem of its description; prints which joints lack which limit."""
    from ...scenarios.soundness.soundness import Answer
    from ..robots.embodiment import load_embodiment

    robot = load_embodiment(name, request.conf_dir)
    known = robot.limits.own
    lacking = {what: [joint for joint in robot.joints if what not in known[joint]] for what in ("position", "velocity", "torque")}
    answers = [Answer(f"{what} limits", True, f"not judged: {', '.join(of)}", True) for what, of in lacking.items() if of]
    if answers:
        _print(answers, lang)
    hands = f" and {counted(len(robot.grippers), 'gripper')}" if robot.grippers else ""
    print(translated(f"robot {robot.name}: sound, {counted(len(robot.joints), 'joint')}{hands}", lang))
    return 0


def _robot_of(mapping: Mapping, name: str) -> list[Answer]:
    """Is its robot known? A slip is a fault; a name that is like no other may be a robot of which no limits are known."""
    from pathlib import Path

    from ...scenarios.reading.composition import CONF, members, shown
    from ...scenarios.robots.robot_folder import robots
    from ...scenarios.sheet.near_matches import near, nearest
    from ...scenarios.sheet.yaml_reader import read_yaml
    from ...scenarios.soundness.soundness import Answer
    from ..robots.embodiment import available

    named, known = mapping.robot, sorted({*robots(), *available()})
    if named in known or any(read_yaml(file)["robot"] == named for file in (CONF / "mapping").glob("*.yaml")):
        return []
    advice = "Correct it, or describe the robot in a file conf/robot/NAME.yaml."
    slip = bool(near(named, known))
    without = "" if slip else " Without that, its limits are not known, and its motion cannot be judged."
    file = members("mapping").get(name, Path(name))
    line = next((k for k, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text.startswith("robot:")), 1)
    what = f"{shown(file)}:{line}: robot: There is no robot {named!r}.{nearest(named, known)} {advice}{without}"
    return [Answer("robot is known", not slip, what, not slip)]
