"""One thing of a scenario is changed so that its task cannot be done: the operator fails at that, and the judge says so.

What is changed stands in `conf/controls/`. Others of the microwave stand in `test_operator.py`, the person's in `test_handover.py`.
"""

from __future__ import annotations

import pytest
import shiliu
from completeness import controls_of
from controls import CONTROLS as FOLDER
from controls import read_controls
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.mistakes import code_of, read_mistakes
from shiliu.replay.operator.operator import perform
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import ScenarioError

SEED = 500
QUICK = {"fingers of ice take no bowl"}  # which is drawn; faults of the operator stand in `test_empty_hand.py` and `test_pouring.py`

CONTROLS = [(file.stem, name) for file in sorted(FOLDER.glob("*.yaml")) for name in controls_of(file.stem)]


@pytest.mark.slow  # the table's of this seed is recorded and judged in test_record.py
@pytest.mark.parametrize("scenario", dict(CONTROLS))
def test_unchanged_it_is_done(scenario):
    scene = shiliu.load_scenario(scenario)
    (done,) = perform(scene, [drawing.draw(scene, SEED)], [SEED])
    assert done.success and done.failure is None and not done.unsafe


@pytest.mark.parametrize(
    ("scenario", "name"),
    [pytest.param(*control, marks=() if control[1] in QUICK else pytest.mark.slow) for control in CONTROLS],
)
def test_it_fails_at_what_was_changed(scenario, name):
    scene = shiliu.load_scenario(scenario)
    control = read_controls(scene)[name]
    drawn = drawing.draw(scene, SEED)
    assert control.values.keys() <= drawn.values.keys()
    changed = drawing.of_values(scene, drawn.values | dict(control.values), 0)
    (done,) = perform(scene, [changed], [SEED], faults=control.faults, skills=control.chain())
    assert not done.success and done.failure == control.code
    episode = episode_of(scene, done)
    episode.label["success"] = True  # which the judge is not to believe
    (verdict,) = judge([as_recording(name, episode, scene)], scene)
    assert verdict.verdict == "INFEASIBLE"
    assert control.code in [code_of(finding) for finding in verdict.findings if finding.failed]


# -- the words of the file ---------------------------------------------------------------------------------------------


@pytest.fixture
def controls(tmp_path):
    """The controls of a scene whose file is this text."""
    scene = shiliu.load_scenario("table_setting")

    def read(text):
        (tmp_path / "table_setting.yaml").write_text(text, encoding="utf-8")
        return read_controls(scene, tmp_path)

    return read


def test_a_value_may_lie_beyond_what_its_part_can_be(controls):
    heavy = "a bowl: {code: scenario.spilt, draw: {bowl: {mass: 40 kg}, friction: 0.05}}"
    assert dict(controls(heavy)["a bowl"].values) == {"bowl.mass": 40.0, "friction": 0.05}
    scene = shiliu.load_scenario("table_setting", ['+mistakes.m={code: scenario.spilt, draw: {bowl: {mass: "40 kg"}}}'])
    with pytest.raises(ScenarioError, match="'40 kg' is too large"):
        read_mistakes(scene)


def test_what_is_wrong_is_told_with_its_line(controls):
    with pytest.raises(ScenarioError, match=r"(?s)yaml:1: .*'scenario.spilled'.*yaml:2: .*'bowel' is no part"):
        controls("a: {code: scenario.spilled, skip: take.rim}\nb: {code: scenario.spilt, draw: {bowel: {mass: 1 kg}}}\n")
