"""A data set that lies in a corpus as it was written: one archive, `sets/NAME.tar.xz`, which is unpacked to be read."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ...scenarios.sheet.errors import EpisodeError
from ..formats.atomic_folder import whole_file
from ..line.digest import file_digest

ENDING = ".tar.xz"


def keep_whole(data: Path, place: Path) -> None:
    """Put a data set into a corpus, once.

    The archive holds names and bytes only: no times, owners or modes, so that the same set is the same archive.

    Args:
        place: path without the ending, as `KeptTake.written` has it below the corpus.

    Raises:
        EpisodeError: another data set of that name lies there.
    """
    if place.is_dir() or place.with_name(place.name + ENDING).exists():
        with opened(place) as there:
            if _files(there) != _files(data):
                problem = f"{place.parent.name}/{place.name} is another data set of that name. Rename one of them."
                raise EpisodeError(problem, file=place.parents[1], field="whole")
        return
    with whole_file(place.with_name(place.name + ENDING)) as part, tarfile.open(part, "w:xz", format=tarfile.PAX_FORMAT) as archive:
        for name in _files(data):
            block = (data / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(block)
            archive.addfile(entry, io.BytesIO(block))


@contextmanager
def opened(place: Path) -> Iterator[Path]:
    """The folder, of the same name, of a data set that was kept whole, for as long as it is read.

    A corpus of an earlier version has the folder itself.

    Raises:
        EpisodeError: there is neither, or the archive cannot be read.
    """
    if place.is_dir():
        yield place
        return
    file = place.with_name(place.name + ENDING)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / place.name
        try:
            with tarfile.open(file, "r:xz") as archive:
                archive.extractall(folder, filter="data")  # refuses names that leave the folder
        except (OSError, EOFError, tarfile.TarError) as error:
            raise EpisodeError(f"cannot be read ({error}): copy the corpus again.", file=file) from error
        yield folder


def _files(folder: Path) -> dict[str, str]:
    return {one.relative_to(folder).as_posix(): file_digest(one) for one in sorted(folder.rglob("*")) if one.is_file()}
