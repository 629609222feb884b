"""The documents tell the truth of today: cards are what the YAML says, links lead somewhere, commands exist."""

import json
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest
import shiliu
from conftest import script
from scenario_costs import every
from shiliu.cli import VERBS
from shiliu.replay.checks.registry import registry
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.explanation.curves import CURVES
from shiliu.replay.operator.operator_state import OperatorState
from shiliu.replay.operator.senses.senses import Senses
from shiliu.replay.operator.skills import catalogue
from shiliu.scenarios.reading.composition import compose
from shiliu.scenarios.reading.override import quoted
from shiliu.scenarios.sheet.errors import ShiliuError

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


@every
def test_card_is_what_the_yaml_says(any_scene):
    cards, name = script("docs/cards.py"), any_scene.name
    committed = (cards.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert committed == cards.beginning(cards.sheets()[name], name), "run `python docs/cards.py`"
    card = cards.card(any_scene, cards.FOLDER)
    assert card.startswith(committed.splitlines()[0]) and "## Schema" in card and (name == "bare" or "## Goal, in this order" in card)


def test_a_card_says_what_hands_do_not_tell():
    lines = "\n".join(script("docs/cards.py").left_open(shiliu.load_scenario("medication_serving")))
    phrases = ("a hand takes", "a picture tells", "a survey tells")
    held, pictured, surveyed = (next(line for line in lines.splitlines() if word in line) for word in phrases)
    assert "named" in held and "tray" in pictured and "tray" not in held and "table (height)" in surveyed
    assert "label of named, twin, third" in lines, "which of the look-alikes it was"


def test_the_table_of_what_was_counted_is_that_of_the_figures():
    cards = script("docs/cards.py")
    assert (ROOT / "docs" / "counted.md").read_text(encoding="utf-8") == cards.counted_table(cards.sheets()), "run `python docs/cards.py`"


def test_the_page_of_checks_has_every_code_as_configured():
    page = script("docs/checks.py").page()
    headings = set(re.findall(r"(?m)^### `([a-z_.]+)`", page))
    assert headings == set(load_rules("arm_manipulation", None))
    shown = set(re.findall(r"\]\(checks/([a-z_.]+)\.svg\)", page))
    assert shown == {p.stem for p in (ROOT / "docs" / "checks").glob("*.svg")}


def test_the_page_of_checks_says_on_which_side_a_bound_is_passed():
    page = script("docs/checks.py").page()
    entries = {part.split("`")[0]: part for part in page.split("\n### `")[1:]}
    low = {code for code, entry in entries.items() if "| WARN below | FAIL below |" in entry}
    assert low == {code for code, check in registry().items() if check.below} and low
    assert all("| WARN beyond | FAIL beyond |" in entry for code, entry in entries.items() if code not in low)


def test_an_advice_without_an_example_names_what_is_filled_in():
    checks = script("docs/checks.py")
    assert checks.open_template("Name {subject:ids} again[[, from {t0:s}]].") == "Name *the subject* again."
    advices = re.findall(r"(?m)^What to do: (.*)$", checks.page())
    assert len(advices) > 60 and not [advice for advice in advices if "?" in advice]


def test_every_code_has_an_example_and_a_curve_or_a_reason_why_not():
    checks, codes = script("docs/checks.py"), set(load_rules("arm_manipulation", None))
    examples = json.loads((ROOT / "docs" / "checks" / "examples.json").read_text(encoding="utf-8"))
    assert codes - set(examples) == set(checks.WITHOUT_EXAMPLE), (
        "python docs/checks.py examples, or say why there is none"
    )
    without = {code for code, one in examples.items() if not one["picture"]}
    assert without <= set(checks.WITHOUT_CURVE) <= codes, "a code that counts something shows it over time"
    curves = {
        *CURVES,
        "joint.position",
        "joint.velocity",
        "joint.jump",
        "torque.peak",
        "retarget.error",
        "door.followed",
    }
    of_streams = {code for code in codes if code.startswith(("stream.", "unit.", "value."))}  # both channels are drawn
    assert codes <= curves | of_streams | set(checks.WITHOUT_CURVE) | set(checks.WITHOUT_EXAMPLE) | {"robustness"}


def test_the_page_of_skills_is_what_the_skills_say():
    page, rows = script("docs/skills.py").page(), catalogue()
    assert not [row["name"] for row in rows if not re.search(rf"(?m)^##+ {re.escape(row['name'])}$", page)]
    assert len(rows) >= 30
    for row in rows:
        assert row["doc"].endswith((".", ";")) and row["hands"], row["name"]
        assert all(argument["doc"] for argument in row["arguments"]), row["name"]


def test_the_page_of_skills_names_what_there_is():
    """The names of its guide are those of the code, so that nobody copies one that is gone."""
    skills, top = script("docs/skills.py"), script("docs/skills.py").page().split("## All of them")[0]
    for name in skills.SENSES:
        owner = Senses if name.startswith("state.senses.") else OperatorState
        assert hasattr(owner, name.rpartition(".")[2]), name
    assert {"touches()", "sets_off", "holds()"} <= set(skills.signs())
    fingertips = top.split("### A skill that touches with the fingertips")[1].split("### ")[0]
    named = re.findall(r"(?m)^\| `(\w+)` \| `(\.+[\w.]+)` \|", fingertips)
    assert {"PRESS", "UP", "POINT"} <= {name for name, _ in named}
    for name, module in named:
        assert hasattr(import_module(module, "shiliu.replay.operator.skills.press"), name), f"{module}.{name}"
    imported = re.search(r"`from benches import ([\w, ]+)`", top)[1].split(", ")
    assert all(hasattr(import_module("benches"), name) for name in imported)


@pytest.mark.parametrize("folder", ["scenarios", "envs", "replay"])
def test_architecture_has_every_room_and_module(folder):
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {f"{path.parent.name}/" for path in (ROOT / folder).glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"}
    first = set(re.findall(r"(?m)^\| `([a-z_]+/?)` \|", page))
    assert len(rooms | modules) > 10 and not sorted((rooms | modules) - first)


def anchors(text: str) -> set[str]:
    """What a link may name of a page: its headings, as GitHub makes anchors of them, and what it marks itself."""
    found: list[str] = []
    for heading in re.findall(r"(?m)^#+ +(.+)$", re.sub(r"(?ms)^ *```.*?^ *```", "", text)):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        before = sum(one == name or re.fullmatch(rf"{re.escape(name)}-\d+", one) is not None for one in found)
        found.append(f"{name}-{before}" if before else name)
    return {*found, *re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text)}


def broken_links(page: Path) -> list[str]:
    """Links of a page to files that are not there, or to headings that their file does not have, here or on the site.

    The site leaves out what is not ASCII of a heading: `## 5. 自己` is `#5` there and `#5-自己` on GitHub.
    """
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or not anchor.isascii() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert broken_links(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "b.md").write_text("# A `new.check`, now\n```\n# no heading\n```\n## Twice\n## Twice\n## 自己\n")
    page = tmp_path / "a.md"
    page.write_text(
        "# Here\n[1](b.md#a-newcheck-now) [2](#here) [3](b.md#twice-1) [4](b.md) [5](c.md) [6](b.md#no-heading) [7](#there) [8](b.md#自己)"
    )
    assert broken_links(page) == ["c.md", "b.md#no-heading", "#there", "b.md#自己"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page):
    for verb in re.findall(r"(?m)(?:^|`)shiliu ([a-z]+)", page.read_text(encoding="utf-8")):
        assert verb in VERBS, f"{page.name} speaks of `shiliu {verb}`"


OWN = re.compile(r"my_|\bNAME\b|bj-m[ws]-0\d|\$\{|…")  # names of a reader's own files, and what a reader fills in
WORDS_ALONE = ("list", "new", "doctor", "print")  # which take words that are no settings


def commands(text):
    """(verb, its words) of each whole command in the code blocks of a page, without what is explained beside it."""
    for block in re.findall(r"(?ms)^```(?:sh|bash)?\n(.*?)^```", text):
        for verb, words in re.findall(r"(?m)^(?:\.venv/bin/)?shiliu ([a-z]+)[ ]?(.*)$", block):
            whole = re.split(r"\s{2,}|\s+#\s|;", words)[0]
            if verb not in WORDS_ALONE and not OWN.search(whole) and not whole.startswith("[") and " [" not in whole:
                yield verb, shlex.split(whole)


def refused(text):
    """What of the commands of a page cannot be: settings, scenarios, cells that there are not."""
    found = []
    for verb, words in commands(text):
        sweep, folder = "-m" in words, words[words.index("--config-dir") + 1] if "--config-dir" in words else None
        settings = [quoted(word, sweep) for word in words if "=" in word]
        for setting in settings if sweep else ():  # what is varied is tried with its first value
            key, _, value = setting.partition("=")
            settings[settings.index(setting)] = f"{key}={re.split(',(?![^[]*[]])', value)[0]}"
        try:
            compose(verb, settings, folder and ROOT / folder)
        except ShiliuError as error:
            found.append(str(error))
    return found


def test_settings_of_commands_exist():
    texts = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
    assert {name: wrong for name, text in texts.items() if (wrong := refused(text))} == {}
    assert sum(len([*commands(text)]) for text in texts.values()) > 100


def test_a_setting_that_does_not_exist_is_found():
    page = "```\nshiliu %s\nshiliu record scenario=my_table sed=3\n```"
    assert refused(page % "record scenario=table_setting seed=3 out=a      a take") == []
    assert refused(page % 'check -m scenario=table_setting "scenario.parts.table.height=840 mm,870 mm"   a table') == []
    for wrong in ("scenario=tray_setting", "scenario=table_setting sed=3", 'scenario=table_setting "scenario.skills.4.put.leave=back"'):
        assert len(refused(page % f"record {wrong} out=a")) == 1, wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_section_is_longer_than_a_reader_takes_at_once(page):
    """At most 1,200 words between two headings, besides tables and code."""
    text = re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text(encoding="utf-8"))
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    assert not [part.split("\n")[0] for part in re.split(r"(?m)^#+ ", prose) if len(part.split()) > 1200]
