"""A report on the terminal, gates and exit codes."""

from __future__ import annotations

import io
import re

import pytest
from made_verdicts import HOSTILE, clean, everything, too_fast, verdict
from rich.cells import cell_len
from shiliu.replay.checks.finding import Finding
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.report import Gate, Terminal, Words, counts
from shiliu.replay.report.exit_code import code_of
from shiliu.replay.report.story import Story
from shiliu.replay.report.terminal import cells
from shiliu.scenarios.sheet.errors import ShiliuError


def test_what_was_not_checked_is_named_with_its_whole_reason():
    """A line that is too long goes on below: the reason stands at its end."""
    codes = ("collision.self", "collision.scene", "torque.peak", "torque.rated", "goal", "drop", "force.object")
    found = [Finding(code, "NOT_CHECKED", "replay", reason="no_model") for code in codes]
    stream = io.StringIO()
    terminal = Terminal(stream=stream, width=60)
    terminal.begin({"version": "1"}, 1)
    terminal.finish([verdict("a", "FEASIBLE", found)], None, 0)
    lines = stream.getvalue().splitlines()
    first = next(k for k, line in enumerate(lines) if "not checked in any" in line)
    text = " ".join(line.strip() for line in lines[first : first + 5])
    assert all(code in text for code in codes) and f"({Words('en').reason('no_model')})" in text
    assert all(cell_len(line) <= 60 for line in lines) and "…" not in text


def words_of(*names: str | None) -> list[Verdict]:
    return [verdict(f"t{k}", name, []) for k, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((), 2),
        ((None,), 2),
        ((None, None), 2),
        (("FEASIBLE",), 0),
        (("FEASIBLE", "INFEASIBLE"), 1),
        (("UNSOUND", None), 1),
        (("INCONCLUSIVE", "INFEASIBLE"), 1),
        (("FEASIBLE", "INCONCLUSIVE"), 3),
        (("FEASIBLE", None), 3),
    ],
)
def test_exit_codes(names, code):
    assert code_of(counts(words_of(*names))) == code


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("infeasible>5%", 1),
        ("infeasible > 50%", 0),
        ("infeasible>=25%", 1),
        ("unreadable>0", 1),
        ("infeasible>50%,unsound>0", 0),
        ("infeasible>50%, unreadable>=1", 1),
        ("feasible<95%", 1),
    ],
)
def test_gates(rule, code):
    assert code_of(counts(words_of("FEASIBLE", "INFEASIBLE", "INCONCLUSIVE", None)), fail_on=Gate(rule)) == code


@pytest.mark.parametrize("rule", ["infeasable>5%", "infeasible", "infeasible>x", ",", "infeasible=5"])
def test_a_gate_that_cannot_be_read_is_an_error(rule):
    with pytest.raises(ShiliuError, match="infeasible>5%"):
        Gate(rule)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_plain_lines_are_never_wider_than_100_and_cut_no_reason(lang):
    stream = io.StringIO()
    terminal = Terminal(lang, stream=stream)
    verdicts = [*everything(), too_fast(f"a very long name {HOSTILE} " * 9)]
    terminal.begin({"version": "0.1.0", "scene": "microwave v1", "threads": 2}, len(verdicts))
    assert len(stream.getvalue().splitlines()) == 1, "no header before there is a row"
    for item in verdicts:
        terminal.add(item)
    terminal.finish(verdicts, "verdicts", 1, {"elapsed_s": 4.1})
    lines = stream.getvalue().splitlines()
    assert max(cell_len(line) for line in lines) <= 100
    assert "\x1b" not in stream.getvalue()
    assert sum("INFEASIBLE" in line for line in lines) == 3
    for item in everything():  # what does not fit stands on the next line
        assert all(word in stream.getvalue() for word in cells(Story(item, Words(lang)))[3].split() if lang == "en")
    assert lines[-1].endswith("1") and "verdicts/report.html" in lines[-1]
    assert "FEASIBLE 1   INFEASIBLE 2   UNSOUND 1   INCONCLUSIVE 1" in stream.getvalue()


def test_quiet_says_the_last_lines_only():
    stream = io.StringIO()
    terminal = Terminal("en", quiet=True, stream=stream)
    terminal.begin({}, 5)
    for item in everything():
        terminal.add(item)
    terminal.finish(everything(), "v", 1)
    assert len(stream.getvalue().splitlines()) <= 4 and "take_218" not in stream.getvalue()


@pytest.mark.parametrize(("known", "most"), [(True, 32), (False, 255)])
def test_a_large_folder_is_summed_up_by_cause(known, most):
    stream = io.StringIO()
    many = [too_fast(f"take_{k}") for k in range(312)] + [clean()]
    terminal = Terminal("en", stream=stream)
    terminal.begin({}, len(many) if known else 0)
    for item in many:
        terminal.add(item)
    terminal.finish(many, "v", 1)
    assert "joint.velocity zarm_l2_joint, 312 recordings, 1 cell" in stream.getvalue()
    assert len(stream.getvalue().splitlines()) < most


class _Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_table(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = _Tty()
    terminal = Terminal("en", stream=stream, width=100)
    terminal.begin({"version": "0.1.0"}, 5)
    for item in everything():
        terminal.add(item)
    terminal.finish(everything(), "v", 1)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "take_218" in plain and "device team" in plain
    assert max(cell_len(line) for line in plain.splitlines()) <= 100
