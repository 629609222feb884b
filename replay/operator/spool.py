"""Finished episodes of an interrupted recording run, kept beside the dataset until it is whole."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..formats.episode_archive import TORN, pack, unpack
from ..formats.lerobot import layout
from ..recording.recording import SimEpisode

NOTE = "set"  # digest of the set that the episodes went into


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
        except TORN:
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

    def note(self, staged: Path) -> None:
        """Note that a set is about to be put in place which holds these episodes: should this process die before `drop`, `sweep` knows."""
        (self.folder / NOTE).write_text(_digest(staged))

    @staticmethod
    def sweep(out: Path) -> None:
        """Drop what was kept for the very set that lies at `out`: its run was killed when that was in place."""
        for note in out.absolute().parent.glob(f".{glob.escape(out.name)}.*.spool/{NOTE}"):
            try:
                if note.read_text() == _digest(out):
                    shutil.rmtree(note.parent, ignore_errors=True)
            except (OSError, UnicodeDecodeError):
                pass  # nothing, or another set, lies there

    def drop(self) -> None:
        """Remove the folder, once the dataset is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _digest(root: Path) -> str:
    return hashlib.sha256((root / layout.INFO).read_bytes() + (root / layout.STATS).read_bytes()).hexdigest()
