"""What `make policy` holds against each other before it trains: a set's features and the environment's."""

from __future__ import annotations

from copy import deepcopy

import pytest
from conftest import script
from gymnasium.wrappers import ClipAction
from shiliu.envs.single import ShiliuEnv


@pytest.fixture(scope="module")
def mismatches():
    return script(".ci/lerobot_policy.py").mismatches


@pytest.fixture(scope="module")
def env(scene):
    return ClipAction(ShiliuEnv(scene))


def test_a_set_with_the_environments_features_is_accepted_pictures_or_not(mismatches, env, scene):
    assert mismatches(scene.schema.lerobot_features(), env) == []
    assert mismatches(scene.schema.lerobot_features(tuple(scene.schema.cameras)), env) == []


def test_swapped_names_another_width_and_another_key_are_named(mismatches, env, scene):
    features = deepcopy(scene.schema.lerobot_features())
    names = list(features["action"]["names"])
    features["action"]["names"] = [names[1], names[0], *names[2:]]
    features["observation.state"]["shape"] = [17]
    features["observation.elsewhere"] = features.pop("observation.touch")
    wrong = mismatches(features, env)
    assert [line.split(":")[0] for line in wrong] == [
        "action", "observation.elsewhere", "observation.state", "observation.touch",
    ]  # fmt: skip
    assert "(17,)" in wrong[2] and "(18,)" in wrong[2]
