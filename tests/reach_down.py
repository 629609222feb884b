"""A hand that comes 251 mm near a bowl on a counter of 800 mm, of which 255 mm are asked, and cells with other counters."""


import mujoco
import numpy as np
from shiliu.replay.judge.judge import judge
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing

SCENARIO = """\
title: {en: Reach, zh: 伸手}
version: 1
time_limit: 6 s
substeps: 8
physics: {integrator: discrete}
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: home}
parts:
  room: {part: fixtures/room}
  counter: {part: fixtures/counter, put: front_foot, at: {x: 300 mm}, height: 800 mm}
  bowl: {part: objects/bowl_150, stands_on: counter.top_front, put: base, at: {x: 60 mm, y: -250 mm}}
variation:
  bowl: {at: {x: {uniform: [-1 mm, 1 mm]}}}
goal:
  begun: {near: {of: robot.right_tcp, to: bowl.base, within: 900 mm}, passes: true}
  reached: {all: [{near: {of: robot.right_tcp, to: bowl.base, within: 255 mm}}, {upright: {of: bowl, within: 10 deg}}], passes: true}
variants:
  farther: {parts: {bowl: {at: {x: 65 mm}}}}
judge: {required: [integrity, replay.goal], if_unknown: {vary: [bowl.at], starts: 4}}
"""


CELL = """\
centre: here
scenario: reach_down
surveyed: {{date: 2026-11-02, by: P-0417, with: steel tape}}
overlay: {{parts: {{counter: {{height: {height}}}{more}}}}}
"""

STEPS = 60  # 2 s: half a second beyond where the hand is nearest


def write_cells(folder):
    """The scenario and its cells, in a designer's folder."""
    for kind in ("scenario", "cell"):
        (folder / "conf" / kind).mkdir(parents=True)
    (folder / "conf" / "scenario" / "reach_down.yaml").write_text(SCENARIO, encoding="utf-8")
    for name, height, more in (
        ("same", "801 mm", ""),
        ("high", "840 mm", ""),
        ("loose", "840 mm", ", bowl: {at: {x: {is: 60 mm, within: 3 mm}}}"),
        ("moved", "801 mm", ", bowl: {at: {x: 62 mm}, yaw: 5 deg}"),
        ("close", "808 mm", ""),
        ("sunk", "795 mm", ""),
    ):
        (folder / "conf" / "cell" / f"{name}.yaml").write_text(
            CELL.format(height=height, more=more), encoding="utf-8"
        )


def two_bowls(folder, cell, measured):
    """The scenario with another bowl whose place is dealt with the bowl's, and a cell in which that of the other was measured."""
    path = folder / "conf" / "scenario" / "reach_down.yaml"
    other = "  other: {part: objects/bowl_150, stands_on: counter.top_front, put: base, at: {x: 60 mm, y: -400 mm}}\n"
    deal = "variation:\n  deal: [{values: at.y, among: [bowl, other]}]\n"
    path.write_text(SCENARIO.replace("variation:\n", other + deal), encoding="utf-8")
    (folder / "conf" / "cell" / f"{cell}.yaml").write_text(
        CELL.format(height="801 mm", more=f", other: {{at: {{y: {measured}}}}}"), encoding="utf-8"
    )


def commands(scene):
    """The right forearm is raised towards the bowl, within 1.5 s, and lowered again."""
    t = np.arange(STEPS) * scene.control_timestep
    actions = np.tile(scene.ready_ctrl, (STEPS, 1))
    elbow = scene.schema.action.names.index("zarm_r4_joint")
    actions[:, elbow] -= 0.25 * (1 - np.cos(2 * np.pi * t / 3.0))
    return actions.astype(np.float32)


def episode(scene, draw=None):
    draw = draw or drawing.nominal(scene)
    actions = commands(scene)
    played = next(play(scene, [Take(draw, actions)], [checkpoints_of(scene, STEPS)], 1))
    return episode_of(scene, played, 0)


def simulated(scene, draw=None):
    return as_recording("take", episode(scene, draw), scene)


def real(scene, **given):
    """The same commands as a real robot's recording, which knows nothing of the scene."""
    ns = np.rint(np.arange(STEPS) * scene.control_timestep * 1e9).astype(np.int64)
    names = scene.robot.joint_names
    q = commands(scene)[:, [scene.schema.action.names.index(name) for name in names]].astype(float)
    stream = Stream("/command", "command", "joint_position", "rad", names, q, capture_ns=ns)
    return Recording(
        "real", "real.bag", "0" * 64, "robot", {"/command": stream}, metadata={"label": {"success": True}}, **given
    )


def judged(recording, scene=None, **settings):
    return judge([recording], scene, threads=1, **settings)[0]


def of(verdict, code):
    return next(f for f in verdict.findings if f.code == code)


def nearest(scene, draw):
    """The smallest distance of hand and bowl in the replay, by the model alone [m]."""
    played = next(play(scene, [Take(draw, commands(scene))], threads=1))
    data = mujoco.MjData(draw.model)
    apart = []
    for q in played.qpos:
        data.qpos[:] = q
        mujoco.mj_kinematics(draw.model, data)
        apart.append(np.linalg.norm(data.site("right_tcp").xpos - data.site("bowl/base").xpos))
    return float(min(apart))


def left_hand_to_bowl(scene):
    """The distance of the left hand, which does not move, and the bowl [m]."""
    draw = drawing.nominal(scene)
    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, drawing.STATE)
    mujoco.mj_kinematics(draw.model, data)
    return float(np.linalg.norm(data.site("left_tcp").xpos - data.site("bowl/base").xpos))
