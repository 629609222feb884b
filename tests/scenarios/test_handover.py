"""What people do: a hand is held out, takes what is offered, pulls as hard as drawn, keeps it; the same for one and for many."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from conftest import make_readings
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.people.arm_kinematics import JOINTS, ArmChain
from shiliu.scenarios.people.person import (
    CLOSES,
    CONSIDERS,
    EARLY,
    GIVES_UP,
    HOLDS,
    MEMORIES,
    MOST,
    NOT_YET,
    PULLS,
    REACHES,
    READY,
    WAITS,
    Receive,
    TurnAway,
)
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sensing.scalar_goal import ScalarGoal
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.stepping.simulation import Simulation

MUG = """<mujoco model="mug">
  <default><geom contype="2" conaffinity="7" condim="4" friction="0.6 0.005 0.0001" group="3" solref="0.006 1"/></default>
  <worldbody>
    <body name="mug">
      <freejoint/>
      <inertial pos="0 0 0.045" mass="{mass}" diaginertia="5e-4 5e-4 4e-4"/>
      <geom type="cylinder" size="0.0375 0.045" pos="0 0 0.045"/>
      <geom type="capsule" size="0.005 0.022" pos="0.062 0 0.045"/>
      <geom type="capsule" size="0.004" fromto="0.035 0 0.067 0.062 0 0.067"/>
      <geom type="capsule" size="0.004" fromto="0.035 0 0.023 0.062 0 0.023"/>
      <site name="base"/>
      <site name="handle" pos="0.062 0 0.045"/>
    </body>
  </worldbody>
</mujoco>"""
STAND = """<mujoco model="stand">
  <worldbody>
    <body name="stand">
      <geom type="box" size="0.06 0.06 0.015" pos="0 0 0.765" contype="2" conaffinity="7" group="3"/>
      <site name="top" pos="0 0 0.78"/>
    </body>
  </worldbody>
</mujoco>"""
GIVE = """
title: {en: Give, zh: 递}
version: 1
time_limit: 20 s
robot: {stands_at: {x: -800 mm, y: 0 mm, yaw: 0 deg}, pose: home}
parts:
  floor: {part: fixtures/floor}
  stand: {part: fixtures/stand, at: {x: 150 mm, y: 170 mm}}
  chair: {part: fixtures/armchair, put: floor, at: {x: 700 mm, y: 0 mm}, yaw: 180 deg}
  mug: {part: objects/mug, stands_on: stand.top, put: base}
  guest:
    part: people/seated_elder
    stands_on: chair.seat
    put: seat
    behaviour: {receive: {of: mug, at: mug.handle, reach: 250 mm}, turn_away: {from: robot.hands}}
variation:
  guest: {pull: {replace: {uniform: [3 N, 8 N]}}, left_handed: {replace: {uniform: [0 %, 100 %]}}, delay: {uniform: [-0.2 s, 0.4 s]}}
goal:
  given: {handed_over: {to: guest, released: [0.2 s, 0.6 s]}}
  kept: {all: [{held_by: {person: guest, of: mug}}, {released: mug}], hold: 2 s}
never:
  let_go_early: {let_go_early: guest}
  not_let_go: {pulls: {person: guest, more_than: 15 N}, hold: 1 s}
  near_face: {nearer: {of: [robot.hands, mug], to: [guest.face, guest.neck], than: 200 mm}}
