"""Writes the can's mesh and label: `python assets/objects/can_330/generate.py`. Needs Pillow and a font with Chinese characters."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from shiliu.assets.signs import font

FOLDER = Path(__file__).parent
# (radius, height) [mm] of the outside, from the foot's ring to the top's rim; the wall between 10 and 102 mm bears the label
FOOT = [(0, 9.0), (18, 6.0), (22.5, 0.0), (24.5, 0.0), (31, 6.5), (33.1, 10.0)]
NECK = [(33.1, 102.0), (31.5, 106.5), (27.2, 112.0), (27.2, 115.2), (25.6, 115.2), (25.2, 111.0), (0, 111.0)]
ROUND = 48


def lathe(name, profile, labelled=False):
    """A body of revolution as OBJ, in metres; with a seam and texture coordinates where it bears a label."""
    lines, count = [], ROUND + 1
    for radius, height in profile:
        for i in range(count):
            angle = 2 * np.pi * i / ROUND
            lines.append(f"v {radius / 1e3 * np.cos(angle):.6f} {radius / 1e3 * np.sin(angle):.6f} {height / 1e3:.6f}")
    if labelled:
        for k in range(len(profile)):
            lines += [f"vt {i / ROUND:.5f} {k / (len(profile) - 1):.5f}" for i in range(count)]
    for k in range(len(profile) - 1):
        for i in range(ROUND):
            a, b, c, d = (k * count + i + 1, k * count + i + 2, (k + 1) * count + i + 2, (k + 1) * count + i + 1)
            for face in ((a, b, c), (a, c, d)):
                lines.append("f " + " ".join(f"{v}/{v}" if labelled else str(v) for v in face))
    (FOLDER / f"{name}.obj").write_text("\n".join(lines) + "\n")


def label(width=832, height=368):
    """The wall unrolled, 208 x 92 mm."""
    image = Image.new("RGB", (width, height), (176, 24, 38))
    draw = ImageDraw.Draw(image)
    for x in range(0, width, width // 2):
        draw.ellipse([x + 88, -60, x + 328, height - 40], fill=(246, 240, 226))
        draw.text((x + 208, 120), "十六", font=font(96), fill=(176, 24, 38), anchor="mm")
        draw.text((x + 208, 208), "酸梅汤", font=font(56), fill=(60, 20, 24), anchor="mm")
        draw.text((x + 208, 268), "SOUR PLUM", font=font(26), fill=(60, 20, 24), anchor="mm")
        draw.text((x + 208, 346), "330 mL", font=font(26), fill=(246, 240, 226), anchor="mm")
    turned = Image.fromarray(np.roll(np.array(image), width // 4, axis=1))  # a sign looks to -x, where who grasps it stands
    turned.quantize(32).save(FOLDER / "label.png", optimize=True)


lathe("foot", FOOT)
lathe("wall", [FOOT[-1], NECK[0]], labelled=True)
lathe("neck", NECK)
label()
