"""DAPG files, which are pickles: read with stand-ins for what they name, so that nothing in them runs."""

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from shiliu.replay.formats import read
from shiliu.replay.formats.arrays.pickle_arrays import loads
from shiliu.scenarios.sheet.errors import EpisodeError


def dapg(path: Path, protocol: int, **changes) -> tuple[Path, list[dict]]:
    rng = np.random.default_rng(0)
    demos = [
        {
            "observations": rng.normal(size=(20 + k, 39)),
            "actions": np.asfortranarray(rng.normal(size=(20 + k, 28))).astype(np.float32),
            "rewards": rng.normal(size=20 + k),
            "init_state_dict": {
                "qpos": np.zeros(30),
                "qvel": np.zeros(30),
                "door_body_pos": np.array([-0.1, 0.2, np.float64(0.3)]),
                "scale": np.float64(1.5),
            },
        }
        | changes
        for k in range(3)
    ]
    path.write_bytes(pickle.dumps(demos, protocol))
    return path, demos


@pytest.mark.parametrize("protocol", range(6))
def test_dapg_is_read_and_nothing_of_it_runs(tmp_path, protocol, monkeypatch):
    path, demos = dapg(tmp_path / "door.pickle", protocol)
    monkeypatch.setattr(pickle, "loads", None)
    items = list(read(path))
    assert [r.source for r in items] == ["door.pickle#0", "door.pickle#1", "door.pickle#2"]
    for made, r in zip(demos, items):
        assert r.mapping == "adroit_door_dapg" and r.streams["actions"].clock == "grid"
        assert np.array_equal(r.streams["actions"].values, made["actions"])
        assert np.array_equal(r.streams["observations/joints"].values, made["observations"][:, :27])
        assert r.metadata["init_state_dict/door_body_pos"]["values"] == [-0.1, 0.2, 0.3]
        assert r.unmapped == ("init_state_dict/scale (one number): unknown to mapping adroit_door_dapg",)


class Evil:
    def __init__(self, function, *arguments):
        self.what = (function, arguments)

    def __reduce__(self):
        return self.what


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def doubled(depth: int) -> list:
    value = [0] * 10
    for _ in range(depth):
        value = [value] * 10
    return value


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", ["system", "eval", "nested", "itself", "objects", "class"])
def test_a_hostile_pickle_is_refused_and_nothing_runs(tmp_path, name, protocol):
    import builtins
    import os

    witness = tmp_path / "witness"
    value = {
        "system": Evil(os.system, f"touch {witness}"),
        "eval": Evil(builtins.eval, f"open({str(witness)!r}, 'w')"),
        "nested": nested(200),
        "itself": [],
        "objects": [{"a": np.array([{"b": 1}], dtype=object)}],
        "class": Path("x"),
    }[name]
    if name == "itself":
        value.append(value)
    path = tmp_path / "evil.pickle"
    path.write_bytes(pickle.dumps(value, protocol))
    with pytest.raises(EpisodeError, match=r"evil\.pickle: the DAPG file cannot be read"):
        list(read(path))
    assert not witness.exists()


def test_a_shared_list_does_not_grow_without_end():
    assert len(loads(pickle.dumps(doubled(20)))) == 10


def test_sizes_in_a_pickle_are_not_believed():
    with pytest.raises(ValueError):
        loads(b"\x80\x04\x8e" + struct.pack("<Q", 1 << 50) + b"x.")
    with pytest.raises(ValueError):
        loads(b"\x80\x02]r\xff\xff\xff\x7f")  # memory slot two thousand million: no table of that size is made
    big = np.zeros(1000)
    content = pickle.dumps([big], 4)
    state = content.replace(struct.pack("<H", 1000), struct.pack("<H", 60000), 1)
    with pytest.raises(ValueError):
        loads(state)


def test_mutated_pickles_end_in_an_error_or_a_recording(tmp_path):
    path, _ = dapg(tmp_path / "door.pickle", 3)
    content = path.read_bytes()
    rng = np.random.default_rng(2)
    refused = 0
    for _ in range(150):
        at = int(rng.integers(len(content))) if rng.random() < 0.3 else int(rng.integers(400))
        broken = content[:at] if rng.random() < 0.3 else content[:at] + rng.bytes(2) + content[at + 2 :]
        path.write_bytes(broken)
        try:
            list(read(path))
        except EpisodeError:
            refused += 1
    assert refused > 50
