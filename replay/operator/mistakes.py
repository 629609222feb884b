"""How the scripted operator goes wrong on purpose: a scenario's `mistakes`, each with the code that it must bring.

A mistake is the scenario's own skill chain, changed: arguments of a skill, skills left out or put in, a grip that opens, an
operator who is too fast or grips too weakly, or who overlooks what stands otherwise than in any draw. Environment, operator and
judge must all name what follows with one code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ...scenarios.draws import variation
from ...scenarios.robots.robot_folder import SIDES
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.near_matches import nearest, refuse_unknown
from ...scenarios.sheet.yaml_reader import Node
from ..checks.finding import Finding
from .operator_state import OperatorState
from .skills import registry
from .tries import numbered
from .words.chain import read_condition, read_skills
from .words.skill import REQUIRED, Motion, Skill

WAYS = ("change", "skip", "before", "after", "ends_with", "let_go", "faults", "draw")
# of the operator; dimension of each
FAULTS = {"grip_force": "share", "speed": "share", "aim_offset": "length", "aim_ahead": "length", "near_people": "share"}
LEAST = {"grip_force": 0.0, "speed": 0.01, "near_people": 0.01}  # of a fault: who has no speed at all never ends
WIDE = 0.08  # m, gap to which a grip that slips opens


@dataclass(frozen=True)
class MistakeStep:
    """A skill of a chain: its kind and arguments.

    `slips` [s]: the grip of `hands` opens so long after it has begun. `only_if`, `called`: as of a skill.
    """

    kind: type[Skill]
    values: Mapping[str, Any]
    slips: float | None = None
    hands: tuple[str, ...] = SIDES
    only_if: str = ""
    called: str = ""

    def skill(self) -> Skill:
        skill = self.kind(dict(self.values))
        skill.only_if, skill.called = self.only_if, self.called
        return skill if self.slips is None else _Slipping(skill, self.slips, self.hands)


@dataclass(frozen=True)
class Mistake:
    """One way of going wrong.

    Attributes:
        name: its word in the YAML.
        code: what environment, operator and judge must all call it, one of `codes_of`.
        steps: the chain that is performed; faults: of the operator, see `Operator`.
        seed: of the draw that it is tried on; None where any will do.
        values: [SI] what a draw has otherwise where this mistake is made, by key as in `Draw.values`.
    """

    name: str
    code: str
    steps: tuple[MistakeStep, ...]
    faults: Mapping[str, float]
    seed: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)

    def draw(self, scene: Scene, seed: int) -> variation.Draw:
        """The draw of a seed with the values of this mistake put in.

        Raises:
            ScenarioError: with them something starts inside something else.
        """
        drawn = variation.draw(scene, seed)
        if not self.values:
            return drawn
        changed = variation.of_values(scene, {**drawn.values, **self.values}, drawn.task)
        depth = variation.penetration(changed)
        if depth > variation.PENETRATION:
            raise ScenarioError(
                f"With its draw something starts {depth * 1e3:.1f} mm inside something else.",
                field=f"mistakes.{self.name}",
            )
        return replace(changed, redraws=drawn.redraws)

    def chain(self) -> list[Skill]:
        """Fresh skills, one chain for each operator: a skill remembers things while it is performed."""
        return [step.skill() for step in self.steps]


class _Slipping(Skill):
    """A skill during which whatever the hands hold is let go."""

    def __init__(self, skill: Skill, after: float, hands: tuple[str, ...]):
        self.name = skill.name  # type: ignore[misc]  # an episode's segments show the skill under its own name
        super().__init__(skill.values)
        self.skill, self.after, self.sides = skill, after, hands
        self.only_if = skill.only_if
        self.word = skill.word  # type: ignore[misc]
        self.arguments = skill.arguments  # type: ignore[misc]  # and it wants its hand where that one does

    def run(self, state: OperatorState) -> Motion:
        for k, _ in enumerate(self.skill.run(state)):
            if k * state.timestep >= self.after:
                for side in [side for side in state.held if side in self.sides]:
                    state.open_claw(side, WIDE)
                    del state.held[side]
            yield


def codes_of(scene: Scene) -> list[str]:
    """Codes of all that environment, operator and judge have a name for: failure modes, missed subgoals, broken force limits."""
    nevers = [f"scenario.{never.name}" for never in scene.course.nevers]
    goals = [f"replay.goal:{goal.name}" for goal in scene.course.subgoals]
    return [*nevers, *goals, *dict.fromkeys(limit.code for limit in scene.safety)]


def code_of(finding: Finding) -> str:
    """A finding under the name that environment and operator give it: its code, of what; failure modes name themselves."""
    if finding.code.startswith("scenario."):
        return finding.code
    return ":".join([f"{finding.stage}.{finding.code}", *finding.subject[:1]])


def read_mistakes(scene: Scene) -> dict[str, Mistake]:
    """The mistakes of a scene's YAML by name.

    Raises:
        ScenarioError: every unknown key, skill, argument and code, with file and line.
    """
    found = note_mistakes(scene)
    scene.config.problems.stop(f"The skills and mistakes of {scene.name!r}")
    return found


def note_mistakes(scene: Scene) -> dict[str, Mistake]:
    """The mistakes of a scene's YAML as far as they can be read; what is wrong with them and with the skills is reported."""
    return note_ways(scene, scene.config.mistakes)


