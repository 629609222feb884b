"""A scenario's YAML as typed values: every quantity in SI, every name checked, all problems at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..link.link import NO_LINK, SEED, Link, read_link
from ..parts.part import PLACED, Param, Part, load_part
from ..parts.titles import check_title
from ..robots.robot_folder import BASES
from ..sheet.near_matches import nearest
from ..sheet.quantity import show
from ..sheet.typing_slips import other_sign
from ..sheet.yaml_reader import Node, Problems
from .answers import AskedAnswer, read_answers
from .camera import Camera, read_camera
from .cell import Cell
from .dealing import Deal, deal, read_deals
from .former_sites import with_marks
from .judge_stages import STAGES
from .physics import Physics, read_physics

REQUIRED = ("title", "version", "robot", "parts", "judge")
KEYS = (
    "variant",
    "time_limit",
    "pace",
    "tasks",
    "brief",
    "formerly",
    "variation",
    "liquids",
    "stains",
    "goal",
    "never",
    "safety",
    "rules",
    "answers",
    "marks",
    "skills",
    "mistakes",
    "cameras",
    "unseen",
    "control_rate",
    "substeps",
    "physics",
    "start_from",
    "link",
)
# times as long as the scripted operator that a person may take who moves the robot in the environment. Published: Fitts' tapping task is
# done with 2.88 bit/s through replica masters and with 16.98 bit/s by hand, six times as fast; the scripted operator's hand is held to
# 0.45 m/s and less, half of what a hand does that nothing holds back [E]
PACE = 3.0
# what was done holds when the task ends; or once reached, for ever
AT_END, LATCHED = GOAL_RULES = ("at_end", "latched")
CONTROL_RATE = 30.0  # Hz, the clock of the hardware's head camera
MAX_SUBSTEPS = 1000  # physics steps of 1/30000 s, a hundredth of the shortest time constant of a contact here
SUBSTEPS = 16  # physics steps of 1/480 s: the stiffest contact (solref 4.2 ms) keeps two steps


@dataclass(frozen=True)
class Placed:
    """One part in the scene.

    Attributes:
        at: (3,) offset [m] from the place, `yaw` [rad] about its z axis.
        stands_on: (instance, site): its frame is the place; None for the world.
        put: the part's own site that lies at the place (None: its own origin).
        behaviour: what a person does, read once the things exist that it names; None where it does nothing.
    """

    name: str
    part: Part
    at: tuple[float, float, float]
    yaw: float
    stands_on: tuple[str, str] | None
    put: str | None
    params: Mapping[str, float]
    behaviour: Node | None = None


@dataclass(frozen=True)
class Vary:
    """One drawn number: added to a value of the scene, or replacing it.

    Attributes:
        key: `oven.at.x`, `oven.yaw`, `counter.height` or `friction`.
        low, high: bounds of the uniform draw (SI).
        choices: what is drawn from instead, each as often (SI), where it is one of several.
        dimension: of the number, a key of `quantity.EXAMPLE`; None for a plain one.
    """

    key: str
    low: float
    high: float
    replace: bool
    choices: tuple[float, ...] = ()
    dimension: str | None = None

    def number(self, rng: np.random.Generator) -> float:
        """One drawn number."""
        if self.choices:
            return self.choices[int(rng.integers(len(self.choices)))]
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True)
class ScenarioConfig:
    """What a scenario's YAML says. What names things of the scene stays a node (`goal`, `never`, `safety`, `skills`, `mistakes`)
    and is read once they exist.
    """

    id: str
    title: Mapping[str, str]
    version: int
    time_limit: float  # s, of the scripted operator
    pace: float  # times as long that a person may take in the environment, see `PACE`
    tasks: tuple[Mapping[str, str], ...]
    # of each task sentence: values [SI] of the draws that it is of; none for all
    tasks_where: tuple[Mapping[str, float], ...]
    brief: Mapping[str, str]  # what counts, beside the sentences: tolerances, for people; empty where there are none
    stands_at: tuple[float, float, float]  # x [m], y [m], yaw [rad]
    pose: str
    base: str  # how the robot stands where the command line does not say: planted, mobile or legs
    parts: tuple[Placed, ...]
    unbuilt: tuple[str, ...]  # parts that could not be read; what names them is not noted a second time
    variation: tuple[Vary, ...]
    deals: tuple[Deal, ...]
    friction_of: tuple[str, ...]
    redraw_unless: tuple[str, ...]
    redraw_at_most: float
    cameras: tuple[Camera, ...]
    unseen: Mapping[str, Mapping[str, str]]  # the thing that the head camera need not see while a hand is at it: why, by language
    required: tuple[str, ...]
    vary_unknown: tuple[str, ...]
    starts: int
    thresholds: str
    hands_may_touch: tuple[Node, ...]
    held_may_touch: tuple[Node, ...]  # what things in the hand may touch on their way, beside what the goal says
    control_rate: float
    substeps: int
    liquids: Node
    stains: Node
    physics: Physics
    goal: Node
    never: Node
    safety: Node
    skills: Node
    mistakes: Node
    rules: Node
    answers: tuple[AskedAnswer, ...]  # what the robot has to tell
    marks: Node
    problems: Problems
    raw: Mapping[str, Any]
    cell: Cell | None = None  # its surveyed values are in the tree
    variant: str | None = None  # which of its variants it is
    drawn: Mapping[str, Any] | None = None  # the tree before its cell was laid over it, where that is known
    assets: Path | None = None  # the designer's own parts folder, if any
    link: Link = NO_LINK  # over which the robot is commanded and seen
    goal_rule: str = AT_END  # one of `GOAL_RULES`; sets that are older than the rule were judged by `latched`


def read_config(
    name: str,
    raw: Mapping[str, Any],
    problems: Problems,
    prefix: str = "",
    assets: Path | None = None,
    cell: Cell | None = None,
    drawn: Mapping[str, Any] | None = None,
    goal_rule: str = AT_END,
) -> ScenarioConfig:
    """Read a composed scenario.

    Args:
        name: its id.
        raw: the composed tree.
        problems: where everything that is wrong is reported; the caller calls `stop`.
        prefix: key path of the tree within the composed config, for the places of problems.
        assets: the designer's own parts folder, if any.
        cell: the tree holds its surveyed values, if any; drawn: the tree without them.
        goal_rule: one of `GOAL_RULES`.
    """
    raw = with_marks(raw)
    node = Node(raw, prefix, problems)
    node.mapping(required=REQUIRED, optional=KEYS)
    if node.child("parts").value is None:  # all that names a part would be reported beside it
        problems.stop(f"The scenario {name!r}")
    robot = node.child("robot")
    robot.mapping(required=("stands_at", "pose"), optional=("base",))
    stands = robot.child("stands_at")
    stands.mapping(optional=("x", "y", "yaw"))
    parts = _parts(node.child("parts"), assets)
    unbuilt = tuple({name for name, _ in node.child("parts").items()} - {p.name for p in parts})
    vary, friction_of, unless, at_most = _variation(node.child("variation"), parts, unbuilt)
    tasks = tuple(_task(n, parts) for n in node.child("tasks").each()) if "tasks" in node else ()
    for former in node.child("formerly").each() if "formerly" in node else ():  # own_sentences and tasks/work.py read them
        _task(former, parts)
    drawn_anew = node.child("variation").child("deal")
    deals = (
        read_deals(drawn_anew, {p.name: p.part.params for p in parts}, values_of(parts))
        if drawn_anew.value is not None and not unbuilt
        else ()
    )
    judge = node.child("judge")
    judge.mapping(required=("required",), optional=("if_unknown", "thresholds", "hands_may_touch", "held_may_touch"))
    required = tuple(n.word() for n in judge.child("required").each())
    for i, word in enumerate(required):
        if word and word.partition(".")[0] not in STAGES:  # it would never be asked for, and all else be enough
            problems.note(f"{judge.path}.required[{i}]", f"{word!r} is no stage of the judge.{nearest(word, STAGES)}")
    unknown = judge.child("if_unknown")
    if unknown.value is not None:
        unknown.mapping(required=("vary", "starts"))
        varied = sorted({key for v in vary for key in (v.key, v.key.rpartition(".")[0]) if "." in key})
        for n in unknown.child("vary").each():
            if n.word().partition(".")[0] not in unbuilt:
                n.word(choices=varied)
    return ScenarioConfig(
        id=name,
        title=node.child("title").words(),
        version=node.child("version").integer(low=1),
        time_limit=node.child("time_limit").quantity("time", default=60.0, low=1.0),
        pace=_pace(node.child("pace")),
        tasks=tuple(words for words, _ in tasks),
        tasks_where=tuple(where for _, where in tasks),
        brief=node.child("brief").words() if "brief" in node else {},
        stands_at=(
            stands.child("x").quantity("length", default=0.0),
            stands.child("y").quantity("length", default=0.0),
            stands.child("yaw").quantity("angle", default=0.0),
        ),
        pose=robot.child("pose").word(),
        base=robot.child("base").word(default=BASES[0], choices=BASES) if "base" in robot else BASES[0],
        parts=parts,
        unbuilt=unbuilt,
        variation=vary,
        deals=deals,
        friction_of=friction_of,
        redraw_unless=unless,
        redraw_at_most=at_most,
        cameras=tuple(read_camera(key, child) for key, child in node.child("cameras").items()),
        unseen=_unseen(node.child("unseen"), [*(p.name for p in parts), *unbuilt]) if "unseen" in node else {},
        required=required,
        vary_unknown=tuple(n.word() for n in unknown.child("vary").each()) if unknown.value else (),
        starts=unknown.child("starts").integer(default=32, low=1),
        thresholds=judge.child("thresholds").word(default="arm_manipulation"),
        hands_may_touch=tuple(judge.child("hands_may_touch").each()) if "hands_may_touch" in judge else (),
        held_may_touch=tuple(judge.child("held_may_touch").each()) if "held_may_touch" in judge else (),
        control_rate=node.child("control_rate").quantity("frequency", default=CONTROL_RATE, low=1.0, high=500.0),
        substeps=node.child("substeps").integer(default=SUBSTEPS, low=1, high=MAX_SUBSTEPS),
        liquids=node.child("liquids"),
        stains=node.child("stains"),
        physics=read_physics(node.child("physics")),
        goal=node.child("goal"),
        never=node.child("never"),
        safety=node.child("safety"),
        skills=node.child("skills"),
        mistakes=node.child("mistakes"),
        rules=node.child("rules"),
        answers=read_answers(node.child("answers"), {p.name: p.part for p in parts}) if "answers" in node else (),
        marks=node.child("marks"),
        problems=problems,
        raw=raw,
        cell=cell,
        variant=node.child("variant").word(default="") or None,
        drawn=drawn,
        assets=assets,
        link=read_link(node.child("link")),
        goal_rule=goal_rule,
    )


def _parts(node: Node, assets: Path | None) -> tuple[Placed, ...]:
    placed: list[Placed] = []
    if not node.mapping(optional=None):
        return ()
    names = list(node.value)
    for name, child in node.items():
        if name in ("robot", "marks"):
            taken = "the robot's own name" if name == "robot" else "what stands before the names of marks"
            child.note(f"{name!r} is {taken}; call the part something else.")
        elif not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            child.note(f"{name!r} cannot be the name of a part: small letters, digits and _ only, such as left_cup.")
        if not child.mapping(required=("part",), optional=None):
            continue
        check_title(child)
        part = load_part(child.child("part").word(), child.child("part"), assets)
        if part is None:
            continue
        for key in child.value:
            if key not in PLACED and key not in part.params:
                child.child(str(key)).note(f"unknown key {key!r}.{nearest(str(key), [*PLACED, *part.params])}")
        if "fills" in child and "stands_on" in child:
            child.note("a part either fills another or stands on it; remove 'fills' or 'stands_on'.")
        base = child.child("fills") if "fills" in child else child.child("stands_on")
        stands_on = None
        if base.value is not None:
            instance, _, site = base.word().partition(".")
            if instance not in names[: names.index(name)]:
                above = names[: names.index(name)]
                why = f"stands {'here' if instance == name else 'below'}, and a part stands on one that is listed above it."
                why = why if instance in names else f"is no part of this scenario.{nearest(instance, above)}"
                base.note(f"{instance!r} {why}")
            else:
                stands_on = (instance, site)
                below = next((p for p in placed if p.name == instance), None)
                if below is not None:
                    sites = [s.name for s in below.part.spec().sites]
                    if site not in sites:
                        base.note(f"the part {instance!r} has no site {site!r}.{nearest(site, sites)}")
        put = child.child("put").word(default="") or None
        if put is not None:
            sites = [s.name for s in part.spec().sites]
            if put not in sites:
                child.child("put").note(f"the part has no site {put!r}.{nearest(put, sites)}")
        at = child.child("at")
        if at.value is not None:
            at.mapping(optional=("x", "y", "z"))
        params = {
            key: child.child(key).quantity(p.dimension, default=p.default, low=p.low, high=p.high)
            for key, p in part.params.items()
        }
        x, y, z = (at.child(axis).quantity("length", default=0.0) for axis in "xyz")
        yaw = child.child("yaw").quantity("angle", default=0.0)
        behaviour = child.child("behaviour") if "behaviour" in child else None
        placed.append(Placed(name, part, (x, y, z), yaw, stands_on, put, params, behaviour))
    return tuple(placed)


def _variation(
    node: Node, parts: tuple[Placed, ...], unbuilt: tuple[str, ...]
) -> tuple[tuple[Vary, ...], tuple[str, ...], tuple[str, ...], float]:
    vary: list[Vary] = []
    friction_of: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    at_most = 0.05
    by_name = {p.name: p for p in parts}
    for key, child in node.items():
        if key == "friction":
            child.mapping(required=("of", "scale"))
            friction_of = tuple(n.word() for n in child.child("of").each())
            low, high = _uniform(child.child("scale"), None)
            vary.append(Vary("friction", low, high, True))
        elif key == "redraw":
            child.mapping(required=("unless", "at_most"))
            unless = tuple(n.word(choices=("reachable", "no_penetration")) for n in child.child("unless").each())
            at_most = child.child("at_most").quantity("share", low=0.0, high=1.0)
        elif key in unbuilt or key == "deal":
            continue
        elif key not in by_name:
            child.note(f"{key!r} is no part of this scenario.{nearest(key, [*by_name, 'friction', 'redraw', 'deal'])}")
        else:
            placed, part = by_name[key], by_name[key].part
            child.mapping(optional=("at", "yaw", *part.params))
            for axis, value in child.child("at").items():
                if axis not in ("x", "y", "z"):
                    value.note(f"unknown axis {axis!r}. Known here: x, y, z.")
                    continue
                vary.append(_vary(f"{key}.at.{axis}", value, "length"))
            if "yaw" in child:
                vary.append(_vary(f"{key}.yaw", child.child("yaw"), "angle"))
            for name, param in part.params.items():
                if name in child:
                    before = len(node.problems.found)
                    drawn = _vary(f"{key}.{name}", child.child(name), param.dimension)
                    if len(node.problems.found) == before:
                        _within(drawn, 0.0 if drawn.replace else placed.params[name], param, child.child(name))
                    vary.append(drawn)
    return tuple(vary), friction_of, unless, at_most


def _task(node: Node, parts: tuple[Placed, ...]) -> tuple[dict[str, str], dict[str, float]]:
    """A task sentence in both languages, and `where: {named.label: 0 %}`, the values of the draws that it is of."""
    if not node.mapping(required=("en", "zh"), optional=("where",)):
        return {"en": "", "zh": ""}, {}
    params = {f"{p.name}.{key}": param for p in parts for key, param in p.part.params.items()}
    where = {}
    for key, child in node.child("where").items() if "where" in node else ():
        if key not in params:
            child.note(f"{key!r} is no parameter of a part.{nearest(key, list(params))}")
        else:
            where[key] = child.quantity(params[key].dimension, default=0.0)
    return {key: node.child(key).word() for key in ("en", "zh")}, where


def _pace(node: Node) -> float:
    pace = node.number(default=PACE)
    if pace < 1.0:
        node.note(f"{node.value!r} is too small. A person may take as long as the scripted operator, or longer: 1 or more.")
    return pace


def tasks_of(config: ScenarioConfig, values: Mapping[str, float]) -> list[int]:
    """Which task sentences are of a draw's values, by number; the first where there is none."""
    fit = [
        i
        for i, where in enumerate(config.tasks_where)
        if all(abs(values[key] - value) < 1e-6 for key, value in where.items())
    ]
    return fit or [0]


