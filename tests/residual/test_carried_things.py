"""Recorded poses of things against the hand that carries them."""

from dataclasses import replace

import numpy as np
import pytest
from body_takes import TIMES
from carried_takes import (
    NAMES,
    PLACES,
    PUT,
    TAKEN,
    TURNS,
    N,
    every,
    found_of,
    hand,
    in_frame,
    later,
    poses,
    take_of,
)
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import check_alone
from shiliu.replay.residual.arm_chain import about
from shiliu.replay.residual.bodies import ComparedColumns, witnessed
from shiliu.replay.residual.carried_things import carried_things
from shiliu.replay.residual.posed_things import CarryingHand, things_of


def times(values, factor, columns=PLACES):
    out = values.copy()
    out[:, columns] *= factor
    return out


def as_xyzw(values):
    out = values.copy()
    for turn in TURNS:
        out[:, turn] = np.roll(values[:, turn], -1, axis=1)
    return out


def scattered(values, size=2e-3):
    return values + size * np.random.default_rng(3).standard_normal(values.shape)


def slanted(values):
    return in_frame(values, 2.1, (0.4, -1.3, 0.2))


@pytest.mark.parametrize("frame", [lambda values: values, slanted])
@pytest.mark.parametrize(("factor", "of"), [(1000.0, 6), (100.0, 6)])
def test_another_unit_is_named_with_all_things_of_the_stream(frame, factor, of):
    (found,) = found_of(times(frame(poses()), factor))
    assert (found.name, found.numbers["factor"], len(found.channels), found.certain) == ("factor", factor, of, True)


def test_of_one_thing_in_another_unit_it_alone_is_named():
    (found,) = found_of(times(poses(), 1000.0, [0, 1, 2]))
    assert (found.name, found.channels) == ("factor", NAMES[:3])


@pytest.mark.parametrize("frame", [lambda values: values, slanted])
@pytest.mark.parametrize("rows", [15, -9])
def test_a_delay_is_named_with_its_size(frame, rows):
    (found,) = found_of(later(frame(poses()), rows))
    assert (found.name, found.certain, set(found.channels)) == ("lag", True, set(NAMES[:7]))
    assert found.numbers["late"] == pytest.approx(rows / 30.0, abs=0.04)
    assert found.undone > 0.9


@pytest.mark.parametrize("frame", [lambda values: values, slanted])
def test_another_order_of_a_turn_is_named(frame):
    (found,) = found_of(as_xyzw(frame(poses())))
    assert (found.name, found.numbers["order"], len(found.channels), found.certain) == ("copied", "xyzw", 8, True)


def shoved():
    """The left hand pushes it along one axis: it slides along the hand's shape, and does not turn with it."""
    pos, _ = hand()
    place = np.tile(pos[TAKEN], (N, 1))
    place[:, 0] = np.maximum.accumulate(np.where(np.arange(N) < TAKEN, pos[TAKEN, 0], pos[:, 0] + 0.02))
    return poses(place, np.tile(np.eye(3), (N, 1, 1)))


def dropped():
    """It falls from the hand to the floor."""
    pos, turn = hand()
    place = (pos + turn @ np.array([0.03, -0.02, 0.05]))[np.clip(np.arange(N), TAKEN, PUT)]
    place[PUT:, 2] = np.maximum(place[PUT, 2] - 4.905 * (TIMES[PUT:] - TIMES[PUT]) ** 2, place[PUT, 2] - 0.7)
    return poses(place)


def rolled():
    """A ball that rolls by, and stops slowly."""
    place = np.tile([0.5, -0.4, 0.8], (N, 1))
    place[:, 1] += 0.8 * (1.0 - np.exp(-0.7 * np.maximum(TIMES - 4.0, 0.0)))
    return poses(place, about(np.array([1.0, 0.0, 0.0]), 10.0 * place[:, 1]))


def of_its_bottom():
    values = poses()
    values[:, [2, 9]] -= 0.06
    return values


def handed_over():
    """From the left hand to the right one, in which it has another place."""
    right = ComparedColumns(take_of(poses())).grasps[1]
    left, turn = hand()
    place, turns = left[np.clip(np.arange(N), 90, 300)], turn[np.clip(np.arange(N), 90, 300)]
    place, turns = place.copy(), turns.copy()
    moved = right.pos[300:] - right.pos[300]
    place[300:] += moved
    turns[300:] = right.turn[300:] @ right.turn[300].T @ turns[300]
    return poses(place, turns)


@pytest.mark.parametrize(
    "values",
    [
        poses, lambda: slanted(poses()), lambda: scattered(poses()), lambda: scattered(later(poses(), 2)), lambda: every(poses(), 4),
        shoved, dropped, rolled, of_its_bottom, handed_over, lambda: poses().round(3), lambda: poses(np.tile([0.5, 0.2, 0.8], (N, 1))),
    ],
)  # fmt: skip
def test_honest_poses_are_none(values):
    assert found_of(values()) == []


