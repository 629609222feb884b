"""Labels: signs and evidence on hand-made traces, the chain laid along them, sheets, and one real demonstration."""

import importlib.util
import json
import re
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from string import Formatter

import numpy as np
import pytest
import yaml
from films import CUP, DT, KNOB, LID, PLACE, RIM, film, shown, step
from shiliu.cli import main
from shiliu.replay.formats import read as read_recordings
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.context import Contexts
from shiliu.replay.labels.chain_alignment import AGAIN, MISSING, Candidate, align
from shiliu.replay.labels.labelling import labelling
from shiliu.replay.labels.proposal import chain_of, evidence, read
from shiliu.replay.labels.sentences import sentence
from shiliu.replay.labels.sheet import LabelSheet, read_sheet
from shiliu.replay.operator import recognition
from shiliu.replay.operator.recognition.evidence import Evidence, Phase
from shiliu.replay.operator.recognition.hand_features import HandFeatures
from shiliu.replay.operator.recognition.tracks import smooth
from shiliu.replay.operator.skills import registry
from shiliu.replay.recording.recording import Unreadable
from shiliu.replay.rollout.episode import as_recording
from shiliu.scenarios.sheet.errors import EpisodeError

# -- signs: what is seen of a hand ----------------------------------------------------------------------------------------


def test_smoothing_keeps_a_ramp_and_the_mean():
    ramp = np.linspace(0.0, 1.0, 91)
    assert np.abs(smooth(ramp, 3.0)[10:-10] - ramp[10:-10]).max() < 1e-9
    assert smooth(np.full((40, 3), 2.0), 3.0) == pytest.approx(2.0)


def test_a_hand_sets_off_where_its_rest_ends():
    see = HandFeatures(film(4.0, [(0, (0, 0, 1)), (1, (0.3, 0, 1)), (2.5, (0.3, 0, 1)), (3.5, (0.3, 0.3, 1))]), "left")
    assert see.sets_off[round(2.5 / DT) - 3 : round(2.5 / DT) + 6].max() > 0.95
    assert see.sets_off[round(1.4 / DT)] < 0.05, "in the middle of a rest"
    assert see.sets_off[round(3.0 / DT)] < 0.05, "in the middle of a motion"


def test_a_short_loss_of_contact_is_no_letting_go():
    there = [(0, (0, 0, 1))]
    short = HandFeatures(film(3.0, there, held=[(0.5, 1.2, CUP), (1.4, 2.5, CUP)]), "left").holds(CUP)
    long = HandFeatures(film(3.0, there, held=[(0.5, 1.0, CUP), (1.8, 2.5, CUP)]), "left").holds(CUP)
    assert short[round(1.3 / DT)] == 1.0 and long[round(1.4 / DT)] == 0.0
    assert short[round(0.2 / DT)] == 0.0 and short[round(2.8 / DT)] == 0.0


def test_two_fingers_on_one_side_push_and_do_not_hold():
    tracks = film(2.0, [(0, (0, 0, 1))], held=[(0.5, 1.5, LID)])
    assert tracks.pinching("left", LID).any() and tracks.pinching("left", "chest/chest").any()
    tracks.grip["left", "back"][LID] = tracks.grip["left", "front"][LID].copy()
    assert tracks.touching("left", LID).any() and not tracks.pinching("left", LID).any()
    assert not tracks.touching("right").any()


def test_a_grip_settles_after_the_claw_has_stood():
    closing = [(0, 20), (1.0, 20), (1.6, 60)]
    see = HandFeatures(film(4.0, [(0, (0, 0, 1))], closing, held=[(1.5, 4.1, CUP)]), "left")
    assert 1.7 < np.argmax(see.settled) * DT < 2.2
    assert not HandFeatures(film(4.0, [(0, (0, 0, 1))], closing), "left").settled.any(), "of nothing"


def test_letting_go_is_no_push():
    letting = HandFeatures(film(4.0, [(0, (0, 0, 1))], held=[(0, 1.5, LID)]), "left")
    pushing = HandFeatures(film(4.0, [(0, (0, 0, 1))], touched=[(1.0, 1.5, LID)]), "left")
    assert not letting.pushes(LID).any()
    assert pushing.pushes(LID)[round(2.0 / DT)] == 1.0 and pushing.pushes(LID)[round(3.0 / DT)] == 0.0


def test_a_hand_is_away_five_centimetres_from_where_it_was():
    see = HandFeatures(film(4.0, [(0, (0, 0, 1)), (1, (0, 0, 1)), (3, (0.10, 0, 1))], held=[(0, 1.0, CUP)]), "left")
    there = np.argmax(see.drawn_back >= 1.0)
    assert see.tracks.hand("left")[there][0] == pytest.approx(0.05, abs=0.005)
    assert see.drawn_back[round(1.0 / DT)] == 0.0


