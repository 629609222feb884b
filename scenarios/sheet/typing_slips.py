"""Slips of the keyboard that YAML's own words do not tell: a tab, full-width marks of a Chinese keyboard, a decimal comma."""

from __future__ import annotations

import re
import unicodedata

# full-width mark -> what YAML knows
FULL_WIDTH = {
    "：": ": ",
    "，": ", ",
    "｛": "{",
    "｝": "}",
    "［": "[",
    "］": "]",
    "“": '"',
    "”": '"',
    "＃": "#",
    "－": "-",
    "、": ", ",
    "；": ", ",
}
_BLANKS = {"\u3000": "an ideographic space", "\u00a0": "a no-break space"}  # that YAML takes for letters
_LOOK_ALIKE = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "〜": "~", "。": ".", "【": "[", "】": "]"} | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", "")
)  # what Unicode's own table of the same letters in other widths leaves as it is
# quoted text and comments, where all marks may stand
_TEXT = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:^|\s)#.*$""")
_COMMA = re.compile(r"^\s*[+-]?\d+,(?!\d{3}\b)\d+\s*[A-Za-z%/]+[23]?\s*$")  # 1,200 mm may be meant as 1200
_AFTER_COMMA = re.compile(r"^\d+\s*[A-Za-z%/]+[23]?$")


def slip_in(text: str, line: int) -> tuple[str, int] | None:
    """What slipped where YAML cannot be read, in a sentence, and its line from 1; None where nothing of the kind stands there.

    Args:
        text: the file.
        line: from 0, at which the parser stopped; what is wrong may stand in the one before.
    """
    lines = text.splitlines()
    for at in (line, line - 1):
        if not 0 <= at < len(lines):
            continue
        blank = re.match(r"[ \t\u3000\u00a0]*", lines[at])
        column = blank[0].find("\u3000") if blank else -1
        if column >= 0:
            return f"an ideographic space (U+3000) stands in column {column + 1}. Write two blanks for it.", at + 1
        bare = _TEXT.sub(lambda match: " " * len(match[0]), lines[at])
        tab = lines[at].find("\t")
        if 0 <= tab == len(lines[at][:tab].rstrip(" ")) or (tab >= 0 and not lines[at][:tab].strip()):
            return f"a tab stands in column {tab + 1}. YAML wants blanks: write two for each tab.", at + 1
        for column, mark in enumerate(bare):
            if mark in FULL_WIDTH:
                fix = f"Write {FULL_WIDTH[mark]!r}, or put the text in quotes."
                return f"the full-width {mark!r} stands in column {column + 1}. {fix}", at + 1
        joined = re.match(r"(\s*(?:- )?[\w.]+:|\s*-)([\u3000\u00a0])", bare)
        if joined is not None:
            odd, column = joined[2], joined.end()
            return f"{_BLANKS[odd]} (U+{ord(odd):04X}) stands in column {column}. Write a blank for it.", at + 1
        unseen = re.search("[\u200b\u200c\u200d\u2060\ufeff]", bare)
        if unseen is not None:
            return f"a mark that is not seen (U+{ord(unseen[0]):04X}) stands in column {unseen.start() + 1}. Take it out.", at + 1
        if at < line and (key := re.match(r"\s*(?:- )?([\w.]+)(:(?=[^\s:/])|\s*=\s*)\S", bare)) is not None:
            return f"no `: ` stands after {key[1]!r}. Write `{key[1]}: ` and then its value.", at + 1
    return _no_dash(lines, line)


def as_typed(text: str) -> str:
    """A text with the letters, signs and blanks of another keyboard as they are written here: `－２６０　ｍｍ` is `-260 mm`."""
    return unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKE).strip()


def look_alike(word: object) -> str | None:
    """What to write for a word that holds marks which look like others or like nothing, in a sentence; None for any other."""
    plain = as_typed(word) if isinstance(word, str) else word
    if plain == word or not isinstance(word, str):
        return None
    odd = next((c for c in word if as_typed(f"a{c}a") != f"a{c}a"), " ")
    return f"It holds {_BLANKS.get(odd, 'a mark')} (U+{ord(odd):04X}). Write {plain}."


