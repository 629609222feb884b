"""Steps, rules and failure modes that exclude themselves or each other are refused; what barely can be is a task."""

from __future__ import annotations

import benches
import mujoco
import numpy as np
import pytest
import yaml
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sensing.predicate import Interval
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.soundness.leeway import Leeway
from shiliu.scenarios.soundness.task_soundness import task_problems
from table_task import FORBIDDEN, MOVED, STILL, TOGETHER, extras, found, scene

# what cannot be, each with what is refused, what is said of it, and what is possible. The table's top is 870 mm high, the middle of its
# front edge 250 mm from its middle; the bowls' origins are at their bases.
FOOLED = {
    TOGETHER: {
        "all: [{higher: {of: bowl, than: table.top, by: 330 mm}}, {below: {of: bowl.base, height: %s mm}}]": (
            700, "no height fulfils that: 500 mm are missing", 1210,
        ),
        "all: [{higher: {of: bowl, than: other.base, by: 200 mm}}, {higher: {of: other, than: table.top, by: 130 mm}},"
        " {below: {of: bowl.base, height: %s mm}}]": (
            1190, "`higher: {of: other, than: table.top, by: 130 mm}` and `below: {of: bowl.base, height: 1190 mm}` exclude", 1210,
        ),
        "any: {each: [bowl, other], has: {all: [{upright: {of: $it, within: 5 deg}}, {tilted: {of: $it, more_than: %s deg}}]}}": (
            6, "none of these can hold beside the rest", 4,
        ),
        "any: [{all: [{upright: {of: bowl, within: 5 deg}}, {tilted: {of: bowl, more_than: 6 deg}}]},"
        " {tilted: {of: bowl, more_than: %s}}]": (
            "180 deg", "none of these can hold beside the rest", "60 deg",
        ),
        "all: {each: [table.top, table.top_front], has: {near: {of: bowl.base, to: $it, within: %s mm}}}": (
            120, "no place fulfils that: 10 mm are missing", 130,
        ),
        "all: [{in_slot: {of: bowl.base, slot: table.top, within: 50 mm, turned: 10 deg}},"
        " {in_slot: {of: bowl.base, slot: table.top_front, within: %s mm, turned: 10 deg}}]": (190, "no place fulfils that", 260),
        "near: {of: robot.left_tcp, to: marks.far, within: %s mm}": (500, "no place fulfils that", 2600),
        "near: {of: bowl.base, to: table.top, within: %s mm}": (0, "its bounds leave no value", 1),
        "upright: {of: bowl, within: %s deg}": (0, "its bounds leave no value", 1),
        "tilted: {of: bowl, more_than: %s deg}": (180, "its bounds leave no value", 170),
        "hands_hold: {is: 0.2 kg, within: %s g}": (0, "its bounds leave no value", 1),
        "in_slot: {of: bowl.base, slot: table.top, within: %s mm, turned: 10 deg}": (0, "its bounds leave no value", 1),
        "below: {of: bowl.base, height: %s mm}": (-150, "no height fulfils that", -40),
        "lower: {of: bowl, than: table.top, by: %s mm}": (1020, "no height fulfils that", 870),
        "higher: {of: bowl, than: bowl.inside, by: %s mm}": (100, "no height fulfils that", 1),
        "apart: {of: bowl, to: %s, more_than: 5 mm}": ("bowl", "its bounds leave no value", "other"),
    },
    "a robot can do it here": {"moved: {of: bowl, more_than: %s m}": (20, "the robot is planted, and its hands reach", 9)},
    STILL: {
        "all: [{near: {of: bowl.base, to: table.top, within: 50 mm}}, {apart: {of: bowl, to: other, more_than: %s mm}}]": (
            0, "always holds: nothing can break it", 1,
        ),
        "all: [{near: {of: bowl.base, to: table.top, within: 50 mm}}, {upright: {of: bowl, within: %s deg}}]": (180, "always holds", 179),
        "any: [{near: {of: bowl.base, to: table.top, within: 50 mm}}, {angle: {of: oven.door, below: %s deg}}]": (112, "always holds", 20),
        "below: {of: robot.left_tcp, height: %s m}": (4, "always holds", 1),
        "near: {of: bowl.base, to: %s, within: 5 mm}": ("bowl.base", "always holds", "table.top"),
    },
}  # fmt: skip


