"""Small breaks put into a room of the package, and whether the tests notice them.

    make mutants room=replay/repair count=20 [seed=0]

cosmic-ray's operators make the breaks: `+` for `-`, `*` for `/`, `<` for `<=`, a number one more or less, `and` for `or`, a condition
turned round, a loop that does nothing. A place is drawn first, then what becomes of it. Annotations are left alone.
Each break is made in a copy of the checkout, `build/mutants/tree`, and met with the quick tests that import the changed module,
or with those of its room where none does. It is noticed where a test fails, or where the tests take ten times as long.
What was tried stands in `build/mutants/<room>.jsonl` by the bytes of the module and of its tests: a run that was cut off goes on.
Breaks that change nothing are listed in `benchmarks/mutants.yaml` with the reason, and count neither way.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import parso
import yaml
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "mutants"
TREE = OUT / "tree"
EQUIVALENT = ROOT / "benchmarks" / "mutants.yaml"
PACKAGE = "shiliu"
LONGEST = 900.0  # s that the tests of one module may take without a break
SLOWER, LEAST = 10.0, 60.0  # times as long, and s, after which a break counts as noticed

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


def imports() -> dict[str, set[str]]:
    """Module of the package -> quick test files that import it or a name of it."""
    found = defaultdict(set)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [f"{node.module}.{a.name}" for a in node.names] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.startswith(PACKAGE + "."):
                    found[name].add(str(file.relative_to(ROOT)))
    return found


def tests_of(path: str, imported: dict[str, set[str]]) -> list[str]:
    """Test files for a module: those that import it, else those that import anything of its room."""
    module = ".".join([PACKAGE, *Path(path).with_suffix("").parts]).removesuffix(".__init__")
    own = imported.get(module, set())
    if own:
        return sorted(own)
    room = module.rpartition(".")[0]
    return sorted(set().union(*(files for name, files in imported.items() if name.startswith(room + ".") or name == room)))


def run(tests: list[str], limit: float) -> tuple[bool, float]:
    """Whether all tests pass in the copy, within `limit` s; and s taken."""
    # no bytecode is kept anywhere: a mutant may be as long and as old as what it stands for
    environment = os.environ | {"PYTHONPATH": str(TREE / ".types"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": os.devnull}
    asked = [str(ROOT / ".venv" / "bin" / "python"), "-m", "pytest", *tests, "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider"]
    begun = time.monotonic()
    try:
        done = subprocess.run(asked, cwd=TREE, env=environment, capture_output=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return False, time.monotonic() - begun
    return done.returncode == 0, time.monotonic() - begun


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


def digest(*paths: str) -> str:
    return hashlib.sha256(b"\0".join((ROOT / path).read_bytes() for path in paths)).hexdigest()[:16]


def main(words: list[str]) -> int:
    asked = dict(word.split("=", 1) for word in words)
    room, count, seed = asked["room"], int(asked.get("count", 20)), int(asked.get("seed", 0))
    modules = sorted(str(file.relative_to(ROOT)) for file in (ROOT / room).rglob("*.py"))
    places = [options for path in modules for _, options in sorted(breaks(path).items())]
    draw = random.Random(f"{room} {seed}")
    chosen = [draw.choice(options) for options in draw.sample(places, min(count, len(places)))]
    imported = imports()
    kept = OUT / f"{room.replace('/', '.')}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = {(line["key"], line["name"]): line for line in map(json.loads, kept.read_text().splitlines())} if kept.is_file() else {}
    equivalent = (yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or {}) if EQUIVALENT.is_file() else {}
    copy()
    whole: dict[str, float] = {}  # module -> s that its tests take without a break
    lines = []
    for k, broken in enumerate(sorted(chosen, key=lambda one: one.name)):
        tests = tests_of(broken.path, imported)
        key = digest(broken.path, *tests)
        line = known.get((key, broken.name))
        if line is None:
            if not tests:
                line = {"noticed": False, "seconds": 0.0}
            else:
                if broken.path not in whole:
                    passed, whole[broken.path] = run(tests, LONGEST)
                    if not passed:
                        sys.exit(f"{broken.path}: its tests fail without a break: {' '.join(tests)}")
                source = (ROOT / broken.path).read_text(encoding="utf-8")
                changed = mutate_code(source, OperatorProvider()[broken.operator](), broken.occurrence)
                (TREE / broken.path).write_text(changed, encoding="utf-8")
                try:
                    passed, seconds = run(tests, max(LEAST, SLOWER * whole[broken.path]))
                finally:
                    (TREE / broken.path).write_text(source, encoding="utf-8")
                line = {"noticed": not passed, "seconds": round(seconds, 1)}
                line |= {"was": source.splitlines()[broken.line - 1].strip(), "is": changed.splitlines()[broken.line - 1].strip()}
            line = {"key": key, "name": broken.name, "tests": tests, **line}
            with kept.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
        lines.append(line)
        print(f"{k + 1}/{len(chosen)} {'noticed' if line['noticed'] else 'NOT noticed'} {line['seconds']} s  {broken.name}", flush=True)
    missed = [line for line in lines if not line["noticed"]]
    same = [line for line in missed if line.get("was") in equivalent.get(line["name"].partition(":")[0], {})]
    print(f"\n{room}: {len(lines) - len(missed)} of {len(lines) - len(same)} noticed; {len(same)} change nothing")
    for line in missed:
        if line not in same:
            print(f"- {line['name']}\n    was: {line.get('was')}\n    is:  {line.get('is')}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
