"""The package as such: one name for each module, imports one way, nothing of a machine in a file, all folders listed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import check_text

ROOT = Path(__file__).resolve().parents[1]
ORDER = ("scenarios", "envs", "replay")  # each may import what stands before it
ROOMS = {  # each may import what stands before it
    "scenarios": (
        "sheet",
        "link",
        "parts",
        "sensing",
        "robots",
        "legs",
        "cloth",
        "grips",
        "reading",
        "people",
        "tasks",
        "words",
        "reactions",
        "scene",
        "draws",
        "stepping",
        "catalog",
        "soundness",
    ),
    "replay": (
        "recording",
        "signals",
        "residual",
        "robots",
        "retarget",
        "checks",
        "rollout",
        "formats",
        "importing",
        "locating",
        "operator",
        "edits",
        "judge",
        "report",
        "repair",
        "labels",
        "line",
        "delivery",
        "oversight",
        "evaluation",
        "drift",
        "benchmark",
        "live",
        "commands",
    ),
    "replay/operator": ("recognition", "words", "limbs", "senses", "planning", "skills"),
    "replay/judge": ("place", "facts", "explanation", "stages"),  # beside them the judge itself, which calls the stages
}
Module = tuple[str, ...]


def tracked() -> list[Path]:
    """Files under version control; where there is none (an unpacked archive), every file of the package."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [p for folder in (*ORDER, "conf", "assets", "tests") for p in (ROOT / folder).rglob("*") if p.is_file()]


@cache
def modules() -> list[Path]:
    return sorted(p for folder in ORDER for p in (ROOT / folder).rglob("*.py"))


@cache
def known() -> set[Module]:
    return {name_of(path) for path in modules()}


@cache
def name_of(path: Path) -> Module:
    """A module's place below the root; a package is its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


@cache
def statements(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Every import statement of a file."""
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]


@cache
def imports(path: Path) -> list[tuple[int, Module]]:
    """(line, module) of each import of this package's own modules: those in functions and those for types alone, too."""
    here, found = path.relative_to(ROOT).with_suffix("").parts, []
    for node in statements(path):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (*here[: len(here) - node.level], *(node.module.split(".") if node.module else ()))
            for one in node.names:
                whole = (*base, one.name)
                found.append((node.lineno, whole if whole in known() else base))
    return found


def upward(order: Sequence[str], under: Module = ()) -> list[str]:
    """file:line of each import from one folder of `order`, below `under`, into one that stands after it."""
    found, depth = [], len(under)
    for path in modules():
        own = name_of(path)
        for line, target in imports(path):
            both = [name[depth] for name in (own, target) if len(name) > depth and name[:depth] == under]
            if len(both) == 2 and set(both) <= set(order) and order.index(both[1]) > order.index(both[0]):
                found.append(f"{path.relative_to(ROOT)}:{line} imports {'.'.join(target)}")
    return found


def test_imports_run_one_way():
    assert not upward(ORDER)
    assert any("scenarios" in t for path in modules() for _, t in imports(path))  # the reading of imports reads some


@pytest.mark.parametrize("folder", ROOMS)
def test_rooms_import_downwards(folder):
    rooms = [p.name for p in (ROOT / folder).iterdir() if (p / "__init__.py").is_file()]
    assert sorted(rooms) == sorted(ROOMS[folder]), "a new room needs its place in the order"
    under = tuple(folder.split("/"))
    assert not upward(ROOMS[folder], under)
    assert upward(ROOMS[folder][::-1], under)  # the guard sees what runs the other way


OF_A_ROBOT = {"load_robot", "posture", "postures_of", "arm_facts", "gripper_of", "own_limits"}  # what reads a robot's folder


def read_early(tree: ast.Module) -> Iterator[int]:
    """Lines at which a module reads facts of a robot or hand as it is imported, or of one that nobody named."""
    later = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.Lambda)
        for part in (node.body if isinstance(node.body, list) else [node.body])
        for inner in ast.walk(part)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in OF_A_ROBOT:
            own = isinstance(node.func, ast.Attribute)  # `arm.posture` knows its robot
            if id(node) not in later or not (own or node.args or node.keywords):
                yield node.lineno