def test_steps_that_cannot_be_are_refused_and_those_that_barely_can_are_not():
    cases = [(question, step, *case) for question, steps in FOOLED.items() for step, case in steps.items()]
    more = extras() | {"marks": {"far": {"at": {"x": "3 m"}}}}

    def lines(bounds) -> list[str]:
        steps = (f"b{k}: {{{step % bound}, passes: true}}" for k, ((_, step, *_), bound) in enumerate(zip(cases, bounds)))
        made = dict(task_problems(scene("{" + MOVED + ", ".join(steps) + "}", **more), []))
        return [f"{question}: {line}" for question in FOOLED for line in made[question]]

    refused = lines([wrong for _, _, wrong, _, _ in cases])
    assert len(refused) == len(cases), refused
    for k, (question, _, _, words, _) in enumerate(cases):
        (line,) = (one for one in refused if one.startswith((f"{question}: scenario.goal.b{k}:", f"{question}: scenario.goal.b{k}.")))
        assert words in line, line
    assert lines([right for *_, right in cases]) == []


AT_ODDS = "{all: [{upright: {of: bowl, within: 5 deg}}, {tilted: {of: bowl, more_than: %s deg}}]}"


NEEDS_A_RULE = {  # what is asked for, and what is said of it where the rule never goes on
    "happened: odd": "so that the rule 'odd' never goes on; `happened: odd` needs it",
    "happened: later": "so that the rule 'odd' never goes on; `happened: odd` needs it, so that the rule 'later' never goes on",
    "reads: {of: n, above: 0.5}": "so that the counter 'n' never counts; `reads: {of: n, above: 0.5}` needs it",
    "any: [{happened: odd}, {reads: {of: n, above: 0.5}}]": "none of these can hold beside the rest",
    "any: [{happened: odd}, {moved: {of: bowl, more_than: 90 mm}}]": None,
    "reads: {of: n, below: 0.5}": None,
}


@pytest.mark.parametrize("asked", NEEDS_A_RULE)
def test_a_rule_that_excludes_itself_excludes_what_needs_it(asked):
    """6 deg are beyond the 5 deg that `upright` allows, 4 deg are not."""
    goal = f"{{first: {{moved: {{of: bowl, more_than: 60 mm}}}}, b: {{{asked}, passes: true}}}}"
    for tilted, wrong in ((6, NEEDS_A_RULE[asked]), (4, None)):
        odd = yaml.safe_load(AT_ODDS % tilted)
        rules = {"odd": {"when": odd}, "later": {"when": {"happened": "odd"}}, "n": {"counts": odd, "adds": 1}}
        lines = found(scene(goal, rules=rules), TOGETHER)
        assert len(lines) == (wrong is not None) and all(wrong in line for line in lines), lines
        assert all(line.startswith("goal.b: " if "any" in asked else "rules.") and "exclude" in line for line in lines), lines


def test_a_failure_mode_of_a_rule_that_never_goes_on_is_refused():
    for tilted, wrong in ((6, True), (4, False)):
        made = scene(rules={"odd": {"when": yaml.safe_load(AT_ODDS % tilted)}}, never={"x": {"happened": "odd"}})
        assert ["rules.odd.when.all[1]: `upright" in line for line in found(made, TOGETHER)] == [True] * wrong


def test_a_rule_waits_for_nothing_that_no_robot_brings_about():
    for thing, wrong in (("table", True), ("bowl", False)):
        rules = {"gone": {"when": {"moved": {"of": thing, "more_than": "60 mm"}}}}
        lines = found(scene("{b: {happened: gone}}", rules=rules), "a robot can do it here")
        assert ["rules.gone.when: `moved" in line and "is fixed to the world" in line for line in lines] == [True] * wrong


