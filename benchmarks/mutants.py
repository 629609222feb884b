"""Small breaks put into a room of the package, and whether the tests notice them.

    make mutants room=replay/repair count=20 [seed=0]

cosmic-ray's operators make the breaks: `+` for `-`, `*` for `/`, `<` for `<=`, a number one more or less, `and` for `or`, a condition
turned round, a loop that does nothing. A place is drawn first, then what becomes of it. Annotations are left alone.
Each break is made in a copy of the checkout, `build/mutants/tree`, and met with the quick tests that import the changed module;
where none does, with those of the modules that import it, the nearest, else of its room; where these are many, with those that lie
in its room's folder.
It is noticed where a test fails that passes without the break. Files that simulate least come first, and `LONGEST` ends the rest:
a break that is not noticed by then counts as missed.
What was tried stands in `build/mutants/<room>.jsonl` by the bytes of the module and of its tests: a run that was cut off goes on.
Where the module stays, a break that was missed meets only the tests that are new, and one that was noticed none while its test stays.
Breaks that change nothing are listed in `benchmarks/mutants.yaml` with the reason, and count neither way.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import parso
import yaml
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "mutants"
TREE = OUT / "tree"
BYTECODE = OUT / "bytecode"
EQUIVALENT = ROOT / "benchmarks" / "mutants.yaml"
PACKAGE = "shiliu"
MANY = 8  # files of tests, above which those of the module's own room are asked alone
LONGEST = 180.0  # s that the tests of one module may take with a break
DEAR = re.compile(r"load_scenario|perform\(|judge\(|SceneContext|main\(")  # what takes long in a file of tests

SWAPS = {
    "ReplaceBinaryOperator": "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Mul",
    "ReplaceComparisonOperator": "Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_Gt Gt_Lt Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is",
}
OPERATORS = [f"{kind}_{swap}" for kind, swaps in SWAPS.items() for swap in swaps.split()] + [
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "ReplaceUnaryOperator_USub_UAdd",
    "ReplaceUnaryOperator_Delete_Not",
    "ZeroIterationForLoop",
]

@dataclass(frozen=True)
class Break:
    """`operator` at its `occurrence` in the module `path`, which lies on `line` (1-based)."""

    path: str
    line: int
    column: int
    operator: str
    occurrence: int

    @property
    def name(self) -> str:
        return f"{self.path}:{self.line}:{self.column} {self.operator} {self.occurrence}"


def breaks(path: str) -> dict[tuple[int, int], list[Break]]:
    """What can be broken in a module, by place."""
    found: dict[tuple[int, int], list[Break]] = defaultdict(list)
    provider, tree = OperatorProvider(), parso.parse((ROOT / path).read_text(encoding="utf-8"))
    for name in OPERATORS:
        operator, count = provider[name](), 0
        for node in nodes(tree):
            for (line, column), _ in operator.mutation_positions(node):
                if not annotates(node):
                    found[line, column].append(Break(path, line, column, name, count))
                count += 1
    return found


def nodes(node: parso.tree.NodeOrLeaf) -> Iterator[parso.tree.NodeOrLeaf]:
    """The node and all below it, in the order in which cosmic-ray counts occurrences."""
    yield node
    for child in getattr(node, "children", ()):
        yield from nodes(child)


def annotates(node: parso.tree.NodeOrLeaf) -> bool:
    """Whether a node is part of a type or of a decorator, which nothing reads when the code runs."""
    while node.parent is not None:
        above = node.parent
        named = above.type == "argument" and getattr(above.children[0], "value", "") in ("repr", "compare")  # of a dataclass's field
        if above.type in ("tfpdef", "decorator") or named:
            return True
        if (above.type == "annassign" and node is above.children[1]) or (above.type == "funcdef" and node is above.annotation):
            return True
        node = above
    return False


def imported_by(folder: str, files: str = "*.py") -> dict[str, set[str]]:
    """Module of the package -> files of the checkout in `folder` that import it or a name of it."""
    found = defaultdict(set)
    for file in sorted((ROOT / folder).rglob(files)):
        package = module_of(str(file.relative_to(ROOT))).split(".") + [""] * (file.name == "__init__.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                source = ".".join([*(package[: -node.level] if node.level else []), *([node.module] if node.module else [])])
                names = [source, *(f"{source}.{a.name}" for a in node.names)]
            for name in names:
                if name.startswith(PACKAGE + "."):
                    found[name].add(str(file.relative_to(ROOT)))
    return found


def module_of(path: str) -> str:
    return ".".join([PACKAGE, *Path(path).with_suffix("").parts]).removesuffix(".__init__")


def tests_of(path: str, tested: dict[str, set[str]], used: dict[str, set[str]]) -> list[str]:
    """Test files for a module: those that import it, else those of the modules that import it, the nearest that have some."""
    seen, layer = {path}, {path}
    found: set[str] = set()
    while layer and not found:
        found = {file for one in layer for file in tested.get(module_of(one), ())}
        layer = {file for one in layer for file in used.get(module_of(one), ())} - seen
        seen |= layer
    room = module_of(path)
    while not found and "." in room:  # a file that is found by its name, as a skill is
        room = room.rpartition(".")[0]
        found = {file for name, files in tested.items() if name.startswith(room + ".") for file in files}
    rooms = Path(path).parts[:-1]
    near = {file for file in found if Path(file).parts[1].removesuffix("s") in {room.removesuffix("s") for room in rooms}}
    return sorted(near if near and len(found) > MANY else found, key=lambda file: (dearness(file), file))


@cache
def dearness(file: str) -> int:
    return len(DEAR.findall((ROOT / file).read_text(encoding="utf-8")))


def run(tests: list[str]) -> tuple[str | None, float]:
    """The test that fails in the copy, the first of them, None where none does within `LONGEST`; and s taken."""
    environment = os.environ | {"PYTHONPATH": str(TREE / ".types"), "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # a third of the time that a short test takes
    asked = [str(ROOT / ".venv" / "bin" / "python"), "-m", "pytest", *tests, "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider"]
    begun = time.monotonic()
    try:
        done = subprocess.run([*asked, "-rfE"], cwd=TREE, env=environment, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return None, time.monotonic() - begun
    took = time.monotonic() - begun
    if done.returncode == 0:
        return None, took
    named = re.findall(r"^(?:FAILED|ERROR) (tests/\S+\.py(?:::\w+)?)", done.stdout, flags=re.MULTILINE)
    return (named[0] if named else tests[0]), took


def put(path: str, source: str) -> None:
    """A module's text in the copy. Its bytecode goes: a mutant may be as long and as old as what it stands for."""
    (TREE / path).write_text(source, encoding="utf-8")
    for tree in (TREE, TREE / ".types" / PACKAGE):  # Python keeps it by the name under which it was imported
        below = BYTECODE / tree.relative_to("/") / path
        for kept in below.parent.glob(f"{below.stem}.*.pyc"):
            kept.unlink()


