"""Finished episodes of an interrupted recording run, kept beside the dataset until it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from ..formats.episode_archive import pack, unpack
from ..recording.recording import SimEpisode


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
            return unpack(path.read_bytes())
        except (ValueError, OSError, KeyError, TypeError, EOFError, BadZipFile, zlib.error):
            return None

    def save(self, episode: SimEpisode) -> None:
        """Keep an episode: written whole to a temporary file, then renamed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{episode.seed}.{os.getpid()}.tmp"
        try:
            temporary.write_bytes(pack(episode))
            os.replace(temporary, self.folder / f"{episode.seed}.npz")
        except BaseException:
            temporary.unlink(missing_ok=True)
            if not any(self.folder.iterdir()):
                self.folder.rmdir()
            raise

    def drop(self) -> None:
        """Remove the folder, once the dataset is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)
