"""Declared rules: they fire at their time, not before; the same for one copy and for many, and after a restart."""

from __future__ import annotations

import numpy as np
import pytest
import shiliu
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sensing.reaction import memory
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.stepping.simulation import Simulation
from shiliu.scenarios.words.declared import memory_name

TIMES = 5  # by which the display's clock runs fast
RULES = f"""
rules:
  squeezed: {{when: {{angle: {{of: robot.elbow, above: 0.2 rad}}}}, hold: 0.2 s, after: 0.5 s,
             until: {{angle: {{of: robot.elbow, below: 0.16 rad}}}}}}
  time:     {{counts: {{angle: {{of: robot.elbow, above: 0.2 rad}}}}, adds: 3 s, at_most: 5 s,
             runs_down: {{while: {{happened: squeezed}}, times: {TIMES}}}}}
  steps:    {{turned: {{of: robot.elbow, by: 0.1 rad}}, adds: 1}}
  over:     {{when: {{all: [{{happened: squeezed}}, {{reads: {{of: time, below: 0 s}}}}]}}}}
"""
JOINT = "zarm_r3_joint"  # turns without meeting anything


@pytest.fixture
def ruled(designer):
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + RULES.replace("robot.elbow", f"robot.{JOINT}"), encoding="utf-8")
    return file


def swung(scene, n, turns, steps=75):
    """(T, n, k): copy i turns the joint up after 5 + i steps, and back where `turns` says so."""
    actions = np.tile(scene.ready_ctrl, (steps, n, 1)).astype(np.float32)
    column = scene.schema.action.names.index(JOINT)
    for i in range(n):
        for begin, end in turns:
            actions[begin + i : end + i, i, column] += 0.5
    return actions


def play(scene, actions, begin=None):
    n = actions.shape[1]
    sim = Simulation(scene, n)
    nominal = drawing.nominal(scene)
    starts = [nominal] * n if begin is None else [drawing.Draw(nominal.values, 0, nominal.model, row) for row in begin]
    seen, states = [sim.begin(starts).value.copy()], [sim.state.copy()]
    for action in actions:
        seen.append(sim.step(action).value.copy())
        states.append(sim.state.copy())
    return np.array(seen), np.array(states)


def kept(scene, seen, rule):
    return seen[:, :, scene.layout.slices[memory(memory_name(rule)).name]][:, :, 0]


def test_a_switch_fires_exactly_at_its_time(ruled):
    scene = shiliu.load_scenario("table_top")
    seen, _ = play(scene, swung(scene, 1, [(5, 45)]))
    angle = seen[:, 0, scene.layout.slices[f"joint_position({JOINT})"]][:, 0]
    on = kept(scene, seen, "squeezed")[:, 0]
    first = int(np.argmax(angle >= 0.2))
    # 0.2 s held are 7 readings in a row, 0.5 s are 15 more steps; what is decided then is read one step later
    assert first > 5 and int(np.argmax(on > 0.5)) == first + 6 + 15 + 1
    off = int(np.argmax((angle <= 0.16) & (np.arange(len(angle)) > 45)))
    assert off and on[off] == 1 and on[off + 1] == 0  # and is off as soon as `until` holds
    short, _ = play(scene, swung(scene, 1, [(5, 9)]))
    assert kept(scene, short, "squeezed").max() == 0.0  # it has not held for long enough


def test_a_counter_counts_each_time_runs_down_and_ends(ruled):
    scene = shiliu.load_scenario("table_top")
    dt = scene.control_timestep
    seen, _ = play(scene, swung(scene, 1, [(5, 9), (20, 75)], 85))
    number, on = kept(scene, seen, "time")[:, 0], kept(scene, seen, "squeezed")[:, 0]
    running = int(np.argmax(on > 0.5))
    changes = np.diff(number[: running + 1])
    assert changes[changes != 0].tolist() == [3.0, 2.0]  # once for each time it began; 5 s are the most it holds
    steps = round(5.0 / (dt * TIMES))
    np.testing.assert_allclose(
        number[running : running + steps + 1], 5.0 - dt * TIMES * np.arange(steps + 1), atol=1e-9
    )
    assert number[running + steps] == 0.0 < number[running + steps - 1]
    over = kept(scene, seen, "over")[:, 0]
    assert int(np.argmax(over > 0.5)) == running + steps + 1


