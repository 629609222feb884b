"""Picking joint streams out of a recording, by role and by joint name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..recording.recording import Recording, Stream

PER_DEGREE = np.pi / 180.0
SCALE = {"deg": PER_DEGREE, "rad": 1.0}  # to radians


def pair(recording: Recording, quantity: str = "joint_position") -> tuple[Stream | None, Stream | None]:
    """The command stream and the measured stream of one quantity that share joints; either may be None.

    Where several commands exist, the one upstream comes first in the mapping and is taken.
    """
    commands, states = recording.select("command", quantity), recording.select("measured", quantity)
    command = next((s for s in commands if s.n), None)
    states = [s for s in states if s.n]
    if command is not None:
        states = sorted(states, key=lambda s: -len(set(s.names) & set(command.names)))
    return command, (states[0] if states else None)


def columns(stream: Stream, names: Sequence[str]) -> np.ndarray:
    """(n, len(names)) columns by name, as stored."""
    return stream.values[:, [stream.names.index(name) for name in names]]


def in_radians(stream: Stream, names: Sequence[str]) -> np.ndarray:
    """(n, len(names)) joint angles in rad, by the stream's unit; a copy, the stream stays as stored."""
    return columns(stream, names) * SCALE.get(stream.unit, 1.0)


def shared(command: Stream, state: Stream) -> list[str]:
    """Joints that both streams tell of, in the command's order."""
    return [name for name in command.names if name in state.names]


def units_of(stream: Stream) -> list[str]:
    """A unit for every element: one for all, one each, or a pattern that repeats with every part."""
    units = stream.unit.split() or [stream.unit]
    width = len(stream.names)
    return units * (width // len(units)) if width % len(units) == 0 else [stream.unit] * width
