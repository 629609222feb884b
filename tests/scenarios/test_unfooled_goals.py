"""States that look like success and are none: the course that environment and judge share names what is missing, by one code."""

from __future__ import annotations

import numpy as np
import pytest
from shown_goals import Shown, loaded


def weighed(*more):
    shown = Shown("package_packing")
    shown.switch("read", "codes", "shown", "weighings", *more)
    return shown


@pytest.mark.parametrize(
    ("soap", "load", "says"),
    [
        (110, 110, "within"),
        (110, 112, "within"),  # offset and step of the display are less than 3 g
        (110, 114, None),
        (110, 118, None),  # with the cushion: a good soap is not to be rejected
        (103, 111, None),  # with the cushion: a bad one is not to be accepted
        (103, 103, "beyond"),
        (117, 117, "beyond"),
        (117, 113, None),  # a hand that lifts
    ],
)
def test_the_display_speaks_of_the_soap_where_the_soap_alone_loads_the_scale(soap, load, says):
    shown = Shown("package_packing")
    shown.lay("soap/base", "scale/platform")
    shown.ctrl[shown.ctrl == 0.11] = soap * 1e-3  # what the draw has
    shown.set("joint_position(scale/deflection)", load * 0.04e-3)
    shown.reacts(1.0)
    on = [rule for rule in ("shown", "within", "beyond") if shown.at(f"actuator_force(rule {rule})")[0] > 0.5]
    assert on == ([] if says is None else ["shown", says])
    if says is not None:  # what is laid beside it afterwards changes nothing
        shown.set("joint_position(scale/deflection)", (load + 8 if soap < 115 else load - 8) * 0.04e-3)
        shown.reacts(1.0)
        assert [r for r in ("within", "beyond") if shown.at(f"actuator_force(rule {r})")[0] > 0.5] == [says]


@pytest.mark.parametrize(
    ("soap", "offset", "step", "writes", "right"),
    [
        (104.72, 0.02, 0.5, "104.5", "rejected"),
        (105.74, 0.0, 0.5, "105.5", "rejected"),
        (105.76, 0.0, 0.5, "106.0", "accepted"),
        (105.49, 0.0, 1.0, "105", "rejected"),
        (105.51, 0.0, 1.0, "106", "accepted"),  # below the 4 % by 0.1 g, and the display writes 106
        (114.69, -0.23, 1.0, "114", "accepted"),  # above them by 0.3 g, and it writes 114
        (114.69, -0.23, 0.5, "114.5", "rejected"),
        (114.3, 0.25, 1.0, "115", "rejected"),  # within them, and it writes 115
    ],
)
def test_who_reads_the_display_and_obeys_the_sentence_decides_right_and_who_does_not_is_wrong(
    soap, offset, step, writes, right
):
    ((display, _),) = loaded("package_packing").displays
    where = (soap + offset) * 0.04e-3
    assert display.text(where, {"scale.resolution": step * 1e-3}) == writes
    assert right == ("accepted" if 106 <= float(writes) <= 114 else "rejected")
    for pressed, button, wrong in (("accepted", "good", "accepted_bad"), ("rejected", "bad", "rejected_good")):
        shown = Shown("package_packing")
        shown.lay("soap/base", "scale/platform")
        shown.ctrl[shown.ctrl == 0.11], shown.ctrl[shown.ctrl == 1e-3] = soap * 1e-3, step * 1e-3
        shown.set("joint_position(scale/deflection)", where)
        shown.reacts(1.0)
        shown.switch("read", "codes", "weighings")
        shown.goes_on(0.1)
        shown.set(f"joint_position(keys/{button}/button_travel)", 0.02)
        shown.goes_on(0.0)
        shown.switch(pressed)
        shown.goes_on(0.1)
        assert shown.course.failure(shown.carry) == (None if pressed == right else f"scenario.{wrong}")
        assert (shown.carry.done[0] > shown.course.index("decided")) == (pressed == right)


