"""`shiliu check` refuses what cannot be a task, and says where, what and how to mend it; a little less is a task."""

from __future__ import annotations

import benches
import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from shiliu.cli import main
from shiliu.replay.operator.chain_time import LEAST, USUAL, taken_before_put, time_for_chain
from shiliu.replay.operator.operator import AFTER
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.catalog.figures import figures_of
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.soundness.room import TRIES, Placing, Room
from shiliu.scenarios.soundness.soundness import examine
from shiliu.scenarios.soundness.task_soundness import task_problems
from table_task import FAR, MIDDLE, MOVED, STANDS, TOGETHER, extras, found, scene


def test_a_window_in_another_unit_is_one_problem():
    limit = {"force": {"between": ["bowl", "table"]}, "at_most": "9 N", "source": "[E] test"}
    for window, message in (("20 mm", "has a unit of length"), ("30 ms", "only a window of 20 ms is measured")):
        with pytest.raises(ScenarioError) as refused:
            scene(safety={"pressed": limit | {"mean_over": window}})
        assert message in str(refused.value) and "problems" not in str(refused.value)
    scene(safety={"pressed": limit | {"mean_over": "20 ms"}})


@pytest.mark.parametrize("hold", ["", ", hold: 0.5 s"])
def test_a_step_that_holds_at_the_start_is_no_task_with_hold_or_without(hold):
    (line,) = found(scene("{stands: {" + STANDS + hold + "}}"), "the task is still to do")
    assert line.startswith("goal.stands: 'stands' holds at the start") and line.endswith("a step that has to be done.")
    assert ("its hold of 0.5 s" in line) == bool(hold)


def test_a_step_that_has_to_be_kept_comes_after_one_that_is_done():
    kept = "{there: " + MIDDLE + ", stands: {" + STANDS + ", hold: 0.5 s}}"
    assert found(scene(kept), "the task is still to do") == []


def test_what_has_happened_at_the_start_with_hold_is_told():
    never = {"low": {"below": {"of": "bowl.base", "height": "2 m"}, "hold": "1 s"}}
    (line,) = found(scene(never=never), "the task is still to do")
    assert line.startswith("never.low: 'low' has happened at the start")


def test_an_episode_starts_in_a_draw_and_not_in_the_nominal_scene():
    """The bowl is drawn 600 to 700 mm to the right of where the YAML puts it: there the first step is still to do."""
    made = scene(
        "{there: {near: {of: bowl.base, to: table.top_front, within: 330 mm}}}",
        variation={"bowl": {"at": {"y": {"uniform": ["-700 mm", "-600 mm"]}}}},
    )
    drawn = [drawing.draw(made, seed) for seed in range(2)]
    question = "the task is still to do"
    assert len(dict(task_problems(made, []))[question]) == 1 and dict(task_problems(made, drawn))[question] == []
    (line,) = dict(task_problems(made, [*drawn, drawing.nominal(made)]))[question]
    assert "holds at the start in 1 of 3 draws" in line


CLASHES = {
    "{angle: {of: oven.door, above: 80 deg}}, {angle: {of: oven.door, below: %s deg}}": (20, 85),
    "{upright: {of: bowl, within: 20 deg}}, {tilted: {of: bowl, more_than: %s deg}}": (21, 19),
    "{near: {of: bowl.base, to: table.top, within: 100 mm}}, {near: {of: bowl.base, to: table.top_front, within: %s mm}}": (
        140,
        160,
    ),
    "{share: {of: buns, inside: bowl, at_least: 90 %%}}, {share_below: {of: buns, inside: bowl, less_than: %s %%}}": (
        90,
        95,
    ),
    "{higher: {of: bowl, than: table.top, by: 10 mm}}, {lower: {of: bowl, than: table.top, by: %s mm}}": (0, None),
    "{reads: {of: turns, is: 2, within: 0.5}}, {reads: {of: turns, above: %s}}": (3, 2.2),
    "{hands_hold: {is: 0.5 kg, within: 50 g}}, {hands_hold: {above: %s kg}}": (0.6, 0.54),
}


@pytest.mark.parametrize("conditions", CLASHES)
def test_conditions_that_exclude_each_other_are_told_and_others_not(conditions):
    wrong, right = CLASHES[conditions]
    for bound in (wrong, right):
        if bound is None:
            continue
        goal = "{first: {moved: {of: bowl, more_than: 3 m}}, both: {all: [%s]}}" % (conditions % bound)
        lines = found(scene(goal, **extras()), "conditions can hold at once")
        assert len(lines) == (bound == wrong), lines
        assert all(
            "goal.both.all[1]: `" in line and "exclude each other" in line and "Change one bound" in line
            for line in lines
        )


