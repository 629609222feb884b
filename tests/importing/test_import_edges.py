"""What lies just at an edge: first and last rows of two clocks, shared stamps that jitter, and one quantity in two units."""

import numpy as np
import pytest
from joint_streams import recording
from shiliu.replay.formats.arrays import array_episode as arrays
from shiliu.replay.importing.frame_clock import DEFAULT_FPS, frame_clock, own_rate
from shiliu.replay.importing.frames import frames_of
from shiliu.replay.importing.mapping_draft import propose
from shiliu.replay.importing.mapping_draft_topics import propose_topics
from shiliu.replay.importing.resample import Methods, onto
from shiliu.replay.importing.unit_guess import order_of, role_of
from shiliu.replay.recording.recording import Stream
from shiliu.scenarios.sheet.errors import EpisodeError

NS, N = 1_000_000_000, 90


def ns(seconds) -> np.ndarray:
    return np.rint(np.asarray(seconds, float) * NS).astype(np.int64)


def stream(name, times_ns, role="measured"):
    values = np.sin(1e-9 * (times_ns - times_ns[0]))[:, None]
    return Stream(name=name, role=role, quantity="joint_position", unit="rad", names=("j",), values=values, capture_ns=times_ns)


@pytest.mark.parametrize(("late_ms", "lost"), [(0.4, 0), (0.9, 0), (2.0, 1), (40.0, 2)])
@pytest.mark.parametrize("end", ["first", "last"])
def test_a_row_at_either_end_has_its_sample_of_another_clock_within_rounding(end, late_ms, lost):
    """A state at 120 Hz, in whole milliseconds, that begins after the first command or ends before the last one by so much."""
    sign = -1 if end == "first" else 1
    state = np.round(2.0 + sign * -np.arange(6 * N) / 120, 3)[::-sign]
    command = np.sort(2.0 + 1e-3 * sign * late_ms - sign * np.arange(N) / 30)
    command, state = ns(command), ns(state)
    clock = frame_clock([stream("c", command, "command"), stream("s", state)], 30)
    kept = slice(lost, None) if end == "first" else slice(None, N - lost)
    assert clock.rows == N - lost and np.abs(clock.at_ns - command[kept]).max() <= 1


@pytest.mark.parametrize(("seconds", "lost"), [(3, 0), (60, 1)])
def test_a_stream_of_the_same_rate_has_its_rows_within_half_a_period_unless_it_drifts_away(seconds, lost):
    """29.985 a second beside 30, from 10 ms after the first command on: within a minute it comes to be a whole row later."""
    command = ns(0.5 + np.arange(30 * seconds) / 30)
    state = ns(0.51 + np.arange(30 * seconds + 30) / 29.985)
    assert frame_clock([stream("c", command, "command"), stream("s", state)], 30).rows == 30 * seconds - lost


@pytest.mark.parametrize("rate", [20, 47])
def test_stamps_that_jitter_by_more_than_a_row_have_the_rate_of_their_rows_where_all_streams_share_them(rate):
    t = np.arange(8 * rate) / rate
    stamps = ns(np.sort(t + 2.0 / rate * np.random.default_rng(3).uniform(-1, 1, len(t))))
    shared = [stream("c", stamps, "command"), stream("s", stamps)]
    assert own_rate(shared) == (pytest.approx(rate, abs=1), False)
    other = ns(np.sort(t + 2.0 / rate * np.random.default_rng(4).uniform(-1, 1, len(t))))
    assert own_rate([shared[0], stream("s", other)]) == (DEFAULT_FPS, False)
    assert own_rate([stream("e", stamps, "event")]) == (DEFAULT_FPS, False) == own_rate([])
    at_once = np.full(9, stamps[0])
    assert own_rate([stream("c", at_once, "command"), stream("s", at_once)]) == (DEFAULT_FPS, False)


def test_a_recording_of_which_two_streams_end_within_rounding_loses_no_row():
    t = np.arange(N) / 30
    frames = frames_of(recording(stream("c", ns(t), "command"), stream("s", ns(np.round(np.arange(4 * N - 3) / 120, 3)))))
    assert len(frames.columns["action"]) == N


