"""Catalogues of sentences, `conf/text/<kind>/<lang>.yaml`: English, and what it is in the language. Words stand in tables of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from ...scenarios.reading.composition import CONF
from ...scenarios.sheet.yaml_reader import read_own


@lru_cache
def _entries(kind: str, lang: str) -> dict[str, Any]:
    """All of a catalogue, `notes` or `messages`; nothing where a language has none."""
    path = CONF / "text" / kind / f"{lang}.yaml"
    return dict(read_own(path)) if path.is_file() else {}


def sentences(kind: str, lang: str) -> dict[str, str]:
    """What each English sentence is in the language, in the order of the catalogue; nothing where a language has none."""
    return {of: text for of, text in _entries(kind, lang).items() if isinstance(text, str)}


@lru_cache
def terms(kind: str, lang: str, table: str = "terms") -> dict[str, str]:
    """Single words, such as `command`, in a language; those of another table, such as `system`: what the system says, by errno."""
    return dict(_entries(kind, lang).get(table, {}))


@lru_cache
def meanings() -> dict[str, str]:
    """English sentence -> Chinese, of what skills, their arguments and parameters of parts say: as the editor's schema of scenarios has it,
    one paragraph after the other."""

    def paragraphs(node: Any) -> Iterator[list[str]]:
        if isinstance(node, dict) and isinstance(node.get("description"), str):
            yield node["description"].split("\n\n")
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from paragraphs(inner)

    found: dict[str, str] = {}
    for one in paragraphs(json.loads((CONF / "editor" / "scenario.json").read_text(encoding="utf-8"))):
        for english, chinese in pairwise(one):
            if _CHINESE.search(chinese) and not _CHINESE.search(english.partition(" (")[0]):
                found |= {english: chinese, re.sub(r"^(?:\(plain\)|\w+): ", "", english): chinese}
    return found


_CHINESE = re.compile("[\u4e00-\u9fff]")
