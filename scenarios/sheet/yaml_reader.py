"""Reading a composed YAML tree with units, with the place of every key, collecting all problems at once.

Hydra composes, but keeps no file and line, names no nearest key and stops at its first error. So the composed tree is
walked once more here: a `Node` is a value with its key path; what is wrong is noted in the shared `Problems` and the walk
goes on, so that a designer sees everything that has to be mended in one go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .errors import ScenarioError, odd_kind, printable
from .near_matches import meant_by, nearest, odd_marks
from .own_files import FAST, is_own, parsed_once, written
from .quantity import parse_quantity, parse_size, show
from .typing_slips import blank_of_a_key, half_a_number, slip_in
from .yaml_places import Place

_MISSING = object()
MAX_DEPTH = 50  # of a file from outside; a scenario is some eight levels deep
MAX_VALUES = 100_000  # that aliases of one stand for; a scenario has some thousand values in all
LARGEST = (1 << 63) - 1  # whole number that a column of a dataset holds
LARGEST_SEED = 1 << 62  # of a first episode, from which others count on
MAX_BYTES = 1 << 20  # of one, where nothing else is said; ours have some 10 KB
_CORE = "tag:yaml.org,2002:"
_PLAIN = ("str", "int", "float", "bool", "null", "seq", "map")  # tags that change no more than how a value is read


class Dateless(FAST):  # type: ignore[misc, valid-type]
    """YAML without dates: `2026-11-02` stays the text that it is, and a day that does not exist is reported with its line."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's own form
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_yaml(path: Path, shown: str | None = None, limit: int = MAX_BYTES) -> Any:
    """The content of a YAML file: of this package, or of anybody, within the bounds of `checked_text`. Dates stay text.

    Raises:
        ScenarioError: it is no UTF-8, no YAML or beyond a bound, with the line; or it cannot be read.
    """
    if is_own(path):
        return parsed_once(path, Dateless)
    return load_checked(checked_text(path, shown, limit), shown or str(path))


def load_checked(text: str, shown: str) -> Any:
    """The content of a text that `checked_text` gave.

    Raises:
        ScenarioError: it has a value that no number can hold.
    """
    try:
        return yaml.load(text, Loader=Dateless)
    except yaml.YAMLError as error:
        raise _broken(error, text, shown) from None
    except (ValueError, OverflowError, RecursionError):
        raise ScenarioError("A whole number of it has more digits than any number here. Put it in quotes.", file=shown) from None


def checked_text(path: Path, shown: str | None = None, limit: int = MAX_BYTES) -> str:
    """The text of a YAML file that anybody has written, looked through for what a few lines of it could grow into.

    Nothing is built for that, so that it takes no longer than reading. Bounds: its size, its depth (`MAX_DEPTH`), what its aliases
    stand for (`MAX_VALUES`), no key twice, no tags but those of plain values, and no resolver such as `${oc.env:HOME}`.

    Raises:
        ScenarioError: it is no UTF-8, no YAML or beyond a bound, with the line; or it cannot be read.
    """
    name = shown or str(path)
    if (odd := odd_kind(path)) is not None:
        raise ScenarioError(f"This {odd}", file=name)
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise ScenarioError(f"This cannot be read: {error.strerror}.", file=name) from None
    if len(content) > limit:
        raise ScenarioError(f"This is larger than {limit >> 20} MiB. A file of settings is far smaller.", file=name)
    return check_text(content, name)


