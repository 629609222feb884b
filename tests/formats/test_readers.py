"""What other tools look for in a set of ours: the form of `info.json`, and the limits where physlint looks for them.

The tools themselves read sets in `make readers`, in environments of their own.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.contract import contract
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.recording.features import unit_text, units_of
from shiliu.replay.recording.recording import SimEpisode
from shiliu.scenarios.sheet.errors import EpisodeError

FEATURES = {
    "action": {
        "dtype": "float32",
        "shape": [3],
        "names": ["a", "b", "claw"],
        "unit": ["rad", "rad", "%"],
        "low": [-1.5, -1.0, 0.0],
        "high": [1.5, 1.0, 100.0],
    },
    "observation.state": {"dtype": "float32", "shape": [2], "names": ["a", "b"], "unit": ["rad", "rad"]},
    "observation.images.head": {"dtype": "video", "shape": [32, 48, 3]},
}
KEYS = {"dtype": str, "shape": list, "names": (list, type(None)), "unit": str}  # what the readers take, by type


def episode(n: int = 6) -> SimEpisode:
    rng = np.random.default_rng(n)
    return SimEpisode(
        seed=n,
        draw={},
        config={},
        scenario_version=1,
        fingerprint="51ab",
        engine="mujoco",
        control_timestep=1 / 30,
        n_substeps=16,
        start_state=rng.normal(size=4),
        actions=rng.normal(size=(n, 3)).astype(np.float32),
        action_names=("a", "b", "claw"),
        states={"observation.state": rng.normal(size=(n, 2)).astype(np.float32)},
        checkpoints={},
        label={},
        segments=[],
        task={"en": "Do it."},
        scenario="bare",
        provenance={},
    )


def misfits(info: dict) -> list[str]:
    """Where the form of `info.json` is not what the readers take."""
    needed = ("codebase_version", "fps", "total_episodes", "total_frames", "features", "data_path")
    wrong = [key for key in needed if key not in info]
    for name, feature in info["features"].items():
        wrong += [f"{name}.{k}" for k, kind in KEYS.items() if k in feature and not isinstance(feature[k], kind)]
    return wrong


@pytest.fixture(params=[False, True], ids=["numbers", "pictures"])
def made(request, tmp_path) -> Path:
    features = {name: f for name, f in FEATURES.items() if request.param or f["dtype"] != "video"}
    out = tmp_path / "set"
    for k in range(2):  # the second is appended
        with DatasetWriter(out, features, 30, append=bool(k)) as writer:
            images = {"observation.images.head": [np.full((32, 48, 3), 9, np.uint8)] * 6} if request.param else None
            writer.add(episode(), episode().states, images)
    return out


def test_info_has_the_form_that_readers_take(made):
    info = json.loads((made / "meta/info.json").read_text())
    assert misfits(info) == [] and info["total_episodes"] == 2
    assert info["features"]["action"]["unit"] == "rad rad %", "one text, a unit an element"
    assert info["features"]["observation.state"]["unit"] == "rad", "the same for all"
    listed = {**info, "features": {"action": {**info["features"]["action"], "unit": ["rad", "rad", "%"]}}}
    assert misfits(listed) == ["action.unit"]
    streams = next(iter(read(made))).streams
    assert (streams["action/joint_position"].unit, streams["action/claw"].unit) == ("rad", "%")


def test_limits_stand_where_physlint_looks(made):
    settings = yaml.safe_load((made / "physlint.yaml").read_text())
    assert settings["required_streams"] == ["observation.state", "action"]
    limits = settings["rules"]["numeric.configured_bounds"]["options"]["limits"]
    assert limits == {"action": {"min": [-1.5, -1.0, 0.0], "max": [1.5, 1.0, 100.0]}}
    bare = yaml.safe_load(contract({"observation.state": {"low": [-np.inf], "high": [1.0]}}))
    assert "rules" not in bare and bare["required_streams"] == ["observation.state"], "no action is asked for"


@pytest.mark.parametrize("unit", [["rad", "rad", "%"], ["rad"] * 3])
def test_sets_that_list_their_units_are_read_and_added_to(tmp_path, unit):
    features = {"action": {**FEATURES["action"], "unit": unit}}
    features["observation.state"] = FEATURES["observation.state"]
    out = write_lerobot(tmp_path / "set", [episode()], features, 30)
    as_text = [(s.name, s.unit, s.names) for s in next(iter(read(out))).streams.values()]
    info = json.loads((out / "meta/info.json").read_text())
    for name, feature in features.items():
        info["features"][name]["unit"] = feature["unit"]  # as sets were written before
    (out / "meta/info.json").write_text(json.dumps(info))
    (out / "physlint.yaml").unlink()
    assert [(s.name, s.unit, s.names) for s in next(iter(read(out))).streams.values()] == as_text
    with DatasetWriter(out, features, 30, append=True) as writer:
        writer.add(episode(), episode().states)
    assert misfits(json.loads((out / "meta/info.json").read_text())) == [] and (out / "physlint.yaml").is_file()
    assert len(list(read(out))) == 2
    other = {**features, "action": {**features["action"], "unit": ["deg", "deg", "%"]}}
    with pytest.raises(EpisodeError, match=r"action.unit differs"):
        DatasetWriter(out, other, 30, append=True)


def test_units_come_back_an_element_each():
    assert units_of("rad rad %", 3, "action") == ["rad", "rad", "%"]
    assert units_of("m", 3, "action") == ["m"] * 3 and units_of(None, 2, "x") == ["1", "1"]
    assert unit_text(["m", "no word", ""]) == "m ? ?", "several words are not one unit"
    with pytest.raises(EpisodeError, match="does not list 2 texts"):
        units_of(["rad"], 2, "x")
