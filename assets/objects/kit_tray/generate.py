"""Writes labels.png and label_plate.obj: the names of the slots on the tray's near edge.

Run from anywhere: `python assets/objects/kit_tray/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
FONT = "NotoSansCJK-Bold.ttc"  # index 2 holds the simplified Chinese forms
SIZE = (1440, 120)  # pixels, for 480 x 40 mm
LABELS = ((0.29, "C 插头"), (0.50, "B 支架"), (0.645, "A 卡扣"))  # share of the width from the left


def font(size):
    return ImageFont.truetype(FONT, size, index=2)


def main():
    image = Image.new("RGB", SIZE, (245, 245, 242))
    draw = ImageDraw.Draw(image)
    for share, text in LABELS:
        draw.text((share * SIZE[0], SIZE[1] / 2), text, fill=(20, 24, 30), font=font(62), anchor="mm")
    image.quantize(16).save(HERE / "labels.png", optimize=True)
    # a plate in the plane of the tray, x away from the reader: text runs from the left (+y) to the right
    corners = ((-0.02, 0.24, 0, 0), (-0.02, -0.24, 1, 0), (0.02, -0.24, 1, 1), (0.02, 0.24, 0, 1))
    lines = [f"v {x} {y} 0" for x, y, _, _ in corners] + [f"vt {u} {v}" for _, _, u, v in corners]
    lines += ["f 1/1 2/2 3/3", "f 1/1 3/3 4/4"]
    (HERE / "label_plate.obj").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
