"""The episode schema: the only source of spaces, columns and tables, complete and in the real robot's order."""

from __future__ import annotations

import json

import gymnasium
import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.envs.single import ShiliuEnv
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.scene.schema import inwards
from shiliu.scenarios.stepping.simulation import Simulation


@pytest.fixture(params=["microwave", "bare"])
def any_scene(request, scene, bare):
    return {"microwave": scene, "bare": bare}[request.param]


def test_table_has_one_row_for_each_element_and_every_source_exists(any_scene):
    model, schema = any_scene.model, any_scene.schema
    rows = schema.table()
    sensors = {model.sensor(i).name for i in range(model.nsensor)}
    actuators = {f"actuator {model.actuator(i).name}" for i in range(model.nu)}
    features = {"action": schema.action, **schema.observations}
    elements = [row for row in rows if row["index"] is not None]
    assert len(elements) == sum(len(feature.names) for feature in features.values())
    assert [row["feature"] for row in rows if row["index"] is None] == list(schema.cameras)
    for row in elements:
        assert row["source"] in (actuators if row["feature"] == "action" else sensors)
        assert features[row["feature"]].names[row["index"]] == row["name"]
        assert row["unit"] and np.isfinite([row["low"], row["high"]]).all() and row["low"] < row["high"]
    for feature in features.values():
        assert (
            len(set(feature.names)) == len(feature.names) == len(feature.unit) == len(feature.low) == len(feature.high)
        )


def test_action_is_ctrl_in_the_makers_order_within_the_models_limits(any_scene):
    model, action = any_scene.model, any_scene.schema.action
    assert action.names == tuple(model.actuator(i).name for i in range(any_scene.n_actions))
    assert action.names[:7] == tuple(f"zarm_l{i}_joint" for i in range(1, 8))
    assert action.names[-2:] == ("left_claw", "right_claw")
    for i, name in enumerate(action.names[:16]):
        assert (action.low[i], action.high[i]) == tuple(model.joint(name).range)
        assert action.unit[i] == "rad"
    assert action.unit[-1] == "%" and (action.low[-1], action.high[-1]) == (0, 100)


def test_float32_bounds_lie_inside_the_limits(any_scene):
    space, action = any_scene.schema.action_space(), any_scene.schema.action
    assert (space.low.astype(float) >= action.low).all() and (space.high.astype(float) <= action.high).all()
    assert np.abs(space.low - action.low).max() < 1e-6 and np.abs(space.high - action.high).max() < 1e-5
    low, high = inwards(np.array([-0.1, 0.1, 0.5]), np.array([0.1, 0.3, 0.75]))
    assert low.dtype == high.dtype == np.float32
    assert (low.astype(float) >= [-0.1, 0.1, 0.5]).all() and (high.astype(float) <= [0.1, 0.3, 0.75]).all()
    assert (low[2], high[2]) == (0.5, 0.75)  # what float32 holds exactly stays


def test_observations_hold_the_numbers_of_their_sensors(scene):
    simulation = Simulation(scene, 2)
    draws = [drawing.draw(scene, seed) for seed in (1, 2)]
    simulation.begin(draws)
    for _ in range(4):
        readings = simulation.step(np.tile(scene.ready_ctrl + 0.1, (2, 1)).astype(np.float32))
    seen = scene.schema.observe(readings)
    assert list(seen) == list(scene.schema.observations)
    for i in range(2):
        model, data = simulation.data(i)
        index = {name: k for k, name in enumerate(scene.robot.joint_names)}
        for joint in ("zarm_l2_joint", "zarm_r4_joint", "zhead_2_joint"):
            k = index[joint]
            assert seen["observation.state"][i, k] == pytest.approx(data.joint(joint).qpos[0], abs=1e-6)
            assert seen["observation.velocity"][i, k] == pytest.approx(data.joint(joint).qvel[0], abs=1e-5)
        base = data.body("base_link")
        frame = base.xmat.reshape(3, 3)
        left = frame.T @ (data.site("left_tcp").xpos - base.xpos)
        pose = dict(zip(scene.schema.observations["observation.hand_pose"].names, seen["observation.hand_pose"][i]))
        assert [pose[f"left_tcp.{axis}"] for axis in "xyz"] == pytest.approx(left, abs=1e-6)
        assert np.linalg.norm([pose[f"right_tcp.q{axis}"] for axis in "wxyz"]) == pytest.approx(1, abs=1e-6)
        around = dict(
            zip(
                scene.schema.observations["observation.environment_state"].names,
                seen["observation.environment_state"][i],
            )
        )
        assert around["oven.door_hinge"] == pytest.approx(data.joint("oven/door_hinge").qpos[0], abs=1e-6)
        assert [around[f"bowl.{axis}"] for axis in "xyz"] == pytest.approx(data.body("bowl/bowl_150").xpos, abs=1e-6)
        assert model.nq == scene.model.nq


