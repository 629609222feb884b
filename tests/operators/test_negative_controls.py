"""One thing of a scenario is changed so that its task cannot be done: the operator fails at that, and the judge says so.

The microwave's controls stand in `test_operator.py`, the person's in `test_handover.py`.
"""

from __future__ import annotations

import pytest
import shiliu
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.mistakes import code_of
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.scenarios import variation as drawing

SEED = 500
SLOW = (
    "bedside_care", "car_assembly", "coil_separation", "cooking", "drink_assist", "laundry_folding", "material_handling",
    "medication_serving", "package_packing", "remote_inspection", "room_organization", "shelf_restocking", "table_wiping",
)  # fmt: skip

# scenario, what is changed in its draw (SI) or of its operator, what comes of it; `ends_with`: the last skill that is done, where what
# comes after it may go wrong by itself
CONTROLS = {
    "fingers of ice take no bowl": ("table_setting", {"friction": 0.05}, {}, "replay.goal:taken"),
    "a bowl of four kilograms is not served": ("table_setting", {"bowl.mass": 4.0}, {}, "replay.goal:served"),
    "a place that is 45 mm elsewhere is missed": ("table_setting", {}, {"aim_offset": 0.045}, "replay.goal:served"),
    "a bowl that is not taken is not served": ("table_setting", {}, {"skip": "take.rim"}, "replay.goal:taken"),
    "a cup of ice is not handed over": ("drink_assist", {"friction": 0.05}, {}, "replay.goal:given"),
    "a bottle held with a tenth slips as it pours": ("drink_assist", {}, {"grip_force": 0.1}, "scenario.spilt"),
    "a tray that is 30 mm elsewhere is missed": ("drink_assist", {}, {"aim_offset": 0.03}, "replay.goal:set"),
    "a slot that is 30 mm elsewhere is missed": ("car_assembly", {}, {"aim_offset": 0.03}, "replay.goal:bracket_kitted"),
    "a socket four times as stiff does not latch": (
        "car_assembly", {"panel.socket_latch_force": 120.0}, {}, "replay.goal:latched"
    ),
    "a book between fingers of oil falls": ("room_organization", {"friction": 0.01}, {}, "scenario.book_fell"),
    "fingers of ice take no coil": ("coil_separation", {"friction": 0.05}, {}, "replay.goal:single_s"),
    "a coil that sticks with 60 N brings the next along": (
        "coil_separation", {"coil_m.stick": 60.0}, {}, "scenario.double_pick"
    ),
    "a drawer that rubs with 300 N stays open": ("room_organization", {"chest.friction": 300.0}, {}, "replay.goal:drawer_shut"),
    "a pillow of three hundred kilograms is not laid straight": (
        "room_organization", {"pillow.mass": 300.0}, {}, "replay.goal:pillow_placed"
    ),
    "on ice the load slides in its crate": ("material_handling", {"friction": 0.05}, {}, "scenario.shifted"),
    "a crate of sixteen kilograms is not lifted level": ("material_handling", {"load.mass": 14.2}, {}, "scenario.askew"),
    "fingers of ice bring no bottle": ("medication_serving", {"friction": 0.05}, {}, "replay.goal:served"),
    "a magnet of 80 N stays shut": ("medication_serving", {"cabinet.catch_force": 80.0}, {}, "replay.goal:opened"),
    "a bottle of four kilograms is not taken out": ("medication_serving", {"named.mass": 4.0}, {}, "replay.goal:taken"),
    "a circle that is 30 mm elsewhere is missed": ("medication_serving", {}, {"aim_offset": 0.03}, "replay.goal:served"),
    "a towel of two kilograms is not drawn": ("laundry_folding", {"towel.mass": 2.0}, {}, "replay.goal:offered"),
    "an edge that is not drawn over is not taken": ("laundry_folding", {}, {"skip": "draw.over"}, "replay.goal:offered"),
    "a spoon of ice is not lifted": ("table_wiping", {"friction": 0.05}, {}, "replay.goal:spoon_cleared"),
    "a mug of nine kilograms is not cleared": ("table_wiping", {"mug.mass": 9.0}, {}, "replay.goal:mug_cleared"),
    "a tray that is 50 mm elsewhere is missed": ("table_wiping", {}, {"aim_offset": 0.05}, "replay.goal:mug_cleared"),
    "fingers of oil lose a soap": ("package_packing", {"friction": 0.01}, {}, "replay.goal:scanned"),
    "a cushion of four kilograms is not packed": ("package_packing", {"cushion.mass": 4.0}, {}, "replay.goal:cushioned"),
    "a key that is 30 mm elsewhere is missed": ("package_packing", {}, {"aim_offset": 0.03}, "replay.goal:decided"),
    "fingers of ice lose the spatula": ("cooking", {"friction": 0.05}, {}, "scenario.tool_dropped"),
    "a knob that holds with 5 Nm is not turned": (
        "cooking", {"hob.power_detent_torque": 5.0}, {"ends_with": "move_joint.turn"}, "replay.goal:hob_on"
    ),
    "a rail whose latch holds with 400 N does not catch": ("bedside_care", {"bed.latch_force": 400.0}, {}, "replay.goal:rail_up"),
    "a lock that holds with 20 Nm stays locked": (
        "remote_inspection", {"cabinet.lock_torque": 20.0}, {"ends_with": "move_joint.turn"}, "replay.goal:unlocked"
    ),
    "a button that wants 200 N is not pressed": ("remote_inspection", {"cabinet.button_push_force": 200.0}, {}, "replay.goal:acknowledged"),
    "a valve that holds with 40 Nm stays shut": ("remote_inspection", {"pipes.valve_torque": 40.0}, {}, "replay.goal:valve_open"),
    "a lever that is 30 mm elsewhere is missed": ("remote_inspection", {}, {"aim_offset": 0.03}, "replay.goal:switched"),
    "fingers of ice bring no drink": ("shelf_restocking", {"friction": 0.05}, {"ends_with": "put"}, "replay.goal:drink_picked"),
    "a drink of four kilograms falls": ("shelf_restocking", {"drink.mass": 4.0}, {"ends_with": "put"}, "scenario.dropped"),
    "fingers of ice draw no blanket": ("bedside_care", {"friction": 0.05}, {}, "replay.goal:covered"),
    "a cloth that is not taken wipes nothing": ("table_wiping", {}, {"skip": "stroke.area"}, "replay.goal:wiped"),
}  # fmt: skip


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(s, marks=pytest.mark.slow if s in SLOW else ()) for s in sorted({c[0] for c in CONTROLS.values()})],
)
def test_unchanged_it_is_done(scenario):
    scene = shiliu.load_scenario(scenario)
    (done,) = perform(scene, [drawing.draw(scene, SEED)], [SEED])
    assert done.success and done.failure is None and not done.unsafe


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if CONTROLS[name][0] in SLOW else ()) for name in CONTROLS]
)
def test_it_fails_at_what_was_changed(name):
    scenario, values, faults, code = CONTROLS[name]
    scene = shiliu.load_scenario(scenario)
    drawn = drawing.draw(scene, SEED)
    assert values.keys() <= drawn.values.keys()
    skills, last = read_chain(scene), faults.get("ends_with")
    if last is not None:
        skills = skills[: 1 + [skill.name for skill in skills].index(last)]
    (done,) = perform(scene, [drawing.of_values(scene, drawn.values | values, 0)], [SEED], faults=faults, skills=skills)
    assert not done.success and done.failure == code
    episode = episode_of(scene, done)
    episode.label["success"] = True  # which the judge is not to believe
    (verdict,) = judge([as_recording(name, episode, scene)], scene)
    assert verdict.verdict == "INFEASIBLE"
    assert code in [code_of(finding) for finding in verdict.findings if finding.failed]
