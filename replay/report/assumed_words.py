"""What a report says of a link that the command names: its numbers, and that what follows from it is of that link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..checks.finding import Finding


class Saying(Protocol):
    """What is asked of a language here."""

    lang: str

    def ui(self, key: str, **values: Any) -> str: ...


def link_named(words: Saying, link: Mapping[str, Any]) -> str:
    """The numbers of a link, after the preset that it began from."""
    return words.ui("link_named", **{"like": None, "every": None, "longest": None, **link})


def with_link(words: Saying, finding: Finding, text: str, key: str) -> str:
    """A sentence on a finding that follows from an assumed link, with another one (`ui.<key>`) that names it; else as it is."""
    over = (finding.details or {}).get("over_link")
    if not over:
        return text
    between = words.ui("semicolon") if key == "over_link" else "" if words.lang == "zh" else " "
    return text + between + words.ui(key, link=link_named(words, over))
