"""Out of shiliu and back in: nothing is lost, and a bag of ours is what the real robot would have recorded."""

import hashlib
import io
import json
import re
from dataclasses import replace

import imageio_ffmpeg
import numpy as np
import pyarrow.parquet as pq
import pytest
from rosbags.rosbag1 import Reader, Writer
from shiliu import cli
from shiliu.replay.formats import exporters, read
from shiliu.replay.formats.lerobot.layout import unit_text
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.formats.mcap import write as mcap_write
from shiliu.replay.formats.picture_samples import picture_samples_of
from shiliu.replay.formats.records import writers
from shiliu.replay.formats.rosbag import bag_messages as rosbag1_messages
from shiliu.replay.formats.rosbag import bag_pictures as rosbag1_pictures
from shiliu.replay.formats.rosbag import write as rosbag1_write
from shiliu.replay.formats.rosbag.bag1 import definitions
from shiliu.replay.formats.rosbag.bag_episode import read_episode
from shiliu.replay.judge.judge import judge
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.replay.rollout.substeps import sampled_steps, trace
from shiliu.replay.rollout.transitions import transitions
from shiliu.replay.signals.joint_motion import zero_order_hold
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import EpisodeError

SESSION = "kuavo-vr-teleop/session_20250419_162611_20250419_162611_group1.bag"


def waving(scene, n: int):
    """An episode on the bare floor: both arms, head and one claw move and come back."""
    names = scene.schema.action.names
    actions = np.tile(scene.ready_ctrl, (n, 1))
    wave = 0.15 * (1 - np.cos(np.linspace(0, 2 * np.pi, n)))
    moved = {"zarm_l1_joint": -1, "zarm_l7_joint": 0.5, "zarm_r4_joint": -1, "zhead_1_joint": 0.5, "left_claw": 130}
    for name, gain in moved.items():
        actions[:, names.index(name)] += gain * wave
    start, take = drawing.nominal(scene), actions.astype(np.float32)
    played = next(play(scene, [Take(start, take)], [checkpoints_of(scene, n)]))
    return episode_of(scene, played, 3, [{"skill": "wave", "t0": 0.0, "t1": n / 30}], {"made_by": "test"})


@pytest.fixture(scope="module")
def episode(bare):
    return waving(bare, 60)


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
    for line in rosbag1_messages.sheet()[type_]["fields"].splitlines():
        kind, rest = line.split(None, 1)
        name, is_constant, value = (part.strip() for part in rest.partition("="))
        if is_constant:
            constants.append(f"{kind} {name}={value}")
        else:
            fields.append((kind, name))
    inner = iter(rosbag1_messages.nested(type_))
    own = [
        f"{kind} {name}"
        if re.fullmatch(r"(u?int\d+|float\d+|string|time)(\[\])?", kind)
        else f"{ros_sum(next(inner))} {name}"
        for kind, name in fields
    ]
    return hashlib.md5("\n".join(constants + own).encode()).hexdigest()


@pytest.mark.parametrize("type_", rosbag1_messages.sheet())
def test_sums_of_messages_follow_from_their_fields(type_):
    """So that no field is misspelt or out of order: subscribers compare these sums."""
    assert ros_sum(type_) == rosbag1_messages.md5(type_)


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
        types = rosbag1_messages.store()
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
    other = waving(bare, 6)
    monkeypatch.setattr(rosbag1_write.packed, "pack", lambda e: pack(other))
    rosbag1_write.write(waving(bare, 5), bare, tmp_path / "mixed.bag")
    with pytest.raises(EpisodeError, match="5 actions are sent that are not the 6"):
        read_episode(tmp_path / "mixed.bag")


def test_mutated_bags_give_the_episode_or_an_error(bare, tmp_path):
    rosbag1_write.write(waving(bare, 3), bare, tmp_path / "whole.bag")
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
    changed = waving(bare, 6)
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


def test_pictures_are_jpeg_of_the_head_camera(bare, tmp_path, opengl):
    from PIL import Image
    from shiliu.envs.rendering import Painter

    short = waving(bare, 3)
    rosbag1_write.write(short, bare, tmp_path / "x.bag", images=["head"])
    sent = [m for _, m in messages(tmp_path / "x.bag", "/cam_h/color/image_raw/compressed")]
    assert len(sent) == 3 and {m.format for m in sent} == {"jpeg"}
    feature = bare.schema.cameras["observation.images.head"]
    with Painter(bare) as painter:
        qpos = trace(bare, short, 500.0).qpos
        wanted = painter.picture(drawing.nominal(bare).values, qpos[2], feature.camera, feature.width, feature.height)
    got = np.asarray(Image.open(io.BytesIO(sent[2].data.tobytes())))
    error = np.abs(got.astype(int) - wanted)
    print(f"jpeg: mean error {error.mean():.2f}, largest {error.max()} of 255")
    assert got.shape == wanted.shape and error.mean() < 4


