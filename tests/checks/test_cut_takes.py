"""A recording that was cut into two takes, and takes that only begin near where another one ended."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from joint_streams import RATE, stream
from shiliu.replay.checks.cut_takes import check_cut_among, edges_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.takes import TakeShown, TakesSeen
from shiliu.replay.judge.intake import own_limits
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
    return check_cut_among(edges_of(one), [("folder/set#0", edges_of(other))], RULES)


@pytest.mark.parametrize(("unit", "noise"), [("rad", 0.0), ("rad", 1e-3), ("-100..100", 0.0)])
def test_a_take_that_goes_on_from_another_one_is_named(unit, noise):
    finding = found(take(slice(140, 300), noise, unit), take(slice(10, 140), noise, unit))
    assert finding is not None and (finding.code, finding.level, finding.subject) == ("stream.missing", "WARN", ("set#0",))


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
        (slice(150, 300), slice(10, 140)),  # ten rows were lost: two takes may lie so
        (slice(10, 140), slice(140, 300)),  # the other way round
        (np.r_[np.full(20, 140), 141:300], slice(10, 140)),  # the next demonstration begins where the arm is, at rest
    ],
)
def test_takes_that_end_and_begin_elsewhere_or_at_rest_are_two(one, other):
    assert found(take(one), take(other)) is None


def test_a_take_of_two_rows_or_of_commands_alone_has_no_edges():
    whole = take(slice(140, 300))
    commands = {name: one for name, one in whole.streams.items() if one.role == "command"}
    assert edges_of(whole) is not None and edges_of(take(slice(0, 2))) is None and edges_of(replace(whole, streams=commands)) is None
