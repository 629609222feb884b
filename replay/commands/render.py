"""shiliu render: pictures of a scenario and of its variation, of a part, of an episode."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...scenarios.draws import variation as drawing
from ...scenarios.sheet.errors import EpisodeError, ScenarioError, printable
from .command_request import CommandRequest
from .settings import Settings, listed
from .where import asked_policy, policy_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...scenarios.draws.variation import Draw
    from ...scenarios.scene.scene import Scene
    from ...scenarios.sheet.yaml_reader import Node
    from ..recording.recording import Recording

USAGE = """
shiliu render scenario=NAME [variant=NAME] [cell=ID] out=DIR [cameras=[overview,head]]
              [grid=3x3] [seed=0] [refused=true]
shiliu render part=NAME out=DIR [grips=true]
shiliu render data=DATASET [episode=0] out=DIR [cameras=[overview]] [frames=8 | at=5.2]
              [video=true]

Draws pictures: one PNG for each camera.
  scenario=  the scene as it stands. grid=3x3 (or grid=3): that many draws of its variation;
             with refused=true the first refused draw of each seed
  part=      one part of the library alone (fixtures/microwave, or microwave); grips=true also
             shows how the hand can hold it
  data=      one episode of a dataset, replayed, with a picture at the end of each skill, at
             most `frames` of them; at= chooses moments in seconds instead (5.2, or [5.2, 7]);
             video=true also writes an MP4; legs=POLICY.onnx: the policy that moved the legs
