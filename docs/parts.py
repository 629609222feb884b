"""The page of parts, which `make site` writes: a picture, measures, parameters, words and sources of each.

python docs/parts.py            # assets/measured.json, which a test holds
python docs/parts.py pictures   # pictures below build/pictures/parts, where they are missing or their part has changed
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from string import Template

from shiliu.replay.commands import list_parts
from shiliu.scenarios.grips.gripper import gripper_of
from shiliu.scenarios.grips.grips import grips_of
from shiliu.scenarios.grips.workpiece import SAFETY
from shiliu.scenarios.parts.grip_sheet import KINDS as KINDS_OF_GRIPS
from shiliu.scenarios.parts.grip_sheet import GripSheet
from shiliu.scenarios.parts.part_catalogue import GRADES, MEASURED, PartEntry, digest, inventory, measured
from shiliu.scenarios.sheet.errors import ShiliuError
from shiliu.scenarios.sheet.quantity import show

NOTES = Path(__file__).resolve().parent / "parts.notes.md"
ROOM = Path(__file__).resolve().parents[1] / "build" / "pictures" / "parts"
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")  # of a sheet, which leads from its own folder
SHOWN, GRIPS = "objects/can_330", "grips.webp"  # the part with drawn grips, and the file of their picture
SIZE = (480, 360)
KINDS = {  # what the folder of a kind holds; a kind that stands not here is headed by its folder's name
    "fixtures": "Fixtures: what stands in the place",
    "objects": "Objects: what hands move",
    "mechanisms": "Mechanisms: what clicks, turns and closes",
    "people": "People",
}


def page(pictures: Path | None = None) -> str:
    """The page as Markdown; with the pictures that a folder has below `parts`."""
    entries = inventory()
    lines = [
        "# The library of parts",
        "",
        "A scenario takes a part by its name, sets its parameters, and uses its words and sites, such as `oven.handle`:",
        "[keys of a scenario](scenario-keys.md). Each part opens alone in the MuJoCo viewer.",
        "",
        "```",
        "shiliu list parts microwave                  size, mass, parameters, words, sites",
        "shiliu render part=microwave out=pics        pictures",
        "shiliu check part=microwave                  is it sound?",
        "```",
        "",
        f"- **Grades** of numbers: {'; '.join(f'[{letter}] {what}' for letter, what in GRADES.items())}.",
        "- **Sizes** are extents along x, y, z, in the pose of the part's file. Only what moves has a mass.",
        "- A word in *italics* is a site without a meaning of its own.",
        "- **Armature** is inertia that a joint adds to that of the body which it moves, [E] everywhere. It keeps a light body still",
        "  at the physics step while something heavier presses on it.",
        "- **`bears`**, on a sheet, is how hard the part may be struck in the hand. Other parts are judged by an estimate.",
        "",
        "This page is written by `docs/parts.py` from the sheets under `assets/` and from the compiled parts.",
        "",
        "| part | | size [mm] | mass | moves | parameters |",
        "|---|---|---|---|---|---|",
    ]
    for entry in entries:
        size = list_parts.size(entry).removesuffix(" mm").replace(" x ", "&nbsp;×&nbsp;") or "–"  # on one line
        sets = ", ".join(entry.part.params) or "–"
        cells = (
            f"[{entry.name}](#{anchor(entry.name)})",
            list_parts.title(entry),
            size,
            list_parts.mass(entry) or "–",
            list_parts.moving(entry),
            sets,
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", held(pictures)]
    for kind in dict.fromkeys(entry.kind for entry in entries):
        lines += ["", f"## {KINDS.get(kind, kind.capitalize())}"]
        for entry in (e for e in entries if e.kind == kind):
            lines += ["", *section(entry, pictures)]
    return "\n".join(lines) + "\n"


def anchor(heading: str) -> str:
    """What a heading's link is called on the usual sites."""
    return heading.lower().replace("/", "")


def picture(entry: PartEntry) -> str:
    return f"{entry.name.replace('/', '_')}.webp"


