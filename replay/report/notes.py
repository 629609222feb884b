"""The notes of a verdict's provenance in the reader's language: `conf/text/notes/<lang>.yaml` has what is written, and what it is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from .message_catalogue import patterns, sentences, terms

LONGEST = 2000  # characters; what is longer is shown as it stands


@dataclass(frozen=True)
class Notes:
    """The sentences of provenance in one language.

    Attributes:
        lang: the language; colon: its colon, between a channel's name and what is reported of it.
        own: sentences that the recording's mapping has words for, and these.
    """

    lang: str
    colon: str
    own: Mapping[str, str] = field(default_factory=dict)

    def note(self, sentence: str) -> str:
        """A note in this language; one that nobody has words for stays as it is.

        The recording's mapping has words of its own (`name: sentence`); all others are the catalogue's, in which what is filled
        in may be such a sentence again.
        """
        if len(sentence) > LONGEST:
            return sentence
        parts = [(sentence[: at.start()], sentence[at.end() :]) for at in re.finditer(": ", sentence)]
        # a channel's name, with what else is known of it, and the sentence
        for head, rest in parts:
            if rest in self.own:
                return f"{self._known(head) or head}{self.colon}{self.own[rest]}"
        if found := self._known(sentence):
            return found
        for head, rest in parts:
            if found := self._known(rest):
                return f"{self._known(head) or head}{self.colon}{found}"
        return sentence

    def _known(self, sentence: str) -> str | None:
        if sentence in self.own:
            return str(self.own[sentence])
        for pattern, template in _sentences(self.lang):
            if found := pattern.fullmatch(sentence):
                return template.format(*(_Filled(self, group) for group in found.groups()))
        return None


class _Filled:
    """What is filled into a note: `{}` takes it as a note of its own, `{:t}` as a term."""

    def __init__(self, notes: Notes, text: str) -> None:
        self.notes, self.text = notes, text

    def __format__(self, spec: str) -> str:
        return term(self.notes.lang, self.text) if spec == "t" else self.notes.note(self.text)


def term(lang: str, word: str) -> str:
    """A single word of provenance in a language, such as `command`; it stays where it is none."""
    return terms("notes", lang).get(word, word)


@lru_cache
def _sentences(lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """English sentences of provenance, `{}` for what is filled in, and what each is in a language."""
    return patterns(sentences("notes", lang).items())
