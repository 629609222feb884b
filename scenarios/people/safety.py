"""What a robot may do to things and people: limits of force and speed, read from a scenario and watched through episodes.

A person's limits need not be written down: whoever stands, sits or lies in a scene is protected by those of healthy adults,
region by region, and by the reduced speed near people. A scenario says more where it knows more:

```yaml
safety:
  guest_touch: {person: {of: guest, frail: true, through: [cup]}}
  guest_speed: {speed: {of: [robot.hands, cup], near: guest, within: 500 mm}, at_most: 0.25 m/s, source: "ISO 10218-1"}
```
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from ..parts.titles import check_title, source_of
from ..reading.names import Names
from ..sensing.predicate import TRACE, Force, Values, distance, least, most
from ..sensing.requests import FORCE_WINDOW, Asks, Readings, Request, Row
from ..sheet.own_files import PACKAGE, read_own
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_reader import Node, Problems

STANDARD = "ISO/TS 15066:2016 Annex A"
CAVEAT = (
    "people: the limits are pain-onset values of healthy adults as quoted in public (some from memory), halved for frail people"
    " by this project's own rule; the person is a mannequin. A simulation is no safety proof."
)
REDUCED_SPEED = "ISO 10218-1 reduced speed"
HELD_UP = 1000.0  # N level on the pelvis: two hands push with 200 N at most, and what stops a base with its drives' 400 kN


@dataclass(frozen=True)
class SpeedNear(Asks):
    """Speed [m/s] of the fastest of several things that are near somebody; zero where none is near.

    Attributes:
        movers: position and velocity of each thing.
        outline: places on the body, each with the radius [m] of a ball that stands for what is around it.
        within: distance [m] from the body's surface that counts as near.
    """

    movers: tuple[tuple[Request, Request], ...]
    outline: tuple[tuple[Request, float], ...]
    within: float
    limit: float
    unit: str = "m/s"

    def value(self, readings: Readings | Row) -> Values:
        speeds: list[Values] = []
        around = [(readings.point(site), radius) for site, radius in self.outline]
        for place, velocity in self.movers:
            at, moves = readings.point(place), readings.point(velocity)
            gap = least([distance(at, site) - radius for site, radius in around])
            speed = distance(moves, (0.0, 0.0, 0.0))
            if type(speed) is float:
                speeds.append(speed if gap <= self.within else 0.0)
            else:
                speeds.append(np.where(gap <= self.within, speed, 0.0))
        return most(speeds)

    def margin(self, readings: Readings | Row) -> Values:
        return self.value(readings) - self.limit


@dataclass(frozen=True)
class Stopped(Asks):
    """Force [N] with which a thing meets trunk or leg of a base that drives, and stops it; zero where nothing does.

    A link that its own arm grazes measures a force, too. What stops the base loads all of the robot, as no push of the hands is.

    Attributes:
        forces: on the link, of whatever touches it; pelvis: force between pelvis and floor, of which none is needed of a foot.
    """

    forces: tuple[Request, ...]
    pelvis: Request | None
    limit: float
    unit: str = "N"

    def value(self, readings: Readings | Row) -> Values:
        force = readings.peak_of(self.forces)
        if self.pelvis is None:
            return force
        x, y, _ = readings.point(self.pelvis)
        if isinstance(force, float):
            return force if math.hypot(float(x), float(y)) > HELD_UP else 0.0
        return np.where(np.hypot(x, y) > HELD_UP, force, 0.0)

    def margin(self, readings: Readings | Row) -> Values:
        return self.value(readings) - self.limit


@dataclass(frozen=True)
class Limit:
    """A limit of what may be done to something or somebody.

    Attributes:
        limit: [N] or [m/s]; `unsure`: share of it within which an excess is a warning only.
        grade: `published` or `estimate`, from whether the source is marked [E].
        judged_as: the judge's code; `about`: what it is reported of there.
        lasting: [s] it counts only once the limit has been exceeded unbroken for so long.
        kind: of contact with a person: `pressed` (quasi-static), `struck` (transient), `touched` (no contact is allowed).
        person: the person of the limit, if it is a person's.
    """

    name: str
    predicate: Force | SpeedNear | Stopped
    limit: float
    unsure: float
    source: str
    grade: str
    mean: bool
    judged_as: str = "force.object"
    about: str = ""
    lasting: float = 0.0
    kind: str = ""
    person: str = ""

    @property
    def code(self) -> str:
        """What exceeding it is called by environment and judge alike: the judge's code and what it is reported of."""
        return f"replay.{self.judged_as}:{self.about or self.name}"

    def broken(self, value: Values) -> Values:
        """Whether a force [N] or speed [m/s], of any shape, is beyond the limit and the band in which an excess is a warning only."""
        return value > self.bound

    @cached_property
    def bound(self) -> float:
        """[N] or [m/s] from which on it is broken: never below a trace of a force."""
        return max(self.limit * (1.0 + self.unsure), TRACE if self.predicate.unit == "N" else 0.0)

    def steps(self, control_timestep: float) -> int:
        """Number of control periods in a row that have to be beyond it."""
        return max(math.ceil(self.lasting / control_timestep - 1e-6), 1)

    def sustained(self, value: np.ndarray, control_timestep: float) -> np.ndarray:
        """(T,) what lasted: the smallest of the last `steps` values, so that one number is held against the limit.

        Args:
            value: (T,) of one episode; before it began there was nothing.
        """
        steps = self.steps(control_timestep)
        if steps == 1 or not len(value):
            return value
        padded = np.concatenate([np.zeros(steps - 1), value])
        return np.lib.stride_tricks.sliding_window_view(padded, steps).min(axis=1)


