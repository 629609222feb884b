"""Datasets of others as they lie in real folders: what the readers give is what the bare libraries give."""

from pathlib import Path

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording, Unreadable


def folder_of(data: Path, name: str) -> list[Recording]:
    """Every recording of a data folder, of which some are excerpts of larger sets; skips where it is absent."""
    if not (data / name).exists():
        pytest.skip(f"the real recordings {name} are not here; SHILIU_DATA names their folder")
    items = list(read(data / name))
    broken = [str(item.error) for item in items if isinstance(item, Unreadable)]
    assert all("is announced" in text or "announced episodes are not here" in text for text in broken), broken
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
    (lacking,) = [item for item in read(data / "g1-inspire-pick-bottle") if isinstance(item, Unreadable)]
    assert lacking.name == "80 episodes", "one line for all that was not copied"
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
    assert panda.metadata["attributes"]["model_file"]["characters"] > 10_000, "a whole model is described by its hash"
    assert stack.metadata["attributes"]["model_file"] == "model_2.xml"


@pytest.mark.parametrize("name", ["g1-inspire-pick-bottle", "so101-bimanual-cloth", "visionpro-panda-blockpush"])
def test_reading_twice_gives_the_same_and_nothing_is_writable(data, name):
    a, b = folder_of(data, name), folder_of(data, name)
    assert [r.sha256 for r in a] == [r.sha256 for r in b] and len({r.sha256 for r in a}) == len(a)
    assert not any(s.values.flags.writeable for r in a for s in r.streams.values()), "evidence is not to be altered"


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
