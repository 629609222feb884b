"""Commands that leave a joint which stands, from its second row on or to the last one; and bases of hands, kept for a set."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.checks.frozen import _left
from shiliu.replay.checks.hand_bases import RESTS, bases_in, bases_of
from shiliu.replay.checks.rules import load_rules

RULES = load_rules()


def test_a_command_leaves_its_joint_with_its_second_row_or_at_the_last():
    rule = RULES["stream.frozen"]
    moved, warn = rule.settings["moved"], rule.bound("warn")
    t = np.arange(0.0, 4.0 + 1e-9, 0.05)
    returns = np.where((t > 0.01) & (t < 2.5), 3.0 * moved, 0.0)
    assert _left(t, returns, 5.0, rule) == (pytest.approx(3.0 * moved), 0.0, pytest.approx(2.5))
    at_last = np.where(t > t[-1] - 0.5 * warn, 3.0 * moved, 0.0)
    assert _left(t, at_last, 5.0, rule)[2] == 5.0, "it has not come back, however short that is"


def hand(name, way=2.0 * RESTS, base=None, alike=False, stands=True):
    """A hand that goes so far along y, and the base in which its pose agrees with its arm."""
    truth = np.zeros((50, 7))
    truth[:, 1] = np.linspace(0.0, way, 50)
    return SimpleNamespace(name=name, topic=f"{name}_pose", truth=truth, base=base, point=None, alike=alike, stands=stands)


BASE = SimpleNamespace(move=(0.0, -0.2, 1.3), angle=0.5, columns=("left_tcp.y", "left_tcp.z"))


def test_bases_of_hands_are_kept_for_the_set_and_come_back_from_a_verdict():
    def of(*hands, episode=None):
        group = SimpleNamespace(t=np.linspace(1.0, 6.0, 50))
        recording = SimpleNamespace(episode=episode, select=lambda *_: [])
        return bases_of(SimpleNamespace(recording=recording, bodies=[(group, None)], hands=[hands]))

    found = of(hand("left_tcp", base=BASE), hand("right_tcp"))
    known = RULES["column.differs"].passed(details=found)
    left, right = bases_in([RULES["goal"].passed(), known])
    assert (left.hand, left.at, left.columns, left.stream) == ("left_tcp", (0.0, -0.2, 1.3, 0.5), BASE.columns, "left_tcp_pose")
    assert (right.hand, right.at, right.columns) == ("right_tcp", (0.0, 0.0, 0.0, 0.0), ()) and (right.t0, right.t1) == (1.0, 6.0)
    assert of(hand("left_tcp", base=BASE, alike=True), hand("right_tcp", stands=False)) == {} == of(hand("left_tcp"), episode=object())
    (resting,) = bases_in([RULES["column.differs"].passed(details=of(hand("left_tcp", 0.5 * RESTS, base=BASE)))])
    assert resting.rests and not left.rests, "another point of a hand that rests looks like another base"
    assert list(of(hand("left_tcp", 0.5 * RESTS))["bases"]) == ["left_tcp"]
    assert bases_in([known.with_(level="FAIL")]) == () == bases_in([RULES["column.differs"].passed()])
