"""The arm exoskeleton: anatomy in the angles, an exact inverse, and streams of which the truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shiliu
from exoskeleton_stream import save, stream_of
from scipy.interpolate import PchipInterpolator
from shiliu.replay.recording.recording import Recording
from shiliu.replay.retarget import bidirectional as both_ways
from shiliu.replay.retarget.alignment import carried, place, scaled
from shiliu.replay.retarget.arms import Arms, arms_of
from shiliu.replay.retarget.beginning import Beginning
from shiliu.replay.retarget.bidirectional import best_way, only_where, prices, retarget_both_ways
from shiliu.replay.retarget.carry_over import carry
from shiliu.replay.retarget.exoskeleton import ARM, NAMES, Person
from shiliu.replay.retarget.settings import load_settings
from shiliu.replay.retarget.solver import retarget
from shiliu.replay.retarget.sources import arm_exoskeleton, find
from shiliu.replay.retarget.targets import HandTargets
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.sheet.errors import EpisodeError

PERSON = Person.of_height(1.70)
LENGTH = PERSON.upper_arm + PERSON.forearm + PERSON.grasp


def bent(**degrees: float) -> np.ndarray:
    """(1, 7) angles of one arm."""
    return np.deg2rad([[degrees.get(name, 0.0) for name in ARM]])


def test_lengths_are_shares_of_height():
    assert Person.of_height(1.0).upper_arm == pytest.approx(0.186) and Person.of_height(1.0).forearm == pytest.approx(
        0.146
    )
    assert LENGTH == pytest.approx(0.6562, abs=1e-4) and PERSON.shoulders == pytest.approx(0.4386)


@pytest.mark.parametrize("hand,side", [("left", 1.0), ("right", -1.0)])
def test_each_angle_moves_the_hand_as_anatomy_says(hand, side):
    """Forward, out, in, up, thumb in, to the palm, to the thumb; the right arm is the left one mirrored."""
    inward = np.array([0.0, -side, 0.0])

    def at(**degrees: float) -> tuple[np.ndarray, np.ndarray]:
        position, rotation, _ = PERSON.hand(bent(**degrees), hand)
        return (position[0] - PERSON.shoulder(hand)) / LENGTH, rotation[0]

    rest, axes = at()
    assert (
        rest == pytest.approx([0, 0, -1])
        and axes[:, 0] == pytest.approx([0, 0, -1])
        and axes[:, 2] == pytest.approx(-inward)
    )
    assert at(shoulder_flexion=90)[0] == pytest.approx([1, 0, 0], abs=1e-12)
    assert at(shoulder_abduction=90)[0] == pytest.approx(-inward, abs=1e-12)
    assert at(elbow_flexion=90)[0][0] > 0.4
    inside = at(elbow_flexion=90, shoulder_rotation=90)[0]
    assert inside @ inward > 0.4 and inside[0] == pytest.approx(0, abs=1e-12)
    assert at(elbow_flexion=90, forearm_pronation=90)[1][:, 2] == pytest.approx([0, 0, 1], abs=1e-12), (
        "the palm turns down"
    )
    assert at(wrist_flexion=30)[1][:, 0] @ inward == pytest.approx(0.5), "fingers to the palm's side"
    assert at(wrist_deviation=30)[1][0, 0] == pytest.approx(0.5), "fingers to the thumb's side"
    assert np.linalg.det(axes) == pytest.approx(1)


@pytest.mark.parametrize("hand", ["left", "right"])
def test_the_inverse_is_exact(hand):
    low, high = [-30, 5, -50, 10, -70, -50, -25], [110, 80, 50, 130, 70, 50, 25]
    angles = np.deg2rad(np.random.default_rng(2).uniform(low, high, (300, 7)))
    position, rotation, elbow = PERSON.hand(angles, hand)
    again = PERSON.angles(position, rotation, elbow - PERSON.shoulder(hand), hand)
    assert again == pytest.approx(angles, abs=1e-9)


def test_a_stretched_arm_has_an_answer_and_a_longer_one_none():
    position, rotation, _ = PERSON.hand(bent(shoulder_flexion=40), "left")
    out = np.array([[0.0, 1.0, -1.0]])
    assert PERSON.angles(position, rotation, out, "left")[0, 0] == pytest.approx(np.deg2rad(40), abs=1e-4)
    with pytest.raises(EpisodeError, match=r"would have to be 0\.5\d\d m from its shoulder at sample 0"):
        PERSON.angles(position + np.array([0.02, 0.0, 0.0]), rotation, out, "left")


# -- streams of known truth --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arms(bare) -> Arms:
    return arms_of(bare)


@pytest.fixture(scope="module")
def motion(arms) -> tuple[np.ndarray, np.ndarray]:
    """Two seconds in which the robot's hands swing about the ready posture, by up to 17 degrees a joint."""
    t = np.arange(0, 2, 1 / 30)
    swing = np.array([0.3, 0.2, 0.2, 0.3, 0.2, 0.1, 0.15] * 2)
    phase = np.linspace(0, 3, 14)
    return t, arms.start + swing * (np.sin(2 * np.pi * 0.5 * t[:, None] + phase) - np.sin(phase))