def test_the_operator_reads_no_robot_and_no_hand_at_import():
    """A scene's robot and hand are passed in: what is read at import is the default one's, whatever stands in the scene."""
    files = sorted((ROOT / "replay" / "operator").rglob("*.py"))
    assert not [f"{p.relative_to(ROOT)}:{line}" for p in files for line in read_early(ast.parse(p.read_text(encoding="utf-8")))]
    intake = ROOT / "replay" / "judge" / "intake.py"  # `own_limits` stands there: of all robots, when it is asked
    assert "load_robot" not in intake.read_text(encoding="utf-8")
    each = "A = load_robot('x')\nB = arm.posture('y')\ndef f(r, q=gripper_of('x')):\n    load_robot()\n    posture('a', r); r.posture('b')"
    assert [*read_early(ast.parse(each))] == [1, 2, 3, 4]


def test_no_circle_of_modules():
    graph = {name_of(path): {target for _, target in imports(path)} - {name_of(path)} for path in modules()}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" <- ".join(".".join(module) for module in error.args[1]))


@pytest.mark.parametrize("folder", ["scenarios", "replay"])
def test_no_module_stands_in_the_corridor(folder):
    assert [p.name for p in (ROOT / folder).glob("*.py")] == ["__init__.py"]
    rooms = {ROOT / folder / p.relative_to(ROOT / folder).parts[0] for p in (ROOT / folder).glob("*/**/*.py")}
    assert rooms and not [room.name for room in rooms if not (room / "__init__.py").is_file()]


def test_modules_import_each_other_relatively():
    absolute = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in [*modules(), *ROOT.glob("*.py")]
        for node in statements(path)
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "shiliu")
        or (isinstance(node, ast.Import) and any(a.name.split(".")[0] in ("shiliu", *ORDER) for a in node.names))
    ]
    assert not absolute


VAGUE = {"told", "said", "felt", "noted"}  # each could be anything; what a variable holds is its name
PUBLIC = {("replay/judge/judge.py", "told"), ("face.py", "told")}  # an argument of `shiliu.judge`


def bound(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, name) of all that a module binds: variables, arguments, attributes, functions, classes, imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.alias():
                yield node.lineno, node.asname or node.name


def vague(source: str, path: str) -> list[str]:
    """file:line of each binding whose name says nothing."""
    if not re.search(rf"\b_*({'|'.join(VAGUE)})\b", source):  # which is quick, and most files hold none of the words
        return []
    return [
        f"{path}:{line} {name}"
        for line, name in bound(ast.parse(source))
        if name.lstrip("_") in VAGUE and (path, name) not in PUBLIC
    ]


