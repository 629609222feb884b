"""Words of fitting: inserted, seated, in_slot, pulled, holds_under_pull, jammed.

A hole is a site with its x axis out of it, towards whoever fits something; a pin is a site with its z axis along it;
a slot is a site that lies as the part's own site shall lie. Each is fixed to a body, and all is measured in the frame of
that body, so that a tray may be carried and a fixture may stand anywhere. Where a parameter of the part moves the site in its body, all
is measured in the site's own frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..reading.names import Names
from ..sensing.predicate import All, Force, Interval, Predicate, Values, least, root
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import Word, Words

Vector = tuple[float, float, float]
ASIDE = 0.004  # m, further from a hole's axis nothing counts as in it or before it


def _along_and_aside(point: Sequence[Values], origin: Vector, axis: Vector) -> tuple[Values, Values]:
    """(...,) how far [m] a point lies along an axis through an origin, and how far beside it."""
    x, y, z = point[0] - origin[0], point[1] - origin[1], point[2] - origin[2]
    along = x * axis[0] + y * axis[1] + z * axis[2]
    square = x * x + y * y + z * z - along * along
    return along, root(abs(square))  # what rounding leaves below zero is zero


@dataclass(frozen=True)
class Inserted(Asks):
    """A site is at least so deep [m] in a hole, and no further than `aside` from its axis (`short`: less deep than that).

    Attributes:
        of: place of the site in the frame of the body that has the hole.
        mouth, out: the hole's mouth and the direction out of it, in that frame.
    """

    of: Request
    mouth: Vector
    out: Vector
    depth: float
    aside: float = ASIDE
    short: bool = False
    unit: str = "m"

    def intervals(self) -> tuple[Interval, ...]:
        number = ("depth", self.of, self.mouth, self.out)
        return (Interval(number, high=self.depth) if self.short else Interval(number, low=self.depth),)

    def margin(self, readings: Readings | Row) -> Values:
        along, aside = _along_and_aside(readings.point(self.of), self.mouth, self.out)
        depth = -along
        return least([self.depth - depth if self.short else depth - self.depth, self.aside - aside])


@dataclass(frozen=True)
class Seated(Asks):
    """A site lies at the foot of a pin: no more than a gap [m] above or below it along the pin, and about its axis.

    Attributes:
        of: place of the site (the mouth of a hole) in the frame of the body that has the pin.
        foot, up: the pin's foot and its direction in that frame.
    """

    of: Request
    foot: Vector
    up: Vector
    gap: float
    aside: float = ASIDE
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        along, aside = _along_and_aside(readings.point(self.of), self.foot, self.up)
        return least([self.gap - abs(along), self.aside - aside])


@dataclass(frozen=True)
class Within(Asks):
    """A site is within a distance [m] of a place in the frame of a body."""

    of: Request
    place: Vector
    within: float
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        at = readings.point(self.of)
        x, y, z = at[0] - self.place[0], at[1] - self.place[1], at[2] - self.place[2]
        return self.within - root(x * x + y * y + z * z)


@dataclass(frozen=True)
class Aligned(Asks):
    """A site is turned by no more than an angle [rad] from a direction in the frame of a body, about whatever axis.

    Attributes:
        of: orientation of the site in that frame.
        quat: how it shall lie there (wxyz).
        half_turns: whether it may also lie turned by half about its z axis.
    """

    of: Request
    quat: tuple[float, float, float, float]
    within: float
    half_turns: bool = False
    unit: str = "rad"

    def margin(self, readings: Readings | Row) -> Values:
        w, x, y, z = readings.quat(self.of)
        a, b, c, d = self.quat
        same: Values = abs(a * w + b * x + c * y + d * z)
        if self.half_turns:  # the same, times a half turn about z from the right: (a, b, c, d) * (0, 0, 0, 1)
            other: Values = abs(-d * w + c * x - b * y + a * z)
            same = max(same, other) if type(same) is float else np.maximum(same, other)
        angle = 2.0 * np.arccos(np.clip(same, 0.0, 1.0))
        return self.within - (angle if angle.ndim else float(angle))


@dataclass(frozen=True)
class Pulled(Asks):
    """Hands pull a part out of a hole with at least a force [N], at the last physics step of the control period.

    Attributes:
        forces: of each hand on the part, in world axes.
        out: direction out of the hole in world axes.
    """

    forces: tuple[Request, ...]
    out: Request
    at_least: float
    unit: str = "N"
    act: bool = True

    def margin(self, readings: Readings | Row) -> Values:
        out = readings.point(self.out)
        total: Values = 0.0
        for request in self.forces:
            force = readings.point(request)
            total = total + force[0] * out[0] + force[1] * out[1] + force[2] * out[2]
        return total - self.at_least


def _vector(values: np.ndarray) -> Vector:
    return (float(values[0]), float(values[1]), float(values[2]))


@dataclass(frozen=True)
class _Place:
    """A site as it lies in a frame in which it has one pose (`Names.frame_of`)."""

    frame: str
    pos: Vector
    quat: tuple[float, float, float, float]
    axes: np.ndarray

    def of(self, kind: str, site: str) -> Request:
        return Request(kind, site, self.frame)


def _place(site: str, names: Names) -> _Place:
    frame, pose = names.frame_of(site)
    a, b, c, d = (float(v) for v in pose.quat)
    return _Place(frame, _vector(pose.pos), (a, b, c, d), pose.matrix)


def _hole(node: Node, names: Names, short: bool = False) -> Inserted | None:
    """`of`, `into` and `depth` of a node as the predicate."""
    of, into = names.element(node.child("of"), "site"), names.element(node.child("into"), "site")
    depth = node.child("depth").quantity("length")
    aside = node.child("aside").quantity("length", default=ASIDE, low=0.0)
    if of is None or into is None:
        return None
    hole = _place(into, names)
    return Inserted(hole.of("site_position", of), hole.pos, _vector(hole.axes[:, 0]), depth, aside, short)


def _inserted(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "into", "depth"), optional=("aside",))
    return _hole(node, names)


def _seated(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "upon", "gap"), optional=("aside",))
    holes = [names.element(child, "site") for child in node.child("of").each()]
    pins = [names.element(child, "site") for child in node.child("upon").each()]
    gap = node.child("gap").quantity("length", low=0.0)
    aside = node.child("aside").quantity("length", default=ASIDE, low=0.0)
    if len(holes) != len(pins) or not holes:
        node.note(f"{len(holes)} holes and {len(pins)} pins: name them in pairs, in the same order.")
        return None
    parts: list[Predicate] = []
    for hole, pin in zip(holes, pins):
        if hole is None or pin is None:
            return None
        place = _place(pin, names)
        parts.append(Seated(place.of("site_position", hole), place.pos, _vector(place.axes[:, 2]), gap, aside))
    return All(tuple(parts))


def _in_slot(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "slot", "within", "turned"), optional=("half_turns",))
    of, slot = names.element(node.child("of"), "site"), names.element(node.child("slot"), "site")
    within = node.child("within").quantity("length", low=0.0)
    turned = node.child("turned").quantity("angle", low=0.0)
    half = node.child("half_turns").flag()
    if of is None or slot is None:
        return None
    place = _place(slot, names)
    return All(
        (
            Within(place.of("site_position", of), place.pos, within),
            Aligned(place.of("site_orientation", of), place.quat, turned, half),
        )
    )


def _pull(node: Node, names: Names, into: str, key: str) -> Pulled | None:
    of, hole = node.child("of"), names.element(node.child(into), "site")
    site = names.element(of, "site")
    force = node.child(key).quantity("force", low=0.0)
    if site is None or hole is None:
        return None
    body = names.spec.site(site).parent.name
    hands = tuple(Request("contact_force", f"tree:{hand}", f"tree:{body}") for hand in names.robot["hands"]["bodies"])
    return Pulled(hands, Request("site_x", hole), force)


def _pulled(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "out_of", "at_least"))
    return _pull(node, names, "out_of", "at_least")


def _holds(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "into", "depth", "pull"), optional=("aside",))
    inside, pulled = _hole(node, names), _pull(node, names, "into", "pull")
    return None if inside is None or pulled is None else All((inside, pulled))


def _jammed(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "into", "depth", "force"), optional=("aside",))
    short = _hole(node, names, short=True)
    into = names.element(node.child("into"), "site")
    force = node.child("force").quantity("force", low=0.0)
    if short is None or into is None:
        return None
    part, body = names.spec.site(short.of.of).parent.name, names.spec.site(into).parent
    while body.parent is not None and body.parent.name != "world":
        body = body.parent
    return All((short, Force((Request("contact_force", f"tree:{part}", f"tree:{body.name}"),), force)))


WORDS: Words = {
    "inserted": Word(_inserted, "inserted", "已插入"),
    "seated": Word(_seated, "seated", "已落座"),
    "in_slot": Word(_in_slot, "in its slot", "在槽中"),
    "pulled": Word(_pulled, "pulled at", "拉动"),
    "holds_under_pull": Word(_holds, "holds under pull", "受拉不脱"),
    "jammed": Word(_jammed, "jammed", "卡住"),
}
