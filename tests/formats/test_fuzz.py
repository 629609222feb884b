"""Broken files: whatever comes in, a reader ends in one clear error or a recording, soon, in little memory, leaving nothing.

`READERS` is the table: a format is a line there, or `DAMAGED` in the test of its reader: (format, a function that writes a small
whole file of it into a folder, beside a mapping `file.yaml`, and the files that may be broken). Files are then cut, flipped,
swapped, given sizes without end and other types, from a seed, so that a failure names the very file.
"""

from __future__ import annotations

import hashlib
import re
import runpy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from breaking import fault, mutate_file, needs_linux
from shiliu.replay.formats import read
from shiliu.replay.formats.records import readers
from shiliu.replay.recording.metadata import read_metadata
from shiliu.replay.recording.recording import Recording, SimEpisode, Unreadable
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError
from whole_files import (
    MAPPING,
    METADATA,
    bag,
    dapg,
    dataset,
    foreign,
    hdf5,
    mapped_bag,
    mcap,
    minari,
    npz,
    text,
)

QUICK, ALL = 150, 2000  # files over all readers


def mapped(path: Path) -> list[Recording | Unreadable]:
    return take(path, mapping=path.with_name("file.yaml"))


@dataclass(frozen=True)
class Reader:
    """A reader under test.

    Attributes:
        make: writes a small whole source into a folder; returns the path that is read.
        read: reads it to the end.
        broken: which files may be broken, as patterns below the folder.
        after: what is done to the folder once a file is broken.
    """

    name: str
    make: Callable[[Path], Path]
    read: Callable[[Path], object]
    broken: tuple[str, ...]
    after: Callable[[Path], None] = lambda folder: None


def take(path: Path, **options) -> list[Recording | Unreadable]:
    """Everything that a path holds, looked at."""
    items = list(read(path, **options))
    for item in items:
        assert isinstance(item, Recording | Unreadable)
        if isinstance(item, Recording):
            assert repr(item) and isinstance(item.start_ns, int | None)
            assert all(repr(stream) for stream in item.streams.values())
            if item.episode is not None:
                plausible(item.episode)
        else:
            assert isinstance(item.error, EpisodeError)
    return items


def plausible(made: SimEpisode) -> None:
    """What every user of an episode relies on."""
    assert type(made.seed) is int and made.n_substeps >= 1 and made.duration_s > 0
    assert made.start_state.dtype == np.float64 and made.actions.dtype == np.float32
    assert all(state.shape == made.start_state.shape for state in made.checkpoints.values())
    assert all(len(values) - made.n_steps in (0, 1) for values in made.states.values())
    assert made.actions.shape == (made.n_steps, len(made.action_names))
    assert all(np.isfinite([s["t0"], s["t1"]]).all() and isinstance(s["skill"], str) for s in made.segments)
    assert made.label.get("success") in (True, False, None) and isinstance(made.metadata, dict)


def seal(folder: Path) -> None:
    """Give a set the hashes of its changed side files, as somebody would who changes them on purpose."""
    for number in (0, 1):
        path = folder / f"set/meta/episodes/chunk-000/file-00{number}.parquet"
        table = pq.read_table(path)
        hashes = []
        for k in table.column("episode_index").to_pylist():
            side = folder / f"set/shiliu/episodes/episode_{k:06d}"
            content = [side.with_suffix(ending).read_bytes() for ending in (".json", ".npz")]
            config = next((folder / "set/shiliu/configs").iterdir())
            hashes.append(hashlib.sha256(b"".join(content) + config.read_bytes()).hexdigest())
        i = table.column_names.index("shiliu/side_sha256")
        pq.write_table(table.set_column(i, "shiliu/side_sha256", pa.array(hashes)), path)


SETS = ("set/meta/info.json", "set/meta/episodes/**/*.parquet", "set/data/**/*.parquet", "set/shiliu/**/*.*")