def copy() -> None:
    """A copy of what is not ignored, with the package below `.types`."""
    shutil.rmtree(TREE, ignore_errors=True)
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    (TREE / ".types").mkdir()
    (TREE / ".types" / PACKAGE).symlink_to("..")
    (TREE / ".venv").symlink_to(ROOT / ".venv")


def digest(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()[:16]


def main(words: list[str]) -> int:
    asked = dict(word.split("=", 1) for word in words)
    room, count, seed = asked["room"], int(asked.get("count", 20)), int(asked.get("seed", 0))
    modules = sorted(str(file.relative_to(ROOT)) for file in (ROOT / room).rglob("*.py"))
    places = [options for path in modules for _, options in sorted(breaks(path).items())]
    draw = random.Random(f"{room} {seed}")
    chosen = [draw.choice(options) for options in draw.sample(places, min(count, len(places)))]
    tested = imported_by("tests", "test_*.py")
    used: dict[str, set[str]] = defaultdict(set)
    for folder in ("scenarios", "envs", "replay"):
        for name, files in imported_by(folder).items():
            used[name] |= files
    kept = OUT / f"{room.replace('/', '.')}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for line in map(json.loads, kept.read_text().splitlines() if kept.is_file() else ()):
        if line["noticed"] or not known.get((line["module"], line["name"]), line)["noticed"]:  # by a test that is not the nearest any more
            known[line["module"], line["name"]] = line
    equivalent = (yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or {}) if EQUIVALENT.is_file() else {}
    copy()
    lines = []
    for k, broken in enumerate(sorted(chosen, key=lambda one: one.name)):
        tests = tests_of(broken.path, tested, used)
        module, bytes_of = digest(broken.path), {test: digest(test) for test in tests}
        line = known.get((module, broken.name), {})
        same = {test for test in tests if line.get("tests", {}).get(test) == bytes_of[test]}
        by = (line.get("by") or "").partition("::")[0]
        stands = bool(line) and (len(same) == len(tests) or bool(by and (ROOT / by).is_file() and line["tests"][by] == digest(by)))
        if not stands:
            new = [test for test in tests if test not in same or line.get("noticed")]
            if not tests:
                line = {"noticed": False, "seconds": 0.0}
            else:
                source = (ROOT / broken.path).read_text(encoding="utf-8")
                changed = mutate_code(source, OperatorProvider()[broken.operator](), broken.occurrence)
                put(broken.path, changed)
                try:
                    failed, seconds = run(new)
                finally:
                    put(broken.path, source)
                line = {"noticed": failed is not None, "seconds": round(seconds, 1), "by": failed}
                line |= {"was": source.splitlines()[broken.line - 1].strip(), "is": changed.splitlines()[broken.line - 1].strip()}
            line = {"module": module, "name": broken.name, "tests": bytes_of, **line}
            with kept.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
        lines.append(line)
        print(f"{k + 1}/{len(chosen)} {'noticed' if line['noticed'] else 'NOT noticed'} {line['seconds']} s  {broken.name}", flush=True)
    asked = sorted({line["by"] for line in lines if line.get("by")})
    if asked and run(asked)[0] is not None:  # all at once, for each of them seldom fails by itself
        failing = {test for test in asked if run([test])[0] is not None}
        print(f"fail without a break, and notice nothing: {', '.join(sorted(failing))}")
        for line in lines:
            line["noticed"] &= line.get("by") not in failing
    print(f"{sum(line['seconds'] for line in lines):.0f} s of tests with a break")
    missed = [line for line in lines if not line["noticed"]]
    known_same = [(line, equivalent.get(line["name"].partition(":")[0], {})) for line in missed]
    same = [line for line, of in known_same if line.get("was") in of or line.get("is") in of]
    print(f"\n{room}: {len(lines) - len(missed)} of {len(lines) - len(same)} noticed; {len(same)} change nothing")
    for line in missed:
        if line not in same:
            print(f"- {line['name']}\n    was: {line.get('was')}\n    is:  {line.get('is')}")
    shutil.rmtree(TREE)  # within the package, where mypy would find it
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
