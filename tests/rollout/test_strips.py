"""An episode at a glance: the ends of its skills, drawn from its replay, one picture a camera."""

from __future__ import annotations

from types import SimpleNamespace

import imageio.v3 as iio
import pytest
from shiliu.cli import main
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.rollout.filmstrip import CAPTION, moments


def episode(words, dt=0.1, n_steps=100):
    """An episode with a skill a second."""
    segments = [{"skill": word, "t0": float(i), "t1": i + 1.0} for i, word in enumerate(words)]
    return SimpleNamespace(control_timestep=dt, n_steps=n_steps, segments=segments)


def test_moments_are_the_ends_of_skills_in_order():
    assert moments(episode(["reach", "take.pinch"]), 8) == [(10, "reach  1.0 s"), (20, "take.pinch  2.0 s")]
    picked = moments(episode(list("abcdefghi")), 3)
    assert picked == [(10, "a  1.0 s"), (50, "e  5.0 s"), (90, "i  9.0 s")]


def test_a_skill_that_is_only_set_off_is_not_drawn():
    """The second one goes on beside the third."""
    some = episode(["take.moving", "put"])
    some.segments.insert(1, {"skill": "home", "t0": 1.0, "t1": 1.0})
    assert moments(some, 8) == [(10, "take.moving  1.0 s"), (20, "put  2.0 s")]
    some.segments[1]["t1"] = 1.1
    assert moments(some, 8) == [(10, "take.moving  1.0 s"), (11, "home  1.1 s"), (20, "put  2.0 s")]


def test_without_skills_moments_are_evenly_spread_from_start_to_end():
    assert [step for step, _ in moments(episode([]), 3)] == [0, 50, 100]


@pytest.mark.gl
def test_render_an_episode_of_a_dataset(table, served, tmp_path, capsys, monkeypatch, opengl):
    monkeypatch.chdir(tmp_path)
    write_lerobot("demos", [served.episode], table.schema.lerobot_features(), round(1 / table.control_timestep))
    assert main(["render", "data=demos", "out=pics", "cameras=[head]", "frames=2"]) == 0
    file = tmp_path / "pics" / "table_setting_000000_head.png"
    assert file.name in capsys.readouterr().out
    picture = iio.imread(file)
    assert picture.shape[0] == 360 + CAPTION and picture.shape[1] % 480 == 0 and picture.std() > 10
    assert main(["render", "data=demos", "episode=1", "out=pics"]) == 2
    assert "There is no episode 1 here" in capsys.readouterr().err
    assert main(["render", "data=demos", "out=pics", "cameras=[haed]"]) == 2
