"""What is imported is declared in pyproject.toml and pinned in constraints.txt; what is declared is used."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ROOMS = ("scenarios", "envs", "replay", "conf", "assets")  # of the package; its root holds modules, too
BY_NAME = {  # what is asked for by name, not imported, and a file that does
    "daqp": "replay/retarget/solver.py",
    "ipykernel": "notebooks/cell.ipynb",
    "nbmake": "Makefile",
    "pytest-xdist": "Makefile",
    "ruff": "Makefile",
    "mypy": "Makefile",
    "types-pyyaml": "Makefile",
}
ASKED = {
    "ipykernel": "python3",
    "pytest-xdist": "-n 2",
    "types-pyyaml": "-m mypy",
}  # how, where it is not by its own name
BROUGHT = {"torch"}  # by `make learn`, whose notebook the extra does not run


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names_of(requirements: Iterable[str]) -> set[str]:
    return {normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in requirements}


@cache
def installed() -> Mapping[str, list[str]]:
    """Module -> distributions that bring it."""
    return packages_distributions()


def imported(sources: Iterable[tuple[Path, str]]) -> dict[str, list[str]]:
    """Distribution -> files that import it, of (file, source); neither the standard library counts nor what lies beside a script."""
    homes, found = installed(), {}
    # on the path of every test
    helpers = {
        path.stem for room in ("tests", "benchmarks") for path in (ROOT / room).iterdir() if path.suffix in ("", ".py")
    }
    for file, source in sources:
        beside = set() if (file.parent / "__init__.py").is_file() else {path.stem for path in file.parent.glob("*.py")}
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            else:
                modules = [str(node.module)] if isinstance(node, ast.ImportFrom) and not node.level else []
            for module in {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"shiliu"} - helpers - beside:
                home = normal(homes.get(module, [module])[0])
                found.setdefault(home, []).append(str(file.relative_to(ROOT)))
    return found


def read(files: Iterable[Path]) -> list[tuple[Path, str]]:
    return [(file, file.read_text(encoding="utf-8")) for file in files]


def cells(file: Path) -> str:
    """The code of a notebook, without its shell lines."""
    content = json.loads(file.read_text(encoding="utf-8"))
    lines = "\n".join("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("!", "%")))


@pytest.fixture(scope="module")
def package() -> dict[str, list[str]]:
    files = [*ROOT.glob("*.py"), *(file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py")))]
    return imported(read(files))


@pytest.fixture(scope="module")
def tests() -> dict[str, list[str]]:
    return imported(read((ROOT / "tests").rglob("*.py")))


def base() -> set[str]:
    return names_of(PROJECT["dependencies"])


def extra(name: str) -> set[str]:
    return names_of(PROJECT["optional-dependencies"][name])


def named(name: str) -> bool:
    """Whether a package that nobody imports is asked for by its name where the list says."""
    return name in BY_NAME and ASKED.get(name, name) in (ROOT / BY_NAME[name]).read_text(encoding="utf-8")


def test_what_the_package_imports_is_declared(package):
    known = base() | extra("export") | extra("cluster") | extra("frames") | extra("studio") | extra("policy")
    assert not {name: files for name, files in package.items() if name not in known}


def test_what_is_declared_is_used(package, tests):
    assert not {name for name in base() - set(package) if not named(name)}
    assert not (extra("export") | extra("cluster") | extra("frames") | extra("studio") | extra("policy")) - set(package)
    assert not {name for name in extra("dev") - set(tests) if not named(name)}
    ours = imported(
        [*read((ROOT / ".ci").glob("*.py")), *((f, cells(f)) for f in sorted((ROOT / "notebooks").glob("*.ipynb")))]
    )
    assert not {name for name in extra("notebooks") - set(ours) if not named(name)}


def test_what_tests_notebooks_and_pages_import_is_declared(tests):
    everything = base() | {name for key in PROJECT["optional-dependencies"] for name in extra(key)}
    pages = imported(read((ROOT / "docs").glob("*.py")))
    notebooks = imported((f, cells(f)) for f in sorted((ROOT / "notebooks").glob("*.ipynb")))
    assert not {name: files for name, files in (tests | pages).items() if name not in everything}
    assert not {name: files for name, files in notebooks.items() if name not in base() | extra("notebooks") | BROUGHT}


def test_all_that_is_declared_is_pinned():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    declared = base() | {name for key in PROJECT["optional-dependencies"] for name in extra(key)}
    assert not declared - names_of(pins)


def test_an_import_that_nobody_declared_is_seen():
    source = "import json, torch.nn\nfrom yaml import load\nfrom .one import two\nimport shapes\n"
    room, beside = ROOT / "envs" / "x.py", ROOT / "assets" / "robots" / "kuafu" / "x.py"
    assert imported([(room, source)]).keys() == {"torch", "pyyaml", "shapes"}
    assert imported([(beside, source)]).keys() == {"torch", "pyyaml"}, "a script finds what lies beside it"