def blank_of_a_key(key: str, column: int) -> str | None:
    """What is wrong with a key that begins or ends with a blank which YAML takes for a letter; None for any other.

    Args:
        column: from 0, in which the key begins.
    """
    if key.strip("".join(_BLANKS)) == key:
        return None
    at, odd = next((at, mark) for at, mark in enumerate(key) if mark in _BLANKS)
    return f"{_BLANKS[odd]} (U+{ord(odd):04X}) stands in column {column + at + 1}. Write {'two blanks' if at == 0 else 'a blank'} for it."


def _no_dash(lines: list[str], line: int) -> tuple[str, int] | None:
    """Whether an entry of a list has no dash, and those beside it have; or the other way round."""
    for at in (line, line - 1):
        if not 0 < at < len(lines):
            continue
        one, before = lines[at], next((row for row in reversed(lines[:at]) if row.strip()), "")
        dashed = [bool(re.match(r"\s*- ", row)) for row in (one, before)]
        if one.strip() and dashed[0] != dashed[1] and _depth(one) == _depth(before):
            which = at + 1 if dashed[1] else at
            other = at if dashed[1] else at + 1
            return f"line {which} has no dash and line {other} has one. Every entry of a list begins with `- `.", which
    return None


def _depth(row: str) -> int:
    return len(row) - len(row.lstrip(" "))


def decimal_comma(text: object) -> str | None:
    """`0,5 s` as it has to be written, `0.5 s`; None for anything else."""
    return str(text).strip().replace(",", ".") if isinstance(text, str) and _COMMA.match(text) else None


def half_a_number(key: object) -> bool:
    """Whether a key is what YAML makes of the end of `{hold: 0,5 s}`: `5 s`."""
    return isinstance(key, str) and _AFTER_COMMA.match(key) is not None


_SIGNS = {  # of units, as they stand on a Chinese keyboard or a drawing -> as they are written here
    **{"毫米": "mm", "厘米": "cm", "米": "m", "度": "deg", "°": "deg", "牛": "N", "毫秒": "ms", "秒": "s"},
    **{"克": "g", "千克": "kg", "公斤": "kg", "毫升": "ml", "升": "l", "％": "%"},
}
_LONGEST_FIRST = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
_SIGN = re.compile(rf"^(\s*[+-]?[\d.]+)\s*({_LONGEST_FIRST})\s*$")


def other_sign(text: object) -> str | None:
    """What a quantity or a range is as it has to be written, where a sign of it is none here: `760 毫米`, `5°`, `±20 mm`, `1~2 s`."""
    if not isinstance(text, str):
        return None
    text = as_typed(text)
    about = re.match(r"(.*?)\s*(?:±|\+/?-)\s*(.+)$", text)
    if about is not None:
        spread = f"[-{about[2]}, {about[2]}]"
        unit = re.sub(r"^[\d.]*\s*", "", about[2])
        return f"{about[1]}{'' if re.search('[A-Za-z%]', about[1]) else f' {unit}'}, and {spread} under variation" if about[1] else spread
    span = re.match(r"([+-]?[\d.]+)\s*([A-Za-z%/]*)\s*(?:~|\.\.+|to)\s*([+-]?[\d.]+)\s*([A-Za-z%/]*)$", text)
    if span is not None:
        low, unit, high, last = span.groups()
        return f"[{f'{low} {unit or last}'.strip()}, {f'{high} {last or unit}'.strip()}]"
    match = _SIGN.match(text)
    return f"{match[1].strip()} {_SIGNS[match[2]]}" if match else None


def other_comma(text: object) -> str | None:
    """What a list is as it has to be written, where its entries stand with a `、`, a full-width comma or a semicolon between them."""
    if not isinstance(text, str) or not re.search("[、，；;]", text):
        return None
    return f"[{', '.join(word.strip() for word in re.split('[、，；;]', text))}]"