class Watch:
    """Which limits are broken, in n episodes at once; a limit that has to be exceeded for a while is counted here.

    Args:
        limits: of a scene; n: number of episodes.
    """

    def __init__(self, limits: Sequence[Limit], control_timestep: float, n: int = 1):
        self._limits = tuple(limits)
        self._steps = np.array([limit.steps(control_timestep) for limit in limits], int)
        self.run = np.zeros((n, len(self._limits)), int)

    def begin(self, ids: np.ndarray | slice = slice(None)) -> None:
        """Forget what was seen of some episodes."""
        self.run[ids] = 0

    def values(self, readings: Readings) -> np.ndarray:
        """(n, nlimit) the measure that each limit is held against, in its own unit."""
        if not self._limits:
            return np.zeros(self.run.shape)
        return np.stack([limit.predicate.value(readings) for limit in self._limits], axis=-1)

    def see(self, values: np.ndarray, ids: np.ndarray | slice = slice(None)) -> np.ndarray:
        """(m, nlimit) which limits are broken now, from the `values` (m, nlimit) of some episodes after one more period."""
        if not self._limits:
            return np.zeros(values.shape, bool)
        over = np.stack([limit.broken(values[:, k]) for k, limit in enumerate(self._limits)], axis=-1)
        self.run[ids] = np.where(over, self.run[ids] + 1, 0)
        return self.run[ids] >= self._steps


@dataclass(frozen=True)
class Region:
    """What a region of the body may bear.

    Attributes:
        quasi_static, transient: [N]; `transient` is 0 where no transient contact is allowed.
        stiffness: of the skin [N/m], None where no value was seen.
        grade: `published` where the value is quoted in public, `estimate` where it is from memory.
    """

    name: str
    quasi_static: float
    transient: float
    stiffness: float | None
    grade: str


@dataclass(frozen=True)
class Tables:
    """The file of contact limits as numbers (SI); see there for what they are worth."""

    regions: Mapping[str, Region]
    lasting: float
    frail: float
    speed: float
    within: float
    speed_lasting: float


@cache
def contact_limits() -> Tables:
    """The limits of contact with people, from `conf/people/contact_limits.yaml`."""
    tree: Mapping[str, Any] = read_own(PACKAGE / "conf" / "people" / "contact_limits.yaml")
    regions = {}
    for name, row in tree["regions"].items():
        force = parse_quantity(row["quasi_static"], "force")
        transient = 0.0 if row.get("transient") == "none" else force * float(tree["transient"])
        stiffness = None if row["stiffness"] is None else parse_quantity(row["stiffness"], "stiffness")
        grade = "published" if row["from"] == "quoted" else "estimate"
        regions[name] = Region(name, force, transient, stiffness, grade)
    speed = tree["speed"]
    return Tables(
        regions,
        parse_quantity(tree["lasting"], "time"),
        parse_quantity(tree["frail"], "share"),
        parse_quantity(speed["at_most"], "speed"),
        parse_quantity(speed["within"], "length"),
        parse_quantity(speed["lasting"], "time"),
    )