def _within(drawn: Vary, base: float, param: Param, node: Node) -> None:
    """Note a draw with ends outside the part's range."""
    low, high = base + drawn.low, base + drawn.high
    if low < param.low - 1e-12 or high > param.high + 1e-12:
        ends, range_ = (
            f"{show(a, param.dimension)} to {show(b, param.dimension)}"
            for a, b in ((low, high), (param.low, param.high))
        )
        node.note(f"draws from {ends}, but the part's range is {range_}.")


def _vary(key: str, node: Node, dimension: str) -> Vary:
    replace = "replace" in node
    if replace:
        node.mapping(required=("replace",))
    if replace and "one_of" in node.child("replace"):
        node.child("replace").mapping(required=("one_of",))
        choices = tuple(n.quantity(dimension) for n in node.child("replace").child("one_of").each())
        if len(choices) < 2:
            node.note("one_of takes two values or more, such as [-45 deg, 45 deg].")
        return Vary(key, min(choices, default=0.0), max(choices, default=0.0), replace, choices, dimension)
    low, high = _uniform(node.child("replace") if replace else node, dimension)
    return Vary(key, low, high, replace, dimension=dimension)


def _uniform(node: Node, dimension: str | None) -> tuple[float, float]:
    if not isinstance(node.value, Mapping) and (meant := other_sign(node.value)):
        node.note(f"{node.value!r} is not a mapping. Write {{uniform: {meant}}}.")
        return (0.0, 0.0)
    node.mapping(required=("uniform",))
    if "uniform" not in node:
        return (0.0, 0.0)  # which has been reported
    if not isinstance(node.child("uniform").value, list):
        meant = other_sign(node.child("uniform").value)
        node.child("uniform").note(f"{node.child('uniform').value!r} is no range. Write {meant or 'two bounds, such as [-20 mm, 30 mm]'}.")
        return (0.0, 0.0)
    bounds = list(node.child("uniform").each())
    if len(bounds) != 2:
        node.note("uniform takes two bounds, such as [-20 mm, 30 mm].")
        return (0.0, 0.0)
    low, high = (b.number() if dimension is None else b.quantity(dimension) for b in bounds)
    if low > high:
        node.note(f"the lower bound {bounds[0].value!r} is above the upper {bounds[1].value!r}.")
    return low, high