def test_a_bound_that_a_joint_never_reaches_is_told():
    for bound, wrong in ((111, True), (109, False)):
        lines = found(
            scene(f"{{open: {{angle: {{of: oven.door, above: {bound} deg}}}}}}", **extras()),
            "conditions can hold at once",
        )
        assert len(lines) == wrong
        assert all(
            "`angle: {of: oven.door, above: 111 deg}` can never hold" in line and "110 deg" in line for line in lines
        )


def test_of_several_choices_one_that_can_hold_is_enough():
    goal = "{both: {all: [{upright: {of: bowl, within: 5 deg}}, {any: [{tilted: {of: bowl, more_than: 9 deg}}, %s]}]}}"
    assert found(scene(goal % MIDDLE), "conditions can hold at once") == []
    (line,) = found(scene(goal % "{tilted: {of: bowl, more_than: 30 deg}}"), "conditions can hold at once")
    assert line.startswith("goal.both.all[1]: none of these can hold beside the rest")


def test_places_count_as_they_stand_in_the_draws():
    """Two places of parts that are not fixed to one another may come closer: nothing is said of them."""
    goal = "{both: {all: [%s, {near: {of: bowl.base, to: other.base, within: 10 mm}}]}}" % (FAR % 10)
    assert found(scene(goal), "conditions can hold at once") == []


def test_what_holds_longer_than_the_time_limit_is_told():
    two = "{a: {moved: {of: bowl, more_than: 60 mm}, hold: %s s}, b: {moved: {of: bowl, more_than: 90 mm}, hold: 14 s}}"
    assert found(scene(two % 15), "holds fit the time limit") == []
    (line,) = found(scene(two % 17), "holds fit the time limit")
    assert line.startswith("goal: the steps have to hold for 31 s one after the other") and "30 s" in line
    (line,) = found(scene(two % 31), "holds fit the time limit")
    assert line.startswith("goal.a.hold: '31 s' leaves nothing of the time limit of 30 s.")


def test_a_limit_of_nothing_is_told():
    limit = {"force": {"against": "bowl"}, "at_most": "0 N", "source": "test"}
    (line,) = found(scene(safety={"push": limit}), "limits leave something to do")
    assert line.startswith("safety.push.at_most: '0 N' leaves nothing to do") and "judge.hands_may_touch" in line
    assert found(scene(safety={"push": limit | {"at_most": "0.5 N"}}), "limits leave something to do") == []


@pytest.mark.parametrize(("first", "sound"), [("take: {hand: left, of: bowl}", True), ("look: {at: bowl.base}", False)])
def test_what_is_put_down_was_taken(first, sound):
    chain = f"[{first}, put: {{hand: left, of: bowl.base, upon: table.top_front}}]"
    (answer,) = taken_before_put(scene(skills=chain))
    assert answer.sound == sound and (sound or answer.answer.startswith("bowl is put down, and no step before"))


def test_a_chain_that_is_longer_than_the_limit_is_told():
    chain = (
        "[take: {hand: left, of: bowl}, lift: {hand: left, by: 100 mm}, wait: {time: %s s}, "
        "press: {hand: left, at: table.top, time: 20 s}]"
    )
    usual = 30.0 - USUAL * (LEAST["take"] + LEAST["lift"]) - 20.0
    for time, warns in ((usual - 0.1, False), (usual + 0.1, True)):
        (answer,) = time_for_chain(scene(skills=chain % round(time, 3)))
        assert answer.sound and answer.warns == warns and ("may be too short: such chains" in answer.answer) == warns
    fits = 30.0 - LEAST["take"] - LEAST["lift"] - 20.0
    (answer,) = time_for_chain(scene(skills=chain % round(fits - 0.1, 3)))
    assert answer.sound and answer.warns
    (answer,) = time_for_chain(scene(skills=chain % round(fits + 0.1, 3)))
    assert not answer.sound and answer.answer.startswith(
        "scenario.time_limit: 30 s is too short for the chain of 4 skills"
    )
    assert "30.1 s at the very least (the longest: press.surface 20.0 s, wait 8.4 s, take 1.0 s)" in answer.answer


