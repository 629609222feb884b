"""A cell brings its scenario, wherever a command takes both; a scenario that is named goes before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from shiliu import cli
from shiliu.cli import parse
from shiliu.replay.commands.settings import Settings
from shiliu.scenarios.sheet.errors import ScenarioError

CELL = """
centre: here
scenario: {scenario}
surveyed: {{date: 2026-11-03, by: P-0417, with: "steel tape"}}
overlay: {{parts: {{table: {{height: 752 mm}}}}}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, scenario in (("ts-07", "table_setting"), ("odd-01", "table_settin")):
        path = tmp_path / "conf" / "cell" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CELL.format(scenario=scenario), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("verb", ["check", "record", "render", "replay", "watch", "bench"])
def test_a_cell_brings_its_scenario(verb):
    given = {"replay": ["data=x", "out=y"], "watch": ["in=x", "out=y"], "record": ["out=y"], "render": ["out=y"]}.get(verb, [])
    settings = Settings(parse([verb, "cell=ts-07", *given]))
    assert settings.chosen("scenario") == "table_setting"
    assert Settings(parse([verb, "cell=ts-07", "scenario=microwave", *given])).chosen("scenario") == "microwave"
    with pytest.raises(ScenarioError, match=r"odd-01\.yaml: scenario: There is no scenario 'table_settin'\. Did you mean table_setting"):
        Settings(parse([verb, "cell=odd-01", *given]))


def test_a_setting_of_the_cells_scenario_is_known():
    settings = Settings(parse(["check", "cell=ts-07", "scenario.parts.bowl.at.x=10 mm"]))
    assert settings.tree["scenario"]["parts"]["bowl"]["at"]["x"] == "10 mm"


def test_check_and_schema_of_a_cell(capsys):
    assert cli.main(["check", "cell=ts-07", "draws=1"]) == 0
    assert "table_setting v3 in ts-07 (surveyed 2026-11-03): sound" in capsys.readouterr().out
    assert cli.main(["list", "schema", "cell=ts-07"]) == 0
    assert "bowl" in capsys.readouterr().out
