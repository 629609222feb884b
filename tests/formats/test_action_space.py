"""Every action that is written lies inside the action space of its environment: in every format, of every scenario."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest
import shiliu
from shiliu import cli
from shiliu.replay.drift.kept_take import FOLDER, kept_names, read_take
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.formats.records import writers
from shiliu.replay.recording.recording import Recording
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.catalog.catalog import list_scenarios
from shiliu.scenarios.draws.variation import nominal

OWN = Path(shiliu.__file__).resolve().parent / "conf" / "scenario"
CHEAP = ("table_setting", "parcel_sorting", "microwave")  # scenarios that are built fast


def outside(space: gymnasium.spaces.Box, actions: np.ndarray) -> np.ndarray:
    """(n, 2) row and column of every action beyond the space."""
    return np.argwhere(~((actions >= space.low) & (actions <= space.high)))


def takes() -> list:
    return [pytest.param(name, marks=() if name in CHEAP else pytest.mark.slow) for name in kept_names(FOLDER)]


@pytest.mark.parametrize("name", takes())
def test_what_the_operator_commanded_lies_inside(name):
    take = read_take(name)
    schema = take.scene().schema
    assert schema.action.names == take.action_names
    space = schema.action_space()
    assert len(outside(space, take.actions)) == 0
    beyond = take.actions[:1].copy()
    beyond[0, 3] = np.nextafter(space.high[3], np.float32(np.inf))
    assert outside(space, beyond).tolist() == [[0, 3]]  # one bit more is seen


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, file in list_scenarios().items() if file.parent == OWN])
def test_environment_schema_and_actuators_have_one_space(name):
    """The registered environment's space is the schema's, and no bound of it lies outside a range of `ctrl`."""
    scene = shiliu.load_scenario(name)
    env = gymnasium.make(f"shiliu/{name.title().replace('_', '')}-v1").unwrapped
    space = scene.schema.action_space()
    assert env.action_space == space
    names = [scene.model.actuator(i).name for i in range(scene.model.nu)]
    for j, own in enumerate(scene.schema.action.names):
        if own in names and scene.model.actuator_ctrllimited[names.index(own)]:
            low, high = scene.model.actuator_ctrlrange[names.index(own)]
            assert low <= float(space.low[j]) and float(space.high[j]) <= high, own
    env.close()


@pytest.fixture(scope="module")
def extreme(bare, tmp_path_factory) -> Path:
    """A set of one episode in which every column is commanded to both ends of its space, one after the other."""
    space = bare.schema.action_space()
    actions = np.tile(bare.ready_ctrl, (60, 1)).astype(np.float32)
    for j in range(actions.shape[1]):
        actions[2 * (j % 15) : 2 * (j % 15) + 2, j] = space.low[j], space.high[j]
    (played,) = play(bare, [Take(nominal(bare), actions)], [checkpoints_of(bare, 60)])
    assert (played.actions.min(axis=0) == space.low).all() and (played.actions.max(axis=0) == space.high).all()
    episode = episode_of(bare, played, 3, [], {"made_by": "test"})
    folder = tmp_path_factory.mktemp("extreme") / "own"
    return write_lerobot(folder, [episode], bare.schema.lerobot_features(), 30)


def written(folder: Path, to: str, names: tuple[str, ...]) -> np.ndarray:
    """(n, k) actions as a stranger reads them in the files, by the names of the schema; NaN where a format holds no such column."""
    if to == "lerobot":
        (file,) = folder.glob("data/**/*.parquet")
        return np.stack(pq.read_table(file)["action"].to_numpy())
    files = sorted(folder.rglob("*.hdf5")) + sorted(folder.rglob("*.h5"))
    if files:
        found: list[np.ndarray] = []
        with h5py.File(files[0]) as tree:
            tree.visititems(lambda key, node: found.append(node[()]) if key.endswith("/actions") else None)
        return found[0]
    (recording,) = [one for one in read(folder) if isinstance(one, Recording)]
    rows = []
    for stream in recording.select(role="command"):
        scale = np.pi / 180 if stream.unit == "deg" else 1.0
        table = np.full((stream.n, len(names)), np.nan)
        for i, name in enumerate(stream.names):
            if name in names:
                table[:, names.index(name)] = stream.values[:, i] * scale
        rows.append(table)
    return np.concatenate(rows)


@pytest.mark.parametrize("plain", ["false", "true"])
@pytest.mark.parametrize("to", writers())
def test_every_format_holds_the_ends_of_the_space_and_nothing_beyond(to, plain, extreme, bare, tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    out = tmp_path / "out-v0"  # an id of a Minari set ends so
    if cli.main(["export", f"data={extreme}", f"to={to}", f"out={out}", f"plain={plain}"]) != 0:
        assert plain == "true", f"to={to} is not written"
        pytest.skip(f"to={to} has no plain form")
    space, names = bare.schema.action_space(), bare.schema.action.names
    actions = written(out, to, names)
    held = ~np.isnan(actions).all(axis=0)
    assert held.sum() >= 14
    low, high = space.low[held].astype(float), space.high[held].astype(float)
    slack = 0.0 if actions.dtype == np.float32 else 4 * np.spacing(np.abs(high))  # degrees and back, in float64
    values = actions[:, held]
    assert (np.nanmin(values, axis=0) >= low - slack).all() and (np.nanmax(values, axis=0) <= high + slack).all()
    assert np.allclose(np.nanmin(values, axis=0), low, atol=1e-4) and np.allclose(np.nanmax(values, axis=0), high, atol=1e-4)
