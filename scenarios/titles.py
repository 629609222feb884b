"""What a scenario calls its own steps, failure modes, limits and things, in English and Chinese.

```yaml
goal:
  first_can: {near: {...}, hold: 0.5 s, title: {en: first can on its ring, zh: 第一个罐子放到圆圈上}}
safety:
  lean: {force: {...}, at_most: 60 N, source: {en: house rule, zh: 内部规定}, title: {en: hand leaning on the table, zh: 手压桌面的力}}
parts:
  can_a: {part: objects/can_330, title: {en: left can, zh: 左边的罐子}}     # else as the part's own sheet calls it
```

A variant need not say again what the scenario says of an entry of the same name. Words change no scene: no fingerprint and no
verdict depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .reading.yaml_reader import Node

if TYPE_CHECKING:
    from .scene import Scene

LANGUAGES = ("en", "zh")
SECTIONS = ("goal", "never", "safety")  # whose entries may have a title
Titles = Mapping[str, Mapping[str, str]]  # name -> language -> words


def check_title(node: Node) -> None:
    """Note what is wrong with the title of an entry, where it has one: words by language, one or both."""
    title = node.child("title")
    if title.value is not None and title.mapping(optional=LANGUAGES):
        for _, child in title.items():
            child.word()


def titles_of(tree: Mapping[str, Any], sections: tuple[str, ...] = SECTIONS) -> dict[str, dict[str, str]]:
    """Name -> words by language, of every entry of these sections of a scenario's tree that has a title."""
    found: dict[str, dict[str, str]] = {}
    for section in sections:
        entries = tree.get(section)
        for name, entry in entries.items() if isinstance(entries, Mapping) else ():
            title = entry.get("title") if isinstance(entry, Mapping) else None
            if isinstance(title, Mapping):
                found[str(name)] = {lang: str(title[lang]) for lang in LANGUAGES if title.get(lang)}
    return found


def source_of(node: Node) -> str:
    """Where a limit comes from: a sentence, or one in each language, of which the English one stands in findings."""
    return node.words()["en"] if isinstance(node.value, Mapping) else node.word()


def sources_of(tree: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The English sentence -> by language, of the limits that say in both where they come from."""
    entries = tree.get("safety")
    found = (
        (entry.get("source") for entry in entries.values() if isinstance(entry, Mapping))
        if isinstance(entries, Mapping)
        else ()
    )
    return {str(source["en"]): dict(source) for source in found if isinstance(source, Mapping) and "en" in source}


def part_titles(scene: Scene) -> dict[str, dict[str, str]]:
    """Name of a part in the scene -> what its own sheet calls it; in a sentence, so that English begins small."""
    return {
        placed.name: {lang: _small(text) if lang == "en" else text for lang, text in placed.part.title.items()}
        for placed in scene.config.parts
    }


def untitled(tree: Mapping[str, Any]) -> dict[str, list[str]]:
    """`goal.first_can` -> the languages in which a scenario's tree does not say what it is called."""
    found = {}
    for section in SECTIONS:
        named = titles_of(tree, (section,))
        for name in tree.get(section) or {}:
            missing = [lang for lang in LANGUAGES if not named.get(str(name), {}).get(lang)]
            if missing:
                found[f"{section}.{name}"] = missing
    return found


def inherit_titles(laid: dict[str, Any], base: Mapping[str, Any]) -> None:
    """Give the entries of a variant the titles of the scenario's entries of the same name; `laid` is changed in place."""
    named = {section: titles_of(base, (section,)) for section in SECTIONS}
    for section in SECTIONS:
        entries = laid.get(section)
        for name, entry in entries.items() if isinstance(entries, Mapping) else ():
            if isinstance(entry, dict) and "title" not in entry and name in named[section]:
                entry["title"] = dict(named[section][name])


def _small(text: str) -> str:
    """`Ceramic bowl` as `ceramic bowl`; `T-shirt` stays."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
