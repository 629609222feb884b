"""The documents tell the truth of today: cards are what the YAML says, links lead somewhere, commands exist."""

import importlib.util
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
import shiliu
from shiliu.cli import VERBS
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.curves import CURVES
from shiliu.replay.operator.skills import catalogue
from shiliu.replay.operator.skills.body import Body

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "conf" / "scenario").glob("*.yaml")))
def test_card_is_what_the_yaml_says(name):
    committed = (ROOT / "docs" / "scenarios" / f"{name}.md").read_text(encoding="utf-8")
    assert committed == script("cards").card(shiliu.load_scenario(name)), "run `python docs/cards.py`"


def test_the_page_of_checks_has_every_code_as_configured():
    committed = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert committed == script("checks").page(), "run `python docs/checks.py`"
    headings = set(re.findall(r"(?m)^### `([a-z_.]+)`", committed))
    assert headings == set(load_rules("arm_manipulation", None))
    shown = set(re.findall(r"\]\(checks/([a-z_.]+)\.svg\)", committed))
    assert shown == {p.stem for p in (ROOT / "docs" / "checks").glob("*.svg")}


def test_the_page_of_checks_says_on_which_side_a_bound_is_passed():
    page = script("checks").page()
    entries = {part.split("`")[0]: part for part in page.split("\n### `")[1:]}
    low = {code for code, entry in entries.items() if "| WARN below | FAIL below |" in entry}
    assert low == {"hand.idle", "balance", "robustness"}
    assert all("| WARN beyond | FAIL beyond |" in entry for code, entry in entries.items() if code not in low)


def test_an_advice_without_an_example_names_what_is_filled_in():
    checks = script("checks")
    assert checks.open_template("Name {subject:ids} again[[, from {t0:s}]].") == "Name *the subject* again."
    advices = re.findall(r"(?m)^What to do: (.*)$", checks.page())
    assert len(advices) > 60 and not [advice for advice in advices if "?" in advice]


def test_every_code_has_an_example_and_a_curve_or_a_reason_why_not():
    checks, codes = script("checks"), set(load_rules("arm_manipulation", None))
    examples = json.loads((ROOT / "docs" / "checks" / "examples.json").read_text(encoding="utf-8"))
    assert codes - set(examples) == set(checks.WITHOUT_EXAMPLE), "python docs/checks.py examples, or say why there is none"
    without = {code for code, one in examples.items() if not one["picture"]}
    assert without <= set(checks.WITHOUT_CURVE) <= codes, "a code that counts something shows it over time"
    curves = {*CURVES, "joint.position", "joint.velocity", "joint.jump", "torque.peak", "retarget.error", "door.followed"}
    of_streams = {code for code in codes if code.startswith(("stream.", "unit.", "value."))}  # both channels are drawn
    assert codes <= curves | of_streams | set(checks.WITHOUT_CURVE) | set(checks.WITHOUT_EXAMPLE) | {"robustness"}


def test_the_page_of_skills_is_what_the_skills_say():
    skills = script("skills")
    assert skills.PAGE.read_text(encoding="utf-8") == skills.page(), "run `python docs/skills.py`"
    rows = catalogue()
    assert len(rows) >= 30
    for row in rows:
        assert row["doc"].endswith((".", ";")) and row["hands"], row["name"]
        assert all(argument["doc"] for argument in row["arguments"]), row["name"]


def test_the_page_of_skills_names_what_there_is():
    """The names of its guide are those of the code, so that nobody copies one that is gone."""
    skills, top = script("skills"), script("skills").page().split("## All of them")[0]
    assert all(hasattr(Body, name.removeprefix("body.")) for name in skills.SENSES)
    assert {"touches()", "sets_off", "holds()"} <= set(skills.signs())
    fingertips = top.split("### A skill that touches with the fingertips")[1].split("### ")[0]
    named = re.findall(r"(?m)^\| `(\w+)` \| `\.(\w+)` \|", fingertips)
    assert len(named) >= 6
    for name, module in named:
        assert hasattr(import_module(f"shiliu.replay.operator.skills.{module}"), name), f"{module}.{name}"
    imported = re.search(r"`from benches import ([\w, ]+)`", top)[1].split(", ")
    assert all(hasattr(import_module("benches"), name) for name in imported)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page):
    for verb in re.findall(r"(?m)(?:^|`)shiliu ([a-z]+)", page.read_text(encoding="utf-8")):
        assert verb in VERBS, f"{page.name} speaks of `shiliu {verb}`"
