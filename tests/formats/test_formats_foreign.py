"""Arrays of others: mappings of one's own, archives and files that are hostile or broken, which end in one clear error."""

import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from shiliu.cli import main
from shiliu.replay.formats import mappings, read
from shiliu.replay.formats.mapping import Columns
from shiliu.replay.formats.records import readers
from shiliu.replay.recording.recording import Recording, Unreadable
from shiliu.scenarios.sheet.errors import EpisodeError

MINE = """\
title: mine
format: npz
robot: toy
kind: robot
recognise: {channels: {q: 3, u: 2}}
fps: 50
streams:
  - {name: u, field: u, role: command, quantity: joint_position, unit: rad, names: [a, b]}
  - {name: q, fields: ["q[0]", "q[2]"], role: measured, quantity: joint_position, unit: rad, names: [a, b]}
unused:
  q[1]: "a joint that was taken off"
"""


# ------------------------------------------------------------------------------------------------------- mappings


def archive(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **({"q": np.arange(12.0).reshape(4, 3), "u": np.zeros((4, 2))} | arrays))
    return path


@pytest.fixture
def mine(tmp_path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


def only(path: Path, **options) -> Recording:
    (recording,) = read(path, **options)
    return recording


def test_every_packaged_mapping_is_sound():
    for name in mappings.available():
        rule = mappings.load(name)
        assert readers()[rule.format].mapped
        assert (rule.arrays is None) == readers()[rule.format].messages


@pytest.mark.parametrize(
    ("text", "columns"),
    [("a", ("a", 0, None)), ("a.b/c[3]", ("a.b/c", 3, 4)), ("action[0:7]", ("action", 0, 7))],
)
def test_fields_are_channels_with_slices(text, columns):
    found = Columns.parse(text)
    assert (found.channel, found.first, found.end) == columns and str(found) == text


def test_own_mapping_takes_columns_and_names_the_rest(tmp_path, mine):
    r = only(archive(tmp_path / "a.npz", extra=np.ones((4, 2)), note=np.array(["x"])), mapping=mine)
    assert r.streams["q"].values.tolist() == [[0, 2], [3, 5], [6, 8], [9, 11]] and r.kind == "robot"
    assert r.unmapped == (
        "q[1] (4 rows x 1): a joint that was taken off",
        "extra (4 rows x 2, all 1): unknown to mapping mine",
    )
    assert r.streams["u"].time_ns.tolist() == [0, 20_000_000, 40_000_000, 60_000_000]
    assert only(tmp_path / "a.npz", mapping=mine, fps=10).streams["u"].rate == pytest.approx(10)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fps: 50\n", "", "nothing says how many rows a second"),
        ('"q[2]"', '"q[7]"', r"q: has 3 columns, the mapping takes q\[7\]"),
        ("names: [a, b]}", "names: [a, b, c]}", "holds 2 columns, 3 are named"),
        ("field: u,", "field: w,", "w: mapping .* names this channel, but the episode holds q, u"),
        ("format: npz", "format: hdf5", r"is for hdf5, and this is a NumPy archive"),
    ],
)
def test_a_mapping_that_does_not_fit_says_where(tmp_path, old, new, message):
    path = tmp_path / "other.yaml"
    assert old in MINE
    path.write_text(MINE.replace(old, new))
    with pytest.raises(EpisodeError, match=message):
        only(archive(tmp_path / "a.npz"), mapping=path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fps: 50", "fps: -1", r"other\.yaml:6: fps: must be a number"),
        ('"q[2]"', '"q[2:2]"', "holds no column"),
        ("{q: 3, u: 2}", "{q: three}", "must be the number of columns"),
        ("  - {name: u, field", "  - {field", "every stream needs a name"),
        ("recognise: {channels: {q: 3, u: 2}}", "recognise: [q]", "recognise: .*is not a mapping"),
        ("unused:", "unusd:", "Did you mean unused"),
    ],
)
def test_mistakes_in_an_array_mapping_are_told_by_line(tmp_path, old, new, message):
    path = tmp_path / "other.yaml"
    assert old in MINE
    path.write_text(MINE.replace(old, new))
    with pytest.raises(EpisodeError, match=message):
        mappings.load(path)


def test_a_placeholder_that_moves_is_told(tmp_path):
    path = tmp_path / "filled.yaml"
    filler = "names: [a, b], placeholder: [{names: [b], value: 0, note: no such joint}]}"
    path.write_text(MINE.replace("names: [a, b]}", filler, 1))
    still = only(archive(tmp_path / "a.npz"), mapping=path)
    assert still.streams["u"].meta["placeholder"][0]["names"] == ["b"] and "u: b: no such joint" in still.notes
    moving = only(archive(tmp_path / "b.npz", u=np.ones((4, 2))), mapping=path)
    assert "placeholder" not in moving.streams["u"].meta
    assert any("expects 0 in every row, and they hold something else here" in note for note in moving.notes)


