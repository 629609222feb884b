"""The site: `make site` has this write its pages and settings, Zensical build them, and `finished_site.py` finish what was built.

    python docs/website.py build/site    pages of docs/, the reference, the front page, zensical.toml

Zensical, since it reads these pages as they are, checks every link and heading, and searches without a server; Material for MkDocs
is in maintenance only.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cards
import checks
import parts
import reference
import shiliu
import skills
from reference import sheets

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REFERENCE_PAGE = DOCS / "reference.md"
BUILT = ROOT / "build" / "pictures"
LANGUAGES = {"en": "English", "zh": "中文"}
READERS = ("designer", "researcher", "line")
SIXTEEN = (
    "microwave cooking drink_assist table_wiping laundry_folding room_organization bedside_care medication_serving "
    "shelf_restocking parcel_sorting package_packing material_handling car_assembly coil_separation remote_inspection room_delivery"
).split()
WIDE = 320  # pixels of a loop
# page -> its title in the navigation, by part of the site and by group
HOW_TO = {
    "Ten tasks": {
        "tasks/designer": "Scenario designer",
        "tasks/designer.zh": "场景设计",
        "tasks/researcher": "Researcher",
        "tasks/researcher.zh": "研究人员",
        "tasks/line": "Data line",
        "tasks/line.zh": "数据产线",
    },
    "Scenarios": {
        "designing-scenarios": "Design a scenario",
        "new-scenario": "Write a scenario",
        "studio": "See a scene while you edit it",
        "try-again": "Mend a chain that fails",
        "sweep": "Run a command for many values",
        "titles": "Name things for reports",
        "variants": "Give a scenario variants",
        "mistakes": "Make a demonstration fail on purpose",
        "seen": "Check that the camera sees the work",
        "faster-scene": "Make a scene faster",
        "new-part": "Make a part",
        "cloth": "Put a cloth into a scene",
        "teleop": "Perform a scenario on a page",
    },
    "Real cells": {
        "cells": "Describe a real cell",
        "judge-in-cell": "Judge recordings in a cell",
        "markers": "Find where things stand by printed markers",
    },
    "Recordings": {
        "datasets": "Record a dataset, and add to it",
        "import": "Import recordings into a dataset",
        "new-mapping": "Write a mapping",
        "formats-export": "Export to other formats",
        "metadata": "Say who recorded, where, and under which licence",
        "labels": "Label skills",
        "play-verdict": "Play a verdict on a page",
        "repair": "Repair a recording",
        "devices": "Judge demonstrations as a device would record them",
    },
    "Other robots, people, policies": {
        "any-robot": "Judge your own robot",
        "simulation-logs": "Judge logs of another simulation",
        "human-motion": "Judge human motion on the robot",
        "legs-policy": "Try your own policy on legs",
        "policies": "Train and compare policies",
        "policy-pictures": "Train a policy from pictures",
        "lerobot": "Train and evaluate with LeRobot",
    },
    "Data line": {
        "data-line": "Run a data line",
        "judge-many": "Judge many recordings",
        "watch": "Judge takes as they arrive",
        "ci": "Use it in a pipeline",
        "cluster": "Use several machines",
        "oversight": "Report on a shift",
        "what-if": "Try other bounds",
        "deliver": "Deliver what passed",
        "disputes": "Object to a verdict",
    },
    "Extend shiliu": {
        "ship-scenario": "Add a scenario to the package",
        "new-reader": "Add a reader for a format",
        "new-check": "Add a check to the judge",
        "new-goal-word": "Add a goal word",
        "new-robot": "Build scenes with another robot or hand",
    },
    "Installation": {
        "service": "Run it as a service",
        "upgrade": "Upgrade",
        "offline": "Install without a network",
    },
}
REFERENCE = {  # "": without a group
    "": {
        "reference/commands": "Commands",
        "parts": "Parts",
        "skills": "Skills",
        "checks": "Checks",
        "glossary": "Glossary",
    },
    "A scenario's file": {
        "scenario-keys": "Keys of a scenario",
        "names": "Quantities and names",
        "reference/words": "Words of goals",
        "goal-words": "Words of goals, in full",
        "rules": "Rules",
        "answers": "Answers",
        "marks": "Marks",
        "stains": "Stains",
        "refused": "What check refuses",
        "reference/keys": "YAML keys of all files",
    },
    "Python and environments": {
        "reference/python": "Python",
        "reference/environments": "Scenarios as environments",
        "environments": "The Gymnasium interface",
        "reference/schema": "Schema",
    },
    "Recordings and files": {
        "formats": "Formats",
        "file-families": "Families of files",
        "mapping-keys": "Keys of a mapping",
        "human-motion-sources": "Sources of human motion",
        "advice": "Advice of a verdict",
    },
}
HOW_IT_WORKS = {
    "": {
        "verdict": "What a verdict means",
        "starts": "Where the start comes from",
        "architecture": "Architecture",
        "design-notes": "Design notes",
    },
    "The judge": {
        "set-checks": "What a set says of itself",
        "changed-bounds": "Bounds that were changed",
        "task-sentences": "Does the task sentence fit?",
        "wrong-columns": "A wrong column",
        "columns": "Columns that agree: the rules",
        "column-faults": "Which differences are a FAIL",
        "attribution": "Why a replay departs",
        "accuracy": "How right the judge is",
        "faults-without-motion": "Faults that leave the motion as it is",
        "judging-the-judge": "The judge judged",
        "ordinary-sets": "Faults of sets",
        "faults-without-a-list": "Faults without a list",
        "real-recordings": "Real recordings",
        "other-robots": "Other robots, measured",
        "case-studies": "Case studies",
        "drift": "What a new engine changes",
    },
    "Robot and people": {
        "mobile-base": "Moving base",
        "legs": "On its own legs",
        "legs-figures": "On its own legs, measured",
        "legs-failures": "What made takes on legs fail",
        "people": "People in a scene",
        "retargeting": "How human motion is carried over",
        "link": "The link",
        "live-page": "The live page",
    },
    "Data line": {
        "promises": "What is promised",
        "line-speed": "How fast a data line is",
    },
    "Labels and repair": {
        "label-recognition": "How skills are recognised",
        "repair-figures": "Repair, measured",
    },
    "Figures": {
        "policy-figures": "Policies, measured",
        "counted": "What was counted",
        "benchmarks": "Speed",
    },
}


# ---- pages that are there


def contents(pictures: Path | None) -> dict[Path, tuple[str, Path | str]]:
    """Where a link leads -> the name that it has on the site, and its file or what was written of it."""
    found: dict[Path, tuple[str, Path | str]] = {}
    for file in sorted(DOCS.rglob("*")):
        name = file.relative_to(DOCS).as_posix()
        if file.suffix in (".md", ".webp", ".svg") and not name.endswith(".notes.md") and file != REFERENCE_PAGE:
            found[file] = name, file
    for file in notebooks():
        found[file] = f"notebooks/{file.stem}.md", file
    found[ROOT / "benchmarks" / "README.md"] = "benchmarks.md", ROOT / "benchmarks" / "README.md"
    for file in sorted(pictures.rglob("*.webp")) if pictures else ():
        name = file.relative_to(pictures).as_posix()
        found[DOCS / name] = name, file
    folder = pictures / "scenarios" if pictures else cards.FOLDER
    for name in sheets():
        found[DOCS / "scenarios" / f"{name}.md"] = (
            f"scenarios/{name}.md",
            cards.card(shiliu.load_scenario(name), folder),
        )
    for name, text in (("parts", parts.page(pictures)), ("skills", skills.page()), ("checks", checks.page())):
        found[DOCS / f"{name}.md"] = f"{name}.md", text
    return found


def notebooks() -> list[Path]:
    """Those that are kept with their outputs."""
    return sorted(file for file in (ROOT / "notebooks").glob("*.ipynb") if file.stem != "behaviour_cloning")


def title_of(file: Path) -> str:
    """The heading of a notebook."""
    return "".join(json.loads(file.read_text(encoding="utf-8"))["cells"][0]["source"]).partition("\n")[0].lstrip("# ")


def notebook(file: Path, to: Path) -> str:
    """A notebook as a page; its pictures are laid beside it."""
    found = []
    for k, cell in enumerate(json.loads(file.read_text(encoding="utf-8"))["cells"]):
        source = "".join(cell["source"])
        found.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for n, out in enumerate(cell.get("outputs", ())):
            data = {kind: "".join(value) for kind, value in out.get("data", {}).items()}
            name = f"{file.stem}_{k}_{n}"
            to.mkdir(parents=True, exist_ok=True)
            if "image/jpeg" in data:
                (to / f"{name}.jpg").write_bytes(base64.b64decode(data["image/jpeg"]))
                found.append(f"![What the cell above shows]({name}.jpg)")
            elif "image/svg+xml" in data:
                (to / f"{name}.svg").write_text(data["image/svg+xml"], encoding="utf-8")
                found.append(f"![What the cell above shows]({name}.svg)")
            elif "text/html" in data:
                found.append(re.sub(r"(?s)<style.*?</style>|\n\s*", "", data["text/html"]))
            else:
                found.append(f"```text\n{data.get('text/plain', ''.join(out.get('text', ''))).rstrip()}\n```")
    return "\n\n".join(found) + "\n"


def linked(text: str, file: Path, placed: Mapping[Path, str]) -> str:
    """A page with links to pages of the site; what the site does not hold becomes a name of the repository."""
    here = placed[file]

    def lead(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        name, _, anchor = target.partition("#")
        if "://" in target or not name:
            return match[0]
        there = (file.parent / name).resolve()
        if there == REFERENCE_PAGE:  # the repository's page about generated ones: here they are
            there, anchor = DOCS / f"{anchor}.md", ""
        if there in placed:
            way = os.path.relpath(placed[there], Path(here).parent)
            return f"{mark}[{words}]({Path(way).as_posix()}{f'#{anchor}' if anchor else ''})"
        path = there.relative_to(ROOT).as_posix()
        return f"`{path}`" if words.strip("`") in (path, there.name, name) else f"{words} (`{path}`)"

    return re.sub(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]+)\)", lead, text)


def front(there: Mapping[Path, tuple[str, Path | str]]) -> str:
    """The first page; the moving pictures of its wall are those of the scenarios' pages. What was not drawn stands still."""
    cells, known = [], sheets()
    for name in SIXTEEN:
        title = known[name]["title"]
        shown = next(f"{name}_{what}.webp" for what in ("loop", "overview") if DOCS / "scenarios" / f"{name}_{what}.webp" in there)
        cells.append(
            f'<a href="scenarios/{name}.html"><img src="scenarios/{shown}" alt="{title["en"]}" width="{WIDE}" loading="lazy">'
            f"<span>{title['en']} {title['zh']}</span></a>"
        )
    starts = "\n".join(
        f'<div><a href="start/{reader}.html"><b>{en}</b></a><a href="start/{reader}.zh.html" lang="zh">{zh}</a></div>'
        for reader, en, zh in (
            ("designer", "I design scenarios", "我设计场景"),
            ("researcher", "I do research", "我做研究"),
            ("line", "I run a data line", "我管理数据产线"),
        )
    )
    return f"""---
hide:
  - navigation
  - toc
---

# shiliu 十六

Sixteen humanoid training scenarios in MuJoCo, and a judge of recorded demonstrations:
**can the robot physically do this, here, and if not, where, when and why not?**

十六个人形机器人训练场景，以及一个评判录制示范的程序：机器人在这里做得到吗？做不到的话，在哪里、什么时候、为什么？

<div class="starts">
{starts}
</div>

<div class="wall">
{chr(10).join(cells)}
</div>
"""


