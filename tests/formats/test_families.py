"""Families of foreign files: another robot, task, width and number of objects than those that the mappings were made from."""

import json
from pathlib import Path

import h5py
import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.formats import read
from shiliu.replay.formats.arrays import mjcf
from shiliu.replay.formats.arrays.robosuite_actions import Untold, environment, parts
from shiliu.replay.judge.context import Contexts
from shiliu.replay.recording.recording import Recording
from shiliu.scenarios.sheet.errors import EpisodeError

N, RATE = 120, 20.0
OSC = {"type": "OSC_POSE", "input_max": 1, "input_min": -1, "output_max": 0.05, "output_min": -0.05, "control_delta": True}
HINGE = '<body name="{body}"><joint name="{name}" axis="0 0 1" range="{low} {high}"/><geom size=".02"/>{inside}</body>'
PANDA = ((-2.89, 2.89), (-1.76, 1.76), (-2.89, 2.89), (-3.07, -0.07), (-2.89, 2.89), (-0.01, 3.75), (-2.89, 2.89))


def arm(index: int, ranges, x: float = 0.0) -> str:
    """A robosuite arm: hinges one in the other, a gripper with two fingers at the end."""
    inside = f'<body name="gripper{index}_right_gripper"><geom size=".01"/>'
    for k, (low, high) in ((1, (0, 0.04)), (2, (-0.04, 0))):
        inside += f'<body name="gripper{index}_f{k}"><joint name="gripper{index}_finger_joint{k}" type="slide" range="{low} {high}"/>'
        inside += '<geom size=".01"/></body>'
    inside += "</body>"
    for k in range(len(ranges), 0, -1):
        low, high = ranges[k - 1]
        inside = HINGE.format(body=f"robot{index}_link{k}", name=f"robot{index}_joint{k}", low=low, high=high, inside=inside)
    return f'<body name="robot{index}_base" pos="{x} 0 1">{inside}</body>'


def model_of(arms: list, things: list[str], drawer: bool = False) -> str:
    """An MJCF with these arms (ranges of their joints), free bodies, and a drawer with a knob."""
    world = "".join(arm(i, ranges, 2.0 * i) for i, ranges in enumerate(arms))
    knob = '<body name="knob"><joint name="knob_joint" axis="0 0 1"/><geom size=".01"/></body>'
    world += f'<body name="drawer"><joint name="drawer_slide" type="slide"/><geom size=".1"/>{knob}</body>' if drawer else ""
    world += "".join(f'<body name="{t}_main"><freejoint name="{t}_joint0"/><geom size=".02"/></body>' for t in things)
    motors = "".join(
        f'<motor joint="robot{i}_joint{k + 1}"/>' for i, ranges in enumerate(arms) for k in range(len(ranges))
    )
    return f'<mujoco><compiler angle="radian"/><worldbody>{world}</worldbody><actuator>{motors}</actuator></mujoco>'


def states_of(xml: str, moved: dict[str, np.ndarray] | None = None) -> np.ndarray:
    """(N, 1 + nq + nv) states of a model, joints in the middle of their ranges but for those that are moved."""
    model = mujoco.MjModel.from_xml_string(xml)
    t = np.arange(N) / RATE
    qpos, qvel = np.tile(model.qpos0, (N, 1)), np.zeros((N, model.nv))
    for j in range(model.njnt):
        if model.jnt_limited[j]:
            qpos[:, model.jnt_qposadr[j]] = model.jnt_range[j].mean() + 0.001 * np.sin(t)
    for name, values in (moved or {}).items():
        at = model.joint(name)
        qpos[:, at.qposadr[0]] = values
        qvel[:, at.dofadr[0]] = np.gradient(values, t)
    return np.column_stack([t, qpos, qvel])


def demo(folder: Path, xml: str, env: dict | None = None, attrs: dict | None = None, **arrays: np.ndarray) -> Path:
    path = folder / "demo.hdf5"
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        if env is not None:
            data.attrs["env_args"] = json.dumps(env)
        data.attrs.update(attrs or {})
        group = data.create_group("demo_1")
        group.attrs["model_file"] = xml
        for name, values in arrays.items():
            group[name.replace("__", "/")] = values
    return path


