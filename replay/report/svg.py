"""The few pieces of SVG that curves, timeline and signs are made of. All text and every attribute is escaped here."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from markupsafe import Markup

INK, MUTED, GRID, SOFT = "#1f2933", "#616e7c", "#e4e7eb", "#52606d"
CAUSE, WARN = "#b3261e", "#8a5a00"
WIDTH = 960.0  # width of every drawing in its own units; the page scales it
FONT = 12.0


def tag(name: str, *inside: str, **attributes: Any) -> str:
    """One element: `stroke_width` becomes `stroke-width`, floats get one decimal, what is None or empty is left out."""
    written = []
    for key, value in attributes.items():
        if value is None or value == "":
            continue
        text = f"{value:.1f}" if isinstance(value, float) else str(value)
        written.append(f' {key.rstrip("_").replace("_", "-")}="{escape(text)}"')
    return f"<{name}{''.join(written)}>{''.join(inside)}</{name}>" if inside else f"<{name}{''.join(written)}/>"


def tip(text: str) -> str:
    """What the pointer tells about the element that this stands in."""
    return tag("title", escape(text))


def label(x: float, y: float, text: str, fill: str = INK, anchor: str = "start", **attributes: Any) -> str:
    """A line of text; `class_="halo"` keeps it readable over lines."""
    return tag("text", escape(text), x=x, y=y, fill=fill, text_anchor=anchor, **attributes)


def rule(x1: float, y1: float, x2: float, y2: float, stroke: str = MUTED, **attributes: Any) -> str:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, **attributes)


def box(x: float, y: float, width: float, height: float, *inside: str, **attributes: Any) -> str:
    """A rectangle."""
    return tag("rect", *inside, x=x, y=y, width=width, height=height, **attributes)


def drawing(kind: str, height: float, title: str, pieces: list[str], width: float = WIDTH) -> Markup:
    """The whole drawing, safe to be put into a page as it is."""
    view = f"0 0 {width:.0f} {height:.0f}"
    return Markup(tag("svg", *pieces, class_=kind, viewBox=view, role="img", aria_label=title))


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """Round values between two bounds, about `wanted` of them."""
    span = high - low
    if not span > 0:
        return [low]
    raw = span / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(m for m in (1, 2, 5, 10) if raw <= m * power * 1.0001)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def text_width(text: str) -> float:
    """Rough width of a text: a CJK character is a full square, others 0.62 of it (DejaVu Sans, small letters)."""
    return sum(FONT if ord(c) > 0x2E80 else 0.62 * FONT for c in text)


def signs() -> dict[str, Markup]:
    """One sign for each verdict, distinct in shape: circle, octagon, triangle, diamond, page."""

    def path(d: str, solid: bool = False) -> str:
        return tag("path", class_="b" if solid else None, d=d)

    question = "M9.2 9.6c0-3.6 5.8-3.6 5.8-.2 0 2.3-2.9 2.3-2.9 4.8M12.1 17.6v.4"
    draw = {
        "feasible": [tag("circle", cx=12, cy=12, r=11), path("M6.5 12.5l3.6 3.6 7.4-8")],
        "infeasible": [path("M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z", True), path("M8 8l8 8M16 8l-8 8")],
        "unsound": [path("M12 1.5L23.5 22H.5z", True), path("M12 9v6.2M12 18.3v.4")],
        "inconclusive": [path("M12 .5L23.5 12 12 23.5.5 12z", True), path(question)],
        "unreadable": [box(3, 1, 18, 22, rx=2, class_="b"), path("M8 9l8 6M16 9l-8 6")],
    }
    return {
        name: Markup(tag("svg", *shape, class_=f"sign {name}", viewBox="0 0 24 24", aria_hidden="true"))
        for name, shape in draw.items()
    }
