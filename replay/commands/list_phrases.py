"""Short phrases of lists, such as `7 joints`, in a language: the table `phrases` of conf/text/meanings."""

from __future__ import annotations

import re
from functools import lru_cache

from ..report.message_catalogue import patterns, terms


def phrase(text: str, lang: str) -> str:
    """A phrase in a language, and so what is filled into it; what the table has no words for stays as it is."""
    for pattern, template in _phrases(lang):
        if found := pattern.fullmatch(text):
            return template.format(*(phrase(group, lang) for group in found.groups()))
    return text


@lru_cache
def _phrases(lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """English phrases as patterns, and what each is in a language; those that say most go before."""
    known = sorted(terms("meanings", lang, "phrases").items(), key=lambda one: -len(one[0].replace("{}", "")))
    return patterns(known)
