"""A person's hands on the robot: known motion comes back, limits hold, and what cannot be done is told by how much."""

import itertools

import mujoco
import numpy as np
import pytest
import shiliu
from demo import SEEDS
from shiliu.replay.checks.retargeting import check_retarget
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.judge.explanation.advice import fix_of
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.retarget.alignment import Alignment, carried, place, scaled
from shiliu.replay.retarget.arms import Arms, arms_of
from shiliu.replay.retarget.objects import Hinged, first_grip
from shiliu.replay.retarget.overlay import ring
from shiliu.replay.retarget.settings import load_settings
from shiliu.replay.retarget.solver import retarget
from shiliu.replay.retarget.targets import HandTargets
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.robots.robot import load_robot
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError

RATE = 30.0
MIRROR = np.array([1.0, -1.0, -1.0, 1.0, -1.0, -1.0, 1.0])  # of a left arm's angles


@pytest.fixture(scope="module")
def arms():
    return Arms(load_robot())


@pytest.fixture(scope="module")
def limits(arms):
    return load_limits(arms.robot.folder)


@pytest.fixture(scope="module")
def rules():
    return load_rules()


def swing(arms, seconds=3.0, size=0.25, pace=0.4):
    """(t, q): both arms, mirrored, every joint at a pace of its own."""
    t = np.arange(round(seconds * RATE)) / RATE
    left = np.array([0.3, 0.45, -0.14, -1.7, 1.0, -0.26, -0.09])  # hands ahead of the belly, elbows out
    rate = pace * (1.0 + 0.1 * np.arange(7))
    left = left + size * np.sin(2 * np.pi * t[:, None] * rate) * np.array([1.0, 0.3, 1.0, 1.0, 0.5, 0.5, 0.5])
    q = np.hstack([left, left * MIRROR])
    low, high = arms.ranges.T
    return t, np.clip(q, low + 0.05, high - 0.05)


def hands_of(arms, t, q, **more):
    """Targets that a person would give whose hands are exactly where the robot's are."""
    seen = {hand: arms.follow(q, hand) for hand in ("left", "right")}
    return HandTargets(
        t, {hand: p for hand, (p, _) in seen.items()}, {hand: r @ arms.worn[hand].T for hand, (_, r) in seen.items()}, **more
    )


def still(arms, seconds=1.0):
    t, q = swing(arms, seconds, size=0.0)
    return t, q


def moved(targets, hand, by):
    return HandTargets(
        targets.t,
        {**targets.position, hand: targets.position[hand] + np.asarray(by)},
        targets.rotation,
        notes=targets.notes,
    )


def of_code(found, code, kind=None):
    return next(f for f in found if f.code == code and (kind is None or f.details["kind"] == kind))


def test_the_arms_reach_is_that_of_their_links(arms):
    """Upper arm, forearm and hand of the model lie almost in line where elbow and wrist are straight."""
    straight = arms.hand(np.zeros(len(arms.names)), "left")[0]
    along = np.linalg.norm(straight - arms.shoulder["left"])
    assert along == pytest.approx(1.284304 - 0.535, abs=2e-3)
    assert along <= arms.reach["left"] < along + 0.005
    assert arms.reach["left"] == pytest.approx(arms.reach["right"], abs=1e-4)


def test_hands_that_hang_are_turned_alike(arms):
    """A person's hand hangs with fingers down and thumb ahead; so does the claw of an arm at zero, its opening to the front."""
    for hand, back in (("left", [0.0, 1.0, 0.0]), ("right", [0.0, -1.0, 0.0])):
        fingers, back = np.array([0.0, 0.0, -1.0]), np.array(back)
        person = np.stack([fingers, np.cross(back, fingers), back], axis=1)
        np.testing.assert_allclose(person @ arms.worn[hand], arms.hand(np.zeros(len(arms.names)), hand)[1], atol=1e-9)


def test_known_robot_motion_comes_back(arms, limits, rules):
    t, q = swing(arms)
    result = retarget(hands_of(arms, t, q), arms, limits, load_settings())
    for track in result.hands.values():
        assert np.nanmax(track.off) < 1e-3
        assert np.nanmax(track.turned) < np.deg2rad(1.0)
        assert (track.beyond < 0.0).all()
    assert {f.level for f in check_retarget(result, rules)} == {"PASS"}


