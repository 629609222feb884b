"""Draws what a scenario's page shows: overview, head camera, close-up, nine draws, and its kept demonstration, moving and at a glance.

    python docs/scene_pictures.py [NAME ...]           into build/pictures/scenarios, where `make site` looks; what is drawn already
                                                       stays, also after a run that was ended
    python docs/scene_pictures.py stills [NAME ...]    docs/scenarios/NAME_overview.webp, the one picture that a card keeps

The demonstration is the kept take (`benchmarks/kept`), played again. Needs OpenGL.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache, lru_cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import shiliu
from pictures import write, write_moving
from PIL import Image
from shiliu.envs.rendering import Painter
from shiliu.replay.drift.kept_take import FOLDER as KEPT
from shiliu.replay.drift.kept_take import KeptTake, kept_names, name_of, read_take
from shiliu.replay.rollout.filmstrip import moments, strip
from shiliu.replay.rollout.rollout import Rollout, Take, play
from shiliu.scenarios.catalog.catalog import list_scenarios, list_variants
from shiliu.scenarios.draws.variation import Draw, nominal
from shiliu.scenarios.draws.variation import draw as drawn
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import ShiliuError

ROOT = Path(__file__).resolve().parents[1]
STILLS, BUILT = ROOT / "docs" / "scenarios", ROOT / "build" / "pictures" / "scenarios"
VIEWS = ("overview", "head", "closeup")
SIZE, TILE, STILL = (960, 720), (320, 240), (480, 360)  # pixels
SEED = 10001  # of the first draw
SHOWN = 12  # moments of a demonstration at a glance
FRAMES, WIDE = 36, 384  # of a demonstration that moves, for three seconds; pixels
SHADOWS = 2048  # of small pictures, tiles and moments; see Painter
WHOLE = "whole"  # ends a mark of which every picture is drawn
DRAWN_BY = ("assets", "docs/scene_pictures.py")  # what a picture depends on beside scenario and take


def view_of(scene: Scene, painter: Painter, view: str) -> np.ndarray:
    """The scene as it stands, from one of its cameras."""
    start, camera = nominal(scene), scene.schema.cameras[f"observation.images.{view}"].camera
    return painter.picture(start.values, _qpos(scene, start), camera, *SIZE, kept=_kept(scene, start))


def draws(scene: Scene, painter: Painter, _: str) -> np.ndarray:
    """Nine draws of the variation, three in a row, from a camera that `shows` joints where there is one, else the overview."""
    name = next((camera.name for camera in scene.config.cameras if camera.shows is not None), "overview")
    camera = scene.schema.cameras[f"observation.images.{name}"].camera
    shots = []
    for i in range(9):
        one = drawn(scene, SEED + i)
        qpos = scene.pictured(name, _qpos(scene, one))
        shots.append(painter.picture(one.values, qpos, camera, *TILE, kept=_kept(scene, one)))
    return np.concatenate([np.concatenate(shots[r : r + 3], axis=1) for r in (0, 3, 6)])


def demonstration(scene: Scene, painter: Painter, _: str) -> np.ndarray:
    """The kept take of a scenario at the ends of its skills."""
    take, start, played = _demonstrated(scene)
    about = SimpleNamespace(control_timestep=scene.control_timestep, n_steps=len(take.actions), segments=take.segments)
    camera = scene.schema.cameras["observation.images.overview"]
    return strip(painter, start, played.qpos, camera, moments(about, SHOWN), width=400, kept=played.kept)


def loop(scene: Scene, painter: Painter, _: str) -> np.ndarray:
    """(frames, h, w, 3) the kept take of a scenario from its start to its end, evenly."""
    _, start, played = _demonstrated(scene)
    camera = scene.schema.cameras["observation.images.overview"]
    high = round(WIDE * camera.height / camera.width)
    at = np.linspace(0, len(played.qpos) - 1, FRAMES).round().astype(int)
    kept = [None if played.kept is None else played.kept[k] for k in at]
    return np.stack(
        [painter.picture(start.values, played.qpos[k], camera.camera, WIDE, high, kept=one) for k, one in zip(at, kept, strict=True)]
    )


@lru_cache(1)
def _demonstrated(scene: Scene) -> tuple[KeptTake, Draw, Rollout]:
    """The kept take of a scenario, its start, and how it went when it was played again."""
    take = read_take(name_of(scene.name, None))
    start = take.start(scene)
    return take, start, next(play(scene, [Take(start, take.actions)], threads=1))


def made(name: str, variant: str | None = None, to: Path = BUILT) -> None:
    """The pictures of a scenario, or of a variant, drawn where they are not there yet.

    Raises:
        ShiliuError: there is no OpenGL.
    """
    stem, kept = f"{name}_{variant}" if variant else name, name_of(name, variant)
    key, mark = _key(name, kept), to / f"{stem}.key"
    begun = mark.read_text(encoding="utf-8").split() if mark.is_file() else []
    if begun == [key, WHOLE]:
        return
    to.mkdir(parents=True, exist_ok=True)
    if begun != [key]:
        for what in (*VIEWS, "draws", "strip", "loop"):
            (to / f"{stem}_{what}.webp").unlink(missing_ok=True)
        mark.write_text(key, encoding="utf-8")
    scene = shiliu.load_scenario(name, variant=variant)
    # what differs of a variant is seen in one picture
    wanted = [view for view in VIEWS if f"observation.images.{view}" in scene.schema.cameras][: 1 if variant else None]
    if kept in kept_names() and not variant:
        wanted += ["strip", "loop"]
    if scene.config.variation and not variant:
        wanted.append("draws")
    for what in wanted:
        file = to / f"{stem}_{what}.webp"
        if not file.is_file():
            with Painter(scene, None if what in VIEWS else SHADOWS) as painter:
                drawing = file.with_suffix(".drawing")  # a run may be ended here
                draw = {"strip": demonstration, "loop": loop, "draws": draws}.get(what, view_of)
                (write_moving if what == "loop" else write)(drawing, draw(scene, painter, what))
                drawing.rename(file)
    mark.write_text(f"{key} {WHOLE}", encoding="utf-8")
    print(stem, flush=True)


def _key(name: str, kept: str) -> str:
    """By what the pictures of a scenario are known."""
    files = [ROOT / "conf" / "scenario" / f"{name}.yaml", *KEPT.glob(f"{kept}.json")]
    return hashlib.sha256(f"{_digest(*files)} {_drawn_by()}".encode()).hexdigest()


@cache
def _drawn_by() -> str:
    return _digest(*(file for one in DRAWN_BY for file in _files(ROOT / one)))


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _kept(scene: Scene, start: Draw) -> np.ndarray:
    """(extra,) what reactions keep at the start."""
    return scene.start_ctrl(start.values)[scene.n_actions :]


def _qpos(scene: Scene, start: Draw) -> np.ndarray:
    return np.asarray(start.start_state[1 : 1 + scene.model.nq])


def still(name: str) -> None:
    """The one picture that a card keeps in the repository, small."""
    made(name)
    with Image.open(BUILT / f"{name}_overview.webp") as picture:
        write(STILLS / f"{name}_overview.webp", np.asarray(picture.convert("RGB").resize(STILL, Image.Resampling.LANCZOS)))


def own() -> list[str]:
    """The scenarios of the package."""
    return [name for name, file in list_scenarios().items() if file.resolve().is_relative_to(ROOT)]


def main(words: list[str]) -> int:
    """Draw those that are named, else all."""
    stills = words[:1] == ["stills"]
    try:
        for name in words[stills:] or own():
            if stills:
                still(name)
                continue
            for variant in (None, *list_variants(name)):
                made(name, variant)
    except ShiliuError as error:  # no OpenGL: the site shows the stills
        print(error, file=sys.stderr)
        return int(stills)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