def note_ways(scene: Scene, ways: Node, beyond: bool = False) -> dict[str, Mistake]:
    """Ways of going wrong as far as they can be read; what is wrong with them is reported where they stand.

    Args:
        ways: name -> how; beyond: values of a draw may lie beyond what its part can be.
    """
    chain = [_step(skill) for skill in read_skills(scene, registry())]
    found = {}
    for name, node in ways.items():
        if node.mapping(required=("code",), optional=(*WAYS, "seed")):
            found[name] = _read(name, node, scene, chain, beyond)
    return found


def mistake_of(scene: Scene, name: str) -> Mistake:
    """One mistake by name.

    Raises:
        ScenarioError: there is none of that name, or something is wrong with the mistakes of the scene.
    """
    known = read_mistakes(scene)
    refuse_unknown(name, known, f"{scene.name!r} has no mistake {name!r}.", field="mistake")
    return known[name]


def _read(name: str, node: Node, scene: Scene, chain: Sequence[MistakeStep], beyond: bool) -> Mistake:
    if not any(way in node for way in WAYS):
        node.note(f"nothing goes wrong here. Say how, by one of {', '.join(WAYS)}.")
    # where goal, failure modes or parts cannot be read, nobody knows which codes there would be
    unread = any(f"scenario.{key}" in line for line in scene.config.problems.found for key in ("goal", "never", "parts", "safety"))
    code = node.child("code").word(choices=None if unread else codes_of(scene))
    names = [
        (name, step.called) if step.called else (name,)
        for name, step in zip(numbered([step.kind.name for step in chain]), chain)
    ]
    places = partial(_places, names=names, whole=len(chain) == len(scene.config.skills.value or ()))
    steps: list[MistakeStep | None] = list(chain)
    put_before: dict[int, list[MistakeStep]] = {}
    put_after: dict[int, list[MistakeStep]] = {}
    for word, child in node.child("change").items():
        for at in places(child, word):
            only_if = _only_if(child, scene) if "if" in child else chain[at].only_if
            steps[at] = replace(chain[at], values=_changed(chain[at], child, scene), only_if=only_if)
    for key, put in (("before", put_before), ("after", put_after)):
        for word, child in node.child(key).items():
            for at in places(child, word):
                put[at] = [_step(skill) for skill in read_skills(scene, registry(), child)]
    let_go = node.child("let_go")
    if let_go.value is not None and let_go.mapping(required=("during", "after"), optional=("hand",)):
        after = let_go.child("after").quantity("time", low=0.0)
        hands = (let_go.child("hand").word(choices=SIDES),) if "hand" in let_go else SIDES
        for at in places(let_go.child("during"), let_go.child("during").word()):
            step = steps[at]
            assert step is not None
            steps[at] = replace(step, slips=after, hands=hands)
    for child in _one_or_more(node.child("skip")):
        for at in places(child, child.word()):
            steps[at] = None
    if "ends_with" in node:
        for at in places(node.child("ends_with"), node.child("ends_with").word()):
            steps[at + 1 :] = [None] * len(steps[at + 1 :])
            put_before = {i: put for i, put in put_before.items() if i <= at}
            put_after = {i: put for i, put in put_after.items() if i <= at}
    whole = []
    for at, step in enumerate(steps):
        whole += [*put_before.get(at, ()), *([] if step is None else [step]), *put_after.get(at, ())]
    seed = node.child("seed").integer(low=0) if "seed" in node else None
    values = _values(node.child("draw"), scene, beyond)
    return Mistake(name, code, tuple(whole), _faults(node.child("faults")), seed, values)