def test_a_nudge_of_the_platform_does_not_outlast_what_the_display_shows():
    """A hand adds 3 g for half a second, and the display is back at 113."""
    shown = Shown("package_packing")
    shown.lay("soap/base", "scale/platform")
    shown.ctrl[shown.ctrl == 0.11] = 0.113
    for load, says in ((113, "within"), (115.4, "beyond"), (113, "within")):
        shown.set("joint_position(scale/deflection)", load * 0.04e-3)
        shown.reacts(1.0)
        assert [r for r in ("within", "beyond") if shown.at(f"actuator_force(rule {r})")[0] > 0.5] == [says]


@pytest.mark.parametrize(
    ("aside", "lean", "force", "cleared"),
    [
        (0.039, 4, 0.0, True),
        (0.041, 4, 0.0, False),
        (0.58, 0, 0.0, False),  # on the mat
        (0.0, 6, 0.0, False),
        (0.0, 0, 0.3, False),  # a hand still holds it
    ],
)
def test_a_table_with_its_plate_on_the_mat_is_not_cleared(aside, lean, force, cleared):
    shown = Shown("table_wiping")
    *_, upright, released = shown.scene.course.subgoals[0].predicate.parts
    shown.lay("plate/base", "tray/plate_place", aside=aside)
    shown.set(upright.up.name, [np.sin(np.deg2rad(lean)), 0.0, np.cos(np.deg2rad(lean))])
    shown.press(released.forces, [force] * len(released.forces))
    for sensor in ("site_position(spoon/base)", "body_position(spoon/spoon_150)"):
        shown.set(sensor, shown.at("site_position(plate/base)") + np.array([0.0, 0.0, 0.01]))
    shown.goes_on(1.0)
    assert (shown.carry.done[0] > 0) == cleared


def aside(shown):
    shown.lay("soap/base", "reject/inside")
    shown.switch("aside")
    shown.goes_on(2.0)
    return shown


def test_a_bad_product_in_the_red_tray_ends_the_task_and_taken_out_again_it_does_not():
    shown = aside(weighed("beyond", "rejected"))
    assert shown.says is None
    shown.lay("soap/base", "reject/inside", aside=0.099)
    shown.goes_on(1.0)
    assert shown.says is None
    shown.lay("soap/base", "reject/inside", aside=0.101)
    shown.goes_on(1.0)
    assert shown.says == "replay.goal:packed"
    shown.lay("soap/base", "carton/place_product")  # a reject in the carton is not packed
    shown.goes_on(1.0)
    assert shown.says == "replay.goal:packed"


@pytest.mark.parametrize(("other", "says"), [("good", "replay.goal:cushioned"), ("bad", "scenario.decided_twice")])
def test_a_good_product_is_not_accepted_and_then_thrown_away(other, says):
    """The other key is one decision too many; the same one again is none."""
    shown = weighed("within", "accepted")
    shown.goes_on(0.5)
    assert shown.says == "replay.goal:cushioned"
    shown.set(f"joint_position(keys/{other}/button_travel)", 0.005)
    shown.goes_on(0.1)
    assert shown.says == says


def test_the_hob_is_hot_from_the_first_bowl_to_the_salt_or_the_food_is_not_cooked():
    shown = Shown("cooking")
    shown.switch("level", number=2.0)
    shown.goes_on(0.5)
    assert shown.says == "replay.goal:poured"
    shown.switch("level", number=0.0)  # on for half a second, and off
    shown.reached_before("seasoned")
    shown.switch("shakes", number=4.0)
    shown.goes_on(1.0)
    assert shown.says == "replay.goal:hob_on" and shown.carry.done[0] == shown.course.index("seasoned")
    shown.switch("level", number=2.0)
    shown.goes_on(1.0)
    assert shown.carry.done[0] == shown.course.index("hob_off")
    shown.switch("level", number=0.0)
    shown.goes_on(1.0)
    assert shown.says == "replay.goal:served"


@pytest.mark.parametrize(("beside", "back"), [(0.059, True), (0.061, False)])
def test_the_spatula_is_put_back_into_its_stand_and_not_only_upright(beside, back):
    shown = Shown("cooking")
    shown.lay("spatula/base", "stand/slot", aside=beside)
    step = shown.course.subgoals[shown.course.index("put_back")]
    assert (step.predicate.margin(shown.readings)[0] >= 0) == back


