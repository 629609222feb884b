"""Is a scenario sound? Rest, start, swept volumes, reach and variation, each a question with its answer in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from ..catalog.scene_titles import alike, missing_titles
from ..cloth.cloth import between_shapes
from ..draws.variation import PENETRATION, Draw, draw, nominal, overlap
from ..parts.titles import LANGUAGES
from ..people.safety import people
from ..reactions.belts import stopped
from ..scene.scene import SETTLE_TIME, Scene, names_path
from ..sheet.errors import ScenarioError
from ..sheet.quantity import counted
from ..sheet.yaml_reader import Problems
from ..tasks.left_out import left_out
from .task_soundness import task_problems

STATE = mujoco.mjtState.mjSTATE_INTEGRATION
STILL = 0.02  # m/s or rad/s, slower counts as at rest
REST_TIME = 0.25  # s, long enough to tip over an edge
REST_MOVE = 2e-3  # m
NO_GOAL = "no goal: nothing is judged done. Write one, unless this is a scene of no task."
NOT_KNOWN = "not known: the scene itself fails. Mend it first."
# m, deg and m, by which what was put somewhere has left its place; settling takes less
FELL, TIPPED, SLID = 0.02, 20.0, 0.05
# m from end to end, of a thing that is loose, and of one that is not; the library's are up to 1.2 and 8.8. Beyond it a size was meant in mm
LONGEST, WIDEST = 3.0, 25.0


@dataclass(frozen=True)
class Answer:
    """One question and what was found; with `warns` something to look at that is no fault."""

    question: str
    sound: bool
    answer: str
    warns: bool = False


def examine(
    scene: Scene, seed: int = 0, draws: int = 50, ask: Callable[[Draw, Sequence[Draw]], list[Answer]] | None = None
) -> list[Answer]:
    """Ask every question of a scene; the config has been read without problems by then.

    Args:
        seed: of the draws; draws: how many are tried where something varies.
        ask: a question of others, of the nominal scene and of these draws.
    """
    tried, answers = _variation(scene, seed, draws)
    asked = [] if ask is None else ask(nominal(scene), tried)
    itself = [*_sizes(scene), _rest(scene), _start(scene), *_stays(scene)]
    if not all(one.sound for one in itself):  # draws begin where this scene has come to rest, and hide what is wrong with it
        answers = [replace(one, answer=NOT_KNOWN, warns=True) if one.sound else one for one in answers]
    return [*itself, *_task(scene, tried), *_swept(scene), *asked, *answers]


def extent(model: mujoco.MjModel, data: mujoco.MjData, geoms: Sequence[int]) -> float:
    """How far some shapes reach from end to end along an axis of the world [m], planes left out; 0 of none."""
    ends = []
    for g in geoms:
        if model.geom_type[g] != mujoco.mjtGeom.mjGEOM_PLANE:
            turned = data.geom_xmat[g].reshape(3, 3)
            middle, half = data.geom_xpos[g] + turned @ model.geom_aabb[g, :3], np.abs(turned) @ model.geom_aabb[g, 3:]
            ends += [middle - half, middle + half]
    return float(np.ptp(ends, axis=0).max()) if ends else 0.0


def huge(long: float, loose: bool) -> str | None:
    """What is wrong with the size of a part, or None."""
    if long <= (LONGEST if loose else WIDEST):
        return None
    return f"{long:.3g} m from end to end. Its numbers look like mm, and MJCF has m."


def _sizes(scene: Scene) -> list[Answer]:
    """Is anything far too large?"""
    model, data = scene.model, _data(scene)
    of: dict[str, list[int]] = {}
    for g in range(model.ngeom):
        of.setdefault(model.body(int(model.body_rootid[model.geom_bodyid[g]])).name.partition("/")[0], []).append(g)
    loose = {model.body(int(b)).name.partition("/")[0] for b in model.jnt_bodyid[model.jnt_type == mujoco.mjtJoint.mjJNT_FREE]}
    faults = {part: huge(extent(model, data, of.get(part, ())), part in loose) for part in (p.name for p in scene.config.parts)}
    return [Answer("sizes are in m", False, f"{part}: {fault}") for part, fault in faults.items() if fault]


def called(scene: Scene) -> Answer:
    """Has everything that a report may name words in every language? Asked of who designs a scenario: no physics hangs on it."""
    missing, files = missing_titles(scene), {placed.name: placed.part.file.parent / "part.yaml" for placed in scene.config.parts}
    places = {name: place for name in missing if (place := scene.config.problems.places.get(f"scenario.{name}"))}
    where = {name: f", {file}:{line}" for name, (file, line) in places.items()}
    listed = "; ".join(f"{name} ({', '.join(languages)}{where.get(name, '')})" for name, languages in missing.items())
    for name in missing:
        part, _, word = name.partition(".")
        if name in where:
            listed += ". Write title: {en: ..., zh: ...} there"
            break
        if part in files and word:
            listed += f". Write titles: {{{word}: {{en: ..., zh: ...}}}} into {files[part]}"
            break
    question = "called in two languages"
    if missing:
        return Answer(question, False, f"no words: {listed}")
    if same := alike(scene):
        pairs = "; ".join(f"{one} and {other} are both called {title!r}" for one, other, title in same)
        return Answer(question, True, f"{pairs}: no report tells them apart. Give one of them another title.", True)
    return Answer(question, True, f"all in {' and '.join(LANGUAGES)}")


def sentences(scene: Scene) -> Answer:
    """Do the task sentences name all that the goal wants? As far as the words are known: what is left out is a warning."""
    missing = left_out(scene.config.raw, scene.name)
    n = len(scene.config.tasks)
    named = f"{counted(n, 'sentence')} in {' and '.join(LANGUAGES)}"
    return Answer("sentences name what is wanted", True, "; ".join(missing) or named, bool(missing))


def _data(scene: Scene) -> mujoco.MjData:
    data = mujoco.MjData(scene.model)
    mujoco.mj_setState(scene.model, data, nominal(scene).start_state, STATE)
    mujoco.mj_forward(scene.model, data)
    return data


def _rest(scene: Scene) -> Answer:
    data, model = _data(scene), stopped(scene.model)
    before = data.qpos.copy()
    for _ in range(round(1.0 / scene.timestep)):
        mujoco.mj_step(model, data)
    warned = int(sum(data.warning.number))
    speed = float(np.abs(data.qvel).max())
    moved = float(np.abs(data.qpos - before).max())
    return Answer(
        "holds still for 1 s",
        warned == 0 and speed < STILL,
        f"fastest joint {speed:.4f}, largest move {moved:.4f}, {counted(warned, 'engine warning')}",
    )


def _start(scene: Scene) -> Answer:
    """Does anything stand inside something else, as the YAML puts it or after it has come to rest?"""
    question = "starts free of penetration"
    as_put, at_rest = mujoco.MjData(scene.model), _data(scene)
    as_put.qpos[:] = scene.start_qpos(scene.model)  # resting would push it out, to wherever that is
    mujoco.mj_fwdPosition(scene.model, as_put)
    data = min((as_put, at_rest), key=lambda d: d.contact.dist[between_shapes(d)].min(initial=0.0))
    solid = between_shapes(data)
    depth = max(-data.contact.dist[solid].min(initial=0.0), 0.0)
    if depth <= PENETRATION:
        return Answer(question, True, f"deepest contact {depth * 1e3:.2f} mm")
    names = [_body(scene.model, int(g)) for g in data.contact[int(solid[np.argmin(data.contact.dist[solid])])].geom]
    return Answer(question, False, f"{names[0]} and {names[1]} overlap by {depth * 1e3:.1f} mm; move one of them")


def _stays(scene: Scene) -> list[Answer]:
    """Is everything still where it was put, once it has come to rest? Loose pieces, which are many of one part, are not asked for."""
    model = scene.model
    put, rest = mujoco.MjData(model), mujoco.MjData(model)
    put.qpos[:], rest.qpos[:] = scene.start_qpos(model), scene.rest
    for data in (put, rest):
        mujoco.mj_kinematics(model, data)
    free = [int(b) for b in model.jnt_bodyid[model.jnt_type == mujoco.mjtJoint.mjJNT_FREE]]
    parts = [model.body(b).name.partition("/")[0] for b in free]
    stands = {placed.name: placed.stands_on for placed in scene.config.parts}
    left = []
    for body, part in zip(free, parts):
        if parts.count(part) > 1 or part not in stands:
            continue
        moved = rest.xpos[body] - put.xpos[body]
        upright = put.xmat[body].reshape(3, 3)[:, 2] @ rest.xmat[body].reshape(3, 3)[:, 2]
        tilt = float(np.degrees(np.arccos(np.clip(upright, -1.0, 1.0))))
        support = stands[part]
        where = "where it was put" if support is None else ".".join(support)
        if -moved[2] > FELL:
            left.append(f"{part} fell {-moved[2]:.2f} m from {where}")
        elif tilt > TIPPED:
            left.append(f"{part} tipped over by {tilt:.0f} deg")
        elif np.hypot(*moved[:2]) > SLID:
            left.append(f"{part} slid {np.hypot(*moved[:2]):.2f} m")
    if not free:
        return []
    detail = f"{'; '.join(left)} in the first {SETTLE_TIME:g} s" if left else "nothing fell, tipped over or slid"
    return [Answer("stays where it is put", not left, detail)]


def _task(scene: Scene, draws: Sequence[Draw]) -> list[Answer]:
    """Can what the YAML asks for be a task? One answer for each thing that is wrong, one for each question that finds nothing."""
    answers: list[Answer] = []
    for question, found in task_problems(scene, draws):
        answers += [Answer(question, False, line) for line in found]
        if not found and scene.goal:
            answers.append(Answer(question, True, _fine(scene, question)))
    if not scene.goal:  # a scene to look at, or for motion of no task
        return answers or [Answer("something is asked for", True, NO_GOAL, True)]
    return answers


def _fine(scene: Scene, question: str) -> str:
    """What is reported of a question about the task that finds nothing wrong."""
    holds = sum(subgoal.hold for subgoal in scene.goal)
    return {
        "something is asked for": ", ".join(subgoal.name for subgoal in scene.goal),
        "the task is still to do": f"first {scene.goal[0].name}, of {counted(len(scene.goal), 'subgoal')}" if scene.goal else "",
        "a robot can do it here": "as far as that is known without a simulation",
        "holds fit the time limit": f"{holds:g} s of {scene.config.time_limit:g} s",
    }.get(question, counted(len(scene.safety), "limit") if "limits" in question else "none excludes another")


def _swept(scene: Scene) -> list[Answer]:
    """Each hinge of a part is swept over its range with everything else at rest: does it meet the robot?"""
    answers = []
    model = scene.model
    for j in range(model.njnt):
        name = model.joint(j).name
        if model.jnt_type[j] != mujoco.mjtJoint.mjJNT_HINGE or "/" not in name or not model.jnt_limited[j]:
            continue
        if name.partition("/")[0] in people(scene.names):  # who sees the robot does not swing an arm into it
            continue
        data = _data(scene)
        met: dict[str, float] = {}
        for angle in np.linspace(float(model.jnt_range[j][0]), float(model.jnt_range[j][1]), 45):
            data.qpos[model.jnt_qposadr[j]] = angle
            mujoco.mj_fwdPosition(model, data)
            solid = between_shapes(data)
            for pair, distance in zip(data.contact.geom[solid], data.contact.dist[solid]):
                bodies = [_body(model, int(g)) for g in pair]
                mine = [b for b in bodies if "/" not in b]
                own = [b for b in bodies if b == _joint_body(model, j)]
                if mine and own and distance < 0 and mine[0] != "world":
                    met.setdefault(mine[0], float(angle))
        shown = ", ".join(f"{body} at {np.degrees(angle):.0f} deg" for body, angle in met.items())
        answers.append(
            Answer(
                f"{name} swings free",
                not met,
                f"meets {shown}"
                if met
                else f"0 to {np.degrees(model.jnt_range[j][1]):.0f} deg, robot in its starting pose",
            )
        )
    return answers


def _variation(scene: Scene, seed: int, draws: int) -> tuple[list[Draw], list[Answer]]:
    """The draws that were tried, and what was found of them."""
    if not scene.config.variation:
        return [], []
    tried: list[Draw] = []
    reasons: Counter[str] = Counter()
    restless: list[str] = []
    overlaps: Overlaps = {}
    for number in range(seed, seed + draws):
        refused: list[Draw] = []
        try:
            drawn = draw(scene, number, refused_too=refused.append)
        except ScenarioError as error:
            _note_overlaps(refused, number, overlaps)
            return tried, [Answer("draws are sound", False, error.message), *_overlapping(overlaps, scene)]
        tried.append(drawn)
        _note_overlaps([*refused, drawn], number, overlaps)
        reasons.update(reason.partition(":")[0] for reason in drawn.redraws)
        moved = _moves(drawn)
        restless += [f"{moved} (seed {number})"] if moved else []
    share = reasons.total() / (draws + reasons.total())
    limit = scene.config.redraw_at_most
    refusals = ", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "none"
    overlapping = _overlapping(overlaps, scene)
    if share <= limit and "no_penetration" in scene.config.redraw_unless:  # few are refused, and drawn again
        overlapping = []
        met = [f"{one} and {other} in seed {cases[0][2]}" for (one, other), cases in overlaps.items()]
        refusals += f": {', '.join(met)}" if met else ""
    return tried, [
        Answer(
            "draws are sound",
            share <= limit,
            f"{share:.1%} of {draws + reasons.total()} draws refused ({refusals}); at most {limit:.0%}",
        ),
        *overlapping,
        Answer(
            "draws start at rest",
            not restless,
            f"{len(restless)} of {draws} do not: {restless[0]}" if restless else f"{draws} of {draws} draws",
        ),
    ]


# (first of its seed, depth [m], seed) of draws in which two parts overlap
Overlaps = dict[tuple[str, str], list[tuple[bool, float, int]]]


def _note_overlaps(drawn: Sequence[Draw], seed: int, found: Overlaps) -> None:
    """Add the deepest overlap of each of the draws of a seed, in order, to those of its two parts."""
    for number, one in enumerate(drawn):
        depth, *pair = overlap(one)
        if depth > PENETRATION:
            found.setdefault((min(pair), max(pair)), []).append((number == 0, depth, seed))


def _overlapping(found: Overlaps, scene: Scene) -> list[Answer]:
    """Which parts overlap in draws, the most frequent first, each with the seed that shows it best."""
    answers = []
    for (one, other), cases in sorted(found.items(), key=lambda item: -len(item[1])):
        _, depth, seed = max(cases)
        named = [
            part for part in (one, other) if any(vary.key.startswith(f"{part}.") for vary in scene.config.variation)
        ]
        problems = Problems(scene.config.problems.places)
        problems.note(
            f"{names_path(scene.config)}variation{f'.{named[0]}' if named else ''}",
            f"{one} and {other} overlap in {len(cases)} draws, by {depth * 1e3:.1f} mm in that of seed {seed} "
            f"(shiliu render grid=1x1 refused=true seed={seed} shows it). Narrow what is drawn of {' or '.join(named) or 'them'}.",
        )
        answers.append(Answer("no draw overlaps", False, problems.found[0]))
    return answers


def _moves(drawn: Draw) -> str | None:
    """What of a draw moves by itself: something that stands half beside its support, or inside something else."""
    model, data = stopped(drawn.model), mujoco.MjData(drawn.model)
    mujoco.mj_setState(model, data, drawn.start_state, STATE)
    mujoco.mj_kinematics(model, data)
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    bodies = model.jnt_bodyid[free]
    before = data.xpos[bodies].copy()
    for _ in range(round(REST_TIME / model.opt.timestep)):
        mujoco.mj_step(model, data)
    mujoco.mj_kinematics(model, data)
    moved = np.linalg.norm(data.xpos[bodies] - before, axis=1)
    if not len(moved) or moved.max() <= REST_MOVE:
        return None
    return f"{model.body(int(bodies[moved.argmax()])).name} moves by {moved.max() * 1e3:.1f} mm when nobody touches it"


def _body(model: mujoco.MjModel, geom: int) -> str:
    return model.body(model.geom_bodyid[geom]).name


def _joint_body(model: mujoco.MjModel, joint: int) -> str:
    return model.body(model.jnt_bodyid[joint]).name
