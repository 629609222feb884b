"""The `key=value` words that a benchmark of the repository is called with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def given_words(defaults: Mapping[str, str], words: Sequence[str], needed: Sequence[str] = ()) -> dict[str, str] | None:
    """Defaults with what was given put in; None where a word is none of them, or one that is needed is left out."""
    found = dict(defaults)
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in found:
            return None
        found[key] = value
    return found if all(found[key] for key in needed) else None