@pytest.mark.parametrize(
    ("can", "aside", "refills"), [(c, a, a < 0.0075) for c in ("can", "can_left", "can_rear") for a in (0.007, 0.008)]
)
def test_any_can_of_the_carton_refills_the_facing(can, aside, refills):
    shown = Shown("shelf_restocking")
    shown.lay(f"{can}/base", "gondola/facing", aside=aside)
    middle = shown.at("site_position(gondola/facing)")
    ahead = shown.at("site_position(gondola/facing_ahead)") - middle
    shown.set(f"site_position({can}/middle)", middle)
    shown.set(f"site_position({can}/label)", middle + 0.1 * ahead)
    step = shown.course.subgoals[shown.course.index("refilled")]
    assert (step.predicate.margin(shown.readings)[0] >= 0) == refills


@pytest.mark.parametrize(("stands", "reported"), [(0.5, False), (1.0, True)])
def test_a_report_stands_for_a_second_so_that_gauges_are_not_swept(stands, reported):
    shown = Shown("remote_inspection")
    shown.reached_before("gauges_reported")
    step = shown.course.subgoals[shown.course.index("gauges_reported")]
    limit = shown.scene.config.time_limit
    assert step.hold * 625 > limit > 0  # pairs of readings 4 % apart
    assert shown.course.subgoals[shown.course.index("lamps_reported")].hold * 2**8 > limit  # patterns of lamps
    for gauge in ("large_gauge", "small_gauge"):
        shown.set(f"actuator_force(answer.{gauge}.given)", 1.0)
        shown.set(f"actuator_force(answer.{gauge})", shown.at(f"actuator_force(truth {gauge})") + 0.019)
    for _ in range(round(stands / shown.scene.control_timestep)):
        shown.carry = shown.course.advance(shown.carry, shown.readings)
    assert np.isnan(shown.carry.reached[0, shown.course.index("gauges_reported")])
    if reported:
        shown.carry = shown.course.advance(shown.carry, shown.readings)
    assert (shown.carry.done[0] > shown.course.index("gauges_reported")) == reported


@pytest.mark.parametrize(("short", "force", "brought"), [(0.001, 0.0, True), (0.001, 0.3, False), (-0.001, 0.0, False)])
def test_a_table_that_a_hand_still_holds_is_not_brought(short, force, brought):
    shown = Shown("medication_serving")
    near, released = shown.scene.course.subgoals[shown.course.index("brought")].predicate.parts
    chest = shown.at(near.to.name)
    shown.set(near.of.name, chest + np.array([0.49 - short, 0.0, 0.0]))
    shown.press(released.forces, [0.0, force])
    shown.reached_before("brought")
    shown.goes_on(0.5)
    assert (shown.carry.done[0] > shown.course.index("brought")) == brought


@pytest.mark.parametrize(
    ("early", "angle", "says"),
    [
        (False, 0, "replay.goal:closed"),  # the door, which comes next
        (True, 0, "scenario.pressed_first"),  # before the gauges are reported, and held down until they are
        (False, 7, "replay.goal:closed"),
        (False, 9, "scenario.pressed_early"),
        (False, -9, "scenario.pressed_early"),
    ],
)
def test_the_button_counts_where_it_is_pressed_after_the_reports_with_the_switch_at_off(early, angle, says):
    shown = Shown("remote_inspection")
    button, switch = "joint_position(cabinet/button/cap_travel)", "joint_position(cabinet/switch/switch_turn)"
    for answer in (one.name for one in shown.scene.config.answers):
        shown.set(f"actuator_force(answer.{answer}.given)", 1.0)
        shown.set(f"actuator_force(answer.{answer})", shown.at(f"actuator_force(truth {answer})"))
    shown.reached_before("gauges_reported" if early else "acknowledged")
    shown.set(switch, np.deg2rad(angle))
    shown.set(button, 0.0031)
    shown.goes_on(0.1)
    if early:
        shown.goes_on(1.0)
        assert shown.carry.done[0] > shown.course.index("gauges_reported")
        shown.reached_before("acknowledged")
        shown.goes_on(0.1)
    shown.set(button, 0.0)
    shown.goes_on(0.0)
    assert shown.says == says


