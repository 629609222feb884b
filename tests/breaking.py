"""Files broken from a seed, and whether what reads them ends as it should: soon, in little memory, with one clear error."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError

SECONDS, MEGABYTES = 5.0, 500

LONG = [2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, 2**28, 2**40]

# the same word in another type, as NumPy, HDF5, Arrow, ROS and JSON spell it
TYPES = [
    (b"<f8", b"|O8"), (b"<f8", b"<c8"), (b"<f4", b"<U9"), (b"<i8", b"<f8"), (b"float32", b"float64"),
    (b"float32", b"strings"), (b"float64", b"float32"), (b"int64", b"bool "), (b"float64", b"string "), (b"uint32", b"string"),
    (b"double", b"string"),
]  # fmt: skip


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut a file, flip bits, swap, repeat or blank stretches, put in a size without end, or another type."""
    if not content:
        return rng.bytes(16)
    kind, at, n = int(rng.integers(8)), int(rng.integers(len(content))), int(rng.integers(1, 65))
    if kind == 0:
        return content[:at]
    if kind == 1:
        changed = bytearray(content)
        for _ in range(n // 8 + 1):
            changed[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
        return bytes(changed)
    if kind == 2:
        to = int(rng.integers(len(content)))
        a, b = sorted((at, to))
        n = min(n, b - a, len(content) - b)
        return content[:a] + content[b : b + n] + content[a + n : b] + content[a : a + n] + content[b + n :]
    if kind == 3:
        size = LONG[int(rng.integers(len(LONG)))]
        width = 4 if size < 2**32 and rng.random() < 0.7 else 8
        order = "little" if rng.random() < 0.8 else "big"
        return content[:at] + size.to_bytes(width, order) + content[at + width :]
    if kind == 4:
        return content[:at] + bytes(n) + content[at + n :]
    if kind == 5:
        return content[: at + n] + content[at:]
    if kind == 6:
        return content[:at] + rng.bytes(n) + content[at + n :]
    there = [pair for pair in TYPES if pair[0] in content]
    if not there:
        return content[:at] + content[at + n :]
    old, new = there[int(rng.integers(len(there)))]
    places = content.count(old)
    k = int(rng.integers(places))
    head = content.split(old, k + 1)
    return old.join(head[:-1]) + new + head[-1]


ODD = [
    None,
    True,
    -1,
    0,
    1e308,
    2**70,
    "",
    "x",
    "../..",
    [],
    {},
    [[]],
    {"a": {}},
    float("nan"),
    [None],
    "\x00",
    "9" * 400,
]


def mutate_tree(tree: object, rng: np.random.Generator) -> object:
    """Another value at one place of a tree, or a key that is gone, doubled or misspelt."""
    if not isinstance(tree, dict | list) or not tree or rng.random() < 0.08:
        return ODD[int(rng.integers(len(ODD)))]
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    key = keys[int(rng.integers(len(keys)))]
    if isinstance(tree, list):
        if rng.random() < 0.2:
            return tree[:key] if rng.random() < 0.5 else [*tree, *tree]
        return [mutate_tree(v, rng) if i == key else v for i, v in enumerate(tree)]
    if rng.random() < 0.15:
        return {k: v for k, v in tree.items() if k != key}
    if rng.random() < 0.1:
        return {(f"{k}x" if k == key else k): v for k, v in tree.items()}
    return {k: mutate_tree(v, rng) if k == key else v for k, v in tree.items()}


def mutate_table(path: Path, rng: np.random.Generator) -> None:
    """A Parquet file with a column gone, of another type, with holes, of other lengths, or with its rows shuffled."""
    table = pq.read_table(path)
    i = int(rng.integers(table.num_columns))
    name, values = table.column_names[i], table.column(i).to_pylist()
    kind = int(rng.integers(6))
    if kind == 0:
        table = table.drop_columns([name])
    elif kind == 1:
        table = table.set_column(i, name, pa.array([str(v) for v in values]))
    elif kind == 2:
        table = table.set_column(i, name, pa.array([None, *values[1:]], type=table.schema.field(i).type))
    elif kind == 3:
        table = table.set_column(i, name, pa.array([[k] * k for k in range(len(values))]))
    elif kind == 4:
        table = table.take(pa.array(rng.permutation(table.num_rows)))
    else:
        table = table.slice(0, int(rng.integers(table.num_rows + 1)))
    pq.write_table(table, path)


def mutate_file(path: Path, rng: np.random.Generator) -> None:
    """Break one file: its bytes, or, for formats with an inside, the values in it."""
    content = path.read_bytes()
    inside = rng.random() < 0.5
    if inside and path.suffix == ".json":
        path.write_text(json.dumps(mutate_tree(json.loads(content), rng)))
    elif inside and path.suffix == ".yaml":
        path.write_text(yaml.safe_dump(mutate_tree(yaml.safe_load(content), rng), allow_unicode=True))
    elif inside and path.suffix == ".parquet":
        mutate_table(path, rng)
    elif inside and path.suffix == ".npz":
        mutate_archive(path, rng)
    else:
        path.write_bytes(mutate(content, rng))


def mutate_archive(path: Path, rng: np.random.Generator) -> None:
    """A NumPy archive with an array gone, of another type or shape, or of numbers that are none."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = list(arrays)[int(rng.integers(len(arrays)))]
    array = arrays.pop(name)
    odd = [None, array.astype("U"), array.astype(complex), array[..., None], array[:0], array.ravel()[:1].reshape(()),
           np.full_like(array, -1), array.astype("f2"), array.astype("S4"), np.array(["x"])]  # fmt: skip
    changed = odd[int(rng.integers(len(odd)))]
    np.savez(path, **arrays, **({} if changed is None else {name: changed}))


class TooLong(BaseException):
    """Raised by the alarm; no reader catches it."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TooLong

    # processor time, so that a busy machine makes no fault
    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def memory(peak: bool) -> float:
    """Memory of this process [MB], now or at its highest since the last reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:" if peak else "VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def fault(
    call: Callable[[], object], folder: Path, seconds: float = SECONDS, megabytes: float = MEGABYTES
) -> str | None:
    """What is wrong with how a call ended, None where it ended as it should."""
    before = {p.relative_to(folder): p.stat().st_mtime_ns for p in folder.rglob("*")}
    Path("/proc/self/clear_refs").write_text("5")  # resets the highest mark
    start, begin, wrong = memory(peak=False), time.process_time(), None
    try:
        with alarm(seconds):
            call()
    except (EpisodeError, ScenarioError) as error:
        wrong = None if str(error) and len(str(error)) < 20_000 else f"an error of {len(str(error))} characters"
    except TooLong:
        wrong = f"not done after {seconds} s"
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    if (took := time.process_time() - begin) > seconds:
        wrong = wrong or f"took {took:.1f} s"
    if (grown := memory(peak=True) - start) > megabytes:
        wrong = wrong or f"took {grown:.0f} MB"
    if {p.relative_to(folder): p.stat().st_mtime_ns for p in folder.rglob("*")} != before:
        wrong = wrong or "changed the folder"
    return wrong


needs_linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured through /proc")
