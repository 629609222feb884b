"""Finished episodes of an interrupted recording run, kept beside the dataset until it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..recording.recording import SimEpisode

_ARRAYS = ("start_state", "actions")


class Spool:
    """A hidden folder of episodes by seed; a run with the same settings goes on where the last one stopped.

    Args:
        out: where the dataset will be; the folder lies beside it.
        settings: what the episodes depend on besides their seed; another setting is another folder.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any]):
        digest = hashlib.sha256(json.dumps(dict(settings), sort_keys=True, default=str).encode()).hexdigest()[:12]
        self.folder = out.parent / f".{out.name}.{digest}.spool"

    def load(self, seed: int) -> SimEpisode | None:
        """The finished episode of a seed, or None; a torn file counts as none."""
        path = self.folder / f"{seed}.npz"
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as archive:
                meta = json.loads(str(archive["meta"]))
                arrays = {name: archive[name] for name in archive.files if name != "meta"}
        except (ValueError, OSError, KeyError, EOFError, BadZipFile):
            return None
        states = {name[7:]: arrays[name] for name in arrays if name.startswith("states/")}
        checkpoints = {int(name[12:]): arrays[name] for name in arrays if name.startswith("checkpoints/")}
        meta["action_names"] = tuple(meta["action_names"])
        return SimEpisode(**meta, states=states, checkpoints=checkpoints, **{name: arrays[name] for name in _ARRAYS})

    def save(self, episode: SimEpisode) -> None:
        """Keep an episode: written whole to a temporary file, then renamed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        left = {"states", "checkpoints", *_ARRAYS}
        meta = {f.name: getattr(episode, f.name) for f in fields(episode) if f.name not in left}
        arrays: dict[str, Any] = {name: getattr(episode, name) for name in _ARRAYS}
        arrays |= {f"states/{name}": values for name, values in episode.states.items()}
        arrays |= {f"checkpoints/{t}": state for t, state in episode.checkpoints.items()}
        temporary = self.folder / f".{episode.seed}.{os.getpid()}.tmp"
        with temporary.open("wb") as file:
            np.savez(file, meta=np.array(json.dumps(meta)), **arrays)
        os.replace(temporary, self.folder / f"{episode.seed}.npz")

    def drop(self) -> None:
        """Remove the folder, once the dataset is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)