@pytest.mark.parametrize(("force", "says"), [(0.0, "replay.goal:latched"), (0.04, "replay.goal:clip_left")])
def test_a_clip_that_a_hand_still_holds_is_not_done(force, says):
    """It weighs 59 mN: half of that at a hand is a hold."""
    shown = Shown("car_assembly")
    step = shown.course.subgoals[shown.course.index("clip_left")]
    shown.press(step.predicate.forces, [0.0, force])
    shown.course = shown.course.latched()  # what comes before is done
    shown.reached_before("clip_left")
    shown.goes_on(0.5)
    assert shown.says == says
    plug = shown.course.subgoals[shown.course.index("latched")].predicate.parts[-1]
    assert plug.margin(shown.readings)[0] >= 0
    shown.press(plug.forces, [0.0, 0.11])  # of 196 mN
    assert plug.margin(shown.readings)[0] < 0


@pytest.mark.parametrize(
    ("height", "lean", "force", "says"),
    [
        (0.71, 14, 0.0, "replay.goal:hob_on"),
        (0.69, 0, 0.0, None),
        (0.86, 16, 0.0, None),
        (0.86, 112, 0.5, "replay.goal:hob_on"),  # a hand pours
    ],
)
@pytest.mark.parametrize(("mode", "bowl"), [("bowl_dropped", 0), ("bowl_dropped", 1), ("bowl_dropped", 2), ("salt_dropped", None)])
def test_a_bowl_or_shaker_that_is_let_go_of_stands_on_the_counter(mode, bowl, height, lean, force, says):
    shown = Shown("cooking")
    asked = next(one for one in shown.course.nevers if one.name == mode).predicate
    released, left = (asked if bowl is None else asked.parts[bowl]).parts
    below, tilted = left.parts
    shown.set(below.position.name, [0.5, 0.0, height])
    shown.set(tilted.up.name, [np.sin(np.deg2rad(lean)), 0.0, np.cos(np.deg2rad(lean))])
    shown.press(released.forces, [0.0, force])
    shown.goes_on(0.5)
    assert shown.says == (says or f"scenario.{mode}")


@pytest.mark.parametrize("thing", range(5))  # three bowls, the salt shaker, the plate
@pytest.mark.parametrize(("force", "done"), [(0.0, True), (0.3, False)])
def test_who_has_cooked_holds_nothing_at_the_end(thing, force, done):
    shown = Shown("cooking")
    shown.lay("spatula/base", "stand/slot")
    step = shown.course.subgoals[shown.course.index("put_back")]
    shown.press(step.predicate.parts[-1].parts[thing].forces, [0.0, force])
    assert (step.predicate.margin(shown.readings)[0] >= 0) == done


@pytest.mark.parametrize(("aside", "stacked"), [(0.019, True), (0.021, False)])
def test_the_crate_below_stays_in_its_slot(aside, stacked):
    shown = Shown("material_handling")
    step = shown.course.subgoals[shown.course.index("stacked")]
    upper, lower = (step.predicate.parts[k].parts for k in (0, -1))
    shown.set(upper[0].of.name, upper[0].place)
    shown.set(upper[1].of.name, upper[1].quat)
    shown.set(lower[0].of.name, lower[0].place + np.array([0.0, aside, 0.0]))
    assert (step.predicate.margin(shown.readings)[0] >= 0) == stacked


@pytest.mark.parametrize(("lower", "says"), [(0.34, "replay.goal:filled"), (0.36, "scenario.dropped"), (0.88, "scenario.dropped")])
@pytest.mark.parametrize("thing", ["bottle/bottle_065", "cup/cup_075", "tray/meal_tray", "bowl/bowl_150", "spoon/spoon_150"])
def test_a_bottle_that_stands_on_the_floor_is_not_set_down(thing, lower, says):
    """There it stands upright and let go of, as on the table. What is lower than the person's chest by 350 mm has fallen."""
    shown = Shown("drink_assist")
    shown.set(f"body_position({thing})", [0.1, 0.6, shown.at("site_position(person/chest)")[2] - lower])
    shown.goes_on(0.1)
    assert shown.says == says