READERS = [
    Reader("rosbag1", bag, take, ("take.bag",)),
    Reader("rosbag1 bz2", lambda folder: bag(folder, "BZ2"), take, ("take.bag",)),
    Reader("rosbag1 lz4", lambda folder: bag(folder, "LZ4"), take, ("take.bag",)),
    Reader("lerobot", dataset, take, SETS),
    Reader("lerobot sealed", dataset, take, ("set/shiliu/**/*.json", "set/shiliu/**/*.npz"), seal),
    Reader("lerobot of others", foreign, mapped, ("theirs/**/*.parquet", "theirs/**/*.json")),
    Reader("npz", npz, mapped, ("take.npz",)),
    Reader("hdf5", hdf5, mapped, ("take.hdf5",)),
    Reader("minari", minari, mapped, ("theirs/data/*",)),
    Reader("dapg", lambda folder: dapg(folder, 2), mapped, ("take.pickle",)),
    Reader("dapg framed", lambda folder: dapg(folder, 5), mapped, ("take.pickle",)),
    Reader("mcap", mcap, take, ("take.mcap",)),
    Reader("mapping of arrays", npz, lambda path: mapped(path.with_name("take.npz")), ("file.yaml",)),
    Reader("mapping", mapped_bag, lambda path: take(path.with_name("take.bag"), mapping=path), ("file.yaml",)),
    Reader("metadata", text(METADATA), read_metadata, ("file.yaml",)),
]


