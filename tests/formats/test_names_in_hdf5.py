"""HDF5 says what its columns are in lists of texts: names in another order are followed, episodes that are links are reported."""

import json
import pickle

import h5py
import numpy as np
import pytest
import yaml
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording
from shiliu.scenarios.sheet.errors import EpisodeError

JOINTS = ["pan", "lift", "elbow"]
STORED = ["elbow", "pan", "lift"]
ROWS = np.arange(60.0).reshape(20, 3)  # in the order of STORED


def sheet(folder, format_="hdf5", **more):
    stream = {"name": "state", "field": "state", "role": "measured", "quantity": "joint_position", "unit": "rad", "names": JOINTS}
    rule = {"title": "an arm", "format": format_, "robot": "arm", "kind": "state_only", "recognise": {"channels": {"state": 3}}, "fps": 30}
    path = folder / f"{format_}.yaml"
    rule |= {"streams": [stream | more.pop("stream", {})]} | more
    path.write_text(yaml.safe_dump({key: value for key, value in rule.items() if value is not None}))
    return path


def named(folder):
    return sheet(folder, stream={"spelled_in": "joint_names"})


def written(path, names=None, attribute=None, of_column=None):
    with h5py.File(path, "w") as file:
        file["state"] = ROWS
        if names is not None:
            file["joint_names"] = names
        if attribute is not None:
            file.attrs["joint_names"] = attribute
        if of_column is not None:
            file["state"].attrs["names"] = of_column
    return path


@pytest.mark.parametrize(
    "how",
    [
        {"names": np.array(STORED, "S")},
        {"names": np.array(STORED, h5py.string_dtype())},
        {"attribute": STORED},
        {"attribute": json.dumps(STORED)},
    ],
)
def test_names_in_another_order_go_with_their_columns(tmp_path, how):
    (recording,) = read(written(tmp_path / "a.h5", **how), mapping=named(tmp_path))
    stream = recording.streams["state"]
    assert np.array_equal(stream.values[:, [stream.names.index(name) for name in STORED]], ROWS)
    assert stream.names == tuple(STORED) and not any("names no elements" in note for note in recording.notes)


def test_a_file_without_names_follows_the_mapping_and_says_so(tmp_path):
    (recording,) = read(written(tmp_path / "a.h5"), mapping=named(tmp_path))
    assert recording.streams["state"].names == tuple(JOINTS)
    assert any("the container names no elements; their order is the mapping's" in note for note in recording.notes)


@pytest.mark.parametrize("own, refused", [(JOINTS, False), (STORED, True), (["a", "b", "c"], False), (STORED[:2], False)])
def test_a_dataset_that_names_its_columns_is_held_against_the_mapping(tmp_path, own, refused):
    path = written(tmp_path / "a.h5", of_column=own)
    if refused:
        with pytest.raises(EpisodeError, match="the container calls its column 1 pan, mapping hdf5 calls column 0 so"):
            list(read(path, mapping=sheet(tmp_path)))
    else:
        (recording,) = read(path, mapping=sheet(tmp_path))
        assert np.array_equal(recording.streams["state"].values, ROWS)


def test_names_that_cannot_be_read_are_no_missing_names(tmp_path):
    rule = sheet(tmp_path, "npz", stream={"spelled_in": "joint_names"})
    np.savez(tmp_path / "a.npz", state=ROWS, joint_names=np.array(STORED, object))
    with pytest.raises(EpisodeError, match=r"joint_names: is here, and not read: Python objects.* Write the names as plain texts"):
        list(read(tmp_path / "a.npz", mapping=rule))
    np.savez(tmp_path / "b.npz", state=ROWS, joint_names=np.array(STORED))
    (recording,) = read(tmp_path / "b.npz", mapping=rule)
    assert recording.streams["state"].names == tuple(STORED)


def test_a_list_without_end_is_no_list_of_names(tmp_path):
    path = written(tmp_path / "a.h5", attribute="[" * 30_000, names=np.array(["a" * 300_000] * 4, h5py.string_dtype()))
    (recording,) = read(path, mapping=sheet(tmp_path))
    assert any(text.startswith("joint_names (object)") for text in recording.unmapped)