@pytest.mark.parametrize(
    ("step", "angle", "says"),
    [
        ("gauges_seen", -19, "replay.goal:gauges_seen"),
        ("gauges_seen", -21, "scenario.valve_early"),
        ("closed", -90, "scenario.valve_early"),  # before the door is shut
        ("valve_open", -79, "replay.goal:valve_open"),
        ("valve_open", -109, None),
        ("valve_open", -111, "scenario.overturned"),
    ],
)
def test_the_valve_is_opened_last_and_by_a_quarter(step, angle, says):
    shown = Shown("remote_inspection")
    shown.course = shown.course.latched()  # what comes before is done
    shown.reached_before(step)
    if step != "gauges_seen":
        shown.set("joint_position(cabinet/door_hinge)", np.deg2rad(90.0 if step == "closed" else 0.0))
    shown.set("joint_position(pipes/valve/wheel_turn)", np.deg2rad(angle))
    shown.goes_on(0.5)
    assert shown.says == says


@pytest.mark.parametrize(
    ("after", "left", "keys", "says"),
    [
        (1.0, 23, ["plus_30s"], "scenario.wrong_time"),
        (5.0, 3, ["plus_30s"], "scenario.wrong_time"),  # the display reads 33 s at most, and 60 s are heated in all
        (6.0, 0, ["plus_30s"], "replay.goal:opened"),  # set, and not started
        (6.0, 0, ["plus_30s", "start"], "scenario.wrong_time"),
    ],
)
def test_the_time_that_was_asked_for_in_all_counts_and_not_what_is_left_of_it(after, left, keys, says):
    shown = Shown("microwave", "full")

    def press(*keys):
        for key in keys:
            for travel in (0.0011, 0.0):
                shown.set(f"joint_position(oven/key_{key})", travel)
                shown.reacts(0.1)
        shown.goes_on(0.1)

    press("plus_30s", "start")
    shown.reacts(after)
    assert shown.says == "replay.goal:opened"
    assert shown.at("actuator_force(rule time)")[0] == pytest.approx(left, abs=1.0)
    press(*keys)
    assert shown.says == says


@pytest.mark.parametrize(("free", "started"), [(0.0006, False), (0.0004, True)])
@pytest.mark.parametrize("variant", [None, "full", "right_hinge", "button", "pocket", "knob"])
def test_a_start_key_that_is_held_down_while_the_door_is_shut_starts_nothing(variant, free, started):
    shown = Shown("microwave", variant)
    step = shown.course.index("started")

    def moves(joint, to):
        shown.set(f"joint_position(oven/{joint})", to)
        shown.reacts(0.1)
        shown.goes_on(0.1)
        return not np.isnan(shown.carry.reached[0, step])

    shown.reacts(0.1)
    if variant in ("full", "knob"):
        moves(*{"full": ("key_plus_30s", 0.0011), "knob": ("time_knob_turn", np.deg2rad(60))}[variant])
    shown.lay("bowl/base", "oven/turntable")
    shown.reached_before("started")
    moves("door_hinge", 1.4)
    moves("key_start", 0.0011)
    assert not moves("door_hinge", 0.0)
    assert not moves("key_start", free)  # more or less let go of, with the door shut, and pressed once more
    assert moves("key_start", 0.0011) == started


