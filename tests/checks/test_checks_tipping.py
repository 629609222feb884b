"""Balance with every force: the zero-moment point against mechanics by hand, in each direction, and how long it has to last."""

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.checks.registry import check_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.tipping_over import (
    ForceOnLink,
    TippingMoment,
    allowed,
    check_tipping,
    slack,
    smoothed,
    stand_of,
    without,
)
from shiliu.scenarios.robots.footing import Footing, footing_of
from shiliu.scenarios.robots.robot import load_robot

RULES = load_rules()
STEP = 1 / 480
# ankles 2 mm behind the mark and 60 mm high, the wrench measured off-centre and 0.86 m up
FEET = Footing(0.17, 0.073, 0.134, 0.135, (-0.002, 0.06), (0.03, -0.02, 0.86), 54.0, 37.8, "by hand")
WEIGHT, CENTRE = 500.0, np.array([0.004, 0.001, 0.9])  # N, m from the floor mark


def answer(*pushes, footing=FEET):
    """(6,) force and torque of the floor on a robot that stands still, at the footing's site, while forces bear on it at places."""
    force, moment = np.array([0.0, 0.0, WEIGHT]), np.cross(CENTRE, [0.0, 0.0, WEIGHT])
    for push, place in pushes:
        force, moment = force - push, moment - np.cross(place, push)
    return np.concatenate([force, moment - np.cross(footing.site, force)])


# force on the robot [N], where [m] -> by hand, on the floor [mm]:
# x = (W cx - Px Fz + Pz Fx) / (W - Fz), y = (W cy - Py Fz + Pz Fy) / (W - Fz)
BY_HAND = [
    ((0, 0, 0), (0, 0, 0), 4.0, 1.0),
    ((50, 0, 0), (0.5, 0.1, 1.0), 104.0, 1.0),  # (2 + 50) / 500
    ((-30, 0, 0), (0.5, 0.1, 1.2), -68.0, 1.0),  # (2 - 36) / 500
    ((0, 40, 0), (0.3, 0.0, 1.1), 4.0, 89.0),  # (0.5 + 44) / 500
    ((0, -40, 0), (0.3, 0.0, 1.1), 4.0, -87.0),
    ((0, 0, -66), (0.7, 0.3, 1.0), 85.159, 35.866),  # (2 + 46.2) / 566, (0.5 + 19.8) / 566
    ((0, 0, 100), (0.4, -0.2, 0.8), -95.0, 51.25),  # (2 - 40) / 400, (0.5 + 20) / 400
    ((72, 0, -66), (0.7, 0.0, 1.0), 212.367, 0.883),  # a rail, drawn up at arm's length
]


@pytest.mark.parametrize(("force", "place", "x", "y"), BY_HAND)
def test_a_force_moves_the_point_as_mechanics_say(force, place, x, y):
    stand = stand_of(answer((np.array(force, float), np.array(place)))[None], FEET)
    up = WEIGHT - force[2]
    assert stand.reach[0, 2:] == pytest.approx([y / 1e3, -y / 1e3], abs=1e-6)
    # at the ankles a level force has a lever that is shorter by their height, and on the floor one of its own
    ankles = x / 1e3 - 0.06 * force[0] / up + 0.002
    assert stand.ankles[0] == pytest.approx([ankles, -ankles], abs=1e-6)
    assert stand.lasting[0, 0] == pytest.approx(37.8 / up)
    floor = x / 1e3 + 0.002
    by_ankles, by_sole = 54.0 / up - ankles, 0.17 - floor
    assert stand.margin[0, 0] == pytest.approx(min(by_ankles, by_sole), abs=1e-6)
    assert stand.margin[0, 1] == pytest.approx(min(54.0 / up + ankles, 0.073 + floor), abs=1e-6)


def test_a_robot_pressed_down_is_borne_by_its_ankles_and_one_held_up_by_its_toes():
    """What the ankles give is a torque: the heavier, the less far ahead; relieved, the toe comes first."""
    down, up = (answer((np.array([0.0, 0.0, force]), CENTRE)) for force in (-200.0, 300.0))
    heavy, light = stand_of(np.stack([down, up]), FEET).bound[:, 0]
    assert (heavy, light) == pytest.approx((54.0 / 700.0, 0.17))


@pytest.mark.parametrize("side", ["forward", "back", "left", "right"])
def test_slack_is_the_margin_times_what_presses_and_goes_with_a_push(side):
    wrench = answer((np.array([20.0, -15.0, -30.0]), np.array([0.5, 0.2, 1.0])))
    margin = dict(zip(("forward", "back", "left", "right"), stand_of(wrench[None], FEET).margin[0]))
    assert slack(wrench, FEET, side).min() == pytest.approx(margin[side] * wrench[2])
    push = pushed((20.0, -15.0, -30.0), (0.5, 0.2, 1.0))
    assert without(wrench, FEET, push) == pytest.approx(answer())


def pushed(force, place, link="left_claw", thing="bed/rail"):
    force, place = np.array(force, float), np.array(place, float)
    return ForceOnLink(link, thing, force, np.cross(place, force), place)