@pytest.mark.parametrize(
    ("beyond", "sound", "warns"),
    [((0, -0.1), False, False), ((0, 0.1), True, True), ((2, -0.1), True, True), ((2, 0.1), True, False)],
)
def test_a_limit_is_held_against_the_counted_times(beyond, sound, warns):
    """Refused below the shortest counted success of the microwave, warned of below the longest (conf/figures/microwave.yaml)."""
    which, by = beyond
    limit = figures_of("microwave")["seconds"][which] - AFTER + by
    (answer,) = time_for_chain(shiliu.load_scenario("microwave", [f"scenario.time_limit={limit:.2f} s"]))
    assert (answer.sound, answer.warns) == (sound, warns), answer.answer
    assert (f"scenario.time_limit: {limit:g} s is too short for this chain: in 100 counted" in answer.answer) != sound
    assert ("may be too short: in 100 counted successes" in answer.answer) == warns


def test_a_counted_time_refuses_nothing_where_the_task_ends_sooner():
    short = ["scenario.time_limit=40 s", "+scenario.goal.started.hold=0.1 s"]
    (answer,) = time_for_chain(shiliu.load_scenario("microwave", short))
    assert answer.sound and answer.warns


@pytest.mark.parametrize("later", ["", ", unspilt: {share: {of: buns, inside: bowl, at_least: 95 %}}"])
@pytest.mark.parametrize(("hold", "sound"), [(22.2, True), (22.4, False), (24, False)])
def test_a_step_holds_after_what_the_chain_does_before_it(hold, sound, later):
    """Take, lift and carry take 2.7 s at the least, and let nothing go: of 25 s 22.3 s are left."""
    chain = (
        "[take: {hand: left, of: bowl}, lift: {hand: left, by: 100 mm}, carry: {how: over, hand: left, of: bowl.base, upon: table.top}, "
        "put: {hand: left, of: bowl.base, upon: table.top}, home: {hand: left}]"
    )
    goal = f"{{served: {{all: [{MIDDLE}, {{released: bowl}}], hold: {hold} s}}{later}}}"
    (answer,) = time_for_chain(scene(goal, chain, time_limit="25 s"))
    assert answer.sound == sound, answer.answer
    if not sound:
        assert answer.answer.startswith("scenario.goal.served: the 3 skills before it take 2.7 s at the very least")


def test_what_the_chain_does_at_the_same_place_later_may_be_done_while_a_step_holds():
    """Eleven seconds of hold pass while the other hand waits, and presses the table beside the bowl."""
    chain = (
        "[take: {hand: left, of: bowl}, put: {hand: left, of: bowl.base, upon: table.top}, wait: {time: 11 s}, "
        "press: {how: surface, hand: right, at: table.top}]"
    )
    (answer,) = time_for_chain(scene(f"{{served: {{all: [{MIDDLE}, {{released: bowl}}], hold: 11 s}}}}", chain, time_limit="25 s"))
    assert answer.sound, answer.answer


@pytest.mark.parametrize(("within", "room"), [(30, False), (40, True)])
def test_two_bowls_have_room_near_one_place_from_where_one_stands_in_the_other(within, room):
    goal = "{both: {all: [{near: {of: bowl.base, to: table.top, within: %d mm}}, {near: {of: other.base, to: table.top, within: %d mm}}]}}"
    lines = found(scene(goal % (within, within)), "conditions can hold at once")
    assert ["there is no room for both" in line for line in lines] == ([] if room else [True])


def test_parts_that_overlap_in_draws_are_named_with_a_seed_that_shows_it():
    """The other bowl stands 300 mm to the right: drawn over 600 mm the two of 150 mm overlap in a good part of the draws."""
    wide = {
        "bowl": {"at": {"y": {"uniform": ["-600 mm", "0 mm"]}}},
        "redraw": {"unless": ["no_penetration"], "at_most": "5 %"},
    }
    near = {**wide, "bowl": {"at": {"y": {"uniform": ["-20 mm", "20 mm"]}}}}
    answers = [a for a in examine(scene(variation=wide), draws=12) if a.question == "no draw overlaps"]
    assert len(answers) == 1 and not answers[0].sound
    assert answers[0].answer.startswith("scenario.variation.bowl: bowl and other overlap in ")
    assert "refused=true seed=" in answers[0].answer and "Narrow what is drawn of bowl." in answers[0].answer
    assert not [a for a in examine(scene(variation=near), draws=12) if a.question == "no draw overlaps"]


