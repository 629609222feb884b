"""Readers and writers at their edges: what is a rate, times that begin late, names in other places, a trunk at rest that leans."""

from pathlib import Path

import numpy as np
import pytest
from shiliu.replay.formats.arrays import array_episode as arrays
from shiliu.replay.formats.arrays.array_contradictions import in_their_order
from shiliu.replay.formats.lerobot.foreign_columns import MAX_FPS, MIN_FPS, rate_of
from shiliu.replay.formats.mapping import StreamRule
from shiliu.replay.formats.rosbag.write import GRAVITY, _Maker, _still
from shiliu.scenarios.sheet.errors import EpisodeError


@pytest.mark.parametrize(
    ("fps", "rate", "shown"),
    [(30, 30.0, None), (29.97, 29.97, None), (None, None, "null"), ("30", 30.0, '"30"'), (MIN_FPS, MIN_FPS, None), (0.5, 0.5, None),
     (9.9e-05, None, "9.9e-05"), (0, None, "0"), (-30, None, "-30"), (True, None, "true"), ([30], None, "[30]"),
     ("fast", None, '"fast"'), (float("nan"), None, "NaN"), (0.99 * MAX_FPS, 0.99 * MAX_FPS, None)],
)  # fmt: skip
def test_what_is_announced_is_a_rate_or_is_reported_as_it_stands(fps, rate, shown):
    known, text = rate_of({"fps": fps}, Path("info.json"))
    assert (known, text) == (rate, shown)
    assert rate_of({}, Path("info.json")) == (None, None)


@pytest.mark.parametrize("fps", [MAX_FPS, 1e9, "1e7", float("inf")])
def test_what_is_beyond_any_rate_is_an_error(fps):
    with pytest.raises(EpisodeError, match="which is no rate"):
        rate_of({"fps": fps}, Path("info.json"))


def rule(**changes):
    known = {"fields": ("q[1:3]",), "names": ("b", "c"), "role": "measured", "quantity": "joint_position", "unit": "rad"}
    return StreamRule(**(known | {"spelled_in": "q[1:3]"} | changes))


@pytest.mark.parametrize(
    ("called", "changes", "fields"),
    [
        (("b", "a", "c"), {}, ("q[0]", "q[2]")),  # its names stand elsewhere: it is read by them
        (("c", "x", "b"), {}, ("q[2]", "q[0]")),
        (("a", "b", "c"), {}, None),  # in their places
        (("a", "c", "b"), {}, None),  # in its own columns, in another order: what reads it takes them by name
        (("a", "x", "c"), {}, None),  # one of them nowhere
        (("b", "c", "c"), {}, None),  # a name twice
        (("y", "x", "z"), {"spellings": (("y", "z"),)}, ("q[0]", "q[2]")),
        (("b", "a", "c"), {"spelled_in": None}, None),
        (("b", "a", "c"), {"spelled_in": "q[0:2]"}, None),  # of other columns than its own
        (("b", "a", "c"), {"suffixes": ("x",)}, None),
        (("b", "a", "c"), {"names": ()}, None),
        (("b", "a", "c"), {"fields": ("q[1:2]", "q[2:3]")}, None),
    ],
)
def test_columns_that_stand_in_other_places_are_read_by_their_names(called, changes, fields):
    found = in_their_order(rule(**changes), {"q": called})
    assert (None if found is None else found.fields) == fields
    assert found is None or found.spelled_in is None


@pytest.mark.parametrize("begin", [0.0, 7000.0])
@pytest.mark.parametrize(("own", "shown"), [(30.0, None), (30.1, None), (25.0, "25.00")])
def test_rows_of_another_rate_than_is_declared_are_reported_whenever_they_begin(tmp_path, begin, own, shown):
    """Times that jitter, so that they stand on no grid."""
    t = begin + np.arange(300) / own + 2e-3 * np.random.default_rng(1).uniform(-1, 1, 300)
    episode = arrays.ArrayEpisode(
        "take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", {"q": np.sin(t)[:, None], "t": t}
    )
    mapping = (
        "title: t\nformat: npz\nrobot: toy\nkind: state_only\nrecognise: {channels: {q: 1, t: 1}}\nfps: 30\n"
        "time: {field: t, unit: s, clock: capture}\n"
        "streams:\n  - {name: q, field: q, role: measured, quantity: joint_position, unit: rad, names: [a]}\n"
    )
    (tmp_path / "mapping.yaml").write_text(mapping)
    recording = arrays.recording_of(episode, tmp_path / "mapping.yaml")
    notes = [note for note in recording.notes if "rows a second are declared" in note]
    assert notes == ([f"30 rows a second are declared, the times in t say {shown}"] if shown else [])


@pytest.mark.parametrize(
    ("attitude", "up"),
    [((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
     ((np.cos(0.15), 0.0, np.sin(0.15), 0.0), (-np.sin(0.3), 0.0, np.cos(0.3))),  # bowed by 0.3 rad
     ((np.cos(0.1), np.sin(0.1), 0.0, 0.0), (0.0, np.sin(0.2), np.cos(0.2))),  # leaning to its right
     ((np.cos(0.6), 0.0, 0.0, np.sin(0.6)), (0.0, 0.0, 1.0))],  # turned about the vertical
)  # fmt: skip
def test_a_trunk_at_rest_feels_what_keeps_it_from_falling_in_its_own_frame(attitude, up):
    imu = _still(_Maker(), np.array(attitude))
    assert (imu.acc.x, imu.acc.y, imu.acc.z) == pytest.approx(tuple(GRAVITY * axis for axis in up))
    for still in (imu.gyro, imu.free_acc):
        assert (still.x, still.y, still.z) == (0.0, 0.0, 0.0)
    assert (imu.quat.w, imu.quat.x, imu.quat.y, imu.quat.z) == pytest.approx(attitude)
