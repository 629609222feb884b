"""Policies and sheets that a stranger may hand in and that are not as they ought to be: each is named, and none stops a run half-way."""

from __future__ import annotations

import os

import numpy as np
import onnx
import pytest
import shiliu
import yaml
from leg_policies import KP, LEGS, TERMS, affine, sheet_of, written
from onnx import TensorProto, helper, numpy_helper
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.legs.onnx_bytes import parts_of
from shiliu.scenarios.legs.policy_file import load_policy
from shiliu.scenarios.legs.remembered import Memory, PolicyMemory
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.stepping.simulation import Simulation

STILL = np.zeros((46, 12))


def graph(nodes, weights, takes=(1, 46), gives=(1, 12)):
    """A model of `obs` that answers `act`; weights: name -> array."""
    ports = [helper.make_tensor_value_info(*each) for each in (("obs", TensorProto.FLOAT, takes), ("act", TensorProto.FLOAT, gives))]
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    made = helper.make_graph([helper.make_node(*node[:3], **node[3]) for node in nodes], "policy", ports[:1], ports[1:], held)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


def dropout(training):
    nodes = [("MatMul", ["obs", "w"], ["p"], {}), ("Dropout", ["p", "ratio", "training"], ["act"], {})]
    return graph(nodes, {"w": STILL.astype(np.float32), "ratio": np.float32(0.5), "training": np.array(training)})


def row_of(index):
    """It fails, or answers with fewer numbers, once the pelvis turns faster than 1 mrad/s."""
    looks = [
        ("MatMul", ["obs", "w"], ["p"], {}),
        ("Slice", ["obs", "nought", "three", "one"], ["turn"], {}),
        ("Abs", ["turn"], ["fast"], {}),
        ("ReduceMax", ["fast"], ["most"], {"axes": [1], "keepdims": 0}),
        ("Mul", ["most", "k"], ["far"], {}),
        ("Cast", ["far"], ["i"], {"to": TensorProto.INT64}),
    ]
    ends = {
        "fails": [("Gather", ["table", "i"], ["row"], {}), ("Add", ["p", "row"], ["act"], {})],
        "fewer": [("Sub", ["twelve", "i"], ["n"], {}), ("Slice", ["p", "nought", "n", "one"], ["act"], {})],
    }
    weights = {
        "w": STILL.astype(np.float32), "nought": np.array([0]), "three": np.array([3]), "one": np.array([1]),
        "k": np.float32(1e3), "table": np.zeros((1, 12), np.float32), "twelve": np.array([12]),
    }  # fmt: skip
    return graph([*looks, *ends[index]], weights, gives=(1, 12 if index == "fails" else "any"))


def put(folder, name, content, **changed):
    golden = [{"observation": [0.0] * 46, "action": [0.0] * 12}]
    file = folder / f"{name}.onnx"
    file.write_bytes(content)
    file.with_suffix(".yaml").write_text(yaml.safe_dump(sheet_of(STILL, np.zeros(12), golden=golden) | changed, sort_keys=False))
    return file


def refused(file):
    with pytest.raises(ScenarioError) as raised:
        load_policy(file, "kuafu")
    return str(raised.value)


@pytest.mark.parametrize("kind", ["fails", "fewer"])
def test_a_model_that_fails_while_it_runs_is_no_answer(tmp_path, kind):
    """The first answer is given at rest; after a push each fails, and the motors go on as they did."""
    scene = shiliu.load_scenario("bare", base="legs", legs=put(tmp_path, kind, row_of(kind)))
    sim = Simulation(scene)
    sim.begin([nominal(scene)])
    sim.step(scene.ready_ctrl[None])
    memory = Memory(sim.live("userdata")[0])
    own = PolicyMemory(memory.userdata, scene.robot.policy, sim.balance.nv)
    before, target = float(memory.failed[0]), own.target.copy()
    sim.live("qvel")[0, 4] = 0.5
    for _ in range(3):
        sim.step(scene.ready_ctrl[None])
    assert memory.failed[0] >= before + 3.0
    np.testing.assert_array_equal(own.target, target)


def test_a_dropout_that_drops_is_refused(tmp_path):
    assert parts_of(dropout(True)).drops and not parts_of(dropout(False)).drops
    assert "It has a Dropout that may be in training, so no two runs are equal." in refused(put(tmp_path, "drops", dropout(True)))
    assert load_policy(put(tmp_path, "idle", dropout(False)), "kuafu").file == "idle.onnx"
    nodes = [("MatMul", ["obs", "w"], ["p"], {}), ("Dropout", ["p"], ["act"], {})]
    assert load_policy(put(tmp_path, "plain", graph(nodes, {"w": STILL.astype(np.float32)})), "kuafu").file == "plain.onnx"