CSS = """.wall, .starts { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); margin: 1rem 0; }
.starts { grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); }
@media (min-width: 60rem) {
  .wall { grid-template-columns: repeat(4, 1fr); }  /* sixteen: four by four */
  .starts { grid-template-columns: repeat(3, 1fr); }
}
.md-header__source:not(:has(a)) { display: none; }  /* room that the theme keeps for a repository's address */
.md-typeset .wall a, .md-typeset .starts a { color: inherit; text-decoration: none; }
.md-typeset .starts a:hover { text-decoration: underline; }
.wall a, .starts div { display: flex; flex-direction: column; border-radius: .3rem; overflow: hidden; border: .05rem solid #8883; }
.wall img { width: 100%; height: auto; aspect-ratio: 4 / 3; object-fit: cover; display: block; }
.wall span { padding: .25rem .5rem; font-size: .65rem; }
.starts a { padding: .3rem .8rem; }
.starts a:first-child { padding-top: .6rem; }
.starts a:last-child { padding-bottom: .6rem; }
.md-typeset .language-text code { white-space: pre-wrap; font-size: .58rem; }  /* 96 letters, as the help of a verb has */
.md-typeset table:not([class]), .md-typeset table.dataframe { font-size: .62rem; }
.md-typeset table:not([class]) :is(th, td) { padding: .4rem .6rem; min-width: 0; }
.md-typeset :is(th, td) code { word-break: normal; overflow-wrap: normal; }  /* a word of code stays whole */
.md-typeset img[src*="_loop.webp"]:not(.wall img) { width: 24rem; border-radius: .3rem; }
.md-typeset table.dataframe { display: block; max-height: 22rem; overflow: auto; border-collapse: collapse; border: 0; }
.md-typeset .dataframe :is(th, td) { padding: .2rem .5rem; border: 0; border-bottom: .05rem solid #8883; text-align: left; }
body { --md-text-font: system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; --md-code-font: ui-monospace, monospace; }
"""


