"""One episode read with one mapping: the arrays that a container holds become streams, and what no stream holds is named."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.features import grid_ns
from ...recording.recording import NOTE_WORDS, Recording, Stream
from ...signals.grid import fitted
from ..column_endings import KIND_OF, POSITION, columns_called, parted
from ..mapping import ArrayRule, Columns, StreamRule, reason_unused
from ..mapping import Mapping as ChannelMapping
from .array_contradictions import beyond_any_clock, in_other_places, in_their_order
from .held_arrays import ArrayEpisode

MAX_THINGS = 1000  # that lie side by side in a field
OURS, MEASURED = "shiliu.", ("observation.", "next.")  # features of LeRobot sets that are no commands, by how they begin
MAX_METADATA = 1000  # numbers of a field that goes into the metadata
GENERATED_WITHIN_NS = 50_000  # float32 seconds and a simulator's sums are this exact; a measured clock is not
_EXACT_INTEGER = 1 << 53  # beyond it float64 no longer holds every integer
_NS = 1_000_000_000


def shape_text(array: np.ndarray) -> str:
    return " x ".join(map(str, array.shape)) or "one number"


def width_of(array: np.ndarray) -> int:
    """Columns of a channel when each sample is laid out in one row."""
    return math.prod(array.shape[1:])


class MappedReading:
    """One episode read with one mapping."""

    def __init__(self, episode: ArrayEpisode, mapping: ChannelMapping, rule: ArrayRule, fps: float | None) -> None:
        self.episode, self.mapping, self.rule, self.given_fps = episode, mapping, rule, fps
        self.used: dict[str, list[tuple[int, int]]] = {}
        self.notes = [
            f"read with mapping {mapping.name}; values, element order and clocks are as stored",
            *episode.notes,
        ]

    def _fail(self, message: str, place: str) -> EpisodeError:
        return EpisodeError(message, file=self.episode.file, field=place)

    def _array(self, columns: Columns) -> np.ndarray:
        array = self.episode.arrays.get(columns.channel)
        if array is None:
            left = (text.partition(": ") for text in self.episode.left)
            why = next((reason for place, _, reason in left if place.split(" (")[0] == columns.channel), None)
            if why or columns.channel in self.episode.labels:
                raise self._fail(f"is here, and not read: {why or 'text'}. Write it as plain numbers.", columns.channel)
            raise self._fail(
                f"mapping {self.mapping.name} names this channel, but the episode holds "
                f"{', '.join(list(self.episode.arrays)[:12]) or 'none'}. Leave mapping= out, or correct the mapping.",
                columns.channel,
            )
        return array

    def _columns(self, text: str) -> np.ndarray:
        """(n, k) values of a field as stored, and the columns are marked as used."""
        columns = Columns.parse(text)
        array = self._array(columns)
        if array.ndim == 0:
            raise self._fail("is one number, not a row of them; name it under metadata.", columns.channel)
        width = width_of(array)
        due = self.rule.channels.get(columns.channel)
        if due == array.shape[:1] and array.ndim == 2 and width != len(array):
            raise self._fail(
                f"has {len(array)} rows and {width} columns, and the mapping takes {len(array)} columns: it looks transposed. "
                "Write one sample in each row.", columns.channel,
            )  # fmt: skip
        first, end = columns.span(width)
        if end > width:
            raise self._fail(
                f"has {width} columns, the mapping takes {columns}. Give a mapping for this recording (mapping=FILE.yaml).", columns.channel
            )
        self.used.setdefault(columns.channel, []).append((first, end))
        return array.reshape(len(array), width)[:, first:end]

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
                times = self._times(length)
            if len(values) != length:
                raise self._fail(
                    f"has {len(values)} rows, other channels have {length}. The episode was cut or mixed up.",
                    stream.fields[0],
                )
            assert times is not None
            streams[str(stream.name)] = self._stream(stream, values, dtype, times)
        if not streams or length is None:
            raise self._fail("the episode holds none of the mapping's channels.", self.mapping.name)
        kind = self.mapping.kind
        if kind == "robot" and not any(s.role == "command" for s in streams.values()):
            kind = "state_only"
            self.notes.append("no command was recorded")
        metadata = {
            "container": episode.container,
            "robot": self.mapping.robot,
            **episode.metadata,
            **{name: self._metadata(name, note) for name, note in self.rule.metadata.items() if self._has(name)},
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

    def _has(self, text: str) -> bool:
        return Columns.parse(text).channel in self.episode.arrays

    def _note_lacking(self, rule: StreamRule) -> None:
        """A note of the joints and hands of a command that the container has no column for, where it has others of them."""
        if not rule.by_name or rule.role != "command" or not self._has(rule.fields[0]):
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
        if rule.per is None or not all(self._has(text) for text in rule.fields):
            return [rule]
        columns = [Columns.parse(text) for text in rule.fields]
        spans = [c.span(width_of(self._array(c))) for c in columns]
        total = sum(end - first for first, end in spans)
        count, rest = divmod(total, len(rule.suffixes))
        if rest or any((end - first) % max(count, 1) for first, end in spans):
            raise self._fail(
                f"{total} columns are no whole number of things with {', '.join(rule.suffixes)}.",
                ", ".join(rule.fields),
            )
        things = self._things(rule, count)
        if count == 1:
            return [replace(rule, names=things, per=None, spelled_in=None)]
        if count > MAX_THINGS:
            raise self._fail(f"holds {count} things, more than {MAX_THINGS}.", ", ".join(rule.fields))
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
        if stream.optional and not all(self._has(text) for text in stream.fields):
            return None
        if stream.by_name:
            called = self._called(stream)
            if stream.optional and not set(stream.names) <= set(called):
                return None
            parts = [self._columns(str(Columns(stream.fields[0], i, i + 1))) for i in called.values()]
        else:
            parts = [self._columns(text) for text in stream.fields]
        if len({len(part) for part in parts}) != 1:
            shown = ", ".join(f"{text} {len(part)}" for text, part in zip(stream.fields, parts))
            raise self._fail(f"its fields have different numbers of rows: {shown}.", str(stream.name))
        if not len(parts[0]):
            raise self._fail("holds no row. The recording was cut off before it began; leave it out.", stream.fields[0])
        for text, part in zip(stream.fields, parts):
            if (
                part.dtype.kind in "iu"
                and part.size
                and max(abs(int(part.max())), abs(int(part.min()))) > _EXACT_INTEGER
            ):
                raise self._fail("holds whole numbers too large for float64.", text)
        dtype = np.result_type(*parts)
        with np.errstate(invalid="ignore"):  # NaN of any kind is the judge's business
            values = np.concatenate([part.astype(np.float64) for part in parts], axis=1)
        values.flags.writeable = False  # evidence: whoever converts does so in a copy
        return values, dtype.name

    def _called(self, rule: StreamRule) -> dict[str, int]:
        """Column of the rule's channel by the name that the container gives it, of those that the rule names."""
        channel = Columns.parse(rule.fields[0]).channel
        stored = self._columns_of(rule)
        missing = [name for name in rule.names if name not in stored]
        if missing and not rule.optional:
            raise self._fail(
                f"the container calls no column of it {', '.join(missing[:4])}. Give a mapping for this recording (mapping=FILE.yaml).",
                channel,
            )
        return {name: stored[name] for name in rule.names if name in stored}

    def _columns_of(self, rule: StreamRule) -> dict[str, int]:
        """Column of the rule's channel by what it is called, see `columns_called`."""
        return columns_called(self.episode.labels.get(Columns.parse(rule.fields[0]).channel, ()), rule.quantity)

    def _beside_positions(self, rule: StreamRule, lists: tuple[tuple[str, ...], ...]) -> StreamRule:
        """The rule, of the channel of a robot's state where its own is not there and that one has names that end in what they count."""
        if self._has(rule.fields[0]) or KIND_OF.get(rule.quantity) in (None, POSITION) or rule.role != "measured":
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
        meta |= {key: value for key, value in (("frame", rule.frame), ("note", rule.note)) if value}
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
            unit=rule.unit,
            names=names,
            values=values,
            declared_unit=rule.declared,
            meta=meta,
            **times,
        )

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
            elif elements:
                self.notes.append(f"{name}: the container names no elements; their order is the mapping's")
            elif rule.numbered is not None:
                self.notes.append(f"{name}: the container names no elements: they are numbered")
            else:
                raise self._fail(f"the names of {name} stand in no list {columns.channel}.", name)
        if not elements and rule.numbered is not None:
            elements = numbered(rule.numbered, width // max(len(rule.suffixes), 1))
        found = rule.named(elements)
        if len(found) != width or len(set(found)) != width:
            raise self._fail(
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
                raise self._fail(
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
        raise self._fail(
            f"the container names its columns {', '.join(stored[:4])}, ..., which no spelling of mapping "
            f"{self.mapping.name} is; add one.",
            ", ".join(rule.fields[:2]),
        )

    # ------------------------------------------------------------------------------------------------ time

    def _fps(self) -> float | None:
        declared = self.rule.fps
        if isinstance(declared, str) and not self._has(declared):
            declared = None
        if isinstance(declared, str):
            columns = Columns.parse(declared)
            value = self._array(columns).reshape(-1)[columns.first :][:1]
            self.used.setdefault(columns.channel, []).append((0, 1 << 30))
            declared = float(value[0]) if value.size else None
        for fps in (self.given_fps, declared, self.episode.fps):
            if fps is not None:
                if not (math.isfinite(fps) and 0 < fps < 1e6):
                    raise self._fail(f"{fps} rows a second is no rate.", "fps")
                return float(fps)
        return None

    def _times(self, length: int) -> dict[str, Any]:
        """The clock of all streams: `capture_ns` or another of `Stream`, and `clock`."""
        rule, fps = self.rule.time, self._fps()
        text = rule.field if rule is not None else self.episode.time
        if text is None:
            if fps is None:
                raise self._fail(
                    "the recording has no times, and nothing says how many rows a second it has. Give fps=, or say it in "
                    "the mapping.",
                    "fps",
                )
            named = self.rule.fps is not None and (not isinstance(self.rule.fps, str) or self._has(self.rule.fps))
            who = "fps=" if self.given_fps else "the mapping" if named else "the container"
            self.notes.append(f"no times were recorded: row k stands at k / {fps:g} s, the rate that {who} names")
            return {"capture_ns": _grid_ns(length, fps), "clock": "grid"}
        times = self._columns(text)
        if times.shape != (length, 1):
            raise self._fail(f"holds {shape_text(times)} times for {length} rows.", text)
        lost = int((~np.isfinite(times)).sum()) if times.dtype.kind == "f" else 0
        if lost and fps is not None:  # the columns of a take are judged all the same; `set.timestamp` tells of the times
            self.notes.append(f"{text} holds {lost} times that are no number: row k stands at k / {fps:g} s instead")
            return {"capture_ns": _grid_ns(length, fps), "clock": "grid"}
        stored = self._in_ns(times[:, 0], rule.unit_ns if rule is not None else _NS, text)
        if fps is not None:
            grid = _grid_ns(length, fps)
            begin = int(stored[0]) if abs(int(stored[0])) > GENERATED_WITHIN_NS else 0
            off = int(np.abs(stored - begin - grid).max())
            if off <= GENERATED_WITHIN_NS:
                after = f" after its first, {begin / _NS:g} s," if begin else ""
                self.notes.append(
                    f"{text} is k / {fps:g} s{after} to within {off / 1e3:.1f} us: generated, not measured, so that jitter "
                    "and gaps cannot be seen in it"
                )
                return {"capture_ns": begin + grid, "clock": "grid"}
            rate = (length - 1) / max((stored[-1] - stored[0]) / _NS, 1e-9) if length > 1 else fps
            own = fitted(stored)
            if own is not None and own.exact:
                rate = own.rate
            if abs(rate / fps - 1) > 0.01 or (own is not None and own.exact and not own.stands_on(fps)):
                self.notes.append(f"{fps:g} rows a second are declared, the times in {text} say {rate:.2f}")
        clock = rule.clock if rule is not None else "capture"
        if clock != "capture":
            self.notes.append(f"timed by {text}, a {clock} clock of its own epoch")
        return {f"{clock}_ns": stored, "clock": clock}

    def _in_ns(self, times: np.ndarray, unit_ns: int, text: str) -> np.ndarray:
        if times.dtype.kind == "f":
            scaled = times.astype(np.float64) * unit_ns
            if not np.isfinite(scaled).all():
                raise self._fail("holds times that are not finite.", text)
            if np.abs(scaled).max() >= 2**62:
                raise self._fail(beyond_any_clock(times, unit_ns, text), text)
            return np.rint(scaled).astype(np.int64)
        if times.dtype.kind not in "iu":
            raise self._fail(f"holds {times.dtype} that are no times.", text)
        largest = max(abs(int(times.max())), abs(int(times.min()))) if times.size else 0
        if largest > 2**62 // unit_ns:
            raise self._fail(beyond_any_clock(times, unit_ns, text), text)
        return times.astype(np.int64) * unit_ns

    # -------------------------------------------------------------------------------------------- what is left

    def _metadata(self, text: str, note: str) -> dict[str, Any]:
        columns = Columns.parse(text)
        array = self._array(columns)
        flat = array.reshape(-1)
        first, end = columns.span(flat.size)
        self.used.setdefault(columns.channel, []).append((0, max(width_of(array), 1)))
        if end - first > MAX_METADATA:
            raise self._fail(f"holds {flat.size} numbers, too many for the metadata.", text)
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


def _grid_ns(length: int, fps: float) -> np.ndarray:
    if float(fps).is_integer():
        return grid_ns(length, int(fps))
    return np.rint(np.arange(length) * (_NS / fps)).astype(np.int64)


def _unit_of(rule: StreamRule, names: tuple[str, ...]) -> str:
    """The unit of some of a rule's elements: of a unit for each element those of theirs."""
    each = rule.unit.split(" ")
    if len(each) != len(rule.names) or not set(names) <= set(rule.names):
        return rule.unit
    return " ".join(each[rule.names.index(name)] for name in names)


def numbered(word: str, count: int) -> tuple[str, ...]:
    """Names of elements that have none: the word itself for one, `word_00` and so on for several."""
    return (word,) if count == 1 else tuple(f"{word}_{i:02d}" for i in range(count))
