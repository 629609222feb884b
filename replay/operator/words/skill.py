"""What a skill is: a word of the field and how it is done, documented arguments with units, and a motion made from what is seen."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import mujoco
import numpy as np

from ....scenarios.parts.grip_sheet import GripSheet
from ....scenarios.robots.postures import postures_of
from ....scenarios.robots.robot_folder import DEFAULT_ROBOT, SIDES
from ....scenarios.sheet.near_matches import nearest, refuse_unknown
from ....scenarios.sheet.quantity import EXAMPLE
from ....scenarios.sheet.yaml_reader import Node, Problems

if TYPE_CHECKING:
    from ....scenarios.scene.scene import Scene
    from ..recognition.evidence import Evidence, Step
    from ..recognition.hand_features import HandFeatures
Motion = Generator[None, Any, Any]  # what a skill does over time, one `yield` a control step
REQUIRED = object()
# SI, between which an argument lies that does not say otherwise: beyond it lies a slip of the pen, and no way ends
BOUNDS: dict[str, tuple[float, float]] = {
    "length": (-2.0, 2.0),
    "angle": (-2.0 * np.pi, 2.0 * np.pi),
    "force": (0.0, 1000.0),
    "time": (0.0, 3600.0),
    "speed": (1e-3, 10.0),
    "angular_speed": (np.deg2rad(1.0), np.deg2rad(3600.0)),
    "share": (0.0, 10.0),
    "volume": (0.0, 0.1),
}
KINDS = ("hand", "site", "joint", "body", "cloth", "grip", "subgoal", "posture", "word", "travel", *EXAMPLE)  # of arguments
THINGS = ("body", "site", "cloth")  # kinds that name a thing: what `of` may be, by what a strategy has to see of it
QUIET = ("look", "point", "home", "wait")  # words of skills that take and put nothing


@dataclass(frozen=True)
class Argument:
    """One argument of a skill.

    Attributes:
        kind: `hand`, `site`, `joint`, `body`, `cloth`, `grip`, `subgoal`, `posture`, `word`, `travel` (how far the argument `joint`
            goes: an angle of a hinge, a length of a slide) or a dimension of `quantity.EXAMPLE` (`length`, `force`, ...).
        doc: what it means.
        default: SI value or word; REQUIRED where it must be given.
        choices: the words that are allowed, or the hands.
        low, high: SI, between which a quantity lies; those of `BOUNDS` where None.
        instead: another argument that may stand in place of a required one.

    Raises:
        TypeError: `kind` is none of `KINDS`.
    """

    kind: str
    doc: str
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    instead: str = ""

    def __post_init__(self) -> None:
        refuse_unknown(self.kind, KINDS, f"An argument ({self.doc}) cannot be a {self.kind!r}.", error=TypeError)

    def but(self, **changes: Any) -> Argument:
        """The same with another default, meaning or bounds."""
        return replace(self, **changes)

    def read(self, node: Node, scene: Scene, beside: Node | None = None) -> Any:
        """What an argument of the YAML means.

        Args:
            beside: the skill's arguments, where what it means depends on another one.
        """
        if node.value is None:
            return None if self.default is REQUIRED else self.default
        if self.kind in EXAMPLE:
            low, high = BOUNDS.get(self.kind, (None, None))
            low, high = (low if self.low is None else self.low), (high if self.high is None else self.high)
            return node.quantity(self.kind, low=low, high=high)
        if self.kind == "travel":
            return _travel(node, scene, beside)
        if self.kind == "hand":
            return node.word(choices=self.choices or SIDES)
        if self.kind in ("site", "joint", "body"):
            name = scene.names.element(node, self.kind)
            if name is not None and self.kind == "joint" and not _of_a_part(scene, name):
                node.note(f"{node.value!r} is no hinge or slide of a part, such as oven.door.")
                return None
            return name
        if self.kind == "cloth":
            found = {cloth.part: cloth for cloth in scene.cloths}
            return found.get(node.word(choices=list(found)))
        if self.kind == "grip":
            return _grip(node, scene, beside)
        if self.kind == "subgoal":
            return node.word(choices=[s.name for s in scene.goal])
        if self.kind == "posture":
            return node.word(choices=list(postures_of(scene.robot.name)))
        if isinstance(node.value, bool) and set(self.choices) == {"no", "yes"}:
            return "yes" if node.value else "no"  # which is how YAML reads a plain yes
        return node.word(choices=self.choices or None)


def _travel(node: Node, scene: Scene, beside: Node | None) -> float:
    """How far a joint is moved [rad or m]."""
    problems = Problems()
    joint = beside.child("joint") if beside is not None else node
    name = scene.names.element(Node(joint.value, joint.path, problems), "joint") if joint.value else None
    slides = name is not None and scene.names.spec.joint(name).type == mujoco.mjtJoint.mjJNT_SLIDE
    dimension = "length" if slides else "angle"
    low, high = BOUNDS[dimension]
    return node.quantity(dimension, low=low, high=high)


def together(*motions: Motion) -> Motion:
    """Several motions side by side, until all have ended."""
    left = list(motions)
    while left:
        for motion in list(left):
            try:
                next(motion)
            except StopIteration:
                left.remove(motion)
        if left:
            yield


@dataclass(frozen=True)
class NamedGrip:
    """A grip of a part's sheet, as a scene has it: `sites` are the scene's."""

    name: str
    sheet: GripSheet
    sites: tuple[str, ...]


def _grip(node: Node, scene: Scene, beside: Node | None) -> NamedGrip | None:
    """A grip by its name in the sheet of what is taken, `wall` beside `of: can`; or in full, `can.wall`."""
    part, _, name = node.word().rpartition(".")
    if not part and beside is not None:
        part = str(beside.child("of").value).partition(".")[0]
    placed = next((placed for placed in scene.config.parts if placed.name == part), None)
    if placed is None:
        node.note(f"{node.value!r} does not say of which part. Write the part before it, such as can.wall.")
        return None
    grips = {key: sheet for key, sheet in placed.part.grips.items() if sheet.sites}
    if name not in grips:
        node.note(f"{part!r} has no grip {name!r}.{nearest(name, list(grips))}")
        return None
    return NamedGrip(name, grips[name], tuple(f"{part}/{site}" for site in grips[name].sites))


def _of_a_part(scene: Scene, joint: str) -> bool:
    """Whether a joint of the scene is one that the operator sees the angle of: a hinge or slide of a part."""
    turning = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
    return "/" in joint and scene.names.spec.joint(joint).type in turning


@dataclass(frozen=True)
class Label:
    """How a skill is named where a recording shows it, and by what it is seen there.

    Attributes:
        en, zh: its title, and a sentence: a template over the arguments that name a place or a thing, `hand`, and `about`, what it
            is about. A part between `[[` and `]]` is left out where one of its fields is missing.
        shows: what speaks for it in the features of one hand, of `recognition` or of its own module; its docstring says when it begins
            and ends. None where no reading tells it: then it is any motion.
        unseen: why no reading tells it.
        about: the argument that says what it is about; "" for the first that it has of `of`, `joint`, `at` and `to`.
        grips: whether the hand has hold afterwards of what it is about.
    """

    en: tuple[str, str]
    zh: tuple[str, str]
    shows: Callable[[HandFeatures, Step], Evidence] | None = None
    unseen: str = ""
    about: str = ""
    grips: bool = False

    def words(self, lang: str) -> tuple[str, str] | None:
        """Title and sentence in a language; None where the skill brings none."""
        return {"en": self.en, "zh": self.zh}.get(lang)


class Skill:
    """One step of a demonstration: a strategy of a primitive.

    A subclass names its word and how it does it (`class TakeRim(Skill, word="take", how="rim")`), `label` and `arguments`, and moves in
    `run`.

    Attributes:
        name: `take.rim`; the word alone where it is the plain way.
        only_if: the switch of the scenario's rules that has to be on when its turn comes; "" where it is done in any case.
        called: what the chain calls it (`as: take_bowl`), so that mistakes need not count; "" where it has no name.
        beside_it: (2,) how far ahead and aside [m] of its place the chain puts later what this skill takes.
    """

    word: ClassVar[str]  # of the primitive
    how: ClassVar[str] = ""  # the strategy; "" for the plain way, or the only one
    name: ClassVar[str]
    label: ClassVar[Label]
    arguments: ClassVar[dict[str, Argument]]
    needs: ClassVar[str] = ""  # the base that the robot must stand on
    hands: ClassVar[str] = ""  # which it moves, where its arguments do not say
    beside_it: tuple[float, float] = (0.0, 0.0)
    only_if: str = ""  # the switch of the scenario's rules without which it is left out
    called: str = ""

    def __init_subclass__(cls, word: str = "", how: str = "") -> None:
        if word:
            cls.word, cls.how, cls.name = word, how, f"{word}.{how}" if how else word

    def __init__(self, values: dict[str, Any]):
        self.values = values

    @classmethod
    def made(cls, **given: Any) -> Skill:
        """The skill with some arguments [SI] and the defaults of the others."""
        values = {name: argument.default for name, argument in cls.arguments.items()} | given
        missing = [name for name, value in values.items() if value is REQUIRED]
        if missing or set(values) - set(cls.arguments):
            raise TypeError(f"{cls.name} wants {missing} and takes no {set(values) - set(cls.arguments)}")
        return cls(values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(name) from None

    def run(self, state: Any) -> Motion:
        """Move, one `yield` a control step, with the senses and limbs of an `OperatorState`."""
        raise TypeError(f"{type(self).__name__} does not say how it moves")

    @classmethod
    def of_one_hand(cls) -> bool:
        """Whether one hand does it, which `hand` names; else both do, or none."""
        return "hand" in cls.arguments

    @classmethod
    def catalogue(cls) -> dict[str, Any]:
        """Name, what it does, and its arguments with kind, default, choices and meaning."""
        rows = [described(name, argument) for name, argument in cls.arguments.items()]
        named = any(argument.kind == "hand" for argument in cls.arguments.values())
        still = f"No hand: base={cls.needs}" if cls.needs else "No hand"
        hands = cls.hands or ("The hand that is named" if named else still)
        doc, _, more = inspect.cleandoc(cls.__doc__ or "").partition("\n")
        return {
            "name": cls.name,
            "word": cls.word,
            "how": cls.how,
            "doc": doc,
            "more": more.strip(),
            "hands": hands,
            "arguments": rows,
        }


def handled(skill: Skill) -> Iterator[str]:
    """Each body, site, joint and part of cloth that a skill of the hands names; none of one that takes and puts nothing."""
    for name, argument in skill.arguments.items():
        value = skill.values.get(name)
        if argument.kind in (*THINGS, "joint") and value is not None and skill.word not in QUIET:
            yield value if isinstance(value, str) else value.part


def described(name: str, argument: Argument) -> dict[str, Any]:
    """An argument as lists show it: name, kind, default, choices and meaning."""
    own = {"hand": SIDES, "posture": postures_of(DEFAULT_ROBOT)}  # of kinds that bring their own
    default = "" if argument.default is REQUIRED or argument.default is None else argument.default
    return {
        "name": name,
        "kind": argument.kind,
        "required": argument.default is REQUIRED,
        "default": default,
        "choices": list(argument.choices or own.get(argument.kind, ())),
        "doc": argument.doc,
    }
