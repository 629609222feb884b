"""Datasets of others: what the readers give is what the bare libraries give, and what is broken ends in one clear error."""

import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest
from shiliu.cli import main
from shiliu.replay.formats import mapping, read
from shiliu.replay.formats.array_rule import Columns
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


def folder_of(data: Path, name: str) -> list[Recording]:
    """Every recording of a data folder, of which some are excerpts of larger sets; skips where it is absent."""
    if not (data / name).exists():
        pytest.skip(f"the real recordings {name} are not here; SHILIU_DATA names their folder")
    items = list(read(data / name))
    broken = [str(item.error) for item in items if isinstance(item, Unreadable)]
    assert all("is announced" in text for text in broken), broken
    return [item for item in items if isinstance(item, Recording)]


def column(path: Path, name: str) -> np.ndarray:
    return np.array(pq.read_table(path).column(name).to_pylist(), dtype=np.float64)


# ------------------------------------------------------------------------------------------------ the real folders


def test_g1_is_read_by_episode_with_its_names(data):
    items = folder_of(data, "g1-inspire-pick-bottle")
    assert [r.source for r in items] == [f"g1-inspire-pick-bottle#{k}" for k in range(20)]
    for k in (0, 7, 19):
        path = data / f"g1-inspire-pick-bottle/data/chunk-000/episode_{k:06d}.parquet"
        action, state = column(path, "action"), column(path, "observation.state")
        r = items[k]
        assert (r.kind, r.mapping, r.metadata["task"]) == (
            "robot",
            "g1_inspire_lerobot",
            "Pick up the yellow bottle on the table.",
        )
        assert np.array_equal(r.streams["action/arms"].values, action[:, :14])
        assert np.array_equal(r.streams["observation.state/hands"].values, state[:, 14:])
        assert r.streams["action/arms"].clock == "grid" and r.streams["action/arms"].rate == pytest.approx(30)
    assert items[0].streams["action/arms"].names[:4] == (
        "left_shoulder_pitch_joint",
        "left_shoulder_roll_joint",
        "left_shoulder_yaw_joint",
        "left_elbow_joint",
    )
    assert items[0].unmapped == ("observation.images.cam_high (video): announced, but its file is not here",)
    assert "observation.images.cam_high/episode_000001.mp4): pictures are not read" in items[1].unmapped[0]
    lacking = [item for item in read(data / "g1-inspire-pick-bottle") if isinstance(item, Unreadable)]
    assert [item.name for item in lacking] == [f"episode_{k:06d}" for k in range(20, 100)]
    assert any("generated, not measured" in note for note in items[0].notes)


def test_gr1_leaves_out_what_was_not_recorded(data):
    items = folder_of(data, "gr1-pick-place")
    action = column(data / "gr1-pick-place/data/chunk-000/episode_000002.parquet", "action")
    r = items[2]
    hands = r.streams["action/hands"]
    assert np.array_equal(hands.values, action[:, [*range(7, 13), *range(29, 35)]])
    assert set(np.unique(hands.values)) <= {-3.0, -1.5, 1.5, 3.0} and hands.quantity == "hand_flag"
    unused = [c.split(" ")[0] for c in r.unmapped if "not recorded" in c]
    assert unused == ["observation.state[13:22]", "observation.state[35:44]", "action[13:22]", "action[35:44]"]
    assert all(", all 0)" in c for c in r.unmapped if "not recorded" in c), "as the mapping says"
    assert not action[:, 13:22].any() and not action[:, 35:44].any()
    assert "observation.images.egoview (video): announced, but its file is not here" in r.unmapped
    assert len(r.select("command")) == 2 and len(items) == 3 and items[1].streams["next.done"].n == 470


def test_piper_is_split_by_episode_in_one_file(data):
    items = folder_of(data, "piper-so101-leader")
    assert [r.streams["action"].n for r in items] == [274, 314, 304, 310, 305, 257, 237, 210]
    path = data / "piper-so101-leader/data/chunk-000/file-000.parquet"
    action, episode = column(path, "action"), column(path, "episode_index")
    assert np.array_equal(items[5].streams["action"].values, action[episode == 5])
    assert items[0].streams["action"].names == ("joint_1", "joint_2", "joint_3", "joint_5", "joint_6", "gripper")
    assert items[0].streams["observation.state"].values.shape == (274, 7)
    every = np.concatenate([r.streams["action"].values for r in items])
    assert every.max() == pytest.approx(115.1, abs=0.05) and every.min() == pytest.approx(-104.6, abs=0.05)
    assert items[0].streams["action"].unit == "-100..100"


