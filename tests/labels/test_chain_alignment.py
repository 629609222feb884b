"""The chain laid along the evidence, and a whole chain with the other hand."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from films import DT, KNOB, LID, film, step
from shiliu.replay.labels.chain_alignment import AGAIN, MISSING, Candidate, align
from shiliu.replay.labels.proposal import read
from shiliu.replay.operator.recognition.evidence import Evidence, Phase


def block(n, begin, end, at=()):
    """Evidence of a skill that shows between two control steps and is contradicted outside; its ends show at `at`."""
    against = np.ones(n)
    against[begin:end] = 0.0
    edges = np.zeros(n)
    edges[list(at)] = 1.0
    return Evidence((Phase("all", against, True),), edges, edges, np.zeros(n))


def words(stretches):
    return [(s.candidate.step, s.begin, s.end) for s in stretches]


def test_steps_follow_each_other_where_they_show():
    chain = [Candidate(k, "left", block(300, 100 * k, 100 * k + 100)) for k in range(3)]
    found = align(chain, 3, np.ones(300), DT)
    assert words(found) == [(0, 0, 100), (1, 100, 200), (2, 200, 300)]
    assert all(s.confidence > 0.8 for s in found)


def test_a_step_that_was_not_done_is_missing():
    blocks = [block(200, 0, 100), block(200, 0, 0), block(200, 100, 200)]
    found = align([Candidate(k, "left", b) for k, b in enumerate(blocks)], 3, np.ones(200), DT)
    assert words(found) == [(0, 0, 100), (2, 100, 200)]


def test_a_step_that_was_done_for_a_moment_is_not_missing():
    blocks = [block(300, 0, 120), block(300, 120, 180), block(300, 180, 300)]
    found = align([Candidate(k, "left", b) for k, b in enumerate(blocks)], 3, np.ones(300), DT)
    assert [k for k, *_ in words(found)] == [0, 1, 2]


def test_what_may_be_either_step_is_sure_to_be_neither():
    """The first, with the second left out at the end, costs as much as the second, with the first left out before."""
    unfinished = replace(block(200, 60, 140), unfinished=np.ones(200))  # so dear to leave that it is one of them, not both
    either = [Candidate(k, "left", unfinished, cost=0.5) for k in range(2)]
    (found,) = align(either, 2, np.ones(200), DT)
    assert (found.begin, found.end) == (60, 140) and found.confidence == pytest.approx(0.5, abs=0.05)


def test_steps_may_come_again_at_a_cost():
    n = 600
    first, second = np.ones(n), np.ones(n)
    first[0:150] = first[300:450] = 0.0
    second[150:300] = second[450:600] = 0.0

    def shows(against):
        return Evidence((Phase("all", against, True),), np.zeros(n), np.zeros(n), np.zeros(n))

    found = align([Candidate(0, "left", shows(first)), Candidate(1, "left", shows(second))], 2, np.ones(n), DT)
    assert words(found) == [(0, 0, 150), (1, 150, 300), (0, 300, 450), (1, 450, 600)]
    short = round(0.3 * AGAIN / DT)  # too short a second time to be worth it
    first[300:450], second[300:450] = 1.0, 0.0
    first[300 : 300 + short], second[300 : 300 + short] = 0.0, 1.0
    found = align([Candidate(0, "left", shows(first)), Candidate(1, "left", shows(second))], 2, np.ones(n), DT)
    assert words(found) == [(0, 0, 150), (1, 150, 600)]


def test_a_skill_may_take_several_strokes():
    n, done = 600, np.zeros(600)
    work, free, other = np.ones(n), np.zeros(n), np.ones(n)
    for begin, end in ((60, 120), (240, 300)):
        work[begin:end], free[begin:end] = 0.0, 1.0
    other[500:] = 0.0
    phases = (Phase("approach", free), Phase("push", work, True), Phase("away", free + 0.15))
    chain = [Candidate(0, "left", Evidence(phases, done, done, done))]
    chain.append(
        Candidate(1, "left", Evidence((Phase("approach", free), Phase("close", other, True)), done, done, done))
    )
    first, second = words(align(chain, 2, np.ones(n), DT))
    assert first[:2] == (0, 0) and first[2] >= 300, "the second stroke belongs to the first segment"
    assert second[0] == 1 and second[2] == n


def test_a_boundary_lies_where_something_ends():
    n = 300
    vague = np.zeros(n)
    chain = []
    for k, (begin, end) in enumerate(((0, 200), (100, 300))):  # both may be between 100 and 200
        one = block(n, begin, end, at=(140,))
        chain.append(Candidate(k, "left", one))
    assert words(align(chain, 2, vague + 1, DT)) == [(0, 0, 140), (1, 140, 300)]


def test_the_hand_that_does_it_is_found_though_the_chain_names_the_other():
    right = Candidate(0, "right", block(200, 0, 200), cost=1.5)
    (found,) = align([Candidate(0, "left", block(200, 0, 0)), right], 1, np.ones(200), DT)
    assert found.candidate.side == "right"


def test_nothing_done_is_labelled_nothing():
    still = np.zeros(200)
    assert align([Candidate(0, "left", block(200, 0, 0))], 1, still, DT) == []
    assert MISSING < 200 * DT


# -- a whole chain, of another scene, with the other hand


def drawer(pull=True, hand="right"):
    """Reach for a drawer, pinch it, pull it (or not), let go, draw back."""
    at, lets_go = np.array(KNOB), 6.0 if pull else 3.8
    drawn = at - (0.2 if pull else 0.0, 0, 0)
    before, away = at - (0.1, 0, 0), drawn - (0.12, 0, 0)
    keys = [(0, (0.1, 0.3, 1.1)), (1.5, before), (1.7, before), (2.2, at)]
    keys += [(4.0, at), (5.5, drawn)] if pull else []
    keys += [(lets_go + 0.6, drawn), (lets_go + 1.6, away), (lets_go + 2.5, away)]
    claw = [(0, 20), (2.4, 20), (3.0, 60), (lets_go, 60), (lets_go + 0.5, 30)]
    slide = [(0, 0.0), (4.0, 0.0), (5.5, 0.2)] if pull else [(0, 0.0)]
    places = {"chest/knob": [(0, at), (4.0, at), (5.5, drawn)]}
    tracks = film(
        lets_go + 2.5,
        keys,
        claw,
        [(2.9, lets_go + 0.1, LID)],
        joints={"lid_hinge": slide},
        places=places,
        side=hand,
        slides=["lid_hinge"],
    )
    chain = [
        step("reach", None, {"at": "chest.knob"}, at="chest/knob", standoff=0.1),
        step("take.pinch", hand, {"at": "chest.knob"}, at="chest/knob"),
        step(
            "move_joint.pull",
            hand,
            {"joint": "chest.lid", "take.side": "chest.knob"},
            joint="lid_hinge",
            at="chest/knob",
        ),
        step("release", hand),
    ]
    return chain, tracks


@pytest.mark.parametrize("hand", ["left", "right"])
def test_a_drawer_is_read_as_it_was_filmed(hand):
    found = read(*drawer(hand=hand))
    assert [(s.skill, s.hand, s.object) for s in found] == [
        ("reach", hand, "chest.knob"),
        ("take.pinch", hand, "chest.knob"),
        ("move_joint.pull", hand, "chest.lid"),
        ("release", hand, "chest.knob"),
    ]
    assert [s.t0 for s in found] == pytest.approx([0.0, 1.7, 3.5, 6.0], abs=0.3)
    assert all(one.t1 == other.t0 for one, other in pairwise(found))


def test_a_drawer_that_is_let_go_of_at_once_was_not_pulled():
    assert [s.skill for s in read(*drawer(pull=False))] == ["reach", "take.pinch", "release"]
