"""The words in which people write tasks, English and Chinese: `conf/sentence/lexicon.yaml`, read once, and the tokens of a text.

English is compared word by word in its base form, Chinese by the longest word that fits; both may stand in one text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..sheet.own_files import PACKAGE, read_own

FILE = PACKAGE / "conf" / "sentence" / "lexicon.yaml"
MAX_LETTERS = 2000  # of a text that is read; a task is a sentence or a few
PHRASE = 5  # words of the longest English entry
HAN = re.compile(r"[\u3400-\u9fff]")
PIECE = re.compile(
    r"(?P<number>\d+(?:\.\d+)?(?![A-Za-z]|\.?\d)|\d+(?:\.\d+)?(?=(?:s|sec|min|ml|mL|L)(?![A-Za-z\d])))|(?P<ident>[A-Z]\d{0,2}(?![A-Za-z\d]))"
    r"|(?P<word>[A-Za-z\d]+(?:['’/][A-Za-z]+)*)|(?P<han>[\u3400-\u9fff])|(?P<stop>[.;:!?。；：！？\n]|->|→)|(?P<comma>[,，、&+])"
)
HYPHEN = re.compile(r"-(?!>)|‑")
LISTED = re.compile(r"\s*(?:1|一|①)\s*[.)）、．:：]")
STEP = re.compile(r"(?:(?<=^)|(?<=[\s;；,，。、.]))\d{1,2}\s*[.)）、．:：](?!\d)")
AND = {"and", "or", "和", "与", "及", "并", "以及", "还有"}
ARTICLES = {
    "the",
    "a",
    "an",
    "this",
    "that",
    "these",
    "those",
    "its",
    "their",
    "your",
    "his",
    "some",
    "each",
    "every",
    "any",
    "all",
}
IRREGULAR = {
    "put": "puts putting", "set": "sets setting", "take": "takes taking took taken", "give": "gives giving gave given",
    "get": "gets getting got", "bring": "brings bringing brought", "shut": "shuts shutting", "hold": "holds holding held",
    "leave": "leaves leaving left", "go": "goes going went", "make": "makes making made", "let": "lets letting",
    "throw": "throws throwing thrown", "spread": "spreads spreading", "feed": "feeds feeding", "write": "writes writing",
    "stand": "stands standing stood", "hang": "hangs hanging hung", "lay": "lays laying laid", "cut": "cuts cutting",
    "draw": "draws drawing", "see": "sees seeing", "drink": "drinks drinking", "send": "sends sending sent",
    "shelf": "shelves", "knife": "knives", "box": "boxes boxing", "tidy": "tidies tidying tidied",
    "carry": "carries carrying carried", "dry": "dries", "lie": "lies lying", "sheet": "sheets",
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A word of a text, or several that stand for one thing.

    Attributes:
        text: as it is written; start, end: where it stands in the text, in letters.
        readings: what it can be (`thing`, `verb`, `arm`, …) -> which of those, by the lexicon's names.
    """

    text: str
    start: int
    end: int
    readings: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def is_(self, *kinds: str) -> bool:
        return any(kind in self.readings for kind in kinds)

    @property
    def chinese(self) -> bool:
        return HAN.search(self.text) is not None


