"""How a setting stands on a command line: quoted for Hydra's grammar as it comes in, and as a line that can be run as it goes out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

PATHS = ("data", "out", "conf_dir", "mapping", "metadata", "apply", "model")  # settings whose value is a path
_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_WHOLE = re.compile(_QUOTED, re.DOTALL)  # a value that is quoted from end to end
_EACH = re.compile(rf"{_QUOTED}(?:,{_QUOTED})+", re.DOTALL)  # several of them


def quoted(override: str, sweep: bool = False) -> str:
    """An override whose value Hydra's grammar takes as it stands: paths with blanks, `=` or commas, quantities with a unit.

    Lists, dicts, numbers and values that are quoted already are left alone. With `sweep`, each of `20 N,30 N` is quoted by
    itself, except in paths, whose commas are their own.
    """
    key, _, value = override.partition("=")
    if not value or (value[0] in "'\"" and (key not in PATHS or _WHOLE.fullmatch(value))):
        return override
    if sweep and _EACH.fullmatch(value):
        return override
    if key in PATHS or (key == "episodes" and not sweep and re.fullmatch(r"[\d,-]*,[\d,-]*", value)):
        return f"{key}={_quote(value)}"
    if value[0] in "[{" or re.fullmatch(r"[\w./:,+*@%$~-]*", value, re.ASCII):
        return override
    if sweep and "," in value:
        return f"{key}={','.join(_quote(one.strip()) for one in value.split(','))}"
    return f"{key}={_quote(value)}" if re.search(r"[\s=(),<>]|[^\x00-\x7f]", value) else override


def unquoted(override: str) -> str:
    """The override as a person writes it: what `quoted` makes the same of again; any other stays as it is."""
    key, equals, value = override.partition("=")
    if len(value) < 2 or value[0] != "'" or not _WHOLE.fullmatch(value):
        return override
    bare = re.sub(r"(\\+)(?='|$)", lambda m: m[1][: len(m[1]) // 2], value[1:-1])
    plain = f"{key}{equals}{bare}"
    return plain if quoted(plain) == override else override


def command_line(verb: str, overrides: Iterable[str], conf_dir: Path | str | None = None) -> str:
    """A command as a person types it into a shell, which reads the same settings again.

    Args:
        overrides: `key=value`, quoted for Hydra's grammar or not; conf_dir: the designer's folder of configs, if one was named.
    """
    words = ["shiliu", verb, *(unquoted(override) for override in overrides)]
    return shlex.join([*words, *([f"--config-dir={conf_dir}"] if conf_dir is not None else [])])


def _quote(value: str) -> str:
    """In Hydra's single quotes: a quote is escaped, and so are backslashes where they stand before one."""
    escaped = re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), value)
    return f"'{escaped}'"
