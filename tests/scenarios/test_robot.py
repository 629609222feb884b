"""Kuafu against its facts: masses, heights, kinematics, poses and self-collision."""

import json
import shutil
import subprocess
import sys

import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from robot_physics import KUAFU, TIMESTEP, set_options
from shiliu.envs.single import ShiliuEnv
from shiliu.scenarios.robots.postures import posture, postures_of
from shiliu.scenarios.robots.robot import Robot, load_robot
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.own_files import read_own

FACTS = json.loads((KUAFU / "facts.json").read_text(encoding="utf-8"))
ROBOT = read_own(KUAFU / "robot.yaml")
LINKS = {link["link"]: link for link in FACTS["links"]}
ARM_MIRROR = (1, -1, -1, 1, -1, -1, 1)  # joints about x and z turn the other way on the right side


def robot_spec(planted=False):
    """The robot with both claws on a floor; planted: the leg joints are removed and the legs stay in the stance."""
    spec = mujoco.MjSpec.from_file(str(KUAFU / "kuafu.xml"))
    set_options(spec)
    for side in ("left", "right"):
        claw = mujoco.MjSpec.from_file(str(KUAFU / "claw.xml"))
        spec.attach(claw, site=spec.site(f"{side}_hand_mount"), prefix=f"{side}_")
    spec.worldbody.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[3, 3, 0.1], contype=2, conaffinity=7)
    if planted:
        for name, angle in ROBOT["stance"]["legs"].items():
            joint = spec.joint(name)
            quat = np.zeros(4)
            mujoco.mju_axisAngle2Quat(quat, np.array(joint.axis), angle)
            spec.body(LINKS_BY_JOINT[name]["link"]).quat = quat
            spec.delete(spec.actuator(name))
            spec.delete(joint)
    return spec


LINKS_BY_JOINT = {link["joint"]: link for link in FACTS["links"] if "joint" in link}


@pytest.fixture(scope="module")
def model():
    return robot_spec().compile()


@pytest.fixture(scope="module")
def planted():
    return robot_spec(planted=True).compile()


def posed(model, pose):
    """Data with the joints and the controls of `pose` (rad per joint name, percent per claw) over the stance."""
    data = mujoco.MjData(model)
    values = ROBOT["stance"]["legs"] | pose
    for i in range(model.njnt):
        name = model.joint(i).name
        if name in values:
            data.joint(name).qpos = values[name]
        elif "finger" in name:
            percent = values.get(name.split("_")[0] + "_claw", 0)
            data.joint(name).qpos = percent / 100 * model.jnt_range[i, 1]
    for i in range(model.nu):
        data.ctrl[i] = values.get(model.actuator(i).name, 0)
    mujoco.mj_forward(model, data)
    return data


def contact_pairs(model, data):
    return {tuple(sorted(model.geom(g).name for g in contact.geom)) for contact in data.contact}


def rotation(axis, angle):
    """Rodrigues' formula; axis is a unit vector."""
    x, y, z = axis
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew


def forward_kinematics(link, angles, base):
    """Position [m] and rotation of a link frame from the origins and axes of facts.json alone."""
    chain = []
    while LINKS[link]["parent"]:
        chain.append(LINKS[link])
        link = LINKS[link]["parent"]
    position, orientation = np.array(base), np.eye(3)
    for step in reversed(chain):
        position = position + orientation @ np.array(step["origin"])
        if "joint" in step:
            orientation = orientation @ rotation(step["axis"], angles[step["joint"]])
    return position, orientation


# ---- the model against the fact table


@pytest.mark.parametrize("name", ["kuafu", "claw"])
def test_part_opens_alone(name):
    model = mujoco.MjModel.from_xml_path(str(KUAFU / f"{name}.xml"))
    assert model.nbody == (33 if name == "kuafu" else 4)
    assert model.nkey == 0


