"""The curve of a check's own quantity holds the number that the finding tells, where and when it tells it."""

from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.checks.finding import Plot
from shiliu.replay.checks.link import check_link
from shiliu.replay.checks.playback import check_tracking
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.varied_copies import check_robustness
from shiliu.replay.judge.explanation.curves import CURVES, own_curve
from shiliu.replay.judge.facts.results import Integrity, Judged, Replay, Subject
from shiliu.replay.judge.stages.own_robot import OwnRobot
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report import Words
from shiliu.replay.report.plots import halves, title

RULES = load_rules()
MS = 1_000_000


def case(streams=(), **known):
    recording = Recording("a", "a", "0" * 64, "robot", {s.name: s for s in streams})
    context = SimpleNamespace(rules=RULES)
    subject = Subject(recording, context, None, OwnRobot())
    return Judged(subject, Integrity(()), **known)


def stream(sent, received=None, values=None, role="command"):
    sent = np.asarray(sent, np.int64)
    values = np.zeros((len(sent), 1)) if values is None else np.asarray(values, float)
    names = tuple(f"zarm_l{k + 1}_joint" for k in range(values.shape[1]))
    return Stream("/arm", role, "joint_position", "rad", names, values, sent, received, meta={"topic": "/arm"})


def at(trace, t):
    return float(trace["y"][int(np.abs(trace["t"] - t).argmin())])


def test_the_age_of_commands_peaks_where_the_finding_is():
    sent = 10 * MS * np.arange(500)
    received = sent + np.where(np.arange(500) == 200, 700, 3) * MS
    one = case([stream(sent, received)])
    stale = check_link(one.recording, RULES)[0]
    plot = own_curve(one, stale)
    assert plot.unit == "ms" and [limit["value"] for limit in plot.limits] == [300.0, 500.0]
    assert at(plot.traces[0], stale.t0) == pytest.approx(700.0) and max(plot.traces[0]["y"]) == pytest.approx(1e3 * stale.value)
    assert plot.marks == [{"t0": stale.t0, "t1": stale.t1, "code": "link.stale"}]


def test_a_gap_is_the_longest_interval():
    sent = np.concatenate([np.arange(100), 180 + np.arange(100)]) * 10 * MS
    gap = RULES["clock.gap"].finding(level="FAIL", subject=("/arm",), t0=0.99, t1=1.8, value=0.81)
    plot = own_curve(case([stream(sent)]), gap)
    assert max(plot.traces[0]["y"]) == pytest.approx(810.0) and at(plot.traces[0], 1.8) == pytest.approx(810.0)


def test_a_rotation_is_one_long():
    values = np.tile([0.0, 0.0, 0.0, 1.0], (50, 1))
    values[20:30] *= 0.9
    short = RULES["value.quaternion"].finding(level="FAIL", subject=("/arm",), t0=0.2, t1=0.29, value=0.1)
    plot = own_curve(case([stream(10 * MS * np.arange(50), values=values)]), short)
    assert min(plot.traces[0]["y"]) == pytest.approx(0.9)
    assert sorted(limit["value"] for limit in plot.limits) == pytest.approx([0.95, 0.99, 1.01, 1.05])


def test_the_tracking_error_is_drawn_for_the_worst_joint_even_where_it_passes():
    t = np.arange(0, 5, 0.02)
    error = np.stack([0.05 * np.sin(t), 0.12 * np.sin(t)], axis=1)
    (finding,) = check_tracking(t, error, ("a", "b"), RULES)
    one = case(replay=Replay((), tracking=(t, error, ("a", "b"))))
    plot = own_curve(one, finding)
    assert finding.level == "PASS" and plot.subject == "b" and plot.marks == []
    assert max(plot.traces[0]["y"]) == pytest.approx(0.12, abs=1e-3)


def test_what_was_not_checked_has_no_curve():
    assert own_curve(case(), RULES["slip"].not_applicable("no_objects")) is None
    for code in CURVES:  # nor does one that was checked fail for want of what it would need
        assert own_curve(case(), RULES[code].passed()) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kind_of_curve_has_its_words(lang):
    words = Words(lang)
    for kind in ("age", "apart", "beyond", "depth", "interval", "lost", "margin", "slip", "friction", "payload", "halves"):
        assert title(Plot(kind, "", "1", []), words) in words.book["plots"].values()
    for kind in ("off_grid", "counted"):
        assert title(Plot(kind, "", "1", []), words) in words.book["plots"].values()


def test_halves_tell_how_many_succeeded_in_each():
    copies = [{"friction": 0.8 + 0.025 * k, "bowl.at.x": (-1) ** k * 0.001} for k in range(16)]
    finding = check_robustness(copies, [k >= 8 for k in range(16)], RULES)
    drawn = str(halves(finding, Words("en")))
    assert "friction: 0 / 8" in drawn and "friction: 8 / 8" in drawn and drawn.count("4 / 8") == 2
