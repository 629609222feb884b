"""What an episode's side file claims is held against its configuration, its chain, its seed, today's scene and its replay."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from benches import leaving
from shiliu.replay.checks.claims import STEPS, check_claims, other_times
from shiliu.replay.checks.inputs import Recorded
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.judge import judge, subject_of
from shiliu.replay.judge.stages.integrity_stage import _today
from shiliu.replay.judge.verdict import combine
from shiliu.replay.recording.declared import Declared
from shiliu.replay.report.text import Words
from shiliu.replay.robots.limits import Limits
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.scenarios.draws.variation import draw, varied_by_seed

RULES = load_rules()


@pytest.fixture(scope="module")
def taken(served):
    return served


def claimed(taken, change=lambda episode: None, asks=True):
    """`set.claims` of a demonstration whose side file was changed; asks: whether its scene is at hand, as it is not at intake."""
    episode = copy.deepcopy(taken.episode)
    change(episode)
    recording = replace(taken, episode=episode, declared=Declared(episode.n_steps))
    today = (lambda: _today(subject_of(recording))) if asks else (lambda: None)
    (found,) = check_claims(Recorded(recording, Limits({}), RULES, today=today))
    for lang in ("en", "zh"):
        words = Words(lang)
        texts = (words.message(found), words.slip(found), words.fix(found), words.advice(found))
        assert not any("{" in one or "None" in one for one in texts)
    return found


def test_a_demonstration_s_own_claims_hold(taken):
    found = claimed(taken)
    assert (found.level, found.details["unchecked"]) == ("PASS", "made_by")
    assert claimed(taken, asks=False).details["unchecked"] == "seed, fingerprint, made_by"


def shifted(by, first=0):
    def change(episode):
        for one in episode.segments[first:]:
            one["t0"] += by
            one["t1"] += by

    return change


def put(key, value):
    return lambda episode: setattr(episode, key, value)


def words(change):
    def put_in(episode):
        names = change([one["skill"] for one in episode.segments])
        for one, name in zip(episode.segments, names):
            one["skill"] = name

    return put_in


@pytest.mark.parametrize(
    ("change", "kind", "level", "owner"),
    [
        (put("scenario", "microwave"), "config", "FAIL", None),
        (put("scenario_version", 1), "config", "FAIL", None),
        (shifted(2.0), "outside", "FAIL", "auditor"),
        (shifted(-0.5), "outside", "FAIL", "auditor"),
        (shifted(0.1, first=1), "gap", "FAIL", "auditor"),
        (lambda e: e.label["subgoals"].update(served=99.0), "outside", "FAIL", "auditor"),
        (lambda e: e.segments.reverse(), "order", "FAIL", "auditor"),
        (words(lambda names: names[::-1]), "chain", "FAIL", "auditor"),
        (words(lambda names: ["move_joint.pull", *names[1:]]), "chain", "FAIL", "auditor"),
        (put("segments", [{"skill": "carry.over", "t0": 0.0, "t1": 9.0}]), "left_out", "WARN", "auditor"),
        (put("fingerprint", "0" * 64), "fingerprint", "WARN", None),
        (put("seed", 2), "seed", "FAIL", None),
        (lambda e: e.label.update(success=True, failure="drop"), "label", "FAIL", "auditor"),
        (lambda e: e.draw["values"].update({"table.height": e.draw["values"]["table.height"] + 1e-4}), "seed", "FAIL", None),
    ],
)
def test_a_claim_that_is_contradicted_is_named(taken, change, kind, level, owner):
    found = claimed(taken, change)
    assert (found.details["kind"], found.level, found.details.get("owner")) == (kind, level, owner), found.details


@pytest.mark.parametrize(
    "change",
    [
        shifted(0.04),  # a person reads a clock
        lambda e: e.provenance.update(segments={"from": "sheet"}) or e.segments.pop(1),  # a person corrected them
        lambda e: e.provenance.update(mistake="spilt") or e.draw["values"].update({"table.height": 0.9}),  # which may put in a value
        lambda e: e.provenance.update(made_by="repair") or setattr(e, "seed", 2),
        lambda e: e.provenance.update(shiliu="0.0.1") or setattr(e, "seed", 2),  # which may have drawn otherwise
        lambda e: setattr(e, "engine", "mujoco 3.0.0") or setattr(e, "fingerprint", "0" * 64),  # by which models are saved otherwise
        lambda e: e.config["scenario"].pop("skills"),
        lambda e: e.draw.pop("redraws"),
        lambda e: e.label.update(success=False, failure="drop"),
        lambda e: e.label.update(success=True, failure=None),
        put("segments", []),
    ],
)
def test_what_may_be_so_is_not_refused(taken, change):
    assert claimed(taken, change).level == "PASS"


def test_a_seed_draws_what_varies_as_a_draw_does(served):
    scene = subject_of(served).made_in
    for seed in range(3):
        drawn = draw(scene, seed)
        varied = varied_by_seed(scene, seed, len(drawn.redraws))
        assert varied and {key: drawn.values[key] for key in varied} == varied


def test_what_follows_from_a_draw_of_another_take():
    penetration = RULES["start.penetration"].finding(level="FAIL", subject=("bowl",), t0=0.0)
    departs = RULES["reproduces"].finding(level="FAIL", t0=0.03, value=1.0, details={"likely": "other_draw", "owner": "device"})
    seed = RULES["set.claims"].finding(level="FAIL", subject=("seed",), details={"kind": "seed"})
    stages = ["integrity", "replay"]
    found = combine([penetration, departs], stages, RULES)
    assert (found.root, found.owner, [one.because_of for one in found.findings]) == (1, "device", [1, None])
    assert [one.because_of for one in combine([seed, penetration, departs], stages, RULES).findings] == [None, 2, 0]
    alone = combine([penetration], stages, RULES)
    assert (alone.root, alone.owner) == (0, "scene")
    chain = seed.with_(details={"kind": "chain"})
    assert [one.because_of for one in combine([chain, departs], stages, RULES).findings] == [None, None]


@pytest.fixture(scope="module")
def left():
    return leaving()


def goal(scene, made, label):
    episode = episode_of(scene, made)
    episode.label = label(copy.deepcopy(episode.label))
    verdict = judge([as_recording("left", episode, scene)], threads=1)[0]
    return verdict, next(one for one in verdict.findings if one.code == "goal")


def times(key, **changed):
    return lambda label: {**label, key: {**label[key], **changed}}


@pytest.mark.parametrize(
    ("label", "kind", "claim"),
    [
        (times("subgoals", raised=0.5), "other_times", "subgoals.raised"),
        (times("subgoals", raised=None), "other_times", "subgoals.raised"),
        (times("subgoals", opened=0.5), "no_such_step", "subgoals.opened"),
        (times("undone", there=0.0), "other_times", "undone.there"),
        (lambda label: {key: value for key, value in label.items() if key != "undone"}, "other_times", "undone.there"),
    ],
)
def test_a_label_that_tells_other_times_of_steps_is_refused_and_given_to_the_auditor(left, label, kind, claim):
    verdict, found = goal(*left, label)
    assert (verdict.verdict, verdict.owner, verdict.findings[verdict.root].code) == ("INFEASIBLE", "auditor", "goal")
    assert (found.level, found.details["kind"], found.details["claimed"]) == ("FAIL", kind, claim)
    for lang in ("en", "zh"):
        texts = Words(lang)
        assert claim in texts.message(found) and claim in texts.fix(found)
        assert not any("{" in one or "None" in one for one in (texts.message(found), texts.fix(found), texts.slip(found)))


def test_a_label_that_tells_the_replay_s_times_or_none_passes(left):
    for label in (dict, times("subgoals"), lambda label: {"success": False, "failure": label["failure"]}):
        verdict, found = goal(*left, label)
        assert (verdict.verdict, found.level) == ("FEASIBLE", "PASS")


def test_two_times_of_a_step_may_differ_by_two_control_steps():
    dt, shown = 1 / 30, {"subgoals": {"served": 2.0}}
    assert other_times({"subgoals": {"served": 2.0 + (STEPS - 0.5) * dt}}, shown, dt) == {}
    assert other_times({"subgoals": {"served": 2.0 + (STEPS + 0.5) * dt}}, shown, dt)["shown_at"] == 2.0