def test_dual_arm_keeps_degrees_and_counts_apart(data):
    items = folder_of(data, "dual-arm-dexhand-open")
    state = column(data / "dual-arm-dexhand-open/data/chunk-000/file-003.parquet", "state")
    r = items[3]
    assert len(items) == 8 and np.array_equal(r.streams["state/arms"].values, state[:, :14])
    assert np.array_equal(r.streams["state/right_hand"].values, state[:, 24:])
    assert (r.streams["state/arms"].unit, r.streams["state/right_hand"].unit) == ("deg", "count")
    assert r.streams["state/left_hand"].quantity == "placeholder" and not r.streams["state/left_hand"].values.any()
    assert r.streams["state/left_hand"].meta["placeholder"][0]["note"].startswith("0 in every row")


def test_cloth_has_two_layouts_with_measured_clocks(data):
    items = folder_of(data, "so101-bimanual-cloth")
    by_number = {int(r.source.rpartition("#")[2]): r for r in items}
    assert sorted(by_number) == [*range(13), 65, 66, 68]
    first, raw = by_number[0], by_number[65]
    assert (first.mapping, raw.mapping, first.kind) == ("so101_cloth_lerobot", "so101_cloth_raw", "state_only")
    ticks = column(data / "so101-bimanual-cloth/data/chunk-000/episode_000000.parquet", "observation.state")
    assert np.array_equal(first.streams["observation.state/arm2"].values, ticks[:, 6:])
    arm = first.streams["observation.state/arm1"]
    assert arm.clock == "capture" and arm.rate == pytest.approx(18.5, abs=0.1) and arm.unit == "tick"
    steps = np.diff(arm.time_ns) * 1e-9
    assert np.median(steps) == pytest.approx(0.055, abs=1e-3) and 0.049 < steps.min() < steps.max() < 0.0667
    assert raw.streams["arm1"].rate == pytest.approx(4.83, abs=0.02)
    assert (raw.streams["arm1"].values == -1).all() and (raw.streams["arm2"].values > 0).all()
    assert any("announced as float32 and stored as float64" in note for note in first.notes)
    assert any("the times in timestamp say 18.5" in note for note in first.notes)
    assert any(c.startswith("cam0_image") and "pictures are not read" in c for c in raw.unmapped)


def test_panda_archives_stand_on_the_physics_grid(data):
    items = folder_of(data, "visionpro-panda-blockpush")
    assert [r.name for r in items] == ["ep0", "ep2", "ep3", "ep7"]
    with np.load(data / "visionpro-panda-blockpush/ep3.npz", allow_pickle=False) as arrays:
        assert np.array_equal(items[2].streams["ctrl/arm"].values, arrays["ctrl"][:, :7])
        assert np.array_equal(items[2].streams["qpos/cube"].values, arrays["qpos"][:, 9:])
    arm = items[2].streams["qpos/arm"]
    assert arm.clock == "grid" and arm.time_ns[:3].tolist() == [0, 2_000_000, 4_000_000] and arm.n == 8784
    limit = 3.7525
    assert np.count_nonzero(arm.column("joint6") > limit) == 363, (
        "a real recording beyond its limit is still a recording"
    )
    assert any("row k stands at k / 500 s, the rate that the mapping names" in n for n in items[0].notes)
    assert items[0].unmapped == ()


def test_adroit_holds_an_episode_a_prefix(data):
    items = folder_of(data, "adroit-door")
    assert [r.source for r in items] == [f"door-v0_demos.npz#demo{k:02d}" for k in range(15)]
    with np.load(data / "adroit-door/door-v0_demos.npz", allow_pickle=False) as arrays:
        assert np.array_equal(items[4].streams["actions"].values, arrays["demo04/actions"])
        assert items[4].metadata["init/door_body_pos"]["values"] == arrays["demo04/init/door_body_pos"].tolist()
    hinge = [r.streams["observations/door"].column("door_hinge")[-1] for r in items]
    assert [k for k, angle in enumerate(hinge) if angle < 1.0] == [3, 5, 7], "near-failures inside the expert set"
    assert len({r.sha256 for r in items}) == 15