def test_episodes_that_are_links_are_told_of(tmp_path):
    rule = sheet(tmp_path, episodes="data/demo_*")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data/demo_0/state"] = ROWS
        file["data/demo_1"] = h5py.SoftLink("/data/demo_0")
        file["data/demo_2"] = h5py.ExternalLink("b.h5", "/demo_2")
    first, *links = read(tmp_path / "a.h5", mapping=rule)
    assert isinstance(first, Recording)
    assert [str(link.error).rpartition(": ")[2] for link in links] == [
        f"episode data/demo_{k} is a link, which is not followed. Copy the episode itself into the file." for k in (1, 2)
    ]
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["data/demo_0"] = h5py.ExternalLink("b.h5", "/demo_0")
        file["data"].create_group("other")
    with pytest.raises(EpisodeError, match="episode data/demo_0 is a link"):
        list(read(tmp_path / "c.h5", mapping=rule))


def test_an_episode_without_any_row_says_that_it_is_empty(tmp_path):
    rule = sheet(tmp_path, episodes="data/demo_*")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data/demo_0/state"] = ROWS
        file.create_group("data/demo_1")
    _, empty = read(tmp_path / "a.h5", mapping=rule)
    assert "the episode holds nothing: it was begun" in str(empty.error)


def test_a_pickle_names_its_columns_in_a_list_of_texts(tmp_path):
    rule = sheet(tmp_path, "dapg", stream={"spelled_in": "joint_names"})
    path = tmp_path / "a.pkl"
    for names, stored in ((STORED, STORED), (None, JOINTS)):
        path.write_bytes(pickle.dumps({"state": ROWS} | ({} if names is None else {"joint_names": names})))
        (recording,) = read(path, mapping=rule)
        assert recording.streams["state"].names == tuple(stored) and np.array_equal(recording.streams["state"].values, ROWS)
    path.write_bytes(pickle.dumps({"state": ROWS, "joint_names": [*STORED[:2], 3]}))
    with pytest.raises(EpisodeError, match="joint_names: is here, and not read: list"):
        list(read(path, mapping=rule))


@pytest.mark.parametrize(
    "announced, turns, unit",
    [("deg", 60.0, "deg"), (b"degrees", 60.0, "deg"), ("deg", 0.02, "rad"), ("parsec", 60.0, "rad"), (None, 60.0, "rad"), (7, 60.0, "rad")],
)
def test_a_dataset_that_announces_degrees_is_read_in_them_where_its_values_are(tmp_path, announced, turns, unit):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["state"] = turns * (1.0 + ROWS / 60.0)
        if announced is not None:
            file["state"].attrs["units"] = announced
    (recording,) = read(tmp_path / "a.h5", mapping=sheet(tmp_path))
    assert recording.streams["state"].unit == unit
    assert np.array_equal(recording.streams["state"].values, turns * (1.0 + ROWS / 60.0))


@pytest.mark.parametrize(
    ("stated", "mapped", "second"),
    [(50, None, 20_000_000), (50, 50, 20_000_000), (50, 25, 40_000_000), (None, 25, 40_000_000)],
)
def test_the_rate_that_a_file_states_is_taken_where_no_mapping_names_one(tmp_path, stated, mapped, second):
    path = written(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file.attrs.update({} if stated is None else {"fps": stated})
    (recording,) = read(path, mapping=sheet(tmp_path, fps=mapped))
    assert recording.streams["state"].time_ns[1] == second
    differs = "the container says 50 rows a second, the mapping 25: those of the mapping are taken"
    assert (differs in recording.notes) == ((stated, mapped) == (50, 25))


@pytest.mark.parametrize("stated", [0, "fast", None])
def test_a_file_that_states_no_rate_is_refused(tmp_path, stated):
    path = written(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file.attrs.update({} if stated is None else {"fps": stated})
    with pytest.raises(EpisodeError, match="no rate" if stated == 0 else "nothing says how many rows a second"):
        list(read(path, mapping=sheet(tmp_path, fps=None)))


def test_files_come_in_the_order_of_their_numbers(tmp_path):
    rule = sheet(tmp_path)
    folder = tmp_path / "takes"
    for name in ("episode_10", "episode_9", "episode_2", "episode_²"):
        (folder / name).mkdir(parents=True)
        written(folder / name / "take_10.h5")
        written(folder / name / "take_2.h5")
    found = [one.source.rpartition("episode_")[2] for one in read(folder, mapping=rule)]
    assert found == [f"{k}/take_{i}.h5" for k in ("2", "9", "10", "²") for i in (2, 10)]


@pytest.mark.parametrize(("group", "whole"), [("observation/robot", True), ("traj_0/obs", False), ("data/traj_0", False)])
def test_one_episode_may_lie_in_groups_alone(tmp_path, group, whole):
    """Groups with a number are episodes, by a pattern that nobody named."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[f"{group}/q"] = ROWS
    with pytest.raises(EpisodeError, match="no mapping knows" if whole else "holds no episode"):
        list(read(tmp_path / "a.h5"))
