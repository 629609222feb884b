"""Damage: a file cut, flipped or overwritten by chance, and what becomes of it when it is read."""

from pathlib import Path

import numpy as np
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording
from shiliu.scenarios.sheet.errors import EpisodeError


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut a file, flip some bytes, or overwrite a stretch."""
    at = int(rng.integers(len(content)))
    kind = rng.integers(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + bytes([content[at] ^ (1 << int(rng.integers(8)))]) + content[at + 1 :]
    if kind == 2:
        return content[:at] + rng.bytes(8) + content[at + 8 :]
    return content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :]


def outcome(path: Path) -> str:
    try:
        return "read" if all(isinstance(r, Recording) for r in read(path)) else "partly"
    except EpisodeError:
        return "refused"