def env_of(robots: list[str], controller: dict | list, name: str = "PickPlace") -> dict:
    return {"env_name": name, "type": 1, "env_kwargs": {"robots": robots, "controller_configs": controller, "control_freq": 20}}


def only(path: Path) -> Recording:
    (item,) = read(path)
    assert isinstance(item, Recording), item
    return item


@pytest.fixture(scope="module")
def contexts() -> Contexts:
    return Contexts()


def judged(path: Path, contexts: Contexts):
    (verdict,) = shiliu.judge(read(path), contexts=contexts)
    return verdict


# --------------------------------------------------------------------------------------------------- robosuite, robomimic

UR5E = ((-6.28, 6.28),) * 6


def test_another_robot_with_other_things_is_read_by_its_model(tmp_path, contexts):
    xml = model_of([UR5E], ["milk", "bread", "can"], drawer=True)
    turn = 0.3 * np.sin(np.arange(N) / RATE)
    states = states_of(xml, {"robot0_joint2": turn, "drawer_slide": 0.1 * turn})
    path = demo(tmp_path, xml, env_of(["UR5e"], OSC), states=states, actions=np.zeros((N, 7)))
    r = only(path)
    assert (r.mapping, r.kind, r.metadata["robot"]) == ("robosuite_ur5e_pick_place", "robot", "ur5e")
    assert r.metadata["environment"] == "PickPlace"
    joints = r.streams["states/joints"]
    assert joints.names == tuple(f"robot0_joint{k}" for k in range(1, 7)) and joints.unit == "rad"
    assert np.array_equal(joints.column("robot0_joint2"), turn) and joints.clock == "device"
    assert r.streams["states/fingers"].unit == "m" and len(r.streams["states/fingers"].names) == 2
    assert np.array_equal(r.streams["states/object_joints"].column("drawer_slide"), 0.1 * turn)
    assert r.streams["states/object_joints"].unit == "m rad"
    poses = [name for name, s in r.streams.items() if s.quantity == "object_pose"]
    assert poses == ["states/milk", "states/bread", "states/can"]
    assert np.array_equal(r.streams["states/can"].values[0], [0, 0, 0, 1, 0, 0, 0]) and r.unmapped == ()
    command = r.streams["actions"]
    assert (command.quantity, command.unit, command.names[-1]) == ("hand_step", "-1..1", "gripper")
    named = model_of([UR5E], ["joints"])
    twice = only(demo(tmp_path / "named", named, env_of(["UR5e"], OSC), states=states_of(named)))
    assert {"states/joints", "states/joints_2"} <= set(twice.streams), "a thing of the name of the robot's own stream"
    verdict = judged(path, contexts)
    assert verdict.verdict == "INCONCLUSIVE" and verdict.findings[verdict.root].reason == "no_joint_commands"
    assert any("no description of the robot" in note for note in verdict.provenance["notes"])


@pytest.mark.parametrize(("beyond", "message"), [(-0.2, "PASS"), (0.1, "WARN")])
def test_the_ranges_of_an_unknown_robot_are_those_of_its_model(tmp_path, contexts, beyond, message):
    xml = model_of([((-1.0, 1.0),) * 5], ["cube"])
    states = states_of(xml, {"robot0_joint3": np.linspace(0.0, 1.0 + beyond, N)})
    verdict = judged(demo(tmp_path, xml, env_of(["Widow"], OSC), states=states), contexts)
    found = next(f for f in verdict.findings if f.code == "joint.position")
    assert (found.level, verdict.verdict) == (message, "FEASIBLE")
    if message != "PASS":
        assert found.subject == ("robot0_joint3",) and found.value == pytest.approx(1.1, abs=0.01)
        assert found.limit_grade == "estimate" and "model that the recording carries" in found.limit_source


