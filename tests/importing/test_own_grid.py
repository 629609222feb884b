"""Import changes no value: rows on a grid are taken as they are, whatever rounds their stamps; the rest is reported by size."""

import json

import numpy as np
import pytest
from shiliu.cli import main
from shiliu.replay.formats import read
from shiliu.replay.importing.frame_clock import broken_rate
from shiliu.replay.importing.frames import frames_of, own_rate
from shiliu.replay.importing.resample import Methods, onto
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.translation import translated
from shiliu.scenarios.sheet.errors import EpisodeError

NS = 1_000_000_000
N = 300


def ns(seconds) -> np.ndarray:
    return np.rint(np.asarray(seconds, float) * NS).astype(np.int64)


STAMPS = {
    "float32": lambda t: ns(t.astype(np.float32).astype(float)),
    "float32 after two hours": lambda t: ns((t + 7200.0).astype(np.float32).astype(float)),
    "milliseconds": lambda t: ns(np.round(t, 3)),
    "milliseconds cut off": lambda t: np.floor(1e3 * t).astype(np.int64) * 1_000_000,
    "counts of 100 ns": lambda t: np.floor(1.7643e16 + 1e7 * t).astype(np.int64) * 100,
    "float64 of the epoch": lambda t: ns(1.7643e9 + t),
}


def motion(t, columns: int = 2) -> np.ndarray:
    """Every row another, no two columns alike."""
    return np.stack([(0.3 + j) * np.sin(1.7 * t + j) + 0.05 * t for j in range(columns)], axis=1)


def stream(name, times_ns, values, **changes) -> Stream:
    values = np.asarray(values, float)
    fields = {"role": "measured", "quantity": "joint_position", "unit": "rad"}
    fields["names"] = tuple(f"j{i}" for i in range(values.shape[1]))
    return Stream(name=name, values=values, **(fields | {"capture_ns": times_ns} | changes))


def recording(*streams: Stream) -> Recording:
    return Recording("take", "take.npz", "0" * 64, "robot", {s.name: s for s in streams}, metadata={"robot": "toy"})


def both(command_ns, state_ns, command, state) -> Recording:
    return recording(stream("c", command_ns, command, role="command"), stream("s", state_ns, state))


@pytest.mark.parametrize(("rate", "fps"), [(30.0, 30), (50.0, 50), (30000 / 1001, 30), (29.97, 30), (29.6, 30), (30.4, 30), (120.0, 120)])
@pytest.mark.parametrize("phase", [0.0, 0.01371])
@pytest.mark.parametrize("stamps", STAMPS)
def test_rows_on_a_grid_to_within_rounding_are_that_grid(stamps, phase, rate, fps):
    t = phase + np.arange(N) / rate
    times = STAMPS[stamps](t)
    r = both(times, times, motion(t), motion(t + 0.1))
    assert own_rate(r) == (fps, True)
    frames = frames_of(r)
    assert frames.fps == fps and frames.provenance["resampled"] is False and "before_s" not in frames.provenance
    assert frames.columns["action"].tobytes() == motion(t).tobytes()
    assert frames.columns["observation.state"].tobytes() == motion(t + 0.1).tobytes()
    assert np.abs(frames.times_ns - (times - times[0])).max() <= 1_100_000, "the rows keep the times of their source"
    assert ("rate_hz" in frames.provenance) == (rate != fps)


@pytest.mark.parametrize("state", list(STAMPS)[2:4])
def test_two_streams_whose_stamps_are_rounded_in_two_ways_stand_on_one_grid(state):
    t = 0.0042 + np.arange(N) / 30
    r = both(STAMPS["float32"](t), STAMPS[state](t), motion(t), motion(t + 0.1))
    frames = frames_of(r)
    assert not frames.provenance["resampled"] and frames.columns["action"].tobytes() == motion(t).tobytes()


