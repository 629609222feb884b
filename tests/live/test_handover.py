"""A page that is closed within a take, and another that goes on: no hand opens and no robot stands up that nobody asked to."""

from __future__ import annotations

import pytest
from shiliu import load_scenario
from shiliu.replay.live.followed_hands import FollowedHands
from shiliu.replay.live.server import Message
from shiliu.replay.live.teleop import PageHands


def sent(page: int, t: float, grip: float, squat: float, **more) -> Message:
    hand = {"p": [0.0, 0.0, 0.0], "q": [1.0, 0.0, 0.0, 0.0], "clutch": False}
    left, right = hand | {"grip": 0.0}, hand | {"grip": grip}
    return Message({"do": "device", "t": t, "device": "test", "left": left, "right": right, "squat": squat} | more, page)


class Page:
    def __init__(self):
        self.came, self.kept = [[Message({"do": "take"}, 1)]], {}

    def received(self, wait=0.0):
        return self.came.pop(0) if self.came else []

    def keep(self, kind, content):
        self.kept[kind] = content


def test_a_page_that_is_loaded_anew_opens_no_hand_and_raises_no_robot():
    page = Page()
    hands = PageHands(page, 1 / 30)
    robot = FollowedHands(load_scenario("bare"))
    heard = []

    def step(t: int, *messages: Message) -> tuple[float, float]:
        page.came.append(list(messages))
        heard.append(hands.until(t)[0])
        for line in heard[-1]:
            robot.hear(line)
        return robot._grip["right"], robot._squat

    assert hands.begin()
    assert step(0, sent(1, 900.0, 1.0, -0.1)) == (1.0, -0.1)
    assert step(1, Message({"do": "gone"}, 1)) == (1.0, -0.1)
    assert page.kept["hands"] == {"left": {"grip": 0.0}, "right": {"grip": 1.0}, "squat": -0.1}
    assert step(2, sent(2, 5.0, 0.0, 0.0)) == (1.0, -0.1)  # before it has heard what there was
    assert heard[-1][0]["held"] == {"left": {"grip": 0.0}, "right": {"grip": 0.0}, "squat": 0.0}
    assert step(3, sent(2, 25.0, 1.0, -0.1)) == (1.0, -0.1)  # it goes on from there
    assert step(4, sent(2, 45.0, 0.0, -0.1)) == (0.0, -0.1)  # the person opens the hand
    assert step(5, sent(2, 65.0, 0.0, 0.0)) == (0.0, 0.0)  # and stands up


@pytest.mark.parametrize(("base", "stops"), [([1, 0, 0], [[0, 0, 0]]), ([0, 0, 0], [])])
def test_a_base_whose_page_is_closed_stops(base, stops):
    page = Page()
    hands = PageHands(page, 1 / 30)
    assert hands.begin()
    page.came.append([sent(1, 900.0, 0.0, 0.0, base=base)])
    assert hands.until(0)[0][0]["base"] == base
    page.came.append([Message({"do": "gone"}, 1)])
    assert [(line["base"], line["t"]) for line in hands.until(1)[0]] == [(one, 900.0) for one in stops]
