"""Kept verdicts on the page, in a language other than that of their run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import made_verdicts
import pytest
from shiliu.replay.live.player import Player, shown_of, why_undecided
from shiliu.replay.report.jsonl import as_dict
from shiliu.replay.report.lines import VerdictLine
from shiliu.replay.report.story import Story
from shiliu.replay.report.text import Words


def line_of(verdict, lang="en") -> VerdictLine:
    return VerdictLine(as_dict(verdict, Words(lang)), Path("verdicts.jsonl"), 1)


@pytest.mark.parametrize(("judged", "read"), [("en", "zh"), ("zh", "en"), ("en", "en")])
def test_findings_are_in_the_language_of_the_reader(judged, read):
    verdict = made_verdicts.too_fast()
    own = Words(read).telling(verdict.titles)
    for kept, finding in zip(line_of(verdict, judged).findings, verdict.findings, strict=True):
        assert shown_of(kept, own)["text"] == own.message(finding)


def test_a_line_that_lacks_something_keeps_its_sentence():
    kept = {"level": "WARN", "code": "joint.velocity", "t0": 1.0, "message": "about a joint"}
    found = {"level": "WARN", "label": "警告", "code": "joint.velocity", "t0": 1.0, "t1": 1.0, "text": "about a joint"}
    assert shown_of(kept, Words("zh")) == found
    bare = VerdictLine({"verdict": "INCONCLUSIVE", "source": "a#0", "findings": [kept]}, Path("verdicts.jsonl"), 1)
    assert why_undecided(bare, Words("zh")) == ""


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_undecided_take_has_its_reason_on_the_page(lang):
    verdict, words, shown = made_verdicts.undecided(), Words(lang), {}
    page = SimpleNamespace(keep=lambda kind, content: shown.update({kind: content}))
    Player(page, [line_of(verdict), line_of(made_verdicts.too_fast())], None, words, 0, None)
    why = Story(verdict, words).why
    assert why and shown["take"]["how"].startswith(why)
    assert why_undecided(line_of(made_verdicts.too_fast()), words) == ""
