"""Rows of a person's motion for any number of bodies: each part is read from its own columns, and other rows are not taken for such."""

import numpy as np
import pyarrow as pa
import pytest
from shiliu.replay.formats.arrays.array_episode import ArrayEpisode
from shiliu.replay.formats.arrays.whole_body import EACH, FIXED, KNOWN_BODIES, mapping_of
from shiliu.replay.formats.lerobot.own_columns import own_array
from shiliu.scenarios.sheet.errors import EpisodeError

N = 12


def rows(bodies):
    """As the tool writes them: every number another one, but for what the layout says of them."""
    rng = np.random.default_rng(bodies)
    root, quaternion = rng.normal(size=(N, 3)), unit(rng.normal(size=(N, 4)))
    joints, places = rng.normal(size=(N, 3 * (bodies - 1))), rng.normal(size=(N, 3 * bodies))
    places[:, :3] = root
    thing, turn = rng.normal(size=(N, 3)), unit(rng.normal(size=(N, 4)))
    touch, touches = rng.integers(0, 2, (N, 1)).astype(float), rng.integers(0, 2, (N, bodies)).astype(float)
    turns = unit(rng.normal(size=(N, bodies, 4))).reshape(N, -1)
    parts = [root, quaternion, np.full((N, 2), 7.0), joints, places, thing, turn, np.full((N, 5), 8.0), touch, touches, turns]
    of = {"joints": joints, "bodies": places, "object": np.hstack([thing, turn]), "contact/object": touch, "contact/bodies": touches}
    return np.hstack(parts), of | {"root": np.hstack([root, quaternion])}


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def episode(array, tmp_path, labels=()):
    known = {"body_names": labels} if labels else {}
    return ArrayEpisode("take", "take.npy", "0" * 64, "npz", "NumPy array", tmp_path / "take.npy", {"data": array}, labels=known)


@pytest.mark.parametrize("bodies", [2, 5, KNOWN_BODIES + 1])
def test_each_part_is_read_from_its_own_columns(bodies, tmp_path):
    array, of = rows(bodies)
    assert array.shape[1] == FIXED + EACH * bodies
    names = tuple(f"part_{k}" for k in range(bodies))
    mapping = mapping_of(episode(array, tmp_path, names))
    streams = {str(rule.name): rule for rule in mapping.arrays.streams}
    for name, values in of.items():
        rule = streams.get(name)
        if rule is None:
            (rule,) = (one for key, one in streams.items() if key not in of)
        first, end = (int(text) for text in rule.fields[0].removeprefix("data[").removesuffix("]").split(":"))
        assert np.array_equal(array[:, first:end], values), name
    assert streams["bodies"].names == names == streams["contact/bodies"].names and streams["joints"].names == names[1:]
    unused = [[int(text) for text in key.removeprefix("data[").removesuffix("]").split(":")] for key in mapping.unused]
    assert [array[0, first:end].tolist() for first, end in unused[:2]] == [[7.0, 7.0], [8.0] * 5]
    assert unused[2] == [array.shape[1] - 4 * bodies, array.shape[1]]


@pytest.mark.parametrize("labels", [(), ("hip", "hip", "knee", "foot"), ("hip", "knee")])
def test_bodies_without_a_name_each_are_numbered(labels, tmp_path):
    of = episode(rows(4)[0], tmp_path, labels)
    streams = {str(rule.name): rule for rule in mapping_of(of).arrays.streams}
    assert streams["bodies"].names == ("body_00", "body_01", "body_02", "body_03") and len(streams["joints"].names) == 3
    assert any("they are numbered" in note for note in of.notes)


@pytest.mark.parametrize("change", ["width", "length", "quaternion", "place", "one", "known"])
def test_rows_that_are_not_as_the_layout_says_are_none(change, tmp_path):
    array, _ = rows(KNOWN_BODIES if change == "known" else 1 if change == "one" else 4)
    if change == "width":
        array = array[:, :-1]
    elif change == "length":
        array = array[:0]
    elif change == "quaternion":
        array[3, -1] += 0.1
    elif change == "place":
        array[:, 9 + 3 * 3] += 0.01
    assert mapping_of(episode(array, tmp_path)) is None


@pytest.mark.parametrize(
    ("column", "feature", "message"),
    [
        (pa.array([1.0, 2.0], pa.float32()), {"dtype": "float32", "shape": [1]}, None),
        (pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32())), {"dtype": "float32", "shape": [2]}, None),
        (pa.array([[1.0, 2.0], [3.0]], pa.list_(pa.float32())), {"dtype": "float32", "shape": [2]}, "do not all hold 2 values"),
        (pa.array([1.0, 2.0], pa.float32()), {"dtype": "float32", "shape": [2]}, "not 2 values a row"),
        (pa.array([1.0, 2.0], pa.float64()), {"dtype": "float32", "shape": [1]}, None),
        (pa.array([0.5, 0.1], pa.float64()), {"dtype": "float32", "shape": [1]}, "is double, not float32"),
        (pa.array([1.0, 1e39], pa.float64()), {"dtype": "float32", "shape": [1]}, "is double, not float32"),
        (pa.array([1.0, 2.0], pa.float32()), {"dtype": "float64", "shape": [1]}, None),
        (pa.array([1, 2], pa.int32()), {"dtype": "int64", "shape": [1]}, None),
        (pa.array([-1, 2], pa.int8()), {"dtype": "uint8", "shape": [1]}, "is int8, not uint8"),
        (pa.array([1.0, 2.0], pa.float32()), {"dtype": "int64", "shape": [1]}, "is float, not int64"),
        (pa.array([1, None], pa.int64()), {"dtype": "int64", "shape": [1]}, "with holes"),
        (pa.array([1.0, None], pa.float32()), {"dtype": "float32", "shape": [1]}, None),
        (pa.array([1.0, 2.0], pa.float32()), {"dtype": "float32", "shape": [1, 1]}, "is not read"),
        (pa.array([1.0, 2.0], pa.float32()), {"dtype": "complex64", "shape": [1]}, "is not read"),
    ],
)
def test_a_column_of_our_own_is_what_its_feature_says(column, feature, message):
    if message is not None:
        with pytest.raises(EpisodeError, match=message):
            own_array(pa.chunked_array([column]), feature, "x")
        return
    array = own_array(pa.chunked_array([column]), feature, "x")
    assert array.shape == (2, feature["shape"][0]) and array.dtype == feature["dtype"]