@pytest.mark.parametrize(("far", "message"), [(1.0, "FEASIBLE"), (2.1, "INFEASIBLE")])
def test_two_arms_have_the_limits_of_their_robot(tmp_path, contexts, far, message):
    """Absolute joint positions of two Pandas; the second joint of the right one may turn to 1.7628 rad."""
    xml = model_of([PANDA, PANDA], ["pot"])
    controller = {"type": "JOINT_POSITION", "input_type": "absolute"}
    middle = np.array([(low + high) / 2 for low, high in PANDA])
    actions = np.tile(np.r_[middle, 0.0, middle, 0.0], (N, 1))
    actions[:, 9] = far * 0.5 * (1.0 - np.cos(np.linspace(0.0, 2.0 * np.pi, N)))
    states = states_of(xml, {"robot1_joint2": np.r_[np.zeros(2), actions[:-2, 9]]})
    path = demo(tmp_path, xml, env_of(["Panda", "Panda"], controller), states=states, actions=actions)
    r = only(path)
    joints = r.streams["actions/joints"]
    assert (joints.quantity, joints.unit, len(joints.names)) == ("joint_position", "rad", 14)
    assert joints.names[8] == "robot1_joint2" and np.array_equal(joints.values[:, 8], actions[:, 9])
    assert r.streams["actions/gripper"].names == ("robot0_gripper", "robot1_gripper")
    assert r.metadata["robot"] == "franka_panda+franka_panda"
    verdict = judged(path, contexts)
    assert verdict.verdict == message
    if message == "INFEASIBLE":
        found = next(f for f in verdict.findings if f.code == "joint.position" and f.level == "FAIL")
        assert found.subject == ("robot1_joint2",) and found.limit == pytest.approx(1.7628)
        assert found.limit_grade == "published"


def test_parts_of_one_robot_come_before_its_grippers(tmp_path):
    """robosuite 1.5: a composite controller; 1.4: each arm with its gripper."""
    sides = [arm(0, UR5E).replace("robot0_", f"robot0_{s}_").replace("gripper0_", f"gripper0_{s}_") for s in ("right", "left")]
    xml = f'<mujoco><compiler angle="radian"/><worldbody>{"".join(sides)}</worldbody></mujoco>'
    states, actions = states_of(xml), np.zeros((N, 14))
    composite = {"type": "BASIC", "body_parts": {side: {**OSC, "gripper": {"type": "GRIP"}} for side in ("right", "left")}}
    new = only(demo(tmp_path / "new", xml, env_of(["Baxter"], composite), states=states, actions=actions))
    old = only(demo(tmp_path / "old", xml, env_of(["Baxter"], OSC), states=states, actions=actions))
    assert new.streams["actions"].names[-2:] == ("right_gripper", "left_gripper")
    assert old.streams["actions"].names[6:8] == ("right_gripper", "left_dx")


@pytest.mark.parametrize(
    ("env", "width", "why"),
    [
        (None, 7, "does not name the controller"),
        (env_of(["UR5e"], {"type": "WHOLE_BODY"}), 7, "'WHOLE_BODY' is not known"),
        (env_of(["UR5e"], OSC), 5, "6 columns and 1 grippers, and there are 5"),
        (env_of(["UR5e"], {**OSC, "impedance_mode": "variable"}), 19, "stiffness"),
    ],
)
def test_commands_that_nothing_tells_are_kept_and_said(tmp_path, env, width, why):
    xml = model_of([UR5E], ["cube"])
    r = only(demo(tmp_path, xml, env, states=states_of(xml), actions=np.zeros((N, width))))
    assert r.streams["actions"].quantity == "action" and len(r.streams["actions"].names) == width
    assert any(why in note for note in r.notes) and "states/joints" in r.streams


def test_states_of_another_width_are_named_and_the_rest_is_read(tmp_path):
    xml = model_of([UR5E], ["cube"])
    states = np.column_stack([states_of(xml), np.zeros(N)])
    path = demo(tmp_path, xml, env_of(["UR5e"], OSC), states=states, actions=np.zeros((N, 7)), rewards=np.zeros(N))
    r = only(path)
    assert set(r.streams) == {"actions", "rewards"} and r.streams["actions"].rate == pytest.approx(20.0)
    (left,) = r.unmapped
    assert left.startswith("states") and "31 columns are not the time, 15 positions and 14 speeds" in left


