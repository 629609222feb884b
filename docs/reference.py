"""The pages of the site's reference that are read off the code: commands, YAML keys, words, environments, schema, Python."""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import shiliu
from shiliu.cli import VERBS
from shiliu.envs.registration import env_id
from shiliu.replay.commands.list_words import rows as words_of_goals
from shiliu.scenarios.sheet.own_files import read_own
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
        "Settings are written `key=value`. `-m` runs once for each of `a,b,c`. `--config-dir` names your own configs. "
        "`lang=zh` reports errors in Chinese. Where `lang` is a setting, it is also the language of the output.",
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


def meant(root: dict[str, Any], at: Any) -> Any:
    """A schema with what it refers to: a part of a scenario, or what stands in several places and is written once."""
    while isinstance(at, dict) and re.fullmatch(r"#/\$defs/(placed|\d+)", at.get("$ref", "")):
        inner = root["$defs"][at["$ref"].removeprefix("#/$defs/")]
        at = {**inner, **{key: value for key, value in at.items() if key != "$ref"}}
    return at


def keys_of(root: dict[str, Any], at: Any, above: str = "", way: str = "") -> Iterator[tuple[str, dict[str, Any], bool, str]]:
    """The keys of a schema: path, schema, whether it is required, and of which branch of the whole (`then`, `else`) it is.

    Names that the writer chooses are `*`. Below the first level those with a description alone are of interest.
    """
    at = meant(root, at)
    names = {key: meant(root, one) for key, one in {**at.get("properties", {}), "*": at.get("additionalProperties")}.items()}
    for key, one in names.items():
        if isinstance(one, dict) and (not above or "description" in one) and key not in ("en", "zh"):
            yield f"{above}{key}", one, key in at.get("required", ()), way
        if isinstance(one, dict) and above != "variants.":  # below a variant stand the keys of a scenario
            yield from keys_of(root, one, f"{above}{key}.", way)
    for inner in (*at.get("anyOf", ()), *([at["items"]] if "items" in at else ())):
        yield from keys_of(root, inner, above, way)
    for branch in ("then", "else") if not above and not way else ():
        yield from keys_of(root, root.get(branch, {}), "", branch)


def keys() -> str:
    """Keys of each kind of file, from the schemas that editors read."""
    found = [
        "# YAML keys",
        "An editor shows these while you write: see [the schema](schema.md). `*` is a name that you choose. "
        "A sentence or a title has `en` and `zh`. "
        "Arguments of words and skills: [words of goals](words.md), [skills](../skills.md).",
    ]
    for file in sorted((ROOT / "conf" / "editor").glob("*.json")):
        schema = json.loads(file.read_text(encoding="utf-8"))
        every = schema["properties"].get("format", {}).get("enum", [""])
        arrays = schema.get("if", {}).get("properties", {}).get("format", {}).get("enum", [])
        rows: dict[str, tuple[list[str], set[str], set[str]]] = {}  # meaning, formats that have it, and that require it
        for key, one, needed, way in keys_of(schema, schema):
            meaning, known, required = rows.setdefault(key, (["", ""], set(), set()))
            both = one.get("description", "").split("\n\n")
            meaning[:] = both if len(both) == 2 else meaning
            forms = {f for f in every if not way or (f in arrays) == (way == "then")}
            known |= forms
            required |= forms if needed else set()
        parted = [key for key, (_, known, required) in rows.items() if "." not in key and required and known < {*every}]
        cells = []
        for key, (meaning, known, required) in sorted(rows.items()):
            some = f"with {', '.join(f'`{f}`' for f in sorted(required))}"
            cells.append([f"`{key}`", some if key in parted else "yes" if required and required == known else "", *meaning])
        found += [f"## {file.stem}", table("| key | required | English | 中文 |", cells)]
        if parted:
            found.append(f"One of {' and '.join(f'`{key}`' for key in parted)} is needed. The format decides which.")
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
    return {file.stem: read_own(file) for file in sorted(folder.glob("*.yaml"))}


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


class Bare(str):
    """An annotation, which a signature shows without quotes."""

    __repr__ = str.__str__


TYPES = (
    "An installed wheel is typed (PEP 561): mypy and pyright read its types. They do not follow the import hook of an editable "
    "install (`make demo` makes one). Run `make lint` once in the checkout, which links `.types/shiliu` to it. Then "
    "`MYPYPATH=CHECKOUT/.types mypy FILE` finds the package; pyright takes the folder as `extraPaths`. `gymnasium.make` gives any "
    "environment: write `assert isinstance(env.unwrapped, shiliu.ShiliuEnv)` before `env.unwrapped.episode()`."
)
WITH_METHODS = ("Recording", "Schema", "Verdict")  # a scene's methods are for shiliu itself


def python() -> str:
    """The public names of the package, and the methods of what one gets from them, with their signatures and docstrings."""
    head = "What `import shiliu` offers. Everything else may change. Functions come first, then what they take and give."
    found = ["# Python", head, TYPES]

    def signature(called: str, thing: Any) -> str:
        asked = inspect.signature(thing)
        bare = [one.replace(annotation=Bare(one.annotation)) for one in asked.parameters.values() if one.name != "self"]
        return f"{called}{asked.replace(parameters=bare, return_annotation=Bare(asked.return_annotation))}"

    def rank(name: str) -> int:
        thing = getattr(shiliu, name)
        return 0 if inspect.isfunction(thing) else 2 if inspect.isclass(thing) and issubclass(thing, Exception) else 1

    for name in sorted(shiliu.__all__, key=rank):
        thing = getattr(shiliu, name)
        called = f"shiliu.{name}" if inspect.isclass(thing) else signature(f"shiliu.{name}", thing)
        found += [f"## {name}", f"```text\n{called}\n```", prose(inspect.getdoc(thing) or "")]
        for method, one in vars(thing).items() if name in WITH_METHODS else ():
            is_property = isinstance(one, property | cached_property)
            if not method.startswith("_") and (is_property or inspect.isfunction(one)) and inspect.getdoc(one):
                head = f"{name.lower()}.{method}"
                head = head if is_property else signature(head, one)
                found += [f"### {name}.{method}", f"```text\n{head}\n```", prose(inspect.getdoc(one) or "")]
    return "\n\n".join(found) + "\n"


def prose(doc: str) -> str:
    """A docstring as Markdown: `Args:` and its like become lists; what is indented otherwise stays as it is typed."""
    found = []
    for block in doc.split("\n\n"):
        head, _, rest = block.partition("\n")
        if head in ("Args:", "Attributes:", "Returns:", "Raises:", "Yields:"):
            entries = [" ".join(one.split()) for one in re.split(r"\n(?! )", textwrap.dedent(rest))]
            named = [re.sub(r"^([\w*]+(?:, [\w*]+)*): ", r"`\1`: ", one) for one in entries]
            found.append(f"**{head[:-1]}**\n\n" + "\n".join(f"- {_escaped(one)}" for one in named))
        elif re.search(r"(?m)^( |\||>>>)", block):
            found.append(f"```text\n{block}\n```")
        else:
            found.append(_escaped(" ".join(block.split())))
    return "\n\n".join(found)


def _escaped(text: str) -> str:
    """A text with each `<` escaped, so that it begins no tag. Between back ticks it stays."""
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(text.split("`")))


MADE = (commands, keys, words, environments, schema, python)