@pytest.mark.parametrize("later_ms", [-14.0, -7.0, 3.0, 16.0])
@pytest.mark.parametrize("stamps", STAMPS)
def test_of_two_phases_the_command_keeps_its_rows(stamps, later_ms):
    t = 0.5 + np.arange(N) / 30
    r = both(STAMPS[stamps](t), STAMPS[stamps](t + 1e-3 * later_ms), motion(t), motion(t + 1e-3 * later_ms))
    assert own_rate(r) == (30, False)
    frames = frames_of(r)
    assert frames.columns["action"].tobytes() == motion(t).tobytes(), "every command, the first and the last"
    report = frames.provenance["streams"]
    assert (report["c"]["method"], report["s"]["method"]) == ("none", "linear") and "changed" not in report["c"]
    inner = slice(1, -1)  # at an end the last measured sample is held
    assert frames.columns["observation.state"][inner] == pytest.approx(motion(t)[inner], abs=3e-3)
    assert report["s"]["changed"]["j1"] == pytest.approx(
        1e-3 * abs(later_ms) * 1.3 * 1.7 + 5e-5 * abs(later_ms), rel=0.15, abs=4e-3
    )


@pytest.mark.parametrize("later_ms", [-16.0, -5.0, 5.0, 16.0])
def test_a_second_command_of_the_same_rate_gives_each_row_the_nearest(later_ms):
    t = np.arange(N) / 30
    hand = stream(
        "h", ns(1.0 + t + 1e-3 * later_ms), motion(t + 7, 1), role="command", quantity="gripper", names=("g",)
    )
    frames = frames_of(recording(stream("c", ns(1.0 + t), motion(t), role="command"), hand), fps=30)
    assert np.array_equal(frames.columns["action"], np.hstack([motion(t), motion(t + 7, 1)]))
    report = frames.provenance["streams"]["h"]
    assert (
        report["method"] == "nearest"
        and report["later_s"] == pytest.approx(1e-3 * later_ms)
        and "changed" not in report
    )


@pytest.mark.parametrize(("jitter_ms", "rate"), [(0.4, 30), (5.0, 30), (12.0, 30), (4.0, 50)])
def test_commands_whose_stamps_jitter_keep_their_rows(jitter_ms, rate):
    t = np.arange(N) / rate
    times = ns(0.3 + t + 1e-3 * jitter_ms * np.random.default_rng(1).uniform(-1, 1, N))
    r = both(times, times, motion(t), motion(times * 1e-9))
    assert own_rate(r) == (rate, False)
    frames = frames_of(r)
    assert frames.columns["action"].tobytes() == motion(t).tobytes(), "all of them, each once"
    report = frames.provenance["streams"]
    assert report["c"]["method"] == "nearest" and report["s"]["method"] == "linear"
    largest = report["s"]["changed"]["j1"]
    assert 0.2 * jitter_ms * 2.2e-3 < largest < 1.05 * jitter_ms * 2.3e-3
    assert report["s"]["changed"]["j0"] < largest


@pytest.mark.parametrize("stamps", STAMPS)
def test_onto_another_rate_the_command_in_force_is_taken_and_no_frame_is_lost(stamps):
    t = np.arange(N) / 30
    times = STAMPS[stamps](t)
    frames = frames_of(both(times, times, motion(t), motion(t)), fps=60)
    action = frames.columns["action"]
    assert len(action) == 2 * N - 1, "to the last sample"
    assert np.array_equal(action[::2], motion(t)) and np.array_equal(action[1::2], motion(t)[:-1])
    report = frames.provenance["streams"]["c"]
    assert report["method"] == "previous" and report["changed"]["j1"] >= 0.0
    slower = frames_of(both(times, times, motion(t), motion(t)), fps=10)
    assert np.array_equal(slower.columns["action"], motion(t)[::3]) and len(slower.columns["action"]) == 100


def test_lost_rows_are_held_or_bridged_and_the_others_stay():
    lost = [40, 41, 200]
    k = np.delete(np.arange(N), lost)
    times = STAMPS["milliseconds"](k / 30)
    frames = frames_of(both(times, times, motion(k / 30), motion(k / 30)))
    action, state = frames.columns["action"], frames.columns["observation.state"]
    assert np.array_equal(action[k], motion(k / 30)) and np.array_equal(state[k], motion(k / 30))
    assert np.array_equal(action[lost], action[[39, 39, 199]])
    assert state[40] == pytest.approx((2 * state[39] + state[42]) / 3)
    report = frames.provenance["streams"]
    assert frames.provenance["resampled"] and report["c"]["changed"].keys() == {"j0", "j1"}


# ---------------------------------------------------------------------------------------------------------- angles


def wrapped(x, low=-np.pi, turn=2 * np.pi):
    return (x - low) % turn + low