def test_committed_xml_is_what_the_generator_writes():
    done = subprocess.run([sys.executable, str(KUAFU / "build.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_total_mass(model):
    assert sum(model.body_mass) == pytest.approx(FACTS["total_mass"], rel=1e-3)
    assert sum(link.get("mass", 0) for link in FACTS["links"]) == pytest.approx(FACTS["total_mass"], rel=1e-5)
    claw = [b for b in range(model.nbody) if model.body(b).name.startswith("left_")]
    assert sum(model.body_mass[claw]) == pytest.approx(0.6, rel=1e-3)  # product table


@pytest.mark.parametrize(("posture", "height"), [("straight", 1.6844), ("stance", 1.66)])
def test_height(model, posture, height):
    data = posed(model, {})
    if posture == "straight":
        for name in ROBOT["stance"]["legs"]:
            data.joint(name).qpos = 0
    mujoco.mj_forward(model, data)
    rise = ROBOT[posture]["base_height"] - data.body("base_link").xpos[2]
    assert data.site("head_top").xpos[2] + rise == pytest.approx(height, abs=1e-3)
    assert data.site("head_top").xpos[2] + rise == pytest.approx(ROBOT[posture]["head_top"], abs=1e-3)
    for side in ("left", "right"):
        sole = data.site(f"{side}_sole")
        assert sole.xpos[2] + rise == pytest.approx(0, abs=1e-3)
        assert sole.xmat[8] == pytest.approx(1, abs=1e-6)  # flat on the floor
    assert top_of_visuals(model, data) + rise == pytest.approx(height, abs=2e-3)


def top_of_visuals(model, data):
    """Height [m] of the highest visual vertex of the skull."""
    geom = next(
        g
        for g in range(model.ngeom)
        if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_MESH and model.mesh(model.geom_dataid[g]).name == "skull"
    )
    mesh = model.mesh(model.geom_dataid[geom])
    vertices = model.mesh_vert[mesh.vertadr[0] : mesh.vertadr[0] + mesh.vertnum[0]]
    return (vertices @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom])[:, 2].max()


def test_centre_of_mass_is_over_the_soles(model):
    data = posed(model, ROBOT["poses"]["ready"])
    x = data.subtree_com[0][0] - data.body("leg_l6_link").xpos[0]
    assert ROBOT["sole"]["x"][0] + 0.03 < x < ROBOT["sole"]["x"][1] - 0.03


def test_link_positions_agree_with_the_table_over_random_poses(model):
    rng = np.random.default_rng(7)
    data = mujoco.MjData(model)
    base = model.body("base_link").pos
    for _ in range(50):
        angles = {}
        for name, link in LINKS_BY_JOINT.items():
            angles[name] = data.joint(name).qpos[0] = rng.uniform(*link["range"])
        mujoco.mj_kinematics(model, data)
        for name in (
            "zarm_l6_link",
            "zarm_l7_link",
            "zarm_r6_link",
            "zarm_r7_link",
            "leg_l6_link",
            "leg_r6_link",
            "zhead_2_link",
        ):
            position, orientation = forward_kinematics(name, angles, base)
            assert np.linalg.norm(data.body(name).xpos - position) < 1e-6, name
            assert np.allclose(data.body(name).xmat.reshape(3, 3), orientation, atol=1e-6), name
        for side, link in (("left", "zarm_l7_link"), ("right", "zarm_r7_link")):
            position, orientation = forward_kinematics(link, angles, base)
            palm = position + orientation @ np.array(LINKS[link.replace("link", "end_effector")]["origin"])
            assert np.linalg.norm(data.site(f"{side}_end_effector").xpos - palm) < 1e-6


def test_masses_ranges_and_joint_dynamics_are_the_tables(model):
    for name, link in LINKS.items():
        if "mass" in link and not name.endswith("7_link"):
            assert model.body(name).mass[0] == pytest.approx(link["mass"], rel=1e-6)
            assert np.allclose(model.body(name).ipos, link["com"], atol=1e-7)
            principal = np.sort(np.linalg.eigvalsh(full_inertia(link["inertia"])))
            assert np.allclose(np.sort(model.body(name).inertia), principal, rtol=1e-3, atol=1e-9), name
    for name, link in LINKS_BY_JOINT.items():
        joint = model.joint(name)
        assert np.allclose(joint.range, link["range"]) and np.allclose(joint.axis, link["axis"])
        dynamics = FACTS["joint_dynamics"][name]
        assert joint.damping[0] == dynamics["damping"] and joint.armature[0] == dynamics["armature"]
        assert joint.frictionloss[0] == dynamics["frictionloss"]


def full_inertia(values):
    xx, yy, zz, xy, xz, yz = values
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def test_robot_yaml_agrees_with_the_model(model):
    robot = load_robot()
    order = [name for group in ("legs", "arm", "head") for name in robot.joints_of(group)] + list(robot.hand_names)
    assert order == [model.actuator(i).name for i in range(model.nu)]
    for name, limit in robot.limits.items():
        joint = model.joint(name)
        assert np.allclose(joint.range, limit["position"], atol=1e-9)
        assert model.jnt_actfrcrange[joint.id, 1] == pytest.approx(limit["torque"]["peak"])
        assert np.allclose(model.actuator(name).ctrlrange, limit["position"], atol=1e-9)
    for pose in ROBOT["poses"].values():
        assert set(pose) == set(order) - set(ROBOT["groups"]["legs"])
        for name, value in pose.items():
            low, high = robot.limits.get(name, {"position": (0, 100)})["position"]
            assert low <= value <= high


def test_arm_gains_are_the_hardware_configurations(model):
    for name in load_robot().arm_names:
        actuator = model.actuator(name)
        assert actuator.gainprm[0] == 500 and actuator.biasprm[1] == -500 and actuator.biasprm[2] == -50


def test_mirrored_limbs_mirror(model):
    """The published left and right sides differ by up to 1 mm in the leg, and by less than 0.2 % in mass."""
    flip = np.array([1, -1, 1])
    for left in (n for n in LINKS if n.startswith(("leg_l", "zarm_l"))):
        right = left.replace("leg_l", "leg_r").replace("zarm_l", "zarm_r")
        if "mass" not in LINKS[left]:
            continue
        a, b = model.body(left), model.body(right)
        assert np.allclose(a.pos * flip, b.pos, atol=1.1e-3), left
        assert a.mass[0] == pytest.approx(b.mass[0], rel=2e-3)
        assert np.allclose(np.sort(a.inertia), np.sort(b.inertia), rtol=0.05, atol=2e-6)
        joint, twin = model.joint(LINKS[left]["joint"]), model.joint(LINKS[right]["joint"])
        sign = 1 if joint.axis[1] else -1
        assert np.allclose(np.sort(sign * joint.range), twin.range, atol=1e-6)
        shapes, twins = [model.body_geomnum[x.id] for x in (a, b)]
        assert shapes == twins
    data = mujoco.MjData(model)
    for i, sign in enumerate(ARM_MIRROR, start=1):
        angle = 0.3 * min(abs(v) for v in model.joint(f"zarm_l{i}_joint").range if v) * (-1 if i == 4 else 1)
        data.joint(f"zarm_l{i}_joint").qpos, data.joint(f"zarm_r{i}_joint").qpos = angle, sign * angle
    mujoco.mj_forward(model, data)
    for site in ("tcp", "end_effector", "hand_mount", "shoulder"):
        assert np.allclose(data.site(f"left_{site}").xpos * flip, data.site(f"right_{site}").xpos, atol=1e-3), site


def test_every_link_can_be_touched(model):
    for name, link in LINKS.items():
        if "joint" not in link and name != "base_link":
            continue
        body = model.body(name)
        geoms = range(body.geomadr[0], body.geomadr[0] + body.geomnum[0])
        assert any(model.geom_contype[g] for g in geoms), f"{name} has no collision shape"
    for g in range(model.ngeom):
        bits = (model.geom_contype[g], model.geom_conaffinity[g])
        if model.geom(g).name != "floor":
            assert bits == {2: (0, 0), 3: (1, 7)}[model.geom_group[g]]


# ---- poses and collisions


@pytest.mark.parametrize("pose", ["home", "ready"])
@pytest.mark.parametrize("build", ["model", "planted"])
def test_pose_holds_still(build, pose, request):
    """With leg joints the hanging legs sag by up to 2 mrad in their servos, as nothing carries them."""
    model = request.getfixturevalue(build)
    data = posed(model, ROBOT["poses"][pose])
    start = data.qpos.copy()
    for _ in range(round(1 / TIMESTEP)):
        mujoco.mj_step(model, data)
        assert all(contact.dist > -1e-3 for contact in data.contact)
    assert np.abs(data.qpos - start).max() < (2e-3 if build == "model" else 1e-4)
    assert np.abs(data.qvel).max() < 1e-2
    assert sum(warning.number for warning in data.warning) == 0


@pytest.mark.parametrize("pose", ["home", "ready"])
@pytest.mark.parametrize("claw", [0, 50, 100])
def test_no_self_collision_in_the_named_poses(model, pose, claw):
    data = posed(model, ROBOT["poses"][pose] | {"left_claw": claw, "right_claw": claw})
    pairs = {p for p in contact_pairs(model, data) if "floor" not in p}
    assert not pairs


def test_crossed_arms_collide(model):
    left = {1: -0.6, 3: -1.1, 4: -1.5}
    pose = {f"zarm_l{i}_joint": v for i, v in left.items()}
    pose |= {f"zarm_r{i}_joint": v * ARM_MIRROR[i - 1] for i, v in left.items()}
    pairs = contact_pairs(model, posed(model, pose))
    assert any(
        ("zarm_l" in a or "left_" in a) and ("zarm_r" in b or "right_" in b)
        for a, b in (sorted(p, key=lambda n: "zarm_r" in n or "right_" in n) for p in pairs)
    )


def test_arm_weight_counts_against_the_motor(planted):
    """The arm held straight forward needs 13.47 N m at the shoulder (fact table); the claw lies a little further out
    than the maker's hand lump."""
    data = posed(planted, {"zarm_l1_joint": -np.pi / 2})
    for _ in range(480):
        mujoco.mj_step(planted, data)
    assert abs(data.joint("zarm_l1_joint").qfrc_actuator[0]) == pytest.approx(13.47, rel=0.03)
    assert data.joint("zarm_l1_joint").qpos[0] == pytest.approx(-np.pi / 2, abs=1e-3)


@pytest.mark.parametrize("pose", ["home", "ready"])
def test_pelvis_wrench_is_the_whole_weight_at_its_place(pose):
    """Gravity compensation is a torque of the motors: the weight still reaches the ground."""
    spec = robot_spec(planted=True)
    for name, kind in (("force", mujoco.mjtSensor.mjSENS_FORCE), ("torque", mujoco.mjtSensor.mjSENS_TORQUE)):
        spec.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="pelvis_wrench")
    model = spec.compile()
    data = posed(model, ROBOT["poses"][pose])
    for _ in range(240):
        mujoco.mj_step(model, data)
    weight = np.array([0, 0, FACTS["total_mass"] * 9.81])
    arm = data.subtree_com[0] - data.site("pelvis_wrench").xpos
    assert np.allclose(data.sensor("force").data, weight, atol=0.1)
    assert np.allclose(data.sensor("torque").data, np.cross(arm, weight), atol=0.05)


def test_a_payload_beyond_the_peak_torque_sinks():
    spec = robot_spec(planted=True)
    load = spec.body("left_claw").add_body(name="load", pos=[0, 0, -0.12])
    load.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02], mass=11.0, contype=0, conaffinity=0)
    model = spec.compile()
    data = posed(model, {"zarm_l1_joint": -np.pi / 2})
    for _ in range(240):
        mujoco.mj_step(model, data)
        assert abs(data.joint("zarm_l1_joint").qfrc_actuator[0]) <= 66.67 + 1e-9
    assert data.joint("zarm_l1_joint").qpos[0] > -np.pi / 2 + 0.05