def recorded(tmp_path: Path, arms: Arms, motion: tuple[np.ndarray, np.ndarray], **settings: object) -> Recording:
    person = settings.pop("person", PERSON)
    save(tmp_path / "take.npz", stream_of(arms, *motion, person, **settings))
    (r,) = shiliu.read(tmp_path / "take.npz")
    assert [entry.name for entry in tmp_path.iterdir()] == ["take.npz"]
    return r


def meant(r: Recording, arms: Arms) -> HandTargets:
    """Its hands, on the robot's own size and place."""
    hands = find(r).targets
    placed = place(hands, arms)
    return scaled(carried(hands, placed), arms, placed, load_settings())


def off(hands: HandTargets, arms: Arms, q: np.ndarray, hand: str) -> np.ndarray:
    return np.linalg.norm(hands.position[hand] - arms.follow(q, hand)[0], axis=1)


def test_the_archive_is_read_by_its_own_mapping(tmp_path, arms, motion):
    closed = np.column_stack([np.linspace(0, 1, len(motion[0])), np.zeros(len(motion[0]))])
    r = recorded(tmp_path, arms, motion, closed=closed)
    assert (r.mapping, r.kind, r.unmapped) == ("arm_exoskeleton", "human", ())
    assert r.streams["angles"].names == NAMES and r.streams["angles"].clock == "capture"
    source = find(r)
    assert source.name == "arm_exoskeleton" and source.targets.frame == "person"
    assert source.targets.arm_length["left"] == pytest.approx(LENGTH)
    assert source.targets.closed["left"] == pytest.approx(closed[:, 0])
    assert source.targets.t == pytest.approx(motion[0], abs=1e-9)


@pytest.mark.parametrize("height", [1.55, 1.70, 1.90])
def test_without_noise_the_hands_are_the_robots_whatever_the_persons_height(tmp_path, arms, motion, height):
    hands = meant(recorded(tmp_path, arms, motion, person=Person.of_height(height)), arms)
    for hand in hands.hands:
        assert off(hands, arms, motion[1], hand).max() < 1e-6, "m"
        rotation = arms.follow(motion[1], hand)[1]
        assert hands.rotation[hand] @ arms.worn[hand] == pytest.approx(rotation, abs=1e-6)


def test_without_noise_the_robots_motion_comes_back(tmp_path, bare, arms, motion):
    r = recorded(tmp_path, arms, motion)
    result = carry(r, bare, nominal(bare), load_limits(bare.robot.folder), load_settings()).result
    for hand in ("left", "right"):
        truth = arms.follow(motion[1], hand)[0]
        away = np.linalg.norm(result.hands[hand].position - truth, axis=1)
        assert np.median(away) < 5e-4 and away.max() < 5e-3, "m"


@pytest.mark.parametrize("degrees", [1.0, 4.0])
def test_an_offset_moves_the_hand_by_its_lever(tmp_path, arms, motion, degrees):
    """One encoder that reads too much turns all beyond its axis about it: the elbow's by forearm and hand, seen side-on."""
    t, _ = motion
    q = np.tile(arms.start, (len(t), 1))
    offsets = np.zeros(14)
    offsets[NAMES.index("left_elbow_flexion")] = np.deg2rad(degrees)
    hands = meant(recorded(tmp_path, arms, (t, q), offsets=offsets), arms)
    clean = find(recorded(tmp_path, arms, (t, q))).targets
    lever = np.linalg.norm(clean.position["left"] - clean.elbow["left"], axis=1)[
        0
    ]  # the hand bends out of the hinge's plane only a little
    expected = 2 * np.sin(np.deg2rad(degrees) / 2) * lever * arms.reach["left"] / LENGTH
    moved = off(hands, arms, q, "left")
    assert moved == pytest.approx(expected, rel=0.05)
    assert off(hands, arms, q, "right").max() < 1e-6