def test_the_same_hands_give_the_same_bits(arms, limits):
    t, q = swing(arms, seconds=1.0)
    first, second = (retarget(hands_of(arms, t, q), arms, limits, load_settings()) for _ in range(2))
    assert np.array_equal(first.q, second.q)


@pytest.mark.parametrize("hand", ["left", "right"])
def test_a_hand_300_mm_out_of_reach_is_told_by_that(arms, limits, rules, hand):
    t, q = still(arms)
    targets = hands_of(arms, t, q)
    arrow = targets.position[hand][0] - arms.shoulder[hand]
    out = arrow / np.linalg.norm(arrow) * (arms.reach[hand] + 0.3) - arrow
    found = check_retarget(retarget(moved(targets, hand, out), arms, limits, load_settings()), rules)
    reach, place = of_code(found, "reach"), of_code(found, "retarget.error", "place")
    assert reach.level == place.level == "FAIL" and reach.subject == place.subject == (f"{hand}_hand",)
    assert reach.margin == pytest.approx(-0.3, abs=1e-6) and reach.details["too_far"] == pytest.approx(0.3, abs=1e-6)
    assert 0.3 <= place.value < 0.36  # the rest is what the turn of the hand is worth
    assert place.details["held_back"] == "out_of_reach"
    other = "right" if hand == "left" else "left"
    assert place.details["hands"][other]["max"] < 1e-3


def test_a_hand_that_is_turned_too_far_is_told_by_the_angle(arms, limits, rules):
    """At 97 % of its reach an arm is straight, and its fingers cannot point back at the shoulder."""
    t, q = still(arms)
    targets = hands_of(arms, t, q)
    arrow = targets.position["left"][0] - arms.shoulder["left"]
    far = moved(targets, "left", arrow * (0.97 * arms.reach["left"] / np.linalg.norm(arrow) - 1.0))
    x, z = -arrow / np.linalg.norm(arrow), targets.rotation["left"][0][:, 2]
    z = z - x * (x @ z)
    back = np.stack([x, np.cross(z, x), z], axis=1) / [1.0, np.linalg.norm(z), np.linalg.norm(z)]
    turned = HandTargets(t, far.position, {**targets.rotation, "left": np.tile(back, (len(t), 1, 1))})
    found = of_code(check_retarget(retarget(turned, arms, limits, load_settings()), rules), "retarget.error", "turn")
    assert found.level == "FAIL" and found.unit == "rad" and found.subject == ("left_hand",)
    assert found.value > found.limit == pytest.approx(np.deg2rad(45.0))


def test_hard_limits_are_never_passed(arms, limits):
    """The same motion six times as fast, its hands drawn together: joints at their speed, hands at each other."""
    t, q = swing(arms, seconds=2.0, size=0.6, pace=2.0)
    targets = hands_of(arms, t, q)
    pulled = moved(moved(targets, "left", [0.0, -0.2, 0.0]), "right", [0.0, 0.2, 0.0])
    settings = load_settings()
    result = retarget(pulled, arms, limits, settings)
    low, high = arms.ranges.T
    assert (result.q >= low).all() and (result.q <= high).all()
    speed = np.abs(np.diff(result.q, axis=0)) * RATE
    allowed = limits.column(arms.names, "speed_smaller")
    assert (speed <= settings.bounds["speed"].share * allowed * (1 + 1e-9)).all()
    assert result.at_limit["speed"].any() and (result.held_apart >= 0).any()
    assert max(np.nanmax(track.off) for track in result.hands.values()) > 0.05


def test_a_soft_limit_is_passed_and_told(arms, limits):
    t, q = swing(arms, seconds=1.0, size=0.6, pace=2.0)
    targets = hands_of(arms, t, q)
    soft = load_settings(
        overrides={"limits.speed.be": "soft", "limits.speed.weight": 0.3, "limits.collision.be": "none"}
    )
    hard = load_settings(overrides={"limits.collision.be": "none"})
    gave, kept = retarget(targets, arms, limits, soft), retarget(targets, arms, limits, hard)
    assert gave.passed["speed"].max() > 0.01 and kept.passed["speed"].max() < 1e-6
    assert np.nanmean(gave.hands["left"].off) < np.nanmean(kept.hands["left"].off)


def test_a_hand_that_the_source_does_not_trust_rests(arms, limits):
    t, q = swing(arms, seconds=1.0)
    trusted = np.ones(len(t), bool)
    trusted[10:20] = False
    targets = hands_of(arms, t, q, valid={"left": trusted})
    result = retarget(targets, arms, limits, load_settings())
    assert np.isnan(result.hands["left"].off[10:20]).all() and np.isfinite(result.hands["right"].off).all()
    left = arms.columns("left")
    assert np.abs(np.diff(result.q[10:20, left], axis=0)).max() < 2e-3


