"""The documents tell the truth of today: cards are what the YAML says, links lead somewhere, commands exist."""

import importlib.util
import re
from pathlib import Path

import pytest
import shiliu
from shiliu.cli import VERBS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


def cards():
    spec = importlib.util.spec_from_file_location("cards", ROOT / "docs" / "cards.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "conf" / "scenario").glob("*.yaml")))
def test_card_is_what_the_yaml_says(name):
    committed = (ROOT / "docs" / "scenarios" / f"{name}.md").read_text(encoding="utf-8")
    assert committed == cards().card(shiliu.load_scenario(name)), "run `python docs/cards.py`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page):
    for verb in re.findall(r"(?m)(?:^|`)shiliu ([a-z]+)", page.read_text(encoding="utf-8")):
        assert verb in VERBS, f"{page.name} speaks of `shiliu {verb}`"
