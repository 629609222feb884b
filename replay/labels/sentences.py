"""A sentence for a segment: the template that its skill brings, with the catalogue's words for things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..operator.recognition.evidence import Step
from ..operator.skills import skill_named
from ..report.text import Words


def sentence(lang: str, step: Step, hand: str, about: str | None, titles: Mapping[str, Any] | None = None) -> str:
    """What a hand does, as a person would say it: "the left hand pulls the oven's door open".

    Args:
        lang: of `conf/text`; step: of the chain; hand: left or right; about: what it is about (`oven.door`).
        titles: what the scenario and its parts call their things, as `Words.telling` takes it.
    """
    words = Words(lang).telling(titles)
    skill = skill_named(step.word)
    own = skill.label.words(lang) if skill else None
    template = own[1] if own else words.book["sentences"]["other"]
    named = {name: words.dotted(word) for name, word in step.written.items()}
    values = {
        **named,
        "hand": words.book["sides"]["l" if hand == "left" else "r"],
        "about": words.dotted(about) if about else None,
        "skill": words.skill(step.word),
    }
    return words.fill(template, values)
