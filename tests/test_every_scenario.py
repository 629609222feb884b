"""What holds of every scenario, whoever wrote it: nothing here is named after one."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import shiliu
from gymnasium.utils.env_checker import check_env
from scenario_costs import SCENARIOS, every, every_moving
from scipy.stats import spearmanr
from shiliu.envs.single import ShiliuEnv
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import read_chain
from shiliu.replay.rollout.episode import as_recording
from shiliu.scenarios.catalog.figures import figures_of
from shiliu.scenarios.catalog.scene_titles import missing_titles
from shiliu.scenarios.draws.variation import draw, nominal

ROOT = Path(__file__).resolve().parents[1]


@every_moving
def test_its_environment_passes_the_check(any_scene):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(ShiliuEnv(any_scene), skip_render_check=True)
    assert [str(w.message) for w in caught if "symmetric and normalized space" not in str(w.message)] == []


@every
def test_its_chain_and_its_mistakes_can_be_read(any_scene):
    assert bool(read_chain(any_scene)) == bool(any_scene.goal), "whoever sets a goal shows how it is reached"
    read_mistakes(any_scene)


@every
def test_it_is_told_in_both_languages(any_scene):
    answers = any_scene.config.raw.get("answers", {})  # each has a title of its own, whatever it is read off
    assert missing_titles(any_scene).keys() <= {answer.get("of") for answer in answers.values()}


@every_moving
def test_its_draws_differ_and_are_those_of_their_seeds(any_scene):
    first, again = draw(any_scene, 1), draw(any_scene, 1)
    assert first.values == again.values and first.start_state.tobytes() == again.start_state.tobytes()
    assert bool(any_scene.config.variation) == (draw(any_scene, 2).values != first.values)
    assert set(first.values) == set(nominal(any_scene).values)


def counted_as_right(name):
    """The first seed of the counted ones that succeeded and was FEASIBLE."""
    lines = map(json.loads, (ROOT / "benchmarks" / "held_out" / f"{name}.jsonl").read_text().splitlines())
    return next(line["seed"] for line in lines if line.get("success") and line.get("verdict") == "FEASIBLE")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in sorted(SCENARIOS) if figures_of(name) is not None])
def test_the_first_seed_that_was_counted_as_right_is_done_rewarded_and_judged_feasible(name):
    """Operator, environment and judge agree, and with what was counted; the dense reward rises along the demonstration and not along
    doing nothing. How many of the counted seeds are not right stands in the figures."""
    scene, seed = shiliu.load_scenario(name), counted_as_right(name)
    (episode,) = demonstrate(scene, [seed])
    assert episode.label["success"]
    env = ShiliuEnv(scene)
    env.reset(seed=seed)
    rewards = []
    for action in episode.actions:
        _, reward, over, _, info = env.step(action)
        rewards.append(reward)
        if over:
            break
    assert info["success"]
    assert spearmanr(np.arange(len(rewards)), rewards).statistic > 0.9
    env.reset(seed=seed)
    idle = [env.step(scene.ready_ctrl.astype(np.float32))[1] for _ in range(100)]
    assert np.ptp(idle) < 0.02 and max(idle) < 0.5
    (verdict,) = judge([as_recording(name, episode, scene)])
    assert verdict.verdict == "FEASIBLE"
