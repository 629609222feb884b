"""Channels in another order than their names: rings of joints, fingers of two hands, several signs at once; and angles of a finer unit."""

from dataclasses import replace

import numpy as np
import pytest
from invented_arm import COLUMNS, lerobot, mapping, moving
from joint_streams import recording, stream
from shiliu.replay.checks.channel_swap import _rescale, check_wiring
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.joint_units import check_units
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.formats import read
from shiliu.replay.judge.intake import intake
from shiliu.replay.report import Words
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.robots.limits import JointLimit, Limits

RULES = load_rules()
NAMES = [f"{side}_joint{k}" for side in ("left", "right") for k in range(1, 7)]
BREADTH_FIRST = [k for pair in zip(range(6), range(6, 12)) for k in pair]
TAKES = [moving(seed) for seed in (3, 4)]
COMMANDS, STATES = (np.concatenate([take.data[kind] for take in TAKES], axis=1) for kind in ("command", "measured"))


def wiring(states: np.ndarray) -> dict[str, Finding]:
    take = recording(stream("command", COMMANDS, NAMES), stream("measured", states, NAMES))
    return {one.code: one for one in check_wiring(ComparedColumns(take), RULES)}


def ring(*of: int) -> list[int]:
    order = list(range(12))
    for k, other in zip(of, of[1:] + of[:1]):
        order[k] = other
    return order


@pytest.mark.parametrize("order", [BREADTH_FIRST, ring(1, 4, 8), ring(0, 3, 7, 2)])
def test_states_in_another_order_are_put_back_as_one_ring(order):
    found = wiring(STATES[:, order])
    swapped = found["stream.swapped"]
    assert swapped.failed and swapped.details["kind"] == "permuted" and "stream.scaled" not in {c for c, f in found.items() if f.failed}
    assert swapped.details["follows"] == {NAMES[j]: NAMES[i] for j, i in enumerate(order) if i != j}
    assert "stands in brackets" in Words("en").message(swapped) and "括号" in Words("zh").message(swapped)


@pytest.mark.parametrize("order, kind", [(list(range(12)), None), (ring(1, 4), "channels"), ([*range(6, 12), *range(6)], "sides")])
def test_pairs_and_channels_in_their_places_are_no_ring(order, kind):
    swapped = wiring(STATES[:, order])["stream.swapped"]
    assert (swapped.details.get("kind"), swapped.failed) == (kind, kind is not None)


@pytest.mark.parametrize("flipped", [(), (2,), (1, 2), (1, 2, 9)])
def test_all_joints_that_run_the_other_way_are_named(flipped):
    sign = np.ones(12)
    sign[list(flipped)] = -1.0
    scaled = wiring(STATES * sign)["stream.scaled"]
    assert scaled.failed == bool(flipped)
    if flipped:
        assert set(scaled.subject) == {NAMES[k] for k in flipped}
        assert scaled.details["kind"] == ("flipped" if len(flipped) == 1 else "all_flipped")
        assert "against" in Words("en").message(scaled)
        fix = _rescale(scaled, {})
        assert np.array_equal(np.ravel(fix["joint"]), scaled.subject) and fix["multiply"] == pytest.approx(-1.0, abs=0.01)


def test_a_joint_that_runs_the_other_way_and_half_as_far_is_no_matter_of_the_sign_alone():
    sign = np.ones(12)
    sign[[1, 2, 9]] = -1.0, -0.5, -1.0
    scaled = wiring(STATES * sign)["stream.scaled"]
    assert scaled.failed and scaled.details["kind"] == ("all_flipped" if len(scaled.subject) > 1 else "flipped")
    assert set(scaled.subject) in ({NAMES[1], NAMES[9]}, {NAMES[2]})


@pytest.mark.parametrize("by", [1, -1])
def test_columns_that_are_counted_from_another_place_on(by):
    """A gripper that stands first instead of last: each joint has the values of the one beside it, and one has those of the gripper."""
    states = np.roll(STATES[:, :6], by, axis=1)
    states[:, 0 if by > 0 else 5] = 0.5 + 0.5 * np.sin(np.arange(len(states)) / 40.0)
    take = recording(stream("command", COMMANDS[:, :6], NAMES[:6]), stream("measured", states, NAMES[:6]))
    swapped = {one.code: one for one in check_wiring(ComparedColumns(take), RULES)}["stream.swapped"]
    assert swapped.failed and swapped.details["kind"] == "permuted" and len(swapped.subject) >= 4
    assert all(NAMES.index(joint) - NAMES.index(other) == by for joint, other in swapped.details["follows"].items())