def test_a_dial_turns_a_number_up_and_back_and_not_below_zero(ruled):
    scene = shiliu.load_scenario("table_top")
    seen, _ = play(scene, swung(scene, 1, [(3, 8), (18, 23), (33, 38), (48, 53)]))
    angle = seen[:, 0, scene.layout.slices[f"joint_position({JOINT})"]][:, 0]
    steps = kept(scene, seen, "steps")[:, 0]
    assert steps.max() >= 3
    np.testing.assert_array_equal(steps[2:], np.maximum(np.round(angle[1:-1] / 0.1), 0.0))


def test_a_display_follows_a_joint_in_whole_steps(ruled):
    shown = f"  shown: {{shows: robot.{JOINT}, each: 0.1 rad, is: 2 kg, steps: 0.5 kg}}\n"
    ruled.write_text(ruled.read_text(encoding="utf-8") + shown, encoding="utf-8")
    scene = shiliu.load_scenario("table_top")
    seen, _ = play(scene, swung(scene, 1, [(3, 20)], 40))
    angle = seen[:, 0, scene.layout.slices[f"joint_position({JOINT})"]][:, 0]
    number = kept(scene, seen, "shown")[:, 0]
    assert len(set(number)) > 4
    np.testing.assert_allclose(number[2:], np.round(angle[1:-1] / 0.1 * 2.0 / 0.5) * 0.5, atol=1e-12)
    around = scene.schema.observations["observation.environment_state"]
    assert around.unit[around.names.index("rules.shown")] == "kg"


def test_each_of_four_equals_one_alone_and_goes_on_from_a_state(ruled):
    scene = shiliu.load_scenario("table_top")
    actions = swung(scene, 4, [(5, 9), (25, 60)])
    seen, states = play(scene, actions)
    for i in range(4):
        alone, state = play(scene, actions[:, i : i + 1])
        np.testing.assert_array_equal(alone[:, 0], seen[:, i])
        np.testing.assert_array_equal(state[:, 0], states[:, i])
    for t in (7, 30, 45):  # within a press, while it waits, while it runs down
        _, later = play(scene, actions[t:], begin=states[t])
        np.testing.assert_array_equal(later[-1], states[-1])


def test_what_rules_keep_is_recorded(ruled):
    scene = shiliu.load_scenario("table_top")
    around = scene.schema.observations["observation.environment_state"]
    at = {name: around.unit[i] for i, name in enumerate(around.names) if name.startswith("rules.")}
    assert at == {"rules.squeezed": "1", "rules.time": "s", "rules.steps": "1", "rules.over": "1"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{happened: squeezed}, times",
            "{happened: squezed}, times",
            r"'squezed' is no switch .*Did you mean squeezed\?",
        ),
        ("{of: time, below: 0 s}", "{of: tine, below: 0 s}", r"'tine' is no counter .*Did you mean time\?"),
        ("hold: 0.2 s", "adds: 2 s", r"a rule is a switch .* a counter .* or a display"),
        ("after: 0.5 s", "aftr: 0.5 s", r"unknown key 'aftr'.*Did you mean after\?"),
        ("{of: time, below: 0 s}", "{of: time, is: 0 s}", r"above or below a bound"),
        ("hold: 0.2 s,", "hold: 0.2 s, drives: {counter.motor: 1},", r"'counter.motor' names no actuator"),
    ],
)
def test_wrong_rules_are_told_with_their_line(ruled, old, new, message):
    text = ruled.read_text(encoding="utf-8")
    assert old in text
    ruled.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError, match=rf"table_top\.yaml:\d+: scenario\.rules.*{message}"):
        shiliu.load_scenario("table_top")
