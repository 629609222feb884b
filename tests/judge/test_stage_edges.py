"""Stages of the judge by themselves: what a strike proves where nobody knows how all things stood, and how much is played to find out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.facts.results import RolloutPlan
from shiliu.replay.judge.stages import likely_plan, own_robot
from shiliu.replay.rollout.rollout import Take

RULES = load_rules()


@dataclass(frozen=True)
class Start:
    """One of which something is untried in copies, or nothing."""

    copies: int
    held: tuple[str, ...] = ()

    def untried(self, known):
        return ("shelf.at.x",) if self.copies else ()

    def further(self, draw, count, seed):
        return [f"copy {k}" for k in range(self.copies)]

    def unknown(self):
        return ("cup.at.x",)


def strike(level="FAIL", kind="own"):
    return RULES["collision.scene"].finding(level=level, subject=("left_claw", "shelf/board"), value=0.01, t0=1.0, details={"kind": kind})


@pytest.fixture
def struck(monkeypatch):
    """The findings of a motion that strikes a fixture; copies of the scene in which that is elsewhere, and in which it is struck too."""

    def asked(kind="own", level="FAIL", copies=2, elsewhere=2, clear=0, base=True, start=True):
        monkeypatch.setattr(own_robot, "with_base", lambda subject, judged: (np.zeros(3), np.zeros((3, 1)), judged.names))
        monkeypatch.setattr(own_robot, "pelvis_motion", lambda subject, judged: None)
        monkeypatch.setattr(own_robot, "look", lambda even, names, context, draw, *more: draw)
        monkeypatch.setattr(own_robot, "driven", lambda *more: [])
        monkeypatch.setattr(own_robot, "replace", lambda looked, **changes: looked)
        others = [f"copy {k}" for k in range(copies)]
        monkeypatch.setattr(own_robot, "_elsewhere", lambda draw, one, body: body == "shelf/board" and others.index(one) < elsewhere)
        at_ease = RULES["collision.self"].passed()

        def check(looked, rules, signal):
            free = looked in others and others.index(looked) < clear
            return [at_ease, strike("PASS" if free else level, kind)]

        monkeypatch.setattr(own_robot, "check_looked", check)
        monkeypatch.setattr(own_robot, "tells_base", lambda subject: base)
        judged = SimpleNamespace(names=("elbow",))
        motions = SimpleNamespace(signal="command", judged=judged, resampled={"command": "even"}, carried=None, draw="here")
        plan = SimpleNamespace(start=Start(copies) if start else None)
        subject = SimpleNamespace(recording=None, context=SimpleNamespace(scene=None), rules=RULES)
        found, _ = own_robot.obstacles(subject, motions, SimpleNamespace(around=None, plan=plan))
        assert found[0] is at_ease
        return found[1].level, found[1].reason

    return asked


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        ({}, ("FAIL", None)),  # it is struck in all copies
        ({"clear": 1}, ("NOT_CHECKED", "unmeasured")),  # not in one of them
        ({"clear": 1, "elsewhere": 0}, ("FAIL", None)),  # that stands where it stood
        ({"clear": 2, "elsewhere": 1}, ("NOT_CHECKED", "unmeasured")),
        ({"kind": "held"}, ("NOT_CHECKED", "unmeasured")),  # where a thing lay in the hand is not known in copies
        ({"kind": "held", "elsewhere": 0}, ("FAIL", None)),
        ({"kind": "held", "copies": 0}, ("FAIL", None)),  # nothing is left to try
        ({"clear": 1, "start": False}, ("FAIL", None)),
        ({"level": "PASS", "clear": 1}, ("PASS", None)),
        ({"level": "WARN", "clear": 1}, ("WARN", None)),
        ({"base": False}, ("NOT_CHECKED", own_robot.UNKNOWN)),  # nobody knows what it stood beside
    ],
)
def test_a_strike_proves_something_where_it_happens_in_all_copies_of_what_nobody_measured(struck, case, wanted):
    assert struck(**case) == wanted


@pytest.mark.parametrize(("takes", "local", "tried"), [(8, True, True), (7, True, False), (8, False, False)])
def test_as_much_is_played_to_find_a_start_as_the_likely_ones_take_together(monkeypatch, takes, local, tried):
    """[s] of simulation: eight takes of 50 steps of 0.02 s are 8 s."""
    asked = []

    class Search:
        held = ("cup",)

        def __init__(self, scene, start, keys, actions, *more):
            asked.append((keys, len(actions), more[-1]))

        def whole(self, draws, least):
            return [SimpleNamespace(draw=draw) for draw in draws[:2]]

    monkeypatch.setattr(likely_plan, "InferredStarts", Search)
    monkeypatch.setattr(likely_plan, "replayed_hands", lambda recording, scene: None)
    monkeypatch.setattr(likely_plan, "takes_of", lambda hands, offset: ["a hold"])
    scene = SimpleNamespace(cloths={}, config=SimpleNamespace(link=SimpleNamespace(local=local)), control_timestep=0.02)
    subject = SimpleNamespace(scene=scene, recording=None)
    plan = RolloutPlan(tuple(Take(f"draw {k}", np.zeros((50, 3))) for k in range(takes)), start=Start(1), stops=("a stop",))
    found = likely_plan.from_hands(subject, plan, threads=1, seed=0)
    assert (found is not None) == tried
    if tried:
        assert asked == [(("cup.at.x",), 50, pytest.approx(8.0))]
        other, played = found
        assert [take.draw for take in other.takes] == ["draw 0", "draw 1"] == [one.draw for one in played]
        assert other.start.held == ("cup",) and other.keep == ((), ()) and other.stops == plan.stops
    assert likely_plan.from_hands(subject, replace(plan, stops=()), threads=1, seed=0) is None, "no hold, nothing to find"
    assert likely_plan.from_hands(subject, replace(plan, start=None), threads=1, seed=0) is None