def test_offsets_that_the_calibration_knows_are_taken_off(tmp_path, arms, motion):
    offsets = np.deg2rad(np.linspace(-3, 3, 14))
    corrected = recorded(tmp_path, arms, motion, offsets=offsets, calibrated=True)
    hands = meant(corrected, arms)
    assert max(off(hands, arms, motion[1], hand).max() for hand in hands.hands) < 1e-6
    assert any("up to 3.0 deg, are taken off" in note for note in hands.notes)
    blind = meant(recorded(tmp_path, arms, motion, offsets=offsets), arms)
    assert min(off(blind, arms, motion[1], hand).min() for hand in hands.hands) > 5e-3
    assert any("names no offsets" in note for note in blind.notes)


def test_noise_moves_the_hands_in_proportion(tmp_path, arms, motion):
    spread = []
    for noise in (0.1, 0.4):
        hands = meant(recorded(tmp_path, arms, motion, noise=np.deg2rad(noise), rng=np.random.default_rng(5)), arms)
        spread.append(np.median(off(hands, arms, motion[1], "left")))
    assert spread[1] / spread[0] == pytest.approx(4.0, rel=0.02) and 5e-4 < spread[0] < 3e-3


def test_degrees_read_as_radians_are_refused(tmp_path, arms, motion):
    r = recorded(tmp_path, arms, motion)
    stream = r.streams["angles"]
    r.streams["angles"] = replace(stream, values=np.rad2deg(stream.values))
    with pytest.raises(EpisodeError, match="Are they degrees"):
        arm_exoskeleton.targets(r)
    r.streams["angles"] = replace(stream, values=np.rad2deg(stream.values), unit="deg")
    assert max(off(meant(r, arms), arms, motion[1], hand).max() for hand in ("left", "right")) < 1e-6


def test_an_archive_without_arm_lengths_is_told_so(tmp_path, arms, motion):
    r = recorded(tmp_path, arms, motion)
    del r.metadata["link_lengths"]
    with pytest.raises(EpisodeError, match="must be 4 finite numbers"):
        arm_exoskeleton.targets(r)


def test_a_lost_reading_makes_its_arm_alone_invalid(tmp_path, arms, motion):
    r = recorded(tmp_path, arms, motion)
    values = r.streams["angles"].values.copy()
    values[7, NAMES.index("right_wrist_flexion")] = np.nan
    r.streams["angles"] = replace(r.streams["angles"], values=values)
    hands = arm_exoskeleton.targets(r)
    assert hands.valid["left"].all() and np.flatnonzero(~hands.valid["right"]).tolist() == [7]


def swung(arms, way):
    """Times and arm angles of the left arm through postures (m, 7) [deg], one each 1.5 s."""
    t = np.arange(0, 1.5 * (len(way) - 1), 1 / 30)
    q = np.tile(arms.start, (len(t), 1))
    q[:, :7] = PchipInterpolator(1.5 * np.arange(len(way)), np.deg2rad(way))(t)
    return t, q


# of a demonstration of the scripted operator: around an open door, into the oven and out of it
INTO_THE_OVEN = [
    [11, 115, -17, -100, 16, -71, 37],
    [-32, 110, -22, -119, 15, -66, 32],
    [-97, 77, -18, -144, 2, -49, 11],
    [-61, 25, -52, -121, -41, -42, -2],
    [-31, 9, -68, -105, -58, -43, -3],
    [-28, 9, -74, -91, -64, -27, -7],
    [-32, 9, -68, -106, -57, -44, -3],
    [-23, 51, -52, -121, -54, -26, -27],
    [-12, 79, -58, -127, -23, 6, 36],
    [0, 56, -8, -97, -34, -25, -1],
    [-47, 37, -34, -47, -49, -20, -17],
]


def within_speed(result, limits):
    speed = np.abs(np.diff(result.q, axis=0)) / np.diff(result.t)[:, None]
    return bool((speed <= limits.column(result.names, "speed_smaller") + 1e-9).all())


