"""Commands played over another link: what the link spoils is the link's, and what the motion cannot do stays the motion's."""

from dataclasses import replace

import pytest
import shiliu
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.context import Contexts
from shiliu.replay.judge.explanation.assumed_link import under_assumed
from shiliu.replay.judge.explanation.lost_commands import after_losses
from shiliu.replay.judge.judge import judging
from shiliu.replay.report.terminal import first_line
from shiliu.replay.report.text import Words
from shiliu.replay.report.used import used
from shiliu.replay.residual.table import without_late_commands
from shiliu.scenarios.catalog.catalog import over_link

pytestmark = pytest.mark.usefixtures("one_copy")


def judged(recording, link=None):
    (verdict,) = judging([recording], contexts=Contexts(link=link), threads=1)
    return verdict, {one.code: one for one in verdict.findings}


def test_a_recording_over_a_mild_link_is_judged_over_it_and_reproduces(table):
    verdict, found = judged(shiliu.perform(over_link(table, "5g_nsa"), 1))
    assert verdict.verdict == "FEASIBLE" and verdict.claim == "simulation"
    assert "link" not in verdict.provenance and "link" not in str(verdict)  # it came over this one: nothing is assumed
    assert found["reproduces"].level == "PASS" and found["link.stale"].level == "PASS"
    assert 0.0085 < found["link.stale"].value < 0.1  # none is sooner than the delay less the jitter


def test_commands_that_do_the_task_are_not_to_blame_for_a_link_that_does_not_carry_them(served):
    verdict, found = judged(served)
    assert verdict.verdict == "FEASIBLE" and found["link.loss"].level == "NOT_APPLICABLE"
    verdict, found = judged(served, {"drop_outs": {"every": 4.0, "shortest": 3.0, "longest": 3.0}})
    assert (verdict.verdict, verdict.owner, verdict.claim) == ("INFEASIBLE", "auditor", "elsewhere")
    assert verdict.findings[verdict.root].code.startswith("link.") and found["reproduces"].level == "NOT_APPLICABLE"
    goal = found["goal"]
    assert (goal.level, goal.details["kind"], goal.details["owner"]) == ("FAIL", "link", "auditor")
    assert goal.details["elsewhere"] == {"where": "made_in", "success": True}
    for lang, word in (("en", "over the other link"), ("zh", "另一条链路")):
        words = Words(lang).telling(verdict.titles)
        assert word in words.slip(goal)
        for sentence in (words.slip(verdict.findings[verdict.root]), words.message(goal), first_line(used([verdict], words), 1, words)):
            assert "4 s" in sentence and "3 s" in sentence, sentence  # the drop-outs of the link
    assert verdict.provenance["link"] == {"delay": 0.0, "jitter": 0.0, "loss": 0.0, "every": 4.0, "longest": 3.0}
    assert "over the assumed link" in str(verdict)


def test_a_delay_alone_is_no_slow_motion(served):
    verdict, found = judged(served, {"delay": 0.25})
    assert verdict.verdict == "FEASIBLE" and found["tracking"].level in ("PASS", "WARN")
    assert found["link.stale"].value == pytest.approx(0.25)


@pytest.mark.parametrize(("name", "kept"), [("observation.link", False), ("observation.link_poses", True)])
def test_only_the_times_of_messages_take_commands_out_of_the_comparison(served, name, kept):
    measured = next(one for one in served.streams.values() if one.role == "measured")
    recording = replace(served, streams={**served.streams, name: replace(measured, name=name)})
    assert any(one.role == "command" for one in without_late_commands(recording).streams.values()) is kept


@pytest.mark.parametrize(("link", "like", "delay"), [(None, "local", 0.0), ("4g", "4g", 0.03), ({"delay": 0.1}, "5g_sa", 0.1)])
def test_a_recording_without_its_scene_passes_the_link_that_the_command_names_or_none(served, table, link, like, delay):
    scenario = over_link(table, "5g_sa")  # a scenario over a link of its own
    scene = Contexts(scenario, link=link).of(replace(served, episode=None, scenario=scenario.name)).scene
    assert (scene.config.link.like, scene.config.link.delay) == (like, delay)
    assert ("observation.link" in scene.schema.observations) is (link is not None)


@pytest.mark.parametrize(("over", "owner"), [(None, "device"), ({"delay": 0.15}, "auditor")])
def test_a_longer_step_after_lost_commands_is_the_device_teams_where_the_link_was_passed(over, owner):
    rules = load_rules("arm_manipulation")
    torque = rules["torque.peak"].finding(level="FAIL", t0=1.1, subject=("zarm_l1_joint",), value=70.0, limit=60.0, margin=-10.0)
    loss = rules["link.loss"].finding(level="FAIL", subject=("action",), details={"came": [1.0]})
    kept, lost = after_losses(under_assumed([torque, loss], over))
    assert (kept.details["kind"], kept.details["owner"]) == ("link", owner)
    assert lost.details.get("owner", "device") == owner
