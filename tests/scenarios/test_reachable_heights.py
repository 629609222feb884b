"""`shiliu check` knows how high things are, how high hands put them, and in which draws."""

from __future__ import annotations

import pytest
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.soundness.task_soundness import task_problems
from table_task import MOVED, STEPS, TOGETHER, extras, found, scene


@pytest.mark.parametrize(("height", "wrong"), [(990, True), (1010, False)])
def test_heights_of_two_steps_that_hold_at_the_end(height, wrong):
    goal = "{%sb: {higher: {of: bowl, than: table.top, by: 130 mm}}, c: {below: {of: bowl.base, height: %d mm}}}"
    lines = found(scene(goal % (MOVED, height)), STEPS)
    assert ["no height fulfils that: 10 mm are missing; both have to hold when the task ends" in line for line in lines] == [True] * wrong


# a base 860 mm high, an arm of 1267 mm, a bowl that sticks out by 130 mm, and 1 m for a throw onto something: 2.39 m over the table
HIGH = {
    "{%s}": (2.45, 2.35),
    "{%s, hold: 3 s}": (2.45, 2.35),
    "{%s, passes: true}": (11.5, 11.3),  # thrown by 10 m
    "{%s, hold: 2 s, passes: true}": (6.6, 6.4),  # for which it has to rise by 4.9 m more
}


@pytest.mark.parametrize("step", HIGH)
def test_nothing_stays_higher_than_hands_put_it(step):
    for by, wrong in zip(HIGH[step], (True, False)):
        lines = found(scene("{b: %s}" % (step % f"higher: {{of: bowl, than: table.top, by: {by} m}}")), "a robot can do it here")
        assert ["above the floor, and hands reach 2130 mm at most" in line for line in lines] == [True] * wrong, (by, lines)


def test_of_several_heights_one_within_reach_is_enough():
    for by, wrong in ((2.5, True), (0.5, False)):
        either = f"{{any: [{{higher: {{of: bowl, than: table.top, by: 3 m}}}}, {{higher: {{of: bowl, than: table.top, by: {by} m}}}}]}}"
        lines = found(scene(f"{{b: {either}}}"), "a robot can do it here")
        assert [line.startswith("goal.b: none of these can hold beside the rest: `higher") for line in lines] == [True] * wrong, lines


def test_what_lies_higher_than_hands_reach_may_stay_there():
    high = {"part": "fixtures/counter", "put": "front_foot", "at": {"x": "1500 mm", "y": "0 mm", "z": "2800 mm"}}
    stays = {"part": "objects/bowl_150", "stands_on": "high.top", "put": "base"}
    for thing, wrong in (("stays", False), ("bowl", True)):
        goal = f"{{{MOVED}b: {{higher: {{of: {thing}, than: table.top, by: 2.7 m}}}}}}"
        made = scene(goal, parts=extras()["parts"] | {"high": high, "stays": stays})
        assert len(found(made, "a robot can do it here")) == wrong


def test_a_base_that_moves_rises_no_higher():
    goal = "{b: {near: {of: bowl.base, to: marks.high, within: %s mm}}}"
    for within, wrong in ((300, True), (700, False)):
        robot = {"stands_at": {"x": "0 mm", "y": "0 mm", "yaw": "0 deg"}, "pose": "home", "base": "mobile"}
        made = scene(goal % within, marks={"high": {"at": {"x": "500 mm", "z": "3800 mm"}}}, robot=robot)
        lines = found(made, "a robot can do it here")
        assert ["it would have to be 3500 mm above the floor" in line for line in lines] == [True] * wrong, lines


@pytest.mark.parametrize(("height", "wrong"), [(1130, True), (1145, False)])
def test_heights_count_in_every_draw(height, wrong):
    """The table is drawn 810 to 930 mm high: 330 mm over it is 1140 mm at the least."""
    goal = "{b: {all: [{higher: {of: bowl, than: table.top, by: 330 mm}}, {below: {of: bowl.base, height: %s mm}}]}}"
    made = scene(goal % height, variation={"table": {"height": {"uniform": ["-60 mm", "60 mm"]}}})
    low = drawing.of_values(made, {**drawing.nominal(made).values, "table.height": 0.81}, 0)
    assert len(dict(task_problems(made, [low]))[TOGETHER]) == wrong


@pytest.mark.parametrize(("place", "wrong"), [("far.top", False), ("marks.far", True)])
def test_what_stands_out_of_reach_may_stay_there(place, wrong):
    far = {"part": "fixtures/counter", "put": "front_foot", "at": {"x": "-3 m", "y": "0 mm"}}
    stays = {"part": "objects/bowl_150", "stands_on": "far.top", "put": "base"}
    goal = "{%sb: {near: {of: stays.base, to: %s, within: 100 mm}}}"
    made = scene(goal % (MOVED, place), parts=extras()["parts"] | {"far": far, "stays": stays}, marks={"far": {"at": {"x": "3 m"}}})
    assert len(found(made, "a robot can do it here")) == wrong
