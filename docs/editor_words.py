"""What keys mean, in both languages, for the schemas of `editor.py`: `editor.yaml`, and the sentences of our code with their Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from questions import Schema
from shiliu.replay.report.message_catalogue import sentences, terms
from shiliu.scenarios.sheet.own_files import read_own

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "zh")
SAID = read_own(ROOT / "docs" / "editor.yaml")
TRANSLATIONS, SKILLS = sentences("meanings", "zh"), terms("meanings", "zh", "skills")


def texts() -> dict[str, dict[str, Any]]:
    return {lang: read_own(ROOT / "conf" / "text" / f"{lang}.yaml") for lang in LANGUAGES}


def explained(schema: Schema, *lines: str | None) -> Schema:
    """A schema with what its value means, in both languages."""
    lines = [line for line in lines if line]
    return {**schema, "description": "\n\n".join(lines)} if lines else schema


def in_both_languages(doc: str) -> str:
    """A sentence of our code or of a part, with its translation in conf/text/meanings."""
    return "\n\n".join(filter(None, (doc, TRANSLATIONS.get(doc))))


def described(schema: Schema, words: Mapping[str, Mapping[str, str]], kind: str) -> None:
    """Put the sentences of editor.yaml to the keys that they are of. A path is meant before a pattern; a pattern, where the key
    has no sentence yet.

    Raises:
        KeyError: a path or pattern of this kind is of no key.
    """
    own = {path: f"{both['en']}\n\n{both['zh']}" for path, both in words.items() if path.startswith(f"{kind}.")}
    broad = [(path, re.compile(re.escape(path).replace(r"\*\*\.", r"(?:.*\.)?"))) for path in own if "**" in path]
    used: set[str] = set()

    def of(inner: Schema, path: str) -> None:
        name = path
        if path not in own and not any("description" in way for way in (inner, *inner.get("anyOf", ()))):
            name = next((one for one, pattern in broad if pattern.fullmatch(path)), "")
        if name in own:
            used.add(name)
            inner["description"] = own[name]

    def walk(at: Schema, path: str) -> None:
        for key, inner in at.get("properties", {}).items():
            if isinstance(inner, dict):
                walk(inner, f"{path}.{key}")
                of(inner, f"{path}.{key}")
        for key, inner in at.get("$defs", {}).items():
            walk(inner, f"{path}.parts.*" if key == "placed" else f"{path}.{key}")
        rest = at.get("additionalProperties")
        if isinstance(rest, dict):
            walk(rest, f"{path}.*")
            of(rest, f"{path}.*")
        branches = [at[way] for way in ("then", "else", "items") if way in at]
        for inner in (*at.get("anyOf", ()), *at.get("allOf", ()), *branches):
            walk(inner, path)

    walk(schema, kind)
    if missing := sorted({*own} - used):
        raise KeyError(f"docs/editor.yaml: no key of a {kind} is {', '.join(missing)}")
