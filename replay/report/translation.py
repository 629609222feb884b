"""What `shiliu check` and errors report, in the reader's language: `conf/text/messages/<lang>.yaml` has the English sentences, and what
each is there. English is written where it arises, so that a new message needs no entry to be reported.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from .message_catalogue import sentences, terms

COMMAND_LINE = "command line"  # with which the place of a setting begins
LONGEST = 20_000  # characters; what is longer is reported as it stands
_PLACE = re.compile(  # a key may hold blanks
    r"\s*(?:(?:.*?\.(?:ya?ml|xml)|command line (?:\S+?|'[^']*'|\"[^\"]*\"))(?::\d+)?: )?(?:[\w./\[\]-]+: |scenario\.[^:'`]+: ){0,2}"
)
_SENTENCE = re.compile(r"(?<=[.?]) ")  # ends here
_GAP = re.compile(r"\{(\.\.\.)?\}")
_ERRNO = re.compile(r"(?:\[Errno -?\d+\] )?(?P<what>.+?)(?P<file>: '.*')?(?P<stop>\.?)")  # an error of the system, as Python prints it
_NAME = re.compile(r"\S+|(?:(?!\. ).)*/(?:(?!\. ).)*|(?:(?!\. ).)+(?:\.\w{1,8}|#\d+)")
# between the entries of a list; what is quoted, or stands in brackets after an entry, is none
_JOINT = re.compile(r"('[^']*'|`[^`]*`| \([^()]*\))|(,? or |,? and |, | to )")
# between Chinese characters stands no blank
_TIGHT = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[和或至])|(?<= [和或至]) (?=[\u3000-\u9fff\uff00-\uffef])")

_ONE = re.compile(  # a count of what commands count
    r"(?<![\w.,])1 (take|recording|episode|set|frame|segment|marker|page|pose|joint|gripper|draw|row|sample|value|stream|limit|subgoal|"
    r"engine warning|shape|sentence)\b"
)
_MORE = re.compile(r"\d+ more")
_CHINESE = re.compile(r"zh|cn|chinese", re.IGNORECASE)  # how an asked language begins that is no language here


def translated(text: str, lang: str) -> str:
    """A message in a language, line by line; what the catalogue has no words for stays English.

    File, line and key path before a sentence stay as they are, but for the words `command line`.
    """
    if lang == "en" or len(text) > LONGEST:
        return text
    return "\n".join(_line(line, lang) for line in text.split("\n"))


def language_of(words: Iterable[str]) -> str:
    """The language that the words of a command line ask for, as `lang=zh`; English where they name none.

    What means Chinese, such as `lang=cn`, is refused as a setting; that is reported in Chinese.
    """
    asked = next((word.partition("=")[2].strip("'\"") for word in reversed([*words]) if word.startswith("lang=")), "en")
    return "zh" if _CHINESE.match(asked) else asked if sentences("messages", asked) else "en"


def _line(line: str, lang: str) -> str:
    place = _PLACE.match(line)
    end = place.end() if place else 0
    if found := _run(line[end:], lang):
        return _placed(line[:end], lang) + found
    if found := _run(line, lang):
        return found
    for colon in re.finditer(": ", line):  # what stands before is no sentence: names, of which those of files may hold blanks
        if all(map(_NAME.fullmatch, line[: colon.start()].split(": "))) and (found := _run(line[colon.end() :], lang)):
            return line[: colon.end()] + found
    return _placed(line, lang)


def _placed(place: str, lang: str) -> str:
    """A place, with the words for the command line in the language."""
    begun = place.lstrip()
    if not begun.startswith(COMMAND_LINE):
        return place
    return place[: -len(begun)] + terms("messages", lang).get(COMMAND_LINE, COMMAND_LINE) + begun.removeprefix(COMMAND_LINE)


def _run(text: str, lang: str) -> str | None:
    """Sentences, the first of which is known; None where it is not. The longest that is known goes before."""
    cuts = [(one.start(), one.end(), "") for one in _SENTENCE.finditer(text)]
    halves = [(one.start(), one.end(), "；") for one in re.finditer("; ", text)]
    for end, begin, mark in ((len(text), len(text), ""), *reversed(cuts), *reversed(halves)):
        if (found := _known(text[:end], lang)) is not None:
            rest = text[begin:]
            return f"{found}{mark}{_run(rest, lang) or rest}" if rest else found
    return None


def _known(sentence: str, lang: str) -> str | None:
    for text in dict.fromkeys((sentence, _ONE.sub(r"1 \1s", sentence))):  # the catalogue has what is counted in the plural
        for pattern, template in _sentences(lang):
            if found := pattern.fullmatch(text):
                return template.format(*(_FilledIn(group, lang) for group in found.groups()))
    failure = _ERRNO.fullmatch(sentence)
    if failure is None or (known := _of_the_system(lang).get(failure["what"].lower())) is None:
        return None
    return known + (failure["file"] or "").replace(": ", "：", 1) + ("。" if failure["stop"] else "")


@lru_cache
def _of_the_system(lang: str) -> dict[str, str]:
    """What the system says, in small letters, and what it is in a language; what has no number stands there as it is."""
    named = terms("messages", lang, "system").items()
    return {(os.strerror(getattr(errno, name)) if hasattr(errno, name) else name).lower(): text for name, text in named}


@dataclass(frozen=True)
class _FilledIn:
    """What is filled into a message: `{}` takes it as it is, `{:m}` as a message of its own, `{:t}` as a term or a message, `{:l}` as a
    list of names, of which the last may be how many more there are, `{:lt}` as one of messages and terms, with what stands in
    brackets after them."""

    text: str
    lang: str

    def __format__(self, spec: str) -> str:
        if spec == "t":
            return terms("messages", self.lang).get(self.text) or _known(self.text, self.lang) or self.text
        if spec in ("l", "lt"):
            return self._list(spec == "lt")
        return _line(self.text, self.lang) if spec == "m" else self.text

    def _list(self, of_terms: bool) -> str:
        known, joints = terms("messages", self.lang), terms("messages", self.lang, "joints")
        parts = _JOINT.sub(lambda at: at[1] or f"\0{at[2].strip(' ,') or ','}\0", self.text).split("\0")
        for k, part in enumerate(parts):
            head, bracket, rest = part.partition(" (")
            if k % 2:
                parts[k] = joints["more" if _MORE.fullmatch(parts[k + 1]) else part]
            elif of_terms or _MORE.fullmatch(part):
                parts[k] = _known(part, self.lang) or known.get(head, head) + self._bracket(bracket + rest)
            else:
                parts[k] = head + self._bracket(bracket + rest)
        return _TIGHT.sub("", "".join(parts))

    def _bracket(self, text: str) -> str:
        """What stands in brackets after an entry: as a message where it is one, else as the list that it may be."""
        if not (text.startswith(" (") and text.endswith(")")):
            return text
        inner = text.removeprefix(" (").removesuffix(")")
        found = _known(inner, self.lang)
        return f"（{found}）" if found else f" ({_FilledIn(inner, self.lang):l})"


@lru_cache
def _sentences(lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """English sentences as patterns, and what each is in a language; those that say most go before."""
    known = sorted(sentences("messages", lang).items(), key=lambda one: -len(_GAP.sub("", one[0])))
    return tuple((re.compile(_pattern(of)), text) for of, text in known)


def _pattern(sentence: str) -> str:
    """A sentence as a pattern: a plain gap does not reach over the end of a sentence."""
    words, gaps = _GAP.split(sentence)[::2], _GAP.split(sentence)[1::2]
    return re.escape(words[0]) + "".join(
        f"({'.+?' if several else '(?:(?!; |[.?] ).)+?'}){re.escape(word)}" for several, word in zip(gaps, words[1:])
    )