ANGLES = {  # unit, turn, and where the turn begins
    "rad": (1.0, 2 * np.pi, -np.pi),
    "rad from 0": (1.0, 2 * np.pi, 0.0),
    "deg": (180 / np.pi, 360.0, -180.0),
    "mrad": (1000.0, 2000 * np.pi, -1000 * np.pi),
    "mrad from 0": (1000.0, 2000 * np.pi, 0.0),
    "turn": (0.5 / np.pi, 1.0, 0.0),
    "gon": (200 / np.pi, 400.0, -200.0),
    "gradian": (200 / np.pi, 400.0, 0.0),
}


@pytest.mark.parametrize("kind", ANGLES)
@pytest.mark.parametrize("speed", [5.1, -3.3, 20.0])
def test_angles_go_the_shorter_way_round(kind, speed):
    scale, turn, low = ANGLES[kind]
    t = np.arange(500) / 50
    yaw = wrapped(scale * (2.6 + speed * t), low, turn)
    base = np.stack([0.1 * t, yaw, 4 * np.sin(t)], axis=1)
    r = recording(stream("base", ns(t), base, quantity="base_pose", unit=f"m {kind.split()[0]} m", names=("x", "yaw", "y")))
    frames = frames_of(r, fps=30)
    got, at = frames.columns["observation.base"], np.arange(300) / 30
    off = wrapped(got[:, 1] - scale * (2.6 + speed * at), -turn / 2, turn)
    assert np.abs(off).max() < 2e-8 * scale, "but for the nanosecond of a frame's time"
    assert got[:, 1].min() >= low and got[:, 1].max() <= low + turn
    assert got[:, 2] == pytest.approx(4 * np.sin(at), abs=1e-3), "what is in metres does not wrap"
    report = frames.provenance["streams"]["base"]
    assert report["angles"] == "the shorter way round in yaw"
    assert report["changed"]["yaw"] == pytest.approx(scale * abs(speed) / 150, rel=0.01)


def test_an_angle_that_runs_on_and_a_leap_across_are_told_apart():
    rows = [[0.0, -1.9], [10.0, 1.9], [20.0, 1.8]]
    values, report = onto(stream("q", ns([0, 0.1, 0.2]), rows), ns([0.04, 0.06]), Methods())
    assert values[:, 0] == pytest.approx([4.0, 6.0]), "a joint of many turns does not wrap"
    assert values[:, 1].tolist() == [-1.9, 1.9], "which way a leap of 3.8 rad went is not known: the nearer sample"
    assert report["angles"] == "the shorter way round in j1"