def test_what_no_mapping_knows_says_what_it_holds(tmp_path):
    with pytest.raises(EpisodeError, match=r"holds q 4 x 3, u 4 x 2.*which joint.*needs a mapping") as caught:
        only(archive(tmp_path / "a.npz"))
    assert caught.value.episode.arrays["q"].shape == (4, 3)


# ----------------------------------------------------------------------------------------------- hostile archives


def damaged_archive(name: str, path: Path) -> Path:
    content = archive(path).read_bytes()
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 9), }"
    huge = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(80)
    if name == "objects":
        np.savez(path, q=np.array([{"a": 1}], dtype=object), u=np.zeros((4, 2)))
    elif name == "bomb":
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("q.npy", huge)
    elif name == "npy":
        path = path.with_suffix(".npy")
        path.write_bytes(huge)
    elif name == "twice":
        with pytest.warns(UserWarning), zipfile.ZipFile(path, "w") as z:
            z.writestr("q.npy", huge)
            z.writestr("q.npy", huge)
    else:
        path.write_bytes(
            {
                "empty": b"",
                "cut": content[: len(content) // 2],
                "text": b"hello",
                "flipped": content[:300] + b"\xff" * 40 + content[340:],
            }[name]
        )
    return path


@pytest.mark.parametrize("name", ["empty", "cut", "text", "flipped", "objects", "bomb", "npy", "twice"])
def test_a_damaged_archive_is_one_error(tmp_path, mine, name):
    path = damaged_archive(name, tmp_path / "a.npz")
    with pytest.raises(EpisodeError) as caught:
        only(path, mapping=mine)
    assert path.name in str(caught.value) and "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"u": np.zeros((3, 2))}, "has 3 rows, other channels have 4|other channels have 3"),
        ({"u": np.zeros((0, 2)), "q": np.zeros((0, 3))}, "holds no row"),
        ({"u": np.zeros((4, 2), complex)}, "u: is here, and not read: complex128, which is no plain number"),
        ({"u": np.array([["a", "b"]] * 4)}, "u: is here, and not read: text"),
        ({"q": np.zeros((3, 400))}, "q: has 3 rows and 400 columns, and the mapping takes 3 columns: it looks transposed"),
        ({"u": np.array(3.0)}, "is one number"),
        ({"u": np.full((4, 2), 2**60)}, "whole numbers too large"),
    ],
)
def test_arrays_of_another_kind_are_named(tmp_path, mine, arrays, message):
    with pytest.raises(EpisodeError, match=message):
        only(archive(tmp_path / "a.npz", **arrays), mapping=mine)


def test_a_folder_of_which_nothing_is_readable_names_file_and_channel(tmp_path, mine):
    (tmp_path / "takes").mkdir()
    for name in ("a", "b"):
        archive(tmp_path / "takes" / f"{name}.npz", u=np.zeros((4, 2), complex))
    with pytest.raises(EpisodeError, match=r"(?s)a\.npz: u: is here, and not read.*b\.npz: u: is here"):
        list(read(tmp_path / "takes", mapping=mine))


def test_fortran_order_and_big_endian_are_read_as_the_library_reads_them(tmp_path, mine):
    q = np.asfortranarray(np.arange(12.0).reshape(4, 3)).astype(">f4")
    path = archive(tmp_path / "a.npz", q=q)
    with np.load(path) as bare:
        assert np.array_equal(only(path, mapping=mine).streams["q"].values, bare["q"][:, [0, 2]])


def test_a_folder_goes_on_past_a_broken_file(tmp_path, mine):
    archive(tmp_path / "b.npz")
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04broken")
    (tmp_path / "c.hdf5").write_bytes(b"no HDF5")
    items = list(read(tmp_path, mapping=mine))
    assert [type(i) for i in items] == [Unreadable, Recording, Unreadable]
    assert "NumPy archive cannot be read" in str(items[0].error)
    assert "HDF5 file cannot be read" in str(items[2].error)


# ------------------------------------------------------------------------------------------------------------ HDF5

HDF5 = MINE.replace("format: npz", "format: hdf5")


def demo_file(path: Path, n: int = 2) -> Path:
    with h5py.File(path, "w") as file:
        for k in range(n):
            group = file.create_group(f"data/demo_{k + 9}")
            group["q"] = np.arange(12.0).reshape(4, 3) + k
            group["u"] = np.zeros((4, 2))
            group.attrs["model_file"] = "model.xml"
    return path


@pytest.fixture
def robomimic(tmp_path) -> Path:
    path = tmp_path / "robomimic.yaml"
    path.write_text(HDF5)
    return path


def one_episode(path: Path, k: int = 0) -> Path:
    """As ALOHA writes it: the arrays of one episode at the root, pictures beside them."""
    with h5py.File(path, "w") as file:
        file["q"] = np.arange(12.0).reshape(4, 3) + k
        file["u"] = np.full((4, 2), 0.1 * k)
        file["observations/images/cam_high"] = np.zeros((4, 600), np.uint8)
        file["observations/top"] = np.zeros((4, 8, 6, 3), np.uint8)
        file.attrs["sim"] = False
    return path


