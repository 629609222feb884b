"""Columns that a mapping takes, by their names or by their places, and those that it leaves."""

import numpy as np
import pytest
from shiliu.replay.formats.arrays.array_episode import ArrayEpisode, recording_of
from shiliu.replay.formats.arrays.mapped_columns import MappedColumns
from shiliu.replay.formats.mappings import load

MAPPING = """title: t
format: npz
robot: toy
kind: state_only
recognise: {{channels: {{q: 5}}}}
fps: 30
streams:
  - {{name: q, field: {field}, role: measured, quantity: joint_position, unit: rad, names: [{names}], by_name: {by_name}}}
"""
CALLED = ("a", "b", "c", "d", "e")


def read(tmp_path, field, names, by_name):
    path = tmp_path / "toy.yaml"
    path.write_text(MAPPING.format(field=field, names=", ".join(names), by_name=str(by_name).lower()))
    q = np.arange(50.0).reshape(10, 5)
    labels = {"q": CALLED} if by_name else {}
    episode = ArrayEpisode("take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", {"q": q}, labels=labels)
    return recording_of(episode, path), q


@pytest.mark.parametrize("names", [("a",), ("e", "a"), ("b", "d"), ("c", "b", "a", "e", "d"), ("d", "c")])
def test_columns_that_are_taken_by_their_names_are_known_and_the_others_are_reported(tmp_path, names):
    recording, q = read(tmp_path, "q", names, True)
    (stream,) = recording.streams.values()
    assert all(np.array_equal(stream.column(name), q[:, CALLED.index(name)]) for name in names)
    left = set()
    for text in recording.unmapped:
        place = text.split(" (")[0].removeprefix("q").strip("[]")
        first, _, end = place.partition(":")
        left |= set(range(int(first), int(end or int(first) + 1)))
    assert left == {k for k, name in enumerate(CALLED) if name not in names}


@pytest.mark.parametrize(("field", "first", "end"), [("'q[0:2]'", 0, 2), ("'q[3:5]'", 3, 5), ("'q[4]'", 4, 5), ("q", 0, 5)])
def test_columns_that_are_taken_by_their_places(tmp_path, field, first, end):
    recording, q = read(tmp_path, field, CALLED[first:end], False)
    (stream,) = recording.streams.values()
    assert np.array_equal(stream.values, q[:, first:end])
    shown = ["q" if b - a == 5 else f"q[{a}]" if b - a == 1 else f"q[{a}:{b}]" for a, b in ((0, first), (end, 5)) if b > a]
    assert [text.split(" (")[0] for text in recording.unmapped] == shown


def test_what_is_marked_as_taken_is_what_was_read(tmp_path):
    (tmp_path / "toy.yaml").write_text(MAPPING.format(field="q", names=", ".join(CALLED), by_name="false"))
    mapping = load(tmp_path / "toy.yaml")
    q = np.arange(50.0).reshape(10, 5)
    episode = ArrayEpisode("take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", {"q": q})
    columns = MappedColumns(episode, mapping, mapping.arrays, None)
    assert np.array_equal(columns.columns("q", [0, 4, 2]), q[:, [0, 4, 2]]) and columns.used == {"q": [(0, 1), (4, 5), (2, 3)]}
    assert np.array_equal(columns.columns("q[1:4]"), q[:, 1:4]) and columns.used["q"][-1] == (1, 4)