def test_what_is_announced_in_millimetres_is_read_so():
    unit = "mm mm mm 1 1 1 1 mm mm mm 1 1 1 1"
    assert found_of(times(poses(), 1000.0), unit) == []
    assert found_of(poses(), unit)[0].numbers["factor"] == 1e-3


def test_a_thing_that_a_hand_carries_is_no_longer_alone_and_one_that_lies_still_is():
    seen = witnessed(ComparedColumns(take_of(poses())))
    assert {f"environment/{name}" for name in NAMES[:7]} <= seen
    assert not {f"environment/{name}" for name in NAMES[7:]} & seen


def test_where_joints_are_wrong_they_are_named_and_not_the_thing_that_their_hand_carries():
    take = take_of(poses())
    assert ComparedColumns(take).differences == ()
    state = take.streams["state"]
    late = replace(state, values=later(state.values, 12))
    found = ComparedColumns(replace(take, streams=take.streams | {"state": late})).differences
    assert found and not {name for one in found for name in one.channels} & set(NAMES)


def test_a_hand_that_is_recorded_as_a_pose_tells_a_delay_and_no_unit_by_itself():
    take = take_of(later(poses(), 15))
    streams = {name: one for name, one in take.streams.items() if name in ("hand_pose", "environment")}
    (found,) = ComparedColumns(replace(take, streams=streams))._of_things
    assert found.name == "lag" and found.numbers["late"] == pytest.approx(0.5, abs=0.04)
    for factor, bounds in ((100.0, []), (1000.0, ["room"])):  # faster than anything is thrown
        streams["environment"] = take_of(times(poses(), factor)).streams["environment"]
        assert [one.bound for one in ComparedColumns(replace(take, streams=streams))._of_things] == bounds


def mirrored(values, *axes):
    """With axes of the box mirrored (one) or exchanged (two)."""
    out = values.copy()
    if len(axes) == 1:
        out[:, axes[0]] *= -1.0
    else:
        out[:, axes] = values[:, axes[::-1]]
    return out


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)])
def test_axes_that_are_mirrored_or_exchanged_are_named(axes):
    """The hand's way bends: no turn makes its mirror image."""
    (found,) = found_of(mirrored(poses(), *axes))
    assert (found.name, found.certain) == ("copied" if len(axes) == 2 else "mirrored", True)
    assert found.channels == tuple(NAMES[k] for k in axes) and found.undone > 0.9


def test_a_mirror_image_in_a_frame_that_is_turned_is_one_of_all_axes():
    (found,) = found_of(slanted(mirrored(poses(), 1)))
    assert (found.name, found.certain, found.channels) == ("mirrored", True, NAMES[:3])


def along_a_line():
    """A box that the left hand carries straight, in the base of the robot; (N, 14) and the take's grasps as they are then."""
    pos, _ = hand()
    way = np.tile(pos[TAKEN], (N, 1))
    way[:, :2] += np.clip(TIMES[:, None] - 5.0, 0.0, 4.0) * np.array([0.04, 0.09])
    return way


@pytest.mark.parametrize(("turned", "axes", "known"), [(None, (), True), (None, (1,), False), (0.8, (), False)])
def test_of_a_straight_way_its_place_alone_tells_a_mirror_and_else_it_is_listed(turned, axes, known):
    """Put right, the box is in the hand, and as recorded it is not: a WARN, since a turned frame explains it as well."""
    way = along_a_line()
    still = np.tile(np.eye(3), (N, 1, 1))
    grasp = CarryingHand(TIMES, way, still)
    values = poses(way + np.array([0.03, -0.02, 0.05]), still)
    values[:, :3] = values[:, :3] @ about(np.array([0.0, 0.0, 1.0]), np.array([turned or 0.0]))[0].T + (0.7 if turned else 0.0)
    thing = things_of(take_of(mirrored(values, *axes) if axes else values))[:1]
    found = carried_things(thing, [grasp])
    assert [(d.name, d.certain, d.channels) for d in found.differences] == ([("mirrored", False, NAMES[1:2])] if axes else [])
    assert found.things[0].frame.known == known
    assert (f"environment/{NAMES[0]}" in found.compared) == (known or bool(axes))


def test_a_thing_that_goes_as_no_hand_does_is_named_as_such():
    """Nothing confirms it, and it was compared: the list of columns without a witness says which."""
    columns = ComparedColumns(take_of(rolled()))
    (one,) = columns.carried.things
    assert (one.name, one.frame) == ("box", None)
    places = [f"environment/{name}" for name in NAMES[:3]]
    found = {finding.reason: finding.details["columns"] for finding in check_alone(columns, load_rules())}
    assert found["not_held"] == [f"environment/{name}" for name in NAMES[:7]] and not set(places) & set(found["no_witness"])
    found = {finding.reason: finding.details["columns"] for finding in check_alone(ComparedColumns(take_of(poses())), load_rules())}
    assert found["unknown_height"] == places[2:] and not set(places) & set(found["no_witness"])


def test_columns_that_contradict_others_are_not_without_a_witness():
    seen = witnessed(ComparedColumns(take_of(mirrored(poses(), 1))))
    assert {f"environment/{name}" for name in NAMES[:3]} <= seen