@pytest.mark.parametrize("episodes", ["", 'episodes: "/"\n', "episodes: .\n"], ids=["left out", "slash", "dot"])
def test_a_file_may_be_one_episode(tmp_path, episodes):
    (tmp_path / "takes").mkdir()
    for k in range(3):
        one_episode(tmp_path / f"takes/episode_{k}.hdf5", k)
    (tmp_path / "mine.yaml").write_text(HDF5.replace("fps: 50\n", f"fps: 50\n{episodes}"))
    items = list(read(tmp_path / "takes", mapping=tmp_path / "mine.yaml"))
    assert [(r.name, r.source) for r in items] == [(f"episode_{k}", f"episode_{k}.hdf5") for k in range(3)]
    assert items[2].streams["q"].values[1].tolist() == [5.0, 7.0] and items[2].streams["u"].values[0, 0] == 0.2
    left = [text for text in items[0].unmapped if "pictures are not read" in text]
    assert left == [
        "observations/images/cam_high (4 x 600): pictures are not read", "observations/top (4 x 8 x 6 x 3): pictures are not read",
    ]  # fmt: skip


def test_a_file_of_one_episode_gets_a_draft_that_then_reads_it(tmp_path):
    path = one_episode(tmp_path / "take.hdf5", 1)
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}"]) == 2
    draft = tmp_path / "proposed-mapping.yaml"
    (r,) = read(path, mapping=draft)
    assert {s.names for s in r.streams.values()} == {("q_0", "q_1", "q_2"), ("u_0", "u_1")}


def test_demos_that_are_announced_and_not_here_are_lines_of_their_own(tmp_path, robomimic):
    path = demo_file(tmp_path / "d.hdf5", 3)
    with h5py.File(path, "a") as file:
        for k, announced in ((9, 4), (10, 4), (11, 5)):
            file[f"data/demo_{k}/actions"] = np.zeros((4, 2))
            file[f"data/demo_{k}"].attrs["num_samples"] = announced
        file["mask/train"] = np.array([b"demo_9", b"demo_10", b"demo_11"])
    robomimic.write_text(HDF5.replace("unused:", "unused:\n  actions: the same again", 1))
    items = list(read(path, mapping=robomimic))
    assert [isinstance(item, Unreadable) for item in items] == [False, False, True]
    assert "d.hdf5: num_samples: 5 rows are announced (num_samples), 4 are here" in str(items[2].error)
    with h5py.File(path, "a") as file:
        del file["data/demo_10"]
    items = list(read(path, mapping=robomimic))
    assert [item.source for item in items] == ["d.hdf5#demo_9", "d.hdf5#demo_11", "d.hdf5#demo_10"]
    assert "demo_10 is listed in mask/train, and it is not here" in str(items[2].error)


def test_demos_come_in_the_order_of_their_numbers(tmp_path, robomimic):
    items = list(read(demo_file(tmp_path / "d.hdf5", 3), mapping=robomimic))
    assert [r.source for r in items] == ["d.hdf5#demo_9", "d.hdf5#demo_10", "d.hdf5#demo_11"]
    assert items[2].streams["q"].values[0].tolist() == [2, 4]


def test_links_out_of_a_file_are_not_followed(tmp_path, robomimic):
    secret = tmp_path / "secret.hdf5"
    with h5py.File(secret, "w") as file:
        file["w"] = np.ones((4, 1))
    path = demo_file(tmp_path / "d.hdf5", 1)
    with h5py.File(path, "a") as file:
        group = file["data/demo_9"]
        group["outside"] = h5py.ExternalLink(str(secret), "w")
        group["soft"] = h5py.SoftLink("/data")
        group["text"] = "a text"
        layout = h5py.VirtualLayout((4, 1), dtype=float)
        layout[:] = h5py.VirtualSource(str(secret), "w", shape=(4, 1))
        group.create_virtual_dataset("virtual", layout)
    r = only(path, mapping=robomimic)
    assert {c.split(":")[0].split(" ")[0] for c in r.unmapped if "unknown" not in c} >= {
        "outside",
        "soft",
        "text",
        "virtual",
    }
    assert all("not followed" in c or "not opened" in c for c in r.unmapped if c.startswith(("outside", "virtual")))


@pytest.mark.parametrize("name", ["empty", "cut", "no demos", "huge", "rows differ"])
def test_a_damaged_hdf5_is_one_error(tmp_path, robomimic, name):
    path = demo_file(tmp_path / "d.hdf5")
    if name in ("empty", "cut"):
        path.write_bytes(b"" if name == "empty" else path.read_bytes()[:1000])
    elif name == "no demos":
        with h5py.File(path, "w") as file:
            file["something"] = 1.0
    else:
        with h5py.File(path, "a") as file:
            for group in file["data"].values():
                del group["u"]
                shape = (10**12, 2) if name == "huge" else (3, 2)
                group.create_dataset("u", shape=shape, dtype="f8", chunks=(3, 2))
    with pytest.raises(EpisodeError, match=r"d\.hdf5"):
        list(read(path, mapping=robomimic))
