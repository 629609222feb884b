"""The described robot that a recording is held against: the command's, the recording's own, or none, where it is one of ours."""

from types import SimpleNamespace

import pytest
from joint_streams import recording, stream
from shiliu.replay.judge import context
from shiliu.replay.judge.context import Contexts

KNOWN = ("so101", "piper")


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr(context, "available", lambda conf_dir: KNOWN)
    monkeypatch.setattr(context, "carried", lambda recording, known, load: "carried")

    def of(kind="robot", robot=None, embodiment=None, own=False, chosen=None):
        chosen = None if chosen is None else SimpleNamespace(scene=SimpleNamespace(name=chosen))
        loaded = []
        known = SimpleNamespace(_embodiment=embodiment, _own=own, _chosen=chosen, _conf_dir=None, _robots={})
        known._load = lambda name: loaded.append(name) or f"description of {name}"
        take = recording(stream("measured", [0.0] * 9, ("j",)), kind=kind, metadata={} if robot is None else {"robot": robot})
        found = [Contexts._robot_of(known, take) for _ in range(2)]
        assert found[0] == found[1] and len(loaded) <= 1, "it is read once"
        return found[0]

    return of


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        ({"robot": "piper"}, "description of piper"),
        ({"robot": "piper", "embodiment": "the command's"}, "the command's"),
        ({"robot": "unheard of"}, "carried"),
        ({}, "carried"),
        ({"robot": 7}, "carried"),
        ({"robot": "piper", "own": True}, None),  # the command says that it is one of ours
        ({"robot": "piper", "chosen": context.BARE}, "description of piper"),
        ({"robot": "piper", "chosen": "microwave"}, None),  # in a scene of ours
        ({"robot": "piper", "chosen": "microwave", "embodiment": "the command's"}, "the command's"),
        ({"robot": "piper", "kind": "human"}, None),
        ({"robot": "piper", "kind": "simulation", "embodiment": "the command's"}, None),
    ],
)
def test_which_robot_a_take_is_judged_as(asked, case, wanted):
    assert asked(**case) == wanted