def _unseen(node: Node, parts: Sequence[str]) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for name, child in node.items():
        if name not in parts:
            child.note(f"{name!r} is no part of this scenario.{nearest(name, list(parts))}")
        found[name] = child.words()
    if len(found) > 1:
        node.note("at most one thing may be unseen, with its reason. Let the head look at the others (skill `look`).")
    return found


def nominal_values(config: ScenarioConfig) -> dict[str, float]:
    """Every number of the scene that a draw may change, as the YAML gives it: `oven.at.x`, `oven.yaw`, `counter.height`, `friction`."""
    return values_of(config.parts) | ({} if config.link.local else {SEED: 0.0})


def values_of(parts: tuple[Placed, ...]) -> dict[str, float]:
    """The same of the parts alone."""
    values: dict[str, float] = {"friction": 1.0}
    for placed in parts:
        values |= {f"{placed.name}.at.{axis}": placed.at[i] for i, axis in enumerate("xyz")}
        values[f"{placed.name}.yaw"] = placed.yaw
        values |= {f"{placed.name}.{key}": value for key, value in placed.params.items()}
    return values


def dealt_values(config: ScenarioConfig, rng: np.random.Generator) -> dict[str, float]:
    """The scene as the YAML gives it, after its deals."""
    return deal(config.deals, nominal_values(config), rng)


def draw_values(
    config: ScenarioConfig, rng: np.random.Generator, dealt: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Draw every varied number once, in the order in which the YAML names them, about what was dealt; dealt first where None."""
    values = dict(dealt_values(config, rng) if dealt is None else dealt)
    for vary in config.variation:
        number = vary.number(rng)
        values[vary.key] = number if vary.replace else values[vary.key] + number
    return values