def test_robomimic_tells_hands_and_repeats_its_states(tmp_path):
    xml = model_of([UR5E], ["cube"])
    states = states_of(xml)
    arrays = {
        "obs__robot0_joint_pos": states[:, 1:7].astype(np.float32),
        "obs__robot0_joint_vel": np.ones((N, 6)),
        "obs__robot0_eef_quat": np.tile([0.0, 0.0, 0.0, 1.0], (N, 1)),
        "obs__agentview_image": np.zeros((N, 8, 8, 3), np.uint8),
        "next_obs__object": np.zeros((N, 10)),
    }
    r = only(demo(tmp_path, xml, env_of(["UR5e"], OSC), states=states, actions=np.zeros((N, 7)), **arrays))
    assert r.streams["obs/robot0_joint_vel"].names == r.streams["states/joints"].names, "they are not what the states say"
    assert r.streams["obs/robot0_eef_quat"].names[-1] == "robot0_eef.qw"
    reasons = {line.split(" ")[0]: line.split(": ", 1)[1] for line in r.unmapped}
    assert reasons["obs/robot0_joint_pos"] == "the same numbers as in `states`"
    assert "pictures" in reasons["obs/agentview_image"] and "next row" in reasons["next_obs/object"]


def test_a_task_of_the_same_width_is_not_taken_for_the_known_one(tmp_path):
    """Two nuts and a Sawyer take 47 columns, as two cubes do; the model beside the file tells them apart."""
    body = '<body name="{0}"><freejoint/><geom size=".02"/></body>'
    names = ("right_j0", "head_pan", *(f"right_j{k}" for k in range(1, 7)))
    hinges = "".join(HINGE.format(body=f"l_{n}", name=n, low=-3, high=3, inside="") for n in names)
    finger = '<body name="{0}_gripper"><joint name="r_gripper_{0}_finger_joint" type="slide"/><geom size=".01"/></body>'
    fingers = "".join(finger.format(side) for side in "lr")
    xml = (
        f'<mujoco><compiler angle="radian"/><worldbody><body name="base">{hinges}{fingers}</body>{body.format("SquareNut")}'
        f'{body.format("RoundNut")}</worldbody><actuator><velocity joint="right_j0"/></actuator></mujoco>'
    )
    arrays = {
        "states": states_of(xml),
        "joint_velocities": np.zeros((N, 7)),
        "gripper_actuations": np.zeros((N, 1)),
        "right_dpos": np.zeros((N, 3)),
        "right_dquat": np.zeros((N, 4)),
    }
    assert arrays["states"].shape == (N, 47)
    path = demo(tmp_path, "model_1.xml", attrs={"env": "SawyerNutAssembly"}, **arrays)
    r = only(path)
    assert set(r.streams) == {"joint_velocities", "gripper_actuations", "right_dpos", "right_dquat"}, "no cube is made up"
    assert "model_1.xml is not beside the file" in r.unmapped[0] and r.streams["right_dpos"].clock == "device"
    (tmp_path / "models").mkdir()
    (tmp_path / "models/model_1.xml").write_text(xml)
    r = only(path)
    assert "states/SquareNut" in r.streams and "states/cubeA" not in r.streams and r.metadata["robot"] == "sawyer"
    assert r.streams["joint_velocities"].names[:2] == ("right_j0", "right_j1")


