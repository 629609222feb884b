"""shiliu list parts: the library of parts as a catalogue, and one part in full."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import numpy as np

from ...scenarios.parts.grip_sheet import GripSheet
from ...scenarios.parts.part import ASSETS, Param
from ...scenarios.parts.part_catalogue import GRADES, PartEntry, PartJoint, inventory, one_part
from ...scenarios.reading import composition
from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.quantity import show as shown
from ..report.message_catalogue import sentences, terms
from ..report.translation import translated
from .command_request import CommandRequest
from .list_phrases import phrase
from .wrapping import columns, wrapped

FRAME = "(its frame, in English: lang=en)"


def show(names: list[str], request: CommandRequest, as_json: bool) -> None:
    """Print the catalogue, or the parts that are named in full.

    Raises:
        ScenarioError: there is no part of that name.
    """
    extra = composition.own_assets(request.conf_dir)
    broken: dict[str, ScenarioError] = {}
    entries = [one_part(name, extra) for name in names] if names else inventory(extra, broken)
    for name, error in broken.items():
        print(f"shiliu: {name} cannot be read: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps({"parts": [as_data(entry) for entry in entries]}, ensure_ascii=False, indent=1))
        return
    for kind in dict.fromkeys(entry.kind for entry in entries):
        if not names:
            print(kind)
        for entry in (e for e in entries if e.kind == kind):
            for line in in_full(entry) if names else in_brief(entry):
                print("\n".join(wrapped(*_hung(_headed(_meant(line, entry, request.lang), request.lang)))))
            print()


def _headed(line: str, lang: str) -> str:
    """A line with the heads of rows and how a part stands in a language; what the sheet says itself stays as it is."""
    heads = terms("messages", lang, "heads")
    place = re.fullmatch(r"(  |      )(\S+)(\s*)(.*)", line)  # deeper stand names of the sheet
    if place is None or not (head := heads.get(place[2])) or (place[3] == " "):
        return line
    text = heads.get(place[4]) or phrase(translated(place[4], lang), lang)
    return f"{place[1]}{head}{' ' * max(len(place[2] + place[3]) - columns(head), 2 if place[4] else 0)}{text}"


def _meant(line: str, entry: PartEntry, lang: str) -> str:
    """A line with what stands there in a language: what the part is, how it stands, what a parameter means; another as it is."""
    if lang == "en":
        return line
    if line == f"  {entry.part.about}":
        known = meant(entry, lang)
        return f"  {phrase(f'{known} {FRAME}', lang)}" if known else line
    doc = next((p.doc for p in entry.part.params.values() if p.doc and line.endswith(f"  {p.doc}")), None)
    if doc is not None:
        return line.removesuffix(doc) + sentences("meanings", lang).get(doc, doc)
    known = next((one for one in (legend(), moving(entry), *no_grips(entry)) if line.endswith(f"  {one}")), "")
    return line.removesuffix(known) + phrase(known, lang)


def meant(entry: PartEntry, lang: str) -> str | None:
    """What a part of the library is, in a sentence; None where the language has none, as of a part of one's own."""
    return terms("meanings", lang, "parts").get(entry.name) if entry.part.file.is_relative_to(ASSETS) else None


def _hung(line: str) -> tuple[str, str]:
    """A line's head, and the rest, which stands below the end of the head."""
    head = re.match(r"\s*(?:\S+\s{2,})?", line)
    assert head is not None
    return head[0], line[head.end() :]


def rows(request: CommandRequest) -> list[dict[str, Any]]:
    """One short row a part, for the list of everything."""
    broken: dict[str, ScenarioError] = {}
    found = [
        {"name": entry.name, "title": title(entry), "size": size(entry), "mass": mass(entry), "stands": entry.stands}
        for entry in inventory(composition.own_assets(request.conf_dir), broken)
    ]
    return found + [{"name": name, "error": f"cannot be read: {error}"} for name, error in broken.items()]


def as_data(entry: PartEntry) -> dict[str, Any]:
    """A part as JSON: SI units but for the box [mm] and the ranges of joints, which carry theirs."""
    found, part = entry.measures, entry.part
    return {
        "name": entry.name,
        "kind": entry.kind,
        "title": dict(part.title),
        "about": entry.part.about,
        "size_mm": found.size,
        "mass_kg": entry.mass,
        "stands": entry.stands,
        "joints": [
            {"name": j.name, "kind": j.kind, "range": None if j.low is None else [j.low, j.high], "unit": unit(j)}
            for j in found.joints
        ],
        "params": [
            {
                **{key: getattr(p, key) for key in ("name", "dimension", "default")},
                "min": p.low if np.isfinite(p.low) else None,
                "max": p.high if np.isfinite(p.high) else None,
                "doc": p.doc,
            }
            for p in part.params.values()
        ],
        "interface": {word: dict(meaning) for word, meaning in part.interface.items()},
        "sites": list(found.sites),
        "grips": {
            name: {
                "kind": g.kind,
                "at": [*g.sites, *g.bodies],
                "fingers": list(g.fingers),
                **{key: getattr(g, key) for key in ("pads", "round", "width", "bears", "hands", "source")},
            }
            for name, g in part.grips.items()
        },
        "shapes": {"touched": found.touched, "seen": found.seen},
        "sources": [{"what": s.what, "value": s.value, "source": s.source} for s in entry.part.sources],
        "file": str(part.file),
    }


def in_brief(entry: PartEntry) -> list[str]:
    """A part in two or three lines."""
    facts = [size(entry), mass(entry), moving(entry)]
    lines = [f"  {entry.name}  {title(entry)}", f"      {'  '.join(f for f in facts if f)}"]
    if entry.part.params:
        lines.append(f"      set    {'  '.join(f'{p.name} {between(p)}' for p in entry.part.params.values())}")
    words = [*entry.part.interface, *(s for s in entry.measures.sites if s not in entry.part.interface)]
    if words:
        lines.append(f"      words  {' '.join(words)}")
    return lines


