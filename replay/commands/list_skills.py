"""shiliu list skills: the operator's library, word by word, and one skill with its arguments."""

from __future__ import annotations

import json
from typing import Any

from ...scenarios.sheet.errors import ShiliuError
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.quantity import show as shown
from ..operator.skills import catalogue
from ..report.message_catalogue import sentences, terms
from ..report.text import Words
from .list_phrases import phrase
from .wrapping import columns, wrapped

WIDE = 24  # characters of the column of kinds
MORE = "(how it is done, in English: lang=en)"


def show(names: list[str], request: Any, as_json: bool) -> None:
    """Print every skill in a line or two, or those that are named in full: by name, by primitive, or by way.

    Raises:
        ShiliuError: there is no skill of that name, with the near matches.
    """
    known = {row["name"]: row for row in _by_primitive()}
    chosen: list[dict[str, Any]] = []
    for name in names:
        found = [row for row in known.values() if name in (row["name"], row["word"], row["name"].rpartition(".")[2])]
        if not found:
            words = [row["word"] for row in known.values()]
            raise ShiliuError(f"There is no skill {name!r}.{nearest(name, [*known, *words])}")
        chosen += [row for row in found if row not in chosen]
    chosen = chosen or list(known.values())
    if as_json:
        print(json.dumps({"skills": chosen}, ensure_ascii=False, indent=1))
        return
    for row in chosen:
        row = in_language(row, request.lang)
        print("\n".join(in_full(row, request.lang) if names else in_brief(row)))


def in_language(row: dict[str, Any], lang: str) -> dict[str, Any]:
    """A skill with what it does, and what its arguments mean, in a language."""
    if lang == "en":
        return row
    meant, done = sentences("meanings", lang), terms("meanings", lang, "skills")
    arguments = [one | {"doc": meant.get(one["doc"], one["doc"])} for one in row["arguments"]]
    doc = f"{Words(lang).skill(row['name'])}  {done.get(row['name'], row['doc'])}"
    return row | {"doc": doc, "arguments": arguments}


def rows() -> list[dict[str, Any]]:
    """One row a skill, for the list of everything: the word and what it does."""
    return [{"name": row["name"], "doc": row["doc"]} for row in _by_primitive()]


def _by_primitive() -> list[dict[str, Any]]:
    """The catalogue, its primitives in their order; of each the plain skill first, then its ways by name."""
    found = catalogue()
    order = list(dict.fromkeys(row["word"] for row in found))
    return sorted(found, key=lambda row: (order.index(row["word"]), row["name"]))


def in_brief(row: dict[str, Any]) -> list[str]:
    """What a skill does, and its arguments; those that may be left out in brackets."""
    words = [a["name"] if a["required"] else f"[{a['name']}]" for a in row["arguments"]]
    return [*wrapped(f"{row['name']:<16} ", row["doc"]), *wrapped(" " * 17, " ".join(words))]


def in_full(row: dict[str, Any], lang: str = "en") -> list[str]:
    words = terms("messages", lang)
    lines = [row["name"], *wrapped("  ", row["doc"])]
    more = row["more"] or ""
    if more.strip() and lang != "en":
        more = phrase(MORE, lang)
    paragraphs = more.split("\n\n")
    lines += [one for paragraph in paragraphs if paragraph.strip() for one in wrapped("  ", " ".join(paragraph.split()))]
    lines.append("")
    table: list[tuple[str, str, str, str]] = []
    for a in row["arguments"]:
        many = len(kind(a)) > WIDE  # such as postures: named below, so that the columns stay narrow
        doc = phrase(f"{a['doc']}; one of {', '.join(a['choices'])}", lang) if many else a["doc"]
        what, without = "word" if many else kind(a), default(a)
        table.append((a["name"], words.get(what, what), words.get(without, without) if a["required"] else without, doc))
    widths = [max(columns(r[i]) for r in table) for i in range(3)]
    for cells in table:
        head = f"  {'  '.join(cell + ' ' * (w - columns(cell)) for cell, w in zip(cells, widths))}  "
        # where the columns before leave no room, what it is stands on lines of its own
        lines += wrapped(head, cells[3]) if len(head) <= 60 else [head.rstrip(), *wrapped("      ", cells[3])]
    return [*lines, ""]


def kind(argument: dict[str, Any]) -> str:
    """What may be written: a kind of name, or the unit's dimension, or one of some words."""
    return "|".join(argument["choices"]) if argument["choices"] else str(argument["kind"]).replace("_", " ")


def default(argument: dict[str, Any]) -> str:
    """What holds where an argument is left out, with its unit."""
    if argument["required"]:
        return "required"
    value = argument["default"]
    if value in ("", None):
        return "–"
    if not isinstance(value, float):
        return str(value)
    number, _, unit = shown(value, argument["kind"]).partition(" ")
    return f"{float(number):.3g} {unit}".strip()
