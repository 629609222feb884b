"""The printed pages: markers in true size with names, sizes and places in English and Chinese, and rulers that show the scale.

A PDF of drawn squares, not of pixels, so that a marker's edges are as sharp as the printer. The Chinese font is the one that every
reader of PDF knows by name (STSong), so that none is packed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .calibrated_camera import INNER, SQUARE, SQUARES
from .markers import CELL, CELLS, DICTIONARY, FACES, Marker, MarkerSet
from .opencv import needed, opencv

PAGE = (0.210, 0.297)  # m, A4
EDGE = 0.012  # m, which printers leave white
RULER = 0.150  # m
CAPTION = 0.017  # m under a marker
GAP = 0.008
LATIN, CHINESE = "Helvetica", "STSong-Light"
POINT = 0.0254 / 72
Captions = tuple[tuple[str, float], ...]  # lines, and how high they are [m]
TOPS = {"up": "top"}  # what a side is called where its word of `FACES` is not its name
SIDES = {"up": "上面", "front": "前面（朝机器人）", "back": "后面", "left": "左面", "right": "右面"}


def print_markers(path: Path, markers: MarkerSet, titles: Mapping[str, Mapping[str, str]]) -> int:
    """Write the pages of markers; returns how many.

    Args:
        titles: part -> its title by language; the parts' own names where there is none.
    """
    pages = _Pages(path, f"shiliu: markers of {markers.scenario}")
    x, y, row = EDGE, pages.top, 0.0
    for one in sorted(markers.markers, key=lambda m: -m.size):
        whole = one.size * (CELLS + 2) / CELLS
        lines = _captions(one, titles.get(one.part, {}))
        wide = max(whole, 0.085, *(pages.width(words, size) for words, size in lines))
        if x + wide > PAGE[0] - EDGE:
            x, y, row = EDGE, y - row - GAP, 0.0
        if y - whole - CAPTION < EDGE:
            pages.next()
            x, y, row = EDGE, pages.top, 0.0
        pages.marker(one, x, y - whole, lines)
        x, row = x + wide + GAP, max(row, whole + CAPTION)
    return pages.close()


def too_large(one: Marker) -> str | None:
    """Why a marker cannot be printed on a page; None where it can."""
    most = (PAGE[0] - 2 * EDGE) * CELLS / (CELLS + 2)
    return f"a page holds one of {np.floor(most * 1e3):.0f} mm at most." if one.size > most else None


def print_board(path: Path) -> int:
    """Write the page of the board by which a camera is calibrated, A4 across; returns 1."""
    pages = _Pages(path, "shiliu: calibration board", across=True)
    pages.board()
    return pages.close()


def bits_of(number: int, dictionary: Any = None) -> np.ndarray:
    """(CELLS, CELLS) bool of a marker: where it is white."""
    aruco = opencv().aruco
    known = dictionary or aruco.getPredefinedDictionary(getattr(aruco, DICTIONARY))
    return np.asarray(known.generateImageMarker(number, CELLS)) > 127


class _Pages:
    """Pages that are drawn on, in metres from their lower left corner."""

    def __init__(self, path: Path, title: str, across: bool = False):
        canvas = needed("reportlab.pdfgen.canvas", "reportlab")
        needed("reportlab.pdfbase.pdfmetrics", "reportlab").registerFont(
            needed("reportlab.pdfbase.cidfonts", "reportlab").UnicodeCIDFont(CHINESE)
        )
        self.size = PAGE[::-1] if across else PAGE
        # invariant: the same markers give the same bytes
        self.canvas = canvas.Canvas(str(path), pagesize=[v / POINT for v in self.size], invariant=1)
        self.canvas.setTitle(title)
        self.canvas.scale(1 / POINT, 1 / POINT)
        self.title, self.count = title, 0
        self._head()

    def _head(self) -> None:
        self.count += 1
        width, height = self.size
        self.text(EDGE, height - EDGE - 0.004, self.title, 0.0042)
        self.text(
            EDGE,
            height - EDGE - 0.010,
            "Print at 100 %, without 'fit to page', on matt paper. The bars must measure 150 mm both ways: if not, print again.",
            0.0029,
        )
        self.text(
            EDGE,
            height - EDGE - 0.0145,
            "按100%比例打印，不要“适合页面”，用哑光纸。两条标尺都应量得150毫米，否则重新打印。",
            0.0031,
        )
        self.ruler(EDGE, height - EDGE - 0.0225)
        self.canvas.saveState()
        self.canvas.translate(width - EDGE * 0.75, EDGE)
        self.canvas.rotate(90)
        self.ruler(0.0, 0.0)
        self.canvas.restoreState()
        self.top = height - EDGE - 0.030

    def next(self) -> None:
        self.canvas.showPage()
        self.canvas.scale(1 / POINT, 1 / POINT)
        self._head()

    def close(self) -> int:
        self.canvas.showPage()
        self.canvas.save()
        return self.count

    def width(self, words: str, size: float) -> float:
        """How long a line is [m]."""
        fonts = (CHINESE if sign > "⺀" else LATIN for sign in words)
        return float(sum(self.canvas.stringWidth(sign, font, size) for sign, font in zip(words, fonts)))

    def text(self, x: float, y: float, words: str, size: float) -> None:
        """A line, each run of characters in a font that has them."""
        run, font = "", LATIN
        for sign in [*words, ""]:
            wanted = CHINESE if sign > "⺀" else LATIN
            if run and (not sign or wanted != font):
                self.canvas.setFont(font, size)
                self.canvas.drawString(x, y, run)
                x += self.canvas.stringWidth(run, font, size)
                run = ""
            run, font = run + sign, wanted

    def ruler(self, x: float, y: float) -> None:
        self.canvas.setLineWidth(0.00025)
        self.canvas.line(x, y, x + RULER, y)
        for k in range(round(RULER * 1e3) + 1):
            high = 0.004 if k % 50 == 0 else 0.003 if k % 10 == 0 else 0.0015
            self.canvas.line(x + k * 1e-3, y, x + k * 1e-3, y + high)
        for k in (0, 50, 100, 150):
            self.text(x + k * 1e-3 + 0.0006, y + 0.0022, f"{k}" if k < 150 else "150 mm", 0.0022)

    def squares(self, bits: np.ndarray, x: float, y: float, cell: float) -> None:
        """Black cells, each row in runs, so that no hairline of white stands between them."""
        rows = len(bits)
        path = self.canvas.beginPath()
        for i, row in enumerate(bits):
            j = 0
            while j < len(row):
                k = j
                while k < len(row) and row[k] == row[j]:
                    k += 1
                if not row[j]:
                    below = i + 1 < rows and not bits[i + 1][j:k].any()
                    more = 0.02 * cell if below else 0.0  # over the row below, where that is black as well
                    path.rect(x + j * cell, y + (rows - 1 - i) * cell - more, (k - j) * cell, cell + more)
                j = k
        self.canvas.setFillGray(0)
        self.canvas.drawPath(path, stroke=0, fill=1, fillMode=1)  # what overlaps stays black

    def marker(self, one: Marker, x: float, y: float, lines: Captions) -> None:
        cell = one.size / CELLS
        whole = one.size + 2 * cell
        self.canvas.setLineWidth(0.0001)
        self.canvas.setDash(0.001, 0.001)
        self.canvas.rect(x, y, whole, whole)  # cut along it: the white around belongs to the marker
        self.canvas.setDash()
        self.squares(bits_of(one.id), x + cell, y + cell, cell)
        middle = x + whole / 2, y + whole / 2
        for dx, dy in ((0, 1), (0, -1), (1, 0), (-1, 0)):  # marks of its middle, in the white
            self.canvas.line(
                middle[0] + dx * (whole / 2 - 0.6 * cell),
                middle[1] + dy * (whole / 2 - 0.6 * cell),
                middle[0] + dx * whole / 2,
                middle[1] + dy * whole / 2,
            )
        axes = _axes(one)
        self.text(x + whole + 0.001, middle[1] - 0.001, f"→ {axes[0]}".replace("→", ">"), 0.0028)
        self.text(middle[0] - 0.002, y + whole + 0.0008, f"^ {axes[1]}", 0.0028)
        for k, (words, size) in enumerate(lines):
            self.text(x, y - 0.004 * (k + 1), words, size)

    def board(self) -> None:
        columns, rows = SQUARES
        x, y = (self.size[0] - columns * SQUARE) / 2, EDGE + 0.004
        self.canvas.setFillGray(0)
        aruco = opencv().aruco
        dictionary = aruco.getPredefinedDictionary(getattr(aruco, DICTIONARY))
        number = 0
        for i in range(rows):
            for j in range(columns):
                left, low = x + j * SQUARE, y + (rows - 1 - i) * SQUARE
                if (i + j) % 2 == 0:
                    self.canvas.rect(left, low, SQUARE, SQUARE, stroke=0, fill=1)
                else:
                    rim = (SQUARE - INNER) / 2
                    self.squares(bits_of(number, dictionary), left + rim, low + rim, INNER / CELLS)
                    number += 1


def _captions(one: Marker, title: Mapping[str, str]) -> Captions:
    """What stands below a marker."""
    at = ", ".join(f"{axis} {v * 1e3:.0f}" for axis, v in zip("xyz", one.at))
    en, zh = title.get("en", one.part), title.get("zh", one.part)
    if one.on == CELL:
        en, zh = "floor, seen from the mark between the robot's feet", "地面，以机器人两脚之间的标记为原点"
    by = f"{np.degrees(one.turned):g}"
    turned, turned_zh = (f", turned by {by} deg", f"，转 {by} 度") if one.turned else ("", "")
    return (
        (f"{one.id}  {en} ({one.on})  {one.size * 1e3:g} mm", 0.0032),
        (f"its {TOPS.get(one.faces, one.faces)}: middle at {at} mm{turned}", 0.0028),
        (f"{zh}：{SIDES[one.faces]}，中心在 {at} 毫米，边长 {one.size * 1e3:g} 毫米{turned_zh}", 0.0028),
    )


def _axes(one: Marker) -> tuple[str, str]:
    """Which axes of what it is on point to the marker's right, and upwards on the sheet; signs where it is not turned."""
    out, up = (np.array(v, float) for v in FACES[one.faces])
    right = np.cross(up, out)

    def name(v: np.ndarray) -> str:
        k = int(np.abs(v).argmax())
        return f"{'' if v[k] > 0 else '-'}{'xyz'[k]}"

    return name(right), name(up)
