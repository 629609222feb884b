"""Out of shiliu and back in: nothing is lost."""

import json
from dataclasses import replace

import numpy as np
import pytest
from shiliu import cli
from shiliu.replay.formats import exporters, read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.formats.mcap import write as mcap_write
from shiliu.replay.formats.records import writers
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.replay.rollout.transitions import transitions
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import EpisodeError
from swinging import both_waving

SESSION = "kuavo-vr-teleop/session_20250419_162611_20250419_162611_group1.bag"


@pytest.fixture(scope="module")
def episodes(bare):
    return [both_waving(bare, n) for n in (20, 12, 16)]


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

    made = both_waving(bare, 2)
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
    assert "'1-x' is not the number of an episode" in refused(f"data={demos}", "to=mcap", "episodes=1-x")
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