def test_one_hand_alone_leaves_the_other_arm_where_it_is(arms, limits):
    t, q = swing(arms, seconds=0.5)
    both = hands_of(arms, t, q)
    alone = HandTargets(t, {"right": both.position["right"]}, {"right": both.rotation["right"]})
    result = retarget(alone, arms, limits, load_settings())
    assert list(result.hands) == ["right"]
    assert np.ptp(result.q[:, arms.columns("left")], axis=0).max() < 1e-6


def test_axes_that_mirror_are_refused(arms, limits):
    t, q = still(arms, 0.2)
    targets = hands_of(arms, t, q)
    mirrored = HandTargets(t, targets.position, {hand: -r for hand, r in targets.rotation.items()})
    with pytest.raises(EpisodeError, match="left-handed"):
        retarget(mirrored, arms, limits, load_settings())


# -- placing ------------------------------------------------------------------------------------------------------------


def test_a_person_is_laid_onto_the_robots_shoulders(arms):
    """Somebody who faces the world's y, two metres away: hands in front of the shoulders come to lie in front of the robot's."""
    t = np.arange(5) / RATE
    across = {"left": np.array([-0.2, 0.0, 1.4]), "right": np.array([0.2, 0.0, 1.4])}
    away = np.array([3.0, 2.0, 0.0])
    shoulder = {hand: np.tile(p + away, (5, 1)) for hand, p in across.items()}
    position = {hand: p + np.array([0.0, 0.4, -0.2]) for hand, p in shoulder.items()}
    targets = HandTargets(t, position, shoulder=shoulder, arm_length=dict.fromkeys(across, 0.7))
    placed = place(targets, arms)
    assert placed.by == "shoulders"
    there = scaled(carried(targets, placed), arms, placed, load_settings())
    for hand in across:
        ratio = arms.reach[hand] / 0.7
        expected = arms.shoulder[hand] + ratio * np.array([0.4, 0.0, -0.2])
        np.testing.assert_allclose(there.position[hand], np.tile(expected, (5, 1)), atol=1e-9)
    assert any("scaled about the shoulders" in note for note in there.notes)


def test_hands_alone_are_laid_where_they_are_in_reach(arms):
    t = np.arange(30) / RATE
    wave = 0.1 * np.sin(2 * np.pi * t)[:, None] * np.array([1.0, 0.0, 0.0])
    position = {"left": np.array([5.0, 1.2, 0.9]) + wave, "right": np.array([5.0, 0.8, 0.9]) + wave}
    placed = place(HandTargets(t, position), arms)
    assert placed.by == "hands" and "neither" in placed.notes[0]
    for hand, p in position.items():
        there = placed.points(p)
        assert (np.linalg.norm(there - arms.shoulder[hand], axis=1) < arms.reach[hand]).all()
    apart = placed.points(position["left"]) - placed.points(position["right"])
    np.testing.assert_allclose(apart, np.tile([0.0, 0.4, 0.0], (30, 1)), atol=1e-9)


def test_what_an_object_placed_keeps_its_size(arms):
    t = np.arange(3) / RATE
    targets = HandTargets(t, {"left": np.tile([0.4, 0.2, 1.0], (3, 1))}, arm_length={"left": 0.4})
    placed = Alignment(np.eye(3), np.zeros(3), "object")
    there = scaled(targets, arms, placed, load_settings())
    np.testing.assert_array_equal(there.position["left"], targets.position["left"])
    assert any("keep their size" in note for note in there.notes)


# -- objects ------------------------------------------------------------------------------------------------------------


def door(angle, hinge=(0.0, 0.0, 1.0)):
    n = len(angle)
    return Hinged(np.arange(n) / RATE, np.asarray(angle, float), np.tile(hinge, (n, 1)), np.tile(np.eye(3), (n, 1, 1)))


