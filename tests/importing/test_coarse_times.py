"""Times that are stored too coarsely: no row is lost without a word, and repeats of a sample are no loss."""

import numpy as np
import pytest
import yaml
from bags import START, joint_state, types, write_bag
from shiliu.cli import main
from shiliu.replay.formats import read
from shiliu.replay.importing.frames import frames_of, own_rate
from shiliu.scenarios.sheet.errors import EpisodeError

RNG = np.random.default_rng(5)


def recorded(folder, t, state, **more):
    stream = {"name": "q", "field": "q", "role": "measured", "quantity": "joint_position", "unit": "rad", "names": ["pan", "lift"]}
    rule = {
        "title": "an arm", "format": "npz", "robot": "arm", "kind": "state_only", "recognise": {"channels": {"q": 2}},
        "time": {"field": "t", "unit": "s", "clock": "capture"}, "streams": [stream],
    }  # fmt: skip
    (folder / "map.yaml").write_text(yaml.safe_dump(rule | more))
    np.savez(folder / "a.npz", t=t, q=state)
    (recording,) = read(folder / "a.npz", mapping=folder / "map.yaml")
    return recording


def rows(n):
    return np.cumsum(RNG.normal(0, 0.01, (n, 2)), axis=0)


@pytest.mark.parametrize("rate", [20, 30, 50])
@pytest.mark.parametrize("up", [0.0, 40e3, 140e3, 270e3, 600e3, 1.2e6, 5e6, 1.76e9])
def test_float32_seconds_keep_every_row_or_are_refused(tmp_path, rate, up):
    q = rows(8 * rate)
    recording = recorded(tmp_path, (np.arange(len(q)) / rate + up).astype(np.float32), q)
    counts = float(np.spacing(np.float32(up)))
    if counts > 0.5 / rate:
        with pytest.raises(EpisodeError, match="stored too coarsely"):
            own_rate(recording)
        with pytest.raises(EpisodeError, match="stored too coarsely"):
            frames_of(recording, rate)
    else:
        frames = frames_of(recording)
        assert frames.fps == rate and not frames.provenance["resampled"] and np.array_equal(frames.columns["observation.state"], q)


def test_rows_at_the_rate_in_which_short_floats_count_are_rows(tmp_path):
    q = rows(160)
    recording = recorded(tmp_path, (np.arange(160) / 16 + 600e3).astype(np.float32), q)
    frames = frames_of(recording)
    assert frames.fps == 16 and np.array_equal(frames.columns["observation.state"], q)


def test_rows_whose_times_are_hundredths_of_a_second_are_rows(tmp_path):
    q = rows(240)
    frames = frames_of(recorded(tmp_path, np.round(12.34 + np.arange(240) / 30, 2), q))
    assert frames.fps == 30 and not frames.provenance["resampled"] and np.array_equal(frames.columns["observation.state"], q)


def test_rows_that_share_a_tenth_of_a_second_are_not_dropped(tmp_path):
    q = rows(240)
    with pytest.raises(EpisodeError, match=r"its 240 samples have 80 times\. They were stored too coarsely"):
        frames_of(recorded(tmp_path, np.floor(np.arange(240) / 3) / 10, q))
    twice = recorded(tmp_path, np.repeat(np.arange(240) / 30, 2), np.repeat(q, 2, axis=0))
    frames = frames_of(twice)
    assert np.array_equal(frames.columns["observation.state"], q)
    (done,) = frames.provenance["streams"].values()
    assert done["samples_of_one_time"] == 240 and "lost_to_the_next" not in done


def test_a_few_rows_of_one_time_are_counted_on_the_terminal(tmp_path, capsys):
    q, t = rows(240), np.arange(240) / 30
    t[100], t[150] = t[99], t[149]
    recorded(tmp_path, t, q)
    words = ["import", f"data={tmp_path / 'a.npz'}", f"mapping={tmp_path / 'map.yaml'}", "keep_raw=false"]
    assert main([*words, f"out={tmp_path / 'set'}"]) == 0
    assert "q: 2 samples have the time of the next one and other values; they are not in the frames" in capsys.readouterr().out
    q[99], q[149] = q[100], q[150]
    recorded(tmp_path, t, q)
    assert main([*words, f"out={tmp_path / 'same'}"]) == 0
    assert "other values" not in capsys.readouterr().out


def test_what_the_set_does_not_hold_is_told_once(tmp_path, capsys):
    q, t = rows(120), np.arange(120) / 30
    recorded(tmp_path, t, q)
    (tmp_path / "takes").mkdir()
    for k in range(2):
        np.savez(tmp_path / f"takes/{k}.npz", t=t, q=q, **{f"extra_{i}": t for i in range(8)})
    words = ["import", f"data={tmp_path / 'takes'}", f"mapping={tmp_path / 'map.yaml'}", "keep_raw=false"]
    assert main([*words, f"out={tmp_path / 'set'}"]) == 0
    printed = capsys.readouterr().out
    line = "left out, since the mapping does not name them: extra_0, extra_1, extra_2, extra_3, extra_4, extra_5 and 2 more"
    assert printed.count(line) == 1
    assert main([*words[:1], f"data={tmp_path / 'a.npz'}", *words[2:], f"out={tmp_path / 'other'}"]) == 0
    assert "left out" not in capsys.readouterr().out


@pytest.mark.parametrize("late, printed_so", [(1.5, True), (0.3, False)])
def test_what_lies_before_a_late_stream_is_told(tmp_path, capsys, late, printed_so):
    part = "{field: position, role: %s, quantity: joint_position, unit: rad, names: [%s]}"
    stream = f"{{type: sensor_msgs/msg/JointState, clock: receive, streams: [{part}]}}"
    joints = ", ".join(f"j{k}" for k in range(14))
    (tmp_path / "map.yaml").write_text(
        "title: two topics\nformat: rosbag1\nrobot: toy\nkind: robot\nrecognise: [/command, /state]\ntopics:\n"
        f"  /command: {stream % ('command', joints)}\n  /state: {stream % ('measured', joints)}\n"
    )
    store, kind = types(), "sensor_msgs/msg/JointState"
    places = [(topic, k) for k in range(300) for topic in ("/command", "/state") if topic == "/command" or k >= 100 * late]
    messages = [(topic, kind, START + k * 10**7, joint_state(store, START + k * 10**7, [0.01 * k] * 14)) for topic, k in places]
    write_bag(tmp_path / "a.bag", messages)
    words = [f"data={tmp_path / 'a.bag'}", f"mapping={tmp_path / 'map.yaml'}", "keep_raw=false", f"out={tmp_path / 'set'}"]
    assert main(["import", *words]) == 0
    printed = capsys.readouterr().out
    assert (f"{late:.2f} s before the first frame and 0.00 s after the last are not in the frames" in printed) == printed_so
