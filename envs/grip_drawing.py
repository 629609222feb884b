"""Grips of a part, drawn: two pads and the way along which the fingers point, in one colour, with a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from ..scenarios.parts.pose import posed, quat_of

if TYPE_CHECKING:
    from ..scenarios.grips.grips import Grip

PAD = (0.010, 0.0015, 0.020)  # m, half of a pad as it is drawn, along x, y and z of the grip
SHAFT = 0.0018  # m, half as thick as the way is drawn
LONG = 0.06  # m of the way that is drawn
ENDS, CLEAR = 0.022, 0.004  # m before the pads' middle where the way ends at the latest, and before the part's surface
LOOKS = 0.16  # m before the pads' middle from where the surface is looked for
COLOURS = (  # of one grip after the other, as red, green, blue
    (0.13, 0.47, 0.71),
    (0.90, 0.45, 0.05),
    (0.17, 0.63, 0.17),
    (0.80, 0.15, 0.16),
    (0.58, 0.40, 0.74),
    (0.55, 0.34, 0.29),
    (0.84, 0.35, 0.68),
    (0.40, 0.40, 0.42),
)


@dataclass(frozen=True)
class Pointer:
    """One way to take a grip: its pads lie `at` with the rotation `turn` of the hand, which comes from `tail` to `head`."""

    text: str
    colour: tuple[float, float, float]
    at: np.ndarray
    turn: np.ndarray
    width: float
    tail: np.ndarray
    head: np.ndarray


def pointers(grips: Sequence[Grip], model: mujoco.MjModel) -> list[Pointer]:
    """What is drawn of grips: the first way of each, up to the surface of the part's model; one colour a name."""
    data = posed(model)
    names = list(dict.fromkeys(grip.name for grip in grips))
    rows = []
    for grip in grips:
        if not grip.ways:
            continue
        turn = grip.ways[0]
        force = "" if not grip.needed else f", {grip.needed:.{0 if grip.needed >= 10 else 1}f} N"
        text = (
            f"{grip.name}{f' ({grip.at})' if grip.at not in ('', grip.name) else ''}: {grip.width * 1e3:.0f} mm{force}"
        )
        colour = COLOURS[names.index(grip.name) % len(COLOURS)]
        way = turn[:, 2].copy()
        far = mujoco.mj_ray(model, data, grip.position - LOOKS * way, way, None, 1, -1, np.zeros(1, np.int32))
        head = grip.position - (max(LOOKS - far + CLEAR, ENDS) if far > 0.0 else ENDS) * way
        rows.append(Pointer(text, colour, grip.position, turn, grip.width, head - LONG * way, head))
    return rows


def add_grips(spec: mujoco.MjSpec, drawn: Sequence[Pointer]) -> None:
    """Put pads and ways into a spec, as shapes that nothing touches."""
    shape = mujoco.mjtGeom
    for pointer in drawn:
        quat = quat_of(pointer.turn)
        look = {"contype": 0, "conaffinity": 0, "group": 2, "density": 0.0}
        for side in (-1.0, 1.0):
            away = side * (pointer.width / 2.0 + PAD[1] + 0.0005)
            spec.worldbody.add_geom(
                type=shape.mjGEOM_BOX, size=PAD, pos=pointer.at + away * pointer.turn[:, 1], quat=quat,
                rgba=[*pointer.colour, 0.75], **look,
            )  # fmt: skip
        ends = [pointer.tail, pointer.head]
        spec.worldbody.add_geom(
            type=shape.mjGEOM_CAPSULE,
            size=[SHAFT, 0, 0],
            fromto=np.concatenate(ends),
            rgba=[*pointer.colour, 1.0],
            **look,
        )
        for side in (-1.0, 1.0):  # the barbs of the arrow's head
            barb = ends[1] - 0.014 * pointer.turn[:, 2] + side * 0.010 * pointer.turn[:, 1]
            spec.worldbody.add_geom(
                type=shape.mjGEOM_CAPSULE, size=[SHAFT, 0, 0], fromto=np.concatenate([ends[1], barb]),
                rgba=[*pointer.colour, 1.0], **look,
            )  # fmt: skip


def name_grips(picture: np.ndarray, drawn: Sequence[Pointer], tails: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """The picture with the name of each grip where its way begins; names keep clear of one another.

    Args:
        picture: (height, width, 3) uint8.
        tails, heads: (n, 2) pixels of where the ways begin and end.
    """
    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.fromarray(picture)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=max(13, picture.shape[0] // 45))
    taken: list[tuple[float, float, float, float]] = []
    for pointer, tail, head in sorted(zip(drawn, tails, heads), key=lambda row: row[1][1]):
        left, top, right, bottom = pen.textbbox((0, 0), pointer.text, font=font)
        wide, tall = right - left + 8, bottom - top + 6
        away = (tail - head) / max(float(np.linalg.norm(tail - head)), 1.0)
        x, y = tail + away * (abs(away[0]) * wide + abs(away[1]) * tall + 12) / 2  # beyond the tail, off the way
        x0 = float(np.clip(x - wide / 2, 2, picture.shape[1] - wide - 2))
        y0 = float(np.clip(y - tall / 2, 2, picture.shape[0] - tall - 2))
        while any(x0 < t[2] and t[0] < x0 + wide and y0 < t[3] and t[1] < y0 + tall for t in taken):
            y0 += 4
        taken.append((x0, y0, x0 + wide, y0 + tall))
        ink = tuple(int(255 * c) for c in pointer.colour)
        pen.rounded_rectangle((x0, y0, x0 + wide, y0 + tall), 4, fill=(255, 255, 255), outline=ink, width=2)
        pen.text((x0 + 4 - left, y0 + 3 - top), pointer.text, fill=ink, font=font)
    return np.asarray(sheet).copy()