def test_a_thing_is_raised_from_where_it_was_taken():
    up = [(0, (0, 0, 1.2)), (1, (0, 0, 1)), (2, (0, 0, 1)), (3, (0, 0, 1.1))]
    see = HandFeatures(film(4.0, up, held=[(1.5, 4.1, CUP)]), "left")
    assert see.raised(CUP, 0.1)[round(1.9 / DT)] == 0.0 and see.raised(CUP, 0.1)[-1] == 1.0
    assert see.raised(CUP, 0.4)[-1] < 0.1, "a tenth of a metre of four"
    assert not HandFeatures(film(4.0, up), "left").raised(CUP, 0.1).any(), "without it"


def test_a_hand_is_inside_behind_an_opening():
    see = HandFeatures(
        film(3.0, [(0, (0.3, 0, 1)), (2, (0.6, 0, 1))], places={"box/front": [(0, (0.5, 0, 1))]}), "left"
    )
    assert see.inside("box/front")[0] == 0.0 and see.inside("box/front")[-1] == 1.0


# -- evidence: each word with a film that shows it, and films that do not ---------------------------------------------------

TO = dict(places={"chest/knob": [(0, KNOB)]})
GRAB = dict(claw=[(0, 20), (1, 20), (1.6, 60)], held=[(1.5, 3.1, LID)], **TO)
AT_KNOB = [(0, KNOB)]
DOOR = dict(joints={"lid_hinge": [(0, 0.1), (1, 0.1), (2, 1.0)]}, **TO)
SHUT = dict(joints={"lid_hinge": [(0, 1.0), (1, 1.0), (2, 0.1)]}, **TO)
STANDS = dict(joints={"lid_hinge": [(0, 0.1)]}, **TO)
OVER = {"cup/base": [(0, PLACE)], "shelf/place": [(0, PLACE)]}
ASIDE = {"cup/base": [(0, (0.0, 0, 1)), (1, (0.0, 0, 1)), (2, PLACE)], "shelf/place": [(0, PLACE)]}
PRESSED = dict(places={"key/face": [(0, KNOB)]}, joints={"key_slide": [(0, 0), (1, 0), (1.3, 0.0015), (2, 0)]})
HELD_LID, HELD_CUP = [(0, 3.1, LID)], [(0, 3.1, CUP)]
GO = [(0, (0, 0, 1)), (2, KNOB)]
LETS_GO, KEEPS = [(0, 60), (1, 60), (1.5, 40)], [(0, 60)]
TAKES = dict(claw=[(0, 20), (1, 20), (1.6, 60)], held=[(1.5, 3.1, CUP)], places={"cup/rim": [(0, RIM)]})
AT_RIM, AT_PLACE = [(0, RIM)], [(0, PLACE)]
TAKEN = (AT_RIM, TAKES), [(AT_RIM, dict(places=TAKES["places"])), ([(0, PLACE)], TAKES)]
BESIDE = OVER | {"cup/base": [(0, RIM)]}
PUT = (
    (AT_PLACE, dict(claw=LETS_GO, held=[(0, 1.2, CUP)], places=OVER)),
    [(AT_PLACE, dict(claw=KEEPS, held=HELD_CUP, places=OVER)), (AT_RIM, dict(claw=LETS_GO, places=BESIDE))],
)
CARRIED = (
    (ASIDE["cup/base"], dict(held=HELD_CUP, places=ASIDE)),
    [(ASIDE["cup/base"], dict(places=ASIDE)), (AT_PLACE, dict(held=HELD_CUP, places=OVER))],
)
OFFERED = {"cup/base": ASIDE["cup/base"], "cup/rim": ASIDE["cup/base"], "man/chest": [(0, (0.9, 0, 1.1))]}
# a cup that leans further and further over another one, whose level begins to rise after two seconds
RISES_LATE = {"cup/level": [(0, 0), (2, 0), (3, 0.02)]}
TIPS = dict(held=HELD_CUP, places={"cup/rim": [(0, RIM)]}, leans={"cup/rim": [(0, 0.8), (2, 1.6)]}, joints=RISES_LATE)
RUNS = dict(TIPS, leans={"cup/rim": [(0, 1.6)]}, joints={"cup/level": [(0, 0), (2, 0.04)]})
UPRIGHT = {"cup/rim": [(0, 0.0)]}
POURED = dict(lip="cup/rim", into="cup/base", gauge="cup/level")
HERE = dict(places={"table/here": [(0, PLACE)], "table/there": [(0, KNOB)]})
ON = dict(touched=[(0, 3.1, "table/table")], **HERE)
TO_AND_FRO = [(0, PLACE), (1, KNOB), (2, PLACE), (3, KNOB)]
ELSEWHERE = [(t, (x + 0.3, y, z)) for t, (x, y, z) in TO_AND_FRO]
RUBBED = {"cup/base": [(t, (x, y, 1.01)) for t, (x, y, _) in TO_AND_FRO], "shelf/place": [(0, PLACE)]}
LOW = dict(places={"cup/base": [(0, PLACE)]})
SLIDES = dict(places={"cup/base": [(0, RIM), (1, RIM), (2, PLACE)], "shelf/place": [(0, PLACE)]})
STAYS = dict(places={"cup/base": [(0, RIM)], "shelf/place": [(0, PLACE)]})
AHEAD = dict(places={"shelf/place": [(0, (0.5, 0.2, 1.3))]})  # straight before fingers that point up
ASTRAY = dict(places={"shelf/place": [(0, (0.8, 0.2, 1.0))]})
DOWN = [(0, KNOB), (0.5, KNOB), (2.5, (0.5, 0.2, 0.8))]
RAISED = [(0, PLACE), (1, PLACE), (2, (0.4, 0, 1.15))]
INTO = dict(
    places={"cup/base": [(0, (0.415, 0, 1)), (1, (0.415, 0, 1)), (2, (0.395, 0, 1))], "shelf/place": [(0, PLACE)]}
)
ELSE_IN = dict(places=INTO["places"] | {"shelf/place": [(0, RIM)]})
ON_THE_WAY = [(-1, (0, 0, 1)), (4, (1, 0, 1))]  # it never rests
WALKS_ON = dict(joints={"base_x": [(-1, 0), (4, 1)], "base_y": [(0, 0.0)]}, **TO)
WALKS = dict(joints={"base_x": [(0, 0), (0.5, 0), (2.5, 0.5)], "base_y": [(0, 0.0)]}, **TO)
SINKS = dict(joints={"base_height": [(0, 0), (0.5, 0), (2.0, -0.15)]}, **TO)
RISES = dict(joints={"base_height": [(0, -0.15), (0.5, -0.15), (2.0, 0.0)]}, **TO)
# both hands with a cloth: they draw it, take it up, or fold it
DRAWS = (
    (GO, dict(touched=[(1, 3, CUP)], beside=[(1, 3, CUP)], both=True)),
    [(GO, dict(both=True)), (GO, dict(touched=[(1, 3, CUP)], both=True)), (AT_RIM, TAKES)],
)
PICKS = (AT_RIM, dict(TAKES, beside=[(1, 3.1, CUP)])), [(AT_RIM, TAKES), (AT_RIM, dict(held=HELD_CUP, beside=HELD_CUP))]
FOLDS = (
    (GO, dict(held=HELD_CUP, beside=HELD_CUP, both=True)),
    [
        (GO, dict(held=HELD_CUP, beside=HELD_CUP)),
        (GO, dict(both=True)),
        (AT_RIM, dict(held=HELD_CUP, beside=HELD_CUP)),
    ],
)
CASES = {
    "reach": (step("reach", at="chest/knob"), (GO, TO), [(GO, dict(held=HELD_CUP, **TO))]),
    "take.pinch": (step("take.pinch", at="chest/knob"), (AT_KNOB, GRAB), [(AT_KNOB, TO), ([(0, RIM)], GRAB)]),
    **{
        word: (step(word, at="cup/rim", of=CUP), *TAKEN)
        for word in (
            "take.rim",
            "take.above",
            "take.side",
            "take.bottle",
            "take.inside",
            "take.part",
            "take",
        )
    },
    "move_joint.pull": (
        step("move_joint.pull", joint="lid_hinge", at="chest/knob"),
        (AT_KNOB, dict(held=HELD_LID, **DOOR)),
        [(AT_KNOB, DOOR), (AT_KNOB, dict(held=HELD_LID, **STANDS)), (AT_KNOB, dict(held=HELD_LID, **SHUT))],
    ),
    "move_joint": (
        step("move_joint", joint="lid_hinge"),
        (AT_KNOB, dict(touched=[(1, 2, LID)], **DOOR)),
        [(AT_KNOB, DOOR), (AT_KNOB, dict(touched=[(1, 2, LID)], **STANDS))],
    ),
    "release": (
        step("release"),
        (AT_KNOB, dict(claw=[(0, 60), (1, 60), (1.5, 40)], held=[(0, 1.2, LID)])),
        [(AT_KNOB, dict(claw=[(0, 60)], held=HELD_LID))],
    ),
    "move_joint.push": (
        step("move_joint.push", joint="lid_hinge"),
        (AT_KNOB, dict(touched=[(1, 2, LID)], **DOOR)),
        [(AT_KNOB, DOOR), (AT_KNOB, dict(touched=[(1, 2, LID)], **SHUT)), (AT_KNOB, dict(held=HELD_LID, **DOOR))],
    ),
    "move_joint.shut": (
        step("move_joint.shut", joint="lid_hinge"),
        (AT_KNOB, dict(touched=[(1, 2, LID)], **SHUT)),
        [(AT_KNOB, SHUT), (AT_KNOB, dict(touched=[(1, 2, LID)], **DOOR))],
    ),
    "lift": (
        step("lift"),
        ([(0, PLACE), (1, PLACE), (2, (0.4, 0, 1.15))], dict(held=HELD_CUP)),
        [
            ([(0, PLACE), (1, PLACE), (2, (0.6, 0, 1.0))], dict(held=HELD_CUP)),
            ([(0, PLACE), (3, (0.5, 0, 1.12))], dict(held=HELD_CUP)),  # aslant, as what is carried goes
            ([(0, PLACE), (2, (0.4, 0, 1.15))], {}),
        ],
    ),
    **{word: (step(word, of="cup/base", upon="shelf/place"), *CARRIED) for word in ("carry.level", "carry.over")},
    "carry.out": (step("carry.out", of="cup/base", upon="shelf/place", into="shelf/place"), *CARRIED),
    "hand_over.offer": (
        step("hand_over.offer", of="cup/base", handle="cup/rim", person="man/chest"),
        (ASIDE["cup/base"], dict(held=HELD_CUP, places=OFFERED)),
        [(ASIDE["cup/base"], dict(places=OFFERED)), (AT_PLACE, dict(held=HELD_CUP, places=OFFERED))],
    ),
    **{
        word: (step(word, of="cup/base", upon="shelf/place"), *PUT)
        for word in ("put.inside", "put.on", "put.down", "put")
    },
    "put.slot": (step("put.slot", of="cup/base", upon="shelf/place"), *PUT),
    "put.both_hands": (
        step("put.both_hands", of="cup/base", upon="shelf/place"),
        (AT_PLACE, dict(claw=LETS_GO, held=[(0, 1.2, CUP)], beside=[(0, 1.2, CUP)], places=OVER)),
        PUT[1],
    ),
    "take.both_hands": (
        step("take.both_hands", of="cup/base"),
        (RAISED, dict(held=HELD_CUP, beside=HELD_CUP, **LOW)),
        [(RAISED, dict(held=HELD_CUP, **LOW)), (AT_PLACE, dict(held=HELD_CUP, beside=HELD_CUP, **LOW))],
    ),
    "carry.aligned": (step("carry.aligned", of="cup/base", into="shelf/place"), *CARRIED),
    "put.pressed": (
        step("put.pressed", of="cup/base", into="shelf/place"),
        (AT_PLACE, dict(held=HELD_CUP, **INTO)),
        [(AT_PLACE, INTO), (AT_PLACE, dict(held=HELD_CUP, places=OVER)), (AT_PLACE, dict(held=HELD_CUP, **ELSE_IN))],
    ),
    "verify": (
        step("verify", of="cup/base", into="shelf/place"),
        (AT_PLACE, dict(held=HELD_CUP, places=OVER)),
        [
            (AT_PLACE, dict(places=OVER)),
            (AT_PLACE, dict(held=HELD_CUP, places=BESIDE)),
            (ON_THE_WAY, dict(held=HELD_CUP, places=OVER)),
        ],
    ),
    "pour": (
        step("pour", **POURED),
        (AT_RIM, TIPS),
        [(AT_RIM, TIPS | dict(held=())), (AT_RIM, TIPS | dict(leans=UPRIGHT)), (AT_RIM, RUNS)],
    ),
    "pour.level": (
        step("pour.level", **POURED),
        (AT_RIM, RUNS),
        [(AT_RIM, RUNS | dict(joints={"cup/level": [(0, 0.0)]})), (AT_RIM, RUNS | dict(leans=UPRIGHT))],
    ),
    "stroke.push": (
        step("stroke.push", of="cup/base", to="shelf/place"),
        (AT_RIM, dict(touched=[(1, 2, CUP)], **SLIDES)),
        [(AT_RIM, SLIDES), (AT_RIM, dict(touched=[(1, 2, CUP)], **STAYS)), (AT_RIM, dict(held=HELD_CUP, **SLIDES))],
    ),
    "move_joint.turn": (
        step("move_joint.turn", at="chest/knob"),
        (AT_KNOB, dict(touched=[(1, 2, LID)], **DOOR)),
        [(AT_KNOB, DOOR), (AT_KNOB, dict(touched=[(1, 2, LID)], **STANDS))],
    ),
    "draw.over": (step("draw.over", of=CUP), *DRAWS),
    "take.edge": (step("take.edge", of=CUP), *PICKS),
    "fold.half": (step("fold.half", of=CUP), *FOLDS),
    "draw.out": (
        step("draw.out", of=CUP),
        (AT_KNOB, dict(WALKS, held=HELD_CUP, beside=HELD_CUP)),
        [(AT_KNOB, WALKS), (AT_KNOB, dict(TO, held=HELD_CUP, beside=HELD_CUP))],
    ),
    "draw.near": (step("draw.near", of=CUP), *DRAWS),
    "draw.end": (step("draw.end", of=CUP), *DRAWS),
    "take.end": (step("take.end", of=CUP), *PICKS),
    "fling": (step("fling", of=CUP), *FOLDS),
    "fold.third": (step("fold.third", of=CUP), *FOLDS),
    "draw.aside": (step("draw.aside", of=CUP), *DRAWS),
    "take.crease": (step("take.crease", of=CUP), *PICKS),
    "put.pile": (step("put.pile", of=CUP), *FOLDS),
    "press.surface": (
        step("press.surface", at="table/here"),
        (AT_PLACE, dict(touched=[(1, 2, "table/table")], **HERE)),
        [(AT_PLACE, HERE), (TO_AND_FRO, ON), (AT_RIM, ON)],
    ),
    "stroke.along": (
        step("stroke.along", **{"from": "table/here", "to": "table/there"}),
        (TO_AND_FRO, ON),
        [(AT_PLACE, ON), (TO_AND_FRO, HERE), ([(0, PLACE), (3, KNOB)], ON), (ELSEWHERE, ON)],
    ),
    "stroke.area": (
        step("stroke.area", of="cup/base", at="shelf/place"),
        (TO_AND_FRO, dict(held=HELD_CUP, places=RUBBED)),
        [
            (TO_AND_FRO, dict(places=RUBBED)),
            (TO_AND_FRO, dict(held=HELD_CUP, places={**RUBBED, "cup/base": [(0, (0.4, 0.0, 1.10))]})),
            (TO_AND_FRO, dict(held=HELD_CUP, places={**RUBBED, "shelf/place": [(0, (1.0, 0.0, 1.0))]})),
        ],
    ),
    "look": (
        step("look", at="chest/knob"),
        (AT_KNOB, dict(joints={"neck": [(0, 0), (1, 0), (2, 0.5)]}, **TO)),
        [(AT_KNOB, dict(joints={"neck": [(0, 0)]}, **TO)), (GO, dict(joints={"neck": [(0, 0)]}, **TO))],
    ),
    "point": (
        step("point", at="shelf/place"),
        (GO, AHEAD),
        [(GO, ASTRAY), (AT_KNOB, dict(held=HELD_CUP, **AHEAD)), ([(0, (0.5, 0.2, 0.6)), (3, KNOB)], AHEAD)],
    ),
    **{word: (step(word), (AT_KNOB, TO), [(ON_THE_WAY, TO), (AT_KNOB, WALKS_ON)]) for word in ("wait",)},
    "hand_over.pulled": (
        step("hand_over.pulled"),
        (AT_KNOB, dict(claw=LETS_GO, held=[(0, 1.2, CUP)])),
        [(AT_KNOB, TO), (ON_THE_WAY, dict(held=HELD_CUP))],
    ),
    "home.back": (step("home.back"), (DOWN, TO), [(DOWN, dict(held=HELD_CUP)), (GO, TO), (AT_KNOB, TO)]),
    "press.key": (
        step("press.key", at="key/face"),
        (AT_KNOB, dict(touched=[(1, 1.6, "key/key")], **PRESSED)),
        [
            (AT_KNOB, PRESSED),
            (AT_KNOB, dict(touched=[(1, 1.6, "key/key")], **{**PRESSED, "joints": {"key_slide": [(0, 0)]}})),
        ],
    ),
    "home": (step("home"), (GO, TO), [(AT_KNOB, TO), (GO, dict(touched=[(0, 3.1, LID)], **TO))]),
    "walk": (step("walk"), (AT_KNOB, WALKS), [(AT_KNOB, TO), (AT_KNOB, SINKS)]),
    "walk.end": (step("walk.end"), (AT_KNOB, WALKS), [(AT_KNOB, TO), (AT_KNOB, SINKS)]),
    "walk.squat": (step("walk.squat"), (AT_KNOB, SINKS), [(AT_KNOB, RISES), (AT_KNOB, TO)]),
    "walk.stand": (step("walk.stand"), (AT_KNOB, RISES), [(AT_KNOB, SINKS), (AT_KNOB, TO)]),
}


