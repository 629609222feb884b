"""Parts: MJCF files under assets/ with named sites as their interface, and parameters a spec sheet can set.

The engine is imported only where an MJCF is opened: a list of parts does without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..sheet.errors import ScenarioError, from_here
from ..sheet.near_matches import nearest
from ..sheet.own_files import read_own
from ..sheet.quantity import dimension_of
from ..sheet.yaml_places import Place, PlacesLater
from ..sheet.yaml_reader import Node, Problems, places_in, read_yaml
from .grip_sheet import GripSheet, read_grips
from .param_write import ELEMENTS, Param, Shown, Write, absent

if TYPE_CHECKING:
    import mujoco

ASSETS = Path(__file__).resolve().parents[2] / "assets"


@dataclass(frozen=True)
class Contained:
    """A mechanism that a part brings along: at a site of the part, under a word of its own.

    Attributes:
        word: what it is called in the part; its elements are named `word/element`.
        site: of the part, where the mechanism's frame lies.
        params: values [SI] of the mechanism's parameters as this part sets them.
    """

    word: str
    part: Part
    site: str
    params: Mapping[str, float]


@dataclass(frozen=True)
class Bears:
    """How hard a part may be struck before it is harmed.

    Attributes:
        force: [N]; source: where that is from, in English; grade: `published`, `measured` or `estimate`.
        words: the source by language.
    """

    force: float
    source: str
    grade: str
    words: Mapping[str, str] = field(default_factory=dict, compare=False)


GRADE = r"\[([SEDK])\]"  # seen in a source, estimate, derived, known from the literature


@dataclass(frozen=True)
class SourceRow:
    """A number of a part and where it comes from, with its grade: [S], [E], [D] or [K]."""

    what: str
    value: str
    source: str

    @property
    def grade(self) -> str:
        """The letters of its grades, in the order in which they stand."""
        return "".join(dict.fromkeys(re.findall(GRADE, f"{self.what} {self.value} {self.source}")))


@dataclass(frozen=True)
class Part:
    """What a part's folder says.

    Attributes:
        name: `fixtures/counter`.
        file: its MJCF.
        params: parameter name -> Param.
        interface: word -> elements that it means, such as `door: {joint: door_hinge, body: door}`.
        titles: word -> language -> what reports call it; of the interface's words, and of sites and parameters that a scenario may name.
        mass: what the spec sheet says [kg], or None.
        bears: how hard it may be struck, or None where the sheet does not say.
        contains: mechanisms that it brings along; their parameters, words and grips are its own too, as `word_param`.
        grips: how it can be held, by name, as far as its sheet says; `grips.grips_of` asks its shapes too.
        unheld: whether its sheet says that no hand takes it (`grips: {}`).
        fastened: the site at which something else holds it, such as the clip of a cord, where hands move the rest of it; or None.
        portrait: azimuth and elevation [rad] from which a catalogue shows it, where they are not the usual ones.
        about: what it is, in some sentences; sources: where its numbers come from.
        places: key path of its sheet -> (file, line).
    """

    name: str
    file: Path
    title: Mapping[str, str]
    params: Mapping[str, Param] = field(default_factory=dict)
    interface: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    mass: float | None = None
    bears: Bears | None = None
    contains: tuple[Contained, ...] = ()
    grips: Mapping[str, GripSheet] = field(default_factory=dict)
    unheld: bool = False
    fastened: str | None = None
    portrait: Mapping[str, float] = field(default_factory=dict)
    about: str = ""
    sources: tuple[SourceRow, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)

    def spec(self, **params: float) -> mujoco.MjSpec:
        """A fresh, editable spec of the part with the mechanisms that it contains.

        Args:
            params: [SI] values of some of its parameters; the others are as its file has them.

        Raises:
            ScenarioError: where its file is no MJCF.
        """
        from ..sheet import engine_warnings  # noqa: F401
        from .parsed_mjcf import parsed

        try:
            spec = parsed(self.file)
        except ValueError as error:
            message = " ".join(str(error).split())
            raise ScenarioError(f"This is no valid MJCF: {message}.", file=str(self.file)) from None
        for inner in self.contains:
            site = spec.site(inner.site)
            if site is None:
                raise ScenarioError(
                    f"contains.{inner.word}: {absent(spec, 'site', inner.site)}",
                    file=str(self.file.parent / "part.yaml"),
                )
            spec.attach(inner.part.spec(**inner.params), site=site, prefix=f"{inner.word}/")
        for key, value in params.items():
            for write in self.params[key].writes:
                write.apply(spec, "", value)
        return spec

    def faults(self, spec: mujoco.MjSpec) -> list[str]:
        """What its sheet names that its MJCF, given as a spec, does not have; one line each."""
        problems = Problems(self.places)
        for key, param in self.params.items():
            for i, write in enumerate(param.writes):
                if (fault := write.fault(spec)) is not None:
                    problems.note(f"params.{key}.sets[{i}].{fault[0]}", fault[1])
            seen = param.shown
            for kind, named_by in [("site", seen.at), ("site", seen.needle), ("geom", seen.lit)] if seen else ():
                if named_by is not None and getattr(spec, kind)(named_by) is None:
                    problems.note(f"params.{key}.shown", absent(spec, kind, named_by))
        for word, entry in self.interface.items():
            named = [(kind, entry[kind]) for kind in _NAMED if kind in entry]
            named += [("geom", name) for name in entry.get("geoms", ())] + [
                ("body", n) for n in entry.get("bodies", ())
            ]
            named += [("site", name) for name in entry.get("sites", ())]
            named += [("joint", entry["latch"]["joint"])] if "latch" in entry else []
            if "liquid" in entry:
                kinds = {"mouth": "site", "level": "joint", "weight": "actuator"}
                named += [(kind, entry["liquid"][key]) for key, kind in kinds.items()]
            for kind, name in named:
                if getattr(spec, kind)(name) is None:
                    problems.note(f"interface.{word}", absent(spec, kind, name))
        for name, grip in self.grips.items():
            for kind, element in [("site", s) for s in grip.sites] + [("body", b) for b in grip.bodies]:
                if getattr(spec, kind)(element) is None:
                    problems.note(f"grips.{name}", absent(spec, kind, element))
        if self.fastened is not None and spec.site(self.fastened) is None:
            problems.note("fastened", absent(spec, "site", self.fastened))
        for word in self.titles:
            if word not in {*self.interface, *self.params} and all(getattr(spec, kind)(word) is None for kind in _NAMED):
                known = [*self.interface, *self.params, *(site.name for site in spec.sites if site.name)]
                problems.note(f"titles.{word}", f"this part has no {word!r}.{nearest(word, known)}")
        top = self.file.stem
        if spec.body(top) is None or spec.body(top).parent.name != "world":
            loose = [b for b in spec.bodies if b.name != "world" and b.parent.name == "world"]
            if len(loose) == 1:
                problems.note(
                    "", f"the top body of {self.file.name} is {loose[0].name!r}; call it {top!r} like the file."
                )
        return problems.found


def asset_folders(extra: Path | None = None) -> list[Path]:
    """Where parts are looked for: the designer's own assets first, then the package's."""
    return [folder for folder in (extra, ASSETS) if folder is not None and folder.is_dir()]


def list_parts(extra: Path | None = None) -> dict[str, Path]:
    """Part name -> MJCF file of every part there is; a kind is a folder, whatever its name."""
    found: dict[str, Path] = {}
    for root in asset_folders(extra):
        for folder in sorted(root.glob("*/*/")):
            file = folder / f"{folder.name}.xml"
            if file.is_file():
                found.setdefault(f"{folder.parent.name}/{folder.name}", file)
    return found


def _file_of(name: str, extra: Path | None) -> Path | None:
    """The MJCF file of `list_parts`, without a look at all the others."""
    kind, _, own = name.partition("/")
    if not kind or not own or "/" in own or {kind, own} & {".", ".."}:
        return None
    files = (root / kind / own / f"{own}.xml" for root in asset_folders(extra))
    return next((file for file in files if file.is_file()), None)


def load_part(name: str, node: Node | None = None, extra: Path | None = None) -> Part | None:
    """The part of this name; an unknown one, or one with a broken sheet, is noted at `node` and None is returned.

    Raises:
        ScenarioError: the same, where there is no node.
    """
    file = _file_of(name, extra)
    if file is None:
        message = f"there is no part {name!r}.{nearest(name, list(list_parts(extra)))}"
        if node is None:
            raise ScenarioError(message)
        node.note(message)
        return None
    sheet = file.parent / "part.yaml"
    if not sheet.is_file():
        return Part(name, file, {"en": file.stem, "zh": file.stem})
    shown = f"assets/{name}/part.yaml" if file.is_relative_to(ASSETS) else from_here(sheet)
    try:
        own = sheet.is_relative_to(ASSETS)
        problems = Problems(PlacesLater(lambda: places_in(sheet, shown)) if own else places_in(sheet, shown))
        content = read_own(sheet) if own else read_yaml(sheet, shown)
        if not isinstance(content or {}, dict):
            raise ScenarioError("A part's sheet is made of keys, such as title, mass and interface.", file=shown)
        part = _read_sheet(name, file, Node(content or {}, "", problems))
        problems.stop(f"The sheet of {name!r}")
        return part
    except ScenarioError as error:
        if node is None:
            raise
        node.note(str(error))
        return None


def _read_sheet(name: str, file: Path, node: Node) -> Part:
    node.mapping(
        optional=(
            "title", "mass", "bears", "contains", "fastened", "params", "interface", "grips", "titles", "portrait", "about",
            "sources",
        )
    )  # fmt: skip
    if "portrait" in node:
        node.child("portrait").mapping(optional=("azimuth", "elevation"))
    for key, child in node.child("params").items():
        if key in PLACED:
            child.note(f"{key!r} says where a part stands, in every scenario. Call the parameter something else.")
    inner = tuple(c for c in (_contained(key, child) for key, child in node.child("contains").items()) if c is not None)
    return Part(
        name=name,
        file=file,
        title=node.child("title").words() if "title" in node else {"en": file.stem, "zh": file.stem},
        params={key: _param(key, child) for key, child in node.child("params").items()}
        | {f"{c.word}_{key}": _inherited(c, param) for c in inner for key, param in c.part.params.items()},
        interface={key: _word(child) for key, child in node.child("interface").items()}
        | {f"{c.word}_{key}": _within(c.word, entry) for c in inner for key, entry in c.part.interface.items()},
        titles={f"{c.word}_{key}": words for c in inner for key, words in c.part.titles.items()}
        | {key: child.words() for key, child in node.child("titles").items()},
        mass=node.child("mass").quantity("mass", default=None, low=0.0),
        bears=_bears(node.child("bears")) if "bears" in node else None,
        contains=inner,
        fastened=node.child("fastened").word() if "fastened" in node else None,
        unheld="grips" in node and not node.child("grips").value,
        grips={**read_grips(node.child("grips"))}
        | {f"{c.word}_{key}": grip.inside(c.word) for c in inner for key, grip in c.part.grips.items()},
        portrait={key: child.quantity("angle") for key, child in node.child("portrait").items()},
        about=node.child("about").word(default=""),
        sources=tuple(_source(child) for child in node.child("sources").each()) if "sources" in node else (),
        places=node.problems.places,
    )


def _source(node: Node) -> SourceRow:
    """`[mass, 0.42 kg, "[E] stoneware of this size"]`."""
    if isinstance(node.value, list) and len(node.value) == 3 and all(isinstance(cell, str) for cell in node.value):
        return SourceRow(*node.value)
    node.note(f"{node.value!r} is not a list of three texts: what, its value, and where it comes from with its grade.")
    return SourceRow("", "", "")


def _bears(node: Node) -> Bears | None:
    """`bears: {force: 30 N, source: {en: "...", zh: "..."}, grade: estimate}`."""
    if not node.mapping(required=("force", "source", "grade")):
        return None
    force, source = node.child("force").quantity("force", low=0.0), node.child("source")
    words = source.words() if isinstance(source.value, Mapping) else {"en": source.word()}
    grade = node.child("grade").word(choices=("published", "measured", "estimate"))
    return Bears(force, words["en"], grade, words)


def _contained(word: str, node: Node) -> Contained | None:
    """One mechanism of a part, such as `hole: {part: mechanisms/click_hole, at: hole, insertion_force: 35 N}`."""
    if not node.mapping(required=("part", "at"), optional=None):
        return None
    name = node.child("part").word()
    if not name.startswith("mechanisms/"):
        node.child("part").note(f"a part contains mechanisms only, and {name!r} is none.")
        return None
    part = load_part(name, node.child("part"))
    if part is None:
        return None
    node.mapping(required=("part", "at"), optional=tuple(part.params))
    values = {
        key: node.child(key).quantity(p.dimension, default=p.default, low=p.low, high=p.high)
        for key, p in part.params.items()
    }
    return Contained(word, part, node.child("at").word(), values)


def _inherited(inner: Contained, param: Param) -> Param:
    """A mechanism's parameter as one of the part that contains it."""
    writes = tuple(replace(write, element=f"{inner.word}/{write.element}") for write in param.writes)
    seen = param.shown
    if seen is not None:
        at, needle, lit = (name and f"{inner.word}/{name}" for name in (seen.at, seen.needle, seen.lit))
        seen = replace(seen, at=str(at), needle=needle, lit=lit)
    return replace(param, name=f"{inner.word}_{param.name}", default=inner.params[param.name], writes=writes, shown=seen)