class Lexicon:
    """The entries of a lexicon's tree, by what is written.

    Attributes:
        things, verbs, units: entries by name, as the file has them.
        ways, features: group -> its names.
    """

    def __init__(self, tree: Mapping[str, Any]):
        self.things: Mapping[str, Any] = tree["things"]
        self.verbs: Mapping[str, Any] = tree["verbs"]
        self.units: Mapping[str, Any] = tree["units"]
        self.ways: Mapping[str, Mapping[str, Any]] = tree["ways"]
        self.features: Mapping[str, Mapping[str, Any]] = tree["features"]
        self._words: dict[str, dict[str, set[str]]] = {}
        for kind, entries in (
            ("thing", self.things),
            ("verb", self.verbs),
            ("arm", tree["arms"]),
            ("order", tree["order"]),
        ):
            for name, entry in entries.items():
                self._add(kind, str(name), entry)
        for kind, entries in (
            ("role", tree["roles"]),
            ("number", tree["numbers"]),
            ("times", tree["times"]),
            ("unit", self.units),
        ):
            for name, entry in entries.items():
                self._add(kind, str(name), entry)
        for kind, groups in (("way", self.ways), ("feature", self.features)):
            for group, entries in groups.items():
                for name, entry in entries.items():
                    self._add(kind, f"{group}.{name}", entry)
        for kind in ("negation", "caution", "untouched", "others", "placeholder", "abstract", "ignored"):
            self._add(kind, kind, tree["placeholders" if kind == "placeholder" else kind])
        for kind in ("classifiers", "number_sign"):
            self._add(kind, kind, {"en": tree[kind] if kind == "number_sign" else "", "zh": tree[kind]})
        for group, entries in tree["regions"].items():
            for name, entry in entries.items():
                self._add("region", f"{group}.{name}", entry)
                self._add("thing", entry.get("thing", "place"), entry)
        self._function = frozenset(tree["function"])
        self._manner, self._result = frozenset(tree["manner"]), frozenset(tree["result"])
        self.longest = max((len(word) for word in self._words if HAN.match(word)), default=1)
        self.kinds = {name: frozenset(self._above(name)) for name in self.things}
        self.tokens = lru_cache(maxsize=4096)(self._tokens)  # titles of parts come again and again

    def _add(self, kind: str, name: str, entry: Mapping[str, Any]) -> None:
        for word in _listed(entry.get("en")):
            for form in _forms(word, kind):
                self._words.setdefault(form, {}).setdefault(kind, set()).add(name)
        for word in _listed(entry.get("zh")):
            self._words.setdefault(word, {}).setdefault(kind, set()).add(name)

    def _above(self, name: str) -> Iterator[str]:
        yield name
        for kind in self.things.get(name, {}).get("is", ()):
            yield from self._above(kind)

    def fits(self, one: str, other: str) -> bool:
        """Whether a thing can be called both: it is the same, or one is a kind of the other."""
        return one in self.kinds.get(other, ()) or other in self.kinds.get(one, ())

    def is_thing(self, names: Iterable[str], mark: str) -> bool:
        """Whether each of these things is marked so (`generic`, `setting`, …)."""
        return all(self.things.get(name, {}).get(mark) for name in names)

    def does(self, names: Iterable[str], mark: str) -> bool:
        """Whether one of these verbs is marked so (`loose`, `handles`, `puts`)."""
        return any(self.verbs.get(name, {}).get(mark) for name in names)

    def like(self, names: Iterable[str]) -> frozenset[str]:
        """These verbs, and those that say nearly the same."""
        found = set(names)
        for name in list(found):
            found.update(self.verbs.get(name, {}).get("like", ()))
            found.update(self.verbs.get(name, {}).get("as", ()))
        found.update(name for name, entry in self.verbs.items() if set(entry.get("like", ())) & set(names))
        return frozenset(found)

    def opposite(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(other for name in names for other in self.verbs.get(name, {}).get("not", ()))

    def _tokens(self, text: str) -> tuple[Token, ...]:
        """The words of a text in order; what the lexicon does not know is a token without readings."""
        plain = unicodedata.normalize("NFKC", HYPHEN.sub(" ", text))[:MAX_LETTERS]
        if LISTED.match(plain):  # a numbered list: the numbers count steps, no things
            plain = STEP.sub(lambda m: "." + " " * (len(m.group()) - 1), plain)
        pieces = [(m.lastgroup or "", m.group(), m.start(), m.end()) for m in PIECE.finditer(plain)]
        # from the end: what leaves the fewest pieces unknown, then the fewest words, then the longest first one
        best: list[tuple[int, int, list[Token]]] = [(0, 0, [])]
        for i in range(len(pieces) - 1, -1, -1):
            ways = []
            for n, token in self._at(plain, pieces, i):
                unknown, words, _ = best[n - 1]
                unread = not token.readings and not (token.chinese and token.text in self._function)
                ways.append((unknown + unread, words + 1, -n, token))
            unknown, words, n, token = min(ways, key=lambda way: way[:3])
            best.insert(0, (unknown, words, [token, *best[-n - 1][2]]))
        found = best[0][2]
        return tuple(self._as_word(found, k) for k in range(len(found)))

    def _as_word(self, tokens: list[Token], k: int) -> Token:
        """The token, without readings where it is one Chinese character of a word that is not known (水 of 水平).

        A verb stands alone behind how it is done, and before what comes of it: 轻放, 压紧.
        """
        token = tokens[k]
        if len(token.text) != 1 or not token.chinese or token.text in self._function or not token.is_("thing", "verb"):
            return token
        verb = token.is_("verb")
        beside = [
            t
            for t in tokens[max(0, k - 1) : k + 2]
            if t is not token and (t.end == token.start or t.start == token.end)
        ]
        free, manner, result = self._function, self._manner, self._result
        unknown = any(
            t.chinese
            and not t.readings
            and t.text not in free
            and not (verb and t.text in (manner if t.start < token.start else result))
            and not (t.text in manner and len(tokens) > k + 2 and t is tokens[k + 1] and _is_short_verb(tokens[k + 2]))  # 书平放
            for t in beside
        )
        return Token(token.text, token.start, token.end) if unknown else token

    def _at(self, plain: str, pieces: list[tuple[str, str, int, int]], i: int) -> Iterator[tuple[int, Token]]:
        """(number of pieces, token) of each token that can begin at piece i; in English the longest alone."""
        kind, text, start, end = pieces[i]
        if kind in ("stop", "comma"):
            yield 1, Token(text, start, end, {kind: frozenset([text])})
            return
        alone = False
        longest = self.longest if kind == "han" or (i + 1 < len(pieces) and pieces[i + 1][0] == "han") else PHRASE
        for n in range(min(longest, len(pieces) - i), 0, -1):
            row = pieces[i : i + n]
            if any(k in ("stop", "comma") for k, *_ in row) and not (row[0][1].lower() == "no" and n == 2):
                continue
            chinese = any(k == "han" for k, *_ in row)
            written = ("" if chinese else " ").join(word for _, word, *_ in row).lower().rstrip(" ")
            readings = self._words.get(written.replace(" .", "."))
            if readings and (not chinese or row[-1][3] - row[0][2] == len(written)):
                held = {k: frozenset(v) for k, v in readings.items()}
                if kind == "number" and n == 1:
                    held["number"] = frozenset([text])
                if kind == "ident" and n == 1:
                    held["ident"] = frozenset([text])
                yield n, Token(plain[start : row[-1][3]], start, row[-1][3], held)
                alone = alone or n == 1
                if not chinese:
                    return
        if alone:
            return
        if kind == "number":
            yield 1, Token(text, start, end, {"number": frozenset([text])})
        elif kind == "ident":
            yield 1, Token(text, start, end, {"ident": frozenset([text])})
        elif text.lower() in AND:
            yield 1, Token(text, start, end, {"comma": frozenset(["and"])})
        elif text.lower() in ARTICLES:
            yield 1, Token(text, start, end, {"article": frozenset([text.lower()])})
        else:
            owner = self._words.get(text.lower()[:-2], {}) if text.lower().endswith(("'s", "’s")) else {}
            owned = {"owner": frozenset(["person"])} if "person" in owner.get("thing", ()) else {}
            yield 1, Token(text, start, end, owned)


def _is_short_verb(token: Token) -> bool:
    return token.is_("verb") and token.chinese and len(token.text) == 1


def _listed(words: Any) -> list[str]:
    return [word.strip().lower().replace("-", " ") for word in str(words or "").split(",") if word.strip()]


def _forms(word: str, kind: str) -> Iterator[str]:
    """A word as it can be written: a thing in the plural, a verb in its forms."""
    yield word
    head, rest = word.split(" ")[0], word.split(" ")[1:]
    if kind in ("thing", "region"):
        *before, last = word.split(" ")
        yield from (" ".join([*before, form]) for form in _plurals(last))
    elif kind == "verb":
        yield from (" ".join([form, *rest]) for form in _verb_forms(head))


def _plurals(word: str) -> Iterator[str]:
    if word in IRREGULAR:
        yield from IRREGULAR[word].split()
    if word.endswith(("s", "x", "ch", "sh", "o")):
        yield word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        yield word[:-1] + "ies"
    yield word + "s"


def _verb_forms(word: str) -> Iterator[str]:
    if word in IRREGULAR:
        yield from IRREGULAR[word].split()
        return
    stem = word[:-1] if word.endswith("e") else word
    yield from (stem + "ing", word + "s", stem + "ed")
    if word.endswith(("s", "x", "ch", "sh")):
        yield word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        yield from (word[:-1] + "ies", word[:-1] + "ied")
    if re.fullmatch(r"[a-z]*[aeiou][bdgklmnprt]", word):
        yield from (word + word[-1] + "ing", word + word[-1] + "ed")


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The package's own lexicon."""
    return Lexicon(read_own(FILE))