@pytest.mark.parametrize(("order", "mixed"), [([*range(7)], None), ([0, 1, 2, 3, 4, 6, 5], 2), ([6, 0, 1, 2, 3, 4, 5], 7)])
@pytest.mark.parametrize(("unit", "way"), [("1", 1.0), ("%", 100.0)])
def test_a_gripper_that_stands_in_place_of_a_joint(order, mixed, unit, way):
    """Joints and gripper as they are stored, each in its own unit."""
    closes = way * (0.5 - 0.5 * np.cos(np.arange(len(COMMANDS)) / 40.0))
    commands, states = (np.column_stack([x[:, :6], closes]) for x in (COMMANDS, STATES))
    states[:, 6] = np.concatenate([closes[:1].repeat(3), closes[:-3]])
    states = states[:, order]
    streams = [
        stream(role, x[:, of], names, **known)
        for role, x in (("command", commands), ("measured", states))
        for of, names, known in ((slice(6), NAMES[:6], {}), (slice(6, 7), ["gripper"], {"quantity": "gripper", "unit": unit}))
    ]
    swapped = {one.code: one for one in check_wiring(ComparedColumns(recording(*streams)), RULES)}["stream.swapped"]
    assert swapped.failed == (mixed is not None)
    assert not mixed or (len(swapped.subject) == mixed and "gripper" in swapped.subject)


# ---- fingers

FINGERS = ["pinky", "ring", "middle", "index", "thumb_bend", "thumb_rotation"]


def hands(sides: str) -> dict[str, np.ndarray]:
    """Commands (n, 6) of the hand of each side: they close and open at times of their own."""
    t = np.arange(300) / 30.0
    ways = {
        "left": np.interp(t, [0.0, 1.0, 2.0, 5.0, 6.0], [0.0, 0.0, 0.8, 0.8, 0.1]),
        "right": np.interp(t, [0.0, 3.0, 4.0, 8.0, 9.0], [0.05, 0.05, 0.9, 0.9, 0.2]),
    }
    return {side: np.outer(ways[side], np.linspace(0.7, 1.0, 6)) for side in sides.split()}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("exchanged", [True, False])
def test_fingers_of_two_hands_are_exchanged_all_at_once(together, exchanged):
    rng = np.random.default_rng(0)
    sent = hands("left right")
    at = {side: np.concatenate([x[:1].repeat(4, axis=0), x[:-4]]) + rng.normal(0, 5e-4, x.shape) for side, x in sent.items()}
    if exchanged:
        at = {"left": at["right"], "right": at["left"]}
    names = {side: [f"{side}_{finger}" for finger in FINGERS] for side in sent}
    streams = []
    for role, values in (("command", sent), ("measured", at)):
        if together:
            streams.append(stream(role, np.concatenate([*values.values()], axis=1), names["left"] + names["right"], "hand", "1"))
        else:
            streams += [replace(stream(role, x, names[side], "hand", "1"), name=f"{role}/{side}") for side, x in values.items()]
    (found,) = check_differs(ComparedColumns(recording(*streams)), RULES)
    assert found.failed == exchanged
    if exchanged:
        assert set(found.subject) == {*names["left"], *names["right"]}
        assert (found.details["column"], found.details["kind"]) == ("measured", "copied")


# ---- units

ENDS = Limits({name: JointLimit(name, -2.9, 2.9) for name in NAMES})


@pytest.mark.parametrize("unit, times, reads", [
    ("deg", 1.0, None), ("deg", 100.0, "0.01 deg"), ("deg", 1000.0, "0.001 deg"), ("deg", 3e5, None),
    ("rad", 1.0, None), ("rad", 1000.0, "mrad"), ("rad", 180 / np.pi, "deg"),
])  # fmt: skip
def test_angles_that_are_a_thousand_times_too_large_are_another_unit(unit, times, reads):
    degrees = 180.0 / np.pi if unit == "deg" else 1.0
    streams = [
        stream(role, np.clip(x, -2.5, 2.5) * degrees * times, NAMES, unit=unit) for role, x in (("command", COMMANDS), ("measured", STATES))
    ]
    (found,) = check_units(*streams, ENDS, RULES, 0)
    assert found.failed == (times > 1.0) and found.details.get("should_be") == reads


