"""Single checks at their edges: at the first and last row, with one of a kind and with two, and just above and below a bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from joint_streams import RATE, recording, stream
from shiliu.replay.checks.dynamics import CHECKS as DYNAMICS
from shiliu.replay.checks.frozen import _left
from shiliu.replay.checks.images import _by_chance
from shiliu.replay.checks.object_motion import PoseFacts, check_jumps
from shiliu.replay.checks.outcome import check_drop
from shiliu.replay.checks.rates import check_rate, usual
from shiliu.replay.checks.retargeting import CHECKS as RETARGETING
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.set_times import check_fps, check_timestamp
from shiliu.replay.checks.streams import check_missing, check_unmapped
from shiliu.replay.recording.declared import Declared
from shiliu.replay.recording.recording import EXCHANGED

RULES = load_rules()


def fix_of(checks, code):
    return next(check.fix for check in checks if check.code == code)


@pytest.mark.parametrize(
    ("value", "limit", "standing", "kind"),
    [(-0.03, 0.01, 0.05, "slow"), (-0.03, 0.01, 0.005, "lean"), (-0.03, None, 0.05, "slow"), (-0.03, 0.01, None, "lean")],
)
def test_a_robot_that_stands_when_it_does_not_move_is_slowed_and_else_leans(value, limit, standing, kind):
    """What throws it off falls with the square of the speed: of 0.08 m that the motion takes, 0.04 m may be taken."""
    finding = RULES["balance"].finding(level="FAIL", value=value, limit=limit, t0=1.0, t1=1.5)
    fix = fix_of(DYNAMICS, "balance")(finding, {"standing": standing, "side": "forward"})
    assert fix["kind"] == kind
    if kind == "slow":
        assert fix["factor"] == pytest.approx(0.70 if limit else 0.79) and fix["standing"] == standing
    else:
        assert fix["by"] == pytest.approx(0.04) and fix["side"] == "forward"


@pytest.mark.parametrize(
    ("back", "unit", "wanted"),
    [("out_of_reach", "m", {"kind": "nearer", "by": 0.03}), ("at_range", "m", {"kind": "hand", "by": 0.03, "turn": None}),
     ("out_of_reach", "rad", {"kind": "hand", "by": None, "turn": 0.03}), ("apart", "m", {"kind": "apart", "move": "arm", "from": "trunk"}),
     (None, "rad", {"kind": "hand", "by": None, "turn": 0.03}), ("at_speed", "m", {"kind": "slow", "factor": 0.4})],
)  # fmt: skip
def test_a_hand_is_put_right_by_what_kept_it_back(back, unit, wanted):
    """A place that is out of reach comes nearer; a turn there does not, and is turned back."""
    details = {"held_back": back, "held_by": "arm", "held_from": "trunk"}
    finding = RULES["retarget.error"].finding(
        level="FAIL", subject=("left",), value=0.05, limit=0.02, margin=-0.03, unit=unit, t0=1.0, t1=2.0, details=details
    )
    fix = fix_of(RETARGETING, "retarget.error")(finding, {})
    assert {key: pytest.approx(fix[key]) if isinstance(fix[key], float) else fix[key] for key in wanted} == wanted


def test_series_that_remember_their_past_are_alike_by_chance():
    """Bartlett: only what both remember counts for less."""
    rng = np.random.default_rng(2)
    white = rng.normal(size=(2, 400))
    smooth = np.array([np.convolve(x, np.hanning(42), "same") for x in rng.normal(size=(2, 400))])
    stretch = np.zeros(400, int)

    def chance(e, v, best=0.5, share=1.0):
        return _by_chance(best, e, v, stretch, share, 1.0 / 30.0, 1.0)

    assert chance(*white) < 1e-12 and chance(white[0], smooth[0]) < 1e-12
    assert chance(*smooth) > 0.02
    assert chance(*smooth, best=0.9) < 0.2 * chance(*smooth)
    assert chance(*white, share=0.1) > 1e-4 > chance(*white, share=0.3), "a delay that leaves few pictures tells little"
    assert chance(*white, share=0.005) == 1.0


@pytest.mark.parametrize(
    ("fall", "caught", "level"), [(0.03, None, "PASS"), (0.08, None, "FAIL"), (0.08, 3, "PASS"), (0.08, 2, "PASS"), (0.5, None, "FAIL")]
)
def test_a_thing_that_leaves_the_hand_falls_by_the_way_from_there(fall, caught, level):
    """From 0.9 m above the floor; where it is caught again, until then."""
    n, at, dt = 100, 40, 0.05
    force, height = np.zeros(n), np.full(n, 0.9)
    force[10 : at + 1] = 5.0
    height[10:at] = 0.95
    height[at + 1 :] = np.maximum(0.9 - 0.02 * np.arange(1, n - at), 0.9 - fall)
    if caught is not None:
        force[at + caught :] = 5.0
    (finding,) = check_drop({"cup": force}, {"cup": height}, {"cup": 2.0}, dt, RULES)
    fell = min(fall, 0.02 * (caught - 1 if caught else 10))  # until the row before it is held again
    assert finding.level == level and finding.value == pytest.approx(fell) and finding.t0 == pytest.approx(at * dt)
    assert finding.t1 == pytest.approx(at * dt + 0.5)
    (never,) = check_drop({"cup": np.full(n, 5.0)}, {"cup": height}, {"cup": 2.0}, dt, RULES)
    assert (never.level, never.value, never.t0) == ("PASS", 0.0, None)


def test_the_joint_that_stands_out_most_among_recordings_is_named_and_others_beside_it():
    rule = RULES["joint.acceleration"]
    others = 1.0 + 0.01 * np.random.default_rng(1).normal(size=(int(rule.settings["recordings"]), 3)) * np.ones(3)
    others *= 10.0 * rule.settings["still"]
    median, bound = usual(others, rule.settings["spread"], rule.settings["least"])
    level = np.array([0.99 * bound[0], 2.0 * bound[1], 3.0 * bound[2]])
    found = check_rate("joint.acceleration", level, np.array([1.0, 2.0, 3.0]), ("a", "b", "c"), others, RULES)
    assert (found.level, found.subject, found.t0) == ("WARN", ("c",), 3.0) and found.details["median"] == pytest.approx(median[2])
    assert [one["subject"] for one in found.details["others"]] == [["b"]]
    few = check_rate("joint.acceleration", level, np.zeros(3), ("a", "b", "c"), others[1:], RULES)
    still = check_rate("joint.acceleration", level, np.zeros(3), ("a", "b", "c"), 0.0 * others, RULES)
    assert (few.level, few.reason) == ("NOT_CHECKED", "no_published_limit") and still.reason == "too_short"


def rows(n=200, fps=20.0, **known):
    return Declared(n, fps=fps, timestamp=np.arange(n) / 20.0, counters={"frame_index": np.arange(n)}, **known)


@pytest.mark.parametrize("row", [1, 100, 199])
@pytest.mark.parametrize("by", [0.75, 0.02])
def test_times_that_jump_do_so_by_what_is_more_than_a_frame(row, by):
    declared = rows()
    t = declared.timestamp.copy()
    t[row:] += by
    (finding,) = check_timestamp(replace(declared, timestamp=t), RULES, 20.0)
    assert (finding.level, finding.details["kind"], finding.details["row"]) == ("FAIL", "jumped", row)
    assert finding.details["jump"] == pytest.approx(by) and finding.value == pytest.approx(by)


@pytest.mark.parametrize("scatter, kind, level", [(0.0, "stretched", "FAIL"), (2e-3, "uneven", "WARN")])
def test_times_that_come_evenly_at_two_rates_were_computed_and_those_of_a_clock_scatter(scatter, kind, level):
    """From row 120 on each step is a tenth longer; a clock that is read scatters by as much as 2 ms."""
    steps = np.full(199, 0.05) + scatter * np.random.default_rng(0).uniform(-1.0, 1.0, 199)
    steps[120:] *= 1.1
    times = np.concatenate([[0.0], np.cumsum(steps)]).astype(np.float32).astype(float)
    (found,) = check_timestamp(replace(rows(), timestamp=times), RULES, 20.0)
    assert (found.level, found.details["kind"]) == (level, kind)
    if kind == "stretched":
        assert found.details["factor"] == pytest.approx(1.1, abs=1e-3) and found.t0 == pytest.approx(121 * 0.05, abs=0.06)


@pytest.mark.parametrize(
    ("fps", "no_rate", "level", "kind"),
    [(None, None, "NOT_APPLICABLE", None), (20.0, None, "PASS", None), (None, "-30", "FAIL", "none"), (20.0, "20 fps", "WARN", "text"),
     (30.0, None, "FAIL", None)],
)  # fmt: skip
def test_a_rate_that_is_announced_is_one(fps, no_rate, level, kind):
    (finding,) = check_fps(rows(fps=fps, no_rate=no_rate), RULES)
    assert (finding.level, finding.details.get("kind")) == (level, kind)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_columns_with_each_others_names_are_counted_and_all_named(count):
    pairs = [["speeds", f"j{k}.effort", "torques", f"j{k}.vel"] for k in range(count)]
    (finding,) = check_unmapped(recording(stream("measured", np.zeros(9), ("j",)), metadata={EXCHANGED: pairs}), RULES)
    assert finding.failed and finding.value == 2.0 * count and finding.details["count"] == count
    assert finding.subject == tuple(f"j{k}.{ending}" for k in range(count) for ending in ("effort", "vel"))


@pytest.mark.parametrize(("streams", "level"), [(1, "PASS"), (2, "FAIL")])
def test_a_stream_ends_early_beside_another_one(streams, level):
    long, short = (replace(stream(role, np.arange(n), ("j",)), clock="capture") for role, n in (("command", 300), ("measured", 60)))
    (finding,) = check_missing(recording(*(short, long)[:streams]), RULES, int(short.time_ns[0]))
    assert finding.level == level
    if streams == 2:
        assert finding.details["kind"] == "early" and finding.value == pytest.approx(240 / RATE) and finding.t1 == pytest.approx(299 / RATE)


def test_a_command_that_comes_back_left_its_joint_until_then():
    """And one that does not, until the joint moves again; one that blinks did not leave it."""
    rule = RULES["stream.frozen"]
    moved, warn = rule.settings["moved"], rule.bound("warn")
    t = np.arange(0.0, 4.0 + 1e-9, 0.05)
    away = np.where((t > 1.0) & (t < 2.5), 3.0 * moved, 0.0)
    assert _left(t, away, 5.0, rule) == (pytest.approx(3.0 * moved), pytest.approx(1.0), pytest.approx(2.5))
    gone = np.where(t > 1.0, 3.0 * moved, 0.0)
    assert _left(t, gone, 5.0, rule) == (pytest.approx(3.0 * moved), pytest.approx(1.0), 5.0)
    at_once = np.where(t > 0.01, 3.0 * moved, 0.0)
    assert _left(t, at_once, 5.0, rule)[1:] == (0.0, 5.0)
    for lasts, leaves in ((warn - 0.05, False), (warn + 0.1, True)):
        blinks = np.where((t > 0.99) & (t < 0.99 + lasts), 3.0 * moved, 0.0)
        assert (_left(t, blinks, 5.0, rule) is not None) == leaves
    assert _left(t, 0.9 * moved * (t > 1.0), 5.0, rule) is None and _left(t[:0], t[:0], 5.0, rule) is None


@pytest.mark.parametrize(("row", "back"), [(0, False), (30, False), (58, False), (1, True), (30, True), (58, True)])
def test_a_thing_that_leaps_does_so_in_any_row(row, back):
    n = 60
    pos = np.zeros((n, 2, 3))
    pos[:, 1, 0] = 0.002 * np.arange(n)  # carried
    if back:
        pos[row, 1, 2] += 0.3
    else:
        pos[row + 1 :, 1, 2] += 0.3
    free = np.zeros((n, 2), bool)
    quat = np.tile([1.0, 0.0, 0.0, 0.0], (n, 2, 1))
    facts = PoseFacts(np.arange(n) / 30.0, ("mug", "cup"), pos, quat, quat[0], free, ~free, free, False)
    finding = check_jumps(facts, RULES)
    first, last = (row - 1, row + 1) if back else (row, row + 1)
    assert finding.failed and finding.subject == ("cup",) and finding.value == pytest.approx(0.3, abs=2e-3)
    assert (finding.t0, finding.t1) == (pytest.approx(first / 30.0), pytest.approx(last / 30.0))
    pos[:, 1, 2] = 0.0
    assert check_jumps(facts, RULES).level == "PASS", "what is carried leaps nowhere"
