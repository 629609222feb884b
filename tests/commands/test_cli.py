"""The command line: exit codes, words that are told apart, and nothing left behind in the folder one stands in."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from command_line import run
from shiliu import cli
from shiliu.cli import VERBS, CommandRequest, main, parse, quoted
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.sheet.errors import ReplayError, ShiliuError
from shiliu.scenarios.sheet.own_files import read_own

HEAVY = (
    "mujoco",
    "hydra",
    "omegaconf",
    "pyarrow",
    "dm_control",
    "mink",
    "rosbags",
    "imageio",
    "plotly",
    "jinja2",
    "scipy",
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Every test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_package_help_and_lists_import_nothing_heavy(python, folder):
    code = """
import json, sys
import shiliu
loaded = [["import shiliu", 0, list(sys.modules)]]
from shiliu.cli import main
for words in sys.argv[1:]:
    try:
        ended = main(words.split())
    except SystemExit as end:
        ended = end.code
    loaded.append([words, ended, list(sys.modules)])
print(json.dumps(loaded), file=sys.stderr)
"""
    done = python(code, folder, "--help", "list parts", "list scenarios parts", "replay --help")
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stderr.strip().splitlines()[-1])
    assert len(loaded) == 5 and all("shiliu" in modules for _, _, modules in loaded)
    assert [(words, code, sorted({*HEAVY} & {*modules})) for words, code, modules in loaded if code or {*HEAVY} & {*modules}] == []


def test_a_list_of_skills_does_without_the_solvers(python, folder):
    done = python(
        "import sys; from shiliu.replay.operator.skills import catalogue; catalogue(); print(','.join(sys.modules))", folder
    )
    assert not set(done.stdout.strip().split(",")) & ({*HEAVY, "daqp", "qpsolvers"} - {"mujoco"})


def test_a_list_of_formats_does_without_their_libraries(python, folder):
    done = python(
        "import sys; from shiliu.replay.formats.records import readers, writers; "
        "assert 'hdf5' in readers() and 'rosbag' in writers(); print(','.join(sys.modules))",
        folder,
    )
    loaded = set(done.stdout.strip().split(","))
    assert "shiliu.replay.formats.rosbag" in loaded, done.stderr
    assert not loaded & {"h5py", "rosbags", "pyarrow", "mcap", "minari", "mujoco"}


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_tells_its_use(capsys, verb):
    code, out, err = run(capsys, verb, "--help")
    assert code == 0 and out.startswith(f"shiliu {verb}") and err == ""


def test_help_version_and_no_word(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0 and all(f"shiliu {verb}" in out for verb in cli.VERBS)
    assert run(capsys)[0] == 2
    assert run(capsys, "--version")[1].startswith("shiliu ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["repaly"], "no command 'repaly'. Did you mean replay"),
        (["list", "scenarois"], "Did you mean scenarios"),
        (["list", "--jsn"], "no flag '--jsn'"),
        (["check", "scenario=microwav"], "no scenario 'microwav'. Did you mean microwave"),
        (["check", "drawss=3"], "no setting 'drawss' for `shiliu check`. Did you mean draws"),
        (["check", "+drawss=3"], "no setting 'drawss' for `shiliu check`. Did you mean draws"),
        (["check", "scenaro=microwave"], "no setting 'scenaro' for `shiliu check`. Did you mean scenario"),
        (["check", "scenario="], "scenario= names nothing. Write scenario=NAME"),
        (["check", "parts.oven.latch_force=20 N"], "write scenario.parts.oven.latch_force=..."),
        (["check", "scenario.parts.ovn.latch_force=20 N"], "no 'ovn' in 'scenario.parts'. Did you mean oven? Known"),
        (["check", "draws=many"], "command line 'draws=many': draws: 'many' is not a whole number"),
        (["check", "seed=-1"], "-1 is not a whole number of 0 or more"),
        (["check", "microwave"], "'microwave' is no setting. Write scenario=microwave; see shiliu check --help."),
        (["check", "microwav"], "'microwav' is no setting. Settings are written key=value"),
        (["replay", "."], "'.' is no setting. Write data=.; see shiliu replay --help."),
        (["doctor", "."], "'.' is no setting. Settings are written key=value"),
        (["replay", "data=", "out=o"], "command line 'data=': data: Nothing is written here. Write a value."),
        (["check", "scenario.parts.oven.latch_force=25"], "has no unit"),
        (["check", "seed=[a"], "'[a' is no list"),
        (["check", "--config-dir"], "--config-dir wants a folder"),
        (["check", "--config-dir", "nowhere"], "nowhere"),
        (["check", "-m", "scenario={"], "'{' is no table"),
        (["check", "hand=clow"], "no hand 'clow'. Did you mean claw"),
        (["render", "scenario=bare"], "`shiliu render` needs out"),
        (["render", "scenario=bare", "out=x", "grid=0x3"], "'0x3' is no grid"),
        (["render", "scenario=bare", "out=x", "cameras=[overvew]"], "no camera 'overvew'"),
        (["render", "grid=0", "out=o"], "'0' is no grid"),
        (["render", "grid=", "out=o"], "'' is no grid"),
        (["render", "data=set", "frames=0", "out=o"], "0 is not a whole number of 1 or more"),
        (["import", "data=x", "source_fps=0", "out=o"], "0 rows a second are none"),
        (["import", "data=x", "source_fps=-30", "out=o"], "-30 rows a second are none"),
        (["export", "data=x", "to=mcap", "episodes=[]", "out=o"], "names no episode"),
        (["deliver", "data=x", "verdicts=x", "splits.val=-5 %", "out=o"], "It has to be 0 % or more"),
        (["replay", "data=x", "fail_on=infeasible>500%", "out=o"], "no share is above 100 %"),
        (["replay", "data=x", "ledger=l", "out=o"], "a ledger is kept by workers"),
        (["report", "verdicts=x", "what_if=joint.velocity=-200 %", "out=o"], "no bound is left of joint.velocity"),
        (["record", "scenario=bare", "out=/dev/null/x"], "/dev/null: out: is a pipe"),
        (["record", "scenario=bare", "out=x"], "'bare' has no skills to perform. Write its chain under `skills`"),
        (["replay"], "`shiliu replay` needs data and out"),
        (["replay", "data=nothere", "out=x"], "nothere"),
        (["replay", "data=nothere", "out=x", "lang=de"], "'de' is not known here"),
        (["list", "scenarios", "draws=2"], "Only `shiliu list schema and mistakes` take settings"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_user_can_mend_is_2_and_leaves_nothing(capsys, folder, words, message):
    code, _, err = run(capsys, *words)
    assert code == 2
    assert message in err and err.startswith("shiliu: ") and "Traceback" not in err
    assert list(folder.iterdir()) == []


def test_the_schema_of_a_cell_is_that_of_its_scenario(capsys):
    code, there, _ = run(capsys, "list", "schema", "scenario=microwave", "cell=example-mw-01")
    assert (code, there) == (0, run(capsys, "list", "schema", "scenario=microwave")[1])
    code, _, err = run(capsys, "list", "schema", "cell=example-mw-99")
    assert code == 2 and "no cell 'example-mw-99'" in err


def test_all_problems_of_the_settings_at_once(capsys):
    code, _, err = run(capsys, "check", "draws=0", "seed=x", "scenario=bare")
    assert code == 2 and "2 problems" in err and "draws=0" in err and "seed=x" in err


class _Module:
    USAGE = ""

    def __init__(self, outcome):
        self.outcome, self.seen = outcome, []

    def run(self, request: CommandRequest) -> int:
        self.seen.append(request)
        outcome = self.outcome(request) if callable(self.outcome) else self.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.fixture
def stand_in(monkeypatch):
    """Puts something else in the place of `shiliu check`."""

    def place(outcome) -> _Module:
        module = _Module(outcome)
        monkeypatch.setitem(sys.modules, "shiliu.replay.commands.check", module)
        return module

    return place


@pytest.mark.parametrize(
    ("outcome", "code", "message"),
    [
        (0, 0, ""),
        (3, 3, ""),
        (1, 1, ""),
        (ShiliuError("Mend it.", file="a.yaml", line=3), 2, "shiliu: a.yaml:3: Mend it."),
        (ReplayError("Odd.", exit_code=3), 3, "shiliu: Odd."),
        (KeyboardInterrupt(), 130, "shiliu: interrupted"),
        (ZeroDivisionError("division by zero"), 70, "a fault of shiliu's own: ZeroDivisionError: division by zero"),
        (AssertionError(), 70, "--debug"),
    ],
)
def test_exit_codes(capsys, stand_in, outcome, code, message):
    stand_in(outcome)
    got, _, err = run(capsys, "check")
    assert got == code and message in err
    assert "Traceback" not in err


def test_debug_shows_the_fault(stand_in):
    stand_in(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["check", "--debug"])


@pytest.mark.parametrize(
    ("codes", "worst"), [((0, 0), 0), ((0, 3), 3), ((3, 1), 1), ((1, 3), 1), ((2, 1), 2), ((1, 2), 2), ((3, 0), 3)]
)
def test_a_sweep_ends_with_the_worst_of_its_codes(capsys, stand_in, codes, worst):
    stand_in(lambda request: codes[int(request.overrides[0][-1])])
    assert run(capsys, "check", "-m", "seed=0,1")[0] == worst


def test_a_sweep_runs_each_combination(capsys, stand_in):
    module = stand_in(0)
    code, out, _ = run(
        capsys, "check", "-m", "scenario=bare,microwave", "scenario.parts.oven.latch_force=20 N,30 N", "seed=3"
    )
    assert code == 0
    force = "scenario.parts.oven.latch_force"
    assert [request.overrides for request in module.seen] == [
        [f"scenario={name}", f"{force}='{newton} N'", "seed=3"] for name in ("bare", "microwave") for newton in (20, 30)
    ]
    assert out.count("/4]") == 4


PATHS = [
    "plain",
    "/a b/c d.bag",
    "a=b.bag",
    "a,b.bag",
    "it's",
    "back\\slash",
    "end\\",
    "x\\'y",
    "碗 1.bag",
    "[1] x",
    "{a}",
    "a(b)#c",
]


@pytest.mark.parametrize("path", PATHS)
def test_paths_arrive_as_they_were_written(path):
    from shiliu.scenarios.reading.composition import compose

    request = parse(["replay", f"data={path}", f"out={path}"])
    tree = compose("replay", request.overrides).tree
    assert (tree["data"], tree["out"]) == (path, path)


def test_a_path_may_hold_what_stands_for_another_value():
    from shiliu.scenarios.reading.composition import compose

    assert compose("replay", parse(["replay", "data=a\\${b} c", "out=x"]).overrides).tree["data"] == "a${b} c"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["data=${oops"], "data: '${oops' stands for a value that is not there"),
        (["data=a${b}"], "data: 'a${b}' stands for a value that is not there"),
        (["lang=${oc.env:NOT_SET_HERE}"], "lang: '${oc.env:NOT_SET_HERE}' stands for"),
        (["lang=${eval:1}"], "lang: '${eval:1}' stands for"),
        (["lang=[en"], "lang: '[en' is no list"),
        (["lang={en"], "lang: '{en' is no table"),
        (["lang=en,zh"], "lang: 'en,zh' are several values"),
        (["lang=it's#"], "lang: \"it's#\" is not known here"),
        (["lang=\"en"], "lang: '\"en' is not known here"),
        (["lang.x=1"], "'lang' is one value"),
        (["+lang=en"], "lang: This setting is there already"),
        (["~lang"], "lang: A setting is not taken away"),
        (["a@b=1"], "There is no setting 'a'"),
        (["hydra.run.dir=x"], "hydra.run.dir: Hydra's own settings are not taken"),
        (["repair_at_most..back=1"], "'repair_at_most..back' cannot be the name of a setting"),
        (["repair_at_most[0]=1"], "write repair_at_most.0=VALUE"),
        (["数据=x"], "'数据' cannot be the name of a setting"),
        (["seed", "=", "3"], "Write seed=VALUE in one word"),
        (["seed =3"], "Write seed=VALUE in one word"),
        (["-m", "seed=[1,2"], "seed: '[1,2' is no list"),
        (["seed=99999999999999999999"], "seed: 99999999999999999999 is too large"),
    ],
)
def test_a_mistake_of_the_command_line_is_one_sentence_of_ours(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = [] if words[0].startswith("data") else ["data=x"]
    assert main(["replay", *given, "out=o", *words]) == 2
    error = capsys.readouterr().err
    assert sentence in error and len(error.splitlines()) == 1
    assert not any(word in error for word in ("http", "Exception", "full_key", "object_type"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("word", "swept", "plain"),
    [
        ("a.b=20 N", "a.b='20 N'", "a.b='20 N'"),
        ("seed=3", "seed=3", "seed=3"),
        ("a=1,2", "a=1,2", "a=1,2"),
        ("a=2 s,3 s", "a='2 s','3 s'", "a='2 s,3 s'"),
        ("a={x: 1 m, y: 2 m}", "a={x: 1 m, y: 2 m}", "a={x: 1 m, y: 2 m}"),
        ("cameras=[head,overview]", "cameras=[head,overview]", "cameras=[head,overview]"),
        ("a='b c'", "a='b c'", "a='b c'"),
        ("fail_on=infeasible>5%", "fail_on='infeasible>5%'", "fail_on='infeasible>5%'"),
        ("data=a,b", "data='a','b'", "data='a,b'"),
        ("a=", "a=", "a="),
    ],
)
def test_quoting(word, swept, plain):
    assert quoted(word, sweep=True) == swept
    assert quoted(word) == plain


def test_a_whole_check_leaves_nothing_behind(python, folder):
    done = python(
        "import sys; from shiliu.cli import main; sys.exit(main(sys.argv[1:]))",
        folder,
        "check",
        "-m",
        "scenario=bare",
        "draws=1,2",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("bare v1: sound") == 4 and done.stderr == ""
    assert list(folder.iterdir()) == []  # no outputs/, multirun.yaml, MUJOCO_LOG.TXT


def test_a_diverging_scene_writes_no_log(python, folder):
    code = """
