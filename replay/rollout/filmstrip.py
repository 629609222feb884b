"""An episode at a glance: a picture at the end of each of its skills, with the skill's word and the time below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...envs.rendering import Painter
from ...scenarios.schema import CameraFeature
from ...scenarios.variation import Draw
from ..recording.recording import SimEpisode
from .rollout import Rollout

CAPTION = 26  # pixels below each picture
PAPER, INK = (255, 255, 255), (40, 44, 52)


def moments(episode: SimEpisode, frames: int) -> list[tuple[int, str]]:
    """(control step, caption) of so many moments, in order: the ends of skills where it has any, else evenly spread.

    Args:
        frames: at most so many; where it has more skills, they are picked evenly, the last among them.
    """
    dt, last = episode.control_timestep, episode.n_steps
    ends = [(min(round(float(s["t1"]) / dt), last), str(s["skill"])) for s in episode.segments if s["t1"] is not None]
    if not ends:
        ends = [(round(step), "") for step in np.linspace(0, last, frames)]
    picked = sorted({round(i) for i in np.linspace(0, len(ends) - 1, min(frames, len(ends)))})
    return [(step, f"{word}  {step * dt:.1f} s".strip()) for step, word in (ends[i] for i in picked)]


def strip(
    painter: Painter,
    draw: Draw,
    played: Rollout,
    camera: CameraFeature,
    at: Sequence[tuple[int, str]],
    columns: int = 4,
    width: int = 480,
) -> np.ndarray:
    """One picture of several moments.

    Args:
        painter: of the episode's scene; draw: its start.
        played: its replay.
        at: from `moments`.
        columns: pictures in a row; width: pixels of each.

    Returns:
        (h, w, 3) uint8.
    """
    from PIL import Image, ImageDraw, ImageFont

    height = round(width * camera.height / camera.width)
    rows = -(-len(at) // columns)
    sheet = Image.new("RGB", (width * min(columns, len(at)), (height + CAPTION) * rows), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for i, (step, caption) in enumerate(at):
        x, y = (i % columns) * width, (i // columns) * (height + CAPTION)
        k = min(step, len(played.qpos) - 1)
        shot = painter.picture(draw.values, played.qpos[k], camera.camera, width, height, kept=played.kept[k])
        sheet.paste(Image.fromarray(shot), (x, y))
        pen.text((x + 6, y + height + 4), f"{i + 1}  {caption}", fill=INK, font=font)
    return np.asarray(sheet)
