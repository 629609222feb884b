"""`shiliu print`: markers by a file, what is refused, and captions that stay on the page."""

from __future__ import annotations

import pytest
from command_line import run

pytest.importorskip("cv2")
pytest.importorskip("reportlab")
from shiliu.replay.locating.markers import Marker, MarkerSet
from shiliu.replay.locating.print_sheet import EDGE, PAGE, _captions, _Pages, print_markers, too_large

MINE = """scenario: microwave
markers:
  - {id: 30, of: bowl, size: 24 mm, at: {x: 60 mm, z: 60 mm}, turned: 30 deg}
  - {id: 31, of: oven, size: SIZE, at: {z: 300 mm}, faces: front}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_part_without_a_flat_top_is_refused_and_printed_by_a_file(here, capsys):
    code, _, err = run(capsys, "print", "markers", "scenario=microwave", "parts=[bowl]", "out=a.pdf")
    assert code == 2 and "bowl is filled" in err and "markers=FILE.yaml" in err and not list(here.iterdir())
    (here / "mine.yaml").write_text(MINE.replace("SIZE", "139 mm"))
    code, out, _ = run(capsys, "print", "markers", "markers=mine.yaml", "parts=[bowl]", "out=mine.pdf")
    assert code == 0 and "1 marker on 1 page" in out and (here / "mine.yaml").read_text().startswith("scenario")


def test_all_that_is_wrong_with_a_file_is_named_at_once(here, capsys):
    (here / "mine.yaml").write_text(MINE.replace("SIZE", "150 mm").replace("of: bowl", "of: bowll"))
    code, _, err = run(capsys, "print", "markers", "markers=mine.yaml", "out=a.pdf")
    assert code == 2 and "mine.yaml" in err and "'bowll'" in err and "marker 31 is 150 mm; a page holds" in err
    (here / "mine.yaml").write_text("scenario: microwav\nmarkers: [{id: 1, of: cell, size: 50 mm}]\n")
    code, _, err = run(capsys, "print", "markers", "markers=mine.yaml", "out=a.pdf")
    assert code == 2 and "mine.yaml: scenario: There is no scenario 'microwav'" in err
    code, _, err = run(capsys, "print", "markers", "scenario=microwave", "parts=[bow,ovn]", "out=a.pdf")
    assert code == 2 and "'bow', 'ovn'" in err and not list(here.glob("*.pdf"))


def test_a_board_takes_no_settings_of_markers(here, capsys):
    code, _, err = run(capsys, "print", "board", "scenario=microwave", "parts=[oven]", "out=a.pdf")
    assert code == 2 and "Leave out scenario=, parts=" in err and not list(here.iterdir())
    assert run(capsys, "print", "board", "out=a.pdf")[0] == 0


def test_captions_stay_on_the_page_and_too_large_a_marker_is_refused(tmp_path, monkeypatch):
    ends: list[float] = []
    text = _Pages.text
    monkeypatch.setattr(
        _Pages, "text", lambda self, x, y, words, size: (ends.append(x + self.width(words, size)), text(self, x, y, words, size))
    )
    small = tuple(Marker(k, "cell", 0.005, (0.0, 0.1 * k, 0.0), turned=0.3) for k in range(6))
    assert print_markers(tmp_path / "a.pdf", MarkerSet("bare", small), {}) == 1
    assert max(ends) < PAGE[0] - EDGE / 2
    assert "turned by 17.1887 deg" in _captions(small[0], {})[1][0]
    assert too_large(Marker(0, "cell", 0.139, (0.0, 0.0, 0.0))) is None
    assert "139 mm at most" in str(too_large(Marker(0, "cell", 0.145, (0.0, 0.0, 0.0))))