def _step(skill: Skill) -> MistakeStep:
    return MistakeStep(type(skill), skill.values, only_if=skill.only_if, called=skill.called)


def _places(node: Node, label: str, names: Sequence[tuple[str, ...]], whole: bool) -> list[int]:
    """Where in a chain a label stands, as a list of one; an empty one and a note where it stands nowhere or at several places.

    Args:
        names: of the chain's skills, as `numbered` tells them apart (`take.rim 2`), and the own name of those that have one.
        whole: whether each of the chain's skills could be read; else a skill that is not among them may be one that could not.
    """
    found = [i for i, known in enumerate(names) if label in (*known, known[0].rpartition(" ")[0])]
    if len(found) > 1:
        which = ", ".join(names[i][-1] for i in found)
        node.note(f"{label!r} stands {len(found)} times among the skills. Say which: {which}.")
    elif not found and label and whole:
        node.note(
            f"{label!r} is not among the skills of this scenario.{nearest(label, [name for known in names for name in known])}"
        )
    return found if len(found) == 1 else []


def _only_if(node: Node, scene: Scene) -> str:
    """The switch without which a changed skill is left out; "" where it is done in any case."""
    return read_condition(node.child("if"), scene) if node.child("if").value is not None else ""


def _changed(step: MistakeStep, node: Node, scene: Scene) -> dict[str, Any]:
    """The arguments of a skill with those of a mistake put in; `null` is what holds where the argument is left out."""
    values, arguments = dict(step.values), step.kind.arguments
    node.mapping(optional=(*arguments, "if"))
    for name, child in node.items():
        if name in arguments:
            if child.value is None and arguments[name].default is REQUIRED:
                child.note(f"{step.kind.name} needs its {name!r}. `shiliu list skills {step.kind.word}` says what it may be.")
            values[name] = arguments[name].read(child, scene)
    return values


def _one_or_more(node: Node) -> Iterator[Node]:
    if isinstance(node.value, list):
        yield from node.each()
    elif node.value is not None:
        yield node


def _values(node: Node, scene: Scene, beyond: bool) -> dict[str, float]:
    """`draw: {visitor: {at: {y: -150 mm}}}`: values of parts, written as `parts` writes them; `friction: 0.05` where it is drawn."""
    found: dict[str, float] = {}
    parts = {placed.name: placed.part for placed in scene.config.parts}
    for name, child in node.items():
        if name == "friction" and any(vary.key == name for vary in scene.config.variation):
            found[name] = child.number()
            if found[name] < 0.0:
                child.note("a share of the usual friction is 0 or more.")
            continue
        if name not in parts:
            child.note(f"{name!r} is no part of this scenario.{nearest(name, list(parts))}")
            continue
        params = parts[name].params
        if not child.mapping(optional=("at", "yaw", *params)):
            continue
        if "at" in child and child.child("at").mapping(optional=("x", "y", "z")):
            found |= {f"{name}.at.{axis}": place.quantity("length") for axis, place in child.child("at").items()}
        if "yaw" in child:
            found[f"{name}.yaw"] = child.child("yaw").quantity("angle")
        for word, param in params.items():
            if word in child:
                low, high = (None, None) if beyond else (param.low, param.high)
                found[f"{name}.{word}"] = child.child(word).quantity(param.dimension, low=low, high=high)
    return found


def _faults(node: Node) -> dict[str, float]:
    if node.value is None or not node.mapping(optional=tuple(FAULTS)):
        return {}
    return {
        name: child.quantity(FAULTS[name], low=LEAST.get(name), high=10.0)
        for name, child in node.items()
        if name in FAULTS
    }
