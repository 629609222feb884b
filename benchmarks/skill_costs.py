"""What the scripted operator's words cost, in two trees of the history; and what each scenario brought with it.

    python benchmarks/skill_costs.py words COMMIT      # before and now: words, arguments, numbers, lines
    python benchmarks/skill_costs.py scenarios         # lines of YAML, MJCF and Python that each scenario needed

Both read the repository's history (`git`) and print tables of Markdown. A line is one that is not blank.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SKILLS, SCENARIOS = "replay/operator/skills", "conf/scenario"
# the registry of another tree, read by its own package
PROBE = """
import json
from shiliu.replay.operator.skills import registry
rows = [
    {
        "word": kind.word, "how": getattr(kind, "how", ""), "class": kind.__name__, "module": kind.__module__.partition(".skills.")[2],
        "arguments": {name: isinstance(a.default, float) for name, a in kind.arguments.items()},
    }
    for kind in registry().values()
]
print(json.dumps(rows))
"""


@dataclass(frozen=True)
class Way:
    """A skill as a tree has it.

    Attributes:
        word, how: of its step in a chain; `name`: the class.
        module: where it stands; arguments: name -> whether its default is a number.
    """

    word: str
    how: str
    name: str
    module: str
    arguments: dict[str, bool]


@dataclass(frozen=True)
class Tree:
    """A state of the repository in a folder.

    Attributes:
        folder: with `shiliu` below `.types`, so that its package can be imported.
        ways: every skill; sheets: scenario -> its YAML.
    """

    folder: Path
    ways: list[Way]
    sheets: dict[str, str]

    @classmethod
    def of(cls, folder: Path) -> Tree:
        """Read what a folder holds, its skills by its own package."""
        package = folder / ".types" / "shiliu"
        if not package.exists():
            package.parent.mkdir(exist_ok=True)
            package.symlink_to("..")
        rows = subprocess.check_output(
            [sys.executable, "-c", PROBE], env={"PYTHONPATH": str(package.parent)}, text=True
        )
        ways = [Way(r["word"], r["how"], r["class"], r["module"], r["arguments"]) for r in json.loads(rows)]
        files = sorted((folder / SCENARIOS).glob("*.yaml"))
        return cls(folder, ways, {file.stem: file.read_text(encoding="utf-8") for file in files if file.stem != "bare"})

    @property
    def modules(self) -> list[Path]:
        """The files of its skills."""
        return sorted((self.folder / SKILLS).rglob("*.py"))


def git(*words: str) -> str:
    """What git prints."""
    return subprocess.check_output(["git", *words], cwd=ROOT, text=True)


def extract(commit: str, folder: Path) -> None:
    """Put the tree of a commit into a folder."""
    packed = subprocess.check_output(["git", "archive", commit], cwd=ROOT)
    tarfile.open(fileobj=BytesIO(packed)).extractall(folder, filter="data")


def lines(text: str) -> int:
    """How many are not blank."""
    return sum(bool(line.strip()) for line in text.splitlines())


def steps(sheet: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Word and arguments of every step of a scenario, those of its variants among them."""
    tree = yaml.safe_load(sheet)
    for one in (tree, *(tree.get("variants") or {}).values()):
        chain = (one or {}).get("skills")
        for step in chain if isinstance(chain, list) else ():
            yield from ((word, arguments or {}) for word, arguments in step.items())


