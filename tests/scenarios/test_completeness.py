"""What a scenario lacks is looked up where it stands, and `shiliu list` says it; README says what the list says."""

import json
import re
from pathlib import Path

import pytest
from completeness import LACKING, PICTURES, completeness, controls_of, excused, text, unperformed
from seen_shares import shown_digest
from shiliu.cli import main
from shiliu.scenarios.catalog.figures import Lacking, figures_text, lacking
from shiliu.scenarios.sheet.own_files import read_own

ROOT = Path(__file__).resolve().parents[2]
SHEET = {
    "version": 1,
    "goal": {"served": {}},
    "variation": {"bowl": {}},
    "never": {"spilt": {}, "tipped": {}},
    "safety": {"lean": {}},
    "skills": [{"lift": {}}],
    "mistakes": {"let_go": {"code": "scenario.spilt"}, "pushed": {"code": "scenario.tipped"}},
}
FIGURES = {"version": 1, "demonstrations": 100, "succeeded": 96, "feasible": 92}
NUMBERS = "none one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
OWN = {"bare", "table_setting"}  # of this project, not of the centre's sixteen


@pytest.fixture
def repository(tmp_path):
    """A folder in which a scenario `serving` has all that it needs: its controls, card, pictures and speed."""
    for folder in ("controls", "docs/scenarios", "benchmarks", "figures/seen"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "controls" / "serving.yaml").write_text("on ice: {code: scenario.spilt, draw: {friction: 0.05}}\n")
    (tmp_path / "docs" / "scenarios" / "serving.md").write_text("# Serving\n")
    for what in PICTURES:
        (tmp_path / "docs" / "scenarios" / f"serving_{what}.webp").write_bytes(b"")
    (tmp_path / "benchmarks" / "README.md").write_text("| scenario | speed |\n|---|---|\n| serving | 70 |\n")
    measured(tmp_path, {"bowl": [80, 100]})
    return tmp_path


def measured(root, seen, sheet=SHEET):
    """Keep in how many looks things are seen."""
    figures = {"version": 1, "fingerprint": "f", "shown": shown_digest(sheet), "seeds": [1], "seen": seen}
    (root / "figures" / "seen" / "serving.yaml").write_text(json.dumps(figures))


def lacks(root, sheet=SHEET, fingerprint="f"):
    return completeness("serving", sheet, root / "controls", root, root / "figures", fingerprint)


def test_a_whole_scenario_lacks_nothing(repository):
    assert lacks(repository).needed == lacks(repository).beside == ()
    assert str(lacks(repository)) == ""


@pytest.mark.parametrize(
    ("gone", "text"),
    [
        ("controls/serving.yaml", "lacks controls"),
        ("docs/scenarios/serving.md", "lacks a card"),
        ("docs/scenarios/serving_overview.webp", "no picture overview"),
        ("benchmarks/README.md", ""),  # as in a package without its benchmarks
        ("figures/seen/serving.yaml", "lacks a measure of what its head camera sees"),
    ],
)
def test_what_is_not_there_is_named(repository, gone, text):
    (repository / gone).unlink()
    assert str(lacks(repository)) == text


def test_a_speed_stands_in_the_table_or_in_the_notes(repository):
    (repository / "benchmarks" / "README.md").write_text("| scenario | speed |\n|---|---|\n| serving_two | 70 |\n")
    assert str(lacks(repository)) == "no speed"
    notes = repository / "docs" / "scenarios" / "serving.notes.md"
    notes.write_text("`shiliu bench scenario=serving pairs=5`: 70 times real time.")
    assert str(lacks(repository)) == ""


def test_a_section_that_is_not_there_is_named(repository):
    assert str(lacks(repository, {**SHEET, "safety": {}})) == "lacks the section `safety`"


def test_a_failure_mode_without_a_mistake_is_named_and_may_be_excused(repository):
    sheet = {**SHEET, "mistakes": {"let_go": {"code": "scenario.spilt"}}}
    assert unperformed(sheet) == ("tipped",)
    assert lacks(repository, sheet).needed == ("a mistake for tipped",)
    excuses = repository / "docs" / "scenarios" / "excused.yaml"
    excuses.write_text("pouring:\n  tipped: no hand reaches it\nserving:\n  spilt: it is dry\n")
    assert lacks(repository, sheet).needed == ("a mistake for tipped",), "another of its modes is excused, and another scenario's"
    excuses.write_text("serving:\n  tipped: no hand reaches it\n")
    assert lacks(repository, sheet).needed == () and str(lacks(repository, sheet)) == "no mistake for tipped"
    assert excused("serving", repository) == {"tipped": "no hand reaches it"} and excused("pouring", repository) == {}


def test_what_the_list_says_is_what_is_lacking_today():
    assert LACKING.read_text(encoding="utf-8") == text(), "run: python benchmarks/completeness.py"