@pytest.mark.parametrize("word", CASES)
def test_a_film_of_a_skill_shows_it(word):
    one, (hand, settings), _ = CASES[word]
    assert shown(one, hand, settings) < 0.1


@pytest.mark.parametrize(("word", "k"), [(word, k) for word, case in CASES.items() for k in range(len(case[2]))])
def test_a_film_without_it_contradicts_it(word, k):
    one, _, others = CASES[word]
    assert shown(one, *others[k]) >= 0.5


def test_every_skill_is_seen_by_a_pattern_with_films_or_says_why_not():
    ours = Path(__file__).resolve().parents[1]
    films = "".join(path.read_text(encoding="utf-8") for path in ours.rglob("test_*.py"))
    filmed = {registry()[word].label.shows for word in CASES}
    for word, kind in registry().items():
        shows = kind.label.shows
        assert (shows is None) == bool(kind.label.unseen), f"{word}: a pattern, or a reason why it has none"
        if shows is None:
            continue
        if shows.__module__.startswith(recognition.__name__):
            assert shows in filmed, f"{word}: a film for {shows.__name__} in CASES here"
        else:
            assert f'step("{word}"' in films, f"{word}: a film for its own pattern in its test, as films.py says"
        assert "Begins: " in shows.__doc__ and "Ends: " in shows.__doc__, shows
    assert all(others for _, _, others in CASES.values())


