"""The drawings of the page: shares as bars, drift over days, where in the variation takes fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from ..report.numerals import number, quantity
from ..report.svg import CAUSE, GRID, INK, MUTED, box, drawing, label, rule, tag, ticks, tip
from .take_columns import VERDICTS
from .tallies import CELLS, LagSpread, Map

COLOURS = dict(zip(VERDICTS, ("#2f8f5b", "#c8453c", "#8a56a8", "#d9a441", "#9aa5b1")))
LINES = ("#1d5fae", "#c46a1b", "#2f8f5b", "#8a56a8", "#8a5a00", "#52606d")
MOST_LINES = 6
BAR = 240.0  # width of a bar [px of its own drawing]


def bar(counted: Mapping[str, int], n: int, titles: Mapping[str, str]) -> Markup:
    """How many of each verdict, as a bar; `titles` names them."""
    pieces, x = [], 0.0
    for name in VERDICTS:
        width = BAR * counted[name] / n if n else 0.0
        if width:
            pieces.append(box(x, 0, width, 12, tip(f"{titles[name]} {counted[name]}"), fill=COLOURS[name]))
        x += width
    title = ", ".join(f"{titles[name]} {counted[name]}" for name in VERDICTS if counted[name])
    return drawing("bar", 12, title, pieces, BAR)


def drift(title: str, lines: Mapping[str, Mapping[str, LagSpread]], unit: str, limit: float | None, none: str) -> Markup:
    """Mean of a measure by day, a line for each device set (the ones with most takes), with its least and most.

    Args:
        lines: device set -> day -> spread; limit: the bound, drawn where it is near; none: how a nameless set is called.
    """
    days = sorted({day for one in lines.values() for day in one})
    chosen = sorted(lines, key=lambda name: -sum(spread.n for spread in lines[name].values()))[:MOST_LINES]
    top = max(spread.most for name in chosen for spread in lines[name].values())
    near = limit is not None and limit <= 4.0 * top
    high = max(top, limit or 0.0) if near else top
    high = high * 1.1 or 1.0
    left, width, height = 90.0, 840.0, 150.0

    def at(day: str) -> float:
        return left + width * (days.index(day) + 0.5) / len(days)

    def up(value: float) -> float:
        return 20.0 + height * (1.0 - value / high)

    pieces = []
    for value in ticks(0.0, high, 3):
        pieces += [
            rule(left, up(value), left + width, up(value), GRID),
            label(left - 8, up(value) + 4, quantity(value, unit), MUTED, "end"),
        ]
    if near and limit is not None:
        pieces += [
            rule(left, up(limit), left + width, up(limit), CAUSE, stroke_dasharray="5 4"),
            label(left + width, up(limit) - 4, quantity(limit, unit), CAUSE, "end", class_="halo"),
        ]
    for day in days[:: max(1, len(days) // 8)]:
        pieces.append(label(at(day), height + 38, day[5:], MUTED, "middle"))
    for colour, name in zip(LINES, chosen):
        points = [(at(day), spread) for day, spread in sorted(lines[name].items())]
        for x, spread in points:
            pieces += [
                rule(x, up(spread.least), x, up(spread.most), colour, opacity="0.35", stroke_width=3.0),
                tag(
                    "circle",
                    tip(f"{name or none}: {quantity(spread.mean, unit)} ({spread.n})"),
                    cx=x,
                    cy=up(spread.mean),
                    r=3.5,
                    fill=colour,
                ),
            ]
        path = " ".join(f"{x:.1f},{up(spread.mean):.1f}" for x, spread in points)
        pieces.append(tag("polyline", points=path, fill="none", stroke=colour, stroke_width=1.6))
    y = height + 60.0
    for colour, name in zip(LINES, chosen):
        pieces += [box(left, y - 9, 10, 10, fill=colour), label(left + 16, y, name or none, INK)]
        y += 18.0
    return drawing("plot", y, title, pieces)


def heat(where: Map, a: str, b: str, failed: str) -> Markup:
    """Takes and failures over two varied numbers, as a square of 5 x 5; what no take reached stays white."""
    cells, size = where.two[(a, b)], 46.0
    left, top = 110.0, 12.0
    pieces = []
    for i in range(CELLS):
        for k in range(CELLS):
            n, bad = cells[i * CELLS + k]
            x, y = left + i * size, top + (CELLS - 1 - k) * size
            fill = "#ffffff" if not n else shade(bad / n)
            marks = f"{bad}/{n}" if n else ""
            pieces.append(box(x, y, size - 2, size - 2, tip(f"{failed} {marks}"), fill=fill, stroke=GRID))
            pieces.append(label(x + size / 2 - 1, y + size / 2 + 3, marks, INK, "middle"))
    low, high = where.bounds[a]
    bottom = top + CELLS * size + 14
    pieces += [label(left, bottom, number(low), MUTED), label(left + CELLS * size, bottom, number(high), MUTED, "end")]
    pieces.append(label(left + CELLS * size / 2, bottom + 16, a, INK, "middle"))
    low, high = where.bounds[b]
    pieces += [
        label(left - 6, top + CELLS * size - 4, number(low), MUTED, "end"),
        label(left - 6, top + 12, number(high), MUTED, "end"),
    ]
    pieces.append(label(left - 6, top + CELLS * size / 2, b, INK, "end"))
    return drawing("heat", bottom + 26, f"{a}, {b}", pieces, left + CELLS * size + 10)


def shade(share: float) -> str:
    """From green, where nothing fails, to red, where all does."""
    good, bad = (214, 238, 224), (226, 120, 110)
    return "#" + "".join(f"{round(g + (b - g) * share):02x}" for g, b in zip(good, bad))


def tenths(bins: Sequence[Sequence[int]], failed: str) -> Markup:
    """Takes and failures in each tenth of a range."""
    most = max((n for n, _ in bins), default=0) or 1
    pieces = []
    for i, (n, bad) in enumerate(bins):
        height = 26.0 * n / most
        red = height * bad / n if n else 0.0
        pieces += [
            box(i * 16.0, 28 - height, 14.0, height - red, tip(f"{failed} {bad}/{n}"), fill="#8fc7a7"),
            box(i * 16.0, 28 - red, 14.0, red, fill=COLOURS["INFEASIBLE"]),
        ]
    pieces.append(rule(0, 28.5, 160, 28.5, GRID))
    return drawing("tenths", 30, failed, pieces, 160)
