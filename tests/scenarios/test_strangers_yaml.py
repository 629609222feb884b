"""YAML that anybody has written: nothing runs, nothing grows, nothing is read from the machine, and others are not stopped."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from shiliu import cli
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.scenarios.reading import composition
from shiliu.scenarios.reading.composition import CONF, compose, list_scenarios, members
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import MAX_BYTES, read_yaml, resolver_in
from shiliu.scenarios.tasks.own_sentences import scenario_of_task
from swinging import RATE, waving

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi")
)
BAD = {
    "bomb": (BOMB, "aliases"),
    "loop": ("a: &a\n  b: *a\n", "alias"),
    "deep": ("a: " + "[" * 5000 + "]" * 5000, "nested deeper"),
    "call": ("a: !!python/object/apply:os.system ['false']\n", "tag 'python/object/apply:os.system'"),
    "own": ("a: !env HOME\n", "tag '!env'"),
    "binary": ("a: !!binary aGVsbG8=\n", "tag 'binary'"),
    "digits": ("a: " + "9" * 5000, "more digits than any number here"),
    "cut": ("a: [1, 2\n", "no valid YAML"),
    "bytes": (b"\xff\xfe\x00", "no UTF-8"),
    "control": (b"a: \x00", "no valid YAML"),
    "large": ("# " + "x" * MAX_BYTES, "larger than"),
}


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", BAD)
def test_every_reader_has_the_same_bounds(tmp_path, name, capsys):
    content, why = BAD[name]
    file = written(tmp_path / "conf" / "scenario" / f"{name}.yaml", content)
    written(tmp_path / "conf" / "cell" / f"{name}.yaml", content)
    with pytest.raises(ScenarioError, match=why.replace("(", "\\(")):
        read_yaml(file)
    for words in (
        ["check", f"scenario={name}"],
        ["replay", f"cell={name}", f"data={tmp_path}"],
        ["replay", f"robot={file}", f"data={tmp_path}"],
        ["replay", f"mapping={file}", f"data={tmp_path}"],
        ["record", "scenario=table_setting", f"metadata={file}"],
        ["label", f"apply={file}", f"data={tmp_path}"],
    ):
        out = [] if words[0] == "check" else [f"out={tmp_path / 'out'}"]
        if "apply" in words[1] and name in ("large",):
            continue  # a sheet may be larger
        assert cli.main([*words, *out, f"--config-dir={tmp_path / 'conf'}"]) == 2, words
        error = capsys.readouterr().err
        assert name in error and "fault" not in error, words


def test_plain_tags_dates_and_marks_of_order_are_read(tmp_path):
    file = written(tmp_path / "a.yaml", b"\xef\xbb\xbfa: !!str 5\nb: 2026-11-02\nc: &here [1, 2.5, null]\n")
    assert read_yaml(file) == {"a": "5", "b": "2026-11-02", "c": [1, 2.5, None]}


def test_a_bad_file_stops_no_run_that_does_not_name_it(bare, tmp_path, monkeypatch, capsys):
    for name, (content, _) in BAD.items():
        for group in ("scenario", "cell", "robot", "mapping"):
            written(tmp_path / "conf" / group / f"{name}.yaml", content)
    data = write_lerobot(tmp_path / "set", [waving(bare, 1, 1.0)], bare.schema.lerobot_features(()), RATE)
    shutil.rmtree(data / "shiliu")  # so that its scenario is looked for
    monkeypatch.chdir(tmp_path)
    code = cli.main(["replay", f"data={data}", f"out={tmp_path / 'out'}", "pictures=false"])
    assert code in (0, 1, 3), capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x ${oc.env:HOME}", "${oc.env:HOME}"),
        ("${a} and ${now:%Y}", "${now:%Y}"),
        ("${oc.env:${a}}", "${oc.env:${a}}"),
        ("${${a}:HOME}", "${${a}:HOME}"),
        ("${hydra.runtime.cwd}", "${hydra.runtime.cwd}"),
        ("${oc.env:HOME", "${oc.env:HOME"),
        ("${scenario.title.en}: done", None),
        ("${..version} {a: b}", None),
        ("$HOME {x:y}", None),
    ],
)
def test_a_reference_is_no_resolver(text, found):
    assert resolver_in(text) == found


def test_nothing_of_the_environment_comes_into_a_scenario(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "geheim")
    conf = tmp_path / "conf"
    base = "defaults: [table_setting, _self_]\ntitle: {en: '%s', zh: y}\n"
    written(conf / "scenario" / "env.yaml", base % "x ${oc.env:SECRET_TOKEN}")
    written(conf / "scenario" / "by.yaml", base.replace("[table_setting", "[env"))
    written(conf / "scenario" / "placed.yaml", "defaults: [table_setting, env@x, _self_]\n")
    written(conf / "scenario" / "all.yaml", "# @package _global_\nstrict: true\n")
    written(conf / "scenario" / "hydra.yaml", base + "hydra: {searchpath: ['file:///']}\n")
    for name in ("env", "by", "placed", "all", "hydra"):
        with pytest.raises(ScenarioError) as caught:
            compose("check", [f"scenario={name}"], conf)
        assert "geheim" not in str(caught.value) and ".yaml" in str(caught.value), name
    with pytest.raises(ScenarioError, match="not resolved there"):
        compose("check", ["scenario=table_setting", "scenario.title.en=${oc.env:SECRET_TOKEN}"])
    assert compose("record", ["scenario=table_setting", "out=${oc.env:SECRET_TOKEN}"]).tree["out"] == "geheim"
    written(conf / "scenario" / "ref.yaml", base % "v${scenario.version}")
    assert compose("check", ["scenario=ref"], conf).tree["scenario"]["title"]["en"] == "v3"


def test_an_alias_stands_for_what_it_names_within_bounds(tmp_path):
    file = written(tmp_path / "own.yaml", "few: &few {x: 0 mm, y: -260 mm}\nat: *few\nthere: [*few, *few]\n")
    content = read_yaml(file)
    assert content["at"] == content["few"] and content["there"] == [content["few"]] * 2
    many = "a: &a [" + ", ".join(["1"] * 999) + "]\n"
    within, beyond = (f"{many}b: [{', '.join(['*a'] * n)}]\n" for n in (100, 101))
    assert len(read_yaml(written(tmp_path / "within.yaml", within))["b"]) == 100
    with pytest.raises(ScenarioError, match="more than 100000 values"):
        read_yaml(written(tmp_path / "beyond.yaml", beyond))


def test_what_is_no_file_is_no_member_and_stops_nothing(tmp_path, monkeypatch):
    """An editor leaves a link to nowhere while a file is open; a pipe would be waited for."""
    conf = tmp_path / "conf"
    written(conf / "scenario" / "own.yaml", "defaults: [table_setting, _self_]\n")
    (conf / "scenario" / ".#own.yaml").symlink_to("me@host.123")
    (conf / "scenario" / "itself.yaml").symlink_to("itself.yaml")
    (conf / "scenario" / "folder.yaml").mkdir()
    os.mkfifo(conf / "scenario" / "pipe.yaml")
    assert {name for name, file in list_scenarios(conf).items() if file.is_relative_to(conf)} == {"own"}
    assert scenario_of_task("Bring the bowl home by hand.", conf) is None
    with pytest.raises(ScenarioError, match=r"There is no scenario 'pipe': .*conf/scenario/pipe\.yaml is a pipe"):
        compose("check", ["scenario=pipe"], conf)


@pytest.mark.parametrize("line", [
    "check cell=odd", "check scenario=odd", "import data=. out=v cell=odd", "replay data=. out=v robot=odd",
    "replay data=. out=v mapping=odd",
    "replay data=. out=v device=odd", "replay data=. out=v mapping=odd.yaml", "replay data=. out=v robot=odd.yaml",
    "import data=. out=v metadata=odd.yaml", "report verdicts=odd.yaml out=v",
])  # fmt: skip
def test_a_pipe_in_place_of_a_file_is_named_for_what_it_is(tmp_path, monkeypatch, capsys, line):
    monkeypatch.chdir(tmp_path)
    for group in ("cell", "scenario", "robot", "mapping", "device", "."):
        (tmp_path / "conf" / group).mkdir(parents=True, exist_ok=True)
        os.mkfifo(tmp_path / ("odd.yaml" if group == "." else f"conf/{group}/odd.yaml"))
    (tmp_path / "x.bag").write_bytes(b"#ROSBAG")
    assert cli.main(line.split()) == 2
    error = capsys.readouterr().err
    assert "odd.yaml" in error and "is a pipe" in error


def test_the_list_names_what_the_verbs_would_refuse_and_a_key_that_is_no_word(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "conf" / "robot" / "floats.yaml", "title: {en: a}\n")
    written(tmp_path / "conf" / "mapping" / "empty.yaml", "title: x\n")
    written(tmp_path / "conf" / "mapping" / "list.yaml", "[a]: 3\n")
    for kind, name, why in (
        ("robots", "floats", "the key 'joints' is missing."),
        ("mappings", "empty", "the key 'format' is missing. Write `format:` and its value. Known here: "),
        ("mappings", "list", "list.yaml:1: The key is a list, not a word."),
    ):
        assert cli.main(["list", kind, "--json"]) == 0
        rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)[kind]}
        assert why in rows[name]["error"]
        assert {other for other, row in rows.items() if "error" in row} <= {"floats", "empty", "list"}
        assert cli.main(["list", kind, name]) == 2


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    written(tmp_path / "conf" / "cell" / "own.yaml", "scenario: microwave\n")
    monkeypatch.setattr(composition.os, "access", lambda path, mode: Path(path) != tmp_path / "conf" / "cell")
    with pytest.raises(ScenarioError, match=r"There is no cell 'mine' that may be read: .*conf/cell may not be"):
        compose("check", ["cell=mine"], tmp_path / "conf")


def test_files_that_build_upon_themselves_and_members_that_name_none(tmp_path):
    conf = tmp_path / "conf"
    written(conf / "scenario" / "loop.yaml", "defaults: [loop, _self_]\n")
    written(conf / "scenario" / "there.yaml", "defaults: [back, _self_]\n")
    written(conf / "scenario" / "back.yaml", "defaults: [there, _self_]\n")
    for name, circle in (("loop", "loop → loop"), ("there", "there → back → there")):
        with pytest.raises(ScenarioError, match=f"builds upon itself: {circle}"):
            compose("check", [f"scenario={name}"], conf)
    with pytest.raises(ScenarioError, match="scenario=null names nothing"):
        compose("check", ["scenario=null"])
    assert compose("check", ["scenario=table_setting", "cell=null"]).chosen["cell"] is None
    assert compose("replay", ["scenario=null", "data=x", "out=y"]).chosen["scenario"] is None


@pytest.mark.parametrize("name", ["7", "1e5", "true", "nan"])
def test_a_cell_may_be_called_as_a_number_is_written(tmp_path, name):
    (tmp_path / "cell").mkdir()
    shutil.copy(CONF / "cell" / "example-mw-01.yaml", tmp_path / "cell" / f"{name}.yaml")
    assert compose("check", [f"cell={name}"], tmp_path).tree["cell"]


SEGMENTS = """
labels: 1
data: demos
episodes:
  - episode: episode_000000
    sha256: "0"
    segments:
      - {t0: 0, t1: 1.5, skill: reach, hand: left, en: "to ${oc.env:HOME}"}
