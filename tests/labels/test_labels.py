"""Signs and evidence on hand-made traces: each word with a film that shows it."""

from pathlib import Path

import numpy as np
import pytest
from films import CUP, DT, KNOB, LID, PLACE, RIM, film, shown, step
from shiliu.replay.labels.proposal import evidence, read
from shiliu.replay.operator import recognition
from shiliu.replay.operator.recognition.hand_features import HandFeatures
from shiliu.replay.operator.recognition.tracks import smooth
from shiliu.replay.operator.skills import registry


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


# -- evidence: each word with a film that shows it, and films that do not

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
