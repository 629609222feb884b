"""Pictures of the pages, small: photographs are WebP, half as heavy as JPEG at the same looks, and curves have no point too many.

    python docs/pictures.py FILE ...    pictures of other kinds become WebP in their place; curves (.svg) lose what nobody sees
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image

QUALITY = 55  # looked at: captions of a strip and labels in a head picture read as before
MOVING, LASTS = 50, 3000  # quality, and ms, of a moving picture
SEEN = 0.4  # of a curve's unit, less than half a pixel of its full width: a point nearer to the line through its neighbours is not seen


def write(file: Path, picture: np.ndarray) -> None:
    """Keep an (h, w, 3) uint8 picture as `file`, which ends in .webp."""
    Image.fromarray(picture).save(file, "WEBP", quality=QUALITY, method=6)


def write_moving(file: Path, pictures: np.ndarray) -> None:
    """Keep (frames, h, w, 3) uint8 pictures as `file`, which ends in .webp and shows them for three seconds, again and again."""
    shown = [Image.fromarray(picture) for picture in pictures]
    shown[0].save(
        file,
        "WEBP",
        save_all=True,
        append_images=shown[1:],
        duration=LASTS // len(shown),
        loop=0,
        quality=MOVING,
        method=6,
        minimize_size=True,
    )


def curve(svg: str) -> str:
    """A curve of the report as a page shows it: without words for a pointer, which a page's picture has none of, nor needless points.

    Lines and curves become paths with relative steps, and neighbouring lines of one look one path: the same drawing in half the bytes.
    """
    svg = re.sub(r"<title>.*?</title>", "", re.sub(r'<g fill="transparent">.*?</g>', "", svg))
    svg = re.sub(r'<polyline([^>]*?) points="([^"]*)"', lambda found: f'<path{found[1]} d="{_path(_drawn(found[2]))}"', svg)
    svg = re.sub(r'(?:<line [^>]*/>|<text x="[^"]*" y="[^"]*" [^>]+>[^<]*</text>)+', lambda found: _ruled(found[0]), svg)
    return re.sub(r'(?<=\d)\.0(?=[", ])', "", svg)  # whole numbers are written as such


def _ruled(run: str) -> str:
    """A run of lines and texts: the lines first, those of one look together, and then the texts in the same way."""
    ways: dict[str, str] = {}
    for line in re.findall(r"<line ([^>]*)/>", run):
        end = dict(re.findall(r'([xy][12])="([^"]*)"', line))
        look = re.sub(r'[xy][12]="[^"]*" ?', "", line)
        ways[look] = ways.get(look, "") + _path(np.array([[end["x1"], end["y1"]], [end["x2"], end["y2"]]], dtype=float))
    drawn = [f'<path {look.strip()} d="{way}"/>' for look, way in ways.items()]
    texts: dict[str, str] = {}
    for x, y, look, text in re.findall(r'<text x="([^"]*)" y="([^"]*)" ([^>]*)>([^<]*)</text>', run):
        look = look.replace(' text-anchor="start"', "")  # which is what a text has by itself
        texts[look] = texts.get(look, "") + f'<text x="{x}" y="{y}">{text}</text>'
    return "".join(drawn + [f"<g {look}>{inside}</g>" for look, inside in texts.items()])


def _path(at: np.ndarray) -> str:
    """(n, 2) points as the words of a path, in steps of 0.1."""
    tenths = np.rint(at * 10).astype(int)
    text = f"M{_short(tenths[0, 0])} {_short(tenths[0, 1])}"
    if len(tenths) == 2 and tenths[0, 1] == tenths[1, 1]:
        return f"{text}h{_short(tenths[1, 0] - tenths[0, 0])}"
    if len(tenths) == 2 and tenths[0, 0] == tenths[1, 0]:
        return f"{text}v{_short(tenths[1, 1] - tenths[0, 1])}"
    steps = " ".join(_short(step) for step in np.diff(tenths, axis=0).ravel())
    return f"{text}l{steps}".replace(" -", "-")


def _short(tenths: int) -> str:
    """1.5, -.3, 7: as short as a number in a path may be."""
    text = f"{tenths / 10:.1f}".removesuffix(".0")
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def _drawn(points: str) -> np.ndarray:
    at = np.array([[float(x) for x in pair.split(",")] for pair in points.split()])
    return at[kept(at)]


def kept(at: np.ndarray) -> list[int]:
    """Which of (n, 2) points draw the same line (Douglas and Peucker, 1973): none that is left out lies more than `SEEN` off it."""
    chosen, open_ = {0, len(at) - 1}, [(0, len(at) - 1)]
    while open_:
        first, last = open_.pop()
        if last - first < 2:
            continue
        along, from_first = at[last] - at[first], at[first + 1 : last] - at[first]
        share = np.clip(from_first @ along / max(float(along @ along), 1e-12), 0.0, 1.0)
        off = np.linalg.norm(from_first - share[:, None] * along, axis=1)
        far = int(np.argmax(off))
        if off[far] > SEEN:
            middle = first + 1 + far
            chosen.add(middle)
            open_ += [(first, middle), (middle, last)]
    return sorted(chosen)


def convert(file: Path) -> Path:
    """Put a light picture in the place of a heavy one; returns its file."""
    if file.suffix == ".svg":
        file.write_text(curve(file.read_text(encoding="utf-8")), encoding="utf-8")
        return file
    with Image.open(file) as picture:
        write(file.with_suffix(".webp"), np.asarray(picture.convert("RGB")))
    file.unlink()
    return file.with_suffix(".webp")


if __name__ == "__main__":
    for one in sys.argv[1:]:
        print(convert(Path(one)))
