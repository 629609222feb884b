"""A draft of a mapping for an episode that no mapping knows, from names, shapes and values, with every doubt said.

A draft reads the recording, but it is no knowledge: what stands under `unsure` has to be answered by somebody who knows
the robot before anything is concluded from it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from .array_rule import Columns
from .formats.arrays import ArrayEpisode

FULL_TURN = 2 * np.pi + 0.3  # rad, what a joint's angle hardly exceeds
UNIT_WITHIN = 1e-3  # how far the norm of a quaternion may be from one
MAX_METADATA = 100
_TIME = re.compile(r"(^|[/_.])(t|time|times|timestamp|stamp|sec|secs|seconds)$", re.IGNORECASE)
_ROLES = (
    ("event", re.compile(r"reward|done|success|contact|flag|status|button|valid", re.IGNORECASE)),
    ("command", re.compile(r"action|ctrl|cmd|command|target|desired|goal", re.IGNORECASE)),
    ("pose", re.compile(r"pose|quat|trans|bone|body_|xpos|mocap|keypoint", re.IGNORECASE)),
    ("measured", re.compile(r"state|qpos|qvel|joint|obs|position|robot|vel|effort|torque|^q$", re.IGNORECASE)),
)
_VELOCITY = re.compile(r"vel|qvel|_v$|speed", re.IGNORECASE)
_TORQUE = re.compile(r"torque|effort|tau|force", re.IGNORECASE)
_PREFIX = re.compile(r"^([A-Za-z_]*?)(\d+)/(.+)$")


@dataclass
class Proposal:
    """A drafted mapping: `text` is the YAML, `unsure` the doubts in it."""

    text: str
    unsure: list[str] = field(default_factory=list)


@dataclass
class _Piece:
    """Columns of one channel that seem to be of one kind."""

    columns: Columns
    quantity: str
    unit: str
    names: list[str]
    note: str = ""


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
        self.arrays, self.episodes = _one_of_many(episode.arrays)
        rows = [len(a) for a in self.arrays.values() if a.ndim and len(a) > 1]
        self.rows = max(set(rows), key=rows.count) if rows else 0

    def proposal(self) -> Proposal:
        time = self._time()
        streams: list[str] = []
        metadata: list[str] = []
        unused: list[str] = []
        channels: list[str] = []
        roles = []
        for name, array in self.arrays.items():
            if array.ndim == 0 or len(array) != self.rows:
                if array.size <= MAX_METADATA:
                    metadata.append(f"  {_q(name)}: {_q('not a row a sample; what it is, is not known')}")
                else:
                    unused.append(f"  {_q(name)}: {_q(f'{len(array)} rows where other channels have {self.rows}')}")
                    self.unsure.append(f"{name} has {len(array)} rows, other channels have {self.rows}: what is it?")
                continue
            if name == time or name == self.episode.time:
                continue
            width = int(np.prod(array.shape[1:], dtype=np.int64))
            flat = array.reshape(self.rows, width).astype(np.float64)
            role = self._role(name)
            roles.append(role)
            shape = list(array.shape[1:])
            channels.append(f"{_q(name)}: {shape[0] if len(shape) == 1 else shape or 1}")
            for first, end, value in _constant_runs(flat):
                where = str(Columns(name, first, end if end - first < width else None))
                where = name if end - first == width else where
                if value in (0.0, -1.0) and end - first < width:
                    unused.append(f"  {_q(where)}: {_q(f'{value:g} in every row of the first episode: not recorded?')}")
                self.unsure.append(
                    f"{where} is {value:g} in every row: a joint at rest, a placeholder, or not recorded?"
                )
            for piece in self._pieces(name, flat, role):
                streams += _stream(piece, role, name)
        head = self._head(time, roles, channels)
        text = "\n".join(
            [
                *head,
                "",
                "streams:",
                *streams,
                *(["", "metadata:", *metadata] if metadata else []),
                *(["", "unused:", *unused] if unused else []),
                "",
            ]
        )
        return Proposal(text, self.unsure)

    def _head(self, time: str | None, roles: list[str], channels: list[str]) -> list[str]:
        episode = self.episode
        if episode.robot_type is None:
            self.unsure.append("which robot it is, the recording does not say")
        kind = "robot" if "command" in roles else "state_only"
        self.unsure.append(f"kind is {kind}: right only if this is a robot's motion; a person's is `human`")
        clock = self._clock(time)
        robot = f", robot_type: {_q(episode.robot_type)}" if episode.robot_type and episode.format == "lerobot" else ""
        lines = [
            "# A draft made from names, shapes and values alone. Answer what is unsure, then give it as mapping=.",
            *(f"#   unsure: {line}" for line in self.unsure),
            f"title: {_q(f'draft for {episode.name}')}",
            f"format: {episode.format}",
            f"robot: {_q(re.sub(r'[^0-9A-Za-z]+', '_', episode.robot_type or 'unknown').strip('_').lower())}",
            f"kind: {kind}",
            f"recognise: {{channels: {{{', '.join(channels)}}}{robot}}}",
        ]
        if self.episodes is not None:
            lines.append(f"episodes: {_q(self.episodes)}")
        return [*lines, *clock]

    # ------------------------------------------------------------------------------------------------ guesses

    def _time(self) -> str | None:
        """The channel that looks like the time of a row."""
        if self.episode.time is not None:
            return None
        for name, array in self.arrays.items():
            single = array.ndim >= 1 and len(array) == self.rows and array.size == self.rows
            if single and _TIME.search(name) and (np.diff(array.reshape(-1).astype(np.float64)) >= 0).all():
                return name
        return None

    def _clock(self, time: str | None) -> list[str]:
        if time is not None:
            step = float(np.median(np.diff(self.arrays[time].reshape(-1).astype(np.float64)))) if self.rows > 1 else 0.0
            unit = "s" if step < 1 else "ms" if step < 1e3 else "us" if step < 1e6 else "ns"
            if unit != "s":
                self.unsure.append(f"{time} steps by {step:g}: taken as {unit}")
            return [f"time: {{field: {_q(time)}, unit: {unit}, clock: capture}}"]
        if self.episode.time is not None or self.episode.fps is not None:
            return []
        self.unsure.append("no time and no rate is recorded: 30 rows a second is a guess")
        return ["fps: 30"]

    def _role(self, name: str) -> str:
        found = [role for role, pattern in _ROLES if pattern.search(name)]
        if not found:
            self.unsure.append(f"{name}: taken as measured, because its name does not tell")
            return "measured"
        if len(found) > 1:
            self.unsure.append(f"{name}: taken as {found[0]}; by its name it could be {' or '.join(found[1:])}")
        return found[0]

    def _pieces(self, name: str, flat: np.ndarray, role: str) -> list[_Piece]:
        """Runs of columns of one kind: quaternions by their norm, the rest by range."""
        width = flat.shape[1]
        kinds: list[tuple[str, str]] = [("", "")] * width
        for first in _quaternions(flat):
            kinds[first : first + 4] = [(f"quaternion {first}", "1")] * 4
        for j in range(width):
            if not kinds[j][1]:
                kinds[j] = self._kind(name, flat[:, j], role)
        skipped = {
            j for a, b, value in _constant_runs(flat) if value in (0.0, -1.0) and b - a < width for j in range(a, b)
        }
        cuts = [0, *(j for j in range(1, width) if kinds[j] != kinds[j - 1] or (j in skipped) != (j - 1 in skipped))]
        labels = self.episode.labels.get(name, ())
        if len(labels) != width or len(set(labels)) != width:
            labels = ()
            if width > 1:
                self.unsure.append(f"{name}: its {width} columns have no names; which joint is which?")
        pieces = []
        for first, end in pairwise([*cuts, width]):
            if first in skipped:
                continue
            kind, unit = kinds[first]
            columns = Columns(name) if end - first == width else Columns(name, first, end)
            names = [labels[j] if labels else f"{_slug(name)}_{j}" for j in range(first, end)]
            piece = _Piece(columns, kind, unit, names)
            if kind.startswith("quaternion"):
                order = "wxyz" if np.abs(flat[:, first]).mean() >= np.abs(flat[:, first + 3]).mean() else "xyzw"
                axes = [f"q{axis}" for axis in order]
                piece.quantity, piece.names = (
                    "orientation",
                    names if labels else [f"{_slug(name)}_{first}.{a}" for a in axes],
                )
                piece.note = f"four columns of norm 1, taken as a quaternion {order}"
                self.unsure.append(f"{columns}: a quaternion by its norm; whether wxyz or xyzw its values do not prove")
            pieces.append(piece)
        return pieces

    def _kind(self, name: str, x: np.ndarray, role: str) -> tuple[str, str]:
        """Quantity and unit of a column, by the channel's name and the column's range."""
        finite = x[np.isfinite(x)]
        reach = float(np.abs(finite).max()) if finite.size else 0.0
        whole = bool(finite.size) and bool((finite == np.rint(finite)).all())
        if role == "event":
            return _slug(name), "1"
        if _TORQUE.search(name):
            self._once(f"{name}: taken as torques in Nm by its name")
            return "joint_torque", "Nm"
        if _VELOCITY.search(name):
            self._once(f"{name}: taken as speeds in rad/s by its name")
            return "joint_velocity", "rad/s"
        if role == "pose":
            self._once(f"{name}: taken as positions in metres")
            return "position", "m"
        if reach <= FULL_TURN:
            self._once(f"{name}: radians by range (within one turn); metres or shares of one look alike")
            return "joint_position", "rad"
        if whole and reach > 360:
            self._once(f"{name}: whole numbers beyond 360, taken as device counts")
            return "joint_position", "count"
        if reach <= 400:
            self._once(f"{name}: beyond one turn in radians, taken as degrees; percent and counts look alike")
            return "joint_position", "deg"
        self._once(f"{name}: beyond 400, taken as device counts")
        return "joint_position", "count"

    def _once(self, line: str) -> None:
        if line not in self.unsure:
            self.unsure.append(line)


def _one_of_many(arrays: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], str | None]:
    """The first episode of an archive whose names all begin with a counted prefix, and the pattern of the prefixes."""
    matches = {name: _PREFIX.match(name) for name in arrays}
    if not arrays or not all(matches.values()) or len({m[1] for m in matches.values() if m}) != 1:
        return arrays, None
    first = next(m for m in matches.values() if m)
    chosen = {m[3]: arrays[name] for name, m in matches.items() if m and m[2] == first[2]}
    return chosen, f"{first[1]}*"


def _quaternions(flat: np.ndarray) -> list[int]:
    """First columns of four in a row whose norm is one in every row."""
    found, j = [], 0
    while j + 4 <= flat.shape[1]:
        part = flat[:, j : j + 4]
        unit = np.isfinite(part).all() and (np.abs(np.linalg.norm(part, axis=1) - 1) < UNIT_WITHIN).all()
        if unit and np.ptp(part, axis=0).max() > 1e-6:
            found.append(j)
            j += 4
        else:
            j += 1
    return found


def _constant_runs(flat: np.ndarray) -> list[tuple[int, int, float]]:
    """(first, last exclusive, value) of neighbouring columns that hold one and the same number throughout."""
    still = (flat == flat[:1]).all(axis=0) if len(flat) > 1 else np.zeros(flat.shape[1], bool)
    runs: list[tuple[int, int, float]] = []
    for j in np.flatnonzero(still):
        value = float(flat[0, j])
        if runs and runs[-1][1] == j and runs[-1][2] == value:
            runs[-1] = (runs[-1][0], int(j) + 1, value)
        else:
            runs.append((int(j), int(j) + 1, value))
    return runs


def _stream(piece: _Piece, role: str, channel: str) -> list[str]:
    where = str(piece.columns)
    lines = [
        f"  - {{name: {_q(where)}, field: {_q(where)}, role: {role}, quantity: {_q(piece.quantity)}, unit: {_q(piece.unit)},",
        f"     names: [{', '.join(map(_q, piece.names))}]",
    ]
    return [lines[0], lines[1] + (f",\n     note: {_q(piece.note)}}}" if piece.note else "}")]


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_") or "channel"


def _q(text: str) -> str:
    """A text as YAML takes it, quoted where it must be."""
    plain = re.fullmatch(r"[A-Za-z_][\w./-]*", text) and text.lower() not in (
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
    )
    return text if plain else json.dumps(text, ensure_ascii=False)
