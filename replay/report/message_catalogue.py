"""Catalogues of sentences, `conf/text/<kind>/<lang>.yaml`: English, and what it is in the language. Words stand in tables of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ...scenarios.reading.composition import CONF
from ...scenarios.sheet.own_files import read_own


@lru_cache
def _entries(kind: str, lang: str) -> dict[str, Any]:
    """All of a catalogue, `notes`, `messages` or `meanings`; nothing where a language has none."""
    path = CONF / "text" / kind / f"{lang}.yaml"
    return dict(read_own(path)) if path.is_file() else {}


def sentences(kind: str, lang: str) -> dict[str, str]:
    """What each English sentence is in the language, in the order of the catalogue; nothing where a language has none."""
    return {of: text for of, text in _entries(kind, lang).items() if isinstance(text, str)}


def patterns(sentences: Iterable[tuple[str, str]]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """English sentences as patterns, `{}` for what is filled in, and what each is in a language."""
    return tuple((re.compile("(.+?)".join(map(re.escape, of.split("{}")))), text) for of, text in sentences)


@lru_cache
def terms(kind: str, lang: str, table: str = "terms") -> dict[str, str]:
    """Single words, such as `command`, in a language; those of another table, such as `system`: what the system says, by errno."""
    return dict(_entries(kind, lang).get(table, {}))