@pytest.mark.parametrize("word", registry())
def test_a_skill_brings_its_own_label(word):
    kind = registry()[word]
    assert "label" in vars(kind), "not that of the skill that it is made from"
    assert not kind.label.about or kind.label.about in kind.arguments


def test_a_word_that_no_reading_tells_is_any_motion_and_said_to_be_a_guess():
    assert shown(step("stroke.shake"), GO, TO) < 0.5
    assert registry()["stroke.shake"].label.shows is None
    tracks = film(3.0, [(0, (0, 0, 1)), (0.5, (0, 0, 1)), (2.5, KNOB)], **TO)
    (guess,) = read([step("stroke.shake")], tracks)
    (reached,) = read([step("reach", at="chest/knob", standoff=0.01)], tracks)
    assert guess.plain()["told_by"] == "motion" and "told_by" not in reached.plain()


def test_a_skill_is_not_done_before_its_end():
    before = evidence(
        HandFeatures(film(3.0, [(0, (0, 0, 1)), (2, (0.1, 0, 1))], **TO), "left"), step("reach", at="chest/knob")
    )
    there = evidence(
        HandFeatures(film(3.0, [(0, (0, 0, 1)), (2, (0.42, 0.18, 1))], **TO), "left"), step("reach", at="chest/knob")
    )
    assert before.unfinished[-1] == 1.0 and there.unfinished[-1] == 0.0
    offer = step(
        "hand_over.offer", of="cup/base", handle="cup/rim", person="man/chest", right_grip="man/hand", left_grip=None
    )
    for hand, waits in ((PLACE, 0.0), (KNOB, 1.0)):
        offered = OFFERED | {"man/hand": [(0, hand)]}
        assert evidence(HandFeatures(film(3.0, AT_PLACE, places=offered), "left"), offer).unfinished[-1] == waits
    far = {"cup/base": [(0, RIM)], "shelf/place": [(0, PLACE)]}
    carry = step("carry.level", of="cup/base", upon="shelf/place")
    assert evidence(HandFeatures(film(3.0, [(0, RIM)], places=far), "left"), carry).unfinished[-1] == 1.0
    assert evidence(HandFeatures(film(3.0, [(0, RIM)], places=OVER), "left"), carry).unfinished[-1] == 0.0


