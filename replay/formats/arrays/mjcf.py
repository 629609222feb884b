"""Joints and actuators of an MJCF text, read without compiling it: order, kinds, limits, and the body that each hangs from.

The text comes from outside. Entities and document types are refused, no other file is opened (mesh files need not be there), and
what makes bodies that do not stand in the text (`include`, `composite`, ...) ends in a reason, because the order would be a guess.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from xml.parsers import expat

MAX_BYTES = 32 << 20  # of the text; a kitchen of several hundred bodies has some three million
MAX_ELEMENTS = 400_000
MAX_DEPTH = 250
MAX_JOINTS = 20_000
UNTOLD = ("include", "composite", "flexcomp", "replicate", "attach")  # what makes bodies that do not stand in the text
SIZES = {"free": (7, 6), "ball": (4, 3), "hinge": (1, 1), "slide": (1, 1)}  # columns of qpos and of qvel
KEPT = {"compiler", "default", "worldbody", "body", "frame", "joint", "freejoint", "actuator", *UNTOLD}


class HostileModel(ValueError):
    """A text that is not taken at all: too large, too deep, or with entities of its own."""


class UnknownModel(ValueError):
    """A text of which the order of the joints cannot be determined; the message says why."""


@dataclass(frozen=True)
class ModelJoint:
    """A joint of a model.

    Attributes:
        name: its own, or `joint_k` where it has none.
        kind: `free`, `ball`, `hinge` or `slide`.
        qpos, qvel: its first column in either.
        lower, upper: its range [rad or m], NaN where it has none.
        bodies: the bodies above it, its own last.
    """

    name: str
    kind: str
    qpos: int
    qvel: int
    lower: float
    upper: float
    bodies: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """What an MJCF text says of its joints, in the order of `qpos`; actuators are (kind, joint) in the order of `ctrl`."""

    joints: tuple[ModelJoint, ...]
    actuators: tuple[tuple[str, str], ...]
    nq: int
    nv: int


def read(text: str) -> Model:
    """The model of a text.

    Raises:
        HostileModel: it is too large, nests too deep, or declares a document type or entities.
        UnknownModel: it is no MJCF, or holds what makes bodies that do not stand in it.
    """
    root = _tree(text)
    if root.tag != "mujoco":
        raise UnknownModel(f"it is no MJCF but <{root.tag[:40]}>")
    walk = _Walk(root)
    joints = tuple(itertools.islice(walk.joints(), MAX_JOINTS + 1))
    if len(joints) > MAX_JOINTS:
        raise HostileModel(f"it holds more than {MAX_JOINTS} joints")
    names = [joint.name for joint in joints]
    if len(set(names)) != len(names):
        raise UnknownModel("two joints have one name")
    last = joints[-1] if joints else None
    nq = last.qpos + SIZES[last.kind][0] if last else 0
    nv = last.qvel + SIZES[last.kind][1] if last else 0
    return Model(joints, tuple(walk.actuators()), nq, nv)


def _tree(text: str) -> Element:
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_BYTES:
        raise HostileModel(f"it is larger than {MAX_BYTES >> 20} MiB")
    top = Element("")
    stack = [top]
    seen = 0

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal seen
        seen += 1
        if seen > MAX_ELEMENTS or len(stack) > MAX_DEPTH:
            raise HostileModel(f"it holds more than {MAX_ELEMENTS} elements, or nests deeper than {MAX_DEPTH}")
        node = Element(tag, attributes)
        inside = stack[-1].tag
        if tag in KEPT or inside in ("", "actuator"):
            stack[-1].append(node)
        stack.append(node)

    def end(_tag: str) -> None:
        stack.pop()

    def refuse(*_: object) -> None:
        raise HostileModel("it declares a document type or entities, which no model needs")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnknownModel(f"it is no XML: {error}") from None
    return top[0]


class _Walk:
    """Goes through a tree as MuJoCo does: bodies depth first, a body's own joints before those of its children."""

    def __init__(self, root: Element) -> None:
        untold = next((node.tag for node in root.iter() if node.tag in UNTOLD), None)
        if untold is not None:
            raise UnknownModel(f"it holds <{untold}>, which makes parts that do not stand in the file")
        self._root = root
        self._degrees, self._auto = True, True
        for node in self._root.findall("compiler"):
            self._degrees = node.attrib.get("angle", "degree" if self._degrees else "radian") == "degree"
            self._auto = node.attrib.get("autolimits", str(self._auto).lower()) == "true"
        self._classes: dict[str, dict[str, str]] = {"main": {}}
        for node in self._root.findall("default"):
            self._define(node, "main", self._classes["main"])
            self._classes[node.attrib.get("class", "main")] = self._classes["main"]

    def _define(self, node: Element, name: str, above: Mapping[str, str]) -> None:
        own = {**above}
        for child in node:
            if child.tag == "joint":
                own |= child.attrib
        self._classes[name] = {**self._classes.get(name, {}), **own}
        for child in node:
            if child.tag == "default":
                self._define(child, child.attrib.get("class", "main"), self._classes[name])

    def joints(self) -> Iterator[ModelJoint]:
        qpos = qvel = 0
        for number, (node, bodies, inherited) in enumerate(self._found()):
            attributes = {**self._class(node.attrib.get("class", inherited)), **node.attrib}
            kind = "free" if node.tag == "freejoint" else attributes.get("type", "hinge")
            if kind not in SIZES:
                raise UnknownModel(f"a joint is of the kind {kind[:40]!r}")
            lower, upper = self._range(attributes, kind)
            name = node.attrib.get("name") or f"joint_{number}"
            yield ModelJoint(name, kind, qpos, qvel, lower, upper, bodies)
            qpos, qvel = qpos + SIZES[kind][0], qvel + SIZES[kind][1]

    def _found(self) -> Iterator[tuple[Element, tuple[str, ...], str]]:
        for world in self._root.findall("worldbody"):
            for node, inherited in self._bodies(world, "main"):
                yield from self._below(node, (), inherited)

    def _below(self, body: Element, above: tuple[str, ...], inherited: str) -> Iterator[tuple[Element, tuple[str, ...], str]]:
        bodies = (*above, body.attrib.get("name", ""))
        inherited = body.attrib.get("childclass", inherited)
        for node, class_ in self._parts(body, inherited, ("joint", "freejoint")):
            yield node, bodies, class_
        for node, class_ in self._bodies(body, inherited):
            yield from self._below(node, bodies, class_)

    def _bodies(self, node: Element, inherited: str) -> Iterator[tuple[Element, str]]:
        return self._parts(node, inherited, ("body",))

    def _parts(self, node: Element, inherited: str, tags: tuple[str, ...]) -> Iterator[tuple[Element, str]]:
        """Parts of a body; a frame is no body, so that what is in it belongs to the one around it."""
        for child in node:
            if child.tag in tags:
                yield child, inherited
            elif child.tag == "frame":
                yield from self._parts(child, child.attrib.get("childclass", inherited), tags)

    def _class(self, name: str) -> dict[str, str]:
        if name not in self._classes:
            raise UnknownModel(f"it names the class {name[:40]!r}, which it does not define")
        return self._classes[name]

    def _range(self, attributes: Mapping[str, str], kind: str) -> tuple[float, float]:
        nothing = math.nan, math.nan
        limited = attributes.get("limited", "auto")
        if kind not in ("hinge", "slide") or "range" not in attributes or limited == "false":
            return nothing
        if limited == "auto" and not self._auto:
            return nothing
        try:
            lower, upper = (float(text) for text in attributes["range"].split())
        except ValueError:
            raise UnknownModel("the range of a joint is no pair of numbers") from None
        if not (math.isfinite(lower) and math.isfinite(upper)) or lower >= upper:
            return nothing
        scale = math.pi / 180.0 if self._degrees and kind == "hinge" else 1.0
        return lower * scale, upper * scale

    def actuators(self) -> Iterator[tuple[str, str]]:
        for section in self._root.findall("actuator"):
            for node in section:
                yield node.tag, node.attrib.get("joint") or node.attrib.get("jointinparent") or ""