def test_reading_a_feature_alone_equals_observing_all(scene):
    simulation = Simulation(scene, 3)
    simulation.begin([drawing.draw(scene, seed) for seed in range(3)])
    readings = simulation.step(np.tile(scene.ready_ctrl, (3, 1)).astype(np.float32))
    for name, value in scene.schema.observe(readings).items():
        feature = scene.schema.observations[name]
        assert value.dtype == np.float32 and value.shape == (3, *feature.shape)
        np.testing.assert_array_equal(
            value, np.clip(feature.read(readings), np.float32(feature.low), np.float32(feature.high))
        )


def test_what_is_recorded_is_not_clipped_to_the_space(scene):
    """A finger pressed past its stop is recorded where it was; only the learner's observation ends at the bound."""
    simulation = Simulation(scene, 1)
    simulation.begin([drawing.draw(scene, 1)])
    readings = simulation.step(np.tile(scene.ready_ctrl, (1, 1)).astype(np.float32))
    state = scene.schema.observations["observation.state"]
    k = state.names.index("left_claw")
    readings.value[:, readings.layout.columns(state.requests)[k]] = -7.5
    assert scene.schema.record(readings)["observation.state"][0, k] == np.float32(-7.5)
    assert scene.schema.observe(readings)["observation.state"][0, k] == np.float32(-5.0)


def test_names_and_shapes_of_environment_and_dataset_are_the_schemas(scene):
    env = ShiliuEnv(scene, images=["head"])
    columns = scene.schema.lerobot_features()
    spaces = {**env.observation_space.spaces, "action": env.action_space}
    pictures = {name for name in spaces if name.startswith("observation.images.")}
    assert pictures == {"observation.images.head"} <= set(scene.schema.cameras)
    assert set(columns) >= set(spaces) - pictures
    for name in set(spaces) - pictures:
        assert tuple(columns[name]["shape"]) == spaces[name].shape
        assert columns[name]["dtype"] == str(spaces[name].dtype) == "float32"
        assert np.isfinite(spaces[name].low).all() and np.isfinite(spaces[name].high).all()
    assert spaces["observation.images.head"].shape == (480, 640, 3)


def test_spaces_dataset_json_schema_and_table_say_the_same(any_scene):
    schema = any_scene.schema
    images = tuple(schema.cameras)
    spaces = {"action": schema.action_space(), **schema.observation_space(images).spaces}
    columns, described = schema.lerobot_features(images), schema.json_schema()
    json.dumps(described)
    rows = {}
    for row in schema.table():
        rows.setdefault(row["feature"], []).append(row)
    # Gymnasium's Dict sorts its keys; everything else keeps the schema's order
    assert list(rows) == list(columns) == list(described["properties"])
    assert sorted(rows) == sorted(spaces)
    assert described["required"] == [name for name in rows if name not in images]
    for name, elements in rows.items():
        space, column, properties = spaces[name], columns[name], described["properties"][name]
        if name in images:
            height, width, _ = space.shape
            (row,) = elements
            assert (row["name"], row["dtype"], row["low"], row["high"]) == (f"{height}x{width}x3", "uint8", 0, 255)
            assert column["dtype"] == "video" and tuple(column["shape"]) == space.shape
            assert properties["minItems"] == properties["maxItems"] == height
            assert properties["items"]["items"]["minItems"] == 3
            assert properties["items"]["items"]["items"] == {"type": "integer", "minimum": 0, "maximum": 255}
            continue
        assert properties["minItems"] == properties["maxItems"] == len(elements) == space.shape[0] == column["shape"][0]
        items = properties["prefixItems"]
        assert [row["name"] for row in elements] == column["names"] == [item["title"] for item in items]
        assert [row["unit"] for row in elements] == column["unit"] == [item["description"] for item in items]
        assert [row["source"] for row in elements] == column["source"]
        for key, word in (("low", "minimum"), ("high", "maximum")):
            bound = getattr(space, key).astype(float).tolist()
            assert [row[key] for row in elements] == column[key] == [item[word] for item in items] == bound
        assert {row["dtype"] for row in elements} == {column["dtype"]} == {str(space.dtype)}


