"""What was judged, kept on disk by key: a judgement is a file, whole or not there, and each is made by one process at a time.

A file is written beside its place, brought to the disk, and renamed. Who makes one claims it by a lock that the system takes away
from a process that dies, so that nothing is left behind by `kill -9`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...scenarios.sheet.errors import ShiliuError
from ..formats.partial import beside, sweep_all

MADE, DRAWN, LAST = "judged", "drawn", "last"  # kinds: judgements, what is drawn of some, which is the last of a take
_PART = "part"
_READ_ME = """This folder holds what `shiliu replay` has judged, each recording once. Whoever deletes it loses nothing but time.
"""


class Ledger:
    """A ledger in a folder, which is made.

    Raises:
        ShiliuError: nothing can be written there, or the folder is something else.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        with writing(self.folder):
            if self.folder.is_dir() and not _ours(self.folder):
                raise ShiliuError(
                    "is no ledger and not empty. Choose another folder.", file=self.folder, field="ledger"
                )
            (self.folder / _PART).mkdir(parents=True, exist_ok=True)
            if not (self.folder / "README.txt").is_file():
                self._write(self.folder / "README.txt", _READ_ME.encode())
            self._claims = os.open(self.folder / "claims", os.O_RDWR | os.O_CREAT, 0o666)
            sweep_all(self.folder / _PART)

    def path(self, key: str, kind: str = MADE) -> Path:
        return self.folder / kind / key[:2] / f"{key[2:]}.json.zst"

    def get(self, key: str, kind: str = MADE) -> bytes | None:
        """The bytes, or None where there are none."""
        try:
            return self.path(key, kind).read_bytes()
        except FileNotFoundError:
            return None

    def has(self, key: str) -> bool:
        return self.path(key).is_file()

    def put(self, key: str, data: bytes, kind: str = MADE) -> None:
        """Write; whoever looks finds all of it or nothing.

        Raises:
            ShiliuError: it cannot be written, as where the disk is full.
        """
        path = self.path(key, kind)
        with writing(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, data)

    def drop(self, key: str, kind: str = MADE) -> None:
        """Take away what is torn."""
        with writing(self.folder):
            self.path(key, kind).unlink(missing_ok=True)

    @contextmanager
    def claimed(self, key: str) -> Iterator[bool]:
        """Whether this process is the one that makes this key, for as long as the block lasts."""
        place = int(key[:12], 16)  # one byte of a file that holds none: locks need nothing to be there
        try:
            fcntl.lockf(self._claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._claims, fcntl.LOCK_UN, 1, place)

    def _write(self, path: Path, data: bytes) -> None:
        part = beside(self.folder / _PART / path.name)
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _ours(folder: Path) -> bool:
    names = {item.name for item in folder.iterdir()}
    return not names or "README.txt" in names or names <= {_PART, "claims"}


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What the system says of a folder, as an error that a user can mend."""
    try:
        yield
    except OSError as error:
        raise ShiliuError(
            f"cannot be written: {(error.strerror or str(error)).lower()}. What is judged already is kept; make room or choose "
            "another folder, and run the same command again.",
            file=folder,
            field="ledger",
        ) from error