def test_hands_and_object_of_arctic(data):
    items = {r.name: r for r in folder_of(data, "arctic-human-bimanual")}
    r = items["s01_microwave_use_01"]
    with np.load(data / "arctic-human-bimanual/s01_microwave_use_01.npz", allow_pickle=False) as arrays:
        assert np.array_equal(r.streams["hand/left"].values, arrays["world_coord/joints.left"].reshape(634, 63))
        assert np.array_equal(r.streams["object/pose"].values[:, 3:], arrays["params/obj_quat"].astype(float))
    assert r.kind == "human" and not r.select("command") and r.streams["hand/left"].names[3] == "joint_01.x"
    assert r.streams["object/angle"].values.max() == pytest.approx(1.72, abs=0.01)
    assert items["s01_espressomachine_use_01"].streams["object/angle"].values[0, 0] == pytest.approx(0.5, abs=0.01)
    assert not [c for c in r.unmapped if "unknown" in c]


def test_hdmi_takes_names_from_beside_the_archive(data):
    items = {r.name: r for r in folder_of(data, "g1-human-video-door-box")}
    door = items["open_door-feet-0828"]
    assert door.kind == "state_only" and door.streams["joint_pos"].names[-1] == "door_joint"
    assert len(items["lift_box_over_shoulder"].streams["joint_pos"].names) == 29
    quaternions = door.streams["body_quat_w"]
    assert quaternions.names[:4] == ("pelvis.qw", "pelvis.qx", "pelvis.qy", "pelvis.qz")
    assert np.linalg.norm(quaternions.values.reshape(928, 29, 4), axis=2) == pytest.approx(1, abs=1e-6)
    box = items["lift_box_over_shoulder"].streams["body_pos_w"].column("suitcase.z")
    assert box.min() == pytest.approx(-0.01, abs=0.005), "into the floor, as recorded"


def test_omomo_reads_an_array_and_an_archive(data):
    human, robot = folder_of(data, "omomo-box-carry")
    assert (human.kind, human.streams["root"].n, robot.kind, robot.streams["joint_pos"].n) == (
        "human",
        196,
        "state_only",
        325,
    )
    assert human.streams["root"].duration_s == pytest.approx(robot.streams["joint_pos"].duration_s, abs=0.05)
    assert robot.streams["joint_pos"].names[0] == "left_hip_pitch_joint" and len(robot.streams["joint_pos"].names) == 29
    for stream, order in ((human.streams["root"], "xyzw"), (robot.streams["base_pose"], "wxyz")):
        assert stream.meta["note"].endswith(order)
        assert np.linalg.norm(stream.values[:, 3:], axis=1) == pytest.approx(1, abs=1e-3)
    assert robot.streams["object_pose"].column("box.z").max() == pytest.approx(0.84, abs=0.02)


def test_myohand_clips_have_generated_times(data):
    items = folder_of(data, "myohand-object-use")
    assert len(items) == 6 and {r.streams["robot"].clock for r in items} == {"grid"}
    r = next(r for r in items if r.name == "MyoHand_fryingpan_cook2")
    assert len(r.metadata["object_init"]["values"]) == 6, "one start pose has six numbers, and is kept so"
    assert r.streams["object"].values.shape == (100, 7)


def test_robosuite_of_two_generations(data):
    items = {r.name: r for r in folder_of(data, "robosuite-teleop")}
    assert len(items) == 7
    with h5py.File(data / "robosuite-teleop/BaxterLift/demo.hdf5") as file:
        states = file["data/demo_1/states"][()]
    lift = items["BaxterLift_demo_1"]
    assert lift.kind == "state_only" and np.array_equal(lift.streams["states/pot"].values, states[:, 20:27])
    joints = lift.streams["states/joints"]
    assert joints.clock == "device" and np.count_nonzero(np.diff(joints.time_ns) == 0) == 68
    assert np.array_equal(joints.values, states[:, [*range(1, 9), *range(11, 18)]])
    stack, panda = items["SawyerStack_demo_2"], items["PandaLift_demo_3"]
    assert (stack.kind, panda.kind) == ("robot", "robot")
    assert stack.streams["states/cubeB"].values.shape == (1174, 7)
    assert np.abs(panda.streams["actions"].values).max() == pytest.approx(3.75, abs=0.01)
    assert panda.metadata["attributes"]["model_file"]["characters"] > 10_000, "a whole model is told by its hash"
    assert stack.metadata["attributes"]["model_file"] == "model_2.xml"


