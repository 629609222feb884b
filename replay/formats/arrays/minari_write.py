"""`to=minari`: episodes of the simulation as a Minari dataset, which stock `minari` loads.

`out` is the dataset: `MINARI_DATASETS_PATH=<folder of out>` and `minari.load_dataset("<name of out>")` open it, so that its
name must be an id of Minari's, `microwave-demos-v0`.

An episode has T actions, rewards, terminations and truncations, and T+1 observations, those of the environment. Its last
step is terminated where the task was done or had failed, and truncated otherwise; steps between the success and the end of
the take stay in. `seed` and `options` (`values`: the draw) start the environment as the episode started. `infos` has
`success` after each step, False before the first, and `time` [s].
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError, ShiliuError
from ...rollout.transitions import transitions
from ..atomic_folder import placed, refuse_full
from ..exporters import Item, Options, of_one_scene

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec

    from ....scenarios.scene.scene import Scene


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write episodes of one scene.

    Raises:
        EpisodeError: `out` is no name of a dataset, no episode was chosen, or scenes with different features.
    """
    from minari.data_collector import EpisodeBuffer
    from minari.dataset.minari_storage import MinariStorage

    name = out.resolve().name
    if not re.fullmatch(r"\w[\w.-]*-v\d+", name):
        raise EpisodeError(
            f"{name!r} is no id of a Minari dataset. End the folder's name with a version: {name}-v0.",
            file=out,
            field="out",
        )
    with placed(out) as folder:
        storage = None
        for item, scene, _ in of_one_scene(items, lambda scene: scene.schema.lerobot_features()):
            episode, schema = item.simulated, scene.schema
            if storage is None:
                storage = MinariStorage.new(
                    folder.resolve() / "data",  # Minari 0.5.4 loses its own files below a relative path
                    observation_space=schema.observation_space(),
                    action_space=schema.action_space(),
                    env_spec=_env_spec(scene, options.reward),
                    data_format="hdf5",
                )
                storage.update_metadata(_about(name, scene, options))
            made = transitions(scene, episode, options.reward)
            refuse_full(folder, made.nbytes)
            ends = np.arange(episode.n_steps) == episode.n_steps - 1
            storage.update_episodes(
                [
                    EpisodeBuffer(
                        seed=int(episode.seed),
                        options={"values": {key: float(v) for key, v in episode.draw["values"].items()}},
                        observations=made.observations,
                        actions=made.actions,
                        rewards=made.rewards,
                        terminations=ends & made.terminated,
                        truncations=ends & (not made.terminated),
                        infos={
                            "success": np.concatenate([[False], made.success]),
                            "time": np.arange(episode.n_steps + 1) * episode.control_timestep,
                        },
                    )
                ]
            )
            yield item


def _about(name: str, scene: Scene, options: Options) -> dict[str, Any]:
    from minari import __version__

    return {
        "dataset_id": name,
        "minari_version": __version__,
        "algorithm_name": "demonstration",
        "description": f"{scene.config.title.get('en', scene.name)}: episodes of shiliu, {options.reward} reward.",
        "requirements": [],
        "shiliu": {**options.made, "scenario": scene.name, "version": scene.version, "fingerprint": scene.fingerprint},
    }


def _env_spec(scene: Scene, reward: str) -> EnvSpec | None:
    """The registered environment, where it is this very scene; a designer's own or an older one has none."""
    import gymnasium

    from ....envs.registration import env_id
    from ....scenarios.catalog.catalog import load_scenario

    robot = scene.robot
    try:
        spec = copy.deepcopy(gymnasium.spec(env_id(scene.name)))
        variant = scene.config.variant
        today = load_scenario(scene.name, hand=robot.hand, base=robot.base, robot=robot.name, variant=variant)
    except (gymnasium.error.Error, ShiliuError):
        return None
    if today.fingerprint != scene.fingerprint:
        return None
    spec.kwargs |= {"reward": reward, "hand": robot.hand, "base": robot.base}
    if variant is not None:
        spec.kwargs["variant"] = variant
    return spec