def check_text(content: bytes, shown: str) -> str:
    """As `checked_text`, of bytes that were read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        broken = content[: error.start].count(b"\n") + 1
        raise ScenarioError("This is no UTF-8 text. Save the file as UTF-8.", file=shown, line=broken) from None
    sizes: dict[str, int] = {}  # anchor -> values that an alias of it stands for
    within: list[_Open] = []
    aliased = 0
    try:
        for event in yaml.parse(text, Loader=FAST):
            line = event.start_mark.line + 1 if event.start_mark else None
            if isinstance(event, yaml.CollectionEndEvent):
                done = within.pop()
                if done.anchor is not None:
                    sizes[done.anchor] = done.size
                if within:
                    within[-1].size += done.size
                continue
            if not isinstance(event, yaml.NodeEvent):
                continue
            wrong = _wrong_tag(event) or (within[-1].takes(event) if within else None)
            size = 1
            if isinstance(event, yaml.CollectionStartEvent):
                within.append(_Open(event.anchor, set() if isinstance(event, yaml.MappingStartEvent) else None))
                if len(within) > MAX_DEPTH:
                    wrong = f"This is nested deeper than {MAX_DEPTH} levels. Close the brackets."
                size = 0  # which its end counts
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in sizes and all(event.anchor != outer.anchor for outer in within):
                    hint = nearest(event.anchor, list(sizes))
                    raise ScenarioError(f"No &{event.anchor} stands above this alias.{hint}", file=shown, line=line)
                size = sizes.get(str(event.anchor), 1)
                aliased += size
                if any(event.anchor == outer.anchor for outer in within):
                    wrong = f"The alias *{event.anchor} stands within what it names. Write the value out."
                elif aliased > MAX_VALUES:
                    wrong = f"Its aliases stand for more than {MAX_VALUES} values. Write them out."
            elif isinstance(event, yaml.ScalarEvent):
                if event.anchor is not None:
                    sizes[event.anchor] = 1
                wrong = wrong or _called(event.value)
            if wrong is not None:
                raise ScenarioError(wrong, file=shown, line=line)
            if within:
                within[-1].size += size
    except (yaml.YAMLError, ValueError) as error:
        raise _broken(error, text, shown) from None
    return text


@dataclass
class _Open:
    """A list or table that is being read: its anchor, the keys of a table so far, the values in it, whether a key comes next."""

    anchor: str | None
    keys: set[str] | None
    size: int = 1
    at_key: bool = True

    def takes(self, event: yaml.NodeEvent) -> str | None:
        """Take a node in; what is wrong with it as a key."""
        if self.keys is None:
            return None
        is_key, self.at_key = self.at_key, not self.at_key
        if not is_key or not isinstance(event, yaml.ScalarEvent):
            return None
        if event.value == "<<" and not event.style:
            return "`<<` merges keys, which is not read here. Write the keys out, or give a whole value by its alias: `at: *few`."
        mark = event.start_mark
        if not event.style and mark is not None and (slip := blank_of_a_key(event.value, mark.column)):
            return slip
        if event.value in self.keys:
            return f"The key {event.value!r} stands here twice. Remove one."
        self.keys.add(event.value)
        return None


def _wrong_tag(event: yaml.NodeEvent) -> str | None:
    tag = getattr(event, "tag", None)
    if tag in (None, "!") or tag.removeprefix(_CORE) in _PLAIN:
        return None
    return f"The tag {tag.removeprefix(_CORE)!r} is not read here. Leave it out."


def _called(text: str) -> str | None:
    found = resolver_in(text)
    if found is None:
        return None
    return f"{found!r} is not resolved in a file: it could carry what is of this machine into a dataset. Write the value out."


def _broken(error: Exception, text: str, shown: str) -> ScenarioError:
    """What is wrong with a text that is no YAML, in the better words of the slow reader."""
    try:
        for _ in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except (yaml.YAMLError, ValueError) as better:
        error = better
    if isinstance(error, yaml.reader.ReaderError):
        return ScenarioError(f"This is no valid YAML: {error.reason}.", file=shown)
    mark, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if "quoted scalar" in str(getattr(error, "context", "")) and begun is not None and "unexpected" in str(getattr(error, "problem", "")):
        # it is found at the end of the file, and what follows the quote is no slip
        what = "the quote that opens here is not closed. Write the same mark where the text ends."
        return ScenarioError(f"This is no valid YAML: {what}", file=shown, line=begun.line + 1)
    slipped, line = (slip_in(text, mark.line) if mark else None) or (None, mark.line + 1 if mark else None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())[:100]
    if "another document" in problem:
        problem = "a second document begins here. Keep one, and take the `---` and `...` away"
    if begun is not None and begun.line + 1 != line and not slipped:
        if problem == "could not find expected ':'":
            line = begun.line + 1  # of the key, not of what comes after it
        elif "flow" in str(getattr(error, "context", "")):
            problem += f". The bracket opens in line {begun.line + 1}"
    return ScenarioError(f"This is no valid YAML: {slipped or f'{problem}.'}", file=shown, line=line)


def resolver_in(text: str) -> str | None:
    """The first call of a resolver in a text, such as `${oc.env:HOME}`; a plain reference to another key is none."""
    for found in re.finditer(r"\$\{", text):
        depth, at = 1, found.end()
        while at < len(text) and depth:
            depth += (text[at] == "{") - (text[at] == "}")
            at += 1
        inner = text[found.end() : at]
        if ":" in inner or inner.lstrip().startswith("hydra"):
            return text[found.start() : at]
    return None


def places_in(path: Path, shown: str | None = None, prefix: str = "", limit: int = MAX_BYTES) -> dict[str, Place]:
    """Key path -> (file, line) of every key of a YAML file.

    Raises:
        ScenarioError: where the file is no UTF-8, no YAML or beyond the bounds of `checked_text`, or holds
            a key that is no word (`on:` is a boolean in YAML).
    """
    name = shown or str(path)
    if is_own(path):
        return dict(_own_places(path, name, prefix, written(path)))
    return places_of(checked_text(path, shown, limit), name, prefix)


@cache
def _own_places(path: Path, name: str, prefix: str, when: tuple[int, int]) -> dict[str, Place]:
    return places_of(path.read_text(encoding="utf-8"), name, prefix)


def places_of(text: str, name: str, prefix: str = "") -> dict[str, Place]:
    """As `places_in`, of a text that `checked_text` gave."""
    try:
        root = yaml.compose(text, Loader=FAST)
    except yaml.YAMLError as error:
        raise _broken(error, text, name) from None
    places: dict[str, Place] = {prefix: (name, 0)}

    def walk(node: yaml.Node | None, path_: str) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.tag != "tag:yaml.org,2002:str":
                    kind = key.tag.rsplit(":", 1)[-1]
                    what = f"{key.value!r} is read by YAML as {kind}, not as a word" if isinstance(key.value, str) else (
                        f"is a {'list' if kind == 'seq' else 'table'}, not a word"
                    )
                    alone = node.flow_style and isinstance(value, yaml.ScalarNode) and not value.value and not value.style
                    way = "A comma ends the value before it. Write it without a comma, or in quotes" if alone else "Use another word"
                    raise ScenarioError(f"The key {what}. {way}.", file=name, line=line)
                child = f"{path_}.{key.value}" if path_ else key.value
                places[child] = (name, line)
                walk(value, child)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                places[f"{path_}[{i}]"] = (name, value.start_mark.line + 1)
                walk(value, f"{path_}[{i}]")

    walk(root, prefix)
    return places


def missing_key(key: str) -> str:
    """The message about a key that a table lacks."""
    return f"the key {key!r} is missing. Write `{key}:` and its value."


@dataclass
class Problems:
    """What is wrong with a config, gathered while it is walked.

    Attributes:
        places: key path -> (file, line).
        found: one line a problem.
        missing: key paths that were noted as missing; what is read there or below is no second problem.
    """

    places: Mapping[str, Place] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    def note(self, path: str, message: str) -> None:
        """Record one problem at a key path; the place is that of the nearest key above which has one."""
        if any(path == gone or path.startswith((f"{gone}.", f"{gone}[")) for gone in self.missing):
            return
        place, at = self.places.get("") if not path else None, path
        while at and place is None:
            place = self.places.get(at)
            at = at[: max(at.rfind("."), at.rfind("["))] if max(at.rfind("."), at.rfind("[")) > 0 else ""
        where = "" if place is None else f"{place[0]}:{place[1]}: " if place[1] else f"{place[0]}: "
        line = f"{where}{f'{path}: ' if path else ''}{message}"
        if line not in self.found:  # a word that two readers look at is still one problem
            self.found.append(line)

    def stop(self, what: str) -> None:
        """Raise everything that was noted, if anything was.

        Raises:
            ScenarioError: one line a problem.
        """
        if not self.found:
            return
        if len(self.found) == 1:
            raise ScenarioError(self.found[0])
        raise ScenarioError(f"{what}: {len(self.found)} problems:\n  " + "\n  ".join(self.found))


@dataclass(frozen=True)
class Node:
    """A value of the tree, its key path, and where to note problems."""

    value: Any
    path: str
    problems: Problems

    def note(self, message: str) -> None:
        self.problems.note(self.path, message)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def child(self, key: str) -> Node:
        path = f"{self.path}.{key}" if self.path else key
        return Node(self.value.get(key) if isinstance(self.value, Mapping) else None, path, self.problems)

    def mapping(self, required: tuple[str, ...] = (), optional: tuple[str, ...] | None = ()) -> bool:
        """Check that this is a mapping with these keys (`optional=None`: any others too); False where it is no mapping.

        What is no mapping is one problem, whatever of it is read later.
        A misspelt key is one problem: its value is read under the key that it is nearest to, and what is wrong below is not noted.
        """
        if not isinstance(self.value, Mapping):
            keys = f" with the keys {', '.join(required)}" if required else ""
            self.note(f"{self.value!r} is not a mapping{keys}.{odd_marks(self.value)}")
            self.problems.missing |= {f"{self.path}.{key}" if self.path else key for key in (*required, *(optional or ()))}
            return False
        meant: dict[str, str] = {}  # misspelt key -> the one that it stands for
        for key in self.value:
            if not isinstance(key, str):
                self.note(f"The key {key!r} is not a word.")
            elif optional is not None and key not in required and key not in optional:
                path = f"{self.path}.{key}" if self.path else key
                if half_a_number(key):
                    self.problems.note(path, f"{key!r} is not a key. Decimals have a point, such as 0.5 s, no comma.")
                    continue
                word, _, rest = key.partition(" ")
                if rest and self.value[key] is None and word in (*required, *optional):
                    self.note(f"no `: ` stands after {word!r}. Write `{word}: {rest.strip()}`.")
                    meant[key] = word
                    continue
                self.problems.note(path, f"unknown key {key!r}.{nearest(key, [*required, *optional])}")
                if (other := meant_by(key, (*required, *optional), self.value)) is not None:
                    meant[key] = other
        for key in required:
            if key not in self.value and key not in meant.values():
                self.note(missing_key(key))
        gone = {key for key in required if key not in self.value} | set(meant.values())
        self.problems.missing |= {f"{self.path}.{key}" if self.path else key for key in gone}
        if meant:
            object.__setattr__(self, "value", {meant.get(key, key): value for key, value in self.value.items()})
        return True

    def items(self) -> Iterator[tuple[str, Node]]:
        """Key and value of a mapping; nothing for what is left out, a note for anything else."""
        if isinstance(self.value, Mapping):
            for key in self.value:
                yield str(key), self.child(str(key))
        elif self.value is not None:
            self.note(f"{self.value!r} is not a mapping.")

    def each(self) -> Iterator[Node]:
        if not isinstance(self.value, list):
            self.note(f"{self.value!r} is not a list.{odd_marks(self.value)}")
            return
        for i, value in enumerate(self.value):
            yield Node(value, f"{self.path}[{i}]", self.problems)

    def quantity(
        self, dimension: str | None, default: Any = _MISSING, low: float | None = None, high: float | None = None
    ) -> float:
        """SI value of a quantity between `low` and `high`; what is wrong is noted, and 0.0 (or the default) stands in."""
        if self.value is None and default is not _MISSING:
            return default
        try:
            value = parse_quantity(self.value, dimension)
        except ValueError as error:
            self.note(str(error))
            return 0.0 if default is _MISSING else default
        if low is not None and value < low - 1e-12:
            self.note(f"{self.value!r} is too small. It has to be {show(low, dimension)} or more.")
        if high is not None and value > high + 1e-12:
            self.note(f"{self.value!r} is too large. It has to be {show(high, dimension)} or less.")
        return value

    def number(self, default: Any = _MISSING) -> float:
        if self.value is None and default is not _MISSING:
            return default
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.note(f"{self.value!r} is not a plain number.{odd_marks(self.value)}")
            return 1.0
        if not math.isfinite(self.value):
            self.note(f"{self.value!r} is not a finite number.")
            return 1.0
        return float(self.value)

    def integer(self, default: Any = _MISSING, low: int | None = None, high: int | None = None) -> int:
        if self.value is None and default is not _MISSING:
            return default
        whole = isinstance(self.value, int) and (low is None or self.value >= low)
        if isinstance(self.value, bool) or not whole:
            self.note(
                f"{self.value!r} is not a whole number{f' of {low} or more' if low is not None else ''}.{odd_marks(self.value)}"
            )
            return low or 0
        if self.value > (most := LARGEST if high is None else high):
            self.note(f"{printable(str(self.value))} is too large. It has to be {most} or less.")
            return most
        return self.value

    def seed(self) -> int:
        return self.integer(low=0, high=LARGEST_SEED)

    def word(self, default: Any = _MISSING, choices: tuple[str, ...] | list[str] | None = None) -> str:
        if self.value is None and default is not _MISSING:
            return default
        if not isinstance(self.value, str) or not self.value:
            self.note("Nothing is written here. Write a value." if self.value == "" else f"{self.value!r} is not a word.")
            return ""
        if choices is not None and self.value not in choices:
            self.note(f"{self.value!r} is not known here.{nearest(self.value, list(choices))}")
        return self.value

    def flag(self, default: bool = False) -> bool:
        if self.value is None:
            return default
        value = {"yes": True, "no": False}.get(self.value) if isinstance(self.value, str) else self.value
        if not isinstance(value, bool):  # yes and no are true and false in a file, and words on the command line
            self.note(f"{self.value!r} is neither true nor false.{odd_marks(self.value)}")
            return default
        return value

    def size(self) -> tuple[int, int]:
        try:
            return parse_size(self.value)
        except ValueError as error:
            self.note(str(error))
            return (640, 480)

    def words(self) -> dict[str, str]:
        """A text in several languages, `{en: ..., zh: ...}`."""
        if self.mapping(required=("en", "zh"), optional=()):
            return {key: node.word() for key, node in self.items()}
        return {"en": "", "zh": ""}
