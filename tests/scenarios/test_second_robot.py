"""Another robot and another hand need a folder, and no Python: Kuafu under other names does all that Kuafu does."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import shiliu
import yaml
from benches import BENCH, done, end
from known_faults.fault import Work
from known_faults.motion import past_limit
from known_faults.places import places_of
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.operator.limbs.arm import Arm
from shiliu.replay.operator.limbs.hand import Hand
from shiliu.replay.retarget.arms import Arms
from shiliu.scenarios.catalog.catalog import load_scenario, scene_of_tree
from shiliu.scenarios.grips.gripper import gripper_of
from shiliu.scenarios.parts import part
from shiliu.scenarios.robots import robot_folder
from shiliu.scenarios.robots.postures import postures_of
from shiliu.scenarios.robots.robot import load_robot
from shiliu.scenarios.robots.robot_folder import robots

OTHER = (("zarm_", "limb_"), ("zhead_", "neck_"), ("leg_", "stilt_"), ("claw", "pincer"), ("finger_", "prong_"))

# The second hand of the twin: 120 mm wide instead of 190, just as stiff. Its fingers have a shorter way to go.
SLIM = {
    "slim.yaml": {"model: pincer.xml": "model: slim.xml", "opening: 0.19 ": "opening: 0.12 "},
    "slim.xml": {
        'pos="0.095 0 -0.1225"': 'pos="0.06 0 -0.1225"',
        'pos="-0.095 0 -0.1225"': 'pos="-0.06 0 -0.1225"',
        'range="0 0.103870111" damping="1584.94763"': 'range="0 0.065602175" damping="2509.50036"',
        'pos="0 0 -0.1645"': 'pos="0 0 -0.1490263"',
        'coef="481.370429"': 'coef="762.169846"',
        'kp="0.02166"': 'kp="0.00864"',
        'forcerange="-0.342 0.342"': 'forcerange="-0.216 0.216"',
    },
}


@pytest.fixture(scope="module")
def twin(tmp_path_factory) -> str:
    """A robot whose joints, links, hands and fingers all have other names than Kuafu's."""
    assets = tmp_path_factory.mktemp("assets")
    for entry in part.ASSETS.iterdir():
        if entry.name != "robots" and entry.is_dir():
            (assets / entry.name).symlink_to(entry)
    shutil.copytree(part.ASSETS / "robots", assets / "robots")
    folder = assets / "robots" / "twin"
    shutil.copytree(assets / "robots" / "kuafu", folder)
    for file in [*folder.glob("*.yaml"), *folder.glob("*.xml")]:
        text = file.read_text(encoding="utf-8")
        for old, new in OTHER:
            text = re.sub(f"(?<!leju_){old}", new, text)
        file.write_text(text, encoding="utf-8")
    (folder / "claw.xml").rename(folder / "pincer.xml")
    (folder / "claw.yaml").rename(folder / "pincer.yaml")
    for name, changes in SLIM.items():
        text = (folder / name.replace("slim", "pincer")).read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, f"{old} is not in the sheet of the claw"
            text = text.replace(old, new)
        (folder / name).write_text(text, encoding="utf-8")
    sheet = folder / "robot.yaml"
    hands = "hands: {pincer: pincer.yaml"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace(hands, f"{hands}, slim: slim.yaml"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(robot_folder, "ASSETS", assets)
        postures_of.cache_clear()
        yield "twin"
    postures_of.cache_clear()


def names_in(scene) -> str:
    model = scene.model
    found = [model.joint(i).name for i in range(model.njnt)] + [model.body(i).name for i in range(model.nbody)]
    return " ".join([*found, *(model.actuator(i).name for i in range(model.nu)), *scene.schema.action.names])


def test_it_stands_in_a_scene_with_its_first_hand(twin):
    assert robots() == ["kuafu", "twin"]
    scene, own = load_scenario("microwave", robot=twin), load_scenario("microwave")
    assert (scene.robot.name, scene.robot.hand, own.robot.hand) == ("twin", "pincer", "claw")
    assert not re.search("zarm|zhead|claw|finger", names_in(scene))
    assert (scene.model.nq, scene.model.nu) == (own.model.nq, own.model.nu)
    np.testing.assert_array_equal(scene.start_qpos(scene.model), own.start_qpos(own.model))
    assert gripper_of(twin).name == "pincer"


def test_the_operator_performs_with_it(twin, served):
    (other,) = demonstrate(load_scenario("table_setting", robot=twin), [1])
    assert other.label["success"] and other.action_names[0] == "limb_l1_joint"
    np.testing.assert_array_equal(other.actions, served.episode.actions)


def on_the_bench(skill: str, robot: str, hand: str):
    """A scene of the bench with this robot and hand in which one skill is performed, and the performance."""
    tree = yaml.safe_load(BENCH)
    for name in ("bowl", "buns", "other"):
        del tree["parts"][name]
    goes_on = "{never: {moved: {of: can, more_than: 3000 mm}}}"
    tree |= {"skills": yaml.safe_load(f"[{{{skill}}}, {{wait: {{time: 1 s}}}}]"), "goal": yaml.safe_load(goes_on)}
    scene = scene_of_tree("bench", tree, robot=robot, hand=hand)
    return scene, done(scene)


@pytest.mark.parametrize(("robot", "hand"), [("kuafu", "claw"), ("twin", "slim")])
@pytest.mark.parametrize("force", [30.0, 80.0])
def test_each_hand_presses_as_hard_as_it_is_commanded(twin, robot, hand, force):
    """A hand of other numbers, a force of its own a percent: with the claw's the slim one would press 0.63 of it."""
    scene, made = on_the_bench(f"take: {{hand: left, of: can, force: {force} N}}", robot, hand)
    assert scene.robot.hand == hand and "gave_up" not in made.provenance
    pads = made.observations["observation.touch"][-1, :2]
    np.testing.assert_allclose(pads, force, rtol=0.1)


@pytest.mark.parametrize(("robot", "hand"), [("kuafu", "claw"), ("twin", "slim")])
def test_each_hand_opens_as_wide_as_it_is_commanded(twin, robot, hand):
    scene, made = on_the_bench("reach: {hand: right, at: can.middle, opening: 36 mm, yaw: 40 deg}", robot, hand)
    data = end(scene, made)
    faces = np.linalg.norm(data.site("right_pad_front").xpos - data.site("right_pad_back").xpos)
    soft = scene.robot.hand_sheet["grip"]["soft"]
    assert faces - soft == pytest.approx(0.036, abs=0.001)


def test_a_hand_without_the_operator_s_numbers_is_refused_by_name():
    sheet = {key: value for key, value in load_robot().hand_sheet.items() if key != "tips"}
    with pytest.raises(shiliu.ShiliuError, match=r"claw\.xml has no tips"):
        Hand(sheet)


def test_a_posture_that_the_robot_lacks_is_refused_by_name():
    arm = Arm(load_robot(), "left", np.zeros(7), 1 / 30, 0.05, 800.0, np.random.default_rng(0))
    with pytest.raises(shiliu.ShiliuError, match=r"postures\.yaml of kuafu has no posture 'elbow_up'.*elbow_out"):
        arm.posture("elbow_up")


def test_a_person_s_hands_are_laid_onto_it(twin):
    other, own = Arms(load_robot(twin)), Arms(load_robot())
    assert other.reach == own.reach and other.upper_arm == own.upper_arm
    assert {"limb_l7_link", "left_pincer"} <= other.bodies["left"] and not any("r7" in body for body in other.bodies["left"])
    np.testing.assert_array_equal(other.worn["left"], own.worn["left"])


def test_faults_are_put_on_its_joints(twin):
    scene = load_scenario("bare", robot=twin)
    places = places_of(scene.robot)
    joints = {*scene.robot.joint_names}
    for ways in (places.past_range, places.jumps, places.inwards, places.onwards):
        assert {joint for joint, _ in ways} <= joints
    assert {places.rolls, places.turns, places.bends, *places.raised} <= joints
    assert (places.idle, places.busy) == ("right", "left")
    actions = np.tile(np.asarray(scene.ready_ctrl, np.float32), (1200, 1))
    work = Work(SceneContext(scene, "command"), None, np.random.default_rng(3), None, actions)
    mark = past_limit(work, 0.5)
    assert mark.subject[0] in joints and mark.t1 > mark.t0


def test_a_robot_without_places_for_faults_says_so(tmp_path):
    import dataclasses

    with pytest.raises(shiliu.ShiliuError, match=r"The robot kuafu has no faults\.yaml"):
        places_of(dataclasses.replace(load_robot(), folder=Path(tmp_path)))


def test_the_code_names_no_joint_and_no_hand_of_kuafu():
    """Facts of one robot stand in its folder; what names a thing of Kuafu in a string of the code is a fact in the wrong place."""
    root = Path(__file__).resolve().parents[2]
    found = []
    for folder in ("scenarios", "envs", "replay"):
        for file in sorted((root / folder).rglob("*.py")):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if re.search(r"[\"'](?:zarm|zhead|leg_[lr])\w*[\"']|hand(?:: str)? ==? [\"']claw", line):
                    found.append(f"{file.relative_to(root)}:{number}: {line.strip()}")
    assert found == []