def test_all_problems_are_told_at_once_with_file_and_line(designer, capsys):
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")
    goal = "  lean: {all: [{upright: {of: bowl, within: 5 deg}}, {tilted: {of: bowl, more_than: 9 deg}}], hold: 9 s}\nnever:"
    file.write_text(text.replace("never:", goal, 1) + "skills: [wait: {time: 5 s}]\n", encoding="utf-8")
    assert main(["check", "scenario=table_top", "draws=2"]) == 1
    out = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    for question, number in (
        ("the task is still to do", 13),
        ("conditions can hold at once", 14),
        ("holds fit the time limit", 14),
        ("time is enough for the chain", 3),
    ):
        assert any(question in line and f"table_top.yaml:{number}: scenario." in line for line in out), (question, out)


# the bowl's base is 280 mm to the left of the table's far edge middle; the table's top is 870 mm high; the bowl's origin is at its base
NEAR = "{near: {of: bowl.base, to: table.top, within: 100 mm}}"
OUT_OF_THE_BALL = {
    "{higher: {of: bowl, than: table.top_front, by: %s mm}}": (130, 70),
    "{lower: {of: bowl, than: table.top_front, by: %s mm}}": (130, 70),
    "{below: {of: bowl.base, height: %s mm}}": (740, 800),
    "{moved: {of: bowl, more_than: %s mm}}": (700, 380),
    "{apart: {of: bowl, to: room, more_than: %s mm}}": (3000, 400),
    "{share: {of: buns, inside: bowl, at_least: %s %%}}": (None, 90),
}


@pytest.mark.parametrize("condition", OUT_OF_THE_BALL)
def test_what_no_place_near_another_one_can_be_is_told(condition):
    wrong, right = OUT_OF_THE_BALL[condition]
    for bound in (wrong, right):
        if bound is not None:
            goal = f"{{first: {{moved: {{of: other, more_than: 3 m}}}}, both: {{all: [{NEAR}, {condition % bound}]}}}}"
            lines = found(scene(goal), "conditions can hold at once")
            assert len(lines) == (bound == wrong), (bound, lines)


def test_one_piece_cannot_be_inside_of_one_thing_and_near_another():
    """A parcel whose chute is on the other side, in a scene of the package."""
    parcels = shiliu.load_scenario("parcel_sorting")
    tree = dict(parcels.config.raw) | {"mistakes": {}}
    for chute, wrong in (("chute_3", True), ("chute_1", False)):
        shares = (("chute_1", "100 %"), (chute, "50 %"))
        inside = [{"share": {"of": "pouch", "inside": where, "at_least": share}} for where, share in shares]
        made = scene_of_tree("parcels", tree | {"goal": {"both": {"all": inside}}, "never": {}, "skills": None})
        assert len(found(made, "conditions can hold at once")) == wrong


def test_two_bodies_that_move_are_not_near_and_far_from_each_other():
    two = "{both: {all: [{near: {of: bowl.base, to: other.base, within: 100 mm}}, {apart: {of: bowl, to: other, more_than: %d mm}}]}}"
    assert len(found(scene(two % 120), "conditions can hold at once")) == 1
    assert found(scene(two % 90), "conditions can hold at once") == []


def test_steps_that_both_have_to_hold_at_the_end_are_held_against_each_other():
    question = "steps can hold at once"
    two = "{tipped: {tilted: {of: bowl, more_than: 30 deg}%s}, there: {all: [%s, {upright: {of: bowl, within: %d deg}}]}}"
    (line,) = found(scene(two % ("", NEAR, 5)), question)
    assert line.startswith("goal.there.all[1]: `tilted: {of: bowl, more_than: 30 deg}` and `upright: {of: bowl, within: 5 deg}` exclude")
    assert "both have to hold when the task ends" in line and "passes: true" in line
    assert found(scene(two % (", passes: true", NEAR, 5)), question) == []
    assert found(scene(two % ("", NEAR, 31)), question) == []
    far = "{one: {near: {of: bowl.base, to: table.top, within: %d mm}%s}, other: " + FAR % 90 + "}"
    assert len(found(scene(far % (150, "")), question)) == 1  # the two places are 250 mm apart
    assert found(scene(far % (170, "")), question) == []


def test_a_step_until_another_one_has_to_hold_as_that_is_reached():
    question = "steps can hold at once"
    three = "{tipped: {tilted: {of: bowl, more_than: 30 deg}, to: %s}, up: {moved: {of: bowl, more_than: 1 m}}, stood: {" + STANDS + "}}"
    (line,) = found(scene(three % "stood"), question)
    assert "both have to hold when 'stood' is reached" in line
    assert found(scene(three % "up"), question) == []


