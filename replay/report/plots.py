"""Curves as SVG, drawn here and put into the page as they are.

A page of ours is mailed, printed and opened years later without a network. A plotting library's script weighs 4 MB
in every report; a curve thinned to what a screen can show weighs 20 kB, prints sharply and needs no script. The
numbers under the pointer come from ``<title>``.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from markupsafe import Markup

from ..checks.finding import Finding, Plot
from ..signals.signal import runs
from ..signals.statistics import wilson
from .numerals import number, percent, quantity, seconds
from .story import Story
from .svg import CAUSE, GRID, MUTED, WIDTH, box, drawing, label, rule, tag, text_width, ticks, tip
from .text import Words

TRACES = {  # name -> colour, dashes, width: distinct without colour too
    "command": ("#1d5fae", "", 1.6),
    "retargeted": ("#1d5fae", "", 1.6),
    "measured": ("#1f2933", "5 3", 1.4),
    "recording": ("#1f2933", "", 1.4),
    "replayed": ("#c05f00", "", 1.4),
    "repaired": ("#0b7a75", "6 3", 1.8),
}
OTHERS = (("#0b7a75", "2 2", 1.4), ("#7a3e9d", "7 3 2 3", 1.4), ("#1f2933", "", 1.4))
FOLLOW = "#7b8794"
ROUNDING = 1e-9  # of the largest value of a curve; smaller ones are zero
POINTS = 700  # columns a curve is thinned to; each keeps its smallest and largest value, so that no peak is lost
HOVER = 90  # columns that tell their numbers under the pointer
LIMIT_ROOM = 5.0  # limits are drawn to scale if they make the diagram at most this much higher than its curves
ZOOM_BELOW = 0.12  # a mark shorter than this share of the recording gets a second, magnified panel
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 230.0, 58.0, 14.0, 30.0, 40.0
FLOOR = HEIGHT - BOTTOM
LINE = 14.0  # height of a line of text


def thin(t: np.ndarray, y: np.ndarray, columns: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """At most `2 * columns` of the samples (n,), the smallest and the largest of each column; NaN is left out."""
    keep = np.isfinite(t) & np.isfinite(y)
    t, y = t[keep], y[keep]
    if len(t) <= 2 * columns:
        return t, y
    chosen: set[int] = set()
    for a, b in pairwise(np.linspace(0, len(t), columns + 1).astype(int)):
        if b > a:
            chosen.update((a + int(np.argmin(y[a:b])), a + int(np.argmax(y[a:b]))))
    index = np.array(sorted(chosen))
    return t[index], y[index]


def title(plot: Plot, words: Words) -> str:
    """What a diagram shows: quantity, then joint."""
    subject = words.name(plot.subject, "full") if plot.subject else ""
    return words.ui("colon").join(part for part in (words.look_up("plots", plot.title_key), subject) if part)


def curve(plot: Plot, story: Story, identity: str) -> Markup:
    """One diagram: curves, limits, marks of findings; beside it a magnified panel where a mark is too short to be seen.

    Args:
        plot: what is drawn; times in episode seconds, values in the plot's own unit.
        story: the verdict it belongs to, for numbers of findings and words.
        identity: a name that is unique in the page.
    """
    words = story.words
    traces = [{"name": t["name"], "t": np.asarray(t["t"], float), "y": np.asarray(t["y"], float)} for t in plot.traces]
    traces = [t for t in traces if len(t["t"]) and np.isfinite(t["y"]).any()]
    if not traces:
        return Markup("")
    t0, t1 = min(t["t"][0] for t in traces), max(t["t"][-1] for t in traces)
    t1 = t1 if t1 > t0 else t0 + 1.0
    y, off = _scale(plot, traces)
    mark = _focus(plot, story)
    zoomed = mark is not None and mark["t1"] - mark["t0"] < ZOOM_BELOW * (t1 - t0) and t1 - t0 > 2.0
    inner = WIDTH - LEFT - RIGHT
    panels = [_Panel(f"{identity}-0", LEFT, inner * (0.6 if zoomed else 1.0), (t0, t1), y)]
    if zoomed and mark is not None:
        room = max(0.5, 2.0 * (mark["t1"] - mark["t0"]))
        view = max(t0, mark["t0"] - room), min(t1, mark["t1"] + room)
        panels.append(_Panel(f"{identity}-1", LEFT + inner * 0.66, inner * 0.34, view, y))
    pieces: list[str] = []
    for place, panel in enumerate(panels):
        pieces += panel.axes(words, plot.unit if place == 0 else "")
        pieces += [panel.band(item, story) for item in plot.marks if item.get("t0") is not None]
        named: list[tuple[float, float]] | None = [] if place == 0 else None
        for limit in plot.limits:
            if limit not in off:
                pieces += panel.limit(limit, words, plot.unit, named)
        lines = [panel.line(trace, order) for order, trace in enumerate(traces)]
        pieces.append(tag("g", *lines, clip_path=f"url(#{panel.identity})"))
        pieces.append(panel.hover(traces, words, plot.unit))
    if len(panels) > 1 and mark is not None:
        a, b = panels[0].px(panels[1].t[0]), panels[0].px(panels[1].t[1])
        pieces.append(box(a, TOP, max(b - a, 2.0), FLOOR - TOP, fill="none", stroke=MUTED, stroke_dasharray="2 2"))
        index = _index(mark["code"], mark["t0"], story)
        text = words.ui("plot_zoom", n=story.number[index]) if index is not None else mark["code"]
        pieces.append(label(panels[1].x + panels[1].width / 2, 18.0, text, MUTED, "middle"))
    return drawing("plot", HEIGHT, title(plot, words), pieces + _legend(traces, words, off, plot.unit))


def halves(finding: Finding, words: Words) -> Markup:
    """Of varied copies: the share that succeeds in the lower and in the upper half of each parameter, with Wilson intervals.

    Args:
        finding: of `robustness`; the band is the interval of all copies.
    """
    details, rows = finding.details, sorted(finding.details["parameters"].items())
    left, row, top = 230.0, 30.0, 34.0
    width, foot = WIDTH - left - RIGHT, top + row * len(rows)

    def px(share: float) -> float:
        return left + width * share

    pieces = [
        box(
            px(details["low"]),
            top,
            px(details["high"]) - px(details["low"]),
            row * len(rows),
            fill=FOLLOW,
            fill_opacity="0.14",
        )
    ]
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        pieces += [
            rule(px(value), top, px(value), foot, GRID),
            label(px(value), foot + 17, percent(value), MUTED, "middle"),
        ]
    share = details["successes"] / details["copies"]
    pieces.append(rule(px(share), top, px(share), foot, MUTED, stroke_dasharray="2 2"))
    if finding.limit is not None:
        pieces += [
            rule(px(finding.limit), top, px(finding.limit), foot, CAUSE, stroke_width=1.2, stroke_dasharray="6 4")
        ]
        pieces.append(label(px(finding.limit) - 4, top - 4, words.look_up("signals", "warn"), CAUSE, "end"))
    above = details["copies"] // 2
    sizes = (details["copies"] - above, above)
    for place, (name, shares) in enumerate(rows):
        y = top + row * place
        pieces.append(label(left - 8, y + 19, words.parameter(name), anchor="end"))
        for k, (half, n) in enumerate(zip(("low", "high"), sizes)):
            at, hits = y + 10 + 10 * k, round((shares[half] or 0.0) * n)
            low, high = wilson(hits, n)
            colour = OTHERS[0][0] if k == 0 else TRACES["replayed"][0]
            title = tip(f"{words.parameter(name)}: {hits} / {n}")
            pieces.append(rule(px(low), at, px(high), at, colour, stroke_width=2.0))
            pieces.append(tag("circle", title, cx=px(hits / n), cy=at, r=4.0, fill=colour))
    x = left
    for k, key in enumerate(("lower_half", "upper_half")):
        colour = OTHERS[0][0] if k == 0 else TRACES["replayed"][0]
        pieces += [tag("circle", cx=x, cy=14.0, r=4.0, fill=colour), label(x + 10, 18.0, words.ui(key))]
        x += 40 + text_width(words.ui(key))
    return drawing("plot", foot + BOTTOM - 16, words.look_up("plots", "halves"), pieces)


class _Panel:
    """One pair of axes inside the drawing: where it lies, and which seconds and values it spans."""

    def __init__(self, identity: str, x: float, width: float, t: tuple[float, float], y: tuple[float, float]) -> None:
        self.identity, self.x, self.width, self.t, self.y = identity, x, width, t, y
        self.end, self.height = x + width, FLOOR - TOP

    def px(self, t: float) -> float:
        return self.x + self.width * (t - self.t[0]) / (self.t[1] - self.t[0])

    def py(self, y: float) -> float:
        return TOP + self.height * (self.y[1] - y) / (self.y[1] - self.y[0])

    def axes(self, words: Words, unit: str) -> list[str]:
        pieces = [tag("clipPath", box(self.x, TOP, self.width, self.height), id=self.identity)]
        for value in ticks(*self.y, 4):
            y = self.py(value)
            pieces += [rule(self.x, y, self.end, y, GRID), label(self.x - 6, y + 4, number(value), MUTED, "end")]
        for value in ticks(*self.t, max(2, int(self.width / 90))):
            x = self.px(value)
            pieces += [rule(x, FLOOR, x, FLOOR + 4), label(x, FLOOR + 17, number(value), MUTED, "middle")]
        pieces += [rule(self.x, FLOOR, self.end, FLOOR)]
        pieces += [label(self.end, FLOOR + 33, words.ui("time_axis"), MUTED, "end")]
        return pieces + ([label(self.x - 6, 18.0, f"[{unit}]", MUTED, "end")] if unit and unit != "1" else [])

    def band(self, mark: dict, story: Story) -> str:
        start = mark["t0"]
        end = mark["t1"] if mark.get("t1") is not None else start
        if end < self.t[0] or start > self.t[1]:
            return ""
        a, b = self.px(max(start, self.t[0])), self.px(min(end, self.t[1]))
        index = _index(mark["code"], start, story)
        cause = index is not None and index == story.verdict.root
        text = mark["code"] if index is None else f"{story.number[index]} {mark['code']}"
        look = {"fill": CAUSE, "fill_opacity": "0.18"} if cause else {"fill": FOLLOW, "fill_opacity": "0.14"}
        return box(a - 1, TOP, max(b - a, 0.0) + 2, self.height, tip(text), **look)

    def limit(self, limit: dict, words: Words, unit: str, named: list[tuple[float, float]] | None) -> list[str]:
        """The line of a limit; with its name, left of those that are `named` already (y, left end) at nearly the same height."""
        y = self.py(limit["value"])
        pieces = [rule(self.x, y, self.end, y, CAUSE, stroke_width=1.2, stroke_dasharray="6 4")]
        if named is not None:
            text = f"{words.look_up('signals', limit['name'])} {quantity(limit['value'], unit).split(' (')[0]}"
            above = y - 4 if y - TOP > LINE else y + LINE - 1
            right = min((left - 10 for at, left in named if abs(at - above) < LINE), default=self.end - 4)
            named.append((above, right - text_width(text)))
            pieces.append(label(right, above, text, CAUSE, "end", class_="halo"))
        return pieces

    def line(self, trace: dict, order: int) -> str:
        near = 0.02 * (self.t[1] - self.t[0])
        inside = (trace["t"] >= self.t[0] - near) & (trace["t"] <= self.t[1] + near)
        t, y = trace["t"][inside], trace["y"][inside]
        known = np.isfinite(t) & np.isfinite(y)
        drawn = []
        for first, last in runs(known):  # where a number is missing, so is the line
            columns = max(2, int(POINTS * self.width / WIDTH * (last + 1 - first) / len(t)))
            part = zip(*thin(t[first : last + 1], y[first : last + 1], columns))
            points = " ".join(f"{self.px(a):.1f},{self.py(b):.1f}" for a, b in part)
            style = _style(trace["name"], order)
            drawn.append(tag("polyline", points=points, fill="none", stroke_linejoin="round", **style))
        return "".join(drawn)

    def hover(self, traces: list[dict], words: Words, unit: str) -> str:
        columns = max(10, int(HOVER * self.width / WIDTH))
        step, wide = (self.t[1] - self.t[0]) / columns, self.width / columns
        pieces = []
        for k in range(columns):
            at = self.t[0] + (k + 0.5) * step
            readings = [seconds(at)]
            for trace in traces:
                if trace["t"][0] - step <= at <= trace["t"][-1] + step:
                    value = float(trace["y"][int(np.argmin(np.abs(trace["t"] - at)))])
                    if abs(value) < ROUNDING * np.nanmax(np.abs(trace["y"])):  # what a filter leaves of a value that stands still
                        value = 0.0
                    if np.isfinite(value):
                        readings.append(f"{words.signal(trace['name'])} {quantity(value, unit).split(' (')[0]}")
            pieces.append(box(self.x + k * wide, TOP, wide, self.height, tip("  ".join(readings))))
        return tag("g", *pieces, fill="transparent")


def _style(name: str, place: int) -> dict[str, str]:
    colour, dashes, width = TRACES.get(name, OTHERS[place % len(OTHERS)])
    return {"stroke": colour, "stroke_dasharray": dashes, "stroke_width": str(width)}


def _scale(plot: Plot, traces: list[dict]) -> tuple[tuple[float, float], list[dict]]:
    """The vertical range, and the limits that lie beyond it. A lower and an upper limit of one size go together."""
    values = np.concatenate([trace["y"] for trace in traces])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    span = max(high - low, 1e-6, 0.02 * max(abs(low), abs(high)))
    off: list[dict] = []
    for size in sorted({abs(limit["value"]) for limit in plot.limits}):
        pair = [limit for limit in plot.limits if abs(limit["value"]) == size]
        lowest = min(low, *(limit["value"] for limit in pair))
        highest = max(high, *(limit["value"] for limit in pair))
        if highest - lowest <= LIMIT_ROOM * span:
            low, high = lowest, highest
        else:
            off += pair
    pad = 0.08 * max(high - low, span)
    return (low - pad, high + pad), off


def _index(code: str, t0: float | None, story: Story) -> int | None:
    """The finding that a mark stands for: of its code, the one nearest in time."""
    same = [i for i in story.listed if story.findings[i].code == code]
    return min(same, key=lambda i: abs((story.findings[i].t0 or 0.0) - (t0 or 0.0))) if same else None


def _focus(plot: Plot, story: Story) -> dict | None:
    """The mark to magnify: that of the cause, else the first."""
    timed = [m for m in plot.marks if m.get("t0") is not None and m.get("t1") is not None]
    root = story.root
    return next((m for m in timed if root is not None and m["code"] == root.code), timed[0] if timed else None)


def _legend(traces: list[dict], words: Words, off: list[dict], unit: str) -> list[str]:
    pieces, x = [], LEFT + 8.0
    for order, trace in enumerate(traces):
        text = words.signal(trace["name"])
        pieces += [rule(x, 14.0, x + 22, 14.0, **_style(trace["name"], order)), label(x + 28, 18.0, text)]
        x += 44 + text_width(text)
    if off:
        text = words.join(quantity(v, unit).split(" (")[0] for v in sorted({limit["value"] for limit in off}))
        names = dict.fromkeys(words.look_up("signals", limit["name"]) for limit in off)
        pieces.append(label(x, 18.0, words.ui("plot_off", name=words.join(names), value=text), CAUSE))
    return pieces
