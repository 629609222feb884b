"""Names of files as they come: out of a zip of another country, with line ends, with what moves a terminal's cursor."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from shiliu import cli
from shiliu.replay.commands.where import note_passed_over
from shiliu.replay.formats import entries
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.line.inbox import Changes, Inbox
from shiliu.replay.report.html import _narrowed
from shiliu.replay.report.markdown import summary
from shiliu.replay.report.text import Words
from shiliu.scenarios.reading.composition import CONF, compose
from shiliu.scenarios.reading.override import quoted, shell_line
from shiliu.scenarios.sheet.errors import EpisodeError, ShiliuError, as_named, printable, shown
from swinging import RATE, waving

pytestmark = pytest.mark.usefixtures("forked_workers")

GBK = os.fsdecode(b"\xce\xd2\xb5\xc4")  # two characters, as a zip from Windows has them
ODD = {
    f"{GBK}.bag": "\\xceҵ\\xc4.bag",  # two bytes of it happen to be UTF-8
    "a\nb.bag": "a\\x0ab.bag",
    "a\\x0ab.bag": "a\\\\x0ab.bag",
    "esc\x1b[31m.bag": "esc\\x1b[31m.bag",
    "\u202egab.bag": "\\u202egab.bag",
    "two\u2028lines.bag": "two\\u2028lines.bag",
    "folder\\file.bag": "folder\\file.bag",
    "我的 录制\u3000一.bag": "我的 录制\u3000一.bag",
}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux alone")


def test_no_two_names_become_one():
    for name, text in ODD.items():
        assert shown(name) == text and text.encode() and len(text.splitlines()) == 1
        assert printable(text) == text  # once is enough
    assert len(set(ODD.values())) == len(ODD)
    assert shown(os.fsdecode(b"\x85")) != shown("\x85")
    assert str(ShiliuError("no.", file=Path(GBK, "a\n"))) == "\\xceҵ\\xc4/a\\x0a: no."
    assert EpisodeError(f"is called {GBK}.").message.encode()


@pytest.fixture(scope="module")
def folder(bare, tmp_path_factory) -> Path:
    """Junk under odd names, and the same set under a plain and two other names."""
    root = tmp_path_factory.mktemp("odd") / "data"
    write_lerobot(root / "set", [waving(bare, 1, 1.0)], bare.schema.lerobot_features(()), RATE)
    for other in (GBK, "我的"):
        shutil.copytree(root / "set", root / other)
    for name in ODD:
        (root / name).write_bytes(b"no bag")
    return root


def test_a_folder_is_listed_in_the_same_order_wherever(folder):
    assert [one.source for one in entries(folder)] == [
        shown(name) for name in sorted(("set", GBK, "我的", *ODD), key=os.fsencode)
    ]


@pytest.mark.parametrize("workers", [0, 1])
def test_each_is_one_line_and_ends_nothing(folder, tmp_path, workers, capsys):
    out = tmp_path / "out"
    assert cli.main(["replay", f"data={folder}", f"out={out}", "pictures=false", f"workers={workers}"]) == 3
    assert "\x1b[31m" not in capsys.readouterr().out
    lines = [json.loads(line) for line in (out / "verdicts.jsonl").read_text("utf-8").splitlines()]
    sets = ["set#0", "\\xceҵ\\xc4#0", "我的#0"]
    assert sorted(line["source"] for line in lines) == sorted([*ODD.values(), *sets])
    assert len({line["verdict"] for line in lines if line["source"] in sets}) == 1
    assert all(line["verdict"] is None for line in lines if line["source"] not in sets)
    named = (out / "refused.txt").read_bytes() + (out / "passed.txt").read_bytes()
    assert len(named.splitlines()) == named.count(b"\n") == len(lines) - 3 * (lines[0]["verdict"] == "INCONCLUSIVE")
    assert b"\x1b" not in named
    cases = [case.get("name") for case in ElementTree.parse(out / "junit.xml").iter("testcase")]
    assert sorted(cases) == sorted(line["source"] for line in lines)


def test_import_names_what_it_leaves_out(folder, tmp_path, capsys):
    assert cli.main(["import", f"data={folder}", f"out={tmp_path / 'out'}"]) == 2
    printed = capsys.readouterr().err
    assert all(f"shiliu: {name}: " in printed for name in ODD.values()) and "fault" not in printed


def test_watch_hears_of_them(folder, tmp_path):
    inbox, changes = Inbox(tmp_path, 0.0), Changes(tmp_path)
    try:
        assert changes.due()
        time.sleep(0.5)
        for name in ODD:
            shutil.copy(folder / name, tmp_path)
        begun = time.monotonic()
        while not changes.due():
            changes.wait(0.2)
        assert time.monotonic() - begun < 5.0
        assert sorted(one.entry.source for one in inbox.ready()) == sorted(ODD.values())
        while changes.due():
            time.sleep(0.5)
        (tmp_path / "later.bag").write_bytes(b"x")
        begun = time.monotonic()
        while not changes.due():
            changes.wait(0.2)
        assert time.monotonic() - begun < 5.0  # the watching has not ended over a name
    finally:
        changes.close()


def test_takes_that_lie_too_deep_are_counted_and_not_passed_over_in_silence(tmp_path, capsys):
    for place in ("here", "one/set", "one/two/set", "a/b/c/set", ".hid/b/c", "one/.hid/c"):
        (tmp_path / place / "meta").mkdir(parents=True)
        (tmp_path / place / "meta" / "info.json").write_text("{}")
    for place in ("x.bag", "one/x.bag", "one/empty/notes.txt", "u/v/x.mcap", "one/set/data/x.bag"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"")
    note_passed_over(tmp_path)
    assert "3 folders two or more levels below hold takes that are not read, such as a/b/c. " in capsys.readouterr().err
    note_passed_over(tmp_path / "one" / "set")
    note_passed_over(tmp_path / "one")
    note_passed_over(tmp_path / "x.bag")
    with pytest.raises(EpisodeError, match=r"no recording.* such as b/c"):
        entries(tmp_path / "a")
    assert not capsys.readouterr().err


@pytest.mark.parametrize("file", ["data/chunk-000/pipe", "meta/info.json"])
def test_a_pipe_inside_a_set_is_named_by_its_path(folder, tmp_path, capsys, file):
    for name in ("one", "two"):
        shutil.copytree(folder / "set", tmp_path / "in" / name)
    (tmp_path / "in" / "one" / file).unlink(missing_ok=True)
    os.mkfifo(tmp_path / "in" / "one" / file)
    assert cli.main(["replay", f"data={tmp_path / 'in'}", "check=intake", "pictures=false", f"out={tmp_path / 'out'}"]) == 3
    assert f"unreadable    {file}: is a" in capsys.readouterr().out
    errors = [one.text for one in ElementTree.parse(tmp_path / "out" / "junit.xml").iter("error")]
    assert len(errors) == 1 and errors[0].startswith(f"{file}: is a pipe")
    assert f"{file}: is a pipe" in (tmp_path / "out" / "summary.md").read_text()
    assert Verdict("a", "a.bag", error={"message": "is torn.", "file": "in/a.bag"}).unread == "is torn."


def test_the_summary_escapes_once():
    name = "<b>|`x`_shoulder_pan_[a](b) & #3 a#3"
    text = summary([Verdict("a", name, error={"message": "no", "file": None, "field": None})], Words("en"))
    cell = text.splitlines()[-1].split(" | ")[1]
    assert cell == "&lt;b&gt;&#124;&#96;x&#96;&#95;shoulder_pan&#95;&#91;a&#93;(b) &amp; &#35;3 a#3"


UNSEEN = ["a\nb", "a\u200bb", "\ufeffa", "a\U000e0041", "\u3164", "\u00ad", "\x7f", "\u2067"]


@pytest.mark.parametrize("name", [GBK, *UNSEEN, "a\\x0ab", "a\\U000e0041", "plain\\name", "我", "x\\\\y"], ids=shown)
def test_what_is_shown_leads_back_to_the_name(name):
    text = shown(name)
    assert as_named(text) == name
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs") and c != "\u3164" for c in text) and len(text.splitlines()) == 1


LONG = os.fsdecode(b"\xce\xd2" * 60)  # a name that the disk takes; what is shown of it is four times as long


@pytest.mark.parametrize("workers", [[], ["workers=1", "pictures=false"]], ids=["alone", "workers"])
def test_a_name_that_is_too_long_when_escaped_is_one_line(folder, tmp_path, workers):
    data = tmp_path / "data"
    shutil.copytree(folder / "set", data / "ok")
    shutil.copytree(folder / "set", data / f"{LONG}b")
    for ending in (".npz", ".bag", ".hdf5"):
        (data / f"{LONG}{ending}").write_bytes(b"junk")
    words = workers or ["check=intake"]
    assert cli.main(["replay", f"data={data}", f"out={tmp_path / 'out'}", *words]) in (1, 3)
    lines = [json.loads(line) for line in (tmp_path / "out" / "verdicts.jsonl").read_text().splitlines()]
    found = {line["source"]: line["verdict"] for line in lines}
    assert len(found) == 5 and found["ok#0"] is not None
    assert sum(verdict is None for verdict in found.values()) == 3 and found["\\xce\\xd2" * 60 + "b#0"] == found["ok#0"]


def test_a_page_narrows_its_command_to_the_file_that_is_there(tmp_path):
    (tmp_path / GBK).mkdir()
    assert _narrowed(str(tmp_path), shown(GBK)) == str(tmp_path / GBK)
    line = shell_line(["shiliu", f"data={GBK}'\n", "a b"])
    done = subprocess.run(["bash", "-c", f"printf '%s|' {line}"], capture_output=True, check=True)
    assert line.isprintable() and done.stdout == os.fsencode(f"shiliu|data={GBK}'\n|a b|")


def test_a_result_is_written_under_any_name_and_called_alike(folder, tmp_path, capsys):
    """What one verb calls `\\xce`, none calls `\\udcce`; a line end of a name ends no line."""
    data, name = folder / "set", f"{GBK}\n\x1b\u200b"
    made = [tmp_path / f"{one}{name}" for one in ("bags", "back", "plain", "verdicts", "page")]
    runs = [
        ["export", f"data={data}", "to=rosbag", f"out={made[0]}"],
        ["import", f"data={made[0]}", f"out={made[1]}"],
        ["export", f"data={data}", "to=lerobot", "plain=true", f"out={made[2]}"],
        ["replay", f"data={data}", "check=intake", f"out={made[3]}"],
        ["report", f"verdicts={made[3]}", f"out={made[4]}"],
        ["replay", "-m", f"data={data}", "check=intake", "strict=false,true", f"out={tmp_path / f'sweep{name}'}"],
        ["export", f"data={made[1]}", "to=mcap", f"out={tmp_path / f'again{name}'}"],
    ]
    for words in runs:
        assert cli.main(words) in (0, 1, 3), words
        printed = capsys.readouterr()
        text = printed.out + printed.err
        assert "\\udc" not in text and "\x1b" not in text and "\u200b" not in text
        assert "\\x0a\\x1b\\u200b" in text and shown(GBK) in text, words


def test_a_file_of_settings_is_found_by_its_name_and_as_it_is_shown(tmp_path, monkeypatch, capsys):
    """`list` shows nothing that a verb does not find; a dataset names its cell as text."""
    cells = tmp_path / "conf" / "cell"
    cells.mkdir(parents=True)
    shutil.copy(CONF / "cell" / "example-mw-01.yaml", cells / f"{GBK}.yaml")
    shutil.copy(CONF / "cell" / "example-mw-01.yaml", cells / "我.yaml")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["list", "cells"]) == 0 and f" {shown(GBK)} " in capsys.readouterr().out
    for name in (GBK, shown(GBK), "我"):
        assert cli.main(["list", "cells", name]) == 0 and printable(name) in capsys.readouterr().out
        composed = compose("scene", ["scenario=microwave", quoted(f"cell={name}")])
        assert composed.chosen["cell"] in (shown(GBK), "我") and composed.tree["cell"]["scenario"] == "microwave"
    other = os.fsdecode(b"\xce\xd3")
    for words in ("list cells ", "record scenario=microwave cell=", "replay data=conf out=o mapping="):
        assert cli.main(f"{words}{other}".split(" ")) == 2
        error = capsys.readouterr().err
        assert "xce\\xd3" in error and "\\udc" not in error
