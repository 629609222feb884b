"""Reads one mapping: a YAML file, checked into plain dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import cached_property
from typing import Any

import yaml

from ...scenarios.parts.titles import LANGUAGES
from ...scenarios.reading import composition
from ...scenarios.sheet.errors import EpisodeError, ScenarioError
from ...scenarios.sheet.near_matches import meant_by, nearest
from ...scenarios.sheet.own_files import FAST
from ...scenarios.sheet.yaml_reader import load_checked, missing_key, read_yaml
from ..recording.quantities import quantity_fault, unit_fault
from ..recording.recording import CLOCKS, KINDS, ROLES
from .mapping import ANY, PRESENT, ArrayRule, Columns, Mapping, StreamRule, TimeRule, TopicRule
from .records import readers

TIME_UNITS_NS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}  # integer clocks, so that ns are exact


class MappingFile:
    """Walks one mapping file and collects every mistake with its line before it raises."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.problems: list[tuple[int | None, str, str]] = []
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.words: dict[str, dict[str, str]] = {}
        self.gone: set[tuple[str | int, ...]] = set()  # keys that are missing, or that a misspelt one stands for
        try:
            self.tree = load_checked(text, file)
            self._index(yaml.compose(text, Loader=FAST), ())
        except ScenarioError as error:
            raise EpisodeError(error.message, file=file, line=error.line) from None
        if not isinstance(self.tree, dict):
            raise EpisodeError(
                "a mapping is a YAML table with title, format, robot, kind, recognise and topics.", file=file
            )

    def _index(self, node: Any, path: tuple[str | int, ...]) -> None:
        if node is None:
            return
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._index(value, (*path, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._index(value, (*path, i))

    def _problem(self, path: Iterable[str | int], message: str) -> None:
        """Record a problem, unless it follows from a key that is missing or misspelt."""
        path = tuple(path)
        if any(path[:n] in self.gone for n in range(1, len(path) + 1)):
            return
        line = next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), None)
        named = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
        self.problems.append((line, named.removeprefix("."), message))

    def _table(
        self, value: Any, path: tuple[str | int, ...], known: Iterable[str], needed: Iterable[str]
    ) -> dict[str, Any]:
        """`value` as a table with no unknown and no missing key; what is misspelt stands under the key that it is nearest to."""
        if not isinstance(value, dict):
            self._problem(path, "must be a table.")
            return {}
        known, meant = list(known), {}
        for key in value:
            if key not in known:
                self._problem((*path, str(key)), f"unknown key {key!r}.{nearest(key, known)}")
                meant[key] = meant_by(str(key), known, value) or key
        value = {meant.get(key, key): one for key, one in value.items()}
        for key in needed:
            if key not in value:
                self._problem(path, missing_key(key))
                self.gone.add((*path, key))
        self.gone |= {(*path, key) for key in meant.values()}
        return value

    def _text(self, table: dict[str, Any], key: str, path: tuple[str | int, ...], choices: Iterable[str] = ()) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            self._problem((*path, key), f"must be a text, not {value!r}.")
            return ""
        if choices and key in table and value not in choices:
            self._problem((*path, key), f"{value!r} is none of {', '.join(choices)}.")
        return value

    def _sentence(self, value: Any, path: tuple[str | int, ...]) -> str:
        """A sentence, or one in each language, of which the English one stands in recordings; "" where it is neither."""
        if isinstance(value, dict):
            table = self._table(value, path, LANGUAGES, LANGUAGES)
            words = {lang: self._text(table, lang, path) for lang in LANGUAGES}
            if all(words.values()):
                self.words[words["en"]] = words
            return words["en"]
        if not isinstance(value, str):
            self._problem(path, f"must be a sentence, or one in each of {', '.join(LANGUAGES)}, not {value!r}.")
            return ""
        return value

    def _texts(self, value: Any, path: tuple[str | int, ...]) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            self._problem(path, "must be a list of texts.")
            return ()
        if len(set(value)) != len(value):
            self._problem(path, f"names {next(one for one in value if value.count(one) > 1)!r} twice.")
        return tuple(value)

    def _named(self, key: str) -> dict[str, Any]:
        """A table of the file with texts as keys; empty where it is left out."""
        value = self.tree.get(key)
        if isinstance(value, dict) and all(isinstance(name, str) for name in value):
            return value
        if value is not None:
            self._problem((key,), "must be a table with texts as its keys.")
        return {}

    def _list(self, value: Any, key: str) -> list[Any]:
        if isinstance(value, list):
            return value
        self._problem(("spellings", key), "must be a list of lists of names.")
        return []

    def mapping(self, name: str, load: Callable[[str], Mapping]) -> Mapping:
        """What the file says.

        Args:
            name: the file's stem; load: gives the mappings that it names under `also`.

        Raises:
            EpisodeError: a mistake in the file; all mistakes are named at once, with their lines.
        """
        known = (*formats_of(messages=True), *formats_of(messages=False))
        format_ = self.tree.get("format")
        if format_ not in known:  # which keys a file has, its format says
            slip = next((key for key in self.tree if meant_by(str(key), ("format",), self.tree)), None)
            if "format" in self.tree:
                self._problem(("format",), f"{format_!r} is no format of mappings.{nearest(format_, list(known))}")
            elif slip is not None:
                self._problem((slip,), f"unknown key {slip!r}. Did you mean format?")
            else:
                self._problem((), f"{missing_key('format')} Known here: {', '.join(sorted(known))}.")
            raise self._error()
        if format_ in formats_of(messages=False):
            return self._of_arrays(name)
        keys = (
            "title", "format", "robot", "kind", "recognise", "also", "names", "spellings", "topics", "pictures", "unused",
        )  # fmt: skip
        tree = self.tree = self._table(self.tree, (), keys, ("title", "format", "robot", "kind", "recognise", "topics"))
        names, spellings = self._lists()
        topics = self._named("topics")
        if "topics" in tree and not topics:
            self._problem(("topics",), "must be a table of topics.")
        rules = {topic: self._topic(rule, ("topics", topic), names, spellings) for topic, rule in topics.items()}
        pictures = self._cameras()
        unused = self._reasons("unused")
        recognise = self._texts(tree.get("recognise"), ("recognise",)) if "recognise" in tree else ()
        for topic in recognise:
            if topic not in rules:
                self._problem(("recognise",), f"{topic} is not under topics.")
        title, robot = self._text(tree, "title", ()), self._text(tree, "robot", ())
        format_ = self._text(tree, "format", ())
        kind = self._text(tree, "kind", (), KINDS)
        also = self._texts(tree["also"], ("also",)) if "also" in tree else ()
        if self.problems:
            raise self._error()
        for other in map(load, also):
            rules = {**other.topics, **rules}
            unused = {**other.unused, **unused}
            pictures = {**other.pictures, **pictures}
            self.words = {**other.words, **self.words}
        return Mapping(name, title, format_, robot, kind, recognise, rules, unused, pictures=pictures, words=self.words)

    def _lists(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[tuple[str, ...], ...]]]:
        """The lists of element names that streams refer to, and their other spellings."""
        names = {key: self._texts(value, ("names", key)) for key, value in self._named("names").items()}
        spellings = {
            key: tuple(self._texts(item, ("spellings", key, i)) for i, item in enumerate(self._list(value, key)))
            for key, value in self._named("spellings").items()
        }
        return names, spellings

    def _reasons(self, key: str) -> dict[str, str]:
        return {name: self._sentence(reason, (key, name)) for name, reason in self._named(key).items()}

    def _cameras(self) -> dict[str, str]:
        table = self._named("pictures")
        return {topic: self._text(table, topic, ("pictures",)) for topic in table}

    def _of_arrays(self, name: str) -> Mapping:
        needed = ("title", "format", "robot", "kind", "recognise", "streams")
        keys = (*needed, "episodes", "time", "fps", "names", "spellings", "metadata", "unused")
        tree = self.tree = self._table(self.tree, (), keys, needed)
        names, spellings = self._lists()
        entries = tree.get("streams")
        if not isinstance(entries, list) or not entries:
            self._problem(("streams",), "must be a list with at least one stream.")
            entries = []
        streams = tuple(self._stream(item, ("streams", i), names, spellings, True) for i, item in enumerate(entries))
        called = [s.name for s in streams]
        for i, own in enumerate(called):
            if own is None or own in called[:i]:
                what = "has none" if own is None else f"another one is called {own!r}, too"
                self._problem(("streams", i, "name"), f"every stream needs a name of its own, and {what}.")
        unused, metadata = self._reasons("unused"), self._reasons("metadata")
        for key, table in (("unused", unused), ("metadata", metadata)):
            for text in table:
                self._columns(text, (key, text))
        fps = tree.get("fps")
        if isinstance(fps, str):
            self._columns(fps, ("fps",))
        elif fps is not None and (type(fps) not in (int, float) or not 0 < fps < 1e6):
            self._problem(("fps",), "must be a number of rows a second, or the field that holds it.")
        known = ("channels", "robot_type", "column_names", "name_lists", "task")
        recognise = self._table(tree.get("recognise"), ("recognise",), known, ("channels",))
        lists = recognise.get("name_lists", {})
        if not isinstance(lists, dict) or not all(isinstance(text, str) for pair in lists.items() for text in pair):
            self._problem(("recognise", "name_lists"), "must be a table of list of names to columns.")
            lists = {}
        for label, text in lists.items():
            self._columns(text, ("recognise", "name_lists", label))
        channels = recognise.get("channels")
        if not isinstance(channels, dict) or not channels:
            self._problem(("recognise", "channels"), "must be a table of channel to shape.")
            channels = {}
        called = recognise.get("column_names", {})
        asked: dict[str, Any] = called if isinstance(called, dict) else {"": None}
        lists_of: dict[str, list[str]] = {key: words if isinstance(words, list) else [words] for key, words in asked.items()}
        if not all(words and all(isinstance(one, str) and one in names for one in words) for words in lists_of.values()):
            self._problem(
                ("recognise", "column_names"),
                f"must be a table of channel to one of the lists under names, or to several of them: {', '.join(names)}.",
            )
            lists_of = {}
        rule = ArrayRule(
            channels={str(key): self._shape(value, ("recognise", "channels", key)) for key, value in channels.items()},
            streams=streams,
            robot_type=self._text(recognise, "robot_type", ("recognise",)) or None,
            episodes=self._text(tree, "episodes", ()) or None,
            time=self._time(tree["time"]) if "time" in tree else None,
            fps=fps,
            metadata=metadata,
            column_names={str(key): names[words[0]] for key, words in lists_of.items()},
            else_columns={str(key): tuple(names[one] for one in words[1:]) for key, words in lists_of.items() if words[1:]},
            name_lists=lists,
            task=self._text(recognise, "task", ("recognise",)) or None,
        )
        title, robot = self._text(tree, "title", ()), self._text(tree, "robot", ())
        kind = self._text(tree, "kind", (), KINDS)
        if self.problems:
            raise self._error()
        return Mapping(name, title, tree["format"], robot, kind, tuple(rule.channels), {}, unused, rule, words=self.words)

    def _time(self, value: Any) -> TimeRule | None:
        table = self._table(value, ("time",), ("field", "unit", "clock"), ("field", "unit", "clock"))
        field_ = self._text(table, "field", ("time",))
        self._columns(field_, ("time", "field"))
        unit = self._text(table, "unit", ("time",), TIME_UNITS_NS)
        clock = self._text(table, "clock", ("time",), [c for c in CLOCKS if c != "grid"])
        return TimeRule(field_, TIME_UNITS_NS.get(unit, 1), clock)

    def _columns(self, text: str, path: tuple[str | int, ...]) -> None:
        try:
            Columns.parse(text)
        except ValueError as error:
            self._problem(path, f"{error}.")

    def _shape(self, value: Any, path: tuple[str | int, ...]) -> tuple[int | str, ...] | None:
        if value == PRESENT:
            return None
        axes = value if isinstance(value, list) else [] if value == 1 else [value]
        if not all(axis == ANY or (type(axis) is int and axis > 0) for axis in axes):
            self._problem(path, f"must be the number of columns, a list of axes, {ANY} or {PRESENT}, not {value!r}.")
            return ()
        return tuple(axes)

    def _topic(self, value: Any, path: tuple[str | int, ...], names: dict, spellings: dict) -> TopicRule:
        rule = self._table(value, path, ("type", "clock", "capture", "device", "streams"), ("type", "clock", "streams"))
        clock = self._text(rule, "clock", path, [c for c in CLOCKS if c != "grid"])
        device, device_ns = rule.get("device"), None
        if isinstance(device, dict):
            table = self._table(device, (*path, "device"), ("field", "unit"), ("field", "unit"))
            device = self._text(table, "field", (*path, "device"))
            device_ns = TIME_UNITS_NS.get(self._text(table, "unit", (*path, "device"), TIME_UNITS_NS))
        capture = rule.get("capture")
        for clock_name, clock_path in (("capture", capture), ("device", device)):
            if clock_path is not None and not isinstance(clock_path, str):
                self._problem((*path, clock_name), "must be the dotted path of a time field.")
            if clock == clock_name and clock_path is None:
                self._problem((*path, "clock"), f"is {clock_name}, but no {clock_name} field is given.")
        entries = rule.get("streams")
        if not isinstance(entries, list) or not entries:
            self._problem((*path, "streams"), "must be a list with at least one stream.")
            entries = []
        streams = tuple(self._stream(item, (*path, "streams", i), names, spellings) for i, item in enumerate(entries))
        if len({s.name for s in streams}) != len(streams):
            self._problem((*path, "streams"), "two streams have the same name; give each a name.")
        return TopicRule(self._text(rule, "type", path), clock, streams, capture, device, device_ns)

    def _stream(
        self, value: Any, path: tuple[str | int, ...], names: dict, spellings: dict, arrays: bool = False
    ) -> StreamRule:
        others_too = isinstance(value, dict) and bool(value.get("by_name"))
        not_here = ("each", *(() if others_too else ("else_names",))) if arrays else ("numbered", "per")
        known = [f.name for f in fields(StreamRule) if f.name not in ("spellings", *not_here)]
        named = arrays and isinstance(value, dict) and bool({"spelled_in", "numbered"} & set(value)) and "names" not in value
        rule = self._table(value, path, [*known, "field"], ("role", "quantity", "unit", *(() if named else ("names",))))
        if ("field" in rule) == ("fields" in rule):
            self._problem(path, "give either field or fields.")
            self.gone |= {(*path, "field"), (*path, "fields")}
        paths = (
            (self._text(rule, "field", path),)
            if "field" in rule
            else self._texts(rule.get("fields"), (*path, "fields"))
        )
        listed = rule.get("names")
        elements: tuple[str, ...]
        spelled: tuple[tuple[str, ...], ...]
        if named:
            elements, spelled = (), ()
        elif isinstance(listed, str):
            if listed not in names:
                self._problem((*path, "names"), _no_list(listed, names))
            elements, spelled = names.get(listed, ()), spellings.get(listed, ())
        else:
            elements, spelled = self._texts(listed, (*path, "names")), ()
        for spelling in spelled:
            if len(spelling) != len(elements):
                self._problem(("spellings", str(listed)), f"has {len(spelling)} names for {len(elements)} elements.")
        others = self._texts(rule["else_names"], (*path, "else_names")) if "else_names" in rule else ()
        for other in others:
            if other not in names:
                self._problem((*path, "else_names"), _no_list(other, names))
        suffixes = self._texts(rule["suffixes"], (*path, "suffixes")) if "suffixes" in rule else ()
        if not arrays and ("each" in rule) != bool(suffixes):
            self._problem(path, "each and suffixes belong together.")
        for text in paths if arrays else ():
            self._columns(text, path)
        if "per" in rule and not ("numbered" in rule and suffixes):
            self._problem((*path, "per"), "needs numbered, a word for the things, and suffixes, the columns of one.")
        listed_fillers = rule.get("placeholder", [])
        if not isinstance(listed_fillers, list):
            self._problem((*path, "placeholder"), "must be a list.")
            listed_fillers = []
        placeholder = []
        for i, item in enumerate(listed_fillers):
            needed = ("names", "note") if arrays else ("publisher", "names", "note")
            item = self._table(item, (*path, "placeholder", i), (*needed, *(("value",) if arrays else ())), needed)
            if type(item.get("value", 0)) not in (int, float):
                self._problem((*path, "placeholder", i, "value"), "must be the number that stands in every row.")
            for name in set(self._texts(item.get("names"), (*path, "placeholder", i, "names"))) - set(elements):
                self._problem((*path, "placeholder", i, "names"), f"{name} is no element of the stream.")
            placeholder.append({**item, "note": self._sentence(item.get("note", ""), (*path, "placeholder", i, "note"))})
        texts: dict[str, str] = {
            key: self._text(rule, key, path)
            for key in ("name", "declared", "frame", "each", "spelled_in", "numbered", "per")
            if key in rule
        }
        if "note" in rule:
            texts["note"] = self._sentence(rule["note"], (*path, "note"))
        role, quantity, unit = self._text(rule, "role", path, ROLES), self._text(rule, "quantity", path), self._text(rule, "unit", path)
        width = len(elements) * (len(suffixes) or 1) if elements and "per" not in rule else None
        if isinstance(rule.get("quantity"), str) and (fault := quantity_fault(quantity, role)) is not None:
            self._problem((*path, "quantity"), fault)
        if isinstance(rule.get("unit"), str) and (fault := unit_fault(quantity, unit, width, self.own_units)) is not None:
            self._problem((*path, "unit"), fault)
        return StreamRule(
            fields=paths,
            names=elements,
            role=role,
            quantity=quantity,
            unit=unit,
            suffixes=suffixes,
            spellings=spelled,
            else_names=tuple(names.get(other, ()) for other in others),
            placeholder=tuple(placeholder),
            optional=bool(rule.get("optional", False)),
            by_name=bool(rule.get("by_name", False)),
            **texts,
        )

    @cached_property
    def own_units(self) -> frozenset[str]:
        """Units that the sheet of the mapping's robot declares under `scale`; none where no sheet is called so."""
        sheet = composition.members("robot").get(str(self.tree.get("robot")))
        content = read_yaml(sheet) if sheet is not None else None
        scale = content.get("scale") if isinstance(content, dict) else None
        return frozenset(map(str, scale)) if isinstance(scale, dict) else frozenset()

    def _error(self) -> EpisodeError:
        line, where, message = self.problems[0]
        rest = "".join(f"\n  {self.file}:{n}: {path}: {text}" for n, path, text in self.problems[1:])
        return EpisodeError(message + rest, file=self.file, line=line, field=where or None)


def _no_list(name: str, names: Iterable[str]) -> str:
    """The message about a list of element names that there is not."""
    known = list(names)
    return f"{name!r} is none of the lists under names.{nearest(name, known) if known else ' Write it under `names`.'}"


def formats_of(messages: bool) -> tuple[str, ...]:
    """Names of the formats that mappings are written for: of messages in topics, or of arrays with a row a sample."""
    return tuple(reader.name for reader in readers().values() if reader.mapped and reader.messages == messages)
