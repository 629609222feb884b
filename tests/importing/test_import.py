"""Import: one clock, the source's values and units, every resampling by name; and drafts that say what they do not know."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.formats import NothingReadable, mapping, read
from shiliu.replay.formats.arrays import array_episode as arrays
from shiliu.replay.formats.arrays import hdf5
from shiliu.replay.formats.mcap import write as mcap_write
from shiliu.replay.formats.video import encode
from shiliu.replay.importing.frames import frames_of, own_rate
from shiliu.replay.importing.mapping_draft import propose
from shiliu.replay.importing.mapping_draft_topics import propose_topics
from shiliu.replay.importing.resample import Methods, onto, quaternion_groups
from shiliu.replay.importing.schema_columns import conformed
from shiliu.replay.recording.recording import Recording, Stream, Unreadable
from shiliu.replay.signals.channels import units_of
from shiliu.replay.signals.grid import SLACK_NS
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


# ------------------------------------------------------------------------------------------------- onto one clock


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


# ------------------------------------------------------------------------------------------------- the real folders

FOLDERS = {
    "g1-inspire-pick-bottle": (20, {"g1_inspire_lerobot"}, False),
    "gr1-pick-place": (3, {"gr1_lerobot"}, False),
    "piper-so101-leader": (8, {"piper_lerobot"}, False),
    "dual-arm-dexhand-open": (8, {"dual_arm_dexhand_lerobot"}, False),
    "so101-bimanual-cloth": (16, {"so101_cloth_lerobot", "so101_cloth_raw"}, True),
    "visionpro-panda-blockpush": (4, {"panda_visionpro"}, False),
    "adroit-door": (15, {"adroit_door"}, False),
    "arctic-human-bimanual": (3, {"arctic_hands"}, False),
    "g1-human-video-door-box": (3, {"g1_hdmi_motion"}, False),
    "omomo-box-carry": (2, {"omomo_human", "g1_omomo_motion"}, False),
    "myohand-object-use": (6, {"myohand_object"}, False),
    "robosuite-teleop": (
        7,
        {"robosuite_baxter_lift", "robosuite_panda_lift", "robosuite_sawyer_stack"},
        {"robosuite_baxter_lift", "robosuite_sawyer_stack"},  # what a stepped simulator writes stands on its grid
    ),
    "kuavo-vr-teleop": (3, {"kuavo_rosbag", "kuavo_vr_input"}, True),
    "kuavo-arm-pick-planner": (2, {"kuavo_planner"}, True),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_every_folder_becomes_datasets_that_say_what_was_done(data, tmp_path, name, capsys):
    if not (data / name).exists():
        pytest.skip(f"the real recordings {name} are not here; SHILIU_DATA names their folder")
    episodes, mappings, unlike = FOLDERS[name]
    out = tmp_path / "out"
    words = ["keep_raw=false", "quiet=true", "videos=false"]
    sources = {r.source: r for r in read(data / name)}
    lacking = [r for r in sources.values() if isinstance(r, Unreadable)]  # some folders are excerpts of larger sets
    assert main(["import", f"data={data / name}", f"out={out}", *words]) == (3 if lacking else 0)
    assert [p.name for p in tmp_path.iterdir()] == ["out"], "nothing half written is left"
    back = list(read(out))
    assert len(back) == episodes and {r.mapping for r in back} == mappings
    for r in back:
        source = sources[r.metadata["imported_from"]]
        assert (r.kind, r.episode) == (source.kind, None) and set(r.streams) <= set(source.streams)
        assert {s.clock for s in r.streams.values()} == {"grid"}
        resampled = r.mapping in unlike if isinstance(unlike, set) else unlike
        assert any("nothing was resampled" in n for n in r.notes) != resampled
        for stream_name, s in r.streams.items():
            was = source.streams[stream_name]
            assert (s.names, s.unit, s.role, s.quantity) == (was.names, was.unit, was.role, was.quantity)
            if not resampled:
                assert np.array_equal(s.values, was.values), stream_name
            else:
                low, high = was.values.min() - 1e-9, was.values.max() + 1e-9
                assert s.values.min() >= low and s.values.max() <= high


def test_frames_equal_the_source_read_with_the_bare_library(data, tmp_path):
    folder = data / "dual-arm-dexhand-open"
    if not folder.exists():
        pytest.skip("the real recordings are not here; SHILIU_DATA names their folder")
    out = tmp_path / "set"
    assert main(["import", f"data={folder}", f"out={out}", "quiet=true", "keep_raw=false"]) == 3, "42 more are announced"
    table = pq.read_table(out / "data/chunk-000/file-000.parquet")
    action = np.array(table.column("action").to_pylist(), np.float32)
    parts = [
        np.array(
            pq.read_table(folder / f"data/chunk-000/file-{k:03d}.parquet").column("actions").to_pylist(), np.float32
        )
        for k in range(8)
    ]
    every = np.concatenate(parts)
    assert np.array_equal(action, every[:, [*range(14), *range(24, 34)]])
    info = json.loads((out / "meta/info.json").read_text())
    assert info["features"]["action"]["dtype"] == "float32" and info["robot_type"] == "lingzu_dual_arm"
    assert info["features"]["action"]["unit"].split() == ["deg"] * 14 + ["count"] * 10
    assert info["fps"] == 30 and info["total_frames"] == len(every)


def test_a_bag_is_resampled_onto_thirty_hertz_and_says_how(data, tmp_path):
    bag = data / "kuavo-vr-teleop/session_20250419_162611_20250419_162611_group1.bag"
    if not bag.exists():
        pytest.skip("the real recordings are not here; SHILIU_DATA names their folder")
    out = tmp_path / "set"
    assert (
        main(["import", f"data={bag}", f"out={out}", "quiet=true", "keep_raw=false", "resample.measured=previous"]) == 0
    )
    side = json.loads((out / "shiliu/episodes/episode_000000.json").read_text())
    report = side["provenance"]
    assert report["fps"] == 30 and report["before_s"] == pytest.approx(1.24, abs=0.01)
    assert report["streams"]["/kuavo_arm_traj"]["method"] == "previous"
    assert report["streams"]["/sensors_data_raw/joint_q"]["method"] == "previous"
    assert report["streams"]["/sensors_data_raw/imu_quat_xyzw"]["quaternions"] == "slerp of 1"
    (source,), (back,) = read(bag), read(out)
    command = source.streams["/kuavo_arm_traj"]
    for row, t in enumerate(report["start_ns"] + back.streams["/kuavo_arm_traj"].time_ns):
        at = np.flatnonzero(command.time_ns <= t + SLACK_NS)[-1]
        assert np.array_equal(back.streams["/kuavo_arm_traj"].values[row], command.values[at])
    assert back.streams["/kuavo_arm_traj"].unit == "deg" and back.streams["/kuavo_arm_traj"].declared_unit == "rad"


# ------------------------------------------------------------------------------------------------------ the command


def write_archive(path: Path) -> Path:
    rng = np.random.default_rng(0)
    quaternion = rng.normal(size=(50, 4))
    quaternion /= np.linalg.norm(quaternion, axis=1, keepdims=True)
    np.savez(
        path,
        action=rng.uniform(-2, 2, (50, 3)),
        state=np.hstack([rng.uniform(-120, 120, (50, 2)), np.zeros((50, 1)), quaternion]),
        start=np.zeros(4),
    )
    return path


def test_without_a_mapping_a_draft_is_written_and_then_reads_the_file(tmp_path, capsys):
    path = write_archive(tmp_path / "take.npz")
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}"]) == 2
    printed = capsys.readouterr().err
    draft = tmp_path / "proposed-mapping.yaml"
    assert str(draft) in printed and "Nothing could be imported" in printed and not (tmp_path / "set").exists()
    assert "state[3:7]: a quaternion by its norm; whether wxyz or xyzw" in printed
    assert "state[2] is 0 in every row" in printed and "30 rows a second is a guess" in printed
    assert "state: beyond one turn in radians, taken as degrees" in printed and "action: radians by range" in printed

    rule = mapping.load(draft)
    assert (rule.kind, rule.format, rule.arrays.fps) == ("robot", "npz", 30)
    units = {s.name: (s.role, s.unit) for s in rule.arrays.streams}
    assert units == {"action": ("command", "rad"), "state[0:2]": ("measured", "deg"), "state[3:7]": ("measured", "1")}
    (r,) = read(path, draft)
    assert not [c for c in r.unmapped if "unknown" in c] and r.metadata["start"]["values"] == [0.0] * 4
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}", f"mapping={draft}", "quiet=true"]) == 0
    assert main(["import", f"data={path}", f"out={tmp_path / 'other'}"]) == 2
    assert (tmp_path / "proposed-mapping-2.yaml").exists(), "a draft that somebody may have mended is not overwritten"


@pytest.mark.parametrize(
    ("arrays_of", "wanted"),
    [
        ({"qpos": np.linspace(-3, 3, 40).reshape(20, 2)}, "radians by range"),
        ({"servo": np.arange(700, 740.0).reshape(20, 2)}, "whole numbers up to 739, taken as device counts"),
        ({"qvel": np.ones((20, 2)) * np.arange(20)[:, None]}, "speeds in rad/s by its name"),
        ({"thing": np.arange(40.0).reshape(20, 2) / 40}, "taken as measured, because its name does not tell"),
        ({"q": np.arange(20.0)[:, None] / 20, "t": np.arange(20.0) * 20}, "t steps by 20: taken as ms"),
        ({"q": np.full((20, 3), -1.0)}, "q is -1 in every row"),
        ({"q": np.arange(40.0).reshape(20, 2) / 40, "long": np.zeros(500)}, "long has 500 rows"),
    ],
)
def test_a_draft_doubts_what_it_should(tmp_path, arrays_of, wanted):
    draft = drafted(tmp_path, arrays_of)
    assert any(wanted in line for line in draft.unsure), draft.unsure
    assert all(line in draft.text for line in draft.unsure)


@pytest.mark.parametrize("constant", [0.0, -1.0, 0.7])
def test_columns_of_a_placeholder_are_left_out_and_others_at_rest_are_kept(tmp_path, constant):
    moving = np.linspace(0.1, 0.9, 20)
    still = np.column_stack([moving, np.full(20, constant), 0.5 * moving])
    draft = drafted(tmp_path, {"q": still})
    assert any(f"q[1] is {constant:g} in every row" in line for line in draft.unsure)
    assert (f"{constant:g} in every row of the first episode" in draft.text) == (constant != 0.7)


def drafted(tmp_path: Path, arrays_of: dict):
    episode = arrays.ArrayEpisode(
        "take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", arrays_of
    )
    draft = propose(episode)
    file = tmp_path / "draft.yaml"
    file.write_text(draft.text)
    arrays.recording_of(episode, file)  # every draft reads what it was made from
    return draft


def test_a_draft_takes_names_and_robot_from_the_container(tmp_path):
    episode = arrays.ArrayEpisode(
        "e", "e", "0" * 64, "lerobot", "set", tmp_path / "info.json", {"action": np.arange(60.0).reshape(20, 3) / 60},
        labels={"action": ("a", "b", "c")}, robot_type="My Robot", fps=30.0, time=None,
    )  # fmt: skip
    draft = propose(episode)
    assert (
        "names: [a, b, c]" in draft.text and 'robot_type: "My Robot"' in draft.text and "robot: my_robot" in draft.text
    )
    assert not any("names" in line or "rate" in line or "which robot" in line for line in draft.unsure)


def test_a_draft_sees_episodes_under_prefixes(tmp_path):
    np.savez(tmp_path / "many.npz", **{f"run{k}/q": np.linspace(0, 1, 20 + k)[:, None] for k in range(3)})
    with pytest.raises(arrays.NoMapping) as caught:
        list(read(tmp_path / "many.npz"))
    file = tmp_path / "draft.yaml"
    file.write_text(propose(caught.value.episode).text)
    assert [r.streams["q"].n for r in read(tmp_path / "many.npz", file)] == [20, 21, 22]


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


def test_unreadable_ones_are_told_and_the_others_imported(tmp_path, capsys):
    folder = tmp_path / "takes"
    folder.mkdir()
    write_archive(folder / "a.npz")
    main(["import", f"data={folder}", f"out={tmp_path / 'x'}"])
    (folder / "b.npz").write_bytes(b"PK\x03\x04")
    capsys.readouterr()
    out = tmp_path / "set"
    assert main(["import", f"data={folder}", f"out={out}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]) == 3
    printed = capsys.readouterr()
    assert "shiliu: b.npz:" in printed.err and "1 episodes, 50 frames" in printed.out and len(list(read(out))) == 1
    strict = [f"data={folder}", f"out={tmp_path / 'strict'}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]
    before = sorted(tmp_path.iterdir())
    assert main(["import", *strict, "keep_going=false"]) == 2
    assert "b.npz cannot be imported" in capsys.readouterr().err and sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["resample.command=slerp"], "'slerp' is not known here"),
        (["resample.speed=linear"], "speed"),
        (["fps=0"], "fps"),
        (["fps=29.97"], "fps"),
        (["mapping=no_such"], "There is no mapping 'no_such'"),
    ],
)
def test_what_the_user_can_mend_is_2_and_leaves_nothing(tmp_path, words, message, capsys):
    path = write_archive(tmp_path / "take.npz")
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}", *words]) == 2
    assert message in capsys.readouterr().err and [p.name for p in tmp_path.iterdir()] == ["take.npz"]


def test_nothing_is_overwritten(tmp_path, capsys):
    path = write_archive(tmp_path / "take.npz")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine.txt").write_text("mine")
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}"]) == 2
    assert "exists already" in capsys.readouterr().err and (tmp_path / "set/mine.txt").read_text() == "mine"


def test_raw_streams_lie_beside_the_frames(tmp_path, monkeypatch):
    path = write_archive(tmp_path / "take.npz")
    main(["import", f"data={path}", f"out={tmp_path / 'x'}"])
    draft = f"mapping={tmp_path / 'proposed-mapping.yaml'}"
    assert main(["import", f"data={path}", f"out={tmp_path / 'a'}", draft, "quiet=true"]) == 0
    (source,), (raw,) = read(path, tmp_path / "proposed-mapping.yaml"), read(tmp_path / "a/shiliu/raw/episode_000000.mcap")
    assert all(np.array_equal(raw.streams[name].values, s.values) for name, s in source.streams.items())
    assert main(["import", f"data={path}", f"out={tmp_path / 'b'}", draft, "quiet=true", "keep_raw=false"]) == 0
    assert not (tmp_path / "b/shiliu/raw").exists()
    side = [json.loads((tmp_path / n / "shiliu/episodes/episode_000000.json").read_text()) for n in "ab"]
    assert [s["provenance"]["raw_streams"] for s in side] == [True, False]
    monkeypatch.setattr(mcap_write, "write", lambda recording, path: 1 / 0)
    assert main(["import", f"data={path}", f"out={tmp_path / 'c'}", draft, "quiet=true"]) == 70
    assert not (tmp_path / "c").exists() and not list(tmp_path.glob(".c*"))


def test_an_imported_set_that_was_changed_says_so(tmp_path, capsys):
    path = write_archive(tmp_path / "take.npz")
    main(["import", f"data={path}", f"out={tmp_path / 'x'}"])
    out = tmp_path / "set"
    assert main(["import", f"data={path}", f"out={out}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]) == 0
    table = pq.read_table(out / "data/chunk-000/file-000.parquet")
    i = table.column_names.index("action")
    rows = np.array(table.column(i).to_pylist()) + 1
    kept = pa.array(rows.tolist(), table.schema.field(i).type)
    pq.write_table(table.set_column(i, table.schema.field(i), kept), out / "data/chunk-000/file-000.parquet")
    (r,) = read(out)
    assert r.declared.changed == ("action",)
    side = out / "shiliu/episodes/episode_000000.json"
    side.write_text(side.read_text().replace("take", "tale"))
    with pytest.raises(EpisodeError, match="was changed after it was written"):
        list(read(out))


def test_importing_twice_gives_the_same_bytes(tmp_path):
    path = write_archive(tmp_path / "take.npz")
    main(["import", f"data={path}", f"out={tmp_path / 'x'}"])
    words = ["import", f"data={path}", f"mapping={tmp_path / 'proposed-mapping.yaml'}", "quiet=true", "keep_raw=false"]
    files = []
    for name in "ab":
        assert main([*words, f"out={tmp_path / name}"]) == 0
        root = tmp_path / name
        files.append({p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()})
    assert files[0] == files[1]


def test_an_own_simulation_episode_is_not_imported():
    episode = recording(stream())
    episode.episode = object()
    with pytest.raises(EpisodeError, match="lose what replays it to the bit"):
        frames_of(episode)


def with_pictures(root: Path, counts: dict[int, int], fps: int = 20) -> Path:
    """A LeRobot v2.1 set of others with a video an episode, of so many pictures for its 12 frames."""
    (root / "meta").mkdir(parents=True)
    (root / "data/chunk-000").mkdir(parents=True)
    (root / "videos/chunk-000/observation.images.top").mkdir(parents=True)
    features = {
        "action": {"dtype": "float32", "shape": [2], "names": ["a", "b"]},
        "observation.images.top": {"dtype": "video", "shape": [32, 48, 3], "info": {"video.codec": "h264"}},
    }
    info = {"codebase_version": "v2.1", "robot_type": "toy", "fps": 20, "features": features, "chunks_size": 1000}
    info["video_path"] = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
    (root / "meta/info.json").write_text(json.dumps(info))
    for k, count in counts.items():
        table = {
            "action": pa.array(
                np.random.default_rng(k).random((12, 2)).astype(np.float32).tolist(), pa.list_(pa.float32())
            ),
            "timestamp": pa.array((np.arange(12) / 20).astype(np.float32)),
            "episode_index": pa.array([k] * 12),
        }
        pq.write_table(pa.table(table), root / f"data/chunk-000/episode_{k:06d}.parquet")
        pictures = [np.full((32, 48, 3), 15 * i, np.uint8) for i in range(count)]
        if count:
            path = root / f"videos/chunk-000/observation.images.top/episode_{k:06d}.mp4"
            encode(path, pictures, [32, 48, 3], fps, count, "top")
    return root


def test_videos_with_a_picture_a_frame_are_copied_as_they_are(tmp_path, capsys):
    root = with_pictures(tmp_path / "set", {0: 12, 1: 12, 2: 11, 3: 0, 4: 12})
    broken = root / "videos/chunk-000/observation.images.top/episode_000004.mp4"
    broken.write_bytes(broken.read_bytes()[:300])
    file = tmp_path / "toy.yaml"
    file.write_text(
        "title: toy\nformat: lerobot\nrobot: toy\nkind: robot\nrecognise: {channels: {action: 2}}\nstreams:\n"
        "  - {name: action, field: action, role: command, quantity: joint_position, unit: rad, names: [a, b]}\n"
    )
    out = tmp_path / "out"
    words = ["import", f"data={root}", f"mapping={file}", "keep_raw=false", "quiet=true"]
    assert main([*words, f"out={out}"]) == 0
    assert "out/toy: 2 episodes, 24 frames" in capsys.readouterr().out
    for k in (0, 1):
        copy = out / f"toy/videos/observation.images.top/chunk-000/file-{k:03d}.mp4"
        assert copy.read_bytes() == (root / f"videos/chunk-000/observation.images.top/episode_{k:06d}.mp4").read_bytes()
    info = json.loads((out / "toy/meta/info.json").read_text())
    assert info["features"]["observation.images.top"]["info"]["video.codec"] == "h264" and info["video_path"]
    stats = json.loads((out / "toy/meta/stats.json").read_text())["observation.images.top"]
    assert np.ravel(stats["max"]) == pytest.approx([15 * 11 / 255] * 3, abs=0.03)

    others = sorted((out / "toy_2/shiliu/episodes").glob("*.json"))
    reports = [json.loads(path.read_text())["provenance"]["left_out"] for path in others]
    assert reports[0] == {"observation.images.top": "its video has 11 pictures for 12 frames"} and reports[1] == {}
    assert "no readable video" in reports[2]["observation.images.top"], "a broken video does not stop the frames"
    assert main([*words, f"out={tmp_path / 'plain'}", "videos=false"]) == 0
    assert not (tmp_path / "plain/videos").exists() and len(list(read(tmp_path / "plain"))) == 5
    assert main([*words, f"out={tmp_path / 'slow'}", "fps=10"]) == 0
    side = json.loads((tmp_path / "slow/shiliu/episodes/episode_000000.json").read_text())
    assert (
        side["provenance"]["left_out"]["observation.images.top"] == "its pictures stand at other times than the frames"
    )


ARRAYS_OF_OTHERS = [name for name in FOLDERS if not name.startswith("kuavo")]


@pytest.mark.parametrize("name", ARRAYS_OF_OTHERS)
def test_a_draft_reads_every_real_recording_it_is_made_from(data, tmp_path, monkeypatch, name):
    if not (data / name).exists():
        pytest.skip(f"the real recordings {name} are not here; SHILIU_DATA names their folder")
    known = next(iter(read(data / name)))
    monkeypatch.setattr(arrays, "of_format", lambda _: [])
    monkeypatch.setattr(hdf5, "mapping_of", lambda _: None)  # nor by the model that it carries
    with pytest.raises(EpisodeError) as caught:
        list(read(data / name))
    error = caught.value.items[0].error if isinstance(caught.value, NothingReadable) else caught.value
    assert isinstance(error, arrays.NoMapping)
    draft = propose(error.episode)
    file = tmp_path / "draft.yaml"
    file.write_text(draft.text)
    r = (
        arrays.recording_of(error.episode, file)
        if "episodes:" not in draft.text
        else next(iter(read(error.episode.file, file)))
    )
    assert draft.unsure and not [c for c in r.unmapped if "unknown" in c]
    assert bool(r.select("command")) == bool(known.select("command")) or name == "so101-bimanual-cloth", (
        "its action is none"
    )


def test_a_draft_tells_degrees_from_counts_and_finds_a_quaternion(data, tmp_path, monkeypatch):
    wanted = {
        "dual-arm-dexhand-open": {"state[0:14]": "deg", "state[24:34]": "count", "actions[0:14]": "deg"},
        "visionpro-panda-blockpush": {
            "qpos[12:16]": "1",
            "ctrl[0:7]": "deg",
        },  # torques by their range: told as a doubt
        "robosuite-teleop": {"states[23:27]": "1"},
    }
    monkeypatch.setattr(arrays, "of_format", lambda _: [])
    monkeypatch.setattr(hdf5, "mapping_of", lambda _: None)  # nor by the model that it carries
    for name, units in wanted.items():
        if not (data / name).exists():
            pytest.skip(f"the real recordings {name} are not here; SHILIU_DATA names their folder")
        with pytest.raises(EpisodeError) as caught:
            list(read(data / name))
        error = caught.value.items[0].error if isinstance(caught.value, NothingReadable) else caught.value
        file = tmp_path / f"{name}.yaml"
        file.write_text(propose(error.episode).text)
        rule = mapping.load(file).arrays
        assert units.items() <= {s.name: s.unit for s in rule.streams}.items()
    assert rule.time is not None and rule.time.field == "states[0]", "the simulator's time stands first"


def test_raw_streams_come_back_as_they_came(data, tmp_path):
    bag = data / "kuavo-vr-teleop/session_20250419_162611_20250419_162611_group1.bag"
    if not bag.exists():
        pytest.skip("the real recordings are not here; SHILIU_DATA names their folder")
    assert main(["import", f"data={bag}", f"out={tmp_path / 'set'}", "quiet=true"]) == 0
    (source,), (raw,) = read(bag), read(tmp_path / "set/shiliu/raw/episode_000000.mcap")
    assert list(raw.streams) == list(source.streams)
    for name, s in source.streams.items():
        back = raw.streams[name]
        assert np.array_equal(back.values, s.values, equal_nan=True) and np.array_equal(back.time_ns, s.time_ns)
        assert (back.unit, back.names, back.clock) == (s.unit, s.names, s.clock)


# -------------------------------------------------------------------------------- drafts for bags of unknown topics


def unknown_bag(path, stamped=True):
    """Commands in radians with names, a measurement in degrees without, and a wrench, on topics that no mapping knows."""
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    made = store.types
    state, wrench = "sensor_msgs/msg/JointState", "geometry_msgs/msg/Wrench"
    with Writer(path) as writer:
        topics = {
            topic: writer.add_connection(topic, kind, typestore=store)
            for topic, kind in (("/my_arm/cmd", state), ("/my_arm/state", state), ("/wrist", wrench))
        }
        for k in range(30):
            ns = 10**18 + k * 20_000_000
            seconds = ns if stamped else 0
            stamp = made["builtin_interfaces/msg/Time"](sec=seconds // 10**9, nanosec=seconds % 10**9)
            header = made["std_msgs/msg/Header"](seq=k, stamp=stamp, frame_id="")
            none = np.empty(0)
            for topic, names, scale in (("/my_arm/cmd", ["a", "b", "c"], 1.0), ("/my_arm/state", [], 57.3)):
                q = scale * np.sin(0.1 * k + np.arange(3))
                message = made[state](header=header, name=names, position=q, velocity=none, effort=none)
                writer.write(topics[topic], ns, store.serialize_ros1(message, state))
            force = made["geometry_msgs/msg/Vector3"](x=1.0 * k, y=2.0, z=3.0)
            message = made[wrench](force=force, torque=force)
            writer.write(topics["/wrist"], ns, store.serialize_ros1(message, wrench))
    return path


def test_a_bag_of_unknown_topics_gets_a_draft_that_then_reads_it(tmp_path, capsys):
    path = unknown_bag(tmp_path / "take.bag")
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}"]) == 2
    printed = capsys.readouterr().err
    assert "/my_arm/state" in printed and "have no names" in printed and "which robot" in printed
    assert sorted(p.name for p in tmp_path.iterdir()) == ["proposed-mapping.yaml", "take.bag"]
    (r,) = read(path, tmp_path / "proposed-mapping.yaml")
    command, measured = r.streams["/my_arm/cmd/position"], r.streams["/my_arm/state/position"]
    assert (command.role, command.unit, command.names, command.clock) == ("command", "rad", ("a", "b", "c"), "capture")
    assert (measured.role, measured.unit, measured.n) == ("measured", "deg", 30)
    wrench = r.streams["/wrist/force"]
    assert wrench.names == ("x", "y", "z") and wrench.clock == "receive" and wrench.values[5].tolist() == [5.0, 2.0, 3.0]
    assert "timed by arrival" in (tmp_path / "proposed-mapping.yaml").read_text()
    words = ["import", f"data={path}", f"out={tmp_path / 'set'}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]
    assert main(words) == 0 and len(list(read(tmp_path / "set"))) == 1


def test_a_draft_takes_no_stamp_that_is_zero(tmp_path):
    text = propose_topics(unknown_bag(tmp_path / "take.bag", stamped=False)).text
    assert "capture" not in text and text.count("clock: receive") == 3