def test_where_nobody_looked_nothing_is_lacking(tmp_path):
    file = tmp_path / "lacking.yaml"
    assert lacking("microwave", file) == Lacking()
    file.write_text("microwave: {whole: false, lacks: lacks controls}\n")
    assert lacking("microwave", file) == Lacking(False, False, "lacks controls") and lacking("bare", file) == Lacking()
    file.write_text("microwave: {whole: false, old: true, lacks: lacks what is seen}\n")
    assert lacking("microwave", file).old


def test_what_the_head_camera_does_not_see_is_named_and_one_thing_may_be_excepted(repository):
    measured(repository, {"bowl": [79, 100], "lid": [0, 0], "cup": [100, 100]})
    assert lacks(repository).needed == ("bowl in the head picture (seen 79%)",)
    excepted = {**SHEET, "unseen": {"bowl": {"en": "the arm hides it", "zh": "被手臂挡住"}}}
    assert lacks(repository, excepted).needed == ()
    assert lacks(repository, excepted).beside == ("bowl is not seen, excepted",)


def test_what_is_seen_is_measured_in_today_s_scene_with_today_s_chain(repository):
    older = {**SHEET, "skills": [{"lift": {}}, {"look": {}}]}
    for now in (lacks(repository, older), lacks(repository, fingerprint="g")):
        assert now.needed == ("what is seen in today's scene with today's chain (measured of an older one)",) and now.old
    assert not lacks(repository).old


@pytest.mark.parametrize(
    ("changed", "lacks", "text"),
    [
        ({}, Lacking(), "done: 96 of 100"),
        ({}, Lacking(whole=False), "done by figures: 96 of 100"),
        ({}, Lacking(whole=False, old=True), "measured (old): 96 of 100"),
        ({"feasible": 90}, Lacking(whole=False), "built by figures: 96 of 100"),
        ({"feasible": 80}, Lacking(whole=False), "measured: 96 of 100"),
    ],
)
def test_who_lacks_something_is_what_it_is_by_its_figures_alone(changed, lacks, text):
    assert figures_text({**FIGURES, **changed}, 1, lacks).startswith(text)


@pytest.fixture(scope="module")
def listed():
    """The rows of `shiliu list scenarios` by name."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["list", "scenarios", "--json"]) == 0
    return {row["name"]: row for row in json.loads(out.getvalue())["scenarios"]}


def level(row):
    """`done`, `built`, `measured` and so on, as the list calls it, without how many seeds that were."""
    return re.sub(r" \((\d+ seeds|old)\)", "", row["operator"].partition(":")[0])


def test_the_list_says_what_each_lacks(listed):
    assert listed["bare"]["lacks"] == "", "nothing is to be done there"
    for name, row in listed.items():
        assert ("lacks controls" in row["lacks"]) == (bool(row["operator"]) and not controls_of(name))
        assert level(row).endswith(" by figures") <= row["lacks"].startswith("lacks ")


def test_readme_counts_what_is_excepted_from_being_seen():
    """Each of the sixteen excepts one thing at most; README names all that are."""
    sheets = {file.stem: read_own(file) for file in (ROOT / "conf" / "scenario").glob("*.yaml")}
    excepted = {(name, thing) for name, sheet in sheets.items() for thing in sheet.get("unseen") or {}}
    sentence = r"(?m)^(\w+) things? of the sixteen scenarios (?:is|are) excepted from visibility \((.*)\)\."
    (line,) = re.findall(sentence, (ROOT / "README.md").read_text())
    assert NUMBERS.index(line[0].lower()) == len(excepted)
    assert set(re.findall(r"`(\w+)`: `(\w+)`", line[1])) == excepted


def test_readme_has_a_row_for_each(listed):
    rows = re.findall(r"(?m)^\| \[`(\w+)`\]\(docs/scenarios/\1\.md\) \| ", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(rows) == len(set(rows)) and set(rows) == set(listed)


def test_readme_calls_the_scenarios_what_the_list_calls_them(listed):
    (paragraph,) = re.findall(r"(?m)^Of the centre's sixteen, .*", (ROOT / "README.md").read_text(encoding="utf-8"))
    called = {}
    for number, stage, names in re.findall(r"(\w+) (?:is|are) (done|built|measured|begun) \((.*?)\)", paragraph):
        called[stage] = set(re.findall(r"`(\w+)`", names))
        assert len(called[stage]) == NUMBERS.index(number.lower()), stage
    (missing,) = re.findall(r"(\w+) (?:is|are) missing", paragraph)
    assert sum(map(len, called.values())) + NUMBERS.index(missing.lower()) == 16
    centre = {name: level(row) for name, row in listed.items() if name not in OWN}
    assert called.get("done", set()) == {name for name, stage in centre.items() if stage == "done"}
    assert called.get("built", set()) == {name for name, stage in centre.items() if stage == "built"}
    assert called.get("measured", set()) == {name for name, stage in centre.items() if stage == "measured"}
    assert called.get("begun", set()) == centre.keys() - set().union(*(called.get(stage, set()) for stage in ("done", "built", "measured")))