def test_tips_are_slim(model):
    """Each finger is at most 12 mm thick from the pad's face outwards, so that it enters a 30 mm stand-off."""
    for name, half in (("pad", 0.006), ("tip", 0.006), ("strut", 0.006)):
        geom = model.geom(f"left_finger_front_{name}")
        assert 2 * geom.size[0] <= 2 * half
        assert geom.pos[0] + geom.size[0] <= 0.012 + 1e-9
    assert 2 * model.geom("left_finger_front_tip").size[1] <= 0.012


def test_tcp_frame(model):
    """z out of the palm, y along the opening direction, both in the last arm link."""
    data = posed(model, {})
    for side, link in (("left", "zarm_l7_link"), ("right", "zarm_r7_link")):
        tcp = data.site(f"{side}_tcp").xmat.reshape(3, 3)
        hand = data.body(link).xmat.reshape(3, 3)
        assert np.allclose(tcp[:, 2], -hand[:, 2], atol=1e-6) and np.allclose(tcp[:, 1], hand[:, 0], atol=1e-6)


def test_a_second_hand_needs_a_sheet_and_no_python(tmp_path):
    """A hand with three fingers and two drives, beside Kuafu's own: actions, observations and words follow its sheet."""
    folder = tmp_path / "kuafu"
    shutil.copytree(KUAFU, folder)
    hand = """<mujoco model="hook"><worldbody><body name="palm" gravcomp="1">
      <inertial pos="0 0 -0.03" mass="0.5" diaginertia="2e-4 2e-4 1e-4"/><site name="tcp" pos="0 0 -0.1"/>
      BODIES</body></worldbody><tendon>TENDONS</tendon><actuator>DRIVES</actuator></mujoco>"""
    names = ("index", "middle", "thumb")
    body = """<body name="{0}" pos="0 {1} -0.1"><joint name="{0}_joint" range="0 1.5" limited="true" damping="0.1"/>
      <geom size="0.01" mass="0.02" contype="1" conaffinity="6"/></body>"""
    tendon = '<fixed name="{0}_percent"><joint joint="{0}_joint" coef="66.7"/></fixed>'
    drive = '<position name="{0}" tendon="{0}_percent" kp="0.01" ctrlrange="0 100"/>'
    for word, found in (
        ("BODIES", [body.format(name, i * 0.03) for i, name in enumerate(names)]),
        ("TENDONS", [tendon.format(name) for name in ("index", "thumb")]),
        ("DRIVES", [drive.format(name) for name in ("index", "thumb")]),
    ):
        hand = hand.replace(word, "".join(found))
    (folder / "hook.xml").write_text(hand, encoding="utf-8")
    sheet = {
        "model": "hook.xml",
        "drives": {"index": "index_percent", "thumb": "thumb_percent"},
        "stroke_time": 0.5,
        "fingers": list(names),
        "interface": {"hands": {"sites": ["tcp"]}, "grippers": {"bodies": ["palm"]}},
    }
    (folder / "hook.yaml").write_text(yaml.safe_dump(sheet), encoding="utf-8")
    scene = shiliu.load_scenario("bare")
    hooked = Scene(scene.config, Robot("kuafu", folder, {**ROBOT, "hands": {"hook": "hook.yaml"}}, "hook"))
    hands = ("left_index", "left_thumb", "right_index", "right_thumb")
    assert hooked.schema.action.names == (*scene.robot.joint_names, *hands)
    assert hooked.schema.observations["observation.touch"].names[:4] == (
        "left_index",
        "left_middle",
        "left_thumb",
        "right_index",
    )
    assert hooked.robot.interface["grippers"] == {"bodies": ["left_palm", "right_palm"]}
    assert hooked.robot.interface["hands"] == {
        "bodies": ["zarm_l7_link", "zarm_r7_link"],
        "sites": ["left_tcp", "right_tcp"],
    }
    most = 100.0 / 0.5 * hooked.control_timestep
    assert ShiliuEnv(hooked, action="joint_delta").action_space.high[-4:] == pytest.approx(most)
    env = ShiliuEnv(hooked)
    env.reset(seed=0)
    action = hooked.ready_ctrl.astype(np.float32)
    action[-3] = 60.0
    for _ in range(100):
        observation = env.step(action)[0]
    state = dict(zip(hooked.schema.action.names, observation["observation.state"]))
    assert state["left_thumb"] == pytest.approx(60.0, abs=5.0) and state["right_thumb"] == pytest.approx(0.0, abs=5.0)