NASTY = """
<mujoco><compiler angle="degree"/>
 <default><joint damping="1"/><default class="a"><joint type="slide" range="-1 1"/>
   <default class="b"><joint type="hinge" range="-90 90"/></default></default></default>
 <worldbody>
  <body name="one" childclass="a"><body name="two"><joint name="late"/><geom size=".1"/>
     <frame childclass="b"><body name="three"><joint name="framed"/><geom size=".1"/></body></frame></body>
   <joint name="first" class="b"/><joint name="second"/><geom size=".1"/></body>
  <frame><body name="ball"><joint name="round" type="ball"/><geom size=".1"/></body></frame>
  <body name="loose"><freejoint name="free"/><geom size=".1"/></body>
  <body name="unlimited"><joint name="open" range="-10 10" limited="false"/><geom size=".1"/></body>
 </worldbody></mujoco>
"""


@pytest.mark.parametrize("xml", [NASTY, model_of([PANDA, UR5E], ["a", "b"], drawer=True)])
def test_joints_stand_where_the_engine_has_them(xml):
    engine, parsed = mujoco.MjModel.from_xml_string(xml), mjcf.read(xml)
    assert (parsed.nq, parsed.nv, len(parsed.joints)) == (engine.nq, engine.nv, engine.njnt)
    for j, joint in enumerate(parsed.joints):
        assert joint.name == engine.joint(j).name
        assert (joint.qpos, joint.qvel) == (engine.jnt_qposadr[j], engine.jnt_dofadr[j])
        if engine.jnt_limited[j] and joint.kind in ("hinge", "slide"):
            assert (joint.lower, joint.upper) == pytest.approx(tuple(engine.jnt_range[j]))
        else:
            assert np.isnan(joint.lower)


LAUGHS = '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><mujoco>&b;</mujoco>'


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LAUGHS, "document type or entities"),
        ("<mujoco><worldbody>" + "<body>" * 400, "nests deeper"),
        ("../secret.xml", "leads out of the folder"),
        ("/etc/hostname", "leads out of the folder"),
        ("link.xml", "leads out of the folder"),
    ],
)
def test_a_hostile_model_is_refused(tmp_path, model, message):
    (tmp_path / "secret.xml").write_text(model_of([UR5E], []))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link.xml").symlink_to(tmp_path / "secret.xml")
    path = demo(tmp_path / "in", model, env_of(["UR5e"], OSC), states=np.zeros((N, 5)), actions=np.zeros((N, 7)))
    with pytest.raises(EpisodeError, match=message):
        only(path)


def test_a_huge_model_is_refused(monkeypatch):
    xml = model_of([UR5E], ["cube"])
    monkeypatch.setattr(mjcf, "MAX_BYTES", len(xml))
    assert mjcf.read(xml).nq == 15 and len(mjcf.read(xml).joints) == 9
    monkeypatch.setattr(mjcf, "MAX_JOINTS", 8)
    with pytest.raises(mjcf.HostileModel, match="more than 8 joints"):
        mjcf.read(xml)
    with pytest.raises(mjcf.HostileModel, match="larger than"):
        mjcf.read(xml + " ")


@pytest.mark.parametrize("part", ['<include file="../x.xml"/>', '<worldbody><replicate count="9"/></worldbody>', "<a/><"])
def test_what_a_model_does_not_tell_is_named(tmp_path, part):
    path = demo(tmp_path, f"<mujoco>{part}</mujoco>", env_of(["UR5e"], OSC), states=np.zeros((N, 30)), actions=np.zeros((N, 7)))
    r = only(path)
    assert set(r.streams) == {"actions"} and "the model that it carries cannot be read" in r.unmapped[0]


@pytest.mark.parametrize("env", ["[" * 50_000, "[1]", '{"env_kwargs": 3}', '{"robots": [[1]], "controller_configs": [7]}'])
def test_settings_without_form_tell_nothing(tmp_path, env):
    xml = model_of([UR5E], ["cube"])
    path = demo(tmp_path, xml, attrs={"env_args": env}, states=states_of(xml), actions=np.zeros((N, 7)))
    assert only(path).streams["actions"].quantity == "action"