# -- alignment ---------------------------------------------------------------------------------------------------------------


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


# -- a whole chain, of another scene, with the other hand --------------------------------------------------------------------


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


# -- sentences ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_skill_of_the_microwave_has_a_sentence(scene, lang):
    for one in chain_of(scene):
        text = sentence(lang, one, "left", next(iter(one.written.values()), None))
        assert "?" not in text and "{" not in text and "_" not in text
        assert ("left hand" if lang == "en" else "左手") in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sentence_asks_for_nothing_but_what_its_skill_knows(lang):
    for word, kind in registry().items():
        title, text = kind.label.words(lang)
        assert title, word
        asked = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert asked <= {*kind.arguments, "hand", "about", "skill"}, word


def test_a_sentence_says_hand_and_thing():
    one = step("move_joint.pull", written={"joint": "oven.door", "take.side": "oven.handle"})
    titles = {
        "things": {"oven": {"en": "oven", "zh": "微波炉"}},
        "words": {"chest.door": {"en": "lid", "zh": "盖"}, "oven.door": {"en": "door", "zh": "门"}},
    }
    assert sentence("en", one, "right", "oven.door", titles) == "the right hand pulls the oven's door open"
    assert sentence("zh", one, "right", "oven.door", titles) == "右手拉开微波炉的门"
    assert sentence("en", one, "right", "oven.door") == "the right hand pulls the oven's door open", (
        "readable without titles"
    )
    assert sentence("en", step("dance"), "left", "tea_tray") == "the left hand does: dance (tea tray)"