@pytest.mark.parametrize("name", ["g1-inspire-pick-bottle", "so101-bimanual-cloth", "visionpro-panda-blockpush"])
def test_reading_twice_gives_the_same_and_nothing_is_writable(data, name):
    a, b = folder_of(data, name), folder_of(data, name)
    assert [r.sha256 for r in a] == [r.sha256 for r in b] and len({r.sha256 for r in a}) == len(a)
    assert not any(s.values.flags.writeable for r in a for s in r.streams.values()), "evidence is not to be altered"


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
    for name in mapping.available():
        rule = mapping.load(name)
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
        ("recognise: {channels: {q: 3, u: 2}}", "recognise: [q]", "recognise: must be a table"),
        ("unused:", "unusd:", "Did you mean unused"),
    ],
)
def test_mistakes_in_an_array_mapping_are_told_by_line(tmp_path, old, new, message):
    path = tmp_path / "other.yaml"
    assert old in MINE
    path.write_text(MINE.replace(old, new))
    with pytest.raises(EpisodeError, match=message):
        mapping.load(path)


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
        ({"u": np.zeros((4, 2), complex)}, "names this channel"),
        ({"u": np.array([["a", "b"]] * 4)}, "names this channel"),
        ({"u": np.array(3.0)}, "is one number"),
        ({"u": np.full((4, 2), 2**60)}, "whole numbers too large"),
    ],
)
def test_arrays_of_another_kind_are_named(tmp_path, mine, arrays, message):
    with pytest.raises(EpisodeError, match=message):
        only(archive(tmp_path / "a.npz", **arrays), mapping=mine)


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


# ------------------------------------------------------------------------------------------------- and the judge


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("piper-so101-leader", "robot", "other_robot"),
        ("myohand-object-use", "human", "no_retargeting"),
        ("so101-bimanual-cloth", "state_only", "other_robot"),
    ],
)
def test_what_cannot_be_carried_over_is_undecided_with_the_reason(data, bare, name, kind, reason):
    from shiliu import judge

    (verdict,) = judge(folder_of(data, name)[:1], bare)
    assert (verdict.verdict, verdict.claim) == ("INCONCLUSIVE", kind)
    for stage in ("kinematics", "dynamics", "replay"):
        assert verdict.stages[stage].verdict == "NOT_CHECKED" and verdict.stages[stage].reason == reason


def test_an_arm_that_reads_minus_one_throughout_is_unsound(data, bare):
    from shiliu import judge

    items = {r.name: r for r in folder_of(data, "so101-bimanual-cloth")}
    verdict, sound = judge([items["episode_000065"], items["episode_000012"]], bare)
    assert verdict.verdict == "UNSOUND" and verdict.findings[verdict.root].code == "value.sentinel"
    assert verdict.findings[verdict.root].subject[0] == "arm1"
    assert sound.verdict == "INCONCLUSIVE", "999 is a servo tick like any other"


def test_a_freeze_is_told_in_angles_only(data, bare):
    from shiliu import judge

    verdicts = judge(folder_of(data, "piper-so101-leader"), bare)
    assert {v.verdict for v in verdicts} == {"INCONCLUSIVE"}, "a gripper that rests at 0.3 percent has not frozen"
    frozen = [f for v in verdicts for f in v.findings if f.code == "stream.frozen"]
    assert {(f.level, f.reason) for f in frozen} == {("NOT_APPLICABLE", "no_mapping")}


def test_the_dual_arms_really_follow_nine_tenths_of_a_second_late(data, bare):
    from shiliu import judge

    (verdict,) = judge(folder_of(data, "dual-arm-dexhand-open")[:1], bare)
    assert verdict.verdict == "UNSOUND" and verdict.findings[verdict.root].code == "stream.lag"
    assert verdict.findings[verdict.root].value == pytest.approx(0.93, abs=0.02), "28 frames at 30 Hz by least squares"