def people(names: Names) -> list[str]:
    """The parts of a scene that are persons."""
    return [name for name, part in names.parts.items() if part.name.startswith("people/")]


def read_safety(node: Node, names: Names) -> tuple[Limit, ...]:
    """The limits of a scenario: those that it writes down, and those of the people in it that it does not."""
    limits: list[Limit] = []
    touched: set[str] = set()
    neared: set[str] = set()
    for name, child in node.items():
        check_title(child)
        if "person" in child:
            child.mapping(required=("person",), optional=("title",))
            limits += _person(name, child.child("person"), names, touched)
        elif "speed" in child:
            limits += _speed(name, child, names, neared)
        else:
            limits += _force(name, child, names)
    for person in people(names):
        if person not in touched:
            limits += _regions(person, person, names, False, [f"tree:{names.top}"])
        if person not in neared:
            limits += _near(
                f"{person}_speed", person, names, _hands(names), contact_limits().within, contact_limits().speed
            )
    return tuple(limits)


def base_limits(links: Sequence[str], feet: Sequence[str], pelvis: Request, thresholds: str) -> tuple[Limit, ...]:
    """What trunk and legs of a base that moves may be stopped with: as the judge has it, and called as it calls it.

    Args:
        links: trunk and legs, feet among them; pelvis: the force at the pelvis.
        thresholds: name of the judge's bounds, those of the package where a designer has own ones.
    """
    if not links:
        return ()
    files = [PACKAGE / "conf" / "check" / f"{name}.yaml" for name in (thresholds, "arm_manipulation")]
    rule = read_own(next(file for file in files if file.is_file()))["collision"]["unexpected"]
    force, unsure = parse_quantity(rule["fail"], "force"), parse_quantity(rule["unsure"], "share")
    return tuple(
        Limit(
            f"{link}_stopped", Stopped((Request("contact_force", f"body:{link}"),), None if link in feet else pelvis, force), force,
            unsure, rule["source"], rule["grade"], False, "collision.unexpected", link,
        )
        for link in links
    )  # fmt: skip


def _force(name: str, child: Node, names: Names) -> list[Limit]:
    child.mapping(required=("force", "at_most", "source"), optional=("mean_over", "unsure", "title"))
    force = child.child("force")
    hows = ("against", "between", "upon")
    if not force.mapping(optional=hows) or sum(how in force for how in hows) != 1:
        force.note(
            "a force is measured against something (by the robot), between two things, or upon things (by whatever touches them)."
        )
        return []
    if "against" in force:
        ones, others = [f"tree:{names.top}"], names.groups(force.child("against"))
    elif "upon" in force:
        ones, others = [one for thing in force.child("upon").each() for one in names.groups(thing)], [""]
    else:
        pair = list(force.child("between").each())
        if len(pair) != 2:
            force.note("between takes two things, such as [oven.door, robot.hands].")
            return []
        ones, others = names.groups(pair[0]), names.groups(pair[1])
    mean = "mean_over" in child
    if mean and abs(child.child("mean_over").quantity("time", default=FORCE_WINDOW) - FORCE_WINDOW) > 1e-9:
        child.child("mean_over").note(f"only a window of {FORCE_WINDOW * 1e3:.0f} ms is measured. Write that, or leave mean_over out.")
    limit = child.child("at_most").quantity("force", low=0.0)
    source = source_of(child.child("source"))
    predicate = Force(tuple(Request("contact_force", one, other) for one in ones for other in others), limit, mean)
    unsure = child.child("unsure").quantity("share", default=0.2 if "[E]" in source else 0.05, low=0.0, high=1.0)
    return [Limit(name, predicate, limit, unsure, source, "estimate" if "[E]" in source else "published", mean)]


def _who(node: Node, names: Names) -> str | None:
    """The person that a word names; None and a note where it names none."""
    word = node.word()
    known = people(names)
    if word in known:
        return word
    if word and word not in names.unbuilt:
        node.note(f"{word!r} is no person of this scenario. Known here: {', '.join(known) or 'nobody'}.")
    return None


