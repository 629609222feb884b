"""What several skills share: a hand that is carried along, what lands, a hand that leans, hands that press on a cloth."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.operator.limbs.geometry import flat_unit, turn_z
from shiliu.replay.operator.planning.ways import best_of
from shiliu.replay.operator.skills.cloth import spreading
from shiliu.replay.operator.skills.cloth.spreading import Pressing
from shiliu.replay.operator.skills.fitting import with_it
from shiliu.replay.operator.skills.insertion import BEHIND, LIES, landing
from shiliu.replay.operator.skills.stroke.area import _Pressing
from shiliu.replay.operator.skills.strokes import LARGEST, Leaning

UP = np.array([0.0, 0.0, 1.0])


def state_of(**senses):
    """A state of which no more is known than is asked for: it senses as is given."""
    hand = SimpleNamespace(site=np.zeros(3), behind=np.zeros(3), force=0.0)
    arm = SimpleNamespace(
        q=np.zeros(7), command=np.zeros(7), leans=[], hand=lambda: (np.zeros(3), np.eye(3)), yielding=lambda way: 1.0,
        solve=lambda place, *rest, **more: (np.r_[place, np.zeros(4)], 0.0),
    )  # fmt: skip
    arm.lean = arm.leans.append
    seen = SimpleNamespace(site=lambda name: (hand.site, np.eye(3)), touch=lambda side: np.array([hand.force]), **senses)
    state = SimpleNamespace(
        senses=seen, timestep=0.1, arms={"left": arm, "right": arm}, behind=lambda side: hand.behind, base=SimpleNamespace(at=np.zeros(2))
    )
    return state, hand, arm


def test_a_hand_that_is_carried_along_keeps_how_it_holds():
    turned = turn_z(0.7)
    state = SimpleNamespace(senses=SimpleNamespace(site=lambda name: (np.array([0.3, 0.1, 0.8]), turned)))
    target, hand = (np.array([0.5, -0.2, 1.0]), turn_z(-0.4)), np.array([0.35, 0.2, 0.9])
    place, frame = with_it(state, "thing/site", target, hand, turned)
    assert target[1].T @ (place - target[0]) == pytest.approx(turned.T @ (hand - [0.3, 0.1, 0.8]))
    assert frame == pytest.approx(target[1])


def test_a_level_direction_has_no_height_and_none_upwards():
    assert flat_unit(np.array([3.0, 4.0, 12.0])) == pytest.approx([0.6, 0.8, 0.0])
    assert np.linalg.norm(flat_unit(UP)) == 0.0


@pytest.mark.parametrize(
    ("height", "behind", "found"),
    [(2.0 * LIES, 0.0, (False, False)), (0.5 * LIES, 0.0, (True, True)), (2.0 * LIES, -1.1 * BEHIND, (False, True)),
     (2.0 * LIES, -0.9 * BEHIND, (False, False)), (2.0 * LIES, 1.1 * BEHIND, (False, False))],
)  # fmt: skip
def test_what_is_lowered_lies_or_something_else_bears_it(height, behind, found):
    state, hand, _ = state_of()
    hand.site, hand.behind = height * UP, behind * UP
    lies, met = landing(state, "left", "thing/foot", np.zeros(3), UP)
    assert (lies(), met()) == found


@pytest.mark.parametrize(("share", "most"), [(1.0, 23.0), (0.5, 19.0)])
def test_a_cloth_leans_no_harder_than_it_may_and_lets_up_faster(share, most):
    stain = SimpleNamespace(bears="pad")
    state, _, arm = state_of(readings=SimpleNamespace(point=lambda name: np.array([0.0, 0.0, bears[0]])))
    bears, pressing = [0.0], _Pressing(state, "left", 8.0, stain)
    list(pressing.during(iter(range(100)), share))
    assert arm.leans[-1] == pytest.approx(most)
    bears[0] = 20.0
    list(pressing.during(iter(range(1)), share))
    assert arm.leans[-2] - arm.leans[-1] == pytest.approx(0.7 * (20.0 - share * 8.0))


def test_closed_fingertips_lean_up_to_the_largest_force():
    state, hand, arm = state_of()
    leaning = Leaning(state, "left", 12.0)
    list(leaning.during(iter(range(1))))
    assert arm.leans == pytest.approx([0.25 * 12.0])
    list(leaning.during(iter(range(100))))
    assert arm.leans[-1] == LARGEST
    hand.force = 12.0
    list(leaning.during(iter(range(1))))
    assert arm.leans[-1] == LARGEST


def test_hands_that_press_tell_when_they_draw_and_when_they_have_lost_the_cloth(monkeypatch):
    state, hand, _ = state_of()
    monkeypatch.setattr(spreading, "moving", lambda state: state.base)
    pressing = Pressing(state, ("left", "right"), 5.0)
    pressing.go_on()
    assert not pressing.pressed and pressing.lost == pytest.approx(0.1)
    hand.force = 3.4  # less than 0.7 of it
    pressing.go_on()
    assert not pressing.pressed and pressing.lost == 0.0
    hand.force = 3.6
    pressing.go_on()
    hand.force = 0.4
    pressing.go_on()
    assert pressing.pressed and not pressing.pulling and pressing.lost == pytest.approx(0.1)


def test_tries_end_with_the_first_that_is_good_enough():
    tried = []
    tries = (tried.append(score) or (score, name) for score, name in ((3.0, "a"), (1.0, "b"), (2.0, "c"), (0.1, "d"), (0.0, "e")))
    assert best_of(tries, 0.5, (np.inf, "")) == (0.1, "d") and tried == [3.0, 1.0, 2.0, 0.1]
    assert best_of(iter([(np.inf, "x")]), 0.5, (np.inf, "none")) == (np.inf, "none")
