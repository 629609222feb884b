"""Reads one mapping: a YAML file, checked into plain dataclasses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cached_property
from typing import Any

from ...scenarios.reading import composition
from ...scenarios.sheet.errors import EpisodeError, ScenarioError
from ...scenarios.sheet.near_matches import meant_by, nearest
from ...scenarios.sheet.yaml_reader import Node, Problems, load_checked, missing_key, places_of, read_yaml
from ..recording.quantities import quantity_fault, unit_fault
from ..recording.recording import CLOCKS, KINDS, ROLES
from .mapping import ANY, PRESENT, ArrayRule, Columns, Mapping, StreamRule, TimeRule, TopicRule
from .records import readers

TIME_UNITS_NS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}  # integer clocks, so that ns are exact
OWN_CLOCKS = [clock for clock in CLOCKS if clock != "grid"]  # that a file may name
HEAD = ("title", "format", "robot", "kind", "recognise")  # keys of every mapping


class MappingFile:
    """Walks one mapping file and collects every mistake with its line before it raises."""

    def __init__(self, file: str, text: str) -> None:
        self.words: dict[str, dict[str, str]] = {}
        try:
            self.problems = Problems(places_of(text, file))
            self.node = Node(load_checked(text, file), "", self.problems)
        except ScenarioError as error:
            raise EpisodeError(error.message, file=file, line=error.line) from None
        if not isinstance(self.node.value, dict):
            raise EpisodeError(
                "a mapping is a YAML table with title, format, robot, kind, recognise and topics.", file=file
            )

    def mapping(self, name: str, load: Callable[[str], Mapping]) -> Mapping:
        """What the file says.

        Args:
            name: the file's stem; load: gives the mappings that it names under `also`.

        Raises:
            EpisodeError: a mistake in the file; all mistakes are named at once, with their lines.
        """
        node = self.node
        known = (*formats_of(messages=True), *formats_of(messages=False))
        given = node.child("format")
        if given.value not in known:  # which keys a file has, its format says
            slip = next((key for key in node.value if meant_by(str(key), ("format",), node.value)), None)
            if "format" in node:
                given.note(f"{given.value!r} is no format of mappings.{nearest(given.value, list(known))}")
            elif slip is not None:
                node.child(str(slip)).note(f"unknown key {slip!r}. Did you mean format?")
            else:
                node.note(f"{missing_key('format')} Known here: {', '.join(sorted(known))}.")
            self._stop()
        if given.value in formats_of(messages=False):
            return self._of_arrays(name)
        node.mapping((*HEAD, "topics"), ("also", "names", "spellings", "pictures", "unused"))
        rules = {topic: self._topic(rule) for topic, rule in node.child("topics").items()}
        pictures = {topic: camera.word() for topic, camera in node.child("pictures").items()}
        unused = self._reasons("unused")
        recognise = self._texts(node.child("recognise"))
        for topic in recognise:
            if topic not in rules:
                node.child("recognise").note(f"{topic} is not under topics.")
        title, robot, kind = self._head()
        also = self._texts(node.child("also")) if "also" in node else ()
        self._stop()
        for other in map(load, also):
            rules = {**other.topics, **rules}
            unused = {**other.unused, **unused}
            pictures = {**other.pictures, **pictures}
            self.words = {**other.words, **self.words}
        return Mapping(name, title, given.value, robot, kind, recognise, rules, unused, pictures=pictures, words=self.words)

    def _stop(self) -> None:
        if self.problems.found:
            raise EpisodeError("\n  ".join(self.problems.found))

    def _head(self) -> tuple[str, str, str]:
        """Title, robot and kind."""
        return self.node.child("title").word(), self.node.child("robot").word(), self.node.child("kind").word(choices=KINDS)

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The lists of element names that streams refer to."""
        return {key: self._texts(one) for key, one in self.node.child("names").items()}

    @cached_property
    def spellings(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        """Their other spellings."""
        return {key: tuple(map(self._texts, one.each())) for key, one in self.node.child("spellings").items()}

    def _listed(self, node: Node) -> tuple[str, ...]:
        """The element names of the list that is named here."""
        name = node.word()
        if name and name not in self.names:
            known = list(self.names)
            hint = nearest(name, known) if known else " Write it under `names`."
            node.note(f"{name!r} is none of the lists under names.{hint}")
        return self.names.get(name, ())

    def _texts(self, node: Node) -> tuple[str, ...]:
        value = node.value
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            node.note("must be a list of texts.")
            return ()
        if len(set(value)) != len(value):
            node.note(f"names {next(one for one in value if value.count(one) > 1)!r} twice.")
        return tuple(one.word() for one in node.each())

    def _sentence(self, node: Node) -> str:
        """A sentence, or one in each language, of which the English one stands in recordings."""
        if not isinstance(node.value, dict):
            return node.word()
        words = node.words()
        if all(words.values()):
            self.words[words["en"]] = words
        return words["en"]

    def _reasons(self, key: str) -> dict[str, str]:
        return {name: self._sentence(reason) for name, reason in self.node.child(key).items()}

    def _of_arrays(self, name: str) -> Mapping:
        node = self.node
        node.mapping((*HEAD, "streams"), ("episodes", "time", "fps", "names", "spellings", "metadata", "unused"))
        streams = self._streams(node.child("streams"), arrays=True)
        called = [s.name for s in streams]
        for i, own in enumerate(called):
            if own is None or own in called[:i]:
                what = "has none" if own is None else f"another one is called {own!r}, too"
                self.problems.note(f"streams[{i}].name", f"every stream needs a name of its own, and {what}.")
        unused, metadata = self._reasons("unused"), self._reasons("metadata")
        for key in ("unused", "metadata"):
            for text, reason in node.child(key).items():
                _columns(text, reason)
        fps = node.child("fps").value
        if isinstance(fps, str):
            _columns(fps, node.child("fps"))
        elif fps is not None and (type(fps) not in (int, float) or not 0 < fps < 1e6):
            node.child("fps").note("must be a number of rows a second, or the field that holds it.")
        asked = node.child("recognise")
        asked.mapping(("channels",), ("robot_type", "column_names", "name_lists", "task"))
        name_lists = {label: _columns(columns.word(), columns) for label, columns in asked.child("name_lists").items()}
        if asked.child("channels").value == {}:
            asked.child("channels").note("must be a table of channel to shape.")
        lists: dict[str, list[tuple[str, ...]]] = {}
        for channel, given in asked.child("column_names").items():
            of_one = given.each() if isinstance(given.value, list) and self._texts(given) else (given,)
            lists[channel] = [self._listed(one) for one in of_one]
        rule = ArrayRule(
            channels={channel: _shape(shape) for channel, shape in asked.child("channels").items()},
            streams=streams,
            robot_type=asked.child("robot_type").word(None),
            episodes=node.child("episodes").word(None),
            time=self._time(node.child("time")) if "time" in node else None,
            fps=fps,
            metadata=metadata,
            column_names={channel: first for channel, (first, *_) in lists.items()},
            else_columns={channel: tuple(others) for channel, (_, *others) in lists.items() if others},
            name_lists=name_lists,
            task=asked.child("task").word(None),
        )
        title, robot, kind = self._head()
        self._stop()
        return Mapping(
            name, title, node.value["format"], robot, kind, tuple(rule.channels), {}, unused, rule, words=self.words
        )

    def _time(self, node: Node) -> TimeRule:
        node.mapping(("field", "unit", "clock"))
        unit = node.child("unit").word(choices=list(TIME_UNITS_NS))
        field = _columns(node.child("field").word(), node.child("field"))
        return TimeRule(field, TIME_UNITS_NS.get(unit, 1), node.child("clock").word(choices=OWN_CLOCKS))

    def _topic(self, node: Node) -> TopicRule:
        node.mapping(("type", "clock", "streams"), ("capture", "device"))
        clock, device, device_ns = node.child("clock").word(choices=OWN_CLOCKS), node.child("device"), None
        if isinstance(device.value, dict):
            device.mapping(("field", "unit"))
            device_ns = TIME_UNITS_NS.get(device.child("unit").word(choices=list(TIME_UNITS_NS)))
            device = device.child("field")
        fields_of = {"capture": node.child("capture").word(None), "device": device.word(None)}
        if clock in fields_of and fields_of[clock] is None:
            node.child("clock").note(f"is {clock}, but no {clock} field is given.")
        streams = self._streams(node.child("streams"))
        if len({s.name for s in streams}) != len(streams):
            node.child("streams").note("two streams have the same name; give each a name.")
        return TopicRule(
            node.child("type").word(), clock, streams, fields_of["capture"], fields_of["device"], device_ns
        )

    def _streams(self, node: Node, arrays: bool = False) -> tuple[StreamRule, ...]:
        if not isinstance(node.value, list) or not node.value:
            node.note("must be a list with at least one stream.")
            return ()
        return tuple(self._stream(one, arrays) for one in node.each())

    def _stream(self, node: Node, arrays: bool) -> StreamRule:
        others_too = "by_name" in node and bool(node.value["by_name"])
        not_here = ("each", *(() if others_too else ("else_names",))) if arrays else ("numbered", "per")
        known = [f.name for f in fields(StreamRule) if f.name not in ("spellings", *not_here)]
        named = arrays and ("spelled_in" in node or "numbered" in node) and "names" not in node
        if not node.mapping(("role", "quantity", "unit", *(() if named else ("names",))), (*known, "field")):
            return StreamRule((), (), "", "", "")
        if ("field" in node) == ("fields" in node):
            node.note("give either field or fields.")
            self.problems.missing |= {f"{node.path}.field", f"{node.path}.fields"}
        paths = (node.child("field").word(),) if "field" in node else self._texts(node.child("fields"))
        listed = node.child("names")
        elements: tuple[str, ...] = ()
        spelled: tuple[tuple[str, ...], ...] = ()
        if isinstance(listed.value, str):
            elements, spelled = self._listed(listed), self.spellings.get(listed.value, ())
        elif not named:
            elements = self._texts(listed)
        for spelling in spelled:
            if len(spelling) != len(elements):
                self.problems.note(f"spellings.{listed.value}", f"has {len(spelling)} names for {len(elements)} elements.")
        others = tuple(map(self._listed, node.child("else_names").each())) if "else_names" in node else ()
        suffixes = self._texts(node.child("suffixes")) if "suffixes" in node else ()
        if not arrays and ("each" in node) != bool(suffixes):
            node.note("each and suffixes belong together.")
        for text in paths if arrays else ():
            _columns(text, node)
        if "per" in node and not ("numbered" in node and suffixes):
            node.child("per").note("needs numbered, a word for the things, and suffixes, the columns of one.")
        texts: dict[str, str] = {
            key: node.child(key).word()
            for key in ("name", "declared", "frame", "each", "spelled_in", "numbered", "per")
            if key in node
        }
        if "note" in node:
            texts["note"] = self._sentence(node.child("note"))
        role, quantity = node.child("role").word(choices=ROLES), node.child("quantity").word()
        unit = node.child("unit").word()
        width = len(elements) * (len(suffixes) or 1) if elements and "per" not in node else None
        if quantity and (fault := quantity_fault(quantity, role)) is not None:
            node.child("quantity").note(fault)
        if unit and (fault := unit_fault(quantity, unit, width, self.own_units)) is not None:
            node.child("unit").note(fault)
        return StreamRule(
            fields=paths,
            names=elements,
            role=role,
            quantity=quantity,
            unit=unit,
            suffixes=suffixes,
            spellings=spelled,
            else_names=others,
            placeholder=self._placeholder(node.child("placeholder"), elements, arrays) if "placeholder" in node else (),
            optional=node.child("optional").flag(),
            by_name=node.child("by_name").flag(),
            **texts,
        )

    def _placeholder(self, node: Node, elements: tuple[str, ...], arrays: bool) -> tuple[dict[str, Any], ...]:
        found = []
        for one in node.each():
            if not one.mapping(("names", "note") if arrays else ("publisher", "names", "note"), ("value",) if arrays else ()):
                continue
            if "value" in one:
                one.child("value").number()
            for name in set(self._texts(one.child("names"))) - set(elements):
                one.child("names").note(f"{name} is no element of the stream.")
            found.append({**one.value, "note": self._sentence(one.child("note"))})
        return tuple(found)

    @cached_property
    def own_units(self) -> frozenset[str]:
        """Units that the sheet of the mapping's robot declares under `scale`; none where no sheet is called so."""
        sheet = composition.members("robot").get(str(self.node.value.get("robot")))
        content = read_yaml(sheet) if sheet is not None else None
        scale = content.get("scale") if isinstance(content, dict) else None
        return frozenset(map(str, scale)) if isinstance(scale, dict) else frozenset()


def _columns(text: str, node: Node) -> str:
    """A channel with its columns, as it stands; what is wrong with it is noted at a node."""
    try:
        Columns.parse(text)
    except ValueError as error:
        node.note(f"{error}.")
    return text


def _shape(node: Node) -> tuple[int | str, ...] | None:
    value = node.value
    if value == PRESENT:
        return None
    axes = value if isinstance(value, list) else [] if value == 1 else [value]
    if not all(axis == ANY or (type(axis) is int and axis > 0) for axis in axes):
        node.note(f"must be the number of columns, a list of axes, {ANY} or {PRESENT}, not {value!r}.")
        return ()
    return tuple(axes)


def formats_of(messages: bool) -> tuple[str, ...]:
    """Names of the formats that mappings are written for: of messages in topics, or of arrays with a row a sample."""
    return tuple(reader.name for reader in readers().values() if reader.mapped and reader.messages == messages)
