"""The link between operator and robot, by the clocks and numbers of the recording: age of commands, and lost ones."""

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.checks.link import check_link, simulated
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.judge.explanation.advice import fix_of
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import catalogue
from shiliu.scenarios.link.link import Link
from shiliu.scenarios.link.traffic import Traffic

RULES = load_rules()
NAMES = ("zarm_l1_joint", "zarm_r1_joint")
MS = 1_000_000


def commands(delay_ms=2.0, n=1000, numbered=True, moves=True):
    """Commands at 100 Hz that were received so many milliseconds (one number, or one each) after they were sent."""
    sent = 10 * MS * np.arange(n)
    received = sent + np.rint(np.broadcast_to(delay_ms, n) * MS).astype(np.int64)
    angle = np.sin(np.arange(n) / 40.0) if moves else np.zeros(n)
    meta = {"topic": "/arm", **({"sequence": 7 + np.arange(n)} if numbered else {})}
    return Stream(
        "/arm", "command", "joint_position", "rad", NAMES, np.stack([angle, -angle], 1), sent, received, meta=meta
    )


def without(stream, lost):
    keep = np.ones(stream.n, bool)
    keep[lost] = False
    clocks = {c: getattr(stream, c)[keep] for c in ("capture_ns", "receive_ns")}
    return replace(stream, values=stream.values[keep], meta=stream.meta_of(keep), **clocks)


def judged(stream, **known):
    recording = Recording("a", "a", "0" * 64, known.pop("kind", "robot"), {stream.name: stream})
    return check_link(recording, RULES, **known)


@pytest.mark.parametrize(("worst", "level"), [(250.0, "PASS"), (400.0, "WARN"), (550.0, "WARN"), (700.0, "FAIL")])
def test_the_oldest_command_is_told_with_its_time(worst, level):
    delay = np.full(1000, 2.0)
    delay[400:430] = worst - 10.0 * np.arange(30)  # held back, then all at once
    (stale, _, _) = judged(commands(np.maximum(delay, 2.0)))
    assert stale.level == level and stale.value == pytest.approx(worst * 1e-3)
    if level != "PASS":
        assert stale.t0 == pytest.approx(4.0 + worst * 1e-3) and stale.t1 == pytest.approx(stale.t0)
    if level == "FAIL":
        assert fix_of(stale) == {"kind": "link", "channel": "/arm", "by": pytest.approx(0.2)}


@pytest.mark.parametrize(("lost", "level"), [(5, "PASS"), (30, "WARN"), (55, "WARN"), (75, "FAIL")])
@pytest.mark.parametrize("numbered", [True, False])
def test_lost_commands_are_counted_and_only_numbers_prove_them(lost, level, numbered):
    gone = 3 + 13 * np.arange(lost)
    (_, loss, _) = judged(without(commands(numbered=numbered), gone))
    assert loss.details["lost"] == lost and loss.value == pytest.approx(lost / 1000)
    assert loss.level == (level if numbered or level != "FAIL" else "WARN")
    assert loss.details["kind"] == ("numbers" if numbered else "rhythm")


def test_a_long_silence_of_lost_commands_is_a_warning_and_a_pause_is_none():
    (_, loss, _) = judged(without(commands(n=5000), np.arange(500, 545)))
    assert (loss.level, loss.details["kind"], loss.value) == ("WARN", "run", pytest.approx(0.46))
    assert (loss.t0, loss.t1) == (pytest.approx(4.99), pytest.approx(5.45))
    (_, loss, _) = judged(without(commands(n=5000, numbered=False, moves=False), np.arange(500, 545)))
    assert loss.level == "PASS" and loss.details["lost"] == 0, "a sender that had nothing to say"


def test_a_message_that_comes_late_is_not_lost():
    stream = commands(numbered=False)
    sent = stream.capture_ns.copy()
    sent[100::50] += 9 * MS  # 19 ms after the one before, and 1 ms before the next
    (_, loss, _) = judged(replace(stream, capture_ns=sent))
    assert loss.details["lost"] == 0


def test_commands_that_mean_nothing_any_more_count_as_lost():
    delay = np.where(np.arange(1000) < 80, 800.0, 2.0)
    stale, loss, _ = judged(commands(delay))
    assert stale.level == loss.level == "FAIL" and (loss.details["late"], loss.value) == (80, pytest.approx(0.08))


