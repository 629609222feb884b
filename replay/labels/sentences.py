"""A sentence for a segment, in the words of the catalogue."""

from __future__ import annotations

from ..report.text import Words
from .evidence import Step


def sentence(lang: str, step: Step, hand: str, about: str | None) -> str:
    """What a hand does, as a person would say it: "the left hand pulls the oven's door open".

    Args:
        lang: of `conf/text`; step: of the chain; hand: left or right; about: what it is about (`oven.door`).
    """
    words = Words(lang)
    book = words.book["sentences"]
    template = book.get(step.word, book["other"])
    named = {name: thing(words, said) for name, said in step.said.items()}
    values = {
        **named,
        "hand": words.book["sides"]["l" if hand == "left" else "r"],
        "about": thing(words, about) if about else None,
        "skill": words.skill(step.word),
    }
    return words.fill(template, values)


def thing(words: Words, said: str) -> str:
    """`oven.door` in plain words; a part's own name where the catalogue does not know the word."""
    part, _, word = said.partition(".")
    if not word:
        return words.look_up("things", part)
    return words.fill(
        words.book["sentences"]["of"], {"part": words.look_up("things", part), "word": words.look_up("things", word)}
    )