"""


def run(request: CommandRequest) -> int:
    """Draw and save; nothing is left behind where OpenGL is missing."""
    from ...envs.rendering import Painter
    from ...scenarios.catalog.catalog import scene_of
    from ...scenarios.robots.robot import load_robot
    from ..formats.atomic_folder import refuse_unwritable
    from ..rollout.camera_frames import cameras_of

    settings = Settings(request)
    name = settings.chosen("scenario") or "microwave"
    out = Path(settings["out"].word())
    grid = "" if settings["grid"].value is None else str(settings["grid"].value).replace("×", "x")
    seed = settings["seed"].seed()
    refused = settings["refused"].flag()
    cameras = [node.word() for node in listed(settings["cameras"])]
    robot, hand, base = settings.body()
    part, grips = settings["part"].word(default=""), settings["grips"].flag()
    if settings["data"].value is None and settings["legs"].value is not None:
        settings["legs"].note("a policy moves legs in a recording alone. Name the recording with data=, or leave legs out.")
    settings.stop()
    load_robot(robot, hand, base or "planted")  # no picture may need it
    refuse_unwritable(out)
    data = settings["data"].word(default="")
    if part:
        return _part(part, out, (robot, hand) if grips else None, request)
    if data:
        return _episode(data, settings, cameras, out, request)
    columns, rows = 1, 1
    if settings["grid"].value is not None:
        match = re.fullmatch(r"([1-9]\d?)(?:x([1-9]\d?))?", grid)
        if match is None:
            raise ScenarioError(f"{grid!r} is no grid. Write columns x rows, such as 3x3.", field="grid")
        columns, rows = int(match[1]), int(match[2] or match[1])
        grid = f"{columns}x{rows}"
    scene = scene_of(settings.composed, name, hand=hand, base=base, robot=robot)
    known = {c.removeprefix("observation.images."): feature for c, feature in scene.schema.cameras.items()}
    cameras_of(scene, cameras, "cameras")
    drawn = _refused if refused else drawing.draw
    draws = [drawn(scene, seed + i) for i in range(columns * rows)] if grid or refused else [drawing.nominal(scene)]
    pictures: dict[str, np.ndarray] = {}
    with Painter(scene) as painter:
        tiles: dict[str, list[np.ndarray]] = {camera: [] for camera in cameras or known}
        for draw in draws:
            for camera, shots in tiles.items():
                feature = known[camera]
                size = (feature.width // (2 if grid else 1), feature.height // (2 if grid else 1))
                qpos = np.asarray(draw.start_state[1 : 1 + scene.model.nq])
                qpos = scene.pictured(camera, qpos) if grid else qpos
                kept = scene.start_ctrl(draw.values)[scene.n_actions :]
                shots.append(painter.picture(draw.values, qpos, feature.camera, *size, kept=kept))
    for camera, shots in tiles.items():
        pictures[camera] = np.concatenate(
            [np.concatenate(shots[r * columns : (r + 1) * columns], axis=1) for r in range(rows)], axis=0
        )
    shape = f"_{grid}" if grid else ""
    return _save(out, {f"{scene.name}_{camera}{shape}.png": picture for camera, picture in pictures.items()})


def _save(out: Path, made: Mapping[str, np.ndarray], fps: int = 0) -> int:
    """Lay pictures, and videos of `fps` pictures a second, into a folder: all of them, or none."""
    import imageio.v3 as iio

    from ..formats.atomic_folder import filled
    from ..formats.video import encode

    with filled(out) as folder:
        for name, picture in made.items():
            if name.endswith(".mp4"):
                encode(folder / name, picture, [*picture.shape[1:]], fps, len(picture), name)
            else:
                iio.imwrite(folder / name, picture)
    print("\n".join(printable(out / name) for name in made))
    return 0


def _refused(scene: Scene, seed: int) -> Draw:
    """The first draw of a seed that is refused, to see why; where none is, the draw itself."""
    found: list[Draw] = []
    with suppress(ScenarioError):  # where no draw of it is sound
        found.append(drawing.draw(scene, seed, refused_too=found.append))
    return found[0]


def _episode(data: str, settings: Settings, cameras: list[str], out: Path, request: CommandRequest) -> int:
    from ...envs.rendering import Painter
    from ...scenarios.robots.robot_folder import DEFAULT_ROBOT
    from ..judge.context import Contexts
    from ..rollout.camera_frames import cameras_of
    from ..rollout.filmstrip import moments, strip
    from ..rollout.rollout import Take, play

    number, frames = settings["episode"].integer(low=0), settings["frames"].integer(low=1)
    video, legs = settings["video"].flag(), asked_policy(settings["legs"])
    seconds = _seconds(settings["at"])
    settings.stop()
    recording = _numbered(data, number)
    episode = recording.episode
    policy = policy_at(legs, DEFAULT_ROBOT if episode is None else str(episode.config.get("robot", DEFAULT_ROBOT)))
    scene = Contexts(None, conf_dir=request.conf_dir, policy=policy).of(recording).scene
    draw = None if episode is None else drawing.of_episode(scene, episode)
    if episode is None or draw is None:
        raise EpisodeError(
            "is no episode of today's scene: only what `shiliu record` or an environment has made can be drawn.",
            file=recording.source,
            field="data",
        )
    wanted = cameras_of(scene, cameras or ["overview"], "cameras")
    late = next((t for t in seconds if not 0.0 <= t <= episode.duration_s), None)
    if late is not None:
        raise EpisodeError(f"has no moment {late:g} s: it lasts {episode.duration_s:.1f} s.", file=recording.source, field="at")
    shown = [(round(t / episode.control_timestep), f"{t:g} s") for t in seconds] or moments(episode, frames)
    when = "".join(f"_{t:g}s" for t in seconds)
    played = next(play(scene, [Take(draw, episode.actions)], threads=1))
    made: dict[str, np.ndarray] = {}
    with Painter(scene) as painter:
        for name, feature in wanted.items():
            stem = f"{scene.name}_{number:06d}_{name.removeprefix('observation.images.')}"
            made[f"{stem}{when}.png"] = strip(painter, draw, played.qpos, feature, shown, kept=played.kept)
            if video:
                size = (feature.width, feature.height)
                shots = [
                    painter.picture(draw.values, qpos, feature.camera, *size, kept=kept)
                    for qpos, kept in zip(played.qpos, played.kept)
                ]
                made[f"{stem}.mp4"] = np.stack(shots)
    return _save(out, made, round(1.0 / episode.control_timestep))


def _seconds(node: Node) -> list[float]:
    """The moments [s] that `at=` names: `5.2`, `5.2 s`, or a list of them."""
    nodes = [node] if isinstance(node.value, int | float) and not isinstance(node.value, bool) else listed(node)
    return [float(one.value) if isinstance(one.value, int | float) else _second(one) for one in nodes]


def _second(node: Node) -> float:
    try:
        return float(node.value)
    except (TypeError, ValueError):
        return node.quantity("time", low=0.0)


def _numbered(data: str, number: int) -> Recording:
    """The recording of that number; EpisodeError where there are fewer, or where it cannot be read."""
    from itertools import islice

    from ..formats import read
    from ..recording.recording import Unreadable

    found = next(islice(read(data), number, None), None)
    if found is None:
        raise EpisodeError(f"There is no episode {number} here.", file=data, field="episode")
    if isinstance(found, Unreadable):
        raise found.error
    return found


def _part(name: str, out: Path, held_by: tuple[str, str | None] | None, request: CommandRequest) -> int:
    """Draw one part, with its grips where a robot and its hand are named."""
    from ...envs.portrait import portrait
    from ...scenarios.grips.gripper import gripper_of
    from ...scenarios.grips.grips import grips_of
    from ...scenarios.parts.part_catalogue import one_part
    from ...scenarios.reading import composition

    entry = one_part(name, composition.own_assets(request.conf_dir))
    grips = [] if held_by is None else grips_of(entry.part, gripper_of(*held_by))
    picture = portrait(entry.part, 960, 720, grips=grips)
    return _save(out, {f"{entry.name.replace('/', '_')}{'' if held_by is None else '_grips'}.png": picture})
