"""A bag of ours is what the real robot would have recorded, and what is in it comes back."""

import hashlib
import io
import json
import re

import imageio_ffmpeg
import numpy as np
import pyarrow.parquet as pq
import pytest
from rosbags.rosbag1 import Reader, Writer
from shiliu import cli
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.layout import unit_text
from shiliu.replay.formats.picture_samples import picture_samples_of
from shiliu.replay.formats.rosbag import bag_pictures as rosbag1_pictures
from shiliu.replay.formats.rosbag import write as rosbag1_write
from shiliu.replay.formats.rosbag.bag1 import definitions
from shiliu.replay.formats.rosbag.bag_episode import read_episode
from shiliu.replay.judge.judge import judge
from shiliu.replay.rollout.episode import as_recording
from shiliu.replay.rollout.substeps import sampled_steps, trace
from shiliu.replay.rollout.transitions import transitions
from shiliu.replay.signals.joint_motion import zero_order_hold
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import EpisodeError
from swinging import both_waving

SESSION = "kuavo-vr-teleop/session_20250419_162611_20250419_162611_group1.bag"


@pytest.fixture(scope="module")
def episode(bare):
    return both_waving(bare, 60)


@pytest.fixture(scope="module")
def bag(episode, bare, tmp_path_factory):
    path = tmp_path_factory.mktemp("bag") / "wave.bag"
    rosbag1_write.write(episode, bare, path)
    return path


@pytest.fixture(scope="module")
def exported(bag):
    (recording,) = read(bag)
    return recording


def messages(path, topic):
    """(receive ns, message) of one topic, by the bag's own definitions."""
    with Reader(path) as reader:
        for c, time, raw in reader.messages([c for c in reader.connections if c.topic == topic]):
            yield time, definitions(c.msgdef.data, c.msgtype).deserialize_ros1(raw, c.msgtype)


# ---------------------------------------------------------------------------------------------- the messages


def plain_lines(text: str) -> list[str]:
    """A definition without comments, blank lines and superfluous blanks."""
    lines = (" ".join(line.partition("#")[0].split()) for line in text.splitlines())
    return [line for line in lines if line]


def ros_sum(type_: str) -> str:
    """ROS 1's md5 of a type, as genmsg computes it: constants first, types of other messages replaced by their sums."""
    constants, fields = [], []
    for line in rosbag1_write.sheet()[type_]["fields"].splitlines():
        kind, rest = line.split(None, 1)
        name, is_constant, value = (part.strip() for part in rest.partition("="))
        if is_constant:
            constants.append(f"{kind} {name}={value}")
        else:
            fields.append((kind, name))
    inner = iter(rosbag1_write.nested(type_))
    own = [
        f"{kind} {name}"
        if re.fullmatch(r"(u?int\d+|float\d+|string|time)(\[\])?", kind)
        else f"{ros_sum(next(inner))} {name}"
        for kind, name in fields
    ]
    return hashlib.md5("\n".join(constants + own).encode()).hexdigest()


@pytest.mark.parametrize("type_", rosbag1_write.sheet())
def test_sums_of_messages_follow_from_their_fields(type_):
    """So that no field is misspelt or out of order: subscribers compare these sums."""
    assert ros_sum(type_) == rosbag1_write.md5(type_)


def test_messages_are_those_of_the_real_bag(bag, data):
    with Reader(data / SESSION) as real, Reader(bag) as ours:
        theirs = {c.topic: c for c in real.connections}
        mine = {c.topic: c for c in ours.connections}
    assert set(theirs) <= set(mine)
    for topic, connection in theirs.items():
        assert mine[topic].msgtype == connection.msgtype
        assert mine[topic].digest == connection.digest
        assert plain_lines(mine[topic].msgdef.data) == plain_lines(connection.msgdef.data)
    first = {topic: next(messages(data / SESSION, topic))[1] for topic in theirs}
    for topic, message in first.items():
        made = next(messages(bag, topic))[1]
        assert list(vars(made)) == list(vars(message))
    assert next(messages(bag, "/kuavo_arm_traj"))[1].name == first["/kuavo_arm_traj"].name