def test_a_branch_that_forward_leads_astray_is_found_from_the_end(tmp_path, bare, arms):
    """The shoulder passes sideways through a right angle, where its first and third axis line up: two answers part there."""
    way = [  # of a demonstration of the scripted operator: reach around an open door
        [10, 115, 11, -136, 32, -53, 22],
        [-30, 115, -35, -133, 57, -71, 37],
        [-7, 109, 9, -136, 29, -67, 16],
        [-66, 77, 1, -117, -12, -62, 8],
        [-120, 40, -7, -99, -48, -55, -2],
        [-123, 2, -12, -92, -50, -47, -14],
        [-47, -6, -8, -107, 2, -43, -19],
        [51, 0, -1, -130, 69, -41, -20],
    ]
    t, q = swung(arms, way)
    hands = meant(recorded(tmp_path, arms, (t, q)), arms)
    limits, settings = load_limits(bare.robot.folder), load_settings()
    forward, both = retarget(hands, arms, limits, settings), retarget_both_ways(hands, arms, limits, settings)
    assert forward.hands["left"].off.max() > 0.05, "m: else there is nothing to find"
    assert both.hands["left"].off.max() < 5e-3 and prices(both, settings).sum() < 0.1 * prices(forward, settings).sum()
    assert both.t == pytest.approx(t) and both.hands["left"].target == pytest.approx(forward.hands["left"].target)
    speed = np.abs(np.diff(both.q, axis=0)) * 30
    assert (speed <= limits.column(arms.names, "speed_smaller") + 1e-9).all()
    assert any("from its end" in note for note in both.notes)


def test_where_two_ways_only_come_near_each_other_an_arm_is_led_from_one_to_the_other(tmp_path, bare, arms):
    """Forward ends in a dead end, from the end the beginning is 12 mm off; nowhere do both have one posture."""
    hands, limits = meant(recorded(tmp_path, arms, swung(arms, INTO_THE_OVEN)), arms), load_limits(bare.robot.folder)
    forward, best = (
        retarget(hands, arms, limits, load_settings()),
        retarget_both_ways(hands, arms, limits, load_settings()),
    )
    assert forward.hands["left"].off.max() > 0.2, "m: else there is nothing to find"
    assert best.hands["left"].off.max() < 2e-3 and within_speed(best, limits)
    assert any("led from way to way of 2" in note for note in best.notes)


def test_a_posture_between_leads_out_where_both_ways_end_in_a_dead_end(tmp_path, bare, arms, monkeypatch):
    """Both ways are made to begin with the elbow up, from where the left hand comes no nearer than 0.2 m to the oven's inside."""
    hands = meant(recorded(tmp_path, arms, swung(arms, INTO_THE_OVEN[3:7])), arms)
    limits, settings = load_limits(bare.robot.folder), load_settings()
    wrong = np.r_[np.deg2rad([90, 120, 88, -133, -24, -3, 4]), arms.start[7:]]
    monkeypatch.setattr(Beginning, "find", lambda self, backward=False: wrong)
    assert retarget(hands, arms, limits, settings).hands["left"].off.max() > 0.2
    best = retarget_both_ways(hands, arms, limits, settings)
    assert best.hands["left"].off.max() < 2e-3 and within_speed(best, limits)
    monkeypatch.setattr(both_ways, "AGAIN", 0)
    assert retarget_both_ways(hands, arms, limits, settings).hands["left"].off.max() > 0.2


def test_what_goes_well_forward_is_left_as_it_is(tmp_path, bare, arms, motion):
    hands = meant(recorded(tmp_path, arms, motion), arms)
    limits, settings = load_limits(bare.robot.folder), load_settings()
    assert np.array_equal(
        retarget_both_ways(hands, arms, limits, settings).q, retarget(hands, arms, limits, settings).q
    )


def test_the_best_way_changes_over_only_where_both_meet():
    cost = np.array([[0, 0, 0, 9, 9, 0, 0, 0], [9, 9, 0, 0, 0, 0, 9, 9.0]])
    meet = np.zeros(8, bool)
    assert best_way(cost, only_where(meet)).tolist() == [0] * 8, (
        "they never meet: the cheaper one as a whole, and of two the first"
    )
    meet[[2, 5]] = True
    assert best_way(cost, only_where(meet)).tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    meet[5] = False
    assert best_way(cost, only_where(meet)).tolist() == [0] * 8, "18 either way: nothing is gained"
    assert best_way(cost * [[2], [1]], only_where(meet)).tolist() == [0, 0, 1, 1, 1, 1, 1, 1]


def test_the_best_way_pays_for_a_change_over_what_it_costs():
    cost = np.array([[0, 0, 9, 9, 0, 0], [9, 0, 0, 0, 0, 9], [9, 9, 9, 0, 9, 9.0]])
    change = np.full((3, 3, 6), 20.0)
    change[[0, 1, 2], [0, 1, 2]] = 0.0
    assert best_way(cost, change).tolist() == [0] * 6, "18 for the first two alone, and a change costs 20"
    change[0, 1, 2], change[1, 0, 4] = 2.0, 3.0
    assert best_way(cost, change).tolist() == [0, 0, 1, 1, 0, 0]
