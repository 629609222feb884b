"""An interrupted recording run goes on where it stopped, and never takes a torn file for an episode."""

import numpy as np
import pytest
from shiliu.replay.operator.spool import Spool
from shiliu.replay.recording.recording import SimEpisode


def episode(seed, steps=40):
    rng = np.random.default_rng(seed)
    return SimEpisode(
        seed=seed,
        draw={"values": {"oven.yaw": 0.1}, "task": 0, "redraws": []},
        config={"name": "microwave", "scenario": {"title": {"en": "a", "zh": "微波炉"}}},
        scenario_version=1,
        fingerprint="ab",
        engine="mujoco 3.17.0",
        control_timestep=1 / 30,
        n_substeps=16,
        start_state=rng.normal(size=20),
        actions=rng.normal(size=(steps, 3)).astype(np.float32),
        action_names=("a", "b", "c"),
        states={"observation.state": rng.normal(size=(steps + 1, 3)).astype(np.float32)},
        checkpoints={0: rng.normal(size=20), 30: rng.normal(size=20)},
        label={"success": True, "subgoals": {"opened": 1.5}, "failure": None},
        segments=[{"skill": "reach", "t0": 0.0, "t1": 1.0}],
        task={"en": "open", "zh": "打开"},
        scenario="microwave",
    )


def test_what_was_saved_comes_back_to_the_bit(tmp_path):
    spool = Spool(tmp_path / "demos", {"fingerprint": "ab"})
    kept = episode(7)
    spool.save(kept)
    back = spool.load(7)
    assert back.actions.tobytes() == kept.actions.tobytes()
    assert back.start_state.tobytes() == kept.start_state.tobytes()
    assert {t: s.tobytes() for t, s in back.checkpoints.items()} == {
        t: s.tobytes() for t, s in kept.checkpoints.items()
    }
    assert back.states["observation.state"].tobytes() == kept.states["observation.state"].tobytes()
    for name in (
        "seed",
        "draw",
        "config",
        "label",
        "segments",
        "task",
        "action_names",
        "n_substeps",
        "control_timestep",
    ):
        assert getattr(back, name) == getattr(kept, name)


def test_another_setting_is_another_folder(tmp_path):
    Spool(tmp_path / "demos", {"fingerprint": "ab"}).save(episode(7))
    assert Spool(tmp_path / "demos", {"fingerprint": "cd"}).load(7) is None


@pytest.mark.parametrize("keep", [0, 10, 400, -1])
def test_a_torn_file_is_no_episode(tmp_path, keep):
    spool = Spool(tmp_path / "demos", {})
    spool.save(episode(7))
    file = spool.folder / "7.npz"
    content = file.read_bytes()
    file.write_bytes(content[:keep])
    assert spool.load(7) is None


def test_what_went_into_the_set_that_lies_there_is_dropped(tmp_path):
    out = tmp_path / "demos"
    spool, other = Spool(out, {"seed": 1}), Spool(out, {"seed": 2})
    for one, text in ((spool, "a"), (other, "b")):
        staged = tmp_path / text
        (staged / "meta").mkdir(parents=True)
        (staged / "meta" / "info.json").write_text("{}")
        (staged / "meta" / "stats.json").write_text(text)
        one.save(episode(7))
        one.note(staged)
    Spool.sweep(out)
    assert spool.load(7) is not None and other.load(7) is not None  # killed before either set was in place
    (tmp_path / "b").rename(out)
    Spool.sweep(out)
    assert spool.load(7) is not None and not other.folder.exists()


def test_dropped_leaves_nothing(tmp_path):
    spool = Spool(tmp_path / "demos", {})
    spool.save(episode(7))
    spool.drop()
    assert list(tmp_path.iterdir()) == []
