"""The page of a report: the cause first and once, no way in for hostile names."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from made_verdicts import COMMAND, HOSTILE, clean, everything, too_fast, undecided, verdict
from shiliu.replay.checks.finding import Fact, Finding, Plot
from shiliu.replay.report import Words, plots
from shiliu.replay.report.html import render
from shiliu.replay.report.story import Story
from shiliu.replay.report.svg import text_width
from shiliu.replay.report.timeline import timeline


def visible(page: str) -> str:
    """The page's text without styles, tags and titles under the pointer."""
    page = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_says_the_cause_first_and_once(lang):
    words = Words(lang)
    page = render([too_fast()], words, COMMAND)
    text = visible(page)
    story = Story(too_fast(), words)
    assert text.index(story.slip) < text.index(words.ui("question"))
    assert page.count('class="cause"><code>joint.velocity') == 1
    assert page.count('class="tag cause"') == 1 and page.count('class="ball FAIL cause"') == 1
    assert text.count(words.ui("follows_from", n=1)) >= 2
    assert text.index("joint.velocity") < text.index("tracking")
    for part in ("who", "when", "how_sure", "make_pass", "not_checked", "leaning", "provenance"):
        assert words.ui(part) in text, part


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_needs_nothing_from_outside(lang):
    page = render(everything(), Words(lang), COMMAND)
    assert not re.search(r"(src|href|url|@import)\s*[=(]?\s*[\"']?\s*(https?:)?//", page)
    assert "<script" not in page and "<link" not in page
    assert set(re.findall(r'src="([a-z]+:)', page)) == {"data:"}
    assert f'<html lang="{lang}">' in page and 'charset="utf-8"' in page


def test_chinese_page_is_chinese():
    english = Words("en")
    text = visible(render(everything(), Words("zh"), COMMAND))
    assert "动作太快（拉开门）：左肩侧摆超速 40 %。" in text
    for phrase in (english.ui("how_sure"), english.ui("not_checked"), "follows from", "shoulder", "record again"):
        assert phrase not in text


def test_page_escapes_hostile_names():
    hostile = too_fast(HOSTILE)
    hostile.cell = hostile.source = hostile.scenario = HOSTILE
    hostile.findings[0] = hostile.findings[0].with_(subject=(HOSTILE,), skill=HOSTILE, limit_source=HOSTILE)
    hostile.evidence.segments[0]["skill"] = HOSTILE
    hostile.evidence.plots[0].subject = HOSTILE
    hostile.evidence.plots[0].traces[0]["name"] = HOSTILE
    hostile.evidence.facts.append(Fact(HOSTILE, {HOSTILE: HOSTILE}))
    hostile.evidence.pictures[0].caption_key = HOSTILE
    hostile.provenance = {HOSTILE: HOSTILE, "notes": [HOSTILE]}
    for verdicts in ([hostile], [hostile, clean()]):
        page = render(verdicts, Words("en"), f"shiliu replay data={HOSTILE}")
        assert "<script" not in page and "&lt;script&gt;" in page


def test_many_recordings_are_grouped_and_only_some_have_a_sheet():
    many = [too_fast(f"take_{k}") for k in range(40)] + [undecided()] + [clean() for _ in range(20)]
    page = render(many, Words("en"), COMMAND)
    assert page.count('class="sheet many"') == 20
    assert "joint.velocity zarm_l2_joint</code>: 40 recordings" in page
    assert set(re.findall(r'href="#(take-\d+)"', page)) <= set(re.findall(r'id="(take-\d+)"', page))


def test_command_is_narrowed_to_the_recording():
    page = render(everything(), Words("en"), "shiliu replay 'data=my takes' scenario=microwave")
    assert "&#39;data=my takes/take_218.bag&#39;" in page


def test_a_sparse_verdict_still_makes_a_page():
    nothing = verdict(
        "x",
        "INCONCLUSIVE",
        [],
        stages={},
        evidence=None,
        provenance={},
        scenario=None,
        cell=None,
        claim=None,
        sha256=None,
    )
    assert "INCONCLUSIVE" in render([nothing], Words("zh"), "")
    lonely = verdict("y", "INFEASIBLE", [Finding("brand.new", "FAIL", "replay", value=1.0, limit=0.5)], 0, "robot")
    assert "1 of 0.5" in render([lonely], Words("en"), "")


def test_names_of_limits_that_are_near_stand_side_by_side():
    t = np.linspace(0.0, 10.0, 301)
    limits = [{"name": "warn", "value": 1.00}, {"name": "limit", "value": 1.02}, {"name": "lower", "value": -1.0}]
    near = Plot("joint_velocity", "zarm_l2_joint", "rad/s", [{"name": "command", "t": t, "y": np.sin(t)}], limits)
    drawing = plots.curve(near, Story(clean(), Words("en")), "p")
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*text-anchor="end" class="halo"[^>]*>([^<]+)<', drawing)
    (a, at_a, first), (b, at_b, second), (c, _, _) = ((float(x), float(y), text) for x, y, text in found)
    assert abs(at_a - at_b) < 14.0 and a == c, "a name that has room stands at the end"
    assert b < a - text_width(first), f"{second!r} would be written over {first!r}"


def test_curves_keep_their_peaks_and_limits_keep_the_scale():
    t = np.linspace(0, 100, 200_000)
    y = np.zeros_like(t)
    y[123_457] = 9.0
    thin_t, thin_y = plots.thin(t, y, 500)
    assert len(thin_t) <= 1000 and thin_y.max() == 9.0
    far = Plot(
        "joint_torque",
        "zarm_l2_joint",
        "Nm",
        [{"name": "measured", "t": t[::1000], "y": np.sin(t[::1000])}],
        [{"name": "peak", "value": 500.0}],
    )
    drawing = plots.curve(far, Story(clean(), Words("en")), "p")
    assert "peak limit 500 Nm: beyond this scale" in drawing
    ElementTree.fromstring(drawing)
    ElementTree.fromstring(timeline(Story(too_fast(), Words("zh"))))


def test_a_curve_that_stands_still_is_read_as_zero():
    """A filter leaves 1e-16 rad/s of it; a slow motion keeps its number."""

    def readings(rest):
        moving = np.r_[np.linspace(0.0, 2.0, 50), np.full(50, rest)]
        trace = {"name": "command", "t": np.linspace(0.0, 4.0, 100), "y": moving}
        return str(plots.curve(Plot("joint_velocity", "", "rad/s", [trace]), Story(clean(), Words("en")), "p"))

    assert "command 0 rad/s" in readings(3e-16) and "e-16" not in readings(3e-16)
    assert "command 3.00e-05 rad/s" in readings(3e-5)


def test_empty_and_broken_curves_are_left_out():
    story = Story(clean(), Words("en"))
    assert plots.curve(Plot("joint_torque", "", "Nm", []), story, "p") == ""
    assert (
        plots.curve(
            Plot("joint_torque", "", "Nm", [{"name": "command", "t": [0.0, 1.0], "y": [np.nan, np.nan]}]), story, "p"
        )
        == ""
    )
    ElementTree.fromstring(
        plots.curve(Plot("joint_torque", "", "Nm", [{"name": "command", "t": [0.0], "y": [1.0]}]), story, "p")
    )