# ---------------------------------------------------------------------------------------------- shiliu export


def test_pictures_of_a_bag_become_video_on_the_frames_clock(bare, tmp_path, opengl, capsys):
    moving = waving(bare, 20)
    rosbag1_write.write(moving, bare, tmp_path / "seen.bag", images=["head"])
    (recording,) = read(tmp_path / "seen.bag")
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
    words = ["import", f"data={tmp_path / 'seen.bag'}", "scenario=bare", "quiet=true"]
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


def test_a_picture_that_is_none_is_one_error(bare, tmp_path, opengl):
    rosbag1_write.write(waving(bare, 3), bare, tmp_path / "seen.bag", images=["head"])
    content = (tmp_path / "seen.bag").read_bytes()
    jpeg = content.index(b"\xff\xd8\xff")
    (tmp_path / "seen.bag").write_bytes(content[:jpeg] + b"no picture" + content[jpeg + 10 :])
    with pytest.raises(EpisodeError, match="a picture cannot be decoded"):
        list(read(tmp_path / "seen.bag"))


@pytest.fixture(scope="module")
def episodes(bare):
    return [waving(bare, n) for n in (20, 12, 16)]


@pytest.fixture(scope="module")
def demos(episodes, bare, tmp_path_factory):
    out = tmp_path_factory.mktemp("sets") / "demos"
    return write_lerobot(out, episodes, bare.schema.lerobot_features(), 30)


def export(*words) -> int:
    return cli.main(["export", *map(str, words)])


def same_bits(a, b) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def test_to_lerobot_and_back_gives_the_same_episodes(demos, episodes, tmp_path, capsys):
    assert export(f"data={demos}", "to=lerobot", f"out={tmp_path / 'again'}", "episodes=0,2") == 0
    assert "2 recordings as LeRobot v3.0 dataset" in capsys.readouterr().out
    back = [r.episode for r in read(tmp_path / "again")]
    assert len(back) == 2
    for got, made in zip(back, (episodes[0], episodes[2])):
        assert same_bits(got.actions, made.actions) and same_bits(got.start_state, made.start_state)
        assert all(same_bits(got.states[name], values) for name, values in made.states.items())
        assert (got.draw, got.label, got.segments) == (made.draw, made.label, made.segments)


@pytest.mark.parametrize("to", ["rosbag", "mcap"])
def test_through_files_and_back_to_a_dataset(to, demos, episodes, tmp_path):
    """Out as bags or MCAP, and those out again as a dataset: the same actions and states."""
    assert export(f"data={demos}", f"to={to}", f"out={tmp_path / 'files'}", "quiet=true") == 0
    ending = {"rosbag": "bag"}.get(to, to)
    assert sorted(p.name for p in (tmp_path / "files").iterdir()) == [f"episode_{k:06d}.{ending}" for k in range(3)]
    assert export(f"data={tmp_path / 'files'}", "to=lerobot", f"out={tmp_path / 'set'}", "quiet=true") == 0
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    for got, made in zip([r.episode for r in read(tmp_path / "set")], episodes, strict=True):
        assert same_bits(got.actions, made.actions)
        assert all(same_bits(got.states[name], values) for name, values in made.states.items())


