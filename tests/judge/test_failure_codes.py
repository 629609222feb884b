"""A take that is labelled a failure: by the failure that its replay shows, by another, by one that its scenario does not have."""

from __future__ import annotations

import pytest
from benches import leaving
from shiliu.replay.judge.judge import judge
from shiliu.replay.report.text import Words
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play


@pytest.fixture(scope="module")
def left():
    return leaving()


def judged(scene, made, **label):
    episode = episode_of(scene, made)
    episode.label = {**episode.label, **label}
    verdict = judge([as_recording("left", episode, scene)], threads=1)[0]
    return verdict, next(one for one in verdict.findings if one.code == "goal")


@pytest.mark.parametrize("code", ["replay.goal:there", None, "goal"])
def test_a_take_fails_as_recorded_by_the_failure_that_is_shown_or_by_none_that_is_named(left, code):
    verdict, goal = judged(*left, success=False, failure=code)
    assert (verdict.verdict, goal.level) == ("FEASIBLE", "PASS") and "claimed" not in goal.details
    assert "fails as recorded" in Words("en").message(goal) and "与标注一致" in Words("zh").message(goal)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("replay.goal:raised", "other_failure"),  # a step that was done
        ("drop", "other_failure"),  # nothing was carried
        ("unstable", "other_failure"),
        ("scenario.door_rebound", "no_such_failure"),
        ("replay.goal:served", "no_such_failure"),
    ],
)
def test_a_label_that_names_another_failure_is_refused_and_given_to_the_auditor(left, code, kind):
    verdict, goal = judged(*left, success=False, failure=code)
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, root.code, verdict.owner) == ("INFEASIBLE", "goal", "auditor")
    assert (goal.level, goal.details["kind"], goal.details["claimed"]) == ("FAIL", kind, code)
    assert goal.details["shown"] == "replay.goal:there" and goal.fix["kind"] == "relabel"
    for lang, as_recorded in (("en", "as recorded"), ("zh", "一致")):
        words = Words(lang)
        text = words.message(goal)
        assert code in text and "replay.goal:there" in text and as_recorded not in text
        assert code in words.fix(goal) and code not in words.slip(goal)
        assert not any("None" in one or "{" in one for one in (text, words.fix(goal), words.slip(goal), words.advice(goal)))


def test_a_take_that_was_broken_off_fails_by_the_step_that_it_did_not_come_to(left):
    scene, made = left
    actions = episode_of(scene, made).actions[:10]
    take = Take(made.draw, actions)
    (short,) = play(scene, [take], [checkpoints_of(scene, len(actions))], threads=1)
    code = short.label["failure"]
    assert code.startswith("replay.goal:")
    for failure, level in ((code, "PASS"), ("replay.goal:nowhere", "FAIL")):
        assert judged(scene, short, failure=failure)[1].level == level


def test_a_replay_that_departs_from_the_record_shows_nothing_of_its_failure(left):
    scene, made = left
    episode = episode_of(scene, made)
    episode.label = {**episode.label, "failure": "replay.goal:raised"}
    name = next(name for name, state in episode.states.items() if state.dtype.kind == "f")
    episode.states[name] = episode.states[name].copy()
    episode.states[name][5, 0] += 0.25
    verdict = judge([as_recording("left", episode, scene)], threads=1)[0]
    levels = {one.code: one.level for one in verdict.findings}
    assert levels["goal"] == "PASS" and "FAIL" in {levels["reproduces"], levels.get("column.differs")}
