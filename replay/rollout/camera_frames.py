"""Pictures of an episode, drawn from its replay: a recording keeps motion, and cameras are asked for when wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...scenarios.errors import ScenarioError
from ...scenarios.scene import Scene
from ...scenarios.variation import of_episode
from ..recording.recording import SimEpisode
from .rollout import Take, play


def cameras_of(scene: Scene, images: Sequence[str]) -> dict[str, Any]:
    """Camera features by name.

    Raises:
        ScenarioError: an unknown camera.
    """
    known = {name.removeprefix("observation.images."): name for name in scene.schema.cameras}
    for image in images:
        if image not in known:
            raise ScenarioError(f"There is no camera {image!r}. Known here: {', '.join(known)}.", field="images")
    return {known[image]: scene.schema.cameras[known[image]] for image in images}


def pictures(scene: Scene, episode: SimEpisode, cameras: Mapping[str, Any]) -> dict[str, Any] | None:
    """For each camera the pictures of an episode, drawn from its replay as they are asked for."""
    if not cameras:
        return None
    from ...envs.rendering import Painter

    draw = of_episode(scene, episode)
    assert draw is not None  # it was drawn from this very scene
    played = next(play(scene, [Take(draw, episode.actions)], threads=1))

    def frames(feature: Any) -> Any:
        with Painter(scene) as painter:
            for qpos, kept in zip(played.qpos[: episode.n_steps], played.kept):
                yield painter.picture(draw.values, qpos, feature.camera, feature.width, feature.height, kept=kept)

    return {name: frames(feature) for name, feature in cameras.items()}