"""


@pytest.mark.parametrize(
    ("words", "sheet"),
    [
        (["label", "apply=FILE", "data=DATA"], SEGMENTS),
        (["deliver", "disputes=FILE", "data=DATA", "verdicts=DATA"], "disputes: [{why: '${oc.env:HOME}'}]\n"),
        (["record", "scenario=table_setting", "metadata=FILE"], "centre: ${oc.env:HOME}\n"),
        (["replay", "robot=FILE", "data=DATA"], "title: {en: '${oc.env:HOME}', zh: y}\n"),
        (["replay", "mapping=FILE", "data=DATA"], "title: ${oc.env:HOME}\n"),
        (["replay", "device=own", "data=DATA"], "source: ${oc.env:HOME}\n"),
        (["replay", "cell=own", "data=DATA"], "centre: ${oc.env:HOME}\n"),
        (["replay", "data=DATA"], "data: ${oc.env:HOME}\n"),
        (["replay", "check=intake", "data=DATA"], "clock: {skew: {signal: '${oc.env:HOME}'}}\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_no_sheet_of_a_user_has_a_resolver_called(words, sheet, bare, tmp_path, capsys):
    conf = tmp_path / "conf"
    names = {"device=own": "device/own.yaml", "cell=own": "cell/own.yaml", "check=intake": "check/arm_manipulation.yaml"}
    name = next((names[word] for word in words if word in names), "own.yaml" if "FILE" in str(words) else "replay.yaml")
    file = written(conf / name, sheet)
    data = write_lerobot(tmp_path / "set", [waving(bare, 1, 1.0)], bare.schema.lerobot_features(()), RATE)
    written(data / "verdicts.jsonl", '{"source": "set#0", "verdict": "FEASIBLE"}\n')
    given = [word.replace("FILE", str(file)).replace("DATA", str(data)) for word in words]
    assert cli.main([*given, f"out={tmp_path / 'out'}", f"--config-dir={conf}"]) == 2
    error = capsys.readouterr().err
    line = 1 + sheet[: sheet.index("${")].count("\n")
    assert f"{file.name}:{line}: '${{oc.env:HOME}}' is not resolved in a file" in error and "Write the value out." in error
    assert not (tmp_path / "out").exists()


def test_files_that_end_in_yml_are_found_and_hidden_ones_are_not(tmp_path, capsys):
    conf = tmp_path / "conf"
    for file in ("tea.yml", "both.yml", "both.yaml"):
        written(conf / "cell" / file, (CONF / "cell" / "example-mw-01.yaml").read_text(encoding="utf-8"))
    written(conf / "scenario" / "mine.yml", "defaults: [base, _self_]\nversion: 7\n")
    written(conf / "scenario" / "base.yml", "defaults: [table_setting, _self_]\n")
    written(conf / "cell" / "._tea.yaml", b"\x00\x05\x16\x07")  # beside each file of a Mac on a network disk
    assert compose("check", ["scenario=mine"], conf).tree["scenario"]["version"] == 7
    assert compose("check", ["cell=tea", "scenario=microwave"], conf).tree["cell"]
    assert compose("check", [f"cell={conf}/cell/tea.yml", "scenario=microwave"], conf).tree["cell"]
    assert members("cell", conf)["both"].suffix == ".yaml"
    assert cli.main(["list", "cells", f"--config-dir={conf}"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines() if line} >= {"tea", "both", "example-mw-01"}
    assert "._tea" not in members("cell", conf)


def test_a_sheet_of_many_episodes_is_read(tmp_path):
    rows = "".join(f"- {{a: {i}, b: [1, 2, 3]}}\n" for i in range(21_000))  # more values than aliases may stand for
    assert len(read_yaml(written(tmp_path / "many.yaml", rows))) == 21_000