# -- one real demonstration --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def labelled(demonstration, scene):
    """The labels of a demonstration that tells nothing of itself: other segments, seed, record and outcome than its own."""
    states = {name: values.copy() for name, values in demonstration.states.items()}
    states["observation.state"][30:] += 0.01
    wrong = [{"skill": "lift", "t0": 0.0, "t1": 1.0}]
    other = replace(demonstration, segments=wrong, seed=12345, provenance={}, states=states, label={"success": False})
    (item,) = labelling([as_recording("blind", other, scene)], Contexts())
    return item


@pytest.fixture
def dataset(demonstration, scene, tmp_path, monkeypatch):
    """A folder with a dataset of one episode, that the test stands in."""
    monkeypatch.chdir(tmp_path)
    write_lerobot("demos", [demonstration], scene.schema.lerobot_features(), round(1 / scene.control_timestep))
    return tmp_path


def test_a_demonstration_is_labelled_as_its_operator_meant_it(demonstration, labelled):
    # a head that turns beside what the hands do is no skill of its own
    known, found = [s for s in demonstration.segments if s["skill"] != "look"], labelled.segments
    assert [s.skill for s in found] == [s["skill"] for s in known]
    errors = [abs(s.t0 - k["t0"]) for s, k in zip(found, known)]
    assert np.median(errors) < 0.3
    right = sum(max(0.0, min(s.t1, k["t1"]) - max(s.t0, k["t0"])) for s, k in zip(found, known))
    assert right >= 0.9 * sum(k["t1"] - k["t0"] for k in known)
    assert all(0.0 <= s.confidence <= 1.0 for s in found)
    assert {s.object for s in found} >= {"oven.handle", "oven.door", "bowl", "oven.start"}