# ---- two scales


def test_commands_in_shares_of_each_joints_range_are_no_degrees():
    """From -100 to 100 for each joint: some of their factors are near that of a degree."""
    take = moving(3)
    low, high = take.data["command"].min(axis=0), take.data["command"].max(axis=0)
    shares = (take.data["command"] - low) / (high - low) * 200.0 - 100.0
    names = NAMES[: shares.shape[1]]
    command, state = stream("command", shares, names), stream("measured", take.data["measured"], names)
    (unit,) = check_units(command, state, Limits({}), RULES, 0)
    assert not unit.failed and unit.reason == "scales_apart"
    scaled = {one.code: one for one in check_wiring(ComparedColumns(recording(command, state)), RULES)}["stream.scaled"]
    assert scaled.failed and scaled.details["kind"] == "all_scaled" and len(scaled.subject) > 3
    assert scaled.details["least"] < scaled.details["most"] < 0.03
    assert "different units" in Words("en").message(scaled) and "单位不同" in Words("zh").message(scaled)
    assert _rescale(scaled, {})["multiply"] is None


@pytest.mark.parametrize(("factor", "failed"), [(1.0 / 57.3, True), (1.0 / 30.0, False)])
def test_commands_that_are_inside_all_ranges_are_of_another_unit_by_its_factor_alone(factor, failed):
    take = moving(3)
    names = NAMES[: take.data["command"].shape[1]]
    command, state = stream("command", factor * take.data["command"], names), stream("measured", take.data["measured"], names)
    (unit,) = check_units(command, state, Limits({}), RULES, 0)
    assert unit.failed == failed


def test_degrees_that_soft_servos_follow_are_degrees():
    """Each joint by a factor of its own, all of them about that of a degree."""
    soft = np.linspace(0.65, 1.0, 12)
    command, state = stream("command", COMMANDS * 180.0 / np.pi, NAMES), stream("measured", COMMANDS * soft, NAMES)
    (unit,) = check_units(command, state, Limits({}), RULES, 0)
    assert unit.failed and unit.details.get("kind") != "own_scale" and unit.details["should_be"] == "deg"


def test_of_joints_that_are_all_mixed_up_none_is_asked_for_its_scale(tmp_path):
    """That too little moves would not be true."""
    take = moving(3)
    turned = replace(take, data=take.data | {"measured": np.roll(take.data["measured"], 1, axis=1)})
    (verdict,) = intake(read(lerobot(tmp_path / "set", [turned]), mapping(tmp_path / "map.yaml", "lerobot", COLUMNS)))
    found = {one.code: one for one in verdict.findings}
    assert found["stream.swapped"].failed and found["stream.scaled"].reason == "integrity.stream.swapped"


@pytest.mark.parametrize("trembles", [True, False])
def test_joints_that_stand_beside_commands_that_tremble_are_no_ring(trembles):
    """Three commands hum for a second. Their joints stand as still as others, which follow their own commands; where these stand in the
    columns of one another, it is a ring."""
    commands, states = COMMANDS.copy(), STATES.copy()
    still = [0, 1, 2, 3, 4, 5]
    commands[:, still] = states[:, still] = np.linspace(0.1, 0.6, 6)
    states[:, still] += 1e-3 * np.random.default_rng(0).standard_normal((len(states), 6))
    hum = 0.4 * np.sin(1.9 * np.arange(90))
    for k in (0, 2, 4) if trembles else ():
        commands[100:190, k] += hum * (1.0 + 0.2 * k)
    states = states if trembles else states[:, ring(7, 9, 11)]
    take = recording(stream("command", commands, NAMES), stream("measured", states, NAMES))
    found = {one.code: one for one in check_wiring(ComparedColumns(take), RULES)}
    assert found["stream.swapped"].failed == (not trembles)