def test_a_bound_that_differs_would_be_seen(scene):
    """The numbers are the space's own float32: the model's float64 limit is another number."""
    row = scene.schema.table()[0]
    assert row["low"] == float(scene.schema.action_space().low[0]) != float(scene.schema.action.low[0])
    assert row["low"] == pytest.approx(scene.schema.action.low[0], abs=1e-6)


def test_list_schema_prints_the_table(any_scene, capsys):
    rows = any_scene.schema.table()
    assert main(["list", "schema", f"scenario={any_scene.name}"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["feature", "#", "name", "unit", "low", "high", "source", "dtype"]
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows):
        feature, index, name, unit, low, high, rest = line.split(maxsplit=6)
        source, dtype = rest.rsplit(maxsplit=1)
        assert (feature, name, unit, source, dtype) == tuple(
            row[k] for k in ("feature", "name", "unit", "source", "dtype")
        )
        assert index == ("-" if row["index"] is None else str(row["index"]))
        assert [float(low), float(high)] == pytest.approx([row["low"], row["high"]], rel=1e-3)


def test_list_schema_gives_rows_json_schema_and_features(scene, capsys):
    schema = scene.schema

    def printed(*words):
        assert main(["list", "schema", "scenario=microwave", *words]) == 0
        return json.loads(capsys.readouterr().out)

    assert printed("--json") == printed("format=rows") == schema.table()
    assert printed("format=jsonschema") == printed("format=jsonschema", "--json") == schema.json_schema()
    assert printed("format=lerobot") == schema.lerobot_features(tuple(schema.cameras))
    assert main(["list", "schema", "format=jsonshema"]) == 2
    assert "Did you mean jsonschema?" in capsys.readouterr().err
    assert main(["list", "schema", "format=table", "--json"]) == 2


def test_the_docstring_of_the_environment_is_true(scene):
    columns = {}
    for line in ShiliuEnv.__doc__.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if (
            line.strip().startswith("|")
            and len(cells) == 4
            and (cells[0] == "action" or cells[0].startswith("observation."))
        ):
            columns[cells[0]] = (cells[1], {unit.strip() for unit in cells[3].split(",")})
    assert columns.pop("observation.images.*")
    base = shiliu.load_scenario("bare", base="mobile").schema.observations["observation.base"]
    assert columns.pop("observation.base")[0] == str(len(base.names))
    assert list(columns) == ["action", *scene.schema.observations]
    for name, (size, units) in columns.items():
        feature = scene.schema.action if name == "action" else scene.schema.observations[name]
        assert size == ("any" if name == "observation.environment_state" else str(len(feature.names))), name
        assert units == set(feature.unit), name


def test_the_bare_floor_has_no_parts_to_observe(bare):
    assert "observation.environment_state" not in bare.schema.observations
    assert isinstance(bare.schema.observation_space(), gymnasium.spaces.Dict)


def test_the_schema_follows_the_scenario():
    slow = shiliu.load_scenario("bare", ["+control_rate=50 Hz", "+substeps=8"])
    assert slow.schema.control_timestep == pytest.approx(0.02)
