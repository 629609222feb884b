"""The walk-through of docs/new-scenario.md: its pieces are one scenario, which is sound and which the operator does."""

import re
from pathlib import Path

import pytest
import shiliu
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.soundness.soundness import examine

PAGE = Path(__file__).resolve().parents[1] / "docs" / "new-scenario.md"


@pytest.fixture(scope="module")
def conf(tmp_path_factory):
    """A designer's folder with the pieces as one file."""
    pieces = re.findall(r"(?s)```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"))
    assert len(pieces) == 4
    folder = tmp_path_factory.mktemp("designer") / "conf"
    (folder / "scenario").mkdir(parents=True)
    (folder / "scenario" / "my_table.yaml").write_text("\n".join(pieces), encoding="utf-8")
    (folder / "scenario" / "place_alone.yaml").write_text(pieces[0], encoding="utf-8")
    return folder


def test_each_piece_adds_to_what_stands(conf):
    place = shiliu.load_scenario("place_alone", conf_dir=conf)
    assert not place.goal and not read_chain(place)
    whole = shiliu.load_scenario("my_table", conf_dir=conf)
    assert len(read_chain(whole)) == 6 and set(read_mistakes(whole)) == {
        "spilt",
        "guest_bowl_pushed",
        "set_down_beside",
    }
    assert [answer for answer in examine(whole, draws=2) if not answer.sound] == []


@pytest.mark.slow
def test_it_is_done(conf):
    scene = shiliu.load_scenario("my_table", conf_dir=conf)
    assert perform(scene, [draw(scene, 0)], [0])[0].success