def section(entry: PartEntry, pictures: Path | None = None) -> list[str]:
    """What stands on the page of one part."""
    part, found = entry.part, entry.measures
    about = LINK.sub(r"\1", entry.part.about)
    lines = [f"### {entry.name}", "", f"**{list_parts.title(entry)}**. {about}", ""]
    lines += [meant, ""] if (meant := list_parts.meant(entry, "zh")) else []
    lines += shown(part.title.get("en", entry.name), picture(entry), pictures)
    facts = [
        list_parts.size(entry).replace(" x ", " × ") or "endless",
        list_parts.mass(entry),
        list_parts.moving(entry),
    ]
    lines += [f"{', '.join(f for f in facts if f)}; {found.seen} shapes to look at, {found.touched} to touch."]
    if part.bears is not None:
        lines += ["", f"Bears {show(part.bears.force, 'force')} in the hand ({part.bears.source}; {part.bears.grade})."]
    if part.params:
        lines += ["", "| set | default | range | |", "|---|---|---|---|"]
        lines += [
            f"| `{p.name}` | {show(p.default, p.dimension)} | {list_parts.between(p)} | {p.doc} |"
            for p in part.params.values()
        ]
    plain = [site for site in found.sites if site not in {m.get("site") for m in part.interface.values()}]
    if part.interface or plain:
        words = [f"`{word}` ({list_parts.meaning(m)})" for word, m in part.interface.items()] + [
            f"*{site}*" for site in plain
        ]
        lines += ["", f"Words: {', '.join(words)}."]
    if part.grips:
        lines += ["", "| grip | how | width | bears | source |", "|---|---|---|---|---|"]
        lines += [grip_row(name, grip) for name, grip in part.grips.items()]
    elif part.unheld:
        lines += ["", "No hand takes it."]
    if found.joints:
        joints = [f"`{j.name}` {' '.join(filter(None, (j.kind, list_parts.reach(j), list_parts.added(j))))}" for j in found.joints]
        lines += ["", f"Joints: {', '.join(joints)}."]
    if entry.part.sources:
        lines += ["", "| what | value | grade, source |", "|---|---|---|"]
        lines += [f"| {s.what} | {s.value} | {s.source} |" for s in entry.part.sources]
    file = f"../assets/{entry.name}/README.md"
    return [*lines, "", f"[README]({file})"] if (part.file.parent / "README.md").is_file() else lines


def shown(title: str, name: str, pictures: Path | None) -> list[str]:
    """A picture's lines, where it is drawn."""
    return [f"![{title}](parts/{name})", ""] if pictures and (pictures / "parts" / name).is_file() else []


def grip_row(name: str, grip: GripSheet) -> str:
    """One grip of a sheet as a row of its table."""
    how = list_parts.grip_words(replace(grip, width=None, bears=None, source="")).removesuffix(" ()")
    width, bears = (show(value, unit) if value is not None else "–" for value, unit in
                    ((grip.width, "length"), (grip.bears, "force")))  # fmt: skip
    return f"| `{name}` | {how} | {width} | {bears} | {grip.source} |"


def held(pictures: Path | None = None) -> str:
    """The section on how a part is held: `parts.notes.md` with the numbers of the claw."""
    claw = gripper_of()
    text = Template(NOTES.read_text(encoding="utf-8").rstrip("\n")).substitute(
        hand=claw.name,
        widest=show(round(claw.widest, 4), "length"),
        force=show(claw.force, "force"),
        safety=f"{SAFETY:g}",
        kinds="; ".join(f"`{kind}`: {what}" for kind, what in KINDS_OF_GRIPS.items()),
    )
    return "\n".join([text, "", *shown("Can with its grips", GRIPS, pictures)]).rstrip()


def draw() -> None:
    """Draw the parts of which there is no picture as they are now, and take away the pictures of parts that are no more."""
    from pictures import write
    from shiliu.envs.portrait import portrait

    ROOM.mkdir(parents=True, exist_ok=True)
    entries = inventory()
    for file in ROOM.glob("*.webp"):
        if file.name not in {GRIPS, *(picture(entry) for entry in entries)}:
            file.unlink()
    for entry in entries:
        file, mark = ROOM / picture(entry), ROOM / f"{picture(entry)}.key"
        if mark.is_file() and mark.read_text(encoding="utf-8") == digest(entry.part):
            continue
        if entry.name == SHOWN:
            write(ROOM / GRIPS, portrait(entry.part, *SIZE, grips=grips_of(entry.part)))
        write(file, portrait(entry.part, *SIZE))
        mark.write_text(digest(entry.part), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Write what the parts measure; with `pictures`, draw them."""
    if arguments not in ([], ["pictures"]):
        print("python docs/parts.py [pictures]", file=sys.stderr)
        return 2
    if not arguments:
        MEASURED.write_text(measured(), encoding="utf-8")
        return 0
    try:
        draw()
    except ShiliuError as error:  # no OpenGL: the site has no pictures of parts
        print(error, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
