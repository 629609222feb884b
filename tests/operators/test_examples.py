"""The example scenarios of docs/examples: data alone, in primitives whose ways are left out; each is sound, and the operator does it."""

from pathlib import Path

import pytest
import shiliu
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.soundness.soundness import examine

CONF = Path(__file__).resolve().parents[2] / "docs" / "examples" / "conf"
NAMES = sorted(file.stem for file in (CONF / "scenario").glob("*.yaml"))


@pytest.fixture(scope="module", params=NAMES)
def scene(request):
    return shiliu.load_scenario(request.param, conf_dir=CONF)


def test_an_example_is_read_and_its_ways_are_left_out(scene):
    assert len(NAMES) == 3
    assert {skill.how for skill in read_chain(scene)} == {""}
    assert read_mistakes(scene)


@pytest.mark.slow
def test_an_example_is_sound(scene):
    assert [answer for answer in examine(scene, draws=3) if not answer.sound] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_an_example_is_done(scene, seed):
    assert perform(scene, [draw(scene, seed)], [seed])[0].success
