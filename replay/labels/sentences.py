"""A sentence for a segment: the template that its skill brings, with the catalogue's words for things."""

from __future__ import annotations

from ..operator.recognition.evidence import Step
from ..operator.skills import registry
from ..report.text import Words


def sentence(lang: str, step: Step, hand: str, about: str | None) -> str:
    """What a hand does, as a person would say it: "the left hand pulls the oven's door open".

    Args:
        lang: of `conf/text`; step: of the chain; hand: left or right; about: what it is about (`oven.door`).
    """
    words = Words(lang)
    skill = registry().get(step.word)
    own = skill.label.words(lang) if skill else None
    template = own[1] if own else words.book["sentences"]["other"]
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
