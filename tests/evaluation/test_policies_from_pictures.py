"""A policy that sees: what its pictures are of, and a network that learns from them and is kept with half of its digits."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import shiliu

demonstrations, pictures, task_module, trials = (
    import_module(f"imitation.{name}") for name in ("demonstrations", "pictures", "task", "trials")
)
STATE, AROUND = task_module.STATE, task_module.AROUND


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A demonstration of the table setting as far as the bowl is taken, once more as if it were another, and their studio."""
    scene = shiliu.load_scenario("table_setting")
    one = demonstrations.perform(scene, "taken", [1000])[0]
    file = tmp_path_factory.mktemp("shown") / "shown.npz"
    pictures.pack([one, one], file)
    kept = pictures.unpack(file)
    studio = pictures.Studio(scene, "taken", kept, 1)
    return SimpleNamespace(one=one, kept=kept, studio=studio, scene=scene)


def sight(**given):
    return pictures.Sight(("head", "left_wrist"), **{"width": 48, "height": 36, "batch": 8, **given})


def test_what_was_packed_is_unpacked(shown):
    first = shown.kept[1]
    assert first.sha256 == shown.one.sha256 and np.array_equal(first.qpos, shown.one.qpos)
    assert first.seed == 1000 and first.begun == shown.one.begun and np.array_equal(first.skills, shown.one.skills)
    assert len(first.qpos) == len(first.actions)


def test_the_cameras_are_the_heads_and_the_working_hands(shown):
    assert shown.studio.cameras() == ("head", "left_wrist")


def test_a_bent_arm_is_bent_in_its_joints_alone(shown):
    task, qpos = shown.studio.task, shown.one.qpos[50]
    away = np.linspace(0.01, 0.09, int(task.joints.sum()))
    bent, model = task.bent(qpos, away), shown.scene.model
    names = [shown.scene.schema.action.names[i] for i in task.used[task.joints]]
    for name, by in zip(names, away):
        place = model.joint(name).qposadr[0]
        assert bent[place] - qpos[place] == pytest.approx(by)
    assert np.count_nonzero(bent != qpos) == len(names)


@pytest.mark.usefixtures("opengl")
def test_frames_lead_from_where_the_joints_are_to_what_was_commanded(shown, monkeypatch):
    """The neck is turned farther than the arm, and pictures differ by it; with nothing moved they are the demonstration's."""
    monkeypatch.setattr(pictures, "LEAST", 4)
    seen = shown.studio.see(0, sight(), 0.0)
    task, n = shown.studio.task, 4
    assert seen.pictures.shape == (n, 2, 36, 48, 3) and seen.offset < 1e-6
    order = np.random.default_rng([0, 1000]).permutation(len(shown.one.actions))[:n]
    commanded, here = (rows[order][:, task.used] for rows in (shown.one.actions, shown.one.observed[STATE]))
    away = commanded - seen.wanted[:, 0] - here
    neck = np.array(["head" in shown.scene.schema.action.names[i] for i in task.used])
    assert 0.0 < 3 * np.abs(away[:, task.joints & ~neck]).mean() < np.abs(away[:, neck]).mean() < 0.3
    assert np.abs(away[:, ~task.joints]).max() < 1e-3
    still = shown.studio.see(0, sight(away=0.0, gaze=0.0), 0.0)
    assert np.allclose(still.wanted[:, 0] + here, commanded, atol=1e-4)
    assert (still.pictures != seen.pictures).any() and not np.array_equal(still.own, seen.own)


def synthetic(n, rng):
    """Frames whose one target is where the bright half of the picture is."""
    side = rng.integers(2, size=n)
    shots = np.zeros((n, 2, 36, 48, 3), np.uint8)
    for k, right in enumerate(side):
        shots[k, 0, :, 24 * right : 24 * right + 24] = 200
    wanted = np.zeros((n, 30, 10), np.float32)
    wanted[:, :, 0] = (2.0 * side - 1.0)[:, None]
    return pictures.Seen(shots, rng.standard_normal((n, 21)).astype(np.float32), wanted, 0.0, 0.0, "")


def test_a_network_learns_what_only_a_picture_shows(shown, monkeypatch):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    monkeypatch.setattr(pictures, "WIDTH", 16)
    monkeypatch.setattr(pictures, "LAYERS", 1)
    monkeypatch.setattr(pictures, "CHECKS", 1)
    rng = np.random.default_rng(0)
    learned, others = synthetic(64, rng), synthetic(16, rng)
    policy, curve = pictures.train(shown.studio, sight(rate=3e-3), [learned], [others], 600.0, 24)
    assert curve[-1]["step"] == 24 and curve[-1]["held_out"] < 0.5 * curve[0]["held_out"]
    away = policy.away(others.own, others.pictures)[:, 0, 0]
    assert (np.sign(away) == np.sign(others.wanted[:, 0, 0])).all()
    blind = policy.away(others.own, np.zeros_like(others.pictures))[:, 0, 0]
    assert not (np.sign(blind) == np.sign(others.wanted[:, 0, 0])).all()
    policy.about = {"task": "x"}
    again = pictures.SightedPolicy.of_bytes(policy.to_bytes())
    assert again.sight == policy.sight and again.about == policy.about
    assert np.allclose(again.away(others.own, others.pictures)[:, 0, 0], away, atol=0.05)


class Fixed:
    """A policy that commands nothing away from where the channels are."""

    def __init__(self, how, channels):
        self.sight, self._channels, self.seen = how, channels, []

    def away(self, own, shots):
        self.seen.append(shots)
        return np.zeros((len(own), self.sight.ahead, self._channels), np.float32)


@pytest.mark.usefixtures("opengl")
def test_a_policy_looks_every_so_many_steps_and_is_filmed(shown):
    policy = Fixed(sight(done=15), len(shown.studio.task.used))
    looking = pictures.Looking(shown.studio, policy)
    (trial,), _ = trials.attempt(shown.studio.task, looking, [30000], 1.0)
    assert not trial.success and trial.steps == 30 and len(policy.seen) == 2
    assert policy.seen[0].shape == (1, 2, 36, 48, 3)
    assert looking.film().shape == (3 * 36, pictures.MOMENTS * 48, 3)