def test_one_quantity_in_two_units_becomes_two_streams(tmp_path):
    """A waist in degrees beside arms in radians, and speeds of all of them; each by its own unit, none under another's name."""
    joints = ("waist", "arm_1", "arm_2")
    called = tuple(f"{joint}.{ending}" for ending in ("pos", "vel") for joint in joints)
    state = np.sin(np.linspace(0.0, 3.0, 40)[:, None] + np.arange(6)) * np.array([90.0, 1.2, 1.1, 2.0, 0.5, 0.4])
    labels = {"observation.state": called}
    episode = arrays.ArrayEpisode(
        "take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", {"observation.state": state}, labels=labels
    )
    (tmp_path / "draft.yaml").write_text(propose(episode).text)
    found = {s.name: (s.quantity, s.unit, s.names) for s in arrays.recording_of(episode, tmp_path / "draft.yaml").streams.values()}
    assert found == {
        "observation.state/joint_position/deg": ("joint_position", "deg", ("waist",)),
        "observation.state/joint_position/rad": ("joint_position", "rad", ("arm_1", "arm_2")),
        "observation.state/joint_velocity": ("joint_velocity", "rad/s", joints),
    }


@pytest.mark.parametrize(("topics", "kind"), [(("/arm/cmd", "/arm/state"), "robot"), (("/arm/state",), "state_only")])
def test_a_bag_with_commands_is_of_a_robot_and_one_without_of_states_alone(tmp_path, topics, kind):
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store, of = get_typestore(Stores.ROS1_NOETIC), "sensor_msgs/msg/JointState"
    none = np.empty(0)
    with Writer(tmp_path / "take.bag") as writer:
        known = {topic: writer.add_connection(topic, of, typestore=store) for topic in topics}
        for k in range(12):
            stamp = store.types["builtin_interfaces/msg/Time"](sec=10 + k, nanosec=0)
            header = store.types["std_msgs/msg/Header"](seq=k, stamp=stamp, frame_id="")
            message = store.types[of](header=header, name=["a", "b"], position=np.sin([k, k + 1.0]), velocity=none, effort=none)
            for one in known.values():
                writer.write(one, (10 + k) * NS, store.serialize_ros1(message, of))
    draft = propose_topics(tmp_path / "take.bag")
    assert f"\nkind: {kind}\n" in draft.text and any(line.startswith(f"kind is {kind}") for line in draft.unsure)


@pytest.mark.parametrize(("gap_ms", "rows"), [(1, None), (0, None), (-20, 1), (-70, 2)])
def test_streams_that_meet_in_one_instant_have_no_time_in_common(gap_ms, rows):
    command = ns(1.0 + np.arange(N) / 30)
    state = command[-1] + ns(1e-3 * gap_ms) + ns(np.arange(N) / 30)
    streams = [stream("c", command, "command"), stream("s", state)]
    if rows is None:
        with pytest.raises(EpisodeError, match="do not overlap"):
            frame_clock(streams, 25)
    else:
        assert frame_clock(streams, 25).rows == rows


@pytest.mark.parametrize(("first", "order"), [(0.8, "wxyz"), (0.1, "xyzw"), (0.5, "wxyz")])
def test_the_larger_part_of_a_rotation_is_its_scalar_and_of_equal_ones_the_first(first, order):
    last = {0.8: 0.1, 0.1: 0.8, 0.5: -0.5}[first]
    assert order_of(np.tile([first, 0.2, 0.3, last], (5, 1))) == order


@pytest.mark.parametrize("before", [0, 1])
def test_a_rotation_of_the_other_sign_is_no_change(before):
    """It lies behind another column, or not; each is held, and interpolated nearer to the row behind."""
    half = np.linspace(0.0, 0.6, 12) / 2.0
    q = np.column_stack([np.cos(half), 0.0 * half, 0.0 * half, np.sin(half)])
    q[5:] *= -1.0
    values = np.column_stack([np.linspace(0.0, 1.0, 12)] * before + [q])
    names = ("height",) * before + tuple(f"hand.q{axis}" for axis in "wxyz")
    times = ns(np.arange(12) / 30)
    turning = Stream(name="p", role="pose", quantity="orientation", unit="1", names=names, values=values, capture_ns=times)
    _, report = onto(turning, times[:-1] + ns(0.025), Methods())
    assert max(report["changed"].get(name, 0.0) for name in names[before:]) < 0.03


@pytest.mark.parametrize(
    ("name", "role"),
    [("/master/joint_left", "command"), ("leader_qpos", "command"), ("/puppet/joint_left", "measured"), ("qpos", "measured")],
)
def test_arms_that_lead_are_commands_in_a_draft(name, role):
    assert role_of(name)[0] == role
