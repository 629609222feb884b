"""The timeline: the recording as a band of skills, and under it each finding where it happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from .numerals import number, seconds
from .story import Story
from .svg import CAUSE, MUTED, SOFT, WARN, WIDTH, box, drawing, label, rule, tag, text_width, ticks, tip
from .text import Words

SIDE, TOP, BAND, LANE = 12.0, 6.0, 26.0, 24.0
TONES = ("#c9d8ea", "#dbe6f2")  # neighbouring skills
Place = Callable[[float], float]  # episode seconds -> x


def timeline(story: Story) -> Markup:
    """The drawing; empty where the length of the recording is unknown. The cause is red, filled and named."""
    words, evidence, length = story.words, story.verdict.evidence, story.duration
    if not evidence or not length:
        return Markup("")
    width = WIDTH - 2 * SIDE

    def px(t: float) -> float:
        return SIDE + width * min(max(t / length, 0.0), 1.0)

    pieces = [box(SIDE, TOP, width, BAND, rx=4, fill="#eef1f4")]
    pieces += [_segment(segment, px, words, k) for k, segment in enumerate(evidence.segments)]
    axis = TOP + BAND + 6
    pieces.append(rule(SIDE, axis, SIDE + width, axis))
    for value in ticks(0.0, length, 9):
        x = px(value)
        anchor = "start" if x < 20 else "end" if x > WIDTH - 24 else "middle"
        pieces += [rule(x, axis, x, axis + 5), label(x, axis + 18, f"{number(value)} s", MUTED, anchor)]
    pins, lanes = _pins(story, px, axis + 30)
    return drawing("timeline", axis + 26 + LANE * lanes, words.ui("timeline"), pieces + pins)


def _segment(segment: dict[str, Any], px: Place, words: Words, place: int) -> str:
    a, b = px(segment["t0"]), px(segment["t1"])
    name = words.skill(segment["skill"]) or ""
    text = f"{name} ({segment['skill']}) {seconds(segment['t0'])} – {seconds(segment['t1'])}"
    pieces = [tip(text), box(a, TOP, max(b - a - 1, 1.0), BAND, rx=3, fill=TONES[place % 2])]
    while name and text_width(name) > b - a - 6:
        name = name[:-2].rstrip() + "…" if len(name) > 3 else ""
    if name:
        pieces.append(label((a + b) / 2, TOP + BAND / 2 + 4, name, "#243b53", "middle"))
    return tag("g", *pieces)


def _pins(story: Story, px: Place, top: float) -> tuple[list[str], int]:
    """All findings that have a time, in lanes so that their labels do not meet: (pieces, lanes used)."""
    ends: list[float] = []
    pieces: list[str] = []
    for index in story.listed:
        finding = story.findings[index]
        if finding.t0 is None:
            continue
        start = px(finding.t0)
        end = px(finding.t1 if finding.t1 is not None else finding.t0)
        name = story.words.title(finding.code, finding)
        if index == story.verdict.root:
            name = story.words.ui("colon").join((story.words.ui("cause_mark"), name))
        if follows := story.follows(finding):
            name += f" ({story.words.ui('follows_from', n=follows)})"
        wide = text_width(name) + 26
        flipped = start + wide > WIDTH - SIDE
        a, b = (start - wide, start + 10) if flipped else (start - 10, start + wide)
        lane = next((k for k, edge in enumerate(ends) if a > edge + 8), len(ends))
        if lane == len(ends):
            ends.append(b)
        ends[lane] = b
        pieces.append(_pin(story, index, start, end, top + LANE * lane, name, flipped))
    return pieces, len(ends)


def _pin(story: Story, index: int, start: float, end: float, y: float, name: str, flipped: bool) -> str:
    finding, cause = story.findings[index], index == story.verdict.root
    colour = CAUSE if cause else WARN if finding.level == "WARN" else SOFT
    fill, ink = (colour, "#ffffff") if cause else ("#ffffff", colour)
    at, anchor = (start - 13, "end") if flipped else (start + 13, "start")
    heavy = 600 if cause else None
    stem = {"stroke_width": 1.6} if cause else {"stroke_width": 1, "stroke_dasharray": "2 3"}
    edge = TOP + BAND
    return tag(
        "g",
        tip(f"{finding.code}: {story.words.message(finding)}"),
        rule(start, TOP, start, y - 2, colour, **stem),
        rule(start, edge, max(end, start + 1), edge, colour, stroke_width=4),
        tag("circle", cx=start, cy=y + 6, r=9, fill=fill, stroke=colour, stroke_width=1.4),
        label(start, y + 10, str(story.number[index]), ink, "middle", font_weight=600),
        label(at, y + 10, name, colour, anchor, class_="halo", font_weight=heavy),
    )
