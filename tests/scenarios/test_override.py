"""Settings on a command line: every command that is printed for a person reads the same when it is typed into a shell."""

import html
import re
import shlex

import pytest
from shiliu.cli import parse
from shiliu.replay.commands.settings import Settings
from shiliu.replay.judge.verdict import StageResult, Verdict
from shiliu.replay.labels.sheet import LabelSheet
from shiliu.replay.report.html import render
from shiliu.replay.report.text import Words
from shiliu.scenarios.reading.composition import compose
from shiliu.scenarios.reading.override import command_line, quoted, unquoted

FOLDERS = [
    "demos",
    "my takes",
    "a=b,c",
    "it's",
    'say "x"',
    "'begins",
    "录制 一",
    "录制（二），三",
    "x\\",
    "$HOME",
    "~a",
]


def judged(source):
    stages = {"integrity": StageResult("integrity", "FEASIBLE")}
    return Verdict(source.partition("#")[0], source, verdict="FEASIBLE", stages=stages)


def as_typed(request):
    return command_line(request.verb, request.overrides, request.conf_dir)


def printed(page):
    """The commands of a page's sheets, as a person would copy them."""
    return [html.unescape(text) for text in re.findall(r'<pre class="mono">(shiliu.*?)</pre>', page, re.DOTALL)]


def read_back(line):
    """The settings that a line gives once a shell has read it."""
    words = shlex.split(line)
    assert words[0] == "shiliu"
    return Settings(parse(words[1:]))


@pytest.mark.parametrize(
    ("folder", "inside"),
    [(folder, "") for folder in FOLDERS]
    + [(folder, inside) for folder in ("demos", "a=b,c") for inside in ("take 1.bag", "set, a/take=1.bag", "套装")],
)
def test_see_it_again_can_be_run(tmp_path, monkeypatch, folder, inside):
    """A set (set#k), a file of a folder, a set of a folder: the command leads to what was judged, by the verb's own parser."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / folder / inside).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / inside).mkdir()
    out = f"判定 {folder}"
    request = parse(
        ["replay", f"data={folder}", f"out={out}", "strict=true", "fail_on=infeasible>5%", "scenario=bare"]
    )
    source = inside or folder
    page = render([judged(f"{source}#0"), judged(f"{source}#1")], Words("en"), as_typed(request))
    (again, twice) = printed(page)
    assert again == twice
    settings = read_back(again)
    assert settings["data"].word() == (f"{folder}/{inside}" if inside else folder)
    assert (tmp_path / settings["data"].word()).is_dir()
    assert settings["out"].word() == out and settings["fail_on"].word() == "infeasible>5%" and settings["strict"].flag()
    assert settings.chosen("scenario") == "bare"


def test_a_plain_command_stays_plain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demos").mkdir()
    request = parse(["replay", "data=demos", "out=vt"])
    assert (
        printed(render([judged("demos#0"), judged("demos#1")], Words("zh"), as_typed(request)))
        == ["shiliu replay data=demos out=vt"] * 2
    )
    monkeypatch.chdir(tmp_path / "demos")  # a set is called by its own name, however it was named
    here = as_typed(parse(["replay", "data=.", "out=vt"]))
    assert (
        printed(render([judged("demos#0"), judged("demos#1")], Words("en"), here))[0] == "shiliu replay data=. out=vt"
    )
    (tmp_path / "demos" / "demos").mkdir()
    assert (
        printed(render([judged("demos#0"), judged("demos#1")], Words("en"), here))[0]
        == "shiliu replay data=demos out=vt"
    )


def test_the_folder_of_configs_is_part_of_theas_typed(tmp_path):
    line = as_typed(parse(["replay", "data=x", "out=y", "--config-dir", "my conf"]))
    assert str(parse(shlex.split(line)[1:]).conf_dir) == "my conf"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_sheet_says_how_it_is_applied(tmp_path, folder):
    with LabelSheet(tmp_path / "s.yaml", folder):
        pass
    line = next(
        line
        for line in (tmp_path / "s.yaml").read_text(encoding="utf-8").splitlines()
        if line.startswith("#   shiliu label ")
    )
    settings = read_back(line.lstrip("# "))
    assert (settings["data"].word(), settings["apply"].word()) == (folder, "THIS_FILE")


@pytest.mark.parametrize("value", [*FOLDERS, "20 N", "a(b)", "[1, 2]", "null", "1e3", "x,y"])
def test_what_is_quoted_is_unquoted_again(value):
    for key in ("data", "scenario.parts.oven.latch_force"):
        word = quoted(f"{key}={value}")
        assert quoted(unquoted(word)) == word
    assert unquoted("x='null'") == "x='null'", "a string that looks like another type keeps its quotes"


def test_a_scenario_with_a_chinese_name_needs_no_quotes(tmp_path):
    (tmp_path / "scenario").mkdir()
    text = "title: {en: A, zh: 甲}\nversion: 1\nrobot: {stands_at: {x: 0 mm}, pose: home}\nparts: {}\njudge: {required: []}\n"
    (tmp_path / "scenario" / "摆托盘.yaml").write_text(text, encoding="utf-8")
    request = parse(["check", "scenario=摆托盘"])
    assert compose("check", request.overrides, tmp_path).chosen["scenario"] == "摆托盘"


def test_a_line_is_what_a_shell_reads():
    line = command_line("replay", [quoted("data=it's a, b=1"), quoted("out=vt")], "my conf")
    assert shlex.split(line) == ["shiliu", "replay", "data=it's a, b=1", "out=vt", "--config-dir=my conf"]
