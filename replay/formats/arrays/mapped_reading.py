"""One episode read with one mapping: the arrays that a container holds become streams, and what no stream holds is named."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...recording.features import unit_text
from ...recording.quantities import ANGLES, CALLED, LENGTHS
from ...recording.recording import COARSE, NOTE_WORDS, Recording, Stream
from ...recording.things import OF_THINGS
from ..column_endings import KIND_OF, POSITION, columns_called, parted
from ..mapping import Columns, StreamRule, reason_unused
from .array_contradictions import in_other_places, in_their_order, takes_within
from .array_times import times_of
from .mapped_columns import MappedColumns, width_of

MAX_THINGS = 1000  # that lie side by side in a field
OURS, MEASURED = "shiliu.", ("observation.", "next.")  # features of LeRobot sets that are no commands, by how they begin
SOME = 0.01  # of the rows, that bear an announced unit out
MAX_METADATA = 1000  # numbers of a field that goes into the metadata
_EXACT_INTEGER = 1 << 53  # beyond it float64 no longer holds every integer


class MappedReading(MappedColumns):
    """One episode read with one mapping."""

    def recording(self) -> Recording:
        episode = self.episode
        for rule in self.rule.streams:
            self._note_lacking(rule)
        streams = {}
        times: dict[str, Any] | None = None
        length = None
        for stream in (one for rule in self.rule.streams for one in self._one_by_one(rule)):
            taken = self._take(stream)
            if taken is None:
                continue
            values, dtype = taken
            if length is None:
                length = len(values)
                times = times_of(self, length)
            if len(values) != length:
                raise self.rows_differ(len(values), length, stream.fields[0])
            assert times is not None
            streams[str(stream.name)] = self._stream(stream, values, dtype, times)
        if not streams or length is None:
            raise self.fail("the episode holds none of the mapping's channels.", self.mapping.name)
        self._refuse_several(length)
        kind = self.mapping.kind
        if kind == "robot" and not any(s.role == "command" for s in streams.values()):
            kind = "state_only"
            self.notes.append("no command was recorded")
        metadata = {
            "container": episode.container,
            "robot": self.mapping.robot,
            **episode.metadata,
            **{name: self._metadata(name, note) for name, note in self.rule.metadata.items() if self.has(name)},
        }
        unmapped = tuple(self._unmapped())
        if words := self.mapping.note_words([*self.notes, *unmapped]):
            metadata[NOTE_WORDS] = words
        declared = episode.declared
        if declared is not None:
            unread = [text.partition(" (")[0] for text in unmapped]
            declared = replace(declared, unread=(*declared.unread, *unread))
        return Recording(
            name=episode.name,
            source=episode.source,
            sha256=episode.sha256,
            kind=kind,
            streams=streams,
            metadata=metadata,
            mapping=self.mapping.name,
            unmapped=tuple([*unmapped, *episode.left]),
            notes=self.notes,
            pictures=dict(episode.pictures),
            declared=declared,
        )

    def _refuse_several(self, rows: int) -> None:
        """Refuses rows that are several takes by what the container says itself, in a channel of which the mapping says nothing."""
        for channel, array in self.episode.arrays.items():
            takes = takes_within(channel, array, rows) if channel not in self.used else 0
            if takes > 1 and not reason_unused(self.mapping.unused, channel, max(width_of(array), 1)):
                raise self.fail(
                    f"tells {takes} takes apart in the {rows} rows that were read as one. Write each take into a file of its own; if they "
                    "are one take, name this channel under unused in the mapping.",
                    channel,
                )

    def _note_lacking(self, rule: StreamRule) -> None:
        """A note of the joints and hands of a command that the container has no column for, where it has others of them."""
        if not rule.by_name or rule.role != "command" or not self.has(rule.fields[0]):
            return
        called = self._columns_of(rule)
        lacking = [name for name in rule.names if name not in called]
        if lacking and any(set(names) <= set(called) for names in rule.else_names):
            self.notes.append(f"{rule.name}: the container has no column for {', '.join(lacking)}: nothing of them is checked")

    def _one_by_one(self, rule: StreamRule) -> list[StreamRule]:
        """A rule for each of the things that its fields hold side by side; the rule itself where it is about one thing."""
        if (ordered := in_their_order(rule, self.episode.labels)) is not None:
            return [ordered]
        if rule.by_name and rule.else_names:
            lists = (rule.names, *rule.else_names)
            rule = self._beside_positions(rule, lists)
            called = self._columns_of(rule)
            names = next((names for names in lists if set(names) <= set(called)), rule.names)
            return [replace(rule, names=names, unit=_unit_of(rule, names))]
        if rule.per is None or not all(self.has(text) for text in rule.fields):
            return [rule]
        columns = [Columns.parse(text) for text in rule.fields]
        spans = [c.span(width_of(self.array(c))) for c in columns]
        total = sum(end - first for first, end in spans)
        count, rest = divmod(total, len(rule.suffixes))
        if rest or any((end - first) % max(count, 1) for first, end in spans):
            raise self.fail(
                f"{total} columns are no whole number of things with {', '.join(rule.suffixes)}.",
                ", ".join(rule.fields),
            )
        things = self._things(rule, count)
        if count == 1:
            return [replace(rule, names=things, per=None, spelled_in=None)]
        if count > MAX_THINGS:
            raise self.fail(f"holds {count} things, more than {MAX_THINGS}.", ", ".join(rule.fields))
        made = []
        for i, thing in enumerate(things):
            parts = [(c, first, (end - first) // count) for c, (first, end) in zip(columns, spans)]
            fields = tuple(str(Columns(c.channel, first + i * k, first + (i + 1) * k)) for c, first, k in parts)
            made.append(
                replace(rule, name=f"{rule.name}/{thing}", fields=fields, names=(thing,), per=None, spelled_in=None)
            )
        return made

    def _things(self, rule: StreamRule, count: int) -> tuple[str, ...]:
        """Names of the things: the container's own where it lists as many, else numbers."""
        own = self.episode.labels.get(str(rule.per), ())
        if len(own) == count and len(set(own)) == count:
            return tuple(own)
        if own or count > 1:
            listed = f"lists {len(own)} names under {rule.per}" if own else f"has no list {rule.per}"
            self.notes.append(f"{rule.name}: the container {listed} for {count} things: they are numbered")
        return numbered(str(rule.numbered), count)

    def _take(self, stream: StreamRule) -> tuple[np.ndarray, str] | None:
        """(n, k) float64 of a stream and the dtype that it is stored in; None where an optional stream is not there."""
        if stream.optional and not all(self.has(text) for text in stream.fields):
            return None
        if stream.by_name:
            called = self._called(stream)
            if stream.optional and not set(stream.names) <= set(called):
                return None
            parts = [self.columns(stream.fields[0], list(called.values()))]
        else:
            parts = [self.columns(text) for text in stream.fields]
        if len({len(part) for part in parts}) != 1:
            shown = ", ".join(f"{text} {len(part)}" for text, part in zip(stream.fields, parts))
            raise self.fail(f"its fields have different numbers of rows: {shown}.", str(stream.name))
        if not len(parts[0]):
            raise self.fail("holds no row. The recording was cut off before it began; leave it out.", stream.fields[0])
        for text, part in zip(stream.fields, parts):
            if (
                part.dtype.kind in "iu"
                and part.size
                and max(abs(int(part.max())), abs(int(part.min()))) > _EXACT_INTEGER
            ):
                raise self.fail("holds whole numbers too large for float64.", text)
        dtype = np.result_type(*parts)
        with np.errstate(invalid="ignore"):  # NaN of any kind is the judge's business
            values = np.concatenate([part.T for part in parts], dtype=np.float64).T  # a column lies in one piece
        values.flags.writeable = False  # evidence: whoever converts does so in a copy
        return values, dtype.name

    def _called(self, rule: StreamRule) -> Mapping[str, int]:
        """Column of the rule's channel by the name that the container gives it, of those that the rule names."""
        channel = Columns.parse(rule.fields[0]).channel
        stored = self._columns_of(rule)
        missing = [name for name in rule.names if name not in stored]
        if missing and not rule.optional:
            raise self.fail(
                f"the container calls no column of it {', '.join(missing[:4])}. Give a mapping for this recording (mapping=FILE.yaml).",
                channel,
            )
        return {name: stored[name] for name in rule.names if name in stored}

    def _columns_of(self, rule: StreamRule) -> Mapping[str, int]:
        """Column of the rule's channel by what it is called, see `columns_called`."""
        return columns_called(self.episode.labels.get(Columns.parse(rule.fields[0]).channel, ()), rule.quantity)

    def _beside_positions(self, rule: StreamRule, lists: tuple[tuple[str, ...], ...]) -> StreamRule:
        """The rule, of the channel of a robot's state where its own is not there and that one has names that end in what they count."""
        if self.has(rule.fields[0]) or KIND_OF.get(rule.quantity) in (None, POSITION) or rule.role != "measured":
            return rule
        for channel, stored in self.episode.labels.items():
            called = columns_called(stored, rule.quantity) if any(parted(name)[1] for name in stored) else {}
            if channel in self.episode.arrays and channel.startswith(MEASURED[0]) and any(set(names) <= set(called) for names in lists):
                return replace(rule, fields=(channel,))
        return rule

    def _stream(self, rule: StreamRule, values: np.ndarray, dtype: str, times: dict[str, Any]) -> Stream:
        name = str(rule.name)
        names = self._names(rule, values.shape[1])
        meta: dict[str, Any] = {"field": ", ".join(rule.fields), "dtype": dtype}
        meta |= {key: value for key, value in (("frame", rule.frame), ("note", rule.note), (COARSE, self.coarse_s)) if value}
        declared = self._declared(rule) if rule.role == "command" else None
        if declared is not None:
            meta["range"] = declared
        filler = [p for p in rule.placeholder if self._is_filler(name, p, names, values)]
        if filler:
            meta["placeholder"] = filler
            self.notes.extend(f"{name}: {', '.join(p['names'])}: {p['note']}" for p in filler)
        if rule.note:
            self.notes.append(f"{name}: {rule.note}")
        return Stream(
            name=name,
            role=rule.role,
            quantity=rule.quantity,
            unit=self._unit(rule, values),
            names=names,
            values=values,
            declared_unit=rule.declared or self._announced_poses(rule, values.shape[1]),
            meta=meta,
            **times,
        )

    def _announced_poses(self, rule: StreamRule, width: int) -> str | None:
        """The units that the container announces for poses of things which it names itself, one a column; None where it announces none."""
        if rule.quantity not in OF_THINGS or rule.spelled_in is None or len(rule.fields) != 1:
            return None
        columns = Columns.parse(rule.fields[0])
        units = self.episode.units.get(columns.channel, [])
        first, end = columns.span(len(units)) if units else (0, 0)
        return unit_text(units[first:end]) if end - first == width else None

    def _unit(self, rule: StreamRule, values: np.ndarray) -> str:
        """The mapping's unit; of angles the one that the container announces, where in some rows they go further than a turn in the
        mapping's unit: a single row may be a wrong one. Of hands a length, or a share of 1 where none goes further."""
        announced: set[str] = set()
        for text in rule.fields if rule.unit in ("rad", "%") else ():
            columns = Columns.parse(text)
            units = self.episode.units.get(columns.channel)
            if units is None:
                return rule.unit
            picked = list(self._called(rule).values()) if rule.by_name else range(*columns.span(len(units)))
            announced |= {CALLED.get(units[i], units[i]) for i in picked}
        (unit,) = announced if len(announced) == 1 else (rule.unit,)
        if rule.unit == "%":
            return unit if unit in LENGTHS or (unit == "1" and bool((np.abs(values) <= 1.0).all())) else rule.unit
        if unit not in ANGLES or unit == rule.unit:
            return rule.unit
        return unit if float((np.abs(values) > 2.0 * np.pi).any(axis=1).mean()) > SOME else rule.unit

    def _declared(self, rule: StreamRule) -> list[list[float]] | None:
        """The ranges that the container declares for the columns of a stream; None where it declares none."""
        found: list[list[float]] = []
        for text in rule.fields:
            columns = Columns.parse(text)
            ranges = self.episode.ranges.get(columns.channel)
            if ranges is None:
                return None
            first, end = columns.span(len(ranges))
            picked = list(self._called(rule).values()) if rule.by_name else range(first, end)
            found += [[float(low), float(high)] for low, high in ranges[list(picked)]]
        return found

    def _is_filler(self, name: str, placeholder: dict[str, Any], names: tuple[str, ...], values: np.ndarray) -> bool:
        """Whether columns that the mapping calls placeholders hold the number that it says; a note where they do not."""
        columns = values[:, [j for j, element in enumerate(names) if element in placeholder["names"]]]
        if "value" not in placeholder or (columns == placeholder["value"]).all():
            return True
        self.notes.append(
            f"{name}: {', '.join(placeholder['names'])}: the mapping expects {placeholder['value']:g} in every row, and they "
            "hold something else here"
        )
        return False

    def _names(self, rule: StreamRule, width: int) -> tuple[str, ...]:
        """Element names: the container's own where they are asked for, checked against the mapping's."""
        name = str(rule.name)
        elements = rule.names
        if not rule.by_name and not rule.suffixes and rule.spelled_in is None:
            self._as_called(rule)
        if rule.spelled_in is not None:
            columns = Columns.parse(rule.spelled_in)
            stored = self.episode.labels.get(columns.channel, ())
            first, end = columns.span(len(stored))
            stored = stored[first:end]
            if stored:
                elements = self._spelled(rule, stored)
            elif (why := self.unread(columns.channel)) is not None:
                raise self.fail(f"is here, and not read: {why}. Write the names as plain texts.", columns.channel)
            elif elements:
                self.notes.append(f"{name}: the container names no elements; their order is the mapping's")
            elif rule.numbered is not None:
                self.notes.append(f"{name}: the container names no elements: they are numbered")
            else:
                raise self.fail(f"the names of {name} stand in no list {columns.channel}.", name)
        if not elements and rule.numbered is not None:
            elements = numbered(rule.numbered, width // max(len(rule.suffixes), 1))
        found = rule.named(elements)
        if len(found) != width or len(set(found)) != width:
            raise self.fail(
                f"holds {width} columns, {len(set(found))} are named. Give a mapping for this recording "
                "(mapping=FILE.yaml).",
                ", ".join(rule.fields[:2]),
            )
        return found

    def _as_called(self, rule: StreamRule) -> None:
        """Refuses a stream if the container gives its columns names that the mapping gives to others: which of the two is
        right is not to be known here."""
        for channel in {Columns.parse(text).channel for text in rule.fields}:
            called = self.episode.labels.get(channel, ())
            found = in_other_places(channel, called, self.rule.streams, lambda name: width_of(self.episode.arrays[name]))
            if found is not None:
                name, there, here = found
                raise self.fail(
                    f"the container calls its column {there} {name}, mapping {self.mapping.name} calls column {here} so. Take the columns "
                    "by their names (by_name: true), or correct the one that is wrong.",
                    channel,
                )

    def _spelled(self, rule: StreamRule, stored: tuple[str, ...]) -> tuple[str, ...]:
        if not rule.names:
            return stored
        for spelling in (rule.names, *rule.spellings):
            if len(stored) == len(spelling) and set(stored) == set(spelling):
                return tuple(rule.names[spelling.index(name)] for name in stored)
        raise self.fail(
            f"the container names its columns {', '.join(stored[:4])}, ..., which no spelling of mapping "
            f"{self.mapping.name} is; add one.",
            ", ".join(rule.fields[:2]),
        )

    def _metadata(self, text: str, note: str) -> dict[str, Any]:
        columns = Columns.parse(text)
        array = self.array(columns)
        flat = array.reshape(-1)
        first, end = columns.span(flat.size)
        self.used.setdefault(columns.channel, []).append((0, max(width_of(array), 1)))
        if end - first > MAX_METADATA:
            raise self.fail(f"holds {flat.size} numbers, too many for the metadata.", text)
        return {"values": [float(x) if np.isfinite(x) else str(x) for x in flat[first:end]], "note": note}

    def _unmapped(self) -> Iterator[str]:
        """Runs of columns that no stream holds, each with the mapping's reason or as unknown."""
        for channel, array in self.episode.arrays.items():
            width = max(width_of(array), 1) if array.ndim else 1
            state = np.zeros(width, np.int64)  # 0 unknown, -1 used, i > 0 the i-th reason
            reasons = reason_unused(self.mapping.unused, channel, width, self.episode.labels.get(channel, ()))
            for i, (first, end, _) in reversed(list(enumerate(reasons, 1))):
                state[first:end] = i
            for first, end in self.used.get(channel, ()):
                state[first:end] = -1
            if channel == self.episode.time:
                state[:] = -1
            starts = [0, *(np.flatnonzero(np.diff(state)) + 1).tolist(), width]
            for first, end in itertools.pairwise(starts):
                code = int(state[first])
                if code < 0:
                    continue
                where = channel if end - first == width else str(Columns(channel, first, end))
                size = f"{len(array)} rows x {end - first}" if array.ndim else "one number"
                held = array.reshape(len(array), width)[:, first:end] if array.ndim and array.size else array
                if array.ndim and held.size and (held == held.flat[0]).all():
                    size += f", all {float(held.flat[0]):g}"  # so that a reason that says so can be believed
                reason = reasons[code - 1][2] if code else self._unnamed(channel, end - first == width)
                yield f"{where} ({size}): {reason}"

    def _unnamed(self, channel: str, whole: bool) -> str:
        """The reason of columns that the mapping does not name. A LeRobot set says by a feature's name that it is no command."""
        if self.mapping.format == "lerobot" and whole and channel.startswith(OURS):
            return "what shiliu itself writes beside the frames, which is no command"
        if self.mapping.format == "lerobot" and whole and channel.startswith(MEASURED):
            return f"measured, which mapping {self.mapping.name} does not name and no check reads"
        return f"unknown to mapping {self.mapping.name}"


def _unit_of(rule: StreamRule, names: tuple[str, ...]) -> str:
    """The unit of some of a rule's elements: of a unit for each element those of theirs."""
    each = rule.unit.split(" ")
    if len(each) != len(rule.names) or not set(names) <= set(rule.names):
        return rule.unit
    return " ".join(each[rule.names.index(name)] for name in names)


def numbered(word: str, count: int) -> tuple[str, ...]:
    """Names of elements that have none: the word itself for one, `word_00` and so on for several."""
    return (word,) if count == 1 else tuple(f"{word}_{i:02d}" for i in range(count))
