"""Curves and the timeline as SVG, drawn here and put into the page as they are.

A page of ours is mailed, printed and opened years later without a network. A plotting library's script weighs 4 MB in every
report; a curve thinned to what a screen can show weighs 20 kB, prints sharply and needs no script. The numbers under the
pointer come from ``<title>``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from .story import Story
from .text import Words, number, quantity, seconds

if TYPE_CHECKING:
    from ..finding import Plot

INK, MUTED, GRID = "#1f2933", "#616e7c", "#e4e7eb"
CAUSE, WARN, FOLLOW = "#b3261e", "#8a5a00", "#7b8794"
TRACES = {  # name -> colour, dashes, width: told apart without colour too
    "command": ("#1d5fae", "", 1.6),
    "retargeted": ("#1d5fae", "", 1.6),
    "measured": ("#1f2933", "5 3", 1.4),
    "replayed": ("#c05f00", "", 1.4),
}
OTHERS = (("#0b7a75", "2 2", 1.4), ("#7a3e9d", "7 3 2 3", 1.4), ("#1f2933", "", 1.4))
POINTS = 700  # columns a curve is thinned to; each keeps its smallest and largest value, so that no peak is lost
HOVER = 90  # columns that tell their numbers under the pointer
LIMIT_ROOM = 3.0  # a limit is drawn to scale if it makes the diagram at most this much higher
ZOOM_BELOW = 0.12  # a mark shorter than this share of the recording gets a second, magnified panel
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 230, 58, 14, 30, 40


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


def thin(t: np.ndarray, y: np.ndarray, columns: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """At most `2 * columns` of the samples (n,), the smallest and the largest of each column; NaN samples are kept out."""
    keep = np.isfinite(t) & np.isfinite(y)
    t, y = t[keep], y[keep]
    if len(t) <= 2 * columns:
        return t, y
    edges = np.linspace(0, len(t), columns + 1).astype(int)
    chosen = set()
    for a, b in zip(edges[:-1], edges[1:]):
        if b > a:
            chosen.update((a + int(np.argmin(y[a:b])), a + int(np.argmax(y[a:b]))))
    index = np.array(sorted(chosen))
    return t[index], y[index]


class _Panel:
    """One pair of axes inside the drawing."""

    def __init__(self, x: float, width: float, t: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.width, self.t, self.y = x, width, t, y
        self.top, self.height = TOP, HEIGHT - TOP - BOTTOM

    def px(self, t: float) -> float:
        return self.x + self.width * (t - self.t[0]) / (self.t[1] - self.t[0])

    def py(self, y: float) -> float:
        return self.top + self.height * (self.y[1] - y) / (self.y[1] - self.y[0])


def style(name: str, place: int) -> tuple[str, str, float]:
    """Colour, dashes and width of a trace."""
    return TRACES.get(name, OTHERS[place % len(OTHERS)])


def _scale(plot: Plot, traces: list[dict]) -> tuple[tuple[float, float], list[dict]]:
    """The vertical range, and the limits that lie beyond it."""
    values = np.concatenate([trace["y"] for trace in traces]) if traces else np.zeros(1)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    span = max(high - low, 1e-6, 0.02 * max(abs(low), abs(high)))
    off = []
    for limit in sorted(plot.limits, key=lambda item: min(abs(item["value"] - low), abs(item["value"] - high))):
        wider = max(high, limit["value"]) - min(low, limit["value"])
        if wider <= LIMIT_ROOM * span:
            low, high = min(low, limit["value"]), max(high, limit["value"])
        else:
            off.append(limit)
    pad = 0.08 * max(high - low, span)
    return (low - pad, high + pad), off


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
    panels = [_Panel(LEFT, inner * (0.6 if zoomed else 1.0), (t0, t1), y)]
    if zoomed and mark is not None:
        room = max(0.5, 2.0 * (mark["t1"] - mark["t0"]))
        view = max(t0, mark["t0"] - room), min(t1, mark["t1"] + room)
        panels.append(_Panel(LEFT + inner * 0.66, inner * 0.34, view, y))
    out = [f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title(plot, words))}">']
    for place, panel in enumerate(panels):
        out += _axes(panel, words, plot.unit if place == 0 else "", identity=f"{identity}-{place}")
        for item in plot.marks:
            out.append(_band(item, panel, story))
        for limit in plot.limits:
            if limit not in off:
                out += _limit(limit, panel, words, plot.unit, named=place == 0)
        out.append(f'<g clip-path="url(#{identity}-{place})">')
        for order, trace in enumerate(traces):
            out.append(_line(trace, order, panel))
        out.append("</g>")
        out += _hover(panel, traces, words, plot.unit)
    if zoomed and mark is not None:
        a, b = panels[0].px(panels[1].t[0]), panels[0].px(panels[1].t[1])
        bottom = panels[0].top + panels[0].height
        out.append(
            f'<rect x="{a:.1f}" y="{TOP}" width="{max(b - a, 2):.1f}" height="{bottom - TOP}" fill="none" stroke="{MUTED}" stroke-dasharray="2 2"/>'
        )
        finding = story.number.get(_index(mark["code"], mark["t0"], story), 1)
        centre = panels[1].x + panels[1].width / 2
        out.append(_text(centre, 18, words.ui("plot_zoom", n=finding), MUTED, anchor="middle"))
    out += _legend(traces, words, off, plot.unit)
    return Markup("".join(out) + "</svg>")


def title(plot: Plot, words: Words) -> str:
    """What a diagram shows: quantity, then joint."""
    subject = words.name(plot.subject, "full") if plot.subject else ""
    return words.ui("colon").join(part for part in (words.look_up("plots", plot.title_key), subject) if part)


def _index(code: str, t0: float | None, story: Story) -> int | None:
    same = [i for i in story.listed if story.findings[i].code == code]
    return min(same, key=lambda i: abs((story.findings[i].t0 or 0.0) - (t0 or 0.0))) if same else None


def _focus(plot: Plot, story: Story) -> dict | None:
    """The mark to magnify: that of the cause, else the first."""
    root = story.root
    timed = [m for m in plot.marks if m.get("t0") is not None and m.get("t1") is not None]
    return next((m for m in timed if root is not None and m["code"] == root.code), timed[0] if timed else None)


def _text(x: float, y: float, text: str, fill: str = INK, anchor: str = "start", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}" {extra}>{escape(text)}</text>'


def _axes(panel: _Panel, words: Words, unit: str, identity: str) -> list[str]:
    bottom = panel.top + panel.height
    out = [
        f'<clipPath id="{identity}"><rect x="{panel.x:.1f}" y="{panel.top}" width="{panel.width:.1f}" height="{panel.height}"/></clipPath>'
    ]
    for value in ticks(*panel.y, 4):
        y = panel.py(value)
        out.append(
            f'<line x1="{panel.x:.1f}" x2="{panel.x + panel.width:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        )
        out.append(_text(panel.x - 6, y + 4, number(value), MUTED, anchor="end"))
    for value in ticks(*panel.t, max(2, int(panel.width / 90))):
        x = panel.px(value)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}" stroke="{MUTED}"/>')
        out.append(_text(x, bottom + 17, number(value), MUTED, anchor="middle"))
    out.append(
        f'<line x1="{panel.x:.1f}" x2="{panel.x + panel.width:.1f}" y1="{bottom}" y2="{bottom}" stroke="{MUTED}"/>'
    )
    out.append(_text(panel.x + panel.width, bottom + 33, words.ui("time_axis"), MUTED, anchor="end"))
    if unit:
        out.append(_text(panel.x - 6, 18, f"[{unit}]", MUTED, anchor="end"))
    return out


def _band(mark: dict, panel: _Panel, story: Story) -> str:
    if mark.get("t0") is None:
        return ""
    start, end = mark["t0"], mark.get("t1") if mark.get("t1") is not None else mark["t0"]
    if end < panel.t[0] or start > panel.t[1]:
        return ""
    a, b = panel.px(max(start, panel.t[0])), panel.px(min(end, panel.t[1]))
    index = _index(mark["code"], start, story)
    cause = index is not None and index == story.verdict.root
    colour = CAUSE if cause else FOLLOW
    label = f"{story.number[index]} {mark['code']}" if index is not None else mark["code"]
    return (
        f'<rect x="{a - 1:.1f}" y="{panel.top}" width="{max(b - a, 0) + 2:.1f}" height="{panel.height}" fill="{colour}" '
        f'fill-opacity="{0.18 if cause else 0.12}"><title>{escape(label)}</title></rect>'
    )


def _limit(limit: dict, panel: _Panel, words: Words, unit: str, named: bool) -> list[str]:
    y = panel.py(limit["value"])
    end = panel.x + panel.width
    out = [
        f'<line x1="{panel.x:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{CAUSE}" stroke-width="1.2" stroke-dasharray="6 4"/>'
    ]
    if named:
        label = f"{words.look_up('signals', limit['name'])} {number(limit['value'])} {unit}"
        above = y - 4 if y - panel.top > 14 else y + 13
        out.append(_text(end - 4, above, label, CAUSE, anchor="end", extra='class="halo"'))
    return out


def _line(trace: dict, order: int, panel: _Panel) -> str:
    near = 0.02 * (panel.t[1] - panel.t[0])
    inside = (trace["t"] >= panel.t[0] - near) & (trace["t"] <= panel.t[1] + near)
    t, y = thin(trace["t"][inside], trace["y"][inside], int(POINTS * panel.width / WIDTH))
    if not len(t):
        return ""
    colour, dashes, width = style(trace["name"], order)
    points = " ".join(f"{panel.px(a):.1f},{panel.py(b):.1f}" for a, b in zip(t, y))
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dash}/>'


def _hover(panel: _Panel, traces: list[dict], words: Words, unit: str) -> list[str]:
    columns = max(10, int(HOVER * panel.width / WIDTH))
    step = (panel.t[1] - panel.t[0]) / columns
    out = ['<g fill="transparent">']
    for k in range(columns):
        at = panel.t[0] + (k + 0.5) * step
        told = [seconds(at)]
        for trace in traces:
            if trace["t"][0] - step <= at <= trace["t"][-1] + step:
                value = trace["y"][int(np.argmin(np.abs(trace["t"] - at)))]
                told.append(f"{words.signal(trace['name'])} {quantity(float(value), unit).split(' (')[0]}")
        x = panel.px(panel.t[0] + k * step)
        wide = panel.width / columns
        out.append(
            f'<rect x="{x:.1f}" y="{panel.top}" width="{wide:.1f}" height="{panel.height}"><title>{escape("  ".join(told))}</title></rect>'
        )
    return [*out, "</g>"]


def _legend(traces: list[dict], words: Words, off: list[dict], unit: str) -> list[str]:
    out, x = [], LEFT + 8.0
    for order, trace in enumerate(traces):
        colour, dashes, width = style(trace["name"], order)
        label = words.signal(trace["name"])
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        out.append(
            f'<line x1="{x:.1f}" x2="{x + 22:.1f}" y1="14" y2="14" stroke="{colour}" stroke-width="{width + 0.6}"{dash}/>'
        )
        out.append(_text(x + 28, 18, label))
        x += 44 + text_width(label)
    if off:
        told = (f"{number(v)} {unit}" for v in sorted({limit["value"] for limit in off}))
        names = words.look_up("signals", off[0]["name"])
        out.append(_text(x, 18, words.ui("plot_off", name=names, value=words.join(told)), CAUSE))
    return out


def text_width(text: str, size: float = 12.0) -> float:
    """Rough width of a text: a CJK character is a full square, others a bit more than half."""
    return sum(size if ord(c) > 0x2E80 else 0.56 * size for c in text)


# -- timeline --------------------------------------------------------------------------------------------------------
def timeline(story: Story) -> Markup:
    """The recording as a band of skills, and under it each finding where it happened; the cause is red, filled and named."""
    words, evidence = story.words, story.verdict.evidence
    length = story.duration
    if not evidence or not length:
        return Markup("")
    left, right, band = 8.0, 8.0, 26.0
    width = WIDTH - left - right

    def px(t: float) -> float:
        return left + width * min(max(t / length, 0.0), 1.0)

    body = [f'<rect x="{left}" y="6" width="{width}" height="{band}" rx="4" fill="#eef1f4"/>']
    for k, segment in enumerate(evidence.segments):
        body.append(_segment(segment, px, words, band, k))
    axis = 6 + band + 6
    for value in ticks(0.0, length, 9):
        x = px(value)
        body.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{axis}" y2="{axis + 5}" stroke="{MUTED}"/>')
        anchor = "start" if x < 20 else "end" if x > WIDTH - 24 else "middle"
        body.append(_text(x, axis + 18, f"{number(value)} s", MUTED, anchor=anchor))
    body.append(f'<line x1="{left}" x2="{left + width}" y1="{axis}" y2="{axis}" stroke="{MUTED}"/>')
    marks, lanes = _marks(story, px, axis + 30)
    height = axis + 26 + 24 * lanes
    return Markup(
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(words.ui("timeline"))}">'
        + "".join([*body, *marks])
        + "</svg>"
    )


def _segment(segment: dict, px: Any, words: Words, band: float, place: int) -> str:
    a, b = px(segment["t0"]), px(segment["t1"])
    label = words.skill(segment["skill"]) or ""
    tone = ("#c9d8ea", "#dbe6f2")[place % 2]
    tip = f"{label} ({segment['skill']}) {seconds(segment['t0'])} – {seconds(segment['t1'])}"
    out = f'<g><title>{escape(tip)}</title><rect x="{a:.1f}" y="6" width="{max(b - a - 1, 1):.1f}" height="{band}" rx="3" fill="{tone}"/>'
    room = b - a - 6
    while label and text_width(label) > room:
        label = label[:-2].rstrip() + "…" if len(label) > 3 else ""
    return out + (_text((a + b) / 2, 6 + band / 2 + 4, label, "#243b53", anchor="middle") if label else "") + "</g>"


def _marks(story: Story, px: Any, top: float) -> tuple[list[str], int]:
    """Pins of all findings that have a time, in lanes so that their labels do not meet. Returns the pieces and the lanes used."""
    timed = [i for i in story.listed if story.findings[i].t0 is not None]
    ends: list[float] = []
    out: list[str] = []
    for index in timed:
        finding = story.findings[index]
        start = px(finding.t0)
        end = px(finding.t1 if finding.t1 is not None else finding.t0)
        cause = index == story.verdict.root
        label = story.words.title(finding.code, finding)
        if cause:
            label = story.words.ui("colon").join((story.words.ui("cause_mark"), label))
        follows = story.follows(finding)
        if follows:
            label += f" ({story.words.ui('follows_from', n=follows)})"
        wide = text_width(label) + 26
        flipped = start + wide > WIDTH - 8
        a, b = (start - wide, max(end, start) + 10) if flipped else (start - 10, max(end, start + wide))
        lane = next((k for k, edge in enumerate(ends) if a > edge + 8), len(ends))
        if lane == len(ends):
            ends.append(b)
        ends[lane] = b
        out += _pin(story, index, start, end, top + 24 * lane, label, flipped)
    return out, len(ends)


def _pin(story: Story, index: int, start: float, end: float, y: float, label: str, flipped: bool) -> list[str]:
    finding = story.findings[index]
    cause = index == story.verdict.root
    colour = CAUSE if cause else WARN if finding.level == "WARN" else "#52606d"
    fill, ink = (colour, "#fff") if cause else ("#fff", colour)
    tip = f"{finding.code}: {story.words.message(finding)}"
    at, anchor = (start - 13, "end") if flipped else (start + 13, "start")
    weight = 'font-weight="600"' if cause else ""
    dashes = "" if cause else 'stroke-dasharray="2 3"'
    return [
        f"<g><title>{escape(tip)}</title>",
        f'<line x1="{start:.1f}" x2="{start:.1f}" y1="6" y2="{y - 2:.1f}" stroke="{colour}" stroke-width="{1.6 if cause else 1}" '
        f"{dashes}/>",
        f'<line x1="{start:.1f}" x2="{max(end, start + 1):.1f}" y1="32" y2="32" stroke="{colour}" stroke-width="4"/>',
        f'<circle cx="{start:.1f}" cy="{y + 6:.1f}" r="9" fill="{fill}" stroke="{colour}" stroke-width="1.4"/>',
        _text(start, y + 10, str(story.number[index]), ink, anchor="middle", extra='font-weight="600"'),
        _text(at, y + 10, label, colour, anchor=anchor, extra=f'class="halo" {weight}'),
        "</g>",
    ]


def signs() -> dict[str, Markup]:
    """One sign for each verdict, told apart by shape: check in a circle, cross in an octagon, exclamation, question, torn page."""
    draw: Sequence[tuple[str, str]] = (
        ("feasible", '<circle cx="12" cy="12" r="11"/><path d="M6.5 12.5l3.6 3.6 7.4-8"/>'),
        (
            "infeasible",
            '<path class="b" d="M7.5 1h9L23 7.500v9L16.500 23h-9L1 16.500v-9z"/><path d="M8 8l8 8M16 8l-8 8"/>',
        ),
        ("unsound", '<path class="b" d="M12 1.500L23.500 22H.5z"/><path d="M12 9v6.200M12 18.300v.4"/>'),
        (
            "inconclusive",
            '<path class="b" d="M12 .5L23.500 12 12 23.500.5 12z"/><path d="M9.200 9.600c0-3.600 5.800-3.600 5.800-.2 0 2.300-2.900 2.300-2.900 4.800M12.100 17.600v.4"/>',
        ),
        ("unreadable", '<rect class="b" x="3" y="1" width="18" height="22" rx="2"/><path d="M8 9l8 6M16 9l-8 6"/>'),
    )
    return {
        name: Markup(f'<svg class="sign {name}" viewBox="0 0 24 24" aria-hidden="true">{shape}</svg>')
        for name, shape in draw
    }
