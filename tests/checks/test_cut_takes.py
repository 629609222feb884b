"""A recording that was cut into two takes, and takes that only begin near where another one ended."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from joint_streams import RATE, stream
from shiliu.replay.checks.cut_takes import check_cut_among, check_ends_among, edges_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.takes import TakeShown, TakesSeen
from shiliu.replay.judge.intake import intake, own_limits
from shiliu.replay.recording.recording import Recording

RULES = load_rules()
NAMES = tuple(f"zarm_l{k}_joint" for k in range(1, 8))
T = np.arange(300) / RATE


def take(rows, noise=0.0, unit="rad", names=NAMES):
    q = 0.5 * np.outer(np.sin(0.9 * T), np.linspace(0.4, 1.0, 7)) + noise * np.random.default_rng(0).standard_normal((300, 7))
    size = 1.0 if unit == "rad" else 100.0
    streams = [stream(role, size * np.roll(q, late, axis=0)[rows], names, unit=unit) for role, late in (("command", 0), ("measured", 3))]
    return Recording("a", "set#0", "", "robot", {s.name: s for s in streams}, metadata={"robot": "kuafu"})


def found(one, other):
    return check_cut_among("folder/set#1", edges_of(one), [("folder/set#0", edges_of(other))], RULES)


@pytest.mark.parametrize(("unit", "noise"), [("rad", 0.0), ("rad", 1e-3), ("-100..100", 0.0)])
def test_a_take_that_goes_on_from_another_one_is_named(unit, noise):
    finding = found(take(slice(140, 300), noise, unit), take(slice(10, 140), noise, unit))
    assert finding is not None and (finding.code, finding.level, finding.subject) == ("stream.missing", "WARN", ("set#1",))


def test_a_take_that_begins_with_the_last_row_of_another_one_is_named():
    assert found(take(slice(139, 300)), take(slice(10, 140))) is not None
    assert found(take(slice(138, 300)), take(slice(10, 140))) is None, "two rows back: a take that was begun again there"


@pytest.mark.parametrize(("texts", "named"), [
    (("Take the bowl", "Take the bowl"), True), ((None, None), True), (("Take the bowl", "Put the bowl down"), False),
])  # fmt: skip
def test_steps_of_a_task_with_sentences_of_their_own_were_cut_on_purpose(texts, named):
    seen = TakesSeen()
    shown = [
        TakeShown(f"set#{k}", edges=edges_of(take(rows)), wording=None if text is None else (text, None))
        for k, (rows, text) in enumerate(zip((slice(10, 140), slice(140, 300)), texts))
    ]
    seen.show(shown[0])
    assert [f.code for f in seen.against(shown[1], own_limits(), RULES)] == (["stream.missing"] if named else [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (slice(190, 300), slice(10, 140)),  # fifty rows are missing: two takes may lie so
        (slice(140, 300), np.r_[10:100, 220:228]),  # another motion
        (np.r_[np.full(20, 140), 141:300], slice(10, 140)),  # the next demonstration begins where the arm is, at rest
    ],
)
def test_takes_that_end_and_begin_elsewhere_or_at_rest_are_two(one, other):
    assert found(take(one), take(other)) is None


@pytest.mark.parametrize("lost", [1, 5, 10])
def test_rows_that_are_lost_between_two_halves_are_counted(lost):
    finding = found(take(slice(140 + lost, 300)), take(slice(10, 140)))
    assert finding is not None and finding.details["kind"] == "goes_on_lost"
    assert finding.details["seconds"] == pytest.approx(lost / RATE, rel=0.25) and finding.t0 == 0.0


def test_halves_that_stand_the_other_way_round_are_named_by_the_second_one():
    finding = found(take(slice(10, 140)), take(slice(140, 300)))
    assert finding is not None and (finding.details["kind"], finding.subject) == ("goes_before", ("set#1",))
    assert finding.t0 == finding.t1 == pytest.approx(129 / RATE)


def whole(k, begin=0, end=400, away=0.0):
    return edges_of(recording_of(k, begin, end, away))


def recording_of(k, begin=0, end=400, away=0.0):
    """A take that goes from rest to rest, or from a row of its motion to another one; from demonstration to demonstration it is
    a little otherwise, and `away` of where it ends."""
    t = np.arange(400) / RATE
    course = 0.5 - 0.5 * np.cos(np.pi * np.clip((t - 1.0) / (8.0 + 0.2 * k), 0.0, 1.0))
    q = np.outer(course, np.linspace(0.4, 1.0, 7) + 0.01 * k + away) + 0.05 * np.outer(np.sin(1.5 * t) * (course < 0.999), np.ones(7))
    streams = [stream(role, q[begin:end], NAMES) for role in ("command", "measured")]
    return Recording("a", f"set#{k}", "", "robot", {s.name: s for s in streams}, metadata={"robot": "kuafu"})


@pytest.mark.parametrize(
    ("begin", "end", "kind"),
    [(0, 400, None), (0, 150, "ends_moving"), (150, 400, "begins_moving"), (12, 385, None), (0, 20, None), (0, 265, None)],
)
def test_a_take_that_alone_begins_or_ends_in_a_motion_lacks_what_came_there(begin, end, kind):
    """All others rest there; a take that was trimmed while it rests, or near where they end, lacks nothing."""
    finding = check_ends_among("folder/set#9", whole(9, begin, end), [whole(k) for k in range(4)], RULES)
    assert (finding and finding.details["kind"]) == kind and (finding is None or finding.subject == ("set#9",))
    assert check_ends_among("folder/set#9", whole(9, begin, end), [whole(k) for k in range(2)], RULES) is None, "two tell nothing usual"


@pytest.mark.parametrize(("end", "away", "kind"), [(150, 0.0, "ends_short"), (224, 0.0, None), (224, 0.6, None), (240, 0.0, None)])
def test_where_all_takes_end_in_a_motion_one_lacks_its_end_that_is_shorter_and_elsewhere(end, away, kind):
    others = [whole(k, 0, 240) for k in range(4)]
    finding = check_ends_among("folder/set#9", whole(1, 0, end, away), others, RULES)
    assert (finding and finding.details["kind"]) == kind and (finding is None or finding.t0 == pytest.approx((end - 1) / RATE))


def test_takes_of_other_sentences_do_not_tell_of_the_ends_of_one_but_those_of_its_scenario_do():
    def named(*wordings):
        seen = TakesSeen()
        for k, wording in enumerate(wordings):
            seen.show(TakeShown(f"set#{k}", edges=whole(k, end=150 if k == 0 else 400), wording=wording))
        return seen.of_ends("set#0", RULES) is not None

    assert named(*[("Take the bowl", None)] * 4) and named(None, None, None, None)
    assert named(*[(f"Take bowl {k}", "table_setting") for k in range(4)]) and not named(*[(f"Take bowl {k}", None) for k in range(4)])


def test_the_verdict_of_a_take_that_ends_in_a_motion_waits_for_those_after_it():
    """A whole set is at rest at its ends but for one take, which comes first: nothing before it tells so."""
    read = [replace(recording_of(k, end=150 if k == 0 else 400), source=f"folder/set#{k}") for k in range(5)]
    verdicts = list(intake(iter(read)))
    named = {v.source: f.details["kind"] for v in verdicts for f in v.findings if f.code == "stream.missing" and f.level == "WARN"}
    assert named == {"folder/set#0": "ends_moving"} and [v.source for v in verdicts] == [r.source for r in read]
    reached: list[str] = []
    rest = (reached.append(r.source) or r for r in read[1:])
    assert next(intake(rest)).source == "folder/set#1" and reached == ["folder/set#1"], "one at rest does not wait"
    (strict,) = [v for v in intake(iter(read), strict=True) if v.source == "folder/set#0"]
    assert strict.verdict == "UNSOUND" and strict.owner == "device"


def test_a_take_of_two_rows_or_of_commands_alone_has_no_edges():
    of_both = take(slice(140, 300))
    commands = {name: one for name, one in of_both.streams.items() if one.role == "command"}
    assert edges_of(of_both) is not None and edges_of(take(slice(0, 2))) is None and edges_of(replace(of_both, streams=commands)) is None