@pytest.mark.parametrize("low", [0, -2048, -700, 300])
@pytest.mark.parametrize("known", [True, False])
def test_ticks_of_a_servo_without_end_are_not_averaged_across_their_seam(low, known, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if known:
        (tmp_path / "conf/robot").mkdir(parents=True)
        (tmp_path / "conf/robot/toy.yaml").write_text("title: {en: toy, zh: 玩具}\nscale: {tick: 0.087890625 deg}\njoints: {a: }\n")
    t = np.arange(500) / 50
    angle = 700.0 + 2048 / np.pi * (0.3 * np.sin(t) - 4.3 * t)
    ticks = np.stack([wrapped(np.round(angle), low, 4096), np.round(900 + 300 * np.sin(3 * t))], axis=1)
    r = recording(stream("q", ns(t), ticks, unit="tick", names=("endless", "bounded")))
    frames = frames_of(r, fps=30)
    got, at = frames.columns["observation.state"], np.arange(300) / 30
    off = np.abs(wrapped(got[:, 0] - np.interp(at, t, angle), -2048, 4096))
    report = frames.provenance["streams"]["q"]
    assert got[:, 0].min() >= low - 30 and got[:, 0].max() <= low + 4096 + 30
    assert off.max() < (1.0 if known else 0.5 * 4.7 / 50 * 2048 / np.pi + 1), "half a step, where the nearer sample stands in"
    assert ("angles" in report) is known and ("nearer" in report) is not known
    assert np.abs(got[:, 1] - (900 + 300 * np.sin(3 * at))).max() < 1.5, "what does not leap is interpolated as before"
    if not known:
        assert list(report["nearer"]) == ["endless"] and 1 <= report["nearer"]["endless"] <= 8
        assert set(got[off > 1.0, 0]) <= set(ticks[:, 0]), "nothing but recorded values there"


def test_a_leap_is_one_by_the_scale_of_its_column_and_lengths_have_none():
    t, at = np.arange(100) / 50, np.arange(1, 59) / 30
    saw = wrapped(3.0 * t, 0, 1)
    found = {}
    for unit in ("1", "0..1", "%", "m", "N"):
        s = stream("q", ns(t), np.stack([saw, np.sin(9 * t)], axis=1), unit=unit, quantity="other")
        values, report = onto(s, ns(at), Methods())
        found[unit] = report.get("nearer", {})
        between = ~np.isin(values[:, 0], saw) & (np.abs(np.interp(at, t, saw) - values[:, 0]) < 1e-6)
        assert between.any(), "beside a leap it is interpolated as ever"
    assert found["m"] == found["N"] == {} and all(list(found[unit]) == ["j0"] for unit in ("1", "0..1", "%"))
    noise = np.random.default_rng(3).uniform(size=(100, 1))
    assert "nearer" not in onto(stream("q", ns(t), noise, unit="1"), ns(at), Methods())[1], "noise leaps all the time, and has no seam"


@pytest.mark.parametrize(("size", "leaps"), [(np.pi, True), (0.9, False)])
def test_an_angle_that_leaps_by_half_a_turn_is_not_averaged(size, leaps):
    """An axis without a direction, or a roll beside a steep pitch; a joint that steps by less has gone there."""
    t = np.arange(200) / 50
    angle = 0.2 * np.sin(t) + np.where(t > 2.01, size, 0.0)
    values, report = onto(stream("q", ns(t), angle[:, None], unit="rad"), ns(np.arange(1, 110) / 30 + 0.01), Methods())
    between = (values[:, 0] > angle[t <= 2.01].max() + 0.01) & (values[:, 0] < angle[t > 2.01].min() - 0.01)
    assert between.any() != leaps and ("nearer" in report) == leaps


def test_an_angle_that_goes_a_little_over_its_turn_is_not_averaged():
    """A driver that wraps late writes 3.2 before it writes -3.08: more than one turn, and no angle that runs on."""
    t = np.arange(500) / 50
    angle = wrapped(4.3 * t)
    angle = angle + np.where(angle < -3.0, 2 * np.pi, 0.0)
    angle[::2] = np.where(angle[::2] > np.pi + 0.06, angle[::2] - 2 * np.pi, angle[::2])
    values, report = onto(stream("q", ns(t), angle[:, None], unit="rad"), ns(np.arange(1, 299) / 30), Methods())
    off = wrapped(values[:, 0] - 4.3 * np.arange(1, 299) / 30)
    assert np.ptp(angle) > 2 * np.pi and np.abs(off).max() <= 0.5 * 4.3 / 50 + 1e-6 and report["nearer"]["j0"] >= 1


# ------------------------------------------------------------------------------------------------------ the command

MAPPING = """title: two joints with times of their own
format: npz
robot: toy
kind: robot
recognise: {channels: {t: 1, cmd: 2, mea: 2}}
time: {field: t, unit: s, clock: capture}
streams:
  - {name: action, field: cmd, role: command, quantity: joint_position, unit: rad, names: [a, b]}
  - {name: state, field: mea, role: measured, quantity: joint_position, unit: rad, names: [a, b]}
"""


def imported(tmp_path, t, command, *words, mapping=MAPPING):
    (tmp_path / "map.yaml").write_text(mapping)
    np.savez(tmp_path / "take.npz", t=t, cmd=command, mea=command + 0.01)
    given = [
        f"data={tmp_path / 'take.npz'}",
        f"mapping={tmp_path / 'map.yaml'}",
        f"out={tmp_path / 'set'}",
        "keep_raw=false",
    ]
    assert main(["import", *given, *words]) == 0
    (back,) = read(tmp_path / "set")
    return back, json.loads((tmp_path / "set/shiliu/episodes/episode_000000.json").read_text())


@pytest.mark.parametrize("rate", [30, 30000 / 1001])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_set_holds_every_row_and_its_time(tmp_path, dtype, rate, capsys):
    t = np.arange(N) / rate
    back, _ = imported(tmp_path, t.astype(dtype), motion(t).astype(np.float32))
    assert np.array_equal(back.streams["action"].values, motion(t).astype(np.float32))
    shown = capsys.readouterr().out
    assert np.abs(back.streams["action"].time_ns - ns(t)).max() < 60_000 and "as it was" in shown
    assert back.declared.fps == 30 and back.declared.timestamp == pytest.approx(np.arange(N) / 30, abs=1e-6)
    own = "; its own rate is 29.97 Hz" if rate != 30 else ""
    assert back.notes[-1] == f"imported at 30 Hz as it was: nothing was resampled{own}" and own in shown


def test_what_was_resampled_is_reported_by_column_with_its_size(tmp_path, capsys):
    t = np.arange(N) / 50
    back, side = imported(tmp_path, t, motion(t).astype(np.float32), "fps=30")
    changed = side["provenance"]["streams"]["state"]["changed"]
    assert changed["b"] == pytest.approx(1.3 * 1.7 / 150, rel=0.1) and 0 < changed["a"] < changed["b"]
    notes = [note for note in back.notes if note.startswith("state: resampled by linear")]
    assert notes and f"a {changed['a']:.3g}, b {changed['b']:.3g}" in notes[0]
    assert f"state, linear: b changes most, by {changed['b']:.3g} rad" in capsys.readouterr().out


def test_streams_that_do_not_meet_are_an_error():
    t = np.arange(30) / 30
    with pytest.raises(EpisodeError, match=r"do not overlap in time: c 0\.00 to 0\.97 s, s 5\.00 to 5\.97 s"):
        frames_of(both(ns(t), ns(t + 5), motion(t), motion(t)))


@pytest.mark.parametrize("unit", [1e3, 1e6])
def test_times_in_another_unit_are_not_resampled_onto_hours(unit):
    t = unit * np.arange(120) / 30
    r = both(ns(t), ns(t), motion(t / unit), motion(t / unit))
    with pytest.raises(EpisodeError, match=r"a sample comes every .* s. Say the unit of the times in the mapping"):
        frames_of(r)
    assert len(frames_of(r, fps=1).columns["action"]) > 1000 if unit == 1e3 else True, "unless it is asked for"


@pytest.mark.parametrize(("unit", "shown"), [(1e3, "ms"), (1e2, "1/100 s"), (1e6, "us")])
def test_times_of_another_unit_are_called_by_it(unit, shown):
    t = np.arange(120) / 30
    with pytest.raises(EpisodeError, match=f"the times look like {shown} that are read as seconds"):
        own_rate(both(ns(unit * t), ns(unit * t), motion(t), motion(t)))


def test_times_that_were_stored_too_coarsely_are_called_so():
    t = np.arange(300) / 30
    times = ns((1.7643e9 + t).astype(np.float32).astype(float))
    with pytest.raises(EpisodeError, match=r"all its 300 samples have one time\. They were stored too coarsely"):
        frames_of(both(times, times, motion(t), motion(t)))
    long = np.arange(9000) / 30
    times = ns((1.7643e9 + long).astype(np.float32).astype(float))
    with pytest.raises(EpisodeError, match=r"its 9000 samples have \d times"):
        own_rate(both(times, times, motion(long), motion(long)))
    late = ns((36_000.0 + t).astype(np.float32).astype(float))
    assert own_rate(both(late, late, motion(t), motion(t))) == (30, True), "ten hours in float32 count in 4 ms, and are rows"


@pytest.mark.parametrize(("rate", "found"), [(12.5, (12.5, 25)), (15.625, (15.625, 125)), (7.8, (7.8, 39)), (9.57654, (9.57654, None))])
def test_a_rate_that_is_no_whole_number_is_named_with_the_one_that_keeps_its_rows(rate, found):
    t = np.arange(300) / rate
    r = both(ns(t), ns(t), motion(t), motion(t))
    own, whole = broken_rate(list(r.streams.values()))
    assert (pytest.approx(own, rel=1e-6), whole) == found
    if whole is not None:
        frames = frames_of(r, fps=whole)
        step = round(whole / rate)
        assert np.abs(frames.columns["action"][::step] - motion(t)).max() == 0.0, "every row is there"
        assert np.abs(frames.columns["observation.state"][::step] - motion(t)).max() < 1e-6


@pytest.mark.parametrize("rate", [30.0, 29.97, 30000 / 1001, 29.6, 72.0, 59.94])
def test_a_rate_with_a_whole_name_is_none(rate):
    t = np.arange(300) / rate
    assert broken_rate([stream("c", ns(t), motion(t), role="command")]) is None


def test_rows_of_a_rate_beside_a_whole_one_are_resampled_where_streams_have_rates_of_their_own_or_rows_are_lost():
    t, other = np.arange(300) / 29.6, np.arange(304) / 30.0
    assert not frames_of(both(ns(t), ns(t), motion(t), motion(t))).provenance["resampled"]
    assert frames_of(both(ns(t), ns(other), motion(t), motion(other))).provenance["resampled"]
    lost = np.delete(t, [100, 101, 200])
    assert frames_of(both(ns(lost), ns(lost), motion(lost), motion(lost))).provenance["resampled"]


def test_rows_that_jitter_or_have_two_rates_have_no_rate_of_their_own():
    t = np.arange(300) / 12.5
    jitter = t + 4e-3 * np.random.default_rng(1).uniform(-1, 1, len(t))
    assert broken_rate([stream("c", ns(jitter), motion(t), role="command")]) is None
    assert broken_rate([stream("c", ns(t), motion(t), role="command"), stream("s", ns(t * 0.7), motion(t))]) is None


def test_a_broken_rate_is_reported_before_anything_is_written(tmp_path, capsys):
    t = np.arange(120) / 12.5
    imported(tmp_path, t, motion(t))
    found = capsys.readouterr()
    assert "its rows come at 12.5 Hz, and LeRobot knows whole rates alone. They are resampled to 12 Hz. fps=25 keeps every row" in found.err
    assert translated(found.err.strip().removeprefix("shiliu: "), "zh").endswith("将重采样到 12 Hz。fps=25 可保留每一行，其间插入新行。")


def test_rows_in_a_leap_are_reported_by_column(tmp_path, capsys):
    t = np.arange(200) / 50
    ticks = wrapped(np.stack([730 * t, 30 * np.sin(t)], axis=1), -100, 256)
    imported(tmp_path, t, ticks, "fps=30", mapping=MAPPING.replace("unit: rad", "unit: tick"))
    line = next(line for line in capsys.readouterr().out.splitlines() if "lie in a leap" in line)
    assert "state, a: " in line and "处在几乎跨越整个取值范围的跳变中" in translated(line.strip(), "zh")


def test_what_jitters_and_drifts_is_no_clock_for_the_commands_of_another_rate():
    t, slow = np.arange(6000) / 100, np.arange(1797) / 29.97
    jitter = 4e-3 * np.random.default_rng(2).uniform(-1, 1, len(slow))
    measured = stream("s", ns(0.013 + slow + jitter), motion(slow))
    frames = frames_of(recording(stream("c", ns(t), motion(t), role="command"), measured), fps=30)
    assert (
        np.abs(frames.times_ns - ns(np.arange(len(frames.times_ns)) / 30)).max() <= 1
        and "rate_hz" not in frames.provenance
    )
    commanded = frames_of(
        recording(stream("c", ns(0.013 + slow + jitter), motion(slow), role="command"), measured), fps=30
    )
    assert commanded.columns["action"].tobytes() == motion(slow).tobytes() and commanded.provenance[
        "rate_hz"
    ] == pytest.approx(29.97, rel=1e-4)


def test_rows_that_another_stream_lacks_are_left_out_and_reported(tmp_path):
    t = np.arange(N) / 30
    r = both(ns(t), ns(t[40:]), motion(t), motion(t[40:]))
    frames = frames_of(r)
    assert not frames.provenance["resampled"] and frames.columns["action"].tobytes() == motion(t[40:]).tobytes()
    assert frames.provenance["before_s"] == pytest.approx(40 / 30) and frames.provenance["after_s"] < 1e-6
    assert frames.provenance["start_ns"] == ns(t[40])


@pytest.mark.parametrize(("rates", "own"), [((50, 50), 50), ((50, 100), 30)])
def test_streams_that_jitter_by_themselves_have_a_rate_where_it_is_one(rates, own):
    rng = np.random.default_rng(5)
    t = [0.2 + np.arange(10 * rate) / rate for rate in rates]
    times = [ns(one + 3e-3 * rng.uniform(-1, 1, len(one))) for one in t]
    r = both(times[0], times[1], motion(t[0]), motion(t[1]))
    assert own_rate(r) == (own, False)
    frames = frames_of(r)
    assert own == 30 or frames.columns["action"].tobytes() == motion(t[0]).tobytes()
