"""Catalogues of English sentences in another language, `conf/text/<kind>/<lang>.yaml`: entries `{of, is}`, and terms `{term, is}`."""

from __future__ import annotations

from functools import lru_cache

from ...scenarios.reading.composition import CONF
from ...scenarios.sheet.yaml_reader import read_own


@lru_cache
def entries(kind: str, lang: str) -> tuple[dict[str, str], ...]:
    """All of a catalogue, `notes` or `messages`; nothing where a language has none."""
    path = CONF / "text" / kind / f"{lang}.yaml"
    return tuple(read_own(path)) if path.is_file() else ()


def sentences(kind: str, lang: str) -> list[tuple[str, str]]:
    """(English, what it is in the language) of each sentence, in the order of the catalogue."""
    return [(one["of"], one["is"]) for one in entries(kind, lang) if "of" in one]


@lru_cache
def terms(kind: str, lang: str) -> dict[str, str]:
    """Single words, such as `command`, in a language."""
    return {one["term"]: one["is"] for one in entries(kind, lang) if "term" in one}