@pytest.mark.parametrize(("folded", "says", "margin"), [("near", None, 2.1e-3), ("far", "replay.goal:halved", -8.1e-3)])
def test_the_near_edge_is_laid_onto_the_far_one_and_not_the_other_way(folded, says, margin):
    shown = Shown("laundry_folding")
    (cloth,) = shown.scene.cloths
    at = np.array([shown.at(f"body_position({name})") for name in cloth.vertices])
    middle = (at[:, 0].min() + at[:, 0].max()) / 2
    upper = at[:, 0] < middle - 1e-3 if folded == "near" else at[:, 0] > middle + 1e-3
    at[upper, 0], at[upper, 2] = 2 * middle - at[upper, 0], at[upper, 2] + 2 * cloth.radius
    for name, place in zip(cloth.vertices, at):
        shown.set(f"body_position({name})", place)
    shown.course = shown.course.latched()
    shown.reached_before("halved")
    shown.goes_on(1.0)
    assert shown.says == says
    margins = [part.margin(shown.readings)[0] for part in shown.course.subgoals[-1].predicate.parts]
    assert margins.pop(3) == pytest.approx(margin, abs=1e-3) and min(margins) >= 0


@pytest.mark.parametrize(
    ("step", "crate", "slot", "bound"), [("racked", "crate", "rack/middle", 5), ("stacked", "empty", "lower/stack", 2)]
)
@pytest.mark.parametrize(("turn", "beyond"), [(0, -0.5), (180, -0.5), (180, 0.5), (-180, -0.5), (90, 88.0)])
def test_a_crate_may_stand_either_way_round_in_its_slot(step, crate, slot, bound, turn, beyond):
    shown = Shown("material_handling")
    step = shown.course.subgoals[shown.course.index(step)]
    within, turned = step.predicate.parts[0].parts
    angle = np.deg2rad(turn + (bound + beyond if turn != 90 else 0.0)) / 2
    a, b, c, d = turned.quat
    w, z = np.cos(angle), np.sin(angle)
    shown.set(within.of.name, within.place)
    shown.set(turned.of.name, [a * w - d * z, b * w + c * z, c * w - b * z, d * w + a * z])
    expected = -beyond if turn != 90 else bound - 90.0
    assert np.rad2deg(turned.margin(shown.readings)[0]) == pytest.approx(expected, abs=1e-3)
    assert (step.predicate.margin(shown.readings)[0] >= 0) == (expected >= 0)


@pytest.mark.parametrize(
    ("taken", "also", "tilt", "says"),
    [
        ("drink", 0.0, 0, "replay.goal:care_picked"),
        ("drink_behind", 0.0, 0, "replay.goal:care_picked"),
        ("drink_behind", 0.019, 29, "replay.goal:care_picked"),
        ("drink_behind", 0.021, 0, "scenario.neighbour_moved"),
        ("drink_behind", 0.101, 0, "scenario.wrong_item"),  # both are taken
        ("drink_behind", 0.0, 31, "scenario.domino_fall"),
        ("drink", 0.0, 31, "scenario.domino_fall"),
        ("drink_twin", 0.0, 0, "scenario.wrong_item"),
    ],
)
def test_either_bottle_of_the_ordered_drink_is_taken_and_the_other_one_stays(taken, also, tilt, says):
    shown = Shown("shelf_restocking")
    other = "drink" if taken == "drink_behind" else "drink_behind"
    for bottle, way in ((taken, 0.6), (other, also)):
        shown.set(body := f"body_position({bottle}/pet_bottle_065)", shown.at(body) + np.array([-way, 0.0, 0.0]))
    if taken != "drink_twin":
        shown.set(f"body_position({taken}/pet_bottle_065|body:basket/shopping_basket)", [0.0, 0.0, 0.1])
    shown.set(f"body_up({other}/pet_bottle_065)", [0.0, np.sin(np.deg2rad(tilt)), np.cos(np.deg2rad(tilt))])
    shown.goes_on(0.5)
    assert shown.says == says


@pytest.mark.parametrize(("second", "says"), [(0.09, "replay.goal:drink_picked"), (0.11, "scenario.wrong_item")])
@pytest.mark.parametrize(("one", "other"), [("can", "can_left"), ("can_rear", "can"), ("can_left", "can_rear")])
def test_one_can_of_the_carton_is_taken_and_no_second_one(one, other, second, says):
    shown = Shown("shelf_restocking")
    for can, way in ((one, 0.6), (other, second)):
        shown.set(body := f"body_position({can}/can_330)", shown.at(body) + np.array([-way, 0.0, 0.0]))
    shown.goes_on(0.5)
    assert shown.says == says
