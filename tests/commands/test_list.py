"""What is listed: all of a kind, one by its name or file, also beside files of one's own that are broken."""

from __future__ import annotations

import json

import pytest
from command_line import run
from shiliu.cli import main
from shiliu.scenarios.parts.part import ASSETS
from shiliu.scenarios.reading import composition


def test_list(capsys, designer):
    code, out, _ = run(capsys, "list", "--json")
    listed = json.loads(out)
    assert code == 0
    known = {"scenarios", "cells", "parts", "robots", "devices", "skills", "words", "checks", "formats", "mappings"}
    assert set(listed) == known
    scenarios = {row["name"]: row for row in listed["scenarios"]}
    assert set(scenarios) >= {"table_top", "microwave", "bare"}
    assert (
        scenarios["microwave"]["environment"] == "shiliu/Microwave-v1" and scenarios["table_top"]["environment"] == ""
    )
    assert {row["name"] for row in listed["parts"]} >= {"fixtures/microwave", "objects/bowl_150"}
    assert next(row["name"] for row in listed["robots"]) == "kuafu"
    text = run(capsys, "list")[1]
    for rows in listed.values():
        assert rows and all(row["name"] in text for row in rows)


def test_a_bad_file_of_ones_own_keeps_no_other_out_of_a_list(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    kinds = {"scenario": "bare", "cell": "example-mw-01", "robot": "sawyer", "device": "kuavo_vr", "mapping": "kuavo_rosbag"}
    for group in kinds:
        folder = tmp_path / "conf" / group
        folder.mkdir(parents=True)
        (folder / "torn.yaml").write_text("a: [1\nb: 2\n")
        (folder / "words.yaml").write_text("- only\n")
        (folder / "odd.yaml").write_text("title: tea\njoints: 3\nvariants: 4\nsurveyed: yes\n")
    for group, good in kinds.items():
        assert main(["list", f"{group}s", "--json"]) == 0
        rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)[f"{group}s"]}
        read_in_full = group in ("robot", "mapping")  # as a verb that names it would read it
        assert "error" not in rows[good] and ("error" in rows["odd"]) == read_in_full
        assert f"conf/{group}/torn.yaml:2: This is no valid YAML" in rows["torn"]["error"]
        assert f"conf/{group}/words.yaml: This holds no settings" in rows["words"]["error"]
    assert main(["list", "scenarios", "torn"]) == 2 and "no valid YAML" in capsys.readouterr().err


def test_names_that_move_a_cursor_or_end_a_line_are_escaped(tmp_path, capsys):
    cell = tmp_path / "conf" / "cell"
    cell.mkdir(parents=True)
    for name in ("red\x1b[31m", "two\nlines"):
        (cell / f"{name}.yaml").write_text("centre: here\nscenario: microwave\n")
        (cell / f"{name} broken.yaml").write_text("a: [\n")
    assert main(["list", "cells", f"--config-dir={tmp_path / 'conf'}"]) == 0
    out = capsys.readouterr().out
    assert r"red\x1b[31m" in out and r"two\x0alines" in out and "\x1b" not in out
    assert sum("lines" in line for line in out.splitlines()) >= 2
    assert main(["check", "cell=nope", f"--config-dir={tmp_path / 'conf'}"]) == 2
    error = capsys.readouterr().err
    assert r"red\x1b[31m" in error and "\x1b" not in error and len(error.splitlines()) == 1


def test_a_word_alone_is_shown_with_its_bound_and_a_line_that_uses_it(capsys):
    shown = run(capsys, "list", "words", "near", "filled")[1]
    assert "takes:   of to within" in shown and "bound:   within: at most" in shown and "距离" in shown
    assert "example: near: {of: " in shown and "filled: {inside: " in shown  # not the step that is called like the word
    assert all(len(line) <= 100 for line in shown.splitlines())


@pytest.mark.parametrize("word", ["take.rim", "rim"])
def test_a_skill_is_found_by_its_way(capsys, word):
    assert run(capsys, "list", "skills", word)[1].startswith("take.rim\n")


@pytest.mark.parametrize(("kind", "group"), [("cells", "cell"), ("devices", "device"), ("robots", "robot"), ("mappings", "mapping")])
def test_a_member_is_listed_by_its_file_too(tmp_path, monkeypatch, capsys, kind, group):
    monkeypatch.chdir(tmp_path)
    name, file = next((n, f) for n, f in composition.members(group).items())
    own = tmp_path / "conf" / group / f"own_{name}.yaml"
    own.parent.mkdir(parents=True)
    own.write_bytes(file.read_bytes())
    for word in (f"conf/{group}/own_{name}.yaml", f"./conf/{group}/own_{name}", str(own), f"own_{name}"):
        code, out, _ = run(capsys, "list", kind, word)
        assert code == 0 and out.split("\n")[1].split()[0] == f"own_{name}"
    code, _, err = run(capsys, "list", kind, f"elsewhere/own_{name}.yaml")
    assert code == 2 and f"is named by its name. Write own_{name}." in err


def test_a_part_is_found_by_its_folder_or_file(capsys):
    for word in ("assets/objects/bowl_150", "objects/bowl_150/part.yaml", str(ASSETS / "objects/bowl_150/bowl_150.xml")):
        code, out, _ = run(capsys, "list", "parts", word)
        assert code == 0 and "objects/bowl_150" in out
    assert run(capsys, "list", "parts", "elsewhere/bowl_15")[0] == 2
