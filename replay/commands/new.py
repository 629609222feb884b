"""shiliu new: a small file to begin from, in the designer's folder, with the schema that an editor reads."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from pathlib import Path

import yaml

from ...scenarios.parts.part import ASSETS
from ...scenarios.reading import composition
from ...scenarios.sheet.errors import ShiliuError, printable
from ...scenarios.sheet.near_matches import nearest
from ..formats.atomic_folder import whole_file
from ..report.translation import translated
from .command_request import CommandRequest
from .settings import Settings

USAGE = """
shiliu new scenario NAME
shiliu new part NAME
shiliu new cell NAME [scenario=microwave]
shiliu new mapping NAME

Writes a small file that `shiliu check` finds sound. Change it step by step.
  scenario   conf/scenario/NAME.yaml
  part       a box: assets/objects/NAME
  cell       conf/cell/NAME.yaml
  mapping    conf/mapping/NAME.yaml
--config-dir names another folder instead of conf. No file is overwritten.

The first line of the file names a JSON Schema, which is put into conf/editor. An editor that
reads YAML schemas (in VS Code: the extension YAML by Red Hat) then completes keys, explains
them in English and Chinese, and underlines what is wrong.
"""
TEMPLATES = composition.CONF / "editor"
SCHEMA = "# yaml-language-server: $schema="
# kind -> (its files: template, and where it is written, below the folder that holds conf; how it is checked)
KINDS = {
    "scenario": ((("scenario.yaml", "{conf}/scenario/{name}.yaml"),), "scenario={name}"),
    "part": (
        (
            ("part.yaml", "{conf}/../assets/objects/{name}/part.yaml"),
            ("part.xml", "{conf}/../assets/objects/{name}/{name}.xml"),
        ),
        "part=objects/{name}",
    ),
    "cell": ((("cell.yaml", "{conf}/cell/{name}.yaml"),), "cell={name}"),
    "mapping": ((("mapping.yaml", "{conf}/mapping/{name}.yaml"),), "mapping={name}"),
}


def run(request: CommandRequest) -> int:
    """Write the files of one kind.

    Raises:
        ShiliuError: no such kind, no name, or a file that is there already.
    """
    settings = Settings(request)
    settings.stop()
    kind, name = _words(request)
    conf = request.conf_dir if request.conf_dir is not None else Path("conf")
    files, asked = KINDS[kind]
    words = {"conf": conf, "name": name}
    targets = [(TEMPLATES / template, Path(os.path.normpath(target.format(**words)))) for template, target in files]
    for _, target in targets:
        if target.exists():
            raise ShiliuError("This is there already. Choose another name, or move it away.", file=str(target))
    schema = conf / "editor" / f"{kind}.json"
    words |= {"scenario": settings.chosen("scenario") or ""}
    texts = {schema: (TEMPLATES / schema.name).read_text(encoding="utf-8")}
    for template, target in targets:
        text = template.read_text(encoding="utf-8")
        for word in ("name", "scenario"):
            text = text.replace(f"${word}", str(words[word]))
        if target.suffix == ".yaml":
            text = f"{SCHEMA}{Path(os.path.relpath(schema, target.parent)).as_posix()}\n{text}"
        texts[target] = text
    try:
        with ExitStack() as stack:  # all of them, or none
            for path, text in texts.items():
                stack.enter_context(whole_file(path, new=path != schema)).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ShiliuError(f"cannot be written: {why}. Mend that, or go to another folder.", file=str(targets[0][1])) from None
    print(*(printable(target) for _, target in targets), sep="\n")
    where = f" --config-dir {request.conf_dir}" if request.conf_dir is not None else ""
    print(translated(f"Next: shiliu check {asked.format(name=name)}{where}", request.lang))
    return 0


def _words(request: CommandRequest) -> tuple[str, str]:
    kind, name, *more = *request.words, "", ""
    if kind not in KINDS:
        raise ShiliuError(
            f"`shiliu new` makes no {kind!r}.{nearest(kind, list(KINDS))}" if kind else USAGE.split("\n\n")[0].strip()
        )
    if not name or any(more):
        raise ShiliuError(f"Write one name: shiliu new {kind} NAME.")
    if not re.fullmatch(r"[a-z][a-z0-9_-]*" if kind == "cell" else r"[a-z][a-z0-9_]*", name):
        signs, such = ("digits, _ and -", "bj-ms-01") if kind == "cell" else ("digits and _", f"my_{kind}")
        raise ShiliuError(f"{name!r} cannot be a name: a small letter, then small letters, {signs} only, such as {such}.")
    if not isinstance(yaml.safe_load(name), str):
        raise ShiliuError(f"{name!r} cannot be a name: YAML reads it as {yaml.safe_load(name)!r}. Write another one.")
    if name in _packaged(kind):
        raise ShiliuError(f"The package has a {kind} {name!r}, and this would be read in its place. Choose another name.")
    return kind, name


def _packaged(kind: str) -> set[str]:
    """Names that the package's own files of a kind have."""
    if kind == "part":
        return {path.parent.name for path in ASSETS.glob("*/*/part.yaml")}
    return {path.stem for path in (composition.CONF / kind).glob("*.yaml")}
