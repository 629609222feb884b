"""Pictures of an episode, drawn from its replay: a recording keeps motion, and cameras are asked for when wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...envs.interface import find_camera
from ...scenarios.draws.variation import of_episode
from ...scenarios.scene.scene import Scene
from ..recording.recording import SimEpisode
from .rollout import Take, play


def recorded_cameras(scene: Scene, asked: bool) -> list[str]:
    """The cameras that the scenario marks by `record: true`; where pictures are asked for, those by `record: on_request`, too."""
    return [camera.name for camera in scene.config.cameras if camera.always or (asked and camera.record)]


def cameras_of(scene: Scene, images: Sequence[str], field: str = "images") -> dict[str, Any]:
    """Camera features by name.

    Raises:
        ScenarioError: an unknown camera.
    """
    return {f"observation.images.{image}": find_camera(scene.schema.cameras, image, field) for image in images}


def pictures(
    scene: Scene, episode: SimEpisode, cameras: Mapping[str, Any], drawn: Callable[[str, int, int], None] = lambda *_: None
) -> dict[str, Any] | None:
    """For each camera the pictures of an episode, drawn from its replay as they are asked for.

    Args:
        drawn: called after each picture with the camera's feature, how many there are of it, and of how many.
    """
    if not cameras:
        return None
    from ...envs.rendering import Painter

    draw = of_episode(scene, episode)
    assert draw is not None  # it was drawn from this very scene
    played = next(play(scene, [Take(draw, episode.actions)], threads=1))

    def frames(name: str, feature: Any) -> Any:
        with Painter(scene) as painter:
            for i, (qpos, kept) in enumerate(zip(played.qpos[: episode.n_steps], played.kept), 1):
                picture = painter.picture(draw.values, qpos, feature.camera, feature.width, feature.height, kept=kept)
                drawn(name, i, episode.n_steps)
                yield picture

    return {name: frames(name, feature) for name, feature in cameras.items()}