import numpy as np, mujoco, shiliu
scene = shiliu.load_scenario("bare")
data = mujoco.MjData(scene.model)
data.qvel[:] = 1e12
mujoco.mj_step(scene.model, data)
assert sum(data.warning.number) > 0
"""
    done = python(code, folder)
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []


def test_check_finds_a_scene_that_is_not_sound(designer, capsys):
    assert run(capsys, "check", "scenario=table_top", "draws=5")[0] in (0, 1)
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")
    questions = {
        "starts free of penetration": text.replace("y: 50 mm}}", "y: 50 mm, z: -15 mm}}"),
        "draws start at rest": text.replace(
            "{at: {x: {uniform: [-20 mm, 20 mm]}}}", "{at: {x: {uniform: [-205 mm, -195 mm]}}}"
        ),
        "the task is still to do": text.replace("hold: 1 s", "hold: 0 s"),
    }
    for question, changed in questions.items():
        assert changed != text
        file.write_text(changed, encoding="utf-8")
        code, out, _ = run(capsys, "check", "scenario=table_top", "draws=5")
        assert code == 1
        assert any(line.startswith("FAIL") and question in line for line in out.splitlines()), out
        sound = [line for line in out.splitlines() if line.startswith("ok") and "draws are sound" in line]
        assert len(sound) == (question != "starts free of penetration"), out  # draws of a scene that fails are not called sound


@pytest.mark.gl
def test_render_writes_pictures_into_a_folder_with_blanks(designer, capsys, opengl):
    import imageio.v3 as iio

    code, out, _ = run(capsys, "render", "scenario=table_top", "out=my pictures, = 1")
    file = designer / "my pictures, = 1" / "table_top_above.png"
    assert code == 0 and str(file.relative_to(designer)) in out
    picture = iio.imread(file)
    assert picture.shape == (120, 160, 3) and picture.std() > 10
    code, _, _ = run(capsys, "render", "scenario=table_top", "out=grid", "grid=2x1")
    assert iio.imread(designer / "grid" / "table_top_above_2x1.png").shape == (60, 160, 3)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if (CONF / f"{verb}.yaml").is_file()])
def test_the_help_of_a_verb_names_each_of_its_settings(verb, capsys):
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    keys = [key for key in read_own(CONF / f"{verb}.yaml") if key not in ("defaults", "hydra")]
    assert not [key for key in keys if not re.search(rf"\b{key}[=.]", text)]
    assert verb != "replay" or "pictures=true" in text