def _within(word: str, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """A word of a mechanism's interface as one of the part that contains it."""
    named = {key: f"{word}/{entry[key]}" for key in _NAMED if key in entry}
    lists = {key: [f"{word}/{name}" for name in entry[key]] for key in ("geoms", "bodies") if key in entry}
    latch = {"latch": {**entry["latch"], "joint": f"{word}/{entry['latch']['joint']}"}} if "latch" in entry else {}
    return {**entry, **named, **lists, **latch}


PLACED = ("part", "put", "stands_on", "at", "yaw", "fills", "behaviour", "title")  # what a scenario says of any part
_NAMED = ("site", "joint", "body", "camera")  # keys of an interface word that name one element of the MJCF


def _word(node: Node) -> Mapping[str, Any]:
    """One word of a part's interface, such as `start: {joint: key_start, pressed: 1 mm}`."""
    lists, lengths = ("geoms", "bodies", "sites"), ("pressed", "radius", "height")
    if not node.mapping(optional=(*_NAMED, *lists, *lengths, "latch", "liquid", "cells", "rubs")):
        return {}
    for key in lengths:
        node.child(key).quantity("length", default=None, low=0.0)
    for key in lists:
        for name in node.child(key).each() if key in node else ():
            name.word()
    for key in _NAMED:
        node.child(key).word(default="")
    if "latch" in node and node.child("latch").mapping(required=("joint", "within")):
        node.child("latch").child("joint").word()
        node.child("latch").child("within").quantity("length", low=0.0)
    if "liquid" in node:
        _liquid(node.child("liquid"))
    # a flat rectangle about the site: along its y and its x axis
    for key, more in (("cells", ("side",)), ("rubs", ())):
        flat = node.child(key)
        if key in node and flat.mapping(required=("length", "width", *more), optional=("grows_with",)):
            for side in ("length", "width", *more):
                flat.child(side).quantity("length", low=1e-4)
            if "site" not in node:
                node.note(f"what has {key!r} needs 'site' too.")
    if "radius" in node or "height" in node or "liquid" in node:
        for key in ("site", "radius", "height"):
            if key not in node:
                node.note(f"a container needs {key!r} too.")
    return dict(node.value)


def _liquid(node: Node) -> None:
    """What a vessel can hold and pour: `bore` are radii from the floor to the mouth, `at` the heights where they are."""
    if not node.mapping(required=("mouth", "level", "weight", "bore", "at")):
        return
    for key in ("mouth", "level", "weight"):
        node.child(key).word()
    radii, heights = ([n.quantity("length", low=0.0) for n in node.child(key).each()] for key in ("bore", "at"))
    if len(radii) != len(heights) or len(heights) < 2 or heights[0] != 0.0 or any(np.diff(heights) <= 0.0):
        node.note("bore and at need as many values, two or more; the heights begin with 0 mm and grow.")


def _param(name: str, node: Node) -> Param:
    node.mapping(required=("default", "sets"), optional=("min", "max", "doc", "shown"))
    dimension = dimension_of(node.child("default").value)
    writes = []
    for entry in node.child("sets").each():
        entry.mapping(required=("attr",), optional=(*ELEMENTS, "index", "gain", "offset", "only", "steps"))
        kinds = [kind for kind in ELEMENTS if kind in entry]
        if len(kinds) != 1:
            entry.note(f"exactly one of {', '.join(ELEMENTS)} says what is written, not {kinds or 'none'}.")
            continue
        writes.append(
            Write(
                kinds[0],
                entry.child(kinds[0]).word(),
                entry.child("attr").word(),
                entry.child("index").integer(default=None, low=0),
                entry.child("gain").number(default=1.0),
                entry.child("offset").number(default=0.0),
                entry.child("only").quantity(dimension, default=None) if "only" in entry else None,
                entry.child("steps").quantity(dimension, low=1e-9) if "steps" in entry else None,
            )
        )
    low = node.child("min").quantity(dimension, default=-np.inf)
    high = node.child("max").quantity(dimension, default=np.inf)
    if low > high:
        node.child("min").note(f"the lower bound {node.child('min').value!r} is above the upper {node.child('max').value!r}.")
        low, high = -np.inf, np.inf  # of which the default is no second problem
    default = node.child("default").quantity(dimension, low=low, high=high)
    shown = _shown(node.child("shown")) if "shown" in node else None
    return Param(name, dimension or "length", default, low, high, str(node.child("doc").value or ""), tuple(writes), shown)


def _shown(node: Node) -> Shown | None:
    """`shown: {at: large, needle: large_tip, zero: -135 deg, full: 135 deg}`, or `{at: lamp, lit: lamp_lit}`."""
    if "lit" in node:
        if not node.mapping(required=("at", "lit")):
            return None
        return Shown(node.child("at").word(), lit=node.child("lit").word())
    if not node.mapping(required=("at", "needle", "zero", "full")):
        return None
    zero, full = (node.child(key).quantity("angle") for key in ("zero", "full"))
    return Shown(node.child("at").word(), node.child("needle").word(), zero, full)