def of_other_tests() -> Iterator[Reader]:
    """What the tests of readers beside this one give to be damaged."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        if re.search("^DAMAGED = ", file.read_text(encoding="utf-8"), re.MULTILINE) and file != Path(__file__):
            for name, make, broken in runpy.run_path(str(file))["DAMAGED"]:
                yield Reader(name, make, mapped, broken)


READERS += of_other_tests()

NOT_FUZZED = {"rosbag2": "SQLite and `rosbags` read it; tests/formats/test_mcap.py breaks one by hand"}


def test_every_reader_is_fuzzed_or_named_with_a_reason():
    fuzzed = {reader.name.split()[0] for reader in READERS}
    assert set(readers()) - fuzzed == set(NOT_FUZZED)


def fuzz(reader: Reader, tmp_path: Path, seeds: range) -> tuple[list[str], int]:
    """Faults, and how many files were refused."""
    whole = tmp_path / "whole"
    whole.mkdir()
    path = reader.make(whole).relative_to(whole)
    assert fault(lambda: reader.read(whole / path), whole) is None, "the whole file"
    files = sorted({p.relative_to(whole) for pattern in reader.broken for p in whole.glob(pattern) if p.is_file()})
    found, refused = [], 0
    folder = tmp_path / "broken"
    for seed in seeds:
        rng = np.random.default_rng([seed, sum(reader.name.encode())])
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        name = files[int(rng.integers(len(files)))]
        mutate_file(folder / name, rng)
        try:
            reader.after(folder)
        except Exception:
            pass  # what is broken cannot always be sealed

        def call() -> None:
            nonlocal refused
            try:
                items = reader.read(folder / path)
            except (EpisodeError, ScenarioError):
                refused += 1
                raise
            refused += isinstance(items, list) and any(isinstance(item, Unreadable) for item in items)

        wrong = fault(call, folder)
        if wrong is not None:
            found.append(f"seed {seed}, {name}: {wrong}")
    return found, refused


@needs_linux
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_broken_files(reader, tmp_path):
    found, refused = fuzz(reader, tmp_path, range(QUICK // len(READERS)))
    assert not found, "\n".join(found)
    assert refused, "nothing was broken"


@needs_linux
@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_many_broken_files(reader, tmp_path):
    found, refused = fuzz(reader, tmp_path, range(1000, 1000 + -(-ALL // len(READERS))))
    assert not found, f"{len(found)} faults\n" + "\n".join(found[:40])
    assert refused > 50


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]\n" for k in range(1, 10)
)

HARD = {
    "bomb": BOMB,
    "deep": "a: " + "[" * 100_000,
    "deep block": "".join(" " * k + "a:\n" for k in range(2000)),
    "itself": "a: &a [*a]\n",
    "day": "title: 2026-13-45\n",
    "digits": "title: " + "9" * 5000 + "\n",
    "keys": "? [a, b]\n: c\n",
    "merge": "a: {<<: 5}\n",
    "binary": "title: !!binary x\n",
    "python": "title: !!python/object/apply:os.getcwd []\n",
    "empty": "",
    "two": "a: 1\n---\nb: 2\n",
    "marks": "\ufeff%YAML 9.9\n---\n",
}


@needs_linux
@pytest.mark.parametrize("kind", HARD)
@pytest.mark.parametrize("reader", [r for r in READERS if "file.yaml" in r.broken], ids=lambda reader: reader.name)
def test_hard_yaml(reader, kind, tmp_path):
    path = reader.make(tmp_path)
    path.write_text(HARD[kind], encoding="utf-8")
    assert fault(lambda: reader.read(path), tmp_path) is None
    with pytest.raises((EpisodeError, ScenarioError)):
        reader.read(path)


@pytest.mark.parametrize(
    "change",
    [
        ("recognise", "also: [{file}]\nrecognise"),
        ("unused: {/tf*", "unused: {5"),
        ("  /battery:", "  5:"),
        ("spellings: {arm: [[", "spellings: {arm: 5, other: [["),
        ("names: {arm", "names: {5"),
    ],
)
def test_mappings_that_lead_nowhere(change, tmp_path):
    path = mapped_bag(tmp_path)
    old, new = change
    path.write_text(MAPPING.replace(old, new.format(file=path) if "{file}" in new else new))
    with pytest.raises(EpisodeError, match=r"leads back to this file|must be|none of the lists|is not a (list|mapping|word)|not as a word"):
        take(tmp_path / "take.bag", mapping=path)


@needs_linux
@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [100, 400])
@pytest.mark.parametrize("compression", ["BZ2", "LZ4"])
def test_a_bag_that_unpacks_to_much_more_than_it_is(compression, megabytes, tmp_path):
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    writer = Writer(tmp_path / "take.bag")
    writer.set_compression(Writer.CompressionFormat[compression])
    with writer:
        kind = "sensor_msgs/msg/JointState"
        connection = writer.add_connection("/kuavo_arm_traj", kind, typestore=get_typestore(Stores.ROS1_NOETIC))
        writer.write(connection, 10**18, bytes(megabytes << 20))
    assert fault(lambda: take(tmp_path / "take.bag"), tmp_path) is None


@needs_linux
@pytest.mark.parametrize("megabytes", [50, 250])
def test_an_archive_that_unpacks_to_much_more_than_it_is(megabytes, tmp_path):
    path = dataset(tmp_path)
    np.savez_compressed(tmp_path / "large.npz", start_state=np.zeros(megabytes << 17))
    for archive in sorted((path / "shiliu/episodes").glob("*.npz")):
        shutil.copy(tmp_path / "large.npz", archive)
    seal(tmp_path)
    assert fault(lambda: take(path), tmp_path) is None
    with pytest.raises(EpisodeError, match=r"unpacks to more than|checkpoint_steps"):
        take(path)


@needs_linux
def test_the_judgement_sees_each_fault(tmp_path):
    def refuse():
        raise EpisodeError("broken. Copy it again.")

    def crash():
        raise KeyError("header")

    def hang():
        while True:
            pass

    def hog():
        np.ones(512 << 17).sum()  # 512 MiB: the kernel's count may be off by tens of MB on a machine of many cores

    def litter():
        (tmp_path / "x.tmp").write_text("x")

    assert fault(refuse, tmp_path) is None
    assert fault(lambda: None, tmp_path) is None
    assert fault(crash, tmp_path) == "KeyError: 'header'"
    assert fault(hang, tmp_path, seconds=0.2) == "not done after 0.2 s"
    assert str(fault(hog, tmp_path, megabytes=256)).startswith("took ")
    assert fault(hog, tmp_path, megabytes=1024) is None
    assert fault(litter, tmp_path) == "changed the folder"