def grouped(pages: Mapping[str, Mapping[str, str]]) -> list[Any]:
    """Groups of pages as the navigation has them."""
    found: list[Any] = []
    for group, named in pages.items():
        entries = [{title: f"{name}.md"} for name, title in named.items()]
        found += [{group: entries}] if group else entries
    return found


def navigation() -> list[Any]:
    start = [{f"{title} ({LANGUAGES[lang]})" if lang == "en" else title: f"start/{reader}{'' if lang == 'en' else '.zh'}.md"}
             for reader, titles in zip(READERS, (("Scenario designer", "场景设计"), ("Researcher", "研究人员"), ("Data line", "数据产线")))
             for lang, title in zip(LANGUAGES, titles)]  # fmt: skip
    scenarios = [{f"{s['title']['en']} {s['title']['zh']}": f"scenarios/{name}.md"} for name, s in sheets().items()]
    kept = [{"How they are run": "notebooks.md"}, *({title_of(file): f"notebooks/{file.stem}.md"} for file in notebooks())]
    return [
        {"Start": ["index.md", *start]},
        {"How to": [*grouped(HOW_TO), {"Notebooks": kept}]},
        {"Reference": [{"Scenarios": scenarios}, *grouped(REFERENCE)]},
        {"How it works": grouped(HOW_IT_WORKS)},
    ]


def toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(str(key), ensure_ascii=False)} = {toml(one)}" for key, one in value.items())
            + "}"
        )
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)


def settings(site: Path) -> str:
    return f"""[project]
site_name = "shiliu 十六"
site_description = "Humanoid training scenarios in MuJoCo, and a physical judge of recorded demonstrations"
docs_dir = "pages"
site_dir = {toml(site.name)}
use_directory_urls = false
extra_css = ["site.css"]
nav = {toml(navigation())}

[project.theme]
font = false
language = "en"
features = ["navigation.tabs", "navigation.top", "navigation.indexes", "search.highlight", "content.code.copy", "toc.follow"]

[[project.theme.palette]]
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Dark"

[[project.theme.palette]]
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Light"

[project.extra]
generator = false
"""


def write(out: Path, pictures: Path | None = None) -> None:
    """Every page of the site below `out`/pages, and its settings.

    Args:
        pictures: where `scene_pictures.py` and `parts.py` drew; without them pages show the stills of the repository.
    """
    shutil.rmtree(out, ignore_errors=True)
    to, there = out / "pages", contents(pictures)
    placed = {file: name for file, (name, _) in there.items()}
    for file, (name, source) in there.items():
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, Path) and source.suffix == ".ipynb":
            target.write_text(notebook(source, target.parent), encoding="utf-8")
        elif isinstance(source, Path) and source.suffix != ".md":
            shutil.copyfile(source, target)
        else:
            text = linked(source if isinstance(source, str) else source.read_text(encoding="utf-8"), file, placed)
            target.write_text(moving(text, name, there), encoding="utf-8")
    (to / "reference").mkdir(parents=True, exist_ok=True)
    for make in reference.MADE:
        (to / "reference" / f"{make.__name__}.md").write_text(make(), encoding="utf-8")
    for file in (ROOT / "conf" / "editor").glob("*.json"):
        shutil.copyfile(file, to / "reference" / file.name)
    (to / "index.md").write_text(front(there), encoding="utf-8")
    (to / "site.css").write_text(CSS, encoding="utf-8")
    (out / "zensical.toml").write_text(settings(Path("site")), encoding="utf-8")


def moving(text: str, name: str, there: Mapping[Path, tuple[str, Path | str]]) -> str:
    """A scenario's page with its moving picture first, where that was drawn; any other page as it is."""
    stem = Path(name).stem
    if not name.startswith("scenarios/") or DOCS / "scenarios" / f"{stem}_loop.webp" not in there:
        return text
    head, _, rest = text.partition("\n")
    return f"{head}\n\n![A whole demonstration in three seconds]({stem}_loop.webp)\n{rest}"


if __name__ == "__main__":
    write(Path(sys.argv[1]), BUILT if BUILT.is_dir() else None)