def test_the_share_of_a_push_that_is_allowed_is_exact():
    push = pushed((72.0, 0.0, -66.0), (0.7, 0.0, 1.0))
    share = allowed(answer((push.force, push.place)), FEET, "forward", push)
    assert 0.0 < share < 1.0
    there = answer((share * push.force, push.place))
    assert stand_of(there[None], FEET).margin[0, 0] == pytest.approx(0.0, abs=1e-9)
    assert allowed(answer(), FEET, "forward", pushed((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))) == 1.0
    # it falls back without the push, too
    falls = replace(FEET, back=-0.05)
    assert allowed(answer((push.force, push.place)), falls, "back", push) is None


def lasting(ms, *pushes):
    """A wrench that stands at ease but for so many ms in the middle of three seconds."""
    rows = np.tile(answer(), (round(3.0 / STEP), 1))
    rows[round(1.0 / STEP) : round((1.0 + ms / 1e3) / STEP)] = answer(*pushes)
    return rows


def level(ms, force, place=(0.5, 0.0, 1.0)):
    return check_tipping(lasting(ms, (np.array(force, float), np.array(place))), STEP, FEET, RULES)[0]


def test_a_robot_that_stands_just_on_its_bound_bears_nothing_more():
    """Without the push nothing is left to the bound, to the bit: it stands there, and not a share of the push may come."""
    push = pushed((0.0, 0.0, -50.0), (0.5, 0.0, 1.0))
    wrench = -without(np.zeros(6), FEET, push)
    assert slack(without(wrench, FEET, push), FEET, "forward").min() == 0.0 > slack(wrench, FEET, "forward").min()
    assert allowed(wrench, FEET, "forward", push) == 0.0



def test_it_passes_at_ease_and_says_how_near_it_came():
    (found,) = check_tipping(np.tile(answer(), (1440, 1)), STEP, FEET, RULES)
    assert found.level == "PASS" and found.details["towards"] == "back"
    assert found.value == pytest.approx(-0.006, abs=1e-9) and found.limit == pytest.approx(0.073)
    assert found.details["least"] == found.margin == pytest.approx(0.079)
    assert found.details["table"]["forward"]["margin"] == pytest.approx(54.0 / 500.0 - 0.006)
    assert (found.stage, found.unit, found.limit_source) == ("replay", "m", "by hand")


def test_it_fails_by_as_much_as_it_goes_beyond():
    found = level(400, (-50.0, 0.0, 0.0))
    assert found.level == "FAIL" and found.details["towards"] == "back"
    assert found.value == pytest.approx(0.094, abs=1e-6) and found.margin == pytest.approx(0.073 - 0.094, abs=1e-6)
    assert found.excess == pytest.approx(0.021 / 0.020, abs=1e-4)
    assert found.t0 == pytest.approx(1.0, abs=0.03) and found.t1 == pytest.approx(1.4, abs=0.03)
    ahead = level(400, (70.0, 0.0, 0.0))  # 54 Nm of both ankles, whose axis is 60 mm high
    assert ahead.level == "FAIL" and ahead.limit == pytest.approx(0.108)
    assert ahead.value == pytest.approx((2.0 + 70.0 * 0.94) / 500.0 + 0.002, abs=1e-6)
    beside = level(400, (0.0, -80.0, 0.0))
    assert beside.level == "FAIL" and beside.details["towards"] == "right" and beside.value == pytest.approx(0.159, abs=1e-6)


@pytest.mark.parametrize(("ms", "failed"), [(25, False), (50, False), (65, True)])
def test_an_impact_is_filtered_and_has_to_last(ms, failed):
    """Over 50 ms it is beyond the heel once 29 ms of it are 134 mm behind: of 25 ms never, of 50 ms for 42, of 65 ms for 57."""
    assert level(ms, (-68.0, 0.0, 0.0)).failed == failed


def test_ankles_tire_of_what_they_bear_for_a_moment():
    """90 mm ahead: more than 75.6 mm for long, less than 108 mm."""
    force = (0.088 * 500.0 - 2.0) / 0.94, 0.0, 0.0
    assert level(450, force).level == "PASS"
    found = level(700, force)
    assert found.level == "WARN" and found.details["kind"] == "lasting"
    assert (found.value, found.limit) == (pytest.approx(0.090, abs=1e-6), pytest.approx(0.0756))
    assert found.details["least"] == pytest.approx(0.018, abs=1e-6)


def test_near_another_edge_it_warns():
    found = level(200, (-35.5, 0.0, 0.0))  # 67 mm behind the mark, 65 mm behind the ankles
    assert found.level == "WARN" and found.details["kind"] == "near"
    assert found.details["least"] == pytest.approx(0.008, abs=1e-6) and found.limit == pytest.approx(0.063)
    assert level(200, (-33.0, 0.0, 0.0)).level == "PASS"


def moment(*pushes, still=None):
    wrench = answer(*((one.force, one.place) for one in pushes))
    return TippingMoment(1.2, wrench, wrench if still is None else still, pushes, ("left_claw", "right_claw"))


