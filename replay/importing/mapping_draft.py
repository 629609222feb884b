"""A draft of a mapping for an episode that no mapping knows, from names, shapes and values, with every doubt said.

A draft reads the recording, but it is no knowledge: what stands under `unsure` has to be answered by somebody who knows
the robot before anything is concluded from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..formats.arrays.array_contradictions import takes_within
from ..formats.arrays.array_episode import ArrayEpisode
from ..formats.arrays.array_times import stated_fps
from ..formats.column_endings import POSITION, parted
from ..formats.mapping import Columns
from . import unit_guess as guessing

MAX_METADATA = 100
SUFFIXES = {2: ("x", "y"), 3: ("x", "y", "z")}
_TIME = re.compile(r"(^|[/_.])(t|time|times|timestamp|stamp|sec|secs|seconds)$", re.IGNORECASE)
_PREFIX = re.compile(r"^([A-Za-z_]*?)(\d+)/(.+)$")
_WORDS = ("yes", "no", "on", "off", "true", "false", "null", "y", "n")


@dataclass
class Proposal:
    """A drafted mapping: `text` is the YAML, `unsure` the doubts in it."""

    text: str
    unsure: list[str] = field(default_factory=list)


def propose(episode: ArrayEpisode) -> Proposal:
    """Draft a mapping that reads this episode.

    Args:
        episode: its arrays as stored.

    Returns:
        YAML text for `mapping=`, and what is not certain in it. Everything that names do not say is a doubt: units by
        range, constant columns, the order of quaternions, the rate of rows.
    """
    return _Draft(episode).proposal()


class _Draft:
    def __init__(self, episode: ArrayEpisode) -> None:
        self.episode = episode
        self.unsure: list[str] = []
        self.arrays, several = _one_of_many(episode.arrays)
        self.episodes = several or episode.pattern
        rows = [len(a) for a in self.arrays.values() if a.ndim and len(a) > 1]
        columns = {n: sum(a.size // n for a in self.arrays.values() if a.ndim and len(a) == n) for n in rows}
        self.rows = max(columns, key=lambda n: (rows.count(n), columns[n])) if rows else 0
        self.streams: list[str] = []
        self.metadata: list[str] = []
        self.unused: list[str] = []

    def proposal(self) -> Proposal:
        time = self._time()
        self.alike = self._nameless_alike(time)
        channels, roles = [], []
        for name, array in self.arrays.items():
            if (takes := takes_within(name, array, self.rows)) > 1:
                self._doubt(f"{name} tells {takes} takes apart: write each into a file of its own")
            if array.ndim == 0 or len(array) != self.rows:
                self._no_rows(name, array)
            elif name not in (time, self.episode.time):
                roles.append(self._channel(name, array, time))
                shape = list(array.shape[1:])
                channels.append(f"{quoted(name)}: {shape[0] if len(shape) == 1 else shape or 1}")
        head = self._head(time, roles, channels)
        parts = [*head, "", "streams:", *self.streams]
        for title, lines in (("metadata", self.metadata), ("unused", self.unused)):
            parts += ["", f"{title}:", *lines] if lines else []
        return Proposal("\n".join([*parts, ""]), self.unsure)

    def _doubt(self, line: str | None) -> None:
        if line and line not in self.unsure:
            self.unsure.append(line)

    def _head(self, time: str | None, roles: list[str], channels: list[str]) -> list[str]:
        episode = self.episode
        if episode.robot_type is None:
            self._doubt("which robot it is, the recording does not say")
        kind = "robot" if "command" in roles else "state_only"
        self._doubt(f"kind is {kind}: right only if this is a robot's motion; a person's is `human`")
        clock = self._clock(time)
        robot = (
            f", robot_type: {quoted(episode.robot_type)}" if episode.robot_type and episode.format == "lerobot" else ""
        )
        lines = [
            "# A draft made from names, shapes and values alone. Answer what is unsure, then give it as mapping=.",
            *(f"#   unsure: {line}" for line in self.unsure),
            f"title: {quoted(f'draft for {episode.name}')}",
            f"format: {episode.format}",
            f"robot: {quoted(re.sub(r'[^0-9A-Za-z]+', '_', episode.robot_type or 'unknown').strip('_').lower())}",
            f"kind: {kind}",
            f"recognise: {{channels: {{{', '.join(channels)}}}{robot}}}",
        ]
        if self.episodes is not None:
            lines.append(f"episodes: {quoted(self.episodes)}")
        return [*lines, *clock]

    # ---------------------------------------------------------------------------------------------------- time

    def _time(self) -> str | None:
        """The field that looks like the time of a row: a channel of that name, or a first column that only rises."""
        if self.episode.time is not None:
            return None
        for name, array in self.arrays.items():
            single = array.ndim >= 1 and len(array) == self.rows and array.size == self.rows
            if single and _TIME.search(name) and (np.diff(array.reshape(-1).astype(np.float64)) >= 0).all():
                return name
        for name, array in self.arrays.items() if stated_fps(self.episode) is None else ():
            wide = array.ndim == 2 and len(array) == self.rows and array.shape[1] > 1
            if (
                wide
                and guessing.role_of(name)[0] != "command"
                and guessing.rises_like_time(array[:, 0].astype(np.float64))
            ):
                self._doubt(f"{name}[0] only rises, by steps like a clock's: taken as the time in seconds")
                return str(Columns(name, 0, 1))
        return None

    def _clock(self, time: str | None) -> list[str]:
        if time is not None:
            columns = Columns.parse(time)
            values = self.arrays[columns.channel].reshape(self.rows, -1)[:, columns.first].astype(np.float64)
            step = float(np.median(np.diff(values))) if self.rows > 1 else 0.0
            unit = "s" if step < 1 else "ms" if step < 1e3 else "us" if step < 1e6 else "ns"
            if unit != "s":
                self._doubt(f"{time} steps by {step:g}: taken as {unit}")
            return [f"time: {{field: {quoted(time)}, unit: {unit}, clock: capture}}"]
        if self.episode.time is not None or stated_fps(self.episode) is not None:
            return []
        self._doubt("no time and no rate is recorded: 30 rows a second is a guess")
        return ["fps: 30"]

    # ------------------------------------------------------------------------------------------------ channels

    def _no_rows(self, name: str, array: np.ndarray) -> None:
        if array.size <= MAX_METADATA:
            self.metadata.append(f"  {quoted(name)}: not a row a sample; what it is, is not known")
            return
        reason = f"{len(array)} rows where other channels have {self.rows}"
        self.unused.append(f"  {quoted(name)}: {quoted(reason)}")
        self._doubt(f"{name} has {reason}: what is it?")

    def _channel(self, name: str, array: np.ndarray, time: str | None) -> str:
        """Draft the streams of one channel; returns its role."""
        width = int(np.prod(array.shape[1:], dtype=np.int64))
        flat = array.reshape(self.rows, width).astype(np.float64)
        role, doubt = guessing.role_of(name)
        self._doubt(doubt)
        if array.ndim == 3 and array.shape[2] in (2, 3, 4):
            self._points(name, flat, array.shape[1], array.shape[2], role)
            return role
        if width > max(array.shape[1:], default=1):
            each = " x ".join(map(str, array.shape[1:]))
            self._doubt(f"{name} holds {each} numbers in each row: one sample, a chunk of steps, or a batch of takes?")
        turns = guessing.quaternions(flat)
        kinds = self._kinds(name, flat, role, turns)
        turning = {j for first in turns for j in range(first, first + 4)}
        left = {0} if time == f"{name}[0]" else set()
        for first, end, value in guessing.constant_runs(flat):
            where = name if end - first == width else str(Columns(name, first, end))
            self._doubt(f"{where} is {value:g} in every row: a joint at rest, a placeholder, or not recorded?")
            if value in (0.0, -1.0) and end - first < width and not turning & set(range(first, end)):
                self.unused.append(
                    f"  {quoted(where)}: {quoted(f'{value:g} in every row of the first episode: not recorded?')}"
                )
                left |= set(range(first, end))
        labels = self._labels(name, width)
        ended = [parted(label) for label in labels]
        several = len({kind for _, kind in ended if kind}) > 1
        merged: dict[tuple[str, str], list[tuple[int, int]]] = {}
        cuts = [
            0,
            *(j for j in range(1, width) if kinds[j] != kinds[j - 1] or (j in left) != (j - 1 in left)),
            width,
        ]
        for first, end in pairwise(cuts):
            if first in left:
                continue
            if first not in turns and (any(self.alike.get(name, ())) or (several and ended[first][1])):
                merged.setdefault(kinds[first][:2], []).append((first, end))
                continue
            where = name if end - first == width else str(Columns(name, first, end))
            names = _joints(labels[first:end]) or [f"{_slug(name)}_{j}" for j in range(first, end)]
            note = ""
            quantity, unit = kinds[first][:2]
            if first in turns:
                order = guessing.order_of(flat[:, first : first + 4])
                names = names if labels else [f"{_slug(name)}_{first}.q{axis}" for axis in order]
                note = f"four columns of norm 1, taken as a quaternion {order}"
                self._doubt(f"{where}: a quaternion by its norm; whether wxyz or xyzw its values do not prove")
            self._stream(where, role, quantity, unit, names, note)
        for (quantity, unit), spans in merged.items():
            fields = [str(Columns(name, first, end)) for first, end in spans]
            names = _joints([label for first, end in spans for label in labels[first:end]])
            names = names or [f"joint_{j}" for first, end in spans for j in range(first, end)]
            alike = sum(of == quantity for of, _ in merged) > 1
            self._stream(f"{name}/{quantity}" + f"/{unit}" * alike, role, quantity, unit, names, "", fields=fields)
        return role

    def _nameless_alike(self, time: str | None) -> dict[str, list[bool]]:
        """Channels without names of columns that are as wide as another one: commands and measurements of the same joints, likely. With
        names of its own for each of them nothing would be compared with anything. Of each which columns are likely to be grippers."""
        wide: dict[int, dict[str, np.ndarray]] = {}
        for name, array in self.arrays.items():
            rows = array.ndim == 2 and len(array) == self.rows and name not in (time, self.episode.time)
            if rows and guessing.role_of(name)[0] in ("command", "measured") and not self._labels(name, array.shape[1], quiet=True):
                wide.setdefault(array.shape[1], {})[name] = array.astype(np.float64)
        found: dict[str, list[bool]] = {}
        for width, of in wide.items():
            if width > 1 and len(of) > 1:
                self._doubt(f"{', '.join(of)}: column k of each is taken as the same joint")
                hands = guessing.shares_without_names(of)
                if any(hands):
                    columns = ", ".join(str(j) for j in range(width) if hands[j])
                    self._doubt(f"column {columns} of {', '.join(of)} goes from 0 to 1: taken as a gripper's share of its way")
                found |= dict.fromkeys(of, hands)
        return found

    def _kinds(self, name: str, flat: np.ndarray, role: str, turns: list[int]) -> list[tuple[str, str, int]]:
        """Quantity, unit and a mark of its group for every column."""
        width = flat.shape[1]
        found: list[tuple[str, str, int]] = [("", "", -1)] * width
        for first in turns:
            found[first : first + 4] = [("orientation", "1", first)] * 4
        labels = self._labels(name, width, quiet=True)
        counted = [parted(label)[1] for label in labels] or [None] * width
        placed = tuple(label if kind in (None, POSITION) else "" for label, kind in zip(labels, counted))
        hands, share = guessing.fingers(name, placed, flat) if role in ("command", "measured") else ([False] * width, "1")
        if guessing.is_place(name):
            hands = self.alike.get(name, hands)
        stems = list(zip(guessing.kinds(labels, width), counted, hands))
        for stem in dict.fromkeys(stems):
            group = [j for j in range(width) if stems[j] == stem and not found[j][1]]
            if group and stem[2]:
                guess = guessing.shares(name, share)
            elif group:
                # columns that say themselves what they count are asked by that
                guess = guessing.unit_of(f"{name}/{stem[1]}" if stem[1] not in (None, POSITION) else name, flat[:, group], role)
            if group:
                self._doubt(guess.doubt)
                for j in group:
                    found[j] = (guess.quantity, guess.unit, -1)
        return found

    def _points(self, name: str, flat: np.ndarray, count: int, size: int, role: str) -> None:
        """An array (n, count, size): places or rotations of several bodies."""
        norm = np.linalg.norm(flat.reshape(self.rows, count, size), axis=2)
        quantity, unit, note = "position", "m", ""
        suffixes = SUFFIXES.get(size, ("a", "b", "c", "d"))
        if size == 4 and np.isfinite(norm).all() and (np.abs(norm - 1) < guessing.UNIT_WITHIN).all():
            order = guessing.order_of(flat[:, :4])
            quantity, unit, suffixes = "orientation", "1", tuple(f"q{axis}" for axis in order)
            note = f"quaternions by their norm, taken as {order}"
            self._doubt(f"{name}: quaternions by their norm; whether wxyz or xyzw their values do not prove")
        else:
            guess = guessing.unit_of(name, flat, "event" if role == "event" else "pose")
            quantity, unit = guess.quantity, guess.unit
            self._doubt(guess.doubt)
        labels = self._labels(name, count) or tuple(f"{_slug(name)}_{j}" for j in range(count))
        self._stream(name, role, quantity, unit, list(labels), note, list(suffixes))

    def _labels(self, name: str, width: int, quiet: bool = False) -> tuple[str, ...]:
        """Names of a channel's columns out of the container: its own list, or the only one of that length."""
        own = self.episode.labels.get(name, ())
        if len(own) == width and len(set(own)) == width:
            return own
        fitting = {k: v for k, v in self.episode.labels.items() if len(v) == width and len(set(v)) == width}
        if len(fitting) == 1 and width > 1:
            (listed,) = fitting
            if not quiet:
                self._doubt(f"{name}: its columns are named by {listed}, because it has as many names")
            return fitting[listed]
        if width > 1 and not quiet:
            self._doubt(f"{name}: its {width} columns have no names; which joint is which?")
        return ()

    def _stream(
        self,
        where: str,
        role: str,
        quantity: str,
        unit: str,
        names: list[str],
        note: str,
        suffixes: list[str] | None = None,
        fields: list[str] | None = None,
    ) -> None:
        field = f"field: {quoted(where)}" if fields is None else f"fields: [{', '.join(map(quoted, fields))}]"
        more = f",\n     suffixes: [{', '.join(suffixes)}]" if suffixes else ""
        more += f",\n     note: {quoted(note)}" if note else ""
        self.streams += [
            f"  - {{name: {quoted(where)}, {field}, role: {role}, quantity: {quoted(quantity)}, unit: {quoted(unit)},",
            f"     names: [{', '.join(map(quoted, names))}]{more}}}",
        ]


def _one_of_many(arrays: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], str | None]:
    """The first episode of an archive with names that all begin with a counted prefix, and the pattern of the prefixes."""
    matches = {name: _PREFIX.match(name) for name in arrays}
    if not arrays or not all(matches.values()) or len({m[1] for m in matches.values() if m}) != 1:
        return arrays, None
    first = next(m for m in matches.values() if m)
    chosen = {m[3]: arrays[name] for name, m in matches.items() if m and m[2] == first[2]}
    return chosen, f"{first[1]}*"


def _joints(labels: Sequence[str]) -> list[str]:
    """Names of joints, without the endings that say what is counted, where each is another one then."""
    joints = [parted(label)[0] for label in labels]
    return joints if len(set(joints)) == len(joints) else list(labels)


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_") or "channel"


def quoted(text: str) -> str:
    """A text as YAML takes it, quoted where it must be."""
    plain = re.fullmatch(r"[A-Za-z_][\w./-]*", text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