def test_constants_with_a_small_letter_are_no_fields(bag):
    """The claw's state has them; taken for fields, they would shift every value behind them."""
    _, state = next(messages(bag, "/leju_claw_state"))
    assert list(vars(state))[:3] == ["header", "state", "data"] and state.data.name == ["left_claw", "right_claw"]
    with Reader(bag) as reader:
        text = next(c for c in reader.connections if c.topic == "/leju_claw_state").msgdef.data
    assert "int8 kError = -1" in text


# ---------------------------------------------------------------------------------------------- the bag


def test_a_bag_is_read_as_one_of_the_real_robot(exported, data):
    """Names, quantities, units and declared units of every stream; rates within what the physics step allows."""
    (real,) = read(data / SESSION)
    assert (exported.kind, exported.mapping) == (real.kind, real.mapping) == ("robot", "kuavo_rosbag")
    for name, stream in real.streams.items():
        ours = exported.streams[name]
        for what in ("names", "role", "quantity", "unit", "declared_unit", "clock"):
            assert getattr(ours, what) == getattr(stream, what), (name, what)
        assert ours.meta["type"] == stream.meta["type"]
        assert ours.rate == pytest.approx(stream.rate, rel=0.05), name
    assert exported.streams["/kuavo_arm_traj"].rate == pytest.approx(100, rel=1e-6)
    assert exported.streams["/sensors_data_raw/joint_q"].rate == pytest.approx(480, rel=1e-6)


def test_sensors_are_states_of_the_simulation(exported, episode, bare):
    """At every control step they are the recorded observation to the bit, and none is an interpolation."""
    q = exported.streams["/sensors_data_raw/joint_q"]
    joints = [q.names.index(name) for name in bare.robot.joint_names]
    at_steps = q.values[:: bare.n_substeps][:, joints].astype(np.float32)
    assert np.array_equal(at_steps, episode.states["observation.state"][:, : len(joints)])
    claws = exported.streams["/leju_claw_state"].values[:: bare.n_substeps].astype(np.float32)
    assert np.array_equal(claws, episode.states["observation.state"][:, len(joints) :])
    velocity = exported.streams["/sensors_data_raw/joint_v"].values[:, joints]
    step = np.diff(q.values[:, joints], axis=0) / bare.timestep
    assert np.abs(step - velocity[1:]).max() < 1e-6, "the engine moves each joint by its new speed"
    effort = exported.streams["/sensors_data_raw/joint_current"].values[bare.n_substeps - 1 :: bare.n_substeps, joints]
    observed = episode.states["observation.effort"][1:, : len(joints)]
    assert np.array_equal(effort.astype(np.float32), observed), "an observation holds the physics step before its state"
    assert np.array_equal(q.device_ns, np.rint(np.arange(q.n) * bare.timestep * 1e9).astype(int))
    assert np.array_equal(q.capture_ns - q.device_ns, np.full(q.n, rosbag1_write.START_NS))
    legs = q.values[:, :12]
    assert np.array_equal(legs[0], [bare.robot.sheet["stance"]["legs"][name] for name in q.names[:12]])
    assert np.ptp(legs, axis=0).max() == 0
    assert exported.streams["/sensors_data_raw/imu_acc"].values[0] == pytest.approx([0, 0, 9.81])


def test_commands_are_held_actions_with_no_change_late(exported, bag, episode, bare):
    arm, claw = exported.streams["/kuavo_arm_traj"], exported.streams["/leju_claw_command"]
    seconds = (arm.capture_ns - rosbag1_write.START_NS) * 1e-9
    starts = np.arange(episode.n_steps) * episode.control_timestep
    names = list(bare.schema.action.names)
    radians = np.deg2rad(zero_order_hold(seconds, arm.values, starts))
    columns = [names.index(name) for name in arm.names]
    error = np.abs(radians - episode.actions[:, columns]).max()
    assert error < 1e-6
    assert np.array_equal(radians.astype(np.float32), episode.actions[:, columns]), "even the float32 bits come back"
    percent = zero_order_hold(seconds, claw.values, starts)
    assert np.array_equal(percent, episode.actions[:, [names.index(name) for name in claw.names]])
    head = np.array([m.joint_data for _, m in messages(bag, "/robot_head_motion_data")])
    assert head.shape == (arm.n, 2)
    commanded = exported.streams["/robot_head_motion_data"]
    assert np.array_equal(commanded.values, head) and commanded.names == ("zhead_1_joint", "zhead_2_joint")
    assert (commanded.role, commanded.unit) == ("command", "deg")
    turned = np.deg2rad(zero_order_hold(seconds, head, starts))
    assert (
        np.abs(turned - episode.actions[:, [names.index(n) for n in ("zhead_1_joint", "zhead_2_joint")]]).max() < 1e-6
    )
    steps = np.diff(arm.capture_ns) * 1e-6
    assert steps.min() > 6.6 and steps.max() < 13.4 and np.median(steps) == pytest.approx(10)


