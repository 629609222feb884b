"""The pages of the site's reference that are read off the code: commands, YAML keys, words, environments, schema, Python."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import shiliu
import yaml
from shiliu.cli import VERBS
from shiliu.envs.registration import env_id
from shiliu.replay.commands.list_words import rows as words_of_goals
from shiliu.scenarios.sheet.quantity import EXAMPLE, UNITS
from shiliu.scenarios.words import WORDS

ROOT = Path(__file__).resolve().parents[1]


def table(head: str, rows: list[list[str]]) -> str:
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join([head, re.sub(r"[^|]+", "---", head), *("| " + " | ".join(row) + " |" for row in cells)])


def commands() -> str:
    """Every verb: its use, and each setting with its default and meaning, as conf/<verb>.yaml says them."""
    found = [
        "# Commands",
        "Settings are written `key=value`. `-m` runs once for each of `a,b,c`. `--config-dir` names your own configs.",
    ]
    for verb, (module, what) in VERBS.items():
        use = __import__(f"shiliu.replay.commands.{module}", fromlist=["USAGE"]).USAGE.strip()
        found += [f"## shiliu {verb}", f"{what[0].upper()}{what[1:]}.", f"```text\n{use}\n```"]
        lines = re.findall(
            r"(?m)^( *)([a-z_]+): *([^#\n]*?) *(?:# *(.*))?$",
            (ROOT / "conf" / f"{verb}.yaml").read_text(encoding="utf-8"),
        )
        rows, above = [], ""
        for indent, key, value, meaning in lines:
            above = key if not indent else above
            if key != "defaults":
                rows.append([f"`{key if not indent else f'{above}.{key}'}`", f"`{value}`" if value else "", meaning])
        if rows:
            found.append(table("| setting | default | meaning |", rows))
    return "\n\n".join(found) + "\n"


def keys() -> str:
    """Keys of each kind of file, from the schemas that editors read."""
    found = ["# YAML keys", "An editor shows these while you write: see [the schema](schema.md)."]
    for file in sorted((ROOT / "conf" / "editor").glob("*.json")):
        schema = json.loads(file.read_text(encoding="utf-8"))
        rows = []
        for way in (schema, schema.get("then", {}), schema.get("else", {})):
            for key, one in way.get("properties", {}).items():
                both = one.get("description", "").split("\n\n")
                rows.append(
                    [
                        f"`{key}`",
                        "yes" if key in way.get("required", ()) else "",
                        *(both if len(both) == 2 else ("", "")),
                    ]
                )
        rows = list({row[0]: row for row in sorted(rows, key=lambda row: bool(row[2]))}.values())
        found += [f"## {file.stem}", table("| key | required | English | 中文 |", sorted(rows))]
    units: dict[str, list[str]] = {}
    for unit, (kind, _) in UNITS.items():
        units.setdefault(kind, []).append(f"`{unit}`")
    found += ["## Units", "Every quantity has its unit. A bare number is refused."]
    found.append(
        table(
            "| quantity | units | such as |",
            [[k.replace("_", " "), ", ".join(u), f"`{EXAMPLE[k]}`"] for k, u in units.items()],
        )
    )
    return "\n\n".join(found) + "\n"


def words() -> str:
    rows = [
        [f"`{row['name']}`", f"`{row['takes']}`" if row["takes"] else "", row["doc"], WORDS[row["name"]].zh]
        for row in words_of_goals()
    ]
    return "\n\n".join([
        "# Words of goals", "One word with its arguments is a condition of `goal`, `never` or `rules`. "
        "Arguments in brackets may be left out. What each measures: [in full](../goal-words.md).",
        table("| word | takes | measures | 测量 |", rows),
    ]) + "\n"  # fmt: skip


def sheets() -> dict[str, Any]:
    folder = ROOT / "conf" / "scenario"
    return {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.yaml"))}


def environments() -> str:
    rows = [
        [f"[`{name}`](../scenarios/{name}.md)", f"`{env_id(name)}`", f"{s['title']['en']} {s['title']['zh']}",
         ", ".join(f"`{v}`" for v in s.get("variants", {}))]
        for name, s in sheets().items()
    ]  # fmt: skip
    return "\n\n".join([
        "# Scenarios as environments",
        "`gymnasium.make(ID)` after `import shiliu`. Options, rewards and spaces: [the interface](../environments.md).",
        table("| scenario | ID | title | variants |", rows),
    ]) + "\n"  # fmt: skip


def schema() -> str:
    scene = shiliu.load_scenario("microwave")
    rows = [
        [str(row[key]) if row[key] is not None else "" for key in ("feature", "index", "name", "unit", "low", "high")]
        for row in scene.schema.table()
    ]
    kinds = sorted(file.stem for file in (ROOT / "conf" / "editor").glob("*.json"))
    return "\n\n".join([
        "# Schema", "## For the editor",
        "`shiliu new` puts a JSON Schema beside what it writes. Its first line names it: "
        "`# yaml-language-server: $schema=../editor/scenario.json`. "
        "An editor with a YAML language server then completes keys, explains them in both languages and underlines mistakes. "
        "The schemas are made from what the readers ask: `python docs/editor.py`.",
        table("| file | schema |", [[kind, f"[{kind}.json]({kind}.json)"] for kind in kinds]),
        "## Of an episode", "What an episode of `microwave` holds. Every other scenario: `shiliu list schema scenario=NAME`.",
        table("| feature | # | name | unit | low | high |", rows),
    ]) + "\n"  # fmt: skip


def python() -> str:
    """The public names of the package, with their signatures and docstrings."""
    found = ["# Python", "What `import shiliu` offers. Everything else may change."]
    for name in shiliu.__all__:
        thing = getattr(shiliu, name)
        signature = str(inspect.signature(thing)).replace("'", "") if not inspect.isclass(thing) else ""
        found += [f"## {name}", f"```text\nshiliu.{name}{signature}\n```", f"```text\n{inspect.getdoc(thing)}\n```"]
    return "\n\n".join(found) + "\n"


MADE = (commands, keys, words, environments, schema, python)