def _person(name: str, node: Node, names: Names, touched: set[str]) -> list[Limit]:
    """`person: {of: guest, frail: true, through: [cup]}`; what is pushed onto a person by the robot counts as the robot."""
    if not node.mapping(required=("of",), optional=("frail", "through")):
        return []
    person = _who(node.child("of"), names)
    ones = [f"tree:{names.top}"]
    for thing in node.child("through").each() if "through" in node else ():
        ones += names.groups(thing)
    if person is None:
        return []
    touched.add(person)
    return _regions(name, person, names, node.child("frail").flag(), ones)


def _regions(name: str, person: str, names: Names, frail: bool, ones: Sequence[str]) -> list[Limit]:
    tables, limits = contact_limits(), []
    for region in tables.regions.values():
        if region.name not in names.parts[person].interface:
            continue
        others = names.groups(Node(f"{person}.{region.name}", "", Problems()))
        forces = tuple(Request("contact_force", one, other) for one in ones for other in others)
        share = tables.frail if frail else 1.0
        source = (
            STANDARD
            + ("" if region.grade == "published" else ", from memory")
            + (", half for frail people" if frail else "")
        )
        for kind, force, lasting in (
            ("pressed", region.quasi_static, tables.lasting),
            ("struck" if region.transient else "touched", region.transient, 0.0),
        ):
            limits.append(
                Limit(
                    f"{name}.{region.name}.{kind}", Force(forces, force * share), force * share, 0.0, source, region.grade, False,
                    "force.person", region.name, lasting, kind, person,
                )
            )  # fmt: skip
    return limits


def _hands(names: Names) -> tuple[tuple[Request, Request], ...]:
    """Position and velocity of what both hands are looked for at: grip, pads, flange."""
    return tuple(
        (Request("site_position", site), Request("site_velocity", site)) for site in names.robot["hands"]["sites"]
    )


def movers(node: Node, names: Names) -> tuple[tuple[Request, Request], ...]:
    """Position and velocity of what a word, or a list of words, names: `robot.hands`, a thing, or a site of one."""
    found: list[tuple[Request, Request]] = []
    for word in node.each() if isinstance(node.value, list) else [node]:
        if word.value == "robot.hands":
            found += _hands(names)
            continue
        inner = word.word().partition(".")[2]
        kind = "site" if inner else "body"
        element = names.element(word, kind)
        if element is not None:
            found.append((Request(f"{kind}_position", element), Request(f"{kind}_velocity", element)))
    return tuple(found)


def _speed(name: str, child: Node, names: Names, neared: set[str]) -> list[Limit]:
    child.mapping(required=("speed", "at_most"), optional=("source", "unsure", "title"))
    node = child.child("speed")
    if not node.mapping(required=("of", "near"), optional=("within",)):
        return []
    person, moving = _who(node.child("near"), names), movers(node.child("of"), names)
    within = node.child("within").quantity("length", default=contact_limits().within, low=0.0)
    limit = child.child("at_most").quantity("speed", low=0.0)
    source = source_of(child.child("source")) if "source" in child else REDUCED_SPEED
    unsure = child.child("unsure").quantity("share", default=0.0, low=0.0, high=1.0)
    if person is None or not moving:
        return []
    neared.add(person)
    return _near(name, person, names, moving, within, limit, source, unsure)


def _near(
    name: str, person: str, names: Names, moving: tuple[tuple[Request, Request], ...], within: float, limit: float,
    source: str = REDUCED_SPEED, unsure: float = 0.0,
) -> list[Limit]:  # fmt: skip
    around = outline(person, names)
    if not around:
        return []
    predicate = SpeedNear(moving, around, within, limit)
    grade = "estimate" if "[E]" in source else "published"
    lasting = contact_limits().speed_lasting
    return [Limit(name, predicate, limit, unsure, source, grade, False, "speed.person", person, lasting, "", person)]


def outline(person: str, names: Names, words: Sequence[str] = ("outline",)) -> tuple[tuple[Request, float], ...]:
    """Places on a person's body with the radius [m] of a ball around each: of the whole body, or of some regions."""
    found = []
    for word in words:
        entry = names.parts[person].interface.get(word, {})
        for site in entry.get("sites", [entry["site"]] if "site" in entry else []):
            full = f"{person}/{site}"
            found.append((Request("site_position", full), float(names.spec.site(full).size[0])))
    return tuple(found)