judge: {required: [integrity, replay.safety]}
"""


class Held(Scene):
    """What stands on the stand counts as held by the robot."""

    def _read_reactions(self, names):
        return [
            replace(reaction, robot=("stand/stand",)) if isinstance(reaction, Receive) else reaction
            for reaction in super()._read_reactions(names)
        ]


def scene_of(folder, text=GIVE, mass=0.35, kind=Scene):
    for name, xml in (("objects/mug/mug", MUG.format(mass=mass)), ("fixtures/stand/stand", STAND)):
        (folder / "assets" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "assets" / f"{name}.xml").write_text(xml, encoding="utf-8")
    (folder / "conf" / "scenario").mkdir(parents=True, exist_ok=True)
    (folder / "conf" / "scenario" / "give.yaml").write_text(text, encoding="utf-8")
    plain = load_scenario("give", conf_dir=folder / "conf")
    return plain if kind is Scene else kind(plain.config, plain.robot)


@pytest.fixture(scope="module")
def give(tmp_path_factory):
    return scene_of(tmp_path_factory.mktemp("give"))


def kept(simulation, word, i=0):
    return float(simulation._ctrl[i, simulation.scene.model.actuator(f"guest {word}").id])


def play(scene, draws, seconds):
    simulation = Simulation(scene, len(draws))
    readings = simulation.begin(draws)
    course, follower = scene.course, ScalarGoal(scene.course)
    carry = course.advance(course.begin(len(draws)), readings)
    follower.advance(readings.row(0))
    action = np.tile(scene.ready_ctrl, (len(draws), 1)).astype(np.float32)
    seen = []
    for _ in range(round(seconds / scene.control_timestep)):
        readings = simulation.step(action)
        carry = course.advance(carry, readings)
        follower.advance(readings.row(0))
        seen.append((readings, kept(simulation, "phase"), kept(simulation, "released"), simulation.state.copy()))
    assert follower.carry().done[0] == carry.done[0]
    return simulation, carry, seen


# -- the arm -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("height", [1.5, 1.7])
def test_angles_bring_the_grip_to_its_place_thumb_up(side, height):
    part = load_part("people/seated_elder")
    spec = part.spec()
    limb = ArmChain.of_part(spec, side, 1.6)
    for write in part.params["height"].writes:
        write.apply(spec, "", height)
    model = spec.compile()
    data = mujoco.MjData(model)
    targets = np.array([[0.34, 0.1, 0.12], [0.40, 0.2, 0.2], [0.3, 0.0, 0.25], [0.25, 0.2, 0.05]]) * [1, limb.sign, 1]
    scale, up = np.full(4, height / 1.6), np.tile([0.0, 0.0, 1.0], (4, 1))
    angles = limb.angles(targets, up, scale)
    np.testing.assert_allclose(limb.where(angles, scale), targets, atol=1e-5)
    for q, target in zip(angles, targets):
        for word, angle in zip(JOINTS, q):
            data.joint(f"{side}_{word}").qpos[0] = angle
        mujoco.mj_kinematics(model, data)
        carrier = data.body(limb.carrier)
        np.testing.assert_allclose(
            carrier.xmat.reshape(3, 3).T @ (data.site(f"{side}_grip").xpos - carrier.xpos), target, atol=1e-5
        )
        assert data.body(f"{side}_hand").xmat[6] > 0.75 and data.body(f"{side}_forearm").xpos[2] < carrier.xpos[2] + 0.2
    alone = [limb.angles(targets[i : i + 1], up[:1], scale[:1])[0] for i in range(4)]
    np.testing.assert_array_equal(alone, angles)


def test_out_of_reach_the_arm_points_there():
    limb = ArmChain.of_part(load_part("people/seated_elder").spec(), "left", 1.6)
    far, one = np.array([[1.5, 0.2, 0.3]]), np.ones(1)
    way = limb.where(limb.angles(far, np.array([[0.0, 0.0, 1.0]]), one), one) - limb.shoulder
    aim = far - limb.shoulder
    assert np.degrees(np.arccos((way * aim).sum() / np.linalg.norm(way) / np.linalg.norm(aim))) < 6


# -- phases, on readings made by hand -----------------------------------------------------------------------------------
def receiver(scene):
    return next(r for r in scene._reacting if isinstance(r, Receive))


def seen_by(reaction, rows):
    """Readings (n, ·) of `rows`: (handle, velocity, touched), with the hand always where the handle is."""
    trunk, turn = reaction._trunk
    handle, velocity = reaction._handle
    left, right = reaction._grips
    (one, *_), n = reaction._touches, len(rows)
    at = [row[0] for row in rows]
    return make_readings(
        {
            **{q: [[0.0]] * n for side in reaction._angles for q in side},
            **{f: [[0.0, 0.0, 0.0]] * n for f in reaction._hand_forces},
            trunk: [[0, 0, 0.7]] * n,
            turn: [[1, 0, 0, 0]] * n,
            handle: at,
            velocity: [row[1] for row in rows],
            left: at,
            right: at,
        },
        {touch: [row[2] if touch == one else 0.0 for row in rows] for touch in reaction._touches},
    )


def run(reaction, rows, values):
    """Memories after each of `rows`."""
    ctrl, seen = reaction.start(values)[None], []
    for row in rows:
        ctrl = reaction.react(seen_by(reaction, [row]), ctrl)
        seen.append(dict(zip(MEMORIES, ctrl[0, 14:])))
    return seen


NEAR, FAR, STILL = (0.45, -0.2, 0.85), (2.0, 0, 0.85), (0.0, 0, 0)
VALUES = {"guest.pull": 5.0, "guest.delay": 0.5, "guest.height": 1.6}


def test_the_phases_follow_what_is_offered(give):
    rows = [(FAR, STILL, 9.0)] * 10 + [(NEAR, (0.2, 0, 0), 9.0)] * 30 + [(NEAR, STILL, 9.0)] * 60
    seen = run(receiver(give), rows, VALUES)
    order = list(dict.fromkeys(int(m["phase"]) for m in seen))
    assert order == [WAITS, READY, REACHES, CLOSES, CONSIDERS, PULLS]
    assert all(m["phase"] == WAITS for m in seen[:10]) and all(m["phase"] == READY for m in seen[11:40])  # too fast
    begins = {p: next(i for i, m in enumerate(seen) if m["phase"] == p) for p in order}
    assert begins[PULLS] - begins[CONSIDERS] == 15  # the delay of 0.5 s
    assert seen[begins[PULLS] + 10]["force"] == 5.0 and seen[-1]["released"] == NOT_YET


@pytest.mark.parametrize("after", [0.1, 0.3, 0.5, 1.2])
def test_the_release_is_timed_from_the_pull(give, after):
    held = [(NEAR, STILL, 9.0)] * 120
    begins = next(i for i, m in enumerate(run(receiver(give), held, VALUES)) if m["phase"] == PULLS)
    rows = held[: begins + 1 + round(after * 30) - 1] + [(NEAR, STILL, 0.0)] * 5
    last = run(receiver(give), rows, VALUES)[-1]
    assert last["phase"] == HOLDS and last["released"] == pytest.approx(after, abs=1e-6) and last["force"] == 0


def test_people_in_any_phases_side_by_side_do_what_each_would_do_alone(give):
    reaction, held = receiver(give), [(NEAR, STILL, 9.0)] * 300
    taken = [*held[:100], *[(NEAR, STILL, 0.0)] * 40]
    phases = {}  # phase -> what is commanded in its middle, and the row that comes next
    for rows in ([(FAR, STILL, 9.0)] * 20, [(NEAR, (0.2, 0, 0), 9.0)] * 20, held, taken):
        ctrl = reaction.start(VALUES)[None]
        for row in rows:
            ctrl = reaction.react(seen_by(reaction, [row]), ctrl)
            phases.setdefault(int(ctrl[0, 14]), []).append((ctrl, row))
    assert sorted(phases) == [WAITS, READY, REACHES, CLOSES, CONSIDERS, PULLS, HOLDS, GIVES_UP]
    middle = [kept[len(kept) // 2] for kept in phases.values()]
    alone = [reaction.react(seen_by(reaction, [row]), ctrl) for ctrl, row in middle]
    together = reaction.react(
        seen_by(reaction, [row for _, row in middle]), np.concatenate([ctrl for ctrl, _ in middle])
    )
    assert np.array_equal(together, np.concatenate(alone))


def test_who_lets_go_too_early_is_told(give):
    rows = [(NEAR, STILL, 9.0)] * 30 + [(NEAR, STILL, 0.0)] * 30
    last = run(receiver(give), rows, VALUES)[-1]
    assert last["phase"] == HOLDS and last["released"] == EARLY


def test_who_does_not_let_go_is_pulled_harder_until_the_person_gives_up(give):
    seen = run(receiver(give), [(NEAR, STILL, 9.0)] * 300, VALUES)
    force = np.array([m["force"] for m in seen])
    assert force.max() == MOST and (force > 15).sum() > 30 and seen[-1]["phase"] == GIVES_UP and force[-1] == 0


def test_it_turns_away_and_back(give):
    reaction = next(r for r in give._reacting if isinstance(r, TurnAway))
    ctrl, seen = np.zeros((1, 3)), []
    for distance in [1.0] * 5 + [0.2] * 30 + [0.3] * 10 + [0.5] * 40:
        hand = np.array([[0.0, distance, 1.2]])  # to the left of the face
        places = {thing: hand for thing in reaction.things}
        readings = make_readings({**places, reaction.face: [[0, 0, 1.2]], reaction.trunk: [[1, 0, 0, 0]]})
        ctrl = reaction.react(readings, ctrl)
        seen.append(ctrl[0, 1])
    assert seen[4] == 0 and seen[34] == pytest.approx(-0.7) and seen[44] == pytest.approx(-0.7) and seen[-1] == 0
    assert np.abs(np.diff(seen)).max() <= 2.0 / 30 + 1e-9


@pytest.mark.parametrize(("gap", "code"), [(195, True), (205, False)])
def test_a_hand_near_the_face_is_told(give, gap, code):
    (never,) = (never for never in give.course.nevers if never.name == "near_face")
    (face, radius), *_ = never.predicate.body
    places = {request: [[3.0, 0.0, 0.0]] for request in never.predicate.requests()} | {face: [[0.0, 0.0, 1.2]]}
    first, *others = never.predicate.things
    places |= {first: [[0.0, radius + gap / 1e3, 1.2]]} | {thing: [[-3.0, 0.0, 0.0]] for thing in others}
    assert bool(never.predicate.margin(make_readings(places))[0] > 0.0) is code


# -- with muscles, contact and friction --------------------------------------------------------------------------------
def test_a_mug_is_taken_by_its_handle_lifted_and_kept(tmp_path):
    scene = scene_of(
        tmp_path,
        GIVE.replace("  given: {handed_over: {to: guest, released: [0.2 s, 0.6 s]}}\n", "").replace(
            "  let_go_early: {let_go_early: guest}\n", ""
        ),
    )
    simulation, carry, _ = play(scene, [drawing.nominal(scene)], 5.2)
    _, data = simulation.data()
    assert scene.course.success(carry)[0] and 2.0 < carry.reached[0, 0] < 5.2
    mug = data.body("mug/mug")
    assert mug.xpos[0] > 0.21 and mug.xmat[8] > np.cos(np.radians(12))  # off its stand, nearly level
    assert kept(simulation, "phase") == HOLDS and kept(simulation, "released") == EARLY


def test_it_pulls_as_hard_as_drawn_and_harder_where_nobody_lets_go(tmp_path):
    scene = scene_of(tmp_path, mass=20, kind=Held)
    pulls = (3.0, 8.0)
    draws = [drawing.chosen(scene, {"guest.pull": pull, "guest.delay": 0.2}) for pull in pulls]
    _, carry, seen = play(scene, draws, 6.8)
    first = next(t for t, (_, phase, _, _) in enumerate(seen) if phase == PULLS)
    readings = seen[first + 27][0]  # 0.9 s later, just before it loses patience
    hand = receiver(scene)._hand_forces[1]
    for i, pull in enumerate(pulls):
        contact = readings.of(hand)[i]
        assert contact[0] == pytest.approx(pull, rel=0.15, abs=0.3)  # towards the person, who sits at +x
        course = np.array([each.of(hand)[i] for each, *_ in seen[first - 1 : first + 28]])
        assert np.abs(course[0, :2]).max() < 0.6  # nothing but the weight that it bears is felt before
        assert np.abs(course[:, 1]).max() < 0.8  # it is straight, and there within 0.2 s
        assert course[1 + 6, 0] > 0.8 * pull
        assert (
            scene.course.failure(carry, i) == "scenario.not_let_go"
            and scene.course.missed(carry, i) == "replay.goal:given"
        )


@pytest.mark.parametrize("seconds", [1.2, pytest.param(6.0, marks=pytest.mark.slow)])  # a hand held out; all of it
def test_each_of_many_is_the_same_as_one_alone_to_the_bit(give, seconds):
    draws = [drawing.draw(give, seed) for seed in range(4)]
    assert len({draw.values["guest.left_handed"] >= 0.5 for draw in draws}) == 2
    together, _, seen = play(give, draws, seconds)
    assert max(phase for _, phase, _, _ in seen) >= READY
    for i in (0, 3):
        alone, _, _ = play(give, [draws[i]], seconds)
        np.testing.assert_array_equal(alone.state[0], together.state[i])


def test_wrong_words_are_told_with_their_place(tmp_path):
    with pytest.raises(ScenarioError, match="'objects/mug' is no person; only a part of people/ behaves"):
        scene_of(tmp_path, GIVE.replace("put: base}", "put: base, behaviour: {receive: {of: mug, at: mug.handle}}}"))
    with pytest.raises(ScenarioError, match=r"'chair' is no person that receives anything .* Known here: guest"):
        scene_of(tmp_path, GIVE.replace("let_go_early: guest", "let_go_early: chair"))
    with pytest.raises(ScenarioError, match="unknown key 'recieve'"):
        scene_of(tmp_path, GIVE.replace("{receive:", "{recieve:"))
    with pytest.raises(ScenarioError, match=r"'guest\.nose' names no part of a body"):
        scene_of(tmp_path, GIVE.replace("guest.face", "guest.nose"))
