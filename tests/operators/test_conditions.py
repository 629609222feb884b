"""A step of a chain that depends on a switch of the rules: it is left out where that is off when its turn comes."""

from types import SimpleNamespace

import pytest
from benches import bench, done
from shiliu.replay.operator.failures import ending_of
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import read_chain
from shiliu.scenarios.errors import ScenarioError

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
    assert words(done(scene, mistakes=[read_mistakes(scene)["looked"]])) == ["wait", "look", "home"]


def test_a_switch_that_there_is_not_is_told_with_what_was_meant():
    with pytest.raises(ScenarioError, match="'thre' is not known here.*there"):
        read_chain(of(CHAIN.replace("if: there", "if: thre")))


def test_where_a_demonstration_ended_is_counted_in_the_chain_not_in_what_was_done():
    segments = [{"skill": word, "t0": 0.0, "t1": 1.0} for word in ("wait", "home")]
    failed = SimpleNamespace(label={"success": False}, segments=segments, provenance={}, duration_s=5.0)
    ending = ending_of(failed, ["wait", "look", "wait", "home", "lift"])
    assert (ending.skill, ending.number, ending.of, ending.done) == ("home", 4, 5, False)