def test_a_limit_that_is_broken_at_rest_is_refused():
    """Bowl and buns weigh 0.35 and 0.15 kg: 4.9 N lie on the table, and a limit that is an estimate is broken 20 % beyond it."""
    limit = {"force": {"between": ["bowl", "table"]}, "source": "[E] test", "mean_over": "20 ms"}
    for at_most, wrong in (("3.9 N", True), ("4.3 N", False)):
        lines = found(scene(safety={"pressed": limit | {"at_most": at_most}}), "limits leave something to do")
        assert ["safety.pressed: 'pressed' is broken at rest, before anybody moves: 4.9" in line for line in lines] == [True] * wrong, lines
    by_hand = limit | {"force": {"between": ["bowl", "robot.hands"]}, "at_most": "1 N"}
    assert found(scene(safety={"pressed": by_hand}), "limits leave something to do") == []


LEANS = "all: [{released: bowl}, {any: [{upright: {of: bowl, within: 50 deg}}, {tilted: {of: bowl, more_than: %d deg}}]}]"


@pytest.mark.parametrize(
    ("never", "words"),
    [
        ({"below": {"of": "bowl.base", "height": "930 mm"}, "from": "a"}, "'b' cannot be reached without the failure mode 'x'"),
        ({"below": {"of": "bowl.base", "height": "910 mm"}, "from": "a"}, None),
        ({"near": {"of": "bowl.base", "to": "table.top", "within": "60 mm"}, "from": "b"}, "'b' cannot be reached without"),
        ({"near": {"of": "bowl.base", "to": "table.top", "within": "60 mm"}, "from": "b", "hold": "1 s"}, None),
        (yaml.safe_load(LEANS % 40), "'b' cannot be reached without"),
        (yaml.safe_load(LEANS % 51), None),
        ({"tilted": {"of": "bowl", "more_than": "60 deg"}, "from": "b", "to": "a"}, "which comes no later: it never counts"),
        ({"tilted": {"of": "bowl", "more_than": "60 deg"}, "from": "a", "to": "b"}, None),
    ],
)
def test_a_failure_mode_that_the_goal_implies_or_that_never_counts_is_refused(never, words):
    """The bowl is near the table's middle: no higher than 920 mm."""
    made = scene("{" + MOVED + "b: {all: [{near: {of: bowl.base, to: table.top, within: 50 mm}}, {released: bowl}]}}", never={"x": never})
    lines = found(made, FORBIDDEN)
    assert len(lines) == (words is not None) and all(words in line for line in lines), lines


def test_what_holds_in_some_state_is_never_refused():
    """Doors, drawers, arms and loose things anywhere: distances and heights as they are there hold at once."""
    made, rng = scene(**extras()), np.random.default_rng(0)
    model, start = made.model, mujoco.MjData(made.model)
    mujoco.mj_setState(model, start, drawing.nominal(made).start_state, benches.STATE)
    mujoco.mj_kinematics(model, start)
    leeway = Leeway([start])
    for _ in range(40):
        data = mujoco.MjData(model)
        for j, at in enumerate(model.jnt_qposadr):
            if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE:
                data.qpos[at : at + 7] = rng.normal(size=7)
                data.qpos[at + 2] = abs(data.qpos[at + 2]) + 0.2  # above the floor
            else:
                data.qpos[at] = rng.uniform(*(model.jnt_range[j] if model.jnt_limited[j] else (-3.0, 3.0)))
        mujoco.mj_kinematics(model, data)
        asked = []
        for a, b in rng.choice(model.nsite, size=(8, 2)):
            one, other = (Request("site_position", model.site(k).name) for k in (a, b))
            p, way = data.site_xpos[a], data.site_xpos[a] - data.site_xpos[b]
            for of, value in (
                (("distance", frozenset((one, other))), np.linalg.norm(way)),
                (("level distance", frozenset((one, other))), np.linalg.norm(way[:2])),
                (("moved", one), np.linalg.norm(p - start.site_xpos[a])),
                (("height", one), p[2]),
                (("height over", one, other), way[2]),
            ):
                asked.append(Interval(of, value - 1e-5, value + 1e-5))
        chosen = [asked[k] for k in rng.choice(len(asked), size=8)]
        assert leeway.missing(chosen) is None, chosen