def test_postures_lie_within_the_arms_ranges():
    robot = load_robot()
    for side in ("left", "right"):
        limits = np.array([robot.limits[name]["position"] for name in robot.arm_of(side)])
        for name in postures_of("kuafu"):
            assert (posture(name, side, "kuafu") >= limits[:, 0]).all() and (posture(name, side, "kuafu") <= limits[:, 1]).all(), (
                name,
                side,
            )
    ready = robot.pose("ready")
    for side in ("left", "right"):
        assert posture("ready", side, "kuafu")[:6] == pytest.approx([ready[name] for name in robot.arm_of(side)][:6])


def test_a_robot_is_loaded_once_and_anew_where_a_file_of_it_was_written(tmp_path, monkeypatch):
    folder = shutil.copytree(load_robot().folder, tmp_path / "kuafu")
    monkeypatch.setattr("shiliu.scenarios.robots.robot.robot_folder", lambda name: folder)
    one = load_robot()
    assert load_robot() is one and load_robot().alone is one.alone
    assert load_robot(base="mobile") is not one
    sheet = folder / "robot.yaml"
    sheet.write_text(sheet.read_text() + "\n# another line\n")
    assert load_robot() is not one


def test_whoever_changes_what_was_read_of_a_sheet_changes_it_for_nobody_else(tmp_path):
    file = tmp_path / "sheet.yaml"
    file.write_text("names: [one, two]\n")
    read_own(file)["names"].append("three")
    assert read_own(file) == {"names": ["one", "two"]}
    file.write_text("names: [four]\n")
    assert read_own(file) == {"names": ["four"]}
