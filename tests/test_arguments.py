"""Every argument of the Python face, wrong in every way: the one error names the argument, its value and what to give."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import shiliu
from shiliu import ShiliuError
from shiliu.scenarios.sheet import arguments

NAN, INF, HUGE = float("nan"), float("inf"), 1 << 70
NO_TEXT = (3, 1.5, True, [], {}, object(), "")
NO_NAMES = (3, True, None, [3], ["head", None], object(), "")
NO_FLAG = (None, "yes", 1, 0.0, [], object())
NO_WHOLE = (None, "3", "2 s", 1.5, NAN, True, -1, HUGE, [1], object(), np.array([1, 2]))
NO_MAPPING = ([1], "a", 3, {1: 2}, object())
NO_PATH = (3, 1.5, True, [], {}, object(), "")
NO_SEED = tuple(one for one in NO_WHOLE if one is not None)
# function -> its arguments, and what none of them is; other arguments than these are tried by their names below
WRONG: dict[str, dict[str, tuple[Any, ...]]] = {
    "load_scenario": {
        "name": (None, *NO_TEXT),
        "overrides": (*NO_NAMES, "parts.oven", "latch", ["variant"]),
        "hand": NO_TEXT, "base": NO_TEXT, "robot": (None, *NO_TEXT), "cell": NO_TEXT, "variant": NO_TEXT,
        "link": (3, [1], object()), "conf_dir": NO_PATH, "legs": (*NO_PATH, "walk.pt", "nowhere.onnx"),
    },
    "read": {"path": (None, *NO_PATH), "mapping": NO_PATH, "fps": ("30", 0, -5, NAN, INF, True, [30], 1e9)},
    "judge": {
        "recordings": (None, 3, "demos", {"a": 1}, [None], object()),
        "scene": NO_TEXT, "robot": NO_PATH, "model": (*NO_PATH, "nowhere.xml"), "device": NO_TEXT,
        "strict": NO_FLAG, "pictures": NO_FLAG, "full": NO_FLAG, "legs": NO_FLAG, "threads": NO_WHOLE, "seed": NO_WHOLE,
        "contexts": (3, "table_setting"), "curves": (*NO_NAMES, ["nonsense.code"], "joint.velocty"), "told": (3, "print"),
        "performed": NO_MAPPING,
    },
    "judge_commands": {
        "scenario": (None, *NO_TEXT),
        "actions": (None, 3, "a", [], [[1.0]], np.zeros((2, 7)), np.full((2, 18), NAN), np.full((2, 18), INF), object()),
        "seed": NO_SEED, "values": NO_MAPPING,
        "strict": NO_FLAG, "pictures": NO_FLAG, "full": NO_FLAG, "legs": NO_FLAG, "curves": (*NO_NAMES, ["nonsense.code"]),
    },
    "perform": {
        "scenario": (None, *NO_TEXT), "mistake": NO_TEXT, "threads": NO_WHOLE,
        "seeds": (None, "3", 1.5, NAN, True, -1, HUGE, object(), ["1"], [-1], [None]),
    },
    "record": {"recordings": (None, 3, "demos", [None]), "out": (None, *NO_PATH), "images": (*NO_NAMES, "haed"), "append": NO_FLAG},
    "labels": {"recordings": (None, 3, "demos", [None]), "scene": NO_TEXT, "threads": NO_WHOLE, "legs": (*NO_PATH, "walk.pt")},
    "render": {
        "what": (None, *NO_TEXT), "camera": (*NO_TEXT, "overvew"), "seed": NO_SEED, "at": ("2 s", NAN, INF, -1, True, [1]),
        "frames": (*NO_WHOLE, 0, 101), "width": ("wide", 0, -5, 7, 1921, NAN, 320.0, True, [320]),
        "legs": (*NO_PATH, "walk.pt"),
    },
    "make_dm_env": {"scenario": (None, *NO_TEXT), "seed": NO_SEED},
    "make_lerobot_env": {"n_envs": (0, *NO_WHOLE), "use_async_envs": NO_FLAG},
}  # fmt: skip
REACHED = ("envs", "scenarios", "replay/judge", "replay/robots", "replay/rollout", "replay/formats")  # by Python functions
COMMANDS_ALONE = {"export.py", "exporters.py", "minari_write.py", "robomimic_write.py", "write.py"}  # what `shiliu export` calls
SETTING = re.compile(r"(?<![\w.`-])(--[a-z][a-z-]*|[a-z_]+=)(?![\w ]*`)")
OF_OTHERS = {"context", "render_mode", "vectorization_mode", "time"}  # of Gymnasium and of ping
CASES = [(name, field) for name, fields in WRONG.items() for field in fields]


@pytest.fixture(scope="module")
def good(table, served, tmp_path_factory) -> dict[str, dict[str, Any]]:
    """Arguments of each function that it takes."""
    return {
        "judge": {"recordings": served}, "labels": {"recordings": served},
        "judge_commands": {"scenario": table, "actions": np.zeros((2, 18))},
        "perform": {"scenario": table}, "render": {"what": table}, "read": {"path": "nowhere"},
        "record": {"recordings": served, "out": tmp_path_factory.mktemp("set") / "out"},
    }  # fmt: skip


@pytest.fixture(scope="module")
def env(table) -> Any:
    env = gymnasium.make("shiliu/Scenario", scenario=table).unwrapped
    env.reset(seed=1)
    return env


@pytest.fixture(scope="module")
def copies(table) -> Any:
    copies = gymnasium.make_vec("shiliu/Scenario", 1, scenario=table)
    copies.reset(seed=1)
    return copies


@pytest.mark.parametrize(("function", "field"), CASES)
def test_an_argument_that_cannot_be_taken_is_named(good, function, field):
    for value in WRONG[function][field]:
        with pytest.raises(ShiliuError) as raised:
            list(getattr(shiliu, function)(**(good.get(function, {}) | {field: value})))
        error = raised.value
        assert error.field.partition("[")[0] == field and "\n" not in error.message and len(str(error)) < 500, value
        if isinstance(value, int | float) and not isinstance(value, bool):
            assert repr(value) in error.message
        assert any(word in error.message for word in ("Give ", "Write ", "Did you mean", "finite numbers")), value


@pytest.mark.parametrize("given", [np.zeros((2, 18), complex), [[1j] * 18] * 2])
def test_commands_of_complex_numbers_are_named_as_such(table, given):
    with pytest.raises(ShiliuError, match=r"^actions: An array of complex128 with the shape \(2, 18\).* Give real numbers, \(T, 18\)"):
        shiliu.judge_commands(table, given)


def test_an_array_given_as_a_recording_is_shown_where_it_belongs():
    with pytest.raises(ShiliuError, match=r"^recordings: An array of float64.*shiliu\.judge_commands\.$"):
        shiliu.judge(np.zeros((2, 18)))


@pytest.mark.parametrize(
    ("called", "argument"),
    [
        (lambda name: shiliu.load_scenario(name), "name"), (lambda name: shiliu.render(name), "what"),
        (lambda name: shiliu.judge([], name), "scene"), (lambda name: shiliu.labels([], name), "scene"),
        (lambda name: shiliu.perform(name), "scenario"), (lambda name: shiliu.judge_commands(name, []), "scenario"),
        (lambda name: shiliu.make_dm_env(name), "scenario"),
    ],
)  # fmt: skip
def test_an_unknown_scenario_is_reported_under_the_argument_that_names_it(called, argument):
    for name in ("table_settin", "./table_settin.yaml"):
        with pytest.raises(ShiliuError, match=rf"^{argument}: There is no ") as raised:
            called(name)
        assert raised.value.field == argument


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (None, "None is not accepted here. Give numbers, as action_space has them."),
        (np.zeros(18, complex), "An array of complex128 with the shape (18,) is not accepted here. Give numbers, as"),
        (np.zeros(7), "The shape (7,) is not accepted here. Give an array of the shape (18,)."),
        (np.zeros((1, 18)), "The shape (1, 18) is not accepted here. Give an array of the shape (18,)."),
        (["a"] * 18, "Give numbers, as action_space has them."),
        ({}, "{} is not accepted here. Give numbers, as action_space has them."),
        (np.full(18, NAN), "(zarm_l1_joint = nan, zarm_l2_joint = nan, zarm_l3_joint = nan). Give finite numbers."),
        (np.full(18, 1e9), "The action lies outside the action space (zarm_l1_joint = 1e+09,"),
    ],
)
def test_an_action_that_cannot_be_taken_is_named_and_changes_nothing(env, copies, action, message):
    for one, given in (
        (env, action),
        (copies, action if action is None or isinstance(action, dict) else np.asarray(action)[None]),
    ):
        before = one.state
        with pytest.raises(ValueError) as raised:
            one.step(given)
        assert isinstance(raised.value, ShiliuError) and raised.value.field == "action"
        assert one is not env or message in raised.value.message
        assert np.array_equal(one.state, before)
    held = env.applied
    for kind in (np.float64, np.float32, list):  # what a policy gives
        assert env.observation_space.contains(env.step(kind(held) if kind is list else held.astype(kind))[0])


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"action": []}, "action"), ({"observations": [3]}, "observations"), ({"images": ["haed"]}, "images"),
        ({"vary": None}, "vary"), ({"vary": NAN}, "vary"), ({"vary": ["bowls"]}, "vary"),
        ({"pace": None}, "pace"), ({"pace": 0}, "pace"), ({"pace": "child"}, "pace"),
        ({"overrides": ["+control_rate='20 Hz'"]}, "overrides"), ({"hand": "claw"}, "hand"),
    ],
)  # fmt: skip
def test_an_option_of_an_environment_that_cannot_be_taken_is_named(table, options, field):
    with pytest.raises(ShiliuError) as raised:
        gymnasium.make("shiliu/Scenario", scenario=table, **options)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (lambda: gymnasium.make("shiliu/TableSetting-v1", varry=1), "^varry: There is no option 'varry'. Did you mean vary\\? Known"),
        (lambda: gymnasium.make_vec("shiliu/TableSetting-v1", 1, robot="a"), "^robot: There is no option 'robot'. Known here: action"),
        (lambda: gymnasium.make("shiliu/LeRobot", scenario="a"), "^scenario: There is no option 'scenario'. Known here: action"),
        (lambda: gymnasium.make("shiliu/LeRobot", task=3), "^task: 3 is not accepted here. Give a scenario's name"),
        (lambda: gymnasium.make("shiliu/LeRobot", task=None), "^task: None is not accepted here. Give a scenario's name"),
        (lambda: shiliu.make_dm_env("table_setting", foo=1), "^foo: There is no option 'foo'. Known here: action, base, camera"),
        (lambda: gymnasium.make("shiliu/Scenario"), "^scenario: None is not accepted here. Give a scenario's name"),
        (lambda: gymnasium.make_vec("shiliu/Scenario", 1), "^scenario: None is not accepted here. Give a scenario's name"),
    ],
)
def test_an_option_that_there_is_not_is_named(made, error):
    with pytest.raises(ShiliuError, match=error):
        made()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda scene, take: scene.xml({"bowl.at.x": 0.1}), r"^values: \d+ values are missing, such as bowl\.at\.y\."),
        (lambda scene, take: scene.schema.observation_space(("observation.images.hed",)), r"Did you mean observation\.images\.head\?"),
        (lambda scene, take: scene.schema.lerobot_features(("head",)), r"^images: There is no camera 'head'"),
        (lambda scene, take: take.select("comand"), r"^role: There is no role 'comand'\. Did you mean command\?"),
        (lambda scene, take: shiliu.render([take]), r"Give a scenario's name or scene, or one recording"),
    ],
)
def test_what_a_method_cannot_take_is_named(table, served, call, error):
    with pytest.raises(ShiliuError, match=error):
        call(table, served)


@pytest.mark.parametrize(
    "options", [3, {"vals": {}}, {"values": [1]}, {"values": {"bowl.at.x": "a"}}, {"episode": 3}, {"t": 1.0}]
)
def test_an_option_of_a_reset_that_cannot_be_taken_is_named(env, options):
    with pytest.raises(ShiliuError, match=r"^(options|values)"):
        env.reset(options=options)


def test_every_argument_of_every_function_is_tried():
    functions = {name for name in shiliu.__all__ if inspect.isfunction(getattr(shiliu, name))}
    assert functions == {*WRONG, "register_envs"}
    for name, fields in WRONG.items():
        parameters = inspect.signature(getattr(shiliu, name)).parameters.values()
        assert {one.name for one in parameters if one.kind is not one.VAR_KEYWORD} - {"cfg"} == set(fields), name


def test_what_is_nearly_right_is_taken(table, served):
    assert arguments.whole("a", np.int32(7), 0, 9) == 7 and arguments.number("a", np.float32(0.5), "b") == 0.5
    arguments.flags(a=np.True_, b=False)
    assert arguments.words("a", "head", "b") == ["head"] and arguments.words("a", (), "b") == []
    assert shiliu.judge(served, "table_setting", threads=np.int64(1))[0].verdict == "FEASIBLE"
    assert shiliu.load_scenario("table_setting", "+control_rate='20 Hz'").config.control_rate == 20.0


def _settings(source: str) -> set[str]:
    """Settings as a command line has them, in what a module raises or notes; those within a whole command are none."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    inner = [one for call in calls if re.search(r"(Error|note)$", ast.unparse(call.func)) for one in ast.walk(call)]
    texts = [str(one.value) for one in inner if isinstance(one, ast.Constant)]
    return {found.rstrip("=") for text in texts for found in SETTING.findall(re.sub(r"`[^`]*`|\(shiliu .*", "", text))}


def test_what_a_python_caller_reads_names_arguments_and_no_settings_of_commands_alone():
    assert _settings("raise Error('Leave workers= out, or --config-dir. `shiliu export to=mcap` has it.')") == {"workers", "--config-dir"}
    functions = [one for one in (getattr(shiliu, name) for name in shiliu.__all__) if inspect.isfunction(one)]
    named = {one for function in functions for one in inspect.signature(function).parameters} | OF_OTHERS
    files = [file for room in REACHED for file in (Path(shiliu.__file__).parent / room).rglob("*.py") if file.name not in COMMANDS_ALONE]
    found = {file.name: _settings(file.read_text(encoding="utf-8")) - named for file in files}
    assert len(files) > 200 and {name: settings for name, settings in found.items() if settings} == {}