def test_mutated_models_and_settings_end_in_a_reason():
    """A byte changed, cut or doubled: a model, or why there is none; the same of the settings."""
    rng = np.random.default_rng(0)
    texts = {"xml": NASTY.encode(), "json": json.dumps(env_of(["Panda", "UR5e"], [OSC, OSC])).encode()}
    ends = dict.fromkeys(("model", "no model", "parts", "no parts"), 0)
    for _ in range(400):
        broken = {}
        for name, text in texts.items():
            at, much = int(rng.integers(len(text))), int(rng.integers(1, 12))
            put = rng.choice([b"", text[at : at + much] * 2, bytes(rng.integers(32, 127, much).tolist())])
            broken[name] = (text[:at] + bytes(put) + text[at + much :]).decode("utf-8", "replace")
        try:
            parsed = mjcf.read(broken["xml"])
            assert len({joint.name for joint in parsed.joints}) == len(parsed.joints) and parsed.nq >= parsed.nv >= 0
            ends["model"] += 1
        except (mjcf.HostileModel, mjcf.UnknownModel) as why:
            ends["no model"] += bool(str(why))
        try:
            arms = [{"arm": ("a", "b")}, {"arm": ("c", "d")}]
            found = parts(environment({"env_args": broken["json"]}), arms, 14)
            assert sum(len(part.names) for part in found) == 14
            ends["parts"] += 1
        except Untold as why:
            ends["no parts"] += bool(str(why))
    assert sum(ends.values()) == 800 and min(ends.values()) > 30, ends


# -------------------------------------------------------------------------------------------------------- motion archives


def archive(folder: Path, meta: dict | None = None, name: str = "motion.npz", **arrays: np.ndarray) -> Recording:
    folder.mkdir(parents=True, exist_ok=True)
    if meta is not None:
        (folder / "meta.json").write_text(json.dumps(meta))
    np.savez(folder / name, **arrays)
    return only(folder / name)


def bodies(count: int, n: int = 30) -> dict[str, np.ndarray]:
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (n, count, 1))
    return {"body_pos_w": np.zeros((n, count, 3)), "body_quat_w": upright}


@pytest.mark.parametrize("contacts", [0, 1, 2])
def test_a_motion_from_video_has_any_width_and_any_contacts(tmp_path, contacts):
    meta = {"joint_names": [f"j{i}" for i in range(21)], "body_names": [f"b{i}" for i in range(17)], "fps": 50}
    arrays = {"joint_pos": np.zeros((30, 21)), "joint_vel": np.zeros((30, 21)), **bodies(17)}
    arrays |= {"object_contact": np.zeros((30, contacts), bool)} if contacts else {}
    r = archive(tmp_path, meta, **arrays)
    assert r.mapping == "g1_hdmi_motion" and r.streams["joint_pos"].names == tuple(meta["joint_names"])
    assert len(r.streams["body_pos_w"].names) == 51 and r.streams["joint_pos"].rate == pytest.approx(50)
    names = r.streams["object_contact"].names if contacts else ()
    assert names == {0: (), 1: ("object_contact",), 2: ("object_contact_00", "object_contact_01")}[contacts]


@pytest.mark.parametrize("things", [[], ["crate"], ["crate", "lid", "jar"]])
def test_a_floating_robot_has_any_joints_and_any_things(tmp_path, things):
    meta = {"joint_names": [f"j{i}" for i in range(23)], "body_names": [f"b{i}" for i in range(9)], "object_names": things}
    rng = np.random.default_rng(1)
    arrays = {"joint_pos": rng.normal(size=(30, 30)), "joint_vel": np.zeros((30, 29)), "fps": np.array([50.0]), **bodies(9)}
    place = rng.normal(size=(30, len(things), 3))
    turn = np.tile([1.0, 0.0, 0.0, 0.0], (30, len(things), 1))
    if len(things) == 1:
        arrays |= {"object_pos_w": place[:, 0], "object_quat_w": turn[:, 0]}
    elif things:
        arrays |= {"object_pos_w": place, "object_quat_w": turn}
    r = archive(tmp_path, {key: value for key, value in meta.items() if value}, **arrays)
    assert r.mapping == "g1_omomo_motion" and np.array_equal(r.streams["joint_pos"].values, arrays["joint_pos"][:, 7:])
    poses = [s for s in r.streams.values() if s.quantity == "object_pose"]
    assert [s.names[0] for s in poses] == [f"{thing}.x" for thing in things]
    for i, s in enumerate(poses):
        assert np.array_equal(s.values, np.concatenate([place[:, i], turn[:, i]], axis=1)) and s.names[3].endswith(".qw")


