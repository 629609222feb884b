"""Onto one clock: which value a frame has, by name; quaternions, clocks and units."""

import numpy as np
import pytest
import shiliu
from shiliu.replay.importing.frames import frames_of, own_rate
from shiliu.replay.importing.resample import Methods, onto, quaternion_groups
from shiliu.replay.importing.schema_columns import conformed
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.signals.channels import units_of
from shiliu.scenarios.sheet.errors import EpisodeError

MS = 1_000_000


def stream(name="q", times_ms=(0, 10, 20), values=None, **changes) -> Stream:
    values = np.arange(len(times_ms), dtype=float)[:, None] if values is None else np.asarray(values, float)
    fields = {
        "role": "measured",
        "quantity": "joint_position",
        "unit": "rad",
        "names": tuple(f"{name}_{j}" for j in range(values.shape[1])),
        "capture_ns": (np.asarray(times_ms) * MS).astype(np.int64),
    }
    return Stream(name=name, values=values, **fields | changes)


def recording(*streams: Stream) -> Recording:
    return Recording("take", "take.npz", "0" * 64, "robot", {s.name: s for s in streams}, metadata={"robot": "toy"})


def grid(*times_ms) -> np.ndarray:
    return (np.asarray(times_ms) * MS).astype(np.int64)


def test_a_command_is_held_and_a_measurement_interpolated():
    held, report = onto(stream(role="command"), grid(0, 4, 10, 19), Methods())
    assert held.ravel().tolist() == [0, 0, 1, 1] and report["method"] == "previous"
    between, report = onto(stream(), grid(0, 4, 10, 19), Methods())
    assert between.ravel() == pytest.approx([0, 0.4, 1, 1.9]) and report["method"] == "linear"
    assert report["largest_gap_s"] == pytest.approx(0.01) and report["samples"] == 3
    assert onto(stream(), grid(0, 4), Methods(measured="previous"))[0].ravel().tolist() == [0, 0]


def test_samples_on_the_grid_stay_as_they_are_to_the_bit():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(50, 3))
    s = stream(times_ms=np.arange(50) * 7, values=values)
    assert onto(s, s.time_ns[10:20], Methods())[0].tobytes() == values[10:20].tobytes()


def test_times_of_the_epoch_lose_no_nanosecond():
    begin = 1_745_051_186_123_456_789
    s = stream(capture_ns=np.array([begin, begin + 10]), values=[[0.0], [10.0]], times_ms=(0, 0))
    assert onto(s, np.array([begin + 3]), Methods())[0][0, 0] == pytest.approx(3.0)


@pytest.mark.parametrize("order", ["xyzw", "wxyz"])
def test_rotations_turn_the_shorter_way_at_constant_speed(order):
    def about_z(degrees):
        half = np.deg2rad(degrees) / 2
        return {"w": np.cos(half), "x": 0.0, "y": 0.0, "z": np.sin(half)}

    rows = [[about_z(a)[axis] for axis in order] for a in (0, 90)]
    rows[1] = [-part for part in rows[1]]  # the same rotation with its sign flipped, as real headsets send it
    s = stream(times_ms=(0, 90), values=rows, names=tuple(f"hand.q{axis}" for axis in order))
    values, report = onto(s, grid(30, 60), Methods())
    assert report["quaternions"] == "slerp of 1"
    for row, angle in zip(values, (30, 60)):
        assert row == pytest.approx([about_z(angle)[axis] for axis in order])
    plain, report = onto(s, grid(45), Methods(quaternion="linear"))
    assert "quaternions" not in report and np.linalg.norm(plain) < 0.5, "plain interpolation over a flip is no rotation"


def test_quaternions_are_known_by_their_names():
    assert quaternion_groups(("x", "y", "z", "qx", "qy", "qz", "qw")) == [3]
    assert quaternion_groups(("a.qw", "a.qx", "a.qy", "a.qz", "b.qw", "b.qx", "b.qy", "b.qz")) == [0, 4]
    assert quaternion_groups(("quat_x", "quat_y", "quat_z", "quat_w")) == [0]
    assert quaternion_groups(("a.qw", "a.qx", "b.qy", "b.qz", "quat_0", "quat_1", "quat_2", "quat_3")) == []