def test_an_act_counts_on_top_of_what_was_done_before():
    more = extras()
    door = "{angle: {of: oven.door, %s}%s}"
    shut, opened = door % ("below: 1 deg", ""), door % ("above: 75 deg", ", passes: true")
    goal = f"{{shut: {shut}, open: {opened}, start: {{all: [{{pressed: oven.start}}, {door % ('%s', '')}]}}}}"
    assert len(found(scene(goal % "above: 60 deg", **more), "steps can hold at once")) == 1
    assert found(scene(goal % "below: 2 deg", **more), "steps can hold at once") == []


def test_a_goal_that_a_failure_mode_forbids_is_told():
    question = "what is asked for is not forbidden"
    goal = "{away: {moved: {of: bowl, more_than: 3 m}, passes: true}, there: {all: [%s, {released: bowl}]%s}}"
    within = {"near": {"of": "bowl.base", "to": "table.top", "within": "150 mm"}}
    (line,) = found(scene(goal % (NEAR, ""), never={"touched": within}), question)
    assert line.startswith("goal.there: 'there' cannot be reached without the failure mode 'touched'")
    both = {"all": [within, {"released": "bowl"}]}
    assert len(found(scene(goal % (NEAR, ""), never={"left": both}), question)) == 1
    for harmless in (
        within | {"hold": "1 s"},
        within | {"to": "away"},
        {"near": within["near"] | {"within": "90 mm"}},
        {"all": [within, {"tilted": {"of": "bowl", "more_than": "20 deg"}}]},
    ):
        assert found(scene(goal % (NEAR, ""), never={"touched": harmless}), question) == [], harmless
    assert len(found(scene(goal % (NEAR, ", hold: 1 s"), never={"touched": within | {"hold": "1 s"}}), question)) == 1


def test_a_hold_as_long_as_the_limit_is_told():
    goal = "{a: {moved: {of: bowl, more_than: 60 mm}, hold: %s s}}"
    assert len(found(scene(goal % 30), "holds fit the time limit")) == 1
    assert found(scene(goal % 29.5), "holds fit the time limit") == []


def test_a_force_that_every_touch_exceeds_is_told():
    for limit, wrong in (("50 mN", True), ("60 mN", False)):
        made = scene(safety={"push": {"force": {"against": "bowl"}, "at_most": limit, "source": "test"}})
        assert len(found(made, "limits leave something to do")) == wrong


def test_a_goal_without_a_step_and_no_sentence_are_told_and_what_is_left_out_is_not():
    question = "something is asked for"
    assert len(found(scene("{}"), question)) == 1
    (line,) = found(scene(tasks=[]), question)
    assert line.startswith("tasks: no sentence says what is to be done")
    assert found(scene("null"), question) != [] and found(scene(), question) == []


def test_check_answers_a_scene_without_a_goal_by_what_else_it_has():
    """A chain, or a check of the goal, for no goal is a fault; a scene of no task is sound, and says what is not judged."""

    def answers(**more: object):
        tree = {key: value for key, value in (yaml.safe_load(benches.BENCH) | more).items() if value is not None}
        answered = examine(scene_of_tree("bench", tree), draws=1)
        return [(a.sound, a.warns, a.answer) for a in answered if a.question == "something is asked for"]

    ((sound, warns, answer),) = answers()
    assert sound and warns and answer.startswith("no goal: nothing is judged done")
    for more, where in (
        ({"goal": {}}, "scenario.goal: it has no step"),
        ({"skills": [{"wait": {"time": "1 s"}}]}, "scenario.skills: a chain is performed for no goal"),
        ({"judge": {"required": ["replay.goal"]}}, "scenario.judge.required: 'replay.goal' is required of no goal"),
    ):
        ((sound, _, answer),) = answers(**more)
        assert not sound and answer.startswith(where), answer


MEANS = {  # what is asked, and one number with which nothing can bring it about and one with which something can
    "{moved: {of: %s, more_than: 60 mm}}": ("table", "bowl", "is fixed to the world"),
    "{tilted: {of: %s, more_than: 30 deg}}": ("table", "bowl", "is fixed to the world"),
    "{base_near: {to: table.top, within: %s}}": ("300 mm", "900 mm", "the robot is planted"),
    "{base_speed: {above: %s}}": ("0.2 m/s", "0 m/s", "has no speed"),
    "{hands_hold: {above: %s}}": ("50 kg", "8 kg", "at the very most"),
    "{near: {of: bowl.base, to: far.top, within: %s}}": ("100 mm", "2 m", "its hands reach"),
    "{reads: {of: turns, is: %s, within: 0.5}}": (3, 4, "steps of 2"),
}