def constants(text: str) -> int:
    """How many numbers of a module stand under a name in capitals; arguments of skills, which are objects, do not count."""
    found = 0
    for node in ast.parse(text).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        inner = [*ast.walk(node.value)]
        made = {one.func.id for one in inner if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
        if all(isinstance(name, ast.Name) and name.id.isupper() for name in names) and not any(
            n[0].isupper() for n in made
        ):
            found += sum(isinstance(one, ast.Constant) and type(one.value) in (int, float) for one in inner)
    return found


def is_quantity(value: Any) -> bool:
    """Whether an argument of a chain is a number, such as `30 N`."""
    return (isinstance(value, int | float) and not isinstance(value, bool)) or str(value).lstrip("-")[:1].isdigit()


def words_of(ways: list[Way], modules: list[Path]) -> dict[str, int]:
    """What skills ask of who writes a chain, and their modules of who keeps the operator."""
    texts = [file.read_text(encoding="utf-8") for file in modules]
    return {
        "words that a chain is written in": len({way.word for way in ways}),
        "ways in which they are done": len(ways),
        "arguments, each once for its word": len({(way.word, name) for way in ways for name in way.arguments}),
        "names of arguments": len({name for way in ways for name in way.arguments}),
        "defaults that are numbers": sum(number for way in ways for number in way.arguments.values()),
        "constants of the modules": sum(map(constants, texts)),
        "lines of the modules": sum(map(lines, texts)),
    }


def chain_of(sheet: str) -> tuple[int, int, int, int]:
    """Steps, words, arguments beside `how`, and numbers among them, of the chains of a scenario."""
    chain = [*steps(sheet)]
    arguments = [(name, value) for _, given in chain for name, value in given.items() if name != "how"]
    return (
        len(chain),
        len({word for word, _ in chain}),
        len(arguments),
        sum(is_quantity(value) for _, value in arguments),
    )


def words(commit: str) -> None:
    """Print the words of a commit's tree beside those of the working tree, and the chains of scenarios that both have."""
    with TemporaryDirectory() as room:
        extract(commit, Path(room))
        before, now = Tree.of(Path(room)), Tree.of(ROOT)
        had = {(way.word, way.how) for way in before.ways}
        ways = [way for way in now.ways if (way.word, way.how) in had]
        files = {ROOT / SKILLS / f"{way.module.replace('.', '/')}.py" for way in ways}
        same = ways, [file for file in now.modules if file in files or file.parent.name == "skills"]
        counts = [words_of(before.ways, before.modules), words_of(*same), words_of(now.ways, now.modules)]
    print(f"| | {commit} | the same skills and modules now | all now |\n|---|---|---|---|")
    for name in counts[0]:
        print(f"| {name} | {' | '.join(str(one[name]) for one in counts)} |")
    print("\n| chains of | steps | words | arguments | numbers |\n|---|---|---|---|---|")
    for name in sorted({*before.sheets} & {*now.sheets}):
        pairs = zip(chain_of(before.sheets[name]), chain_of(now.sheets[name]))
        print(f"| {name} | {' | '.join(f'{old}, {new}' for old, new in pairs)} |")


def parts_of(sheet: str) -> list[str]:
    """Folders of the parts that a scenario or a variant of it names."""
    tree = yaml.safe_load(sheet)
    found = [
        part["part"]
        for one in (tree, *(tree.get("variants") or {}).values())
        for part in ((one or {}).get("parts") or {}).values()
        if isinstance(part, dict) and "part" in part
    ]
    return list(dict.fromkeys(found))


def ways_of(tree: Tree, sheet: str) -> set[str]:
    """Classes that perform a scenario's steps; where `how` is left out, the plain way or the only one of its word."""
    found = set()
    for word, arguments in steps(sheet):
        how = "on" if arguments.get("how") is True else arguments.get("how", "")
        known = [way for way in tree.ways if way.word == word]
        given = set(arguments) - {"how", "if"}
        fit = [way for way in known if way.how == how] or [way for way in known if given <= set(way.arguments)]
        found.add(fit[0].name)
    return found


def scenarios() -> None:
    """Print what each scenario needed that was not there when it was begun, and that none begun before it uses."""
    tree = Tree.of(ROOT)
    begun = {
        name: git("log", "--follow", "--diff-filter=A", "--format=%ct %h", "--", f"{SCENARIOS}/{name}.yaml")
        .split("\n")[-2]
        .split()
        for name in tree.sheets
    }
    head = (
        "scenario", "YAML", "steps", "new parts of all", "sheets", "MJCF by hand", "MJCF generated", "generators", "new skills of all",
        "their Python",
    )  # fmt: skip
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    seen: set[str] = set()
    for name in sorted(tree.sheets, key=lambda one: int(begun[one][0])):
        sheet, first = tree.sheets[name], begun[name][1]
        there = set(git("ls-tree", "-r", "--name-only", f"{first}^").split("\n"))
        source = "\n".join(git("grep", "-hE", "^class ", f"{first}^", "--", "*.py").split("\n"))
        parts, ways = parts_of(sheet), ways_of(tree, sheet)
        new_parts = [p for p in parts if p not in seen and not any(f.startswith(f"assets/{p}/") for f in there)]
        new_ways = [w for w in tree.ways if w.name in ways - seen and f"class {w.name}(" not in source]
        seen |= {*parts, *ways}
        folders = [ROOT / "assets" / part for part in new_parts]
        made = [folder for folder in folders if (folder / "generate.py").exists()]
        row = (
            name,
            lines(sheet),
            len([*steps(sheet)]),
            f"{len(new_parts)} of {len(parts)}",
            total(folders, "part.yaml"),
            total([folder for folder in folders if folder not in made], "*.xml"),
            total(made, "*.xml"),
            sum(map(lines, generators(made, there))),
            f"{len(new_ways)} of {len(ways)}",
            sum(python_of(tree, way) for way in new_ways),
        )
        print(f"| {' | '.join(map(str, row))} |")


def generators(folders: list[Path], there: set[str]) -> list[str]:
    """What writes the MJCF of some folders: their `generate.py`, and what these import of `assets` that was not `there`."""
    texts = [(folder / "generate.py").read_text(encoding="utf-8") for folder in folders]
    shared = {name for text in texts for name in re.findall(r"from shiliu\.assets\.(\w+) import", text)}
    files = [f"assets/{name}.py" for name in sorted(shared)]
    return texts + [(ROOT / file).read_text(encoding="utf-8") for file in files if file not in there]


def total(folders: list[Path], pattern: str) -> int:
    """Lines of the files of some folders that are called so."""
    return sum(lines(file.read_text(encoding="utf-8")) for folder in folders for file in folder.glob(pattern))


def python_of(tree: Tree, way: Way) -> int:
    """Lines of a skill's class."""
    text = (tree.folder / SKILLS / f"{way.module.replace('.', '/')}.py").read_text(encoding="utf-8")
    (node,) = (one for one in ast.parse(text).body if isinstance(one, ast.ClassDef) and one.name == way.name)
    return lines("\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno]))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["words", commit]:
            words(commit)
        case ["scenarios"]:
            scenarios()
        case _:
            sys.exit(__doc__)