def test_a_clock_that_runs_backwards_is_not_sorted():
    with pytest.raises(EpisodeError, match=r"q: the clock runs backwards 1 times, first at sample 2"):
        onto(stream(times_ms=(0, 20, 10)), grid(0), Methods())
    values, report = onto(stream(times_ms=(0, 10, 10)), grid(0, 10), Methods())
    assert values.ravel().tolist() == [0, 2] and report["samples_of_one_time"] == 1


def test_streams_meet_where_all_of_them_have_samples():
    sensors = stream("s", times_ms=np.arange(0, 2001, 2), quantity="joint_velocity")
    command = stream("c", times_ms=np.arange(500, 1500, 10), role="command")
    late = stream("e", times_ms=(700,), role="event")
    early = stream("f", times_ms=(0, 900), role="event")
    frames = frames_of(recording(sensors, command, late, early), fps=20)
    assert set(frames.columns) == {"action", "observation.s", "shiliu.f"}
    assert frames.columns["observation.s"][:3].ravel().tolist() == [250, 275, 300]
    assert frames.columns["shiliu.f"].ravel().tolist() == [0] * 8 + [1] * 12
    report = frames.provenance
    assert report["before_s"] == pytest.approx(0.5) and report["after_s"] == pytest.approx(0.55)
    assert report["left_out"] == {"e": "begins after the first frame, so that its value there is not known"}
    with pytest.raises(EpisodeError, match="do not overlap in time"):
        frames_of(recording(sensors, stream("c", times_ms=(3000, 3010), role="command")))


def test_what_is_on_the_grid_is_not_resampled():
    s = stream(times_ms=np.arange(0, 200, 20), clock="grid", values=np.random.default_rng(1).normal(size=(10, 2)))
    frames = frames_of(recording(s))
    assert (frames.fps, frames.provenance["resampled"]) == (50, False)
    assert frames.columns["observation.state"].tobytes() == s.values.tobytes()
    assert own_rate(recording(s)) == (50, True)
    assert frames_of(recording(s), fps=25).provenance["streams"]["q"]["method"] == "linear"
    measured = stream(times_ms=np.arange(0, 200, 20))
    assert own_rate(recording(measured)) == (50, True), "an even clock is a grid, whoever wrote it"
    assert own_rate(recording(measured, stream("r", times_ms=(0, 7, 15)))) == (30, False)


def test_units_and_names_stand_beside_every_element():
    s = stream("p", values=np.zeros((3, 14)), unit="m m m 1 1 1 1", quantity="pose", role="pose")
    assert units_of(s) == ["m", "m", "m", "1", "1", "1", "1"] * 2
    a = stream("a", role="command", names=("j",), unit="deg")
    b = stream("b/x", role="command", names=("j",), unit="%", quantity="claw")
    feature = frames_of(recording(a, b)).features["action"]
    assert feature["names"] == ["a.j", "b_x.j"] and feature["unit"] == ["deg", "%"]
    assert feature["quantity"] == ["joint_position", "claw"]


def test_a_unit_that_is_no_angle_does_not_become_one():
    schema = shiliu.load_scenario("bare").schema
    names = schema.action.names

    def taken(unit: str):
        commands = [
            stream("arm", (0, 33, 67), np.ones((3, 16)), role="command", unit=unit, names=names[:16]),
            stream("claw", (0, 33, 67), np.ones((3, 2)), role="command", quantity="claw", unit="%", names=names[16:]),
        ]
        return conformed(frames_of(recording(*commands), 30), schema, names[16:])

    assert taken("rad").columns["action"][0].tolist() == [1.0] * 18
    assert taken("deg").columns["action"][0, 0] == np.float32(np.pi / 180)
    assert taken("deg").provenance["converted"] == {"action": "deg to rad"}
    with pytest.raises(EpisodeError, match="zarm_l1_joint is recorded in ticks, the schema wants rad"):
        taken("ticks")


def test_an_own_simulation_episode_is_not_imported():
    episode = recording(stream())
    episode.episode = object()
    with pytest.raises(EpisodeError, match="lose what replays it to the bit"):
        frames_of(episode)