def test_to_minari_is_loaded_by_stock_minari(demos, episodes, bare, tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    minari = pytest.importorskip("minari")
    monkeypatch.chdir(tmp_path)
    assert export(f"data={demos}", "to=minari", "out=wave-demos-v0", "quiet=true") == 0
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    dataset = minari.load_dataset("wave-demos-v0")
    assert dataset.total_episodes == 3 and dataset.total_steps == 48
    assert dataset.action_space == bare.schema.action_space()
    assert dataset.observation_space == bare.schema.observation_space()
    for got, made in zip(dataset.iterate_episodes(), episodes, strict=True):
        assert same_bits(got.actions, made.actions)
        assert all(same_bits(got.observations[name], values) for name, values in made.states.items())
        assert not got.terminations.any() and got.truncations.tolist() == [False] * (made.n_steps - 1) + [True]
        assert got.infos["success"].shape == (made.n_steps + 1,)
    env = dataset.recover_environment()
    (meta,) = dataset.storage.get_episode_metadata([1])
    observation, _ = env.reset(seed=int(meta["seed"]), options=meta["options"])
    assert same_bits(observation["observation.state"], episodes[1].states["observation.state"][0])
    for action, wanted in zip(dataset[1].actions, dataset[1].observations["observation.state"][1:]):
        observation, *_ = env.step(action)
        assert same_bits(observation["observation.state"], wanted)
    assert export(f"data={demos}", "to=minari", f"out={tmp_path / 'unversioned'}") == 2


def test_a_minari_dataset_is_read_back_with_nothing_lost(demos, episodes, bare, tmp_path):
    pytest.importorskip("minari")
    out = tmp_path / "waves-v0"
    assert export(f"data={demos}", "to=minari", f"out={out}") == 0
    back = list(read(out))
    assert [r.name for r in back] == [f"waves-v0_episode_{k}" for k in range(len(episodes))]
    joints = len(bare.robot.joint_names)
    for recording, episode in zip(back, episodes):
        assert recording.mapping == "kuafu_minari" and recording.kind == "robot"
        assert np.array_equal(recording.streams["action"].values, episode.actions[:, :joints])
        assert np.array_equal(recording.streams["action/claws"].values, episode.actions[:, joints:])
        state = episode.states["observation.state"]
        assert np.array_equal(recording.streams["state"].values, state[: episode.n_steps, :joints])
        last = recording.metadata["after_last_action"]["observations/observation.state"]
        assert np.array_equal(np.array(last, np.float32), state[episode.n_steps]), "the state after the last action too"
        t = recording.streams["state"].time_ns * 1e-9
        assert np.allclose(t, np.arange(episode.n_steps) * episode.control_timestep, atol=1e-8)
    table = json.loads((out / "data" / "metadata.json").read_text())
    (out / "data" / "metadata.json").write_text(json.dumps(table | {"total_episodes": len(episodes) + 2}))
    lacking = list(read(out))[len(episodes) :]
    assert [item.name for item in lacking] == [f"waves-v0_episode_{len(episodes) + k}" for k in range(2)]
    assert all("is announced" in item.error.message for item in lacking), "what the table counts and the values lack"
    (out / "data" / "metadata.json").write_text("[]")
    with pytest.raises(EpisodeError, match="table of the dataset"):
        list(read(out))


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


def test_what_was_not_commanded_is_not_made_up(data, bare, tmp_path, capsys):
    words = ["import", f"data={data / SESSION}", "scenario=bare", f"out={tmp_path / 'set'}", "quiet=true"]
    assert cli.main(words) == 2 and list(tmp_path.iterdir()) == []
    assert "zhead_1_joint, zhead_2_joint, left_claw, right_claw" in capsys.readouterr().err
    assert cli.main([*words, "partial=true"]) == 0
    info = json.loads((tmp_path / "set/meta/info.json").read_text())
    assert info["features"]["action"]["names"] == list(bare.schema.action.names[:14])
    assert info["features"]["observation.state"]["names"] == list(bare.schema.action.names[:16])
    (source,), (back,) = read(data / SESSION), read(tmp_path / "set")
    degrees = source.streams["/kuavo_arm_traj"].values
    assert np.abs(back.streams["action/joint_position"].values).max() <= np.deg2rad(np.abs(degrees).max()) + 1e-6


def test_to_robomimic_holds_the_exact_numbers(demos, episodes, bare, tmp_path):
    h5py = pytest.importorskip("h5py")
    import mujoco

    assert export(f"data={demos}", "to=robomimic", f"out={tmp_path / 'set'}", "reward=sparse", "quiet=true") == 0
    with h5py.File(tmp_path / "set" / "demos.hdf5") as file:
        assert file["data"].attrs["total"] == 48
        env_args = json.loads(file["data"].attrs["env_args"])
        assert env_args["env_name"] == "shiliu/Bare-v1" and env_args["env_kwargs"]["reward"] == "sparse"
        masks = {name: [word.decode() for word in file[f"mask/{name}"][:]] for name in ("train", "valid")}
        assert masks == {"train": ["demo_0", "demo_1"], "valid": ["demo_2"]}
        for k, made in enumerate(episodes):
            demo, n = file[f"data/demo_{k}"], made.n_steps
            assert demo.attrs["num_samples"] == n and same_bits(demo["actions"][:], made.actions)
            for name, values in made.states.items():
                assert same_bits(demo[f"obs/{name.removeprefix('observation.')}"][:], values[:n])
            states = demo["states"][:]
            assert states.dtype == np.float64 and np.array_equal(states[:, 0], np.arange(n) * bare.control_timestep)
            joints = states[:, 1:][:, bare.joint_index].astype(np.float32)
            assert np.array_equal(joints, made.states["observation.state"][:n, : len(bare.joint_index)])
            assert np.array_equal(demo["start_state"][:], made.start_state)
            assert demo["dones"][:].tolist() == [0] * (n - 1) + [1] and not demo["rewards"][:].any()
            model = mujoco.MjModel.from_xml_string(demo.attrs["model_file"])
            assert states.shape[1] == 1 + model.nq + model.nv and model.nu == made.actions.shape[1]
            assert json.loads(demo.attrs["shiliu"])["seed"] == made.seed
    for back, made in zip(read(tmp_path / "set" / "demos.hdf5"), episodes, strict=True):
        joints = back.streams["states/joints"]  # named by the model that it carries
        arms = [name for name in joints.names if name in bare.schema.observations["observation.state"].names]
        shown = [list(bare.schema.observations["observation.state"].names).index(name) for name in arms]
        assert len(arms) >= 14 and back.metadata["environment"] == "shiliu/Bare-v1"
        expected = np.stack([joints.column(name) for name in arms], axis=1).astype(np.float32)
        assert np.array_equal(expected, made.states["observation.state"][: made.n_steps, shown])


def test_to_robomimic_with_pictures(bare, tmp_path, opengl):
    h5py = pytest.importorskip("h5py")
    from shiliu.envs.rendering import Painter

    made = waving(bare, 2)
    write_lerobot(tmp_path / "demos", [made], bare.schema.lerobot_features(), 30)
    words = (f"data={tmp_path / 'demos'}", "to=robomimic", f"out={tmp_path / 'set'}", "images=[head]", "quiet=true")
    assert export(*words) == 0
    feature = bare.schema.cameras["observation.images.head"]
    with Painter(bare) as painter:
        start = drawing.nominal(bare)
        qpos = start.start_state[1 : 1 + bare.model.nq]
        wanted = painter.picture(start.values, qpos, feature.camera, feature.width, feature.height)
    with h5py.File(tmp_path / "set" / "demos.hdf5") as file:
        pictures = file["data/demo_0/obs/head_image"][:]
        assert same_bits(pictures[0], wanted) and len(pictures) == 2
        assert file["mask/train"][:].tolist() == [b"demo_0"] and not len(file["mask/valid"])


def test_rewards_and_success_are_the_environments(scene):
    """On a scene with a goal: what `transitions` says is what `env.step` gave."""
    from shiliu.envs.single import ShiliuEnv

    env = ShiliuEnv(scene, reward="dense")
    env.reset(seed=4)
    start = env._one.draw
    rng = np.random.default_rng(0)
    low, high = env.action_space.low, env.action_space.high
    actions = np.clip(scene.ready_ctrl + rng.normal(0, 0.05, (6, scene.n_actions)), low, high).astype(np.float32)
    stepped = [env.step(action) for action in actions]
    played = next(play(scene, [Take(start, actions)], [[0]]))
    made = transitions(scene, episode_of(scene, played, 4), "dense")
    assert made.rewards.tolist() == [reward for _, reward, *_ in stepped]
    assert not made.success.any() and not made.terminated
    for t, (observation, *_) in enumerate(stepped):
        assert all(same_bits(made.observations[name][t + 1], value) for name, value in observation.items())


def test_what_cannot_be_written_is_told_and_leaves_nothing(demos, episodes, bare, tmp_path, capsys, monkeypatch):
    def refused(*words) -> str:
        assert export(*words, f"out={tmp_path / 'deep' / 'out'}") == 2
        assert list(tmp_path.iterdir()) == kept
        return capsys.readouterr().err

    kept = []
    assert "there is no episode 7; 3 were read" in refused(f"data={demos}", "to=mcap", "episodes=1,7")
    assert "'1-x' is no number of an episode" in refused(f"data={demos}", "to=mcap", "episodes=1-x")
    assert "'lerobbot' is not known here. Did you mean" in refused(f"data={demos}", "to=lerobbot")
    assert "writes no pictures" in refused(f"data={demos}", "to=mcap", "images=[head]")
    robot = as_recording("x", episodes[0], bare)
    robot.episode, robot.kind = None, "robot"
    mcap_write.write(robot, tmp_path / "robot.mcap")
    kept = [tmp_path / "robot.mcap"]
    assert "is a recording of kind robot" in refused(f"data={kept[0]}", "to=lerobot")
    monkeypatch.setattr(exporters, "find_spec", lambda name: None)
    assert "needs minari and h5py, which are not installed: pip install minari h5py" in refused(
        f"data={demos}", "to=minari"
    )
    assert "needs h5py, which is not installed: pip install h5py" in refused(f"data={demos}", "to=robomimic")


def test_a_broken_recording_stops_the_run_or_is_left_out(episodes, bare, tmp_path, capsys):
    folder = tmp_path / "takes"
    folder.mkdir()
    for k in range(2):
        mcap_write.write(as_recording(f"take{k}", episodes[k], bare), folder / f"take{k}.mcap")
    whole = (folder / "take1.mcap").read_bytes()
    (folder / "take1.mcap").write_bytes(whole[: len(whole) // 2])
    words = (f"data={folder}", "to=mcap", f"out={tmp_path / 'out'}")
    assert export(*words) == 2 and not (tmp_path / "out").exists()
    assert "keep_going=true" in capsys.readouterr().err
    assert export(*words, "keep_going=true") == 3
    assert "take1.mcap is left out" in capsys.readouterr().err and len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.parametrize("agreed", [True, False])
def test_without_consent_nothing_is_handed_on(agreed, episodes, bare, tmp_path, capsys):
    metadata = {"operator": "P-0417", "centre": "Beijing", "licence": "CC-BY-4.0", "consent": agreed}
    labelled = [replace(episodes[0], metadata=metadata)]
    write_lerobot(tmp_path / "set", labelled, bare.schema.lerobot_features(), 30)
    code = export(f"data={tmp_path / 'set'}", "to=mcap", f"out={tmp_path / 'out'}")
    assert (code, (tmp_path / "out").exists()) == ((0, True) if agreed else (2, False))
    assert agreed or "P-0417 did not agree" in capsys.readouterr().err


def test_nothing_is_overwritten(demos, tmp_path, capsys):
    (tmp_path / "out-v0").mkdir()
    (tmp_path / "out-v0" / "mine.txt").write_text("keep")
    for to in writers():
        assert export(f"data={demos}", f"to={to}", f"out={tmp_path / 'out-v0'}", "quiet=true") == 2
        assert "nothing is overwritten" in capsys.readouterr().err
    assert [p.name for p in tmp_path.rglob("*")] == ["out-v0", "mine.txt"]


def test_names_from_outside_stay_in_the_folder(episodes, bare, tmp_path):
    """The name of a recording is whatever its file says; two of one name become two files."""
    (tmp_path / "in").mkdir()
    for k in range(2):
        made = as_recording("../../evil/名 1", episodes[k], bare)
        mcap_write.write(made, tmp_path / "in" / f"{k}.mcap")
    assert export(f"data={tmp_path / 'in'}", "to=mcap", f"out={tmp_path / 'out'}", "quiet=true") == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["_.._evil_名_1.mcap", "_.._evil_名_1_000001.mcap"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]


def test_real_recordings_go_to_mcap_whole(data, tmp_path):
    assert export(f"data={data / SESSION}", "to=mcap", f"out={tmp_path / 'set'}", "quiet=true") == 0
    (made,), (back,) = read(data / SESSION), read(tmp_path / "set")
    assert back.sha256 == made.sha256 and list(back.streams) == list(made.streams)
    assert all(same_bits(back.streams[name].values, stream.values) for name, stream in made.streams.items())


def test_help_of_export_needs_no_heavy_import(python, tmp_path):
    done = python(
        "import sys; from shiliu.cli import main; code = main(['export', '--help']);"
        "sys.exit(code or any(name in sys.modules for name in ('mujoco', 'h5py', 'minari', 'mcap', 'rosbags')))",
        tmp_path,
    )
    assert done.returncode == 0 and "shiliu list formats" in done.stdout, done.stderr