def test_openings_of_a_door_are_counted():
    """Up to 90, back to 40, up to 95, shut, a play of 30, and up to 60 degrees: three openings of 45 or more."""
    ways = [0, 0, 90, 40, 95, 0, 30, 0, 60]
    angle = np.deg2rad(np.concatenate([np.linspace(a, b, 20) for a, b in itertools.pairwise(ways)]))
    thing = door(angle)
    rises = [tuple(np.rad2deg(thing.angle[[a, b]]).round(0)) for a, b in thing.openings]
    assert rises == [(0.0, 90.0), (40.0, 95.0), (0.0, 60.0)]
    assert thing.t[thing.openings[0][0]] == pytest.approx(
        19 / RATE, abs=1.5 / RATE
    )  # where it leaves, not where the clip begins
    assert len(thing.ajar) == 3


def test_the_hand_that_holds_the_handle_is_found():
    angle = np.deg2rad(np.r_[np.zeros(10), np.linspace(0, 90, 30), np.full(10, 90)])
    thing = door(angle)
    handle = np.array([0.05, 0.3, -0.1])
    c, s = np.cos(angle), np.sin(angle)
    left = np.stack([c * handle[0] + s * handle[1], -s * handle[0] + c * handle[1], np.full(50, 0.9)], axis=1)
    grip = first_grip({"left": left, "right": np.full((50, 3), 0.5)}, thing)
    assert grip is not None and grip.hand == "left"
    np.testing.assert_allclose(grip.at, handle, atol=1e-9)
    assert first_grip({"right": np.full((50, 3), 0.5)}, thing) is None


def test_settings_name_every_problem_at_once():
    with pytest.raises(ScenarioError) as error:
        load_settings(overrides={"limits.speed.be": "firm", "weights.position": "1 m"})
    assert "firm" in str(error.value) and "weights.position" in str(error.value)
    with pytest.raises(ScenarioError, match="Known here: default"):
        load_settings("defautl")


# -- recordings ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(data):
    """The person who opens a microwave, judged in the microwave cell, in two likely starts."""
    recordings = list(read(data / "arctic-human-bimanual" / "s01_microwave_use_01.npz"))
    (verdict,) = judge(recordings, shiliu.load_scenario("microwave", ["judge.if_unknown.starts=2"]), threads=1)
    return verdict


def test_a_person_at_a_microwave_is_judged_in_the_microwave_cell(opened):
    assert opened.claim == "human" and opened.verdict == "INFEASIBLE"
    assert {f.signal for f in opened.findings if f.code.startswith(("joint.", "torque.", "reach", "retarget."))} == {
        "retargeted"
    }
    reach = of_code(opened.findings, "reach")
    assert reach.level == "FAIL" and reach.subject == ("right_hand",) and 0.10 < reach.details["too_far"] < 0.14
    notes = " ".join(opened.provenance["notes"])
    assert (
        "turned by 145.6 deg" in notes
        and "121 mm from its hinge, ours 372 mm" in notes
        and "hands keep their size" in notes
    )


def test_what_the_person_did_to_the_oven_stands_in_the_verdict(opened):
    """The file: the oven is moved by 116 mm (more than 20 mm are forbidden here), the door opened four times, to 98.7 degrees."""
    pushed = [f for f in opened.findings if f.code == "scenario.oven_pushed"]
    theirs = next(f for f in pushed if f.signal == "measured")
    assert theirs.level == "WARN" and theirs.value == pytest.approx(0.1157, abs=1e-3) and theirs.limit == 0.02
    assert theirs.because_of is None  # the person did it, whatever the robot can do
    assert any(f.signal == "replayed" for f in pushed)
    door = of_code(opened.findings, "door.followed")
    assert door.details["openings"] == 4 and door.level == "WARN"
    assert np.rad2deg(door.details["recorded"]) == pytest.approx(98.7, abs=0.1)
    facts = {fact.key: fact.values for fact in opened.evidence.facts if fact.key.startswith("hinged")}
    wrist = max(fact.values["wrist"] for fact in opened.evidence.facts if fact.key == "hand_speed")
    assert wrist == pytest.approx(1.296, abs=1e-3)  # m/s
    assert facts["hinged_opened"]["openings"] == 4 and facts["hinged_opened"]["ajar"] == 2
    assert facts["hinged_moved"]["lifted"] == pytest.approx(0.111, abs=1e-3)


@pytest.mark.slow
def test_a_laptop_has_no_scene_and_is_judged_by_the_arms_alone(data):
    (verdict,) = judge(read(data / "arctic-human-bimanual" / "s01_laptop_use_01.npz"), threads=1)
    assert verdict.scenario == "bare" and verdict.stages["kinematics"].verdict in ("FEASIBLE", "INFEASIBLE")
    place = of_code(verdict.findings, "retarget.error", "place")
    assert max(hand["p50"] for hand in place.details["hands"].values()) < 0.02  # near the chest the arms follow
    assert any("neither the person's shoulders nor an object" in note for note in verdict.provenance["notes"])
    assert not [f for f in verdict.findings if f.code == "door.followed"]