def in_full(entry: PartEntry) -> list[str]:
    """All that is known of a part."""
    part, found = entry.part, entry.measures
    lines = [f"{entry.name}  {title(entry)}", f"  {entry.part.about}", ""]
    lines += [f"  size     {size(entry) or 'endless'}", f"  mass     {mass(entry) or '– (nothing moves it)'}"]
    if part.bears is not None:
        bears = part.bears
        lines.append(f"  bears    {shown(bears.force, 'force')} in the hand ({bears.source}; {bears.grade})")
    lines += [f"  stands   {entry.stands}", f"  shapes   {found.seen} to look at, {found.touched} to touch"]
    for head, block in (
        ("joints", [f"{j.name}  {' '.join(filter(None, (j.kind, reach(j), added(j))))}" for j in found.joints]),
        ("set", [f"{p.name}  {shown(p.default, p.dimension)} ({between(p)})  {p.doc}" for p in part.params.values()]),
        ("words", [f"{word}  {meaning(m)}" for word, m in part.interface.items()]),
        ("sites", [" ".join(found.sites)] if found.sites else []),
        ("grips", [f"{name}  {grip_words(g)}" for name, g in part.grips.items()] or no_grips(entry)),
        ("sources", [f"{s.what}: {s.value}  {s.source}" for s in entry.part.sources]),
    ):
        if block:
            lines += ["", f"  {head}", *(f"    {line}" for line in block)]
    lines += ["", f"  {legend()}", f"  {part.file}"]
    return lines


def legend() -> str:
    """What the grades of numbers mean."""
    return "; ".join(f"[{letter}] {what}" for letter, what in GRADES.items()) + "."


def title(entry: PartEntry) -> str:
    return f"{entry.part.title.get('en', '')} {entry.part.title.get('zh', '')}".strip()


def size(entry: PartEntry) -> str:
    """Extent along x, y and z, such as `430 x 486 x 280 mm`."""
    box = entry.measures.size
    return "" if box is None else f"{' x '.join(f'{s:.0f}' for s in box)} mm"


def mass(entry: PartEntry) -> str:
    """In kg, in g where it is less than 100."""
    if entry.mass is None:
        return ""
    return f"{entry.mass:.3g} kg" if entry.mass >= 0.1 else f"{entry.mass * 1e3:.3g} g"


def moving(entry: PartEntry) -> str:
    """How it stands, and how many joints it has."""
    count = len(entry.measures.joints)
    return entry.stands + (f", {count} joint{'s' * (count > 1)}" if count else "")


def between(param: Param) -> str:
    """The range of a parameter, such as `15 to 35 N`."""
    low, high = (shown(end, param.dimension) for end in (param.low, param.high))
    if not np.isfinite([param.low, param.high]).any():
        return shown(param.default, param.dimension)
    if not np.isfinite(param.high):
        return f"from {low}"
    if not np.isfinite(param.low):
        return f"up to {high}"
    return f"{low.partition(' ')[0]} to {high}"


def unit(joint: PartJoint) -> str:
    return "mm" if joint.kind == "slide" else "deg"


def reach(joint: PartJoint) -> str:
    """The range of a joint, such as `0 to 110 deg`."""
    return "" if joint.low is None or joint.high is None else f"{joint.low:g} to {joint.high:g} {unit(joint)}"


def added(joint: PartJoint) -> str:
    """The inertia that a joint adds, such as `armature 0.002 kg m²`."""
    of = "kg" if joint.kind == "slide" else "kg m²"
    return f"armature {joint.armature:g} {of}" if joint.armature else ""


def meaning(entry: Any) -> str:
    """What a word of the interface stands for, such as `joint door_hinge, body door, 1 geom, latch within 1.5 mm`."""
    pieces = [f"{kind} {entry[kind]}" for kind in ("site", "joint", "body", "camera") if kind in entry]
    for kind in ("geoms", "bodies"):
        if kind in entry:
            pieces.append(f"{kind} {' '.join(entry[kind])}")
    pieces += [f"latch {v['joint']} within {v['within']}" if k == "latch" else f"{k} {_plain(v)}"
             for k, v in entry.items() if k not in ("site", "joint", "body", "camera", "geoms", "bodies")]  # fmt: skip
    return ", ".join(pieces)


def grip_words(grip: GripSheet) -> str:
    """How a grip of a sheet is taken, such as `side at middle, fingers x, pads close along y, 66 mm, bears 150 N`."""
    pieces = [f"{grip.kind} at {' '.join((*grip.sites, *grip.bodies))}"]
    pieces += [f"fingers {' or '.join(grip.fingers)}"] if grip.fingers else []
    pieces += [f"{np.rad2deg(grip.pitch):.3g} deg down"] if grip.pitch else []
    pieces += [f"pads close along {grip.pads}"] if grip.sites else []
    pieces += ["from every side"] if grip.round else []
    pieces += [f"by {grip.hands} hands"] if grip.hands > 1 else []
    pieces += [shown(grip.width, "length")] if grip.width is not None else []
    pieces += [f"bears {shown(grip.bears, 'force')}"] if grip.bears is not None else []
    return f"{', '.join(pieces)} ({grip.source})"


def no_grips(entry: PartEntry) -> list[str]:
    """What stands in place of grips where the sheet has none, of what hands move."""
    if entry.part.unheld:
        return ["no hand takes it"]
    asks = entry.kind == "objects" and entry.measures.free == 1
    return [f"none in its sheet; `shiliu check part={entry.name}` finds them from its shapes"] if asks else []


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(v)}" for key, v in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
