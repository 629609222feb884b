"""What a composed scene calls its parts and their words, and what it has no word for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..parts.titles import NAMING, missing_languages, small, titles_of, untitled, untitled_words, words_in
from ..reading import composition
from ..reading.names import MARKS
from ..scene.scene import Scene
from ..sheet.errors import ShiliuError


def event_titles(asked: Iterable[tuple[str, str]], conf_dir: Path | None = None) -> dict[str, dict[str, str]]:
    """Step, failure mode or limit -> what scenarios and their variants call it today, by language; no scene is built.

    Args:
        asked: scenario and name. A name that several scenarios call differently has each title once, between them ` / `. A scenario
            that is not here gives none.
    """
    names: dict[str, set[str]] = {}
    for scenario, name in asked:
        names.setdefault(scenario, set()).add(name)
    found: dict[str, dict[str, list[str]]] = {}
    for scenario in sorted(set(names) & set(composition.list_scenarios(conf_dir))):
        try:
            composed = composition.as_it_stands(scenario, conf_dir) or composition.compose("scene", [f"scenario={scenario}"], conf_dir)
        except ShiliuError:
            continue
        tree = composed.tree.get("scenario") or {}
        own: dict[str, dict[str, str]] = {}
        for one in (*(tree.get("variants") or {}).values(), tree):
            own |= titles_of(one) if isinstance(one, dict) else {}
        for name in sorted(names[scenario] & set(own)):
            for lang, title in own[name].items():
                titles = found.setdefault(name, {}).setdefault(lang, [])
                titles += [title] if title not in titles else []
    return {name: {lang: " / ".join(titles) for lang, titles in words.items()} for name, words in found.items()}


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


def note_missing_titles(scene: Scene) -> None:
    """Note what has no title, beside what else is wrong with a config: where nothing else is, `called` answers that question."""
    problems = scene.config.problems
    for name, missing in missing_titles(scene).items() if problems.found else ():
        files = {placed.name: placed.part.file.parent / "part.yaml" for placed in scene.config.parts}
        part, _, word = name.partition(".")
        own = part not in files or name in problems.places
        where = "Write title: {en: ..., zh: ...} there." if own else f"Write titles: {{{word}: {{en: ..., zh: ...}}}} into {files[part]}."
        problems.note(f"scenario.{name}", f"it has no words in {' and '.join(missing)}. {where}")


def missing_titles(scene: Scene) -> dict[str, list[str]]:
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