def test_a_replay_that_is_not_what_was_recorded_is_told_with_the_time(labelled):
    assert labelled.departs == pytest.approx(1.0)


def test_what_cannot_be_replayed_is_left_out_with_the_reason(demonstration, scene):
    torn = replace(demonstration, actions=demonstration.actions.copy())
    torn.actions[5, 0] = np.nan
    (item,) = labelling([as_recording("torn", torn, scene)], Contexts())
    assert isinstance(item, Unreadable) and "not finite" in item.error.message


def test_label_by_command_and_correct(labelled, dataset, capsys):
    assert main(["label", "data=demos", "out=sheet.yaml", "quiet=true"]) == 0
    assert re.search(r"sheet.yaml: 11 segments of 1 episodes", capsys.readouterr().out)
    sheet = yaml.safe_load((dataset / "sheet.yaml").read_text(encoding="utf-8"))
    assert "departs" not in sheet["episodes"][0], "its replay is what was recorded"
    segments = sheet["episodes"][0]["segments"]
    assert segments[0]["skill"] == "reach" and segments[0]["en"].startswith("the left hand reaches")
    found = [(one["skill"], one["t0"], one["t1"]) for one in segments]
    assert found == [(s.skill, *(pytest.approx(t, abs=1e-3) for t in (s.t0, s.t1))) for s in labelled.segments], "its own words change none"
    before = {p: p.read_bytes() for p in (dataset / "demos").rglob("*") if p.is_file()}
    segments[1] |= {"skill": "take.pinch", "t0": segments[1]["t0"] + 0.1, "en": "corrected"}
    del segments[1]["confidence"], segments[2]
    (dataset / "corrected.yaml").write_text(yaml.safe_dump(sheet, allow_unicode=True), encoding="utf-8")
    assert main(["label", "data=demos", "apply=corrected.yaml", "out=better"]) == 0
    assert {p: p.read_bytes() for p in (dataset / "demos").rglob("*") if p.is_file()} == before, "the original stays"
    (one,), (was,) = read_recordings("better"), read_recordings("demos")
    assert len(one.episode.segments) == 10 and one.episode.segments[1]["sentence"]["en"] == "corrected"
    assert one.episode.segments[1]["t0"] == pytest.approx(segments[1]["t0"])
    assert one.episode.provenance["segments"]["from"] == "corrected.yaml"
    assert one.episode.actions.tobytes() == was.episode.actions.tobytes()
    assert sorted(p.name for p in dataset.iterdir()) == ["better", "corrected.yaml", "demos", "sheet.yaml"]
    assert main(["label", "data=demos", "out=sheet.yaml"]) == 2, "a sheet is not overwritten"
    assert main(["label", "data=demos", "apply=corrected.yaml", "out=better"]) == 2
    capsys.readouterr()
    assert main(["label", "data=better", "apply=corrected.yaml", "out=again"]) == 2
    assert "another recording" in capsys.readouterr().err and not (dataset / "again").exists()


# -- sheets ------------------------------------------------------------------------------------------------------------------


def written(path, labelled):
    with LabelSheet(path, "demos") as sheet:
        sheet.add(labelled)
        sheet.add(Unreadable("bad", "demos#1", EpisodeError("torn: 'x'")))
    return path


def test_a_sheet_reads_back_what_was_written_in_both_formats(labelled, tmp_path):
    one = written(tmp_path / "a.yaml", labelled)
    other = written(tmp_path / "b.json", labelled)
    content = yaml.safe_load(one.read_text(encoding="utf-8"))
    assert content["left_out"] == json.loads(other.read_text(encoding="utf-8"))["left_out"]
    assert read_sheet(one, registry()) == read_sheet(other, registry())
    (row,) = read_sheet(one, registry()).values()
    assert [s["skill"] for s in row["segments"]] == [s.skill for s in labelled.segments]
    assert [s["t0"] for s in row["segments"]] == pytest.approx([s.t0 for s in labelled.segments], abs=1e-3)


def test_a_sheet_marks_a_guess_until_it_is_corrected(labelled, tmp_path):
    guess = replace(
        labelled, segments=(replace(labelled.segments[0], skill="stroke.shake", by_motion=True), *labelled.segments[1:])
    )
    for name in ("a.yaml", "b.json"):
        path = written(tmp_path / name, guess)
        (row,) = read_sheet(path, registry()).values()
        assert [segment.get("told_by") for segment in row["segments"]] == ["motion"] + [None] * 10
    text = path.with_name("a.yaml").read_text(encoding="utf-8")
    assert text.count('told_by: "motion"') == 1
    path.with_name("c.yaml").write_text(text.replace(', told_by: "motion"', ""), encoding="utf-8")
    (row,) = read_sheet(path.with_name("c.yaml"), registry()).values()
    assert not any("told_by" in segment for segment in row["segments"])