@pytest.mark.parametrize("training", [True, False])
def test_a_flag_of_a_dropout_that_is_a_constant_of_the_graph_is_read(training):
    flag = numpy_helper.from_array(np.array(training), "inner")
    nodes = [
        ("Constant", [], ["training"], {"value": flag}),
        ("MatMul", ["obs", "w"], ["p"], {}),
        ("Dropout", ["p", "ratio", "training"], ["act"], {}),
    ]
    assert parts_of(graph(nodes, {"w": STILL.astype(np.float32), "ratio": np.float32(0.5)})).drops == training


@pytest.mark.parametrize("takes", [(4, 46), (46,), (1, 1, 46)])
def test_an_input_that_is_no_row_is_named_as_such(tmp_path, takes):
    gives = (*takes[:-1], 12)
    text = refused(put(tmp_path, "odd", graph([("MatMul", ["obs", "w"], ["act"], {})], {"w": STILL.astype(np.float32)}, takes, gives)))
    assert f"Its input 'obs' has the shape {list(takes)}, and a policy for the legs takes one row, (1, n)." in text


def test_an_answer_on_its_side_has_as_many_numbers(tmp_path):
    nodes = [("MatMul", ["obs", "w"], ["p"], {}), ("Transpose", ["p"], ["act"], {"perm": [1, 0]})]
    file = put(tmp_path, "side", graph(nodes, {"w": STILL.astype(np.float32)}, gives=(12, 1)))
    assert load_policy(file, "kuafu").file == "side.onnx"


def test_what_the_runtime_says_is_told_without_its_source(tmp_path):
    model = onnx.load_from_string(affine(STILL, np.zeros(12)))
    model.ir_version = 99
    text = refused(put(tmp_path, "newer", model.SerializeToString()))
    assert "does not read this model: Unsupported model IR version: 99, max supported IR version:" in text
    assert "ONNXRuntimeError" not in text and "onnxruntime/core" not in text and ".. " not in text


@pytest.mark.parametrize(("first", "size"), [(5, 41), (3, 43)])
def test_a_term_of_no_numbers_is_refused(tmp_path, first, size):
    terms = [{"term": "bodyAngVel", "startIdx": first}, *({"term": term} for term in TERMS[1:])]
    text = refused(written(tmp_path, np.zeros((size, 12)), np.zeros(12), "none", singleInputData=terms))
    assert f"singleInputData[0].startIdx: bodyAngVel has 3 numbers, the first of which is 0, so {first} is beyond them." in text
    assert "golden" not in text  # the row has the right length for terms that are not known
    terms[0]["startIdx"] = 2
    assert load_policy(written(tmp_path, np.zeros((44, 12)), np.zeros(12), "one", singleInputData=terms), "kuafu").frame == 44


def test_a_number_that_no_float32_holds_is_refused(tmp_path):
    golden = [{"observation": [1e300, *[0.0] * 45], "action": [0.0] * 12}]
    text = refused(put(tmp_path, "huge", affine(STILL, np.zeros(12)), golden=golden))
    assert "golden[0].observation[0]: 1e+300 is not from -1e+06 to 1e+06." in text


def test_what_no_episode_can_keep_is_refused_before_one_is_made(tmp_path):
    about = {"runs": [{"loss": float("nan")}], "maker": "a laboratory"}
    text = refused(put(tmp_path, "about", affine(STILL, np.zeros(12)), about=about))
    assert "about.runs[0].loss: nan is not a finite number. Put it in quotes." in text
    about["runs"][0]["loss"] = "nan"
    assert load_policy(put(tmp_path, "about", affine(STILL, np.zeros(12)), about=about), "kuafu").file == "about.onnx"


def test_what_lies_at_the_place_of_a_file_is_named(tmp_path):
    (tmp_path / "folder.onnx").mkdir()
    assert "folder.onnx: legs: This is a folder. Put the file itself there." in refused(tmp_path / "folder.onnx")
    file = put(tmp_path, "walk", affine(STILL, np.zeros(12)))
    sheet = file.with_suffix(".yaml")
    sheet.unlink()
    sheet.mkdir()
    assert "walk.yaml: legs: This is a folder." in refused(file)
    sheet.rmdir()
    sheet.symlink_to("nowhere")
    assert "walk.yaml: legs: This is a link that leads nowhere." in refused(file)
    sheet.unlink()
    os.mkfifo(sheet)
    assert "walk.yaml: legs: This is a pipe, a device or a socket, no file." in refused(file)
    for name in ("a" * 5000, "a\0b"):
        assert "There is no such file." in refused(tmp_path / f"{name}.onnx")


def test_gains_are_of_the_legs_whatever_else_is_wrong(tmp_path):
    """All faults at once: a wrong term hides no wrong gain."""
    kp = dict(zip(LEGS, KP)) | {"leg_l1_joint": "stiff"}
    text = refused(put(tmp_path, "both", affine(STILL, np.zeros(12)), jointKp=kp, frameStack=1000))
    assert "jointKp.leg_l1_joint: 'stiff' is not a plain number." in text and "frameStack: 1000 is too large." in text
