"""What a scenario and its parts call what is their own, in English and Chinese.

A scenario names its steps, failure modes, limits, rules, answers and things; a part the words of its interface (`titles` in `part.yaml`).

```yaml
goal:
  first_can: {near: {...}, hold: 0.5 s, title: {en: first can on its ring, zh: 第一个罐子放到圆圈上}}
safety:
  lean: {force: {...}, at_most: 60 N, source: {en: house rule, zh: 内部规定}, title: {en: hand leaning on the table, zh: 手压桌面的力}}
parts:
  can_a: {part: objects/can_330, title: {en: left can, zh: 左边的罐子}}     # else as the part's own sheet calls it
```

```yaml
titles: {door: {en: door, zh: 门}}                                         # part.yaml: `oven.door` is the oven's door
```

A variant need not say again what the scenario says of an entry of the same name. Words change no scene: no fingerprint and no
verdict depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..sheet.yaml_reader import Node

if TYPE_CHECKING:
    from .part import Part

LANGUAGES = ("en", "zh")
# their entries may have a title; of one name in two, the later one is shown
SECTIONS = ("rules", "answers", "marks", "goal", "never", "safety")
THINGS = ("parts", "stains")  # their entries are things
NAMING = (*SECTIONS, "skills", "mistakes")  # their dotted words are reported: what a step asks, what a hand does
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


def untitled(tree: Mapping[str, Any]) -> dict[str, list[str]]:
    """`goal.first_can` -> the languages in which a scenario's tree does not say what it is called.

    A limit without `source` in both languages is named as `safety.lean.source`.
    """
    found = {}
    for section in SECTIONS:
        named = titles_of(tree, (section,))
        for name, entry in (tree.get(section) or {}).items():
            found[f"{section}.{name}"] = missing_languages(named.get(str(name), {}))
            if isinstance(entry, Mapping) and "source" in entry:
                source = entry["source"]
                found[f"{section}.{name}.source"] = missing_languages(source if isinstance(source, Mapping) else {"en": source})
    return {name: missing for name, missing in found.items() if missing}


def untitled_words(part: Part) -> dict[str, list[str]]:
    """The words of a part's interface, and what else its sheet has to say, -> the languages in which it does not.

    The key `""` is the part itself: its file's name stands for a title that its sheet does not have.
    """
    found = {"": [lang for lang in LANGUAGES if part.title.get(lang) in (None, "", part.file.stem)]}
    found |= {word: missing_languages(part.titles.get(word, {})) for word in part.interface}
    if part.bears is not None:
        found["bears.source"] = missing_languages(part.bears.words)
    return {word: missing for word, missing in found.items() if missing}


def missing_languages(words: Mapping[str, str]) -> list[str]:
    return [lang for lang in LANGUAGES if not words.get(lang)]


def words_in(tree: Any) -> Iterator[str]:
    """Every text in a tree that could be a dotted word."""
    if isinstance(tree, str):
        if "." in tree and " " not in tree:
            yield tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            if key not in ("title", "source", "code"):
                yield from words_in(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from words_in(value)


def inherit_titles(laid: dict[str, Any], base: Mapping[str, Any]) -> None:
    """Give the entries of a variant the titles of the scenario's entries of the same name; `laid` is changed in place."""
    named = {section: titles_of(base, (section,)) for section in SECTIONS}
    for section in SECTIONS:
        entries = laid.get(section)
        for name, entry in entries.items() if isinstance(entries, Mapping) else ():
            if isinstance(entry, dict) and "title" not in entry and name in named[section]:
                entry["title"] = dict(named[section][name])


def small(text: str) -> str:
    """`Ceramic bowl` as `ceramic bowl`; `T-shirt` stays."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