def judged(*pushes):
    rows = lasting(400, *((one.force, one.place) for one in pushes))
    (found,) = check_tipping(rows, STEP, FEET, RULES, lambda side: moment(*pushes))
    return found, check_of("tipping").fix(found, {})


def test_the_hand_the_thing_the_force_and_its_lever_are_named():
    rail, button = pushed((72.0, 0.0, -66.0), (0.7, 0.0, 1.0)), pushed((0.0, 0.0, 3.0), (0.4, -0.2, 1.0), "right_claw", "button/cap")
    found, fix = judged(rail, button)
    assert found.failed and found.subject == ("left_claw", "bed/rail")
    details = found.details
    assert details["force"] == pytest.approx(np.hypot(72.0, 66.0)) and details["vector"] == [72.0, 0.0, -66.0]
    # what binds is the ankles' torque: 72 N on 0.94 m and 66 N on 0.702 m
    assert details["lever"] == pytest.approx((72.0 * 0.94 + 66.0 * 0.702) / np.hypot(72.0, 66.0))
    share = details["most"] / details["force"]
    eased = answer((share * rail.force, rail.place), (button.force, button.place))
    assert stand_of(eased[None], FEET).margin[0, 0] == pytest.approx(0.0, abs=2e-4)
    assert fix["kind"] == "push_less" and fix["most"] == details["most"]


def test_nearer_and_lower_are_advised_where_that_alone_is_enough():
    """66 N down at 1 m take 66 Nm: 14 Nm too many, which are gone 0.21 m nearer."""
    down = pushed((0.0, 0.0, -66.0), (1.0, 0.0, 1.0))
    _, fix = judged(down)
    lack = -slack(answer((down.force, down.place)), FEET, "forward").min()
    assert fix["nearer"] == pytest.approx(lack / 66.0) and fix["lower"] is None
    nearer = answer((down.force, down.place - [fix["nearer"], 0.0, 0.0]))
    assert stand_of(nearer[None], FEET).margin[0, 0] == pytest.approx(0.0, abs=1e-9)
    pull = pushed((-45.0, 0.0, 0.0), (0.5, 0.0, 1.1))
    _, fix = judged(pull)
    lower = answer((pull.force, pull.place - [0.0, 0.0, fix["lower"]]))
    assert stand_of(lower[None], FEET).margin[0, 1] == pytest.approx(0.0, abs=1e-9) and fix["nearer"] is None
    hopeless, fix = judged(pushed((160.0, 0.0, 0.0), (0.5, 0.0, 1.1)))
    assert hopeless.failed and (fix["nearer"], fix["lower"]) == (None, None)


def test_the_other_hand_helps_where_a_load_hangs_to_a_side():
    found, fix = judged(pushed((0.0, 0.0, -180.0), (0.2, 0.55, 1.0)))
    assert found.details["towards"] == "left" and fix["both"] == "right_claw"


def test_without_a_hand_it_is_the_motion_and_slower_helps_by_the_square():
    rows = lasting(400, (np.array([-50.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])))
    thrown = answer((np.array([-50.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])))
    (found,) = check_tipping(rows, STEP, FEET, RULES, lambda side: TippingMoment(1.2, thrown, answer()))
    assert found.failed and found.subject == ("zero_moment_point",) and "thing" not in found.details
    assert found.details["standing"] == pytest.approx(-0.006)
    fix = check_of("tipping").fix(found, {})
    assert fix["kind"] == "slow" and fix["factor"] == pytest.approx(np.sqrt((0.073 + 0.006) / (0.094 + 0.006)), abs=0.01)


def test_a_mean_over_a_window_stands_in_its_middle():
    t, mean = smoothed(np.arange(10.0)[:, None] * np.ones(6), 0.01, 0.03)
    assert t == pytest.approx(0.01 * np.arange(1, 9)) and mean[:, 0] == pytest.approx(np.arange(1.0, 9.0))
    (found,) = check_tipping(np.zeros((3, 6)), STEP, FEET, RULES)
    assert (found.level, found.reason) == ("NOT_CHECKED", "too_short")


@pytest.mark.parametrize("base", ["planted", "mobile"])
def test_the_footing_is_that_of_the_facts(base):
    robot = load_robot(base=base)
    found = footing_of(robot, robot.spec().compile())
    assert (found.peak, found.lasting) == pytest.approx((54.0, 37.8))
    assert (found.front, found.back) == pytest.approx((0.1709, 0.0733), abs=2e-4)
    assert (found.left, found.right) == pytest.approx((0.1337, 0.1347), abs=1e-4)
    assert found.axis == pytest.approx((-0.0024, 0.0595), abs=1e-4)
    assert found.site == pytest.approx((0.0, 0.0, 0.8598 if base == "planted" else 0.0), abs=1e-4)
    weight = robot.spec().compile().body_subtreemass[0] * 9.81
    assert found.peak / weight == pytest.approx(0.1064, abs=1e-4)  # what an empty robot may lean ahead