def test_a_variable_is_named_after_what_it_holds():
    found = []
    for path in tracked():
        if path.suffix == ".py":
            found += vague(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    assert not found
    each = "told = 1\nx.said: int = 2\ndef _felt(a, *, noted): pass\nfrom a import b as told\nwith a as said: pass\nfelt: int"
    assert {line.partition(" ")[0] for line in vague(each, "a.py")} == {f"a.py:{line}" for line in range(1, 7)}
    assert not vague("def telling(declared): declared.told()", "a.py")


def classes_twice(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Class names that several modules define, with file:line of each."""
    found: dict[str, list[str]] = {}
    for path, source in sources:
        for number, text in enumerate(source.splitlines(), 1):
            if named := re.match(r" *class (\w+)(\(.*|:.*)$", text):
                found.setdefault(named[1], []).append(f"{path}:{number}")
    return {name: places for name, places in found.items() if len({place.partition(":")[0] for place in places}) > 1}


def test_a_class_name_has_one_meaning():
    paths = [*modules(), *ROOT.glob("*.py")]
    assert not classes_twice((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths)
    assert classes_twice([("a.py", "class A: pass"), ("b.py", "\nclass A: pass\nclass B: pass")]) == {
        "A": ["a.py:1", "b.py:2"]
    }


# rooms whose modules are called after a word, a verb, a way in which a hand does something, or what they look at
CALLED_AFTER = ("scenarios/words", "replay/commands", "replay/operator/skills", "replay/operator/recognition", "replay/checks")
OF_EACH_FORMAT = ("read", "write", "export")


def modules_twice(paths: Iterable[str]) -> dict[str, list[str]]:
    """Module names that stand in several places, with these."""
    found: dict[str, list[str]] = {}
    for path in paths:
        name = Path(path).stem
        of_format = path.startswith("replay/formats/") and name in OF_EACH_FORMAT
        if name != "__init__" and not of_format and not path.startswith(CALLED_AFTER):
            found.setdefault(name, []).append(path)
    return {name: places for name, places in found.items() if len(places) > 1}


def test_a_module_name_has_one_meaning():
    assert not modules_twice(path.relative_to(ROOT).as_posix() for path in modules())
    each = ("envs/a.py", "replay/line/a.py", "scenarios/words/a.py", "replay/formats/x/read.py", "replay/formats/y/read.py")
    assert modules_twice(each) == {"a": ["envs/a.py", "replay/line/a.py"]}


def test_every_folder_of_modules_is_listed():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = {"shiliu"} | {
        ".".join(("shiliu", *path.parent.relative_to(ROOT).parts))
        for folder in (*ORDER, "conf", "assets")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert set(listed) == folders
    without = {p.parent for p in modules()} - {p.parent for p in modules() if p.name == "__init__.py"}
    assert not without, "a folder of modules has no __init__.py"


def test_the_wheel_is_typed():
    """The mark of PEP 561 is shipped: without it a type checker skips the package."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert "py.typed" in settings["package-data"]["shiliu"] and (ROOT / "py.typed").is_file()
    assert not any("typed" in one for names in settings["exclude-package-data"].values() for one in names)


@pytest.mark.slow
def test_a_type_checker_passes_the_examples_and_finds_what_is_wrong(tmp_path):
    """The code of pages for researchers as modules that import the package, and lines with one mistake each."""
    for number, page in enumerate(("tasks/researcher.md", "tasks/researcher.zh.md", "environments.md")):
        (tmp_path / f"page{number}.py").write_text(python_of(page), encoding="utf-8")
    code = python_of("start/researcher.md") + USER
    (tmp_path / "user.py").write_text(code, encoding="utf-8")
    (tmp_path / "shiliu").symlink_to(ROOT)
    mypy = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "user.py", *(f"page{n}.py" for n in range(3))]
    cache = ["--cache-dir", str(ROOT / ".types" / ".mypy_cache")] if (ROOT / ".types").is_dir() else []
    done = subprocess.run([*mypy, *cache], cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = code.splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    found = {int(number) for number in re.findall(r"(?m)^user\.py:(\d+): error", done.stdout)}
    assert found == wrong and len(wrong) == 4, done.stdout
    assert not re.search(r"(?m)^page\d\.py:\d+: error", done.stdout), done.stdout
    assert re.search(r'Revealed type is "numpy\.ndarray\[.*_32Bit', done.stdout), done.stdout


def python_of(page: str) -> str:
    """All Python code of a page, in its order."""
    return "\n".join(re.findall(r"(?ms)^```python\n(.*?)^```", (ROOT / "docs" / page).read_text(encoding="utf-8")))


USER = """
import numpy as np

for labelled in shiliu.labels(demonstration):
    for segment in labelled.segments:
        print(segment.skill, segment.t0)
verdict = shiliu.judge_commands("table_setting", actions, seed=np.int64(3))
assert isinstance(env.unwrapped, shiliu.ShiliuEnv)
reveal_type(env.unwrapped.episode().episode.actions)
shiliu.judg(demonstration)  # wrong
shiliu.judge(demonstration, strict="yes")  # wrong
verdict.verdit  # wrong
shiliu.perform("table_setting", "1")  # wrong
"""


def test_settings_of_pytest_stand_with_the_tests():
    assert (ROOT / "tests" / "pytest.ini").is_file()
    assert not (ROOT / "conftest.py").exists() and not (ROOT / "pytest.ini").exists()
    assert "pytest" not in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]


MACHINE = re.compile(
    r"(?<![\w.])/(?:work|root|home|tmp|Users|mnt)/\w|https?://[\w.-]*(?:pypi|pythonhosted|simple/|:\d{2,5}/)"
)


def test_no_file_holds_a_path_or_a_registry_of_a_machine():
    held = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        held += [f"{path.relative_to(ROOT)}: {m.group()}" for m in MACHINE.finditer(text) if path != Path(__file__)]
    assert not held
    assert MACHINE.search("see /" + "work/main") and not MACHINE.search("frame/tmp/x, ./home/x")


def test_nothing_of_a_run_is_under_version_control():
    names = {str(p.relative_to(ROOT)) for p in tracked()}
    assert not [n for n in names if re.search(r"MUJOCO_LOG|outputs/|multirun|__pycache__|\.egg-info", n)]


LOOK = """
import sys, pathlib
import shiliu
from shiliu.cli import main
shiliu.load_scenario("bare")
import shiliu.envs.single, shiliu.replay.judge, shiliu.replay.report
root = pathlib.Path(shiliu.__file__).resolve().parent
inside = {
    name: pathlib.Path(module.__file__).resolve() for name, module in list(sys.modules.items())
    if getattr(module, "__file__", None) and pathlib.Path(module.__file__).resolve().is_relative_to(root)
    and ".venv" not in pathlib.Path(module.__file__).parts
}
assert len(inside) > 20
strays = [name for name in inside if name != "shiliu" and not name.startswith("shiliu.") and name != "__main__"]
assert not strays, strays
assert len(set(inside.values())) == len(inside), "a module was imported twice"
import gymnasium
assert [i for i in gymnasium.registry if i.startswith("shiliu/")].count("shiliu/Microwave-v1") == 1
print(root)
"""


def test_no_module_has_a_second_name(python, tmp_path):
    done = python(LOOK, tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == ROOT


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no clone to clone")
def test_a_clone_of_another_name_is_shiliu_all_the_same(python, tmp_path):
    """As an editable install of that clone maps it: the folder's own name appears nowhere."""
    clone = tmp_path / "other_name"
    subprocess.run(["git", "clone", "--quiet", "--shared", str(ROOT), str(clone)], check=True, capture_output=True)
    mapped = f"""
import importlib.util, sys
sys.meta_path = [f for f in sys.meta_path if "__editable__" not in repr(f) and "_EditableFinder" not in repr(f)]
spec = importlib.util.spec_from_file_location("shiliu", {str(clone / "__init__.py")!r}, submodule_search_locations=[{str(clone)!r}])
module = sys.modules["shiliu"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
"""
    done = python(mapped + LOOK, tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == clone
    assert not list(clone.rglob("MUJOCO_LOG.TXT"))
    # pytest, started in the clone, must not import the root a second time under the folder's name
    (clone / "tests" / "test_strays.py").write_text(
        "import sys\n\ndef test_no_stray():\n"
        "    assert not [m for m in sys.modules if m.split('.')[0] in ('other_name', 'scenarios', 'envs', 'replay', 'cli')]\n",
        encoding="utf-8",
    )
    done = python("import pytest, sys; sys.exit(pytest.main(['tests/test_strays.py', '-q']))", clone)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["conf", "assets"])
def test_no_key_stands_twice_in_a_yaml(folder):
    """YAML keeps the later one and says nothing, so that a sentence or a bound is lost."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.yaml")):
        try:
            check_text(path.read_bytes(), str(path.relative_to(ROOT)))
        except ScenarioError as error:
            found.append(str(error))
    assert not found, "\n".join(found)


def test_a_key_that_stands_twice_is_found(tmp_path):
    path = tmp_path / "text.yaml"
    path.write_text("reasons:\n  no_set: one\n  other: two\n  no_set: three\n")
    with pytest.raises(ScenarioError, match=r"text\.yaml:4.*'no_set' stands here twice"):
        check_text(path.read_bytes(), path.name)