def test_things_that_nothing_names_are_numbered_and_said(tmp_path):
    time = np.arange(40)[:, None] * 0.02
    r = archive(tmp_path, name="take.npz", time=time[:, 0], robot=np.zeros((40, 24)), object=np.ones((40, 14)))
    assert r.mapping == "myohand_object" and r.streams["robot"].names[-1] == "myohand_23"
    assert [n for n in r.streams if n.startswith("object")] == ["object/object_00", "object/object_01"]
    assert any("has no list object_names for 2 things" in note for note in r.notes)
    with pytest.raises(EpisodeError, match="13 columns are no whole number of things"):
        archive(tmp_path / "odd", name="take.npz", time=time[:, 0], robot=np.zeros((40, 24)), object=np.ones((40, 13)))


@pytest.mark.parametrize("things", [[], ["laptop", "mouse"]])
def test_hands_with_any_number_of_things(tmp_path, things):
    hands = {f"world_coord/joints.{side}": np.zeros((20, 21, 3)) for side in ("left", "right")}
    k = len(things)
    thing = {"params/obj_trans": np.zeros((20, k, 3)), "params/obj_quat": np.ones((20, k, 4)), "params/obj_arti": np.zeros((20, k))}
    r = archive(tmp_path, {"object_names": things}, **hands, **(thing if things else {}))
    assert r.mapping == "arctic_hands" and r.kind == "human"
    assert [n for n in r.streams if n.startswith("object/pose")] == [f"object/pose/{thing}" for thing in things]


def rows_of(count: int, n: int = 40) -> np.ndarray:
    """InterMimic's rows for this many bodies, the hips 1 m up."""
    t = np.arange(n) / 30
    root = np.column_stack([0.1 * t, 0 * t, 1 + 0 * t])
    upright = np.tile([0.0, 0.0, 0.0, 1.0], (n, 1))
    place = root[:, None] + np.random.default_rng(0).normal(size=(1, count, 3)) * (np.arange(count) > 0)[None, :, None]
    rotations = np.random.default_rng(1).normal(size=(n, 3 * (count - 1)))
    parts = [root, upright, np.zeros((n, 2)), rotations, place.reshape(n, -1), root + 1, upright, np.zeros((n, 5))]
    return np.column_stack([*parts, np.ones((n, 1)), np.zeros((n, count)), np.tile(upright, (1, count))]).astype(np.float32)


@pytest.mark.parametrize("named", [True, False])
def test_a_person_of_other_bodies_is_known_by_the_numbers(tmp_path, named):
    rows = rows_of(24)
    assert rows.shape[1] == 283 and rows_of(52).shape[1] == 591
    np.save(tmp_path / "human.npy", rows)
    names = ["pelvis", *(f"limb_{i}" for i in range(23))]
    if named:
        (tmp_path / "meta.json").write_text(json.dumps({"body_names": names}))
    r = only(tmp_path / "human.npy")
    at = 9 + 3 * 23
    assert r.kind == "human" and np.array_equal(r.streams["bodies"].values, rows[:, at : at + 72].astype(float))
    assert np.array_equal(r.streams["object"].values, rows[:, at + 72 : at + 79].astype(float))
    assert r.streams["contact/object"].values.all() and r.streams["contact/bodies"].values.shape == (40, 24)
    assert r.streams["bodies"].names[0] == ("pelvis.x" if named else "body_00.x")
    assert not [line for line in r.unmapped if "unknown" in line]
    np.save(tmp_path / "human.npy", np.random.default_rng(2).normal(size=(40, 283)).astype(np.float32))
    with pytest.raises(EpisodeError, match="no mapping knows"):
        only(tmp_path / "human.npy")