def test_two_clocks_that_differ_are_no_old_commands():
    for offset in (-90.0, 1500.0):
        stale, _, _ = judged(commands(offset + np.where(np.arange(1000) == 500, 200.0, 0.0)))
        assert (stale.level, stale.value) == ("PASS", pytest.approx(0.2))
        assert stale.details["promptest"] == pytest.approx(offset * 1e-3)


def test_what_does_not_tell_both_times_is_not_checked():
    stream = commands()
    reason = {f.reason for f in judged(replace(stream, receive_ns=None))}
    assert reason == {"one_command_clock"}
    assert "sent and received" in catalogue("en")["reasons"]["one_command_clock"]
    assert {f.reason for f in judged(replace(stream, clock="grid"))} == {"one_command_clock"}
    assert {f.reason for f in judged(stream, stopped="integrity.unit.degrees")} == {"integrity.unit.degrees"}
    assert {f.reason for f in judged(replace(stream, role="measured"))} == {"no_commands"}
    found = judged(stream, kind="simulation")
    assert {(f.level, f.reason) for f in found} == {("NOT_APPLICABLE", "no_link")}
    uneven = commands(numbered=False)
    bursts = np.cumsum(np.where(np.arange(1000) % 6 == 0, 115 * MS, 20 * MS))
    assert judged(replace(uneven, capture_ns=bursts, receive_ns=bursts))[1].reason == "no_sequence"


def over(n=3000, **link):
    traffic = Traffic(Link(**link), 3, 1 / 30, 16)
    traffic.upto(n + 1)
    return {one.code: one for one in simulated(traffic, n, 1 / 30, RULES)}


@pytest.mark.parametrize(("delay", "level"), [(0.2, "PASS"), (0.35, "WARN"), (0.65, "FAIL")])
def test_of_the_simulation_the_link_itself_tells_how_old_commands_and_pictures_are(delay, level):
    found = over(delay=delay, stale=1.0)
    stale, seen = found["link.stale"], found["link.observation"]
    assert (stale.level, stale.value) == (level, pytest.approx(delay))
    assert seen.level == level and delay - 1e-9 <= seen.value <= delay + 1 / 30
    assert seen.t1 - seen.t0 == pytest.approx(seen.value) and found["link.loss"].level == "PASS"


@pytest.mark.parametrize(("loss", "level"), [(0.005, "PASS"), (0.03, "WARN"), (0.1, "FAIL")])
def test_of_the_simulation_what_never_came_and_what_came_too_late_is_lost(loss, level):
    one = over(loss=loss)["link.loss"]
    assert one.level == level and one.value == pytest.approx(loss, rel=0.4) and one.details["late"] == 0
    late = over(delay=0.4, jitter=0.1)["link.loss"]  # e^-2 of the times are above 0.5 s
    assert (late.level, late.details["lost"]) == ("FAIL", 0) and late.value == pytest.approx(np.exp(-2.0), rel=0.15)


def test_the_moments_are_kept_at_which_a_command_came_after_lost_ones():
    traffic = Traffic(Link(delay=0.05, loss=0.01), 3, 1 / 30, 16)
    traffic.upto(601)
    came = {one.code: one for one in simulated(traffic, 600, 1 / 30, RULES)}["link.loss"].details["came"]
    gone = np.flatnonzero(~np.isfinite(traffic.age[:600]))
    assert 0 < len(came) <= len(gone) and min(abs(came[0] - (gone[0] + 1 + k) / 30 - 0.05) for k in range(3)) < 1e-6


def test_a_drop_out_makes_old_pictures():
    one = over(every=60.0, shortest=2.0, longest=2.0)["link.observation"]
    assert one.level == "FAIL" and one.value == pytest.approx(2.0, abs=0.05)


def test_neither_code_ever_leaves_a_verdict_open():
    assert {"link.stale", "link.loss", "link.observation"} <= RULES.optional


def test_real_sessions_lose_nothing_and_senders_may_take_turns(data):
    """A person's session at 100 Hz; a planner that sends six commands and pauses, from two nodes that each count their own."""
    for folder in ("kuavo-vr-teleop/session_20250419_162611_20250419_162611_group1.bag", "kuavo-arm-pick-planner"):
        for recording in read(data / folder):
            stale, loss, _ = check_link(recording, RULES)
            assert (stale.level, loss.level) == ("PASS", "PASS") and stale.value < 0.13
            assert (loss.details["lost"], loss.details["kind"]) == (0, "numbers")
