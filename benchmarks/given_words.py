"""The `key=value` words that a benchmark of the repository is called with, and where its text goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def given_words(defaults: Mapping[str, str], words: Sequence[str], needed: Sequence[str] = ()) -> dict[str, str] | None:
    """Defaults with what was given put in; None where a word is none of them, or one that is needed is left out."""
    found = dict(defaults)
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in found:
            return None
        found[key] = value
    return found if all(found[key] for key in needed) else None


def show(text: str, markdown: str = "") -> None:
    """Print what a benchmark found, and write it to a file where one was named."""
    print(text)
    if markdown:
        Path(markdown).write_text(text + "\n", encoding="utf-8")
