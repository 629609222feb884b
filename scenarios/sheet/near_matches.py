"""What a misspelt word may stand for: near matches, and the names that exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Container, Iterable
from typing import Any

from .errors import ScenarioError, printable
from .typing_slips import look_alike, other_comma

MANY = 8  # names that differ in their number alone, from this number on they are shown as one
LISTED = 40  # names, from which on a near match is enough


ALIKE = 0.6  # least likeness (0 to 1) of a near match
LESS_ALIKE = 0.1  # by how much another one may be less like than the first


def near(word: str, known: Iterable[str], at_most: int = 3) -> list[str]:
    """The known words that a misspelt one may stand for, the likest first; one alone where it is far more like than the others.

    Words that begin with the same steps up to a `/` or a `.` (`fixtures/`, `joint.`) must be alike in the rest of them, too. Case does
    not count. A size at the end (`_075`) and a folder before the name may be left out. If none of them ends in what follows the last
    `/`, those that do are meant: `objects/meal_tray` by `fixtures/meal_tray`.
    """
    matcher = difflib.SequenceMatcher()
    given, known = word.lower(), list(dict.fromkeys(known))
    steps = [step.end() for step in re.finditer(r"[/.](?!\d)", given)]
    found: list[tuple[float, float, str]] = []  # likeness of the whole, of what follows the common steps; the word
    for one in known:
        other = one.lower()
        begin = max((end for end in steps if other.startswith(given[:end])), default=0)
        matcher.set_seq2(given[begin:])
        rest = 0.0
        forms = {other[begin:], other[begin:] if "/" in given else other.rpartition("/")[2]}
        for form in forms | {re.sub(r"_\d+$", "", form) for form in forms}:
            matcher.set_seq1(form)
            rest = max(rest, matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0)
        if rest >= ALIKE:
            length = len(other) + len(given)
            found.append(((rest * (length - 2 * begin) + 2 * begin) / length, rest, one))
    found.sort(key=lambda one: -one[0])
    alike = [
        one for whole, rest, one in found[:at_most] if whole > found[0][0] - LESS_ALIKE and rest > found[0][1] - LESS_ALIKE
    ]
    folder, _, last = given.rpartition("/")
    same = [one for one in known if folder and last and one.lower().rpartition("/")[2] == last]
    return alike if set(same) & set(alike) else same[:at_most] or alike


def meant_by(key: str, known: Iterable[str], there: Container[str]) -> str | None:
    """The known key that a misspelt one stands for, unless that is there too."""
    return next(iter(near(key, [one for one in known if one not in there])), None)


def nearest(word: object, known: list[str] | tuple[str, ...]) -> str:
    """A hint that names the near matches of a misspelt word and then what exists."""
    meant = other_comma(word)
    if meant is not None:
        return f" Entries of a list have commas between them: {meant}."
    if odd := odd_marks(word):
        return odd
    known = sorted({printable(name) for name in known if name.strip()})
    close = near(str(word), known)
    hint, families = f" Did you mean {' or '.join(close)}?" if close else "", _families(known)
    if close and len(families) > LISTED:
        return hint
    return f"{hint} Known here: {', '.join(families) or 'nothing'}."


def refuse_unknown(
    word: object, known: Collection[str], sentence: str, *, error: type[Exception] = ScenarioError, **place: Any
) -> None:
    """Raise an error where a word is none of those that exist: the sentence, then near matches and what exists.

    Args:
        place: file and field of the error.
    """
    if word not in known:
        raise error(f"{sentence}{nearest(word, list(known))}", **place)


def odd_marks(value: object) -> str:
    """A hint of marks that look like others, as it stands after a sentence."""
    odd = look_alike(value)
    return "" if odd is None else f" {odd}"


def _families(names: Iterable[str]) -> list[str]:
    """Names in order; many that differ in their number alone are shown as one: `cloth_0 to cloth_324`."""
    families: dict[str, list[str]] = {}
    for name in sorted(names):
        families.setdefault(name.rstrip("0123456789"), []).append(name)
    shortened: list[str] = []
    for stem, members in families.items():
        numbered = sorted((m for m in members if m != stem), key=lambda m: int(m[len(stem) :]))
        many = len(numbered) >= MANY
        shortened += [f"{numbered[0]} to {numbered[-1]}"] if many else numbered
        shortened += [m for m in members if m == stem]
    return sorted(shortened)