@pytest.mark.parametrize("asked", MEANS)
def test_what_nothing_in_the_scene_can_bring_about_is_refused_and_what_is_near_it_not(asked):
    wrong, right, why = MEANS[asked]
    tree = extras()
    tree["parts"]["far"] = {"part": "fixtures/counter", "put": "front_foot", "at": {"x": "-3 m", "y": "0 mm"}}
    tree["rules"]["turns"]["adds"] = 2
    (line,) = found(scene("{first: %s}" % (asked % wrong), **tree), "a robot can do it here")
    assert line.startswith("goal.first: `") and why in line
    assert found(scene("{first: %s}" % (asked % right), **tree), "a robot can do it here") == []


def test_two_bowls_share_the_buns():
    both = "{both: {all: [{share: {of: buns, inside: bowl, at_least: 60 %%}}, {share: {of: buns, inside: other, at_least: %d %%}}]}}"
    (line,) = found(scene(both % 60), "conditions can hold at once")
    assert "more than 100 %" in line
    assert found(scene(both % 40), "conditions can hold at once") == []


def test_holds_leave_time_for_motion():
    moved = "{first: {moved: {of: bowl, more_than: 60 mm}, hold: %s s}}"
    (line,) = found(scene(moved % 29.9), "holds fit the time limit")
    assert "leaves 100 ms for all motion" in line or "0.1 s for all motion" in line
    assert found(scene(moved % 29.4), "holds fit the time limit") == []


@pytest.mark.parametrize("several", ["all: []", "any: []", "all: {pairs: [bowl], has: {apart: {of: $it, to: $other, more_than: 1 m}}}"])
def test_a_list_without_a_condition_is_refused_when_it_is_read(several):
    """Else its step would not be there, and the task be done without it."""
    with pytest.raises(ScenarioError, match=r"goal\.b\.a..: it has no condition"):
        scene("{" + MOVED + "b: {" + several + "}}")


def test_a_reading_of_a_drawn_parameter_excludes_what_it_never_is():
    packing = shiliu.load_scenario("package_packing")
    shown = next(name for name, node in packing.config.rules.items() if "shows" in node or "adds" in node)
    for above, wrong in (("5 kg", True), ("10 g", False)):
        both = [{"reads": {"of": shown, "is": "soap.mass", "within": "5 g"}}, {"reads": {"of": shown, "above": above}}]
        tree = dict(packing.config.raw) | {"mistakes": {}, "goal": {"both": {"all": both}}, "never": {}, "skills": None}
        assert len(found(scene_of_tree("packing", tree), TOGETHER)) == wrong


# two bars of 200 x 60 x 60 mm lie across a slot that stands askew between two walls, under a lid: there is room for them along it
SLOT = """
<mujoco>
  <worldbody>
    <geom type="plane" size="1 1 0.1"/>
    <body euler="0 0 30">
      <geom type="box" size="0.3 0.3 0.01" pos="0 0 0.09"/>
      <geom type="box" size="0.3 0.1 0.1" pos="0 {wall} 0.1"/>
      <geom type="box" size="0.3 0.1 0.1" pos="0 -{wall} 0.1"/>
    </body>
    <body name="one" pos="0 0 0.03"><freejoint/><geom type="box" size="{length} 0.03 0.03"/></body>
    <body name="other" pos="0 0.5 0.03" euler="0 0 90"><freejoint/><geom type="box" size="0.1 0.03 0.03"/></body>
  </worldbody>
</mujoco>
"""


@pytest.mark.parametrize(("wide", "length", "room"), [(0.124, 0.1, True), (0.112, 0.1, False), (0.124, 0.03, True)])
def test_two_things_have_room_where_they_are_turned(wide, length, room):
    model = mujoco.MjModel.from_xml_string(SLOT.format(wall=0.1 + wide / 2, length=length))
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    place = np.array([0.0, 0.0, 0.03])
    wanted = [Placing(model.body(name).id, data.body(name).xpos.copy(), place, 0.04) for name in ("one", "other")]
    looked_at, rng = Room(data, wanted), np.random.default_rng(0)
    assert any(looked_at.found(number, rng) for number in range(TRIES)) == room