@pytest.mark.parametrize(
    ("control", "n"), [(1 / 30, 60), (1 / 50, 7), (1 / 90, 91), (1 / 100, 5), (1 / 125, 9), (0.2, 3)]
)
def test_every_action_is_sent_when_it_begins(control, n):
    t, k = rosbag1_write.command_ticks(n, control)
    starts = np.arange(n) * control
    assert (np.diff(t) > 0).all() and t[0] == 0 and t[-1] < n * control
    assert np.array_equal(np.unique(k), np.arange(n)) and np.isin(starts, t).all()
    assert np.array_equal(k, np.minimum((t + 1e-9) // control, n - 1).astype(int))
    assert len(t) == max(n, int(np.ceil(n * control * 100 - 1e-6)))


@pytest.mark.parametrize(
    ("timestep", "mean"), [(0.002, 500), (1 / 480, 480), (1 / 960, 500), (0.001, 500), (0.004, 250)]
)
def test_sensors_are_taken_at_physics_steps(timestep, mean):
    total = round(2 / timestep)
    steps = sampled_steps(total, timestep, 500.0)
    assert (np.diff(steps) > 0).all() and steps[0] == 0 and steps[-1] == total
    assert (len(steps) - 1) / 2 == pytest.approx(mean, rel=1e-3)
    assert np.abs(steps * timestep - np.rint(steps * timestep * 500) / 500).max() <= max(timestep, 0.001)


def test_the_episode_comes_back_to_the_bit(bag, episode, bare):
    back = read_episode(bag)
    assert back.actions.dtype == np.float32 and back.actions.tobytes() == episode.actions.tobytes()
    assert back.start_state.tobytes() == episode.start_state.tobytes()
    assert {t: s.tobytes() for t, s in back.checkpoints.items()} == {
        t: s.tobytes() for t, s in episode.checkpoints.items()
    }
    for name in ("seed", "draw", "config", "label", "segments", "task", "fingerprint", "provenance", "action_names"):
        assert getattr(back, name) == getattr(episode, name), name
    (verdict,) = judge([as_recording("back", back, bare)])
    assert verdict.verdict == "FEASIBLE"
    assert next(f for f in verdict.findings if f.code == "reproduces").level == "PASS"


def test_replay_of_the_bag_does_what_the_episode_did(exported, bare):
    """From the maker's topics alone, on the bare floor: feasible, and the joints go where they went."""
    (verdict,) = judge([exported], bare)
    assert verdict.verdict == "FEASIBLE", [(f.code, f.value) for f in verdict.findings if f.failed]
    tracking = next(f for f in verdict.findings if f.code == "tracking")
    assert abs(tracking.value) < 1e-4
    assert not any(f.level in ("WARN", "FAIL") for f in verdict.findings)


def test_the_same_episode_gives_the_same_bag(episode, bare, bag, tmp_path):
    rosbag1_write.write(episode, bare, tmp_path / "again.bag")
    assert (tmp_path / "again.bag").read_bytes() == bag.read_bytes()


def test_a_bag_without_an_episode_and_one_with_other_actions_are_refused(bag, tmp_path, episode, bare, monkeypatch):
    with Writer(tmp_path / "none.bag") as writer:
        types = rosbag1_write.store()
        connection = writer.add_connection("/x", "std_msgs/msg/String", typestore=types)
        writer.write(
            connection, 1, types.serialize_ros1(types.types["std_msgs/msg/String"](data="x"), connection.msgtype)
        )
    with pytest.raises(EpisodeError, match="carries 0 simulation episodes"):
        read_episode(tmp_path / "none.bag")
    (tmp_path / "text.bag").write_text("no bag")
    with pytest.raises(EpisodeError, match="not a readable ROS 1 bag"):
        read_episode(tmp_path / "text.bag")
    pack = rosbag1_write.packed.pack
    other = both_waving(bare, 6)
    monkeypatch.setattr(rosbag1_write.packed, "pack", lambda e: pack(other))
    rosbag1_write.write(both_waving(bare, 5), bare, tmp_path / "mixed.bag")
    with pytest.raises(EpisodeError, match="5 actions are sent that are not the 6"):
        read_episode(tmp_path / "mixed.bag")


def test_mutated_bags_give_the_episode_or_an_error(bare, tmp_path):
    rosbag1_write.write(both_waving(bare, 3), bare, tmp_path / "whole.bag")
    content = (tmp_path / "whole.bag").read_bytes()
    rng, path, refused = np.random.default_rng(0), tmp_path / "broken.bag", 0
    for _ in range(60):
        at = int(rng.integers(content.index(b"/kuavo_arm_traj")))  # what lies before is the packed episode
        path.write_bytes(content[:at] + rng.bytes(6) + content[at + 6 :])
        try:
            read_episode(path)
        except EpisodeError:
            refused += 1
    assert refused > 30, "the rest hits padding, or what the JSON says in plain words beside the packed episode"


def test_an_episode_that_comes_out_otherwise_is_not_written(episode, bare, tmp_path):
    changed = both_waving(bare, 6)
    state = changed.states["observation.state"].copy()
    state[4, 2] = np.nextafter(state[4, 2], np.float32(9))
    changed.states["observation.state"] = state
    with pytest.raises(EpisodeError, match=r"departs from its record at 0\.13 s"):
        rosbag1_write.write(changed, bare, tmp_path / "x.bag")
    with pytest.raises(EpisodeError, match=r"observation\.state: stepped again it departs from its record at 0\.13 s"):
        transitions(bare, changed, "sparse")
    changed.actions[3, 0] = np.nan
    with pytest.raises(EpisodeError, match="not all finite"):
        rosbag1_write.write(changed, bare, tmp_path / "x.bag")
    changed.action_names = changed.action_names[::-1]
    with pytest.raises(EpisodeError, match="other sizes or actuators"):
        transitions(bare, changed, "sparse")
    with pytest.raises(EpisodeError, match="camera 'overview' has no topic"):
        rosbag1_write.write(episode, bare, tmp_path / "x.bag", images=["overview"])
    (tmp_path / "there.bag").touch()
    with pytest.raises(EpisodeError, match="nothing is overwritten"):
        rosbag1_write.write(episode, bare, tmp_path / "there.bag")
    assert [p.name for p in tmp_path.iterdir()] == ["there.bag"]


@pytest.fixture(scope="module")
def seen(bare, tmp_path_factory, opengl):
    """A bag with twenty pictures of the head camera, and the episode in it."""
    path, moving = tmp_path_factory.mktemp("seen") / "seen.bag", both_waving(bare, 20)
    rosbag1_write.write(moving, bare, path, images=["head"])
    return path, moving


def test_pictures_are_jpeg_of_the_head_camera(bare, seen):
    from PIL import Image
    from shiliu.envs.rendering import Painter

    path, moving = seen
    sent = [m for _, m in messages(path, "/cam_h/color/image_raw/compressed")]
    assert len(sent) == 20 and {m.format for m in sent} == {"jpeg"}
    feature = bare.schema.cameras["observation.images.head"]
    with Painter(bare) as painter:
        qpos = trace(bare, moving, 500.0).qpos
        wanted = painter.picture(drawing.nominal(bare).values, qpos[2], feature.camera, feature.width, feature.height)
    got = np.asarray(Image.open(io.BytesIO(sent[2].data.tobytes())))
    error = np.abs(got.astype(int) - wanted)
    print(f"jpeg: mean error {error.mean():.2f}, largest {error.max()} of 255")
    assert got.shape == wanted.shape and error.mean() < 4


def test_pictures_of_a_bag_become_video_on_the_frames_clock(bare, tmp_path, seen, capsys):
    (recording,) = read(seen[0])
    topic = recording.pictures["observation.images.head"]
    assert (topic.shape, topic.n) == ((480, 640, 3), 20)
    stamps = rosbag1_pictures.stamps(topic)
    originals = [picture.astype(int) for picture in rosbag1_pictures.frames(topic, stamps)]
    (samples,) = picture_samples_of(recording)
    coarse = [picture.mean(axis=2).reshape(24, 20, 32, 20).mean(axis=(1, 3)) for picture in originals]
    assert (samples.total, len(samples.t), samples.expected) == (20, 20, None)
    assert np.abs(samples.cells - np.array(coarse)).max() < 16  # luminance is not the mean of the colours, but near it
    between = list(rosbag1_pictures.frames(topic, stamps[[0, 0, 7]] + 5_000_000))  # each is held until the next
    assert [int(np.abs(a - b).sum()) for a, b in zip(between, (originals[0], originals[0], originals[7]))] == [0, 0, 0]
    words = ["import", f"data={seen[0]}", "scenario=bare", "quiet=true"]
    assert cli.main([*words, f"out={tmp_path / 'set'}"]) == 0
    info = json.loads((tmp_path / "set/meta/info.json").read_text())["features"]
    wanted = bare.schema.lerobot_features(("observation.images.head",))["observation.images.head"]
    assert info["observation.images.head"]["shape"] == wanted["shape"]
    (video,) = (tmp_path / "set/videos").rglob("*.mp4")
    decoder = imageio_ffmpeg.read_frames(str(video), pix_fmt="rgb24")
    next(decoder)
    frames = [np.frombuffer(raw, np.uint8).reshape(480, 640, 3).astype(int) for raw in decoder]
    assert len(frames) == len(originals)
    error = [np.abs(a - b).mean() for a, b in zip(frames, originals)]
    print(f"h264: mean error {np.mean(error):.2f} of 255, worst picture {max(error):.2f}")
    assert max(error) < 3
    assert cli.main([*words, f"out={tmp_path / 'blind'}", "videos=false"]) == 0
    assert not (tmp_path / "blind/videos").exists()


def test_a_picture_that_is_none_is_one_error(tmp_path, seen):
    content = seen[0].read_bytes()
    jpeg = content.index(b"\xff\xd8\xff")
    (tmp_path / "seen.bag").write_bytes(content[:jpeg] + b"no picture" + content[jpeg + 10 :])
    with pytest.raises(EpisodeError, match="a picture cannot be decoded"):
        list(read(tmp_path / "seen.bag"))


def test_hardware_and_simulation_share_one_schema(episode, bag, bare, tmp_path, capsys):
    """Out as the real robot's bag in degrees and at its rates, in again: the simulation's features, to the float32 bit."""
    alone = tmp_path / "maker.bag"  # without our own topics
    with Reader(bag) as source, Writer(alone) as writer:
        made = {}
        for c, time, raw in source.messages([c for c in source.connections if not c.topic.startswith("/shiliu")]):
            if c.topic not in made:
                made[c.topic] = writer.add_connection(c.topic, c.msgtype, msgdef=c.msgdef.data, md5sum=c.digest)
            writer.write(made[c.topic], time, raw)
    assert cli.main(["import", f"data={alone}", "scenario=bare", f"out={tmp_path / 'set'}", "quiet=true"]) == 0
    info = json.loads((tmp_path / "set/meta/info.json").read_text())
    own = bare.schema.lerobot_features()
    shared = ("action", "observation.state", "observation.velocity")
    for name in shared:
        assert all(info["features"][name][key] == own[name][key] for key in ("dtype", "shape", "names")), name
        assert info["features"][name]["unit"] == unit_text(own[name]["unit"]), name
    assert info["fps"] == round(1 / bare.control_timestep)
    assert not set(own) - set(shared) & set(info["features"])
    table = pq.read_table(tmp_path / "set/data/chunk-000/file-000.parquet")
    rows = {name: np.array(table[name].to_pylist(), np.float32) for name in shared}
    n = table.num_rows
    assert n >= episode.n_steps - 1
    assert np.array_equal(rows["action"], episode.actions[:n])
    for name in shared[1:]:
        assert np.array_equal(rows[name], episode.states[name][:n]), name
    side = json.loads((tmp_path / "set/shiliu/episodes/episode_000000.json").read_text())["provenance"]
    assert side["converted"] == {"action": "deg to rad"} and side["schema"] == "bare"
    assert "not recorded: left_claw, right_claw" in side["left_out"]["observation.effort"]
