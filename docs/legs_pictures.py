"""Draws docs/legs.webp: a squat with a crate, a walk through a door, and a fall with its verdict, on the robot's own legs.

    python docs/legs_pictures.py [squat|door|fall OUT.png]      all of them into docs/legs.webp, or one as it was drawn

Each is performed anew. A door takes some minutes. Needs OpenGL.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from pictures import write
from PIL import Image
from shiliu.envs.rendering import Painter
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.operator import perform
from shiliu.replay.report.text import Words
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.filmstrip import strip
from shiliu.replay.rollout.rollout import Rollout, Take, play
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.scene.scene import Scene

OUT = Path(__file__).parent / "legs.webp"
WIDE = 300  # pixels of a picture
ROOM = "title: {en: Room, zh: 房间}\nversion: 1\nsubsteps: 8\nphysics: {integrator: discrete}\n"
SQUAT = f"""{ROOM}
time_limit: 26 s
robot: {{stands_at: {{x: 0 mm, y: 0 mm, yaw: 0 deg}}, pose: ready, base: legs}}
parts:
  hall: {{part: fixtures/floor}}
  pallet: {{part: fixtures/crate_pallet, put: front_foot, at: {{x: 600 mm, y: 0 mm}}}}
  below: {{part: objects/stacking_crate, stands_on: pallet.stack_1, put: base}}
  crate: {{part: objects/stacking_crate, stands_on: below.stack, put: base, mass: 3 kg}}
skills:
  - home: {{hand: left, posture: from_above, opening: 52 mm, beside: yes}}
  - home: {{hand: right, posture: from_above, opening: 52 mm, beside: yes}}
  - walk: {{to: crate.front, distance: 280 mm}}
  - walk: {{how: squat, by: 130 mm}}
  - take:
      {{how: both_hands, of: crate.base, left: crate.rim_left, right: crate.rim_right, pitch: 40 deg, opening: 55 mm, force: 80 N,
        speed: 0.25 m/s}}
  - walk: {{how: stand}}
cameras:
  overview: {{look_at: robot.pelvis_wrench, from: {{x: 1300 mm, y: -2600 mm, z: 1500 mm}}, size: 960x720}}
judge: {{required: [integrity], hands_may_touch: [crate]}}
"""
DOOR = f"""{ROOM}
time_limit: 60 s
robot: {{stands_at: {{x: 1010 mm, y: 500 mm, yaw: 0 deg}}, pose: ready, base: legs}}
parts:
  hotel: {{part: fixtures/hotel_corridor}}
  door: {{part: fixtures/hotel_door, stands_on: hotel.door, put: foot, opening_force: 9 N}}
rules:
  unlocked: {{when: {{angle: {{of: door.door, below: 60 deg}}}}, drives: {{door.solenoid: 1}}}}
goal:
  opened: {{angle: {{of: door.door, above: 80 deg}}, passes: true}}
  shut: {{angle: {{of: door.door, below: 1.5 deg}}, hold: 0.3 s}}
skills:
  - carry: {{how: close, hand: left}}
  - move_joint: {{how: lever, hand: right, joint: door.door, lever: door.lever, at: door.lever}}
  - walk: {{how: through, hand: right, joint: door.door, at: door.panel, to: door.doorway}}
cameras:
  overview: {{look_at: door.lever, from: {{x: -1700 mm, y: -700 mm, z: 1800 mm}}, size: 960x720}}
judge: {{required: [integrity], hands_may_touch: [door.door, door.lever]}}
"""
FALL = f"""{ROOM}
time_limit: 20 s
robot: {{stands_at: {{x: 0 mm, y: 0 mm, yaw: 0 deg}}, pose: home, base: legs}}
parts:
  ground: {{part: fixtures/floor}}
  table: {{part: fixtures/counter, put: front_foot, at: {{x: 700 mm, y: 0 mm}}, width: 900 mm, depth: 500 mm}}
cameras:
  overview: {{look_at: robot.pelvis_wrench, from: {{x: 600 mm, y: -2500 mm, z: 1300 mm}}, size: 960x720}}
judge: {{required: [integrity, kinematics, replay.tipping]}}
"""
WALKS = 5.0  # s, against the table




def performed(tree: str) -> tuple[Scene, Rollout]:
    """A scene, and what the scripted operator does in it as it stands."""
    scene = scene_of_tree("strip", yaml.safe_load(tree))
    (done,) = perform(scene, [nominal(scene)], [0], judged=True)
    assert "gave_up" not in done.provenance, done.provenance
    return scene, done


def drawn(scene: Scene, done: Rollout, at: Sequence[tuple[float, str]]) -> np.ndarray:
    """Pictures of the moments [s], each with its caption."""
    moments = [(round(t / scene.control_timestep), f"{t:.1f} s  {caption}") for t, caption in at]
    with Painter(scene, 2048) as painter:
        return strip(painter, done.draw, done.qpos, scene.schema.cameras["observation.images.overview"], moments, WIDE, done.kept)


def squat() -> np.ndarray:
    scene, done = performed(SQUAT)
    *_, lowers, takes, stands = done.segments
    moments = (lowers["t0"], lowers["t1"], takes["t1"], stands["t1"])
    return drawn(scene, done, list(zip(moments, ("before a crate of 3 kg", "squats by 130 mm", "takes it", "stands up with it"))))


def door() -> np.ndarray:
    scene, done = performed(DOOR)
    begins, ends = done.segments[-1]["t0"], done.segments[-1]["t1"]
    captions = ((0.0, "the lever is down"), (0.45, "pushes the door on"), (0.64, "walks through"), (0.91, "it falls shut"))
    return drawn(scene, done, [(begins + share * (ends - begins), caption) for share, caption in captions])


def fall() -> np.ndarray:
    """Commands, judged: the captions are what the verdict says."""
    scene = scene_of_tree("strip", yaml.safe_load(FALL))
    actions = np.tile(scene.ready_ctrl, (round(WALKS / scene.control_timestep), 1)).astype(np.float32)
    actions[:, scene.schema.action.names.index("base_vx")] = 0.2
    (done,) = play(scene, [Take(nominal(scene), actions)], keep=[checkpoints_of(scene, len(actions))], threads=1)
    (verdict,) = judge([as_recording("take", episode_of(scene, done, 0), scene)], scene, threads=1)
    words, fell = Words("en"), next(one for one in verdict.findings if one.code == "legs.fell")
    root = verdict.findings[verdict.root or 0]
    causes = [(float(one.t0 or 0.0), _lines(words.message(one))) for one in (root, fell)]
    return drawn(scene, done, [(1.0, "walks towards a table"), *causes, (WALKS, f"verdict: {verdict.verdict}")])


def _lines(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDE // 9))


STRIPS = {"squat": squat, "door": door, "fall": fall}


def main(words: Sequence[str]) -> None:
    """All strips, one below the other, or one of them."""
    if words:
        Image.fromarray(STRIPS[words[0]]()).save(words[1])
        return
    write(OUT, np.vstack(_even([make() for make in STRIPS.values()])))


def _even(strips: Sequence[np.ndarray]) -> list[np.ndarray]:
    wide = max(one.shape[1] for one in strips)
    return [np.pad(one, ((0, 0), (0, wide - one.shape[1]), (0, 0)), constant_values=255) for one in strips]


if __name__ == "__main__":
    main(sys.argv[1:])