# -- a whole judgement, of a person who is made up ---------------------------------------------------------------------


def person(arms, t, q, columns=63, gaps=None, name="made_up"):
    """A recording of two hands of 21 joints, where the robot's claws are at angles q; only wrist, knuckles and tips matter.

    Args:
        gaps: hand -> (n,) [m] between the tips of thumb and fingers.
    """
    streams = {}
    for hand in ("left", "right"):
        p, r = arms.follow(q, hand)
        r = r @ arms.worn[hand].T
        side = 1.0 if hand == "right" else -1.0  # the thumb's side
        half = 0.5 * side * (gaps[hand] if gaps else np.full(len(t), 0.08))
        local = np.zeros((len(t), 21, 3))
        local[:, [1, 4, 10, 7]] = [[0.08, side * y, 0.0] for y in (0.03, 0.01, -0.01, -0.03)]
        local[:, 16:19, 0] = 0.12
        local[:, 16:19, 1] = np.stack([half, -half, -half], axis=1)
        local -= [0.12, 0.0, 0.0]
        joints = p[:, None] + np.einsum("nij,nkj->nki", r, local)
        values = joints.reshape(len(t), 63)[:, :columns]
        names = tuple(f"joint_{k // 3:02d}.{'xyz'[k % 3]}" for k in range(columns))
        ns = np.round(t * 1e9).astype(np.int64)
        of = f"hand/{hand}"
        streams[of] = Stream(of, "pose", "hand_joint_positions", "m", names, values, ns, clock="grid")
    return Recording(name, f"{name}.npz", "0" * 64, "human", streams)


def shifted(recording, hand, by):
    stream = recording.streams[f"hand/{hand}"]
    stream.values[:] += np.tile(by, 21)
    return recording


def test_what_the_robot_itself_could_show_is_feasible(arms, bare):
    t, q = swing(arms)
    (verdict,) = judge([person(arms, t, q)], bare, threads=1)
    assert (verdict.verdict, verdict.claim) == ("FEASIBLE", "human")
    place = of_code(verdict.findings, "retarget.error", "place")
    assert place.level == "PASS" and max(hand["max"] for hand in place.details["hands"].values()) < 5e-3
    assert of_code(verdict.findings, "joint.velocity").signal == "retargeted"
    assert any(
        "carried over to the robot by conf/retarget/default.yaml" in note for note in verdict.provenance["notes"]
    )


def test_a_person_with_longer_arms_is_out_of_reach(arms, bare):
    """Hands 2.5 m apart: the robot's arms and shoulders span 2.1 m, wherever the work is laid."""
    t, q = swing(arms, size=0.0)
    (verdict,) = judge([shifted(person(arms, t, q), "left", [0.0, 2.0, 0.0])], bare, threads=1)
    assert verdict.verdict == "INFEASIBLE"
    root = verdict.findings[verdict.root]
    assert root.code == "reach" and root.value > root.limit == pytest.approx(arms.reach["left"])
    place = of_code(verdict.findings, "retarget.error", "place")
    assert place.level == "FAIL" and place.because_of == verdict.root


def test_hands_that_cannot_be_used_are_not_checked_and_say_why(arms, bare):
    t, q = swing(arms, seconds=0.5)
    (verdict,) = judge([person(arms, t, q, columns=60)], bare, threads=1)
    assert verdict.verdict == "INCONCLUSIVE" and verdict.owner == "device"
    assert of_code(verdict.findings, "retarget.error").reason == "unusable_hands"
    assert any("60 columns are no 21 joints" in note for note in verdict.provenance["notes"])


def test_a_hand_that_is_no_number_stops_what_follows(arms, bare):
    t, q = swing(arms, seconds=0.5)
    broken = person(arms, t, q)
    broken.streams["hand/left"].values[3] = np.nan
    (verdict,) = judge([broken], bare, threads=1)
    assert verdict.verdict == "UNSOUND"
    assert of_code(verdict.findings, "reach").reason == "integrity.value.nonfinite"


