"""A whole simulation episode in one block of bytes: a NumPy archive of its arrays, with the rest as JSON in it.

Containers of streams (MCAP, bags) have no place for start states and draws; they carry this block beside the streams.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import fields
from typing import Any

import numpy as np

from ..recording.recording import SimEpisode
from . import lossless_json as tagged

MAX_BYTES = 1 << 30  # unpacked; an hour of a large scene is some 100 MB
# what reading a block raises that is none, or a damaged one
TORN = (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
_ARRAYS = ("start_state", "actions")
_TABLES = ("states", "checkpoints")


def pack(episode: SimEpisode) -> bytes:
    """An episode as bytes, the same for the same episode; arrays keep their dtype and every bit.

    Raises:
        EpisodeError: it holds something that neither JSON nor an array can hold.
    """
    rest = {f.name: getattr(episode, f.name) for f in fields(episode) if f.name not in (*_ARRAYS, *_TABLES)}
    arrays: dict[str, Any] = {name: getattr(episode, name) for name in _ARRAYS}
    arrays |= {f"states/{name}": values for name, values in episode.states.items()}
    arrays |= {f"checkpoints/{t}": state for t, state in episode.checkpoints.items()}
    text = np.frombuffer(tagged.dumps(rest, "episode").encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, rest=text, **arrays)
    return buffer.getvalue()


def unpack(block: bytes) -> SimEpisode:
    """The episode that `pack` was given.

    Raises:
        one of `TORN`: not such a block, or a damaged one.
    """
    arrays = unpacked_arrays(block, MAX_BYTES)
    rest = tagged.loads(arrays.pop("rest").tobytes())
    own = {name: arrays.pop(name) for name in _ARRAYS}
    states = {name.removeprefix("states/"): a for name, a in arrays.items() if name.startswith("states/")}
    checkpoints = {int(name.removeprefix("checkpoints/")): a for name, a in arrays.items() if "checkpoints/" in name}
    return _checked(SimEpisode(**rest, **own, states=states, checkpoints=checkpoints))


def unpacked_arrays(block: bytes, limit: int) -> dict[str, Any]:
    """The arrays of a NumPy archive; raises ValueError where they would take more bytes than a limit."""
    with zipfile.ZipFile(io.BytesIO(block)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > limit:
            raise ValueError(f"it unpacks to more than {limit >> 20} MiB")
        return {
            member.filename.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)
            for member in members
        }


def _checked(episode: SimEpisode) -> SimEpisode:
    """The block comes from outside: refuse what later code would trip over."""
    actions, start = episode.actions, episode.start_state
    kinds = {"seed": int, "draw": dict, "config": dict, "label": dict, "segments": list, "task": dict, "made_on": dict}
    sound = (
        all(isinstance(getattr(episode, name), kind) for name, kind in kinds.items())
        and actions.dtype == np.float32
        and actions.shape == (len(actions), len(episode.action_names))
        and len(actions) > 0
        and start.dtype == np.float64
        and start.ndim == 1
        and all(len(values) in (len(actions), len(actions) + 1) for values in episode.states.values())
        and all(state.shape == start.shape for state in episode.checkpoints.values())
        and isinstance(episode.control_timestep, float)
        and 1e-4 < episode.control_timestep < 10.0
        and isinstance(episode.n_substeps, int)
        and episode.n_substeps > 0
    )
    if not sound:
        raise ValueError("it is no episode: a field has another type or shape")
    return episode
