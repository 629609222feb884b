"""Times that are no times: stamps that nobody filled, samples of one time, clocks of two machines."""

from dataclasses import replace

import numpy as np
import pytest
from bags import arm_bag
from joint_streams import recording
from shiliu.cli import main
from shiliu.replay.checks.clocks import check_backwards, check_gap
from shiliu.replay.checks.integrity import check_integrity
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.formats.mcap.write import write
from shiliu.replay.importing.frames import frames_of
from shiliu.replay.recording.recording import Stream
from shiliu.replay.robots.limits import Limits
from shiliu.scenarios.sheet.errors import EpisodeError

RULES = load_rules()
EPOCH, N, RATE = 1_764_000_000 * 10**9, 300, 100
TICKS = np.arange(N, dtype=np.int64) * (10**9 // RATE)


def arm(role: str, capture: np.ndarray, late_s: float = 0.0, receive: np.ndarray | None = None) -> Stream:
    t = TICKS * 1e-9 - late_s
    values = np.column_stack([0.4 * np.sin(2 * t + k) + 0.1 * k for k in range(4)])
    arrived = EPOCH + TICKS + 2_000_000 if receive is None else receive
    names = tuple(f"joint{k}" for k in range(4))
    return Stream(f"/{role}", role, "joint_position", "rad", names, values, capture, arrived, clock="capture", meta={"topic": f"/{role}"})


@pytest.mark.parametrize(
    "stamps, count",
    [
        (np.where(np.arange(N) % 97 == 50, 0, EPOCH + TICKS), 3),
        (np.where(np.arange(N) < 30, 0, 100 * 10**9 + TICKS), 30),
        (TICKS, 0),  # a simulation's clock begins at 0
        (TICKS * 300, 0),  # so does a slow one
        (EPOCH + TICKS, 0),
        (np.where(np.arange(N) == 0, 0, EPOCH + TICKS), 1),
        (np.where(np.arange(N) == 0, 0, 5 * 10**9 + TICKS), 0),  # sent once as the clock began, and again later
        (np.where(np.arange(N) == 9, 0, 5 * 10**9 + TICKS), 1),
    ],
)
def test_stamps_of_zero_among_others_are_counted_and_no_gap_is_made_of_them(stamps, count):
    stream = arm("measured", stamps)
    (found,) = check_backwards([stream], RULES, 0)
    assert (found.details.get("kind") == "unstamped") == bool(count) and found.failed == bool(count)
    if count:
        assert found.details["count"] == count and found.t0 == pytest.approx(np.flatnonzero(stamps == 0)[0] / RATE, abs=0.01)
        assert not [one for one in check_gap([stream], RULES, 0) if one.level in ("WARN", "FAIL")]
        with pytest.raises(EpisodeError, match=f"{count} of its {N} time stamps are 0"):
            frames_of(recording(stream))


def test_samples_that_were_recorded_twice_do_not_double_the_rate():
    command, measured = (arm(role, EPOCH + TICKS) for role in ("command", "measured"))
    twice = [
        replace(s, values=np.repeat(s.values, 2, axis=0), capture_ns=np.repeat(s.time_ns, 2), receive_ns=np.repeat(s.receive_ns, 2))
        for s in (command, measured)
    ]
    once, found = frames_of(recording(command, measured)), frames_of(recording(*twice))
    assert found.fps == RATE and not found.provenance["resampled"]
    assert all(np.array_equal(found.columns[name], values) for name, values in once.columns.items())
    counted = [stream["samples_of_one_time"] for stream in found.provenance["streams"].values()]
    assert counted == [N, N]


@pytest.mark.parametrize("apart_s, failed", [(0.01, False), (1.5, True), (40.0, True)])
def test_streams_on_two_clocks_are_not_compared(apart_s, failed):
    command = arm("command", EPOCH + TICKS + round(apart_s * 1e9))
    measured = arm("measured", EPOCH + TICKS, late_s=0.05)
    codes = {one.code: one for one in check_integrity(recording(command, measured), Limits({}), RULES)}
    assert codes["clock.skew"].failed == failed
    for code in ("stream.swapped", "stream.scaled", "stream.lag", "column.differs"):
        assert (codes[code].reason == "integrity.clock.skew") == failed, code
        assert not codes[code].failed


def test_an_import_names_the_gap_that_it_bridges(tmp_path, capsys):
    (whole,) = read(arm_bag(tmp_path / "whole.bag", 60))
    for wide, named in ((3, True), (0, False)):
        made = []
        for stream in whole.streams.values():
            after = np.where(np.arange(stream.n) > stream.n // 2, wide * 10**9, 0)
            clocks = {f"{c}_ns": v + after for c in ("capture", "receive", "device") if (v := getattr(stream, f"{c}_ns")) is not None}
            made.append(replace(stream, **clocks))
        path = tmp_path / f"{wide}.mcap"
        write(replace(whole, streams={s.name: s for s in made}), path)
        assert main(["import", f"data={path}", f"out={tmp_path / f'set{wide}'}", "fps=30"]) == 0
        assert ("3.01 s without a sample lie within the frames" in "".join(capsys.readouterr())) == named
