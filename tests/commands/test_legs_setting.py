"""A policy for legs that a command has no use for is refused before anything is read, simulated or made."""

from __future__ import annotations

import pytest
from command_line import run
from shiliu.replay.commands.where import asked_policy
from shiliu.scenarios.sheet.yaml_reader import Node, Problems


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("render", "scenario=bare", "legs=nowhere.onnx"), "legs: a policy moves legs in a recording alone"),
        (("record", "scenario=bare", "base=legs", "legs=true"), "true and false are for `shiliu replay`"),
        (("replay", "data=nothing", "check=intake", "legs=nowhere.onnx"), "legs: check=intake plays nothing on legs"),
        (("replay", "data=nothing", "check=intake", "legs=true"), "legs: check=intake plays nothing on legs"),
    ],
)
def test_a_policy_without_use_is_refused(words, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, *words, "out=o")
    assert code == 2 and says in err and not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("given", "asked", "says"),
    [
        (None, None, None), ("walk.onnx", "walk.onnx", None), (True, None, "Leave it out."), (False, None, "Leave it out."),
        ("walk.pt", None, "ends in .onnx"),
    ],
)  # fmt: skip
def test_who_performs_takes_a_policy_alone(given, asked, says):
    problems = Problems()
    assert asked_policy(Node(given, "legs", problems)) == asked
    assert len(problems.found) == (says is not None) and (says is None or says in str(problems.found[0]))
