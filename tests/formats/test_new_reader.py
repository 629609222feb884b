"""The guide of docs/new-reader.md is carried out as it stands; and the table of docs/formats.md is that of the records."""

import re
import runpy
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from shiliu.replay import formats
from shiliu.replay.formats import mapping_file, read
from shiliu.replay.formats.records import PageRow, Reader, readers
from shiliu.scenarios.sheet.errors import EpisodeError

ROOT = Path(__file__).resolve().parents[2]
PAGE, GUIDE = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("formats.md", "new-reader.md"))
ARRAYS = "shiliu.replay.formats.arrays"


@pytest.fixture
def guide(monkeypatch, tmp_path):
    """The reader of the guide, as if its files were there; returns its mapping."""
    record, code = re.findall(r"(?s)```python\n(.*?)```", GUIDE)
    (sheet,) = re.findall(r"(?s)```yaml\n(.*?)```", GUIDE)
    names = {"Reader": Reader, "PageRow": PageRow, "__name__": ARRAYS}
    exec(record, names)
    new = names["READERS"][-1]
    module = ModuleType(new.module)
    module.__package__ = ARRAYS
    exec(code, vars(module))
    monkeypatch.setitem(sys.modules, new.module, module)
    known = {**readers(), new.name: new}
    monkeypatch.setattr(formats, "readers", lambda: known)
    monkeypatch.setattr(mapping_file, "readers", lambda: known)
    path = tmp_path / "mine.yaml"
    path.write_text(sheet, encoding="utf-8")
    return path


def test_the_reader_of_the_guide_reads(guide, tmp_path):
    path = tmp_path / "take.csv"
    path.write_text("\ufefft,q1\n0.00,0.5\n0.01,0.6\n\n", encoding="utf-8")
    (recording,) = read(path, guide)
    stream = recording.streams["q"]
    assert stream.values.tolist() == [[0.5], [0.6]] and np.diff(stream.time_ns).tolist() == [10_000_000]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no row of numbers"),
        (b"t,q1\n", "no row of numbers"),
        (b"t,q1\n0,1,2\n", "3 columns, 2 names"),
        (b"t,t\n0,1\n", "2 columns, 1 names"),
        (b"t,q1\n0,one\n", "cannot be read"),
        (b"t,q1\n0,\xff\n", "no UTF-8: byte 7"),
        (b"t,q1\n" + b"0,1\n" * (1 << 24), "larger than 64 MiB"),
    ],
    ids=("empty", "names alone", "more columns", "one name twice", "a word", "no text", "large"),
)
def test_the_reader_of_the_guide_refuses_what_is_broken(guide, tmp_path, content, message):
    path = tmp_path / "take.csv"
    path.write_bytes(content)
    with pytest.raises(EpisodeError, match=message):
        list(read(path, guide))


def test_the_table_of_formats_is_that_of_the_records():
    made = runpy.run_path(str(ROOT / "docs" / "formats.py"))
    assert PAGE == made["page"](), "run python docs/formats.py"
    assert [name for name, reader in readers().items() if not reader.rows] == []
    new = Reader("csv", "CSV tables", "", "", rows=(PageRow("CSV", "r", "w", "l", "m", "t"),))
    assert made["table"]([*new.rows]).endswith("| CSV | r | w | l | m | t |\n")