def test_a_ring_lies_where_the_camera_sees_the_hand():
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><camera name="eye" pos="0 0 2" fovy="90"/></worldbody></mujoco>'  # looks down, up is y
    )
    blank = np.zeros((100, 200, 3), np.uint8)
    seen = ring(
        blank, model, np.zeros(0), "eye", {"left": np.array([0.5, 0.25, 1.0]), "right": np.array([0.0, 0.0, 3.0])}
    )
    rows, columns = np.nonzero(seen.any(axis=2))
    # at 1 m depth the picture is 2 m high: 50 pixels a metre; what is behind the camera is not drawn
    assert (columns.mean(), rows.mean()) == pytest.approx((100 + 25.0, 50 - 12.5), abs=0.6)
    assert not blank.any() and (seen[rows, columns] == (0, 200, 230)).all()


@pytest.fixture(scope="module")
def opener(scene):
    """Somebody who opens an oven as the operator does, where a draw puts it: a recording of hands and oven, and the draw."""
    draw = drawing.draw(scene, SEEDS[0])
    (done,) = perform(scene, [draw], [SEEDS[0]], skills=read_chain(scene)[:5])
    (played,) = play(scene, [Take(draw, done.actions)], [[]], 1)
    steps, model = len(done.actions), draw.model
    t = np.arange(steps) * scene.control_timestep
    names = list(scene.schema.action.names)
    gaps = {}
    for hand in ("left", "right"):
        percent = np.clip(done.actions[:, names.index(f"{hand}_claw")].astype(float), 0.0, 100.0)
        gaps[hand] = 0.13 - 0.001 * percent
    q = played.qpos[:steps][:, [model.joint(name).qposadr[0] for name in scene.robot.arm_names]]
    recording = person(arms_of(scene), t, q, gaps=gaps, name="made_up_microwave")
    data, hinge = mujoco.MjData(model), model.joint("oven/door_hinge")
    pose, angle = np.zeros((steps, 7)), np.zeros((steps, 1))
    for k in range(steps):
        data.qpos[:] = played.qpos[k]
        mujoco.mj_kinematics(model, data)
        pose[k] = [*data.xanchor[hinge.id], *data.body("oven/microwave").xquat]
        angle[k] = data.qpos[hinge.qposadr[0]]
    ns = np.round(t * 1e9).astype(np.int64)
    units = "m m m 1 1 1 1"
    for stream in (
        Stream("object/pose", "pose", "object_pose", units, tuple("xyzabcd"), pose, ns, clock="grid"),
        Stream("object/angle", "pose", "object_joint", "rad", ("door",), angle, ns, clock="grid"),
    ):
        recording.streams[stream.name] = stream
    return recording, draw


@pytest.mark.slow
def test_who_opens_our_own_oven_elsewhere_opens_it_here(scene, opener):
    """Laid by hinge and handle onto the nominal oven, the hands open its door in the replay: the robot could do this."""
    recording, draw = opener
    (verdict,) = judge([recording], scene, threads=1)
    door = of_code(verdict.findings, "door.followed")
    assert np.rad2deg(door.details["recorded"]) > 75.0
    assert door.level == "PASS" and door.details["followed"] == door.details["openings"] == 1
    assert "opened" in [name for name, t in verdict.outcome["subgoals"].items() if t is not None]
    assert of_code(verdict.findings, "retarget.error", "place").level != "FAIL"
    assert verdict.verdict == "FEASIBLE", [(f.code, f.subject, f.value) for f in verdict.findings if f.level == "FAIL"]
    placed = next(note for note in verdict.provenance["notes"] if note.startswith("placed by the oven"))
    assert f"turned by {-np.rad2deg(draw.values['oven.yaw']):.1f} deg" in placed


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        ({"held_back": "at_speed", "held_by": "zarm_l4_joint"}, "slow"),
        ({"held_back": "out_of_reach", "held_by": "left_hand"}, "nearer"),
        ({"held_back": "apart", "held_by": "left_claw", "held_from": "right_claw"}, "apart"),
        ({"held_back": "at_range", "held_by": "zarm_l6_joint"}, "hand"),
        ({}, "hand"),
    ],
)
def test_the_advice_is_for_what_kept_the_hand_back(rules, details, kind):
    graded = rules["retarget.error"].grade_value(0.2)
    finding = rules["retarget.error"].finding(subject=("left_hand",), t0=1.0, t1=2.0, **graded, details=details)
    fix = fix_of(finding)
    assert fix["kind"] == kind
    if kind in ("nearer", "hand"):
        assert fix["by"] == pytest.approx(0.15)  # 200 mm off, 50 allowed
