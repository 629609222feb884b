"""A step of a chain that depends on a switch of the rules: it is left out where that is off when its turn comes."""

from types import SimpleNamespace

import pytest
import shiliu
from benches import bench, done
from shiliu.replay.operator.failures import ending_of
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import ScenarioError

RULES = {
    "there": {"when": {"near": {"of": "can.base", "to": "table.top", "within": "1 m"}}},
    "gone": {"when": {"moved": {"of": "can", "more_than": "1 m"}}},
}
CHAIN = "[wait: {time: 0.3 s}, look: {at: can.base, if: gone}, wait: {time: 0.1 s, if: there}, home: {hand: left}]"
GOAL = "{never: {moved: {of: can, more_than: 3000 mm}}}"


def of(chain=CHAIN, **more):
    return bench(chain, GOAL, "bowl", "other", rules=RULES, **more)


def words(performance):
    return [segment["skill"] for segment in performance.segments]


def test_what_depends_on_a_switch_that_is_off_is_left_out():
    assert words(done(of())) == ["wait", "wait", "home"]


def test_a_mistake_may_change_on_what_a_step_depends():
    scene = of(mistakes={"looked": {"code": "replay.goal:never", "change": {"look": {"if": None}, "wait 2": {"if": "gone"}}}})
    assert words(done(scene, skills=read_mistakes(scene)["looked"].chain(), on_purpose=True)) == ["wait", "look", "home"]


def test_a_switch_that_there_is_not_is_told_with_what_was_meant():
    with pytest.raises(ScenarioError, match=r"'thre' is not known here.*there"):
        read_chain(of(CHAIN.replace("if: there", "if: thre")))


def test_where_a_demonstration_ended_is_counted_in_the_chain_not_in_what_was_done():
    segments = [{"skill": word, "t0": 0.0, "t1": 1.0} for word in ("wait", "home")]
    failed = SimpleNamespace(label={"success": False}, segments=segments, provenance={}, duration_s=5.0)
    ending = ending_of(failed, ["wait", "look", "wait", "home", "lift"])
    assert (ending.skill, ending.number, ending.of, ending.done) == ("home", 4, 5, False)


@pytest.mark.slow
@pytest.mark.parametrize("mass", [None, 0.130])
def test_a_product_out_of_tolerance_is_rejected_and_put_aside(mass):
    """One a little too light, as drawn; one that is much too heavy."""
    scene = shiliu.load_scenario("package_packing")
    drawn = drawing.draw(scene, 0)
    assert drawn.values["soap.mass"] < 0.1056
    if mass is not None:
        drawn = drawing.of_values(scene, drawn.values | {"soap.mass": mass}, drawn.task)
    (performance,) = perform(scene, [drawn], [0])
    assert performance.success and performance.failure is None
    assert words(performance).count("press.key") == 1 and "move_joint.fold" not in words(performance)
