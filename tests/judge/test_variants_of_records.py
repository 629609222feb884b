"""A record that names no variant: its columns and places choose one, and what fits none makes no FAIL of a replay."""

from dataclasses import replace

import numpy as np
import pytest
import shiliu
from ordinary import around, ordinary
from shiliu.replay.checks.finding import Finding
from shiliu.replay.judge import judge as judging
from shiliu.replay.judge.context import Contexts
from shiliu.replay.judge.facts.results import Integrity, Judged, Replay
from shiliu.replay.judge.judge import judge, subject_of
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.reading.composition import CONF

ROWS = 60


def resting(variant: str | None):
    """A scene of the microwave, and an episode in it in which nobody moves; its sentence is that of the scenario as it stands."""
    scene = shiliu.load_scenario("microwave", variant=variant)
    take = Take(drawing.nominal(scene), np.tile(scene.ready_ctrl, (ROWS, 1)).astype(np.float32))
    played = next(play(scene, [take], [checkpoints_of(scene, ROWS)], 1))
    made = episode_of(scene, played, 0, [], {"made_by": "test"})
    sentence = shiliu.load_scenario("microwave").config.raw["tasks"][0]
    made.task = {"en": sentence["en"], "zh": sentence["zh"]}
    return scene, made


@pytest.fixture(scope="module")
def contexts():
    return Contexts()


@pytest.mark.parametrize("variant", [None, "right_hinge", "button"])
def test_places_and_columns_choose_the_variant(variant, contexts, tmp_path):
    (recording,) = ordinary(*resting(variant), tmp_path / "set")
    context = contexts.of(recording)
    assert (context.scene.config.variant, context.fitted) == (variant, variant is not None)
    agrees, _ = contexts.variants(context, recording)
    assert agrees


def test_a_designers_own_file_of_a_scenario_has_its_variants_too(tmp_path):
    own = tmp_path / "conf" / "scenario" / "microwave.yaml"
    own.parent.mkdir(parents=True)
    own.write_text((CONF / "scenario" / "microwave.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (recording,) = ordinary(*resting("right_hinge"), tmp_path / "set")
    assert Contexts(conf_dir=tmp_path / "conf").of(recording).scene.config.variant == "right_hinge"


def test_what_a_hand_moved_aside_is_still_of_the_scenario_as_it_stands(contexts, tmp_path):
    scene, made = resting(None)

    def aside(columns):
        around(scene, columns, "bowl.y")[:] -= 0.1

    (recording,) = ordinary(scene, made, tmp_path / "set", aside)
    assert contexts.of(recording).scene.config.variant is None
    assert contexts.variants(contexts.of(recording), recording)[0]


@pytest.mark.slow
def test_a_record_that_fits_no_variant_is_undecided(contexts, tmp_path):
    scene, made = resting(None)

    def far(columns):
        around(scene, columns, "bowl.x")[:] += 0.6

    (recording,) = ordinary(scene, made, tmp_path / "set", far)
    context = contexts.of(recording)
    assert context.scene.config.variant is None and contexts.variants(context, recording) == (False, ())
    (verdict,) = judge([recording], contexts=contexts, threads=1)
    goal = next(one for one in verdict.findings if one.code == "goal")
    assert (goal.level, goal.reason) == ("NOT_CHECKED", "no_variant")


def test_a_take_that_goes_wrong_is_judged_where_it_goes_well(monkeypatch, contexts, tmp_path):
    """As with a door that has a pocket for a handle, of which neither columns nor places tell."""
    (recording,) = ordinary(*resting(None), tmp_path / "set")
    subject = subject_of(recording, contexts)
    rules = subject.rules
    done, missed = rules["goal"].passed(value=1.0), rules["goal"].finding(level="FAIL")

    def of(one: Finding) -> Replay:
        return Replay((one,))

    tried = []

    def stages(subjects, *_, **__):
        (one,) = subjects
        tried.append(one.scene.config.variant)
        return [Judged(one, Integrity(()), replay=of(done if one.scene.config.variant == well else missed))]

    monkeypatch.setattr(judging, "run_stages", stages)
    judged = Judged(subject, Integrity(()), replay=of(missed))
    well = "pocket"
    assert judging._in_its_variant(judged, {}, 1, 0).scene.config.variant == "pocket"
    assert "full" not in tried and "right_hinge" not in tried  # of another sentence, and of another place
    well = "none"
    assert judging._in_its_variant(judged, {}, 1, 0) is judged
    fine = replace(judged, replay=of(done))
    tried.clear()
    assert judging._in_its_variant(fine, {}, 1, 0) is fine and not tried
