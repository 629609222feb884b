"""The library of parts: what is told of each part is so, and each is fit to be built with."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import script
from shiliu.cli import main
from shiliu.scenarios.parts import part_catalogue as inventory
from shiliu.scenarios.parts.part import ASSETS, SourceRow, load_part
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import places_in

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = {entry.name: entry for entry in inventory.inventory()}
NO_SITES = {
    "objects/grains",
    "objects/peas",
    "objects/corn",
    "objects/carrot_dice",
    "fixtures/plant_room",  # a scenario's marks say where one stands in it
}  # loose pieces, put by their frame into whatever they fill


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A designer's folder with a larger bowl that has the name of the package's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    folder = tmp_path / "assets" / "objects" / "bowl_150"
    shutil.copytree(ASSETS / "objects" / "bowl_150", folder)
    file = folder / "bowl_150.xml"
    file.write_text(
        file.read_text().replace(
            '<site name="base"', '<geom type="box" size="0.1 0.01 0.01" pos="0 0 .2"/><site name="base"'
        )
    )
    return tmp_path


def test_what_is_kept_of_the_parts_is_what_they_measure():
    assert inventory.MEASURED.read_text(encoding="utf-8") == inventory.measured(), "run `python docs/parts.py`"


def test_the_page_of_parts_is_what_the_sheets_say(tmp_path):
    parts = script("docs/parts.py")
    pictures = {parts.GRIPS, *(parts.picture(entry) for entry in ENTRIES.values())}
    (tmp_path / "parts").mkdir()
    for name in pictures:
        (tmp_path / "parts" / name).touch()
    drawn, bare = parts.page(tmp_path), parts.page()
    assert set(re.findall(r"\]\(parts/([^)]+)\)", drawn)) == pictures and "](parts/" not in bare
    assert not [name for name in ENTRIES if f"### {name}\n" not in bare]


@pytest.mark.parametrize("name", ENTRIES)
def test_a_part_says_what_it_is_and_where_its_numbers_come_from(name):
    entry = ENTRIES[name]
    assert all(entry.part.title.get(lang) for lang in ("en", "zh")) and entry.part.about
    assert [row.what for row in entry.part.sources if not row.grade] == [], (
        "each row of its sources has [S], [E] or [D]"
    )
    assert entry.part.sources or any(f"[{g}]" in entry.part.about for g in inventory.GRADES)
    for param in entry.part.params.values():
        assert param.doc, param.name


@pytest.mark.parametrize("name", ENTRIES)
def test_a_sheet_has_words_for_keys_and_each_once(name):
    sheet = ENTRIES[name].part.file.parent / "part.yaml"
    assert places_in(sheet)["title"][1] >= 1


@pytest.mark.parametrize("name", ENTRIES)
def test_a_part_has_an_interface_and_both_kinds_of_shapes(name):
    entry = ENTRIES[name]
    assert entry.measures.sites or name in NO_SITES
    assert entry.measures.touched and entry.measures.seen


def test_measures_are_those_of_the_drawing():
    oven, bowl, floor = (ENTRIES[n] for n in ("fixtures/microwave", "objects/bowl_150", "fixtures/floor"))
    assert oven.measures.size[1:] == pytest.approx((485, 280), abs=1.0)  # width and height of its sources
    door = next(j for j in oven.measures.joints if j.name == "door_hinge")
    assert (door.kind, door.low, door.high, door.armature) == ("hinge", 0.0, 110.0, 0.0)
    latch = next(j for j in oven.measures.joints if j.name == "latch_slide")
    assert latch.armature == 0.05  # kg, as its MJCF adds to it
    assert bowl.measures.size == pytest.approx((150, 150, 65), abs=0.5) and bowl.mass == 0.35 and bowl.stands == "free"
    assert floor.measures.size is None and floor.mass is None and floor.stands == "fixed"


def test_a_row_without_a_grade_is_told_from_one_with():
    rows = SourceRow("mass", "2 kg", "[E]"), SourceRow("size", "3 mm", "a guess"), SourceRow("width [S]", "4 mm", "round [E] [S]")
    assert [row.grade for row in rows] == ["E", "", "SE"]


@pytest.mark.parametrize("row", ["[mass, 2 kg]", "[mass, 2, '[E]']", "mass", "{what: mass}"])
def test_a_source_that_is_not_three_texts_is_refused_with_its_line(row, own):
    sheet = own / "assets" / "objects" / "bowl_150" / "part.yaml"
    sheet.write_text(f"title: {{en: Bowl, zh: 碗}}\nsources:\n  - [size, 3 mm, '[E]']\n  - {row}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"part\.yaml:4.*three texts"):
        load_part("objects/bowl_150", extra=own / "assets")


def test_a_part_that_is_not_the_measured_one_is_measured_when_it_is_asked_for(own):
    assert inventory.one_part("bowl_150").measures.size[0] == pytest.approx(150, abs=0.5)
    mine = inventory.one_part("bowl_150", own / "assets").measures
    assert mine.size[0] == pytest.approx(200, abs=0.5) and mine.touched == 26
    with pytest.raises(ScenarioError, match="Did you mean objects/bowl_150"):
        inventory.one_part("objects/bowl_15")


def test_list_parts_tells_all_in_brief_and_one_in_full(capsys, own):
    assert main(["list", "parts"]) == 0
    brief = capsys.readouterr().out
    assert "430 x 486 x 280 mm  11 kg  free, 6 joints" in brief and "latch_force 15 to 35 N" in brief
    assert main(["list", "parts", "microwave"]) == 0
    full = capsys.readouterr().out
    assert "door_hinge  hinge 0 to 110 deg" in full and "bowl_150" not in full and "[E] facts; round [E]" in full
    assert main(["list", "parts", "part=fixtures/microwave", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["parts"]
    assert row["title"]["zh"] == "微波炉" and row["mass_kg"] == 11.0 and row["interface"]["handle"]["site"] == "handle"
    force = row["params"][0]
    assert (force["name"], force["default"], force["min"], force["max"]) == ("latch_force", 25.0, 15.0, 35.0)
    assert main(["list", "parts", "micorwave"]) == 2
    assert main(["list", "parts", "scenario=microwave"]) == 2
    assert "takes part=NAME" in capsys.readouterr().err


@pytest.mark.gl
def test_render_draws_one_part_alone(tmp_path, capsys, monkeypatch, opengl):
    import imageio.v3 as iio

    monkeypatch.chdir(tmp_path)
    assert main(["render", "part=bowl_150", "out=pics"]) == 0
    picture = iio.imread(tmp_path / "pics" / "objects_bowl_150.png")
    ground = picture[5, 5].astype(int)
    other = np.abs(picture.astype(int) - ground).sum(axis=2) > 40
    columns, rows = np.flatnonzero(other.any(axis=0)), np.flatnonzero(other.any(axis=1))
    assert picture.shape == (720, 960, 3)
    assert 0.5 < np.ptp(columns) / 960 < 0.95 and 0.3 < np.ptp(rows) / 720 < 0.95, "the bowl fills the picture"
    assert main(["render", "part=bowl_15", "out=pics"]) == 2


@pytest.mark.gl
def test_render_draws_the_grips_of_a_part_in_their_colours(tmp_path, capsys, monkeypatch, opengl):
    import imageio.v3 as iio

    monkeypatch.chdir(tmp_path)
    assert main(["render", "part=bowl_150", "grips=true", "out=pics"]) == 0
    drawn = iio.imread(tmp_path / "pics" / "objects_bowl_150_grips.png").astype(int)
    blue = (drawn[..., 2] > drawn[..., 0] + 70) & (drawn[..., 1] > drawn[..., 0] + 30)
    assert main(["render", "part=bowl_150", "out=pics"]) == 0
    bare = iio.imread(tmp_path / "pics" / "objects_bowl_150.png").astype(int)
    before = (bare[..., 2] > bare[..., 0] + 70) & (bare[..., 1] > bare[..., 0] + 30)
    assert blue.sum() > before.sum() + 3000, "pads, ways and names of one colour"


def test_list_parts_tells_the_grips_of_a_part(capsys):
    assert main(["list", "parts", "can_330"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert (
        "wall side at middle, fingers x, pads close along y, from every side, 66 mm, bears 150 N (width [S] sources"
        in printed
    )
    assert main(["list", "parts", "towel_stack", "meal_tray"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "no hand takes it" in printed and "`shiliu check part=objects/meal_tray` finds them" in printed
    assert main(["list", "parts", "part=bowl_150", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["parts"]
    rim = row["grips"]["rim"]
    assert (rim["kind"], len(rim["at"]), rim["width"]) == ("rim", 4, pytest.approx(0.0045))
