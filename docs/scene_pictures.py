"""Writes a scenario's pictures for its card: overview, head camera, close-up, nine draws, and one demonstration at a glance.

    python docs/scene_pictures.py microwave [seed=10001] [variant=NAME] [within=SKILL]

With `within` moments of that skill are drawn, too, close up: what comes about while it goes on.
The demonstration is that of the seed; a failed one is refused, since the card shows how the task is done. Needs OpenGL.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import shiliu
from pictures import write
from shiliu.envs.rendering import Painter
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.recording.recording import SimEpisode
from shiliu.replay.rollout.filmstrip import moments, strip
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws.variation import draw as drawn
from shiliu.scenarios.draws.variation import nominal, of_episode
from shiliu.scenarios.scene.scene import Scene

FOLDER = Path(__file__).resolve().parent / "scenarios"
VIEWS = ("overview", "head", "closeup")
SIZE, TILE = (960, 720), (320, 240)
STAGES = 8  # moments of a skill


def views(scene: Scene, painter: Painter) -> dict[str, np.ndarray]:
    """The scene as it stands, from each of the cameras that it has."""
    start, found = nominal(scene), {}
    for view in VIEWS:
        feature = scene.schema.cameras.get(f"observation.images.{view}")
        if feature is not None:
            qpos, kept = _qpos(scene, start), _kept(scene, start)
            found[view] = painter.picture(start.values, qpos, feature.camera, *SIZE, kept=kept)
    return found


def draws(scene: Scene, painter: Painter, seed: int) -> np.ndarray:
    """Nine draws of the variation, three in a row, from a camera that `shows` joints where there is one, else the overview."""
    name = next((camera.name for camera in scene.config.cameras if camera.shows is not None), "overview")
    camera = scene.schema.cameras[f"observation.images.{name}"].camera
    shots = []
    for i in range(9):
        one = drawn(scene, seed + i)
        qpos = scene.pictured(name, _qpos(scene, one))
        shots.append(painter.picture(one.values, qpos, camera, *TILE, kept=_kept(scene, one)))
    return np.concatenate([np.concatenate(shots[r : r + 3], axis=1) for r in (0, 3, 6)])


def stages(episode: SimEpisode, skill: str) -> list[tuple[int, str]]:
    """(control step, caption) of moments of a skill, evenly spread, its end among them."""
    (t0, t1) = next((float(s["t0"]), float(s["t1"])) for s in episode.segments if s["skill"] == skill)
    times = np.linspace(t0, t1, STAGES + 1)[1:]
    return [(round(t / episode.control_timestep), f"{skill}  {t:.1f} s") for t in times]


def _kept(scene: Scene, start: shiliu.scenarios.draws.variation.Draw) -> np.ndarray:
    """(extra,) what reactions keep at the start."""
    return scene.start_ctrl(start.values)[scene.n_actions :]


def _qpos(scene: Scene, start: shiliu.scenarios.draws.variation.Draw) -> np.ndarray:
    return np.asarray(start.start_state[1 : 1 + scene.model.nq])


def main(words: list[str]) -> int:
    """Perform, draw, save."""
    name, settings = words[0], dict(word.split("=", 1) for word in words[1:])
    variant, seed = settings.get("variant"), int(settings.get("seed", 10001))
    scene = shiliu.load_scenario(name, variant=variant)
    stem = f"{name}_{variant}" if variant else name
    made = {}
    with Painter(scene) as painter:
        made |= views(scene, painter)
        if scene.config.variation:
            made["draws"] = draws(scene, painter, seed)
        if scene.config.skills.value:
            (episode,) = demonstrate(scene, [seed], threads=1)
            if not episode.label["success"]:
                raise SystemExit(f"seed {seed} fails: {episode.label['failure']}. Name another.")
            start = of_episode(scene, episode)
            assert start is not None
            played = next(play(scene, [Take(start, episode.actions)], threads=1))
            camera = scene.schema.cameras["observation.images.overview"]
            made["strip"] = strip(painter, start, played.qpos, camera, moments(episode, 12), width=400, kept=played.kept)
            if "within" in settings:
                near = scene.schema.cameras["observation.images.closeup"]
                shown = stages(episode, settings["within"])
                made["within"] = strip(painter, start, played.qpos, near, shown, width=400, kept=played.kept)
    for what, picture in made.items():
        file = FOLDER / f"{stem}_{what}.webp"
        write(file, picture)
        print(file.name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
