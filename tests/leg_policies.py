"""Small policies for legs, made here: an affine map from the observation to the joints, and the sheet that belongs to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper

LEGS = [f"leg_{side}{k}_joint" for side in "lr" for k in range(1, 7)]
STANCE = [0.0, 0.0, -0.308954, 0.5612, -0.272246, 0.0] * 2  # the ankles hold the weight 17 mm further ahead than the robot's stance
KP = [600.0, 600.0, 800.0, 800.0, 900.0, 900.0] * 2  # stiff enough to stand by joints alone
KD = [15.0, 15.0, 20.0, 20.0, 15.0, 15.0] * 2
LIMIT = [180.0, 100.0, 100.0, 180.0, 65.0, 36.0] * 2
TERMS = ["bodyAngVel", "gravity_body", "command", "jointPos", "jointVel", "action"]


def affine(matrix: np.ndarray, offset: np.ndarray, operators: tuple[str, ...] = ()) -> bytes:
    """A model that answers `x @ matrix + offset`, with further operators of one input behind it."""
    weights = [numpy_helper.from_array(np.asarray(each, np.float32), name) for each, name in ((matrix, "w"), (offset, "b"))]
    nodes = [helper.make_node("MatMul", ["obs", "w"], ["product"]), helper.make_node("Add", ["product", "b"], ["out0"])]
    nodes += [helper.make_node(kind, [f"out{i}"], [f"out{i + 1}"]) for i, kind in enumerate(operators)]
    ports = (("obs", len(matrix)), (f"out{len(operators)}", len(offset)))
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, n]) for name, n in ports]
    graph = helper.make_graph(nodes, "policy", shapes[:1], shapes[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


def sheet_of(matrix: np.ndarray, offset: np.ndarray, **changed: Any) -> dict[str, Any]:
    """The sheet of an affine policy that is shown `TERMS`, one frame."""
    seen = np.random.default_rng(0).normal(size=len(matrix)).astype(np.float32)
    answer = seen @ np.asarray(matrix, np.float32) + np.asarray(offset, np.float32)
    sheet: dict[str, Any] = {
        "inferenceFrequency": 50,
        "joints": LEGS,
        "defaultJointState": dict(zip(LEGS, STANCE)),
        "jointKp": dict(zip(LEGS, KP)),
        "jointKd": dict(zip(LEGS, KD)),
        "torqueLimits": dict(zip(LEGS, LIMIT)),
        "actionScale": 0.25,
        "singleInputData": [{"term": term} for term in TERMS],
        "golden": [{"observation": [float(x) for x in seen], "action": [float(x) for x in answer]}],
    }
    return {key: value for key, value in (sheet | changed).items() if value is not None}


def written(folder: Path, matrix: np.ndarray, offset: np.ndarray, name: str = "walk", **changed: Any) -> Path:
    """The file of a policy, with its sheet beside it."""
    file = folder / f"{name}.onnx"
    file.write_bytes(affine(matrix, offset))
    file.with_suffix(".yaml").write_text(yaml.safe_dump(sheet_of(matrix, offset, **changed), sort_keys=False), encoding="utf-8")
    return file


def external() -> bytes:
    """A model of which a weight lies in another file."""
    model = onnx.load_from_string(affine(np.zeros((46, 12)), np.zeros(12)))
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "../weights.bin"
    return model.SerializeToString()
