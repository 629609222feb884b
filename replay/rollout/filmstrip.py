"""An episode at a glance: a picture at the end of each of its skills, with the skill's word and the time below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...envs.rendering import Painter
from ...scenarios.draws.variation import Draw
from ...scenarios.scene.schema import CameraFeature
from ..recording.recording import SimEpisode

COLUMNS = 4  # pictures in a row
CAPTION, LINE = 26, 17  # pixels below each picture, and of each further line there
PAPER, INK = (255, 255, 255), (40, 44, 52)


def moments(episode: SimEpisode, frames: int) -> list[tuple[int, str]]:
    """(control step, caption) of so many moments, in order: the ends of skills where it has any, else evenly spread.

    A skill that is only set off, and goes on beside the next ones, shows nothing of its own.

    Args:
        frames: at most so many; where it has more skills, they are picked evenly, the last among them.
    """
    dt, last = episode.control_timestep, episode.n_steps
    lasted = [s for s in episode.segments if s["t1"] is not None and s["t1"] > s["t0"]]
    ends = [(min(round(float(s["t1"]) / dt), last), str(s["skill"])) for s in lasted]
    if not ends:
        ends = [(round(step), "") for step in np.linspace(0, last, frames)]
    picked = sorted({round(i) for i in np.linspace(0, len(ends) - 1, min(frames, len(ends)))})
    return [(step, f"{word}  {step * dt:.1f} s".strip()) for step, word in (ends[i] for i in picked)]


def strip(
    painter: Painter,
    draw: Draw,
    qpos: np.ndarray,
    camera: CameraFeature,
    at: Sequence[tuple[int, str]],
    width: int = 480,
    kept: np.ndarray | None = None,
) -> np.ndarray:
    """One picture of several moments.

    Args:
        painter: of the episode's scene; draw: its start.
        qpos: (T + 1, nq) of its replay; kept: (T + 1, k) what its rules kept, where that is drawn (`Rollout.kept`).
        at: from `moments`; a caption may have several lines.
        width: pixels of each picture.

    Returns:
        (h, w, 3) uint8.
    """
    from PIL import Image, ImageDraw, ImageFont

    height = round(width * camera.height / camera.width)
    rows = -(-len(at) // COLUMNS)
    below = CAPTION + LINE * max(caption.count("\n") for _, caption in at)
    sheet = Image.new("RGB", (width * min(COLUMNS, len(at)), (height + below) * rows), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for i, (step, caption) in enumerate(at):
        x, y = (i % COLUMNS) * width, (i // COLUMNS) * (height + below)
        k = min(step, len(qpos) - 1)
        drawn = None if kept is None else kept[k]
        shot = painter.picture(draw.values, qpos[k], camera.camera, width, height, kept=drawn)
        sheet.paste(Image.fromarray(shot), (x, y))
        pen.text((x + 6, y + height + 4), f"{i + 1}  {caption}", fill=INK, font=font)
    return np.asarray(sheet)