def test_a_sheet_names_the_cell_of_an_episode_that_has_one(labelled, tmp_path):
    assert labelled.cell is None and "cell:" not in written(tmp_path / "a.yaml", labelled).read_text(encoding="utf-8")
    there = written(tmp_path / "b.yaml", replace(labelled, cell="example-mw-01"))
    assert yaml.safe_load(there.read_text(encoding="utf-8"))["episodes"][0]["cell"] == "example-mw-01"


def test_nothing_is_written_where_labelling_fails(tmp_path):
    with pytest.raises(RuntimeError), LabelSheet(tmp_path / "a.yaml", "demos"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(EpisodeError, match=r"\.yaml or \.yml or \.json"):
        LabelSheet(tmp_path / "a.txt", "demos")


def test_all_problems_of_a_sheet_at_once(labelled, tmp_path):
    content = yaml.safe_load(written(tmp_path / "a.yaml", labelled).read_text(encoding="utf-8"))
    segments = content["episodes"][0]["segments"]
    segments[0]["skill"] = "take.pnch"
    segments[2]["t0"], segments[2]["t1"] = 9.0, 8.0
    segments[3]["hand"] = "middle"
    segments[5]["t0"] = segments[4]["t1"] - 0.5
    segments[6]["t1"] = "late"
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(EpisodeError) as raised:
        read_sheet(path, registry())
    message = str(raised.value)
    for words_ in (
        "Did you mean take.pinch",
        "0 <= t0 < t1",
        "'middle' is not known here",
        "before the one before",
        "'late'",
    ):
        assert words_ in message
    assert message.count("\n") == 5 and "wrong.yaml" in message


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_what_a_sheet_does_not_know_is_refused(labelled, tmp_path, ending):
    path = written(tmp_path / f"a.{ending}", labelled)
    text = path.read_text(encoding="utf-8")
    for old, new, hint in (
        ("confidence", "confidense", "unknown key 'confidense'. Did you mean confidence?"),
        ("sha256", "sha265", "unknown key 'sha265'. Did you mean sha256?"),
        ("data", "date", "unknown key 'date'. Did you mean data?"),
        ("skill", "skil", "unknown key 'skil'. Did you mean skill?"),
        ("the left hand reaches", "${oc.env:HOME}", "'${oc.env:HOME}' is not resolved in a file"),
    ):
        colon = "" if " " in old else ":" if ending == "yaml" else '":'
        old, new = f"{old}{colon}", f"{new}{colon}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(EpisodeError) as raised:
            read_sheet(path, registry())
        assert hint in str(raised.value)
        if ending == "yaml":
            line = 1 + text[: text.index(old)].count("\n")
            assert f"a.yaml:{line}: " in str(raised.value)


@pytest.mark.parametrize("text", ["", "[1, 2", "labels: 2\nepisodes: []", "a: &x [*x]", "labels: 1", "\x00"])
def test_what_is_no_sheet_is_refused(text, tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EpisodeError, match="odd"):
        read_sheet(path, registry())


@pytest.mark.parametrize(
    ("words_", "message"),
    [
        (["label"], "`shiliu label` needs data and out"),
        (["label", "data=nothere", "out=a.yaml"], "nothere"),
        (["label", "data=nothere", "out=a.txt"], ".yaml or .yml or .json"),
        (["label", "data=nothere", "out=a.yaml", "aply=b.yaml"], "Did you mean apply"),
        (["label", "data=nothere", "apply=b.yaml", "out=c"], "b.yaml: no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_user_can_mend_is_2_and_leaves_nothing(words_, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words_) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# -- how the agreement is measured ----------------------------------------------------------------------------------------


def test_the_benchmark_counts_a_known_error():
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "labels.py"
    spec = importlib.util.spec_from_file_location("labels_benchmark", path)
    benchmark = sys.modules["labels_benchmark"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    known = [{"skill": "reach", "t0": 0.0, "t1": 4.0}, {"skill": "take.pinch", "t0": 4.0, "t1": 6.0}]
    known.append({"skill": "lift", "t0": 6.0, "t1": 10.0})

    def figures(*proposed):
        score = benchmark.Score()
        score.add(known, [{"skill": w, "t0": a, "t1": b, "confidence": 1.0} for w, a, b in proposed])
        return score.figures()

    same = figures(("reach", 0.0, 4.0), ("take.pinch", 4.0, 6.0), ("lift", 6.0, 10.0))
    assert (same["right_word"], same["right_time"], same["extra"], same["boundary_worst_s"]) == (1.0, 1.0, 0, 0.0)
    late = figures(("reach", 0.0, 4.5), ("take.pinch", 4.5, 6.0), ("lift", 6.0, 10.0))
    assert late["right_time"] == pytest.approx(0.95) and late["boundary_worst_s"] == pytest.approx(0.5)
    assert late["of_skill"]["take.pinch"]["bias_s"] == pytest.approx(0.5)
    wrong = figures(("reach", 0.0, 6.0), ("release", 6.0, 10.0))
    assert wrong["right_word"] == pytest.approx(1 / 3) and wrong["extra"] == 1
    assert wrong["right_time"] == pytest.approx(0.4)
