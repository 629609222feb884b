"""What the judge is worth to a policy: how faults are dealt, which takes each arm has, and intervals of known amounts."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
TAKES = [
    {"seed": 1, "kind": None, "verdict": "FEASIBLE", "intake": "INCONCLUSIVE"},
    {"seed": 2, "kind": None, "verdict": "INFEASIBLE", "intake": "INCONCLUSIVE"},  # a false alarm
    {"seed": 3, "kind": "oven elsewhere", "verdict": "FEASIBLE", "intake": "INCONCLUSIVE"},  # missed
    {"seed": 4, "kind": "hand never closes", "verdict": "INFEASIBLE", "intake": "INFEASIBLE"},
    {"seed": 5, "kind": "action runs late", "verdict": "INCONCLUSIVE", "intake": "UNSOUND"},
]


@pytest.fixture
def regained(monkeypatch):
    """The benchmark, which is a file and no package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return import_module("policy_regained")


def test_faults_are_dealt_to_that_share_of_the_takes_and_each_kind_as_often(regained):
    seeds = [*range(300, 340), *range(400, 440)]
    kinds = regained.dealt(seeds, 0.3, regained.KINDS)
    assert len(kinds) == 24 and set(kinds) <= set(seeds)
    assert set(Counter(kinds.values()).values()) == {3} and len(set(kinds.values())) == 8
    assert kinds == regained.dealt(seeds, 0.3, regained.KINDS)
    assert kinds.keys() != regained.dealt(seeds, 0.3, regained.KINDS, seed=2).keys()
    assert regained.dealt(seeds, 0.0, regained.KINDS) == {}


def test_each_arm_has_its_takes(regained):
    chosen = {arm: regained.chosen_takes(TAKES, arm) for arm in regained.ARMS}
    drawn = chosen.pop("random")
    assert len(set(drawn)) == 2 and set(drawn) <= set(range(5)) and drawn == regained.chosen_takes(TAKES, "random")
    assert chosen == {"all": [0, 1, 2, 3, 4], "feasible": [0, 2], "clean": [0, 1], "intake": [0, 1, 2]}


def test_all_kinds_are_known_faults_of_the_scene(regained, scene):
    assert tuple(regained.known_faults(scene)) == regained.KINDS


def test_a_policy_has_its_name_of_takes_and_training(regained):
    how = regained.Training(steps=10)
    assert regained.key_of([3, 1], how) == regained.key_of([1, 3], how)
    assert regained.key_of([1, 2], how) != regained.key_of([1, 3], how)
    assert regained.key_of([1, 3], regained.Training(steps=11)) != regained.key_of([1, 3], how)


def test_arms_of_the_same_policy_differ_by_nothing(regained):
    done = np.random.default_rng(0).random((3, 50)) < 0.8
    found = regained.paired(done, done, draws=500)
    assert found["difference"] == (0.0, 0.0, 0.0)
    assert found["ratio"] == (1.0, 1.0, 1.0)


def test_the_interval_of_a_known_difference(regained):
    """One fifth of the draws are lost by one arm, the same ones by every training: a share of 50 by its binomial spread."""
    b = np.ones((3, 50), bool)
    a = b.copy()
    a[:, :10] = False
    value, low, high = regained.paired(a, b)["difference"]
    spread = 1.96 * np.sqrt(0.2 * 0.8 / 50)
    assert value == pytest.approx(-0.2)
    assert (low, high) == pytest.approx((-0.2 - spread, -0.2 + spread), abs=0.012)
    assert regained.paired(a, b)["ratio"][0] == pytest.approx(0.8)


def test_pairing_takes_out_what_both_arms_share(regained):
    """Draws that are hard for both widen each share, and not the difference."""
    b = np.tile(np.arange(50) < 25, (3, 1))
    a = b.copy()
    a[:, 0] = False
    _, low, high = regained.paired(a, b)["difference"]
    assert high - low < 0.1 < 2 * 1.96 * np.sqrt(0.5 * 0.5 / 50)


def test_a_training_that_fails_counts_as_one_of_three(regained):
    """Spread over training seeds is resampled, too: with one of three lost, all may be or none."""
    b = np.ones((3, 50), bool)
    a = b.copy()
    a[0] = False
    assert regained.paired(a, b)["difference"] == pytest.approx((-1 / 3, -1.0, 0.0))


def test_a_row_tells_share_and_interval(regained):
    b = np.ones((3, 50), bool)
    a = b.copy()
    a[:, :10] = False
    rows = regained.arm_lines({"all": range(80), "clean": range(56)}, {"all": a, "clean": b})
    assert rows[2].startswith("| all takes | 80 | 40/50, 40/50, 40/50 | 80.0% (73% to 86%), 120/150 | -20.0% (")
    assert rows[3] == "| clean ones | 56 | 50/50, 50/50, 50/50 | 100.0% (98% to 100%), 150/150 | – | – |"


@pytest.mark.slow
def test_a_set_is_made_with_its_faults_and_labels_of_clean_ones(regained, demonstration, scene, tmp_path):
    """The door does not open where the grip goes or the oven stands elsewhere; the label says that it does, and the judge does not."""
    clean = demonstration
    for kind in regained.KINDS[:2]:
        out = tmp_path / kind
        out.mkdir()
        regained.make_set([clean], {clean.seed: kind}, scene, out)
        (made,) = regained.episodes_of(out / "set")
        assert made.label["success"] and made.label["subgoals"] == clean.label["subgoals"]
        (take,) = regained.judged(out, [{"seed": clean.seed, "kind": kind}], scene)
        assert take["verdict"] == "INFEASIBLE"
