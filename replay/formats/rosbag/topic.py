"""From the messages of one topic to its streams: values and clocks are gathered while a bag passes, named at the end.

What was assumed on the way (an order of elements, a clock, columns that mean nothing) is reported in the recording's notes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import EACH_SAMPLE, Stream
from ..mapping import StreamRule, TopicRule

_NS = 1_000_000_000
_INT64 = range(-(1 << 63), 1 << 63)
_PLAIN = (float, int)
_FLOAT64 = np.dtype(np.float64)


def _time_ns(value: Any, ticks: int | None) -> int:
    """A ROS time, or an integer clock of `ticks` nanoseconds, as integer nanoseconds."""
    time = value.sec * _NS + value.nanosec if ticks is None else int(value) * ticks
    if time not in _INT64:
        raise ValueError(f"time {time} ns is out of range")
    return time


@dataclass
class _Column:
    """Values of one stream while the messages pass."""

    rule: StreamRule
    parts: Callable[[Any], Any] | None  # of a message: where the fields are read; None where it is the message itself
    fields: Callable[[Any], Any]  # of a part: its value, a tuple of them where the rule has several fields
    spelled: Callable[[Any], Any] | None  # of a message: the names that the sender writes
    values: array = field(default_factory=lambda: array("d"))
    names: tuple[str, ...] | None = None  # in stored order, once a message has been seen
    rows: array = field(default_factory=lambda: array("q"))  # which messages it has, where the sender names elements or some are empty
    known: dict[tuple[str, ...], _Named] = field(default_factory=dict)  # by what the sender writes
    others: dict[tuple[str, ...], int] = field(default_factory=dict)  # elements that are none of the rule's, and how often
    unnamed: dict[int, array] = field(default_factory=dict)  # rows of which the sender named nothing, by publisher
    ordered: dict[int, set[tuple[str, ...]]] = field(default_factory=dict)  # orders in which a publisher named them
    reordered: int = 0  # messages that name the elements in another order than the first
    pending: dict[str, tuple[float, int]] = field(default_factory=dict)  # of a row to which several senders give parts: value, when
    parts_of: dict[tuple[str, ...], int] = field(default_factory=dict)  # what each of them names, and how often
    hollow: int = 0  # messages that hold no value
    apart_ns: int = 0  # between the first and the last message of a row, at the most
    absent: bool = False


@dataclass(frozen=True)
class _Named:
    """The elements of a message: their names in stored order (none of another sender's), and which of the values they are."""

    names: tuple[str, ...]
    picked: np.ndarray | None = None  # None where all are the rule's
    part: bool = False  # whether other senders give the rest of the rule's


class TopicBuffer:
    """Everything that is kept of one topic."""

    def __init__(self, path: Path, topic: str, rule: TopicRule) -> None:
        self.path, self.topic, self.rule = path, topic, rule
        self.publishers: list[str] = []
        self.publisher = array("h")
        self.receive, self.capture, self.device = array("q"), array("q"), array("q")
        self.sequence = array("q")  # of ROS 1 headers; ROS 2 has none
        stamped_in = (rule.capture or "").rpartition(".")[0]
        self.header = attrgetter(stamped_in) if stamped_in else None
        self._capture, self._device = (attrgetter(one) if one is not None else None for one in (rule.capture, rule.device))
        self.columns = [
            _Column(
                stream,
                attrgetter(stream.each) if stream.each else None,
                attrgetter(*stream.fields),
                attrgetter(stream.spelled_in) if stream.spelled_in else None,
            )
            for stream in rule.streams
        ]
        self.n = 0

    def add(self, message: Any, time_ns: int, publisher: int) -> int:
        """Keep one message; returns the bytes that it took."""
        self.receive.append(time_ns)
        self.publisher.append(publisher)
        if self._capture is not None:
            self.capture.append(_time_ns(self._capture(message), None))
            number = getattr(self.header(message), "seq", None) if self.header is not None else None
            if isinstance(number, int):
                self.sequence.append(number)
        if self._device is not None:
            self.device.append(_time_ns(self._device(message), self.rule.device_ns))
        taken = 26
        for column in self.columns:
            if column.absent:
                continue
            kept = self._keep(column, message)
            if kept is None:
                column.absent = True
                continue
            taken += 8 * kept
        self.n += 1
        return taken

    def _fail(self, column: _Column, message: str, number: int | None = None) -> EpisodeError:
        place = f"{self.topic}:{', '.join(column.rule.fields[:2])}"
        return EpisodeError(f"message {self.n if number is None else number}: {message}", file=self.path, field=place)

    def _miscounted(self, column: _Column, count: int, number: int | None = None) -> EpisodeError:
        named = f"holds {count} values, the mapping names {len(column.rule.columns)}."
        return self._fail(column, f"{named} Give a mapping for this robot (mapping=FILE.yaml), or cut the message out.", number)

    def _keep(self, column: _Column, message: Any) -> int | None:
        """Append one message's values in stored order; returns how many, None where an optional stream is not in this bag."""
        rule, values, several = column.rule, column.values, len(column.rule.fields) > 1
        before = len(values)
        named = None
        if column.spelled is not None:
            named = self._named(column, tuple(column.spelled(message)))
            if named is not None and not named.names:
                return 0  # of another sender, which names other elements
        try:
            for part in (message,) if column.parts is None else column.parts(message):
                found = column.fields(part)
                for value in found if several else (found,):
                    # most are plain; to make an array of each would take most of the time
                    if named is not None and named.picked is not None and np.size(value) > named.picked.max():
                        values.frombytes(self._numbers(column, value)[named.picked].tobytes())
                    elif isinstance(value, _PLAIN):
                        values.append(value)
                    elif getattr(value, "dtype", None) == _FLOAT64:
                        values.frombytes(value.tobytes())
                    else:
                        values.frombytes(self._numbers(column, value).tobytes())
        except AttributeError:
            if rule.optional and self.n == 0:
                return None
            raise self._fail(column, "the message type has no such field; correct the mapping.") from None
        count = len(values) - before
        if count == 0 and (rule.optional or column.spelled is not None):
            if column.spelled is None and not column.hollow:
                column.rows.extend(range(self.n))  # those before it hold all
            column.hollow += 1
            return 0  # as a driver sends it that has nothing to tell yet
        if named is not None and named.part:
            return self._join(column, named, before)
        if column.names is None and column.spelled is None:
            column.names = next((other for other in rule.else_names if len(other) == count), None) if before == 0 else None
        if count != len(column.names or rule.columns):
            raise self._miscounted(column, count)
        if column.spelled is not None:
            self._name(column, named, before)
        if column.spelled is not None or column.hollow:
            column.rows.append(self.n)
        return count

    def _numbers(self, column: _Column, value: Any) -> np.ndarray:
        """(k,) float64 of a field that is no plain number; `uint8[]` comes as bytes from some readers."""
        array_ = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else np.asarray(value)
        if array_.size and array_.dtype.kind not in "fiub":
            raise self._fail(column, f"holds {array_.dtype}, not numbers; correct the mapping.")
        return array_.astype(np.float64)

    def _named(self, column: _Column, spelled: tuple[str, ...]) -> _Named | None:
        """What the elements are that a sender names; None of one that names none."""
        if not spelled:
            return None
        found = column.known.get(spelled)
        if found is None:
            found = column.known[spelled] = self._read_names(column, spelled)
        if not found.names:
            column.others[spelled] = column.others.get(spelled, 0) + 1
        if found.part:
            column.parts_of[spelled] += 1
        return found

    def _read_names(self, column: _Column, spelled: tuple[str, ...]) -> _Named:
        rule = column.rule
        spellings = (rule.names, *rule.spellings)
        own: Iterator[tuple[str, ...]] = (one for one in spellings if set(one) <= set(spelled))
        spelling = next(own, None)
        if spelling is not None:
            at = [i for i, name in enumerate(spelled) if name in spelling]
            names = tuple(rule.names[spelling.index(spelled[i])] for i in at)
            if len(at) == len(spelled) == len(spelling):
                return _Named(names)
            plain = len(rule.columns) == len(rule.names) and rule.each is None
            if plain and len(at) == len(spelling):
                column.others[tuple(name for name in spelled if name not in spelling)] = 0
                return _Named(names, np.array(at))
            raise self._unknown(column, spelled)
        spelling = max(spellings, key=lambda one: len(set(one) & set(spelled)))
        at = [i for i, name in enumerate(spelled) if name in spelling]
        if not at:
            return _Named(())
        if rule.each is not None or len(rule.columns) != len(rule.names):
            raise self._unknown(column, spelled)
        column.parts_of[spelled] = 0
        return _Named(tuple(rule.names[spelling.index(spelled[i])] for i in at), np.array(at), part=True)

    def _join(self, column: _Column, named: _Named, start: int) -> int:
        """Keep one sender's part of a row; the row is whole, and stands at this message, once each element was sent since the row before.

        Args:
            start: where the message's values begin.

        Returns:
            How many values were kept.
        """
        stored, now = column.values[start:].tolist(), self.receive[-1]
        del column.values[start:]
        if len(stored) != len(named.names):
            raise self._fail(column, f"holds {len(stored)} values and names {len(named.names)}.")
        column.pending.update({name: (value, now) for name, value in zip(named.names, stored)})
        if len(column.pending) < len(column.rule.names):
            return 0
        column.names = column.names or column.rule.names
        column.values.extend(column.pending[name][0] for name in column.names)
        column.apart_ns = max(column.apart_ns, now - min(at for _, at in column.pending.values()))
        column.rows.append(self.n)
        column.pending.clear()
        return len(column.names)

    def _unknown(self, column: _Column, spelled: tuple[str, ...], number: int | None = None) -> EpisodeError:
        shown = ", ".join(spelled[:4])
        return self._fail(column, f"names its values {shown}, ..., which no spelling of the mapping is; add one.", number)

    def _never_whole(self, column: _Column) -> EpisodeError:
        """The error of a recording in which no row has all elements: those that no sender names, if only these are lacking."""
        sent = {name for spelled in column.parts_of for name in spelled}
        spelling = max((column.rule.names, *column.rule.spellings), key=lambda one: len(set(one) & sent))
        lacking = [name for name in spelling if name not in sent]
        if not lacking or len(lacking) == len(spelling):
            return self._unknown(column, next(iter(column.parts_of or column.others)), number=0)
        named = ", ".join(lacking[:4]) + (", ..." if len(lacking) > 4 else "")
        return self._fail(column, f"no message names {named}, which the mapping names. Correct its names, or leave these out.", 0)

    def _name(self, column: _Column, named: _Named | None, start: int) -> None:
        """Take the element order from the names that the first sender writes; a message in another order is sorted by its names.

        Args:
            start: where the message's values begin.
        """
        sender = self.publisher[-1]
        if named is None:  # which order it follows is known when all messages were seen
            column.unnamed.setdefault(sender, array("q")).append(len(column.rows))
            return
        column.ordered.setdefault(sender, set()).add(named.names)
        if named.names == column.names:
            return
        names = column.names or named.names
        if named.names != names:
            stored = column.values[start:]
            if sorted(named.names) != sorted(names) or len(stored) != len(set(names)):
                raise self._fail(column, "the elements change within the recording; split it there.")
            column.values[start:] = array("d", [stored[named.names.index(name)] for name in names])
            column.reordered += 1
        column.names = names

    def _settled(self, column: _Column, values: np.ndarray) -> np.ndarray:
        """The values (n, k), of which the rows whose sender named nothing are in the mapping's order, and are put into that of the others.

        Raises:
            EpisodeError: the publisher of such a row names the elements in another order elsewhere.
        """
        for sender, rows in column.unnamed.items() if column.names else ():
            if column.ordered.get(sender, set()) - {column.rule.names}:
                why = "names no elements, and this publisher names them in another order elsewhere: which one is meant is not known."
                raise self._fail(column, f"{why} Cut it out.", column.rows[rows[0]])
            if column.names != column.rule.names:
                values = values.copy()
                values[list(rows)] = values[np.ix_(rows, [column.rule.names.index(name) for name in column.names or ()])]
        return values

    def streams(self, notes: list[str]) -> Iterator[Stream]:
        """The finished streams; says in `notes` what had to be assumed."""
        times = {label: np.frombuffer(getattr(self, label), np.int64) for label in ("receive", "capture", "device")}
        clock = self.rule.clock
        if self.rule.capture is not None and not times["capture"].any():
            notes.append(f"{self.topic}: every stamp is 0, so that the recorder's time is its only wall clock")
            times["capture"] = times["capture"][:0]
            clock = "receive" if clock == "capture" else clock
        elif clock != "receive":
            notes.append(f"{self.topic}: timed by its {clock} clock, not by arrival")
        meta: dict[str, Any] = {"topic": self.topic, "type": self.rule.type}
        if len(self.publishers) > 1:
            meta |= {"publishers": tuple(self.publishers), "publisher": np.frombuffer(self.publisher, np.int16)}
            counts = np.bincount(meta["publisher"], minlength=len(self.publishers))
            parts = ", ".join(f"{name} ({n} messages)" for name, n in zip(self.publishers, counts))
            notes.append(f"{self.topic}: {len(counts)} publishers, in one stream in the order of arrival: {parts}")
        else:
            meta["publishers"] = tuple(self.publishers)
        if self.n and len(self.sequence) == self.n and any(self.sequence):
            meta["sequence"] = np.frombuffer(self.sequence, np.int64)

        for column in self.columns:
            rule = column.rule
            name = self.topic if rule.name is None else f"{self.topic}/{rule.name}"
            if column.absent:
                continue
            if column.hollow and not len(column.rows) and rule.optional:
                continue  # no message of this bag holds it
            if (column.others or column.parts_of) and not len(column.rows):
                raise self._never_whole(column)
            if column.hollow and not len(column.rows):
                raise self._miscounted(column, 0, 0)
            if column.hollow:
                notes.append(f"{name}: {column.hollow} messages hold no value and are left out")
            if column.parts_of:
                senders = "; ".join(f"{', '.join(names[:4])}, ... ({n} messages)" for names, n in column.parts_of.items())
                notes.append(
                    f"{name}: senders name a part of the elements each: {senders}. {len(column.rows)} rows join them, "
                    f"each at the last message of its own, the first one up to {column.apart_ns * 1e-6:.1f} ms before it"
                )
            for others, times_seen in column.others.items():
                seen = f"{times_seen} messages of" if times_seen else "beside its own elements"
                notes.append(f"{name}: {seen} {', '.join(others[:8])} are left out, which the mapping does not name here")
            extra: dict[str, Any] = {"field": ", ".join(rule.fields)}
            extra |= {key: value for key, value in (("frame", rule.frame), ("note", rule.note)) if value}
            filler = [p for p in rule.placeholder if p["publisher"] in self.publishers]
            if column.reordered:
                notes.append(f"{name}: {column.reordered} messages name their elements in another order and are sorted by the names")
            if column.names in rule.else_names:
                notes.append(f"{name}: {len(column.names or ())} values, read as those of another model of this robot")
            if filler:
                extra["placeholder"] = filler
                notes.extend(f"{name}: {p['publisher']}: {', '.join(p['names'])}: {p['note']}" for p in filler)
            if rule.note:
                notes.append(f"{name}: {rule.note}")
            if rule.spelled_in and column.names is None:
                notes.append(f"{name}: the sender names no elements; their order is the mapping's")
            whole = column.spelled is None and not column.hollow
            kept = slice(None) if whole else np.frombuffer(column.rows, np.int64)
            count = self.n if whole else len(column.rows)
            values = self._settled(column, np.frombuffer(column.values, np.float64).reshape(count, -1))
            values.flags.writeable = False  # evidence: whoever converts does so in a copy
            yield Stream(
                name=name,
                role=rule.role,
                quantity=rule.quantity,
                unit=rule.unit,
                names=column.names or rule.columns,
                values=values,
                capture_ns=times["capture"][kept] if len(times["capture"]) else None,
                receive_ns=times["receive"][kept],
                device_ns=times["device"][kept] if len(times["device"]) else None,
                clock=clock,
                declared_unit=rule.declared,
                meta={key: value[kept] if key in EACH_SAMPLE else value for key, value in meta.items()} | extra,
            )
