"""What a composed scene calls its parts and their words, and what it has no word for."""

from __future__ import annotations

from ..parts.titles import NAMING, missing_languages, small, titles_of, untitled, untitled_words, words_in
from ..reading.names import MARKS
from ..scene.scene import Scene


def part_titles(scene: Scene) -> dict[str, dict[str, str]]:
    """Name of a part in the scene -> what its own sheet calls it; in a sentence, so that English begins small."""
    return {
        placed.name: {lang: small(text) if lang == "en" else text for lang, text in placed.part.title.items()}
        for placed in scene.config.parts
    }


def bears_sources(scene: Scene) -> dict[str, dict[str, str]]:
    """The English sentence -> by language, of the parts that say how hard they may be struck."""
    sheets = (placed.part.bears for placed in scene.config.parts)
    return {bears.source: dict(bears.words) for bears in sheets if bears is not None and bears.words}


def word_titles(scene: Scene) -> dict[str, dict[str, str]]:
    """`oven.door` -> what the part's own sheet calls that word; `marks.spot` -> what the scenario calls its mark."""
    marks = titles_of(scene.config.raw, ("marks",))
    return {f"{MARKS}.{name}": words for name, words in marks.items()} | {
        f"{placed.name}.{word}": dict(words)
        for placed in scene.config.parts
        for word, words in placed.part.titles.items()
    }


def alike(scene: Scene) -> list[tuple[str, str, str]]:
    """Pairs of parts that a report cannot tell apart, and what it calls both: of each, the scenario itself chose the title of one."""
    own, found = titles_of(scene.config.raw, ("parts",)), []
    called = {name: {**words, **own.get(name, {})} for name, words in part_titles(scene).items()}
    names = list(called)
    for i, name in enumerate(names):
        for other in names[i + 1 :]:
            same = [called[name][lang] for lang in called[name] if called[name][lang] == called[other].get(lang)]
            if same and (name in own or other in own):
                found.append((name, other, same[0]))
    return found


def untold(scene: Scene) -> dict[str, list[str]]:
    """Everything of a scene that a report would have no word for in one language: entries, things, and words of its parts."""
    tree, parts = scene.config.raw, {placed.name: placed.part for placed in scene.config.parts}
    found, own = untitled(tree), titles_of(tree, ("parts",))
    for name, part in parts.items():
        for word, missing in untitled_words(part).items():
            if word or missing_languages(own.get(name, {})):
                found[f"{name}.{word}" if word else f"parts.{name}"] = missing
    for word in dict.fromkeys(word for section in NAMING for word in words_in(tree.get(section))):
        name, _, inner = word.partition(".")
        if name in parts and inner and (missing := missing_languages(parts[name].titles.get(inner, {}))):
            found[word] = missing
    return found
